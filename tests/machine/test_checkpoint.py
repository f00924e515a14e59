"""The law of time travel: what follows a checkpoint follows it again after it was restored."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edu_hv.isa.codes import Class
from edu_hv.isa.table import BY_MNEMONIC
from edu_hv.machine.instructions.registry import SEMANTICS
from edu_hv.machine.machine import Machine
from edu_hv.machine.psw import PSW

SIZE = 0x10000
INSTALLED = sorted(SEMANTICS)


def random_machine(seed):
    """Storage full of random instructions; each interruption goes on at a place computed from the registers."""
    random = Random(seed)
    machine = Machine(SIZE)
    machine.storage.write(0x400, random_code(random, SIZE - 0x400))
    machine.storage.write(0x1F0, (SIZE - 2).to_bytes(4, "big"))
    for number, kind in enumerate(Class):
        handler = 0x200 + 32 * number
        # ALR 1,2; ALR 2,3; ALR 3,1; N 1,X'1F0'; BR 1
        machine.storage.write(handler, bytes.fromhex("1E12 1E23 1E31 541001F0 07F1"))
        machine.storage.write(kind.new_psw, random_psw(random, handler))
    machine.cpu.gr[:] = [random.choice((random.getrandbits(32), random.randrange(SIZE))) for _ in range(16)]
    machine.cpu.cr[0] |= random.choice((0, 0x400, 0x800000, 0x800800))
    machine.storage.keys[1:] = bytes(random.choice((0x00, 0x10, 0x18)) for _ in machine.storage.keys[1:])
    machine.storage.write(0x50, bytes((0, 0, 1, 0)))
    machine.clocks.cpu_timer = random.randrange(1 << 22)
    machine.cpu.load_psw(PSW.from_bytes(random_psw(random, 0x400)))
    return machine


def random_code(random, length):
    """Installed instructions with random fields."""
    code = bytearray()
    while len(code) < length:
        row = BY_MNEMONIC[random.choice(INSTALLED)]
        operation = row.code.to_bytes(2 if row.two_byte else 1, "big")
        code += (operation + random.randbytes(6))[: row.format.length]
    return bytes(code[:length])


def random_psw(random, address):
    ec_mode = random.random() < 0.5
    return PSW(
        system_mask=random.choice((0, 1, 3)),
        key=random.choice((0, 1)),
        ec_mode=ec_mode,
        problem_state=random.random() < 0.3,
        program_mask=random.getrandbits(4),
        instruction_address=address,
    ).to_bytes()


def run(machine, units):
    """Run, and say what was seen."""
    events = []
    machine.observe(events.append)
    for _ in range(units):
        machine.advance()
    machine.observe(None)
    return events


@settings(deadline=None, max_examples=60)
@given(seed=st.integers(0, 2**32), before=st.integers(0, 200), after=st.integers(1, 200))
def test_same_units_from_a_checkpoint_give_the_same_events_and_state(seed, before, after):
    machine = random_machine(seed)
    run(machine, before)
    checkpoint = machine.state()
    events = run(machine, after)
    state = machine.state()
    machine.restore(checkpoint)
    assert machine.state() == checkpoint
    assert run(machine, after) == events
    assert machine.state() == state


@settings(deadline=None, max_examples=20)
@given(seed=st.integers(0, 2**32))
def test_checkpoint_taken_in_passing_changes_nothing(seed):
    plain, watched = random_machine(seed), random_machine(seed)
    run(plain, 100)
    for _ in range(100):
        watched.restore(watched.state())
        watched.advance()
    assert watched.state() == plain.state()


def test_stale_tlb_entry_is_part_of_a_checkpoint():
    """Restoring must not make the machine look at the tables earlier than it would have."""
    machine = Machine(SIZE)
    cpu, storage = machine.cpu, machine.storage
    storage.write(0x5000, bytes.fromhex("F0004000"))
    storage.write(0x4000, bytes.fromhex("00000010"))
    cpu.cr[0], cpu.cr[1] = 0x800000, 0x5000
    cpu.load_psw(PSW(system_mask=4, ec_mode=True))
    cpu.load4(0x1000)
    storage.write(0x4002, bytes.fromhex("0020"))
    checkpoint = machine.state()
    storage.write(0x2000, b"\2")
    storage.write(0x1000, b"\1")
    assert cpu.load1(0x1000) == 1
    machine.restore(checkpoint)
    storage.write(0x1000, b"\1")
    assert cpu.load1(0x1000) == 1


@pytest.mark.parametrize("units", [1, 2, 3])
def test_checkpoint_between_recognition_and_swap(boot, units):
    machine = boot("0A05")
    for _ in range(units):
        machine.advance()
    checkpoint = machine.state()
    machine.advance()
    after = machine.state()
    machine.restore(checkpoint)
    machine.advance()
    assert machine.state() == after
