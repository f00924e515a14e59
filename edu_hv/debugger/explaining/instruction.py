"""What the next step will do: found by executing it and taking it back, so that it is what the machine does."""

from typing import TYPE_CHECKING

from edu_hv.debugger.believed import GuestState
from edu_hv.debugger.explain import dead_words, effect_words, label_words, statement
from edu_hv.debugger.explaining import reasons
from edu_hv.debugger.explaining.ahead import Outcome, look_ahead, undone
from edu_hv.debugger.explaining.branches import branch_words
from edu_hv.debugger.explaining.condition_codes import meaning_of
from edu_hv.debugger.explaining.operands import (
    BRANCHES,
    EXECUTE,
    Place,
    control_registers_named,
    places,
    register_fields,
    registers_between,
    registers_written,
    target_of_execute,
)
from edu_hv.debugger.explaining.views import ExplainView, OperandView, Prediction
from edu_hv.debugger.explaining.waiting import waiting_words
from edu_hv.debugger.system import BARE
from edu_hv.hypervisor.decisions import DecisionCarriedOut, DecisionTaken, Reflect
from edu_hv.isa.codes import PIC, Class, Key
from edu_hv.isa.formats import Field
from edu_hv.isa.table import ConditionCode, operation
from edu_hv.machine.events import AssistHandled, PSWsSwapped
from edu_hv.machine.interruptions import Interruption, ProgramInterruption
from edu_hv.machine.machine import program_interruption

if TYPE_CHECKING:
    from edu_hv.debugger.session import DebugSession

_MOST_REFUSED = 3
"""When more rules were tried before the one that applies, they are left to xray and why."""
MOST_BYTES = 16
"""Bytes of an operand that are shown."""


def explain(session: "DebugSession") -> ExplainView:
    """The next step of what is loaded; nothing has happened afterwards.  Raises UserError if nothing is loaded."""
    system, name = session.system, session.selected
    if session.in_step:
        return _under_way(session)
    stopped = _stopped(session)
    if stopped:
        return ExplainView(name, session.step_number + 1, stopped)
    outcome = look_ahead(system)
    prediction = predict(session, outcome)
    running = session.running()
    step = session.step_number + 1
    if outcome.recognized is not None and outcome.recognized.kind in (
        Class.EXTERNAL, Class.INPUT_OUTPUT, Class.MACHINE_CHECK, Class.RESTART,
    ):  # fmt: skip
        return _interrupted(session, outcome, prediction)
    if not running or system.machine.cpu.psw.wait:
        return ExplainView(name, step, "the machine waits", (), waiting_words(session), prediction)
    return _instruction(session, running, outcome, prediction)


def predict(session: "DebugSession", outcome: Outcome) -> Prediction:
    """The outcome as values, of the guest that runs, else of the selected one."""
    name = session.running() or session.selected
    guest = outcome.after.get(name)
    heard = outcome.heard
    trap = outcome.recognized.words if outcome.recognized else ""
    rules = tuple(e.verdict.rule.id for e in heard.events if isinstance(e, DecisionTaken))
    stores = tuple((s.absolute, s.old, s.new) for s in heard.stores)
    if guest is None:
        return Prediction(outcome.units, 0, (), (), 0, stores, trap, rules)
    psw = guest.psw
    return Prediction(outcome.units, psw.instruction_address, guest.gr, guest.cr, psw.cc, stores, trap, rules)


# ---- what is no instruction ------------------------------------------------------------------------------------------


def _stopped(session: "DebugSession") -> str:
    """Why there is no next step, or none of the selected guest; "" when there is one."""
    system = session.system
    if system.machine.dead or system.machine.check_stopped or (system.cp and system.cp.abended):
        return dead_words(system)
    vm = session.guest.vm
    if not session.follow and vm is not None and vm.cf:
        return f"{session.selected} has stopped in CP mode and executes nothing; cp begin lets it go on"
    running = session.running()
    if not session.follow and running not in ("", session.selected):
        at = session.guest_psw().instruction_address
        return f"{running} has the CPU; {session.selected} will go on at {at:06X} when CP dispatches it"
    return ""


def _under_way(session: "DebugSession") -> ExplainView:
    """A trap is being taken: what its remaining stages will do."""
    outcome = look_ahead(session.system)
    stages = "1 stage is left" if outcome.units == 1 else f"{outcome.units} stages are left"
    trap = session.stop_reason.removeprefix("back: ")
    title = f"{trap}; {stages} of it" if outcome.units else dead_words(session.system)
    recognized = session.system.machine.recognized
    sentences = _taken(session, recognized, outcome) if recognized else _by_cp(session, outcome)
    return ExplainView(session.selected, session.step_number, title, (), sentences, predict(session, outcome))


