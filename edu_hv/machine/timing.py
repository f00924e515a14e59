"""All clocks, in machine time.  GA22-7000 "Timing Facilities".

Machine time is a count of microseconds since power-on.  Nothing here reads the host's clock: an instruction takes
INSTRUCTION_MICROSECONDS, a wait lasts until the next event, so the same program always sees the same times.
"""

from dataclasses import astuple, dataclass

from edu_hv.isa.codes import MASK_64

INSTRUCTION_MICROSECONDS = 1
"""An invented, round figure: one instruction a microsecond, about the pace of a System/370 Model 158."""

TOD_AT_POWER_ON = 0x8126D60E46000000
"""TOD clock at power-on.  Bit 51 is a microsecond and 0 is 1900-01-01; this is 1972-01-01 00:00."""


def timer_units(microseconds: int) -> int:
    """Interval-timer units (of bit 31) in so many microseconds: bit 23 counts at 300 Hz, 76,800 units a second."""
    return microseconds * 48 // 625


@dataclass(slots=True)
class Clocks:
    """Machine time and what hangs on it.  The interval timer's value itself is in real storage."""

    now: int = 0
    clock_comparator: int = MASK_64
    """64 bits, compared with the TOD clock."""
    cpu_timer_zero: int = 1 << 62
    """Machine time, in TOD units (bit 63), at which the CPU timer passes zero."""
    tod_at_zero: int = TOD_AT_POWER_ON
    """TOD clock at machine time 0."""

    @property
    def tod(self) -> int:
        """The TOD clock, 64 bits."""
        return self.tod_at_zero + (self.now << 12) & MASK_64

    @property
    def cpu_timer(self) -> int:
        """The CPU timer, 64 bits, two's complement; it counts down."""
        return self.cpu_timer_zero - (self.now << 12) & MASK_64

    @cpu_timer.setter
    def cpu_timer(self, value: int) -> None:
        self.cpu_timer_zero = (self.now << 12) + (value - (1 << 64) if value >> 63 else value)

    def set_tod(self, value: int) -> None:
        """SET CLOCK."""
        self.tod_at_zero = value - (self.now << 12)

    @property
    def comparator_pending(self) -> bool:
        """The TOD clock has passed the comparator."""
        return self.tod > self.clock_comparator

    @property
    def comparator_passed_at(self) -> int | None:
        """Machine time at which the TOD clock will pass the comparator; None when it has, or cannot before it wraps."""
        units = (self.clock_comparator - self.tod >> 12) + 1
        return self.now + units if units > 0 and self.tod + (units << 12) <= MASK_64 else None

    @property
    def cpu_timer_pending(self) -> bool:
        """The CPU timer is negative."""
        return self.cpu_timer_zero < self.now << 12

    def state(self) -> tuple[int, ...]:
        """A checkpoint."""
        return astuple(self)

    def restore(self, state: tuple[int, ...]) -> None:
        """Go back to a checkpoint."""
        self.now, self.clock_comparator, self.cpu_timer_zero, self.tod_at_zero = state
