"""Blocks of the Virtual Machine Communication Facility: VMCPARM, VMCMHDR, VMCBLOK.  GC20-1807, SY20-0884.

All are plain values that never change.  Read next: `vmcf_rules`, `vmcf`.
"""

from dataclasses import dataclass
from enum import Enum, IntEnum, IntFlag

from edu_hv.isa.codes import MASK_24

LENGTH = 40
"""Bytes of a parameter list, and of a message header."""
_USE = slice(32, 40)
SYSTEM = "SYSTEM"
"""Whom a message of the SMSG command is from."""


class Function(IntEnum):
    """VMCPFUNC, VMCMFUNC."""

    AUTHORIZE = 0x0
    UNAUTHORIZE = 0x1
    SEND = 0x2
    SEND_RECEIVE = 0x3
    SENDX = 0x4
    RECEIVE = 0x5
    CANCEL = 0x6
    REPLY = 0x7
    QUIESCE = 0x8
    RESUME = 0x9
    IDENTIFY = 0xA
    REJECT = 0xB


class Option(IntFlag):
    """VMCPFLG1."""

    SPECIFIC = 0x80
    PRIORITY = 0x40
    SMSG = 0x20


class Status(IntFlag):
    """VMCMSTAT."""

    RESPONSE = 0x80
    """The transaction is complete; in an IDENTIFY too."""
    REJECTED = 0x40
    PRIORITY = 0x20


@dataclass(frozen=True)
class VMCPARM:
    """A parameter list: 40 bytes."""

    options: int
    function: int
    mid: int
    user: str
    address_a: int
    length_a: int
    address_b: int
    length_b: int
    use: bytes

    @classmethod
    def from_bytes(cls, text: bytes) -> "VMCPARM":
        """Take the 40 bytes apart.  Any are accepted."""
        words = [int.from_bytes(text[at : at + 4], "big") for at in range(0, LENGTH, 4)]
        user = text[8:16].decode("cp037").rstrip(" \0")
        areas = words[4] & MASK_24, words[5], words[6] & MASK_24, words[7]
        return cls(text[0], words[0] & 0xFFFF, words[1], user, *areas, text[_USE])

    @property
    def priority(self) -> bool:
        """PRIORITY."""
        return bool(self.options & Option.PRIORITY)


class Progress(Enum):
    """How far a message has come."""

    QUEUED = "its interruption is pending at the sink"
    SEEN = "the sink has had the interruption"
    RECEIVED = "the sink has received the data, and has still to reply"
    RESPONSE = "the response is pending at the source"


@dataclass(frozen=True)
class VMCBLOK:
    """A message between two machines, named by their userids."""

    source: str
    sink: str
    sent: VMCPARM
    """What the source said."""
    key: int = 0
    """The source's protection key when it sent."""
    progress: Progress = Progress.QUEUED
    received: int = 0
    """Bytes of the source's data that the sink has taken."""
    replied: int = 0
    error: int = 0
    """VMCMEFLG."""
    rejected: bool = False
    use: bytes = bytes(8)
    """The user doubleword of the sink."""
    text: bytes = b""
    """Of the SMSG command."""

    def named(self, source: str, sink: str, mid: int) -> bool:
        """Whether it is the message with that id between these two."""
        return (self.source, self.sink, self.sent.mid) == (source, sink, mid)

    @property
    def to(self) -> str:
        """At whom an interruption for it is pending; "" when there is none."""
        where = {Progress.QUEUED: self.sink, Progress.RESPONSE: self.source}
        return where.get(self.progress, "")

    def header(self) -> bytes:
        """VMCMHDR: for the sink, or, when it is a response, for the source."""
        sent, response = self.sent, self.progress is Progress.RESPONSE
        status = Status.PRIORITY if sent.priority else Status(0)
        if response or sent.function == Function.IDENTIFY:
            status |= Status.RESPONSE
        if self.rejected:
            status |= Status.REJECTED
        user = self.sink if response else self.source
        lengths = (sent.length_a - self.received, sent.length_b - self.replied)
        length_a, length_b = lengths if response else (sent.length_a, sent.length_b)
        words = (sent.mid, sent.address_a, length_a, sent.address_b, length_b)
        mid, *areas = (word.to_bytes(4, "big") for word in words)
        head = bytes([status, self.error]) + sent.function.to_bytes(2, "big") + mid
        return head + userid(user) + b"".join(areas) + (self.use if response else sent.use)


def userid(name: str) -> bytes:
    """8 characters."""
    return name.ljust(8)[:8].encode("cp037", errors="replace")


@dataclass(frozen=True)
class Authorization:
    """What a machine has said with AUTHORIZE (the master VMCBLOK)."""

    address: int
    """Of its buffer for message headers."""
    length: int
    priority: bool = False
    specific: str = ""
    """The only user it hears."""
    quiesced: bool = False

    def hears(self, user: str) -> bool:
        """Whether it takes messages of a user."""
        return self.specific in ("", user)
