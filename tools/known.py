"""Where our machine and Hercules may differ, and why: the manual leaves the result open, or Hercules has it otherwise.

An entry of KNOWN excuses a field only after it has found our result right by itself, from the case and the manual's
words; beside it a wrong result of ours is still reported.  `tests/machine/test_known.py` tries that for every entry.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import NamedTuple

from edu_hv.isa.codes import MASK_24, PIC, Class
from edu_hv.isa.formats import Format
from edu_hv.isa.table import OPERATIONS, Operation, operation
from edu_hv.machine.instructions.registry import DECODERS
from edu_hv.machine.interruptions import ProgramInterruption
from edu_hv.machine.machine import Machine
from edu_hv.machine.psw import PSW
from tools.hercules import Case, Outcome
from tools.outcomes import TRANSLATION, Differences, prepare

ACCESS = (PIC.PROTECTION, PIC.ADDRESSING, PIC.TRANSLATION_SPECIFICATION, *TRANSLATION)
PREVENTING = (PIC.SPECIFICATION, *ACCESS)
"""Exceptions before which something may have been fetched."""
EDITING = (PIC.DATA, *ACCESS)
PACKED = ("AP", "SP", "ZAP", "CP", "MP", "DP", "SRP")
"""Decimal arithmetic."""
LONG = ("MVCL", "CLCL")
TWO_OPERAND_FORMATS = (Format.SS, Format.SS_TWO, Format.SS_ROUND, Format.SS_KEY)
TWO_OPERANDS = [row.mnemonic for row in OPERATIONS if row.format in TWO_OPERAND_FORMATS] + [*LONG]
COMPARING = ("CLC", "CLCL", "CP", "TRT", "CLM")
"""The first operand is not stored into."""
TURNING_OFF = ("SSM", "STNSM", "LPSW", "LCTL")
REFERENCE, CHANGE = 4, 2
"""Bits of a storage key."""


class Span(NamedTuple):
    """An operand: logical address, length, whether it is stored into; the key and the space if not the PSW's."""

    start: int
    length: int
    store: bool
    key: int | None = None
    secondary: bool | None = None


