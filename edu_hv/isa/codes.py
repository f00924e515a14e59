"""Names of codes, bits and architected storage locations.  GA22-7000 "Assigned Main-Storage Locations" and others."""

from enum import Enum, IntEnum, IntFlag

MASK_24 = 0xFFFFFF
MASK_32 = 0xFFFFFFFF
MASK_64 = 0xFFFFFFFFFFFFFFFF


class PIC(IntEnum):
    """Program-interruption codes.  GA22-7000 "Program Interruption"."""

    OPERATION = 0x01
    PRIVILEGED_OPERATION = 0x02
    EXECUTE = 0x03
    PROTECTION = 0x04
    ADDRESSING = 0x05
    SPECIFICATION = 0x06
    DATA = 0x07
    FIXED_POINT_OVERFLOW = 0x08
    FIXED_POINT_DIVIDE = 0x09
    DECIMAL_OVERFLOW = 0x0A
    DECIMAL_DIVIDE = 0x0B
    EXPONENT_OVERFLOW = 0x0C
    EXPONENT_UNDERFLOW = 0x0D
    SIGNIFICANCE = 0x0E
    FLOATING_POINT_DIVIDE = 0x0F
    SEGMENT_TRANSLATION = 0x10
    PAGE_TRANSLATION = 0x11
    TRANSLATION_SPECIFICATION = 0x12
    SPECIAL_OPERATION = 0x13
    PSEUDO_PAGE_FAULT = 0x14
    """Not of any machine: VM/370 gives it to a guest that asked for it (SET PAGEX ON)."""
    ASN_TRANSLATION_SPECIFICATION = 0x17
    SPACE_SWITCH_EVENT = 0x1C
    PC_TRANSLATION_SPECIFICATION = 0x1F
    AFX_TRANSLATION = 0x20
    ASX_TRANSLATION = 0x21
    LX_TRANSLATION = 0x22
    EX_TRANSLATION = 0x23
    PRIMARY_AUTHORITY = 0x24
    SECONDARY_AUTHORITY = 0x25
    MONITOR_EVENT = 0x40
    PER_EVENT = 0x80

    @property
    def words(self) -> str:
        """The condition in the manual's words: "privileged operation"."""
        words = " ".join(word if word in _ACRONYMS else word.lower() for word in self.name.split("_"))
        return words.replace("fixed point", "fixed-point")


_ACRONYMS = frozenset({"ASN", "PC", "AFX", "ASX", "LX", "EX"})


class External(IntEnum):
    """External-interruption codes.  GA22-7000 "External Interruption"."""

    INTERRUPT_KEY = 0x0040
    INTERVAL_TIMER = 0x0080
    CLOCK_COMPARATOR = 0x1004
    CPU_TIMER = 0x1005
    EMERGENCY_SIGNAL = 0x1201
    EXTERNAL_CALL = 0x1202
    LOGICAL_DEVICE = 0x2402
    """Not of any machine, like the next two: VM/370 gives them to its guests."""
    IUCV = 0x4000
    VMCF = 0x4001


class Class(Enum):
    """The interruption classes; the value is how the manual names them."""

    RESTART = "restart"
    EXTERNAL = "external"
    SVC = "supervisor call"
    PROGRAM = "program"
    MACHINE_CHECK = "machine check"
    INPUT_OUTPUT = "input/output"

    @property
    def old_psw(self) -> int:
        """Real address where the interruption stores the old PSW."""
        return _PSW_LOCATIONS[self][0]

    @property
    def new_psw(self) -> int:
        """Real address from which the interruption loads the new PSW."""
        return _PSW_LOCATIONS[self][1]


_PSW_LOCATIONS = {
    Class.RESTART: (0x08, 0x00),
    Class.EXTERNAL: (0x18, 0x58),
    Class.SVC: (0x20, 0x60),
    Class.PROGRAM: (0x28, 0x68),
    Class.MACHINE_CHECK: (0x30, 0x70),
    Class.INPUT_OUTPUT: (0x38, 0x78),
}


