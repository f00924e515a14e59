"""LINK, ATTACH, DETACH, DEFINE, COUPLE and DIAL: what a virtual machine gets and gives away while it is logged on."""

import pytest

from edu_hv.devices.ckd_image import blank_volume
from edu_hv.devices.disk import Disk3330
from edu_hv.hypervisor.commands.registry import COMMANDS, find
from edu_hv.hypervisor.virtual_devices import VDEVFLAG, VDEVSTAT
from edu_hv.isa.codes import PSA, UnitStatus
from edu_hv.machine.subchannel import ChannelType
from tests.hypervisor.bench import cp_lines, instruction
from tests.hypervisor.users_scene import DIRECTORY, scene

WITH_MORE = f"{DIRECTORY}USER CARL CPW 64K\n MDISK 191 3350 11 2 USRVOL MR READ WRITE\n MDISK 192 3350 13 1 USRVOL\n"


def three():
    """ANNE (class G), BILL (B and G) and the operator are logged on."""
    made = scene(WITH_MORE)
    return made, made.logon("OPERATOR"), made.logon("ANNE"), made.logon("BILL")


# ---- LINK ----------------------------------------------------------------------------------------------------------

LINKS = [
    pytest.param("LINK CARL 191 291 R READ", "DASD 291 LINKED R/O", id="mode and password"),
    pytest.param("LINK CARL 191 291 READ", "DASD 291 LINKED R/O", id="R is the usual mode"),
    pytest.param("LINK TO CARL 191 AS 291 W PASS=WRITE", "DASD 291 LINKED R/W", id="keywords"),
    pytest.param("LINK T CARL 191 A 291 W PASS= WRITE", "DASD 291 LINKED R/W", id="keywords, shortest"),
    pytest.param("LINK MAINT 190 291 RR RPASS", "DASD 291 LINKED R/O; R/O BY 002 USERS", id="with others"),
    pytest.param("LINK * 191 291", "DASD 291 LINKED R/O; R/W BY ANNE", id="one's own: the directory's mode"),
    pytest.param("LINK ANNE 191 291 MW", "DASD 291 LINKED R/W; R/W BY ANNE", id="one's own: no password"),
    pytest.param("LINK CARL 191 291 W READ", "114E CARL 191 NOT LINKED; MODE OR PASSWORD INCORRECT", id="password"),
    pytest.param("LINK CARL 191 291 R", "114E CARL 191 NOT LINKED; MODE OR PASSWORD INCORRECT", id="no password"),
    pytest.param("LINK CARL 191 291 MR X", "113E CARL 191 NOT LINKED; NO MULT PASSWORD", id="none in the directory"),
    pytest.param("LINK CARL 192 291", "111E CARL 192 NOT LINKED; NO READ PASSWORD", id="none at all"),
    pytest.param("LINK CARL 193 291", "107E CARL 193 NOT LINKED; NOT IN CP DIRECTORY", id="no minidisk"),
    pytest.param("LINK NOBODY 191 291", "053E NOBODY NOT IN CP DIRECTORY", id="no user"),
    pytest.param("LINK CARL 191 00C R READ", "110E CARL 191 NOT LINKED; DASD 00C ALREADY DEFINED", id="address taken"),
    pytest.param("LINK CARL 191 691 R READ", "022E VADDR MISSING OR INVALID - 691", id="no channel 6 without ECMODE"),
    pytest.param("LINK", "020E USERID MISSING OR INVALID", id="nothing"),
    pytest.param("LINK CARL", "022E VADDR MISSING OR INVALID", id="no address"),
    pytest.param("LINK CARL 191", "022E VADDR MISSING OR INVALID", id="no second address"),
    pytest.param("LINK CARL XYZ 191", "022E VADDR MISSING OR INVALID - XYZ", id="no hexadecimal"),
    pytest.param("LINK CARL 191 291 R READ MORE", "003E INVALID OPTION - MORE", id="too much"),
]


