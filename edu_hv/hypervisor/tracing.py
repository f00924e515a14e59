"""TRACE and ADSTOP: what a guest's operator asked to be told of (DMKTRC, DMKTRA).  CP Command Reference "TRACE".

CP calls these functions where it has done something that may be traced.  Without RUN, the guest then stands in CP mode
behind the line, so that BEGIN is a step.  Taken branches and instructions are found by program-event recording, which
CP turns on in the real machine.  Read next: `per_traces`, and `commands.trace`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from edu_hv.hypervisor.disconnected import terminal_needed
from edu_hv.hypervisor.per_traces import PerTraces
from edu_hv.hypervisor.real_io import IOBLOK
from edu_hv.hypervisor.trace_lines import instruction_line, length_at, mnemonic_of
from edu_hv.hypervisor.virtual_configuration import real_word, word_for
from edu_hv.hypervisor.virtual_devices import DeviceClass
from edu_hv.hypervisor.virtual_printer import print_line, printer_of
from edu_hv.hypervisor.vmblok import TraceControl
from edu_hv.isa.codes import MASK_24, PSA, Class
from edu_hv.machine.per import PERCode

if TYPE_CHECKING:
    from edu_hv.hypervisor.control_program import ControlProgram
    from edu_hv.hypervisor.vmblok import VMBLOK
    from edu_hv.machine.interruptions import Interruption
    from edu_hv.machine.psw import PSW

TRACE = "trace"
"""Where VMBLOK.extra has what is traced."""
ADDRESS_STOP = bytes.fromhex("0AB3")
"""SVC X'B3', which stands for the instruction at an ADSTOP."""

SVC, PROGRAM, EXTERNAL, IO, PRIV, SIO = "SVC", "PROGRAM", "EXTERNAL", "I/O", "PRIV", "SIO"
CCW, BRANCH, INSTRUCT, CSW = "CCW", "BRANCH", "INSTRUCT", "CSW"
EVENTS = (SVC, PROGRAM, EXTERNAL, IO, PRIV, SIO, CCW, BRANCH, INSTRUCT, CSW)
ALL_EVENTS = (SVC, PROGRAM, EXTERNAL, IO, PRIV, SIO, INSTRUCT)
"""What TRACE ALL turns on: everything but the lines of detail, CCW and CSW; every instruction includes the branches."""

_CONTROL = {
    SVC: TraceControl.SVC,
    PROGRAM: TraceControl.PRG,
    EXTERNAL: TraceControl.EXT,
    IO: TraceControl.IO,
    PRIV: TraceControl.PRIV,
    SIO: TraceControl.SIO,
    CCW: TraceControl.SIO,
    BRANCH: TraceControl.BRANCH,
    INSTRUCT: TraceControl.BRANCH,
    CSW: TraceControl.IO,
}
_CLASSES = {
    Class.SVC: (SVC, "SVC"),
    Class.PROGRAM: (PROGRAM, "PROG"),
    Class.EXTERNAL: (EXTERNAL, "EXT"),
    Class.INPUT_OUTPUT: (IO, "I/O"),
}
_WITHOUT_ASSIST = TraceControl.SVC | TraceControl.PRIV | TraceControl.BRANCH
_MASK_INSTRUCTIONS = ("SSM", "STNSM", "STOSM")
_CONSOLE_FUNCTION = 0x0008
"""D2(B2) of DIAGNOSE X'08' as it is usually written."""


@dataclass(frozen=True)
class Output:
    """Where the lines of an event go, and whether the guest goes on behind them."""

    terminal: bool = True
    printer: bool = False
    run: bool = False


@dataclass(frozen=True)
class TraceSettings:
    """What is traced of one guest."""

    events: dict[str, Output] = field(default_factory=dict)

    @property
    def control(self) -> TraceControl:
        """The bits of VMTRCTL."""
        found = TraceControl(0)
        for event in self.events:
            found |= _CONTROL[event]
        return found


class Tracing:
    """CP calls these when something happens that may be traced; each may put the guest into CP mode."""

    def __init__(self, cp: "ControlProgram") -> None:
        self.cp = cp
        self.per = PerTraces(cp)

    # ---- settings --------------------------------------------------------------------------------------------

    def settings(self, vm: "VMBLOK") -> TraceSettings:
        """What is traced."""
        found: TraceSettings = vm.extra.get(TRACE, TraceSettings())
        return found

    def set(self, vm: "VMBLOK", events: dict[str, Output | None]) -> bool:
        """Trace events, or with None no more; whether nothing was traced before."""
        before = self.settings(vm)
        kept = {name: output for name, output in {**before.events, **events}.items() if output is not None}
        vm.extra[TRACE] = replace(before, events=kept)
        self.changed(vm)
        return not before.events

    def end(self, vm: "VMBLOK") -> None:
        """TRACE END."""
        vm.extra.pop(TRACE, None)
        self.changed(vm)

    def changed(self, vm: "VMBLOK") -> None:
        """What is traced has changed: VMTRCTL, and the program events that CP records."""
        settings = self.settings(vm)
        elements = self.per.active(vm)
        vm.vmtrctl = settings.control | (TraceControl.PER if elements else TraceControl(0))
        branch, every = BRANCH in settings.events, INSTRUCT in settings.events
        wanted = PERCode.SUCCESSFUL_BRANCHING if branch and not every else PERCode(0)
        wanted |= PERCode.INSTRUCTION_FETCHING if every else PERCode(0)
        vm.cp_per = self.per.controls(vm, wanted)

    def hears_all(self, vm: "VMBLOK") -> bool:
        """Whether CP records the fetch of every instruction of the machine."""
        return vm.cp_per is not None and bool(vm.cp_per[0] >> 24 & PERCode.INSTRUCTION_FETCHING)

    def needs_traps(self, vm: "VMBLOK") -> bool:
        """Whether something is traced that the assist would do without CP."""
        return bool(vm.vmtrctl & _WITHOUT_ASSIST)

    # ---- events ----------------------------------------------------------------------------------------------

    def interrupted(self, vm: "VMBLOK", interruption: "Interruption", old: "PSW") -> None:
        """A virtual interruption was reflected or delivered; the virtual PSW is the new one, `old` what it was."""
        if interruption.kind not in _CLASSES or not vm.vmtrctl:
            return
        event, word = _CLASSES[interruption.kind]
        detail = ""
        if event == IO and CSW in self.settings(vm).events:
            detail = f"  CSW {vm.peek(PSA.CSW, 8).hex(' ', 4).upper()}"
        at, to = old.instruction_address, vm.vmpsw.instruction_address
        self._line(vm, event, f"*** {at:06X} {word:5} {interruption.stored_code:04X} ==> {to:06X}{detail}")

    def simulated(self, vm: "VMBLOK", mnemonic: str, text: bytes, address: int, old: "PSW") -> None:
        """A privileged instruction at `address` was simulated, DIAGNOSE too; `old` is the virtual PSW before it.

        A system mask is shown with the address of the next instruction when it switches translation on or off.  Behind
        DIAGNOSE X'08' the guest does not stop: it may have given the command itself.
        """
        if not vm.vmtrctl & TraceControl.PRIV:
            return
        detail, psw = "", vm.vmpsw
        if mnemonic in _MASK_INSTRUCTIONS:
            switched = psw.dat != old.dat
            detail = f" {psw.system_mask:02X}" + (f" {psw.instruction_address:06X}" if switched else "")
        elif mnemonic == "LPSW":
            detail = f" {psw}"
        console = mnemonic == "DIAG" and int.from_bytes(text[2:], "big") == _CONSOLE_FUNCTION
        self._line(vm, PRIV, f"... {address:06X} {mnemonic:5} {text.hex().upper():8}{detail}", stops=not console)

    def io(self, vm: "VMBLOK", mnemonic: str, device: int, address: int) -> None:
        """An I/O instruction at `address` was carried out on a device that is neither spooled nor the console."""
        vdev = vm.devices.lookup(device)
        if not vm.vmtrctl & TraceControl.SIO or (vdev is not None and _played(vdev.vdevtypc)):
            return
        kind = word_for(vdev) if vdev else "----"
        real = f"{real_word(self.cp, vdev.real)} {vdev.real:03X}" if vdev is not None and vdev.real is not None else ""
        line = f"I/O {address:06X} {mnemonic:5} {vm.vminst.hex().upper():8} {kind} {device:03X} CC {vm.vmpsw.cc} {real}"
        lines = [line.rstrip()]
        if vdev is not None and CCW in self.settings(vm).events and isinstance(vdev.ioblok, IOBLOK):
            lines += _translated(vdev.ioblok)
        if vm.vmpsw.cc == 1:
            lines[0] += f"  CSW {vm.peek(PSA.CSW, 8).hex(' ', 4).upper()}"
        self._line(vm, SIO if SIO in self.settings(vm).events else CCW, *lines)

    def program_event(self, vm: "VMBLOK", interruption: "Interruption") -> None:
        """A program event that CP recorded with `vm.cp_per`."""
        event = interruption.per
        if event is None:
            return
        events = self.settings(vm).events
        line = f"    {instruction_line(vm, event.address, interruption.text)}"
        if _jumped(vm, event.address, interruption.text):
            line += f" ==> {vm.vmpsw.instruction_address:06X}"
            if BRANCH in events and INSTRUCT not in events and mnemonic_of(interruption.text) != "LPSW":
                self._line(vm, BRANCH, line)
        if INSTRUCT in events:
            self._line(vm, INSTRUCT, line)
        self.per.program_event(vm, interruption)

    # ---- ADSTOP ----------------------------------------------------------------------------------------------

    def set_adstop(self, vm: "VMBLOK", address: int) -> None:
        """Put SVC X'B3' in the place of the instruction; there is one ADSTOP at a time."""
        self.remove_adstop(vm)
        self.cp.named_systems.unshare_area(vm, address, len(ADDRESS_STOP))
        vm.vmadstop = address, vm.cpu.load_real(address, 2)
        vm.cpu.store_real(address, ADDRESS_STOP)

    def remove_adstop(self, vm: "VMBLOK") -> None:
        """Put the instruction back, unless the guest has stored something else there."""
        if vm.vmadstop is None:
            return
        address, text = vm.vmadstop
        vm.vmadstop = None
        if vm.peek(address, 2) == ADDRESS_STOP:
            vm.cpu.store_real(address, text)

    def adstop(self, vm: "VMBLOK") -> None:
        """The guest came to its ADSTOP: it stands at the instruction, in CP mode."""
        assert vm.vmadstop is not None
        address = vm.vmadstop[0]
        self.remove_adstop(vm)
        psw = vm.vmpsw
        psw.instruction_address = psw.instruction_address - len(ADDRESS_STOP) & MASK_24  # Logical, where it came from.
        self.cp.write_terminal(vm, f"ADSTOP AT {address:06X}")
        self._stop(vm)

    # ---- lines -----------------------------------------------------------------------------------------------

    def _line(self, vm: "VMBLOK", event: str, *lines: str, stops: bool = True) -> None:
        """Put lines where the event's settings say; without RUN the guest stops."""
        output = self.settings(vm).events.get(event)
        if output is None:
            return
        self.put(vm, lines, output.terminal, output.printer)
        if stops and not output.run:
            self._stop(vm)

    def put(self, vm: "VMBLOK", lines: "tuple[str, ...] | list[str]", terminal: bool, printer: bool) -> None:
        """Lines for the terminal, the virtual printer, or both."""
        device = printer_of(vm) if printer else None
        for line in lines:
            if terminal:
                self.cp.write_terminal(vm, line)
            if device is not None and not print_line(device, line):
                device = None

    def _stop(self, vm: "VMBLOK") -> None:
        if not vm.cf:
            vm.cf = True
            terminal_needed(self.cp, vm)
            self.cp.write_terminal(vm, "CP")

    # ---- reset, checkpoint -----------------------------------------------------------------------------------

    def reset(self, vm: "VMBLOK") -> None:
        """Virtual system reset: the ADSTOP is gone."""
        self.remove_adstop(vm)

    def state(self) -> Any:
        """A checkpoint; what is traced is kept in the VMBLOKs."""
        return None

    def restore(self, state: Any) -> None:
        """Go back to a checkpoint."""


def _played(vdevtypc: DeviceClass) -> bool:
    return bool(vdevtypc & (DeviceClass.TERM | DeviceClass.URI | DeviceClass.URO))


def _jumped(vm: "VMBLOK", address: int, text: bytes) -> bool:
    """Whether control is transferred; a branch to itself or to the instruction behind it does not count."""
    transfers = mnemonic_of(text).startswith("B") or mnemonic_of(text) == "LPSW"
    return transfers and vm.vmpsw.instruction_address not in (address, address + length_at(vm, address, text))


def _translated(ioblok: IOBLOK) -> Iterator[str]:
    """The guest's CCWs beside CP's."""
    if ioblok.task is None:
        return
    yield f"    CAW {ioblok.task.vcaw:08X}"
    for ccw in ioblok.task.ccws:
        guest, real = ccw.guest.hex(" ", 4).upper(), ccw.real.hex(" ", 4).upper()
        yield f"    CCW {ccw.guest_address:06X} {guest}   {ccw.real_address:06X} {real}"
        if ccw.idaws:
            yield f"    CCW IDAL {' '.join(f'{word:08X}' for word in ccw.idaws)}"
