"""A lesson as it was read, and a lesson as it is being worked on.  How it comes from a folder: `library`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from edu_hv.debugger.session import DebugSession
from edu_hv.debugger.views import GoalView, LessonView
from edu_hv.isa.errors import UserError
from edu_hv.tutor.checks import Check, Evidence, Finding, Move, Prediction, Question
from edu_hv.tutor.page import WIDTH, page_lines

RUNGS = 3
"""Hints of a goal: one points, one explains, one shows."""


@dataclass(frozen=True)
class LessonGoal:
    """One goal: words from lesson.toml, check from check.py."""

    id: str
    kind: str
    """"predict", "run", "investigate", "modify" or "make"."""
    text: str
    hints: tuple[str, ...]
    then: str
    """What to say when it is reached."""
    check: Check


@dataclass(frozen=True)
class Lesson:
    """A whole lesson; nothing in it changes."""

    number: int
    name: str
    """"meet-the-machine": the folder's name without the number."""
    title: str
    minutes: int
    folder: Path
    page: str
    """lesson.md."""
    program: str
    """"start.asm", or the name of a guest in the catalogue."""
    mode: str
    """"bare" or "cp"."""
    goals: tuple[LessonGoal, ...]
    sources: tuple[str, ...]
    solution: tuple[str, ...]
    """The commands that pass the lesson."""
    learned: str
    """One sentence for the end: so that is why."""

    @property
    def source(self) -> Path | None:
        """The program a student may change, as it was shipped; None when there is none."""
        return self.folder / self.program if self.program.endswith(".asm") else None

    def goal(self, number: int) -> LessonGoal:
        """Goal by number, from 1.  Raises UserError."""
        if not 1 <= number <= len(self.goals):
            raise UserError(f"lesson {self.number} has goals 1 to {len(self.goals)}, not {number}")
        return self.goals[number - 1]


@dataclass(frozen=True)
class Answer:
    """An answer that was taken; whether a prediction is right shows later."""

    goal: LessonGoal
    question: Question
    word: str
    right: bool


