"""Systems whose program drives one device with one command, in many ways, for the law of time travel.

The program issues random I/O instructions to the device, START I/O first, and waits; an interruption leads to a SENSE,
and then it goes on.  How the command stands in a channel program depends on the *variant*: alone; behind what it needs
to succeed; in pieces, by data chaining, with PCI and skipping; among others, with any flags; on a device that is not
ready.  Under CP the device is dedicated to a guest, spooled, a console, a minidisk, or an adapter.
"""

from collections.abc import Iterator
from random import Random

from edu_hv.debugger.system import BARE, Input, System
from edu_hv.devices.card import CardReader
from edu_hv.devices.card_image import CARD
from edu_hv.devices.catalog import DEVICE_TYPES
from edu_hv.devices.console import Console
from edu_hv.devices.ctca import CTCAEnd
from edu_hv.devices.device import NO_OP, SENSE, IODevice
from edu_hv.devices.disk import DiskDrive
from edu_hv.devices.disk_commands import Command
from edu_hv.devices.display import Display
from edu_hv.devices.tape import Tape, TapeDrive, aws_image
from edu_hv.hypervisor.control_program import ControlProgram
from edu_hv.hypervisor.minidisks import Extent, Volume
from edu_hv.hypervisor.paging_area import make_paging_volume
from edu_hv.hypervisor.virtual_configuration import (
    add_adapter,
    add_console,
    add_display,
    add_minidisk,
    add_spooled,
    dedicate,
)
from edu_hv.hypervisor.virtual_ctca import couple
from edu_hv.hypervisor.virtual_devices import VDEVFLAG
from edu_hv.hypervisor.vmblok import VMBLOK
from edu_hv.isa.codes import PSA, CCWFlag, Class
from edu_hv.machine.ccw import CCW
from edu_hv.machine.machine import Machine
from edu_hv.machine.psw import PSW
from edu_hv.machine.storage import FRAME
from tools.fuzz import based, encode
from tools.fuzz_cp_guests import Image
from tools.fuzz_cp_twins import start
from tools.law import Inputs, system_of

SIZE = 0x10000
CODE, HANDLER, CHAIN, OTHER, SENSING, AREA, LISTS = 0x1000, 0x600, 0x2000, 0x2800, 0x2F00, 0x3000, 0x2E00
SEEK_ADDRESS, IDENTIFIER, MASK = 0x2C00, 0x2C08, 0x2C10
CAWS = 0x5F0
"""The CAWs of the command, of the other end's command, and of SENSE."""
UNITS, UNITS_OF_GUEST = 45, 75
LOADS_OF_1403, GATE = (0xF3, 0xFB), 0xEB
"""The loads of a character set, which have to follow UCS GATE LOAD."""
INVALID = 0x5F
"""A command that no device has."""
VARIANTS = 5
TIC = 0x08
CC, CD, SLI, SKIP, PCI, IDA = (
    CCWFlag.CHAIN_COMMAND, CCWFlag.CHAIN_DATA, CCWFlag.SUPPRESS_LENGTH_INDICATION, CCWFlag.SKIP,
    CCWFlag.PROGRAM_CONTROLLED_INTERRUPTION, CCWFlag.INDIRECT_DATA_ADDRESS,
)  # fmt: skip
CTCA_COMMANDS = (
    0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x0E, 0x0F, 0x14, 0x24, 0x43, 0x81, 0xC3,
)  # fmt: skip
"""An adapter has no table: one command at least of each kind, and some with modifiers."""
MATCHING = {0x01: 0x02, 0x02: 0x01, 0x04: 0x14, 0x07: 0x14}
"""What the other end does, by the command's low digit."""
_ARGUMENTS: dict[int, tuple[int, int]] = {
    Command.SEEK: (SEEK_ADDRESS, 6), Command.SEEK_CYLINDER: (SEEK_ADDRESS, 6), Command.SEEK_HEAD: (SEEK_ADDRESS, 6),
    Command.SET_FILE_MASK: (MASK, 1), Command.WRITE_HOME_ADDRESS: (SEEK_ADDRESS + 1, 5),
    Command.WRITE_RECORD_ZERO: (AREA, 28), Command.WRITE_COUNT_KEY_DATA: (AREA, 28), Command.WRITE_DATA: (AREA + 8, 8),
    Command.WRITE_SPECIAL: (AREA, 28), Command.ERASE: (AREA, 28), Command.SET_SECTOR: (MASK + 4, 1),
}  # fmt: skip
"""Where the data of a disk command are, and how many: what else it is given makes it fail."""
ADDRESSES = {"1052": 0x009, "3215": 0x009}
FAST, SLOW = 0x180, 0x00C


