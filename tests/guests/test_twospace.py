"""The guest with virtual storage of its own: what it finds on the bare machine, and that it notices a wrong machine."""

import pytest

from edu_hv.guests import catalog
from edu_hv.machine.dat import TranslationLookasideBuffer
from edu_hv.machine.instructions import keys

TWOSPACE = catalog.GUESTS["twospace"]
FORMATS = ["4K PAGES, 64K SEGMENTS", "4K PAGES,  1M SEGMENTS", "2K PAGES, 64K SEGMENTS", "2K PAGES,  1M SEGMENTS"]
IN_EACH_FORMAT = """\
  LRA: CONDITION CODES 0, 1, 2 AND 3
  SEGMENT AND PAGE EXCEPTIONS TELL THE ADDRESS
  TABLES THAT ARE NONE: TRANSLATION SPECIFICATION
  STOSM, STNSM, SSM AND LPSW TURN DAT ON AND OFF
  KEYS, REFERENCE AND CHANGE BITS ARE THE FRAME'S
  AFTER PTLB ONLY THE TABLES COUNT
  TWO TASKS IN THREE FRAMES: PAGE FAULTS  44, PAGES WRITTEN BACK  36
  THIS LINE WAS WRITTEN FROM A PAGE OF SPACE A
""".splitlines()
LINES = [
    "TWOSPACE: AN OPERATING SYSTEM WITH VIRTUAL STORAGE",
    "  EC MODE: CODES ARE STORED, NOT IN THE OLD PSW",
    *(line for name in FORMATS for line in (name, *IN_EACH_FORMAT)),
]
ALL_IS_WELL = "000A0000 0000C0DE"


@pytest.mark.parametrize("size", [0x10000, 0x100000], ids="X'{:X}'".format)
def test_all_checks_hold(ipl, size):
    run = ipl(TWOSPACE.deck(), size=size).run()
    assert (run.lines, run.psw) == (LINES, ALL_IS_WELL)


def test_output_is_the_same_when_the_processor_keeps_no_translation(ipl, monkeypatch):
    """GA22-7000 "Translation-Lookaside Buffer": what it holds, and how long, is the model's."""
    translate = TranslationLookasideBuffer.translate

    def forgetful(self, *operands):
        self.entries.clear()
        return translate(self, *operands)

    monkeypatch.setattr(TranslationLookasideBuffer, "translate", forgetful)
    run = ipl(TWOSPACE.deck()).run()
    assert (run.lines, run.psw) == (LINES, ALL_IS_WELL)


def without_purge(monkeypatch):
    monkeypatch.setattr(TranslationLookasideBuffer, "purge", lambda self: None)


def with_reference_bits_kept(monkeypatch):
    monkeypatch.setattr(keys, "reset_reference", lambda cpu, block, count: setattr(cpu.psw, "cc", 3))


@pytest.mark.parametrize(
    ("spoil", "check"),
    [
        pytest.param(without_purge, 0x62, id="PTLB does nothing"),
        pytest.param(with_reference_bits_kept, 0x56, id="RRB does not reset"),
    ],
)
def test_failed_check_is_told_by_the_wait(ipl, monkeypatch, spoil, check):
    spoil(monkeypatch)
    assert ipl(TWOSPACE.deck()).run().psw == f"000A0000 0000BA{check:02X}"
