"""Any line at a terminal gets an answer of CP's: every prefix of every command, and rubbish."""

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edu_hv.hypervisor.commands import run_command
from edu_hv.hypervisor.commands.query import QUESTIONS
from edu_hv.hypervisor.commands.registry import ANY, COMMANDS, abbreviates, find
from edu_hv.hypervisor.commands.settings import SETTINGS
from edu_hv.hypervisor.scheduler import Scheduler
from tests.hypervisor.bench import guest

LOOP = "41220001" + "47F00A00"
EVERYTHING = "ABCDEFG"
_MESSAGE = re.compile(r"DMK[A-Z]{3}\d{3}[A-Z] \S")
GONE = ("LOGOFF", "LOGOUT", "FORCE", "SHUTDOWN")


def shortest(name: str) -> int:
    return sum(not letter.islower() for letter in name)


# ---- prefixes ------------------------------------------------------------------------------------------------------

SHARED = {"LOGon": {"LOG", "LOGO"}}
"""What two commands' abbreviations have in common means LOGOFF to a user who is logged on."""
NAMES = sorted({command.name for command in COMMANDS})


@pytest.mark.parametrize("name", NAMES)
def test_every_prefix_from_the_shortest_on_is_the_command_and_no_shorter_one(name):
    """[4.1] Upper-case part = minimum abbreviation; one that is shorter may still be another command's."""
    full = name.upper()
    found = [find(full[:length], EVERYTHING) for length in range(1, len(full) + 1)]
    least = shortest(name)
    others = {full[: n + 1] for n, command in enumerate(found) if n >= least - 1 and command and command.name != name}
    assert others == SHARED.get(name, set())
    assert None not in found[least - 1 :]
    assert all(command is None or command.name != name for command in found[: least - 1])


@pytest.mark.parametrize("name", NAMES)
def test_command_is_unknown_to_a_user_without_its_class(name):
    """[4.1] A command of a class that the user has not does not exist for him."""
    command = next(found for found in COMMANDS if found.name == name)
    made, vm = guest(LOOP)
    vm.cf, vm.vmcls = True, ""
    word = name.upper()
    allowed = find(word, "")
    assert (allowed is not None) == any(c.classes == ANY and c.matches(word) for c in COMMANDS)
    if command.classes != ANY and allowed is None:
        assert run_command(made.cp, vm, word).lines == [f"DMKCFM001E ?CP: {word}"]


TABLES = [("SET", [setting.name for setting in SETTINGS]), ("QUERY", [name for name, _, _ in QUESTIONS])]


@pytest.mark.parametrize(("command", "names"), TABLES, ids=["SET", "QUERY"])
def test_every_option_is_reached_by_its_shortest_abbreviation(command, names):
    """[4.2 SET] [4.3 Query] No option hides another's abbreviation, and none is the invalid one."""
    made, vm = guest(LOOP)
    vm.cf, vm.vmcls = True, EVERYTHING
    for name in names:
        least = name.upper()[: shortest(name)]
        first = next(other for other in names if abbreviates(least, other))
        assert first == name
        lines = run_command(made.cp, vm, f"{command} {least}").lines
        assert not any(line.endswith((f"INVALID OPTION - {least}", f"{least} NOT LOGGED ON")) for line in lines)


# ---- rubbish -------------------------------------------------------------------------------------------------------

_OPERANDS = """
ON OFF REAL ALL END RUN NORUN PSW STATUS CAW CSW G X Y K0 T0 L0-20 0.10 S100 G15 Y2 X1 FF 100 9 009 00C 00E 181
281 A * TO
FROM
AS STORAGE 64K CLEAR STOP PARM CMS 1 2 SEC MIN CLASS COPY HOLD PURGE USER A-B -5 0X10 ² 1_0 K XK 4K STEP SKIP CMD
RANGE DATA *TEXT 10000 FFFFFF 100-0 . - : ; INSTRUCT BRANCH PRIV SVC PRINTER BOTH STORE GREG IFETCH MASK PAGETRACE
"""
_WORDS = st.one_of(
    st.sampled_from([name.upper() for name in NAMES]),
    st.sampled_from([name.upper()[: shortest(name)] for name in NAMES]),
    st.sampled_from([setting.name.upper() for setting in SETTINGS]),
    st.sampled_from([name.upper() for name, _, _ in QUESTIONS]),
    st.sampled_from(_OPERANDS.split()),
    st.text(min_size=1, max_size=6),
)
_FIRST = st.one_of(st.sampled_from([name.upper() for name in NAMES]), st.sampled_from(["SET", "QUERY", "PER", "TRACE"]))
_AFTER = st.lists(_WORDS, max_size=4)
_LINES = st.one_of(st.tuples(_FIRST, _AFTER).map(lambda both: " ".join([both[0], *both[1]])), _AFTER.map(" ".join))


def state(vm) -> str:
    """Whether the machine waits, runs or is stopped must be one thing at a time."""
    assert bool(vm.vmrstat & 0x80) == vm.cf
    return "CP" if vm.cf else "VM"


def consistent(made) -> None:
    """[1.2] Queues, status bytes and the running machine say the same."""
    cp = made.cp
    queues: Scheduler = cp.scheduler
    assert len(set(map(id, queues.in_queue))) == len(queues.in_queue)
    for vm in cp.vms:
        assert bool(vm.vmdstat & 0x04) == (vm in queues.in_queue)
        state(vm)
        assert bool(vm.vmpend & 0x01) == bool(vm.vmpxint)
        assert all(0 <= value <= 0xFFFFFFFF for value in vm.vmgprs)
    assert cp.running_vm is None or cp.running_vm in cp.vms


def _running():
    made, vm = guest(LOOP, system_mask=0xFF)
    made.steps(5)
    return made, vm


def _waiting():
    made, vm = guest("82000800")
    vm.cpu.store_real(0x800, bytes.fromhex("FF02000000000000"))
    made.run()
    return made, vm


def _stopped():
    made, vm = guest(LOOP)
    made.steps(3)
    run_command(made.cp, vm, "STOP")
    made.settle()
    return made, vm


@pytest.mark.parametrize("begin", [_running, _waiting, _stopped], ids=["running", "waiting", "in CP mode"])
@pytest.mark.parametrize("classes", ["G", EVERYTHING])
def test_any_line_gets_an_answer_of_cps_and_leaves_a_consistent_machine(begin, classes):
    """[4.1] Only lines, and a return code that is the number of the message; the guest can go on afterwards."""

    @settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(st.lists(_LINES, min_size=1, max_size=4))
    def law(lines):
        made, vm = begin()
        vm.vmcls = classes
        for line in lines:
            if vm not in made.cp.vms:
                break
            answer = run_command(made.cp, vm, line)
            assert all(isinstance(text, str) for text in answer.lines)
            if answer.code and vm.settings.get("EMSG", "ON") == "ON":
                assert _MESSAGE.match(answer.lines[0]) or answer.code == 400
            for _ in range(20):
                made.machine.advance()
            consistent(made)

    law()
