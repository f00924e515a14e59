"""Regions: a piece of a program that is executed often, compiled with its operand fields fixed.

A region is the instructions that can be reached within one 2K block from the place where it begins; branches between
them become loops and blocks.  General registers are local variables.  Branch addresses depend on base registers, whose
values are taken as they are now: the region refuses to begin when they are others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from edu_hv.engine import memory
from edu_hv.engine.evaluator import Evaluator
from edu_hv.engine.interpreter import COMPILED, Reason
from edu_hv.engine.target import Target, address_sum
from edu_hv.engine.wasm import U64_HIGH, Code, Operand, Value, i32, i64
from edu_hv.isa.codes import MASK_24
from edu_hv.isa.formats import Format, instruction_length
from edu_hv.isa.table import Operation
from edu_hv.machine.instructions.registry import SEMANTICS
from edu_hv.machine.storage import BLOCK, LINE_SHIFT

LONGEST = 96
"""Instructions in a region."""
LARGEST = 1500
"""Lines of code after which a region ends, so that compiling it takes no time that a person would notice."""
INDEXED = ("BC", "BCT", "BAL", "BAS")
BRANCHES = (*INDEXED, "BXH", "BXLE")
LINKS = ("BAL", "BAS", "BALR", "BASR")


@dataclass(frozen=True)
class Placed:
    """An instruction of a region.  `address`: logical."""

    address: int
    text: bytes
    row: Operation

    @property
    def next(self) -> int:
        """The address behind it."""
        return self.address + len(self.text)

    @property
    def branches(self) -> bool:
        """Whether it may branch to an address that base and index registers tell."""
        return self.row.mnemonic in BRANCHES and not (self.row.mnemonic == "BC" and self.text[1] < 0x10)

    @property
    def bases(self) -> frozenset[int]:
        """The registers on which the branch address depends."""
        if not self.branches:
            return frozenset()
        return frozenset({self.text[2] >> 4, self.text[1] & 15 if self.row.mnemonic in INDEXED else 0} - {0})

    def target(self, registers: list[int]) -> int:
        """Where it branches to with these registers."""
        fields = self.text[2] >> 4, self.text[1] & 15 if self.row.mnemonic in INDEXED else 0
        displacement = (self.text[2] & 15) << 8 | self.text[3]
        return displacement + sum(registers[number] for number in fields if number) & MASK_24


@dataclass
class Shape:
    """What a region consists of, and how its branches become loops and blocks.  Numbers are indexes of instructions."""

    placed: list[Placed]
    bases: dict[int, int]
    """Registers on which branch addresses depend, with their values (24 bits)."""
    loops: dict[int, int] = field(default_factory=dict)
    """From the first instruction to the last."""
    blocks: dict[int, int] = field(default_factory=dict)
    """From the instruction behind the block, where branches out of it lead, to the first in it."""

    def __post_init__(self) -> None:
        self.index = {instruction.address: number for number, instruction in enumerate(self.placed)}


class Reader:
    """Reads a program where it is now.  `data`: the 2K block that the logical address `start` is in."""

    def __init__(self, data: bytes, start: int, registers: list[int], stops: set[int]) -> None:
        self.data, self.first = data, start & ~(BLOCK - 1)
        self.registers, self.stops = registers, stops

    def instruction(self, address: int) -> Placed | None:
        """The instruction at a logical address, or None where a region ends."""
        at = address - self.first
        if not 0 <= at < BLOCK or address & 1 or address in self.stops:
            return None
        text = self.data[at : at + instruction_length(self.data[at])]
        row = COMPILED.get(text[0])
        if row is None or at + len(text) > BLOCK or len(text) != instruction_length(text[0]):
            return None
        return Placed(address, text, row)

    def shape(self, start: int) -> Shape:
        """All that can be reached from `start` within the block, and is not before it."""
        waiting, found, bases = [start], dict[int, Placed](), set[int]()
        while waiting and len(found) < LONGEST:
            address: int | None = waiting.pop(0)
            while address is not None and address not in found and len(found) < LONGEST:
                instruction = self.instruction(address)
                if instruction is None:
                    break
                found[address] = instruction
                bases |= instruction.bases
                if instruction.branches:
                    waiting += [target for target in (instruction.target(self.registers),) if target > start]
                address = None if ends(instruction) else instruction.next
        values = {base: self.registers[base] & MASK_24 for base in sorted(bases)}
        return Shape([found[address] for address in sorted(found)], values)


def ends(instruction: Placed) -> bool:
    """Whether nothing follows an instruction in sequence.

    A linkage register is likely to become a base, which must have its value when a region begins.
    """
    text = instruction.text
    return instruction.row.mnemonic in LINKS or (instruction.row.mnemonic in ("BC", "BCR") and text[1] >> 4 == 15)


def structure(shape: Shape, targets: Mapping[int, int]) -> None:
    """Find loops and blocks for the branches, `targets` by number of the branch, so that they lie within each other."""
    loops = shape.loops
    for number, target in sorted(targets.items()):
        if target <= number:
            loops[target] = max(loops.get(target, 0), number)
    for first in sorted(loops):  # A loop that another one leads out of takes in the rest of that one.
        for other in sorted(loops):
            if first < other <= loops[first] < loops[other]:
                loops[first] = loops[other]
    blocks: dict[int, int] = {}
    for number, target in sorted(targets.items()):
        if target > number and not any(number < first < target <= last for first, last in loops.items()):
            blocks[target] = min(blocks.get(target, number), number)
    shape.blocks = _nested(blocks, loops)


def _nested(blocks: dict[int, int], loops: dict[int, int]) -> dict[int, int]:
    """Begin blocks earlier until none begins inside a loop or a block that ends before it does."""
    changed = True
    while changed:
        changed = False
        for end, start in sorted(blocks.items()):
            around = [first for first, last in loops.items() if first < start <= last < end]
            around += [other for other_end, other in blocks.items() if other < start < other_end < end]
            if around:
                blocks[end] = min(around)
                changed = True
    return blocks


class Rewritten(Exception):
    """A register taken for constant is changed in the region."""

    def __init__(self, register: int) -> None:
        super().__init__(register)
        self.register = register


class RegionTarget(Target):
    """The CPU in a region: registers are local variables, everything about the instruction is known."""

    def __init__(self, code: Code, shape: Shape) -> None:
        super().__init__(code)
        self.shape = shape
        self.used: set[int] = set()
        self.written: set[int] = set()
        self.floating: set[int] = set()
        self.floating_written: set[int] = set()
        self.number = 0
        """Of the instruction being compiled."""
        self.pending = 0
        """Instructions executed that the budget does not show yet."""

    @property
    def placed(self) -> Placed:
        """The instruction being compiled."""
        return self.shape.placed[self.number]

    def load_register(self, number: Operand) -> Value:
        """A register's content, as a copy."""
        assert not isinstance(number, Value)
        self.used.add(number)
        return self.code.copied(Value(f"(local.get $r{number})"))

    def store_register(self, number: Operand, value: Operand) -> None:
        """Replace a register's content."""
        assert not isinstance(number, Value)
        if number in self.shape.bases:
            raise Rewritten(number)
        self.used.add(number)
        self.written.add(number)
        self.code.emit(f"(local.set $r{number} {i64(value)})")

    def load_floating(self, number: Operand) -> Value:
        """A floating-point register's content, as a copy."""
        assert not isinstance(number, Value)
        self.floating.add(number)
        return self.code.copied(Value(f"(local.get $f{number})", 0, U64_HIGH))

    def store_floating(self, number: Operand, value: Operand) -> None:
        """Replace a floating-point register's content."""
        assert not isinstance(number, Value)
        self.floating.add(number)
        self.floating_written.add(number)
        self.code.emit(f"(local.set $f{number} {i64(value)})")

    def leaving(self) -> str:
        """Code that leaves before this instruction."""
        return self.exit(Reason.LEFT, self.placed.address, self.pending)

    def exit(self, reason: Reason, address: Operand, executed: int) -> str:
        """Code that ends the region, so many instructions after the budget was last counted."""
        code = "" if self.lazy is None else f"(local.set $cc {i64(self.lazy.value())})"
        budget = f"(local.set $budget (i64.sub (local.get $budget) (i64.const {executed})))" if executed else ""
        return f"{code}{budget}(local.set $pc {i32(address)})(local.set $reason (i32.const {reason:d}))(br $exit)"

    def count(self) -> None:
        """Let the budget show the instructions executed."""
        if self.pending:
            self.code.emit(f"(local.set $budget (i64.sub (local.get $budget) (i64.const {self.pending})))")
            self.pending = 0

    def jump(self, address: Operand) -> None:
        """Go on at another instruction, in the region or outside."""
        self.commit()
        if self._code_set is not None:
            self.lazy, self._code_set = self._code_set, None
        pending = self.pending
        self.pending += 1
        number = None if isinstance(address, Value) else self.shape.index.get(address)
        if number is not None and self.shape.loops.get(number, -1) >= self.number >= number:
            self.settle_code()
            self.count()
            self.code.emit(f"(br_if $loop{number} (i64.ge_s (local.get $budget) (i64.const {len(self.shape.placed)})))")
        elif number is not None and self.shape.blocks.get(number, self.number + 1) <= self.number < number:
            self.settle_code()
            self.count()
            self.code.emit(f"(br $block{number})")
        self.code.emit(self.exit(Reason.LIMIT, address, self.pending))
        self.pending = pending

    def next_address(self) -> Operand:
        """The address of the next instruction."""
        return self.placed.next & MASK_24

    def length_code(self) -> Operand:
        """The ILC of this instruction."""
        return len(self.placed.text) >> 1

    def address(self, *registers: int, displacement: int) -> Operand:
        """An effective address; base registers of branches are constants."""
        parts: list[Operand] = [displacement]
        for register in filter(None, registers):
            parts.append(self.shape.bases[register] if register in self.shape.bases else self.gr.read(register))
        return address_sum(self, parts)


