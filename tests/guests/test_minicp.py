"""The miniature CP in assembler, on the bare machine: its guest sees what it would see on a machine of its own.

Most tests run a deck twice: IPLed by itself, and behind MINICP's cards.  On Hercules: `test_on_hercules`.
"""

from dataclasses import dataclass

import pytest

from edu_hv.asm.assembler import Assembly, assemble
from edu_hv.asm.deck import bootable
from edu_hv.devices.console import Console
from edu_hv.devices.printer import Printer
from edu_hv.guests import catalog
from edu_hv.isa.codes import PSA, UnitStatus
from edu_hv.isa.table import OPERATIONS
from edu_hv.machine.machine import Architecture, Machine
from edu_hv.machine.machine_check import Failure
from tests.guests import test_busy as busy
from tests.guests.conftest import Run
from tests.guests.conftest import ipl as load
from tests.guests.test_diagnostics import GOOD, PACK, loaded, tapes
from tests.guests.test_diagnostics import deck as diagnostic

KERNEL = catalog.GUESTS["kernel"]
MINICP = catalog.GUESTS["minicp"].assembly()
CARDS = bootable(catalog.loader(), MINICP)
"""MINICP's own cards; the guest's deck comes behind them."""
GUEST_SIZE = 0x10000
SIZE = 0x40000
PAGE = 0x1000
BEGIN = 0x1000
END_OF_THE_DAY = "00020000 0000E0D0"


def address(label: str) -> int:
    return MINICP.address_of(label)


def finish(run: Run) -> Run:
    """To the wait that nothing will end."""
    run.machine.run(400_000)
    assert run.machine.dead, f"it does not come to its end; it is at {run.psw} and wrote {run.lines}"
    return run


