"""CP with a directory: users log on and off, get cards, share disks; all of it recorded, and exact backwards."""

import pytest

from edu_hv.debugger.commands.registry import REGISTRY
from edu_hv.debugger.session import DebugSession
from edu_hv.debugger.text import as_lines
from edu_hv.devices.catalog import DEVICE_TYPES
from edu_hv.isa.errors import UserError
from tests.debugger.walk import differences, everything, run_line

_UNIT_RECORD = "SPOOL 00C 2540 READER *\nSPOOL 00D 2540 PUNCH A\nSPOOL 00E 1403 A"
DIRECTORY = f"""DIRECTORY 130 3330 SYSPAG
USER OPERATOR SECRET 256K 1M ABCDEFG
CONSOLE 009 3215
USER ANNA APPLE 256K 1M G
CONSOLE 009 3215
{_UNIT_RECORD}
MDISK 191 3330 10 20 USERS1 MR READPW WRITEPW
SPECIAL 5C0 CTCA
USER BERT BEAR 256K 1M G
CONSOLE 009 3215
{_UNIT_RECORD}
SPECIAL 5C1 CTCA
"""


def told(session: DebugSession, line: str) -> list[str]:
    """The lines that a command answers."""
    return [text for view in run_line(session, line) for text in view.lines]


@pytest.fixture
def path(tmp_path):
    found = tmp_path / "demo.direct"
    found.write_text(DIRECTORY)
    return found


@pytest.fixture
def session(path):
    found = DebugSession()
    run_line(found, "attach 330 3330 USERS1 new")
    run_line(found, f'system "{path}"')
    return found


def _names(session):
    return [guest.name for guest in session.system.guests]


# ---- starting --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "size", "assist", "guests"),
    [
        pytest.param("", 1024, False, ["OPERATOR"], id="as configured"),
        pytest.param("real 256K", 256, False, ["OPERATOR"], id="real storage"),
        pytest.param("assist nooperator", 1024, True, [], id="assist, nobody"),
        pytest.param("ASSIST REAL 512k NOOPERATOR", 512, True, [], id="capitals"),
    ],
)
def test_system_starts_cp_with_a_directory_on_the_configured_machine(path, options, size, assist, guests):
    session = DebugSession()
    run_line(session, f'system "{path}" {options}')
    cp = session.system.cp
    assert (session.system.machine.storage.size, cp.assist.on_at_logon) == (size * 1024, assist)
    assert _names(session) == guests
    assert session.status().guests == tuple(guests)


def test_system_takes_volumes_from_files(path, tmp_path):
    pack = tmp_path / "users1.ckd"
    pack.write_bytes(DEVICE_TYPES["3330"].make(b"", "USERS1", ("new",)).image())
    session = DebugSession()
    run_line(session, f'system "{path}" volume 330={pack}')
    told(session, "logon anna apple")
    assert told(session, "cp query virtual 191") == ["DASD 191 3330 USERS1 R/W   020 CYL"]
    assert run_line(session, "devices")[0].rows[-2] == (
        "191", "3330 disk", "idle", "minidisk of ANNA: USERS1, real 330, cylinders 10 to 29",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        pytest.param("real", "real needs a storage size", id="no size"),
        pytest.param("real 64K", "CP needs 128K", id="too small"),
        pytest.param("real 63K", "cannot have 63K of real storage: give a multiple of 4K, 128K at least", id="odd"),
        pytest.param("real 0K", "cannot have 0K of real storage: give a multiple of 4K, 128K at least", id="none"),
        pytest.param("fast", 'system does not know "fast"', id="unknown option"),
        pytest.param("volume", "volume needs an address and a file", id="no volume"),
        pytest.param("volume 330", '"330" is no volume', id="no file"),
        pytest.param("volume X30=a", "is no volume", id="no address"),
        pytest.param("volume 330=/nowhere", "cannot be read", id="no such file"),
    ],
)
def test_wrong_options_of_system_get_one_sentence_and_leave_what_was_loaded(session, path, options, sentence):
    before = everything(session)
    with pytest.raises(UserError, match=sentence):
        run_line(session, f'system "{path}" {options}')
    assert differences(everything(session), before) == []


