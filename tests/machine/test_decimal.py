"""Decimal instructions.  GA22-7000 "Decimal Instructions"; examples from its appendix.

The oracle of the properties is Python's `decimal`, which keeps the sign of a zero as the manual's rules do.
"""

from decimal import ROUND_DOWN, ROUND_HALF_UP, Context, Decimal
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edu_hv.isa.codes import PIC
from edu_hv.isa.table import BY_MNEMONIC
from edu_hv.machine.instructions.packed import packed_field, packed_numbers
from edu_hv.machine.interruptions import Ending, ProgramInterruption
from edu_hv.machine.machine import Architecture, Machine

FIRST, SECOND = 0x4000, 0x5000
BLOCK = 0x800
OVERFLOW_ALLOWED = 0x4
ARITHMETIC = Context(prec=64)


class Outcome(NamedTuple):
    first: str
    cc: int
    code: PIC | None = None
    ending: Ending | None = None


def run(machine, mnemonic, l1, l2, *, first=FIRST, second=SECOND):
    """Execute an instruction of two lengths, in bytes; its outcome.  SRP: the rounding digit plus 1 is `l2`."""
    cpu = machine.cpu
    cpu.gr[2], cpu.gr[3] = first, second
    text = bytes([BY_MNEMONIC[mnemonic].code, l1 - 1 << 4 | l2 - 1, 0x20, 0, 0x30, 0])
    try:
        cpu.perform(text)
    except ProgramInterruption as condition:
        return Outcome(machine.storage.read(first, l1).hex(), cpu.psw.cc, condition.code, condition.ending)
    return Outcome(machine.storage.read(first, l1).hex(), cpu.psw.cc)


def execute(mnemonic, first, second, *, cc=0, program_mask=0):
    """The outcome for two fields in hexadecimal; spaces are allowed."""
    machine = Machine(0x10000)
    machine.cpu.psw.cc, machine.cpu.psw.program_mask = cc, program_mask
    fields = bytes.fromhex(first), bytes.fromhex(second)
    machine.storage.write(FIRST, fields[0])
    machine.storage.write(SECOND, fields[1])
    outcome = run(machine, mnemonic, *map(len, fields))
    assert machine.storage.read(SECOND, len(fields[1])) == fields[1]
    return outcome


def shift(field, amount, rounding=0, program_mask=0):
    """The outcome of SRP; only the low six bits of the amount count."""
    machine = Machine(0x10000)
    machine.cpu.psw.program_mask = program_mask
    data = bytes.fromhex(field)
    machine.storage.write(FIRST, data)
    return run(machine, "SRP", len(data), rounding + 1, second=amount)


def stored(field, cc, code=None, ending=None):
    return Outcome(field.replace(" ", "").lower(), cc, code, ending)


# ---- examples of the manual ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mnemonic", "first", "second", "result", "cc"),
    [
        pytest.param("AP", "38460D", "112C", "38348D", 1, id="add"),
        pytest.param("CP", "1725356C", "72142D", "1725356C", 2, id="compare"),
        pytest.param("DP", "01 23 45 67 8C", "32 1D", "38 46 0D 01 8C", 0, id="divide"),
        pytest.param("MP", "00 00 38 46 0D", "32 1D", "01 23 45 66 0C", 0, id="multiply"),
        pytest.param("ZAP", "12 34 56 78 90", "38 46 0D", "00 00 38 46 0D", 1, id="zero-and-add"),
    ],
)
def test_manual_example(mnemonic, first, second, result, cc):
    assert execute(mnemonic, first, second) == stored(result, cc)


@pytest.mark.parametrize(
    ("field", "amount", "rounding", "result"),
    [
        pytest.param("00 01 23 45 67 8C", 3, 0, "12 34 56 78 00 0C", id="left"),
        pytest.param("01 23 45 67 8C", 64 - 1, 0, "00 12 34 56 7C", id="right"),
        pytest.param("12 39 60 0C", 64 - 3, 5, "00 01 24 0C", id="right-and-round"),
    ],
)
def test_manual_example_of_shift(field, amount, rounding, result):
    assert shift(field, amount, rounding) == stored(result, 2)


