"""The I/O instructions of a guest: condition codes and CSWs from the virtual blocks.  Compared with a bare machine."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

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
    Scene,
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


@settings(deadline=None, max_examples=1500, suppress_health_check=[HealthCheck.too_slow])
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
        st.sampled_from(sorted(set(PROGRAMS) - {"a command that no device has"})),
        st.sampled_from(["valid"] * 9 + sorted(CAWS)),
    ),
    st.tuples(
        st.sampled_from(["TIO", "HIO", "HDV", "TCH", "STIDC", "accept", "settle", "settle"]),
        st.sampled_from([TAPE, OTHER_TAPE]),
    ),
)


@settings(deadline=None, max_examples=1500, suppress_health_check=[HealthCheck.too_slow])
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
        from tests.hypervisor.io_scene import Seen

        cc = method(bare.cpu, address, multiplexing)
        return Seen(cc, bare.cpu.load_real(PSA.CSW, 8).hex(" ", 4).upper())
    return bare.issue(mnemonic, address)
