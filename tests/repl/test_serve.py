"""`serve`: terminals at a machine that runs, in a session that can go back."""

import _thread
import threading
from functools import partial

import pytest

from edu_hv.asm.assembler import assemble
from edu_hv.debugger.configuration import Configuration, Medium
from edu_hv.debugger.displays import display, displays, press, switch_off, switch_on
from edu_hv.debugger.session import DebugSession
from edu_hv.debugger.views import StopView
from edu_hv.isa.errors import UserError
from edu_hv.machine.ccw import CCW
from edu_hv.machine.machine import Architecture
from edu_hv.repl import serve as face
from edu_hv.repl.serve import Terminals
from edu_hv.repl.tn3270 import DisplayServer
from tests.repl.terminal import needs_s3270, terminals, until  # noqa: F401
from tests.repl.test_tn3270 import Client, framed

SCREEN = 0x0C0

PROGRAM = """
* A form with one field.  What is typed there comes back on line 5; PF3 ends the program.
ECHO     START X'1000'
BEGIN    BALR  12,0
         USING *,12
         MVC   X'78'(8),IONEW
         LA    2,X'0C0'
SHOW     MVC   X'48'(4),=A(FORM)
         BAL   14,GO
WAIT     LPSW  WAITING
WOKEN    TM    X'44',X'80'              attention
         BZ    SHOW                     no: the power is on
         MVC   X'48'(4),=A(ASK)
         MVC   TEXT(40),BLANKS
         BAL   14,GO
         CLI   AREA,X'F3'               PF3
         BE    END
         LA    1,46-7
         SH    1,X'46'                  count of characters, less 1
         BM    ANSWER
         EX    1,MOVE
ANSWER   MVC   X'48'(4),=A(REPLY)
         BAL   14,GO
         B     WAIT
END      LPSW  STOP
MOVE     MVC   TEXT(0),AREA+6
GO       SIO   0(2)
         BNZR  14                       refused: not ready
BUSY     TIO   0(2)
         BC    2,BUSY
         BR    14
         DS    0D
FORM     CCW   X'05',SCREEN,X'20',SCREENL
ASK      CCW   X'06',AREA,X'20',46
REPLY    CCW   X'01',LINE5,X'20',LINE5L
IONEW    DC    X'00000000',A(WOKEN)
WAITING  DC    X'FE020000',A(0)
STOP     DC    X'00020000',X'00000E0D'
BLANKS   DC    CL40' '
SCREEN   DC    X'C3',X'1140401D60',C'NAME',X'1D4013',40X'00',X'1D60'
SCREENL  EQU   *-SCREEN
LINE5    DC    X'C2',X'11C540',C'YOU TYPED '
TEXT     DS    CL40
LINE5L   EQU   *-LINE5
AREA     DS    XL46
         LTORG
         END   BEGIN
"""


BUSY = PROGRAM.replace("LPSW  WAITING", "SSM   ENABLED\n         B     *").replace(
    "STOP     DC", "ENABLED  DC    X'FE'\n         DS    0D\nSTOP     DC"
)
"""The same without any wait: it branches to itself."""


def deck(program=PROGRAM):
    """The program behind a loader of two cards: ten CCWs that read ten cards."""
    image = bytearray(800)
    for text in assemble(program, "echo").image:
        image[text.address - 0x1000 : text.address - 0x1000 + len(text.data)] = text.data
    psw = bytes.fromhex("0000000000001000")
    first = psw + CCW(0x02, 0x800, 0x60, 80).to_bytes() + CCW(0x08, 0x800, 0, 1).to_bytes()
    ccws = [CCW(0x02, 0x1000 + 80 * n, 0x60 if n < 9 else 0x20, 80).to_bytes() for n in range(10)]
    return first.ljust(80, b"\0") + b"".join(ccws) + bytes(image)


def loaded(program=PROGRAM):
    """A machine with a display, a program loaded."""
    made = DebugSession()
    plan = Configuration.new(Architecture.S370, 256 * 1024).with_device(SCREEN, "3270", Medium())
    made.configuration = plan.with_device(0x00C, "3505", Medium("echo", deck(program), ("ebcdic",)))
    made.ipl(0x00C)
    return made