# ---- sums: signs, condition codes, overflow ------------------------------------------------------------------------

SUMS = [
    pytest.param("AP", "001C", "001D", "000C", 0, id="zero-sum-is-positive"),
    pytest.param("AP", "000D", "000D", "000C", 0, id="negative-zeros-make-positive-zero"),
    pytest.param("SP", "000C", "000C", "000C", 0, id="zero-difference-is-positive"),
    pytest.param("SP", "005D", "003B", "002D", 1, id="minus-from-minus"),
    pytest.param("AP", "005A", "1E", "006C", 2, id="signs-A-and-E-are-plus"),
    pytest.param("AP", "005F", "1B", "004C", 2, id="sign-F-is-plus-B-minus"),
    pytest.param("ZAP", "FF", "000D", "0C", 0, id="zero-moved-is-positive"),
    pytest.param("ZAP", "FFFFFF", "7B", "00007D", 1, id="preferred-sign-replaces-another"),
    pytest.param("AP", "9C", "0000000000000000000000000000000C", "9C", 2, id="longer-second-without-overflow"),
]
LOST = [
    pytest.param("AP", "999C", "001C", "000C", id="carry-lost"),
    pytest.param("AP", "999D", "001D", "000D", id="zero-with-sign-of-true-sum"),
    pytest.param("SP", "999D", "002C", "001D", id="difference"),
    pytest.param("AP", "005D", "12345C", "340C", id="long-second"),
    pytest.param("ZAP", "FFFF", "01000B", "000D", id="zero-keeps-sign-of-second"),
    pytest.param("AP", "9" * 31 + "C", "1C", "0" * 31 + "C", id="31-digits"),
]


@pytest.mark.parametrize(("mnemonic", "first", "second", "result", "cc"), SUMS)
def test_sum_has_preferred_sign_and_condition_code(mnemonic, first, second, result, cc):
    assert execute(mnemonic, first, second, cc=3, program_mask=15) == stored(result, cc)


@pytest.mark.parametrize(("mnemonic", "first", "second", "result"), LOST)
def test_overflow_stores_the_low_digits_with_the_sign_of_the_whole(mnemonic, first, second, result):
    masked = execute(mnemonic, first, second, program_mask=15 ^ OVERFLOW_ALLOWED)
    assert masked == stored(result, 3)
    allowed = execute(mnemonic, first, second, program_mask=OVERFLOW_ALLOWED)
    assert allowed == stored(result, 3, PIC.DECIMAL_OVERFLOW, Ending.COMPLETION)


@pytest.mark.parametrize(
    ("first", "second", "cc"),
    [
        pytest.param("0D", "00000C", 0, id="zeros-are-equal"),
        pytest.param("1C", "001F", 0, id="plus-signs-are-equal"),
        pytest.param("9D", "1D", 1, id="low"),
        pytest.param("9C", "10000C", 1, id="long-second-cannot-overflow"),
        pytest.param("0C", "1B", 2, id="high"),
    ],
)
def test_compare_stores_nothing(first, second, cc):
    assert execute("CP", first, second, cc=3, program_mask=15) == stored(first, cc)


# ---- products and quotients ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("cc", range(4))
@pytest.mark.parametrize(
    ("mnemonic", "first", "second", "result"),
    [
        pytest.param("MP", "000C", "5D", "000D", id="zero-product-has-algebraic-sign"),
        pytest.param("MP", "005D", "0B", "000C", id="minus-by-minus-zero"),
        pytest.param("MP", "0" * 16 + "9" * 15 + "C", "9" * 15 + "C", "0999999999999998000000000000001C", id="longest"),
        pytest.param("DP", "003C", "5D", "0D3C", id="zero-quotient-has-algebraic-sign"),
        pytest.param("DP", "010D", "5A", "2D0D", id="zero-remainder-has-sign-of-dividend"),
        pytest.param("DP", "000B", "1B", "0C0D", id="negative-zero-dividend"),
        pytest.param(
            "DP", "00" + "9" * 29 + "C", "1" + "0" * 14 + "C", "9" * 15 + "C0" + "9" * 14 + "C", id="longest-parts"
        ),
    ],
)
def test_product_and_quotient_leave_the_condition_code(mnemonic, first, second, result, cc):
    assert execute(mnemonic, first, second, cc=cc, program_mask=15) == stored(result, cc)


