"""Direct control: single bytes to and from another machine.  GA22-6821 "Direct-Control Feature".

A feature of System/360.  No other machine is connected: the direct-in lines are zeros and nothing holds the CPU up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from edu_hv.isa.table import BY_MNEMONIC
from edu_hv.machine.instructions.registry import DECODERS, Entry, Semantics

if TYPE_CHECKING:
    from edu_hv.machine.cpu import CPU

DIRECT_IN = 0
"""What stands on the direct-in lines."""


def read_direct(cpu: CPU, address: int, immediate: int) -> None:
    """READ DIRECT.  GA22-6821 "Read Direct".  The byte on the direct-in lines is stored; I2 would go out as signals."""
    cpu.store1(address, DIRECT_IN)


def write_direct(cpu: CPU, address: int, immediate: int) -> None:
    """WRITE DIRECT.  GA22-6821 "Write Direct".  The byte stands on the direct-out lines until the next one."""
    cpu.direct_out = cpu.load1(address)


def _entry(mnemonic: str, function: Semantics) -> tuple[int, Entry]:
    row = BY_MNEMONIC[mnemonic]
    return row.code, (row, DECODERS[row.format], function)


DIRECT_CONTROL: dict[int, Entry] = dict([_entry("RDD", read_direct), _entry("WRD", write_direct)])
"""By operation code; not installed on a System/370."""
