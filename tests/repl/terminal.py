"""A real 3270 emulator for tests: `s3270` (Debian package s3270), driven by its scripting commands."""

import re
import shutil
import subprocess
import time

import pytest

needs_s3270 = pytest.mark.skipif(shutil.which("s3270") is None, reason="s3270 is not installed")


def until(condition, seconds=10.0):
    """Wait for something that another thread or program does; False when it does not come."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.005)
    return True


class Terminal:
    """An emulator that is connected to a port of loopback; `name` is the display it asks for."""

    def __init__(self, port, name=""):
        host = f"{name}@127.0.0.1:{port}" if name else f"127.0.0.1:{port}"
        command = ["s3270", "-model", "2", "-clear", "aidWait", "-set", "unlockDelay=false", host]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.status = ""

    def do(self, action):
        """Run one action; its lines of data."""
        self._process.stdin.write(action + "\n")
        self._process.stdin.flush()
        lines = []
        while (line := self._process.stdout.readline().rstrip("\n")) not in ("ok", "error"):
            assert line or self._process.poll() is None, "s3270 has ended"
            lines.append(line)
        assert line == "ok", (action, lines)
        self.status = lines[-1]
        return [line.removeprefix("data: ") for line in lines[:-1]]

    def screen(self):
        """The lines of the screen."""
        return [line.ljust(80) for line in self.do("Ascii()")]

    def buffer(self):
        """Characters, attributes (1 and six bits, or 0), and the cursor."""
        characters, attributes = bytearray(), bytearray()
        for cell in " ".join(self.do("ReadBuffer(Ebcdic)")).split():
            field = re.match(r"SF\(c0=(..)", cell)
            characters.append(0 if field else int(re.sub(r"GE\((..)\)", r"\1", cell), 16))
            attributes.append(1 + (int(field[1], 16) & 0x3F) if field else 0)
        row, column = self.status.split()[8:10]
        return bytes(characters), bytes(attributes), int(row) * 80 + int(column)

    @property
    def locked(self):
        """Whether the keyboard is locked, as of the last action."""
        return not self.status.startswith("U")

    def close(self):
        self._process.kill()
        self._process.communicate()


@pytest.fixture
def terminals():
    """Make terminals; they end with the test."""
    made = []

    def make(port, name=""):
        made.append(Terminal(port, name))
        return made[-1]

    yield make
    for terminal in made:
        terminal.close()
