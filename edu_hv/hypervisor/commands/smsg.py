"""SMSG: a message for the program in a machine, not for who sits at its terminal (DMKMSG).  SY20-0886."""

from typing import TYPE_CHECKING

from edu_hv.hypervisor.commands.options import value
from edu_hv.hypervisor.commands.registry import ANY, Answer, CommandError, command

if TYPE_CHECKING:
    from edu_hv.hypervisor.control_program import ControlProgram
    from edu_hv.hypervisor.vmblok import VMBLOK

_LONGEST_USERID = 8


@command("SMsg", classes=ANY, keeps_case=True)
def smsg(cp: "ControlProgram", vm: "VMBLOK", words: list[str]) -> Answer:
    """SMsg userid | * text: CP sends the text by VMCF, to a machine that has said AUTHORIZE and SET SMSG ON."""
    if not words or len(words[0]) > _LONGEST_USERID:
        raise CommandError("MSG", 20, "USERID MISSING OR INVALID")
    userid = vm.vmuser if words[0] == "*" else words[0].upper()
    other = cp.logged_on(userid)
    if other is None:
        raise CommandError("MSG", 45, f"{userid} NOT LOGGED ON")
    if value(other, "SMSG") != "ON":
        raise CommandError("MSG", 57, f"{userid} NOT RECEIVING; SMSG OFF")
    if not cp.vmcf.special(vm, other, " ".join(words[1:]).encode("cp037", errors="replace")):
        raise CommandError("MSG", 57, f"{userid} NOT RECEIVING; NOT AUTHORIZED")
    return Answer()
