"""The channels of a machine: the I/O instructions, and the interruptions that are pending.

GA22-7000 "Input/Output Operations".  `Channels` start channel programs, give each CCW its due time, and keep what the
devices have to say.  The devices are in `edu_hv.devices`.

Each device has a subchannel of its own, and data transfer never occupies a channel: an operation on one device does
not make another look busy.  Channel end and device end come together, at the end of the operation.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from edu_hv.isa.codes import MASK_24, PSA, ChannelStatus, Sense, UnitStatus
from edu_hv.isa.errors import UserError
from edu_hv.machine.ccw import CSW, ENDING, NO_STATUS, status_words
from edu_hv.machine.channel_program import (
    AbsoluteStorage,
    ChannelProgram,
    ChannelProgramState,
    ChannelStorage,
    Device,
)
from edu_hv.machine.events import IOStarted, Observer
from edu_hv.machine.interruptions import LowStorage
from edu_hv.machine.psw import PSW
from edu_hv.machine.storage import Storage
from edu_hv.machine.timing import Clocks

_CSW_STATUS = PSA.CSW + 4
_IPL_END = 24
_COMMON_SENSE = 0xFC
"""The bits of sense byte 0 that mean the same for every device."""
_IPL_LIMIT = 10_000
"""CCWs an initial program load may execute: a chain that has not ended by then is a loop."""


@dataclass(slots=True)
class _Subchannel:
    """A device's place at its channel: what runs on it and what is pending for it."""

    number: int
    device: Device
    program: ChannelProgram | None = None
    due: int = 0
    """Machine time at which the CCW in control is to be performed."""
    requested: CSW | None = None
    """A program-controlled interruption, pending while the program runs."""
    ended: CSW | None = None
    """The end of a program, pending."""
    device_status: UnitStatus = NO_STATUS
    """What the device has to say by itself, pending; it waits for the end of a program that runs."""

    @property
    def interruption_pending(self) -> bool:
        """Whether there is something to interrupt for."""
        return bool(self.requested or self.ended or (self.device_status and not self.program))

    def take(self) -> CSW:
        """The CSW of the pending interruption, which is cleared."""
        csw = self.requested or self.ended
        if csw is None:
            csw, self.device_status = CSW(unit_status=self.device_status), NO_STATUS
        elif csw is self.requested:
            self.requested = None
        else:
            self.ended = None
        return csw

    def clear(self) -> None:
        """Forget the program and what is pending."""
        self.program = self.requested = self.ended = None
        self.device_status = NO_STATUS


@dataclass(frozen=True, slots=True)
class SubchannelState:
    """A checkpoint of one device and its subchannel."""

    number: int
    device: Any
    program: ChannelProgramState | None
    due: int
    requested: CSW | None
    ended: CSW | None
    device_status: int


