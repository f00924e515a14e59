"""Guest, real and why: the guest's column against what CP saves and what the guest's own instructions find."""

import random

import pytest

from edu_hv.debugger import DebugSession, comparing
from edu_hv.debugger.comparing.keys import key_text
from edu_hv.debugger.start import RealMachine
from edu_hv.debugger.text import as_lines
from edu_hv.guests import catalog
from edu_hv.hypervisor.decisions import DecisionTaken, Deliver
from edu_hv.isa.errors import UserError
from edu_hv.machine.storage import BLOCK, FRAME
from tests.debugger.walk import run_line, with_users

TOPICS = [topic.name for topic in comparing.TOPICS]


def _loaded(line: str) -> DebugSession:
    session = DebugSession()
    run_line(session, f"load {line}")
    return session


def _values(session: DebugSession, topic: str) -> dict[str, tuple[str, str]]:
    (found,) = comparing.compare(session, topic).topics
    return {value.name: (value.guest, value.real) for value in found.values}


def _sentence(session: DebugSession, topic: str, name: str) -> str:
    (found,) = comparing.compare(session, topic).topics
    return next(value.sentence for value in found.values if value.name == name)


@pytest.fixture(scope="module")
def paging() -> DebugSession:
    """Six guests in 16 frames, one of them with DAT on."""
    session = DebugSession()
    session.load(["kernel", "second", "kernel", "parakernel", "kernel", "twospace"], True, RealMachine(128 * 1024))
    return session


# ---- the guest's column ----------------------------------------------------------------------------------------


def _saved_by_cp(session: DebugSession) -> dict[str, object]:
    """What CP has in the VMBLOK of the selected guest once it has saved what is in the real CPU."""
    system, vm = session.system, session.guest.vm
    before = system.state()
    with system.cp.registers_in_vmblok():
        found = {
            "registers": [f"{value:08X}" for value in vm.vmgprs],
            "floating": [f"{value:016X}" for value in vm.vmfprs],
            "control": [f"{value:08X}" for value in vm.cpu.cr],
            "psw": (f"{vm.vmpsw.instruction_address:06X}", f"{vm.vmpsw.system_mask:02X}", f"{vm.vmpsw.key:X}",
                    str(vm.vmpsw.cc), "PROB" if vm.vmpsw.problem_state else "SUP"),
        }  # fmt: skip
    system.restore(before)
    return found


@pytest.mark.parametrize("line", ["cp kernel", "cp assist kernel", "cp assist twospace", "cp kernel second"])
def test_the_guests_registers_and_psw_are_those_that_cp_will_save(line):
    session, rng = _loaded(line), random.Random(line)
    for _ in range(7):
        session.run(limit=rng.randrange(1, 900))
        session.stage(rng.randrange(1, 6))
        for guest in session.system.guests:
            session.select(guest.name)
            saved = _saved_by_cp(session)
            for topic in ("registers", "floating", "control"):
                assert [mine for mine, _ in _values(session, topic).values()] == saved[topic], (topic, guest.name)
            psw = _values(session, "psw")
            assert tuple(psw[name][0] for name in ("address", "mask", "key", "CC", "state")) == saved["psw"]
        session.select("auto")


