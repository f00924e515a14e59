"""Channel programs and the I/O instructions, on a device that does what the test tells it."""

import pytest

from edu_hv.isa.codes import UnitStatus
from edu_hv.isa.errors import UserError
from edu_hv.machine.ccw import CCW, CSW, ENDING, status_words
from edu_hv.machine.channel_program import AbsoluteStorage, ChannelProgram
from edu_hv.machine.events import CCWExecuted, IOStarted
from edu_hv.machine.psw import PSW
from tests.machine.channel_bench import (
    ASK,
    CC,
    CD,
    END,
    IDA,
    NOP,
    PCI,
    PROGRAM,
    READ,
    READ_BACKWARD,
    REFUSED,
    SEARCH,
    SEEK,
    SKIP,
    SLI,
    TAPE,
    TIC,
    WRITE,
    ScriptedDevice,
    System,
)


@pytest.fixture
def system():
    return System()


# ---- formats ------------------------------------------------------------------------------------------------------


def test_ccw_and_csw_are_written_as_they_were_read():
    ccw, csw = bytes.fromhex("02ABCDEF E4001234"), bytes.fromhex("31ABCDEF 0C401234")
    assert CCW.from_bytes(ccw).to_bytes() == ccw
    assert CSW.from_bytes(csw).to_bytes() == csw
    assert CSW.from_bytes(csw) == CSW(3, 0xABCDEF, ENDING, 0x40, 0x1234, deferred_cc=1)


def test_status_is_named_as_in_the_manual():
    assert status_words(ENDING, CSW.from_bytes(bytes.fromhex("0000000000400000")).channel_status) == (
        "channel end, device end, incorrect length"
    )


# ---- one command: data, counts, checks -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("flags", "record", "csw", "stored"),
    [
        pytest.param(0, b"ABCD", "00001008 0C000000", b"ABCD", id="exact"),
        pytest.param(0, b"ABC", "00001008 0C400001", b"ABC\xee", id="short-block"),
        pytest.param(SLI, b"ABC", "00001008 0C000001", b"ABC\xee", id="short-block-SLI"),
        pytest.param(0, b"ABCDE", "00001008 0C400000", b"ABCD\xee", id="long-block"),
        pytest.param(SLI, b"ABCDE", "00001008 0C000000", b"ABCD\xee", id="long-block-SLI"),
        pytest.param(0, b"", "00001008 0C400004", b"\xee" * 4, id="no-data"),
        pytest.param(SKIP, b"ABCD", "00001008 0C000000", b"\xee" * 4, id="skip"),
        pytest.param(SKIP, b"ABC", "00001008 0C400001", b"\xee" * 4, id="skip-short-block"),
    ],
)
def test_read_stores_data_and_residual_count(system, flags, record, csw, stored):
    system.device.records = [record]
    system.ccws((READ, 0x2000, flags, 4))
    assert system.finish() == csw
    assert system.storage.read(0x2000, len(stored)) == stored


def test_write_fetches_data(system):
    system.storage.write(0x2000, b"HELLO")
    system.ccws((WRITE, 0x2000, 0, 5))
    assert system.finish() == "00001008 0C000000"
    assert system.device.written == [b"HELLO"]


def test_control_command_without_data_has_no_incorrect_length(system):
    system.ccws((SEEK, 0, 0, 1))
    assert system.finish() == "00001008 0C000001"


def test_read_backward_fills_storage_downward(system):
    system.device.records = [b"DCBA"]
    system.ccws((READ_BACKWARD, 0x2003, 0, 4))
    assert system.finish() == "00001008 0C000000"
    assert system.storage.read(0x1FFF, 6) == b"\xeeABCD\xee"


def test_read_backward_does_not_go_below_0(system):
    system.device.records = [b"DCBA"]
    system.ccws((READ_BACKWARD, 0x0001, 0, 4))
    assert system.finish() == "00001008 0C200002"


