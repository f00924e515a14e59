"""Random cases, one instruction each: registers, operands, keys, translation tables, modes.

`make_case(random, mnemonic)` builds one.  The values are chosen so that edges are met often: numbers at the ends of
their range, operands across block and page boundaries, overlapping operands, odd registers, storage protected,
absent or not translated.  Read next: `conformance`, which runs the cases.

What is left out, because Hercules cannot tell right from wrong there; hand-written tests cover it:
- DIAGNOSE in the supervisor state: what it does is each model's own.
- bits 0-7 of the operand of SET PREFIX, to Hercules a part of the address; channel sets 1-3, which it has.
- page-table lengths between 1 and 14: Hercules compares with them only when the length is 0, GA22-7000 "Segment-Table
  Entries" always.
- segment-table bit 29, CR0 bit 3: segment protection and low-address protection, which Hercules has and this machine
  has not.  Address spaces and keys of 4K are in `cases_control`.
- MOVE INVERSE with operands that overlap: unpredictable.
- devices that are there: `channel_chains` and `disk_chains` compare channel programs.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from edu_hv.isa.codes import MASK_24, MASK_32, MASK_64
from edu_hv.isa.formats import Format
from edu_hv.isa.table import BY_MNEMONIC, OPERATIONS, Group, Operation
from edu_hv.machine.dat import FORMATS, TableFormat
from edu_hv.machine.instructions.registry import SEMANTICS
from edu_hv.machine.psw import PSW
from edu_hv.machine.storage import BLOCK
from tools.hercules import CONTROL_REGISTERS, READER, SIZE, TOP, WHOLE, Case

STOP = bytes.fromhex("0AFF")
"""SVC 255, behind the instruction."""
BRANCHED = bytes.fromhex("0AFE")
"""SVC 254, where a branch leads."""
LOW_BYTES = 24
"""Of real page 0, that an operand which wraps around may reach: an interruption stores behind them."""
PREFIXED = 0xC000
"""A frame that no area has."""
TABLES = 0xD000
"""Translation tables, up to the end of the window."""
EDGES = (0, 1, 2, 0x7FFFFFFF, 0x80000000, 0x80000001, 0xFFFFFFFF, 0xFFFFFFFE, 0x0000FFFF, 0xFFFF8000, 0x00010000)
INVALID = [selector for selector in range(32) if selector not in FORMATS]
"""Translation formats that there are not."""
NOT_WRAPPING = ("MVCL", "CLCL", "MVCIN", "LPSW", "STCK", "STCKC", "STPT", "SPT", "SCK", "SCKC", "ED", "EDMK")
"""No operand in real storage that wraps around: it would be a clock's or the restart PSW, or Hercules takes other
bytes, for the last two.  With translation they do wrap around."""
UNWRAPPED = ("PACK", "UNPK", "LCTL", "STCTL")
"""Hercules takes other bytes when an operand of these wraps around."""
NOT_COMPARED: dict[str, str] = {}
"""Instructions that no case is made for, with the reason."""
NOT_COMPARABLE = {
    "SIGP", "EPAR", "ESAR", "IAC", "ISKE", "IVSK", "IPTE", "LASP", "MVCK", "MVCP", "MVCS", "PC", "PT", "RRBE", "SAC",
    "SSAR", "SSKE", "TB", "TPROT",
}  # fmt: skip
"""Those whose cases are made in `cases_control` alone."""

LENGTHS = (
    dict.fromkeys(("A", "AL", "N", "C", "CL", "D", "X", "L", "M", "O", "ST", "S", "SL", "LE", "STE"), 4)
    | dict.fromkeys(("AH", "CH", "LH", "MH", "STH", "SH", "STAP"), 2)
    | dict.fromkeys(("IC", "STC", "SSM"), 1)
    | dict.fromkeys(("CVB", "CVD", "LD", "STD", "STCK", "SCKC", "STCKC", "SPT", "STPT", "STIDP", "SCK"), 8)
    | {"STPX": 4}
)
"""Length of a storage operand that the format does not tell."""
ALIGNED = {
    "CS": 4, "CDS": 8, "LPSW": 8, "LCTL": 4, "STCTL": 4, "SCKC": 8, "STCKC": 8, "SPT": 8, "STPT": 8, "STIDP": 8,
    "STPX": 4, "STAP": 2, "SCK": 8,
}  # fmt: skip


@dataclass(eq=False)
class Area:
    """Logical storage of a case, 8K."""

    start: int
    units: dict[int, int]
    """Logical page or block to real address."""


@dataclass
class Scene:
    """A case being built."""

    random: Random
    layout: TableFormat | None
    ec_mode: bool
    gr: list[int] = field(default_factory=list)
    cr: list[int] = field(default_factory=lambda: list(CONTROL_REGISTERS))
    fpr: list[int] = field(default_factory=list)
    fixed: set[int] = field(default_factory=set)
    """Registers whose value is part of an address or otherwise needed."""
    storage: list[tuple[int, bytes]] = field(default_factory=list)
    keys: dict[int, int] = field(default_factory=dict)
    windows: list[tuple[int, int]] = field(default_factory=list)
    areas: list[Area] = field(default_factory=list)
    pages: dict[int, int] = field(default_factory=dict)
    """With DAT: logical page number to real address."""
    system_mask: int = 0
    size: int = SIZE
    name: str = ""
    wrapping: bool = False
    """Some areas are the last pages of 16 MiB and the first."""
    invalid_psw: bool = False
    """LOAD PSW leads to an exception; whether an event of PER is told with it is not the same everywhere."""
    privileged: bool = False
    """The instruction, or the target of EXECUTE."""

    def __post_init__(self) -> None:
        random = self.random
        self.gr = [self.word() for _ in range(16)]
        self.fpr = [random.choice((0, 1 << 63, random.getrandbits(64), random.getrandbits(32) << 32)) for _ in range(4)]
        self.shift = self.layout.page_shift if self.layout else 12
        self.free = list(range(0x1000, PREFIXED, 1 << self.shift))
        if self.layout:
            random.shuffle(self.free)
            count = 1 << 24 - self.layout.segment_shift
            self.segments = random.sample(range(count), 2)
            self.wrapping = self.chance(0.1)
            if random.random() < 0.3:
                self.segments[0] = random.choice((0, count - 1))
        self.key = random.choice((0, 0, random.randrange(16)))

    # ---- values ----------------------------------------------------------------------------------------------

    def chance(self, probability: float) -> bool:
        """Whether something with this probability happens."""
        return self.random.random() < probability

    def word(self) -> int:
        """A 32-bit value, often at an edge."""
        choice = self.random.random()
        if choice < 0.4:
            return self.random.choice(EDGES)
        return self.random.getrandbits(32) if choice < 0.8 else self.random.getrandbits(8)

    def register(self, even: bool = False) -> int:
        """A register number; mostly even where it should be."""
        number = self.random.randrange(16)
        return number & 14 if even and self.chance(0.9) else number

    def set(self, number: int, value: int) -> None:
        """Give a register a value that the case needs."""
        self.gr[number] = value & MASK_32
        self.fixed.add(number)

    def free_register(self) -> int:
        """A register whose value may still be chosen; not 0."""
        return self.random.choice([number for number in range(1, 16) if number not in self.fixed])

    # ---- storage ---------------------------------------------------------------------------------------------

    def area(self) -> Area:
        """8K of logical storage."""
        units, size = {}, 1 << self.shift
        count = 0x2000 // size
        if self.layout:
            segment = self.random.choice(self.segments)
            pages = self.layout.pages_in_segment
            while True:
                first = segment * pages + self.random.choice((0, pages - count, self.random.randrange(pages - count)))
                if self.wrapping and self.chance(0.5):  # The last pages of 16 MiB and the first.
                    first = (WHOLE >> self.shift) - count // 2
                numbers = [first + number & (MASK_24 >> self.shift) for number in range(count)]
                if not any(number in self.pages for number in numbers):
                    break
            units = {number: self.free.pop() for number in numbers}
            self.pages |= units
        else:
            real = [self.free.pop(0) for _ in range(count)]
            first = real[0] // size
            units = dict(enumerate(real, first))
        area = Area(first * size & MASK_24, units)
        self.areas.append(area)
        for real_address in units.values():
            for block in range(real_address, real_address + size, BLOCK):
                self.keys[block] = self.storage_key()
        return area

    def plain_area(self) -> int:
        """The logical address of storage that the PSW key matches."""
        area = self.area()
        self.allow(area)
        return area.start

    def allow(self, area: Area) -> None:
        """Make the PSW key match."""
        for real_address in area.units.values():
            for block in range(real_address, real_address + (1 << self.shift), BLOCK):
                self.keys[block] = self.key << 4

    def storage_key(self) -> int:
        """A key that mostly allows the access."""
        access = self.key if self.chance(0.85) else self.random.randrange(16)
        return access << 4 | self.random.choice((0, 0, 8, 2, 4, 6, 14))

    def operand(self, length: int, align: int = 1, near: int | None = None) -> int:
        """The logical address of an operand, in an area of its own or at `near`, give or take a few bytes."""
        if near is not None and self.size == SIZE and self.chance(0.35):
            return near + self.random.randint(-min(length, 20), min(length, 20)) & MASK_24
        if self.size == WHOLE and self.chance(0.5):
            return self._wrapping(length)
        if not self.layout and self.size == SIZE and self.chance(0.05):
            return self._absent(length)
        start = self.area().start
        offset = self.random.choice((0, 0x100, BLOCK, 2 * BLOCK, self.random.randrange(BLOCK)))
        if self.chance(0.4) and offset >= BLOCK:
            offset -= self.random.randint(1, max(length - 1, 1))
        offset -= offset % align
        if self.chance(0.1):
            offset += self.random.randrange(align)
        return start + offset & MASK_24

    def _wrapping(self, length: int) -> int:
        """An operand from the last bytes of 16 MiB to the first, of which there are but 24 to use."""
        self.storage.append((WHOLE - 0x200, self.random.randbytes(0x200)))
        self.windows.append((WHOLE - 0x200, 0x200))
        self.keys[WHOLE - BLOCK] = self.storage_key()
        return WHOLE - min(max(length - self.random.randint(-2, LOW_BYTES), 0), 0x200) & MASK_24

    def _absent(self, length: int) -> int:
        """An address outside storage, or so near its end that the operand does not fit.

        No long operand wraps around: real page 0 is not the case's own.
        """
        size = 0x200 if length <= 256 else 0x1000
        self.storage.append((SIZE - size, bytes(size)))
        if self.chance(0.5):
            return SIZE - self.random.randint(1, min(length, size - 16))
        return self.random.choice(
            (SIZE, 0x800000, self.random.randrange(SIZE, 0xFFE000), 0xFFFFF8 if length < 9 else SIZE)
        )

    def real(self, address: int) -> int | None:
        """The real address behind a logical one, if there is storage."""
        if self.layout:
            page = self.pages.get(address >> self.shift)
            return None if page is None else page + (address & (1 << self.shift) - 1)
        usable = 0x1000 <= address < TABLES or self.size - (SIZE - TOP) <= address < self.size
        return address if usable or (address < LOW_BYTES and self.size == WHOLE) else None

    def put(self, address: int, data: bytes) -> int:
        """Store initial contents where there is storage; return the address."""
        for piece, start in self._pieces(address, len(data)):
            self.storage.append((start, data[piece.start : piece.stop]))
        return address

    def watch(self, address: int, length: int) -> int:
        """Look at this storage afterwards, with 8 bytes around; return the address."""
        for piece, start in self._pieces(address - 8 & MASK_24, length + 16):
            self.windows.append((start, len(piece)))
        return address

    def _pieces(self, address: int, length: int) -> list[tuple[range, int]]:
        pieces: list[tuple[range, int]] = []
        for offset in range(length):
            real = self.real(address + offset & MASK_24)
            if real is None:
                continue
            if pieces and pieces[-1][1] + len(pieces[-1][0]) == real and pieces[-1][0].stop == offset:
                pieces[-1] = (range(pieces[-1][0].start, offset + 1), pieces[-1][1])
            else:
                pieces.append((range(offset, offset + 1), real))
        return pieces

    def data(self, length: int) -> bytes:
        """Contents of an operand."""
        match self.random.randrange(4):
            case 0:
                return bytes(length)
            case 1:
                return (self.word().to_bytes(4, "big") * length)[:length]
            case _:
                return self.random.randbytes(length)

    def source(self, length: int, align: int = 1, near: int | None = None, data: bytes | None = None) -> int:
        """An operand with contents, looked at afterwards."""
        address = self.operand(length, align, near)
        return self.watch(self.put(address, self.data(length) if data is None else data), length)

    # ---- instruction fields ----------------------------------------------------------------------------------

    def base(self, address: int) -> int:
        """Base and displacement fields, 16 bits, that give an address."""
        if address < 0x1000 and self.chance(0.5):
            return address
        register, displacement = self.free_register(), self.random.choice((0, 4, 0xFFF, self.random.randrange(4096)))
        self.set(register, (address - displacement & MASK_24) | self.random.getrandbits(8) << 24)
        return register << 12 | displacement

    def index(self, address: int) -> tuple[int, int]:
        """Index field, and base and displacement fields, that together give an address."""
        if self.chance(0.6):
            return 0, self.base(address)
        register = self.free_register()
        if self.chance(0.5):
            self.set(register, self.gr[register])
            return register, self.base(address - self.gr[register] & MASK_24)
        displacement = self.random.randrange(4096)
        self.set(register, (address - displacement & MASK_24) | self.random.getrandbits(8) << 24)
        return register, displacement

    # ---- the whole -------------------------------------------------------------------------------------------

    def tables(self) -> None:
        """Build segment and page tables for the pages that are mapped."""
        if not self.layout:
            return
        layout, pages = self.layout, self.layout.pages_in_segment
        used = sorted({page // pages for page in self.pages} | set(self.segments))
        units = used[-1] // 16 + 1
        segment_table = bytearray(b"\0\0\0\1" * (16 * units))
        invalid = layout.invalid_bit.to_bytes(2, "big")
        at = TABLES + 0x400
        for segment in used:
            table = bytearray(invalid * pages)
            for page, real in self.pages.items():
                if page // pages == segment:
                    table[page % pages * 2 : page % pages * 2 + 2] = (real >> 8 & layout.frame_mask).to_bytes(2, "big")
            entry = 0xF0000000 | at
            if self.chance(0.06):
                entry = self._damaged_segment(entry)
            if self.chance(0.12):
                self._damage_page_table(table, segment * pages)
            segment_table[segment * 4 : segment * 4 + 4] = entry.to_bytes(4, "big")
            self.storage.append((at, bytes(table)))
            at += -(-len(table) // 8) * 8
        self.storage.append((TABLES, bytes(segment_table)))
        selector = next(bits for bits, found in FORMATS.items() if found is layout)
        length = units - 1 if self.chance(0.96) else self.random.randrange(units)
        self.cr[0] |= (selector if self.chance(0.99) else self.random.choice(INVALID)) << 19
        self.cr[1] = length << 24 | (TABLES if self.chance(0.99) else SIZE) | self.random.choice((0, 0, 0x3F))

    def _damaged_segment(self, entry: int) -> int:
        return self.random.choice(
            (
                entry | 1,
                entry & 0x0FFFFFFF,
                entry | 1 << self.random.choice((24, 25, 26, 27)),
                entry & 0xF0000000 | SIZE,
            )
        )

    def _damage_page_table(self, table: bytearray, first: int) -> None:
        assert self.layout
        mapped = [page - first for page in self.pages if 0 <= page - first < len(table) // 2]
        if mapped:
            at = self.random.choice(mapped) * 2
            entry = int.from_bytes(table[at : at + 2], "big")
            # In an entry for 4K the bits that must be zeros are more address to Hercules.
            zero_bits = self.layout.zero_bits if self.layout.page_shift == 11 else 1
            entry = self.random.choice(
                (entry | self.layout.invalid_bit, entry | zero_bits, entry | 1, SIZE >> 8, 0xFFF0)
            )
            table[at : at + 2] = entry.to_bytes(2, "big")

    def psw(self, address: int, problem: bool) -> bytes:
        """The PSW of the case."""
        random = self.random
        return PSW(
            system_mask=self.system_mask,
            key=self.key,
            ec_mode=self.ec_mode,
            machine_check_mask=self.chance(0.2),
            problem_state=problem,
            cc=random.randrange(4),
            program_mask=random.randrange(16),
            instruction_address=address,
        ).to_bytes()


# ---- operands by mnemonic ------------------------------------------------------------------------------------------

Maker = Callable[[Scene, Operation], bytes]
MAKERS: dict[str, Maker] = {}


def makes(*mnemonics: str) -> Callable[[Maker], Maker]:
    """Mark the function that makes an instruction."""

    def register(function: Maker) -> Maker:
        MAKERS.update(dict.fromkeys(mnemonics, function))
        return function

    return register


def halfwords(*values: int) -> bytes:
    """An instruction from its halfwords."""
    return b"".join(value.to_bytes(2, "big") for value in values)


def rx(scene: Scene, row: Operation, r1: int, address: int) -> bytes:
    """An RX instruction."""
    index, base = scene.index(address)
    return halfwords(row.code << 8 | r1 << 4 | index, base)


def second_byte(row: Operation, value: int, *bases: int) -> bytes:
    """An RS, SI or SS instruction."""
    return halfwords(row.code << 8 | value, *bases)


def by_format(scene: Scene, row: Operation) -> bytes:
    """An instruction without peculiarities."""
    length, align = LENGTHS.get(row.mnemonic, 0), ALIGNED.get(row.mnemonic, 1)
    match row.format:
        case Format.RR | Format.RR_F | Format.RR_ONE:
            even = row.mnemonic in ("MR", "DR")
            if row.format is Format.RR_F and scene.chance(0.9):
                return halfwords(
                    row.code << 8 | scene.random.choice((0, 2, 4, 6)) << 4 | scene.random.choice((0, 2, 4, 6))
                )
            return halfwords(row.code << 8 | scene.register(even) << 4 | scene.register())
        case Format.RX | Format.RX_F:
            register = scene.register(row.mnemonic in ("M", "D") or row.format is Format.RX_F)
            if row.format is Format.RX_F and scene.chance(0.9):
                register &= 6
            if row.mnemonic in ("D", "CVB", "CVD"):
                scene.fixed |= {register, register ^ 1}
            return rx(scene, row, register, scene.source(length, align))
        case Format.SI:
            return second_byte(row, scene.random.getrandbits(8), scene.base(scene.source(1)))
        case Format.RS_SHIFT:
            even = row.mnemonic.endswith(("DA", "DL"))
            amount = scene.random.choice((0, 1, 31, 32, 33, 63, scene.random.getrandbits(24)))
            return second_byte(row, scene.register(even) << 4 | scene.register(), scene.base(amount))
        case Format.RS_MASK:
            mask = scene.random.randrange(16)
            return second_byte(row, scene.register() << 4 | mask, scene.base(scene.source(max(mask.bit_count(), 1))))
        case Format.RS | Format.RS_CONTROL:
            r1, r3 = scene.register(), scene.register()
            count = (r3 - r1 & 15) + 1
            return second_byte(row, r1 << 4 | r3, scene.base(scene.source(4 * count, align)))
        case Format.SS:
            length = scene.random.choice((1, 2, scene.random.randint(1, 20), 256, scene.random.randint(1, 256)))
            first = scene.source(length)
            second = scene.source(length, near=first)
            return second_byte(row, length - 1, scene.base(first), scene.base(second))
        case Format.SS_TWO:
            l1, l2 = scene.random.randint(1, 16), scene.random.randint(1, 16)
            first = scene.source(l1)
            second = scene.source(l2, near=first)
            return second_byte(row, l1 - 1 << 4 | l2 - 1, scene.base(first), scene.base(second))
        case Format.S:
            return halfwords(row.code if row.two_byte else row.code << 8, scene.base(scene.source(length, align)))
        case Format.S_NONE:
            return halfwords(row.code, 0)
        case Format.RR_SVC:
            return halfwords(row.code << 8 | scene.random.getrandbits(8))
    raise ValueError(row.mnemonic)


def target(scene: Scene) -> int:
    """A place to branch to; sometimes odd."""
    address = scene.area().start + 2 * scene.random.choice((0, 1, 0x3FF, 0x400, scene.random.randrange(0x400)))
    scene.put(address, BRANCHED)
    return address + scene.chance(0.05)


@makes("BC", "BAL", "BAS", "BCT")
def branch(scene: Scene, row: Operation) -> bytes:
    """Branches with a storage address."""
    return rx(scene, row, scene.register(), target(scene))


@makes("BCR", "BALR", "BASR", "BCTR")
def branch_register(scene: Scene, row: Operation) -> bytes:
    """Branches to the address in R2."""
    r1, r2 = scene.register(), scene.register()
    scene.set(r2, target(scene) | scene.random.getrandbits(8) << 24)
    return halfwords(row.code << 8 | r1 << 4 | r2)


@makes("BXH", "BXLE")
def branch_on_index(scene: Scene, row: Operation) -> bytes:
    """Registers near each other, so that equality is met."""
    r1, r3 = scene.register(), scene.register()
    if scene.chance(0.5):
        value = scene.word()
        for register, change in ((r1, 0), (r3, 1), (r3 | 1, 1)):
            scene.gr[register] = value + change & MASK_32 if register != r3 else 1
    scene.fixed |= {r1, r3, r3 | 1}
    return second_byte(row, r1 << 4 | r3, scene.base(target(scene)))


@makes("LA")
def any_address(scene: Scene, row: Operation) -> bytes:
    """An address that is not used."""
    return rx(scene, row, scene.register(), scene.random.getrandbits(24))


@makes("D", "DR")
def divide(scene: Scene, row: Operation) -> bytes:
    """Often a dividend whose quotient just fits, or just does not."""
    r1, r2 = scene.register(even=True), scene.register()
    divisor = scene.word()
    if scene.chance(0.7):
        signed = (divisor ^ 0x80000000) - 0x80000000
        quotient = scene.random.choice((0x7FFFFFFF, -0x80000000, 0x80000000, -0x80000001, scene.random.getrandbits(8)))
        dividend = quotient * signed + scene.random.randint(-1, 1) * (abs(signed) - 1)
        scene.gr[r1], scene.gr[r1 | 1] = dividend >> 32 & MASK_32, dividend & MASK_32
    scene.fixed |= {r1, r1 | 1}
    if row.mnemonic == "DR":
        scene.gr[r2] = scene.gr[r2] if r2 in scene.fixed else divisor
        return halfwords(row.code << 8 | r1 << 4 | r2)
    return rx(scene, row, r1, scene.source(4, data=divisor.to_bytes(4, "big")))


@makes("CVB")
def convert_to_binary(scene: Scene, row: Operation) -> bytes:
    """A packed number, sometimes with a bad digit or sign."""
    number = abs(scene.random.choice((0, 1, 2**31 - 1, 2**31, 2**31 + 1, scene.word(), scene.random.randrange(10**15))))
    data = bytearray.fromhex(f"{number:015d}{scene.random.choice('ABCDEF')}")
    if scene.chance(0.15):
        data[scene.random.randrange(8)] = scene.random.getrandbits(8)
    return rx(scene, row, scene.register(), scene.source(8, data=bytes(data)))


@makes("CS", "CDS")
def compare_and_swap(scene: Scene, row: Operation) -> bytes:
    """Half of the time the comparison succeeds."""
    length = ALIGNED[row.mnemonic]
    r1, r3 = scene.register(even=length == 8), scene.register(even=length == 8)
    data = b"".join(scene.gr[r1 | number].to_bytes(4, "big") for number in range(length // 4))
    scene.fixed |= {r1, r1 | 1}
    address = scene.source(length, length, data=data if scene.chance(0.5) else None)
    return second_byte(row, r1 << 4 | r3, scene.base(address))


@makes("MVCL", "CLCL")
def long_operands(scene: Scene, row: Operation) -> bytes:
    """Lengths up to three blocks; equal contents for a comparison."""
    r1, r2 = scene.register(even=True), scene.register(even=True)
    lengths = [scene.random.choice((0, 1, 2, 300, 2047, 2048, scene.random.randrange(5000))) for _ in range(2)]
    if scene.chance(0.4):
        lengths[1] = lengths[0]
    data = scene.data(64) if scene.chance(0.7) else bytes(64)
    first = scene.source(max(lengths[0], 1), data=data)
    second = scene.source(max(lengths[1], 1), near=first, data=data if scene.chance(0.7) else None)
    scene.windows = scene.windows[:2] + [(start, min(length, 400)) for start, length in scene.windows[2:]]
    for register, address, length in ((r1, first, lengths[0]), (r2, second, lengths[1])):
        scene.set(register & 14, address | scene.random.getrandbits(8) << 24)
        scene.set(register | 1, length | scene.random.choice((0, data[0], 0x40, 0xFF)) << 24)
    return halfwords(row.code << 8 | r1 << 4 | r2)


@makes("CLC")
def compare_characters(scene: Scene, row: Operation) -> bytes:
    """Operands that differ late, if at all."""
    length = scene.random.choice((1, 2, 256, scene.random.randint(1, 256)))
    data = bytearray(scene.data(length))
    first = scene.source(length, data=bytes(data))
    if scene.chance(0.6):
        data[scene.random.randrange(length)] ^= 1 << scene.random.randrange(8)
    second = scene.source(length, near=first, data=bytes(data))
    return second_byte(row, length - 1, scene.base(first), scene.base(second))


@makes("MVCIN")
def move_inverse(scene: Scene, row: Operation) -> bytes:
    """The second operand is addressed by its last byte; no overlap, which is unpredictable."""
    length = scene.random.choice((1, 2, 256, scene.random.randint(1, 256)))
    first, second = scene.source(length), scene.source(length)
    return second_byte(row, length - 1, scene.base(first), scene.base(second + length - 1 & MASK_24))


@makes("TR", "TRT")
def translate(scene: Scene, row: Operation) -> bytes:
    """A table with few entries that are not zero, for TRANSLATE AND TEST."""
    length = scene.random.choice((1, 2, 256, scene.random.randint(1, 256)))
    table = bytearray(scene.random.randbytes(256) if scene.chance(0.4) else 256)
    for _ in range(scene.random.randrange(4)):
        table[scene.random.getrandbits(8)] = scene.random.getrandbits(8)
    first = scene.source(length)
    second = scene.source(256, near=first, data=bytes(table))
    return second_byte(row, length - 1, scene.base(first), scene.base(second))


@makes("ED", "EDMK")
def edit(scene: Scene, row: Operation) -> bytes:
    """A pattern of digit selectors with some of everything else, and a packed source; sometimes the longest."""
    length = scene.random.randint(1, 24) if scene.chance(0.85) else scene.random.choice((255, 256))
    pattern = bytes(scene.random.choice((0x20, 0x20, 0x20, 0x21, 0x22, 0x40, 0x4B, 0x5C)) for _ in range(length))
    size = max(sum(byte in (0x20, 0x21) for byte in pattern), 1)
    signs = scene.random.choice(("C", "D", "CD", "ABCDEF"))
    source = "".join(
        scene.random.choice("0001234567899") + scene.random.choice(f"00012345678999{signs}") for _ in range(size)
    )
    if scene.chance(0.1):
        source = damaged(scene, source)
    first = scene.source(length, data=pattern)
    return second_byte(row, length - 1, scene.base(first), scene.base(scene.source(size, data=bytes.fromhex(source))))


def damaged(scene: Scene, digits: str) -> str:
    """Hexadecimal digits, one of them replaced by any."""
    at = scene.random.randrange(len(digits))
    return digits[:at] + scene.random.choice("0123456789ABCDEF") + digits[at + 1 :]


def packed(scene: Scene, length: int, number: int | None = None) -> bytes:
    """A packed field, often with zeros on the left or all nines; sometimes damaged.  A number given may be cut."""
    count = 2 * length - 1
    if number is None:
        used = scene.random.choice((0, 1, count - 1, count, scene.random.randint(0, count)))
        number = scene.random.choice((10**used - 1, 10**used // 10, scene.random.randrange(10**used)))
        number *= scene.random.choice((1, -1))
    sign = scene.random.choice("CCCAEF" if number > 0 or (number == 0 and scene.chance(0.5)) else "DDDB")
    text = f"{abs(number) % 10**count:0{count}d}{sign}"
    return bytes.fromhex(damaged(scene, text) if scene.chance(0.08) else text)


def two_fields(scene: Scene, row: Operation, fields: tuple[bytes, bytes]) -> bytes:
    """An instruction with two packed operands, which may share their rightmost byte, or overlap in another way."""
    l1, l2 = map(len, fields)
    first = scene.source(l1, data=fields[0])
    if scene.chance(0.2):
        second = first + l1 - l2 & MASK_24
        if l2 > l1:
            scene.put(second, fields[1])
        scene.watch(second, l2)
    else:
        second = scene.source(l2, near=first if scene.chance(0.2) else None, data=fields[1])
    return second_byte(row, l1 - 1 << 4 | l2 - 1, scene.base(first), scene.base(second))


@makes("AP", "SP", "CP", "ZAP")
def add_packed(scene: Scene, row: Operation) -> bytes:
    """All lengths; often the same magnitude in both, or one that just overflows."""
    l1, l2 = scene.random.randint(1, 16), scene.random.randint(1, 16)
    first = packed(scene, l1)
    digits = first.hex()[:-1]
    number = None
    if scene.chance(0.4) and digits.isdecimal():
        number = scene.random.choice((int(digits), int(digits) + 1, 10 ** (2 * l1 - 1) - int(digits)))
        number *= scene.random.choice((1, -1))
    return two_fields(scene, row, (first, packed(scene, l2, number)))


def factor_lengths(scene: Scene) -> tuple[int, int]:
    """Lengths for a multiplication or division, mostly allowed."""
    l1 = scene.random.randint(2, 16)
    l2 = scene.random.randint(1, min(l1 - 1, 8))
    if scene.chance(0.08):
        l1, l2 = scene.random.randint(1, 16), scene.random.randint(1, 16)
    return l1, l2


@makes("MP")
def multiply_packed(scene: Scene, row: Operation) -> bytes:
    """Mostly as many bytes of zeros in the multiplicand as the multiplier has, or just not."""
    l1, l2 = factor_lengths(scene)
    room = max(l1 - l2, 1)
    first = packed(scene, room).rjust(l1, b"\0")
    if scene.chance(0.1):
        first = packed(scene, l1, 10 ** min(2 * room - 1 + scene.random.randint(-1, 1), 2 * l1 - 2))
    return two_fields(scene, row, (first, packed(scene, l2)))


@makes("DP")
def divide_packed(scene: Scene, row: Operation) -> bytes:
    """Often a dividend whose quotient just fits, or just does not."""
    l1, l2 = factor_lengths(scene)
    second = packed(scene, l2)
    digits = second.hex()[:-1]
    number = None
    if scene.chance(0.8) and digits.isdecimal() and l1 > l2:
        limit = 10 ** (2 * (l1 - l2) - 1)
        quotient = scene.random.choice((0, 1, limit - 1, limit, scene.random.randrange(limit)))
        number = quotient * int(digits) + scene.random.choice((0, 1, -1, max(int(digits) - 1, 0)))
        number *= scene.random.choice((1, -1))
    return two_fields(scene, row, (packed(scene, l1, number), second))


@makes("SRP")
def shift_packed(scene: Scene, row: Operation) -> bytes:
    """All shifts; rounding digits mostly valid."""
    length = scene.random.randint(1, 16)
    rounding = scene.random.choice((0, 4, 5, 9, scene.random.randint(0, 9)))
    if scene.chance(0.06):
        rounding = scene.random.randint(10, 15)
    amount = scene.random.choice((0, 1, 63, scene.random.randint(1, 2 * length), -scene.random.randint(1, 2 * length)))
    shift = amount & 63 if scene.chance(0.7) else scene.random.getrandbits(24)
    first = scene.source(length, data=packed(scene, length))
    return second_byte(row, length - 1 << 4 | rounding, scene.base(first), scene.base(shift))


@makes("MC")
def monitor_call(scene: Scene, row: Operation) -> bytes:
    """Some classes enabled."""
    scene.cr[8] = scene.random.getrandbits(16)
    immediate = scene.random.getrandbits(4) if scene.chance(0.9) else scene.random.getrandbits(8)
    return second_byte(row, immediate, scene.base(scene.random.getrandbits(24)))


@makes("SSM", "STNSM", "STOSM")
def system_mask(scene: Scene, row: Operation) -> bytes:
    """The bits that EC mode defines, mostly; suppression for SET SYSTEM MASK."""
    mask = scene.random.getrandbits(8) & (0x43 if scene.chance(0.8) else 0xFF) | (scene.system_mask & 4)
    if row.mnemonic == "STNSM":
        mask |= 4
    if scene.chance(0.1):
        scene.cr[0] |= 0x40000000
    if row.mnemonic == "SSM":
        return halfwords(row.code << 8, scene.base(scene.source(1, data=bytes([mask]))))
    return second_byte(row, mask, scene.base(scene.source(1)))


@makes("LPSW")
def load_psw(scene: Scene, row: Operation) -> bytes:
    """A PSW that leads to SVC 254, in either mode, sometimes with bits that must be zeros."""
    address = target(scene)
    scene.invalid_psw = bool(address & 1)
    ec_mode = bool(scene.layout) or scene.chance(0.5)
    new = PSW(
        system_mask=(4 if scene.layout else 0) | scene.random.choice((0, 0, 2, 3)),
        key=scene.random.choice((0, scene.key, scene.random.randrange(16))),
        ec_mode=ec_mode,
        machine_check_mask=scene.chance(0.2),
        problem_state=scene.chance(0.5),
        cc=scene.random.randrange(4),
        program_mask=scene.random.randrange(16),
        instruction_address=address,
        interruption_code=0 if ec_mode else scene.random.getrandbits(16),
        ilc=0 if ec_mode else scene.random.randrange(4),
    )
    data = new.to_bytes()
    if ec_mode and scene.chance(0.1):
        bit = scene.random.choice((0, 2, 3, 4, 17, *range(24, 40)))
        data = (int.from_bytes(data, "big") | 1 << 63 - bit).to_bytes(8, "big")
        scene.invalid_psw = True
    return halfwords(row.code << 8, scene.base(scene.source(8, 8, data=data)))


@makes("SSK", "ISK")
def storage_key(scene: Scene, row: Operation) -> bytes:
    """R2 designates a block of the window, or none."""
    r1, r2 = scene.register(), scene.register()
    scene.set(r2, real_block(scene) | (scene.random.getrandbits(4) if scene.chance(0.1) else 0))
    return halfwords(row.code << 8 | r1 << 4 | r2)


def real_block(scene: Scene) -> int:
    """The real address of something in a block whose key is looked at; sometimes outside storage."""
    area = scene.area()
    block = scene.random.choice([block for block in scene.keys if block in area.units.values()])
    if scene.chance(0.1) and scene.size == SIZE:
        block = scene.random.choice((SIZE, 0x800000, 0xFFF800))
    return block | scene.random.getrandbits(7) << 4 | scene.random.getrandbits(8) << 24


@makes("RRB")
def reset_reference(scene: Scene, row: Operation) -> bytes:
    """As SET STORAGE KEY, with an address."""
    return halfwords(row.code, scene.base(real_block(scene) & MASK_24))


@makes("SPKA")
def psw_key(scene: Scene, row: Operation) -> bytes:
    """Any address."""
    return halfwords(row.code, scene.base(scene.random.getrandbits(24)))


@makes("LCTL")
def load_control(scene: Scene, row: Operation) -> bytes:
    """With DAT on, control registers 0 and 1 stay; no external interruption is allowed."""
    scene.system_mask &= 0x04
    r1, r3 = scene.register(), scene.register()
    if scene.layout:
        r1 = scene.random.randint(2, 15)
        r3 = scene.random.randint(r1, 15)
    count = (r3 - r1 & 15) + 1
    data = b"".join((scene.word() & ~0x10000000).to_bytes(4, "big") for _ in range(count))
    return second_byte(row, r1 << 4 | r3, scene.base(scene.source(4 * count, 4, data=data)))


@makes("LRA")
def load_real_address(scene: Scene, row: Operation) -> bytes:
    """An address with a mapping, or any."""
    address = scene.operand(1) if scene.chance(0.7) else scene.random.getrandbits(24)
    return rx(scene, row, scene.register(), address)


@makes("SPX")
def set_prefix(scene: Scene, row: Operation) -> bytes:
    """A frame of the window; then stores by real addresses, STORE PREFIX, and back to prefix 0.

    No interruption may come while the prefix is not 0: it would find no new PSW.
    """
    frame = PREFIXED if scene.chance(0.9) else scene.random.choice((SIZE, 0xFFF000, SIZE + 0x1000))
    data = (frame | scene.random.getrandbits(11)).to_bytes(4, "big")
    prefix = halfwords(row.code, scene.base(scene.source(4, 4, data=data)))
    area = scene.plain_area()
    scene.keys |= dict.fromkeys((PREFIXED, PREFIXED + BLOCK), scene.key << 4)
    scene.windows += [(PREFIXED + 0x200, 16), (area, 16)]
    stores = halfwords(0x5000 | scene.register() << 4, 0x0208, BY_MNEMONIC["STPX"].code, scene.base(area))
    return prefix + stores + halfwords(row.code, scene.base(area + 0x100))


@makes("CONCS", "DISCS")
def channel_set(scene: Scene, row: Operation) -> bytes:
    """This CPU's channel set or none; the condition code is kept in a register and the channel set connected again."""
    scene.free_register()
    address = scene.base(scene.random.choice((0, 0, 4, 0xFFFF, scene.random.randrange(4, 0x10000))))
    return halfwords(row.code, address, 0x0500 | scene.free_register() << 4, BY_MNEMONIC["CONCS"].code, 0)


