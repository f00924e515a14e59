"""Expressions: what they are worth, against Python's own arithmetic, and where their mistakes are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edu_hv.debugger.examining import Shape, examine, parse_shape
from edu_hv.debugger.expressions import ExpressionError, parse
from edu_hv.isa.errors import UserError
from tests.debugger.walk import differences, everything, loaded


@pytest.fixture(scope="module")
def session():
    found = loaded("kernel under CP")
    found.step(300)
    return found


NUMBERS = st.integers(0, 0xFFFFFFFF).flatmap(
    lambda n: st.sampled_from([(f"0{n:X}", n), (f"0x{n:x}", n), (f"X'{n:X}'", n), (f"F'{n}'", n), (f"0n{n}", n)])
)
BOTH = ("+", "-", "*", "&", "|", "^")


def joined(parts):
    """Two operands and an operator, in our words and in Python's; sometimes in brackets."""
    (one, first), sign, (two, second), bracket = parts
    ours, pythons = f"{one} {sign} {two}", f"{first} {sign} {second}"
    return (f"({ours})", f"({pythons})") if bracket else (ours, pythons)


ARITHMETIC = st.recursive(
    NUMBERS.map(lambda pair: (pair[0], str(pair[1]))),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(BOTH), inner, st.booleans()).map(joined),
        st.tuples(st.just("-"), inner).map(lambda pair: (f"-({pair[1][0]})", f"-({pair[1][1]})")),
    ),
    max_leaves=8,
)


@given(ARITHMETIC)
def test_arithmetic_is_that_of_python_with_the_same_order_of_operators(pair):
    ours, pythons = pair
    assert parse(ours).value(None) == eval(pythons)


@given(NUMBERS, st.sampled_from(["==", "!=", "<", "<=", ">", ">="]), NUMBERS)
def test_a_comparison_is_1_or_0(one, sign, two):
    expected = eval(f"{one[1]} {sign} {two[1]}")
    assert parse(f"{one[0]}{sign}{two[0]}").value(None) == int(expected)


@given(st.integers(1, 0xFFFFFFFF), st.integers(1, 0xFFFF), st.integers(0, 31))
def test_division_and_shifts(one, two, bits):
    text = (f"0{one:X}/0{two:X}", f"0{one:X} % 0{two:X}", f"0{one:X} << 0{bits:X}", f"0{one:X}>>0{bits:X}")
    assert [parse(each).value(None) for each in text] == [one // two, one % two, one << bits, one >> bits]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        pytest.param("1 + 2 * 3", 7, id="times first"),
        pytest.param("0FF & 0F == 0F", 1, id="and binds closer than comparing"),
        pytest.param("1 | 6 & 3", 3, id="and before or"),
        pytest.param("8 - 4 - 2", 2, id="from the left"),
        pytest.param("!0 + ~0FFFFFFFE", 2, id="not, and the complement of a word"),
        pytest.param("1 && 0 || 1", 1, id="logical"),
        pytest.param("0 && 1/0", 0, id="what does not matter is not computed"),
        pytest.param("10", 16, id="hexadecimal"),
        pytest.param("F'1,000'", 1000, id="decimal with a comma"),
        pytest.param("C'AB' + B'101'", 0xC1C7, id="characters and bits"),
        pytest.param("C' '", 0x40, id="a blank"),
        pytest.param('"A" == "A"', 1, id="names"),
        pytest.param('"A" != "B"', 1, id="other names"),
    ],
)
def test_the_value_of_an_expression(text, value):
    assert parse(text).value(None) == value


