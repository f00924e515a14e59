"""The devices that a configuration can have, by the type numbers of their manuals."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from functools import partial

from edu_hv.devices.card import CardReader, CardReader2501, CardReader2540
from edu_hv.devices.card_image import CardForm, Deck
from edu_hv.devices.ckd_image import DiskImage, blank_volume
from edu_hv.devices.console import Console, Console1052
from edu_hv.devices.ctca import CTCAPair
from edu_hv.devices.device import IODevice
from edu_hv.devices.disk import Disk2311, Disk2314, Disk3330, Disk3340, Disk3350, DiskDrive
from edu_hv.devices.display import Display
from edu_hv.devices.printer import Printer
from edu_hv.devices.printer_3211 import Printer3211
from edu_hv.devices.punch import CardPunch, CardPunch2540
from edu_hv.devices.tape import TapeDrive, TapeDrive2401, TapeDrive2415
from edu_hv.devices.tape_image import Tape, blank_tape
from edu_hv.isa.codes import UnitStatus
from edu_hv.isa.errors import UserError

NEW = "new"
"""A blank tape, or a volume with only a label: its serial is the name that is given."""
RING = "ring"
"""The write-enable ring is in the reel."""
NO_END_OF_FILE = "noeof"
"""The END OF FILE key is off: after the last card the reader waits for more."""
FORMS = {"text": CardForm.TEXT, "ebcdic": CardForm.EBCDIC}
"""The form of a deck, when it is not to be told by what is in it."""


class Medium(Enum):
    """What an operator puts in a device, or takes out of it."""

    CARDS = "cards"
    PAPER = "paper"
    TAPE = "tape"
    DISK = "disk"
    NONE = "none"


Options = tuple[str, ...]
Fitter = Callable[[bytes, str, Options], IODevice]


@dataclass(frozen=True, slots=True)
class DeviceType:
    """A type of device, and what its medium can be told."""

    name: str
    description: str
    medium: Medium
    fitted: Fitter
    options: Options = ()

    def make(self, data: bytes = b"", name: str = "", options: Options = ()) -> IODevice:
        """A new device, with what is in a file of that name on it; without one it has no cards, reel or pack.

        Raises UserError for a file that the device cannot take, and for an option that is not one of `options`.
        """
        for option in options:
            if option not in self.options:
                known = f"there are {', '.join(self.options)}" if self.options else "there are none"
                raise UserError(f"{option} is no option of a {self.name}: {known}")
        if NEW in options and data:
            raise UserError(f"{name} is not empty, so it is not new: leave the option {NEW} or the file out")
        return self.fitted(data, name, options)


def _reader(reader: type[CardReader], data: bytes, name: str, options: Options) -> IODevice:
    """A reader, with a deck in its hopper."""
    device = reader()
    device.end_of_file_key = NO_END_OF_FILE not in options
    if data or name:
        form = next((FORMS[option] for option in options if option in FORMS), None)
        device.load(Deck.from_bytes(data, name, form))
    return device


def _tape_drive(drive: type[TapeDrive], data: bytes, name: str, options: Options) -> IODevice:
    """A drive, with a reel on it."""
    if NEW in options:
        return drive(blank_tape(name))
    return drive(Tape.from_bytes(data, name).with_ring(RING in options) if data or name else None)


def _disk_drive(drive: type[DiskDrive], cylinders: int, data: bytes, name: str, options: Options) -> IODevice:
    """A drive, with a volume on it; a new one has so many cylinders."""
    if NEW in options:
        return drive(blank_volume(drive.model, name, cylinders))
    return drive(DiskImage.from_bytes(data, name) if data or name else None)


def _bare(make: Callable[[], IODevice], data: bytes, name: str, _options: Options) -> IODevice:
    """A device that takes no file."""
    device = make()
    if data or name:
        raise UserError(f"{name} cannot be put on a {device.model}: it takes no file")
    return device


def _one_end() -> IODevice:
    """One end of a new adapter; the other end is its `other`."""
    return CTCAPair().ends()[0]


def _card_reader(name: str, description: str, reader: type[CardReader]) -> DeviceType:
    return DeviceType(name, description, Medium.CARDS, partial(_reader, reader), (*FORMS, NO_END_OF_FILE))


def _tape(name: str, description: str, drive: type[TapeDrive]) -> DeviceType:
    return DeviceType(name, description, Medium.TAPE, partial(_tape_drive, drive), (NEW, RING))


def _disk(name: str, description: str, drive: type[DiskDrive], cylinders: int) -> DeviceType:
    return DeviceType(name, f"a disk drive: {description}", Medium.DISK, partial(_disk_drive, drive, cylinders), (NEW,))


def _other(name: str, description: str, medium: Medium, make: Callable[[], IODevice]) -> DeviceType:
    return DeviceType(name, description, medium, partial(_bare, make))


_TYPES = (
    _card_reader("2540R", "the card reader of a 2540, on a 2821 control unit", CardReader2540),
    _card_reader("3505", "a card reader", CardReader),
    _card_reader("2501", "a card reader with one stacker", CardReader2501),
    _other("2540P", "the card punch of a 2540, on a 2821 control unit", Medium.CARDS, CardPunch2540),
    _other("3525", "a card punch", Medium.CARDS, CardPunch),
    _other("1403", "a line printer with a carriage tape, on a 2821 control unit", Medium.PAPER, Printer),
    _other("3211", "a line printer with a forms control buffer", Medium.PAPER, Printer3211),
    _other("1052", "the console printer-keyboard of System/360", Medium.NONE, Console1052),
    _other("3215", "the console printer-keyboard of System/370", Medium.NONE, Console),
    _tape("2401", "a tape drive of System/360", TapeDrive2401),
    _tape("2415", "a small tape drive of System/360, several on a control unit", TapeDrive2415),
    _tape("3420", "a tape drive of System/370", TapeDrive),
    _disk("2311", "200 cylinders of 10 tracks", Disk2311, 200),
    _disk("2314", "200 cylinders of 20 tracks", Disk2314, 200),
    _disk("3330", "404 cylinders of 19 tracks", Disk3330, 404),
    _disk("3330-11", "808 cylinders of 19 tracks", Disk3330, 808),
    _disk("3340", "data modules of 348 or 696 cylinders of 12 tracks", Disk3340, 348),
    _disk("3350", "555 cylinders of 30 tracks", Disk3350, 555),
    _other("3270", "a display station 3277 model 2; serve lets terminals connect to it", Medium.NONE, Display),
    _other("CTCA", "one end of a channel-to-channel adapter", Medium.NONE, _one_end),
)


def put_on(device: IODevice, data: bytes, name: str, options: Options) -> UnitStatus:
    """Put a medium on a device that is in use.  Returns what the device has to say then (`Channels.present`).

    Cards go behind those that are in the hopper; a tape or a pack takes the place of the one that was there.  Raises
    UserError for a device that takes no medium, and for what `DeviceType.make` refuses.
    """
    found = next((t for t in _TYPES if t.medium is not Medium.NONE and type(t.make()) is type(device)), None)
    match device, found.make(data, name, options) if found else None:
        case CardReader(), CardReader() as other:
            device.end_of_file_key = other.end_of_file_key
            return device.load(other.hopper)
        case TapeDrive(), TapeDrive(tape=Tape() as tape):
            return device.mount(tape)
        case DiskDrive(), DiskDrive(volume=DiskImage() as volume):
            return device.mount(volume)
    raise UserError(f"{name} cannot be put on a {device.model}")


DEVICE_TYPES = {device_type.name: device_type for device_type in _TYPES}
"""The types by name."""
