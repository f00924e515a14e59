"""Diagnostics: programs that check the machine themselves and stop at the first thing that is not as the manuals say.

They are written from the manuals alone: `diagnostics/monitor.asm` with each of the other sources behind it.  A disabled
wait with the address 0 is a good end; any other address is the number of the check that failed.
"""

from pathlib import Path

import pytest

from edu_hv.asm.assembler import assemble
from edu_hv.asm.deck import CARD, bootable
from edu_hv.debugger.configuration import Configuration, Medium
from edu_hv.guests import catalog
from edu_hv.machine.machine import Architecture

SOURCES = Path(__file__).parent / "diagnostics"
SIZE = 0x20000
ENOUGH = 400_000
GOOD = "00020000 00000000"
NEW_TAPE = (b"", ("new", "ring"))
NO_TAPE = (b"", ())
PACK = (b"", ("new",))
NOTHING = (b"", ())

UNIT_RECORD = {0x00D: ("2540P", NOTHING), 0x00E: ("1403", NOTHING)}


def tapes(model):
    return {0x180: (model, NEW_TAPE), 0x181: (model, NO_TAPE), 0x00E: ("1403", NOTHING)}


def deck(name, cards=(), **replaced):
    """The deck to IPL from, with data cards behind it; symbols may be given another value."""
    source = (SOURCES / "monitor.asm").read_text() + (SOURCES / f"{name}.asm").read_text()
    for symbol, value in replaced.items():
        assert source.count(f"{symbol:<8} DC    F'") == 1
        source = source.replace(f"{symbol:<8} DC    F'", f"{symbol:<8} DC    F'{value}' instead of '")
    data = b"".join(card.encode("cp037").ljust(CARD, b"\x40") for card in cards)
    return bootable(catalog.loader(), assemble(source, name)) + data


def loaded(architecture, program, devices, reader="2540R"):
    """A machine with the devices, loaded from the deck."""
    setup = Configuration.new(architecture, SIZE).with_device(0x00C, reader, Medium("deck", program, ("ebcdic",)))
    for address, (model, (data, options)) in devices.items():
        setup = setup.with_device(address, model, Medium("DIAG01" if options else "", data, options))
    machine = setup.build()
    machine.load(0x00C)
    return machine


def end_of(machine):
    machine.run(ENOUGH)
    assert machine.dead, f"the diagnostic does not come to its end: {machine.cpu.psw.to_bytes().hex()}"
    return machine.cpu.psw.to_bytes().hex(" ", 4)


@pytest.mark.parametrize("architecture", Architecture)
@pytest.mark.parametrize(
    ("name", "devices"),
    [
        pytest.param("cpu", {}, id="cpu"),
        *(pytest.param("channel", tapes(model), id=f"channel-{model}") for model in ("2401", "3420")),
        *(pytest.param("tape", tapes(model), id=f"tape-{model}") for model in ("2401", "2415", "3420")),
        *(pytest.param("disk", {0x190: (m, PACK)}, id=f"disk-{m}") for m in ("2311", "2314", "3330", "3340", "3350")),
    ],
)
def test_diagnostic_finds_nothing_wrong(architecture, name, devices):
    assert end_of(loaded(architecture, deck(name), devices)) == GOOD


def test_diagnostic_of_a_system_360_finds_nothing_wrong():
    assert end_of(loaded(Architecture.S360, deck("cpu360"), {})) == GOOD


def test_diagnostic_of_a_system_360_finds_a_system_370():
    """Its first check is that MVCL is no instruction."""
    assert end_of(loaded(Architecture.S370, deck("cpu360"), {})) == "00020000 00000001"


@pytest.mark.parametrize("architecture", Architecture)
def test_diagnostic_of_unit_record_devices_finds_nothing_wrong(architecture):
    machine = loaded(architecture, deck("unit", ["ONE", "TWO", "THREE"]), UNIT_RECORD)
    assert end_of(machine) == GOOD


@pytest.mark.parametrize("architecture", Architecture)
@pytest.mark.parametrize("model", ["1052", "3215"])
def test_diagnostic_of_consoles_finds_nothing_wrong(architecture, model):
    machine = loaded(architecture, deck("console"), {0x01F: (model, NOTHING)})
    console = machine.channels.devices[0x01F]
    for act in (lambda: console.enter("HELLO"), console.cancel):
        assert end_of(machine) == "fe020000 00000000"
        act()
        machine.channels.present(0x01F, console.request())
    assert end_of(machine) == GOOD
    assert (console.lines, console.alarms) == (["HELLO"], 1)


