"""Words for a lesson's check.py: what has to be so, in the machine or in its trace, for a goal to be reached.

A check looks at a `DebugSession` through plain values and says what it saw, what it expected and where to look:

    GOALS = [
        Goal("loop", reached("LOOP")),
        Goal("sum", (register(3) == 150) & waiting()),
    ]
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from edu_hv.debugger.session import DebugSession


# ---- what a check is given and gives ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Move:
    """One command the student ran: its full name, the line, and the step number before and after it."""

    command: str
    line: str
    before: int
    after: int
    in_trap: bool = False
    """Whether it began in the middle of a trap."""


@dataclass(frozen=True)
class Evidence:
    """All a check may look at: the machine, what the student did, and what he answered (word by goal id)."""

    session: "DebugSession"
    moves: Sequence[Move] = ()
    answers: Mapping[str, str] = field(default_factory=dict)
    goal: str = ""
    """Id of the goal being checked."""
    consoles: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """What the console showed when the program had stopped for good, by "bare" and "cp"."""
    done: frozenset[str] = frozenset()
    """Ids of the goals reached by earlier commands."""


@dataclass(frozen=True)
class Finding:
    """Whether a goal is reached; if not, what was seen, what was expected, and where to look."""

    done: bool
    seen: str = ""
    expected: str = ""
    look: str = ""
    note: str = ""
    """Something to say when it is reached: a prediction beside what happened."""


@dataclass(frozen=True)
class Check:
    """A condition that can be looked up at any time.

    `a & b` needs both, `a | b` one of them; `check.look("...")` says where to look when it fails.
    """

    find: Callable[[Evidence], Finding]

    def __and__(self, other: "Check") -> "Check":
        return all_of(self, other)

    def __or__(self, other: "Check") -> "Check":
        return any_of(self, other)

    def look(self, where: str) -> "Check":
        """The same check, pointing to `where` when it fails."""
        return Check(lambda evidence: replace(self.find(evidence), look=where))


@dataclass(frozen=True)
class Question(Check):
    """A check that the student's answer decides.

    `when` must hold for the answer to be taken; `words` are the answers offered (empty: any); `wrong` says of a wrong
    answer which misunderstanding it shows.
    """

    when: Check | None = None
    words: tuple[str, ...] = ()
    wrong: Mapping[str, str] = field(default_factory=dict)

    @property
    def prediction(self) -> bool:
        """Whether the machine answers it later."""
        return isinstance(self, Prediction)

    def take(self, word: str) -> str | None:
        """The answer as it is offered, or as it was given where any is taken; None when it is not among those."""
        offered = (offer for offer in self.words if canonical(offer) == canonical(word))
        return next(offered, None) if self.words else word

    def unanswered(self, evidence: Evidence) -> Finding:
        """What to say while there is no answer: first be where it can be given, then give it."""
        here = self.when.find(evidence) if self.when else Finding(True)
        if not here.done:
            return replace(here, seen=f"no answer yet; {here.seen}", expected=f"an answer, with {here.expected}")
        offered = f"one of: {', '.join(self.words)}" if self.words else "a word"
        return Finding(False, "no answer yet", f"`answer` and {offered}", "the question of this goal")

    def remark(self, word: str) -> str:
        """What a wrong answer shows."""
        return next((text for key, text in self.wrong.items() if canonical(key) == canonical(word)), "")


@dataclass(frozen=True)
class Prediction(Question):
    """A question that the machine answers: compared with `actual` as soon as `until` holds.

    `at_once`: the goal is reached by the prediction itself, and the comparison is told when its moment comes.
    """

    actual: "Value" = field(kw_only=True)
    until: Check = field(kw_only=True)
    at_once: bool = False

    def compared(self, evidence: Evidence, given: str) -> str:
        """What was said beside what is, in two rows of 78 columns."""
        seen = self.actual.text(evidence)
        right = canonical(given) == canonical(seen)
        sentence = f"{'RIGHT' if right else 'NOT SO'}. You said {given}, {self.actual.verb} {seen}."
        return sentence if right else f"{sentence} {self.remark(given)}".rstrip()


@dataclass(frozen=True)
class Goal:
    """A goal of the lesson: the id that lesson.toml gives words to, and its check."""

    id: str
    check: Check


def canonical(word: object) -> str:
    """An answer without what does not matter: case, X'..', 0x, leading zeros and blanks.  X'0A', 0x0a and A agree."""
    text = "".join(str(word).upper().replace(",", " ").split())
    if text.startswith("X'"):
        text = text[2:].rstrip("'")
    text = text.removeprefix("0X")
    return text.lstrip("0") or ("0" if text else "")


# ---- values of the machine -------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Value:
    """Something that can be read from the machine; `value == number` makes a check of it."""

    name: str
    read: Callable[[Evidence], Any]
    show: Callable[[Any], str] = str
    where: str = ""
    verb: str = "the machine shows"
    """How a prediction's comparison goes on: "You said 10, the machine shows 0000000A."."""

    def __eq__(self, other: object) -> Check:  # type: ignore[override]
        return self._compared(lambda seen: bool(seen == other), self.show(other))

    def __ne__(self, other: object) -> Check:  # type: ignore[override]
        return self._compared(lambda seen: bool(seen != other), f"anything but {self.show(other)}")

    __hash__ = None  # type: ignore[assignment]

    def _compared(self, agrees: Callable[[Any], bool], expected: str) -> Check:
        def find(evidence: Evidence) -> Finding:
            seen = self.read(evidence)
            return Finding(agrees(seen), f"{self.name} is {self.show(seen)}", f"{self.name} {expected}", self.where)

        return Check(find)

    def text(self, evidence: Evidence) -> str:
        """The value as it is shown now."""
        return self.show(self.read(evidence))


