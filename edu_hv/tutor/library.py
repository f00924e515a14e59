"""Finds lessons.  A lesson is a folder named `01-meet-the-machine` with

    lesson.md     one idea, one page
    lesson.toml   format, title, minutes, program, mode, learned, sources, and a [[goal]] for each goal
    check.py      GOALS, written in the words of edu_hv.tutor.checks and nothing else
    solution.cmd  the commands that pass it
    start.asm     the program, and solution.asm the changed one, when code is to be written

A folder that is not so is reported by name and part when it is opened; the other lessons are not affected.
"""

import ast
import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from edu_hv.isa.errors import UserError
from edu_hv.tutor.checks import Check, Goal, Question
from edu_hv.tutor.lesson import RUNGS, Lesson, LessonGoal

KINDS = ("predict", "run", "investigate", "modify", "make")
FORMAT = 1
_FOLDER = re.compile(r"(?P<number>\d\d)-(?P<name>[a-z0-9]+(?:-[a-z0-9]+)*)")
_CHECK_WORDS = "edu_hv.tutor.checks"
_FORBIDDEN = {"open", "eval", "exec", "compile", "input", "breakpoint", "globals", "getattr", "setattr", "vars"}


def lessons_directory() -> Path:
    """The installed lessons, else the checkout's."""
    package = Path(__file__).parent.parent
    installed = package / "_lessons"
    return installed if installed.is_dir() else package.parent / "lessons"


@dataclass(frozen=True)
class Entry:
    """A lesson folder, read or not."""

    number: int
    name: str
    folder: Path

    def read(self) -> Lesson:
        """The lesson.  Raises UserError naming folder, part and what it should hold."""
        return _Reader(self).lesson()


@dataclass(frozen=True)
class Library:
    """All lesson folders of a directory, in order."""

    entries: tuple[Entry, ...]

    @classmethod
    def open(cls, directory: Path | None = None) -> "Library":
        """What is in a directory; raises UserError when that has no lessons at all."""
        directory = directory or lessons_directory()
        folders = sorted(path for path in directory.glob("*") if path.is_dir()) if directory.is_dir() else []
        named = [(match, path) for path in folders if (match := _FOLDER.fullmatch(path.name))]
        if not named:
            raise UserError(f"no lessons in {directory}; expected folders named like 01-meet-the-machine")
        return cls(tuple(Entry(int(match["number"]), match["name"], path) for match, path in named))

    def find(self, word: str) -> Entry:
        """A lesson by number, name or the beginning of its name.  Raises UserError."""
        key = word.lower().removesuffix("/")
        if key.isdecimal():
            matches = [entry for entry in self.entries if str(entry.number) == (key.lstrip("0") or "0")]
        else:
            matches = [entry for entry in self.entries if key in (entry.name, entry.folder.name)]
            matches = matches or [entry for entry in self.entries if entry.name.startswith(key)]
        if len(matches) == 1:
            return matches[0]
        if matches:
            raise UserError(f'"{word}" could be {", ".join(entry.folder.name for entry in matches)}')
        numbers = ", ".join(str(entry.number) for entry in self.entries)
        raise UserError(f'there is no lesson "{word}"; there are {numbers}; lessons shows their titles')

    def neighbour(self, name: str, distance: int) -> Entry | None:
        """The lesson so many places further on, if there is one."""
        place = [entry.name for entry in self.entries].index(name) + distance
        return self.entries[place] if 0 <= place < len(self.entries) else None


