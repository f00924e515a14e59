"""The devices of the selected guest, and what there is behind each."""

from typing import TYPE_CHECKING

from edu_hv.debugger.views import TableView
from edu_hv.hypervisor.control_program import ControlProgram
from edu_hv.hypervisor.spooling.devices import SpooledOutput, SpooledReader
from edu_hv.hypervisor.virtual_configuration import coupled_to
from edu_hv.hypervisor.virtual_ctca import end_of
from edu_hv.hypervisor.virtual_devices import VDEVBLOK, VDEVFLAG, DeviceClass

if TYPE_CHECKING:
    from edu_hv.debugger.session import DebugSession


def devices(session: "DebugSession") -> TableView:
    """Address, what it is, what it is in the real machine, and its state."""
    guest, cp = session.guest, session.system.cp
    columns: tuple[str, ...] = ("address", "what", "real")
    if guest.vm is None or cp is None:
        found = session.system.machine.channels.devices.items()
        rows = [
            (f"{at:03X}", getattr(one, "model", "") or type(one).__name__, "the device itself") for at, one in found
        ]
        return TableView(f"devices of {guest.name}", columns, tuple(rows))
    mine = tuple(
        (f"{one.address:03X}", f"{one.model} {class_words(one)}".strip(), state_of(one), where(cp, one))
        for one in guest.vm.devices.values()
    )
    return TableView(f"devices of {guest.name}", ("address", "what", "state", "real"), mine)


_CLASSES = {
    DeviceClass.TERM: "console",
    DeviceClass.GRAF: "display",
    DeviceClass.URI: "card reader",
    DeviceClass.TAPE: "tape drive",
    DeviceClass.DASD: "disk",
}


def class_words(vdev: VDEVBLOK) -> str:
    """What kind of device it is: "card reader"."""
    if end_of(vdev) is not None:
        return "adapter"
    if vdev.vdevtypc & DeviceClass.URO:
        return "card punch" if vdev.model in ("2540P", "3525") else "printer"
    return _CLASSES.get(vdev.vdevtypc, "")


def state_of(vdev: VDEVBLOK) -> str:
    """What it does, in a word: "interrupts", "busy", "works", "idle"."""
    if vdev.vdevcsw is not None:
        return "interrupts"
    return "busy" if vdev.running else "works" if vdev.working else "idle"


def where(cp: ControlProgram, vdev: VDEVBLOK) -> str:
    """What there is behind a virtual device."""
    if isinstance(vdev.device, SpooledReader | SpooledOutput):
        return f"spooled, class {vdev.device.options.sfbclas}: CP keeps it in its spool files"
    if end_of(vdev) is not None:
        other = coupled_to(cp, vdev)
        return f"coupled to {other[0].vmuser} {other[1].address:03X}" if other else "not coupled"
    if vdev.real is None:
        return "CP interprets its channel programs"
    access = " R/O" if vdev.vdevflag & VDEVFLAG.READ_ONLY else ""
    if vdev.dedicated:
        return f"dedicated: real {vdev.real:03X}{access}"
    return _minidisk(cp, vdev) + access


def _minidisk(cp: ControlProgram, vdev: VDEVBLOK) -> str:
    volume = cp.volumes.at(vdev.real or 0)
    kind = "temporary minidisk" if vdev.vdevflag & VDEVFLAG.TEMPORARY else "minidisk"
    owner = f" of {vdev.user}" if vdev.user else ""
    on = f"{volume.volser}, " if volume else ""
    return f"{kind}{owner}: {on}real {vdev.real:03X}, cylinders {vdev.reln} to {vdev.reln + vdev.bnd - 1}"
