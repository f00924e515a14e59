"""The screen at its sizes, driven by keys, over the sample workbench."""

import re
from dataclasses import replace

import pytest
from textual import events

from edu_hv.debugger.views import BreakpointsView, BreakpointView, ConsoleView, StopView, TextView
from edu_hv.isa.errors import UserError
from edu_hv_tui import failures, themes
from edu_hv_tui.app import EduHvApp, run
from edu_hv_tui.keys import KEYS
from edu_hv_tui.screens.help import HelpScreen
from edu_hv_tui.text.console import echo_row
from edu_hv_tui.text.rows import plain
from edu_hv_tui.widgets.command_pane import KEPT
from edu_hv_tui.widgets.rows import Rows
from tests.tui.conftest import main_screen, opened, painted_by, screen_text, settled
from tests.tui.samples import LESSON, STATUS, STORAGE, FakeWorkbench

LOW, HIGH = (80, 24), (120, 40)


async def press(pilot, *keys):
    await pilot.press(*keys)
    await settled(pilot)


def titles(pilot):
    """Numbers of the panes in sight."""
    return sorted(re.findall(r"[┌╔][─═]\[(\d)", screen_text(pilot)))


# ---- what is where -------------------------------------------------------------------------------------------


async def test_80x24_from_top_to_bottom(workbench):
    async with opened(workbench, LOW) as pilot:
        await press(pilot, "s")
        assert screen_text(pilot).splitlines() == [
            " CMS1 1/2  step 1205/9871  STOP trap 02 privileged-op     guest SUP | real PROB",
            "╔═[1 code  CMS1  LOOP+8]══════════════════════╗┌─[2 regs *written <read  +5]───┐",
            "║ . 012330  8000C010  SSM   MASK      TRAP 02 ║│R0  *00000005  R8   00008000   │",
            "║   012334  0A05      SVC   5           SVC 5 ║│R1   00001000  R9   00009000   │",
            "║ > 012336  4780C09A  BZ    DONE     branches ║│R2   00002000  R10  0000A000   │",
            "║B  01233A  82000068  LPSW  X'68'  privileged ║│R3   00003000  R11  0000B000   │",
            "║   01233E  9C00000C  SIO   X'00C'       priv ║│R4   00004000  R12 <0000C000   │",
            "║   012342  4770C0A2  BNZ   LOOP              ║│R5   00005000  R13  0000D000   │",
            "║   012346  1B00      SR    0,0               ║│R6   00006000  R14  0000E000   │",
            "║   012348  9200C010  MVI   MASK,X'00'        ║│R7   00007000  R15  0000F000   │",
            "╚════════[! trap  > now  . executed  B break]═╝└────────[CC 0 zero (SR 15,15)]─┘",
            "┌─[3 trap x-ray  stage 5 of 6  SSM at ..]─┐┌─[4 PSW  guest | real | why]───────┐",
            "│.  done: 1 guest to 2 hardware           ││mask  00*  07    CP keeps its own  │",
            "│.3 decode   operation 80 = SSM operand ..││                 mask              │",
            "│.4 rule     YES P2 -> simulate ..        ││DAT   off  on    shadow tables map │",
            "│>5 do       guest mask 03 -> 00, real    ││                 the guest         │",
            "│            mask stays 07                ││key   0    0     same              │",
            "│ 6 run      to come                      ││state SUP  PROB  so privileged     │",
            "└─[why: virtual supervisor state: CP a..]─┘└──────────────────[rows 1-6 of 11]─┘",
            "time|.....>..........................................................| 1205",
            "cp> step                 ( s )",
            "step 5, step, done",
            "cp>",
            " s step  S back  x/X stage  t/T trap  c run  w who  5 lesson  : command  ? help",
        ]


async def test_120x40_shows_all_panes_and_what_the_guest_printed(workbench):
    async with opened(workbench, HIGH) as pilot:
        assert titles(pilot) == list("123456789")
        lines = screen_text(pilot).splitlines()
        assert len(lines) == 40
        assert lines[0].endswith("lesson 3 goals 1/3   guest SUP | real PROB")
        assert any("READY;" in line for line in lines)
        assert lines[-1].endswith("? help")


async def test_at_every_size_the_screen_is_filled_and_nothing_overlaps(workbench):
    async with opened(workbench, HIGH) as pilot:
        await press(pilot, "s")
        for size in (LOW, (93, 31), (80, 40), (110, 24), (119, 39), (160, 50), (200, 60), (109, 33), (111, 34), HIGH):
            await pilot.resize_terminal(*size)
            await settled(pilot)
            lines = screen_text(pilot).splitlines()
            assert len(lines) == size[1]
            assert lines[-1].endswith("? help")
            regions = [w.region for w in pilot.app.screen.query(Rows) if w.display and w.region]
            prompt = main_screen(pilot).prompt.region
            assert sum(region.area for region in regions) + prompt.area == size[0] * size[1], size
            assert {"1", "2", "3", "4"} <= set(titles(pilot))
        assert titles(pilot) == list("123456789")


