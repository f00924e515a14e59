"""A guest's channel programs on a dedicated tape drive: the copy CP makes, and that the guest cannot tell."""

from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from edu_hv.devices.tape import Tape, TapeDrive, aws_image
from edu_hv.hypervisor import vio
from edu_hv.hypervisor.ccw_translation import LONGEST_CHAIN, translate
from edu_hv.isa.codes import PSA, UnitStatus
from edu_hv.isa.errors import UserError
from edu_hv.machine.ccw import CSW
from edu_hv.machine.machine import Machine
from edu_hv.machine.psw import PSW
from tests.hypervisor.bench import CODE, FIRST_REAL_TAPE, SIZE, TAPE, csw, guest, visible_bare, visible_guest

BLOCK = bytes(range(251)) * 20  # 5020 bytes: more than a page
TAPE_IMAGE = aws_image([BLOCK, b"A SECOND BLOCK", None, b"BEHIND THE MARK"])
SIO_AND_LOOP = "9C000181" + "47F00A04"
MOST_EVENTS = 300


@dataclass
class Program:
    """A channel program and what it finds: CCWs and other storage by address, the CAW, storage keys."""

    storage: dict[int, str]
    caw: int = 0x4000
    keys: dict[int, int] = field(default_factory=dict)


def on_the_machine(program):
    """CC and storage after SIO and the end of the operation, its CSW stored; None when it does not end."""
    machine = Machine(SIZE)
    machine.channels.attach(TAPE, TapeDrive(Tape.from_bytes(TAPE_IMAGE, "test")))
    machine.storage.write(CODE, bytes.fromhex(SIO_AND_LOOP))
    machine.storage.write(PSA.CAW, program.caw.to_bytes(4, "big"))
    for address, text in program.storage.items():
        machine.storage.write(address, bytes.fromhex(text))
    for block, key in program.keys.items():
        machine.storage.keys[block] = key
    machine.cpu.load_psw(PSW(instruction_address=CODE))
    machine.advance()
    for _ in range(MOST_EVENTS):
        if not any(subchannel.program for subchannel in machine.channels.state().subchannels):
            break
        machine.clocks.now = max(machine.clocks.now, machine.channels.next_event)
        machine.channels.advance()
    else:
        return None
    if machine.channels.pending(PSW(0xFE), 0xFFFFFFFF):
        machine.channels.accept(machine.cpu, TAPE)
    return machine.cpu.psw.cc, visible_bare(machine)


