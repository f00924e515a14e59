"""The blocks in real storage that the VM assist works on.  GA22-7074 "Parameter List", SY20-0884 "MICBLOK", "SWPTABLE".

A control program fills them and loads control register 6; the names are VM/370's.  What the assist reads and writes
in each is told in `assist`.
"""

from dataclasses import dataclass
from enum import IntFlag
from typing import ClassVar

from edu_hv.isa.codes import MASK_24
from edu_hv.machine.dat import FORMATS


class CR6(IntFlag):
    """Bits 0-7 of control register 6, and its address field.  SY20-0886 "Control Register 6"."""

    VM_ASSIST = 0x80000000
    """VMMFE: the assist is on for the guest that runs."""
    VIRTUAL_PROBLEM_STATE = 0x40000000
    """VMMPROB: the guest is in virtual problem state, so its privileged instructions are not for the assist."""
    NO_STORAGE_KEYS = 0x20000000
    """VMMNOSK: ISK, SSK and RRB are left to the control program, as for users of shared segments."""
    SYSTEM_360 = 0x10000000
    """VMM360: no instruction that System/370 added is assisted."""
    NO_SVC = 0x08000000
    """VMMSVC: SVC is not assisted."""
    SHADOW_TABLES = 0x04000000
    """VMMSHADT: the tables of CR1 are shadow tables, which the assist may fill."""
    CP_ASSIST = 0x02000000
    """VMMCPAST: the CP assist (ECPS), which this machine does not have."""
    VIRTUAL_TIMER = 0x01000000
    """VMMVTMR: the virtual interval timer is to be counted down, which this machine does not do."""
    MICBLOK = 0x00FFFFF8
    """The real address of the MICBLOK, on a doubleword boundary."""


MICPEND = 0x80000000
"""Bit 0 of MICVPSW: an interruption is pending that the virtual machine may be about to allow."""
ALL_CONTROL_REGISTERS = 0x80000000
"""Bit 0 of MICCREG: all 16 virtual control registers are there, and not only register 0."""
PAGES_2K, SEGMENTS_1M = 0x00000002, 0x00000001
"""Bits 30 and 31 of MICRSEG: the format of the real tables, otherwise 4K pages and 64K segments."""

_REAL_FORMATS = {0: 0b10000, SEGMENTS_1M: 0b10010, PAGES_2K: 0b01000, PAGES_2K | SEGMENTS_1M: 0b01010}
_TABLE_DESIGNATION = 0xFFFFFFC0


@dataclass(frozen=True, slots=True)
class MICBLOK:
    """What control register 6 designates: 6 words in which a control program describes the guest that runs."""

    micrseg: int
    """+0: the segment table from guest-real to real addresses (VMSEG), with the format in bits 30 and 31."""
    miccreg: int
    """+4: real address of virtual control register 0, which is followed by the others if `ecmode`."""
    micvpsw: int
    """+8: real address of the virtual PSW, VMPSW."""
    ecmode: bool = False
    """+4, bit 0: there are 16 virtual control registers."""
    micpend: bool = False
    """+8, bit 0: a virtual interruption is pending."""
    micwork: int = 0
    """+C: a work area for models that need one; this one does not."""
    micvtmr: int = 0
    """+10: real address of the virtual interval timer."""
    micacf: int = 0
    """+14: what of the expanded assist is allowed; this machine has none of it."""

    SIZE: ClassVar[int] = 24

    def to_bytes(self) -> bytes:
        """The 24 bytes as they stand in real storage."""
        registers = self.miccreg | (ALL_CONTROL_REGISTERS if self.ecmode else 0)
        psw = self.micvpsw | (MICPEND if self.micpend else 0)
        words = (self.micrseg, registers, psw, self.micwork, self.micvtmr, self.micacf)
        return b"".join(word.to_bytes(4, "big") for word in words)

    @classmethod
    def from_bytes(cls, text: bytes) -> "MICBLOK":
        """Take 24 bytes apart."""
        rseg, creg, vpsw, work, timer, controls = (int.from_bytes(text[at : at + 4], "big") for at in range(0, 24, 4))
        ecmode, pending = bool(creg & ALL_CONTROL_REGISTERS), bool(vpsw & MICPEND)
        return cls(rseg, creg & MASK_24, vpsw & MASK_24, ecmode, pending, work, timer & MASK_24, controls)

    @property
    def table_format(self) -> int:
        """The format of the real tables, as control register 0 has it in bits 8-12."""
        return _REAL_FORMATS[self.micrseg & (PAGES_2K | SEGMENTS_1M)] << 19

    @property
    def page_size(self) -> int:
        """Bytes of a page of the real tables."""
        return 1 << FORMATS[self.table_format >> 19].page_shift

    @property
    def segment_table(self) -> int:
        """The real segment table as control register 1 designates one."""
        return self.micrseg & _TABLE_DESIGNATION


SWAP_ENTRY = 8
"""Bytes of a swap-table entry.  The word before a page table has the address of its swap table."""


class SWPFLAG(IntFlag):
    """Byte 0 of a swap-table entry: what the reference and change bits of the frame's two keys were.

    They are the control program's memory, for its page replacement, of real bits that a guest's instruction reset.
    The guest's own keys are SWPKEY1 and SWPKEY2, bytes 2 and 3.
    """

    SWPREF1 = 0x08
    SWPCHG1 = 0x04
    SWPREF2 = 0x02
    SWPCHG2 = 0x01
