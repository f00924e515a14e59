"""What a face holds: a debugger session, and the lesson being worked on beside it.

Every command line goes through `execute`; after each one the open goals are looked at, and what was reached is told.
"""

from contextlib import suppress
from pathlib import Path

from edu_hv.debugger.breakpoints import Breakpoints
from edu_hv.debugger.commands.registry import REGISTRY, Completion
from edu_hv.debugger.files.saving import save_session
from edu_hv.debugger.session import DebugSession
from edu_hv.debugger.views import LessonView, TextView, View
from edu_hv.isa.errors import UserError
from edu_hv.tutor import commands  # noqa: F401 - fills the registry with the commands of lessons
from edu_hv.tutor.checks import Finding, Move
from edu_hv.tutor.copies import Copy
from edu_hv.tutor.lesson import Lesson, LessonGoal, LessonRun, reached_of
from edu_hv.tutor.library import Entry, Library
from edu_hv.tutor.page import WIDTH
from edu_hv.tutor.progress import Progress

LAST = "last.rec"
"""What was done last, in the folder of the progress."""


class Workbench:
    """A session, a lesson, and the record of what the student has reached."""

    def __init__(self, session: DebugSession, library: Library, progress: Progress) -> None:
        self.session = session
        self.library = library
        self.progress = progress
        self.lesson: LessonRun | None = None
        self.keeps_session = False
        """A person sits at it: what was done is kept when the face closes."""
        self._last = self.session.last = progress.directory / LAST
        self._messages: list[View] = []

    @classmethod
    def open(cls, lesson: str | None = None, progress_directory: Path | None = None) -> "Workbench":
        """A workbench on `lesson`, or where the student left; at first on lesson 1.

        A lesson that cannot be opened does not keep the program from starting: `notices` says why.
        """
        workbench = cls(DebugSession(), Library.open(), Progress.open(progress_directory))
        if lesson is not None:
            workbench.open_lesson(workbench.library.find(lesson))
        else:
            workbench._open_where_left()
        if workbench.lesson is not None:
            workbench.session.typed.done(f"lesson {workbench.lesson.lesson.name}")
        return workbench

    def _open_where_left(self) -> None:
        names = [entry.name for entry in self.library.entries]
        first = names.index(self.progress.current) if self.progress.current in names else 0
        for entry in self.library.entries[first:]:
            try:
                self.open_lesson(entry)
            except UserError as error:
                self.tell(str(error))
            else:
                return

    # ---- commands --------------------------------------------------------------------------------------------

    def execute(self, line: str) -> list[View]:
        """Run one command line; its views, then what the lesson has to say.  Raises UserError.

        A colon in front, which opens the command line in the screen, is no part of it.
        """
        line = line.strip().removeprefix(":").lstrip()
        before, in_trap, run = self._position(), self._in_trap(), self.lesson
        command = REGISTRY.find(line.partition(" ")[0]).name if line else ""
        if not command:
            return []
        views = self._carried_out(line)
        self._take_lesson_of_recording()
        if run is not None and run is self.lesson:
            run.moved(self.session, Move(command, line, before, self._position(), in_trap))
            self._look_at_goals(run)
        return views + self.take_messages()

    def _carried_out(self, line: str) -> list[View]:
        """What a line shows; it is noted for the script of this session."""
        session, branch = self.session, self._branch()
        try:
            views = REGISTRY.execute(self, line)
        except UserError as error:
            session.typed.failed(line, str(error))
            raise
        session.typed.done(line)
        if branch and self._branch() not in ("", branch):
            session.typed.remark(f"on branch {self._branch()} from here on")
        return views

    def _take_lesson_of_recording(self) -> None:
        """A recording that was opened may belong to a lesson: its page and goals are then beside it."""
        name = self.session.lesson
        if not name or (self.lesson is not None and self.lesson.lesson.name == name):
            return
        try:
            lesson = self.library.find(name).read()
        except UserError:
            self.tell(f"The recording belongs to the lesson {name}, which is not here.")
            self.session.lesson = ""
            return
        self.lesson = LessonRun(lesson, reached_of(lesson, self.progress.reached))

    def _branch(self) -> str:
        """The branch of the recording; "" while nothing is loaded."""
        return self.session.recording.branch if self.session.loaded else ""

    def _position(self) -> int:
        """The step number; 0 while nothing is loaded."""
        try:
            return self.session.step_number
        except UserError:
            return 0

    def _in_trap(self) -> bool:
        try:
            return self.session.in_step
        except UserError:
            return False

    def complete(self, line: str) -> list[Completion]:
        """Words that can stand at the end of the line."""
        return REGISTRY.complete(self, line)

    def save(self) -> None:
        """Keep the session for "open last", if a person sat at it.  Faces call this when they close.

        Progress is kept as it is made.
        """
        if not (self.keeps_session and self.session.loaded and len(self.session.typed.lines) > 1):
            return
        with suppress(UserError, OSError):
            self._last.parent.mkdir(parents=True, exist_ok=True)
            save_session(self.session, self._last, replace=True)

    # ---- messages --------------------------------------------------------------------------------------------

    def tell(self, *lines: str, title: str = "lesson") -> None:
        """Say something after the current command; what has line breaks keeps them."""
        self._messages.append(TextView(tuple(part for line in lines for part in line.splitlines()), title))

    def take_messages(self) -> list[View]:
        """What there is to say that was not shown yet; faces show it at the start and after each command."""
        for notice in self.progress.take_notices():
            self.tell(notice, title="progress")
        messages, self._messages = self._messages, []
        return messages

    # ---- lessons ---------------------------------------------------------------------------------------------

    def open_lesson(self, entry: Entry) -> None:
        """Load a lesson and its program.  Raises UserError, with the lesson before still open."""
        lesson = entry.read()
        self._load(lesson)
        self.lesson = LessonRun(lesson, reached_of(lesson, self.progress.reached))
        self.progress.opened(lesson.name)

    def restart_lesson(self) -> LessonRun:
        """The lesson's machine as at its beginning; answers, hints and moves forgotten.  Raises UserError."""
        run = self.lesson_run()
        self._load(run.lesson)
        run.restart()
        return run

    def lesson_run(self) -> LessonRun:
        """The lesson being worked on.  Raises UserError when there is none."""
        if self.lesson is None:
            raise UserError("no lesson is open; lessons lists them, lesson 1 opens the first")
        return self.lesson

    def lesson_view(self, width: int = WIDTH) -> LessonView | None:
        """The lesson as it stands, its page laid out for `width` columns."""
        return self.lesson.view(width) if self.lesson else None

    def copy(self) -> Copy:
        """The student's copy of the lesson's program.  Raises UserError when there is nothing to change."""
        return Copy.of(self.lesson_run().lesson, self.progress.directory)

    def reload(self) -> None:
        """Assemble the student's copy and load it; the old program stays when it does not assemble."""
        copy, lesson = self.copy(), self.lesson_run().lesson
        self.session.load_source(copy.text(), copy.path.name, under_cp=lesson.mode == "cp")
        self.session.lesson = lesson.name

    def _load(self, lesson: Lesson) -> None:
        """The lesson's program into the machine: the student's copy if there is one that assembles."""
        self._load_program(lesson)
        self.session.lesson = lesson.name
        self.session.breakpoints = Breakpoints()

    def _load_program(self, lesson: Lesson) -> None:
        under_cp = lesson.mode == "cp"
        if lesson.source is None:
            self.session.load([lesson.program], under_cp=under_cp)
            return
        copy = Copy.of(lesson, self.progress.directory)
        if copy.exists:
            try:
                self.session.load_source(copy.text(), copy.path.name, under_cp=under_cp)
            except UserError as error:
                self.tell(
                    str(error),
                    "Your copy does not assemble; the lesson's own program is loaded. See edit.",
                    "restart source takes all your changes back.",
                )
            else:
                return
        self.session.load_source(copy.original.read_text(encoding="utf-8"), lesson.program, under_cp=under_cp)

    # ---- goals -----------------------------------------------------------------------------------------------

    def _runs_the_lessons_program(self, lesson: Lesson) -> bool:
        """Whether the machine holds the lesson's program or the student's copy of it, and not some other program."""
        names = {lesson.program}
        if lesson.source is not None:
            names.add(Copy.of(lesson, self.progress.directory).path.name)
        first = next(iter(self.session.system.guests), None)
        return first is not None and first.program.name in names

    def _look_at_goals(self, run: LessonRun) -> None:
        """Tick what is reached.  Goals are about the lesson's program: another one reaches none."""
        if not self._runs_the_lessons_program(run.lesson):
            return
        was_finished = run.finished
        for goal, comparison in run.newly_compared(self.session):
            self.tell(f"Your prediction of goal {run.number_of(goal)}: {comparison}")
        for goal, finding in run.newly_reached(self.session):
            self.progress.goal_reached(run.lesson.name, goal.id)
            self._tell_reached(run, goal, finding)
        if run.finished and not was_finished:
            done = f"Lesson {run.lesson.number}, {run.lesson.title}, is done."
            self.tell(done, run.lesson.learned, f"Now: {self.what_follows()}.")

    def _tell_reached(self, run: LessonRun, goal: LessonGoal, finding: Finding) -> None:
        compared = goal.kind == "predict" and finding.note
        lines = [f"Goal {run.number_of(goal)} reached: {finding.note if compared else goal.text}"]
        lines += [] if compared else [finding.note]
        self.tell(*(line for line in (*lines, goal.then) if line))

    def what_follows(self) -> str:
        """What to do when every goal of the lesson is reached."""
        further = self.library.neighbour(self.lesson_run().lesson.name, 1)
        return f"next opens lesson {further.number}" if further else "it is the last one so far; lessons lists all"
