"""What the VM assist does for each instruction.  GA22-7074 chapter 2 "Virtual-Machine Assist", by instruction.

A function takes the running guest and the instruction's operands.  It looks at everything first and raises Declined,
or the exception of an access, while nothing has changed; then it does to the virtual machine what the instruction does
to a machine.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from edu_hv.isa.codes import CR0, MASK_24, PIC, Class, Key
from edu_hv.machine.assist_guest import GuestBlock, RunningGuest, require
from edu_hv.machine.dat import table_format, walk
from edu_hv.machine.instructions.load_store import registers_between
from edu_hv.machine.interruptions import Interruption, store_old_psw
from edu_hv.machine.micblok import CR6

_ERROR_RECORDING = 76
_HIGH_HALF, _LOW_HALF = 0xFFFF0000, 0x0000FFFF
_EXTERNAL_MASK, _IO_MASK = 0x01, 0x02
_FREE_REGISTERS = frozenset({6, 12, 13, 14, 15})
"""Control registers with no effect on a guest that CP would have to see to."""


# ---- the system mask -------------------------------------------------------------------------------------------------


def set_system_mask(guest: RunningGuest, address: int) -> None:
    """SSM.  GA22-7074 "Set System Mask"."""
    require(not guest.control(0) & CR0.SSM_SUPPRESSION, "virtual control register 0 suppresses SSM")
    mask = guest.cpu.examine(address, 1)
    guest.require_mask(mask[0])
    guest.cpu.load1(address)
    guest.store_vmpsw(0, mask)


def store_then_and_system_mask(guest: RunningGuest, address: int, immediate: int) -> None:
    """STNSM.  GA22-7074 "Store Then AND System Mask"."""
    _store_then_set(guest, address, guest.vmpsw[0] & immediate)


def store_then_or_system_mask(guest: RunningGuest, address: int, immediate: int) -> None:
    """STOSM.  GA22-7074 "Store Then OR System Mask"."""
    _store_then_set(guest, address, guest.vmpsw[0] | immediate)


def _store_then_set(guest: RunningGuest, address: int, mask: int) -> None:
    guest.require_mask(mask)
    guest.cpu.store1(address, guest.vmpsw[0])
    guest.store_vmpsw(0, bytes([mask]))


# ---- the whole PSW ---------------------------------------------------------------------------------------------------


def load_psw(guest: RunningGuest, address: int) -> None:
    """LPSW.  GA22-7074 "Load PSW"."""
    require(address % 8 == 0, "the operand is not on a doubleword boundary")
    text = guest.cpu.examine(address, 8)
    guest.require_psw(text)
    guest.load_psw(guest.cpu.load_bytes(address, 8))


def supervisor_call(guest: RunningGuest, code: int) -> None:
    """SVC.  GA22-7074 "Supervisor Call".  The old PSW goes to guest page 0, and its new PSW becomes the virtual one."""
    require(code != _ERROR_RECORDING, "SVC 76 records errors, which CP does itself")
    new = guest.load_real(Class.SVC.new_psw, 8)
    guest.require_psw(new)
    old = guest.psw
    store_old_psw(guest, old, Interruption(Class.SVC, code, guest.cpu.ilc))
    guest.load_psw(new)


# ---- control registers and translation -------------------------------------------------------------------------------


def store_control(guest: RunningGuest, r1: int, r3: int, address: int) -> None:
    """STCTL.  GA22-7074 "Store Control".  The virtual registers, never the real ones."""
    require(address % 4 == 0, "the operand is not on a word boundary")
    text = b"".join(guest.control(number).to_bytes(4, "big") for number in registers_between(r1, r3))
    guest.cpu.store_bytes(address, text)


def load_control(guest: RunningGuest, r1: int, r3: int, address: int) -> None:
    """LCTL, as far as no table and no real register depends on it.

    GA22-7074 has LCTL only in the shadow-table-bypass assist; this is what later levels of microcode do.
    """
    require(address % 4 == 0, "the operand is not on a word boundary")
    numbers = list(registers_between(r1, r3))
    text = guest.cpu.examine(address, 4 * len(numbers))
    values = {number: int.from_bytes(text[4 * at : 4 * at + 4], "big") for at, number in enumerate(numbers)}
    for number, value in values.items():
        _require_loadable(guest, number, guest.control(number), value)
    guest.cpu.load_bytes(address, len(text))
    for number, value in values.items():
        guest.set_control(number, value)


def _require_loadable(guest: RunningGuest, number: int, old: int, new: int) -> None:
    """Raise Declined unless a virtual control register may become `new` without the control program."""
    mask, pending, turned_on = guest.vmpsw[0], guest.micblok.micpend, new & ~old
    match number:
        case 0:
            require(not (old ^ new) & _HIGH_HALF, "the first half of control register 0 would change")
            allowed = pending and mask & _EXTERNAL_MASK and turned_on & _LOW_HALF
            require(not allowed, "a pending interruption may become allowed")
        case 1:
            require(old == new, "control register 1 would change, and with it the shadow tables")
        case 2:
            require(not (pending and mask & _IO_MASK and turned_on), "a pending interruption may become allowed")
        case _:
            require(number in _FREE_REGISTERS, f"control register {number} has an effect in the real machine")


def load_real_address(guest: RunningGuest, r1: int, address: int) -> None:
    """LRA.  GA22-7074 "Load Real Address".  The guest's tables, fetched through the real ones.

    The result is guest-real; condition codes and what is in R1 are those of the instruction.
    """
    require(guest.psw.ec_mode, "the virtual PSW is of BC mode")
    cpu, found = guest.cpu, walk(address, guest.control(0), guest.control(1), guest.load_real)
    if found.real is not None:
        cpu.gr[r1], cpu.psw.cc = found.real, 0
        return
    page_entry = found.page_entry_address
    cpu.gr[r1] = found.segment_entry_address if page_entry is None else page_entry
    cpu.psw.cc = 3 if found.length_exceeded else 1 if found.fault is PIC.SEGMENT_TRANSLATION else 2


def validate_shadow_entry(guest: RunningGuest, address: int) -> None:
    """A page-table entry was invalid.  GA22-7074 "Shadow-Table Validation".

    If the guest's own entry is valid and the page is in real storage, the shadow entry becomes valid: its frame is the
    one that the real tables give for the guest-real address.
    """
    cpu, psw = guest.cpu, guest.psw
    require(psw.dat, "the guest's own DAT is off: the tables are no shadow tables")
    layout, virtual_cr0 = table_format(cpu.cr[0]), guest.control(0)
    require(layout is not None and layout is table_format(virtual_cr0), "the shadow tables are of another format")
    assert layout is not None
    require(1 << layout.page_shift <= guest.micblok.page_size, "a page of the guest is more than a real page")
    found = walk(address, virtual_cr0, guest.control(1), guest.load_real)
    require(found.real is not None, "the guest's own table has no valid entry")
    assert found.real is not None
    frame = guest.real(found.real)
    shadow = walk(address, cpu.cr[0], cpu.cr[1], cpu.load_real)
    require(shadow.fault is PIC.PAGE_TRANSLATION and not shadow.length_exceeded, "the shadow table has no such entry")
    assert shadow.page_entry_address is not None
    cpu.store_real(shadow.page_entry_address, (frame >> 8 & layout.frame_mask).to_bytes(2, "big"))


# ---- keys ------------------------------------------------------------------------------------------------------------


def insert_psw_key(guest: RunningGuest) -> None:
    """IPK.  GA22-7074 "Insert PSW Key"."""
    guest.cpu.gr[2] = guest.cpu.gr[2] & 0xFFFFFF00 | guest.vmpsw[1] & 0xF0


def set_psw_key_from_address(guest: RunningGuest, address: int) -> None:
    """SPKA.  GA22-7074 "Set PSW Key from Address".  The key of the real PSW too."""
    guest.store_vmpsw(1, bytes([guest.vmpsw[1] & 0x0F | address & 0xF0]))
    guest.cpu.psw.key = address >> 4 & 15
    guest.cpu.change_context()


@dataclass
class _GuestKey:
    """The parts of the key of a 2K block of guest storage."""

    place: GuestBlock
    virtual: int
    """SWPKEY1 or SWPKEY2: the key as the guest set it."""
    real: int
    """The key of the block in real storage, 0 while the page is not there."""
    word: bytearray
    """SWPFLAG and the two keys."""

    @property
    def recorded(self) -> int:
        """Reference and change as the guest sees them: real or virtual."""
        return (self.virtual | self.real) & int(Key.REFERENCE | Key.CHANGE)

    def back_up(self) -> None:
        """Note real reference and change for the control program, before they are reset."""
        bits = self.real & (Key.REFERENCE | Key.CHANGE)
        self.word[0] |= bits >> 1 if self.place.half else bits << 1

    def set_virtual(self, key: int) -> None:
        """Replace the guest's key."""
        self.word[2 + self.place.half] = key


