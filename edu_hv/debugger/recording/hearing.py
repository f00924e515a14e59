"""What the recording hears of the machine and of CP while a unit is executed for the first time."""

from functools import partial
from typing import TYPE_CHECKING

from edu_hv.debugger.recording.journal import GuestPSWsSwapped, ProgramTranslated, StatusStored, StatusTranslated
from edu_hv.hypervisor.decisions import ConsoleLine, DecisionCarriedOut, Decoded, KeepInterruption, SimulateIO
from edu_hv.hypervisor.io_blocks import IOBLOK
from edu_hv.hypervisor.vmblok import VMBLOK
from edu_hv.isa.codes import PSA, Class
from edu_hv.machine.events import CCWExecuted, Event, InterruptionRecognized, PSWsSwapped

if TYPE_CHECKING:
    from edu_hv.debugger.recording.timetravel import Recording


class Hearing:
    """Enters events into the journal, while `live`."""

    def __init__(self, recording: "Recording") -> None:
        self._recording = recording
        self._system = recording.system
        self.live = False
        """What happens now happens for the first time."""
        self._at = (recording.history.end, 0)

    def begin(self, unit: int, step: int) -> None:
        """A unit is executed for the first time: the position behind it, and its step."""
        self._at, self.live = (unit, step), True

    def observe(self) -> None:
        """Hear of everything but stores, which are too many; also of what CP does to a guest as its machine."""
        machine = self._system.machine
        machine.observe(self._on_event)
        machine.storage.observer = None
        if self._system.cp is None:
            return
        self._system.cp.guest_observer = self._on_guest_event
        for vm in self._system.cp.vms:
            vm.cpu.observer = partial(self._on_guest_event, vm.vmuser)

    def _on_event(self, event: Event) -> None:
        if not self.live:
            return
        guest = getattr(event, "userid", "") or self._system.running
        if type(event) is Decoded:
            guest = self._guest_that_trapped()
        if isinstance(event, DecisionCarriedOut):
            self._note_translation(event)
        self.record(guest, event)
        if isinstance(event, PSWsSwapped) and event.kind is Class.INPUT_OUTPUT:
            csw = self._system.machine.cpu.load_real(PSA.CSW, 8)
            self.record(guest, StatusStored(csw))
        elif isinstance(event, CCWExecuted) and self._system.cp is None:
            self._note_console_lines()

    def _guest_that_trapped(self) -> str:
        """The guest whose registers CP saves; "" when the interruption came while CP waited."""
        last = self._recording.journal.last(1, InterruptionRecognized)
        return last[0].guest if last else ""

    def record(self, guest: str, event: Event) -> None:
        """Enter an event of the unit under way into the journal."""
        unit, step = self._at
        self._recording.history.journal.record(unit, step, guest, event)

    def _on_guest_event(self, guest: str, event: Event) -> None:
        """What CP does as the guest's machine: swap its PSWs, interpret its channel programs."""
        if not self.live:
            return
        if isinstance(event, PSWsSwapped):
            event = GuestPSWsSwapped(event.kind, event.code, event.old, event.new)
        self.record(guest, event)

    def _note_translation(self, event: DecisionCarriedOut) -> None:
        """What CP keeps of a channel program it translated, or of a CSW it translated back."""
        decision = event.verdict.decision
        if not isinstance(decision, SimulateIO | KeepInterruption) or self._system.cp is None:
            return
        vm = self._system.cp.logged_on(event.userid if isinstance(decision, SimulateIO) else decision.userid)
        device = vm.devices.lookup(decision.device) if vm else None
        if vm is None or device is None or device.real is None:
            return
        if isinstance(decision, KeepInterruption) and device.vdevcsw is not None:
            real = self._system.machine.cpu.load_real(PSA.CSW, 8)
            self.record(vm.vmuser, StatusTranslated(device.address, real, device.vdevcsw.to_bytes()))
        elif isinstance(decision, SimulateIO) and _started(decision, vm):
            task = device.ioblok.task if isinstance(device.ioblok, IOBLOK) else None
            if task is not None:
                self.record(vm.vmuser, ProgramTranslated(device.address, device.real, task.ccws))

    def _note_console_lines(self) -> None:
        """On the bare machine nobody tells of console lines: see whether the CCW has written some."""
        guest = self._system.guests[0]
        lines = guest.console.lines
        for text in lines[self._recording.history.console_lines :]:
            self.record(guest.name, ConsoleLine(guest.name, text, False))
        self._recording.history.console_lines = len(lines)


def _started(decision: SimulateIO, vm: VMBLOK) -> bool:
    """Whether a channel program was started just now: condition code 0 of START I/O."""
    return decision.mnemonic in ("SIO", "SIOF") and vm.vmpsw.cc == 0
