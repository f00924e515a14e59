"""A machine as its operator sets it up, by the commands a person types."""

import os

import pytest

from edu_hv.asm.assembler import assemble
from edu_hv.asm.deck import bootable
from edu_hv.debugger import system as system_module
from edu_hv.debugger.commands.registry import REGISTRY
from edu_hv.debugger.session import DebugSession
from edu_hv.devices.tape_image import Tape
from edu_hv.guests import catalog
from edu_hv.isa.errors import UserError

LINE = "HELLO FROM A PROGRAM WITHOUT AN OPERATING SYSTEM"

COPY = """
COPY     START X'1000'             copies cards to all outputs
         BALR  12,0
         USING *,12
         LA    6,3
NEXT     LA    2,X'00C'
         LA    3,READ
         BAL   11,IO
         LA    2,X'00D'
         LA    3,PUNCH
         BAL   11,IO
         LA    2,X'00E'
         LA    3,PRINT
         BAL   11,IO
         LA    2,X'181'
         LA    3,WRITE
         BAL   11,IO
         BCT   6,NEXT
         LA    3,MARK
         BAL   11,IO
         LPSW  DONE
IO       ST    3,72
         SIO   0(2)
         BC    2,IO
         BC    8,WAIT
         TM    68,X'10'            busy, or channel end of an immediate command
         BO    IO
WAIT     TIO   0(2)
         BC    7,WAIT
         BR    11
DONE     DS    0D
         DC    X'000200000000D0E0'
READ     CCW   2,CARD,X'20',80
PUNCH    CCW   1,CARD,X'20',80
PRINT    CCW   9,CARD,X'20',80
WRITE    CCW   1,CARD,0,80
MARK     CCW   X'1F',CARD,X'20',1
CARD     DS    CL80
         END
"""

INQUIRY = """
INQUIRY  START X'78'               waits for REQUEST, then reads
         DC    A(0,ASKED)
         ORG   *+X'F80'
BEGIN    BALR  12,0
         USING *,12
         LPSW  WAIT
ASKED    L     3,AREAD
         ST    3,72
         MVC   124(4),AEND         the next interruption
         SIO   X'01F'
         LPSW  WAIT
END      LPSW  DONE
AREAD    DC    A(READ)
AEND     DC    A(END)
READ     CCW   10,256,X'20',80
WAIT     DC    D'0'
         ORG   WAIT
         DC    X'FE02000000000000'
DONE     DC    X'000200000000D0E0'
         END   BEGIN
"""


def typed(session, *lines):
    return [REGISTRY.execute(session, line) for line in lines][-1]


@pytest.fixture
def hello(tmp_path):
    path = tmp_path / "hello.deck"
    path.write_bytes(catalog.find("hello").deck())
    return path


@pytest.mark.parametrize(
    ("kind", "reader", "address"),
    [("s370", "3505", "00C"), ("s370", "2501", "112"), ("s360", "2540R", "00C"), ("s360", "2540R", "20A")],
)
def test_deck_is_loaded_from_any_reader_at_any_address(hello, kind, reader, address):
    session = DebugSession()
    typed(session, f"machine {kind} 128K", f'attach {address} {reader} "{hello}"', f"ipl {address}", "run")
    assert session.console().lines[-1] == LINE


def test_what_a_program_writes_is_saved_in_files(tmp_path):
    program = assemble(COPY, "copy")
    cards = [f"CARD {number}".ljust(80).encode("cp037") for number in (1, 2, 3)]
    (tmp_path / "job").write_bytes(bootable(catalog.loader(), program) + b"".join(cards))
    session = DebugSession()
    typed(session, f'attach 00C 3505 "{tmp_path}/job"', "attach 00D 3525", "attach 00E 1403", "attach 181 3420 X new")
    typed(session, "ipl 00C", "run")
    for address in ("00D", "00E", "181"):
        typed(session, f'save {address} "{tmp_path}/{address}"')
    assert (tmp_path / "00D").read_bytes() == b"".join(cards)
    assert (tmp_path / "00E").read_text().split() == ["CARD", "1", "CARD", "2", "CARD", "3"]
    tape = Tape.from_bytes((tmp_path / "181").read_bytes(), "saved")
    assert list(tape.blocks) == [*cards, None]