def _interrupted(session: "DebugSession", outcome: Outcome, prediction: Prediction) -> ExplainView:
    """An interruption comes before the next instruction."""
    found = outcome.recognized
    assert found is not None
    running = session.running()
    where = f"the instruction at {found.instruction_address:06X}" if running else "anything else"
    title = f"an interruption comes before {where}: {found.words}"
    why = "it is pending, and the PSW in the real machine allows it now"
    sentences = (why, *_taken(session, found, outcome))
    return ExplainView(session.selected, session.step_number + 1, title, (), sentences, prediction)


# ---- an instruction --------------------------------------------------------------------------------------------------


def _instruction(session: "DebugSession", name: str, outcome: Outcome, prediction: Prediction) -> ExplainView:
    address = outcome.before[name].psw.instruction_address
    text, executed = _texts(session, address)
    title = f"{address:06X} {_statement(session, name, text, address)}{_name_words(text)}"
    operands = _operands(session, name, text, outcome)
    sentences: list[str] = []
    if executed:
        at = places(list(outcome.before[name].gr), text)[0].address
        operands += _operands(session, name, executed, outcome)
        sentences.append(f"it executes {statement(None, executed, at)}{_name_words(executed)}, from {at:06X}")
    sentences += _outcome(session, name, executed or text, outcome)
    return ExplainView(name, session.step_number + 1, title, tuple(operands), tuple(sentences), prediction)


def _statement(session: "DebugSession", name: str, text: bytes, address: int) -> str:
    """The source statement; also of an instruction whose page has to be brought before it can be fetched."""
    assembly = session.assembly_of(name)
    line = assembly.line_at(address) if assembly and not text else None
    if line is None or not line.instruction:
        return statement(assembly, text, address)
    return f"{statement(assembly, line.object_code, address)}, which cannot be fetched now"


def _texts(session: "DebugSession", address: int) -> tuple[bytes, bytes]:
    """The instruction, b"" where it cannot be fetched, and what it executes if it is EXECUTE."""
    system, cpu = session.system, session.system.machine.cpu
    with undone(system):
        try:
            text = cpu.fetch_instruction(address)
        except ProgramInterruption:
            return b"", b""
        return text, target_of_execute(cpu, text) if text[0] == EXECUTE else b""


def _name_words(text: bytes) -> str:
    row = operation(text) if len(text) >= 2 else None
    if row is None:
        return ""
    kind = ", privileged" if row.privileged else ", semiprivileged" if row.semiprivileged else ""
    return f": {row.name}{kind}"


def _operands(session: "DebugSession", name: str, text: bytes, outcome: Outcome) -> list[OperandView]:
    before, after = outcome.before[name], outcome.after.get(name, outcome.before[name])
    found = _register_operands(text, before, after, outcome)
    return found + [_storage_operand(session, place, outcome) for place in places(list(before.gr), text)]


