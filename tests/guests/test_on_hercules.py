"""The same decks on Debian's Hercules: another implementation of the architecture prints the same lines.

Hercules runs headless: commands on standard input, console and messages on standard output.
"""

import contextlib
import queue
import re
import shutil
import subprocess
import threading
import time
from pathlib import Path

import pytest

from edu_hv.asm.assembler import assemble
from edu_hv.asm.deck import bootable, punch
from edu_hv.asm.object_deck import loadable
from edu_hv.guests import catalog
from tests.guests import test_busy as busy
from tests.guests.modules import ER, SD, TOOLS, end, esd, gnu_object, item, module_of
from tests.guests.test_diagnostics import GOOD
from tests.guests.test_diagnostics import deck as diagnostic
from tests.guests.test_object_loader import LOADER, MAIN_S, ONE, SUB_S, TWO, aws

pytestmark = [
    pytest.mark.hercules,
    pytest.mark.skipif(shutil.which("hercules") is None, reason="Hercules is not installed"),
]

SECONDS = 60
CONFIGURATION = """\
ARCHMODE S/370
CPUMODEL 0158
MAINSIZE 2
NUMCPU 1
OSTAILOR QUIET
PANRATE FAST
0009 3215-C / noprompt
000C 3505 {deck} ebcdic eof
"""
STARTED = "HHCCP003I"
NOT_YET = "HHCPN053E"
DISABLED_WAIT = re.compile(r" +PSW=([0-9A-F]{8}) [0-9A-F]{2}([0-9A-F]{6})$")


class Hercules:
    """A Hercules process; every line it writes is waited for, with a deadline for the whole run."""

    def __init__(self, configuration: Path) -> None:
        self._deadline = time.monotonic() + SECONDS
        self._process = subprocess.Popen(
            ["hercules", "-d", "-f", str(configuration), "EXTERNALGUI"],
            cwd=configuration.parent,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            encoding="latin-1",
            bufsize=1,
        )
        self._lines: queue.Queue[str | None] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> "Hercules":
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self.command("exit")
            self._process.wait(5)
        except (OSError, subprocess.TimeoutExpired):
            self._process.kill()
            self._process.wait()
        self._reader.join()
        self._process.stdout.close()
        with contextlib.suppress(OSError):  # What it did not read before it ended cannot be flushed.
            self._process.stdin.close()

    def _read(self) -> None:
        for line in self._process.stdout:
            self._lines.put(line.rstrip("\n"))
        self._lines.put(None)

    def command(self, text: str) -> None:
        self._process.stdin.write(text + "\n")
        self._process.stdin.flush()

    def line(self) -> str:
        try:
            line = self._lines.get(timeout=max(self._deadline - time.monotonic(), 0.01))
        except queue.Empty:
            pytest.fail(f"Hercules did not come to a disabled wait in {SECONDS} seconds")
        assert line is not None, "Hercules ended by itself"
        return line

    def ipl(self, device: str = "00c") -> tuple[list[str], str]:
        """IPL; the console's lines and the PSW of the disabled wait, without its length code."""
        while not self.line().startswith(STARTED):
            pass
        self.command(f"ipl {device}")
        console: list[str] = []
        while True:
            line = self.line()
            if found := DISABLED_WAIT.match(line):
                return console, f"{found[1]} 00{found[2]}"
            if line.startswith(NOT_YET):
                time.sleep(0.05)
                self.command(f"ipl {device}")
            elif not line.startswith(("HHC", "ipl ", "          ")):
                console.append(line)


@pytest.fixture
def hercules(tmp_path):
    """IPLs a deck on Hercules, with more lines of configuration; {tape} in them is the tape's file."""

    def run(deck: bytes, devices: str = "", tape: bytes = b"", device: str = "00c") -> tuple[list[str], str]:
        (tmp_path / "ipl.deck").write_bytes(deck)
        (tmp_path / "tape.aws").write_bytes(tape)
        text = (CONFIGURATION + devices).format(deck=tmp_path / "ipl.deck", tape=tmp_path / "tape.aws")
        (tmp_path / "hercules.cnf").write_text(text)
        with Hercules(tmp_path / "hercules.cnf") as process:
            return process.ipl(device)

    return run


