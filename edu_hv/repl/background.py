"""A guest that runs on while one types: `run &`.

The machine belongs to one thread at a time.  While a command goes on in a thread of its own the prompt touches nothing
of the machine; it may only ask for the end, by `interrupt`, and read the number of the step.
"""

import threading
from collections.abc import Callable
from contextvars import copy_context

from edu_hv.debugger.commands.registry import Command
from edu_hv.debugger.views import TextView
from edu_hv.isa.errors import UserError
from edu_hv.tutor.workbench import Workbench

INSIST_SECONDS = 0.05
"""How often a run that is to stop is told so: the first time it may only just be beginning."""
FREE = ("help", "apropos", "stop", "say", "verbosity", "echo")
"""Commands that need no machine."""


class Background:
    """Knows what goes on in the background: at most one command line."""

    def __init__(self, workbench: Workbench, say: Callable[[str], None]) -> None:
        self._workbench = workbench
        self._say = say
        self._thread: threading.Thread | None = None
        self._line = ""
        self.over: Callable[[], None] = lambda: None
        """Called, from its thread, when the command has ended."""

    @property
    def line(self) -> str:
        """The command line that goes on; "" for none."""
        return self._line

    def start(self, line: str, run: Callable[[], None]) -> None:
        """Begin; what the guest types and how it ends is shown from there."""

        def go_on() -> None:
            try:
                run()
            finally:
                self._line = ""
                self.over()

        self._line = line
        self._thread = threading.Thread(target=copy_context().run, args=(go_on,), name="guest", daemon=True)
        self._thread.start()

    def allow(self, command: Command) -> None:
        """Raise UserError for a command that needs the machine while it runs in the background."""
        if self._line and command.name not in FREE and threading.current_thread() is not self._thread:
            raise UserError(f'the guest is running ("{self._line}", {self.position}); stop stops it')

    @property
    def position(self) -> str:
        """Where it is by now: "step 1,204"."""
        return f"step {self._workbench.session.step_number:,}"

    def interrupt(self) -> None:
        """Ask it to stop, and return at once."""
        self._workbench.session.interrupt()

    def stop(self) -> bool:
        """Stop it and wait until it has told its end; whether there was anything to stop."""
        thread = self._thread
        if thread is None or not self._line:
            return False
        while thread.is_alive():
            self.interrupt()
            thread.join(INSIST_SECONDS)
        return True


NOTHING_RUNS = TextView(("Nothing is running; run & runs the guest while you type.",))
