"""What CP works on, stage by stage, and where in real storage it is."""

from dataclasses import dataclass
from enum import Enum

from edu_hv.hypervisor.decisions import Verdict
from edu_hv.hypervisor.program import Trap
from edu_hv.hypervisor.vmblok import VMBLOK
from edu_hv.isa.codes import Class
from edu_hv.machine.interruptions import Interruption

ENTRY_POINTS = {
    Class.RESTART: ("DMKCPIRS", 0x001000),
    Class.EXTERNAL: ("DMKPSAEX", 0x001100),
    Class.SVC: ("DMKPSASV", 0x001200),
    Class.PROGRAM: ("DMKPRGIN", 0x001300),
    Class.MACHINE_CHECK: ("DMKMCHIN", 0x001400),
    Class.INPUT_OUTPUT: ("DMKIOSIN", 0x001500),
}
"""Where the real new PSWs point: module entry names of VM/370, at addresses of our own."""

RUNPSW = 0x330
"""Real address of the PSW that dispatches a guest.  SY20-0886 "PSA"."""
FREE_STORAGE = (0x002000, 0x010000)
"""Real addresses of CP's free storage; page frames follow."""

TRAP_MICROSECONDS = 40
"""Machine time from an interruption to the dispatch that answers it.  Invented; the clock runs on, as it did."""


class Stage(Enum):
    """The next thing CP has to do."""

    NONE = "a guest runs"
    DECODE = "save and decode"
    RULE = "find the rule"
    DO = "carry it out"
    DISPATCH = "dispatch"


@dataclass
class Work:
    """What CP is busy with."""

    stage: Stage = Stage.NONE
    interruption: Interruption | None = None
    trap: Trap | None = None
    verdict: Verdict | None = None
    subject: VMBLOK | None = None
    """The guest that the verdict is about."""
