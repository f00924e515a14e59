"""Guests that punch, read and print through CP's spool."""

import pytest

from edu_hv.asm.assembler import assemble
from edu_hv.hypervisor.commands import run_command
from edu_hv.hypervisor.logon import log_off
from edu_hv.hypervisor.spooling.space import SpoolSpace
from edu_hv.hypervisor.virtual_configuration import add_spooled
from edu_hv.isa.codes import PSA
from edu_hv.machine.psw import PSW
from tests.hypervisor.bench import READER, bench, cp_lines, own_lines
from tests.hypervisor.test_checkpoints import restore, snapshot

HEAD = """\
CSW      EQU   X'40'
CAW      EQU   X'48'
IONPSW   EQU   X'78'
GUEST    START X'1000'
BEGIN    BALR  12,0
         USING *,12
         MVC   IONPSW(8),TOLD
"""

PUNCHER = f"""{HEAD}\
         MVC   CAW(4),=A(PUNCH)
         LA    2,X'00D'
         SIO   0(2)
         BNZ   BAD
         LPSW  WAIT
DONE     CLI   CSW+4,X'0C'
         BNE   BAD
         LA    1,CLOSE
         LA    3,11
         DC    X'83130008'          DIAGNOSE: a command for CP
         LPSW  GOOD
BAD      LPSW  ILL
PUNCH    CCW   1,CARDS,X'40',80
         CCW   1,CARDS+80,X'40',80
         CCW   1,CARDS+160,0,80
TOLD     DC    X'00000000',A(DONE)
WAIT     DC    X'FE020000',A(0)
GOOD     DC    X'00020000',X'0000E0D0'
ILL      DC    X'00020000',X'0000DEC0'
CLOSE    DC    C'CLOSE PUNCH'
CARDS    DC    CL80'FIRST CARD',CL80'SECOND CARD',CL80'THIRD CARD'
         LTORG
         END   BEGIN
"""
"""Three cards with one channel program; then it gives CP the command CLOSE PUNCH."""

READING = f"""{HEAD}\
READ     MVC   CAW(4),=A(RCCW)
         LA    2,X'00C'
         SIO   0(2)
         BC    8,SLEEP              started
         TM    CSW+4,X'02'          unit check: no card
         BZ    BAD
         MVC   CAW(4),=A(SENSE)
         SIO   0(2)
         BNZ   BAD
         MVI   EMPTY,1
SLEEP    LPSW  WAIT
DONE     CLI   EMPTY,1              was it only the end of SENSE?
         BNE   CARD
         MVI   EMPTY,2
         CLI   SENSED,X'40'         intervention required
         BNE   BAD
         LPSW  WAIT
CARD     CLI   EMPTY,2              the reader is ready
         BNE   STATUS
         MVI   EMPTY,0
         CLI   CSW+4,X'04'          device end
         BNE   BAD
         B     READ
STATUS   CLI   CSW+4,X'0D'          unit exception: end of file
         BE    END
         CLI   CSW+4,X'0C'
         BNE   BAD
         MVC   CAW(4),=A(WRITE)
         MVC   IONPSW(8),WROTE
         LA    2,X'009'
         SIO   0(2)
         LPSW  WAIT
WRITTEN  MVC   IONPSW(8),TOLD
         B     READ
END      LPSW  GOOD
BAD      LPSW  ILL
RCCW     CCW   2,AREA,0,80
SENSE    CCW   4,SENSED,0,1
WRITE    CCW   9,AREA,0,12
TOLD     DC    X'00000000',A(DONE)
WROTE    DC    X'00000000',A(WRITTEN)
WAIT     DC    X'FE020000',A(0)
GOOD     DC    X'00020000',X'0000E0D0'
ILL      DC    X'00020000',X'0000DEC0'
EMPTY    DC    X'00'
SENSED   DC    X'00'
AREA     DC    CL80' '
         LTORG
         END   BEGIN
"""
"""Reads until unit exception and writes each card; when there is none it waits for device end."""

