"""Files of commands, and commands from `-c` or a pipe: one a line, and the first error ends them unless they say not.

A line that begins with # is a comment; one that ends in a backslash goes on in the next.  Scripts may source others.
"""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from edu_hv.isa.errors import UserError
from edu_hv.repl.complaints import complain
from edu_hv.repl.outcome import Ended, Outcome
from edu_hv.repl.render import Screen

MOST_DEEP = 16
"""Scripts within scripts at most."""
MOST_BYTES = 1 << 20
"""What is longer is not a file of commands."""
EXIT_CODES = {Outcome.DONE: 0, Outcome.QUIT: 0, Outcome.FAILED: 1, Outcome.INTERRUPTED: 130}


class Place(NamedTuple):
    """A file that is being run, as its name was given and in full, and the number of the line it is at.

    Without a file `name` is what one of its lines is called: "line", "command".
    """

    name: str
    path: Path | None
    line: int

    def __str__(self) -> str:
        return f"{self.name} {'line ' if self.path else ''}{self.line}"


class Scripts:
    """Runs scripts through `run`, which runs one line, and `why`, which says what it did wrong."""

    def __init__(self, run: Callable[[str], Outcome], screen: Screen, why: Callable[[], str]) -> None:
        self._run = run
        self._screen = screen
        self._why = why
        self._places: list[Place] = []
        self._goes_on = False
        self.echo = False
        """Each line is shown before it is run."""
        self.complain: Callable[[str], None] = lambda sentence: screen.say(sentence, "error")
        """Tells an error after which the script goes on."""
        self.failures = 0
        """Errors after which scripts went on."""
        self.error = ""
        """What ended the last script, and where."""

    def on_error(self, what: str) -> None:
        """After an error "stop" or "continue"; until the end of the script that says so.  Raises UserError."""
        if not self._places:
            raise UserError("on error is for scripts; at the prompt an error ends nothing")
        self._goes_on = what == "continue"

    def source(self, name: str) -> None:
        """Run a file, from a script one beside it.  Raises UserError with file and line, and Ended."""
        failures = self.failures
        outcome = self.play_file(name)
        if outcome is Outcome.FAILED:
            raise UserError(self.error)
        if outcome is not Outcome.DONE:
            raise Ended(outcome)
        if self.failures != failures and not self._places:
            raise UserError(f"{name}: {_errors(self.failures - failures)}")

    def play_file(self, name: str) -> Outcome:
        """Run a file.  Raises UserError when it cannot be read, runs already, or scripts are too deep."""
        path = self._path(name)
        round_again = next((place for place in self._places if place.path == path), None)
        if round_again:
            raise UserError(f"{name} is being run already, and stands at line {round_again.line}")
        if len(self._places) >= MOST_DEEP:
            raise UserError(f"{name} would be script number {MOST_DEEP + 1} within each other; that is too deep")
        return self.play(read_script(path, name).splitlines(), name, path)

    def _path(self, name: str) -> Path:
        """The full path of a name, which is taken from the folder of the script it stands in."""
        beside = self._places[-1].path if self._places else None
        try:
            return ((beside.parent if beside else Path()) / Path(name).expanduser()).resolve()
        except (ValueError, RuntimeError) as error:  # a character that no name can have; a home nobody has
            raise UserError(f"{name} is no name of a file: {error}") from None

    def play(self, lines: Iterable[str], name: str, path: Path | None = None) -> Outcome:
        """Run lines; after FAILED `error` says what went wrong and where."""
        before = self._goes_on, self.echo
        self._places.append(Place(name, path, 0))
        try:
            return self._play(lines)
        finally:
            self._places.pop()
            if self._places:
                self._goes_on, self.echo = before
            else:
                self._goes_on, self.echo = False, False

    def _play(self, lines: Iterable[str]) -> Outcome:
        for number, line in logical_lines(lines):
            self._places[-1] = place = self._places[-1]._replace(line=number)
            if self.echo:
                self._screen.say(f"> {line}", "heading")
            outcome = self._run(line)
            if outcome is Outcome.FAILED:
                self.error = f"{place}, {line}: {self._why()}"
                if not self._goes_on:
                    return outcome
                self.failures += 1
                self.complain(self.error)
            elif outcome is not Outcome.DONE:
                self.error = f"{place}, {line}: interrupted"
                return outcome
        return Outcome.DONE


def logical_lines(lines: Iterable[str]) -> Iterator[tuple[int, str]]:
    """Lines without comments and blank ones, those that go on put together; each with its number from 1."""
    held, first = "", 0
    for number, text in enumerate(lines, 1):
        line = text.strip()
        if not held and (not line or (line.startswith("#") and not line.lower().startswith("#cp"))):
            continue
        first = first if held else number
        if line.endswith("\\"):
            held += f"{line[:-1].strip()} "
            continue
        yield first, (held + line).strip()
        held = ""
    if held.strip():
        yield first, held.strip()


def read_script(path: Path, name: str) -> str:
    """The text of a script.  Raises UserError when there is none."""
    try:
        if not path.is_file():
            path.open("rb").close()  # says what is wrong with it
            raise UserError(f"{name} cannot be read: it is not a file")
        data = path.read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UserError(f"{name} cannot be read: {str(reason).lower()}") from error
    if b"\0" in data or len(data) > MOST_BYTES:
        raise UserError(f"{name} is not a file of commands")
    return data.decode("utf-8-sig", errors="replace")


def _errors(count: int) -> str:
    return "1 command failed" if count == 1 else f"{count} commands failed"


def finish(scripts: Scripts, outcome: Outcome) -> int:
    """Tell on standard error how scripts ended that did not end well; the exit code."""
    if outcome in (Outcome.FAILED, Outcome.INTERRUPTED):
        complain(scripts.error)
    return EXIT_CODES[outcome] or int(scripts.failures > 0)
