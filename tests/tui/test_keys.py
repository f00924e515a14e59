"""The key table: every key once, every command in the registry, the footer made of it and never cut."""

import re
from collections import Counter

import pytest

from edu_hv.debugger.commands.registry import REGISTRY
from edu_hv_tui.keys import KEYS, LAST, MORE, NARROW, bindings, footer_rows
from edu_hv_tui.screens.main import MainScreen
from edu_hv_tui.text.help import help_rows
from edu_hv_tui.text.rows import length, plain

COMMANDS = {key.name: key.line for key in KEYS if key.line}


def test_no_key_is_bound_twice():
    counted = Counter(name for key in KEYS for name in key.keys)
    assert [name for name, count in counted.items() if count > 1] == []


def test_keys_and_the_command_lines_they_run():
    assert {key.shown: key.line for key in KEYS if key.line} == {
        "s": "step",
        "S": "back",
        "x": "stage",
        "X": "unstage",
        "t": "trap",
        "T": "untrap",
        "c": "run",
        "C": "runback",
        "u": "until {cursor}",
        "o": "output",
        "b": "break {cursor}",
        "d": "differs",
        "w": "why",
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
        " s step  S back  x/X stage  t/T trap  c run  5 lesson  z zoom  : command  ? help"
    ]


def test_footer_at_120_columns():
    assert [plain(line) for line in footer_rows(120, 2)] == [
        " s/S step/back  x/X stage  t/T trap  c/C run  o until output  u until cursor  b break"
        "  k check  h hint  a answer",
        " 1-9 pane  z zoom  : command  w why  d differs  [ ] prev/next lesson  q quit  v next guest  r restart  ? help",
    ]


def test_footer_speaks_only_of_keys_in_the_table():
    shown = {key.shown for key in KEYS}
    for keys, _ in (*NARROW, *MORE, LAST):
        for key in {"1-9": ["1", "9"], "[ ]": ["[", "]"]}.get(keys, keys.split("/")):
            assert key in shown, key


def test_help_has_every_key():
    text = "\n".join(plain(line) for line in help_rows((), 80))
    for key in KEYS:
        assert f"  {key.shown}" in text
        assert key.words in text


def test_the_number_that_help_has_for_a_command_is_the_key_of_its_pane():
    panes = {key.name: key.shown for key in KEYS if key.action.startswith("pane")}
    told = {name: found.keys for name, found in REGISTRY.commands.items() if found.keys.isdigit()}
    assert told == {name: panes[name] for name in told}
    assert told["console"] == "9"
