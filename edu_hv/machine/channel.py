"""The channels of a machine: the I/O instructions, and the interruptions that are pending.

GA22-7000 "Input/Output Operations".  `Channels` start channel programs, give each step its due time, and keep what the
devices have to say.  What a channel, a subchannel and a device remember is in `subchannel`, the chain of CCWs in
`channel_program`, loading in `initial_program_load`.  The devices are in `edu_hv.devices`.

Channel 0 is a byte multiplexer, the others are block multiplexers, and in System/360 mode selectors; `configure` says
otherwise.  Between two times that `next_event` names nothing happens here by itself.
"""

from collections.abc import Mapping
from dataclasses import replace

from edu_hv.isa.codes import PSA, UnitStatus
from edu_hv.isa.errors import UserError
from edu_hv.machine.ccw import CSW, NO_STATUS
from edu_hv.machine.channel_program import AbsoluteStorage, ChannelProgram, ChannelStorage, Device
from edu_hv.machine.events import IOStarted, Observer
from edu_hv.machine.initial_program_load import execute
from edu_hv.machine.interruptions import LowStorage
from edu_hv.machine.psw import PSW
from edu_hv.machine.storage import Storage
from edu_hv.machine.subchannel import Channel, ChannelsState, ChannelType, Subchannel, SubchannelState, Unit, UnitState
from edu_hv.machine.timing import Clocks

AVAILABLE = STARTED = 0
CSW_STORED = 1
BUSY = 2
NOT_OPERATIONAL = 3
"""Condition codes."""

_CSW_STATUS = PSA.CSW + 4
_NEVER = 1 << 62


_CONTROL_UNIT_BUSY = CSW(unit_status=UnitStatus.BUSY | UnitStatus.STATUS_MODIFIER)


