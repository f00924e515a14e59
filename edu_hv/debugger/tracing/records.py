"""Events as records of plain values: what an exported trace says of each.

The records are the lines of a JSON-lines file, so their names are a promise: VERSION goes up when one of them changes
its meaning or goes.  Numbers are decimal; addresses, device addresses and the contents of storage and PSWs are strings
of hexadecimal digits.
"""

from dataclasses import dataclass
from typing import Any

from edu_hv.debugger.explain import instruction
from edu_hv.debugger.recording.journal import (
    GuestPSWsSwapped,
    InputGiven,
    ProgramTranslated,
    StatusStored,
    StatusTranslated,
)
from edu_hv.debugger.views import Layer
from edu_hv.hypervisor.decisions import (
    ConsoleLine,
    DecisionCarriedOut,
    DecisionTaken,
    Decoded,
    Dispatched,
)
from edu_hv.machine.events import (
    AssistDeclined,
    AssistHandled,
    CCWExecuted,
    Event,
    InterruptionRecognized,
    IOStarted,
    PSWsSwapped,
    Waited,
)

FORMAT = "edu-hv trace"
VERSION = 1

Fields = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Record:
    """One event, or one step of a trace of instructions."""

    step: int
    unit: int
    """The position at which it had happened: steps that trap have several."""
    guest: str
    """The guest concerned, "" for the machine."""
    layer: Layer
    """Whose doing it was."""
    kind: str
    fields: Fields
    words: str

    def plain(self) -> Fields:
        """As an object of a JSON-lines file."""
        return {
            "step": self.step,
            "unit": self.unit,
            "guest": self.guest,
            "layer": self.layer.value,
            "kind": self.kind,
            "fields": self.fields,
            "words": self.words,
        }


def kind_and_fields(event: Event) -> tuple[str, Fields]:
    """What kind of event it is, and its values by name."""
    for describe in (_of_interruption, _of_hypervisor, _of_io, _of_the_rest):
        found = describe(event)
        if found is not None:
            return found
    return "other", {"type": type(event).__name__}


def hexadecimal(text: bytes) -> str:
    """Bytes as hexadecimal digits, two for each."""
    return text.hex().upper()


def _of_interruption(event: Event) -> tuple[str, Fields] | None:
    match event:
        case InterruptionRecognized(kind, code, ilc, at, text):
            fields = {"class": kind.value, "code": code, "ilc": ilc, "address": f"{at:06X}", "text": hexadecimal(text)}
            return "interruption", fields | ({"instruction": instruction(text, at)} if text else {})
        case PSWsSwapped(kind, code, old, new):
            return "psw swap", _swap(kind.value, code, old, new)
        case GuestPSWsSwapped(kind, code, old, new):
            return "guest psw swap", _swap(kind.value, code, old, new)
        case Waited(start, end):
            return "wait", {"from_microsecond": start, "to_microsecond": end}
        case AssistHandled(what, text, at, before, after):
            fields = {"what": what, "address": f"{at:06X}", "text": hexadecimal(text)}
            return "assist done", fields | {"psw_before": hexadecimal(before), "psw_after": hexadecimal(after)}
        case AssistDeclined(what, text, at, why):
            return "assist left", {"what": what, "address": f"{at:06X}", "text": hexadecimal(text), "why": why}
        case _:
            return None


def _swap(kind: str, code: int, old: bytes, new: bytes) -> Fields:
    return {"class": kind, "code": code, "old_psw": hexadecimal(old), "new_psw": hexadecimal(new)}


def _of_hypervisor(event: Event) -> tuple[str, Fields] | None:
    match event:
        case Decoded(_, text, operand):
            return "decoded", {"text": hexadecimal(text), "operand": operand}
        case DecisionTaken(_, _, mnemonic, verdict, within):
            fields = {"rule": verdict.rule.id, "decision": str(verdict.decision), "mnemonic": mnemonic}
            tried = [rule.id for rule in verdict.tried if not rule.fired]
            why = {"why": verdict.why, "source": verdict.rule.source, "not_fired": tried}
            return "decision", fields | {"within_another": within} | why
        case DecisionCarriedOut(_, verdict, effects):
            changed = [{"name": e.name, "before": e.before, "after": e.after} for e in effects]
            return "carried out", {"rule": verdict.rule.id, "effects": changed}
        case Dispatched(userid, psw):
            return "dispatched", {"dispatched": userid, "real_psw": hexadecimal(psw)}
        case ConsoleLine(_, text, cp):
            return "console line", {"text": text, "by_cp": cp}
        case _:
            return None


def _of_io(event: Event) -> tuple[str, Fields] | None:
    match event:
        case CCWExecuted(device, address, ccw, unit_status, channel_status, residual):
            where = {"device": f"{device:03X}", "address": f"{address:06X}", "ccw": hexadecimal(ccw)}
            status = {"unit_status": f"{unit_status:02X}", "channel_status": f"{channel_status:02X}"}
            return "ccw", where | status | {"residual": residual}
        case IOStarted(device, caw, cc):
            return "start io", {"device": f"{device:03X}", "caw": hexadecimal(caw), "cc": cc}
        case StatusStored(csw):
            return "csw stored", {"csw": hexadecimal(csw)}
        case ProgramTranslated(device, real, ccws):
            return "program translated", {"device": f"{device:03X}", "real_device": f"{real:03X}", "ccws": len(ccws)}
        case StatusTranslated(device, real, guest):
            csws = {"real_csw": hexadecimal(real), "guest_csw": hexadecimal(guest)}
            return "csw translated", {"device": f"{device:03X}"} | csws
        case _:
            return None


def _of_the_rest(event: Event) -> tuple[str, Fields] | None:
    match event:
        case InputGiven(given, answer):
            fields = {"input": given.kind, "text": given.text, "device": f"{given.device:03X}"}
            return "input", fields | {"data": hexadecimal(given.data), "answer": list(answer)}
        case _:
            return None
