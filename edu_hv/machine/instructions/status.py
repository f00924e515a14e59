"""The program mask, the clock, and calling for attention.  GA22-7000 "General Instructions"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edu_hv.isa.codes import PIC
from edu_hv.machine.instructions.conditions import specification
from edu_hv.machine.instructions.registry import executes
from edu_hv.machine.interruptions import Ending, ProgramInterruption, SupervisorCall

if TYPE_CHECKING:
    from edu_hv.machine.cpu import CPU


@executes("SPM")
def set_program_mask(cpu: CPU, r1: int) -> None:
    """SET PROGRAM MASK.  GA22-7000 "Set Program Mask".  CC from bits 2-3 of R1, the mask from bits 4-7."""
    cpu.psw.cc = cpu.gr[r1] >> 28 & 3
    cpu.psw.program_mask = cpu.gr[r1] >> 24 & 15


@executes("SVC")
def supervisor_call(cpu: CPU, code: int) -> None:
    """SUPERVISOR CALL.  GA22-7000 "Supervisor Call".  Its whole effect is the interruption."""
    raise SupervisorCall(code)


@executes("MC")
def monitor_call(cpu: CPU, address: int, immediate: int) -> None:
    """MONITOR CALL.  GA22-7000 "Monitor Call".  MONITOR_EVENT, completed, if CR8 has the class (bits 16-31) enabled.

    The class is in the last four bits of the I field; the first four must be zeros.  The code is the address.
    """
    if immediate > 15:
        raise specification()
    if cpu.cr[8] & 0x8000 >> immediate:
        raise ProgramInterruption(PIC.MONITOR_EVENT, Ending.COMPLETION, monitor_class=immediate, monitor_code=address)


@executes("STCK")
def store_clock(cpu: CPU, address: int) -> None:
    """STORE CLOCK.  GA22-7000 "Store Clock".  Stores 8 bytes on any boundary.  CC 0: the clock is set."""
    cpu.store8(address, cpu.clocks.tod)
    cpu.psw.cc = 0
