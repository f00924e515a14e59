"""The PSW key and the storage keys, where Hercules is no witness.  GA22-7000 "Protection", "Storage Key"."""

import pytest

from edu_hv.isa.codes import PIC
from edu_hv.machine.machine import Machine

BLOCKS = (0x4000 >> 11, 0x4800 >> 11)


@pytest.mark.parametrize(
    ("code", "keys", "cc", "r1", "after"),
    [
        pytest.param("B22A0012", (0x96, 0x94), 3, 0xAABBCCDD, (0x92, 0x90), id="RRBE"),
        pytest.param("B22A0012", (0x92, 0x94), 3, 0xAABBCCDD, (0x92, 0x90), id="RRBE-one-bit-in-each"),
        pytest.param("B22A0012", (0x90, 0x92), 1, 0xAABBCCDD, (0x90, 0x92), id="RRBE-changed"),
        pytest.param("B22B0012", (0x90, 0x18), 0, 0xAABBCCDD, (0xDC, 0xDC), id="SSKE"),
        pytest.param("B2290012", (0x98, 0x9A), 0, 0xAABBCC9A, (0x98, 0x9A), id="ISKE"),
        pytest.param("09120000", (0x98, 0x9A), 0, 0xAABBCC98, (0x98, 0x9A), id="ISK-2K-only"),
    ],
)
def test_extended_key_instructions_take_both_keys_of_4k(boot, code, keys, cc, r1, after):
    machine = boot(code, gr={1: 0xAABBCCDD, 2: 0x4000}, ec_mode=True)
    machine.storage.keys[BLOCKS[0]], machine.storage.keys[BLOCKS[1]] = keys
    machine.advance()
    assert (machine.cpu.psw.cc, machine.cpu.gr[1]) == (cc, r1)
    assert tuple(machine.storage.keys[block] for block in BLOCKS) == after


def test_iske_inserts_reference_and_change_in_bc_mode_too(boot):
    machine = boot("B2290012", gr={2: 0x4000})
    machine.storage.keys[BLOCKS[0]] = 0x56
    machine.advance()
    assert machine.cpu.gr[1] == 0x56


def test_block_found_usable_is_cleared_whole_and_its_neighbours_are_not(boot):
    """TB 1,2 with a real address within the block; the PSW key does not matter, GR0 becomes zero."""
    machine = boot("B22C0012", gr={0: 5, 2: 0x4ABC}, cc=2, key=3)
    machine.storage.write(0x3FF0, b"\xee" * 0x1020)
    machine.storage.keys[BLOCKS[0]] = 0x90
    machine.advance()
    assert machine.storage.read(0x3FF0, 0x1020) == b"\xee" * 16 + bytes(0x1000) + b"\xee" * 16
    assert (machine.cpu.psw.cc, machine.cpu.gr[0]) == (0, 0)


@pytest.mark.parametrize("code", ["B22B0012", "B2290012", "B22A0012", "B22C0012"], ids=["SSKE", "ISKE", "RRBE", "TB"])
def test_real_addresses_of_4k_blocks_have_31_bits(boot, interrupt, code):
    assert interrupt(boot(code, gr={2: 0x01004000})).code == PIC.ADDRESSING


def test_store_that_a_resolved_access_allowed_is_refused_after_sske(boot, interrupt):
    """ST 1,0(2); SSKE 1,2; ST 1,0(2)."""
    machine = boot("50102000 B22B0012 50102000", gr={1: 0x50, 2: 0x4000})
    machine.cpu.psw.key = 0
    machine.advance()
    machine.advance()
    machine.cpu.psw.key = 3
    machine.cpu.change_context()
    assert interrupt(machine).code == PIC.PROTECTION


@pytest.mark.parametrize(
    ("key_mask", "key", "allowed"),
    [(0x8000, 0, True), (0x8000, 1, False), (0x0001, 15, True), (0x7FFF, 0, False), (0xFFFF, 9, True)],
)
def test_problem_state_sets_a_key_that_the_mask_has(boot, key_mask, key, allowed):
    machine = boot(f"B20A0{key << 4:03X}", problem_state=True, key=7, cr={3: key_mask << 16})
    machine.advance()
    assert (machine.recognized is None, machine.cpu.psw.key) == (allowed, key if allowed else 7)


def test_new_key_applies_to_the_next_access(boot, interrupt):
    """ST 1,0(2); SPKA 32; ST 1,0(2)."""
    machine = boot("50102000 B20A0020 50102000", gr={2: 0x4000})
    machine.storage.keys[BLOCKS[0]] = 0x30
    machine.advance()
    assert interrupt(machine).code == PIC.PROTECTION


@pytest.mark.parametrize(
    ("key", "access", "cc"),
    [
        pytest.param(0x90, 0, 0, id="key-0"),
        pytest.param(0x98, 9, 0, id="same-key"),
        pytest.param(0x90, 8, 1, id="fetch-only"),
        pytest.param(0x98, 8, 2, id="fetch-protected"),
    ],
)
def test_protection_is_tested_with_the_given_key(boot, key, access, cc):
    """TPROT 0(2),key; the PSW key, 0, would be allowed everything."""
    machine = boot(f"E50120000{access << 4:03X}", gr={2: 0x4000}, cc=3)
    machine.storage.keys[BLOCKS[0]] = key
    machine.advance()
    assert (machine.cpu.psw.cc, machine.storage.keys[BLOCKS[0]]) == (cc, key)


def test_state_of_a_machine_of_4k_has_two_keys():
    assert len(Machine(0x1000).storage.keys) == 2