@dataclass
class LessonRun:
    """A student's work on one lesson: what he did, answered and reached, and the hints he has seen."""

    lesson: Lesson
    done: set[str] = field(default_factory=set)
    answers: dict[str, str] = field(default_factory=dict)
    moves: list[Move] = field(default_factory=list)
    hints_shown: dict[str, int] = field(default_factory=dict)
    consoles: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """What the console showed when the program had stopped for good, by "bare" and "cp"."""
    asked_at: dict[str, int] = field(default_factory=dict)
    """The step number at which a prediction could last be made, by goal id."""
    compared: set[str] = field(default_factory=set)
    """Ids of the goals reached by a prediction that the machine has answered since."""

    @property
    def finished(self) -> bool:
        """Whether every goal is reached."""
        return all(goal.id in self.done for goal in self.lesson.goals)

    @property
    def current(self) -> LessonGoal | None:
        """The first goal not yet reached."""
        return next(iter(self.open_goals()), None)

    def open_goals(self) -> list[LessonGoal]:
        """Goals not yet reached, in order."""
        return [goal for goal in self.lesson.goals if goal.id not in self.done]

    def number_of(self, goal: LessonGoal) -> int:
        """The goal's number, from 1."""
        return self.lesson.goals.index(goal) + 1

    def restart(self) -> None:
        """Forget moves, answers and hints; reached goals stay reached, and what has run to its end has run."""
        self.answers.clear()
        self.moves.clear()
        self.hints_shown.clear()
        self.asked_at.clear()
        self.compared.clear()

    def moved(self, session: DebugSession, move: Move) -> None:
        """The student ran a command."""
        self.moves.append(move)
        if not session.selected:  # Nobody is logged on to CP: there is no guest to look at.
            return
        psw = session.guest_psw()
        if psw.wait and not psw.enabled_for_something:
            self.consoles["bare" if session.running() == "bare" else "cp"] = tuple(session.guest.own_console_lines())
        for goal in self.open_goals():
            if isinstance(goal.check, Prediction) and self._can_be_asked(session, goal):
                self.asked_at[goal.id] = session.step_number

    # ---- checking --------------------------------------------------------------------------------------------

    def evidence(self, session: DebugSession, goal: LessonGoal) -> Evidence:
        """What the goal's check may look at."""
        return Evidence(session, self.moves, self.answers, goal.id, self.consoles, frozenset(self.done))

    def find(self, session: DebugSession, goal: LessonGoal) -> Finding:
        """The goal's check on the machine as it is now."""
        return self._found(session, goal, goal.check)

    def _found(self, session: DebugSession, goal: LessonGoal, check: Check) -> Finding:
        """A check of the goal, or a part of one.  A label the program has lost is a finding, not an error."""
        try:
            return check.find(self.evidence(session, goal))
        except UserError as error:
            return Finding(
                False, str(error), "the program of this lesson", "`restart`, which loads it; `edit`, if it is yours"
            )

    def newly_reached(self, session: DebugSession) -> list[tuple[LessonGoal, Finding]]:
        """Tick the goals that hold now and did not before.

        A goal right behind one that is ticked now waits for a later command: its part of the page was not read yet.
        """
        found = [(goal, self.find(session, goal)) for goal in self.open_goals()]
        reached: list[tuple[LessonGoal, Finding]] = []
        for goal, finding in found:
            follows = bool(reached) and self.number_of(goal) == self.number_of(reached[-1][0]) + 1
            if finding.done and not follows:
                reached.append((goal, finding))
        self.done.update(goal.id for goal, _ in reached)
        return reached

    def newly_compared(self, session: DebugSession) -> list[tuple[LessonGoal, str]]:
        """Predictions that have reached their goals already and whose moment has come now, each with its comparison."""
        news: list[tuple[LessonGoal, str]] = []
        for goal in self.lesson.goals:
            question, given = goal.check, self.answers.get(goal.id)
            if given is None or goal.id in self.compared or not isinstance(question, Prediction):
                continue
            if question.at_once and self._found(session, goal, question.until).done:
                news.append((goal, question.compared(self.evidence(session, goal), given)))
        self.compared.update(goal.id for goal, _ in news)
        return news

    # ---- questions -------------------------------------------------------------------------------------------

    def answer(self, session: DebugSession, words: Sequence[str]) -> Answer:
        """Take an answer to a question: a word, or a goal's number and a word.  Raises UserError when none fits.

        A wrong answer is not kept: what is wrong now must not become right because the machine moves on.
        """
        goal, word = self._question(session, words)
        question = _question_of(goal)
        self._must_be_askable(session, goal, question)
        taken = question.take(word)
        if taken is None:
            raise UserError(f'goal {self.number_of(goal)} takes {_either(question.words)}, not "{word}"')
        self.answers[goal.id] = taken
        if question.prediction or self.find(session, goal).done:
            return Answer(goal, question, taken, not question.prediction)
        del self.answers[goal.id]
        return Answer(goal, question, taken, False)

    def _must_be_askable(self, session: DebugSession, goal: LessonGoal, question: Question) -> None:
        if question.when is None:
            return
        finding = self._when(session, goal, question.when)
        if self._is_too_late(session, goal):
            steps = self._steps_behind(session, goal)
            way = f"back {steps}" if steps > 1 else "back (key S)"
            raise UserError(f"goal {self.number_of(goal)} wants its answer before the step; {way} goes there")
        if not finding.done:
            raise UserError(
                f"goal {self.number_of(goal)} asks from another place: {finding.seen}, expected {finding.expected};"
                " go there (back and step, or restart), then answer"
            )

    def _question(self, session: DebugSession, words: Sequence[str]) -> tuple[LessonGoal, str]:
        questions = [goal for goal in self.open_goals() if isinstance(goal.check, Question)]
        if not words:
            raise UserError("answer needs a word; usage: answer [GOAL] WORD")
        if len(words) > 1 and words[0].isdigit() and 1 <= int(words[0]) <= len(self.lesson.goals):
            goal = self.lesson.goal(int(words[0]))
            if goal not in questions:
                raise UserError(f"goal {words[0]} asks nothing now; {self._asking(questions)}")
            return goal, "".join(words[1:])
        if not questions:
            raise UserError("no goal asks anything now; goals shows them")
        return self._asked_here(session, questions, "".join(words)), "".join(words)

    def _asked_here(self, session: DebugSession, questions: Sequence[LessonGoal], word: str) -> LessonGoal:
        """The question a word without a number belongs to: one that offers it here, else the first in the page.

        What the page does not ask yet, or asks no more, is answered by number only.
        """
        waiting = [goal for goal in questions if not self._is_prediction_made(goal)]
        offering = [goal for goal in questions if _question_of(goal).words and _question_of(goal).take(word)]
        here = [goal for goal in offering if self._can_be_asked(session, goal)]
        late = [goal for goal in waiting[:1] if self._is_too_late(session, goal)]
        return ([goal for goal in here if goal in waiting] or here or late or waiting or list(questions))[0]

    def _is_too_late(self, session: DebugSession, goal: LessonGoal) -> bool:
        """Whether the moment to make the prediction has passed."""
        question = goal.check
        if not isinstance(question, Prediction) or self._can_be_asked(session, goal):
            return False
        return self._steps_behind(session, goal) > 0 or self._found(session, goal, question.until).done

    def _steps_behind(self, session: DebugSession, goal: LessonGoal) -> int:
        """Steps since the goal's prediction could be made; 0 when that was never."""
        return session.step_number - self.asked_at.get(goal.id, session.step_number)

    def _can_be_asked(self, session: DebugSession, goal: LessonGoal) -> bool:
        when = _question_of(goal).when
        return when is None or self._when(session, goal, when).done

    def _is_prediction_made(self, goal: LessonGoal) -> bool:
        return _question_of(goal).prediction and goal.id in self.answers

    def _when(self, session: DebugSession, goal: LessonGoal, when: Check) -> Finding:
        return self._found(session, goal, when)

    def _asking(self, questions: Sequence[LessonGoal]) -> str:
        numbers = ", ".join(str(self.number_of(goal)) for goal in questions)
        return f"open questions: goal {numbers}" if numbers else "there is no open question"

    # ---- hints -----------------------------------------------------------------------------------------------

    def next_hint(self, goal: LessonGoal) -> str | None:
        """The next rung of the goal's ladder, or None when all were shown."""
        shown = self.hints_shown.get(goal.id, 0)
        if shown >= len(goal.hints):
            return None
        self.hints_shown[goal.id] = shown + 1
        return goal.hints[shown]

    # ---- showing ---------------------------------------------------------------------------------------------

    def view(self, width: int = WIDTH) -> LessonView:
        """The lesson as it stands; `width` lays out the page."""
        current = self.current
        shown = self.hints_shown.get(current.id, 0) if current else 0
        return LessonView(
            self.lesson.number,
            self.lesson.name,
            self.lesson.title,
            page_lines(self.lesson.page, width),
            tuple(GoalView(n, goal.text, goal.id in self.done) for n, goal in enumerate(self.lesson.goals, 1)),
            current.hints[:shown] if current else (),
            len(current.hints) - shown if current else 0,
            self.finished,
        )

    def checked(self, session: DebugSession) -> list[GoalView]:
        """Every goal; an open one with what is seen, what is expected and where to look."""
        views: list[GoalView] = []
        for number, goal in enumerate(self.lesson.goals, 1):
            finding = Finding(True) if goal.id in self.done else self.find(session, goal)
            done = finding.done
            views.append(GoalView(number, goal.text, done, finding.seen, finding.expected, finding.look))
        return views


def _question_of(goal: LessonGoal) -> Question:
    assert isinstance(goal.check, Question)
    return goal.check


def _either(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def reached_of(lesson: Lesson, record: Mapping[str, Sequence[str]]) -> set[str]:
    """Ids of the lesson's goals that a record of progress holds; ids of goals that are no more are left out."""
    return {goal.id for goal in lesson.goals} & set(record.get(lesson.name, ()))