@pytest.mark.parametrize(
    ("ccws", "record", "csw", "stored"),
    [
        pytest.param(
            [(READ, 0x2000, CD, 3), (0, 0x3000, 0, 2)], b"ABCDE", "00001010 0C000000", {0x2000: b"ABC", 0x3000: b"DE"},
            id="two-areas-second-command-code-not-looked-at",
        ),
        pytest.param(
            [(READ, 0x2000, CD | SKIP, 3), (READ, 0x3000, 0, 2)], b"ABCDE", "00001010 0C000000",
            {0x2000: b"\xee" * 3, 0x3000: b"DE"}, id="skip-the-beginning",
        ),
        pytest.param(
            [(READ, 0x2000, CD, 3), (TIC, 0x1020, 0, 0), (0, 0, 0, 0), (0, 0, 0, 0), (READ, 0x3000, 0, 2)], b"ABCDE",
            "00001028 0C000000", {0x2000: b"ABC", 0x3000: b"DE"}, id="through-TIC",
        ),
        pytest.param(
            [(READ, 0x2000, CD | SLI | CC, 3), (READ, 0x3000, 0, 2)], b"AB", "00001008 0C400001", {0x2000: b"AB\xee"},
            id="end-in-first-area-SLI-and-CC-ignored",
        ),
        pytest.param(
            [(READ, 0x2000, CD, 3), (READ, 0x3000, 0, 2)], b"ABC", "00001010 0C400002", {0x3000: b"\xee"},
            id="end-with-first-area",
        ),
        pytest.param(
            [(READ, 0x2000, CD, 3), (READ, 0x3000, 0, 0)], b"ABCDE", "00001010 0C200000", {0x2000: b"ABC\xee"},
            id="second-count-zero",
        ),
        pytest.param(
            [(READ, 0x2000, CD, 3), (READ, 0xFFFFFF, 0, 2)], b"ABCDE", "00001010 0C200002", {0x2000: b"ABC\xee"},
            id="second-area-outside-storage",
        ),
    ],
)  # fmt: skip
def test_data_chaining(system, ccws, record, csw, stored):
    system.device.records = [record]
    system.ccws(*ccws)
    assert system.finish() == csw
    for address, data in stored.items():
        assert system.storage.read(address, len(data)) == data


def test_data_chaining_on_write_gathers_one_record(system):
    system.storage.write(0x2000, b"ABC")
    system.storage.write(0x3000, b"DE")
    system.ccws((WRITE, 0x2000, CD, 3), (0, 0x3000, 0, 2))
    assert system.finish() == "00001010 0C000000"
    assert system.device.written == [b"ABCDE"]


@pytest.mark.parametrize(
    ("command", "idal", "idaws", "csw", "stored"),
    [
        pytest.param(READ, 0x4000, (0x27FE, 0x5000), "00001008 0C000000", {0x27FE: b"AB", 0x5000: b"CDEF"}, id="two"),
        pytest.param(
            READ_BACKWARD, 0x4000, (0x2801, 0x57FF), "00001008 0C000000", {0x2800: b"BA", 0x57FC: b"FEDC"},
            id="backward",
        ),
        pytest.param(READ, 0x4000, (0x27FE, 0x5004), "00001008 0C200004", {0x27FE: b"AB", 0x5004: b"\xee"},
            id="second-not-at-a-boundary"),
        pytest.param(
            READ_BACKWARD, 0x4000, (0x2801, 0x5000), "00001008 0C200004", {0x2800: b"BA"}, id="backward-not-at-an-end"
        ),
        pytest.param(READ, 0x4000, (0x010027FE,), "00001008 0C200006", {}, id="first-byte-not-zero"),
        pytest.param(READ, 0x4002, (0x27FE, 0x5000), "00001008 0C200006", {0x27FE: b"\xee"}, id="list-not-aligned"),
        pytest.param(READ, 0x4000, (0x27FE, 0x10000), "00001008 0C200004", {0x27FE: b"AB"}, id="outside-storage"),
        pytest.param(READ, 0xFFFC, (0xFFFE,), "00001008 0C200004", {0xFFFE: b"AB"}, id="list-runs-out-of-storage"),
    ],
)  # fmt: skip
def test_indirect_data_addressing(system, command, idal, idaws, csw, stored):
    """A block of 6 bytes; the first IDAW leaves room for 2 up to the boundary of its 2K block."""
    system.device.records = [b"ABCDEF"]
    for number, idaw in enumerate(idaws):
        system.storage.write(idal + 4 * number, idaw.to_bytes(4, "big"))
    system.ccws((command, idal, IDA, 6))
    assert system.finish() == csw
    for address, data in stored.items():
        assert system.storage.read(address, len(data)) == data


