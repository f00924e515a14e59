"""Wrong command lines: one sentence each, and the session is left as it was."""

import pytest

from edu_hv.debugger import moving
from edu_hv.debugger.commands.registry import REGISTRY
from edu_hv.debugger.session import DebugSession
from edu_hv.isa.errors import UserError
from tests.debugger.walk import differences, everything, loaded, run_line

HUGE = "9" * 5000
WRONG = {
    "step": ["0", "-1", "x", "1.5", "²", "1 2", "१"],
    "back": ["0", "-1", "x", "1 2"],
    "stage": ["0", "-1", "x", "1 2"],
    "unstage": ["0", "-1", "x", "1 2"],
    "trap": ["1"],
    "untrap": ["1"],
    "decision": ["1"],
    "undecision": ["1"],
    "run": ["0", "-1", "x", "1 2"],
    "runback": ["1"],
    "over": ["0", "-1", "x", "1 2"],
    "unover": ["0", "-1", "x", "1 2"],
    "out": ["1"],
    "unout": ["1"],
    "output": ["1"],
    "unoutput": ["1"],
    "until": ["", "NOWHERE", "FFFFFF", "40000", "201", "200 204", "X'", "R16", "START+", "START+G", "0x1234567", "-4"],
    "since": ["", "NOWHERE", "FFFFFF", "201", "200 1", "X'"],
    "mark": ["", "1x", "+", "50%", "here", "END", "a b"],
    "marks": ["1"],
    "unmark": ["", "nothing", "a b", HUGE],
    "branches": ["1"],
    "branch": ["", "nothing", "nothing x", "main main", "main 1x", "main here", "main a b", HUGE],
    "unbranch": ["", "nothing", "main", "main x", HUGE],
    "goto": ["", "-9999999", "x", "99999999", HUGE, "1 2", "101%", "x%", "+99999999", "--1", "+"],
    "break": ["NOWHERE", "FFFFFF", "201", "200 204", "RG", "TCB+FFFFFF", "200 if", "200 if R5 ==", "200 count 0",
              "200 of NOBODY", "trap nonsense", "trap program 99", "svc 256", "rule", "guest NOBODY", "psw nothing",
              "psw cc becomes x", "device XYZ", "privileged LA", "when", "when R5 =", "[", HUGE],
    "tbreak": ["NOWHERE", "201", "svc -1"],
    "watch": ["", "NOWHERE", "200.0", "200.5000", "3FFFF.4", "R16", "psw", "psw nothing", "200 mask", "200 becomes x",
              "200 nonsense", "real FFFFFFF", "real 200 of KERNEL", "key", "200 of NOBODY", HUGE],
    "rwatch": ["", "R5", "psw mask", "200 becomes 1"],
    "awatch": ["", "R5", "200.0"],
    "delete": ["", "0", "-1", "1", "x", "last", HUGE, "1 2"],
    "enable": ["", "0", "1", "x", "last", "1 2"],
    "disable": ["", "0", "1", "x", "last", "1 2"],
    "ignore": ["", "1", "1 2", "x 1", "last"],
    "condition": ["", "1", "1 R5 == 1", "x", "last R5"],
    "commands": ["", "1", "1 xray", "x"],
    "stops": ["nonsense", "save", "load", "load nothing", "list x", "commands x", "save x y"],
    "watchlog": ["NOWHERE", "show x", "show 0", "show 99999", "show 1 2", "delete", "delete 1", "at", "at 201",
                 "R5 count 2", "R5 temporary", "svc 256"],
    "breakpoints": ["1"],
    "status": ["1"],
    "registers": ["1"],
    "psw": ["1"],
    "differs": ["1", "nothing", "psw timers", "p", HUGE],
    "both": ["1", "nothing", "psw timers", "p", HUGE],
    "address": ["", "NOWHERE", "1000000", "-1", "200 x", "200 secondary", "200 real 3", "NOWHERE real", "100000 real",
                "200 p" + HUGE, HUGE],
    "pages": ["1"],
    "xray": ["0", "x", "1 2"],
    "xnext": ["1"],
    "xback": ["1"],
    "code": ["0", "-1", "x", "1 2"],
    "storage": ["NOWHERE", "40000", "FFFFFF", "200 0", "200 -1", "200 x", "200 1 2", HUGE],
    "real": ["", "NOWHERE", "FFFFFF", "28 0", "28 x", "28 1 2", "-1"],
    "explain": ["nothing", "cc 1", "trap 1", "branch 1", "psw 1", "psw X'12'", "csw 00", "caw 0000000G", "ccw",
                "ccw NOWHERE", "ccw 200 XYZ", "ccw 200 5FF", "ccw 200 009 1", "pte", "pte 1 2", "ste", "cr", "cr 16",
                "cr 0 12", "cr x", "key", "key FFFFFF", "tod 1", "code", "code program 15", "code page 5",
                "code svc 256", "code external 3", "code program 12345", HUGE],
    "cause": ["1", ""],
    "console": ["NOBODY", "KERNEL SECOND"],
    "log": ["0", "-1", "x", "1 2"],
    "timeline": ["0", "x", "2 1", "1 2 3", "zoom", "zoom sideways", "words x", "guests 9999999 99999999", "1% 200%",
                 HUGE + " x"],
    "trace": ["svc 256", "program 100", "external 10000", "io 1000", "ccw FFFF", "guest", "guest NOBODY", "rule", "op",
              "op NOP1", "not", "text", 'console "A', "2 1", "0 svc" + HUGE, "9999999 99999999"],
    "find": ["", "svc 256", "guest NOBODY", "op XYZ", "nosuchtextanywhere", 'console "A', "svc 77"],
    "findback": ["", "svc 256", "guest NOBODY", "op XYZ", "nosuchtextanywhere", "svc 77"],
    "export": ["", "x.pdf", "/nowhere/x.txt", "/tmp", "/nowhere/x.txt steps", "/nowhere/x.txt steps 1 x",
               "/nowhere/x.txt 2 1", "/nowhere/x.txt svc 256", "/etc/hosts", "/etc/hosts.txt/x.txt", HUGE + ".txt"],
    "cost": ["NOBODY", "KERNEL SECOND", "since", "until", "since x", "since 2 until 1", "since 99999999", "1",
             "compare", "compare x", "compare assist NOBODY", "compare assist since 99999999"],
    "listing": ["1"],
    "devices": ["1"],
    "whatif": ["", "x", "bare 5", "bare for", "bare for 0", "bare for x", "bare for 2000000", "bare until",
               "bare until NOWHERE", "virtual", "virtual x", "unassisted", "rule", "rule XYZ", "rule PRV-2 on",
               "untrapped for 2", "enter", "cp", "cp nonsense", "set", "set $r5", "set $r16 = 1", "key 1", "real",
               HUGE],
    "diff": ["", "x", "9999999", "1 2 3", "branch", "branch nothing", "branch main", "branch main x", "-99999",
             "101%", HUGE],
    "why": ["0", "-1", "x", "1 2", "rule", "rule x", "KERNEL KERNEL", "PRV PRV", HUGE + "x"],
    "counters": ["NOBODY", "KERNEL SECOND"],
    "logon": [""],
    "deck": ["", "kernel", "nothing KERNEL", "kernel NOBODY", "kernel KERNEL x", "/etc KERNEL"],
    "spool": ["x", "99", HUGE, "1 2"],
    "system": ["", "/nowhere/x.direct", "/etc", "/etc/hosts"],
    "guests": ["1"],
    "select": ["NOBODY", "KERNEL SECOND"],
    "cp": [""],
    "enter": [""],
    "load": ["", "bare", "cp", "tape kernel", "bare kernel second", "cp" + 17 * " kernel", "cp nothing",
             "bare /nowhere/x.asm", "bare x.deck", 'cp "kernel', "cp real", "cp real kernel", "cp real 512K",
             "cp assist", "cp real 64K kernel", "cp real 300001 kernel", "cp real 17M kernel", "bare assist kernel",
             "cp kernel real 512K"],
    "mount": ["", "/nowhere/x.aws", "/"],
    "machine": ["", "s390", "s370 17M", "s370 3000", "s370 0", "s370 lots", "s370 1M 2", HUGE],
    "attach": ["", "00C", "00C 3506", "XYZ 3505", "1234 3505", "00C 3505 /nowhere/deck", "00E 1403 /etc/hosts",
               "181 3420 X new other", "009 3215 /etc/hosts"],
    "channel": ["", "1", "10 selector", "X selector", "1 slow", "1 selector 2"],
    "detach": ["", "00C", "XYZ", "009 1"],
    "configuration": ["1"],
    "ipl": ["", "00C", "XYZ", "009 1", HUGE],
    "save": ["", "00C", "F00 /tmp/x", "009 /nowhere/x", "XYZ /tmp/x", "009 /tmp/x 2", "009 /etc/hosts",
             "/nowhere/x.rec", "/tmp", "/etc/hosts", '""', '"x', "/etc/hosts replace x", HUGE],
    "open": ["", "/nowhere/x.rec", "/tmp", "/etc/hosts", "x.rec wholly", "/dev/null", HUGE, "x.rec partly 2"],
    "replay": ["/nowhere/x.rec", "/etc/hosts", "to", "to x", "to 99999999", "next 2", "x y", '"x'],
    "script": ["/tmp", "/nowhere/x.cmd", "/etc/hosts", "/tmp/x.cmd over", "/tmp replace", HUGE],
    "request": ["XYZ", "009", "009 1"],
    "restartkey": ["1", ""],
    "storestatus": ["1", ""],
    "fail": ["", "well", "warning", HUGE],
    "reset": ["1"],
    "key": ["1"],
    "apropos": ["", "qwertyuiop"],
    "examine": ["/zz 200", "/q 200", "/99999x 200", "/0x 200", "NOWHERE", "40000", "FFFFFF", "200 1", "1 +", "2 )"],
    "print": ["", "/i 200", "/q 1", "1 +", "1 2", "(1", "$r16", "$zz", "NOWHERE", "[40000]", "[200].q", "[200].9",
              "1/0", "1 << 99", '"x" + 1', '"x', "F'1F'", "$r5 = 1", "real.zz", "real[FFFFFF]", "(" * 99, HUGE + "x"],
    "autodisplay": ["1 +", "$zz", "/q 1", "/i 200"],
    "undisplay": ["0", "1", "x", "1 2"],
    "disassemble": ["NOWHERE", "201", "40000", "200 0", "200 1 2"],
    "list": ["NOWHERE", "40000", "200 0", "200 1 2"],
    "info": ["nothing", "psw 1", "registers r16", "symbols NOWHERE", "line FFFF", "line NOWHERE", "s1"],
    "set": ["", "$r5", "$r5 =", "= 1", "$r5 = 100000000", "$r16 = 1", "nowhere = 1", "psw.cc = 4", "psw.dat = 1",
            "storage 200 = 1", "storage 200 = xx", "storage 40000 = 00", "key 200 = 1FF", "key 40000 = 0", "START = 1",
            "[40000] = 1", "[200].b = 1FF", "$r5 = 1 +", "real[200] = 1", "storage 3FFFF = 0000"],
    "display": ["r5", "40000", "G16", "200-100", "XYZ"],
    "store": ["", "G5", "G16 1", "S200 X", "40000 1", "PSW 1 2 3", "200 123456789"],
    "begin": ["XYZ", "40000", "1 2"],
    "adstop": ["", "XYZ", "201", "40000", "200 2"],
    "dialect": ["french", "gdb cp"],
    "help": ["qwertyuiop"],
    "who": ["", "NOWHERE", "psw.nothing", "psw nothing", "200.0", "200.G", "200 5000", "200.4 4", "200 4 4", "3FFFE",
            "40000", "real", "real FFFFFF", "real NOWHERE", "key 40000", "key real", "pte", "pte 1 2",
            "pte shadow 200", "of KERNEL", "gr5 of NOBODY", "NOBODY:gr5", "vmblok", "vmblok nothing",
            "vmblok __class__", "device", "device XYZ x", "device 0FF vdevstat", "device 009", "device 009 nothing",
            "cp", "cp nothing", "gr5 gr6", HUGE],
    "writers": ["", "NOWHERE", "gr5 0", "gr5 9999", "psw.nothing", HUGE],
    "follow": ["1", "99", "NOWHERE", "psw.nothing", "gr5"],
    "unfollow": ["", "1"],
    "chain": ["", "NOWHERE", "gr5 0", "gr5 9999", HUGE],
    "jump": ["", "0", "x", "1", "1 2"],
    "unjump": ["", "1"],
}  # fmt: skip
OF_OTHERS = {"quit"}

