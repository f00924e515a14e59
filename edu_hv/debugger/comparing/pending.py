"""Pending interruptions: the guest's (XINTBLOK, VMPEND, VMIOINT) and the machine's.  SY20-0886 "Dispatching"."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from edu_hv.debugger.comparing.sides import NONE, Sides, same
from edu_hv.debugger.views import ComparedValue
from edu_hv.hypervisor.vmblok import VMBLOK, Pending
from edu_hv.isa.codes import CR0, External
from edu_hv.machine.interruptions import external_words

if TYPE_CHECKING:
    from edu_hv.debugger.session import DebugSession
    from edu_hv.hypervisor.control_program import ControlProgram
    from edu_hv.machine.machine import Machine
    from edu_hv.machine.psw import PSW

ALLOWED, MASKED = "pending, allowed", "pending, masked"

_EXTERNAL: tuple[tuple[External, CR0], ...] = (
    (External.INTERVAL_TIMER, CR0.INTERVAL_TIMER_MASK),
    (External.INTERRUPT_KEY, CR0.INTERRUPT_KEY_MASK),
    (External.CLOCK_COMPARATOR, CR0.CLOCK_COMPARATOR_MASK),
    (External.CPU_TIMER, CR0.CPU_TIMER_MASK),
    (External.EMERGENCY_SIGNAL, CR0.EMERGENCY_SIGNAL_MASK),
    (External.EXTERNAL_CALL, CR0.EXTERNAL_CALL_MASK),
    (External.VMCF, CR0.VMCF_MASK),
)
_NAMES = {External.CPU_TIMER: "CPU timer", External.VMCF: "VMCF"}
_RULES = {
    External.INTERVAL_TIMER: "the real one ends time slices (EXT-1)",
    External.INTERRUPT_KEY: "the real key is CP's operator's (EXT-3); a guest's is pressed by the EXTERNAL command",
    External.CLOCK_COMPARATOR: "the real one is for CP's timer requests (EXT-4)",
    External.CPU_TIMER: "the real one runs out for the guest that runs (EXT-5)",
    External.EMERGENCY_SIGNAL: "a virtual machine has one CPU, that nobody signals",
    External.EXTERNAL_CALL: "a virtual machine has one CPU, that nobody signals",
    External.VMCF: "no machine has this; CP gives it to a guest for a message of another one",
}


def values(session: "DebugSession") -> list[ComparedValue]:
    """A row for each kind of interruption that can wait."""
    sides = Sides.of(session)
    vm, cp, machine = sides.vm, sides.cp, sides.machine
    if vm is None or cp is None:
        return _of_the_machine(machine, _EXTERNAL[:2] if sides.system_360 else _EXTERNAL[:-1])
    psw, cr0 = session.guest_psw(), session.guest_control_registers()[0]
    rows = [_external(vm, machine, psw, cr0, code, mask) for code, mask in _EXTERNAL]
    return [*rows, _io(cp, vm, machine), _program(vm, machine), _machine_check(machine), _under_way(sides, cp)]


def _of_the_machine(machine: "Machine", external: Sequence[tuple[External, CR0]]) -> list[ComparedValue]:
    rows = [same(_name(code), _real_external(machine, code, mask)) for code, mask in external]
    under_way = machine.recognized.words if machine.recognized else NONE
    return [
        *rows,
        same("I/O", _real_io(machine)),
        same("program", _real_program(machine)),
        same("machine check", _real_machine_check(machine)),
        same("under way", under_way),
    ]


# ---- external --------------------------------------------------------------------------------------------------------


def _external(vm: VMBLOK, machine: "Machine", psw: "PSW", cr0: int, code: External, mask: CR0) -> ComparedValue:
    """One external condition of the guest, from its XINTBLOKs, beside the machine's."""
    blocks = [block for block in vm.vmpxint if block.mask == mask]
    mine = NONE if not blocks else ALLOWED if psw.external_mask and mask & cr0 else MASKED
    found = f"XINTBLOK with code {blocks[0].code:04X} on VMPXINT" if blocks else "no XINTBLOK of the guest's"
    words = f"{found}; {_RULES[code]}"
    return ComparedValue(_name(code), mine, _real_external(machine, code, mask), "XINTBLOK", sentence=words)