def _floating_place(number: int) -> str:
    return f"offset={memory.FLOATING_REGISTERS + 8 * number} (i32.const 0)"


def _based(target: RegionTarget, text: bytes, at: int, index: int = 0) -> Operand:
    return target.address(text[at] >> 4, index, displacement=(text[at] & 15) << 8 | text[at + 1])


OPERANDS: dict[Format, Callable[[RegionTarget, bytes], list[Operand]]] = {
    Format.RR: lambda target, t: [t[1] >> 4, t[1] & 15],
    Format.RR_F: lambda target, t: [t[1] >> 4, t[1] & 15],
    Format.RR_MASK: lambda target, t: [t[1] >> 4, t[1] & 15],
    Format.RR_ONE: lambda target, t: [t[1] >> 4],
    Format.RX: lambda target, t: [t[1] >> 4, _based(target, t, 2, t[1] & 15)],
    Format.RX_F: lambda target, t: [t[1] >> 4, _based(target, t, 2, t[1] & 15)],
    Format.RX_MASK: lambda target, t: [t[1] >> 4, _based(target, t, 2, t[1] & 15)],
    Format.RS: lambda target, t: [t[1] >> 4, t[1] & 15, _based(target, t, 2)],
    Format.RS_MASK: lambda target, t: [t[1] >> 4, t[1] & 15, _based(target, t, 2)],
    Format.RS_SHIFT: lambda target, t: [t[1] >> 4, _based(target, t, 2)],
    Format.SI: lambda target, t: [_based(target, t, 2), t[1]],
    Format.SS: lambda target, t: [t[1] + 1, _based(target, t, 2), _based(target, t, 4)],
    Format.SS_TWO: lambda target, t: [(t[1] >> 4) + 1, _based(target, t, 2), (t[1] & 15) + 1, _based(target, t, 4)],
}
"""The operands in the order in which the instruction's function takes them: as in `registry.DECODERS`."""


