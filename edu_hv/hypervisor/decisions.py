"""What CP can decide, and the rules that decide it, as values.

A handler decides and changes nothing; `carry_out` changes.  A decision carries the rule that fired, the rules that
did not, and the reason, so that "why did that trap?" is answered by the object that acted.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from typing import Any, Generic, TypeVar

from edu_hv.machine.interruptions import Interruption

Subject = TypeVar("Subject")


@dataclass(frozen=True)
class Reflect:
    """Give the interruption to the guest: old PSW to its low storage, its new PSW becomes current."""

    interruption: Interruption

    def __str__(self) -> str:
        return f"reflect {self.interruption.words}"


@dataclass(frozen=True)
class Simulate:
    """Do to the virtual machine what the instruction would do to the real one."""

    mnemonic: str
    text: bytes

    def __str__(self) -> str:
        return f"simulate {self.mnemonic}"


@dataclass(frozen=True)
class SimulateIO:
    """Carry out an I/O instruction on a virtual device."""

    mnemonic: str
    text: bytes
    device: int

    def __str__(self) -> str:
        return f"simulate {self.mnemonic} {self.device:03X}"


class IOAction(Enum):
    """What CP does for an I/O instruction of a guest."""

    NOTHING = "do nothing"
    STORE_BUSY = "store the device's status with the busy bit"
    STORE_PROGRAM_CHECK = "store program check as status"
    INTERPRET = "interpret the channel program"
    START = "translate the channel program and queue it for the real device"
    GIVE_CSW = "store the pending CSW and clear it"
    ASK_DEVICE = "ask the device"
    ASK_REAL_DEVICE = "ask the real device"
    DISCONTINUE = "discontinue the operation and store its CSW"
    HALT = "halt the operation"
    STORE_CHANNEL_ID = "store the channel's identification"


@dataclass(frozen=True)
class AnswerIO:
    """What comes of an I/O instruction of a guest.  `cc` None: what is done gives the condition code."""

    action: IOAction
    cc: int | None = None

    def __str__(self) -> str:
        return self.action.value + ("" if self.cc is None else f", condition code {self.cc}")


@dataclass(frozen=True)
class AnswerDiagnose:
    """What comes of a DIAGNOSE: the condition code, and the number in the register that tells more; None: as it was."""

    cc: int | None = None
    code: int | None = None

    def __str__(self) -> str:
        parts = (("condition code", self.cc), ("return code", self.code))
        return ", ".join(f"{name} {value}" for name, value in parts if value is not None) or "go on"


class IOStep(Enum):
    """What the real I/O supervisor does with an operation."""

    QUEUE = "keep the operation in the queue"
    GIVE_UP = "give the operation up"
    START_AGAIN = "tell the status, and start the operation again"
    WAIT = "wait for the interruption"
    TELL_OWNER = "tell the status to the device's owner"
    KEEP_SENSE = "keep the sense bytes"
    DEVICE_END = "tell the status of the device"
    PASS_REQUEST = "pass the program-controlled interruption on"
    AWAIT_DEVICE_END = "wait for device end"
    READ_SENSE = "read the sense bytes"
    END = "end the operation"


@dataclass(frozen=True)
class OperationStep:
    """The next step of a real operation."""

    step: IOStep

    def __str__(self) -> str:
        return self.step.value


@dataclass(frozen=True)
class Hypercall:
    """DIAGNOSE: the guest asks CP for a service."""

    code: int
    text: bytes

    def __str__(self) -> str:
        return f"perform DIAGNOSE X'{self.code:02X}'"


@dataclass(frozen=True)
class EndTimeSlice:
    """The slice is used up: another guest's turn."""

    def __str__(self) -> str:
        return "end the time slice"


@dataclass(frozen=True)
class KeepInterruption:
    """A real I/O interruption belongs to a guest: make it pending on its virtual device."""

    userid: str
    device: int

    def __str__(self) -> str:
        return f"keep for {self.userid} as an interruption of {self.device:03X}"


