"""CCW translation: a guest's channel programs on a dedicated tape drive, and the copy CP makes.

The oracle is the same program on a bare machine: condition code, CSWs of all interruptions, storage and keys.
"""

from dataclasses import replace
from random import Random

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from edu_hv.devices.tape import Tape, TapeDrive, aws_image
from edu_hv.hypervisor.ccw_scan import LONGEST_CHAIN
from edu_hv.hypervisor.ccw_translation import translate_chain
from edu_hv.hypervisor.rcwtask import RCWCTL
from tests.hypervisor.ccw_rig import (
    ADDRESS,
    FREE,
    REAL_ADDRESS,
    TAPE,
    Bare,
    DoesNotEnd,
    Guest,
    Program,
    interruptions,
    start,
)
from tools.channel_chains import BLOCKS, Maker
from tools.channel_chains import CHAIN as RANDOM_CHAIN

BLOCK = bytes(range(251)) * 20  # 5020 bytes: more than a page
TAPE_IMAGE = aws_image([BLOCK, b"A SECOND BLOCK", None, b"BEHIND THE MARK"])
CHAIN = 0x4000


def drive():
    return TapeDrive(Tape.from_bytes(TAPE_IMAGE, "test"))


def guest():
    return tape_guest(drive())


def tape_guest(device):
    return Guest(device, TAPE)


def program(*ccws, at=CHAIN, caw=CHAIN, keys=None, more=None):
    """CCWs as hexadecimal text from `at` on, "" for none; and other storage."""
    storage = {at + 8 * number: bytes.fromhex(text) for number, text in enumerate(ccws) if text}
    return Program(storage | {address: bytes.fromhex(text) for address, text in (more or {}).items()}, caw, keys or {})


def same(*programs):
    """What differs between the bare machine and the guest, each program on what the one before has left."""
    bare, its = Bare(drive()), guest()
    return [line for one in programs for line in bare.run(one).difference(its.run(one))]


