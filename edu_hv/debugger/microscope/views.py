"""What the address microscope shows: rungs from one kind of address to the next, and what an access would come to."""

from dataclasses import dataclass

from edu_hv.debugger.views import View


@dataclass(frozen=True, slots=True)
class EntryView:
    """One entry that a translation looks at: of a segment table, page table, swap table, or of the TLB."""

    name: str
    """"segment-table entry 1"."""
    where: str
    """Where it stands: "guest-real 002004, real 0FC004"; "" for what is not in storage."""
    value: str
    """Hexadecimal digits as they stand there."""
    words: str
    """What they say: "valid: page table at 002100 for 16 pages"."""
    at: int | None = None
    """The address of the first byte: guest-real for an entry of the guest's own tables, else real."""


@dataclass(frozen=True, slots=True)
class RungView:
    """From one kind of address to the next."""

    title: str
    """"guest-virtual to guest-real, by the guest's own tables"."""
    address: int
    result: int | None
    """The address it leads to; None when it leads nowhere."""
    exception: str
    """Why it leads nowhere: "page translation"; "" when it leads somewhere."""
    entries: tuple[EntryView, ...] = ()
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AccessView:
    """What would become of a fetch or a store at the address by the next instruction, with the key in the PSW."""

    kind: str
    """"fetch" or "store"."""
    interruption: int | None
    """The code of the program interruption that there would be first; None: the access is simply made."""
    taken_by: str
    """Who would get that interruption in the end: "", "CP", "the guest", "the program"."""
    rule: str
    """The rule by which CP would decide about it: "PTR-2"; "" when CP is not asked."""
    seen: int | None
    """The code that the guest is given in the end; None: it never hears of anything."""
    assisted: bool
    """The VM assist would fill a missing shadow entry first, without an interruption."""
    sentence: str


@dataclass(frozen=True, slots=True)
class MicroscopeView(View):
    """One address from the program's instruction down to the machine's storage."""

    guest: str
    address: int
    space: str
    """What the address is: "guest-virtual: its DAT is on"."""
    rungs: tuple[RungView, ...]
    keys: tuple[str, ...]
    """The storage key of the block at each level."""
    place: str
    """Where the page is: "page 003 is in the paging area, slot 7"; "" on the bare machine."""
    flags: tuple[str, ...]
    """What is stale or missing, in words."""
    accesses: tuple[AccessView, ...]
    """Fetch and store; empty where no instruction could use the address so."""
    remark: str = ""
    """Why there are no accesses."""


@dataclass(frozen=True, slots=True)
class FrameView(View):
    """What is at a real address: whose page it is, or what of CP's."""

    real: int
    absolute: int
    owner: str
    """"page 003 of KERNEL"; "CP's free storage"; "nobody: the frame is free"."""
    lines: tuple[str, ...]
    """The frame's entry in the core table, its key, and every table through which somebody comes here."""


@dataclass(frozen=True, slots=True)
class PageRange:
    """Neighbouring pages that are in the same state, from the first to the last page number."""

    first: int
    last: int
    state: str


@dataclass(frozen=True, slots=True)
class PagesView(View):
    """All pages of a guest as ranges: where they are."""

    guest: str
    title: str
    ranges: tuple[PageRange, ...]
