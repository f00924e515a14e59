"""The logical connectives, and testing under a mask.  GA22-7000 "General Instructions"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edu_hv.machine.instructions.conditions import zero_code
from edu_hv.machine.instructions.fields import fetch_field, store_field
from edu_hv.machine.instructions.registry import executes

if TYPE_CHECKING:
    from edu_hv.machine.cpu import CPU


def set_logical_result(cpu: CPU, r1: int, value: int) -> None:
    """Put a word into a register.  CC 0 zero, 1 not zero."""
    cpu.gr[r1] = value
    cpu.psw.cc = zero_code(value)


def set_logical_byte(cpu: CPU, address: int, value: int) -> None:
    """Put a byte into storage.  CC 0 zero, 1 not zero."""
    cpu.store1(address, value)
    cpu.psw.cc = zero_code(value)


@executes("NR")
def and_register(cpu: CPU, r1: int, r2: int) -> None:
    """AND (RR).  GA22-7000 "And".  CC 0 zero, 1 not zero."""
    set_logical_result(cpu, r1, cpu.gr[r1] & cpu.gr[r2])


@executes("N")
def and_word(cpu: CPU, r1: int, address: int) -> None:
    """AND (RX).  GA22-7000 "And".  CC 0 zero, 1 not zero."""
    set_logical_result(cpu, r1, cpu.gr[r1] & cpu.load4(address))


@executes("NI")
def and_immediate(cpu: CPU, address: int, immediate: int) -> None:
    """AND (SI).  GA22-7000 "And".  CC 0 zero, 1 not zero."""
    cpu.check_store(address, 1)
    set_logical_byte(cpu, address, cpu.load1(address) & immediate)


@executes("NC")
def and_characters(cpu: CPU, length: int, first: int, second: int) -> None:
    """AND (SS).  GA22-7000 "And".  Byte by byte from the left.  CC 0 all zeros, 1 not."""
    target, source = store_field(cpu, first, length), fetch_field(cpu, second, length)
    result = 0
    for position in range(length):
        byte = target.get(position) & source.get(position)
        target.put(position, byte)
        result |= byte
    target.finish()
    cpu.psw.cc = zero_code(result)


@executes("OR")
def or_register(cpu: CPU, r1: int, r2: int) -> None:
    """OR (RR).  GA22-7000 "Or".  CC 0 zero, 1 not zero."""
    set_logical_result(cpu, r1, cpu.gr[r1] | cpu.gr[r2])


@executes("O")
def or_word(cpu: CPU, r1: int, address: int) -> None:
    """OR (RX).  GA22-7000 "Or".  CC 0 zero, 1 not zero."""
    set_logical_result(cpu, r1, cpu.gr[r1] | cpu.load4(address))


@executes("OI")
def or_immediate(cpu: CPU, address: int, immediate: int) -> None:
    """OR (SI).  GA22-7000 "Or".  CC 0 zero, 1 not zero."""
    cpu.check_store(address, 1)
    set_logical_byte(cpu, address, cpu.load1(address) | immediate)


@executes("OC")
def or_characters(cpu: CPU, length: int, first: int, second: int) -> None:
    """OR (SS).  GA22-7000 "Or".  Byte by byte from the left.  CC 0 all zeros, 1 not."""
    target, source = store_field(cpu, first, length), fetch_field(cpu, second, length)
    result = 0
    for position in range(length):
        byte = target.get(position) | source.get(position)
        target.put(position, byte)
        result |= byte
    target.finish()
    cpu.psw.cc = zero_code(result)


@executes("XR")
def exclusive_or_register(cpu: CPU, r1: int, r2: int) -> None:
    """EXCLUSIVE OR (RR).  GA22-7000 "Exclusive Or".  CC 0 zero, 1 not zero."""
    set_logical_result(cpu, r1, cpu.gr[r1] ^ cpu.gr[r2])


@executes("X")
def exclusive_or_word(cpu: CPU, r1: int, address: int) -> None:
    """EXCLUSIVE OR (RX).  GA22-7000 "Exclusive Or".  CC 0 zero, 1 not zero."""
    set_logical_result(cpu, r1, cpu.gr[r1] ^ cpu.load4(address))


@executes("XI")
def exclusive_or_immediate(cpu: CPU, address: int, immediate: int) -> None:
    """EXCLUSIVE OR (SI).  GA22-7000 "Exclusive Or".  CC 0 zero, 1 not zero."""
    cpu.check_store(address, 1)
    set_logical_byte(cpu, address, cpu.load1(address) ^ immediate)


@executes("XC")
def exclusive_or_characters(cpu: CPU, length: int, first: int, second: int) -> None:
    """EXCLUSIVE OR (SS).  GA22-7000 "Exclusive Or".  Byte by byte from the left.  CC 0 all zeros, 1 not."""
    target, source = store_field(cpu, first, length), fetch_field(cpu, second, length)
    result = 0
    for position in range(length):
        byte = target.get(position) ^ source.get(position)
        target.put(position, byte)
        result |= byte
    target.finish()
    cpu.psw.cc = zero_code(result)


@executes("TM")
def test_under_mask(cpu: CPU, address: int, immediate: int) -> None:
    """TEST UNDER MASK.  GA22-7000 "Test under Mask".  CC 0 selected bits zeros, or no bit selected; 1 mixed; 3 ones."""
    selected = cpu.load1(address) & immediate
    cpu.psw.cc = 0 if selected == 0 else 3 if selected == immediate else 1
