"""Random programs on the CPU alone and with the engine: after any number of instructions all state must be the same.

    python -m tools.fuzz --programs 500 --seed 1     both tiers of the engine against the CPU
    python -m tools.fuzz --programs 1 --seed 77      one program again, with what differs

A program is a loop of random instructions over storage with keys, with calls, EXECUTE, stores into its own code,
floating-point numbers near each other, operands that cross blocks or wrap at 16 MiB, and in part of them DAT with
frames that have two addresses.  Interval timer, clock comparator, CPU timer and INTERRUPT key interrupt it; a card
reader stores random instructions into it.
"""

import argparse
import time
from collections import Counter
from dataclasses import dataclass, field
from random import Random

from edu_hv.devices.card import CardReader
from edu_hv.engine.interpreter import COMPILED
from edu_hv.engine.tiers import NEVER, Engine
from edu_hv.isa.codes import PSA, Class
from edu_hv.isa.formats import Format
from edu_hv.isa.table import BY_MNEMONIC, Group
from edu_hv.machine.ccw import CCW
from edu_hv.machine.machine import Machine
from edu_hv.machine.psw import PSW

CODE, DATA, TABLE, TEMPLATES = 0x1000, 0x2000, 0x3000, 0x1E00
SEGMENTS, PAGES = 0x8000, 0x8100
ALIASES = {0x9: 0x2, 0xA: 0x1, 0xB: 0x7, 0xC: 0x6}
"""Pages that lead to another frame, under DAT: of data, of code, and two in reverse order."""
HANDLERS = 0x200
READER, CCW_AT = 0x00C, 0x3D0
TIMER_AGAIN, NEVER_AGAIN = 0x3CC, 0x3E8
"""What the external interruption's handler sets the interval timer to, and the other two clocks."""
FREE = [0, 1, 2, 4, 5, 6, 7, 8, 9, 14, 15]
"""Registers that programs use; 10 to 13 are bases, 3 counts the rounds of the loop."""
SPECIAL = ("EX", "MVCL", "CLCL", "SSM", "LPSW", "SVC", "STCK", "CVB", "CVD", "AP", "ISK", "SPKA", "MVCIN", "DD", "MXR")
"""Not compiled, or compiled in a way of their own."""
BRANCHES = ("BC", "BCR", "BCT", "BCTR", "BAL", "BALR", "BAS", "BASR", "BXH", "BXLE")
FLOATING = [row for row in COMPILED.values() if row.group is Group.FLOATING_POINT]
PLAIN = [row for row in COMPILED.values() if row.mnemonic not in BRANCHES and row not in FLOATING]


def encode(mnemonic: str, *fields: int) -> bytes:
    """An instruction from its operation code and the nibbles and bytes that follow: RR, RX, RS, SI and SS."""
    row = BY_MNEMONIC[mnemonic]
    code = row.code.to_bytes(2 if row.two_byte else 1, "big")
    return (code + bytes(fields) + bytes(4))[: row.format.length]


def based(base: int, displacement: int) -> bytes:
    """Base and displacement."""
    return bytes([base << 4 | displacement >> 8, displacement & 0xFF])


@dataclass
class Program:
    """What a machine is set up with."""

    size: int
    storage: dict[int, bytes]
    keys: bytes
    gr: list[int]
    fpr: list[int]
    cr: dict[int, int]
    psw: bytes
    comparator: int
    cpu_timer: int
    """Microseconds after which the two clocks interrupt."""
    cards: list[bytes]

    def machine(self) -> Machine:
        """A machine about to execute it."""
        machine = Machine(self.size)
        machine.clocks.clock_comparator = machine.clocks.tod + (self.comparator << 12)
        machine.clocks.cpu_timer = self.cpu_timer << 12
        reader = CardReader()
        reader.load(self.cards)
        machine.channels.attach(READER, reader)
        for address, text in self.storage.items():
            machine.storage.write(address, text)
        machine.storage.keys[: len(self.keys)] = self.keys
        machine.cpu.gr[:] = self.gr
        machine.cpu.fpr[:] = self.fpr
        for number, value in self.cr.items():
            machine.cpu.cr[number] = value
        machine.cpu.load_psw(PSW.from_bytes(self.psw))
        return machine


