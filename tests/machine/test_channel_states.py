"""Condition codes of the I/O instructions in each state of channel, subchannel and device, on each type of channel.

GA22-7000, figure "Condition-Code Settings for I/O States and Functions".  Where the figure leaves a choice to the
model, the row says what this machine does.
"""

import pytest

from edu_hv.isa.codes import PSA, UnitStatus
from edu_hv.machine.psw import PSW
from edu_hv.machine.subchannel import ChannelType
from tests.machine.channel_bench import (
    ALL_CHANNELS,
    ASK,
    CC,
    DE,
    END,
    NOP,
    PCI,
    READ,
    REFUSED,
    REWIND,
    SLI,
    TAPE,
    UNCHANGED,
    System,
)  # fmt: skip

SELECTOR, BYTE, BLOCK = ChannelType.SELECTOR, ChannelType.BYTE_MULTIPLEXER, ChannelType.BLOCK_MULTIPLEXER
OTHER = 0x182
"""A device that shares the tape's subchannel on a selector and, its address being over 80, on a byte multiplexer."""


def start(system, *ccws, address=TAPE, multiplexing=True):
    system.ccws(*ccws)
    return system.start(address=address, multiplexing=multiplexing)


def available(system):
    pass


def pending_in_device(system):
    system.channels.present(TAPE, DE)


def device_working(system):
    assert start(system, (REWIND, 0, 0, 1)) == 1


def device_not_there(system):
    """Its subchannel is: another device uses it."""
    system.channels.detach(TAPE)
    system.attach(OTHER)


def end_pending(system):
    assert start(system, (READ, 0x2000, SLI, 4)) == 0
    system.run()


def end_of_another_pending(system):
    system.attach(OTHER)
    assert start(system, (READ, 0x2000, SLI, 4), address=OTHER) == 0
    system.run()


def subchannel_working(system):
    """With a slow device, or between channel end and device end of a chained command."""
    assert start(system, (REWIND, 0, CC, 1), (READ, 0x2000, SLI, 4)) == 0


def subchannel_working_with_another(system):
    system.attach(OTHER)
    assert start(system, (READ, 0x2000, SLI, 4), address=OTHER) == 0


def no_subchannel(system):
    system.channels.detach(TAPE)
    system.attach(0x113)


def channel_working(system):
    system.device.burst = True
    assert start(system, (READ, 0x2000, SLI, 4)) == 0


def channel_working_with_another(system):
    system.attach(OTHER, burst=True)
    assert start(system, (READ, 0x2000, SLI, 4), address=OTHER) == 0


def no_channel(system):
    system.channels.detach(TAPE)


INSTRUCTIONS = {
    "SIO": lambda s: s.channels.start_io(s, TAPE, True),
    "TIO": lambda s: s.channels.test_io(s, TAPE),
    "CLRIO": lambda s: s.channels.clear_io(s, TAPE, True),
    "HIO": lambda s: s.channels.halt_io(s, TAPE),
    "HDV": lambda s: s.channels.halt_device(s, TAPE),
    "RIO": lambda s: s.channels.resume_io(TAPE),
    "TCH": lambda s: s.channels.test_channel(TAPE),
    "STIDC": lambda s: s.channels.store_channel_id(s, TAPE),
    "CLRCH": lambda s: s.channels.clear_channel(TAPE),
}


@pytest.mark.parametrize(
    ("kinds", "state", "codes"),
    [
        # SIO TIO CLRIO HIO HDV RIO TCH STIDC CLRCH
        pytest.param((SELECTOR, BYTE, BLOCK), available, "000110000", id="AAA"),
        pytest.param((SELECTOR, BYTE, BLOCK), pending_in_device, "110110100", id="AAI-which-the-channel-has-polled"),
        pytest.param((SELECTOR, BYTE, BLOCK), device_working, "110110000", id="AAW"),
        pytest.param((SELECTOR, BYTE), device_not_there, "330330000", id="AAN"),
        pytest.param((SELECTOR, BYTE, BLOCK), end_pending, "211000100", id="IIX-for-the-addressed-device"),
        pytest.param((SELECTOR, BYTE), end_of_another_pending, "220000100", id="IIX-for-another-device"),
        pytest.param((BYTE, BLOCK), subchannel_working, "221110000", id="AWX-with-the-addressed-device"),
        pytest.param((BYTE,), subchannel_working_with_another, "220100000", id="AWX-with-another-device"),
        pytest.param((BYTE, BLOCK), no_subchannel, "333330000", id="ANX"),
        pytest.param((SELECTOR,), subchannel_working, "221220200", id="WXX-selector-between-commands"),
        pytest.param((SELECTOR, BYTE, BLOCK), channel_working, "221220200", id="WXX-with-the-addressed-device"),
        pytest.param((SELECTOR, BYTE), channel_working_with_another, "220220200", id="WWX-with-another-device"),
        pytest.param((BLOCK,), channel_working_with_another, "220220200", id="WAX"),
        pytest.param((SELECTOR, BYTE, BLOCK), no_channel, "333333333", id="NXX"),
    ],
)
def test_condition_codes(kinds, state, codes):
    for kind in kinds:
        found = ""
        for execute in INSTRUCTIONS.values():
            system = System({1: kind})
            state(system)
            system.ccws((READ, 0x2000, SLI, 4))
            found += str(execute(system))
        assert (kind.name, found) == (kind.name, codes)


