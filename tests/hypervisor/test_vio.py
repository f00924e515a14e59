"""The I/O instructions of a guest: condition codes and CSWs from the virtual blocks.  Compared with a bare machine."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edu_hv.devices.card import CardReader
from edu_hv.devices.ckd_image import blank_volume
from edu_hv.devices.ckd_track import Record, Track
from edu_hv.devices.console import Console
from edu_hv.devices.disk import Disk3330
from edu_hv.devices.tape import Tape, TapeDrive, aws_image
from edu_hv.hypervisor.virtual_devices import VDEVBLOK, DeviceClass, VirtualDevices
from edu_hv.hypervisor.vmblok import RunStatus
from edu_hv.isa.codes import CR0, PSA, UnitStatus
from edu_hv.isa.errors import UserError
from edu_hv.machine.psw import PSW
from edu_hv.machine.subchannel import ChannelType
from tests.hypervisor.io_scene import (
    AT,
    CONSOLE,
    DATA,
    OTHER_TAPE,
    PRINTER,
    READER,
    TAPE,
    Bare,
    FailingDevice,
    Scene,
    Seen,
    ccw,
    csw,
    scene,
    tic,
)

# ---- against the machine's own channels ------------------------------------------------------------------------------

PROGRAMS = {
    "read": [ccw(0x02, flags="L")],
    "read, the count too small": [ccw(0x02, count=10)],
    "read, read": [ccw(0x02, flags="C"), ccw(0x02, flags="L")],
    "no-op": [ccw(0x03, flags="L")],
    "no-op, read": [ccw(0x03, flags="CL"), ccw(0x02, flags="L")],
    "sense": [ccw(0x04, flags="L")],
    "a command that no device has": [ccw(0xFF, flags="L")],
    "TIC first": [tic(AT)],
    "interruption, read": [ccw(0x03, flags="CLP"), ccw(0x02, flags="L")],
    "write and return": [ccw(0x09, flags="L")],
}
CAWS = {"valid": AT, "bits 4-7": AT | 1 << 24, "not a doubleword": AT + 4, "beyond storage": 0x20000}
instructions = st.one_of(
    st.tuples(
        st.sampled_from(["SIO", "SIOF"]),
        st.sampled_from([CONSOLE, TAPE, OTHER_TAPE]),
        st.sampled_from(sorted(PROGRAMS)),
        st.sampled_from(["valid"] * 9 + sorted(CAWS)),
    ),
    st.tuples(
        st.sampled_from(["TIO", "CLRIO", "HIO", "HDV", "TCH", "STIDC", "accept"]),
        st.sampled_from([CONSOLE, TAPE, OTHER_TAPE, 0x183, 0x300, 0x00B]),
    ),
)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(instructions, min_size=1, max_size=12), st.booleans())
def test_io_instructions_give_what_the_machine_gives_when_each_operation_has_time_to_end(steps, multiplexing):
    """[2.3-1] [1.4 SIO] [1.4 TIO] [1.4 CLRIO] [1.4 HIO] [1.4 TCH] [1.4 STIDC] The same CC and CSW as the channels."""
    bare, (made, vm) = Bare(), scene()
    bare.channels.configure({1: ChannelType.BLOCK_MULTIPLEXER})
    vm.devices.define_channels(ChannelType.BLOCK_MULTIPLEXER)
    for cpu in (bare.cpu, vm.cpu):
        cpu.cr[0] = CR0.BLOCK_MULTIPLEXING if multiplexing else 0
    for step in steps:
        assert both(bare, made, vm, *step) == []


tape_instructions = st.one_of(
    st.tuples(
        st.sampled_from(["SIO", "SIOF"]),
        st.sampled_from([TAPE, OTHER_TAPE]),
        st.sampled_from(sorted(set(PROGRAMS) - {"a command that no device has", "write and return"})),
        st.sampled_from(["valid"] * 9 + sorted(CAWS)),
    ),
    st.tuples(
        st.sampled_from(["TIO", "HIO", "HDV", "TCH", "STIDC", "accept", "settle", "settle"]),
        st.sampled_from([TAPE, OTHER_TAPE]),
    ),
)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(tape_instructions, min_size=1, max_size=14))
def test_a_dedicated_device_that_is_busy_gives_what_the_machine_gives(steps):
    """[2.3-2] [2.3-3] [1.4 HIO] [1.4 TCH] No time to end in between; the channels work as selectors.

    Left out is what lets time pass that the machine does not need: the guest's I/O wait while CP reads sense bytes.
    """
    bare, (made, vm) = Bare(), scene()
    vm.devices.define_channels(ChannelType.BLOCK_MULTIPLEXER)
    for cpu in (bare.cpu, vm.cpu):
        cpu.cr[0] = 0
    for step in steps:
        assert both(bare, made, vm, *step, settle=False) == []


def both(bare, made, vm, mnemonic, address, program="", caw="valid", settle=True):
    """One step on both; what differs."""
    if mnemonic == "settle":
        bare.settle()
        made.settle()
        return []
    if mnemonic == "accept":
        vm.vmpsw.system_mask = 0xFE
        found = made.cp.vio.pending(vm)
        if found is not None:
            made.cp.vio.accept(vm, found)
        its = "" if found is None else f"{found:03X} {csw(vm)}"
        mine = bare.interruption()
    else:
        text = b"".join(PROGRAMS.get(program, []))
        for cpu in (bare.cpu, vm.cpu):
            cpu.store_real(AT, text)
            cpu.store_real(PSA.CAW, CAWS[caw].to_bytes(4, "big"))
        mine, its = str(issue_bare(bare, mnemonic, address)), str(made.issue(vm, mnemonic, address))
        while vm.vmrstat & RunStatus.IOWAIT:
            made.machine.advance()
        made.answer()
    if settle:
        bare.settle()
        made.settle()
    return [] if mine == its else [f"{mnemonic} {address:03X} {program} {caw}: {mine} / {its}"]


def issue_bare(bare, mnemonic, address):
    multiplexing = bool(bare.cpu.cr[0] & CR0.BLOCK_MULTIPLEXING)
    if mnemonic in ("SIO", "SIOF", "CLRIO"):
        bare.cpu.store_real(PSA.CSW, bytes(8))
        method = {
            "SIO": bare.channels.start_io,
            "SIOF": bare.channels.start_io_fast_release,
            "CLRIO": bare.channels.clear_io,
        }[mnemonic]
        cc = method(bare.cpu, address, multiplexing)
        return Seen(cc, bare.cpu.load_real(PSA.CSW, 8).hex(" ", 4).upper())
    return bare.issue(mnemonic, address)


# ---- blocks ----------------------------------------------------------------------------------------------------------


def device(address, model="2401"):
    return VDEVBLOK(address, DeviceClass.TAPE, model=model)


def test_a_device_is_found_by_the_three_digits_of_its_address():
    """[1.2 VMCHSTRT] [2.2 VCHBLOK] [2.2 VCUBLOK] [1.2 VMCHTBL] Negative indices where there is nothing (SCNVU)."""
    devices = VirtualDevices()
    for address in (0x5A2, 0x181, 0x182, 0x00C):
        devices.add(device(address))
    assert [n for n in range(16) if devices.vmchtbl[n] >= 0] == [0, 1, 5]
    assert [f"{vdev.address:03X}" for vdev in devices.values()] == ["00C", "181", "182", "5A2"]
    assert devices.lookup(0x182).address == 0x182
    assert [devices.lookup(address) for address in (0x183, 0x191, 0x2C0, 0x1181)] == [None] * 4


def test_a_channel_to_channel_adapter_takes_all_addresses_of_its_control_unit():
    """[2.7 CTCA] The last digit of the address is ignored."""
    devices = VirtualDevices()
    devices.add(device(0x5C0, "CTCA"))
    assert devices.lookup(0x5CF) is devices.lookup(0x5C0)
    with pytest.raises(UserError, match="has a device"):
        devices.add(device(0x5C7))


def test_the_maps_name_channel_control_unit_and_device_with_an_interruption():
    """[1.2 VMIOINT] VMIOINT, VCHCUINT and VCUDVINT follow the devices; the lowest address is the first."""
    devices = VirtualDevices()
    for address in (0x283, 0x285, 0x2F0):
        devices.add(device(address))
    for address in (0x2F0, 0x285):
        devices[address].present(UnitStatus.ATTENTION)
        devices.note(devices[address])
    assert (devices.vmioint, devices.vchbloks[0].vchcuint, devices.vcubloks[0].vcudvint) == (0x2000, 0x0081, 0x0400)
    assert devices.interrupting(2) == 0x285
    assert devices.take(0x285).unit_status == UnitStatus.ATTENTION
    assert devices.interrupting(2) == 0x2F0
    assert devices.take(0x2F0).unit_status == UnitStatus.ATTENTION
    assert devices.vmioint == 0


# ---- rules -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "rules"),
    [
        pytest.param(0x183, ["SIO-1"], id="no-device"),
        pytest.param(READER, ["SIO-6"], id="played-by-CP"),
        pytest.param(TAPE, ["SIO-8", "IOS-6"], id="real"),
    ],
)
def test_the_rule_that_decided_is_told(address, rules):
    """[2.3-1] [2.3-5] [2.3-6] Why START I/O gave what it gave."""
    made, vm = scene()
    made.watch().start(vm, address, ccw(0x02, flags="L"))
    assert [verdict.rule.id for verdict in made.verdicts()] == rules


@pytest.mark.parametrize(
    ("caw", "stored"),
    [
        pytest.param(0x01004000, "00000000 00200000", id="bits-4-7"),
        pytest.param(0x00004004, "00000000 00200000", id="not-a-doubleword"),
        pytest.param(0x00020000, "00000000 00200000", id="beyond-storage"),
    ],
)
@pytest.mark.parametrize("address", [READER, TAPE])
def test_an_invalid_caw_is_a_program_check_in_the_stored_status(caw, stored, address):
    """[2.3-4] CC 1, program check; only the status part is stored."""
    made, vm = scene()
    made.put(vm, ccw(0x02, flags="L"))
    vm.cpu.store_real(PSA.CAW, caw.to_bytes(4, "big"))
    assert made.issue(vm, "SIO", address) == Seen(1, stored)


def test_a_selector_channel_is_busy_until_the_interruption_of_its_operation_is_taken():
    """[2.3-2] SIO of another device on the channel, before and after the end: CC 2; the real channel matters not."""
    made, vm = scene()
    assert made.start(vm, TAPE, ccw(0x02, flags="L")).cc == 0
    assert [made.start(vm, OTHER_TAPE, ccw(0x02)).cc, made.issue(vm, "TCH", TAPE).cc] == [2, 2]
    made.settle()
    assert [made.start(vm, OTHER_TAPE, ccw(0x02)).cc, made.issue(vm, "TCH", TAPE).cc] == [2, 1]
    assert made.interruptions(vm) == [f"181 {AT + 8:08X} 0C000000"]
    assert made.start(vm, OTHER_TAPE, ccw(0x02)).cc == 0


def test_block_multiplexing_lets_two_devices_of_a_channel_work_at_a_time():
    """[1.4 STIDC] DEFINE CHANNELS AS BMX, and CR0 bit 0 on."""
    made, vm = scene()
    vm.devices.define_channels(ChannelType.BLOCK_MULTIPLEXER)
    vm.cpu.cr[0] |= CR0.BLOCK_MULTIPLEXING
    assert [made.start(vm, at, ccw(0x02, flags="L")).cc for at in (TAPE, OTHER_TAPE)] == [0, 0]
    assert made.issue(vm, "STIDC", 0x100).cc == 0
    assert vm.cpu.load_real(PSA.CHANNEL_ID, 4).hex() == "20000000"
    end = f"{AT + 8:08X} 0C000000"
    assert made.interruptions(vm) == [f"181 {end}", f"182 {end}"]


@pytest.mark.parametrize(("number", "identification"), [(0, "10000000"), (1, "00000000")])
def test_channel_0_is_a_byte_multiplexer_and_the_others_are_selectors_by_default(number, identification):
    """[1.4 STIDC] The type nibble at X'A8'."""
    made, vm = scene()
    assert made.issue(vm, "STIDC", number << 8).cc == 0
    assert vm.cpu.load_real(PSA.CHANNEL_ID, 4).hex() == identification
    assert made.issue(vm, "STIDC", 0x700).cc == 3


def test_status_of_the_device_comes_with_busy_and_is_cleared():
    """[2.3-3] SIO while attention is pending: CC 1, the status and the busy bit; then SIO is accepted."""
    made, vm = scene()
    made.cp.vio.present(vm, CONSOLE, UnitStatus.ATTENTION)
    assert made.start(vm, CONSOLE, ccw(0x03, flags="L")) == Seen(1, "00000000 90000000")
    assert made.start(vm, CONSOLE, ccw(0x09, flags="L")).cc == 0
    assert made.interruptions(vm) == [f"009 {AT + 8:08X} 0C000000"]


def test_start_io_fast_release_defers_the_condition_code_on_a_block_multiplexer():
    """[1.4 SIO] SIOF: CC 0, and an interruption with deferred CC 1 and the status that SIO would have stored."""
    made, vm = scene()
    vm.devices.define_channels(ChannelType.BLOCK_MULTIPLEXER)
    vm.cpu.cr[0] |= CR0.BLOCK_MULTIPLEXING
    made.put(vm, ccw(0xFF, flags="L"))
    assert made.issue(vm, "SIOF", TAPE).cc == 0
    assert made.interruptions(vm) == [f"181 01{AT + 8:06X} 02000050"]


def test_a_device_that_works_by_itself_after_channel_end_is_busy():
    """[2.3-3] SIO and TIO between channel end and device end: CC 1, busy; the subchannel is free."""
    made = Scene()
    vm = made.log_on()
    made.dedicate(vm, TAPE, 0x281, FailingDevice())
    made.start(vm, TAPE, ccw(0x07, count=6))
    vm.vmpsw.system_mask = 0xFE
    while made.cp.vio.pending(vm) is None:
        made.machine.advance()
    made.cp.vio.accept(vm, TAPE)
    assert csw(vm) == f"{AT + 8:08X} 08000000"
    assert made.issue(vm, "SIO", TAPE) == Seen(1, "00000000 10000000")
    assert made.issue(vm, "TIO", TAPE) == Seen(1, "00000000 10000000")
    assert made.issue(vm, "TCH", TAPE).cc == 0
    assert made.interruptions(vm) == ["181 00000000 04000000"]


def test_devices_that_share_a_subchannel_of_the_byte_multiplexer():
    """[2.2 VCUBLOK shared] 080 to 08F: HALT DEVICE leaves the other's operation alone, HALT I/O does not."""
    made = Scene()
    vm = made.log_on()
    for address in (0x080, 0x081):
        made.play(vm, address, Console(), DeviceClass.TERM)
    assert made.start(vm, 0x080, ccw(0x0A)).cc == 0
    answers = [made.issue(vm, mnemonic, 0x081).cc for mnemonic in ("SIO", "TIO", "HDV", "CLRIO")]
    assert answers == [2, 2, 0, 2]
    assert made.cp.vio.pending(vm) is None
    assert made.issue(vm, "HIO", 0x081).cc == 1
    assert made.interruptions(vm) == [f"080 {AT + 8:08X} 0C400050"]