def test_going_back_takes_back_what_was_written(tmp_path):
    program = assemble(COPY, "copy")
    (tmp_path / "job").write_bytes(bootable(catalog.loader(), program) + b"\x40" * 240)
    session = DebugSession()
    typed(session, f'attach 00C 3505 "{tmp_path}/job"', "attach 00D 3525", "attach 00E 1403", "attach 181 3420 X new")
    typed(session, "ipl 00C", "run")
    punch = session.system.machine.channels.devices[0x00D]
    assert len(punch.image()) == 240
    session.goto(0)
    assert punch.image() == b""
    session.run()
    assert len(punch.image()) == 240


def test_cards_mounted_later_are_an_input_of_the_recording(hello, tmp_path):
    session = DebugSession()
    typed(session, f'attach 00C 3505 "{hello}"', "ipl 00C")
    before = session.system.machine.channels.devices[0x00C].hopper
    typed(session, "step 5", f'mount 00C "{hello}"')
    assert len(session.system.machine.channels.devices[0x00C].hopper) > len(before)
    typed(session, "back 5")
    assert session.system.machine.channels.devices[0x00C].hopper == before


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        pytest.param(["ipl 00C"], "there is no device 00C to load from: attached are 009", id="empty address"),
        pytest.param(["attach 00C 3505", "ipl 00C"], "intervention required", id="empty reader"),
        pytest.param(["attach 181 3420", "ipl 181"], "intervention required", id="no tape"),
        pytest.param(["attach 181 3420 T new", "ipl 181"], "loading from device 181 failed", id="blank tape"),
        pytest.param(["attach 1234 3505"], "not a device address", id="address too long"),
        pytest.param(["attach 00C 3506"], "there is no device type 3506", id="unknown type"),
        pytest.param(["attach 00C 3505 /no/such/file"], "cannot be read: no such file", id="no file"),
        pytest.param(["attach 00E 1403 setup.py"], "cannot be read", id="relative file"),
        pytest.param(["attach 181 3420 T fast"], "cannot be read", id="unknown option of a file that is not there"),
        pytest.param(["detach 00C"], "there is no device 00C to detach; attached are 009", id="nothing to detach"),
        pytest.param(["machine s360 17M"], "storage of 17825792 bytes cannot be built", id="too much storage"),
        pytest.param(["machine s360 0"], "storage of 0 bytes cannot be built", id="no storage"),
        pytest.param(["machine s360 lots"], "is not a storage size", id="no size"),
        pytest.param(["machine s390"], "is none of s360, s370", id="another machine"),
        pytest.param(["fail well"], "is nothing that can fail", id="failure"),
    ],
)
def test_what_cannot_be_is_one_sentence_and_changes_nothing(lines, message):
    session = DebugSession()
    *first, last = lines
    if first:
        typed(session, *first)
    before = session.configuration
    with pytest.raises(UserError) as problem:
        typed(session, last)
    assert message in str(problem.value)
    assert session.configuration is before


@pytest.mark.parametrize("take_away", [[], ["detach 009"]], ids=["two-consoles", "one-console"])
def test_operator_sits_at_the_console_that_was_attached_last(tmp_path, take_away):
    """A program waits for REQUEST at 01F, the only console it knows, and reads what is typed."""
    deck = tmp_path / "inquiry.deck"
    deck.write_bytes(bootable(catalog.loader(), assemble(INQUIRY)))
    session = DebugSession()
    typed(session, *take_away, "attach 01F 1052", f'attach 00C 3505 "{deck}"', "ipl 00C")
    session.run()
    typed(session, "request")
    session.run()
    typed(session, "enter HELLO")
    session.run()
    assert session.system.machine.storage.read(0x100, 5) == "HELLO".encode("cp037")