@pytest.mark.parametrize(
    ("command", "caw_key", "storage_key", "csw", "key_after"),
    [
        pytest.param(READ, 0x0, 0x28, "00001008 0C000000", 0x2E, id="key-0-stores-anywhere"),
        pytest.param(READ, 0x2, 0x20, "20001008 0C000000", 0x26, id="matching-key"),
        pytest.param(READ, 0x1, 0x20, "10001008 0C100004", 0x20, id="store-mismatch"),
        pytest.param(WRITE, 0x1, 0x20, "10001008 0C000000", 0x24, id="fetch-without-fetch-protection"),
        pytest.param(WRITE, 0x1, 0x28, "10001008 0C100004", 0x28, id="fetch-protected"),
    ],
)
def test_storage_keys_protect(system, command, caw_key, storage_key, csw, key_after):
    system.device.records = [b"ABCD"]
    system.storage.keys[0x2000 >> 11] = storage_key
    system.ccws((command, 0x2000, 0, 4))
    assert system.start(caw_key << 28 | PROGRAM) == 0
    system.run()
    system.channels.accept(system, TAPE)
    assert system.csw() == csw
    assert system.storage.key(0x2000) == key_after
    assert (system.storage.read(0x2000, 4) == b"ABCD") is bool(key_after & 2)


def test_protection_stops_at_the_block_boundary(system):
    system.device.records = [b"ABCDEF"]
    system.storage.keys[0x2000 >> 11], system.storage.keys[0x2800 >> 11] = 0x10, 0x20
    system.ccws((READ, 0x27FE, 0, 6))
    system.start(0x10000000 | PROGRAM)
    system.run()
    system.channels.accept(system, TAPE)
    assert system.csw() == "10001008 0C100004"
    assert system.storage.read(0x27FE, 4) == b"AB\xee\xee"


def test_fetch_protected_ccw_is_a_protection_check(system):
    system.ccws((READ, 0x2000, 0, 4))
    system.storage.keys[PROGRAM >> 11] = 0x28
    assert system.start(0x10000000 | PROGRAM) == 1
    assert system.csw() == "FFFFFFFF 0010FFFF"


# ---- chains of commands --------------------------------------------------------------------------------------------

READ_TWO = [(READ, 0x2000, CC, 2), (READ, 0x3000, 0, 2)]


@pytest.mark.parametrize(
    ("ccws", "records", "endings", "csw"),
    [
        pytest.param(READ_TWO, [b"AB", b"CD"], [], "00001010 0C000000", id="two-commands"),
        pytest.param(READ_TWO, [b"A", b"CD"], [], "00001008 0C400001", id="stops-at-incorrect-length"),
        pytest.param(
            [(READ, 0x2000, CC | SLI, 2), READ_TWO[1]], [b"A", b"CD"], [], "00001010 0C000000", id="goes-on-with-SLI"
        ),
        pytest.param(READ_TWO, [b"AB"], [ENDING | 0x01], "00001008 0D000000", id="stops-at-unit-exception"),
        pytest.param(READ_TWO, [b"AB"], [ENDING | 0x02], "00001008 0E000000", id="stops-at-unit-check"),
        pytest.param([(NOP, 0, CC, 1), READ_TWO[1]], [b"AB"], [], "00001010 0C000000", id="immediate-chains-on"),
        pytest.param([(SEEK, 0, CC, 1), (NOP, 0, 0, 1)], [], [], "00001010 0C000001", id="ends-with-immediate"),
        pytest.param([(SEEK, 0, CC, 1), (REFUSED, 0, 0, 9)], [], [], "00001010 02000009", id="refused-in-the-chain"),
        pytest.param(
            [(SEARCH, 0x2000, CC, 4), (TIC, 0x1000, 0, 0), (READ, 0x3000, 0, 2)], [b"AB"], [], "00001018 0C000000",
            id="status-modifier-skips-one-CCW",
        ),
        pytest.param(
            [(SEEK, 0, CC, 1), (TIC, 0x1018, 0, 0), (0, 0, 0, 0), (READ, 0x3000, 0, 2)], [b"AB"], [],
            "00001020 0C000000", id="TIC",
        ),
        pytest.param(
            [(SEEK, 0, CC, 1), (0xF8, 0x1018, 0xFF, 0), (0, 0, 0, 0), (READ, 0x3000, 0, 2)], [b"AB"], [],
            "00001020 0C000000", id="TIC-ignores-its-other-bits",
        ),
        pytest.param(
            [(SEEK, 0, CC, 1), (TIC, 0x1018, 0, 0), (0, 0, 0, 0), (TIC, 0x1000, 0, 0)], [], [], "00001020 00200001",
            id="TIC-to-TIC",
        ),
        pytest.param([(SEEK, 0, CC, 1), (TIC, 0x1004, 0, 0)], [], [], "00001010 00200001", id="TIC-not-aligned"),
        pytest.param([(SEEK, 0, CC, 1), (TIC, 0x10000, 0, 0)], [], [], "00001010 00200001", id="TIC-out-of-storage"),
        pytest.param([(SEEK, 0, CC, 1), (READ, 0x2000, 0, 0)], [], [], "00001010 00200001", id="second-count-zero"),
        pytest.param([(SEEK, 0, CC, 1), (0x10, 0x2000, 0, 1)], [], [], "00001010 00200001", id="second-invalid-code"),
    ],
)  # fmt: skip
def test_command_chaining(system, ccws, records, endings, csw):
    system.device.records, system.device.endings = records, endings
    system.ccws(*ccws)
    assert system.finish() == csw


