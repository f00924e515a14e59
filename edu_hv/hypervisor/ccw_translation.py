"""CCW translation: a guest's channel program made into one for the real channel, and its CSW made back (DMKCCW).

SY20-0886 "CCW Translation".  The real program lives in CP's free storage, so that the guest cannot change it once it
runs; data go straight to and from the guest's frames.
"""

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from edu_hv.hypervisor.free_storage import FreeStorage
from edu_hv.isa.codes import MASK_24, CCWFlag
from edu_hv.machine.channel import CCW, CSW
from edu_hv.machine.cpu import CPU
from edu_hv.machine.interruptions import ProgramInterruption
from edu_hv.machine.storage import BLOCK, FRAME

if TYPE_CHECKING:
    from edu_hv.hypervisor.vmblok import VMBLOK

CCW_LENGTH = 8
_LONGEST_CHAIN = 256
"""CCWs CP copies of one chain; VM/370's limit is the storage it can get."""
INVALID_ADDRESS = MASK_24 & ~7
"""An address no real storage reaches: a CCW that points there gives the guest its program check."""


@dataclass(frozen=True)
class TranslatedCCW:
    """One CCW of the guest and the real one made of it."""

    guest_address: int
    real_address: int
    guest: bytes
    real: bytes
    idaws: tuple[int, ...] = ()


@dataclass(frozen=True)
class RCWTASK:
    """A translated channel program: where it is in real storage, and its CCWs in the order of the copy."""

    real_address: int
    vcaw: int
    """The guest's address of its first CCW."""
    key: int
    """Protection key of the guest's CAW."""
    ccws: tuple[TranslatedCCW, ...]

    def guest_address_of(self, real_address: int) -> int:
        """The guest's address of the CCW behind a real address that a CSW names (the last CCW plus 8)."""
        for ccw in self.ccws:
            if ccw.real_address == real_address - CCW_LENGTH:
                return ccw.guest_address + CCW_LENGTH
        return self.vcaw

    def untranslate(self, csw: CSW) -> CSW:
        """The CSW in the guest's addresses; status and residual count are the device's (DMKUNT)."""
        return replace(csw, address=self.guest_address_of(csw.address) & MASK_24)


@dataclass
class _Chain:
    """The guest's CCWs found so far, in order, by guest address."""

    addresses: list[int] = field(default_factory=list)
    ccws: dict[int, CCW] = field(default_factory=dict)


def translate(vm: "VMBLOK", real: CPU, free_storage: FreeStorage, caw: int) -> RCWTASK:
    """Build the real program for the guest's chain at the CAW (32 bits) in real storage.

    What the guest did wrong stays wrong in the copy, at the same place, so that the real channel reports it.
    """
    chain = _scan(vm, caw & MASK_24)
    lists = {address: _idaws(vm, chain.ccws[address]) for address in chain.addresses}
    words = sum(len(words) for words in lists.values())
    at = free_storage.get(len(chain.addresses) * CCW_LENGTH + words * 4)
    places = {address: at + index * CCW_LENGTH for index, address in enumerate(chain.addresses)}
    next_list = at + len(chain.addresses) * CCW_LENGTH
    translated: list[TranslatedCCW] = []
    for address in chain.addresses:
        made = _translate_one(vm, chain.ccws[address], lists[address], places, next_list)
        _store_idaws(real, next_list, lists[address])
        next_list += len(lists[address]) * 4
        real.store_real(places[address], made.to_bytes())
        guest = chain.ccws[address].to_bytes()
        translated.append(TranslatedCCW(address, places[address], guest, made.to_bytes(), tuple(lists[address])))
    return RCWTASK(at, caw & MASK_24, caw >> 28, tuple(translated))


def _scan(vm: "VMBLOK", start: int) -> _Chain:
    """Follow the chain through CC, CD and TIC until it ends; runs keep their order, so that status modifier works."""
    chain = _Chain()
    pending = [start]
    while pending:
        address = pending.pop()
        while address not in chain.ccws and len(chain.addresses) < _LONGEST_CHAIN:
            ccw = _fetch_ccw(vm, address)
            if ccw is None:
                break
            chain.addresses.append(address)
            chain.ccws[address] = ccw
            if ccw.transfer_in_channel:
                pending.append(ccw.address)
            elif not ccw.flags & (CCWFlag.CHAIN_DATA | CCWFlag.CHAIN_COMMAND):
                break
            # A CCW after a TIC is reached when a status modifier skips the TIC.
            if ccw.transfer_in_channel and not _modifier_can_skip(chain, address):
                break
            address += CCW_LENGTH
    return chain


def _modifier_can_skip(chain: _Chain, tic: int) -> bool:
    """Whether the command before a TIC is a search, whose status modifier skips the TIC."""
    before = chain.ccws.get(tic - CCW_LENGTH)
    return before is not None and before.command & 0x1F in (0x09, 0x11)


def _fetch_ccw(vm: "VMBLOK", address: int) -> CCW | None:
    if address & 7:
        return None
    try:
        return CCW.from_bytes(vm.cpu.load_real(address, CCW_LENGTH))
    except ProgramInterruption:
        return None


def _translate_one(
    vm: "VMBLOK", ccw: CCW, idaws: list[int], places: dict[int, int], next_list: int
) -> CCW:
    if ccw.transfer_in_channel:
        return replace(ccw, address=places.get(ccw.address, INVALID_ADDRESS))
    if idaws:
        return replace(ccw, address=next_list, flags=ccw.flags | CCWFlag.INDIRECT_DATA_ADDRESS)
    return replace(ccw, address=_real_data_address(vm, ccw.address))


def _real_data_address(vm: "VMBLOK", address: int) -> int:
    try:
        return vm.cpu.absolute(address)
    except ProgramInterruption:
        return INVALID_ADDRESS


def _idaws(vm: "VMBLOK", ccw: CCW) -> list[int]:
    """Real addresses of the 2K pieces of a data area that crosses a page, or that the guest gave by IDAWs."""
    if ccw.transfer_in_channel or not ccw.count:
        return []
    if ccw.flags & CCWFlag.INDIRECT_DATA_ADDRESS:
        return [_real_data_address(vm, word) for word in _guest_idaws(vm, ccw)]
    if ccw.address % FRAME + ccw.count <= FRAME:
        return []
    first = BLOCK - ccw.address % BLOCK
    starts = [ccw.address, *range(ccw.address + first, ccw.address + ccw.count, BLOCK)]
    return [_real_data_address(vm, start & MASK_24) for start in starts]


def _guest_idaws(vm: "VMBLOK", ccw: CCW) -> list[int]:
    """The guest's own IDAWs, as many as its count needs; an unusable one becomes an unusable address."""
    words: list[int] = []
    left = ccw.count
    at = ccw.address
    while left > 0:
        try:
            word = int.from_bytes(vm.cpu.load_real(at, 4), "big") if at % 4 == 0 else INVALID_ADDRESS
        except ProgramInterruption:
            word = INVALID_ADDRESS
        words.append(word & MASK_24)
        left -= BLOCK - word % BLOCK
        at += 4
    return words


def _store_idaws(real: CPU, at: int, idaws: list[int]) -> None:
    for index, word in enumerate(idaws):
        real.store_real(at + index * 4, word.to_bytes(4, "big"))
