"""The CPU: registers, access to storage, and fetch, decode, execute.  GA22-7000 "Program Execution".

What each instruction does is in `instructions`; how an interruption is taken is in `interruptions`; when one is taken
is in `machine`.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from edu_hv.isa.codes import CR0, MASK_24, MASK_32, PIC, Key
from edu_hv.isa.formats import instruction_length
from edu_hv.isa.table import Operation, operation
from edu_hv.machine.dat import SECONDARY, TranslationLookasideBuffer
from edu_hv.machine.events import Observer
from edu_hv.machine.instructions import registry
from edu_hv.machine.interruptions import Ending, ProgramInterruption
from edu_hv.machine.psw import PSW
from edu_hv.machine.storage import ANY_FETCH_FLAG, ANY_FLAG, BLOCK, BLOCK_SHIFT, FRAME, UNRESOLVED, Storage
from edu_hv.machine.timing import Clocks

if TYPE_CHECKING:
    from edu_hv.machine.channel import Channels

CR_AT_RESET = (0x000000E0, 0, MASK_32, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xC2000000, 0x00000200)
"""Control registers after initial CPU reset.  GA22-7000 "Control Registers", figure of assignments."""

CPU_ID = bytes.fromhex("00 001370 0158 0000")
"""STIDP: version 0, serial 001370, model 158, no extended logout."""

BLOCKS = 1 << 24 - BLOCK_SHIFT
"""Logical blocks of 2K."""


class AccessMaps(NamedTuple):
    """Where fetches and stores lead, by number of the logical 2K block.

    An element is the absolute address of the block, once an access to it was found permitted, or UNRESOLVED.  A block
    with flagged lines has -2 minus the absolute address, so that compiled code takes a closer look.
    """

    fetch: memoryview
    store: memoryview

    @classmethod
    def new(cls, slot: int = 0) -> AccessMaps:
        """Two maps in which nothing is resolved.  An engine has a factory of its own, with a place for each slot."""
        return cls(*(memoryview(array("i", [UNRESOLVED]) * BLOCKS) for _ in range(2)))


NOTHING_MAPPED = AccessMaps(*(map.toreadonly() for map in AccessMaps.new()))
MAP_SLOTS = 8
"""Contexts for which maps are kept at a time."""
_CLEARED = memoryview(array("i", [UNRESOLVED]) * BLOCKS)

Context = tuple[object, ...]
Registers = tuple[int, ...]
TLBEntry = tuple[tuple[int, int, int], int]
CPUState = tuple[Registers, Registers, Registers, bytes, int, int, int, int, tuple[TLBEntry, ...]]


class CPU:
    """Registers of one CPU and its path to storage.

    `gr`, `cr`: 16 unsigned 32-bit values; `fpr`: registers 0, 2, 4, 6 as 64-bit values at index 0 to 3.
    Logical addresses are 24 bits; every access below checks addressing, translation and protection first and changes
    nothing when it raises ProgramInterruption.
    """

    control_registers_at_reset: ClassVar[tuple[int, ...]] = CR_AT_RESET
    channels: Channels
    """Set by the machine: what the I/O instructions talk to."""

    def __init__(self, storage: Storage, clocks: Clocks) -> None:
        self.storage = storage
        self.clocks = clocks
        self.gr = [0] * 16
        self.fpr = [0] * 4
        self.cr = list(self.control_registers_at_reset)
        self.psw = PSW()
        self.prefix = 0
        self.signals = 0
        """Signals of SIGP that are pending: the bits of CR0 that allow them."""
        self.direct_out = 0
        """The byte WRITE DIRECT has put out, on a System/360."""
        self.identification = CPU_ID
        self.ilc = 0
        """Length code, in halfwords, of the instruction being executed."""
        self.instruction_text = b""
        self.branched = False
        self.execute_target: int | None = None
        """For PER: a branch was taken, and the address of what EXECUTE executed, since these were reset."""
        self.observer: Observer | None = None
        self.tlb = TranslationLookasideBuffer()
        self.map_factory: Callable[[int], AccessMaps] = AccessMaps.new
        """Makes the maps of a slot."""
        self.slot = -1
        """The slot of the maps in use; -1 while none is selected."""
        self.fetch_map, self.store_map = NOTHING_MAPPED
        self._slots: list[AccessMaps] = []
        self._contexts: dict[Context, int] = {}
        """The slot of each context, the one selected longest ago first."""
        storage.mapped.add(self)

    # ---- status ----------------------------------------------------------------------------------------------

    def decode_psw(self, text: bytes) -> PSW:
        """Take 8 bytes apart as this CPU reads a PSW."""
        return PSW.from_bytes(text)

    def load_psw(self, psw: PSW) -> None:
        """Make `psw` current.  An invalid one is found when the next instruction is to be executed."""
        self.psw = psw
        psw.interruption_code = psw.ilc = 0
        self.change_context()

    def set_system_mask(self, mask: int) -> None:
        """Replace PSW bits 0-7, as SSM, STNSM and STOSM do.

        SPECIFICATION, completed, when a bit is on that EC mode reserves.  GA22-7000 "Early Exception Recognition".
        """
        self.psw.system_mask = mask
        self.change_context()
        if self.psw.ec_mode:
            self.psw.unassigned = self.decode_psw(self.psw.to_bytes()).unassigned
            if self.psw.unassigned:
                raise ProgramInterruption(PIC.SPECIFICATION, Ending.COMPLETION)

    # ---- resolved accesses -----------------------------------------------------------------------------------

    def change_context(self) -> None:
        """The key, the mode, the address space or the prefix may have changed: the next access selects its maps."""
        self.slot = -1
        self.fetch_map, self.store_map = NOTHING_MAPPED

    def forget_mappings(self) -> None:
        """Drop all resolved accesses: a storage key, a translation or what is noted of stores has changed."""
        self._contexts.clear()
        self.change_context()

    def use_map_factory(self, factory: Callable[[int], AccessMaps]) -> None:
        """Make maps with `factory` from now on."""
        self.map_factory = factory
        self._slots.clear()
        self.forget_mappings()

    def context(self) -> Context:
        """All that decides, beside storage keys and tables, where an access leads and whether it is permitted."""
        tables = self.cr[0] & CR0.TRANSLATION_FORMAT, self.segment_table_designation
        return self.psw.key, tables if self.psw.dat else None, self.prefix

    def select_maps(self) -> None:
        """Take the maps of the present context into use; the one selected longest ago gives way to a new one."""
        context = self.context()
        slot = self._contexts.pop(context, None)
        if slot is None:
            slot = self._free_slot()
        self._contexts[context] = self.slot = slot
        self.fetch_map, self.store_map = self._slots[slot]

    def store_maps(self) -> list[memoryview]:
        """The store maps of every context that was selected since the mappings were forgotten."""
        return [self._slots[slot].store for slot in self._contexts.values()]

    def _free_slot(self) -> int:
        slot = len(self._contexts)
        if slot == MAP_SLOTS:
            slot = self._contexts.pop(next(iter(self._contexts)))
        if slot < len(self._slots):
            for map in self._slots[slot]:
                map[:] = _CLEARED
        else:
            self._slots.append(self.map_factory(slot))
        return slot

    def reset(self) -> None:
        """Initial CPU reset: PSW, prefix and timers zero, control registers at their initial values."""
        self.gr[:] = [0] * 16
        self.fpr[:] = [0] * 4
        self.cr[:] = self.control_registers_at_reset
        self.prefix = self.signals = self.direct_out = 0
        self.clocks.clock_comparator = self.clocks.cpu_timer = 0
        self.load_psw(PSW())
        self.tlb.purge()
        self.forget_mappings()

    # ---- storage by real address -----------------------------------------------------------------------------

    def absolute(self, real: int) -> int:
        """Apply prefixing.  GA22-7000 "Prefixing"."""
        if real < FRAME:
            return real + self.prefix
        if self.prefix and self.prefix <= real < self.prefix + FRAME:
            return real - self.prefix
        return real

    def load_real(self, real: int, length: int) -> bytes:
        """Fetch by real address, without protection; ADDRESSING outside storage."""
        return self.storage.read(self.checked_real(real, length), length)

    def store_real(self, real: int, data: bytes) -> None:
        """Store by real address, without protection; ADDRESSING outside storage."""
        self.storage.write(self.checked_real(real, len(data)), data)

    def checked_real(self, real: int, length: int) -> int:
        """The absolute address of a real one; ADDRESSING outside storage."""
        absolute = self.absolute(real)
        if absolute + length > self.storage.size:
            raise ProgramInterruption(PIC.ADDRESSING, Ending.SUPPRESSION)
        return absolute

    # ---- storage by logical address --------------------------------------------------------------------------

    def to_real(self, address: int) -> int:
        """The real address of a logical one: translated when DAT is on."""
        if not self.psw.dat:
            return address
        space = SECONDARY if self.psw.secondary_space else 0
        return self.tlb.translate(address, self.cr[0], self.segment_table_designation, self.load_real, space)

    @property
    def segment_table_designation(self) -> int:
        """CR1, or CR7 in secondary-space mode, for instructions too.  GA22-7000 "Effective Segment-Table Designation".

        In that mode it is unpredictable which of the two is used to fetch instructions; this machine has one answer.
        """
        return self.cr[7 if self.psw.secondary_space else 1]

    def _accessible(self, address: int, store: bool) -> int:
        """The absolute address of the 2K block, access checked.

        The order is the manual's: translation, addressing, protection.  GA22-7000 "Access Exceptions".
        """
        absolute = self.absolute(self.to_real(address)) & ~(BLOCK - 1)
        if absolute >= self.storage.size:
            raise ProgramInterruption(PIC.ADDRESSING, Ending.TERMINATION)
        key = self.storage.keys[absolute >> BLOCK_SHIFT]
        if self.psw.key and self.psw.key != key >> 4 and (store or key & Key.FETCH_PROTECTION):
            raise ProgramInterruption(PIC.PROTECTION, Ending.TERMINATION)
        return absolute

    def _resolve(self, address: int, store: bool) -> int:
        """The absolute address of the 2K block, access checked and recorded in the reference and change bits."""
        if self.slot < 0:
            self.select_maps()
        map, block = self.store_map if store else self.fetch_map, address >> BLOCK_SHIFT
        if map[block] != UNRESOLVED:
            return map[block] if map[block] >= 0 else -2 - map[block]
        absolute = self._accessible(address, store)
        storage = self.storage
        storage.keys[absolute >> BLOCK_SHIFT] |= Key.REFERENCE | Key.CHANGE if store else Key.REFERENCE
        if store:
            storage.note_writable(absolute)
        # What is fetched, changed and stored again is looked up once by compiled code: for the store.
        flagged = storage.block_flags[absolute >> BLOCK_SHIFT] & (ANY_FLAG if store else ANY_FETCH_FLAG)
        map[block] = -2 - absolute if flagged else absolute
        return absolute

    def fetchable(self, address: int) -> int:
        """The absolute address behind a logical one, checked for a fetch within its 2K block."""
        base = self.fetch_map[address >> BLOCK_SHIFT]
        return (self._resolve(address, False) if base < 0 else base) + (address & BLOCK - 1)

    def storable(self, address: int) -> int:
        """The absolute address behind a logical one, checked for a store within its 2K block."""
        base = self.store_map[address >> BLOCK_SHIFT]
        return (self._resolve(address, True) if base < 0 else base) + (address & BLOCK - 1)

    def load_bytes(self, address: int, length: int) -> bytes:
        """Fetch an operand of up to 2K, checked as a whole; addresses wrap at 16 MiB."""
        first = self.fetchable(address)
        room = BLOCK - (address & BLOCK - 1)
        if length <= room:
            return self.storage.read(first, length)
        second = self.fetchable(address + room & MASK_24)
        return self.storage.read(first, room) + self.storage.read(second, length - room)

    def store_bytes(self, address: int, data: bytes) -> None:
        """Store an operand of up to 2K, checked as a whole before the first byte changes."""
        room = BLOCK - (address & BLOCK - 1)
        if len(data) <= room:
            self.storage.write(self.storable(address), data)
            return
        self.check_store(address, len(data))
        first, second = self.storable(address), self.storable(address + room & MASK_24)
        self.storage.write(first, data[:room])
        self.storage.write(second, data[room:])

    def examine(self, address: int, length: int) -> bytes:
        """What a fetch of up to 2K would get or raise; no reference is recorded."""
        room = BLOCK - (address & BLOCK - 1)
        first = self._accessible(address, store=False) + (address & BLOCK - 1)
        if length <= room:
            return self.storage.read(first, length)
        second = self._accessible(address + room & MASK_24, store=False)
        return self.storage.read(first, room) + self.storage.read(second, length - room)

    def check_store(self, address: int, length: int) -> None:
        """Raise what a store of `length` bytes (up to 2K) would raise; no reference or change is recorded."""
        for end in (address, address + length - 1 & MASK_24):
            if self.store_map[end >> BLOCK_SHIFT] == UNRESOLVED:
                self._accessible(end, store=True)

    def load1(self, address: int) -> int:
        """One byte."""
        return self.storage.data[self.fetchable(address)]

    def load2(self, address: int) -> int:
        """A halfword, unsigned."""
        return int.from_bytes(self.load_bytes(address, 2), "big")

    def load4(self, address: int) -> int:
        """A word, unsigned."""
        return int.from_bytes(self.load_bytes(address, 4), "big")

    def load8(self, address: int) -> int:
        """A doubleword, unsigned."""
        return int.from_bytes(self.load_bytes(address, 8), "big")

    def store1(self, address: int, value: int) -> None:
        """The low byte of `value`."""
        self.storage.write(self.storable(address), bytes((value & 0xFF,)))

    def store2(self, address: int, value: int) -> None:
        """The low halfword of `value`."""
        self.store_bytes(address, (value & 0xFFFF).to_bytes(2, "big"))

    def store4(self, address: int, value: int) -> None:
        """A word."""
        self.store_bytes(address, (value & MASK_32).to_bytes(4, "big"))

    def store8(self, address: int, value: int) -> None:
        """A doubleword."""
        self.store_bytes(address, value.to_bytes(8, "big"))

    @property
    def ascii(self) -> bool:
        """Whether decimal results get ASCII signs and zones: only a System/360 can be told to."""
        return False

    def require_alignment(self, address: int, boundary: int) -> None:
        """Raise SPECIFICATION unless `address` is on the boundary (2, 4 or 8 bytes)."""
        if address % boundary:
            raise ProgramInterruption(PIC.SPECIFICATION, Ending.SUPPRESSION)

    # ---- execution -------------------------------------------------------------------------------------------

    def branch(self, address: int) -> None:
        """Continue at a logical address.  An odd one is found when the instruction there is fetched."""
        self.psw.instruction_address = address & MASK_24
        self.branched = True

    def link_information(self) -> int:
        """The right half of a BC PSW, as BAL and BALR put it into a register: ILC, CC, program mask, address."""
        psw = self.psw
        return self.ilc << 30 | psw.cc << 28 | psw.program_mask << 24 | psw.instruction_address

    def fetch_instruction(self, address: int) -> bytes:
        """The instruction at a logical address: 2, 4 or 6 bytes.  SPECIFICATION, suppressed, when the address is odd.

        What terminates an operand's access suppresses here, since nothing has begun.  GA22-7000 "Instruction Fetching".
        """
        if address & 1:
            raise ProgramInterruption(PIC.SPECIFICATION, Ending.SUPPRESSION)
        try:
            text = self.load_bytes(address, 2)
            length = instruction_length(text[0])
            return text if length == 2 else self.load_bytes(address, length)
        except ProgramInterruption as condition:
            if condition.ending is Ending.TERMINATION:
                condition.ending = Ending.SUPPRESSION
            raise

    def execute_next(self) -> None:
        """Fetch and execute one instruction.

        Raises ProgramInterruption or SupervisorCall; the instruction address then points behind the instruction, or
        at it when the ending is nullification.
        """
        start = self.psw.instruction_address
        self.instruction_text, self.ilc = b"", 0
        if self.psw.unassigned:
            raise ProgramInterruption(PIC.SPECIFICATION, Ending.SUPPRESSION)
        try:
            # While the instruction is not known it counts as a halfword: ILC and address agree in the old PSW.
            self.ilc, self.psw.instruction_address = 1, start + 2 & MASK_24
            text = self.fetch_instruction(start)
            self.instruction_text, self.ilc = text, len(text) >> 1
            self.psw.instruction_address = start + len(text) & MASK_24
            self.perform(text)
        except ProgramInterruption as condition:
            if condition.ending is Ending.NULLIFICATION:
                self.psw.instruction_address = start
            raise

    def perform(self, text: bytes) -> None:
        """Execute the instruction `text`, already fetched (EXECUTE comes here with a modified one)."""
        entry = find_entry(text)
        if entry is None:
            raise ProgramInterruption(PIC.OPERATION, Ending.SUPPRESSION)
        row, operands, execute = entry
        if row.privileged and self.psw.problem_state:
            raise ProgramInterruption(PIC.PRIVILEGED_OPERATION, Ending.SUPPRESSION)
        execute(self, *operands(self, text))

    # ---- checkpoint ------------------------------------------------------------------------------------------

    def state(self) -> CPUState:
        """A checkpoint of the registers.  The TLB is part of it: a stale entry must come back."""
        registers = tuple(self.gr), tuple(self.fpr), tuple(self.cr)
        others = self.prefix, self.ilc, self.signals, self.direct_out
        return *registers, self.psw.to_bytes(), *others, tuple(self.tlb.entries.items())

    def restore(self, state: CPUState) -> None:
        """Go back to a checkpoint."""
        gr, fpr, cr, psw, self.prefix, self.ilc, self.signals, self.direct_out, tlb = state
        self.gr[:], self.fpr[:], self.cr[:] = gr, fpr, cr
        self.tlb.entries = dict(tlb)
        self.load_psw(self.decode_psw(psw))
        self.forget_mappings()


_ENTRIES: dict[int, registry.Entry] = {}


def find_entry(text: bytes) -> registry.Entry | None:
    """The installed operation that `text` starts with, its operand decoder and its function."""
    code = text[0] << 8 | text[1]
    entry = _ENTRIES.get(code)
    if entry is None:
        row: Operation | None = operation(text)
        entry = registry.installed(row) if row else None
        if entry is not None:
            _ENTRIES[code] = entry
    return entry
