"""Storage keys: as the guest is told, in the frame, and in the swap table.  SY20-0886 "Storage Key Simulation"."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from edu_hv.debugger.comparing.sides import NONE, Sides, same
from edu_hv.debugger.views import ComparedValue
from edu_hv.isa.codes import Key
from edu_hv.machine.storage import BLOCK, BLOCK_SHIFT, FRAME

if TYPE_CHECKING:
    from edu_hv.debugger.session import DebugSession
    from edu_hv.hypervisor.vmblok import VMBLOK

_BITS = ((Key.FETCH_PROTECTION, "F"), (Key.REFERENCE, "R"), (Key.CHANGE, "C"))


@dataclass(frozen=True, slots=True)
class _Page:
    """The keys of the two blocks of a page, and where they are."""

    number: int
    told: tuple[int, int]
    kept: tuple[int, int]
    real: tuple[int, int] | None
    frame: int | None
    out: str
    swap_entry: int
    shared: bool

    @property
    def alike(self) -> tuple[object, ...]:
        """Neighbours of which this is the same can be shown together; a page in a frame stands alone."""
        return (self.told, self.kept, self.out, self.shared, self.number if self.frame is not None else -1)


def key_text(key: int) -> str:
    """A storage key: access control, then F, R and C for the bits that are on: "8 RC"."""
    return f"{key >> 4:X} {''.join(letter for bit, letter in _BITS if key & bit)}".rstrip()


def values(session: "DebugSession") -> list[ComparedValue]:
    """The key of every block; pages that have no frame, and are alike, together."""
    sides = Sides.of(session)
    vm = sides.vm
    if vm is None:
        return _of_the_machine(session)
    pages = (_page(vm, number) for number in range(vm.storage.pages))
    found: list[ComparedValue] = []
    for _, group in groupby(pages, key=lambda page: page.alike):
        found += _rows(list(group))
    return found


def _page(vm: "VMBLOK", number: int) -> _Page:
    storage = vm.storage
    owner, place = storage.place(number)
    at, entry, frame = number * FRAME, owner.entry(place), storage.frame_of(number)
    told = storage.peek_key(at), storage.peek_key(at + BLOCK)
    keys, slot = storage.memory.keys, owner.slot(place)
    real = None if frame is None else (keys[frame >> BLOCK_SHIFT], keys[(frame >> BLOCK_SHIFT) + 1])
    out = "" if frame is not None else "never used" if slot is None else "out"
    return _Page(number, told, entry.keys, real, frame, out, owner.swap_entry_address(place), owner.protected)


def _rows(pages: list[_Page]) -> Iterator[ComparedValue]:
    """One row where the two blocks are alike, otherwise one for each."""
    first, last = pages[0], pages[-1]
    halves = (0,) if first.told[0] == first.told[1] and first.kept[0] == first.kept[1] and _even(first) else (0, 1)
    for half in halves:
        real = key_text(first.real[half]) if first.real else NONE
        words = f"{_place(first, last)}; {_kept(first, half, len(pages))}"
        name = _name(first, last) if len(halves) == 1 else f"block {first.number * FRAME + half * BLOCK:06X}"
        yield ComparedValue(name, key_text(first.told[half]), real, _short(first), sentence=words)


def _even(page: _Page) -> bool:
    return page.real is None or page.real[0] == page.real[1]


def _name(first: _Page, last: _Page) -> str:
    if first is last:
        return f"page {first.number:03X}"
    return f"pages {first.number:03X} to {last.number:03X}"


def _short(page: _Page) -> str:
    if page.frame is not None:
        return f"in the frame at {page.frame:06X}"
    return f"{page.out}: key in swap table"


def _place(first: _Page, last: _Page) -> str:
    what = "a shared segment's page, " if first.shared else ""
    if first.frame is not None:
        return f"{what}page {first.number:03X} is in the frame at real {first.frame:06X}"
    state = "is in the paging area" if first.out == "out" else "has no frame and no slot, as nobody has stored into it"
    return f"{what}{f'page {first.number:03X}' if first is last else 'each page'} {state}"


def _kept(page: _Page, half: int, count: int) -> str:
    """What the swap table has, and how the guest's key is made of it."""
    at = f"at real {page.swap_entry:06X}" if count == 1 else f"from real {page.swap_entry:06X} on"
    table = f"its swap-table entry {at} keeps {key_text(page.kept[half])}"
    if page.real is None:
        return f"{table}, which is all there is of its key"
    return f"{table}: the guest is told R and C that are on here or there"


def _of_the_machine(session: "DebugSession") -> list[ComparedValue]:
    storage = session.system.machine.storage
    blocks = groupby(range(storage.size // BLOCK), key=lambda block: storage.keys[block])
    found = []
    for key, group in blocks:
        numbers = list(group)
        first, last = numbers[0] * BLOCK, numbers[-1] * BLOCK + BLOCK - 1
        found.append(same(f"{first:06X} to {last:06X}", key_text(key)))
    return found