def test_test_io_of_a_played_device_asks_it():
    """[1.4 TIO] A device that is not ready may say so."""
    made, vm = scene()
    vm.devices[READER].device.test = lambda: UnitStatus.UNIT_CHECK
    assert made.issue(vm, "TIO", READER) == Seen(1, "00000000 02000000")


# ---- interruptions ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mask", "ec", "cr2", "ecmode", "found"),
    [
        pytest.param(0x80, False, 0, False, 0x009, id="BC-channel-0"),
        pytest.param(0x40, False, 0, False, 0x181, id="BC-channel-1"),
        pytest.param(0x02, False, 0, False, 0x760, id="BC-bit-6-without-ECMODE"),
        pytest.param(0x02, False, 0, True, None, id="BC-bit-6-but-not-CR2"),
        pytest.param(0x02, False, 0x01000000, True, 0x760, id="BC-bit-6-and-CR2"),
        pytest.param(0x02, True, 0x40000000, True, 0x181, id="EC-bit-6-and-CR2"),
        pytest.param(0x40, True, 0xFFFFFFFF, True, None, id="EC-no-bit-6"),
        pytest.param(0xFE, False, 0xFFFFFFFF, True, 0x009, id="all"),
        pytest.param(0x01, False, 0xFFFFFFFF, True, None, id="none"),
    ],
)
def test_which_interruption_the_virtual_psw_allows(mask, ec, cr2, ecmode, found):
    """[1.6 IO-2] VMIOINT and the masks of the PSW and, with ECMODE, of CR2."""
    made = Scene()
    vm = made.log_on(ecmode=ecmode)
    for address in (0x181, 0x760):
        vm.devices.add(device(address))
    for address in (CONSOLE, 0x181, 0x760):
        made.cp.vio.present(vm, address, UnitStatus.ATTENTION)
    vm.cpu.cr[2] = cr2
    vm.cpu.load_psw(PSW(system_mask=mask, ec_mode=ec))
    assert made.cp.vio.pending(vm) == found


