"""The real I/O supervisor: a queue for each real device, real START I/O, and what interruptions end (DMKIOS).

SY20-0886 "I/O Supervisor".  Whoever wants a real operation builds an IOBLOK and queues it; a busy channel or device
only means that it is started later.  After a unit check CP reads the sense bytes at once, before anybody else can use
the device, and keeps them with the operation and its virtual device.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from edu_hv.hypervisor.decisions import IOStep, OperationStep, Verdict
from edu_hv.hypervisor.io_blocks import DIAGNOSE, GUEST, HALTED, IOBLOK, RDEVBLOK, SENSING, Phase
from edu_hv.hypervisor.ios_rules import Started, Unstacked, after_start, on_real_interruption
from edu_hv.hypervisor.virtual_devices import VDEVBLOK, VDEVFLAG, goes_on
from edu_hv.hypervisor.vmblok import RunStatus
from edu_hv.isa.codes import MASK_24, PSA, CCWFlag, ChannelStatus, UnitStatus
from edu_hv.machine.ccw import CCW, CSW, ENDING

if TYPE_CHECKING:
    from edu_hv.hypervisor.ccw_translation import RCWTASK
    from edu_hv.hypervisor.control_program import ControlProgram
    from edu_hv.hypervisor.vmblok import VMBLOK

__all__ = ["CSW_STORED", "IOBLOK", "NOT_OPERATIONAL", "QUEUED", "RealIO"]

QUEUED = 0
CSW_STORED = 1
BUSY = 2
NOT_OPERATIONAL = 3
"""Condition codes, as `RealIO.queue` gives them; 0: the operation was accepted, be it started or queued."""

_SENSE = 0x04
_MOST_SENSE = 32
_CCW_LENGTH = 8
_SEEKS = (0x07, 0x0B)
_PCI = ChannelStatus.PROGRAM_CONTROLLED_INTERRUPTION


class RealIO:
    """CP's side of the real channels."""

    def __init__(self, cp: "ControlProgram") -> None:
        self.cp = cp
        self.rdevs: dict[int, RDEVBLOK] = {}
        """RDEVBLOKs by real address; made when a device is used first."""

    def rdev(self, device: int) -> RDEVBLOK:
        """The block of a real device."""
        return self.rdevs.setdefault(device, RDEVBLOK(device))

    # ---- starting --------------------------------------------------------------------------------------------

    def queue(self, ioblok: IOBLOK) -> int:
        """Start an operation, or keep it until the device is free.

        CC 0 accepted; 1 it has ended at once, and `ioblok.csw` tells how (real addresses, the count of the first CCW);
        3 there is no such device.  With 1 and 3 nobody else hears of it.
        """
        rdev = self.rdev(ioblok.device)
        ioblok.phase = Phase.QUEUED
        if ioblok.cylinder is None and ioblok.task is not None:
            ioblok.cylinder = self._first_cylinder(ioblok.task)
        if rdev.active is not None or rdev.queue:
            rdev.queue.append(ioblok)
            return QUEUED
        cc = self._start(rdev, ioblok)
        if cc == BUSY:
            rdev.queue.append(ioblok)
            return QUEUED
        return cc

    def start_waiting(self) -> None:
        """Start what waits on devices that nothing has: a real channel was busy, and may not be so any more."""
        for device in sorted(self.rdevs):
            rdev = self.rdevs[device]
            if rdev.sensing and not rdev.sense_started:
                self._start_sense(rdev)
            if rdev.queue:
                self._start_next(rdev)

    def _start_next(self, rdev: RDEVBLOK) -> None:
        """Start what waits; who queued it was told that it was accepted, so its end comes as an interruption does."""
        while rdev.queue and rdev.active is None:
            ioblok = rdev.next()
            ioblok.deferred = True
            if self._start(rdev, ioblok) == BUSY:
                return
            rdev.queue.remove(ioblok)
            if ioblok.phase is Phase.QUEUED:
                ioblok.csw = CSW(deferred_cc=NOT_OPERATIONAL)
                self._finish(rdev, ioblok)

    def _start(self, rdev: RDEVBLOK, ioblok: IOBLOK) -> int:
        """Real START I/O.  CC; BUSY: later."""
        cc = self._start_io(rdev.rdevadd, ioblok.caw)
        started = Started(cc, self._stored_status() if cc == CSW_STORED else CSW())
        match self._decided(rdev, ioblok, after_start(started)):
            case IOStep.QUEUE:
                return BUSY
            case IOStep.START_AGAIN:
                self._unsolicited(rdev, started.status.unit_status & ~UnitStatus.BUSY)
                return self._start(rdev, ioblok)
            case IOStep.WAIT:
                self._note_start(rdev, ioblok)
                rdev.active, ioblok.phase = ioblok, Phase.STARTED
            case IOStep.END:
                self._note_start(rdev, ioblok)
                self._ended_at_once(rdev, ioblok, self._initial(ioblok.caw, started.status))
        return cc

    def _decided(self, rdev: RDEVBLOK, ioblok: IOBLOK | None, verdict: Verdict) -> IOStep:
        """Tell the decision to whoever watches the guest concerned, if there is one."""
        vm = ioblok.vm if ioblok else next((vm for vm, _ in self._dedicated(rdev.rdevadd)), None)
        if vm is not None:
            self.cp.note(vm, verdict)
        assert isinstance(verdict.decision, OperationStep)
        return verdict.decision.step

    def _start_io(self, device: int, caw: int) -> int:
        self.cp.real.store_real(PSA.CAW, caw.to_bytes(4, "big"))
        return self.cp.machine.channels.start_io(self.cp.real, device, multiplexing=True)

    def _stored_status(self) -> CSW:
        """What START I/O has stored with CC 1: two bytes."""
        return CSW.from_bytes(bytes(4) + self.cp.real.load_real(PSA.CSW + 4, 2) + bytes(2))

    def _initial(self, caw: int, status: CSW) -> CSW:
        """The CSW of a program that has ended with its first CCW; no byte was moved."""
        address = caw & MASK_24
        first = CCW.from_bytes(self.cp.real.load_real(address, _CCW_LENGTH))
        checked = status.channel_status & ChannelStatus.PROGRAM_CHECK
        return replace(status, key=caw >> 28, address=address + _CCW_LENGTH, residual=0 if checked else first.count)

    def _note_start(self, rdev: RDEVBLOK, ioblok: IOBLOK) -> None:
        """The arm goes where the program says; sense bytes of an earlier program are out of date."""
        if ioblok.cylinder is not None:
            rdev.cylinder = ioblok.cylinder
        if ioblok.task is not None and ioblok.vdev is not None and ioblok.task.resets_sense:
            ioblok.vdev.vdevflag &= ~VDEVFLAG.SENSE

    def _ended_at_once(self, rdev: RDEVBLOK, ioblok: IOBLOK, csw: CSW) -> None:
        """CC 1: the initial status is the ending one.  It has a deferred condition code when START I/O was fast.

        The device may go on by itself, or have sense bytes to give.
        """
        ioblok.told = not ioblok.deferred
        fast = ioblok.deferred and ioblok.fast
        ioblok.csw = replace(csw, deferred_cc=CSW_STORED) if fast else csw
        self._settle(rdev, ioblok)

    def _first_cylinder(self, task: "RCWTASK") -> int | None:
        """The real cylinder to which the first SEEK of a program goes, from CP's copy of its argument."""
        load = self.cp.real.load_real
        for translated in task.ccws:
            ccw = CCW.from_bytes(translated.real)
            if ccw.command in _SEEKS and ccw.count >= 6:
                at = ccw.address
                if ccw.flags & CCWFlag.INDIRECT_DATA_ADDRESS:
                    at = int.from_bytes(load(at, 4), "big")
                return int.from_bytes(load(at + 2, 2), "big") if at + 4 < self.cp.machine.storage.size else None
        return None

    # ---- interruptions ---------------------------------------------------------------------------------------

    def owner(self, device: int) -> tuple["VMBLOK | None", int, str]:
        """Whose a real interruption of the device is: a guest and its virtual device, or what CP does there.

        The purpose is "" when it is nobody's.
        """
        rdev = self.rdevs.get(device)
        ioblok = rdev.active if rdev else None
        if ioblok is not None:
            if ioblok.phase is Phase.SENSING:
                return None, 0, SENSING
            if ioblok.vm is not None and ioblok.vdev is not None and ioblok.purpose == GUEST:
                return ioblok.vm, ioblok.vdev.address, GUEST
            return None, 0, ioblok.purpose
        for vm, vdev in self._dedicated(device):
            return vm, vdev.address, GUEST
        return None, 0, "queue" if any(rdev.queue for rdev in self.rdevs.values()) else ""

    def interruption(self, device: int, csw: CSW) -> None:
        """A real I/O interruption, with its CSW in real addresses.  What waited for device or channel is started."""
        rdev = self.rdev(device)
        ioblok = rdev.active
        step = self._decided(rdev, ioblok, on_real_interruption(Unstacked(rdev, csw)))
        if ioblok is None:
            self._unsolicited(rdev, csw.unit_status)
        elif step is IOStep.KEEP_SENSE:
            self._sensed(rdev, ioblok, csw)
        elif step is IOStep.DEVICE_END:
            self._device_ended(rdev, ioblok, csw)
        elif step is IOStep.PASS_REQUEST:
            self._requested(ioblok, csw)
        else:
            ioblok.csw = csw
            self._settle(rdev, ioblok)
        self.start_waiting()

    def _requested(self, ioblok: IOBLOK, csw: CSW) -> None:
        """A program-controlled interruption: the program goes on."""
        if ioblok.purpose == GUEST:
            self.cp.vio.requested(ioblok, csw)

    def _settle(self, rdev: RDEVBLOK, ioblok: IOBLOK) -> None:
        """The program has ended.  With unit check the sense bytes come first, and before them device end."""
        assert ioblok.csw is not None
        status = ioblok.csw.unit_status
        if not status & UnitStatus.UNIT_CHECK or ioblok.purpose == HALTED:
            self._finish(rdev, ioblok)
        elif goes_on(status):
            rdev.active, ioblok.phase = ioblok, Phase.WORKING
        else:
            self._sense(rdev, ioblok)

    def _finish(self, rdev: RDEVBLOK, ioblok: IOBLOK) -> None:
        """All is known about the end of the operation: tell it.  The device is free unless it goes on by itself."""
        assert ioblok.csw is not None
        if rdev.active in (None, ioblok):
            still = goes_on(ioblok.csw.unit_status)
            rdev.active = ioblok if still else None
            ioblok.phase = Phase.WORKING if still else Phase.DONE
        if ioblok.told or ioblok.purpose == HALTED or (ioblok.to_device_end and ioblok.phase is Phase.WORKING):
            return
        ioblok.told = True
        self._tell(ioblok, ioblok.csw)

    def _tell(self, ioblok: IOBLOK, csw: CSW) -> None:
        if ioblok.purpose == GUEST:
            self.cp.vio.ended(ioblok, csw)
        else:
            self.cp.io_completed(ioblok, csw)

    def _device_ended(self, rdev: RDEVBLOK, ioblok: IOBLOK, csw: CSW) -> None:
        """Status of a device that went on by itself after channel end; with unit check, the sense bytes come first."""
        assert ioblok.csw is not None
        if csw.unit_status & UnitStatus.DEVICE_END:
            rdev.active, ioblok.phase = None, Phase.DONE
        if not ioblok.told:
            ioblok.csw = replace(ioblok.csw, unit_status=ioblok.csw.unit_status | csw.unit_status)
        elif ioblok.purpose == GUEST and ioblok.vm is not None and ioblok.vdev is not None:
            self.cp.vio.present(ioblok.vm, ioblok.vdev.address, csw.unit_status)
        status = csw.unit_status | ioblok.csw.unit_status
        if rdev.active is None and status & UnitStatus.UNIT_CHECK and ioblok.purpose != HALTED:
            ioblok.csw = replace(ioblok.csw, unit_status=status)
            self._sense(rdev, ioblok)
        elif rdev.active is None and not ioblok.told:
            self._finish(rdev, ioblok)

    def _unsolicited(self, rdev: RDEVBLOK, status: UnitStatus) -> None:
        """The device has something to say by itself: to the guest that it is dedicated to, or to nobody."""
        if status:
            for vm, vdev in self._dedicated(rdev.rdevadd):
                self.cp.vio.present(vm, vdev.address, status)

    def _dedicated(self, device: int) -> Iterator[tuple["VMBLOK", VDEVBLOK]]:
        for vm in self.cp.vms:
            for vdev in vm.devices.values():
                if vdev.real == device and vdev.dedicated:
                    yield vm, vdev

    # ---- sense -----------------------------------------------------------------------------------------------

    def _sense(self, rdev: RDEVBLOK, ioblok: IOBLOK) -> None:
        """Unit check: read the sense bytes before anything else happens on the device.

        A guest that knows of the unit check already stays in I/O wait until they are there.
        """
        rdev.active, ioblok.phase = ioblok, Phase.SENSING
        if ioblok.told and ioblok.vm is not None:
            ioblok.vm.begin_wait(RunStatus.IOWAIT)
        try:
            rdev.sensing = self._build_sense()
        except MemoryError:
            self._keep_sense(rdev, ioblok, b"")
        else:
            self._start_sense(rdev)

    def _build_sense(self) -> int:
        """A SENSE program with room for its data in CP's free storage; its real address."""
        at = self.cp.free_storage.get(_CCW_LENGTH + _MOST_SENSE)
        ccw = CCW(_SENSE, at + _CCW_LENGTH, CCWFlag.SUPPRESS_LENGTH_INDICATION, _MOST_SENSE)
        self.cp.real.store_real(at, ccw.to_bytes() + bytes(_MOST_SENSE))
        return at

    def _start_sense(self, rdev: RDEVBLOK) -> None:
        """Start it, or try again later; a device that refuses has no sense bytes."""
        ioblok = rdev.active
        assert ioblok is not None
        cc = self._start_io(rdev.rdevadd, rdev.sensing)
        started = Started(cc, self._stored_status() if cc == CSW_STORED else CSW())
        match self._decided(rdev, ioblok, after_start(started)):
            case IOStep.WAIT:
                rdev.sense_started = True
            case IOStep.START_AGAIN:
                self._unsolicited(rdev, started.status.unit_status & ~UnitStatus.BUSY)
                self._start_sense(rdev)
            case IOStep.END | IOStep.GIVE_UP:
                self._keep_sense(rdev, ioblok, b"")

    def _sensed(self, rdev: RDEVBLOK, ioblok: IOBLOK, csw: CSW) -> None:
        """The SENSE program has ended; or, before it could be started, the device said something of itself."""
        if not rdev.sense_started:
            self._unsolicited(rdev, csw.unit_status)
            return
        length = 0 if csw.unit_status & UnitStatus.UNIT_CHECK else _MOST_SENSE - csw.residual
        self._keep_sense(rdev, ioblok, self.cp.real.load_real(rdev.sensing + _CCW_LENGTH, length))

    def _keep_sense(self, rdev: RDEVBLOK, ioblok: IOBLOK, sense: bytes) -> None:
        """Keep the sense bytes with the operation and, for the guest's own SENSE, with its device; then go on."""
        if rdev.sensing:
            self.cp.free_storage.free(rdev.sensing)
        rdev.sensing, rdev.sense_started = 0, False
        ioblok.sense = sense
        vdev, task, csw = ioblok.vdev, ioblok.task, ioblok.csw
        if vdev is not None and csw is not None and sense:
            vdev.sense = sense if task is None else task.sense(vdev, csw, sense)
            vdev.vdevflag |= VDEVFLAG.SENSE
        if ioblok.told and ioblok.vm is not None:
            ioblok.vm.end_wait(RunStatus.IOWAIT)
            self.cp.wake(ioblok.vm)
        self._finish(rdev, ioblok)

    # ---- ending it before its time ---------------------------------------------------------------------------

    def halt(self, ioblok: IOBLOK) -> None:
        """HALT I/O or HALT DEVICE of a guest: one that is queued is taken off the queue and ends as if halted.

        The real device is told only if it is really active for this operation.
        """
        rdev = self.rdev(ioblok.device)
        if ioblok in rdev.queue:
            rdev.queue.remove(ioblok)
            ioblok.csw = self._initial(ioblok.caw, CSW(unit_status=ENDING))
            ioblok.phase = Phase.DONE
            self._tell(ioblok, ioblok.csw)
        elif ioblok.phase is Phase.STARTED:
            self.cp.machine.channels.halt_device(self.cp.real, ioblok.device)

    def clear(self, ioblok: IOBLOK) -> CSW:
        """CLEAR I/O of a guest: the operation is discontinued; how far it came, in real addresses.

        The device may go on by itself: what it says then is status of the device.
        """
        rdev = self.rdev(ioblok.device)
        ioblok.told = True
        if ioblok in rdev.queue:
            rdev.queue.remove(ioblok)
            ioblok.phase = Phase.DONE
            return self._initial(ioblok.caw, CSW())
        if ioblok.phase is not Phase.STARTED:
            return ioblok.csw or CSW()
        self.cp.machine.channels.clear_io(self.cp.real, ioblok.device, multiplexing=True)
        csw = CSW.from_bytes(self.cp.real.load_real(PSA.CSW, 8))
        over = csw.unit_status & UnitStatus.DEVICE_END or csw.channel_status & ~_PCI
        rdev.active, ioblok.phase = (None, Phase.DONE) if over else (ioblok, Phase.WORKING)
        ioblok.csw = csw
        return csw

    def abandon(self, vdev: VDEVBLOK) -> None:
        """The virtual device is gone, or reset: its operations are nobody's from now on.

        What is queued is forgotten; what runs is halted.  A halted channel program moves no more data, so the guest's
        frames are unlocked and the copy of its program is freed at once; the interruption to come is nobody's.
        """
        if vdev.real is None:
            return
        rdev = self.rdev(vdev.real)
        mine = [ioblok for ioblok in (rdev.active, *rdev.queue) if ioblok is not None and ioblok.vdev is vdev]
        for ioblok in mine:
            self._abandon(rdev, ioblok)

    def _abandon(self, rdev: RDEVBLOK, ioblok: IOBLOK) -> None:
        if ioblok in rdev.queue:
            rdev.queue.remove(ioblok)
        elif ioblok.phase is Phase.STARTED:
            self.cp.machine.channels.halt_device(self.cp.real, ioblok.device)
        if ioblok.phase is Phase.SENSING and ioblok.told and ioblok.vm is not None:
            ioblok.vm.end_wait(RunStatus.IOWAIT)
        if ioblok.purpose == DIAGNOSE and not ioblok.told:
            self.cp.io_completed(ioblok, CSW(deferred_cc=NOT_OPERATIONAL))
        ioblok.release(self.cp)
        ioblok.purpose, ioblok.vm, ioblok.vdev, ioblok.told = HALTED, None, None, True

    def reset_device(self, vdev: VDEVBLOK) -> None:
        """Reset a dedicated device: the real one too, so that nothing of it is left."""
        self.abandon(vdev)
        if vdev.real is None or not vdev.dedicated:
            return
        rdev = self.rdev(vdev.real)
        if rdev.sensing:
            self.cp.free_storage.free(rdev.sensing)
        rdev.active, rdev.sensing, rdev.sense_started = None, 0, False
        self.cp.machine.channels.reset_device(vdev.real)
        self.start_waiting()

    # ---- checkpoint ------------------------------------------------------------------------------------------

    def state(self) -> Any:
        """A checkpoint."""
        return tuple(self.rdevs[device].state() for device in sorted(self.rdevs))

    def restore(self, state: Any) -> None:
        """Go back to a checkpoint."""
        self.rdevs = {rdev.rdevadd: rdev for rdev in map(RDEVBLOK.restored, state)}