def table(kind: str) -> tuple[int, ...]:
    """All command codes of a type, with an invalid one."""
    device = DEVICE_TYPES[kind].make()
    if isinstance(device, CTCAEnd):
        return CTCA_COMMANDS
    return tuple(sorted({*device.commands, *device.immediate_commands, NO_OP, SENSE, INVALID}))


def address_of(kind: str) -> int:
    """Where its device is."""
    burst = DEVICE_TYPES[kind].make().burst
    return ADDRESSES.get(kind, FAST if burst else SLOW)


def make_device(kind: str, ready: bool = True) -> IODevice:
    """A device with something on it; or not ready."""
    made = DEVICE_TYPES[kind].make()
    if isinstance(made, CTCAEnd) or not ready:
        return made
    if isinstance(made, DiskDrive):
        return DEVICE_TYPES[kind].make(name="LAWVOL", options=("new",))
    if isinstance(made, TapeDrive):
        blocks = [bytes([number] * (40 + number)) for number in range(6)]
        return type(made)(Tape.from_bytes(aws_image([*blocks, None, *blocks]), "blocks").with_ring(True))
    if isinstance(made, CardReader):
        made.load([bytes([0xC1 + number]) * CARD for number in range(4)])
    if isinstance(made, Display):
        made.connect()
    return made


# ---- the program -----------------------------------------------------------------------------------------------------


def program(random: Random, kind: str, command: int, variant: int, device: int, other: int) -> dict[int, bytes]:
    """Storage: the instructions, handlers, and channel programs."""
    text = encode("MVC", 3, *based(0, PSA.CAW), *based(0, CAWS)) + encode("SIO", *based(0, device))
    for _ in range(random.randrange(2, 9)):
        text += _next(random, device, other)
    text += encode("LPSW", 0, *based(0, 0x5E0))
    handler = encode("MVC", 3, *based(0, PSA.CAW), *based(0, CAWS + 8)) + encode("SIO", *based(0, device))
    handler += encode("XI", 1, *based(0, CAWS + 11)) + encode("LPSW", 0, *based(0, 0x5E0))
    head = random.randrange(3)
    enabled = PSW(system_mask=0xFF, wait=True, instruction_address=CODE)
    chains = (CHAIN, _chain(random, kind, command, variant)), (OTHER, _answer(random, command))
    return {
        0x5E0: enabled.to_bytes(),
        CAWS: CHAIN.to_bytes(4, "big") + OTHER.to_bytes(4, "big") + SENSING.to_bytes(4, "big"),
        CODE: text,
        HANDLER: handler,
        SENSING: CCW(SENSE, AREA + 0x800, SLI, 24).to_bytes(),
        SENSING + 8: CCW(NO_OP, 0, SLI, 1).to_bytes(),
        SEEK_ADDRESS: bytes([0, 0, 0, 1, 0, head]),
        IDENTIFIER: bytes([0, 1, 0, head, int(random.random() < 0.2)]),
        MASK: b"\xc0",
        LISTS: b"".join((AREA + 0x800 * n).to_bytes(4, "big") for n in range(8)),
        AREA: bytes([0, 1, 0, head, 1, 0, 0, 20]) + random.randbytes(0x1000),
        **{at: b"".join(ccw.to_bytes() for ccw in chain) for at, chain in chains},
    }


def _next(random: Random, device: int, other: int) -> bytes:
    """What the program does while the device is at work."""
    name = random.choices(
        ("NOP", "TIO", "HIO", "HDV", "CLRIO", "TCH", "STIDC", "OTHER", "WAIT"), (6, 5, 2, 2, 1, 1, 1, 4, 2)
    )[0]
    if name == "NOP":
        return encode("BCR", 0) * random.randrange(1, 8)
    if name == "WAIT":
        return encode("SSM", 0, *based(0, 0x5E0)) + encode("SSM", 0, *based(0, 0x5E1))
    if name == "OTHER":
        caw = encode("MVC", 3, *based(0, PSA.CAW), *based(0, CAWS + random.choice((0, 4, 4))))
        return caw + encode(random.choice(("SIO", "SIOF")), *based(0, random.choice((device, other, other))))
    return encode(name, *based(0, device))


