"""Random programs on our machine and on Hercules: both run to the end, and the whole outcome is compared.

    python -m tools.sequences --programs 2000 --seed 1
    python -m tools.sequences --programs 1 --seed 1 --first 77     one program again

A program is 10 to 40 slots of 8 bytes, one or two instructions each: branches, loops, EXECUTE, stores into its own
slots, changes of key, of mode and of translation by LOAD PSW, supervisor calls, and whatever exceptions come of it.
Its handlers log each old PSW with the codes and go on: behind a supervisor call, or at the next slot.  A program that
differs is cut down to the slots that matter and printed.
"""

import argparse
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from random import Random

from edu_hv.asm.assembler import assemble
from edu_hv.asm.disassembler import disassemble
from edu_hv.isa.codes import PIC, Class
from edu_hv.isa.formats import Format
from edu_hv.isa.table import BY_MNEMONIC, OPERATIONS, Group, Operation, operation
from edu_hv.machine.interruptions import Interruption
from edu_hv.machine.psw import PSW
from tools.hercules import CONTROL_REGISTERS, WINDOW, Case, Hercules, Outcome
from tools.known import ACCESS, PACKED, TWO_OPERANDS
from tools.outcomes import Differences, differences, outcome_of, prepare

CODE, TEMPLATES, DATA, DIGITS, LOG = 0x2000, 0x2800, 0x3000, 0x4800, 0x7000
GUARDED = 0x5000
"""2K that may not be fetched, 2K that may not be stored into, 4K that is not translated while DAT is on."""
SEGMENTS, PAGES = 0x8000, 0x8100
ALIAS = 0xA000
"""Virtual addresses of the page at DATA once more."""
SLOT = 8
LIMIT = 3000
"""Units after which a program is taken to loop."""
END = 255
"""The supervisor call of the end."""
HANDLERS = """
HANDLERS START 0
         USING HANDLERS,0
         ORG   HANDLERS+X'D00'
BEGIN    MVC   NEWPSWS,X'58'           The harness's, for the end
         MVC   X'60'(16,0),MYPSWS
         LM    0,15,SAVE
         LPSW  RESUME
SVCALL   STM   0,15,SAVE
         L     1,LOG
         MVC   0(8,1),X'20'
         MVC   RESUME,X'20'
         B     NOTE
PROGRAM  STM   0,15,SAVE
         L     1,LOG
         MVC   0(8,1),X'28'
         MVC   RESUME,X'28'
         L     2,RESUME+4
         O     2,SEVEN
         LA    2,1(,2)
         STCM  2,7,RESUME+5            The next slot
NOTE     MVC   8(8,1),X'88'
         XC    X'88'(8,0),X'88'
         LA    1,16(,1)
         ST    1,LOG
         L     3,RESUME+4
         LA    3,0(,3)
         S     3,FIRST
         CL    3,LENGTH
         BNL   FINISH
         L     3,LEFT
         BCT   3,GOON
FINISH   MVC   X'58'(40,0),NEWPSWS
         LM    0,15,SAVE
         SVC   255
GOON     ST    3,LEFT
         LM    0,15,SAVE
         LPSW  RESUME
         ORG   HANDLERS+X'E00'
RESUME   DS    D
MYPSWS   DS    2D
NEWPSWS  DS    CL40
SAVE     DS    16F
LOG      DC    A(X'7000')
LEFT     DC    F'48'
SEVEN    DC    F'7'
FIRST    DC    A(X'2000')
LENGTH   DS    F
         END
"""
WATCHED = ((0xE40, 0x60), (CODE, 0xA00), (DATA, 0x1A00), (GUARDED, 0x1000), (LOG, 0x300), (ALIAS, 0x400))
BLOCKS = (*range(0x1800, 0x8000, 0x800), ALIAS, ALIAS + 0x800)

