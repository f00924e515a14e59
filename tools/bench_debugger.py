"""Measure the debugger: what issue and user may expect of a step, of time travel and of looking for a writer.

    python -m tools.bench_debugger [--instructions N] [--rounds N] [--markdown]

A guest that calculates, calls, stores, and now and then traps is recorded for ten million instructions, on the bare
machine and under CP.  Times are of the processor, and of this process; where a figure is a median the worst is beside
it.  Each limit is what the figure is to stay below.
"""

import argparse
import gc
import os
import random
import statistics
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import edu_hv.debugger.commands  # noqa: F401 - fills the registry
from edu_hv.debugger.breakpoints import StopAt
from edu_hv.debugger.commands.registry import REGISTRY
from edu_hv.debugger.session import DebugSession
from edu_hv.debugger.start import bare, under_cp
from edu_hv.debugger.system import System, from_source
from edu_hv.debugger.views import View

GUEST = """WORK     START 0
         USING WORK,0
         ORG   WORK+X'60'
         DC    X'00040000',A(SVCINT)
         ORG   WORK+X'200'
BEGIN    LA    10,TABLE
         MVC   ONCE,ONE        written once, at the beginning
OUTER    L     9,ROUNDS
LOOP     BAL   14,SUB
         ST    3,WORD
         A     3,ONE
         BCT   9,LOOP
         SVC   1
         L     4,COUNT
         A     4,ONE
         ST    4,COUNT
         B     OUTER
SUB      LR    5,3
         N     5,MASK
         IC    6,0(5,10)
         LA    6,1(6)
         STC   6,0(5,10)
         X     7,WORD
         BR    14
SVCINT   STM   0,3,SAVE
         LM    0,3,SAVE
         LPSW  X'20'
         DS    0F
ROUNDS   DC    F'1000'
ONE      DC    F'1'
MASK     DC    F'255'
WORD     DC    F'0'
ONCE     DC    F'0'
COUNT    DC    F'0'
SAVE     DS    4F
TABLE    DS    256C
         END   BEGIN
"""
"""Eleven instructions a round; after a thousand rounds an SVC, which CP reflects, and an LPSW, which traps."""


@dataclass(frozen=True)
class Figure:
    """One line of the table."""

    what: str
    where: str
    median: float
    worst: float
    limit: float
    unit: str = "ms"

    @property
    def holds(self) -> bool:
        """Whether even the worst is below the limit."""
        return self.worst < self.limit


def _timed(act: Callable[[], object]) -> float:
    """Milliseconds of processor time."""
    start = time.process_time_ns()
    act()
    return (time.process_time_ns() - start) / 1e6


def _figure(what: str, where: str, times: list[float], limit: float) -> Figure:
    return Figure(what, where, statistics.median(times), max(times), limit)


def _session(cp: bool) -> DebugSession:
    session = DebugSession()
    session.load_source(GUEST, "work", under_cp=cp)
    session.run(limit=300_000, compiled_after=0)
    return session


# ---- recording ------------------------------------------------------------------------------------------------------


def _plain(cp: bool, instructions: int) -> float:
    """Milliseconds to execute so many instructions without a recording."""
    program = from_source(GUEST, "work")
    system: System = under_cp([program]) if cp else bare(program)
    system.start_engine(frozenset())
    machine = system.machine
    machine.run(300_000)
    end = machine.instructions + instructions

    def act() -> None:
        while machine.instructions < end:
            machine.run(end - machine.instructions)

    return _timed(act)


def recording(cp: bool, instructions: int, rounds: int) -> tuple[DebugSession, list[Figure]]:
    """Record them, and what that costs beside executing them alone: median and worst of some rounds, interleaved."""
    ratios = []
    for _ in range(rounds):
        alone, session = _plain(cp, instructions), _session(cp)
        gc.collect()
        recorded = _timed(lambda: session.run(limit=instructions, compiled_after=0))  # noqa: B023
        ratios.append(recorded / alone)
    where = _where(cp)
    name = "recording, beside executing alone"
    return session, [
        Figure(name, where, statistics.median(ratios), max(ratios), 2.0, "times"),
        Figure("kept for the recording", where, *[_kept(cp, instructions)] * 2, 32.0, "MiB"),
    ]


