"""DIAGNOSE X'64': find, load and purge a named segment.  GC20-1807 "Finding, Loading, and Purging a Named Segment"."""

from typing import TYPE_CHECKING

from edu_hv.hypervisor import tracing
from edu_hv.hypervisor.decisions import AnswerDiagnose, Rule, decide
from edu_hv.hypervisor.diagnose.services import require_doubleword, require_storage, service, specification
from edu_hv.hypervisor.named_segments import NamedSystem, loaded
from edu_hv.hypervisor.paging import PagingFailure
from edu_hv.isa.codes import MASK_24
from edu_hv.isa.errors import UserError

if TYPE_CHECKING:
    from edu_hv.hypervisor.control_program import ControlProgram
    from edu_hv.hypervisor.vmblok import VMBLOK

LOADSYS, LOADSYS_NONSHARED, PURGESYS, FINDSYS = 0x00, 0x04, 0x08, 0x0C
DOES_NOT_EXIST, PAGING_ERROR = 44, 177
_NAME = 8
_SOURCE = "GC20-1807 \"DIAGNOSE Code X'64'\""
_Asked = tuple["VMBLOK", NamedSystem | None, bool]
"""The machine; the system, if it has been saved; whether it lies within the machine's own storage."""


def _is_loaded(asked: _Asked) -> bool:
    vm, entry, _ = asked
    return entry is not None and entry.name in loaded(vm)


UNKNOWN: Rule[_Asked] = Rule(
    "CFG-1",
    "is there no saved system of that name?",
    "condition code 2, return code 44",
    "the system name table has no such entry, or nothing has been saved for it",
    _SOURCE,
    lambda asked: asked[1] is None,
    lambda asked: AnswerDiagnose(2, DOES_NOT_EXIST),
)
FIND: tuple[Rule[_Asked], ...] = (
    UNKNOWN,
    Rule(
        "CFG-2",
        "has the machine loaded it?",
        "condition code 0",
        "the segment is there already",
        _SOURCE,
        _is_loaded,
        lambda asked: AnswerDiagnose(0),
    ),
    Rule(
        "CFG-3",
        "could the machine load it?",
        "condition code 1",
        "the segment exists; it would be at the addresses in the registers",
        _SOURCE,
        lambda asked: True,
        lambda asked: AnswerDiagnose(1),
    ),
)
PURGE: tuple[Rule[_Asked], ...] = (
    UNKNOWN,
    Rule(
        "CFG-4",
        "has the machine not loaded it?",
        "condition code 1",
        "there is nothing to purge in this machine",
        _SOURCE,
        lambda asked: not _is_loaded(asked),
        lambda asked: AnswerDiagnose(1),
    ),
    Rule(
        "CFG-5",
        "has the machine loaded it?",
        "purge it; condition code 0",
        "its pages are given back; beyond the machine's storage there is nothing any more, within it there are zeros",
        _SOURCE,
        lambda asked: True,
        lambda asked: AnswerDiagnose(0),
    ),
)
LOAD: tuple[Rule[_Asked], ...] = (
    UNKNOWN,
    Rule(
        "CFG-6",
        "does it lie in the machine's own storage?",
        "load it; condition code 1",
        "the machine's own pages are released first: what was in them is lost, and the condition code says so",
        _SOURCE,
        lambda asked: asked[2],
        lambda asked: AnswerDiagnose(1),
    ),
    Rule(
        "CFG-7",
        "does it lie beyond the machine's own storage?",
        "load it; condition code 0",
        "the machine's storage becomes larger by the segment",
        _SOURCE,
        lambda asked: True,
        lambda asked: AnswerDiagnose(0),
    ),
)


@service(0x64)
def named_segment(cp: "ControlProgram", vm: "VMBLOK", rx: int, ry: int) -> None:
    """X'64': Rx: address of a name of 8 characters, on a doubleword; Ry: what to do.

    LOADSYS (0 shared, 4 not): CC 0 loaded, 1 loaded within the machine's storage; Rx its first address, Ry, with CC 1,
    the last one of what was released.  In shared mode it ends TRACE of branches and instructions.  PURGESYS (8): CC 0
    purged, 1 it was not loaded.  FINDSYS (X'0C'): CC 0 loaded, 1 not; Rx and Ry its first and last address.  All: CC 2,
    Ry a code: 44 no such system, 177 paging error.

    Specification: another subcode, or the name is not on a doubleword; addressing: it is beyond storage.
    """
    address, subcode = vm.vmgprs[rx] & MASK_24, vm.vmgprs[ry]
    if subcode not in _RULES:
        raise specification()
    require_doubleword(address)
    require_storage(vm, address, _NAME)
    name = vm.cpu.load_real(address, _NAME).decode("cp037").rstrip()
    entry = cp.named_systems.saved(name)
    verdict = decide(_RULES[subcode], (vm, entry, entry is not None and entry.start < vm.vmsize))
    cp.note(vm, verdict)
    answer = verdict.decision
    assert isinstance(answer, AnswerDiagnose)
    if entry is not None:
        answer = _carry_out(cp, vm, entry, subcode, answer)
    _tell(vm, rx, ry, entry, subcode, answer)


_RULES = {LOADSYS: LOAD, LOADSYS_NONSHARED: LOAD, PURGESYS: PURGE, FINDSYS: FIND}


def _carry_out(
    cp: "ControlProgram", vm: "VMBLOK", entry: NamedSystem, subcode: int, answer: AnswerDiagnose
) -> AnswerDiagnose:
    """Load or purge; an answer of its own when there is no room for the pages."""
    if subcode == PURGESYS and answer.cc == 0:
        cp.named_systems.purge(vm, entry.name)
    elif subcode in (LOADSYS, LOADSYS_NONSHARED):
        try:
            cp.named_systems.load(vm, entry, subcode == LOADSYS)
        except (UserError, MemoryError, PagingFailure):
            return AnswerDiagnose(2, PAGING_ERROR)
        if subcode == LOADSYS:
            cp.tracing.set(vm, dict.fromkeys((tracing.BRANCH, tracing.INSTRUCT)))
    return answer


def _tell(vm: "VMBLOK", rx: int, ry: int, entry: NamedSystem | None, subcode: int, answer: AnswerDiagnose) -> None:
    """Condition code and registers."""
    assert answer.cc is not None
    vm.vmpsw.cc = answer.cc
    if answer.code is not None:
        vm.vmgprs[ry] = answer.code
    elif entry is not None and subcode != PURGESYS:
        if subcode == FINDSYS or answer.cc == 1:
            vm.vmgprs[ry] = entry.end
        vm.vmgprs[rx] = entry.start
