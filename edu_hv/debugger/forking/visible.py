"""What a program can see of its machine, as one value, wherever the machine is: bare, or a guest of CP.

Two such values are compared place by place.  What a guest cannot see, such as the frame a page is in, is not in them.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from edu_hv.debugger import believed
from edu_hv.debugger.system import Guest, System
from edu_hv.devices.card import CardReader
from edu_hv.devices.disk_unit import DiskUnit
from edu_hv.devices.printer import Printer
from edu_hv.devices.punch import CardPunch
from edu_hv.devices.tape import TapeDrive
from edu_hv.hypervisor.spooling.devices import SpooledOutput, SpooledReader
from edu_hv.hypervisor.vmblok import keys_of
from edu_hv.isa.codes import PSA
from edu_hv.machine.psw import PSW
from edu_hv.machine.storage import BLOCK, FRAME

_FIELDS = (
    ("mask", "system_mask", 2),
    ("key", "key", 1),
    ("EC mode", "ec_mode", 1),
    ("machine check mask", "machine_check_mask", 1),
    ("wait", "wait", 1),
    ("problem state", "problem_state", 1),
    ("condition code", "cc", 1),
    ("program mask", "program_mask", 1),
    ("instruction address", "instruction_address", 6),
    ("unassigned bits", "unassigned", 16),
    ("secondary space", "secondary_space", 1),
)
"""Fields of the PSW in words, their names, and their hexadecimal digits."""
_LONGEST = 16
"""Bytes of storage that are shown of one place."""
_TIMER = range(PSA.INTERVAL_TIMER, PSA.INTERVAL_TIMER + 4)


@dataclass(frozen=True, slots=True)
class Clock:
    """What a guest's clocks say; 64 bits each, the interval timer 32."""

    tod: int
    comparator: int
    cpu_timer: int
    interval_timer: int


@dataclass(frozen=True, slots=True)
class Moment:
    """All that a program can see of its machine at one moment."""

    psw: PSW
    gr: tuple[int, ...]
    cr: tuple[int, ...]
    fpr: tuple[int, ...]
    pages: tuple[bytes, ...]
    """Its storage, 4096 bytes each; equal neighbours in time share them."""
    keys: bytes
    """One a 2K block."""
    lines: tuple[str, ...]
    """What it has written on its console."""
    clock: Clock
    devices: tuple[tuple[int, str], ...] = ()
    """State of its media by address, in words: where they can be compared between a real and a virtual device."""

    def same_as(self, other: "Moment") -> bool:
        """Whether a program cannot tell one from the other; clocks are not compared."""
        return all(found.expected for found in differences(self, other))


@dataclass(frozen=True, slots=True)
class Difference:
    """One place with two values."""

    place: str
    left: str
    right: str
    expected: str = ""
    """Why it is to be expected; "" when it is not."""


def moment(system: System, guest: Guest, before: Moment | None = None, media: bool = False) -> Moment:
    """What the guest can see now.  Pages that are as they were `before` are shared with it; changes nothing."""
    vm = guest.vm
    running = vm is None or guest.name == system.running
    keys = bytes(system.machine.storage.keys) if vm is None else keys_of(vm)
    return Moment(
        believed.psw(system, guest),
        tuple(believed.registers(system, guest)),
        tuple(believed.control_registers(system, guest)),
        tuple(system.machine.cpu.fpr if running or vm is None else vm.vmfprs),
        _pages(system, guest, before.pages if before else ()),
        keys,
        tuple(guest.own_console_lines()),
        _clock(system, guest),
        tuple(_media(system, guest)) if media else (),
    )


def _pages(system: System, guest: Guest, before: tuple[bytes, ...]) -> tuple[bytes, ...]:
    found = []
    for number, at in enumerate(range(0, believed.storage_size(system, guest), FRAME)):
        page = believed.storage(system, guest, at, FRAME)
        same = number < len(before) and before[number] == page
        found.append(before[number] if same else page)
    return tuple(found)


def _clock(system: System, guest: Guest) -> Clock:
    clocks = system.machine.clocks if guest.vm is None else guest.vm.clocks
    timer = clocks.cpu_timer
    if guest.vm is not None and system.cp is not None:
        timer = believed.cpu_timer(system.cp, guest.vm)
    left = int.from_bytes(believed.storage(system, guest, PSA.INTERVAL_TIMER, 4), "big")
    return Clock(system.machine.clocks.tod, clocks.clock_comparator, timer, left)


def _media(system: System, guest: Guest) -> Iterator[tuple[int, str]]:
    """What can be said of a medium, be its device the real one or a virtual one that has a real one behind it."""
    real = system.machine.channels.devices
    if guest.vm is None:
        devices = dict(real)
    else:
        both = ((at, real.get(one.real) if one.dedicated and one.real is not None else one.device) for at, one in
                guest.vm.devices.items())  # fmt: skip
        devices = {at: one for at, one in both if one is not None}
    for address, device in devices.items():
        words = medium_words(device)
        if words:
            yield address, words


