"""Users come: LOGON and AUTOLOG, and the machine that the directory gives them."""

import pytest

from edu_hv.devices.card import CARD
from edu_hv.guests.catalog import GUESTS
from edu_hv.hypervisor.commands.registry import CommandError
from edu_hv.hypervisor.disconnected import GRACE
from edu_hv.hypervisor.logon import log_on
from edu_hv.hypervisor.virtual_devices import VDEVFLAG, DeviceClass
from edu_hv.hypervisor.vmblok import OtherStatus, ProcessStatus, TimerLevel
from edu_hv.machine.subchannel import ChannelType
from tests.hypervisor.bench import bare, cp_lines, own_lines
from tests.hypervisor.users_scene import DIRECTORY, MIDNIGHT, configuration, pass_time, scene

# ---- LOGON ---------------------------------------------------------------------------------------------------------


NONE = VDEVFLAG(0)


def test_logon_builds_the_machine_of_the_entry():
    """[4.6 USER] and the other statements; [4.3 LOGon]"""
    made = scene()
    vm = made.logon("ANNE")
    assert configuration(vm) == {
        "009": ("3215", DeviceClass.TERM, None, None, NONE),
        "00C": ("2540R", DeviceClass.URI, None, None, NONE),
        "00D": ("2540P", DeviceClass.URO, None, None, NONE),
        "00E": ("1403", DeviceClass.URO, None, None, NONE),
        "190": ("3350", DeviceClass.DASD, 0x350, (6, 4), VDEVFLAG.READ_ONLY),
        "191": ("3350", DeviceClass.DASD, 0x350, (1, 5), NONE),
        "450": ("CTCA", DeviceClass.SPEC, None, None, NONE),
    }
    assert [vm.devices[at].device.options.sfbclas for at in (0xC, 0xD, 0xE)] == ["A", "B", "A"]
    assert {vm.devices[at].device.options.dist for at in (0xC, 0xD, 0xE)} == {"BIN7"}
    assert (vm.vmsize, vm.vmcls, vm.vmaccnt, vm.vmdist, vm.ecmode) == (0x10000, "G", "101", "BIN7", False)
    assert vm.cf, "it waits for IPL"
    assert cp_lines(vm) == [f"LOGON AT {MIDNIGHT}"]


def test_logon_gives_what_the_options_say():
    """[4.6 OPTION] ECMODE, REALTIMER, BMX, ISAM, ACCT, SVCOFF and CPUID."""
    made = scene()
    vm = made.logon("BILL")
    assert configuration(vm)["181"] == ("3420", DeviceClass.TAPE, 0x281, None, NONE)
    assert configuration(vm)["192"] == ("3330", DeviceClass.DASD, 0x130, (10, 5), VDEVFLAG.TEMPORARY)
    assert configuration(vm)["7C0"][:2] == ("3270", DeviceClass.GRAF)
    assert vm.devices[0x181].dedicated
    assert vm.ecmode
    assert not made.cp.assist.settings(vm).svc
    assert vm.vmtlevel & TimerLevel.REAL
    assert vm.devices.channels is ChannelType.BLOCK_MULTIPLEXER
    assert vm.vmpstat & (ProcessStatus.ISAM | ProcessStatus.ACCT) == ProcessStatus.ISAM | ProcessStatus.ACCT
    assert vm.cpu.identification.hex() == "ffabcdef01580000"
    assert (vm.vmcls, vm.vmaccnt, vm.vmdist) == ("BG", "BILL", "BILL")


def test_a_device_that_cannot_be_had_is_told_of_and_the_machine_comes_without_it():
    """[4.6 MDisk] volume not mounted, of another type; shared with readers."""
    made = scene()
    made.logon("ANNE")
    vm = made.logon("MAINT")
    assert cp_lines(vm) == [
        "DASD 190 LINKED R/W; R/O BY ANNE",
        "DMKLNK108E MAINT 191 NOT LINKED; VOLID NOVOL NOT MOUNTED",
        "DMKLNK109E MAINT 192 NOT LINKED; INVALID DEVICE TYPE",
        f"LOGON AT {MIDNIGHT}",
    ]
    assert list(vm.devices) == [0x009, 0x190]


