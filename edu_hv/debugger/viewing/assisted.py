"""The x-ray of what the VM assist did: the microcode decided, there was no interruption, and CP was not told."""

from edu_hv.asm.assembler import Assembly
from edu_hv.debugger.explain import statement
from edu_hv.debugger.explain import words as hexadecimal
from edu_hv.debugger.recording.journal import Entry
from edu_hv.debugger.viewing.psw_words import changes
from edu_hv.debugger.views import StageState, StageView
from edu_hv.isa.table import operation
from edu_hv.machine.assist import VALIDATION
from edu_hv.machine.events import AssistDeclined, AssistHandled
from edu_hv.machine.psw import PSW

TITLES = ("guest", "assist", "run")


def title(entries: list[Entry], assembly: Assembly | None) -> str:
    """What the assist did: "the VM assist did SSM CHANNELS at 000206, without a trap"."""
    done = _handled(entries)[-1]
    if done.mnemonic == VALIDATION:
        return f"the VM assist filled a shadow entry at {done.instruction_address:06X}, without a trap"
    what = statement(assembly, done.text, done.instruction_address)
    return f"the VM assist did {what} at {done.instruction_address:06X}, without a trap"


def stages(entries: list[Entry], assembly: Assembly | None) -> tuple[StageView, ...]:
    """What the guest issued, what the microcode did in its place, and how it goes on."""
    handled = _handled(entries)
    last = handled[-1]
    text = [line for each in handled for line in _did(each)]
    details = [
        line for entry in entries if isinstance(entry.event, AssistDeclined) for line in words(entry.event, assembly)
    ]
    after = PSW.from_bytes(last.after)
    going_on = "it is executed again" if last.mnemonic == VALIDATION else f"next at {after.instruction_address:06X}"
    made = (_issued(last, assembly), text, ["no interruption: CP was not told of it", f"the guest goes on: {going_on}"])
    return tuple(
        StageView(number, name, StageState.DONE, tuple(lines), tuple(details) if name == "assist" else ())
        for number, (name, lines) in enumerate(zip(TITLES, made, strict=True), 1)
    )


def words(event: AssistHandled | AssistDeclined, assembly: Assembly | None) -> list[str]:
    """What the assist had to do with a trap that came all the same."""
    if isinstance(event, AssistHandled):
        return [f"before, the assist did {event.mnemonic} at {event.instruction_address:06X} without CP"]
    what = statement(assembly, event.text, event.instruction_address) if event.text else event.mnemonic
    return [f"the VM assist was asked first, and left {what} to CP: {event.why}"]


def _handled(entries: list[Entry]) -> list[AssistHandled]:
    return [entry.event for entry in entries if isinstance(entry.event, AssistHandled)]


def _issued(event: AssistHandled, assembly: Assembly | None) -> list[str]:
    """What would have been a trap."""
    at = event.instruction_address
    if event.mnemonic == VALIDATION:
        return [f"the instruction at {at:06X} met an invalid entry of its shadow page table"]
    row = operation(event.text)
    issued = f"{statement(assembly, event.text, at)} issued at {at:06X}"
    if row is not None and row.privileged:
        return [issued, "it is privileged, and the real PSW is in problem state: without the assist it would trap"]
    return [issued, "without the assist it would interrupt"]


def _did(event: AssistHandled) -> list[str]:
    """What the microcode did to the virtual machine."""
    if event.mnemonic == VALIDATION:
        return ["bit 0 of control register 6 is one: the microcode looked into the guest's own tables",
                "they are valid, and the page is in real storage: it filled the shadow entry"]  # fmt: skip
    return [
        f"bit 0 of control register 6 is one: the microcode did {event.mnemonic} to the virtual PSW and registers",
        f"guest PSW {hexadecimal(event.before)} -> {hexadecimal(event.after)}",
        f"it changes {changes(event.before, event.after)}",
    ]