@dataclass(frozen=True)
class Meeting:
    """A case with both outcomes."""

    case: Case
    ours: Outcome
    theirs: Outcome

    @property
    def old(self) -> PSW:
        """Our old PSW."""
        return PSW.from_bytes(self.ours.psw)

    @property
    def first(self) -> PSW:
        """The PSW that the case began with."""
        return PSW.from_bytes(self.case.psw)

    @property
    def code(self) -> int:
        """Our program-interruption code without the event of PER; -1 for other classes."""
        return program_code(self.ours)

    @property
    def their_code(self) -> int:
        """Theirs."""
        return program_code(self.theirs)

    @property
    def completed(self) -> bool:
        """Whether our instruction was completed: only an event of PER, or what is behind it, caused an interruption."""
        return self.ours.kind is Class.SVC or self.code == 0 or (not self.ours.fetched and bool(self.ours.text))

    @property
    def refused(self) -> bool:
        """A program interruption on both."""
        return self.ours.kind is self.theirs.kind is Class.PROGRAM

    def key(self, name: str) -> tuple[int, int, int]:
        """The storage key of a field's name: before, ours, theirs."""
        keys = zip(self.case.keys, self.ours.keys, self.theirs.keys, strict=True)
        return next((before, *after) for (address, before), *after in keys if name == f"key {address:X}")

    def storage(self, name: str) -> tuple[bytes, bytes, bytes]:
        """An area by a field's name: before, ours, theirs."""
        areas = zip(self.case.areas, self.ours.areas, self.theirs.areas, strict=True)
        start, length, *after = next((*area, *after) for area, *after in areas if name == f"storage {area[0]:X}")
        return (self.machine.storage.read(start, length), *after)

    @cached_property
    def machine(self) -> Machine:
        """Our machine before the case."""
        return prepare(self.case)

    @cached_property
    def row(self) -> Operation | None:
        """What was executed last."""
        return operation(self.ours.text) if self.ours.text else None

    @cached_property
    def fields(self) -> tuple[int, ...]:
        """Its operands, as the format says, with the registers of the beginning."""
        assert self.row
        return DECODERS[self.row.format](self.machine.cpu, self.ours.text)

    @cached_property
    def spans(self) -> list[Span]:
        """Its operands in storage; of a long operation the bytes that it has come to."""
        row = self.row
        if row is None:
            return []
        stores, fields = row.mnemonic not in COMPARING, self.fields
        if row.mnemonic in LONG:
            return [
                Span(self.ours.gr[fields[0] & 14] & MASK_24, 1, stores),
                Span(self.ours.gr[fields[1] & 14] & MASK_24, 1, False),
            ]
        if row.mnemonic == "CLM":
            return [Span(fields[2], max(fields[1].bit_count(), 1), False)]
        if row.format is Format.SS_KEY:
            return [*self.keyed_spans(row.mnemonic)]
        if row.format is Format.SS_ROUND:
            return [Span(fields[1], fields[0], True)]
        if row.format is Format.SS_TWO:
            return [Span(fields[1], fields[0], stores), Span(fields[3], fields[2], False)]
        if row.format is not Format.SS:
            return []
        return [Span(fields[1], fields[0], stores), self.second_span(row.mnemonic)]

    def keyed_spans(self, mnemonic: str) -> Iterator[Span]:
        """Both operands of a move between spaces or with a key: in which space, by which key."""
        r1, first, second, r3 = self.fields
        gr, own, space = self.case.gr, self.first.key, self.first.secondary_space
        length, other = max(min(gr[r1], 256), 1), gr[r3] >> 4 & 15
        keys = (other, own) if mnemonic == "MVCS" else (own, other)
        spaces = {"MVCS": (True, False), "MVCP": (False, True), "MVCK": (space, space)}[mnemonic]
        for address, store, key, secondary in zip((first, second), (True, False), keys, spaces, strict=True):
            yield Span(address, length, store, key, secondary)

    def second_span(self, mnemonic: str) -> Span:
        """The second operand of an SS instruction with one length."""
        length, _, second = self.fields
        if mnemonic in ("TR", "TRT", "ED", "EDMK"):
            return Span(second, 256 if mnemonic in ("TR", "TRT") else length, False)
        return Span(second - length + 1 & MASK_24 if mnemonic == "MVCIN" else second, length, False)

    def refusals(self, spans: Sequence[Span]) -> Iterator[tuple[int, int | None]]:
        """The exceptions that accesses to the two ends of each operand meet: code, and page of a translation."""
        for span in spans:
            for address in (span.start, span.start + span.length - 1 & MASK_24):
                for storing in {False, span.store}:
                    try:
                        self.access(span, address, storing)
                    except ProgramInterruption as condition:
                        yield condition.code, page_of(condition.address)

    def access(self, span: Span, address: int, storing: bool, behind: bool = False) -> None:
        """Try an access to one byte of an operand, or of what is behind the instruction."""
        cpu, psw = self.machine.cpu, (self.old if behind else self.first).copy()
        psw.key = psw.key if span.key is None else span.key
        psw.secondary_space = psw.secondary_space if span.secondary is None else span.secondary
        cpu.load_psw(psw)
        try:
            cpu._accessible(address, storing)
        finally:
            cpu.load_psw(self.first)

    def right_refusal(self) -> bool:
        """Whether our access exception is one that an operand really meets."""
        address = int.from_bytes(self.ours.psa[0x90:0x94], "big") if self.code in TRANSLATION else None
        return (self.code, page_of(address)) in set(self.refusals(self.spans)) and self.right_place()

    def right_place(self) -> bool:
        """The old PSW points at a nullified instruction, and behind one that is suppressed or terminated."""
        ex = self.case.name.startswith("EX ")
        length = 0 if self.code in TRANSLATION else 4 if ex else len(self.ours.text)
        ilc = 2 if ex else len(self.ours.text) // 2
        return (
            self.old.instruction_address == self.first.instruction_address + length & MASK_24 and self.ours.ilc == ilc
        )