def test_cp_is_not_started_on_a_system_360_nor_where_its_paging_volume_would_be(path):
    session = DebugSession()
    run_line(session, "machine s360 256K")
    with pytest.raises(UserError, match="CP needs a System/370"):
        run_line(session, f'system "{path}"')
    run_line(session, "machine s370 1M")
    run_line(session, "attach 130 3330 MYPACK new")
    with pytest.raises(UserError, match="130 is CP's paging volume"):
        run_line(session, f'system "{path}"')


def test_a_wrong_directory_is_told_with_the_line_of_each_mistake(tmp_path):
    wrong = tmp_path / "wrong.direct"
    wrong.write_text(DIRECTORY.replace("3330 10 20", "3330 X 20").replace("00E 1403", "00E 1404", 1))
    with pytest.raises(UserError) as error:
        run_line(DebugSession(), f'system "{wrong}"')
    lines = str(error.value).splitlines()
    assert [line.split(":")[0] for line in lines] == ["wrong.direct, line 8", "wrong.direct, line 9"]


def test_reset_starts_the_same_system_again(session):
    first = everything(session)
    told(session, "logon anna apple")
    run_line(session, "reset")
    assert differences(everything(session), first) == []


# ---- coming and going ------------------------------------------------------------------------------------------------


def test_a_user_who_logs_on_is_a_guest_and_is_selected_and_who_logs_off_is_none(session):
    assert told(session, "logon anna apple")[0].startswith("LOGON AT ")
    assert (_names(session), session.selected) == (["OPERATOR", "ANNA"], "ANNA")
    lines = told(session, "cp logoff")
    assert [line.split()[0] for line in lines] == ["CONNECT=", "LOGOFF", "ANNA"]
    assert lines[-1] == "ANNA is not logged on now; OPERATOR is selected"
    assert (_names(session), session.selected) == (["OPERATOR"], "OPERATOR")
    assert session.console("OPERATOR").lines[-1].endswith("LOGOFF AS ANNA     USERS = 001")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        pytest.param("anna pear", "DMKLOG050E PASSWORD INCORRECT - REINITIATE LOGON PROCEDURE", id="password"),
        pytest.param("anna", "DMKLOG050E PASSWORD INCORRECT - REINITIATE LOGON PROCEDURE", id="no password"),
        pytest.param("carl x", "DMKLOG053E CARL NOT IN CP DIRECTORY", id="unknown"),
        pytest.param("operator secret", "DMKLOG054E ALREADY LOGGED ON", id="there already"),
        pytest.param("anna apple fast", "DMKLOG003E INVALID OPTION - FAST", id="option"),
        pytest.param("averylongname x", "DMKLOG020E USERID MISSING OR INVALID", id="userid"),
    ],
)
def test_who_may_not_log_on_is_told_why_by_cp_and_nothing_changes(session, line, message):
    before = everything(session)
    assert told(session, f"logon {line}") == [message]
    assert differences(everything(session), before) == []


def test_when_the_last_guest_has_gone_every_command_still_has_an_answer(session):
    told(session, "cp logoff")
    end = session.recording.unit
    for command in REGISTRY.commands.values():
        if command.tutor or command.name in ("quit", "reset", "load", "system"):
            continue
        session.recording.goto(end)
        assert _names(session) == []
        operands = {"goto": "0", "cp": "begin", "enter": "x", "logon": "carl x", "until": "200", "break": "200"}
        sentence = ""
        try:
            answered = run_line(session, f"{command.name} {operands.get(command.name, '')}".strip()) is not None
        except UserError as error:
            answered, sentence = True, str(error)
        assert (answered, sentence.count("\n")) == (True, 0)
    session.recording.goto(end)
    told(session, "logon bert bear")
    assert _names(session) == ["BERT"]
    session.recording.goto(session.recording.start)
    assert _names(session) == ["OPERATOR"]


