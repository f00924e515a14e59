"""`help` and `apropos` say what the registry says."""

import pytest

from edu_hv.debugger.commands.registry import REGISTRY
from edu_hv.debugger.commands.topics import MARKS
from edu_hv.debugger.text import CODE_MARKS, as_lines
from edu_hv.debugger.views import HelpView, TextView
from edu_hv.isa.errors import UserError

COMMANDS = sorted(REGISTRY.commands)


def ask(line: str) -> HelpView | TextView:
    [view] = REGISTRY.execute(object(), line)
    return view


def test_help_lists_every_command_once():
    assert sorted(entry.name for entry in ask("help").entries) == COMMANDS


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_of_its_own(name):
    view = ask(f"help {name}")
    command = REGISTRY.commands[name]
    assert [(entry.name, entry.usage) for entry in view.entries] == [(name, command.usage)]
    assert command.summary.endswith((".", "!", "?")) or ":" in command.summary


@pytest.mark.parametrize("name", COMMANDS)
def test_help_leaves_no_line_of_the_docstring_out(name):
    shown = " ".join(" ".join(as_lines(ask(f"help {name}"))).split())
    assert [word for word in REGISTRY.commands[name].help.split() if word not in shown] == []


def test_help_of_a_group_lists_it():
    assert {entry.group for entry in ask("help look").entries} == {"look"}


def test_help_explains_all_marks():
    assert {line[0] for line in MARKS[:6]} == {*CODE_MARKS, "*", "<"}
    assert [mark for mark in MARKS if mark not in " ".join(as_lines(ask("help marks"), 200))] == []


@pytest.mark.parametrize(
    ("topic", "mnemonic", "words"),
    [
        pytest.param("mvcl", "MVCL", ("Move long", "X'0E'", "destructive overlap", "interruptible.py"), id="general"),
        pytest.param("SSK", "SSK", ("Set storage key", "privileged", "keys.py, set_storage_key"), id="privileged"),
        pytest.param("instruction S", "S", ("Subtract", "X'5B'"), id="a-command-too"),
        pytest.param("RDD", "RDD", ("Read direct", "Only a System/360"), id="only-of-system-360"),
    ],
)
def test_help_of_an_instruction_is_what_table_and_function_say(topic, mnemonic, words):
    view = ask(f"help {topic}")
    text = "\n".join(view.lines)
    assert view.title == mnemonic
    assert [word for word in words if word not in text] == []


def test_help_of_a_word_that_is_a_command_too_is_of_the_command():
    assert ask("help S").entries == ask("help back").entries


def test_apropos_finds_a_word_in_help_texts():
    assert "apropos" in [entry.name for entry in ask("apropos SPEAKS").entries]


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("help stepp", 'there is no command "stepp"; did you mean "step" or "stepi"?; help lists them all'),
        ("apropos xyzzy", 'no command speaks of "xyzzy"; help lists them all'),
        ("apropos", "apropos needs WORD; usage: apropos WORD"),
    ],
)
def test_unknown_topic_is_one_sentence(line, sentence):
    with pytest.raises(UserError) as error:
        ask(line)
    assert str(error.value) == sentence


def test_topics_are_completed():
    assert {"step", "marks"} <= {word.text for word in REGISTRY.complete(object(), "help ")}