@pytest.mark.parametrize("mnemonic", ["MP", "DP"])
@pytest.mark.parametrize(
    ("l1", "l2"),
    [pytest.param(1, 1, id="both-1"), pytest.param(8, 8, id="equal"), pytest.param(16, 9, id="second-above-8")],
)
def test_factor_too_long_is_a_specification_exception_before_all_others(mnemonic, l1, l2):
    machine = Machine(0x10000)
    machine.cpu.psw.key = 1  # Nothing may be stored, and zeros are no numbers.
    assert run(machine, mnemonic, l1, l2) == stored("00" * l1, 0, PIC.SPECIFICATION, Ending.SUPPRESSION)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        pytest.param("001C", "0C", id="divisor-zero"),
        pytest.param("000C", "0D", id="zero-by-zero"),
        pytest.param("01000C", "1C", id="quotient-one-digit-too-long"),
        pytest.param("010C", "1C", id="quotient-of-two-digits-in-one-byte"),
        pytest.param("10000C", "9C", id="dividend-without-leading-zero"),
    ],
)
def test_quotient_too_long_is_a_decimal_divide_exception_that_suppresses(first, second):
    assert execute("DP", first, second, cc=2) == stored(first, 2, PIC.DECIMAL_DIVIDE, Ending.SUPPRESSION)


@pytest.mark.parametrize(
    ("first", "second", "fits"),
    [
        pytest.param("00999C", "1C", True, id="multiplicand-2-bytes-of-3"),
        pytest.param("01000C", "1C", False, id="digit-in-the-first-byte"),
        pytest.param("0000999C", "001C", True, id="as-many-zero-bytes-as-the-multiplier-has"),
        pytest.param("0001000C", "001C", False, id="one-digit-too-many-although-the-product-fits"),
    ],
)
def test_multiplicand_needs_a_zero_byte_for_each_byte_of_the_multiplier(first, second, fits):
    outcome = execute("MP", first, second, cc=1)
    assert outcome == (stored(first, 1) if fits else stored(first, 1, PIC.DATA, Ending.TERMINATION))


# ---- shifts --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "amount", "rounding", "result", "cc"),
    [
        pytest.param("12345F", 0, 5, "12345C", 2, id="no-shift-sets-preferred-sign"),
        pytest.param("00000D", 0, 0, "00000C", 0, id="zero-is-positive"),
        pytest.param("00001D", 4, 9, "10000D", 1, id="left-to-the-first-digit"),
        pytest.param("99999C", 63, 5, "10000C", 2, id="rounding-carries-through"),
        pytest.param("00004D", 63, 5, "00000C", 0, id="rounded-to-zero-is-positive"),
        pytest.param("00005D", 63, 5, "00001D", 1, id="minus-is-rounded-away-from-zero"),
        pytest.param("00059C", 62, 5, "00001C", 2, id="only-the-last-digit-lost-is-rounded"),
        pytest.param("00049C", 62, 5, "00000C", 0, id="no-carry-from-digits-behind"),
        pytest.param("9" * 31 + "C", 32, 9, "0" * 31 + "C", 0, id="32-to-the-right"),
        pytest.param("9" * 31 + "C", 33, 9, "0" * 30 + "1C", 2, id="31-to-the-right"),
        pytest.param("12345C", 0xFFF7C0, 0, "12345C", 2, id="only-six-bits-count"),
        pytest.param("12345C", 0xFFFFFF, 0, "01234C", 2, id="six-ones-are-one-to-the-right"),
    ],
)
def test_shift_and_round(field, amount, rounding, result, cc):
    assert shift(field, amount, rounding, program_mask=15) == stored(result, cc)