BRANCHES = ("BC", "BCR", "BCT", "BCTR", "BAL", "BALR", "BAS", "BASR", "BXH", "BXLE")
OWN = (*BRANCHES, "EX", "MVCL", "CLCL", "SVC", "MC", "MVCIN", "ED", "EDMK", "ZAP", "STCK", "SPM")
"""General and decimal instructions that are made with care, or not at all."""
PLAIN = [
    row
    for row in OPERATIONS
    if row.group in (Group.GENERAL, Group.DECIMAL, Group.FLOATING_POINT) and row.mnemonic not in OWN
]
DOUBTFUL = ("CLC", "CLM", "CS", "CDS")
"""They leave references or changes that are each machine's own."""
FORBIDDEN = ("DIAG", "STCK", "STCKC", "STPT", "STIDP", "SPX", "SCK", "SIGP", "CONCS", "DISCS", "TB", "RRB", "RRBE",
             "IPTE", "SCKC", "SPT", "LASP", "PC", "PT", "SAC", "SSAR", "MVCIN")  # fmt: skip
"""What a program that goes astray may not execute if it is to be compared."""


@cache
def handlers() -> tuple[bytes, dict[str, int]]:
    """The handlers' storage from X'D00' on, and their addresses."""
    made = assemble(HANDLERS, "handlers")
    page = bytearray(0x1000)
    for text in made.image:
        page[text.address : text.end] = text.data
    names = ("BEGIN", "SVCALL", "PROGRAM", "RESUME", "MYPSWS", "SAVE", "LENGTH")
    return bytes(page[0xD00:0xF00]), {name: made.address_of(name) for name in names}


def encode(mnemonic: str, *fields: int) -> bytes:
    """An instruction from its operation code and the bytes that follow."""
    row = BY_MNEMONIC[mnemonic]
    code = row.code.to_bytes(2 if row.two_byte else 1, "big")
    return (code + bytes(fields) + bytes(4))[: row.format.length]


def based(base: int, displacement: int) -> tuple[int, int]:
    """Base and displacement as two bytes."""
    return base << 4 | displacement >> 8, displacement & 0xFF


@dataclass(frozen=True)
class Program:
    """A program, before anything is done with it."""

    seed: str
    slots: tuple[bytes, ...]
    templates: tuple[bytes, ...]
    psw: bytes
    gr: tuple[int, ...]
    fpr: tuple[int, ...]
    data: bytes
    handler_modes: tuple[bool, bool]
    """Whether the handlers of SVC and program interruptions run in EC mode."""
    exact: bool
    """Reference and change bits are compared, too."""

    def case(self) -> Case:
        """As a case for both machines."""
        page, at = handlers()
        low = bytearray(page)

        def put(name: str, data: bytes) -> None:
            low[at[name] - 0xD00 : at[name] - 0xD00 + len(data)] = data

        put("RESUME", self.psw)
        entries = zip(self.handler_modes, ("SVCALL", "PROGRAM"), strict=True)
        put("MYPSWS", b"".join(PSW(ec_mode=ec, instruction_address=at[name]).to_bytes() for ec, name in entries))
        put("SAVE", b"".join(value.to_bytes(4, "big") for value in self.gr))
        put("LENGTH", (len(self.slots) * SLOT).to_bytes(4, "big"))
        storage = [(0xD00, bytes(low)), (CODE, b"".join(map(padded, self.slots)) + bytes.fromhex("0A000A00"))]
        storage += [(TEMPLATES, b"".join(map(padded, self.templates))), (DATA, self.data), *translation_tables()]
        cr = list(CONTROL_REGISTERS)
        cr[0], cr[1] = 0x10 << 19, SEGMENTS
        return Case(
            psw=PSW(ec_mode=True, instruction_address=at["BEGIN"]).to_bytes(),
            fpr=self.fpr,
            cr=tuple(cr),
            storage=tuple(storage),
            keys=tuple((block, key_of(block)) for block in BLOCKS),
            areas=WATCHED,
            name=f"program {self.seed}",
        )


