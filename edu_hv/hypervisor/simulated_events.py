"""Program events of instructions that CP simulates: the machine only saw that they trap.  GA22-7000 "PER".

The machine records the fetch of a privileged instruction and then suppresses it.  What the instruction does is done by
CP to the virtual machine, so it is CP that finds which registers and which storage it has altered, and puts the event
together: for the guest's own PER, or for TRACE and PER of its operator.
"""

from collections.abc import Callable
from dataclasses import dataclass

from edu_hv.hypervisor.per_traces import within
from edu_hv.hypervisor.trace_lines import mnemonic_of, operand_addresses
from edu_hv.hypervisor.vmblok import VMBLOK
from edu_hv.isa.codes import MASK_24, PIC, Class
from edu_hv.machine.interruptions import Interruption
from edu_hv.machine.per import PERCode, PEREvent

_ALTERED: dict[str, Callable[[bytes], int]] = {"IPK": lambda text: 0x2000, "ISK": lambda text: 0x8000 >> (text[1] >> 4),
            "LRA": lambda text: 0x8000 >> (text[1] >> 4)}  # fmt: skip
"""The general registers that an instruction alters, whatever they were: a bit each, the leftmost for register 0."""
_STORED = {"STNSM": 1, "STOSM": 1, "STIDP": 8, "STPT": 8, "STCKC": 8}
"""Bytes that the instructions store; STCTL as many words as it has registers."""


@dataclass(frozen=True)
class Watch:
    """What is recorded of the guest while an instruction of it is simulated."""

    controls: tuple[int, int, int]
    registers: tuple[int, ...]


def watch(vm: VMBLOK) -> Watch | None:
    """Before the simulation: what CP or the guest itself records, None for nothing."""
    own = vm.ecmode and vm.vmpsw.per
    controls = vm.cp_per or ((vm.cpu.cr[9], vm.cpu.cr[10], vm.cpu.cr[11]) if own else None)
    return None if controls is None else Watch(controls, tuple(vm.vmgprs))


def event_of(vm: VMBLOK, before: Watch | None, real: Interruption, text: bytes) -> Interruption | None:
    """After it: the program event it makes, alone; `real` is the interruption with which the instruction trapped."""
    if before is None:
        return None
    code = real.per.code if real.per else PERCode(0)
    code |= _done(vm, before, text)
    code &= PERCode(before.controls[0] >> 24 & 0xF0)
    if not code:
        return None
    event = PEREvent(code, real.instruction_address)
    return Interruption(Class.PROGRAM, PIC.PER_EVENT, real.ilc, real.instruction_address, real.text, per=event)


def _done(vm: VMBLOK, before: Watch, text: bytes) -> PERCode:
    found, name = PERCode(0), mnemonic_of(text)
    altered = _ALTERED[name](text) if name in _ALTERED else 0
    for number, (old, new) in enumerate(zip(before.registers, vm.vmgprs, strict=True)):
        altered |= 0x8000 >> number if old != new else 0
    if altered & before.controls[0]:
        found |= PERCode.REGISTER_ALTERATION
    length = _STORED.get(name, 0) if name != "STCTL" else (((text[1] & 15) - (text[1] >> 4)) % 16 + 1) * 4
    if length:
        start = operand_addresses(vm, text)[0]
        area = before.controls[1] & MASK_24, before.controls[2] & MASK_24
        if any(within(start + at & MASK_24, area) for at in range(length)):
            found |= PERCode.STORAGE_ALTERATION
    return found
