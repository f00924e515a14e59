"""What CP simulates is what the machine does: one instruction in a bare machine and in a guest, from the same state."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edu_hv.hypervisor.simulate import SIMULATED
from edu_hv.isa.table import BY_MNEMONIC
from edu_hv.machine.psw import PSW
from tests.hypervisor.bench import CODE, guest, instruction
from tests.hypervisor.twins import Start, execute

EQUAL = sorted(SIMULATED.keys() - {"SCK"})
AREA, TABLES = 0x2000, 0x4000
ADDRESSES = st.sampled_from(
    [0, 0x40, AREA, AREA + 1, AREA + 4, AREA + 0x7FC, 0xFFF8, 0xFFFC, 0xFFFF, 0x10000, 0xFFFFF8]
)
WORDS = st.one_of(ADDRESSES, st.integers(0, 0xFFFFFFFF), st.sampled_from([AREA + 0x10, AREA + 0x800, 0x12342000]))
DISPLACEMENTS = st.sampled_from([0, 1, 4, 8, 0x10, 0xFFF])


@st.composite
def psws(draw):
    """Supervisor state, neither DAT nor a wait."""
    ec_mode = draw(st.booleans())
    mask = draw(st.sampled_from([0, 0x03, 0x02, 0x01])) if ec_mode else draw(st.integers(0, 0xFF))
    key, cc, program_mask = draw(st.sampled_from([0, 1, 15])), draw(st.integers(0, 3)), draw(st.integers(0, 15))
    return PSW(mask, key, ec_mode, draw(st.booleans()), cc=cc, program_mask=program_mask)


@st.composite
def new_psws(draw):
    """Any 8 bytes for LPSW to load, but for DAT: this CP refuses that."""
    text = bytearray(draw(st.binary(min_size=8, max_size=8)))
    if draw(st.booleans()):
        text[0] &= 0x43
        text[2] &= 0x3F
        text[3] = text[4] = 0
    if text[1] & 0x08:
        text[0] &= ~0x04
    text[1] &= ~0x02
    return text.hex()


@st.composite
def starts(draw, mnemonic):
    """Registers, storage and keys in which the instruction's operands are sometimes right and sometimes wrong."""
    text = instruction(
        mnemonic, draw(st.integers(0, 15)), draw(st.integers(0, 15)), draw(st.integers(0, 15)), draw(DISPLACEMENTS)
    )
    gr = {number: draw(WORDS) for number in range(16)}
    storage = {AREA: draw(new_psws()) + draw(st.binary(min_size=64, max_size=64)).hex()}
    storage[TABLES] = draw(st.sampled_from(["F0005000", "F0005001", "0F005000", "00005000"])) * 4
    storage[0x5000] = draw(st.sampled_from(["0010", "0018", "0016", "0200"])) * 16
    cr = {0: draw(st.sampled_from([0xE0, 0x400000E0, 0x808000E0, 0x804000E0, 0])), 1: TABLES}
    if draw(st.booleans()):
        storage[0x400] = text
        text = "44000400"  # EX 0,X'400'
    keys = {block: draw(st.sampled_from([0, 0x10, 0x18, 0x26, 0xF0])) for block in (0, 1, 4, 8, 31)}
    return Start(text, draw(psws()), gr, cr, {}, storage, keys)


@pytest.mark.parametrize("mnemonic", EQUAL)
def test_simulated_instruction_does_to_the_guest_what_it_does_to_the_machine(mnemonic):
    """[1.4 LPSW; SSM; STNSM; STOSM; SSK; ISK; RRB; SPKA; IPK; LCTL; STCTL; LRA; PTLB; SPT; STPT; SCKC; STCKC; STIDP]

    PSW, registers, storage, keys, condition code, and the program interruption as low storage shows it.
    """

    @settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(starts(mnemonic))
    def law(start):
        twins = execute(start)
        assert twins.guest.difference(twins.bare) == []

    law()


def test_every_simulated_instruction_is_privileged_and_installed():
    rows = [BY_MNEMONIC[mnemonic] for mnemonic in SIMULATED]
    assert [row.mnemonic for row in rows if not (row.privileged or row.semiprivileged)] == []


# ---- where CP answers differently from the machine ---------------------------------------------------------------


def test_stidp_says_version_ff_and_otherwise_what_the_machine_says():
    """[1.4 STIDP; 1.3 CPU id; 1.11 Detection] Serial, model and MCEL length are those of the machine."""
    twins = execute(Start("B2022000", gr={2: AREA}))
    assert twins.vm.cpu.load_real(AREA, 8).hex().upper() == "FF00137001580000"
    assert twins.bench.machine.cpu.identification.hex().upper() == "0000137001580000"