async def test_too_small_a_terminal_gets_one_line_and_loses_nothing(workbench):
    async with opened(workbench, HIGH) as pilot:
        await press(pilot, "s", "colon", "s", "t")
        for size in ((79, 23), (79, 40), (120, 23), (30, 8)):
            await pilot.resize_terminal(*size)
            await settled(pilot)
            words = " ".join(screen_text(pilot).split())
            assert words == f"this terminal is {size[0]}x{size[1]}; edu-hv needs 80x24: enlarge it, or run edu-hv repl"
            await press(pilot, "c")
            assert workbench.lines == ["step"]
        await pilot.resize_terminal(*HIGH)
        await settled(pilot)
        assert "cp> step                 ( s )" in screen_text(pilot)
        assert main_screen(pilot).prompt.value == "st"
        assert titles(pilot) == list("123456789")


# ---- panes ---------------------------------------------------------------------------------------------------


async def test_at_80x24_a_pane_takes_the_place_of_the_lower_pair(workbench):
    async with opened(workbench, LOW) as pilot:
        await press(pilot, "s")
        for number in "56789":
            await press(pilot, number)
            assert titles(pilot) == ["1", "2", number]
            await press(pilot, "3" if number in "57" else "escape")
            assert titles(pilot) == list("1234")


@pytest.mark.parametrize("size", [LOW, HIGH, (80, 40)])
async def test_zoom_shows_one_pane_alone_and_gives_all_back(workbench, size):
    async with opened(workbench, size) as pilot:
        await press(pilot, "s", "escape")
        before = titles(pilot)
        for number in "14589":
            await press(pilot, number, "z")
            assert titles(pilot) == [number]
            await press(pilot, "z", "escape")
            assert titles(pilot) == before


async def test_only_the_focused_pane_has_the_heavy_frame(workbench):
    async with opened(workbench, HIGH) as pilot:
        for number in "123456789":
            await press(pilot, number)
            assert re.findall(r"╔═\[(\d)", screen_text(pilot)) == [number]


async def test_a_low_screen_opens_on_the_lesson_and_the_first_step_puts_it_away(workbench):
    async with opened(workbench, LOW) as pilot:
        assert titles(pilot) == ["5"]
        await press(pilot, "h")
        assert titles(pilot) == ["5"]
        await press(pilot, "s")
        assert titles(pilot) == list("1234")


async def test_differs_shows_only_what_differs(workbench):
    async with opened(workbench, HIGH) as pilot:
        assert re.search("key +0 +0 +same", screen_text(pilot))
        await press(pilot, "d")
        assert not re.search("key +0 +0 +same", screen_text(pilot))
        assert "cp> differs              ( d )" in screen_text(pilot)
        await press(pilot, "d")
        assert re.search("key +0 +0 +same", screen_text(pilot))


# ---- keys and commands ---------------------------------------------------------------------------------------


async def test_every_key_runs_its_command_and_says_so(workbench):
    async with opened(workbench, HIGH) as pilot:
        await press(pilot, "1")
        for key in (key for key in KEYS if key.line and key.name != "differs"):
            cursor = f"{main_screen(pilot).code.cursor:06X}"
            filled = {"thing": f"{cursor}.2", "explain": "explain", "new": "m2", "mark": "m1"}
            line = key.line.format(cursor=cursor, guest="CMS2", **filled)
            for alias in key.keys:
                workbench.session.stopped.set()
                workbench.session.at = 4
                main_screen(pilot).refresh_views()
                await press(pilot, alias)
                assert workbench.lines[-1] == line, alias
                assert plain(echo_row(line, key.shown)) in screen_text(pilot)


async def test_the_cursor_says_where_b_and_u_apply(workbench):
    async with opened(workbench, HIGH) as pilot:
        await press(pilot, "1", "down", "down", "down")
        assert "[cursor 01233E  home: back]" in screen_text(pilot)
        await press(pilot, "b", "b", "down", "b", "home", "b")
        assert workbench.lines == ["break 01233E", "break 01233E", "break 012342", "break 012334"]


async def test_a_whole_line_in_one_burst_is_typed_and_not_taken_for_keys(workbench):
    """As a paste brings it: no key is looked at before the colon has led to the command line."""
    async with opened(workbench, HIGH) as pilot:
        before = list(workbench.lines)
        for letter in ":status a:b":
            pilot.app.post_message(events.Key({":": "colon", " ": "space"}.get(letter, letter), letter))
        await pilot.pause()
        await pilot.pause()
        assert main_screen(pilot).prompt.value == "status a:b"
        assert workbench.lines == before


