"""The interpreter: a WebAssembly module that executes every compiled instruction, with its operand fields left open.

One function fetches, dispatches by the operation code and goes on until the instructions it was given are used up, an
instruction is for the CPU, or a place has become hot.  After each branch it looks whether a region was compiled there.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum

from edu_hv.engine import memory
from edu_hv.engine.evaluator import Evaluator
from edu_hv.engine.target import Target, address_sum
from edu_hv.engine.wasm import U64_HIGH, Code, Operand, Value, binary, compare, i32, i64, select
from edu_hv.isa.codes import MASK_24
from edu_hv.isa.formats import Format
from edu_hv.isa.table import BY_MNEMONIC, Group, Operation, operations
from edu_hv.machine.instructions.registry import SEMANTICS
from edu_hv.machine.storage import (
    BLOCK,
    BYTES_FETCH_WATCHED,
    BYTES_STORE_WATCHED,
    CODE,
    FETCH_WATCHED,
    LINE_SHIFT,
    STORE_WATCHED,
)


class Reason(IntEnum):
    """Why compiled code returned."""

    LIMIT = 0
    """The instructions it was given are used up."""
    LEFT = 1
    """The next instruction is for the CPU."""
    HOT = 2
    """A place has been branched to so often that a region should be compiled there."""
    STOPPED = 3
    """The next instruction has the mark of a stop."""
    REFUSED = 4
    """From a region only: the registers are not those it was compiled for."""
    SHORT = 5
    """From a region only: too few instructions are left to go through it."""


NOT_COMPILED = frozenset({"CLCL", "CVB", "CVD", "EX", "MC", "MVCIN", "MVCL", "STCK", "SVC"})
"""General instructions that are left to the CPU: interruptible or rare.  EX has code of its own."""
FLOATING_NOT_COMPILED = frozenset({"AXR", "DD", "DDR", "LRDR", "LRER", "MXD", "MXDR", "MXR", "SXR"})
"""Floating-point instructions that are left to the CPU: they need more than 64 bits, or are rare."""
COMPILED: dict[int, Operation] = {
    row.code: row
    for row in (*operations(Group.GENERAL), *operations(Group.FLOATING_POINT))
    if row.mnemonic not in NOT_COMPILED | FLOATING_NOT_COMPILED and not row.two_byte
}
"""By operation code."""
EXECUTE = BY_MNEMONIC["EX"].code

SAVE = (
    f"(i32.store offset={memory.ADDRESS} (i32.const 0) (i32.wrap_i64 (local.get $pc)))"
    f"(i32.store offset={memory.CODE} (i32.const 0) (i32.wrap_i64 (local.get $cc)))"
    f"(i64.store offset={memory.BUDGET} (i32.const 0) (local.get $budget))"
)
LOAD = (
    f"(local.set $pc (i64.load32_u offset={memory.ADDRESS} (i32.const 0)))"
    f"(local.set $cc (i64.load32_u offset={memory.CODE} (i32.const 0)))"
    f"(local.set $budget (i64.load offset={memory.BUDGET} (i32.const 0)))"
)
COUNT_DOWN = "(local.set $budget (i64.sub (local.get $budget) (i64.const 1)))"
AT_LIMIT = "(br_if $limit (i64.le_s (local.get $budget) (i64.const 0)))"
LOAD_MAPS = (
    f"(local.set $fetch_map (i32.load offset={memory.FETCH_MAP} (i32.const 0)))"
    f"(local.set $store_map (i32.load offset={memory.STORE_MAP} (i32.const 0)))"
)


class InterpreterTarget(Target):
    """The CPU with the instruction's text at `$p`, its second byte in `$b1`; general registers are in memory."""

    def __init__(self, code: Code, length: int) -> None:
        super().__init__(code)
        self._length = length

    def load_register(self, number: Operand) -> Value:
        """A register's content, as a copy."""
        return self.code.copied(Value(f"(i64.load32_u {self._place(number)})"))

    def store_register(self, number: Operand, value: Operand) -> None:
        """Replace a register's content."""
        self.code.emit(f"(i64.store32 {self._place(number)} {i64(value)})")

    def load_floating(self, number: Operand) -> Value:
        """A floating-point register's content, as a copy."""
        return self.code.copied(Value(f"(i64.load {self._floating_place(number)})", 0, U64_HIGH))

    def store_floating(self, number: Operand, value: Operand) -> None:
        """Replace a floating-point register's content."""
        self.code.emit(f"(i64.store {self._floating_place(number)} {i64(value)})")

    @staticmethod
    def _place(number: Operand) -> str:
        return f"(i32.shl {i32(number)} (i32.const 2))"

    @staticmethod
    def _floating_place(number: Operand) -> str:
        return f"offset={memory.FLOATING_REGISTERS} (i32.shl {i32(number)} (i32.const 3))"

    def leaving(self) -> str:
        """Code that leaves before this instruction."""
        return "(br $leave)"

    def jump(self, address: Operand) -> None:
        """Go on at another instruction."""
        self.settle()
        self.code.emit(f"(local.set $pc {i64(address)}) {COUNT_DOWN} (br $taken)")

    def end(self) -> None:
        """Go on with the next instruction."""
        self.settle()
        self.code.emit("(br $step)")

    def next_address(self) -> Operand:
        """The address of the next instruction."""
        return Value("(local.get $npc)", 0, MASK_24)

    def length_code(self) -> Operand:
        """The ILC: of EXECUTE when that brought us here."""
        executed = Value("(i64.eq (local.get $executing) (local.get $budget))", 0, 1, flag=True)
        return select(executed, 2, self._length >> 1)

    # ---- fields of the instruction ---------------------------------------------------------------------------------

    def byte(self, number: int) -> Value:
        """A byte of the instruction."""
        if number == 1:
            return Value("(i64.extend_i32_u (local.get $b1))", 0, 0xFF)
        return Value(f"(i64.load8_u offset={memory.STORAGE + number} (local.get $p))", 0, 0xFF)

    def nibble(self, number: int, half: int) -> Operand:
        """The left (0) or right (1) half of a byte of the instruction."""
        byte = self.byte(number)
        return self.code.bind(binary("&", byte, 15) if half else binary(">>", byte, 4))

    def address(self, at: int, index: bool = False) -> Operand:
        """An effective address: base and displacement at byte `at`, and the index register."""
        displacement = binary("|", binary("<<", binary("&", self.byte(at), 15), 8), self.byte(at + 1))
        parts: list[Operand] = [self._base(self.nibble(1, 1))] if index else []
        return address_sum(self, [*parts, self._base(self.nibble(at, 0)), displacement])

    def _base(self, register: Operand) -> Operand:
        return self.code.bind(select(compare("!=", register, 0), self.load_register(register), 0))