@dataclass
class Generator:
    """Makes one program from a seed."""

    random: Random
    text: bytearray = field(default_factory=bytearray)

    def chance(self, probability: float) -> bool:
        """Whether something rare happens."""
        return self.random.random() < probability

    def register(self) -> int:
        """A register to work with; now and then one that is a base."""
        return self.random.randrange(16) if self.chance(0.01) else self.random.choice(FREE)

    def displacement(self) -> int:
        """Anywhere in 4K, often where an operand crosses into another block or line."""
        if self.chance(0.15):
            return self.random.choice((0x7FA, 0x7FD, 0x7FE, 0x7FF, 0x801, 0xFFE, 0xFFF, 0x7C0))
        return self.random.randrange(0x400) * self.random.choice((1, 2, 4)) & 0xFFF

    def operand(self) -> bytes:
        """Base and displacement of data; rarely the code itself, or an address that wraps at 16 MiB."""
        base = self.random.choices((11, 10, 12, 13, self.random.randrange(16)), (40, 40, self.own_code, 4, 2))[0]
        return based(base, self.displacement())

    own_code: float = 2.0
    floating_share: float = 0.1
    characteristics: tuple[int, int] = (0x3E, 0x44)
    """The first and the last: near each other for sums that are not trivial, at an end for exponent exceptions."""

    def number(self) -> int:
        """A long floating-point number, normalized or not; also a zero."""
        first, last = self.characteristics
        fraction = self.random.choice((self.random.getrandbits(56), 0x00100000000000, 0, 0xFFFFFFFFFFFFFF, 1))
        fraction >>= 4 * self.random.choice((0, 0, 0, 0, 1, 2, 7, 13))
        return self.random.randrange(2) << 63 | self.random.randint(first, last) << 56 | fraction

    def floating(self) -> bytes:
        """One compiled floating-point instruction; rarely with a register that is none."""
        row = self.random.choice(FLOATING)
        first, second = (
            self.random.randrange(16) if self.chance(0.005) else self.random.choice((0, 2, 4, 6)) for _ in range(2)
        )
        if row.format is Format.RR_F:
            return encode(row.mnemonic, first << 4 | second)
        place = based(10, 8 * self.random.randrange(0x100) + self.random.choice((0, 0, 0, 4)))
        return encode(row.mnemonic, first << 4, *(place if self.chance(0.9) else self.operand()))

    def plain(self) -> bytes:
        """One compiled instruction that is no branch."""
        if self.chance(self.floating_share):
            return self.floating()
        row = self.random.choice(PLAIN)
        first, second = self.register(), self.register()
        match row.format:
            case Format.RR | Format.RR_ONE:
                return encode(row.mnemonic, first << 4 | second)
            case Format.RX:
                index = self.random.choice((0, 0, 0, 0, self.register()))
                return encode(row.mnemonic, first << 4 | index, *self.operand())
            case Format.RS_SHIFT:
                return encode(row.mnemonic, first << 4, *based(0, self.random.randrange(70)))
            case Format.RS if row.mnemonic in ("LM", "STM"):
                first, last = self.random.choice(((0, 2), (4, 9), (14, 2), (14, 1), (5, 5), (7, 6)))
                if row.mnemonic == "LM" and last == 6:
                    last = 8
                return encode(row.mnemonic, first << 4 | last, *self.operand())
            case Format.SS:
                length = self.random.choice((0, 1, 3, 7, self.random.randrange(80), 255 if self.chance(0.2) else 5))
                return encode(row.mnemonic, length, *self.operand(), *self.operand())
            case Format.SI:
                return encode(row.mnemonic, self.random.randrange(256), *self.operand())
            case _:
                return encode(row.mnemonic, first << 4 | second, *self.operand(), *self.operand())

    def special(self) -> bytes:
        """An instruction that is left to the CPU, or EXECUTE."""
        mnemonic = self.random.choice(SPECIAL)
        if self.chance(0.5):
            return encode("EX", self.register() << 4, *based(12, TEMPLATES - CODE + 8 * self.random.randrange(16)))
        match BY_MNEMONIC[mnemonic].format:
            case Format.RR:
                return encode(mnemonic, self.random.choice((0x48, 0x84, 0x46)))
            case Format.RX:
                return encode(mnemonic, self.register() << 4, *self.operand())
            case Format.RR_SVC:
                return encode(mnemonic, self.random.randrange(256))
            case Format.S:
                return encode(mnemonic, *(() if BY_MNEMONIC[mnemonic].two_byte else (0,)), *self.operand())
            case _:
                return encode(mnemonic, self.random.choice((0, 0x11, 0x33, 7)), *self.operand(), *self.operand())

    def emit_branch(self) -> None:
        """A branch forward over one or two instructions, a call, or a loop of a few rounds."""
        kind, at = self.random.randrange(6), len(self.text)
        body = b"".join(self.plain() for _ in range(self.random.randrange(1, 3)))
        match kind:
            case 0 | 1:
                mask = self.random.randrange(16)
                self.text += encode("BC", mask << 4, *based(12, at + 4 + len(body))) + body
            case 2:  # Over the body by register.
                self.text += encode("BALR", 0xE0) + encode("LA", 0xE0, *based(14, 8 + len(body)))
                self.text += encode("BCR", self.random.randrange(16) << 4 | 14, 0)[:2] + encode("BCTR", 0x20) + body
            case 3:
                self.text += encode("LA", 0x90, *based(0, self.random.randrange(1, 6))) + body
                self.text += encode("BCT", 0x90, *based(12, at + 4))
            case 4:
                self.text += encode("LA", 0x60, *based(0, 2)) + encode("LA", 0x70, *based(0, 8))
                self.text += encode("SR", 0x55) + body + encode("BXLE", 0x56, *based(12, at + 10))
            case _:
                call = self.random.choice(("BAL", "BAS"))
                self.text += encode(call, 0xE0, *based(12, 0xD00 + 0x20 * self.random.randrange(2)))

    def code(self) -> bytes:
        """The program: a loop, over and over."""
        self.text += encode("LA", 0x30, *based(0, 40))
        if self.chance(0.3):
            self.text += encode("BC", 0xF0, *based(12, 0x7D8))
            self.text += bytes(0x7D8 - len(self.text))
        start = len(self.text)
        for _ in range(self.random.randrange(4, 24)):
            kind = self.random.random()
            if kind < 0.12:
                self.emit_branch()
            else:
                self.text += self.special() if kind < 0.17 else self.plain()
        self.text += encode("BCT", 0x30, *based(12, start)) + encode("LA", 0x30, *based(0, 30))
        return bytes(self.text + encode("BC", 0xF0, *based(12, start)))

    def subroutine(self) -> bytes:
        """Ends with a return by register 14."""
        return b"".join(self.plain() for _ in range(3)) + encode("BCR", 0xFE)

    def handler(self, old: int, translating: bool) -> bytes:
        """Go on behind the interrupted instruction, or begin again with the registers of the start."""
        resume = encode("LPSW", 0, *based(0, old))
        begin = encode("LM", 0x0F, *based(0, 0x380)) + encode("LPSW", 0, *based(0, 0x3C0))
        clocks = b""
        if old == Class.EXTERNAL.old_psw:
            clocks = encode("MVC", 3, *based(0, PSA.INTERVAL_TIMER), *based(0, TIMER_AGAIN))
            clocks += encode("SCKC", *based(0, NEVER_AGAIN)) + encode("SPT", *based(0, NEVER_AGAIN + 8))
        if old in (Class.EXTERNAL.old_psw, Class.INPUT_OUTPUT.old_psw):
            return clocks + resume
        if translating or self.chance(0.3):
            return begin
        return encode("LM", 0xAD, *based(0, 0x3A8)) + resume

    def program(self) -> Program:
        """A whole program."""
        random = self.random
        self.own_code = random.choice((0.0, 0.3, 3.0))
        self.floating_share = random.choice((0.05, 0.3, 0.8))
        self.characteristics = random.choice(
            ((0x3E, 0x44), (0x3E, 0x44), (0x38, 0x4F), (0, 0x7F), (0, 9), (0x77, 0x7F))
        )
        translating = self.chance(0.3)
        size = (16 << 20) if self.chance(0.25) else 0x10000
        gr = [random.choice((random.getrandbits(32), random.randrange(256))) for _ in range(16)]
        bases = [TABLE, DATA, CODE, random.choice((0xFFFF00, 0x4000, 0x9000, 0x50))]
        if translating and self.chance(0.5):
            bases[1:3] = [0x9000, 0xA000]
        gr[10:14] = [base | random.choice((0, 0x40000000)) for base in bases]
        gr[3] = 30
        psw = PSW(
            ec_mode=translating or self.chance(0.3),
            problem_state=self.chance(0.5),
            key=random.choice((0, 3, 3)),
            program_mask=random.choice((0, 0, 1, 2, 15)),
            cc=random.randrange(4),
            instruction_address=bases[2],
        )
        enabled = self.chance(0.6)
        psw.system_mask = (0x04 if translating else 0) | ((0x03 if psw.ec_mode else 0x81) if enabled else 0)
        storage = self._storage(translating, psw, gr)
        keys = bytes(random.choices((0x30, 0x38, 0x00, 0x40, 0x48), (60, 30, 4, 3, 3))[0] for _ in range(32))
        cr = {0: 0x00800CE0, 1: SEGMENTS}
        clocks = random.randrange(6000), random.randrange(6000)
        cards = [(b"".join(self.plain() for _ in range(40)) + bytes(80))[:80] for _ in range(6)]
        fpr = [self.number() for _ in range(4)]
        return Program(size, storage, keys, gr, fpr, cr, psw.to_bytes(), *clocks, cards)

    def _storage(self, translating: bool, psw: PSW, gr: list[int]) -> dict[int, bytes]:
        random = self.random
        storage = {
            0x380: b"".join(value.to_bytes(4, "big") for value in gr),
            0x3C0: psw.to_bytes(),
            PSA.INTERVAL_TIMER: random.randrange(300).to_bytes(4, "big"),
            TIMER_AGAIN: random.randrange(1, 400).to_bytes(4, "big"),
            NEVER_AGAIN: b"\xff" * 8 + b"\x7f" + b"\xff" * 7,
            PSA.CAW: CCW_AT.to_bytes(4, "big"),
            CCW_AT: CCW(2, CODE + 2 * random.randrange(400), 0x20, random.choice((2, 6, 80))).to_bytes(),
            DATA: random.randbytes(0x1000),
            TABLE: b"".join(self.number().to_bytes(8, "big") for _ in range(0x200)),
            0x4000: random.randbytes(0x1000),
            CODE: self.code(),
            CODE + 0xD00: self.subroutine(),
            CODE + 0xD20: self.subroutine(),
            TEMPLATES: b"".join((self.plain() + bytes(8))[:8] for _ in range(16)),
        }
        for number, kind in enumerate(Class):
            place = HANDLERS + 0x20 * number
            storage[place] = self.handler(kind.old_psw, translating)
            storage[kind.new_psw] = PSW(ec_mode=psw.ec_mode, instruction_address=place).to_bytes()
        if translating:
            storage[SEGMENTS] = (0xF0000000 | PAGES).to_bytes(4, "big") * 16
            storage[PAGES] = b"".join((ALIASES.get(page, page) << 4).to_bytes(2, "big") for page in range(16))
        return storage


