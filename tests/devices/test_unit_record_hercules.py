"""The same commands on readers, punches, printers and console, on our machine and on Hercules.

A program starts one command after the other, each followed by SENSE, and keeps every CSW.  Hercules gives channel end
and device end of these devices at once, so the status compared is all that came, whenever it came.  It also gives both
with the unit check of a command that it refuses, where the manuals have unit check alone ("Conclusion at Operation
Initiation", GA22-7000), and a count with an immediate command, which START I/O does not store.  It has no 2540; its
2501 and 3525 stand in.
"""

import shutil
from dataclasses import dataclass

import pytest

from edu_hv.asm.assembler import assemble
from edu_hv.devices.card import CardReader, CardReader2540
from edu_hv.devices.console import Console
from edu_hv.devices.printer import FORM_FEED, Printer
from edu_hv.devices.printer_3211 import Printer3211
from edu_hv.devices.punch import CardPunch, CardPunch2540
from edu_hv.machine.ccw import CCW
from edu_hv.machine.machine import Machine
from edu_hv.machine.psw import PSW
from tools.hercules import CONFIGURATION, SIZE, Case, Hercules

pytestmark = [
    pytest.mark.hercules,
    pytest.mark.skipif(shutil.which("hercules") is None, reason="Hercules is not installed"),
]

START = "0000000000002000"
PROGRAM = """
DRIVER   START X'2000'
         BALR  12,0
         USING *,12
         L     3,=A(X'4000')       device addresses
         L     4,=A(X'5000')       CCWs
         L     5,=A(X'8000')       results
         L     6,COUNT
NEXT     ST    4,72
         L     2,0(3)
         XC    64(8,0),64
         SIO   0(2)
         BC    4,GOT               ended at once, or refused
         BC    1,DONE
WAIT     XC    64(8,0),64
         TIO   0(2)
         BC    2,WAIT
         BC    8,DONE
         TM    68,X'10'            busy: it still works
         BO    WAIT
         CLC   0(2,5),ZEROS
         BE    GOT
         CLI   68,X'02'            it has ended, and is not ready now
         BE    DONE
GOT      OC    0(2,5),68
         CLC   4(4,5),ZEROS        only the first address and count
         BNE   WAIT
         MVC   4(2,5),66
         MVC   6(2,5),70
         B     WAIT
DONE     LA    3,4(3)
         LA    4,8(4)
         LA    5,8(5)
         BCT   6,NEXT
         SVC   255
ZEROS    DC    F'0'
COUNT    DC    F'0'
         LTORG
         END
"""
DEVICES, CCWS, RESULTS, SENSES, DATA = 0x4000, 0x5000, 0x8000, 0xA000, 0x10000
AREA = 192
SLI = 0x20
UNIT_CHECK, ENDING = 0x02, 0x0C

PUNCHED, PUNCHED_2540, PRINTED, PRINTED_3211 = "punched", "punched-2540", "printed", "printed-3211"
MODELS = {
    0x01C: (CardReader, "3505 {folder}/cards ebcdic eof"),
    0x02C: (CardReader2540, "2501 {folder}/cards ebcdic eof"),
    0x01D: (CardPunch, "3525 {folder}/" + PUNCHED),
    0x02D: (CardPunch2540, "3525 {folder}/" + PUNCHED_2540),
    0x01E: (Printer, "1403 {folder}/" + PRINTED),
    0x02E: (Printer3211, "3211 {folder}/" + PRINTED_3211),
    0x01F: (Console, "3215-C / noprompt"),
}
CARDS = [text.ljust(80).encode("cp037") for text in ("FIRST CARD", "SECOND", "THIRD", "FOURTH", "FIFTH", "LAST")]


@dataclass(frozen=True)
class Operation:
    """One command at a device."""

    device: int
    command: int
    text: str = ""
    count: int = 0
    flags: int = SLI

    @property
    def data(self):
        return self.text.encode("cp037")

    @property
    def ccw_count(self):
        return self.count or len(self.data) or 1

    def __str__(self):
        return (
            f"{MODELS[self.device][0].model} {self.command:02X} {self.text.strip()[:9]} {self.count} {self.flags:02X}"
        )


def operations(device, *rows):
    return [Operation(device, *row) for row in rows]