READ = "0200500020000100"
NOP, REWIND, FORWARD = "0300000060000001", "0700000060000001", "3700000060000001"
SENSE = "0400500020000018"
CASES = {
    "within a page": program(READ),
    "to the end of a page": program("02005F0020000100"),
    "crossing a page": program("02005F0020001000"),
    "crossing two pages": program("02005FFF20001400"),
    "count longer than the block": program("0200500000002000"),
    "block longer than the count": program("0200500000000010"),
    "skipped data": program("0200500030000100"),
    "skipped data, address beyond storage": program("02F0000030000100"),
    "skipped data, list beyond storage": program("02F0000034000100"),
    "command chaining": program(REWIND, NOP, READ),
    "chain ends with incorrect length": program("0200500040000010", READ),
    "data chaining": program("0200500080000010", "0000600080000020", "00006FF020001000"),
    "data chaining through a TIC": program("0200500080000010", "0800410000000000", more={0x4100: READ}),
    "data chaining to a CCW that looks like a command": program("0200500080000010", "0700600020000020"),
    "TIC forward": program(NOP, "0800410000000000", more={0x4100: READ}),
    "TIC backward": program(NOP, "08003FF000000000", READ, more={0x3FF0: NOP, 0x3FF8: "0800401000000000"}),
    "TIC back before the start, and on into it": program(
        "0200500080000010", "0300510060000010", "0800400000000000", caw=0x4008
    ),
    "TIC first": program("0800401000000000", "", READ),
    "TIC to TIC": program(NOP, "0800401000000000", "0800402000000000", "", READ),
    "TIC to nowhere": program(NOP, "0801000000000000"),
    "TIC to half a CCW": program(NOP, "0800400400000000"),
    "next CCW beyond storage": program(NOP, at=0xFFF8, caw=0xFFF8),
    "next CCW of data chaining beyond storage": program("0200500080000010", at=0xFFF8, caw=0xFFF8),
    "count 0": program("0200500020000000"),
    "count 0 in the chain": program(NOP, "0200500020000000"),
    "count 0, address beyond storage": program(NOP, "02FFFFFF20000000"),
    "command 0": program(NOP, "0000500020000001"),
    "reserved flags": program(NOP, "0200500023000001"),
    "area crosses the end of storage": program("0200FF0020000400"),
    "area beyond storage": program("0201000020000001"),
    "area beyond storage, long": program("02F0000020002000"),
    "area wraps at 16M": program("02FFFFF020001000"),
    "control command with an address beyond storage": program("03F0000060000001", READ),
    "IDAWs": program("0200410024000A00", more={0x4100: "00005F00" + "00008000" + "00006800"}),
    "IDAW in the middle of a block": program("0200410024000A00", more={0x4100: "00005F00" + "00008100"}),
    "IDAW beyond storage": program("0200410024000A00", more={0x4100: "00005F00" + "00010000"}),
    "IDAW of more than 24 bits": program("0200410024000100", more={0x4100: "01005F00"}),
    "IDAWs not on a word": program("0200410224000100", more={0x4100: "0000000000005F00"}),
    "IDAWs beyond storage": program("0200FFFC24000A00", more={0xFFFC: "00005F00"}),
    "backward within a page": program(FORWARD, "0C0050FF20000100"),
    "backward across pages": program(FORWARD, "0C00600F20001000"),
    "backward across the beginning of storage": program(FORWARD, "0C00001F20000100"),
    "backward, data chaining": program(FORWARD, "0C00600F80000020", "0000500F20000100"),
    "backward, IDAWs": program(FORWARD, "0C00410024000900", more={0x4100: "00005100" + "000067FF" + "00007FFF"}),
    "protected area": program(READ, caw=0x10004000, keys={10: 0x20}),
    "protected in its second page": program("02005F0020001000", caw=0x10004000, keys={10: 0x10, 11: 0x10, 12: 0x20}),
    "area under the key": program(READ, caw=0x10004000, keys={10: 0x10}),
    "first CCW protected against fetching": program(READ, caw=0x10004000, keys={8: 0x28}),
    "next CCW protected against fetching": program(
        NOP, "0800480000000000", more={0x4800: READ}, caw=0x10004000, keys={9: 0x28}
    ),
    "IDAWs protected against fetching": program(
        "0200480024000A00", more={0x4800: "00005F00"}, caw=0x10004000, keys={9: 0x28}
    ),
    "PCI": program("0300000068000001", READ),
    "PCI at the end": program(NOP, "0200500028000100"),
    "PCI behind a TIC": program(NOP, "0800410000000000", more={0x4100: "0300000068000001", 0x4108: READ}),
    "command reject": program("0F00500020000010"),
    "write on a protected reel": program("0100500020000010"),
    "write on a protected reel, in the chain": program(NOP, "0100500020000010"),
    "immediate command": program("0300000020000001"),
    "tape mark": program(FORWARD, FORWARD, READ),
    "load point": program("2700000020000001"),
    "sense": program(SENSE),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_guest_finds_what_it_would_find_on_the_machine(case):
    """[2.4-1] [2.4-5] [2.4-6] [2.4-19] Condition code, CSWs in the guest's addresses, residual counts, data."""
    assert same(case) == []


@pytest.mark.parametrize("case", ["write on a protected reel", "load point", "tape mark", "within a page"])
def test_sense_behind_any_program_is_what_it_is_on_the_machine(case):
    """[2.4-8] With unit check from the bytes that CP keeps, otherwise from the drive."""
    assert same(CASES[case], program(SENSE), program(SENSE)) == []


COMMANDS = st.sampled_from(["02", "02", "0C", "03", "08", "08", "37", "27", "04", "01", "00"])
ADDRESSES = st.sampled_from([0x4000, 0x4008, 0x4010, 0x4018, 0x4020, 0x5000, 0x57FF, 0x5FF0, 0x60FF, 0xFF80, 0x10000])
FLAGS = st.sampled_from([0x00, 0x20, 0x40, 0x60, 0x80, 0x80, 0x24, 0x64, 0x84, 0x30, 0x48, 0x88, 0x01])
COUNTS = st.sampled_from([0, 1, 8, 0x100, 0x7FF, 0x1001, 0xFFFF])
CCWS = st.builds(lambda c, a, f, n: f"{c}{a:06X}{f:02X}00{n:04X}", COMMANDS, ADDRESSES, FLAGS, COUNTS)


@settings(max_examples=300, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.lists(CCWS, min_size=1, max_size=6), st.sampled_from([0x4000, 0x4000, 0x4010]))
def test_any_channel_program_does_the_same_as_on_the_machine(ccws, caw):
    """Good or bad, with TICs to anywhere.  Left out is one that stores into its own CCWs: CP does not see that."""
    made = program(NOP, *ccws, "0300000020000001", caw=caw)
    bare = Bare(drive())
    try:
        seen = bare.run(made)
    except DoesNotEnd:
        assume(False)
    text = b"".join(data for _, data in sorted(made.storage.items()))
    assume(bare.machine.storage.read(CHAIN, 0x100) == text.ljust(0x100, b"\0"))
    both_ways = any(ccw[:2] == "0C" for ccw in ccws) and any(ccw[8] in "89" for ccw in ccws)
    assume(not both_ways)
    assert seen.difference(guest().run(made)) == []


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.integers(0x2000, 0xE000), st.integers(1, 6000), st.booleans())
def test_block_of_tape_is_read_to_wherever_the_guest_wants_it(address, count, suppress):
    """[2.4-2] [2.4-3]"""
    made = program(f"02{address:06X}{0x20 if suppress else 0:02X}00{count:04X}", at=0x1000, caw=0x1000)
    assert same(made) == []
    its = guest()
    seen = its.run(made)
    moved = min(count, len(BLOCK))
    assert its.cpu.load_real(address, moved) == BLOCK[:moved]
    assert int(seen.csws[0][-4:], 16) == count - moved


