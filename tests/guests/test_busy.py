"""The guest that keeps all its devices busy: CSWs, data, paper and cards, and that it notices what is wrong."""

import pytest

from edu_hv.asm.deck import CARD
from edu_hv.devices.catalog import DEVICE_TYPES
from edu_hv.guests import catalog
from edu_hv.machine.events import CCWExecuted
from edu_hv.machine.machine import Machine
from tests.guests.conftest import Run

BUSY = catalog.GUESTS["busy"]
DEVICES = {
    0x00D: ("3525", b"", "", ()),
    0x00E: ("1403", b"", "", ()),
    0x181: ("3420", b"", "BUSY", ("new", "ring")),
    0x191: ("3330", b"", "BUSY01", ("new",)),
}
CONSOLE_LINES = """\
BUSY: ALL DEVICES AT ONCE
A LINE THAT IS IN ONE PIECE
A LINE THAT IS IN TWO PIECES
A LINE THAT IS IN A LIST
CONSOLE 009:   1 CHANNEL PROGRAMS, SUM OF THE DATA 000000
""".splitlines()
SUMMARY = """\
READER  00C:   4 CHANNEL PROGRAMS, SUM OF THE DATA 008BD2
PUNCH   00D:   3 CHANNEL PROGRAMS, SUM OF THE DATA 000080
PRINTER 00E:   3 CHANNEL PROGRAMS, SUM OF THE DATA 000080
TAPE    181:   7 CHANNEL PROGRAMS, SUM OF THE DATA 0BDB96
DISK    191:   4 CHANNEL PROGRAMS, SUM OF THE DATA 007619
""".splitlines()
LINES = [*CONSOLE_LINES, *SUMMARY]
ACROSS = "FIFTY BYTES OF THIS ARE IN A PAGE, AND THE REST IN THE NEXT: THIRTY"
PRINTED = f"""\
A LINE THAT IS IN ONE PIECE
A LINE THAT IS IN TWO PIECES

A LINE AND THEN A SPACE

{ACROSS}
{ACROSS}
"""
PUNCHED = ["CARD 5 IS SHORTER THAN WHAT IS ASKED FOR", "CARD 2 IS READ BUT BY HALF OF A PAGE", ACROSS, ACROSS]
ALL_IS_WELL = "00020000 0000C0DE"


def loaded(deck=None, without=()):
    """A machine IPLed from the deck, with its devices but for some."""
    machine = Machine(0x10000)
    console, reader = DEVICE_TYPES["3215"].make(), DEVICE_TYPES["3505"].make()
    deck = BUSY.deck() if deck is None else deck
    reader.load([deck[at : at + CARD] for at in range(0, len(deck), CARD)])
    machine.channels.attach(0x009, console)
    machine.channels.attach(0x00C, reader)
    for address, (model, *medium) in DEVICES.items():
        if address not in without:
            machine.channels.attach(address, DEVICE_TYPES[model].make(*medium))
    machine.load(0x00C)
    return Run(machine, console)


@pytest.fixture(name="run", scope="module")
def run_fixture():
    """The whole run, and the CCWs in the order in which they were executed."""
    run, executed = loaded(), []
    run.machine.observe(lambda event: executed.append(event) if isinstance(event, CCWExecuted) else None)
    run.run()
    return run, executed


def test_every_channel_program_ends_as_it_should(run):
    assert (run[0].lines, run[0].psw) == (LINES, ALL_IS_WELL)


def test_paper_and_cards(run):
    devices = run[0].machine.channels.devices
    assert devices[0x00E].image().decode() == PRINTED
    assert [card.decode("cp037").rstrip() for card in devices[0x00D].cards] == PUNCHED


def test_devices_work_at_the_same_time(run):
    """While the tape is under way every other device executes CCWs."""
    order = [event.device for event in run[1] if event.device != 0x00C or event.address < 0xFC00]
    tape = [number for number, device in enumerate(order) if device == 0x181]
    assert set(order[tape[0] : tape[-1]]) == {0x009, 0x00C, *DEVICES}


def test_device_that_is_not_there_is_left_out():
    run = loaded(without=DEVICES).run()
    names = ["PUNCH   00D", "PRINTER 00E", "TAPE    181", "DISK    191"]
    assert run.lines == [*CONSOLE_LINES, SUMMARY[0], *(f"{name}: NOT THERE" for name in names)]
    assert run.psw == ALL_IS_WELL


@pytest.mark.parametrize("medium", [(), (catalog.GUESTS["kernel"].tape(), "WELCOM")], ids=["no tape", "no ring"])
def test_tape_that_cannot_be_written_is_left_out(medium):
    run = loaded(without=DEVICES)
    run.machine.channels.attach(0x181, DEVICE_TYPES["3420"].make(*medium))
    run.run()
    assert (run.lines[-2], run.psw) == ("TAPE    181: NOT READY", ALL_IS_WELL)


def test_channel_programs_do_not_change_themselves(run):
    """No byte of a CCW or of an address list is other than it was assembled, but the CCW of the console's routine."""
    assembly, storage = BUSY.assembly(), run[0].machine.storage
    routine = assembly.address_of("SAYCCW")
    for event in run[1]:
        start = event.address
        part = next((part for part in assembly.image if part.address <= start < part.end), None)
        if part is not None and start != routine:
            assembled = part.data[start - part.address : start - part.address + 8]
            assert event.ccw == storage.read(start, 8) == assembled


def cards(change):
    """The deck with its data cards changed."""
    deck, data = BUSY.deck(), BUSY.data_cards()
    return deck[: -len(data)] + b"".join(change([data[at : at + CARD] for at in range(0, len(data), CARD)]))


@pytest.mark.parametrize(
    ("change", "line"),
    [
        pytest.param(
            lambda data: [data[1], *data[1:]],
            "READER  00C: THE DATA ARE NOT WHAT THEY SHOULD BE",
            id="another card",
        ),
        pytest.param(
            lambda data: data[:-1],
            "READER  00C: NOT AS IT SHOULD BE AFTER   3 PROGRAMS, CSW ",
            id="one card less",
        ),
        pytest.param(
            lambda data: [*data, data[0]],
            "READER  00C: NOT AS IT SHOULD BE AFTER   3 PROGRAMS, CSW ",
            id="one card more",
        ),
    ],
)
def test_reader_tells_other_cards(change, line):
    run = loaded(cards(change), without=DEVICES).run()
    assert run.lines[len(CONSOLE_LINES)].startswith(line)
    assert run.psw == "00020000 0000BA01"