State = dict[str, object]


def state_of(machine: Machine) -> State:
    """Everything that must be the same."""
    cpu = machine.cpu
    return {
        "gr": tuple(f"{value:08X}" for value in cpu.gr),
        "fpr": tuple(f"{value:016X}" for value in cpu.fpr),
        "psw": str(cpu.psw),
        "storage": bytes(machine.storage.data[: min(machine.storage.size, 0x10000)]),
        "top": bytes(machine.storage.data[-4096:]),
        "keys": bytes(machine.storage.keys),
        "units": (machine.units, machine.steps, machine.instructions, machine.clocks.now),
        "cr": tuple(cpu.cr),
        "pending": (machine.recognized, machine.interval_timer_pending, machine.interrupt_key_pending),
        "channels": machine.channels.state(),
    }


def differences(ours: State, theirs: State) -> list[str]:
    """What differs, in words."""
    found = []
    for name, value in ours.items():
        other = theirs[name]
        if value == other:
            continue
        if isinstance(value, bytes) and isinstance(other, bytes):
            places = [at for at, (a, b) in enumerate(zip(value, other, strict=True)) if a != b]
            first = places[0]
            found.append(f"{name}: {len(places)} bytes, first {first:X}: {value[first]:02X} {other[first]:02X}")
        else:
            found.append(f"{name}: {value} {other}")
    return found


