"""Commands about files: recordings that are saved, opened and replayed, and what was typed as a script."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from edu_hv.debugger.commands.arguments import device_addresses, is_device, parse_device, parse_step, parse_word, short
from edu_hv.debugger.commands.files import file_names
from edu_hv.debugger.commands.machine import save_device
from edu_hv.debugger.commands.registry import Argument, command, split
from edu_hv.debugger.files.replay import next_input, previous_input, replay
from edu_hv.debugger.files.typed import write_script
from edu_hv.debugger.session import DebugSession
from edu_hv.debugger.views import StopView, TextView, View
from edu_hv.isa.errors import UserError

_REPLACE, _PARTLY, _LAST = "replace", "partly", "last"
_SHOWN = 40
"""Lines of the script that are shown."""


@dataclass(frozen=True)
class _Save:
    """What a line of save asks for."""

    name: str
    replace: bool = False
    device: int | None = None


def _parse_save(session: DebugSession, text: str) -> _Save:
    words = split(text)
    if len(words) == 2 and words[1].lower() != _REPLACE:
        return _Save(words[1], device=parse_device(session, words[0]))
    if len(words) > 2:
        raise UserError(f'save does not take "{short(words[2])}"; usage: save [ADDRESS] FILE [replace]')
    if not words[0]:
        raise UserError('a file has a name: "" is none')
    if is_device(words[0]):
        raise UserError(
            f'"{words[0]}" is a device: save {words[0]} FILE writes what is on it; save ./{words[0]} calls a '
            "recording so"
        )
    return _Save(words[0], len(words) == 2)


def _offer_save(session: DebugSession, text: str) -> Iterable[str]:
    if " " in text.strip() or text.endswith(" "):
        return [f"{_REPLACE}\ta file that is there already", *file_names(text)]
    devices = [f"{each.partition(chr(9))[0]}\twhat is on a device" for each in device_addresses(session)]
    return [*file_names(text), *devices]


@command(
    "save",
    Argument("[ADDRESS] FILE [replace]", _parse_save, None, True, None, rest=True, kind="file", offer=_offer_save),
    group="machine",
    examples=(
        "save lab.rec : the whole recording, into a file that open takes",
        "save : into the same file once more",
        "save lab.rec replace : over a file that is there already",
        "save 00D cards.deck : what was punched, into a file",
    ),
)
def save(session: DebugSession, asked: _Save | None) -> TextView:
    """Keep the recording in FILE: what was loaded, every input of every branch, marks, breakpoints, where you stand.

    The file is small: it says how to come to everything again, not what came of it.  It is written whole or not at all,
    and only over a file of this session, the one opened or saved last, unless the word replace stands behind its name.

    "save ADDRESS FILE" writes what is on a device of the bare machine: cards punched, lines printed, a tape in the
    format it was attached in, a disk pack.  A file that save has not written itself is then not replaced.
    """
    if asked is not None and asked.device is not None:
        return save_device(session, asked.device, asked.name)
    if asked is None and session.file is None:
        _ = session.system
        raise UserError("save needs the name of a file, such as save lab.rec")
    target = Path(asked.name) if asked is not None else session.file or Path()
    path = session.save(target, replace=asked is not None and asked.replace)
    return TextView((f"{_contents(session)} in {path.name}, {path.stat().st_size:,} bytes; open {path.name} opens it",))


def _contents(session: DebugSession) -> str:
    recording = session.recording
    every = [recording.history, *recording.branches.values()]
    inputs, steps = len(recording.journal.inputs), recording.total
    branches = f", {len(every):,} branches" if len(every) > 1 else ""
    return f"{steps:,} steps with {inputs:,} {'input' if inputs == 1 else 'inputs'}{branches} are"


@command(
    "open",
    Argument(
        "FILE",
        parse_word,
        kind="file",
        offer=lambda session, text: [f"{_LAST}\twhat was done before this", *file_names(text)],
    ),
    Argument("partly", parse_word, lambda session: (_PARTLY,), optional=True, kind="choice"),
    group="machine",
    examples=(
        "open lab.rec : the recording that was saved there, where it stood",
        "open last : what was done when a prompt or the screen was left last",
        "open lab.rec partly : of one that this version executes otherwise, what is the same",
    ),
)
def open_recording(session: DebugSession, name: str, how: str | None) -> StopView:
    """Take a recording from FILE in the place of what is loaded, with its branches, marks and breakpoints.

    Everything in it is executed again and compared on the way with what was recorded.  Where this version does
    something else than the one that made it, it says from which step on; "partly" opens what is before.  When a file is
    damaged it says where, and what was loaded before still is.  Ctrl-C stops it.
    """
    _only_partly(how)
    if name.lower() != _LAST or Path(name).exists() or session.last is None:
        return session.open(Path(name), partly=how is not None)
    if not session.last.exists():
        raise UserError("no session is kept yet: the last one is, when a prompt or the screen is left")
    opened, session.file = session.open(session.last, partly=how is not None), None  # save asks for a name.
    return opened


def _only_partly(how: str | None) -> None:
    if how is not None and how.lower() != _PARTLY:
        raise UserError(f'open does not take "{short(how)}"; open FILE partly opens what is the same')


# ---- replay ----------------------------------------------------------------------------------------------------------

_NEXT, _PREVIOUS, _TO = "next", "previous", "to"


def _parse_replay(session: DebugSession, text: str) -> list[str]:
    words = split(text)
    if words[0].lower() == _TO:
        if len(words) != 2:
            raise UserError("replay to needs a step: replay to 1200")
        _ = session.system
        return [_TO, str(parse_step(session, words[1]))]
    if len(words) > 1:
        raise UserError(f'replay does not take "{short(words[1])}"; usage: replay [FILE|next|previous|to STEP]')
    return words


def _offer_replay(session: DebugSession, text: str) -> Iterable[str]:
    own = (f"{_NEXT}\tup to the next input", f"{_PREVIOUS}\tback before the last input", f"{_TO}\ta step")
    return [*own, *file_names(text)] if " " not in text.lstrip() else []


@command(
    "replay",
    Argument("[FILE|next|previous|to STEP]", _parse_replay, None, True, (), rest=True, kind="file",
             offer=_offer_replay),
    group="run",
    examples=(
        "replay : from the start to the end: each input, and what the consoles showed",
        "replay next : from here up to the next input, and on from there",
        "replay previous : back before the last input",
        "replay to 1200 : from the start to step 1,200",
        "replay lab.rec : open it and stand at its start",
    ),
)  # fmt: skip
def replay_recording(session: DebugSession, words: Sequence[str]) -> Sequence[View]:
    """Play the recording from its start: each input, what the consoles showed, the marks, and where stops are met.

    You stand at its end then.  "replay next" goes on from where you are up to the next input, so that it can be shown
    one after the other; "replay previous" goes back before the last one.  With a FILE it is opened first.
    """
    match list(words):
        case []:
            return _from_start(session, session.recording.end)
        case [_, step]:
            return _from_start(session, session.recording.position_of_step(int(step)))
        case [word] if word.lower() == _NEXT:
            return replay(session, next_input(session))
        case [word] if word.lower() == _PREVIOUS:
            return [session._at(previous_input(session), "before the input")]
    opened = session.open(Path(words[0]))
    inputs = len(session.recording.journal.inputs)
    said = f"{inputs:,} {'input' if inputs == 1 else 'inputs'}; replay next goes to the next, replay plays all"
    return [TextView((opened.reason, said)), session.goto(0)]


def _from_start(session: DebugSession, unit: int) -> Sequence[View]:
    session.goto(0)
    return replay(session, unit)


# ---- what was typed --------------------------------------------------------------------------------------------------


@command(
    "script",
    Argument("FILE", parse_word, optional=True, kind="file", offer=lambda session, text: file_names(text)),
    Argument(_REPLACE, parse_word, lambda session: (_REPLACE,), optional=True, kind="choice"),
    group="machine",
    examples=(
        "script : the command lines of this session",
        "script lab.cmd : write them to a file; edu-hv run lab.cmd does the same again",
    ),
)
def script(session: DebugSession, name: str | None, how: str | None) -> TextView:
    """The command lines that were given in this session, or a FILE of them for "edu-hv run FILE" and "source FILE".

    What failed, and where another branch began, stands in it as a comment.  A file that is there already is only
    replaced with the word replace behind its name.
    """
    if how is not None and how.lower() != _REPLACE:
        raise UserError(f'script does not take "{short(how)}"; usage: script [FILE] [replace]')
    lines = session.typed.lines
    if name is None:
        more = (f"# and {len(lines) - _SHOWN:,} lines before",) if len(lines) > _SHOWN else ()
        return TextView((*more, *lines[-_SHOWN:]) or ("nothing was given yet",))
    path = write_script(session.typed, Path(name), how is not None)
    return TextView((f"{len(lines):,} lines are in {path.name}; edu-hv run {path.name} does the same again",))