@pytest.mark.parametrize(("line", "answer"), LINKS)
def test_link(line, answer):
    """[4.3 LINK] syntax, passwords, answers."""
    made, _, anne, _ = three()
    before = dict(anne.devices)
    result = made.command(anne, line)
    refused = answer[3] == "E"
    assert result.lines == ["DMKLNK" + answer if refused else answer]
    assert result.code == (int(answer[:3]) if refused else 0)
    if refused:
        assert dict(anne.devices) == before
    else:
        linked = anne.devices[0x291]
        assert bool(linked.vdevflag & VDEVFLAG.READ_ONLY) == ("R/O" in answer[:20])
        assert linked.real == 0x350


def test_after_ten_wrong_passwords_there_is_no_more_link():
    """[4.3 LINK] message 115E, until LOGOFF."""
    made, _, anne, _ = three()
    answers = [made.command(anne, f"LINK CARL 191 291 R X{n}").code for n in range(11)]
    assert answers == [114] * 10 + [115]
    refused = "DMKLNK115E LINK INVALID; EXCESSIVE INCORRECT PASSWORDS"
    assert made.command(anne, "LINK CARL 191 291 R READ").lines == [refused]
    made.command(anne, "LOGOFF")
    assert made.command(made.logon("ANNE"), "LINK CARL 191 291 R READ").code == 0


def test_a_machine_with_ecmode_can_link_on_channel_6():
    """[4.3 LINK] vaddr > 5FF needs ECMODE."""
    made, _, _, bill = three()
    assert made.command(bill, "LINK CARL 191 691 R READ").lines == ["DASD 691 LINKED R/O"]


def test_the_link_decision_is_told_with_its_rule():
    """[2.5 Access modes] why a link was refused."""
    made, _, anne, _ = three()
    made.command(anne, "LINK CARL 191 291 R")
    assert made.cp.counts["ANNE", "LNK-4", ""] == 1


# ---- ATTACH --------------------------------------------------------------------------------------------------------

ATTACHED = [
    pytest.param("ATTACH 282 TO ANNE AS 182", "TAPE 282 ATTACHED TO ANNE 182", id="keywords"),
    pytest.param("ATT 282 ANNE 182 R/O", "TAPE 282 ATTACHED TO ANNE 182", id="shortest, R/O"),
    pytest.param("ATT 282 * 182", "TAPE 282 ATTACHED TO BILL 182", id="oneself"),
    pytest.param("ATT 281 ANNE 182", "DMKVDA122E TAPE 281 ALREADY ATTACHED TO BILL 181", id="another user's"),
    pytest.param("ATT 350 ANNE 182", "DMKVDA124E DASD 350 IN USE BY 002 USERS", id="minidisks on it"),
    pytest.param("ATT 282 ANNE 191", "DMKVDA128E ANNE 191 ALREADY DEFINED", id="address taken"),
    pytest.param("ATT 282 NOBODY 181", "DMKVDA045E NOBODY NOT LOGGED ON", id="not logged on"),
    pytest.param("ATT 999 ANNE 181", "DMKVDA040E DEV 999 DOES NOT EXIST", id="no such device"),
    pytest.param("ATT XX ANNE 181", "DMKVDA021E RADDR MISSING OR INVALID", id="no address"),
    pytest.param("ATT 282", "DMKVDA020E USERID MISSING OR INVALID", id="no user"),
    pytest.param("ATT 282 ANNE", "DMKVDA022E VADDR MISSING OR INVALID", id="no virtual address"),
    pytest.param("ATT 282 ANNE 682", "DMKVDA022E VADDR MISSING OR INVALID - 682", id="no channel 6"),
    pytest.param("ATT 282 ANNE 182 X", "DMKVDA003E INVALID OPTION - X", id="option"),
]


@pytest.mark.parametrize(("line", "answer"), ATTACHED)
def test_attach(line, answer):
    """[4.3 ATTach] (class B)"""
    made, _, anne, bill = three()
    told = len(cp_lines(anne))
    assert made.command(bill, line).lines == [answer]
    if "TO ANNE 182" in answer:
        vdev = anne.devices[0x182]
        assert (vdev.real, vdev.model, vdev.vdevstat) == (0x282, "3420", VDEVSTAT.DEDICATED | VDEVSTAT.ATTACHED)
        assert bool(vdev.vdevflag & VDEVFLAG.READ_ONLY) == line.endswith("R/O")
        assert cp_lines(anne)[told:] == ["TAPE 182 ATTACHED"]
    else:
        assert cp_lines(anne)[told:] == []


