"""What a script or a notebook does with a session, in Python: every verb of the commands as a method.

No method prints.  Those that move return a `StopView`; any other command is carried out by `execute`, as at the prompt.
`asking` has what a script asks.
"""

import signal
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from copy import copy
from dataclasses import replace
from html import escape
from typing import TYPE_CHECKING, Any, Self

from edu_hv.debugger import viewing
from edu_hv.debugger.asking import Asking
from edu_hv.debugger.breakpoints import Breakpoint, StopAt
from edu_hv.debugger.conditions import Condition, ConditionSeer
from edu_hv.debugger.expressions import parse
from edu_hv.debugger.moving import AT_START, COMPILED_AFTER
from edu_hv.debugger.stops.running import YOU_STOPPED, Back, Sought
from edu_hv.debugger.stops.setting import set_condition, set_stop
from edu_hv.debugger.stops.what import AtAddress
from edu_hv.debugger.views import StopView, View
from edu_hv.isa.errors import UserError

if TYPE_CHECKING:
    from types import FrameType

    from edu_hv.debugger.commands.stop_operands import Request

Places = int | str | Iterable[int | str]
"""An address or a label, or some."""


class Views(list[View]):
    """What a command has to show: a list of views that prints as the text at the prompt."""

    def __str__(self) -> str:
        return "\n".join(map(str, self))

    def _repr_html_(self) -> str:
        return f"<pre>{escape(str(self))}</pre>"