@pytest.mark.parametrize(("line", "address"), [("request", "009"), ("request 00C", "00C")], ids=["none", "no-console"])
def test_request_needs_a_console(hello, line, address):
    session = DebugSession()
    typed(session, "detach 009", f'attach 00C 3505 "{hello}"', "ipl 00C")
    with pytest.raises(UserError, match=f"there is no console {address}"):
        typed(session, line)


def test_save_replaces_only_what_it_has_written(hello, tmp_path):
    session = DebugSession()
    typed(session, f'attach 00C 3505 "{hello}"', "attach 181 3420 new", "ipl 00C", "run", f'save 009 "{tmp_path}/out"')
    typed(session, f'save 009 "{tmp_path}/out"')
    cards = hello.read_bytes()
    for line, message in ((f'save 009 "{hello}"', "is there already"), (f'save 181 "{tmp_path}/t"', "nothing is on")):
        with pytest.raises(UserError, match=message):
            typed(session, line)
    assert hello.read_bytes() == cards
    assert not (tmp_path / "t").exists()


@pytest.mark.parametrize("words", ["new", "NAME new", "new ring", "NAME new ring"])
def test_new_tape_needs_no_name(words):
    session = DebugSession()
    typed(session, f"attach 181 3420 {words}", "attach 00C 3505")
    drive = session.configuration.build().channels.devices[0x181]
    assert drive.ready
    assert drive.tape.write_enabled


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")
@pytest.mark.parametrize("line", ["attach 00C 3505", "load bare"])
def test_pipe_is_not_waited_for(tmp_path, line):
    os.mkfifo(tmp_path / "pipe.asm")
    with pytest.raises(UserError, match="is not a plain file"):
        typed(DebugSession(), f'{line} "{tmp_path}/pipe.asm"')


def test_engine_that_cannot_be_is_asked_for_once(monkeypatch):
    asked = []
    monkeypatch.setattr(system_module, "make_engine", lambda cpu: asked.append(cpu))
    session = DebugSession()
    session.load(["kernel"])
    session.run(compiled_after=0)
    assert len(asked) == 1


def test_operator_of_the_bare_machine_has_no_business_under_cp():
    session = DebugSession()
    session.load(["hello"], under_cp=True)
    sentences = {
        "restartkey": "RESTART is a key of the bare machine; under CP give cp system restart",
        "storestatus": "STORE STATUS is a key of the bare machine; under CP give cp store status",
        "request": "REQUEST is a key of the bare machine; under CP give cp attn",
        "fail warning": "fail is for the bare machine; under CP the real machine is CP's",
    }
    for line, sentence in sentences.items():
        with pytest.raises(UserError) as error:
            typed(session, line)
        assert str(error.value) == sentence
    for command in (sentence.partition(" give ")[2] for sentence in sentences.values() if " give " in sentence):
        assert not any("DMKCFM001E" in line for line in typed(session, command)[0].lines)


def test_check_stop_is_told_and_can_be_gone_back_from():
    session = DebugSession()
    session.load(["hello"])
    here = session.step_number
    typed(session, "fail system damage")
    view = session.run()
    assert "check-stop" in view.reason
    session.goto(here - 1)
    assert not session.system.machine.check_stopped


@pytest.mark.parametrize(
    ("machine", "lines", "identification"),
    [
        pytest.param("s370", [], "20000000", id="usual"),
        pytest.param("s370", ["channel 1 selector"], "00000000", id="selector"),
        pytest.param("s370", ["channel 1 byte"], "10000000", id="byte"),
        pytest.param("s360", ["channel 1 block"], "20000000", id="block on a System/360"),
    ],
)
def test_type_of_a_channel_is_what_was_configured(hello, machine, lines, identification):
    session = DebugSession()
    typed(session, f"machine {machine}", *lines, f'attach 10C 3505 "{hello}"', "ipl 10C")
    cpu = session.system.machine.cpu
    assert session.system.machine.channels.store_channel_id(cpu, 0x10C) == 0
    assert cpu.load_real(0xA8, 4).hex() == identification
