"""The microscope's oracle is the machine: each prediction is compared with an instruction that is really executed."""

import random
from dataclasses import dataclass

import pytest

from edu_hv.debugger import DebugSession, microscope
from edu_hv.debugger.microscope.access import outcome
from edu_hv.debugger.microscope.ladder import tlb_hit
from edu_hv.debugger.microscope.target import target
from edu_hv.debugger.start import RealMachine
from edu_hv.hypervisor.decisions import DecisionTaken, Deliver, PseudoPageFault, Reflect
from edu_hv.isa.codes import Class
from edu_hv.machine.interruptions import ProgramInterruption
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
    machine.observe(lambda event: decisions.append(event.verdict.decision) if isinstance(event, DecisionTaken) else None)
    try:
        return _until_it_ends(session, text, address, decisions)
    finally:
        machine.observe(observer)
        system.restore(before)


def _until_it_ends(session: DebugSession, text: bytes, address: int, decisions: list[object]) -> Really | None:
    system, machine = session.system, session.system.machine
    cpu, guest = machine.cpu, session.running()
    start = cpu.psw.instruction_address
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
    for _ in range(3_000):
        if machine.recognized is None and system.running == guest and not machine.handler.busy:
            if cpu.psw.instruction_address == start + 4:
                found.byte = cpu.gr[0] & 0xFF
                return found
            if system.cp is None:
                return Really(found.first, found.first)
        for decision in decisions:
            if isinstance(decision, Deliver):
                return None
            if isinstance(decision, Reflect | PseudoPageFault):
                reflected = isinstance(decision, Reflect)
                return Really(found.first, decision.interruption.code if reflected else 0x14)
        machine.advance()
    raise AssertionError("the instruction came to no end")


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
    pytest.param("bare twospace", 9_000, 25, id="bare, all four formats"),
    pytest.param("bare minicp", 3_000, 8, id="bare, tables of a hypervisor"),
    pytest.param("cp kernel", 3_000, 8, id="CP"),
    pytest.param("cp twospace", 12_000, 30, id="shadow tables, all four formats"),
    pytest.param("cp assist twospace", 12_000, 20, id="the assist fills shadow tables"),
    pytest.param("cp minicp", 8_000, 12, id="a hypervisor under CP"),
    pytest.param("cp real 128K kernel busy", 12_000, 12, id="pages that are out"),
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
                assert (expected.first, expected.seen) == (really.first, really.seen), (session.step_number, hex(address), kind)
                kinds.add((expected.first, expected.seen))
                checked += 1
                if expected.first is None and kind == microscope.FETCH:
                    there = session.system.machine.cpu.absolute(expected.real)
                    assert session.system.machine.storage.data[there] == really.byte or there in _text(session)
    assert checked > moments
    print(line, checked, kinds)


def _text(session: DebugSession) -> range:
    """Where the instruction was put for a moment."""
    cpu = session.system.machine.cpu
    held = target(session, cpu.psw.instruction_address)
    real = tlb_hit(held)
    real = cpu.psw.instruction_address if real is None else real
    return range(cpu.absolute(real), cpu.absolute(real) + 4)
