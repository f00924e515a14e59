"""`serve`: real 3270 emulators connect to the displays of the machine, which runs meanwhile.

Terminals live in host time, the machine in its own.  So the machine runs until it waits for something from outside;
then what terminals sent goes to it as inputs, which are recorded.  Screens come out of the machine's state, so that
after going back in time the earlier screen is shown.
"""

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Any, cast
from weakref import WeakKeyDictionary

from edu_hv.debugger.commands.registry import Argument, command
from edu_hv.debugger.displays import displays, press, switch_off, switch_on
from edu_hv.debugger.explain import dead_words
from edu_hv.debugger.session import DebugSession
from edu_hv.debugger.stops.running import YOU_STOPPED
from edu_hv.debugger.views import TextView, View
from edu_hv.isa.errors import UserError
from edu_hv.repl.tn3270 import LOOPBACK, PORT, DisplayServer

if TYPE_CHECKING:
    from edu_hv.tutor.workbench import Workbench

SLICE_SECONDS = 0.05
"""How long the machine runs before terminals are looked at again."""
PAUSE_SECONDS = 0.02
"""How often they are looked at while the machine waits."""

_BLANK = b"\xf5\xc2"
_OFF = "off"

Handler = Callable[[int, FrameType | None], Any]
Say = Callable[[str], None]
_terminals: "WeakKeyDictionary[Any, Terminals]" = WeakKeyDictionary()
_say: "WeakKeyDictionary[Any, Say]" = WeakKeyDictionary()


class Terminals:
    """The server, and what each terminal shows: the display's `written` of that moment."""

    def __init__(self, server: DisplayServer) -> None:
        self.server = server
        self._shown: dict[int, int] = {}

    def serve(self, session: DebugSession, stopped: Callable[[], bool]) -> str:
        """Let the terminals work until `stopped`, or until the run stops by itself: then its reason, else ""."""
        self.server.offer(displays(session))
        self._shown.clear()
        live = session.step_number == session.total
        if live:
            self._switch(session)
        self.show(session)
        runs, busy = live, False
        while not stopped():
            given = self._take_in(session, live)
            live, runs = live or given, runs or given
            if runs:
                view = session.run(compiled_after=0) if busy else session.run()
                busy = view.reason == YOU_STOPPED
                runs = busy or view.reason != dead_words(session.system)
                if runs and not busy:
                    return view.reason
            self.show(session)
            if not runs:
                time.sleep(PAUSE_SECONDS)
        return ""

    def _switch(self, session: DebugSession) -> None:
        """Displays are on that have a terminal, and no others."""
        connected = self.server.connected()
        for address in displays(session):
            (switch_on if address in connected else switch_off)(session, address)

    def _take_in(self, session: DebugSession, live: bool) -> bool:
        """Give the machine what terminals sent; whether there was anything.

        In the past only a key counts: it begins another future, in which the displays that have a terminal are on.
        """
        given = False
        for address, data in self.server.take_inputs():
            if not data:
                self._shown.pop(address, None)
            if address not in displays(session) or not (live or given or data):
                continue
            if not (live or given):
                self._switch(session)
            given = True
            if data:
                press(session, address, data)
            else:
                (switch_off if data is None else switch_on)(session, address)
        return given

    def show(self, session: DebugSession) -> None:
        """Bring every terminal up to date."""
        there = displays(session)
        for address in sorted(self.server.connected() & set(there)):
            display, since = there[address], self._shown.get(address, -1)
            for stream in display.updates(since) if display.connected else [_BLANK] * (since != display.written):
                self.server.show(address, stream)
            self._shown[address] = display.written


def face(workbench: Any, say: Say) -> None:
    """Have `serve` tell a person at this workbench, while it works, where to connect."""
    _say[workbench] = say


def _parse_port(_: Any, text: str) -> int | None:
    if text.lower() == _OFF:
        return None
    if not text.isdecimal() or int(text) > 65535:
        raise UserError(f'"{text}" is no port: give a number up to 65535, 0 for any that is free, or off')
    return int(text)


@command(
    "serve",
    Argument("PORT", _parse_port, lambda _: ("3270", "0", "off"), optional=True, default=PORT, kind="port"),
    group="machine",
    tutor=True,
    examples=(
        "serve : terminals can connect at port 3270",
        "serve off : they are disconnected",
    ),
)
def serve(workbench: "Workbench", port: int | None = PORT) -> list[View]:
    """Let 3270 terminals connect, and run the machine until Ctrl-C: "serve", then "c3270 127.0.0.1:3270" elsewhere.

    PORT is 3270 unless another is given; only programs on this computer can connect.  Terminals get the first display
    that is free, or the one they ask for: "c3270 0C1@127.0.0.1:3270".  They stay connected after Ctrl-C; serve goes on,
    serve off ends it.  After going back, serve shows the earlier screens; a key there begins another future.
    """
    if port is None:
        return [TextView((_close(workbench),), "serve")]
    session = workbench.session
    if not displays(session):
        raise UserError("the bare machine has no display: attach 0C0 3270, for example, then ipl")
    terminals = _opened(workbench, port)
    if say := _say.get(workbench):
        say(_where(session, terminals.server.port))
    with _stopped_by_ctrl_c(session) as stopped:
        reason = terminals.serve(session, stopped)
    return [session.stop_view(reason or "you stopped serving")]


def _where(session: DebugSession, port: int) -> str:
    names = ", ".join(f"{address:03X}" for address in sorted(displays(session)))
    return f"Terminals of {names} can connect: c3270 {LOOPBACK}:{port}.  Ctrl-C comes back here."


def _opened(workbench: Any, port: int) -> Terminals:
    """The terminals there are, or new ones on the port.  Raises UserError when it cannot be had."""
    found = _terminals.get(workbench)
    if found is None or port not in (found.server.port, PORT, 0):
        new = Terminals(DisplayServer((), port))
        _close(workbench)
        found = _terminals[workbench] = new
    return found


def _close(workbench: Any) -> str:
    found = _terminals.pop(workbench, None)
    if found is None:
        return "no terminals are served"
    found.server.close()
    return "all terminals are disconnected"


@contextmanager
def _stopped_by_ctrl_c(session: DebugSession) -> Iterator[Callable[[], bool]]:
    """While inside, Ctrl-C is noted, and a run of the session is interrupted often enough to look at terminals.

    The prompt's own handler is called as well.
    """
    pressed = threading.Event()
    ended = threading.Event()

    def tick() -> None:
        while not ended.wait(SLICE_SECONDS):
            session.interrupt()

    def interrupt(number: int, frame: FrameType | None) -> None:
        pressed.set()
        session.interrupt()
        if callable(before) and before is not signal.default_int_handler:
            before(number, frame)

    before: Handler | None = None
    ticker = threading.Thread(target=tick, name="serve", daemon=True)
    main = threading.current_thread() is threading.main_thread()
    if main:
        before = cast(Handler, signal.getsignal(signal.SIGINT))
        signal.signal(signal.SIGINT, interrupt)
    ticker.start()
    try:
        yield pressed.is_set
    finally:
        ended.set()
        ticker.join()
        if main:
            signal.signal(signal.SIGINT, before)