EXACT = 0
READS = [(0x03,), (0x02, "", 80, EXACT), (0x02, "", 40, EXACT), (0x02, "", 100, EXACT), (0x42, "", 40)]
PUNCHES = [(0x01, "A" * 80, 0, EXACT), (0x41, "TWO"), (0x81, "THREE"), (0x01, "B" * 90, 0, EXACT), (0x03,)]
PRINTS = [
    *[(0x8B,), (0x09, "ONE"), (0x11, "TWO".ljust(132), 0, EXACT), (0x19, "THREE")],
    *[(0x01, "OVER"), (0x09, "    PRINT"), (0x0B, "", 1, EXACT), (0x13,), (0x1B,)],
    *[(0x91, "CHANNEL 2"), (0xD3,), (0x19, "LINE"), (0xE1, "TO 12"), (0x89, "TO 1"), (0x01, "AT 1"), (0x8B,)],
    *[(0x03,), (0x73,), (0x7B,), (0x21, "X"), (0xE9, "X"), (0x81, "X")],
]
SAME = [
    *operations(0x01C, *READS, (0x82, "", 80, EXACT), (0x02, "", 80, EXACT), (0x02, "", 80, EXACT)),
    *operations(0x02C, *READS, (0x82, "", 80, EXACT), (0x02, "", 80, EXACT)),
    *operations(0x01D, *PUNCHES, (0x23,), (0x02, "", 80), (0x55, "X")),
    *operations(0x02D, *PUNCHES, (0x23,), (0xC1, "X"), (0x43,)),
    *operations(0x01E, *PRINTS, (0xEB,), (0xF3, "", 240), (0x07,)),
    *operations(0x02E, *PRINTS, (0x63, "", 4), (0x07,), (0x43,), (0x23,)),
    *operations(0x01F, (0x03,), (0x09, "HELLO"), (0x01, "GO"), (0x09, "X", 0, EXACT), (0x0B,), (0x55,), (0x02, "", 80)),
]
DIFFERENT = [
    # GA24-3312: the read after the last card has no channel end, for no data is transferred.
    (Operation(0x02C, 0x02, "", 80, EXACT), "0100 40", "0D40 40"),
    # The end of file is told once; GA21-9124 "END OF FILE Key".  Hercules tells it for ever, NO-OP or not.
    (Operation(0x01C, 0x02, "", 80), "0200 40", "0D00 40"),
    (Operation(0x01C, 0x03), "0200 40", "0D00 40"),
    # GA22-7000 "Incorrect Length", long block on output: the control unit asks for a whole card, a whole line.
    (Operation(0x01D, 0x01, "SHORT", 0, EXACT), "0C40 00", "0C00 00"),
    (Operation(0x01E, 0x09, "SHORT", 0, EXACT), "0C40 00", "0C00 00"),
    # A 1403 has 132 positions.
    (Operation(0x01E, 0x09, "X" * 140, 0, EXACT), "0C40 00", "0C00 00"),
    # GA24-3312 "Diagnostic Commands": Hercules has none of them on a 1403.
    (Operation(0x01E, 0x02, "", 132), "0C00 00", "0200 80"),
    (Operation(0x01E, 0x05, "DIAGNOSTIC"), "0C00 00", "0200 80"),
    # GA24-3312 "Unit Exception": channel 12 under the brushes while the paper spaces; Hercules senses no channel.
    (Operation(0x01E, 0xDB), "0C00 00", "0C00 00"),
    (Operation(0x01E, 0x1B), "0C00 00", "0C00 00"),
    (Operation(0x01E, 0x1B), "0D00 00", "0C00 00"),
    (Operation(0x01E, 0x1B), "0E00 01", "0C00 00"),
    # GATE LOAD and LOAD UCS BUFFER WITH FOLDING are commands of the 2821, not of a 3811; so is the reverse.
    (Operation(0x02E, 0xEB), "0200 80", "0C00 00"),
    (Operation(0x02E, 0xF3, "", 240), "0200 80", "0C00 00"),
    (Operation(0x01E, 0x23), "0200 80", "0C00 00"),
    (Operation(0x01E, 0x63, "", 4), "0200 80", "0E00 02"),
]
ALL = [*SAME, *(operation for operation, _, _ in DIFFERENT)]