def on_cp(program):
    """The same in a guest; and the guest, for what a test wants to know besides."""
    made, vm = guest(SIO_AND_LOOP, tape=TAPE_IMAGE)
    vm.cpu.store_real(PSA.CAW, program.caw.to_bytes(4, "big"))
    for address, text in program.storage.items():
        vm.cpu.store_real(address, bytes.fromhex(text))
    for block, key in program.keys.items():
        vm.cpu.storage.keys[vm.cpu.absolute(block * 2048) // 2048] = key
    tables = dict(made.cp.free_storage.taken)
    made.steps()
    cc = made.machine.cpu.psw.cc
    device = vm.vmdevs[TAPE]
    made.stop()
    vm.cf = True  # The machine waits for the channel instead of running the guest.
    made.until(lambda: not device.busy)
    if device.pending:
        vio.accept(vm, TAPE)
    assert made.cp.free_storage.taken == tables, "the copy was not given back"
    return cc, visible_guest(vm), vm


def same(program):
    """What differs in CC, CSW, storage and keys, reference bits apart: the real channel fetches copies of the CCWs."""
    bare = on_the_machine(program)
    cc, its, _ = on_cp(program)
    mine = bare[1]
    mine.keys, its.keys = (bytes(key & 0xFA for key in keys) for keys in (mine.keys, its.keys))
    return [f"CC {bare[0]} / {cc}"] * (bare[0] != cc) + [
        line for line in mine.difference(its) if line.startswith(("storage", "keys"))
    ]


def chain(*ccws, at=0x4000):
    return {at: "".join(ccws)}


READ = "0200500020000100"
NOP, REWIND, FORWARD = "0300000060000001", "0700000060000001", "3700000060000001"
CASES = {
    "within a page": Program(chain(READ)),
    "to the end of a page": Program(chain("02005F0020000100")),
    "crossing a page": Program(chain("02005F0020001000")),
    "crossing two pages": Program(chain("02005FFF20001400")),
    "count longer than the block": Program(chain("0200500000002000")),
    "block longer than the count": Program(chain("0200500000000010")),
    "skipped data": Program(chain("0200500030000100")),
    "skipped data, address beyond storage": Program(chain("02F0000030000100")),
    "command chaining": Program(chain(REWIND, NOP, READ)),
    "chain ends with incorrect length": Program(chain("0200500040000010", READ)),
    "data chaining": Program(chain("0200500080000010", "0000600080000020", "00006FF020001000")),
    "data chaining through a TIC": Program(chain("0200500080000010", "0800410000000000") | chain(READ, at=0x4100)),
    "TIC forward": Program(chain(NOP, "0800410000000000") | chain(READ, at=0x4100)),
    "TIC backward": Program(
        chain(NOP, "08003FF000000000", READ) | chain(NOP, "0800401000000000", at=0x3FF0),
    ),
    "TIC back before the start, and on into it": Program(
        chain("0200500080000010", "0300510060000010", "0800400000000000"), caw=0x4008
    ),
    "TIC first": Program(chain("0800401000000000", "", READ)),
    "TIC to TIC": Program(chain(NOP, "0800401000000000", "0800402000000000", "", READ)),
    "TIC to nowhere": Program(chain(NOP, "0801000000000000")),
    "TIC to half a CCW": Program(chain(NOP, "0800400400000000")),
    "next CCW beyond storage": Program(chain(NOP, at=0xFFF8), caw=0xFFF8),
    "next CCW of data chaining beyond storage": Program(chain("0200500080000010", at=0xFFF8), caw=0xFFF8),
    "count 0": Program(chain("0200500020000000")),
    "count 0 in the chain": Program(chain(NOP, "0200500020000000")),
    "count 0, address beyond storage": Program(chain(NOP, "02FFFFFF20000000")),
    "command 0": Program(chain(NOP, "0000500020000001")),
    "reserved flags": Program(chain(NOP, "0200500023000001")),
    "area crosses the end of storage": Program(chain("0200FF0020000400")),
    "area beyond storage": Program(chain("0201000020000001")),
    "area beyond storage, long": Program(chain("02F0000020002000")),
    "area wraps at 16M": Program(chain("02FFFFF020001000")),
    "control command with an address beyond storage": Program(chain("03F0000060000001", READ)),
    "IDAWs": Program(chain("0200410024000A00") | {0x4100: "00005F00" + "00008000" + "00006800"}),
    "IDAW in the middle of a block": Program(chain("0200410024000A00") | {0x4100: "00005F00" + "00008100"}),
    "IDAW beyond storage": Program(chain("0200410024000A00") | {0x4100: "00005F00" + "00010000"}),
    "IDAW of more than 24 bits": Program(chain("0200410024000100") | {0x4100: "01005F00"}),
    "IDAWs not on a word": Program(chain("0200410224000100") | {0x4100: "0000000000005F00"}),
    "IDAWs beyond storage": Program(chain("0200FFFC24000A00") | {0xFFFC: "00005F00"}),
    "backward within a page": Program(chain(FORWARD, "0C0050FF20000100")),
    "backward across pages": Program(chain(FORWARD, "0C00600F20001000")),
    "backward across the beginning of storage": Program(chain(FORWARD, "0C00001F20000100")),
    "backward, data chaining": Program(chain(FORWARD, "0C00600F80000020", "0000500F20000100")),
    "backward, IDAWs": Program(chain(FORWARD, "0C00410024000900") | {0x4100: "00005100" + "000067FF" + "00007FFF"}),
    "protected area": Program(chain(READ), 0x10004000, {10: 0x20}),
    "protected in its second page": Program(chain("02005F0020001000"), 0x10004000, {10: 0x10, 11: 0x10, 12: 0x20}),
    "area under the key": Program(chain(READ), 0x10004000, {10: 0x10}),
    "CAW with reserved bits": Program(chain(READ), 0x01004000),
    "CAW not on a doubleword": Program(chain(READ), 0x4004),
    "CAW beyond storage": Program({}, 0x10000),
    "program-controlled interruption": Program(chain("0300000068000001", READ)),
    "program-controlled interruption at the end": Program(chain(NOP, "0200500028000100")),
    "command reject": Program(chain("0100500020000010")),
    "command reject in the chain": Program(chain(NOP, "0100500020000010")),
    "immediate command": Program(chain("0300000020000001")),
    "tape mark": Program(chain(FORWARD, FORWARD, READ)),
    "load point": Program(chain("2700000020000001")),
    "sense": Program(chain("0400500020000018")),
}


@pytest.mark.parametrize("program", CASES.values(), ids=CASES.keys())
def test_guest_finds_what_it_would_find_on_the_machine(program):
    """Condition code, CSW in the guest's addresses, residual count, data."""
    assert same(program) == []


COMMANDS = st.sampled_from(["02", "02", "0C", "03", "08", "08", "37", "27", "04", "01", "00"])
ADDRESSES = st.sampled_from([0x4000, 0x4008, 0x4010, 0x4018, 0x4020, 0x5000, 0x57FF, 0x5FF0, 0x60FF, 0xFF80, 0x10000])
FLAGS = st.sampled_from([0x00, 0x20, 0x40, 0x60, 0x80, 0x80, 0x24, 0x64, 0x84, 0x30, 0x48, 0x88, 0x01])
COUNTS = st.sampled_from([0, 1, 8, 0x100, 0x7FF, 0x1001, 0xFFFF])
CCWS = st.builds(lambda c, a, f, n: f"{c}{a:06X}{f:02X}00{n:04X}", COMMANDS, ADDRESSES, FLAGS, COUNTS)


@settings(max_examples=500, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.lists(CCWS, min_size=1, max_size=6), st.sampled_from([0x4000, 0x4000, 0x4010]))
def test_any_channel_program_does_the_same_as_on_the_machine(ccws, caw):
    """Good or bad, with TICs to anywhere.  Left out is one that stores into its own CCWs: CP does not see that."""
    program = Program(chain(NOP, *ccws, "0300000020000001"), caw)
    ended = on_the_machine(program)
    assume(ended is not None)
    assume(ended[1].storage[0x3000:0x4100].hex().upper().strip("0") == "".join(program.storage.values()).strip("0"))
    both_ways = any(text[:2] == "0C" for text in ccws) and any(text[8] in "89" for text in ccws)
    assume(not both_ways)
    assert same(program) == []


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.integers(0x2000, 0xE000), st.integers(1, 6000), st.booleans())
def test_block_of_tape_is_read_to_wherever_the_guest_wants_it(address, count, suppress):
    program = Program({0x1000: f"02{address:06X}{0x20 if suppress else 0:02X}00{count:04X}"}, 0x1000)
    assert same(program) == []
    _, its, _ = on_cp(program)
    moved = min(count, len(BLOCK))
    assert its.storage[address : address + moved] == BLOCK[:moved]
    assert int.from_bytes(its.storage[0x46:0x48], "big") == count - moved