def test_with_nobody_logged_on_what_has_happened_is_shown_and_the_way_back_is_open(session):
    lines = told(session, "cp logoff")
    assert [line.split()[0] for line in lines] == ["CONNECT=", "LOGOFF", "OPERATOR"]
    assert lines[-1] == "OPERATOR is not logged on now, nor is anybody else"
    assert run_line(session, "guests")[0].rows == ()
    assert run_line(session, "log")[0].entries != ()
    (status,) = run_line(session, "status")
    assert (status.guest, status.stop) == ("", lines[-1])
    assert as_lines(status)[0] == "nobody is logged on: step 2 of 2"
    run_line(session, "attach 331 3330 USERS2 new")
    assert 0x331 in session.configuration.attachments
    session.step()
    session.back()
    assert _names(session) == []
    session.back(1)
    assert (_names(session), session.selected) == (["OPERATOR"], "OPERATOR")


def test_a_disconnected_machine_runs_on_and_is_had_again_by_logon(session):
    told(session, "logon anna apple")
    assert told(session, "cp disconn")[0].startswith("DISCONNECT AT ")
    state = {row[0].strip(" >"): row[2] for row in run_line(session, "guests")[0].rows}
    assert state["ANNA"] == "CP mode, disconnected"
    told(session, "logon bert bear")
    assert session.selected == "BERT"
    assert told(session, "logon anna apple")[-1].startswith("RECONNECTED AT ")
    assert (session.selected, session.follow) == ("ANNA", False)
    session.select("bert")
    assert told(session, "logon anna apple") == ["DMKLOG054E ALREADY LOGGED ON"]
    assert session.selected == "BERT"


@pytest.mark.parametrize(
    ("logons", "command", "gone", "selected"),
    [
        pytest.param(["anna apple"], "cp logoff", "ANNA", "OPERATOR", id="his own"),
        pytest.param(["anna apple", "cp disconn"], "cp logoff", "ANNA", "OPERATOR", id="disconnected"),
        pytest.param(["anna apple", "select operator"], "cp force anna", "ANNA", "OPERATOR", id="forced"),
        pytest.param(["anna apple", "select auto"], "cp logoff", "OPERATOR", "ANNA", id="the operator, followed"),
    ],
)
def test_who_logs_off_is_told_apart_from_cps_answer_and_whom_the_views_show_now(
    session, logons, command, gone, selected
):
    for line in logons:
        run_line(session, line if line.startswith(("cp ", "select ")) else f"logon {line}")
    views = run_line(session, command)
    assert [(view.title, view.lines) for view in views[1:]] == [
        ("", (f"{gone} is not logged on now; {selected} is selected",))
    ]
    assert session.selected == selected


def test_the_selection_that_was_lost_with_its_user_comes_back_where_he_is(session):
    told(session, "logon anna apple")
    session.step()
    told(session, "cp logoff")
    session.step()
    assert (session.selected, session.follow) == ("OPERATOR", True)
    session.back()
    assert session.selected == "OPERATOR"
    session.back()  # The logoff is a step of its own.
    assert (session.selected, session.follow) == ("ANNA", False)
    session.goto(session.total)
    assert (session.selected, session.follow) == ("OPERATOR", True)
    session.select("operator")
    session.goto(1)
    assert session.selected == "OPERATOR"


def test_another_future_is_told_apart_from_cps_answer(session):
    told(session, "logon anna apple")
    session.step()
    session.goto(0)
    assert [view.lines for view in run_line(session, "logon bert bear")][1:] == [
        ("another future begins here: branch1; branch main goes back to the other",)
    ]