class Channels:
    """The channels of one machine.  A device address is 12 bits: channel 4, control unit and device 8.

    The methods named after instructions return the condition code; `low` is where the CAW is and the CSW goes,
    `multiplexing` is CR0 bit 0.  GA22-7000 figure "Condition-Code Settings for I/O States and Functions".
    """

    def __init__(self, storage: Storage | ChannelStorage, clocks: Clocks) -> None:
        self.storage: ChannelStorage = AbsoluteStorage(storage) if isinstance(storage, Storage) else storage
        self.clocks = clocks
        self.observer: Observer | None = None
        self.system_360 = False
        self.control_units = False
        """Whether devices at neighbouring addresses share a control unit, as their models do, and make it busy."""
        """The channels of a System/360: no indirect data addresses, HALT DEVICE executed as HALT I/O."""
        self._types: Mapping[int, ChannelType] = {}
        self._channels: dict[int, Channel] = {}
        self._units: dict[int, Unit] = {}
        self._busy: dict[int, Unit] = {}
        """Where something goes on, in the subchannel or in the device."""
        self._waiting: dict[int, Unit] = {}
        """Those of them whose program waits for input."""
        self._next = _NEVER
        """Machine time of the first step of what does not wait."""
        self._conditions: list[tuple[int, int, int]] | None = []
        """Interruption conditions in their order; None when they have to be looked for."""

    # ---- configuration ---------------------------------------------------------------------------------------

    @property
    def devices(self) -> Mapping[int, Device]:
        """The attached devices by address."""
        return {number: unit.device for number, unit in sorted(self._units.items())}

    def configure(self, types: Mapping[int, ChannelType] | None = None, system_360: bool = False) -> None:
        """Say of which type the channels are, by channel number; those not named are as usual.  Resets all of them."""
        self._types, self.system_360 = dict(types or {}), system_360
        devices = self.devices
        self._channels.clear()
        self._units.clear()
        for address, device in devices.items():
            self._attach(address, device)
        self.reset()

    def channel_type(self, channel: int) -> ChannelType:
        """The type of a channel, by its number."""
        others = ChannelType.SELECTOR if self.system_360 else ChannelType.BLOCK_MULTIPLEXER
        return self._types.get(channel, others if channel else ChannelType.BYTE_MULTIPLEXER)

    def attach(self, address: int, device: Device) -> None:
        """Connect a device.  Raises UserError when the address is taken or not a device address."""
        if not 0 <= address <= 0xFFF:
            raise UserError(f"{address:X} is no device address: give three hexadecimal digits, such as 00C")
        if address in self._units:
            raise UserError(f"device address {address:03X} is already taken: detach the device there first")
        self._attach(address, device)

    def _attach(self, address: int, device: Device) -> None:
        number = address >> 8
        channel = self._channels.setdefault(number, Channel(number, self.channel_type(number)))
        self._units[address] = channel.attach(address, device)

    def detach(self, address: int) -> None:
        """Take a device away, with all that was going on there.  Raises UserError when there is none."""
        if address not in self._units:
            raise UserError(f"there is no device {address:03X} to detach: {self.attached}")
        unit = self._units.pop(address)
        unit.clear()
        self._note(unit)
        channel = self._channels[address >> 8]
        channel.detach(unit)
        if not channel.units:
            del self._channels[channel.number]

    @property
    def attached(self) -> str:
        """The addresses of the devices, in words for a message."""
        numbers = ", ".join(f"{number:03X}" for number in sorted(self._units))
        return f"attached are {numbers}" if numbers else "none is attached"

    # ---- devices ---------------------------------------------------------------------------------------------

    def present(self, address: int, status: UnitStatus) -> None:
        """The device has something to say by itself: attention, or device end when it has become ready."""
        self._units[address].pending |= status
        self._conditions = None

    def withdraw(self, address: int, status: UnitStatus) -> None:
        """What the device had to say by itself, and has not said yet, no longer matters."""
        self._units[address].pending &= ~status
        self._conditions = None

    def awaits_input(self, address: int) -> bool:
        """Whether a program on the device waits for somebody there, as a console read does."""
        unit = self._units.get(address)
        program = unit.subchannel.program if unit and unit.subchannel.unit is unit else None
        return program is not None and program.waiting

    def reset(self) -> None:
        """I/O-system reset: nothing runs, nothing is pending.  GA22-7000 "I/O-System Reset"."""
        for channel in self._channels.values():
            channel.clear()
        self._busy.clear()
        self._waiting.clear()
        self._next, self._conditions = _NEVER, None

    def reset_device(self, address: int) -> None:
        """Selective reset: the device stops, and what was pending for it is forgotten."""
        unit = self._units[address]
        unit.reset()
        self._note(unit)

    def _note(self, *units: Unit) -> None:
        """Something has changed at these devices: bring up to date what is kept about them."""
        for unit in units:
            subchannel = unit.subchannel
            running = subchannel.program is not None and subchannel.unit is unit
            _keep(self._busy, unit, running or unit.working)
            _keep(self._waiting, unit, running and subchannel.waiting)
        self._next = min((_due(unit) for unit in self._busy.values()), default=_NEVER)
        self._conditions = None

    # ---- START I/O -------------------------------------------------------------------------------------------

    def start_io(self, low: LowStorage, address: int, multiplexing: bool = False) -> int:
        """START I/O.  GA22-7000 "Start I/O"."""
        return self._start(low, address, multiplexing, independent=False)

    def start_io_fast_release(self, low: LowStorage, address: int, multiplexing: bool = False) -> int:
        """START I/O FAST RELEASE: independent of the device on a block multiplexer that multiplexes, else START I/O.

        GA22-7000 "Start I/O Fast Release".
        """
        block = self.channel_type(address >> 8) is ChannelType.BLOCK_MULTIPLEXER
        return self._start(low, address, multiplexing, independent=block and multiplexing)

    def _start(self, low: LowStorage, address: int, multiplexing: bool, independent: bool) -> int:
        caw = low.load_real(PSA.CAW, 4)
        cc = self._start_io(low, address, caw, multiplexing, independent)
        if self.observer:
            self.observer(IOStarted(address, caw, cc))
        return cc

    def _start_io(self, low: LowStorage, address: int, caw: bytes, multiplexing: bool, independent: bool) -> int:
        subchannel, unit, cc = self._find(address)
        if cc:
            return cc
        if subchannel is not None and not subchannel.idle:
            return BUSY
        if subchannel is None or unit is None:
            return NOT_OPERATIONAL
        if self._control_unit_busy(unit):
            return self._conclude(low, unit, _CONTROL_UNIT_BUSY, independent)
        program = ChannelProgram(unit.device, self.storage, address, self.system_360)
        program.observer = self.observer
        csw = self._refusal(unit) if unit.status else None
        if csw is None:
            subchannel.unit, subchannel.multiplexing = unit, multiplexing
            if program.start(caw):
                self._schedule(unit, program)
                return STARTED
            csw = program.ending_csw()
            unit.work(program, self.clocks.now)
        return self._conclude(low, unit, csw, independent)

    def _control_unit_busy(self, unit: Unit) -> bool:
        """Whether another device keeps the control unit.  That one will give control-unit end with its device end.

        GA22-7000 "Control Unit End" and "Busy".
        """
        if not self.control_units:
            return False
        size = unit.device.control_unit_size
        units = self._channels[unit.number >> 8].units
        first = unit.number // size * size
        neighbours = (units[n] for n in range(first, first + size) if n != unit.number and n in units)
        keeper = next((other for other in neighbours if other.keeps_control_unit), None)
        if keeper is not None:
            keeper.owes_control_unit_end = True
        return keeper is not None

    def _refusal(self, unit: Unit) -> CSW:
        """Busy, with what is pending in the device, which is cleared.  GA22-7000 "Indications of Busy in CSW"."""
        csw = CSW(unit_status=unit.pending | UnitStatus.BUSY)
        unit.pending = NO_STATUS
        return csw

    def _conclude(self, low: LowStorage, unit: Unit, csw: CSW, independent: bool) -> int:
        """The operation has ended at once: its status is stored, or, by SIOF, an interruption brings it later."""
        if independent:
            unit.subchannel.unit = unit
            unit.subchannel.end(replace(csw, deferred_cc=CSW_STORED))
        self._note(unit)
        return STARTED if independent else _store_status(low, csw)

    def _find(self, address: int) -> tuple[Subchannel | None, Unit | None, int]:
        """Subchannel and device of an address; a condition code when the channel itself decides."""
        channel = self._channels.get(address >> 8)
        if channel is None:
            return None, None, NOT_OPERATIONAL
        cc = AVAILABLE
        if channel.working:
            cc = BUSY
            self._tell_busy(channel)
        return channel.subchannel(address), channel.units.get(address), cc

    def _tell_busy(self, channel: Channel) -> None:
        """A block multiplexer answers busy: it owes the program an interruption.

        GA22-7000 "Channel-Available Interruption".
        """
        if channel.type is ChannelType.BLOCK_MULTIPLEXER:
            channel.told_busy = True
            self._conditions = None

    def _schedule(self, unit: Unit, program: ChannelProgram) -> None:
        subchannel = unit.subchannel
        subchannel.program, subchannel.waiting = program, program.waiting
        subchannel.due = self.clocks.now + program.duration
        subchannel.requested = program.take_interruption_request() or subchannel.requested
        self._note(unit)

    # ---- the other I/O instructions --------------------------------------------------------------------------

    def test_io(self, low: LowStorage, address: int) -> int:
        """TEST I/O.  GA22-7000 "Test I/O"."""
        subchannel, unit, cc = self._find(address)
        if cc:
            return cc
        if subchannel is not None and not subchannel.idle:
            return self._test_subchannel(low, subchannel, address)
        if unit is None:
            return NOT_OPERATIONAL
        if self._control_unit_busy(unit):
            return _store_status(low, _CONTROL_UNIT_BUSY)
        status = unit.status or unit.device.test()
        if not status:
            return AVAILABLE
        low.store_real(PSA.CSW, CSW(unit_status=status).to_bytes())
        self._cleared(unit)
        unit.pending = NO_STATUS
        return CSW_STORED

    def _test_subchannel(self, low: LowStorage, subchannel: Subchannel, address: int) -> int:
        """TEST I/O when the subchannel works or has a condition: only that of the addressed device is cleared."""
        if subchannel.program or subchannel.unit is None or subchannel.unit.number != address:
            return BUSY
        self.accept(low, address)
        return CSW_STORED

    def clear_io(self, low: LowStorage, address: int, multiplexing: bool = False) -> int:
        """CLEAR I/O: the operation is discontinued.  Executed as TEST I/O unless CR0 bit 0 is one.

        GA22-7000 "Clear I/O".  What the device still has to say comes as status of the device.
        """
        if not multiplexing:
            return self.test_io(low, address)
        channel = self._channels.get(address >> 8)
        subchannel = channel.subchannel(address) if channel else None
        if subchannel is None:
            return NOT_OPERATIONAL
        unit = subchannel.unit
        if unit is None or unit.number != address or subchannel.idle:
            return AVAILABLE
        csw = subchannel.program.progress if subchannel.program else subchannel.ended
        self._abandon(unit)
        subchannel.clear()
        self._note(unit)
        low.store_real(PSA.CSW, (csw or CSW()).to_bytes())
        return CSW_STORED

    def halt_io(self, low: LowStorage, address: int) -> int:
        """HALT I/O.  When the channel works, its operation is ended, whatever the device.  GA22-7000 "Halt I/O"."""
        channel = self._channels.get(address >> 8)
        if channel is None:
            return NOT_OPERATIONAL
        if working := channel.working:
            self._halt(channel, working)
            return BUSY
        return self._signal_halt(low, channel, address, any_device=True)

    def halt_device(self, low: LowStorage, address: int) -> int:
        """HALT DEVICE: only an operation of the addressed device is ended.  GA22-7000 "Halt Device"."""
        channel = self._channels.get(address >> 8)
        if self.system_360 or channel is None:
            return self.halt_io(low, address)
        if not channel.working:
            return self._signal_halt(low, channel, address, any_device=False)
        subchannel = channel.subchannel(address)
        if subchannel and subchannel.ended:
            return AVAILABLE
        if subchannel and _serves(subchannel, address):
            self._halt(channel, subchannel)
        return BUSY

    def _signal_halt(self, low: LowStorage, channel: Channel, address: int, any_device: bool) -> int:
        """HALT I/O and HALT DEVICE when the channel does not work."""
        subchannel = channel.subchannel(address)
        if subchannel is None or (subchannel.idle and address not in channel.units):
            return NOT_OPERATIONAL
        if subchannel.ended or (subchannel.program and not (any_device or _serves(subchannel, address))):
            return AVAILABLE
        self._halt(channel, subchannel)
        return _store_status(low, CSW())

    def _halt(self, channel: Channel, subchannel: Subchannel) -> None:
        """A selector channel is done with the operation at once, the others at the device's next status.

        GA22-7000 "Termination by HALT I/O or HALT DEVICE".
        """
        program, unit = subchannel.program, subchannel.unit
        if program is None or unit is None:
            return
        if subchannel.waiting:
            subchannel.waiting, subchannel.due = False, self.clocks.now + 1
        program.halt()
        if channel.type is ChannelType.SELECTOR:
            csw = program.progress
            self._abandon(unit)
            subchannel.end(csw)
        self._note(unit)

    def _abandon(self, unit: Unit) -> None:
        """Leave the device alone with the program that runs on it, if one does."""
        subchannel = unit.subchannel
        if subchannel.program is None:
            return
        subchannel.program.halt()
        unit.abandoned = subchannel.program
        unit.due = self.clocks.now + 1 if subchannel.waiting else subchannel.due

    def test_channel(self, address: int) -> int:
        """TEST CHANNEL.  A channel without devices is not operational.  GA22-7000 "Test Channel"."""
        channel = self._channels.get(address >> 8)
        if channel is None:
            return NOT_OPERATIONAL
        if channel.working:
            self._tell_busy(channel)
            return BUSY
        return CSW_STORED if channel.conditions() else AVAILABLE

    def store_channel_id(self, low: LowStorage, address: int) -> int:
        """STORE CHANNEL ID: the type alone; no model, no logout.  GA22-7000 "Store Channel ID"."""
        channel = self._channels.get(address >> 8)
        if channel is None:
            return NOT_OPERATIONAL
        low.store_real(PSA.CHANNEL_ID, bytes([channel.identification << 4, 0, 0, 0]))
        return AVAILABLE

    def clear_channel(self, address: int) -> int:
        """CLEAR CHANNEL: I/O-system reset on one channel.  GA22-7000 "Clear Channel"."""
        channel = self._channels.get(address >> 8)
        if channel is None:
            return NOT_OPERATIONAL
        channel.clear()
        self._note(*channel.units.values())
        return AVAILABLE

    def resume_io(self, address: int) -> int:
        """RESUME I/O: no channel program is ever suspended, since CCW bit 38 is not a suspend flag here.

        GA22-7000 "Resume I/O"; the condition code tells only whether the channel is operational.
        """
        return AVAILABLE if address >> 8 in self._channels else NOT_OPERATIONAL

    # ---- time ------------------------------------------------------------------------------------------------

    @property
    def active(self) -> bool:
        """Whether any channel program runs, be it waiting for input, or a device works by itself."""
        return bool(self._busy)

    @property
    def next_event(self) -> int | None:
        """Machine time of the next thing a channel or a device does by itself; None when there is none.

        What waits for input does nothing by itself; when the input has come, its time is that of the step it delayed.
        """
        due = min(self._next, self._answered()) if self._waiting else self._next
        return None if due == _NEVER else due

    def _answered(self) -> int:
        """The due time of a program whose input has come."""
        answered = (u.subchannel.due for u in self._waiting.values() if not self.awaits_input(u.number))
        return min(answered, default=_NEVER)

    def advance(self) -> bool:
        """Perform the steps that are due, the earliest first, then by device address; whether there was one."""
        if self._waiting:
            self._wake()
        now = self.clocks.now
        if self._next > now:
            return False
        due = [(_due(unit), unit.number, unit) for unit in self._busy.values() if _due(unit) <= now]
        for _, _, unit in sorted(due, key=lambda entry: entry[:2]):
            self._perform(unit)
        return True

    def _wake(self) -> None:
        """Programs whose input has come wait no longer."""
        for unit in [u for u in self._waiting.values() if not self.awaits_input(u.number)]:
            unit.subchannel.waiting = False
            self._note(unit)

    def _perform(self, unit: Unit) -> None:
        """One step: of the channel program, or of what the device does by itself."""
        subchannel = unit.subchannel
        program = subchannel.program if subchannel.unit is unit else None
        if unit.working or program is None:
            unit.advance(self.clocks.now)
        elif program.waiting:
            subchannel.waiting = True
        else:
            self._step(unit, program)
        self._note(unit)

    def _step(self, unit: Unit, program: ChannelProgram) -> None:
        program.observer = self.observer
        if program.step():
            self._schedule(unit, program)
        else:
            unit.subchannel.end(program.ending_csw())
            unit.work(program, self.clocks.now)

    # ---- interruptions ---------------------------------------------------------------------------------------

    def pending(self, psw: PSW, channel_masks: int) -> int | None:
        """The I/O address whose interruption is to be taken now; `channel_masks` is CR2.

        The lowest channel comes first; see `Channel.conditions`.
        """
        if self._conditions is None:
            channels = sorted(self._channels.items())
            self._conditions = [condition for _, channel in channels for condition in channel.conditions()]
        for channel, _, address in self._conditions:
            if psw.channel_enabled(channel, channel_masks):
                return address
        return None

    def accept(self, low: LowStorage, address: int) -> None:
        """An interruption is taken: its CSW is stored, and it is pending no longer."""
        low.store_real(PSA.CSW, self._take(address).to_bytes())

    def _take(self, address: int) -> CSW:
        """The CSW of the first condition at an I/O address: the subchannel's, the device's, the channel's."""
        unit = self._units.get(address)
        csw = unit.subchannel.take() if unit and unit.subchannel.unit is unit else None
        if unit is None or (csw is None and not unit.pending):
            if channel := self._channels.get(address >> 8):
                channel.told_busy = False
            self._conditions = None
            return CSW()
        if csw is None:
            csw, unit.pending = CSW(unit_status=unit.pending), NO_STATUS
        self._cleared(unit, only_requested=unit.subchannel.program is not None)
        return csw

    def _cleared(self, unit: Unit, only_requested: bool = False) -> None:
        """A condition was cleared; any but a program-controlled interruption also tells that the channel is free."""
        channel = self._channels[unit.number >> 8]
        channel.told_busy = channel.told_busy and only_requested
        self._conditions = None

    # ---- initial program loading -----------------------------------------------------------------------------

    def initial_program_load(self, address: int) -> None:
        """Load from a device; see `initial_program_load`.

        Raises UserError when there is no such device or the reading fails.
        """
        unit = self._units.get(address)
        if unit is None:
            raise UserError(f"there is no device {address:03X} to load from: {self.attached}")
        self.reset()
        program = ChannelProgram(unit.device, self.storage, address, self.system_360)
        program.observer = self.observer
        execute(program)
        unit.work(program, self.clocks.now)
        self._note(unit)

    # ---- checkpoint ------------------------------------------------------------------------------------------

    def state(self) -> ChannelsState:
        """A checkpoint of the channels and the devices."""
        units = sorted(self._units.items())
        return ChannelsState(
            tuple(_unit_state(unit) for _, unit in units),
            tuple(_subchannel_state(n, u.subchannel) for n, u in units if u.subchannel_in_use),
            tuple(number for number, channel in sorted(self._channels.items()) if channel.told_busy),
        )

    def restore(self, state: ChannelsState) -> None:
        """Go back to a checkpoint.  Raises ValueError when the devices attached are not those of the checkpoint."""
        if [saved.number for saved in state.units] != sorted(self._units):
            raise ValueError("the checkpoint was taken with other devices attached")
        for number, channel in self._channels.items():
            channel.told_busy = number in state.told_busy
        for unit in self._units.values():
            unit.clear()
        for saved in state.units:
            self._restore_unit(self._units[saved.number], saved)
        for subchannel in state.subchannels:
            self._restore_subchannel(self._units[subchannel.unit], subchannel)
        self._note(*self._units.values())

    def _restore_unit(self, unit: Unit, saved: UnitState) -> None:
        unit.device.restore(saved.device)
        unit.pending, unit.command, unit.due = UnitStatus(saved.pending), saved.command, saved.due
        unit.owes_control_unit_end = saved.owes_control_unit_end
        if saved.abandoned is not None:
            unit.abandoned = ChannelProgram(unit.device, self.storage, saved.number, self.system_360)
            unit.abandoned.restore(saved.abandoned)

    def _restore_subchannel(self, unit: Unit, saved: SubchannelState) -> None:
        subchannel = unit.subchannel
        subchannel.unit, subchannel.due, subchannel.waiting = unit, saved.due, saved.waiting
        subchannel.multiplexing = saved.multiplexing
        subchannel.requested, subchannel.ended = saved.requested, saved.ended
        if saved.program is not None:
            subchannel.program = ChannelProgram(unit.device, self.storage, unit.number, self.system_360)
            subchannel.program.restore(saved.program)


def _store_status(low: LowStorage, csw: CSW) -> int:
    """Store the status portion of the CSW and leave the rest as it is: condition code 1."""
    low.store_real(_CSW_STATUS, csw.status_bytes())
    return CSW_STORED


def _serves(subchannel: Subchannel, address: int) -> bool:
    return subchannel.unit is not None and subchannel.unit.number == address


def _keep(units: dict[int, Unit], unit: Unit, member: bool) -> None:
    if member:
        units[unit.number] = unit
    else:
        units.pop(unit.number, None)


def _due(unit: Unit) -> int:
    """Machine time of the next step at a device; never while it waits for input."""
    if unit.working:
        return unit.due
    return _NEVER if unit.subchannel.waiting else unit.subchannel.due


def _unit_state(unit: Unit) -> UnitState:
    abandoned = unit.abandoned.state() if unit.abandoned else None
    owes = unit.owes_control_unit_end
    return UnitState(unit.number, unit.device.state(), unit.pending, unit.command, abandoned, unit.due, owes)


def _subchannel_state(number: int, s: Subchannel) -> SubchannelState:
    program = s.program.state() if s.program else None
    return SubchannelState(number, program, s.due, s.waiting, s.multiplexing, s.requested, s.ended)
