"""The directory: its statements, what is wrong with one, and the check for overlaps that VM/370 did not make."""

import pytest

from edu_hv.hypervisor.directory import Directory, UserEntry, overlaps, parse
from edu_hv.hypervisor.directory_statements import (
    Account,
    Console,
    Dedicate,
    DirectoryLink,
    DirectoryStatement,
    Ipl,
    Minidisk,
    Options,
    Special,
    Spool,
    TemporaryDisk,
    UserStatement,
)
from edu_hv.hypervisor.minidisks import Extent, LinkMode
from edu_hv.isa.errors import UserError

K = 1024

STUDENT = """\
* One entry with every statement.
DIRECTORY 350 3350 EDURES
 *
USER STUDENT1 SECRET 512K 2M BG 50 ON OFF               ignored
 ACCOUNT 101 BIN7
 OPTION ECMODE REALTIMER CPUID 611
 OPTION VIRT=REAL AFFINITY 0
 IPL CMS PARM AUTOCR
 CONSOLE 009 3215
 SPOOL 00C 2540 READER A
 SPOOL 00D 2540 PUNCH
 SPOOL 00E 1403 B
 LINK MAINT 190 190 RR
 MDISK 191 3350 101 005 USRVOL MRV RPASS WPASS MPASS
 MDISK 192 3330 T-DISK 10
 DEDICATE 181 281
 DEDICATE 300 OSRES R/O
 DEDICATE 301 VOLID 123
 SPECIAL 0FF TIMER
"""
"""The example of the reference's section 4.6, with more in it."""

STUDENT_ENTRY = UserEntry(
    UserStatement("STUDENT1", "SECRET", 512 * K, 2048 * K, "BG", 50),
    Account("101", "BIN7"),
    Options(ecmode=True, realtimer=True, virtual_real=True, cpuid="000611", affinity=0),
    Ipl("CMS", "AUTOCR"),
    (
        Console(0x009, "3215"),
        Spool(0x00C, "2540R", "RDR", "A"),
        Spool(0x00D, "2540P", "PUN", "A"),
        Spool(0x00E, "1403", "PRT", "B"),
        DirectoryLink("MAINT", 0x190, 0x190, LinkMode.RR),
        Minidisk(0x191, "3350", 101, 5, "USRVOL", LinkMode.MR, True, "RPASS", "WPASS", "MPASS"),
        TemporaryDisk(0x192, "3330", 10),
        Dedicate(0x181, 0x281),
        Dedicate(0x300, None, "OSRES", read_only=True),
        Dedicate(0x301, None, "123"),
        Special(0x0FF, "TIMER"),
    ),
)


def test_an_entry_is_what_its_statements_say():
    """[4.6] USER, ACCOUNT, OPTION, MDISK, LINK, DEDICATE, CONSOLE, SPOOL, SPECIAL and IPL, each with its operands."""
    directory = parse(STUDENT, "users.direct")
    assert directory == Directory(DirectoryStatement(0x350, "3350", "EDURES"), (STUDENT_ENTRY,))
    assert directory.find("STUDENT1") == STUDENT_ENTRY
    assert directory.find("STUDENT2") is None


HEADER = "DIRECTORY 350 3350 EDURES\n"


def entry_of(*statements, user="USER A B"):
    return parse(HEADER + "\n".join([user, *statements]), "t").users[0]


DEVICES = [
    pytest.param("M 191 2314 0 1 V", Minidisk(0x191, "2314", 0, 1, "V", LinkMode.W), id="MDISK, mode W"),
    pytest.param("mdisk 5 2319 007 10 v rr", Minidisk(5, "2314", 7, 10, "V", LinkMode.RR), id="2319 is a 2314"),
    pytest.param("MDISK 5 3330 800 8 V", Minidisk(5, "3330", 800, 8, "V"), id="3330-11"),
    pytest.param("L B 190", DirectoryLink("B", 0x190, 0x190, LinkMode.R), id="LINK, same address, mode R"),
    pytest.param("LINK B 190 290", DirectoryLink("B", 0x190, 0x290, LinkMode.R), id="LINK, other address"),
    pytest.param("DED 1 2", Dedicate(1, 2), id="DEDICATE"),
    pytest.param("CON 1F 3210 X", Console(0x1F, "3210", "X"), id="CONSOLE, a class"),
    pytest.param("C 9 1052", Console(9, "1052", "T"), id="CONSOLE, class T"),
    pytest.param("SP C 2540 READ *", Spool(0xC, "2540R", "RDR", "*"), id="2540 READ"),
    pytest.param("S C 3505", Spool(0xC, "3505", "RDR", "*"), id="3505, class *"),
    pytest.param("S C 2501 9", Spool(0xC, "2501", "RDR", "9"), id="2501"),
    pytest.param("S D 2540 PUN B", Spool(0xD, "2540P", "PUN", "B"), id="2540 PUN"),
    pytest.param("S D 3525 PUNCH B", Spool(0xD, "3525", "PUN", "B"), id="3525 PUNCH"),
    pytest.param("S E 3211", Spool(0xE, "3211", "PRT", "A"), id="3211"),
    pytest.param("SPE 450 CTCA", Special(0x450, "CTCA"), id="SPECIAL"),
]


