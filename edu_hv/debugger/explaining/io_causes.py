"""What made input or output fail: the device that is not there, the wrong CCW, the medium that is missing."""

from dataclasses import replace
from typing import TYPE_CHECKING

from edu_hv.debugger.explaining.asked import device_at
from edu_hv.debugger.explaining.bits import command_words
from edu_hv.debugger.explaining.blame import Blame, Tracer, linked
from edu_hv.debugger.explaining.failures import scene
from edu_hv.debugger.explaining.history import Moment, moment
from edu_hv.debugger.explaining.traps import standing_at
from edu_hv.debugger.explaining.views import CauseLink
from edu_hv.debugger.recording.journal import Entry, StatusTranslated
from edu_hv.devices.device import IODevice
from edu_hv.hypervisor.decisions import AnswerIO, DecisionTaken, IOAction
from edu_hv.isa.codes import PSA, ChannelStatus, Sense, UnitStatus
from edu_hv.isa.errors import UserError
from edu_hv.machine.ccw import CCW, CSW, status_words
from edu_hv.machine.events import CCWExecuted, IOStarted

if TYPE_CHECKING:
    from edu_hv.debugger.session import DebugSession


def io_words(session: "DebugSession", guest: str, entry: Entry) -> str:
    """The failure in words."""
    event = _as_guest(session, guest, entry)
    if isinstance(event, CCWExecuted):
        status = status_words(UnitStatus(event.unit_status), ChannelStatus(event.channel_status))
        return f"step {entry.step:,}: the CCW at {event.address:06X} for device {event.device:03X} ended with {status}"
    if _wrong_caw(entry):
        return f"step {entry.step:,}: {_instruction(session, entry).instruction} got condition code 1, program check"
    return f"step {entry.step:,}: {_instruction(session, entry).instruction} got condition code 3, not operational"


def io_blame(session: "DebugSession", guest: str, entry: Entry) -> Blame:
    """The chain behind failed input or output."""
    event = _as_guest(session, guest, entry)
    if _wrong_caw(entry):
        return _caw_blame(session, guest, entry)
    if not isinstance(event, CCWExecuted):
        return _not_operational(session, guest, entry)
    if event.unit_status & UnitStatus.UNIT_CHECK:
        return _unit_check(session, guest, entry, event)
    return _channel_check(session, guest, entry, event)


def _wrong_caw(entry: Entry) -> bool:
    """Whether there was no CCW to begin with."""
    event = entry.event
    if isinstance(event, CCWExecuted):
        return bool(event.address & 7) and not event.ccw
    if not isinstance(event, DecisionTaken) or not isinstance(event.verdict.decision, AnswerIO):
        return False
    return event.verdict.decision.action is IOAction.STORE_PROGRAM_CHECK


def _caw_blame(session: "DebugSession", guest: str, entry: Entry) -> Blame:
    """The CAW is not valid: who stored it."""
    before = session.recording.boundaries[entry.step - 1]
    with standing_at(session, before):
        vm = session.system.guest(guest).vm
        data = vm.peek(PSA.CAW, 4) if vm else session.system.machine.cpu.load_real(PSA.CAW, 4)
    words = f"the CAW at 000048 is {data.hex().upper()}: {_caw_words(data)}, in step {entry.step}"
    rest = Tracer(session, guest).storage(PSA.CAW, PSA.CAW, 4, before)
    fix = "store the address of a CCW, on a doubleword boundary, at 000048 before SIO"
    return Blame((CauseLink(words, entry.step), *rest.links), fix)


def _caw_words(data: bytes) -> str:
    if data[3] & 7:
        return "no CCW begins there, off a doubleword boundary"
    return "its bits 4-7 must be zero" if data[0] & 15 else "there is no valid CCW there"


def _as_guest(session: "DebugSession", guest: str, entry: Entry) -> object:
    """The event as the guest sees it: of a real device the guest's own address and CCW, as CP translates them back."""
    event, vm = entry.event, session.system.guest(guest).vm if guest else None
    if not isinstance(event, CCWExecuted) or vm is None:
        return event
    vdev = next((one for one in vm.devices.values() if one.real == event.device), None)
    if vdev is None:
        return event
    told = (e.event for e in session.journal.after(entry.unit - 1))
    status = next((e for e in told if isinstance(e, StatusTranslated) and e.device == vdev.address), None)
    if status is None:
        return replace(event, device=vdev.address)
    address = CSW.from_bytes(status.guest).address - 8
    with standing_at(session, entry.unit):
        return replace(event, device=vdev.address, address=address, ccw=vm.peek(address, 8))


def _instruction(session: "DebugSession", entry: Entry) -> Moment:
    return moment(session, entry.unit)


def _not_operational(session: "DebugSession", guest: str, entry: Entry) -> Blame:
    found = _instruction(session, entry)
    event = entry.event
    before = session.recording.boundaries[entry.step - 1]
    stage = scene(session, guest, before, found.text)
    if not stage.places:
        return Blame((linked(found, f"{found.instruction} found no device"),))
    place = stage.places[0][0]
    number = event.device if isinstance(event, IOStarted) else place.address & 0xFFFF
    first = linked(found, f"{found.instruction} is for device {number:03X}, and there is none ({place.computed})")
    rest = Tracer(session, guest).place(place, stage, before)
    return Blame((first, *rest.links), f"use the address of a device that there is: {_addresses(session, guest)}")


