"""What our machine makes of a case, and how that differs from what Hercules makes of it.

Everything is compared that the instruction may have changed: registers, storage keys, the storage of the operands with
what is around it, the whole old PSW, and what the interruption stored.  Read next: `known`, where they may differ.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace

from edu_hv.devices.card import CardReader
from edu_hv.isa.codes import PIC, Class
from edu_hv.machine.events import Event, StorageStored
from edu_hv.machine.machine import Machine
from edu_hv.machine.psw import PSW
from tools.hercules import PSA_BYTES, READER, Case, Outcome, restart_psw

LIMIT = 60
"""Units our machine may take for a case; MOVE LONG takes one for each 2K."""
STOPS = (bytes.fromhex("0AFF"), bytes.fromhex("0AFE"))
"""The supervisor calls behind the instruction, and where a branch leads."""
TRANSLATION = (PIC.SEGMENT_TRANSLATION, PIC.PAGE_TRANSLATION)
IDENTIFIED = (PIC.SPACE_SWITCH_EVENT, *range(PIC.AFX_TRANSLATION, PIC.SECONDARY_AUTHORITY + 1))
"""Exceptions that tell an ASN or a PC number at real 144."""
PSW_FIELDS = ("system_mask", "key", "ec_mode", "machine_check_mask", "wait", "problem_state", "secondary_space")
LOW_FIELDS = (("low storage", 0x00, 0x18), ("CSW", 0x40, 0x48))
"""Real storage that no program or supervisor-call interruption changes, but operands and channels may."""

Differences = dict[str, tuple[object, object]]
"""What differs: ours and theirs, by the name of the field."""


class Stuck(Exception):
    """Our machine did not reach an interruption."""


class Unwatched(Exception):
    """Our machine stored where the case does not look: a damaged table led elsewhere, and the case proves nothing."""


def prepare(case: Case) -> Machine:
    """Our machine, about to begin the case."""
    machine = Machine(case.size)
    cpu, storage = machine.cpu, machine.storage
    for address, data in case.storage:
        storage.write(address, data)
    storage.write(0, restart_psw() + bytes(56))  # The harness does this last.
    machine.channels.attach(READER, CardReader())
    for address, key in case.keys:
        storage.keys[address // 2048] = key
    cpu.gr[:], cpu.fpr[:], cpu.cr[:] = case.gr, case.fpr, case.cr
    cpu.load_psw(PSW.from_bytes(case.psw))
    return machine


def run_on_ours(case: Case) -> Outcome:
    """Run a case on our machine.  Raises Stuck; Unwatched for a store outside the storage looked at."""
    machine = prepare(case)
    stores: list[StorageStored] = []
    machine.storage.observer = lambda event: note_store(event, stores)
    text = b""
    for _ in range(LIMIT):
        machine.advance()
        if machine.recognized:
            break
        text = machine.cpu.instruction_text
    else:
        raise Stuck(case.name)
    interruption = machine.recognized
    check_stores(case, stores)
    machine.advance()
    if interruption.text and interruption.text not in STOPS:
        text = interruption.text
    return replace(outcome_of(machine, case, interruption.kind), text=text, fetched=bool(interruption.text))


def outcome_of(machine: Machine, case: Case, kind: Class) -> Outcome:
    """The state in which an interruption has left our machine."""
    cpu, storage = machine.cpu, machine.storage
    return Outcome.of(
        kind,
        storage.read(0, PSA_BYTES),
        [*cpu.gr, *cpu.fpr, *cpu.cr],
        (storage.keys[address // 2048] for address, _ in case.keys),
        (storage.read(address, length) for address, length in case.areas),
    )


def note_store(event: Event, stores: list[StorageStored]) -> None:
    """Keep the stores."""
    if isinstance(event, StorageStored) and event.absolute >= 0x1000:
        stores.append(event)


def check_stores(case: Case, stores: Iterable[StorageStored]) -> None:
    """No instruction may store where a case does not look, except into long operands."""
    looked_at = {address for start, length in case.areas for address in range(start, start + length)}
    for event in stores if case.operation not in ("MVCL", "CLCL") else ():
        if not looked_at.issuperset(range(event.absolute, event.absolute + len(event.new))):
            raise Unwatched(case.name)


def differences(case: Case, ours: Outcome, theirs: Outcome) -> Differences:
    """Every field that is not the same."""
    found: Differences = {}

    def compare(name: str, first: object, second: object) -> None:
        if first != second:
            found[name] = (first, second)

    compare("interruption", (ours.kind, f"{ours.code:X}"), (theirs.kind, f"{theirs.code:X}"))
    if ours.kind in (Class.PROGRAM, Class.SVC):
        compare("ILC", ours.ilc, theirs.ilc)
    compare_psws(compare, PSW.from_bytes(ours.psw), PSW.from_bytes(theirs.psw))
    for name, start, end in stored_fields(ours):
        digits = 5 if name == "translation page" else None
        compare(name, ours.psa[start:end].hex()[:digits], theirs.psa[start:end].hex()[:digits])
    for name in ("gr", "fpr", "cr"):
        for number, (first, second) in enumerate(zip(getattr(ours, name), getattr(theirs, name), strict=True)):
            compare(f"{name}{number}", f"{first:X}", f"{second:X}")
    for (address, _), first, second in zip(case.keys, ours.keys, theirs.keys, strict=True):
        compare(f"key {address:X}", f"{first:02X}", f"{second:02X}")
    for (address, _), data, other in zip(case.areas, ours.areas, theirs.areas, strict=True):
        compare(f"storage {address:X}", data.hex(), other.hex())
    return found


def compare_psws(compare: Callable[[str, object, object], None], ours: PSW, theirs: PSW) -> None:
    """The old PSWs field by field; code and ILC of BC mode are compared elsewhere."""
    for name in PSW_FIELDS:
        compare(name, getattr(ours, name), getattr(theirs, name))
    compare("cc", ours.cc, theirs.cc)
    compare("program mask", ours.program_mask, theirs.program_mask)
    compare("instruction address", f"{ours.instruction_address:X}", f"{theirs.instruction_address:X}")
    compare("unassigned", f"{ours.unassigned:X}", f"{theirs.unassigned:X}")


def stored_fields(ours: Outcome) -> Iterable[tuple[str, int, int]]:
    """What the interruption has stored beside the old PSW, and more of real storage: name, start and end."""
    yield from LOW_FIELDS
    if ours.kind is not Class.PROGRAM:
        return
    code = ours.code & 0x7F
    if code in TRANSLATION:
        yield "translation page", 0x90, 0x93  # Hercules gives no more than the page.
    if code in IDENTIFIED:
        yield "identification", 0x90, 0x94
    if code == PIC.MONITOR_EVENT:
        yield "monitor class", 0x94, 0x96
        yield "monitor code", 0x9C, 0xA0
    if ours.code & PIC.PER_EVENT:
        yield "PER code", 0x96, 0x98
        yield "PER address", 0x98, 0x9C
