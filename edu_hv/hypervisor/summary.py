"""What a decision changed of a virtual machine: its state before and after, compared.

Taken twice for each decision while somebody observes: so plain values are kept, and only what differs becomes text.
"""

from collections.abc import Callable
from typing import Any

from edu_hv.hypervisor.vmblok import CP_WAIT, VMBLOK, wait_names
from edu_hv.isa.codes import PSA, Class

_CP_WAIT = int(CP_WAIT)
Summary = tuple[tuple[int, ...], tuple[object, ...]]
"""Of a virtual machine: numbers in the order of `_NUMBERS`, other values in that of `_OTHERS`."""
_OLD_PSWS = (Class.EXTERNAL, Class.SVC, Class.PROGRAM, Class.INPUT_OUTPUT)
_OLD_PSWS_AT = tuple(int(kind.old_psw) for kind in _OLD_PSWS)
_CSW = int(PSA.CSW)
_NUMBERS: dict[str, Callable[[int], str]] = {
    "mask": "{:02X}".format,
    "key": "{:X}".format,
    "mode": lambda ec: "EC" if ec else "BC",
    "wait": lambda on: "yes" if on else "no",
    "state": lambda problem: "PROB" if problem else "SUP",
    "CC": str,
    "program mask": "{:X}".format,
    "address": "{:06X}".format,
    "CP mode": lambda on: "yes" if on else "no",
    "CPU timer": lambda value: "none" if value < 0 else f"{value:016X}",
    "clock comparator": lambda value: "none" if value < 0 else f"{value:016X}",
    **{f"GR{n}": "{:08X}".format for n in range(16)},
    **{f"CR{n}": "{:08X}".format for n in range(16)},
}
_OTHERS: dict[str, Callable[[Any], str]] = {
    "waits for CP": lambda status: wait_names(status) or "no",
    "pending external": lambda codes: " ".join(f"{code:04X}" for code in codes) or "none",
    "pending I/O": lambda devices: " ".join(f"{device:03X}" for device in devices) or "none",
    "I/O under way": lambda devices: " ".join(f"{device:03X}" for device in devices) or "none",
    "CSW": lambda text: _words(text),
    **{f"{kind.value} old PSW": lambda text: _words(text) for kind in _OLD_PSWS},
}
_ORDER = (
    *("mask", "key", "mode", "wait", "state", "CC", "program mask", "address", "CP mode", "waits for CP"),
    *("pending external", "pending I/O", "I/O under way", "CSW", "CPU timer", "clock comparator"),
    *(f"{kind.value} old PSW" for kind in _OLD_PSWS),
    *(f"GR{n}" for n in range(16)),
    *(f"CR{n}" for n in range(16)),
)
"""The names of the values, the most telling first."""


def summary(vm: VMBLOK) -> Summary:
    """The virtual machine's state: what effects are computed from.  Looks, and changes nothing."""
    psw, devices, clocks = vm.vmpsw, vm.devices.vdevbloks, vm.clocks
    fields = psw.system_mask, psw.key, psw.ec_mode, psw.wait, psw.problem_state, psw.cc, psw.program_mask
    timers = (clocks.cpu_timer, clocks.clock_comparator) if vm.ecmode else (-1, -1)
    numbers = (*fields, psw.instruction_address, vm.cf, *timers, *vm.vmgprs, *vm.cpu.cr)
    low = vm.peek(0, _CSW + 8)
    others = (
        int(vm.vmrstat) & _CP_WAIT,
        tuple([block.code for block in vm.vmpxint]),
        tuple([device.address for device in devices if device.vdevcsw]),
        tuple([device.address for device in devices if device.ioblok]),
        low[_CSW:],
        *[low[at : at + 8] for at in _OLD_PSWS_AT],
    )
    return numbers, others


def changed(before: Summary, after: Summary) -> list[tuple[str, str, str]]:
    """Names of what is not the same, with both values as text, the most telling first."""
    if before == after:
        return []
    found: dict[str, tuple[str, str, str]] = {}
    for table, old, new in zip((_NUMBERS, _OTHERS), before, after, strict=True):
        for (name, words), one, other in zip(table.items(), old, new, strict=True):
            if one != other:
                found[name] = name, words(one), words(other)
    return [found[name] for name in _ORDER if name in found]


def _words(text: bytes) -> str:
    return text.hex(" ", 4).upper()