def test_chain_runs_out_of_storage(system):
    system.ccws((SEEK, 0, CC, 1), at=0xFFF8)
    assert system.start(0xFFF8) == 0
    system.run()
    system.channels.accept(system, TAPE)
    assert system.csw() == "00010008 00200001"


def test_one_ccw_is_performed_at_each_due_time(system):
    system.device.records = [b"AB", b"CD"]
    system.ccws(*READ_TWO)
    system.start()
    assert (system.channels.next_event, system.channels.advance()) == (100, False)
    system.clocks.now = 100
    assert system.channels.advance()
    assert (system.storage.read(0x2000, 2), system.storage.read(0x3000, 2)) == (b"AB", b"\xee\xee")
    assert (system.channels.active, system.channels.next_event) == (True, 200)
    system.clocks.now = 200
    assert system.channels.advance()
    assert system.storage.read(0x3000, 2) == b"CD"
    assert (system.channels.active, system.channels.next_event) == (False, None)


def test_program_waits_for_input_with_nothing_due(system):
    system.device.answered = False
    system.ccws((ASK, 0x2000, SLI, 4))
    assert system.start() == 0
    system.clocks.now = 5_000
    assert (system.channels.next_event, system.channels.advance(), system.channels.active) == (None, False, True)
    assert system.channels.awaits_input(TAPE)
    system.device.answered = True
    assert not system.channels.awaits_input(TAPE)
    assert system.channels.next_event == 100
    assert system.channels.advance()
    assert not system.channels.active


# ---- the beginning of a program, and interruptions ----------------------------------------------------------------


def working(system):
    system.ccws((READ, 0x2000, SLI, 4))
    system.start()


def attention(system):
    system.channels.present(TAPE, UnitStatus.ATTENTION)


@pytest.mark.parametrize(
    ("caw", "ccw", "status"),
    [
        pytest.param(0x01001000, (READ, 0x2000, 0, 4), "0020", id="CAW-bits-4-7"),
        pytest.param(0x00001004, (READ, 0x2000, 0, 4), "0020", id="CCW-not-aligned"),
        pytest.param(0x00010000, (READ, 0x2000, 0, 4), "0020", id="CCW-outside-storage"),
        pytest.param(0x00001000, (TIC, 0x2000, 0, 4), "0020", id="first-CCW-is-TIC"),
        pytest.param(0x00001000, (0xF0, 0x2000, 0, 4), "0020", id="invalid-command"),
        pytest.param(0x00001000, (READ, 0x2000, 0, 0), "0020", id="count-zero"),
        pytest.param(0x00001000, (READ, 0x2000, 0x02, 4), "0020", id="bit-38"),
        pytest.param(0x00001000, (READ, 0x2000, 0x01, 4), "0020", id="bit-39"),
        pytest.param(0x00001000, (NOP, 0, 0, 1), "0C00", id="immediate"),
        pytest.param(0x00001000, (NOP, 0, CD, 1), "0C00", id="immediate-data-chaining"),
        pytest.param(0x00001000, (NOP, 0, PCI, 1), "0C80", id="immediate-PCI"),
        pytest.param(0x00001000, (REFUSED, 0, 0, 1), "0200", id="refused"),
        pytest.param(0x00001000, (REFUSED, 0, CC, 1), "0200", id="refused-with-chaining"),
    ],
)
def test_start_io_stores_only_the_status_when_the_program_ends_at_once(system, caw, ccw, status):
    system.ccws(ccw)
    assert system.start(caw) == 1
    assert system.csw() == f"FFFFFFFF {status}FFFF"
    assert not system.channels.active
    assert system.channels.test_io(system, TAPE) == 0


