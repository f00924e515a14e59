"""The command lines of a session, as a script that does the same again."""

from dataclasses import dataclass, field

MOST = 100_000
"""Lines that are kept; the oldest go."""


@dataclass
class Typed:
    """Lines in the order in which they were given; what failed, and what is to be known, as comments."""

    lines: list[str] = field(default_factory=list)

    def done(self, line: str) -> None:
        """A command line that was carried out."""
        self._keep(line)

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
