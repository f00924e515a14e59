"""How fast the machine is, beside Hercules on the same machine.

    python -m tools.bench                        a table as text: medians of interleaved rounds
    python -m tools.bench --rounds 9 --only calls traps

A figure is millions of instructions a second of processor time (not of elapsed time: other work on the machine then
matters less), from a cold start over 100 million instructions: compiling is included.  Hercules is left out where it is
not installed.
"""

import argparse
import os
import platform
import shutil
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from edu_hv.asm.assembler import assemble
from edu_hv.debugger.start import bare, under_cp
from edu_hv.engine.tiers import NEVER, THRESHOLD, Engine
from edu_hv.guests import catalog
from edu_hv.isa.codes import Class
from edu_hv.machine.machine import Machine
from edu_hv.machine.psw import PSW

CONFIGURATION = """\
LDMOD dyngui
CPUSERIAL 001370
CPUMODEL 0158
MAINSIZE 2
XPNDSIZE 0
NUMCPU 1
ARCHMODE S/370
OSTAILOR QUIET
PANRATE SLOW
000F 3505 /dev/null ascii
"""
PROLOGUE = """
BENCH    START X'1000'
         BALR  12,0
         USING *,12
         LA    12,0(,12)
         L     11,=A(DATA)
         L     10,=A(TABLE)
         USING DATA,11
         L     3,TURNS
"""
EPILOGUE = """
         LPSW  STOP
STOP     DC    0D'0',X'0002000000000AAA'
         LTORG
         ORG   BENCH+X'1000'
DATA     DC    A({turns})
TURNS    EQU   DATA
SEED     DC    F'-1831433054'
MASK     DC    X'7FFFFFFF'
LIMIT    DC    X'40000000'
GOLDEN   DC    X'9E3779B9'
SUM      DC    F'0'
SAVE     DS    18F
         ORG   BENCH+X'2000'
TABLE    DC    256AL4(X'12345678')
         ORG   BENCH+X'3800'
         END
"""
LOOP = """
LOOP     BCT   3,LOOP
"""
MIXED = """
         SR    2,2
         L     8,SEED
OUTER    LR    5,10
         LA    6,256
INNER    L     7,0(,5)
         LR    9,8
         SLL   9,13
         XR    8,9
         LR    9,8
         SRL   9,17
         XR    8,9
         LR    9,8
         SLL   9,5
         XR    8,9
         AR    7,8
         A     2,0(,5)
         N     7,MASK
         ST    7,0(,5)
         C     7,LIMIT
         BL    SKIP
         X     2,GOLDEN
SKIP     LA    5,4(,5)
         BCT   6,INNER
         BCT   3,OUTER
"""
BYTES = """
         LA    5,X'200'(,10)
OUTER    MVC   X'200'(80,10),X'100'(10)
         TR    X'200'(80,10),0(10)
         CLC   X'200'(80,10),X'100'(10)
         BE    SKIP
SKIP     LA    5,X'200'(,10)
         LA    6,16
INNER    IC    7,0(,5)
         LA    7,1(,7)
         STC   7,0(,5)
         LA    5,1(,5)
         BCT   6,INNER
         MVC   X'100'(16,10),X'200'(10)
         BCT   3,OUTER
"""
CALLS = """
         SR    2,2
         L     8,SEED
         LA    13,SAVE
OUTER    LA    15,SUB1
         BALR  14,15
         LA    15,SUB2
         BALR  14,15
         XR    2,8
         BCT   3,OUTER
         B     OVER
SUB1     STM   14,12,12(13)
         LR    9,8
         SLL   9,13
         XR    8,9
         LR    9,8
         SRL   9,17
         XR    8,9
         LR    9,8
         SLL   9,5
         XR    8,9
         ST    8,HERE
         LM    14,12,12(13)
         L     8,HERE
         BR    14
SUB2     A     2,HERE
         LTR   2,2
         BM    RETURN
         X     2,GOLDEN
RETURN   BR    14
         DS    0D,XL32
HERE     DC    D'0',XL32'00'
OVER     DS    0H
"""
FLOATING = """
         B     LOOP
ADDEND   DC    0D'0',X'4018000000000000'
HALF     DC    0D'0',X'4080000000000000'
LOOP     LD    0,SAVE
         AD    0,ADDEND
         MD    0,HALF
         STD   0,SAVE
         BCT   3,LOOP
"""
DECIMAL = """
         B     LOOP
ONE      DC    X'1C'
COUNT    DC    X'000000000C'
LOOP     ZAP   SAVE(8),COUNT
         AP    COUNT,ONE
         BCT   3,LOOP
"""
TRAPS = """
         L     8,SEED
OUTER    LR    9,8
         SLL   9,13
         XR    8,9
         AR    2,8
         SVC   5
         BCT   3,OUTER
"""


