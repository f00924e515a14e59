"""Users go: LOGOFF, DISCONNECT and FORCE, and what is left when somebody has gone."""

import pytest

from edu_hv.hypervisor.disconnected import GRACE
from edu_hv.hypervisor.paging_area import make_paging_volume
from edu_hv.isa.codes import PSA, Class
from tests.hypervisor.bench import cp_lines, csw, instruction, own_lines
from tests.hypervisor.users_scene import DIRECTORY, MIDNIGHT, configuration, pass_time, scene

# ---- LOGOFF --------------------------------------------------------------------------------------------------------


def belongings(cp):
    """All that a virtual machine can hold of CP's."""
    core = cp.paging.core
    return {
        "free storage": dict(cp.free_storage.taken),
        "frames": sorted(core.free),
        "entries": [core[core.frame(n)] for n in range(len(core))],
        "storages": len(cp.paging.storages),
        "requests": cp.requests.queue,
        "queues": cp.scheduler.in_queue,
        "links": [(vm.vmuser, list(vm.devices)) for vm in cp.vms],
        "consoles": cp.spool.state()[1],
        "real devices": [(rdev.active, rdev.queue, rdev.sensing) for rdev in cp.ios.rdevs.values() if rdev.active],
    }


def test_logoff_tells_the_times():
    """[4.3 LOGoff] CONNECT= VIRTCPU= TOTCPU=, LOGOFF AT."""
    made = scene()
    vm = made.logon("ANNE")
    vm.vmvtime, vm.vmttime = 61_250_000, 3_600_999_999
    made.machine.clocks.now += 3_725_000_000
    assert made.command(vm, "LOGOFF").code == 0
    assert cp_lines(vm)[-2:] == [
        "CONNECT= 01:02:05 VIRTCPU= 001:01.25 TOTCPU= 060:00.99",
        "LOGOFF AT 01:02:05 UTC SATURDAY 01/01/72",
    ]
    assert made.cp.vms == []


WRITE_TAPE = instruction("SIO", displacement=0x181) + instruction("LPSW", displacement=0x510)
"""START I/O, then a wait for its end, which stops the guest."""
WAIT, STOP = "FE020000 00000000", "00020000 00000099"
"""PSWs: wait for an I/O interruption, and a disabled wait."""


def busy_with_tape(made, *vms):
    """The guests write a block of 4096 bytes each on their tapes, and the channel is at it."""
    for vm in vms:
        vm.cpu.store_real(PSA.CAW, bytes.fromhex("00000500"))
        vm.cpu.store_real(0x500, bytes.fromhex("01002000 20001000 0000000000000000" + WAIT))
        vm.cpu.store_real(Class.INPUT_OUTPUT.new_psw, bytes.fromhex(STOP))
        made.start(vm, WRITE_TAPE)
    made.until(lambda: all(vm.devices[0x181].running for vm in vms))


def test_nothing_is_left_of_who_logs_off():
    """[4.3 LOGoff] frames, free storage, links, requests, spool files being made: all are given back."""
    made = scene()
    made.logon("ANNE")
    before = belongings(made.cp)
    vm = made.logon("BILL")
    busy_with_tape(made, vm)
    made.command(vm, "LOGOFF")
    made.settle()
    assert belongings(made.cp) == before
    made.run()
    assert belongings(made.cp) == before
    assert made.machine.channels.devices[0x281].tape is None, "rewound and unloaded"


def test_the_slots_of_pages_that_are_out_are_free_again():
    """[4.3 LOGoff] the guest has had more pages than there is real storage."""
    made = scene(f"{DIRECTORY}USER BIG PW 1M\n")
    made.machine.channels.attach(0x131, make_paging_volume(4))
    made.cp.paging.attach_area(0x131)
    made.logon("ANNE")
    before = belongings(made.cp)
    vm = made.logon("BIG")
    for address in range(0, 0x100000, 0x1000):
        vm.cpu.store_real(address, b"PAGE")
        made.cp.paging.hold_none()
    assert made.cp.paging.area.slots_in_use > 100
    made.command(vm, "LOGOFF")
    made.run()
    assert made.cp.paging.area.slots_in_use == 0
    assert belongings(made.cp) == before


def seeks(made, vm, address, cylinder):
    """The guest moves the arm of its minidisk, and waits."""
    vm.cpu.store_real(PSA.CAW, bytes.fromhex("00000500"))
    ccw = "07000600 00000006 0000000000000000"
    vm.cpu.store_real(0x500, bytes.fromhex(ccw + WAIT) + bytes(0xE8) + bytes([0, 0, 0, cylinder, 0, 0]))
    vm.cpu.store_real(Class.INPUT_OUTPUT.new_psw, bytes.fromhex(STOP))
    made.start(vm, instruction("SIO", displacement=address) + instruction("LPSW", displacement=0x510))


