"""The spool commands: SPOOL, CLOSE, TAG, PURGE, ORDER, CHANGE, TRANSFER, and what QUERY says of files and devices."""

import pytest

from edu_hv.hypervisor.commands.spool_query import (
    describe,
    describe_console,
    destination,
    query_files,
    query_spool,
)
from edu_hv.hypervisor.spooling.catalog import spooled_device
from edu_hv.hypervisor.virtual_devices import VDEVBLOK, DeviceClass
from tests.hypervisor.spool_scene import Scene

ORIGIN = "ORIGINID FILE CLASS RECDS  CPY HOLD"
OWNER = "OWNERID  FILE CLASS RECDS  CPY HOLD"
DETAIL = " DATE  TIME     NAME      TYPE      DIST"


def three_files(userid="A"):
    """Reader files 1 (class A), 2 (B) and 3 (A) of a user, and one, 4, of user C."""
    scene = Scene()
    for sfbclas in "ABA":
        scene.deck(userid, f"CARD {sfbclas}", sfbclas=sfbclas)
    scene.deck("C", "OTHER")
    scene.told.clear()
    scene.arrived.clear()
    return scene


# ---- SPOOL ---------------------------------------------------------------------------------------------------------

LINES = [
    pytest.param("", 0x00C, "RDR  00C CL * NOCONT NOHOLD   EOF      READY", id="reader"),
    pytest.param("", 0x00D, "PUN  00D CL A NOCONT NOHOLD COPY 01    READY", id="punch"),
    pytest.param("", 0x00E, "PRT  00E CL A NOCONT NOHOLD COPY 01    READY", id="printer"),
    pytest.param("SPOOL READER CLASS Q", 0x00C, "RDR  00C CL Q NOCONT NOHOLD   EOF      READY", id="CLASS"),
    pytest.param("SP RDR CON HO NOE", 0x00C, "RDR  00C CL * CONT   HOLD    NOEOF     READY", id="abbreviations"),
    pytest.param("SPOOL 00D COPY 12 HOLD", 0x00D, "PUN  00D CL A NOCONT HOLD   COPY 12    READY", id="by address"),
    pytest.param("SPOOL E CL 7", 0x00E, "PRT  00E CL 7 NOCONT NOHOLD COPY 01    READY", id="one digit"),
    pytest.param("SPOOL PRT COPY 3 CONT", 0x00E, "PRT  00E CL A CONT   NOHOLD COPY 03    READY", id="printer options"),
]


@pytest.mark.parametrize(("command", "address", "line"), LINES)
def test_spool_sets_the_options_that_query_virtual_shows(command, address, line):
    """[4.3 SPool] Any order; later files have the options, [2.6 Defaults] else they are these."""
    scene = Scene()
    assert not command or scene.a.cp(command) == []
    assert describe(scene.a.vm.devices[address]) == line


def test_options_are_set_for_all_devices_of_a_type_and_reset_by_their_opposites():
    scene = Scene()
    other = spooled_device("3525", scene.spool, "A", 0x01D)
    scene.a.vm.devices.add(VDEVBLOK(0x01D, DeviceClass.URO, model="3525", device=other))
    before = scene.a.punch.options
    scene.a.cp("SPOOL PUNCH CLASS Q HOLD CONT COPY 2 TO B")
    assert scene.a.punch.options == other.options != before
    scene.a.cp("SPOOL PUNCH NOHOLD NOCONT CLASS A COPY 1 OFF")
    assert scene.a.punch.options == other.options == before


def test_a_device_that_is_not_ready_says_so():
    scene = Scene()
    scene.a.punch.stop()
    assert describe(scene.a.vm.devices[0x00D]) == "PUN  00D CL A NOCONT NOHOLD COPY 01    NOTREADY"


WAYS = [
    pytest.param("TO B", ["     00D TO  B"], ["B 1 A"], [], id="TO"),
    pytest.param("T B", ["     00D TO  B"], ["B 1 A"], [], id="T"),
    pytest.param("B", ["     00D TO  B"], ["B 1 A"], [], id="userid alone"),
    pytest.param("TO *", ["     00D TO  A"], ["A 1 A"], [], id="to oneself"),
    pytest.param("FOR B", ["     00D FOR B"], [], ["B 1 A"], id="FOR"),
    pytest.param("TO B OFF", [], [], ["A 1 A"], id="OFF"),
    pytest.param("TO B TO SYSTEM", [], [], ["A 1 A"], id="SYSTEM"),
]


