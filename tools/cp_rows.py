"""docs/CP_ROWS.md: what of VM/370's CP is here, row by row, and which tests show it.

The rows are those of the specification that this control program was built from, in the order of its sections; A is
needed for the first lessons, B should be there.  A test names a row in square brackets at the beginning of its
docstring: `[1.4 LPSW]`, or several: `[2.4 6; 2.4 7]`.  `python -m tools.cp_rows` writes the table; a test compares.
"""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent
DOCUMENT = ROOT / "docs" / "CP_ROWS.md"

SECTIONS = {
    "1.1": "States",
    "1.2": "VMBLOK",
    "1.3": "Virtual and real machine state",
    "1.4": "Privileged instructions",
    "1.6": "Interruptions",
    "1.8": "Wait",
    "1.9": "Timers",
    "1.11": "Handshaking",
    "1.12": "IPL and reset",
    "2.3": "START I/O",
    "2.4": "CCW translation",
    "2.6": "Spooling",
    "3": "DIAGNOSE",
    "4.2": "Commands: control and inspection",
    "4.3": "Commands: devices, spool, users",
    "5.2": "VM assist",
}


@dataclass(frozen=True)
class Row:
    """One row of the specification."""

    section: str
    name: str
    priority: str
    what: str

    @property
    def key(self) -> tuple[str, str]:
        """By what a test names it."""
        return self.section, _plain(self.name)