CASES = [
    pytest.param(f"{name} {operands}".strip(), id=f"{name} {operands[:30]}".strip())
    for name in WRONG
    for operands in WRONG[name]
]


Before = tuple[DebugSession, tuple[object, ...]]


def _all_of(session: DebugSession) -> tuple[object, ...]:
    return session.stop_reason, session.breakpoint_list(), session.total, everything(session)


@pytest.fixture(scope="module")
def kernel() -> Before:
    """A session, and all of it before any of the lines."""
    session = loaded("kernel under CP")
    session.step(3)
    return session, _all_of(session)


def test_every_command_of_the_debugger_is_in_the_table():
    assert {c.name for c in REGISTRY.commands.values() if not c.tutor} - OF_OTHERS == set(WRONG)


@pytest.mark.parametrize("line", CASES)
def test_a_wrong_line_gets_one_sentence_and_changes_nothing(kernel, line):
    session, before = kernel
    with pytest.raises(UserError) as error:
        run_line(session, line)
    sentence = str(error.value)
    assert "\n" not in sentence
    assert 0 < len(sentence) < 300
    *told, found = _all_of(session)
    assert differences(found, before[-1]) == []
    assert told == list(before[:-1])


NEEDED = {
    "until": "200", "since": "200", "goto": "1", "mark": "a", "unmark": "a", "branch": "main", "unbranch": "main",
    "break": "200", "tbreak": "200", "watch": "200", "rwatch": "200", "awatch": "200", "watchlog": "200",
    "adstop": "206", "storage": "200", "real": "28", "examine": "200", "address": "200", "info": "psw", "print": "$r5",
    "autodisplay": "$r5", "set": "$r5 = 1", "store": "G5 1", "who": "gr5", "writers": "gr5", "chain": "gr5",
    "whatif": "bare", "diff": "1", "export": "x.txt", "save": "00E x", "mount": __file__, "deck": "hello X",
    "cp": "begin", "enter": "x", "logon": "x y", "fail": "warning",
}  # fmt: skip
SETTING_UP = ("system", "machine", "channel", "attach", "detach", "configuration", "ipl", "open", "script")


