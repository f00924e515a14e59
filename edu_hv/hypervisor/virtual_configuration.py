"""Giving devices to a virtual machine and taking them away: what LOGON, LINK, ATTACH, DEFINE, COUPLE and DETACH share.

SY20-0886 "DMKLOG", "DMKLNK", "DMKVDB", "DMKDEF".  Nothing is kept here beside the virtual devices: who has links to a
minidisk, which cylinders are temporary disks, whose a real device is, all follow from them.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from edu_hv.devices.device import IODevice
from edu_hv.devices.display import Display
from edu_hv.devices.tape import TapeDrive
from edu_hv.hypervisor.decisions import GrantLink, RefuseLink
from edu_hv.hypervisor.disconnected import terminal_needed
from edu_hv.hypervisor.minidisks import Extent, Link, LinkMode, LinkRequest, Volume, decide_link
from edu_hv.hypervisor.spooling.catalog import spooled_device
from edu_hv.hypervisor.spooling.devices import SpooledDevice, SpooledOutput, SpooledReader
from edu_hv.hypervisor.virtual_console import VirtualConsole
from edu_hv.hypervisor.virtual_ctca import define_ctca, end_of, uncouple
from edu_hv.hypervisor.virtual_devices import VDEVBLOK, VDEVFLAG, VDEVSTAT, DeviceClass
from edu_hv.isa.errors import UserError

if TYPE_CHECKING:
    from edu_hv.hypervisor.control_program import ControlProgram
    from edu_hv.hypervisor.vmblok import VMBLOK

HIGHEST_ADDRESS = {False: 0x5FF, True: 0xFFF}
"""The highest virtual device address, without and with ECMODE.  CP Command Reference "LINK"."""


# ---- types ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class VirtualType:
    """A type of device: its class and type as the blocks and DIAGNOSE X'24' have them.  SY20-0884 "DEVTYPES"."""

    vdevtypc: DeviceClass
    vdevtype: int
    word: str
    """What messages call it."""


TYPES: dict[str, VirtualType] = {
    "1052": VirtualType(DeviceClass.TERM, 0x00, "CONS"),
    "3210": VirtualType(DeviceClass.TERM, 0x00, "CONS"),
    "3215": VirtualType(DeviceClass.TERM, 0x00, "CONS"),
    "3270": VirtualType(DeviceClass.GRAF, 0x04, "GRAF"),
    "2501": VirtualType(DeviceClass.URI, 0x81, "RDR"),
    "2540R": VirtualType(DeviceClass.URI, 0x82, "RDR"),
    "3505": VirtualType(DeviceClass.URI, 0x84, "RDR"),
    "2540P": VirtualType(DeviceClass.URO, 0x82, "PUN"),
    "3525": VirtualType(DeviceClass.URO, 0x84, "PUN"),
    "1403": VirtualType(DeviceClass.URO, 0x41, "PRT"),
    "3211": VirtualType(DeviceClass.URO, 0x42, "PRT"),
    "1443": VirtualType(DeviceClass.URO, 0x44, "PRT"),
    "3203": VirtualType(DeviceClass.URO, 0x48, "PRT"),
    "2401": VirtualType(DeviceClass.TAPE, 0x80, "TAPE"),
    "2415": VirtualType(DeviceClass.TAPE, 0x40, "TAPE"),
    "3420": VirtualType(DeviceClass.TAPE, 0x10, "TAPE"),
    "2311": VirtualType(DeviceClass.DASD, 0x80, "DASD"),
    "2314": VirtualType(DeviceClass.DASD, 0x40, "DASD"),
    "3330": VirtualType(DeviceClass.DASD, 0x10, "DASD"),
    "3350": VirtualType(DeviceClass.DASD, 0x08, "DASD"),
    "3340": VirtualType(DeviceClass.DASD, 0x01, "DASD"),
    "CTCA": VirtualType(DeviceClass.SPEC, 0x80, "CTCA"),
}
_UNKNOWN = VirtualType(DeviceClass.SPEC, 0x01, "DEV")


def virtual_type(model: str) -> VirtualType:
    """The class and type of a model."""
    return TYPES.get(model, _UNKNOWN)


def word_for(vdev: VDEVBLOK) -> str:
    """What messages call a virtual device: DASD, TAPE, RDR, ..."""
    return virtual_type(vdev.model).word


def real_model(cp: "ControlProgram", real: int) -> str:
    """The model of a real device, empty when there is none."""
    device = cp.machine.channels.devices.get(real)
    return device.model if isinstance(device, IODevice) else ""


def real_word(cp: "ControlProgram", real: int) -> str:
    """What messages call a real device."""
    return virtual_type(real_model(cp, real)).word


# ---- adding --------------------------------------------------------------------------------------------------------


def address_allowed(vm: "VMBLOK", address: int) -> bool:
    """Whether the machine can have a device there: without ECMODE up to 5FF, channels 0 to 5."""
    return address <= HIGHEST_ADDRESS[vm.ecmode]


def _add(vm: "VMBLOK", model: str, vdev: VDEVBLOK) -> VDEVBLOK:
    kind = virtual_type(model)
    vdev.model, vdev.vdevtypc, vdev.vdevtype = model, kind.vdevtypc, kind.vdevtype
    vm.devices.add(vdev)
    return vdev


def add_played(vm: "VMBLOK", address: int, model: str, device: IODevice) -> VDEVBLOK:
    """A device whose channel programs CP interprets.  Raises UserError when the address is taken."""
    return _add(vm, model, VDEVBLOK(address, DeviceClass.SPEC, device=device))


def add_console(cp: "ControlProgram", vm: "VMBLOK", address: int, model: str) -> VDEVBLOK:
    """A virtual console, whose lines appear on the user's terminal."""
    return add_played(vm, address, model, VirtualConsole(partial(cp.write_terminal, vm, cp=False), model))