GOES = """GOES     START 0
         USING GOES,0
         ORG   GOES+X'200'
BEGIN    LA    1,COMMAND
         LA    2,6
         DC    X'83120008'    DIAGNOSE for the command at R1, R2 long
         B     BEGIN
COMMAND  DC    C'LOGOFF'
         END   BEGIN
"""


@pytest.mark.parametrize("pinned", [False, True], ids=["followed", "selected"])
def test_a_guest_that_logs_itself_off_while_it_runs_is_told_of_and_comes_back_by_going_back(pinned):
    session = DebugSession()
    session.load_source(GOES, "goes", under_cp=True)
    if pinned:
        session.select("GOES")
    stop = session.run()
    assert _names(session) == []
    assert "nobody is logged on" in stop.reason
    assert ("; GOES is not logged on now, nor is anybody else" in stop.reason) == pinned
    session.goto(1)
    assert (_names(session), session.selected) == (["GOES"], "GOES")
    session.run()
    assert _names(session) == []


# ---- cards and the spool ---------------------------------------------------------------------------------------------


def test_a_deck_is_spooled_to_a_user_who_loads_it_and_its_listing_is_known(session):
    told(session, "logon bert bear")
    (line,) = told(session, "deck hello bert")
    assert line.startswith("spool file 0001, ")
    (files,) = run_line(session, "spool")
    assert [row[:3] for row in files.rows] == [("1", "RDR", "BERT")]
    told(session, "cp ipl 00c")
    session.run(address=session.address_of("HELLO") if "HELLO" in session.guest.assembly.symbols else 0x1000, limit=500)
    session.run()
    assert "HELLO FROM A PROGRAM WITHOUT AN OPERATING SYSTEM" in session.console("BERT").lines
    assert session.guest.program.name == "hello"


def test_a_deck_for_a_user_who_is_not_logged_on_is_in_his_reader_and_its_listing_is_known_when_he_comes(session):
    assert told(session, "deck hello anna")[0].startswith("spool file 0001, ")
    assert [row[:3] for row in run_line(session, "spool")[0].rows] == [("1", "RDR", "ANNA")]
    told(session, "cp logoff")
    assert told(session, "deck hello anna")[0].startswith("spool file 0002, ")
    told(session, "logon anna apple")
    assert session.guest.program.name == "hello"


def test_a_deck_may_wait_for_a_user_who_is_not_logged_on_and_text_lines_are_cards(session, tmp_path):
    text = tmp_path / "cards.txt"
    text.write_text("FIRST CARD\nSECOND CARD\n")
    told(session, f'deck "{text}" anna')
    assert told(session, "spool 1") == ["FIRST CARD", "SECOND CARD"]
    assert told(session, "spool 0001") == ["FIRST CARD", "SECOND CARD"]
    text.unlink()
    session.goto(0)
    session.step(3)
    assert told(session, "spool 1") == ["FIRST CARD", "SECOND CARD"]


# ---- completion and help ---------------------------------------------------------------------------------------------


def test_users_and_cp_commands_complete(session):
    def offered(line):
        return [found.text for found in REGISTRY.complete(session, line)]

    assert offered("logon a") == ["ANNA"]
    assert offered("deck hello b") == ["BERT"]
    assert offered("system x.direct ass") == ["assist"]
    assert offered("load cp rea") == ["real"]
    assert offered("cp ind") == ["indicate"]
    assert [c.description for c in REGISTRY.complete(session, "cp disc")] == [
        "(DISC) DISConn [HOld]: the machine goes on without its terminal."
    ]


def test_help_knows_cps_commands_by_their_abbreviations(session):
    assert told(session, "help cp disc") == [
        "DISConn [HOld]: the machine goes on without its terminal.", "",
        "for everybody; the capitals of DISConn are its shortest form",
    ]  # fmt: skip
    with pytest.raises(UserError, match='CP has no command "xyzzy"'):
        run_line(session, "help cp xyzzy")
    (view,) = run_line(session, "help cp")
    assert "DISConn" in " ".join(view.text)
