"""Storage keys, reference and change bits, prefixing, the end of storage.  GA22-7000 "Storage"."""

import pytest

from edu_hv.isa.codes import PIC, Key
from edu_hv.isa.errors import UserError
from edu_hv.machine.cpu import CPU
from edu_hv.machine.interruptions import ProgramInterruption
from edu_hv.machine.machine import Machine
from edu_hv.machine.storage import Storage

A, B = 0x4000, 0x4800


@pytest.mark.parametrize(
    ("psw_key", "storage_key", "fetch", "store"),
    [
        pytest.param(0, 0xF8, True, True, id="key-0-may-all"),
        pytest.param(3, 0x30, True, True, id="keys-match"),
        pytest.param(3, 0x38, True, True, id="keys-match-fetch-protected"),
        pytest.param(3, 0x40, True, False, id="keys-differ"),
        pytest.param(3, 0x48, False, False, id="keys-differ-fetch-protected"),
        pytest.param(3, 0x00, True, False, id="storage-key-0-is-not-special"),
    ],
)
def test_key_controlled_protection(psw_key, storage_key, fetch, store):
    machine = Machine(0x10000)
    machine.cpu.psw.key = psw_key
    machine.storage.keys[A // 2048] = storage_key
    for access, allowed in ((lambda: machine.cpu.load4(A), fetch), (lambda: machine.cpu.store4(A, 1), store)):
        if allowed:
            access()
        else:
            with pytest.raises(ProgramInterruption) as caught:
                access()
            assert caught.value.code == PIC.PROTECTION


@pytest.mark.parametrize(
    ("access", "keys"),
    [
        pytest.param(lambda cpu: cpu.load4(A), (4, 0), id="fetch"),
        pytest.param(lambda cpu: cpu.store4(A, 1), (6, 0), id="store"),
        pytest.param(lambda cpu: cpu.load4(B - 2), (4, 4), id="fetch-across"),
        pytest.param(lambda cpu: cpu.store4(B - 2, 1), (6, 6), id="store-across"),
        pytest.param(lambda cpu: cpu.check_store(B - 2, 4), (0, 0), id="check"),
        pytest.param(lambda cpu: cpu.load_real(A, 4), (0, 0), id="real-address"),
    ],
)
def test_reference_and_change_are_recorded_by_2k_block(access, keys):
    machine = Machine(0x10000)
    access(machine.cpu)
    assert (machine.storage.key(A), machine.storage.key(B)) == keys


def test_refused_store_changes_neither_block_nor_its_key():
    machine = Machine(0x10000)
    machine.cpu.psw.key = 3
    machine.storage.keys[A // 2048], machine.storage.keys[B // 2048] = 0x30, 0x40
    with pytest.raises(ProgramInterruption):
        machine.cpu.store8(B - 4, 0xFFFFFFFFFFFFFFFF)
    assert machine.storage.read(B - 4, 8) == bytes(8)
    assert (machine.storage.key(A), machine.storage.key(B)) == (0x30, 0x40)


def test_reference_bit_is_recorded_again_after_it_was_reset(boot):
    """L; RRB 0(2); L: the second fetch is recorded like the first."""
    machine = boot("58102000 B2132000 58102000", gr={2: A})
    codes = []
    for _ in range(3):
        machine.advance()
        codes.append((machine.storage.key(A), machine.cpu.psw.cc))
    assert codes == [(4, 0), (0, 2), (4, 2)]


def test_new_storage_key_holds_from_the_next_access(boot, interrupt, old_psw):
    """L; SSK 3,2; L: the block is fetch-protected now."""
    machine = boot("58102000 0832 58102000", gr={2: A, 3: 0x68}, key=5)
    found = interrupt(machine)
    assert (found.code, old_psw(machine, found.kind).instruction_address) == (PIC.PROTECTION, 0x100A)


@pytest.mark.parametrize(("address", "length", "fits"), [(0xFFFC, 4, True), (0xFFFD, 4, False), (0x10000, 1, False)])
def test_end_of_storage(address, length, fits):
    machine = Machine(0x10000)
    machine.cpu.psw.key = 1
    machine.storage.keys[:] = bytes([0x18]) * len(machine.storage.keys)
    if fits:
        machine.cpu.load_bytes(address, length)
    else:
        with pytest.raises(ProgramInterruption) as caught:
            machine.cpu.load_bytes(address, length)
        assert caught.value.code == PIC.ADDRESSING


def test_addresses_wrap_at_16_mib():
    machine = Machine(16 << 20)
    machine.cpu.store4(0xFFFFFE, 0x01020304)
    assert machine.storage.read(0xFFFFFE, 2) + machine.storage.read(0, 2) == bytes.fromhex("01020304")


def test_prefixing_exchanges_page_0_and_the_prefix_area(boot):
    """SPX 0(2); then a store at real X'200' and one at real X'8200'."""
    machine = boot("B2102000 50100200 50303200", gr={1: 0x11111111, 2: 0x2000, 3: 0x8000}, storage={0x2000: "FF008FFF"})
    for _ in range(3):
        machine.advance()
    assert machine.cpu.prefix == 0x8000
    assert machine.storage.read(0x8200, 4).hex() == "11111111"
    assert machine.storage.read(0x200, 4).hex() == "00008000"


def test_interruption_uses_the_prefix_area(boot, interrupt):
    machine = boot("0A07")
    machine.cpu.prefix = 0x8000
    machine.storage.write(0x8060, bytes.fromhex("0000000000005000"))
    interrupt(machine)
    assert machine.storage.read(0x8020, 8).hex() == "0000000740001002"
    assert machine.cpu.psw.instruction_address == 0x5000


def test_set_prefix_beyond_storage_is_an_addressing_exception(boot, interrupt):
    machine = boot("B2102000", gr={2: 0x2000}, storage={0x2000: "00800000"})
    assert interrupt(machine).code == PIC.ADDRESSING
    assert machine.cpu.prefix == 0


@pytest.mark.parametrize("size", [0, 1000, 4095, (16 << 20) + 4096])
def test_storage_of_an_impossible_size_is_refused(size):
    with pytest.raises(UserError, match="multiple of 4096"):
        Storage(size)


@pytest.mark.parametrize(
    ("code", "text"), [("SSK", "0812"), ("RRB", "B2132000"), ("SSKE", "B22B0012"), ("RRBE", "B22A0012")]
)
def test_reference_is_recorded_again_after_another_cpu_has_reset_it(code, text):
    machine = Machine(0x10000)
    other = CPU(machine.storage, machine.clocks)
    machine.cpu.load1(0x4000)
    assert machine.storage.key(0x4000) == Key.REFERENCE
    other.gr[1], other.gr[2] = 0, 0x4000
    other.perform(bytes.fromhex(text))
    assert machine.storage.key(0x4000) == 0
    machine.cpu.load1(0x4000)
    assert machine.storage.key(0x4000) == Key.REFERENCE
