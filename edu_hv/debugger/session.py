"""DebugSession: the only door through which faces, lessons and scripts look at a machine and drive it.

What it shows is in `looking`, where it stands in `standing`, how it moves in `moving`, what scripts ask,
do and give in `asking`, `scripting` and `operating`; here are loading, inputs and branches.  Views are made by
`viewing`, sentences by `explain`.
"""

from collections.abc import Sequence
from pathlib import Path

from edu_hv.debugger import viewing
from edu_hv.debugger.configuration import DEFAULT_SIZE, Configuration
from edu_hv.debugger.explain import dead_words
from edu_hv.debugger.files.opening import open_session
from edu_hv.debugger.files.saving import save_session
from edu_hv.debugger.files.typed import Typed
from edu_hv.debugger.operating import Operating
from edu_hv.debugger.recipes import AsGuests, Loaded, OnTheMachine, Recipe, WithDirectory
from edu_hv.debugger.recording.changes import Changes
from edu_hv.debugger.recording.timetravel import Recording
from edu_hv.debugger.standing import NOTHING_LOADED
from edu_hv.debugger.start import USUAL, RealMachine
from edu_hv.debugger.system import UNKNOWN, Input, Program, from_source
from edu_hv.debugger.tracing.timeline import Zoom
from edu_hv.debugger.views import (
    StopView,
)
from edu_hv.guests import catalog
from edu_hv.hypervisor.directory import Directory
from edu_hv.isa.errors import UserError
from edu_hv.machine.machine import Architecture

_LOAD_LIMIT = 200_000
"""Steps within which a deck must have brought its program to its entry."""


