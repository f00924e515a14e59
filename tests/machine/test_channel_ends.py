"""Channel end and device end at their own times, and operations that are halted or cleared."""

import pytest

from edu_hv.isa.codes import UnitStatus
from edu_hv.isa.errors import UserError
from edu_hv.machine.ccw import CCW, ENDING
from edu_hv.machine.subchannel import ChannelType
from tests.machine.channel_bench import (
    ALL_CHANNELS,
    ASK,
    CC,
    CD,
    CE,
    DE,
    IDA,
    NOP,
    PCI,
    PROGRAM,
    READ,
    REFUSED,
    REWIND,
    SEARCH,
    SEEK,
    SLI,
    TAPE,
    TIC,
    UNCHANGED,
    WRITE,
    System,
)

SELECTOR, BYTE, BLOCK = ChannelType.SELECTOR, ChannelType.BYTE_MULTIPLEXER, ChannelType.BLOCK_MULTIPLEXER
EXCEPTION, CHECK, MODIFIER = UnitStatus.UNIT_EXCEPTION, UnitStatus.UNIT_CHECK, UnitStatus.STATUS_MODIFIER


@pytest.fixture
def system():
    return System()


# ---- channel end, then device end ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ccws", "endings", "finishes", "taken"),
    [
        pytest.param(
            [(READ, 0x2000, 0, 2)],
            [CE],
            [],
            [(100, "00001008 08000000"), (500, "00000000 04000000")],
            id="device-end-by-itself",
        ),
        pytest.param(
            [(READ, 0x2000, 0, 2)],
            [CE],
            [DE | EXCEPTION],
            [(100, "00001008 08000000"), (500, "00000000 05000000")],
            id="exception-with-device-end",
        ),
        pytest.param(
            [(READ, 0x2000, 0, 2)],
            [CE | CHECK],
            [],
            [(100, "00001008 0A000000"), (500, "00000000 04000000")],
            id="check-with-channel-end",
        ),
        pytest.param(
            [(READ, 0x2000, 0, 1)],
            [CE],
            [],
            [(100, "00001008 08400000"), (500, "00000000 04000000")],
            id="incorrect-length",
        ),
        pytest.param(
            [(READ, 0x2000, CC, 2), (READ, 0x3000, 0, 2)],
            [CE, ENDING],
            [],
            [(600, "00001010 0C000000")],
            id="chain-goes-on-at-device-end",
        ),
        pytest.param(
            [(REWIND, 0, CC, 1), (REWIND, 0, CC, 1), (NOP, 0, 0, 1)],
            [],
            [],
            [(800, "00001018 0C000001")],
            id="immediate-commands-in-a-chain",
        ),
        pytest.param(
            [(SEEK, 0, CC, 1), (REWIND, 0, 0, 1)],
            [],
            [],
            [(100, "00001010 08000001"), (500, "00000000 04000000")],
            id="immediate-command-at-the-end-of-a-chain-interrupts",
        ),
        pytest.param(
            [(READ, 0x2000, CC, 2), (READ, 0x3000, 0, 2)],
            [CE],
            [DE | EXCEPTION],
            [(500, "00001008 05000000")],
            id="exception-at-device-end-ends-the-chain-without-channel-end",
        ),
        pytest.param(
            [(READ, 0x2000, CC | SLI, 3), (READ, 0x3000, 0, 2)],
            [CE],
            [DE | CHECK],
            [(500, "00001008 06000001")],
            id="check-at-device-end-count-of-the-operation-that-was-executed",
        ),
        pytest.param(
            [(READ, 0x2000, CC, 2), (READ, 0x3000, 0, 2), (SEEK, 0, 0, 1)],
            [CE],
            [DE | MODIFIER],
            [(600, "00001018 0C000001")],
            id="status-modifier-with-device-end-skips",
        ),
        pytest.param(
            [(READ, 0x2000, CC, 2), (READ, 0x3000, 0, 2)],
            [CE | MODIFIER],
            [],
            [(100, "00001008 48000000"), (500, "00000000 04000000")],
            id="status-modifier-without-device-end-ends-the-chain",
        ),
        pytest.param(
            [(READ, 0x2000, CC, 2), (REFUSED, 0, 0, 9)],
            [CE],
            [],
            [(500, "00001010 02000009")],
            id="refused-in-the-chain-neither-channel-end-nor-device-end",
        ),
        pytest.param(
            [(READ, 0x2000, CC | PCI, 2), (READ, 0x3000, 0, 0)],
            [CE],
            [],
            [(0, "00001008 00800002"), (500, "00001010 00200000")],
            id="program-check-at-chaining-PCI-taken-before",
        ),
    ],
)
def test_channel_end_and_device_end_come_at_their_own_times(system, ccws, endings, finishes, taken):
    """GA22-7000 "Conclusion of Input/Output Operations", "Command Chaining"."""
    system.device.records = [b"AB", b"CD"]
    system.device.endings, system.device.finishes = endings, finishes
    system.ccws(*ccws)
    assert system.start() == 0
    assert system.interruptions() == [(time, TAPE, csw) for time, csw in taken]


