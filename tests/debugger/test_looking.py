"""Looking changes nothing: no page is brought in, no reference bit is set, whatever is looked at while CP pages."""

from pathlib import Path

from edu_hv.debugger.commands.registry import REGISTRY
from edu_hv.debugger.session import DebugSession
from edu_hv.debugger.start import RealMachine
from edu_hv.isa.codes import MASK_64
from tests.debugger.walk import run_line

PROGRAMS = ["kernel", "second", "kernel", "parakernel", "kernel", "twospace"]
GOES_THERE = {"follow", "unfollow", "jump", "unjump"}
"""Commands of the group "look" that are for changing the position, or what is asked."""
OTHER_LOOKS = {"why", "counters", "guests", "spool", "breakpoints", "configuration", "help", "marks", "branches"}
LOOKS = [
    command.name
    for command in REGISTRY.commands.values()
    if command.name not in GOES_THERE and (command.group == "look" or command.name in OTHER_LOOKS)
]
LONG_LOOKS = {"who", "writers", "chain", "export"}
"""They go through the whole recording: once at each moment is enough."""
QUESTIONS = ("q v", "d 0.40", "d g psw", "d k0-2000", "q set", "q t", "ind user", "q files", "q n", "d t1000.20")


def _paging() -> DebugSession:
    session = DebugSession()
    session.load(PROGRAMS, True, RealMachine(128 * 1024))
    return session


def _reads(session):
    return sum(guest.vm.storage.page_reads for guest in session.system.guests)


def _look_at_everything(session: DebugSession, directory: Path) -> None:
    for number, guest in enumerate([guest.name for guest in session.system.guests]):
        session.select(guest)
        for name in [name for name in LOOKS if number == 0 or name not in LONG_LOOKS]:
            for operands in _operands(session, name, directory):
                run_line(session, f"{name} {operands}".strip())
        for question in QUESTIONS:
            run_line(session, f"cp {question}")
    session.select("auto")


def _operands(session: DebugSession, name: str, directory: Path) -> list[str]:
    size = session.storage_size()
    every_page = [f"{at:X} 16" for at in range(0, size, 0x3000)]
    addresses = [".", *(f"{at:X}" for at in range(0, size, 0x9000)), "3000 virtual", "3000 guest-real", "12000 real"]
    return {
        "storage": ["", *every_page], "real": ["0 256"], "why": ["20"], "listing": [], "address": addresses,
        "print": ["$r5"], "cause": [], "diff": ["-1"], "who": ["gr5", "200"], "writers": ["gr5 2"], "chain": ["gr5 2"],
        "export": [f"{directory / 'trace.txt'} replace"],
        "explain": ["", "cc", "psw", "csw", "caw", "cr 0", "cr 1", "key 3000", "tod", "ccw 300 009"],
    }.get(name, [""])  # fmt: skip


def test_every_view_of_every_page_at_many_moments_changes_nothing_in_a_system_that_pages(tmp_path):
    looked, left_alone = _paging(), _paging()
    for limit in (4500, 1, 3, 400):
        looked.run(limit=limit)
        left_alone.run(limit=limit)
        _look_at_everything(looked, tmp_path)
        assert looked.system.comparable() == left_alone.system.comparable()
        assert (looked.step_number, looked.total) == (left_alone.step_number, left_alone.total)
    assert _reads(looked) > 0


def test_storage_tells_where_a_page_is_that_has_no_frame():
    session = _paging()
    session.run(limit=5000)
    seen = set()
    for guest in session.system.guests:
        session.select(guest.name)
        for page in range(guest.vm.storage.pages):
            (view,) = run_line(session, f"storage {page << 12:X} 16")
            (place,) = view.places
            frame, slot = guest.vm.storage.frame_of(page), guest.vm.storage.slot(page)
            assert place.startswith(f"page {page:03X} ")
            assert (view.rows[0].real is None) == (frame is None)
            kind = "in the frame" if frame is not None else f"slot {slot}:" if slot is not None else "all zeros"
            assert kind in place or "on its way in" in place
            seen.add(kind.split()[0])
    assert seen >= {"in", "slot", "all"}


def test_a_page_that_is_out_is_shown_with_the_contents_and_the_key_it_has_in_the_paging_area():
    session = _paging()
    session.run(limit=5000)
    for guest in session.system.guests:
        out = [p for p in range(guest.vm.storage.pages) if guest.vm.storage.frame_of(p) is None]
        session.select(guest.name)
        for page in out[:4]:
            (view,) = run_line(session, f"storage {page << 12:X} 32")
            text = guest.vm.peek(page << 12, 32)
            assert "".join("".join(row.words) for row in view.rows) == text.hex().upper()
            assert view.key.startswith(f"key {guest.vm.storage.peek_key(page << 12) >> 4:X}")


def test_a_guest_with_dat_on_is_shown_its_own_tables_beside_the_shadow_tables():
    session = DebugSession()
    session.load(["twospace"], True)
    session.run(limit=6000)
    for _ in range(400):
        session.step()
        if session.running() and session.guest.vm.translating:
            break
    shown = {value.name: value for value in session.registers().control}
    vm = session.guest.vm
    assert (shown["CR1"].guest, shown["CR1"].real) == (f"{vm.cpu.cr[1]:08X}", f"{vm.shadow.cr1:08X}")
    assert (shown["CR0"].why, shown["CR1"].why) == ("shadow tables' format", "shadow table")
    now = vm.clocks.cpu_timer_zero - (session.system.machine.clocks.now << 12) & MASK_64  # It counts while it runs.
    assert shown["CPU timer"].guest == f"{now:016X}"
    assert all(len(value.why) <= 28 for value in shown.values())


def test_a_guest_without_ecmode_has_no_clock_comparator_to_show():
    session = DebugSession()
    session.load(["kernel"], True)
    assert [value.name for value in session.registers().control] == ["CR0", "CR1", "CR2", "CR8", "CR14"]
