"""The same channel programs on the same tape, on our machine and on Hercules.

A guest program starts one channel program after the other, each followed by SENSE, and keeps every condition code and
CSW that START I/O and TEST I/O give.  Hercules ends a command that only moves the tape with channel end and device end
at once, and so never shows control unit end: the status compared is therefore all that came, without control unit end.
What else differs is in `KNOWN`, with the reason.
"""

import shutil
from random import Random

import pytest

from edu_hv.asm.assembler import assemble
from edu_hv.devices.tape import Tape, TapeDrive
from edu_hv.devices.tape_image import TapeFormat, write_image
from edu_hv.machine.ccw import CCW
from edu_hv.machine.machine import Machine
from edu_hv.machine.psw import PSW
from tools.hercules import CONFIGURATION, SIZE, Case, Hercules

pytestmark = [
    pytest.mark.hercules,
    pytest.mark.skipif(shutil.which("hercules") is None, reason="Hercules is not installed"),
]

WRITE, READ, SENSE, NOP, REWIND, BACKWARD, UNLOAD = 0x01, 0x02, 0x04, 0x03, 0x07, 0x0C, 0x0F
ERG, TIE, WTM, BSB, BSF, FSB, FSF, LWR, DSE = 0x17, 0x1B, 0x1F, 0x27, 0x2F, 0x37, 0x3F, 0x8B, 0x97
DMS, RESERVE = 0x0B, 0xF4

PROGRAM = """
DRIVER   START X'2000'
         BALR  12,0
         USING *,12
         L     4,=A(X'3000')       list of CAWs
         L     5,=A(X'A000')       results
         L     6,COUNT
NEXT     MVC   72(4,0),0(4)
         LR    7,5
         LA    8,5                 at most so many events
         XC    64(8,0),64
         SIO   X'181'
         BAL   14,NOTE
WAIT     XC    64(8,0),64
         TIO   X'181'
         BC    2,WAIT
         BC    8,DONE
         TM    68,X'10'            busy: it still moves
         BO    WAIT
         BAL   14,NOTE
         BCT   8,WAIT
DONE     LA    4,4(4)
         LA    5,64(5)
         BCT   6,NEXT
         SVC   255
NOTE     BALR  1,0                 bits 2 and 3: condition code
         ST    1,0(7)
         MVC   4(8,7),64
         LA    7,12(7)
         BR    14
COUNT    DC    F'0'
         LTORG
         END
"""
LIST, CCWS, RESULTS, DATA, SENSES = 0x3000, 0x3400, 0xA000, 0x6000, 0x5000
SLI, CHAIN = 0x20, 0x40
CONTROL_UNIT_END, CHANNEL_END = 0x20, 0x08
INVALID = 0x06


def layout(operations):
    """Storage for the operations (commands chained, count, flags, data to write): address and bytes each."""
    assembly = assemble(PROGRAM, "driver")
    parts = [(text.address, bytes(text.data)) for text in assembly.image]
    caws, ccws = b"", b""
    for number, (commands, count, flags, data) in enumerate(operations):
        area = DATA + 64 * number
        parts.append((area, data.ljust(64, b"\xcc")))
        caws += (CCWS + len(ccws)).to_bytes(4, "big")
        for place, command in enumerate(commands):
            at = area + (count - 1 if command == BACKWARD else 0)
            chain = CHAIN if place < len(commands) - 1 else 0
            ccws += CCW(command, at, flags | chain, count).to_bytes()
        caws += (CCWS + len(ccws)).to_bytes(4, "big")
        ccws += CCW(SENSE, SENSES + 32 * number, SLI, 24).to_bytes()
    assert LIST + len(caws) <= CCWS
    assert CCWS + len(ccws) <= SENSES
    count = (assembly.address_of("COUNT"), (2 * len(operations)).to_bytes(4, "big"))
    return [*parts, count, (LIST, caws), (CCWS, ccws)]