def _hexadecimal(digits: int) -> Callable[[Any], str]:
    return lambda value: f"{value:0{digits}X}"


def _byte_string(value: Any) -> str:
    return bytes(value).hex().upper()


def register(number: int) -> Value:
    """General register `number` of the guest, unsigned."""
    show, where = _hexadecimal(8), "the registers pane; `registers`"
    return Value(f"register {number}", lambda evidence: evidence.session.guest_gr(number), show, where)


def _place(evidence: Evidence, place: str | int) -> int:
    """An address, of a number, a label, or a label and an offset in hexadecimal: "START+6"."""
    if isinstance(place, int):
        return place
    label, _, offset = place.partition("+")
    return evidence.session.address_of(label) + int(offset or "0", 16)


def storage(place: str | int, length: int = 4) -> Value:
    """`length` bytes of guest storage at a label or address."""
    name = place if isinstance(place, str) else f"storage {place:06X}"
    where = f"`storage {place if isinstance(place, str) else f'{place:X}'}`"
    return Value(
        name, lambda evidence: evidence.session.guest_storage(_place(evidence, place), length), _byte_string, where
    )


def word(place: str | int, index: int = 0) -> Value:
    """A fullword of guest storage, unsigned: the one at a label or address, or the `index`-th after it."""

    def read(evidence: Evidence) -> int:
        return int.from_bytes(evidence.session.guest_storage(_place(evidence, place) + 4 * index, 4), "big")

    name = (place if isinstance(place, str) else f"the word at {place:06X}") + (f"+{4 * index}" if index else "")
    where = f"`storage {place if isinstance(place, str) else f'{place:X}'}`"
    return Value(name, read, _hexadecimal(8), where)


def address(place: str) -> Value:
    """Where a label stands."""
    return Value(f"the address of {place}", lambda evidence: _place(evidence, place), _hexadecimal(6), "the code")


_STATES = {True: "problem state", False: "supervisor state"}


def condition_code() -> Value:
    """The guest's condition code."""
    return Value("the condition code", lambda evidence: evidence.session.guest_psw().cc, where="the PSW; `psw`")


def guest_mask() -> Value:
    """The system mask in the PSW the guest believes it has, PSW bits 0-7."""
    where = "the line `mask` of the PSW, column guest; `psw`"
    return Value("the guest's mask", lambda e: e.session.guest_psw().system_mask, _hexadecimal(2), where)


def real_mask() -> Value:
    """The system mask in the PSW of the real machine."""
    where = "the line `mask` of the PSW, column real; `psw`"
    return Value("the real mask", lambda e: e.session.real_psw().system_mask, _hexadecimal(2), where)


def outcome(check: Check, yes: str, no: str) -> Value:
    """A word for what happened: `yes` when the check holds, else `no`."""
    return Value("what happened", lambda evidence: yes if check.find(evidence).done else no, verb="it is")


# ---- conditions ------------------------------------------------------------------------------------------------


def all_of(*checks: Check) -> Check:
    """Every one of them; the first that fails is reported."""

    def find(evidence: Evidence) -> Finding:
        findings = [check.find(evidence) for check in checks]
        note = " ".join(finding.note for finding in findings if finding.note)
        return next((finding for finding in findings if not finding.done), Finding(True, note=note))

    return Check(find)


