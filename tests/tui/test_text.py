"""What each pane says, as text grids."""

from dataclasses import replace

import pytest

from edu_hv.debugger import DebugSession
from edu_hv.debugger.commands.locations import parse_location
from edu_hv.debugger.commands.registry import REGISTRY
from edu_hv.debugger.views import (
    CodeLine,
    CodeView,
    ComparedValue,
    LogView,
    StatusView,
    StopView,
    TimelinePin,
    TimelineView,
)
from edu_hv_tui.text import things
from edu_hv_tui.text.code import code_row, page, place
from edu_hv_tui.text.compared import compared_rows
from edu_hv_tui.text.console import stop_line
from edu_hv_tui.text.frame import ASCII, LINES, framed
from edu_hv_tui.text.lesson import lesson_rows, moved_row, page_rows, paragraph_row
from edu_hv_tui.text.log import log_rows
from edu_hv_tui.text.notice import notice_rows
from edu_hv_tui.text.palette import NOT_HERE, entries, found
from edu_hv_tui.text.psw import psw_rows
from edu_hv_tui.text.registers import registers_rows
from edu_hv_tui.text.rows import fit, plain, row, wrap
from edu_hv_tui.text.status import shortened, status_row
from edu_hv_tui.text.storage import storage_rows, storage_title
from edu_hv_tui.text.timeline import step_under, timeline_line, timeline_row
from edu_hv_tui.text.xray import rule_rows, xray_rows
from tests.tui.samples import LESSON, LOG, PSW, RULES, STATUS, STORAGE, code, registers, xray


def text(rows, width=None, height=None):
    """Rows as the pane shows them."""
    shown = rows[:height] if height else rows
    return [plain(fit(line, width) if width else line).rstrip() for line in shown]


@pytest.mark.parametrize(
    ("width", "expected"),
    [
        pytest.param(
            80,
            " CMS1 1/2  step 1204/9871  STOP trap 02 privileged-op     guest SUP | real PROB ",
            id="80",
        ),
        pytest.param(
            120,
            " CMS1 1/2  step 1204/9871  STOP trap 02 privileged-op"
            "                        lesson 3 goals 1/3   guest SUP | real PROB ",
            id="120",
        ),
    ],
)
def test_status_says_guest_step_stop_and_states(width, expected):
    assert plain(status_row(STATUS, width, "lesson 3 goals 1/3")) == expected


def test_long_stop_reason_gives_way_to_the_states():
    view = StatusView("bare", (), 1, 1, "x" * 90, "SUP", "SUP", "bare", "", 0)
    shown = plain(status_row(view, 80))
    assert len(shown) == 80
    assert shown.endswith("..  guest SUP | real SUP ")


@pytest.mark.parametrize(
    ("stop", "shown"),
    [
        ("disabled wait, PSW 00020000 0000DEAD: the machine has stopped", "disabled wait 00DEAD"),
        (
            "the machine waits for an interruption that only its operator can bring: enter, request, key, mount",
            "waits for its operator",
        ),
        ("2,000,000 steps without a stop; run goes on", "2,000,000 steps, no stop"),
        ("2,000,000 steps without a stop; run goes on; the same interruption comes", "2,000,000 steps, no stop"),
        ("every guest has stopped in CP mode; cp begin lets one go on", "all guests in CP mode"),
        ("no guest can run: A and B waits for what must come from outside", "no guest can run"),
        ("check-stop: a failure that could not interrupt has stopped the machine", "check-stop"),
        ("kernel is loaded and stands at its entry", "loaded, at its entry"),
    ],
)
def test_reason_of_a_stop_gives_way_to_what_matters_of_it(stop, shown):
    assert shortened(stop, 26) == shown
    assert shortened(stop, 200) == stop


@pytest.mark.parametrize(
    ("reason", "shown"),
    [
        ("step", "step 5, LA"),
        ("trap: privileged operation (stage 2 hardware)", "step 5, LA"),
        ("breakpoint 1 at 000104", "stopped: breakpoint 1 at 000104; step 5, LA"),
    ],
)
def test_answer_of_a_stop_says_why_where_its_sentence_does_not(reason, shown):
    assert stop_line(StopView(5, 9, reason, "step 5, LA")) == shown


