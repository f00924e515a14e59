"""Guests that give DIAGNOSE anything: CP answers, nobody else is touched, and nothing is left when they are gone."""

from dataclasses import dataclass
from random import Random

import pytest

from edu_hv.debugger.recording.plain import plain
from edu_hv.hypervisor.paging_area import make_paging_volume
from edu_hv.hypervisor.vmblok import VMBLOK, RunStatus
from edu_hv.isa.codes import CR0, Class
from edu_hv.machine.psw import PSW
from tests.hypervisor.bench import CODE
from tests.hypervisor.invariants import locks, problems
from tests.hypervisor.minidisk_rig import CHAIN, FOUND_R2, line
from tests.hypervisor.test_diagnose_io import DISK_ADDRESS, READ_TWO, Scene, disk, scene

NAME, PARM, LOOP, SHARED = 0x2000, 0x2100, 0x0B00, 0x20000
LOOPING = f"47F00{LOOP:03X}"
CHAINS = [READ_TWO, f"{FOUND_R2} 05/6", "02/80", "09/5", "0A/20", "04/24", "FF/1", "07/1", "03"]
DEVICES = [0x191, 0x181, 0x009, 0x00C, 0x00E, 0x500]
AREAS = [0, 0x2200, 0x2208, 0x4004, 0xFF00, 0xFFF8, 0x10000, SHARED, SHARED + 0x100, 0x2FFF8, 0xFFFFF8]
FUNCTIONS = [0, 0, 0, 1, 2, 2, 3, 3, 4, 5, 5, 6, 7, 8, 9, 10, 11, 12]


@dataclass
class Guests:
    """Three of them, with a minidisk each, saved segments, and a generator of what they do."""

    made: Scene
    random: Random

    def step(self, vm: VMBLOK) -> None:
        """One DIAGNOSE; or what an operator does to a guest that waits in one."""
        if vm.vmrstat & RunStatus.EXWAIT:
            self._operate(vm)
        else:
            with self.made.cp.console_function(vm):
                self._prepare(vm)
        for _ in range(self.random.randrange(10, 80)):
            self.made.machine.advance()
        self.made.settle()

    def _operate(self, vm: VMBLOK) -> None:
        cp, what = self.made.cp, self.random.randrange(12)
        if what < 4:
            cp.console_input(vm, "HELLO")
        elif what == 4 and 0x181 in vm.devices:
            cp.vio.detach(vm, 0x181)
        elif what == 5:
            with cp.console_function(vm):
                cp.reset(vm)
        elif what == 6:
            cp.logoff(vm)

    def _prepare(self, vm: VMBLOK) -> None:
        choice, cpu = self.random.choice, vm.cpu
        code = choice([0x18, 0x20, 0x20, 0x64, 0x64, 0x68, 0x68, 0x68, 0x00])
        for address, text in line(choice(CHAINS)).storage.items():
            cpu.store_real(address, text)
        if choice([True, False, False]):
            cpu.store_real(CHAIN + self.random.randrange(40), self.random.randbytes(2))
        cpu.store_real(NAME, choice(["SEG", "LOW", "MIX", "NOPE"]).ljust(8).encode("cp037"))
        cpu.store_real(PARM, self._parameters())
        ry = {0x18: CHAIN, 0x20: CHAIN, 0x64: choice([0, 0, 4, 8, 12])}.get(code, 32)
        rx = {0x18: choice(DEVICES), 0x20: choice(DEVICES), 0x64: NAME}.get(code, PARM)
        odd = [choice(AREAS) if choice(range(10)) == 0 else value for value in (rx, ry)]
        vm.vmgprs[1:5] = [0x41, odd[0], choice([SHARED + 5, 0x8000]), odd[1]]
        vm.vmgprs[15] = choice([0, 1, 2, 2, 3])
        cpu.cr[0] = int(CR0.VMCF_MASK)
        store = choice(["42103000", ""])
        for kind in (Class.EXTERNAL, Class.PROGRAM):
            cpu.store_real(kind.new_psw, PSW(system_mask=choice([0, 1]), instruction_address=LOOP).to_bytes())
        cpu.store_real(LOOP, bytes.fromhex(LOOPING))
        cpu.store_real(CODE, bytes.fromhex(f"83240{code:03X}{store}{LOOPING}"))
        cpu.load_psw(PSW(system_mask=choice([0, 1, 0xFF]), key=choice([0, 0, 0, 3]), instruction_address=CODE))
        vm.cf = False
        self.made.cp.wake(vm)

    def _parameters(self) -> bytes:
        """VMCPARM."""
        choice = self.random.choice
        areas = [(choice(AREAS), choice([0, 40, 100, 5000, 70000])) for _ in range(2)]
        head = bytes([choice([0, 0, 0x40, 0x20, 0x80]), 0, 0, choice(FUNCTIONS), 0, 0, 0, choice(range(3))])
        words = b"".join(value.to_bytes(4, "big") for area in areas for value in area)
        return head + choice(["A", "B", "C"]).ljust(8).encode("cp037") + words + self.random.randbytes(8)


def guests(seed: int) -> Guests:
    made = scene()
    made.machine.channels.attach(0x150, make_paging_volume(4, "3330"))
    made.cp.paging.attach_area(0x150)
    for userid in ("B", "C"):
        made.log_on(userid).devices.add(disk(DISK_ADDRESS))
    maker = made.cp.logon("MAINT", 0x30000)
    maker.cpu.store_real(SHARED, bytes(range(256)) * 64)
    for name, pages, shared in (("SEG", range(0x20, 0x30), [2]), ("LOW", range(8, 12), [0]), ("MIX", [3, 0x21], [2])):
        made.cp.named_systems.define(name, pages, shared)
        made.cp.named_systems.save(maker, name)
    made.cp.logoff(maker)
    return Guests(made, Random(seed))


@pytest.mark.parametrize("seed", range(8))
def test_whatever_guests_ask_for_nothing_is_left_behind(seed):
    """[3 X'18'; 3 X'20'; 3 X'64'; 3 X'68'] Invariants after each; checkpoints; at the end all is given back."""
    its = guests(seed)
    made, cp = its.made, its.made.cp
    for number in range(40):
        if not cp.vms:
            break
        its.step(its.random.choice(cp.vms))
        assert problems(cp) == []
        if number % 10 == 0:
            saved = made.machine.state(), cp.state()
            first = future(made)
            made.machine.restore(saved[0])
            cp.restore(saved[1])
            assert future(made) == first
    for vm in list(cp.vms):
        cp.logoff(vm)
    for _ in range(3000):
        made.machine.advance()
    assert (locks(cp), cp.paging.area.slots_in_use, cp.named_systems.shared) == ([], 0, {})
    assert (cp.vmcf.messages, cp.vmcf.authorized) == ([], {})
    assert len(cp.free_storage.state().taken) == 1, "the channel program of the paging area"
    assert not [rdev for rdev in cp.ios.rdevs.values() if rdev.active or rdev.queue or rdev.sensing]


def future(made: Scene) -> object:
    for _ in range(40):
        made.machine.advance()
    return plain((made.machine.state(), made.cp.state()))