ROWS = tuple(Row(*row) for row in (
    ('1.1', '1', 'A', 'a guest runs in real problem state'),
    ('1.1', '2', 'A', 'virtual supervisor state is a bit of VMPSW'),
    ('1.1', '3', 'A', 'a trap is simulated or reflected, by that bit'),
    ('1.1', '4', 'B', 'a program check in real supervisor state is an abend of CP'),
    ('1.1', '5', 'B', 'CP runs with DAT off, disabled'),
    ('1.1', '6', 'A', 'one dispatcher'),
    ('1.2', 'VMQFPNT', 'B', 'field VMQFPNT/VMQBPNT'),
    ('1.2', 'VMPNT', 'B', 'field VMPNT'),
    ('1.2', 'VMECEXT', 'A', 'field VMECEXT / VMVCR0'),
    ('1.2', 'VMSEG', 'A', 'field VMSEG'),
    ('1.2', 'VMSIZE', 'A', 'field VMSIZE'),
    ('1.2', 'VMCHSTRT', 'A', 'field VMCHSTRT/VMCUSTRT/VMDVSTRT'),
    ('1.2', 'VMTERM', 'B', 'field VMTERM, VMVTERM'),
    ('1.2', 'VMIOACTV', 'B', 'field VMIOACTV'),
    ('1.2', 'VMCHTBL', 'A', 'field VMCHTBL'),
    ('1.2', 'VMRSTAT', 'A', 'field VMRSTAT'),
    ('1.2', 'VMDSTAT', 'B', 'field VMDSTAT'),
    ('1.2', 'VMOSTAT', 'B', 'field VMOSTAT'),
    ('1.2', 'VMPSTAT', 'A', 'field VMPSTAT'),
    ('1.2', 'VMESTAT', 'A', 'field VMESTAT'),
    ('1.2', 'VMTRCTL', 'A', 'field VMTRCTL'),
    ('1.2', 'VMQLEVEL', 'B', 'field VMQLEVEL'),
    ('1.2', 'VMTLEVEL', 'B', 'field VMTLEVEL'),
    ('1.2', 'VMPEND', 'A', 'field VMPEND'),
    ('1.2', 'VMIOINT', 'A', 'field VMIOINT'),
    ('1.2', 'VMTIMER', 'B', 'field VMTIMER, VMVTIME, VMTMOUTQ, VMTTIME, VMTMINQ'),
    ('1.2', 'VMINST', 'A', 'field VMINST'),
    ('1.2', 'VMADSTOP', 'A', 'field VMADSTOP'),
    ('1.2', 'VMPSW', 'A', 'field VMPSW'),
    ('1.2', 'VMGPRS', 'A', 'field VMGPRS/VMFPRS'),
    ('1.2', 'VMUSER', 'B', 'field VMUSER/VMACCNT/VMDIST'),
    ('1.2', 'VMMICRO', 'B', 'field VMMICRO'),
    ('1.2', 'VMPXINT', 'A', 'field VMPXINT'),
    ('1.3', 'PSW mode bits', 'A', 'virtual and real: PSW mode bits'),
    ('1.3', 'PSW key, CC, program mask, IA', 'A', 'virtual and real: PSW key, CC, program mask, IA'),
    ('1.3', 'PSW wait bit', 'A', 'virtual and real: PSW wait bit'),
    ('1.3', 'PSW system mask', 'A', 'virtual and real: PSW system mask'),
    ('1.3', 'PSW PER bit', 'B', 'virtual and real: PSW PER bit'),
    ('1.3', 'GPR, FPR', 'A', 'virtual and real: GPR, FPR'),
    ('1.3', 'CR0', 'A', 'virtual and real: CR0'),
    ('1.3', 'CR1', 'A', 'virtual and real: CR1'),
    ('1.3', 'CR2 (channel masks)', 'A', 'virtual and real: CR2 (channel masks)'),
    ('1.3', 'CR4-CR13', 'B', 'virtual and real: CR4-CR13'),
    ('1.3', 'Guest storage 0..VMSIZE', 'A', 'virtual and real: Guest storage 0..VMSIZE'),
    ('1.3', 'Guest page 0 (PSWs, CSW, CAW, timer)', 'A', 'virtual and real: Guest page 0 (PSWs, CSW, CAW, timer)'),
    ('1.3', 'Storage keys', 'B', 'virtual and real: Storage keys'),
    ('1.3', "Interval timer X'50'", 'A', "virtual and real: Interval timer X'50'"),
    ('1.3', 'TOD clock', 'A', 'virtual and real: TOD clock'),
    ('1.3', 'CPU timer, clock comparator', 'B', 'virtual and real: CPU timer, clock comparator'),
    ('1.3', 'CPU id', 'A', 'virtual and real: CPU id'),
    ('1.3', 'Channels/devices', 'A', 'virtual and real: Channels/devices'),
    ('1.4', 'LPSW', 'A', 'simulated: LPSW 82'),
    ('1.4', 'SSM', 'A', 'simulated: SSM 80'),
    ('1.4', 'STNSM', 'A', 'simulated: STNSM AC'),
    ('1.4', 'STOSM', 'A', 'simulated: STOSM AD'),
    ('1.4', 'SSK', 'B', 'simulated: SSK 08'),
    ('1.4', 'ISK', 'B', 'simulated: ISK 09'),
    ('1.4', 'SPKA', 'B', 'simulated: SPKA B20A'),
    ('1.4', 'IPK', 'B', 'simulated: IPK B20B'),
    ('1.4', 'LCTL', 'A', 'simulated: LCTL B7'),
    ('1.4', 'STCTL', 'A', 'simulated: STCTL B6'),
    ('1.4', 'LRA', 'A', 'simulated: LRA B1'),
    ('1.4', 'PTLB', 'A', 'simulated: PTLB B20D'),
    ('1.4', 'SPT', 'B', 'simulated: SPT B208'),
    ('1.4', 'STPT', 'B', 'simulated: STPT B209'),
    ('1.4', 'SCKC', 'B', 'simulated: SCKC B206'),
    ('1.4', 'STCKC', 'B', 'simulated: STCKC B207'),
    ('1.4', 'SCK', 'B', 'simulated: SCK B204'),
    ('1.4', 'STCK', 'A', 'simulated: STCK B205'),
    ('1.4', 'STIDP', 'A', 'simulated: STIDP B202'),
    ('1.4', 'STIDC', 'B', 'simulated: STIDC B203'),
    ('1.4', 'SIO', 'A', 'simulated: SIO 9C00 / SIOF 9C01'),
    ('1.4', 'TIO', 'A', 'simulated: TIO 9D00'),
    ('1.4', 'HIO', 'B', 'simulated: HIO 9E00 / HDV 9E01'),
    ('1.4', 'TCH', 'B', 'simulated: TCH 9F'),
    ('1.4', 'DIAG', 'A', 'simulated: DIAG 83'),
    ('1.4', 'EX', 'A', 'simulated: EX 44'),
    ('1.6', 'SVC-1', 'A', "a real SVC in problem state is the guest's; ADSTOP"),
    ('1.6', 'SVC-3', 'B', 'guest page 0 out, or SVC traced'),
    ('1.6', 'SVC-4', 'A', "the PSWs are swapped in the guest's page 0"),
    ('1.6', 'PGM-1', 'A', 'simulate or reflect'),
    ('1.6', 'PGM-2', 'A', 'program interrupt loop, 453W'),
    ('1.6', 'EXT-1', 'A', "real external interruptions are CP's"),
    ('1.6', 'EXT-2', 'A', 'deliverable by PSW bit 7 and CR0'),
    ('1.6', 'EXT-3', 'B', 'external interrupt loop, 452W'),
    ('1.6', 'IO-1', 'A', "a real I/O interruption becomes pending in the guest's blocks"),
    ('1.6', 'IO-2', 'A', 'deliverable by PSW and CR2'),
    ('1.6', 'IO-3', 'A', "CSW and PSWs in the guest's page 0"),
    ('1.6', 'ORDER', 'A', 'the order in which the dispatcher looks'),
    ('1.6', 'PSWCHK', 'A', 'a new virtual PSW is checked'),
    ('1.8', 'VMPSW wait bit, some mask on', 'A', 'not runnable, dropped from its queue'),
    ('1.8', 'wait with all of I/O and external off', 'A', '450W'),
    ('1.8', 'wait enabled for external only', 'B', 'disabled all the same, without a timer that could end it'),
    ('1.8', 'no VM runnable at all', 'B', 'the real machine waits'),
    ('1.9', 'Interval timer unit', 'A', 'Interval timer unit'),
    ('1.9', 'SET TIMER OFF / ON / REAL', 'A', 'SET TIMER OFF / ON / REAL'),
    ('1.9', 'Update', 'A', 'Update'),
    ('1.9', 'TOD', 'A', 'TOD'),
    ('1.9', 'CPU timer/clock comp', 'B', 'CPU timer/clock comp'),
    ('1.11', 'Detection', 'A', 'Detection'),
    ('1.11', 'Pseudo page faults', 'B', 'Pseudo page faults'),
    ('1.11', 'No double work', 'B', 'No double work'),
    ('1.12', 'IPL vaddr', 'A', 'IPL of a device'),
    ('1.12', 'IPL sysname', 'B', 'IPL sysname'),
    ('1.12', 'SYSTEM RESET / CLEAR / RESTART', 'A', 'SYSTEM RESET / CLEAR / RESTART'),
    ('1.12', 'Device address of IPL', 'B', 'Device address of IPL'),
    ('2.3', '1', 'A', 'device address and lookup'),
    ('2.3', '2', 'A', 'busy'),
    ('2.3', '3', 'A', 'an interruption is pending'),
    ('2.3', '4', 'A', 'the CAW'),
    ('2.3', '5', 'A', 'devices whose programs CP interprets'),
    ('2.3', '6', 'A', 'IOBLOK and translated program'),
    ('2.3', '7', 'A', 'queue on the real device'),
    ('2.3', '8', 'B', 'sense after a unit check'),
    ('2.3', '9', 'A', 'un-translation'),
    ('2.4', '1', 'A', 'scan, run by run'),
    ('2.4', '2', 'A', 'data inside one page'),
    ('2.4', '3', 'A', 'data across pages'),
    ('2.4', '4', 'B', "the guest's own IDAWs"),
    ('2.4', '5', 'A', 'invalid CCWs are reported at their place'),
    ('2.4', '6', 'A', 'TIC'),
    ('2.4', '7', 'A', 'status modifier'),
    ('2.4', '8', 'B', 'sense from the VDEVBLOK'),
    ('2.4', '9', 'A', 'SEEK on a minidisk'),
    ('2.4', '13', 'A', 'write on a read-only minidisk'),
    ('2.4', '14', 'B', 'SET FILE MASK'),
    ('2.4', '15', 'B', 'multitrack, end of cylinder'),
    ('2.4', '19', 'B', 'protection key'),
    ('2.6', 'Open', 'B', 'Open'),
    ('2.6', 'Each SIO', 'A', 'Each SIO'),
    ('2.6', 'Reader empty', 'A', 'Reader empty'),
    ('2.6', 'End of file', 'A', 'End of file'),
    ('2.6', 'Class match', 'B', 'Class match'),
    ('2.6', 'Defaults', 'B', 'Defaults'),
    ('2.6', 'TAG/SPOOL/CLOSE/TRANSFER/PURGE/ORDER/CHANGE', 'B', 'TAG/SPOOL/CLOSE/TRANSFER/PURGE/ORDER/CHANGE'),
    ('3', "X'00'", 'A', 'DIAGNOSE store extended identification'),
    ('3', "X'04'", 'B', 'DIAGNOSE examine real storage'),
    ('3', "X'08'", 'A', 'DIAGNOSE virtual console function'),
    ('3', "X'0C'", 'A', 'DIAGNOSE pseudo timer'),
    ('3', "X'10'", 'A', 'DIAGNOSE release pages'),
    ('3', "X'18'", 'A', 'DIAGNOSE standard DASD I/O'),
    ('3', "X'20'", 'A', 'DIAGNOSE general I/O without interrupt'),
    ('3', "X'24'", 'A', 'DIAGNOSE device type and features'),
    ('3', "X'60'", 'A', 'DIAGNOSE virtual storage size'),
    ('3', "X'64'", 'B', 'DIAGNOSE named segments (DCSS)'),
    ('3', "X'68'", 'B', 'DIAGNOSE VMCF'),
    ('4.2', 'BEGIN', 'A', 'command Begin'),
    ('4.2', 'IPL', 'A', 'command IPL'),
    ('4.2', 'DISPLAY', 'A', 'command Display'),
    ('4.2', 'STORE', 'A', 'command STore'),
    ('4.2', 'DUMP', 'B', 'command DUMP'),
    ('4.2', 'ADSTOP', 'A', 'command ADSTOP'),
    ('4.2', 'TRACE', 'A', 'command TRace'),
    ('4.2', 'PER', 'B', 'command PER (VM/SP)'),
    ('4.2', 'EXTERNAL', 'A', 'command EXTernal'),
    ('4.2', 'READY', 'A', 'command READY'),
    ('4.2', 'NOTREADY', 'B', 'command NOTReady'),
    ('4.2', 'RESET', 'B', 'command RESet'),
    ('4.2', 'SYSTEM', 'A', 'command SYStem'),
    ('4.2', 'REQUEST', 'B', 'command REQuest'),
    ('4.2', 'REWIND', 'B', 'command REWind'),
    ('4.2', 'ATTN', 'B', 'command ATTN'),
    ('4.2', 'SET', 'A', 'command SET'),
    ('4.2', 'INDICATE', 'B', 'command INDicate'),
    ('4.3', 'ATTACH', 'A', 'command ATTach (B)'),
    ('4.3', 'DETACH', 'A', 'command DETach'),
    ('4.3', 'DEFINE', 'A', 'command DEFine'),
    ('4.3', 'LINK', 'A', 'command LINK'),
    ('4.3', 'COUPLE', 'A', 'command COUPLE'),
    ('4.3', 'MESSAGE', 'B', 'command Message / MSG'),
    ('4.3', 'QUERY', 'A', 'command Query'),
    ('4.3', 'SPOOL', 'B', 'command SPool'),
    ('4.3', 'CLOSE', 'B', 'command CLose'),
    ('4.3', 'LOGON', 'A', 'command LOGon'),
    ('4.3', 'LOGOFF', 'A', 'command LOGoff [HOLD]'),
    ('4.3', 'DISCONN', 'B', 'command DISConn [HOLD]'),
    ('4.3', 'DIAL', 'B', 'command DIAL'),
    ('5.2', 'common', 'A', 'assist: common'),
    ('5.2', 'SSM', 'A', 'assist: SSM'),
    ('5.2', 'STNSM', 'A', 'assist: STNSM'),
    ('5.2', 'STOSM', 'A', 'assist: STOSM'),
    ('5.2', 'LPSW', 'A', 'assist: LPSW'),
    ('5.2', 'SVC', 'A', 'assist: SVC'),
    ('5.2', 'STCTL', 'B', 'assist: STCTL'),
    ('5.2', 'LCTL', 'B', 'assist: LCTL'),
    ('5.2', 'LRA', 'B', 'assist: LRA'),
    ('5.2', 'ISK, SSK, RRB', 'B', 'assist: ISK, SSK, RRB'),
    ('5.2', 'IPK, SPKA', 'B', 'assist: IPK, SPKA'),
    ('5.2', 'shadow page-table validation', 'B', 'assist: shadow page-table validation'),
))  # fmt: skip