THRESHOLDS = (NEVER, 2)
"""Of the engines that are compared: the interpreter alone, and regions made as early as can be."""


def run_with_stops(machine: Machine, units: int, stops: set[int]) -> int:
    """Do so many units; how many instructions at stops were come to."""
    met, end = 0, machine.units + units
    while machine.units < end:
        at_stop = machine.at_boundary and machine.cpu.psw.instruction_address in stops
        met += at_stop
        compiled = 0 if at_stop else machine.run_compiled(end - machine.units)
        if not compiled and not machine.advance():
            break  # A wait that nothing will end.
    return met


@dataclass
class Tally:
    """What was compared."""

    programs: int = 0
    units: int = 0
    compiled: Counter[int] = field(default_factory=Counter)
    """Instructions, by threshold."""
    regions: int = 0
    stops: int = 0


def disturb(machine: Machine, happens: str) -> None:
    """Let something come from outside."""
    if happens == "key":
        machine.press_interrupt_key()
    elif happens == "card":
        machine.channels.start_io(machine.cpu, READER)


def check_program(seed: int, tally: Tally, thresholds: tuple[int, ...] = THRESHOLDS) -> list[str]:
    """Run one program on all; what differs first.  In a part of them there are stops, which must all be met."""
    generator = Generator(Random(seed))
    random, program = generator.random, generator.program()
    alone, others = program.machine(), [program.machine() for _ in thresholds]
    engines = [Engine(machine.cpu, threshold) for machine, threshold in zip(others, thresholds, strict=True)]
    for machine, engine in zip(others, engines, strict=True):
        machine.engine = engine
    tally.programs += 1
    for _ in range(20):
        happens = random.choice(("", "", "", "", "key", "card"))
        for machine in (alone, *others):
            disturb(machine, happens)
        units = random.choice((1, 2, 17, random.randrange(1, 200), random.randrange(1, 1500)))
        stops = {CODE + 2 * random.randrange(100) for _ in range(random.choice((0, 0, 3)))}
        met = run_with_stops(alone, units, stops)
        expected = state_of(alone) | {"stops": met}
        tally.units += units
        tally.stops += met
        for machine, engine, threshold in zip(others, engines, thresholds, strict=True):
            engine.stops = stops
            met = run_with_stops(machine, units, stops)
            found = differences(expected, state_of(machine) | {"stops": met})
            if found:
                return [f"seed {seed}, threshold {threshold}, unit {alone.units}", *found]
    for engine, threshold in zip(engines, thresholds, strict=True):
        tally.compiled[threshold] += engine.executed
        tally.regions += engine.compiled
    return []


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--programs", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    tally, failures, start = Tally(), 0, time.monotonic()
    for seed in range(options.seed, options.seed + options.programs):
        found = check_program(seed, tally)
        if found:
            failures += 1
            print("\n   ".join(found), flush=True)
        if failures > 5:
            break
    seconds = time.monotonic() - start
    compared = f"{tally.programs} programs, {tally.units} units, {tally.stops} stops"
    print(f"{compared}, compiled {dict(tally.compiled)}, {tally.regions} regions, {failures} differ, {seconds:.0f} s")
    raise SystemExit(bool(failures))


if __name__ == "__main__":
    main()
