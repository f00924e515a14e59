"""Random cases of address spaces, their tables and the keys, one instruction each, in the manner of `cases`.

Three address spaces with the code in common: the primary, the secondary, and a third to switch to.  All tables are
built and then, sometimes, damaged in one place.

What is left out, beside what Hercules cannot tell: bits that must be zeros and are more address to Hercules, or are not
looked at (bits 1-7 of entries of the ASN first table, the ASN second table and a linkage table, bits 97-103 of the
second, bit 32 of an entry-table entry); SIGNAL PROCESSOR orders beyond SENSE, which would stop the harness or signal
it; CR14 bits 13-19, which System/370 does not use.
"""

from collections.abc import Callable
from random import Random

from edu_hv.isa.codes import ASN_TRANSLATION_CONTROL, CR0
from edu_hv.isa.formats import Format
from edu_hv.isa.table import BY_MNEMONIC, Operation
from edu_hv.machine.dat import FORMATS
from edu_hv.machine.psw import PSW
from tools.cases import INVALID, NOT_COMPARABLE
from tools.hercules import CONTROL_REGISTERS, SIZE, Case

CODE, TARGET = 0x1000, 0x1800
"""Virtual and real; in every space."""
FRAMES = (0x2000, 0x4000, 0x6000)
"""Real addresses of the 8K of data that each space has at virtual DATA."""
DATA = 0x2000
FIRST_TABLE, SECOND_TABLES, AUTHORITY = 0x8000, (0x9000, 0x9400, 0x9800), 0x9C00
LINKAGE, ENTRIES = 0xA000, 0xA400
SEGMENTS, PAGES = (0xB000, 0xB100, 0xB200), (0xB400, 0xB500, 0xB600)
STOP, ARRIVED = bytes.fromhex("0AFF"), bytes.fromhex("0AFE")
BLOCK = 2048