def _register_operands(text: bytes, before: GuestState, after: GuestState, outcome: Outcome) -> list[OperandView]:
    found: list[OperandView] = []
    for n in _general_registers(text):
        found.append(_changed(f"GR{n}", before.gr[n], after.gr[n], 8))
    for n in control_registers_named(text):
        found.append(_changed(f"CR{n}", before.cr[n], after.cr[n], 8))
    for name, kind, n in register_fields(text):
        if kind is Field.FLOATING_POINT_REGISTER and n in (0, 2, 4, 6):
            found.append(_changed(f"FPR{n}", outcome.fpr[0][n // 2], outcome.fpr[1][n // 2], 16))
        elif kind is Field.IMMEDIATE:
            found.append(OperandView("immediate data", "", f"{name} field", f"{n:02X}"))
        elif kind is Field.MASK:
            found.append(OperandView("mask", "", f"{name} field", f"{n:X}, binary {n:04b}"))
    return found


def _general_registers(text: bytes) -> list[int]:
    """Those that the instruction names as operands or writes besides, each once."""
    named = [n for _, kind, n in register_fields(text) if kind is Field.GENERAL_REGISTER]
    row = operation(text) if len(text) >= 2 else None
    if row is not None and row.mnemonic in BRANCHES and len(text) == 2 and not text[1] & 15:
        named = named[:-1]  # Operand 2 being 0 means no branch, not register 0.
    return registers_between(text) or list(dict.fromkeys([*named, *sorted(registers_written(text))]))


def _changed(name: str, before: int, after: int, digits: int) -> OperandView:
    return OperandView(name, "", "", f"{before:0{digits}X}", f"{after:0{digits}X}" if after != before else "")


def _storage_operand(session: "DebugSession", place: Place, outcome: Outcome) -> OperandView:
    if not place.length:
        return OperandView(place.name, place.computed, "the address itself", f"{place.address:06X}")
    system, cpu = session.system, session.system.machine.cpu
    size = min(place.length, MOST_BYTES)
    with undone(system):
        absolute = reasons.absolute_of(cpu, place.address)
        key = reasons.key_of(cpu, place.address)
        try:
            before = cpu.examine(place.address, size)
        except ProgramInterruption as condition:
            no = program_interruption(condition, 0, 0, b"").words
            return OperandView(place.name, place.computed, _place_words(place, absolute, key), f"no access: {no}")
    after = _after(before, absolute, outcome)
    shown = before.hex().upper() + ("..." if place.length > size else "")
    return OperandView(place.name, place.computed, _place_words(place, absolute, key), shown, after)


def _place_words(place: Place, absolute: int | None, key: int | None) -> str:
    parts = [f"{place.length} byte{'s' if place.length != 1 else ''}"]
    if absolute is not None and absolute != place.address:
        parts.append(f"real {absolute:06X}")
    if key is not None:
        parts.append(f"storage key {key >> 4:X}" + (", fetch protected" if key & Key.FETCH_PROTECTION else ""))
    return ", ".join(parts)


def _after(before: bytes, absolute: int | None, outcome: Outcome) -> str:
    """The bytes as the step leaves them; "" when it does not change them."""
    if absolute is None:
        return ""
    now = bytearray(before)
    for stored in outcome.heard.stores:
        for n, byte in enumerate(stored.new):
            if 0 <= stored.absolute + n - absolute < len(now):
                now[stored.absolute + n - absolute] = byte
    return bytes(now).hex().upper() if bytes(now) != before else ""


# ---- what comes of it ------------------------------------------------------------------------------------------------


def _outcome(session: "DebugSession", name: str, text: bytes, outcome: Outcome) -> list[str]:
    before, after = outcome.before[name], outcome.after.get(name, outcome.before[name])
    if outcome.recognized is not None:
        return list(_trapped(session, name, text, outcome))
    sentences = [words for words in [branch_words(text, list(before.gr), before.psw.cc)] if words]
    assisted = next((e for e in outcome.heard.events if isinstance(e, AssistHandled)), None)
    if assisted is not None:
        sentences.append(f"the VM assist does {assisted.mnemonic} for the guest: there is no trap to CP")
    sentences += _condition_code(text, before, after)
    sentences += _other_changes(before, after)
    at = after.psw.instruction_address
    sentences.append(f"no trap; the next instruction is at {at:06X}{label_words(session.assembly_of(name), at)}")
    if after.psw.wait and not before.psw.wait:
        enabled = after.psw.enabled_for_something
        sentences.append("the machine will wait" + ("" if enabled else ", and nothing can end that: a disabled wait"))
    return sentences


def _condition_code(text: bytes, before: GuestState, after: GuestState) -> list[str]:
    row = operation(text) if len(text) >= 2 else None
    if row is None or row.condition_code is ConditionCode.UNCHANGED:
        return []
    if row.condition_code is ConditionCode.LOADED:
        return [f"the condition code is loaded from the operand: {after.psw.cc}"]
    return [f"the condition code becomes {after.psw.cc}: {meaning_of(row.mnemonic, after.psw.cc)}"]


def _other_changes(before: GuestState, after: GuestState) -> list[str]:
    """Fields of the PSW that change, beside CC and address."""
    pairs = (
        ("system mask", f"{before.psw.system_mask:02X}", f"{after.psw.system_mask:02X}"),
        ("PSW key", f"{before.psw.key:X}", f"{after.psw.key:X}"),
        ("program mask", f"{before.psw.program_mask:X}", f"{after.psw.program_mask:X}"),
        ("state", _state(before), _state(after)),
        ("PSW format", "EC" if before.psw.ec_mode else "BC", "EC" if after.psw.ec_mode else "BC"),
    )
    return [f"{name} {old} becomes {new}" for name, old, new in pairs if old != new]


def _state(state: GuestState) -> str:
    return "problem state" if state.psw.problem_state else "supervisor state"


def _trapped(session: "DebugSession", name: str, text: bytes, outcome: Outcome) -> tuple[str, ...]:
    found = outcome.recognized
    assert found is not None
    return (_why(session, name, found, text, outcome), *_taken(session, found, outcome))


def _why(session: "DebugSession", name: str, found: Interruption, text: bytes, outcome: Outcome) -> str:
    """The hardware's reason, and under CP why the real machine is in that state."""
    if found.kind is Class.SVC:
        return f"SVC always interrupts: supervisor call {found.code}"
    with undone(session.system):
        why = reasons.reason(session.system.machine.cpu, found, text, list(outcome.before[name].gr))
    ending = f"; the instruction ends by {found.ending.value}" if found.ending else ""
    guest = outcome.before[name].psw
    if name != BARE and found.code == 2 and not guest.problem_state:
        why += " (the guest is in supervisor state, but CP runs every guest in real problem state, to get the CPU here)"
    if name != BARE and found.code in (PIC.PAGE_TRANSLATION, PIC.SEGMENT_TRANSLATION):
        why += f" ({'shadow table of CP' if guest.dat else 'table of CP, from guest-real to real'})"
    return f"the hardware will see {found.words}: {why}{ending}"


def _taken(session: "DebugSession", found: Interruption, outcome: Outcome) -> tuple[str, ...]:
    """How the interruption is taken: by the hardware, and by CP."""
    swapped = outcome.heard.first(PSWsSwapped)
    sentences: list[str] = []
    if isinstance(swapped, PSWsSwapped):
        sentences.append(_swap_words(session, swapped))
    return (*sentences, *_by_cp(session, outcome))


def _swap_words(session: "DebugSession", swapped: PSWsSwapped) -> str:
    new = session.system.machine.cpu.decode_psw(swapped.new)
    at = new.instruction_address
    where = f"goes on at {at:06X}"
    if session.system.cp is None:
        where += label_words(session.guest.assembly, at)
        where += (
            ", waiting" + ("" if new.enabled_for_something else " for nothing: a disabled wait") if new.wait else ""
        )
        if not any(swapped.new):
            where += "; that new PSW is all zeros: nobody has set it"
    else:
        where = "CP has the machine"
    return f"the old PSW goes to {swapped.kind.old_psw:06X}, the new PSW comes from {swapped.kind.new_psw:06X}: {where}"


def _by_cp(session: "DebugSession", outcome: Outcome) -> tuple[str, ...]:
    """What CP decides, and what its guest gets."""
    if session.system.cp is None:
        return ()
    sentences: list[str] = []
    for event in outcome.heard.events:
        if isinstance(event, DecisionTaken):
            sentences.append(_decision_words(event))
        elif isinstance(event, DecisionCarriedOut) and event.effects:
            effects = "; ".join(effect_words(effect) for effect in event.effects)
            sentences.append(f"{event.userid or 'nobody'} will get: {effects}")
    return (*sentences, *_goes_on(session, outcome))


def _decision_words(event: DecisionTaken) -> str:
    """The rules tried, with their answers, and the reason of the one that applies."""
    verdict = event.verdict
    fired = verdict.tried.index(verdict.rule)
    refused = verdict.tried[:fired]
    no = [f"{tried.id} {tried.question} no" for tried in refused] if len(refused) <= _MOST_REFUSED else []
    yes = f"{verdict.rule.id} {verdict.rule.question} yes, so: {verdict.decision}"
    asks = "so CP asks further" if event.within else "CP will ask"
    return f"{asks}: {'; '.join([*no, yes])}; because {verdict.why}"


def _goes_on(session: "DebugSession", outcome: Outcome) -> list[str]:
    """Who runs after the step, and where."""
    reflected = [
        e for e in outcome.heard.events if isinstance(e, DecisionTaken) and isinstance(e.verdict.decision, Reflect)
    ]
    name = session.running() or session.selected
    after, before = outcome.after.get(name), outcome.before.get(name)
    if after is None or before is None:
        return [f"{name} will not be logged on any more"]
    at = after.psw.instruction_address
    where = "its own handler" if reflected else "the guest"
    sentences = (
        [f"{where} goes on at {at:06X}{label_words(session.assembly_of(name), at)}"] if not after.psw.wait else []
    )
    if after.psw.wait:
        enabled = after.psw.enabled_for_something
        sentences.append("the guest waits" + ("" if enabled else " for nothing: a disabled wait"))
    return sentences
