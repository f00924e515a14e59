"""Commands that load programs, set up a machine, and press the keys of its operator."""

from collections.abc import Iterable
from pathlib import Path

from edu_hv.debugger.commands.arguments import (
    choice,
    device_addresses,
    is_device,
    parse_device,
    parse_size,
    parse_word,
    planned_addresses,
    program_names,
    short,
)
from edu_hv.debugger.commands.files import file_names
from edu_hv.debugger.commands.registry import Argument, command, split
from edu_hv.debugger.configuration import DEFAULT_SIZE, Attachment, Configuration, Medium, device_type
from edu_hv.debugger.session import DebugSession
from edu_hv.debugger.start import REAL_SIZE, USUAL, RealMachine
from edu_hv.debugger.views import StopView, TextView
from edu_hv.devices.catalog import DEVICE_TYPES, NEW
from edu_hv.guests.catalog import GUESTS
from edu_hv.guests.files import MEDIUM, read_file
from edu_hv.isa.errors import UserError
from edu_hv.machine.machine import Architecture
from edu_hv.machine.machine_check import Failure
from edu_hv.machine.subchannel import ChannelType

NEW_LABEL = "EDUHV1"
"""What a new tape or disk pack is called that was not given a name."""
_CHANNEL_TYPES = {
    "selector": ChannelType.SELECTOR,
    "byte": ChannelType.BYTE_MULTIPLEXER,
    "block": ChannelType.BLOCK_MULTIPLEXER,
}
_ARCHITECTURES = {"s360": Architecture.S360, "s370": Architecture.S370}


def _load_words(session: DebugSession, text: str) -> list[str]:
    words = [f"{name}\t{program.title}" for name, program in GUESTS.items()]
    return [*words, "real\tthen the real storage: 256K", "assist\twith the VM assist", *file_names(text)]


def _files(session: DebugSession, text: str) -> Iterable[str]:
    return file_names(text)


def _device_types(session: DebugSession) -> list[str]:
    return [f"{name}\t{kind.description}" for name, kind in DEVICE_TYPES.items()]


SIZES = ("64K", "128K", "256K", "512K", "1M", "16M")
"""Storage sizes that are offered."""
MEDIUM_OPTIONS = ("ring", "new", "noeof", "text", "ebcdic")
"""Options of a medium that are offered; see attach."""


@command(
    "load",
    Argument("bare|cp", choice("bare", "cp"), lambda session: ("bare", "cp"), kind="choice"),
    Argument("PROGRAM", parse_word, many=True, kind="program", offer=_load_words),
    group="machine",
    examples=(
        "load bare kernel : on the machine itself",
        "load cp kernel second : two guests under CP",
        "load cp real 128K assist kernel : little real storage, and the VM assist",
    ),
)
def load(session: DebugSession, where: str, words: list[str]) -> StopView:
    """Load a program: "load bare kernel" on the machine itself, "load cp kernel" or "load cp kernel second" under CP.

    PROGRAM is a guest of the catalog, or a file ending in .asm (assembled), .deck or .obj (card images).  It is IPLed
    from the card reader and stops at its first instruction.

    Before the programs of cp may stand "real 256K", the real storage that CP has (1024K unless you say so; with little
    of it pages are stolen), and "assist", which gives the guests the VM assist from the start.
    """
    real, programs = real_machine(session, words) if where == "cp" else (USUAL, words)
    if not programs:
        raise UserError(f"load {where} needs a program; there are {', '.join(program_names(session))}")
    return session.load(programs, where == "cp", real)


def real_machine(session: DebugSession, words: list[str], size: int = REAL_SIZE) -> tuple[RealMachine, list[str]]:
    """The real machine that the first words say, and the words behind them."""
    assist, left = False, list(words)
    while left and left[0].lower() in ("real", "assist"):
        if left.pop(0).lower() == "assist":
            assist = True
        elif left:
            size = _real_size(session, left.pop(0))
        else:
            raise UserError("real needs a storage size, such as real 256K")
    return RealMachine(size, assist), left


def _real_size(session: DebugSession, word: str) -> int:
    """The real storage for CP.  Raises UserError for what no machine can have."""
    size = parse_size(session, word)
    if not size or size % 4096:
        raise UserError(f"CP cannot have {word} of real storage: give a multiple of 4K, 128K at least, such as 256K")
    return size


@command("reset", group="machine", examples=("reset : the same programs again, from the start",))
def reset(session: DebugSession) -> StopView:
    """Load the same programs again from the start; breakpoints stay."""
    return session.again()


# ---- a machine of one's own ----------------------------------------------------------------------------------------


