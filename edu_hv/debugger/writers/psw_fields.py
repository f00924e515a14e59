"""The fields of the PSW that can be asked about.  GA22-7000 "Program-Status Word"."""

from collections.abc import Callable
from dataclasses import dataclass

from edu_hv.machine.psw import PSW


@dataclass(frozen=True)
class Field:
    """One field: what it is called, how it is taken from a PSW, and how many hexadecimal digits show it."""

    title: str
    of: Callable[[PSW], int]
    digits: int = 1
    words: tuple[str, str] = ("", "")
    """What 0 and 1 mean."""

    def show(self, value: int) -> str:
        """A value in text."""
        word = self.words[value] if value < 2 else ""
        return f"{value:0{self.digits}X}{f', {word}' if word else ''}"


_ONOFF = ("off", "on")
FIELDS: dict[str, Field] = {
    "control": Field("the PSW's masks, key and states", lambda psw: psw.to_bytes()[0] << 8 | psw.to_bytes()[1], 4),
    "mask": Field("the system mask", lambda psw: psw.system_mask, 2),
    "io": Field("the I/O mask", lambda psw: psw.system_mask & (0x02 if psw.ec_mode else 0xFE), 2),
    "external": Field("the external mask", lambda psw: psw.system_mask & 1, 1, _ONOFF),
    "key": Field("the PSW's key", lambda psw: psw.key),
    "mode": Field("the mode", lambda psw: int(psw.ec_mode), 1, ("basic control", "extended control")),
    "mc": Field("the machine-check mask", lambda psw: int(psw.machine_check_mask), 1, _ONOFF),
    "wait": Field("the wait bit", lambda psw: int(psw.wait), 1, ("running", "waiting")),
    "state": Field("the problem-state bit", lambda psw: int(psw.problem_state), 1, ("supervisor", "problem state")),
    "cc": Field("the condition code", lambda psw: psw.cc),
    "pm": Field("the program mask", lambda psw: psw.program_mask),
    "dat": Field("the translation bit", lambda psw: int(psw.dat), 1, _ONOFF),
    "per": Field("the PER bit", lambda psw: int(psw.per), 1, _ONOFF),
    "ia": Field("the instruction address", lambda psw: psw.instruction_address, 6),
}
"""By the name that a command takes."""
OTHER_NAMES = {
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
"""Other names for them."""