def input_output(scene: Scene, row: Operation) -> bytes:
    """A channel that is not there; or the reader's channel, for what does not reach the reader itself."""
    address = 0x0700 | scene.random.getrandbits(8)
    if row.mnemonic in ("TCH", "STIDC") and scene.chance(0.6):
        address = scene.random.choice((READER, 0x00E, scene.random.randrange(256)))
    return halfwords(row.code, scene.base(address | scene.random.getrandbits(8) << 16))


@makes("EX")
def execute(scene: Scene, row: Operation) -> bytes:
    """Another instruction as the target, its second byte made by the register."""
    inner = scene.random.choice(EXECUTABLE)
    if scene.chance(0.01) and not scene.name:
        inner = "EX"
    scene.name += f"EX {inner}"
    scene.wrapping &= inner not in UNWRAPPED
    scene.privileged |= BY_MNEMONIC[inner].privileged
    text = bytearray(instruction(scene, BY_MNEMONIC[inner]))
    r1 = scene.random.choice([0, *(number for number in range(1, 16) if number not in scene.fixed)])
    if r1 and not BY_MNEMONIC[inner].two_byte:
        scene.set(r1, scene.word() & 0xFFFFFF00 | text[1])
        text[1] &= scene.random.getrandbits(8)
    elif r1:
        scene.set(r1, scene.word() & 0xFFFFFF00)
    address = scene.operand(len(text), 2)
    return rx(scene, row, r1, scene.put(address, bytes(text)))


