"""What a guest believes: its PSW and registers as they would be in a machine of its own, wherever they really are."""

from dataclasses import dataclass

from edu_hv.debugger.system import Guest, System, live_psw
from edu_hv.hypervisor import assist
from edu_hv.hypervisor.control_program import ControlProgram
from edu_hv.hypervisor.vmblok import VMBLOK, TimerLevel
from edu_hv.isa.codes import MASK_64
from edu_hv.isa.errors import UserError
from edu_hv.machine.interruptions import ProgramInterruption
from edu_hv.machine.psw import PSW
from edu_hv.machine.storage import FRAME


@dataclass(frozen=True, slots=True)
class GuestState:
    """Registers of a guest as they were, to mark what has changed since."""

    gr: tuple[int, ...]
    cr: tuple[int, ...]
    psw: PSW
    real_psw: PSW
    real_cr: tuple[int, ...]


def state_of_guests(system: System) -> dict[str, GuestState]:
    """Every guest as it is now."""
    real, real_cr = system.machine.cpu.psw.copy(), tuple(system.machine.cpu.cr)
    return {
        guest.name: GuestState(
            tuple(registers(system, guest)), tuple(control_registers(system, guest)), psw(system, guest), real, real_cr
        )
        for guest in system.guests
    }


def psw(system: System, guest: Guest) -> PSW:
    """The guest's PSW; while it runs, address, CC, program mask and key come from the real one."""
    if guest.vm is None or system.cp is None:
        return system.machine.cpu.psw.copy()
    believed = system.psw_of(guest.name).copy()
    source = live_psw(system.cp, guest.vm)
    if source is not None:
        believed.instruction_address, believed.cc = source.instruction_address, source.cc
        believed.program_mask, believed.key = source.program_mask, source.key
    return believed


def registers(system: System, guest: Guest) -> list[int]:
    """The guest's 16 general registers."""
    if guest.vm is None or guest.name == system.running:
        return list(system.machine.cpu.gr)
    return list(guest.vm.vmgprs)


def control_registers(system: System, guest: Guest) -> list[int]:
    """The guest's 16 control registers."""
    if guest.vm is None or system.cp is None:
        return list(system.machine.cpu.cr)
    running = system.cp.running_vm is guest.vm
    return assist.control_registers(system.cp.real, guest.vm) if running else list(guest.vm.cpu.cr)


def cpu_timer(cp: ControlProgram, vm: VMBLOK) -> int:
    """The CPU timer of a guest that has one, 64 bits, as STORE CPU TIMER would find it now.

    CP brings the VMBLOK up to date when it gets control; until then what the guest has run since its dispatch is to be
    taken off, and with SET TIMER REAL what it has waited.
    """
    counting = cp.running_vm is vm or (vm.waiting_since is not None and bool(vm.vmtlevel & TimerLevel.REAL))
    now = cp.machine.clocks.now if counting else vm.clocks.now
    return vm.clocks.cpu_timer_zero - (now << 12) & MASK_64


def storage_size(system: System, guest: Guest) -> int:
    """Bytes of storage the guest has."""
    return guest.vm.vmsize if guest.vm else system.machine.storage.size


def storage(system: System, guest: Guest, address: int, length: int) -> bytes:
    """Bytes of the guest's storage.  Raises UserError outside it."""
    try:
        found = guest.vm.peek(address, length) if guest.vm else system.machine.cpu.load_real(address, length)
    except ProgramInterruption:
        found = b""
    if len(found) < length:
        size = storage_size(system, guest)
        raise UserError(f"{address:06X} is outside the guest's storage of {size:X} bytes")
    return found


def real_address(system: System, guest: Guest, address: int) -> int | None:
    """The real address behind an address of the guest; None outside its storage, and for a page that is out."""
    if not 0 <= address < storage_size(system, guest):
        return None
    if guest.vm is None:
        return address
    frame = guest.vm.storage.frame_of(address // FRAME)
    return None if frame is None else frame + address % FRAME
