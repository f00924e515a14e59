"""Channels with devices that do what a test tells them."""

from edu_hv.isa.codes import PSA, UnitStatus
from edu_hv.machine.ccw import CCW, ENDING, NO_STATUS
from edu_hv.machine.channel import Channels
from edu_hv.machine.psw import PSW
from edu_hv.machine.storage import Storage
from edu_hv.machine.timing import Clocks

TAPE = 0x181
PROGRAM = 0x1000
CD, CC, SLI, SKIP, PCI, IDA = 0x80, 0x40, 0x20, 0x10, 0x08, 0x04
WRITE, READ, NOP, SENSE, TIC, READ_BACKWARD, SEARCH, ASK, REFUSED = 0x01, 0x02, 0x03, 0x04, 0x08, 0x0C, 0x31, 0x0A, 0x05
SEEK, END = 0x07, 0x1F
REWIND = 0x0F
"""Immediate: channel end, and device end later."""

CE, DE = UnitStatus.CHANNEL_END, UnitStatus.DEVICE_END
ALL_CHANNELS = PSW(system_mask=0xFE)
UNCHANGED = "FFFFFFFF FFFFFFFF"
DURATION = 100
"""Microseconds of every command to channel end."""
WORKING = 400
"""Microseconds from channel end to device end."""


class ScriptedDevice:
    """Reads give the next record; `endings` are the ending statuses in turn, `finishes` those at device end."""

    control_unit_size = 1

    def __init__(self, burst=False):
        self.sense = b"\0"
        self.records = []
        self.endings = []
        self.finishes = []
        self.written = []
        self.halted = []
        self.resets = 0
        self.answered = True
        self.burst = burst
        self.area = 0
        self.begun = 0

    def begin(self):
        self.begun += 1

    def start(self, command):
        if command == NOP:
            return ENDING
        if command == REWIND:
            return CE
        if command == REFUSED:
            self.sense = b"\x80"
            return UnitStatus.UNIT_CHECK
        return NO_STATUS

    def execute(self, command, transfer):
        if command == SEEK:
            return ENDING
        if command == END:
            return ENDING | UnitStatus.UNIT_EXCEPTION
        if command == SEARCH:
            transfer.from_storage(4)
            return ENDING | UnitStatus.STATUS_MODIFIER
        if command & 3 == 1:
            self.written.append(transfer.from_storage())
        elif command == SENSE:
            transfer.to_storage(self.sense)
        elif self.records:
            transfer.to_storage(self.records.pop(0))
        return self.endings.pop(0) if self.endings else ENDING

    def halt(self, command):
        self.halted.append(command)
        return self.endings.pop(0) if self.endings else ENDING

    def duration(self, command, count):
        return DURATION

    def working(self, command, count):
        return WORKING

    def finish(self, command):
        return self.finishes.pop(0) if self.finishes else DE

    def reset(self):
        self.resets += 1

    def keeps_control_unit(self, command):
        return command == SEEK

    def test(self):
        return UnitStatus(0)

    def waiting_for_input(self, command):
        return command == ASK and not self.answered

    def state(self):
        lists = self.records, self.endings, self.finishes, self.written, self.halted
        return self.sense, tuple(map(tuple, lists)), self.resets, self.answered

    def restore(self, state):
        self.sense, lists, self.resets, self.answered = state
        self.records, self.endings, self.finishes, self.written, self.halted = map(list, lists)


class System:
    """64K of storage that is all X'EE', channels with a device at 181, and the low storage of an unprefixed CPU."""

    def __init__(self, types=None, system_360=False):
        self.storage = Storage(0x10000)
        self.storage.write(0x800, b"\xee" * 0xF800)
        self.clocks = Clocks()
        self.channels = Channels(self.storage, self.clocks)
        self.channels.configure(types, system_360)
        self.device = self.attach(TAPE)

    def attach(self, address, burst=False):
        device = ScriptedDevice(burst)
        self.channels.attach(address, device)
        return device

    def load_real(self, real, length):
        return self.storage.read(real, length)

    def store_real(self, real, data):
        self.storage.write(real, data)

    def ccws(self, *ccws, at=PROGRAM):
        """Store CCWs given as (command, address, flags, count) one after another, and a CAW with key 0."""
        for command, address, flags, count in ccws:
            self.storage.write(at, CCW(command, address, flags, count).to_bytes())
            at += 8
        self.storage.write(PSA.CAW, PROGRAM.to_bytes(4, "big"))

    def start(self, caw=None, address=TAPE, multiplexing=False):
        if caw is not None:
            self.storage.write(PSA.CAW, caw.to_bytes(4, "big"))
        self.storage.write(PSA.CSW, b"\xff" * 8)
        return self.channels.start_io(self, address, multiplexing)

    def run(self, until=None):
        """Let time pass from event to event until nothing is due, or to a time."""
        while self.channels.next_event is not None and (until is None or self.channels.next_event <= until):
            self.clocks.now = self.channels.next_event
            assert self.channels.advance()
        self.clocks.now = max(self.clocks.now, until or 0)

    def csw(self):
        return self.storage.read(PSA.CSW, 8).hex(" ", 4).upper()

    def interruption(self):
        """Take the interruption that comes first: its address and CSW; None when none is pending."""
        address = self.channels.pending(ALL_CHANNELS, 0xFFFFFFFF)
        if address is None:
            return None
        self.channels.accept(self, address)
        return address, self.csw()

    def interruptions(self):
        """Let everything end, each interruption taken when it is there: (time, address, CSW)."""
        taken = []
        while True:
            while found := self.interruption():
                taken.append((self.clocks.now, *found))
            if self.channels.next_event is None:
                return taken
            self.clocks.now = self.channels.next_event
            self.channels.advance()

    def finish(self):
        """Start, run to the end, take the interruption; the CSW in hexadecimal."""
        assert self.start() == 0
        self.run()
        assert self.channels.pending(PSW(system_mask=0xFF), 0) == TAPE
        self.channels.accept(self, TAPE)
        assert self.channels.pending(PSW(system_mask=0xFF), 0) is None
        return self.csw()