OPERANDS: dict[Format, Callable[[InterpreterTarget], list[Operand]]] = {
    Format.RR: lambda t: [t.nibble(1, 0), t.nibble(1, 1)],
    Format.RR_F: lambda t: [t.nibble(1, 0), t.nibble(1, 1)],
    Format.RR_MASK: lambda t: [t.nibble(1, 0), t.nibble(1, 1)],
    Format.RR_ONE: lambda t: [t.nibble(1, 0)],
    Format.RX: lambda t: [t.nibble(1, 0), t.address(2, index=True)],
    Format.RX_F: lambda t: [t.nibble(1, 0), t.address(2, index=True)],
    Format.RX_MASK: lambda t: [t.nibble(1, 0), t.address(2, index=True)],
    Format.RS: lambda t: [t.nibble(1, 0), t.nibble(1, 1), t.address(2)],
    Format.RS_MASK: lambda t: [t.nibble(1, 0), t.nibble(1, 1), t.address(2)],
    Format.RS_SHIFT: lambda t: [t.nibble(1, 0), t.address(2)],
    Format.SI: lambda t: [t.address(2), t.code.bind(t.byte(1))],
    Format.SS: lambda t: [t.code.bind(binary("+", t.byte(1), 1)), t.address(2), t.address(4)],
    Format.SS_TWO: lambda t: [
        t.code.bind(binary("+", t.nibble(1, 0), 1)),
        t.address(2),
        t.code.bind(binary("+", t.nibble(1, 1), 1)),
        t.address(4),
    ],
}
"""The operands in the order in which the instruction's function takes them: as in `registry.DECODERS`."""


