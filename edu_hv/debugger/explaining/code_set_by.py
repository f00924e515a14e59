"""`explain cc`: the present condition code, and what it means for the instruction that set it."""

from typing import TYPE_CHECKING

from edu_hv.debugger.explaining.condition_codes import mask_words, meaning_of
from edu_hv.debugger.explaining.failures import scene
from edu_hv.debugger.explaining.history import Moment, condition_code_setter
from edu_hv.debugger.explaining.views import ExplainView
from edu_hv.debugger.recording.journal import GuestPSWsSwapped
from edu_hv.isa.table import BY_MNEMONIC, ConditionCode
from edu_hv.machine.events import PSWsSwapped

if TYPE_CHECKING:
    from edu_hv.debugger.session import DebugSession


def condition_code(session: "DebugSession") -> ExplainView:
    """The condition code of the selected guest: which instruction set it at which step, what each code means for it."""
    name, cc = session.selected, session.guest_psw().cc
    found = condition_code_setter(session, name, session.recording.unit)
    title = f"condition code {cc}"
    if found is None:
        return ExplainView(name, session.step_number, title, (), ("nothing has set it since the recording began",))
    sentences = (*_set_by(found), *(_restored(session, name, found) or _codes(found)), *_branches(cc))
    return ExplainView(name, session.step_number, f"{title}{_short(found, cc)}", (), sentences)


def _short(found: Moment, cc: int) -> str:
    meaning = meaning_of(found.mnemonic, cc)
    return f": {meaning}" if meaning else ""


def _set_by(found: Moment) -> list[str]:
    verb = "loaded" if _loads(found) else "set"
    return [f"{verb} by {found.words} in step {found.step}; goto {max(found.step - 1, 0)} goes there"]


def _loads(found: Moment) -> bool:
    """Whether it came with a PSW or a mask rather than from a result."""
    row = BY_MNEMONIC.get(found.mnemonic)
    return row is None or row.condition_code is not ConditionCode.SET or "interruption" in found.words


def _restored(session: "DebugSession", name: str, found: Moment) -> list[str]:
    """Of an LPSW of an old PSW: what had set the code before the interruption that stored it."""
    if found.mnemonic != "LPSW":
        return []
    at = [
        place.address
        for place, _, _ in scene(session, name, session.recording.boundaries[found.step - 1], found.text).places
    ]
    swap = PSWsSwapped if session.system.cp is None else GuestPSWsSwapped
    entry = session.journal.last_where(
        lambda e: isinstance(e.event, swap) and [e.event.kind.old_psw] == at and e.guest in (name, ""), found.unit
    )
    setter = condition_code_setter(session, name, entry.unit - 1) if entry is not None else None
    if entry is None or setter is None:
        return []
    code = session.guest_psw().cc
    meaning = meaning_of(setter.mnemonic, code)
    means = f", where it means: {meaning}" if meaning else ""
    return [
        f"it is that of before the interruption in step {entry.step}, from {setter.words} in step {setter.step}{means}"
    ]


def _codes(found: Moment) -> list[str]:
    if _loads(found):
        return ["it came with what was loaded, so it is no result of that instruction"]
    possible = [(cc, meaning_of(found.mnemonic, cc)) for cc in range(4)]
    listed = "; ".join(f"{cc} {meaning}" for cc, meaning in possible if meaning)
    return [f"{found.mnemonic} sets: {listed}"]


def _branches(cc: int) -> list[str]:
    mask = 8 >> cc
    return [f"a branch is taken now if its mask has the bit {mask}: BC {mask} is for {mask_words(mask)}"]
