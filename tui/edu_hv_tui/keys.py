"""Every key in one table: what it runs, what the footer and the help say of it.

A key either runs a command line of the debugger's registry, and is echoed with it, or does something to the screen.
In a line `{cursor}` is the address under the cursor of the code pane, `{thing}` what is under the cursor of the pane
with the focus, `{explain}` the line that explains it, `{guest}` the next guest, `{new}` a name for a mark and `{mark}`
the mark to return to.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from textual.binding import Binding

from edu_hv_tui.text.rows import Row, Span, row


@dataclass(frozen=True)
class Key:
    """One key: Textual's names for it, how it is written, and what it does."""

    name: str
    keys: tuple[str, ...]
    shown: str
    summary: str
    line: str = ""
    """The command line; empty for what only the screen does."""
    action: str = ""
    """The screen's action, where there is no command line."""

    @property
    def words(self) -> str:
        """The command line as it is explained: "until ADDRESS"."""
        return self.line.format(**WORDS)


WORDS = {
    "cursor": "ADDRESS",
    "thing": "WHAT",
    "explain": "explain",
    "guest": "GUEST",
    "new": "NAME",
    "mark": "NAME",
}
"""What stands in the lines for what is known only when the key is pressed."""


KEYS = (
    Key("step", ("s", "f10", "f11"), "s", "one step of the guest", line="step"),
    Key("back", ("S",), "S", "one step back", line="back"),
    Key("over", ("n",), "n", "one step, and all that it calls", line="over"),
    Key("unover", ("N",), "N", "back one step, or to the call that has returned", line="unover"),
    Key("out", ("o",), "o", "out of the routine, or the interruption's handler", line="out"),
    Key("unout", ("O",), "O", "back to where the routine was called", line="unout"),
    Key("stage", ("x",), "x", "next stage inside a trap", line="stage"),
    Key("unstage", ("X",), "X", "previous stage inside a trap", line="unstage"),
    Key("trap", ("t",), "t", "run to the next trap", line="trap"),
    Key("untrap", ("T",), "T", "back to the previous trap", line="untrap"),
    Key("run", ("c", "f5"), "c", "run until something stops it", line="run"),
    Key("runback", ("C",), "C", "run back", line="runback"),
    Key("until", ("u",), "u", "run until the line under the cursor", line="until {cursor}"),
    Key("since", ("U",), "U", "back to the line under the cursor", line="since {cursor}"),
    Key("output", ("p",), "p", "run until something is printed on a console", line="output"),
    Key("unoutput", ("P",), "P", "back to what was printed before", line="unoutput"),
    Key("break", ("b",), "b", "breakpoint on the line under the cursor, or not", line="break {cursor}"),
    Key("who", ("w",), "w", "who wrote the thing under the cursor", line="who {thing}"),
    Key("jump", ("j",), "j", "go to the write that who named", line="jump"),
    Key("unjump", ("J",), "J", "return from there", line="unjump"),
    Key("follow", ("f",), "f", "who wrote what that was made of", line="follow"),
    Key("unfollow", ("F",), "F", "the answer before", line="unfollow"),
    Key("explain", ("e",), "e", "explain the next instruction, or the thing under the cursor", line="{explain}"),
    Key("why", ("y",), "y", "why: the last decision of CP", line="why"),
    Key("differs", ("d",), "d", "only what differs between guest and machine", line="differs"),
    Key("whatif", ("equals_sign",), "=", "what if: the next steps otherwise, and compared", action="ask('whatif ')"),
    Key("mark", ("m",), "m", "mark this moment", line="mark {new}"),
    Key("return", ("apostrophe",), "'", "return to the last mark; again: to the one before", line="goto {mark}"),
    Key("start", ("less_than_sign",), "<", "to the start of the recording", line="goto start"),
    Key("end", ("greater_than_sign",), ">", "to the end of the recording", line="goto end"),
    Key("closer", ("plus",), "+", "zoom the timeline in", line="timeline zoom in"),
    Key("farther", ("minus",), "-", "zoom the timeline out", line="timeline zoom out"),
    Key("find", ("slash",), "/", "find in the trace: type a filter", action="ask('find ')"),
    Key("findback", ("backslash",), "\\", "find backwards", action="ask('findback ')"),
    Key("select", ("v",), "v", "select the next guest", line="select {guest}"),
    Key("check", ("k",), "k", "check the lesson's goals", line="check"),
    Key("hint", ("h",), "h", "a hint", line="hint"),
    Key("goals", ("g",), "g", "the lesson's goals", line="goals"),
    Key("answer", ("a",), "a", "answer the lesson's question: type the word", action="ask('answer ')"),
    Key("restart", ("r",), "r", "restart the lesson", line="restart"),
    Key("previous", ("left_square_bracket",), "[", "previous lesson", line="previous"),
    Key("next", ("right_square_bracket",), "]", "next lesson", line="next"),
    Key("code", ("1",), "1", "code", action="pane('1')"),
    Key("registers", ("2",), "2", "registers", action="pane('2')"),
    Key("xray", ("3",), "3", "trap x-ray", action="pane('3')"),
    Key("psw", ("4",), "4", "PSW: guest, real, why", action="pane('4')"),
    Key("lesson", ("5",), "5", "lesson", action="pane('5')"),
    Key("storage", ("6",), "6", "storage", action="pane('6')"),
    Key("log", ("7",), "7", "log", action="pane('7')"),
    Key("commands", ("8",), "8", "commands and their answers", action="pane('8')"),
    Key("console", ("9",), "9", "the guest's console", action="pane('9')"),
    Key("zoom", ("z",), "z", "the pane alone on the screen, and back", action="zoom"),
    Key("prompt", ("colon",), ":", "type a command (tab completes, up and down recall)", action="prompt"),
    Key("palette", ("ctrl+p", "number_sign"), "ctrl+p", "commands to search and choose from", action="palette"),
    Key("stop", ("ctrl+c",), "ctrl+c", "stop a run, also from the command line", action="stop"),
    Key("escape", ("escape",), "esc", "stop a run; leave the command line; the usual panes again", action="leave"),
    Key("theme", ("ctrl+t",), "ctrl+t", "next theme: dark, light, high contrast", action="theme"),
    Key("help", ("question_mark", "f1"), "?", "help", action="help"),
    Key("quit", ("q", "ctrl+q"), "q", "quit; progress is kept", action="quit"),
)

