"""CP with the VM assist: every guest ends as without it, with fewer traps.  Reference 5.1 and 5.2."""

from dataclasses import replace

import pytest

from edu_hv.guests.catalog import GUESTS
from edu_hv.hypervisor.assist import control_registers, virtual_psw
from edu_hv.hypervisor.commands import run_command
from edu_hv.hypervisor.commands.assist import assist_words
from edu_hv.hypervisor.control_program import ControlProgram
from edu_hv.hypervisor.paging_area import make_paging_volume
from edu_hv.isa.codes import CR0, PSA, Class, External, UnitStatus
from edu_hv.machine.assist import CR6, MICBLOK, VALIDATION, Count
from edu_hv.machine.events import AssistDeclined, AssistHandled
from edu_hv.machine.machine import Machine
from edu_hv.machine.psw import PSW
from edu_hv.machine.storage import FRAME
from tests.hypervisor.bench import (
    CODE,
    CONSOLE,
    Bench,
    bare,
    bench,
    cp_lines,
    guest,
    instruction,
    own_lines,
    visible_bare,
    visible_guest,
)
from tests.hypervisor.invariants import locks, problems
from tests.machine.test_assist_equivalence import on_a_machine_of_its_own, random_guest

SETS = [*([name] for name in GUESTS), ["kernel", "second"], ["second", "hello", "kernel"]]
TIMED = [(Class.EXTERNAL.old_psw, 8), (PSA.INTERVAL_TIMER, 4), (PSA.SIGNALLING_CPU, 4)]
"""Where it stands what time it was: where the interval timer interrupted, and the timer."""
COPIES = {"hostile": [(0x7050, 4)]}
"""Where a guest has a copy of it."""
KEEPS_TIME = {"minicp"}
"""A guest that keeps account of its interval timer: so its storage, and its registers, know how long it has run."""


def assisted(made: Bench) -> Bench:
    made.machine.install_assist()
    return made


def handled(made):
    return sum(count.handled for count in made.machine.assist.counts.values())


def ran(names, *, assist):
    made = assisted(bench()) if assist else bench()
    vms = [made.ipl(name, f"{name.upper()[:6]}{number}") for number, name in enumerate(names)]
    made.run()
    made.stop()
    return made, vms


def ended(vm, copies=()):
    """All of a guest's end that does not depend on the time."""
    seen = visible_guest(vm)
    storage = bytearray(seen.storage)
    for at, length in (*TIMED, *copies):
        storage[at : at + length] = bytes(length)
    seen.storage = bytes(storage)
    return seen


# ---- the same, and faster --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("names", SETS, ids="+".join)
def test_every_guest_ends_alike_with_the_assist_and_without(names):
    """[5.2 common] Console, storage, keys and registers are the same, the traps fewer where anything was assisted."""
    plain, alone = ran(names, assist=False)
    helped, vms = ran(names, assist=True)
    for name, before, after in zip(names, alone, vms, strict=True):
        assert (own_lines(after), cp_lines(after)) == (own_lines(before), cp_lines(before))
        if name not in KEEPS_TIME:
            copies = COPIES.get(name, ())
            assert ended(after, copies).difference(ended(before, copies)) == []
    traps, fewer = sum(vm.traps for vm in alone), sum(vm.traps for vm in vms)
    assert (fewer < traps) is (handled(helped) > 0)
    assert plain.machine.assist is None


def test_real_addresses_are_most_of_what_a_control_program_is_helped_with():
    """[5.2 LRA] The addresses of a guest's guest are found without CP; switching PSWs between the two needs CP."""
    made, _ = ran(["minicp"], assist=True)
    counts = made.machine.assist.counts
    assert counts["LRA"].handled > 500
    assert counts["LPSW"].handled == counts["SVC"].handled == 0


def test_kernels_supervisor_calls_and_psws_are_assisted():
    """[5.2 SVC] [5.2 LPSW] A third of the kernel's traps is gone; I/O and waits still come to CP."""
    made, (vm,) = ran(["kernel"], assist=True)
    counts = made.machine.assist.counts
    assert counts["SVC"].calls == counts["SVC"].handled > 20
    assert 0 < counts["LPSW"].handled < counts["LPSW"].calls
    assert [key for key in made.cp.counts if key[2] == "SVC"] == []
    assert vm.traps * 3 < 2 * (vm.traps + handled(made))