def _key_of(guest: RunningGuest, address: int) -> _GuestKey:
    place = guest.block(address)
    word = bytearray(guest.cpu.load_real(place.swap_entry, 4))
    real = 0 if place.block is None else guest.cpu.storage.keys[place.block]
    return _GuestKey(place, word[2 + place.half] & 0xFE, real, word)


def insert_storage_key(guest: RunningGuest, r1: int, r2: int) -> None:
    """ISK.  GA22-7074 "Insert Storage Key".  Reference and change in EC mode only."""
    cpu = guest.cpu
    require(not cpu.gr[r2] & 15, "bits 28-31 of the address are not zeros")
    key = _key_of(guest, cpu.gr[r2] & MASK_24)
    inserted = key.virtual | key.recorded
    if not guest.psw.ec_mode:
        inserted &= int(Key.ACCESS_CONTROL | Key.FETCH_PROTECTION)
    cpu.gr[r1] = cpu.gr[r1] & 0xFFFFFF00 | inserted


def set_storage_key(guest: RunningGuest, r1: int, r2: int) -> None:
    """SSK.  GA22-7074 "Set Storage Key".  Real reference and change start from zero; what they were is backed up."""
    cpu = guest.cpu
    require(not cpu.gr[r2] & 15, "bits 28-31 of the address are not zeros")
    key = _key_of(guest, cpu.gr[r2] & MASK_24)
    require(key.place.block is not None, "the page is not in real storage")
    assert key.place.block is not None
    new = cpu.gr[r1] & 0xFE
    key.back_up()
    key.set_virtual(new)
    cpu.store_real(key.place.swap_entry, bytes(key.word))
    cpu.storage.set_key(key.place.block, new & (Key.ACCESS_CONTROL | Key.FETCH_PROTECTION))


