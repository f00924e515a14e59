"""Compares our machine with Hercules: the same random cases on both, every difference reported.

    python -m tools.conformance                          1000 cases of every instruction, and 5000 programs
    python -m tools.conformance --only MVCL CLCL --cases 5000 --programs 0
    python -m tools.conformance --freeze                 tests/machine/vectors made anew, the same each time

Cases are made by `cases` and `cases_control`, programs by `sequences`; Hercules is driven by `hercules`.  `known` lists
where the two may differ; those differences are counted, not reported.  Everything follows from `--seed`, and the work
is shared by two processes.  docs/CONFORMANCE.md says what is compared and what was found.
"""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random

from edu_hv.isa.codes import Class
from edu_hv.machine.psw import PSW
from tools.cases import COMPARABLE, NOT_COMPARED, make_case
from tools.cases_control import CONTROL, make_control_case, takes
from tools.hercules import Case, Hercules, Outcome
from tools.known import KNOWN, excuse
from tools.outcomes import Differences, Unwatched, differences, run_on_ours
from tools.sequences import Seen, run_programs
from tools.vectors import write_vectors

BATCH = 5_000
VECTORS = Path(__file__).parents[1] / "tests/machine/vectors"
FROZEN, SHOWN = 30, 3
"""How many cases are frozen of each instruction, all in agreement, and of each known difference."""
SHOWING = ("CLC", "AP", "ED", "EX", "IPTE", "MC", "MVC", "MVCL", "RRB", "CS", "SSM", "STNSM", "STCK", "TB", "ZAP", "LR")
"""Instructions that show the known differences."""
ALL = list(dict.fromkeys([*COMPARABLE, *CONTROL]))
"""Every instruction that cases are made for."""


def made(seed: object, mnemonic: str, number: int) -> Case:
    """A case, always the same for the same arguments."""
    make = make_control_case if takes(mnemonic, number) else make_case
    return make(Random(f"{seed} {mnemonic} {number}"), mnemonic)


# ---- counting ------------------------------------------------------------------------------------------------------


@dataclass
class Row:
    """What was seen of one instruction."""

    compared: int = 0
    different: int = 0
    unwatched: int = 0
    """Cases left out: see `Unwatched`."""
    endings: Counter[str] = field(default_factory=Counter)
    """Completed, or which interruption."""
    conditions: Counter[int] = field(default_factory=Counter)
    """Condition codes of those that were completed."""

    def add(self, other: "Row") -> None:
        """Put two counts together."""
        self.compared += other.compared
        self.different += other.different
        self.unwatched += other.unwatched
        self.endings += other.endings
        self.conditions += other.conditions

    def note(self, outcome: Outcome) -> None:
        """One more outcome of ours."""
        self.compared += 1
        self.endings[ending(outcome)] += 1
        if outcome.kind is Class.SVC:
            self.conditions[PSW.from_bytes(outcome.psw).cc] += 1


@dataclass
class Tally:
    """What a run has found."""

    rows: dict[str, Row] = field(default_factory=dict)
    """By mnemonic."""
    known: Counter[str] = field(default_factory=Counter)
    """By title."""
    reports: list[str] = field(default_factory=list)
    programs: Seen = field(default_factory=Seen)

    def row(self, mnemonic: str) -> Row:
        """The row of an instruction."""
        return self.rows.setdefault(mnemonic, Row())

    def add(self, other: "Tally") -> None:
        """Put two tallies together."""
        for mnemonic, row in other.rows.items():
            self.row(mnemonic).add(row)
        self.known += other.known
        self.reports += other.reports
        self.programs.add(other.programs)

    @property
    def compared(self) -> int:
        """Cases compared."""
        return sum(row.compared for row in self.rows.values())

    @property
    def unwatched(self) -> int:
        """Cases left out."""
        return sum(row.unwatched for row in self.rows.values())

    @property
    def different(self) -> int:
        """Unexplained differences, of cases and programs."""
        return sum(self.by_instruction.values()) + self.programs.different

    @property
    def by_instruction(self) -> dict[str, int]:
        """Unexplained differences."""
        return {mnemonic: row.different for mnemonic, row in self.rows.items() if row.different}


def ending(outcome: Outcome) -> str:
    """How a case ended, in a word: the code of a program interruption, or "end"."""
    if outcome.kind is Class.SVC:
        return "end"
    return f"{outcome.code:02X}" if outcome.kind is Class.PROGRAM else outcome.kind.value


# ---- comparing -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Met:
    """A case that was compared: what differed, and which known differences explain some of it."""

    case: Case
    ours: Outcome
    theirs: Outcome
    found: Differences
    left: Differences
    titles: list[str]