def program_code(outcome: Outcome) -> int:
    """A program-interruption code without the event of PER; -1 for other classes."""
    return outcome.code & 0x7F if outcome.kind is Class.PROGRAM else -1


def page_of(address: int | None) -> int | None:
    """The 4K page of a translation-exception address, with bit 0 that tells the secondary space."""
    return None if address is None else address >> 12


@dataclass(frozen=True)
class Known:
    """Where the two may differ, in which fields, and why."""

    title: str
    reason: str
    fields: tuple[str, ...]
    """The fields that may be excused: names, or beginnings of names with a blank at their end."""
    applies: Callable[[Meeting, str], bool]
    """Whether a field is excused: ours is right, or one of the results that the manual leaves open."""


# ---- what is right -------------------------------------------------------------------------------------------------


def start_of(outcome: Outcome) -> int:
    """Where the interrupted instruction stands."""
    address = PSW.from_bytes(outcome.psw).instruction_address
    nullified = program_code(outcome) in TRANSLATION
    return address if nullified else address - 2 * outcome.ilc & MASK_24


def less_recorded(met: Meeting, name: str, bits: int = REFERENCE | CHANGE) -> bool:
    """We have recorded nothing but what Hercules has, too, and have lost nothing of what there was.

    The instruction's own block has been referred to; of long operations only the bytes they have come to have not.
    """
    before, ours, theirs = met.key(name)
    block = int(name[4:], 16)
    if block in code_blocks(met) or (met.case.operation in LONG and block not in met_blocks(met)):
        return False
    return before & ~ours == ours & ~theirs == (ours ^ theirs) & ~bits == 0


def code_blocks(met: Meeting) -> set[int]:
    """The real 2K blocks in which the instruction lies; with EXECUTE those of both instructions."""
    start, length, cpu = met.first.instruction_address, len(met.ours.text), met.machine.cpu
    if not length:
        return set()
    starts = {start: length}
    if met.case.name.startswith("EX "):
        _, target = DECODERS[Format.RX](cpu, cpu.load_bytes(start, 4))
        starts = {start: 4, target: length}
    ends = ((start, start + length - 1 & MASK_24) for start, length in starts.items())
    return real_blocks(met, chain.from_iterable(ends))


def real_blocks(met: Meeting, addresses: Iterable[int]) -> set[int]:
    """The real 2K blocks of logical addresses, as far as they can be translated."""
    blocks = set()
    for address in addresses:
        try:
            blocks.add(met.machine.cpu.to_real(address) & ~0x7FF)
        except ProgramInterruption:
            continue
    return blocks


def more_recorded(met: Meeting, name: str) -> bool:
    """We have recorded a reference that Hercules has not, in a block of an operand."""
    before, ours, theirs = met.key(name)
    return ours == theirs | REFERENCE and before | REFERENCE == ours and int(name[4:], 16) in met_blocks(met)


def met_blocks(met: Meeting) -> set[int]:
    """The real 2K blocks in which the operands lie."""
    ends = ((span.start, span.start + span.length - 1 & MASK_24) for span in met.spans)
    return real_blocks(met, chain.from_iterable(ends))


def reset_reference(met: Meeting, name: str) -> bool:
    """Our condition code is that of the one block, and only its reference bit is reset."""
    block = met.fields[0] & ~0x7FF
    if not met.completed or block not in dict(met.case.keys):
        return False
    if met.old.cc != met.key(f"key {block:X}")[0] >> 1 & 3 or name == "cc":
        return name == "cc" and met.old.cc == met.key(f"key {block:X}")[0] >> 1 & 3
    before, ours, _ = met.key(name)
    if int(name[4:], 16) == block:
        return ours == before & ~REFERENCE
    fetched = REFERENCE if int(name[4:], 16) in code_blocks(met) else 0
    return int(name[4:], 16) == block ^ 0x800 and ours == before | fetched