@dataclass(frozen=True)
class PageIn:
    """The guest's page is not in real storage: bring it in, and let the guest wait for it."""

    page: int
    """Its number in the guest's storage."""

    def __str__(self) -> str:
        return f"bring page {self.page:03X} in"


@dataclass(frozen=True)
class PseudoPageFault:
    """Bring the page in, and tell the guest, which may do something else until then."""

    address: int

    def __str__(self) -> str:
        return f"bring page {self.address >> 12:03X} in, and tell the guest"


@dataclass(frozen=True)
class FillShadow:
    """Make a missing entry of the guest's shadow tables."""

    address: int
    """The guest-virtual address that was to be translated."""
    segment: bool
    """A segment-table entry with a new page table, not a page-table entry."""

    def __str__(self) -> str:
        what = "segment" if self.segment else "page"
        return f"make the shadow {what}-table entry for {self.address:06X}"


@dataclass(frozen=True)
class PagingDone:
    """CP's own paging operation has ended: whoever waits for the page goes on."""

    def __str__(self) -> str:
        return "end the page wait"


@dataclass(frozen=True)
class QueueExternal:
    """A real timer that CP set for a guest has run out: the condition is the guest's."""

    code: int
    mask: int

    def __str__(self) -> str:
        return f"make external {self.code:04X} pending"


@dataclass(frozen=True)
class TimerRequestsDue:
    """The time of the first timer request has come."""

    def __str__(self) -> str:
        return "do what is due at this time"


@dataclass(frozen=True)
class ServeDevice:
    """A real I/O interruption of an operation that CP started and that is no guest's alone: go on with the device."""

    device: int

    def __str__(self) -> str:
        return f"go on with the real device {self.device:03X}"


@dataclass(frozen=True)
class TraceStop:
    """CP itself asked for this event: ADSTOP, TRACE or PER of the guest's operator."""

    what: str
    text: bytes = b""

    def __str__(self) -> str:
        return self.what


@dataclass(frozen=True)
class AbendCP:
    """CP itself has failed: it ends with a dump, and everything with it."""

    code: str
    """PRG and the number of the program interruption."""

    def __str__(self) -> str:
        return f"CP ABEND {self.code}"


@dataclass(frozen=True)
class Ignore:
    """Nothing is to be done for a guest."""

    def __str__(self) -> str:
        return "ignore"


@dataclass(frozen=True)
class Deliver:
    """A virtual interruption that was pending is now allowed by the virtual PSW."""

    interruption: Interruption

    def __str__(self) -> str:
        return f"deliver {self.interruption.words}"


@dataclass(frozen=True)
class EnterConsoleFunction:
    """Stop the guest and put it into CP mode with a message."""

    message: str

    def __str__(self) -> str:
        return f"enter CP mode: {self.message}"


@dataclass(frozen=True)
class Run:
    """Let the guest run: build the real PSW and load it."""

    userid: str

    def __str__(self) -> str:
        return f"dispatch {self.userid}"


@dataclass(frozen=True)
class Idle:
    """No guest can run: the real machine waits."""

    def __str__(self) -> str:
        return "load a wait PSW"


@dataclass(frozen=True)
class GrantLink:
    """Give a link to a minidisk."""

    read_only: bool

    def __str__(self) -> str:
        return f"link {'R/O' if self.read_only else 'R/W'}"


@dataclass(frozen=True)
class RefuseLink:
    """Give no link to a minidisk: the number and the text of CP's message."""

    number: int
    text: str

    def __str__(self) -> str:
        return f"refuse with message {self.number:03}E"


@dataclass(frozen=True)
class SpoolDecision:
    """What a read is told when the reader has no card left, or where a spool file goes that is closed."""

    outcome: Enum

    def __str__(self) -> str:
        return str(self.outcome.value)