@pytest.mark.parametrize("line", [c for c in sorted(WRONG) if c not in ("help", "apropos", "load", *SETTING_UP)])
def test_with_nothing_loaded_every_command_says_so(line):
    operands = NEEDED.get(line, "")
    session = DebugSession()
    kept = ("breakpoints", "delete", "enable", "disable", "ignore", "condition", "commands", "stops")
    if line in (*kept, "undisplay", "dialect"):
        pytest.skip("breakpoints are kept without a machine")
    with pytest.raises(UserError, match="nothing is loaded; try: load bare kernel"):
        run_line(session, f"{line} {operands}".strip())


@pytest.mark.parametrize(
    "line", ["why", "counters", "decision", "undecision", "cp begin", "logon a b", "deck hello A", "spool"]
)
def test_on_the_bare_machine_what_needs_cp_says_so(line):
    session = loaded("kernel bare")
    before = everything(session)
    with pytest.raises(UserError, match=r"load (cp kernel|the program under CP)"):
        run_line(session, line)
    assert differences(everything(session), before) == []


@pytest.mark.parametrize("command", ["step", "back", "stage", "unstage", "code", "log", "timeline", "why", "storage 0"])
@pytest.mark.parametrize("count", ["99999999999", HUGE, "1,000"])
def test_a_huge_count_does_as_much_as_there_is(command, count, monkeypatch):
    monkeypatch.setattr(moving, "RUN_LIMIT", 2_000)
    session = loaded("kernel under CP")
    session.step(5)
    assert run_line(session, f"{command} {count}")
    assert session.stop_reason


@pytest.mark.parametrize(
    ("word", "address"),
    [
        pytest.param("206", 0x206, id="hexadecimal"),
        pytest.param("X'206'", 0x206, id="quoted"),
        pytest.param("0x206", 0x206, id="C"),
        pytest.param("START", 0x200, id="label"),
        pytest.param("start+a", 0x20A, id="label and offset"),
        pytest.param(".", 0x200, id="next instruction"),
        pytest.param("R3", 0x200, id="register, though the program equates R3 with 3"),
    ],
)
def test_an_address_can_be_written_so(word, address):
    session = loaded("kernel bare")
    session.system.machine.cpu.gr[3] = 0x40000200
    (view,) = run_line(session, f"storage {word} 16")
    assert view.rows[0].address == address & ~15