@dataclass(frozen=True)
class Workload:
    """A program, its instructions in one turn, and what it is like."""

    name: str
    words: str
    source: str
    in_turn: float
    instructions: int = 100_000_000
    compiled: bool = True
    """Whether the engine compiles it; if not, ours executes a thousandth of it."""

    @property
    def turns(self) -> int:
        """Turns that make so many instructions."""
        return int(self.instructions / self.in_turn)


WORKLOADS = (
    Workload("loop", "a BCT loop", LOOP, 1),
    Workload("mixed", "arithmetic over 1 KiB", MIXED, 256 * 18.5 + 3),
    Workload("bytes", "MVC, TR, CLC and a loop over bytes", BYTES, 88),
    Workload("calls", "calls with STM and LM; data beside code", CALLS, 28.5),
    Workload("floating", "LD, AD, MD, STD, BCT", FLOATING, 5),
    Workload("decimal", "ZAP, AP, BCT", DECIMAL, 3, 10_000_000, compiled=False),
)


def image(workload: Workload, turns: int) -> bytes:
    """Storage from 0 on: the new PSWs and the program."""
    assembly = assemble(PROLOGUE + workload.source + EPILOGUE.format(turns=turns), workload.name)
    storage = bytearray(0x5000)
    for text in assembly.image:
        storage[text.address : text.end] = text.data
    storage[0:8] = PSW(instruction_address=0x1000).to_bytes()
    storage[Class.SVC.new_psw : Class.SVC.new_psw + 8] = PSW(instruction_address=0x200).to_bytes()
    storage[0x200:0x204] = bytes.fromhex("82000020")  # LPSW 32: back
    storage[Class.PROGRAM.new_psw : Class.PROGRAM.new_psw + 8] = PSW(wait=True, instruction_address=0xBAD).to_bytes()
    return bytes(storage)


def machine_for(workload: Workload, turns: int) -> Machine:
    """A machine about to execute it."""
    machine = Machine(1 << 20)
    machine.storage.write(0, image(workload, turns))
    machine.cpu.load_psw(PSW(instruction_address=0x1000))
    return machine


def on_ours(workload: Workload, threshold: int | None, turns: int) -> float:
    """Seconds of processor time; `threshold` None: the CPU alone, else the engine."""
    machine = machine_for(workload, turns)
    start = time.process_time()
    if threshold is not None:
        machine.engine = Engine(machine.cpu, threshold)
    machine.run(1 << 40)
    seconds = time.process_time() - start
    if machine.cpu.psw.instruction_address != 0xAAA:
        raise SystemExit(f"{workload.name} ended at {machine.cpu.psw}")
    return seconds


class Hercules:
    """One process, for one program."""

    def __init__(self, folder: Path) -> None:
        (folder / "hercules.cnf").write_text(CONFIGURATION)
        command = ["hercules", "-d", "-f", str(folder / "hercules.cnf")]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=folder
        )
        self.lines: list[str] = []
        self.said = threading.Condition()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            with self.said:
                self.lines.append(line)
                self.said.notify_all()

    def command(self, text: str, answer: str) -> None:
        """Give a command and wait for its answer."""
        assert self.process.stdin
        with self.said:
            before = len(self.lines)
            self.process.stdin.write(text + "\n")
            self.process.stdin.flush()
            if not self.said.wait_for(lambda: any(answer in line for line in self.lines[before:]), 60):
                self.process.kill()
                raise SystemExit(f"Hercules did not answer {text}: {self.lines[-5:]}")

    def processor_time(self) -> float:
        """Seconds this process has used."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def on_hercules(workload: Workload, turns: int) -> float:
    """Seconds of processor time."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "image.bin").write_bytes(image(workload, turns))
        hercules = Hercules(folder)
        time.sleep(1)
        hercules.command(f"loadcore {folder}/image.bin 0", "HHCPN")
        start = hercules.processor_time()
        hercules.command("restart", "isabled wait")
        seconds = hercules.processor_time() - start
        assert hercules.process.stdin
        hercules.process.stdin.write("exit\n")
        hercules.process.stdin.flush()
        hercules.process.wait(10)
    return seconds