@pytest.mark.parametrize(
    ("kind", "state", "instruction", "csw"),
    [
        pytest.param(BYTE, pending_in_device, "SIO", "FFFFFFFF 1400FFFF", id="SIO-clears-and-says-busy"),
        pytest.param(BYTE, device_working, "SIO", "FFFFFFFF 1000FFFF", id="SIO-device-working"),
        pytest.param(BYTE, pending_in_device, "TIO", "00000000 04000000", id="TIO-clears"),
        pytest.param(BYTE, device_working, "TIO", "00000000 10000000", id="TIO-device-working"),
        pytest.param(BYTE, end_pending, "TIO", "00001008 0C000004", id="TIO-takes-the-end"),
        pytest.param(BYTE, end_pending, "CLRIO", "00001008 0C000004", id="CLRIO-takes-the-end"),
        pytest.param(BYTE, subchannel_working, "CLRIO", "00001008 00000001", id="CLRIO-as-far-as-it-has-come"),
        pytest.param(BYTE, available, "HIO", "FFFFFFFF 0000FFFF", id="HIO-status-zero"),
        pytest.param(BYTE, device_working, "HIO", "FFFFFFFF 0000FFFF", id="HIO-device-working"),
        pytest.param(BYTE, subchannel_working, "HIO", "FFFFFFFF 0000FFFF", id="HIO-subchannel-working"),
        pytest.param(BYTE, subchannel_working, "HDV", "FFFFFFFF 0000FFFF", id="HDV-subchannel-working"),
        pytest.param(BLOCK, channel_working, "HIO", UNCHANGED, id="HIO-burst"),
        pytest.param(BLOCK, channel_working, "SIO", UNCHANGED, id="SIO-channel-working"),
        pytest.param(BYTE, subchannel_working, "TIO", UNCHANGED, id="TIO-subchannel-working"),
        pytest.param(BYTE, no_channel, "TIO", UNCHANGED, id="TIO-no-channel"),
    ],
)
def test_what_is_stored(kind, state, instruction, csw):
    """GA22-7000, figures "Indications of Busy in CSW" and "Contents of the CSW ... Field"."""
    system = System({1: kind})
    state(system)
    system.ccws((READ, 0x2000, SLI, 4))
    system.storage.write(PSA.CSW, b"\xff" * 8)
    INSTRUCTIONS[instruction](system)
    assert system.csw() == csw


@pytest.mark.parametrize("instruction", ["SIO", "TIO", "accept"])
def test_a_condition_in_the_device_is_cleared_once(instruction):
    system = System()
    pending_in_device(system)
    if instruction == "accept":
        assert system.interruption() == (TAPE, "00000000 04000000")
    else:
        assert INSTRUCTIONS[instruction](system) == 1
    assert (INSTRUCTIONS["TIO"](system), system.interruption()) == (0, None)


@pytest.mark.parametrize("instruction", ["SIO", "TIO"])
def test_busy_is_told_until_device_end_which_is_then_pending(instruction):
    system = System()
    device_working(system)
    system.ccws((READ, 0x2000, SLI, 4))
    found = []
    for time in (0, 399, 400, 400):
        system.run(until=time)
        cc = INSTRUCTIONS[instruction](system)
        found.append((cc, system.csw()[9:13]))
    pending = "1400" if instruction == "SIO" else "0400"
    assert found == [(1, "1000"), (1, "1000"), (1, pending), (0, pending)]


def test_clear_io_is_test_io_without_block_multiplexing():
    """GA22-7000 "Clear I/O": CR0 bit 0 zero."""
    system = System()
    device_working(system)
    assert system.channels.clear_io(system, TAPE) == 1
    assert system.csw() == "00000000 10000000"


