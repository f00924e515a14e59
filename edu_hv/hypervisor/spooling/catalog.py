"""The virtual unit record devices by the machine types of the directory's SPOOL statement."""

from typing import ClassVar

from edu_hv.hypervisor.spooling.devices import (
    SpooledDevice,
    SpooledPunch,
    SpooledPunch2540,
    SpooledReader,
    SpooledReader2540,
)
from edu_hv.hypervisor.spooling.printers import SpooledPrinter, SpooledPrinter3211
from edu_hv.hypervisor.spooling.queues import SpoolFiles


class SpooledReader2501(SpooledReader):
    """A virtual 2501."""

    model: ClassVar[str] = "2501"
    sense_length: ClassVar[int] = 1


class SpooledPrinter1443(SpooledPrinter):
    """A virtual 1443: to a program, a 1403."""

    model: ClassVar[str] = "1443"


class SpooledPrinter3203(SpooledPrinter3211):
    """A virtual 3203: a forms control buffer, as a 3211 has, and two sense bytes."""

    model: ClassVar[str] = "3203"
    sense_length: ClassVar[int] = 2


_DEVICES: tuple[type[SpooledDevice], ...] = (
    SpooledReader,
    SpooledReader2540,
    SpooledReader2501,
    SpooledPunch,
    SpooledPunch2540,
    SpooledPrinter,
    SpooledPrinter1443,
    SpooledPrinter3203,
    SpooledPrinter3211,
)
SPOOLED = {device.model: device for device in _DEVICES}
"""The classes by machine type: 2540R and 2540P are the two sides of a 2540."""


def spooled_device(model: str, spool: SpoolFiles, userid: str, address: int, sfbclas: str = "") -> SpooledDevice:
    """A new virtual unit record device; `model` is a key of SPOOLED."""
    return SPOOLED[model](spool, userid, address, sfbclas)