@pytest.fixture
def session():
    return loaded()


def lines(session):
    return {n: line.rstrip() for n, line in enumerate(display(session, SCREEN).text()) if line.strip()}


def ebcdic(text):
    return text.encode("cp037")


ADA = b"\x7d\x40\xc9\x11\x40\xc6" + ebcdic("ADA")
BOB = b"\x7d\x40\xc9\x11\x40\xc6" + ebcdic("BOB")


# ---- the session: inputs of a terminal -----------------------------------------------------------------------------


def test_display_is_an_input_of_the_session(session):
    session.run()
    assert lines(session) == {}
    switch_on(session, SCREEN)
    session.run()
    assert lines(session) == {0: " NAME"}
    press(session, SCREEN, ADA)
    session.run()
    assert lines(session) == {0: " NAME ADA", 4: "YOU TYPED ADA"}
    press(session, SCREEN, b"\xf3\x40\x40")
    assert "000E0D" in session.run().reason
    given = [given.text for given in session.journal.inputs.values()]
    assert given == ["on", "ENTER", "PF3"]


def test_going_back_brings_back_the_screen_and_a_key_there_begins_another_future(session):
    switch_on(session, SCREEN)
    session.run()
    waiting = session.step_number - 1  # an input belongs to the position at which it was given
    press(session, SCREEN, ADA)
    session.run()
    first = session.total
    session.goto(waiting)
    assert lines(session) == {0: " NAME"}
    session.run()
    assert lines(session) == {0: " NAME ADA", 4: "YOU TYPED ADA"}
    assert session.total == first
    session.goto(waiting)
    press(session, SCREEN, BOB)
    session.run()
    assert lines(session)[4] == "YOU TYPED BOB"


def test_terminal_that_goes_and_comes_again_gets_the_form_again(session):
    switch_on(session, SCREEN)
    session.run()
    press(session, SCREEN, ADA)
    session.run()
    switch_off(session, SCREEN)
    switch_off(session, SCREEN)
    session.run()
    assert lines(session) == {}
    switch_on(session, SCREEN)
    switch_on(session, SCREEN)
    session.run()
    assert lines(session) == {0: " NAME"}


def test_input_for_what_is_no_display_is_refused(session):
    for act in (switch_on, switch_off):
        with pytest.raises(UserError, match=r"^there is no display 00C; configuration shows what is attached$"):
            act(session, 0x00C)
    with pytest.raises(UserError, match=r"^there is no display 00C"):
        press(session, 0x00C, ADA)


def test_under_cp_there_is_none(session):
    session.load(["hello"], under_cp=True)
    assert displays(session) == {}


# ---- the pump ------------------------------------------------------------------------------------------------------


class Bench:
    """What `serve` needs of a workbench."""

    def __init__(self, session):
        self.session = session


class Served:
    """`serve` in a thread of its own, until `stop`."""

    def __init__(self, session, server):
        self.session, self._stopped, self.reason = session, threading.Event(), None
        self._terminals = Terminals(server)
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self):
        with face._stopped_by_ctrl_c(self.session):
            self.reason = self._terminals.serve(self.session, self._stopped.is_set)

    def stop(self):
        self._stopped.set()
        self._thread.join()
        return self.reason


@pytest.fixture
def server():
    made = DisplayServer((), 0)
    yield made
    made.close()


@pytest.fixture
def serving(session, server):
    """Begin to serve; ends with the test."""
    begun = []

    def begin():
        begun.append(Served(session, server))
        return begun[-1]

    yield begin
    for one in begun:
        one.stop()


def wait_for(client, text):
    """Read what a terminal is sent until a text comes; all of it."""
    got = client.received
    while ebcdic(text) not in got:
        more = client.socket.recv(4096)
        assert more, got
        got += more
    client.received = b""
    return got