@pytest.mark.parametrize(
    ("step", "total", "width", "shown"),
    [
        (1204, 1204, 80, "step 1204/1204  "),
        (1977038977, 1977038977, 80, "step 1977038977  "),
        (1977038977, 1977038978, 80, "step 1977038977/1977038978  "),
        (1977038977, 1977038977, 120, "step 1977038977/1977038977  "),
    ],
)
def test_many_steps_recorded_are_left_out_at_80_columns_while_none_is_undone(step, total, width, shown):
    assert f"  {shown}STOP" in plain(status_row(replace(STATUS, step=step, total=total), width))


def test_status_of_a_run_says_how_to_stop_it():
    assert "running... esc stops" in plain(status_row(STATUS, 80, running=True))


def test_code_at_80_columns():
    view = code()
    assert text([code_row(line, 45) for line in view.lines[:9]]) == [
        "   012328  1B00      SR    0,0",
        "   01232A  9200C010  MVI   MASK,X'00'",
        " . 01232E  1BFF      SR    15,15   cc 0 zero",
        "!  012330  8000C010  SSM   MASK      TRAP 02",
        " > 012334  0A05      SVC   5           SVC 5",
        "   012336  4780C09A  BZ    DONE     branches",
        "B  01233A  82000068  LPSW  X'68'  privileged",
        "   01233E  9C00000C  SIO   X'00C'       priv",
        "   012342  4770C0A2  BNZ   LOOP",
    ]


def test_code_with_room_shows_labels_and_comments_in_columns():
    view = code()
    assert text([code_row(line, 84) for line in view.lines[2:5]]) == [
        " . 01232E  1BFF      LOOP     SR    15,15                                 cc 0 zero",
        "!  012330  8000C010           SSM   MASK            interrupts off          TRAP 02",
        " > 012334  0A05               SVC   5                                         SVC 5",
    ]


def test_a_long_instruction_is_never_cut_in_its_object_code():
    line = CodeLine(0x100, "D20F10002000", "         MVC   0(16,1),0(2)")
    assert plain(code_row(line, 45)).startswith("   000100  D20F10002000  MVC   0(16,1),0(2)")


@pytest.mark.parametrize(
    ("current", "top", "first"),
    [
        pytest.param(10, None, 7, id="first-page"),
        pytest.param(11, 7, 7, id="inside-stays"),
        pytest.param(15, 7, 12, id="in-the-margin-turns"),
        pytest.param(8, 7, 5, id="back-turns"),
        pytest.param(0, 7, 0, id="beginning"),
        pytest.param(39, 7, 30, id="end"),
        pytest.param(1, 0, 0, id="no-margin-at-the-beginning"),
        pytest.param(38, 30, 30, id="no-margin-at-the-end"),
    ],
)
def test_code_turns_pages(current, top, first):
    lines = tuple(CodeLine(4 * n, "0000", "") for n in range(40))
    view = CodeView("bare", lines, current)
    assert page(view, 10, None if top is None else 4 * top) == first


def test_page_of_a_guest_that_stands_nowhere_stays():
    view = CodeView("bare", tuple(CodeLine(4 * n, "0000", "") for n in range(40)), None)
    assert page(view, 10, 48) == 12
    assert page(CodeView("bare", (), None), 10, 48) == 0


def test_registers_at_80x24_and_with_room():
    low = text(registers_rows(registers(), 31, 8), 31, 8)
    assert low[0] == "R0  *00000000  R8   00008000"
    assert low[4] == "R4   00004000  R12 <0000C000"
    assert len(low) == 8
    assert text(registers_rows(registers(), 60, 20), 60)[8:] == [
        "CC 0 zero (SR 15,15)",
        "    GUEST     REAL      WHY",
        "CR0 000000E0  800400E0  DAT format is CP's",
        "CR1 00000000  00F24000  shadow segment table",
        "CR2 FFFFFFFF  FFFFFFFF  same",
    ]


def test_only_differing_leaves_out_equal_registers():
    rows = text(registers_rows(registers(), 60, 20, only_differing=True))
    assert [line[:3] for line in rows[10:]] == ["CR0", "CR1"]


def test_psw_at_80x24_shows_the_fields():
    assert text(psw_rows(PSW, 35, 6), 35, 6) == [
        "mask  00*  07    CP keeps its own",
        "                 mask",
        "DAT   off  on    shadow tables map",
        "                 the guest",
        "key   0    0     same",
        "state SUP  PROB  so privileged",
    ]


def test_psw_at_120x40_shows_the_whole_too():
    assert text(psw_rows(PSW, 64, 8), 64) == [
        "PSW    000C0000 00012334   070D0000 00012334   differ",
        "      GUEST   REAL    WHY",
        "mask  00 *    07      CP keeps its own mask",
        "DAT   off     on      shadow tables map the guest",
        "key   0       0       same",
        "state SUP     PROB    so privileged operations trap",
        "CC    0       0       same",
        "addr  012334  012334  same",
    ]


