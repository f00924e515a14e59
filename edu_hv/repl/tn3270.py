"""A TN3270 server on loopback: real 3270 emulators as the terminals of the machine's displays.

One thread looks after all connections.  It knows no machine: what terminals send waits to be taken, and what they are
to show is handed over.  A terminal that is out of order loses its connection, and nothing else happens.
"""

import os
import selectors
import socket
import threading
import time
from collections import deque
from collections.abc import Iterable
from contextlib import suppress

from edu_hv.isa.errors import UserError
from edu_hv.repl.telnet import ProtocolError, Telnet, framed

LOOPBACK = "127.0.0.1"
PORT = 3270

MOST_CONNECTIONS = 32
NEGOTIATION_SECONDS = 10.0
"""Within which a terminal must have said what it is."""
LAST_WORDS_SECONDS = 1.0
"""How long one that gets no display is told so."""
MOST_UNSENT = 1 << 20
"""Bytes that may wait for a terminal; with more it is given up."""
MOST_INPUTS = 64
"""Records of one terminal that wait to be taken; further ones are dropped, as of a keyboard that is locked."""

_NO_DISPLAY = "No display is free; attach one more, for example: attach 0C1 3270"
_NOT_A_TERMINAL = "Connect with a 3270 emulator: c3270, x3270 or s3270\r\n"


class Connection:
    """One terminal: its socket, its telnet state, what is to be sent, and which display it has."""

    def __init__(self, connected: socket.socket) -> None:
        self.socket = connected
        self.telnet = Telnet()
        self.unsent = bytearray(self.telnet.take_replies())
        self.address: int | None = None
        self.refused = False
        """It was told that it gets no display."""
        self.deadline: float | None = time.monotonic() + NEGOTIATION_SECONDS
        """When it is given up; None once it has a display."""

    @property
    def wanted(self) -> str:
        """The display it asks for: what stands behind @ in its type."""
        return self.telnet.terminal_type.partition("@")[2]


