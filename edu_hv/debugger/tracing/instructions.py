"""A trace instruction by instruction: the recording is executed again, and what each step changed is noted."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from edu_hv.debugger import explain
from edu_hv.debugger.recording.changes import Changes
from edu_hv.debugger.tracing.records import Fields, Record, hexadecimal
from edu_hv.debugger.viewing.history import in_words
from edu_hv.debugger.views import Layer
from edu_hv.isa.errors import UserError
from edu_hv.machine.events import InterruptionRecognized

if TYPE_CHECKING:
    from edu_hv.debugger.session import DebugSession

MOST_STEPS = 200_000
"""Steps that are executed again at most: some minutes."""


@contextmanager
def elsewhere(session: "DebugSession") -> Iterator[None]:
    """The session may be moved through its recording inside; afterwards it stands exactly where it stood."""
    unit = session.recording.unit
    try:
        yield
    finally:
        session._changes.goto(unit)


def steps_of(session: "DebugSession", first: int, last: int) -> Iterator[Record]:
    """Each complete step from `first` to `last`, as it is executed again: to be used `elsewhere`.

    Raises UserError when somebody stops it (`session.interrupt`).
    """
    recording, changes = session.recording, session._changes
    last = min(last, len(recording.boundaries) - 1)
    session._interrupted = False
    changes.goto(recording.boundaries[max(first, 1) - 1])
    for step in range(max(first, 1), last + 1):
        while recording.unit < recording.boundaries[step]:
            changes.advance()
        if session.interrupted:
            raise UserError(f"you stopped it at step {step:,}; what was written up to there is in the file")
        yield _record(session, changes, step)


def _record(session: "DebugSession", changes: Changes, step: int) -> Record:
    guest, at, text = changes.executed
    entries = session.journal.of_step(step)
    fields: Fields = {}
    if text:
        fields = {"address": f"{at:06X}", "text": hexadecimal(text), "instruction": explain.instruction(text, at)}
        fields |= _changed(session, guest)
    stores = [one for one in changes.stored if one not in changes.by_timer]
    fields["stores"] = [
        {"real": f"{one.absolute:06X}", "old": hexadecimal(one.old), "new": hexadecimal(one.new)} for one in stores
    ]
    if text or any(isinstance(entry.event, InterruptionRecognized) for entry in entries):
        words, layer = explain.stop_sentence(session).partition(", ")[2], Layer.GUEST if text else Layer.HARDWARE
        words = words.removeprefix(f"{guest} ")
    else:
        told = [in_words(session, entry) for entry in entries]
        words, layer = "; ".join(one.text for one in told), told[0].layer if told else Layer.HARDWARE
    return Record(step, session.recording.unit, guest, layer, "step", fields, words)


def _changed(session: "DebugSession", name: str) -> Fields:
    """Registers and condition code of a guest that the step changed: old and new."""
    before = session.before.get(name)
    if before is None or all(guest.name != name for guest in session.system.guests):
        return {}
    now, psw = session.guest_registers(name), session.guest_psw(name)
    pairs = enumerate(zip(before.gr, now, strict=True))
    registers = {f"GR{n}": [f"{old:08X}", f"{new:08X}"] for n, (old, new) in pairs if old != new}
    codes = {"condition_code": [before.psw.cc, psw.cc]} if before.psw.cc != psw.cc else {}
    return {"registers": registers, **codes}