@pytest.mark.parametrize(("options", "line", "readers", "punches"), WAYS)
def test_output_goes_where_it_is_spooled(options, line, readers, punches):
    scene = Scene()
    scene.a.cp(f"SPOOL PUNCH {options}")
    assert destination(scene.a.punch.options, 0x00D) == line
    scene.a.punches("ONE")
    scene.a.cp("CLOSE PUNCH")
    assert (scene.files("RDR"), scene.files("PUN")) == (readers, punches)


def test_console_options():
    scene = Scene()
    console = scene.spool.console("A")
    assert describe_console(console) == "     009 CL T NOCONT NOHOLD COPY 01    READY"
    scene.a.cp("SPOOL CONSOLE START NOTERM CLASS C")
    assert (console.started, console.on_terminal, console.options.sfbclas) == (True, False, "C")
    scene.a.cp("SPOOL 009 TERM STOP")
    assert (console.started, console.on_terminal) == (False, True)


def test_spool_close_and_purge_end_a_file_even_with_cont():
    scene = Scene()
    scene.a.cp("SPOOL PRINTER CONT")
    scene.a.prints("ONE")
    assert (scene.a.cp("CLOSE PRINTER"), scene.files("PRT")) == ([], [])
    scene.a.prints("TWO")
    assert (scene.a.cp("SPOOL PRINTER CLOSE"), scene.files("PRT")) == ([], ["A 1 A"])
    assert scene.spool.files("PRT")[0].sfbrecno == 2
    scene.a.prints("THREE")
    scene.a.cp("SPOOL PRINTER PURGE")
    assert scene.files("PRT") == ["A 1 A"]


# ---- CLOSE ---------------------------------------------------------------------------------------------------------

CLOSES = [
    pytest.param("CLOSE PRINTER", [], ["A 1 A"], id="nothing to say"),
    pytest.param("CLOSE PRT HOLD", ["PRT FILE 0001  FOR A        COPY 01 HOLD"], ["A 1 A HOLD"], id="held"),
    pytest.param("CLOSE 00E PURGE", [], [], id="purged"),
    pytest.param("CL P DIST BIN7 NAME MY LISTING", [], ["A 1 A"], id="named"),
]


@pytest.mark.parametrize(("command", "lines", "files"), CLOSES)
def test_close_ends_the_file_that_is_being_made(command, lines, files):
    """[4.3 CLose] The options hold for this file only."""
    scene = Scene()
    scene.a.prints("LINE")
    assert scene.a.cp(command) == lines
    assert scene.files("PRT") == files
    scene.a.prints("LINE")
    scene.a.cp("CLOSE PRINTER")
    last = scene.spool.files("PRT")[-1]
    assert (last.sfbuhold, last.sfbdist, last.sfbfname) == (False, "", "")


def test_close_tells_of_several_copies_and_of_another_user():
    scene = Scene()
    scene.a.cp("SPOOL PUNCH COPY 3")
    scene.a.punches("ONE")
    assert scene.a.cp("CLOSE PUNCH") == ["PUN FILE 0001  FOR A        COPY 03 NOHOLD"]
    scene.a.cp("SPOOL PRINTER FOR OPERATOR HOLD")
    scene.a.prints("ONE")
    assert scene.a.cp("CLOSE PRINTER NOHOLD") == ["PRT FILE 0002  FOR OPERATOR COPY 01 NOHOLD"]
    assert scene.told == []


def test_closing_a_device_without_a_file_says_nothing():
    scene = Scene()
    assert [scene.a.cp(f"CLOSE {what}") for what in ("READER", "PUNCH", "00E", "CONSOLE")] == [[]] * 4


# ---- PURGE, ORDER, CHANGE, TRANSFER --------------------------------------------------------------------------------

PURGES = [
    pytest.param("PURGE READER ALL", "0003 FILES PURGED", [], id="all"),
    pytest.param("PURGE RDR 2", "0001 FILE PURGED", ["1 A", "3 A"], id="one"),
    pytest.param("PUR R 0003 1", "0002 FILES PURGED", ["2 B"], id="two"),
    pytest.param("PURGE RDR CLASS A", "0002 FILES PURGED", ["2 B"], id="class"),
    pytest.param("PURGE RDR CL B 3", "0002 FILES PURGED", ["1 A"], id="class and spoolid"),
    pytest.param("PURGE RDR CLASS Q", "NO FILES PURGED", ["1 A", "2 B", "3 A"], id="no such class"),
    pytest.param("PURGE PRINTER ALL", "NO FILES PURGED", ["1 A", "2 B", "3 A"], id="other queue"),
]