def _kept(cp: bool, instructions: int) -> float:
    """Mebibytes of Python's memory that a recording takes, checkpoints and journal and all."""
    session = _session(cp)
    gc.collect()
    tracemalloc.start()
    session.run(limit=instructions, compiled_after=0)
    gc.collect()
    kept = tracemalloc.get_traced_memory()[0] / (1 << 20)
    tracemalloc.stop()
    return kept


def _where(cp: bool) -> str:
    return "under CP" if cp else "bare"


# ---- moving ---------------------------------------------------------------------------------------------------------


def views_of(session: DebugSession) -> list[View]:
    """What a screen shows after a step."""
    looked = [session.status(), session.code(), session.registers(), session.psw(), session.xray()]
    return [*looked, session.storage(), session.timeline(), session.log(20), session.console()]


def _stepping(session: DebugSession, where: str) -> Iterator[Figure]:
    session.goto(session.total // 2)

    def step_and_look() -> None:
        session.step()
        views_of(session)

    yield _figure("step, with its views", where, [_timed(step_and_look) for _ in range(400)], 2.0)
    yield _figure("back, within the last 1,000 steps", where, [_timed(session.back) for _ in range(1000)], 10.0)


def _travelling(session: DebugSession, where: str) -> Iterator[Figure]:
    choose, end = random.Random(5), session.total - 1
    places = [choose.randrange(end) for _ in range(60)]
    yield _figure("goto anywhere", where, [_timed(lambda at=at: session.goto(at)) for at in places], 1000.0)  # type: ignore[misc]
    session.goto(end)
    traps = [_timed(lambda: session.run_back(StopAt.TRAP)) for _ in range(60)]
    yield _figure("back to the trap before", where, traps, 100.0)


# ---- looking for writers --------------------------------------------------------------------------------------------

WRITERS = ("WORD", "ONCE", "COUNT", "r10", "r4", "cc", "key 0")
"""What is asked for: written all the time, once at the beginning, now and then; registers likewise."""


def _writers(session: DebugSession, where: str) -> Iterator[Figure]:
    for what in WRITERS:
        session.goto(session.total - 1)
        times = [_timed(lambda what=what: REGISTRY.execute(session, f"who {what}")) for _ in range(3)]  # type: ignore[misc]
        yield _figure(f"last writer of {what}", where, times, 1000.0)


# ---- completion -----------------------------------------------------------------------------------------------------


def completing(session: DebugSession) -> Figure:
    """Every beginning of every example of every command."""
    lines = {example.partition(" : ")[0] for each in REGISTRY.commands.values() for example in each.examples}
    begun = sorted({line[:end] for line in lines for end in range(len(line) + 1)})
    times = [_timed(lambda line=line: REGISTRY.complete(session, line)) for line in begun]  # type: ignore[misc]
    return _figure(f"completion, {len(begun):,} beginnings of lines", "under CP", times, 10.0)


# ---- the table ------------------------------------------------------------------------------------------------------


def measure(instructions: int, rounds: int) -> Iterator[Figure]:
    """All figures."""
    for cp in (False, True):
        session, figures = recording(cp, instructions, rounds)
        yield from figures
        for part in (_stepping, _travelling, _writers):
            yield from part(session, _where(cp))
    yield completing(session)


def _row(figure: Figure, markdown: bool) -> str:
    holds = "yes" if figure.holds else "NO"
    number = "{:,.2f}".format
    limit = f"{figure.limit:g} {figure.unit}"
    cells = figure.what, figure.where, number(figure.median), number(figure.worst), limit, holds
    if markdown:
        return f"| {' | '.join(cells)} |"
    return "{:46} {:9} {:>10} {:>10}  {:>9}  {}".format(*cells)


def main() -> None:
    """Print the table; the last column says which figures are below their limits."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--instructions", type=int, default=10_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--markdown", action="store_true")
    options = parser.parse_args()
    print(f"{options.instructions:,} instructions; Python {sys.version.split()[0]}, {os.cpu_count()} processors")
    if options.markdown:
        print("| What | Where | Median | Worst | Limit | Holds |\n| --- | --- | ---: | ---: | ---: | --- |")
    for figure in measure(options.instructions, options.rounds):
        print(_row(figure, options.markdown), flush=True)


if __name__ == "__main__":
    main()