# ---- the copy ------------------------------------------------------------------------------------------------------


def copied(*ccws, at=0x4000, caw=None):
    made, vm = guest()
    for address, text in chain(*ccws, at=at).items():
        vm.cpu.store_real(address, bytes.fromhex(text))
    return vm, translate(vm, made.machine.cpu, made.cp.free_storage, at if caw is None else caw)


def test_area_within_a_page_is_named_by_its_real_address():
    vm, task = copied(READ)
    (ccw,) = task.ccws
    assert ccw.real.hex() == f"02{vm.cpu.absolute(0x5000):06x}20000100"
    assert ccw.idaws == ()


def test_area_that_crosses_a_page_gets_an_idaw_for_each_2k():
    """The example of the tape read: 8K from X'2800'."""
    vm, task = copied("0200280020002000")
    (ccw,) = task.ccws
    assert ccw.idaws == tuple(vm.cpu.absolute(at) for at in (0x2800, 0x3000, 0x3800, 0x4000))
    assert ccw.real.hex()[8:] == "24002000"
    at = int.from_bytes(ccw.real[1:4], "big")
    assert vm.cpu.real.load_real(at, 16) == b"".join(word.to_bytes(4, "big") for word in ccw.idaws)


def test_tic_leads_to_the_copy():
    _, task = copied(NOP, "0800400000000000")
    assert int.from_bytes(task.ccws[1].real[1:4], "big") == task.ccws[0].real_address == task.real_address


def test_every_address_of_the_copy_is_the_guests_again():
    _, task = copied(NOP, "0800410000000000", "", "")
    for ccw in task.ccws:
        assert task.guest_address_of(ccw.real_address + 8) == ccw.guest_address + 8


