"""The commands of lessons: open one, see its goals, get a hint, check, answer, change the program."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from edu_hv.debugger.commands.registry import Argument, command
from edu_hv.debugger.views import GoalView, TableView, TextView, View
from edu_hv.isa.errors import UserError
from edu_hv.tutor.checks import Prediction, Question
from edu_hv.tutor.lesson import LessonGoal, LessonRun
from edu_hv.tutor.library import Entry

if TYPE_CHECKING:
    from edu_hv.tutor.workbench import Workbench

GROUP = "lessons"


def _word(_: Any, text: str) -> str:
    return text


def _lesson_names(workbench: "Workbench") -> Iterable[str]:
    return [entry.name for entry in workbench.library.entries]


def _answers(workbench: "Workbench") -> Iterable[str]:
    if workbench.lesson is None:
        return []
    questions = [goal.check for goal in workbench.lesson.open_goals() if isinstance(goal.check, Question)]
    return [word for question in questions[:1] for word in question.words]


LESSON = Argument("LESSON", _word, _lesson_names, optional=True, kind="lesson")
WORDS = Argument("WORD", _word, _answers, many=True, kind="answer")
LINE = Argument("LINE TEXT", _word, optional=True, rest=True, kind="source line")
WHAT = Argument("source|goals", _word, lambda _: ("source", "goals"), optional=True, kind="choice")


@command(
    "lesson",
    LESSON,
    group=GROUP,
    keys="5",
    tutor=True,
    examples=(
        "lesson : the lesson with its goals",
        "lesson 2 : open lesson 2",
    ),
)
def lesson(workbench: "Workbench", word: str | None = None) -> list[View]:
    """Show the lesson, or open another one: lesson 2, lesson two-modes.

    Opening a lesson loads its program.  What you reached in other lessons stays.
    """
    if word is not None:
        workbench.open_lesson(workbench.library.find(word))
    workbench.lesson_run()
    view = workbench.lesson_view()
    return [view] if view else []


@command("lessons", group=GROUP, tutor=True, examples=("lessons : all of them, and how far you are",))
def lessons(workbench: "Workbench") -> TableView:
    """List the lessons and how far you are."""
    rows = tuple(_lesson_row(workbench, entry) for entry in workbench.library.entries)
    return TableView("lessons", ("", "lesson", "title", "minutes", "goals"), rows)


def _lesson_row(workbench: "Workbench", entry: Entry) -> tuple[str, ...]:
    here = ">" if workbench.lesson and workbench.lesson.lesson.name == entry.name else ""
    try:
        read = entry.read()
    except UserError as error:
        return here, str(entry.number), str(error), "", ""
    reached = workbench.progress.reached.get(entry.name, [])
    done = sum(goal.id in reached for goal in read.goals)
    return here, str(entry.number), read.title, str(read.minutes), f"{done} of {len(read.goals)}"


@command("goals", group=GROUP, keys="g", tutor=True, examples=("goals : what is reached and what is not",))
def goals(workbench: "Workbench") -> TextView:
    """The goals of the lesson, with a tick at those you have reached."""
    run = workbench.lesson_run()
    lines = [f"[{'x' if goal.id in run.done else ' '}] {n} {goal.text}" for n, goal in enumerate(run.lesson.goals, 1)]
    return TextView(tuple(lines), f"goals of lesson {run.lesson.number}")


@command("check", group=GROUP, keys="k", tutor=True, examples=("check : why a goal is not reached",))
def check(workbench: "Workbench") -> TextView:
    """Why is it not done?  For each open goal what was seen, what was expected, and where to look."""
    run = workbench.lesson_run()
    lines = [line for view in run.checked(workbench.session) for line in _checked(view)]
    return TextView(tuple(lines), f"check of lesson {run.lesson.number}")


def _checked(goal: GoalView) -> list[str]:
    if goal.done:
        return [f"[x] {goal.number} {goal.text}"]
    return [
        f"[ ] {goal.number} {goal.text}",
        f"      seen      {goal.seen}",
        f"      expected  {goal.expected}",
        f"      look at   {goal.look}",
    ]


@command("hint", group=GROUP, keys="h", tutor=True, examples=("hint : for the first open goal",))
def hint(workbench: "Workbench") -> TextView:
    """The next of three hints for the first open goal: it points, then explains, then shows."""
    run = workbench.lesson_run()
    goal = _current(workbench, run)
    text = run.next_hint(goal)
    shown, of = run.hints_shown.get(goal.id, 0), len(goal.hints)
    if text is None:
        return TextView((*goal.hints, "These are all; solution shows the way through the whole lesson."), "hints")
    workbench.progress.note("hint", run.lesson.name, goal.id, rung=shown)
    return TextView((text,), f"goal {run.number_of(goal)}, hint {shown} of {of}")


@command("solution", group=GROUP, tutor=True, examples=("solution : the commands that pass the lesson",))
def solution(workbench: "Workbench") -> TextView:
    """The commands that pass the lesson.  They are shown, not run; type them and watch what each one does."""
    run = workbench.lesson_run()
    goal = run.current
    if goal is not None:
        workbench.progress.note("solution", run.lesson.name, goal.id)
    return TextView(run.lesson.solution, f"lesson {run.lesson.number}, from its start (restart)")


def _current(workbench: "Workbench", run: LessonRun) -> LessonGoal:
    goal = run.current
    if goal is None:
        raise UserError(f"every goal of lesson {run.lesson.number} is reached; {workbench.what_follows()}")
    return goal


@command(
    "answer",
    WORDS,
    group=GROUP,
    keys="a",
    tutor=True,
    examples=(
        "answer positive : the first open question",
        "answer 3 positive : the third goal's",
    ),
)
def answer(workbench: "Workbench", words: list[str]) -> TextView:
    """Answer a question or make a prediction: answer positive, or with the goal's number, answer 3 positive.

    A prediction is taken before the step that shows it, and compared with the machine after that step.
    """
    run = workbench.lesson_run()
    given = run.answer(workbench.session, words)
    word, question = given.word, given.question
    title = f"goal {run.number_of(given.goal)}"
    if isinstance(question, Prediction):
        workbench.progress.note("predicted", run.lesson.name, given.goal.id, word=word)
        see = "You will see." if question.at_once else "Now step and see."
        return TextView((f"Your prediction: {word}.  {see}",), title)
    workbench.progress.note("answered", run.lesson.name, given.goal.id, word=word, right=given.right)
    if given.right:
        return TextView((f"{word} is right.",), title)
    return TextView((f"Not {word}. {question.remark(word) or 'Look again; hint helps.'}",), title)


@command(
    "restart",
    WHAT,
    group=GROUP,
    keys="r",
    tutor=True,
    examples=(
        "restart : the lesson from its beginning",
        "restart source : with its own program again",
    ),
)
def restart(workbench: "Workbench", what: str | None = None) -> list[View]:
    """Start the lesson again: the machine as at its beginning, answers and hints forgotten, ticks kept.

    restart source also puts the lesson's program back in place of your copy, which is kept under another name;
    restart goals also takes the ticks away.
    """
    run = workbench.lesson_run()
    lines = [f"Lesson {run.lesson.number} from its beginning."]
    match what:
        case None:
            pass
        case "source":
            kept = workbench.copy().reset()
            lines.append(f"The lesson's program is back{f'; yours is kept as {kept}' if kept else ''}.")
        case "goals":
            run.done.clear()
            run.consoles.clear()
            workbench.progress.forgotten(run.lesson.name)
        case _:
            raise UserError(f'restart takes source or goals, not "{what}"')
    workbench.restart_lesson()
    return [TextView(tuple(lines), "lesson")]


@command("next", group=GROUP, keys="]", tutor=True, examples=("next : the next lesson",))
def next_lesson(workbench: "Workbench") -> list[View]:
    """Open the next lesson."""
    return _neighbour(workbench, 1)


@command("previous", group=GROUP, keys="[", tutor=True, examples=("previous : the lesson before",))
def previous_lesson(workbench: "Workbench") -> list[View]:
    """Open the lesson before."""
    return _neighbour(workbench, -1)


def _neighbour(workbench: "Workbench", distance: int) -> list[View]:
    here = workbench.lesson_run().lesson
    entry = workbench.library.neighbour(here.name, distance)
    if entry is None:
        raise UserError(f"lesson {here.number} is the {'last one so far' if distance > 0 else 'first one'}")
    workbench.open_lesson(entry)
    view = workbench.lesson_view()
    return [view] if view else []


@command(
    "edit",
    LINE,
    group=GROUP,
    tutor=True,
    examples=(
        "edit : your copy of the program",
        "edit 7 LA 4,5 : another line 7",
    ),
)
def edit(workbench: "Workbench", text: str | None = None) -> list[View]:
    """Your copy of the lesson's program: where it is, and its lines.  edit 7 LA 4,5 puts that into line 7.

    The line's label stays.  The changed program is assembled and loaded at once.  With an editor of your own change
    the file that edit names, then reload.
    """
    copy = workbench.copy()
    copy.make()
    if text is None:
        numbered = (f"{number:3} {line}" for number, line in enumerate(copy.text().splitlines(), 1))
        path = TextView((str(copy.path), "Change a line here: edit LINE TEXT; or use your own editor, then reload."))
        return [path, TextView(tuple(numbered), "your copy")]
    number, _, statement = text.partition(" ")
    if not number.isdigit() or not statement.strip():
        raise UserError(f'edit needs the number of a line and its new text, not "{text}"; edit alone shows the lines')
    copy.replace_line(int(number), statement)
    line = copy.text().splitlines()[int(number) - 1]
    return [
        TextView((f"{number:>3} {line}",), "your copy"),
        *_reloaded(workbench, f"Line {number} of your copy is changed"),
    ]


@command("reload", group=GROUP, tutor=True, examples=("reload : assemble and load your copy",))
def reload(workbench: "Workbench") -> list[View]:
    """Assemble your copy again and load it.  While it has mistakes the program before it stays loaded."""
    workbench.copy().make()
    return _reloaded(workbench, "Your copy stays as you wrote it")


def _reloaded(workbench: "Workbench", copy: str) -> list[View]:
    try:
        workbench.reload()
    except UserError as error:
        raise UserError(
            f"{error}\n{copy}; the program from before stays loaded.\nrestart source takes all your changes back."
        ) from None
    name = workbench.copy().path.name
    return [TextView((f"{name} is assembled and loaded; the machine is at its beginning.",), "lesson")]