def test_what_a_class_g_user_may_not_do_he_does_not_know():
    """[4.3 ATTach] classes."""
    made, _, anne, _ = three()
    for line in ("ATTACH 282 ANNE 182", "FORCE BILL", "AUTOLOG CARL CPW", "WARNING ALL HELLO"):
        assert made.command(anne, line).lines == [f"DMKCFM001E ?CP: {line.split()[0]}"]


def test_a_volume_that_is_mounted_later_is_attached_to_the_system():
    """[4.3 ATTach] SYSTEM volid; then minidisks on it can be linked, and it is taken back when nobody has one."""
    made, _, anne, bill = three()
    made.machine.channels.attach(0x131, Disk3330(blank_volume("3330", "NEWVOL", 10)))
    directory = made.cp.directory
    assert made.command(bill, "ATTACH 131 SYSTEM OTHER").lines == ["DMKVDA127E DASD 131 VOLID NOT OTHER"]
    assert made.command(bill, "ATTACH 131 SYSTEM").lines == ["DMKVDA026E OPERAND MISSING OR INVALID"]
    assert made.command(bill, "ATTACH 131 TO SYSTEM AS NEWVOL").lines == ["DASD 131 ATTACHED TO SYSTEM NEWVOL"]
    assert made.command(bill, "ATTACH 131 SYSTEM NEWVOL").lines == ["DMKVDA129E SYSTEM VOLID NEWVOL ALREADY ATTACHED"]
    assert made.cp.volumes.find("NEWVOL").address == 0x131
    assert made.cp.volumes.temporary == directory.temporary_areas
    assert made.command(bill, "DETACH 350 SYSTEM").lines == ["DMKVDD124E DASD 350 IN USE BY 002 USERS"]
    assert made.command(bill, "DETACH 131 FROM SYSTEM").lines == ["DASD 131 DETACHED FROM SYSTEM NEWVOL"]
    assert made.command(bill, "DETACH 131 SYSTEM").lines == ["DMKVDD121E DASD 131 NOT ATTACHED TO SYSTEM"]
    assert anne.devices[0x190].real == 0x350


# ---- DETACH --------------------------------------------------------------------------------------------------------

DETACHED = [
    pytest.param("ANNE", "DET 190", ["DASD 190 DETACHED"], [0x190], id="a minidisk"),
    pytest.param("ANNE", "DETACH 00C", ["RDR 00C DETACHED"], [0x00C], id="a reader"),
    pytest.param("ANNE", "DET 45A", ["CTCA 450 DETACHED"], [0x450], id="an adapter, by any of its addresses"),
    pytest.param("ANNE", "DET 190 191", ["190 191 DETACHED"], [0x190, 0x191], id="several"),
    pytest.param("ANNE", "DET 00C-00E", ["00C 00D 00E DETACHED"], [0x00C, 0x00D, 0x00E], id="a range"),
    pytest.param(
        "ANNE", "DET 190 192", ["DMKVDD040E DEV 192 DOES NOT EXIST", "190 DETACHED"], [0x190], id="one is not there"
    ),
    pytest.param("ANNE", "DET 192", ["DMKVDD040E DEV 192 DOES NOT EXIST"], [], id="not there"),
    pytest.param("ANNE", "DET 300-3FF", ["DMKVDD040E DEV 300-3FF DOES NOT EXIST"], [], id="none in the range"),
    pytest.param("ANNE", "DET", ["DMKVDD022E VADDR MISSING OR INVALID"], [], id="nothing"),
    pytest.param("ANNE", "DET XYZ", ["DMKVDD022E VADDR MISSING OR INVALID - XYZ"], [], id="no address"),
    pytest.param("BILL", "DET 181", ["TAPE 181 DETACHED"], [0x181], id="a dedicated device"),
    pytest.param("BILL", "DET 281 FROM *", ["TAPE 281 DETACHED FROM BILL 181"], [0x181], id="class B, oneself"),
    pytest.param("BILL", "DET 281 ANNE", ["DMKVDD121E TAPE 281 NOT ATTACHED TO ANNE"], [], id="not his"),
    pytest.param("BILL", "DET 281 FROM NOBODY", ["DMKVDD045E NOBODY NOT LOGGED ON"], [], id="not logged on"),
]


