"""Interruptions of guests, waits, handshaking and IPL: the ways that are CP's own.

That a reflected interruption is that of the machine is shown in `test_reflection`, timers in `test_timers`.
"""

import pytest

from edu_hv.devices.card import CardReader
from edu_hv.hypervisor.commands import run_command
from edu_hv.hypervisor.vmblok import Pending, ProcessStatus
from edu_hv.isa.codes import CR0, PIC, PSA, Class, External
from edu_hv.machine.machine import Machine
from edu_hv.machine.storage import FRAME
from tests.hypervisor.bench import CODE, CONSOLE, HANDLER, PRINTER, READER, SIZE, bench, cp_lines
from tests.hypervisor.rows_scene import AREA, WAIT_FOR_IO, page_out, prepared, store
from tests.hypervisor.test_invariants import paging_bench

LOOP = "47F03000"


def small(code, ecmode=False, **psw):
    """A guest beside which there is room for nine pages."""
    made = paging_bench(0x10000 + 9 * FRAME)
    vm = made.start(made.log_on(ecmode=ecmode), code, **psw)
    store(vm, {kind.new_psw: f"{HANDLER:016X}" for kind in Class} | {HANDLER: LOOP})
    vm.vmgprs[3] = HANDLER
    made.cp.paging.hold_none()
    return made, vm


# ---- 1.6 SVC ---------------------------------------------------------------------------------------------------------


def test_svc_is_reflected_when_page_0_is_not_in_real_storage():
    """[1.6 SVC-3; 1.6 SVC-4] The slow path: page 0 is brought back, with what was in it, and has the old PSW then."""
    made, vm = small("")
    store(vm, {0x5000: "0A2A", 0x60: f"{HANDLER:016X}"})
    vm.vmpsw.instruction_address = 0x5000
    page_out(made, vm, 0)
    reads = vm.storage.page_reads
    made.until(lambda: vm.peek(0x20, 8) != bytes(8))
    made.settle()
    assert (vm.storage.page_reads > reads, vm.storage.frame_of(0) is None) == (True, False)
    assert vm.peek(0x20, 8).hex() == "0000002a40005002"
    assert vm.peek(0x60, 8).hex() == f"{HANDLER:016x}"


def test_svc_that_is_traced_is_reflected_all_the_same():
    """[1.6 SVC-3] TRACE SVC RUN: the line, and the same PSWs."""
    seen = []
    for trace in (False, True):
        made, vm = prepared("0A2A")
        if trace:
            run_command(made.cp, vm, "TRACE SVC RUN")
        made.steps()
        made.stop()
        seen.append((vm.peek(0x20, 8), str(vm.vmpsw)))
    assert seen[0] == seen[1]
    assert seen[0][0].hex() == f"0000002a{0x40000000 + CODE + 2:08x}"
    assert cp_lines(vm) == ["*** 000A02 SVC   002A ==> 003000"]


# ---- 1.6 external ----------------------------------------------------------------------------------------------------


def test_real_external_interruptions_are_cps_and_virtual_ones_come_by_command():
    """[1.6 EXT-1] The real interrupt key is no guest's, though its PSW allows it; EXTERNAL is its interrupt key."""
    made, vm = prepared("47F00A00", system_mask=0x01)
    made.settle()
    events = made.watch()
    made.machine.press_interrupt_key()
    made.steps(3)
    assert [verdict.rule.id for verdict in made.verdicts(events)] == ["EXT-3"]
    assert (vm.peek(0x18, 8), vm.vmpxint) == (bytes(8), [])
    run_command(made.cp, vm, "EXTERNAL")
    made.settle()
    assert vm.peek(0x18, 8).hex() == f"01000040{CODE:08x}"


