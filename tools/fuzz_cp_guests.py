"""Random guests for `tools.fuzz_cp`: instructions of every kind, most of all those that trap, and what they work with.

A guest's storage is 64K: page 0 with new PSWs, handlers and PSWs to load; a page of code; data; channel programs with
their arguments; CP commands for DIAGNOSE X'08'; tables for its own DAT.  Each handler goes on at the next of eight
entry points, so that a guest hardly ever comes to an end.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from edu_hv.hypervisor.diagnose import NOT_BUILT
from edu_hv.hypervisor.diagnose.services import SERVICES
from edu_hv.isa.codes import PSA, Class
from edu_hv.isa.formats import Format
from edu_hv.isa.table import BY_MNEMONIC
from edu_hv.machine.psw import PSW
from tools.fuzz import CODE, DATA, TABLE, Generator, based, encode
from tools.fuzz_cp_commands import command_line

SIZE = 0x10000
HANDLERS, ENTRIES, ROUND, PSWS, CONTROLS, LISTS, CLOCKS = 0x200, 0x400, 0x440, 0x480, 0x500, 0x5C0, 0x640
CHAINS, ARGUMENTS, LINES, VMCF_LISTS = 0x4000, 0x4800, 0x5000, 0x5800
SEGMENT_TABLE, PAGE_TABLES = 0x8000, 0x8400
DEVICES = (0x009, 0x00C, 0x00D, 0x00E, 0x181, 0x190, 0x191, 0x192, 0x450, 0x460, 0x350, 0x7C0, 0x019)
FORMATS = {0x00400000: (16, 16, 0), 0x00800000: (16, 16, 4), 0x00500000: (20, 16, 0), 0x00900000: (20, 256, 4)}
COMMANDS = bytes.fromhex(
    "02 01 09 0A 03 04 05 06 07 0B 0C 0F 12 13 14 16 17 1A 1B 1D "
    "1E 1F 23 27 29 2F 31 37 39 3F 42 63 86 8B 92 B1 C3 E4 11 41"
)
CHAIN_DATA, CHAIN_COMMAND, SLI, SKIP, PCI, IDA = 0x80, 0x40, 0x20, 0x10, 0x08, 0x04
NOT_VIRTUAL = {
    "MVCP", "MVCS", "MVCK", "PC", "PT", "SAC", "SSAR", "EPAR", "ESAR", "IAC", "IVSK", "LASP",
    "DISCS", "CONCS", "SIGP", "SPX", "STPX", "STAP", "DIAG", "RDD", "WRD", "TPROT", "TB",
}  # fmt: skip
"""What a virtual machine has not, or not as a bare machine has it."""
CLOCKS_READ = {"STCK", "SPT", "STPT", "SCKC", "STCKC", "SCK"}
EVERY = list(BY_MNEMONIC.values())
VIRTUAL = [row for row in EVERY if row.mnemonic not in NOT_VIRTUAL and row.mnemonic not in CLOCKS_READ]
PRIVILEGED = [row for row in BY_MNEMONIC.values() if row.privileged]
IO = ("SIO", "SIO", "SIO", "SIO", "SIOF", "SIOF", "TIO", "TIO", "HIO", "HDV", "CLRIO", "TCH", "STIDC")
KEY_INSTRUCTIONS = ("SSK", "ISK", "RRB")


@dataclass
class Image:
    """What a virtual machine is set up with."""

    storage: dict[int, bytes]
    gr: list[int]
    fpr: list[int]
    cr: list[int]
    psw: bytes


@dataclass
class GuestMaker:
    """Makes the images of guests."""

    random: Random
    ecmode: bool = True
    lonely: bool = False
    """Only what a bare machine of the same size has too: no DIAGNOSE, no I/O, no clocks."""
    plain: Generator = field(init=False)
    calm: bool = field(init=False)
    """Fewer exceptions."""
    translating: bool = field(init=False)
    """The guest's own DAT is mostly on, its tables are mostly right."""

    def __post_init__(self) -> None:
        self.calm, self.translating = self.random.random() < 0.5, self.random.random() < 0.5
        self.plain = Generator(self.random)

    def chance(self, probability: float) -> bool:
        """Whether something rare happens."""
        return self.random.random() < probability

    # ---- instructions ------------------------------------------------------------------------------------------------

    def storage_operand(self) -> bytes:
        """An address: page 0, data, or anything."""
        low = based(0, self.random.choice((CLOCKS, CONTROLS, PSWS, 0x48, 0x50)) + 8 * self.random.randrange(4))
        return self.random.choices((low, self.plain.operand(), self.random.randbytes(2)), (3, 5, 1))[0]

    def instructions(self) -> bytes:
        """One or a few that belong together."""
        kinds: list[tuple[int, Callable[[], bytes]]] = [
            (30, self.plain.plain), (10, self.masks), (5, self.control), (6, self.keys), (5, self.translation),
            (3, lambda: encode("SVC", self.random.randrange(256))), (3, self.any_privileged),
            (1, lambda: self.random.randbytes(2 * self.random.randrange(1, 4))), (2, self.execute), (3, self.to_tables),
            (2, self.any_instruction),
        ]  # fmt: skip
        if self.lonely and not self.ecmode:
            kinds = [kind for kind in kinds if kind[1] not in (self.control, self.translation)]
        if not self.lonely:
            kinds += [(12, self.io), (12, self.diagnose), (5, self.clocks), (2, self.wait)]
        if self.calm:
            kinds = [kind for kind in kinds if kind[1] not in (self.any_privileged, self.any_instruction, self.execute)]
        ((_, function),) = self.random.choices(kinds, [weight for weight, _ in kinds])
        return function()

    def masks(self) -> bytes:
        """SSM and its like, and LPSW."""
        match self.random.randrange(6):
            case 0:
                return encode("SSM", 0, *self.storage_operand())
            case 1:
                return encode("STNSM", self.random.choice((0xFF, 0xFB, 0xF8, 0x04, 0x00)), *self.storage_operand())
            case 2:
                return encode("STOSM", self.random.choice((0, 4, 3, 7, 0x40, 0x43, 0xFF)), *self.storage_operand())
            case 3:
                return encode("SPKA", *based(self.random.choice((0, 9)), self.random.choice((0, 0x30, 0x40))))
            case 4:
                return encode("IPK")
            case _:
                return encode("LPSW", 0, *based(0, PSWS + 8 * self.random.randrange(16)))

    def control(self) -> bytes:
        """LCTL and STCTL."""
        first = self.random.choice((0, 0, 0, 1, 1, 2, 6, 8, 9, 10, self.random.randrange(16)))
        last = self.random.choice((first, first, first | 1, self.random.randrange(16)))
        row = first * 4 + 64 * self.random.randrange(3)
        operand = based(0, CONTROLS + row) if self.chance(0.9) else self.storage_operand()
        if self.chance(0.3):
            return encode("STCTL", first << 4 | last, *based(11, 0x700 + 8 * self.random.randrange(32)))
        return encode("LCTL", first << 4 | last, *operand) + (encode("PTLB") if self.lonely else b"")

    def keys(self) -> bytes:
        """Storage keys; GR 5 gets an address of a block, mostly one that there is."""
        address = self.random.randrange(32) << 11 if self.chance(0.9) else self.random.randrange(1 << 24) & 0xFFFFF0
        where = encode("LA", 0x50, *based(0, address >> 11)) + encode("SLL", 0x50, *based(0, 11))
        name = self.random.choice(KEY_INSTRUCTIONS)
        if name == "RRB":
            return where + encode("RRB", *based(5, 0))
        key = encode("LA", 0x40, *based(0, self.random.choice((0x00, 0x30, 0x38, 0x40, 0xF8, 0x36))))
        return where + (key if name == "SSK" else b"") + encode(name, 0x45)

    def translation(self) -> bytes:
        """LRA, PTLB, another page-table entry."""
        purge = encode("PTLB")
        match self.random.randrange(4):
            case 0:
                return encode("LRA", 0x50, *self.storage_operand())
            case 1:
                return purge
            case 2:
                return encode("STOSM", self.random.choice((0x04, 0x07)), *based(11, 0x7F0))
            case _:
                place = encode("LA", 0x50, *based(0, 8)) + encode("SLL", 0x50, *based(0, 12))
                entry = based(5, 0x400 + self.random.randrange(64))
                return place + purge + encode("MVI", self.random.choice((0, 8, 0x40, 0xF0, 1)), *entry) + purge

    def to_tables(self) -> bytes:
        """A byte into page 0, behind the new PSWs: what handlers and LPSW use."""
        return encode("MVI", self.random.randrange(256), *based(0, 0x402 + self.random.randrange(0x17E)))

    def execute(self) -> bytes:
        """EXECUTE of what stands in the code."""
        return encode("EX", self.random.randrange(16) << 4, *based(12, 2 * self.random.randrange(0x700)))

    def any_privileged(self) -> bytes:
        """Any instruction that is privileged, with any operands."""
        row = self.random.choice([row for row in PRIVILEGED if not self.lonely or row.mnemonic in ALONE])
        body = self.random.randbytes(4)
        if row.format in (Format.S, Format.RX) and self.chance(0.7):
            body = body[:1] + self.storage_operand() if not row.two_byte else self.storage_operand()
        code = row.code.to_bytes(2 if row.two_byte else 1, "big")
        return (code + body + bytes(4))[: row.format.length]

    def any_instruction(self) -> bytes:
        """Any instruction that there is, with any operands."""
        row = self.random.choice(VIRTUAL if self.lonely else EVERY)
        return (row.code.to_bytes(2 if row.two_byte else 1, "big") + self.random.randbytes(5))[: row.format.length]

    def clocks(self) -> bytes:
        """Clock comparator, CPU timer, interval timer."""
        match self.random.randrange(4):
            case 0:
                return encode("SPT", *based(0, CLOCKS + 8 * self.random.randrange(4)))
            case 1:
                return encode("SCKC", *based(0, CLOCKS + 0x20 + 8 * self.random.randrange(3)))
            case 2:
                return encode("MVC", 3, *based(0, PSA.INTERVAL_TIMER), *based(0, CLOCKS + 0x40))
            case _:
                name = self.random.choice(("STCK", "STPT", "STCKC", "SCK"))
                return encode(name, *based(11, 0x780))

    def wait(self) -> bytes:
        """An enabled wait."""
        return encode("LPSW", 0, *based(0, PSWS + 0x70))

    def io(self) -> bytes:
        """A CAW and an I/O instruction, or that alone."""
        chain = self.random.randrange(len(CHAIN_OF))
        device = self.random.choice(CHAIN_OF[chain][0])
        if self.chance(0.15):
            device = self.random.choice(DEVICES) if self.chance(0.8) else self.random.randrange(0x1000)
        name = self.random.choice(IO)
        caw = encode("MVC", 3, *based(0, PSA.CAW), *based(0, CLOCKS + 0x60 + 4 * chain))
        again = (
            encode("MVI", CHAINS >> 8 | self.random.randrange(8), *based(0, PSA.CAW + 2)) if self.chance(0.1) else b""
        )
        return (caw + again if name in ("SIO", "SIOF") else b"") + encode(name, *based(0, device))

    def diagnose(self) -> bytes:
        """DIAGNOSE, with its registers loaded from one of the lists."""
        number = self.random.randrange(8)
        registers = encode("LM", 0x25, *based(0, LISTS + 16 * number))
        code = DIAGNOSES[number] if self.chance(0.8) else self.random.choice((*SERVICES, *NOT_BUILT, 0x100, 0x02))
        first, second = self.random.choice(((2, 4), (2, 4), (2, 4), (2, 3), (4, 2), (2, 15), (15, 2)))
        return registers + encode("DIAG", first << 4 | second, *based(0, code))

    # ---- storage -----------------------------------------------------------------------------------------------------

    def code(self) -> bytes:
        """A page of it; a branch back at its end."""
        text = bytearray()
        while len(text) < 0xF00:
            text += self.instructions()
            if self.chance(0.05):
                text += encode("BC", self.random.randrange(16) << 4, *based(12, 2 * self.random.randrange(0x700)))
        return bytes(text + (encode("SVC", 255) if self.lonely else encode("BC", 0xF0, *based(12, 0))))

    def psw(self, address: int | None = None) -> PSW:
        """Of a mode that the machine mostly has."""
        ec_mode = self.chance(0.7 if self.ecmode else 0.03)
        masks = (0, 0, 0, 3, 3, 4, 4, 7, self.random.choice((0x40, 0x44, 0x47)))
        mask = self.random.choice(masks if ec_mode else (0, 0xFF, 0x80, 0x01, 0xFE))
        if self.translating and ec_mode and self.chance(0.8):
            mask |= 4
        if self.lonely:
            ec_mode = ec_mode and self.ecmode
            mask &= 0x44 if ec_mode else 0
        start = CODE + 2 * self.random.randrange(0x600)
        return PSW(
            system_mask=mask,
            key=0 if self.calm else self.random.choice((0, 0, 0, 3, 4)),
            ec_mode=ec_mode,
            problem_state=self.chance(0.1 if self.calm else 0.2),
            cc=self.random.randrange(4),
            program_mask=self.random.choice((0, 0, 15)),
            instruction_address=start if address is None else address,
        )

    def handler(self) -> bytes:
        """On to the next entry point; a bare machine has only so many rounds to compare."""
        text = encode("LM", 0xAD, *based(0, LISTS - 0x10)) + encode("L", 0x10, *based(0, ROUND))
        text += encode("LA", 0x10, *based(1, 8)) + encode("ST", 0x10, *based(0, ROUND))
        if self.lonely:
            text += encode("C", 0x10, *based(0, ROUND + 4)) + encode("BC", 0x20, *based(0, 0x3E0))
        return text + encode("N", 0x10, *based(0, ROUND + 8)) + encode("LPSW", 0, *based(1, ENTRIES))

    def control_registers(self) -> list[int]:
        """Those of a start: tables, masks."""
        formats = [*FORMATS, 0x00C00000, 0]
        cr0 = self.random.choices(formats, (3, 9, 3, 3, 1, 1))[0] | self.random.choice((0xE0, 0xCE1, 0x40000001, 0))
        cr = [cr0, self.random.choice((0, 0, 1, 3)) << 24 | SEGMENT_TABLE, 0xFFFFFFFF, *[0] * 13]
        cr[6] = self.random.choice((0, 0, 0x80000000, 0xFF002000))
        cr[8] = self.random.choice((0, 0xFFFF))
        cr[9] = self.random.choice((0, 0x80000000, 0x40000000, 0x2000FFFF, 0x10000000, 0xF000000F))
        cr[10], cr[11] = self.random.choice(((0, 0xFFFFFF), (CODE, CODE + 0x200), (DATA, DATA + 0x40), (0xF000, 0x100)))
        cr[14] = self.random.choice((0, 0xC2000000))
        if self.lonely:
            cr[0] &= ~0xFFFF
        return cr

    def tables(self, control: int) -> dict[int, bytes]:
        """A segment table and 16 page tables of the format of control register 0, partly invalid."""
        shift, pages, spare = FORMATS.get(control & 0x00F80000, (16, 16, 4))
        large = spare == 4
        found, wrong = {}, 0.01 if self.translating else 0.08
        segments = bytearray()
        for segment in range(16):
            table = PAGE_TABLES + 0x80 * (segment % 4)
            length = self.random.choice((15, 15, 15, 7)) << 28
            invalid = segment > 3 or self.chance(wrong)
            segments += (length | table | invalid).to_bytes(4, "big")
        unit = 0x1000 if large else 0x800
        for number in range(4):
            entries = bytearray()
            for page in range(min(pages, 32 if not large else 16)):
                there = (number << shift) + page * unit if not number else page * unit
                frame = there if not self.chance(wrong) else self.random.randrange(0, SIZE + 0x4000, unit)
                entry = frame >> 8 & (0xFFF0 if large else 0xFFF8)
                entry |= (0x8 if large else 0x4) if self.chance(wrong) else 0
                entry |= 1 if self.chance(0.01) else 0
                entries += entry.to_bytes(2, "big")
            found[PAGE_TABLES + 0x80 * number] = bytes(entries)
        return found | {SEGMENT_TABLE: bytes(segments)}

    def ccw(self, at: int) -> bytes:
        """One CCW."""
        if self.chance(0.12):
            return (
                bytes([8]) + (CHAINS + 8 * self.random.randrange(0x100)).to_bytes(3, "big") + self.random.randbytes(4)
            )
        flags = self.random.choices((0, SLI, SLI | CHAIN_COMMAND, CHAIN_COMMAND, CHAIN_DATA), (1, 2, 6, 2, 2))[0]
        flags |= SKIP * self.chance(0.05) | PCI * self.chance(0.05) | self.chance(0.01)
        address, count = (
            self.random.randrange(0x2000, 0x10200),
            self.random.choice((0, 1, 4, 5, 8, 80, 80, 300, 4096, 9000)),
        )
        if self.chance(0.15):
            flags, address = flags | IDA, ARGUMENTS + 0x200 + 4 * self.random.randrange(64)
        command = self.random.choice(COMMANDS) if self.chance(0.97) else self.random.randrange(256)
        if command in (0x07, 0x0B, 0x1B, 0x31, 0xB1, 0x39, 0x1F):
            place = ARGUMENTS + 8 * self.random.randrange(32)
            address, count, flags = place, {0x1F: 1}.get(command, self.random.choice((5, 6, 6, 4))), flags & ~IDA
        return bytes([command]) + address.to_bytes(3, "big") + bytes([flags, 0]) + count.to_bytes(2, "big")

    def chains(self) -> dict[int, bytes]:
        """Channel programs, seek addresses and search arguments, IDAWs."""
        random = self.random
        ccws = [self.ccw(CHAINS + 8 * n) for n in range(0x100)]
        for _ in range(12):
            at, seek = (
                random.choice((random.randrange(0, 0xF0), 0x78, 0x80, 0x88, 0x90)),
                ARGUMENTS + 8 * random.randrange(32),
            )
            write = random.choice((0x06, 0x05, 0x1D, 0x0D, 0x0E, 0x92))
            ccws[at] = b"\x07" + seek.to_bytes(3, "big") + bytes([0x60, 0, 0, 6])
            ccws[at + 1] = b"\x31" + (seek + 2).to_bytes(3, "big") + bytes([0x60, 0, 0, 5])
            ccws[at + 2] = b"\x08" + (CHAINS + 8 * (at + 1)).to_bytes(3, "big") + bytes(4)
            ccws[at + 3] = (
                bytes([write]) + random.randrange(0x2000, 0xF000).to_bytes(3, "big") + bytes([0x20, 0, 0, 80])
            )
        for number, (_, commands) in enumerate(CHAIN_OF):
            at = (CHAIN_AT[number] - CHAINS) // 8
            for index, command in enumerate(commands):
                data, count = random.randrange(0x2000, 0x10020), random.choice((1, 20, 80, 80, 132))
                flags = SLI | (CHAIN_COMMAND if index < len(commands) - 1 or self.chance(0.3) else 0)
                ccws[at + index] = (
                    bytes([command]) + data.to_bytes(3, "big") + bytes([flags, 0]) + count.to_bytes(2, "big")
                )
        places = b"".join(
            bytes([0, 0, 0, random.randrange(7), 0, random.randrange(4), random.randrange(5), 0]) for _ in range(32)
        )
        idaws = b"".join((random.randrange(0x20, 0x104) << 11).to_bytes(4, "big") for _ in range(64))
        return {CHAINS: b"".join(ccws), ARGUMENTS: places, ARGUMENTS + 0x200: idaws}

    def lists(self) -> dict[int, bytes]:
        """Registers 2 to 5 for DIAGNOSE, CP commands, parameter lists of VMCF."""
        found, random = {}, self.random
        for number, code in enumerate(DIAGNOSES):
            text = random.choice(SYSTEMS) if code == 0x64 else command_line(random)
            line = text.encode("cp037", "replace")[:132]
            found[LINES + 0x90 * number] = line
            registers = {
                0x08: (
                    LINES + 0x90 * number,
                    0x6000,
                    len(line) | random.choice((0, 0x40000000)),
                    random.choice((0, 8, 200)),
                ),
                0x14: (
                    random.choice((0x6000, 0x6000, 2)),
                    0,
                    0x00C,
                    random.choice((0, 4, 8, 0xC, 0xFFE, 0xFFF, 0x28, 0x2C)),
                ),
                0x18: (random.choice((0x190, 0x191)), CHAINS + 8 * random.randrange(0x100), random.randrange(4), 0),
                0x20: (random.choice(DEVICES), CHAINS + 8 * random.randrange(0x100), 0, 0),
                0x10: (random.randrange(16) << 12, random.randrange(17) << 12, random.randrange(16) << 12, 0),
                0x24: (random.choice((*DEVICES, 0xFFFFFFFF)), 0, 0, 0),
                0x64: (LINES + 0x90 * number, 0, random.choice((0, 4, 8, 12, 16)), 0),
                0x68: (VMCF_LISTS + 40 * random.randrange(8), 0, 0, 0),
            }[code]
            words = [value if self.chance(0.95) else random.getrandbits(32) for value in registers]
            found[LISTS + 16 * number] = b"".join((word & 0xFFFFFFFF).to_bytes(4, "big") for word in words)
        for number in range(8):
            found[VMCF_LISTS + 40 * number] = self.vmcparm()
        return found

    def vmcparm(self) -> bytes:
        """A parameter list of VMCF."""
        random = self.random
        function = bytes([random.choice((0, 0x80, 0x40, 0)), 0, 0, random.choice((0, 0, *range(13)))])
        user = random.choice(("ANNE", "BILL", "NOBODY", "OPERATOR")).ljust(8).encode("cp037")
        lengths = random.choice((40, 100, 256, 4096, 0)), random.choice((0, 40, 100, 256))
        words = random.choice((0x6000, 0x6800, 0xFFF0)), lengths[0], random.choice((0x7000, 0x7800)), lengths[1]
        areas = b"".join(word.to_bytes(4, "big") for word in words)
        return function + random.randrange(1, 4).to_bytes(4, "big") + user + areas + random.randbytes(8)

    def image(self) -> Image:
        """A whole guest."""
        random, gr = self.random, [self.random.getrandbits(32) for _ in range(16)]
        gr[10:14] = [TABLE, DATA, CODE, random.choice((0xF000, 0x9000, 0xFFFFF0, 0x8000, 0x10000))]
        controls = [self.control_registers() for _ in range(3)]
        storage = {
            ENTRIES: b"".join(self.psw().to_bytes() for _ in range(8)),
            ROUND: bytes(4) + (0x38 * 12).to_bytes(4, "big") + (0x38).to_bytes(4, "big"),
            PSWS: b"".join(self.psw().to_bytes() for _ in range(14))
            + bytes.fromhex("FF02000000001000 070A000000001000"),
            CONTROLS: b"".join(value.to_bytes(4, "big") for cr in controls for value in cr),
            CLOCKS: bytes.fromhex("0000000000100000 0000000001000000 FFFFFFFF00000000 7FFFFFFFFFFFFFFF")
            + bytes.fromhex("7A00000000000000 FFFFFFFFFFFFFFFF 0000000000000000 0000000000000000")
            + random.randrange(300).to_bytes(4, "big") + bytes(28)
            + b"".join(
                (at if self.chance(0.85) else CHAINS + 8 * random.randrange(0x100)).to_bytes(4, "big")
                for at in CHAIN_AT
            ),
            0x3E0: encode("LPSW", 0, *based(0, 0x3E8)) + bytes(4) + bytes.fromhex("0002000000000EED"),
            CODE: self.code(),
            TABLE: random.randbytes(0x1000),
            DATA: random.randbytes(0x1000),
            LISTS - 0x10: b"".join(value.to_bytes(4, "big") for value in gr[10:14]),
            0xF000: random.randbytes(0x1000),
            **self.tables(controls[0][0]), **self.chains(), **self.lists(),
        }  # fmt: skip
        mode = self.ecmode and self.chance(0.7)
        for number, kind in enumerate(Class):
            storage[HANDLERS + 0x40 * number] = self.handler()
            new = PSW(ec_mode=mode, instruction_address=HANDLERS + 0x40 * number)
            storage[kind.new_psw] = new.to_bytes()
        if self.lonely:
            storage[PSA.INTERVAL_TIMER] = bytes.fromhex("7FFFFF00")
        fpr = [self.plain.number() for _ in range(4)]
        cr = controls[0] if self.ecmode else [controls[0][0] & 0xFF07FFFF, *[0] * 15]
        return Image(storage, gr, fpr, cr, self.psw(CODE).to_bytes())