@pytest.mark.parametrize(("line", "device"), DEVICES)
def test_a_device_statement_may_be_cut_short_and_leave_operands_out(line, device):
    """[4.6 MDisk] and the other statements for devices."""
    assert entry_of(line).devices == (device,)


USERS = [
    pytest.param("U A B", UserStatement("A", "B", 128 * K, 1024 * K, "G", 64), id="defaults"),
    pytest.param("USER A B 10K", UserStatement("A", "B", 12 * K, 1024 * K), id="whole pages"),
    pytest.param("USER A B 8K 8K", UserStatement("A", "B", 8 * K, 8 * K), id="least"),
    pytest.param("USER A B 16M", UserStatement("A", "B", 16384 * K, 16384 * K), id="more than the default maximum"),
    pytest.param("USER A B 1M 1M ABCDEFG 1", UserStatement("A", "B", 1024 * K, 1024 * K, "ABCDEFG", 1), id="all"),
]


@pytest.mark.parametrize(("line", "user"), USERS)
def test_a_user_has_the_defaults_for_what_is_not_given(line, user):
    """[4.6 USER] storage, maximum, classes."""
    assert entry_of(user=line).user == user


@pytest.mark.parametrize(
    ("line", "options"),
    [
        pytest.param("O R E I V A S BMX", Options(True, True, True, True, True, True, True), id="all, shortest"),
        pytest.param("OPTION ACCT SVCOFF ISAM", Options(acct=True, svcoff=True, isam=True), id="some"),
        pytest.param("OPTION CPUID ABCDEF", Options(cpuid="ABCDEF"), id="CPUID"),
    ],
)
def test_options_stand_in_any_order(line, options):
    """[4.6 OPTION]"""
    assert entry_of(line).options == options


def test_nolog_is_the_password_of_who_cannot_log_on():
    """[4.6 USER] an entry may only own minidisks."""
    assert [entry_of(user=f"USER A {word}").may_log_on for word in ("NOLOG", "NOLOG1")] == [False, True]


def test_the_distribution_word_is_the_userid_unless_the_account_gives_one():
    """[4.6 ACCount]"""
    assert [entry_of(*lines).distribution for lines in ([], ["ACC 1"], ["ACC 1 BIN"])] == ["A", "A", "BIN"]


def test_columns_behind_71_are_not_looked_at():
    """[4.6 DIRectory] A deck has sequence numbers there."""
    line = "MDISK 191 3350 0 1 V".ljust(71)
    assert entry_of(line + "RR").devices == entry_of("MDISK 191 3350 0 1 V").devices


ERRORS = [
    pytest.param("MDISK", "a device address is missing", id="operand missing"),
    pytest.param("MDISK 1911 3350 0 1 V", "a device address of one to three hexadecimal digits", id="address"),
    pytest.param(
        "MDISK 191 3390 0 1 V", "a disk type (2311, 2314, 3330, 3340, 3350) was expected, not 3390", id="type"
    ),
    pytest.param("MDISK 191 3350 555 1 V", "the first cylinder from 0 to 554 was expected, not 555", id="start"),
    pytest.param("MDISK 191 3350 550 6 V", "a number of cylinders from 1 to 5 was expected, not 6", id="past the end"),
    pytest.param("MDISK 191 3350 -1 6 V", "the first cylinder from 0 to 554 was expected, not -1", id="negative"),
    pytest.param("MDISK 191 3350 0 0 V", "a number of cylinders from 1 to 555 was expected, not 0", id="nothing"),
    pytest.param("MDISK 191 3350 0 1 VOLSERIAL", "a volume serial of at most 6 characters was expected", id="volser"),
    pytest.param("MDISK 191 3350 0 1 V RW", "an access mode (R, RR, W, WR, M, MR, MW) was expected, not RW", id="mode"),
    pytest.param("SPOOL C 2540", "READER or PUNCH was expected after 2540", id="2540 alone"),
    pytest.param("SPOOL E 3525 READER", "a 3525 is no READER", id="punch as reader"),
    pytest.param("SPOOL E 1403 AB", "a spooling class, one letter or digit, was expected, not AB", id="class"),
    pytest.param("SPOOL E 1403 *", "a spooling class, one letter or digit, was expected, not *", id="printer class *"),
    pytest.param("SPOOL E 9999", "a unit record type (1403, 1443, 2501, 2540, 3203", id="unit record type"),
    pytest.param("CONSOLE 9 3279", "a console type (1052, 3210, 3215) was expected, not 3279", id="console"),
    pytest.param("SPECIAL 9 XYZ", "a special device (CTCA, TIMER, 3270, IBM", id="special"),
    pytest.param("OPTION FAST", "FAST is no option; there are REALTIMER, ECMODE", id="option"),
    pytest.param("OPTION CPUID 1234567", "a serial number of up to six hexadecimal digits", id="CPUID"),
    pytest.param("FROB 1", "FROB is no statement of the directory; there are DIRECTORY, USER", id="statement"),
    pytest.param("DI 350 3350 X", "DI is no statement", id="shorter than the abbreviation"),
    pytest.param("DIR 350 3350 X", "there may be one DIRECTORY statement only", id="two DIRECTORY"),
    pytest.param("USER A C", "user A has an entry already, in line 2", id="two entries"),
    pytest.param(
        "USER C D 4K", "a storage size from 8K to 16M, as in 512K or 2M, was expected, not 4K", id="too small"
    ),
    pytest.param("USER C D 2M 1M", "the maximum storage size must not be less", id="maximum"),
    pytest.param("USER C D 2M 2M GX", "privilege classes, letters from A to H, were expected, not GX", id="classes"),
    pytest.param("USER LONGUSERID D", "a userid of at most 8 characters was expected, not LONGUSERID", id="userid"),
    pytest.param("CONS 9 3215\nSPOOL 009 1403", "user A has a device 009 already", id="two devices"),
    pytest.param("CONS 9 3215\nIPL CMS", "ACCOUNT, OPTION and IPL must stand before the user's first", id="sequence"),
]