def test_attention_pending_is_cleared_by_start_io(system):
    attention(system)
    system.ccws((READ, 0x2000, SLI, 4))
    assert [system.start(), system.start()] == [1, 0]


def test_attention_waits_for_the_end_of_the_program(system):
    working(system)
    attention(system)
    enabled = PSW(system_mask=0xFF)
    assert system.channels.pending(enabled, 0) is None
    system.run()
    system.channels.accept(system, TAPE)
    assert system.csw() == "00001008 0C000004"
    assert system.channels.pending(enabled, 0) == TAPE
    system.channels.accept(system, TAPE)
    assert system.csw() == "00000000 80000000"


def test_program_controlled_interruption_comes_while_the_program_runs(system):
    system.device.records = [b"AB", b"CD"]
    system.ccws((READ, 0x2000, CC, 2), (READ, 0x3000, PCI, 2))
    enabled = PSW(system_mask=0xFF)
    system.start()
    assert system.channels.pending(enabled, 0) is None
    system.clocks.now = 100
    system.channels.advance()
    assert (system.channels.pending(enabled, 0), system.channels.active) == (TAPE, True)
    assert system.channels.test_io(system, TAPE) == 2
    system.channels.accept(system, TAPE)
    assert system.csw() == "00001010 00800002"
    system.run()
    system.channels.accept(system, TAPE)
    assert system.csw() == "00001010 0C000000"


def test_program_controlled_interruption_not_taken_is_in_the_last_csw(system):
    system.device.records = [b"AB", b"CD"]
    system.ccws((READ, 0x2000, CC | PCI, 2), (READ, 0x3000, 0, 2))
    assert system.finish() == "00001010 0C800000"


@pytest.mark.parametrize(
    ("psw", "channel_masks", "device"),
    [
        pytest.param(PSW(system_mask=0x00), 0, None, id="BC-disabled"),
        pytest.param(PSW(system_mask=0x40), 0, 0x180, id="BC-channel-1"),
        pytest.param(PSW(system_mask=0xC0), 0, 0x00C, id="BC-lowest-channel-first"),
        pytest.param(PSW(system_mask=0x02), 0x02000000, 0x650, id="BC-channel-6-by-CR2"),
        pytest.param(PSW(ec_mode=True, system_mask=0x02), 0x40000000, 0x180, id="EC-lowest-device-first"),
        pytest.param(PSW(ec_mode=True, system_mask=0x02), 0, None, id="EC-CR2-zero"),
        pytest.param(PSW(ec_mode=True, system_mask=0xC0), 0xFFFFFFFF, None, id="EC-disabled"),
    ],
)
def test_priority_and_masks(system, psw, channel_masks, device):
    for address in (0x650, 0x180, 0x00C):
        system.channels.attach(address, ScriptedDevice())
        system.channels.present(address, UnitStatus.ATTENTION)
    attention(system)
    assert system.channels.pending(psw, channel_masks) == device


# ---- initial program loading ---------------------------------------------------------------------------------------


def test_initial_program_load_reads_24_bytes_and_chains_to_8(system):
    first = bytes(8) + CCW(READ, 0x2000, CC | SLI, 80).to_bytes() + CCW(NOP, 0, SLI, 1).to_bytes()
    system.device.records = [first + bytes(56), b"A" * 80]
    attention(system)
    system.channels.initial_program_load(TAPE)
    assert system.storage.read(0, 24) == first
    assert system.storage.read(0x2000, 80) == b"A" * 80
    assert (system.clocks.now, system.channels.active) == (0, False)
    assert system.channels.pending(PSW(system_mask=0xFF), 0) is None


