"""Minidisks: a guest's channel programs on some cylinders of a real volume do what they do on a volume of its own.

The oracle is the same program on a bare machine with a small volume, which the minidisk is a copy of: home addresses
and records zero have other cylinder numbers there, and other people's cylinders are around it.
"""

from dataclasses import replace
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edu_hv.devices.ckd_image import blank_volume
from edu_hv.hypervisor.rcwtask import RCWCTL
from edu_hv.machine.ccw import CCW
from tests.hypervisor.ccw_rig import FREE, REAL_ADDRESS, REAL_SIZE, DoesNotEnd, Program, extent, outside
from tests.hypervisor.minidisk_rig import (
    AREA,
    ARGUMENTS,
    CASES,
    CC,
    CD,
    CHAIN,
    CYLINDERS,
    RELN,
    SENSE,
    SLI,
    TO_TRACK,
    bare,
    line,
    minidisk,
    same,
)
from tools.disk_chains import CHAIN as RANDOM_CHAIN
from tools.disk_chains import Chains


@pytest.mark.parametrize("text", CASES.values(), ids=CASES.keys())
@pytest.mark.parametrize("model", ["3330", "2314"])
def test_minidisk_is_as_a_small_volume(model, text):
    """[2.4-7] [2.4-9] [2.4-10] [2.4-11] [2.4-15] [2.5 Definition] CSWs, data, what is written, and sense bytes."""
    assert same(line(text), SENSE, line(f"{TO_TRACK} 06/5"), model=model) == []


