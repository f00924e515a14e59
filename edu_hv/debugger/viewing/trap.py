"""The trap x-ray.  CP's decisions are in `decided`."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edu_hv.asm.assembler import Assembly
from edu_hv.debugger import explain
from edu_hv.debugger.explain import words
from edu_hv.debugger.recording.journal import (
    Entry,
    GuestPSWsSwapped,
    Journal,
    ProgramTranslated,
    StatusStored,
    StatusTranslated,
)
from edu_hv.debugger.viewing import assisted, psw_words
from edu_hv.debugger.views import RuleView, StageState, StageView, XrayView
from edu_hv.hypervisor.control_program import ENTRY_POINTS
from edu_hv.hypervisor.decisions import (
    ConsoleLine,
    Decision,
    DecisionCarriedOut,
    DecisionTaken,
    Decoded,
    Dispatched,
    EndTimeSlice,
    PagingDone,
    Simulate,
    Verdict,
)
from edu_hv.hypervisor.minidisk_ccw import COPY, RULES
from edu_hv.isa.codes import PIC, Class
from edu_hv.isa.table import operation
from edu_hv.machine.events import (
    AssistDeclined,
    AssistHandled,
    CCWExecuted,
    Event,
    InterruptionRecognized,
    PSWsSwapped,
)
from edu_hv.machine.interruptions import Interruption
from edu_hv.machine.psw import PSW

if TYPE_CHECKING:
    from edu_hv.debugger.session import DebugSession

UNDER_CP_TITLES = ("guest", "hardware", "decode", "rule", "do", "run")
BARE_TITLES = ("program", "hardware")
THEN = "then"
"""Title of a rule that the dispatcher came to, after the one about the trap itself."""
_TO_COME = {
    **{title: UNDER_CP_TITLES[n + 1 :] for n, title in enumerate(UNDER_CP_TITLES)},
    THEN: ("do", "run"),
    "program": ("hardware",),
}


def xray(session: "DebugSession", count: int = 1) -> XrayView:
    """The stages of the trap under way, or of the last one; of the `count`th last one, counted back from here.

    With a guest selected by hand, of his.  What the VM assist did, so that there was no trap, counts as one.
    """
    entries = trap_entries(session, count)
    if not entries:
        none = "no trap so far" if count == 1 else f"there were fewer than {count:,} traps so far"
        return XrayView(none, (), (), "", False)
    first = entries[0]
    assembly = session.assembly_of(first.guest)
    title = f"{first.guest or 'machine'} step {first.step}: "
    trap = next((entry.event for entry in entries if isinstance(entry.event, InterruptionRecognized)), None)
    if trap is None and any(isinstance(entry.event, AssistHandled) for entry in entries):
        return XrayView(title + assisted.title(entries, assembly), assisted.stages(entries, assembly), (), "", False)
    only_recognized = isinstance(entries[-1].event, InterruptionRecognized)
    in_progress = only_recognized or (session.in_step and entries[-1].step == session.step_number)
    collected = _Stages(assembly, session.system.cp is not None, entries).collected()
    verdict = _verdict(entries)
    rules, why = (rule_views(verdict), verdict.why) if verdict else ((), "")
    title += explain.trap_words(trap, assembly) if trap else f"CP goes on to {verdict.decision if verdict else ''}"
    return XrayView(title, _stages(collected, in_progress), rules, why, in_progress)


def stage_title(session: "DebugSession") -> str:
    """The stage of the trap under way that was done last; "" when none is under way."""
    if not session.in_step:
        return ""
    return next((stage.title for stage in xray(session).stages if stage.state is StageState.NOW), "")


def trap_entries(session: "DebugSession", count: int = 1) -> list[Entry]:
    """The entries of the trap under way, else of the last trap there was; or of the `count`th last one."""
    if session.in_step and session.follow and count == 1:
        return _of_trap(session.journal, session.step_number) or _last_trap(session, 1)
    return _last_trap(session, count)


def _last_trap(session: "DebugSession", count: int) -> list[Entry]:
    step = -1
    for entry in session.journal.backwards():
        if entry.step != step and _begins(entry.event) and concerns(session, entry):
            step, count = entry.step, count - 1
            if not count:
                return _of_trap(session.journal, step)
    return []


def concerns(session: "DebugSession", entry: Entry) -> bool:
    """Whether it is of any guest, or of the one that was selected by hand."""
    return session.follow or entry.guest == session.selected


def _of_trap(journal: Journal, step: int) -> list[Entry]:
    """From the interruption on, or from what the assist had to do with it before.

    An interruption that a person's input brings at once, such as RESTART, is taken by the step after the input.
    """
    entries = journal.of_step(step)
    if entries and isinstance(entries[-1].event, InterruptionRecognized):
        following = journal.of_step(step + 1)
        entries += following if following and isinstance(following[0].event, PSWsSwapped) else []
    first = next((n for n, e in enumerate(entries) if _begins(e.event) or isinstance(e.event, AssistDeclined)), None)
    found = [] if first is None else entries[first:]
    return found if any(_begins(entry.event) for entry in found) else []


def _begins(event: Event) -> bool:
    """Whether there is an x-ray of it: an interruption, what the assist did in the place of one, and a decision of CP
    about a guest that no interruption led to: a delivery after an operator's command."""
    if isinstance(event, DecisionTaken):
        return not event.within
    return isinstance(event, InterruptionRecognized | AssistHandled)