def test_wait_bit_is_looked_at_behind_external_and_io():
    """[1.6 ORDER] The old PSW of each tells who was first; then the wait bit is looked at."""
    made, vm = prepared("82000800", WAIT_FOR_IO | {0x800: "FF02000000000ABC"})
    store(vm, {0x58: f"FE02{HANDLER:012X}", 0x78: "0002000000000DEF"})
    vm.queue_external(External.INTERRUPT_KEY, CR0.INTERRUPT_KEY_MASK)
    made.cp.vio.attention(vm)
    events = made.watch()
    made.run()
    assert [verdict.rule.id for verdict in made.verdicts(events)] == ["PRV-2", "DSP-5", "DSP-6", "DSP-7"]
    assert vm.peek(0x18, 8).hex() == "ff02004000000abc"
    assert vm.peek(0x38, 8).hex() == f"fe02{CONSOLE:04x}{HANDLER:08x}"
    assert cp_lines(vm)[0] == "DMKDSP450W CP ENTERED; DISABLED WAIT PSW '00020000 00000DEF'"


def test_program_event_comes_before_an_external_interruption():
    """[1.6 ORDER] An SVC with PER: both belong to what the guest did, and so are before what came from outside."""
    made, vm = prepared("0A01", cr={0: CR0.INTERRUPT_KEY_MASK, 9: 0x40000000, 10: CODE, 11: CODE}, ec_mode=True)
    vm.cpu.load_psw(vm.cpu.decode_psw(bytes.fromhex(f"40080000{CODE:08X}")))
    store(vm, {0x60: "0108000000004000", 0x68: f"01080000{HANDLER:08X}", 0x58: f"00080000{HANDLER:08X}"})
    vm.queue_external(External.INTERRUPT_KEY, CR0.INTERRUPT_KEY_MASK)
    made.steps()
    made.stop()
    old = {kind: vm.peek(kind.old_psw + 4, 4).hex() for kind in (Class.SVC, Class.PROGRAM, Class.EXTERNAL)}
    assert old == {
        Class.SVC: f"{CODE + 2:08x}",
        Class.PROGRAM: "00004000",
        Class.EXTERNAL: f"{HANDLER:08x}",
    }


# ---- 1.8 wait --------------------------------------------------------------------------------------------------------


def test_guest_that_waits_leaves_its_queue_and_the_machine_waits_when_nobody_runs():
    """[1.8 VMPSW wait bit, some mask on; 1.8 no VM runnable at all] The real PSW waits, enabled."""
    made, vm = prepared("82000800", WAIT_FOR_IO)
    other = made.start(made.log_on("B"), "47F00A00")
    made.until(lambda: vm.vmpsw.wait)
    made.settle()
    assert made.cp.scheduler.in_queue == [other]
    assert not made.machine.cpu.psw.wait
    run_command(made.cp, other, "STOP")
    made.settle()
    assert made.cp.scheduler.in_queue == []
    assert made.machine.cpu.psw.to_bytes().hex() == "030e000000000000"
    made.cp.console_input(vm, "")
    made.settle()
    assert (made.cp.running, vm.peek(0x3A, 2).hex()) == ("A", f"{CONSOLE:04x}")


# ---- 1.11 handshaking ------------------------------------------------------------------------------------------------