class Channels:
    """The channels of one machine.  A device address is 12 bits: channel 4, control unit and device 8.

    The methods named after instructions return the condition code; `low` is where the CAW is and the CSW goes.
    GA22-7000 figure "Condition-Code Settings for I/O States and Functions".
    """

    def __init__(self, storage: Storage | ChannelStorage, clocks: Clocks) -> None:
        self.storage: ChannelStorage = AbsoluteStorage(storage) if isinstance(storage, Storage) else storage
        self.clocks = clocks
        self.observer: Observer | None = None
        self._subchannels: dict[int, _Subchannel] = {}
        self._active: set[int] = set()
        """Where a program runs."""
        self._interrupting: set[int] = set()
        """Where an interruption is pending."""

    # ---- devices ---------------------------------------------------------------------------------------------

    @property
    def devices(self) -> Mapping[int, Device]:
        """The attached devices by address."""
        return {number: subchannel.device for number, subchannel in sorted(self._subchannels.items())}

    def attach(self, address: int, device: Device) -> None:
        """Connect a device.  Raises UserError when the address is taken or not a device address."""
        if not 0 <= address <= 0xFFF:
            raise UserError(f"{address:X} is no device address: give three hexadecimal digits, such as 00C")
        if address in self._subchannels:
            raise UserError(f"device address {address:03X} is already taken: detach the device there first")
        self._subchannels[address] = _Subchannel(address, device)

    def detach(self, address: int) -> None:
        """Take a device away, with all that was going on there.  Raises UserError when there is none."""
        if address not in self._subchannels:
            raise UserError(f"there is no device {address:03X} to detach: {self._attached()}")
        del self._subchannels[address]
        self._active.discard(address)
        self._interrupting.discard(address)

    def present(self, address: int, status: UnitStatus) -> None:
        """The device has something to say by itself: attention, or device end when it has become ready."""
        subchannel = self._subchannels[address]
        subchannel.device_status |= status
        self._note(subchannel)

    def awaits_input(self, address: int) -> bool:
        """Whether a program on the device waits for somebody there, as a console read does."""
        subchannel = self._subchannels.get(address)
        return bool(subchannel and subchannel.program and subchannel.program.waiting)

    def reset(self) -> None:
        """I/O system reset: nothing runs, nothing is pending."""
        for subchannel in self._subchannels.values():
            subchannel.clear()
        self._active.clear()
        self._interrupting.clear()

    def _attached(self) -> str:
        numbers = ", ".join(f"{number:03X}" for number in sorted(self._subchannels))
        return f"attached are {numbers}" if numbers else "none is attached"

    def _note(self, subchannel: _Subchannel) -> None:
        """Bring the two sets up to date."""
        for numbers, member in (
            (self._active, subchannel.program is not None),
            (self._interrupting, subchannel.interruption_pending),
        ):
            (numbers.add if member else numbers.discard)(subchannel.number)

    # ---- the I/O instructions --------------------------------------------------------------------------------

    def start_io(self, low: LowStorage, address: int) -> int:
        """START I/O, and START I/O FAST RELEASE, which is executed the same way."""
        caw = low.load_real(PSA.CAW, 4)
        cc = self._start_io(low, address, caw)
        if self.observer:
            self.observer(IOStarted(address, caw, cc))
        return cc

    def _start_io(self, low: LowStorage, address: int, caw: bytes) -> int:
        subchannel = self._subchannels.get(address)
        if subchannel is None:
            return 3
        if subchannel.program or subchannel.ended:
            return 2
        if subchannel.device_status:
            csw = subchannel.take()
            self._note(subchannel)
            return _store_status(low, replace(csw, unit_status=csw.unit_status | UnitStatus.BUSY))
        program = ChannelProgram(subchannel.device, self.storage, address)
        program.observer = self.observer
        if program.start(caw):
            self._schedule(subchannel, program)
            return 0
        return _store_status(low, _with_request(program))

    def _schedule(self, subchannel: _Subchannel, program: ChannelProgram) -> None:
        subchannel.program = program
        subchannel.due = self.clocks.now + program.duration
        subchannel.requested = program.take_interruption_request() or subchannel.requested
        self._note(subchannel)

    def test_io(self, low: LowStorage, address: int) -> int:
        """TEST I/O."""
        subchannel = self._subchannels.get(address)
        if subchannel is None:
            return 3
        if subchannel.program:
            return 2
        if not subchannel.interruption_pending:
            return 0
        self.accept(low, address)
        return 1

    def clear_io(self, low: LowStorage, address: int) -> int:
        """CLEAR I/O: the operation is discontinued, and what it would have reported is lost."""
        subchannel = self._subchannels.get(address)
        if subchannel is None:
            return 3
        csw = subchannel.ended
        if subchannel.program:
            program = subchannel.program
            csw = CSW(program.key, program.ccw_address + 8 & MASK_24, residual=program.ccw.count)
        if csw is None:
            return 0
        subchannel.program = subchannel.requested = subchannel.ended = None
        self._note(subchannel)
        low.store_real(PSA.CSW, csw.to_bytes())
        return 1

    def halt_io(self, low: LowStorage, address: int) -> int:
        """HALT I/O: the operation ends early, with an interruption of its own."""
        subchannel = self._subchannels.get(address)
        if subchannel is None:
            return 3
        if subchannel.ended:
            return 0
        if subchannel.program:
            subchannel.program.halt()
            self._end(subchannel, subchannel.program)
        return _store_status(low, CSW())

    def halt_device(self, low: LowStorage, address: int) -> int:
        """HALT DEVICE: as HALT I/O, since no device here shares its subchannel."""
        return self.halt_io(low, address)

    def test_channel(self, address: int) -> int:
        """TEST CHANNEL.  A channel without devices is not operational."""
        channel = address >> 8
        if all(number >> 8 != channel for number in self._subchannels):
            return 3
        return int(any(number >> 8 == channel for number in self._interrupting))

    def store_channel_id(self, low: LowStorage, address: int) -> int:
        """STORE CHANNEL ID: channel 0 is a byte multiplexer, the others are block multiplexers; no model, no logout."""
        channel = address >> 8
        if all(number >> 8 != channel for number in self._subchannels):
            return 3
        low.store_real(PSA.CHANNEL_ID, bytes.fromhex("20000000" if channel else "10000000"))
        return 0

    # ---- time ------------------------------------------------------------------------------------------------

    @property
    def active(self) -> bool:
        """Whether any channel program runs, be it waiting for input."""
        return bool(self._active)

    @property
    def next_event(self) -> int | None:
        """Machine time at which the next CCW is due; None when nothing is, or only what waits for input."""
        return min((subchannel.due for subchannel in self._runnable()), default=None)

    def _runnable(self) -> list[_Subchannel]:
        running = [self._subchannels[number] for number in self._active]
        return [subchannel for subchannel in running if subchannel.program and not subchannel.program.waiting]

    def advance(self) -> bool:
        """Perform the CCWs that are due, the earliest first, then by device address; whether there was one."""
        if not self._active:
            return False
        now = self.clocks.now
        due = [subchannel for subchannel in self._runnable() if subchannel.due <= now]
        for subchannel in sorted(due, key=lambda subchannel: (subchannel.due, subchannel.number)):
            self._perform(subchannel)
        return bool(due)

    def _perform(self, subchannel: _Subchannel) -> None:
        program = subchannel.program
        if program is None:
            return
        program.observer = self.observer
        if program.step():
            self._schedule(subchannel, program)
        else:
            self._end(subchannel, program)

    def _end(self, subchannel: _Subchannel, program: ChannelProgram) -> None:
        """The program has ended; a program-controlled interruption still pending becomes part of its CSW."""
        csw = _with_request(program)
        if subchannel.requested:
            csw = replace(csw, channel_status=csw.channel_status | subchannel.requested.channel_status)
        subchannel.program = subchannel.requested = None
        subchannel.ended = csw
        self._note(subchannel)

    # ---- interruptions ---------------------------------------------------------------------------------------

    def pending(self, psw: PSW, channel_masks: int) -> int | None:
        """The device whose interruption is to be taken now; `channel_masks` is CR2.

        The lowest channel comes first, on it the lowest device address.
        """
        for number in sorted(self._interrupting):
            if psw.channel_enabled(number >> 8, channel_masks):
                return number
        return None

    def accept(self, low: LowStorage, address: int) -> None:
        """The interruption of a device is taken: its CSW is stored, and it is pending no longer."""
        subchannel = self._subchannels[address]
        low.store_real(PSA.CSW, subchannel.take().to_bytes())
        self._note(subchannel)

    # ---- initial program loading -----------------------------------------------------------------------------

    def initial_program_load(self, address: int) -> None:
        """Read 24 bytes to absolute 0, then execute the channel program at 8, all in no time.

        GA22-7000 "Initial Program Loading".  Raises UserError when there is no such device or the reading fails.
        """
        subchannel = self._subchannels.get(address)
        if subchannel is None:
            raise UserError(f"there is no device {address:03X} to load from: {self._attached()}")
        self.reset()
        program = ChannelProgram(subchannel.device, self.storage, address)
        program.observer = self.observer
        going = program.start_initial_program_load()
        steps = 0
        while going:
            if program.waiting or steps == _IPL_LIMIT:
                raise UserError(_never_ends(program))
            going = program.step()
            steps += 1
        csw = _with_request(program)
        if csw.unit_status != ENDING or csw.channel_status & ~ChannelStatus.PROGRAM_CONTROLLED_INTERRUPTION:
            raise UserError(_load_failed(program, csw))

    # ---- checkpoint ------------------------------------------------------------------------------------------

    def state(self) -> tuple[SubchannelState, ...]:
        """A checkpoint of the channels and the devices."""
        return tuple(
            SubchannelState(
                number,
                s.device.state(),
                s.program.state() if s.program else None,
                s.due,
                s.requested,
                s.ended,
                s.device_status,
            )
            for number, s in sorted(self._subchannels.items())
        )

    def restore(self, state: tuple[SubchannelState, ...]) -> None:
        """Go back to a checkpoint.  Raises ValueError when the devices attached are not those of the checkpoint."""
        if [saved.number for saved in state] != sorted(self._subchannels):
            raise ValueError("the checkpoint was taken with other devices attached")
        for saved in state:
            self._restore_subchannel(self._subchannels[saved.number], saved)

    def _restore_subchannel(self, subchannel: _Subchannel, saved: SubchannelState) -> None:
        subchannel.device.restore(saved.device)
        subchannel.due, subchannel.requested, subchannel.ended = saved.due, saved.requested, saved.ended
        subchannel.device_status = UnitStatus(saved.device_status)
        subchannel.program = None
        if saved.program is not None:
            subchannel.program = ChannelProgram(subchannel.device, self.storage, saved.number)
            subchannel.program.restore(saved.program)
        self._note(subchannel)