def test_immediate_command_at_the_end_stores_channel_end_and_interrupts_with_device_end(system):
    system.ccws((REWIND, 0, 0, 1))
    assert system.start() == 1
    assert system.csw() == "FFFFFFFF 0800FFFF"
    assert system.interruptions() == [(400, TAPE, "00000000 04000000")]


def test_device_end_waits_until_channel_end_was_taken(system):
    system.device.endings = [CE]
    system.ccws((READ, 0x2000, SLI, 2))
    system.start()
    system.run()
    assert [system.interruption() for _ in range(3)] == [
        (TAPE, "00001008 08000002"), (TAPE, "00000000 04000000"), None,
    ]  # fmt: skip


def test_data_chaining_does_not_change_the_command_in_force(system):
    """The command code of a CCW reached by data chaining is not looked at: the device finishes what it began."""
    seen = []
    system.device.finish = lambda command: seen.append(command) or DE
    system.device.records, system.device.endings = [b"ABCD"], [CE]
    system.ccws((READ, 0x2000, CD, 2), (0xFF, 0x3000, 0, 2))
    system.start()
    assert [csw for _, _, csw in system.interruptions()] == ["00001010 08000000", "00000000 04000000"]
    assert seen == [READ]


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        pytest.param(0, "FFFFFFFF 0C00FFFF", id="none"),
        pytest.param(SLI, "FFFFFFFF 0C00FFFF", id="SLI"),
        pytest.param(CD, "FFFFFFFF 0C00FFFF", id="CD"),
        pytest.param(CD | CC, "FFFFFFFF 0C00FFFF", id="CD-and-CC"),
        pytest.param(CD | CC | SLI, "FFFFFFFF 0C00FFFF", id="CD-CC-and-SLI"),
        pytest.param(CC, UNCHANGED, id="CC-chains"),
        pytest.param(CC | SLI, UNCHANGED, id="CC-and-SLI-chains"),
    ],
)
def test_immediate_command_has_no_incorrect_length_and_chains_only_without_data_chaining(system, flags, expected):
    """GA22-7000 "Immediate Operations"."""
    system.ccws((NOP, 0, flags, 5), (READ, 0x2000, SLI, 1))
    cc = system.start()
    assert (cc, system.csw()) == (int(expected != UNCHANGED), expected)


@pytest.mark.parametrize("flags", [0, CC, CC | CD, CD, CC | SLI, CC | CD | SLI, SLI, CD | SLI])
@pytest.mark.parametrize(("command", "moved"), [(READ, 3), (READ, 4), (READ, 5), (WRITE, 4)])
def test_incorrect_length_in_every_combination_of_flags(system, flags, command, moved):
    """GA22-7000 "Incorrect Length": CD overrules SLI and CC; without them SLI suppresses."""
    system.device.records = [bytes(moved)]
    system.ccws((command, 0x2000, flags, 4), (NOP, 0x2000, 0, 1))
    system.start()
    ((_, _, csw),) = system.interruptions()
    full = command == WRITE or moved == 4
    if flags & CD and moved >= 4:
        wrong, last = moved != 5, 2  # The second area takes one byte: a record of five fits, one of four leaves it.
        wrong = command != WRITE and wrong
    else:
        wrong = bool(flags & CD) or (not full and not flags & SLI)
        last = 2 if flags & CC and not flags & CD and not wrong else 1
    assert (csw[2:8], csw[11:13]) == (f"{PROGRAM + 8 * last:06X}", "40" if wrong else "00")


