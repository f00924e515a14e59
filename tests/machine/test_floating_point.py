"""Arithmetic of hexadecimal floating-point numbers.  GA22-7000 "Floating-Point Instructions".

The tables are one rule a row; the properties compare with exact fractions, cut where the manual says.
"""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edu_hv.isa.codes import PIC
from edu_hv.isa.table import BY_MNEMONIC
from edu_hv.machine.interruptions import Ending, ProgramInterruption
from edu_hv.machine.machine import Machine

SHORT, LONG, EXTENDED = 6, 14, 28
OVERFLOW, UNDERFLOW, SIGNIFICANCE = PIC.EXPONENT_OVERFLOW, PIC.EXPONENT_UNDERFLOW, PIC.SIGNIFICANCE
UNDERFLOW_MASK, SIGNIFICANCE_MASK = 2, 1
OPERAND = 0x2003
"""A second operand in storage needs no boundary."""
FILLER = "A5A5A5A5A5A5A5A5"
"""The rest of a register or pair."""


def perform(mnemonic, r1, r2_or_address, *, fpr=(0, 0, 0, 0), program_mask=0, storage=b"", cc=3):
    """Execute one instruction on a new machine; return the CPU and the exception that it ended with, if any."""
    row = BY_MNEMONIC[mnemonic]
    machine = Machine(0x3000)
    cpu = machine.cpu
    machine.storage.write(OPERAND, storage)
    cpu.fpr[:], cpu.psw.program_mask, cpu.psw.cc, cpu.gr[12] = fpr, program_mask, cc, r2_or_address
    rr = row.format.length == 2
    try:
        cpu.perform(bytes([row.code, r1 << 4 | r2_or_address] if rr else [row.code, r1 << 4, 12 << 4, 0]))
    except ProgramInterruption as condition:
        return cpu, condition
    return cpu, None


def operate(mnemonic, first, second, program_mask=0, cc=3):
    """What FPR 0 (and 2) gets from operands given in hexadecimal, the CC, and the code of the exception."""
    first, second = first.replace(" ", ""), second.replace(" ", "")
    parts = (first + FILLER * 2)[:32] + (second + FILLER * 2)[:32]
    fpr = [int(parts[at : at + 16], 16) for at in range(0, 64, 16)]
    in_storage = BY_MNEMONIC[mnemonic].format.length == 4
    storage = bytes.fromhex(second) if in_storage else b""
    where = OPERAND if in_storage else 4
    cpu, condition = perform(mnemonic, 0, where, fpr=fpr, program_mask=program_mask, storage=storage, cc=cc)
    assert cpu.fpr[2:] == fpr[2:]
    if condition:
        suppressed = condition.code is PIC.FLOATING_POINT_DIVIDE
        assert condition.ending is (Ending.SUPPRESSION if suppressed else Ending.COMPLETION)
    return f"{cpu.fpr[0]:016X}{cpu.fpr[1]:016X}", cpu.psw.cc, condition.code if condition else None


def filled(text):
    """A result and what the instruction must leave alone."""
    return (text.replace(" ", "") + FILLER * 2)[:32]


def case(mnemonic, first, second, mask, result, cc, code, *, name):
    return pytest.param(mnemonic, first, second, mask, result, cc, code, id=f"{mnemonic}-{name}")