def outcome(operations, results, data, senses):
    """By operation: unit status, channel status, CCW address, residual count; data; sense bytes 0 and 1.

    START I/O stores only the status of what it ends.  Channel end of a control command in a chain stays in the channel.
    """
    found = []
    for number, (commands, *_) in enumerate(operations):
        csws = [results[at : at + 8] for at in range(128 * number + 4, 128 * number + 60, 12)]
        unit = channel = 0
        for csw in csws:
            unit |= csw[4] & ~(CONTROL_UNIT_END | (CHANNEL_END if len(commands) > 1 else 0))
            channel |= csw[5]
        first = next((csw for csw in csws if any(csw)), bytes(8))
        at_start = len(commands) == 1 and (commands[0] & 3 == 3 or commands[0] == INVALID)
        where = "" if at_start else f" {first[1:4].hex()} {first[6:].hex()}"
        area = data[64 * number : 64 * number + 64].rstrip(b"\xcc")
        found.append((f"{unit:02X} {channel:02X}{where}", area, senses[32 * number :][:2].hex()))
    return found


def ours(operations, tape):
    machine, drive = Machine(SIZE), TapeDrive(tape)
    machine.channels.attach(0x181, drive)
    for at, part in layout(operations):
        machine.storage.write(at, part)
    machine.storage.write(0x60, bytes.fromhex("0002000000000BAD"))
    machine.cpu.load_psw(PSW.from_bytes(bytes.fromhex("0000000000002000")))
    for _ in range(3_000_000):
        if machine.dead:
            break
        machine.advance()
    assert machine.dead
    read = machine.storage.read
    count = len(operations)
    found = outcome(operations, read(RESULTS, 128 * count), read(DATA, 64 * count), read(SENSES, 32 * count))
    return found, drive.image()


def theirs(operations, image, folder, monkeypatch, options=""):
    path = folder / "test.tape"
    path.write_bytes(image)
    monkeypatch.setattr("tools.hercules.CONFIGURATION", f"{CONFIGURATION}0181 3420 {path} {options}\n")
    count = len(operations)
    areas = ((RESULTS, 128 * count), (DATA, 64 * count), (SENSES, 32 * count))
    case = Case(bytes.fromhex("0000000000002000"), storage=tuple(layout(operations)), areas=areas, name="SIO")
    with Hercules() as hercules:
        hercules.patience = 5
        (result,) = hercules.run([case], confirm=False)
    return outcome(operations, *result.areas), path.read_bytes()


def one(*commands, count=8, flags=SLI, data=b""):
    return commands, count, flags, data


BLOCKS = [b"VOL1", None, b"FIRST BLOCK", b"SECOND", None, None]
OPERATIONS = [
    one(READ),
    one(READ, flags=0),
    one(READ, count=64),
    one(READ, count=6, flags=0),
    one(BACKWARD, count=64),
    one(FSB),
    one(FSB),
    one(BSB),
    one(BSB),
    one(BACKWARD, count=3, flags=0),
    one(BSF),
    one(READ),
    one(FSF),
    one(REWIND),
    one(FSF, READ),
    one(REWIND, FSB, FSB, READ),
    one(WRITE, data=b"WRITTEN!"),
    one(WTM),
    one(WRITE, WTM, WTM, count=64, data=b"LONGER" * 10),
    one(BSB, BSB, BSF),
    one(FSB, READ, count=40),
    one(NOP),
    one(0xC3),
    one(0x93),
    one(INVALID),
    one(REWIND, READ, WTM, REWIND),
    one(READ, READ),
    one(READ),
]
WRITE_STATUS = 0x04
"""Sense byte 1: the last motion was to write.  GA32-0020 "Sense Byte 1"; Hercules never shows it."""


def without_write_status(results):
    return [(status, data, f"{int(sense, 16) & ~WRITE_STATUS:04x}") for status, data, sense in results]


@pytest.mark.parametrize("tape_format", [TapeFormat.AWS, TapeFormat.HET], ids=lambda f: f.value)
def test_channel_programs_and_the_tape_they_leave_are_the_same_on_hercules(tape_format, tmp_path, monkeypatch):
    tape = Tape.of("test", BLOCKS, tape_format).with_ring()
    our_results, our_image = ours(OPERATIONS, tape)
    their_results, their_image = theirs(OPERATIONS, write_image(tape, tape_format), tmp_path, monkeypatch)
    assert without_write_status(our_results) == their_results
    assert our_image == their_image


LOAD_POINT = 0x08
"""Sense byte 1.  Hercules shows it before the first block, where backspacing stops some feet behind it; see `KNOWN`."""