@pytest.mark.parametrize(("command", "line", "left"), PURGES)
def test_purge_takes_files_away(command, line, left):
    """[4.3 PURGE] One's own only; the buffers are free again."""
    scene = three_files()
    assert scene.a.cp(command) == [line]
    assert scene.files("RDR") == [*(f"A {file}" for file in left), "C 4 A"]
    assert scene.spool.space.free == 64 - len(left) - 1


def test_a_file_that_is_being_read_is_passed_over():
    scene = three_files()
    scene.a.reads(1)
    assert scene.a.cp("PURGE READER ALL") == ["0002 FILES PURGED"]
    assert scene.a.cp("CHANGE READER 1 HOLD") == ["NO FILES CHANGED"]
    assert scene.a.cp("TRANSFER 1 TO B") == ["NO FILES TRANSFERRED"]
    assert scene.files("RDR") == ["A 1 A", "C 4 A"]
    assert scene.a.reads(1) == ["0D"]


ORDERS = [
    pytest.param("ORDER READER 3", "0001 FILE ORDERED", "3 1 2", id="one"),
    pytest.param("ORD RDR 3 2", "0002 FILES ORDERED", "3 2 1", id="two"),
    pytest.param("ORDER RDR CLASS B", "0001 FILE ORDERED", "2 1 3", id="class"),
    pytest.param("ORDER RDR CLASS B 3 CLASS A", "0003 FILES ORDERED", "2 3 1", id="mixed"),
]


@pytest.mark.parametrize(("command", "line", "order"), ORDERS)
def test_order_puts_files_first(command, line, order):
    """[4.3 ORDER] 0001 FILE ORDERED; the rest keep their order."""
    scene = three_files()
    assert scene.a.cp(command) == [line]
    assert " ".join(str(s.sfbfilid) for s in scene.spool.files("RDR", "A")) == order
    assert scene.a.reads(1) == [{"3": "CARD A", "2": "CARD B"}[order[0]]]


def test_order_leaves_the_files_of_others_in_their_places():
    scene = Scene()
    for userid in "ABABA":
        scene.deck(userid, "X")
    scene.a.cp("ORDER READER 5 3")
    assert scene.files("RDR") == ["A 5 A", "B 2 A", "A 3 A", "B 4 A", "A 1 A"]


CHANGES = [
    pytest.param("CHANGE RDR 2 CLASS Q", "0001 FILE CHANGED", ["1 A", "2 Q", "3 A"], id="class"),
    pytest.param("CHANGE RDR CLASS A CLASS X", "0002 FILES CHANGED", ["1 X", "2 B", "3 X"], id="one class to another"),
    pytest.param("CH R ALL HOLD", "0003 FILES CHANGED", ["1 A HOLD", "2 B HOLD", "3 A HOLD"], id="hold"),
]


@pytest.mark.parametrize(("command", "line", "files"), CHANGES)
def test_change_gives_files_other_attributes(command, line, files):
    """[4.3 CHANGE] Class, copies, hold, distribution code, name."""
    scene = three_files()
    assert scene.a.cp(command) == [line]
    assert scene.files("RDR") == [*(f"A {file}" for file in files), "C 4 A"]


def test_change_of_the_other_attributes():
    scene = three_files()
    scene.a.cp("CHANGE READER 1 COPY 5 DIST BIN9 HOLD NAME MY FILE")
    file = scene.spool.find("RDR", 1)
    assert (file.sfbcopy, file.sfbdist, file.sfbuhold, file.sfbfname, file.sfbftype) == (5, "BIN9", True, "MY", "FILE")
    scene.a.cp("CHANGE READER 1 NAME SYS1.SYSLIB.MYMAC.LONG24")
    assert (scene.spool.find("RDR", 1).sfbfname, scene.spool.find("RDR", 1).sfbftype) == (
        "SYS1.SYSLIB.MYMAC.LONG24",
        "",
    )


def test_a_held_file_cannot_be_read_until_nohold_which_is_an_arrival():
    scene = three_files()
    scene.a.cp("CHANGE READER ALL HOLD")
    assert (scene.a.reads(1), scene.arrived) == (["02"], [])
    scene.a.cp("CHANGE READER 2 NOHOLD")
    assert (scene.arrived, scene.a.reads(1)) == ([2], ["CARD B"])


