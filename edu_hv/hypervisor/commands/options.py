"""The options of SET that belong to one virtual machine, and the operator's for the scheduler (DMKCFS).

CP Command Reference "SET".  What has a bit in a status byte of the VMBLOK is kept there; the rest in `settings`.
"""

from typing import TYPE_CHECKING

from edu_hv.hypervisor.commands.registry import Answer, CommandError, Function, is_decimal, operand
from edu_hv.hypervisor.commands.settings import setting
from edu_hv.hypervisor.vmblok import OtherStatus, ProcessStatus, TimerLevel

if TYPE_CHECKING:
    from edu_hv.hypervisor.control_program import ControlProgram
    from edu_hv.hypervisor.vmblok import VMBLOK

DEFAULTS = {
    "MSG": "ON", "WNG": "ON", "EMSG": "ON", "IMSG": "ON", "ACNT": "OFF", "SMSG": "OFF", "LINEDIT": "ON",
    "AUTOPOLL": "OFF", "AFFINITY": "NONE",
}  # fmt: skip
"""How a machine is set at LOGON.  VM/370's EMSG is TEXT; here the message's number is shown too, to be looked up."""


def value(vm: "VMBLOK", name: str) -> str:
    """A setting of the machine."""
    return vm.settings.get(name, DEFAULTS[name])


def _on_or_off(words: list[str]) -> bool:
    word = operand(words, 0, "CFS")
    if word not in ("ON", "OFF") or len(words) > 1:
        raise CommandError("CFS", 3, f"INVALID OPTION - {words[-1]}")
    return word == "ON"


@setting("ECmode")
def ecmode(cp: "ControlProgram", vm: "VMBLOK", words: list[str]) -> Answer:
    """SET ECmode ON | OFF: extended control mode and all control registers; a virtual system reset goes with it."""
    on = _on_or_off(words)
    cp.reset(vm)
    vm.cf = True
    cp.set_ecmode(vm, on)
    return Answer()


@setting("TIMER")
def timer(cp: "ControlProgram", vm: "VMBLOK", words: list[str]) -> Answer:
    """SET TIMER ON | OFF | REAL: whether the interval timer moves, and counts waits too."""
    word = operand(words, 0, "CFS")
    bits = {"ON": TimerLevel.TIMER, "OFF": TimerLevel(0), "REAL": TimerLevel.TIMER | TimerLevel.REAL}.get(word)
    if bits is None:
        raise CommandError("CFS", 3, f"INVALID OPTION - {word}")
    cp.timers.end_wait(vm)  # What it has waited so far is counted as it was set.
    vm.vmtlevel = vm.vmtlevel & TimerLevel.CPU | bits
    cp.wake(vm)
    return Answer()


def _process_bit(bit: ProcessStatus) -> Function:
    """An option that is a bit of VMPSTAT."""

    def function(cp: "ControlProgram", vm: "VMBLOK", words: list[str]) -> Answer:
        vm.vmpstat = vm.vmpstat | bit if _on_or_off(words) else vm.vmpstat & ~bit
        return Answer()

    return function


for _name, _bit in (("PAGEX", ProcessStatus.PAGEX), ("ISAM", ProcessStatus.ISAM)):
    setting(_name)(_process_bit(_bit))


@setting("NOTRans")
def notrans(cp: "ControlProgram", vm: "VMBLOK", words: list[str]) -> Answer:
    """SET NOTRans: only a machine in the V=R area may have its CCWs untranslated, and this CP has no such area."""
    _on_or_off(words)
    raise CommandError("CFS", 261, "OPERATION NOT PERFORMED")


@setting("RUN")
def run(cp: "ControlProgram", vm: "VMBLOK", words: list[str]) -> Answer:
    """SET RUN ON | OFF: whether the machine goes on running while its operator gives commands."""
    vm.vmostat = vm.vmostat | OtherStatus.CFRUN if _on_or_off(words) else vm.vmostat & ~OtherStatus.CFRUN
    return Answer()


def _choice(name: str, *choices: str) -> Function:
    """An option that is one of some words."""

    def function(cp: "ControlProgram", vm: "VMBLOK", words: list[str]) -> Answer:
        word = operand(words, 0, "CFS")
        if word not in choices or len(words) > 1:
            raise CommandError("CFS", 3, f"INVALID OPTION - {words[-1]}")
        vm.settings[name] = word
        return Answer()

    return function


for _option, _choices in {
    "MSG": ("ON", "OFF"),
    "WNG": ("ON", "OFF"),
    "EMSG": ("ON", "OFF", "CODE", "TEXT"),
    "IMSG": ("ON", "OFF"),
    "ACNT": ("ON", "OFF"),
    "SMSG": ("ON", "OFF"),
    "LINEDit": ("ON", "OFF"),
    "AUTOpoll": ("ON", "OFF"),
}.items():
    setting(_option)(_choice(_option.upper(), *_choices))


# ---- class A ---------------------------------------------------------------------------------------------------------


def _user(cp: "ControlProgram", words: list[str], at: int) -> "VMBLOK":
    userid = operand(words, at, "CFS")
    found = cp.logged_on(userid)
    if found is None:
        raise CommandError("CFS", 45, f"{userid} NOT LOGGED ON")
    return found


@setting("FAVored", "A")
def favored(cp: "ControlProgram", vm: "VMBLOK", words: list[str]) -> Answer:
    """SET FAVored userid [OFF]: the machine is looked at before the others of its queue."""
    user = _user(cp, words, 0)
    if words[1:] not in ([], ["OFF"]):
        raise CommandError("CFS", 3, f"INVALID OPTION - {words[-1]}")
    cp.scheduler.favor(user, not words[1:])
    return Answer()


@setting("PRIORity", "A")
def priority(cp: "ControlProgram", vm: "VMBLOK", words: list[str]) -> Answer:
    """SET PRIORity userid nn: noted, and shown by QUERY PRIORITY; 64 is usual, lower is better."""
    user = _user(cp, words, 0)
    number = operand(words, 1, "CFS")
    if not is_decimal(number) or int(number) > 99:
        raise CommandError("CFS", 26, "OPERAND MISSING OR INVALID")
    user.settings["PRIORITY"] = f"{int(number):02}"
    return Answer()