class _Reader:
    """Reads one folder; every complaint goes through `wrong`."""

    def __init__(self, entry: Entry) -> None:
        self.entry = entry
        self.folder = entry.folder

    def wrong(self, part: str, what: str, expected: str) -> UserError:
        return UserError(f"lesson {self.folder.name}: {part} {what}; expected {expected}")

    def lesson(self) -> Lesson:
        page = self._text("lesson.md", "the lesson's page")
        data = self._toml()
        program = self._field(data, "program", str, '"start.asm" or the name of a guest')
        mode = self._field(data, "mode", str, '"bare" or "cp"')
        if mode not in ("bare", "cp"):
            raise self.wrong("lesson.toml", f'has mode "{mode}"', '"bare" or "cp"')
        goals = self._goals(data)
        self._sources(program, goals)
        return Lesson(
            self.entry.number,
            self.entry.name,
            self._field(data, "title", str, "a few words"),
            self._field(data, "minutes", int, "how long it takes"),
            self.folder,
            page,
            program,
            mode,
            goals,
            tuple(self._strings(data, "sources", "manual and heading, one string each")),
            self._solution(),
            self._field(data, "learned", str, "one sentence for the end"),
        )

    # ---- parts -----------------------------------------------------------------------------------------------

    def _text(self, part: str, holds: str) -> str:
        try:
            text = (self.folder / part).read_text(encoding="utf-8")
        except FileNotFoundError:
            raise self.wrong(part, "is missing", holds) from None
        except (OSError, UnicodeDecodeError) as error:
            raise self.wrong(part, f"cannot be read ({error})", holds) from None
        if not text.strip():
            raise self.wrong(part, "is empty", holds)
        return text

    def _toml(self) -> dict[str, Any]:
        text = self._text("lesson.toml", "format, title, minutes, program, mode, learned, sources and goals")
        try:
            data = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise self.wrong("lesson.toml", f"is not TOML ({error})", "key = value lines and [[goal]] tables") from None
        if data.get("format") != FORMAT:
            raise self.wrong("lesson.toml", f"has format {data.get('format')}", f"format = {FORMAT}")
        return data

    def _field(self, data: dict[str, Any], key: str, kind: type, holds: str, where: str = "") -> Any:
        if not isinstance(data.get(key), kind) or not data[key]:
            raise self.wrong("lesson.toml", f"has no {key}{where}", f"{key} = {holds}")
        return data[key]

    def _strings(self, data: dict[str, Any], key: str, holds: str, where: str = "") -> list[str]:
        values: list[Any] = self._field(data, key, list, holds, where)
        if not all(isinstance(value, str) and value.strip() for value in values):
            raise self.wrong("lesson.toml", f"has something else than text in {key}{where}", f"{key} = {holds}")
        return values

    def _solution(self) -> tuple[str, ...]:
        lines = self._text("solution.cmd", "the commands that pass the lesson, one a line").splitlines()
        commands = tuple(line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#"))
        if not commands:
            raise self.wrong("solution.cmd", "holds only comments", "the commands that pass the lesson, one a line")
        return commands

    def _sources(self, program: str, goals: Sequence[LessonGoal]) -> None:
        """The programs a lesson needs are there."""
        if program.endswith(".asm"):
            self._text(program, "the program that lesson.toml names")
        if any(goal.kind in ("modify", "make") for goal in goals):
            if not program.endswith(".asm"):
                raise self.wrong("lesson.toml", f'has a goal to write code but program "{program}"', "start.asm")
            self._text("solution.asm", "the program changed so that the lesson passes")

    # ---- goals -----------------------------------------------------------------------------------------------

    def _goals(self, data: dict[str, Any]) -> tuple[LessonGoal, ...]:
        tables = self._field(data, "goal", list, "a [[goal]] table for each goal")
        checks = self._checks()
        ids = [str(table.get("id", "")) for table in tables]
        if ids != [goal.id for goal in checks]:
            found = ", ".join(goal.id for goal in checks)
            raise self.wrong("check.py", f"has the goals {found}", f"those of lesson.toml: {', '.join(ids)}")
        goals = tuple(self._goal(table, goal) for table, goal in zip(tables, checks, strict=True))
        if not any(goal.kind == "predict" for goal in goals) and not data.get("no_prediction"):
            raise self.wrong("lesson.toml", "has no goal of kind predict", "one, or no_prediction = why there is none")
        return goals

    def _goal(self, table: dict[str, Any], goal: Goal) -> LessonGoal:
        where = f" in goal {goal.id}"
        kind = self._field(table, "kind", str, " or ".join(KINDS), where)
        if kind not in KINDS:
            raise self.wrong("lesson.toml", f'has kind "{kind}"{where}', " or ".join(KINDS))
        if (kind == "predict") != (isinstance(goal.check, Question) and goal.check.prediction):
            raise self.wrong("lesson.toml", f'has kind "{kind}"{where}', "predict for predicted(...), and only for it")
        hints = self._strings(table, "hints", "three texts: point, explain, show", where)
        if len(hints) != RUNGS or len(set(hints)) != RUNGS:
            raise self.wrong("lesson.toml", f"has {len(set(hints))} different hints{where}", f"{RUNGS} of them")
        text = self._field(table, "text", str, "what to do", where)
        return LessonGoal(goal.id, kind, text, tuple(hints), str(table.get("then", "")), goal.check)

    def _checks(self) -> list[Goal]:
        """GOALS of check.py."""
        holds = f"GOALS = [Goal(id, check), ...] in the words of {_CHECK_WORDS}"
        source = self._text("check.py", holds)
        try:
            tree = ast.parse(source)
        except SyntaxError as error:
            raise self.wrong("check.py", f"is not Python (line {error.lineno}: {error.msg})", holds) from None
        for offence in _offences(tree):
            raise self.wrong("check.py", offence, f"nothing but the words of {_CHECK_WORDS}")
        goals = self._run(tree, holds).get("GOALS")
        if not isinstance(goals, list) or not goals or not all(_is_goal(goal) for goal in goals):
            raise self.wrong("check.py", "has no list GOALS of Goal(id, check)", holds)
        return goals

    def _run(self, tree: ast.Module, holds: str) -> dict[str, Any]:
        """The names that check.py defines.  It is the tree just looked at that runs, in a module of its own that
        nobody else can import, and no compiled file is left beside it."""
        module = ModuleType("edu_hv_lesson_" + re.sub(r"\W", "_", self.folder.name))
        try:
            exec(compile(tree, str(self.folder / "check.py"), "exec"), module.__dict__)
        except Exception as error:  # noqa: BLE001 - a lesson's mistake of any kind must not stop the program
            raise self.wrong("check.py", f"fails ({type(error).__name__}: {error})", holds) from None
        return module.__dict__


def _is_goal(goal: object) -> bool:
    return isinstance(goal, Goal) and isinstance(goal.check, Check)


def _offences(tree: ast.Module) -> Iterator[str]:
    """What a check may not do: import anything else, reach for files or for Python's insides."""
    for node in ast.walk(tree):
        match node:
            case ast.ImportFrom(module=module, level=0) if module == _CHECK_WORDS:
                pass
            case ast.Import(names=names):
                yield f"imports {names[0].name} in line {node.lineno}"
            case ast.ImportFrom(module=module):
                yield f"imports {module} in line {node.lineno}"
            case ast.Name(id=name) if name in _FORBIDDEN or name.startswith("__"):
                yield f"uses {name} in line {node.lineno}"
            case ast.Attribute(attr=name) if name.startswith("__"):
                yield f"uses {name} in line {node.lineno}"
