"""A failure names the step that made it inevitable: small faulty programs, each with one planted bug at BUG."""

import pytest

from edu_hv.debugger.breakpoints import StopAt
from edu_hv.debugger.explaining.causes import cause, short_cause
from edu_hv.debugger.session import DebugSession
from edu_hv.debugger.text import as_lines
from edu_hv.isa.errors import UserError
from tests.debugger.walk import run_line

HEAD = """P        START X'1000'
BEGIN    BALR  12,0
         USING *,12
         MVC   104(8,0),PGMNEW
"""
TAIL = """HANDLER  LPSW  DEAD
         LTORG
         DS    0D
PGMNEW   DC    X'00000000',A(HANDLER)
DEAD     DC    X'0002000000000BAD'
DONE     DC    X'0002000000000000'
         END   BEGIN
"""

PROGRAMS = {
    "addressing: a pointer that is wrong from the start": (
        "BUG      L     3,PTR\n         SR    4,4\n         L     5,0(,3)\n         LPSW  DONE\n"
        "PTR      DC    X'00F00000'\n",
        "addressing exception", "PTR DC X'00F00000'", ""),
    "addressing: a computed address, through four copies": (
        "         LA    3,1\nBUG      SLL   3,22\n         LR    6,3\n         ST    6,SAVE\n         L     7,SAVE\n"
        "         L     5,0(,7)\n         LPSW  DONE\nSAVE     DS    F\n",
        "addressing exception", "SLL 3,22", ""),
    "addressing: a pointer moved by MVC": (
        "         LA    3,1\n         SLL   3,23\n         ST    3,ONE\nBUG      MVC   TWO,ONE\n         L     7,TWO\n"
        "         ST    5,0(,7)\nONE      DS    F\nTWO      DS    F\n",
        "addressing exception", "SLL 3,23", ""),
    "privileged operation in problem state": (
        "BUG      LPSW  TASK\nGO       SR    1,1\n         SSM   0(1)\n         DS    0D\n"
        "TASK     DC    X'00010000',A(GO)\n",
        "privileged operation exception", "PSW bit 15 is 1, the problem state: set by LPSW TASK", "SVC"),
    "specification: an odd branch address": (
        "BUG      LA    3,FAR+1\nFAR      BR    3\n",
        "specification exception", "LA 3,FAR+1", "a branch address must be even"),
    "specification: an odd register of a pair": (
        "         SR    2,2\nBUG      D     3,FIVE\nFIVE     DC    F'5'\n",
        "specification exception", "D names register 3", "the even register of the pair, 2"),
    "specification: a PSW off its boundary": (
        "BUG      LPSW  ODDPSW\n         DS    0D\n         DC    F'0'\nODDPSW   DC    X'0000000000001000'\n",
        "specification exception", "off a boundary of 8 bytes", "DS 0D"),
    "data: never packed": (
        "         ZAP   NUM,=P'1'\nBUG      MVC   NUM(4),=C'1234'\n         AP    NUM,=P'1'\n"
        "         LPSW  DONE\nNUM      DS    PL4\n",
        "data exception", "MVC NUM(4),=C'1234'", "PACK it"),
    "data: a constant that is not packed": (
        "BUG      AP    NUM,=P'1'\n         LPSW  DONE\nNUM      DC    C'123'\n",
        "data exception", "NUM DC C'123'", "PACK it"),
    "data: a field that was never given a value": (
        "BUG      CVB   3,NUM\n         LPSW  DONE\n         DS    0D\nNUM      DC    XL8'00'\n",
        "data exception", "NUM DC XL8'00'", "never given a value"),
    "fixed-point divide: the even register not cleared": (
        "         LA    3,100\nBUG      L     2,=F'77777'\n         D     2,=F'3'\n",
        "fixed-point divide exception", "L 2,=F'77777'", "SRDA 2,32"),
    "fixed-point divide: by zero": (
        "BUG      SR    5,5\n         SR    2,2\n         LA    3,9\n         DR    2,5\n",
        "fixed-point divide exception", "SR 5,5", "test the divisor"),
    "operation: running on into data": (
        "         LA    3,1\nBUG      LA    4,2\nCONST    DC    F'0'\n         LPSW  DONE\n",
        "operation exception", "execution ran on into 001010 (CONST) from LA 4,2", "what follows it is data"),
    "operation: a branch into data": (
        "BUG      LA    3,CONST\n         BR    3\nCONST    DC    X'FFFF'\n",
        "operation exception", "LA 3,CONST", ""),
    "operation: an instruction overwritten": (
        "BUG      MVC   TARGET(2),=X'0000'\nTARGET   LR    3,4\n         LPSW  DONE\n",
        "operation exception", "MVC TARGET(2),=X'0000'", "was overwritten"),
    "execute of an execute": (
        "         LA    4,EX2\nBUG      EX    0,EX2\nEX2      EX    0,NOP\nNOP      LR    1,1\n",
        "execute exception", "another EXECUTE", "execute the inner"),
    "protection: another key than the block's": (
        "         L     3,=F'8192'\n         LA    4,X'30'\n         SSK   4,3\nBUG      LPSW  KEY2\n"
        "         DS    0D\n"
        "KEY2     DC    X'00200000',A(GO)\nGO       L     5,=F'1'\n         ST    5,BUF\n         ORG   P+X'1000'\n"
        "BUF      DS    0F\n         ORG   P+X'200'\n",
        "protection exception", "PSW key 2 was set by LPSW KEY2", "SSK"),
    "fixed-point overflow": (
        "         L     0,=X'08000000'\n         SPM   0\nBUG      L     3,=X'7FFFFFFF'\n         A     3,=F'1'\n",
        "fixed-point overflow exception", "L 3,=X'7FFFFFFF'", ""),
    "SIO for a device that is not there": (
        "BUG      LA    2,X'5FF'\n         SIO   0(2)\n         BC    7,FAIL\n         LPSW  DONE\n"
        "FAIL     LPSW  DEAD\n",
        "SIO 0(2) at 00100C got condition code 3", "LA 2,X'5FF'", "a device that there is: 009"),
    "a CCW whose command is not valid": (
        "BUG      MVC   72(4,0),=A(PGM)\n         SIO   9\n         BC    7,FAIL\n         LPSW  DONE\n"
        "FAIL     LPSW  DEAD\n"
        "         DS    0D\nPGM      CCW   X'00',P,0,8\n",
        "ended with program check", "PGM CCW X'00',P,0,8", "correct the CCW"),
    "a CCW whose count the program has spoilt": (
        "BUG      XC    PGM+6(2),PGM+6\n         MVC   72(4,0),=A(PGM)\n         SIO   9\n"
        "         BC    7,FAIL\n         LPSW  DONE\n"
        "FAIL     LPSW  DEAD\n         DS    0D\nPGM      CCW   X'09',P,X'20',8\n",
        "ended with program check", "XC PGM+6(2),PGM+6", "correct the CCW"),
    "a CAW that is off its boundary: no CCW": (
        "BUG      MVC   72(4,0),=A(PGM+4)\n         SIO   14\n         BC    7,FAIL\n         LPSW  DONE\n"
        "FAIL     LPSW  DEAD\n         DS    0D\nPGM      CCW   X'09',P,X'20',8\n",
        "program check", "MVC 72(4,0),=A(PGM+4)", "on a doubleword boundary"),
    "a tape drive without a tape: no command can be done": (
        "BUG      MVC   72(4,0),=A(PGM)\nAGAIN    SIO   X'181'\n         BC    2,AGAIN\n         BC    5,FAIL\n"
        "BUSY     TIO   X'181'\n         BC    2,BUSY\n         BC    4,FAIL\n         LPSW  DONE\n"
        "FAIL     LPSW  DEAD\n         DS    0D\nPGM      CCW   X'02',P,X'20',8\n",
        "for device 181 ended with unit check", "intervention required", "mount"),
    "a command that the device does not know": (
        "BUG      MVC   72(4,0),=A(PGM)\n         SIO   9\n         BC    7,FAIL\n         LPSW  DONE\n"
        "FAIL     LPSW  DEAD\n"
        "         DS    0D\nPGM      CCW   X'37',P,0,8\n",
        "ended with unit check", "PGM CCW X'37',P,0,8", "a command it knows"),
    "a program new PSW that nobody has set": (
        "         XC    104(8,0),104(0)\n         LA    3,1\nBUG      D     3,0(0)\n",
        "", "D names register 3", "the program new PSW at 000068"),
    "an SVC new PSW that nobody has set": (
        "BUG      SVC   5\n",
        "operation exception", "took its new PSW from 000060, all zeros", "set the new PSW at 000060"),
}  # fmt: skip
"""The statements; what failed; what the chain must name; what the fix must say."""


