"""DIAGNOSE X'14': spool files by the page buffer."""

import pytest

from edu_hv.hypervisor.commands import run_command
from edu_hv.hypervisor.diagnose.services import SERVICES
from edu_hv.hypervisor.spooling.files import records
from edu_hv.isa.codes import PIC
from edu_hv.machine.interruptions import ProgramInterruption
from tests.hypervisor.bench import CONSOLE, READER, SIZE, bench
from tests.hypervisor.spool_scene import card

PAGE, BLOCK = 0x3000, 0x5000
NEXT, PRINT, PUNCHED, SELECT, REPEAT, RESTART, BACKSPACE = range(0, 0x1C, 4)


def user(*decks):
    """A guest with decks of so many cards in its reader."""
    made = bench()
    vm = made.log_on("A")
    for number, count in enumerate(decks):
        made.cp.spool.add_deck("A", [card(f"DECK {number} CARD {n}".ljust(79) + "X") for n in range(count)])
    return made, vm


def ask(made, vm, function, operand=PAGE, device=READER):
    """Condition code, and Ry+1 if it says why."""
    vm.vmgprs[2], vm.vmgprs[4], vm.vmgprs[5] = operand, device, function
    SERVICES[0x14].function(made.cp, vm, 2, 4)
    return vm.vmpsw.cc if vm.vmpsw.cc < 3 else (3, vm.vmgprs[5])


def first_card(vm):
    """The first record of the buffer that is no tag."""
    found = [record.data for record in records(vm.cpu.load_real(PAGE, 4096)) if record.command == 0x01]
    return found[0].decode("cp037").rstrip("X").rstrip()


def test_a_file_is_read_buffer_by_buffer():
    """[3 X'14'] 0000: CC 0 with each buffer, CC 1 behind the last one, and then the first one again."""
    made, vm = user(90)
    seen = []
    for _ in range(4):
        seen.append((ask(made, vm, NEXT), first_card(vm)))
    assert seen == [
        (0, "DECK 0 CARD 0"),
        (0, "DECK 0 CARD 40"),
        (0, "DECK 0 CARD 81"),
        (1, "DECK 0 CARD 81"),
    ]
    assert (ask(made, vm, NEXT), first_card(vm)) == (0, "DECK 0 CARD 0")
    run_command(made.cp, vm, "CLOSE READER")
    assert ask(made, vm, NEXT) == 2


def test_with_cont_reading_goes_on_in_the_next_file():
    made, vm = user(1, 1)
    run_command(made.cp, vm, "SPOOL READER CONT")
    assert [(ask(made, vm, NEXT), first_card(vm)) for _ in range(3)] == [
        (0, "DECK 0 CARD 0"),
        (0, "DECK 1 CARD 0"),
        (1, "DECK 1 CARD 0"),
    ]
    assert [file.sfbfilid for file in made.cp.spool.files("RDR")] == [2]


def test_restart_and_backspace():
    made, vm = user(90)
    assert (ask(made, vm, RESTART), ask(made, vm, BACKSPACE)) == (2, 2)
    for _ in range(3):
        ask(made, vm, NEXT)
    assert (ask(made, vm, BACKSPACE), first_card(vm)) == (0, "DECK 0 CARD 40")
    assert (ask(made, vm, NEXT), first_card(vm)) == (0, "DECK 0 CARD 81")
    assert (ask(made, vm, RESTART), first_card(vm)) == (0, "DECK 0 CARD 0")
    assert (ask(made, vm, BACKSPACE), first_card(vm)) == (0, "DECK 0 CARD 0")


