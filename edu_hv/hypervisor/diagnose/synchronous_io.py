"""DIAGNOSE X'18' and X'20': a guest's I/O without interruptions (DMKDGD, DMKGIO).

GC20-1807 "Standard DASD I/O", "General I/O".  The guest waits in the middle of its DIAGNOSE (VMRSTAT EXWAIT) while CP
has the operation done; then it goes on with condition code and register 15 set.  What waits is plain data in the
IOBLOK, or in the VDEVBLOK of a device that CP plays.
"""

from dataclasses import replace
from typing import TYPE_CHECKING

from edu_hv.hypervisor.ccw_translation import translate_chain
from edu_hv.hypervisor.decisions import AnswerDiagnose, AnswerIO, IOAction, Rule, Subject, decide
from edu_hv.hypervisor.diagnose.disk_chain import examine
from edu_hv.hypervisor.diagnose.io_answers import DISK, END, GENERAL, Ended, Wanted
from edu_hv.hypervisor.diagnose.services import device_at, service, specification
from edu_hv.hypervisor.io_blocks import DIAGNOSE, IOBLOK
from edu_hv.hypervisor.paging import PagingFailure
from edu_hv.hypervisor.virtual_devices import VDEVBLOK, VDEVFLAG
from edu_hv.hypervisor.vmblok import RunStatus
from edu_hv.isa.codes import MASK_24, MASK_32, PSA, UnitStatus
from edu_hv.machine.ccw import CSW

if TYPE_CHECKING:
    from edu_hv.hypervisor.control_program import ControlProgram
    from edu_hv.hypervisor.vmblok import VMBLOK

STANDARD, GENERAL_IO = 0x18, 0x20
BUSY = AnswerDiagnose(1, 5)
_NOT_OPERATIONAL = 3
_TIMES = 15
"""The register with the number of records, and with the return code."""


@service(STANDARD)
def standard_dasd_io(cp: "ControlProgram", vm: "VMBLOK", rx: int, ry: int) -> None:
    """X'18': read or write records of a disk.  Rx: device address; Ry: the chain; register 15: how many records.

    CC 0 done; 1, 2, 3 with a return code in register 15: `disk_chain`, `io_answers`.  With CC 3 the guest's CSW tells
    more, and a SENSE gives the sense bytes.  Raises ADDRESSING for a chain outside the guest's storage.
    """
    address = vm.vmgprs[ry] & MASK_24
    wanted = Wanted(device_at(vm, vm.vmgprs[rx]), address, vm.vmgprs[_TIMES])
    answer = _decide(cp, vm, DISK, wanted)
    if answer == AnswerDiagnose():
        verdict = examine(vm, wanted.device, address, wanted.records)
        cp.note(vm, verdict)
        answer = verdict.decision
    if answer == AnswerDiagnose():
        _start(cp, vm, wanted.device, address, 0, (STANDARD, ry))
    else:
        _answer(vm, answer)


@service(GENERAL_IO)
def general_io(cp: "ControlProgram", vm: "VMBLOK", rx: int, ry: int) -> None:
    """X'20': any channel program.  Rx: device address; Ry: the chain, and in bits 0-3 the key.

    CC 0 done; 1, 2, 3 with a return code in register 15: `io_answers`.  With CC 3 the low half of Ry has the first two
    sense bytes.  Specification: the chain is not on a doubleword; addressing: it is outside the guest's storage.
    """
    key, address = vm.vmgprs[ry] >> 28, vm.vmgprs[ry] & MASK_24
    wanted = Wanted(device_at(vm, vm.vmgprs[rx]), address)
    answer = _decide(cp, vm, GENERAL, wanted)
    if not isinstance(answer, AnswerIO):
        _answer(vm, answer)
        return
    if address % 8:
        raise specification()
    vm.cpu.load_real(address, 8)
    if answer.action is IOAction.START:
        _start(cp, vm, wanted.device, address, key, (GENERAL_IO, ry))
    else:
        vm.begin_wait(RunStatus.EXWAIT)
        cp.vio.perform(vm, wanted.device, key << 28 | address, (GENERAL_IO, ry))


