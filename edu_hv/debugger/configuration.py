"""A bare machine as its operator sets it up: which machine, how much storage, and what is on its devices.

The configuration is a plain value; `build` makes the machine from it, always the same one.
"""

from dataclasses import dataclass, field, replace

from edu_hv.devices.catalog import DEVICE_TYPES, DeviceType
from edu_hv.devices.ctca import CTCAEnd
from edu_hv.devices.device import IODevice
from edu_hv.isa.errors import UserError
from edu_hv.machine.machine import Architecture, Machine
from edu_hv.machine.subchannel import ChannelType

DEFAULT_SIZE = 1024 * 1024
_ALIASES = {"2400": "2401", "2540": "2540R", "3330-1": "3330"}
CONSOLE_TYPES = {Architecture.S360: "1052", Architecture.S370: "3215"}
CONSOLE_ADDRESS = 0x009


@dataclass(frozen=True)
class Medium:
    """What is put on a device: the contents of a file, and how the device is to treat them."""

    name: str = ""
    data: bytes = b""
    options: tuple[str, ...] = ()


@dataclass(frozen=True)
class Attachment:
    """A device at an address, with what is on it."""

    address: int
    type: DeviceType
    medium: Medium = Medium()

    def device(self) -> IODevice:
        """A new device with the medium on it.  Raises UserError for a medium that it cannot take."""
        return self.type.make(self.medium.data, self.medium.name, self.medium.options)


@dataclass(frozen=True)
class Configuration:
    """One machine, in the order in which its devices were attached."""

    architecture: Architecture = Architecture.S370
    size: int = DEFAULT_SIZE
    attachments: dict[int, Attachment] = field(default_factory=dict)
    channels: dict[int, ChannelType] = field(default_factory=dict)
    """The types of channels that are not of the usual type."""

    @classmethod
    def new(cls, architecture: Architecture, size: int) -> "Configuration":
        """A machine with its console at 009 and nothing else.  Raises UserError for a size that cannot be built."""
        Machine(size, architecture)
        console = Attachment(CONSOLE_ADDRESS, DEVICE_TYPES[CONSOLE_TYPES[architecture]])
        return cls(architecture, size, {CONSOLE_ADDRESS: console})

    def with_device(self, address: int, type_name: str, medium: Medium) -> "Configuration":
        """The same with a device attached, in the place of one that was there.  Raises UserError for what cannot be."""
        if not 0 <= address <= 0xFFF:
            raise UserError(f"{address:X} is no device address: give three hexadecimal digits, such as 00C")
        new = Attachment(address, device_type(type_name), medium)
        new.device()
        return replace(self, attachments={**self.attachments, address: new})

    def without_device(self, address: int) -> "Configuration":
        """The same with a device taken away.  Raises UserError when there is none at the address."""
        if address not in self.attachments:
            known = ", ".join(f"{number:03X}" for number in sorted(self.attachments))
            raise UserError(f"there is no device {address:03X} to detach; attached are {known or 'none'}")
        return replace(self, attachments={at: a for at, a in self.attachments.items() if at != address})

    def with_channel(self, number: int, channel_type: ChannelType) -> "Configuration":
        """The same with a channel of another type.  Raises UserError for a channel that there cannot be."""
        if not 0 <= number <= 0xF:
            raise UserError(f"there is no channel {number:X}: channels are 0 to F")
        return replace(self, channels={**self.channels, number: channel_type})

    def build(self, size: int | None = None) -> Machine:
        """The machine, its devices attached, nothing loaded; with another `size` of storage if it is given.

        Ends of channel-to-channel adapters belong together two by two, in the order in which they were attached.
        """
        machine = Machine(size or self.size, self.architecture)
        machine.channels.configure(self.channels, self.architecture is Architecture.S360)
        machine.channels.control_units = True
        single: CTCAEnd | None = None
        for address, attachment in self.attachments.items():
            device = attachment.device()
            if isinstance(device, CTCAEnd):
                device, single = (device, device) if single is None else (single.other, None)
                device.connect(machine.channels, address)
            machine.channels.attach(address, device)
        return machine


def device_type(name: str) -> DeviceType:
    """A type by its name in the catalog.  Raises UserError for one that is not there."""
    found = DEVICE_TYPES.get(_ALIASES.get(name.upper(), name.upper()))
    if found is None:
        raise UserError(f"there is no device type {name}; there are {', '.join(DEVICE_TYPES)}")
    return found
