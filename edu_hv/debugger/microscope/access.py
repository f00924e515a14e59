"""What would become of an access: the machine's own order of checks, CP's own rules, and what the guest hears of it.

The order is translation, addressing, protection: GA22-7000 "Access Exceptions".  What CP does with an interruption is
asked of the rules that decide it, `edu_hv.hypervisor.program`; nothing is decided here a second time.
"""

from dataclasses import dataclass

from edu_hv.debugger.microscope.ladder import guest_real, machine_walk, own_walk, tlb_hit
from edu_hv.debugger.microscope.target import Target
from edu_hv.debugger.microscope.views import AccessView
from edu_hv.hypervisor.decisions import Decision, PseudoPageFault, Reflect, Verdict
from edu_hv.hypervisor.program import on_interruption
from edu_hv.hypervisor.shadow import Meaning
from edu_hv.hypervisor.trap import Trap
from edu_hv.isa.codes import CR0, PIC, Class, Key
from edu_hv.machine.dat import SECONDARY
from edu_hv.machine.interruptions import Ending, Interruption
from edu_hv.machine.micblok import CR6
from edu_hv.machine.storage import BLOCK_SHIFT

FETCH, STORE = "fetch", "store"
_TRANSLATION = (PIC.SEGMENT_TRANSLATION, PIC.PAGE_TRANSLATION)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an access leads to."""

    first: PIC | None
    """The exception that the machine finds; None: there is none."""
    real: int | None
    """The real address that is accessed, when there is none."""
    key: int | None
    """The storage key of the block that the machine has looked at."""
    verdict: Verdict | None = None
    """What CP decides about it."""
    assisted: bool = False
    """The VM assist fills the shadow entry, so that there is no interruption."""
    seen: PIC | None = None
    """What the guest is given in the end."""


def outcome(target: Target, kind: str) -> Outcome:
    """What a fetch or a store of one byte by the next instruction would lead to.  Looks only."""
    first, real, key = _by_the_machine(target, kind)
    assisted = target.vm is not None and first is PIC.PAGE_TRANSLATION and _assist_fills(target)
    if assisted:
        first, real, key = _once_filled(target, kind)
    if target.vm is None or first is None:
        return Outcome(first, real, key, assisted=assisted, seen=first)
    verdict = on_interruption(_trap(target, first))
    return Outcome(first, real, key, verdict, assisted, _seen(target, kind, verdict.decision))


def _by_the_machine(target: Target, kind: str) -> tuple[PIC | None, int | None, int | None]:
    """The first exception, the real address and the key that is compared."""
    real = tlb_hit(target) if target.vm is not None or target.translated else target.address
    if real is None:
        if target.to_be_invalidated and target.vm is not None:
            return _first_of_empty_shadow(target), None, None
        found = machine_walk(target)
        if found.real is None:
            return found.code, None, None
        real = found.real
    absolute, storage = target.cpu.absolute(real), target.system.machine.storage
    if absolute >= storage.size:
        return PIC.ADDRESSING, None, None
    key = storage.keys[absolute >> BLOCK_SHIFT]
    return (None if permitted(target.psw.key, key, kind) else PIC.PROTECTION), real, key


def _first_of_empty_shadow(target: Target) -> PIC:
    """What the machine finds in shadow tables all of whose page entries have been made invalid."""
    vm = target.vm
    assert vm is not None
    assert vm.shadow is not None
    same = vm.shadow.exist and not (vm.shadow.cr0 ^ target.cr[0]) & CR0.TRANSLATION_FORMAT
    kept = same and machine_walk(target).code is not PIC.SEGMENT_TRANSLATION
    return PIC.PAGE_TRANSLATION if kept else PIC.SEGMENT_TRANSLATION


def permitted(psw_key: int, key: int, kind: str) -> bool:
    """Whether a storage key lets the access through.  GA22-7000 "Key-Controlled Protection"."""
    return not psw_key or psw_key == key >> 4 or not (kind == STORE or key & Key.FETCH_PROTECTION)


def _assist_fills(target: Target) -> bool:
    """Whether the VM assist would make the shadow entry valid.  GA22-7074 "Shadow-Table Validation"."""
    vm, cp, wanted = target.vm, target.cp, CR6.VM_ASSIST | CR6.SHADOW_TABLES
    if vm is None or cp is None or vm.shadow is None:
        return False
    flags = target.cpu.cr[6] if target.runs else cp.assist.vmmicro(vm)
    if flags & wanted != wanted:
        return False
    return vm.shadow.examine(target.address).meaning is Meaning.FILL_PAGE


def _once_filled(target: Target, kind: str) -> tuple[PIC | None, int | None, int | None]:
    """The same as `_by_the_machine` once the VM assist has filled the shadow entry."""
    here = guest_real(target)
    real = None if here is None else target.real_behind(here)
    assert real is not None, "the assist fills an entry only for a page that is in real storage"
    key = target.system.machine.storage.key(real)
    return (None if permitted(target.psw.key, key, kind) else PIC.PROTECTION), real, key


def _trap(target: Target, code: PIC) -> Trap:
    """What CP would have before it."""
    vm = target.vm
    assert vm is not None
    space = SECONDARY if target.psw.secondary_space else 0
    address = space | target.address if code in _TRANSLATION else None
    ending = Ending.NULLIFICATION if address is not None else Ending.TERMINATION
    at = target.psw.instruction_address
    found = Interruption(Class.PROGRAM, code, 2, at, b"", ending, address)
    own = target.dat and code in (*_TRANSLATION, PIC.TRANSLATION_SPECIFICATION)
    assert not own or vm.shadow is not None
    return Trap(vm, found, b"", fault=vm.shadow.examine(target.address) if own and vm.shadow else None)


def _seen(target: Target, kind: str, decision: Decision) -> PIC | None:
    """What the guest is given: what CP reflects, or once CP has done its part, what its own machine would give."""
    if isinstance(decision, Reflect):
        return PIC(decision.interruption.code)
    if isinstance(decision, PseudoPageFault):
        return PIC.PSEUDO_PAGE_FAULT
    return _by_the_guests_machine(target, kind)


def _by_the_guests_machine(target: Target, kind: str) -> PIC | None:
    """What a machine of the guest's own would give: its tables, its storage, its keys."""
    vm, real = target.vm, guest_real(target)
    assert vm is not None
    if real is None:
        return own_walk(target).code
    if not vm.storage.addressable(real):
        return PIC.ADDRESSING
    return None if permitted(target.psw.key, vm.storage.peek_key(real), kind) else PIC.PROTECTION


