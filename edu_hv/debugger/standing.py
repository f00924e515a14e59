"""Where a session stands: the recording, the position in it, the selected guest, and why it stopped there."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from edu_hv.asm.assembler import Assembly
from edu_hv.debugger import viewing
from edu_hv.debugger.believed import GuestState
from edu_hv.debugger.explain import stop_sentence
from edu_hv.debugger.explaining.causes import short_cause
from edu_hv.debugger.looking import Looking
from edu_hv.debugger.recording.changes import Changes
from edu_hv.debugger.recording.journal import Journal
from edu_hv.debugger.recording.timetravel import Recording
from edu_hv.debugger.system import Guest, System
from edu_hv.debugger.views import (
    StopView,
)
from edu_hv.hypervisor.decisions import Dispatched
from edu_hv.isa.errors import UserError
from edu_hv.machine.events import StorageStored

NOTHING_LOADED = "nothing is loaded; try: load bare kernel, or load cp kernel"


class Standing(Looking):
    """The part of a session that says where it stands."""

    def __init__(self) -> None:
        self._recording: Recording | None = None
        self._noted: Changes | None = None
        self.follow = True
        """The views go over to whichever guest runs."""
        self.stop_reason = "nothing is loaded"
        self._pinned = ""
        self._wanted = ""
        """The guest that was selected when he went: he is selected again where he is logged on."""
        self._words = viewing.LogWords()

    # ---- the recording -----------------------------------------------------------------------------------------

    @property
    def recording(self) -> Recording:
        """The recording.  Raises UserError when nothing is loaded."""
        if self._recording is None:
            raise UserError(NOTHING_LOADED)
        return self._recording

    @property
    def loaded(self) -> bool:
        """Whether anything is loaded."""
        return self._recording is not None

    @property
    def system(self) -> System:
        """What is loaded.  Raises UserError when nothing is."""
        return self.recording.system

    @property
    def journal(self) -> Journal:
        """What happened, and every input.  Raises UserError when nothing is loaded."""
        return self.recording.journal

    # ---- position --------------------------------------------------------------------------------------------

    @property
    def step_number(self) -> int:
        """Steps executed, counting the one under way."""
        return self.recording.step

    @property
    def total(self) -> int:
        """Steps recorded, counting one that was not recorded to its end."""
        return self.recording.total

    @property
    def in_step(self) -> bool:
        """Whether a trap is under way."""
        return self.recording.in_step

    # ---- what the last step or stage changed -------------------------------------------------------------------

    @property
    def _changes(self) -> Changes:
        if self._noted is None:
            raise UserError(NOTHING_LOADED)
        return self._noted

    @property
    def before(self) -> dict[str, GuestState]:
        """Each guest before the last step, or before the last stage inside a trap; empty at the start."""
        return self._changes.before

    @property
    def stored(self) -> list[StorageStored]:
        """What the last step stored, or the last stage inside a trap; real addresses."""
        return self._changes.stored

    @property
    def stored_by_program(self) -> list[StorageStored]:
        """The same without what an interval timer stored."""
        return [one for one in self._changes.stored if one not in self._changes.by_timer]

    @property
    def executed(self) -> tuple[str, int, bytes]:
        """Guest, address and text of the last step's instruction; b"" for an interruption that came by itself."""
        return self._changes.executed

    def visited(self, guest: str, address: int) -> bool:
        """Whether the guest has executed the instruction at the address by now.  The engine's are not noted."""
        return self.recording.visited.get((guest, address), self.recording.unit + 1) <= self.recording.unit

    # ---- guests ----------------------------------------------------------------------------------------------

    @property
    def selected(self) -> str:
        """Name of the guest the views show: the one selected, else the one that runs or ran last; "" for nobody."""
        if self._recording is None:
            return ""
        if self._pinned:
            return self._pinned
        return self.running() or self._ran_last()

    def _ran_last(self) -> str:
        names = [guest.name for guest in self.system.guests]
        entry = self.journal.last_where(lambda entry: isinstance(entry.event, Dispatched) and entry.guest in names)
        return entry.guest if entry else next(iter(names), "")

    @property
    def guest(self) -> Guest:
        """The selected guest."""
        return self.system.guest(self.selected)

    def select(self, name: str) -> None:
        """Show one guest, whoever runs, and step that one; "auto" follows whichever runs."""
        self._wanted = ""
        if name.lower() == "auto":
            self.follow, self._pinned = True, ""
        else:
            self._pinned, self.follow = self.system.guest(name).name, False

    @property
    def pinned(self) -> str:
        """Name of the guest that was selected by hand; "" when the views follow whichever runs."""
        return self._pinned

    @contextmanager
    def looking_at(self, name: str) -> Iterator[None]:
        """Inside, what is looked at is of the guest of that name, whichever is selected."""
        pinned, self._pinned = self._pinned, name
        try:
            yield
        finally:
            self._pinned = pinned

    @contextmanager
    def everybody(self) -> Iterator[None]:
        """Inside, no guest is selected by hand."""
        pinned, follow = self._pinned, self.follow
        self._pinned, self.follow = "", True
        try:
            yield
        finally:
            self._pinned, self.follow = pinned, follow

    def running(self) -> str:
        """Name of the guest that has the real CPU, or "" while CP has it or it waits."""
        return self.system.running

    def assembly_of(self, name: str) -> Assembly | None:
        """The assembly of the guest of that name; None when there is none, or no such guest."""
        guest = self.system.find(name)
        return guest.assembly if guest else None

    # ---- stopping --------------------------------------------------------------------------------------------

    def _found_out(self, reason: str, idle: bool = False) -> StopView:
        """Stop where nobody noted what the last step changed."""
        self._changes.find_out()
        return self._stopped(reason, idle)

    def _stopped(self, reason: str, idle: bool = False) -> StopView:
        """A stop for that reason; `idle` when the command has not executed anything."""
        gone = self._let_go()
        gone = f"; {gone}" if gone else ""
        self.stop_reason = self._stop_reason(reason) + gone
        sentence = f"step {self.step_number}, {self.stop_reason}" if idle else stop_sentence(self._session)
        because = short_cause(self._session)
        sentence += f"; {because}" if because else ""
        return StopView(self.step_number, self.total, self.stop_reason, sentence)

    def _let_go(self) -> str:
        """A guest that was selected and is not logged on here is selected no more; what to say of it, or "".

        It is selected again where it is logged on, unless another one was selected meanwhile.
        """
        names, gone = [guest.name for guest in self.system.guests], self._pinned
        if not gone and self._wanted in names:
            self.follow, self._pinned, self._wanted = False, self._wanted, ""
        if not gone or gone in names:
            return ""
        self.follow, self._pinned, self._wanted = True, "", gone
        return self._gone_words([gone])

    def _gone_words(self, gone: Sequence[str]) -> str:
        """Who is not logged on any more, and whom the views show now."""
        if not gone:
            return ""
        rest = f" now; {self.selected} is selected" if self.selected else " now, nor is anybody else"
        return f"{' and '.join(gone)} {'is' if len(gone) == 1 else 'are'} not logged on{rest}"

    def _stop_reason(self, reason: str) -> str:
        """A step that ran into a trap is better named by the trap."""
        if reason not in ("step", "stage"):
            return reason
        return viewing.stage_reason(self._session) or reason

    def stop_view(self, reason: str) -> StopView:
        """A stop that no execution led to."""
        return self._stopped(reason)