@command(
    "machine",
    Argument("s360|s370", choice("s360", "s370"), lambda session: ("s360", "s370"), kind="choice"),
    Argument("SIZE", parse_size, lambda session: SIZES, optional=True, default=DEFAULT_SIZE, kind="size"),
    group="machine",
    examples=(
        "machine s370 256K : begin a System/370 of 256K",
        "machine s360 128K : begin a System/360",
    ),
)
def machine(session: DebugSession, kind: str, size: int) -> TextView:
    """Begin a bare machine of your own: "machine s360 128K", a System/360 with so much storage and a console at 009.

    Then attach devices, and ipl from one of them.  What is loaded now stays until then.
    """
    session.configuration = Configuration.new(_ARCHITECTURES[kind], size)
    return _configured(session)


@command(
    "attach",
    Argument("ADDRESS", parse_device, planned_addresses, kind="device"),
    Argument("TYPE", parse_word, _device_types, kind="device type"),
    Argument("FILE", parse_word, optional=True, default="", kind="file", offer=_files),
    Argument("[OPTION]", parse_word, lambda session: MEDIUM_OPTIONS, many=True, kind="option"),
    group="machine",
    examples=(
        "attach 00C 3505 my.deck : a card reader with cards in it",
        "attach 330 3330 PACK01 new : a disk drive with an empty pack",
    ),
)
def attach(session: DebugSession, address: int, type_name: str, file: str, options: list[str]) -> TextView:
    """Attach a device to the machine of your own: "attach 00C 3505 my.deck", "attach 181 3420 my.het ring".

    FILE is what is on it: cards, a tape or a disk image; it is read now, and never written: see save.  OPTIONs: ring
    (a tape may be written), new (a blank tape, or a disk pack with FILE as its label: no file is read), noeof, text,
    ebcdic.  The device is there from the next ipl on; mount puts something else on a device at once.
    """
    known = device_type(type_name).options
    words = [word for word in (file, *options) if word]
    name = "" if not words or words[0] in known else words.pop(0)
    replaced = session.configuration.attachments.get(address)
    session.configuration = session.configuration.with_device(address, type_name, _medium(name, tuple(words)))
    place = f", in the place of a {replaced.type.name}" if replaced else ""
    return TextView((f"{_line(session.configuration.attachments[address])}; it is there from the next ipl on{place}",))


def _medium(file: str, options: tuple[str, ...]) -> Medium:
    """What is to be put on a device; a new medium is not read."""
    if NEW in options:
        return Medium(file or NEW_LABEL, b"", options)
    return Medium(Path(file).name, _read(file), options) if file else Medium(options=options)


@command(
    "channel",
    Argument("NUMBER", parse_device, kind="channel number"),
    Argument("TYPE", choice(*_CHANNEL_TYPES), lambda session: tuple(_CHANNEL_TYPES), kind="choice"),
    group="machine",
    examples=("channel 1 selector : channel 1 is a selector channel",),
)
def channel(session: DebugSession, number: int, kind: str) -> TextView:
    """Make a channel of the machine of your own a selector, byte or block multiplexer: "channel 1 selector".

    Channel 0 is a byte multiplexer, the others are block multiplexers on a System/370 and selectors on a System/360.
    """
    session.configuration = session.configuration.with_channel(number, _CHANNEL_TYPES[kind])
    return TextView((f"channel {number:X} is a {kind} channel from the next ipl on",))


@command(
    "detach",
    Argument("ADDRESS", parse_device, planned_addresses, kind="device"),
    group="machine",
    examples=("detach 009 : the console is gone from the next ipl on",),
)
def detach(session: DebugSession, address: int) -> TextView:
    """Take a device from the machine of your own; it is gone from the next ipl on."""
    session.configuration = session.configuration.without_device(address)
    return _configured(session)


@command(
    "configuration",
    group="machine",
    examples=("configuration : the machine that ipl builds, and the types of devices",),
)
def configuration(session: DebugSession) -> TextView:
    """The machine of your own with its devices, and the types of devices there are."""
    types = [f"  {one.name:8} {one.description}" for one in DEVICE_TYPES.values()]
    return TextView((*_configured(session).lines, "types:", *types))


def _configured(session: DebugSession) -> TextView:
    plan = session.configuration
    lines = [f"{plan.architecture.value}, {plan.size // 1024}K bytes of storage"]
    lines += [f"  {_line(attachment)}" for _, attachment in sorted(plan.attachments.items())]
    return TextView(tuple(lines))


def _line(attachment: Attachment) -> str:
    """A device as it is attached: address, type and what is on it."""
    medium = f": {attachment.medium.name}" if attachment.medium.name else ""
    return f"{attachment.address:03X}  {attachment.type.name:8} {attachment.type.description}{medium}"


@command(
    "ipl",
    Argument("ADDRESS", parse_device, planned_addresses, kind="device"),
    group="machine",
    examples=("ipl 00C : build the machine and load it from its card reader",),
)
def ipl(session: DebugSession, address: int) -> StopView:
    """Build the machine of your own and load its program from a device: "ipl 00C"."""
    return session.ipl(address)


