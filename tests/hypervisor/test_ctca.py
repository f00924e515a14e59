"""The virtual channel-to-channel adapter: two guests that talk without any real I/O (DMKVCA)."""

import pytest

from edu_hv.hypervisor.virtual_ctca import Side, couple, define_ctca, end_of
from edu_hv.isa.errors import UserError
from tests.hypervisor.io_scene import AT, DATA, Scene, Seen, ccw, tic

X, Y = 0x5C0, 0x6D0
WRITE, READ, CONTROL, SENSE_COMMAND, NO_OP = 0x01, 0x02, 0x07, 0x14, 0x03
ENDED = f"{AT + 8:08X} 0C"


def adapters():
    """Two guests, each with an adapter that is not coupled."""
    made = Scene()
    first, second = made.log_on("A"), made.log_on("B")
    define_ctca(made.cp, first, X)
    define_ctca(made.cp, second, Y)
    return made, first, second


def coupled():
    made, first, second = adapters()
    couple(made.cp, first, X, second, Y)
    return made, first, second


@pytest.mark.parametrize("reader_first", [True, False])
@pytest.mark.parametrize(
    ("written", "wanted", "writer_sees", "reader_sees"),
    [
        pytest.param(100, 100, "000000", "000000", id="equal"),
        pytest.param(100, 40, "40003C", "400000", id="the-reader-wants-less"),
        pytest.param(40, 100, "400000", "40003C", id="the-writer-has-less"),
    ],
)
def test_a_write_that_meets_a_read_moves_what_both_have_room_for(
    reader_first, written, wanted, writer_sees, reader_sees
):
    """[2.7 CTCA] Channel end and device end at both ends, with incorrect length when the counts differ."""
    made, first, second = coupled()
    first.cpu.store_real(DATA, bytes(range(100)))
    programs = [(first, X, ccw(WRITE, count=written)), (second, Y, ccw(READ, count=wanted))]
    for vm, address, program in reversed(programs) if reader_first else programs:
        vm.vmpsw.cc = 3
        started = made.start(vm, address, program)
        if started.cc == 1:  # The attention that the first command of the other side has raised.
            assert started == Seen(1, "00000000 90000000")
            started = made.start(vm, address, program)
        assert started.cc == 0
    assert made.interruptions(first) == [f"5C0 {ENDED}{writer_sees}"]
    assert made.interruptions(second) == [f"6D0 {ENDED}{reader_sees}"]
    common = min(written, wanted)
    assert second.cpu.load_real(DATA, 100) == bytes(range(common)).ljust(100, b"\0")


@pytest.mark.parametrize("command", [WRITE, READ, CONTROL])
def test_the_first_command_waits_and_raises_attention_at_the_other_side(command):
    """[2.7 CTCA] And SENSE COMMAND BYTE, X'14', there tells what waits."""
    made, first, second = coupled()
    assert made.start(first, X, ccw(command)).cc == 0
    assert made.interruptions(first) == []
    assert made.interruptions(second) == ["6D0 00000000 80000000"]
    assert made.start(second, Y, ccw(SENSE_COMMAND, count=1)).cc == 0
    assert made.interruptions(second) == [f"6D0 {ENDED}000000"]
    assert second.cpu.load_real(DATA, 1) == bytes([command])
    ended = made.interruptions(first)
    assert ended == ([f"5C0 {ENDED}000050"] if command == CONTROL else [])


def test_both_sides_do_the_same():
    """[2.7 CTCA] Symmetric: what X does to Y, Y does to X."""
    seen = []
    for turned in (False, True):
        made, first, second = coupled()
        (vm, address), (other, its) = ((second, Y), (first, X)) if turned else ((first, X), (second, Y))
        vm.cpu.store_real(DATA, b"MESSAGE")
        made.start(vm, address, ccw(WRITE, count=7))
        attention = made.interruptions(other)
        made.start(other, its, ccw(READ, count=7))
        everything = attention + made.interruptions(other) + made.interruptions(vm)
        seen.append(([line[4:] for line in everything], other.cpu.load_real(DATA, 7)))
    assert seen[0] == seen[1]
    assert seen[0][1] == b"MESSAGE"


def test_a_chain_goes_on_at_both_ends_as_they_meet():
    """[2.7 CTCA] Several records by one channel program each."""
    made, first, second = coupled()
    first.cpu.store_real(DATA, b"ONE TWO SIX ")
    made.start(first, X, *(ccw(WRITE, DATA + 4 * n, 4, "C" * (n < 2)) for n in range(3)))
    assert made.interruptions(second) == ["6D0 00000000 80000000"]
    made.start(second, Y, *(ccw(READ, DATA + 4 * n, 4, "C" * (n < 2)) for n in range(3)))
    assert second.cpu.load_real(DATA, 12) == b"ONE TWO SIX "
    ended = f"{AT + 24:08X} 0C000000"
    assert ended in made.interruptions(first)[-1]
    assert ended in made.interruptions(second)[-1]


def test_a_tic_first_is_a_program_check():
    """[2.7 CTCA] First CCW a TIC."""
    made, first, _ = coupled()
    assert made.start(first, X, tic(AT + 8), ccw(READ)) == Seen(1, "00000000 00200000")


def test_an_adapter_that_is_not_coupled_has_an_idle_partner():
    """[2.7 CTCA] A write waits for ever, HALT I/O ends it; no command waits at the other end."""
    made, first, _ = adapters()
    assert made.start(first, X, ccw(SENSE_COMMAND, count=1)).cc == 0
    assert made.interruptions(first) == [f"5C0 {ENDED}000000"]
    assert first.cpu.load_real(DATA, 1) == b"\0"
    assert made.start(first, X, ccw(NO_OP, count=1)) == Seen(1, "00000000 0C000000")
    assert made.start(first, X, ccw(WRITE, count=8)).cc == 0
    assert (made.interruptions(first), made.issue(first, "TIO", X).cc) == ([], 2)
    assert made.issue(first, "HIO", X).cc == 2
    assert made.interruptions(first)[0].startswith(f"5C0 {ENDED}")