async def test_typing_a_command(workbench):
    async with opened(workbench, HIGH) as pilot:
        await press(pilot, "colon", *"step")
        assert "enter run it" in screen_text(pilot)
        await press(pilot, "enter")
        assert workbench.lines == ["step"]
        assert "enter run it" not in screen_text(pilot)
        await press(pilot, "s")
        assert workbench.lines == ["step", "step"]


async def test_completion_and_history(workbench):
    async with opened(workbench, HIGH) as pilot:
        prompt = main_screen(pilot).prompt
        await press(pilot, "colon", "s", "tab")
        assert prompt.value == "st"
        await press(pilot, "tab")
        assert "stage  status  step  storage" in screen_text(pilot)
        await press(pilot, "e", "tab")
        assert prompt.value == "step "
        await press(pilot, "enter", "colon", "x", "y", "up")
        assert prompt.value == "step"
        await press(pilot, "down")
        assert prompt.value == "xy"


async def test_answer_key_begins_the_command(workbench):
    async with opened(workbench, HIGH) as pilot:
        await press(pilot, "a", "0", "enter")
        assert workbench.lines == ["answer 0"]


async def test_a_long_answer_is_read_from_its_beginning(workbench):
    async with opened(workbench, LOW) as pilot:
        await press(pilot, "s", "colon", *"long", "enter")
        assert titles(pilot) == ["1", "2", "8"]
        text = screen_text(pilot)
        assert "line 0" in text
        assert "line 29" not in text
        await press(pilot, "pagedown", "pagedown", "pagedown", "pagedown", "pagedown", "pagedown")
        assert "line 29" in screen_text(pilot)


async def test_a_users_mistake_is_one_sentence_and_nothing_is_lost(workbench):
    async with opened(workbench, HIGH) as pilot:
        await press(pilot, "colon", *"wrong", "enter", "colon", "up")
        assert "! wrong is not right; try step" in screen_text(pilot)
        assert main_screen(pilot).prompt.value == "wrong"


async def test_our_mistake_is_one_sentence_with_the_place_of_the_details(workbench, monkeypatch, tmp_path):
    monkeypatch.setattr(failures, "directory", lambda: tmp_path)
    async with opened(workbench, (200, 60)) as pilot:
        await press(pilot, "colon", *"broken", "enter")
        text = screen_text(pilot)
        assert "Traceback" not in text
        assert '! "broken" failed inside edu-hv (KeyError); the details are in' in text
        assert "R17" in (tmp_path / failures.FILE).read_text()
        await press(pilot, "escape", "s")
        assert workbench.lines[-1] == "step"