class PSA(IntEnum):
    """Architected real storage locations other than the PSWs (byte addresses)."""

    IPL_CCW1 = 0x08
    CSW = 0x40
    CAW = 0x48
    INTERVAL_TIMER = 0x50
    SIGNALLING_CPU = 0x84
    EXTERNAL_CODE = 0x86
    SVC_ILC = 0x89
    SVC_CODE = 0x8A
    PROGRAM_ILC = 0x8D
    PROGRAM_CODE = 0x8E
    TRANSLATION_EXCEPTION_ADDRESS = 0x90
    MONITOR_CLASS = 0x94
    PER_CODE = 0x96
    PER_ADDRESS = 0x98
    MONITOR_CODE = 0x9C
    CHANNEL_ID = 0xA8
    IO_ADDRESS = 0xBA
    STATUS_CPU_TIMER = 0xD8
    STATUS_CLOCK_COMPARATOR = 0xE0
    MACHINE_CHECK_CODE = 0xE8
    FAILING_STORAGE_ADDRESS = 0xF8
    STATUS_PSW = 0x100
    STATUS_PREFIX = 0x108
    STATUS_FPR = 0x160
    STATUS_GR = 0x180
    STATUS_CR = 0x1C0


class CR0(IntEnum):
    """Bits of control register 0, as masks of the 32-bit value."""

    BLOCK_MULTIPLEXING = 0x80000000
    SSM_SUPPRESSION = 0x40000000
    EXTRACTION_AUTHORITY = 0x08000000
    SECONDARY_SPACE = 0x04000000
    TRANSLATION_FORMAT = 0x00F80000
    EMERGENCY_SIGNAL_MASK = 0x00004000
    EXTERNAL_CALL_MASK = 0x00002000
    CLOCK_COMPARATOR_MASK = 0x00000800
    CPU_TIMER_MASK = 0x00000400
    INTERVAL_TIMER_MASK = 0x00000080
    INTERRUPT_KEY_MASK = 0x00000040
    EXTERNAL_SIGNAL_MASK = 0x00000020
    VMCF_MASK = 0x00000001
    """A virtual machine's: it allows messages of the virtual machine communication facility."""


SPACE_SWITCH_EVENT_CONTROL = 0x00000001
"""Bit 31 of a segment-table designation, in control register 1 or in an ASN-second-table entry."""
SUBSYSTEM_LINKAGE_CONTROL = 0x80000000
"""Bit 0 of a linkage-table designation, in control register 5."""
ASN_TRANSLATION_CONTROL = 0x00080000
"""Bit 12 of control register 14."""


class Key(IntFlag):
    """A storage key: access-control bits 0-3, fetch protection, reference, change.  The low bit is unused."""

    ACCESS_CONTROL = 0xF0
    FETCH_PROTECTION = 0x08
    REFERENCE = 0x04
    CHANGE = 0x02


class CCWFlag(IntFlag):
    """CCW byte 4.  GA22-7000 "Channel-Command Word"."""

    CHAIN_DATA = 0x80
    CHAIN_COMMAND = 0x40
    SUPPRESS_LENGTH_INDICATION = 0x20
    SKIP = 0x10
    PROGRAM_CONTROLLED_INTERRUPTION = 0x08
    INDIRECT_DATA_ADDRESS = 0x04


class UnitStatus(IntFlag):
    """CSW byte 4, from the device."""

    ATTENTION = 0x80
    STATUS_MODIFIER = 0x40
    CONTROL_UNIT_END = 0x20
    BUSY = 0x10
    CHANNEL_END = 0x08
    DEVICE_END = 0x04
    UNIT_CHECK = 0x02
    UNIT_EXCEPTION = 0x01


class ChannelStatus(IntFlag):
    """CSW byte 5, from the channel."""

    PROGRAM_CONTROLLED_INTERRUPTION = 0x80
    INCORRECT_LENGTH = 0x40
    PROGRAM_CHECK = 0x20
    PROTECTION_CHECK = 0x10
    CHANNEL_DATA_CHECK = 0x08
    CHANNEL_CONTROL_CHECK = 0x04
    INTERFACE_CONTROL_CHECK = 0x02
    CHAINING_CHECK = 0x01


class Sense(IntFlag):
    """Sense byte 0, common to all devices; tape uses byte 1 as well (see `edu_hv.devices.tape`)."""

    COMMAND_REJECT = 0x80
    INTERVENTION_REQUIRED = 0x40
    BUS_OUT_CHECK = 0x20
    EQUIPMENT_CHECK = 0x10
    DATA_CHECK = 0x08
    OVERRUN = 0x04