@pytest.mark.parametrize("seed", range(60, 68))
def test_random_programs_end_under_cp_as_on_a_machine_of_their_own(seed):
    """[5.2 common] Privileged instructions in any order: a program sees the same, with the assist or without."""
    bare = visible_bare(on_a_machine_of_its_own(seed))
    for assist in (False, True):
        made = assisted(bench()) if assist else bench()
        vm = made.cp.logon("A", 0x10000, ecmode=True)
        storage, gr = random_guest(seed)
        vm.cpu.store_real(0, storage)
        vm.cpu.gr[:] = gr
        vm.cpu.cr[:] = [0x008000E0, 0x8000, 0xFFFFFFFF, *([0] * 13)]
        vm.cpu.load_psw(PSW(ec_mode=True, instruction_address=0x1000))
        vm.cf = False
        made.cp.wake(vm)
        made.run()
        made.stop()
        assert visible_guest(vm).difference(bare) == []
    assert handled(made) > 0


# ---- a guest that translates -----------------------------------------------------------------------------------------

TRANSLATING = {
    CODE: "B7013000 82003010",
    # L 1,0(,4); ST 1,4(,5); LRA 6,0(4); SSM 2(3); L 7,0(,5); LPSW X'18'(3), a disabled wait
    0x0B00: "58104000 50105004 B1604000 80003020 58705004 82003018",
    0x2000: "00800000 00004000 00000000 00000000 040C000000000B00 000E000000000EED 0700",
    0x2020: "06",
    0x4000: "F0005000",
    0x5000: "0000 0010 0020 0030 0040 0050 0008 0070",
    0x3000: "12345678",
}
"""Pages 0 to 5 and 7 are mapped on themselves, page 6 is invalid.  GR3: operands."""


def translating(*, assist, changes=None):
    made, vm = guest(ecmode=True, ec_mode=True)
    if assist:
        assisted(made)
    for address, text in (TRANSLATING | (changes or {})).items():
        vm.cpu.store_real(address, bytes.fromhex(text))
    vm.cpu.gr[3:6] = [0x2000, 0x3000, 0x7000]
    made.run()
    made.stop()
    return made, vm


def test_shadow_table_entries_are_filled_without_cp():
    """[5.2 shadow page-table validation] Each page in real storage costs a trap less; page 7 was never used before."""
    plain, alone = translating(assist=False)
    helped, vm = translating(assist=True)
    assert ended(vm).difference(ended(alone)) == []
    assert (vm.vmgprs[1], vm.vmgprs[6], vm.vmgprs[7]) == (0x12345678, 0x3000, 0x12345678)
    counts = helped.machine.assist.counts
    assert counts[VALIDATION] == Count(5, 4)
    assert (counts["LRA"], counts["SSM"]) == (Count(1, 1), Count(1, 1))
    assert (alone.traps, vm.traps) == (10, 5)  # Without the assist CP finds the operand of SSM, and fills nothing.
    assert plain.machine.assist is None


def test_guests_own_page_fault_still_comes_to_it():
    """[5.2 shadow page-table validation] An entry that the guest has invalid is the guest's fault."""
    changes = {0x0068: "000C000000000C00", 0x0C00: "82003018", 0x5006: "0008"}
    outcomes = [translating(assist=assist, changes=changes)[1] for assist in (False, True)]
    assert ended(outcomes[1]).difference(ended(outcomes[0])) == []
    assert outcomes[1].peek(PSA.PROGRAM_CODE, 2).hex() == "0011"
    assert outcomes[1].peek(PSA.TRANSLATION_EXCEPTION_ADDRESS, 4).hex() == "00003000"


def test_stale_shadow_entry_is_as_stale_with_the_assist():
    """[5.2 shadow page-table validation] A valid entry that the guest changes without PTLB stays what it was."""
    # L 1,0(,4); MVC 6(2,8),X'30'(3): page 3 is page 7 now; L 2,0(,4); PTLB; L 7,0(,4); LPSW
    code = "58104000 D20180062030 58204000 B20D0000 58704000 82003018"
    changes = {0x0B00: code.replace("2030", "3030"), 0x2030: "0070", 0x7000: "99999999"}
    seen = []
    for assist in (False, True):
        made, vm = guest(ecmode=True, ec_mode=True)
        if assist:
            assisted(made)
        for address, text in (TRANSLATING | changes).items():
            vm.cpu.store_real(address, bytes.fromhex(text))
        vm.cpu.gr[3:6], vm.cpu.gr[8] = [0x2000, 0x3000, 0x7000], 0x5000
        made.run()
        made.stop()
        seen.append([vm.vmgprs[number] for number in (1, 2, 7)])
    assert seen == [[0x12345678, 0x12345678, 0x99999999]] * 2


