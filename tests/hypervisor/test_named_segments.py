"""Saved systems and DIAGNOSE X'64': segments that guests share, and what becomes of a store into one.

GC20-1807 "Finding, Loading, and Purging a Named Segment", "Shared Segments".
"""

from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edu_hv.devices.tape import aws_image
from edu_hv.hypervisor.commands.registry import run_command
from edu_hv.hypervisor.diagnose.named_segment import FIND, LOAD, PURGE
from edu_hv.hypervisor.named_segments import loaded
from edu_hv.hypervisor.paging_area import make_paging_volume
from edu_hv.hypervisor.vmblok import VMBLOK, OtherStatus, RunStatus
from edu_hv.isa.codes import PIC, Class
from edu_hv.isa.errors import UserError
from edu_hv.machine.psw import PSW
from edu_hv.machine.storage import FRAME
from tests.hypervisor.bench import CODE, CONSOLE, SIZE, TAPE, Bench, bench, cp_lines, own_lines
from tests.hypervisor.invariants import locks, problems

SEGMENT = 0x10000
BEYOND = 0x20
"""Segment number of the one that all load: at 200000, past everybody's storage."""
AT = BEYOND * SEGMENT
NAME = 0x2000
LOADSYS, NONSHARED, PURGESYS, FINDSYS = 0, 4, 8, 12
RESULT = 0x2100
PAGES = [bytes([0xA0 + page]) * FRAME for page in range(16)]


@dataclass
class Scene(Bench):
    """Guests, a paging area, and a saved segment CMSSEG at AT; OTHER overlaps it; INSIDE is within the guests'."""

    def diagnose(self, vm: VMBLOK, subcode: int, name: str = "CMSSEG", at: int = NAME) -> tuple[int, int, int]:
        """DIAGNOSE X'64' by the guest: condition code, Rx and Ry."""
        vm.cpu.store_real(NAME, name.ljust(8).encode("cp037"))
        vm.vmgprs[2], vm.vmgprs[4] = at, subcode
        self.execute(vm, "83240064")
        return vm.vmpsw.cc, vm.vmgprs[2], vm.vmgprs[4]

    def execute(self, vm: VMBLOK, code: str) -> VMBLOK:
        """One instruction of the guest, which is stopped then."""
        vm.cpu.store_real(CODE, bytes.fromhex(code))
        vm.vmpsw.instruction_address, vm.vmpsw.wait, vm.cf = CODE, False, False
        executed = CODE + len(code) // 2
        self.cp.wake(vm)
        self.until(lambda: not self.cp.busy and self.cp.running_vm is vm)
        for _ in range(100):
            if self.registers(vm) != CODE:
                break
            self.machine.advance()
            self.settle()
        self.stop()
        vm.cf = True
        self.cp.scheduler.drop(vm)
        assert vm.vmpsw.instruction_address == executed or any(vm.peek(Class.PROGRAM.old_psw, 8))
        return vm

    def registers(self, vm: VMBLOK) -> int:
        """Where the guest is."""
        psw = self.cp.real.psw if self.cp.running_vm is vm else vm.vmpsw
        return psw.instruction_address

    def load(self, vm: VMBLOK, address: int) -> int:
        """IC R1,0(R3): what the guest sees."""
        vm.vmgprs[1], vm.vmgprs[3] = 0, address
        return self.execute(vm, "43103000").vmgprs[1]

    def store(self, vm: VMBLOK, address: int, value: int) -> None:
        """STC R1,0(R3)."""
        vm.vmgprs[1], vm.vmgprs[3] = value, address
        self.execute(vm, "42103000")

    def failed(self, vm: VMBLOK) -> PIC | None:
        old = vm.peek(Class.PROGRAM.old_psw, 8)
        return PIC(old[3]) if any(old) else None