FLOATING = [row.mnemonic for row in OPERATIONS if row.group is Group.FLOATING_POINT]


@makes(*FLOATING)
def floating(scene: Scene, row: Operation) -> bytes:
    """Two floating-point numbers that have something to do with each other."""
    digits = fraction_digits(row.mnemonic)
    first = floating_number(scene, digits)
    second = related_number(scene, digits, first) if scene.chance(0.8) else floating_number(scene, digits)
    r1, r2 = floating_register(scene, row.mnemonic), floating_register(scene, row.mnemonic)
    if row.format is Format.RR_F:
        put_floating(scene, r2, second)
        if r1 != r2:
            put_floating(scene, r1, first)
        return halfwords(row.code << 8 | r1 << 4 | r2)
    put_floating(scene, r1, first)
    length = 4 if digits == 6 else 8
    return rx(scene, row, r1, scene.source(length, data=floating_parts(scene, second)[0].to_bytes(8, "big")[:length]))


def fraction_digits(mnemonic: str) -> int:
    """The digits that the operands have, or the result of LOAD ROUNDED."""
    if "X" in mnemonic and mnemonic not in ("MXD", "MXDR"):
        return 28
    return 6 if "E" in mnemonic or "U" in mnemonic else 14


def floating_register(scene: Scene, mnemonic: str) -> int:
    """A floating-point register, the first of a pair for extended operands; sometimes none."""
    if scene.chance(0.04):
        return scene.random.randrange(16)
    pairs = ("X" in mnemonic or mnemonic == "LRDR") and scene.chance(0.9)
    return scene.random.choice((0, 4) if pairs else (0, 2, 4, 6))


