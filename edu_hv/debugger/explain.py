"""Values and events in words.  Every sentence is made from the values themselves, never from what should be so."""

from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

from edu_hv.asm.assembler import Assembly
from edu_hv.asm.disassembler import disassemble
from edu_hv.debugger.explaining.condition_codes import meaning_of
from edu_hv.debugger.recording.journal import (
    Entry,
    GuestPSWsSwapped,
    InputGiven,
    Journal,
    ProgramTranslated,
    StatusStored,
    StatusTranslated,
)
from edu_hv.debugger.system import BARE, NOBODY, Guest, System
from edu_hv.hypervisor.decisions import (
    ConsoleLine,
    DecisionCarriedOut,
    DecisionTaken,
    Decoded,
    Dispatched,
    Effect,
    Simulate,
)
from edu_hv.isa.codes import ChannelStatus, Class, UnitStatus
from edu_hv.isa.table import BY_MNEMONIC, operation
from edu_hv.machine.ccw import CCW, CSW, status_words
from edu_hv.machine.events import (
    AssistDeclined,
    AssistHandled,
    CCWExecuted,
    InterruptionRecognized,
    IOStarted,
    PSWsSwapped,
    Waited,
)
from edu_hv.machine.interruptions import Interruption

if TYPE_CHECKING:
    from edu_hv.debugger.session import DebugSession


def words(text: bytes) -> str:
    """Bytes as hexadecimal words: "070D0000 00012334"."""
    return text.hex(" ", -4).upper()


@lru_cache(maxsize=4096)
def instruction(text: bytes, address: int) -> str:
    """An instruction as the assembler writes it: "SSM 16(12)"."""
    if not text:
        return "an instruction that could not be fetched"
    found = disassemble(text, address)
    return f"{found.mnemonic} {found.operands}".strip()


_EX = bytes([BY_MNEMONIC["EX"].code])


def statement(assembly: Assembly | None, text: bytes, address: int) -> str:
    """An instruction as its source has it, "SSM ALLON", if it is the listing's; else disassembled."""
    line = assembly.line_at(address) if assembly else None
    if line is None or line.address != address or line.object_code != text:
        executed = line is not None and line.object_code[:1] == _EX and text[:1] != _EX
        return instruction(text, address) + (" (by EX)" if executed else "")
    words_of_line = line.source[0 if line.source[:1].isspace() else len(line.source.split()[0]) :].split()
    return " ".join(words_of_line[:2])


def trap_words(event: InterruptionRecognized, assembly: Assembly | None = None) -> str:
    """What was recognized and where: "program: privileged operation at 012330 SSM ALLON"."""
    cause = Interruption(event.kind, event.code).words
    if not event.text:
        return cause
    at = event.instruction_address
    return f"{cause} at {at:06X} {statement(assembly, event.text, at)}"


def short_trap(event: InterruptionRecognized) -> str:
    """A trap in a few columns: "TRAP 02", "SVC 5", "EXT 0080", "I/O 009"."""
    match event.kind:
        case Class.PROGRAM:
            return f"TRAP {event.code:02X}"
        case Class.SVC:
            return f"SVC {event.code}"
        case Class.EXTERNAL:
            return f"EXT {event.code:04X}"
        case _:
            return f"I/O {event.code:03X}"


# ---- why guest and real differ --------------------------------------------------------------------------------------


def why_not_in_cpu(system: System, guest: Guest) -> str:
    """Why what is in the real CPU is not this guest's; "" while it is."""
    if system.cp is not None and system.cp.busy:
        # An operator's command gives CP the CPU without an interruption, so without a new PSW.
        own = not system.machine.cpu.psw.problem_state
        return "CP's own PSW" if own else "CP is about to dispatch"
    if system.running == guest.name:
        return ""
    if guest.vm is not None and guest.vm.cf:
        return "in CP mode: does not run"
    return f"{system.running} has the CPU" if system.running else "CP waits: no guest can run"


def why_psw_field(name: str, guest: str, real: str, not_in_cpu: str) -> str:
    """Why a field of the guest's PSW is not what is in the real one; at most 28 columns."""
    if not_in_cpu:
        return not_in_cpu
    if guest == real:
        return "same"
    return _WHY_WHILE_RUNNING.get(name, "differs")