def _chain(random: Random, kind: str, command: int, variant: int) -> list[CCW]:
    """The channel program of the command."""
    count, area = random.choice((1, 5, 8, 20, 28, 80, 132, 240, 400)), AREA
    if isinstance(DEVICE_TYPES[kind].make(), DiskDrive):
        area, count = _ARGUMENTS.get(command, (AREA, count))
    one = [CCW(command, area, SLI, count)]
    match variant % VARIANTS:
        case 0:
            return one
        case 1:
            last = CCW(NO_OP, 0, SLI, 1)
            return [*_prefix(random, kind, command), CCW(command, area, SLI | CC, count), last]
        case 2:
            pieces = [CCW(command, area, CD | SLI, 8), CCW(0, AREA + 0x100, CD | SLI | SKIP | PCI, 5)]
            return [*_prefix(random, kind, command), *pieces, CCW(0, AREA + 0x200, SLI, max(count, 8))]
        case 3:
            return [*_any(random, kind), CCW(command, LISTS, random.choice((IDA | SLI, IDA, PCI, SKIP)), count)]
        case _:
            flags = random.choice((CC | SLI, CC))
            return [CCW(command, area, flags, count), CCW(TIC, CHAIN + random.choice((0, 16, 24)), 0, 0), *one]


def _prefix(random: Random, kind: str, command: int) -> Iterator[CCW]:
    """What a disk needs before the command: the arm and the record; for others another command now and then."""
    if not isinstance(DEVICE_TYPES[kind].make(), DiskDrive):
        if command in LOADS_OF_1403:
            yield CCW(GATE, 0, CC | SLI, 1)
        elif random.random() < 0.3:
            yield CCW(SENSE, AREA + 0x900, CC | SLI, 6)
        return
    if command == Command.SET_FILE_MASK:
        return
    yield CCW(Command.SET_FILE_MASK, MASK, CC, 1)
    if command in (Command.SEEK, Command.SEEK_CYLINDER, Command.SEEK_HEAD, Command.RECALIBRATE):
        return
    yield CCW(Command.SEEK, SEEK_ADDRESS, CC, 6)
    if command == Command.WRITE_HOME_ADDRESS:
        return
    if command == Command.WRITE_RECORD_ZERO:
        yield CCW(Command.SEARCH_HOME_ADDRESS, IDENTIFIER, CC, 4)
        yield CCW(TIC, CHAIN + 16, 0, 0)
        return
    if random.random() < 0.8:
        yield CCW(Command.SEARCH_ID_EQUAL, IDENTIFIER, CC, 5)
        yield CCW(TIC, CHAIN + 16, 0, 0)


def _any(random: Random, kind: str) -> Iterator[CCW]:
    """Other commands of the device, chained."""
    codes = table(kind)
    for _ in range(random.randrange(3)):
        yield CCW(random.choice(codes), AREA, CC | SLI | random.choice((0, 0, SKIP, PCI)), random.choice((1, 6, 80)))


def _answer(random: Random, command: int) -> list[CCW]:
    """What is done at the other end of an adapter: mostly what goes with the command."""
    code = MATCHING.get(command & 0x0F, 0x14) if random.random() < 0.8 else random.choice(CTCA_COMMANDS)
    return [CCW(0x14, AREA + 0x400, CC | SLI, 1), CCW(code, AREA + 0x500, SLI, 60)]


# ---- bare ------------------------------------------------------------------------------------------------------------


def bare(kind: str, command: int, variant: int) -> tuple[System, Inputs]:
    """The bare machine with one device, about to drive it; and what its operator does meanwhile."""
    random = Random(f"{kind} {command} {variant}")
    machine, at = Machine(SIZE), address_of(kind)
    device = make_device(kind, ready=variant % VARIANTS != 0 or random.random() < 0.6)
    machine.channels.attach(at, device)
    other = at
    if kind == "CTCA":
        other = at + 0x100
        assert isinstance(device, CTCAEnd)
        machine.channels.attach(other, device.other)
    for where, text in program(random, kind, command, variant, at, other).items():
        machine.storage.write(where, text)
    machine.storage.write(Class.INPUT_OUTPUT.new_psw, PSW(instruction_address=HANDLER).to_bytes())
    machine.storage.write(Class.EXTERNAL.new_psw, PSW(instruction_address=HANDLER).to_bytes())
    machine.cpu.cr[2] = 0xFFFFFFFF
    machine.cpu.load_psw(PSW(instruction_address=CODE))
    console = device if isinstance(device, Console) else None
    return system_of(machine, console), operator(random, kind, at)


