"""Which failure is the last one: what went wrong, when, and what the machine looked like just before."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edu_hv.debugger.explaining.operands import Place, places
from edu_hv.debugger.explaining.reasons import absolute_of, key_of
from edu_hv.debugger.explaining.traps import standing_at
from edu_hv.debugger.recording.journal import Entry, GuestPSWsSwapped
from edu_hv.debugger.system import BARE
from edu_hv.hypervisor.decisions import AnswerIO, DecisionTaken, IOAction
from edu_hv.isa.codes import PIC, ChannelStatus, Class, UnitStatus
from edu_hv.machine.events import CCWExecuted, InterruptionRecognized, IOStarted
from edu_hv.machine.psw import PSW

if TYPE_CHECKING:
    from edu_hv.debugger.session import DebugSession

NO_FAILURES = frozenset((PIC.MONITOR_EVENT, PIC.PER_EVENT, PIC.PSEUDO_PAGE_FAULT))
"""Program interruptions that somebody asked for."""
NOT_OPERATIONAL = 3
_ERRORS = UnitStatus.UNIT_CHECK
_CHANNEL_ERRORS = 0xFF & ~(ChannelStatus.PROGRAM_CONTROLLED_INTERRUPTION)


@dataclass(frozen=True)
class Trouble:
    """A program interruption that a guest got (or the bare machine)."""

    guest: str
    code: int
    address: int
    text: bytes
    """The instruction, of EXECUTE its target; b"" when there is none or it could not be fetched."""
    before: int
    """The position before the instruction."""
    step: int

    @property
    def pic(self) -> PIC:
        """The condition, without a program event that came with it."""
        return PIC(self.code & 0x7F or self.code)


@dataclass(frozen=True)
class Scene:
    """A guest at a position: what a search backwards starts from."""

    gr: list[int]
    cr: list[int]
    psw: PSW
    places: list[tuple[Place, int | None, int | None]]
    """Storage operands of the instruction, with absolute address and storage key."""
    contents: list[bytes]
    """Of the operands, in the same order; b"" where they cannot be fetched."""
    size: int
    """Bytes of storage the guest has."""


def program_troubles(session: "DebugSession", guest: str, until: int | None = None) -> list[Trouble]:
    """The last program interruptions of a guest, or those before a position, the latest first, at most `MOST`."""
    found: list[Trouble] = []
    for entry in session.journal.backwards(until):
        trouble = _trouble(session, entry, guest)
        if trouble is not None:
            found.append(trouble)
            if len(found) >= MOST:
                break
    return found


def first_like(session: "DebugSession", trouble: Trouble) -> Trouble:
    """The first program interruption of a guest in the recording that is the same one."""
    for entry in session.journal.entries:
        if isinstance(entry.event, InterruptionRecognized | GuestPSWsSwapped) and entry.guest == trouble.guest:
            found = _trouble(session, entry, trouble.guest)
            if found is not None and (found.code, found.address) == (trouble.code, trouble.address):
                return found
    return trouble


MOST = 4_000
"""Program interruptions that are looked at; a loop of more is begun where the same one came first."""


def _trouble(session: "DebugSession", entry: Entry, guest: str) -> Trouble | None:
    event = entry.event
    if entry.guest != guest:
        return None
    if isinstance(event, InterruptionRecognized) and event.kind is Class.PROGRAM and guest == BARE:
        return Trouble(guest, event.code, event.instruction_address, event.text, entry.unit - 1, entry.step)
    if not isinstance(event, GuestPSWsSwapped) or event.kind is not Class.PROGRAM:
        return None
    trap = next((e for e in session.journal.of_step(entry.step) if isinstance(e.event, InterruptionRecognized)), None)
    if trap is None or not isinstance(trap.event, InterruptionRecognized):
        return None
    real = trap.event
    if real.kind is not Class.PROGRAM and event.code == PIC.SPECIFICATION:  # An invalid PSW, seen at the next dispatch.
        return Trouble(guest, event.code, PSW.from_bytes(event.old).instruction_address, b"", entry.unit, entry.step)
    return Trouble(guest, event.code, real.instruction_address, real.text, trap.unit - 1, entry.step)


def scene(session: "DebugSession", guest: str, unit: int, text: bytes) -> Scene:
    """The guest as it was at a position, about to execute an instruction."""
    with standing_at(session, unit):
        system = session.system
        gr, cr = session.guest_registers(guest), session.guest_control_registers(guest)
        psw, cpu = session.guest_psw(guest), system.machine.cpu
        state = system.state()
        found = [(place, absolute_of(cpu, place.address), key_of(cpu, place.address)) for place in places(gr, text)]
        system.restore(state)
        data = system.machine.storage.data
        contents = [
            bytes(data[at : at + place.length]) if at is not None and place.length <= 256 else b""
            for place, at, _ in found
        ]
        size = session.system.guest(guest).vm.vmsize if guest != BARE else system.machine.storage.size  # type: ignore[union-attr]
    return Scene(gr, cr, psw, found, contents, size)


def io_failure(session: "DebugSession", guest: str) -> Entry | None:
    """The last event that tells of refused or failed input/output of a guest."""
    return session.journal.last_where(lambda entry: entry.guest in (guest, "") and failed_io(entry))


def failed_io(entry: Entry) -> bool:
    """Whether an event tells of refused or failed input/output."""
    event = entry.event
    if isinstance(event, IOStarted):
        return event.cc == NOT_OPERATIONAL
    if isinstance(event, CCWExecuted):
        return bool(event.unit_status & _ERRORS or event.channel_status & _CHANNEL_ERRORS)
    if isinstance(event, DecisionTaken) and isinstance(event.verdict.decision, AnswerIO):
        decision = event.verdict.decision
        return decision.cc == NOT_OPERATIONAL or decision.action is IOAction.STORE_PROGRAM_CHECK
    return False