def test_sck_finds_the_clock_secure_and_sets_nothing():
    """[1.4 SCK] Condition code 1."""
    twins = execute(Start("B2042000", gr={2: AREA}, storage={AREA: "1122334455667788"}))
    assert twins.vm.vmpsw.cc == 1
    assert twins.vm.clocks.tod_at_zero == twins.bench.machine.clocks.tod_at_zero


@pytest.mark.parametrize(
    ("start", "code"),
    [
        pytest.param(Start("B2042000", gr={2: AREA + 4}), 0x06, id="not on a doubleword"),
        pytest.param(Start("B2042000", gr={2: 0x10000}), 0x05, id="outside storage"),
        pytest.param(Start("B2042000", PSW(key=1), {2: AREA}, keys={4: 0x28}), 0x04, id="fetch protected"),
    ],
)
def test_sck_checks_its_operand_as_the_machine_does(start, code):
    """[1.4 SCK] Specification, addressing, protection."""
    twins = execute(start)
    assert twins.guest.difference(twins.bare) == []
    assert twins.vm.cpu.load_real(0x2A, 2) == bytes([0, code])


def test_lctl_without_ecmode_loads_control_register_0_only_and_no_translation_format():
    """[1.4 LCTL; 1.3 CR0; 1.2 VMECEXT] VMVCR0 is all there is; loads of the others do nothing."""
    twins = execute(Start("B7022000", gr={2: AREA}, storage={AREA: "40F800801111111122222222"}, ecmode=False))
    assert twins.vm.cpu.cr[:3] == [0x40000080, 0, 0xFFFFFFFF]
    assert twins.vm.vmpsw.instruction_address == CODE + 4


def test_stctl_without_ecmode_stores_control_register_0_and_zeros():
    """[1.4 STCTL; 1.2 VMECEXT] Registers that the machine has not are zero."""
    twins = execute(Start("B60F2000", gr={2: AREA}, cr={0: 0xE0}, ecmode=False))
    assert twins.vm.cpu.load_real(AREA, 64).hex() == "000000e0" + "00" * 60
    assert twins.vm.cpu.cr[2] == 0xFFFFFFFF


def test_stctl_never_shows_cps_control_registers():
    """[1.4 STCTL; 1.3 CR1] CR1 while the guest runs is VMSEG; the guest gets its own."""
    twins = execute(Start("B6012000", gr={2: AREA}, cr={0: 0xE0, 1: 0x00012000}))
    assert twins.bench.machine.cpu.cr[1] == twins.vm.vmseg != 0x00012000
    assert twins.vm.cpu.load_real(AREA, 8).hex() == "000000e000012000"


@pytest.mark.parametrize("mnemonic", ["SCKC", "STCKC", "SPT", "STPT", "SPX", "STPX", "STAP"])
def test_instruction_that_a_virtual_machine_lacks_is_an_operation_exception(mnemonic):
    """[1.4 SPT; STPT; SCKC; STCKC] Without ECMODE there are no such clocks; SPX, STPX, STAP never."""
    twins = execute(Start(instruction(mnemonic, base=2), gr={2: AREA}, ecmode=False))
    assert twins.vm.cpu.load_real(0x28, 8).hex().upper() == "00000001" + f"80{CODE + 4:06X}"


def test_monitor_masks_are_effective_in_the_guest_that_has_them_and_in_no_other():
    """[1.3 CR4-CR13] CR8 is really loaded: MONITOR CALL is not privileged and traps only when the guest wants it."""
    monitor_call = Start("AF010000", cr={8: 0xFFFF}, ecmode=True)
    twins = execute(monitor_call)
    assert twins.guest.difference(twins.bare) == []
    made, with_masks = twins.bench, twins.vm
    with_masks.cf = True
    other = made.log_on("B")
    made.start(other, "AF010000")
    made.steps()
    made.stop()
    assert other.vmpsw.instruction_address == CODE + 4


def test_virtual_machine_has_no_address_space_control():
    """Bit 16 of an EC-mode PSW must be zero there, though the real machine has dual address spaces."""
    _, vm = guest(ecmode=True)
    text = bytes.fromhex("0008 8000 00001000")
    psw, real = vm.cpu.decode_psw(text), vm.cpu.real.decode_psw(text)
    assert (bool(psw.unassigned), psw.secondary_space, psw.to_bytes()) == (True, False, text)
    assert (bool(real.unassigned), real.secondary_space) == (False, True)
