"""Channels, subchannels and devices as the channel knows them: what runs, and what is pending where.

GA22-7000 "States of the Input/Output System".  An interruption condition is kept in the subchannel (the end of a
channel program, a program-controlled interruption) or in the device (device end, attention).  Read next: `channel`.
"""

from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import Any

from edu_hv.isa.codes import UnitStatus
from edu_hv.machine.ccw import CSW, NO_STATUS
from edu_hv.machine.channel_program import ChannelProgram, ChannelProgramState, Device

SHARED = 0x80
"""Device addresses from here on share a byte-multiplexer subchannel, sixteen by sixteen.

GA22-6821 "Input/Output Device Addressing"."""


class ChannelType(IntEnum):
    """The types of channel, by the codes of STORE CHANNEL ID.  GA22-7000 "Types of Channels"."""

    SELECTOR = 0
    """One operation at a time: the channel works from the start of a channel program to its end."""
    BYTE_MULTIPLEXER = 1
    """Slow devices side by side; a fast one holds the channel while it moves data."""
    BLOCK_MULTIPLEXER = 2
    """Devices take turns between the blocks of their data, when the program allows it by CR0 bit 0."""

    def subchannel(self, address: int) -> int:
        """Number of the subchannel that serves a device address."""
        if self is ChannelType.SELECTOR:
            return 0
        device = address & 0xFF
        return device & 0xF0 if self is ChannelType.BYTE_MULTIPLEXER and device >= SHARED else device


@dataclass(slots=True, eq=False)
class Subchannel:
    """What a channel program needs while it runs, and its end until the program is told.

    It is available when nothing of both is there.  GA22-7000 "Subchannels".
    """

    number: int
    unit: "Unit | None" = None
    """The device of the program that runs or has ended."""
    program: ChannelProgram | None = None
    due: int = 0
    """Machine time of the next step."""
    waiting: bool = False
    """The program waits for somebody at the device."""
    multiplexing: bool = False
    """The program was started with block multiplexing allowed."""
    requested: CSW | None = None
    """A program-controlled interruption, pending while the program runs."""
    ended: CSW | None = None
    """The end of a program, pending."""

    @property
    def idle(self) -> bool:
        """Whether the subchannel is available."""
        return self.program is None and self.ended is None

    def take(self) -> CSW | None:
        """The CSW that is pending here, which is cleared; None when there is none."""
        csw = self.requested or self.ended
        if self.requested:
            self.requested = None
        else:
            self.ended = None
        return csw

    def end(self, csw: CSW) -> None:
        """The program is over; a program-controlled interruption still pending becomes part of its CSW."""
        if self.requested:
            csw = replace(csw, channel_status=csw.channel_status | self.requested.channel_status)
        self.clear()
        self.ended = csw

    def clear(self) -> None:
        """Make the subchannel available."""
        self.program = self.requested = self.ended = None
        self.waiting = False


@dataclass(slots=True, eq=False)
class Unit:
    """An attached device: its address, its subchannel, and what it does and has to say by itself."""

    number: int
    device: Device
    subchannel: Subchannel
    pending: UnitStatus = NO_STATUS
    """Interruption conditions kept in the device."""
    command: int | None = None
    """What the device goes on with after channel end."""
    abandoned: ChannelProgram | None = None
    """A halted program whose subchannel is already available again: the device has still to give channel end."""
    due: int = 0
    """Machine time at which what goes on here ends."""
    owes_control_unit_end: bool = False
    """The control unit answered busy because of what the device does: control-unit end comes with its device end."""

    @property
    def keeps_control_unit(self) -> bool:
        """Whether what the device goes on with takes the control unit as well."""
        return self.command is not None and self.device.keeps_control_unit(self.command)

    @property
    def working(self) -> bool:
        """Whether the device does something without its subchannel."""
        return self.command is not None or self.abandoned is not None

    @property
    def subchannel_in_use(self) -> bool:
        """Whether the subchannel has a program of this device, or its end."""
        return self.subchannel.unit is self and not self.subchannel.idle

    @property
    def status(self) -> UnitStatus:
        """What the device answers when it is addressed: its conditions, and busy.  No bits: it is available."""
        return self.pending | (UnitStatus.BUSY if self.working else NO_STATUS)

    @property
    def presentable(self) -> bool:
        """Whether a condition is pending in the device and the subchannel free to take it."""
        return bool(self.pending) and self.subchannel.idle

    def work(self, program: ChannelProgram, now: int) -> None:
        """The program has ended; the device goes on when it gave channel end without device end."""
        time = program.device_working
        if time:
            self.command, self.due = program.command, now + time

    def advance(self, now: int) -> None:
        """What went on without the subchannel ends now."""
        if self.abandoned is not None:
            program, self.abandoned = self.abandoned, None
            program.step()
            if program.csw is not None:
                self.pending |= program.csw.unit_status
            self.work(program, now)
        elif self.command is not None:
            command, self.command = self.command, None
            self.pending |= self.device.finish(command)
            if self.owes_control_unit_end:
                self.pending |= UnitStatus.CONTROL_UNIT_END
                self.owes_control_unit_end = False

    def clear(self) -> None:
        """Stop what goes on and forget what is pending; the subchannel too when it serves this device."""
        self.command = self.abandoned = None
        self.pending = NO_STATUS
        self.owes_control_unit_end = False
        if self.subchannel.unit is self:
            self.subchannel.clear()

    def reset(self) -> None:
        """System reset or selective reset, to the device too."""
        self.clear()
        self.device.reset()


