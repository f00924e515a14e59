"""Topics of help: what does not belong to one command.  What can be made of the registry is made of it."""

from collections.abc import Callable, Iterable

from edu_hv.debugger.commands.equivalents import PAIRS
from edu_hv.debugger.commands.registry import REGISTRY, Command
from edu_hv.debugger.examining import HOW, UNITS
from edu_hv.debugger.psw_fields import FIELDS
from edu_hv.debugger.views import TableView, TextView, View

MARKS = (
    "> next to be executed, or the stage of a trap that was done last",
    "! a trap was taken here by the last step",
    ". executed before",
    "B breakpoint",
    "* changed by the last step or stage",
    "< read by the last step",
    "same, differs: whether the guest is shown what is really in the machine",
)

_MOVING = (
    "A step is one instruction, or an interruption with all that follows from it.  Each verb forwards has a twin that",
    "goes back, exactly:",
)
_LOOKING = ("Looking changes nothing: no page is brought in, no reference bit is set.",)
_STOPS = (
    "run goes on until a stop, or until nothing can go on; runback goes back to the last stop that was passed.",
    "Everything else that ends a run is a verb of its own: trap, decision, output, until.",
)
_TIME = (
    "Everything that happens is recorded from load on: going back is exact, whatever came between.",
    "Positions are steps: goto 0 is the state that was loaded.  status tells where one is: step N of total.",
    "What comes from outside (enter, cp, key, set, store, mount, logon) is part of the recording.  Given in the past",
    "it begins another future.  What only looks does not.",
)
_XRAY = (
    "A trap is not one step but up to six stages: guest, hardware, decode, rule, do, run.",
    "stage does the next one, unstage undoes it; trap runs to the first stage of the next trap, untrap goes back to",
    "that of the trap before.  xray shows the trap as far as it has come, with the rules of CP that were tried.",
    "why shows the last decisions; counters how often each rule fired.",
)
_CP = (
    "load cp kernel second loads two guests under CP; system my.direct starts CP with a directory of users.",
    "cp COMMAND gives CP a command as the selected guest's operator; most of CP's words can be typed without cp in",
    "front: help dialects has the rule.  help cp lists CP's commands, help cp query is about one.",
    "select chooses the guest; select auto follows whichever runs.",
)
_EXPRESSIONS = (
    "print, x, set, display/x and the conditions of stops compute expressions:",
    "  $r5 + 4: R5, GR5 and $r5 are register 5; $cr0 is a control register, $fpr0 a floating-point one",
    f"  psw.cc == 2: fields of the PSW, also as $cc: {', '.join(FIELDS)}",
    "  [2000] & FF: the word in storage at 2000; [2000].b a byte, .h a halfword, .g a doubleword, .3 three bytes",
    "  *TABLE: the word at a label; TABLE alone is its address",
    "  real[28].g: storage of the real machine; real.psw.cc, real.cr0 and real.r5 are of the real machine, too",
    '  guest == "KERNEL": the selected guest; step is the number of the step',
    "Numbers are hexadecimal; F'100' and 0n100 are decimal, B'101' binary, C'AB' EBCDIC characters.  A hexadecimal",
    "number that begins with a letter and is also a name (CC, DA) is the name: put a 0 in front.",
    "A word is the label of a statement, else a register, another symbol, a PSW field, a number; with $ in front it is",
    "a register or a field whatever the program has.",
    "Operators, closest first: - ~ ! * in front; * / %; + -; << >>; &; ^; |; == != < <= > >=; &&; ||.",
)
_ADDRESSES = (
    "An address is hexadecimal (12330, X'12330', 0x12330), a label, label+hex, R5 for what register 5 points at, or a",
    "full stop for the next instruction.  It is an address of the selected guest: its real storage, as the guest sees",
    "it.",
    "A word that is both a label and a number is the label; R5 is the register even where the program has equated it.",
    "storage, x and DISPLAY show guest storage; real shows the real machine's.",
    "Numbers of steps, counts and lengths are decimal.",
)
_RECORDINGS = (
    "A recording follows from what was loaded and from the inputs given: it is the same each time.",
    "log shows what happened, timeline the recording as one line; goto and back go anywhere in it.",
    "save FILE keeps it in a small file: what was loaded and what was given, every branch, marks and breakpoints; open",
    "FILE executes it again and compares on the way.  replay shows each input and what the consoles showed after it.",
    "script FILE writes what was typed, for edu-hv run; export FILE writes the trace.",
)
_LESSONS = (
    "lessons lists them, lesson 1 opens the first.  goals shows what is to be reached, check why a goal is not",
    "reached, hint the next hint, answer gives an answer, restart begins again.  edit and reload change the lesson's",
    "program.",
)
_FORMATS = (
    "A format stands behind a slash: x/8xw 2000, print/d $r5.  First a count, then how, then the unit; all can be left",
    "out.",
    *(f"  {letter}: {words}" for letter, words in HOW.items()),
    *(f"  {letter}: {words}" for letter, words in UNITS.items()),
)


