"""The address microscope: one address, rung by rung, from the program's instruction down to the machine's storage.

`look` shows the ladder: every table entry on the way, what the shadow tables and the TLB have, the storage key at each
level, and what a fetch and a store would come to, and who would get the interruption.  `frame` looks from below,
`pages` at all pages of a guest.  Nothing is paged in and no reference is recorded.
"""

from typing import TYPE_CHECKING

from edu_hv.debugger.microscope.access import FETCH, STORE, Outcome, access, outcome
from edu_hv.debugger.microscope.flags import flags, keys
from edu_hv.debugger.microscope.frames import frame, pages
from edu_hv.debugger.microscope.ladder import guest_real, rungs
from edu_hv.debugger.microscope.target import LOGICAL, SPACES, Target, target
from edu_hv.debugger.microscope.views import MicroscopeView
from edu_hv.debugger.viewing.storage import place_of
from edu_hv.hypervisor.virtual_storage import PAGE_SHIFT

if TYPE_CHECKING:
    from edu_hv.debugger.session import DebugSession

__all__ = ["FETCH", "LOGICAL", "SPACES", "STORE", "Outcome", "frame", "look", "outcome", "pages", "target"]


def look(session: "DebugSession", address: int, space: str = LOGICAL) -> MicroscopeView:
    """An address of the selected guest under the microscope; `space` is one of SPACES.

    Raises UserError for a space that the guest does not have.
    """
    held = target(session, address, space)
    used = held.used_by_instructions
    return MicroscopeView(
        held.guest.name,
        address,
        _space_words(held),
        rungs(held),
        keys(held),
        _place(held),
        flags(held),
        tuple(access(held, kind) for kind in (FETCH, STORE)) if used else (),
        "" if used else _unused(held),
    )


def _space_words(held: Target) -> str:
    mode = "EC" if held.psw.ec_mode else "BC"
    state = f"{mode} mode, DAT {'on' if held.dat else 'off'}, key {held.psw.key:X}"
    if held.translated:
        kind = "secondary virtual" if held.secondary else "virtual" if held.vm is None else "guest-virtual"
    else:
        kind = "real" if held.vm is None else "guest-real"
    taken = "as the PSW takes it" if held.space == LOGICAL else "as you asked"
    return f"{kind}, {taken} ({state})"


def _unused(held: Target) -> str:
    """Why no instruction would use the address so."""
    if held.translated and not held.dat:
        return "no instruction uses these tables now: DAT is off (LOAD REAL ADDRESS would)"
    if held.translated:
        return "instructions use the other address space now"
    return "no instruction uses an untranslated address now, as DAT is on; interruptions and channel programs do"


def _place(held: Target) -> str:
    here = guest_real(held)
    if held.vm is None or here is None or not held.vm.storage.addressable(here):
        return ""
    return place_of(held.vm, here >> PAGE_SHIFT)
