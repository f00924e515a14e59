"""Commands from `-c` or from a pipe: no prompt, no colour, and the first error ends it."""

from collections.abc import Iterable

from edu_hv.repl.complaints import complain
from edu_hv.repl.runner import Outcome, Runner


def run_script(runner: Runner, lines: Iterable[str], what: str) -> int:
    """Run the lines; `what` is what one is called ("line", "command").  Exit code: 0, or 1 at the first error."""
    for number, line in enumerate(lines, 1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        match runner.run(line):
            case Outcome.QUIT:
                return 0
            case Outcome.FAILED:
                return _stop(f"{what} {number}, {line}: {runner.error}", 1)
            case Outcome.INTERRUPTED:
                return _stop(f"{what} {number}, {line}: interrupted", 130)
            case Outcome.DONE:
                pass
    return 0


def _stop(sentence: str, code: int) -> int:
    complain(sentence)
    return code