def meet(cases: Sequence[Case], hercules: Hercules, tally: Tally) -> Iterator[Met]:
    """Run cases on both."""
    for case, theirs in zip(cases, hercules.run(cases), strict=True):
        row = tally.row(case.name.split()[0])
        try:
            ours = run_on_ours(case)
        except Unwatched:
            row.unwatched += 1
            continue
        found = differences(case, ours, theirs)
        left, titles = excuse(case, ours, theirs, found) if found else (found, [])
        row.note(ours)
        row.different += bool(left)
        tally.known.update(titles)
        yield Met(case, ours, theirs, found, left, titles)


def compare_batch(cases: Sequence[Case], hercules: Hercules, tally: Tally, show: int) -> list[tuple[Case, Outcome]]:
    """Run cases on both; return those on which nothing differs at all."""
    agreed = []
    for met in meet(cases, hercules, tally):
        if met.left and tally.row(met.case.name.split()[0]).different <= show:
            tally.reports.append(report(met))
        elif not met.found:
            agreed.append((met.case, met.theirs))
    return agreed


def report(met: Met) -> str:
    """One difference with what is needed to understand it."""
    case, psw = met.case, PSW.from_bytes(met.case.psw)
    lines = [
        f"{case.name} at {psw.instruction_address:06X}, PSW {psw}, executed {met.ours.text.hex()}",
        " ".join(f"{value:08X}" for value in case.gr),
        "CR0, CR1, CR9-11: " + " ".join(f"{case.cr[number]:08X}" for number in (0, 1, 9, 10, 11)),
        f"keys: { {f'{a:X}': f'{k:02X}' for a, k in case.keys} }",
        *(f"{address:06X}: {data[:40].hex()}{'...' if len(data) > 40 else ''}" for address, data in case.storage),
        f"ours {met.ours.kind.value} {met.ours.code:X}, theirs {met.theirs.kind.value} {met.theirs.code:X}",
        *(f"{name}: {first} / {second}" for name, (first, second) in met.left.items()),
    ]
    return "\n   ".join(lines)


@dataclass(frozen=True)
class Work:
    """The part of a run that one process does: every `of`th batch."""

    seed: object
    only: tuple[str, ...]
    cases: int
    programs: int
    show: int
    part: int
    of: int

    def batches(self) -> Iterator[list[Case]]:
        """The cases."""
        jobs = [(mnemonic, number) for number in range(self.cases) for mnemonic in self.only]
        for start in range(self.part * BATCH, len(jobs), self.of * BATCH):
            yield [made(self.seed, *job) for job in jobs[start : start + BATCH]]


def do(work: Work) -> Tally:
    """Do that part."""
    tally, machines = Tally(), Machines()
    with machines:
        for batch in work.batches():
            for size, cases in by_size(batch):
                compare_batch(cases, machines.of(size), tally, work.show)
    tally.programs = run_programs(work.seed, range(work.part, work.programs, work.of), work.show)
    return tally


class Machines(ExitStack):
    """Hercules with as much storage as a case wants, each started when it is first needed."""

    def __init__(self) -> None:
        super().__init__()
        self.started: dict[int, Hercules] = {}

    def of(self, size: int) -> Hercules:
        """The one with this storage."""
        if size not in self.started:
            self.started[size] = self.enter_context(Hercules(size))
        return self.started[size]


def by_size(cases: Iterable[Case]) -> list[tuple[int, list[Case]]]:
    """The cases for each size of storage."""
    found: dict[int, list[Case]] = {}
    for case in cases:
        found.setdefault(case.size, []).append(case)
    return sorted(found.items())


# ---- vectors -------------------------------------------------------------------------------------------------------

Vectors = dict[str, list[tuple[Case, Outcome]]]


def freeze(folder: Path) -> None:
    """Make the test vectors anew: cases that agree in everything, and for each known difference a few that show it."""
    agreed: Vectors = {}
    known: Vectors = {}
    with Machines() as machines:
        for number in range(10 * FROZEN):
            names = [name for name in ALL if len(agreed.get(name, [])) < FROZEN]
            sort(machines, [made("vectors", name, number) for name in names], agreed, known)
        for start in range(0, 6000, 100):
            if all(len(known.get(entry.title, [])) >= SHOWN for entry in KNOWN):
                break
            cases = [made("known", name, number) for name in SHOWING for number in range(start, start + 100)]
            sort(machines, cases, {}, known)
    write_vectors(folder / "instructions.json.gz", [vector for name in ALL for vector in agreed.get(name, [])[:FROZEN]])
    write_vectors(folder / "known.json.gz", [vector for entry in KNOWN for vector in known[entry.title][:SHOWN]])


