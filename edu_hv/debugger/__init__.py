"""The debugger: `DebugSession` is the only door for faces, lessons and scripts.

    from edu_hv.debugger import DebugSession

    session = DebugSession()
    session.load_cp("kernel")              # a guest of CP; load_bare("kernel") has no CP
    print(session.next_trap())             # a StopView: what happened, in words
    print(session.next_instruction(), session.guest_psw().problem_state)
    session.back(10)                       # every verb has its reverse
    session.run_until(lambda s: s.guest_gr(5) > 100)
    print(session.rules_fired())           # {"PRV-2": 185, ...}
    print(session.execute("why 2"))        # any command of the prompt; its views print as text

docs/PYTHON.md has the tasks of a script, and its examples.  What cannot be done raises a UserError of one sentence.
Nothing prints, nothing depends on the clock: the same script has the same results everywhere.

Read next: `system` (what is loaded), `recording`, `views`, then `commands`.
"""

from edu_hv.asm.assembler import AssemblyError
from edu_hv.debugger.asking import Taken, Trap
from edu_hv.debugger.breakpoints import Breakpoint, StopAt
from edu_hv.debugger.costs import Costs, GuestCost
from edu_hv.debugger.recording.journal import Entry, InputGiven
from edu_hv.debugger.scripting import Views
from edu_hv.debugger.session import DebugSession
from edu_hv.debugger.start import RealMachine
from edu_hv.debugger.system import from_source
from edu_hv.debugger.views import StopView, View
from edu_hv.hypervisor.decisions import ConsoleLine, DecisionTaken
from edu_hv.isa.errors import UserError
from edu_hv.machine.events import InterruptionRecognized

__all__ = [
    "AssemblyError",
    "Breakpoint",
    "ConsoleLine",
    "Costs",
    "DebugSession",
    "DecisionTaken",
    "Entry",
    "GuestCost",
    "InputGiven",
    "InterruptionRecognized",
    "RealMachine",
    "StopAt",
    "StopView",
    "Taken",
    "Trap",
    "UserError",
    "View",
    "Views",
    "from_source",
]
