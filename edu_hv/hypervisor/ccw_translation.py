"""CCW translation: a guest's channel program made into one for the real channel (DMKCCW).

SY20-0886 "CCW Translation".  The real program lives in CP's free storage, so that the guest cannot change it once it
runs; data go straight to and from the guest's frames, which are locked until it has ended.  Nothing leads out of the
copy: behind each run of CCWs stands a fence of invalid ones, and an address that the guest may not use becomes one that
no channel accepts.  What the guest did wrong stays wrong at the same place, so that the real channel reports it.

`ccw_scan` finds the CCWs, `minidisk_ccw` says what becomes of a disk's commands, `rcwtask` is the result.
"""

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from edu_hv.hypervisor.ccw_scan import LONGEST_CHAIN, Chain, GuestArea, Refused, Use
from edu_hv.hypervisor.guest_sense import answer_sense
from edu_hv.hypervisor.minidisk_ccw import NO_OP, SENSE, Plan, chained_behind, needs_seek, plan_for, seek_to
from edu_hv.hypervisor.paging import PagingFailure
from edu_hv.hypervisor.rcwtask import CCW_LENGTH, FENCE, RCWCTL, RCWTASK, CCWRun, GeneratedCCW, TranslatedCCW
from edu_hv.isa.codes import MASK_24, CCWFlag
from edu_hv.machine.ccw import CCW
from edu_hv.machine.storage import FRAME

if TYPE_CHECKING:
    from edu_hv.hypervisor.control_program import ControlProgram
    from edu_hv.hypervisor.virtual_devices import VDEVBLOK
    from edu_hv.hypervisor.vmblok import VMBLOK

__all__ = ["LONGEST_CHAIN", "RCWTASK", "TranslatedCCW", "translate", "translate_chain"]

INVALID_IDAW = 0xFFFFFFFF
"""No address of 24 bits: the channel's program check, when it comes to move the data."""
INVALID_TIC = 0x000001
"""Not on a doubleword: the channel's program check, when it comes to transfer there."""
TIC = 0x08
IDA = CCWFlag.INDIRECT_DATA_ADDRESS
RESERVED_FLAGS = 0x03
TAPE = 0x08
"""VDEVTYPC."""


def translate(cp: "ControlProgram", vm: "VMBLOK", vdev: "VDEVBLOK", caw: int) -> RCWTASK:
    """Build the real program for the guest's chain at the CAW (32 bits), and lock the pages of its data.

    Raises MemoryError, with nothing locked or taken, when free storage or page frames do not suffice now.
    """
    return translate_chain(cp, vm, vdev, caw & MASK_24, caw >> 28)


def translate_chain(cp: "ControlProgram", vm: "VMBLOK", vdev: "VDEVBLOK", address: int, key: int) -> RCWTASK:
    """The same for a chain at a guest-real address, under a key of 4 bits: DIAGNOSE has no CAW."""
    pages = PageLocks(cp, vm)
    try:
        answer = answer_sense(vm, vdev, address, key)
        if answer.csw is not None:
            return RCWTASK(None, 0, address, key, resets_sense=False, answered=answer.csw)
        chain = Chain(answer.next, GuestArea(vm, key), lambda ccw: chained_behind(vdev, ccw)).scan()
        return replace(_Translation(cp, vdev, chain, pages).build(), vcaw=address)
    except (PagingFailure, MemoryError) as problem:
        pages.undo()
        raise MemoryError(str(problem)) from problem


# ---- pages ---------------------------------------------------------------------------------------------------------


