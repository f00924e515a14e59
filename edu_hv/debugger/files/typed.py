"""The command lines of a session, as a script that does the same again."""

from dataclasses import dataclass, field
from pathlib import Path

from edu_hv.debugger.files.paths import file_path
from edu_hv.isa.errors import UserError

MOST = 100_000
"""Lines that are kept; the oldest go."""
_WRITING = ("save", "script", "export")


@dataclass
class Typed:
    """Lines in the order in which they were given; what failed, and what is to be known, as comments."""

    lines: list[str] = field(default_factory=list)

    def done(self, line: str) -> None:
        """A command line that was carried out; one that wrote a file is a comment, since the file is there now."""
        words = line.split()
        self._keep(f"# {line}" if words and words[0].lower() in _WRITING else line)

    def failed(self, line: str, sentence: str) -> None:
        """One that could not be: a comment, so that the script goes on."""
        self.remark(f"{line}: {sentence}")

    def remark(self, words: str) -> None:
        """Something that a reader of the script should know."""
        for part in words.splitlines():
            self._keep(f"# {part}")

    def _keep(self, line: str) -> None:
        self.lines.append(" ".join(line.split("\n")))
        del self.lines[:-MOST]

    def script(self) -> str:
        """All of it, a line each."""
        return "".join(f"{line}\n" for line in self.lines)


def write_script(typed: Typed, path: Path, replace: bool) -> Path:
    """Write the script to a file.  Raises UserError when it cannot be written, or one is there already."""
    target = file_path(path)
    try:
        if target.exists() and not (replace and target.is_file()):
            raise UserError(f"{target} is there already: give another name, or add replace")
        target.write_text(typed.script(), encoding="utf-8", errors="replace")
    except (OSError, ValueError) as error:
        raise UserError(
            f"{target} cannot be written: {str(getattr(error, 'strerror', None) or error).lower()}"
        ) from error
    return target