# ---- sums ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mnemonic", "first", "second", "mask", "result", "cc", "code"),
    [
        case("AE", "43082100", "41123456", 0, "42833345", 2, None, name="example-of-the-manual"),
        case("AU", "43082100", "41123456", 0, "43083334", 2, None, name="example-not-normalized"),
        case("AER", "C3082100", "C1123456", 0, "C2833345", 1, None, name="both-minus"),
        case("AER", "41123456", "C3082100", 0, "C280ECBB", 1, None, name="sign-of-the-larger"),
        case("SER", "41100000", "40FFFFFF", 0, "3B100000", 2, None, name="guard-digit-takes-part"),
        case("SER", "42100000", "40FFFFFF", 0, "41F00001", 2, None, name="only-one-guard-digit"),
        case("SDR", "4110000000000000", "40FFFFFFFFFFFFFF", 0, "3310000000000000", 2, None, name="guard-digit"),
        case("SD", "4210000000000000", "40FFFFFFFFFFFFFF", 0, "41F0000000000001", 2, None, name="one-guard-digit"),
        case("SUR", "41100000", "40F00000", 0, "41010000", 2, None, name="leading-zeros-stay"),
        case("AER", "41F00000", "41200000", 0, "42110000", 2, None, name="carry"),
        case("AUR", "41F0000F", "41200000", 0, "42110000", 2, None, name="carry-drops-a-digit"),
        case("AW", "41F0000000000000", "4120000000000000", 0, "4211000000000000", 2, None, name="carry"),
        case("AER", "41000001", "42000000", 0, "3C100000", 2, None, name="zero-of-larger-characteristic"),
        case("AER", "41000010", "43000000", 0, "3D100000", 2, None, name="in-the-guard-digit"),
        case("AER", "41000010", "44000000", 1, "44000000", 0, SIGNIFICANCE, name="behind-the-guard-digit"),
        case("AER", "7FF00000", "7F200000", 0, "00110000", 2, OVERFLOW, name="overflow"),
        case("SE", "FFF00000", "7F200000", 0, "80110000", 1, OVERFLOW, name="overflow-minus"),
        case("AUR", "7FF00000", "7F200000", 0, "00110000", 2, OVERFLOW, name="overflow"),
        case("SER", "00100001", "00100000", 2, "7B100000", 2, UNDERFLOW, name="underflow"),
        case("SER", "00100000", "00100001", 2, "FB100000", 1, UNDERFLOW, name="underflow-minus"),
        case("SER", "00100000", "00100001", 1, "00000000", 0, None, name="underflow-masked"),
        case("SUR", "00100000", "00100001", 2, "80000001", 1, None, name="no-underflow"),
        case("SER", "C5123456", "C5123456", 0, "00000000", 0, None, name="true-zero"),
        case("SER", "C5123456", "C5123456", 1, "45000000", 0, SIGNIFICANCE, name="significance"),
        case("AER", "C5000000", "C2000000", 1, "45000000", 0, SIGNIFICANCE, name="minus-zeros-give-plus"),
        case("SDR", "7F10000000000000", "7F10000000000000", 3, "7F00000000000000", 0, SIGNIFICANCE, name="no-overflow"),
        case("SUR", "41100000", "40FFFFFF", 0, "00000000", 0, None, name="guard-digit-alone-is-zero"),
        case("SUR", "40FFFFFF", "41100000", 1, "41000000", 0, SIGNIFICANCE, name="guard-digit-alone-is-plus-zero"),
        case("SW", "4110000000000000", "40FFFFFFFFFFFFFF", 1, "4100000000000000", 0, SIGNIFICANCE, name="guard-alone"),
    ],
)  # fmt: skip
def test_sum_is_aligned_added_and_cut(mnemonic, first, second, mask, result, cc, code):
    assert operate(mnemonic, first, second, mask) == (filled(result), cc, code)


ONE = "4110000000000000 3300000000000000"


