"""Compares our machine with Hercules: the same random cases on both, every difference reported.

    python -m tools.conformance --cases 300 --seed 1            300 cases of every instruction
    python -m tools.conformance --only MVCL CLCL --cases 5000
    python -m tools.conformance --cases 25 --seed 7 --freeze tests/machine/vectors/instructions.json.gz

The cases are made by `cases`, Hercules is driven by `hercules`.  KNOWN lists where the two differ and ours is right,
or where the manual leaves the result open; those differences are counted, not reported.  `--freeze` writes cases with
Hercules' outcomes to a file that `tests/machine/test_vectors.py` replays without Hercules.
"""

import argparse
import gzip
import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any

from edu_hv.isa.codes import MASK_24, PIC, Class
from edu_hv.isa.formats import Format
from edu_hv.isa.table import OPERATIONS
from edu_hv.machine.events import Event, StorageStored
from edu_hv.machine.machine import Machine
from edu_hv.machine.psw import PSW
from tools.cases import COMPARABLE, make_case
from tools.cases_control import CONTROL, make_control_case, takes
from tools.hercules import CONTROL_REGISTERS, PSA_BYTES, SIZE, Case, Hercules, Outcome

LIMIT = 60
"""Units our machine may take for a case; MOVE LONG takes one for each 2K."""
TRANSLATION = (PIC.SEGMENT_TRANSLATION, PIC.PAGE_TRANSLATION)
IDENTIFIED = (PIC.SPACE_SWITCH_EVENT, *range(PIC.AFX_TRANSLATION, PIC.SECONDARY_AUTHORITY + 1))
"""Exceptions that tell an ASN or a PC number at real 144."""
ACCESS = (PIC.PROTECTION, PIC.ADDRESSING, PIC.TRANSLATION_SPECIFICATION, *TRANSLATION)
PREVENTING = (PIC.SPECIFICATION, *ACCESS)
"""Exceptions before which something may have been fetched."""
EDITING = (PIC.DATA, *ACCESS)
TWO_OPERAND_FORMATS = (Format.SS, Format.SS_TWO, Format.SS_KEY)
TWO_OPERANDS = [row.mnemonic for row in OPERATIONS if row.format in TWO_OPERAND_FORMATS] + ["MVCL", "CLCL"]
ASN_TRANSLATING = ("LASP", "PC", "PT", "SSAR")
PACKED = ("AP", "SP", "ZAP", "CP", "MP", "DP", "SRP")
"""Decimal arithmetic."""
BATCH = 20_000

Differences = dict[str, tuple[object, object]]
"""What differs: ours and theirs, by the name of the field."""


class Stuck(Exception):
    """Our machine did not reach an interruption."""


class Unwatched(Exception):
    """Our machine stored where the case does not look: a damaged table led elsewhere, and the case proves nothing."""