@pytest.mark.parametrize("model", ["2401", "3420"])
def test_long_tape_is_written_and_read_both_ways(model):
    assert end_of(loaded(Architecture.S360, deck("longtape", COUNT=1000), {0x180: (model, NEW_TAPE)})) == GOOD


@pytest.mark.parametrize(
    ("name", "devices", "check"),
    [
        pytest.param("channel", {}, 0x07, id="no-channel-1"),
        pytest.param("tape", tapes("2401") | {0x180: ("2401", NO_TAPE)}, 0x01, id="no-tape"),
        pytest.param("tape", tapes("2401") | {0x181: ("2401", NEW_TAPE)}, 0x50, id="a-tape-where-none-should-be"),
        pytest.param("disk", {0x190: ("2311", NOTHING)}, 0x01, id="no-pack"),
    ],
)
def test_diagnostic_shows_the_number_of_the_check_that_failed(name, devices, check):
    assert end_of(loaded(Architecture.S360, deck(name), devices)) == f"00020000 {check:08x}"


# ---- initial program loading from any device -------------------------------------------------------------------------


def ccw(command, address, flags, count):
    return bytes([command]) + address.to_bytes(3, "big") + bytes([flags, 0]) + count.to_bytes(2, "big")


def simh(*records):
    """A SIMH tape image of these records and a tape mark; a record has even bytes there."""
    words = (len(record).to_bytes(4, "little") for record in records)
    return b"".join(word + record + word for word, record in zip(words, records, strict=True)) + bytes(4)


WAIT_PSW = bytes.fromhex("00020000 00000ABC")
BEHIND = bytes(range(1, 0xF1))
"""What the program brings to storage from X'80' on, where a System/370 in EC mode keeps codes of interruptions."""
RECORD_1 = WAIT_PSW + ccw(0x02, 0x80, 0x20, len(BEHIND)) + bytes(8)


@pytest.mark.parametrize("architecture", Architecture)
@pytest.mark.parametrize(
    ("address", "model", "data"),
    [
        pytest.param(0x00C, "2540R", RECORD_1.ljust(CARD, b"\0") + BEHIND[:CARD], id="reader-00C"),
        pytest.param(0x112, "2540R", RECORD_1.ljust(CARD, b"\0") + BEHIND[:CARD], id="reader-112"),
        pytest.param(0x180, "2401", simh(RECORD_1, BEHIND), id="tape-180"),
        pytest.param(0x0E0, "2415", simh(RECORD_1, BEHIND), id="tape-0E0"),
        pytest.param(0x5FF, "3420", simh(RECORD_1, BEHIND), id="tape-5FF"),
    ],
)
def test_program_finds_the_address_of_its_device_and_all_that_it_loaded(architecture, address, model, data):
    """GA22-6821 "Initial Program Loading": the address goes to bits 16-31 of the PSW, and nothing else is stored."""
    machine = Configuration.new(architecture, SIZE).with_device(address, model, Medium("ipl", data)).build()
    machine.load(address)
    loaded_bytes = min(len(BEHIND), len(data) - CARD if model == "2540R" else len(BEHIND))
    assert machine.storage.read(0, 8) == WAIT_PSW[:2] + address.to_bytes(2, "big") + WAIT_PSW[4:]
    assert machine.storage.read(0x80, loaded_bytes) == BEHIND[:loaded_bytes]
    assert machine.cpu.psw.instruction_address == 0xABC


def test_program_in_ec_mode_finds_the_address_of_its_device_in_storage():
    psw = bytes.fromhex("000A0000 00000ABC")
    tape = simh(psw + ccw(0x03, 0, 0x20, 1) + bytes(8))
    machine = Configuration.new(Architecture.S370, SIZE).with_device(0x181, "3420", Medium("ipl", tape)).build()
    machine.load(0x181)
    assert (machine.storage.read(0, 8), machine.storage.read(0xBA, 2)) == (psw, b"\x01\x81")


def test_program_with_the_ascii_bit_of_a_system_360_finds_it_in_the_psw():
    tape = simh(bytes.fromhex("000A0000 00000ABC") + ccw(0x03, 0, 0x20, 1) + bytes(8))
    machine = Configuration.new(Architecture.S360, SIZE).with_device(0x181, "2401", Medium("ipl", tape)).build()
    machine.load(0x181)
    assert (machine.storage.read(2, 2), machine.storage.read(0xBA, 2), machine.cpu.psw.ascii) == (
        b"\x01\x81",
        bytes(2),
        True,
    )