@pytest.mark.parametrize(
    ("field", "amount", "result"),
    [
        pytest.param("12345A", 1, "23450C", id="one-digit"),
        pytest.param("10000B", 5, "00000D", id="zero-keeps-the-sign"),
        pytest.param("0" * 30 + "1D", 31, "0" * 31 + "D", id="31-to-the-left"),
    ],
)
def test_digits_shifted_out_on_the_left_are_an_overflow(field, amount, result):
    assert shift(field, amount) == stored(result, 3)
    assert shift(field, amount, 0, OVERFLOW_ALLOWED) == stored(result, 3, PIC.DECIMAL_OVERFLOW, Ending.COMPLETION)


# ---- data exceptions -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mnemonic", ["AP", "SP", "CP", "ZAP", "MP", "DP"])
@pytest.mark.parametrize(
    ("second", "ending"),
    [
        pytest.param("0A1C", Ending.TERMINATION, id="digit"),
        pytest.param("A11C", Ending.TERMINATION, id="first-digit"),
        pytest.param("0019", Ending.SUPPRESSION, id="sign"),
        pytest.param("0F19", Ending.SUPPRESSION, id="both"),
    ],
)
def test_invalid_second_operand_changes_nothing(mnemonic, second, ending):
    assert execute(mnemonic, "0000001C", second, cc=2) == stored("0000001C", 2, PIC.DATA, ending)


@pytest.mark.parametrize("mnemonic", ["AP", "SP", "CP", "MP", "DP"])
@pytest.mark.parametrize(
    ("first", "second", "ending"),
    [
        pytest.param("0000E01C", "001C", Ending.TERMINATION, id="digit"),
        pytest.param("00000010", "001C", Ending.SUPPRESSION, id="sign"),
        pytest.param("0000E01C", "0010", Ending.SUPPRESSION, id="digit-here-sign-there"),
        pytest.param("0000E01C", "000C", Ending.TERMINATION, id="before-decimal-divide"),
    ],
)
def test_invalid_first_operand_changes_nothing(mnemonic, first, second, ending):
    assert execute(mnemonic, first, second, cc=1) == stored(first, 1, PIC.DATA, ending)


@pytest.mark.parametrize(
    ("field", "amount", "rounding", "ending"),
    [
        pytest.param("0A0C", 0, 0, Ending.TERMINATION, id="digit-without-shift"),
        pytest.param("0A0C", 1, 0, Ending.TERMINATION, id="digit-that-is-shifted-out"),
        pytest.param("0001", 1, 0, Ending.SUPPRESSION, id="sign"),
        pytest.param("000C", 1, 10, Ending.TERMINATION, id="rounding-digit-of-a-left-shift"),
        pytest.param("0001", 1, 15, Ending.SUPPRESSION, id="rounding-digit-and-sign"),
    ],
)
def test_shift_checks_operand_and_rounding_digit(field, amount, rounding, ending):
    assert shift(field, amount, rounding) == stored(field, 0, PIC.DATA, ending)


# ---- operands that overlap -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mnemonic", "l1", "l2", "contents", "result", "cc"),
    [
        pytest.param("AP", 3, 3, "00123C", "00246C", 2, id="add-to-itself"),
        pytest.param("SP", 3, 3, "98765D", "00000C", 0, id="subtract-from-itself"),
        pytest.param("SP", 3, 2, "12345C", "12000C", 2, id="clear-the-low-part"),
        pytest.param("CP", 3, 3, "12345B", "12345B", 0, id="compare-with-itself"),
        pytest.param("MP", 3, 1, "00012C", "00024C", 3, id="multiply-by-its-last-digit"),
        pytest.param("DP", 3, 1, "00015C", "003C0C", 3, id="divide-by-its-last-digit"),
        pytest.param("ZAP", 3, 2, "99012D", "00012D", 1, id="cut-to-the-low-part"),
    ],
)
def test_operands_may_share_their_rightmost_byte(mnemonic, l1, l2, contents, result, cc):
    machine = Machine(0x10000)
    machine.cpu.psw.cc = 3
    machine.storage.write(FIRST, bytes.fromhex(contents))
    assert run(machine, mnemonic, l1, l2, second=FIRST + l1 - l2) == stored(result, cc)