_WHY_WHILE_RUNNING = {
    "mask": "EC: DAT, I/O, external on",
    "mode": "translation needs EC mode",
    "DAT": "CP maps the guest's storage",
    "I/O": "CP hears of every device",
    "external": "for the end of a time slice",
    "state": "so that privileged ones trap",
    "machine check": "machine checks are CP's",
}

_WHY_CONTROL_REGISTER = {
    0: "CP's table format and masks",
    2: "CP enables every channel",
    8: "loaded for ECMODE only",
}


def why_control_register(system: System, guest: Guest, number: int, believed: int, real: int) -> str:
    """Why a control register of the guest is not what is in the real one; at most 28 columns."""
    if believed == real:
        return "same"
    shadow = _whose_shadow(system, guest) if number < 2 else ""
    if shadow:
        return f"{_WHY_SHADOW[number]}{shadow}".rstrip()
    if number != 1:
        return _WHY_CONTROL_REGISTER.get(number, "CP's own")
    owner = next((g.name for g in system.guests if g.vm is not None and g.vm.vmseg == real), "")
    return f"CP's table for {owner}" if owner else "CP's own"


_WHY_SHADOW = ("shadow tables' format", "shadow table")


def _whose_shadow(system: System, guest: Guest) -> str:
    """Whose shadow tables the machine translates by: "" nobody's, else the end of a sentence."""
    running = system.find(system.running)
    vm = running.vm if running else None
    if running is None or vm is None or not vm.translating:
        return ""
    return " " if running is guest else f" of {running.name}"


def why_clock(name: str, same: bool, runs: bool) -> str:
    """Why a clock of the guest is not what is in the real one; at most 28 columns."""
    if same:
        return "same"
    if name == "comparator":
        return "CP's next timer request"
    return "counts when SPT has set it" if runs else "stands while it does not run"


# ---- one entry of the journal in words ------------------------------------------------------------------------------


def entry_words(entry: Entry, assembly: Assembly | None) -> str:
    """One event in words; `assembly` is that of the guest concerned."""
    match entry.event:
        case InterruptionRecognized():
            return trap_words(entry.event, assembly)
        case PSWsSwapped(kind, _, old, new):
            return f"old PSW {words(old)} to {kind.old_psw:06X}, new PSW {words(new)} from {kind.new_psw:06X}"
        case GuestPSWsSwapped(kind, _, old, new):
            return f"guest: old PSW {words(old)} to {kind.old_psw:06X}, new PSW {words(new)} from {kind.new_psw:06X}"
        case Decoded(_, text, operand):
            row = operation(text) if text else None
            of = f", {operand_words(operand)}" if operand else ""
            fetched = f"CP fetched {row.mnemonic if row else words(text)}{of}"
            saved = "CP saved the guest's registers" if entry.guest else "CP was waiting: no registers to save"
            return fetched if text else saved
        case DecisionTaken(_, _, _, verdict, within):
            return f"{'so' if within else 'CP,'} rule {verdict.rule.id}: {verdict.decision}"
        case DecisionCarriedOut(_, _, effects):
            return "; ".join(map(effect_words, effects)) or "nothing of the guest changed"
        case Dispatched(userid, psw):
            return f"CP dispatched {userid}, PSW {words(psw)}" if userid else f"CP waits, PSW {words(psw)}"
        case ConsoleLine(_, text, cp):
            return f"{'CP' if cp else 'console'}: {text}"
        case AssistHandled(what, _, at, before, after):
            return f"the assist did {what} at {at:06X} without CP: guest PSW {words(before)} -> {words(after)}"
        case AssistDeclined(what, _, at, why_not):
            return f"the assist left {what} at {at:06X} to CP: {why_not}"
        case Waited(start, end):
            return f"waited {end - start} microseconds"
        case InputGiven(given, answer):
            said = f"; CP answered: {' | '.join(answer)}" if answer else ""
            return f"you: {given.kind} {given.text}".rstrip() + said
        case other:
            return _io_words(other)


def operand_words(operand: str) -> str:
    """What an instruction is about, as CP has decoded it: "operand 000573 = FE", "device 009"."""
    return operand if operand.split()[0].isalpha() and operand.split()[0].islower() else f"operand {operand}"