# ---- addresses in the CSW ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "key", "csw"),
    [
        pytest.param(0x2004, 0x00, "10001010 00200001", id="TIC-not-on-a-doubleword"),
        pytest.param(0x10000, 0x00, "10001010 00200001", id="TIC-out-of-storage"),
        pytest.param(0x2000, 0x28, "10002008 00100001", id="TIC-to-a-protected-CCW"),
        pytest.param(0x2000, 0x00, "10002008 00200001", id="TIC-to-an-invalid-CCW"),
    ],
)
def test_csw_names_the_tic_or_the_ccw_it_leads_to(system, target, key, csw):
    """GA22-7000, figure "Contents of the CSW Command-Address Field"."""
    system.storage.keys[0x2000 >> 11] = key
    system.ccws((SEEK, 0, CC, 1), (TIC, target, 0, 0))
    system.storage.write(0x2000, bytes(8))
    assert system.start(caw=0x10000000 | PROGRAM) == 0
    system.run()
    assert system.interruption() == (TAPE, csw)


@pytest.mark.parametrize(
    ("flags", "system_360", "valid"),
    [
        pytest.param(IDA, False, True, id="IDA-System/370"),
        pytest.param(IDA, True, False, id="IDA-System/360"),
        pytest.param(0x02, False, False, id="bit-38"),
        pytest.param(0x01, True, False, id="bit-39-System/360"),
        pytest.param(PCI, True, True, id="PCI-System/360"),
    ],
)
def test_reserved_flag_bits(flags, system_360, valid):
    """GA22-6821 "Channel Command Word": bits 37-39 zero; GA22-7000: bits 38-39."""
    system = System(system_360=system_360)
    system.ccws((READ, 0x2000, flags, 4))
    assert system.start() == (0 if valid else 1)
    assert system.csw() == (UNCHANGED if valid else "FFFFFFFF 0020FFFF")


# ---- HALT I/O, HALT DEVICE, CLEAR I/O ------------------------------------------------------------------------------


def halted(kind, *ccws, at, how="halt_io", endings=(), multiplexing=True):
    """Start, let time pass, halt; the condition code and all interruptions that follow."""
    system = System({1: kind})
    system.device.endings = list(endings)
    system.ccws(*ccws)
    system.start(multiplexing=multiplexing)
    system.run(until=at)
    cc = getattr(system.channels, how)(system, TAPE)
    return cc, [(time, csw) for time, _, csw in system.interruptions()], system


@pytest.mark.parametrize("how", ["halt_io", "halt_device"])
@pytest.mark.parametrize(
    ("kind", "ccws", "at", "endings", "cc", "taken"),
    [
        pytest.param(
            BYTE, [(READ, 0x2000, CC, 4), (NOP, 0, 0, 1)], 50, [], 1, [(100, "00001008 0C400004")],
            id="multiplexer-ends-when-the-device-does",
        ),
        pytest.param(
            BYTE, [(READ, 0x2000, CC | SLI, 4), (NOP, 0, 0, 1)], 50, [CE], 1,
            [(100, "00001008 08000004"), (500, "00000000 04000000")], id="multiplexer-SLI-and-device-end-later",
        ),
        pytest.param(
            BYTE, [(REWIND, 0, CC, 1), (READ, 0x2000, 0, 4)], 50, [], 1, [(400, "00001008 04000001")],
            id="multiplexer-between-commands-has-device-end-only",
        ),
        pytest.param(
            BLOCK, [(READ, 0x2000, CC, 4), (NOP, 0, 0, 1)], 50, [], 2, [(100, "00001008 0C400004")],
            id="block-multiplexer-in-burst-mode",
        ),
        pytest.param(
            SELECTOR, [(READ, 0x2000, CC, 4), (NOP, 0, 0, 1)], 50, [], 2,
            [(50, "00001008 00000004"), (100, "00000000 0C000000")], id="selector-is-done-at-once",
        ),
        pytest.param(
            SELECTOR, [(READ, 0x2000, 0, 4)], 50, [CE], 2,
            [(50, "00001008 00000004"), (100, "00000000 08000000"), (500, "00000000 04000000")],
            id="selector-channel-end-and-device-end-are-device-status",
        ),
        pytest.param(
            SELECTOR, [(REWIND, 0, CC, 1), (READ, 0x2000, 0, 4)], 50, [], 2,
            [(50, "00001008 00000001"), (400, "00000000 04000000")], id="selector-between-commands",
        ),
        pytest.param(
            BYTE, [(NOP, 0, CC, 1), (READ, 0x2000, 0, 4)], 50, [], 1, [(100, "00001008 0C000001")],
            id="immediate-command-that-was-to-chain",
        ),
    ],
)  # fmt: skip
def test_halted_operation(how, kind, ccws, at, endings, cc, taken):
    """GA22-7000 "Termination by HALT I/O or HALT DEVICE"."""
    found, interruptions, _ = halted(kind, *ccws, at=at, how=how, endings=endings)
    assert (found, interruptions) == (cc, taken)


