"""`set` and STORE: what is changed by hand is exactly that, is recorded, and is undone by going back."""

import pytest

from tests.debugger.walk import differences, everything, loaded, run_line

LOADS = ("kernel bare", "kernel under CP")
CHANGES = [
    pytest.param("set $r5 = 1F", lambda s: s.guest_gr(5), 0x1F, id="register"),
    pytest.param("set r15 = -1", lambda s: s.guest_gr(15), 0xFFFFFFFF, id="negative"),
    pytest.param("set $r5 = $r5 + START", lambda s: s.guest_gr(5), None, id="computed"),
    pytest.param("set $cr0 = 80", lambda s: s.guest_control_registers()[0], 0x80, id="control register"),
    pytest.param("set psw.cc = 2", lambda s: s.guest_psw().cc, 2, id="condition code"),
    pytest.param("set $key = 3", lambda s: s.guest_psw().key, 3, id="PSW key"),
    pytest.param("set psw.mask = FF", lambda s: s.guest_psw().system_mask, 0xFF, id="system mask"),
    pytest.param("set psw.pm = F", lambda s: s.guest_psw().program_mask, 15, id="program mask"),
    pytest.param("set $state = 1", lambda s: s.guest_psw().problem_state, True, id="problem state"),
    pytest.param("set $pc = START+6", lambda s: s.guest_psw().instruction_address, 0x206, id="instruction address"),
    pytest.param("set psw = 0004000020000206", lambda s: str(s.guest_psw()), "00040000 20000206", id="PSW"),
    pytest.param("set psw = 00040000 20000206", lambda s: str(s.guest_psw()), "00040000 20000206", id="PSW as shown"),
    pytest.param("set storage 2000 = 0A05 0B", lambda s: s.guest_storage(0x2000, 3), b"\x0a\x05\x0b", id="bytes"),
    pytest.param("set [2000].h = 0A05", lambda s: s.guest_storage(0x2000, 2), b"\x0a\x05", id="halfword"),
    pytest.param("set *2000 = 0A05", lambda s: s.guest_storage(0x2000, 4), b"\0\0\x0a\x05", id="word"),
    pytest.param("set [START+1].b = 0FF", lambda s: s.guest_storage(0x201, 1), b"\xff", id="byte of an instruction"),
    pytest.param("set key 3000 = F0", lambda s: s.storage(0x3000, 16).key, "key F", id="storage key"),
    pytest.param("STORE G5 1F", lambda s: s.guest_gr(5), 0x1F, id="STORE register"),
    pytest.param("STORE S2000 0A05", lambda s: s.guest_storage(0x2000, 2), b"\x0a\x05", id="STORE storage"),
    pytest.param(
        "set $fpr2 = 4110000000000000", lambda s: run_line(s, "p $fpr2")[0].value, 0x4110 << 48, id="floating"
    ),
]


@pytest.mark.parametrize("load", LOADS)
@pytest.mark.parametrize(("line", "look", "value"), CHANGES)
def test_a_change_is_made_recorded_and_undone(load, line, look, value):
    session = loaded(load)
    session.step(8)
    before, unit, was = session.system.comparable(), session.recording.unit, look(session)
    value = was + session.address_of("START") if value is None else value
    run_line(session, line)
    assert look(session) == value
    changed, there = session.system.comparable(), session.recording.unit
    session.step(3)
    after = session.system.comparable(), session.recording.unit
    session.recording.goto(unit)
    assert session.system.comparable() == before
    session.recording.goto(there)
    assert session.system.comparable() == changed
    session.step(3)
    assert (session.system.comparable(), session.recording.unit) == after
    session.goto(0)
    session.recording.goto(after[1])
    assert session.system.comparable() == after[0]


def test_a_change_given_in_the_past_begins_another_future():
    for load in LOADS:
        session = loaded(load)
        session.step(20)
        total = session.total
        session.back(10)
        answer = run_line(session, "set $r5 = 1F")
        assert "another future begins here" in " ".join(line for view in answer[1:] for line in view.lines)
        assert session.total < total


def test_setting_what_is_there_already_is_no_input():
    for load in LOADS:
        session = loaded(load)
        session.step(20)
        session.back(10)
        before, total = everything(session), session.total
        run_line(session, "set $r5 = $r5")
        assert session.total == total
        assert differences(everything(session), before) == []


@pytest.mark.parametrize("load", LOADS)
def test_a_change_within_a_trap_is_recorded_as_well(load):
    session = loaded(load)
    run_line(session, "trap")
    session.stage()
    run_line(session, "set $r3 = 77")
    assert session.guest_gr(3) == 0x77
    here, unit = session.system.comparable(), session.recording.unit
    session.step(5)
    session.goto(0)
    session.recording.goto(unit)
    assert session.system.comparable() == here
