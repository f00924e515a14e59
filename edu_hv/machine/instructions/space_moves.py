"""Moves with another key or to another address space.  GA22-7000 "Move to Primary", "Move with Key".

The length is a register; at most 256 bytes are moved at once, and the condition code tells that there are more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from edu_hv.isa.codes import CR0
from edu_hv.machine.instructions.authority import accessing, require_controls, require_key
from edu_hv.machine.instructions.registry import executes

if TYPE_CHECKING:
    from edu_hv.machine.cpu import CPU


class Operand(NamedTuple):
    """A storage operand with what its accesses are made with."""

    address: int
    key: int
    secondary_space: bool


def move(cpu: CPU, length: int, first: Operand, second: Operand) -> None:
    """Move up to 256 bytes.  CC 0 all moved, 3 there are more.  Length 0: nothing is accessed."""
    moved = min(length, 256)
    if moved:
        with accessing(cpu, first.key, first.secondary_space):
            cpu.check_store(first.address, moved)
        with accessing(cpu, second.key, second.secondary_space):
            text = cpu.load_bytes(second.address, moved)
        with accessing(cpu, first.key, first.secondary_space):
            cpu.store_bytes(first.address, text)
    cpu.psw.cc = 3 if length > moved else 0


def access_key(cpu: CPU, r3: int) -> int:
    """Bits 24-27 of R3.  PRIVILEGED_OPERATION in the problem state when the PSW-key mask does not have it."""
    key = cpu.gr[r3] >> 4 & 15
    require_key(cpu, key)
    return key


@executes("MVCP")
def move_to_primary(cpu: CPU, r1: int, first: int, second: int, r3: int) -> None:
    """MOVE TO PRIMARY.  GA22-7000 "Move to Primary".  From the secondary space with the key in R3.  CC 0, 3: more."""
    require_controls(cpu.psw.dat, cpu.cr[0] & CR0.SECONDARY_SPACE)
    key = access_key(cpu, r3)
    move(cpu, cpu.gr[r1], Operand(first, cpu.psw.key, False), Operand(second, key, True))


@executes("MVCS")
def move_to_secondary(cpu: CPU, r1: int, first: int, second: int, r3: int) -> None:
    """MOVE TO SECONDARY.  GA22-7000 "Move to Secondary".  To the secondary space with the key in R3.  CC 0, 3: more."""
    require_controls(cpu.psw.dat, cpu.cr[0] & CR0.SECONDARY_SPACE)
    key = access_key(cpu, r3)
    move(cpu, cpu.gr[r1], Operand(first, key, True), Operand(second, cpu.psw.key, False))


@executes("MVCK")
def move_with_key(cpu: CPU, r1: int, first: int, second: int, r3: int) -> None:
    """MOVE WITH KEY.  GA22-7000 "Move with Key".  The second operand is fetched with the key in R3.  CC 0, 3: more."""
    key = access_key(cpu, r3)
    space = cpu.psw.secondary_space
    move(cpu, cpu.gr[r1], Operand(first, cpu.psw.key, space), Operand(second, key, space))