@pytest.mark.parametrize(("userid", "line", "lines", "gone"), DETACHED)
def test_detach(userid, line, lines, gone):
    """[4.3 DETach]"""
    made, _, _, _ = three()
    vm = made.cp.vm(userid)
    before = list(vm.devices)
    assert made.command(vm, line).lines == lines
    assert [address for address in before if address not in vm.devices] == gone


def test_detach_of_a_tape_unloads_it_and_tells_the_operator():
    """[4.3 DETach] a real device is free again."""
    made, operator, _, bill = three()
    made.command(bill, "DETACH 181")
    assert cp_lines(operator)[-1] == "00:00:00 TAPE 281 DETACHED BY BILL"
    assert made.machine.channels.devices[0x281].tape is None
    assert made.command(bill, "ATTACH 281 ANNE 183").code == 0


def test_the_operator_takes_a_device_away_from_a_user_while_it_is_in_use():
    """[4.3 DETach] raddr FROM userid: the guest finds no device any more, and its frames are unlocked."""
    made, operator, _, bill = three()
    bill.cpu.store_real(PSA.CAW, bytes.fromhex("00000500"))
    bill.cpu.store_real(0x500, bytes.fromhex("01002000 20001000"))
    made.start(bill, instruction("SIO", displacement=0x181) + instruction("TIO", displacement=0x181) + "47F00A04")
    made.until(lambda: bill.devices[0x181].running)
    assert bill.storage.locked
    assert made.command(operator, "DETACH 281 FROM BILL").lines == ["TAPE 281 DETACHED FROM BILL 181"]
    assert cp_lines(bill)[-1] == "TAPE 181 DETACHED BY OPERATOR"
    assert not bill.storage.locked
    made.steps(4)
    assert bill.vmpsw.cc == 3


# ---- DEFINE --------------------------------------------------------------------------------------------------------

DEFINED = [
    pytest.param("DEF RDR 01C", "RDR 01C DEFINED", (0x01C, "2540R"), id="reader"),
    pytest.param("DEFINE PUNCH AS 01D", "PUN 01D DEFINED", (0x01D, "2540P"), id="punch"),
    pytest.param("DEF PRT A 01E", "PRT 01E DEFINED", (0x01E, "1403"), id="printer"),
    pytest.param("DEF 3211 01E", "PRT 01E DEFINED", (0x01E, "3211"), id="printer by its type"),
    pytest.param("DEF CTCA 460", "CTCA 460 DEFINED", (0x460, "CTCA"), id="adapter"),
    pytest.param("DEF GRAF 2C0", "GRAF 2C0 DEFINED", (0x2C0, "3270"), id="display"),
    pytest.param("DEF T3330 AS 292 CYL 4", "DASD 292 DEFINED 004 CYL", (0x292, "3330"), id="T-disk"),
    pytest.param("DEF 191 AS 291", "DASD 291 DEFINED", (0x291, "3350"), id="another address"),
    pytest.param("DEF 00C 01C", "RDR 01C DEFINED", (0x01C, "2540R"), id="a reader at another address"),
    pytest.param("DEF 450 460", "CTCA 460 DEFINED", (0x460, "CTCA"), id="an adapter at another address"),
    pytest.param("DEF RDR 00C", "DMKDEF092E DEV 00C ALREADY DEFINED", None, id="address taken"),
    pytest.param("DEF CTCA 19F", "DMKDEF092E DEV 19F ALREADY DEFINED", None, id="control unit taken"),
    pytest.param("DEF 191 190", "DMKDEF092E DEV 190 ALREADY DEFINED", None, id="renumbering, address taken"),
    pytest.param("DEF 192 292", "DMKDEF040E DEV 192 DOES NOT EXIST", None, id="renumbering, no device"),
    pytest.param("DEF FROB 292", "DMKDEF003E INVALID OPTION - FROB", None, id="type"),
    pytest.param("DEF CONS 01F", "DMKDEF092E CONSOLE ALREADY DEFINED", None, id="second console"),
    pytest.param("DEF T3330 292 CYL 21", "DMKDEF091E DASD 292 NOT DEFINED; TEMP SPACE NOT AVAILABLE", None, id="full"),
    pytest.param(
        "DEF T3350 292 CYL 1", "DMKDEF091E DASD 292 NOT DEFINED; TEMP SPACE NOT AVAILABLE", None, id="no area"
    ),
    pytest.param("DEF T3330 292", "DMKDEF026E OPERAND MISSING OR INVALID", None, id="no cylinders"),
    pytest.param("DEF T3330 292 CYL 0", "DMKDEF026E OPERAND MISSING OR INVALID", None, id="zero cylinders"),
    pytest.param("DEF T3330 190 CYL 1", "DMKDEF092E DEV 190 ALREADY DEFINED", None, id="T-disk, address taken"),
    pytest.param("DEF RDR 60C", "DMKDEF022E VADDR MISSING OR INVALID - 60C", None, id="channel 6"),
    pytest.param("DEF RDR", "DMKDEF022E VADDR MISSING OR INVALID", None, id="no address"),
    pytest.param("DEF", "DMKDEF026E OPERAND MISSING OR INVALID", None, id="nothing"),
    pytest.param("DEF CHAN XXX", "DMKDEF026E OPERAND MISSING OR INVALID", None, id="channels"),
    pytest.param("DEF STOR", "DMKDEH025E STORAGE MISSING OR INVALID", None, id="no size"),
    pytest.param("DEF STOR 4K", "DMKDEH025E STORAGE MISSING OR INVALID - 4K", None, id="too small"),
    pytest.param("DEF STOR 132K", "DMKDEH094E STORAGE EXCEEDS ALLOWED MAXIMUM", None, id="more than the directory's"),
]