_DISKS = (0x190, 0x191, 0x192)
CHAIN_OF: tuple[tuple[tuple[int, ...], bytes], ...] = (
    ((0x009,), bytes.fromhex("09 01")),
    ((0x009,), bytes.fromhex("0A 0A 09")),
    ((0x009,), bytes.fromhex("0B 04 03")),
    ((0x00C,), bytes.fromhex("02 42 02")),
    ((0x00C,), bytes.fromhex("02 02 02 02")),
    ((0x00D,), bytes.fromhex("01 41")),
    ((0x00E,), bytes.fromhex("09 8B 01 19")),
    ((0x181,), bytes.fromhex("01 1F 07")),
    ((0x181,), bytes.fromhex("07 02 02")),
    ((0x181,), bytes.fromhex("27 0C 37")),
    (_DISKS, bytes.fromhex("")),
    (_DISKS, bytes.fromhex("")),
    (_DISKS, bytes.fromhex("")),
    (_DISKS, bytes.fromhex("")),
    ((0x450, 0x460), bytes.fromhex("01 07")),
    ((0x450, 0x460), bytes.fromhex("14 02")),
    ((0x450, 0x460), bytes.fromhex("02 C3")),
)
"""By number of the chain: devices it is meant for, and the commands it begins with; disks have chains of their own."""
CHAIN_AT = tuple(CHAINS + 8 * (0x28 + 8 * number) for number in range(17))
SYSTEMS = ("CMSX    ", "SEGX    ", "SEGY    ", "SEGZ    ", "NONE    ")
DIAGNOSES = (0x08, 0x14, 0x18, 0x20, 0x10, 0x24, 0x64, 0x68)
ALONE = ("ISK", "LCTL", "LPSW", "LRA", "PTLB", "RRB", "SSK", "SSM", "STCTL", "STIDP", "STNSM", "STOSM")
