"""The same state in a bare machine and in a guest, one instruction executed in each."""

from dataclasses import dataclass, field

from edu_hv.hypervisor.virtual_cpu import VIRTUAL_CPU_ID
from edu_hv.hypervisor.vmblok import VMBLOK
from edu_hv.isa.codes import Class
from edu_hv.machine.machine import Machine
from edu_hv.machine.psw import PSW
from tests.hypervisor.bench import CODE, HANDLER, SIZE, Bench, Visible, bench, visible_bare, visible_guest


@dataclass
class Start:
    """What both begin with."""

    code: str
    psw: PSW = field(default_factory=PSW)
    gr: dict[int, int] = field(default_factory=dict)
    cr: dict[int, int] = field(default_factory=dict)
    fpr: dict[int, int] = field(default_factory=dict)
    storage: dict[int, str] = field(default_factory=dict)
    keys: dict[int, int] = field(default_factory=dict)
    """By number of the 2K block."""
    at: int = CODE
    ecmode: bool = True


@dataclass
class Twins:
    """Both, after one instruction and the interruption that it caused."""

    bare: Visible
    guest: Visible
    bench: Bench
    vm: VMBLOK
    machine: Machine


def execute(start: Start) -> Twins:
    """One instruction in each."""
    machine = _bare(start)
    _one_step(machine)
    if machine.cpu.psw.unassigned:
        _one_step(machine)  # CP finds an invalid PSW at once, the machine when it is to be used.
    made, vm = _guest(start)
    made.steps()
    made.stop()
    return Twins(visible_bare(machine), visible_guest(vm), made, vm, machine)


def _one_step(machine: Machine) -> None:
    machine.advance()
    while not machine.at_boundary:
        machine.advance()


def _bare(start: Start) -> Machine:
    machine = Machine(SIZE)
    machine.cpu.identification = VIRTUAL_CPU_ID
    cpu = machine.cpu
    _set(start, cpu)
    for block, key in start.keys.items():
        machine.storage.keys[block] = key
    cpu.load_psw(_psw(start))
    return machine


def _guest(start: Start) -> tuple[Bench, VMBLOK]:
    made = bench()
    vm = made.cp.logon("A", SIZE, start.ecmode)
    for page in range(SIZE // 4096):
        made.cp.paging.bring(vm.storage, page)
    _set(start, vm.cpu)
    for block, key in start.keys.items():
        vm.storage.set_key(block * 2048, key)
    vm.cpu.load_psw(_psw(start))
    vm.cf = False
    made.cp.wake(vm)
    return made, vm


def _psw(start: Start) -> PSW:
    psw = start.psw.copy()
    psw.instruction_address = start.at
    return psw


def _set(start: Start, cpu) -> None:
    new = PSW(ec_mode=start.psw.ec_mode, instruction_address=HANDLER).to_bytes()
    for kind in Class:
        cpu.store_real(kind.new_psw, new)
    cpu.store_real(start.at, bytes.fromhex(start.code))
    for address, text in start.storage.items():
        cpu.store_real(address, bytes.fromhex(text))
    for registers, values in ((cpu.gr, start.gr), (cpu.cr, start.cr), (cpu.fpr, start.fpr)):
        for number, value in values.items():
            registers[number] = value