def medium_words(device: object) -> str:
    """The state of the medium in words, "" for a device without one, or whose medium CP keeps otherwise."""
    match device:
        case TapeDrive():
            blocks = len(device.tape.blocks) if device.tape else 0
            return f"tape at block {device.position} of {blocks}" if device.tape else "no tape"
        case SpooledReader() | SpooledOutput():
            return ""
        case CardReader():
            return f"{len(device.hopper)} cards to be read"
        case CardPunch():
            return f"{len(device.cards)} cards punched"
        case Printer():
            return f"{device.image().count(10)} lines printed"
        case DiskUnit():
            return f"arm at cylinder {device.cylinder}, head {device.head}"
    return ""


# ---- comparing ------------------------------------------------------------------------------------------------------


def differences(left: Moment, right: Moment) -> Iterator[Difference]:
    """What differs, place by place, in the order a person would look: PSW, registers, storage, keys, console."""
    yield from _psw(left.psw, right.psw)
    for name, mine, other in (("GR", left.gr, right.gr), ("CR", left.cr, right.cr)):
        yield from _registers(name, mine, other, 8)
    yield from _registers("FPR", left.fpr, right.fpr, 16, 2)
    for number, (page, other_page) in enumerate(zip(left.pages, right.pages, strict=False)):
        if page is not other_page and page != other_page:
            yield from _storage(number * FRAME, page, other_page)
    yield from _keys(left.keys, right.keys)
    yield from _lines(left.lines, right.lines)
    yield from _devices(left, right)


def clock_differences(left: Moment, right: Moment) -> Iterator[Difference]:
    """The clocks, which no two machines have alike."""
    for name, mine, other, digits in (
        ("TOD clock", left.clock.tod, right.clock.tod, 16),
        ("clock comparator", left.clock.comparator, right.clock.comparator, 16),
        ("CPU timer", left.clock.cpu_timer, right.clock.cpu_timer, 16),
        ("interval timer", left.clock.interval_timer, right.clock.interval_timer, 8),
    ):
        if mine != other:
            yield Difference(name, f"{mine:0{digits}X}", f"{other:0{digits}X}")


def _psw(left: PSW, right: PSW) -> Iterator[Difference]:
    for words, name, digits in _FIELDS:
        mine, other = int(getattr(left, name)), int(getattr(right, name))
        if mine != other:
            yield Difference(f"PSW {words}", f"{mine:0{digits}X}", f"{other:0{digits}X}")


def _registers(
    name: str, left: tuple[int, ...], right: tuple[int, ...], digits: int, every: int = 1
) -> Iterator[Difference]:
    for number, (mine, other) in enumerate(zip(left, right, strict=True)):
        if mine != other:
            yield Difference(f"{name}{number * every}", f"{mine:0{digits}X}", f"{other:0{digits}X}")


def _storage(at: int, left: bytes, right: bytes) -> Iterator[Difference]:
    """Each run of words that differ; the word of the interval timer, which is a clock, is left out."""
    begin: int | None = None
    for offset in range(0, FRAME + 4, 4):
        differ = offset < FRAME and left[offset : offset + 4] != right[offset : offset + 4]
        differ = differ and at + offset not in _TIMER
        if differ and begin is None:
            begin = offset
        elif not differ and begin is not None:
            yield _bytes(at + begin, left[begin:offset], right[begin:offset])
            begin = None


def _bytes(at: int, left: bytes, right: bytes) -> Difference:
    place = f"storage {at:06X}" + (f" to {at + len(left) - 1:06X}" if len(left) > 4 else "")
    return Difference(place, _short(left), _short(right))


def _short(data: bytes) -> str:
    more = f" and {len(data) - _LONGEST} bytes more" if len(data) > _LONGEST else ""
    return data[:_LONGEST].hex(" ", 4).upper() + more


def _keys(left: bytes, right: bytes) -> Iterator[Difference]:
    if left == right:
        return
    for number, (mine, other) in enumerate(zip(left, right, strict=False)):
        if mine != other:
            yield Difference(f"storage key of {number * BLOCK:06X}", f"{mine:02X}", f"{other:02X}")


def _lines(left: tuple[str, ...], right: tuple[str, ...]) -> Iterator[Difference]:
    """Lines that are not the same.  That one machine has typed more by now is a matter of time."""
    if left == right:
        return
    late = "the same lines come at another time: CP writes a line at once, a real console types it"
    for number in range(max(len(left), len(right))):
        mine, other = (lines[number] if number < len(lines) else None for lines in (left, right))
        if mine != other:
            expected = late if mine is None or other is None else ""
            yield Difference(f"console line {number + 1}", _line(mine), _line(other), expected)


def _line(text: str | None) -> str:
    return "not there" if text is None else f'"{text}"'


def _devices(left: Moment, right: Moment) -> Iterator[Difference]:
    mine, other = dict(left.devices), dict(right.devices)
    for address in sorted(mine.keys() & other.keys()):
        if mine[address] != other[address]:
            yield Difference(f"device {address:03X}", mine[address], other[address])