def test_details_that_cannot_be_written_are_said_to_be_missing(monkeypatch, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("")
    monkeypatch.setattr(failures, "directory", lambda: blocked / "log")
    assert "could not be written" in failures.report(ValueError("x"), "step")


async def test_a_long_run_is_announced_and_can_be_stopped(workbench):
    async with opened(workbench, HIGH) as pilot:
        await pilot.press("c")
        await pilot.pause(0.6)
        assert "running... esc stops" in screen_text(pilot).splitlines()[0]
        await pilot.press("s")
        await pilot.pause()
        assert "! step: not now, run is still running; esc stops it" in screen_text(pilot)
        await press(pilot, "escape")
        assert "running" not in screen_text(pilot).splitlines()[0]
        assert workbench.lines == ["run"]
        assert "step 4, run, done" in screen_text(pilot)


@pytest.mark.parametrize("key", ["ctrl+c", "escape"])
@pytest.mark.parametrize("typing", [False, True], ids=["keys", "command-line"])
@pytest.mark.parametrize("wait", [0, 0.6], ids=["at-once", "long"])
async def test_a_run_is_stopped_wherever_the_focus_is(workbench, key, typing, wait):
    async with opened(workbench, LOW) as pilot:
        await pilot.press("c", *(["colon", "x"] if typing else []))
        await pilot.pause(wait)
        assert main_screen(pilot).runner.going == "run"
        await press(pilot, key)
        assert workbench.lines == ["run"]
        assert "step 4, run, done" in screen_text(pilot)
        assert not pilot.app._notifications


@pytest.mark.parametrize("typing", [False, True], ids=["keys", "command-line"])
async def test_ctrl_c_tells_how_to_leave_while_nothing_runs(workbench, typing):
    async with opened(workbench, LOW) as pilot:
        await press(pilot, *(["colon"] if typing else []), "ctrl+c")
        assert [each.title for each in pilot.app._notifications] == ["Do you want to quit?"]
        assert not workbench.session.stopped.is_set()


async def test_a_run_that_had_not_begun_when_it_was_to_stop_is_told_again(workbench):
    async with opened(workbench, LOW) as pilot:
        await pilot.press("c")
        told = []
        workbench.session.interrupt = lambda: told.append("stop")
        await pilot.press("ctrl+c")
        await pilot.pause(0.6)
        assert len(told) > 1
        workbench.session.stopped.set()


async def test_a_long_run_shows_the_step_and_what_the_guest_types(workbench):
    async with opened(workbench, HIGH) as pilot:
        await pilot.press("c")
        workbench.session.at, workbench.session.lines = 8765, ("READY;", "HELLO", "TASK 1")
        await pilot.pause(0.6)
        text = screen_text(pilot)
        assert text.splitlines()[0].startswith(" CMS1 1/2  step 9965/9965  running... esc stops")
        assert "TASK 1" in text
        assert "TASK 1" not in text.splitlines()[-1]
        await press(pilot, "ctrl+c")


async def test_a_long_run_shows_the_newest_line_where_the_console_has_no_room(workbench):
    async with opened(workbench, LOW) as pilot:
        await press(pilot, "s")
        await pilot.press("c")
        workbench.session.lines = ("READY;", "HELLO", "TASK 1")
        await pilot.pause(0.6)
        assert screen_text(pilot).splitlines()[-1] == " esc/ctrl+c stop  9 console   CMS1| TASK 1"
        await pilot.press("9")
        await pilot.pause(0.6)
        assert "TASK 1" in screen_text(pilot)
        assert screen_text(pilot).splitlines()[-1] == " esc/ctrl+c stop  9 console"
        await press(pilot, "ctrl+c")
        assert screen_text(pilot).splitlines()[-1].endswith("? help")


@pytest.mark.parametrize("lines", [("READY;",), ("READY;", "OTHER", "TASK 1")], ids=["went-back", "another-past"])
async def test_a_long_run_shows_no_lines_of_a_past_that_it_searches(workbench, lines):
    async with opened(workbench, LOW) as pilot:
        await press(pilot, "s", "9")
        shown = main_screen(pilot).guest_console.view
        await pilot.press("c")
        workbench.session.lines = lines
        await pilot.pause(0.6)
        assert main_screen(pilot).guest_console.view == shown
        assert "CMS1|" not in screen_text(pilot)
        await press(pilot, "ctrl+c")


async def test_a_guest_that_is_not_there_while_another_is_loaded_is_no_failure(workbench, monkeypatch):
    def gone(name=None):
        raise UserError("there is no guest")

    async with opened(workbench, LOW) as pilot:
        await pilot.press("c")
        with monkeypatch.context() as loading:
            loading.setattr(workbench.session, "console", gone)
            await pilot.pause(0.6)
            assert "running... esc stops" in screen_text(pilot).splitlines()[0]
        await press(pilot, "ctrl+c")


WAITS = "the machine waits for an interruption that only its operator can bring: enter, request, key, mount"
DEAD = "disabled wait, PSW 00020000 0000DEAD: the machine has stopped"


@pytest.mark.parametrize(
    ("reason", "status"),
    [(WAITS, "STOP waits for its operator "), (DEAD, "STOP disabled wait 00DEAD ")],
    ids=["operator", "disabled"],
)
async def test_at_80_columns_the_whole_reason_of_a_stop_is_read(workbench, reason, status):
    sentence = "step 1208, 012342 LPSW WAITPSW, mask FF, wait state"
    stop = StopView(1208, 1208, reason, sentence)
    async with opened(answering(workbench, step=[stop]), LOW) as pilot:
        workbench.session.status = lambda: replace(STATUS, stop=reason, guest_state="WAIT", real_state="WAIT")
        await press(pilot, "s")
        lines = screen_text(pilot).splitlines()
        assert status in lines[0]
        assert f"stopped: {reason}; {sentence}" in " ".join(line.strip() for line in lines[-4:-2])
        await press(pilot, "8")
        words = " ".join(screen_text(pilot).replace("║", " ").split())
        assert f"stopped: {reason}; {sentence}" in words


async def test_an_answer_longer_than_its_rows_begins_with_the_reason_and_says_where_to_read_on(workbench):
    stop = StopView(1208, 1208, DEAD, "step 1208, " + "words " * 30 + "end")
    async with opened(answering(workbench, step=[stop]), LOW) as pilot:
        await press(pilot, "s")
        first, second = screen_text(pilot).splitlines()[-4:-2]
        assert first.startswith(f"stopped: {DEAD}; step")
        assert second.endswith("8 reads on")


@pytest.mark.parametrize("line", ["serve 3270", ":serve", "serve", "SERV"])
async def test_serve_is_said_to_be_in_the_other_face(workbench, line):
    async with opened(workbench, HIGH) as pilot:
        main_screen(pilot).run_line(line)
        await settled(pilot)
        assert "! serve is not in the full screen; it is in edu-hv repl" in screen_text(pilot)
        assert workbench.lines == []


async def test_keys_during_a_short_run_are_kept(workbench):
    async with opened(workbench, HIGH) as pilot:
        await press(pilot, "t", "t", "s", "t")
        assert workbench.lines == ["trap", "trap", "step", "trap"]


async def test_help_lists_keys_and_commands_and_closes(workbench):
    async with opened(workbench, LOW) as pilot:
        await press(pilot, "question_mark")
        assert isinstance(pilot.app.screen, HelpScreen)
        assert "one step of the guest  (runs: step)" in screen_text(pilot)
        await press(pilot, "end")
        assert "step [COUNT]" in screen_text(pilot)
        await press(pilot, "escape")
        assert titles(pilot) == ["5"]


async def test_quit_keeps_progress(workbench):
    async with opened(workbench, HIGH) as pilot:
        await pilot.press("q")
        await pilot.pause()
    assert workbench.saved == 1


# ---- painting ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [LOW, HIGH, (200, 60)])
async def test_a_step_paints_only_the_rows_that_changed(workbench, size):
    async with opened(workbench, size) as pilot:
        await press(pilot, "s", "s")
        painted, changed = await painted_by(pilot, "s")
        assert 0 < painted <= changed + 4


async def test_an_unchanged_view_paints_nothing(workbench):
    async with opened(workbench, HIGH) as pilot:
        await press(pilot, "s")
        rows = list(pilot.app.screen.query(Rows))
        before = sum(widget.painted for widget in rows)
        main_screen(pilot).refresh_views()
        await settled(pilot)
        assert sum(widget.painted for widget in rows) == before


# ---- colours -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "setting",
    [
        pytest.param({"NO_COLOR": "1"}, id="NO_COLOR"),
        pytest.param({"TERM": "vt100"}, id="vt100"),
        pytest.param({"TERM": "dumb"}, id="dumb"),
    ],
)
async def test_without_colours_nothing_breaks_and_no_colour_is_sent(workbench, monkeypatch, setting):
    for name, value in setting.items():
        monkeypatch.setenv(name, value)
    async with opened(workbench, LOW) as pilot:
        await press(pilot, "s", "colon", "a")
        assert pilot.app.theme == themes.WITHOUT_COLOUR
        for strip in pilot.app.screen._compositor.render_strips():
            for segment in strip:
                assert segment.style is not None
                for colour in (segment.style.color, segment.style.bgcolor):
                    assert colour is None or colour.is_default
        assert "trap 02" in screen_text(pilot)
        await press(pilot, "escape", "ctrl+p", "down")
        segments = [segment for strip in pilot.app.screen._compositor.render_strips() for segment in strip]
        assert all(segment.style.color is None or segment.style.color.is_default for segment in segments)
        assert ">" in [segment.text[0] for segment in segments if segment.style.reverse]


