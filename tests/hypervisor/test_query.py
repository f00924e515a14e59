"""QUERY.  CP Command Reference "QUERY"; the shapes are those of the reference's section 4.3."""

import pytest

from edu_hv.hypervisor.commands import run_command
from tests.hypervisor.bench import guest
from tests.hypervisor.users_scene import scene


def both():
    made = scene()
    made.logon("MAINT")
    return made, made.logon("ANNE"), made.logon("BILL")


def test_query_virtual_shows_storage_channels_and_each_device():
    """[4.3 Query Virtual] One line a device, in the order of addresses; the console's spooling on a second."""
    made, anne, bill = both()
    lines = made.command(anne, "QUERY VIRTUAL").lines
    assert lines[:2] == ["STORAGE = 00064K", "CHANNELS = SEL"]
    assert [line.split()[:2] for line in lines if line.split()[0] in ("RDR", "PUN", "PRT", "DASD", "CTCA")] == [
        ["RDR", "00C"], ["PUN", "00D"], ["PRT", "00E"], ["DASD", "190"], ["DASD", "191"], ["CTCA", "450"],
    ]  # fmt: skip
    assert "DASD 190 3350 USRVOL R/O   004 CYL" in lines
    assert "DASD 191 3350 USRVOL R/W   005 CYL" in lines
    assert "TAPE 181 ON DEV 281" in made.command(bill, "Q V").lines


EDITING = "LINEND OFF, LINEDEL OFF, CHARDEL OFF, ESCAPE OFF"
VIRTUAL = [
    pytest.param("Q V STOR", ["STORAGE = 00064K"], id="STORage"),
    pytest.param("Q V CHAN", ["CHANNELS = SEL"], id="CHANnels"),
    pytest.param("Q V 191", ["DASD 191 3350 USRVOL R/W   005 CYL"], id="vaddr"),
    pytest.param("Q V CTCA", ["CTCA 450 NOT COUPLED"], id="class"),
    pytest.param("Q V TAPE", [], id="class without a device"),
    pytest.param("Q V 999", ["DMKCQG040E DEVICE 999 DOES NOT EXIST"], id="no device"),
    pytest.param("Q V QQQ", ["DMKCQG003E INVALID OPTION - QQQ"], id="no class"),
    pytest.param("Q LINKS 191", ["ANNE 191 R/W"], id="LINks"),
    pytest.param("Q LINKS 190", ["MAINT 190 R/W, ANNE 190 R/O, BILL 190 R/O"], id="LINks of three"),
    pytest.param("Q LINKS 999", ["DMKCQG040E DEVICE 999 DOES NOT EXIST"], id="LINks, no device"),
    pytest.param("Q LINKS 00C", ["DMKCQG006E INVALID DEVICE TYPE - 00C"], id="LINks, no disk"),
    pytest.param("Q U", ["003 USERS, 000 DIALED, 000 NET"], id="Users"),
    pytest.param("Q N", ["MAINT, ANNE, BILL"], id="Names"),
    pytest.param("Q USERS NOBODY", ["DMKCQG045E NOBODY NOT LOGGED ON"], id="Users, nobody"),
    pytest.param("Q FILES", ["FILES:   NO RDR,  NO PRT,  NO PUN"], id="FILes"),
    pytest.param("Q LOG", ["THERE IS NO LOGMSG DATA"], id="LOGmsg"),
    pytest.param(
        "Q TERM", ["LINEND OFF, LINEDEL OFF, CHARDEL OFF, ESCAPE OFF", "LINESIZE OFF, MODE CP"], id="TERMinal"
    ),
    pytest.param("Q SYSTEM 350", ["DMKCQG045E SYSTEM NOT LOGGED ON"], id="class B only"),
    pytest.param("Q", ["DMKCQG026E OPERAND MISSING OR INVALID"], id="nothing"),
]


@pytest.mark.parametrize(("line", "lines"), VIRTUAL)
def test_query_answers(line, lines):
    """[4.3 Query]"""
    made, anne, _ = both()
    assert [" ".join(text.split()) for text in made.command(anne, line).lines] == [" ".join(x.split()) for x in lines]


