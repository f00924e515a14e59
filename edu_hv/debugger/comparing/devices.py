"""Devices and channels: VDEVBLOK and VCHBLOK on one side, the real device and channel on the other.

SY20-0884 "VDEVBLOK", "VCHBLOK", "RDEVBLOK"; SY20-0886 "I/O Supervisor".
"""

from typing import TYPE_CHECKING

from edu_hv.debugger.comparing.sides import NONE, Sides, same
from edu_hv.debugger.viewing.devices import class_words, where
from edu_hv.debugger.views import ComparedValue
from edu_hv.devices.device import IODevice
from edu_hv.hypervisor.io_blocks import IOBLOK
from edu_hv.hypervisor.virtual_devices import VCHBLOK, VDEVBLOK, VDEVFLAG, VDEVSTAT
from edu_hv.isa.codes import UnitStatus
from edu_hv.machine.ccw import CSW, status_words
from edu_hv.machine.subchannel import ChannelType

if TYPE_CHECKING:
    from edu_hv.debugger.session import DebugSession
    from edu_hv.hypervisor.control_program import ControlProgram
    from edu_hv.hypervisor.vmblok import VMBLOK
    from edu_hv.machine.machine import Machine
    from edu_hv.machine.subchannel import SubchannelState, UnitState


def values(session: "DebugSession") -> list[ComparedValue]:
    """Channels first, then the devices in the order of their addresses."""
    sides = Sides.of(session)
    if sides.vm is None or sides.cp is None:
        numbers = sorted({address >> 8 for address in sides.machine.channels.devices})
        channels = [same(f"channel {n:X}", _real_channel(sides.machine, n)) for n in numbers]
        return channels + [same(f"{at:03X}", _real(sides.machine, at)) for at in sides.machine.channels.devices]
    rows = [_channel(sides, sides.vm, block) for block in sides.vm.devices.vchbloks]
    return rows + [_device(sides.cp, sides.machine, vdev) for vdev in sides.vm.devices.values()]


# ---- channels --------------------------------------------------------------------------------------------------------


def _channel(sides: Sides, vm: "VMBLOK", block: VCHBLOK) -> ComparedValue:
    """A virtual channel beside the real one of that number; the two have nothing to do with each other."""
    number = block.vchadd
    holder = vm.devices.working(number)
    waits = [v.address for v in vm.devices.on_channel(number) if v.vdevcsw is not None]
    state = f"busy with {holder.address:03X}" if holder else "available"
    waiting = f", interruptions wait from {' '.join(f'{at:03X}' for at in waits)}" if waits else ""
    maps = f"VCHCUINT is {block.vchcuint:04X}{_units(vm, number)}"
    words = f"CP answers for it from its VCHBLOK, whatever a real channel does; {maps}"
    mine = f"{_type(block.type)}, {state}{waiting}"
    return ComparedValue(f"channel {number:X}", mine, _real_channel(sides.machine, number), "VCHBLOK", sentence=words)


def _units(vm: "VMBLOK", number: int) -> str:
    """Control units with interruptions (VCUDVINT)."""
    pending = [unit for unit in vm.devices.vcubloks if unit.vcuadd >> 4 == number and unit.vcudvint]
    return "".join(f", VCUDVINT of control unit {unit.vcuadd:02X} is {unit.vcudvint:04X}" for unit in pending)


def _type(kind: ChannelType) -> str:
    return kind.name.lower().replace("_", " ")


def _real_channel(machine: "Machine", number: int) -> str:
    if all(address >> 8 != number for address in machine.channels.devices):
        return NONE
    programs = [s for s in machine.channels.state().subchannels if s.unit >> 8 == number and s.program is not None]
    state = f"busy with {' '.join(f'{s.unit:03X}' for s in programs)}" if programs else "available"
    return f"{_type(machine.channels.channel_type(number))}, {state}"


# ---- devices ---------------------------------------------------------------------------------------------------------