async def test_every_segment_has_a_style(workbench):
    async with opened(workbench, HIGH) as pilot:
        for strip in pilot.app.screen._compositor.render_strips():
            assert all(segment.style is not None for segment in strip)


async def test_themes_take_turns(workbench):
    async with opened(workbench, HIGH) as pilot:
        seen = []
        for _ in range(4):
            seen.append(pilot.app.theme)
            await press(pilot, "ctrl+t")
        assert seen == ["edu-dark", "edu-light", "edu-contrast", "edu-dark"]


# ---- the program ---------------------------------------------------------------------------------------------


def test_without_a_terminal_the_program_says_what_to_run_instead(capsys):
    assert run(FakeWorkbench) == 2
    assert capsys.readouterr().err == "the full screen needs a terminal; run edu-hv repl\n"


def test_the_app_can_be_made_without_a_terminal(workbench):
    assert EduHvApp(workbench).theme == "edu-dark"


async def test_long_lines_of_the_guest_are_shown_whole(workbench):
    line = "KERNEL: TASK A WITH STORAGE KEY 1, TASK B WITH KEY 2, AND MORE"
    workbench.session.console = lambda: ConsoleView("CMS1", (line,))
    async with opened(workbench, HIGH) as pilot:
        assert "AND MORE" in screen_text(pilot)


async def test_the_cursor_can_leave_the_code_first_shown(workbench):
    async with opened(workbench, HIGH) as pilot:
        code = main_screen(pilot).code
        last = code.view.lines[-1].address
        await press(pilot, "1", *["pagedown"] * 8)
        assert code.cursor > last
        assert f"[cursor {code.cursor:06X}  home: back]" in screen_text(pilot)
        assert f" {code.cursor:06X}  " in screen_text(pilot)
        await press(pilot, "s")
        assert code.cursor == code.view.lines[code.view.current].address


def answering(workbench, **answers):
    """The workbench with its answer to some commands given."""
    execute = workbench.execute

    def answered(line):
        usual = execute(line) if line.split()[0] not in answers else workbench.lines.append(line)
        return answers[line.split()[0]] if usual is None else usual

    workbench.execute = answered
    return workbench