@pytest.mark.parametrize(
    ("mnemonic", "first", "second", "mask", "result", "cc", "code"),
    [
        case("AXR", ONE, ONE, 0, "4120000000000000 3300000000000000", 2, None, name="low-part-14-less"),
        case("AXR", "C120000000000000 0000000000000001", "4100000000000000 FF00000000000002", 0,
             "C11FFFFFFFFFFFFF B3FFFFFFFFFFFFFF", 1, None, name="sign-and-characteristic-of-a-low-part-ignored"),
        case("AXR", "0510000000000000 0000000000000000", "0510000000000000 0000000000000000", 2,
             "0520000000000000 7700000000000000", 2, None, name="low-characteristic-wraps-without-underflow"),
        case("AXR", "FFF0000000000000 0000000000000000", "FF20000000000000 0000000000000000", 0,
             "8011000000000000 F200000000000000", 1, OVERFLOW, name="overflow-leaves-low-part-correct"),
        case("SXR", "0010000000000000 0000000000000001", "0010000000000000 0000000000000000", 2,
             "6510000000000000 5700000000000000", 2, UNDERFLOW, name="underflow"),
        case("SXR", "0010000000000000 0000000000000001", "0010000000000000 0000000000000000", 0,
             "0000000000000000 0000000000000000", 0, None, name="underflow-masked"),
        case("SXR", ONE, "4010000000000000 0000000000000001", 0,
             "40EFFFFFFFFFFFFF 32FFFFFFFFFFFFFF", 2, None, name="guard-digit"),
        case("SXR", ONE, ONE, 0, "0000000000000000 0000000000000000", 0, None, name="true-zero-in-both-parts"),
        case("SXR", ONE, ONE, 1, "4100000000000000 3300000000000000", 0, SIGNIFICANCE, name="significance"),
        case("SXR", "0000000000000000 0000000000000000", "8000000000000000 0000000000000000", 1,
             "0000000000000000 7200000000000000", 0, SIGNIFICANCE, name="significance-makes-no-true-zero"),
    ],
)  # fmt: skip
def test_extended_sum_has_two_parts(mnemonic, first, second, mask, result, cc, code):
    assert operate(mnemonic, first, second, mask) == (filled(result), cc, code)


@pytest.mark.parametrize(
    ("mnemonic", "first", "second", "cc"),
    [
        pytest.param("CER", "41100000", "41100000", 0, id="equal"),
        pytest.param("CE", "C1100000", "41100000", 1, id="sign"),
        pytest.param("CDR", "4300000000000000", "B400123456789ABC", 0, id="zeros-are-equal"),
        pytest.param("CER", "41100000", "42010000", 0, id="equal-not-normalized"),
        pytest.param("CER", "41100000", "40FFFFFF", 2, id="guard-digit-decides"),
        pytest.param("CER", "42010000", "40FFFFFF", 2, id="digit-behind-the-guard-digit-cut"),
        pytest.param("CER", "44000000", "41FFFFFF", 1, id="larger-characteristic-is-less"),
        pytest.param("CER", "45000000", "4000FFFF", 0, id="shifted-out-is-equal-to-zero"),
        pytest.param("CD", "7FF0000000000000", "FFF0000000000000", 2, id="no-overflow"),
    ],
)
def test_comparison_is_a_subtraction_without_a_result(mnemonic, first, second, cc):
    assert operate(mnemonic, first, second, 3) == (filled(first), cc, None)