def test_sfbloks_of_the_chain_one_by_one():
    """0008 gives files of cards, 0004 print files: there are none."""
    made, vm = user(1, 2)
    answer = run_command(made.cp, vm, "CHANGE READER 2 CLASS Q HOLD DIST BIN7 NAME MY DECK")
    assert answer.lines == ["0001 FILE CHANGED"]
    assert ask(made, vm, PRINT, BLOCK) == 2
    assert (ask(made, vm, PUNCHED, BLOCK), vm.cpu.load_real(BLOCK + 0x1E, 2)) == (0, b"\0\1")
    assert ask(made, vm, PUNCHED, BLOCK) == 0
    block = vm.cpu.load_real(BLOCK, 104)
    assert block[:0x20].hex(" ", 4) == "00000000 00000002 c1404040 40404040 c1404040 40404040 00000002 00500002"
    assert block[0x20:0x28].hex(" ", 4) == "20820000 00000000"
    assert block[0x28:0x50].decode("cp037") == "MY          DECK        01/01/7200:00:00"
    assert block[0x50:].hex(" ", 4) == "00000002 0001d800 c2c9d5f7 40404040 00000000 00000000"
    assert ask(made, vm, PUNCHED, BLOCK) == 1
    assert (ask(made, vm, PUNCHED, BLOCK), vm.cpu.load_real(BLOCK + 0x1E, 2)) == (0, b"\0\1")


def test_a_file_is_selected_and_repeated():
    made, vm = user(1, 1)
    other = made.cp.spool.add_deck("B", [card("HIS")]).sfbfilid
    assert (ask(made, vm, SELECT, 77), ask(made, vm, SELECT, other)) == (2, 2)
    assert ask(made, vm, SELECT, 2) == 0
    assert ask(made, vm, REPEAT, 3) == 2, "no file is active"
    assert (ask(made, vm, NEXT), first_card(vm)) == (0, "DECK 1 CARD 0")
    assert ask(made, vm, REPEAT, 258) == 0
    assert made.cp.spool.find("RDR", 2).sfbcopy == 2


@pytest.mark.parametrize(
    ("device", "why"), [pytest.param(0x01F, 4, id="not there"), pytest.param(CONSOLE, 8, id="no reader")]
)
def test_what_is_no_reader_is_told_in_ry_plus_1(device, why):
    made, vm = user(1)
    assert ask(made, vm, NEXT, device=device) == (3, why)


def test_a_reader_that_is_not_ready_is_busy():
    made, vm = user(1)
    vm.devices[READER].device.stop()
    assert ask(made, vm, NEXT) == (3, 12)


@pytest.mark.parametrize(
    ("function", "operand", "code"),
    [
        pytest.param(0x1C, PAGE, PIC.SPECIFICATION, id="no such function"),
        pytest.param(NEXT, PAGE + 8, PIC.SPECIFICATION, id="no page"),
        pytest.param(NEXT, SIZE, PIC.ADDRESSING, id="beyond storage"),
        pytest.param(PUNCHED, BLOCK + 4, PIC.SPECIFICATION, id="SFBLOK not on a doubleword"),
        pytest.param(PUNCHED, BLOCK + 0xFA0, PIC.SPECIFICATION, id="SFBLOK across pages"),
        pytest.param(PRINT, SIZE, PIC.ADDRESSING, id="SFBLOK beyond storage"),
        pytest.param(REPEAT, 0, PIC.SPECIFICATION, id="no copies"),
        pytest.param(REPEAT, 0xFFFFFFFF, PIC.SPECIFICATION, id="negative"),
    ],
)
def test_operands_that_are_refused(function, operand, code):
    made, vm = user(1)
    ask(made, vm, NEXT)
    before = made.cp.spool.state(), vm.peek(0, SIZE), vm.vmpsw.cc
    with pytest.raises(ProgramInterruption) as found:
        ask(made, vm, function, operand)
    assert found.value.code == code
    assert (made.cp.spool.state(), vm.peek(0, SIZE), vm.vmpsw.cc) == before


def test_an_odd_register_is_refused():
    made, vm = user(1)
    with pytest.raises(ProgramInterruption) as found:
        SERVICES[0x14].function(made.cp, vm, 2, 5)
    assert found.value.code == PIC.SPECIFICATION