def _name(code: External) -> str:
    return _NAMES.get(code, external_words(code))


def _real_external(machine: "Machine", code: External, mask: CR0) -> str:
    clocks, cpu = machine.clocks, machine.cpu
    waits = {
        External.INTERVAL_TIMER: machine.interval_timer_pending,
        External.INTERRUPT_KEY: machine.interrupt_key_pending,
        External.CLOCK_COMPARATOR: clocks.comparator_pending,
        External.CPU_TIMER: clocks.cpu_timer_pending,
        External.EMERGENCY_SIGNAL: bool(cpu.signals & mask),
        External.EXTERNAL_CALL: bool(cpu.signals & mask),
    }.get(code, False)
    return NONE if not waits else ALLOWED if cpu.psw.external_mask and cpu.cr[0] & mask else MASKED


# ---- I/O -------------------------------------------------------------------------------------------------------------


def _io(cp: "ControlProgram", vm: VMBLOK, machine: "Machine") -> ComparedValue:
    """The guest's devices with a CSW that waits, and those of the machine."""
    waiting = [vdev.address for vdev in vm.devices.values() if vdev.vdevcsw is not None]
    allowed = cp.vio.pending(vm)
    words = [f"VMIOINT is {vm.devices.vmioint:04X}"]
    words += [f"{allowed:03X} is the next that the virtual PSW allows (DSP-6)"] if allowed is not None else []
    words.append("the real ones are for CP, which keeps a guest's until the guest allows it (IO-1)")
    return ComparedValue("I/O", _list(waiting), _real_io(machine), "VMIOINT", sentence="; ".join(words))


def _list(addresses: list[int]) -> str:
    return " ".join(f"{at:03X}" for at in addresses) or NONE


def _real_io(machine: "Machine") -> str:
    state = machine.channels.state()
    found = {unit.number for unit in state.units if unit.pending}
    found |= {one.unit for one in state.subchannels if one.requested is not None or one.ended is not None}
    return _list(sorted(found))


# ---- the others ------------------------------------------------------------------------------------------------------


def _program(vm: VMBLOK, machine: "Machine") -> ComparedValue:
    """Program interruptions that wait: PER behind an SVC, pseudo page faults."""
    waiting = [vm.pending_program.words] if vm.pending_program is not None else []
    waiting += [f"pseudo page fault: page {page:03X} has come" for page in vm.pages_arrived]
    names = " ".join(bit.name or "" for bit in Pending if bit & vm.vmpend) or "nothing"
    words = f"VMPEND {vm.vmpend:02X} says {names}; given before anything else (DSP-10)"
    return ComparedValue("program", ", ".join(waiting) or NONE, _real_program(machine), "VMPEND", sentence=words)


def _real_program(machine: "Machine") -> str:
    return machine.per_pending.words if machine.per_pending is not None else NONE


def _machine_check(machine: "Machine") -> ComparedValue:
    words = "a guest is never told of one: machine checks are CP's"
    return ComparedValue("machine check", NONE, _real_machine_check(machine), "CP's", sentence=words)


def _real_machine_check(machine: "Machine") -> str:
    return machine.failure[0].words if machine.failure is not None else NONE


def _under_way(sides: Sides, cp: "ControlProgram") -> ComparedValue:
    """What the machine has recognized and not taken, or CP is just busy with."""
    machine = sides.machine
    taken = cp.work.interruption if cp.busy else None
    found = machine.recognized or taken
    real = found.words if found is not None else NONE
    stage = f"CP is to {cp.work.stage.value}" if cp.busy else "CP has nothing to do"
    state = "the machine has recognized it" if machine.recognized is not None else stage
    subject = f", about {cp.work.subject.vmuser}" if cp.busy and cp.work.subject is not None else ""
    words = f"{state}{subject}; a guest sees of it only what CP reflects or delivers"
    return ComparedValue("under way", NONE, real, "CP has it first", sentence=words)
