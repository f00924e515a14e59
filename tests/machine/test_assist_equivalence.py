"""The assist is invisible: a guest's programs end as they do on a machine of its own, with the assist and without.

The oracle is the bare machine.  A control program in a few lines runs the same guest on a machine with DAT; what traps
it has simulated by putting the guest, for one step, into a bare machine.
"""

from random import Random

import pytest

from edu_hv.engine import make_engine
from edu_hv.isa.codes import Class
from edu_hv.machine.assist import CR6
from edu_hv.machine.assist_instructions import ASSISTED
from edu_hv.machine.machine import Machine
from edu_hv.machine.psw import PSW
from tests.machine.assist_scene import BLOCK, CRS, FORMAT_4K_64K, GUEST_SIZE, SWAP, VMPSW, build, control, frame

CODE, OPERANDS, AREA, TABLES, PAGE_TABLES = 0x1000, 0x4000, 0x5000, 0x8000, 0x9000
SVC_HANDLER, PROGRAM_HANDLER = 0x200, 0x240
TIMER = 0x50
STEPS = 120


class Simulator:
    """The control program: on a trap it lets a bare machine do the guest's next step."""

    busy = False

    def __init__(self, ecmode):
        self.bare = Machine(GUEST_SIZE)
        self.ecmode = ecmode
        self.traps = 0

    def advance(self, machine):
        return False

    def interruption(self, machine, found):
        self.traps += 1
        self.enter(machine, found.instruction_address)
        assert self.bare.advance()
        if self.bare.recognized is not None:
            assert self.bare.advance()
        self.leave(machine)

    def enter(self, machine, address):
        """The guest into the bare machine."""
        bare, running = self.bare, machine.cpu
        psw = PSW.from_bytes(machine.storage.read(VMPSW, 8))
        psw.instruction_address, psw.cc, psw.key, psw.program_mask = (
            address, running.psw.cc, running.psw.key, running.psw.program_mask,
        )  # fmt: skip
        bare.storage.write(0, guest_storage(machine))
        for block, key in enumerate(guest_keys(machine)):
            bare.storage.set_key(block, key)
        bare.cpu.gr[:] = running.gr
        bare.cpu.cr[:] = [control(machine, n) if self.ecmode else 0 for n in range(16)]
        bare.cpu.cr[0] = control(machine, 0)
        bare.cpu.load_psw(psw)

    def leave(self, machine):
        """The bare machine's guest back; the keys as SSK sets them, with nothing recorded in the frames."""
        bare, running = self.bare, machine.cpu
        for page in range(16):
            machine.storage.write(frame(page), bare.storage.read(page << 12, 0x1000))
        for block in range(32):
            machine.storage.write(SWAP + 8 * (block >> 1) + 2 + (block & 1), bytes([bare.storage.keys[block]]))
            machine.storage.set_key((frame(block >> 1) >> 11) + (block & 1), bare.storage.keys[block] & 0xF8)
        running.gr[:] = bare.cpu.gr
        for number in range(16 if self.ecmode else 1):
            machine.storage.write(CRS + 4 * number, bare.cpu.cr[number].to_bytes(4, "big"))
        machine.storage.write(VMPSW, bare.cpu.psw.to_bytes())
        self.dispatch(machine)

    def dispatch(self, machine):
        """Build the real PSW and control register 6 from the virtual PSW."""
        virtual, running = PSW.from_bytes(machine.storage.read(VMPSW, 8)), machine.cpu
        problem = CR6.VIRTUAL_PROBLEM_STATE
        running.cr[6] = running.cr[6] & ~problem | (problem if virtual.problem_state else 0)
        real_psw = PSW(0x07, virtual.key, True, True, False, True, virtual.cc, virtual.program_mask)
        real_psw.instruction_address = virtual.instruction_address
        running.load_psw(PSW(wait=True) if virtual.wait else real_psw)


def guest_storage(machine):
    return b"".join(machine.storage.read(frame(page), 0x1000) for page in range(16))


def guest_keys(machine):
    """Each block's key as the guest sees it: the swap table's, with what is recorded in the frame."""
    keys = []
    for block in range(32):
        virtual = machine.storage.data[SWAP + 8 * (block >> 1) + 2 + (block & 1)]
        keys.append(virtual & 0xFE | machine.storage.keys[(frame(block >> 1) >> 11) + (block & 1)] & 6)
    return keys


# ---- a guest's program -----------------------------------------------------------------------------------------------