def test_an_accepted_interruption_stores_the_csw_and_is_pending_no_longer():
    """[1.6 IO-3] The subchannel's end comes before the status of the device itself."""
    made, vm = scene()
    made.start(vm, READER, ccw(0x02, flags="L"))
    made.cp.vio.present(vm, READER, UnitStatus.DEVICE_END)
    assert made.interruptions(vm) == [f"00C {AT + 8:08X} 0C000000", "00C 00000000 04000000"]
    assert (vm.devices.vmioint, made.cp.vio.pending(vm)) == (0, None)


def test_status_of_the_device_waits_until_its_subchannel_is_free():
    """[1.6 IO-2] Attention while a console read waits."""
    made, vm = scene()
    made.start(vm, CONSOLE, ccw(0x0A, flags="L"))
    made.cp.vio.attention(vm)
    assert made.interruptions(vm) == []
    made.cp.vio.input(vm, "A")
    assert made.interruptions(vm) == [f"009 {AT + 8:08X} 0C00004F", "009 00000000 80000000"]


def test_a_real_interruption_is_made_pending_on_the_virtual_device():
    """[1.6 IO-1] In the guest's addresses; the real address of the CCW is another."""
    made, vm = scene()
    made.start(vm, TAPE, ccw(0x02, count=100, flags="C"), ccw(0x02, flags="L"))
    real = made.cp.ios.rdev(0x281).active
    made.settle()
    assert real.csw.address != AT + 8
    assert made.interruptions(vm) == [f"181 {AT + 8:08X} 0C400014"]
    assert vm.cpu.load_real(DATA, 11) == b"FIRST BLOCK"


