"""The microscope's oracle is the machine: each prediction is compared with an instruction that is really executed."""

import random
from dataclasses import dataclass

import pytest

from edu_hv.debugger import DebugSession, microscope
from edu_hv.debugger.microscope.access import outcome
from edu_hv.debugger.microscope.ladder import own_walk, tlb_hit
from edu_hv.debugger.microscope.target import target
from edu_hv.hypervisor.control_program import Stage
from edu_hv.hypervisor.decisions import DecisionTaken, Deliver, PseudoPageFault, Reflect
from edu_hv.isa.codes import CR0, MASK_24, Class
from edu_hv.isa.errors import UserError
from edu_hv.machine.interruptions import ProgramInterruption
from edu_hv.machine.storage import BLOCK, FRAME
from tests.debugger.walk import run_line

IC, STC = bytes.fromhex("43001000"), bytes.fromhex("42001000")
"""Insert character and store character: register 0, the address in register 1."""
ACCESSES = ((microscope.FETCH, IC), (microscope.STORE, STC))


@dataclass
class Really:
    """What has happened."""

    first: int | None = None
    """The program-interruption code that the machine has found."""
    seen: int | None = None
    """The code that the guest was given."""
    byte: int | None = None
    """What register 0 has then."""


def _execute(session: DebugSession, text: bytes, address: int) -> Really | None:
    """Execute the instruction in the guest that runs, and go back; None when something else came in between."""
    system, machine = session.system, session.system.machine
    before, observer = system.state(), machine.observer
    decisions: list[object] = []
    guest = session.running()

    def note(event: object) -> None:
        if isinstance(event, DecisionTaken) and event.userid == guest:
            decisions.append(event.verdict.decision)

    machine.observe(note)
    try:
        return _until_it_ends(session, text, address, decisions)
    finally:
        machine.observe(observer)
        system.restore(before)


def _until_it_ends(session: DebugSession, text: bytes, address: int, decisions: list[object]) -> Really | None:
    system, machine = session.system, session.system.machine
    cpu, guest = machine.cpu, session.running()
    start = cpu.psw.instruction_address
    if start % BLOCK > BLOCK - len(text):
        return None  # It would go on in another block of storage.
    try:
        machine.storage.write(cpu.absolute(cpu.to_real(start)), text)
    except ProgramInterruption:
        return None
    cpu.gr[0], cpu.gr[1] = 0, address
    machine.advance()
    found = Really()
    if machine.recognized is not None:
        if machine.recognized.kind is not Class.PROGRAM:
            return None
        found.first = machine.recognized.code
        if system.cp is None:
            return Really(found.first, found.first)
    for _ in range(3_000):
        back = machine.recognized is None and system.running == guest and not machine.handler.busy
        if back and cpu.psw.instruction_address == start + 4:
            found.byte = cpu.gr[0] & 0xFF
            return found
        for decision in decisions:
            if isinstance(decision, Deliver):
                return None
            if isinstance(decision, Reflect | PseudoPageFault):
                reflected = isinstance(decision, Reflect)
                return Really(found.first, decision.interruption.code if reflected else 0x14)
        machine.advance()
    return None  # Other guests have kept CP busy.


def _loaded(line: str) -> DebugSession:
    session = DebugSession()
    run_line(session, f"load {line}")
    return session


def _addresses(session: DebugSession, rng: random.Random) -> list[int]:
    """Anywhere in the storage, where the tables are used at all, near the end of storage and beyond it."""
    size = session.storage_size()
    usual = [rng.randrange(size) for _ in range(3)]
    return [*usual, rng.randrange(0x8000), rng.randrange(0x40000), size - 1, size % (1 << 24), rng.randrange(1 << 24)]


MACHINES = [
    pytest.param("bare kernel", 1_500, 4, id="bare, BC mode"),
    pytest.param("bare twospace", 9_000, 15, id="bare, all four formats"),
    pytest.param("bare minicp", 3_000, 8, id="bare, tables of a hypervisor"),
    pytest.param("cp kernel", 3_000, 8, id="CP"),
    pytest.param("cp twospace", 12_000, 16, id="shadow tables, all four formats"),
    pytest.param("cp assist twospace", 12_000, 12, id="the assist fills shadow tables"),
    pytest.param("cp minicp", 8_000, 8, id="a hypervisor under CP"),
    pytest.param("cp real 128K kernel busy", 12_000, 8, id="pages that are out"),
]