def instruction_code(row: Operation, locals_: dict[str, str]) -> list[str]:
    """The code of one operation, fields left open.  It ends with a jump."""
    code = Code(locals_)
    length = row.format.length
    code.emit(f"(local.set $npc (i64.and (i64.add (local.get $pc) (i64.const {length})) (i64.const {MASK_24})))")
    # An executed instruction may be of another length than EXECUTE, whose next instruction it has: see `execute_code`.
    target = InterpreterTarget(code, length)
    Evaluator(target).instruction(SEMANTICS[row.mnemonic], OPERANDS[row.format](target))
    return code.lines


def execute_code(locals_: dict[str, str]) -> list[str]:
    """The code of EXECUTE: fetch the target, OR its second byte, dispatch again.

    `$pc` is set so that the target's length leads behind EXECUTE; leaving puts it right again (`$executed_at`).
    """
    code = Code(locals_)
    target = InterpreterTarget(code, 4)
    r1, address = target.nibble(1, 0), target.address(2, index=True)
    modifier = binary("&", target.load_register(r1), 0xFF)
    bits = code.bind(select(compare("!=", r1, 0), modifier, 0))
    target.leave_if(f"(i32.and {i32(address)} (i32.const 1))")
    text = target.field(address, 6, store=False)
    target.leave_if(f"(i32.eq (i32.load8_u offset={memory.STORAGE} {text.base}) (i32.const {EXECUTE}))")
    length = f"(i64.load8_u offset={memory.LENGTHS} (i32.and (local.get $text) (i32.const 255)))"
    code.emit(
        f"(local.set $p {text.base}) (local.set $text (i32.load16_u offset={memory.STORAGE} (local.get $p)))"
        f"(local.set $b1 (i32.or (i32.shr_u (local.get $text) (i32.const 8)) {i32(bits)}))"
        "(local.set $executed_at (local.get $pc)) (local.set $executing (local.get $budget))"
        f"(local.set $pc (i64.sub (i64.add (local.get $pc) (i64.const 4)) {length})) (br $again)"
    )
    return code.lines