def test_halt_device_is_halt_io_on_a_system_360():
    """Its second byte is not looked at: what is halted is another device's operation."""
    system = System({1: BYTE}, system_360=True)
    subchannel_working_with_another(system)
    assert system.channels.halt_device(system, TAPE) == 1


@pytest.mark.parametrize(
    ("system_360", "types", "found"),
    [
        pytest.param(False, None, "1222", id="System/370"),
        pytest.param(True, None, "1000", id="System/360"),
        pytest.param(False, {0: BLOCK, 2: SELECTOR, 3: BYTE}, "2201", id="as-configured"),
    ],
)
def test_types_of_channels(system_360, types, found):
    system = System(types, system_360)
    for channel in (0, 2, 3):
        system.attach(channel << 8 | 0x80)
    codes = []
    for channel in range(4):
        assert system.channels.store_channel_id(system, channel << 8) == 0
        codes.append(system.storage.read(PSA.CHANNEL_ID, 4).hex())
    assert codes == [f"{code}0000000" for code in found]


def test_a_block_multiplexer_is_a_selector_while_multiplexing_is_not_allowed():
    """GA22-7000 "Block-Multiplexing Control"."""
    seen = []
    for multiplexing in (False, True):
        system = System({1: BLOCK})
        other = system.attach(OTHER)
        other.records = [b"ABCD"]
        assert start(system, (REWIND, 0, CC, 1), (NOP, 0, 0, 1), multiplexing=multiplexing) == 0
        system.channels.store_channel_id(system, TAPE)
        identification = system.storage.read(PSA.CHANNEL_ID, 1)[0] >> 4
        seen.append((identification, start(system, (READ, 0x2000, 0, 4), address=OTHER)))
    assert seen == [(SELECTOR, 2), (BLOCK, 0)]


def test_reconfigured_channels_keep_their_devices():
    system = System()
    device_working(system)
    system.channels.configure(system_360=True)
    assert system.channels.devices == {TAPE: system.device}
    assert (system.channels.active, system.device.resets) == (False, 1)
    system.channels.store_channel_id(system, TAPE)
    assert system.storage.read(PSA.CHANNEL_ID, 1) == b"\0"


def test_a_slow_device_leaves_a_byte_multiplexer_to_the_others():
    system = System({1: BYTE})
    unshared = 0x113
    system.attach(unshared).records = [b"ABCD"]
    system.attach(0x114)
    assert start(system, (READ, 0x2000, SLI, 4)) == 0
    assert start(system, (READ, 0x3000, SLI, 4), address=unshared) == 0
    assert start(system, (READ, 0x3000, SLI, 4), address=0x114) == 0
    assert [address for _, address, _ in system.interruptions()] == [unshared, 0x114, TAPE]


def test_a_program_that_waits_for_input_leaves_a_block_multiplexer_to_the_others():
    system = System({1: BLOCK})
    system.device.answered = False
    system.attach(OTHER)
    assert start(system, (ASK, 0x2000, SLI, 4)) == 0
    assert start(system, (READ, 0x3000, SLI, 4), address=OTHER) == 0


# ---- interruptions -------------------------------------------------------------------------------------------------


def test_the_end_in_the_subchannel_comes_before_conditions_in_devices():
    system = System({1: BLOCK})
    system.attach(0x180)
    system.channels.present(0x180, DE)
    start(system, (READ, 0x2000, SLI, 4))
    system.run()
    assert [system.interruption() for _ in range(3)] == [
        (TAPE, "00001008 0C000004"), (0x180, "00000000 04000000"), None,
    ]  # fmt: skip


@pytest.mark.parametrize("kind", [SELECTOR, BLOCK])
def test_a_condition_in_a_device_waits_while_the_channel_works(kind):
    system = System({1: kind})
    system.attach(0x180)
    start(system, (READ, 0x2000, SLI, 4))
    system.channels.present(0x180, UnitStatus.ATTENTION)
    assert system.interruption() is None
    system.run()
    assert [system.interruption() for _ in range(3)] == [
        (TAPE, "00001008 0C000004"), (0x180, "00000000 80000000"), None,
    ]  # fmt: skip


def test_a_program_controlled_interruption_comes_while_the_channel_works():
    system = System({1: SELECTOR})
    start(system, (READ, 0x2000, SLI | PCI, 4))
    assert system.channels.test_channel(TAPE) == 2
    assert system.interruption() == (TAPE, "00001008 00800004")
    system.run()
    assert system.interruption() == (TAPE, "00001008 0C000004")