# ---- pending interruptions -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("assist", [False, True], ids=["without", "with"])
def test_enabling_for_what_is_pending_comes_to_cp(assist):
    """[5.2 SSM] The interrupt key was pressed while the guest was disabled: SSM lets it in at once."""
    made, vm = guest(instruction("SSM", base=0, displacement=0xA20) + "0000")
    if assist:
        assisted(made)
    vm.cpu.store_real(0xA20, b"\x01")
    vm.cpu.store_real(Class.EXTERNAL.new_psw, PSW(wait=True, instruction_address=0xE).to_bytes())
    vm.queue_external(External.INTERRUPT_KEY, CR0.INTERRUPT_KEY_MASK)
    events = made.watch()
    made.run()
    assert vm.peek(Class.EXTERNAL.old_psw, 8).hex() == "0100004000000a04"
    declined = [event.why for event in events if isinstance(event, AssistDeclined) and event.mnemonic == "SSM"]
    assert declined == (["a pending interruption may become allowed"] if assist else [])


def pending_io(made, vm):
    made.cp.vio.present(vm, CONSOLE, UnitStatus.ATTENTION)


def pending_page_fault(made, vm):
    vm.pages_arrived = (4,)


@pytest.mark.parametrize(
    ("make", "pending"),
    [
        pytest.param(lambda made, vm: None, False, id="nothing"),
        pytest.param(lambda made, vm: vm.queue_external(External.INTERRUPT_KEY, 0x40), True, id="external"),
        pytest.param(pending_io, True, id="I/O"),
        pytest.param(pending_page_fault, True, id="pseudo page fault"),
    ],
)
def test_micpend_is_on_while_anything_is_pending(make, pending):
    """[5.1 MICBLOK] Whatever the virtual masks are now: the guest is about to change them."""
    made, vm = guest("07FE", ecmode=True, ec_mode=True)
    assisted(made)
    make(made, vm)
    made.settle()
    assert dispatched(made)[1].micpend is pending


def test_disabling_does_not_come_to_cp_although_something_is_pending():
    """[5.2 SSM] With MICPEND only what is enabled has to be looked at."""
    made, vm = guest(instruction("SSM", displacement=0xA20), system_mask=0x80)
    assisted(made)
    vm.queue_external(External.INTERRUPT_KEY, CR0.INTERRUPT_KEY_MASK)
    events = made.watch()
    made.steps()
    (event,) = [event for event in events if isinstance(event, AssistHandled)]
    assert (event.mnemonic, event.after[0]) == ("SSM", 0)


# ---- what CP puts there, and when ------------------------------------------------------------------------------------


def dispatched(made):
    """Control register 6 and the MICBLOK of the guest that runs."""
    cr6 = made.machine.cpu.cr[6]
    return CR6(cr6 & 0xFF000000), MICBLOK.from_bytes(made.machine.storage.read(cr6 & CR6.MICBLOK, 24))


BASIC = CR6.VM_ASSIST


def test_block_describes_the_guest():
    """[5.1 MICBLOK] Segment table, control registers, virtual PSW."""
    made, vm = guest("07FE", ecmode=True, ec_mode=True, key=3)
    assisted(made)
    vm.cpu.cr[0], vm.cpu.cr[14] = 0xE0, 0xC2000000
    made.steps()
    flags, micblok = dispatched(made)
    assert flags == BASIC
    assert (micblok.micrseg, micblok.ecmode, micblok.micpend) == (vm.vmseg, True, False)
    storage = made.machine.storage
    assert storage.read(micblok.miccreg, 4).hex() == "000000e0"
    assert storage.read(micblok.miccreg + 56, 4).hex() == "c2000000"
    assert storage.read(micblok.micvpsw, 8).hex()[:4] == "0038"