def add_spooled(cp: "ControlProgram", vm: "VMBLOK", address: int, model: str, sfbclas: str = "") -> VDEVBLOK:
    """A spooled reader, punch or printer; files come into a reader while nobody is logged on, so it may be ready."""
    device = spooled_device(model, cp.spool, vm.vmuser, address, sfbclas)
    device.options = replace(device.options, dist=vm.vmdist)
    return add_played(vm, address, model, device)


def add_display(vm: "VMBLOK", address: int) -> VDEVBLOK:
    """A display that somebody may DIAL; its power is off."""
    return add_played(vm, address, "3270", Display())


def add_adapter(cp: "ControlProgram", vm: "VMBLOK", address: int) -> VDEVBLOK:
    """A channel-to-channel adapter that is not coupled.  Raises UserError when one of its addresses is taken."""
    vdev = define_ctca(cp, vm, address)
    vdev.vdevtype = virtual_type("CTCA").vdevtype
    return vdev


def dedicate(cp: "ControlProgram", vm: "VMBLOK", address: int, real: int, read_only: bool = False) -> VDEVBLOK:
    """A whole real device.  Raises UserError when the address is taken; the caller has seen that the device is free."""
    status = VDEVSTAT.DEDICATED | VDEVSTAT.ATTACHED
    flag = VDEVFLAG.READ_ONLY if read_only else VDEVFLAG(0)
    vdev = VDEVBLOK(address, DeviceClass.SPEC, real=real, vdevstat=status, vdevflag=flag)
    return _add(vm, real_model(cp, real), vdev)


def add_minidisk(vm: "VMBLOK", address: int, volume: Volume, extent: Extent, flag: VDEVFLAG, owner: str) -> VDEVBLOK:
    """Cylinders of a real volume."""
    vdev = VDEVBLOK(address, DeviceClass.DASD, real=volume.address, vdevflag=flag, user=owner)
    vdev.reln, vdev.bnd = extent.start, extent.cylinders
    return _add(vm, volume.device_type, vdev)