def test_chain_too_long_to_copy_ends_with_a_program_check():
    """A limit of this CP: 256 CCWs; what is behind them is a fence and not somebody else's storage."""
    _, _, vm = on_cp(Program(chain(*[NOP] * 300)))
    assert csw(vm) == f"00{0x4000 + 8 * LONGEST_CHAIN + 8:06X} 00200001"


def test_guest_cannot_change_the_program_once_it_runs():
    made, vm = guest(SIO_AND_LOOP, tape=TAPE_IMAGE)
    vm.cpu.store_real(PSA.CAW, (0x4000).to_bytes(4, "big"))
    vm.cpu.store_real(0x4000, bytes.fromhex(READ))
    made.steps()
    vm.cpu.store_real(0x4000, bytes(8))
    made.until(lambda: vm.vmdevs[TAPE].pending is not None)
    assert vm.cpu.load_real(0x5000, 0x100) == BLOCK[:0x100]


# ---- the other I/O instructions ------------------------------------------------------------------------------------


def io(code, prepare=None, tape=TAPE_IMAGE):
    """CC of an I/O instruction and the CSW's status, after one step."""
    made, vm = guest(code, tape=tape)
    vm.cpu.store_real(PSA.CAW, (0x4000).to_bytes(4, "big"))
    vm.cpu.store_real(0x4000, bytes.fromhex(READ))
    if prepare:
        prepare(made, vm)
    made.steps()
    return made.machine.cpu.psw.cc, csw(vm)


def started(made, vm):
    device = vm.vmdevs[TAPE]
    device.task = translate(vm, made.machine.cpu, made.cp.free_storage, 0x4000)
    device.busy = made.cp.vio._start_real(device, device.task) == 0


def ended(made, vm):
    vm.vmdevs[TAPE].pending = CSW(0, 0x4008, UnitStatus.CHANNEL_END | UnitStatus.DEVICE_END, residual=5)


def became_ready(made, vm):
    vm.vmdevs[TAPE].pending = CSW(unit_status=UnitStatus.DEVICE_END)


NO_CSW = "00000000 00000000"


@pytest.mark.parametrize(
    ("code", "prepare", "cc", "status"),
    [
        pytest.param("9C000181", None, 0, NO_CSW, id="SIO"),
        pytest.param("9C010181", None, 0, NO_CSW, id="SIOF"),
        pytest.param("9C000181", started, 2, NO_CSW, id="SIO busy"),
        pytest.param("9C000181", ended, 2, NO_CSW, id="SIO with the end of a program pending"),
        pytest.param("9C000181", became_ready, 1, "00000000 14000000", id="SIO with device end pending: busy bit"),
        pytest.param("9C000182", None, 3, NO_CSW, id="SIO no such device"),
        pytest.param("9D000181", None, 0, NO_CSW, id="TIO"),
        pytest.param("9D000181", started, 2, NO_CSW, id="TIO busy"),
        pytest.param("9D000181", ended, 1, "00004008 0C000005", id="TIO takes the status"),
        pytest.param("9D000182", None, 3, NO_CSW, id="TIO no such device"),
        pytest.param("9D010181", ended, 1, "00004008 0C000005", id="CLRIO"),
        pytest.param("9E000181", None, 1, NO_CSW, id="HIO"),
        pytest.param("9E010181", started, 2, NO_CSW, id="HDV while the channel works"),
        pytest.param("9E000181", ended, 0, NO_CSW, id="HIO with status pending"),
        pytest.param("9F000100", None, 0, NO_CSW, id="TCH of the tape's channel"),
        pytest.param("9F000100", ended, 1, NO_CSW, id="TCH with status pending"),
        pytest.param("9F000000", None, 0, NO_CSW, id="TCH of the console's channel"),
        pytest.param("9F000300", None, 3, NO_CSW, id="TCH no such channel"),
        pytest.param("B2030100", None, 0, NO_CSW, id="STIDC"),
        pytest.param("B2030300", None, 3, NO_CSW, id="STIDC no such channel"),
    ],
)
def test_io_instruction_sets_the_condition_code(code, prepare, cc, status):
    assert io(code, prepare) == (cc, status)


