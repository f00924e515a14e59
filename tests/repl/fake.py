"""A workbench that plays five moments of a guest's life from hand-made views: no machine, no lesson files."""

from dataclasses import replace
from types import SimpleNamespace

from edu_hv.debugger.commands.registry import REGISTRY, Completion
from edu_hv.debugger.recording.journal import Journal
from edu_hv.debugger.views import (
    CodeLine,
    CodeView,
    ComparedValue,
    ConsoleView,
    GoalView,
    LessonView,
    PswView,
    RegistersView,
    RegisterValue,
    RuleView,
    StageState,
    StageView,
    StatusView,
    StopView,
    TextView,
    View,
    XrayView,
)
from edu_hv.isa.errors import UserError
from edu_hv.machine.events import Waited

CODE = (
    CodeLine(0x1000, "4110 0005".replace(" ", ""), "LA    1,5", "START"),
    CodeLine(0x1004, "80000010", "SSM   16"),
    CodeLine(0x1008, "0A01", "SVC   1", note="SVC 1"),
)
SENTENCES = (
    "loaded A",
    "step 1, LA, R1 00000005",
    "step 2, SSM, trap privileged operation, simulated, guest mask 00, real mask unchanged, 07",
    "step 3, SVC 1, reflected",
)
STAGES = ("guest", "hardware", "rule", "do", "run")
RULES = (
    RuleView("P2", "guest in supervisor state?", True, "simulate", "DMKPRV"),
    RuleView("P1", "guest in problem state?", False, "reflect code 0002", "DMKPRG"),
)
GOALS = (GoalView(1, "step once", False), GoalView(2, "see the trap", False))
LESSON = LessonView(3, "guest", "the same kernel as a guest", ("Step, and watch.",), GOALS)


class FakeSession:
    """Steps 0 to 3.  Step 2 is a trap."""

    def __init__(self) -> None:
        self.step_number = 0
        self.interrupted = 0
        self.journal = Journal()
        self.recording = SimpleNamespace(branch="main", branches={})
        self.loaded = False

    @property
    def guest(self):
        raise UserError("no program is known here")

    @property
    def system(self):
        raise UserError("there is no machine here")

    def happens(self) -> None:
        """An event that is recorded."""
        unit = self.journal.present + 1
        self.journal.record(unit, unit, "A", Waited(0, 1))
        self.journal.reached(unit)

    def interrupt(self) -> None:
        self.interrupted += 1

    def stop(self) -> StopView:
        reason = "trap: privileged operation" if self.step_number == 2 else "step"
        return StopView(self.step_number, self.step_number, reason, SENTENCES[self.step_number])

    def status(self) -> StatusView:
        return StatusView("A", ("A", "B"), self.step_number, 3, "one step done", "SUP", "PROB", "A", "", 7)

    def code(self, rows: int = 40) -> CodeView:
        at = self.step_number
        if at == len(CODE):
            return CodeView("A", CODE, None)
        lines = [replace(c, current=i == at, executed=i < at, trap=i == at - 1 == 1) for i, c in enumerate(CODE)]
        return CodeView("A", tuple(lines), at)

    def registers(self) -> RegistersView:
        one = RegisterValue("R1", "00000005" if self.step_number else "00000000", changed=self.step_number == 1)
        control = (ComparedValue("CR0", "000000E0", "800400E0", "the format is CP's"),)
        return RegistersView("A", (RegisterValue("R0", "00000000"), one), "CC 0 zero", control)

    def psw(self) -> PswView:
        mask = ComparedValue("mask", "00" if self.step_number > 1 else "FF", "07", "CP's own", self.step_number == 2)
        return PswView("A", "000C0000 00001000", "070D0000 00001000", (mask, ComparedValue("key", "0", "0", "same")))

    def xray(self) -> XrayView:
        if self.step_number < 2:
            return XrayView("", (), (), "", False)
        stages = tuple(StageView(n, t, StageState.DONE, (f"words on {t}",)) for n, t in enumerate(STAGES, 1))
        return XrayView("SSM at 001004", stages, RULES, "virtual supervisor state", False)

    def console(self, name: str | None = None) -> ConsoleView:
        if name not in (None, "A", "B"):
            raise UserError(f'there is no guest "{name}"')
        if name == "B":
            return ConsoleView("B", ("HELLO",) if self.step_number == 3 else ())
        return ConsoleView("A", ("READY", "TASK 1")[: max(0, self.step_number - 1)])


class FakeWorkbench:
    """What the REPL uses of a Workbench.  `xray` fails as a defect of ours would; `run` runs until interrupted."""

    def __init__(self, lesson: LessonView | None = LESSON) -> None:
        self.session = FakeSession()
        self.lesson = lesson
        self.lines: list[str] = []
        self.saved = 0
        self.messages: list[View] = []

    def execute(self, line: str) -> list[View]:
        self.lines.append(line)
        word, _, rest = line.partition(" ")
        name = REGISTRY.find(word).name
        method = getattr(self, f"do_{name}", None)
        views = method(rest) if method else REGISTRY.execute(self, line)
        if name == "step" and self.lesson and self.session.step_number == 1:
            self.lesson = replace(self.lesson, goals=(replace(GOALS[0], done=True), GOALS[1]))
            views.append(TextView(("Goal 1 reached: step once",), "lesson"))
        return views

    def complete(self, line: str) -> list[Completion]:
        return REGISTRY.complete(self.session, line)

    def lesson_view(self) -> LessonView | None:
        return self.lesson

    def take_messages(self) -> list[View]:
        messages, self.messages = self.messages, []
        return messages

    def save(self) -> None:
        self.saved += 1

    def do_step(self, rest: str) -> list[View]:
        if self.session.step_number == 3:
            raise UserError("the guest waits, disabled; back goes back")
        self.session.step_number += 1
        return [self.session.stop()]

    def do_back(self, rest: str) -> list[View]:
        self.session.step_number = max(0, self.session.step_number - 1)
        return [replace(self.session.stop(), total=3, reason="back")]

    def do_registers(self, rest: str) -> list[View]:
        return [self.session.registers()]

    def do_code(self, rest: str) -> list[View]:
        return [self.session.code()]

    def do_load(self, rest: str) -> list[View]:
        return [TextView((f"loaded {rest}",))]

    def do_run(self, rest: str) -> list[View]:
        """Runs until Ctrl-C, as a guest in a loop does."""
        import signal

        for _ in range(3):
            signal.raise_signal(signal.SIGINT)
        assert self.session.interrupted
        return [StopView(1, 1, "interrupted", "step 1, interrupted by you")]

    def do_xray(self, rest: str) -> list[View]:
        raise ZeroDivisionError("a defect")