@dataclass(slots=True, eq=False)
class Channel:
    """One channel with its subchannels by number and its devices by address."""

    number: int
    type: ChannelType
    subchannels: dict[int, Subchannel] = field(default_factory=dict)
    units: dict[int, Unit] = field(default_factory=dict)
    told_busy: bool = False
    """An instruction was told that the channel works: the channel-available interruption is to follow."""

    def attach(self, address: int, device: Device) -> Unit:
        """Connect a device to its subchannel."""
        number = self.type.subchannel(address)
        subchannel = self.subchannels.setdefault(number, Subchannel(number))
        self.units[address] = Unit(address, device, subchannel)
        return self.units[address]

    def detach(self, unit: Unit) -> None:
        """Disconnect a device, and its subchannel when it serves no other."""
        del self.units[unit.number]
        if all(other.subchannel is not unit.subchannel for other in self.units.values()):
            del self.subchannels[unit.subchannel.number]

    def subchannel(self, address: int) -> Subchannel | None:
        """The subchannel that serves an address, be there a device or not; None when it is not operational."""
        return self.subchannels.get(self.type.subchannel(address))

    @property
    def working(self) -> Subchannel | None:
        """The subchannel whose operation holds the channel.  GA22-7000 "Modes of Channel Operation"."""
        return next((s for s in self.subchannels.values() if s.program is not None and self._held_by(s)), None)

    def _held_by(self, subchannel: Subchannel) -> bool:
        program, unit = subchannel.program, subchannel.unit
        if program is None or unit is None or program.halted:
            return False
        if self.type is ChannelType.SELECTOR or (self._multiplexes_blocks and not subchannel.multiplexing):
            return True
        burst = program.moving_data and not subchannel.waiting
        return burst and (self._multiplexes_blocks or unit.device.burst)

    @property
    def _multiplexes_blocks(self) -> bool:
        return self.type is ChannelType.BLOCK_MULTIPLEXER

    @property
    def identification(self) -> ChannelType:
        """The type as which the channel works now: a block multiplexer may work as selector.

        GA22-7000 "Store Channel ID".
        """
        as_selector = any(s.program and not s.multiplexing for s in self.subchannels.values())
        return ChannelType.SELECTOR if self._multiplexes_blocks and as_selector else self.type

    def conditions(self) -> list[tuple[int, int, int]]:
        """Interruption conditions, the first to be taken first: channel, place, and I/O address.

        What is in a subchannel comes before what is in a device; the lowest address comes first.  Nothing in a device
        is presented while the channel works.  GA22-7000 "Priority of Interruptions".
        """
        units = sorted(self.units.items())
        held = [(self.number, 0, n) for n, u in units if u.subchannel.unit is u and _interrupts(u.subchannel)]
        if self.working:
            return held
        held += [(self.number, 1, n) for n, unit in units if unit.presentable]
        if self.told_busy:
            held.append((self.number, 2, self.number << 8))
        return held

    def clear(self) -> None:
        """I/O-system reset of this channel: nothing runs, nothing is pending.  GA22-7000 "I/O-System Reset"."""
        self.told_busy = False
        for unit in self.units.values():
            unit.reset()


def _interrupts(subchannel: Subchannel) -> bool:
    return subchannel.requested is not None or subchannel.ended is not None


# ---- checkpoint ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class UnitState:
    """A checkpoint of one device."""

    number: int
    device: Any
    pending: int
    command: int | None
    abandoned: ChannelProgramState | None
    due: int
    owes_control_unit_end: bool


@dataclass(frozen=True, slots=True)
class SubchannelState:
    """A checkpoint of one subchannel that is not available."""

    unit: int
    program: ChannelProgramState | None
    due: int
    waiting: bool
    multiplexing: bool
    requested: CSW | None
    ended: CSW | None


@dataclass(frozen=True, slots=True)
class ChannelsState:
    """A checkpoint of the channels and all devices."""

    units: tuple[UnitState, ...]
    subchannels: tuple[SubchannelState, ...]
    told_busy: tuple[int, ...]
    """Numbers of the channels that owe a channel-available interruption."""
