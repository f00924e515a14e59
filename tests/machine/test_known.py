"""The known differences from Hercules are narrow: beside each, a wrong result of ours would still be reported.

A result is as good as right where it is the same as Hercules'.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from edu_hv.isa.codes import Class
from tools.conformance import SHOWN
from tools.hercules import Case, Outcome
from tools.known import KNOWN, Meeting, excuse, met_blocks
from tools.outcomes import differences, run_on_ours
from tools.vectors import read_vectors

VECTORS = read_vectors(Path(__file__).parent / "vectors/known.json.gz")
REFERENCE, CHANGE = 4, 2
OPEN = {
    "TEST BLOCK by 2K": ("key elsewhere", "reference elsewhere", "change elsewhere"),
    "clocks": ("storage",),
    "references and changes that an exception prevents": ("reference",),
    "condition code of an unfinished long operation": ("reference",),
    "EDIT that ends with an exception": ("reference",),
    "ZERO AND ADD with a result over digits still to be fetched": ("reference",),
    "ZERO AND ADD with a result over digits still to be fetched, not stored": ("reference",),
}
"""What the manual itself leaves open: another result of ours would be right, too."""


def wrong_outcomes(case: Case, ours: Outcome, theirs: Outcome) -> Iterator[tuple[str, Outcome]]:
    """Outcomes with one thing wrong, by the name of what it is."""
    for number in range(16):
        yield f"gr{number}", replace(ours, gr=flipped(ours.gr, number, 1))
        yield f"cr{number}", replace(ours, cr=flipped(ours.cr, number, 1))
    for number in range(4):
        yield f"fpr{number}", replace(ours, fpr=flipped(ours.fpr, number, 1 << 63))
    operands = met_blocks(Meeting(case, ours, theirs))
    for number, (block, _) in enumerate(case.keys):
        place = "" if block in operands else " elsewhere"
        for bit, name in ((0x80, "key"), (8, "key"), (REFERENCE, "reference"), (CHANGE, "change")):
            yield name + place, replace(ours, keys=flipped(ours.keys, number, bit))
    for number, data in enumerate(ours.areas):
        for at in {0, len(data) // 2, len(data) - 1}:
            wrong = data[:at] + bytes([data[at] ^ 0x55]) + data[at + 1 :]
            yield "storage", replace(ours, areas=(*ours.areas[:number], wrong, *ours.areas[number + 1 :]))
    yield from wrong_psws(ours)
    yield "another class", replace(ours, kind=Class.MACHINE_CHECK)
    for code in (0x01, 0x0F, 0x13):
        yield f"code {code:X}", replace(ours, code=code)


def wrong_psws(ours: Outcome) -> Iterator[tuple[str, Outcome]]:
    """One bit of the old PSW wrong, of those that are compared; and the wrong length with the address to match."""
    bits = {"key": 8, "state": 15, "address": 62, "far address": 45, "mask": 7}
    bits |= {"cc": 18, "program mask": 21} if ours.psw[1] & 8 else {"cc": 34, "program mask": 37}
    for name, bit in bits.items():
        yield name, replace(ours, psw=(int.from_bytes(ours.psw, "big") ^ 1 << 63 - bit).to_bytes(8, "big"))
    for at, name in ((0x90, "page"), (0x95, "monitor"), (0x9D, "monitor"), (0x96, "PER code"), (0x9A, "PER address")):
        if ours.kind is Class.PROGRAM and applicable(ours, name):
            yield name, replace(ours, psa=ours.psa[:at] + bytes([ours.psa[at] ^ 0x40]) + ours.psa[at + 1 :])


def applicable(ours: Outcome, name: str) -> bool:
    """Whether the interruption stores this."""
    code = ours.code & 0x7F
    if name == "page":
        return code in (0x10, 0x11)
    return code == 0x40 if name == "monitor" else bool(ours.code & 0x80)


def flipped(values: tuple[int, ...], number: int, bits: int) -> tuple[int, ...]:
    """One of the values with bits flipped."""
    return (*values[:number], values[number] ^ bits, *values[number + 1 :])


def cases_of(title: str) -> list[tuple[Case, Outcome, Outcome]]:
    """The cases that show a known difference, with our outcome and Hercules'."""
    found = []
    for case, theirs in VECTORS:
        ours = run_on_ours(case)
        if title in excuse(case, ours, theirs, differences(case, ours, theirs))[1]:
            found.append((case, ours, theirs))
    return found


def hides(case: Case, ours: Outcome, wrong: Outcome, theirs: Outcome) -> bool:
    """Whether the wrong field is excused; it is not where it is the same as Hercules'."""
    found = differences(case, wrong, theirs)
    return bool(found.keys() & differences(case, ours, wrong).keys()) and not excuse(case, wrong, theirs, found)[0]


@pytest.mark.parametrize("title", [known.title for known in KNOWN])
def test_known_difference_is_shown_by_cases(title):
    assert len(cases_of(title)) >= SHOWN


@pytest.mark.parametrize("title", [known.title for known in KNOWN])
def test_wrong_result_beside_a_known_difference_is_reported(title):
    hidden = [
        (case.name, name)
        for case, ours, theirs in cases_of(title)
        for name, wrong in wrong_outcomes(case, ours, theirs)
        if name not in OPEN.get(title, ())
        if hides(case, ours, wrong, theirs)
    ]
    assert hidden == []


def test_every_known_difference_cites_the_manual():
    assert [known.title for known in KNOWN if "GA22-7000" not in known.reason and known.title not in OPEN] == []


def test_document_lists_every_known_difference_with_its_reason():
    document = " ".join((Path(__file__).parents[2] / "docs/CONFORMANCE.md").read_text(encoding="utf-8").split())
    told = [(known.title, " ".join(known.reason.split())) for known in KNOWN]
    assert [title for title, reason in told if title not in document or reason not in document] == []
