"""What an assembly gives: storage contents, symbols, entry point and listing lines, as plain values.

The debugger's code pane and the commands that take a label read these.  Read next: `listing` and `deck`.
"""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from edu_hv.asm.diagnostics import did_you_mean
from edu_hv.isa.errors import UserError


@dataclass(frozen=True)
class Text:
    """Contiguous object code at an address."""

    address: int
    data: bytes

    @property
    def end(self) -> int:
        """The address after the last byte."""
        return self.address + len(self.data)


@dataclass(frozen=True)
class Symbol:
    """A symbol: `section` is the section of a location, else None; `line` is where it is defined."""

    value: int
    length: int
    relocatable: bool
    section: str | None
    line: int
    label: bool
    """Whether it names a statement's location; False for EQU."""


@dataclass(frozen=True)
class Section:
    """A control section, or a dummy section (DSECT) whose addresses are offsets from zero."""

    name: str
    origin: int
    length: int
    dummy: bool


@dataclass(frozen=True)
class External:
    """A symbol that another module defines.  `weak`: it may stay undefined (WXTRN); `line`: where it is first named."""

    name: str
    weak: bool
    line: int


@dataclass(frozen=True)
class Relocation:
    """An address constant that moves with a section or an external symbol: what an RLD item says.

    `times`: the symbol's address is added so often, subtracted if negative.  The same constant stands `count` times,
    `step` bytes from one to the next.  `branch`: a V constant of an external symbol.
    """

    address: int
    length: int
    symbol: str
    times: int = 1
    branch: bool = False
    count: int = 1
    step: int = 0


@dataclass(frozen=True)
class ListingLine:
    """One line of the listing.

    `number` counts the source lines from 1, `statement` the statements; a literal has the number of the LTORG or END
    that placed it, and the second line of a statement has no statement number.  `length` is the storage taken in
    bytes, also where nothing is generated (DS); `value` is that of an EQU.  `dummy`: the
    address is an offset in a DSECT.  `instruction`: a machine instruction, no constant.
    """

    number: int
    address: int | None
    object_code: bytes
    source: str
    statement: int | None
    length: int = 0
    value: int | None = None
    dummy: bool = False
    instruction: bool = False


@dataclass(frozen=True)
class Assembly:
    """An assembled program.  Addresses are those it is assembled for.

    A loader that joins modules also needs `externals`, `relocations` and `entries`, the symbols of ENTRY.
    """

    name: str
    origin: int
    entry: int
    image: tuple[Text, ...]
    symbols: dict[str, Symbol]
    sections: tuple[Section, ...]
    listing: tuple[ListingLine, ...]
    externals: tuple[External, ...] = ()
    entries: tuple[str, ...] = ()
    relocations: tuple[Relocation, ...] = ()

    def line_at(self, address: int) -> ListingLine | None:
        """The listing line whose instruction, constant or area contains the address."""
        starts, ends, lines = self._spans
        at = bisect_right(starts, address) - 1
        return lines[at] if at >= 0 and address < ends[at] else None

    def label_at(self, address: int) -> str | None:
        """The label at exactly this address; where there are several, the first that names a statement."""
        return self._labels.get(address)

    def nearest_label(self, address: int) -> tuple[str, int] | None:
        """The last label at or before the address in its section, and how many bytes the address is past it."""
        addresses = self._label_addresses
        at = bisect_right(addresses, address) - 1
        if at < 0:
            return None
        label = addresses[at]
        if not any(part.origin <= label and address < part.origin + part.length for part in self._parts):
            return None
        return self._labels[label], address - label

    def address_of(self, label: str) -> int:
        """The address a symbol stands for, in upper or lower case.  Raises `UserError` where there is none."""
        symbol = self.symbols.get(label.upper())
        if symbol is None:
            raise UserError(f"{self.name} has no symbol {label}{did_you_mean(label.upper(), self.symbols)}")
        if symbol.section is not None and symbol.section not in {part.name for part in self._parts}:
            raise UserError(f"{label.upper()} is a field of DSECT {symbol.section}, not an address")
        return symbol.value

    @cached_property
    def _parts(self) -> tuple[Section, ...]:
        return tuple(section for section in self.sections if not section.dummy)

    @cached_property
    def _spans(self) -> tuple[list[int], list[int], list[ListingLine]]:
        """Disjoint spans of storage with their lines: generated code covers areas, later lines cover earlier ones."""
        located = [line for line in self.listing if line.address is not None and line.length and not line.dummy]
        starts: list[int] = []
        ends: list[int] = []
        lines: list[ListingLine] = []
        for line in sorted(located, key=lambda line: bool(line.object_code)):
            assert line.address is not None
            _cover((starts, ends, lines), line.address, line.address + line.length, line)
        return starts, ends, lines

    @cached_property
    def _labels(self) -> dict[int, str]:
        parts = {section.name for section in self._parts}
        here = [(name, symbol) for name, symbol in self.symbols.items() if symbol.section in parts]
        labels: dict[int, str] = {}
        for name, symbol in sorted(here, key=lambda item: not item[1].label):
            labels.setdefault(symbol.value, name)
        return labels

    @cached_property
    def _label_addresses(self) -> list[int]:
        return sorted(self._labels)


_Spans = tuple[list[int], list[int], list[ListingLine]]


def _cover(spans: _Spans, start: int, end: int, line: ListingLine) -> None:
    """Puts a span over disjoint, sorted spans; what it covers is cut away."""
    starts, ends, lines = spans
    first = bisect_right(ends, start)
    last = first
    kept: list[tuple[int, int, ListingLine]] = []
    while last < len(starts) and starts[last] < end:
        if starts[last] < start:
            kept.append((starts[last], start, lines[last]))
        if ends[last] > end:
            kept.append((end, ends[last], lines[last]))
        last += 1
    new = sorted([*kept, (start, end, line)], key=lambda span: span[0])
    starts[first:last] = [span[0] for span in new]
    ends[first:last] = [span[1] for span in new]
    lines[first:last] = [span[2] for span in new]


def merged(fragments: Iterable[tuple[int, bytes]]) -> tuple[Text, ...]:
    """Fragments in the order they were generated as contiguous texts; a later one overlays an earlier one."""
    fragments = [(address, data) for address, data in fragments if data]
    extents: list[list[int]] = []
    for address, data in sorted(fragments, key=lambda fragment: fragment[0]):
        if extents and address <= extents[-1][1]:
            extents[-1][1] = max(extents[-1][1], address + len(data))
        else:
            extents.append([address, address + len(data)])
    starts = [start for start, _ in extents]
    contents = [bytearray(end - start) for start, end in extents]
    for address, data in fragments:
        at = bisect_right(starts, address) - 1
        contents[at][address - starts[at] : address - starts[at] + len(data)] = data
    return tuple(Text(start, bytes(content)) for start, content in zip(starts, contents, strict=True))