def test_query_time():
    """[4.3 Query TIMe] The time of day, and what the session used."""
    made, anne, _ = both()
    first, second = made.command(anne, "QUERY TIME").lines
    assert first.startswith("TIME IS 00:00:0")
    assert first.endswith(" UTC SATURDAY 01/01/72")
    assert second.startswith("CONNECT= 00:00:0")
    assert "VIRTCPU= 000:00.00 TOTCPU= 000:00.00" in second


def test_query_set_shows_every_option():
    """[4.3 Query SET] MSG to AUTOPOLL as the manual lists them."""
    made, anne, bill = both()
    lines = made.command(anne, "QUERY SET").lines
    assert lines[0] == "MSG ON , WNG ON , EMSG ON  , ACNT OFF, RUN OFF"
    assert lines[1] == "LINEDIT ON , TIMER ON , ISAM OFF, ECMODE OFF"
    assert lines[2].endswith(", PAGEX OFF, AUTOPOLL OFF")
    for line in ("SET RUN ON", "SET EMSG TEXT", "SET TIMER REAL", "SET PAGEX ON", "SET WNG OFF"):
        made.command(anne, line)
    after = made.command(anne, "Q SET").lines
    assert after[0] == "MSG ON , WNG OFF, EMSG TEXT, ACNT OFF, RUN ON "
    assert "TIMER REAL" in after[1]
    assert "PAGEX ON" in after[2]
    assert made.command(bill, "Q SET").lines[1] == "LINEDIT ON , TIMER REAL, ISAM ON , ECMODE ON "


def test_query_of_the_system_is_for_its_operators():
    """[4.3 Query SYSTEM/DASD (B)]"""
    made, anne, bill = both()
    made.command(bill, "DETACH 181")
    assert made.command(bill, "Q TAPES").lines == ["TAPE 281 FREE", "TAPE 282 FREE"]
    assert any(line.startswith("DASD 350 CP SYSTEM USRVOL") for line in made.command(bill, "Q DASD").lines)
    lines = made.command(bill, "Q SYSTEM 350").lines
    assert lines[1] == "MAINT 190, ANNE 190, ANNE 191, BILL 190"
    assert made.command(anne, "Q TAPES").lines == ["DMKCQG045E TAPES NOT LOGGED ON"]


def test_query_priority_is_for_class_a():
    """[4.2 SET class A PRIORITY]"""
    made, anne, _ = both()
    anne.vmcls = "A"
    assert made.command(anne, "Q PRIORITY BILL").lines == ["BILL     PRIORITY = 64"]
    made.command(anne, "SET PRIORITY BILL 5")
    assert made.command(anne, "Q PRIOR BILL").lines == ["BILL     PRIORITY = 05"]
    assert made.command(anne, "Q PRIOR NOBODY").lines == ["DMKCQP045E NOBODY NOT LOGGED ON"]


def test_query_looks_and_does_not_take_the_machine_from_a_running_guest():
    """[4.3 Query] To look changes nothing."""
    made, anne, _ = both()
    made.start(anne, "41220001" + "47F00A00")
    made.steps(10)
    before = made.machine.state().storage, anne.traps
    made.command(anne, "Q V")
    made.command(anne, "Q SET")
    assert ((made.machine.state().storage, anne.traps), made.cp.running) == (before, "ANNE")


@pytest.mark.parametrize("line", ["Q TIME FOO", "Q NAMES A", "Q SET ON", "Q LOGMSG 1", "Q TERMINAL X"])
def test_a_question_that_takes_no_operand_refuses_one(line):
    made, vm = guest()
    assert run_command(made.cp, vm, line).lines == [f"DMKCQG003E INVALID OPTION - {line.split()[2]}"]


def test_one_real_drive_can_be_asked_about_and_must_be_there():
    made, vm = guest()
    vm.vmcls = "BG"
    assert run_command(made.cp, vm, "QUERY TAPES 281").lines == ["TAPE 281 ATTACHED TO A        181"]
    assert run_command(made.cp, vm, "QUERY TAPES 999").lines == ["DMKCQP040E DEVICE 999 DOES NOT EXIST"]