class Spaces:
    """A case being built."""

    def __init__(self, random: Random, mnemonic: str) -> None:
        self.random = random
        self.mnemonic = mnemonic
        self.selector, self.layout = random.choice(list(FORMATS.items()))
        self.gr = [random.choice((0, 1, 0x7FFFFFFF, random.getrandbits(32))) for _ in range(16)]
        self.storage: dict[int, bytes] = {}
        self.areas: list[tuple[int, int]] = []
        self.key = random.choice((0, 0, random.randrange(16)))
        self.key_mask = random.choice((0, 0xFFFF, random.getrandbits(16)))
        self.asns = random.sample(range(1, 0x10000), 3)
        if self.chance(0.3):  # Numbers in the same second table.
            self.asns = [self.asns[0] & ~63 | number for number in random.sample(range(1, 64), 3)]
        self.index = random.choice((0, 1, 2, 3, random.randrange(64), random.randrange(0x10000)))
        self.secondary = self.chance(0.2)
        self.sound = self.secondary or mnemonic == "SAC"
        """The code is in both spaces: in secondary-space mode it is unpredictable from which one it is fetched."""
        self.dat = self.chance(0.93)
        self.ec_mode = self.dat or self.chance(0.5)
        self.problem = self.chance(0.5)
        self.free = random.sample(range(1, 16), 15)
        """Registers whose value may still be chosen, other than 0."""
        self.zero_is_free = True
        self.make_tables()

    def chance(self, probability: float) -> bool:
        """Whether something with this probability happens."""
        return self.random.random() < probability

    def mostly(self, value: int, otherwise: int) -> int:
        """The value, or seldom another one."""
        return value if self.chance(0.94) else otherwise

    # ---- tables ----------------------------------------------------------------------------------------------

    def put_word(self, address: int, value: int, zeros: int = 0, invalid: int = 0) -> None:
        """A word of a table; seldom made invalid, or with a bit on that must be zero."""
        if zeros and self.chance(0.02):
            value |= self.random.choice([1 << bit for bit in range(32) if zeros >> bit & 1])
        if invalid and self.chance(0.03):
            value |= invalid
        self.storage[address] = value.to_bytes(4, "big")

    def make_tables(self) -> None:
        """All of them."""
        # The space-switch-event control is bit 31; to Hercules it is bit 0, here a part of the length.
        self.designations = [table | (0x80000001 if self.chance(0.05) else 0) for table in SEGMENTS]
        for segments, pages, frames in zip(SEGMENTS, PAGES, FRAMES, strict=True):
            self.storage[segments + 4] = b"\0\0\0\1" * 15
            self.put_word(segments, 0xF0000000 | pages, *((0, 0) if self.sound else (0x0F000000, 1)))
            self.make_pages(pages, frames)
        self.linkage_designations = [
            self.mostly(0x80000000, 0) | LINKAGE | self.random.choice((0, 1, 1, 3)) for _ in range(3)
        ]
        for asn, table, number in zip(self.asns, SECOND_TABLES, range(3), strict=True):
            table = self.second_table(asn, table)
            self.put_word(FIRST_TABLE + (asn >> 6) * 4, table, 0x0000000F, 0x80000000)
            self.make_space(table + (asn & 63) * 16, number)
        self.make_absent()
        self.storage[AUTHORITY] = self.random.choice((b"\xff" * 64, self.random.randbytes(64), b"\xff" * 64))

    def make_absent(self) -> None:
        """A number that has no address space, by the first table or the second."""
        self.absent = self.random.choice((self.random.randrange(0x10000), self.asns[0] ^ 1))
        first = FIRST_TABLE + (self.absent >> 6) * 4
        if self.absent not in self.asns and first in self.storage:
            table = int.from_bytes(self.storage[first], "big") & 0x00FFFFF0
            self.storage[table + (self.absent & 63) * 16] = b"\x80" + bytes(15)
        elif first not in self.storage:
            self.storage[first] = b"\x80\0\0\0"

    def second_table(self, asn: int, table: int) -> int:
        """The ASN second table: that of an earlier ASN with the same first index."""
        for other, earlier in zip(self.asns, SECOND_TABLES, strict=True):
            if other >> 6 == asn >> 6:
                return earlier
        return table

    def make_pages(self, table: int, frames: int) -> None:
        """The pages of one space: the code, 8K of data, and nothing else."""
        shift, layout = self.layout.page_shift, self.layout
        entries = [layout.invalid_bit] * (0x10000 >> shift)
        places = [(CODE, CODE, 0x1000), (DATA, frames, 0x2000)]
        for virtual, real, length in places:
            for offset in range(0, length, 1 << shift):
                entries[virtual + offset >> shift] = real + offset >> 8
        if self.chance(0.06):
            number = self.random.randrange(DATA >> shift, DATA + 0x2000 >> shift)
            entries[number] |= self.random.choice((layout.invalid_bit, 1))
        self.storage[table] = b"".join(entry.to_bytes(2, "big") for entry in entries)

    def make_space(self, address: int, number: int) -> None:
        """An ASN-second-table entry."""
        length = self.random.choice((0, 0, 3, 0xFFF))
        self.put_word(address, AUTHORITY | self.random.choice((0, 0, 4)), 0x00000003, 0x80000000)
        self.put_word(address + 4, self.random.choice((0, 5, 0xFFFF)) << 16 | length << 4, 0x0000000F)
        self.put_word(address + 8, self.designations[number])
        self.put_word(address + 12, self.linkage_designations[number])

    def make_entry(self, number: int) -> None:
        """A linkage-table entry and an entry-table entry."""
        length = self.random.choice((0, 15, 63))
        self.put_word(LINKAGE + (number >> 8) * 4, ENTRIES | length, invalid=0x80000000)
        entry = ENTRIES + (number & 0xFF) * 16
        asn = self.random.choice((0, 0, *self.asns))
        self.put_word(entry, self.mostly(0xFFFF, self.random.getrandbits(16)) << 16 | asn)
        self.put_word(entry + 4, TARGET | self.chance(0.5), 0x7F000000)
        self.put_word(entry + 8, self.random.getrandbits(32))
        self.put_word(entry + 12, self.random.getrandbits(32))

    # ---- operands --------------------------------------------------------------------------------------------

    def data_address(self, length: int) -> int:
        """A virtual address in the data, sometimes across a block, sometimes nowhere."""
        if self.chance(0.03):
            return self.random.choice((0x8000, 0xF000, 0x800000, 0xFFFFFF, DATA + 0x2000 - 1))
        edge = DATA + BLOCK * self.random.randint(1, 3)
        return self.random.choice((DATA, DATA + self.random.randrange(0x2000 - length), edge - length // 2, edge - 1))

    def base(self, address: int) -> int:
        """Base and displacement fields that give an address."""
        register = self.free.pop()
        displacement = self.random.choice((0, 0xFFF, self.random.randrange(4096)))
        self.gr[register] = (address - displacement & 0xFFFFFF) | self.random.getrandbits(8) << 24
        return register << 12 | displacement

    def register(self, value: int) -> int:
        """A register with a value; sometimes register 0."""
        register = 0 if self.zero_is_free and self.chance(0.1) else self.free.pop()
        self.zero_is_free &= register != 0
        self.gr[register] = value
        return register

    def watch_data(self, address: int, length: int) -> None:
        """Look at this operand afterwards, in whichever space it is."""
        for frames in FRAMES:
            start = max(frames, frames + address - DATA - 8)
            end = min(frames + 0x2000, frames + address - DATA + length + 8)
            if start < end:
                self.areas.append((start, end - start))
        self.put_data(address, length)

    def put_data(self, address: int, length: int) -> None:
        """Something else in each space, at a virtual address."""
        for frames in FRAMES:
            if DATA <= address <= DATA + 0x2000 - length:
                self.storage[frames + address - DATA] = self.random.randbytes(length)

    # ---- the whole -------------------------------------------------------------------------------------------

    def control_registers(self) -> tuple[int, ...]:
        """CR0, 1, 3, 4, 5, 7 and 14."""
        random, cr = self.random, list(CONTROL_REGISTERS)
        cr[0] |= self.mostly(self.selector, self.selector if self.sound else random.choice(INVALID)) << 19
        cr[0] |= self.mostly(CR0.SECONDARY_SPACE, 0) | random.choice((CR0.EXTRACTION_AUTHORITY, 0))
        cr[1], cr[7] = self.designations[0], self.designations[1]
        cr[3] = self.key_mask << 16 | self.asns[random.choice((0, 1, 1, 1))]
        cr[4] = self.index << 16 | self.asns[0]
        cr[5] = self.linkage_designations[0]
        cr[14] |= self.mostly(ASN_TRANSLATION_CONTROL, 0) | FIRST_TABLE >> 12
        return tuple(cr)

    def case(self, row: Operation, text: bytes) -> Case:
        """The case, with the instruction in place."""
        random = self.random
        place = CODE + random.choice((0, 0x10, 0x700))
        self.storage[place] = text + STOP
        self.storage[TARGET] = ARRIVED
        blocks = [*range(CODE, 0x8000, BLOCK), *([SEGMENTS[0]] if row.mnemonic == "IPTE" else [])]
        keys = {block: self.storage_key() for block in blocks}
        psw = PSW(
            system_mask=4 if self.dat else 0,
            key=self.key,
            ec_mode=self.ec_mode,
            problem_state=self.problem,
            secondary_space=self.secondary and self.ec_mode,
            cc=random.randrange(4),
            program_mask=random.randrange(16),
            instruction_address=place,
        )
        return Case(
            psw.to_bytes(),
            gr=tuple(self.gr),
            cr=self.control_registers(),
            storage=tuple(sorted(self.storage.items())),
            keys=tuple(keys.items()),
            areas=tuple(self.areas),
            name=row.mnemonic,
        )

    def storage_key(self) -> int:
        """A key that mostly allows the access."""
        access = self.key if self.chance(0.8) else self.random.randrange(16)
        return access << 4 | self.random.choice((0, 0, 8, 2, 4, 6, 14))


Maker = Callable[[Spaces, Operation], bytes]
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


@makes("EPAR", "ESAR", "IAC")
def extract(spaces: Spaces, row: Operation) -> bytes:
    """Any register."""
    return halfwords(row.code, spaces.random.randrange(16) << 4 | spaces.random.randrange(16))


@makes("SAC")
def address_space_control(spaces: Spaces, row: Operation) -> bytes:
    """Mostly a mode that there is; 2 and 3 are modes of later architectures, which Hercules has."""
    control = spaces.mostly(spaces.random.choice((0, 1)), spaces.random.randrange(4, 16))
    return halfwords(row.code, spaces.base(spaces.random.getrandbits(24) & 0xFFF0FF | control << 8))


@makes("SSAR")
def secondary_asn(spaces: Spaces, row: Operation) -> bytes:
    """One of the three numbers, or any."""
    asn = spaces.mostly(spaces.random.choice(spaces.asns), spaces.absent)
    return halfwords(row.code, spaces.register(spaces.random.getrandbits(16) << 16 | asn) << 4)


@makes("IPK", "SPKA")
def psw_key(spaces: Spaces, row: Operation) -> bytes:
    """In the problem state with and without the authority."""
    return halfwords(row.code, spaces.base(spaces.random.getrandbits(24)) if row.format is Format.S else 0)


@makes("IVSK", "ISKE", "SSKE", "RRBE", "TB", "IPTE")
def address_in_register(spaces: Spaces, row: Operation) -> bytes:
    """A virtual address for IVSK and IPTE, a real one for the others; sometimes none."""
    address = spaces.data_address(1)
    if row.mnemonic in ("ISKE", "SSKE", "RRBE", "TB"):
        address = DATA | address & 0x1FFF  # The keys of other storage are not the case's own.
        address = spaces.mostly(address, spaces.random.choice((SIZE, 0xFFF000, 0x1002000)))
        if row.mnemonic != "TB":
            address |= spaces.random.choice((0, 0x80000000))
        elif 0x2000 <= address < 0x8000:
            spaces.areas.append((address & ~0xFFF, 0x1000))
            spaces.put_data(address & ~0xFFF | 0x7F8, 16)
    if row.mnemonic == "IVSK":
        address |= spaces.random.getrandbits(8) << 24
    first = spaces.random.getrandbits(32)
    if row.mnemonic == "IPTE":
        table = spaces.random.choice(PAGES)
        spaces.areas.append((table, 64))
        first = spaces.random.getrandbits(8) << 24 | table | spaces.random.getrandbits(3)
        address = (
            spaces.random.getrandbits(16) << 16 | address & 0xF000 if spaces.layout.segment_shift == 16 else address
        )
    return halfwords(row.code, spaces.register(first) << 4 | spaces.register(address))


@makes("TPROT")
def protection(spaces: Spaces, row: Operation) -> bytes:
    """Any key."""
    key = spaces.random.choice((spaces.key, spaces.random.randrange(16))) << 4
    return halfwords(
        row.code, spaces.base(spaces.data_address(1)), spaces.base(key | spaces.random.choice((0, 0xFF0F)))
    )


@makes("MVCP", "MVCS", "MVCK")
def move(spaces: Spaces, row: Operation) -> bytes:
    """Lengths about 0 and 256; the same real storage is never both operands."""
    length = spaces.random.choice((0, 1, 255, 256, 257, 0x80000000, spaces.random.randrange(300)))
    moved = min(length, 256)
    first, second = spaces.data_address(moved), spaces.data_address(moved)
    while abs(first - second) < 256 or DATA + 0x2000 < max(first, second) + 256 < 0x10000:
        first, second = DATA + spaces.random.randrange(0x1D00), DATA + spaces.random.randrange(0x1D00)
    key = spaces.mostly(spaces.random.choice((0, spaces.key)), spaces.random.randrange(16))
    r1 = spaces.register(length)
    r3 = spaces.register(spaces.random.getrandbits(24) << 8 | key << 4 | spaces.random.randrange(16))
    spaces.watch_data(first, moved)
    spaces.put_data(second, moved)
    return halfwords(row.code << 8 | r1 << 4 | r3, spaces.base(first), spaces.base(second))


@makes("PC")
def program_call(spaces: Spaces, row: Operation) -> bytes:
    """Indexes mostly within the tables."""
    number = spaces.random.choice((0, 1, 31, 32, 63)) << 8 | spaces.random.choice((0, 1, 3, 4, 63))
    spaces.make_entry(number)
    if spaces.chance(0.06):
        number = spaces.random.choice((number ^ 4, number ^ 0x100, spaces.random.randrange(256) << 8 | number & 0xFF))
        spaces.storage.setdefault(LINKAGE + (number >> 8) * 4, b"\x80\0\0\0")
    if spaces.chance(0.03):
        number |= 0x80000 | spaces.random.getrandbits(19)
    return halfwords(row.code, spaces.base(number | spaces.random.randrange(16) << 20))


@makes("PT")
def program_transfer(spaces: Spaces, row: Operation) -> bytes:
    """To the current space or another one."""
    asn = spaces.mostly(spaces.random.choice((spaces.asns[0], *spaces.asns)), spaces.absent)
    r1 = spaces.register(spaces.random.getrandbits(16) << 16 | asn)
    address = spaces.mostly(TARGET, TARGET | 1 << spaces.random.randrange(24, 31)) | spaces.chance(0.8)
    return halfwords(row.code, r1 << 4 | spaces.register(address))


@makes("LASP")
def address_space_parameters(spaces: Spaces, row: Operation) -> bytes:
    """All combinations of old and new numbers and of the three flags."""
    random = spaces.random
    secondary, primary = (spaces.mostly(random.choice(spaces.asns), spaces.absent) for _ in range(2))
    fields = (random.getrandbits(16), secondary, random.choice((0, 1, 2, random.getrandbits(16))), primary)
    address = DATA + random.randrange(0x100) * 8 + random.choice((0, 0, 0, 0, 0, 0, 0, 4))
    for frames in FRAMES:
        spaces.storage[frames + address - DATA] = halfwords(*fields)
    return halfwords(row.code, spaces.base(address), spaces.base(random.getrandbits(24)))


@makes("LRA")
def load_real_address(spaces: Spaces, row: Operation) -> bytes:
    """In either space, with DAT on and off."""
    address = spaces.mostly(spaces.data_address(1), spaces.random.getrandbits(24))
    return halfwords(row.code << 8 | spaces.random.randrange(16) << 4, spaces.base(address))


@makes("SIGP")
def signal(spaces: Spaces, row: Operation) -> bytes:
    """SENSE, of this CPU and of none."""
    r3 = spaces.register(spaces.random.getrandbits(16) << 16 | spaces.random.choice((0, 1, 0x8000)))
    address = spaces.random.getrandbits(16) << 8 | 1
    return halfwords(row.code << 8 | spaces.random.randrange(16) << 4 | r3, spaces.base(address))


@makes("L", "ST", "MVC", "CS")
def ordinary(spaces: Spaces, row: Operation) -> bytes:
    """Instructions that know nothing of spaces, in either."""
    first = spaces.data_address(8) & ~3
    spaces.watch_data(first, 16)
    base = spaces.base(first)
    if row.mnemonic == "MVC":
        second = spaces.data_address(8)
        spaces.put_data(second, 8)
        return halfwords(row.code << 8 | 7, base, spaces.base(second))
    second = spaces.random.randrange(16) if row.mnemonic == "CS" else 0
    return halfwords(row.code << 8 | spaces.random.randrange(16) << 4 | second, base)


CONTROL = list(MAKERS)
"""The instructions that a case can be made for."""


def takes(mnemonic: str, number: int) -> bool:
    """Whether a case of that number is made here, not in `cases`: all of an instruction's, or every other."""
    return mnemonic in MAKERS and (mnemonic in NOT_COMPARABLE or number % 2 == 1)


def make_control_case(random: Random, mnemonic: str) -> Case:
    """A random case of one instruction."""
    row = BY_MNEMONIC[mnemonic]
    spaces = Spaces(random, mnemonic)
    if row.privileged:
        spaces.problem = spaces.chance(0.1)
    if mnemonic in ("LASP", "LRA", "TPROT", "SPKA", "IPK", "MVCK") and spaces.chance(0.3):
        spaces.dat = False
    return spaces.case(row, MAKERS[mnemonic](spaces, row))
