"""Writing a session to a file: whole or not at all, and over nobody else's file."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from edu_hv.debugger.files.digest import digest_of, digest_of_seen
from edu_hv.debugger.files.format import MADE_BY, MOST_BYTES, MOST_LINES, decoded, encoded
from edu_hv.debugger.files.kept import MOST_UNITS, Digest, KeptBranch, KeptSession, KeptStop
from edu_hv.debugger.files.paths import file_path
from edu_hv.debugger.files.reading import MOST_CONTENTS, Reader
from edu_hv.debugger.files.records import records_of
from edu_hv.debugger.files.stop_lines import can_be_kept, log_operands
from edu_hv.debugger.recording.history import History
from edu_hv.debugger.recording.timetravel import Recording
from edu_hv.debugger.standing import NOTHING_LOADED
from edu_hv.debugger.stops.stop import Breakpoint
from edu_hv.isa.errors import UserError

if TYPE_CHECKING:
    from edu_hv.debugger.session import DebugSession

_DIGESTS = 12
"""Positions of a branch at which its state is compared when it is opened, besides its end."""


def save_session(session: "DebugSession", path: Path, replace: bool) -> Path:
    """Write the recording of a session to a file.  Raises UserError, with the file that was there still there."""
    target = file_path(path)
    data = recorded(session)
    _write(session, target, data, replace)
    session.file = target.resolve()
    return target


def recorded(session: "DebugSession") -> bytes:
    """A file of the recording.  Raises UserError for what is too large, or cannot be kept."""
    kept = kept_session(session)
    total = sum(branch.end for branch in kept.branches)
    if total > MOST_UNITS:
        raise UserError(f"the recording has {total:,} units; a file can keep {MOST_UNITS:,} at most")
    records = records_of(kept)
    contents = sum(int(record["length"]) for record in records if record["line"] == "contents")
    data = encoded(records)
    if len(data) > MOST_BYTES or len(records) >= MOST_LINES or contents > MOST_CONTENTS:
        raise UserError(
            f"the recording is too large for a file: it would have {len(data) >> 20:,} megabytes, with "
            f"{contents >> 20:,} of media; {MOST_BYTES >> 20} and {MOST_CONTENTS >> 20} can be kept"
        )
    _check(data)
    return data


def _check(data: bytes) -> None:
    """What was written can be read: no file is made that open would refuse."""
    try:
        Reader(MADE_BY, "the file").read(decoded(data, "the file")[1])
    except UserError as error:
        raise UserError(f"the recording cannot be kept in a file: {str(error).split(': ', 2)[-1]}") from None


def kept_session(session: "DebugSession") -> KeptSession:
    """All that a file keeps.  The session is left as it is."""
    recording, recipe = session.recording, session.recipe
    if recipe is None:
        raise UserError(NOTHING_LOADED)
    return KeptSession(
        MADE_BY,
        recipe,
        _branches(session),
        recording.branch,
        recording.unit,
        session.pinned,
        session.lesson,
        [_stop(session, each) for each in session.breakpoints.by_number.values()],
        [KeptStop((log_operands(each),), home=each.home) for each in session.logged.values()],
        {name: lines for name, lines in session.breakpoints.saved.items() if all(map(can_be_kept, lines))},
        session.system.listings() if session.system.cp is not None else {},
    )


def _stop(session: "DebugSession", stop: Breakpoint) -> KeptStop:
    """A stop; command lines of it that do more than look and run are left out."""
    lines = tuple(line for line in stop.lines() if can_be_kept(line))
    recording = session.recording
    for history in (recording.history, *recording.branches.values()):
        if stop.history is history:
            return KeptStop(lines, stop.since, history.name, stop.home)
    return KeptStop(lines, home=stop.home)


# ---- branches --------------------------------------------------------------------------------------------------------


def _branches(session: "DebugSession") -> list[KeptBranch]:
    """All branches, the one that was there first before the others."""
    recording = session.recording
    here, stands = recording.history, recording.unit
    every = sorted([here, *recording.branches.values()], key=lambda each: (each.fork, each.name))
    return [_kept(session, each, stands if each is here else each.stood_at) for each in every]


def _kept(session: "DebugSession", history: History, stood_at: int) -> KeptBranch:
    inputs = dict(history.journal.inputs)
    name, parent, because = history.name, history.parent, history.because
    digests = tuple(_digests(session, history))
    return KeptBranch(name, history.end, parent, history.fork, because, stood_at, inputs, dict(history.named), digests)


def _digests(session: "DebugSession", history: History) -> Iterator[Digest]:
    """Of some of the checkpoints there are, which costs no execution, and of the end."""
    start = max(history.boundaries[0], history.fork)
    known = history.checkpoints.stretches(history.end, start)[::-1] if start < history.end else []
    usable = [(unit, state) for unit, _, state in known if unit < history.end]
    every = max(len(usable) // _DIGESTS, 1)
    recording = session.recording
    here, stood_at = recording.history, recording.unit
    with recording.searching():
        recording.history = history
        try:
            for unit, state in usable[::every]:
                recording.system.restore(state)
                yield _digest(recording, unit)
            recording._stand_at(history.end)
            yield _digest(recording, history.end)
        finally:
            history.journal.went_to(stood_at if history is here else history.stood_at)
            recording.history = here


def _digest(recording: Recording, unit: int) -> Digest:
    """Of where the machine stands now."""
    system = recording.system
    return Digest(unit, recording.history.step_at(unit), digest_of_seen(system), digest_of(system.comparable()))


# ---- files -----------------------------------------------------------------------------------------------------------


def _write(session: "DebugSession", path: Path, data: bytes, replace: bool) -> None:
    try:
        target = path.resolve()
        if target.exists() and not target.is_file():
            raise UserError(f"{path} is no file that a recording can be written to")
        if target.exists() and not replace and target != session.file:
            raise UserError(
                f"{path} is there already, and is not this session's recording: give another name, or add replace"
            )
        _replace(target, data)
    except (OSError, ValueError, RuntimeError) as error:
        reason = str(getattr(error, "strerror", None) or error).lower()
        raise UserError(f"{path} cannot be written: {reason}; nothing is lost, the recording is still here") from error


def _replace(target: Path, data: bytes) -> None:
    """The new contents beside the old ones, and then in their place."""
    beside = target.with_name(f".{target.name[:100]}.{os.getpid()}.new")
    try:
        with beside.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(target)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