def _decide(cp: "ControlProgram", vm: "VMBLOK", rules: tuple[Rule[Subject], ...], subject: Subject) -> object:
    verdict = decide(rules, subject)
    cp.note(vm, verdict)
    return verdict.decision


def _answer(vm: "VMBLOK", answer: object) -> None:
    """The condition code, and the return code if there is one."""
    assert isinstance(answer, AnswerDiagnose)
    assert answer.cc is not None
    vm.vmpsw.cc = answer.cc
    if answer.code is not None:
        vm.vmgprs[_TIMES] = answer.code


# ---- starting --------------------------------------------------------------------------------------------------------


def _start(cp: "ControlProgram", vm: "VMBLOK", vdev: VDEVBLOK, address: int, key: int, asked: tuple[int, int]) -> None:
    """Have the chain executed by the real device; the guest waits.  Without room for a copy of it: busy."""
    try:
        task = translate_chain(cp, vm, vdev, address, key)
    except MemoryError:
        _answer(vm, BUSY)
        return
    if task.answered is not None:
        task.release(cp)
        _finish(cp, vm, vdev, task.answered, asked)
        return
    assert vdev.real is not None
    ioblok = IOBLOK(DIAGNOSE, vdev.real, task.caw, vm, vdev, task, data=asked, to_device_end=True, deferred=True)
    vm.begin_wait(RunStatus.EXWAIT)
    vm.sio_count += 1
    if cp.ios.queue(ioblok) == _NOT_OPERATIONAL:
        ended(cp, ioblok, CSW(deferred_cc=_NOT_OPERATIONAL))


# ---- the end ---------------------------------------------------------------------------------------------------------


def ended(cp: "ControlProgram", ioblok: IOBLOK, csw: CSW) -> None:
    """The operation is over, or there will be no end of it: the guest goes on.

    One that was reset meanwhile does not wait for it any more, and hears nothing.
    """
    vm, vdev = ioblok.vm, ioblok.vdev
    assert vm is not None
    assert vdev is not None
    found = _for_guest(cp, ioblok, csw)
    ioblok.release(cp)
    if not vm.vmrstat & RunStatus.EXWAIT:
        return
    vm.end_wait(RunStatus.EXWAIT)
    try:
        _finish(cp, vm, vdev, found, ioblok.data)
    except PagingFailure as failure:
        cp.stop(vm, str(failure))
    cp.wake(vm)


def _for_guest(cp: "ControlProgram", ioblok: IOBLOK, csw: CSW) -> CSW:
    """The CSW in the guest's addresses; the place of the arm is noted."""
    vm, vdev, task = ioblok.vm, ioblok.vdev, ioblok.task
    if task is None or csw.deferred_cc:
        return csw
    assert vm is not None
    assert vdev is not None
    return task.ended(cp, vm, vdev, csw)


def _finish(cp: "ControlProgram", vm: "VMBLOK", vdev: VDEVBLOK, csw: CSW, asked: tuple[int, int]) -> None:
    """Condition code and registers, as the end of the operation says."""
    code, ry = asked
    answer = _decide(cp, vm, END, Ended(csw, general=code == GENERAL_IO))
    assert isinstance(answer, AnswerDiagnose)
    if answer.cc == 3 and code == STANDARD:
        vm.cpu.store_real(PSA.CSW, replace(csw, deferred_cc=0).to_bytes())
    elif answer.cc == 3:
        vm.vmgprs[ry] = vm.vmgprs[ry] & MASK_32 & ~0xFFFF | int.from_bytes(_sense(vdev, csw), "big")
    _answer(vm, answer)


def _sense(vdev: VDEVBLOK, csw: CSW) -> bytes:
    """The first two sense bytes after unit check, of the real device or of one that CP plays; zeros without it."""
    if csw.deferred_cc or not csw.unit_status & UnitStatus.UNIT_CHECK:
        return bytes(2)
    if vdev.device is not None:
        return vdev.device.sense[:2].ljust(2, b"\0")
    return vdev.sense[:2].ljust(2, b"\0") if vdev.vdevflag & VDEVFLAG.SENSE else bytes(2)