def comparison(met: Meeting, name: str) -> bool:
    """References beyond the first unequal byte; or an exception there that we meet."""
    if name.startswith("key") and met.code == met.their_code:
        return more_recorded(met, name)
    first_bytes = [Span(span.start, 1, False) for span in met.spans]
    unequal = met.their_code <= 0 and PSW.from_bytes(met.theirs.psw).cc in (1, 2)
    refused = not set(met.refusals(first_bytes)) and met.right_refusal() and met.old.cc == met.first.cc
    return (
        unequal and refused and (not name.startswith("key") or behind(met, name) or less_recorded(met, name, REFERENCE))
    )


def editing(met: Meeting, name: str) -> bool:
    """Nothing is changed by us."""
    if name == "gr1":
        return met.ours.gr[1] == met.case.gr[1]
    if name.startswith("storage"):
        before, ours, _ = met.storage(name)
        return ours == before
    before, ours, _ = met.key(name)
    return ours in (before, before | REFERENCE) and int(name[4:], 16) in met_blocks(met) - code_blocks(met)


def monitor_call(met: Meeting, name: str) -> bool:
    """What we have stored is the instruction's class and code."""
    code, monitor_class = met.fields
    stored = met.ours.psa[0x94:0x96], met.ours.psa[0x9C:0xA0]
    return stored == (bytes([0, monitor_class]), code.to_bytes(4, "big"))


def two_refused(met: Meeting, name: str) -> bool:
    """Our exception is one of an operand; theirs is another's, or one of the contents."""
    if met.code not in ACCESS or not met.refused or not met.right_refusal():
        return False
    others = {code for code, _ in met.refusals(met.spans)}
    return met.their_code in others or (
        met.their_code in (PIC.DATA, PIC.DECIMAL_DIVIDE) and met.row.mnemonic in DECIMAL
    )


DECIMAL = (*PACKED, "ED", "EDMK")


def overlapping(met: Meeting) -> bool:
    """The operands of ZERO AND ADD share bytes, and the second ends to the right of the first."""
    l1, first, l2, second = met.fields
    beyond = second + l2 - (first + l1) & MASK_24
    return 0 < beyond < l2 and met.old.cc == met.first.cc


def unchanged_storage(met: Meeting, name: str) -> bool:
    """We have stored nothing and recorded references only."""
    if name.startswith("storage"):
        before, ours, _ = met.storage(name)
        return ours == before
    before, ours, _ = met.key(name)
    return ours in (before, before | REFERENCE) and int(name[4:], 16) in met_blocks(met)


def tested_block(met: Meeting, name: str) -> bool:
    """Our 4K bytes are zeros, whatever the keys."""
    if name.startswith("storage"):
        return not any(met.storage(name)[1])
    return int(name[4:], 16) & ~0xFFF == met.case.gr[met.ours.text[3] & 15] & 0xFFF000


def clock(met: Meeting, name: str) -> bool:
    """Nothing but the eight bytes of a clock differs; we store nothing when a part of them is refused."""
    before, ours, theirs = met.storage(name)
    if not met.completed:
        return met.code in ACCESS and ours == before
    unlike = [at for at, (one, other) in enumerate(zip(ours, theirs, strict=True)) if one != other]
    return met.row is not None and unlike[-1] - unlike[0] < 8


def behind(met: Meeting, name: str) -> bool:
    """Hercules has gone on, and so has a reference to the next instruction's block that we have not."""
    before, ours, theirs = met.key(name)
    real = met.machine.cpu.to_real(PSW.from_bytes(met.theirs.psw).instruction_address - 2 & MASK_24)
    block = int(name[4:], 16)
    elsewhere = block == real & ~0x7FF and block not in code_blocks(met)
    return elsewhere and theirs == ours | REFERENCE and ours == before


def last_event(met: Meeting, name: str) -> bool:
    """Our event is that of the instruction that turns PER off, and it was completed as Hercules completed it."""
    if name.startswith("key") and not behind(met, name):
        return False
    place, events = int.from_bytes(met.ours.psa[0x98:0x9C], "big"), met.ours.psa[0x96]
    turned_off = met.first.per and (not met.old.per or met.case.cr[9:12] != met.ours.cr[9:12])
    same = goes_on(met) and met.ours.ilc == len(met.ours.text) // 2
    right = place == met.first.instruction_address and events and not events & ~(met.case.cr[9] >> 24)
    return turned_off and same and bool(right)


