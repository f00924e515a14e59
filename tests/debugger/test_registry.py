"""The registry of commands, and the journal two equal sessions leave."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edu_hv.debugger.commands.arguments import parse_word
from edu_hv.debugger.commands.nearest import distance
from edu_hv.debugger.commands.registry import REGISTRY, Argument, CommandError, Registry, command, split
from edu_hv.debugger.session import DebugSession
from edu_hv.isa.errors import UserError
from edu_hv.repl import serve  # noqa: F401 - its command is in the registry, too
from edu_hv.tutor import commands  # noqa: F401 - and those of lessons
from edu_hv_tui.keys import KEYS
from tests.debugger.walk import differences, everything, loaded, run_line

COMMANDS = [c for c in REGISTRY.commands.values() if not c.tutor]


@pytest.fixture(scope="module")
def kernel():
    session = loaded("two guests")
    session.step(3)
    run_line(session, "break SAY")
    return session


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
    assert found.group
    assert found.help.startswith(found.summary)


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


SHORT = {
    "s": "step", "si": "step", "stepi": "step", "S": "back", "bs": "back", "rs": "back", "reverse-step": "back",
    "x": "stage", "X": "unstage", "t": "trap", "T": "untrap", "c": "run", "continue": "run", "C": "runback",
    "rc": "runback", "reverse-continue": "runback", "u": "until", "advance": "until", "o": "out", "O": "unout",
    "g": "goto", "b": "break", "del": "delete", "r": "registers", "reg": "registers", "m": "storage", "l": "list",
    "d": "differs", "w": "who", "y": "why", "v": "select", "p": "print", "i": "info", "dis": "disassemble", "h": "help",
    "?": "help", "n": "over", "nexti": "over", "rn": "unover", "finish": "out", "q": "quit",
    "stor": "storage", "con": "console", "dev": "devices", "stat": "status",
}  # fmt: skip


@pytest.mark.parametrize(("word", "name"), SHORT.items())
def test_the_common_short_forms_are_aliases_so_that_no_new_command_changes_them(word, name):
    assert word in (REGISTRY.commands[name].name, *REGISTRY.commands[name].aliases)
    assert REGISTRY.find(word).name == name


@pytest.mark.parametrize(
    ("word", "named"),
    [
        pytest.param("stepp", '"step"', id="a letter too many"),
        pytest.param("setp", '"step"', id="two letters exchanged"),
        pytest.param("pritn", '"print"', id="of gdb"),
        pytest.param("reverse-contnue", '"reverse-continue"', id="an alias"),
        pytest.param("qwery", '"query"', id="of CP"),
        pytest.param("exernal", '"external"', id="of CP, a letter left out"),
    ],
)
def test_an_unknown_word_is_answered_with_the_nearest(word, named):
    with pytest.raises(CommandError, match=f'there is no command "{word}"; did you mean .*{named}.*; help lists'):
        REGISTRY.find(word)


@given(st.text("abc", max_size=6), st.text("abc", max_size=6), st.text("abc", max_size=6))
def test_the_distance_of_words_is_symmetric_and_counts_no_more_than_the_longer_has_letters(one, two, three):
    assert distance(one, two) == distance(two, one) <= max(len(one), len(two))
    assert (distance(one, two) == 0) == (one == two)
    assert distance(one + three, two + three) <= distance(one, two)


@pytest.mark.parametrize(
    ("line", "column", "length"),
    [
        pytest.param("step x", 5, 1, id="operand"),
        pytest.param("  step   x", 9, 1, id="blanks before"),
        pytest.param("storage 200 16 x", 15, 1, id="one too many"),
        pytest.param("until NOWHERE", 6, 7, id="label"),
        pytest.param("print $r5 + $zz", 12, 3, id="within an expression"),
        pytest.param("print (1", 8, 1, id="where an expression ends"),
        pytest.param("select NOBODY", 7, 6, id="found out by the command"),
        pytest.param("stepp", 0, 5, id="the command itself"),
        pytest.param("trap", None, 1, id="no word is wrong"),
    ],
)
def test_a_complaint_knows_where_in_the_line_the_trouble_is(kernel, line, column, length):
    if column is None:
        kernel = DebugSession()  # Nothing is loaded: that is no word's fault.
    with pytest.raises(CommandError) as error:
        run_line(kernel, line)
    assert (error.value.column, error.value.length) == (column, length)


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("step x", '"x" is not a number from 1 on; see help step'),
        ("until NOWHERE", "kernel.asm has no symbol NOWHERE"),
        ("until", "until needs ADDRESS; usage: until ADDRESS"),
        ("trap 1", 'trap does not take "1"; usage: trap'),
    ],
)
def test_a_wrong_operand_is_told_what_is_expected_and_where_help_is(kernel, line, sentence):
    with pytest.raises(CommandError) as error:
        run_line(kernel, line)
    assert sentence in str(error.value)


# ---- examples --------------------------------------------------------------------------------------------------------

EVERY = list(REGISTRY.commands.values())
EXAMPLES = [
    pytest.param(command, example.partition(" : ")[0], id=example.partition(" : ")[0])
    for command in EVERY
    for example in command.examples
]


@pytest.mark.parametrize("found", EVERY, ids=lambda c: c.name)
def test_every_command_has_examples_that_say_what_they_do(found):
    assert found.examples
    assert [example for example in found.examples if not all(example.partition(" : "))] == []


@pytest.mark.parametrize(("found", "line"), EXAMPLES)
def test_the_line_of_an_example_is_carried_out_by_its_command(found, line):
    assert [REGISTRY.of_line(one.strip()).name for one in line.split(";")][:1] == [found.name]


UNDER_CP = "load cp kernel second", "mark before", "run 900", "goto before", "enter HELLO", "run 200", "break 206"
BARE = "load bare kernel", "mark before", "run 300", "goto before", "enter HELLO"
"""What is done before the examples are tried: there is a mark, another branch, a past and a future."""
RARE = {"unbranch", "system", "deck", "logon", "attach", "mount", "save", "export", "ipl", "cause"}
"""Commands whose examples need files, users or failures that are not there."""


def test_every_command_has_an_example_that_runs_and_where_one_does_not_fit_there_is_a_sentence(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    some = sorted((c for c in EVERY if not c.tutor), key=lambda c: c.group == "machine")  # Those that load come last.
    ran = set(_that_run(UNDER_CP, some))
    ran |= set(_that_run(BARE, [c for c in some if c.name not in ran]))
    left = [c for c in some if c.name not in ran | RARE]  # Those before took away what they need.
    assert {c.name for c in left} == {name for c in left for name in _that_run(UNDER_CP, [c])}


def _that_run(before, some):
    session = _prepared(before)
    recording, unit = session.recording, session.recording.unit
    for found in some:
        for example in found.examples:
            if _runs(session, example.partition(" : ")[0]):
                yield found.name
            if session.recording is not recording:
                session = _prepared(before)
                recording = session.recording
            recording.goto(min(unit, recording.position_of_step(session.total - 1)))


def _prepared(lines):
    session = DebugSession()
    for line in lines:
        run_line(session, line)
    return session


def _runs(session, line):
    try:
        run_line(session, line)
    except UserError as error:
        return "\n" in str(error)
    return True


# ---- operands --------------------------------------------------------------------------------------------------------

FINITE = {
    *("guest", "rule", "device", "choice", "breakpoint", "topic", "lesson", "program", "option", "device type", "mark"),
    *("branch", "user", "cp command", "cp operand", "address", "expression", "file", "display", "port"),
}
OPERANDS = [pytest.param(c, a, id=f"{c.name} {a.name}") for c in EVERY for a in c.arguments]


@pytest.mark.parametrize(("found", "argument"), OPERANDS)
def test_every_operand_has_a_kind_and_one_of_finitely_many_values_has_completion(found, argument):
    assert argument.kind
    assert argument.kind != "word"
    assert argument.kind not in FINITE or argument.complete or argument.offer


@pytest.mark.parametrize(("found", "argument"), OPERANDS)
def test_every_word_offered_for_an_operand_of_one_word_is_one(kernel, found, argument):
    if found.tutor or argument.kind in ("file", "step") or argument.rest or argument.many:
        return  # What is in a directory or a recording need not fit; of several words one is only the beginning.
    words = argument.offer(kernel, "") if argument.offer else argument.complete(kernel) if argument.complete else ()
    for word in words:
        argument.parse(kernel, word.partition("\t")[0])


@pytest.mark.parametrize("name", ["print", "examine", "autodisplay", "set", "help", "cp", "load", "fail"])
def test_every_word_offered_at_the_end_of_a_line_begins_one_that_is_understood(kernel, name):
    found = REGISTRY.commands[name]
    argument = found.arguments[-1]
    for word in argument.offer(kernel, "") if argument.offer else argument.complete(kernel):
        text = word.partition("\t")[0]
        value = argument.parse(kernel, f"{text} = 0" if name == "set" else text)
        assert value or value == 0


def test_every_key_of_the_screen_that_runs_a_line_runs_a_command_there_is():
    for key in KEYS:
        if key.line:
            assert REGISTRY.find(key.words.split()[0]).name in REGISTRY.commands


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
        pytest.param("delete ", ["1", "last", "all"], id="breakpoint"),
        pytest.param("cp disp", ["display"], id="cp command"),
        pytest.param("cp display p", ["psw"], id="operand of a cp command"),
        pytest.param("cp query na", ["names"], id="question to cp"),
        pytest.param("cp set ec", ["ecmode"], id="option of cp's set"),
        pytest.param("DISPLAY ps", ["psw"], id="cp's word without cp"),
        pytest.param("TRACE PR", ["program", "priv"], id="cp's word in capitals"),
        pytest.param("begi", ["begin"], id="command that is cp's too"),
        pytest.param("QUER", ["QUERY"], id="cp's word in capitals at the start"),
        pytest.param("cont", ["cont", "continue"], id="aliases that do not begin as their command"),
        pytest.param("until START+22", ["START+22"], id="label and offset"),
        pytest.param("print $r1", ["$r1", "$r10", "$r11", "$r12", "$r13", "$r14", "$r15"], id="register"),
        pytest.param("print 4+STARTI", ["4+STARTIO"], id="behind an operator"),
        pytest.param("x/4i STARTI", ["STARTIO"], id="behind a format"),
        pytest.param("set $c", ["$cc", *(f"$cr{n}" for n in range(16))], id="what can be set"),
        pytest.param("info reg", ["registers"], id="topic of info"),
        pytest.param("help topic expr", ["expressions"], id="topic of help"),
        pytest.param("help cp disc", ["disconn"], id="help of a cp command"),
        pytest.param("dialect b", ["both"], id="setting"),
        pytest.param("load cp kernel se", ["second"], id="program behind others"),
        pytest.param("fail system d", ["damage"], id="several words"),
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


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        pytest.param("mount my", ['"my tape.aws"', "my.aws"], id="a name with a blank gets quotation marks"),
        pytest.param('mount "my t', ['tape.aws"'], id="within quotation marks, behind a blank"),
        pytest.param("mount sub/", ["sub/deck"], id="a directory's files"),
        pytest.param("mount su", ["sub/"], id="a directory"),
        pytest.param("mount .h", [".hidden"], id="hidden only when asked for"),
        pytest.param("attach 181 3420 m", ['"my tape.aws"', "my.aws"], id="third operand"),
        pytest.param("mount nothing/x", [], id="no such directory"),
    ],
)
def test_file_names_are_completed_and_what_is_offered_can_be_typed(tmp_path, monkeypatch, typed, offered):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sub").mkdir()
    for name in ("my.aws", "my tape.aws", "sub/deck", ".hidden"):
        (tmp_path / name).write_text("")
    found = [word.text for word in REGISTRY.complete(DebugSession(), typed)]
    assert [word for word in found if "." in word or "/" in word] == offered
    for word in offered:
        line = typed[: len(typed) - len(typed.rpartition(" ")[2])] + word
        assert (tmp_path / split(line)[-1]).exists()


def test_completion_changes_nothing_and_looks_at_no_page(kernel):
    before = everything(kernel), kernel.recording.unit, kernel.total
    for found in EVERY:
        for text in ("", "K", "START+", "$r", "200 "):
            REGISTRY.complete(kernel, f"{found.name} {text}") if not found.tutor else None
    assert differences(everything(kernel), before[0]) == []
    assert (kernel.recording.unit, kernel.total) == before[1:]


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