def put_floating(scene: Scene, register: int, number: tuple[int, int, int]) -> None:
    """Put a number into a register and, of a pair, the rest of it into the next; nothing when there is none."""
    if register in (0, 2, 4, 6):
        high, low = floating_parts(scene, number)
        scene.fpr[register >> 1] = high
        if register in (0, 4):
            scene.fpr[(register >> 1) + 1] = low


def floating_parts(scene: Scene, number: tuple[int, int, int]) -> tuple[int, int]:
    """High-order and low-order part; sign and characteristic of the latter are anything."""
    sign, characteristic, fraction = number
    high = sign << 63 | characteristic << 56 | fraction >> 56
    return high, scene.random.getrandbits(8) << 56 | fraction & (1 << 56) - 1


def floating_number(scene: Scene, digits: int) -> tuple[int, int, int]:
    """Sign, characteristic and a fraction of 28 digits, of which the leftmost `digits` are made with care."""
    edge = scene.random.choice((0, 1, 2, 13, 14, 63, 64, 65, 126, 127))
    characteristic = edge if scene.chance(0.4) else scene.random.randrange(128)
    if scene.chance(0.03):
        return scene.random.getrandbits(1), 127, with_tail(scene, digits, (1 << 4 * digits) - 1)
    return scene.random.getrandbits(1), characteristic, with_tail(scene, digits, floating_fraction(scene, digits))