def _store_status(low: LowStorage, csw: CSW) -> int:
    """Store the status portion of the CSW and leave the rest as it is: condition code 1."""
    low.store_real(_CSW_STATUS, csw.status_bytes())
    return 1


def _with_request(program: ChannelProgram) -> CSW:
    """The CSW of a program that has ended, with the PCI bit when a CCW asked for one last."""
    csw = program.csw
    if csw is None:
        raise ValueError("the channel program has not ended")
    request = program.take_interruption_request()
    return replace(csw, channel_status=csw.channel_status | request.channel_status) if request else csw


def _never_ends(program: ChannelProgram) -> str:
    reason = "waits for input" if program.waiting else f"has executed {_IPL_LIMIT} CCWs and goes on"
    return f"loading from device {program.number:03X} does not end: its channel program {reason}"


def _load_failed(program: ChannelProgram, csw: CSW) -> str:
    words = status_words(csw.unit_status & ~ENDING, csw.channel_status)
    hint = ""
    if csw.unit_status & UnitStatus.UNIT_CHECK:
        sense = Sense(program.device.sense[0] & _COMMON_SENSE)
        hint = " (" + ", ".join((flag.name or "").lower().replace("_", " ") for flag in sense) + ")"
    elif csw.unit_status & UnitStatus.UNIT_EXCEPTION:
        hint = " (end of file)"
    elif csw.channel_status & ChannelStatus.PROGRAM_CHECK and program.ccw_address < _IPL_END:
        hint = " (the first record is not one to load from)"
    return f"loading from device {program.number:03X} failed: {words}{hint} at the CCW at {program.ccw_address:06X}"