def layout():
    """Storage with the program and its tables: address and bytes each."""
    assembly = assemble(PROGRAM, "driver")
    ccws, devices, parts = b"", b"", []
    for number, operation in enumerate(ALL):
        area, sense = DATA + AREA * number, SENSES + 8 * number
        parts.append((area, operation.data.ljust(AREA, b"\xcc")))
        ccws += CCW(operation.command, area, operation.flags, operation.ccw_count).to_bytes()
        ccws += CCW(0x04, sense, SLI, 8).to_bytes()
        devices += operation.device.to_bytes(4, "big") * 2
    assert CCWS + len(ccws) <= RESULTS
    assert DATA + AREA * len(ALL) <= 0x20000
    count = (assembly.address_of("COUNT"), (2 * len(ALL)).to_bytes(4, "big"))
    text = [(text.address, bytes(text.data)) for text in assembly.image]
    return [*text, *parts, count, (DEVICES, devices), (CCWS, ccws)]


AREAS = (RESULTS, 16 * len(ALL)), (DATA, AREA * len(ALL)), (SENSES, 8 * len(ALL))


def outcomes(results, data, senses):
    """By operation: unit and channel status and the first sense byte, the residual count, the data that came."""
    return [
        outcome(operation, results[16 * n :][:8], data[AREA * n :][:AREA], senses[8 * n])
        for n, operation in enumerate(ALL)
    ]


def outcome(operation, result, data, sense):
    unit, channel, residual = result[0], result[1], int.from_bytes(result[6:], "big")
    refused = unit & UNIT_CHECK and sense & 0xC0
    status = f"{unit & ~ENDING if refused else unit:02X}{channel:02X} {sense:02X}"
    if refused or operation.command & 3 == 3:
        return status, 0, b""
    return status, residual, data[: max(operation.ccw_count - residual, 0)] if operation.command & 3 == 2 else b""


@pytest.fixture(scope="module")
def ours():
    """The outcomes and the devices of our machine."""
    machine = Machine(SIZE)
    devices = {address: model() for address, (model, _) in MODELS.items()}
    for address, device in devices.items():
        machine.channels.attach(address, device)
    devices[0x01C].load(CARDS)
    devices[0x02C].load(CARDS)
    for at, part in layout():
        machine.storage.write(at, part)
    machine.storage.write(0x60, bytes.fromhex("0002000000000BAD"))
    machine.cpu.load_psw(PSW.from_bytes(bytes.fromhex(START)))
    for _ in range(1_000_000):
        if machine.dead:
            break
        machine.advance()
    assert machine.dead
    return outcomes(*(machine.storage.read(*area) for area in AREAS)), devices


@pytest.fixture(scope="module")
def theirs(tmp_path_factory):
    """The outcomes of Hercules, and the files it wrote."""
    folder = tmp_path_factory.mktemp("hercules")
    (folder / "cards").write_bytes(b"".join(CARDS))
    lines = "".join(f"{address:04X} {text.format(folder=folder)}\n" for address, (_, text) in MODELS.items())
    case = Case(bytes.fromhex(START), storage=tuple(layout()), areas=AREAS, name="SIO")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tools.hercules.CONFIGURATION", CONFIGURATION + lines)
        with Hercules() as hercules:
            hercules.patience = 5
            (result,) = hercules.run([case], confirm=False)
    files = {name: (folder / name).read_bytes() for name in (PUNCHED, PUNCHED_2540, PRINTED, PRINTED_3211)}
    return outcomes(*result.areas), files


@pytest.mark.parametrize("number", range(len(SAME)), ids=lambda number: str(SAME[number]))
def test_command_ends_the_same_on_hercules(number, ours, theirs):
    assert ours[0][number] == theirs[0][number]


@pytest.mark.parametrize("number", range(len(DIFFERENT)), ids=lambda number: str(DIFFERENT[number][0]))
def test_command_ends_differently_on_hercules_where_that_is_known(number, ours, theirs):
    at = len(SAME) + number
    assert (ours[0][at][0], theirs[0][at][0]) == DIFFERENT[number][1:]


@pytest.mark.parametrize(("device", "name"), [(0x01D, PUNCHED), (0x02D, PUNCHED_2540)])
def test_punched_cards_are_the_same_on_hercules(device, name, ours, theirs):
    assert ours[1][device].image() == theirs[1][name]


@pytest.mark.parametrize(("device", "name"), [(0x01E, PRINTED), (0x02E, PRINTED_3211)])
def test_printed_lines_are_the_same_on_hercules(device, name, ours, theirs):
    """Hercules writes a form feed behind what is on the line, and none when the paper spaces to a new form."""

    def printed(image):
        lines = image.decode().replace(FORM_FEED, "\n").split("\n")
        return [line.rstrip("\r")[:132] for line in lines if line.rstrip("\r")]

    assert printed(ours[1][device].image()) == printed(theirs[1][name])
