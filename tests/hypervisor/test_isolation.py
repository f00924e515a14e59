"""A guest that does wrong reaches neither CP nor another guest."""

import pytest

from edu_hv.devices.tape import aws_image
from edu_hv.hypervisor.control_program import ControlProgram
from edu_hv.machine.machine import Machine
from edu_hv.machine.storage import FRAME
from tests.hypervisor.bench import REAL_SIZE, bench

IMAGE = aws_image([b"\xee" * 9000])


def ccw(text):
    return {0x48: "00004000", 0x4000: text}


ATTACKS = [
    pytest.param("50F02000", {}, {2: 0x10000}, id="store just past its storage"),
    pytest.param("50F02000", {}, {2: 0xFFFFFC}, id="store at the end of 16M"),
    pytest.param("50F02000", {}, {2: 0x80000 - 4}, id="store at the end of real storage"),
    pytest.param("50F00000", {}, {}, id="store in page 0: its own"),
    pytest.param("D2FF20004000", {}, {2: 0xFFC0}, id="MVC across the end"),
    pytest.param("0E24", {}, {2: 0xF000, 3: 0x8000, 4: 0x4000, 5: 0x8000}, id="MVCL across the end"),
    pytest.param("B6AF2000", {}, {2: 0xFFF0}, id="STCTL across the end"),
    pytest.param("B2022000", {}, {2: 0x10000}, id="STIDP past the end"),
    pytest.param("AC002000", {}, {2: 0x10000}, id="STNSM past the end"),
    pytest.param("0812", {}, {1: 0xF0, 2: 0x10000}, id="SSK past the end"),
    pytest.param("83240000", {}, {2: 0x10000, 4: 32}, id="DIAGNOSE 00"),
    pytest.param("83240008", {}, {2: 0x4000, 4: 0x40000004, 3: 0xFFF0, 5: 8192}, id="DIAGNOSE 08 buffer"),
    pytest.param("9C000181", ccw("0200000020000100"), {}, id="CCW to page 0: its own"),
    pytest.param("9C000181", ccw("0201000020000100"), {}, id="CCW past its storage"),
    pytest.param("9C000181", ccw("0200FF0020002000"), {}, id="CCW across the end"),
    pytest.param("9C000181", ccw("3700000060000001" + "0C00000F20002000"), {}, id="CCW backward across 0"),
    pytest.param("9C000181", ccw("3700000060000001" + "0C00500020002000"), {}, id="CCW backward across pages"),
    pytest.param("9C000181", ccw("3700000060000001" + "0C00F01020000100"), {}, id="CCW backward out of its last frame"),
    pytest.param("9C000181", ccw("0200410024002000") | {0x4100: "0000500000002000"}, {}, id="IDAWs too few"),
    pytest.param("9C000181", ccw("0200410024002000") | {0x4100: "0001000000012000"}, {}, id="IDAWs past its storage"),
    pytest.param("9C000181", {0x48: "0000FFF8", 0xFFF8: "0200500080000010"}, {}, id="chain runs off its storage"),
    pytest.param("9C000181", ccw("0300000060000001" * 256 + "0200500020000010"), {}, id="chain too long to copy"),
    pytest.param("9C000009", ccw("0A00FF0020002000"), {}, id="console read across the end"),
    pytest.param("9C000009", {0x48: "00FFFFF8"}, {}, id="console CAW past its storage"),
]


@pytest.mark.parametrize(("code", "storage", "registers"), ATTACKS)
def test_neither_cp_nor_the_other_guest_is_touched(code, storage, registers):
    """The other guest's storage and keys, CP's tables, new PSWs and the rest of real storage stay as they were."""
    made = bench()
    bad, good = made.log_on("BAD", tape=IMAGE), made.log_on("GOOD", tape=IMAGE)
    made.start(bad, code)
    bad.cpu.store_real(0x68, bytes.fromhex("000200000000DEA0"))
    for number, value in registers.items():
        bad.vmgprs[number] = value
    for address, text in storage.items():
        bad.cpu.store_real(address, bytes.fromhex(text))
    good.cpu.store_real(0, b"\x55" * good.vmsize)
    bad.vmgprs[15] = 0xBADBADBA
    tables = made.cp.free_storage.taken
    kept = foreign(made.machine, bad, tables)
    made.steps()
    for _ in range(2000):
        made.machine.advance()
    made.settle()
    assert foreign(made.machine, bad, tables) == kept


def foreign(machine, vm, tables):
    """Contents and keys of all real storage that is not the guest's, but for what CP and the hardware change there."""
    mine = {vm.cpu.absolute(at) // FRAME for at in range(0, vm.vmsize, FRAME)}
    frames = [at for at in range(0x11, REAL_SIZE // FRAME) if at not in mine]
    contents = {at: machine.storage.read(at * FRAME, FRAME) for at in frames}
    keys = {at: machine.storage.keys[at * 2 : at * 2 + 2] for at in frames}
    cp = {at: machine.storage.read(at, length) for at, length in tables.items() if at < 0x2000 + 0x400}
    return contents, keys, cp, machine.storage.read(0x58, 0x28)


def test_guests_storage_is_zero_at_first():
    """Nothing is left in a frame from whoever had it."""
    machine = Machine(REAL_SIZE)
    machine.storage.write(0, b"\xff" * REAL_SIZE)
    vm = ControlProgram(machine).logon("A", 0x10000)
    assert vm.cpu.load_real(0, 0x10000) == bytes(0x10000)


def test_guests_see_different_frames_at_the_same_address():
    made = bench()
    first, second = made.log_on("A"), made.log_on("B")
    pages = range(0, first.vmsize, FRAME)
    assert not {first.cpu.absolute(at) for at in pages} & {second.cpu.absolute(at) for at in pages}