REFUSED_DEVICES = [
    pytest.param("DEDICATE 181 283", "DMKLOG090E DEV 181 NOT DEFINED; DEV 283 NOT AVAILABLE", id="no real device"),
    pytest.param("DEDICATE 181 281", "DMKLOG090E DEV 181 NOT DEFINED; DEV 281 NOT AVAILABLE", id="another user's"),
    pytest.param("DEDICATE 350 USRVOL", "DMKLOG090E DEV 350 NOT DEFINED; DEV 350 NOT AVAILABLE", id="minidisks on it"),
    pytest.param("DEDICATE 350 OTHER", "DMKLOG108E DEV 350 NOT DEFINED; VOLID OTHER NOT MOUNTED", id="no volume"),
    pytest.param("MDISK 192 3330 T-DISK 16", "DMKLOG091E DASD 192 NOT DEFINED; TEMP SPACE NOT AVAILABLE", id="T-disk"),
    pytest.param("SPECIAL 600 CTCA", "DMKLOG022E VADDR MISSING OR INVALID - 600", id="channel 6 without ECMODE"),
    pytest.param("LINK NOBODY 191", "DMKLNK107E NOBODY 191 NOT LINKED; NOT IN CP DIRECTORY", id="no such owner"),
    pytest.param("LINK ANNE 192", "DMKLNK107E ANNE 192 NOT LINKED; NOT IN CP DIRECTORY", id="no such minidisk"),
    pytest.param("LINK ANNE 191 195 W", "DMKLNK105E ANNE 191 NOT LINKED; R/W BY ANNE", id="in use"),
    pytest.param("SPECIAL 0FF TIMER", "DMKLOG006E INVALID DEVICE TYPE - 0FF", id="not supported"),
]


@pytest.mark.parametrize(("statement", "message"), REFUSED_DEVICES)
def test_a_device_of_the_entry_that_is_not_available(statement, message):
    """[4.6 DEDicate], [4.6 SPEcial], [4.6 LINK]"""
    made = scene(f"{DIRECTORY}USER NEW PW 64K\n CONSOLE 009 3215\n {statement}\n")
    for userid in ("ANNE", "BILL"):
        made.logon(userid)
    vm = made.logon("NEW")
    assert cp_lines(vm) == [message, f"LOGON AT {MIDNIGHT}"]
    assert list(vm.devices) == [0x009]


def test_a_volume_that_nobody_uses_can_be_dedicated_and_then_has_no_minidisks():
    """[4.6 DEDicate] by volume serial."""
    made = scene(f"{DIRECTORY}USER NEW PW 64K\n DEDICATE 350 USRVOL R/O\n")
    vm = made.logon("NEW")
    assert (vm.devices[0x350].real, vm.devices[0x350].vdevflag) == (0x350, VDEVFLAG.READ_ONLY)
    anne = made.logon("ANNE")
    assert "DMKLNK108E ANNE 191 NOT LINKED; VOLID USRVOL NOT MOUNTED" in cp_lines(anne)


@pytest.mark.parametrize(
    ("userid", "password", "message"),
    [
        pytest.param("NOBODY", "X", "DMKLOG053E NOBODY NOT IN CP DIRECTORY", id="unknown"),
        pytest.param("$TDSK$", "NOLOG", "DMKLOG053E $TDSK$ NOT IN CP DIRECTORY", id="NOLOG"),
        pytest.param("ANNE", "X", "DMKLOG050E PASSWORD INCORRECT - REINITIATE LOGON PROCEDURE", id="password"),
        pytest.param("ANNE", None, "DMKLOG050E PASSWORD INCORRECT - REINITIATE LOGON PROCEDURE", id="no password"),
        pytest.param("BILL", "BPW", "DMKLOG054E ALREADY LOGGED ON", id="already logged on"),
    ],
)
def test_who_may_not_log_on_is_told_why(userid, password, message):
    """[4.3 LOGon] messages 050E, 053E, 054E."""
    made = scene()
    made.logon("BILL")
    before = made.cp.state()[0]
    with pytest.raises(CommandError) as caught:
        log_on(made.cp, userid, password)
    assert caught.value.line == message
    assert len(made.cp.vms) == len(before) == 1


def test_no_more_users_than_there_is_room_for_their_tables():
    """[4.3 LOGon] message 052E, and nothing is left of the machine that could not be."""
    users = "".join(f"USER U{n} P 16M\n" for n in range(60))
    made = scene("DIRECTORY 350 3350 USRVOL\n" + users)
    taken = [dict(made.cp.free_storage.taken)]
    refusal = ""
    for n in range(60):
        try:
            log_on(made.cp, f"U{n}", "P")
        except CommandError as error:
            refusal = error.line
            break
        taken.append(dict(made.cp.free_storage.taken))
    assert refusal == "DMKLOG052E MAXIMUM USERS EXCEEDED"
    assert made.cp.free_storage.taken == taken[-1]
    assert len(made.cp.vms) == len(taken) - 1 > 0


