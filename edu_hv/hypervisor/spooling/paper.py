"""What the real printer and punch make of a spool file (DMKRSP): a person can look at it.

The records of a page buffer are channel commands, so a real device is given them one by one.
"""

from edu_hv.devices.card_image import text_file
from edu_hv.devices.device import IODevice
from edu_hv.devices.printer import Printer
from edu_hv.devices.punch import CardPunch
from edu_hv.hypervisor.spooling.files import PUNCH, READER, SFBLOK, Record, file_records
from edu_hv.hypervisor.spooling.space import SpoolSpace
from edu_hv.isa.codes import CCWFlag
from edu_hv.machine.ccw import CCW
from edu_hv.machine.channel_program import ChannelProgram, ChannelProgramCheck


class _OneRecord:
    """Storage for one CCW and its data, as the channel sees it."""

    def __init__(self, record: Record) -> None:
        data = record.data or b"\0"
        ccw = CCW(record.command, 16, int(CCWFlag.SUPPRESS_LENGTH_INDICATION), len(data))
        self._text = ccw.to_bytes().ljust(16, b"\0") + data

    def fetch(self, address: int, length: int, key: int) -> bytes:
        """`length` bytes from `address`."""
        return self._text[address : address + length]

    def store(self, address: int, data: bytes, key: int) -> None:
        """Output devices store nothing."""
        raise ChannelProgramCheck


def _run(device: IODevice, record: Record) -> None:
    program = ChannelProgram(device, _OneRecord(record))
    program.start(bytes(4))
    while not program.ended:
        program.step()
    if program.device_working:
        device.finish(program.command)


def printed(space: SpoolSpace, sfblok: SFBLOK) -> bytes:
    """The paper of a print file, as UTF-8: line feeds, form feeds, and returns before what is printed over a line."""
    printer = Printer()
    for record in file_records(space, sfblok.pages):
        _run(printer, record)
    return printer.image()


def punched(space: SpoolSpace, sfblok: SFBLOK) -> list[bytes]:
    """The cards of a punch or reader file, 80 bytes each."""
    punch = CardPunch()
    for record in file_records(space, sfblok.pages):
        _run(punch, record)
    return punch.cards


def text(space: SpoolSpace, sfblok: SFBLOK) -> bytes:
    """One copy of a file, as text: what is on its cards, or on its paper."""
    if sfblok.sfbtype in (PUNCH, READER):
        return text_file(punched(space, sfblok))
    return printed(space, sfblok)
