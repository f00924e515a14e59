"""What may stand in an instruction's function, and that nothing else gets through."""

from typing import NamedTuple

import pytest

from edu_hv.engine.evaluator import Evaluator
from edu_hv.engine.interpreter import COMPILED, InterpreterTarget, instruction_code
from edu_hv.engine.wasm import Code, NotCompilable, Value
from edu_hv.isa.codes import MASK_32
from edu_hv.machine.instructions.registry import SEMANTICS

FIELD = Value("(local.get $field)", 0, 15)
ADDRESS = Value("(local.get $address)", 0, 0xFFFFFF)


def code_of(function, *operands):
    """The code made of a function."""
    target = InterpreterTarget(Code({}), 4)
    Evaluator(target).instruction(function, operands)
    return "\n".join(target.code.lines)


def exit_after_store(cpu, r1, address):
    cpu.store1(address, 0)
    cpu.gr[r1] = cpu.load4(address + 1)


def exit_after_store_in_branch(cpu, r1, address):
    if cpu.gr[r1]:
        cpu.store1(address, 0)
    cpu.gr[r1] = cpu.load4(address + 1)


def exit_in_next_round(cpu, r1, address):
    for position in range(cpu.gr[r1] & 255):
        if position == 7:
            raise ValueError
        cpu.gr[r1] = position


def exit_after_register_change(cpu, r1, address):
    for position in range(cpu.gr[r1] & 255):
        cpu.gr[r1] = position
    cpu.require_alignment(address, 4)


def exit_after_program_mask(cpu, r1, address):
    cpu.psw.program_mask = 0
    cpu.require_alignment(address, 4)


@pytest.mark.parametrize(
    "function",
    [
        exit_after_store,
        exit_after_store_in_branch,
        exit_in_next_round,
        exit_after_register_change,
        exit_after_program_mask,
    ],
)
def test_exit_after_a_change_is_refused(function):
    with pytest.raises(NotCompilable, match="exit can follow a change"):
        code_of(function, FIELD, ADDRESS)


def test_change_that_is_kept_back_does_not_hinder_an_exit():
    def completed(cpu, r1, address):
        cpu.gr[r1] = 0
        cpu.psw.cc = 0
        cpu.require_alignment(address, 4)

    lines = code_of(completed, FIELD, ADDRESS)
    assert lines.index("br $leave") < lines.index("i64.store32")


def too_wide(cpu, r1, address):
    if cpu.gr[r1] << 32 << 8 > address:
        raise ValueError


def shift_too_far(cpu, r1, address):
    cpu.gr[r1] = cpu.gr[r1] >> address


def register_too_small(cpu, r1, address):
    cpu.gr[r1] = cpu.gr[r1] + 1


def floating_register_too_small(cpu, r1, address):
    cpu.fpr[r1 >> 2] = cpu.fpr[r1 >> 2] + 1


def floating_change_in_branch(cpu, r1, address):
    if cpu.gr[r1]:
        cpu.fpr[r1 >> 2] = 0


def floating_register_after_change(cpu, r1, address):
    cpu.fpr[r1 >> 2] = 0
    cpu.gr[r1] = cpu.fpr[r1 >> 2] >> 32


def bits_of_a_negative(cpu, r1, address):
    cpu.gr[r1] = (cpu.gr[r1] - 1).bit_length()


def early_return(cpu, r1, address):
    if cpu.gr[r1]:
        return
    cpu.gr[r1] = 1


def unknown_statement(cpu, r1, address):
    with cpu:
        pass


def unknown_call(cpu, r1, address):
    cpu.gr[r1] = len(address)


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (too_wide, "more than 64 bits"),
        (shift_too_far, "shifts by"),
        (register_too_small, "a register cannot hold"),
        (floating_register_too_small, "a floating-point register cannot hold"),
        (floating_change_in_branch, "where the code decides"),
        (floating_register_after_change, "fetched after a change"),
        (bits_of_a_negative, "bits of"),
        (early_return, "write if and else"),
        (unknown_statement, "With"),
        (unknown_call, "a call of"),
    ],
)
def test_what_compiled_code_would_compute_otherwise_is_refused(function, words):
    with pytest.raises(NotCompilable, match=words):
        code_of(function, FIELD, ADDRESS)


def test_what_is_known_leaves_no_code():
    def known(cpu, r1, address):
        total = 0
        for number in range(r1):
            total += number if number & 1 else 2
        cpu.gr[r1] = total & MASK_32

    assert "(i64.const 10)" in code_of(known, 5, ADDRESS)
    assert "if" not in code_of(known, 5, ADDRESS)


class Pair(NamedTuple):
    left: int
    right: int


def test_named_tuple_is_taken_apart():
    def swapped(cpu, r1, address):
        pair = Pair(cpu.gr[r1] >> 16, address & 0xFFFF)
        chosen = Pair(pair.right, pair.left) if pair.left > pair.right else pair
        cpu.gr[r1] = chosen.left << 16 | chosen.right

    assert code_of(swapped, FIELD, ADDRESS).count("(select ") == 2
    assert "select" not in code_of(known_pair, FIELD, ADDRESS)


def known_pair(cpu, r1, address):
    pair = Pair(3, 2)
    cpu.gr[r1] = (pair if pair.left > pair.right else Pair(0, 0)).left


@pytest.mark.parametrize("row", COMPILED.values(), ids=lambda row: row.mnemonic)
def test_every_instruction_is_made_in_reasonable_size(row):
    assert 1 < len(instruction_code(row, {})) < 200
    assert SEMANTICS[row.mnemonic].__doc__
