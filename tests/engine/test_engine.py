"""Stops, watched and changed lines, limits, fresh stores: what the engine does beside executing instructions."""

import pytest

from edu_hv.engine import artifact, linear, tiers
from edu_hv.engine.interpreter import Reason
from edu_hv.engine.tiers import Engine
from edu_hv.machine.machine import Machine
from edu_hv.machine.storage import CODE, FETCH_WATCHED, LINE_SHIFT, STORE_WATCHED

COUNTING = "41200064 41330001 4620C004 47F0C000"
"""LA 2,100; LA 3,1(3); BCT 2,*-4; B to the begin: GR3 counts."""
BASE = {12: 0x1000, 11: 0x2000}


@pytest.fixture(params=[None, 4], ids=["interpreter", "regions"])
def threshold(request):
    return request.param


def compiled(machine, limit):
    """Run; resolve with the CPU what has to be."""
    left = limit
    while left:
        done = machine.run_compiled(left)
        left -= done
        if not done:
            assert machine.advance()
            left -= 1
    return machine


def code_lines(machine):
    """The lines with the flag CODE."""
    return [line for line, flags in enumerate(machine.storage.line_flags) if flags & CODE]


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 100, 1001, 54321])
def test_exactly_as_many_instructions_as_asked_for(boot, threshold, limit):
    machine = compiled(boot(COUNTING, gr=BASE, threshold=threshold), limit)
    turns, rest = divmod(limit, 202)
    within = turns * 100 + max(0, rest // 2)
    assert (machine.instructions, machine.cpu.gr[3]) == (limit, within)


def test_stop_is_before_the_instruction(boot, threshold):
    machine = boot(COUNTING, gr=BASE, threshold=threshold)
    compiled(machine, 1000)
    machine.engine.stops = {0x1008}
    machine.run_compiled(1000)
    assert (machine.cpu.psw.instruction_address, machine.engine.reason) == (0x1008, Reason.STOPPED)
    assert machine.run_compiled(1000) == 0
    machine.advance()
    before = machine.instructions
    machine.run_compiled(1000)
    assert (machine.cpu.psw.instruction_address, machine.instructions - before) == (0x1008, 1)


def test_stop_in_a_block_not_executed_before_is_met(boot, threshold):
    machine = boot("47F0B000", gr=BASE, storage={0x2000: "47F0C000"}, threshold=threshold)
    machine.engine.stops = {0x2000}
    machine.advance()
    assert machine.run_compiled(10) == 0
    assert machine.engine.reason is Reason.STOPPED


def test_stop_that_is_taken_away_costs_nothing_more(boot, threshold):
    machine = boot(COUNTING, gr=BASE, threshold=threshold)
    machine.engine.stops = {0x1008}
    compiled(machine, 5)
    machine.engine.stops = set()
    compiled(machine, 5000)
    assert machine.run_compiled(5000) == 5000


def test_store_into_code_takes_effect(boot, threshold):
    """LA 2,100; LA 3,1(3); BCT; MVI X'1007',2: from the second turn on GR3 counts by two."""
    machine = boot("41200064 41330001 4620C004 9202C007 47F0C000", gr=BASE, threshold=threshold)
    compiled(machine, 203)
    assert machine.cpu.gr[3] == 100
    compiled(machine, 203)
    assert machine.cpu.gr[3] == 300


def test_channel_or_operator_storing_into_code_takes_effect(boot, threshold):
    machine = boot(COUNTING, gr=BASE, threshold=threshold)
    compiled(machine, 2020)
    machine.storage.write(0x1007, b"\x05")
    compiled(machine, 202)
    assert machine.cpu.gr[3] == 1000 + 500


def test_store_of_several_blocks_over_code_takes_effect(boot, threshold):
    """The operator's store begins and ends in blocks without code."""
    machine = boot(COUNTING, gr=BASE, threshold=threshold)
    compiled(machine, 2020)
    text = bytearray(machine.storage.read(0x0800, 0x1800))
    text[0x807] = 5
    machine.storage.write(0x0800, bytes(text))
    compiled(machine, 202)
    assert machine.cpu.gr[3] == 1000 + 500


def test_regions_flag_the_lines_of_their_instructions(boot):
    machine = boot(COUNTING, gr=BASE, threshold=4)
    compiled(machine, 5000)
    assert code_lines(machine) == [0x1000 >> LINE_SHIFT]
    machine.storage.write(0x1000, bytes.fromhex("41200032"))
    assert code_lines(machine) == []


@pytest.mark.parametrize(
    ("instruction", "flag", "leaves"),
    [
        pytest.param("5850B040", FETCH_WATCHED, True, id="fetch-of-fetch-watched"),
        pytest.param("5850B040", STORE_WATCHED, False, id="fetch-of-store-watched"),
        pytest.param("5050B040", STORE_WATCHED, True, id="store"),
        pytest.param("5050B040", FETCH_WATCHED, True, id="store-of-fetch-watched"),
        pytest.param("5050B060", STORE_WATCHED | FETCH_WATCHED, False, id="store-behind"),
        pytest.param("5050B03E", STORE_WATCHED, True, id="store-across"),
        pytest.param("D20FB030B038", FETCH_WATCHED, True, id="second-operand"),
        pytest.param("94FFB040", FETCH_WATCHED, True, id="and-immediate"),
        pytest.param("9815B030", FETCH_WATCHED, True, id="last-byte-of-several-registers"),
    ],
)
def test_compiled_code_leaves_before_it_touches_a_watched_line(boot, instruction, flag, leaves):
    """The instruction in a loop; X'2040' is watched."""
    machine = boot(instruction + "47F0C000", gr=BASE, threshold=4)
    compiled(machine, 60)
    machine.storage.set_flags(0x2040 >> LINE_SHIFT, flag)
    for _ in range(4):
        machine.advance()
    while machine.cpu.psw.instruction_address != 0x1000:
        machine.advance()
    machine.engine._rest, machine.engine._left_at = 0, -1
    assert (machine.run_compiled(20) < 20) == leaves
    assert machine.cpu.psw.instruction_address == 0x1000
    assert machine.engine.reason is (Reason.LEFT if leaves else Reason.LIMIT)


def test_regions_survive_a_fresh_store(boot, monkeypatch):
    """Every place in turn becomes hot, many more than one store is used for."""
    monkeypatch.setattr(tiers, "REGIONS", 3)
    places = [0x4000 + 0x800 * number for number in range(20)]
    storage = {0x2000 + 4 * number: f"{place:08X}" for number, place in enumerate([*places[1:], places[0]])}
    storage |= {place: f"41330001 58F0B{4 * number:03X} 07FF" for number, place in enumerate(places)}
    machine = boot("", gr=BASE, storage=storage, threshold=4, instruction_address=0x4000)
    first = machine.engine._linear
    compiled(machine, 3 * 20 * 500)
    assert machine.engine.compiled > 20
    assert machine.engine._linear is not first
    assert machine.cpu.gr[3] == 20 * 500


def test_storage_outlives_the_engine(boot):
    machine = boot(COUNTING, gr=BASE, threshold=4)
    compiled(machine, 1000)
    machine.engine = None
    import gc

    gc.collect()
    machine.storage.write(0x5000, b"alive")
    assert machine.storage.read(0x5000, 5) == b"alive"
    machine.run(100)
    assert machine.cpu.gr[3] > 0


def test_checkpoint_goes_back_under_the_engine(boot, threshold):
    """The code is changed after the checkpoint; what followed the checkpoint follows it again."""
    machine = boot("41200064 41330001 4620C004 9202C007 47F0C000", gr=BASE, threshold=threshold)
    compiled(machine, 150)
    state = machine.state()
    compiled(machine, 1000)
    after = machine.cpu.gr[:], machine.storage.read(0x1000, 32)
    machine.restore(state)
    assert machine.storage.read(0x1007, 1) == b"\x01"
    compiled(machine, 1000)
    assert (machine.cpu.gr[:], machine.storage.read(0x1000, 32)) == after


def test_checkpoint_is_the_same_as_without_the_engine(boot, threshold):
    """LA 2,100; LR 4,3; LA 3,1(3); BCT: instructions of different lengths."""
    code = "41200064 1843 41330001 4620C004 47F0C000"
    for limit in range(40, 60):
        plain = boot(code, gr=BASE)
        plain.engine = None
        for _ in range(limit):
            plain.advance()
        assert compiled(boot(code, gr=BASE, threshold=threshold), limit).state() == plain.state()


def test_places_left_again_and_again_are_left_to_the_cpu(boot):
    """STCK is not compiled: after some short runs the engine declines for a while."""
    machine = boot("B205B000 B205B000 47F0C000", gr={11: 0x2000, 12: 0x1000})
    machine.run(100)
    calls = machine.engine._rest
    assert calls > 0


def test_public_call_does_what_the_direct_one_does(boot, monkeypatch):
    monkeypatch.setattr(linear, "direct_call", lambda store, function: None)
    slow = compiled(boot(COUNTING, gr=BASE, threshold=4), 5000)
    monkeypatch.undo()
    fast = compiled(boot(COUNTING, gr=BASE, threshold=4), 5000)
    assert slow.cpu.gr == fast.cpu.gr
    assert linear.direct_call(fast.engine._linear.store, fast.engine._exported) is not None


def test_direct_call_reports_a_trap(boot):
    machine = boot(COUNTING, gr=BASE)
    module = linear.wasmtime.Module(machine.engine._compiler, '(module (func (export "f") unreachable))')
    exports = machine.engine._linear.instantiate(module, [])
    with pytest.raises(RuntimeError, match="defect of the engine"):
        machine.engine._linear.caller(exports["f"])()


def test_engine_is_refused_for_another_kind_of_cpu():
    class OtherCPU(tiers.CPU):
        pass

    machine = Machine(0x10000)
    with pytest.raises(TypeError, match="System/370"):
        Engine(OtherCPU(machine.storage, machine.clocks))


def test_shipped_module_is_of_this_source():
    """Otherwise: make engine."""
    assert artifact.FILE.read_bytes()[: artifact.DIGEST] == artifact.source_digest()
    assert artifact.FILE.read_bytes()[artifact.DIGEST :] == artifact.made()


@pytest.mark.parametrize("damage", ["missing", "cut", "altered"])
def test_damaged_cache_is_not_used(tmp_path, monkeypatch, damage):
    monkeypatch.setattr(artifact.platformdirs, "user_cache_dir", lambda name: str(tmp_path))
    compiler = linear.wasmtime.Engine(linear.configuration())
    artifact.load(compiler)
    (path,) = tmp_path.iterdir()
    whole = path.read_bytes()
    path.write_bytes(b"" if damage == "missing" else whole[:-5] if damage == "cut" else whole[:-1] + b"?")
    assert artifact._cached(compiler, path) is None
    artifact.load(compiler)
    assert path.read_bytes()[:32] == whole[:32] or damage
    assert artifact._cached(compiler, path) is not None


def test_unwritable_cache_is_no_failure(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(artifact.platformdirs, "user_cache_dir", lambda name: str(tmp_path / "file"))
    assert artifact.load(linear.wasmtime.Engine(linear.configuration()))


def test_code_with_two_addresses_is_right_at_both(boot, threshold):
    """LA 3,1(3); XR 2,4; BR 2: to X'A000' and back, which DAT leads to the same frame.  BASR 5,0 tells which it was."""
    table = "".join(f"{(1 if page == 10 else page) << 4:04X}" for page in range(16))
    machine = boot(
        "41330001 0D50 1A65 1724 07F2",
        gr={2: 0x1000, 4: 0x1000 ^ 0xA000},
        storage={0x8000: "F0008100", 0x8100: table},
        threshold=threshold,
        ec_mode=True,
        system_mask=0x04,
    )
    machine.cpu.cr[0:2] = [0x00800000, 0x8000]
    compiled(machine, 5 * 2000)
    links = 1000 * (0x1006 + 0xA006)
    assert (machine.cpu.gr[3], machine.cpu.gr[6]) == (2000, links)
