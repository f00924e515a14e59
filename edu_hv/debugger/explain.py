"""Values and events in words.  Every sentence is made from the values themselves, never from what should be so."""

from typing import TYPE_CHECKING

from edu_hv.asm.assembler import Assembly
from edu_hv.asm.disassembler import disassemble
from edu_hv.debugger.journal import Entry
from edu_hv.debugger.system import BARE
from edu_hv.hypervisor.control_program import ENTRY_POINTS, RUNPSW
from edu_hv.hypervisor.decisions import (
    ConsoleLine,
    DecisionCarriedOut,
    DecisionTaken,
    Decoded,
    Dispatched,
    Effect,
    Simulate,
)
from edu_hv.isa.codes import PIC, ChannelStatus, Class, UnitStatus
from edu_hv.isa.table import operation
from edu_hv.machine.channel import CCW, status_words
from edu_hv.machine.events import CCWExecuted, InterruptionRecognized, IOStarted, PSWsSwapped, Waited
from edu_hv.machine.interruptions import Interruption
from edu_hv.machine.psw import PSW

if TYPE_CHECKING:
    from edu_hv.debugger.session import DebugSession


def words(text: bytes) -> str:
    """Bytes as hexadecimal words: "070D0000 00012334"."""
    return text.hex(" ", -4).upper()


def instruction(text: bytes, address: int) -> str:
    """An instruction as the assembler writes it: "SSM 16(12)"."""
    if not text:
        return "an instruction that could not be fetched"
    found = disassemble(text, address)
    return f"{found.mnemonic} {found.operands}".strip()


def statement(assembly: Assembly | None, text: bytes, address: int) -> str:
    """An instruction as its source has it, "SSM ALLON", if it is the listing's; else disassembled."""
    line = assembly.line_at(address) if assembly else None
    if line is None or line.address != address or line.object_code != text:
        return instruction(text, address)
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


class Holder(Enum):
    """What the real machine is doing, seen from one guest: the reason why values differ depends on it."""

    CP = "CP has the CPU: its own PSW"
    THE_GUEST = ""
    STOPPED = "in CP mode: does not run"
    WAIT = "CP waits: no guest can run"
    ANOTHER = "another guest has the CPU"


def holder(system: System, guest: Guest) -> Holder:
    """What the real machine is doing, seen from `guest`."""
    if system.cp is not None and system.cp.busy:
        return Holder.CP
    if system.running == guest.name:
        return Holder.THE_GUEST
    if guest.vm is not None and guest.vm.cf:
        return Holder.STOPPED
    return Holder.ANOTHER if system.running else Holder.WAIT


def why_psw_field(name: str, guest: str, real: str, who: Holder) -> str:
    """Why a field of the guest's PSW is not what is in the real one; at most 28 columns."""
    if guest == real:
        return "same"
    return who.value or _WHY_WHILE_RUNNING.get(name, "differs")


