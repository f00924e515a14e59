"""Grades every program and recording of a directory against a goal that is written in Python.

    python grade.py answers --goal goal.py

A program (.asm, .deck, .obj) is loaded on the bare machine, or with --cp as a guest of CP, and run to its end; any
other file is a recording that a student has saved, and goes on from where it was saved.  goal.py has a function
`goal(session)` with assertions; the text of the first that is not so is the remark.  Without --goal it is that of
lesson 1, below.
"""

import argparse
import runpy
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from edu_hv.debugger import DebugSession, UserError

PROGRAMS = (".asm", ".deck", ".obj")
Goal = Callable[[DebugSession], None]


class Grade(NamedTuple):
    """What came of one file."""

    name: str
    right: bool
    remark: str


def sum_of_table(session: DebugSession) -> None:
    """Five numbers at TABLE are added; the sum is to be at SUM."""
    assert session.guest_word("SUM") == 150, f"SUM is {session.guest_word('SUM')}, not 150"
    table = session.place("TABLE")
    numbers = [session.guest_word(table + 4 * number) for number in range(5)]
    assert numbers == [10, 20, 30, 40, 50], f"TABLE was changed to {numbers}"


def grade(path: Path, goal: Goal, under_cp: bool = False, steps: int = 1_000_000) -> Grade:
    """Load one file, run it to its end, and see whether the goal is reached."""
    session = DebugSession()
    try:
        if path.suffix.lower() not in PROGRAMS:
            session.open(path)
        elif under_cp:
            session.load_cp(path)
        else:
            session.load_bare(path)
        session.run(limit=steps)
        if session.can_go_on:
            return Grade(path.name, False, f"it has not come to an end within {steps:,} steps")
        goal(session)
    except UserError as error:  # What cannot be loaded, and a label that is not there.
        return Grade(path.name, False, str(error).splitlines()[0])
    except AssertionError as error:
        return Grade(path.name, False, str(error) or "the goal is not reached")
    return Grade(path.name, True, f"{session.total:,} steps")


def grades(directory: Path, goal: Goal, under_cp: bool = False, steps: int = 1_000_000) -> Iterator[Grade]:
    """All files of a directory, by name."""
    for path in sorted(directory.iterdir()):
        if path.is_file() and not path.name.startswith("."):
            yield grade(path, goal, under_cp, steps)


def main(arguments: list[str] | None = None) -> None:
    """The command line; it exits with 1 when anything is wrong."""
    parser = argparse.ArgumentParser(description="Grades the programs and recordings of a directory.")
    parser.add_argument("directory", type=Path)
    parser.add_argument("--goal", type=Path, help="a Python file with a function goal(session)")
    parser.add_argument("--cp", action="store_true", help="programs are guests of CP")
    parser.add_argument("--steps", type=int, default=1_000_000, help="run each so long at most")
    asked = parser.parse_args(arguments)
    if not asked.directory.is_dir():
        parser.error(f"{asked.directory} is no directory")
    if asked.goal is not None and not asked.goal.is_file():
        parser.error(f"{asked.goal} is no file")
    goal = runpy.run_path(str(asked.goal)).get("goal") if asked.goal else sum_of_table
    if goal is None:
        parser.error(f"{asked.goal} has no function goal(session)")
    found = list(grades(asked.directory, goal, asked.cp, asked.steps))
    for one in found:
        print(f"{one.name:20} {'right' if one.right else 'WRONG'}  {one.remark}")
    print(f"{sum(one.right for one in found)} of {len(found)} are right")
    parser.exit(int(not all(one.right for one in found)))


if __name__ == "__main__":
    main()