REACHED = ("Goal 2 reached: Predict the guest's mask behind the SSM.", "The real mask is CP's and stays as it was.")


async def test_answers_are_shown_however_many_were_given_before(workbench):
    async with opened(workbench, LOW) as pilot:
        main_screen(pilot).commands.answer(f"old {n}" for n in range(KEPT))
        await press(pilot, "s")
        assert screen_text(pilot).splitlines()[-4:-2] == ["cp> step                 ( s )", "step 5, step, done"]
        await press(pilot, "colon", *"long", "enter")
        assert titles(pilot) == ["1", "2", "8"]
        assert "║cp> long" in screen_text(pilot)


@pytest.mark.parametrize("size", [(80, 24), (120, 24)])
async def test_a_long_answer_in_a_zoomed_pane_begins_with_its_command(workbench, size):
    async with opened(workbench, size) as pilot:
        await press(pilot, "s", "8", "colon", *"long", "enter", "z")
        rows = screen_text(pilot).splitlines()
        assert rows[2].startswith("║cp> long")
        assert rows[3].startswith("║line 0")
        await press(pilot, "z", "colon", *"step", "enter", "z")
        assert "║step 6, step, done" in screen_text(pilot)


async def test_the_page_follows_the_cursor_until_home_esc_or_a_step(workbench):
    async with opened(workbench, LOW) as pilot:
        await press(pilot, "escape")
        now = "> 012334"
        for back in ("home", "escape", "s"):
            await press(pilot, "1", *["pagedown"] * 3)
            assert now not in screen_text(pilot)
            cursor = main_screen(pilot).code.cursor
            assert f" {cursor:06X}  " in screen_text(pilot)
            await press(pilot, *["up"] * 9)
            assert f" {main_screen(pilot).code.cursor:06X}  " in screen_text(pilot)
            await press(pilot, back)
            assert not main_screen(pilot).code.moved
            assert (now if back != "s" else "> 012336") in screen_text(pilot)


async def test_b_keeps_the_cursor_and_shows_the_breakpoint(workbench):
    found = BreakpointsView((BreakpointView(1, 0x12330, "", 2), BreakpointView(2, 0x1233E, "IO", 0)))
    async with opened(answering(workbench, **{"break": [found]}), LOW) as pilot:
        await press(pilot, "escape", "down", "down", "down", "b")
        assert screen_text(pilot).splitlines()[-4:-2] == [
            "cp> break 01233E         ( b )",
            "breakpoints: 2 at 01233E IO, 1 at 012330",
        ]
        assert main_screen(pilot).code.cursor == 0x1233E


@pytest.mark.parametrize("size", [LOW, HIGH])
async def test_a_reached_goal_turns_the_page_to_the_next_one_seen_or_not(workbench, size):
    page = tuple(line for n in range(1, 9) for line in (f"{n}. Paragraph {n} " + "word " * 30, ""))
    lesson = replace(LESSON, page=page)
    async with opened(FakeWorkbench(lesson), size) as pilot:
        await press(pilot, "escape", "1", "3")
        pilot.app.screen.workbench._lesson = replace(
            lesson, goals=tuple(replace(goal, done=goal.number < 3) for goal in lesson.goals)
        )
        await press(pilot, "s", "5")
        pane = next(line for line in screen_text(pilot).splitlines() if "Paragraph" in line)
        assert "3. Paragraph 3" in pane
        await pilot.resize_terminal(*(HIGH if size == LOW else LOW))
        await settled(pilot)
        await press(pilot, "5")
        pane = next(line for line in screen_text(pilot).splitlines() if "Paragraph" in line)
        assert "3. Paragraph 3" in pane
        pilot.app.screen.workbench._lesson = replace(
            lesson, goals=tuple(replace(goal, done=True) for goal in lesson.goals), done=True
        )
        await press(pilot, "s")
        assert "Lesson done: every goal is" in screen_text(pilot)


async def test_what_the_lesson_says_is_shown_in_the_two_rows_to_its_end(workbench):
    said = [StopView(5, 5, "step", "step 5, a sentence"), TextView(REACHED, "lesson")]
    async with opened(answering(workbench, step=said), LOW) as pilot:
        await press(pilot, "s")
        rows = screen_text(pilot).splitlines()[-4:-2]
        assert " ".join(rows) == " ".join(REACHED)
        assert titles(pilot) == list("1234")


async def test_a_failing_lesson_command_leaves_the_panes_as_they_are(workbench):
    def refused(line):
        raise UserError("there is no lesson 9")

    async with opened(workbench, LOW) as pilot:
        await press(pilot, "s")
        workbench.execute = refused
        await press(pilot, "right_square_bracket", "colon", *"lesson", "space", "9", "enter")
        assert titles(pilot) == list("1234")
        assert "! there is no lesson 9" in screen_text(pilot)