@pytest.mark.parametrize(("line", "answer", "defined"), DEFINED)
def test_define(line, answer, defined):
    """[4.3 DEFine] devices; [4.2-7.2-7] T-disks."""
    made, _, anne, _ = three()
    before = {address: vdev.model for address, vdev in anne.devices.items()}
    assert made.command(anne, line).lines == [answer]
    now = {address: vdev.model for address, vdev in anne.devices.items()}
    if defined is None:
        assert now == before
    else:
        assert (defined[0], now[defined[0]]) == defined


def test_a_renumbered_device_is_the_same_device():
    """[4.3 DEFine] vaddr AS vaddr2."""
    made, _, anne, _ = three()
    made.command(anne, "DEFINE 191 AS 291")
    made.command(anne, "DEFINE 00D AS 01D")
    disk, punch = anne.devices[0x291], anne.devices[0x01D].device
    assert (disk.real, disk.reln, disk.bnd, disk.user) == (0x350, 1, 5, "ANNE")
    assert (punch.address, punch.options.sfbclas) == (0x01D, "B")
    assert 0x191 not in anne.devices
    assert 0x00D not in anne.devices


def test_define_storage_gives_other_storage_all_zero_and_resets_the_machine():
    """[4.3 DEFine] STORage: implicit reset and clear; the frames of the old storage are free."""
    made, _, anne, _ = three()
    free = len(made.cp.paging.core.free)
    anne.cpu.store_real(0x2000, b"\xff" * 16)
    anne.vmgprs[3] = 7
    assert made.command(anne, "DEFINE STORAGE AS 128K").lines == ["STORAGE = 00128K"]
    assert (anne.vmsize, anne.peek(0x2000, 16), anne.vmgprs[3], anne.cf) == (0x20000, bytes(16), 0, True)
    assert len(made.cp.paging.core.free) == free
    anne.vmgprs[1], anne.vmgprs[3] = 0x1FFFC, 7
    made.start(anne, "50301000" + "47F00A04")
    made.until(lambda: anne.peek(0x1FFFC, 4) == bytes([0, 0, 0, 7]))


def test_define_storage_can_be_undone_by_going_back():
    """A checkpoint has the storage of its time."""
    made, _, anne, _ = three()
    anne.cpu.store_real(0x2000, b"\xff" * 16)
    checkpoint = made.machine.state(), made.cp.state()
    made.command(anne, "DEFINE STORAGE 128K")
    made.machine.restore(checkpoint[0])
    made.cp.restore(checkpoint[1])
    assert (anne.vmsize, anne.peek(0x2000, 16)) == (0x10000, b"\xff" * 16)