_WHY_WHILE_RUNNING = {
    "mask": "CP enables all interruptions",
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
    if number != 1:
        return _WHY_CONTROL_REGISTER.get(number, "CP's own")
    owner = next((g.name for g in system.guests if g.vm is not None and g.vm.vmseg == real), "")
    return f"CP's table for {owner}" if owner else "CP's own"


# ---- one entry of the journal in words ------------------------------------------------------------------------------


def entry_words(entry: Entry, assembly: Assembly | None) -> str:
    """One event in words; `assembly` is that of the guest concerned."""
    match entry.event:
        case InterruptionRecognized():
            return trap_words(entry.event, assembly)
        case PSWsSwapped(kind, _, old, new):
            return f"old PSW {words(old)} to {kind.old_psw:06X}, new PSW {words(new)} from {kind.new_psw:06X}"
        case Decoded(_, text, operand):
            return f"CP fetched {instruction(text, 0)}" + (f", operand {operand}" if operand else "") if text else (
                "CP saved the guest's registers"
            )
        case DecisionTaken(_, _, _, verdict):
            return f"CP, rule {verdict.rule.id}: {verdict.decision}"
        case DecisionCarriedOut(_, _, effects):
            return "; ".join(map(effect_words, effects)) or "nothing of the guest changed"
        case Dispatched(userid, psw):
            return f"CP dispatched {userid}, PSW {words(psw)}" if userid else f"CP waits, PSW {words(psw)}"
        case ConsoleLine(_, text, cp):
            return f"{'CP' if cp else 'console'}: {text}"
        case CCWExecuted():
            return ccw_words(entry.event)
        case IOStarted(device, caw, cc):
            return f"start I/O on {device:03X}, channel program at {caw.hex().upper()[2:]}: CC {cc}"
        case Waited(start, end):
            return f"waited {end - start} microseconds"
        case other:
            return str(other)


def ccw_words(event: CCWExecuted) -> str:
    """A CCW as executed: command, data address, count, and status."""
    ccw = CCW.from_bytes(event.ccw)
    status = status_words(UnitStatus(event.unit_status), ChannelStatus(event.channel_status))
    return (
        f"device {event.device:03X}: CCW {words(event.ccw)} at {event.address:06X}, command {ccw.command:02X}, "
        f"{ccw.count} bytes at {ccw.address:06X}: {status}, residual {event.residual}"
    )


def effect_words(effect: Effect) -> str:
    """One effect: "guest mask FF -> 00"."""
    return f"guest {effect.name} {effect.before} -> {effect.after}"


_SIGN = ("zero", "negative", "positive", "overflow")
_COMPARE = ("equal", "first operand low", "first operand high", "")
_LOGICAL = ("zero", "not zero", "", "")
_SUM = ("zero, no carry", "not zero, no carry", "zero, carry", "not zero, carry")
_TEST = ("all tested bits zero", "mixed zeros and ones", "", "all tested bits one")
_MEANINGS = {
    **dict.fromkeys(("A", "AR", "AH", "S", "SR", "SH", "LTR", "LCR", "SLA", "SLDA", "SRA", "SRDA", "LPR"), _SIGN),
    **dict.fromkeys(("C", "CR", "CH", "CL", "CLR", "CLC", "CLI", "CLM", "CLCL"), _COMPARE),
    **dict.fromkeys(("N", "NR", "NI", "NC", "O", "OR", "OI", "OC", "X", "XR", "XI", "XC"), _LOGICAL),
    **dict.fromkeys(("AL", "ALR", "SL", "SLR"), _SUM),
    "TM": _TEST,
    "TS": ("leftmost bit was zero", "leftmost bit was one", "", ""),
    "LNR": ("zero", "negative", "", ""),
    "ICM": ("inserted bits all zero", "first inserted bit one", "first inserted bit zero, not all", ""),
    "TRT": ("all function bytes zero", "found before the end", "found at the last byte", ""),
    "CS": ("equal, stored", "not equal, loaded", "", ""),
    "CDS": ("equal, stored", "not equal, loaded", "", ""),
    "MVCL": ("lengths equal", "first shorter", "first longer", "destructive overlap, nothing moved"),
}
"""Condition codes 0 to 3 by mnemonic.  GA22-7000 appendix "Condition-Code Summary"."""


def condition_code_meaning(mnemonic: str, cc: int) -> str:
    """What a condition code means for the instruction that set it, or "" when that is not in the table."""
    meanings = _MEANINGS.get(mnemonic)
    return meanings[cc] if meanings else ""


def running_mask(session: "DebugSession") -> PSW:
    """The real PSW of a dispatched guest, as RUNPSW in real storage holds it."""
    return PSW.from_bytes(session.system.machine.cpu.load_real(RUNPSW, 8))


# ---- stages of a trap -----------------------------------------------------------------------------------------------


def recognized_lines(event: InterruptionRecognized, assembly: Assembly | None) -> list[str]:
    """Stage "guest": what happened, and why the machine could not let it pass."""
    at = event.instruction_address
    if not event.text:
        return [f"{Interruption(event.kind, event.code).words}, before the instruction at {at:06X}"]
    lines = [f"{statement(assembly, event.text, at)} issued at {at:06X}"]
    if event.kind is Class.PROGRAM and event.code == PIC.PRIVILEGED_OPERATION:
        lines.append("it is privileged, and the real PSW is in problem state")
    elif event.kind is Class.SVC:
        lines.append("it asks for an interruption, in any state")
    else:
        lines.append(f"condition: {Interruption(event.kind, event.code).words}")
    return lines


def swapped_lines(event: PSWsSwapped, ilc: int, under_cp: bool) -> list[str]:
    """Stage "hardware": the code and both PSWs."""
    code = f"{event.kind.value} interruption, code {event.code:04X}"
    if ilc:
        code += f", ILC {ilc * 2} bytes"
    entry = ENTRY_POINTS[event.kind]
    to = f" ({entry[0]})" if under_cp and PSW.from_bytes(event.new).instruction_address == entry[1] else ""
    return [
        code,
        f"old PSW {words(event.old)} -> {event.kind.old_psw:06X}",
        f"new PSW {words(event.new)} <- {event.kind.new_psw:06X}{to}",
    ]


def decoded_lines(event: Decoded) -> list[str]:
    """Stage "decode": the instruction as CP finds it in guest storage."""
    if not event.text:
        return [f"registers of {event.userid} saved in its VMBLOK"]
    row = operation(event.text)
    name = f"{row.mnemonic}, {row.name}" if row else "no operation of System/370"
    lines = [f"op {event.text[:1].hex().upper()} = {name}"]
    if event.operand:
        lines.append(f"operand {event.operand}")
    return lines


def rule_lines(event: DecisionTaken) -> list[str]:
    """Stage "rule": each rule that was tried, its answer, and what it would do."""
    lines: list[str] = []
    for rule in event.verdict.tried:
        lines.append(f"{rule.id} {rule.question}")
        lines.append(f"   YES -> {rule.then}" if rule.fired else f"   no (else: {rule.then})")
    return lines


def carried_out_lines(event: DecisionCarriedOut, real_psw: PSW) -> list[str]:
    """Stage "do": what changed for the guest, and that the real machine's value did not."""
    lines = [effect_words(effect) for effect in event.effects if effect.name != "mask"]
    for effect in event.effects:
        if effect.name == "mask":
            lines.insert(0, f"{effect_words(effect)}, real stays {real_psw.system_mask:02X}")
    return lines or ["nothing of the guest changed"]


def dispatched_lines(event: Dispatched) -> list[str]:
    """Stage "run": who runs, with which real PSW."""
    if not event.userid:
        return [f"no guest can run: real PSW {words(event.real_psw)} waits"]
    psw = PSW.from_bytes(event.real_psw)
    return [f"dispatch {event.userid} at {psw.instruction_address:06X}", f"real PSW {words(event.real_psw)}"]


# ---- the sentence of a stop -----------------------------------------------------------------------------------------


def stop_sentence(session: "DebugSession") -> str:
    """One sentence for the last step or stage, fit to be read aloud."""
    step = f"step {session.step_number}"
    events = [entry.event for entry in session.journal.of_step(session.step_number)]
    trap = next((event for event in events if isinstance(event, InterruptionRecognized)), None)
    if trap is None:
        return ", ".join([step, *_instruction_part(session)])
    parts = [step, trap_words(trap, session.assembly_of(_guest_of(session)))]
    for event in events:
        if isinstance(event, DecisionTaken):
            parts.append(str(event.verdict.decision))
        elif isinstance(event, DecisionCarriedOut):
            parts.extend(_effect_parts(session, event))
    if session.system.cp is None and any(isinstance(event, PSWsSwapped) for event in events):
        parts.append(f"continues at {session.real_psw().instruction_address:06X}")
    return ", ".join(parts)


def _effect_parts(session: "DebugSession", event: DecisionCarriedOut) -> list[str]:
    names = ("mask", "state", "CC", "address", "wait", "CP mode")
    parts = [f"guest {e.name} {e.before} to {e.after}" for e in event.effects if e.name in names]
    if isinstance(event.verdict.decision, Simulate) and any(e.name == "mask" for e in event.effects):
        parts.append(f"real mask unchanged, {running_mask(session).system_mask:02X}")
    return parts


def _instruction_part(session: "DebugSession") -> list[str]:
    guest, at, text = session.executed
    if not text:
        return [session.stop_reason]
    where = f"{guest} " if guest != BARE else ""
    return [f"{where}{at:06X} {statement(session.assembly_of(guest), text, at)}", *changes_words(session)]


def _guest_of(session: "DebugSession") -> str:
    """The guest that the present step is about."""
    return next((entry.guest for entry in session.journal.of_step(session.step_number) if entry.guest), "")


def changes_words(session: "DebugSession") -> list[str]:
    """Registers, CC and storage that the last step changed, in words."""
    before = session.before.get(session.selected)
    if before is None:
        return []
    now = session.guest_registers()
    parts = [f"GR{n} = {value:08X}" for n, value in enumerate(now) if value != before.gr[n]]
    cc = session.guest_psw().cc
    if cc != before.psw.cc:
        parts.append(f"CC {cc}")
    parts.extend(f"stored {stored.new[:8].hex().upper()}" for stored in session.stored[:1])
    return parts
