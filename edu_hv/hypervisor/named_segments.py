"""Saved systems and segments, by name (DMKSNT, DMKCFG, DMKVMA).  GC20-1807 "Saved Systems", "Shared Segments".

The system name table says which pages belong to a name and which segments of 64K are shared (NAMESYS); SAVESYS fills
an entry with the pages, keys and registers of a machine.  A guest loads a segment by DIAGNOSE X'64', or a whole system
by IPL.  VM/370 keeps the pages on a disk that CP owns and brings them as they are used; here the table has them, and
what is shared is written once to the paging area, by `shared_segments`.

When another machine is to run, CP looks whether the last one has altered a page that it shares.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from edu_hv.hypervisor.decisions import Decision, EnterConsoleFunction, Rule, decide
from edu_hv.hypervisor.paging_area import PagingFailure
from edu_hv.hypervisor.shared_segments import SharedSegment
from edu_hv.hypervisor.virtual_storage import PAGES_IN_SEGMENT, SEGMENT
from edu_hv.hypervisor.vmblok import OtherStatus
from edu_hv.isa.errors import UserError
from edu_hv.machine.storage import BLOCK, FRAME, MAXIMUM

if TYPE_CHECKING:
    from edu_hv.hypervisor.control_program import ControlProgram
    from edu_hv.hypervisor.vmblok import VMBLOK

LOADED = "named systems"
"""Under which name a VMBLOK keeps what it has loaded: a dict from a system's name to whether it is shared."""
_KEYS = SEGMENT // BLOCK


@dataclass(frozen=True)
class Registers:
    """The information page of a saved system."""

    psw: bytes
    gr: tuple[int, ...]
    fpr: tuple[int, ...]


