"""Channel-command word and channel-status word, taken apart.  GA22-7000 "Input/Output Operations"."""

from dataclasses import dataclass

from edu_hv.isa.codes import CCWFlag, ChannelStatus, UnitStatus

ENDING = UnitStatus.CHANNEL_END | UnitStatus.DEVICE_END
"""What a device answers when all went well."""

NO_STATUS = UnitStatus(0)
NO_CHANNEL_STATUS = ChannelStatus(0)

_TRANSFER_IN_CHANNEL = 0x08
_CHAIN_DATA, _CHAINING = int(CCWFlag.CHAIN_DATA), int(CCWFlag.CHAIN_DATA | CCWFlag.CHAIN_COMMAND)


@dataclass(frozen=True, slots=True)
class CCW:
    """A channel-command word taken apart.  GA22-7000 "Channel-Command Word"."""

    command: int
    address: int
    """Data address, 24 bits, absolute; of the first IDAW when the IDA flag is on."""
    flags: int
    """Bits 32-39 as they stand; see `CCWFlag`."""
    count: int

    @classmethod
    def from_bytes(cls, text: bytes) -> "CCW":
        """Take 8 bytes apart.  Any 8 bytes are accepted."""
        return cls(text[0], int.from_bytes(text[1:4], "big"), text[4], int.from_bytes(text[6:8], "big"))

    def to_bytes(self) -> bytes:
        """The 8 bytes, the ignored byte 5 being zero."""
        whole = self.command << 56 | self.address << 32 | self.flags << 24 | self.count
        return whole.to_bytes(8, "big")

    @property
    def transfer_in_channel(self) -> bool:
        """Whether this is a TIC: the low four bits of the command are 1000."""
        return self.command & 0x0F == _TRANSFER_IN_CHANNEL

    @property
    def chains_data(self) -> bool:
        """The next CCW continues the data area of this one."""
        return bool(self.flags & _CHAIN_DATA)

    @property
    def chains_command(self) -> bool:
        """The next CCW is another command.  The flag is ignored when data chaining is specified."""
        return self.flags & _CHAINING == CCWFlag.CHAIN_COMMAND


@dataclass(frozen=True, slots=True)
class CSW:
    """A channel-status word.  GA22-7000 "Channel-Status Word"."""

    key: int = 0
    address: int = 0
    """Address of the last CCW used plus 8."""
    unit_status: UnitStatus = NO_STATUS
    channel_status: ChannelStatus = NO_CHANNEL_STATUS
    residual: int = 0
    deferred_cc: int = 0

    @classmethod
    def from_bytes(cls, text: bytes) -> "CSW":
        """Take 8 bytes apart."""
        return cls(
            key=text[0] >> 4,
            address=int.from_bytes(text[1:4], "big"),
            unit_status=UnitStatus(text[4]),
            channel_status=ChannelStatus(text[5]),
            residual=int.from_bytes(text[6:8], "big"),
            deferred_cc=text[0] & 3,
        )

    def to_bytes(self) -> bytes:
        """The 8 bytes as they are stored at real 64."""
        first = bytes([self.key << 4 | self.deferred_cc])
        return first + self.address.to_bytes(3, "big") + self.status_bytes() + self.residual.to_bytes(2, "big")

    def status_bytes(self) -> bytes:
        """The status portion, 2 bytes: all that START I/O and HALT I/O store."""
        return bytes([self.unit_status, self.channel_status])


def status_words(unit_status: UnitStatus, channel_status: ChannelStatus = NO_CHANNEL_STATUS) -> str:
    """Status bits in the manual's words: "channel end, device end, incorrect length"."""
    names = [flag.name or "" for status in (unit_status, channel_status) for flag in status]
    return ", ".join(name.lower().replace("_", " ") for name in names) or "no status"