@pytest.mark.parametrize("name", [name for name in catalog.GUESTS if name not in ("busy", "hostile")])
def test_guest_prints_the_same_on_hercules(ipl, hercules, name):
    guest = catalog.GUESTS[name]
    tape = guest.tape() or b""
    ours = ipl(guest.deck(), guest.tape()).run()
    assert hercules(guest.deck(), "0181 3420 {tape}\n" if tape else "", tape) == (ours.lines, ours.psw)


BUSY_DEVICES = """\
000D 3525 {deck}.punched ebcdic
000E 1403 {deck}.printed
0181 3420 {tape}
"""


def test_all_devices_busy_at_once(hercules, tmp_path):
    """The lines, and what was printed and punched.  Without the disk, which `dasdinit` would have to make."""
    lines, psw = hercules(catalog.GUESTS["busy"].deck(), BUSY_DEVICES)
    assert (lines, psw) == ([*busy.LINES[:-1], "DISK    191: NOT THERE"], busy.ALL_IS_WELL)
    assert (tmp_path / "ipl.deck.printed").read_text("latin-1") == busy.PRINTED
    punched = (tmp_path / "ipl.deck.punched").read_bytes().decode("cp037")
    assert [punched[at : at + 80].rstrip() for at in range(0, len(punched), 80)] == busy.PUNCHED


@pytest.mark.skipif(shutil.which("dasdinit") is None, reason="dasdinit is not installed")
def test_all_devices_and_a_disk_busy_at_once(hercules, tmp_path):
    subprocess.run(["dasdinit", "-z", tmp_path / "disk", "3330", "BUSY01"], check=True, capture_output=True)
    devices = BUSY_DEVICES + f"0191 3330 {tmp_path / 'disk'}\n"
    assert hercules(catalog.GUESTS["busy"].deck(), devices) == (busy.LINES, busy.ALL_IS_WELL)


NOT_ON_HERCULES = {
    "009: CAW, BIT 4": "bits 4-7 of the CAW are not looked at",
    "181: CAW, BIT 4": "bits 4-7 of the CAW are not looked at",
    "009: TIC FIRST": "a chain may begin with transfer in channel",
    "181: TIC FIRST": "a chain may begin with transfer in channel",
    "009: CCW CHANGED AFTER START I/O": "the first CCW is fetched after the condition code is set, now and then",
}
"""Where Hercules does other than GA22-7000 "Input/Output Operations" says."""


def test_attempts_to_get_out_fail_on_hercules_too(ipl, hercules):
    deck = catalog.GUESTS["hostile"].deck()
    ours = ipl(deck).run().lines
    its, psw = hercules(deck, "0181 3420 *\n")
    different = {line[:40].rstrip(): other for line, other in zip(ours[:-1], its[:-1], strict=True) if line != other}
    assert different.keys() <= NOT_ON_HERCULES.keys()
    assert (int(psw[-6:], 16), int(its[-1][-3:])) == (len(different), len(different))


@pytest.mark.parametrize("devices", ["", "0181 3420 *\n"], ids=["no-drive", "no-tape-on-the-drive"])
def test_kernel_without_tape(ipl, hercules, devices):
    deck = catalog.GUESTS["kernel"].deck()
    ours = ipl(deck, drive=bool(devices)).run()
    assert hercules(deck, devices) == (ours.lines, ours.psw)