# ---- products and quotients ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mnemonic", "first", "second", "mask", "result", "code"),
    [
        pytest.param("MER", "41200000", "41300000", 0, "4160000000000000", None, id="MER-long-product"),
        pytest.param("ME", "C0FFFFFF", "40FFFFFF", 0, "C0FFFFFE00000100", None, id="ME-two-zero-digits"),
        pytest.param("MER", "46000002", "43000003", 0, "3E60000000000000", None, id="MER-operands-normalized"),
        pytest.param("MDR", "40FFFFFFFFFFFFFF", "40FFFFFFFFFFFFFF", 0, "40FFFFFFFFFFFFFE", None, id="MDR-cut"),
        pytest.param("MD", "4110000000000001", "4110000000000001", 0, "4110000000000002", None, id="MD-guard-digit"),
        pytest.param("MXDR", "C0FFFFFFFFFFFFFF", "40FFFFFFFFFFFFFF", 0,
                     "C0FFFFFFFFFFFFFE B200000000000001", None, id="MXDR-exact"),
        pytest.param("MXD", "4120000000000000", "4130000000000000", 0,
                     "4160000000000000 3300000000000000", None, id="MXD-high-part-of-the-pair"),
        pytest.param("MXR", "4110000000000000 0000000000000001", "C110000000000000 0000000000000001", 0,
                     "C110000000000000 B300000000000002", None, id="MXR-cut"),
        pytest.param("MDR", "C100000000000000", "4512345600000000", 3, "0000000000000000", None, id="MDR-true-zero"),
        pytest.param("MXR", "7F10000000000000 0000000000000000", "FF00000000000000 0000000000000000", 3,
                     "0000000000000000 0000000000000000", None, id="MXR-true-zero"),
        pytest.param("MDR", "7F10000000000000", "4110000000000000", 0, "7F10000000000000", None, id="MDR-just-fits"),
        pytest.param("MER", "7F100000", "7F100000", 0, "3D10000000000000", OVERFLOW, id="MER-overflow"),
        pytest.param("MXDR", "FF10000000000000", "7F10000000000000", 0,
                     "BD10000000000000 AF00000000000000", OVERFLOW, id="MXDR-overflow-in-both-parts"),
        pytest.param("MXDR", "4F10000000000000", "7210000000000000", 0,
                     "0010000000000000 7200000000000000", OVERFLOW, id="MXDR-overflow-of-the-high-part-only"),
        pytest.param("MER", "20200000", "20800000", 2, "0010000000000000", None, id="MER-smallest"),
        pytest.param("MDR", "0010000000000000", "8010000000000000", 2, "BF10000000000000", UNDERFLOW, id="MDR-under"),
        pytest.param("MDR", "0010000000000000", "8010000000000000", 1, "0000000000000000", None, id="MDR-under-masked"),
        pytest.param("MXD", "2010000000000000", "2110000000000000", 2,
                     "0010000000000000 7200000000000000", None, id="MXD-low-part-wraps-without-underflow"),
        pytest.param("DER", "41600000", "C1200000", 0, "C1300000", None, id="DER-exact"),
        pytest.param("DE", "41100000", "41300000", 0, "40555555", None, id="DE-cut"),
        pytest.param("DDR", "4110000000000000", "4130000000000000", 0, "4055555555555555", None, id="DDR-cut"),
        pytest.param("DD", "4200000000000006", "4100000000000002", 0, "4230000000000000", None, id="DD-normalized"),
        pytest.param("DER", "41100000", "45000000", 0, "41100000", PIC.FLOATING_POINT_DIVIDE, id="DER-by-zero"),
        pytest.param("DER", "41000000", "C5000000", 0, "41000000", PIC.FLOATING_POINT_DIVIDE, id="DER-zero-by-zero"),
        pytest.param("DDR", "FF00000000000000", "0010000000000000", 3, "0000000000000000", None, id="DDR-true-zero"),
        pytest.param("DER", "7F100000", "81100000", 0, "BF100000", OVERFLOW, id="DER-overflow"),
        pytest.param("DE", "00100000", "7FF00000", 2, "41111111", UNDERFLOW, id="DE-underflow"),
        pytest.param("DE", "00100000", "7FF00000", 0, "00000000", None, id="DE-underflow-masked"),
    ],
)  # fmt: skip
def test_product_and_quotient_are_exact_until_cut(mnemonic, first, second, mask, result, code):
    assert operate(mnemonic, first, second, mask) == (filled(result), 3, code)


@pytest.mark.parametrize(
    ("mnemonic", "second", "mask", "result", "code"),
    [
        pytest.param("HER", "41300000", 0, "41180000", None, id="HER-shift"),
        pytest.param("HER", "C1100000", 0, "C0800000", None, id="HER-normalized"),
        pytest.param("HER", "41200001", 0, "41100000", None, id="HER-cut"),
        pytest.param("HER", "41000001", 0, "3B800000", None, id="HER-bit-in-the-guard-digit"),
        pytest.param("HDR", "C100000000000001", 0, "B380000000000000", None, id="HDR-bit-in-the-guard-digit"),
        pytest.param("HER", "C5000000", 3, "00000000", None, id="HER-true-zero"),
        pytest.param("HDR", "8010000000000000", 2, "FF80000000000000", UNDERFLOW, id="HDR-underflow"),
        pytest.param("HDR", "8010000000000000", 0, "0000000000000000", None, id="HDR-underflow-masked"),
        pytest.param("LRER", "4112345680000000", 0, "41123457", None, id="LRER-up"),
        pytest.param("LRER", "C11234567FFFFFFF", 0, "C1123456", None, id="LRER-down"),
        pytest.param("LRER", "41FFFFFF80000000", 0, "42100000", None, id="LRER-carry"),
        pytest.param("LRER", "FFFFFFFF80000000", 0, "80100000", OVERFLOW, id="LRER-overflow"),
        pytest.param("LRER", "C500000080000000", 0, "C5000001", None, id="LRER-not-normalized"),
        pytest.param("LRER", "C50000007FFFFFFF", 3, "C5000000", None, id="LRER-zero-keeps-sign-and-characteristic"),
        pytest.param("LRDR", "C112345678901234 7F80000000000000", 0, "C112345678901235", None, id="LRDR-up"),
        pytest.param("LRDR", "4112345678901234 FF7FFFFFFFFFFFFF", 0, "4112345678901234", None, id="LRDR-down"),
        pytest.param("LRDR", "7FFFFFFFFFFFFFFF 7280000000000000", 0, "0010000000000000", OVERFLOW, id="LRDR-overflow"),
    ],
)
def test_half_and_rounded_number(mnemonic, second, mask, result, code):
    assert operate(mnemonic, "", second, mask) == (filled(result), 3, code)