def _paragraphs(lines: Iterable[str]) -> tuple[str, ...]:
    """Lines put together up to the end of a sentence; those that begin with blanks stand alone."""
    found: list[str] = []
    goes_on = False
    for line in lines:
        if goes_on:
            found[-1] = f"{found[-1]} {line}"
        else:
            found.append(line)
        goes_on = not line.startswith(" ") and not found[-1].startswith(" ") and line[-1] not in ".:"
    return tuple(found)


def _of_group(*groups: str) -> tuple[str, ...]:
    return tuple(_line(c) for c in REGISTRY.commands.values() if c.group in groups)


def _line(command: Command) -> str:
    return f"  {command.usage}: {command.summary}"


def _named(*names: str) -> tuple[str, ...]:
    """Those of the commands that there are."""
    return tuple(_line(REGISTRY.commands[name]) for name in names if name in REGISTRY.commands)


_RULE = (
    "Whose a line is:",
    "1. cp in front: CP's.",
    "2. A word in CAPITALS that CP knows is CP's: TRACE PRIV, SET ECMODE ON, Q NAMES, B.",
    "3. A word that names a command of the debugger is the debugger's, unless it takes no operands and there are some",
    "(q names), or they can only be CP's (set ecmode on, d 200.20, system reset).",
    "4. Another word that CP knows is CP's, in small letters too: begin, query names, per g5.",
    "In small letters d is differs, q quit, b break, trace the log of events; D, Q, B and TRACE are CP's.",
    "On the bare machine DISPLAY, STORE, ADSTOP, BEGIN, EXTERNAL, REQUEST, IPL, TRACE PRIV, PER G5 do what",
    "they do to a guest of CP.",
    "dialect both shows behind each line how the other dialect says it.",
)


def _dialects() -> list[View]:
    rows = tuple((pair.what, pair.gdb, pair.cp) for pair in PAIRS)
    rule = TextView(_paragraphs(_RULE), "dialects")
    return [rule, TableView("the same in both", ("what", "gdb", "CP"), rows)]


_TEXTS: dict[str, Callable[[], Iterable[str]]] = {
    "moving": lambda: (*_MOVING, *_of_group("run")),
    "looking": lambda: (*_LOOKING, *_of_group("look")),
    "stops": lambda: (*_STOPS, *_of_group("breakpoints", "stops")),
    "time travel": lambda: (
        *_TIME,
        *_named("back", "goto", "unstage", "untrap", "runback", "marks", "mark", "branches"),
    ),
    "x-ray": lambda: (*_XRAY, *_named("stage", "unstage", "trap", "untrap", "xray", "why", "counters")),
    "cp": lambda: _CP,
    "expressions": lambda: _EXPRESSIONS,
    "formats": lambda: _FORMATS,
    "addresses": lambda: _ADDRESSES,
    "marks": lambda: (f"  {line}" for line in MARKS),
    "recordings": lambda: _RECORDINGS,
    "lessons": lambda: _LESSONS,
}
_SUMMARIES = {
    "moving": "stepping and running, forwards and back", "looking": "everything that is looked at",
    "stops": "what ends a run", "time travel": "how going back works", "x-ray": "a trap, stage by stage",
    "cp": "CP, its guests and its commands", "expressions": "what print, x, set and conditions compute",
    "formats": "the letters of x/8xw and print/d", "addresses": "how an address is written",
    "marks": "> ! . B * and < before a line", "dialects": "gdb's words and CP's, side by side",
    "recordings": "what is recorded", "lessons": "the guided lessons",
}  # fmt: skip
TOPICS = tuple(_SUMMARIES)
"""The topics, in the order in which they are listed."""


def is_topic(word: str) -> bool:
    """Whether there is a topic of that name; xray and time-travel are written so, too."""
    return _plain(word) in {_plain(topic) for topic in TOPICS}


def _plain(word: str) -> str:
    return word.lower().replace("-", "").replace(" ", "")


def topic_view(word: str) -> list[View]:
    """The text of a topic that there is."""
    topic = next(each for each in TOPICS if _plain(each) == _plain(word))
    return _dialects() if topic == "dialects" else [TextView(_paragraphs(_TEXTS[topic]()), topic)]


def topic_lines(word: str) -> tuple[str, ...]:
    """The same as lines, for the help of a command of that name."""
    return tuple(line for view in topic_view(word) if isinstance(view, TextView) for line in view.lines)


def topic_list() -> TableView:
    """All topics with what they are about."""
    return TableView("topics of help", ("topic", "about"), tuple(_SUMMARIES.items()))


def topics_with(word: str) -> list[tuple[str, str]]:
    """The topics that speak of a word."""
    return [(topic, about) for topic, about in _SUMMARIES.items() if word in _searched(topic).lower()]


def _searched(topic: str) -> str:
    own = _TEXTS[topic]() if topic in _TEXTS else (f"{pair.what} {pair.gdb} {pair.cp}" for pair in PAIRS)
    return " ".join((topic, _SUMMARIES[topic], *own))
