"""Taking a recording from a file into a session, which keeps what it has when that cannot be done."""

from pathlib import Path
from typing import TYPE_CHECKING

from edu_hv.debugger.breakpoints import Breakpoints
from edu_hv.debugger.files.format import MADE_BY, MOST_BYTES, decoded, is_recording
from edu_hv.debugger.files.kept import KeptSession
from edu_hv.debugger.files.paths import file_path
from edu_hv.debugger.files.reading import Reader
from edu_hv.debugger.files.rebuilding import Difference, Rebuilding, Stopped
from edu_hv.debugger.files.stop_lines import set_again
from edu_hv.debugger.recipes import Loaded, WithDirectory
from edu_hv.debugger.recording.timetravel import Recording
from edu_hv.debugger.views import StopView
from edu_hv.debugger.writers.trail import Trail
from edu_hv.guests.files import read_file
from edu_hv.isa.errors import UserError

if TYPE_CHECKING:
    from edu_hv.debugger.session import DebugSession


def open_session(session: "DebugSession", path: Path, partly: bool) -> StopView:
    """The recording of a file in the place of what is loaded.  Raises UserError, with nothing changed."""
    found = file_path(path)
    kept = read_session(read_file(found, MOST_BYTES), found.name)
    session.begin_search()
    rebuilding = Rebuilding(kept, lambda: session.interrupted)
    try:
        recording = rebuilding.recording()
    except Stopped:
        raise UserError(f"you stopped it: {found.name} is not opened, and what was loaded before still is") from None
    except UserError as error:
        raise UserError(f"{found.name} cannot be opened: {error}") from None
    if rebuilding.differences:
        _allow(rebuilding.differences[0], kept, found.name, partly)
    return _install(session, kept, recording, found, bool(rebuilding.differences))


def read_session(data: bytes, name: str) -> KeptSession:
    """What the contents of a file keep.  Raises UserError: what is wrong, and where in the file."""
    made_by, records = decoded(data, name)
    return Reader(made_by, name).read(records)


def is_recording_file(path: Path) -> bool:
    """Whether a file begins as a recording does."""
    try:
        with path.open("rb") as file:
            return is_recording(file.read(64))
    except OSError:
        return False


def _allow(difference: Difference, kept: KeptSession, name: str, partly: bool) -> None:
    """Raises UserError, unless the part that is the same was asked for and there is one."""
    versions = f"{name} was made by {kept.made_by}, and this is {MADE_BY}"
    if kept.made_by == MADE_BY:
        versions = f"{name} was made by {MADE_BY}, as this is"
    if difference.same_to < 0:
        raise UserError(f"{versions}, but what it loads is something else from step 0 on: {difference.because}")
    if not partly:
        raise UserError(
            f"{versions}, but here something else happens behind step {difference.same_to:,} of branch "
            f"{difference.branch}, found at step {difference.other_at:,}: {difference.because}; open {name} partly "
            f"opens what is the same"
        )


def _install(session: "DebugSession", kept: KeptSession, recording: Recording, path: Path, partly: bool) -> StopView:
    session._take(recording, kept.recipe)
    session.lesson, session.file = kept.lesson, None if partly else path.resolve()
    if isinstance(kept.recipe, Loaded | WithDirectory):
        session.configuration = kept.recipe.plan
    session.breakpoints, session.logged, session.trail = Breakpoints(saved=dict(kept.sets)), {}, Trail()
    _listings(recording, kept)
    if kept.selected in [guest.name for guest in recording.system.guests]:
        session.select(kept.selected)
    session._changes.find_out()
    said = "; ".join(set_again(session, kept.stops, kept.logs))
    part = " as far as it is the same" if partly else ""
    return session.stop_view(f"{path.name} is open{part}{_of_lesson(kept)}{'; ' if said else ''}{said}")


def _of_lesson(kept: KeptSession) -> str:
    return f", a recording of lesson {kept.lesson}" if kept.lesson else ""


def _listings(recording: Recording, kept: KeptSession) -> None:
    """The programs of users who were given a deck."""
    known = recording.system.listings()
    for userid, program in kept.listings.items():
        if recording.system.cp is not None and known.get(userid) is not program:
            recording.system.put_deck(userid, program)
