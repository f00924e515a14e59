"""What the microscope is held over: an address, whose it is, and what its translation depends on.

Under CP the real machine's registers are those of the guest that runs; for another guest they are what the dispatcher
would load.  SY20-0886 "Dispatching".
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edu_hv.debugger import believed
from edu_hv.hypervisor.dispatch import RUN_CR0
from edu_hv.isa.codes import CR0, PIC
from edu_hv.isa.errors import UserError
from edu_hv.machine.interruptions import Ending, ProgramInterruption
from edu_hv.machine.psw import PSW

if TYPE_CHECKING:
    from edu_hv.debugger.session import DebugSession
    from edu_hv.debugger.system import Guest, System
    from edu_hv.hypervisor.control_program import ControlProgram
    from edu_hv.hypervisor.vmblok import VMBLOK
    from edu_hv.machine.cpu import CPU

LOGICAL, VIRTUAL, GUEST_REAL, PRIMARY, SECONDARY_SPACE = "logical", "virtual", "guest-real", "primary", "secondary"
"""How an address is to be taken: as the PSW takes it; translated, whatever the PSW says; not translated; by CR1; by
CR7."""
SPACES = (LOGICAL, VIRTUAL, GUEST_REAL, PRIMARY, SECONDARY_SPACE)


@dataclass(frozen=True)
class Target:
    """An address of a guest, or of the bare machine's program, and the registers that decide about it."""

    system: "System"
    guest: "Guest"
    address: int
    space: str
    """One of SPACES."""
    psw: PSW
    """The guest's."""
    cr: tuple[int, ...]
    """The guest's."""

    @property
    def cpu(self) -> "CPU":
        """The real CPU."""
        return self.system.machine.cpu

    @property
    def vm(self) -> "VMBLOK | None":
        """The guest's VMBLOK; None on the bare machine."""
        return self.guest.vm

    @property
    def cp(self) -> "ControlProgram | None":
        """CP; None on the bare machine."""
        return self.system.cp

    @property
    def dat(self) -> bool:
        """The PSW has DAT on; a virtual machine without ECMODE has none."""
        return self.psw.dat and (self.vm is None or self.vm.ecmode)

    @property
    def translated(self) -> bool:
        """The address goes through the program's own tables."""
        return self.dat if self.space == LOGICAL else self.space != GUEST_REAL

    @property
    def secondary(self) -> bool:
        """It does so by the secondary segment table."""
        return self.space == SECONDARY_SPACE or (self.space in (LOGICAL, VIRTUAL) and self.psw.secondary_space)

    @property
    def designation(self) -> int:
        """The program's own segment-table designation."""
        return self.cr[7 if self.secondary else 1]

    @property
    def used_by_instructions(self) -> bool:
        """Whether an instruction of the program would take the address so."""
        if self.translated != self.dat:
            return False
        return not self.translated or self.secondary == self.psw.secondary_space

    @property
    def runs(self) -> bool:
        """The guest has the real CPU now, so what is in its registers is what counts."""
        return self.cp is None or (self.cp.running_vm is self.vm and not self.cp.busy)

    @property
    def to_be_invalidated(self) -> bool:
        """CP will make all shadow entries invalid before the guest runs again."""
        vm = self.vm
        if vm is None or vm.shadow is None or self.runs or not self.dat:
            return False
        other_format = (vm.shadow.cr0 ^ self.cr[0]) & CR0.TRANSLATION_FORMAT
        return vm.storage.frames_lost or not vm.shadow.exist or bool(other_format)

    @property
    def machine_tables(self) -> tuple[int, int]:
        """Control register 0 and segment-table designation that the real machine translates this guest by."""
        if self.vm is None:
            return self.cr[0], self.designation
        if self.runs:
            return self.cpu.cr[0], self.cpu.cr[1]
        if self.dat and self.vm.shadow is not None:
            return self.vm.shadow.cr0, self.vm.shadow.cr1
        return RUN_CR0, self.vm.vmseg

    def fetch_own(self, real: int, length: int) -> bytes:
        """An entry of the program's own tables, by looking.  ADDRESSING outside its storage."""
        if self.vm is None:
            return self.cpu.load_real(real, length)
        if not self.vm.storage.addressable(real):
            raise ProgramInterruption(PIC.ADDRESSING, Ending.SUPPRESSION)
        return self.vm.storage.peek(real, length)

    def real_behind(self, guest_real: int) -> int | None:
        """The real address of a guest-real one; None when its page is out, or it is outside the guest's storage."""
        return believed.real_address(self.system, self.guest, guest_real)


def target(session: "DebugSession", address: int, space: str = LOGICAL) -> Target:
    """Hold the microscope over an address of the selected guest.  Raises UserError for a space that it has not."""
    system, guest = session.system, session.guest
    if guest.vm is not None and space == SECONDARY_SPACE:
        raise UserError("a virtual machine has no secondary space: VM/370 simulates no dual address spaces")
    psw, cr = session.guest_psw(guest.name), tuple(session.guest_control_registers(guest.name))
    return Target(system, guest, address, space, psw, cr)
