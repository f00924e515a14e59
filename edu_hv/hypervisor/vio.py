"""Virtual I/O: what an I/O instruction of a guest does, and what becomes of it later (DMKVSI, DMKVIO).

SY20-0886 "Virtual I/O Requests".  `io_rules` decides by the guest's blocks.  A console, a spooled reader, punch or
printer, and a channel-to-channel adapter are played by CP: it interprets the whole channel program at once, over the
guest's storage (DMKVCN, DMKVSP, DMKVCA).  Other programs are translated (`ccw_translation`) and queued for the real
device (`real_io`).
"""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from edu_hv.devices.console import Console
from edu_hv.devices.ctca import CTCAEnd
from edu_hv.hypervisor.ccw_translation import translate
from edu_hv.hypervisor.decisions import AnswerIO, IOAction
from edu_hv.hypervisor.disconnected import terminal_needed
from edu_hv.hypervisor.guest_storage import GuestStorage
from edu_hv.hypervisor.io_blocks import DIAGNOSE, GUEST, IOBLOK
from edu_hv.hypervisor.io_rules import BUSY, CSW_STORED, NOT_OPERATIONAL, STARTED, IORequest, answer
from edu_hv.hypervisor.virtual_ctca import VirtualCTCA, uncouple
from edu_hv.hypervisor.virtual_devices import VDEVBLOK, goes_on
from edu_hv.hypervisor.virtual_ipl import load
from edu_hv.isa.codes import MASK_24, MASK_32, PSA, ChannelStatus, UnitStatus
from edu_hv.machine.ccw import CSW
from edu_hv.machine.channel_program import ChannelProgram
from edu_hv.machine.subchannel import ChannelType

if TYPE_CHECKING:
    from edu_hv.hypervisor.ccw_translation import RCWTASK
    from edu_hv.hypervisor.control_program import ControlProgram
    from edu_hv.hypervisor.vmblok import VMBLOK

_ANSWER_BUSY = frozenset({"SIO", "SIOF", "TIO", "TCH"})
"""What a channel that works answers with condition code 2 and without doing anything."""

MOST_CCWS = 256
"""CCWs of a device played by CP that are interpreted in one go: a chain that never ends costs its guest and not CP."""