def _io_words(event: object) -> str:
    match event:
        case CCWExecuted():
            return ccw_words(event)
        case IOStarted(device, caw, cc):
            return f"start I/O on {device:03X}, channel program at {caw.hex().upper()[2:]}: CC {cc}"
        case StatusStored(csw):
            return f"CSW {words(csw)} stored at 000040: {csw_words(csw)}"
        case ProgramTranslated(device, real, ccws):
            return f"CP translated {len(ccws)} CCWs of device {device:03X} for the real device {real:03X}"
        case StatusTranslated(device, real, guest):
            return f"CP made the CSW of {device:03X} {words(guest)} of the real {words(real)}"
        case other:
            return str(other)


def csw_words(csw: bytes) -> str:
    """The status in a CSW: "channel end, device end"."""
    found = CSW.from_bytes(csw)
    return status_words(found.unit_status, found.channel_status)


def ccw_words(event: CCWExecuted) -> str:
    """A CCW as executed: command, data address, count, and status."""
    status = status_words(UnitStatus(event.unit_status), ChannelStatus(event.channel_status))
    if len(event.ccw) < 8:
        return f"device {event.device:03X}: no CCW at {event.address:06X}: {status}"
    ccw = CCW.from_bytes(event.ccw)
    return (
        f"device {event.device:03X}: CCW {words(event.ccw)} at {event.address:06X}, command {ccw.command:02X}, "
        f"{ccw.count} bytes at {ccw.address:06X}: {status}, residual {event.residual}"
    )


def effect_words(effect: Effect) -> str:
    """One effect: "guest mask FF -> 00"; pages and shadow tables are CP's."""
    whose = "" if effect.name.startswith(("page ", "shadow ")) else "guest "
    return f"{whose}{effect.name} {effect.before} -> {effect.after}"


def condition_code_meaning(mnemonic: str, cc: int) -> str:
    """What a condition code means for the instruction that set it, or "" when that is not in the table."""
    return meaning_of(mnemonic, cc)


def label_words(assembly: Assembly | None, address: int) -> str:
    """A label for an address, in parentheses: " (SVCINT)", or ""."""
    label = assembly.label_at(address) if assembly else None
    return f" ({label})" if label else ""


# ---- why a run stopped ----------------------------------------------------------------------------------------------


def arrival_words(entry: Entry, assembly: Assembly | None) -> str:
    """What a run that looked for such an event has found; `assembly` is that of the guest concerned."""
    match entry.event:
        case InterruptionRecognized():
            return f"trap: {trap_words(entry.event, assembly)}"
        case DecisionTaken():
            return f"CP decided for {entry.event.userid}: {entry.event.verdict.decision}"
        case _:
            return f"console output of {entry.guest}"


def dead_words(system: System) -> str:
    """Why nothing happens any more."""
    if system.machine.check_stopped:
        return "check-stop: a failure that could not interrupt has stopped the machine; ipl or reset starts it anew"
    if system.cp is None:
        psw = system.machine.cpu.psw
        if not psw.enabled_for_something:
            return f"disabled wait, PSW {psw}: the machine has stopped"
        return "the machine waits for an interruption that only its operator can bring: enter, request, key, mount"
    if system.cp.abended:
        return f"CP itself has failed, CP ABEND {system.cp.abended}: nothing runs any more; reset starts it anew"
    if not system.guests:
        return NOBODY
    stopped = [guest.name for guest in system.guests if guest.vm and guest.vm.cf]
    if len(stopped) == len(system.guests):
        return "every guest has stopped in CP mode; cp begin lets one go on"
    waiting = " and ".join(guest.name for guest in system.guests if guest.name not in stopped)
    others = f", {' and '.join(stopped)} stopped in CP mode" if stopped else ""
    return f"no guest can run: {waiting} waits for what must come from outside{others}"


_SHORT_LOOP = 8
"""Steps between two interruptions that are taken for a loop when they are the same."""
_MANY = 16
"""So many of them are: a program may well go round a privileged instruction a few times."""