@pytest.mark.parametrize(("channel", "kind"), [(0, "10000000"), (1, "20000000")])
def test_stidc_stores_the_channel_type(channel, kind):
    made, vm = guest(f"B2030{channel}00")
    made.steps()
    assert vm.cpu.load_real(PSA.CHANNEL_ID, 4).hex() == kind


def test_drive_without_a_tape_answers_for_itself():
    assert io("9C000181", tape=None) == (1, "00000000 02000000")


def test_sense_after_a_unit_check_is_the_real_drives():
    """SIO of a WRITE is rejected at once; the guest's own SENSE then says why."""
    made, vm = guest("9C000181" + "92040048" + "47F00A08", tape=TAPE_IMAGE)
    vm.cpu.store_real(PSA.CAW, (0x4000).to_bytes(4, "big"))
    vm.cpu.store_real(0x4000, bytes.fromhex("0100500020000001"))
    made.steps()
    assert (made.machine.cpu.psw.cc, csw(vm)) == (1, "00000000 02000000")
    made.stop()
    vm.cpu.store_real(0x4000, bytes.fromhex("0400500020000002"))
    vm.vmpsw.instruction_address = CODE
    made.steps()
    made.until(lambda: vm.vmdevs[TAPE].pending is not None)
    assert vm.cpu.load_real(0x5000, 2).hex() == "804a"


def test_second_status_before_the_first_is_taken_loses_neither():
    """A tape is mounted while the end of an operation is still pending for the guest."""
    made, vm = guest(SIO_AND_LOOP, tape=TAPE_IMAGE)
    vm.cpu.store_real(PSA.CAW, (0x4000).to_bytes(4, "big"))
    vm.cpu.store_real(0x4000, bytes.fromhex("0200500020002000"))
    made.steps()
    device = vm.vmdevs[TAPE]
    made.until(lambda: device.pending is not None)
    made.settle()
    made.machine.channels.present(FIRST_REAL_TAPE, UnitStatus.ATTENTION)
    made.steps()
    assert device.pending.to_bytes().hex(" ", 4) == "00004008 8c000c64"


def test_interruption_kept_for_another_guest_shows_what_it_changes_there():
    made, vm = guest(SIO_AND_LOOP, tape=TAPE_IMAGE)
    vm.cpu.store_real(PSA.CAW, (0x4000).to_bytes(4, "big"))
    vm.cpu.store_real(0x4000, bytes.fromhex(READ))
    made.steps()
    made.stop()
    vm.cf = True
    made.start(made.log_on("B"), "47F00A00")
    events = made.watch()
    made.until(lambda: vm.vmdevs[TAPE].pending is not None)
    made.settle()
    kept = [done for done in made.carried_out(events) if done.verdict.rule.id == "IO-1"]
    assert [[(effect.name, effect.before, effect.after) for effect in done.effects] for done in kept] == [
        [("pending I/O", "none", "181"), ("I/O under way", "181", "none")]
    ]


def test_no_room_for_the_copy_is_a_busy_channel():
    """CP does not fail, and the guest may try again."""
    made, vm = guest(SIO_AND_LOOP, tape=TAPE_IMAGE)
    vm.cpu.store_real(PSA.CAW, (0x4000).to_bytes(4, "big"))
    vm.cpu.store_real(0x4000, bytes.fromhex(READ))
    free = made.cp.free_storage
    while True:
        try:
            piece = free.get(64)
        except MemoryError:
            break
    made.steps()
    assert made.machine.cpu.psw.cc == 2
    free.free(piece)
    made.stop()
    vm.vmpsw.instruction_address = CODE
    made.steps()
    assert made.machine.cpu.psw.cc == 0


def test_virtual_device_uses_the_guests_own_storage():
    """Console: CP interprets the chain; nothing is translated, nothing is started on a real device."""
    made, vm = guest("9C000009")
    vm.cpu.store_real(PSA.CAW, (0x4000).to_bytes(4, "big"))
    vm.cpu.store_real(0x4000, bytes.fromhex("09" + "005FFE" + "20000004"))
    vm.cpu.store_real(0x5FFE, "PAGE".encode("cp037"))
    made.steps()
    assert [line.text for line in vm.terminal] == ["PAGE"]
    assert vm.cpu.load_real(PSA.CSW, 8) == bytes(8)


def test_ipl_from_an_empty_reader_is_the_users_mistake():
    made, vm = guest()
    with pytest.raises(UserError, match="00C"):
        made.cp.ipl(vm, 0x00C)