def random_operations(random):
    """Chains of one to three commands, writing about as often as the tape gets shorter."""
    found = []
    for number in range(110):
        commands = random.choices([READ, BACKWARD, FSB, BSB, FSF, BSF, REWIND, WRITE, WTM], k=random.randint(1, 3))
        count = random.choice([1, 7, 8, 40, 64])
        data = bytes(random.randrange(1, 256) for _ in range(count - 1)) + bytes([number])
        found.append(one(*commands, count=count, flags=random.choice([0, SLI]), data=data))
    return found


@pytest.mark.parametrize("tape_format", [TapeFormat.AWS, TapeFormat.HET], ids=lambda f: f.value)
def test_any_commands_do_the_same_as_on_hercules(tape_format, tmp_path, monkeypatch):
    tape = Tape.of("test", BLOCKS, tape_format).with_ring()
    operations = random_operations(Random(f"tape {tape_format.value}"))
    our_results, our_image = ours(operations, tape)
    their_results, their_image = theirs(operations, write_image(tape, tape_format), tmp_path, monkeypatch)
    for (commands, *_), our, their in zip(operations, our_results, their_results, strict=True):
        if BACKWARD in commands and our[0][1] in "5D":  # A tape mark: Hercules leaves the count and the data undefined.
            assert our[0][:2] == their[0][:2]
        else:
            assert our[:2] == their[:2]
        assert (int(our[2], 16) ^ int(their[2], 16)) & ~(WRITE_STATUS | LOAD_POINT) == 0
    assert our_image == their_image


PROBES = [
    one(FSB),
    one(BSB),
    one(BSB),
    one(BACKWARD),
    one(BSF),
    one(READ, FSB, READ),
    one(BSF, BSF),
    one(REWIND, FSF, FSF, FSF, FSB),
    one(FSB),
    one(FSF),
    one(READ),
    one(WRITE, data=b"12345678"),
    one(BSB),
    one(ERG),
    one(READ),
    one(TIE, count=1),
    one(LWR),
    one(DMS),
    one(DSE),
    one(0xD3),
    one(0xEB),
    one(RESERVE),
    one(REWIND, ERG, DSE),
    one(UNLOAD),
]
KNOWN = {
    1: ("0C 00", b"", "0048"),  # Backspacing stops before the first block; the load point is some feet before it.
    14: ("0C 00", b"12345678", "0040"),  # ERASE GAP does nothing: the block is still there.
    15: ("02 00", b"", "8040"),  # REQUEST TRACK IN ERROR is not there.
    16: ("02 00", b"", "8040"),  # Nor is LOOP WRITE TO READ,
    17: ("02 00", b"", "8040"),  # nor the diagnostic mode set.
    21: ("0C 00", b"", "0040"),  # SENSE RESERVE is accepted without the two-channel switch.
    22: ("04 00", b"", "0048"),  # ERASE GAP and DATA SECURITY ERASE have not moved the tape.
}
"""What Hercules does otherwise than GA32-0020 says, by the number of the operation."""


def test_what_the_drive_does_at_the_ends_of_the_tape_is_the_same_but_for_what_is_known(tmp_path, monkeypatch):
    tape = Tape.of("test", BLOCKS).with_ring()
    our_results = without_write_status(ours(PROBES, tape)[0])
    their_results = theirs(PROBES, write_image(tape, TapeFormat.AWS), tmp_path, monkeypatch)[0]
    pairs = enumerate(zip(our_results, their_results, strict=True))
    differences = {number: (their[0][:5], *their[1:]) for number, (our, their) in pairs if our != their}
    assert differences == KNOWN


def test_protected_tape_is_as_on_hercules_but_rejection_comes_at_start_io(tmp_path, monkeypatch):
    """Hercules adds channel end and device end to the unit check of a command that is rejected."""
    operations = [one(READ), one(WTM), one(ERG), one(WRITE), one(REWIND, WRITE), one(READ)]
    tape = Tape.of("test", BLOCKS)
    our_results, our_image = ours(operations, tape)
    their_results, their_image = theirs(operations, tape.image(), tmp_path, monkeypatch, "noring")
    statuses = [(our[0][:2], their[0][:2]) for our, their in zip(our_results, their_results, strict=True)]
    assert statuses == [("0C", "0C"), ("02", "0E"), ("02", "0E"), ("02", "0E"), ("02", "06"), ("0C", "0C")]
    assert [our[1:] for our in our_results] == [their[1:] for their in their_results]
    assert our_image == their_image == tape.image()
