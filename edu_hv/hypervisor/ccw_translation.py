"""CCW translation: a guest's channel program made into one for the real channel, and its CSW made back (DMKCCW).

SY20-0886 "CCW Translation".  The real program lives in CP's free storage, so that the guest cannot change it once it
runs; data go straight to and from the guest's frames.  Nothing leads out of the copy: behind each run of CCWs stands a
fence of invalid ones, and an address that the guest may not use becomes one that no channel accepts.

Not checked is fetch protection of the CCWs and IDAWs themselves: the real channel reads CP's copies.
"""

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from edu_hv.hypervisor.free_storage import FreeStorage
from edu_hv.isa.codes import MASK_24, CCWFlag
from edu_hv.machine.ccw import CCW, CSW
from edu_hv.machine.cpu import CPU
from edu_hv.machine.interruptions import ProgramInterruption
from edu_hv.machine.storage import BLOCK, FRAME

if TYPE_CHECKING:
    from edu_hv.hypervisor.vmblok import VMBLOK

CCW_LENGTH = 8
LONGEST_CHAIN = 256
"""CCWs that CP copies of one chain; the fence is behind them.  VM/370's limit is the storage it can get."""
INVALID_IDAW = 0xFFFFFFFF
"""No address of 24 bits: the channel's program check, when it comes to move the data."""
INVALID_TIC = 0x000001
"""Not on a doubleword: the channel's program check, when it comes to transfer there."""
FENCE = bytes(2 * CCW_LENGTH)
"""Two invalid CCWs, for chaining and for chaining with status modifier."""


@dataclass(frozen=True)
class TranslatedCCW:
    """One CCW of the guest and the real one made of it."""

    guest_address: int
    real_address: int
    guest: bytes
    real: bytes
    idaws: tuple[int, ...] = ()


@dataclass(frozen=True)
class CCWRun:
    """CCWs that follow one another in the guest's storage, and so in the copy: a status modifier skips the same."""

    guest_address: int
    real_address: int
    length: int
    """In bytes, without the fence."""

    def contains(self, real_address: int) -> bool:
        """Whether a CCW of the run or of its fence is there."""
        return 0 <= real_address - self.real_address < self.length + len(FENCE)


@dataclass(frozen=True)
class RCWTASK:
    """A translated channel program: where it is in real storage, and its CCWs in the order of the copy."""

    piece: int
    """Real address of the piece of free storage."""
    real_address: int
    """Real address of the copy of the first CCW: what the real CAW names."""
    vcaw: int
    """The guest's address of its first CCW."""
    key: int
    """Protection key of the guest's CAW."""
    ccws: tuple[TranslatedCCW, ...]
    runs: tuple[CCWRun, ...]

    def guest_address_of(self, real_address: int) -> int:
        """The guest's address of the CCW behind a real address that a CSW names (the last CCW plus 8)."""
        last = real_address - CCW_LENGTH
        run = next((run for run in self.runs if run.contains(last)), None)
        return self.vcaw if run is None else run.guest_address + real_address - run.real_address & MASK_24

    def untranslate(self, csw: CSW) -> CSW:
        """The CSW in the guest's addresses; status and residual count are the device's (DMKUNT)."""
        return replace(csw, address=self.guest_address_of(csw.address))


# ---- scan: what the chain consists of ------------------------------------------------------------------------------


@dataclass
class _Chain:
    """The guest's CCWs found so far, by guest address, and which way each moves data."""

    ccws: dict[int, CCW] = field(default_factory=dict)
    backward: dict[int, set[bool]] = field(default_factory=dict)
    """A CCW has two ways only if it is reached by data chaining from commands of both."""

    def fetch(self, vm: "VMBLOK", address: int) -> CCW | None:
        """The CCW there, copied when it is met first; None for one that cannot be had."""
        if address not in self.ccws:
            found = _fetch_ccw(vm, address) if len(self.ccws) < LONGEST_CHAIN else None
            if found is None:
                return None
            self.ccws[address] = found
        return self.ccws[address]


_Place = tuple[int, bool | None]
"""Address of a CCW, and, reached by data chaining, whether the command in force reads backward."""


def _scan(vm: "VMBLOK", start: int) -> _Chain:
    """Follow the chain from the CAW, through CC, CD, TIC and status modifier, until all is seen."""
    chain = _Chain()
    pending: list[_Place] = [(start, None)]
    seen: set[_Place] = set()
    while pending:
        place = pending.pop()
        if place in seen:
            continue
        seen.add(place)
        ccw = chain.fetch(vm, place[0])
        if ccw is not None:
            pending += _successors(chain, ccw, *place)
    return chain


def _successors(chain: _Chain, ccw: CCW, address: int, chained: bool | None) -> list[_Place]:
    """Where the channel may go from here."""
    if ccw.transfer_in_channel:
        return [(ccw.address, chained)]
    backward = ccw.command & 0x0F == 0x0C if chained is None else chained
    chain.backward.setdefault(address, set()).add(backward)
    if ccw.chains_data:
        return [(address + CCW_LENGTH, backward)]
    if not ccw.chains_command:
        return []
    skipped = [(address + 2 * CCW_LENGTH, None)] if _searches(ccw) else []
    return [(address + CCW_LENGTH, None), *skipped]


def _searches(ccw: CCW) -> bool:
    """Whether the command is a search, which answers with status modifier when it has found."""
    return ccw.command & 0x1F in (0x09, 0x11)


def _fetch_ccw(vm: "VMBLOK", address: int) -> CCW | None:
    if address & 7 or address >= vm.vmsize:
        return None
    return CCW.from_bytes(vm.cpu.load_real(address, CCW_LENGTH))