def loop_words(system: System, journal: Journal, step: int) -> str:
    """What a guest that runs on and on seems to do, with a comma before it; "" when nothing is seen."""
    guest = next(iter(system.guests), None)
    if guest and system.cp is None and system.machine.channels.awaits_input(guest.console_address):
        return f"; the console at {guest.console_address:03X} waits for a line: enter types one"
    last = journal.last(_MANY, InterruptionRecognized)
    steps = [*(entry.step for entry in last), step]
    near = all(after - before < _SHORT_LOOP for before, after in pairwise(steps))
    if len(last) == _MANY and near and all(entry.event == last[0].event for entry in last):
        event = last[0].event
        assert isinstance(event, InterruptionRecognized)
        return f"; the same interruption comes again and again: {trap_words(event)}"
    return ""


# ---- the sentence of a stop -----------------------------------------------------------------------------------------


def stop_sentence(session: "DebugSession") -> str:
    """One sentence for the last step or stage, fit to be read aloud."""
    step = f"step {session.step_number}"
    entries = session.journal.of_step(session.step_number)
    trap = next((entry for entry in entries if isinstance(entry.event, InterruptionRecognized)), None)
    if trap is None:
        return ", ".join([step, *_instruction_part(session, entries)])
    assert isinstance(trap.event, InterruptionRecognized)
    parts = [step, trap_words(trap.event, session.assembly_of(trap.guest)), *_decided(entries)]
    if session.system.cp is None and any(isinstance(entry.event, PSWsSwapped) for entry in entries):
        parts.append(f"continues at {session.real_psw().instruction_address:06X}")
    return ", ".join(parts)


def _decided(entries: list[Entry]) -> list[str]:
    """What CP decided in a step, and what came of it."""
    parts: list[str] = []
    for entry in entries:
        if isinstance(entry.event, DecisionTaken) and not entry.event.within:
            parts.append(str(entry.event.verdict.decision))
        elif isinstance(entry.event, DecisionCarriedOut):
            parts.extend(_effect_parts(entry.event, entries))
    return parts


def _effect_parts(event: DecisionCarriedOut, entries: list[Entry]) -> list[str]:
    names = ("mask", "state", "CC", "address", "wait", "CP mode")
    parts = [f"guest {e.name} {e.before} to {e.after}" for e in event.effects if e.name in names]
    mask = real_mask(entries)
    if isinstance(event.verdict.decision, Simulate) and mask and any(e.name == "mask" for e in event.effects):
        parts.append(f"real mask unchanged, {mask}" if len(set(mask.split())) == 1 else f"real mask {mask}")
    return parts


def real_mask(entries: list[Entry]) -> str:
    """The real system mask of the guest that trapped: "07", or "07 -> 03" if another was loaded; "" if not known."""
    old = next((e.event.old[0] for e in entries if isinstance(e.event, PSWsSwapped) and e.event.old[1] & 1), None)
    if old is None:
        return ""
    new = next((e.event.real_psw[0] for e in entries if isinstance(e.event, Dispatched)), old)
    return f"{old:02X}" if new == old else f"{old:02X} -> {new:02X}"


def _instruction_part(session: "DebugSession", entries: list[Entry]) -> list[str]:
    guest, at, text = session.executed
    if not text:
        by_itself = [entry_words(e, None) for e in entries if isinstance(e.event, CCWExecuted | Waited | InputGiven)]
        return _decided(entries) or by_itself or [session.stop_reason]
    where = f"{guest} " if guest != BARE else ""
    return [f"{where}{at:06X} {statement(session.assembly_of(guest), text, at)}", *changes_words(session, guest)]


def changes_words(session: "DebugSession", name: str) -> list[str]:
    """Registers, CC and storage of a guest that the last step changed, in words."""
    before = session.before.get(name)
    if before is None or all(guest.name != name for guest in session.system.guests):
        return []
    now, psw, old = session.guest_registers(name), session.guest_psw(name), before.psw
    parts = [f"GR{n} = {value:08X}" for n, value in enumerate(now) if value != before.gr[n]]
    if psw.cc != old.cc:
        parts.append(f"CC {psw.cc}")
    if psw.system_mask != old.system_mask:
        parts.append(f"mask {psw.system_mask:02X}")
    if psw.problem_state != old.problem_state:
        parts.append("problem state" if psw.problem_state else "supervisor state")
    if psw.key != old.key:
        parts.append(f"key {psw.key:X}")
    if psw.wait and not old.wait:
        parts.append("wait state")
    parts.extend(f"stored {stored.new[:8].hex().upper()}" for stored in session.stored_by_program[:1])
    return parts