def goes_on(met: Meeting) -> bool:
    """Hercules has gone on with the next instruction, to the supervisor call there or to what prevents its fetching."""
    place = met.old.instruction_address
    if met.theirs.kind is Class.SVC or start_of(met.theirs) != place:
        return start_of(met.theirs) == place
    try:
        met.access(Span(place, 2, False), place, storing=False, behind=True)
    except ProgramInterruption as condition:
        return condition.code == met.their_code
    return False


KNOWN: tuple[Known, ...] = (
    Known(
        "ILC of an event of an instruction of two bytes",
        'GA22-7000 "Instruction-Length Code": that of the instruction, 1.  With an event of PER and nothing else'
        " Hercules says 2.",
        ("ILC",),
        lambda met, name: (
            met.ours.code == met.theirs.code == PIC.PER_EVENT
            and met.ours.ilc == len(met.ours.text) // 2 == 1
            and met.theirs.ilc == 2
        ),
    ),
    Known(
        "event of an instruction that turns program-event recording off",
        'GA22-7000 "Program-Event Recording": a change of the PER mask affects the next instruction.  Hercules looks at'
        " the mask when the instruction has been executed, and forgets its events.",
        ("interruption", "ILC", "instruction address", "PER ", "key "),
        lambda met, name: met.case.operation in TURNING_OFF and met.code == 0 and last_event(met, name),
    ),
    Known(
        "ILC of an instruction that cannot be fetched",
        'GA22-7000 "ILC on Instruction-Fetching Exceptions": it is unpredictable whether the instruction address is'
        " incremented by 2, 4 or 6; less the ILC it must be that of the instruction.  Hercules says 4, we say 2.",
        ("ILC", "instruction address"),
        lambda met, name: (
            not met.ours.fetched and met.code in PREVENTING and start_of(met.ours) == start_of(met.theirs)
        ),
    ),
    Known(
        "RESET REFERENCE BIT by 4K",
        'GA22-7000 "Reset Reference Bit": the bit of one 2K block.  Hercules takes both blocks of a 4K frame together.',
        ("cc", "key "),
        lambda met, name: met.case.operation == "RRB" and reset_reference(met, name),
    ),
    Known(
        "references and changes that an exception prevents",
        'GA22-7000 "Reference Recording", "Change Recording": an access that is not completed may be recorded.'
        "  Hercules often does; we record none that did not happen.",
        ("key ",),
        lambda met, name: met.refused and met.code in PREVENTING and less_recorded(met, name),
    ),
    Known(
        "fetches behind the first unequal byte",
        'GA22-7000 "Compare Logical": operands may be fetched whole, as we do, or up to the first unequal byte, so that'
        " exceptions and references beyond it may be found or not.",
        ("key ", "interruption", "ILC", "cc", "instruction address", "translation page"),
        lambda met, name: met.case.operation in ("CLC", "CLM") and comparison(met, name),
    ),
    Known(
        "change by an unequal COMPARE AND SWAP",
        'GA22-7000 "Compare and Swap": nothing is stored.  Hercules records a change all the same.',
        ("key ",),
        lambda met, name: met.case.operation in ("CS", "CDS") and met.old.cc == 1 and less_recorded(met, name, CHANGE),
    ),
    Known(
        "EDIT that ends with an exception",
        'GA22-7000 "Termination": the result is unpredictable; "Nullification": nothing is changed.  Hercules stops in'
        " the middle of the result in either case; we store nothing.",
        ("storage ", "gr1", "key "),
        lambda met, name: (
            met.case.operation in ("ED", "EDMK")
            and met.refused
            and met.code in EDITING
            and met.their_code in EDITING
            and editing(met, name)
        ),
    ),
    Known(
        "ILC of the target of EXECUTE",
        'GA22-7000 "Instruction-Length Code": with EXECUTE it is that of EXECUTE, 2.  After some exceptions Hercules'
        " gives the target's own, although the instruction address is behind EXECUTE.",
        ("ILC",),
        lambda met, name: (
            met.case.name.startswith("EX ")
            and met.ours.ilc == 2
            and met.refused
            and met.theirs.ilc == len(met.ours.text) // 2
        ),
    ),
    Known(
        "MONITOR CALL in BC mode",
        'GA22-7000 "Monitor Event": class and code are stored in either mode.  Hercules stores them in EC mode only.',
        ("monitor ",),
        lambda met, name: met.case.operation == "MC" and not met.old.ec_mode and monitor_call(met, name),
    ),
    Known(
        "condition code of an unfinished long operation",
        'GA22-7000 "Move Long", "Compare Logical Long": it is unpredictable.  Ours is the one from before.',
        ("cc",),
        lambda met, name: met.case.operation in LONG and met.refused and met.old.cc == met.first.cc,
    ),
    Known(
        "two exceptions of the operands",
        'GA22-7000 "Multiple Program-Interruption Conditions": which of several access exceptions, data exception and'
        " decimal-divide exception is taken is unpredictable.  Ours is an access exception, if there is any, and first"
        " that of the operand that is stored into.",
        ("interruption", "instruction address", "translation page", "ILC"),
        lambda met, name: met.case.operation in TWO_OPERANDS and two_refused(met, name),
    ),
    Known(
        "reference of a second operand when the first is no number",
        'GA22-7000 "Reference Recording": the record is substantially accurate, no more.  We have fetched both operands'
        " whole before their contents count; Hercules has fetched one, or a part.",
        ("key ",),
        lambda met, name: (
            met.case.operation in PACKED and met.code == met.their_code == PIC.DATA and more_recorded(met, name)
        ),
    ),
    Known(
        "ZERO AND ADD with a result over digits still to be fetched",
        'GA22-7000 "Data Exception": it is recognized when the operands overlap and the rightmost byte of the second'
        " is to the right of that of the first.  Hercules has fetched the second operand before and goes on.",
        ("interruption", "ILC", "cc", "instruction address"),
        lambda met, name: zap(met) and met.right_place(),
    ),
    Known(
        "ZERO AND ADD with a result over digits still to be fetched, not stored",
        "As above: with the data exception nothing is stored.",
        ("storage ", "key "),
        lambda met, name: (
            zap(met) and (unchanged_storage(met, name) or (name.startswith("key ") and behind(met, name)))
        ),
    ),
    Known(
        "references to a page table",
        'GA22-7000 "Reference Recording": it need not include references to tables.  Hercules records them.',
        ("key B000",),
        lambda met, name: met.case.operation == "IPTE" and less_recorded(met, name, REFERENCE),
    ),
    Known(
        "TEST BLOCK by 2K",
        'GA22-7000 "Test Block": 4K bytes are cleared, the keys are unpredictable.  Hercules clears 2K.',
        ("storage ", "key "),
        lambda met, name: met.case.operation == "TB" and met.completed and tested_block(met, name),
    ),
    Known(
        "clocks",
        "Hercules' clocks follow the host's.",
        ("storage ",),
        lambda met, name: met.case.operation in ("STCK", "STCKC", "STPT") and clock(met, name),
    ),
)


def zap(met: Meeting) -> bool:
    """The two differ in whether ZERO AND ADD met a data exception because of an overlap."""
    return met.case.operation == "ZAP" and met.code == PIC.DATA and met.their_code not in EDITING and overlapping(met)


def named(name: str, fields: Iterable[str]) -> bool:
    """Whether a field is among these names and beginnings of names."""
    return any(name == field or (field.endswith(" ") and name.startswith(field)) for field in fields)


def excuse(case: Case, ours: Outcome, theirs: Outcome, found: Differences) -> tuple[Differences, list[str]]:
    """What is left of the differences, and the titles of the known ones that were met."""
    met, left, titles = Meeting(case, ours, theirs), dict(found), []
    for known in KNOWN:
        excused = [name for name in left if named(name, known.fields) and known.applies(met, name)]
        if excused:
            titles.append(known.title)
            left = {name: values for name, values in left.items() if name not in excused}
    return left, titles