ALSO = {"number_sign": "#"}
"""Second keys, by Textual's names, as they are written."""

TO_PROMPT = ("prompt", "ask")
"""Actions that lead to the command line."""

AT_ONCE = (*TO_PROMPT, "stop")
"""Actions whose keys mean the same wherever the focus is."""

BY_NAME = {key.name: key for key in KEYS}

Item = tuple[str, str]
"""Keys as shown, and the words behind them."""

NARROW: tuple[Item, ...] = (
    ("s", "step"),
    ("S", "back"),
    ("x/X", "stage"),
    ("t/T", "trap"),
    ("c", "run"),
    ("w", "who"),
    ("5", "lesson"),
    (":", "command"),
)
"""The one row of a low screen.  `? help` is added at its end and never left out."""

MORE: tuple[Item, ...] = (
    ("s/S", "step/back"),
    ("n/N", "over"),
    ("x/X", "stage"),
    ("t/T", "trap"),
    ("c/C", "run"),
    ("u", "until cursor"),
    ("b", "break"),
    ("w", "who wrote"),
    ("e", "explain"),
    (":", "command"),
    ("k", "check"),
    ("h", "hint"),
    ("a", "answer"),
    ("1-9", "pane"),
    ("z", "zoom"),
    ("#", "list"),
    ("y", "why"),
    ("d", "differs"),
    ("m '", "mark/return"),
    ("/", "find"),
    ("[ ]", "lessons"),
    ("q", "quit"),
    ("v", "next guest"),
    ("o/O", "out"),
    ("p/P", "printed"),
    ("r", "restart"),
    ("ctrl+t", "theme"),
)
"""Two rows of a high screen, filled in this order.  A capital letter goes the other way."""

TYPING: tuple[Item, ...] = (
    ("enter", "run it"),
    ("tab", "complete"),
    ("up/down", "recall"),
    ("esc", "back to the keys"),
)
LAST: Item = ("?", "help")
RUNNING: tuple[Item, ...] = (("esc/ctrl+c", "stop"), ("9", "console"))


def bindings() -> list[Binding]:
    """The table as Textual wants it.  The footer is our own, so nothing is shown by Textual.

    Keys that lead to the command line take effect before the next key is looked at: a whole line may come in one burst.
    The key that stops a run is looked at before the command line sees it.
    """
    return [
        Binding(
            ",".join(key.keys),
            key.action or f"key('{key.name}')",
            key.summary,
            show=False,
            id=key.name,
            priority=key.action.startswith(AT_ONCE),
        )
        for key in KEYS
    ]


def footer_rows(width: int, rows: int, typing: bool = False, running: bool = False, typed: str = "") -> list[Row]:
    """The footer: whole entries only, as many as fit, the last of them `? help`.

    `typed`: the newest line of a console that is not in sight, during a run.
    """
    if running:
        lines = [row(*_line(RUNNING, width, last=()), ("   " + typed if typed else "", "guest"))]
    elif typing:
        lines = [_line(TYPING, width, last=())]
    elif rows == 1:
        lines = [_line(NARROW, width, LAST)]
    else:
        first = _fitting(MORE, width)
        lines = [_line(MORE[:first], width, last=()), _line(MORE[first:], width, LAST)]
    return [*lines, *[row()] * (rows - len(lines))]


def _fitting(items: Sequence[Item], width: int) -> int:
    """How many items fit."""
    count, used = 0, 1
    for keys, words in items:
        used += len(keys) + len(words) + 3
        if used - 2 > width:
            break
        count += 1
    return count


def _line(items: Sequence[Item], width: int, last: Item | tuple[()]) -> Row:
    room = width - (len(last[0]) + len(last[1]) + 3 if last else 0)
    shown = [*items[: _fitting(items, room)], *([last] if last else [])]
    return row(" ", *_spans(shown))


def _spans(items: Sequence[Item]) -> Iterator[Span]:
    for index, (keys, words) in enumerate(items):
        yield ("  " if index else ""), "text"
        yield keys, "key"
        yield " " + words, "text"