def _verdict(entries: list[Entry]) -> Verdict | None:
    """The verdict about the trap itself, not those the dispatcher came to afterwards."""
    taken = (e.event for e in entries if isinstance(e.event, DecisionTaken))
    return next((event.verdict for event in taken if not event.within), None)


def rule_views(verdict: Verdict) -> tuple[RuleView, ...]:
    """The rules of a verdict, in the order in which they were tried."""
    return tuple(RuleView(r.id, r.question, r.fired, r.then, r.source) for r in verdict.tried)


# ---- stages ---------------------------------------------------------------------------------------------------------


@dataclass
class _Made:
    """A stage so far."""

    title: str
    lines: list[str]
    details: list[str]


def _stages(made: list[_Made], in_progress: bool) -> tuple[StageView, ...]:
    now = len(made) - 1 if in_progress else None
    if in_progress and made:
        made = [*made, *(_Made(title, [], []) for title in _TO_COME.get(made[-1].title, ()))]
    return tuple(
        StageView(number, stage.title, _state(number - 1, now), tuple(stage.lines), tuple(stage.details))
        for number, stage in enumerate(made, 1)
    )


def _state(index: int, now: int | None) -> StageState:
    if now is None or index < now:
        return StageState.DONE
    return StageState.NOW if index == now else StageState.TO_COME