def test_names_are_what_the_session_shows(session):
    psw, real = session.guest_psw(), session.real_psw()
    cpu = session.system.machine.cpu
    registers, control = session.guest_registers(), session.guest_control_registers()
    expected = {f"{name}{n}": registers[n] for n in range(16) for name in ("r", "R", "gr", "$r", "GPR", "$g")}
    expected |= {f"{name}{n}": control[n] for n in range(16) for name in ("$cr", "$CR", "$x")} | {"CR8": control[8]}
    expected |= {f"real.r{n}": cpu.gr[n] for n in range(16)} | {f"real.cr{n}": cpu.cr[n] for n in range(16)}
    expected |= {"$rA": registers[10], "RF": registers[15]}
    expected |= {
        "psw": int.from_bytes(psw.to_bytes(), "big"), "$psw": int.from_bytes(psw.to_bytes(), "big"), "psw.cc": psw.cc,
        "$cc": psw.cc, "cc": psw.cc, "$key": psw.key, "psw.mask": psw.system_mask, "$pm": psw.program_mask,
        "$ia": psw.instruction_address, "$pc": psw.instruction_address, "$state": int(psw.problem_state),
        "$wait": int(psw.wait), "$dat": int(psw.dat), "$ec": int(psw.ec_mode), "$mc": int(psw.machine_check_mask),
        "real.cc": real.cc, "real.psw": int.from_bytes(real.to_bytes(), "big"), "real.state": int(real.problem_state),
        "step": session.step_number, "START": session.address_of("START"), "start+6": session.address_of("START") + 6,
        'guest == "KERNEL"': 1, 'guest != "KERNEL"': 0, "[200]": int.from_bytes(session.guest_storage(0x200, 4), "big"),
        "*START": int.from_bytes(session.guest_storage(0x200, 4), "big"), "[200].b": session.guest_storage(0x200, 1)[0],
        "[START].h": int.from_bytes(session.guest_storage(0x200, 2), "big"),
        "[200].g": int.from_bytes(session.guest_storage(0x200, 8), "big"),
        "[200].3": int.from_bytes(session.guest_storage(0x200, 3), "big"),
        "real[28].g": int.from_bytes(cpu.load_real(0x28, 8), "big"), "0cc": 0xCC, "$fpr2": 0,
    }  # fmt: skip
    assert {text: parse(text).value(session) for text in expected} == expected


def test_to_compute_changes_nothing(session):
    before = everything(session)
    for text in ("[200]", "real[28].g", "$fpr0", "$psw", "[3F000].g", "*[200].h & 0FFF"):
        parse(text).value(session)
    assert differences(everything(session), before) == []


@pytest.mark.parametrize(
    ("text", "column"),
    [("", 0), ("1 +", 3), ("(1", 2), ("1 2", 2), ("1 = 2", 2), (")", 0), ("[200", 4), ("[200].q", 6), ("[200].9", 6),
     ("1 ? 2", 2), ("F'1F'", 0), ("1 + X'Z'", 4), ("'", 0), ("(" * 99, 0), ("1..2", 1)],
)  # fmt: skip
def test_a_mistake_is_found_where_it_is_before_anything_is_computed(text, column):
    with pytest.raises(ExpressionError) as error:
        parse(text)
    assert error.value.column == column


@pytest.mark.parametrize(
    ("text", "column"),
    [("1 + $zz", 4), ("1/0", 1), ("1 << 99", 2), ("4 + [FFFFFF]", 4), ("1 + guest", 4), ("real.zz", 0), ("R16 + 1", 0)],
)
def test_what_has_no_value_now_is_said_where_it_stands(session, text, column):
    with pytest.raises(ExpressionError) as error:
        parse(text).value(session)
    assert error.value.column == column


# ---- formats ---------------------------------------------------------------------------------------------------------

UNITS = {"b": 1, "h": 2, "w": 4, "g": 8}


@given(st.sampled_from("xdutoz"), st.sampled_from("bhwg"), st.integers(1, 40), st.integers(0, 0x1000))
def test_a_format_shows_the_numbers_that_are_in_storage(session, how, unit, count, at):
    view = examine(session, at, parse_shape(f"/{count}{how}{unit}"))
    size = UNITS[unit]
    shown = [value for row in view.rows for value in row.values]
    base = {"x": 16, "z": 16, "d": 10, "u": 10, "t": 2, "o": 8}[how]
    stored = session.guest_storage(at, count * size)
    numbers = [int.from_bytes(stored[n : n + size], "big", signed=how == "d") for n in range(0, len(stored), size)]
    assert [int(value, base) for value in shown] == numbers
    assert [row.address for row in view.rows] == sorted({row.address for row in view.rows})
    assert view.after == at + count * size


def test_instructions_characters_and_addresses_are_formats_too(session):
    start = session.address_of("START")
    instructions = examine(session, start, parse_shape("3i")).rows
    assert [row.address for row in instructions] == [start, start + 6, start + 10]
    assert instructions[0].values[0].split()[1] == "MVC"
    letters = examine(session, start, parse_shape("4c")).rows[0].values
    stored = session.guest_storage(start, 4).decode("cp037")
    assert [letter for letter, real in zip(letters, stored, strict=True) if letter not in (real, ".")] == []
    assert examine(session, start, Shape(1, "a", "w")).rows[0].label == "START"


@pytest.mark.parametrize("text", ["/zz", "/q", "/99999x", "/0x", "/xd", "/1x1", "/xwb!"])
def test_what_is_no_format_is_refused(text):
    with pytest.raises(UserError):
        parse_shape(text)