TRANSFERS = [
    pytest.param("TRANSFER ALL TO B", "0003 FILES TRANSFERRED", "1 2 3", id="all"),
    pytest.param("TRAN 2 TO B", "0001 FILE TRANSFERRED", "2", id="one"),
    pytest.param("TRANSFER READER CLASS A TO B", "0002 FILES TRANSFERRED", "1 3", id="class"),
]


@pytest.mark.parametrize(("command", "line", "moved"), TRANSFERS)
def test_transfer_gives_reader_files_to_another_user(command, line, moved):
    """[4.3 TRANSfer] He is told of each; the origin stays."""
    scene = three_files()
    assert scene.a.cp(command) == [line]
    spoolids = [int(spoolid) for spoolid in moved.split()]
    assert [s.sfbfilid for s in scene.spool.files("RDR", "B")] == spoolids
    assert scene.told == [("B", f"RDR FILE {n:04} FROM A        COPY 01 NOHOLD") for n in spoolids]
    assert scene.arrived == spoolids


def test_transfer_from_takes_back_only_what_one_has_sent():
    scene = Scene()
    scene.deck("B", "HIS OWN")
    scene.a.cp("SPOOL PUNCH TO B")
    scene.a.punches("MINE")
    scene.a.cp("CLOSE PUNCH")
    assert scene.a.cp("TRANSFER ALL FROM B") == ["0001 FILE TRANSFERRED"]
    assert scene.files("RDR") == ["B 1 A", "A 2 A"]
    assert scene.a.reads(1) == ["MINE"]


# ---- class D -------------------------------------------------------------------------------------------------------


def test_a_spool_operator_names_whose_files_he_means():
    """[4.3 PURGE / TRANSfer / CHANGE / ORDER] [2.6 TAG/SPOOL/CLOSE/TRANSFER/PURGE/ORDER/CHANGE] Class D.

    A userid, or SYSTEM for all users' files; without it his own.
    """
    scene = three_files()
    operator = scene.operator
    assert operator.cp("PURGE READER ALL") == ["NO FILES PURGED"]
    assert operator.cp("CHANGE A READER CLASS A CLASS Z") == ["0002 FILES CHANGED"]
    assert operator.cp("ORDER A READER 3") == ["0001 FILE ORDERED"]
    assert operator.cp("TRANSFER C ALL TO B") == ["0001 FILE TRANSFERRED"]
    assert scene.files("RDR") == ["A 3 Z", "A 1 Z", "A 2 B", "B 4 A"]
    assert operator.cp("PURGE SYSTEM READER CLASS Z") == ["0002 FILES PURGED"]
    assert scene.files("RDR") == ["A 2 B", "B 4 A"]


def test_a_general_user_names_nobody():
    scene = three_files()
    assert scene.b.cp("PURGE A READER ALL") == ["DMKCSU035E DEVICE TYPE MISSING OR INVALID"]
    assert scene.b.cp("PURGE SYSTEM READER ALL") == ["DMKCSU035E DEVICE TYPE MISSING OR INVALID"]
    assert scene.b.cp("PURGE READER 1") == ["DMKCSU042E SPOOLID 0001 DOES NOT EXIST"]
    assert len(scene.files("RDR")) == 4


# ---- TAG -----------------------------------------------------------------------------------------------------------


def test_a_tag_of_a_device_goes_with_its_next_file():
    """[4.3 TAg] The tag record of the file has it; TAG QUERY shows both."""
    scene = Scene()
    assert scene.a.cp("TAG QUERY DEV PUNCH") == ["PUN 00D TAG NOT SET"]
    scene.a.cp("TAG DEV PUNCH cambridg user 50")
    assert scene.a.cp("TAG QUERY DEV 00D") == ["PUN 00D TAG:", "CAMBRIDG USER 50"]
    scene.a.punches("ONE")
    scene.a.cp("SPOOL PUNCH TO *")
    scene.a.cp("CLOSE PUNCH")
    assert scene.a.cp("TAG QUERY FILE 1") == ["CAMBRIDG USER 50"]
    assert scene.a.reads(2) == ["ONE", "0D"], "a tag is no card"