# ---- devices that CP plays -------------------------------------------------------------------------------------------


def test_a_program_on_a_device_that_cp_plays_is_over_when_start_io_is():
    """[2.3-5] The whole chain, its data, and the interruption."""
    made, vm = scene()
    assert made.start(vm, READER, ccw(0x02, flags="C"), ccw(0x02, DATA + 80, flags="L")).cc == 0
    assert vm.cpu.load_real(DATA, 160) == bytes([0x40]) * 80 + bytes([0x41]) * 80
    assert made.interruptions(vm) == [f"00C {AT + 16:08X} 0C000000"]


def test_channel_end_and_device_end_of_a_played_device_come_together():
    """[2.6 Each SIO] A printer's immediate spacing: both in the status that SIO stores."""
    made, vm = scene()
    assert made.start(vm, PRINTER, ccw(0x0B, flags="L")) == Seen(1, "00000000 0C000000")
    assert made.interruptions(vm) == []


def test_a_program_controlled_interruption_of_an_endless_program_is_pending_while_it_runs():
    """[2.3-5] A TIC loop costs so many CCWs a dispatch; HALT I/O ends it."""
    made, vm = scene()
    assert made.start(vm, CONSOLE, ccw(0x03, flags="CLP"), tic(AT)).cc == 0
    assert made.cp.vio.unfinished_machines() == [vm]
    vm.vmpsw.system_mask = 0xFE
    assert made.cp.vio.pending(vm) == CONSOLE
    made.cp.vio.accept(vm, CONSOLE)
    assert csw(vm)[9:] == "00800050"
    assert made.issue(vm, "TIO", CONSOLE).cc == 2
    assert made.issue(vm, "HIO", CONSOLE).cc == 1
    assert made.cp.vio.unfinished_machines() == []
    assert made.interruptions(vm)[0].startswith("009 00004008 0C")
    assert made.issue(vm, "TIO", CONSOLE).cc == 0


