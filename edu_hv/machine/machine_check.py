"""Machine checks, the check-stop state and store status.  GA22-7000 "Machine-Check Handling" and "Store Status".

Nothing in this machine fails by itself: an operator or a lesson presents a failure, and the program sees what it would
see of a real one.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from edu_hv.isa.codes import PSA

if TYPE_CHECKING:
    from collections.abc import Callable

    from edu_hv.machine.cpu import CPU

CHECK_STOP_CONTROL = 0x80000000
"""CR14 bit 0: an exigent condition that cannot interrupt stops the CPU."""

_EVERYTHING_VALID = 0x0000_0F9D_0003_0000
"""Validity bits 20-23, 24 (set apart), 27-29, 31, 46 and 47: PSW, registers, storage and clocks are as they were."""
_FAILING_ADDRESS_VALID = 1 << 63 - 24
_STORAGE_ERROR = 1 << 63 - 16


class Failure(Enum):
    """A condition: its bit in the machine-check-interruption code, and the CR14 bit that allows it (0: exigent)."""

    SYSTEM_DAMAGE = (0, 0)
    INSTRUCTION_PROCESSING_DAMAGE = (1, 0)
    SYSTEM_RECOVERY = (2, 0x08000000)
    TIMER_DAMAGE = (3, 0x02000000)
    TIMING_FACILITY_DAMAGE = (4, 0x02000000)
    EXTERNAL_DAMAGE = (5, 0x02000000)
    DEGRADATION = (7, 0x04000000)
    WARNING = (8, 0x01000000)

    @property
    def words(self) -> str:
        """The condition in the manual's words."""
        return self.name.lower().replace("_", " ")

    @property
    def exigent(self) -> bool:
        """Whether the CPU cannot go on without the interruption."""
        return not self.value[1]

    def allowed(self, cr14: int) -> bool:
        """Whether CR14 lets it interrupt, once the PSW does."""
        return self.exigent or bool(cr14 & self.value[1])

    def code(self, failing_address: int | None) -> int:
        """The machine-check-interruption code, 64 bits.  A failing address means an uncorrected storage error."""
        code = 1 << 63 - self.value[0] | _EVERYTHING_VALID
        return code if failing_address is None else code | _FAILING_ADDRESS_VALID | _STORAGE_ERROR


def store_machine_check(cpu: CPU, code: int, failing_address: int) -> None:
    """Store the code, the failing storage address, and the registers and clocks as for store status."""
    cpu.store_real(PSA.MACHINE_CHECK_CODE, code.to_bytes(8, "big"))
    cpu.store_real(PSA.FAILING_STORAGE_ADDRESS, failing_address.to_bytes(4, "big"))
    _store_clocks_and_registers(cpu, cpu.store_real)


def store_status(cpu: CPU) -> None:
    """STORE STATUS, the operator's function: clocks, PSW, prefix and registers to absolute 216 to 511."""
    _store_clocks_and_registers(cpu, cpu.storage.write)
    cpu.storage.write(PSA.STATUS_PSW, cpu.psw.to_bytes())
    cpu.storage.write(PSA.STATUS_PREFIX, cpu.prefix.to_bytes(4, "big"))


def _store_clocks_and_registers(cpu: CPU, store: Callable[[int, bytes], None]) -> None:
    store(PSA.STATUS_CPU_TIMER, cpu.clocks.cpu_timer.to_bytes(8, "big"))
    store(PSA.STATUS_CLOCK_COMPARATOR, cpu.clocks.clock_comparator.to_bytes(8, "big"))
    store(PSA.STATUS_FPR, b"".join(value.to_bytes(8, "big") for value in cpu.fpr))
    store(PSA.STATUS_GR, b"".join(value.to_bytes(4, "big") for value in cpu.gr))
    store(PSA.STATUS_CR, b"".join(value.to_bytes(4, "big") for value in cpu.cr))