def random_psw(random, address):
    """Mostly what the assist can load: DAT off, now and then the other mode or problem state."""
    ec_mode = random.random() < 0.8
    return PSW(
        system_mask=random.choice((0, 1, 2, 3)) if ec_mode else random.choice((0, 0x80, 0xFF, 0x01)),
        key=random.choice((0, 0, 4)),
        ec_mode=ec_mode,
        problem_state=random.random() < 0.2,
        cc=random.getrandbits(2),
        program_mask=random.getrandbits(4),
        instruction_address=address,
    ).to_bytes()


def random_instruction(random, at, storage):
    """One of the assisted instructions, or one that is not privileged; 4 bytes, operands by GR 2 to 4 and 10 to 13."""
    match random.choice(KINDS):
        case "SSM":
            return coded(0x80, 0, 0xA000 | random.randrange(0xF0))
        case "STNSM":
            return coded(0xAC, random.choice((0, 1, 2, 3, 0xFF)), 0xB000 | random.randrange(64))
        case "STOSM":
            return coded(0xAD, random.choice((0, 1, 2, 3, 0xFF)), 0xB000 | random.randrange(64))
        case "LPSW":
            slot = OPERANDS + 0x200 + 8 * random.randrange(0x80)
            storage[slot : slot + 8] = random_psw(random, at + 4)
            return coded(0x82, 0, 0xA000 | slot - OPERANDS)
        case "SVC":
            return coded(0x0A, random.getrandbits(8), 0x0700)
        case "STCTL":
            return coded(0xB6, random.getrandbits(8), 0xB000 | 4 * random.randrange(16, 64))
        case "LCTL":
            return coded(0xB7, 0x11 * random.choice((0, 1, 2, 6, 12, 13)), 0xA100 | 4 * random.randrange(8))
        case "LRA":
            return coded(0xB1, random.choice((0x50, 0x60)), random.choice((0xC000, 0xD000)) | random.getrandbits(12))
        case "IPK":
            return coded(0xB2, 0x0B, 0)
        case "SPKA":
            return coded(0xB2, 0x0A, random.choice((0x00, 0x00, 0x40)))
        case "ISK" | "SSK" as name:
            return coded(0x09 if name == "ISK" else 0x08, random.choice((0x53, 0x64)), 0x0700)
        case "RRB":
            return coded(0xB2, 0x13, random.choice((0x2000, 0x3000, 0x4000)))
        case _:  # A 5,0(,11); ST 6,4(,11); AR 5,6 and SR 6,7; LA 5,3(5)
            return bytes.fromhex(random.choice(("5A50B000", "5060B004", "1A561B67", "41550003")))


KINDS = [*ASSISTED, "SVC", "other", "other"]


def coded(code, second, halfword):
    return bytes([code, second]) + halfword.to_bytes(2, "big")


def random_guest(seed):
    """64K of storage with a program, its operands, its tables, and what its interruptions lead to."""
    random = Random(seed)
    storage = bytearray(GUEST_SIZE)
    storage[OPERANDS:AREA] = bytes(random.choice((0, 1, 2, 3, 0x42)) for _ in range(AREA - OPERANDS))
    words = (0x008000E0, 0x00800060, 0x008000A0, TABLES, 0xF0FF00E0, 0x80000000, 0x000000E0, 0x00000000)
    storage[OPERANDS + 0x100 : OPERANDS + 0x120] = b"".join(word.to_bytes(4, "big") for word in words)
    storage[TABLES : TABLES + 12] = bytes.fromhex("F0009000 10009000 00000001")
    storage[PAGE_TABLES : PAGE_TABLES + 8] = bytes.fromhex("0070 0008 0050 0030")
    storage[TIMER : TIMER + 4] = bytes.fromhex("7FFFFFFF")
    for at in range(CODE, CODE + 4 * STEPS, 4):
        storage[at : at + 4] = random_instruction(random, at, storage)
    storage[CODE + 4 * STEPS : CODE + 4 * STEPS + 4] = bytes.fromhex("0AFE0700")
    for kind, handler in ((Class.SVC, SVC_HANDLER), (Class.PROGRAM, PROGRAM_HANDLER)):
        new = PSW(ec_mode=random.random() < 0.8, instruction_address=handler)
        storage[kind.new_psw : kind.new_psw + 8] = new.to_bytes()
    # Both handlers return by the old PSW, but for the last SVC: that ends in a disabled wait.
    storage[0x300:0x308] = PSW(wait=True, ec_mode=True, instruction_address=0xEED).to_bytes()
    # CLC X'26'(2),X'310'; BE X'214'; LPSW X'20'; and at X'214': LPSW X'300'
    storage[SVC_HANDLER : SVC_HANDLER + 14] = bytes.fromhex("D50100260310 47800214 82000020")
    storage[0x214:0x218] = bytes.fromhex("82000300")
    storage[0x310:0x312] = (CODE + 4 * STEPS + 2).to_bytes(2, "big")
    # NI X'28',X'43'; LPSW X'28': without DAT and the bits that made the PSW invalid
    storage[PROGRAM_HANDLER : PROGRAM_HANDLER + 8] = bytes.fromhex("94430028 82000028")
    gr = [0, random.getrandbits(32), 0x5000, 0x6800, 0x3000, 0x00000044, 0x7E] + [0] * 9
    gr[10], gr[11], gr[12], gr[13] = OPERANDS, AREA, 0x10000 * random.randrange(3), random.randrange(0x4000)
    return bytes(storage), gr


