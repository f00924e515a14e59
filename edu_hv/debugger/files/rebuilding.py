"""A recording made again of what a file keeps: each branch is executed again, and compared on the way."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from edu_hv.debugger.files.digest import digest_of, digest_of_seen
from edu_hv.debugger.files.format import MADE_BY
from edu_hv.debugger.files.kept import Digest, KeptBranch, KeptSession
from edu_hv.debugger.recording.history import History
from edu_hv.debugger.recording.timetravel import AT_ONCE, Recording
from edu_hv.isa.errors import UserError

_COMPILED_AFTER = 20_000
"""Units of a branch after which the engine takes part: what is shorter is done before it has started."""


@dataclass(frozen=True)
class Difference:
    """Where something else happened than was recorded."""

    branch: str
    same_to: int
    """The last step at which the state was known to be the same; -1: not even what was loaded is."""
    other_at: int
    """The step at which it was found to be another one."""
    because: str


class Stopped(Exception):
    """Somebody wants it to end."""


class _Other(Exception):
    """Something else happens."""

    def __init__(self, unit: int, step: int, because: str) -> None:
        super().__init__(because)
        self.unit, self.step, self.because = unit, step, because


@dataclass
class Rebuilding:
    """A recording that is being made again.  `stopped` says whether somebody wants it to end."""

    kept: KeptSession
    stopped: Callable[[], bool]
    differences: list[Difference] = field(default_factory=list)
    """A branch each, cut where it was still the same; empty when all is as it was recorded."""

    def recording(self) -> Recording:
        """All branches, standing where the session stood.  Raises UserError when it cannot be made, and Stopped."""
        self._made = Recording(self.kept.recipe.make())
        self._done: dict[str, KeptBranch] = {}
        first, *others = self.kept.branches
        self._made.history.name = first.name
        self._play(first)
        for branch in others:
            self._begin(branch)
            self._play(branch)
        self._stand()
        return self._made

    # ---- branches --------------------------------------------------------------------------------------------

    def _begin(self, branch: KeptBranch) -> None:
        """Stand where a branch leaves one that is there already, with which it shares most."""
        near = max(self._done.values(), key=branch.shared)
        recording = self._made
        recording.switch(near.name)
        recording.goto(max(branch.shared(near), recording.start))
        recording.branch_off(branch.name, branch.because)

    def _play(self, branch: KeptBranch) -> None:
        """Execute a branch to its end, or to where it is another one."""
        recording = self._made
        try:
            self._execute(branch)
            end = recording.end
        except _Other as other:
            same = [each for each in branch.digests if recording.start <= each.unit < other.unit]
            end = max([each.unit for each in same], default=-1)
            step = max([each.step for each in same], default=-1)
            if self._done and end < recording.history.fork:
                end, step = self._parting()
            self.differences.append(Difference(branch.name, step, other.step, other.because))
            end = max(end, recording.start)
            recording.goto(end)
            recording.history.cut(end)
        self._name(recording.history, branch)
        inputs = {unit: given for unit, given in branch.inputs.items() if unit < end}
        self._done[branch.name] = replace(branch, end=end, inputs=inputs)

    def _parting(self) -> tuple[int, int]:
        """Where the present branch left another: up to there it is as it was recorded."""
        fork = self._made.history.fork
        return fork, self._made.step_at(fork)

    def _execute(self, branch: KeptBranch) -> None:
        recording, compared = self._made, {each.unit: each for each in branch.digests}
        events = sorted({*branch.inputs, *compared, branch.end})
        if events[0] < recording.start:
            raise UserError(f"position {events[0]} of branch {branch.name} lies before the start")
        begun = recording.unit
        for unit in events:
            if unit < recording.unit:
                continue
            self._advance(unit, begun)
            if unit in compared:
                self._compare(compared[unit])
            if unit in branch.inputs:
                self._give(branch, unit)
        if recording.unit != branch.end:
            raise _Other(recording.unit, recording.step, "it does not end where it ended")

    def _advance(self, unit: int, begun: int) -> None:
        """Execute up to a position."""
        recording = self._made
        for turn in range(unit - recording.unit):
            left = unit - recording.unit
            if left <= 0:
                break
            if turn % 256 == 0 and self.stopped():
                raise Stopped
            if recording.unit - begun >= _COMPILED_AFTER and recording.system.start_engine(set()):
                if self.stopped():
                    raise Stopped
                if recording.run_compiled(min(left, AT_ONCE)):
                    continue
            if not recording.advance():
                raise _Other(recording.unit + 1, recording.step, "nothing can happen any more")
        if recording.unit != unit:
            raise _Other(recording.unit, recording.step, "a step is not as long as it was")

    def _compare(self, expected: Digest) -> None:
        recording = self._made
        system = recording.system
        if digest_of_seen(system) != expected.seen:
            raise _Other(recording.unit, expected.step, "the state is another one")
        if self.kept.made_by == MADE_BY and digest_of(system.comparable()) != expected.state:
            raise _Other(recording.unit, expected.step, "something in the state is another one")

    def _give(self, branch: KeptBranch, unit: int) -> None:
        recording, given = self._made, branch.inputs[unit]
        if self.stopped():
            raise Stopped
        if recording.input_next == given:
            recording.advance()
            return
        try:
            recording.enter(given)
        except UserError as error:
            words = f'the input "{given.kind} {given.text}"'.splitlines()[0]
            raise _Other(unit + 1, recording.step + 1, f"{words} cannot be given: {error}") from None

    # ---- as it was left --------------------------------------------------------------------------------------

    @staticmethod
    def _name(history: History, branch: KeptBranch) -> None:
        history.parent, history.fork, history.because = branch.parent, branch.fork, branch.because
        history.fork = min(branch.fork, history.end)
        history.stood_at = max(min(branch.stood_at, history.end), history.boundaries[0])
        start = history.boundaries[0]
        history.named = {name: unit for name, unit in branch.marks.items() if start <= unit <= history.end}

    def _stand(self) -> None:
        """Where the session stood."""
        recording, kept = self._made, self.kept
        stood = {branch.name: branch.stood_at for branch in kept.branches}
        recording.switch(kept.here)
        recording.goto(max(min(kept.position, recording.end), recording.start))
        for name, history in recording.branches.items():
            history.stood_at = max(min(stood[name], history.end), history.boundaries[0])
            history.journal.went_to(history.stood_at)