def handshaking(**psw):
    """A guest with PAGEX that loads from a page that is out, in EC mode, enabled for I/O, DAT off."""
    made, vm = small("", ecmode=True)
    store(vm, {0x5000: "12345678", 0x68: "0008000000003000", HANDLER: "8000090047F03004", 0x900: "02"})
    vm.vmpstat |= ProcessStatus.PAGEX
    made.start(vm, "58405000" + "47F00A04", ec_mode=True, **{"system_mask": 0x02} | psw)
    vm.vmgprs[5] = 0x5000
    made.cp.paging.hold_none()
    page_out(made, vm, 5)
    for page in (0, HANDLER // FRAME):
        made.cp.paging.bring(vm.storage, page)
    made.cp.paging.hold_none()
    assert vm.storage.frame_of(5) is None
    return made, vm


def test_guest_with_pagex_hears_of_a_page_fault_and_of_its_end():
    """[1.11 Pseudo page faults; 1.2 VMPEND] Code 0014 with the address at X'90', and again with its high bit on."""
    made, vm = handshaking()
    told = []

    def look():
        if vm.peek(0x8E, 2) == b"\0\x14" and vm.peek(0x90, 4).hex() not in told:
            told.append(vm.peek(0x90, 4).hex())
        return len(told) == 2

    made.until(look)
    made.settle()
    assert told == ["00005000", "80005000"]
    assert vm.storage.frame_of(5) is not None
    assert (vm.pages_told, vm.pages_arrived, vm.vmpend & Pending.PSEUDO) == ((), (), 0)


def test_guest_runs_while_its_page_is_on_its_way():
    """[1.11 Pseudo page faults] That is what it is for: no page wait; the first old PSW points at the instruction."""
    made, vm = handshaking()
    made.until(lambda: vm.peek(0x90, 4) == bytes.fromhex("00005000"))
    made.settle()
    assert PIC(vm.peek(0x8F, 1)[0]) is PIC.PSEUDO_PAGE_FAULT
    assert vm.peek(0x2C, 4).hex() == f"{CODE:08x}"
    assert (made.cp.running, vm.storage.frame_of(5)) == ("A", None)


def test_guest_that_is_disabled_for_io_waits_for_its_page():
    """[1.11 Pseudo page faults] As without PAGEX: it notices nothing."""
    made, vm = handshaking(system_mask=0)
    made.until(lambda: made.cp.running == "A" and made.machine.cpu.gr[4] == 0x12345678)
    assert vm.peek(0x8E, 2) == bytes(2)


def test_ipl_turns_pseudo_page_faults_off():
    """[1.11 Pseudo page faults] The next system may not know of them."""
    made = bench()
    vm = made.log_on()
    run_command(made.cp, vm, "SET PAGEX ON")
    assert vm.vmpstat & ProcessStatus.PAGEX
    made.cp.spool.add_deck("A", [bytes(80)])
    run_command(made.cp, vm, "IPL 00C")
    assert not vm.vmpstat & ProcessStatus.PAGEX


def test_guest_finds_out_that_it_runs_under_cp_and_closes_its_spool_file():
    """[1.11 Detection; 1.11 No double work] STIDP gives X'FF', DIAGNOSE X'00' who it is; X'08' does the CLOSE."""
    command = "CLOSE 00E"
    channel_program = {PSA.CAW: "00004000", 0x4000: "0900500020000004", 0x5000: "C1C2C3C4"}
    code = f"9C000{PRINTER:03X}" + "B2022040" + "83240000" + "83670008" + "47F00A10"
    made, vm = prepared(code, channel_program | {0x900: command.encode("cp037").hex()})
    vm.vmgprs[4], vm.vmgprs[6], vm.vmgprs[7] = 40, 0x900, len(command)
    made.steps(3)
    assert made.cp.spool.files("PRT") == []
    assert vm.peek(AREA + 0x40, 1) == b"\xff"
    assert vm.peek(AREA, 8).decode("cp037") == "VM/370  "
    made.steps()
    assert [(file.sfbuser, file.sfbrecno) for file in made.cp.spool.files("PRT")] == [("A", 1)]


# ---- 1.12 IPL --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("psw", "at"), [("0000000000000ABC", 2), ("0008000000000ABC", 0xBA)], ids=["BC", "EC"])
def test_address_of_the_load_device_is_where_the_load_button_puts_it(psw, at):
    """[1.12 Device address of IPL] Location 2 in BC mode, X'BA' in EC mode; low storage is that of a bare machine."""
    card = bytes.fromhex(psw + "0300000020000001" * 2).ljust(80, b"\0")
    machine, reader = Machine(SIZE), CardReader()
    reader.load([card])
    machine.channels.attach(READER, reader)
    machine.load(READER)
    made = bench()
    vm = made.log_on(ecmode=True)
    made.cp.spool.add_deck("A", [card])
    made.cp.ipl(vm, READER)
    assert vm.peek(at, 2).hex() == f"{READER:04x}"
    assert vm.peek(0, 0x100) == machine.cpu.load_real(0, 0x100)
    assert str(vm.vmpsw) == str(machine.cpu.psw)
