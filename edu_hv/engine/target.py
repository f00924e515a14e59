"""The CPU as an instruction's function sees it while it is compiled.

`Target` has the names that `CPU` has.  What would be an interruption is an exit here: compiled code leaves *before* the
instruction, and the CPU executes it.  So nothing may have changed when an exit is still possible; that is enforced.
Register changes are kept back until the end of the instruction.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from edu_hv.engine.lazy import Kind, LazyCode, overflows
from edu_hv.engine.memory import PROGRAM_MASK, STORAGE
from edu_hv.engine.wasm import (
    U64_HIGH,
    Code,
    NotCompilable,
    Operand,
    Value,
    binary,
    bounds,
    condition,
    i32,
    i64,
    sign_extended,
)
from edu_hv.isa.codes import MASK_24, MASK_32
from edu_hv.machine.instructions import conditions, fields
from edu_hv.machine.storage import BLOCK

SLOW_PATHS = {False: "$look_fetch", True: "$look_store"}
"""The functions that look closer at an access; by whether it stores."""


class PathEnds(Exception):
    """Nothing follows on this path: it left, branched or broke out of a loop."""


class MustCommit(Exception):
    """A change inside a branch of the code while earlier changes are kept back."""


class CompiledObject:
    """Something whose methods make code when they are called."""


class Registers(CompiledObject):
    """`cpu.gr`."""

    def __init__(self, target: Target) -> None:
        self._target = target

    def read(self, number: Operand) -> Operand:
        """`cpu.gr[number]`."""
        return self._target.read_register(number)

    def write(self, number: Operand, value: Operand) -> None:
        """`cpu.gr[number] = value`."""
        self._target.write_register(number, value)


class FloatingRegisters(Registers):
    """`cpu.fpr`; by index 0 to 3."""

    def read(self, number: Operand) -> Operand:
        """`cpu.fpr[number]`."""
        return self._target.read_floating(number)

    def write(self, number: Operand, value: Operand) -> None:
        """`cpu.fpr[number] = value`."""
        self._target.write_floating(number, value)


class CompiledPSW(CompiledObject):
    """`cpu.psw`."""

    def __init__(self, target: Target) -> None:
        self._target = target

    @property
    def cc(self) -> LazyCode:
        """The condition code."""
        return self._target.condition_code()

    @cc.setter
    def cc(self, value: LazyCode | Operand) -> None:
        self._target.set_condition_code(value)

    @property
    def program_mask(self) -> Operand:
        """The program mask."""
        return self._target.program_mask()

    @program_mask.setter
    def program_mask(self, value: Operand) -> None:
        self._target.set_program_mask(value)

    @property
    def instruction_address(self) -> Operand:
        """The address of the next instruction."""
        return self._target.next_address()


class Field(CompiledObject):
    """Bytes of storage, checked as a whole.  `base`: their absolute address, an i32 expression."""

    def __init__(self, target: Target, base: str) -> None:
        self.target, self.base = target, base

    def _at(self, position: Operand) -> str:
        if position == 0:
            return self.base
        return f"(i32.add {self.base} {i32(position)})"

    def get(self, position: Operand) -> Value:
        """The byte at a position."""
        return Value(f"(i64.load8_u offset={STORAGE} {self._at(position)})", 0, 0xFF)

    def put(self, position: Operand, byte: Operand) -> None:
        """Replace the byte at a position."""
        self.target.change(f"(i64.store8 offset={STORAGE} {self._at(position)} {i64(byte)})")

    def get2(self, position: Operand) -> Operand:
        """The halfword at a position."""
        low_first = f"(i32.load16_u offset={STORAGE} {self._at(position)})"
        word = self.target.code.local("i32")
        self.target.code.emit(f"(local.set {word} {low_first})")
        swapped = f"(i32.or (i32.shl (local.get {word}) (i32.const 8)) (i32.shr_u (local.get {word}) (i32.const 8)))"
        return Value(f"(i64.and (i64.extend_i32_u {swapped}) (i64.const 65535))", 0, 0xFFFF)

    def put2(self, position: Operand, value: Operand) -> None:
        """Replace the halfword at a position."""
        self.put(position, binary(">>", binary("&", value, 0xFFFF), 8))
        self.put(binary("+", position, 1), value)

    def get4(self, position: Operand) -> Value:
        """The word at a position."""
        word = self.target.swapped_word(f"(i32.load offset={STORAGE} {self._at(position)})")
        return Value(f"(i64.extend_i32_u {word})", 0, MASK_32)

    def put4(self, position: Operand, value: Operand) -> None:
        """Replace the word at a position."""
        word = self.target.swapped_word(i32(value))
        self.target.change(f"(i32.store offset={STORAGE} {self._at(position)} {word})")

    def copy(self, source: Field, length: Operand) -> None:
        """Replace bytes by those of another field, one by one from the left."""
        code, count = self.target.code, i32(self.target.code.bind(length))
        overlap = f"(i32.lt_u (i32.sub {self.base} {source.base}) {count})"
        at, loop = code.local("i32"), code.label("copy")
        places = [f"(i32.add {base} (local.get {at}))" for base in (self.base, source.base)]
        with code.inside(f"(if {overlap} (then (local.set {at} (i32.const 0)) (loop {loop}", "))"):
            code.emit(f"(i32.store8 offset={STORAGE} {places[0]} (i32.load8_u offset={STORAGE} {places[1]}))")
            code.emit(f"(local.set {at} (i32.add (local.get {at}) (i32.const 1)))")
            code.emit(f"(br_if {loop} (i32.lt_u (local.get {at}) {count}))")
        ends = [f"(i32.add {base} (i32.const {STORAGE}))" for base in (self.base, source.base)]
        self.target.change(f"(else (memory.copy {ends[0]} {ends[1]} {count})))")

    def check(self, position: Operand) -> None:
        """Nothing: the whole field was checked."""

    def finish(self) -> None:
        """Nothing is left to do: each byte went to storage."""


class Target(CompiledObject):
    """What the interpreter and a region have in common.  Values kept beyond a line of code are bound to locals."""

    ascii = False
    """Compiled code is for System/370, which has no ASCII mode."""

    def __init__(self, code: Code) -> None:
        self.code = code
        self.gr = Registers(self)
        self.fpr = FloatingRegisters(self)
        self.psw = CompiledPSW(self)
        self.depth = 0
        """Branches of the code around this place that are chosen when it runs."""
        self.changed = False
        """Something may have changed since the instruction began."""
        self.exits = 0
        """Exits made so far."""
        self.lazy: LazyCode | None = None
        """What the condition code was set from; None when it is in its variable."""
        self._written: list[tuple[Operand, Operand]] = []
        self._floating: list[tuple[Operand, Operand]] = []
        """The changes kept back, of general and of floating-point registers."""
        self._code_set: LazyCode | None = None
        self._bases: dict[tuple[str, bool], tuple[str, Operand]] = {}
        self.intrinsics: dict[Callable[..., Any], Callable[..., Any]] = {
            conditions.signed: lambda value: sign_extended(value, 32),
            conditions.signed_halfword: lambda value: sign_extended(value, 16),
            conditions.sign_code: lambda value: LazyCode(Kind.COMPARE, value),
            conditions.compare_code: lambda first, second: LazyCode(Kind.COMPARE, first, second),
            conditions.sum_code: lambda total: LazyCode(Kind.SUM, total),
            conditions.overflows: overflows,
            conditions.zero_code: lambda value: LazyCode(Kind.ZERO, value),
            conditions.selects: lambda mask, code: code.selected(mask),
            fields.fetch_field: lambda cpu, address, length: self.field(address, length, store=False),
            fields.scan_field: lambda cpu, address, length: self.field(address, length, store=False),
            fields.store_field: lambda cpu, address, length: self.field(address, length, store=True),
        }
        """Functions that have a better form in compiled code than the one that their text leads to."""

    # ---- what the two kinds do each in its own way -----------------------------------------------------------------

    def load_register(self, number: Operand) -> Value:
        """A register's content, as a copy."""
        raise NotImplementedError

    def store_register(self, number: Operand, value: Operand) -> None:
        """Replace a register's content."""
        raise NotImplementedError

    def load_floating(self, number: Operand) -> Value:
        """A floating-point register's content, as a copy."""
        raise NotImplementedError

    def store_floating(self, number: Operand, value: Operand) -> None:
        """Replace a floating-point register's content."""
        raise NotImplementedError

    def leaving(self) -> str:
        """Code that leaves before this instruction."""
        raise NotImplementedError

    def jump(self, address: Operand) -> None:
        """Go on at another instruction; everything is in its place."""
        raise NotImplementedError

    def next_address(self) -> Operand:
        """The address of the next instruction."""
        raise NotImplementedError

    def length_code(self) -> Operand:
        """The ILC of this instruction."""
        raise NotImplementedError

    # ---- exits and changes -----------------------------------------------------------------------------------------

    def leave_if(self, test: str) -> None:
        """Leave when a condition (i32 text) holds."""
        self._may_leave()
        self.code.emit(f"(if {test} (then {self.leaving()}))")

    def leave(self) -> None:
        """Leave."""
        self._may_leave()
        self.code.emit(self.leaving())
        raise PathEnds

    def _may_leave(self) -> None:
        if self.changed:
            raise NotCompilable("an exit can follow a change: the function must check everything first")
        self.exits += 1

    def change(self, text: str) -> None:
        """Code that changes something."""
        self.code.emit(text)
        self.changed = True

    def begin(self) -> None:
        """Another instruction begins."""
        self.changed, self._written, self._floating, self._code_set, self._bases = False, [], [], None, {}

    def commit(self) -> None:
        """Carry out the changes kept back, all but the condition code."""
        for number, value in self._written:
            self.store_register(number, value)
            self.changed = True
        for number, value in self._floating:
            self.store_floating(number, value)
            self.changed = True
        self._written, self._floating = [], []

    def settle(self) -> None:
        """Carry out every change kept back, and put the condition code into its variable."""
        self.commit()
        if self._code_set is not None:
            self.lazy, self._code_set = self._code_set, None
            self.changed = True
        self.settle_code()

    def settle_for_loop(self) -> None:
        """Carry out every change kept back: those in the loop must not come before them."""
        if self.depth and (self._written or self._code_set is not None or self.lazy is not None):
            raise MustCommit
        self.settle()

    def settle_code(self) -> None:
        """Put the condition code into its variable."""
        if self.lazy is not None:
            self.code.emit(f"(local.set $cc {i64(self.lazy.value())})")
            self.lazy = None

    def end(self) -> None:
        """The instruction ends; what follows it is next."""
        self.commit()
        if self._code_set is not None:
            self.lazy, self._code_set = self._code_set, None

    Saved = tuple[Any, ...]

    def saved(self) -> Saved:
        """What to put back when a branch of the code is made again, or another branch begins."""
        kept = list(self._written), list(self._floating), self._code_set
        return self.changed, *kept, dict(self._bases), self.lazy, self.exits

    def put_back(self, saved: Saved) -> None:
        """Go back to what was saved."""
        self.changed, written, floating, self._code_set, bases, self.lazy, self.exits = saved
        self._written, self._floating, self._bases = list(written), list(floating), dict(bases)

    # ---- registers and PSW -----------------------------------------------------------------------------------------

    def read_register(self, number: Operand) -> Operand:
        """`cpu.gr[number]`; a change kept back is seen."""
        for written, value in reversed(self._written):
            if written == number:
                return value
            if isinstance(written, Value) or isinstance(number, Value):
                if self.depth:
                    raise MustCommit
                self.commit()
                break
        return self.load_register(number)

    def write_register(self, number: Operand, value: Operand) -> None:
        """`cpu.gr[number] = value`, kept back unless a branch of the code decides about it."""
        low, high = bounds(value)
        if low < 0 or high > MASK_32:
            raise NotCompilable(f"a register cannot hold {low} to {high}")
        value = self.code.bind(value)
        if self.depth == 0:
            self._written.append((number, value))
            return
        if self._written or self._code_set is not None:
            raise MustCommit
        self.store_register(number, value)
        self.changed = True

    def read_floating(self, number: Operand) -> Operand:
        """`cpu.fpr[number]`, before the instruction changes it."""
        if self._floating:
            raise NotCompilable("a floating-point register is fetched after a change")
        return self.load_floating(number)

    def write_floating(self, number: Operand, value: Operand) -> None:
        """`cpu.fpr[number] = value`, kept back."""
        low, high = bounds(value)
        if low < 0 or high > U64_HIGH:
            raise NotCompilable(f"a floating-point register cannot hold {low} to {high}")
        if self.depth:
            raise NotCompilable("a floating-point register is changed where the code decides")
        self._floating.append((self.code.bind(number), self.code.bind(value)))

    def condition_code(self) -> LazyCode:
        """The condition code, as far as it is known."""
        return self._code_set or self.lazy or LazyCode(Kind.VALUE, self.code.copied(Value("(local.get $cc)", 0, 3)))

    def set_condition_code(self, value: LazyCode | Operand) -> None:
        """`cpu.psw.cc = value`."""
        code = value if isinstance(value, LazyCode) else LazyCode(Kind.VALUE, value)
        code = code.bound(self.code)
        if self.depth == 0:
            self._code_set = code
            return
        if self._written or self._code_set is not None or self.lazy is not None:
            raise MustCommit
        self.change(f"(local.set $cc {i64(code.value())})")

    def program_mask(self) -> Operand:
        """`cpu.psw.program_mask`."""
        return Value(f"(i64.load32_u offset={PROGRAM_MASK} (i32.const 0))", 0, 15)

    def set_program_mask(self, value: Operand) -> None:
        """`cpu.psw.program_mask = value`."""
        self.commit()
        self.change(f"(i64.store32 offset={PROGRAM_MASK} (i32.const 0) {i64(value)})")

    def link_information(self) -> Operand:
        """What BAL and BALR put into a register."""
        upper = binary("|", binary("<<", self.length_code(), 30), binary("<<", self.condition_code().value(), 28))
        lower = binary("|", binary("<<", self.program_mask(), 24), self.next_address())
        return binary("|", upper, lower)

    def branch(self, address: Operand) -> None:
        """`cpu.branch(address)`: the last thing that a function does."""
        target = self.code.bind(binary("&", address, MASK_24))
        saved = self.saved()
        self.jump(target)
        self.put_back(saved)
        raise PathEnds

    # ---- storage ---------------------------------------------------------------------------------------------------

    def field(self, address: Operand, length: Operand, *, store: bool) -> Field:
        """Bytes of storage, for fetching or for storing; leaves unless all of them are known to be accessible."""
        address = self.code.bind(address)
        key = i64(address), store
        known = self._bases.get(key) or self._bases.get((key[0], True))
        if known is None or not _covers(known[1], length):
            known = self._bases[key] = self._checked(address, length, store), length
        return Field(self, known[0])

    def _checked(self, address: Operand, length: Operand, store: bool) -> str:
        """The absolute address, an i32 expression."""
        code, entry, at = self.code, self.code.local("i32"), i32(address)
        map_ = "(local.get $store_map)" if store else "(local.get $fetch_map)"
        block = f"(i32.and (i32.shr_u {at} (i32.const 9)) (i32.const 0x7FFC))"
        code.emit(f"(local.set {entry} (i32.load (i32.add {map_} {block})))")
        offset = f"(i32.and {at} (i32.const {BLOCK - 1}))"
        bad = f"(local.get {entry})"
        if length != 1:
            room = i32(binary("-", BLOCK, length))
            bad = f"(i32.or {bad} (i32.sub {room} {offset}))"
        closer = f"(call {SLOW_PATHS[store]} {map_} (local.get {entry}) {at} {i32(length)})"
        with code.inside(f"(if (i32.lt_s {bad} (i32.const 0)) (then (local.set {entry} {closer})", "))"):
            self.leave_if(f"(i32.lt_s (local.get {entry}) (i32.const 0))")
        base = code.local("i32")
        code.emit(f"(local.set {base} (i32.or (local.get {entry}) {offset}))")
        return f"(local.get {base})"

    def swapped_word(self, text: str) -> str:
        """A 32-bit word with its bytes in the other order; storage has the leftmost byte first."""
        word = self.code.local("i32")
        self.code.emit(f"(local.set {word} {text})")
        left = f"(i32.and (i32.rotl (local.get {word}) (i32.const 8)) (i32.const 0x00FF00FF))"
        right = f"(i32.and (i32.rotr (local.get {word}) (i32.const 8)) (i32.const 0xFF00FF00))"
        return f"(i32.or {left} {right})"

    def load1(self, address: Operand) -> Operand:
        """One byte."""
        return self.code.bind(self.field(address, 1, store=False).get(0))

    def load2(self, address: Operand) -> Operand:
        """A halfword, unsigned."""
        return self.code.bind(self.field(address, 2, store=False).get2(0))

    def load4(self, address: Operand) -> Operand:
        """A word, unsigned."""
        return self.code.bind(self.field(address, 4, store=False).get4(0))

    def load8(self, address: Operand) -> Operand:
        """A doubleword, unsigned."""
        field = self.field(address, 8, store=False)
        return self.code.bind(binary("|", binary("<<", field.get4(0), 32), field.get4(4)))

    def store1(self, address: Operand, value: Operand) -> None:
        """The low byte of `value`."""
        self.field(address, 1, store=True).put(0, value)

    def store2(self, address: Operand, value: Operand) -> None:
        """The low halfword of `value`."""
        self.field(address, 2, store=True).put2(0, value)

    def store4(self, address: Operand, value: Operand) -> None:
        """A word."""
        self.field(address, 4, store=True).put4(0, value)

    def store8(self, address: Operand, value: Operand) -> None:
        """A doubleword."""
        field, value = self.field(address, 8, store=True), self.code.bind(value)
        field.put4(0, binary(">>", value, 32))
        field.put4(4, value)

    def check_store(self, address: Operand, length: Operand) -> None:
        """Leave unless a store is known to be permitted."""
        self.field(address, length, store=True)

    def require_alignment(self, address: Operand, boundary: int) -> None:
        """Leave unless `address` is on the boundary."""
        self.leave_if(condition(binary("&", address, boundary - 1)))


def _covers(known: Operand, length: Operand) -> bool:
    """Whether so many bytes are known to be accessible when `known` bytes are."""
    return known == length or (not isinstance(known, Value) and bounds(length)[1] <= known)


def address_sum(target: Target, parts: list[Operand]) -> Operand:
    """An effective address: the low 24 bits of a sum."""
    total: Operand = 0
    for part in parts:
        total = binary("+", part, total) if isinstance(part, Value) else binary("+", total, part)
    return target.code.bind(binary("&", total, MASK_24))
