"""Pictures for the README, made from the running program: `python tools/screenshots.py` writes docs/pictures/*.svg.

Each picture is a lesson, a terminal size and the keys that lead to the moment.  The machine has no clock of the host
and the pictures have neither dates nor paths in them, so that the same program gives the same files.
"""

import asyncio
import os
import re
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(CHECKOUT), str(CHECKOUT / "tui")]

from edu_hv.tutor.workbench import Workbench  # noqa: E402 - the checkout first
from edu_hv_tui.app import EduHvApp  # noqa: E402

PICTURES = CHECKOUT / "docs" / "pictures"
LOW, HIGH = (80, 24), (120, 40)


@dataclass(frozen=True)
class Shot:
    """One picture."""

    name: str
    lesson: str
    size: tuple[int, int]
    keys: str
    title: str


SHOTS = (
    Shot("lesson-1-80x24", "1", LOW, "", "edu-hv: lesson 1 at 80x24"),
    Shot("lesson-1-120x40", "1", HIGH, "s s s s s", "edu-hv: lesson 1 at 120x40"),
    Shot("trap-80x24", "3", LOW, "escape s s", "edu-hv: SSM under CP at 80x24"),
    Shot("trap-120x40", "3", HIGH, "1 s s", "edu-hv: SSM under CP at 120x40"),
    Shot("stages-120x40", "3", HIGH, "1 t x x x", "edu-hv: inside a trap at 120x40"),
)


async def take(shot: Shot) -> str:
    """The picture as SVG."""
    with tempfile.TemporaryDirectory() as progress:
        app = EduHvApp(Workbench.open(shot.lesson, progress_directory=Path(progress)))
        async with app.run_test(size=shot.size) as pilot:
            await pilot.pause()
            for key in shot.keys.split():
                await pilot.press(key)
                await app.workers.wait_for_complete()
                await pilot.pause()
            return clean(app.export_screenshot(title=shot.title), shot.name)


def clean(svg: str, name: str) -> str:
    """Names that would come from a hash are made from the picture's own; fonts are those of the reader's machine."""
    svg = re.sub(r"terminal-\d+", name, svg)
    svg = re.sub(r"<!--.*?-->\s*", "", svg, flags=re.DOTALL)
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)
    return "\n".join(line.rstrip() for line in svg.splitlines()) + "\n"


def main() -> None:
    """Write all pictures."""
    os.environ.pop("NO_COLOR", None)
    os.environ["TERM"] = "xterm-256color"
    PICTURES.mkdir(parents=True, exist_ok=True)
    for shot in SHOTS:
        path = PICTURES / f"{shot.name}.svg"
        path.write_text(asyncio.run(take(shot)), encoding="utf-8")
        print(path.relative_to(CHECKOUT))


if __name__ == "__main__":
    main()