def suspended(change):
    made, vm = guest("07FE")
    assisted(made)
    change(made, vm)
    return made


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda made, vm: made.cp.assist.set(vm, on=False), id="SET ASSIST OFF"),
        pytest.param(lambda made, vm: setattr(made.cp.assist, "system", False), id="SET SASSIST OFF"),
        pytest.param(lambda made, vm: setattr(vm, "cp_per", (0x80000000, 0, 0xFFFFFF)), id="CP records by PER"),
        pytest.param(lambda made, vm: setattr(made.machine, "assist", None), id="the machine has none"),
    ],
)
def test_assist_is_off_for_a_guest_when(change):
    """[5.1 bit 0] SET ASSIST, SET SASSIST, TRACE, PER."""
    made, vm = guest(instruction("SSM", displacement=0xA20) + "07FE")
    assisted(made)
    change(made, vm)
    made.steps()
    assert made.machine.cpu.cr[6] == 0
    assert vm.traps == 1


@pytest.mark.parametrize(
    ("line", "suspended"),
    [
        *((f"TRACE {what} RUN", True) for what in ("SVC", "PRIV", "BRANCH", "INSTRUCT", "ALL")),
        *((f"TRACE {what} RUN", False) for what in ("PROGRAM", "EXTERNAL", "I/O", "SIO", "CSW")),
    ],
)
def test_assist_is_suspended_while_what_it_does_is_traced(line, suspended):
    """[4.4 TRACE] SVC, PRIV, BRANCH, INSTRUCT and ALL; TRACE END lets it go on."""
    made, vm = guest("07FE")
    assisted(made)
    assert run_command(made.cp, vm, line).lines == ["TRACE STARTED"]
    made.settle()
    assert bool(made.machine.cpu.cr[6]) is not suspended
    run_command(made.cp, vm, "TRACE END")
    made.settle()
    assert made.machine.cpu.cr[6] & CR6.VM_ASSIST


@pytest.mark.parametrize("assist", [False, True], ids=["without", "with"])
def test_traced_supervisor_call_is_told_of_with_the_assist_too(assist):
    """[4.4 TRACE] The line is the same."""
    made, vm = guest("0A05")
    if assist:
        assisted(made)
    vm.cpu.store_real(Class.SVC.new_psw, PSW(wait=True, instruction_address=0xB00).to_bytes())
    run_command(made.cp, vm, "TRACE SVC RUN")
    made.run()
    assert [line for line in cp_lines(vm) if line.startswith("***")] == ["*** 000A02 SVC   0005 ==> 000B00"]


@pytest.mark.parametrize(
    ("change", "psw", "flags"),
    [
        pytest.param(lambda made, vm: None, {}, BASIC, id="as it is"),
        pytest.param(lambda made, vm: None, {"problem_state": True}, BASIC | CR6.VIRTUAL_PROBLEM_STATE, id="problem"),
        pytest.param(lambda made, vm: made.cp.assist.set(vm, svc=False), {}, BASIC | CR6.NO_SVC, id="NOSVC"),
        pytest.param(lambda made, vm: setattr(vm, "vmadstop", (0xC00, b"\1\2")), {}, BASIC | CR6.NO_SVC, id="ADSTOP"),
    ],
)
def test_control_register_6_says_how_the_guest_is_assisted(change, psw, flags):
    """[1.2 VMMICRO; 5.1 CR6] The flags are of the guest that is dispatched."""
    made, vm = guest("07FE", **psw)
    assisted(made)
    change(made, vm)
    made.settle()
    assert dispatched(made)[0] == flags


def test_each_guest_has_its_own_setting():
    """[5.1 bit 0] One is assisted, the other is not."""
    made = assisted(bench())
    vms = [made.ipl("kernel", userid) for userid in ("A", "B")]
    made.cp.assist.set(vms[1], on=False)
    made.run()
    assert own_lines(vms[0])[:3] == own_lines(vms[1])[:3]
    assert vms[0].traps < vms[1].traps


def test_guest_seen_while_it_runs_has_the_masks_that_the_assist_has_set():
    """[5.2 STNSM] Looking changes nothing, and shows what the machine has in real storage."""
    made, vm = guest("AC000A20" + "B7660A24" + "07FE", ecmode=True, ec_mode=True, system_mask=3)
    assisted(made)
    vm.cpu.store_real(0xA24, bytes.fromhex("12345678"))
    made.steps(2)
    before = made.machine.state()
    real = made.machine.cpu
    assert (vm.vmpsw.system_mask, virtual_psw(real, vm).system_mask) == (3, 0)
    assert (vm.cpu.cr[6], control_registers(real, vm)[6]) == (0, 0x12345678)
    assert made.machine.state() == before
    made.stop()
    assert (vm.vmpsw.system_mask, vm.cpu.cr[6]) == (0, 0x12345678)