@dataclass
class _Stages:
    """Makes the stages of a trap from its events.  An event begins a stage, or it belongs to the one that follows."""

    assembly: Assembly | None
    under_cp: bool
    entries: list[Entry]

    def collected(self) -> list[_Made]:
        """Each stage so far."""
        made: list[_Made] = []
        stage: list[Event] = []
        for entry in self.entries:
            if isinstance(entry.event, StatusStored):
                made[-1].lines.extend(_status_stored(entry.event))
                continue
            stage.append(entry.event)
            found = self._stage(entry, stage, len(made))
            if found:
                details = [line for event in stage for line in self._details(event)]
                more = [line for event in stage for line in self._more(event)]
                made.append(_Made(found[0], [*details, *found[1]], more))
                stage = []
        return made

    def _more(self, event: Event) -> list[str]:
        """What is told besides: the fields of the PSWs, and with which instruction it goes on."""
        match event:
            case PSWsSwapped(_, _, old, new):
                return [*psw_words.swapped(old, new), *([] if self.under_cp else self._handler(new))]
            case GuestPSWsSwapped(_, _, old, new):
                return [*psw_words.swapped(old, new), *self._handler(new)]
            case AssistHandled() | AssistDeclined():
                return assisted.words(event, self.assembly)
            case _:
                return []

    def _handler(self, new: bytes) -> list[str]:
        """How the routine begins that the new PSW leads to, as far as there is a listing."""
        at = PSW.from_bytes(new).instruction_address
        line = self.assembly.line_at(at) if self.assembly else None
        if line is None or line.address != at or not line.object_code:
            return []
        return [f"the handler at {at:06X} begins with {explain.statement(self.assembly, line.object_code, at)}"]

    def _details(self, event: Event) -> list[str]:
        """What happened on the way to the end of a stage."""
        match event:
            case GuestPSWsSwapped(kind, _, old, new):
                return [
                    f"old PSW {words(old)} -> guest {kind.old_psw:06X}",
                    f"new PSW {words(new)} <- guest {kind.new_psw:06X}{self._label(new)}",
                ]
            case ProgramTranslated():
                return _translated(event)
            case StatusTranslated(device, real, guest):
                return [
                    f"real CSW  {words(real)}: {explain.csw_words(real)}",
                    f"guest CSW {words(guest)}, pending at {device:03X}",
                ]
            case DecisionTaken(within=True):
                rule = event.verdict.rule
                return [f"{rule.id} {rule.question}", f"   YES -> {event.verdict.decision}"]
            case ConsoleLine(cp=True):
                return [f"CP writes to {event.userid}: {event.text}"]
            case CCWExecuted() if self.under_cp and len(event.ccw) == 8:
                return [f"CP did CCW {words(event.ccw)} at {event.address:06X}"]
            case _:
                return []

    def _stage(self, entry: Entry, stage: list[Event], index: int) -> tuple[str, list[str]] | None:
        """Title and lines of the stage that an event ends, or None for one that ends none."""
        match entry.event:
            case InterruptionRecognized() as event:
                title = "guest" if self.under_cp else "program"
                return title, _recognized(event, self.assembly, ran=bool(entry.guest))
            case PSWsSwapped() as event:
                return "hardware", self._swapped(event)
            case Decoded() as event:
                return "decode", _decoded(event, ran=bool(entry.guest))
            case DecisionTaken(within=False) as event:
                return ("rule" if index < UNDER_CP_TITLES.index("do") else THEN), _rule_lines(event)
            case DecisionCarriedOut() as event:
                return "do", self._carried_out(event, stage)
            case Dispatched() as event:
                return "run", _dispatched(event)
            case _:
                return None

    def _label(self, new: bytes) -> str:
        return explain.label_words(self.assembly, PSW.from_bytes(new).instruction_address)

    def _swapped(self, event: PSWsSwapped) -> list[str]:
        """Stage "hardware": the code and both PSWs."""
        ilc = next((e.event.ilc for e in self.entries if isinstance(e.event, InterruptionRecognized)), 0)
        code = f"{event.kind.value} interruption, code {event.code:04X}" + (f", ILC {ilc * 2} bytes" if ilc else "")
        entry = ENTRY_POINTS[event.kind]
        at_entry = self.under_cp and PSW.from_bytes(event.new).instruction_address == entry[1]
        to = f" ({entry[0]})" if at_entry else "" if self.under_cp else self._label(event.new)
        real = "real " if self.under_cp else ""
        return [
            code,
            f"old PSW {words(event.old)} -> {real}{event.kind.old_psw:06X}",
            f"new PSW {words(event.new)} <- {real}{event.kind.new_psw:06X}{to}",
        ]

    def _carried_out(self, event: DecisionCarriedOut, stage: list[Event]) -> list[str]:
        """Stage "do": what changed for the guest, and that the real machine's value did not."""
        swapped = any(isinstance(other, GuestPSWsSwapped) for other in stage)
        shown = [e for e in event.effects if not (swapped and e.name.endswith("old PSW"))]
        mask = explain.real_mask(self.entries)
        lines: list[str] = []
        for effect in sorted(shown, key=lambda e: e.name != "mask"):
            line = explain.effect_words(effect)
            if effect.name == "mask" and mask:
                line += f", real stays {mask}" if len(mask) == 2 else f", real {mask}"
            lines.append(line)
        return lines or ([] if swapped or len(stage) > 1 else [_unseen(event.verdict.decision)])