def run_on_ours(case: Case) -> Outcome:
    """Run a case on our machine.  Raises Stuck; Unwatched for a store outside the storage looked at."""
    machine = Machine(SIZE)
    cpu, storage = machine.cpu, machine.storage
    for address, data in case.storage:
        storage.write(address, data)
    for address, key in case.keys:
        storage.keys[address // 2048] = key
    cpu.gr[:], cpu.fpr[:], cpu.cr[:] = case.gr, case.fpr, case.cr
    cpu.load_psw(PSW.from_bytes(case.psw))
    stores: list[StorageStored] = []
    storage.observer = lambda event: note_store(event, stores)
    for _ in range(LIMIT):
        machine.advance()
        if machine.recognized:
            break
    else:
        raise Stuck(case.name)
    interruption = machine.recognized
    check_stores(case, stores)
    machine.advance()
    outcome = Outcome.of(
        interruption.kind,
        storage.read(0, PSA_BYTES),
        [*cpu.gr, *cpu.fpr, *cpu.cr],
        (storage.keys[address // 2048] for address, _ in case.keys),
        (storage.read(address, length) for address, length in case.areas),
    )
    return replace(outcome, fetched=bool(interruption.text))


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


# ---- comparing -----------------------------------------------------------------------------------------------------


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
    if ours.kind is Class.PROGRAM and ours.code in TRANSLATION:
        compare("translation page", page(ours.psa), page(theirs.psa))
    if ours.kind is Class.PROGRAM and ours.code in IDENTIFIED:
        compare("identification", ours.psa[0x90:0x94].hex(), theirs.psa[0x90:0x94].hex())
    if ours.kind is Class.PROGRAM and ours.code == PIC.MONITOR_EVENT:
        for name, at, end in (("monitor class", 0x94, 0x96), ("monitor code", 0x9C, 0xA0)):
            compare(name, ours.psa[at:end].hex(), theirs.psa[at:end].hex())
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
    for name in ("system_mask", "key", "ec_mode", "machine_check_mask", "wait", "problem_state", "secondary_space"):
        compare(name, getattr(ours, name), getattr(theirs, name))
    compare("cc", ours.cc, theirs.cc)
    compare("program mask", ours.program_mask, theirs.program_mask)
    compare("instruction address", f"{ours.instruction_address:X}", f"{theirs.instruction_address:X}")
    compare("unassigned", f"{ours.unassigned:X}", f"{theirs.unassigned:X}")


def page(psa: bytes) -> str:
    """The page of the translation-exception address; Hercules gives no more."""
    return psa[0x90:0x93].hex()[:5]


@dataclass(frozen=True)
class Known:
    """Where the two may differ, in which fields, and why."""

    title: str
    reason: str
    fields: tuple[str, ...]
    """Names, or beginnings of names, of the fields that are excused."""
    applies: Callable[[Case, Outcome, Outcome], bool]


def start_of(outcome: Outcome) -> int:
    """Where the interrupted instruction stands."""
    address = PSW.from_bytes(outcome.psw).instruction_address
    nullified = outcome.kind is Class.PROGRAM and outcome.code in TRANSLATION
    return address if nullified else address - 2 * outcome.ilc & MASK_24


KNOWN: tuple[Known, ...] = (
    Known(
        "ILC of an instruction that cannot be fetched",
        'GA22-7000 "ILC on Instruction-Fetching Exceptions": it is unpredictable whether the instruction address is'
        " incremented by 2, 4 or 6; less the ILC it must be that of the instruction.  Hercules says 4, we say 2.",
        ("ILC", "instruction address"),
        lambda case, ours, theirs: not ours.fetched and start_of(ours) == start_of(theirs),
    ),
    Known(
        "RESET REFERENCE BIT by 4K",
        'GA22-7000 "Reset Reference Bit": the bit of one 2K block.  Hercules takes both blocks of a 4K frame together.',
        ("cc", "key"),
        lambda case, ours, theirs: case.operation == "RRB",
    ),
    Known(
        "extended real addressing",
        'GA22-7000 "Page-Table Entries": bits 13-14 of an entry for a 4K page must be zeros without that facility.'
        "  Hercules has it; we do not, as no System/370 that this machine resembles.",
        ("interruption", "ILC", "instruction address", "key", "gr", "cc"),
        lambda case, ours, theirs: (
            ours.code == PIC.TRANSLATION_SPECIFICATION
            and (theirs.code == PIC.ADDRESSING or (case.operation == "LRA" and max(theirs.gr) > MASK_24))
        ),
    ),
    Known(
        "version code of the CPU",
        'GA22-7000 "Store CPU ID": the model defines it.  Hercules says FD.',
        ("storage",),
        lambda case, ours, theirs: case.operation == "STIDP",
    ),
    Known(
        "references and changes that an exception prevents",
        'GA22-7000 "Reference Recording", "Change Recording": an access that is not completed may be recorded.'
        "  Hercules often does; we record none that did not happen.",
        ("key",),
        lambda case, ours, theirs: ours.kind is Class.PROGRAM and ours.code in PREVENTING,
    ),
    Known(
        "fetches behind the first unequal byte",
        'GA22-7000 "Compare Logical": operands may be fetched whole, as we do, or up to the first unequal byte, so that'
        " exceptions and references beyond it may be found or not.",
        ("key", "interruption", "ILC", "cc", "instruction address", "translation page"),
        lambda case, ours, theirs: (
            case.operation in ("CLC", "CLM") and (ours.code in ACCESS or ours.code == theirs.code)
        ),
    ),
    Known(
        "change by an unequal COMPARE AND SWAP",
        'GA22-7000 "Compare and Swap": nothing is stored.  Hercules records a change all the same.',
        ("key",),
        lambda case, ours, theirs: case.operation in ("CS", "CDS") and PSW.from_bytes(ours.psw).cc == 1,
    ),
    Known(
        "EDIT that ends with an exception",
        'GA22-7000 "Termination": the result is unpredictable; "Nullification": nothing is changed.  Hercules stops in'
        " the middle of the result in either case; we store nothing.",
        ("storage", "gr1", "key"),
        lambda case, ours, theirs: case.operation in ("ED", "EDMK") and ours.code in EDITING and theirs.code in EDITING,
    ),
    Known(
        "ILC of the target of EXECUTE",
        'GA22-7000 "Instruction-Length Code": with EXECUTE it is that of EXECUTE, 2.  After some exceptions Hercules'
        " gives the target's own, although the instruction address is behind EXECUTE.",
        ("ILC",),
        lambda case, ours, theirs: case.name.startswith("EX ") and ours.ilc == 2 and ours.kind is Class.PROGRAM,
    ),
    Known(
        "MONITOR CALL in BC mode",
        'GA22-7000 "Monitor Event": class and code are stored in either mode.  Hercules stores them in EC mode only.',
        ("monitor",),
        lambda case, ours, theirs: not ours.psw[1] & 0x08,
    ),
    Known(
        "condition code of an unfinished long operation",
        'GA22-7000 "Move Long", "Compare Logical Long": it is unpredictable.  Ours is the one from before.',
        ("cc",),
        lambda case, ours, theirs: case.operation in ("MVCL", "CLCL") and ours.kind is Class.PROGRAM,
    ),
    Known(
        "two operands refused",
        'GA22-7000 "Multiple Program-Interruption Conditions": which of several access exceptions is taken is'
        " unpredictable.  Ours is that of the operand that is stored into.",
        ("interruption", "instruction address", "translation page", "ILC"),
        lambda case, ours, theirs: case.operation in TWO_OPERANDS and ours.code in ACCESS and theirs.code in EDITING,
    ),
    Known(
        "decimal operands refused for their place and for their contents",
        'GA22-7000 "Multiple Program-Interruption Conditions": which of several access exceptions, data exception and'
        " decimal-divide exception is taken is unpredictable.  Ours is an access exception, if there is any.",
        ("interruption", "instruction address", "translation page", "ILC", "key"),
        lambda case, ours, theirs: (
            case.operation in PACKED and ours.code in ACCESS and theirs.code in (*EDITING, PIC.DECIMAL_DIVIDE)
        ),
    ),
    Known(
        "reference of a second operand when the first is no number",
        'GA22-7000 "Reference Recording": the record is substantially accurate, no more.  We have fetched both operands'
        " whole before their contents count; Hercules has fetched one, or a part.",
        ("key",),
        lambda case, ours, theirs: case.operation in PACKED and ours.code == theirs.code == PIC.DATA,
    ),
    Known(
        "ZERO AND ADD with a result over digits still to be fetched",
        'GA22-7000 "Data Exception": it is recognized when the operands overlap and the rightmost byte of the second'
        " is to the right of that of the first.  Hercules has fetched the second operand before and goes on.",
        ("interruption", "ILC", "cc", "instruction address", "storage", "key"),
        lambda case, ours, theirs: case.operation == "ZAP" and ours.code == PIC.DATA and theirs.code not in EDITING,
    ),
    Known(
        "place of the space-switch-event control",
        'GA22-7000 "ASN-Second-Table Entries": bit 31 of the segment-table designation.  Hercules looks at bit 0, where'
        " later architectures have it.",
        ("interruption", "ILC", "cc", "instruction address", "identification", "key", "cr"),
        lambda case, ours, theirs: (
            case.operation in ("PC", "PT", "LASP")
            and (ours.code == PIC.SPACE_SWITCH_EVENT or PSW.from_bytes(ours.psw).cc == 3)
        ),
    ),
    Known(
        "ASN-second-table entries with linkage-table bits that must be zeros",
        'GA22-7000 "ASN-Second-Table Entries": bits 97-103 are checked.  Hercules does not check them.',
        ("interruption", "ILC", "cc", "instruction address", "identification", "key", "cr", "gr", "problem"),
        lambda case, ours, theirs: (
            ours.code == PIC.ASN_TRANSLATION_SPECIFICATION != theirs.code and case.operation in ASN_TRANSLATING
        ),
    ),
    Known(
        "linkage-table entries with bits that must be zeros",
        'GA22-7000 "Linkage-Table Entries": bits 1-7 are checked.  Hercules does not check them.',
        ("interruption", "ILC", "cc", "instruction", "identification", "key", "cr", "gr", "problem", "transl", "unass"),
        lambda case, ours, theirs: ours.code == PIC.PC_TRANSLATION_SPECIFICATION != theirs.code,
    ),
    Known(
        "modes of later architectures",
        'GA22-7000 "Set Address Space Control": bits 20-22 must be zeros; "Program Transfer": bits 0-7 of R2.  Hercules'
        " finds another exception first, or takes bit 0 for 31-bit addressing.",
        ("interruption", "ILC", "problem", "secondary", "unassigned", "instruction address", "cr", "key"),
        lambda case, ours, theirs: case.operation in ("SAC", "PT") and ours.code == PIC.SPECIFICATION,
    ),
    Known(
        "references to a page table",
        'GA22-7000 "Reference Recording": it need not include references to tables.  Hercules records them.',
        ("key B000",),
        lambda case, ours, theirs: case.operation == "IPTE",
    ),
    Known(
        "TEST BLOCK by 2K",
        'GA22-7000 "Test Block": 4K bytes are cleared, the keys are unpredictable.  Hercules clears 2K.',
        ("storage", "key"),
        lambda case, ours, theirs: case.operation == "TB",
    ),
    Known(
        "clocks",
        "Hercules' clocks follow the host's.",
        ("storage",),
        lambda case, ours, theirs: case.operation in ("STCK", "STCKC", "STPT"),
    ),
)


def excuse(case: Case, ours: Outcome, theirs: Outcome, found: Differences) -> tuple[Differences, list[str]]:
    """What is left of the differences, and the titles of the known ones that were met."""
    titles = []
    for known in KNOWN:
        names = [name for name in found if name.startswith(known.fields)]
        if names and known.applies(case, ours, theirs):
            titles.append(known.title)
            found = {name: values for name, values in found.items() if name not in names}
    return found, titles


# ---- vectors -------------------------------------------------------------------------------------------------------


def frozen(case: Case, outcome: Outcome) -> dict[str, Any]:
    """A case and what it changes, as JSON values; numbers and bytes are hexadecimal, what is usual is left out."""
    return {
        "name": case.name,
        "psw": case.psw.hex(),
        "gr": "".join(f"{value:08x}" for value in case.gr),
        "fpr": "".join(f"{value:016x}" for value in case.fpr) if any(case.fpr) else "",
        "cr": changed(CONTROL_REGISTERS, case.cr),
        "storage": [[f"{address:x}", data.hex()] for address, data in case.storage],
        "keys": {f"{address:x}": f"{key:02x}" for address, key in case.keys},
        "areas": [[f"{address:x}", length] for address, length in case.areas],
        "kind": outcome.kind.name,
        "psa": {f"{at:x}": outcome.psa[at : at + size].hex() for at, size in psa_fields(outcome)},
        "new gr": changed(case.gr, outcome.gr),
        "new fpr": changed(case.fpr, outcome.fpr),
        "new cr": changed(case.cr, outcome.cr),
        "new keys": "".join(f"{key:02x}" for key in outcome.keys),
        "new areas": [data.hex() for data in outcome.areas],
    }


def psa_fields(outcome: Outcome) -> list[tuple[int, int]]:
    """Where the interruption left something: address and length."""
    fields = [(outcome.kind.old_psw, 8)]
    if outcome.psw[1] & 0x08:
        fields += [(0x84, 12)]
    if outcome.kind is Class.PROGRAM:
        fields += [(0x90, 16)]
    return fields


def changed(before: Sequence[int], after: Sequence[int]) -> dict[str, str]:
    """The registers that are not the same, by number."""
    pairs = enumerate(zip(before, after, strict=True))
    return {str(number): f"{new:x}" for number, (old, new) in pairs if old != new}


def thawed(row: dict[str, Any]) -> tuple[Case, Outcome]:
    """The reverse of `frozen`."""
    gr = tuple(int(row["gr"][at : at + 8], 16) for at in range(0, 128, 8))
    fpr = tuple(int(row["fpr"][at : at + 16], 16) for at in range(0, 64, 16)) if row["fpr"] else (0,) * 4
    cr = replaced(CONTROL_REGISTERS, row["cr"])
    case = Case(
        psw=bytes.fromhex(row["psw"]),
        gr=gr,
        fpr=fpr,
        cr=cr,
        storage=tuple((int(address, 16), bytes.fromhex(data)) for address, data in row["storage"]),
        keys=tuple((int(address, 16), int(key, 16)) for address, key in row["keys"].items()),
        areas=tuple((int(address, 16), length) for address, length in row["areas"]),
        name=row["name"],
    )
    psa = bytearray(PSA_BYTES)
    for address, data in row["psa"].items():
        at = int(address, 16)
        psa[at : at + len(data) // 2] = bytes.fromhex(data)
    registers = (*replaced(gr, row["new gr"]), *replaced(fpr, row["new fpr"]), *replaced(cr, row["new cr"]))
    areas = [bytes.fromhex(data) for data in row["new areas"]]
    return case, Outcome.of(Class[row["kind"]], bytes(psa), registers, bytes.fromhex(row["new keys"]), areas)


def replaced(before: Sequence[int], new: dict[str, str]) -> tuple[int, ...]:
    """The registers with some replaced."""
    return tuple(int(new[str(number)], 16) if str(number) in new else value for number, value in enumerate(before))


def read_vectors(path: Path) -> list[tuple[Case, Outcome]]:
    """The cases of a vector file with Hercules' outcomes."""
    with gzip.open(path, "rt", encoding="ascii") as file:
        return [thawed(json.loads(line)) for line in file]


def write_vectors(path: Path, vectors: Iterable[tuple[Case, Outcome]]) -> None:
    """One JSON object a line, compressed; the same vectors always give the same file."""
    text = "".join(json.dumps(frozen(*vector), separators=(",", ":")) + "\n" for vector in vectors)
    path.write_bytes(gzip.compress(text.encode("ascii"), 9, mtime=0))


# ---- the command ---------------------------------------------------------------------------------------------------


@dataclass
class Tally:
    """What a run has found."""

    compared: int = 0
    different: int = 0
    unwatched: int = 0
    """Cases left out: see `Unwatched`."""
    known: Counter[str] = field(default_factory=Counter)
    """By title."""
    by_instruction: Counter[str] = field(default_factory=Counter)


def compare_batch(cases: Sequence[Case], hercules: Hercules, tally: Tally, show: int) -> list[tuple[Case, Outcome]]:
    """Run cases on both; return those on which nothing differs at all."""
    agreed = []
    for case, theirs in zip(cases, hercules.run(cases), strict=True):
        try:
            ours = run_on_ours(case)
        except Unwatched:
            tally.unwatched += 1
            continue
        found = differences(case, ours, theirs)
        left, titles = excuse(case, ours, theirs, found)
        tally.compared += 1
        tally.known.update(titles)
        if left:
            tally.different += 1
            tally.by_instruction[case.name.split()[0]] += 1
            if tally.by_instruction[case.name.split()[0]] <= show:
                report(case, ours, theirs, left)
        elif not found:
            agreed.append((case, theirs))
    return agreed


ALL = list(dict.fromkeys([*COMPARABLE, *CONTROL]))
"""Every instruction that cases are made for."""


def made(seed: object, mnemonic: str, number: int) -> Case:
    """A case, always the same for the same arguments."""
    make = make_control_case if takes(mnemonic, number) else make_case
    return make(Random(f"{seed} {mnemonic} {number}"), mnemonic)


def report(case: Case, ours: Outcome, theirs: Outcome, left: Differences) -> None:
    """Show one difference with what is needed to understand it."""
    psw = PSW.from_bytes(case.psw)
    print(f"{case.name} at {psw.instruction_address:06X}, PSW {psw}")
    print("  ", " ".join(f"{value:08X}" for value in case.gr))
    print("   CR0, CR1:", f"{case.cr[0]:08X} {case.cr[1]:08X}", " keys:", {f"{a:X}": f"{k:02X}" for a, k in case.keys})
    for address, data in case.storage:
        print(f"   {address:06X}: {data[:40].hex()}{'...' if len(data) > 40 else ''}")
    print(f"   ours {ours.kind.value} {ours.code:X}, theirs {theirs.kind.value} {theirs.code:X}")
    for name, (first, second) in left.items():
        print(f"   {name}: {first} / {second}")


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=100, help="cases of each instruction (100)")
    parser.add_argument("--seed", type=int, default=1, help="the same seed makes the same cases (1)")
    parser.add_argument("--only", nargs="+", metavar="MNEMONIC", default=ALL, help="these instructions only")
    parser.add_argument("--show", type=int, default=1, help="differences shown for each instruction (1)")
    parser.add_argument("--freeze", type=Path, metavar="FILE", help="write the cases that agree as test vectors")
    options = parser.parse_args()
    tally, agreed = Tally(), []
    jobs = [(mnemonic, number) for mnemonic in options.only for number in range(options.cases)]
    with Hercules() as hercules:
        for start in range(0, len(jobs), BATCH):
            batch = jobs[start : start + BATCH]
            cases = [made(options.seed, name, number) for name, number in batch]
            agreed += compare_batch(cases, hercules, tally, options.show)
    if options.freeze:
        write_vectors(options.freeze, agreed)
    left_out = f", {tally.unwatched} left out" if tally.unwatched else ""
    print(f"{tally.compared} cases of {len(options.only)} instructions, {tally.different} differ{left_out}")
    for title, count in tally.known.most_common():
        print(f"  known: {title}: {count}")
    for name, count in tally.by_instruction.most_common():
        print(f"  differ: {name}: {count}")


if __name__ == "__main__":
    main()
