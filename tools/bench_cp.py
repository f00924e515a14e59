"""Measure CP: what a guest's instruction and a trap cost as guests are added, and what idle guests cost.

    python -m tools.bench_cp [--rounds N]

Processor time of this process, the median of some rounds, and every figure as a ratio to one guest alone in the same
run: absolute figures of a busy or another machine mean little.
"""

import argparse
import statistics
import time

from edu_hv.engine import make_engine
from edu_hv.hypervisor.control_program import ControlProgram
from edu_hv.hypervisor.vmblok import VMBLOK
from edu_hv.isa.codes import Class
from edu_hv.machine.machine import Machine
from edu_hv.machine.psw import PSW

GUEST, REAL = 0x10000, 0x400000
ACTIVE = (1, 2, 8, 32)
IDLE = (0, 7, 31, 99)
CODE = 0x1000

COUNT = bytes.fromhex("5A20F100 5E30F100 4630F000 47F0F000")
"""A, AL, BCT to the beginning, B to the beginning: nothing traps.  GR 15 is the base."""
TRAP = bytes.fromhex("8000F100 47F0F000")
"""SSM of a byte of zeros, and back: every other instruction traps and is simulated."""


def machine(active: int, idle: int, code: bytes) -> tuple[Machine, ControlProgram]:
    """So many guests that execute the code, and so many that wait for I/O that never comes."""
    made = Machine(REAL)
    cp = ControlProgram(made)
    for number in range(active):
        _start(cp, cp.logon(f"ACTIVE{number}", GUEST), code, PSW(instruction_address=CODE))
    for number in range(idle):
        _start(cp, cp.logon(f"IDLE{number}", GUEST), code, PSW(system_mask=0xFE, wait=True, instruction_address=CODE))
    return made, cp


def _start(cp: ControlProgram, vm: VMBLOK, code: bytes, psw: PSW) -> None:
    vm.cpu.store_real(CODE, code)
    vm.cpu.store_real(Class.PROGRAM.new_psw, PSW(wait=True, instruction_address=0xBAD).to_bytes())
    vm.cpu.load_psw(psw)
    vm.vmgprs[15] = CODE
    vm.cf = False
    cp.wake(vm)


def _warm(made: Machine, cp: ControlProgram) -> None:
    """Until each guest has its pages and its turn."""
    for _ in range(400 * len(cp.vms) + 2_000):
        made.advance()


def instruction(active: int, instructions: int) -> float:
    """Microseconds of processor time an instruction, slices and dispatching included, by the engine."""
    made, cp = machine(active, 0, COUNT)
    _warm(made, cp)
    made.engine = make_engine(made.cpu)
    made.run(instructions // 10)
    before, start = made.instructions, time.process_time()
    while made.instructions - before < instructions:
        made.run(20_000)
    return (time.process_time() - start) / (made.instructions - before) * 1e6


def trap(active: int, idle: int, traps: int) -> float:
    """Microseconds of processor time a trap: from the instruction to the next one that the guest executes."""
    made, cp = machine(active, idle, TRAP)
    _warm(made, cp)
    before, start = sum(vm.traps for vm in cp.vms), time.process_time()
    while sum(vm.traps for vm in cp.vms) - before < traps:
        made.run(200)
    return (time.process_time() - start) / (sum(vm.traps for vm in cp.vms) - before) * 1e6


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description="measure CP as guests are added")
    parser.add_argument("--rounds", type=int, default=3, help="how often each is measured (default 3)")
    rounds = parser.parse_args().rounds

    def median(measure: "object", *values: int) -> float:
        assert callable(measure)
        return statistics.median(measure(*values) for _ in range(rounds))

    alone, trap_alone = median(instruction, 1, 400_000), median(trap, 1, 0, 2_000)
    print(f"one guest: {alone:.2f} us an instruction (engine), {trap_alone:.0f} us a trap (SSM), processor time")
    print("\nguests that run   instruction   trap   (ratios to one guest)")
    for active in ACTIVE:
        print(f"{active:15} {median(instruction, active, 400_000) / alone:13.2f} "
              f"{median(trap, active, 0, 2_000) / trap_alone:6.2f}")  # fmt: skip
    print("\nidle guests beside one that runs   trap")
    for idle in IDLE:
        print(f"{idle:32} {median(trap, 1, idle, 2_000) / trap_alone:6.2f}")


if __name__ == "__main__":
    main()
