"""The student's own copy of a lesson's program.  It is made on request and overwritten only when he says so."""

import re
from dataclasses import dataclass
from pathlib import Path

from edu_hv.asm.source import SYMBOL, is_comment, operands_end
from edu_hv.isa.errors import UserError
from edu_hv.tutor.lesson import Lesson

_OPERATION_COLUMN = 10


@dataclass(frozen=True)
class Copy:
    """A file that belongs to the student, and the program it was made from."""

    path: Path
    original: Path

    @classmethod
    def of(cls, lesson: Lesson, directory: Path) -> "Copy":
        """The copy of a lesson's program below the data directory.  Raises UserError when the lesson has none."""
        if lesson.source is None:
            raise UserError(f"lesson {lesson.number} has no program to change; {lesson.program} runs as it is")
        return cls(directory / "work" / lesson.folder.name / lesson.program, lesson.source)

    @property
    def exists(self) -> bool:
        """Whether the student has changed, or was about to change, the program."""
        return self.path.is_file()

    def text(self) -> str:
        """The student's program; the original while there is no copy.  Raises UserError when it cannot be read."""
        path = self.path if self.exists else self.original
        try:
            return path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise UserError(
                f"{path} cannot be read ({error}); restart source puts the lesson's program there"
            ) from None

    def make(self) -> None:
        """Put the copy there if it is not.  Raises UserError when the data directory cannot be written."""
        if not self.exists:
            self._write(self.original.read_text(encoding="utf-8"))

    def replace_line(self, number: int, text: str) -> None:
        """Put another statement in line `number`, from 1; its label stays.  Raises UserError."""
        lines = self.text().splitlines()
        if not 1 <= number <= len(lines):
            raise UserError(f"the program has lines 1 to {len(lines)}, not {number}; edit shows them")
        lines[number - 1] = rewritten(lines[number - 1], text)
        self._write("\n".join(lines) + "\n")

    def reset(self) -> Path | None:
        """Put the lesson's program back; the student's is kept beside it under the name returned."""
        kept = None
        if self.exists and self.path.read_bytes() != self.original.read_bytes():
            kept = self._free_name()
            self.path.replace(kept)
        self._write(self.original.read_text(encoding="utf-8"))
        return kept

    def _free_name(self) -> Path:
        number = 1
        while (path := self.path.with_suffix(f".{number}.asm")).exists():
            number += 1
        return path

    def _write(self, text: str) -> None:
        fresh = self.path.with_suffix(".new")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            fresh.write_text(text, encoding="utf-8")
            fresh.replace(self.path)
        except OSError as error:
            raise UserError(f"{self.path} cannot be written ({error.strerror or error})") from None


def rewritten(old: str, statement: str) -> str:
    """A source line with another statement in it: the label stays, and the remark if the new one brings none."""
    if statement.startswith("*"):
        return statement.strip()
    label, remark_at = _label(old), _remark_at(old)
    words = statement.split(maxsplit=1)
    if label and len(words) == 2 and words[0].upper() == label.upper():
        words = words[1].split(maxsplit=1)
    line = f"{label:<{_OPERATION_COLUMN - 2}} {words[0]:<5} {''.join(words[1:])}".rstrip()
    if remark_at is None or _remark_at(line) is not None:
        return line
    return f"{line:<{remark_at - 1}} {old[remark_at:]}"


def _label(line: str) -> str:
    match = SYMBOL.match(line)
    return match[0] if match else ""


def _remark_at(line: str) -> int | None:
    """Where a line's remark begins: behind the first blank after the operands that stands in no string."""
    fields = re.match(r"\S*\s+\S+\s+(?=\S)", line)
    if fields is None or is_comment(line):
        return None
    end, _ = operands_end(line, fields.end(), False)
    rest = line[end:]
    return end + len(rest) - len(rest.lstrip()) if rest.strip() else None
