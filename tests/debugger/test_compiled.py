"""A recording made with the engine is the recording made without it: the same state at every position."""

import random

import pytest

pytest.importorskip("wasmtime", reason="without it there is no compiled code")

from edu_hv.debugger import session as session_module
from edu_hv.debugger import system as system_module

from .walk import LOADS, loaded

LOOP = """
         START X'1000'
         BALR  12,0
         USING *,12
         LA    2,500
AGAIN    A     3,ONE
         ST    3,SUM
         BCT   2,AGAIN
         SVC   5
ONE      DC    F'1'
SUM      DS    F
         END
"""


@pytest.fixture
def without_engine(monkeypatch):
    """Do as if the package for compiled code were not installed."""

    def off():
        monkeypatch.setattr(system_module, "make_engine", lambda cpu: None)

    return off


def kept(session):
    """What a recording knows of its steps."""
    recording = session.recording
    events = [recording.journal.entry(index) for index in range(recording.journal.count)]
    return list(recording.boundaries), bytes(recording.marks), bytes(recording.whose), events


@pytest.mark.parametrize("load", LOADS)
def test_engine_changes_nothing_in_a_recording(load, without_engine):
    compiled = loaded(load)
    compiled.run(compiled_after=0)
    assert compiled.system.machine.engine.executed > 1000
    without_engine()
    plain = loaded(load)
    plain.run()
    assert kept(compiled) == kept(plain)
    assert compiled.system.comparable() == plain.system.comparable()
    choose = random.Random(3)
    for step in sorted(choose.randrange(plain.total) for _ in range(40)):
        compiled.goto(step)
        plain.goto(step)
        assert compiled.system.comparable() == plain.system.comparable(), step
        assert compiled.registers() == plain.registers(), step


def test_run_with_the_engine_stops_at_breakpoints_and_counts_them():
    session = session_module.DebugSession()
    session.load_source(LOOP, "loop")
    session.breakpoints.add(session.address_of("AGAIN"), "AGAIN")
    places = []
    for _ in range(5):
        session.run(compiled_after=0)
        places.append((session.guest_psw().instruction_address, session.guest_gr(2), session.step_number))
    at = session.address_of("AGAIN")
    assert places == [(at, 500 - n, 2 + 3 * n) for n in range(5)]
    assert session.breakpoints.at(at).hits == 5


def test_run_back_through_what_the_engine_executed_meets_the_same_breakpoints(without_engine):
    def places():
        session = session_module.DebugSession()
        session.load_source(LOOP, "loop")
        session.run(address=session.address_of("ONE") - 2, compiled_after=0)
        session.breakpoints.add(session.address_of("AGAIN"), "AGAIN")
        for _ in range(3):
            yield session.run_back().sentence, session.step_number, session.guest_gr(2)

    compiled = list(places())
    without_engine()
    assert compiled == list(places())
    assert [register for _, _, register in compiled] == [1, 2, 3]


def test_inputs_come_back_where_they_were_given():
    session = loaded("kernel bare")
    session.run(compiled_after=0)
    session.goto(3000)
    session.give("key")
    session.run(compiled_after=0)
    end = session.system.comparable(), session.total
    session.goto(100)
    session.goto(session.total)
    assert (session.system.comparable(), session.total) == end