# ---- the console -----------------------------------------------------------------------------------------------------


def lines(vm):
    return [line.text for line in vm.terminal if not line.cp]


def text(characters):
    return characters.encode("cp037")


def write(made, vm, characters, command=0x09):
    vm.cpu.store_real(DATA, text(characters))
    return made.start(vm, CONSOLE, ccw(command, count=len(characters), flags="L"))


def test_what_the_guest_types_is_a_line_on_its_terminal():
    """[2.7 Console] X'01' leaves the line open, X'09' and a new-line character end it."""
    made, vm = scene()
    for characters, command in (("HALF ", 0x01), ("A LINE", 0x09), ("TWO\x85LINES", 0x09)):
        assert write(made, vm, characters, command).cc == 0
        made.interruptions(vm)
    assert lines(vm) == ["HALF A LINE", "TWO", "LINES"]


def test_a_console_read_prompts_and_waits_for_the_line():
    """[2.7 Console] What stood on the line is shown when the read begins, and only the rest of it afterwards."""
    made, vm = scene()
    write(made, vm, "NAME? ", 0x01)
    made.interruptions(vm)
    assert made.start(vm, CONSOLE, ccw(0x0A, flags="L")).cc == 0
    assert (lines(vm), made.interruptions(vm), made.issue(vm, "TIO", CONSOLE).cc) == (["NAME? "], [], 2)
    made.cp.vio.input(vm, "OPERATOR")
    assert vm.cpu.load_real(DATA, 8) == text("OPERATOR")
    assert made.interruptions(vm) == [f"009 {AT + 8:08X} 0C000048"]
    write(made, vm, "HELLO")
    assert lines(vm) == ["NAME? ", "HELLO"]