# ---- in words --------------------------------------------------------------------------------------------------------


def access(target: Target, kind: str) -> AccessView:
    """The outcome as a view."""
    found = outcome(target, kind)
    rule = found.verdict.rule.id if found.verdict else ""
    helped = (
        "the VM assist first fills the missing shadow entry, without an interruption; then " if found.assisted else ""
    )
    words = _allowed(target, found, kind) if found.first is None else _refused(target, found, kind)
    return AccessView(kind, found.first, _taker(target, found), rule, found.seen, found.assisted, helped + words)


def _taker(target: Target, found: Outcome) -> str:
    if found.first is None:
        return ""
    if target.vm is None:
        return "the program"
    return "the guest" if found.verdict and isinstance(found.verdict.decision, Reflect) else "CP"


def _allowed(target: Target, found: Outcome, kind: str) -> str:
    return f"allowed at real {found.real:06X}: {_key_words(target.psw.key, found.key or 0, kind)}"


def _refused(target: Target, found: Outcome, kind: str) -> str:
    """First what the machine finds, then who has it, then what the guest sees."""
    assert found.first is not None
    key = f" ({_key_words(target.psw.key, found.key, kind)})" if found.key is not None else ""
    words = f"{_code_words(found.first)}{key}"
    if target.vm is None:
        return f"{words}; the program gets it, by its new PSW at real {Class.PROGRAM.new_psw:06X}"
    assert found.verdict is not None
    rule = found.verdict.rule
    if isinstance(found.verdict.decision, Reflect):
        return f"{words} in the machine; CP has it first and gives it to the guest, by rule {rule.id}: {rule.then}"
    end = f"the guest gets a {_code_words(found.seen)}" if found.seen is not None else "it is allowed"
    return f"{words} in the machine, for CP, by rule {rule.id}: {rule.then}; then {end}"


def _code_words(code: PIC) -> str:
    return f"{code.words} exception, code {code:04X}"


def _key_words(psw_key: int, key: int, kind: str) -> str:
    block = key >> 4
    if not psw_key:
        return "PSW key 0 fits every storage key"
    if psw_key == block:
        return f"PSW key {psw_key:X} is the key of the block"
    differ = f"PSW key {psw_key:X} is not the key of the block, {block:X}"
    if kind == STORE:
        return differ
    return f"{differ}, which is {'' if key & Key.FETCH_PROTECTION else 'not '}fetch protected"