OTHERWISE: dict[tuple[str, str], str] = {
    ("1.2", "VMQFPNT"): "the queues are lists of machines (`Scheduler.q1`, `q2`); the place in the list is the chain",
    ("1.2", "VMPNT"): "the ring is the list `ControlProgram.vms`, in the order of logon",
    ("1.2", "VMECEXT"): "the virtual control registers are those of the virtual CPU, with and without an ECBLOK",
    ("1.2", "VMCHSTRT"): "the tables are lists in `VirtualDevices`, found by index as on VM/370",
    ("1.2", "VMTERM"): "a terminal is the list of its lines (`VMBLOK.terminal`); VMVTERM is `VirtualDevices.console`",
    ("1.2", "VMIOACTV"): "worked out from the devices whenever it is asked for",
    ("1.2", "VMRSTAT"): "LOGON is never on: a logon is done at once",
    ("1.2", "VMDSTAT"): "TIO, ELIG and DSPCH are never on: there are no eligible lists",
    ("1.2", "VMOSTAT"): "VIRCF is never on",
    ("1.2", "VMPSTAT"): "RPAGE, REAL, NOTRAN and NSHR are never on: there is no V=R area",
    ("1.2", "VMESTAT"): "MICSVC, NEWCR0, INVSEG, INVPAG are never on: changed tables are dealt with at once, stolen "
    "frames noted in `VirtualStorage.frames_lost`",
    ("1.2", "VMQLEVEL"): "LOPRI is never on",
    ("1.2", "VMPEND"): "DEFSTK, PRG and SVC are never on: program interruptions and SVCs are reflected at the trap",
    ("1.2", "VMTIMER"): "VMTMOUTQ and VMTMINQ are `VMBLOK.queue_left`; the CPU timer is in `VMBLOK.clocks`",
    ("1.3", "CPU timer, clock comparator"): "while the guest runs, the real CPU timer holds what is left of its own",
    ("1.6", "SVC-3"): "there is one path; page 0 is brought in when the PSWs are to be stored",
    ("1.6", "SVC-4"): "the dispatcher looks at every new PSW",
    ("1.8", "VMPSW wait bit, some mask on"): "the machine leaves its queue whatever I/O is active",
    ("1.8", "no VM runnable at all"): "the time is not counted by what is waited for",
    ("1.12", "IPL vaddr"): "CP runs the loading channel program itself; no program is put into the guest's storage",
}
"""Rows that are built in another way than on VM/370, and how."""