class Scripting(Asking):
    """The part of a session that scripts drive."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing has to be closed: a session keeps no file and no connection open."""

    def __repr__(self) -> str:
        if not self.loaded:
            return "<DebugSession: nothing is loaded>"
        who = self.selected or "nobody"
        return f"<DebugSession: {who}, step {self.step_number} of {self.total}, stopped: {self.stop_reason}>"

    def _repr_html_(self) -> str:
        return f"<pre>{escape(str(self.status()) if self.loaded else repr(self))}</pre>"

    # ---- commands --------------------------------------------------------------------------------------------

    def execute(self, line: str) -> Views:
        """Carry out one command line, as at the prompt: `execute("why 3")`; what it shows, as views.

        `str` of the result, or of a view, is its text.  A blank line or a comment (#) does nothing.  Raises UserError,
        a `CommandError` with the place where there is one, when the line cannot be carried out.
        """
        from edu_hv.debugger.commands import registry

        if not line.strip() or line.lstrip().startswith("#"):
            return Views()
        if registry.REGISTRY.of_line(line).tutor:
            raise UserError(f'"{line.split()[0]}" is about lessons, which a session alone has not')
        return Views(registry.REGISTRY.execute(self, line))

    def execute_all(self, lines: str | Iterable[str]) -> Views:
        """Carry out command lines in order, or the lines of a text; the first that cannot be done ends them.

        Raises UserError with the number of that line; what those before it did stays done.
        """
        shown = Views()
        for number, line in enumerate(lines.splitlines() if isinstance(lines, str) else lines, 1):
            try:
                shown += self.execute(line)
            except UserError as error:
                raise UserError(f"line {number}: {error}") from error
        return shown

    def explain(self, topic: str = "") -> Views:
        """What the next instruction will do, or about a topic: "cc", "branch", "trap", "psw", "ccw 600", "code 5"."""
        return self.execute(f"explain {topic}")

    def cause(self) -> Views:
        """Which earlier step made the guest's failure inevitable.  Raises UserError when nothing has failed."""
        return self.execute("cause")

    # ---- running to what comes next, and back ----------------------------------------------------------------

    def next_trap(self) -> StopView:
        """Run to the first stage of the next interruption of any kind."""
        return self.run(StopAt.TRAP)

    def previous_trap(self) -> StopView:
        """Go back to the first stage of the interruption before."""
        return self.run_back(StopAt.TRAP)

    def next_decision(self) -> StopView:
        """Run until CP has decided something.  Raises UserError on the bare machine."""
        return self.run(StopAt.DECISION)

    def previous_decision(self) -> StopView:
        """Go back to the decision of CP before.  Raises UserError on the bare machine."""
        return self.run_back(StopAt.DECISION)

    def next_output(self) -> StopView:
        """Run until a line appears on a console."""
        return self.run(StopAt.OUTPUT)

    def previous_output(self) -> StopView:
        """Go back to where the console line before appeared."""
        return self.run_back(StopAt.OUTPUT)

    def until(self, address: int | str, limit: int | None = None) -> StopView:
        """Run until the instruction at an address or label is next; `limit` steps at most.

        It stops at breakpoints on the way, and where nothing can go on: `reached` tells.  Raises UserError for an odd
        address and an unknown label.
        """
        return self.run(address=self._instruction(address), limit=limit)

    def since(self, address: int | str) -> StopView:
        """Go back to the last time the instruction at an address or label was next: the reverse of `until`."""
        return self.run_back(address=self._instruction(address))

    def reached(self, address: int | str) -> bool:
        """Whether the instruction at an address or label is the selected guest's next."""
        return not self.in_step and self.next_address() == self.place(address)

    def run_until(
        self, condition: Condition, at: Places | None = None, stages: bool = False, limit: int | None = None
    ) -> StopView:
        """Run until a function is true of the session: `run_until(lambda session: session.guest_gr(5) > 100)`.

        It is asked at the end of each step behind this one, with `stages` also at each stage within traps, and may only
        look.  With `at`, an address or label or some of them, it is asked only where one of those instructions is next:
        much faster over long stretches, since the engine can do what is between.  The run ends as `run` does: at a
        breakpoint too, after `limit` steps, or where nothing can go on.  What the function raises ends the run there.
        """
        seer = self._condition(condition, at, stages)
        try:
            return self._run(Sought(seer=seer, words=_TRUE), COMPILED_AFTER, limit)
        except BaseException:
            self._found_out("the condition could not be answered here")
            raise

    def run_back_until(self, condition: Condition, at: Places | None = None, stages: bool = False) -> StopView:
        """Go back to the last position before this one at which a function is true of the session, or to the start.

        The reverse of `run_until`, with the same operands.  The function must depend on the machine and its past only.
        """
        self.begin_search()
        recording = self.recording
        if recording.unit == recording.start:
            return self._stopped(AT_START)
        back = Back(self._session, Sought(seer=self._condition(condition, at, stages), words=_TRUE))
        unit = back.find()
        if self.interrupted:
            return self._found_out(YOU_STOPPED)
        if unit is None:
            return self._at(recording.start, f"the condition is nowhere true before; {AT_START}")
        self._changes.goto(unit)
        return self._stopped(back.words(unit))

    def _condition(self, condition: Condition, at: Places | None, stages: bool) -> ConditionSeer:
        places = [at] if isinstance(at, int | str) else at or ()
        return ConditionSeer(self._session, condition, {self._instruction(place) for place in places}, stages)

    def _instruction(self, address: int | str) -> int:
        at = self.place(address)
        if at % 2:
            raise UserError(f"{at:06X} is odd; an instruction is at an even address")
        return at

    @contextmanager
    def interruptible(self) -> Iterator[None]:
        """Inside, Ctrl-C stops a run or a search where all is in order, and raises KeyboardInterrupt behind it.

        Without it, Ctrl-C may come in the middle of a step, behind which the session cannot be used any more.
        """
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        pressed: list[int] = []

        def stop(number: int, frame: "FrameType | None") -> None:
            pressed.append(number)
            self.interrupt()

        before = signal.signal(signal.SIGINT, stop)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)
        if pressed:
            raise KeyboardInterrupt

    # ---- what has not happened -------------------------------------------------------------------------------

    @contextmanager
    def aside(self) -> Iterator[Self]:
        """What is done inside has not happened: afterwards the session is as it was, its recording and stops too.

        Inside, anything may be done: change a register, run, load something else and compare.  What is to be kept is
        taken along as plain values and views.  Only other branches are shared: what is done on one of them stays.
        """
        kept, recording = dict(vars(self)), self.recording
        self._work_on_copies()
        try:
            with recording.aside():
                yield self
        finally:
            vars(self).clear()
            vars(self).update(kept)

    def _work_on_copies(self) -> None:
        """What is changed in place from here on is not what was there before."""
        stops = {number: _copied(stop) for number, stop in self.breakpoints.by_number.items()}
        self.breakpoints = replace(self.breakpoints, by_number=stops, saved=dict(self.breakpoints.saved))
        self.logged = {number: _copied(stop) for number, stop in self.logged.items()}
        self.trail, self.tracing = _copied(self.trail), _copied(self.tracing)
        self._noted, self._words = copy(self._changes), viewing.LogWords()
        self._noted.by_timer = list(self._noted.by_timer)

    # ---- names for positions ---------------------------------------------------------------------------------

    def mark(self, name: str) -> None:
        """Give the present position a name, also inside a trap: `goto_mark` comes back, `named_steps` lists them.

        Raises UserError for what would be taken for a step.
        """
        self.execute(f"mark {name}")

    def unmark(self, name: str) -> None:
        """Take a name from its position.  Raises UserError when there is none."""
        self.execute(f"unmark {name}")

    # ---- stops -----------------------------------------------------------------------------------------------

    def break_at(
        self, place: int | str, condition: str = "", guest: str = "", temporary: bool = False, ignore: int = 0
    ) -> Breakpoint:
        """Stop runs before the instruction at an address or label, in either direction; the new stop.

        `condition` is an expression, "R5 > 1F", that must be true; `guest` the only one that it is for; `temporary`: it
        is deleted when it has stopped a run; `ignore`: so many times from here on it does not stop.  Raises UserError.
        """
        at, assembly = self._instruction(place), self.guest.assembly
        whose = self.system.guest(guest).name if guest else ""
        what = AtAddress.of(at, (assembly.label_at(at) or "") if assembly else "", whose)
        new = set_stop(self._session, what, None, ignore, temporary)
        set_condition(new, parse(condition) if condition else None)
        return new

    def break_on(self, what: str) -> Breakpoint:
        """Stop runs where something happens, in the words of `break`: "svc 5", "rule PRV-2 of KERNEL".

        `help break` lists them.  The new stop; raises UserError for what is not understood.
        """
        from edu_hv.debugger.commands.stop_operands import parse_break

        return self._set(parse_break(self._session, what))

    def watch(self, what: str) -> Breakpoint:
        """Stop runs where something is written, in the words of `watch`: "R5", "600.8 changes", "SUM becomes 64"."""
        from edu_hv.debugger.commands.stop_operands import parse_watch

        return self._set(parse_watch(self._session, what))

    def _set(self, asked: "Request") -> Breakpoint:
        return set_stop(self._session, asked.what, asked.condition, asked.ignore, asked.temporary)

    def delete_stop(self, stop: int | Breakpoint) -> None:
        """Take a stop away, by itself or its number.  Raises UserError when it is not set."""
        self.breakpoints.delete(stop if isinstance(stop, int) else stop.number)

    def delete_stops(self) -> None:
        """Take all stops away."""
        self.breakpoints.by_number.clear()


_TRUE = "the condition is true"


def _copied(value: Any) -> Any:
    """A copy of a small object of ours whose lists and dictionaries are its own, whatever they hold."""
    new = copy(value)
    for name, part in vars(value).items():
        if isinstance(part, list | dict):
            setattr(new, name, copy(part))
    return new