@dataclass(frozen=True)
class Region:
    """A compiled region.  `start`: logical; `lines`: of absolute storage, those its instructions are in."""

    start: int
    text: str
    length: int
    lines: frozenset[int]


def compile_region(data: bytes, start: int, absolute: int, registers: list[int], stops: set[int]) -> Region | None:
    """Make the region at logical address `start`, which is `absolute`; None when nothing there can be compiled.

    `data`: the 2K block; `stops`: addresses that no region may contain.
    """
    shape = Reader(data, start, registers, stops).shape(start)
    if not shape.placed:
        return None
    text = _text_of(shape, registers, start, absolute)
    offset = absolute - start
    ends_ = [(placed.address + offset, placed.next - 1 + offset) for placed in shape.placed]
    lines = {line for first, last in ends_ for line in range(first >> LINE_SHIFT, (last >> LINE_SHIFT) + 1)}
    return Region(start, text, len(shape.placed), frozenset(lines))


def _text_of(shape: Shape, registers: list[int], start: int, absolute: int) -> str:
    """The module; base registers that the region changes are not taken for constants."""
    while True:
        try:
            return _Maker(shape, registers).module(start, absolute)
        except Rewritten as rewritten:
            del shape.bases[rewritten.register]


class _Maker:
    """Writes the module of a region."""

    def __init__(self, shape: Shape, registers: list[int]) -> None:
        self.shape, self.registers = shape, registers
        self.code = Code({})
        self.target = RegionTarget(self.code, shape)
        self.evaluator = Evaluator(self.target)

    @staticmethod
    def _following(start: int, absolute: int) -> str:
        """Go on in another region, if there is one in the same 2K block where this one ended."""
        block, place = f"(i32.const {start & ~(BLOCK - 1)})", "(local.get $following)"
        at = f"(i32.add (local.get $pc) (i32.const {absolute - start}))"
        return f"""(if (i32.and (i32.eqz (local.get $reason))
  (i32.lt_u (i32.rotr (i32.sub (local.get $pc) {block}) (i32.const 1)) (i32.const {BLOCK >> 1}))) (then
 (local.set $following (i32.load16_u offset={memory.PLACES} {at}))
 (if (i32.ge_u {place} (i32.const {memory.FIRST_REGION})) (then
  (return_call_indirect (type $region) (i32.sub {place} (i32.const {memory.FIRST_REGION})))))))"""

    def module(self, start: int, absolute: int) -> str:
        """The text of the module; its function returns why it ended: `Reason`."""
        structure(self.shape, self._targets())
        self._body()
        used, written = sorted(self.target.used), sorted(self.target.written)
        floating, floating_written = sorted(self.target.floating), sorted(self.target.floating_written)
        guards = "".join(
            f"(if (i32.ne (i32.and (i32.load offset={4 * number} (i32.const 0)) (i32.const {MASK_24})) "
            f"(i32.const {value})) (then (return (i32.const {Reason.REFUSED:d}))))"
            for number, value in sorted(self.shape.bases.items())
        )
        return "\n".join(
            [
                f'(module (import "engine" "memory" (memory {memory.pages(0)}))',
                '(import "engine" "look_fetch" (func $look_fetch (param i32 i32 i32 i32) (result i32)))',
                '(import "engine" "look_store" (func $look_store (param i32 i32 i32 i32) (result i32)))',
                '(import "engine" "regions" (table 1 funcref)) (type $region (func (result i32)))',
                '(func (export "region") (result i32) (local $pc i32) (local $cc i64) (local $budget i64)',
                "(local $reason i32) (local $fetch_map i32) (local $store_map i32) (local $following i32)",
                *(f"(local $r{number} i64)" for number in used),
                *(f"(local $f{number} i64)" for number in floating),
                *(f"(local {name} {type_})" for name, type_ in self.code.locals.items()),
                f"(if (i32.ne (i32.load offset={memory.ADDRESS} (i32.const 0)) (i32.const {start}))",
                f"(then (return (i32.const {Reason.REFUSED:d})))) {guards}",
                f"(local.set $budget (i64.load offset={memory.BUDGET} (i32.const 0)))",
                f"(if (i64.lt_s (local.get $budget) (i64.const {len(self.shape.placed)}))",
                f"(then (return (i32.const {Reason.SHORT:d}))))",
                f"(local.set $cc (i64.load32_u offset={memory.CODE} (i32.const 0)))",
                f"(local.set $fetch_map (i32.load offset={memory.FETCH_MAP} (i32.const 0)))",
                f"(local.set $store_map (i32.load offset={memory.STORE_MAP} (i32.const 0)))",
                *(f"(local.set $r{number} (i64.load32_u offset={4 * number} (i32.const 0)))" for number in used),
                *(f"(local.set $f{number} (i64.load {_floating_place(number)}))" for number in floating),
                "(block $exit",
                *self.code.lines,
                ")",
                *(f"(i64.store32 offset={4 * number} (i32.const 0) (local.get $r{number}))" for number in written),
                *(f"(i64.store {_floating_place(number)} (local.get $f{number}))" for number in floating_written),
                f"(i32.store offset={memory.ADDRESS} (i32.const 0) (local.get $pc))",
                f"(i64.store32 offset={memory.CODE} (i32.const 0) (local.get $cc))",
                f"(i64.store offset={memory.BUDGET} (i32.const 0) (local.get $budget))",
                self._following(start, absolute),
                "(local.get $reason)))",
            ]
        )

    def _targets(self) -> dict[int, int]:
        """Branches within the region whose address is constant: from number to number."""
        shape = self.shape
        constant = [
            (number, placed.target(self.registers))
            for number, placed in enumerate(shape.placed)
            if placed.branches and placed.bases <= shape.bases.keys()
        ]
        return {number: shape.index[target] for number, target in constant if target in shape.index}

    def _body(self) -> None:
        """All instructions in the order of their addresses, in their loops and blocks."""
        shape, code = self.shape, self.code
        last = len(shape.placed)
        opening: dict[int, list[tuple[int, str]]] = {}
        for first, end in shape.loops.items():
            opening.setdefault(first, []).append((end + 1, f"(loop $loop{first}"))
        for end, first in shape.blocks.items():
            opening.setdefault(first, []).append((end, f"(block $block{end}"))
        open_: list[int] = []
        reached = True
        for number in range(last + 1):
            if number in open_ or number in opening:
                self._meet(reached)
                reached = True
            while open_ and open_[-1] == number:
                open_.pop()
                code.emit(")")
            for end, text in sorted(opening.get(number, ()), key=lambda item: (-item[0], item[1])):
                open_.append(end)
                code.emit(text)
            if number < last:
                reached = self._instruction(number, reached)

    def _meet(self, reached: bool) -> None:
        """Paths meet here: all have the condition code and the budget in their variables."""
        if reached:
            self.target.settle_code()
            self.target.count()
        self.target.lazy, self.target.pending = None, 0

    def _instruction(self, number: int, reached: bool) -> bool:
        """One instruction; whether the one behind it can be reached from it."""
        shape, target = self.shape, self.target
        target.number = number
        placed = shape.placed[number]
        if not reached:
            return False  # Only branches that could not be made part of the region would come here.
        if number and len(self.code.lines) > LARGEST:
            self.code.emit(target.exit(Reason.LIMIT, placed.address, target.pending))
            return False
        operands = OPERANDS[placed.row.format](target, placed.text)
        reached = self.evaluator.instruction(SEMANTICS[placed.row.mnemonic], operands)
        target.pending += 1
        if reached and shape.index.get(placed.next) != number + 1:
            self.code.emit(target.exit(Reason.LIMIT, placed.next & MASK_24, target.pending))
            return False
        return reached
