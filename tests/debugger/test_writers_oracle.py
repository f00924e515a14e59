"""Who wrote this, against brute force: every unit executed under watch gives the same writes."""

import pytest

from edu_hv.debugger import DebugSession
from edu_hv.debugger.commands.registry import REGISTRY
from edu_hv.debugger.recording.accesses import observe
from edu_hv.debugger.system import from_source
from edu_hv.debugger.writers.finding import writes
from edu_hv.debugger.writers.locations import (
    BlockLocation,
    KeyLocation,
    Location,
    PswLocation,
    RegisterLocation,
    StorageLocation,
)
from edu_hv.debugger.writers.may_write import CONDITION_CODE, FLOATING, GENERAL, left_to_cpu
from edu_hv.debugger.writers.noting import NotingPSW
from edu_hv.engine.interpreter import COMPILED
from edu_hv.machine.psw import PSW
from tests.debugger.writers_oracle import brute_force
from tools.law_instructions import bare

LOOKED_AT = 300
"""Units at the end of a recording that brute force is done for."""
ALL = 10**9


def _of_guest(name: str, under_cp: bool) -> list[Location]:
    words = (0x20, 0x28, 0x40, 0x50, 0x600, 0x1000, 0x1100, 0x2000)
    found: list[Location] = [RegisterLocation(name, "GR", n) for n in (0, 2, 3, 5, 8, 14)]
    found += [RegisterLocation(name, "CR", 0), RegisterLocation(name, "FPR", 2)]
    found += [PswLocation(name, field) for field in ("cc", "pm", "mask", "ia", "key", "state", "control")]
    found += [StorageLocation(name, ((at, 4),), f"{at:06X}.4") for at in words]
    found += [KeyLocation(name, at) for at in (0, 0x1000)]
    return found + ([BlockLocation(name, "vmblok", field) for field in ("vmrstat", "vmpsw")] if under_cp else [])


def _of_real_machine() -> list[Location]:
    return [
        RegisterLocation("", "GR", 3),
        RegisterLocation("", "CR", 1),
        PswLocation("", "key"),
        StorageLocation("", ((0x330, 8),), "000330.8"),
    ]


def _check(session: DebugSession, locations: list[Location], first: int) -> None:
    end = session.recording.unit
    brute = brute_force(session, locations, first, end)
    before = session.system.comparable()
    for each in locations:
        found = set(writes(session.recording, each, ALL, start=first))
        must = set(brute.must[each])
        assert must <= found, (each, sorted(must - found)[:5])
        assert found - must <= brute.may[each], (each, sorted(found - must - brute.may[each])[:5])
        assert not found or writes(session.recording, each, 1) == [max(found)]
    assert session.system.comparable() == before
    assert session.recording.unit == end


@pytest.mark.parametrize(
    ("line", "steps"),
    [
        pytest.param("load bare kernel", 900, id="bare"),
        pytest.param("load cp kernel", 900, id="CP"),
        pytest.param("load cp assist kernel", 700, id="assist"),
        pytest.param("load cp kernel second", 900, id="two guests"),
        pytest.param("load cp minicp", 2300, id="a guest that is a CP"),
        pytest.param("load cp twospace", 2100, id="a guest with tables of its own"),
        pytest.param("load cp real 128K kernel busy", 900, id="paging"),
    ],
)
def test_each_write_is_found_wherever_it_is_and_no_other(line, steps):
    session = DebugSession()
    REGISTRY.execute(session, line)
    session.run(limit=steps, compiled_after=0)
    under_cp = session.system.cp is not None
    locations = [each for guest in session.system.guests for each in _of_guest(guest.name, under_cp)]
    locations += _of_real_machine() if under_cp else []
    _check(session, locations, max(session.recording.unit - LOOKED_AT, session.recording.start))


SELF_CHANGING = """
LOOP     START X'1000'
BEGIN    BALR  12,0
         USING *,12
         LA    2,60
NEXT     SR    3,3
CHANGED  LA    4,1
         MVI   CHANGED+1,X'30'      LA 3,1 from now on
         BCT   2,CHANGED2
         LPSW  DONE
CHANGED2 B     AGAIN
AGAIN    LA    5,1(,5)
         EX    0,CHANGED            either of them
         MVI   CHANGED+1,X'40'      LA 4,1 again
         ST    5,WORD
         B     NEXT
WORD     DS    F
         DS    0D
DONE     DC    X'0002000000000000'
         END   BEGIN
"""


@pytest.mark.parametrize("under_cp", [False, True], ids=["bare", "CP"])
def test_a_program_that_changes_its_own_instructions_hides_nothing(under_cp):
    session = DebugSession()
    session.load_programs([from_source(SELF_CHANGING, "changing")], under_cp)
    session.run(compiled_after=0, limit=700)
    name = session.system.guests[0].name
    locations: list[Location] = [RegisterLocation(name, "GR", n) for n in (2, 3, 4, 5, 9)]
    locations += [PswLocation(name, "cc"), StorageLocation(name, ((0x1006, 4),), "1006.4")]
    _check(session, locations, session.recording.start)


@pytest.mark.parametrize("mnemonic", sorted(row.mnemonic for row in COMPILED.values()))
def test_what_compiled_code_may_write_is_known_for_every_instruction(mnemonic):
    for number in range(8):
        system = bare(mnemonic, number)
        cpu = system.machine.cpu
        NotingPSW.noted.clear()
        cpu.psw.__class__, psw = NotingPSW, cpu.psw
        accesses = observe(system, system.machine.advance)
        psw.__class__ = PSW
        if accesses is None or accesses.mnemonic != mnemonic or accesses.before.per:
            continue
        halfword = int.from_bytes(accesses.text[:2], "big")
        for file in (GENERAL, FLOATING):
            for register in accesses.written(file):
                assert left_to_cpu(file, register)[halfword], (file, register, accesses.text.hex())
        if id(psw) in NotingPSW.noted and cpu.psw is psw:
            assert left_to_cpu(CONDITION_CODE)[halfword], accesses.text.hex()


RECORDED = """
PERON    START X'1000'
BEGIN    BALR  12,0
         USING *,12
         LCTL  9,11,EVENTS
         MVC   X'68'(8),HANDLER     program new PSW
         LPSW  PEROFF
HERE     LA    3,5
         LR    3,3
         LA    4,1
         SR    4,4
         LPSW  DONE
TOOK     LPSW  X'28'
EVENTS   DC    X'40000000',X'00000000',X'00FFFFFF'
         DS    0D
PEROFF   DC    X'40080000',A(HERE)
HANDLER  DC    X'00080000',A(TOOK)
DONE     DC    X'000A000000000000'
         END   BEGIN
"""


@pytest.mark.parametrize("under_cp", [False, True], ids=["bare", "CP"])
def test_under_program_event_recording_each_register_is_seen_alone(under_cp):
    session = DebugSession()
    session.load_programs([from_source(RECORDED, "recorded")], under_cp)
    if under_cp:
        session.give("cp", "set ecmode on")
        session.give("cp", "system reset")
    session.run(limit=60)
    name = session.system.guests[0].name
    locations: list[Location] = [RegisterLocation(name, "GR", n) for n in (3, 4, 5, 12)]
    _check(session, [*locations, PswLocation(name, "cc")], session.recording.start)
    if not under_cp:
        assert len(writes(session.recording, locations[0], ALL)) == 2
