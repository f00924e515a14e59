"""Plain values to show.  A view holds what a face needs to draw and nothing of the machine.

Faces draw views; commands return them; tests compare them.  The text of each is made in `text`.
"""

from dataclasses import dataclass
from enum import Enum
from html import escape


class View:
    """What a command returns.  Subclasses are frozen dataclasses; `text` has a function for each.

    `str` of a view is its text, at most 79 columns wide; a notebook shows that, too.
    """

    __slots__ = ()

    def __str__(self) -> str:
        from edu_hv.debugger.text import as_lines

        return "\n".join(as_lines(self))

    def _repr_html_(self) -> str:
        return f"<pre>{escape(str(self))}</pre>"


class Layer(Enum):
    """Whose doing something is."""

    GUEST = "guest"
    HARDWARE = "hardware"
    CP = "CP"
    CHANNEL = "channel"
    USER = "you"


@dataclass(frozen=True, slots=True)
class ComparedValue:
    """A value as the guest sees it, as it is in the machine, and why they differ (or "same")."""

    name: str
    guest: str
    real: str
    why: str
    changed: bool = False
    """The guest's value was changed by the last step or stage."""
    real_changed: bool = False
    sentence: str = ""
    """The reason at length, where there is more room than a pane's 28 columns; "" when `why` says it all."""

    @property
    def differs(self) -> bool:
        """Whether the guest is shown something else than what is there."""
        return self.guest != self.real


@dataclass(frozen=True, slots=True)
class StatusView(View):
    """The top line: which guest, where in the recording, why it stopped, in which states."""

    guest: str
    """"CMS1"-like userid, or "bare" for the bare machine."""
    guests: tuple[str, ...]
    step: int
    total: int
    stop: str
    """Why the last command stopped, in words; never empty."""
    guest_state: str
    """"SUP", "PROB", "WAIT" or "CP" (stopped in CP mode)."""
    real_state: str
    running: str
    """What the real machine is doing: a guest's userid, "CP", "wait", "bare"."""
    stage: str
    """Within a trap: the title of the stage just done; else ""."""
    microseconds: int
    """Machine time."""
    branch: str = "main"
    """The branch of the recording."""


@dataclass(frozen=True, slots=True)
class CodeLine:
    """One instruction (or data) in the code pane."""

    address: int
    object_code: str
    """Hex digits as they are in storage now."""
    source: str
    """The source statement where storage still agrees with the listing, else a disassembly."""
    label: str = ""
    current: bool = False
    executed: bool = False
    breakpoint: bool = False
    trap: bool = False
    """The last step's trap was taken here."""
    note: str = ""
    """A few words: "TRAP 02", "privileged", "branch taken", "SVC 4"."""


@dataclass(frozen=True, slots=True)
class CodeView(View):
    """Code around the instruction to be executed next; `current` is its index in `lines`, or None."""

    guest: str
    lines: tuple[CodeLine, ...]
    current: int | None


@dataclass(frozen=True, slots=True)
class RegisterValue:
    """A register: name, 8 hex digits, and marks of the last step."""

    name: str
    value: str
    changed: bool = False
    read: bool = False


@dataclass(frozen=True, slots=True)
class RegistersView(View):
    """General registers of the selected guest, condition code, and control registers guest / real / why."""

    guest: str
    general: tuple[RegisterValue, ...]
    condition_code: str
    """"CC 2 high (C 3,LIMIT)": with its meaning for the instruction that set it where that is known."""
    control: tuple[ComparedValue, ...]


@dataclass(frozen=True, slots=True)
class PswView(View):
    """The PSW field by field: guest, real, why."""

    guest: str
    guest_psw: str
    """16 hex digits in two groups."""
    real_psw: str
    fields: tuple[ComparedValue, ...]


class StageState(Enum):
    """Where a stage of a trap stands."""

    DONE = "done"
    NOW = "now"
    TO_COME = "to come"


@dataclass(frozen=True, slots=True)
class StageView:
    """One of the stages of a trap.  `title` is a word ("guest", "hardware", "decode", "rule", "do", "run")."""

    number: int
    title: str
    state: StageState
    lines: tuple[str, ...]
    details: tuple[str, ...] = ()
    """More, one thing after the other, in the order in which it happened: fields of the PSWs, what comes next."""


@dataclass(frozen=True, slots=True)
class RuleView:
    """A rule that was tried: its question, and whether the answer was yes."""

    rule: str
    question: str
    fired: bool
    then: str
    source: str


@dataclass(frozen=True, slots=True)
class XrayView(View):
    """The trap in progress or, between traps, the last one.  Empty `stages` when there was none yet."""

    title: str
    stages: tuple[StageView, ...]
    rules: tuple[RuleView, ...]
    why: str
    in_progress: bool


@dataclass(frozen=True, slots=True)
class EffectView:
    """Something of the guest that a decision changed; `real` is what is in the real PSW for it, "" if nothing is."""

    name: str
    before: str
    after: str
    real: str = ""