async def test_command_and_answer_stay_apart_where_they_share_rows(workbench):
    sentence = "step 5, " + "words " * 15 + "end"
    async with opened(answering(workbench, step=[StopView(5, 5, "step", sentence)]), LOW) as pilot:
        await press(pilot, "s")
        assert "cp> step ( s ) : step 5, words" in screen_text(pilot)


async def test_words_to_choose_from_stand_alone(workbench):
    async with opened(workbench, LOW) as pilot:
        await press(pilot, "s", "colon", "s", "tab", "tab")
        assert screen_text(pilot).splitlines()[-4:-2] == ["stage  status  step  storage", ""]


async def test_help_during_a_run_says_how_to_stop_it(workbench):
    async with opened(workbench, LOW) as pilot:
        await press(pilot, "s")
        await pilot.press("c")
        await pilot.press("question_mark")
        await pilot.pause()
        assert "! running... esc stops" in screen_text(pilot)
        await press(pilot, "escape")


@pytest.mark.parametrize("unpin", ["6", "storage", "select", "lesson"])
async def test_storage_is_pinned_by_an_address_and_unpinned_by_another_guest(workbench, unpin):
    answers = {"storage": [STORAGE], "select": [], "lesson": [LESSON]}
    async with opened(answering(workbench, **answers), HIGH) as pilot:
        await press(pilot, "colon", *"storage", "space", *"100", "enter")
        assert "[pinned: 6 unpins" in screen_text(pilot)
        await press(pilot, "6")
        assert "[pinned: 6 unpins" in screen_text(pilot)
        if unpin == "6":
            await press(pilot, "6")
        else:
            await press(pilot, "colon", *unpin, "enter")
        assert "pinned" not in screen_text(pilot)
        assert main_screen(pilot)._wants().storage is None


async def test_zooming_out_of_the_page_that_opened_by_itself_keeps_it(workbench):
    async with opened(workbench, LOW) as pilot:
        await press(pilot, "z")
        assert titles(pilot) == ["1", "2", "5"]
        await press(pilot, "s")
        assert titles(pilot) == ["1", "2", "5"]


async def test_lines_of_cp_on_the_guests_console_are_marked(workbench):
    lines = ("KERNEL: READY", "DMKDSP450W CP ENTERED; DISABLED WAIT PSW")
    workbench.session.console = lambda: ConsoleView("CMS1", lines, frozenset({1}))
    async with opened(workbench, HIGH) as pilot:
        shown = screen_text(pilot)
        assert "CP: DMKDSP450W CP ENTERED" in shown
        assert "CP: KERNEL" not in shown


# ---- the thing under the cursor ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("keys", "who", "explained"),
    [
        pytest.param("1", "who 012334.2", "explain", id="the next instruction"),
        pytest.param("1 down", "who 012336", "address 012336", id="another instruction"),
        pytest.param("2", "who gr0", "explain", id="register"),
        pytest.param("2 right down", "who gr9", "explain", id="register of the second column"),
        pytest.param("2 end", "who cr2", "explain cr 2", id="control register"),
        pytest.param("2 end home", "who gr0", "explain", id="back to the first"),
        pytest.param("4", "who psw.mask", "explain psw", id="PSW field"),
        pytest.param("4 down down down down", "who psw.cc", "explain cc", id="condition code"),
        pytest.param("6 down right right", "who 012328", "address 012328", id="word of storage"),
    ],
)
async def test_w_and_e_are_about_the_thing_under_the_cursor(workbench, keys, who, explained):
    async with opened(workbench, HIGH) as pilot:
        await press(pilot, *keys.split(), "w", "e")
        assert workbench.lines == [who, explained]


async def test_the_thing_under_the_cursor_is_told_in_words(workbench):
    async with opened(workbench, HIGH) as pilot:
        await press(pilot, "2", "right", "down")
        assert "[R9  w who  e explain" in screen_text(pilot)
        await press(pilot, "1")
        assert "w who  e explain" not in screen_text(pilot)


@pytest.mark.parametrize("size", [LOW, HIGH])
async def test_the_cursor_stays_in_sight_and_shows_every_row(workbench, size):
    async with opened(workbench, size) as pilot:
        await press(pilot, "s", "4")
        pane, seen = main_screen(pilot).psw, []
        for _ in range(8):
            marked = [text for line in pane._shown for text, role in line if role == "cursor"]
            seen.append(marked)
            await press(pilot, "down")
        assert [len(each) for each in seen[:5]] == [1] * 5
        shown = "".join(text for line in pane._shown for text, _ in line)
        assert "070D0000" in shown