# ---- register numbers ----------------------------------------------------------------------------------------------

FIRST_OF_A_PAIR = {"AXR": (1, 1), "SXR": (1, 1), "MXR": (1, 1), "MXDR": (1, 0), "MXD": (1, 0), "LRDR": (0, 1)}
"""Whether the first and second register must be the first of a pair."""
ARITHMETIC = (
    "AER", "AE", "ADR", "AD", "AXR", "AUR", "AU", "AWR", "AW", "SER", "SE", "SDR", "SD", "SXR", "SUR", "SU", "SWR",
    "SW", "CER", "CE", "CDR", "CD", "DER", "DE", "DDR", "DD", "HER", "HDR", "LRER", "LRDR", "MER", "ME", "MDR", "MD",
    "MXDR", "MXD", "MXR",
)  # fmt: skip


@pytest.mark.parametrize("mnemonic", ARITHMETIC)
def test_register_number_that_is_none_is_a_specification_exception(mnemonic):
    """It is found before storage is looked at."""
    registers = [(0, 4) if pair else (0, 2, 4, 6) for pair in FIRST_OF_A_PAIR.get(mnemonic, (0, 0))]
    one = 0x4110000000000000
    for r1 in range(16):
        in_storage = BY_MNEMONIC[mnemonic].format.length == 4
        for second in (0xFFFFFF,) if in_storage else range(16):
            cpu, condition = perform(mnemonic, r1, second, fpr=(one,) * 4)
            if r1 not in registers[0] or (not in_storage and second not in registers[1]):
                assert condition.code is PIC.SPECIFICATION
                assert (condition.ending, cpu.fpr, cpu.psw.cc) == (Ending.SUPPRESSION, [one] * 4, 3)
            else:
                assert (condition.code if condition else None) == (PIC.ADDRESSING if in_storage else None)


# ---- properties ----------------------------------------------------------------------------------------------------


def characteristics():
    return st.one_of(st.integers(0, 127), st.sampled_from([0, 1, 63, 64, 65, 126, 127]), st.integers(60, 68))


def fractions(digits):
    """Any fraction, leading zeros and few digits included."""
    whole = st.integers(0, 16**digits - 1)
    leading = st.tuples(st.integers(0, digits), whole).map(lambda pair: pair[1] >> 4 * pair[0])
    single = st.tuples(st.integers(0, 15), st.integers(0, digits - 1)).map(lambda pair: pair[0] << 4 * pair[1])
    return st.one_of(whole, leading, single, st.sampled_from([0, 1, 16**digits - 1, 16 ** (digits - 1)]))


def numbers(digits):
    return st.tuples(st.integers(0, 1), characteristics(), fractions(digits))


def related(digits):
    """Two numbers whose characteristics are often near each other."""
    near = st.tuples(numbers(digits), st.integers(-digits - 2, digits + 2), st.integers(0, 1), fractions(digits))
    pairs = near.map(lambda four: (four[0], (four[2], min(max(four[0][1] + four[1], 0), 127), four[3])))
    return st.one_of(pairs, st.tuples(numbers(digits), numbers(digits)))