def test_a_minidisk_of_the_same_volume_is_free_when_its_neighbour_logs_off():
    """[4.3 LOGoff] the arm is moving for the one who goes; the other one's seek waits for it, and is done."""
    made = scene()
    before = belongings(made.cp)
    anne, bill = made.logon("ANNE"), made.logon("BILL")
    seeks(made, anne, 0x191, 4)
    seeks(made, bill, 0x190, 2)
    made.until(lambda: anne.devices[0x191].working and bill.devices[0x190].running)
    made.command(anne, "LOGOFF")
    made.until(lambda: bill.cf)
    assert csw(bill)[:11] == "00000508 08"
    assert made.machine.channels.devices[0x350].cylinder == 6 + 2
    made.command(bill, "LOGOFF")
    made.run()
    assert belongings(made.cp) == before


def test_a_file_that_is_being_punched_is_closed_by_logoff():
    """[4.3 LOGoff] and a console read or an adapter that waits is no matter."""
    made = scene()
    before = belongings(made.cp)
    vm = made.logon("ANNE")
    vm.cpu.store_real(PSA.CAW, bytes.fromhex("00000500"))
    vm.cpu.store_real(0x500, bytes.fromhex("0100060020000050"))
    vm.cpu.store_real(0x510, bytes.fromhex("0A00061020000050"))
    vm.cpu.store_real(0x520, bytes.fromhex("0100060020000050"))
    switches = [f"92{at:02X}004B" for at in (0x10, 0x20)]
    code = instruction("SIO", displacement=0x00D) + switches[0] + instruction("SIO", displacement=0x009)
    made.start(vm, code + switches[1] + instruction("SIO", displacement=0x450) + "47F00A14")
    made.until(lambda: vm.devices[0x450].program is not None)
    assert vm.devices[0x009].program.waiting
    assert not made.cp.spool.files("PUN")
    made.command(vm, "LOGOFF")
    assert [(sfblok.sfbuser, sfblok.sfbclas) for sfblok in made.cp.spool.files("PUN")] == [("ANNE", "B")]
    made.run()
    assert belongings(made.cp) == before


def test_who_logs_on_again_has_the_same_machine_as_before():
    """[4.3 LOGoff] the same addresses, the same T-disk space."""
    made = scene()
    first = made.logon("BILL")
    was = configuration(first), dict(made.cp.free_storage.taken)
    made.command(first, "LOGOFF")
    assert (configuration(made.logon("BILL")), dict(made.cp.free_storage.taken)) == was


def test_a_link_is_free_again_when_its_holder_has_logged_off():
    """[4.3 LINK] W is exclusive as long as the other link lasts."""
    made = scene(DIRECTORY.replace("190 190 RR", "190 190 W"))
    anne, bill = made.logon("ANNE"), made.logon("BILL")
    assert "DMKLNK105E MAINT 190 NOT LINKED; R/W BY ANNE" in cp_lines(bill)
    made.command(anne, "LOGOFF")
    assert made.command(bill, "LINK MAINT 190 190 RR RPASS").lines == ["DASD 190 LINKED R/O"]


def console_program(*, read):
    """A guest that writes HI on its console 009 and then, perhaps, reads from it; and loops."""
    ccws = "0900060060000002" + ("0A00061020000050" if read else "0300000020000001")
    return {PSA.CAW: "00000500", 0x500: ccws, 0x600: "C8C9"}, "9C000009" + "47F00A04"


def started(made, vm, *, read):
    stored, code = console_program(read=read)
    for address, data in stored.items():
        vm.cpu.store_real(address, bytes.fromhex(data))
    return made.start(vm, code)


def test_another_guest_loses_nothing_when_one_logs_off_in_the_middle_of_its_io():
    """[4.3 LOGoff] both write on tapes of their own; the one that stays does so to its end."""
    made = scene()
    bill, anne = made.logon("BILL"), made.logon("ANNE")
    made.command(bill, "ATTACH 282 ANNE 181")
    busy_with_tape(made, anne, bill)
    made.command(anne, "LOGOFF")
    made.until(lambda: bill.cf)
    assert csw(bill) == "00000508 0C000000"
    assert not bill.storage.locked
    drives = made.machine.channels.devices
    assert [drives[at].tape is not None for at in (0x281, 0x282)] == [True, False]


def test_a_guest_can_log_itself_off_by_diagnose():
    """[3 X'08'] LOGOFF, with the answer to its terminal or to a buffer: the machine is gone, and nothing else is."""
    for buffered in (False, True):
        made = scene()
        before = belongings(made.cp)
        vm = made.logon("ANNE")
        vm.cpu.store_real(0x700, "LOGOFF".encode("cp037"))
        vm.vmgprs[4], vm.vmgprs[6] = 0x700, (0x40000000 if buffered else 0) | 6
        vm.vmgprs[5], vm.vmgprs[7] = 0x800, 0x100
        made.start(vm, "83460008" + "47F00A04")
        made.run()
        assert made.cp.vms == []
        assert cp_lines(vm)[-1].startswith("LOGOFF AT ")
        assert belongings(made.cp) == before