def _unseen(decision: Decision) -> str:
    """What was done that is not to be seen in the guest."""
    match decision:
        case Simulate(mnemonic="PTLB"):
            return "nothing of the guest changed; its shadow tables are empty, and are filled again as it goes on"
        case EndTimeSlice():
            return "nothing of the guest changed; its time slice is over, and the dispatcher looks who is next"
        case PagingDone():
            return "nothing of the guest changed; a page that CP reads or writes for itself has arrived"
        case _:
            return "nothing of the guest changed"


def _status_stored(event: StatusStored) -> list[str]:
    return [f"CSW {words(event.csw)} -> 000040", f"   {explain.csw_words(event.csw)}"]


def _translated(event: ProgramTranslated) -> list[str]:
    """The guest's CCWs beside the real ones."""
    lines = [f"CCWs of {event.device:03X} copied for the real {event.real_device:03X}:"]
    for ccw in event.ccws:
        lines.append(f"guest {ccw.guest_address:06X} {words(ccw.guest)}")
        lines.append(f" real {ccw.real_address:06X} {words(ccw.real)}")
        if ccw.idaws:
            lines.append("   IDAWs " + " ".join(f"{idaw:08X}" for idaw in ccw.idaws))
        if ccw.rule not in ("", COPY.id):
            lines.append(f"   {ccw.rule}: {RULES[ccw.rule].then}")
    return lines


def _recognized(event: InterruptionRecognized, assembly: Assembly | None, ran: bool) -> list[str]:
    """Stage "guest": what happened, and why the machine could not let it pass.  `ran`: not while CP waited."""
    at = event.instruction_address
    cause = Interruption(event.kind, event.code).words
    if not event.text:
        return [f"{cause}, before the instruction at {at:06X}" if ran else f"{cause}, while no guest ran"]
    lines = [f"{explain.statement(assembly, event.text, at)} issued at {at:06X}"]
    if event.kind is Class.PROGRAM and event.code == PIC.PRIVILEGED_OPERATION:
        lines.append("it is privileged, and the real PSW is in problem state")
    elif event.kind is Class.SVC:
        lines.append("it asks for an interruption, in any state")
    else:
        lines.append(f"condition: {cause}")
    return lines


def _decoded(event: Decoded, ran: bool) -> list[str]:
    """Stage "decode": the instruction as CP finds it in guest storage."""
    if not event.text:
        saved = f"registers of {event.userid} saved in its VMBLOK" if ran else "no guest ran: nothing to save"
        return [saved, *([event.operand] if event.operand else [])]
    row = operation(event.text)
    name = f"{row.mnemonic}, {row.name}" if row else "no operation of System/370"
    lines = [f"op {event.text[:1].hex().upper()} = {name}"]
    if event.operand:
        lines.append(explain.operand_words(event.operand))
    return lines


def _rule_lines(event: DecisionTaken) -> list[str]:
    """Stage "rule": each rule that was tried, its answer, and what it would do."""
    lines: list[str] = []
    for rule in event.verdict.tried:
        lines.append(f"{rule.id} {rule.question}")
        lines.append(f"   YES -> {rule.then}" if rule.fired else f"   no (if yes: {rule.then})")
    return lines


def _dispatched(event: Dispatched) -> list[str]:
    """Stage "run": who runs, with which real PSW."""
    if not event.userid:
        return [f"no guest can run: real PSW {words(event.real_psw)} waits"]
    psw = PSW.from_bytes(event.real_psw)
    return [f"dispatch {event.userid} at {psw.instruction_address:06X}", f"real PSW {words(event.real_psw)}"]
