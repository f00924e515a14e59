import pytest
from hypothesis import given
from hypothesis import strategies as st

from edu_hv.machine.psw import PSW

bytes8 = st.binary(min_size=8, max_size=8)


@given(bytes8)
def test_psw_keeps_every_bit_of_any_eight_bytes(text):
    assert PSW.from_bytes(text).to_bytes() == text


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        pytest.param(
            "FF 35 1234 BF 001000",
            {"system_mask": 0xFF, "key": 3, "ec_mode": False, "machine_check_mask": True, "wait": False,
             "problem_state": True, "interruption_code": 0x1234, "ilc": 2, "cc": 3, "program_mask": 15,
             "instruction_address": 0x1000, "unassigned": 0},
            id="BC",
        ),
        pytest.param(
            "07 FA 2500 00 FFFFFE",
            {"system_mask": 7, "key": 15, "ec_mode": True, "machine_check_mask": False, "wait": True,
             "problem_state": False, "secondary_space": False, "interruption_code": 0, "ilc": 0, "cc": 2,
             "program_mask": 5, "instruction_address": 0xFFFFFE, "unassigned": 0},
            id="EC",
        ),
        pytest.param("04 08 9F00 00 001000", {"secondary_space": True, "cc": 1, "program_mask": 15}, id="EC-secondary"),
        pytest.param(
            "04 00 9F00 00 001000",
            {"secondary_space": False, "interruption_code": 0x9F00},
            id="BC-bit-16-is-of-the-interruption-code",
        ),
    ],
)  # fmt: skip
def test_fields_of_a_psw(text, fields):
    psw = PSW.from_bytes(bytes.fromhex(text))
    assert {name: getattr(psw, name) for name in fields} == fields


ASSIGNED = {1, 5, 6, 7, *range(8, 17), *range(18, 24), *range(40, 64)}


@pytest.mark.parametrize("bit", [bit for bit in range(64) if bit != 12])
def test_ec_psw_is_valid_unless_an_unassigned_bit_is_one(bit):
    text = (1 << 63 - bit | 1 << 63 - 12).to_bytes(8, "big")
    assert bool(PSW.from_bytes(text).unassigned) == (bit not in ASSIGNED)


def test_odd_instruction_address_makes_a_psw_invalid():
    assert not PSW(instruction_address=0x1001).valid


@pytest.mark.parametrize(
    ("psw", "masks", "enabled"),
    [
        pytest.param(PSW(system_mask=0x80), 0, {0}, id="BC-channel-0"),
        pytest.param(PSW(system_mask=0x04), 0, {5}, id="BC-channel-5"),
        pytest.param(PSW(system_mask=0x02), 0x02000000, {6}, id="BC-others-by-CR2"),
        pytest.param(PSW(system_mask=0xFC), 0xFFFFFFFF, {0, 1, 2, 3, 4, 5}, id="BC-first-six"),
        pytest.param(PSW(system_mask=0x02, ec_mode=True), 0xA0000000, {0, 2}, id="EC-by-CR2"),
        pytest.param(PSW(system_mask=0xFD & 0x45, ec_mode=True), 0xFFFFFFFF, set(), id="EC-summary-mask-off"),
    ],
)
def test_channel_masks(psw, masks, enabled):
    assert {channel for channel in range(16) if psw.channel_enabled(channel, masks)} == enabled


@pytest.mark.parametrize(
    ("psw", "dat"),
    [
        pytest.param(PSW(system_mask=0x04), False, id="BC-means-channel-5"),
        pytest.param(PSW(system_mask=0x04, ec_mode=True), True, id="EC"),
        pytest.param(PSW(system_mask=0x43, ec_mode=True), False, id="EC-off"),
    ],
)
def test_dat_needs_ec_mode_and_bit_5(psw, dat):
    assert psw.dat is dat