class VirtualIO:
    """CP's side of the I/O instructions."""

    def __init__(self, cp: "ControlProgram") -> None:
        self.cp = cp
        self._actions: dict[IOAction, Callable[[IORequest], int]] = {
            IOAction.STORE_BUSY: self._store_busy,
            IOAction.STORE_PROGRAM_CHECK: self._store_program_check,
            IOAction.INTERPRET: self._interpret,
            IOAction.START: self._start,
            IOAction.GIVE_CSW: self._give_csw,
            IOAction.ASK_DEVICE: self._ask_device,
            IOAction.ASK_REAL_DEVICE: self._ask_real_device,
            IOAction.DISCONTINUE: self._discontinue,
            IOAction.HALT: self._halt,
            IOAction.STORE_CHANNEL_ID: self._store_channel_id,
        }
        """Each gives the condition code; a rule that names one wins."""
        self._unfinished: dict[VMBLOK, None] = {}
        """Machines with an interpreted program to go on with, so that nobody has to look for them."""

    def simulate(self, vm: "VMBLOK", mnemonic: str, address: int) -> None:
        """Carry out an I/O instruction of a guest: its condition code is set, its CSW stored where there is one."""
        request = IORequest(vm, mnemonic, address)
        vm.cpu.load_real(PSA.CSW, 1)  # Its page 0 is in: CAW and CSW are there.
        verdict = answer(request)
        self.cp.note(vm, verdict)
        if request.working is not None and mnemonic in _ANSWER_BUSY:
            vm.devices.tell_busy(address >> 8)
        assert isinstance(verdict.decision, AnswerIO)
        action, cc = verdict.decision.action, verdict.decision.cc
        if action is not IOAction.NOTHING:
            found = self._actions[action](request)
            cc = found if cc is None or request.independent else cc
        assert cc is not None
        vm.vmpsw.cc = cc

    # ---- START I/O -------------------------------------------------------------------------------------------

    def _store_busy(self, request: IORequest) -> int:
        """Status with the busy bit; what was pending is pending no longer."""
        vdev = request.device
        csw = CSW(unit_status=vdev.vdevunit | UnitStatus.BUSY)
        vdev.withdraw(vdev.vdevunit)
        return self._conclude(request, csw)

    def _store_program_check(self, request: IORequest) -> int:
        """Bits 4-7 of the CAW are looked at first: then there is neither a key nor an address."""
        caw = request.caw
        key, address = (0, 0) if caw & 0x0F000000 else (caw >> 28, caw & MASK_24)
        csw = CSW(key, address + 8 & MASK_24, channel_status=ChannelStatus.PROGRAM_CHECK)
        return self._conclude(request, csw)

    def _conclude(self, request: IORequest, csw: CSW) -> int:
        """The operation has ended at once: its status is stored, or, by SIOF, an interruption brings it later.

        GA22-7000 "Start I/O Fast Release".
        """
        vm, vdev = request.vm, request.device
        if request.independent:
            vdev.end(replace(csw, deferred_cc=CSW_STORED))
        elif goes_on(csw.unit_status):
            vdev.end(csw)
            vdev.take()
        elif vdev.running:
            vdev.end(None)
        self._changed(vm, vdev)
        return STARTED if request.independent else _store_status(vm, csw)

    def _interpret(self, request: IORequest) -> int:
        """CP plays the device: the whole program, until it ends or waits for input."""
        vm, vdev = request.vm, request.device
        assert vdev.device is not None
        program = self._program(vm, vdev)
        if not program.start(request.caw.to_bytes(4, "big")):
            self.look_at_other_end(vdev)
            return self._conclude(request, _whole(program))
        vdev.begin(program, request.multiplexing)
        self._go_on(vm, vdev)
        return STARTED

    def _program(self, vm: "VMBLOK", vdev: VDEVBLOK) -> ChannelProgram:
        assert vdev.device is not None
        program = ChannelProgram(vdev.device, GuestStorage(vm.cpu), vdev.address)
        program.observer = vm.cpu.observer
        return program

    def _go_on(self, vm: "VMBLOK", vdev: VDEVBLOK) -> None:
        """Interpret a program further; at an adapter the two ends take turns, as long as one waits for the other."""
        self._run(vm, vdev)
        found = self._other_end(vdev)
        for _ in range(MOST_CCWS):
            if found is None:
                return
            self._run(*found)
            found = self._other_end(found[1])
        if found is not None:
            self._note_unfinished(found[0])

    def look_at_other_end(self, vdev: VDEVBLOK) -> None:
        """Something has happened at one end of an adapter: the other end's program may go on."""
        found = self._other_end(vdev)
        if found is not None:
            self._go_on(*found)

    def _run(self, vm: "VMBLOK", vdev: VDEVBLOK) -> None:
        """Interpret a program until it ends or waits for input, MOST_CCWS at most."""
        program = vdev.program
        assert program is not None
        going = True
        for _ in range(MOST_CCWS):
            if not going or program.waiting:
                break
            going = program.step()
        if not going:
            self._over(vm, vdev, _whole(program))
        elif (request := program.take_interruption_request()) is not None:
            vdev.request(request)
        self._note_unfinished(vm)
        self._changed(vm, vdev)
        terminal_needed(self.cp, vm)

    def perform(self, vm: "VMBLOK", vdev: VDEVBLOK, caw: int, asked: tuple[int, ...]) -> None:
        """A DIAGNOSE wants a program of a device that CP plays: its end is told by `cp.io_completed`.

        `asked`: what the DIAGNOSE wants to find again.
        """
        program = self._program(vm, vdev)
        vdev.extra[DIAGNOSE] = asked
        vdev.begin(program, multiplexing=False)
        if program.start(caw.to_bytes(4, "big")):
            self._go_on(vm, vdev)
        else:
            self._over(vm, vdev, _whole(program))

    def _over(self, vm: "VMBLOK", vdev: VDEVBLOK, csw: CSW) -> None:
        """A program has ended: the guest will be interrupted, or goes on behind its DIAGNOSE."""
        asked = vdev.extra.pop(DIAGNOSE, None)
        vdev.end(csw if asked is None else None)
        if asked is not None:
            self.cp.io_completed(IOBLOK(DIAGNOSE, vdev.address, 0, vm, vdev, data=asked), csw)

    def _abandon(self, vm: "VMBLOK", vdev: VDEVBLOK) -> None:
        """The device is reset, or gone: a DIAGNOSE waits for it no longer."""
        if DIAGNOSE in vdev.extra:
            self._over(vm, vdev, CSW(deferred_cc=NOT_OPERATIONAL))
        self.cp.ios.reset_device(vdev)

    def _other_end(self, vdev: VDEVBLOK) -> tuple["VMBLOK", VDEVBLOK] | None:
        """The other end of an adapter, if what its program waited for has come."""
        end = vdev.device
        if not isinstance(end, CTCAEnd):
            return None
        for vm in self.cp.vms:
            for other in vm.devices.values():
                if other.device is end.other and other.program is not None and not other.program.waiting:
                    return vm, other
        return None

    def _start(self, request: IORequest) -> int:
        """Translate the program and queue it for the real device."""
        cp, vm, vdev = self.cp, request.vm, request.device
        try:
            task = translate(cp, vm, vdev, request.caw)
        except MemoryError:
            return BUSY  # There is no room for the copy until another program ends.
        if task.answered is not None:
            task.release(cp)
            vdev.end(task.answered)
            self._changed(vm, vdev)
            return STARTED
        assert vdev.real is not None
        ioblok = IOBLOK(GUEST, vdev.real, task.caw, vm, vdev, task, fast=request.independent)
        vdev.begin(ioblok, request.multiplexing)
        vm.sio_count += 1
        cc = cp.ios.queue(ioblok)
        if cc == STARTED:
            self._changed(vm, vdev)
            return cc
        ioblok.release(cp)
        if cc == NOT_OPERATIONAL:
            vdev.end(None)
            return cc
        assert ioblok.csw is not None
        return self._conclude(request, _for_guest(ioblok, ioblok.csw))

    # ---- the other instructions ------------------------------------------------------------------------------

    def _give_csw(self, request: IORequest) -> int:
        """The pending CSW is stored and cleared; a device that works by itself is busy besides."""
        vm, vdev = request.vm, request.device
        own = vdev.channel_csw is None
        csw = vm.devices.take(vdev.address)
        if own and vdev.working:
            csw = replace(csw, unit_status=csw.unit_status | UnitStatus.BUSY)
        vm.cpu.store_real(PSA.CSW, csw.to_bytes())
        return CSW_STORED

    def _ask_device(self, request: IORequest) -> int:
        """TEST I/O of a device that CP plays."""
        device = request.device.device
        assert device is not None
        status = device.test()
        if not status:
            return STARTED
        request.vm.cpu.store_real(PSA.CSW, CSW(unit_status=status).to_bytes())
        return CSW_STORED

    def _ask_real_device(self, request: IORequest) -> int:
        """TEST I/O of a dedicated device with nothing to do; a real channel that is busy is no matter."""
        device = request.device.real
        assert device is not None
        cc = self.cp.machine.channels.test_io(self.cp.real, device)
        if cc == CSW_STORED:
            request.vm.cpu.store_real(PSA.CSW, self.cp.real.load_real(PSA.CSW, 8))
        return STARTED if cc == BUSY else cc

    def _discontinue(self, request: IORequest) -> int:
        """CLEAR I/O: the subchannel is available at once."""
        vm, vdev = request.vm, request.device
        csw = vdev.channel_csw if vdev.ended else self._progress(vdev)
        vdev.end(None)
        vm.cpu.store_real(PSA.CSW, (csw or CSW()).to_bytes())
        self._changed(vm, vdev)
        return CSW_STORED

    def _progress(self, vdev: VDEVBLOK) -> CSW:
        """How far the operation came that is stopped now; the device says the rest by itself."""
        operation = vdev.ioblok
        if isinstance(operation, ChannelProgram):
            csw = operation.progress
            operation.halt()
            operation.step()
            vdev.present(_whole(operation).unit_status)
            return csw
        assert operation is not None
        csw = _for_guest(operation, self.cp.ios.clear(operation))
        operation.release(self.cp)
        return csw

    def _halt(self, request: IORequest) -> int:
        """HALT I/O and HALT DEVICE: the operation that holds the channel, or that of the subchannel, is ended."""
        vm, working = request.vm, request.working
        vdev = working or request.holder
        program = vdev.program if vdev else None
        if vdev is not None and program is not None:
            program.halt()
            self._go_on(vm, vdev)
        elif vdev is not None and isinstance(vdev.ioblok, IOBLOK):
            vdev.halted = True
            self.cp.ios.halt(vdev.ioblok)
            vm.devices.note(vdev)
        return _store_status(vm, CSW()) if working is None else BUSY

    def _store_channel_id(self, request: IORequest) -> int:
        """STORE CHANNEL ID: the type alone; a block multiplexer with an operation that may not multiplex is a selector.

        GA22-7000 "Store Channel ID".
        """
        assert request.channel is not None
        selector = request.channel.type is ChannelType.BLOCK_MULTIPLEXER and request.working is not None
        kind = ChannelType.SELECTOR if selector else request.channel.type
        request.vm.cpu.store_real(PSA.CHANNEL_ID, bytes([kind << 4, 0, 0, 0]))
        return STARTED

    # ---- what the real I/O supervisor tells ------------------------------------------------------------------

    def requested(self, ioblok: IOBLOK, csw: CSW) -> None:
        """A program-controlled interruption of a guest's operation; `csw` is in real addresses."""
        vm, vdev, task = _whose(ioblok)
        vdev.request(task.untranslate(csw))
        self._changed(vm, vdev)

    def ended(self, ioblok: IOBLOK, csw: CSW) -> None:
        """A guest's operation has ended: its CSW is made the guest's, its pages are unlocked (DMKVIOIN)."""
        vm, vdev, task = _whose(ioblok)
        found = task.ended(self.cp, vm, vdev, csw) if not csw.deferred_cc else _for_guest(ioblok, csw)
        ioblok.release(self.cp)
        vdev.end(found)
        self._changed(vm, vdev)

    # ---- interruptions ---------------------------------------------------------------------------------------

    def pending(self, vm: "VMBLOK") -> int | None:
        """The device whose interruption the virtual PSW allows now: the lowest channel, control unit and device.

        Without ECMODE there is no CR2: bit 6 of a BC-mode PSW is for all channels from 6 up.
        """
        waiting = vm.devices.vmioint
        masks = vm.cpu.cr[2] if vm.ecmode else MASK_32
        for channel in range(16) if waiting else ():
            if waiting & 0x8000 >> channel and vm.vmpsw.channel_enabled(channel, masks):
                return vm.devices.interrupting(channel)
        return None

    def accept(self, vm: "VMBLOK", address: int) -> None:
        """The guest takes the interruption of a device: its CSW goes to guest storage, the status is cleared."""
        vm.cpu.load_real(PSA.CSW, 1)  # Its page 0 is in.
        vm.cpu.store_real(PSA.CSW, vm.devices.take(address).to_bytes())

    def present(self, vm: "VMBLOK", address: int, status: UnitStatus) -> None:
        """A device has something to say by itself: ready, attention."""
        vdev = vm.devices[address]
        vdev.present(status)
        self._changed(vm, vdev)

    def withdraw(self, vm: "VMBLOK", address: int, status: UnitStatus) -> None:
        """What it had to say no longer matters."""
        vdev = vm.devices[address]
        vdev.withdraw(status)
        self._changed(vm, vdev)

    def _changed(self, vm: "VMBLOK", vdev: VDEVBLOK) -> None:
        """The device's state has changed: the maps of its channel, and perhaps the guest can go on."""
        vm.devices.note(vdev)
        if vm.devices.vmioint:
            self.cp.wake(vm)

    # ---- programs that go on ---------------------------------------------------------------------------------

    def unfinished(self, vm: "VMBLOK") -> bool:
        """Whether CP has a channel program of the guest to go on with."""
        return vm in self._unfinished

    def unfinished_machines(self) -> list["VMBLOK"]:
        """The machines with such a program."""
        return list(self._unfinished)

    def _note_unfinished(self, vm: "VMBLOK") -> None:
        if any(vdev.program is not None and not vdev.program.waiting for vdev in vm.devices.values()):
            self._unfinished[vm] = None
        else:
            self._unfinished.pop(vm, None)

    def advance(self, vm: "VMBLOK") -> None:
        """Go on with them, MOST_CCWS at a time."""
        for vdev in list(vm.devices.values()):
            if vdev.program is not None and not vdev.program.waiting:
                self._go_on(vm, vdev)

    def input(self, vm: "VMBLOK", text: str) -> None:
        """A line typed at the terminal: it ends a console read that waits, or else it is an attention."""
        vdev = vm.devices.console()
        if vdev is None or not isinstance(vdev.device, Console):
            return
        vdev.device.enter(text)
        if vdev.program is not None:
            self._go_on(vm, vdev)
        else:
            self.present(vm, vdev.address, UnitStatus.ATTENTION)

    def attention(self, vm: "VMBLOK") -> None:
        """The attention key (REQUEST), without a line."""
        vdev = vm.devices.console()
        if vdev is not None and isinstance(vdev.device, Console):
            self.present(vm, vdev.address, vdev.device.request())

    # ---- reset, detach ---------------------------------------------------------------------------------------

    def reset(self, vm: "VMBLOK") -> None:
        """Virtual system reset: nothing runs and nothing is pending.  An adapter stays coupled."""
        for vdev in list(vm.devices.values()):
            self.reset_device(vm, vdev.address)

    def reset_device(self, vm: "VMBLOK", address: int) -> None:
        """RESET of one device.  A dedicated one is reset really; on a shared volume the guest's operation is halted."""
        vdev = vm.devices[address]
        if vdev.device is not None:
            vdev.device.reset()
        self._abandon(vm, vdev)
        vdev.clear()
        vm.devices.note(vdev)
        self._note_unfinished(vm)

    def detach(self, vm: "VMBLOK", address: int) -> VDEVBLOK:
        """The guest has the device no longer, whatever it was doing.  Raises UserError when there is none."""
        vdev = vm.devices.remove(address)
        if vdev.device is not None:
            vdev.device.reset()
        if isinstance(vdev.device, VirtualCTCA):
            uncouple(vdev.device)
        self._abandon(vm, vdev)
        vdev.clear()
        self._note_unfinished(vm)
        return vdev

    def logoff(self, vm: "VMBLOK") -> None:
        """The guest is gone, with all its devices."""
        for address in list(vm.devices):
            self.detach(vm, address)

    def ipl(self, vm: "VMBLOK", address: int, cylinder: int | None = None) -> None:
        """Virtual IPL of a machine that has been reset.  Raises UserError when there is nothing to load."""
        self.cp.named_systems.purge_all(vm)
        load(self.cp, vm, address, cylinder or 0)

    # ---- checkpoint ------------------------------------------------------------------------------------------

    def state(self) -> Any:
        """A checkpoint; what the devices do is in the VMBLOKs and in the real I/O supervisor."""
        return tuple(self._unfinished)

    def restore(self, state: Any) -> None:
        """Go back to a checkpoint."""
        self._unfinished = dict.fromkeys(state)


