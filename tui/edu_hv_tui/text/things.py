"""What a cursor can stand on in a pane: registers, fields of the PSW, words of storage; how commands name them."""

from collections.abc import Sequence
from dataclasses import dataclass

from edu_hv.debugger.views import CodeView, PswView, RegistersView, StorageView

WORD = 4
"""Bytes that `who` takes of storage when no length is given."""

FIELDS = {
    "address": "ia",
    "CC": "cc",
    "DAT": "dat",
    "I/O": "io",
    "program mask": "pm",
    "machine check": "mc",
    "PER": "per",
}
"""Fields of the PSW whose names in commands are not those in the pane."""

PSW = "PSW"
"""The whole of it, as a thing."""


@dataclass(frozen=True)
class Thing:
    """One thing: as the pane names it, as `who` takes it, and the command line that explains it."""

    shown: str
    who: str
    explain: str


def registers(view: RegistersView, only_differing: bool = False) -> list[list[Thing]]:
    """As they stand in the pane: two columns of general registers, then the control registers one below the other."""
    half = (len(view.general) + 1) // 2
    general = [Thing(each.name, f"gr{each.name[1:]}", "explain") for each in view.general]
    rows = [general[at::half] for at in range(half)]
    control = [value.name for value in view.control if value.differs or not only_differing]
    return rows + [[Thing(name, name.lower(), f"explain cr {name[2:]}")] for name in control if name[2:].isdigit()]


def psw_fields(view: PswView, only_differing: bool = False) -> list[list[Thing]]:
    """The fields, one below the other."""
    names = [field.name for field in view.fields if field.differs or not only_differing]
    return [[psw_field(name)] for name in names] or [[Thing(PSW, "psw", "explain psw")]]


def psw_field(name: str) -> Thing:
    """The condition code is explained for the instruction that set it, everything else as bits of the PSW."""
    return Thing(name, f"psw.{FIELDS.get(name, name)}", "explain cc" if name == "CC" else "explain psw")


def storage(view: StorageView) -> list[list[Thing]]:
    """The words, as many in a row as the pane has."""
    rows = []
    for line in view.rows:
        offsets = [sum(len(word) for word in line.words[:at]) // 2 for at in range(len(line.words))]
        sizes = [len(word) // 2 for word in line.words]
        rows.append([stored(line.address + at, size) for at, size in zip(offsets, sizes, strict=True)])
    return rows


def stored(address: int, size: int) -> Thing:
    """Some bytes of storage.  What there is to explain of them is where they really are."""
    place = f"{address:06X}"
    return Thing(place, place if size == WORD else f"{place}.{size:X}", f"address {place}")


def code(view: CodeView, address: int | None) -> Thing | None:
    """An instruction; only what the next one does can be explained, of another one where it is."""
    line = next((each for each in view.lines if each.address == address), None)
    if line is None:
        return None
    found = stored(line.address, max(2, len(line.object_code) // 2))
    return Thing(found.shown, found.who, "explain" if line.current else found.explain)


def at(rows: Sequence[Sequence[Thing]], line: int, column: int) -> tuple[int, int]:
    """The nearest place where there is a thing."""
    line = max(0, min(line, len(rows) - 1))
    return line, max(0, min(column, len(rows[line]) - 1))
