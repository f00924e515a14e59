"""TRACE, PER and ADSTOP: what a guest's operator asked to be told of (DMKTRC, DMKTRA).  Read next: `commands.trace`."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edu_hv.hypervisor.control_program import ControlProgram
    from edu_hv.hypervisor.vmblok import VMBLOK
    from edu_hv.machine.interruptions import Interruption
    from edu_hv.machine.psw import PSW


class Tracing:
    """CP calls these when something happens that may be traced; each may put the guest into CP mode."""

    def __init__(self, cp: "ControlProgram") -> None:
        self.cp = cp

    def interrupted(self, vm: "VMBLOK", interruption: "Interruption", old: "PSW") -> None:
        """A virtual interruption was reflected or delivered; the virtual PSW is the new one, `old` what it was."""

    def simulated(self, vm: "VMBLOK", mnemonic: str, text: bytes, address: int) -> None:
        """A privileged instruction at `address` was simulated, DIAGNOSE too."""

    def io(self, vm: "VMBLOK", mnemonic: str, device: int, address: int) -> None:
        """An I/O instruction at `address` was carried out on a virtual device."""

    def program_event(self, vm: "VMBLOK", interruption: "Interruption") -> None:
        """A program event that CP recorded with `vm.cp_per`."""

    def adstop(self, vm: "VMBLOK") -> None:
        """The guest came to its ADSTOP."""

    def reset(self, vm: "VMBLOK") -> None:
        """Virtual system reset: the ADSTOP is gone."""

    def state(self) -> object:
        """A checkpoint; what is traced is kept in the VMBLOKs."""
        return None

    def restore(self, state: object) -> None:
        """Go back to a checkpoint."""