def test_a_line_that_nobody_waits_for_is_an_attention():
    """[2.7 Console] The read that the guest then issues gets it."""
    made, vm = scene()
    made.cp.vio.input(vm, "STATUS")
    assert made.interruptions(vm) == ["009 00000000 80000000"]
    made.start(vm, CONSOLE, ccw(0x0A, flags="L"))
    assert vm.cpu.load_real(DATA, 6) == text("STATUS")


def test_the_attention_key_alone_is_an_attention():
    """[2.7 Console] No line comes with it."""
    made, vm = scene()
    made.cp.vio.attention(vm)
    assert made.interruptions(vm) == ["009 00000000 80000000"]


def test_the_alarm_is_an_immediate_command():
    """[2.6 Console 3215] X'0B'."""
    made, vm = scene()
    assert made.start(vm, CONSOLE, ccw(0x0B, flags="L")) == Seen(1, "00000000 0C000000")
    assert vm.devices[CONSOLE].device.alarms == 1


@pytest.mark.parametrize(
    ("counts", "status"),
    [
        pytest.param((2032,), "0C00", id="2032-in-one"),
        pytest.param((1000, 1032), "0C00", id="2032-chained"),
        pytest.param((1000, 1033), "0C60", id="2033-chained"),
        pytest.param((3000,), "0C00", id="3000-in-one"),
    ],
)
def test_a_data_chain_of_more_than_2032_bytes_to_the_console_is_refused(counts, status):
    """[2.7 Console] [2.4 restrictions] Incorrect length and program check."""
    made, vm = scene()
    vm.cpu.store_real(DATA, text("X") * 4000)
    *chained, last = (ccw(0x09, count=count, flags="D") for count in counts)
    made.start(vm, CONSOLE, *chained, last[:4] + b"\0" + last[5:])
    assert made.interruptions(vm)[0].split()[2][:4] == status
    assert bool(lines(vm)) == (status == "0C00")