def scene(guests: int = 2, real_size: int | None = None) -> Scene:
    plain = bench() if real_size is None else bench(real_size)
    made = Scene(plain.machine, plain.cp)
    made.machine.channels.attach(0x150, make_paging_volume(4, "3330"))
    made.cp.paging.attach_area(0x150)
    maker = made.cp.logon("MAINT", AT + SEGMENT)
    for page, text in enumerate(PAGES):
        maker.cpu.store_real(AT + page * FRAME, text)
        maker.storage.set_key(AT + page * FRAME, 0xF0)
    maker.cpu.store_real(0x3000, b"\x77" * FRAME)
    systems = made.cp.named_systems
    systems.define("CMSSEG", range(BEYOND * 16, BEYOND * 16 + 16), [BEYOND])
    systems.define("OTHER", [BEYOND * 16 + 1])
    systems.define("INSIDE", [3, 6])
    systems.define("EMPTY", [BEYOND * 16])
    for name in ("CMSSEG", "OTHER", "INSIDE"):
        systems.save(maker, name)
    made.cp.logoff(maker)
    for userid in "ABCD"[:guests]:
        made.log_on(userid)
    return made


# ---- X'64' ---------------------------------------------------------------------------------------------------------


def test_x64_finds_loads_and_purges():
    """[3 X'64'] FINDSYS 1, LOADSYS 0, FINDSYS 0, PURGESYS 0 and again 1: condition codes and addresses."""
    made = scene()
    vm = made.cp.vm("A")
    where = AT, AT + SEGMENT - 1
    assert made.diagnose(vm, FINDSYS) == (1, *where)
    assert made.diagnose(vm, LOADSYS) == (0, AT, LOADSYS)
    assert made.diagnose(vm, FINDSYS) == (0, *where)
    assert vm.vmostat & OtherStatus.SHR
    assert [made.load(vm, AT + page * FRAME) for page in (0, 5, 15)] == [0xA0, 0xA5, 0xAF]
    assert vm.storage.peek_key(AT) & 0xF0 == 0xF0
    assert made.diagnose(vm, PURGESYS) == (0, NAME, PURGESYS)
    assert not vm.vmostat & OtherStatus.SHR
    made.load(vm, AT)
    assert made.failed(vm) is PIC.ADDRESSING
    assert made.diagnose(vm, PURGESYS) == (1, NAME, PURGESYS)


@pytest.mark.parametrize(
    ("subcode", "left"), [(LOADSYS, ["SVC"]), (NONSHARED, ["SVC", "BRANCH"]), (FINDSYS, ["SVC", "BRANCH"])]
)
def test_x64_loading_what_is_shared_ends_the_trace_of_branches(subcode, left):
    """GC20-1807: LOADSYS in shared mode resets instruction and branch tracing."""
    made = scene(1)
    vm = made.cp.vm("A")
    run_command(made.cp, vm, "TRACE SVC BRANCH RUN")
    made.diagnose(vm, subcode)
    assert list(made.cp.tracing.settings(vm).events) == left


@pytest.mark.parametrize("name", ["NOTTHERE", "EMPTY"])
@pytest.mark.parametrize("subcode", [LOADSYS, NONSHARED, PURGESYS, FINDSYS])
def test_x64_a_system_that_does_not_exist_is_cc_2_and_44(subcode, name):
    """[3 X'64'] Nothing saved is nothing there."""
    made = scene(1)
    assert made.diagnose(made.cp.vm("A"), subcode, name) == (2, NAME, 44)


@pytest.mark.parametrize("subcode", [LOADSYS, NONSHARED])
def test_x64_without_room_for_the_pages_is_cc_2_and_177(subcode):
    made = scene(1)
    vm = made.cp.vm("A")
    made.cp.free_storage.get = lambda length: (_ for _ in ()).throw(MemoryError("none"))
    assert made.diagnose(vm, subcode)[::2] == (2, 177)
    assert (loaded(vm), vm.storage.shared) == ({}, {})


@pytest.mark.parametrize(
    ("subcode", "at", "exception"),
    [
        pytest.param(16, NAME, PIC.SPECIFICATION, id="no such subcode"),
        pytest.param(1, NAME, PIC.SPECIFICATION, id="odd subcode"),
        pytest.param(FINDSYS, NAME + 4, PIC.SPECIFICATION, id="name not on a doubleword"),
        pytest.param(FINDSYS, SIZE, PIC.ADDRESSING, id="name beyond storage"),
    ],
)
def test_x64_bad_operands(subcode, at, exception):
    made = scene(1)
    vm = made.cp.vm("A")
    made.diagnose(vm, subcode, at=at)
    assert made.failed(vm) is exception