def look_function(name: str, flags: int, bytes_flag: int) -> str:
    """A closer look at an access: the absolute address of its 2K block, or -1 to leave.

    It leaves a line with one of the `flags`; one with `bytes_flag` only with an access to the watched bytes.

    It comes here when the block is not resolved, has flagged lines, or the operand goes on in the next block: that is
    well when the next block follows in absolute storage too.
    """
    return f"""(func {name} (export "{name[1:]}")
 (param $map i32) (param $entry i32) (param $address i32) (param $length i32) (result i32)
 (local $base i32) (local $second i32) (local $flagged i32) (local $line i32) (local $last i32)
 (local $first i32) (local $flags i32)
 (if (i32.eq (local.get $entry) (i32.const -1)) (then (return (i32.const -1))))
 (local.set $flagged (i32.lt_s (local.get $entry) (i32.const 0)))
 (local.set $base (select (i32.sub (i32.const -2) (local.get $entry)) (local.get $entry) (local.get $flagged)))
 (local.set $line (i32.add (local.get $base) (i32.and (local.get $address) (i32.const {BLOCK - 1}))))
 (local.set $last (i32.add (local.get $line) (i32.sub (local.get $length) (i32.const 1))))
 (if (i32.ge_u (i32.sub (local.get $last) (local.get $base)) (i32.const {BLOCK})) (then
  (local.set $second (i32.load (i32.add (local.get $map)
   (i32.and (i32.shr_u (i32.add (local.get $address) (i32.const {BLOCK})) (i32.const 9)) (i32.const 0x7FFC)))))
  (if (i32.eq (local.get $second) (i32.const -1)) (then (return (i32.const -1))))
  (if (i32.lt_s (local.get $second) (i32.const 0)) (then
   (local.set $flagged (i32.const 1)) (local.set $second (i32.sub (i32.const -2) (local.get $second)))))
  (if (i32.ne (local.get $second) (i32.add (local.get $base) (i32.const {BLOCK}))) (then (return (i32.const -1))))))
 (if (i32.eqz (local.get $flagged)) (then (return (local.get $base))))
 (local.set $first (local.get $line))
 (local.set $line (i32.shr_u (local.get $line) (i32.const {LINE_SHIFT})))
 (local.set $last (i32.shr_u (local.get $last) (i32.const {LINE_SHIFT})))
 (loop $lines
  (local.set $flags (i32.load8_u offset={memory.LINES} (local.get $line)))
  (if (i32.and (local.get $flags) (i32.const {flags})) (then (return (i32.const -1))))
  (if (i32.and (local.get $flags) (i32.const {bytes_flag})) (then
   (if (i32.and
     (i32.lt_u (local.get $first) (i32.load (i32.const {memory.WATCHED + 4})))
     (i32.gt_u (i32.add (local.get $first) (local.get $length)) (i32.load (i32.const {memory.WATCHED}))))
    (then (return (i32.const -1))))))
  (local.set $line (i32.add (local.get $line) (i32.const 1)))
  (br_if $lines (i32.le_u (local.get $line) (local.get $last))))
 (local.get $base))"""


FETCH = f"""(local.set $entry (i32.load (i32.add (local.get $fetch_map)
 (i32.and (i32.shr_u (i32.wrap_i64 (local.get $pc)) (i32.const 9)) (i32.const 0x7FFC)))))
(local.set $offset (i32.and (i32.wrap_i64 (local.get $pc)) (i32.const {BLOCK - 1})))
(if (i32.lt_s (i32.or (i32.or (local.get $entry) (i32.sub (i32.const {BLOCK - 6}) (local.get $offset)))
  (i32.shl (local.get $offset) (i32.const 31))) (i32.const 0)) (then
 (br_if $leave (i32.and (local.get $offset) (i32.const 1)))
 (local.set $entry (call $look_fetch (local.get $fetch_map) (local.get $entry) (i32.wrap_i64 (local.get $pc))
  (i32.const 6)))
 (br_if $leave (i32.lt_s (local.get $entry) (i32.const 0)))))
(local.set $p (i32.or (local.get $entry) (local.get $offset)))"""
"""`$p`: the absolute address of the instruction at `$pc`.  What is unusual is found by one test."""

FETCH_AGAIN = f"""(if (i64.eq (local.get $pc) (local.get $last_pc)) (then (local.set $p (local.get $last_p))) (else
 {FETCH}
 (local.set $last_pc (local.get $pc)) (local.set $last_p (local.get $p))))"""
"""The same after a branch.  In a loop the processor then goes on with the last place before it knows the address."""

REGION = f"""(local.set $place (i32.load16_u offset={memory.PLACES} (local.get $p)))
(if (i32.lt_u (local.get $place) (local.get $threshold))
(then (i32.store16 offset={memory.PLACES} (local.get $p) (i32.add (local.get $place) (i32.const 1))))
(else (if (i32.lt_u (local.get $place) (i32.const {memory.FIRST_REGION})) (then
  (br_if $stop (i32.eq (local.get $place) (i32.const {memory.STOP})))
  (i32.store offset={memory.PLACE} (i32.const 0) (local.get $p)) (br $hot)))
 {SAVE}
 (local.set $reason (call_indirect (type $region) (i32.sub (local.get $place) (i32.const {memory.FIRST_REGION}))))
 {LOAD}
 (br_if $taken (i32.eqz (local.get $reason)))
 (br_if $leave (i32.eq (local.get $reason) (i32.const {Reason.LEFT:d})))
 {AT_LIMIT} {FETCH}
 (if (i32.eq (local.get $reason) (i32.const {Reason.REFUSED:d})) (then
  (i32.store offset={memory.PLACE} (i32.const 0) (local.get $p)) (br $hot)))))"""