def test_define_channels():
    """[4.3 DEFine] CHANNELS AS SEL or BMX, with a reset."""
    made, _, anne, _ = three()
    assert anne.devices.channels is ChannelType.SELECTOR
    anne.cf = False
    assert made.command(anne, "DEFINE CHANNELS AS BMX").lines == ["CHANNELS = BMX"]
    assert (anne.devices.channels, anne.cf) == (ChannelType.BLOCK_MULTIPLEXER, True)
    assert made.command(anne, "DEF CHAN SEL").lines == ["CHANNELS = SEL"]
    assert anne.devices.channels is ChannelType.SELECTOR


def test_a_temporary_disk_holds_what_its_last_owner_has_left_there():
    """[7.2-7] T-disk space is not cleared: the next one who gets the cylinders can read them."""
    made, _, anne, bill = three()
    made.command(bill, "DETACH 192")
    made.command(anne, "DEFINE T3330 AS 292 CYL 5")
    assert (anne.devices[0x292].reln, anne.devices[0x292].bnd) == (10, 5), "where BILL's was"


# ---- COUPLE, DIAL --------------------------------------------------------------------------------------------------

COUPLED = [
    pytest.param("COUPLE 450 TO BILL 450", "CTCA 450 COUPLED TO BILL 450", id="with TO"),
    pytest.param("COUPLE 451 BILL 45F", "CTCA 450 COUPLED TO BILL 450", id="any address of the control unit"),
    pytest.param("COUPLE 450 NOBODY 450", "DMKDIA045E NOBODY NOT LOGGED ON", id="not logged on"),
    pytest.param("COUPLE 192 BILL 450", "DMKDIA040E DEV 192 DOES NOT EXIST", id="no device"),
    pytest.param("COUPLE 450 BILL 460", "DMKDIA040E DEV BILL 460 DOES NOT EXIST", id="no device of his"),
    pytest.param("COUPLE 191 BILL 450", "DMKDIA006E INVALID DEVICE TYPE - 191", id="no adapter"),
    pytest.param("COUPLE 450 BILL 181", "DMKDIA006E INVALID DEVICE TYPE - BILL 181", id="no adapter of his"),
    pytest.param("COUPLE 450 * 450", "DMKDIA006E INVALID DEVICE TYPE - ANNE 450", id="with itself"),
    pytest.param("COUPLE", "DMKDIA022E VADDR MISSING OR INVALID", id="nothing"),
    pytest.param("COUPLE 450", "DMKDIA020E USERID MISSING OR INVALID", id="no user"),
    pytest.param("COUPLE 450 BILL", "DMKDIA022E VADDR MISSING OR INVALID", id="no address of his"),
]


@pytest.mark.parametrize(("line", "answer"), COUPLED)
def test_couple(line, answer):
    """[4.3 COUPLE]"""
    made, _, anne, bill = three()
    told = len(cp_lines(bill))
    assert made.command(anne, line).lines == [answer]
    mine, its = anne.devices[0x450].device, bill.devices[0x450].device
    done = answer.startswith("CTCA")
    assert (mine.coupled, mine.other is its, its.other is mine) == (done, done, done)
    assert cp_lines(bill)[told:] == (["CTCA 450 COUPLE BY ANNE 450"] if done else [])


@pytest.mark.parametrize("line", ["DETACH 450", "LOGOFF", "DEFINE 450 460", "COUPLE 450 OPERATOR 450"])
def test_both_are_told_when_an_adapter_is_uncoupled(line):
    """[4.3 COUPLE] DETACH, LOGOFF and another COUPLE undo it."""
    made, operator, anne, bill = three()
    made.command(operator, "DEFINE CTCA 450")
    made.command(anne, "COUPLE 450 BILL 450")
    made.command(anne, line)
    assert cp_lines(bill)[-1] == "CTCA 450 DROP FROM ANNE 450"
    assert "CTCA 450 DROP FROM BILL 450" in cp_lines(anne)
    assert not bill.devices[0x450].device.coupled


