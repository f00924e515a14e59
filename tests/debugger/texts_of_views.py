"""A view of each kind that shows what there is, and its whole text."""

import pytest

from edu_hv.debugger import views
from edu_hv.debugger.comparing.views import ComparedTopic, ComparisonView
from edu_hv.debugger.examining import ExaminedRow, ExaminedView, Shape, ValueView
from edu_hv.debugger.microscope.views import (
    AccessView,
    EntryView,
    FrameView,
    MicroscopeView,
    PageRange,
    PagesView,
    RungView,
)
from edu_hv.debugger.views import ComparedValue, Layer, RuleView, StageState, StageView

MASK = ComparedValue("mask", "00", "07", "CP keeps its own", changed=True)
EFFECTS = (views.EffectView("mask", "FF", "00", "07"), views.EffectView("GR1", "00000000", "00000001"))
KEY = ComparedValue("key", "0", "0", "same")
ADDRESS = ComparedValue("address", "012334", "012334", "", changed=True, real_changed=True)
RULES = (
    RuleView("P2", "guest in supervisor state?", True, "simulate the instruction", 'SY20-0886 "DMKPRV"'),
    RuleView("P1", "guest in problem state?", False, "reflect code 0002", ""),
)
STAGES = (
    StageView(1, "guest", StageState.DONE, ("SSM 16(12) issued; the real PSW is in problem state",)),
    StageView(
        2,
        "hardware",
        StageState.DONE,
        ("program interruption, code 0002, ILC 2", "old PSW -> 000028"),
        ("the swap changes state problem -> supervisor",),
    ),
    StageView(3, "rule", StageState.NOW, ("guest in supervisor state: simulate",)),
    StageView(4, "run", StageState.TO_COME, ()),
)
TITLE = "SSM at 012330"
GOALS = (
    views.GoalView(1, "stop at the SSM", True, seen="not shown any more"),
    views.GoalView(2, "see the mask", False, "guest mask FF", "guest mask 00", "registers"),
)