"""After a branch: count, or go into the region here, which may go on into others before one cannot begin."""

DECODE = f"""(local.set $text (i32.load16_u offset={memory.STORAGE} (local.get $p)))
(local.set $b1 (i32.shr_u (local.get $text) (i32.const 8)))"""


def build() -> str:
    """The text of the module.  It imports the memory and a table of regions from "engine"."""
    locals_: dict[str, str] = {}
    bodies = {code: instruction_code(row, locals_) for code, row in sorted(COMPILED.items())}
    bodies[EXECUTE] = execute_code(locals_)
    lines = [
        f'(module (import "engine" "memory" (memory {memory.pages(0)})) (import "engine" "regions" (table 1 funcref))',
        "(type $region (func (result i32)))",
        look_function("$look_fetch", FETCH_WATCHED, BYTES_FETCH_WATCHED),
        look_function("$look_store", CODE | STORE_WATCHED | FETCH_WATCHED, BYTES_STORE_WATCHED | BYTES_FETCH_WATCHED),
        '(func (export "run") (local $pc i64) (local $npc i64) (local $budget i64) (local $cc i64)',
        "(local $fetch_map i32) (local $store_map i32) (local $p i32) (local $b1 i32) (local $text i32)",
        "(local $last_pc i64) (local $last_p i32) (local $executed_at i64) (local $executing i64)",
        "(local $entry i32) (local $offset i32)",
        "(local $place i32) (local $reason i32) (local $threshold i32) (local $stopping i32)",
        *(f"(local {name} {type_})" for name, type_ in locals_.items()),
        LOAD + LOAD_MAPS,
        f"(local.set $threshold (i32.load offset={memory.THRESHOLD} (i32.const 0)))",
        f"(local.set $stopping (i32.load offset={memory.STOPPING} (i32.const 0)))",
        "(local.set $executing (i64.const -1)) (local.set $last_pc (i64.const -1))",
        "(block $leave (block $limit (block $stop (block $hot",
        f"(loop $taken {AT_LIMIT} {FETCH_AGAIN} {REGION} (loop $go {DECODE} (loop $again (block $step",
        *_dispatch(bodies),
        f") (local.set $pc (local.get $npc)) {COUNT_DOWN} {AT_LIMIT} (br_if $taken (local.get $stopping))",
        f"{FETCH} (br $go))) unreachable) unreachable)",
        *(f"{_returning(reason)})" for reason in (Reason.HOT, Reason.STOPPED, Reason.LIMIT)),
        "(if (i64.eq (local.get $executing) (local.get $budget)) (then (local.set $pc (local.get $executed_at))))",
        f"{_returning(Reason.LEFT)}))",
    ]
    return "\n".join(lines)


def _dispatch(bodies: dict[int, list[str]]) -> list[str]:
    """Jump to the code of the operation; one that has none is left to the CPU."""
    labels = " ".join(f"$op{code}" if code in bodies else "$none" for code in range(256))
    lines = ["(block $none", *(f"(block $op{code}" for code in reversed(bodies))]
    lines.append(f"(br_table {labels} $none (i32.and (local.get $text) (i32.const 255)))")
    for body in bodies.values():
        lines += [")", *body]
    return [*lines, ") (br $leave)"]


def _returning(reason: Reason) -> str:
    return f"{SAVE} (i32.store offset={memory.REASON} (i32.const 0) (i32.const {reason:d})) (return)"