def test_x64_within_the_machines_storage_is_cc_1_and_its_pages_are_lost():
    """[3 X'64'] CC 1: Ry is the end of what was released."""
    made = scene(1)
    vm = made.cp.vm("A")
    for address in (0x3000, 0x4000):
        vm.cpu.store_real(address, b"MINE")
    assert made.diagnose(vm, NONSHARED, "INSIDE") == (1, 0, SEGMENT - 1)
    assert vm.peek(0x3000, 4) == b"\x77" * 4
    assert vm.peek(NAME, 6) == "INSIDE".encode("cp037"), "pages that the system has not stay"
    assert made.diagnose(vm, PURGESYS, "INSIDE")[0] == 0
    assert (vm.peek(0x3000, 4), vm.peek(0x4000, 4)) == (bytes(4), b"MINE")


def test_x64_nonshared_is_the_machines_own():
    """[3 X'64'] LOADSYS subcode 4: what one stores the other does not see, and CP does not mind."""
    made = scene()
    first, second = made.cp.vms
    assert [made.diagnose(vm, NONSHARED)[0] for vm in (first, second)] == [0, 0]
    made.store(first, AT, 0x55)
    assert (made.load(second, AT), made.load(first, AT)) == (0xA0, 0x55)
    assert not first.vmostat & OtherStatus.SHR
    assert cp_lines(first) == []


def test_x64_purges_what_it_overlaps():
    made = scene(1)
    vm = made.cp.vm("A")
    made.diagnose(vm, LOADSYS)
    made.diagnose(vm, LOADSYS, "OTHER")
    assert (loaded(vm), made.load(vm, AT), made.load(vm, AT + FRAME)) == ({"OTHER": True}, 0, 0xA1)