def _device(cp: "ControlProgram", machine: "Machine", vdev: VDEVBLOK) -> ComparedValue:
    real = NONE if vdev.real is None else f"{vdev.real:03X} {_real(machine, vdev.real)}"
    words = "; ".join(part for part in (where(cp, vdev), _relocation(vdev), _operation(vdev), _blocks(vdev)) if part)
    name = f"{vdev.address:03X} {class_words(vdev)}".rstrip()
    return ComparedValue(name, f"{vdev.model} {_virtual(vdev)}".lstrip(), real, _short(vdev), sentence=words)


def _short(vdev: VDEVBLOK) -> str:
    if vdev.real is None:
        return "CP plays the device"
    return f"dedicated: real {vdev.real:03X}" if vdev.dedicated else f"minidisk from cylinder {vdev.reln}"


def _virtual(vdev: VDEVBLOK) -> str:
    """What the guest would find, from VDEVSTAT and VDEVFLAG."""
    words = ["busy"] if vdev.running else ["works by itself"] if vdev.working else []
    csw = vdev.vdevcsw
    words += [f"interruption waits: {_csw_words(csw)}"] if csw is not None else []
    words += ["not ready"] if vdev.vdevstat & VDEVSTAT.NOT_READY else []
    words += [f"sense {vdev.sense.hex().upper()}"] if vdev.vdevflag & VDEVFLAG.SENSE else []
    words += ["read only"] if vdev.vdevflag & VDEVFLAG.READ_ONLY else []
    words += _sense(vdev.device)
    return ", ".join(words or ["idle"])


def _csw_words(csw: CSW) -> str:
    return f"{status_words(csw.unit_status, csw.channel_status)}, CSW {csw.to_bytes().hex(' ', 4).upper()}"


def _relocation(vdev: VDEVBLOK) -> str:
    if not vdev.minidisk:
        return ""
    cylinder, head = vdev.posn >> 16, vdev.posn & 0xFFFF
    arm = f"the virtual arm is at cylinder {cylinder}, head {head}, real cylinder {cylinder + vdev.reln}"
    return f"its cylinder 0 is real cylinder {vdev.reln} (VDEVRELN), and it has {vdev.bnd}; {arm}"


def _operation(vdev: VDEVBLOK) -> str:
    """The operation in progress: on the real device, or interpreted by CP."""
    if isinstance(vdev.ioblok, IOBLOK):
        return f"its IOBLOK {vdev.ioblok.phase.value}, real CAW {vdev.ioblok.caw:08X}"
    if vdev.program is not None:
        return "CP interprets its channel program"
    return ""


def _blocks(vdev: VDEVBLOK) -> str:
    """The bytes of the block themselves."""
    return f"VDEVSTAT {vdev.vdevstat:02X}, VDEVFLAG {vdev.vdevflag:02X}"


def _real(machine: "Machine", address: int) -> str:
    """A real device and what it does."""
    device = machine.channels.devices.get(address)
    if device is None:
        return "is not attached"
    state = machine.channels.state()
    unit = next(unit for unit in state.units if unit.number == address)
    subchannel = next((one for one in state.subchannels if one.unit == address), None)
    model = getattr(device, "model", "") or type(device).__name__
    words = [*_doing(unit, subchannel), *_sense(device)]
    return f"{model} {', '.join(words or ['idle'])}"


def _doing(unit: "UnitState", subchannel: "SubchannelState | None") -> list[str]:
    words = []
    if subchannel is not None and subchannel.program is not None:
        words.append("waits for input" if subchannel.waiting else "busy")
    csw = (subchannel.requested or subchannel.ended) if subchannel is not None else None
    words += [f"interruption waits: {_csw_words(csw)}"] if csw is not None else []
    words += ["works by itself"] if unit.command is not None or unit.abandoned is not None else []
    words += [f"interruption waits: {status_words(UnitStatus(unit.pending))}"] if unit.pending else []
    return words


def _sense(device: object) -> list[str]:
    if not isinstance(device, IODevice):
        return []
    words = [] if device.ready else ["not ready"]
    return words + ([f"sense {device.sense.hex().upper()}"] if any(device.sense) else [])
