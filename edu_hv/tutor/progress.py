"""What a student has done, kept as one line of JSON an event, appended and never rewritten.

A line that cannot be read is set aside in a file of its own; all others stay in force.
"""

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import platformdirs

FILE = "progress.jsonl"


def default_directory() -> Path:
    """Where a person's progress and copies are kept on this system."""
    return platformdirs.user_data_path("edu-hv", appauthor=False)


@dataclass
class Progress:
    """The record of one student: goals reached and lessons opened, by lesson name."""

    directory: Path
    reached: dict[str, list[str]] = field(default_factory=dict)
    """Ids of goals, by lesson, in the order they were reached."""
    current: str = ""
    """Name of the lesson opened last."""
    notices: list[str] = field(default_factory=list)
    """Sentences for the student about the file itself; taken by `take_notices`."""
    _told: bool = False
    """Whether the student knows that nothing can be kept."""

    @classmethod
    def open(cls, directory: Path | None = None) -> "Progress":
        """Read what is there.  Never fails: a damaged file is set aside, an unreadable one is named."""
        progress = cls(directory or default_directory())
        for event in progress._read():
            progress._apply(event)
        return progress

    @property
    def path(self) -> Path:
        """The file."""
        return self.directory / FILE

    def take_notices(self) -> list[str]:
        """The sentences not yet shown."""
        notices, self.notices = self.notices, []
        return notices

    # ---- recording -------------------------------------------------------------------------------------------

    def opened(self, lesson: str) -> None:
        """The student works on this lesson now."""
        if self.current != lesson:
            self._record({"event": "opened", "lesson": lesson})

    def goal_reached(self, lesson: str, goal: str) -> None:
        """Once reached, always reached."""
        if goal not in self.reached.get(lesson, []):
            self._record({"event": "reached", "lesson": lesson, "goal": goal})

    def note(self, event: str, lesson: str, goal: str, **details: str | int | bool) -> None:
        """Something that does not change where the student stands: a hint shown, an answer given."""
        self._record({"event": event, "lesson": lesson, "goal": goal, **details})

    def forgotten(self, lesson: str) -> None:
        """The student starts the lesson's goals over."""
        self._record({"event": "forgotten", "lesson": lesson})

    def _record(self, event: dict[str, Any]) -> None:
        self._apply(event)
        event["at"] = datetime.now(UTC).isoformat(timespec="seconds")
        line = json.dumps(event, ensure_ascii=False) + "\n"
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
            with self.path.open("ab") as file:
                file.write(line.encode())
        except OSError as error:
            self._cannot("written", error)

    def _apply(self, event: dict[str, Any]) -> None:
        lesson = event["lesson"]
        match event["event"]:
            case "opened":
                self.current = lesson
            case "reached" if event["goal"] not in self.reached.setdefault(lesson, []):
                self.reached[lesson].append(event["goal"])
            case "forgotten":
                self.reached.pop(lesson, None)

    # ---- reading ---------------------------------------------------------------------------------------------

    def _read(self) -> Iterator[dict[str, Any]]:
        try:
            lines = self.path.read_bytes().splitlines(keepends=True)
        except FileNotFoundError:
            return
        except OSError as error:
            self._cannot("read", error)
            return
        events = [(line, _event(line)) for line in lines]
        if any(event is None for _, event in events):
            self._set_aside([line for line, event in events if event is not None])
        yield from (event for _, event in events if event is not None)

    def _set_aside(self, good: list[bytes]) -> None:
        """Keep the damaged file as it is under another name, and go on with its readable lines."""
        aside = _unused(self.directory / (FILE + ".damaged"))
        fresh = self.path.with_suffix(".new")
        try:
            fresh.write_bytes(b"".join(good))
            shutil.copy2(self.path, aside)
            fresh.replace(self.path)
        except OSError as error:
            self._cannot("repaired", error)
            return
        self.notices.append(
            f"The progress file was damaged; it was set aside as {aside}, and what could be read of it"
            f" ({_count(good)}) is kept."
        )

    def _cannot(self, done: str, error: OSError) -> None:
        sentence = (
            f"Progress cannot be {done} in {self.path} ({error.strerror or error}); lessons work, but what you reach"
            " is forgotten at the end."
        )
        if not self._told:
            self.notices.append(sentence)
        self._told = True


def _event(line: bytes) -> dict[str, Any] | None:
    """An event, or None for a line that is not one."""
    try:
        event = json.loads(line)
    except ValueError:
        return None
    if not line.endswith(b"\n") or not isinstance(event, dict):
        return None
    wanted = ["event", "lesson", *(["goal"] if event.get("event") == "reached" else [])]
    return event if all(isinstance(event.get(key), str) for key in wanted) else None


def _unused(path: Path) -> Path:
    number, candidate = 2, path
    while candidate.exists():
        candidate = path.with_name(f"{path.name}-{number}")
        number += 1
    return candidate


def _count(lines: list[bytes]) -> str:
    return "1 line" if len(lines) == 1 else f"{len(lines)} lines"
