"""Whole guests: what they write alone they write beside others, and the machine is CP's all the while."""

from dataclasses import dataclass, field

import pytest

from edu_hv.hypervisor.control_program import ENTRY_POINTS
from edu_hv.hypervisor.decisions import Dispatched
from edu_hv.machine.events import StorageStored
from edu_hv.machine.psw import PSW
from edu_hv.machine.storage import FRAME
from tests.hypervisor.bench import bare, bench, cp_lines, own_lines

SETS = [["kernel"], ["second"], ["hello"], ["kernel", "second"], ["second", "hello", "kernel"], ["kernel"] * 3]


@pytest.mark.parametrize("names", SETS, ids="+".join)
def test_guest_writes_the_same_as_on_a_machine_of_its_own(names):
    """Byte for byte, and each ends in its own disabled wait."""
    made = bench()
    vms = [made.ipl(name, f"{name.upper()}{number}") for number, name in enumerate(names)]
    made.run()
    assert [own_lines(vm) for vm in vms] == [bare(name) for name in names]
    ends = ["DMKDSP450W CP ENTERED; DISABLED WAIT PSW '00020000 0000E0D0'", "CP"]
    assert [cp_lines(vm) for vm in vms] == [ends] * len(vms)


def test_guest_that_asks_for_cp_finds_it_and_the_bare_machine_has_none():
    made = bench()
    vm = made.ipl("diagnose", "ASKER")
    made.run()
    assert own_lines(vm)[:3] == [
        "I RUN UNDER VM/370   AS USER ASKER   ",
        "MY STORAGE HAS     64K BYTES",
        "MY CONSOLE IS 009, CLASS AND TYPE X'8000'",
    ]
    assert bare("diagnose") == ["THIS MACHINE IS REAL: ITS VERSION IS NOT X'FF'"]


@dataclass
class Watcher:
    """Looks at every event and at every dispatch while guests run, and keeps what is not as it must be."""

    made: object
    frames: dict[str, set[int]]
    new_psws: dict[int, bytes]
    problems: list[str] = field(default_factory=list)
    executing: bool = False
    dispatches: int = 0
    stores: int = 0

    def execute_next(self, execute_next):
        """In place of the CPU's own: so that it is known when an instruction executes."""

        def execute():
            self.executing = True
            try:
                execute_next()
            finally:
                self.executing = False

        return execute

    def __call__(self, event):
        match event:
            case Dispatched(userid, text) if userid:
                self.dispatches += 1
                self._dispatched(userid, PSW.from_bytes(text))
            case StorageStored(address, _, _):
                self._stored(address)

    def _dispatched(self, userid, psw):
        cpu, vm = self.made.machine.cpu, self.made.cp.vm(userid)
        state = (psw.ec_mode, psw.dat, psw.problem_state, psw.io_enabled(), psw.external_mask, psw.machine_check_mask)
        self._expect(all(state) and not psw.wait and not psw.unassigned, f"real PSW of {userid} is {psw}")
        self._expect(cpu.cr[1] == vm.vmseg and cpu.cr[8] == 0, f"real CRs of {userid}")
        self._expect(cpu.gr == vm.vmgprs and cpu.fpr == vm.vmfprs, f"registers of {userid}")
        guest = vm.vmpsw
        mine = psw.key, psw.cc, psw.program_mask, psw.instruction_address
        its = guest.key, guest.cc, guest.program_mask, guest.instruction_address
        self._expect(mine == its, f"PSW fields of {userid}")
        for address, text in self.new_psws.items():
            self._expect(cpu.load_real(address, 8) == text, f"real new PSW at {address:X}")

    def _stored(self, address):
        """While a guest's instruction executes, only its frames change."""
        if self.executing:
            self.stores += 1
            running = self.made.cp.running
            self._expect(address // FRAME in self.frames[running], f"store at {address:X} by {running}")

    def _expect(self, condition, problem):
        if not condition:
            self.problems.append(problem)


def frames_of(vm):
    return {vm.cpu.absolute(at) // FRAME for at in range(0, vm.vmsize, FRAME)}


@pytest.mark.parametrize("names", [["kernel"], ["kernel", "second"], ["hello", "kernel", "second"]], ids="+".join)
def test_what_must_hold_whenever_a_guest_is_dispatched_holds(names):
    made = bench()
    vms = [made.ipl(name, f"G{number}") for number, name in enumerate(names)]
    frames = {vm.vmuser: frames_of(vm) for vm in vms}
    new_psws = {kind.new_psw: made.machine.cpu.load_real(kind.new_psw, 8) for kind in ENTRY_POINTS}
    tables = dict(made.cp.free_storage.taken)
    watcher = Watcher(made, frames, new_psws)
    made.machine.observe(watcher)
    made.machine.cpu.execute_next = watcher.execute_next(made.machine.cpu.execute_next)
    made.run()
    assert watcher.problems == []
    assert watcher.dispatches > 10
    assert watcher.stores > 10
    assert sum(map(len, frames.values())) == len(set().union(*frames.values())), "a frame belongs to two guests"
    assert min(min(mine) for mine in frames.values()) * FRAME >= made.cp.free_storage.end
    assert made.cp.free_storage.taken == tables, "a copy of a channel program was not given back"


def test_same_guests_run_the_same_way_every_time():
    """Machine time, units and steps: nothing comes from outside."""

    def counts():
        made = bench()
        for name in ("kernel", "second"):
            made.ipl(name, name.upper())
        made.run()
        return made.machine.units, made.machine.steps, made.machine.clocks.now

    assert counts() == counts()