class DebugSession(Operating):
    """One debugging session.  Nothing is loaded at first; every method says so with a UserError until something is."""

    def __init__(self) -> None:
        super().__init__()
        self.recipe: Recipe | None = None
        """How what is loaded was made: reset makes it again."""
        self.configuration = Configuration.new(Architecture.S370, DEFAULT_SIZE)
        """The machine that `ipl` builds."""
        self.saved: set[Path] = set()
        """Files that were written with what was on a device."""
        self.file: Path | None = None
        """Where the recording was saved last, or was opened from."""
        self.last: Path | None = None
        """Where the face keeps what was done last."""
        self.lesson = ""
        """The lesson that what is loaded belongs to, by name."""
        self.typed = Typed()
        """The command lines that were given, as a script."""
        self.zoom = Zoom()
        """How much of the recording the timeline shows."""

    # ---- loading ---------------------------------------------------------------------------------------------

    def load(self, programs: Sequence[str], under_cp: bool = False, real: RealMachine = USUAL) -> StopView:
        """Load programs by catalog name or path: one on the bare machine, or several as guests of CP on a `real` one.

        A program on a deck is IPLed and run up to its entry; that part of the recording can be gone back to.  Raises
        UserError, with what was loaded before still there, when a program cannot be loaded.
        """
        names = [programs] if isinstance(programs, str) else programs
        return self.load_programs([catalog.find(name) for name in names], under_cp, real)

    def load_source(self, source: str, name: str, under_cp: bool = False) -> StopView:
        """Assemble a source text and load it.  Raises AssemblyError for what does not assemble."""
        return self.load_programs([from_source(source, name)], under_cp)

    def load_programs(self, programs: Sequence[Program], to_cp: bool = False, real: RealMachine = USUAL) -> StopView:
        """Load programs already found."""
        if not to_cp and len(programs) != 1:
            raise UserError("the bare machine takes one program; load several under CP")
        self._begin(AsGuests(tuple(programs), real) if to_cp else OnTheMachine(programs[0]))
        return self._run_to_entry()

    def start_cp(self, directory: Directory, plan: Configuration, real: RealMachine, operator: bool = True) -> StopView:
        """Start CP on the machine of a configuration, with a directory; users then log on.

        Raises UserError, with what was loaded before still there, when it cannot be started.
        """
        self._begin(WithDirectory(directory, plan, real, operator))
        self.recording.advance()  # The first dispatch.
        guests = " and ".join(guest.name for guest in self.system.guests) or "nobody"
        return self._found_out(f"CP is started; {guests} is logged on")

    def again(self) -> StopView:
        """Load the same once more, from its start."""
        if self.recipe is None:
            raise UserError(NOTHING_LOADED)
        lesson = self.lesson
        self._begin(self.recipe)
        self.lesson = lesson
        return self._run_to_entry()

    def ipl(self, device: int) -> StopView:
        """Build the machine that is configured and load it from a device.

        Raises UserError, with what was loaded before still there, when it cannot be loaded.
        """
        self._begin(Loaded(self.configuration, device))
        stopped = f", and stopped at once: {dead_words(self.system)}" if self.system.machine.dead else ""
        return self._found_out(f"loaded from device {device:03X}{stopped}")

    def _begin(self, recipe: Recipe) -> None:
        self._take(Recording(recipe.make()), recipe)

    def _take(self, recording: Recording, recipe: Recipe) -> None:
        self._recording, self.recipe, self.lesson = recording, recipe, ""
        self._noted = Changes(self._recording)
        self._words = viewing.LogWords()
        self.follow, self._pinned, self._wanted = True, "", ""

    def _run_to_entry(self) -> StopView:
        """Run a program that came on a deck up to its entry; of several guests the first."""
        if self.system.cp is not None:
            self.recording.advance()  # The first dispatch.
        if not self.system.guests:
            return self._found_out("nobody is logged on")
        guest = self.system.guests[0]
        if guest.program is UNKNOWN:
            return self._found_out("CP is started")
        if guest.program.deck() is None or guest.assembly is None:
            return self._found_out(f"{guest.program.name} is loaded")
        entry = guest.name, guest.assembly.entry
        for _ in range(_LOAD_LIMIT):
            if self.system.about_to_execute() == entry:
                return self._found_out(f"{guest.program.name} is loaded and stands at its entry")
            if not self.recording.advance():
                break
        return self._found_out(f"{guest.program.name} is loaded but did not reach its entry {entry[1]:06X}")

    # ---- recordings in files ---------------------------------------------------------------------------------

    def save(self, path: str | Path, replace: bool = False) -> Path:
        """Keep the whole recording in a file: how it was made, every input of every branch, marks and stops.

        Returns the path.  The file is written whole or not at all.  Raises UserError, with nothing changed, when it
        cannot be written, and when another file is there and is not to be replaced.
        """
        return save_session(self, Path(path), replace)

    def open(self, path: str | Path, partly: bool = False) -> StopView:
        """Take a recording from a file, and stand where it was saved: it is executed again, and compared on the way.

        `partly`: of a recording that this version executes otherwise, only what is the same.  Raises UserError, with
        what was loaded before still there, for a file that is damaged, is no recording or cannot be played again, and
        when somebody stops it (`interrupt`).
        """
        return open_session(self, Path(path), partly)

    # ---- inputs ----------------------------------------------------------------------------------------------

    def give(
        self, kind: str, text: str = "", data: bytes = b"", device: int = 0, guest: str | None = None
    ) -> list[str]:
        """An input for the selected guest, or for a user by name: see `Input` for the kinds; what there is to say.

        Given in the past, it begins another future.  Raises UserError, with nothing changed, if it cannot be given.
        """
        answer, remarks = self.give_and_remark(kind, text, data, device, guest)
        return [*answer, *remarks]

    def give_and_remark(
        self, kind: str, text: str = "", data: bytes = b"", device: int = 0, guest: str | None = None
    ) -> tuple[list[str], list[str]]:
        """The same: what CP answers, and what the debugger has to say besides."""
        recording, there = self.recording, [guest.name for guest in self.system.guests]
        unit, branch = recording.unit, recording.branch
        answer = recording.give(Input(kind, self.selected if guest is None else guest, text, data, device))
        if recording.unit != unit:
            self._noticed_another_past()
        now = [guest.name for guest in self.system.guests]
        left = self._gone_words([name for name in there if name not in now])
        self.stop_reason = left or self.stop_reason
        return answer, [*filter(None, [left, _forked_words(branch, recording.branch)])]

    def _noticed_another_past(self) -> None:
        """What was recorded is not what it was: another branch, or an input at its end."""
        self._words = viewing.LogWords()
        self._changes.find_out()
        self._let_go()

    # ---- branches --------------------------------------------------------------------------------------------

    def switch_branch(self, name: str) -> StopView:
        """Go over to another course of events, where it was left.  Raises UserError for an unknown name."""
        self.recording.switch(name)
        self._noticed_another_past()
        return self._stopped(f"on branch {name}")


def _forked_words(before: str, now: str) -> str:
    """What to say when an input has begun another course of events; "" when it has not."""
    return f"another future begins here: {now}; branch {before} goes back to the other" if now != before else ""