# ---- minidisks -----------------------------------------------------------------------------------------------------


def minidisks(cp: "ControlProgram") -> Iterator[tuple["VMBLOK", VDEVBLOK, Extent]]:
    """All minidisks that are linked, with the extent of each."""
    for vm in cp.vms:
        for vdev in vm.devices.values():
            volume = cp.volumes.at(vdev.real) if vdev.minidisk and vdev.real is not None else None
            if volume is not None:
                yield vm, vdev, Extent(volume.volser, vdev.reln, vdev.bnd)


def links(cp: "ControlProgram") -> tuple[Link, ...]:
    """Who has which links."""
    read_only = VDEVFLAG.READ_ONLY
    return tuple(Link(vm.vmuser, v.address, extent, bool(v.vdevflag & read_only)) for vm, v, extent in minidisks(cp))


def usable_volume(cp: "ControlProgram", volser: str) -> Volume | None:
    """The volume of that serial, if it is mounted and nobody has the drive for himself."""
    volume = cp.volumes.find(volser)
    return None if volume is None or dedicated_to(cp, volume.address) else volume


def link_request(
    cp: "ControlProgram", vm: "VMBLOK", owner: str, owner_address: int, address: int, mode: LinkMode,
    authorized: bool = True, password: str | None = None,
) -> LinkRequest:  # fmt: skip
    """All that is known about a link that a machine asks for."""
    entry = cp.directory.find(owner)
    target = entry.link_target(owner_address) if entry else None
    volume = usable_volume(cp, target.extent.volser) if target else None
    taken = address in vm.devices
    return LinkRequest(owner, owner_address, address, mode, target, volume, links(cp), authorized, password, taken)


def make_link(cp: "ControlProgram", vm: "VMBLOK", request: LinkRequest) -> VDEVBLOK | RefuseLink:
    """Decide about a link, and make it; or CP's message why not."""
    verdict = decide_link(request)
    cp.note(vm, verdict)
    if isinstance(verdict.decision, RefuseLink):
        return verdict.decision
    assert isinstance(verdict.decision, GrantLink)
    assert request.target is not None
    assert request.volume is not None
    flag = VDEVFLAG.READ_ONLY if verdict.decision.read_only else VDEVFLAG(0)
    return add_minidisk(vm, request.address, request.volume, request.target.extent, flag, request.owner)


def add_temporary(cp: "ControlProgram", vm: "VMBLOK", address: int, model: str, cylinders: int) -> VDEVBLOK | None:
    """A temporary disk; None when there is no room for it.  It is not cleared."""
    taken = [extent for _, vdev, extent in minidisks(cp) if vdev.vdevflag & VDEVFLAG.TEMPORARY]
    extent = cp.volumes.temporary_extent(model, cylinders, taken)
    volume = usable_volume(cp, extent.volser) if extent else None
    if extent is None or volume is None:
        return None
    return add_minidisk(vm, address, volume, extent, VDEVFLAG.TEMPORARY, vm.vmuser)


# ---- real devices --------------------------------------------------------------------------------------------------


def dedicated_to(cp: "ControlProgram", real: int) -> tuple["VMBLOK", VDEVBLOK] | None:
    """Whose a real device is, and which of his."""
    found = ((vm, vdev) for vm in cp.vms for vdev in vm.devices.values() if vdev.real == real and vdev.dedicated)
    return next(found, None)


def linked_by(cp: "ControlProgram", real: int) -> list["VMBLOK"]:
    """Who has minidisks on the volume at that address."""
    return [vm for vm in cp.vms if any(vdev.real == real and vdev.minidisk for vdev in vm.devices.values())]


def cp_owned(cp: "ControlProgram", real: int) -> bool:
    """Whether CP needs the device for itself: it pages there."""
    return cp.paging.device == real


def available(cp: "ControlProgram", real: int) -> bool:
    """Whether a real device exists, and neither a user nor CP has it."""
    exists = real in cp.machine.channels.devices
    return exists and not dedicated_to(cp, real) and not linked_by(cp, real) and not cp_owned(cp, real)