def operator(random: Random, kind: str, at: int) -> Inputs:
    """What the operator does: keys, lines, media, a terminal that comes and goes."""
    choices = [Input("key", BARE)]
    device = DEVICE_TYPES[kind].make()
    if isinstance(device, Console):
        choices = [Input("request", BARE), *[Input("enter", BARE, text) for text in ("HELLO", "", "X" * 140)]]
    elif isinstance(device, Display):
        data = bytes.fromhex("7D404011C2F0C8C5D3D3D6")
        on, off = Input("terminal", BARE, device=at), Input("terminal", BARE, "off", device=at)
        choices = [
            on,
            off,
            Input("terminal", BARE, data=data, device=at),
            Input("terminal", BARE, data=b"\x6d", device=at),
        ]
    elif isinstance(device, CardReader):
        choices.append(Input("medium", BARE, "deck", data=b"\xc1" * CARD * 3, device=at))
    elif isinstance(device, TapeDrive):
        image = aws_image([b"LABEL", None, b"NEXT"])
        choices.append(Input("medium", BARE, "other.aws\nring", data=image, device=at))
    units = {random.randrange(2, UNITS - 5) for _ in range(random.choice((0, 1, 2, 3)))}
    return {unit: [random.choice(choices)] for unit in units}


# ---- under CP --------------------------------------------------------------------------------------------------------

VIRTUAL = ("3215", "2540R", "2540P", "1403", "3211", "3270", "CTCA", "minidisk 3330", "minidisk 2314", "minidisk 3350")
"""What CP interprets, and parts of a disk, which it translates."""
DEDICATED = tuple(
    f"dedicated {kind}" for kind in ("3420", "2401", "3330", "2314", "3340", "3505", "2540R", "3525", "3211", "3270")
)
UNDER_CP = VIRTUAL + DEDICATED
PAGING, VOLUME = 0x130, 0x350


def model_of(kind: str) -> str:
    """The type of a kind under CP."""
    return kind.rpartition(" ")[2]


def virtual_table(kind: str) -> tuple[int, ...]:
    """The command codes of a kind under CP."""
    return table(model_of(kind))


def guest(kind: str, command: int, variant: int, assist: bool = False) -> System:
    """CP with a guest that is about to drive a device of its own."""
    random = Random(f"{kind} {command} {variant} CP")
    machine = Machine(0x10000 + 24 * FRAME)
    machine.channels.attach(PAGING, make_paging_volume(2))
    if assist:
        machine.install_assist()
    cp = ControlProgram(machine)
    cp.assist.on_at_logon = assist
    cp.paging.attach_area(PAGING)
    vm = cp.logon("A", SIZE)
    at = 0x009 if kind == "3215" else address_of(model_of(kind))
    other = _attach(cp, vm, kind, at, ready=variant % VARIANTS != 0 or random.random() < 0.6)
    storage = program(random, model_of(kind), command, variant, at, other)
    for new in Class:
        storage[new.new_psw] = PSW(instruction_address=HANDLER).to_bytes()
    start(cp, vm, Image(storage, [0] * 16, [0] * 4, [0xE0, 0, 0xFFFFFFFF, *[0] * 13],
                        PSW(instruction_address=CODE).to_bytes()))  # fmt: skip
    return System(machine, cp, [])


def _attach(cp: ControlProgram, vm: VMBLOK, kind: str, at: int, ready: bool) -> int:
    """Give the guest the device; the address of the other end, if it has one."""
    model = model_of(kind)
    if kind.startswith("dedicated"):
        cp.machine.channels.attach(at + 1, make_device(model, ready))
        dedicate(cp, vm, at, at + 1)
    elif kind.startswith("minidisk"):
        cp.machine.channels.attach(VOLUME, make_device(model))
        add_minidisk(vm, at, Volume("LAWVOL", VOLUME, model, 200), Extent("LAWVOL", 5, 4), VDEVFLAG(0), "A")
    elif kind == "3215":
        add_console(cp, vm, at, model)
    elif kind == "3270":
        add_display(vm, at)
    elif kind == "CTCA":
        for address in (at, at + 0x100):
            add_adapter(cp, vm, address)
        if ready:
            couple(cp, vm, at, vm, at + 0x100)
        return at + 0x100
    else:
        add_spooled(cp, vm, at, model)
        cp.spool.add_deck("A", [bytes([0xC1 + number]) * CARD for number in range(4)])
    return at