def test_logon_at_says_when_by_the_machine_s_clock():
    """[4.3 LOGon] LOGON AT hh:mm:ss zone weekday mm/dd/yy; the operator hears of it."""
    made = scene()
    operator = made.logon("OPERATOR")
    made.machine.clocks.now = ((6 * 24 + 14) * 60 + 5) * 60_000_000 + 11_999_999
    vm = log_on(made.cp, "ANNE", "APW", terminal="GRAF 0C1")
    assert cp_lines(vm) == ["LOGON AT 14:05:11 UTC FRIDAY 01/07/72"]
    assert cp_lines(operator)[-1] == "14:05:11 GRAF 0C1 LOGON AS ANNE     USERS = 002"
    assert operator.vmostat & OtherStatus.SYSOP


def with_deck():
    """AUTO, whose entry has IPL 00C, has a deck in his reader that says hello."""
    made = scene()
    deck = GUESTS["hello"].deck()
    made.cp.spool.add_deck("AUTO", [deck[at : at + CARD] for at in range(0, len(deck), CARD)])
    return made


def test_logon_loads_what_the_entry_names():
    """[4.6 IPL] from the reader; NOIPL leaves it to the user."""
    made = with_deck()
    vm = made.logon("AUTO")
    made.run()
    assert own_lines(vm) == bare("hello")
    other = with_deck()
    assert other.command(other.logon("OPERATOR"), "LOGON AUTO UPW NOIPL").code == 0
    assert other.cp.vm("AUTO").cf
    assert other.cp.vm("AUTO").traps == 0


def test_an_automatic_ipl_that_fails_leaves_the_machine_in_cp_mode():
    """[4.6 IPL] CP's message, as for the command."""
    vm = scene().logon("AUTO")
    assert cp_lines(vm)[1].startswith("DMKVMI232E IPL 00C FAILED")
    assert vm.cf


def test_the_log_message_follows_logon():
    """[4.3 LOGon] LOGMSG, which a class B user sets."""
    made = scene()
    operator = made.logon("OPERATOR")
    made.command(operator, "SET LOGMSG TAPES AFTER NINE ONLY")
    made.command(operator, "SET LOGMSG AND NO CARDS")
    vm = made.logon("ANNE")
    notes = ["* TAPES AFTER NINE ONLY", "* AND NO CARDS"]
    assert cp_lines(vm) == [f"LOGON AT {MIDNIGHT}", f"LOGMSG - {MIDNIGHT}", *notes]
    assert made.command(vm, "SET LOGMSG NULL").lines == ["DMKCFS003E INVALID OPTION - LOGMSG"]
    made.command(operator, "SET LOGMSG NULL")
    assert cp_lines(made.logon("BILL")) == [f"LOGON AT {MIDNIGHT}"]


# ---- AUTOLOG -------------------------------------------------------------------------------------------------------


def test_autolog_loads_a_machine_that_runs_disconnected():
    """[4.3 AUTOLOG] classes A and B."""
    made = scene()
    operator = made.logon("OPERATOR")
    answer = made.command(operator, "AUTOLOG ANNE APW")
    assert answer.lines == ["AUTO LOGON   ***   ANNE     USERS = 002"]
    assert made.cp.vm("ANNE").vmostat & OtherStatus.DISC
    assert made.command(operator, "AUTOLOG ANNE APW").lines == ["DMKALG054E ANNE ALREADY LOGGED ON"]
    assert made.command(operator, "AUTOLOG BILL APW").code == 50
    assert made.command(operator, "AUTOLOG NOBODY X").lines == ["DMKALG053E NOBODY NOT IN CP DIRECTORY"]


def test_an_autologged_machine_is_loaded_and_is_logged_off_when_nobody_comes():
    """[4.3 AUTOLOG] after what it had to do it stops in CP mode: then it has 15 minutes."""
    made = with_deck()
    operator = made.logon("OPERATOR")
    made.command(operator, "AUTOLOG AUTO UPW")
    vm = made.cp.vm("AUTO")
    made.until(lambda: own_lines(vm) == bare("hello") and vm.cf)
    assert cp_lines(operator)[-1] == "00:00:00 AUTO LOGON   ***   AUTO     USERS = 002"
    pass_time(made, GRACE)
    assert made.cp.vms == [operator]