@dataclass(frozen=True, slots=True)
class DecisionView(View):
    """One decision of CP: what trapped, the rule that fired, the rules that did not, what was done."""

    step: int
    guest: str
    trap: str
    rules: tuple[RuleView, ...]
    decision: str
    why: str
    effects: tuple[EffectView, ...] = ()
    """What it changed, in the order of their names' importance."""
    within: "tuple[DecisionView, ...]" = ()
    """The decisions that were made while it was carried out."""

    @property
    def rule(self) -> str:
        """Id of the rule that fired: "PRV-2"."""
        return next(rule.rule for rule in self.rules if rule.fired)


@dataclass(frozen=True, slots=True)
class ConsoleView(View):
    """Lines on a guest's console, oldest first."""

    guest: str
    lines: tuple[str, ...]
    by_cp: frozenset[int] = frozenset()
    """Which of the lines CP has written, by their places."""


@dataclass(frozen=True, slots=True)
class StorageRow:
    """16 bytes: the guest's address, the real one behind it, hex words, EBCDIC text, offsets changed last step."""

    address: int
    real: int | None
    words: tuple[str, ...]
    text: str
    changed: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class StorageView(View):
    """A piece of guest storage."""

    guest: str
    rows: tuple[StorageRow, ...]
    key: str
    places: tuple[str, ...] = ()
    """Under CP: where each of the guest's pages is: "page 012 is in the paging area, slot 7"."""


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One line of the journal, in words."""

    step: int
    layer: Layer
    text: str
    guest: str = ""


@dataclass(frozen=True, slots=True)
class LogView(View):
    """Journal entries, oldest first."""

    entries: tuple[LogEntry, ...]


@dataclass(frozen=True, slots=True)
class TimelineRow:
    """What one guest did in each bucket of a timeline; `-` where it did not have the CPU."""

    guest: str
    marks: str
    steps: int
    """So many of the steps shown were its."""


@dataclass(frozen=True, slots=True)
class TimelinePin:
    """A moment that was given a name, and its index in the marks of a timeline."""

    name: str
    step: int
    index: int


@dataclass(frozen=True, slots=True)
class TimelineView(View):
    """The recording as one line of characters, each the most remarkable thing in a bucket of steps.

    s supervisor state, . problem state, T trap to CP, i interruption that came by itself or on the bare machine, C CP,
    w wait, u input by you.
    """

    marks: str
    position: int
    """Index into `marks` of the current step; -1 when what is shown does not hold it."""
    step: int
    total: int
    first: int = 1
    """First and last step shown."""
    last: int = 0
    bucket: int = 1
    """Steps a character stands for; the last one perhaps for fewer."""
    zoomed: bool = False
    """What is shown follows the present position."""
    rows: tuple[TimelineRow, ...] = ()
    """For each guest that had the CPU, where they were asked for."""
    pins: tuple[TimelinePin, ...] = ()


@dataclass(frozen=True, slots=True)
class BreakpointView:
    """One breakpoint or watchpoint."""

    number: int
    address: int | None
    """Of the instruction; None of a stop that is set on something else."""
    label: str
    hits: int | None
    """How often it was met, from the start of the recording to here; None where counting would take too long."""
    kind: str = "breakpoint"
    what: str = ""
    """What it is set on: "on SVC 5"."""
    enabled: bool = True
    condition: str = ""
    options: tuple[str, ...] = ()
    """What else there is to it: "temporary", "ignored 3 times behind step 12"."""
    commands: tuple[str, ...] = ()
    set_at: int = 0
    """The step at which it was set."""


@dataclass(frozen=True, slots=True)
class BreakpointsView(View):
    """All breakpoints and watchpoints."""

    breakpoints: tuple[BreakpointView, ...]


@dataclass(frozen=True, slots=True)
class StopView(View):
    """What a step or run command did: where it stopped and why, the instruction, what changed, in one sentence."""

    step: int
    total: int
    reason: str
    sentence: str
    """"step 1204, SSM, trap privileged operation, simulated, guest mask 00, real mask unchanged, 07"."""


@dataclass(frozen=True, slots=True)
class TableView(View):
    """A small table for lists that have no pane of their own: guests, devices."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class TextView(View):
    """Plain lines: help, answers of CP commands, source listings."""

    lines: tuple[str, ...]
    title: str = ""
    lexer: str = ""
    """Name of the pygments lexer for the lines, or ""."""


@dataclass(frozen=True, slots=True)
class HelpEntry:
    """One command in a help list."""

    name: str
    usage: str
    summary: str
    group: str
    keys: str = ""


@dataclass(frozen=True, slots=True)
class HelpView(View):
    """Commands by group, or one command at length."""

    entries: tuple[HelpEntry, ...]
    text: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GoalView:
    """One goal of a lesson: its words, whether it is reached, and what was seen and expected when it is not."""

    number: int
    text: str
    done: bool
    seen: str = ""
    expected: str = ""
    look: str = ""


@dataclass(frozen=True, slots=True)
class LessonView(View):
    """The lesson being worked on: page, goals with live ticks, hints shown so far."""

    number: int
    name: str
    title: str
    page: tuple[str, ...]
    goals: tuple[GoalView, ...]
    hints: tuple[str, ...] = ()
    hints_left: int = 0
    done: bool = False
