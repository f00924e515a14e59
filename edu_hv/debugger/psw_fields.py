"""The fields of the PSW by the names that commands and expressions take.  GA22-7000 "Program-Status Word"."""

from collections.abc import Callable
from dataclasses import dataclass

from edu_hv.isa.codes import MASK_24
from edu_hv.machine.psw import PSW


@dataclass(frozen=True)
class Field:
    """One field: what it is called, how it is taken from a PSW, and its largest value."""

    title: str
    of: Callable[[PSW], int]
    most: int
    words: tuple[str, str] = ("", "")
    """What 0 and 1 mean."""
    attribute: str = ""
    """The attribute of a PSW that holds it; "" where it is part of one, or more than one."""

    @property
    def described(self) -> str:
        """What it is, and what its values mean."""
        return f"{self.title}: 0 {self.words[0]}, 1 {self.words[1]}" if any(self.words) else self.title

    def show(self, value: int) -> str:
        """A value in text."""
        word = self.words[value] if value < 2 else ""
        return f"{value:0{len(f'{self.most:X}')}X}{f', {word}' if word else ''}"


def _bit(title: str, attribute: str, words: tuple[str, str] = ("off", "on")) -> Field:
    return Field(title, lambda psw: int(getattr(psw, attribute)), 1, words, attribute)


FIELDS: dict[str, Field] = {
    "psw": Field("all 64 bits of the PSW", lambda psw: int.from_bytes(psw.to_bytes(), "big"), (1 << 64) - 1),
    "control": Field("the PSW's masks, key and states", lambda psw: int.from_bytes(psw.to_bytes()[:2], "big"), 0xFFFF),
    "mask": Field("the system mask", lambda psw: psw.system_mask, 0xFF, attribute="system_mask"),
    "io": Field("the I/O mask", lambda psw: psw.system_mask & (0x02 if psw.ec_mode else 0xFE), 0xFE),
    "external": Field("the external mask", lambda psw: psw.system_mask & 1, 1, ("off", "on")),
    "key": Field("the PSW's key", lambda psw: psw.key, 15, attribute="key"),
    "mode": _bit("the mode", "ec_mode", ("basic control", "extended control")),
    "mc": _bit("the machine-check mask", "machine_check_mask"),
    "wait": _bit("the wait bit", "wait", ("running", "waiting")),
    "state": _bit("the problem-state bit", "problem_state", ("supervisor", "problem state")),
    "cc": Field("the condition code", lambda psw: psw.cc, 3, attribute="cc"),
    "pm": Field("the program mask", lambda psw: psw.program_mask, 15, attribute="program_mask"),
    "dat": Field("the translation bit", lambda psw: int(psw.dat), 1, ("off", "on")),
    "per": Field("the PER bit", lambda psw: int(psw.per), 1, ("off", "on")),
    "ia": Field(
        "the instruction address", lambda psw: psw.instruction_address, MASK_24, attribute="instruction_address"
    ),
}
_OTHER_NAMES = {
    "address": "ia",
    "pc": "ia",
    "problem": "state",
    "ec": "mode",
    "cm": "pm",
    "ext": "external",
    "masks": "mask",
    "machinecheck": "mc",
    "waiting": "wait",
}


def field_named(word: str) -> str | None:
    """The field that a word names, in small or capital letters; None for none."""
    plain = word.lower()
    plain = _OTHER_NAMES.get(plain, plain)
    return plain if plain in FIELDS else None