def test_checkpoint_while_an_assisted_guest_runs_is_exact():
    """[5.2 common] Going back and forward again gives the same, the counts too."""
    made = assisted(bench())
    vm = made.ipl("kernel", "A")
    made.until(lambda: handled(made) == 10)
    machine, cp = made.machine.state(), made.cp.state()
    made.run()
    first = ended(vm), own_lines(vm), handled(made), made.machine.state()
    made.machine.restore(machine)
    made.cp.restore(cp)
    assert handled(made) == 10
    made.run()
    assert (ended(vm), own_lines(vm), handled(made), made.machine.state()) == first


@pytest.mark.parametrize("name", ["twospace", "minicp"])
def test_what_must_hold_of_cp_holds_with_shadow_entries_that_the_machine_has_filled(name):
    """[5.2 shadow page-table validation] Each names a frame of the guest's own."""
    made = assisted(bench())
    made.ipl(name, "A")
    looked = 0
    while made.machine.advance():
        if made.machine.units % 101 == 0 and made.machine.at_boundary:
            assert problems(made.cp) == []
            looked += 1
    assert looked > 100
    assert made.machine.assist.counts[VALIDATION].handled > 0
    assert locks(made.cp) == []


def test_logoff_gives_the_block_back():
    """[5.1 MICBLOK] Free storage is as it was."""
    made = assisted(bench())
    before = dict(made.cp.free_storage.taken)
    vm = made.start(made.cp.logon("A", 0x10000), "07FE")
    made.steps()
    assert len(made.cp.free_storage.taken) > len(before)
    made.cp.logoff(vm)
    assert made.cp.free_storage.taken == before


# ---- SET -------------------------------------------------------------------------------------------------------------


def commanded(*lines, classes="G", assist=True):
    """The answers, and what QUERY SET would say."""
    made, vm = guest("07FE")
    if assist:
        assisted(made)
    vm.vmcls = classes
    answers = [run_command(made.cp, vm, line) for line in lines]
    return made, [" ".join(answer.lines) for answer in answers], assist_words(made.cp, vm)


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        pytest.param([], "ASSIST ON  SVC NOTMR", id="as a guest logs on"),
        pytest.param(["SET ASSIST OFF"], "ASSIST OFF", id="OFF"),
        pytest.param(["SET ASSIST OFF", "set assist on"], "ASSIST ON  SVC NOTMR", id="ON"),
        pytest.param(["SET AS ON NOSVC"], "ASSIST ON  NOSVC NOTMR", id="NOSVC"),
        pytest.param(["SET ASS NOSVC", "SET ASSIST SVC NOTMR"], "ASSIST ON  SVC NOTMR", id="SVC"),
    ],
)
def test_set_assist_is_about_one_guest(lines, words):
    """[4.2 SET] ASSIST ON | OFF, SVC | NOSVC."""
    made, answers, said = commanded(*lines)
    assert (answers, said) == ([""] * len(lines), words)
    made.settle()
    cr6 = made.machine.cpu.cr[6]
    assert bool(cr6 & CR6.VM_ASSIST) is ("ON" in words)
    assert bool(cr6 & CR6.NO_SVC) is ("NOSVC" in words)


@pytest.mark.parametrize(
    ("line", "classes", "assist", "answer"),
    [
        pytest.param("SET", "G", True, "DMKCFS026E OPERAND MISSING OR INVALID", id="no option"),
        pytest.param("SET XYZ ON", "G", True, "DMKCFS003E INVALID OPTION - XYZ", id="no such option"),
        pytest.param("SET ASSIST", "G", True, "DMKCFS026E OPERAND MISSING OR INVALID", id="nothing said"),
        pytest.param("SET ASSIST PERHAPS", "G", True, "DMKCFS003E INVALID OPTION - PERHAPS", id="no such operand"),
        pytest.param("SET ASSIST ON TMR", "G", True, "DMKCFS003E INVALID OPTION - TMR", id="no timer assist here"),
        pytest.param("SET ASSIST ON", "G", False, "DMKCFS003E INVALID OPTION - ASSIST", id="no assist here"),
        pytest.param("SET SASSIST OFF", "G", True, "DMKCFS003E INVALID OPTION - SASSIST", id="not of class A"),
        pytest.param("SET SASSIST", "A", True, "DMKCFS026E OPERAND MISSING OR INVALID", id="SASSIST, nothing said"),
        pytest.param("SET SASSIST SVC", "A", True, "DMKCFS003E INVALID OPTION - SVC", id="SASSIST, no such operand"),
    ],
)
def test_what_set_does_not_understand_is_refused(line, classes, assist, answer):
    """[4.2 SET] CP's own messages; nothing has changed."""
    _, answers, said = commanded(line, classes=classes, assist=assist)
    assert answers == [answer]
    assert said == ("ASSIST ON  SVC NOTMR" if assist else "ASSIST OFF")


