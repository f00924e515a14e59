"""Hand-made views, and a workbench that shows them: what the panes are tested with, without a machine."""

import threading
from dataclasses import replace

from edu_hv.debugger.commands.registry import Completion
from edu_hv.debugger.views import (
    BreakpointsView,
    CodeLine,
    CodeView,
    ComparedValue,
    ConsoleView,
    GoalView,
    HelpEntry,
    HelpView,
    Layer,
    LessonView,
    LogEntry,
    LogView,
    PswView,
    RegistersView,
    RegisterValue,
    RuleView,
    StageState,
    StageView,
    StatusView,
    StopView,
    StorageRow,
    StorageView,
    TextView,
    TimelineView,
    XrayView,
)
from edu_hv.isa.errors import UserError

STATUS = StatusView(
    guest="CMS1",
    guests=("CMS1", "CMS2"),
    step=1204,
    total=9871,
    stop="trap 02 privileged-op",
    guest_state="SUP",
    real_state="PROB",
    running="CMS1",
    stage="",
    microseconds=12345,
)

PROGRAM = (
    (0x012328, "1B00", "         SR    0,0", "", ""),
    (0x01232A, "9200C010", "         MVI   MASK,X'00'          mask off", "", ""),
    (0x01232E, "1BFF", "LOOP     SR    15,15", "LOOP", "cc 0 zero"),
    (0x012330, "8000C010", "         SSM   MASK                interrupts off", "", "TRAP 02"),
    (0x012334, "0A05", "         SVC   5", "", "SVC 5"),
    (0x012336, "4780C09A", "         BZ    DONE", "", "branch taken"),
    (0x01233A, "82000068", "         LPSW  X'68'", "", "privileged"),
    (0x01233E, "9C00000C", "         SIO   X'00C'", "", "privileged"),
    (0x012342, "4770C0A2", "         BNZ   LOOP", "", ""),
)