def reset_reference_bit(guest: RunningGuest, address: int) -> None:
    """RRB.  GA22-7074 "Reset Reference Bit".  CC: reference and change before, as the guest sees them."""
    cpu, key = guest.cpu, _key_of(guest, address)
    key.back_up()
    key.set_virtual(key.virtual & ~Key.REFERENCE)
    cpu.psw.cc = key.recorded >> 1
    cpu.store_real(key.place.swap_entry, bytes(key.word))
    if key.place.block is not None:
        cpu.storage.set_key(key.place.block, key.real & ~Key.REFERENCE)


# ---- the table -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Assisted:
    """How the assist does an instruction, and the bits of control register 6 that must be zero, or one, for it."""

    perform: Callable[..., None]
    off: int
    on: int = CR6.VM_ASSIST

    def permitted(self, cr6: int) -> bool:
        """Whether control register 6 permits it."""
        return not cr6 & self.off and cr6 & self.on == self.on


_PRIVILEGED = CR6.VIRTUAL_PROBLEM_STATE
_SYSTEM_370 = _PRIVILEGED | CR6.SYSTEM_360

ASSISTED: dict[str, Assisted] = {
    "SSM": Assisted(set_system_mask, _PRIVILEGED),
    "LPSW": Assisted(load_psw, _PRIVILEGED),
    "STNSM": Assisted(store_then_and_system_mask, _SYSTEM_370),
    "STOSM": Assisted(store_then_or_system_mask, _SYSTEM_370),
    "STCTL": Assisted(store_control, _SYSTEM_370),
    "LCTL": Assisted(load_control, _SYSTEM_370),
    "LRA": Assisted(load_real_address, _SYSTEM_370),
    "IPK": Assisted(insert_psw_key, _SYSTEM_370),
    "SPKA": Assisted(set_psw_key_from_address, _SYSTEM_370),
    "ISK": Assisted(insert_storage_key, _PRIVILEGED | CR6.NO_STORAGE_KEYS),
    "SSK": Assisted(set_storage_key, _PRIVILEGED | CR6.NO_STORAGE_KEYS),
    "RRB": Assisted(reset_reference_bit, _SYSTEM_370 | CR6.NO_STORAGE_KEYS),
    "SVC": Assisted(supervisor_call, CR6.NO_SVC),
}
"""By mnemonic."""

SHADOW_TABLE_VALIDATION = Assisted(validate_shadow_entry, 0, CR6.VM_ASSIST | CR6.SHADOW_TABLES)
"""What is done about a page-translation exception, in virtual problem state too."""