@pytest.mark.parametrize(("kind", "cc"), [(BYTE, 1), (SELECTOR, 2)])
def test_a_read_that_waits_for_input_is_halted_at_once(kind, cc):
    system = System({1: kind})
    system.device.answered = False
    system.ccws((ASK, 0x2000, SLI, 4))
    system.start()
    system.run(until=5_000)
    assert system.channels.halt_io(system, TAPE) == cc
    assert system.channels.next_event == 5_001
    ends = system.interruptions()
    assert ends[-1][0] == 5_001
    assert system.device.halted == [ASK]
    assert not system.channels.active


def test_a_halted_device_moves_no_data():
    _, _, system = halted(BYTE, (READ, 0x2000, 0, 4), at=50)
    assert (system.device.halted, system.storage.read(0x2000, 4)) == ([READ], b"\xee" * 4)


def test_halt_device_leaves_the_operation_of_another_device_alone():
    system = System({1: BYTE})
    system.attach(0x182)
    system.ccws((READ, 0x2000, 0, 4))
    system.start()
    assert system.channels.halt_device(system, 0x182) == 0
    assert system.channels.halt_io(system, 0x182) == 1
    assert system.device.halted == []
    system.run()
    assert system.device.halted == [READ]


@pytest.mark.parametrize(
    ("ccws", "at", "csw", "taken"),
    [
        pytest.param([(READ, 0x2000, CC, 4)], 50, "00001008 00000004", [(100, "00000000 0C000000")], id="moving-data"),
        pytest.param(
            [(REWIND, 0, CC, 1), (READ, 0x2000, 0, 4)], 50, "00001008 00000001", [(400, "00000000 04000000")],
            id="between-commands",
        ),
        pytest.param([(READ, 0x2000, SLI, 4)], 200, "00001008 0C000004", [], id="ended"),
    ],
)  # fmt: skip
def test_cleared_operation(ccws, at, csw, taken):
    """GA22-7000 "Termination by CLEAR I/O": what the device has still to say is status only."""
    system = System({1: BLOCK})
    system.ccws(*ccws)
    system.start(multiplexing=True)
    system.run(until=at)
    assert system.channels.clear_io(system, TAPE, multiplexing=True) == 1
    assert system.csw() == csw
    assert [(time, csw) for time, _, csw in system.interruptions()] == taken


# ---- time ----------------------------------------------------------------------------------------------------------


def test_nothing_happens_between_two_events():
    """Advanced at every microsecond, or only at the times announced: the same interruptions at the same times."""

    def begin():
        system = System({1: BLOCK})
        system.device.endings = [CE, CE]
        for address in (0x180, 0x182):
            system.attach(address).endings = [CE]
        system.ccws((READ, 0x2000, CC | SLI, 4), (REWIND, 0, CC, 1), (READ, 0x2000, SLI | PCI, 4))
        system.start(multiplexing=True)
        return system

    eager, events = begin(), []
    announced = {0}
    for time in range(3_000):
        eager.clocks.now = time
        before = eager.channels.next_event
        if eager.channels.advance():
            assert time == before
            announced.add(time)
        while found := eager.interruption():
            events.append((time, *found))
    assert {time for time, _, _ in events} <= announced
    assert events == begin().interruptions()


def test_next_event_counts_a_device_that_works_by_itself(system):
    system.ccws((REWIND, 0, 0, 1))
    system.start()
    assert (system.channels.next_event, system.channels.active) == (400, True)
    system.clocks.now = 399
    assert not system.channels.advance()
    system.clocks.now = 400
    assert system.channels.advance()
    assert (system.channels.next_event, system.channels.active) == (None, False)


def test_ten_thousand_operations_leave_nothing_behind(system):
    system.ccws((READ, 0x2000, CC | SLI, 4), (REWIND, 0, 0, 1))
    for _ in range(10_000):
        assert system.start() == 0
        system.run()
        assert (system.interruption(), system.interruption()) == (
            (TAPE, "00001010 08000001"), (TAPE, "00000000 04000000"),
        )  # fmt: skip
    assert system.channels.state().subchannels == ()
    assert not system.channels.active