def test_channel_available_interruption_follows_a_busy_answer():
    """GA22-7000 "Channel-Available Interruption": any other interruption of the channel does as well."""
    system = System({1: BLOCK})
    other = system.attach(OTHER)
    start(system, (READ, 0x2000, CC | SLI, 4), (REWIND, 0, CC, 1), (NOP, 0, 0, 1))
    assert start(system, (READ, 0x2000, SLI, 4), address=OTHER) == 2
    assert system.interruption() is None
    system.run(until=100)
    assert system.channels.test_channel(TAPE) == 1
    assert system.interruption() == (0x100, "00000000 00000000")
    assert (system.channels.test_channel(TAPE), system.interruption()) == (0, None)
    assert other.begun == 0


@pytest.mark.parametrize(
    ("kind", "instruction"),
    [
        pytest.param(BLOCK, "HIO", id="not-after-HIO"),
        pytest.param(SELECTOR, "TIO", id="not-on-a-selector"),
        pytest.param(BYTE, "TIO", id="not-on-a-byte-multiplexer"),
    ],
)
def test_channel_available_interruption_does_not_follow(kind, instruction):
    system = System({1: kind})
    channel_working(system)
    assert INSTRUCTIONS[instruction](system) == 2
    assert 0x100 not in [address for _, address, _ in system.interruptions()]


def test_another_interruption_of_the_channel_replaces_channel_available():
    system = System({1: BLOCK})
    channel_working(system)
    assert INSTRUCTIONS["TIO"](system) == 2
    assert [address for _, address, _ in system.interruptions()] == [TAPE]


# ---- START I/O FAST RELEASE ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ccw", "prepare", "csw"),
    [
        pytest.param((READ, 0x2000, SLI, 4), available, "00001008 0C000004", id="started"),
        pytest.param((NOP, 0, 0, 1), available, "01001008 0C000001", id="immediate"),
        pytest.param((REFUSED, 0, 0, 7), available, "01001008 02000007", id="refused"),
        pytest.param((READ, 0x2000, 0, 0), available, "01001008 00200000", id="program-check"),
        pytest.param((READ, 0x2000, 0, 4), pending_in_device, "01000000 14000000", id="device-end-pending"),
    ],
)
def test_fast_release_tells_later_what_start_io_tells_at_once(ccw, prepare, csw):
    """GA22-7000 "Start I/O Fast Release": deferred condition code 1."""
    system = System({1: BLOCK})
    prepare(system)
    system.ccws(ccw)
    assert system.channels.start_io_fast_release(system, TAPE, multiplexing=True) == 0
    system.run()
    assert system.interruption() == (TAPE, csw)


@pytest.mark.parametrize(("kind", "multiplexing"), [(BLOCK, False), (BYTE, True), (SELECTOR, True)])
def test_fast_release_is_start_io_elsewhere(kind, multiplexing):
    system = System({1: kind})
    system.ccws((REFUSED, 0, 0, 1))
    assert system.channels.start_io_fast_release(system, TAPE, multiplexing) == 1


# ---- resets --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "state",
    [pending_in_device, device_working, end_pending, subchannel_working, channel_working],
    ids=lambda state: state.__name__,
)
@pytest.mark.parametrize(
    "reset",
    [
        pytest.param(lambda c: c.reset(), id="system"),
        pytest.param(lambda c: c.clear_channel(TAPE), id="channel"),
        pytest.param(lambda c: c.reset_device(TAPE), id="selective"),
    ],
)
def test_after_a_reset_the_device_is_available_and_nothing_is_pending(state, reset):
    system = System()
    state(system)
    reset(system.channels)
    assert (system.channels.active, system.channels.next_event, system.interruption()) == (False, None, None)
    assert (system.channels.test_io(system, TAPE), system.device.resets) == (0, 1)


def test_clear_channel_leaves_the_other_channels_alone():
    system = System()
    system.attach(0x280)
    system.channels.present(0x280, DE)
    pending_in_device(system)
    system.channels.clear_channel(TAPE)
    assert system.channels.pending(ALL_CHANNELS, 0) == 0x280


def test_masked_conditions_stay_pending():
    system = System()
    start(system, (END, 0, SLI, 1))
    system.run()
    assert system.channels.pending(PSW(system_mask=0xBF), 0xFFFFFFFF) is None
    assert system.interruption() == (TAPE, "00001008 0D000001")