def floating_fraction(scene: Scene, digits: int) -> int:
    """A fraction: zero, ends of the range, one digit, few digits, normalized or with leading zeros."""
    random, bits = scene.random, 4 * digits
    match random.randrange(8):
        case 0:
            return random.choice((0, 0, 1, 1 << bits - 4, (1 << bits) - 1, 0xF << bits - 4, 1 << bits - 5))
        case 1:
            return random.randrange(16) << 4 * random.randrange(digits)
        case 2:
            return int("".join(random.choice("00008F1") for _ in range(digits)), 16)
        case 3 | 4:
            return random.getrandbits(4 * random.randint(1, digits))
        case _:
            return random.getrandbits(bits) | 1 << random.randint(bits - 4, bits - 1)


def with_tail(scene: Scene, digits: int, fraction: int) -> int:
    """The digits to the right of the operand's: nothing that matters, except when it is rounded."""
    bits = 112 - 4 * digits
    half = 1 << bits >> 1
    tail = scene.random.choice((0, half, half - 1, (1 << bits) - 1, scene.random.getrandbits(bits))) if bits else 0
    return fraction << bits | tail


def related_number(scene: Scene, digits: int, other: tuple[int, int, int]) -> tuple[int, int, int]:
    """A number near another, or such that a sum, product or quotient is at the end of a range."""
    random, bits = scene.random, 112 - 4 * digits
    _, near, fraction = other
    fraction >>= bits
    distance = random.choice((0, 0, 1, 2, digits - 1, digits, digits + 1, random.randrange(30)))
    border = random.choice((-2, -1, 0, 1, 127, 128, 129))
    characteristic = random.choice((near + distance, near - distance, near, 64 + border - near, near + 64 - border))
    made = random.choice(
        (
            fraction,
            fraction + random.randint(-1, 1),
            fraction << 4,
            fraction >> 4 * random.randrange(3),
            (1 << 4 * digits) - fraction + random.randint(-1, 1),
            fraction ^ 1 << random.randrange(4 * digits),
            floating_fraction(scene, digits),
        )
    )
    made = with_tail(scene, digits, max(made, 0) & (1 << 4 * digits) - 1)
    return random.getrandbits(1), min(max(characteristic, 0), 127), made