def test_all_addresses_of_the_control_unit_are_the_adapter():
    """[2.7 CTCA] The last digit of the address is ignored; the interruption has the first address."""
    made, first, _ = coupled()
    assert made.start(first, X + 7, ccw(SENSE_COMMAND, count=1)).cc == 0
    assert made.interruptions(first) == [f"5C0 {ENDED}000000"]


def test_a_reset_does_not_uncouple():
    """[2.7 CTCA] What was waiting is forgotten, and the two go on talking."""
    made, first, second = coupled()
    made.start(first, X, ccw(READ))
    made.cp.vio.reset(first)
    assert end_of(first.devices[X]).coupled
    assert made.interruptions(first) == []
    made.interruptions(second)
    made.start(second, Y, ccw(WRITE, count=3))
    assert made.interruptions(first) == ["5C0 00000000 80000000"]


@pytest.mark.parametrize("how", ["detach", "logoff"])
def test_detach_and_logoff_uncouple(how):
    """[2.7 CTCA] The other side has an idle partner; its command goes on waiting."""
    made, first, second = coupled()
    made.start(second, Y, ccw(WRITE))
    if how == "detach":
        made.cp.vio.detach(first, X)
    else:
        made.cp.logoff(first)
    assert not end_of(second.devices[Y]).coupled
    assert (made.interruptions(second), made.issue(second, "TIO", Y).cc) == ([], 2)


def test_coupling_again_takes_a_side_from_its_partner():
    """[4.3 COUPLE] X and Y as given; the third side is uncoupled."""
    made, first, second = coupled()
    third = made.log_on("C")
    define_ctca(made.cp, third, X)
    couple(made.cp, second, Y, third, X)
    sides = [end_of(vm.devices[at]).side for vm, at in ((first, X), (second, Y), (third, X))]
    assert sides == [Side.NONE, Side.X, Side.Y]


@pytest.mark.parametrize(
    ("addresses", "message"),
    [
        pytest.param((X, 0x009), "no channel-to-channel adapter", id="not-an-adapter"),
        pytest.param((X, 0x700), "no channel-to-channel adapter", id="no-device"),
        pytest.param((X, X), "itself", id="itself"),
    ],
)
def test_what_cannot_be_coupled(addresses, message):
    """[4.3 COUPLE] One sentence that says why."""
    made, first, _ = adapters()
    with pytest.raises(UserError, match=message):
        couple(made.cp, first, addresses[0], first, addresses[1])


def test_going_back_and_forward_again_restores_the_coupling():
    """A checkpoint while a write waits; afterwards the sides are uncoupled, and coupled again by going back."""
    made, first, second = coupled()
    first.cpu.store_real(DATA, b"MESSAGE")
    made.start(first, X, ccw(WRITE, count=7))
    saved = made.machine.state(), made.cp.state()

    def forward():
        made.interruptions(second)
        made.start(second, Y, ccw(READ, count=7))
        return made.interruptions(first), made.interruptions(second), second.cpu.load_real(DATA, 7)

    seen = forward()
    made.cp.vio.detach(second, Y)
    made.machine.restore(saved[0])
    made.cp.restore(saved[1])
    assert forward() == seen
    assert seen[2] == b"MESSAGE"


def test_a_side_that_waits_when_it_is_coupled_is_noticed():
    """[4.3 COUPLE] Attention at the other side, as when the command comes later."""
    made, first, second = adapters()
    made.start(first, X, ccw(WRITE))
    couple(made.cp, first, X, second, Y)
    assert made.interruptions(second) == ["6D0 00000000 80000000"]
    made.start(second, Y, ccw(READ))
    assert made.interruptions(first) == [f"5C0 {ENDED}000000"]


def test_a_long_exchange_does_not_depend_on_its_length():
    """[2.7 CTCA] 1000 records by one channel program at each end; what is too long for one go goes on later."""
    made, first, second = coupled()
    for vm, command in ((first, WRITE), (second, READ)):
        vm.cpu.store_real(0x8000, b"".join(ccw(command, DATA, 1, "C") for _ in range(1000)) + ccw(NO_OP, count=1))
    assert made.start(first, X, ccw(SENSE_COMMAND, count=1, flags="C"), tic(0x8000)).cc == 0
    made.interruptions(second)
    assert made.start(second, Y, ccw(SENSE_COMMAND, count=1, flags="C"), tic(0x8000)).cc == 0
    assert made.cp.vio.unfinished_machines() != []
    while made.cp.vio.unfinished_machines():
        for vm in made.cp.vio.unfinished_machines():
            made.cp.vio.advance(vm)
    ended = [made.interruptions(vm)[-1][4:] for vm in (first, second)]
    assert ended == [f"{0x8000 + 1001 * 8:08X} 0C000001"] * 2


def test_two_sides_that_waited_for_each_other_meet_when_they_are_coupled():
    """[4.3 COUPLE] A write here, a read there."""
    made, first, second = adapters()
    first.cpu.store_real(DATA, b"MESSAGE")
    made.start(first, X, ccw(WRITE, count=7))
    made.start(second, Y, ccw(READ, count=7))
    couple(made.cp, first, X, second, Y)
    assert made.interruptions(first) == [f"5C0 {ENDED}000000"]
    assert made.interruptions(second) == [f"6D0 {ENDED}000000"]
    assert second.cpu.load_real(DATA, 7) == b"MESSAGE"
