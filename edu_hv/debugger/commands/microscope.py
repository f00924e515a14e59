"""Commands that look at how an address is translated, and at who has which page."""

from collections.abc import Iterable

from edu_hv.debugger import microscope
from edu_hv.debugger.commands.arguments import labels, parse_address, parse_real_address, short
from edu_hv.debugger.commands.registry import Argument, command
from edu_hv.debugger.microscope.views import FrameView, MicroscopeView, PagesView
from edu_hv.debugger.session import DebugSession
from edu_hv.isa.errors import UserError

REAL = "real"
_MEANINGS = {
    "virtual": "through the program's own tables, even while its DAT is off",
    "guest-real": "not translated by the program: what its channel programs and its tables use",
    "real": "an address of the real machine: who comes there",
    "primary": "through the tables of control register 1",
    "secondary": "through the tables of control register 7 (bare machine)",
}


def _address(session: DebugSession, text: str) -> str:
    """Kept as it is until it is known what kind of address it is."""
    return text


def _kinds(session: DebugSession) -> Iterable[str]:
    return [f"{word}\t{meaning}" for word, meaning in _MEANINGS.items()]


def _kind(session: DebugSession, text: str) -> str:
    found = [word for word in _MEANINGS if word.startswith(text.lower())]
    if len(found) != 1:
        raise UserError(f'"{short(text)}" is no kind of address; there are {", ".join(_MEANINGS)}')
    return found[0]


@command(
    "address",
    Argument("ADDRESS", _address, labels, kind="address"),
    Argument("KIND", _kind, _kinds, optional=True, default=microscope.LOGICAL, kind="kind of address"),
    group="look",
    aliases=("translate", "microscope"),
    examples=(
        "address . : the next instruction, from the guest's address down to the machine's storage",
        "address 3000 : what is at 3000, where its page is, and whether it may be fetched and stored into",
        "address 3000 virtual : through the guest's own tables, whatever its PSW says",
        "address FD000 real : whose page is at real FD000",
    ),
)
def address(session: DebugSession, text: str, kind: str) -> MicroscopeView | FrameView:
    """An address under the microscope: guest-virtual, guest-real, real, with every table entry on the way.

    At each rung stand the entries of the segment, page and swap tables with their addresses and what their bits say;
    the shadow tables and the TLB, and whether an entry there is missing or stale; the storage key at each level; and
    what a fetch and a store by the next instruction would come to: which interruption, by which rule of CP, and what
    the guest is told.  Nothing is paged in.

    Without KIND the address is what the PSW makes of it.  KIND is virtual or guest-real, primary or secondary for an
    address space, or real: then it is an address of the real machine, and you see who comes there.
    """
    if kind == REAL:
        _ = session.system
        return microscope.frame(session, parse_real_address(session, text))
    return session.microscope(_logical(session, text), kind)


def _logical(session: DebugSession, text: str) -> int:
    """Any address of 24 bits: one past the storage is worth looking at, too."""
    _ = session.guest
    try:
        return parse_address(session, text)
    except UserError as error:
        try:
            return parse_real_address(session, text)
        except UserError:
            raise error from None


@command(
    "pages",
    group="look",
    examples=("pages : every page of the guest: in which frame, in which slot, or never used",),
)
def pages(session: DebugSession) -> PagesView:
    """The pages of the guest as ranges: in frames, in slots of the paging area, in shared segments, or never used.

    On the bare machine with DAT on, where the tables of control register 1 lead.
    """
    return microscope.pages(session)
