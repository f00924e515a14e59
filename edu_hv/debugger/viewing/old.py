"""Views of a session: the machine's values taken out as plain ones to show.  Nothing here changes anything."""

from typing import TYPE_CHECKING

from edu_hv.asm.disassembler import disassemble
from edu_hv.debugger import explain
from edu_hv.debugger.journal import Entry
from edu_hv.debugger.system import Guest
from edu_hv.debugger.views import (
    CodeLine,
    CodeView,
    ComparedValue,
    DecisionView,
    Layer,
    LogEntry,
    LogView,
    PswView,
    RegistersView,
    RegisterValue,
    RuleView,
    StageState,
    StageView,
    StatusView,
    StorageRow,
    StorageView,
    TimelineView,
    XrayView,
)
from edu_hv.hypervisor.decisions import (
    ConsoleLine,
    DecisionCarriedOut,
    DecisionTaken,
    Decoded,
    Dispatched,
    Verdict,
)
from edu_hv.isa.formats import Field, Register, field, instruction_length
from edu_hv.isa.table import ConditionCode, operation
from edu_hv.machine.events import CCWExecuted, Event, InterruptionRecognized, IOStarted, PSWsSwapped, Waited
from edu_hv.machine.psw import PSW

if TYPE_CHECKING:
    from edu_hv.debugger.session import DebugSession

ROW = 16
"""Bytes in a row of the storage view."""
UNDER_CP_TITLES = ("guest", "hardware", "decode", "rule", "do", "run")
BARE_TITLES = ("program", "hardware")

# ---- status ---------------------------------------------------------------------------------------------------------


def status(session: "DebugSession") -> StatusView:
    """The top line."""
    system = session.system
    return StatusView(
        guest=session.selected,
        guests=tuple(guest.name for guest in system.guests),
        step=session.step_number,
        total=session.total,
        stop=session.stop_reason,
        guest_state=_guest_state(session, session.guest),
        real_state=_state_word(session.real_psw()),
        running=_running(session),
        stage=_stage_title(session),
        microseconds=system.machine.clocks.now,
    )


def _guest_state(session: "DebugSession", guest: Guest) -> str:
    if guest.vm is not None and guest.vm.cf:
        return "CP"
    psw = session.guest_psw(guest.name)
    return "WAIT" if psw.wait else _state_word(psw)


def _state_word(psw: PSW) -> str:
    return "PROB" if psw.problem_state else "SUP"


def _running(session: "DebugSession") -> str:
    if _cp_has_cpu(session):
        return "CP"
    if session.system.machine.cpu.psw.wait:
        return "wait"
    return session.running() or "wait"


def _cp_has_cpu(session: "DebugSession") -> bool:
    cp = session.system.cp
    return cp is not None and cp.busy


def _stage_title(session: "DebugSession") -> str:
    if not session.in_step:
        return ""
    stages = xray(session).stages
    return next((stage.title for stage in stages if stage.state is StageState.NOW), "")


def stage_reason(session: "DebugSession") -> str:
    """What the last step or stage was about, when it was a trap's; else ""."""
    entries = session.journal.of_step(session.step_number)
    trap = next((e.event for e in entries if isinstance(e.event, InterruptionRecognized)), None)
    if trap is None:
        return ""
    title = _stage_title(session)
    guest = next((e.guest for e in entries if e.guest), "")
    return f"trap: {explain.trap_words(trap, session.assembly_of(guest))}" + (f" (stage {title})" if title else "")


# ---- code -----------------------------------------------------------------------------------------------------------


def code(session: "DebugSession", rows: int) -> CodeView:
    """Instructions around the next one: statements of the listing where storage agrees with them, else disassembly."""
    current = session.guest_psw().instruction_address
    if session.in_step:
        current = _trapped_at(session, current)
    addresses = _addresses_around(session, current, rows)
    lines = tuple(_code_line(session, address, current) for address in addresses)
    index = next((n for n, line in enumerate(lines) if line.current), None)
    return CodeView(session.selected, lines, index)