def test_program_and_terminal_talk(serving, server, session):
    now = serving()
    assert until(lambda: server._addresses == [SCREEN])
    client = Client(server)
    wait_for(client, "NAME")
    client.send(framed(ADA))
    wait_for(client, "YOU TYPED ADA")
    now.stop()
    assert lines(session) == {0: " NAME ADA", 4: "YOU TYPED ADA"}


def test_after_going_back_the_earlier_screen_is_shown_and_nothing_runs_until_a_key(serving, server, session):
    now = serving()
    assert until(lambda: server._addresses == [SCREEN])
    client = Client(server)
    wait_for(client, "NAME")
    client.send(framed(ADA))
    wait_for(client, "YOU TYPED ADA")
    now.stop()
    total = session.total
    step = next(n for n in range(session.total, 0, -1) if session.goto(n) and 4 not in lines(session))
    now = serving()
    shown = wait_for(client, "NAME")
    assert (shown[0], ebcdic("TYPED") in shown) == (0xF5, False)
    now.stop()
    assert (session.step_number, session.total) == (step, total)
    serving()
    client.send(framed(BOB))
    wait_for(client, "YOU TYPED BOB")


def test_terminal_is_heard_by_a_program_that_never_waits(server):
    session = loaded(BUSY)
    now = Served(session, server)
    try:
        assert until(lambda: server._addresses == [SCREEN])
        client = Client(server)
        wait_for(client, "NAME")
        client.send(framed(ADA))
        wait_for(client, "YOU TYPED ADA")
    finally:
        now.stop()
    assert session.step_number > 200


def test_breakpoint_ends_serving(serving, session):
    session.breakpoints.add(assemble(PROGRAM, "echo").address_of("GO"), "GO")
    now = serving()
    assert until(lambda: now.reason is not None)
    assert now.stop() == "breakpoint 1 at GO"


@pytest.mark.parametrize(
    ("port", "problem"),
    [
        pytest.param("off", None, id="off"),
        pytest.param("x", '"x" is no port: give a number up to 65535, 0 for any that is free, or off', id="word"),
        pytest.param("65536", '"65536" is no port: give a number up to 65535, 0 for any', id="too high"),
    ],
)
def test_port(port, problem):
    if problem is None:
        assert face._parse_port(None, port) is None
        return
    with pytest.raises(UserError) as error:
        face._parse_port(None, port)
    assert str(error.value).startswith(problem)


def test_machine_without_a_display_is_one_sentence():
    session = DebugSession()
    session.load(["hello"])
    with pytest.raises(UserError, match=r"^the bare machine has no display: attach 0C0 3270, for example, then ipl$"):
        face.serve(Bench(session), 0)


def test_ctrl_c_comes_back_and_terminals_stay(session):
    bench, said = Bench(session), []
    face.face(bench, said.append)
    threading.Timer(0.2, _thread.interrupt_main).start()
    [view] = face.serve(bench, 0)
    assert isinstance(view, StopView)
    assert view.reason == "you stopped serving"
    port = face._terminals[bench].server.port
    assert said == [f"Terminals of 0C0 can connect: c3270 127.0.0.1:{port}.  Ctrl-C comes back here."]
    client = Client(face._terminals[bench].server)
    [off] = face.serve(bench, None)
    assert (off.lines, client.rest()) == (("all terminals are disconnected",), b"")
    [off] = face.serve(bench, None)
    assert off.lines == ("no terminals are served",)


@needs_s3270
def test_real_emulator_fills_in_the_form(serving, server, session, terminals):  # noqa: F811
    now = serving()
    assert until(lambda: server._addresses == [SCREEN])
    terminal = terminals(server.port, "0C0")
    terminal.do("Wait(InputField)")
    assert terminal.screen()[0].rstrip() == " NAME"
    terminal.do('String("GRACE")')
    terminal.do("Enter()")
    assert until(lambda: terminal.screen()[4].rstrip() == "YOU TYPED GRACE")
    assert terminal.screen()[0].rstrip() == " NAME GRACE"
    assert not terminal.locked
    terminal.do("PF(3)")
    assert until(lambda: "000E0D" in str(session.system.machine.cpu.psw))
    now.stop()
    assert until(partial(terminal.do, "Ascii()"))
