"""The key table: every key once, every command in the registry, the footer made of it and never cut."""

import re
from collections import Counter

import pytest

from edu_hv.debugger.commands.registry import REGISTRY
from edu_hv.tutor import commands as of_the_tutor  # noqa: F401 - they belong to the registry, too
from edu_hv_tui.keys import ALSO, KEYS, LAST, MORE, NARROW, bindings, footer_rows
from edu_hv_tui.screens.main import MainScreen
from edu_hv_tui.text.help import help_rows
from edu_hv_tui.text.rows import length, plain

WORD = {"{explain}": "explain"}
COMMANDS = {key.name: key.line for key in KEYS if key.line}


def test_no_key_is_bound_twice():
    counted = Counter(name for key in KEYS for name in key.keys)
    assert [name for name, count in counted.items() if count > 1] == []


def test_keys_and_the_command_lines_they_run():
    assert {key.shown: key.line for key in KEYS if key.line} == {
        "s": "step",
        "S": "back",
        "n": "over",
        "N": "unover",
        "o": "out",
        "O": "unout",
        "x": "stage",
        "X": "unstage",
        "t": "trap",
        "T": "untrap",
        "c": "run",
        "C": "runback",
        "u": "until {cursor}",
        "U": "since {cursor}",
        "p": "output",
        "P": "unoutput",
        "b": "break {cursor}",
        "w": "who {thing}",
        "j": "jump",
        "J": "unjump",
        "f": "follow",
        "F": "unfollow",
        "e": "{explain}",
        "y": "why",
        "d": "differs",
        "m": "mark {new}",
        "'": "goto {mark}",
        "<": "goto start",
        ">": "goto end",
        "+": "timeline zoom in",
        "-": "timeline zoom out",
        "v": "select {guest}",
        "k": "check",
        "h": "hint",
        "g": "goals",
        "r": "restart",
        "[": "previous",
        "]": "next",
    }


def test_every_other_key_has_an_action_of_the_screen():
    for key in KEYS:
        assert bool(key.line) != bool(key.action), key.name
        if key.action:
            assert hasattr(MainScreen, f"action_{re.split(r'[(]', key.action)[0]}"), key.action


def test_bindings_have_an_id_for_keymaps():
    assert [binding.id for binding in bindings()] == [key.name for key in KEYS]


@pytest.mark.parametrize("width", [80, 96, 120, 160, 200])
@pytest.mark.parametrize("rows", [1, 2])
def test_footer_fits_and_ends_in_help(width, rows):
    lines = footer_rows(width, rows)
    assert len(lines) == rows
    assert all(length(line) <= width for line in lines)
    assert plain(lines[-1]).endswith("? help")


def test_footer_at_80_columns():
    assert [plain(line) for line in footer_rows(80, 1)] == [
        " s step  S back  x/X stage  t/T trap  c run  w who  5 lesson  : command  ? help"
    ]


def test_footer_at_120_columns():
    assert [plain(line) for line in footer_rows(120, 2)] == [
        " s/S step/back  n/N over  x/X stage  t/T trap  c/C run  u until cursor  b break  w who wrote  e explain"
        "  : command",
        " k check  h hint  a answer  1-9 pane  z zoom  # list  y why  d differs  m ' mark/return  / find"
        "  [ ] lessons  ? help",
    ]


def test_footer_speaks_only_of_keys_in_the_table():
    shown = {key.shown for key in KEYS} | set(ALSO.values())
    for keys, _ in (*NARROW, *MORE, LAST):
        for key in {"1-9": ["1", "9"], "[ ]": ["[", "]"], "m '": ["m", "'"], "/": ["/"]}.get(keys, keys.split("/")):
            assert key in shown, key


def test_help_has_every_key():
    text = "\n".join(plain(line) for line in help_rows((), 80))
    for key in KEYS:
        assert f"  {key.shown}" in text
        assert key.words in text


def test_help_of_a_command_names_the_keys_that_run_it():
    told = {name: found.keys.split() for name, found in REGISTRY.commands.items() if found.keys and not found.tutor}
    told = {name: keys for name, keys in told.items() if not keys[0].isdigit()}
    bound: dict[str, list[str]] = {}
    for key in KEYS:
        begun = key.line or "".join(re.findall(r"ask\('(.*)'\)", key.action))
        if begun and not REGISTRY.find(name := WORD.get(begun, begun.split()[0])).tutor:
            bound.setdefault(name, []).append(key.shown)
    assert told == bound


@pytest.mark.parametrize("key", [key for key in KEYS if key.shown.isupper()], ids=lambda key: key.shown)
def test_a_capital_letter_goes_the_other_way(key):
    forward = next(each for each in KEYS if each.shown == key.shown.lower())
    pairs = {"step": "back", "run": "runback", "until": "since"}
    assert key.name == pairs.get(forward.name, f"un{forward.name}")


def test_the_number_that_help_has_for_a_command_is_the_key_of_its_pane():
    panes = {key.name: key.shown for key in KEYS if key.action.startswith("pane")}
    told = {name: found.keys for name, found in REGISTRY.commands.items() if found.keys.isdigit()}
    assert told == {name: panes[name] for name in told}
    assert told["console"] == "9"