def test_random_programs_of_the_channel_test_do_the_same():
    """[2.4-3] [2.4-4] [2.4-5] [2.4-19] Those that are compared with Hercules: data chaining, IDAWs, keys, errors."""
    image = aws_image([*BLOCKS, None])
    for number in range(150):
        chain = Maker(Random(f"9 {number}")).chain()
        if chain.caw & 0xFFFFFF == RANDOM_CHAIN:
            keys = {address // 2048: key for address, key in chain.keys}
            one = Program(dict(chain.storage), chain.caw, keys)
            bare, its = (made(TapeDrive(Tape.from_bytes(image, "blocks"))) for made in (Bare, tape_guest))
            assert bare.run(one).difference(its.run(one)) == []


# ---- the copy ------------------------------------------------------------------------------------------------------


def copied(*ccws, **options):
    its = guest()
    return its, its.translate(program(*ccws, **options))


def test_area_within_a_page_is_named_by_its_real_address():
    """[2.4-2] The frame is locked, the real address in the CCW."""
    its, task = copied(READ)
    (ccw,) = task.ccws
    assert ccw.real.hex() == f"02{its.cpu.absolute(0x5000):06x}20000100"
    assert (ccw.idaws, ccw.control, its.frames.locks) == ((), RCWCTL.LOCKED, [its.cpu.absolute(0x5000)])


def test_area_that_crosses_a_page_gets_an_idaw_for_each_2k():
    """[2.4-3] [2.8] The example of the tape read: 8K from X'2800'."""
    its, task = copied("0200280020002000")
    (ccw,) = task.ccws
    assert ccw.idaws == tuple(its.cpu.absolute(at) for at in (0x2800, 0x3000, 0x3800, 0x4000))
    assert ccw.real.hex()[8:] == "24002000"
    at = int.from_bytes(ccw.real[1:4], "big")
    assert its.machine.storage.read(at, 16) == b"".join(word.to_bytes(4, "big") for word in ccw.idaws)


def test_guests_idaws_are_translated_one_by_one():
    """[2.4-4]"""
    its, task = copied("0200410024000A00", more={0x4100: "00005F00" + "00008000" + "00006800"})
    assert task.ccws[0].idaws == tuple(its.cpu.absolute(at) for at in (0x5F00, 0x8000, 0x6800))


def test_tic_leads_to_the_copy():
    """[2.4-6]"""
    _, task = copied(NOP, "0800400000000000")
    assert int.from_bytes(task.ccws[1].real[1:4], "big") == task.ccws[0].real_address == task.real_address


def test_ccws_that_follow_one_another_do_so_in_the_copy():
    """[2.4-7] A device that answers with status modifier skips the same CCW; here the run is two pieces met apart."""
    _, task = copied(NOP, "0800401800000000", READ, NOP, "0800401000000000")
    places = {ccw.guest_address: ccw.real_address for ccw in task.ccws}
    assert {places[at] - at for at in places} == {task.real_address - CHAIN}


def test_real_program_runs_under_the_guests_key():
    """[2.4-19]"""
    _, task = copied(READ, caw=0x30004000)
    assert (task.key, task.caw) == (3, 0x30000000 | task.real_address)


def test_every_address_of_the_copy_is_the_guests_again():
    """[2.4 CSW] Whichever run the channel ended in."""
    _, task = copied(NOP, "0800410000000000", more={0x4100: NOP, 0x4108: READ})
    assert len(task.runs) == 2
    for ccw in task.ccws:
        assert task.guest_address_of(ccw.real_address + 8) == ccw.guest_address + 8


def test_behind_each_run_stand_two_invalid_ccws():
    """[2.4-7] For chaining, and for chaining with status modifier."""
    its, task = copied(NOP, "0800410000000000", more={0x4100: NOP, 0x4108: READ})
    for run in task.runs:
        assert its.machine.storage.read(run.real_address + run.length, 16) == bytes(16)


def test_chain_too_long_to_copy_ends_with_a_program_check():
    """A limit of this CP: what is behind so many CCWs is a fence and not somebody else's storage."""
    its = guest()
    seen = its.run(program(*[NOP] * (LONGEST_CHAIN + 40), at=0x1000, caw=0x1000))
    assert seen.csws[-1] == f"00{0x1000 + 8 * LONGEST_CHAIN + 8:06x} 00200001"


def test_one_ccw_cannot_be_read_into_forward_and_backward():
    """A limit of this CP: reached by data chaining from both, with an area that needs IDAWs, it is refused."""
    its = guest()
    made = program(FORWARD, "0C0050FF80000010", "0000600820000100", "0200500080000008", "0800401000000000")
    assert its.run(made).difference(Bare(drive()).run(made)) == []
    made = program(
        "0200500080000008",
        "0800402000000000",
        at=CHAIN,
        more={0x4020: "00005FF840000100", 0x4028: FORWARD, 0x4030: "0C0050FF80000010", 0x4038: "0800402000000000"},
    )
    assert its.translate(made).ccws[2].control == RCWCTL.INVALID


def test_copy_is_immutable_plain_values():
    """A checkpoint shares it."""
    _, task = copied(NOP, READ)
    assert replace(task) == task
    assert hash(task.ccws) == hash(replace(task).ccws)


# ---- locks and storage ---------------------------------------------------------------------------------------------


def test_every_page_of_the_data_is_locked_once_and_unlocked_at_the_end():
    """[2.4-2] However many CCWs use it."""
    its, task = copied("0200500080000010", "0000510080000010", "00005FF080000100", "0000500020000010")
    assert sorted(its.frames.locks) == sorted(its.cpu.absolute(page) for page in (0x5000, 0x6000))
    task.release(its.cp)
    assert (its.frames.locks, its.free_storage.taken) == ([], {})


@pytest.mark.parametrize("most", [0, 1, 2])
def test_program_for_which_not_all_pages_can_be_locked_is_not_started(most):
    """Everything is as it was."""
    its = guest()
    its.frames.most = most
    with pytest.raises(MemoryError):
        its.translate(program("0200580020002000"))
    assert (its.frames.locks, its.free_storage.taken) == ([], {})


def test_program_for_which_free_storage_does_not_suffice_is_not_started():
    """Everything is as it was."""
    its = guest()
    its.free_storage.get(FREE[1] - FREE[0] - 64)
    before = dict(its.free_storage.taken)
    with pytest.raises(MemoryError):
        its.translate(program(NOP, NOP, NOP, NOP, NOP, NOP, NOP, READ))
    assert (its.frames.locks, its.free_storage.taken) == ([], before)


@pytest.mark.parametrize("text", ["0300500020002000", "07F0000020000001", "0200500030002000"],
                         ids=["no-op", "rewind", "skip"])  # fmt: skip
def test_no_page_is_locked_for_a_command_that_moves_no_data(text):
    its, _ = copied(text)
    assert its.frames.locks == []


def test_channel_does_not_store_into_a_shared_segment():
    """[2.4-20] Our CP refuses, where VM/370 gives the guest a copy of its own."""
    its = guest()
    its.vm.storage.protected = True
    seen = its.run(program(READ))
    assert seen.csws == ("00004008 0c100100",)
    assert its.run(program("0100500020000100")).status == "0200", "it may be written from"


# ---- restrictions that VM/370 has too ------------------------------------------------------------------------------


def test_change_of_the_program_after_sio_changes_nothing():
    """[2.4 restrictions] Dynamically modified channel programs do not work: what runs is CP's copy."""
    its = guest()
    task = its.translate(program(NOP, READ))
    start(its.machine, REAL_ADDRESS, task.caw)
    its.cpu.store_real(CHAIN + 8, bytes(8))
    list(interruptions(its.machine))
    assert its.cpu.load_real(0x5000, 0x100) == BLOCK[:0x100]


def test_program_that_modifies_itself_does_what_it_did_not_say():
    """[2.4 restrictions] READ puts a CCW behind itself: the machine executes it, the guest's copy is what it was.

    On the machine the second block is read; the guest's program ends with the NO-OP that was there at SIO.
    """
    new = bytes.fromhex("0200600020000100")
    tape = aws_image([new, b"A SECOND BLOCK"])
    made = program("0200400860000008", "0300000020000001")
    bare = Bare(TapeDrive(Tape.from_bytes(tape, "new")))
    its = Guest(TapeDrive(Tape.from_bytes(tape, "new")), TAPE)
    bare.run(made)
    its.run(made)
    assert bare.machine.storage.read(0x6000, 8) == b"A SECOND"
    assert its.cpu.load_real(0x4008, 8) == new
    assert its.cpu.load_real(0x6000, 8) == bytes(8)


# ---- sense ---------------------------------------------------------------------------------------------------------


def test_sense_after_a_unit_check_needs_no_real_operation():
    """[2.4-8] CP has the bytes already, and the drive may have done something else meanwhile."""
    its = guest()
    its.run(CASES["write on a protected reel"])
    kept = its.vdev.sense
    its.device.sense = bytes(len(kept))
    task = its.translate(program(SENSE))
    assert task.answered.to_bytes().hex(" ", 4) == "00004008 0c000000"
    assert its.cpu.load_real(0x5000, len(kept)) == kept
    assert kept[0] == 0x80


def test_program_of_several_sense_commands_needs_no_real_operation():
    """[2.4-8]"""
    its = guest()
    its.run(CASES["write on a protected reel"])
    task = its.translate(program("0400500060000002", NOP, "0400600020000002"))
    assert task.answered.to_bytes().hex(" ", 4) == "00004018 0c000000"
    assert its.cpu.load_real(0x5000, 2) == its.cpu.load_real(0x6000, 2) == its.vdev.sense[:2]


def test_what_is_chained_to_the_sense_goes_to_the_real_device():
    """[2.4-8]"""
    chained = program("0400500060000018", "0700000060000001", "0200600020000100")
    assert same(CASES["tape mark"], CASES["write on a protected reel"], chained) == []


def test_sense_that_is_chained_to_itself_does_not_hold_cp_up():
    """[2.4-8] It goes on at the real device, until the guest halts it."""
    its = guest()
    its.run(CASES["write on a protected reel"])
    task = its.translate(program("0400500060000018", "0800400000000000"))
    assert (task.answered, len(task.ccws)) == (None, 2)


def test_next_command_makes_the_kept_sense_invalid():
    """[2.4-8]"""
    its = guest()
    its.run(CASES["write on a protected reel"])
    assert its.vdev.vdevflag & 0x01
    its.run(program(NOP))
    assert its.vdev.vdevflag & 0x01
    its.run(program(REWIND, READ))
    assert not its.vdev.vdevflag & 0x01


# ---- DIAGNOSE ------------------------------------------------------------------------------------------------------


def test_chain_can_be_translated_without_a_caw():
    """For DIAGNOSE X'18' and X'20'."""
    its = guest()
    its.prepare(program(READ, at=0x7000))
    task = translate_chain(its.cp, its.vm, its.vdev, 0x7000, 4)
    assert (task.vcaw, task.key, len(task.ccws)) == (0x7000, 4, 1)


def test_real_device_is_not_the_guests_address():
    """The test would not find a mix-up otherwise."""
    assert ADDRESS not in guest().machine.channels.devices
