"""What concerns several CPUs, in a system that has one.  GA22-7000 "CPU Signaling and Response"."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

from edu_hv.isa.codes import CR0
from edu_hv.machine.instructions.registry import executes

if TYPE_CHECKING:
    from edu_hv.machine.cpu import CPU


CPU_ADDRESS = 0
"""The only CPU, and the address of its channel set."""
EXTERNAL_CALL_PENDING, INVALID_ORDER = 0x00000080, 0x00000002
"""Bits 24 and 30 of the status."""


class Order(IntEnum):
    """The orders of SIGNAL PROCESSOR that this CPU takes.  GA22-7000 "Signal-Processor Orders"."""

    SENSE = 0x01
    EXTERNAL_CALL = 0x02
    EMERGENCY_SIGNAL = 0x03
    START = 0x04


@executes("STAP")
def store_cpu_address(cpu: CPU, address: int) -> None:
    """STORE CPU ADDRESS.  GA22-7000 "Store CPU Address".  A halfword."""
    cpu.require_alignment(address, 2)
    cpu.store2(address, CPU_ADDRESS)


@executes("SIGP")
def signal_processor(cpu: CPU, r1: int, r3: int, address: int) -> None:
    """SIGNAL PROCESSOR.  GA22-7000 "Signal Processor".  R3 bits 16-31: CPU address; address bits 24-31: the order.

    CC 0 accepted, 1 status stored in R1, 3 no such CPU.
    """
    if cpu.gr[r3] & 0xFFFF != CPU_ADDRESS:
        cpu.psw.cc = 3
        return
    status = take_order(cpu, address & 0xFF)
    cpu.psw.cc = 1 if status else 0
    if status:
        cpu.gr[r1] = status


def take_order(cpu: CPU, order: int) -> int:
    """Take an order of the CPU to itself, which is operating; the status it answers with, 0 when all is well.

    The orders that stop or reset a CPU are not provided and are answered as invalid ones.
    """
    external_call = EXTERNAL_CALL_PENDING if cpu.signals & CR0.EXTERNAL_CALL_MASK else 0
    match order:
        case Order.SENSE:
            return external_call
        case Order.EXTERNAL_CALL:
            cpu.signals |= CR0.EXTERNAL_CALL_MASK
            return external_call
        case Order.EMERGENCY_SIGNAL:
            cpu.signals |= CR0.EMERGENCY_SIGNAL_MASK
            return 0
        case Order.START:
            return 0
    return INVALID_ORDER


@executes("CONCS")
def connect_channel_set(cpu: CPU, address: int) -> None:
    """CONNECT CHANNEL SET.  GA22-7000 "Connect Channel Set".  CC 0: it is connected to this CPU; 3: there is none."""
    cpu.psw.cc = 0 if address & 0xFFFF == CPU_ADDRESS else 3


@executes("DISCS")
def disconnect_channel_set(cpu: CPU, address: int) -> None:
    """DISCONNECT CHANNEL SET.  GA22-7000 "Disconnect Channel Set".  CC 0 done, 3 there is no such set.

    Nothing happens to this CPU's own set: there is no other CPU that could take it.
    """
    cpu.psw.cc = 0 if address & 0xFFFF == CPU_ADDRESS else 3