# ---- checkpoint ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", list(ChannelType), ids=lambda kind: kind.name)
@pytest.mark.parametrize("at", [0, 50, 100, 150, 350, 500, 600, 650, 1_100])
@pytest.mark.parametrize("halt", [False, True], ids=["", "halted"])
def test_restored_checkpoint_goes_on_the_same_way(kind, at, halt):
    system = System({1: kind})
    system.device.burst = True
    system.device.records, system.device.endings = [b"ABCDEF"], [CE]
    system.device.finishes = [DE, DE | EXCEPTION]
    system.attach(0x182)
    system.ccws(
        (READ, 0x2000, CD, 2), (0, 0x3000, CC | SLI, 2), (NOP, 0, CC, 1), (REWIND, 0, CC, 1), (SEARCH, 0x2000, 0, 4)
    )  # fmt: skip
    system.start(multiplexing=True)
    system.run(until=at)
    system.channels.start_io(system, 0x182, True)
    if halt:
        system.channels.halt_io(system, TAPE)
    storage, clocks, channels = system.storage.state(), system.clocks.state(), system.channels.state()
    first = system.interruptions(), system.channels.state()
    system.storage.restore(storage)
    system.clocks.restore(clocks)
    system.channels.restore(channels)
    assert system.channels.state() == channels
    assert (system.interruptions(), system.channels.state()) == first


def test_checkpoint_is_plain_values_and_shares_what_did_not_change(system):
    record = b"A" * 1_000
    system.device.records = [record]
    state = system.channels.state()
    assert state.units[0].device[1][0][0] is record


# ---- initial program loading ---------------------------------------------------------------------------------------


def test_device_end_after_loading_interrupts_the_program(system):
    """GA22-7000 "Initial Program Loading": separate device end causes an interruption condition."""
    first = bytes(8) + CCW(READ, 0x2000, SLI, 80).to_bytes() + bytes(8)
    system.device.records, system.device.endings = [first, b"A" * 80], [ENDING, CE]
    system.channels.initial_program_load(TAPE)
    assert system.clocks.now == 0
    assert system.interruptions() == [(400, TAPE, "00000000 04000000")]


def test_loading_waits_for_device_end_between_records(system):
    first = bytes(8) + CCW(REWIND, 0, CC, 1).to_bytes() + CCW(NOP, 0, 0, 1).to_bytes()
    system.device.records, system.device.endings = [first], [CE]
    system.channels.initial_program_load(TAPE)
    assert (system.clocks.now, system.channels.active, system.interruptions()) == (0, False, [])


@pytest.mark.parametrize(
    ("ccw", "finishes", "message"),
    [
        pytest.param(
            CCW(REWIND, 0, CC, 1), [DE | CHECK],
            "loading from device 181 failed: unit check (data check) at the CCW at 000008", id="check-at-device-end",
        ),
        pytest.param(
            CCW(READ, 0x2000, 0, 80), [],
            "loading from device 181 failed: incorrect length at the CCW at 000008", id="incorrect-length",
        ),
    ],
)  # fmt: skip
def test_loading_fails_at_an_unusual_ending(system, ccw, finishes, message):
    system.device.records, system.device.finishes = [bytes(8) + ccw.to_bytes() + bytes(8), b"short"], finishes
    system.device.sense = b"\x08"
    with pytest.raises(UserError) as caught:
        system.channels.initial_program_load(TAPE)
    assert str(caught.value) == message


def test_a_long_chain_of_records_is_loaded(system):
    reads = b"".join(CCW(READ, 0x2000, CC | SLI, 80).to_bytes() for _ in range(3_000))
    system.storage.write(0x4000, reads + CCW(NOP, 0, 0, 1).to_bytes())
    system.device.records = [bytes(8) + CCW(NOP, 0, CC, 1).to_bytes() + CCW(TIC, 0x4000, 0, 0).to_bytes()]
    system.device.records += [b"A" * 80] * 3_000
    system.channels.initial_program_load(TAPE)
    assert system.device.records == []


def test_loading_resets_what_was_going_on(system):
    system.attach(0x282)
    system.channels.present(0x282, DE)
    system.ccws((REWIND, 0, 0, 1))
    system.start()
    first = bytes(8) + CCW(NOP, 0, 0, 1).to_bytes() + bytes(8)
    system.device.records = [first]
    system.channels.initial_program_load(TAPE)
    assert (system.channels.active, system.channels.pending(ALL_CHANNELS, 0)) == (False, None)
