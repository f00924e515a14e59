"""Spooled printers and consoles: lines on paper, forms, console files."""

from hypothesis import given
from hypothesis import strategies as st

from edu_hv.devices.carriage import CARRIAGE_TAPE, forms_buffer
from edu_hv.devices.printer import CONTROLS, WRITES, Printer
from edu_hv.devices.printer_3211 import LOAD_FORMS, Printer3211
from edu_hv.hypervisor.spooling.catalog import spooled_device
from tests.hypervisor.spool_scene import Scene, channel_program

EBCDIC_LINES = st.text(st.characters(codec="cp037", exclude_categories=["C"]), min_size=1, max_size=132)


# ---- printing ------------------------------------------------------------------------------------------------------

PRINTING = st.one_of(
    st.tuples(st.sampled_from(WRITES), EBCDIC_LINES.map(lambda text: text.encode("cp037").ljust(132, b"\x40"))),
    st.tuples(st.sampled_from(CONTROLS), st.just(1)),
)


@given(st.lists(PRINTING, min_size=1, max_size=20))
def test_spooled_lines_are_printed_as_the_real_printer_prints_them(commands):
    """The oracle is the real 1403, driven with the same commands, one program each."""
    scene, real = Scene(), Printer()
    for one in commands:
        channel_program(scene.a.printer, one)
        channel_program(real, one)
        real.finish(one[0])
    scene.a.cp("CLOSE PRINTER")
    kept = scene.spool.files("PRT")
    assert len(kept) == any(code in WRITES for code, _ in commands), "a file of paper motion alone is purged"
    assert all(scene.spool.text(sfblok) == real.image() for sfblok in kept)


SHORT_FORMS = bytes([0x01, 0x00, 0x09, 0x01, 0x0C, 0x00, 0x19])
"""Seven lines: channel 1 at lines 1 and 4, 9 at 3 and 7, 12 at 5."""
MOVES = st.tuples(st.sampled_from([0x09, 0x11, 0x19, 0x89, 0xC9, 0x0B, 0x13, 0x8B, 0xCB]), st.just(132))


@given(st.sampled_from([forms_buffer(CARRIAGE_TAPE), SHORT_FORMS]), st.lists(MOVES, max_size=90))
def test_virtual_forms_control_buffer_tells_channels_9_and_12(forms, commands):
    """[2.6 End] Unit exception for channel 12, unit check for channel 9: as a real 3211 with the same buffer does."""
    scene, real = Scene(), Printer3211()
    virtual = spooled_device("3211", scene.spool, "A", 0x00E)
    for device in (virtual, real):
        channel_program(device, (LOAD_FORMS, forms))
    told, expected = [], []
    for code, length in commands:
        csw, _ = channel_program(virtual, (code, b"\x40" * length))
        told.append((int(csw.unit_status) & 0x03, virtual.sense[0]))
        channel_program(real, (code, b"\x40" * length))
        expected.append((int(real.finish(code)) & 0x03, real.sense[0]))
    assert told == expected


def test_without_a_forms_control_buffer_no_channel_is_told():
    scene = Scene()
    scene.a.prints(*["LINE"] * 70)
    csw, _ = channel_program(scene.a.printer, *((0x09, b"\x40" * 132) for _ in range(10)))
    assert csw.unit_status == 0x0C


# ---- the console ---------------------------------------------------------------------------------------------------


def test_console_lines_become_a_print_file_of_class_t_with_60_lines_a_page():
    """[2.6 Console spool] CLASS T; skip to channel 1 every 60 lines."""
    scene = Scene()
    console = scene.spool.console("A")
    console.line("BEFORE")
    scene.a.cp("SPOOL CONSOLE START")
    for number in range(130):
        console.line(f"LINE {number}")
    scene.a.cp("SPOOL CONSOLE STOP")
    console.line("AFTER")
    scene.a.cp("CLOSE CONSOLE")
    (sfblok,) = scene.spool.files("PRT")
    assert (sfblok.sfbtype, sfblok.sfbclas, sfblok.sfbrecno) == ("CON", "T", 130)
    pages = scene.spool.text(sfblok).decode().split("\f")
    assert [page.split() for page in pages] == [
        [word for number in range(*bounds) for word in ("LINE", str(number))]
        for bounds in ((0, 60), (60, 120), (120, 130))
    ]


def test_console_spooling_stops_when_there_is_no_room_and_the_machine_goes_on():
    scene = Scene(pages=1)
    scene.a.cp("SPOOL CONSOLE START")
    console = scene.spool.console("A")
    for number in range(200):
        console.line(f"LINE {number}".ljust(120, "."))
    assert not console.started
    assert scene.told == [("A", "DMKVSP427I CON 009 SYSTEM SPOOL SPACE FULL; FILE 0001 CLOSED")]
    assert scene.files("PRT") == ["A 1 T"]