async def test_where_nothing_is_under_a_cursor_w_asks_and_e_explains_what_is_next(workbench):
    async with opened(workbench, HIGH) as pilot:
        await press(pilot, "7", "w")
        assert main_screen(pilot).prompt.value == "who "
        await press(pilot, "escape", "7", "e", "3", "e")
        assert workbench.lines == ["explain", "explain trap"]


# ---- marks and the timeline ----------------------------------------------------------------------------------


async def test_m_gives_the_next_free_name_and_the_apostrophe_returns_from_mark_to_mark(workbench):
    workbench.session.named = {"m1": 1100, "here": 1203, "m3": 1204}
    async with opened(workbench, HIGH) as pilot:
        await press(pilot, "m", "apostrophe")
        workbench.session.at = 3
        main_screen(pilot).refresh_views()
        await press(pilot, "apostrophe")
        assert workbench.lines == ["mark m2", "goto here", "goto m1"]


async def test_without_a_mark_the_apostrophe_says_how_to_make_one(workbench):
    workbench.session.named = {}
    async with opened(workbench, HIGH) as pilot:
        await press(pilot, "apostrophe")
        assert "! ': no moment is marked yet; m marks this one" in screen_text(pilot)
        assert workbench.lines == []


async def test_a_click_in_the_timeline_goes_to_that_step(workbench):
    async with opened(workbench, HIGH) as pilot:
        await pilot.click("#timeline", offset=(len("time|") + 41, 0))
        await settled(pilot)
        await pilot.click("#timeline", offset=(2, 0))
        await settled(pilot)
        assert workbench.lines == ["goto 42"]


async def test_zooming_the_timeline_answers_in_one_row(workbench):
    async with opened(workbench, LOW) as pilot:
        await press(pilot, "s", "plus")
        assert screen_text(pilot).splitlines()[-3].startswith("the timeline shows steps 1 to ")
        assert titles(pilot) == list("1234")


@pytest.mark.parametrize(("key", "begun"), [("slash", "find "), ("backslash", "findback "), ("equals_sign", "whatif ")])
async def test_keys_that_begin_a_command(workbench, key, begun):
    async with opened(workbench, HIGH) as pilot:
        await press(pilot, key)
        assert main_screen(pilot).prompt.value == begun


# ---- the palette ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["ctrl+p", "number_sign"])
async def test_the_palette_runs_a_command_or_asks_for_its_operands(workbench, key):
    async with opened(workbench, LOW) as pilot:
        await press(pilot, key, *"step", "enter")
        assert workbench.lines == ["step"]
        await press(pilot, key, *"goto", "enter")
        assert main_screen(pilot).prompt.value == "goto "
        assert workbench.lines == ["step"]
        await press(pilot, "escape", key, *"theme", "enter")
        assert pilot.app.theme == "edu-light"
        await press(pilot, key, "escape")
        assert titles(pilot) == ["5"]


async def test_the_palette_shows_what_is_chosen_and_its_keys(workbench):
    async with opened(workbench, LOW) as pilot:
        await press(pilot, "ctrl+p", *"undo the last")
        assert re.search(r"> back \[COUNT\] +S +Undo the last step", screen_text(pilot))
        assert "[enter: runs back" in screen_text(pilot)
        await press(pilot, *["backspace"] * 13, *"unmark")
        assert "[enter: to the command line, to be completed: unmark NAME" in screen_text(pilot)
        await press(pilot, *"qqq", *"qqq")
        assert "nothing is called so" in screen_text(pilot)
        await press(pilot, "enter")
        assert workbench.lines == []


async def test_the_choice_in_the_palette_moves_and_stays_in_sight(workbench):
    async with opened(workbench, LOW) as pilot:
        await press(pilot, "ctrl+p", "down", "down", "pagedown", "up")
        chosen = [line for line in screen_text(pilot).splitlines() if line.startswith("│> ")]
        palette = pilot.app.screen._pane
        assert len(chosen) == 1
        assert palette.view[palette.chosen].name in chosen[0]
        assert palette.chosen == 1 + palette.size.height - 3
        await press(pilot, *["pageup"] * 9)
        assert palette.chosen == 0


async def test_the_palette_during_a_run_says_how_to_stop_it(workbench):
    async with opened(workbench, LOW) as pilot:
        await press(pilot, "s")
        await pilot.press("c")
        await pilot.press("ctrl+p")
        await pilot.pause()
        assert "! running... esc stops" in screen_text(pilot)
        await press(pilot, "escape")


# ---- room for long answers -----------------------------------------------------------------------------------


async def test_in_a_high_screen_a_long_answer_gets_more_room_until_a_short_one(workbench):
    async with opened(workbench, HIGH) as pilot:
        await press(pilot, "1", "colon", *"long", "enter")
        assert titles(pilot) == list("123458")
        assert "line 6" in screen_text(pilot)
        await press(pilot, "s")
        assert titles(pilot) == list("123456789")