@pytest.mark.parametrize("text", CASES.values(), ids=CASES.keys())
def test_minidisk_under_a_key_is_as_a_small_volume(text):
    """[2.4-19] CP's copies can be fetched under any key, and what the guest may not store into stays as it is."""
    keys = {AREA // 2048: 0x30, 0x7000 // 2048: 0x30}
    assert same(*(replace(line(text, caw=0x30000000 | CHAIN), keys=keys) for _ in range(2))) == []
    assert same(line(text, caw=0x40000000 | CHAIN)) == []


@pytest.mark.parametrize("text", ["13 06/5", f"{TO_TRACK} 13 06/5", f"{TO_TRACK} 13 1A/5", "13 03", "02/24 03", "02/24",
                                  f"{TO_TRACK} 02/24 1A/5"])  # fmt: skip
def test_recalibrate_and_read_ipl_go_to_the_minidisks_cylinder_0(text):
    """[2.4-9] Not to the volume's, where the real commands would go."""
    assert same(line(text), SENSE) == []


def test_recalibrate_alone_ends_by_an_interruption():
    """A difference: on the machine it is immediate, and SIO already stores its channel end."""
    seen = minidisk().run(line("13"))
    assert (seen.cc, seen.csws) == (0, ("00004008 08000001", "00000000 04000000"))


@pytest.mark.parametrize("model", ["3330", "2314", "3350"])
def test_whole_volume_as_a_minidisk_is_as_the_volume(model):
    """Cylinder 0 is cylinder 0."""
    programs = [line(text) for text in CASES.values()]
    assert same(*programs, model=model, reln=0) == []


def test_recalibrate_that_the_file_mask_does_not_permit_ends_with_channel_end_too():
    """A difference: on the machine it is refused before it begins."""
    text = f"{TO_TRACK} 1F:18 13"
    assert [b.run(line(text)).csws for b in (bare(), minidisk())] == [("00004018 02000001",), ("00004018 0e000001",)]


def with_records(model):
    """A small volume with records on the tracks that the random chains use."""
    alone = bare(model, blank_volume(model, "TEST01", CYLINDERS))
    for chain in Chains(1, alone.device.volume.model.heads, CYLINDERS, sectors=False).prelude():
        alone.run(Program(dict(chain.storage), RANDOM_CHAIN))
    return alone.device.volume


def searches_high(chain):
    """Real numbers in records zero, virtual ones in the others: VM/370 cannot make high and low right for both.

    The same with an argument that stops before the record number.
    """
    kinds = [(ccw.command & 0x7F, ccw.count) for ccw in chain.ccws]
    return any(kind in (0x51, 0x71) or (kind == 0x31 and count < 5) for kind, count in kinds)


@pytest.mark.parametrize(
    ("model", "reln", "number"), [("3330", RELN, 120), ("3330", 300, 40), ("3330", 600, 40), ("2314", 7, 120),
                                  ("2311", 9, 60), ("3350", 300, 40), ("3330", 0, 80)])  # fmt: skip
def test_random_chains_do_the_same_as_on_a_small_volume(model, reln, number):
    """[2.5 Definition] Each on what the one before has left; with the sense bytes after each unit check."""
    small = with_records(model)
    alone, its = bare(model, small), minidisk(model, reln, small)
    others = outside(its.device.volume, reln, CYLINDERS)
    written = (0x15, 0x19) if model >= "3330" else ()
    for chain in Chains(reln + number, small.model.heads, CYLINDERS, model >= "3330").chains(number):
        if searches_high(chain) or any(ccw.command in written for ccw in chain.ccws):
            continue
        program = Program(dict(chain.storage) | {RANDOM_CHAIN + 8 * len(chain.ccws): bytes(64)}, RANDOM_CHAIN)
        seen = alone.run(program)
        assert seen.difference(its.run(program)) == []
        if "02" in (seen.status[:2], seen.csws[0][9:11] if seen.csws else ""):
            assert alone.run(SENSE).difference(its.run(SENSE)) == []
    tracks = [alone.device.volume.track(n) for n in range(alone.device.volume.tracks)]
    assert extent(its.device.volume, reln, CYLINDERS) == tracks
    assert outside(its.device.volume, reln, CYLINDERS) == others


@pytest.mark.parametrize("model", ["3330", "2314"])
def test_random_chains_do_the_same_on_a_dedicated_disk(model):
    """[2.7 Dedicated] All of them: home addresses, records zero, searches for high."""
    small = with_records(model)
    alone, its = bare(model, small), minidisk(model, 0, small, vdevstat=0x01)
    for chain in Chains(3, small.model.heads, CYLINDERS, model == "3330").chains(80):
        program = Program(dict(chain.storage) | {RANDOM_CHAIN + 8 * len(chain.ccws): bytes(64)}, RANDOM_CHAIN)
        assert alone.run(program).difference(its.run(program)) == []
    tracks = range(alone.device.volume.tracks)
    assert [its.device.volume.track(n) for n in tracks] == [alone.device.volume.track(n) for n in tracks]


# ---- security ------------------------------------------------------------------------------------------------------

ANY_COMMAND = st.one_of(
    st.sampled_from([0x07, 0x0B, 0x13, 0x1B, 0x1F, 0x02, 0x08, 0x15, 0x19, 0x1D, 0x05, 0x31, 0x39, 0x1A, 0x16, 0x06]),
    st.integers(0, 0xFF),
)
"""The commands that could do harm most often, and all others."""
ANY_ADDRESS = st.one_of(
    st.sampled_from([CHAIN, CHAIN + 8, CHAIN + 16, CHAIN + 24, ARGUMENTS, ARGUMENTS + 2, ARGUMENTS + 16, AREA]),
    st.sampled_from([0, FREE[0], 0xFFFE, 0x10000, REAL_SIZE - 0x2000, 0xFFFFFF]),
)
ANY_CCW = st.builds(
    CCW, ANY_COMMAND, ANY_ADDRESS,
    st.sampled_from([0x40, 0x40, 0x60, 0x60, 0x60, 0xA0, 0x80, 0x64, 0x70, 0x20, 0x48, 0x00]),
    st.sampled_from([1, 4, 5, 6, 6, 6, 8, 16, 100, 0x1001, 0xFFFF, 0]),
)  # fmt: skip
ARGUMENT = st.sampled_from(["000000010002", "000000000000", "000000030000", "00000009000200", "0000FFFB0000",
                            "0001000100", "C0C0C0C0C0C0", "00005000", "0005000000", "000800010100001000"])  # fmt: skip


def guarded(its):
    """What no guest may change: other cylinders, and real storage that is neither its own nor CP's copy."""
    storage = bytearray(its.machine.storage.data)
    for frame in its.frames.frames:
        storage[frame : frame + 0x1000] = bytes(0x1000)
    storage[FREE[0] : FREE[1]] = bytes(FREE[1] - FREE[0])
    storage[0:0x200] = bytes(0x200)
    return bytes(storage), outside(its.device.volume, RELN, CYLINDERS)


@settings(max_examples=120, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(
    st.lists(ANY_CCW, min_size=1, max_size=8), st.lists(ARGUMENT, min_size=4, max_size=4), st.sampled_from([0, 0x80]),
    st.sampled_from(["3330", "2314"]),
)  # fmt: skip
def test_no_channel_program_gets_out_of_the_minidisk_or_of_the_guests_storage(ccws, arguments, vdevflag, model):
    """[2.5 security] Programs of hostile guests; the arm, too, ends in the minidisk."""
    its = minidisk(model, vdevflag=vdevflag)
    its.device.cylinder = 1
    storage = {CHAIN: b"".join(ccw.to_bytes() for ccw in ccws) + bytes(16)}
    storage |= {ARGUMENTS + 16 * n: bytes.fromhex(text) for n, text in enumerate(arguments)}
    its.prepare(Program(storage))
    before, inside = guarded(its), extent(its.device.volume, RELN, CYLINDERS)
    for _ in range(2):
        try:
            its.run(Program({}))
        except DoesNotEnd:
            its.machine.channels.reset_device(REAL_ADDRESS)
            its.task.release(its.cp)
        assert guarded(its) == before
        assert not vdevflag or extent(its.device.volume, RELN, CYLINDERS) == inside
    assert its.device.cylinder == 1 or RELN <= its.device.cylinder < RELN + CYLINDERS


def test_seek_that_is_also_reached_by_data_chaining_does_not_run():
    """CP's copy of the argument would be the area into which the guest reads."""
    its = minidisk()
    ccws = [CCW(0x03, 0, CC, 1), CCW(0x06, AREA, CD, 8), CCW(0x07, ARGUMENTS, CC | SLI, 6), CCW(0x08, CHAIN + 16, 0, 0)]
    task = its.translate(Program({CHAIN + 8 * n: ccw.to_bytes() for n, ccw in enumerate(ccws)}))
    assert [ccw.control & RCWCTL.INVALID for ccw in task.ccws] == [0, 0, RCWCTL.INVALID, 0]


def altered(chain, rng):
    """A chain that does something with the disk, with one or two mistakes or tricks in it."""
    ccws = list(chain.ccws)
    for _ in range(rng.choice((1, 1, 2))):
        at = rng.randrange(len(ccws))
        ccw = ccws[at]
        ccws[at : at + 1] = rng.choice(
            (
                [
                    replace(
                        ccw, command=rng.choice((0x07, 0x0B, 0x13, 0x02, 0x15, 0x19, 0x1D, 0x1B, rng.randrange(256)))
                    )
                ],
                [replace(ccw, flags=ccw.flags ^ 1 << rng.randrange(2, 8))],
                [replace(ccw, address=rng.choice((0x3000, 0x3008, 0x3010, 0x4000, 0x4008, 0x8000, 0xFFF8)))],
                [replace(ccw, count=rng.choice((1, 3, 4, 5, 6, 8, 100, 5000)))],
                [CCW(0x08, RANDOM_CHAIN + 8 * rng.randrange(len(ccws)), 0, 0), ccw],
            )
        )
    text = b"".join(ccw.to_bytes() for ccw in ccws) + bytes(32)
    return Program(dict(chain.patches) | {RANDOM_CHAIN: text}, RANDOM_CHAIN)


@pytest.mark.parametrize("model", ["3330", "2314"])
def test_no_altered_program_gets_out_of_the_minidisk(model):
    """[2.5 security] Programs for five cylinders, two of which are somebody else's; a good part of them does write."""
    its, rng = minidisk(model, small=with_records(model)), Random(7)
    heads = its.device.volume.model.heads
    before, written = guarded(its), 0
    for chain in Chains(7, heads, CYLINDERS + 2, model == "3330").chains(150):
        volume = its.device.volume
        try:
            its.run(altered(chain, rng))
        except DoesNotEnd:
            its.machine.channels.reset_device(REAL_ADDRESS)
            its.task.release(its.cp)
        written += volume is not its.device.volume
        assert guarded(its) == before
        assert its.device.cylinder == 0 or RELN <= its.device.cylinder < RELN + CYLINDERS
    assert written >= 10
