"""A guest's whole machine is carried from CP to a bare machine of its own, or from a bare machine to CP.

What is read is read while the session is aside: nothing of it has happened afterwards.  What cannot be carried is said
in sentences; what would make another machine of it is refused.
"""

from dataclasses import dataclass, field, replace

from edu_hv.debugger.start import FIRST_REAL_TAPE, PAGING_CYLINDERS, PAGING_DEVICE
from edu_hv.debugger.system import BARE, Guest, System
from edu_hv.devices.card import CardReader
from edu_hv.devices.console import Console
from edu_hv.devices.ctca import CTCAEnd
from edu_hv.devices.device import IODevice
from edu_hv.devices.printer import Printer
from edu_hv.devices.punch import CardPunch
from edu_hv.hypervisor.control_program import ControlProgram
from edu_hv.hypervisor.paging_area import make_paging_volume
from edu_hv.hypervisor.simulate import comparator_set
from edu_hv.hypervisor.spooling.devices import SpooledOutput, SpooledReader
from edu_hv.hypervisor.virtual_configuration import add_console, dedicate
from edu_hv.hypervisor.virtual_console import VirtualConsole
from edu_hv.hypervisor.virtual_devices import VDEVBLOK
from edu_hv.hypervisor.vmblok import VMBLOK, Pending, TerminalLine, TimerLevel, keys_of
from edu_hv.isa.codes import CR0, MASK_64, External, UnitStatus
from edu_hv.isa.errors import UserError
from edu_hv.machine.ccw import CSW
from edu_hv.machine.machine import Machine
from edu_hv.machine.storage import BLOCK, FRAME
from edu_hv.machine.subchannel import SubchannelState

_READ_AND_FEED = 0x02
_SETTLING = 20_000
_CP_NEEDS = 512 * 1024
_LEAST_REAL = 1 << 20
_NO_TIMER = 1 << 62
_ZEROS = bytes(FRAME)
USERID = "PROGRAM"
"""Of a bare machine's program that becomes a guest."""


@dataclass
class Carried:
    """A machine that was made of another one."""

    system: System
    guest: str
    notes: list[str] = field(default_factory=list)
    """What could not be carried, a sentence each."""


# ---- from CP to a bare machine --------------------------------------------------------------------------------------


def to_bare(system: System, guest: Guest) -> Carried:
    """A bare machine with all that the guest's virtual machine has.  CP has finished what it was at.

    Raises UserError when I/O is under way, or the guest does not run.
    """
    cp, vm = system.cp, guest.vm
    if cp is None or vm is None:
        raise UserError("this is the bare machine already; whatif virtual makes a guest of CP of its program")
    finish(system, guest)
    cp.interrupt_running()
    machine = Machine(vm.vmsize)
    machine.channels.configure({number: vm.devices.channel_type(number) for number in range(16)})
    _put_storage(machine, vm)
    _put_cpu(machine, cp, vm)
    made = Carried(System(machine, None, []), BARE)
    console = Console()
    for vdev in vm.devices.values():
        device = _device(cp, vdev, made.notes)
        if device is None:
            continue
        machine.channels.attach(vdev.address, device)
        console = device if isinstance(device, Console) else console
    _put_conditions(machine, cp, vm)
    _note_services(vm, made.notes)
    made.system = System(machine, None, [replace(guest, name=BARE, vm=None, console=console)])
    return made


def settle(system: System) -> None:
    """A step that has begun is finished."""
    machine = system.machine
    while not machine.at_boundary and machine.advance():
        pass


def finish(system: System, guest: Guest) -> None:
    """CP finishes what it is at for the guest.  Raises UserError when the guest is not where it can be carried."""
    machine, vm = system.machine, guest.vm
    settle(system)
    for _ in range(_SETTLING):
        if vm is None or vm.cf or (machine.at_boundary and not vm.cp_wait) or not machine.advance():
            break
    if vm is not None and vm.cf:
        raise UserError(f"{guest.name} is stopped in CP mode, which no machine of its own is: cp begin lets it go on")
    if vm is not None and vm.cp_wait:
        raise UserError(f"CP has not finished an instruction of {guest.name} yet: try it again some steps later")


def _put_storage(machine: Machine, vm: VMBLOK) -> None:
    for at in range(0, vm.vmsize, FRAME):
        page = vm.peek(at, FRAME)
        if page != _ZEROS:
            machine.cpu.store_real(at, page)
    machine.storage.keys[:] = keys_of(vm)
    machine.storage.forget_mappings()