# ---- coupling ------------------------------------------------------------------------------------------------------


def coupled_to(cp: "ControlProgram", vdev: VDEVBLOK) -> tuple["VMBLOK", VDEVBLOK] | None:
    """Whose adapter is at the other end, and which of his; None when nobody's is."""
    end = end_of(vdev)
    if end is None or not end.coupled:
        return None
    return next((vm, other) for vm in cp.vms for other in vm.devices.values() if other.device is end.other)


def drop(cp: "ControlProgram", vm: "VMBLOK", vdev: VDEVBLOK) -> None:
    """Uncouple an adapter, if it is coupled; both users are told."""
    other, end = coupled_to(cp, vdev), end_of(vdev)
    if other is None or end is None:
        return
    uncouple(end)
    for (who, mine), (userid, its) in (((vm, vdev), other), (other, (vm, vdev))):
        cp.write_terminal(who, f"CTCA {mine.address:03X} DROP FROM {userid.vmuser} {its.address:03X}")


# ---- taking away ---------------------------------------------------------------------------------------------------


def release(cp: "ControlProgram", vm: "VMBLOK", address: int) -> VDEVBLOK:
    """The machine has the device no longer, whatever it was doing.

    A spool file that was being made is closed, an adapter is uncoupled, a tape is rewound and unloaded.
    """
    vdev = vm.devices[address]
    if isinstance(vdev.device, SpooledOutput | SpooledReader):
        vdev.device.log_off()
    drop(cp, vm, vdev)
    cp.vio.detach(vm, address)
    if vdev.dedicated and vdev.real is not None:
        drive = cp.machine.channels.devices.get(vdev.real)
        if isinstance(drive, TapeDrive):
            drive.unmount()
    return vdev


def renumber(cp: "ControlProgram", vm: "VMBLOK", former: int, address: int) -> VDEVBLOK:
    """DEFINE vaddr1 AS vaddr2: the device, reset, at another address.  Raises UserError when that is taken.

    The blocks are new ones, as an earlier checkpoint has the old.
    """
    vdev = vm.devices[former]
    if end_of(vdev) is not None:
        return _renumbered_adapter(cp, vm, vdev, address)
    if address in vm.devices:
        raise UserError(f"the virtual machine has a device {address:03X} already")
    cp.vio.reset_device(vm, former)
    vm.devices.remove(former)
    moved = replace(vdev, address=address, extra=dict(vdev.extra))
    if isinstance(vdev.device, SpooledDevice):
        moved.device = type(vdev.device)(cp.spool, vm.vmuser, address)
        moved.device.restore(vdev.device.state())
    vm.devices.add(moved)
    return moved


def _renumbered_adapter(cp: "ControlProgram", vm: "VMBLOK", vdev: VDEVBLOK, address: int) -> VDEVBLOK:
    """An adapter is uncoupled by it.  It has all addresses of its control unit."""
    wanted = range(address & ~0xF, (address & ~0xF) + 16)
    if any(at in vm.devices and vm.devices[at] is not vdev for at in wanted):
        raise UserError(f"the virtual machine has a device among {wanted[0]:03X} to {wanted[-1]:03X} already")
    release(cp, vm, vdev.address)
    return add_adapter(cp, vm, address)


# ---- storage -------------------------------------------------------------------------------------------------------


def redefine_storage(cp: "ControlProgram", vm: "VMBLOK", size: int) -> None:
    """DEFINE STORAGE: other storage, all zeros, for a machine that has been reset and is in CP mode.

    Raises UserError, with nothing changed, when there is no room for its tables.
    """
    storage = cp.paging.build(size)
    storage.userid = vm.vmuser
    cp.reset(vm)
    cp.named_systems.purge_all(vm)
    former, vm.storage, vm.cpu.pages = vm.storage, storage, storage
    cp.paging.release(former)
    vm.cf = True
    terminal_needed(cp, vm)