FILLER = f"""{HEAD}\
         MVC   CAW(4),=A(PUNCH)
         LA    2,X'00D'
PUNCHING SIO   0(2)
         BC    4,STORED
         LPSW  WAIT
DONE     B     PUNCHING
STORED   TM    CSW+4,X'02'          unit check
         BZ    PUNCHING
         LPSW  GOOD
PUNCH    CCW   1,DATA,0,80
TOLD     DC    X'00000000',A(DONE)
WAIT     DC    X'FE020000',A(0)
GOOD     DC    X'00020000',X'0000E0D0'
DATA     DC    80C'X'
         LTORG
         END   BEGIN
"""
"""Punches until there is no room."""

CARDS = ["FIRST CARD  ", "SECOND CARD ", "THIRD CARD  "]
ENDED = PSW.from_bytes(bytes.fromhex("000200000000E0D0"))


def runs(made, vm, source):
    """The guest executes a program, from its first instruction."""
    program = assemble(source)
    for part in program.image:
        vm.cpu.store_real(part.address, part.data)
    return made.start(vm, instruction_address=program.entry)


def two_users():
    """A with a punch and B with a reader that he waits at."""
    made = bench()
    a, b = made.log_on("A"), made.log_on("B")
    add_spooled(made.cp, a, 0x00D, "2540P")
    return made, a, b


def ends_well(vm):
    return str(vm.vmpsw) == str(ENDED)


def test_a_guest_reads_what_another_punches_for_it():
    """[2.6 Reader empty] The reader waits with intervention required; CLOSE in the other machine brings device end."""
    made, a, b = two_users()
    run_command(made.cp, a, "SPOOL PUNCH TO B")
    runs(made, b, READING)
    made.run()
    assert own_lines(b) == []
    runs(made, a, PUNCHER)
    made.run()
    assert own_lines(b) == CARDS
    assert ends_well(a)
    assert ends_well(b)
    assert cp_lines(a)[0] == "PUN FILE 0001  TO  B        COPY 01 NOHOLD"
    assert cp_lines(b)[0] == "RDR FILE 0001 FROM A        COPY 01 NOHOLD"
    assert made.cp.spool.files("RDR") == []


@pytest.mark.parametrize(
    ("options", "release"),
    [
        pytest.param("HOLD", "CHANGE READER 1 NOHOLD", id="held"),
        pytest.param("CLASS Q", "CHANGE READER 1 CLASS A", id="of another class"),
    ],
)
def test_a_file_that_is_held_or_of_another_class_is_no_card(options, release):
    """[2.6 Class match] To the guest the reader stays empty."""
    made, a, b = two_users()
    run_command(made.cp, b, "SPOOL READER CLASS A")
    run_command(made.cp, a, f"SPOOL PUNCH TO B {options}")
    runs(made, b, READING)
    runs(made, a, PUNCHER)
    made.run()
    assert own_lines(b) == []
    run_command(made.cp, b, release)
    made.run()
    assert own_lines(b) == CARDS


def test_device_end_is_not_added_to_what_the_reader_has_to_say():
    """SY20-0886 "DMKSPLCV": only a reader without pending interruptions is told."""
    made = bench()
    vm = made.log_on("A")
    vdev = vm.devices[READER]
    vm.cpu.store_real(0x3000, bytes.fromhex("04004000 20000001"))
    vm.cpu.store_real(PSA.CAW, bytes.fromhex("00003000"))
    made.cp.vio.simulate(vm, "SIO", READER)
    assert (vm.vmpsw.cc, vdev.vdevcsw.unit_status, vdev.vdevunit) == (0, 0x0C, 0)
    made.cp.spool.add_deck("A", [bytes(80)])
    assert vdev.vdevunit == 0
    assert vdev.take().unit_status == 0x0C
    made.cp.spool.add_deck("A", [bytes(80)])
    assert vdev.vdevunit == 0x04


def test_spool_full_ends_the_guest_that_fills_it_and_no_other():
    """[2.6 Each SIO] Unit check for the one; the other's file is whole."""
    made, a, b = two_users()
    made.cp.spool.space = SpoolSpace(3)
    add_spooled(made.cp, b, 0x00D, "2540P")
    run_command(made.cp, b, "SPOOL PUNCH TO A")
    runs(made, b, PUNCHER)
    made.run()
    assert ends_well(b)
    runs(made, a, FILLER)
    made.run()
    assert ends_well(a)
    assert "DMKVSP427I PUN 00D SYSTEM SPOOL SPACE FULL; FILE 0002 CLOSED" in cp_lines(a)
    (mine,) = made.cp.spool.files("PUN", "A")
    (his,) = made.cp.spool.files("RDR", "A")
    assert {card[:80] for card in made.cp.spool.cards(mine)} == {b"\xe7" * 80}
    assert [card.decode("cp037").rstrip() for card in made.cp.spool.cards(his)] == [text.rstrip() for text in CARDS]