def test_three_guests_have_one_copy():
    """[3 X'64'] Shared between guests: the same frames for all; the last one who leaves takes them along."""
    made = scene(3)
    for vm in made.cp.vms:
        made.diagnose(vm, LOADSYS)
        assert made.load(vm, AT + FRAME) == 0xA1
    assert len({vm.storage.frame_of(AT // FRAME + 1) for vm in made.cp.vms}) == 1
    assert problems(made.cp) == []
    storages = len(made.cp.paging.storages)
    for vm in list(made.cp.vms):
        made.cp.logoff(vm)
    assert len(made.cp.paging.storages) == storages - 4
    area = made.cp.paging.area
    assert (area.slots_in_use, made.cp.named_systems.shared, locks(made.cp)) == (0, {}, [])


def test_segment_beyond_storage_is_paged():
    """A page of it that is out is brought in, and is no addressing exception."""
    made = scene(1)
    vm = made.cp.vm("A")
    made.diagnose(vm, LOADSYS)
    segment = vm.storage.place(AT // FRAME)[0]
    for page in range(16):
        made.cp.paging.discard(segment, page)
    assert [made.load(vm, AT + page * FRAME) for page in range(16)] == [text[0] for text in PAGES]


def test_segment_beyond_storage_serves_as_operand_of_cp():
    """DIAGNOSE operands, and what CP stores and fetches for the machine, may lie in it."""
    made = scene(1)
    vm = made.cp.vm("A")
    made.diagnose(vm, NONSHARED)
    vm.vmgprs[2], vm.vmgprs[4] = AT + 8, 32
    made.execute(vm, "83240000")
    assert vm.cpu.load_real(AT + 8, 6) == "VM/370".encode("cp037")


# ---- stores into what is shared ------------------------------------------------------------------------------------


def shared_by_three() -> tuple[Scene, list[VMBLOK]]:
    made = scene(3)
    for vm in made.cp.vms:
        made.diagnose(vm, LOADSYS)
    return made, list(made.cp.vms)


def test_a_store_is_not_seen_by_others_and_stops_who_stored():
    """[3 X'64'] [1.7 step 2] Before another machine runs the page is thrown away; DMKVMA456W, CP mode."""
    made, (first, second, third) = shared_by_three()
    made.store(first, AT + 3 * FRAME, 0x55)
    assert first.storage.peek(AT + 3 * FRAME, 1) == b"\x55", "nothing has happened yet"
    assert made.load(second, AT + 3 * FRAME) == 0xA3
    assert cp_lines(first)[0].startswith("DMKVMA456W CP ENTERED; CMSSEG SHARED PAGE 203000 ALTERED")
    assert cp_lines(first)[-1] == "CP"
    assert first.cf
    assert (cp_lines(second), cp_lines(third)) == ([], [])
    assert made.load(first, AT + 3 * FRAME) == 0xA3
    assert made.load(third, AT + 3 * FRAME) == 0xA3
    assert problems(made.cp) == []


def test_a_store_by_cp_for_the_machine_is_found_as_well():
    """STNSM's operand is stored by CP's simulation: it is an alteration like any other."""
    made, (first, second, _) = shared_by_three()
    first.vmgprs[3] = AT
    made.execute(first, "ACFF3000")
    assert made.load(second, AT) == 0xA0
    assert "SHARED PAGE 200000 ALTERED" in cp_lines(first)[0]


@pytest.mark.parametrize("how", ["logoff", "purge"])
def test_who_leaves_takes_his_store_along(how):
    made, (first, second, _) = shared_by_three()
    made.store(first, AT, 0x55)
    if how == "logoff":
        made.cp.logoff(first)
    else:
        made.diagnose(first, PURGESYS)
    assert made.load(second, AT) == 0xA0


def test_store_command_gives_a_private_copy():
    """[3 X'64'] STORE: DMKVMA181E, the user has his own copy from now on; the others share on."""
    made, (first, second, third) = shared_by_three()
    run_command(made.cp, first, f"STORE S{AT + 2:X} 99")
    assert cp_lines(first)[0] == "DMKVMA181E SHARED COPY SYSTEM CMSSEG REPLACED WITH NON-SHARED COPY"
    assert [made.load(vm, AT + 2) for vm in (first, second, third)] == [0x99, 0xA0, 0xA0]
    assert not first.vmostat & OtherStatus.SHR
    assert second.storage.place(AT // FRAME)[0] is third.storage.place(AT // FRAME)[0]
    made.store(first, AT + 3, 0x88)
    assert (made.load(second, AT + 3), made.load(first, AT + 3)) == (0xA0, 0x88)


def test_a_command_for_another_machine_does_not_meet_an_alteration():
    """STORE of B copies the segment: as it was saved, not as A has it."""
    made, (first, second, _) = shared_by_three()
    made.store(first, AT, 0x55)
    run_command(made.cp, second, f"STORE S{AT + 1:X} 11")
    assert made.load(second, AT) == 0xA0
    assert cp_lines(first)[0].startswith("DMKVMA456W"), "who stored is told"
    assert [line[:10] for line in cp_lines(second)] == ["DMKVMA181E"]


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.tuples(st.integers(0, 2), st.sampled_from(["load", "store", "STORE", "purge", "load system"]),
                  st.integers(0, 15), st.integers(1, 0x7F)),
        min_size=1, max_size=25,
    )
)  # fmt: skip
def test_no_guest_sees_what_another_has_stored(steps):
    """[3 X'64'] Whatever they do: a guest reads what was saved, or what it stored itself into its own copy."""
    made, guests = shared_by_three()
    for who, what, page, value in steps:
        vm, address = guests[who], AT + page * FRAME
        if not loaded(vm) or what == "load system":
            made.diagnose(vm, LOADSYS)
        elif what == "store":
            made.store(vm, address, value | who << 5)
        elif what == "STORE":
            run_command(made.cp, vm, f"STORE S{address:X} {value % 16:02X}")
        elif what == "purge":
            made.diagnose(vm, PURGESYS)
        else:
            made.load(vm, address)
        for other in guests:
            if other is not vm and loaded(other) and other.vmostat & OtherStatus.SHR:
                made.cp.named_systems.switch_to(other)
                assert other.storage.peek(address, 1) == PAGES[page][:1]
    assert problems(made.cp) == []


# ---- SAVESYS, IPL --------------------------------------------------------------------------------------------------


def test_savesys_and_ipl_of_a_system():
    """[1.12 IPL sysname] Pages and registers are those that were saved; the shared segment is one for all."""
    made = scene()
    maker = made.cp.logon("MAINT", 3 * SEGMENT)
    maker.vmcls = "EG"
    maker.cpu.store_real(0x1000, b"\x41\x10\x00\x05")  # LA R1,5
    maker.cpu.store_real(SEGMENT, b"\x99")
    maker.vmgprs[7], maker.vmpsw.instruction_address = 0x1234, 0x1000
    assert run_command(made.cp, maker, "DEFSYS TINY 1 EW 10-1F SR 128K").lines == []
    assert run_command(made.cp, maker, "SAVESYS TINY").lines == ["SYSTEM SAVED"]
    first, second = made.cp.logon("E", 2 * SEGMENT), made.cp.logon("F", 2 * SEGMENT)
    for vm in (first, second):
        assert run_command(made.cp, vm, "IPL TINY STOP").code == 0
        assert (vm.vmgprs[7], vm.vmpsw.instruction_address, vm.peek(SEGMENT, 1)) == (0x1234, 0x1000, b"\x99")
    assert first.storage.place(16)[0] is second.storage.place(16)[0]
    first.cpu.store_real(0x1000, b"\0")
    assert second.peek(0x1000, 2) == b"\x41\x10"
    assert run_command(made.cp, second, "BEGIN").code == 0
    made.until(lambda: made.cp.running_vm is second and made.cp.real.gr[1] == 5)


@pytest.mark.parametrize(
    ("line", "code", "text"),
    [
        pytest.param("IPL NOSUCH", 44, "DMKCFG044E NOSUCH SYSTEM DOES NOT EXIST", id="IPL, unknown"),
        pytest.param("IPL BIG", 170, "DMKCFG170E BIG NEEDS 1024K OF STORAGE", id="IPL, too small"),
        pytest.param("SAVESYS NOSUCH", 44, "DMKCFG044E NOSUCH SYSTEM DOES NOT EXIST", id="SAVESYS, unknown"),
        pytest.param("SAVESYS", 26, "DMKCFG026E OPERAND MISSING OR INVALID", id="SAVESYS, nothing"),
        pytest.param("DEFSYS X 1-0 SR", 26, None, id="DEFSYS, no pages"),
        pytest.param("DEFSYS X 1", 26, "DMKCFG026E OPERAND MISSING OR INVALID", id="DEFSYS, no kind"),
        pytest.param("DEFSYS X ZZZ SR", 26, "DMKCFG026E OPERAND MISSING OR INVALID", id="DEFSYS, not hexadecimal"),
        pytest.param("DEFSYS LONGERTHAN8 1 SR", 26, None, id="DEFSYS, name"),
        pytest.param("DEFSYS ABC 1 SR", 26, None, id="DEFSYS, name like an address"),
    ],
)
def test_what_saved_systems_refuse(line, code, text):
    made = scene(1)
    vm = made.cp.vm("A")
    vm.vmcls = "EG"
    made.cp.named_systems.define("BIG", [0], size=0x100000)
    made.cp.named_systems.save(vm, "BIG")
    answer = run_command(made.cp, vm, line)
    assert answer.code == code
    assert text is None or answer.lines == [text]


def test_savesys_is_for_class_e():
    made = scene(1)
    assert run_command(made.cp, made.cp.vm("A"), "SAVESYS CMSSEG").lines == ["DMKCFM001E ?CP: SAVESYS"]


def test_a_system_in_use_is_neither_defined_nor_saved_anew():
    made = scene(1)
    made.diagnose(made.cp.vm("A"), LOADSYS)
    with pytest.raises(UserError, match="in use"):
        made.cp.named_systems.define("CMSSEG", [1])
    with pytest.raises(UserError, match="in use"):
        made.cp.named_systems.save(made.cp.vm("A"), "CMSSEG")


def test_define_storage_and_ipl_leave_nothing_loaded():
    made = scene(1)
    vm = made.cp.vm("A")
    made.diagnose(vm, LOADSYS)
    run_command(made.cp, vm, "DEFINE STORAGE 128K")
    assert (loaded(vm), made.cp.named_systems.shared) == ({}, {})


def test_a_checkpoint_has_who_shares_what():
    made, (first, second, _) = shared_by_three()
    made.store(first, AT, 0x55)
    saved = made.machine.state(), made.cp.state()
    seen = []
    for _ in range(2):
        seen.append((made.load(second, AT), cp_lines(first), made.diagnose(second, PURGESYS)))
        made.machine.restore(saved[0])
        made.cp.restore(saved[1])
        assert (made.machine.state(), made.cp.state()) == saved
    assert seen[0] == seen[1]


def test_rules_are_told():
    made, (first, second, _) = shared_by_three()
    made.store(first, AT, 0x55)
    events = made.watch()
    made.diagnose(second, FINDSYS)
    fired = [verdict.rule.id for verdict in made.verdicts(events)]
    assert [rule for rule in fired if rule.startswith(("VMA", "CFG"))] == ["VMA-1", "CFG-2"]
    ids = [rule.id for rules in (FIND[1:], PURGE[1:], LOAD) for rule in rules]
    assert len(ids) == len(set(ids))


def translating(vm: VMBLOK) -> VMBLOK:
    """The guest maps its first 64K and the segment one to one, by tables of its own: 4K pages, 64K segments."""
    vm.cpu.store_real(0x8000, b"\0\0\0\1" * 48)
    for segment, table in ((0, 0x9000), (BEYOND, 0x9020)):
        vm.cpu.store_real(0x8000 + 4 * segment, (0xF0000000 | table).to_bytes(4, "big"))
        entries = [(segment * 16 + page << 4).to_bytes(2, "big") for page in range(16)]
        vm.cpu.store_real(table, b"".join(entries))
    vm.cpu.cr[0], vm.cpu.cr[1] = 0x00800000, 0x02008000
    vm.cpu.load_psw(PSW(ec_mode=True, system_mask=0x04))
    return vm


def test_a_store_through_the_guests_own_tables_is_found_as_well():
    """[3 X'64'] The shadow tables name the shared frames; and after the page is thrown away they do not."""
    made, (_, second, _) = shared_by_three()
    vm = made.log_on("E", ecmode=True)
    made.diagnose(vm, LOADSYS)
    translating(vm)
    assert made.load(vm, AT + 5 * FRAME) == 0xA5
    made.store(vm, AT + 5 * FRAME, 0x55)
    assert made.load(second, AT + 5 * FRAME) == 0xA5
    assert "SHARED PAGE 205000 ALTERED" in cp_lines(vm)[0]
    assert made.load(vm, AT + 5 * FRAME) == 0xA5
    made.store(vm, AT + 5 * FRAME, 0x66)
    assert made.load(second, AT + 5 * FRAME) == 0xA5
    assert problems(made.cp) == []


@pytest.mark.parametrize(("subcode", "cc", "found"), [(LOADSYS, 3, PAGES[0][:4]), (NONSHARED, 0, b"\xf1\xf2\xf3\xf4")])
def test_no_channel_stores_into_what_is_shared(subcode, cc, found):
    """[2.4-20] [3 X'20'] A tape block read into the segment: refused when it is shared, for it would be everybody's."""
    made = scene(0)
    vm = made.log_on("A", tape=aws_image([b"\xf1\xf2\xf3\xf4", b"\xf5\xf6\xf7\xf8"]))
    made.diagnose(vm, subcode)
    vm.cpu.store_real(0x4000, b"\x02" + AT.to_bytes(3, "big") + bytes.fromhex("20000004"))
    vm.vmgprs[2], vm.vmgprs[4], vm.vmgprs[15] = TAPE, 0x4000, 0
    made.execute(vm, "83240020")
    made.until(lambda: not vm.vmrstat & RunStatus.EXWAIT)
    assert (vm.vmpsw.cc, vm.peek(0x4000, 1)) == (cc, b"\x02")
    assert vm.storage.peek(AT, 4) == found
    assert (locks(made.cp), problems(made.cp)) == ([], [])


def test_channels_fetch_from_what_is_shared():
    """A line for the console is in the segment, beyond the machine's storage."""
    made = scene(1)
    vm = made.cp.vm("A")
    made.diagnose(vm, LOADSYS)
    vm.cpu.store_real(0x4000, b"\x09" + (AT + FRAME).to_bytes(3, "big") + bytes.fromhex("20000003"))
    vm.vmgprs[2], vm.vmgprs[4] = CONSOLE, 0x4000
    made.execute(vm, "83240020")
    assert (vm.vmpsw.cc, own_lines(vm)) == (0, ["~~~"]), "X'A1'"