def test_set_sassist_is_about_all_guests():
    """[5.1 bit 0] The operator turns the assist off and on again; each guest's own setting stays."""
    made, answers, said = commanded("SET SASSIST OFF", classes="A")
    assert (answers, said) == ([""], "ASSIST ON  SVC NOTMR")
    made.settle()
    assert made.machine.cpu.cr[6] == 0
    assert run_command(made.cp, made.cp.vms[0], "SET SASS ON").lines == []
    made.settle()
    assert made.machine.cpu.cr[6] & CR6.VM_ASSIST


# ---- keys and pages --------------------------------------------------------------------------------------------------


def test_change_bit_that_an_assisted_instruction_resets_is_not_lost_for_paging():
    """[5.2 ISK, SSK, RRB] The guest sees its page unchanged; CP still knows that the frame has to be written."""
    # ST 0,X'1B0'(4); SSK 5,4; ISK 6,4; a page that is out: SSK 5,7; ISK 8,7
    made, vm = guest("500041B0 0854 0964 0857 0987 07FE", ecmode=True, ec_mode=True)
    assisted(made)
    vm.cpu.gr[4:8] = [0x5000, 0x30, 0xFF, 0x9000]
    made.steps(7)
    made.stop()
    frame = vm.storage.frame_of(5)
    assert made.cp.paging.core.real_changed(frame)
    assert (vm.vmgprs[6], vm.vmgprs[8], vm.storage.key(0x5000), vm.storage.frame_of(9)) == (0x30, 0x30, 0x30, None)
    counts = made.machine.assist.counts
    assert (counts["SSK"], counts["ISK"]) == (Count(2, 1), Count(2, 2))


def test_page_0_counts_as_changed_when_only_an_assisted_svc_has_stored_there():
    """[5.2 SVC] An interruption's stores turn no change bit on."""
    made, vm = guest(instruction("SSK", 5, 4) + "0A01", ecmode=True, ec_mode=True)
    assisted(made)
    vm.cpu.store_real(Class.SVC.new_psw, PSW(ec_mode=True, instruction_address=0xB00).to_bytes())
    made.settle()
    core, frame = made.cp.paging.core, vm.storage.frame_of(0)
    core[frame] = replace(core[frame], changed=False)
    assert not core.real_changed(frame)
    made.stop()
    made.steps(2)
    assert made.machine.assist.counts["SVC"] == Count(1, 1)
    assert core.real_changed(frame)


def test_guests_that_lose_pages_to_each_other_write_the_same():
    """[5.2 SVC] What an assisted SVC has stored in page 0 is paged out and in with it."""
    machine = Machine(0x10000 + 12 * FRAME)
    machine.channels.attach(0x150, make_paging_volume(3))
    made = assisted(Bench(machine, ControlProgram(machine)))
    made.cp.paging.attach_area(0x150)
    vms = [made.ipl("kernel", userid) for userid in "ABCD"]
    made.run()
    assert [own_lines(vm) for vm in vms] == [bare("kernel")] * 4
    assert sum(vm.storage.steals for vm in vms) > 0
    assert made.machine.assist.counts["SVC"].handled > 80


@pytest.mark.parametrize(
    ("segment", "flags"),
    [
        pytest.param(1, BASIC | CR6.NO_STORAGE_KEYS, id="a segment"),
        pytest.param(0, BASIC | CR6.NO_STORAGE_KEYS | CR6.NO_SVC, id="with page 0"),
    ],
)
def test_users_of_shared_segments_set_keys_by_cp(segment, flags):
    """[5.1 bit 2] The key of a shared page is not one guest's; nor is a shared page 0 for an SVC to store into."""
    made, vm = guest("07FE")
    assisted(made)
    vm.storage.shared[segment] = None
    assert made.cp.assist.vmmicro(vm) == flags
