"""What readers, punches and printers share: START and STOP keys, and intervention required while they are not ready.

Y24-3503 *2821 Control Unit Maintenance Diagrams* "Sense, Reader-Punch and Printer": the bit for intervention required
shows what is so when it is sensed, and NO-OP needs a device that is ready.
"""

from edu_hv.devices.card_image import BLANK
from edu_hv.devices.device import NO_OP, IODevice
from edu_hv.isa.codes import Sense, UnitStatus
from edu_hv.machine.ccw import ENDING, NO_STATUS
from edu_hv.machine.channel_program import Transfer

BUFFER_MICROSECONDS = 10
"""A hundredth of the time, roughly, in which a control unit's buffer of 80 to 132 bytes is filled or emptied."""

_LIVE = int(Sense.INTERVENTION_REQUIRED)


class UnitRecordDevice(IODevice):
    """A device with a buffer and with paper or cards, which an operator starts and stops."""

    def __init__(self) -> None:
        super().__init__()
        self.stopped = False

    @property
    def ready(self) -> bool:
        """Started, and nothing is missing."""
        return not self.stopped

    def stop(self) -> UnitStatus:
        """The operator presses STOP: not ready.  There is nothing to present."""
        self.stopped = True
        return NO_STATUS

    def make_ready(self) -> UnitStatus:
        """The operator presses START.  Returns what to present: device end when that made the device ready."""
        was_ready = self.ready
        self.stopped = False
        return self.became_ready(was_ready)

    def became_ready(self, was_ready: bool) -> UnitStatus:
        """Device end, to be presented, when the device was not ready and is now."""
        return UnitStatus.DEVICE_END if self.ready and not was_ready else NO_STATUS

    def test(self) -> UnitStatus:
        """What TEST I/O finds when nothing is pending: unit check while the device is not ready."""
        return NO_STATUS if self.ready else UnitStatus.UNIT_CHECK

    def start(self, command: int) -> UnitStatus:
        """The initial status.  NO-OP, too, is refused while the device is not ready."""
        if command == NO_OP and not self.ready:
            return self.intervention_required()
        return super().start(command)

    def take(self, transfer: Transfer, length: int) -> bytes:
        """Fill a buffer of this length, with blanks behind the data.

        The control unit asks for bytes until the buffer is full: incorrect length when there are fewer.
        """
        data = transfer.from_storage(length)
        if len(data) < length:
            transfer.want_more()
        return data.ljust(length, BLANK)

    def intervention_required(self) -> UnitStatus:
        """Unit check: somebody has to do something at the device."""
        return self.unit_check(Sense.INTERVENTION_REQUIRED)

    def transfer_sense(self, transfer: Transfer) -> UnitStatus:
        """SENSE, command X'04'; intervention required as it is now."""
        transfer.to_storage(self.present_sense())
        return ENDING

    def present_sense(self) -> bytes:
        """The sense bytes, with intervention required as it is now."""
        first = self.sense[0] & ~_LIVE | (0 if self.ready else _LIVE)
        return bytes([first]) + self.sense[1:]