def test_psw_only_differing():
    assert [line[:5] for line in text(psw_rows(PSW, 64, 8, only_differing=True))] == [
        "PSW  ", "     ", "mask ", "DAT  ", "state"
    ]  # fmt: skip


def test_xray_at_80x24_shows_the_stage_just_done_in_full():
    assert text(xray_rows(xray(5), 41, 6), 41) == [
        ".  done: 1 guest to 2 hardware",
        ".3 decode   operation 80 = SSM operand ..",
        ".4 rule     YES P2 -> simulate ..",
        ">5 do       guest mask 03 -> 00, real",
        "            mask stays 07",
        " 6 run      to come",
    ]


def test_xray_at_80x24_of_the_rule_shows_what_fired_and_what_did_not():
    assert text(xray_rows(xray(4), 41, 6), 41) == [
        ".1 guest    SSM MASK at 012330 real PSW..",
        ".2 hardware program int. code 0002 ILC 2",
        ".3 decode   operation 80 = SSM operand ..",
        ">4 rule     YES P2 -> simulate",
        "            no  P1 is it in problem sta..",
        "   to come: 5 do to 6 run",
    ]


def test_xray_with_room_shows_every_line_and_why():
    assert text(xray_rows(xray(5), 84, 12), 84) == [
        ".1 guest    SSM MASK at 012330, the real PSW in problem state",
        ".2 hardware program interruption, code 0002, ILC 2",
        "            old PSW to 000028, new PSW from 000068",
        ".3 decode   operation 80 = SSM, operand 012310 = 00",
        ".4 rule     YES P2 is the guest in supervisor state? -> simulate",
        "            no  P1 is it in problem state? if yes -> reflect code 0002",
        ">5 do       guest mask 03 -> 00, real mask stays 07",
        " 6 run      to come",
        "why: virtual supervisor state: CP acts as the machine would",
    ]


@pytest.mark.parametrize("now", range(1, 8))
@pytest.mark.parametrize(("width", "height"), [(41, 6), (52, 7), (88, 12), (60, 8)])
def test_xray_always_shows_the_stage_just_done(now, width, height):
    rows = text(xray_rows(xray(now), width, height))
    assert now == 7 or any(line.startswith(f">{now}") for line in rows)
    assert all(len(line) <= width for line in rows)


def test_xray_before_the_first_trap_says_how_to_get_there():
    empty = xray().__class__("", (), (), "", False)
    assert text(xray_rows(empty, 41, 6)) == ["no trap yet: t runs to the first one"]


def test_rules_say_which_fired_and_which_did_not():
    assert text(rule_rows(RULES)) == [
        "YES P2 is the guest in supervisor state? -> simulate",
        "no  P1 is it in problem state? if yes -> reflect code 0002",
    ]


@pytest.mark.parametrize(
    ("width", "expected"),
    [
        pytest.param(78, "012310 = 3F4310  *00000000 00000000 C8C5D3D3 D6404040  |........HELLO   |", id="80-wide"),
        pytest.param(64, "012310 *00000000 00000000 C8C5D3D3 D6404040  |........HELLO   |", id="120-wide"),
        pytest.param(50, "012310*00000000 00000000 C8C5D3D3 D6404040", id="narrow"),
    ],
)
def test_storage_marks_the_word_written(width, expected):
    assert text(storage_rows(STORAGE, width))[0] == expected


def test_log_names_whose_doing_it_was():
    assert text(log_rows(LOG)) == [
        "1199 guest    SVC 5",
        "1199 CP       reflect SVC 5: new PSW from 000060",
        "1204 hardware program interruption 0002",
        "1204 CP       simulate SSM: guest mask 00",
    ]
    assert log_rows(LogView(())) == []


def test_timeline_shows_moments_with_names_and_the_step_that_a_column_stands_for():
    pins = (TimelinePin("m1", 21, 1), TimelinePin("m2", 50, 3))
    view = TimelineView("..ss.", 3, 51, 62, first=11, last=62, bucket=10, pins=pins)
    assert plain(timeline_row(view, 40)).rstrip() == "time|.'s>.| 51"
    assert [step_under(view, column) for column in (4, 5, 6, 9, 10)] == [None, 11, 21, 51, None]
    assert timeline_line(view) == "the timeline shows steps 11 to 62 of 62, 10 steps a character"


