"""The program-status word in BC and EC mode.  GA22-7000 "Program-Status Word"."""

from dataclasses import dataclass, fields
from operator import attrgetter

from edu_hv.isa.codes import CR0

_EC_UNASSIGNED = 0xB8_00_40_FF_FF_00_00_00
"""Bits of an EC-mode PSW that must be zero: 0, 2-4, 17, 24-39."""
ADDRESS_SPACE_CONTROL = 1 << 63 - 16
"""Bit 16 of an EC-mode PSW."""


@dataclass(slots=True)
class PSW:
    """A PSW taken apart.  `system_mask` is bits 0-7 as they stand; what they mean depends on the mode."""

    system_mask: int = 0
    key: int = 0
    ec_mode: bool = False
    machine_check_mask: bool = False
    wait: bool = False
    problem_state: bool = False
    cc: int = 0
    program_mask: int = 0
    instruction_address: int = 0
    interruption_code: int = 0
    """BC mode only, and only in an old PSW: bits 16-31."""
    ilc: int = 0
    """BC mode only, and only in an old PSW: instruction-length code in halfwords, bits 32-33."""
    unassigned: int = 0
    """EC mode only: the bits that must be zero and are not, in place within the 64 bits."""
    secondary_space: bool = False
    """EC mode only: bit 16, address-space control.  With DAT on, logical addresses are secondary virtual ones."""
    ascii: bool = False
    """System/360 only: bit 12, which selects the signs and zones of decimal results.  It is the EC bit elsewhere."""

    @classmethod
    def from_bytes(cls, text: bytes) -> "PSW":
        """Take 8 bytes apart.  Any 8 bytes are accepted; see `valid`."""
        whole = int.from_bytes(text, "big")
        ec_mode = bool(text[1] & 0x08)
        conditions = text[2] if ec_mode else text[4]
        return cls(
            system_mask=text[0],
            key=text[1] >> 4,
            ec_mode=ec_mode,
            machine_check_mask=bool(text[1] & 0x04),
            wait=bool(text[1] & 0x02),
            problem_state=bool(text[1] & 0x01),
            secondary_space=ec_mode and bool(text[2] & 0x80),
            cc=conditions >> 4 & 3,
            program_mask=conditions & 15,
            instruction_address=whole & 0xFFFFFF,
            interruption_code=0 if ec_mode else whole >> 32 & 0xFFFF,
            ilc=0 if ec_mode else text[4] >> 6,
            unassigned=whole & _EC_UNASSIGNED if ec_mode else 0,
        )

    def to_bytes(self) -> bytes:
        """The 8 bytes of the PSW as it would be stored."""
        states = (self.ec_mode or self.ascii) << 3 | self.machine_check_mask << 2 | self.wait << 1 | self.problem_state
        whole = self.system_mask << 56 | self.key << 52 | states << 48 | self.instruction_address
        if self.ec_mode:
            conditions = self.secondary_space << 7 | self.cc << 4 | self.program_mask
            whole |= conditions << 40 | self.unassigned
        else:
            whole |= self.interruption_code << 32 | (self.ilc << 6 | self.cc << 4 | self.program_mask) << 24
        return whole.to_bytes(8, "big")

    def copy(self) -> "PSW":
        """An independent copy."""
        return PSW(*_all_fields(self))

    @property
    def valid(self) -> bool:
        """Whether no bit is on that EC mode reserves and the instruction address is even."""
        return not self.unassigned and not self.instruction_address & 1

    @property
    def supervisor_state(self) -> bool:
        """Bit 15 is zero."""
        return not self.problem_state

    @property
    def dat(self) -> bool:
        """Dynamic address translation is on: EC mode, bit 5."""
        return self.ec_mode and bool(self.system_mask & 0x04)

    @property
    def per(self) -> bool:
        """Program-event recording is on: EC mode, bit 1."""
        return self.ec_mode and bool(self.system_mask & 0x40)

    @property
    def external_mask(self) -> bool:
        """External interruptions are allowed: bit 7 in both modes."""
        return bool(self.system_mask & 0x01)

    def channel_enabled(self, channel: int, channel_masks: int) -> bool:
        """Whether the channel may interrupt; `channel_masks` is CR2.  GA22-7000 "Input/Output Interruption"."""
        if not self.ec_mode and channel < 6:
            return bool(self.system_mask & 0x80 >> channel)
        return bool(self.system_mask & 0x02) and bool(channel_masks & 0x80000000 >> channel)

    def io_enabled(self) -> bool:
        """Whether any channel is enabled by the PSW alone, whatever CR2 holds."""
        return bool(self.system_mask & (0x02 if self.ec_mode else 0xFE))

    @property
    def enabled_for_something(self) -> bool:
        """Whether any I/O or external interruption is allowed; a wait without this is a disabled wait."""
        return self.io_enabled() or self.external_mask

    def __str__(self) -> str:
        text = self.to_bytes().hex().upper()
        return f"{text[:8]} {text[8:]}"


_all_fields = attrgetter(*(field.name for field in fields(PSW)))
"""Much faster than `dataclasses.replace`; every interruption copies a PSW."""


def timer_enabled(psw: PSW, cr0: int) -> bool:
    """Whether the interval timer may interrupt: PSW bit 7 and CR0 bit 24."""
    return psw.external_mask and bool(cr0 & CR0.INTERVAL_TIMER_MASK)
