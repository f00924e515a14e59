"""A view of each kind that answers a question (explain, who, whatif, cost, ...), and its whole text."""

from collections import Counter

import pytest

from edu_hv.debugger import views
from edu_hv.debugger.cost_comparison import CostComparisonView
from edu_hv.debugger.costs import Costs, CostView, GuestCost
from edu_hv.debugger.explaining.views import BitsRow, BitsView, CauseLink, CauseView, ExplainView, OperandView
from edu_hv.debugger.files.replay import Moment, ReplayView
from edu_hv.debugger.forking.views import FirstDifference, ForkView, MomentsView, StepPair
from edu_hv.debugger.forking.visible import Difference
from edu_hv.debugger.stops.watchlog import LoggedView, WatchLogView
from edu_hv.debugger.tracing.views import Stretch, StretchesView, TraceView
from edu_hv.debugger.views import Layer
from edu_hv.debugger.writers.views import ChainView, MadeOfView, WriteRow, WritersView, WriterView

_A = GuestCost(
    "A",
    1204,
    221,
    3,
    Counter({"privileged operation": 200, "supervisor call": 21, "external": 3}),
    Counter({"SSM": 200, "SVC": 21}),
    Counter({"PRV-2": 200, "SVC-1": 21}),
    Counter({"SIO-6": 4}),
)
_B = GuestCost(
    "B",
    100,
    1,
    classes=Counter({"supervisor call": 1}),
    mnemonics=Counter({"SVC": 1}),
    rules=Counter({"SVC-1": 1}),
    assisted=Counter({"SSM": 40}),
    declined=Counter({"SSM": 2}),
)
COSTS = Costs(0, 1500, {"A": _A, "B": _B}, 12000, 1000, True)
_A_ASSISTED = GuestCost("A", 1204, 21, assisted=Counter({"SSM": 200}))
WITH_ASSIST = Costs(0, 1500, {"A": _A_ASSISTED}, 4000, 1000, True)