def test_logoff_while_a_file_is_made_gives_it_to_whom_it_is_for():
    made, a, b = two_users()
    made.cp.spool.space = SpoolSpace(100)
    run_command(made.cp, a, "SPOOL PUNCH TO B")
    runs(made, a, FILLER)
    device = a.devices[0x00D].device
    made.until(lambda: device.file is not None and device.file.records == 10)
    log_off(made.cp, a)
    made.run()
    (file,) = made.cp.spool.files("RDR", "B")
    assert (file.sfborig, file.sfbrecno) == ("A", 10)
    assert cp_lines(b)[0] == "RDR FILE 0001 FROM A        COPY 01 NOHOLD"
    assert made.cp.logged_on("A") is None


def test_console_file_has_what_the_terminal_showed():
    """[2.6 Console spool] The guest's lines and CP's."""
    made = bench()
    vm = made.ipl("hello", "A")
    run_command(made.cp, vm, "SPOOL CONSOLE START")
    before = len(vm.terminal)
    made.run()
    run_command(made.cp, vm, "SPOOL CONSOLE STOP CLOSE")
    (file,) = made.cp.spool.files("PRT", "A")
    lines = made.cp.spool.text(file).decode().splitlines()
    assert lines == [line.text for line in vm.terminal[before:]]
    assert "HELLO FROM A PROGRAM WITHOUT AN OPERATING SYSTEM" in lines


def test_noterm_keeps_the_guests_lines_from_the_terminal_and_spools_them():
    made = bench()
    vm = made.ipl("hello", "A")
    run_command(made.cp, vm, "SPOOL CONSOLE START NOTERM")
    made.run()
    assert own_lines(vm) == []
    assert cp_lines(vm)[-1] == "CP"
    run_command(made.cp, vm, "CLOSE CONSOLE")
    assert b"HELLO FROM" in made.cp.spool.text(made.cp.spool.files("PRT")[0])


def test_noterm_means_nothing_while_the_console_is_not_spooled():
    made = bench()
    vm = made.ipl("hello", "A")
    run_command(made.cp, vm, "SPOOL CONSOLE NOTERM")
    made.run()
    assert own_lines(vm) == ["HELLO FROM A PROGRAM WITHOUT AN OPERATING SYSTEM"]


def test_what_is_typed_is_in_the_console_file():
    made = bench()
    vm = made.log_on("A")
    run_command(made.cp, vm, "SPOOL CONSOLE START")
    made.cp.console_input(vm, "typed")
    run_command(made.cp, vm, "CLOSE CONSOLE")
    assert made.cp.spool.text(made.cp.spool.files("PRT")[0]) == b"typed\n"


def test_going_back_while_a_guest_punches_and_on_again_gives_the_same():
    made, a, b = two_users()
    run_command(made.cp, a, "SPOOL PUNCH TO B")
    runs(made, b, READING)
    runs(made, a, PUNCHER)
    made.steps(40)
    saved = snapshot(made)
    made.run()
    first = snapshot(made), own_lines(b)
    restore(made, saved)
    assert snapshot(made) == saved
    made.run()
    assert (snapshot(made), own_lines(b)) == first
    assert own_lines(b) == CARDS


def test_decisions_about_files_are_counted_for_their_guests():
    made, a, b = two_users()
    run_command(made.cp, a, "SPOOL PUNCH TO B")
    runs(made, b, READING)
    runs(made, a, PUNCHER)
    made.run()
    counts = {(who, rule): n for (who, rule, _), n in made.cp.counts.items() if rule.startswith("SPL-")}
    assert counts == {
        ("A", "SPL-CLO-TO"): 1,
        ("B", "SPL-RDR-EMPTY"): 1,
        ("B", "SPL-RDR-OPEN"): 1,
        ("B", "SPL-RDR-EOF"): 1,
    }
