"""An oracle for who-wrote-this: every unit of a recording is executed under watch, and each write is noted."""

from dataclasses import dataclass, field

from edu_hv.debugger import DebugSession
from edu_hv.debugger.recording.accesses import Accesses, observe
from edu_hv.debugger.writers.locations import Location, PswLocation, RegisterLocation, StorageLocation
from edu_hv.hypervisor.stages import Stage
from edu_hv.machine.events import AssistHandled
from edu_hv.machine.storage import FRAME

SETS_CC = frozenset(
    [
        "AR",
        "A",
        "AH",
        "ALR",
        "AL",
        "NR",
        "N",
        "NI",
        "NC",
        "CR",
        "C",
        "CH",
        "CS",
        "CDS",
        "CLR",
        "CL",
        "CLI",
        "CLC",
        "CLM",
        "CLCL",
        "XR",
        "X",
        "XI",
        "XC",
        "ICM",
        "LTR",
        "LCR",
        "LNR",
        "LPR",
        "MVCL",
        "OR",
        "O",
        "OI",
        "OC",
        "SPM",
        "SLA",
        "SLDA",
        "SRA",
        "SRDA",
        "SR",
        "S",
        "SH",
        "SLR",
        "SL",
        "TS",
        "TM",
        "TRT",
        "STCK",
        "AP",
        "CP",
        "ED",
        "EDMK",
        "SRP",
        "SP",
        "ZAP",
        "SIO",
        "SIOF",
        "TIO",
        "HIO",
        "HDV",
        "TCH",
        "TPROT",
        "LRA",
        "SCK",
        "STIDC",
        "IPTE",
        "RRB",
        "TB",
        "CONCS",
        "DISCS",
        "SIGP",
        "MVCK",
        "MVCP",
        "MVCS",
        "LASP",
        "IAC",
        "PT",
        "PC",
        "IVSK",
        "RRBE",
        "STIDC",
        "CLRIO",
        "CLRCH",
        "RIO",
        "LPSW",
    ]
)
"""From the manual's instruction summaries: "Condition code: changed"."""


@dataclass
class Brute:
    """The writes of some locations, by position: those that must be found, and those that may be."""

    must: dict[Location, list[int]] = field(default_factory=dict)
    may: dict[Location, set[int]] = field(default_factory=dict)


def brute_force(session: DebugSession, locations: list[Location], first: int, last: int) -> Brute:
    """Execute from one position to another; the session stands where it was afterwards."""
    recording, system = session.recording, session.system
    found = Brute({each: [] for each in locations}, {each: set() for each in locations})
    here = recording.unit
    recording.goto(first)
    while recording.unit < last:
        before = {each: (each.value(system), _frames(session, each)) for each in locations}
        stage = system.cp.work.stage if system.cp else Stage.NONE
        given = recording.input_next is not None
        accesses = observe(system, recording.again)
        assert accesses is not None
        for each in locations:
            old, frames = before[each]
            changed = old != each.value(system)
            if _must(session, each, accesses, changed, frames, given, stage):
                found.must[each].append(recording.unit)
            elif accesses.before.per or _assisted(accesses) or _by_cp(accesses, stage, given):
                found.may[each].add(recording.unit)
    recording.goto(here)
    return found


def _by_cp(accesses: Accesses, stage: Stage, given: bool) -> bool:
    """What CP or an input may do; CP does nothing but copy when it saves a guest's registers."""
    return not accesses.guest and (stage is not Stage.DECODE or given)


def _assisted(accesses: Accesses) -> bool:
    """The VM assist did what the instruction would have done."""
    return any(isinstance(event, AssistHandled) for event in accesses.events)


def _frames(session: DebugSession, location: Location) -> list[int | None]:
    if not isinstance(location, StorageLocation):
        return []
    return [location.frame(session.system, at) for at, _ in location.pieces]


def _must(
    session: DebugSession,
    location: Location,
    accesses: Accesses,
    changed: bool,
    frames: list[int | None],
    given: bool,
    stage: Stage,
) -> bool:
    by_guest = bool(accesses.text) and not given and accesses.guest == (location.owner or accesses.guest)
    alone = session.system.cp is None
    ends_at = accesses.after.instruction_address
    match location:
        case RegisterLocation(file=file, number=number):
            return changed or ((by_guest or alone or not location.owner) and number in accesses.written(file))
        case PswLocation(field="cc"):
            again = accesses.mnemonic in ("MVCL", "CLCL") and accesses.before.instruction_address == ends_at
            completed = session.system.machine.recognized is None and not again
            return changed or (by_guest and completed and accesses.mnemonic in SETS_CC)
        case PswLocation(field="ia"):
            return changed and (not by_guest or accesses.branched or (alone and accesses.mnemonic == "LPSW"))
        case StorageLocation():
            return changed or (_frames(session, location) == frames and _stored(location, accesses, frames))
    return changed


def _stored(location: StorageLocation, accesses: Accesses, frames: list[int | None]) -> bool:
    places = {
        frame + at % FRAME + n
        for (at, length), frame in zip(location.pieces, frames, strict=True)
        if frame is not None
        for n in range(length)
    }
    return any(not places.isdisjoint(range(s.absolute, s.absolute + len(s.new))) for s in accesses.stored)