CASES = [
    pytest.param(
        views.StatusView("A", ("A", "B"), 12, 30, "breakpoint 1", "SUP", "PROB", "CP", "hardware", 12345),
        """
A (guests: A, B): step 12 of 30
stopped: breakpoint 1
guest state SUP, real state PROB, running CP, in a trap after stage hardware
machine time 12,345 microseconds
""",
        id="status",
    ),
    pytest.param(
        views.StatusView("bare", ("bare",), 0, 0, "loaded", "SUP", "SUP", "bare", "", 0),
        """
the bare machine: step 0 of 0
stopped: loaded
guest state SUP, real state SUP, running bare
machine time 0 microseconds
""",
        id="status-bare",
    ),
    pytest.param(
        views.CodeView(
            "A",
            (
                views.CodeLine(0x1232E, "1BFF", "SR    15,15", executed=True),
                views.CodeLine(0x12330, "8000C010", "SSM   16(12)", "MASK", trap=True, note="TRAP 02"),
                views.CodeLine(0x12334, "0A05", "DONE     SVC   5", "DONE", current=True, breakpoint=True),
                views.CodeLine(0x12336, "D207C0001000", "MVC   0(8,12),0(1)"),
            ),
            2,
        ),
        """
code of A
 .  01232E  1BFF                   SR    15,15
 !  012330  8000C010      MASK     SSM   16(12)  ; TRAP 02
B > 012334  0A05          DONE     SVC   5
    012336  D207C0001000           MVC   0(8,12),0(1)
B breakpoint, ! trap taken here, . executed, > next to be executed
""",
        id="code",
    ),
    pytest.param(
        views.RegistersView(
            "A",
            (
                views.RegisterValue("R0", "00000000", changed=True),
                views.RegisterValue("R1", "00000005", read=True),
                views.RegisterValue("R2", "00012400", changed=True, read=True),
                views.RegisterValue("R3", "00000FFF"),
                views.RegisterValue("R15", "40012350"),
            ),
            "CC 0 zero",
            (ComparedValue("CR0", "000000E0", "800400E0", "the format is CP's"), KEY),
        ),
        """
general registers of A
R0   *00000000  R1   <00000005  R2  *<00012400  R3    00000FFF
R15   40012350
* changed by the last step, < read by it
condition code: CC 0 zero
control registers
      guest      real      why
CR0   000000E0   800400E0  differs: the format is CP's
key   0          0         same
""",
        id="registers",
    ),
    pytest.param(
        views.PswView("A", "000C0000 00012334", "070D0000 00012334", (MASK, KEY, ADDRESS)),
        """
PSW of A
guest 000C0000 00012334
real  070D0000 00012334
          guest    real    why
mask     *00       07      differs: CP keeps its own
key       0        0       same
address  *012334  *012334  same
""",
        id="psw",
    ),
    pytest.param(
        views.XrayView(TITLE, STAGES, RULES, "virtual supervisor state: CP acts as the machine would", True),
        """
trap x-ray: SSM at 012330 (in progress)
  1 guest     done     SSM 16(12) issued; the real PSW is in problem state
  2 hardware  done     program interruption, code 0002, ILC 2
                       old PSW -> 000028
                       the swap changes state problem -> supervisor
> 3 rule      now      P2 fired: simulate the instruction
  4 run       to come
rules tried
  yes  P2: guest in supervisor state? then: simulate the instruction (SY20-0886
       "DMKPRV")
  no   P1: guest in problem state? it would: reflect code 0002
why: virtual supervisor state: CP acts as the machine would
""",
        id="xray",
    ),
    pytest.param(views.XrayView("", (), (), "", False), "\ntrap x-ray: no trap so far\n", id="xray-none"),
    pytest.param(
        views.DecisionView(12, "A", "privileged operation, SSM", RULES[:1], "simulate SSM", "it may", EFFECTS),
        """
step 12, A: privileged operation, SSM
rules tried
  yes  P2: guest in supervisor state? then: simulate the instruction (SY20-0886
       "DMKPRV")
decision: simulate SSM
why: it may
effects
      before    after     real
mask  FF        00        07
GR1   00000000  00000001  -
""",
        id="decision",
    ),
    pytest.param(
        views.ConsoleView("A", ("READY;", "  two  blanks", "")), "\nA| READY;\nA|   two  blanks\nA|\n", id="console"
    ),
    pytest.param(views.ConsoleView("A", ()), "\nthe console of A is empty\n", id="console-empty"),
    pytest.param(
        views.StorageView(
            "A",
            (
                views.StorageRow(
                    0x12310,
                    0x3F4310,
                    ("00000000", "41D0C0F0", "C1C24040", "00000000"),
                    ".....}{0AB  ....",
                    frozenset({0, 1, 2, 8, 15}),
                ),
                views.StorageRow(0x12320, None, ("00000000",), "...."),
            ),
            "3",
        ),
        """
storage of A, key 3
guest = real address, 16 bytes in hexadecimal, the same in EBCDIC
012310 = 3F4310  00000000 41D0C0F0 C1C24040 00000000  |.....}{0AB  ....|
       * changed: 012310 to 012312, 012318, 01231F
012320 = absent  00000000                             |....|
""",
        id="storage",
    ),
    pytest.param(
        views.LogView(
            (
                views.LogEntry(9, Layer.GUEST, "MVI, 012310 := 00", "A"),
                views.LogEntry(12, Layer.CP, "simulated SSM"),
                views.LogEntry(13, Layer.USER, "typed"),
            )
        ),
        """
step  who    guest  what
9     guest  A      MVI, 012310 := 00
12    CP            simulated SSM
13    you           typed
""",
        id="log",
    ),
    pytest.param(views.LogView(()), "\nthe log is empty\n", id="log-empty"),
    pytest.param(
        views.TimelineView("ssT..w", 2, 3, 6),
        """
timeline: step 3 of 6
ssT..w
  ^ now
s supervisor, . problem, T trap to CP, w wait
""",
        id="timeline",
    ),
    pytest.param(
        views.TimelineView(
            "sT.iw",
            2,
            1300,
            5000,
            first=1000,
            last=1500,
            bucket=101,
            zoomed=True,
            rows=(views.TimelineRow("KERNEL", "sT---", 201), views.TimelineRow("B", "---i-", 1)),
            pins=(views.TimelinePin("HERE", 1200, 1),),
        ),
        """
timeline: step 1,300 of 5,000; shown are steps 1,000 to 1,500, around the
present one, 101 steps a character
all    sT.iw
         ^ now
KERNEL sT---
B      ---i-
s supervisor, . problem, T trap to CP, i interruption, w wait, - does not run
KERNEL had the CPU in 201 steps
B had the CPU in 1 step
marks: HERE at step 1,200
""",
        id="timeline-of-guests",
    ),
    pytest.param(
        views.TimelineView("ss", -1, 1300, 5000, first=1, last=2),
        """
timeline: step 1,300 of 5,000; shown are steps 1 to 2, one step a character
ss
s supervisor
step 1,300, where you are, is behind these
""",
        id="timeline-elsewhere",
    ),
    pytest.param(
        views.BreakpointsView(
            (
                views.BreakpointView(1, 0x1233A, "LOOP", 3, set_at=7),
                views.BreakpointView(
                    12, None, "", None, "watchpoint", "on R5", False, "R2 == 1", ("temporary",), ("xray",), 1204
                ),
            )
        ),
        """
number  stops  hits         set at step  what
1       yes    3            7            breakpoint at 01233A LOOP
12      no     not counted  1204         watchpoint on R5, if R2 == 1,
                                         temporary, then xray
""",
        id="breakpoints",
    ),
    pytest.param(views.BreakpointsView(()), "\nno breakpoints\n", id="breakpoints-none"),
    pytest.param(
        views.StopView(12, 30, "breakpoint 1", "step 12, SSM, trap privileged operation, simulated"),
        """
step 12, SSM, trap privileged operation, simulated
stopped: breakpoint 1, at step 12 of 30
""",
        id="stop",
    ),
    pytest.param(views.StopView(12, 12, "step", "step 12, LR"), "\nstep 12, LR\n", id="stop-step"),
    pytest.param(views.StopView(1, 2, "back", "step 1, back"), "\nstep 1, back\nat step 1 of 2\n", id="stop-back"),
    pytest.param(
        views.StopView(3, 3, "trap: SVC 1 at 001000", "step 3, SVC 1 at 001000"),
        "\nstep 3, SVC 1 at 001000\n",
        id="stop-trap",
    ),
    pytest.param(
        views.StopView(3, 3, "trap: SVC 1 (stage rule)", "step 3, SVC 1"),
        "\nstep 3, SVC 1\nstopped: stage rule\n",
        id="stop-stage",
    ),
    pytest.param(
        views.TableView("devices of A", ("address", "type", "state"), (("009", "3215", "ready"), ("00C", "2540R", ""))),
        """
devices of A
address  type   state
009      3215   ready
00C      2540R
""",
        id="table",
    ),
    pytest.param(views.TableView("guests", ("name",), ()), "\nguests: none\n", id="table-empty"),
    pytest.param(views.TextView(("one", "  two"), "words"), "\nwords\none\n  two\n", id="text"),
    pytest.param(
        views.HelpView(
            (
                views.HelpEntry("step", "step [COUNT]", "Do the next instruction.", "run", "s"),
                views.HelpEntry("back", "back", "Undo it.", "run"),
                views.HelpEntry("psw", "psw", "Show the PSW.", "inspect"),
            ),
            ("help COMMAND says more",),
        ),
        """
run
  step [COUNT]  Do the next instruction. (key s)
  back          Undo it.
inspect
  psw  Show the PSW.
help COMMAND says more
""",
        id="help",
    ),
    pytest.param(
        views.LessonView(
            1, "machine", "meet the machine", ("# meet the machine", "", "Look."), GOALS, ("type psw",), 2, False
        ),
        """
lesson 1: meet the machine

Look.
goals
[done] 1. stop at the SSM
[open] 2. see the mask
       seen: guest mask FF
       expected: guest mask 00
       look at: registers
hint 1: type psw
hints left: 2
""",
        id="lesson",
    ),
    pytest.param(
        views.LessonView(1, "machine", "meet the machine", (), GOALS[:1], done=True),
        "\nlesson 1: meet the machine\ngoals\n[done] 1. stop at the SSM\nlesson 1 is done\n",
        id="lesson-done",
    ),
    pytest.param(
        ExaminedView(
            "KERNEL", Shape(3), (ExaminedRow(512, "START", ("0A05", "0A06")), ExaminedRow(516, "", ("0A07",))), 518
        ),
        "\n000200 <START>: 0A05 0A06\n000204:         0A07\n",
        id="examined",
    ),
    pytest.param(ValueView("$r5 + 1", 16, "00000010, 16 decimal"), "\n$r5 + 1: 00000010, 16 decimal\n", id="value"),
    pytest.param(ValueView("cc", 2, "2", 1), "\n1 cc: 2\n", id="value at every stop"),
    pytest.param(
        MicroscopeView(
            "A",
            0x10200,
            "guest-virtual, as the PSW takes it (EC mode, DAT on, key 2)",
            (
                RungView(
                    "guest-virtual to guest-real, by the guest's own tables",
                    0x10200,
                    0x3200,
                    "",
                    (
                        EntryView(
                            "segment-table entry 1",
                            "guest-real 002004, real 0FC004",
                            "F0002100",
                            "valid: page table at 002100 for 16 pages",
                            0x2004,
                        ),
                    ),
                    ("CR1 00002000: segment table at guest-real 002000", "a remark"),
                ),
                RungView(
                    "guest-real to real, by CP's tables for A",
                    0x3200,
                    None,
                    "page translation",
                    (EntryView("TLB entry", "", "none", "the tables are looked at"),),
                ),
            ),
            ("real: 06, key 0, referenced, changed",),
            "page 003 is in the paging area, slot 7",
            ("missing shadow entry: it is filled at the first use",),
            (
                AccessView("fetch", None, "", "", None, False, "allowed at real 0F9200"),
                AccessView("store", 17, "CP", "PTR-2", None, False, "page translation exception, code 0011"),
            ),
        ),
        """
A: 010200 is guest-virtual, as the PSW takes it (EC mode, DAT on, key 2)
1. 010200 to 003200: guest-virtual to guest-real, by the guest's own tables
   CR1 00002000: segment table at guest-real 002000
   segment-table entry 1 at guest-real 002004, real 0FC004: F0002100, valid:
     page table at 002100 for 16 pages
   a remark
2. 003200 to nowhere: page translation exception: guest-real to real, by CP's
   tables for A
   TLB entry: none, the tables are looked at
page 003 is in the paging area, slot 7
key    real: 06, key 0, referenced, changed
flag   missing shadow entry: it is filled at the first use
fetch  allowed at real 0F9200
store  page translation exception, code 0011
""",
        id="microscope",
    ),
    pytest.param(
        MicroscopeView("bare", 0x200, "virtual, as you asked", (), (), "", (), (), "DAT is off"),
        "\nthe bare machine: 000200 is virtual, as you asked\naccess DAT is off\n",
        id="microscope-unused",
    ),
    pytest.param(
        FrameView(0x1234, 0x234, "page 003 of A", ("core-table entry: locked 2 times", "key 0")),
        "\nreal 001234 (absolute 000234): page 003 of A\n  core-table entry: locked 2 times\n  key 0\n",
        id="frame",
    ),
    pytest.param(
        PagesView("A", "64 pages", (PageRange(0, 0, "in the frame at real 0FF000"), PageRange(1, 14, "never used"))),
        "\npages of A: 64 pages\n  000  in the frame at real 0FF000\n  001 to 00E  never used\n",
        id="pages",
    ),
    pytest.param(
        ComparisonView(
            "A",
            (
                ComparedTopic(
                    "psw",
                    "PSW",
                    (ComparedValue("mask", "00", "07", "short", True, sentence="a sentence"), KEY),
                    "VMPSW",
                ),
                ComparedTopic(
                    "registers",
                    "general registers",
                    (
                        ComparedValue("R0", "1", "2", "x", sentence="the same"),
                        ComparedValue("R1", "1", "2", "x", sentence="the same"),
                    ),
                ),
            ),
        ),
        """
A: guest, real and why
PSW; the guest's: VMPSW
       guest   real  why
mask  *00      07    differs: a sentence
key    0       0     same
general registers
     guest   real  why
R0   1       2     differs: the same
R1   1       2     differs: as above
""",
        id="comparison",
    ),
    pytest.param(
        ComparisonView("A", (), True, ("PSW", "timers")),
        "\nA: what differs\nnothing differs in: PSW, timers\n",
        id="comparison-differs",
    ),
    pytest.param(
        ComparisonView("bare", (ComparedTopic("psw", "PSW", (KEY,)), ComparedTopic("x", "nothing", ())), bare=True),
        """
the bare machine: there is no CP, so what the program sees is what is there
PSW
     value
key  0
nothing
  none
""",
        id="comparison-bare",
    ),
]
