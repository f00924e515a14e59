"""The input/output instructions.  GA22-7000 "Input/Output Operations".

What they do is in `edu_hv.machine.channel`; the CPU hands over its low storage and takes the condition code.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from edu_hv.isa.codes import CR0
from edu_hv.machine.instructions.registry import executes

if TYPE_CHECKING:
    from edu_hv.machine.cpu import CPU


ADDRESS_BITS = 0xFFFF
"""Bits 16-31 of the operand address: channel and device.  GA22-7000 "Input/Output Device Addressing"."""
ADDRESS_BITS_360 = 0x7FF
"""Bits 21-31; the channel has three of them.  GA22-6821 "Input/Output Device Addressing"."""


def io_address(cpu: CPU, address: int) -> int:
    """The I/O address in an operand address."""
    return address & (ADDRESS_BITS_360 if cpu.channels.system_360 else ADDRESS_BITS)


def block_multiplexing(cpu: CPU) -> bool:
    """Whether CR0 bit 0 allows it.  GA22-7000 "Block-Multiplexing Control"."""
    return bool(cpu.cr[0] & CR0.BLOCK_MULTIPLEXING)


@executes("SIO")
def start_io(cpu: CPU, address: int) -> None:
    """START I/O.  GA22-7000 "Start I/O".  CC 0 started, 1 CSW stored, 2 busy, 3 not operational."""
    cpu.psw.cc = cpu.channels.start_io(cpu, io_address(cpu, address), block_multiplexing(cpu))


@executes("SIOF")
def start_io_fast_release(cpu: CPU, address: int) -> None:
    """START I/O FAST RELEASE.  GA22-7000 "Start I/O Fast Release".

    CC 0 started, 1 CSW stored, 2 busy, 3 not operational.  A block multiplexer with block multiplexing allowed gives
    CC 0 where START I/O gives CC 1, and later an interruption with deferred condition code 1.
    """
    cpu.psw.cc = cpu.channels.start_io_fast_release(cpu, io_address(cpu, address), block_multiplexing(cpu))


@executes("TIO")
def test_io(cpu: CPU, address: int) -> None:
    """TEST I/O.  GA22-7000 "Test I/O".  CC 0 available, 1 CSW stored, 2 busy, 3 not operational."""
    cpu.psw.cc = cpu.channels.test_io(cpu, io_address(cpu, address))


@executes("CLRIO")
def clear_io(cpu: CPU, address: int) -> None:
    """CLEAR I/O.  GA22-7000 "Clear I/O".

    CC 0 no operation in progress, 1 CSW stored, 2 channel busy, 3 not operational.  TEST I/O when CR0 bit 0 is zero.
    """
    cpu.psw.cc = cpu.channels.clear_io(cpu, io_address(cpu, address), block_multiplexing(cpu))


@executes("HIO")
def halt_io(cpu: CPU, address: int) -> None:
    """HALT I/O.  GA22-7000 "Halt I/O".

    CC 0 interruption pending, 1 CSW stored, 2 burst operation ended, 3 not operational.
    """
    cpu.psw.cc = cpu.channels.halt_io(cpu, io_address(cpu, address))


@executes("HDV")
def halt_device(cpu: CPU, address: int) -> None:
    """HALT DEVICE.  GA22-7000 "Halt Device".

    CC 0 busy or interruption pending, 1 CSW stored, 2 channel working, 3 not operational.
    """
    cpu.psw.cc = cpu.channels.halt_device(cpu, io_address(cpu, address))


@executes("STIDC")
def store_channel_id(cpu: CPU, address: int) -> None:
    """STORE CHANNEL ID.  GA22-7000 "Store Channel ID".

    CC 0 stored at real 168, 1 CSW stored, 2 busy, 3 not operational.
    """
    cpu.psw.cc = cpu.channels.store_channel_id(cpu, io_address(cpu, address))


@executes("TCH")
def test_channel(cpu: CPU, address: int) -> None:
    """TEST CHANNEL.  GA22-7000 "Test Channel".  CC 0 available, 1 interruption pending, 2 burst, 3 not operational."""
    cpu.psw.cc = cpu.channels.test_channel(io_address(cpu, address))


@executes("CLRCH")
def clear_channel(cpu: CPU, address: int) -> None:
    """CLEAR CHANNEL.  GA22-7000 "Clear Channel".  CC 0 reset, 3 not operational."""
    cpu.psw.cc = cpu.channels.clear_channel(io_address(cpu, address))


@executes("RIO")
def resume_io(cpu: CPU, address: int) -> None:
    """RESUME I/O.  GA22-7000 "Resume I/O".  CC 0 nothing to resume, 3 not operational."""
    cpu.psw.cc = cpu.channels.resume_io(io_address(cpu, address))