def any_of(*checks: Check) -> Check:
    """At least one of them; when none holds the first is reported."""

    def find(evidence: Evidence) -> Finding:
        findings = [check.find(evidence) for check in checks]
        return next((finding for finding in findings if finding.done), findings[0])

    return Check(find)


def reached(place: str | int) -> Check:
    """The next instruction is the one at this label (or address)."""

    def find(evidence: Evidence) -> Finding:
        psw = evidence.session.guest_psw()
        if evidence.session.in_step:
            return Finding(False, "a trap is under way", "it finished; `step` does that", "the x-ray")
        there = _place(evidence, place)
        name = f"{place}, {there:06X}" if isinstance(place, str) else f"{there:06X}"
        seen = f"the next instruction is at {psw.instruction_address:06X}"
        done = psw.instruction_address == there and not psw.wait
        return Finding(done, seen, f"the next instruction at {name}", "the line marked > in the code; `code`")

    return Check(find)


def problem_state(expected: bool = True) -> Check:
    """Bit 15 of the guest's PSW."""

    def find(evidence: Evidence) -> Finding:
        seen = evidence.session.guest_psw().problem_state
        where = "the line `state` of the PSW; `psw`"
        return Finding(seen == expected, f"the guest is in {_STATES[seen]}", _STATES[expected], where)

    return Check(find)


def supervisor_state() -> Check:
    """Bit 15 of the guest's PSW is 0."""
    return problem_state(False)


def waiting(code: int | None = None) -> Check:
    """The guest's PSW has the wait bit on; `code`: with this instruction address, as programs use it to say how."""

    def find(evidence: Evidence) -> Finding:
        psw = evidence.session.guest_psw()
        expected = "the machine in the wait state" + ("" if code is None else f" with {code:06X} as the address")
        seen = f"the machine {'waits' if psw.wait else 'has not stopped'}, address {psw.instruction_address:06X}"
        done = psw.wait and code in (None, psw.instruction_address)
        return Finding(done, seen, expected, "the PSW; `run` goes on until something stops it")

    return Check(find)


def same_console() -> Check:
    """The program has run to its end bare and under CP, and its console showed the same lines."""

    def find(evidence: Evidence) -> Finding:
        for how, words in (("cp", "under CP"), ("bare", "on the bare machine")):
            if how not in evidence.consoles:
                return Finding(False, f"it has not run to its end {words}", f"an end {words}", "`run`; `console`")
        alone, guest = evidence.consoles["bare"], evidence.consoles["cp"]
        lines = f"{len(alone)} lines bare, {len(guest)} under CP"
        done = bool(alone) and guest[: len(alone)] == alone
        return Finding(done, lines, "the same lines", "the console; `console`", f"{len(alone)} lines, all the same.")

    return Check(find)


# ---- the trace -------------------------------------------------------------------------------------------------


def _happened(evidence: Evidence, wanted: Callable[[Any], bool]) -> bool:
    """Whether such an event lies in the past of the current position."""
    return any(wanted(entry.event) for entry in reversed(evidence.session.journal.entries))


def _happened_now(evidence: Evidence, wanted: Callable[[Any], bool]) -> bool:
    """Whether such an event belongs to the step just done, or under way."""
    session = evidence.session
    return any(wanted(entry.event) for entry in session.journal.of_step(session.step_number))


def trap_taken(kind: str, code: int, last: bool = False) -> Check:
    """The hardware took an interruption of this class ("program", "supervisor call", ...) with this code.

    `last`: as the step just done, not only at some time before.
    """
    look = _happened_now if last else _happened

    def wanted(event: Any) -> bool:
        return type(event).__name__ == "PSWsSwapped" and event.kind.value == kind and event.code == code

    def find(evidence: Evidence) -> Finding:
        expected = f"a {kind} interruption with code {code:04X}" + (" as the last step" if last else "")
        return Finding(look(evidence, wanted), "no such interruption", expected, "the x-ray and the log; `log`")

    return Check(find)


def decision(kind: str, mnemonic: str = "", last: bool = False) -> Check:
    """CP came to a decision of this kind ("Simulate", "Reflect", ...), on this instruction if one is named."""
    look = _happened_now if last else _happened

    def wanted(event: Any) -> bool:
        if type(event).__name__ != "DecisionTaken" or type(event.verdict.decision).__name__ != kind:
            return False
        return mnemonic in ("", event.mnemonic)

    def find(evidence: Evidence) -> Finding:
        expected = f"CP's decision {kind.upper()}" + (f" on {mnemonic}" if mnemonic else "")
        expected += " as the last step" if last else ""
        return Finding(look(evidence, wanted), "no such decision", expected, "the x-ray; `why`")

    return Check(find)