class DisplayServer:
    """Listens on a port of loopback, 0 for any, for terminals of the displays with these device addresses.

    Raises UserError when the port cannot be had.  All methods may be called from any thread, and return at once.
    """

    def __init__(self, addresses: Iterable[int], port: int = PORT) -> None:
        self._lock = threading.Lock()
        self._addresses = sorted(addresses)
        self._connections: dict[socket.socket, Connection] = {}
        self._inputs: deque[tuple[int, bytes | None]] = deque()
        self._closing = False
        self._listener = _listen(port)
        self.port: int = self._listener.getsockname()[1]
        self._alarm, self._bell = socket.socketpair()
        self._alarm.setblocking(False)
        self._bell.setblocking(False)
        self._thread = threading.Thread(target=self._run, name="tn3270", daemon=True)
        self._thread.start()

    # ---- for the face ----------------------------------------------------------------------------------------

    def offer(self, addresses: Iterable[int]) -> None:
        """The displays there are now; terminals of others lose their connection."""
        with self._lock:
            self._addresses = sorted(addresses)
            for connection in self._connections.values():
                if connection.address is not None and connection.address not in self._addresses:
                    connection.deadline = 0.0
        self._wake()

    def take_inputs(self) -> list[tuple[int, bytes | None]]:
        """What has come since the last time: device address and record; b"" when a terminal came, None when it went."""
        with self._lock:
            inputs = list(self._inputs)
            self._inputs.clear()
        return inputs

    def connected(self) -> set[int]:
        """The displays that have a terminal."""
        with self._lock:
            return {c.address for c in self._connections.values() if c.address is not None}

    def show(self, address: int, stream: bytes) -> None:
        """Send an outbound data stream to the terminal of a display, if it has one."""
        with self._lock:
            for connection in self._connections.values():
                if connection.address == address and len(connection.unsent) <= MOST_UNSENT:
                    connection.unsent += framed(stream)
        self._wake()

    def close(self) -> None:
        """End all connections and stop listening."""
        self._closing = True
        self._wake()
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def _wake(self) -> None:
        with suppress(OSError):  # full: it is awake already; closed: it has ended
            self._alarm.send(b"!")

    # ---- the thread ------------------------------------------------------------------------------------------

    def _run(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._listener, selectors.EVENT_READ)
            selector.register(self._bell, selectors.EVENT_READ)
            while not self._closing:
                self._prepare(selector)
                for key, events in selector.select(LAST_WORDS_SECONDS):
                    self._attend(selector, key.fileobj, events)
                self._give_up(selector)
            for connection in list(self._connections.values()):
                self._drop(selector, connection)
        for done in (self._listener, self._alarm, self._bell):
            done.close()

    def _prepare(self, selector: selectors.BaseSelector) -> None:
        """Wait for room only where something is to be sent."""
        with self._lock:
            for connection in self._connections.values():
                events = selectors.EVENT_READ | (selectors.EVENT_WRITE if connection.unsent else 0)
                selector.modify(connection.socket, events)

    def _attend(self, selector: selectors.BaseSelector, ready: object, events: int) -> None:
        if ready is self._listener:
            self._accept(selector)
        elif ready is self._bell:
            with suppress(OSError):
                self._bell.recv(4096)
        elif isinstance(ready, socket.socket) and (connection := self._connections.get(ready)):
            try:
                self._exchange(connection, events)
            except ProtocolError:
                self._refuse(selector, connection)
            except Exception:  # noqa: BLE001  whatever is wrong with one terminal is nobody else's business
                self._drop(selector, connection)

    def _accept(self, selector: selectors.BaseSelector) -> None:
        try:
            accepted, _ = self._listener.accept()
        except OSError:
            time.sleep(0.1)  # no more sockets: some will become free
            return
        if len(self._connections) >= MOST_CONNECTIONS:
            accepted.close()
            return
        accepted.setblocking(False)
        with self._lock:
            self._connections[accepted] = Connection(accepted)
        selector.register(accepted, selectors.EVENT_READ)

    def _exchange(self, connection: Connection, events: int) -> None:
        """Take in and send what there is.  Raises ProtocolError, and OSError when the terminal is gone."""
        if events & selectors.EVENT_READ:
            data = connection.socket.recv(4096)
            if not data:
                raise ConnectionResetError
            self._receive(connection, data)
        with self._lock:
            if connection.unsent:
                with suppress(BlockingIOError):
                    del connection.unsent[: connection.socket.send(connection.unsent)]

    def _receive(self, connection: Connection, data: bytes) -> None:
        records = list(connection.telnet.receive(data))
        with self._lock:
            connection.unsent += connection.telnet.take_replies()
            if connection.address is not None:
                self._put_in(connection.address, records)
            elif connection.telnet.ready and not connection.refused:
                self._assign(connection)

    def _put_in(self, address: int, records: list[bytes]) -> None:
        waiting = sum(address == other for other, _ in self._inputs)
        self._inputs += [(address, record) for record in records[: max(MOST_INPUTS - waiting, 0)]]

    def _assign(self, connection: Connection) -> None:
        """The display it asks for, or the first that is free; without one it is told so and given up."""
        taken = {c.address for c in self._connections.values()}
        free = [address for address in self._addresses if address not in taken]
        wanted = [address for address in free if connection.wanted in ("", f"{address:03X}", f"{address:04X}")]
        if not wanted:
            connection.unsent += framed(b"\xf5\xc2" + _NO_DISPLAY.encode("cp037"))
            connection.refused, connection.deadline = True, time.monotonic() + LAST_WORDS_SECONDS
            return
        connection.address, connection.deadline = wanted[0], None
        self._inputs.append((wanted[0], b""))

    def _give_up(self, selector: selectors.BaseSelector) -> None:
        now = time.monotonic()
        for connection in list(self._connections.values()):
            late = connection.deadline is not None and connection.deadline <= now
            if late or len(connection.unsent) > MOST_UNSENT:
                self._drop(selector, connection)

    def _refuse(self, selector: selectors.BaseSelector, connection: Connection) -> None:
        """A last word to somebody who came with something else."""
        if connection.address is None:
            with suppress(OSError):
                connection.socket.send(_NOT_A_TERMINAL.encode())
        self._drop(selector, connection)

    def _drop(self, selector: selectors.BaseSelector, connection: Connection) -> None:
        with self._lock:
            self._connections.pop(connection.socket, None)
            if connection.address is not None:
                self._inputs.append((connection.address, None))
        selector.unregister(connection.socket)
        connection.socket.close()


def _listen(port: int) -> socket.socket:
    """A socket that listens on loopback.  Raises UserError when the port cannot be had."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        if os.name == "posix":  # elsewhere it would take a port that is in use
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((LOOPBACK, port))
        listener.listen(8)
    except (OSError, OverflowError) as error:
        listener.close()
        reason = getattr(error, "strerror", None) or error
        raise UserError(f"port {port} cannot be used: {str(reason).lower()}; serve 0 takes any that is free") from error
    listener.setblocking(False)
    return listener