@dataclass
class PageLocks:
    """The pages that a channel program uses, each locked once."""

    cp: "ControlProgram"
    vm: "VMBLOK"
    frames: dict[int, int] = field(default_factory=dict)
    """Absolute address of the frame by page number."""

    def absolute(self, address: int) -> int:
        """The absolute address of a guest-real one, whose page is locked from now on."""
        page = address // FRAME
        if page not in self.frames:
            self.frames[page] = self.cp.paging.lock(self.vm.storage, page)
        return self.frames[page] + address % FRAME

    def protected(self, address: int) -> bool:
        """Whether a guest-real address is in a segment that others share."""
        return self.vm.storage.place(address // FRAME)[0].protected

    def undo(self) -> None:
        """Unlock all of them."""
        for frame in self.frames.values():
            self.cp.paging.unlock(frame)


# ---- one CCW -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Made:
    """What becomes of one CCW; where the copies of arguments and lists are is not known yet."""

    plan: Plan
    address: int = 0
    """The real data address, or, for a TIC, the guest's."""
    idaws: tuple[int, ...] = ()
    protected: bool = False
    """The guest's key does not permit to fetch it, or its argument."""
    idle: bool = False
    """It moves no data: any area will do."""

    @property
    def result(self) -> tuple[object, ...]:
        """All that the real channel will see."""
        return self.plan.ccw, self.plan.own, self.plan.before, self.address, self.idaws

    @property
    def own(self) -> bytes:
        """What has to be stored for it beside the CCW: an argument or a list."""
        return self.plan.own or b"".join(word.to_bytes(4, "big") for word in self.idaws)


_POISON = _Made(Plan(CCW(0, 0, 0, 0), control=RCWCTL.INVALID))
"""A CCW that is reached in ways for which CP would have to make different ones of it."""


def _command_first(use: Use) -> bool:
    return use is not Use.COMMAND


def _moves_nothing(vdev: "VDEVBLOK", plan: Plan, use: Use) -> bool:
    """Whether no data are moved: by skipping, or by a command that has none."""
    if use is Use.SKIPPED or not plan.ccw.count:
        return True
    command = plan.ccw.command
    reads = use in (Use.INPUT, Use.BACKWARD) or (use is Use.COMMAND and not command & 0x01)
    if reads and plan.ccw.flags & CCWFlag.SKIP:
        return True
    control = command & 0x03 == 0x03 and bool(vdev.vdevtypc & TAPE)
    return use is Use.COMMAND and (command == NO_OP or control)


@dataclass
class _Translation:
    """The second pass: one real CCW for each that was copied, CP's own besides, and where all of them go."""

    cp: "ControlProgram"
    vdev: "VDEVBLOK"
    chain: Chain
    pages: PageLocks
    generated: list[GeneratedCCW] = field(default_factory=list)
    at: int = 0
    """Where the next piece goes behind the runs."""

    def build(self) -> RCWTASK:
        """Translate, take the storage, store."""
        chain = self.chain
        made = {address: self._make(address) for address in chain.ccws}
        prefix = self._prefix()
        groups = _groups(sorted(made))
        program_length = len(made) * CCW_LENGTH + max(len(groups), 1) * len(FENCE)
        piece = self.cp.free_storage.get(program_length + self._room_for(made, prefix))
        self.runs = _place_runs(groups or [(chain.start, 0)], piece)
        self.places = {r.guest_address + n: r.real_address + n for r in self.runs for n in range(0, r.length, 8)}
        self.at = piece + program_length
        for run in self.runs:
            self._store(run.real_address + run.length, FENCE)
        self._expand(made)
        ccws = tuple(self._store_ccw(address, one) for address, one in made.items())
        start = self.entries.get(chain.start, self.runs[0].real_address)
        if prefix is not None:
            start = self._store_generated((_Made(prefix),), start, chain.start)
        task = RCWTASK(piece, start, chain.start, chain.area.key, ccws, self.runs, tuple(self.generated))
        return replace(task, frames=tuple(self.pages.frames.values()), resets_sense=self._resets_sense())

    # ---- what becomes of a CCW -------------------------------------------------------------------------------

    def _make(self, address: int) -> _Made:
        """The same for all ways in which the CCW is reached, or none of them works."""
        made = [self._make_for(address, use) for use in sorted(self.chain.uses[address], key=_command_first)]
        first = next((one for one in made if not one.idle), made[0])
        return first if all(one.result == first.result or _allows(one, first) for one in made) else _POISON

    def _make_for(self, address: int, use: Use) -> _Made:
        ccw, area = self.chain.ccws[address], self.chain.area
        if address in self.chain.protected:
            return _Made(Plan(ccw), protected=True)
        if ccw.transfer_in_channel:
            return _Made(Plan(ccw), ccw.address)
        plan = plan_for(self.vdev, area, ccw) if use is Use.COMMAND else Plan(ccw)
        if use is Use.SKIPPED:
            plan = replace(plan, ccw=replace(ccw, flags=ccw.flags | CCWFlag.SKIP))
        if plan.own is not None:
            return _Made(plan)
        if _moves_nothing(self.vdev, plan, use):
            return _Made(_without(plan, IDA), idle=True)
        return self._area(plan, use)

    def _area(self, plan: Plan, use: Use) -> _Made:
        """The real CCW names the area itself when it is all in one page, otherwise by IDAWs."""
        backward = use is Use.BACKWARD or (use is Use.COMMAND and plan.ccw.command & 0x0F == 0x0C)
        area, ccw = self.chain.area, plan.ccw
        starts = area.starts(ccw, backward)
        guarded = bool(plan.control & RCWCTL.RELOCATED)
        output = use is Use.OUTPUT or (use is Use.COMMAND and bool(ccw.command & 0x01))
        usable = [self._usable(start, guarded, output) for start in starts]
        bad = next((at for at in usable if isinstance(at, Refused)), None)
        protected = bad is Refused.PROTECTION
        indirect = bool(ccw.flags & IDA)
        if not indirect and bad is None and _one_page([at for at in starts if isinstance(at, int)]):
            assert isinstance(usable[0], int)
            return _Made(replace(plan, control=plan.control | RCWCTL.LOCKED), usable[0])
        idaws = tuple(INVALID_IDAW if isinstance(at, Refused) else at for at in usable)
        control = plan.control | RCWCTL.LOCKED
        return _Made(replace(_with(plan, IDA), control=control), 0, idaws, protected)

    def _usable(self, start: int | Refused, guarded: bool, output: bool) -> int | Refused:
        """The absolute address.  `guarded`: the key is looked at now, and not by the channel later.

        Into a shared segment no channel stores: it would store for everybody.
        """
        if isinstance(start, Refused):
            return start
        if not self.chain.area.holds(start):
            return Refused.ADDRESSING
        found = self.chain.area.fetch(start, 1) if guarded else b""
        if not output and self.pages.protected(start):
            found = Refused.PROTECTION
        return found if isinstance(found, Refused) else self.pages.absolute(start)

    def _prefix(self) -> Plan | None:
        """CP's own SEEK, when the program relies on where the arm is and the channel accepts its first CCW."""
        first = self.chain.ccws.get(self.chain.start)
        if first is None or not _accepted(first) or not needs_seek(self.vdev, self.chain):
            return None
        return seek_to(self.vdev, self.vdev.posn >> 16, self.vdev.posn & 0xFFFF, CCWFlag.CHAIN_COMMAND)

    def _resets_sense(self) -> bool:
        """Whether there is any command but NO-OP and SENSE that the channel accepts."""
        commands = (ccw for address, ccw in self.chain.ccws.items() if Use.COMMAND in self.chain.uses[address])
        return any(_accepted(ccw) and ccw.command not in (NO_OP, SENSE) for ccw in commands)

    # ---- where everything goes -------------------------------------------------------------------------------

    def _room_for(self, made: dict[int, _Made], prefix: Plan | None) -> int:
        """Bytes for arguments, lists and CP's own CCWs."""
        room = sum(_up(len(one.own)) for one in made.values())
        for one in made.values():
            room += sum(CCW_LENGTH + _up(len(plan.own or b"")) for plan in one.plan.before)
            room += 2 * CCW_LENGTH if one.plan.before else 0
        return room + (2 * CCW_LENGTH + _up(len(prefix.own or b"")) if prefix else 0)

    def _expand(self, made: dict[int, _Made]) -> None:
        """Store CP's own CCWs; each guest's is entered in the copy, or at those that stand for it."""
        expanded = {a: (*map(_Made, one.plan.before), one) for a, one in made.items() if one.plan.before}
        self.entries, at = dict(self.places), self.at
        for address, parts in expanded.items():
            self.entries[address] = at
            at += CCW_LENGTH * (len(parts) + 1) + sum(_up(len(part.own)) for part in parts)
        for address, parts in expanded.items():
            goes_on, owner = self._after(address)
            self._store_generated(parts, goes_on, address, owner)

    def _after(self, address: int) -> tuple[int, int]:
        """Where the chain goes on behind a CCW that CP has replaced by several, and on whose behalf the TIC is.

        A TIC must not lead to a TIC: it leads where that one leads.
        """
        behind = address + CCW_LENGTH
        ccw = self.chain.ccws.get(behind)
        if ccw is not None and ccw.transfer_in_channel:
            return self.entries.get(ccw.address, INVALID_TIC), behind
        return self.entries.get(behind, self.places[address] + CCW_LENGTH), address

    def _store_generated(self, parts: tuple[_Made, ...], goes_on: int, owner: int, tic_owner: int | None = None) -> int:
        """CCWs of CP's own, one behind the other, and a TIC to the guest's program; where they begin."""
        first, self.at = self.at, self.at + CCW_LENGTH * (len(parts) + 1)
        for number, part in enumerate(parts):
            self._store_own(first + CCW_LENGTH * number, self._real(part, self.at), part, owner)
        tic = CCW(TIC, goes_on, 0, 1).to_bytes()
        at = first + CCW_LENGTH * len(parts)
        self._store(at, tic)
        self.generated.append(GeneratedCCW(at, tic, owner if tic_owner is None else tic_owner))
        return first

    def _store_own(self, at: int, ccw: CCW, part: _Made, owner: int) -> None:
        text = ccw.to_bytes()
        self._store(at, text)
        self._store_data(part)
        self.generated.append(GeneratedCCW(at, text, owner))

    def _store_ccw(self, address: int, one: _Made) -> TranslatedCCW:
        """The CCW of the copy, or the TIC to what stands for it."""
        place = self.places[address]
        if one.plan.before:
            real = CCW(TIC, self.entries[address], 0, 1).to_bytes()
        elif one.plan.ccw.transfer_in_channel:
            real = replace(one.plan.ccw, address=self.entries.get(one.address, INVALID_TIC)).to_bytes()
        else:
            real = self._real(one, self.at).to_bytes()
            self._store_data(one)
        self._store(place, real)
        control = one.plan.control | (RCWCTL.PROTECTED if one.protected else RCWCTL(0))
        guest = self.chain.ccws[address].to_bytes()
        return TranslatedCCW(address, place, guest, real, one.idaws, control, one.plan.rule, one.plan.place)

    def _real(self, one: _Made, data: int) -> CCW:
        """The real CCW; `data` is where its argument or list goes, if it has one."""
        return replace(one.plan.ccw, address=data if one.own else one.address)

    def _store_data(self, one: _Made) -> None:
        if one.own:
            self._store(self.at, one.own)
            self.at += _up(len(one.own))

    def _store(self, real: int, data: bytes) -> None:
        self.cp.real.store_real(real, data)


def _groups(addresses: list[int]) -> list[tuple[int, int]]:
    """Sorted CCW addresses as runs: where each begins, and its length in bytes."""
    groups: list[tuple[int, int]] = []
    for address in addresses:
        if groups and sum(groups[-1]) == address:
            groups[-1] = groups[-1][0], groups[-1][1] + CCW_LENGTH
        else:
            groups.append((address, CCW_LENGTH))
    return groups


def _place_runs(groups: list[tuple[int, int]], at: int) -> tuple[CCWRun, ...]:
    """One run behind the other in real storage, each with its fence."""
    runs: list[CCWRun] = []
    for start, length in groups:
        runs.append(CCWRun(start, at, length))
        at += length + len(FENCE)
    return tuple(runs)


def _one_page(starts: list[int]) -> bool:
    return len({start // FRAME for start in starts}) == 1


def _up(length: int) -> int:
    """To a whole number of doublewords."""
    return -(-length // 8) * 8


def _with(plan: Plan, flag: int) -> Plan:
    return replace(plan, ccw=replace(plan.ccw, flags=plan.ccw.flags | flag))


def _allows(idle: _Made, other: _Made) -> bool:
    """Whether a CCW that moves no data in one of its uses may be what another use makes of it."""
    mine, its = (replace(one.plan.ccw, flags=one.plan.ccw.flags & ~IDA) for one in (idle, other))
    return idle.idle and mine == its and other.plan.own is None and not other.plan.before


def _without(plan: Plan, flag: int) -> Plan:
    return replace(plan, ccw=replace(plan.ccw, flags=plan.ccw.flags & ~flag))


def _accepted(ccw: CCW) -> bool:
    """Whether the channel accepts it as the first of a program.  GA22-7000 "Program Check"."""
    return not ccw.transfer_in_channel and bool(ccw.command & 0x0F and ccw.count) and not ccw.flags & RESERVED_FLAGS
