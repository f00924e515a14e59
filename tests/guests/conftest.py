"""A bare machine with the guests' devices: console 009, reader 00C, tape drive 181."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from edu_hv.devices.card import CARD, CardReader
from edu_hv.devices.console import Console
from edu_hv.devices.tape import Tape, TapeDrive
from edu_hv.machine.machine import Machine

ENOUGH = 200_000
"""Units of a machine that a guest needs at most; one that needs more is caught in a loop."""


@dataclass
class Run:
    """A guest that was IPLed on the bare machine; `run` lets it go on."""

    machine: Machine
    console: Console

    @property
    def lines(self) -> list[str]:
        return self.console.lines

    @property
    def psw(self) -> str:
        return self.machine.cpu.psw.to_bytes().hex(" ", 4).upper()

    def run(self, until: Callable[[Machine], bool] | None = None) -> "Run":
        """Until a condition, or until the machine is in a wait that nothing will end."""
        machine = self.machine
        for _ in range(ENOUGH):
            if machine.dead or (until and machine.at_boundary and until(machine)):
                return self
            machine.advance()
        pytest.fail(f"the guest does not come to its end; it is at {self.psw} and wrote {self.lines}")


def ipl(deck: bytes, tape: bytes | None = None, size: int = 0x10000, drive: bool = True) -> Run:
    """A machine that has just been IPLed from `deck`."""
    machine, console, reader = Machine(size), Console(), CardReader()
    reader.load([deck[at : at + CARD] for at in range(0, len(deck), CARD)])
    machine.channels.attach(0x009, console)
    machine.channels.attach(0x00C, reader)
    if drive:
        machine.channels.attach(0x181, TapeDrive(tape and Tape.from_bytes(tape, "test")))
    machine.load(0x00C)
    return Run(machine, console)


@pytest.fixture(name="ipl")
def ipl_fixture() -> Callable[..., Run]:
    return ipl


@pytest.fixture
def source_file(tmp_path) -> Callable[[str, str | bytes], str]:
    """Writes a file and returns its path."""

    def write(name: str, content: str | bytes) -> str:
        path: Path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return str(path)

    return write