def test_an_earlier_checkpoint_has_the_machine_that_has_logged_off_since():
    """Going back and forward again gives the same."""
    made = scene()
    vm = made.logon("BILL")
    busy_with_tape(made, vm)
    checkpoint = made.machine.state(), made.cp.state()
    ends = []
    for _ in range(2):
        made.command(vm, "LOGOFF")
        made.run()
        ends.append((belongings(made.cp), cp_lines(vm), made.machine.clocks.now))
        made.machine.restore(checkpoint[0])
        made.cp.restore(checkpoint[1])
        assert made.cp.vms == [vm]
        assert vm.devices[0x181].running
    assert ends[0] == ends[1]
    made.until(lambda: vm.cf)
    assert csw(vm) == "00000508 0C000000"


# ---- DISCONNECT ----------------------------------------------------------------------------------------------------


def test_a_disconnected_machine_goes_on():
    """[4.3 DISConn] its output is on the terminal when somebody comes."""
    made = scene()
    operator, vm = made.logon("OPERATOR"), made.logon("ANNE")
    started(made, vm, read=False)
    made.settle()
    assert made.command(vm, "DISC").lines == [f"DISCONNECT AT {MIDNIGHT}"]
    made.until(lambda: own_lines(vm) == ["HI"])
    pass_time(made, 2 * GRACE)
    assert vm in made.cp.vms, "it does not need its terminal"
    assert cp_lines(operator)[-1] == "00:00:00 DISCONNECT ANNE     USERS = 002"


@pytest.mark.parametrize("already", [True, False], ids=["before DISCONNECT", "after it"])
def test_a_disconnected_machine_that_reads_from_its_console_is_logged_off_after_15_minutes(already):
    """[4.3 DISConn] but not a moment earlier."""
    made = scene()
    operator, vm = made.logon("OPERATOR"), made.logon("ANNE")
    if not already:
        made.command(vm, "DISCONN HOLD")
    started(made, vm, read=True)
    made.until(lambda: own_lines(vm) == ["HI"])
    if already:
        made.command(vm, "DISCONN HOLD")
    due = made.cp.requests.next_due
    pass_time(made, due - made.machine.clocks.now - 1000)
    assert vm in made.cp.vms
    pass_time(made, 1000)
    assert vm not in made.cp.vms
    assert cp_lines(vm)[-1].startswith("LOGOFF AT 00:15:00 UTC")
    assert cp_lines(operator)[-1] == "00:15:00 DSC LOGOFF AS ANNE     USERS = 001"


def test_a_disconnected_machine_that_stops_in_cp_mode_is_logged_off_after_15_minutes():
    """[4.3 DISConn] a disabled wait, for instance."""
    made = scene()
    made.logon("OPERATOR")
    vm = made.logon("ANNE")
    started(made, vm, read=False)
    made.command(vm, "DISCONN")
    made.until(lambda: own_lines(vm) == ["HI"])
    assert not made.cp.requests.queue
    vm.vmpsw.wait = True
    made.until(lambda: vm.cf)
    pass_time(made, GRACE)
    assert vm not in made.cp.vms


def test_who_logs_on_again_in_time_has_his_machine_back_in_cp_mode():
    """[4.3 LOGon] RECONNECTED AT; nobody is logged off later."""
    made = scene()
    operator, vm = made.logon("OPERATOR"), made.logon("ANNE")
    made.command(vm, "DISC")
    made.machine.clocks.now += 60_000_000
    assert made.logon("ANNE") is vm
    assert cp_lines(vm)[-1] == "RECONNECTED AT 00:01:00 UTC SATURDAY 01/01/72"
    assert cp_lines(operator)[-1] == "00:01:00 RECONNECT ANNE     USERS = 002"
    assert vm.cf
    pass_time(made, GRACE)
    assert vm in made.cp.vms


# ---- FORCE, AUTOLOG ------------------------------------------------------------------------------------------------


def test_force_logs_another_user_off():
    """[4.3 FORCE] class A."""
    made = scene()
    operator, vm = made.logon("OPERATOR"), made.logon("ANNE")
    assert made.command(vm, "FORCE OPERATOR").lines == ["DMKCFM001E ?CP: FORCE"]
    assert made.command(operator, "FORCE NOBODY").lines == ["DMKUSO045E NOBODY NOT LOGGED ON"]
    assert made.command(operator, "FORCE").lines == ["DMKUSO020E USERID MISSING OR INVALID"]
    assert made.command(operator, "FORCE ANNE").code == 0
    assert cp_lines(vm)[-1] == f"LOGOFF AT {MIDNIGHT} BY OPERATOR"
    assert cp_lines(operator)[-1] == "00:00:00 LOGOFF AS ANNE     USERS = 001 FORCED BY OPERATOR"