CASES = [
    pytest.param(
        StretchesView(
            1,
            5000,
            12,
            5000,
            1,
            (
                Stretch(1, 2375, "s", "supervisor state of A"),
                Stretch(2376, 2376, "T", "trap to CP, program: privileged operation at 012330 SSM ALLON"),
            ),
        ),
        """
steps 1 to 5,000 of 5,000
steps 1 to 2,375: supervisor state of A
step 2,376: trap to CP, program: privileged operation at 012330 SSM ALLON
you are at step 12
""",
        id="stretches",
    ),
    pytest.param(
        TraceView(
            "svc 5",
            (views.LogEntry(1204, Layer.GUEST, "supervisor call 5 at 000200 SVC 5", "A"),),
            0,
            1300,
            31,
            2,
            1300,
        ),
        """
events that match svc 5, in steps 0 to 1,300
step   who    guest  what
1,204  guest  A      supervisor call 5 at 000200 SVC 5
31 more before them (trace more lists those), 2 more after them
""",
        id="trace",
    ),
    pytest.param(
        TraceView("svc 9", (), 0, 1300, 0, 0, 1300),
        "\nno events that match svc 9 in steps 0 to 1,300\n",
        id="trace-empty",
    ),
    pytest.param(
        CostView(COSTS, "", 2000),
        """
cost of all guests, steps 0 to 1,500 of 2,000
A executed 1,204 instructions and trapped 221 times: one trap each 5.4
  instructions
CP decided 221 times about it, and 4 times more within these decisions
221 of the traps are by instructions that the VM assist can do: cost compare
  assist
B executed 100 instructions and trapped once: one trap each 100.0 instructions
CP decided once about it
the VM assist did 40 without CP; each would have been a trap, so without it
  there would be one each 2.4 instructions
machine time 12,000 microseconds: the guests' instructions 1,304 (11 per cent),
  CP 9,696 (81 per cent), waiting 1,000 (8 per cent); the VM assist saved CP
  1,600 at least
guest  instructions  traps  one each  interrupted  decisions  by the assist
A      1,204         221    5.4       3            221        0
B      100           1      100.0     0            1          40
interruption          times
privileged operation  200
supervisor call       22
external              3
instruction  trapped  done by the assist  left to CP by it
SSM          200      40                  2
SVC          22       0                   0
rule of CP  decided  within another decision
PRV-2       200      0
SVC-1       22       0
SIO-6       0        4
""",
        id="cost",
    ),
    pytest.param(
        CostView(Costs(0, 10, {"bare": GuestCost("bare", 10)}, 10, 0, False), "", 10),
        """
cost of the bare machine, steps 0 to 10 of 10
the program on the bare machine executed 10 instructions and 0 of them led to
  an interruption
machine time 10 microseconds: its instructions 10 (100 per cent)
""",
        id="cost-bare",
    ),
    pytest.param(
        CostComparisonView(COSTS, WITH_ASSIST, False, "A", ""),
        """
steps 0 to 1,500, of A, and the same again
                    without the assist  with it
instructions        1,204               1,204
traps               221                 21
decisions of CP     221                 0
done by the assist  0                   200
CP's microseconds   9,696               1,796
all microseconds    12,000              4,000
with the VM assist 21 traps in place of 221: 200 fewer, 90 per cent
what happens with it was executed aside: you are where you were
""",
        id="cost-compared",
    ),
    pytest.param(
        ForkView(
            "A",
            1204,
            "under CP",
            "on a bare machine",
            (2, 1),
            "each step",
            (
                StepPair(
                    1,
                    "PRV-2: simulate SSM",
                    "executed",
                    "000206 SSM 0",
                    "000206 SSM 0",
                    ("PSW mask 00 becomes FE",),
                    ("PSW mask 00 becomes FE",),
                    True,
                ),
                StepPair(
                    2,
                    "executed directly",
                    "interruption: SVC 1",
                    "00020A LR 1,2",
                    "00020C SVC 1",
                    ("GR1 0 becomes 1",),
                    (),
                    False,
                ),
            ),
            (),
            FirstDifference(2, "00020A LR 1,2", (Difference("GR1", "00000001", "00000000"),), "CP did it", "a clock"),
            (Difference("console line 1", '"HELLO"', "not there", "the lines come later"),),
            (Difference("TOD clock", "81", "82"),),
            ("", "disabled wait"),
            (("times CP got control from it", 1, 0),),
            (Difference("real PSW mask", "07", "FE"),),
            ("the printer begins with fresh paper",),
        ),
        """
A from step 1,204: under CP, and on a bare machine
note: the printer begins with fresh paper
step 1: 000206 SSM 0
  under CP: PRV-2: simulate SSM
  on a bare machine: executed
  both; PSW mask 00 becomes FE
step 2: not the same on both sides
  under CP: 00020A LR 1,2: executed directly; GR1 0 becomes 1
  on a bare machine: 00020C SVC 1: interruption: SVC 1
on a bare machine: ended after 1 step: disabled wait
the first difference is at step 2, 00020A LR 1,2
  why: CP did it
  to be expected: a clock
what differs:
place  under CP  on a bare machine
GR1    00000001  00000000
what differs at the end:
place           under CP  on a bare machine
console line 1  "HELLO"   not there; the lines come later
the clocks do not agree, as is to be expected: TOD clock
times CP got control from it: 1 under CP, 0 on a bare machine
what differs in the real machine:
place          under CP  on a bare machine
real PSW mask  07        FE
it was executed aside: you are where you were
""",
        id="fork",
    ),
    pytest.param(
        ForkView(
            "A",
            3,
            "under CP",
            "with $r2 = 5",
            (1, 1),
            "each step",
            (StepPair(1, "executed directly", "executed directly", "000206 NOPR", "000206 NOPR", (), (), True),),
            (Difference("GR2", "00000000", "00000005"),),
            None,
            (),
            (),
            ("", ""),
        ),
        """
A from step 3: under CP, and with $r2 = 5
what differs at once:
place  under CP  with $r2 = 5
GR2    00000000  00000005
step 1: 000206 NOPR
  both: executed directly
no difference in 1 step: every step goes alike (each step compared)
nothing differs at the end
it was executed aside: you are where you were
""",
        id="fork-alike",
    ),
    pytest.param(
        MomentsView(
            "branches branch1 and main",
            "A",
            "branch1, step 9",
            "main, step 9",
            (Difference("GR9", "00000001", "00000000"),),
            (Difference("VMPEND", "EXT", "none"),),
            "branch1: you; main: CP",
        ),
        """
A, branches branch1 and main: branch1, step 9 and main, step 9
the first event that is not the same: branch1: you; main: CP
what differs that the guest can see:
place  branch1, step 9  main, step 9
GR9    00000001         00000000
what differs in CP's blocks for it:
place   branch1, step 9  main, step 9
VMPEND  EXT              none
""",
        id="two-moments",
    ),
    pytest.param(
        MomentsView("two moments of the recording", "A", "step 1", "step 1", (), ()),
        """
A, two moments of the recording: step 1 and step 1
nothing differs that the guest can see
""",
        id="two-moments-the-same",
    ),
    pytest.param(
        WatchLogView(
            ("1, on R5",),
            (
                LoggedView(12, 1, views.Layer.GUEST, "KERNEL", "012334 LA 5,1(5)", "R5: 00000001 -> 00000002", 14),
                LoggedView(20, 1, views.Layer.CP, "KERNEL", "", "R5: 00000002 -> 00000000", 29),
            ),
            True,
            0,
            1204,
        ),
        """
logged: 1, on R5
step  log  who    guest   instruction       what
12    1    guest  KERNEL  012334 LA 5,1(5)  R5: 00000001 -> 00000002
20    1    CP     KERNEL                    R5: 00000002 -> 00000000
2 times in steps 0 to 1,204 of the recording; there may be more before:
watchlog show 1000 shows as many
""",
        id="watch log",
    ),
    pytest.param(
        WatchLogView((), (), False),
        "\nnothing is logged; watchlog R5 logs what writes register 5\n",
        id="watch-log-none",
    ),
    pytest.param(
        ReplayView(
            "main",
            0,
            1204,
            2000,
            (
                Moment(900, 880, "input", "KERNEL", "gave CP the command q time\nTIME IS 00:00:00"),
                Moment(901, 881, "console", "KERNEL", "A LINE"),
                Moment(905, 885, "stop", "KERNEL", "breakpoint 1 at 001018"),
                Moment(905, 885, "mark", "", "there"),
            ),
        ),
        """
branch main, steps 0 to 1,204 of 2,000:
step 880, you (KERNEL): gave CP the command q time
  TIME IS 00:00:00
step 881, console (KERNEL): A LINE
step 885, stop (KERNEL): breakpoint 1 at 001018
step 885, mark: there
""",
        id="replay",
    ),
    pytest.param(
        ReplayView("main", 3, 5, 2000, ()),
        """
branch main, steps 3 to 5 of 2,000: nothing was given, and no console showed
  anything
""",
        id="replay-nothing",
    ),
    pytest.param(
        ExplainView(
            "A",
            1204,
            "012330 SSM 16(12): Set system mask, privileged",
            (
                OperandView(
                    "operand 2", "GR12 00012300 + displacement 010 = 012310", "1 byte, storage key 0", "00", "01"
                ),
            ),
            ("the hardware will see program: privileged operation", "A will get: guest mask FF -> 00"),
        ),
        """
step 1,204 of A: 012330 SSM 16(12): Set system mask, privileged
  operand 2: GR12 00012300 + displacement 010 = 012310; 1 byte, storage key 0;
      00, becomes 01
- the hardware will see program: privileged operation
- A will get: guest mask FF -> 00
""",
        id="explain",
    ),
    pytest.param(
        BitsView("PSW", "00020000 00000000", (BitsRow("14", "wait state", "1", "waits"),), ("a disabled wait",)),
        """
PSW: 00020000 00000000
  bit 14 wait state = 1: waits
- a disabled wait
""",
        id="bits",
    ),
    pytest.param(
        CauseView(
            "A", "disabled wait", (CauseLink("the address is odd in step 5", 5), CauseLink("so loaded")), "branch"
        ),
        """
A: disabled wait
- because the address is odd in step 5 (goto 4)
- because so loaded
each goto goes to the moment before that step
likely fix: branch
""",
        id="cause",
    ),
    pytest.param(
        WriterView(
            "GR5",
            "A",
            20,
            12,
            Layer.CP,
            "CP, simulating LPSW",
            "00000001",
            "00000002",
            ("rule P2: why? Yes: simulate",),
            (MadeOfView(1, "GR3 = 00000002", True), MadeOfView(2, "GR4 = 00000600 (part of an address)")),
            ("GR6, step 15 LR", "GR5, step 12 CP simulating LPSW"),
            "it was within the step",
        ),
        """
trail: GR6, step 15 LR <- GR5, step 12 CP simulating LPSW
GR5 of A: last written at step 12, by CP, simulating LPSW
  00000001 -> 00000002; layer: CP
  rule P2: why? Yes: simulate
  made of:
    1 GR3 = 00000002, of which it is a copy
    2 GR4 = 00000600 (part of an address)
  it was within the step
  next: goto 12, jump, follow 1 to 2
""",
        id="writer",
    ),
    pytest.param(
        WriterView("GR5", "", 20, None, None, "", "", "00000000", remark="no step has written it"),
        "\nGR5: no step has written it\n",
        id="never-written",
    ),
    pytest.param(
        WritersView("GR5", "A", (WriteRow(1, 1200, Layer.GUEST, "the instruction LR 5,6", "00", "01"),), True),
        """
GR5 of A: one write; there are others before
   step   layer  value     by
1  1,200  guest  00 -> 01  the instruction LR 5,6
""",
        id="writers",
    ),
    pytest.param(
        WritersView("GR5", "", (), False),
        "\nGR5: no step has written it\n",
        id="no-writers",
    ),
    pytest.param(
        ChainView(
            "GR5",
            "A",
            (
                WriterView("GR5", "A", 20, 12, Layer.GUEST, "the instruction LR 5,6", "00", "01"),
                WriterView("GR6", "A", 11, None, None, "", "", "01"),
            ),
            "it is from the beginning of the recording",
        ),
        """
where GR5 of A comes from, latest first:
  1 GR5 = 01, step 12: the instruction LR 5,6
  2 GR6 = 01, never written since the recording began
  it is from the beginning of the recording
""",
        id="chain",
    ),
]