def under_way(check: Check) -> Check:
    """In the middle of a trap, with `check` true of the stages done so far."""

    def find(evidence: Evidence) -> Finding:
        if not evidence.session.in_step:
            return Finding(False, "no trap is under way", "a trap, looked at stage by stage", "the x-ray; `stage`")
        return check.find(evidence)

    return Check(find)


def rule_that_fired() -> Value:
    """The rule by which CP came to its last decision: "PRV-4"."""

    def read(evidence: Evidence) -> str:
        decisions = evidence.session.decisions(1)
        return next((rule.rule for decision in decisions for rule in decision.rules if rule.fired), "none")

    return Value("the rule that fired", read, where="the x-ray; `why`")


# ---- what the student did --------------------------------------------------------------------------------------


def asked(*commands: str, about: str = "", here: bool = False) -> Check:
    """The student ran one of these commands (full names), with `about` in its line.

    `here`: since he came to where the machine stands, not only at some time.
    """

    def find(evidence: Evidence) -> Finding:
        wanted = about.upper()
        moves = _moves_here(evidence) if here else evidence.moves
        done = any(move.command in commands and wanted in move.line.upper() for move in moves)
        line = f"{commands[0]} {about}".strip()
        return Finding(
            done, f"`{line}` has not been asked for{' here' if here else ''}", f"`{line}`", "the command line"
        )

    return Check(find)


def _moves_here(evidence: Evidence) -> Sequence[Move]:
    """The commands since the last one that moved the machine."""
    moves = list(evidence.moves)
    last = max((n for n, move in enumerate(moves) if move.before != move.after), default=-1)
    return moves[last + 1 :]


def after(*goals: str) -> Check:
    """These goals (ids) were reached, by commands before this one: what the page says about them has been read."""

    def find(evidence: Evidence) -> Finding:
        done = evidence.done.issuperset(goals)
        return Finding(done, "a goal before this one is open", "the goals in their order", "the page; `goals`")

    return Check(find)


def went_back(to: Check) -> Check:
    """The last move went backwards over a whole step, and it ended where `to` holds."""

    def find(evidence: Evidence) -> Finding:
        finding = to.find(evidence)
        if not finding.done:
            return finding
        travels = [move for move in evidence.moves if move.before != move.after]
        done = bool(travels) and travels[-1].after < travels[-1].before
        look = "`back`, or the key S"
        if done and travels[-1].in_trap:
            return Finding(False, "only a part of a trap was undone", "the whole trap done, and undone", look)
        return Finding(done, "the last move went forward", "to get here by going back", look)

    return Check(find)


def answered(
    expected: str | Value,
    *,
    when: Check | None = None,
    words: Iterable[str] = (),
    wrong: Mapping[str, str] | None = None,
) -> Question:
    """A question: the student's word must be `expected`, or what the machine holds there."""

    def find(evidence: Evidence) -> Finding:
        given = evidence.answers.get(evidence.goal)
        if given is None:
            return question.unanswered(evidence)
        right = expected if isinstance(expected, str) else expected.text(evidence)
        if canonical(given) == canonical(right):
            return Finding(True)
        return Finding(False, f"your answer {given}", "another answer", "the question of this goal; `hint`")

    question = Question(find, when, tuple(words), dict(wrong or {}))
    return question


def predicted(
    actual: Value,
    *,
    when: Check,
    until: Check,
    words: Iterable[str],
    wrong: Mapping[str, str] | None = None,
    at_once: bool = False,
) -> Prediction:
    """A prediction: taken while `when` holds, compared with `actual` as soon as `until` holds.

    It is reached right or wrong; what counts is to have committed oneself and looked.  `at_once`: to have committed
    oneself is enough, for where other goals lie between the prediction and its moment.
    """

    def find(evidence: Evidence) -> Finding:
        given = evidence.answers.get(evidence.goal)
        if given is None:
            return question.unanswered(evidence)
        if at_once:
            return Finding(True)
        finding = until.find(evidence)
        return Finding(True, note=question.compared(evidence, given)) if finding.done else finding

    question = Prediction(find, when, tuple(words), dict(wrong or {}), actual=actual, until=until, at_once=at_once)
    return question