def failed(body: str, under_cp: bool) -> DebugSession:
    session = DebugSession()
    session.load_source(HEAD + body + TAIL, "p", under_cp)
    session.run(StopAt.BREAKPOINT, limit=300)
    return session


def step_of_bug(session: DebugSession) -> int:
    """The step in which the planted bug was executed."""
    at = session.address_of("BUG")
    name = session.selected
    return session.recording.boundaries.last_at(session.recording.visited[name, at] - 1) + 1


@pytest.mark.parametrize("under_cp", [False, True], ids=["bare", "under CP"])
@pytest.mark.parametrize("name", PROGRAMS)
def test_the_chain_leads_to_the_planted_bug_and_its_command_goes_before_it(name, under_cp):
    body, failure, named, fix = PROGRAMS[name]
    session = failed(body, under_cp)
    before = session.system.comparable(), session.recording.unit, session.total, session.journal.count
    view = cause(session)
    assert (session.system.comparable(), session.recording.unit, session.total, session.journal.count) == before
    chain = " | ".join([view.failure, *(link.sentence for link in view.links)])
    assert failure in chain
    assert named in chain
    assert fix in view.fix
    root = next(link for link in reversed(view.links) if link.command)
    bug = step_of_bug(session)
    if "pointer moved" in name:  # The copy is a link; what was computed lies before it.
        assert bug in [link.step for link in view.links]
        assert root.step is not None
        assert root.step < bug
    elif "CCW" in name or "command" in name:
        assert root.step is not None
        assert root.step >= bug
    else:
        assert root.step == bug
    run_line(session, root.command)
    assert session.step_number == root.step - 1  # type: ignore[operator]