def instruction(scene: Scene, row: Operation) -> bytes:
    """An instruction with everything it needs."""
    if row.group is Group.INPUT_OUTPUT:
        return input_output(scene, row)
    return MAKERS.get(row.mnemonic, by_format)(scene, row)


COMPARABLE = [row.mnemonic for row in OPERATIONS if row.mnemonic in SEMANTICS and row.mnemonic not in NOT_COMPARABLE]
"""The instructions that a case can be made for."""
SEVERAL = ("SPX", "CONCS", "DISCS")
"""Their cases are more than one instruction, and end well once the first is done."""
EXECUTABLE = [name for name in COMPARABLE if name not in ("EX", "DIAG", *SEVERAL)]
"""Targets of EXECUTE."""


def make_case(random: Random, mnemonic: str) -> Case:
    """A random case of one instruction."""
    row = BY_MNEMONIC[mnemonic]
    mode = random.random()
    layout = random.choice(list(FORMATS.values())) if mode < 0.35 or (mnemonic == "LRA" and mode < 0.9) else None
    if mnemonic in SEVERAL:
        layout = None
    scene = Scene(random, layout, ec_mode=layout is not None or mode < 0.6)
    if layout is None and mode > 0.97 and mnemonic not in (*SEVERAL, "EX", *NOT_WRAPPING, *UNWRAPPED):
        scene.size = WHOLE
    scene.wrapping &= mnemonic not in UNWRAPPED
    translating = layout is not None and not (mnemonic == "LRA" and scene.chance(0.3))
    if translating:
        scene.system_mask = 4
    elif layout:  # LOAD REAL ADDRESS without DAT: the code is at its real address.
        return _untranslated(scene, row)
    scene.system_mask |= random.choice((0, 0, 2, 3)) if scene.ec_mode else random.getrandbits(8)
    code = scene.area()
    text = instruction(scene, row)
    place = code.start + random.choice((0, 0x10, BLOCK - 2, BLOCK - len(text), 2 * BLOCK - 2, 2 * BLOCK - len(text)))
    place &= MASK_24
    if mnemonic in SEVERAL:
        scene.allow(code)
    scene.put(place, text + STOP)
    name = (scene.name or mnemonic).split()[-1]
    if scene.ec_mode and scene.chance(0.08) and not scene.invalid_psw and name not in (*SEVERAL, "SVC", "MVCL", "CLCL"):
        record_events(scene, name, place, len(text))
    return _finished(scene, row, place)


