"""The real machine's state that is CP's alone: what a guest that could change it would have in its hands."""

from collections.abc import Iterator
from dataclasses import dataclass

from edu_hv.debugger.forking.visible import Difference, _psw, _registers
from edu_hv.debugger.system import System
from edu_hv.machine.psw import PSW
from edu_hv.machine.storage import BLOCK, FRAME


@dataclass(frozen=True, slots=True)
class RealMoment:
    """The real PSW, control registers, clocks, keys, and storage but for the guest's own frames."""

    psw: PSW
    cr: tuple[int, ...]
    prefix: int
    tod_at_zero: int
    keys: bytes
    storage: tuple[bytes, ...]
    """By frame; b"" for those that the guest has."""


def real_moment(system: System, guest: str) -> RealMoment:
    """The real machine as it is now; looks, and changes nothing."""
    machine, vm = system.machine, system.guest(guest).vm
    own = set(vm.storage.frames()) if vm is not None else set()
    frames = range(0, machine.storage.size, FRAME)
    cpu = machine.cpu
    return RealMoment(
        cpu.psw.copy(),
        tuple(cpu.cr),
        cpu.prefix,
        machine.clocks.tod_at_zero,
        bytes(machine.storage.keys),
        tuple(b"" if at in own else machine.storage.read(at, FRAME) for at in frames),
    )


def real_differences(left: RealMoment, right: RealMoment) -> Iterator[Difference]:
    """What is CP's and is not the same."""
    for one in (*_psw(left.psw, right.psw), *_registers("CR", left.cr, right.cr, 8)):
        yield Difference(f"real {one.place}", one.left, one.right)
    if left.prefix != right.prefix:
        yield Difference("real prefix", f"{left.prefix:06X}", f"{right.prefix:06X}")
    if left.tod_at_zero != right.tod_at_zero:
        yield Difference("real TOD clock, as set", f"{left.tod_at_zero:016X}", f"{right.tod_at_zero:016X}")
    for number, (mine, other) in enumerate(zip(left.keys, right.keys, strict=True)):
        if (mine ^ other) & 0xF8:
            yield Difference(f"real key of {number * BLOCK:06X}", f"{mine:02X}", f"{other:02X}")
    changed = [
        n * FRAME for n, (a, b) in enumerate(zip(left.storage, right.storage, strict=True)) if a != b and a and b
    ]
    if changed:
        where = ", ".join(f"{at:06X}" for at in changed[:8]) + (", ..." if len(changed) > 8 else "")
        frames = f"{len(changed)} frame{'' if len(changed) == 1 else 's'}"
        yield Difference("real storage but the guest's", "as CP has it", f"differs in {frames}: {where}")