def test_zero_and_add_may_end_to_the_right_of_its_second_operand():
    machine = Machine(0x10000)
    machine.storage.write(FIRST, bytes.fromhex("12345D FF"))
    assert run(machine, "ZAP", 3, 3, first=FIRST + 1, second=FIRST) == stored("12345D", 1)
    assert machine.storage.read(FIRST, 4).hex() == "1212345d"


@pytest.mark.parametrize("distance", [1, 2])
@pytest.mark.parametrize("mnemonic", ["AP", "SP", "CP", "ZAP", "DP", "MP"])
def test_operands_that_overlap_in_another_way_are_a_data_exception(mnemonic, distance):
    machine = Machine(0x10000)
    contents = "00000C00000C" if mnemonic != "ZAP" else "000000000C"
    machine.storage.write(FIRST, bytes.fromhex(contents))
    outcome = run(machine, mnemonic, 4, 3, second=FIRST + 1 + distance)
    assert (outcome.code, machine.storage.read(FIRST, len(contents) // 2).hex()) == (PIC.DATA, contents.lower())


def test_zero_and_add_reads_next_to_its_result():
    machine = Machine(0x10000)
    machine.storage.write(FIRST, bytes.fromhex("FFFFFF 00007D"))
    assert run(machine, "ZAP", 3, 3, second=FIRST + 3) == stored("00007D", 1)


# ---- access --------------------------------------------------------------------------------------------------------

TWO_OPERANDS = ("AP", "SP", "ZAP", "CP", "MP", "DP")
EDGE = FIRST + BLOCK
"""Where the block behind FIRST begins."""


def split(first, second, keys):
    """A machine with PSW key 1 and operands of 4 and 2 bytes, each across the border of two 2K blocks."""
    machine = Machine(0x10000)
    machine.cpu.psw.key = 1
    for address, key in zip((FIRST, EDGE, SECOND, SECOND + BLOCK), keys, strict=True):
        machine.storage.keys[address // BLOCK] = key
    machine.storage.write(EDGE - 2, bytes.fromhex(first))
    machine.storage.write(SECOND + BLOCK - 1, bytes.fromhex(second))
    return machine


OPEN = 0x10
READ_ONLY = 0x20
CLOSED = 0x28


@pytest.mark.parametrize("mnemonic", TWO_OPERANDS)
@pytest.mark.parametrize(
    "keys",
    [
        pytest.param((OPEN, CLOSED, OPEN, OPEN), id="end-of-first"),
        pytest.param((CLOSED, OPEN, OPEN, OPEN), id="start-of-first"),
        pytest.param((OPEN, OPEN, CLOSED, OPEN), id="start-of-second"),
        pytest.param((OPEN, OPEN, OPEN, CLOSED), id="end-of-second"),
    ],
)
def test_protection_of_any_part_comes_before_the_contents_and_changes_nothing(mnemonic, keys):
    machine = split("0000000C", "0000", keys)
    outcome = run(machine, mnemonic, 4, 2, first=EDGE - 2, second=SECOND + BLOCK - 1)
    assert outcome == stored("0000000C", 0, PIC.PROTECTION, Ending.TERMINATION)


@pytest.mark.parametrize("mnemonic", TWO_OPERANDS)
@pytest.mark.parametrize(
    "keys",
    [
        pytest.param((READ_ONLY, OPEN, READ_ONLY, READ_ONLY), id="start"),
        pytest.param((OPEN, READ_ONLY, READ_ONLY, READ_ONLY), id="end"),
    ],
)
def test_only_the_result_needs_a_store_access(mnemonic, keys):
    machine = split("0000001C", "001C", keys)
    outcome = run(machine, mnemonic, 4, 2, first=EDGE - 2, second=SECOND + BLOCK - 1)
    assert outcome.code == (None if mnemonic == "CP" else PIC.PROTECTION)
    assert outcome.first == "0000001c"


@pytest.mark.parametrize("mnemonic", ["AP", "SP", "ZAP", "MP", "DP", "SRP"])
def test_result_that_must_not_be_stored_is_found_before_anything_is_fetched(mnemonic):
    keys = (OPEN, READ_ONLY, OPEN, OPEN)
    machine = split("00000000", "0000", keys)
    outcome = run(machine, mnemonic, 4, 2, first=EDGE - 2, second=SECOND + BLOCK - 1)
    assert outcome == stored("00000000", 0, PIC.PROTECTION, Ending.TERMINATION)
    assert tuple(machine.storage.keys[address // BLOCK] for address in (FIRST, EDGE, SECOND, SECOND + BLOCK)) == keys


@pytest.mark.parametrize("mnemonic", TWO_OPERANDS)
def test_reference_and_change_are_recorded_in_every_block(mnemonic):
    machine = split("0000001C", "001C", (OPEN, OPEN, OPEN, OPEN))
    run(machine, mnemonic, 4, 2, first=EDGE - 2, second=SECOND + BLOCK - 1)
    keys = [machine.storage.keys[address // BLOCK] for address in (FIRST, EDGE, SECOND, SECOND + BLOCK)]
    assert keys == [0x14 if mnemonic == "CP" else 0x16] * 2 + [0x14] * 2


@pytest.mark.parametrize(("key", "code"), [(READ_ONLY, PIC.PROTECTION), (OPEN, None)])
def test_shift_by_nothing_needs_a_store_access_all_the_same(key, code):
    machine = Machine(0x10000)
    machine.cpu.psw.key = 1
    machine.storage.write(FIRST, bytes.fromhex("001C"))
    machine.storage.keys[FIRST // BLOCK] = key
    assert run(machine, "SRP", 2, 1, second=0).code == code


# ---- the signs and zones of a System/360 ---------------------------------------------------------------------------


@pytest.mark.parametrize("ascii_bit", [False, True])
@pytest.mark.parametrize(
    ("mnemonic", "first", "second", "ebcdic", "ascii_"),
    [
        pytest.param("AP", "001C", "1D", "000C", "000A", id="add"),
        pytest.param("SP", "001A", "2A", "001D", "001B", id="subtract"),
        pytest.param("ZAP", "FFFF", "1F", "001C", "001A", id="zero-and-add"),
        pytest.param("MP", "002C", "3D", "006D", "006B", id="multiply"),
        pytest.param("DP", "007B", "2C", "3D1D", "3B1B", id="divide"),
        pytest.param("UNPK", "00000000", "123C", "F0F1F2C3", "505152C3", id="unpack-keeps-the-sign"),
        pytest.param("PACK", "0000", "F1D2", "012D", "012D", id="pack-makes-no-sign"),
    ],
)
def test_system_360_makes_ascii_signs_and_zones_when_told(mnemonic, first, second, ebcdic, ascii_, ascii_bit):
    machine = Machine(0x10000, Architecture.S360)
    machine.cpu.psw.ascii = ascii_bit
    fields = bytes.fromhex(first), bytes.fromhex(second)
    machine.storage.write(FIRST, fields[0])
    machine.storage.write(SECOND, fields[1])
    assert run(machine, mnemonic, *map(len, fields)).first == (ascii_ if ascii_bit else ebcdic).lower()


@pytest.mark.parametrize(
    ("ascii_bit", "edited", "converted"),
    [
        pytest.param(False, "40f1f2", "000000000000005d", id="ebcdic"),
        pytest.param(True, "405152", "000000000000005b", id="ascii"),
    ],
)
def test_system_360_edits_and_converts_in_the_code_it_is_told(ascii_bit, edited, converted):
    machine = Machine(0x10000, Architecture.S360)
    machine.cpu.psw.ascii = ascii_bit
    machine.cpu.gr[2:6] = FIRST, SECOND, 0, 0xFFFFFFFB
    machine.storage.write(FIRST, bytes.fromhex("402020"))
    machine.storage.write(SECOND, bytes.fromhex("12"))
    machine.cpu.perform(bytes.fromhex("DE0220003000"))
    machine.cpu.perform(bytes.fromhex("4E502100"))
    assert machine.storage.read(FIRST, 3).hex() == edited
    assert machine.storage.read(FIRST + 0x100, 8).hex() == converted


# ---- properties against Python's decimal ---------------------------------------------------------------------------


@st.composite
def fields(draw, max_bytes=16, zero_bytes=0):
    """A packed field in hexadecimal, any valid sign."""
    length = draw(st.integers(1, max_bytes))
    digits = 2 * length - 1
    number = draw(st.one_of(st.integers(0, 10**digits - 1), st.sampled_from((0, 1, 10**digits - 1))))
    return "00" * zero_bytes + f"{number:0{digits}d}{draw(st.sampled_from('ABCDEF'))}"


def value(field):
    """The signed number; zero keeps its sign."""
    return Decimal(("-" if field[-1] in "BDbd" else "") + field[:-1])


def as_field(number, length):
    """The field that a result takes, cut to its length, with C or D for the sign."""
    digits = 2 * length - 1
    return f"{int(number.copy_abs()) % 10**digits:0{digits}d}{'d' if number.is_signed() else 'c'}"


def expected_sum(number, length):
    """Field and CC of a sum."""
    if not number:
        return Outcome(as_field(Decimal(0), length), 0)
    overflow = number.copy_abs() >= 10 ** (2 * length - 1)
    return Outcome(as_field(number, length), 3 if overflow else 1 if number < 0 else 2)


@given(fields(), fields())
def test_sum_difference_and_comparison_are_those_of_the_numbers(first, second):
    a, b, length = value(first), value(second), len(first) // 2
    assert execute("AP", first, second) == expected_sum(ARITHMETIC.add(a, b), length)
    assert execute("SP", first, second) == expected_sum(ARITHMETIC.subtract(a, b), length)
    assert execute("ZAP", first, second) == expected_sum(b, length)
    assert execute("CP", first, second).cc == (0 if a == b else 1 if a < b else 2)


@given(st.integers(1, 8), st.data())
def test_product_is_that_of_the_numbers(l2, data):
    first = data.draw(fields(max_bytes=16 - l2, zero_bytes=l2))
    second = data.draw(fields(max_bytes=l2)).rjust(2 * l2, "0")
    product = ARITHMETIC.multiply(value(first), value(second))
    assert execute("MP", first, second).first == as_field(product, len(first) // 2)


@given(fields(max_bytes=8), st.data())
def test_quotient_and_remainder_are_those_of_the_numbers_unless_too_long(second, data):
    l2 = len(second) // 2
    first = data.draw(fields(max_bytes=16 - l2)).rjust(2 * l2 + 2, "0")
    a, b, l1 = value(first), value(second), len(first) // 2
    outcome = execute("DP", first, second)
    if not b or abs(ARITHMETIC.divide_int(a, b)) >= 10 ** (2 * (l1 - l2) - 1):
        assert (outcome.first, outcome.code) == (first.lower(), PIC.DECIMAL_DIVIDE)
    else:
        quotient, remainder = ARITHMETIC.divide_int(a, b), ARITHMETIC.remainder(a, b)
        assert outcome.first == as_field(quotient, l1 - l2) + as_field(remainder, l2)


@given(fields(), st.integers(-32, 31), st.sampled_from((0, 5)))
def test_shift_is_a_multiplication_or_a_rounded_division_by_a_power_of_ten(field, places, rounding):
    number = value(field).scaleb(places, ARITHMETIC)
    number = number.quantize(Decimal(1), ROUND_HALF_UP if rounding else ROUND_DOWN, ARITHMETIC)
    assert shift(field, places & 63, rounding) == expected_sum(number, len(field) // 2)


@given(st.integers(1, 16), st.integers(0, 10**31 - 1), st.booleans())
def test_packed_field_is_read_back_as_the_number_it_was_made_of(length, magnitude, negative):
    field = packed_field(Machine(0x1000).cpu, length, magnitude, negative)
    kept = magnitude % 10 ** (2 * length - 1)
    assert (len(field), packed_numbers(field)) == (length, (-kept if negative else kept,))