def test_the_guests_key_is_what_insert_storage_key_finds_and_the_real_one_is_the_frames():
    session, rng, seen = _loaded("cp real 128K kernel twospace"), random.Random("keys"), set()
    for _ in range(16):
        session.run(limit=rng.randrange(1, 2500))
        vm = session.guest.vm
        if not session.running() or session.guest_psw().problem_state or session.system.machine.recognized:
            continue
        keys = _keys_by_block(session)
        for block in [rng.randrange(vm.vmsize // BLOCK) for _ in range(3)]:
            found = _inserted_key(session, block * BLOCK)
            if found is None:
                continue
            mine, real = keys[block]
            ec = session.guest_psw().ec_mode
            assert int(mine[0], 16) == found >> 4
            assert ("F" in mine) == bool(found & 8)
            if ec:
                assert mine == key_text(found)
            frame = vm.storage.frame_of(block * BLOCK // FRAME)
            there = "none" if frame is None else key_text(session.system.machine.storage.key(frame + block % 2 * BLOCK))
            assert real == there
            seen.add((ec, frame is None))
    assert len(seen) >= 3


def _keys_by_block(session: DebugSession) -> dict[int, tuple[str, str]]:
    """The rows of the topic, one for each block."""
    found = {}
    for name, values in _values(session, "keys").items():
        words = name.split()
        if words[0] == "block":
            found[int(words[1], 16) // BLOCK] = values
            continue
        first, last = int(words[1], 16), int(words[-1], 16)
        found |= dict.fromkeys(range(first * 2, last * 2 + 2), values)
    return found


def _inserted_key(session: DebugSession, address: int) -> int | None:
    """What INSERT STORAGE KEY puts into register 0; None when something else came in between."""
    system, machine, cpu = session.system, session.system.machine, session.system.machine.cpu
    before, observer, vm = system.state(), machine.observer, session.guest.vm
    others: list[object] = []
    machine.observe(lambda event: others.append(event) if isinstance(event, DecisionTaken) else None)
    start = cpu.psw.instruction_address
    try:
        machine.storage.write(cpu.absolute(cpu.to_real(start)), bytes.fromhex("0901"))
        cpu.gr[0], cpu.gr[1] = 0, address
        for _ in range(40):
            machine.advance()
            if any(isinstance(event.verdict.decision, Deliver) for event in others):
                return None
            if system.running == vm.vmuser and not machine.handler.busy and machine.recognized is None:
                return cpu.gr[0] & 0xFF if cpu.psw.instruction_address == start + 2 else None
        return None
    finally:
        machine.observe(observer)
        system.restore(before)


def test_the_guests_cpu_timer_is_what_store_cpu_timer_stores():
    """But for the instruction's own time: 1 microsecond, of which CP is told at its trap."""
    session, rng, checked = _loaded("cp twospace second"), random.Random("timer"), 0
    for _ in range(12):
        session.run(limit=rng.randrange(1, 900))
        session.select("TWOSPAC")
        while session.running() != "TWOSPAC" or session.system.machine.recognized:
            session.stage()
        if session.guest_psw().problem_state or session.guest_psw().dat:
            continue
        shown = int(_values(session, "timers")["CPU timer"][0], 16)
        stored = _stored_cpu_timer(session)
        if stored is not None:
            assert shown - stored & (1 << 64) - 1 in (0, 1 << 12)
            checked += 1
        session.select("auto")
    assert checked > 3


def _stored_cpu_timer(session: DebugSession) -> int | None:
    """What STORE CPU TIMER puts at guest 400; None when something else came in between."""
    system, machine, cpu = session.system, session.system.machine, session.system.machine.cpu
    before, observer, vm = system.state(), machine.observer, session.guest.vm
    machine.observe(None)
    start = cpu.psw.instruction_address
    try:
        machine.storage.write(cpu.absolute(cpu.to_real(start)), bytes.fromhex("B2090400"))
        for _ in range(8):
            machine.advance()
            if system.running == vm.vmuser and not machine.handler.busy and machine.recognized is None:
                done = cpu.psw.instruction_address == start + 4
                return int.from_bytes(vm.peek(0x400, 8), "big") if done else None
        return None
    finally:
        machine.observe(observer)
        system.restore(before)


# ---- why -------------------------------------------------------------------------------------------------------


def test_a_page_that_is_out_has_its_key_in_the_swap_table(paging):
    paging.run(limit=5_000)
    out = 0
    for guest in paging.system.guests:
        paging.select(guest.name)
        (topic,) = comparing.compare(paging, "keys").topics
        for value in topic.values:
            page = int(value.name.split()[1], 16) // (FRAME if value.name.startswith("block") else 1)
            storage = guest.vm.storage
            assert (value.real == "none") == (storage.frame_of(page) is None)
            at = storage.place(page)[0].swap_entry_address(storage.place(page)[1])
            assert f"{at:06X}" in value.sentence
            out += "is in the paging area" in value.sentence
    assert out > 0


def test_the_sentences_name_the_rules_and_blocks_that_explain_a_difference():
    session = _loaded("cp kernel second")
    session.select("SECOND")
    vm = session.guest.vm
    assert _values(session, "addresses")["page 0"] == ("000000", f"{vm.storage.frame_of(0):06X}")
    assert "VMGPRS in its VMBLOK" in comparing.compare(session, "registers").topics[0].where
    assert "KERNEL" in _sentence(session, "timers", "interval timer")
    assert "tables of KERNEL" in _sentence(session, "control", "CR1")
    session.select("KERNEL")
    assert "(PRV-1, PRV-2)" in _sentence(session, "psw", "state")
    assert "VMGPRS of its VMBLOK is not up to date" in comparing.compare(session, "registers").topics[0].where


def test_while_cp_has_not_saved_the_psw_it_is_said_to_be_in_the_real_old_psw():
    session = _loaded("cp kernel")
    run_line(session, "trap")
    run_line(session, "stage")
    assert "in the real old PSW at 000028 until CP has saved them" in comparing.compare(session, "psw").topics[0].where


def test_a_minidisk_tells_its_relocation_and_the_real_drive():
    session = with_users()
    run_line(session, "logon anna apple")
    session.select("ANNA")
    mine, real = _values(session, "devices")["191 disk"]
    assert (mine, real) == ("3330 idle", "330 3330 idle")
    words = _sentence(session, "devices", "191 disk")
    assert "cylinders 10 to 29; its cylinder 0 is real cylinder 10 (VDEVRELN), and it has 20" in words


def test_a_pending_interruption_of_the_guest_is_told_from_one_of_the_machine():
    session = _loaded("cp kernel")
    run_line(session, "key")
    assert _values(session, "pending")["interrupt key"] == ("pending, masked", "none")
    assert "XINTBLOK with code 0040" in _sentence(session, "pending", "interrupt key")
    bare = _loaded("bare kernel")
    run_line(bare, "key")
    assert _values(bare, "pending")["interrupt key"] == ("pending, masked", "pending, masked")


def test_a_condition_is_allowed_by_the_psw_and_its_own_mask_only():
    """Allowed only between what unmasks it and the dispatch that gives it."""
    session, seen = _loaded("cp kernel"), []
    assert _values(session, "pending")["interval timer"][0] == "pending, masked"
    while not seen or (session.guest_psw().external_mask and session.guest.vm.vmpxint):
        session.stage()
        if session.guest_psw().external_mask:
            seen.append(_values(session, "pending")["interval timer"][0])
    assert set(seen) <= {"pending, allowed", "none"}
    assert seen[0] == "pending, allowed"
    bare = _loaded("bare kernel")
    while not bare.guest_psw().external_mask:
        bare.step()
    run_line(bare, "key")
    assert _values(bare, "pending")["interrupt key"][0] == "pending, masked"  # Bit 25 of CR0 is zero.


def test_the_assist_is_off_by_the_rule_that_suspends_it_and_on_without():
    off, on = _loaded("cp kernel"), _loaded("cp assist kernel")
    assert _values(off, "assist")["CR6 on"] == ("0", "0")
    assert "SET ASSIST OFF" in _sentence(off, "assist", "CR6 on")
    assert _values(on, "assist")["CR6 on"] == ("1", "1")
    on.run(limit=3_000)
    values = _values(on, "assist")
    state = "1" if on.guest_psw().problem_state else "0"
    assert values["CR6 virtual problem state"] == (state, state)
    assert values["MICRSEG"] == (f"{on.guest.vm.vmseg:08X}",) * 2


# ---- everywhere ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("line", ["bare kernel", "bare twospace"])
def test_on_the_bare_machine_every_value_is_there_once(line):
    session = _loaded(line)
    session.run(limit=2_000)
    view = comparing.compare(session)
    assert view.bare
    assert [topic.name for topic in view.topics] == TOPICS
    assert all(value.guest == value.real for topic in view.topics for value in topic.values)
    assert comparing.differences(session).topics == ()


def test_a_system_360_has_no_control_registers_and_one_timer(tmp_path):
    deck = tmp_path / "hello.deck"
    deck.write_bytes(catalog.find("hello").deck())
    session = DebugSession()
    for line in ("machine s360 256K", f"attach 00C 3505 {deck}", "ipl 00C"):
        run_line(session, line)
    assert {topic: list(_values(session, topic)) for topic in ("control", "timers", "assist")} == {
        "control": [], "timers": ["interval timer"], "assist": [],
    }  # fmt: skip
    assert "clock comparator" not in _values(session, "pending")


def test_differs_leaves_what_differs_and_names_the_topics_without():
    session = _loaded("cp kernel")
    session.run(limit=500)
    whole, left = comparing.compare(session), comparing.differences(session)
    expected = {t.name: [v for v in t.values if v.guest != v.real] for t in whole.topics}
    assert {t.name: list(t.values) for t in left.topics} == {name: rows for name, rows in expected.items() if rows}
    assert set(left.same) == {t.title for t in whole.topics if not expected[t.name]}


def test_looking_at_all_of_it_at_every_stage_of_a_trap_changes_nothing(paging):
    for limit in (700, 1, 1, 1, 1, 1, 1, 300):
        paging.select("auto")
        paging.run(limit=limit)
        paging.stage()
        before = paging.system.comparable(), paging.recording.unit, paging.total
        for guest in paging.system.guests:
            paging.select(guest.name)
            for line in (
                "both",
                "differs",
                "address .",
                "address 3000",
                "address 3000 virtual",
                "address 2000 real",
                "address 18000 real",
                "pages",
            ):
                for view in run_line(paging, line):
                    assert as_lines(view)
        assert (paging.system.comparable(), paging.recording.unit, paging.total) == before


@pytest.mark.parametrize("word", ["", "p", "nothing", "1"])
def test_an_unknown_topic_gets_the_list(word):
    with pytest.raises(UserError, match="topic; there are psw, registers, floating"):
        comparing.find(word or "zzz")
