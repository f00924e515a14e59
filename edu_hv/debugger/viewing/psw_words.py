"""An old and a new PSW in words: what the old one says, and what the swap changes."""

from edu_hv.machine.psw import PSW

_USUAL = (("wait", "no"), ("machine checks", "off"), ("machine checks", "on"), ("program mask", "0"))
"""What is not said of an old PSW, unless it changes."""


def fields(psw: PSW) -> dict[str, str]:
    """The fields of a PSW, by name."""
    return {
        "mode": "EC" if psw.ec_mode else "BC",
        "mask": f"{psw.system_mask:02X}",
        "state": "problem" if psw.problem_state else "supervisor",
        "wait": "yes" if psw.wait else "no",
        "machine checks": "on" if psw.machine_check_mask else "off",
        "key": f"{psw.key:X}",
        "CC": f"{psw.cc}",
        "program mask": f"{psw.program_mask:X}",
        "address": f"{psw.instruction_address:06X}",
    }


def changes(old: bytes, new: bytes) -> str:
    """The fields that are not the same in two PSWs of 8 bytes: "mask FF -> 00, state problem -> supervisor"."""
    before, after = fields(PSW.from_bytes(old)), fields(PSW.from_bytes(new))
    found = [f"{name} {before[name]} -> {after[name]}" for name in before if before[name] != after[name]]
    return ", ".join(found) or "nothing"


def swapped(old: bytes, new: bytes) -> list[str]:
    """What the old PSW keeps, and what changes."""
    said = {name: value for name, value in fields(PSW.from_bytes(old)).items() if (name, value) not in _USUAL}
    kept = ", ".join(f"{name} {value}" for name, value in said.items())
    return [f"the old PSW keeps {kept}", f"the swap changes {changes(old, new)}"]