@pytest.mark.parametrize("under_cp", [False, True], ids=["bare", "under CP"])
def test_a_stop_at_a_failure_says_what_made_it_inevitable(under_cp):
    session = DebugSession()
    session.load_source(HEAD + PROGRAMS["specification: an odd branch address"][0] + TAIL, "p", under_cp)
    stop = session.run(StopAt.BREAKPOINT, limit=300)
    bug = step_of_bug(session)
    assert stop.sentence.endswith(f"comes from LA 3,FAR+1 at 001008 in step {bug}; goto {bug - 1}")
    assert "; because of specification exception" in stop.sentence


@pytest.mark.parametrize("under_cp", [False, True], ids=["bare", "under CP"])
def test_a_stop_in_a_loop_of_interruptions_names_the_first(under_cp):
    session = DebugSession()
    session.load_source(HEAD + PROGRAMS["a program new PSW that nobody has set"][0] + TAIL, "p", under_cp)
    stop = session.run(StopAt.BREAKPOINT, limit=300)
    assert "D names register 3" in stop.sentence


@pytest.mark.parametrize("under_cp", [False, True], ids=["bare", "under CP"])
@pytest.mark.parametrize("name", ["hello", "hostile"])
def test_a_program_that_ends_as_it_should_is_told_so_and_its_stop_is_not_called_a_failure(name, under_cp):
    session = DebugSession()
    session.load([name], under_cp)
    session.run(StopAt.BREAKPOINT, compiled_after=0)
    view = cause(session)
    assert view.planned
    assert view.fix == "if it is meant to end so, nothing is wrong"
    assert short_cause(session) == ""


def test_an_ec_mode_psw_without_ecmode_is_named_under_cp():
    session = failed("BUG      LPSW  EC\n         DS    0D\nEC       DC    X'0008000000001000'\n", under_cp=True)
    view = cause(session)
    assert "DMKDSP451W" in view.failure
    assert "bit 12 on (EC mode)" in view.links[0].sentence
    assert "LPSW EC at 001008" in view.links[0].sentence


def test_where_nothing_has_failed_cause_says_so():
    session = DebugSession()
    session.load(["kernel"])
    with pytest.raises(UserError, match="nothing has failed so far"):
        run_line(session, "cause")


def test_cause_in_words():
    session = failed(PROGRAMS["specification: an odd branch address"][0], under_cp=False)
    (view,) = run_line(session, "because")
    assert as_lines(view, 100) == [
        "disabled wait, PSW 00020000 00000BAD",
        "- because the program loaded that PSW itself: LPSW DEAD at 00100E in step 6 (goto 5)",
        "- because specification exception before the instruction at 00100D in step 5 led to the handler that",
        "  did it (goto 4)",
        "- because the instruction address 00100D is odd in step 5 (goto 4)",
        "- because execution came to 00100D by BR 3 at 00100C in step 4 (goto 3)",
        "- because GR3 = 0000100D comes from LA 3,FAR+1 at 001008 in step 3 (goto 2)",
        "each goto goes to the moment before that step",
        "likely fix: a branch address must be even: branch to the label of an instruction",
    ]