def test_the_status_names_the_branch_unless_it_is_the_main_one():
    assert "branch" not in plain(status_row(STATUS, 120))
    assert "step 1204/9871  branch tape  STOP" in plain(status_row(replace(STATUS, branch="tape"), 120))


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        pytest.param("step", "step", id="name"),
        pytest.param("unst", "unstage", id="beginning"),
        pytest.param("finish", "out", id="alias"),
        pytest.param("reverse-next", "unover", id="gdb's word"),
        pytest.param("who wrote", "who", id="words of the summary"),
        pytest.param("zoom", "zoom", id="what the screen does"),
        pytest.param("step zzz", "step", id="a word that is found nowhere"),
    ],
)
def test_the_palette_finds_by_name_alias_and_words(typed, first):
    assert found(entries(), typed)[0].name == first


def test_the_palette_has_every_command_but_those_of_the_other_face_and_asks_for_operands_that_must_be():
    every = {entry.name: entry for entry in entries()}
    assert {entry.name for entry in entries() if not entry.action} == set(REGISTRY.commands) - NOT_HERE
    assert [every[name].asks for name in ("step", "goto", "who", "why", "info")] == [False, True, True, False, False]
    assert found(entries(), "zzz") == []


@pytest.mark.parametrize("program", [("bare", "kernel"), ("cp", "kernel")], ids=" ".join)
def test_every_thing_that_a_cursor_can_stand_on_is_taken_by_who_and_can_be_explained(program):
    session = DebugSession()
    (session.load_bare if program[0] == "bare" else session.load_cp)(program[1])
    session.step(3)
    rows = [things.registers(session.registers()), things.psw_fields(session.psw()), things.storage(session.storage())]
    every = [thing for each in rows for line in each for thing in line]
    assert len(every) > 16 + 10 + 8
    for thing in every:
        parse_location(session, thing.who)
    for line in sorted({thing.explain for thing in every}):
        assert session.execute(line)


def test_timeline_marks_the_present():
    view = TimelineView("..ss.tT..", 5, 1204, 9871)
    assert plain(timeline_row(view, 40)).rstrip() == "time|..ss.>T..| 1204"


def test_lesson_page_flows_and_keeps_programs():
    assert text(lesson_rows(LESSON, 34)) == [
        "Who owns the system mask?",
        "",
        "SSM asks the machine to switch all",
        "interruptions off. The guest is",
        "sure it may do that: it is in",
        "supervisor state. Step with s and",
        "watch panes 3 and 4.",
        "",
        "  SSM   MASK",
        "",
        "- The guest's mask is a field in",
        "  its VMBLOK.",
        "- The real mask is CP's.",
        "",
        "Goals  1 of 3 done",
        "[x] 1 Stop at the SSM.",
        "[>] 2 Predict the guest's mask:",
        "      answer 00.",
        "[ ] 3 Step over it.",
        "hint 1: Look at the x-ray.",
        "k check  h hint (2 left)  a answer",
        "r restart  ] next",
    ]
    assert text(lesson_rows(None, 60)) == ["no lesson is open: type   : lesson 1"]


def test_inline_marks_become_roles():
    assert page_rows(("Press `s` and **look**.",), 40) == [
        row("Press ", ("s", "key"), " and ", ("look", "heading"), ".")
    ]


def test_frame_is_heavier_with_the_focus_and_cuts_titles_visibly():
    assert text(framed([row("hello")], "1 code", "", 20, 3)) == [
        "┌─[1 code]─────────┐",
        "│hello             │",
        "└──────────────────┘",
    ]
    assert text(framed([row("x" * 30)], "1 a title too long", "note", 20, 3, focused=True, boxes=LINES)) == [
        "╔═[1 a title to..]═╗",
        "║xxxxxxxxxxxxxxxx..║",
        "╚═══════════[note]═╝",
    ]
    assert text(framed([], "1 code", "", 20, 3, focused=True, boxes=ASCII))[0] == "+=[1 code]=========+"


@pytest.mark.parametrize("size", [(79, 23), (79, 40), (20, 5), (120, 10), (1, 1)])
def test_notice_names_the_size_and_the_way_out(size):
    words = " ".join(text(notice_rows(*size)))
    if size[0] >= 79:
        assert words == (f"this terminal is {size[0]}x{size[1]}; edu-hv needs 80x24: enlarge it, or run edu-hv repl")
    assert all(len(line) <= size[0] for line in text(notice_rows(*size)))


def test_characters_that_are_not_one_column_wide_cannot_move_the_frame():
    assert plain(fit(row("a\u3042\x07b\u0301c"), 8)) == "a??b?c  "