def record_events(scene: Scene, name: str, place: int, length: int) -> None:
    """Program-event recording on, for all events but changes of general registers, which Hercules does not have.

    The supervisor call behind the instruction must cause none: it would be taken first.  Nor is it tried for long
    operations, which each machine divides into units of its own.
    """
    scene.system_mask |= 0x40
    events = scene.random.choice((0x80, 0x40, 0x20, 0xA0, 0xE0))
    if name in ("CS", "CDS"):  # Hercules takes an unequal comparison for a store.
        events &= ~0x20
    area = scene.random.choice(scene.areas)
    start = area.start + scene.random.choice((0, 0x100, BLOCK, scene.random.randrange(0x1000)))
    bounds = (start, start + scene.random.choice((0, 3, 0x100, 0x1000)) & MASK_24)
    if events & 0x40:
        bounds = (place - scene.random.choice((0, 2, 0x1000)) & MASK_24, place + scene.random.randrange(length))
        if scene.chance(0.2):
            bounds = (place + length + 2, place - 2)
    scene.cr[9] = events << 24 | scene.random.getrandbits(16)
    scene.cr[10], scene.cr[11] = (scene.random.getrandbits(8) << 24 | bound & MASK_24 for bound in bounds)


def _untranslated(scene: Scene, row: Operation) -> Case:
    """The instruction stands at real 1000, which no table maps."""
    scene.free = [frame for frame in scene.free if frame >= 0x2000]
    text = instruction(scene, row)
    scene.storage.append((0x1000, text + STOP))
    return _finished(scene, row, 0x1000)


def _finished(scene: Scene, row: Operation, place: int) -> Case:
    scene.tables()
    problem = row.mnemonic == "DIAG" or scene.chance(0.15 if row.privileged or scene.privileged else 0.4)
    return Case(
        psw=scene.psw(place, problem),
        gr=tuple(value & MASK_32 for value in scene.gr),
        fpr=tuple(value & MASK_64 for value in scene.fpr),
        cr=tuple(scene.cr),
        storage=tuple(scene.storage),
        keys=tuple(sorted(scene.keys.items())),
        areas=tuple(scene.windows),
        name=scene.name or row.mnemonic,
        size=scene.size,
    )