# ---- translation ---------------------------------------------------------------------------------------------------


def translate(vm: "VMBLOK", real: CPU, free_storage: FreeStorage, caw: int) -> RCWTASK:
    """Build the real program for the guest's chain at the CAW (32 bits) in real storage.

    What the guest did wrong stays wrong in the copy, at the same place, so that the real channel reports it.  Raises
    MemoryError when free storage does not suffice now.
    """
    chain = _scan(vm, caw & MASK_24)
    lists = {address: _idaws(vm, chain, address) for address in sorted(chain.ccws)}
    groups = _groups(list(lists))
    program_length = len(lists) * CCW_LENGTH + len(groups) * len(FENCE)
    piece = free_storage.get(program_length + sum(map(len, lists.values())) * 4)
    runs = _place_runs(groups, piece)
    places = {run.guest_address + at: run.real_address + at for run in runs for at in range(0, run.length, CCW_LENGTH)}
    for run in runs:
        real.store_real(run.real_address + run.length, FENCE)
    translated: list[TranslatedCCW] = []
    next_list = piece + program_length
    for address, idaws in lists.items():
        ccw = chain.ccws[address]
        made = _translate_one(vm, ccw, bool(idaws), places, next_list).to_bytes()
        real.store_real(places[address], made)
        next_list = _store_idaws(real, next_list, idaws)
        translated.append(TranslatedCCW(address, places[address], ccw.to_bytes(), made, tuple(idaws)))
    vcaw = caw & MASK_24
    return RCWTASK(piece, places[vcaw], vcaw, caw >> 28, tuple(translated), runs)


def _groups(addresses: list[int]) -> list[tuple[int, int]]:
    """Sorted CCW addresses as runs: where each begins, and its length in bytes."""
    groups: list[tuple[int, int]] = []
    for address in addresses:
        if groups and sum(groups[-1]) == address:
            groups[-1] = groups[-1][0], groups[-1][1] + CCW_LENGTH
        else:
            groups.append((address, CCW_LENGTH))
    return groups


def _place_runs(groups: list[tuple[int, int]], at: int) -> tuple[CCWRun, ...]:
    """One run behind the other in real storage, each with its fence."""
    runs: list[CCWRun] = []
    for start, length in groups:
        runs.append(CCWRun(start, at, length))
        at += length + len(FENCE)
    return tuple(runs)


def _translate_one(vm: "VMBLOK", ccw: CCW, indirect: bool, places: dict[int, int], idaws_at: int) -> CCW:
    if ccw.transfer_in_channel:
        return replace(ccw, address=places.get(ccw.address, INVALID_TIC))
    if indirect:
        return replace(ccw, address=idaws_at, flags=ccw.flags | CCWFlag.INDIRECT_DATA_ADDRESS)
    return replace(ccw, address=_real_data_address(vm, ccw.address) & MASK_24)


def _real_data_address(vm: "VMBLOK", address: int) -> int:
    """For a CCW or an IDAW; INVALID_IDAW outside the guest's storage."""
    return vm.cpu.absolute(address) if 0 <= address < vm.vmsize else INVALID_IDAW


def _idaws(vm: "VMBLOK", chain: _Chain, address: int) -> list[int]:
    """Real addresses for a data area that is not all in one page of the guest, or that the guest gave by IDAWs.

    Empty when the real CCW can name the area itself, or when there is none.
    """
    ccw = chain.ccws[address]
    if ccw.transfer_in_channel or not ccw.count:
        return []
    ways = chain.backward[address]
    if len(ways) > 1:
        return [INVALID_IDAW]  # One list cannot serve both ways.
    backward = True in ways
    if ccw.flags & CCWFlag.INDIRECT_DATA_ADDRESS:
        return _translated_list(vm, ccw, backward)
    if ccw.address < vm.vmsize and ccw.count <= _room(ccw.address, FRAME, backward):
        return []
    return [_real_data_address(vm, start) for start in _starts(ccw.address, ccw.count, backward)]


def _room(address: int, unit: int, backward: bool) -> int:
    """Bytes from `address` to the end (backward: the beginning) of its unit of storage."""
    return address % unit + 1 if backward else unit - address % unit


def _starts(address: int, count: int, backward: bool) -> list[int]:
    """The first byte that is moved in each 2K block of a data area."""
    room = _room(address, BLOCK, backward)
    if backward:
        return [address, *range(address - room, address - count, -BLOCK)]
    return [address, *range(address + room, address + count, BLOCK)]


def _translated_list(vm: "VMBLOK", ccw: CCW, backward: bool) -> list[int]:
    """The guest's own IDAWs, as many as its count needs; the first unusable one ends the list."""
    words: list[int] = []
    left, at = ccw.count, ccw.address
    while left > 0:
        word = _fetch_idaw(vm, at)
        words.append(_real_data_address(vm, word))
        if words[-1] == INVALID_IDAW:
            break
        left -= _room(word, BLOCK, backward)
        at += 4
    return words


def _fetch_idaw(vm: "VMBLOK", at: int) -> int:
    if at % 4:
        return INVALID_IDAW
    try:
        return int.from_bytes(vm.cpu.load_real(at, 4), "big")
    except ProgramInterruption:
        return INVALID_IDAW


def _store_idaws(real: CPU, at: int, idaws: list[int]) -> int:
    """Store a list; where the next one goes."""
    for word in idaws:
        real.store_real(at, word.to_bytes(4, "big"))
        at += 4
    return at