MISSING: dict[tuple[str, str], str] = {}
"""Rows that are not built, and why."""


ALSO: dict[str, tuple[str, ...]] = {
    "1.2": ("ECBLOK", "XINTBLOK", "TRQBLOK"),
    "1.4": ("COMMON PATH", "TRAP", "RRB", "CLRIO", "SIGP", "RDD", "MC", "CS"),
    "2.4": ("10", "11", "12", "16", "17", "18", "20", "CSW", "RESTRICTIONS"),
    "2.6": ("CONSOLE", "CONSOLE SPOOL"),
    "3": ("X'14'",),
    "4.2": ("SLEEP", "TERMINAL", "ECHO"),
    "4.3": ("PURGE", "TRANSFER", "CHANGE", "ORDER", "TAG", "FORCE", "AUTOLOG", "SMSG", "WARNING"),
}
"""What tests name in these sections besides: rows that need not be (C), and paragraphs beside the tables."""


def _plain(name: str) -> str:
    """Letters and digits only, in capitals: how names are compared."""
    return re.sub(r"[^A-Z0-9]+", " ", name.upper()).strip()


@dataclass(frozen=True)
class Named:
    """A test that names a row."""

    section: str
    row: str
    test: str


@cache
def all_named() -> tuple[Named, ...]:
    """Every row that a test of this project names."""
    return tuple(naming_tests(ROOT / "tests", ROOT))