def _whose(ioblok: IOBLOK) -> tuple["VMBLOK", VDEVBLOK, "RCWTASK"]:
    """The guest, the device and the program of a guest's operation."""
    assert ioblok.vm is not None, "what is abandoned is not told"
    assert ioblok.vdev is not None
    assert ioblok.task is not None
    return ioblok.vm, ioblok.vdev, ioblok.task


def _whole(program: ChannelProgram) -> CSW:
    """The end of a program that CP interpreted: a device that goes on by itself does so in no time."""
    csw = program.ending_csw()
    if not goes_on(csw.unit_status):
        return csw
    return replace(csw, unit_status=csw.unit_status | program.device.finish(program.command))


def _for_guest(ioblok: IOBLOK, csw: CSW) -> CSW:
    """The CSW of an operation that ended with its first CCW, or did not come to its end, in the guest's addresses."""
    task = ioblok.task
    assert task is not None
    unit, channel = task.status(csw.status_bytes())
    checked = replace(csw, unit_status=UnitStatus(unit), channel_status=ChannelStatus(channel))
    return task.untranslate(checked) if csw.address else checked


def _store_status(vm: "VMBLOK", csw: CSW) -> int:
    """Store the status portion of the CSW and leave the rest as it is: condition code 1."""
    vm.cpu.store_real(PSA.CSW + 4, csw.status_bytes())
    return CSW_STORED
