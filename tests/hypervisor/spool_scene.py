"""Two users with spooled devices and no machine: channel programs are run on the devices as CP does."""

from contextlib import nullcontext
from types import SimpleNamespace

from edu_hv.devices.console import Console
from edu_hv.hypervisor.commands import run_command, spool, spool_files  # noqa: F401
from edu_hv.hypervisor.directory import parse
from edu_hv.hypervisor.spooling.catalog import spooled_device
from edu_hv.hypervisor.spooling.system import SpoolSystem
from edu_hv.hypervisor.virtual_devices import VDEVBLOK, DeviceClass, VirtualDevices
from edu_hv.machine.ccw import CCW
from edu_hv.machine.channel_program import ChannelProgram

USERS = "DIRECTORY 123 3330 VMSRES\nUSER A X\nUSER B X\nUSER C X\nUSER OPERATOR X 256K 256K ABCDEG\n"
DIRECTORY = parse(USERS, "DIRECT")

CHAIN, SLI = 0x40, 0x20
PUNCH_CARD, READ_CARD = 0x01, 0x02
DATA = 0x1000
"""Where the data areas of a program are, 256 bytes apart."""


class Bytes:
    """Storage of 64K without keys."""

    def __init__(self):
        self.data = bytearray(0x10000)

    def fetch(self, address, length, key):
        return bytes(self.data[address : address + length])

    def store(self, address, data, key):
        self.data[address : address + len(data)] = data


def channel_program(device, *commands, flags=0):
    """Run a chain of (command code, data to write or length to read); the CSW and what each CCW's area holds then."""
    storage = Bytes()
    for number, (code, what) in enumerate(commands):
        area = DATA + 256 * number
        length = what if isinstance(what, int) else len(what)
        if not isinstance(what, int):
            storage.data[area : area + length] = what
        chain = CHAIN if number < len(commands) - 1 else 0
        storage.data[8 * number : 8 * number + 8] = CCW(code, area, chain | flags, length).to_bytes()
    program = ChannelProgram(device, storage)
    program.start(bytes(4))
    while not program.ended:
        program.step()
    areas = [
        bytes(storage.data[DATA + 256 * n :][: w if isinstance(w, int) else len(w)])
        for n, (_, w) in enumerate(commands)
    ]
    return program.csw, areas


def status(device, code, what=80, flags=SLI):
    """The status bytes of one command, and the sense byte: "0C00 40"."""
    csw, _ = channel_program(device, (code, what), flags=flags)
    return f"{int(csw.unit_status):02X}{int(csw.channel_status):02X} {device.sense[0]:02X}"


def card(text):
    return text.encode("cp037").ljust(80, b"\x40")


class User:
    """A virtual machine as far as spooling goes: 00C, 00D, 00E and the console 009."""

    def __init__(self, scene, userid, classes="G"):
        self.scene = scene
        self.vm = SimpleNamespace(vmuser=userid, vmcls=classes, devices=VirtualDevices(), settings={})
        self.vm.devices.add(VDEVBLOK(0x009, DeviceClass.TERM, model="3215", device=Console()))
        for address, model in ((0x00C, "2540R"), (0x00D, "2540P"), (0x00E, "1403")):
            device = spooled_device(model, scene.spool, userid, address)
            kind = DeviceClass.URI if model == "2540R" else DeviceClass.URO
            self.vm.devices.add(VDEVBLOK(address, kind, model=model, device=device))
        self.reader, self.punch, self.printer = (self.vm.devices[a].device for a in (0x00C, 0x00D, 0x00E))

    def cp(self, line):
        """Give CP a command: its answer."""
        answer = run_command(self.scene.cp, self.vm, line)
        assert bool(answer.code) == any(text.startswith("DMK") for text in answer.lines)
        return answer.lines

    def punches(self, *texts):
        for text in texts:
            channel_program(self.punch, (PUNCH_CARD, card(text)))

    def prints(self, *texts):
        for text in texts:
            channel_program(self.printer, (0x09, text.encode("cp037")), flags=SLI)

    def reads(self, count):
        """Read cards one by one: texts, or the status where there is none."""
        found = []
        for _ in range(count):
            csw, (data,) = channel_program(self.reader, (READ_CARD, 80), flags=SLI)
            ended = f"{int(csw.unit_status):02X}"
            found.append(data.decode("cp037").rstrip() if ended == "0C" else ended)
        return found


class Scene:
    """The spool system and its users.  `told` is what CP told whom, `arrived` the spoolids of `on_arrival`."""

    def __init__(self, pages=64):
        self.now = 0x8126D60E46000000
        self.spool = SpoolSystem(pages, lambda: self.now)
        self.told, self.arrived = [], []
        self.spool.notify = lambda userid, line: self.told.append((userid, line))
        self.spool.on_arrival = lambda sfblok: self.arrived.append(sfblok.sfbfilid)
        self.a, self.b, self.operator = User(self, "A"), User(self, "B"), User(self, "OPERATOR", "ABCDEG")
        users = [self.a.vm, self.b.vm, self.operator.vm]
        self.cp = SimpleNamespace(
            spool=self.spool, vms=users, directory=DIRECTORY, console_function=lambda vm: nullcontext()
        )

    def deck(self, userid, *texts, **options):
        """A deck in a user's reader."""
        sfblok = self.spool.add_deck(userid, [card(text) for text in texts])
        if options:
            self.spool.change("RDR", sfblok, **options)
        return sfblok.sfbfilid

    def files(self, queue):
        """Owner, spoolid and class of the files in a queue."""
        return [f"{s.sfbuser} {s.sfbfilid} {s.sfbclas}{' HOLD' * s.sfbuhold}" for s in self.spool.files(queue)]