def card(kind: str) -> bytes:
    return (b"\x02" + kind.encode("cp037")).ljust(80, b"\x40")


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        pytest.param(lambda cards: [*cards[:-1], card("RLD"), cards[-1]], "BAD0", id="card-of-another-kind"),
        pytest.param(lambda cards: [*cards[:-1], bytes(80), cards[-1]], "BAD0", id="no-object-card"),
        pytest.param(lambda cards: cards[:-1], "BAD2", id="no-end-card"),
    ],
)
def test_loader_stops_at_a_damaged_deck(ipl, hercules, spoil, code):
    deck = catalog.GUESTS["hello"].deck()
    damaged = b"".join(spoil([deck[at : at + 80] for at in range(0, len(deck), 80)]))
    ours = ipl(damaged).run()
    assert (ours.lines, ours.psw) == ([], f"00020000 0000{code}")
    assert hercules(damaged) == (ours.lines, ours.psw)


def test_loader_protects_itself(ipl, hercules):
    program = assemble("BIG      START X'FBF8'\n         DC    D'0',X'00'\n         END\n", "big.asm")
    deck = bootable(catalog.loader(), program)
    ours = ipl(deck).run()
    assert (ours.lines, ours.psw) == ([], "00020000 0000BAD4")
    assert hercules(deck) == (ours.lines, ours.psw)


# --- object modules ---


def test_modules_of_our_assembler_are_joined(ipl, hercules):
    """They call each other and return to the loader."""
    deck = loadable(catalog.object_loader(), punch(assemble(ONE)) + punch(assemble(TWO)), "two.obj")
    ours = ipl(deck).run()
    assert (ours.lines, ours.psw) == ([], "00020000 0000E0D0")
    assert hercules(deck) == (ours.lines, ours.psw)


@pytest.mark.skipif(not all(map(shutil.which, TOOLS)), reason="binutils-s390x-linux-gnu is not installed")
def test_code_of_gnu_as_gives_the_same_sum(ipl, hercules, tmp_path):
    """The sum becomes the address of a wait PSW."""
    wait = "        xc  0(4,4),0(4)\n        mvi 1(4),2\n        mvc 4(4,4),8(4)\n        lpsw 0(4)\n"
    sources = (MAIN_S.replace("        lr      14,11\n        br      14\n", wait), SUB_S)
    objects = [gnu_object(source, tmp_path / f"{number}.o") for number, source in enumerate(sources)]
    deck = loadable(catalog.object_loader(), b"".join(map(module_of, objects)), "gnu.obj")
    ours = ipl(deck).run()
    assert (ours.lines, ours.psw) == ([], f"00020000 {123:08X}")
    assert hercules(deck) == (ours.lines, ours.psw)


def test_undefined_names_are_told(ipl, hercules):
    deck = LOADER + esd(1, item("A", SD, 0, 8), item("ONE", ER), item("TWO", ER)) + end()
    ours = ipl(deck).run()
    assert (len(ours.lines), ours.psw) == (2, "00020000 0000BAD8")
    lines, psw = hercules(deck)
    assert ([line.rstrip() for line in lines], psw) == ([line.rstrip() for line in ours.lines], ours.psw)


def test_object_loader_stops_at_a_damaged_deck(ipl, hercules):
    deck = LOADER + esd(1, item("A", SD, 0, 8)) + bytes(80)
    ours = ipl(deck).run()
    assert ours.lines == ["OBJECT LOADER: WRONG CARD                   CARD00002"]
    assert hercules(deck) == (ours.lines, "00020000 0000BAD0")


def test_object_loader_on_a_tape(hercules):
    tape = aws(LOADER + punch(assemble(ONE)) + punch(assemble(TWO)))
    assert hercules(b"", "0181 3420 {tape}\n", tape, "181") == ([], "00020000 0000E0D0")


def test_diagnostic_of_the_cpu_finds_nothing_wrong_with_hercules(hercules):
    """Those of devices stop: Hercules 3.13 ends immediate commands by interruption, and has no device end by itself."""
    assert hercules(diagnostic("cpu"))[1] == GOOD
