"""The telnet side of one 3270 terminal, without any socket: bytes in, records out.

RFC 854 (telnet), RFC 1091 (terminal type), RFC 885 (end of record), RFC 856 (binary), RFC 1576 (how they make TN3270).
Whatever comes in, what is kept and what is answered is limited; `ProtocolError` says that nothing more can come of it.
Read next: `tn3270`.
"""

from collections.abc import Iterator

IAC, DONT, DO, WONT, WILL, SB, SE, EOR = 255, 254, 253, 252, 251, 250, 240, 239
"""Telnet commands."""
BINARY, TERMINAL_TYPE, END_OF_RECORD = 0, 24, 25
"""Telnet options."""
IS, SEND = 0, 1
"""Of the terminal type."""

LONGEST_RECORD = 16_384
"""Bytes of an inbound data stream: several times a screen of fields of one character."""
LONGEST_SUBNEGOTIATION = 128
MOST_OPTIONS = 100
"""Options that a terminal may talk about; s3270 needs six."""

_ASK = bytes([IAC, DO, TERMINAL_TYPE])
_ASK_TYPE = bytes([IAC, SB, TERMINAL_TYPE, SEND, IAC, SE])
_RECORDS = bytes([IAC, DO, END_OF_RECORD, IAC, WILL, END_OF_RECORD, IAC, DO, BINARY, IAC, WILL, BINARY])
_AGREEMENTS = frozenset(
    {(WILL, END_OF_RECORD), (DO, END_OF_RECORD), (WILL, BINARY), (DO, BINARY), (WILL, TERMINAL_TYPE)}
)
"""What a 3270 terminal has to agree to."""


class ProtocolError(Exception):
    """Not a 3270 terminal, or one that is out of order; the connection is of no use."""


def framed(stream: bytes) -> bytes:
    """A data stream as a record for the terminal."""
    return stream.replace(b"\xff", b"\xff\xff") + bytes([IAC, EOR])


class Telnet:
    """The state of one connection: what was agreed, and what came in and is not complete."""

    def __init__(self) -> None:
        self.terminal_type = ""
        """As the terminal names it: IBM-3278-2-E, or with the display it wants, IBM-3278-2-E@0C0."""
        self._agreed: set[tuple[int, int]] = set()
        self._refused: set[tuple[int, int]] = set()
        self._options = 0
        self._record = bytearray()
        self._command = bytearray()
        """A telnet command that is not complete, from IAC on."""
        self._replies = bytearray(_ASK)

    @property
    def ready(self) -> bool:
        """Whether records can go both ways."""
        return bool(self.terminal_type) and self._agreed >= _AGREEMENTS

    def take_replies(self) -> bytes:
        """What is to be sent now."""
        replies = bytes(self._replies)
        self._replies.clear()
        return replies

    def receive(self, data: bytes) -> Iterator[bytes]:
        """Take in bytes as they came; each record that is complete.  Raises ProtocolError."""
        for byte in data:
            if self._command:
                record = self._go_on(byte)
                if record is not None:
                    yield record
            elif byte == IAC:
                self._command.append(byte)
            else:
                self._keep(byte)

    def _keep(self, byte: int) -> None:
        """A byte of a record; before records were agreed on, a line of text that nobody reads."""
        if not self.ready:
            return
        if len(self._record) >= LONGEST_RECORD:
            raise ProtocolError("a record is too long")
        self._record.append(byte)

    def _go_on(self, byte: int) -> bytes | None:
        """Another byte of a telnet command; a record, when it was the command that ends one."""
        command = self._command
        command.append(byte)
        record = None
        match command[1]:
            case 255:
                self._keep(IAC)
            case 239:
                record = self._take_record()
            case 251 | 252 | 253 | 254:
                if len(command) < 3:
                    return None
                self._option(command[1], command[2])
            case 250:
                if len(command) > LONGEST_SUBNEGOTIATION:
                    raise ProtocolError("a telnet command is too long")
                if len(command) < 4 or command[-2:] != bytes([IAC, SE]):
                    return None
                self._subnegotiation(bytes(command[2:-2]))
        command.clear()
        return record

    def _take_record(self) -> bytes | None:
        record = bytes(self._record)
        self._record.clear()
        return record or None

    def _option(self, verb: int, option: int) -> None:
        """The terminal agrees to an option, refuses it, or asks for one: those it does not need are refused, once."""
        self._options += 1
        if self._options > MOST_OPTIONS:
            raise ProtocolError("options without end")
        opposite = {WILL: WONT, WONT: WILL, DO: DONT, DONT: DO}[verb]
        if (verb, option) in _AGREEMENTS:
            self._agree(verb, option)
        elif (opposite, option) in _AGREEMENTS:
            raise ProtocolError("it is no 3270 terminal")
        elif verb in (WILL, DO) and (verb, option) not in self._refused:
            self._refused.add((verb, option))
            self._replies += bytes([IAC, DONT if verb == WILL else WONT, option])

    def _agree(self, verb: int, option: int) -> None:
        if (verb, option) not in self._agreed:
            self._agreed.add((verb, option))
            if option == TERMINAL_TYPE:
                self._replies += _ASK_TYPE

    def _subnegotiation(self, data: bytes) -> None:
        """The terminal names its type; anything else is passed over."""
        if data[:2] != bytes([TERMINAL_TYPE, IS]) or self.terminal_type:
            return
        name = data[2:].decode("ascii", errors="replace").upper()
        if not name.startswith(("IBM-327", "IBM-DYNAMIC")):
            raise ProtocolError("it is no 3270 terminal")
        self.terminal_type = name
        self._replies += _RECORDS