@pytest.mark.parametrize(("line", "steps", "moments"), MACHINES)
def test_an_access_comes_to_what_the_microscope_says(line, steps, moments):
    session, rng, kinds = _loaded(line), random.Random(line), set()
    checked = 0
    for _ in range(moments):
        session.run(limit=rng.randrange(1, 2 * steps // moments))
        if not session.running() or session.system.machine.recognized or session.system.machine.cpu.psw.wait:
            continue
        for address in _addresses(session, rng):
            for kind, text in ACCESSES:
                expected = outcome(target(session, address), kind)
                really = _execute(session, text, address)
                if really is None:
                    continue
                assert (expected.first, expected.seen) == (really.first, really.seen), (
                    session.step_number,
                    hex(address),
                    kind,
                )
                kinds.add((expected.first, expected.seen))
                checked += 1
                if expected.first is None and kind == microscope.FETCH:
                    there = session.system.machine.cpu.absolute(expected.real)
                    assert session.system.machine.storage.data[there] == really.byte or there in _text(session)
    assert checked > moments
    assert len(kinds) >= 2


def _text(session: DebugSession) -> range:
    """Where the instruction was put for a moment."""
    cpu = session.system.machine.cpu
    held = target(session, cpu.psw.instruction_address)
    real = tlb_hit(held)
    real = cpu.psw.instruction_address if real is None else real
    return range(cpu.absolute(real), cpu.absolute(real) + 4)


# ---- a guest that does not run yet -------------------------------------------------------------------------------


@pytest.mark.parametrize("line", ["cp twospace", "cp real 128K kernel twospace busy"])
def test_what_is_said_of_a_guest_that_does_not_run_is_true_when_it_is_dispatched(line):
    session, rng, checked = _loaded(line), random.Random(line), 0
    for _ in range(14):
        session.run(limit=rng.randrange(1, 900))
        _to_dispatch(session)
        addresses = {guest.name: _addresses(session, rng)[:5] for guest in session.system.guests}
        said = {
            (name, address, kind): outcome(_target_of(session, name, address), kind)
            for name, several in addresses.items() for address in several for kind, _ in ACCESSES
        }  # fmt: skip
        frames = session.system.cp.paging.core.state().entries
        session.stage()
        name = session.running()
        if not name or session.system.machine.recognized or session.system.cp.paging.core.state().entries != frames:
            continue  # To bring page 0 for its interval timer, CP may take the frame of another page.
        for address in addresses[name]:
            for kind, text in ACCESSES:
                expected, really = said[name, address, kind], _execute(session, text, address)
                if really is not None:
                    assert (expected.first, expected.seen) == (really.first, really.seen), (hex(address), kind)
                    checked += 1
    assert checked > 20


def _to_dispatch(session: DebugSession) -> None:
    """To where CP has carried out what it had to, and dispatches next."""
    cp = session.system.cp
    for _ in range(2_000):
        if cp.work.stage is Stage.DISPATCH:
            return
        session.stage()


def _target_of(session: DebugSession, name: str, address: int):
    session.select(name)
    found = target(session, address)
    session.select("auto")
    return found


# ---- the rungs ---------------------------------------------------------------------------------------------------


LRA = bytes.fromhex("B1201000")
"""Load real address: register 2, the address in register 1."""


@pytest.mark.parametrize("line", ["bare twospace", "cp twospace", "cp minicp"])
def test_the_first_rung_leads_where_load_real_address_does(line):
    session, rng, codes = _loaded(line), random.Random(line), set()
    for _ in range(14):
        session.run(limit=rng.randrange(1, 800))
        if not session.running() or session.guest_psw().problem_state or session.system.machine.recognized:
            continue
        for address in _addresses(session, rng):
            found = own_walk(target(session, address, "virtual"))
            really = _load_real_address(session, address)
            if really is None or found.code in (0x05, 0x12):
                continue
            cc, value = really
            codes.add(cc)
            expected = 0 if found.real is not None else 3 if found.length_exceeded else 1 if found.code == 0x10 else 2
            assert cc == expected, hex(address)
            if cc == 0:
                assert value == found.real
            elif cc < 3:
                assert value == found.fetched[-1][0]
    assert {0, 1} <= codes


def _load_real_address(session: DebugSession, address: int) -> tuple[int, int] | None:
    """Condition code and result; None when something else came in between."""
    system, machine, cpu = session.system, session.system.machine, session.system.machine.cpu
    before, observer, guest = system.state(), machine.observer, session.running()
    machine.observe(None)
    start = cpu.psw.instruction_address
    try:
        if start % BLOCK > BLOCK - len(LRA):
            return None
        machine.storage.write(cpu.absolute(cpu.to_real(start)), LRA)
        cpu.gr[1], cpu.gr[2] = address, 0
        for _ in range(60):
            machine.advance()
            if system.running == guest and not machine.handler.busy and machine.recognized is None:
                return (cpu.psw.cc, cpu.gr[2]) if cpu.psw.instruction_address == start + 4 else None
        return None
    except ProgramInterruption:
        return None
    finally:
        machine.observe(observer)
        system.restore(before)


# ---- stale and missing -------------------------------------------------------------------------------------------


def _with_dat_on(line: str) -> tuple[DebugSession, int]:
    """At a moment at which the guest runs with DAT on, and the virtual address of a page of it that it has used."""
    session = _loaded(line)
    for _ in range(4_000):
        session.step()
        if session.running() and session.guest_psw().dat:
            address = session.guest_psw().instruction_address
            if tlb_hit(target(session, address)) is not None:
                return session, address
    raise AssertionError("DAT was never on")


@pytest.mark.parametrize(
    ("line", "flag"), [("bare twospace", "stale TLB entry: "), ("cp twospace", "stale shadow entry: ")]
)
def test_an_entry_that_the_program_has_invalidated_without_ptlb_is_stale_and_still_used(line, flag):
    session, address = _with_dat_on(line)
    assert [each for each in microscope.look(session, address).flags if each.startswith("stale")] == []
    held = target(session, address)
    entry = own_walk(held).fetched[-1][0]
    storage = session.system.machine.storage
    real = held.real_behind(entry)
    storage.write(real, (int.from_bytes(storage.read(real, 2), "big") | 0xC).to_bytes(2, "big"))
    view = microscope.look(session, address)
    assert view.rungs[0].exception == "page translation"
    assert [each.startswith(flag) for each in view.flags] == [True]
    assert [access.interruption for access in view.accesses] == [None, None]
    assert _execute(session, IC, address).first is None


def test_after_ptlb_the_stale_entry_is_gone_and_the_programs_own_table_counts():
    session, address = _with_dat_on("bare twospace")
    storage, cpu = session.system.machine.storage, session.system.machine.cpu
    entry = own_walk(target(session, address)).fetched[-1][0]
    storage.write(entry, (int.from_bytes(storage.read(entry, 2), "big") | 0xC).to_bytes(2, "big"))
    cpu.tlb.purge()
    view = microscope.look(session, address)
    assert view.flags == ()
    assert [(access.interruption, access.taken_by) for access in view.accesses] == [(0x11, "the program")] * 2


def test_a_shadow_entry_that_is_missing_is_said_to_be_and_cp_fills_it():
    session, seen = _loaded("cp twospace"), set()
    for _ in range(25):
        session.run(limit=241)
        if not session.running() or not session.guest_psw().dat:
            continue
        for address in range(0, 0x30000, 0x1000):
            view = microscope.look(session, address)
            if not any(flag.startswith("missing shadow entry") for flag in view.flags):
                continue
            (fetch, _) = view.accesses
            assert fetch.taken_by == "CP"
            assert fetch.rule in ("VAT-6", "VAT-7")
            seen.add(fetch.rule)
    assert "VAT-7" in seen


# ---- spaces, prefix, frames --------------------------------------------------------------------------------------


def test_the_prefix_is_the_last_rung():
    session = _loaded("bare kernel")
    session.system.machine.cpu.prefix = 0x3000
    rungs = {address: microscope.look(session, address).rungs[-1].result for address in (0x28, 0x3028, 0x4028)}
    assert rungs == {0x28: 0x3028, 0x3028: 0x28, 0x4028: 0x4028}


def test_the_secondary_space_goes_by_control_register_7_and_is_only_looked_at_while_instructions_use_the_other():
    session, address = _with_dat_on("bare twospace")
    cpu = session.system.machine.cpu
    cpu.cr[7] = cpu.cr[1] & 0xFF000000  # A segment table of its own, at real 0.
    view = microscope.look(session, address, "secondary")
    assert view.rungs[0].entries[0].at == (cpu.cr[7] & MASK_24) + (address >> 16 if _small(cpu) else address >> 20) * 4
    assert (view.accesses, view.remark) == ((), "instructions use the other address space now")
    cpu.psw.secondary_space = True
    cpu.change_context()
    assert microscope.look(session, address).rungs[0].entries[0].at == view.rungs[0].entries[0].at
    assert microscope.look(session, address).accesses != ()


def _small(cpu) -> bool:
    return not cpu.cr[0] & CR0.TRANSLATION_FORMAT & 0x00100000


def test_a_virtual_machine_has_no_secondary_space():
    with pytest.raises(UserError, match="no dual address spaces"):
        microscope.look(_loaded("cp kernel"), 0x200, "secondary")


def test_every_frame_names_the_page_that_is_in_it_and_every_page_its_frame():
    session = _loaded("cp real 128K kernel twospace")
    session.run(limit=6_000)
    cp = session.system.cp
    pages = {
        storage.frame_of(page): f"page {page:03X} of {storage.userid}"
        for storage in cp.paging.storages for page in range(storage.pages) if storage.frame_of(page) is not None
    }  # fmt: skip
    for number in range(len(cp.paging.core)):
        frame = cp.paging.core.frame(number)
        owner = microscope.frame(session, frame + 0x123).owner
        assert owner == pages.get(frame, owner)
        assert (frame in pages) == owner.startswith("page ")
    for guest in session.system.guests:
        session.select(guest.name)
        listed = {p: each.state for each in microscope.pages(session).ranges for p in range(each.first, each.last + 1)}
        assert sorted(listed) == list(range(guest.vm.storage.pages))
        for page, state in listed.items():
            frame = guest.vm.storage.frame_of(page)
            assert (f"in the frame at real {frame:06X}" == state) if frame is not None else "in the frame" not in state


def test_a_frame_names_every_guest_virtual_address_that_leads_to_it():
    session, address = _with_dat_on("cp twospace")
    held = target(session, address)
    real = held.real_behind(own_walk(held).real)
    lines = microscope.frame(session, real).lines
    assert f"guest-virtual {address:06X} of {session.guest.name} leads here, by its own tables" in lines
    for line in lines:
        if line.startswith("guest-virtual"):
            again = target(session, int(line.split()[1], 16))
            assert again.real_behind(own_walk(again).real) == real


def test_cps_own_storage_is_told_by_what_is_in_it():
    session = _loaded("cp kernel")
    vm = session.guest.vm
    table = microscope.frame(session, vm.storage.segment_table)
    assert table.owner == "CP's free storage"
    assert "the segment table of KERNEL (VMSEG)" in table.lines[0]
    assert microscope.frame(session, 0x28).owner.endswith("(PSA)")
    assert microscope.frame(session, 0x1300).owner == "CP's: the entry point DMKPRGIN"
    assert microscope.frame(session, session.system.machine.storage.size - FRAME).owner == "page 000 of KERNEL"


def test_a_shared_segment_beyond_the_guests_storage_is_looked_at_like_any_other_page():
    session = _loaded("cp kernel")
    cp, vm = session.system.cp, session.guest.vm
    with cp.console_function(vm):
        cp.paging.attach_segment(vm.storage, 0x10, cp.paging.define_segment("WORDS", bytes(range(256)) * 256))
    while not session.running():
        session.stage()
    view = microscope.look(session, 0x100041)
    assert view.rungs[0].result == vm.storage.frame_of(0x100) or view.accesses[0].rule == "PTR-2"
    assert [flag.startswith("a page of the shared segment WORDS") for flag in view.flags] == [True]
    really = _execute(session, IC, 0x100041)
    assert (really.first, really.seen, really.byte) == (view.accesses[0].interruption, None, 0x41)
    listed = {p: each.state for each in microscope.pages(session).ranges for p in range(each.first, each.last + 1)}
    assert sorted(listed) == [*range(64), *range(0x100, 0x110)]
    assert all("shared segment WORDS" in listed[page] for page in range(0x100, 0x110))