def _put_cpu(machine: Machine, cp: ControlProgram, vm: VMBLOK) -> None:
    """Registers, PSW, clocks, and what is pending in the CPU."""
    cpu, clocks, now = machine.cpu, machine.clocks, cp.machine.clocks.now
    cpu.gr[:], cpu.fpr[:] = vm.vmgprs, vm.vmfprs
    cpu.cr[:] = vm.cpu.cr
    clocks.now, clocks.tod_at_zero = now, cp.machine.clocks.tod_at_zero
    clocks.clock_comparator = vm.clocks.clock_comparator
    clocks.cpu_timer_zero = vm.clocks.cpu_timer_zero + (now - vm.clocks.now << 12)
    codes = 0
    for block in vm.vmpxint:
        codes |= block.code if block.sort == 0 else 0
    machine.interval_timer_pending = bool(codes & External.INTERVAL_TIMER)
    machine.interrupt_key_pending = bool(codes & External.INTERRUPT_KEY)
    machine.per_pending = vm.pending_program
    cpu.load_psw(vm.vmpsw.copy())


def _device(cp: ControlProgram, vdev: VDEVBLOK, notes: list[str]) -> IODevice | None:
    """The real device that is what the virtual one is; None, with a note, when there is none."""
    where = f"{vdev.address:03X}"
    if vdev.running or vdev.working:
        raise UserError(
            f"I/O is under way on device {where}, which cannot be carried to another machine: "
            "step until it has ended, or go back to before it began"
        )
    match vdev.device:
        case VirtualConsole() as played:
            return _console(played)
        case SpooledReader() as reader:
            return _reader(reader)
        case SpooledOutput() as output:
            notes.append(f"{where} begins with nothing printed or punched: what was is in CP's spool file")
            return CardPunch() if output.kind == "PUN" else Printer()
    real = cp.machine.channels.devices.get(vdev.real) if vdev.real is not None else None
    if vdev.dedicated and isinstance(real, IODevice):
        return copied(real)
    what = "a minidisk is a part of a real volume" if vdev.minidisk else "it is known to CP only"
    notes.append(f"device {where} is not there on the bare machine: {what}")
    return None


def copied(device: IODevice) -> IODevice:
    """Another device of the type with the same medium, in the same state."""
    new = type(device)()
    new.restore(device.state())
    return new


def _console(played: Console) -> Console:
    """A 3215 with the same paper and the same keyboard."""
    sense, (contents, _) = played.state()
    console = Console()
    console.restore((sense, contents))
    return console


class _Cards:
    """What takes a card as the channel would."""

    def __init__(self) -> None:
        self.cards: list[bytes] = []

    def to_storage(self, data: bytes) -> None:
        """A card."""
        self.cards.append(data)


def _reader(spooled: SpooledReader) -> CardReader:
    """A reader with the cards that are left.  They are read, so the session has to be put back."""
    reader, taker, status = CardReader(), _Cards(), UnitStatus(0)
    while not status & (UnitStatus.UNIT_EXCEPTION | UnitStatus.UNIT_CHECK):
        status = spooled.start(_READ_AND_FEED)
        if not status:
            status = spooled.execute(_READ_AND_FEED, taker)  # type: ignore[arg-type]
    if taker.cards:
        reader.load(taker.cards)
    elif status & UnitStatus.UNIT_EXCEPTION:
        reader.press_end_of_file()
    return reader


def _put_conditions(machine: Machine, cp: ControlProgram, vm: VMBLOK) -> None:
    """What the devices have to say, and what the subchannels hold, is pending on the bare machine too."""
    real = {unit.number: unit for unit in cp.machine.channels.state().units}
    there, held = machine.channels.devices, []
    for vdev in vm.devices.values():
        if vdev.address not in there:
            continue
        behind = real.get(vdev.real) if vdev.dedicated and vdev.real is not None else None
        pending = vdev.vdevunit | UnitStatus(behind.pending if behind else 0)
        if pending:
            machine.channels.present(vdev.address, pending)
        if vdev.channel_csw is not None:
            held.append(_held(vdev.address, vdev.channel_csw))
    machine.channels.restore(replace(machine.channels.state(), subchannels=tuple(held)))


def _held(address: int, csw: CSW) -> SubchannelState:
    return SubchannelState(address, None, 0, waiting=False, multiplexing=False, requested=None, ended=csw)


def _note_services(vm: VMBLOK, notes: list[str]) -> None:
    """What only CP does for it."""
    if vm.storage.shared:
        notes.append("shared segments within its storage are copies of its own; those beyond it are not there")
    if vm.pages_told or vm.pages_arrived:
        notes.append("pseudo page faults under way are not carried: a machine of its own has none")
    if not vm.ecmode:
        notes.append("the bare machine has EC mode and all control registers, which this guest (ECMODE OFF) has not")


# ---- from a bare machine to CP --------------------------------------------------------------------------------------


