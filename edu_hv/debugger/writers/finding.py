"""Finding the writes of a location in the recording, the latest first."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from edu_hv.debugger.recording.search import never, positions
from edu_hv.debugger.writers.locations import Location
from edu_hv.debugger.writers.probes import probe_for

if TYPE_CHECKING:
    from edu_hv.debugger.recording.timetravel import Recording
    from edu_hv.debugger.system import System
    from edu_hv.machine.channel import Channels
    from edu_hv.machine.cpu import CPU
    from edu_hv.machine.machine import Machine

_NEAR = (1024, 16_384)
"""So many units before the present are searched first: what was written last was mostly written lately."""


def writes(
    recording: "Recording",
    location: Location,
    most: int = 1,
    end: int | None = None,
    stopped: Callable[[], bool] = never,
    start: int | None = None,
) -> list[int]:
    """The positions behind the last `most` units that wrote the location, in order, after `start`, up to `end`.

    By default from the start of the recording to the present position.  When `stopped()`, what was found by then.
    """
    end = recording.unit if end is None else end
    first = recording.start if start is None else start
    probe, found = probe_for(recording, location), list[int]()
    with _leaving(recording.system, probe.left), probe.installed(), _unobserved(recording.system):
        for size in (*_NEAR, end - first):
            begin = max(end - size, first)
            found = [*positions(recording, probe, most - len(found), end, begin, stopped), *found]
            end = begin
            if len(found) >= most or begin == first or stopped():
                break
    return found


@contextmanager
def _unobserved(system: "System") -> Iterator[None]:
    """Inside, nobody is told of events, which takes half of CP's time."""
    machine = system.machine
    parts: tuple[Machine | CPU | Channels, ...] = (machine, machine.cpu, machine.channels)
    observers = [part.observer for part in parts]
    for part in parts:
        part.observer = None
    try:
        yield
    finally:
        for part, observer in zip(parts, observers, strict=True):
            part.observer = observer


@contextmanager
def _leaving(system: "System", left: Sequence[int] | None) -> Iterator[None]:
    """Inside, the engine leaves those instructions alone."""
    ready = left is not None and system.start_engine(frozenset())
    leaving = getattr(system.machine.engine, "leaving", None)  # Not imported: its package may be missing.
    if not ready or leaving is None:
        yield
        return
    with leaving(left):
        yield