# ---- reset -----------------------------------------------------------------------------------------------------------


def test_a_reset_ends_whatever_goes_on():
    """[1.12 SYSTEM RESET] Console read, real operation, pending status; nothing is locked or taken afterwards."""
    made, vm = scene()
    free = made.cp.free_storage.state()
    made.start(vm, CONSOLE, ccw(0x0A))
    made.start(vm, TAPE, ccw(0x02))
    made.cp.vio.present(vm, READER, UnitStatus.ATTENTION)
    made.cp.vio.reset(vm)
    assert made.cp.free_storage.state() == free
    assert made.interruptions(vm) == []
    assert [made.issue(vm, "TIO", at).cc for at in (CONSOLE, READER, TAPE)] == [0, 0, 0]


def test_reset_of_one_device_leaves_the_others_alone():
    """[4.2 RESET] RESET 009."""
    made, vm = scene()
    made.start(vm, CONSOLE, ccw(0x0A))
    made.start(vm, TAPE, ccw(0x02, flags="L"))
    made.cp.vio.reset_device(vm, CONSOLE)
    assert made.interruptions(vm) == [f"181 {AT + 8:08X} 0C000000"]


# ---- checkpoints -----------------------------------------------------------------------------------------------------


def test_going_back_and_forward_again_gives_the_same():
    """Operations in progress on played and on real devices, a device that is detached and one that is new."""
    made, vm = scene()
    made.start(vm, CONSOLE, ccw(0x0A, flags="L"))
    made.start(vm, TAPE, ccw(0x02, flags="CP"), ccw(0x02, DATA + 100, flags="L"))
    before = made.machine.state(), made.cp.state()

    def forward():
        made.cp.vio.detach(vm, READER)
        vm.devices.add(device(0x333))
        made.cp.vio.input(vm, "A LINE")
        taken = made.interruptions(vm)
        return taken, vm.cpu.load_real(DATA, 200), list(vm.devices)

    first = forward()
    made.machine.restore(before[0])
    made.cp.restore(before[1])
    assert READER in vm.devices
    assert 0x333 not in vm.devices
    assert forward() == first


# ---- IPL -------------------------------------------------------------------------------------------------------------

LOADED = bytes.fromhex("0002000000000ABC")
"""A PSW: disabled wait."""
FIRST_RECORD = LOADED + bytes.fromhex("02001000 60000050") + bytes.fromhex("02002000 20000050")