Decision = (
    Reflect
    | Simulate
    | SimulateIO
    | AnswerIO
    | AnswerDiagnose
    | OperationStep
    | Hypercall
    | EndTimeSlice
    | KeepInterruption
    | PageIn
    | PseudoPageFault
    | FillShadow
    | PagingDone
    | QueueExternal
    | TimerRequestsDue
    | ServeDevice
    | TraceStop
    | AbendCP
    | Ignore
    | Deliver
    | EnterConsoleFunction
    | Run
    | Idle
    | GrantLink
    | RefuseLink
    | SpoolDecision
)


@dataclass(frozen=True)
class Rule(Generic[Subject]):
    """One question CP asks, and what it decides when the answer is yes.

    `then` says the decision in words even when the rule does not fire; `why` is the reason given when it does.
    """

    id: str
    question: str
    then: str
    why: str | Callable[[Subject], str]
    source: str
    applies: Callable[[Subject], bool]
    decide: Callable[[Subject], Decision]


@dataclass(frozen=True)
class RuleTried:
    """A rule as it was tried on one occasion."""

    id: str
    question: str
    then: str
    source: str
    fired: bool


@dataclass(frozen=True)
class Verdict:
    """The decision, and how it was come to: rules in the order tried, the last of which fired."""

    decision: Decision
    why: str
    tried: tuple[RuleTried, ...]

    @property
    def rule(self) -> RuleTried:
        """The rule that fired."""
        return next(rule for rule in self.tried if rule.fired)


_SUSPENDED: set[str] = set()
"""Rules that do not fire, by id."""


@contextmanager
def without(rule: str) -> Iterator[None]:
    """Inside, CP decides as if it had no rule of that id: to see what it is good for."""
    _SUSPENDED.add(rule)
    try:
        yield
    finally:
        _SUSPENDED.discard(rule)


def decide(rules: Sequence[Rule[Subject]], subject: Subject) -> Verdict:
    """Ask the rules in order; the first whose answer is yes decides.

    The rest are not asked, but the next one is listed as not having fired, to show what the alternative was.
    """
    for index, rule in enumerate(rules):
        if rule.applies(subject) and rule.id not in _SUSPENDED:
            why = rule.why if isinstance(rule.why, str) else rule.why(subject)
            return Verdict(rule.decide(subject), why, _tried(rules, index))
    raise AssertionError("the last rule of a table applies always")


_TRIED: dict[tuple[int, int], tuple[Sequence[Rule[Any]], tuple[RuleTried, ...]]] = {}
"""What is said of a table whose rule of that number has fired, with the table: it is always the same."""


def _tried(rules: Sequence[Rule[Any]], fired: int) -> tuple[RuleTried, ...]:
    known = _TRIED.get((id(rules), fired))
    if known is None or known[0] is not rules:
        asked = rules[: max(fired, 1) + 1]
        tried = tuple(RuleTried(r.id, r.question, r.then, r.source, n == fired) for n, r in enumerate(asked))
        known = _TRIED[id(rules), fired] = rules, tried
    return known[1]


# ---- what CP tells an observer ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Decoded:
    """CP saved the guest's registers and fetched the instruction that trapped; `operand` describes its operand."""

    userid: str
    text: bytes
    operand: str


@dataclass(frozen=True, slots=True)
class Effect:
    """A value of the virtual machine that carrying out a decision changed."""

    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class DecisionTaken:
    """CP decided.  `userid` is the guest concerned; `trap` the interruption it answers; `mnemonic` "" if none."""

    userid: str
    trap: Interruption | None
    mnemonic: str
    verdict: Verdict
    within: bool = False
    """Within another decision that is being carried out, or within a command."""


@dataclass(frozen=True, slots=True)
class DecisionCarriedOut:
    """What a decision changed in the virtual machine."""

    userid: str
    verdict: Verdict
    effects: tuple[Effect, ...]


@dataclass(frozen=True, slots=True)
class Dispatched:
    """The real PSW was built and loaded; the guest runs."""

    userid: str
    real_psw: bytes


@dataclass(frozen=True, slots=True)
class ConsoleLine:
    """A line appeared on a guest's terminal; `cp` says whether CP wrote it rather than the guest."""

    userid: str
    text: str
    cp: bool
