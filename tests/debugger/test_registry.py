"""The registry of commands, and the journal two equal sessions leave."""

import pytest

from edu_hv.debugger.commands.arguments import parse_word
from edu_hv.debugger.commands.registry import REGISTRY, Argument, Registry, command
from edu_hv.debugger.session import DebugSession
from edu_hv.isa.errors import UserError
from tests.debugger.walk import loaded, run_line

COMMANDS = [c for c in REGISTRY.commands.values() if not c.tutor]


def test_no_name_or_alias_is_used_twice():
    words = [word for c in REGISTRY.commands.values() for word in (c.name, *c.aliases)]
    assert sorted(words) == sorted(set(words))
    with pytest.raises(ValueError, match="two commands are called step"):
        command("step", group="run", registry=REGISTRY)(lambda session: None)


@pytest.mark.parametrize("found", COMMANDS, ids=lambda c: c.name)
def test_every_command_has_a_summary_a_usage_and_a_group(found):
    assert found.summary
    assert found.summary.endswith(".")
    assert found.usage.startswith(found.name)
    assert found.group in {"run", "look", "machine", "hypervisor", "breakpoints", "help"}


@pytest.mark.parametrize(
    ("word", "name"),
    [("s", "step"), ("S", "back"), ("sta", None), ("stat", "status"), ("x", "stage"), ("X", "unstage"), ("psw", "psw"),
     ("t", "trap"), ("deci", "decision"), ("de", None), ("un", None), ("untr", "untrap"), ("UNTRAP", "untrap")],
)  # fmt: skip
def test_a_word_names_the_command_it_begins_uniquely_or_none(word, name):
    if name is None:
        with pytest.raises(UserError, match=f'"{word}" could be '):
            REGISTRY.find(word)
    else:
        assert REGISTRY.find(word).name == name


def test_an_unknown_word_is_answered_with_the_nearest():
    with pytest.raises(UserError, match='there is no command "stepp"; did you mean "step"'):
        REGISTRY.find("stepp")


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        pytest.param("unst", ["unstage"], id="command"),
        pytest.param("break START", ["START", "STARTIO"], id="label"),
        pytest.param("break start", ["START", "STARTIO"], id="label in small letters"),
        pytest.param("until SVCI", ["SVCINT"], id="label to run to"),
        pytest.param("select S", ["SECOND"], id="guest"),
        pytest.param("select a", ["auto"], id="auto"),
        pytest.param("console ", ["KERNEL", "SECOND"], id="guests"),
        pytest.param("load c", ["cp"], id="choice"),
        pytest.param("load cp kernel sec", ["second"], id="programs"),
        pytest.param("delete ", ["1"], id="breakpoint"),
        pytest.param("cp disp", ["display", "display g", "display psw"], id="cp command"),
        pytest.param("cp display p", ["psw"], id="cp command with a blank"),
        pytest.param("help unst", ["unstage"], id="topic"),
        pytest.param("step ", [], id="count"),
        pytest.param("select KERNEL x", [], id="one too many"),
        pytest.param("nonsense x", [], id="unknown command"),
    ],
)
def test_completion_offers_what_can_stand_there(line, offered):
    session = loaded("two guests")
    run_line(session, "break SAY")
    assert [completion.text for completion in REGISTRY.complete(session, line)] == offered


def test_completion_without_a_machine_offers_nothing_and_fails_nowhere():
    session = DebugSession()
    for found in COMMANDS:
        assert isinstance(REGISTRY.complete(session, f"{found.name} "), list)


def test_a_command_may_take_any_number_of_words_or_the_rest_of_the_line():
    seen = []
    registry = Registry()

    @command("many", Argument("A", parse_word), Argument("B", parse_word, many=True), group="x", registry=registry)
    def many(session, a, b):
        """Many."""
        seen.append((a, b))

    @command("rest", Argument("LINE", parse_word, rest=True), group="x", registry=registry)
    def rest(session, line):
        """Rest."""
        seen.append(line)

    registry.execute(None, 'many a "b c" d')
    registry.execute(None, "rest  a  b 'c")
    assert seen == [("a", ["b c", "d"]), "a  b 'c"]


SCRIPT = (
    "load cp kernel second", "trap", "stage 3", "back", "run", "goto 3000", "cp external", "step 40", "select SECOND",
    "step 9", "cp store g5 1", "output", "unoutput", "select auto", "enter HELLO", "run", "goto 10", "run",
)  # fmt: skip


def test_two_sessions_with_the_same_commands_are_equal_to_the_byte():
    sessions = DebugSession(), DebugSession()
    for session in sessions:
        for line in SCRIPT:
            run_line(session, line)
    first, second = ([repr(entry) for entry in session.journal.entries] for session in sessions)
    assert len(first) > 1_000
    assert first == second
    assert sessions[0].system.comparable() == sessions[1].system.comparable()
    assert sessions[0].recording.marks == sessions[1].recording.marks
    assert sessions[0].log(10**6) == sessions[1].log(10**6)