@dataclass(frozen=True)
class NamedSystem:
    """An entry of the system name table (NAMESYS)."""

    name: str
    pages: tuple[int, ...]
    """SYSPGNM: the numbers of its pages, ascending."""
    shared: frozenset[int]
    """SYSHRSG: the numbers of its segments that are shared."""
    size: int = 0
    """SYSSIZE: bytes of storage that a machine must have to load it by IPL."""
    contents: "tuple[tuple[int, bytes, bytes], ...]" = ()
    """By segment: its number, 64K, 32 keys; empty before SAVESYS."""
    registers: Registers | None = None

    @property
    def segments(self) -> tuple[int, ...]:
        """The numbers of the segments that it lies in."""
        return tuple(sorted({page // PAGES_IN_SEGMENT for page in self.pages}))

    @property
    def start(self) -> int:
        """Its lowest address."""
        return self.segments[0] * SEGMENT

    @property
    def end(self) -> int:
        """Its highest address: storage is taken by whole segments."""
        return (self.segments[-1] + 1) * SEGMENT - 1

    def pages_of(self, segment: int) -> tuple[int, ...]:
        """Its pages in a segment."""
        return tuple(page for page in self.pages if page // PAGES_IN_SEGMENT == segment)


@dataclass(frozen=True)
class Altered:
    """A page of a shared segment that is not as it was saved."""

    vm: "VMBLOK"
    page: int

    @property
    def message(self) -> str:
        """What its user is told."""
        name = self.vm.storage.place(self.page)[0].userid
        return f"DMKVMA456W CP ENTERED; {name} SHARED PAGE {self.page * FRAME:06X} ALTERED"


def _tell(altered: Altered) -> Decision:
    return EnterConsoleFunction(altered.message)


ALTERED: tuple[Rule[Altered], ...] = (
    Rule(
        "VMA-1",
        "another machine is to run: has the last one altered a page that it shares?",
        "throw the page away; put the machine that altered it into CP mode, with a message",
        "nobody may see what another has stored: the next use of the page brings it as it was saved",
        'GC20-1807 "Shared Segment Protection"',
        lambda altered: True,
        _tell,
    ),
)
"""Asked of each altered page that is found; of the others there is nothing to ask."""


class NamedSystems:
    """The system name table, and who uses what of it.  One for the whole CP: `cp.named_systems`."""

    def __init__(self, cp: "ControlProgram") -> None:
        self.cp = cp
        self.entries: dict[str, NamedSystem] = {}
        self.shared: dict[tuple[str, int], SharedSegment] = {}
        """The segments that somebody shares, by system and number."""
        self.last: VMBLOK | None = None
        """The machine that ran last (LASTUSER)."""

    # ---- the table -------------------------------------------------------------------------------------------

    def define(self, name: str, pages: Iterable[int], shared: Iterable[int] = (), size: int = 0) -> NamedSystem:
        """Make an entry: page numbers, the shared segments among them, and bytes that a machine needs for IPL.

        Raises UserError when it could not be loaded, or somebody uses the one that has the name now.
        """
        numbers, segments = tuple(sorted(set(pages))), frozenset(shared)
        if not numbers or not 0 <= numbers[0] <= numbers[-1] < MAXIMUM // FRAME:
            raise UserError(f"system {name} has no pages between 000 and FFF")
        if not 1 <= len(name) <= 8 or re.fullmatch("[0-9A-F]{1,3}", name):
            raise UserError(f"{name} is no name of a system: it is too long, or could be the address of a device")
        if self.users(name):
            raise UserError(f"system {name} is in use")
        entry = NamedSystem(name, numbers, segments, size)
        if not segments <= set(entry.segments):
            raise UserError(f"system {name} has no page in a segment that is to be shared")
        self._forget_segments(name)
        self.entries[name] = entry
        return entry

    def save(self, vm: "VMBLOK", name: str) -> NamedSystem:
        """SAVESYS: the pages of the entry, their keys, and the registers, as the machine has them now.

        Raises KeyError for a name that is not defined, UserError for a page that the machine has not.
        """
        entry = self.entries[name]
        if not all(vm.storage.addressable(page * FRAME) for page in entry.pages):
            raise UserError(f"system {name} has pages that the machine of {vm.vmuser} has not")
        if self.users(name):
            raise UserError(f"system {name} is in use")
        contents = tuple((segment, *_saved(vm, entry, segment)) for segment in entry.segments)
        registers = Registers(vm.vmpsw.to_bytes(), tuple(vm.vmgprs), tuple(vm.vmfprs))
        self._forget_segments(name)
        self.entries[name] = NamedSystem(name, entry.pages, entry.shared, entry.size, contents, registers)
        return self.entries[name]

    def saved(self, name: str) -> NamedSystem | None:
        """The entry of a system that has been saved."""
        entry = self.entries.get(name)
        return entry if entry is not None and entry.contents else None

    def users(self, name: str) -> "list[VMBLOK]":
        """The machines that have loaded a system."""
        return [vm for vm in self.cp.vms if name in loaded(vm)]

    # ---- loading and purging ---------------------------------------------------------------------------------

    def load(self, vm: "VMBLOK", entry: NamedSystem, shared: bool) -> None:
        """LOADSYS: the system's pages instead of what the machine has in its segments.

        What else is loaded there is purged.  Raises UserError, PagingFailure, MemoryError, and leaves nothing loaded.
        """
        for name in loaded(vm):
            if self._overlap(self.entries[name], entry):
                self.purge(vm, name)
        vm.extra[LOADED] = loaded(vm) | {entry.name: shared}
        try:
            for segment, contents, keys in entry.contents:
                self._load_segment(vm, entry, segment, contents, keys, shared and segment in entry.shared)
        except (UserError, MemoryError, PagingFailure):
            self.purge(vm, entry.name)
            raise
        self._note(vm)

    @staticmethod
    def _overlap(one: NamedSystem, other: NamedSystem) -> bool:
        return bool(set(one.segments) & set(other.segments))

    def _load_segment(
        self, vm: "VMBLOK", entry: NamedSystem, segment: int, contents: bytes, keys: bytes, shared: bool
    ) -> None:
        """Map it, when it is shared or lies beyond the machine's storage; else fill the machine's own pages."""
        paging = self.cp.paging
        if shared:
            found = self.shared.get((entry.name, segment)) or paging.define_segment(entry.name, contents, keys)
            self.shared[entry.name, segment] = found
            paging.attach_segment(vm.storage, segment, found)
        elif (segment + 1) * SEGMENT > vm.vmsize:
            private = paging.define_private_segment(entry.name, contents, keys)
            paging.attach_segment(vm.storage, segment, private)
        else:
            _fill(vm, entry, segment, contents, keys)

    def purge(self, vm: "VMBLOK", name: str) -> None:
        """PURGESYS: the machine has zeros there again, or nothing beyond its storage."""
        self.check(vm)
        entry, paging = self.entries[name], self.cp.paging
        for segment in entry.segments:
            if segment in vm.storage.shared:
                paging.detach_segment(vm.storage, segment)
            for page in entry.pages_of(segment):
                if page < vm.storage.pages:
                    paging.release_pages(vm.storage, page, page)
        vm.extra[LOADED] = {other: how for other, how in loaded(vm).items() if other != name}
        self._note(vm)
        self.drop_unused()

    def purge_all(self, vm: "VMBLOK") -> None:
        """IPL, DEFINE STORAGE, LOGOFF: the machine has nothing loaded any more."""
        for name in loaded(vm):
            self.purge(vm, name)

    def drop_unused(self) -> None:
        """Segments that nobody shares any more take no room; they are made anew from the table."""
        for key, segment in list(self.shared.items()):
            if not list(segment.users()):
                del self.shared[key]
                self.cp.paging.release(segment)

    def _forget_segments(self, name: str) -> None:
        assert not any(key[0] == name for key in self.shared), "nobody uses the system"

    def _note(self, vm: "VMBLOK") -> None:
        """VMOSTAT SHR."""
        sharing = any(not segment.exclusive for segment in vm.storage.shared.values())
        vm.vmostat = vm.vmostat | OtherStatus.SHR if sharing else vm.vmostat & ~OtherStatus.SHR

    # ---- protection ------------------------------------------------------------------------------------------

    def switch_to(self, vm: "VMBLOK") -> None:
        """The machine is next: see what the last one has done to what it shares.  SY20-0886 "Dispatching"."""
        last, self.last = self.last, vm
        if last is not None and last is not vm and last.storage.shared:
            self.check(last)

    def check(self, vm: "VMBLOK") -> None:
        """Find the shared pages that the machine has altered; they come back as they were saved, and it is stopped."""
        pages = self.cp.paging.shared_changed(vm.storage)
        for page in pages:
            verdict = decide(ALTERED, Altered(vm, page))
            self.cp.note(vm, verdict)
            assert isinstance(verdict.decision, EnterConsoleFunction)
            self.cp.paging.refresh_shared(vm.storage, page)
            self.cp.stop(vm, verdict.decision.message)

    def unshare_area(self, vm: "VMBLOK", address: int, length: int) -> None:
        """CP itself is to alter storage of the machine, for STORE, ADSTOP or TRACE: the machine gets a private copy.

        Its user is told.  Raises PagingFailure.
        """
        for number in range(address // SEGMENT, (address + max(length, 1) - 1) // SEGMENT + 1):
            segment = vm.storage.shared.get(number)
            if segment is not None and not segment.exclusive:
                self.check(vm)
                self._copy(vm, number)
                self._note(vm)
                self.drop_unused()
                text = f"DMKVMA181E SHARED COPY SYSTEM {segment.userid} REPLACED WITH NON-SHARED COPY"
                self.cp.write_terminal(vm, text)

    def _copy(self, vm: "VMBLOK", number: int) -> None:
        try:
            self.cp.paging.unshare(vm.storage, number)
        except MemoryError as problem:
            raise PagingFailure(f"SHARED SYSTEM CANNOT BE COPIED; {problem}".upper()) from problem

    def forget(self, vm: "VMBLOK") -> None:
        """LOGOFF, before the machine's storage is released."""
        self.purge_all(vm)
        if self.last is vm:
            self.last = None

    # ---- checkpoint ------------------------------------------------------------------------------------------

    def state(self) -> Any:
        """A checkpoint.  Entries never change; who has loaded what is in the VMBLOKs."""
        return tuple(self.entries.items()), tuple(self.shared.items()), self.last

    def restore(self, state: Any) -> None:
        """Go back to a checkpoint."""
        entries, shared, self.last = state
        self.entries, self.shared = dict(entries), dict(shared)


def loaded(vm: "VMBLOK") -> dict[str, bool]:
    """What a machine has loaded, by name: whether it is shared."""
    found: dict[str, bool] = vm.extra.get(LOADED, {})
    return found


def load_named_system(cp: "ControlProgram", vm: "VMBLOK", name: str) -> None:
    """IPL of a saved system: its pages, shared segments and registers; the machine is about to run.

    GC20-1807 "Saved Systems".  Raises UserError when there is no such system, or the machine is too small for it.
    """
    entry = cp.named_systems.saved(name)
    if entry is None:
        raise UserError(f"{name} SYSTEM DOES NOT EXIST")
    if vm.vmsize < entry.size:
        raise UserError(f"{name} NEEDS {entry.size // 1024}K OF STORAGE")
    cp.reset(vm)
    cp.named_systems.purge_all(vm)
    try:
        cp.named_systems.load(vm, entry, shared=True)
    except (MemoryError, PagingFailure) as problem:
        raise UserError(f"{name} cannot be loaded: {problem}") from None
    assert entry.registers is not None
    vm.vmgprs[:], vm.vmfprs[:] = entry.registers.gr, entry.registers.fpr
    vm.cpu.load_psw(vm.cpu.decode_psw(entry.registers.psw))
    vm.note_psw()


def _saved(vm: "VMBLOK", entry: NamedSystem, segment: int) -> tuple[bytes, bytes]:
    """The contents of a segment, zeros where the system has no page, and its keys."""
    text, keys = bytearray(SEGMENT), bytearray(_KEYS)
    for page in entry.pages_of(segment):
        at = page % PAGES_IN_SEGMENT
        text[at * FRAME : (at + 1) * FRAME] = vm.storage.peek(page * FRAME, FRAME)
        for half in (0, 1):
            keys[at * 2 + half] = vm.storage.peek_key(page * FRAME + half * BLOCK)
    return bytes(text), bytes(keys)


def _fill(vm: "VMBLOK", entry: NamedSystem, segment: int, contents: bytes, keys: bytes) -> None:
    """Put the system's pages into the machine's own.  Raises PagingFailure."""
    for page in entry.pages_of(segment):
        at = page % PAGES_IN_SEGMENT
        vm.storage.release_pages(page, page)
        text = contents[at * FRAME : (at + 1) * FRAME]
        if any(text):
            vm.cpu.store_real(page * FRAME, text)
            vm.storage.paging.hold_none()
        for half in (0, 1):
            vm.storage.set_key(page * FRAME + half * BLOCK, keys[at * 2 + half])
