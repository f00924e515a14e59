"""Moving through the recording: every verb forwards has its twin backwards.

A *step* is an instruction, or an interruption with all that follows from it; a *stage* is one part of a trap.
"""

from collections.abc import Callable

from edu_hv.debugger import xraying
from edu_hv.debugger.breakpoints import Breakpoint, Breakpoints, StopAt
from edu_hv.debugger.calls import Call, Depth, ReturnSeer, call_made, call_returned_from, innermost
from edu_hv.debugger.explain import dead_words, loop_words
from edu_hv.debugger.standing import Standing
from edu_hv.debugger.stops.running import YOU_STOPPED, Back, Limits, Run, Sought
from edu_hv.debugger.tracing.search import Tracing, found_words
from edu_hv.debugger.views import (
    StopView,
)
from edu_hv.debugger.writers.trail import Trail, target_of_jump, target_of_return
from edu_hv.isa.errors import UserError
from edu_hv.machine.psw import PSW

RUN_LIMIT = 2_000_000
"""Steps after which a run stops by itself, so that a guest in a loop does not run for ever."""
COMPILED_AFTER = 20_000
"""Steps of a run after which the engine takes part: what is shorter is done before it has started."""
COMPILED_FACTOR = 1_000
"""Instructions of the engine that count as one step towards RUN_LIMIT, since they take its time."""
AT_START = "this is the start of the recording"