def test_a_tag_of_a_file_is_replaced():
    scene = three_files()
    assert scene.a.cp("TAG QUERY FILE 1") == ["(TAG BLANK)"]
    scene.a.cp(f"TAG FILE 1 {'X' * 140}")
    assert scene.a.cp("TAG QUERY FILE 1") == ["X" * 136]
    scene.a.cp("TAG FILE 1")
    assert scene.a.cp("TAG QUERY FILE 1") == ["(TAG BLANK)"]
    assert scene.a.reads(2) == ["CARD A", "0D"]


# ---- QUERY ---------------------------------------------------------------------------------------------------------


def test_query_files_counts_them():
    """[4.3 Query] FILES."""
    scene = three_files()
    scene.a.prints("LINE")
    scene.a.cp("CLOSE PRINTER")
    cp = scene.cp
    assert query_files(cp, scene.a.vm, []) == ["FILES:   003 RDR, 001 PRT,  NO PUN"]
    assert query_files(cp, scene.b.vm, []) == ["FILES:    NO RDR,  NO PRT,  NO PUN"]
    assert query_files(cp, scene.operator.vm, ["C"]) == ["FILES:   001 RDR,  NO PRT,  NO PUN"]


def shown(words, user="a"):
    scene = Scene()
    scene.a.cp("SPOOL PUNCH TO B COPY 2")
    scene.a.punches("ONE", "TWO")
    assert scene.a.cp("CLOSE PUNCH DIST BIN7 NAME MY DECK") == ["PUN FILE 0001  TO  B        COPY 02 NOHOLD"]
    scene.now += 3_661_000_000 << 12
    scene.deck("B", "X", sfbuhold=True, sfbclas="Q")
    return query_spool(scene.cp, getattr(scene, user).vm, "RDR", words)


FIRST, SECOND = "A        0001 A PUN 000002 002 NONE", "B        0002 Q RDR 000001 001 USER"
ALL_FIRST = f"{FIRST} 01/01 00:00:00 MY        DECK      BIN7"
ALL_SECOND = f"{SECOND} 01/01 01:01:01"
QUERIES = [
    pytest.param("b", [], [ORIGIN, FIRST, SECOND], id="one's own"),
    pytest.param("b", ["ALL"], [ORIGIN + DETAIL, ALL_FIRST, ALL_SECOND], id="all about them"),
    pytest.param("b", ["0002"], [ORIGIN + DETAIL, ALL_SECOND], id="a spoolid"),
    pytest.param("b", ["CLASS", "A"], [ORIGIN, FIRST], id="a class"),
    pytest.param("a", [], ["NO RDR FILES"], id="none"),
    pytest.param("operator", [], [OWNER, FIRST.replace("A  ", "B  ", 1), SECOND], id="class D: everybody's"),
    pytest.param("operator", ["B"], [ORIGIN, FIRST, SECOND], id="class D: one user's"),
    pytest.param("operator", ["A", "ALL"], ["NO RDR FILES"], id="class D: a user without"),
]


@pytest.mark.parametrize(("user", "words", "lines"), QUERIES)
def test_query_reader_lists_files(user, words, lines):
    """[4.3 Query] RDR, PRT, PUN: basic information; with ALL or a spoolid date, time, name and distribution code."""
    assert shown(words, user) == lines


# ---- messages ------------------------------------------------------------------------------------------------------

