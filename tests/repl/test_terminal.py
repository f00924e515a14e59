"""The installed command on a real terminal, with the real machine: colour, Ctrl-C, a closed window."""

import contextlib
import os
import re
import select
import signal
import subprocess
import sys
import time

import pytest

pty = pytest.importorskip("pty", reason="a pseudo-terminal is needed")

LOOP = """\
LOOP     START 0
         USING *,15
         BALR  15,0
         USING *,15
AGAIN    LA    1,1(,1)
         B     AGAIN
         END   LOOP
"""
HELLO = """\
HELLO    START X'2000'
         BALR  15,0
         USING *,15
         LA    1,CCW
         ST    1,X'48'
         SIO   X'009'
         B     *
         DS    0D
CCW      DC    X'09',AL3(TEXT),X'20',X'00',AL2(5)
TEXT     DC    C'HELLO'
         END   HELLO
"""
PATIENCE = 30
"""Seconds until a test gives up on a program that does not answer."""


class Terminal:
    """`edu-hv` in a pseudo-terminal, and what it has written so far."""

    def __init__(self, *arguments: str, **environment: str) -> None:
        self._ours, theirs = pty.openpty()
        surroundings = {**os.environ, "PROMPT_TOOLKIT_NO_CPR": "1", "COLUMNS": "80", "LINES": "24", **environment}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "edu_hv", *arguments],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=surroundings,
            start_new_session=True,
            preexec_fn=_take_terminal,
        )
        os.close(theirs)
        self.text, self._seen = "", 0

    def expect(self, words: str) -> None:
        """Read on until the words come."""
        end = time.monotonic() + PATIENCE
        while words not in (new := self._shown()[self._seen :]):
            assert time.monotonic() < end, f"{words!r} did not come; the last was {new[-200:]!r}"
            if select.select([self._ours], [], [], 0.1)[0]:
                self.text += os.read(self._ours, 65536).decode(errors="replace")
        self._seen += new.index(words) + len(words)

    def drain(self) -> None:
        """Read what there is left of a program that has ended."""
        with contextlib.suppress(OSError):
            while select.select([self._ours], [], [], 0.1)[0]:
                self.text += os.read(self._ours, 65536).decode(errors="replace")

    def _shown(self) -> str:
        """All that was written, without escape sequences."""
        return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", self.text)

    def type(self, keys: str) -> None:
        os.write(self._ours, keys.encode())

    def resize(self, columns: int, rows: int) -> None:
        import fcntl
        import struct
        import termios

        fcntl.ioctl(self._ours, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        os.kill(self.process.pid, signal.SIGWINCH)

    def close(self) -> int:
        """Close the window; the exit code."""
        os.close(self._ours)
        return self.process.wait(PATIENCE)


def _take_terminal() -> None:
    import fcntl
    import termios

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


@pytest.fixture
def terminal(tmp_path):
    opened = []

    def open_terminal(*arguments: str, **environment: str) -> Terminal:
        opened.append(Terminal(*arguments, **environment))
        return opened[-1]

    yield open_terminal
    for one in opened:
        if one.process.poll() is None:
            one.process.kill()
            one.process.wait()


def test_ctrl_c_stops_a_guest_in_a_loop_and_ctrl_d_leaves(terminal, tmp_path):
    program = tmp_path / "loop.asm"
    program.write_text(LOOP)
    window = terminal("repl", str(program))
    window.expect("cp>")
    window.type("run 100000000000\r")
    time.sleep(1)
    window.type("\x03")
    window.expect("you stopped the run")
    window.type("registers\r")
    window.expect("condition code")
    window.expect("cp>")
    window.type("\x04")
    assert window.process.wait(PATIENCE) == 0


@pytest.mark.parametrize(
    ("options", "line"),
    [
        pytest.param((), "bare| HELLO", id="prompt"),
        pytest.param(("--linear",), "bare machine types: HELLO", id="linear"),
    ],
)
def test_what_a_guest_types_is_shown_while_it_runs_on_and_once(terminal, tmp_path, options, line):
    program = tmp_path / "hello.asm"
    program.write_text(HELLO)
    window = terminal("repl", str(program), *options)
    window.expect("cp>")
    window.type("run 100000000000\r")
    window.expect(line)
    window.type("\x03\x03")
    window.expect("you stopped the run")
    window.expect("cp>")
    window.type("\x04")
    assert window.process.wait(PATIENCE) == 0
    assert window.text.count(line) == 1


def test_a_guest_in_the_background_types_above_the_line_and_the_terminal_may_change_its_size(terminal, tmp_path):
    program = tmp_path / "hello.asm"
    program.write_text(HELLO)
    window = terminal("repl", str(program))
    window.expect("cp>")
    window.type("run 100000000000 &\r")
    window.expect("bare| HELLO")
    window.type("regist")
    window.expect("regist")
    window.resize(40, 12)
    window.expect("regist")
    window.type("\x03")
    window.expect("you stopped the run")
    window.type("ers\r")
    window.expect("condition code")
    window.type("run &\r")
    window.expect("cp>")
    window.type("\x04")
    assert window.process.wait(PATIENCE) == 0


def test_dumb_terminal_gets_plain_lines_and_an_empty_one_repeats(terminal):
    window = terminal("repl", TERM="dumb")
    window.expect("cp>")
    window.type("step\r\r")
    window.expect("step 1,")
    window.expect("step 2,")
    window.type("\x04")
    assert window.process.wait(PATIENCE) == 0
    assert "\x1b" not in window.text


@pytest.mark.parametrize(("environment", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_colour_is_used_unless_refused(terminal, environment, coloured):
    window = terminal("repl", **environment)
    window.expect("cp>")
    window.type("no-such-command\r")
    window.expect("there is no command")
    window.expect("cp>")
    assert bool(re.search(r"\x1b\[[0-9;]*3[0-7]", window.text)) == coloured


def test_linear_mode_writes_no_escape_sequence(terminal):
    window = terminal("repl", "--linear")
    window.expect("cp>")
    window.type("step\r")
    window.expect("step 1,")
    window.expect("cp>")
    window.type("say\rlesson\rhint\rrun 100000000000 &\rstop\rxray\r\x04")
    assert window.process.wait(PATIENCE) == 0
    window.drain()
    assert "no trap so far" in window.text
    assert not re.search("\x1b|\r(?!\n)", window.text.replace("\r\r\n", "\r\n"))


def test_closed_window_ends_the_program(terminal):
    window = terminal("repl")
    window.expect("cp>")
    assert window.close() in (0, 128 + signal.SIGHUP)