def card(data):
    return data.ljust(80, b"\0")


def loaded(vm):
    """The address in the PSW, where the device's address was stored, and what the load program has read."""
    return vm.vmpsw.instruction_address, vm.peek(2, 2).hex(), vm.peek(0x1000, 4), vm.peek(0x2000, 4)


def test_ipl_from_a_reader():
    """[1.12 IPL vaddr] The first card's 24 bytes, and the program in it."""
    made = Scene()
    vm = made.log_on()
    reader = CardReader()
    reader.load([card(FIRST_RECORD), card(b"ONE "), card(b"TWO ")])
    made.play(vm, READER, reader)
    made.cp.vio.ipl(vm, READER)
    assert loaded(vm) == (0xABC, "000c", b"ONE ", b"TWO ")


def test_ipl_from_a_dedicated_tape():
    """[1.12 IPL vaddr] The real reel is behind the records that were read."""
    made = Scene()
    vm = made.log_on()
    drive = TapeDrive(Tape.from_bytes(aws_image([FIRST_RECORD, card(b"ONE "), card(b"TWO "), b"MORE"]), "test"))
    made.dedicate(vm, TAPE, 0x281, drive)
    made.cp.vio.ipl(vm, TAPE)
    assert loaded(vm) == (0xABC, "0181", b"ONE ", b"TWO ")
    made.start(vm, TAPE, ccw(0x02, flags="L"))
    made.interruptions(vm)
    assert vm.peek(DATA, 4) == b"MORE"


@pytest.mark.parametrize("cylinder", [0, 3])
def test_ipl_from_a_minidisk(cylinder):
    """[1.12 IPL vaddr] Its cylinder 0, or the one that the operator names; the real arm stays where it is."""
    made = Scene()
    vm = made.log_on()
    drive = Disk3330(with_load_records(blank_volume("3330", "VM0001", 30), 10 + cylinder))
    drive.cylinder = 7
    made.machine.channels.attach(0x330, drive)
    vm.devices.add(VDEVBLOK(0x191, DeviceClass.DASD, model="3330", real=0x330, reln=10, bnd=20))
    made.cp.vio.ipl(vm, 0x191, cylinder)
    assert loaded(vm) == (0xABC, "0191", b"ONE ", b"TWO ")
    assert drive.cylinder == 7


def with_load_records(volume, cylinder):
    """The volume with a load program, which reads the records behind it, on head 0 of a cylinder."""
    program = LOADED + ccw(0x06, 0x1000, 80, "CL") + ccw(0x06, 0x2000, 80, "L")
    number = cylinder * volume.model.heads
    track = volume.track(number)
    records = [
        Record(cylinder.to_bytes(2, "big") + bytes([0, 0, n, 0]) + len(data).to_bytes(2, "big"), b"", data)
        for n, data in enumerate((program, card(b"ONE "), card(b"TWO ")), 1)
    ]
    return volume.with_track(number, Track(track.home, (track.records[0], *records)))


@pytest.mark.parametrize(
    ("address", "cylinder", "message"),
    [
        pytest.param(0x777, None, "no device 777 to load from", id="no-device"),
        pytest.param(READER, None, "00C failed: .*intervention required", id="empty-reader"),
        pytest.param(0x191, 99, "no cylinder 99", id="no-such-cylinder"),
    ],
)
def test_an_ipl_that_cannot_be_is_said_in_one_sentence(address, cylinder, message):
    """[1.12 IPL vaddr] A person's mistake."""
    made = Scene()
    vm = made.log_on()
    made.play(vm, READER, CardReader())
    made.machine.channels.attach(0x330, Disk3330(blank_volume("3330", "VM0001", 30)))
    vm.devices.add(VDEVBLOK(0x191, DeviceClass.DASD, model="3330", real=0x330, reln=10, bnd=20))
    with pytest.raises(UserError, match=message):
        made.cp.vio.ipl(vm, address, cylinder)