def under_control_program(seed, *, assist, ecmode=True, engine=False):
    """Run the guest to its end; the machine and how often it trapped."""
    storage, gr = random_guest(seed)
    machine = build("0700", gr=dict(enumerate(gr)), cr={1: TABLES}, ecmode=ecmode, micpend=bool(seed & 1))
    for page in range(16):
        machine.storage.write(frame(page), storage[page << 12 : (page + 1) << 12])
    control_program = Simulator(ecmode)
    machine.handler = control_program
    if not assist:
        machine.cpu.cr[6] = BLOCK
    if engine:
        machine.engine = make_engine(machine.cpu)
    machine.run(40 * STEPS)
    assert machine.dead, "the guest did not come to its end"
    return machine, control_program.traps


def on_a_machine_of_its_own(seed):
    storage, gr = random_guest(seed)
    machine = Machine(GUEST_SIZE)
    machine.storage.write(0, storage)
    machine.cpu.gr[:] = gr
    machine.cpu.cr[:] = [0] * 16
    machine.cpu.cr[0], machine.cpu.cr[1], machine.cpu.cr[2] = 0xE0 | FORMAT_4K_64K, TABLES, 0xFFFFFFFF
    machine.cpu.load_psw(PSW(ec_mode=True, instruction_address=CODE))
    machine.run(40 * STEPS)
    assert machine.dead, "the guest did not come to its end"
    return machine


def seen(machine):
    """What the guest sees at its end: PSW, registers, storage but for the timer, keys (reference and change too)."""
    guest = guest_storage(machine)
    psw = PSW.from_bytes(machine.storage.read(VMPSW, 8))
    registers = [control(machine, n) for n in range(16)]
    return psw, machine.cpu.gr, registers, guest[:TIMER] + guest[TIMER + 4 :], guest_keys(machine)


def handled(machine):
    return sum(count.handled for count in machine.assist.counts.values())


def seen_on_bare(machine):
    guest = machine.storage.read(0, GUEST_SIZE)
    keys = list(machine.storage.keys)
    return machine.cpu.psw, machine.cpu.gr, list(machine.cpu.cr), guest[:TIMER] + guest[TIMER + 4 :], keys


@pytest.mark.parametrize("seed", range(24))
def test_random_programs_end_alike_bare_with_and_without_the_assist(seed):
    """[5.2 common] Same PSW, registers, storage and keys; and a trap fewer for each instruction that was assisted."""
    bare = seen_on_bare(on_a_machine_of_its_own(seed))
    plain, traps = under_control_program(seed, assist=False)
    assisted, fewer = under_control_program(seed, assist=True)
    assert seen(plain) == bare
    assert seen(assisted) == bare
    assert traps - fewer == handled(assisted)


@pytest.mark.parametrize("seed", range(40, 46))
def test_machine_without_ecmode_ends_alike_with_and_without_the_assist(seed):
    """[5.2 LCTL] [5.2 STCTL] The control program does what registers other than 0 are to do."""
    plain, traps = under_control_program(seed, assist=False, ecmode=False)
    assisted, fewer = under_control_program(seed, assist=True, ecmode=False)
    assert seen(assisted) == seen(plain)
    assert traps - fewer == handled(assisted)


@pytest.mark.parametrize("seed", range(50, 54))
def test_compiled_code_leaves_to_the_assist_what_it_would_to_the_cpu(seed):
    """[5.2 common] The whole state of the machine is the same with the engine, the assist's counts too."""
    pytest.importorskip("wasmtime")
    alone, traps = under_control_program(seed, assist=True)
    compiled, also = under_control_program(seed, assist=True, engine=True)
    assert compiled.engine is not None
    assert (compiled.state(), also) == (alone.state(), traps)
