"""The machine as a System/360.  GA22-6821 *IBM System/360 Principles of Operation*."""

import pytest

from edu_hv.isa.codes import PIC, Class
from edu_hv.machine.machine import Architecture, Machine

CODE, HANDLER = 0x1000, 0x3000


def boot(code, psw="0000000000001000", gr=(), storage=()):
    machine = Machine(0x10000, Architecture.S360)
    for address, text in {CODE: code, **dict(storage)}.items():
        machine.storage.write(address, bytes.fromhex(text))
    for kind in Class:
        machine.storage.write(kind.new_psw, HANDLER.to_bytes(8, "big"))
    for number, value in dict(gr).items():
        machine.cpu.gr[number] = value
    machine.cpu.load_psw(machine.cpu.decode_psw(bytes.fromhex(psw)))
    return machine


def interruption_code(machine):
    machine.advance()
    return machine.recognized and machine.recognized.code


@pytest.mark.parametrize(
    ("code", "boundary"),
    [
        ("48", 2), ("40", 2), ("4A", 2), ("4B", 2), ("49", 2), ("4C", 2),
        ("58", 4), ("50", 4), ("5A", 4), ("5B", 4), ("5E", 4), ("5F", 4), ("59", 4), ("55", 4), ("54", 4), ("56", 4),
        ("57", 4), ("5C", 4), ("78", 4), ("70", 4), ("7A", 4), ("79", 4), ("7C", 4),
        ("68", 8), ("60", 8), ("6A", 8), ("69", 8), ("6C", 8), ("4E", 8),
    ],
)  # fmt: skip
def test_operand_must_be_on_its_integral_boundary(code, boundary):
    for offset in range(8):
        machine = boot(f"{code}00{0x100 + offset:04X}", storage={0x100: "0000000000000000C0"})
        assert (interruption_code(machine) == PIC.SPECIFICATION) is (offset % boundary != 0), offset


@pytest.mark.parametrize(
    ("code", "good", "bad"),
    [
        pytest.param("9801", 0x104, 0x102, id="LM"),
        pytest.param("9001", 0x104, 0x106, id="STM"),
        pytest.param("8200", 0x108, 0x104, id="LPSW"),
    ],
)
def test_multiple_words_and_psw_are_aligned_too(code, good, bad):
    assert interruption_code(boot(f"{code}{bad:04X}")) == PIC.SPECIFICATION
    assert interruption_code(boot(f"{code}{good:04X}", storage={0x108: "0000000000001000"})) is None


@pytest.mark.parametrize("code", ["D20302010101", "43000101", "42000101", "91000101", "F21101010202"])
def test_bytes_and_variable_fields_need_no_boundary(code):
    assert interruption_code(boot(code)) is None


@pytest.mark.parametrize(
    "code",
    ["0E24", "0F24", "BA240100", "BF2F0100", "BE2F0100", "BD2F0100", "B2050100", "B2020100", "B7000100", "B6000100",
     "AC000100", "AD000100", "AF000000", "F000010000C0", "B20D0000", "B1000100", "B2130100", "0D12"],
)  # fmt: skip
def test_additions_of_system_370_are_operation_exceptions(code):
    assert interruption_code(boot(code)) == PIC.OPERATION


def test_psw_bit_12_is_the_ascii_bit_and_not_a_mode():
    machine = boot("0A05", psw="00080000 00001000".replace(" ", ""))
    assert machine.cpu.ascii
    machine.advance()
    machine.advance()
    assert machine.storage.read(Class.SVC.old_psw, 8).hex() == "0008000540001002"


@pytest.mark.parametrize(("bit_12", "sign"), [("0", "D"), ("8", "B")])
def test_ascii_bit_selects_the_sign_of_a_decimal_result(bit_12, sign):
    machine = boot("4E100200", psw=f"000{bit_12}000000001000", gr={1: 0xFFFFFFFB})
    machine.advance()
    assert machine.storage.read(0x200, 8).hex().upper() == f"000000000000005{sign}"


@pytest.mark.parametrize(("channel", "allowed"), [(0, 0x80), (1, 0x40), (5, 0x04), (6, 0x02)])
def test_each_channel_has_a_mask_bit_of_its_own(channel, allowed):
    for mask in (0x80, 0x40, 0x20, 0x10, 0x08, 0x04, 0x02, 0x01):
        machine = boot("0700", psw=f"{mask:02X}00000000001000")
        assert machine.cpu.psw.channel_enabled(channel, machine.cpu.cr[2]) is (mask == allowed)


@pytest.mark.parametrize("second", range(4))
def test_second_byte_of_an_io_instruction_is_ignored(second):
    machine = boot(f"9C{second:02X}0190")
    assert interruption_code(machine) is None
    assert machine.cpu.psw.cc == 3, "there is no such device"


def test_reset_leaves_timer_and_key_to_the_system_mask():
    machine = boot("0700" * 4, psw="0100000000001000")
    machine.press_interrupt_key()
    machine.advance()
    assert (machine.recognized.kind, machine.recognized.code) == (Class.EXTERNAL, 0x40)
