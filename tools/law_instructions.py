"""Systems about to execute one given instruction, for the law of time travel: bare, a System/360, a guest of CP."""

from dataclasses import replace
from random import Random

from edu_hv.debugger.system import System
from edu_hv.hypervisor.control_program import ControlProgram
from edu_hv.hypervisor.paging_area import make_paging_volume
from edu_hv.hypervisor.virtual_configuration import add_console, add_spooled
from edu_hv.isa.codes import PSA, Class
from edu_hv.isa.table import OPERATIONS, Level, Operation
from edu_hv.machine.instructions.registry import SEMANTICS
from edu_hv.machine.machine import Architecture, Machine
from edu_hv.machine.psw import PSW
from edu_hv.machine.storage import FRAME
from tools.cases import make_case
from tools.cases_control import make_control_case, takes
from tools.fuzz_cp_guests import Image
from tools.fuzz_cp_twins import start
from tools.hercules import Case
from tools.law import system_of
from tools.outcomes import prepare

EVERY = tuple(row.mnemonic for row in OPERATIONS)
"""Each instruction there is."""
ON_S360 = tuple(row.mnemonic for row in OPERATIONS if row.level in (Level.S360, Level.S360_OPTION))
UNITS, UNITS_OF_GUEST = 7, 80
"""Units that are compared: the instruction with its interruption and what follows, and CP's stages besides."""
GUEST_SIZE = 0x10000
FRAMES = 12
"""For a guest of 16 pages and CP's own: most of its pages have to be brought in, and others out for them."""
PAGING = 0x130
READER, PRINTER, CONSOLE = 0x00F, 0x00E, 0x009
"""The cases' device, as a spooled reader."""
HANDLER = 0x280


def case_of(mnemonic: str, number: object) -> Case:
    """A case, always the same for the same arguments."""
    control = mnemonic in SEMANTICS and isinstance(number, int) and takes(mnemonic, number)
    return (make_control_case if control else make_case)(Random(f"law {mnemonic} {number}"), mnemonic)


def with_timer(machine: Machine, number: int) -> None:
    """In part of the cases the interval timer is about to run out."""
    if number % 3 == 1:
        machine.cpu.store_real(PSA.INTERVAL_TIMER, bytes(4))


def bare(mnemonic: str, number: int) -> System:
    """A System/370 about to execute it."""
    machine = prepare(case_of(mnemonic, number))
    with_timer(machine, number)
    return system_of(machine)


def bare_360(mnemonic: str, number: int) -> System:
    """A System/360 about to execute it, in BC mode."""
    case = case_of(mnemonic, number)
    machine = Machine(case.size, Architecture.S360)
    for address, data in case.storage:
        machine.storage.write(address, data)
    for address, key in case.keys:
        machine.storage.keys[address // 2048] = key
    machine.cpu.gr[:], machine.cpu.fpr[:] = case.gr, case.fpr
    found = PSW.from_bytes(case.psw)
    machine.cpu.load_psw(PSW(instruction_address=found.instruction_address, key=found.key, cc=found.cc,
                             problem_state=found.problem_state))  # fmt: skip
    with_timer(machine, number)
    return system_of(machine)


class Host:
    """CP with one guest, into which one case after the other is put."""

    def __init__(self, assist: bool = False) -> None:
        machine = Machine(0x10000 + FRAMES * FRAME)
        machine.channels.attach(PAGING, make_paging_volume(2))
        if assist:
            machine.install_assist()
        cp = ControlProgram(machine)
        cp.assist.on_at_logon = assist
        cp.paging.attach_area(PAGING)
        self.vm = cp.logon("A", GUEST_SIZE, ecmode=True)
        add_console(cp, self.vm, CONSOLE, "3215")
        add_spooled(cp, self.vm, READER, "2540R")
        add_spooled(cp, self.vm, PRINTER, "1403")
        self.other = cp.logon("B", GUEST_SIZE)
        self.cp = cp
        self.system = System(machine, cp, [])
        self.at_first = self.system.state()

    def about_to(self, mnemonic: str, number: int) -> System:
        """The same system, with the guest about to execute that instruction."""
        self.system.restore(self.at_first)
        image = guest_image(self._case(mnemonic, number), problem=number % 2 == 1)
        start(self.cp, self.vm, image)
        self._page_out()
        return self.system

    @staticmethod
    def _case(mnemonic: str, number: int) -> Case:
        """Two in three without the guest's own translation, so that the instruction is soon come to."""
        more = 0
        while True:
            case = case_of(mnemonic, number + more)
            place = PSW.from_bytes(case.psw)
            if number % 3 == 2 or not (place.dat or place.instruction_address >= GUEST_SIZE - 6):
                return case
            more += 1000

    def _page_out(self) -> None:
        """Another machine needs so much storage that this one's pages are on the paging volume."""
        for page in list(range(GUEST_SIZE // FRAME)) * 2:
            if not any(self.vm.storage.frame_of(page) is not None for page in range(GUEST_SIZE // FRAME)):
                break
            self.other.cpu.store_real(page * FRAME, b"\1")
            self.cp.paging.hold_none()


def guest_image(case: Case, problem: bool) -> Image:
    """The case as a guest; each interruption leads to a supervisor call, and that to an enabled wait."""
    storage = dict(case.storage)
    psw = PSW.from_bytes(case.psw)
    for kind in Class:
        new = PSW(ec_mode=psw.ec_mode, instruction_address=HANDLER)
        if kind is Class.SVC:
            new = PSW(ec_mode=psw.ec_mode, wait=True, instruction_address=HANDLER + 2)
            new = replace(new, system_mask=3 if psw.ec_mode else 0xFF)
        storage[kind.new_psw] = new.to_bytes()
    storage[HANDLER] = bytes.fromhex("0AFD")
    if problem:
        psw.problem_state = True
    return Image(storage, list(case.gr), list(case.fpr), list(case.cr), psw.to_bytes())


def row_of(mnemonic: str) -> Operation:
    """Its row in the table."""
    return next(row for row in OPERATIONS if row.mnemonic == mnemonic)
