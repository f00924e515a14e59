"""General and control registers, and the PSW: guest, real, why."""

from typing import TYPE_CHECKING

from edu_hv.debugger import believed, explain
from edu_hv.debugger.recording.journal import GuestPSWsSwapped
from edu_hv.debugger.views import ComparedValue, PswView, RegistersView, RegisterValue
from edu_hv.hypervisor.decisions import DecisionCarriedOut, Simulate, SimulateIO
from edu_hv.isa.formats import Field, Register, field
from edu_hv.isa.table import ConditionCode, operation
from edu_hv.machine.events import InterruptionRecognized
from edu_hv.machine.psw import PSW

if TYPE_CHECKING:
    from edu_hv.debugger.session import DebugSession

CONTROL_REGISTERS = (0, 1, 2, 8, 14)
"""Those with something to show."""

# ---- registers ------------------------------------------------------------------------------------------------------


def registers(session: "DebugSession") -> RegistersView:
    """General registers with marks, condition code, and control registers guest / real / why."""
    before = session.before.get(session.selected)
    read = _registers_read(session)
    general = tuple(
        RegisterValue(f"R{n}", f"{value:08X}", bool(before and before.gr[n] != value), n in read)
        for n, value in enumerate(session.guest_registers())
    )
    return RegistersView(session.selected, general, _condition_code(session), _control_registers(session))


_ONLY_SET_FIRST = frozenset((
    "L", "LA", "LH", "LR", "LCR", "LPR", "LNR", "LTR", "BAL", "BALR", "BASR", "CVB", "LRA", "M", "MR",
))  # fmt: skip
"""Mnemonics that set their first register without reading it."""
_NO_BRANCH_BY_0 = frozenset(("BALR", "BASR", "BCTR", "BCR"))
"""Mnemonics whose second operand 0 means "no branch" and not register 0."""
_READ_PAIR = frozenset(("D", "DR", "M", "MR", "SLDA", "SRDA", "SLDL", "SRDL", "CDS", "MVCL", "CLCL"))
"""Mnemonics whose registers are the first of even-odd pairs."""


def _registers_read(session: "DebugSession") -> set[int]:
    """Registers that the last instruction read: as base, as index, or as an operand that is not only set."""
    guest, _, text = session.executed
    row = operation(text) if len(text) >= 2 else None
    if row is None or guest != session.selected or len(text) != row.format.length:
        return set()
    addressing: set[int] = set()
    named: list[int] = []
    for operand in row.format.operands:
        if not isinstance(operand, Register):
            bits = [operand.base_bit, *([operand.index_bit] if operand.index_bit is not None else [])]
            addressing |= {field(text, bit, 4) for bit in bits} - {0}
        elif operand.field is Field.GENERAL_REGISTER:
            named.append(field(text, operand.bit, operand.width))
    return addressing | _operands_read(row.mnemonic, named)


def _operands_read(mnemonic: str, named: list[int]) -> set[int]:
    """Of the registers that an instruction names as operands, those it reads."""
    if mnemonic == "LM":
        return set()
    if mnemonic in _NO_BRANCH_BY_0 and named[-1] == 0:
        named = named[:-1]
        return set() if mnemonic in _ONLY_SET_FIRST else set(named)
    if mnemonic == "STM":
        first, last = named
        return {n & 15 for n in range(first, last + 1 + (16 if last < first else 0))}
    found = set(named[1:] if mnemonic in _ONLY_SET_FIRST else named)
    if mnemonic in _READ_PAIR:
        found |= {named[0] + 1 & 15, *((named[1] + 1 & 15,) if mnemonic in ("MVCL", "CLCL") else ())}
    return found


def _condition_code(session: "DebugSession") -> str:
    """The condition code, with its meaning for the instruction that set it just now."""
    cc = session.guest_psw().cc
    guest, at, text = session.executed
    row = operation(text) if len(text) >= 2 and guest == session.selected else None
    if row is None or row.condition_code is not ConditionCode.SET or _interrupted(session, row.mnemonic):
        return f"CC {cc}"
    meaning = explain.condition_code_meaning(row.mnemonic, cc)
    return f"CC {cc} {meaning} ({explain.statement(session.guest.assembly, text, at)})" if meaning else f"CC {cc}"


def _interrupted(session: "DebugSession", mnemonic: str) -> bool:
    """Whether the last step was an interruption, not counting the trap of an instruction that CP simulated."""
    events = [entry.event for entry in session.journal.of_step(session.step_number)]
    if not any(isinstance(event, InterruptionRecognized) for event in events):
        return False
    decisions = [event.verdict.decision for event in events if isinstance(event, DecisionCarriedOut)]
    simulated = any(isinstance(d, Simulate | SimulateIO) and d.mnemonic == mnemonic for d in decisions)
    return not simulated or any(isinstance(event, GuestPSWsSwapped) for event in events)


def _control_registers(session: "DebugSession") -> tuple[ComparedValue, ...]:
    before = session.before.get(session.selected)
    system, guest = session.system, session.guest
    mine, real = session.guest_control_registers(), system.machine.cpu.cr
    numbered = tuple(
        ComparedValue(
            f"CR{n}",
            f"{mine[n]:08X}",
            f"{real[n]:08X}",
            explain.why_control_register(system, guest, n, mine[n], real[n]),
            bool(before and before.cr[n] != mine[n]),
            bool(before and before.real_cr[n] != real[n]),
        )
        for n in CONTROL_REGISTERS
    )
    return numbered + _clocks(session)


def _clocks(session: "DebugSession") -> tuple[ComparedValue, ...]:
    """Clock comparator and CPU timer of a guest that has them: ECMODE ON."""
    guest, cp = session.guest, session.system.cp
    if cp is None or guest.vm is None or not guest.vm.ecmode:
        return ()
    mine, real = guest.vm.clocks, cp.machine.clocks
    runs = cp.running_vm is guest.vm
    timer = believed.cpu_timer(cp, guest.vm)
    pairs = (("comparator", mine.clock_comparator, real.clock_comparator), ("CPU timer", timer, real.cpu_timer))
    return tuple(
        ComparedValue(name, f"{own:016X}", f"{there:016X}", explain.why_clock(name, own == there, runs))
        for name, own, there in pairs
    )


# ---- PSW ------------------------------------------------------------------------------------------------------------


def psw(session: "DebugSession") -> PswView:
    """The PSW field by field."""
    guest, real = session.guest_psw(), session.system.machine.cpu.psw
    before = session.before.get(session.selected)
    mine, there = psw_fields(guest), psw_fields(real)
    old = psw_fields(before.psw) if before else mine
    old_real = psw_fields(before.real_psw) if before else there
    away = explain.why_not_in_cpu(session.system, session.guest)
    fields = tuple(
        ComparedValue(
            name,
            mine[name],
            there[name],
            explain.why_psw_field(name, mine[name], there[name], away),
            old[name] != mine[name],
            old_real[name] != there[name],
        )
        for name in mine
    )
    return PswView(session.selected, str(guest), str(real), fields)


def state_word(psw: PSW) -> str:
    """PSW bit 15: "PROB" or "SUP"."""
    return "PROB" if psw.problem_state else "SUP"


def psw_fields(psw: PSW) -> dict[str, str]:
    """The fields in the order they are shown."""
    return {
        "mask": f"{psw.system_mask:02X}",
        "state": state_word(psw),
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