def padded(slot: bytes) -> bytes:
    """A slot filled up with no-operations."""
    return slot + b"\x07\x00" * ((SLOT - len(slot)) // 2)


def key_of(block: int) -> int:
    """The storage key of a block at the beginning."""
    return {GUARDED: 0x58, GUARDED + 0x800: 0x50}.get(block, 0x30)


def translation_tables() -> list[tuple[int, bytes]]:
    """Addresses are the same translated or not, but for one page twice and one page missing; 4K pages, 64K segments."""
    pages = [page << 4 for page in range(16)]
    pages[ALIAS >> 12], pages[GUARDED + 0x1000 >> 12] = DATA >> 8, 0x0008
    table = b"".join(entry.to_bytes(2, "big") for entry in pages)
    return [(SEGMENTS, (0xF0000000 | PAGES).to_bytes(4, "big") + b"\0\0\0\1" * 15), (PAGES, table)]


# ---- making programs -----------------------------------------------------------------------------------------------

FREE = (0, 1, 2, 4, 5, 6, 7, 14, 15)
"""Registers that programs compute with; 3 and 9 count, 8 is the base of what is guarded, 10 to 13 are bases."""
BASES = {8: GUARDED, 10: DATA, 11: DATA + 0x7F8, 12: CODE, 13: DIGITS}


@dataclass
class Generator:
    """Makes one program."""

    random: Random
    exact: bool = False
    count: int = 0
    slots: list[bytes] = field(default_factory=list)

    def chance(self, probability: float) -> bool:
        """Whether something with this probability happens."""
        return self.random.random() < probability

    def register(self) -> int:
        """A register to compute with."""
        return self.random.choice(FREE)

    def operand(self, guarded: bool = True) -> tuple[int, int]:
        """Data: often about the border of two blocks; seldom what is guarded, the alias, or the program itself."""
        if guarded and not self.exact and self.chance(0.06):
            return based(8, self.random.choice((0, 0x7FE, 0x800, 0xFFE, self.random.randrange(0x1000))))
        if self.chance(0.03):
            return based(12, self.random.randrange(self.count * SLOT))
        return based(self.random.choice((10, 10, 11)), self.random.choice((0, 4, 8, self.random.randrange(0x200))))

    def source(self) -> tuple[int, int]:
        """A second operand that nothing stores into: packed numbers and digits."""
        return based(13, self.random.randrange(0x180))

    def plain(self) -> bytes:
        """One instruction that goes on with the next."""
        row = self.random.choice(PLAIN)
        while self.exact and row.mnemonic in DOUBTFUL:
            row = self.random.choice(PLAIN)
        first, second, name = self.register(), self.register(), row.mnemonic
        match row.format:
            case Format.RR | Format.RR_ONE:
                return encode(name, first << 4 | second)
            case Format.RR_F:
                return encode(name, self.random.choice((0, 2, 4, 6)) << 4 | self.random.choice((0, 2, 4, 6)))
            case Format.RX_F:
                return encode(name, self.random.choice((0, 2, 4, 6)) << 4, *self.operand())
            case Format.RX:
                return encode(name, first << 4 | self.random.choice((0, 0, 0, 0, second)), *self.operand())
            case Format.RS_SHIFT:
                return encode(name, first << 4, *based(0, self.random.randrange(70)))
            case Format.RS if name in ("LM", "STM"):
                return encode(name, self.random.choice((0x02, 0x47, 0xE2, 0x55, 0x01)), *self.operand())
            case Format.SI:
                return encode(name, self.random.randrange(256), *self.operand())
            case Format.SS:
                length = self.random.choice((0, 1, 3, 7, self.random.randrange(64)))
                second_operand = self.operand() if self.chance(0.5) and self.exact else self.source()
                return encode(name, length, *self.operand(guarded=False), *second_operand)
            case Format.SS_TWO | Format.SS_ROUND:
                lengths = self.random.randrange(8) << 4 | self.random.randrange(8)
                return encode(name, lengths, *self.operand(guarded=False), *self.source())
            case _:
                return encode(name, first << 4 | second, *self.operand())

    def forward(self) -> tuple[int, int]:
        """The address of a slot behind the next one."""
        return based(12, self.random.randint(len(self.slots) + 1, min(len(self.slots) + 5, self.count)) * SLOT)

    def branch(self) -> bytes:
        """Forward."""
        kind = self.random.randrange(5)
        if kind == 0:
            return encode(self.random.choice(("BAL", "BAS")), 0xE0, *self.forward())
        if kind == 1:
            return encode("LA", 0xE0, *self.forward()) + encode("BCR", self.random.randrange(16) << 4 | 14)
        if kind == 2:
            return encode("LA", 0xE0, *self.forward()) + encode(self.random.choice(("BALR", "BASR", "BCTR")), 0x1E)
        return encode("BC", self.random.randrange(16) << 4, *self.forward())

    def loop(self) -> bytes:
        """Back over a few slots, some rounds."""
        back = max(len(self.slots) - self.random.randint(1, 5), 0) * SLOT
        if self.chance(0.7):
            return encode("BCT", 0x30, *based(12, back))
        return encode("LA", 0x90, *based(9, 1)) + encode("BXH" if self.chance(0.2) else "BXLE", 0x92, *based(12, back))

    def execute(self) -> bytes:
        """EXECUTE of a template, its second byte changed or not."""
        register = self.random.choice((0, 0, self.register()))
        return encode("EX", register << 4, *self.template())

    def template(self) -> tuple[int, int]:
        """The address of a template."""
        return based(12, TEMPLATES - CODE + 8 * self.random.randrange(16))

    def own_code(self) -> bytes:
        """A store into a slot: an instruction's second byte, or a whole template."""
        slot = self.random.randrange(self.count) * SLOT
        if self.chance(0.4):
            return encode("MVC", 7, *based(12, slot), *self.template())
        if self.chance(0.5):
            return encode("XI", self.random.choice((0x10, 0x01, 0x11)), *based(12, slot + 1))
        return encode("STC", self.register() << 4, *based(12, slot + self.random.choice((1, 3))))

    def new_psw(self) -> bytes:
        """LOAD PSW that goes on somewhere in another mode; the PSWs are behind the templates."""
        return encode("LPSW", 0, *based(12, TEMPLATES - CODE + 0x80 + 8 * self.random.randrange(8)))

    def control(self) -> bytes:
        """Keys, masks, translation."""
        first, second = self.register(), self.register()
        kind = self.random.randrange(9)
        match kind:
            case 0 | 1:
                return encode("SPKA", *based(0, self.random.choice((0x30, 0x30, 0x00, 0x50))))
            case 2:
                key = self.random.choice((0x30, 0x36, 0x38, 0x50))
                return encode("LA", 0x20, *based(0, key)) + encode("SSK", self.random.choice((0x2A, 0x28, 0x28)))
            case 3:
                return encode("ISK", first << 4 | 10) if self.exact else encode("IPK")
            case 4:
                return encode("PTLB")
            case 5:
                return encode("LRA", first << 4, *self.operand())
            case 6:
                return encode("SPM", second << 4)
            case 7:
                registers = self.random.choice((0x01, 0x89, 0xEE))
                return encode("STCTL", registers, *based(10, 4 * self.random.randrange(64)))
            case _:
                return encode("MC", self.random.randrange(16), *self.operand())

    def long_operation(self) -> bytes:
        """MOVE LONG or COMPARE LOGICAL LONG with operands from the constants."""
        at = 0x200 + 16 * self.random.randrange(8)
        return encode("LM", 0x47, *based(13, at)) + encode(self.random.choice(("MVCL", "CLCL")), 0x46)

    def edited(self) -> bytes:
        """EDIT of digits that are valid into a pattern, or ZERO AND ADD without overlap."""
        if self.chance(0.5):
            return encode("ZAP", self.random.randrange(128), *self.operand(guarded=False), *self.source())
        pattern = based(10, 0x300 + 8 * self.random.randrange(8))
        return encode(self.random.choice(("ED", "EDMK")), 7, *pattern, *based(13, 0x100))

    def reload(self) -> bytes:
        """The count of a loop again, or an address as BALR leaves it."""
        if self.chance(0.5):
            return encode("LA", 0x30, *based(0, self.random.randint(2, 5)))
        return encode("BALR", 0xE0)

    def kinds(self) -> list[tuple[Callable[[], bytes], int]]:
        """What a slot may be, and how often."""
        return [
            (self.plain, 60), (self.branch, 10), (self.loop, 4), (self.execute, 6), (self.own_code, 4),
            (self.new_psw, 3), (self.control, 6), (self.long_operation, 2), (self.edited, 2), (self.reload, 2),
            (lambda: encode("SVC", self.random.randrange(250)), 2),
        ]  # fmt: skip

    def program(self, seed: str) -> Program:
        """A whole program."""
        random = self.random
        self.exact, self.count = self.chance(0.3), random.randint(10, 40)
        makers, weights = zip(*self.kinds(), strict=True)
        while len(self.slots) < self.count - 1:
            self.slots.append(random.choices(makers, weights)[0]())
        self.slots.append(encode("SVC", 254))
        psws = [self.some_psw(CODE + SLOT * random.randrange(self.count)) for _ in range(8)]
        gr = [random.choice((random.getrandbits(32), random.randrange(256), 0xFFFFFFFF)) for _ in range(16)]
        for number, base in BASES.items():
            gr[number] = base | random.choice((0, 0x40000000))
        gr[3], gr[9] = random.randint(1, 5), 1
        if self.chance(0.15):
            gr[10] = ALIAS
        return Program(
            seed,
            tuple(self.slots),
            (*(self.plain() for _ in range(16)), *psws),
            self.some_psw(CODE),
            tuple(gr),
            tuple(random.choice((random.getrandbits(64), 0x4110 << 48, 0)) for _ in range(4)),
            self.contents(),
            (self.chance(0.5), self.chance(0.5)),
            self.exact,
        )

    def some_psw(self, address: int) -> bytes:
        """A PSW of a program."""
        ec_mode = self.chance(0.6)
        return PSW(
            system_mask=4 if ec_mode and self.chance(0.6) else 0,
            key=self.random.choice((3, 3, 3, 0)),
            ec_mode=ec_mode,
            problem_state=self.chance(0.4),
            cc=self.random.randrange(4),
            program_mask=self.random.choice((0, 0, 15, self.random.randrange(16))),
            instruction_address=address,
        ).to_bytes()

    def contents(self) -> bytes:
        """Data from DATA on: anything, numbers, patterns for EDIT; then packed digits, and operands for MOVE LONG."""
        random = self.random
        data = bytearray(random.randbytes(0x300) + bytes([0x40, 0x20, 0x20, 0x21, 0x20, 0x4B, 0x20, 0x20] * 8))
        data += bytes(DIGITS - DATA - len(data))
        for _ in range(0x100 // 8):
            digits = "".join(random.choice("0123456789") for _ in range(15)) + random.choice("CDF")
            data += bytes.fromhex(digits)
        data += bytes.fromhex("0123456789" * 20)
        data += bytes(DIGITS + 0x200 - DATA - len(data))
        for _ in range(8):
            first, second = DATA + random.randrange(0x900), DATA + random.randrange(0x900)
            lengths = [random.choice((0, 1, 40, random.randrange(0x700))) for _ in range(2)]
            words = (first, lengths[0], second, lengths[1] | random.getrandbits(8) << 24)
            data += b"".join(word.to_bytes(4, "big") for word in words)
        return bytes(data)


def make_program(seed: object, number: int) -> Program:
    """A program, always the same for the same arguments."""
    name = f"{seed} {number}"
    return Generator(Random(f"sequence {name}")).program(name)


# ---- running -------------------------------------------------------------------------------------------------------


@dataclass
class Seen:
    """What programs have done, over all of them."""

    programs: int = 0
    discarded: int = 0
    """They did not end, or did what cannot be compared."""
    instructions: int = 0
    executed: Counter[str] = field(default_factory=Counter)
    interruptions: Counter[str] = field(default_factory=Counter)
    different: int = 0
    reports: list[str] = field(default_factory=list)

    def add(self, other: "Seen") -> None:
        """Put two counts together."""
        self.programs += other.programs
        self.discarded += other.discarded
        self.instructions += other.instructions
        self.executed += other.executed
        self.interruptions += other.interruptions
        self.different += other.different
        self.reports += other.reports


@dataclass
class Run:
    """A program that has come to its end on our machine."""

    outcome: Outcome
    executes: list[int]
    """The entries of the log that are of EXECUTE."""


def run_on_ours(program: Program, seen: Seen) -> Run | None:
    """Run a program to its end on our machine; None when it does not end, or does what cannot be compared."""
    case = program.case()
    machine = prepare(case)
    if not stays_within(program):
        return None
    executed, interruptions = Counter[str](), Counter[str]()
    executes: list[bool] = []
    for _ in range(LIMIT):
        machine.advance()
        text, found = machine.cpu.instruction_text, machine.recognized
        row = operation(text) if text else None
        executed[row.mnemonic if row else "none"] += 1
        if found is None:
            continue
        if found.kind is Class.PROGRAM and doubtful(found, row, program.exact):
            return None
        interruptions[f"{found.kind.value} {found.code:02X}" if found.kind is Class.PROGRAM else found.kind.value] += 1
        if found.code == END and machine.cpu.psw.instruction_address < CODE:
            machine.advance()
            seen.executed += executed
            seen.interruptions += interruptions
            seen.instructions += machine.instructions
            return Run(outcome_of(machine, case, Class.SVC), [number for number, ex in enumerate(executes) if ex])
        executes.append(found.kind is Class.PROGRAM and (len(found.text) != found.ilc * 2 or found.text[0] == 0x44))
    return None


def stays_within(program: Program) -> bool:
    """Whether a program comes to its end, executes nothing forbidden and uses its own storage only.

    The rest of storage is the harness's, which our machine has not.  To see every access all resolved ones are
    forgotten again and again; the run that is compared keeps them.
    """
    machine = prepare(program.case())
    cpu = machine.cpu
    resolve, strayed = cpu._resolve, False

    def watch(address: int, store: bool) -> int:
        nonlocal strayed
        absolute = resolve(address, store)
        strayed |= cpu.psw.instruction_address >= WINDOW.start and absolute not in WINDOW
        return absolute

    cpu._resolve = watch  # type: ignore[method-assign]
    for _ in range(LIMIT):
        cpu.forget_mappings()
        if not machine.advance() or strayed:
            return False
        row = operation(cpu.instruction_text) if cpu.instruction_text else None
        if row and (row.mnemonic in FORBIDDEN or row.group is Group.INPUT_OUTPUT):
            return False
        found = machine.recognized
        if found and found.kind is Class.SVC and found.code == END and cpu.psw.instruction_address < CODE:
            return True
    return False


def doubtful(found: Interruption, row: Operation | None, exact: bool) -> bool:
    """Whether it is unpredictable which exception is taken, with which ILC, or what is left behind."""
    if not found.text or found.code & 0x7F == PIC.MONITOR_EVENT:
        return not found.text
    name = row.mnemonic if row else ""
    if found.code == PIC.DATA:
        return name in ("ED", "EDMK") or (exact and name in PACKED)
    return found.code in ACCESS and name in TWO_OPERANDS


def unlike(program: Program, ours: Outcome, theirs: Outcome, executes: Sequence[int]) -> Differences:
    """What differs; the keys' last bits only for programs that are exact, and no ILC of a target of EXECUTE."""
    ours, theirs = without_length_codes(ours, executes), without_length_codes(theirs, executes)
    if not program.exact:
        ours, theirs = without_records(ours), without_records(theirs)
    found = differences(program.case(), ours, theirs)
    return {name: values for name, values in found.items() if name not in ("low storage", "CSW")}


def without_length_codes(outcome: Outcome, entries: Sequence[int]) -> Outcome:
    """Some entries of the log without ILC: after EXECUTE Hercules often gives the target's own."""
    place = next(number for number, (start, _) in enumerate(WATCHED) if start == LOG)
    areas, log = list(outcome.areas), bytearray(outcome.areas[place])
    for at in (16 * number for number in entries if 16 * number < len(log)):
        if log[at + 1] & 0x08:
            log[at + 13] = 0
        else:
            log[at + 4] &= 0x3F
    areas[place] = bytes(log)
    return replace(outcome, areas=tuple(areas))


def without_records(outcome: Outcome) -> Outcome:
    """Keys without reference and change bits."""
    return replace(outcome, keys=tuple(key & 0xF8 for key in outcome.keys))


def compare(programs: Sequence[Program], hercules: Hercules, seen: Seen) -> Iterator[tuple[Program, Differences]]:
    """Run programs on both; those that differ."""
    ours = [(program, run_on_ours(program, seen)) for program in programs]
    ran = [(program, outcome) for program, outcome in ours if outcome]
    seen.discarded += len(ours) - len(ran)
    seen.programs += len(ran)
    theirs = hercules.run([program.case() for program, _ in ran])
    for (program, mine), other in zip(ran, theirs, strict=True):
        found = unlike(program, mine.outcome, other, mine.executes)
        if found:
            yield program, found


def minimized(program: Program, hercules: Hercules) -> tuple[Program, Differences]:
    """The program with no-operations in place of all slots that are not needed for a difference."""
    found: Differences = {}
    size = max(len(program.slots) // 2, 1)
    while size:
        start = 0
        while start < len(program.slots):
            slots = list(program.slots)
            slots[start : start + size] = [b""] * len(slots[start : start + size])
            smaller = replace(program, slots=tuple(slots))
            different = list(compare([smaller], hercules, Seen())) if smaller != program else []
            if different:
                program, found = different[0]
            start += size
        size //= 2
    return program, found or dict(next(compare([program], hercules, Seen()), (program, {}))[1])


def listing(program: Program, found: Differences) -> str:
    """A program's slots in words, with what differs."""
    lines = [f"program {program.seed}: PSW {program.psw.hex()}"]
    lines.append("GR " + " ".join(f"{value:08X}" for value in program.gr))
    for number, slot in enumerate(program.slots):
        at = 0
        while at < len(slot):
            line = disassemble(slot[at:], CODE + SLOT * number + at)
            lines.append(f"{line.address:06X} {line.object_code.hex():12} {line.text}")
            at += line.length
    if any(operation(slot[:2]) == BY_MNEMONIC["EX"] for slot in program.slots if slot):
        lines += [f"{TEMPLATES + 8 * number:06X} {slot.hex():16}" for number, slot in enumerate(program.templates)]
    lines += [f"{name}: {shortened(*values)}" for name, values in found.items()]
    return "\n   ".join(lines)


def shortened(first: object, second: object) -> str:
    """Two values; of long hexadecimal ones, from the first that differs on."""
    one, other = str(first), str(second)
    if len(one) < 64:
        return f"{one} / {other}"
    at = next(number for number, (a, b) in enumerate(zip(one, other, strict=True)) if a != b) & ~7
    return f"+{at // 2:X}: {one[at : at + 48]} / {other[at : at + 48]}"


def run_programs(seed: object, numbers: range, show: int = 3, batch: int = 250) -> Seen:
    """Make and compare programs."""
    seen = Seen()
    for start in range(0, len(numbers), batch):
        programs = [make_program(seed, number) for number in numbers[start : start + batch]]
        try:
            compare_programs(programs, seen, show)
        except RuntimeError:  # Hercules does not come back: find out from which program.
            for program in programs:
                compare_alone(program, seen, show)
    return seen


def compare_programs(programs: Sequence[Program], seen: Seen, show: int) -> None:
    """Compare programs and cut down those that differ.  Raises RuntimeError when Hercules does not come back."""
    fresh = Seen()
    with Hercules() as hercules:
        for program, _ in list(compare(programs, hercules, fresh)):
            fresh.different += 1
            if seen.different + fresh.different <= show:
                fresh.reports.append(listing(*minimized(program, hercules)))
    seen.add(fresh)


def compare_alone(program: Program, seen: Seen, show: int) -> None:
    """Compare one program; that Hercules does not come back is a difference, too."""
    try:
        compare_programs([program], seen, show)
    except RuntimeError as error:
        seen.different += 1
        seen.reports += [listing(program, {"Hercules": ("ended", error)})][: max(show + 1 - seen.different, 0)]


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", type=int, default=1000)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--first", type=int, default=0, help="number of the first program (0)")
    options = parser.parse_args()
    seen = run_programs(options.seed, range(options.first, options.first + options.programs))
    print("\n".join(seen.reports))
    print(seen.interruptions.most_common())
    print(f"{seen.programs} programs, {seen.instructions} instructions of {len(seen.executed)} kinds,"
          f" {seen.discarded} discarded, {seen.different} differ")  # fmt: skip


if __name__ == "__main__":
    main()