def save_device(session: DebugSession, address: int, name: str) -> TextView:
    """Write what is on a device of the bare machine to a file: cards punched, lines printed, a tape, a disk pack."""
    device = session.system.machine.channels.devices.get(address)
    image = getattr(device, "image", None)
    if image is None:
        soon = address in session.configuration.attachments and device is None
        why = "it is there from the next ipl on" if soon else "devices shows what is there"
        raise UserError(f"there is nothing to save at {address:03X}: {why}")
    path = Path(name).expanduser()
    data: bytes = image()
    if not data:
        raise UserError(f"nothing is on device {address:03X} yet, so {path} is not written")
    if path.exists() and path.resolve() not in session.saved:
        raise UserError(f"{path} is there already, and save has not written it: give another name")
    try:
        path.write_bytes(data)
    except OSError as error:
        raise UserError(f"{path} cannot be written: {(error.strerror or str(error)).lower()}") from error
    session.saved.add(path.resolve())
    return TextView((f"{len(data):,} bytes of device {address:03X} are in {path}",))


@command(
    "mount",
    Argument("[ADDRESS] FILE [OPTION]...", parse_word, rest=True, kind="file", offer=_files),
    group="machine",
    examples=(
        "mount my.aws : a tape for the selected guest",
        "mount 181 my.het ring : a tape that may be written, on the bare machine",
    ),
)
def mount(session: DebugSession, text: str) -> TextView:
    """Put a tape on the drive of the selected guest (181 to the guest), which can only read it: "mount my.aws".

    On the bare machine "mount 181 my.het ring" puts a medium on a device: a tape, a disk pack, cards behind those that
    are there; see attach for the OPTIONs.  A tape or pack that was there before is taken off.
    """
    _ = session.system  # Nothing loaded is to be said before anything about the file.
    first, *rest = split(text)
    if not rest or not is_device(first):
        name = text.strip('"')
        answer = session.give("mount", Path(name).name, _read(name))
        return TextView((f"{Path(name).name} is on the tape drive of {session.selected}", *answer))
    address, medium = parse_device(session, first), _medium(rest[0], tuple(rest[1:]))
    answer = session.give("medium", "\n".join([medium.name, *medium.options]), medium.data, address)
    return TextView((f"{medium.name} is on device {address:03X}", *answer))


# ---- keys ----------------------------------------------------------------------------------------------------------


@command("key", group="machine", examples=("key : an external interruption",))
def key(session: DebugSession) -> TextView:
    """Press the INTERRUPT key: an external interruption for the selected guest."""
    answer = session.give("key")
    return TextView((f"you pressed the interrupt key of {session.selected}", *answer))


@command(
    "request",
    Argument("ADDRESS", parse_device, device_addresses, optional=True, default=0, kind="device"),
    group="machine",
    examples=("request : attention from the console",),
)
def request(session: DebugSession, address: int) -> TextView:
    """Press the REQUEST key of a console of the bare machine: attention.  enter presses it where it is needed.

    Without ADDRESS it is the console where enter types: the one that was attached last.
    """
    answer = session.give("request", device=address)
    return TextView((f"you pressed REQUEST at {address:03X}" if address else "you pressed REQUEST", *answer))


@command("restartkey", group="machine", examples=("restartkey : an interruption with the PSW at real 0",))
def restart(session: DebugSession) -> TextView:
    """Press the RESTART key of the bare machine: an interruption that nothing masks, with the PSW at real 0."""
    return TextView(("you pressed RESTART", *session.give("restart")))


@command("storestatus", group="machine", examples=("storestatus : clocks, PSW and registers into storage",))
def store_status(session: DebugSession) -> TextView:
    """Press STORE STATUS of the bare machine: clocks, PSW and registers go to absolute 0D8 to 1FF."""
    return TextView(("the status is in storage, from absolute 0D8 on", *session.give("store status")))


@command(
    "fail",
    Argument("WHAT", parse_word, lambda session: [failure.words for failure in Failure], rest=True, kind="choice"),
    group="machine",
    examples=("fail system damage : a machine check",),
)
def fail(session: DebugSession, what: str) -> TextView:
    """Let something in the bare machine fail: "fail system damage" presents a machine check, if it is allowed.

    WHAT is system damage or instruction processing damage, which stop the CPU when machine checks are masked; system
    recovery, timer damage, timing facility damage, external damage, degradation or warning, which wait.
    """
    names = [failure.words for failure in Failure]
    if what.lower() not in names:
        raise UserError(f'"{short(what)}" is nothing that can fail; there are {", ".join(names)}')
    return TextView((f"{what.lower()} is presented", *session.give("failure", what.lower())))


def _read(name: str) -> bytes:
    return read_file(Path(name).expanduser(), MEDIUM)
