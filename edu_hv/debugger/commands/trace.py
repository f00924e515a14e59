"""Commands for the recording as a whole: its timeline, its events, files of them."""

from collections.abc import Iterable
from pathlib import Path

from edu_hv.debugger.commands.arguments import MOST, guest_names, parse_number, parse_step, parse_word, rule_ids, short
from edu_hv.debugger.commands.registry import Argument, command, split
from edu_hv.debugger.session import DebugSession
from edu_hv.debugger.tracing.export import FORMATS, export_events, export_steps
from edu_hv.debugger.tracing.filters import KEYWORDS
from edu_hv.debugger.tracing.search import PAGE, trace, trace_before
from edu_hv.debugger.tracing.timeline import WIDTH, stretches, window_of
from edu_hv.debugger.tracing.views import StretchesView, TraceView
from edu_hv.debugger.views import StopView, TextView, TimelineView
from edu_hv.isa.errors import UserError

_GUEST_NAME = 9
"""Columns that the name of a guest takes before its row."""


def filter_words(session: DebugSession, text: str) -> Iterable[str]:
    """What may stand in a filter."""
    found = [f"{word}\t{meaning}" for word, meaning in KEYWORDS.items()]
    found += [f"{name}\tabout this guest" for name in guest_names(session)]
    return [*found, *(f"{rule}\tdecisions by this rule" for rule in rule_ids(session))]


def _filter(name: str) -> Argument:
    return Argument(name, parse_word, None, True, "", rest=True, kind="filter", offer=filter_words)


# ---- the timeline --------------------------------------------------------------------------------------------------

_TIMELINE = {
    "guests": "with a row for each guest",
    "words": "as stretches in words",
    "zoom in": "show a quarter of it, around the present",
    "zoom out": "show four times as much",
    "zoom all": "show all of it",
}


def _timeline_words(session: DebugSession, text: str) -> Iterable[str]:
    if text.lower().startswith("zoom "):
        return [f"{word.removeprefix('zoom ')}\t{meaning}" for word, meaning in _TIMELINE.items() if "zoom" in word]
    return [f"{word}\t{meaning}" for word, meaning in _TIMELINE.items() if " " not in word] + ["zoom\tin, out or all"]


@command(
    "timeline",
    Argument("[WIDTH|FROM TO|zoom in|zoom out]", parse_word, None, True, "", True, kind="steps", offer=_timeline_words),
    group="look",
    keys="+ -",
    examples=(
        "timeline : the whole recording as one line",
        "timeline 1200 1260 : the steps from 1200 to 1260",
        "timeline zoom in : a quarter of what is shown, around the present step",
        "timeline guests : a row for each guest: who had the CPU",
        "timeline words : the same in sentences",
    ),
)
def timeline(session: DebugSession, text: str) -> TimelineView | StretchesView:
    """The recording as one line, a character for each step or for some steps, with the place where you are.

    A character shows the most remarkable thing in its steps: u input by you, T trap to CP, i interruption, C CP,
    w wait, s supervisor state, . problem state.  "timeline 100" is at most 100 characters wide, "timeline 1200 1260"
    shows those steps, "timeline zoom in" and "zoom out" a part around the present step, from then on, and "zoom all"
    everything.  "timeline guests" adds a row for each guest, "timeline words" says it in sentences; both take FROM TO.
    """
    words, total = split(text), session.total
    kind = words.pop(0).lower() if words and words[0].lower() in ("guests", "words", "zoom") else ""
    if kind == "zoom":
        _zoom(session, words, total)
        return session.timeline(WIDTH)
    if not kind and len(words) == 1:
        return session.timeline(parse_number(session, words[0]))
    window, left = _window(session, words)
    if left:
        raise UserError(f'timeline does not take "{short(left[0])}"; try timeline, timeline 1 200, timeline zoom in')
    if kind == "words":
        return stretches(session, window)
    guests = kind == "guests"
    return session.timeline(WIDTH - guests * _GUEST_NAME, window, guests)


def _zoom(session: DebugSession, words: list[str], total: int) -> None:
    match [word.lower() for word in words]:
        case ["in"]:
            session.zoom.closer(total)
        case ["out"]:
            session.zoom.farther(total)
        case ["all"]:
            session.zoom.steps = 0
        case _:
            raise UserError("zoom goes in, out, or back to all: timeline zoom in")


def _window(session: DebugSession, words: list[str]) -> tuple[tuple[int, int] | None, list[str]]:
    """The steps that the first two words say, if they are steps, and the words behind them."""
    if len(words) < 2 or not all(_is_step(session, word) for word in words[:2]):
        return None, words
    first, last = parse_step(session, words[0]), parse_step(session, words[1])
    return window_of(session, first, last), words[2:]


def _is_step(session: DebugSession, word: str) -> bool:
    return word[0] in "0123456789+-" or word.lower() in ("start", "end", "here") or word in session.named_steps()