def to_virtual(system: System, assist: bool = False) -> Carried:
    """A guest of CP, on a real machine that is large enough, with all that the bare machine has.

    Its console is virtual, its other devices are dedicated to it.  Raises UserError when I/O is under way, and for what
    a virtual machine cannot have.
    """
    machine = system.machine
    if system.cp is not None:
        raise UserError("this is under CP already; whatif bare gives the guest a machine of its own")
    settle(system)
    _refuse_to_virtual(machine)
    real = Machine(max(_LEAST_REAL, machine.storage.size + _CP_NEEDS))
    real.clocks.now, real.clocks.tod_at_zero = machine.clocks.now, machine.clocks.tod_at_zero
    cp = _cp_on(real, assist)
    vm = cp.logon(USERID, machine.storage.size, ecmode=True)
    vm.devices.channels = machine.channels.channel_type(1)
    notes: list[str] = []
    with cp.console_function(vm):
        _give_devices(cp, vm, machine, notes)
        _give_state(cp, vm, machine)
        vm.cf = False
        cp.wake(vm)
    guest = replace(system.guests[0], name=USERID, vm=vm)
    return Carried(System(real, cp, [guest]), USERID, notes)


def _refuse_to_virtual(machine: Machine) -> None:
    state = machine.channels.state()
    busy = [one.unit for one in state.subchannels if one.program is not None]
    busy += [one.number for one in state.units if one.command is not None or one.abandoned is not None]
    if busy:
        raise UserError(
            f"I/O is under way on device {min(busy):03X}, which cannot be carried to another machine: "
            "step until it has ended, or go back to before it began"
        )
    if machine.cpu.prefix:
        raise UserError("the program uses prefixing, which a virtual machine has not")
    if machine.failure is not None or machine.check_stopped:
        raise UserError("a machine check is pending, which a virtual machine does not get")


def _cp_on(real: Machine, assist: bool) -> ControlProgram:
    real.channels.attach(PAGING_DEVICE, make_paging_volume(PAGING_CYLINDERS))
    real.install_assist()
    cp = ControlProgram(real)
    cp.assist.on_at_logon = assist
    cp.paging.attach_area(PAGING_DEVICE)
    return cp


def _give_devices(cp: ControlProgram, vm: VMBLOK, machine: Machine, notes: list[str]) -> None:
    pending = {unit.number: UnitStatus(unit.pending) for unit in machine.channels.state().units}
    held = {one.unit: one.ended or one.requested for one in machine.channels.state().subchannels}
    free = FIRST_REAL_TAPE
    for address, device in machine.channels.devices.items():
        if not isinstance(device, IODevice) or isinstance(device, CTCAEnd):
            notes.append(f"device {address:03X} is not there under CP: it is coupled to something else")
            continue
        vdev = _virtual(cp, vm, address, device, free)
        free += vdev.real is not None
        vdev.present(pending.get(address, UnitStatus(0)))
        csw = held.get(address)
        if csw is not None:
            vdev.request(csw)
        vm.devices.note(vdev)


def _virtual(cp: ControlProgram, vm: VMBLOK, address: int, device: IODevice, real: int) -> VDEVBLOK:
    """A console is played by CP; anything else is the same device, which the guest has for itself."""
    if not isinstance(device, Console):
        cp.machine.channels.attach(real, copied(device))
        return dedicate(cp, vm, address, real)
    vdev = add_console(cp, vm, address, "3215")
    played, (sense, contents) = vdev.device, device.state()
    assert isinstance(played, VirtualConsole)
    played.restore((sense, (contents, 0)))
    vm.terminal += [TerminalLine(line, cp=False) for line in device.lines]
    return vdev


def _give_state(cp: ControlProgram, vm: VMBLOK, machine: Machine) -> None:
    cpu, clocks = machine.cpu, machine.clocks
    for at in range(0, machine.storage.size, FRAME):
        page = machine.storage.read(at, FRAME)
        if page != _ZEROS:
            vm.cpu.store_real(at, page)
    for number, key in enumerate(machine.storage.keys):
        vm.storage.set_key(number * BLOCK, key)
    vm.vmgprs[:], vm.vmfprs[:], vm.cpu.cr[:] = cpu.gr, cpu.fpr, cpu.cr
    vm.clocks.clock_comparator, vm.clocks.cpu_timer_zero = clocks.clock_comparator, clocks.cpu_timer_zero
    if clocks.cpu_timer_zero != _NO_TIMER:
        vm.vmtlevel |= TimerLevel.CPU
        cp.timers.cpu_timer_changed(vm)
    if clocks.clock_comparator != MASK_64:
        comparator_set(cp, vm)
    if machine.interval_timer_pending:
        vm.queue_external(External.INTERVAL_TIMER, CR0.INTERVAL_TIMER_MASK)
    if machine.interrupt_key_pending:
        vm.queue_external(External.INTERRUPT_KEY, CR0.INTERRUPT_KEY_MASK)
    if machine.per_pending is not None:
        vm.pending_program, vm.vmpend = machine.per_pending, vm.vmpend | Pending.PER
    vm.cpu.load_psw(cpu.psw.copy())
    vm.note_psw()
