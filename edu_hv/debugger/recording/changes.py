"""What the last step or stage changed: by position only, so that it is the same however the position was reached.

Where a step is complete it is the whole step; inside a trap it is the last stage.
"""

from edu_hv.debugger.believed import GuestState, state_of_guests
from edu_hv.debugger.recording.timetravel import Recording
from edu_hv.hypervisor.control_program import Stage
from edu_hv.isa.codes import PSA
from edu_hv.machine.events import Event, StorageStored
from edu_hv.machine.timing import timer_units

NOTHING = ("", 0, b"")


class Changes:
    """Executes units of a recording while it notes what they change."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self._system = recording.system
        self._step: dict[str, GuestState] = {}
        self._stage: dict[str, GuestState] = {}
        self._step_stored: list[StorageStored] = []
        self._stage_stored: list[StorageStored] = []
        self.by_timer: list[StorageStored] = []
        """Those of the stores that an interval timer made, not the program."""
        self.executed: tuple[str, int, bytes] = NOTHING
        """Guest, address and text of the instruction of the step; b"" for an interruption that came by itself."""

    @property
    def before(self) -> dict[str, GuestState]:
        """Each guest before the last step or stage; empty at the start of the recording."""
        return self._stage if self._recording.in_step else self._step

    @property
    def stored(self) -> list[StorageStored]:
        """What the last step or stage stored, real addresses."""
        return self._stage_stored if self._recording.in_step else self._step_stored

    def advance(self) -> bool:
        """One unit; False when nothing can happen any more."""
        recording, machine = self._recording, self._system.machine
        starting = not recording.in_step
        before = state_of_guests(self._system)
        about = None if recording.input_next is not None else self._system.about_to_execute()
        timer = timer_units(machine.clocks.now), self._decoding()
        stored: list[StorageStored] = []

        def keep(event: Event) -> None:
            if isinstance(event, StorageStored):
                stored.append(event)

        machine.storage.observer = keep
        try:
            if not recording.advance():
                return False
        finally:
            machine.storage.observer = None
        if starting:
            self._step, self._step_stored, self.by_timer = before, [], []
            self.executed = NOTHING if about is None or self._came_by_itself() else (*about, self._text(about))
        self._stage, self._stage_stored = before, stored
        self._step_stored = [*self._step_stored, *stored]
        self._note_timer(stored, *timer)
        return True

    def find_out(self) -> None:
        """The machine stands where nobody noted: execute the last step again."""
        self.goto(self._recording.unit)

    def goto(self, unit: int) -> None:
        """Go to a position, by way of the start of the step before it."""
        recording = self._recording
        if unit == recording.start:
            recording.goto(unit)
            self._step, self._stage, self._step_stored, self._stage_stored = {}, {}, [], []
            self.by_timer, self.executed = [], NOTHING
            return
        recording.goto(recording.start_of_step(unit))
        while recording.unit < unit and self.advance():
            pass

    def _came_by_itself(self) -> bool:
        """An interruption was recognized in the place of an instruction."""
        recognized = self._system.machine.recognized
        return recognized is not None and recognized.kind in Recording.BY_ITSELF

    def _text(self, about: tuple[str, int]) -> bytes:
        recognized = self._system.machine.recognized
        return recognized.text if recognized is not None else self._system.machine.cpu.instruction_text

    def _decoding(self) -> bool:
        cp = self._system.cp
        return cp is not None and cp.work.stage is Stage.DECODE

    def _note_timer(self, stored: list[StorageStored], units: int, decoding: bool) -> None:
        """The real timer counts at the end of a unit; CP brings a guest's up to date when it has the CPU back."""
        machine = self._system.machine
        if self._system.cp is None:
            if stored and stored[-1].absolute == PSA.INTERVAL_TIMER and timer_units(machine.clocks.now) != units:
                self.by_timer.append(stored[-1])
        else:
            timers = [PSA.INTERVAL_TIMER.value]  # Real page 0 is CP's: no guest stores there.
            if decoding:
                frames = [guest.vm.storage.frame_of(0) for guest in self._system.guests if guest.vm]
                timers += [frame + PSA.INTERVAL_TIMER for frame in frames if frame is not None]
            self.by_timer += [one for one in stored if one.absolute in timers]