MESSAGES = [
    pytest.param("SPOOL", "DMKCSP022E VADDR MISSING OR INVALID", id="SPOOL nothing"),
    pytest.param("SPOOL XYZ HOLD", "DMKCSP022E VADDR MISSING OR INVALID - XYZ", id="SPOOL no device"),
    pytest.param("SPOOL 01F HOLD", "DMKCSP040E DEV 01F DOES NOT EXIST", id="SPOOL not there"),
    pytest.param("SPOOL 190 HOLD", "DMKCSP006E INVALID DEVICE TYPE - 190", id="SPOOL a disk"),
    pytest.param("SPOOL PUNCH", "DMKCSP026E OPERAND MISSING OR INVALID", id="SPOOL no option"),
    pytest.param("SPOOL PUNCH WHAT", "DMKCSP003E INVALID OPTION - WHAT", id="SPOOL no such option"),
    pytest.param("SPOOL PUNCH EOF", "DMKCSP003E INVALID OPTION - EOF", id="SPOOL reader's option"),
    pytest.param("SPOOL READER COPY 2", "DMKCSP003E INVALID OPTION - COPY", id="SPOOL output's option"),
    pytest.param("SPOOL PUNCH START", "DMKCSP003E INVALID OPTION - START", id="SPOOL console's option"),
    pytest.param("SPOOL PUNCH CLASS", "DMKCSP028E CLASS MISSING OR INVALID", id="no class"),
    pytest.param("SPOOL PUNCH CLASS *", "DMKCSP028E CLASS MISSING OR INVALID", id="any class, of a punch"),
    pytest.param("SPOOL PUNCH CLASS AB", "DMKCSP028E CLASS MISSING OR INVALID", id="two classes"),
    pytest.param("SPOOL PUNCH COPY 100", "DMKCSP030E COPIES MISSING OR INVALID", id="100 copies"),
    pytest.param("SPOOL PUNCH COPY 0", "DMKCSP030E COPIES MISSING OR INVALID", id="no copy"),
    pytest.param("SPOOL PUNCH TO", "DMKCSP020E USERID MISSING OR INVALID", id="TO nobody"),
    pytest.param("SPOOL PUNCH TO NOBODY", "DMKCSP053E NOBODY NOT IN CP DIRECTORY", id="TO somebody unknown"),
    pytest.param("SPOOL PUNCH TO TOOLONGNAME", "DMKCSP007E INVALID USERID - TOOLONGNAME", id="TO no userid"),
    pytest.param("CLOSE", "DMKCSP022E VADDR MISSING OR INVALID", id="CLOSE nothing"),
    pytest.param("CLOSE READER PURGE", "DMKCSP003E INVALID OPTION - PURGE", id="CLOSE READER PURGE"),
    pytest.param("CLOSE PUNCH NAME", "DMKCSP029E FILENAME MISSING OR INVALID", id="CLOSE no name"),
    pytest.param("CLOSE PUNCH NAME A B C", "DMKCSP029E FILENAME MISSING OR INVALID", id="CLOSE three names"),
    pytest.param("CLOSE PUNCH DIST", "DMKCSP032E DIST CODE MISSING OR INVALID", id="CLOSE no code"),
    pytest.param("PURGE", "DMKCSU035E DEVICE TYPE MISSING OR INVALID", id="PURGE nothing"),
    pytest.param("PURGE CONSOLE ALL", "DMKCSU035E DEVICE TYPE MISSING OR INVALID", id="PURGE console"),
    pytest.param("PURGE READER", "DMKCSU027E SPOOLID MISSING OR INVALID", id="PURGE no file"),
    pytest.param("PURGE READER 1 9901", "DMKCSU008E INVALID SPOOLID - 9901", id="PURGE no spoolid"),
    pytest.param("PURGE READER 1 77", "DMKCSU042E SPOOLID 0077 DOES NOT EXIST", id="PURGE not there"),
    pytest.param("CHANGE READER 1", "DMKCSU026E OPERAND MISSING OR INVALID", id="CHANGE nothing"),
    pytest.param("CHANGE READER 1 EOF", "DMKCSU003E INVALID OPTION - EOF", id="CHANGE no such option"),
    pytest.param("TRANSFER 1 B", "DMKCSV026E OPERAND MISSING OR INVALID", id="TRANSFER without TO"),
    pytest.param("TRANSFER 1 TO X", "DMKCSV053E X NOT IN CP DIRECTORY", id="TRANSFER to nobody"),
    pytest.param("TRANSFER TO B", "DMKCSV027E SPOOLID MISSING OR INVALID", id="TRANSFER nothing"),
    pytest.param("TAG", "DMKCST026E OPERAND MISSING OR INVALID", id="TAG nothing"),
    pytest.param("TAG DEV READER X", "DMKCST006E INVALID DEVICE TYPE - 00C", id="TAG a reader"),
    pytest.param("TAG FILE 77 X", "DMKCST042E SPOOLID 0077 DOES NOT EXIST", id="TAG not there"),
    pytest.param("TAG QUERY FILE 4", "DMKCST042E SPOOLID 0004 DOES NOT EXIST", id="TAG not one's own"),
]


@pytest.mark.parametrize(("command", "message"), MESSAGES)
def test_a_command_in_error_has_its_message_and_changes_nothing(command, message):
    """[4.7 002E, 003E] and the others that spooling has."""
    scene = three_files()
    scene.a.vm.devices.add(VDEVBLOK(0x190, DeviceClass.DASD, model="3330"))
    devices = (scene.a.reader, scene.a.punch, scene.a.printer)
    before = scene.spool.state()[0], [device.state() for device in devices]
    assert scene.a.cp(command) == [message]
    assert (scene.spool.state()[0], [device.state() for device in devices]) == before