Way = Callable[[Workload], float]


A_LITTLE = 0.001
"""The share of a workload that is executed where it is executed slowly."""


def rate(seconds: Callable[[Workload, int], float], share: Callable[[Workload], float] = lambda workload: 1) -> Way:
    """Millions of instructions a second, from a run of a share of the instructions."""

    def measure(workload: Workload) -> float:
        turns = max(1, int(workload.turns * share(workload)))
        return turns * workload.in_turn / seconds(workload, turns) / 1e6

    return measure


def ways() -> dict[str, Way]:
    """What is compared."""

    def compiled(workload: Workload) -> float:
        return 1 if workload.compiled else A_LITTLE

    found: dict[str, Way] = {}
    if shutil.which("hercules"):
        found["Hercules"] = rate(on_hercules)
    found["CPU alone"] = rate(lambda workload, turns: on_ours(workload, None, turns), lambda workload: A_LITTLE)
    found["interpreter"] = rate(lambda workload, turns: on_ours(workload, NEVER, turns), compiled)
    found["tiers"] = rate(lambda workload, turns: on_ours(workload, THRESHOLD, turns), compiled)
    return found


def traps(count: int = 20_000) -> float:
    """Microseconds from one supervisor call to the next, with seven instructions in between."""
    workload = Workload("traps", "", TRAPS, 7)
    return on_ours(workload, THRESHOLD, count) / count * 1e6


def kernel(to_cp: bool, engine: bool, runs: int = 5) -> float:
    """Millions of instructions a second of our kernel, from its load to its end; of several runs the fastest."""
    program = catalog.find("kernel")
    system = under_cp([program]) if to_cp else bare(program)
    machine, loaded = system.machine, system.state()
    if engine:
        machine.engine = Engine(machine.cpu)
    best = 0.0
    for _ in range(runs):
        system.restore(loaded)
        before, start = machine.instructions, time.process_time()
        machine.run(1 << 40)
        best = max(best, (machine.instructions - before) / (time.process_time() - start) / 1e6)
    return best


def kernel_line(to_cp: bool, rounds: int) -> str:
    """A row about the kernel: it traps, and does I/O, every few dozen instructions."""
    alone, tiers = (statistics.median(kernel(to_cp, engine) for _ in range(rounds)) for engine in (False, True))
    name = "kernel under CP" if to_cp else "kernel bare"
    return f"{name:16} CPU alone {alone:6.3f}  tiers {tiers:6.3f} ({tiers / alone:5.2f} of the CPU alone)"


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", nargs="*", default=[workload.name for workload in WORKLOADS])
    options = parser.parse_args()
    print(
        f"{platform.processor() or platform.machine()}, {platform.system()}, Python {platform.python_version()},"
        f" wasmtime {version('wasmtime')}, {options.rounds} rounds"
    )
    for workload in (workload for workload in WORKLOADS if workload.name in options.only):
        figures: dict[str, list[float]] = {name: [] for name in ways()}
        for _ in range(options.rounds):
            for name, measure in ways().items():
                figures[name].append(measure(workload))
        print(line_of(workload, {name: statistics.median(values) for name, values in figures.items()}), flush=True)
    for to_cp in (False, True):
        print(kernel_line(to_cp, options.rounds), flush=True)
    print(f"trap round trip on the bare machine {statistics.median(traps() for _ in range(options.rounds)):.1f} µs")


def line_of(workload: Workload, figures: dict[str, float]) -> str:
    """A row of the table."""
    base = figures.get("Hercules")
    cells = [
        f"{name} {value:8.1f}" + (f" ({value / base:5.2f})" if base and name != "Hercules" else "")
        for name, value in figures.items()
    ]
    return f"{workload.name:8} {'  '.join(cells)}   {workload.words}"


if __name__ == "__main__":
    main()
