"""Commands that are keys and states of the guest's devices (DMKCPB, DMKCFP).  CP Command Reference."""

from typing import TYPE_CHECKING

from edu_hv.devices.console import Console
from edu_hv.devices.unit_record import UnitRecordDevice
from edu_hv.hypervisor.commands.control import go_on
from edu_hv.hypervisor.commands.registry import Answer, CommandError, command, device_address, operand
from edu_hv.hypervisor.real_io import IOBLOK
from edu_hv.hypervisor.virtual_devices import VDEVBLOK, DeviceClass
from edu_hv.hypervisor.vmblok import OtherStatus
from edu_hv.isa.codes import CCWFlag, UnitStatus
from edu_hv.machine.ccw import CCW, CSW

if TYPE_CHECKING:
    from edu_hv.hypervisor.control_program import ControlProgram
    from edu_hv.hypervisor.vmblok import VMBLOK

REWIND = 0x07
REWINDING = "rewind"
"""The purpose of the operation that the command REWIND starts."""


def _device(vm: "VMBLOK", words: list[str], module: str) -> VDEVBLOK:
    """The device that the first operand names."""
    address = device_address(operand(words, 0, module), module)
    vdev = vm.devices.lookup(address)
    if vdev is None:
        raise CommandError(module, 40, f"DEVICE {words[0]} DOES NOT EXIST")
    return vdev


@command("READY")
def ready(cp: "ControlProgram", vm: "VMBLOK", words: list[str]) -> Answer:
    """READY vaddr: the device is made ready; its device end is pending."""
    vdev = _device(vm, words, "CPB")
    if isinstance(vdev.device, UnitRecordDevice | Console):
        vdev.device.make_ready()
    cp.vio.present(vm, vdev.address, UnitStatus.DEVICE_END)
    return Answer()


@command("NOTReady")
def not_ready(cp: "ControlProgram", vm: "VMBLOK", words: list[str]) -> Answer:
    """NOTReady vaddr: a spooled device or the console is not ready: intervention required until READY."""
    vdev = _device(vm, words, "CPB")
    if not isinstance(vdev.device, UnitRecordDevice | Console):
        raise CommandError("CPB", 6, f"INVALID DEVICE TYPE - {words[0]}")
    vdev.device.stop()
    cp.vio.advance(vm)  # A read that waited for the keyboard is over.
    return Answer()


@command("RESet")
def reset(cp: "ControlProgram", vm: "VMBLOK", words: list[str]) -> Answer:
    """RESet vaddr: what the device was doing is ended, and what it had to say is forgotten."""
    vdev = _device(vm, words, "CPB")
    cp.vio.reset_device(vm, vdev.address)
    return Answer(["DEVICE RESET"])


@command("REQuest")
def request(cp: "ControlProgram", vm: "VMBLOK", words: list[str]) -> Answer:
    """REQuest: the request key of the virtual console: attention is pending, as with ATTN."""
    return attention(cp, vm, words)


@command("ATTN")
def attention(cp: "ControlProgram", vm: "VMBLOK", words: list[str]) -> Answer:
    """ATTN: an attention interruption of the virtual console is pending; a machine that sleeps wakes up."""
    if words:
        raise CommandError("CPB", 3, f"INVALID OPTION - {words[0]}")
    cp.vio.attention(vm)
    if vm.vmostat & OtherStatus.SLEEP:
        go_on(cp, vm)
    return Answer()


@command("REWind")
def rewind(cp: "ControlProgram", vm: "VMBLOK", words: list[str]) -> Answer:
    """REWind vaddr: CP rewinds the tape on a dedicated drive; the machine hears nothing of it."""
    vdev = _device(vm, words, "CPB")
    if not vdev.vdevtypc & DeviceClass.TAPE or vdev.real is None:
        raise CommandError("CPB", 6, f"INVALID DEVICE TYPE - {words[0]}")
    cp.on_completion[REWINDING] = _rewound
    piece = cp.free_storage.get(8)
    cp.real.store_real(piece, CCW(REWIND, 0, CCWFlag.SUPPRESS_LENGTH_INDICATION, 1).to_bytes())
    ioblok = IOBLOK(REWINDING, vdev.real, piece, data=(vm.vmuser, piece))
    cc = cp.ios.queue(ioblok)
    if cc == 3:
        cp.free_storage.free(piece)
        raise CommandError("CPB", 46, f"TAPE {words[0]} OFFLINE")
    if cc:
        return Answer([_finish(cp, ioblok, ioblok.csw or CSW())])
    return Answer()


def _rewound(cp: "ControlProgram", ioblok: IOBLOK, csw: CSW) -> None:
    """The real operation has ended; its user is told."""
    vm = cp.logged_on(ioblok.data[0])
    line = _finish(cp, ioblok, csw)
    if vm is not None:
        cp.write_terminal(vm, line)


def _finish(cp: "ControlProgram", ioblok: IOBLOK, csw: CSW) -> str:
    cp.free_storage.free(ioblok.data[1])
    if csw.unit_status & UnitStatus.UNIT_CHECK:
        return "DMKCPB048E TAPE NOT READY"
    return "REWIND COMPLETE"
