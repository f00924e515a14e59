"""One random program on a bare machine and under CP in several ways: it must end alike.  Part of `tools.fuzz_cp`."""

import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from edu_hv.hypervisor.commands import run_command
from edu_hv.hypervisor.control_program import ControlProgram
from edu_hv.hypervisor.paging_area import make_paging_volume
from edu_hv.hypervisor.virtual_cpu import VIRTUAL_CPU_ID
from edu_hv.hypervisor.vmblok import VMBLOK
from edu_hv.isa.codes import PSA
from edu_hv.machine.instructions.control import purge_tlb
from edu_hv.machine.machine import Machine
from edu_hv.machine.storage import FRAME
from tests.hypervisor.bench import Visible, visible_bare, visible_guest
from tools.fuzz_cp_guests import SIZE, GuestMaker, Image

PAGING = 0x140
NOT_THERE = {"PRV-3", "PRG-3"}
"""Rules: a virtual machine does not have the instruction, a bare machine does."""
NOT_VIRTUAL = {"DIAG", "SPX", "STPX", "STAP", "SIGP"}
"""What a virtual machine does not have as a bare machine has it."""
LONGEST, ENDED = 20_000, 0xEED
"""Instructions of a program that is compared; the address in its last PSW."""


@dataclass
class Tally:
    """What was done."""

    scenes: int = 0
    units: int = 0
    actions: int = 0
    decisions: int = 0
    page_reads: int = 0
    checkpoints: int = 0
    twins: int = 0
    skipped: int = 0
    instructions: int = 0


def start(cp: ControlProgram, vm: VMBLOK, image: Image) -> None:
    """Put a program into the machine, and let it run."""
    with cp.console_function(vm):
        cp.reset(vm)
        for address, text in image.storage.items():
            if address + len(text) <= vm.vmsize:
                vm.cpu.store_real(address, text)
        vm.vmgprs[:], vm.vmfprs[:], vm.cpu.cr[:] = image.gr, image.fpr, image.cr
        vm.cpu.load_psw(vm.cpu.decode_psw(image.psw))
        vm.cf = False
        cp.wake(vm)


VARIANTS: tuple[tuple[str, bool, tuple[str, ...], bool], ...] = (
    ("plain", False, (), False),
    ("assist", True, (), False),
    ("traced", False, ("TRACE ALL RUN",), False),
    ("PER", True, ("PER IFETCH RUN", "PER STORE RUN PRINT NOTERM"), False),
    ("busy", False, (), True),
    ("busy, assist", True, (), True),
)
"""Name, whether there is the assist, CP commands, and whether another guest executes something else beside it."""


def check_twins(seed: int, tally: Tally, variants: Sequence[str] = tuple(name for name, *_ in VARIANTS)) -> list[str]:
    """One program on a bare machine, and under CP in several ways: what is not the same at its end.

    A program whose end depends on the time, or on what the TLB still has, and one that never ends, is not compared.
    """
    random = Random(f"twins {seed}")
    ecmode, frames = random.random() < 0.8, random.choice((9, 12, 20, 40))
    image = GuestMaker(random, ecmode, lonely=True).image()
    noise = GuestMaker(random, True, lonely=True).image()
    machine, expected, recorded = bare(image)
    if expected is None or bare(image, purging=True)[1] != expected:
        tally.skipped += 1
        return []
    tally.twins += 1
    tally.instructions += machine.instructions
    found: list[str] = []
    for name, assist, commands, busy in VARIANTS:
        if name not in variants or (recorded and commands):
            continue  # A guest's own PER stands still while CP uses PER for it.
        twin = Twin(image, ecmode, assist, frames, commands, noise if busy else None)
        try:
            end = twin.end(40 * machine.instructions + 100_000)
        except Exception:  # noqa: BLE001 - whatever it is, it is what is looked for.
            return [f"twins {seed}, {name}", traceback.format_exc()]
        found += [f"{name}: {text}" for text in (end.difference(expected) if end is not None else [])]
    return [f"twins {seed}, ecmode {ecmode}", *found[:20]] if found else []


def bare(image: Image, purging: bool = False) -> tuple[Machine, Visible | None, bool]:
    """The end of the program on a bare machine, None for no end; and whether it used PER.

    `purging`: at another time, and without a TLB.
    """
    machine = Machine(SIZE)
    cpu = machine.cpu
    cpu.identification = VIRTUAL_CPU_ID
    for address, text in image.storage.items():
        cpu.store_real(address, text)
    if purging:
        machine.clocks.now = 77_000_000
        cpu.store_real(PSA.INTERVAL_TIMER, bytes.fromhex("3FFFFF00"))
    cpu.gr[:], cpu.fpr[:], cpu.cr[:] = image.gr, image.fpr, image.cr
    cpu.load_psw(cpu.decode_psw(image.psw))
    recorded = False
    while machine.instructions < LONGEST and machine.advance():
        recorded = recorded or cpu.psw.per
        if cpu.psw.secondary_space:
            return machine, None, recorded
        if purging:
            purge_tlb(cpu)
    ended = machine.dead and cpu.psw.instruction_address == ENDED
    return machine, visible_bare(machine) if ended else None, recorded


@dataclass
class Twin:
    """A program under CP."""

    image: Image
    ecmode: bool
    assist: bool
    frames: int
    commands: tuple[str, ...] = ()
    noise: Image | None = None

    def end(self, units: int) -> Visible | None:
        """Its end.  None when it does something that a virtual machine has not, as it is known."""
        machine = Machine(0x10000 + self.frames * FRAME)
        machine.channels.attach(PAGING, make_paging_volume(8))
        if self.assist:
            machine.install_assist()
        cp = ControlProgram(machine)
        cp.paging.attach_area(PAGING)
        vm = cp.logon("A", SIZE, self.ecmode)
        if self.noise is not None:
            other = cp.logon("B", SIZE, True)
            start(cp, other, self.noise)
        start(cp, vm, self.image)
        for command in self.commands:
            run_command(cp, vm, command)
        while units and not vm.cf and machine.advance():
            units -= 1
        cp.interrupt_running()
        return None if self._is_other(cp, vm) else visible_guest(vm)

    def _is_other(self, cp: ControlProgram, vm: VMBLOK) -> bool:
        """Whether it came to something that a virtual machine has not, or not without ECMODE."""
        mnemonics, rules = {name for *_, name in cp.counts}, {rule for _, rule, _ in cp.counts}
        if rules & NOT_THERE or mnemonics & NOT_VIRTUAL:
            return True
        ended = any("450W" in line.text for line in vm.terminal)
        return not self.ecmode and (not ended or bool(mnemonics & {"LCTL", "STCTL"}))