def code(current: int = 4, rows: int = 40) -> CodeView:
    """The sample program, with more of the same around it, standing before instruction `current`."""
    lines = []
    for at in range(rows):
        address, object_code, source, label, note = PROGRAM[at % len(PROGRAM)]
        shift = 0x1E * (at // len(PROGRAM))
        lines.append(
            CodeLine(
                address + shift,
                object_code,
                source,
                label,
                current=at == current,
                executed=at == current - 2,
                breakpoint=at == 6,
                trap=at == current - 1 and "TRAP" in note,
                note=note,
            )
        )
    return CodeView("CMS1", tuple(lines), current)


def registers(r0: int = 0) -> RegistersView:
    """Sixteen registers; R0 was written, R12 read."""
    names = [f"R{number}" for number in range(16)]
    general = tuple(
        RegisterValue(name, f"{r0 if n == 0 else 0x1000 * n:08X}", n == 0, n == 12) for n, name in enumerate(names)
    )
    control = (
        ComparedValue("CR0", "000000E0", "800400E0", "DAT format is CP's"),
        ComparedValue("CR1", "00000000", "00F24000", "shadow segment table"),
        ComparedValue("CR2", "FFFFFFFF", "FFFFFFFF", "same"),
    )
    return RegistersView("CMS1", general, "CC 0 zero (SR 15,15)", control)


PSW = PswView(
    guest="CMS1",
    guest_psw="000C0000 00012334",
    real_psw="070D0000 00012334",
    fields=(
        ComparedValue("mask", "00", "07", "CP keeps its own mask", changed=True),
        ComparedValue("DAT", "off", "on", "shadow tables map the guest"),
        ComparedValue("key", "0", "0", "same"),
        ComparedValue("state", "SUP", "PROB", "so privileged operations trap"),
        ComparedValue("CC", "0", "0", "same"),
        ComparedValue("addr", "012334", "012334", "same"),
    ),
)

RULES = (
    RuleView("P2", "is the guest in supervisor state?", True, "simulate", "SY20-0886"),
    RuleView("P1", "is it in problem state?", False, "reflect code 0002", "SY20-0886"),
)


def xray(now: int = 5) -> XrayView:
    """An SSM under CP, after stage `now`; 7 is between traps."""
    lines = {
        1: ("guest", ("SSM MASK at 012330, the real PSW in problem state",)),
        2: ("hardware", ("program interruption, code 0002, ILC 2", "old PSW to 000028, new PSW from 000068")),
        3: ("decode", ("operation 80 = SSM, operand 012310 = 00",)),
        4: ("rule", ("YES is the guest in supervisor state? -> simulate", "no  is it in problem state? -> reflect")),
        5: ("do", ("guest mask 03 -> 00, real mask stays 07",)),
        6: ("run", ("dispatch CMS1 at 012334",)),
    }
    states = [StageState.DONE if n < now else StageState.NOW if n == now else StageState.TO_COME for n in lines]
    stages = tuple(
        StageView(n, title, state, words if state is not StageState.TO_COME else ())
        for (n, (title, words)), state in zip(lines.items(), states, strict=True)
    )
    why = "virtual supervisor state: CP acts as the machine would"
    return XrayView("SSM at 012330", stages, RULES, why, in_progress=now < 7)


STORAGE = StorageView(
    guest="CMS1",
    rows=tuple(
        StorageRow(
            0x012310 + 16 * n,
            0x3F4310 + 16 * n,
            ("00000000", "00000000", "C8C5D3D3", "D6404040"),
            "........HELLO   ",
            frozenset({0} if n == 0 else ()),
        )
        for n in range(4)
    ),
    key="0",
)

LOG = LogView(
    (
        LogEntry(1199, Layer.GUEST, "SVC 5", "CMS1"),
        LogEntry(1199, Layer.CP, "reflect SVC 5: new PSW from 000060", "CMS1"),
        LogEntry(1204, Layer.HARDWARE, "program interruption 0002", "CMS1"),
        LogEntry(1204, Layer.CP, "simulate SSM: guest mask 00", "CMS1"),
    )
)

LESSON = LessonView(
    number=3,
    name="guest",
    title="The kernel as a guest",
    page=(
        "Who owns the system mask?",
        "",
        "SSM asks the machine to switch all interruptions off. The guest is sure it may do",
        "that: it is in supervisor state. Step with `s` and watch panes 3 and 4.",
        "",
        "  SSM   MASK",
        "",
        "- The guest's mask",
        "  is a field in its VMBLOK.",
        "- The real mask is CP's.",
    ),
    goals=(
        GoalView(1, "Stop at the SSM.", True),
        GoalView(2, "Predict the guest's mask: `answer 00`.", False, "nothing", "00", "pane 4"),
        GoalView(3, "Step over it.", False, "at 012330", "at 012334", "pane 1"),
    ),
    hints=("Look at the x-ray.",),
    hints_left=2,
)


class FakeSession:
    """Counts steps; `run` goes on until it is interrupted."""

    def __init__(self) -> None:
        self.at = 4
        self.stopped = threading.Event()
        self.lines: tuple[str, ...] = ("READY;", "HELLO")
        self.named = {"m1": 1200}

    @property
    def step_number(self) -> int:
        return 1200 + self.at

    def interrupt(self) -> None:
        self.stopped.set()

    def status(self) -> StatusView:
        return replace(STATUS, step=1200 + self.at)

    def code(self, rows: int = 40) -> CodeView:
        return code(self.at, rows)

    def registers(self) -> RegistersView:
        return registers(self.at)

    def psw(self) -> PswView:
        return PSW

    def xray(self) -> XrayView:
        return xray()

    def console(self, name: str | None = None) -> ConsoleView:
        return ConsoleView("CMS1", self.lines)

    def storage(self, address: int | None = None, length: int = 64) -> StorageView:
        return STORAGE

    def log(self, count: int = 50) -> LogView:
        return LOG

    def named_steps(self) -> dict[str, int]:
        return self.named

    def timeline(self, width: int) -> TimelineView:
        return TimelineView("." * width, min(self.at, width - 1), 1200 + self.at, 9871)


class FakeWorkbench:
    """Knows `step`, `back`, `run`, `help`, `long` (a long answer), `wrong` (a user's mistake) and `broken` (ours)."""

    def __init__(self, lesson: LessonView | None = LESSON) -> None:
        self.session = FakeSession()
        self.lines: list[str] = []
        self.saved = 0
        self._lesson = lesson
        self.lesson = None

    def execute(self, line: str) -> list[object]:
        self.lines.append(line)
        match line:
            case "step" | "back":
                self.session.at += 1 if line == "step" else -1
            case "run":
                self.session.stopped.wait(10)
                self.session.stopped.clear()
            case _ if line.startswith("break "):
                return [BreakpointsView(())]
            case _ if line.startswith(("who ", "explain", "address ")):
                return [TextView((f"what {line} answers",))]
            case _ if line.startswith("timeline "):
                return [self.session.timeline(72)]
            case "help":
                return [HelpView((HelpEntry("step", "step [COUNT]", "One step.", "stepping", "s"),))]
            case "long":
                return [TextView(tuple(f"line {n}" for n in range(30)))]
            case "wrong":
                raise UserError("wrong is not right; try step")
            case "broken":
                raise KeyError("R17")
        return [StopView(self.session.at, 9871, "step", f"step {self.session.at}, {line}, done")]

    def complete(self, line: str) -> list[Completion]:
        words = ("stage", "status", "step", "storage")
        return [Completion(word) for word in words if word.startswith(line)]

    def lesson_view(self) -> LessonView | None:
        return self._lesson

    def take_messages(self) -> list[object]:
        return []

    def save(self) -> None:
        self.saved += 1