class Moving(Standing):
    """The part of a session that moves."""

    def __init__(self) -> None:
        super().__init__()
        self.breakpoints = Breakpoints()
        """Breakpoints and watchpoints."""
        self.logged: dict[int, Breakpoint] = {}
        """What is logged without stopping, by number."""
        self.arrived: list[str] = []
        """Command lines of the stops at which the last run stopped."""
        self.carrying_out = False
        """Command lines of stops are being carried out."""
        self.trail = Trail()
        """Who wrote what was asked about, and what was followed from there."""
        self.tracing = Tracing()
        """What was searched for, and which files were exported."""
        self._interrupted = False
        self._over_ended = -1

    # ---- forwards, a step or a stage at a time -----------------------------------------------------------------

    def step(self, count: int = 1) -> StopView:
        """Execute `count` steps, of the selected guest when one is pinned; finishes a trap under way first."""
        self._interrupted = False
        start, limit = self.recording.unit, self.recording.step + RUN_LIMIT
        for left in range(min(count, RUN_LIMIT), 0, -1):
            reason = self._step_selected(last=left == 1, limit=limit)
            if reason:
                return self._found_out(reason, idle=self.recording.unit == start)
        return self._stopped("step") if count <= RUN_LIMIT else self._found_out(_limit_words(RUN_LIMIT))

    def _step_selected(self, last: bool, limit: int) -> str:
        """One step, after those of other guests than the pinned one; why it could not be done, or ""."""
        while True:
            mine = self.follow or self.running() in ("", self._pinned)
            if self._interrupted:
                return YOU_STOPPED
            if not mine and self.guest.vm and self.guest.vm.cf:
                return f"{self._pinned} has stopped in CP mode; cp begin lets it go on"
            if self.recording.step >= limit:
                return _limit_words(RUN_LIMIT)
            if not self._one_step(self._changes.advance if last and mine else self.recording.advance):
                return dead_words(self.system)
            if mine:
                return ""

    def _one_step(self, advance: Callable[[], bool]) -> bool:
        """One step, or the rest of the one under way."""
        if not advance():
            return False
        while self.recording.in_step:
            if not advance():
                break
        return True

    def stage(self, count: int = 1) -> StopView:
        """One stage inside a trap; outside a trap, the same as a step that stops at the first stage of a trap."""
        if count == 1:
            done = self._changes.advance()
            return self._stopped(self._stage_words() if done else dead_words(self.system), idle=not done)
        self._interrupted = False
        for _ in range(min(count, RUN_LIMIT)):
            if self._interrupted:
                return self._found_out(YOU_STOPPED)
            if not self.recording.advance():
                return self._found_out(dead_words(self.system))
        return self._found_out(self._stage_words() if count <= RUN_LIMIT else _limit_words(RUN_LIMIT))

    def _stage_words(self) -> str:
        return "stage" if self.in_step else "step"

    # ---- backwards, a step or a stage at a time ----------------------------------------------------------------

    def back(self, count: int = 1) -> StopView:
        """Undo `count` steps, or first the part of a trap that is under way; of the selected guest if one is pinned."""
        return self._go(self.recording.boundary_back(count, self._pinned or None), "back")

    def unstage(self, count: int = 1) -> StopView:
        """Undo `count` stages."""
        reason = "back one stage" if count == 1 else f"back {count:,} stages"
        return self._go(max(self.recording.unit - count, self.recording.start), reason)

    def next_xray_stage(self) -> StopView:
        """The next stage of a trap, with all instructions between two traps passed over."""
        return xraying.forwards(self._session)

    def previous_xray_stage(self) -> StopView:
        """The stage of a trap before this one: the exact reverse of `next_xray_stage`."""
        return xraying.backwards(self._session)

    def goto(self, step: int) -> StopView:
        """Go to the moment at which a step of the recording was complete."""
        unit = self.recording.position_of_step(step)
        return self._at(unit, f"goto {step}")

    def goto_mark(self, name: str) -> StopView:
        """Go to a position that was given a name, exactly, also inside a trap.  Raises UserError for an unknown one."""
        unit = self.recording.history.named.get(name)
        if unit is None:
            raise UserError(f'there is no mark "{name}"; marks lists them')
        return self._at(unit, f"at mark {name}")

    def find(self, words: str, backwards: bool = False) -> StopView:
        """Go to the next event of the recording that the words describe, or to the last one before.

        "" searches for what was searched for last.  Raises UserError, with nothing changed, when there is none.
        """
        entry = self.tracing.find(self._session, words, backwards)
        return self._at(entry.unit, found_words(self._session, entry))

    def jump_to_write(self, number: int | None = None) -> StopView:
        """Go behind the write that `who` named last, or behind one of those that `writers` listed, from 1."""
        return self._at(target_of_jump(self._session, number), "at the write")

    def unjump(self) -> StopView:
        """Return to where one was before the last jump.  Raises UserError when there was none."""
        return self._at(target_of_return(self._session), "back from the write")

    def _go(self, unit: int, reason: str) -> StopView:
        """Go back to a position."""
        if self.recording.unit == self.recording.start:
            return self._stopped(AT_START)
        return self._at(unit, reason)

    def _at(self, unit: int, reason: str) -> StopView:
        self._changes.goto(unit)
        return self._stopped(reason)

    # ---- over calls, and out of them ---------------------------------------------------------------------------

    def over(self, count: int = 1) -> StopView:
        """The same as `step`, but what an instruction calls, or an interruption leads to, is run until it returns.

        A stop that is met on the way stops it there.  `calls` says what a call is.
        """
        before, stop = self.recording.unit, self._over()
        for _ in range(min(count, RUN_LIMIT) - 1):
            here = self.recording.unit
            if self._interrupted or here == before or here != self._over_ended:
                break
            before, stop = here, self._over()
        return stop

    def _over(self) -> StopView:
        """One step, and what it calls; `_over_ended` is where the machine stands if nothing stopped it before."""
        guest, unit, self._over_ended = self.selected, self.recording.unit, -1
        before = self.guest_psw(guest) if guest else PSW()
        stop = self.step()
        entries = self.journal.of_step(self.step_number)
        call = call_made(self.system, guest, before, unit, entries) if self.recording.unit != unit else None
        if call is not None:
            stop, returned = self._run_to_return(Depth(self.recording, call))
            if not returned:
                return stop
        self._over_ended = self.recording.unit
        return stop

    def _run_to_return(self, depth: Depth) -> tuple[StopView, bool]:
        """Run until a call has returned, or something else stops; whether it has."""
        seer = ReturnSeer(depth)
        stop = self._run(Sought(seer=seer), COMPILED_AFTER, None)
        return stop, seer.returned

    def unover(self, count: int = 1) -> StopView:
        """The reverse of `over`: back one step, or to the call that has just returned."""
        stop = self._unover()
        for _ in range(count - 1):
            if self._interrupted or self.recording.unit == self.recording.start:
                break
            stop = self._unover()
        return stop

    def _unover(self) -> StopView:
        self._interrupted = False
        unit = None if self.in_step else self._call_just_returned()
        if unit is None or self._interrupted:
            return self._found_out(YOU_STOPPED) if self._interrupted else self.back()
        return self._at(unit, "back over what was called")

    def _call_just_returned(self) -> int | None:
        return call_returned_from(self.recording, self.selected, lambda: self._interrupted)

    def out(self) -> StopView:
        """Run until the call that the guest is in has returned, or a stop is met on the way."""
        call = self._call_inside()
        if call is None:
            return self._not_inside()
        return self._run_to_return(Depth(self.recording, call, leaving=True))[0]

    def unout(self) -> StopView:
        """Go back to where the call was about to be made that the guest is in."""
        call = self._call_inside()
        if call is None:
            return self._not_inside()
        return self._at(call.unit, f"back at the call from {call.site:06X}")

    def _call_inside(self) -> Call | None:
        self._interrupted = False
        if self.in_step:
            self.step()
        return innermost(self.recording, self.selected, lambda: self._interrupted)

    def _not_inside(self) -> StopView:
        return self._stopped(
            YOU_STOPPED if self._interrupted else "nothing was called that has not returned", idle=True
        )

    # ---- running ---------------------------------------------------------------------------------------------

    @property
    def interrupted(self) -> bool:
        """Whether somebody wants the run that is under way to stop."""
        return self._interrupted

    def begin_search(self) -> None:
        """A search of the recording begins, which `interrupt` stops."""
        self._interrupted = False

    def interrupt(self) -> None:
        """Stop a run that is under way in another thread, at the next step."""
        self._interrupted = True

    def run(
        self,
        to: StopAt = StopAt.BREAKPOINT,
        address: int | None = None,
        compiled_after: int = COMPILED_AFTER,
        limit: int | None = None,
    ) -> StopView:
        """Run until something of that kind happens, a breakpoint is met, `address` is reached or all has stopped.

        With a guest selected by hand, only what concerns that guest stops the run.  After `compiled_after` steps the
        engine takes part.  It ends after `limit` steps; without one, after so many that a guest must be in a loop.
        """
        self._require_cp(to)
        return self._run(Sought(to, address), compiled_after, limit)

    def _run(self, sought: Sought, compiled_after: int, limit: int | None) -> StopView:
        self._interrupted, self.arrived = False, []
        start = self.recording.unit
        run = Run(self._session, sought, Limits(compiled_after, limit, RUN_LIMIT, COMPILED_FACTOR))
        reason = run.go() or f"{_limit_words(run.steps)}{loop_words(self.system, self.journal, self.recording.step)}"
        return self._found_out(reason, idle=self.recording.unit == start)

    def _require_cp(self, to: StopAt) -> None:
        if to is StopAt.DECISION and self.system.cp is None:
            raise UserError("this is the bare machine: there is no CP that decides; try load cp kernel")

    def run_back(self, to: StopAt = StopAt.BREAKPOINT, address: int | None = None) -> StopView:
        """Go back to the last thing of that kind before the present position, or to a stop if one comes first.

        With `address`, to where the instruction there was about to be executed.
        """
        self._require_cp(to)
        self._interrupted, self.arrived = False, []
        recording = self.recording
        if recording.unit == recording.start:
            return self._stopped(AT_START)
        back = Back(self._session, Sought(to, address))
        unit = back.find()
        if self._interrupted:
            return self._found_out(YOU_STOPPED)
        if unit is None:
            what = to.value if address is None else f"instruction at {address:06X}"
            return self._at(recording.start, f"no {what} before; {AT_START}")
        self._changes.goto(unit)
        return self._stopped(back.words(unit))


def _limit_words(steps: int) -> str:
    return f"{steps:,} steps without a stop; run goes on"