def _addresses(session: "DebugSession", guest: str) -> str:
    vm = session.system.guest(guest).vm
    found = [one.address for one in vm.devices.values()] if vm else list(session.system.machine.channels.devices)
    return ", ".join(f"{address:03X}" for address in sorted(found))


# ---- the channel program ---------------------------------------------------------------------------------------------

_SENSE = {
    Sense.COMMAND_REJECT: "command reject: the device does not know the command, or not now",
    Sense.INTERVENTION_REQUIRED: "intervention required: the device is not ready, it has no medium",
    Sense.BUS_OUT_CHECK: "bus-out check",
    Sense.EQUIPMENT_CHECK: "equipment check",
    Sense.DATA_CHECK: "data check: the medium cannot be read there",
    Sense.OVERRUN: "overrun",
}


def _unit_check(session: "DebugSession", guest: str, entry: Entry, event: CCWExecuted) -> Blame:
    device = _device(session, event.device)
    with standing_at(session, entry.unit):
        sense = bytes(device.sense) if device is not None else b""
    first = sense[0] if sense else 0
    words = next(
        (words for bit, words in _SENSE.items() if first & bit), f"sense bytes {sense.hex().upper() or 'unknown'}"
    )
    link = CauseLink(f"device {event.device:03X} says {words} in step {entry.step}", entry.step)
    if first & Sense.INTERVENTION_REQUIRED:
        return Blame((link,), "make the device ready: mount puts a medium on it")
    ccw = CCW.from_bytes(event.ccw) if len(event.ccw) == 8 else None
    command = f"the command is {ccw.command:02X}, {command_words(ccw.command, device)}" if ccw else "there was no CCW"
    rest = _ccw_written(session, guest, entry, event, command)
    return Blame((link, *rest.links), "give the device a command it knows: explain ccw shows what it takes it for")


def _device(session: "DebugSession", number: int) -> IODevice | None:
    try:
        return device_at(session, number)
    except UserError:
        found = session.system.machine.channels.devices.get(number)
        return found if isinstance(found, IODevice) else None


def _channel_check(session: "DebugSession", guest: str, entry: Entry, event: CCWExecuted) -> Blame:
    status = ChannelStatus(event.channel_status)
    if status & ChannelStatus.PROGRAM_CHECK:
        return _ccw_written(session, guest, entry, event, _program_check(session, guest, event))
    if status & ChannelStatus.PROTECTION_CHECK:
        return _ccw_written(session, guest, entry, event, "its data area has another storage key than the CAW")
    if status & ChannelStatus.INCORRECT_LENGTH:
        rest = _ccw_written(
            session, guest, entry, event, f"its count does not fit the data: {event.residual} bytes are left"
        )
        return Blame(rest.links, "correct the count, or suppress the length indication with CCW flag X'20'")
    return _ccw_written(session, guest, entry, event, "it ended so")


def _program_check(session: "DebugSession", guest: str, event: CCWExecuted) -> str:
    """What is not valid about the CCW."""
    if event.address & 7:
        return "it is not on a doubleword boundary"
    if len(event.ccw) < 8:
        return "there is no CCW there: the address is outside storage, or a transfer leads nowhere"
    ccw = CCW.from_bytes(event.ccw)
    size = scene_size(session, guest)
    if not ccw.command & 15:
        return f"its command {ccw.command:02X} is not valid: the low four bits are zero"
    if ccw.transfer_in_channel:
        return f"it transfers to {ccw.address:06X}, where no CCW can be, or a TIC follows a TIC"
    if not ccw.count:
        return "its count is zero"
    if ccw.flags & 3:
        return "its flag bits 38 and 39 must be zero"
    if ccw.address + ccw.count > size:
        return f"its data area {ccw.address:06X} ends outside storage"
    return "it is not valid"


def scene_size(session: "DebugSession", guest: str) -> int:
    """Bytes of storage of the guest."""
    vm = session.system.guest(guest).vm
    return vm.vmsize if vm else session.system.machine.storage.size


def _ccw_written(session: "DebugSession", guest: str, entry: Entry, event: CCWExecuted, why: str) -> Blame:
    """The CCW, why it is wrong, and who made it."""
    tracer = Tracer(session, guest)
    ccw = event.ccw.hex(" ", 4).upper() or "not there"
    link = CauseLink(f"the CCW at {tracer.named(event.address)} is {ccw}: {why}, in step {entry.step}", entry.step)
    vm = session.system.guest(guest).vm
    absolute: int | None = event.address
    if vm is not None:
        frame = vm.storage.frame_of(event.address >> 12) if event.address < vm.vmsize else None
        absolute = None if frame is None else frame + (event.address & 0xFFF)
    if absolute is None or event.address >= scene_size(session, guest):
        return Blame((link,), "correct the address in the CAW")
    rest = tracer.storage(event.address, absolute, 8, entry.unit - 1)
    return Blame((link, *rest.links), "correct the CCW there")