def naming_tests(folder: Path, root: Path) -> Iterator[Named]:
    """Every test that names rows, with each row it names."""
    for path in sorted(folder.rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                yield from _named(ast.get_docstring(node) or "", f"{path.relative_to(root)}::{node.name}")


def _named(docstring: str, test: str) -> Iterator[Named]:
    while found := re.match(r"\s*\[([^\]]+)\]", docstring):
        docstring = docstring[found.end() :]
        section = ""
        for name in found.group(1).split(";"):
            parts = re.match(r"\s*(?:(\d(?:\.\d+)?)[\s-]+)?(.+)", name)
            if parts:
                section = parts.group(1) or section
                yield Named(section, _plain(parts.group(2)), test)


def by_row() -> dict[Row, list[str]]:
    """The tests of each row."""
    found: dict[Row, list[str]] = defaultdict(list)
    for named in all_named():
        for row in ROWS:
            if row.section == named.section and _means(named.row, row.key[1]) and named.test not in found[row]:
                found[row].append(named.test)
    return {row: found[row] for row in ROWS}


def _means(named: str, row: str) -> bool:
    """Whether a test's name of a row is that row's: whole, or its first words; SIO names the row "SIO SIOF"."""
    return (
        named == row or (len(named) > 2 and (row + " ").startswith(named + " ")) or (named + " ").startswith(row + " ")
    )


def unknown() -> list[Named]:
    """What tests name in the table's sections that is neither a row nor anything else there: a slip of the pen."""
    names = [row.key for row in ROWS] + [(section, _plain(name)) for section in ALSO for name in ALSO[section]]
    return [
        named
        for named in all_named()
        if named.section in SECTIONS
        and not any(named.section == section and _means(named.row, name) for section, name in names)
    ]


def without_a_test() -> list[Row]:
    """The rows that no test names and that are not said to be missing."""
    return [row for row, names in by_row().items() if not names and (row.section, row.name) not in MISSING]


def document() -> str:
    """The whole of docs/CP_ROWS.md."""
    found = by_row()
    done = sum(bool(names) for names in found.values())
    lines = [
        "# CP row by row",
        "",
        "What of VM/370's control program is here, and the tests that show it. `python -m tools.cp_rows` writes this",
        f"file from the tests' own words; {done} of {len(ROWS)} rows have a test. A: needed for the first lessons; B:",
        "should be there. *Otherwise* says where this CP does it in another way than VM/370.",
    ]
    for section, title in SECTIONS.items():
        lines += [
            "",
            f"## {section} {title}",
            "",
            "| Row | P | What | State | Tests |",
            "| --- | --- | --- | --- | --- |",
        ]
        lines += [_line(row, names) for row, names in found.items() if row.section == section]
    return "\n".join(lines) + "\n"


def _line(row: Row, names: list[str]) -> str:
    state = "built" if names else "**missing**"
    if note := MISSING.get((row.section, row.name)):
        state = f"**missing**: {note}"
    elif note := OTHERWISE.get((row.section, row.name)):
        state = f"built, otherwise: {note}"
    shown = [f"`{name.removeprefix('tests/')}`" for name in names[:3]]
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return f"| {row.name} | {row.priority} | {row.what} | {state} | {'<br>'.join(shown)}{more} |".replace("| |", "|  |")


def main() -> None:
    """Write the document."""
    DOCUMENT.write_text(document(), encoding="utf-8")


if __name__ == "__main__":
    main()