# ---- events --------------------------------------------------------------------------------------------------------


@command(
    "trace",
    _filter("[FROM TO] [COUNT] [FILTER]|more"),
    group="look",
    examples=(
        "trace : the last 20 events",
        "trace svc 5 : the last 20 SVCs 5",
        "trace 1200 1260 decision KERNEL : what CP decided about KERNEL in these steps",
        "trace more : the 20 before those",
    ),
)
def trace_(session: DebugSession, text: str) -> TraceView:
    """List events of the recording: the last 20 up to here, or of the steps FROM TO, that a FILTER describes.

    The FILTER is made of words, all of which must hold: trap, program 2, svc 5, external 80, io 009, ccw 009, PRV-2 or
    another rule, decision, dispatch, console HELLO, input, assist, wait, psw, the name of a guest, the name of an
    instruction that trapped (SSM); "not" before one of them excludes it; any other word is text of the log, and several
    stand in quotation marks.  "trace 50 svc" lists 50 of them, "trace more" those before the ones listed last.
    """
    _ = session.system
    if text.strip().lower() == "more":
        return trace_before(session)
    words = text.split()
    window, left = _window(session, words)
    count = PAGE
    if left and left[0].isdecimal():
        count = parse_number(session, left.pop(0))
    return trace(session, " ".join(left), window, min(count, MOST))


@command(
    "find",
    _filter("[FILTER]"),
    group="run",
    aliases=("/",),
    keys="/",
    repeats=True,
    examples=(
        "find svc 5 : go to the next SVC 5 of the recording",
        "find console HELLO : to where that is written next",
        "find input : to where something was given from outside next",
    ),
)
def find(session: DebugSession, text: str) -> StopView:
    """Go to the next event of the recording that the FILTER describes: "find svc 5", "find PRV-2", "find ccw 009".

    What the FILTER may be is told by help trace.  Without one the search before is repeated.  Only what is recorded is
    looked at; nothing new is executed.
    """
    _ = session.system
    return session.find(text)


@command(
    "findback",
    _filter("[FILTER]"),
    group="run",
    keys="\\",
    repeats=True,
    examples=("findback LPSW : go to the last LPSW that trapped, before here",),
)
def findback(session: DebugSession, text: str) -> StopView:
    """Go back to the last event before here that the FILTER describes: "findback LPSW", "findback input".

    What the FILTER may be is told by help trace.  Without one the search before is repeated, backwards.
    """
    _ = session.system
    return session.find(text, backwards=True)


# ---- files ---------------------------------------------------------------------------------------------------------


def _export_words(session: DebugSession, text: str) -> Iterable[str]:
    if " " not in text.lstrip():
        return [f"trace{ending}" for ending in FORMATS]
    more = ["steps\teach step with what it changed; FROM TO must follow", "replace\ta file that is there already"]
    return [*more, *filter_words(session, text)]


@command(
    "export",
    Argument("FILE [replace] [steps] [FROM TO] [FILTER]", parse_word, rest=True, kind="file", offer=_export_words),
    group="look",
    examples=(
        "export trace.html : all events, as a page for a browser",
        "export traps.jsonl 1200 1260 trap : the traps of these steps, a JSON object a line",
        "export part.txt steps 1200 1260 : each instruction of these steps and what it changed",
    ),
)
def export(session: DebugSession, text: str) -> TextView:
    """Write events of the recording to a file: as text (.txt), JSON lines (.jsonl) or a page for a browser (.html).

    Without FROM TO it is all that is recorded; the FILTER is as for trace.  With steps it is each step from FROM to TO
    in place of events: the instruction, the registers and the storage it changed; for that the steps are executed
    again, and you stay where you are.  A file that is there already, and was not written by export in this session, is
    only replaced when the word replace stands behind its name.
    """
    _ = session.system
    name, *words = _file_and_words(text)
    path, replace = Path(name).expanduser(), False
    if words and words[0].lower() == "replace":
        replace, words = True, words[1:]
    if words and words[0].lower() == "steps":
        count, what = _export_steps(session, path, words[1:], replace), "steps"
    else:
        window, left = _window(session, words)
        count, what = export_events(session, path, " ".join(left), window, replace), "events"
    return TextView((f"{count:,} {what if count != 1 else what[:-1]} written to {path}",))


def _file_and_words(text: str) -> list[str]:
    """The file's name, which may stand in quotation marks, and the words as they are written."""
    text = text.strip()
    if text.startswith('"') and '"' in text[1:]:
        name, _, rest = text[1:].partition('"')
        return [name, *rest.split()]
    return text.split()


def _export_steps(session: DebugSession, path: Path, words: list[str], replace: bool) -> int:
    window, left = _window(session, words)
    if window is None or left:
        raise UserError("steps needs the first and the last step, and nothing else: export trace.txt steps 1200 1260")
    return export_steps(session, path, window, replace)