def test_words_longer_than_the_pane_are_broken():
    assert text(wrap([("abcdefghij kl", "text")], 4)) == ["abcd", "efgh", "ij", "kl"]


@pytest.mark.parametrize(
    ("room", "expected"),
    [
        pytest.param(60, "trap 02 privileged operation at 000206 SSM CHANNELS", id="all"),
        pytest.param(50, "trap 02 privileged operation at 000206 SSM", id="no-operands"),
        pytest.param(35, "trap 02 privileged at 000206 SSM", id="fewer-words"),
        pytest.param(24, "trap 02 at 000206 SSM", id="no-words"),
        pytest.param(18, "trap 02 000206 SSM", id="address-and-mnemonic"),
    ],
)
def test_a_stop_reason_gives_up_words_before_the_address_and_the_mnemonic(room, expected):
    assert shortened("trap: program: privileged operation at 000206 SSM CHANNELS (stage do)", room) == expected


def test_a_label_that_begins_a_statement_is_not_its_operation():
    line = CodeLine(0x1000, "05C0", "BEGIN    BALR  12,0           register 12", label="SUMS")
    assert plain(code_row(line, 45)).rstrip() == "   001000  05C0      BALR  12,0       BEGIN:"
    assert plain(code_row(line, 52)).rstrip().startswith("   001000  05C0      BEGIN    BALR  12,0")


def test_labels_have_a_column_at_120_columns_and_are_cut_to_eight():
    line = CodeLine(0x1000, "80000573", "LONGLABEL SSM  CHANNELS", "LONGLABEL", note="TRAP 02")
    assert plain(code_row(line, 52)) == "   001000  80000573  LONGLABE SSM   CHANNELS TRAP 02"


def test_the_place_of_the_instruction_to_come_is_told_from_the_label_before_it():
    assert [place(code(n)) for n in (0, 2, 4)] == ["", "LOOP", "LOOP+6"]


@pytest.mark.parametrize(("cursor", "first"), [(9, 7), (20, 11), (3, 3), (39, 30)])
def test_the_page_moves_by_as_little_as_shows_the_cursor(cursor, first):
    view = CodeView("bare", tuple(CodeLine(4 * n, "0000", "") for n in range(40)), 8)
    assert page(view, 10, 28, cursor=4 * cursor) == first


def test_a_paragraph_stays_in_place_when_the_width_changes():
    page_text = tuple(line for n in range(1, 9) for line in (f"{n}. " + "word " * 20, ""))
    lesson = LESSON.__class__(1, "a", "A", page_text, LESSON.goals)
    for number in range(1, 9):
        at = paragraph_row(lesson, number, 30)
        assert moved_row(page_text, at, 30, 70) == paragraph_row(lesson, number, 70)
    assert moved_row((), 3, 30, 70) == 3


@pytest.mark.parametrize("further", [True, False])
def test_a_finished_lesson_points_to_the_next_one_if_there_is_one(further):
    done = LESSON.__class__(3, "a", "A", ("Page.",), (LESSON.goals[0],), done=True)
    rows = " ".join(text(lesson_rows(done, 34, further)))
    assert "Lesson done: every goal is" in rows
    assert ("]" in rows.partition("Lesson done")[2]) is further


def test_the_same_long_reason_is_told_once():
    values = [ComparedValue(name, "00", "07", "CP has the CPU: its own PSW") for name in ("mask", "key")]
    assert text(compared_rows(values, 35, header=False, wrapped=True), 35) == [
        "mask 00   07    CP has the CPU: its",
        "                own PSW",
        "key  00   07    CP has the CPU: i..",
    ]


@pytest.mark.parametrize(
    ("places", "words"),
    [
        pytest.param(
            ("page 012 is in the paging area, slot 7: it has no frame",), "in the paging area, slot 7", id="out"
        ),
        pytest.param(("page 012 is on its way in",), "on its way in", id="coming"),
        pytest.param(
            ("page 012 has no frame and no slot: it is all zeros",), "without a frame", id="never stored into"
        ),
        pytest.param((), "not in real storage", id="nobody knows"),
    ],
)
def test_title_of_the_storage_pane_says_where_a_page_is_that_has_no_frame(places, words):
    first = replace(STORAGE.rows[0], address=0x12000, real=None)
    view = replace(STORAGE, rows=(first,), key="key 1", places=places)
    assert storage_title(view) == f"6 storage  {STORAGE.guest} 012000 {words}  key 1"