@dataclass
class VirtualMachine:
    """The guest of a MINICP, as MINICP's own tables have it."""

    machine: Machine

    def words(self, label: str, count: int, length: int = 4) -> list[int]:
        text = self.machine.storage.read(address(label), count * length)
        return [int.from_bytes(text[at : at + length], "big") for at in range(0, len(text), length)]

    @property
    def frames(self) -> dict[int, int]:
        """The real address of each page that has a frame, by page number."""
        entries = self.words("PAGETAB", GUEST_SIZE // PAGE, 2)
        return {page: (entry & 0xFFF0) << 8 for page, entry in enumerate(entries) if not entry & 0x0008}

    @property
    def storage(self) -> bytes:
        """All of it; a page that was never used holds zeros."""
        read, frames = self.machine.storage.read, self.frames
        pages = range(GUEST_SIZE // PAGE)
        return b"".join(read(frames[page], PAGE) if page in frames else bytes(PAGE) for page in pages)

    def write(self, address: int, data: bytes) -> None:
        """Into pages that have frames."""
        frames = self.frames
        while data:
            room = PAGE - address % PAGE
            self.machine.storage.write(frames[address // PAGE] + address % PAGE, data[:room])
            address, data = address + room, data[room:]

    @property
    def keys(self) -> list[int]:
        """Access control and fetch protection of each block of 2K."""
        keys, frames = self.machine.storage.keys, self.frames
        places = [frames.get(page) for page in range(GUEST_SIZE // PAGE)]
        return [0 if at is None else keys[at + half >> 11] & 0xF8 for at in places for half in (0, 2048)]


# ---- the catalog's guests ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "size"), [("kernel", SIZE), ("kernel", 0x10000), ("second", SIZE), ("hello", SIZE)], ids=str
)
def test_guest_prints_what_it_prints_alone_and_ends_in_the_same_wait(ipl, name, size):
    """[1.1-3] Simulate and reflect.  The kernel uses four pages of its 64K, so that a machine of 64K has the room."""
    guest = catalog.GUESTS[name]
    alone = finish(ipl(guest.deck(), guest.tape()))
    under = finish(ipl(CARDS + guest.deck(), guest.tape(), size))
    assert (under.lines, under.psw) == (alone.lines, alone.psw)
    assert under.psw == END_OF_THE_DAY


def test_deck_of_the_catalog_has_the_kernel_behind_and_its_tape():
    guest = catalog.GUESTS["minicp"]
    assert (guest.deck(), guest.tape()) == (CARDS + KERNEL.deck(), KERNEL.tape())


def test_guest_can_learn_that_it_is_one(ipl):
    """[1.4 STIDP] [3 X'00'] By the version in its CPU identification, and then by DIAGNOSE."""
    run = finish(ipl(CARDS + catalog.GUESTS["diagnose"].deck(), size=SIZE))
    assert run.lines == ["I RUN UNDER MINICP   AS USER GUEST   ", "MY STORAGE HAS     64K BYTES"]
    assert run.psw == END_OF_THE_DAY


@pytest.mark.parametrize("drive", [True, False], ids=["no-tape-on-the-drive", "no-drive"])
def test_kernel_without_tape(ipl, drive):
    alone = finish(ipl(KERNEL.deck(), drive=drive))
    assert finish(ipl(CARDS + KERNEL.deck(), size=SIZE, drive=drive)).lines == alone.lines


@pytest.mark.parametrize(
    ("name", "devices"),
    [
        pytest.param("cpu", {}, id="cpu"),
        pytest.param("channel", tapes("3420"), id="channel"),
        pytest.param("tape", tapes("3420"), id="tape"),
        pytest.param("disk", {0x190: ("2314", PACK)}, id="disk-2314"),
        pytest.param("disk", {0x190: ("3330", PACK)}, id="disk-3330"),
    ],
)
def test_diagnostic_finds_nothing_wrong(monkeypatch, name, devices):
    """[2.4] TIC, data chaining, skip, SLI, PCI, keys, searches, errors in a chain, HALT I/O; timer, masks, protection.

    The printer is slow: the diagnostic wants to see it print, and everything takes longer under MINICP.
    """
    monkeypatch.setattr(Printer, "working", lambda *_: 20_000)
    machine = loaded(Architecture.S370, CARDS + diagnostic(name), devices)
    machine.run(400_000)
    assert machine.dead
    assert machine.cpu.psw.to_bytes().hex(" ", 4) == GOOD


def test_channel_programs_of_busy_devices_end_as_they_should():
    """[2.4] Punch, printer, reader, console, tape and disk, all at once; their CSWs, data, paper and cards."""
    run = finish(busy.loaded(CARDS + busy.BUSY.deck()))
    assert (run.lines, run.psw) == (busy.LINES, busy.ALL_IS_WELL)
    devices = run.machine.channels.devices
    assert devices[0x00E].image().decode() == busy.PRINTED
    assert [card.decode("cp037").rstrip() for card in devices[0x00D].cards] == busy.PUNCHED


# ---- what holds all the time ---------------------------------------------------------------------------------------


def test_real_psw_of_the_guest_is_always_ec_dat_on_problem_state_enabled(ipl):
    """[1.3 PSW mode bits] MINICP's own: supervisor state, DAT off, disabled, in its own page."""
    run = ipl(CARDS + KERNEL.deck(), KERNEL.tape(), SIZE)
    run.run(lambda machine: machine.cpu.psw.instruction_address == address("STARTED"))
    seen = set()

    def observe(machine: Machine) -> bool:
        psw = machine.cpu.psw
        if not psw.wait:
            place = None if psw.problem_state else psw.instruction_address >> 12
            seen.add((psw.ec_mode, psw.problem_state, psw.machine_check_mask, psw.system_mask, place))
        return False

    run.run(observe)
    assert seen == {(True, True, True, 0x07, None), (True, False, True, 0x00, 0)}


def test_frames_are_given_out_on_first_use_downwards_and_minicp_stays_as_it_was_loaded(ipl):
    """[1.3 Guest storage] So pages in a row are never frames in a row: an area across a page needs two addresses."""
    run = finish(ipl(CARDS + KERNEL.deck(), KERNEL.tape(), SIZE))
    assert VirtualMachine(run.machine).frames == {0: 0x3F000, 15: 0x3E000, 1: 0x3D000, 2: 0x3C000}
    code = [text for text in MINICP.image if text.end <= address("RUNPSW")]
    assert len(code) > 1
    assert [run.machine.storage.read(text.address, len(text.data)) for text in code] == [text.data for text in code]


# ---- the same program in a bare machine and as a guest -------------------------------------------------------------

FRAME = """\
TEST     START X'1000'
BEGIN    BALR  12,0
         USING *,12
         USING KEYED,11
         MVC   X'58'(40),NEWPSWS
         LM    0,11,REGS
         SR    15,15
{code}
         LPSW  END
         DS    0D
NEWPSWS  DC    A(0,TOOK)
         DC    X'0002000000005C00'
         DC    X'000200000000DEA0'
         DC    X'000200000000DEC0'
         DC    A(0,TOOK)
END      DC    X'000200000000E0D0'
TOOK     MVC   OLD(48),X'18'        old PSWs and CSW
         LPSW  END
OLD      DS    6D
REGS     DC    F'0,1,2,3,4,5,6,7,8,9,10',A(KEYED)
ZERO     DC    D'0'
TEXT     DC    C'PRINTED'
WAITALL  DC    D'0'
         ORG   WAITALL
         DC    X'FE02000000000000'
PROBLEM  DC    X'00010000',A(PROB)
KEY2     DC    X'00200000',A(PROB)
         DS    0D
{data}
         LTORG
         ORG   TEST+X'1800'
KEYED    DC    2048X'00'
         END   BEGIN
"""
KEYED_STORE = "LA 1,X'{0}'; LA 2,KEYED; SSK 1,2; LPSW KEY2; PROB: {1}"
START = "LA 1,CCWS; ST 1,X'48'; SIO X'009'; BALR 10,0; MVC OLD(16),X'40'; BC 7,*+8; LPSW WAITALL"
START_TAPE = START.replace("009", "181")


def statements(text: str) -> str:
    """Source lines from statements divided by "; ", each with a label before ": " if it has one."""
    found = []
    for statement in filter(None, text.split("; ")):
        label, _, rest = statement.rpartition(": ")
        operation, _, operands = rest.partition(" ")
        found.append(f"{label:<8} {operation:<5} {operands}")
    return "\n".join(found)


def program(code: str = "", data: str = "") -> Assembly:
    """A program in the frame above."""
    code = code if "PROB: " in code else f"{code}; PROB: NOPR 0"
    return assemble(FRAME.format(code=statements(code), data=statements(data)), "test.asm")


@dataclass
class Twins:
    """A machine of its own and one with MINICP, which begin at a checkpoint: a program in the frame has been loaded."""

    def __post_init__(self) -> None:
        deck, tape = bootable(catalog.loader(), program()), KERNEL.tape()
        self.alone, self.under = load(deck, tape, GUEST_SIZE), load(CARDS + deck, tape, SIZE)
        self.vm = VirtualMachine(self.under.machine)
        for run in (self.alone, self.under):
            run.run(lambda machine: machine.cpu.psw.instruction_address == BEGIN)
        self.checkpoints = [(run.machine, run.machine.state()) for run in (self.alone, self.under)]

    def run(self, assembly: Assembly, event=None, only_under: bool = False) -> None:
        """The same program in both, in place of the one that was loaded; `event` happens after a second."""
        for machine, state in self.checkpoints:
            machine.restore(state)
        for part in assembly.image:
            self.alone.machine.storage.write(part.address, part.data)
            self.vm.write(part.address, part.data)
        for run in (self.alone, self.under)[only_under:]:
            if event:
                event(run.run(lambda machine: machine.clocks.now > 1_000_000).machine)
            finish(run)

    def visible(self) -> list[tuple[object, ...]]:
        """All that the program can see, alone and as a guest; the interval timer only tells how much time it took."""
        machine, vm = self.alone.machine, self.vm
        keys = [key & 0xF8 for key in machine.storage.keys[: GUEST_SIZE >> 11]]
        return [
            (*registers_and_storage(machine.storage.read(0, GUEST_SIZE), machine.cpu.gr), keys, *ending(self.alone)),
            (*registers_and_storage(vm.storage, vm.words("VMGPRS", 16)), vm.keys, *ending(self.under)),
        ]


def registers_and_storage(storage: bytes, gr: list[int]) -> tuple[object, ...]:
    """The words that are not zero, by address."""
    words = {f"{at:04X}": storage[at : at + 4].hex() for at in range(0, len(storage), 4) if any(storage[at : at + 4])}
    words.pop(f"{PSA.INTERVAL_TIMER:04X}", None)
    return [f"{value:08X}" for value in gr], words


def ending(run: Run) -> tuple[object, ...]:
    return run.lines, run.psw


@pytest.fixture(scope="module")
def twins() -> Twins:
    return Twins()


@pytest.mark.parametrize(
    ("code", "data"),
    [
        pytest.param("STOSM OLD,X'F0'; STNSM OLD+1,X'3F'; SSM OLD+1; STOSM OLD+2,X'00'", "", id="SSM-STNSM-STOSM"),
        pytest.param("STOSM OLD,X'01'", "", id="timer-ran-out-before-it-was-enabled"),
        pytest.param("LCTL 0,0,ZERO; STOSM OLD,X'01'; STNSM OLD+1,X'00'", "", id="timer-masked-in-CR0"),
        pytest.param("LCTL 0,0,=X'400000E0'; SSM ZERO", "", id="SSM-suppressed"),
        pytest.param("LCTL 3,5,REGS; STCTL 3,5,OLD; STCTL 14,0,OLD+12", "", id="LCTL-STCTL"),
        pytest.param("LCTL 15,1,REGS; STCTL 15,1,OLD", "", id="LCTL-0-after-15"),
        pytest.param("LCTL 0,0,ZERO+2", "", id="LCTL-specification"),
        pytest.param("STCTL 0,0,ZERO+1", "", id="STCTL-specification"),
        pytest.param("LPSW ZERO+4", "", id="LPSW-specification"),
        pytest.param("L 1,=F'65536'; LPSW 0(1)", "", id="LPSW-addressing"),
        pytest.param("LPSW KEYS; DC X'0000'; PROB: SVC 3", "KEYS: DC X'00310000',X'2F',AL3(PROB)", id="LPSW-fields"),
        pytest.param("LA 1,X'57'; LPSW CHECKS; PROB: SPKA 3(1); IPK; SPKA 0; ST 2,OLD",
                     "CHECKS: DC X'00040000',A(PROB)", id="SPKA-IPK"),
        pytest.param("LA 1,X'3E'; LA 2,KEYED; SSK 1,2; ISK 3,2; ISK 4,12", "", id="SSK-ISK"),
        pytest.param("LA 2,KEYED+1; ISK 4,2", "", id="ISK-specification"),
        pytest.param("L 2,=F'65536'; SSK 1,2", "", id="SSK-addressing"),
        pytest.param("LA 2,KEYED; SSK 15,2; RRB KEYED; BALR 3,0; ST 0,KEYED; RRB KEYED; BALR 4,0; RRB KEYED; BALR 5,0",
                     "", id="RRB"),
        pytest.param("STIDP ZERO+1", "", id="STIDP-specification"),
        pytest.param("SCK ZERO+1", "", id="SCK-specification"),
        pytest.param("PTLB", "", id="PTLB"),
        pytest.param("L 1,=F'65536'; L 2,0(1)", "", id="fetch-addressing"),
        pytest.param("L 1,=X'00FFFFFF'; MVI 0(1),1", "", id="store-addressing"),
        pytest.param("L 1,=F'65534'; MVC 0(4,1),0", "", id="store-across-the-end"),
        pytest.param("L 1,=F'65536'; BR 1", "", id="branch-outside"),
        pytest.param("B ZERO+1", "", id="odd-address"),
        pytest.param("LA 1,X'F1'; EX 1,SVC; SVC: SVC 2", "", id="EX-of-SVC"),
        pytest.param("LA 1,X'8F'; SR 2,2; EX 0,OR; EX 1,AND-BEGIN-2(2,12); STNSM OLD+2,X'00'",
                     "OR: STOSM OLD,X'F0'; AND: STNSM OLD+1,X'50'", id="EX-of-privileged"),
        pytest.param("L 1,=F'8190'; MVC 0(4,1),AND; BR 1", "AND: STNSM OLD,X'00'", id="instruction-across-a-page"),
        pytest.param("SVC 200", "", id="SVC"),
        pytest.param("SR 1,1; D 0,ZERO", "", id="divide"),
        pytest.param("DC X'0000'", "", id="operation"),
        pytest.param("DC X'F0'; DC 3X'00'", "", id="operation-of-six-bytes-misaligned"),
        pytest.param("CVB 2,TEXT", "", id="data"),
        pytest.param("LPSW PROBLEM; PROB: SSM ZERO", "", id="privileged-in-problem-state"),
        pytest.param("LPSW PROBLEM; PROB: SVC 5", "", id="SVC-in-problem-state"),
        pytest.param(KEYED_STORE.format("30", "ST 0,KEYED"), "", id="store-protection"),
        pytest.param(KEYED_STORE.format("30", "STOSM KEYED,X'00'"), "", id="simulated-store-protection"),
        pytest.param(KEYED_STORE.format("38", "SSM KEYED"), "", id="simulated-fetch-protection"),
        pytest.param(KEYED_STORE.format("30", "SSM KEYED"), "", id="simulated-fetch-without-fetch-protection"),
        pytest.param(KEYED_STORE.format("20", "STOSM KEYED,X'00'"), "", id="simulated-store-with-the-key"),
        pytest.param("LA 1,X'481'; TIO X'009'; BALR 3,0; TIO X'123'; BALR 4,0; TCH X'000'; BALR 5,0; TCH X'500'; "
                     "BALR 6,0; HIO X'123'; BALR 7,0; TIO X'F00'(1); BALR 8,0; STIDC X'181'; BALR 9,0; SIO X'999'; "
                     "BALR 10,0; HDV X'009'; BALR 2,0", "", id="condition-codes-of-IO"),
    ],
)  # fmt: skip
def test_instruction_ends_as_on_a_machine_of_its_own(twins, code, data):
    """[1.4] Registers, storage, keys, console, last PSW."""
    twins.run(program(code, data))
    alone, under = twins.visible()
    assert under == alone


@pytest.mark.parametrize(
    ("code", "data"),
    [
        pytest.param(START, "CCWS: CCW X'09',TEXT,X'20',L'TEXT", id="print"),
        pytest.param(START, "CCWS: CCW X'03',0,X'20',1", id="immediate"),
        pytest.param(START, "CCWS: CCW X'09',TEXT,X'20',0", id="count-zero"),
        pytest.param(START, "CCWS: CCW X'08',CCWS,0,1", id="TIC-first"),
        pytest.param(START, "CCWS: CCW X'00',TEXT,X'20',1", id="command-zero"),
        pytest.param(START, "CCWS: CCW X'09',X'10000',X'20',1", id="data-outside"),
        pytest.param(START, "CCWS: CCW X'09',X'FFFE',X'20',4", id="data-across-the-end"),
        pytest.param(START.replace("LA 1,CCWS", "LA 1,CCWS+4"), "CCWS: DC 2D'0'", id="CAW-not-a-doubleword"),
        pytest.param(START.replace("LA 1,CCWS", "L 1,=F'65536'"), "", id="CAW-outside"),
        pytest.param(START.replace("LA 1,CCWS", "L 1,CAW"), "CAW: DC X'01',AL3(CCWS); CCWS: CCW X'09',TEXT,X'20',7",
                     id="CAW-with-wrong-bits"),
        pytest.param(START.replace("LA 1,CCWS", "L 1,=F'65528'; MVC 0(8,1),CCWS"), "CCWS: CCW X'09',TEXT,X'60',7",
                     id="chain-leaves-storage"),
        pytest.param("L 3,=F'8188'; MVC 0(7,3),TEXT; " + START, "CCWS: CCW X'09',X'1FFC',X'20',7", id="across-a-page"),
        pytest.param(START, "CCWS: CCW X'09',IDAWS,X'24',7; IDAWS: DC A(TEXT)", id="IDAL-of-the-guest"),
        pytest.param("L 3,=F'10238'; MVC 0(2,3),TEXT; " + START,
                     "CCWS: CCW X'09',IDAWS,X'24',7; IDAWS: DC X'27FE'; ORG IDAWS; DC A(X'27FE',KEYED)",
                     id="IDAL-of-two"),
        pytest.param(START, "CCWS: CCW X'09',IDAWS,X'24',7; IDAWS: DC X'01000000'", id="IDAW-not-valid"),
        pytest.param(START, "CCWS: CCW X'09',X'10000',X'24',7", id="IDAL-outside"),
        pytest.param(START, "CCWS: CCW X'01',TEXT,X'80',2; CCW 0,TEXT,X'80',3; CCW X'08',MORE,0,1; "
                     "MORE: CCW 0,TEXT+3,X'40',4; CCW X'09',TEXT,0,7", id="data-chain-with-TIC"),
        pytest.param(START, "CCWS: CCW X'03',0,X'60',1; CCW X'08',X'10000',0,1", id="TIC-outside"),
        pytest.param(START_TAPE, "CCWS: CCW X'02',X'17F0',X'60',100; CCW X'0C',X'2810',X'20',99", id="read-backward"),
        pytest.param(START_TAPE, "CCWS: CCW X'02',KEYED,X'70',100; CCW X'02',KEYED,0,200", id="skip-and-long-count"),
        pytest.param(START_TAPE.replace("; LPSW", "; SIO X'181'; BALR 9,0; LPSW"),
                     "CCWS: CCW X'02',KEYED,X'60',100; CCW X'07',0,X'20',1", id="busy-then-two-endings"),
        pytest.param("LA 4,X'30'; LA 2,KEYED; SSK 4,2; " + START_TAPE.replace("LA 1,CCWS", "L 1,CAW"),
                     "CCWS: CCW X'02',KEYED,X'20',10; CAW: DC X'20',AL3(CCWS)", id="protection-check"),
    ],
)  # fmt: skip
def test_channel_program_ends_as_on_a_machine_of_its_own(twins, code, data):
    """[2.4] The CSW names the guest's CCWs, the data are where its addresses say."""
    twins.run(program(code, data))
    alone, under = twins.visible()
    assert under == alone


@pytest.mark.parametrize(
    ("mask", "event"),
    [
        pytest.param("FE", lambda machine: machine.channels.present(0x009, UnitStatus.ATTENTION), id="attention"),
        pytest.param("01", lambda machine: machine.press_interrupt_key(), id="interrupt-key"),
    ],
)
def test_waiting_guest_is_woken_by_what_happens(twins, mask, event):
    """[1.6 IO-3] [1.6 EXT-2] The old PSW, its code and the CSW are in the guest's own page 0."""
    code = f"MVI WAITALL,X'{mask}'; LCTL 0,0,=X'00000040'; LPSW WAITALL"
    twins.run(program(code), event)
    alone, under = twins.visible()
    assert under == alone
    assert under[-1] == END_OF_THE_DAY


PRIVILEGED = [row for row in OPERATIONS if row.privileged and row.mnemonic not in ("RDD", "WRD")]
"""Those two are System/360's."""
SIMULATED = (
    "SSK ISK SSM LPSW DIAG SIO SIOF RIO TIO CLRIO HIO HDV TCH CLRCH STNSM STOSM STCTL LCTL STIDP STIDC SCK PTLB RRB"
)
"""RIO and CLRCH, as on a machine that has not got them, are SIO and TCH."""
OTHERS = [row for row in PRIVILEGED if row.mnemonic not in SIMULATED.split()]
COUNT = "LA 5,KEYED; LA 6,GOON; ST 6,X'6C'; MVI X'69',0"
GO_ON = "GOON: MVC 0(2,5),X'2A'; LA 5,2(5); LPSW X'28'"
"""Where program interruptions lead: keep the code, and take the next instruction."""


def words_of(rows) -> str:
    """An instruction of each operation, as constants."""
    halves = [row.code if row.two_byte else row.code << 8 for row in rows]
    lengths = [(2, 4, 4, 6)[half >> 14] for half in halves]
    return "; ".join(
        f"DC X'{half:04X}{'2000' * (length // 2 - 1)}'" for half, length in zip(halves, lengths, strict=True)
    )


def codes(vm: VirtualMachine) -> list[str]:
    found = vm.storage[0x2800:0x3000].rstrip(b"\0").hex()
    return [found[at : at + 4] for at in range(0, len(found), 4)]


def test_every_privileged_instruction_is_reflected_in_virtual_problem_state(twins):
    """[1.1-3] The guest's program new PSW takes it, as on a machine of its own."""
    twins.run(program(f"{COUNT}; LPSW PROBLEM; PROB: NOPR 0; {words_of(PRIVILEGED)}; SVC 0", GO_ON))
    alone, under = twins.visible()
    assert under == alone
    assert codes(twins.vm) == ["0002"] * len(PRIVILEGED)


def test_what_is_not_simulated_is_no_instruction_in_virtual_supervisor_state(twins):
    """[1.4] Address translation, CPU timer and so on: such a System/370 has not got them."""
    twins.run(program(f"{COUNT}; {words_of(OTHERS)}; SVC 0", GO_ON), only_under=True)
    assert codes(twins.vm) == ["0001"] * len(OTHERS)


# ---- where MINICP gives up -----------------------------------------------------------------------------------------

TOUCH = "LA 3,14; LA 1,0; LOOP: L 2,0(1); A 1,=F'4096'; BCT 3,LOOP"
NOPS = "CCWS: DC 33X'0300000060000001'"
EIGHT = range(0x020, 0x028)
START_MANY = "LA 1,CCWS; ST 1,X'48'; LA 3,9; LA 4,X'20'; LOOP: SIO 0(4); LA 4,1(4); BCT 3,LOOP"


@pytest.mark.parametrize(
    ("cards", "size", "wait"),
    [
        pytest.param(program("LPSW EC", "EC: DC X'0008000000000000'"), SIZE, "000BADC1", id="EC-mode"),
        pytest.param(program(TOUCH), 0x10000, "000BADC2", id="no-frames"),
        pytest.param(b"", SIZE, "000BADC5", id="no-cards"),
        pytest.param(b"\x40" * 80, SIZE, "000BADC5", id="cards-not-to-be-loaded"),
        pytest.param(program(START, NOPS), SIZE, "000BADC6", id="channel-program-too-long"),
        pytest.param(program(START_MANY, "CCWS: CCW X'09',TEXT,X'20',7"), SIZE, "000BADC7", id="too-many-devices"),
    ],
)
def test_wait_tells_what_the_guest_did_that_minicp_cannot_do(ipl, cards, size, wait):
    deck = bootable(catalog.loader(), cards) if isinstance(cards, Assembly) else cards
    run = ipl(CARDS + deck, size=size)
    for number in range(0x020, 0x029):
        run.machine.channels.attach(number, Console())
    assert finish(run).psw == f"00020000 {wait}"


def test_machine_check_stops_everything(ipl):
    run = ipl(CARDS + KERNEL.deck(), size=SIZE)
    run.run(lambda machine: machine.cpu.psw.problem_state)
    run.machine.present_failure(Failure.SYSTEM_DAMAGE)
    assert finish(run).psw == "00020000 000BADC4"
