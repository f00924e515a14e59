"""SET ASSIST and SET SASSIST: the VM assist, for one virtual machine and for all (DMKCFS).

CP Command Reference "SET".  That a machine without the assist refuses both with message 003E is a guess.
"""

from typing import TYPE_CHECKING

from edu_hv.hypervisor.commands.registry import Answer, CommandError, operand
from edu_hv.hypervisor.commands.settings import setting

if TYPE_CHECKING:
    from edu_hv.hypervisor.control_program import ControlProgram
    from edu_hv.hypervisor.vmblok import VMBLOK

_ON, _SVC = {"ON": True, "OFF": False}, {"SVC": True, "NOSVC": False}
_NO_TIMER = "NOTMR"


@setting("ASsist")
def set_assist(cp: "ControlProgram", vm: "VMBLOK", words: list[str]) -> Answer:
    """SET ASsist [ON | OFF] [SVC | NOSVC] [NOTMR].  The timer assist (TMR) is not in this machine."""
    _require_assist(cp, "ASSIST")
    operand(words, 0, "CFS")
    on, svc = None, None
    for word in words:
        if word in _ON:
            on = _ON[word]
        elif word in _SVC:
            svc = _SVC[word]
        elif word != _NO_TIMER:
            raise CommandError("CFS", 3, f"INVALID OPTION - {word}")
    cp.assist.set(vm, on=on, svc=svc)
    return Answer()


@setting("SASsist", "A")
def set_sassist(cp: "ControlProgram", vm: "VMBLOK", words: list[str]) -> Answer:
    """SET SASsist ON | OFF: whether the assist may be used at all."""
    _require_assist(cp, "SASSIST")
    word = operand(words, 0, "CFS")
    if word not in _ON or len(words) > 1:
        raise CommandError("CFS", 3, f"INVALID OPTION - {words[-1]}")
    cp.assist.system = _ON[word]
    return Answer()


def _require_assist(cp: "ControlProgram", option: str) -> None:
    if not cp.assist.available:
        raise CommandError("CFS", 3, f"INVALID OPTION - {option}")


def assist_words(cp: "ControlProgram", vm: "VMBLOK") -> str:
    """What QUERY SET says: "ASSIST ON  SVC NOTMR", or OFF."""
    settings = cp.assist.settings(vm)
    if not (cp.assist.available and settings.on):
        return "ASSIST OFF"
    return f"ASSIST ON  {'SVC' if settings.svc else 'NOSVC'} {_NO_TIMER}"