def sort(machines: "Machines", cases: Iterable[Case], agreed: Vectors, known: Vectors) -> None:
    """Run cases on both; put those that agree under their instruction, the others under what explains them."""
    for size, some in by_size(cases):
        for met in meet(some, machines.of(size), Tally()):
            if not met.found:
                agreed.setdefault(met.case.name.split()[0], []).append((met.case, met.theirs))
            for title in met.titles if not met.left else ():
                theirs = without_time(met) if title == "clocks" else met.theirs
                known.setdefault(title, []).append((met.case, theirs))


def without_time(met: Met) -> Outcome:
    """Hercules' outcome with the same other time in it whenever it is asked: ours with one byte wrong."""

    def other(ours: bytes, theirs: bytes) -> bytes:
        at = min(8, len(ours) - 1)  # The operand begins 8 bytes behind the area, or is in the next one.
        return ours if ours == theirs else ours[:at] + bytes([ours[at] ^ 0xFF]) + ours[at + 1 :]

    return replace(met.theirs, areas=tuple(map(other, met.ours.areas, met.theirs.areas)))


# ---- the command ---------------------------------------------------------------------------------------------------


def print_table(tally: Tally) -> None:
    """One line an instruction."""
    print(f"{'':8}{'cases':>7} {'CC':6}{'differ':>6}  ended (end: completed, else the code of a program interruption)")
    for mnemonic, row in tally.rows.items():
        conditions = "".join(str(cc) for cc in sorted(row.conditions))
        endings = " ".join(f"{name}:{count}" for name, count in sorted(row.endings.items(), key=lambda item: -item[1]))
        print(f"{mnemonic:8}{row.compared:7} {conditions:6}{row.different or '-':>6}  {endings}")
    for mnemonic, reason in NOT_COMPARED.items():
        print(f"{mnemonic:8} not compared: {reason}")


def print_known(tally: Tally) -> None:
    """How often each known difference was met."""
    print("known differences (docs/CONFORMANCE.md):")
    for title, count in sorted(tally.known.items(), key=lambda item: -item[1]):
        print(f"{count:8} {title}")


def print_programs(seen: Seen) -> None:
    """What the programs have done."""
    executed = f"{seen.instructions} instructions of {len(seen.executed)} kinds"
    print(f"programs: {seen.programs} compared, {seen.discarded} left out, {executed}, {seen.different} differ")
    print("   interruptions: " + " ".join(f"{name}:{count}" for name, count in seen.interruptions.most_common()))


def verdict(tally: Tally, seconds: float) -> str:
    """The last line."""
    count = sum(1 for row in tally.rows.values() if row.compared)
    cases = f"{tally.compared} cases of {count} instructions ({tally.unwatched} left out)"
    found = f"{tally.different} unexplained differences" if tally.different else "no unexplained difference"
    return f"{cases} and {tally.programs.programs} programs in {seconds:.0f} s: {found}"


def options() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=1000, help="cases of each instruction (1000)")
    parser.add_argument("--programs", type=int, default=5000, help="programs of 10 to 40 instructions and more (5000)")
    parser.add_argument("--seed", default="1", help="the same seed makes the same cases (1)")
    parser.add_argument("--only", nargs="+", metavar="MNEMONIC", default=ALL, help="these instructions only")
    parser.add_argument("--show", type=int, default=1, help="differences shown for each instruction (1)")
    parser.add_argument("--processes", type=int, default=2, help="processes that share the work (2)")
    parser.add_argument("--freeze", action="store_true", help="make the test vectors anew, and nothing else")
    return parser.parse_args()


def main() -> None:
    """The command."""
    chosen, start = options(), time.monotonic()
    if chosen.freeze:
        freeze(VECTORS)
        return
    count, tally = chosen.processes, Tally(rows={name: Row() for name in chosen.only})
    same = (chosen.seed, tuple(chosen.only), chosen.cases, chosen.programs, chosen.show)
    with ProcessPoolExecutor(count) as processes:
        for found in processes.map(do, [Work(*same, part, count) for part in range(count)]):
            tally.add(found)
    print_table(tally)
    print_known(tally)
    print_programs(tally.programs)
    print("\n".join(tally.reports + tally.programs.reports))
    print(verdict(tally, time.monotonic() - start))
    sys.exit(bool(tally.different))


if __name__ == "__main__":
    main()