masks = st.integers(0, 3)


def text(number, digits):
    """A number as it is stored, hexadecimal; the low-order part of an extended one begins with any byte."""
    sign, characteristic, fraction = number
    head, rest = f"{sign << 7 | characteristic & 127:02X}", f"{fraction:0{digits}X}"
    return head + (rest if digits < EXTENDED else rest[:14] + "9A" + rest[14:])


def exact(number, digits):
    sign, characteristic, fraction = number
    return (-1) ** sign * Fraction(fraction, 16**digits) * Fraction(16) ** (characteristic - 64)


def cut(value, unit):
    """Toward zero, to a multiple of the unit."""
    return (abs(value) // unit) * unit * (1 if value > 0 else -1)


def stored(value, digits, program_mask):
    """The normalized result for an exact value, and the exception: the manual's rules, in numbers."""
    if value == 0:
        return "0" * (digits + 2 if digits < EXTENDED else 32), None
    exponent = (abs(value).numerator.bit_length() - value.denominator.bit_length()) // 4
    while abs(value) >= Fraction(16) ** exponent:
        exponent += 1
    while abs(value) < Fraction(16) ** (exponent - 1):
        exponent -= 1
    fraction = abs(value) // Fraction(16) ** (exponent - digits)
    return placed(value < 0, exponent + 64, fraction, digits, program_mask)


def placed(minus, characteristic, fraction, digits, program_mask):
    """A result that is not zero, with a characteristic that may not fit."""
    code = OVERFLOW if characteristic > 127 else UNDERFLOW if characteristic < 0 else None
    if code is UNDERFLOW and not program_mask & UNDERFLOW_MASK:
        return "0" * (digits + 2 if digits < EXTENDED else 32), None
    head, rest = f"{minus << 7 | characteristic % 128:02X}", f"{fraction:0{digits}X}"
    if digits < EXTENDED:
        return head + rest, code
    return head + rest[:14] + f"{minus << 7 | (characteristic - 14) % 128:02X}" + rest[14:], code


def sum_unit(first, second, digits):
    """The value of the guard digit's last place: the larger characteristic counts."""
    return Fraction(16) ** (max(first[1], second[1]) - 64 - digits - 1)


def aligned_sum(first, second, digits, subtract):
    unit = sum_unit(first, second, digits)
    return cut(exact(first, digits), unit) + (-1) ** subtract * cut(exact(second, digits), unit)


def sum_code(result, code, value):
    """The condition code of a sum."""
    return 0 if value == 0 or (code is None and not result.strip("0")) else 1 if value < 0 else 2


@pytest.mark.parametrize(
    ("mnemonic", "digits", "subtract"),
    [("AER", SHORT, 0), ("SE", SHORT, 1), ("SDR", LONG, 1), ("AXR", EXTENDED, 0), ("SXR", EXTENDED, 1)],
)
@settings(max_examples=40)
@given(data=st.data(), mask=masks)
def test_normalized_sum_is_that_of_fractions(mnemonic, digits, subtract, data, mask):
    first, second = data.draw(related(digits))
    total = aligned_sum(first, second, digits, subtract)
    result, code = stored(total, digits, mask)
    if total == 0 and mask & SIGNIFICANCE_MASK:
        result, code = placed(0, max(first[1], second[1]), 0, digits, mask)[0], SIGNIFICANCE
    expected = filled(result), sum_code(result, code, total), code
    assert operate(mnemonic, text(first, digits), text(second, digits), mask) == expected


@pytest.mark.parametrize(("mnemonic", "digits", "subtract"), [("AU", SHORT, 0), ("SUR", SHORT, 1), ("SW", LONG, 1)])
@settings(max_examples=40)
@given(data=st.data(), mask=masks)
def test_unnormalized_sum_keeps_the_larger_characteristic(mnemonic, digits, subtract, data, mask):
    first, second = data.draw(related(digits))
    characteristic = max(first[1], second[1])
    last_place = sum_unit(first, second, digits) * 16
    total = cut(aligned_sum(first, second, digits, subtract), last_place)
    fraction = abs(total) // last_place
    if fraction >= 16**digits:
        characteristic, fraction = characteristic + 1, fraction // 16
    result, code = placed(total < 0, characteristic, fraction, digits, mask)
    if total == 0:
        result, code = (result, SIGNIFICANCE) if mask & SIGNIFICANCE_MASK else stored(0, digits, mask)
    expected = filled(result), 0 if total == 0 else 1 if total < 0 else 2, code
    assert operate(mnemonic, text(first, digits), text(second, digits), mask) == expected


@pytest.mark.parametrize(("mnemonic", "digits"), [("CE", SHORT), ("CDR", LONG)])
@settings(max_examples=40)
@given(data=st.data(), mask=masks)
def test_comparison_of_normalized_numbers_is_exact(mnemonic, digits, data, mask):
    first, second = (
        (sign, characteristic, fraction if fraction >> 4 * digits - 4 else fraction | 1 << 4 * digits - 4)
        for sign, characteristic, fraction in data.draw(related(digits))
    )
    one, other = exact(first, digits), exact(second, digits)
    assert operate(mnemonic, text(first, digits), text(second, digits), mask) == (
        filled(text(first, digits)), 0 if one == other else 1 if one < other else 2, None
    )  # fmt: skip


@pytest.mark.parametrize(
    ("mnemonic", "digits", "length"),
    [("ME", SHORT, LONG), ("MDR", LONG, LONG), ("MXD", LONG, EXTENDED), ("MXR", EXTENDED, EXTENDED)],
)
@settings(max_examples=40)
@given(data=st.data(), mask=masks)
def test_product_is_the_exact_one_cut(mnemonic, digits, length, data, mask):
    first, second = data.draw(numbers(digits)), data.draw(numbers(digits))
    result, code = stored(exact(first, digits) * exact(second, digits), length, mask)
    assert operate(mnemonic, text(first, digits), text(second, digits), mask) == (filled(result), 3, code)


@pytest.mark.parametrize(("mnemonic", "digits"), [("DER", SHORT), ("DD", LONG)])
@settings(max_examples=40)
@given(data=st.data(), mask=masks)
def test_quotient_is_the_exact_one_cut(mnemonic, digits, data, mask):
    first, second = data.draw(numbers(digits)), data.draw(numbers(digits))
    if second[2] == 0:
        result, code = text(first, digits), PIC.FLOATING_POINT_DIVIDE
    else:
        result, code = stored(exact(first, digits) / exact(second, digits), digits, mask)
    assert operate(mnemonic, text(first, digits), text(second, digits), mask) == (filled(result), 3, code)


@pytest.mark.parametrize(("mnemonic", "digits"), [("HER", SHORT), ("HDR", LONG)])
@settings(max_examples=40)
@given(data=st.data(), mask=masks)
def test_half_is_the_exact_one_cut(mnemonic, digits, data, mask):
    number = data.draw(numbers(digits))
    result, code = stored(exact(number, digits) / 2, digits, mask)
    assert operate(mnemonic, "", text(number, digits), mask) == (filled(result), 3, code)


@pytest.mark.parametrize(("mnemonic", "digits", "length"), [("LRER", LONG, SHORT), ("LRDR", EXTENDED, LONG)])
@settings(max_examples=40)
@given(data=st.data(), mask=masks)
def test_rounded_number_is_the_nearest(mnemonic, digits, length, data, mask):
    """Halfway is away from zero; the characteristic stays unless there is a carry."""
    sign, characteristic, fraction = number = data.draw(numbers(digits))
    nearest = (Fraction(fraction, 16 ** (digits - length)) + Fraction(1, 2)) // 1
    if nearest == 16**length:
        characteristic, nearest = characteristic + 1, nearest // 16
    result, code = placed(sign, characteristic, nearest, length, mask)
    assert operate(mnemonic, "", text(number, digits), mask) == (filled(result), 3, code)