def _trapped_at(session: "DebugSession", otherwise: int) -> int:
    """While a trap is under way, the instruction it is about."""
    for entry in session.journal.of_step(session.step_number):
        if isinstance(entry.event, InterruptionRecognized) and entry.event.text and entry.guest == session.selected:
            return entry.event.instruction_address
    return otherwise


def _addresses_around(session: "DebugSession", current: int, rows: int) -> list[int]:
    """Addresses of instructions: a third of the rows before the current one, the rest behind it."""
    before = _addresses_before(session, current, rows // 3)
    addresses = [*before]
    at = current
    while len(addresses) < rows and at < session.storage_size():
        addresses.append(at)
        at += _length_at(session, at)
    return addresses


def _addresses_before(session: "DebugSession", current: int, count: int) -> list[int]:
    """The instructions that lead up to `current`: from the listing if there is one, else by trying lengths."""
    assembly = session.guest.assembly
    addresses: list[int] = []
    if assembly is not None:
        known = sorted({line.address for line in assembly.listing if line.object_code and line.address is not None})
        addresses = [a for a in known if current - 6 * count <= a < current and _agrees(session, a)]
    if not addresses and current >= 2:
        addresses = _guess_before(session, current, count)
    return addresses[-count:] if count else []


def _guess_before(session: "DebugSession", current: int, count: int) -> list[int]:
    """Start far enough back, on a halfword, and keep the chain of instructions that arrives at `current`."""
    for start in range(max(current - 6 * count, 0) & ~1, current, 2):
        chain: list[int] = []
        at = start
        while at < current:
            chain.append(at)
            at += _length_at(session, at)
        if at == current:
            return chain
    return []


def _agrees(session: "DebugSession", address: int) -> bool:
    """Whether storage holds what the listing says."""
    assembly = session.guest.assembly
    line = assembly.line_at(address) if assembly else None
    if line is None or line.address != address or not line.object_code:
        return False
    size = len(line.object_code)
    if address + size > session.storage_size():
        return False
    return session.guest_storage(address, size) == line.object_code


def _length_at(session: "DebugSession", address: int) -> int:
    assembly = session.guest.assembly
    if assembly is not None and _agrees(session, address):
        line = assembly.line_at(address)
        assert line is not None
        return len(line.object_code)
    length = instruction_length(session.guest_storage(address, 1)[0])
    return min(length, session.storage_size() - address)


def _code_line(session: "DebugSession", address: int, current: int) -> CodeLine:
    text = session.guest_storage(address, _length_at(session, address))
    source, label = _source(session, address, text)
    trap = _trap_at(session, address)
    return CodeLine(
        address=address,
        object_code=text[:8].hex().upper(),
        source=source,
        label=label,
        current=address == current,
        executed=(session.selected, address) in session.visited,
        breakpoint=session.breakpoints.at(address) is not None,
        trap=trap is not None,
        note=explain.short_trap(trap) if trap else _note(session, text, address == current),
    )


def _source(session: "DebugSession", address: int, text: bytes) -> tuple[str, str]:
    """The statement or the disassembly, and the label."""
    assembly = session.guest.assembly
    if assembly is not None and _agrees(session, address):
        line = assembly.line_at(address)
        assert line is not None
        return line.source.rstrip(), assembly.label_at(address) or ""
    found = disassemble(text, address)
    return f"         {found.mnemonic:<5} {found.operands}", ""


def _trap_at(session: "DebugSession", address: int) -> InterruptionRecognized | None:
    for entry in session.journal.of_step(session.step_number):
        event = entry.event
        if isinstance(event, InterruptionRecognized) and event.text and entry.guest == session.selected:
            return event if event.instruction_address == address else None
    return None


_BRANCHES_ON_CC = ("BC", "BCR")


def _note(session: "DebugSession", text: bytes, current: bool) -> str:
    row = operation(text) if len(text) >= 2 else None
    if row is None:
        return ""
    if row.privileged:
        return "privileged"
    if row.mnemonic == "SVC":
        return f"SVC {text[1]}"
    if current and row.mnemonic in _BRANCHES_ON_CC:
        taken = text[1] >> 4 & 8 >> session.guest_psw().cc
        return "will branch" if taken else "will not branch"
    return ""


# ---- registers ------------------------------------------------------------------------------------------------------


def registers(session: "DebugSession") -> RegistersView:
    """General registers with marks, condition code, and control registers guest / real / why."""
    before = session.before.get(session.selected)
    read = _registers_read(session)
    values = session.guest_registers()
    general = tuple(
        RegisterValue(f"R{n:X}", f"{value:08X}", bool(before and before.gr[n] != value), n in read)
        for n, value in enumerate(values)
    )
    return RegistersView(session.selected, general, _condition_code(session), _control_registers(session))


def _registers_read(session: "DebugSession") -> set[int]:
    """Registers that the last instruction names as base, index or second operand."""
    guest, _, text = session.executed
    row = operation(text) if len(text) >= 2 else None
    if row is None or guest != session.selected or len(text) != row.format.length:
        return set()
    found: set[int] = set()
    for operand in row.format.operands:
        if isinstance(operand, Register):
            if operand.field is Field.GENERAL_REGISTER and operand.name != "R1":
                found.add(field(text, operand.bit, operand.width))
        else:
            bits = [operand.base_bit, *([operand.index_bit] if operand.index_bit is not None else [])]
            found |= {field(text, bit, 4) for bit in bits} - {0}
    return found


def _condition_code(session: "DebugSession") -> str:
    cc = session.guest_psw().cc
    _, at, text = session.executed
    row = operation(text) if len(text) >= 2 else None
    if row is None or row.condition_code is not ConditionCode.SET or row.privileged:
        return f"CC {cc}"
    meaning = explain.condition_code_meaning(row.mnemonic, cc)
    return f"CC {cc} {meaning} ({explain.statement(session.guest.assembly, text, at)})" if meaning else f"CC {cc}"


def _control_registers(session: "DebugSession") -> tuple[ComparedValue, ...]:
    before = session.before.get(session.selected)
    guest, real = session.guest_control_registers(), session.system.machine.cpu.cr
    running = session.selected == session.running()
    found: list[ComparedValue] = []
    for n in (0, 1, 2, 8, 14):
        mine, there = f"{guest[n]:08X}", f"{real[n]:08X}"
        why = "same" if mine == there else explain.WHY_CONTROL_REGISTER.get(n, "CP's own")
        if not running and session.system.cp is not None and mine != there:
            why = f"{why} (last loaded)"
        changed = bool(before and before.cr[n] != guest[n])
        found.append(ComparedValue(f"CR{n}", mine, there, why, changed))
    return tuple(found)


# ---- PSW ------------------------------------------------------------------------------------------------------------


def psw(session: "DebugSession") -> PswView:
    """The PSW field by field."""
    guest, real = session.guest_psw(), session.real_psw()
    before = session.before.get(session.selected)
    old = _psw_fields(before.psw) if before else {}
    old_real = _psw_fields(before.real_psw) if before else {}
    cp_runs, guest_runs = _cp_has_cpu(session), session.running() == session.selected
    mine, there = _psw_fields(guest), _psw_fields(real)
    fields = tuple(
        ComparedValue(
            name,
            mine[name],
            there[name],
            explain.why_psw_field(name, mine[name], there[name], cp_runs, guest_runs),
            name in old and old[name] != mine[name],
            name in old_real and old_real[name] != there[name],
        )
        for name in mine
    )
    return PswView(session.selected, str(guest), str(real), fields)


def _psw_fields(psw: PSW) -> dict[str, str]:
    """The fields in the order they are shown."""
    return {
        "mask": f"{psw.system_mask:02X}",
        "state": _state_word(psw),
        "address": f"{psw.instruction_address:06X}",
        "key": f"{psw.key:X}",
        "CC": str(psw.cc),
        "mode": "EC" if psw.ec_mode else "BC",
        "DAT": "on" if psw.dat else "off",
        "I/O": "on" if psw.io_enabled() else "off",
        "external": "on" if psw.external_mask else "off",
        "wait": "yes" if psw.wait else "no",
        "program mask": f"{psw.program_mask:X}",
        "machine check": "on" if psw.machine_check_mask else "off",
    }


# ---- trap x-ray -----------------------------------------------------------------------------------------------------


def xray(session: "DebugSession") -> XrayView:
    """The stages of the trap under way, or of the last one."""
    entries = _trap_entries(session)
    if not entries:
        return XrayView("no trap yet", (), (), "", False)
    first = entries[0].event
    assert isinstance(first, InterruptionRecognized)
    in_progress = session.in_step and entries[0].step == session.step_number
    under_cp = session.system.cp is not None
    stages = _stages(session, entries, in_progress, under_cp)
    verdict = _verdict(entries)
    rules = _rules(verdict) if verdict else ()
    trap = explain.trap_words(first, session.assembly_of(entries[0].guest))
    title = f"{entries[0].guest or 'machine'} step {entries[0].step}: {trap}"
    return XrayView(title, stages, rules, verdict.why if verdict else "", in_progress)


def _trap_entries(session: "DebugSession") -> list[Entry]:
    found = session.journal.last(1, InterruptionRecognized)
    return session.journal.of_step_and_after(found[0]) if found else []


def _verdict(entries: list[Entry]) -> Verdict | None:
    """The verdict about the trap itself, not those the dispatcher came to afterwards."""
    return next((e.event.verdict for e in entries if isinstance(e.event, DecisionTaken)), None)


def _stages(
    session: "DebugSession", entries: list[Entry], in_progress: bool, under_cp: bool
) -> tuple[StageView, ...]:
    made: list[tuple[str, list[str]]] = []
    ilc = 0
    for entry in entries:
        if isinstance(entry.event, InterruptionRecognized):
            ilc = entry.event.ilc
        found = _stage_of(session, entry, ilc, under_cp, len(made))
        if found:
            made.append(found)
    titles = [title for title, _ in made]
    if in_progress:
        made.extend((title, []) for title in (UNDER_CP_TITLES if under_cp else BARE_TITLES)[len(made) :])
        if under_cp and titles and titles[-1] not in ("run",) and len(made) == len(titles):
            made.append(("run", []))
    now = len(titles) - 1 if in_progress else None
    return tuple(
        StageView(number, title, _stage_state(number - 1, now), tuple(lines))
        for number, (title, lines) in enumerate(made, 1)
    )


def _stage_state(index: int, now: int | None) -> StageState:
    if now is None or index < now:
        return StageState.DONE
    return StageState.NOW if index == now else StageState.TO_COME


def _stage_of(
    session: "DebugSession", entry: Entry, ilc: int, under_cp: bool, index: int
) -> tuple[str, list[str]] | None:
    """Title and lines of the stage that an event is, or None for one that is none."""
    event = entry.event
    match event:
        case InterruptionRecognized():
            lines = explain.recognized_lines(event, session.assembly_of(entry.guest))
            return ("guest" if under_cp else "program"), lines
        case PSWsSwapped():
            return "hardware", explain.swapped_lines(event, ilc, under_cp)
        case Decoded():
            return "decode", explain.decoded_lines(event)
        case DecisionTaken():
            return ("rule" if index < len(UNDER_CP_TITLES) - 1 else "then"), explain.rule_lines(event)
        case DecisionCarriedOut():
            return "do", explain.carried_out_lines(event, explain.running_mask(session))
        case Dispatched():
            return "run", explain.dispatched_lines(event)
        case _:
            return None


def _rules(verdict: Verdict) -> tuple[RuleView, ...]:
    return tuple(RuleView(r.id, r.question, r.fired, r.then, r.source) for r in verdict.tried)


def decisions(session: "DebugSession", count: int) -> list[DecisionView]:
    """The last decisions, oldest first."""
    found: list[DecisionView] = []
    for entry in session.journal.last(count, DecisionTaken):
        event = entry.event
        assert isinstance(event, DecisionTaken)
        effects = _effects_after(session, entry)
        trap = event.trap.words if event.trap else "dispatching"
        if event.mnemonic:
            trap += f" ({event.mnemonic})"
        verdict = event.verdict
        found.append(
            DecisionView(entry.step, event.userid, trap, _rules(verdict), str(verdict.decision), verdict.why, effects)
        )
    return found


def _effects_after(session: "DebugSession", taken: Entry) -> tuple[ComparedValue, ...]:
    """What carrying the decision out changed, as far as that is in the past."""
    for entry in session.journal.after(taken.unit):
        if isinstance(entry.event, DecisionCarriedOut):
            return tuple(ComparedValue(e.name, e.before, e.after, "before, after", True) for e in entry.event.effects)
    return ()


# ---- storage --------------------------------------------------------------------------------------------------------


def storage(session: "DebugSession", address: int | None, length: int) -> StorageView:
    """Rows of guest storage; without an address, around what the last step stored."""
    if address is None:
        address = _last_stored(session)
    size = session.storage_size()
    start = min(address, size - 1) & ~(ROW - 1)
    end = min(start + max(length, 1) + (address - start), size)
    rows = tuple(_storage_row(session, at) for at in range(start, end, ROW))
    return StorageView(session.selected, rows, _key_words(session, start))


def _last_stored(session: "DebugSession") -> int:
    size = session.storage_size()
    reals = {stored.absolute for stored in session.stored}
    for page in range(0, size, 4096):
        real = session.real_address(page)
        if real is None:
            continue
        inside = sorted(r for r in reals if real <= r < real + 4096)
        if inside:
            return page + inside[0] - real
    return session.guest_psw().instruction_address


def _storage_row(session: "DebugSession", address: int) -> StorageRow:
    text = session.guest_storage(address, ROW)
    real = session.real_address(address)
    changed = frozenset(n for n in range(ROW) if real is not None and _was_stored(session, real + n))
    letters = "".join(c if c.isprintable() and c.isascii() else "." for c in text.decode("cp037"))
    words = tuple(text[n : n + 4].hex().upper() for n in range(0, ROW, 4))
    return StorageRow(address, real, words, letters, changed)


def _was_stored(session: "DebugSession", real: int) -> bool:
    return any(s.absolute <= real < s.absolute + len(s.new) for s in session.stored)


def _key_words(session: "DebugSession", address: int) -> str:
    real = session.real_address(address)
    if real is None:
        return ""
    key = session.system.machine.storage.key(real)
    bits = [name for bit, name in ((8, "fetch protected"), (4, "referenced"), (2, "changed")) if key & bit]
    return ", ".join([f"key {key >> 4:X}", *bits])


# ---- log and timeline -----------------------------------------------------------------------------------------------


def log(session: "DebugSession", count: int) -> LogView:
    """The last entries of the journal."""
    entries = session.journal.latest(count)
    return LogView(tuple(LogEntry(e.step, _layer(e.event), explain.entry_words(e, session.assembly_of(e.guest)), e.guest) for e in entries))


def _layer(event: Event) -> Layer:
    match event:
        case InterruptionRecognized() | ConsoleLine(cp=False):
            return Layer.GUEST
        case PSWsSwapped() | Waited():
            return Layer.HARDWARE
        case CCWExecuted() | IOStarted():
            return Layer.CHANNEL
        case _:
            return Layer.CP


def timeline(session: "DebugSession", width: int) -> TimelineView:
    """The recording, bucket by bucket; a bucket shows the most remarkable thing in it."""
    total, step = session.total, session.step_number
    marks = session.marks.decode()
    bucket = max(-(-len(marks) // max(width, 1)), 1)
    shown = "".join(_most_remarkable(marks[n : n + bucket]) for n in range(0, len(marks), bucket))
    position = min((step - 1) // bucket, len(shown) - 1) if shown and step else 0
    return TimelineView(shown, max(position, 0), step, total)


def _most_remarkable(marks: str) -> str:
    return next(mark for mark in "Tiws." if mark in marks)