@pytest.mark.parametrize(
    ("device", "ccw", "message"),
    [
        pytest.param(0x00C, None, "there is no device 00C to load from: attached are 181", id="not-there"),
        pytest.param(
            TAPE, (REFUSED, 0, 0, 1),
            "loading from device 181 failed: unit check (command reject) at the CCW at 000008", id="unit-check",
        ),
        pytest.param(
            TAPE, (0, 0, 0, 0),
            "loading from device 181 failed: program check "
            "(the first record is not one to load from, or storage is too small for it) "
            "at the CCW at 000008",
            id="program-check",
        ),
        pytest.param(
            TAPE, (END, 0, SLI, 1),
            "loading from device 181 failed: unit exception (end of file) at the CCW at 000008", id="end-of-file",
        ),
        pytest.param(
            TAPE, (NOP, 0, CC, 1),
            "loading from device 181 does not end: its channel program has executed 10000 CCWs and goes on", id="loop",
        ),
        pytest.param(
            TAPE, (ASK, 0, 0, 1), "loading from device 181 does not end: its channel program waits for input", id="ask"
        ),
    ],
)  # fmt: skip
def test_initial_program_load_says_what_went_wrong(system, device, ccw, message):
    system.device.answered = False
    system.device.records = [bytes(8) + CCW(*(ccw or (0, 0, 0, 0))).to_bytes() + CCW(TIC, 8, 0, 0).to_bytes()]
    with pytest.raises(UserError) as caught:
        system.channels.initial_program_load(device)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("action", "message"),
    [
        pytest.param(
            lambda c: c.attach(TAPE, ScriptedDevice()),
            "device address 181 is already taken: detach the device there first", id="taken",
        ),
        pytest.param(
            lambda c: c.attach(0x1000, ScriptedDevice()),
            "1000 is no device address: give three hexadecimal digits, such as 00C", id="no-address",
        ),
        pytest.param(lambda c: c.detach(9), "there is no device 009 to detach: attached are 181", id="not-there"),
    ],
)  # fmt: skip
def test_attaching_says_what_is_wrong(system, action, message):
    with pytest.raises(UserError) as caught:
        action(system.channels)
    assert str(caught.value) == message


# ---- events, checkpoints, and a channel program by itself ----------------------------------------------------------


def test_observer_is_told_each_ccw(system):
    events = []
    system.channels.observer = events.append
    system.device.records = [b"AB", b"C"]
    system.ccws(*READ_TWO)
    system.finish()
    assert events == [
        IOStarted(TAPE, bytes.fromhex("00001000"), 0),
        CCWExecuted(TAPE, 0x1000, bytes.fromhex("0200200040000002"), 0x0C, 0, 0),
        CCWExecuted(TAPE, 0x1008, bytes.fromhex("0200300000000002"), 0x0C, 0x40, 1),
    ]


def test_observer_is_told_the_ccw_that_ends_a_program_at_once(system):
    events = []
    system.channels.observer = events.append
    system.ccws((READ, 0x2000, 0, 0))
    assert system.start() == 1
    assert events == [
        CCWExecuted(TAPE, 0x1000, bytes.fromhex("0200200000000000"), 0, 0x20, 0),
        IOStarted(TAPE, bytes.fromhex("00001000"), 1),
    ]


@pytest.mark.parametrize("before", range(6))
def test_restored_checkpoint_goes_on_the_same_way(system, before):
    system.device.records = [b"AB", b"CD", b"EF"]
    system.ccws(
        (NOP, 0, CC, 1), (READ, 0x2000, CC | PCI, 2), (TIC, 0x1018, 0, 0),
        (READ, 0x3000, CC, 2), (SEEK, 0, CC, 1), (READ, 0x4000, 0, 3),
    )  # fmt: skip
    system.start()
    attention(system)

    def advance():
        system.clocks.now += 100
        system.channels.advance()

    def checkpoint():
        return system.storage.state(), system.clocks.state(), system.channels.state()

    def outcome():
        for _ in range(6):
            advance()
        return checkpoint(), system.channels.pending(PSW(system_mask=0xFF), 0), system.channels.next_event

    for _ in range(before):
        advance()
    storage, clocks, channels = checkpoint()
    first = outcome()
    system.storage.restore(storage)
    system.clocks.restore(clocks)
    system.channels.restore(channels)
    assert checkpoint() == (storage, clocks, channels)
    assert outcome() == first


def test_checkpoint_of_other_devices_is_refused(system):
    state = system.channels.state()
    system.channels.attach(0x00C, ScriptedDevice())
    with pytest.raises(ValueError, match="other devices"):
        system.channels.restore(state)


def test_channel_program_can_be_run_by_itself(system):
    """As a control program does that interprets a guest's console I/O, over a storage of its own."""
    system.ccws((WRITE, 0x2000, CC, 2), (WRITE, 0x2002, 0, 2))
    system.storage.write(0x2000, b"ABCD")
    program = ChannelProgram(system.device, AbsoluteStorage(system.storage))
    assert program.start(bytes.fromhex("50001000")) is True
    assert (program.ccw_address, program.ccw.count, program.duration, program.csw) == (0x1000, 2, 100, None)
    assert program.step() is True
    assert system.device.written == [b"AB"]
    assert program.step() is False
    assert program.csw == CSW(5, 0x1010, ENDING)