@pytest.mark.parametrize(("lines", "message"), ERRORS)
def test_an_error_names_file_line_and_what_was_expected(lines, message):
    """[4.6 DIRectory] A statement in error: the directory is not taken."""
    with pytest.raises(UserError) as caught:
        parse(HEADER + "USER A B\n" + lines, "users.direct")
    text = str(caught.value)
    assert text.startswith(f"users.direct, line {3 + lines.count(chr(10))}: ")
    assert message in text
    assert "\n" not in text


def test_errors_are_reported_together():
    """Each on its line; those behind an entry that is in error are not the entry's before it."""
    bad = "USER A B\nCONS 9 3215\nUSER C\nCONS 9 3215\nMDISK\n" + "FROB\n" * 12
    with pytest.raises(UserError) as caught:
        parse(HEADER + bad, "u")
    lines = str(caught.value).splitlines()
    assert lines[:2] == ["u, line 4: a password is missing", "u, line 6: a device address is missing"]
    assert [line.split(":")[0] for line in lines[2:10]] == [f"u, line {n}" for n in range(7, 15)]
    assert lines[10:] == ["and 4 more"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("", "u: there is no DIRECTORY statement", id="empty"),
        pytest.param("USER A B\nUSER", "u, line 1: the first statement must be DIRECTORY", id="another first"),
        pytest.param("DIR 350 3350\nUSER A B", "u, line 1: a volume serial is missing", id="in error"),
        pytest.param("DIR 350 3350 V\nCONS 9 3215", "u, line 2: a USER statement must come first", id="no USER"),
    ],
)
def test_the_first_statement_must_be_directory_and_then_user(text, message):
    """[4.6 DIRectory] Reading ends when there is none."""
    with pytest.raises(UserError) as caught:
        parse(text, "u")
    assert str(caught.value) == message


def test_temporary_disks_come_from_the_areas_of_the_user_tdsk():
    """[2.5 T-disk] in the directory, as its practice was to mark them."""
    entry = "USER $TDSK$ NOLOG\nMDISK 100 3350 80 20 VOL1 R\nMDISK 101 3330 1 5 VOL2\nMDISK 102 3330 T-DISK 5"
    assert parse(HEADER + entry, "t").temporary_areas == (Extent("VOL1", 80, 20), Extent("VOL2", 1, 5))
    assert parse(HEADER + "USER A B", "t").temporary_areas == ()


def test_overlapping_minidisks_are_accepted_and_found_by_the_checker():
    """[4.6 MDisk] no overlap check; [7.2-6] the tool that makes it."""
    directory = parse(
        HEADER + "USER A X\nMDISK 1 3350 0 10 VOL1\nMDISK 2 3350 0 10 VOL2\nMDISK 3 3350 T-DISK 5\n"
        "USER B X\nMDISK 1 3350 10 10 VOL1\nMDISK 2 3350 9 2 VOL1\nUSER $ NOLOG\nMDISK 5 3350 0 10 VOL2\n",
        "t",
    )
    assert overlaps(directory) == [
        "A 001 (VOL1 000-009) overlaps B 002 (VOL1 009-010)",
        "B 002 (VOL1 009-010) overlaps B 001 (VOL1 010-019)",
        "$ 005 (VOL2 000-009) overlaps A 002 (VOL2 000-009)",
    ]


def test_the_checker_finds_every_pair_that_shares_a_cylinder():
    """Against sets of cylinders."""
    spans = [(start * 7 % 40, 1 + start * 5 % 9) for start in range(20)]
    lines = [f"MDISK {n:X} 3350 {start} {length} V" for n, (start, length) in enumerate(spans)]
    found = overlaps(parse(HEADER + "USER A X\n" + "\n".join(lines), "t"))
    sets = [set(range(start, start + length)) for start, length in spans]
    shared = {frozenset((n, m)) for n in range(20) for m in range(n) if sets[n] & sets[m]}
    pairs = [frozenset(int(word, 16) for word in (line.split()[1], line.split()[6])) for line in found]
    assert sorted(map(sorted, pairs)) == sorted(map(sorted, shared))