def test_dial_connects_a_terminal_to_a_free_display():
    """[4.3 DIAL] the display's power goes on: device end."""
    made, _, anne, bill = three()
    assert made.command(anne, "DIAL NOBODY").lines == ["DMKDIA045E NOBODY NOT LOGGED ON"]
    assert made.command(anne, "DIAL OPERATOR").lines == ["DMKDIA055E LINE(S) NOT AVAILABLE ON OPERATOR"]
    assert made.command(anne, "DIAL BILL").lines == ["DIALED TO BILL 7C0"]
    assert bill.devices[0x7C0].vdevunit == UnitStatus.DEVICE_END
    assert made.command(anne, "DIAL BILL 7C0").lines == ["DMKDIA055E LINE(S) NOT AVAILABLE ON BILL"]


# ---- MESSAGE -------------------------------------------------------------------------------------------------------

MESSAGES = [
    pytest.param("BILL", "MSG ANNE Hello, Anne", "ANNE", "MSG FROM BILL    :  Hello, Anne", id="to a user"),
    pytest.param("BILL", "M OP tape please", "OPERATOR", "MSG FROM BILL    :  tape please", id="to the operator"),
    pytest.param("BILL", "MESSAGE * note", "BILL", "MSG FROM BILL    :  note", id="to oneself"),
    pytest.param("BILL", "MSG ALL lunch", "ANNE", "MSG FROM BILL    :  lunch", id="to all"),
    pytest.param("OPERATOR", "WARN ANNE log off now", "ANNE", "WNG FROM OPERATOR:  log off now", id="a warning"),
]


@pytest.mark.parametrize(("sender", "line", "receiver", "text"), MESSAGES)
def test_a_message_appears_on_the_other_terminal(sender, line, receiver, text):
    """[4.3 Message], [4.3 WARNing] the time, then the text as it was typed."""
    made, _, _, _ = three()
    made.machine.clocks.now = 3_600_000_000
    vm = made.cp.vm(receiver)
    told = len(cp_lines(vm))
    assert made.command(made.cp.vm(sender), line).lines == []
    assert cp_lines(vm)[told:] == ["01:00:00", text]


REFUSED_MESSAGES = [
    pytest.param("MSG CARL hello", "DMKMSG045E CARL NOT LOGGED ON", id="not logged on"),
    pytest.param("MSG ALL hello", "DMKMSG045E ALL NOT LOGGED ON", id="ALL in class G"),
    pytest.param("MSG OPERATOR", "DMKMSG026E OPERAND MISSING OR INVALID", id="no text"),
    pytest.param("MSG", "DMKMSG020E USERID MISSING OR INVALID", id="nothing"),
    pytest.param("MSG BILL hello", "DMKMSG057W BILL NOT RECEIVING; MSG OFF", id="SET MSG OFF"),
    pytest.param("MSG OPERATOR hello", "DMKMSG057W OPERATOR NOT RECEIVING; DISCONNECTED", id="disconnected"),
]


@pytest.mark.parametrize(("line", "answer"), REFUSED_MESSAGES)
def test_who_does_not_get_a_message(line, answer):
    """[4.3 Message] messages 045E and 057W."""
    made, operator, anne, bill = three()
    bill.settings["MSG"] = "OFF"
    if "DISCONNECTED" in answer:
        made.command(operator, "DISCONN")
    assert made.command(anne, line).lines == [answer]


# ---- the table of commands -----------------------------------------------------------------------------------------

NAMES = {
    "LOG": "LOGoff", "LOGON": "LOGon", "LOGIN": "LOGIN", "LOGOUT": "LOGOUT", "DISC": "DISConn", "FORCE": "FORCE",
    "AUTOLOG": "AUTOLOG", "DIAL": "DIAL", "M": "Message", "MSG": "MSG", "WARN": "WARNing", "WNG": "WNG",
    "ATT": "ATTach", "DET": "DETach", "DEF": "DEFine", "LINK": "LINK", "COUPLE": "COUPLE",
}  # fmt: skip
"""What the shortest abbreviation means."""


@pytest.mark.parametrize(("word", "name"), NAMES.items())
def test_abbreviations(word, name):
    """[4.3 LOGoff] LOG is LOGOFF for who is logged on; the others as the table has them."""
    command = find(word, "ABG")
    assert command is not None
    assert command.name == name
    assert find(name.upper(), "ABG") is not None
    assert sum(c.name == name for c in COMMANDS) == 1
