"""The two sides that are compared: a guest as CP keeps it, and the real machine.  Shared by the topics."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edu_hv.debugger import explain
from edu_hv.debugger.views import ComparedValue
from edu_hv.hypervisor.assist import assisted
from edu_hv.machine.machine import Architecture

if TYPE_CHECKING:
    from edu_hv.debugger.session import DebugSession
    from edu_hv.debugger.system import Guest, System
    from edu_hv.hypervisor.control_program import ControlProgram
    from edu_hv.hypervisor.vmblok import VMBLOK
    from edu_hv.machine.cpu import CPU
    from edu_hv.machine.machine import Machine

NONE = "none"
"""A value that one side does not have."""
SAME = "same"


@dataclass(frozen=True)
class Sides:
    """The selected guest and the machine."""

    session: "DebugSession"
    system: "System"
    guest: "Guest"

    @classmethod
    def of(cls, session: "DebugSession") -> "Sides":
        """Those of a session.  Raises UserError when nothing is loaded, or nobody is logged on."""
        return cls(session, session.system, session.guest)

    @property
    def vm(self) -> "VMBLOK | None":
        """The guest's VMBLOK; None on the bare machine."""
        return self.guest.vm

    @property
    def cp(self) -> "ControlProgram | None":
        """CP; None on the bare machine."""
        return self.system.cp

    @property
    def machine(self) -> "Machine":
        """The real machine."""
        return self.system.machine

    @property
    def cpu(self) -> "CPU":
        """The real CPU."""
        return self.system.machine.cpu

    @property
    def system_360(self) -> bool:
        """The machine is a System/360: no control registers, one timer, and CP cannot run on it."""
        return self.machine.architecture is Architecture.S360

    @property
    def in_cpu(self) -> bool:
        """The guest's registers are in the real CPU: it runs, or CP has not saved them yet."""
        return self.cp is None or self.cp.running_vm is self.vm

    @property
    def away(self) -> str:
        """Why what is in the real CPU is not the guest's; "" while it is."""
        return explain.why_not_in_cpu(self.system, self.guest)

    @property
    def psw_block(self) -> str:
        """Where the guest's PSW is kept, as far as it is not in the real one."""
        if self.in_cpu and self.cp is not None:
            micblok = assisted(self.cpu)
            if micblok is not None:
                return f"the assist's copy of VMPSW at real {micblok.micvpsw:06X}"
        return "VMPSW in its VMBLOK"

    def compared(self, name: str, guest: str, real: str, why: str, sentence: str = "") -> ComparedValue:
        """A value of both; on the bare machine there is one."""
        return same(name, real) if self.cp is None else ComparedValue(name, guest, real, why, sentence=sentence)


def same(name: str, value: str) -> ComparedValue:
    """A value of the bare machine."""
    return ComparedValue(name, value, value, SAME)


def plural(number: int, word: str) -> str:
    """A number with its word: "1 unit", "1,024 units"."""
    return f"{number:,} {word}{'' if number == 1 else 's'}"
