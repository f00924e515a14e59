"""DIAGNOSE X'68': machines that send each other messages.  GC20-1807 "Virtual Machine Communication Facility"."""

from dataclasses import replace

import pytest

from edu_hv.hypervisor.commands.registry import run_command
from edu_hv.hypervisor.control_program import FREE_STORAGE, ControlProgram
from edu_hv.hypervisor.paging_area import make_paging_volume
from edu_hv.hypervisor.vmcf_blocks import VMCBLOK, VMCPARM, Function, Progress
from edu_hv.hypervisor.vmcf_rules import RULES
from edu_hv.isa.codes import CR0, PIC, Class
from edu_hv.machine.machine import Machine
from edu_hv.machine.psw import PSW
from edu_hv.machine.storage import FRAME
from tests.hypervisor.bench import SIZE, cp_lines
from tests.hypervisor.invariants import locks
from tests.hypervisor.vmcf_scene import (
    BUFFER,
    CANC,
    DATA,
    EXTERNAL_ROUTINE,
    IDEN,
    LOOP,
    OTHER_USE,
    PARM,
    QUIE,
    RECV,
    REPL,
    REPLY,
    RESM,
    RJCT,
    SEND,
    SENR,
    SENX,
    USE,
    A,
    Scene,
    U,
    header,
    parm,
    scene,
)

# ---- the protocols -------------------------------------------------------------------------------------------------


def test_send():
    """[3 X'68'] SEND, interruption at the sink, RECEIVE, interruption at the source."""
    made, (anne, bill) = scene()
    assert made.call(anne, SEND, "BILL") == 0
    assert made.pending() == ["BILL"]
    assert made.interruption(bill) == header(SEND, "ANNE")
    assert made.pending() == []
    assert made.call(bill, RECV, "ANNE", a=(REPLY, 10), use=OTHER_USE) == 0
    assert bill.peek(REPLY, 12) == "FROM ANNE ".encode("cp037") + bytes(2)
    assert made.interruption(anne) == header(SEND, "BILL", a=(DATA, 0), status=0x80, use=OTHER_USE)
    assert (made.pending(), made.cp.vmcf.messages, locks(made.cp)) == ([], [], [])


def test_send_receive():
    """[3 X'68'] SEND/RECV, RECEIVE, REPLY: both residual counts are in the response."""
    made, (anne, bill) = scene()
    assert made.call(anne, SENR, "BILL", b=(REPLY, 20)) == 0
    assert made.interruption(bill) == header(SENR, "ANNE", b=(REPLY, 20))
    assert made.call(bill, RECV, "ANNE", a=(REPLY, 30)) == 0
    assert made.pending() == []
    assert made.call(bill, REPL, "ANNE", use=OTHER_USE) == 0
    assert anne.peek(REPLY, 12) == "FROM BILL ".encode("cp037") + bytes(2)
    assert made.interruption(anne) == header(SENR, "BILL", a=(DATA, 0), b=(REPLY, 10), status=0x80, use=OTHER_USE)


def test_reply_without_receive():
    made, (anne, bill) = scene()
    made.call(anne, SENR, "BILL", b=(REPLY, 20))
    made.interruption(bill)
    assert made.call(bill, REPL, "ANNE", use=OTHER_USE) == 0
    assert made.interruption(anne) == header(SENR, "BILL", b=(REPLY, 10), status=0x80, use=OTHER_USE)


def test_sendx():
    """[3 X'68'] SENDX: the data come with the interruption, behind the header."""
    made, (anne, bill) = scene()
    assert made.call(anne, SENX, "BILL") == 0
    assert made.interruption(bill, 52) == header(SENX, "ANNE") + "FROM ANNE ".encode("cp037") + bytes(2)
    assert made.interruption(anne) == header(SENX, "BILL", a=(DATA, 0), status=0x80, use=bytes(8))
    assert made.call(bill, RECV, "ANNE", a=(REPLY, 10)) == 12


def test_identify():
    """[3 X'68'] IDENTIFY: an interruption with the response bit, and no response."""
    made, (anne, bill) = scene()
    assert made.call(anne, IDEN, "BILL", a=(7, 8), b=(9, 10)) == 0
    assert made.interruption(bill) == header(IDEN, "ANNE", a=(7, 8), b=(9, 10), status=0x80)
    assert (made.pending(), made.cp.vmcf.messages) == ([], [])


@pytest.mark.parametrize("received", [False, True])
def test_reject(received):
    """[3 X'68'] REJECT: the response says so, with the sink's doubleword."""
    made, (anne, bill) = scene()
    made.call(anne, SENR, "BILL", b=(REPLY, 20))
    made.interruption(bill)
    if received:
        made.call(bill, RECV, "ANNE", a=(REPLY, 10))
    assert made.call(bill, RJCT, "ANNE", use=OTHER_USE) == 0
    left = 0 if received else 10
    assert made.interruption(anne) == header(SENR, "BILL", a=(DATA, left), b=(REPLY, 20), status=0xC0, use=OTHER_USE)


def test_priority_messages_come_first():
    """[3 X'68'] PRIORITY is for who has authorized it, and passes what is pending."""
    made, (anne, bill) = scene()
    assert made.call(anne, SEND, "BILL", mid=9, flags=0x40) == 18
    assert made.call(bill, A, a=(BUFFER, 40), flags=0x40) == 0
    for mid, flags in ((1, 0), (2, 0x40), (3, 0)):
        assert made.call(anne, SEND, "BILL", mid=mid, flags=flags) == 0
    found = [made.interruption(bill) for _ in range(3)]
    assert found == [header(SEND, "ANNE", 2, status=0x20), header(SEND, "ANNE", 1), header(SEND, "ANNE", 3)]


def test_the_interruption_waits_for_cr0_bit_31():
    """[3 X'68'] External 4001 under the mask of CR0 bit 31."""
    made, (anne, bill) = scene()
    made.call(anne, SEND, "BILL")
    bill.cpu.store_real(LOOP, bytes.fromhex(f"47F00{LOOP:03X}"))
    bill.cpu.load_psw(PSW(system_mask=0x01, instruction_address=LOOP))
    assert not bill.cpu.cr[0] & CR0.VMCF_MASK
    made.go(bill, lambda: made.cp.running_vm is bill)
    assert (made.pending(), bill.vmpsw.instruction_address) == (["BILL"], LOOP)
    assert made.interruption(bill) == header(SEND, "ANNE")


def test_a_guest_speaks_to_itself():
    made, (anne,) = scene("ANNE")
    assert made.call(anne, SEND, "ANNE") == 0
    assert made.interruption(anne) == header(SEND, "ANNE")
    assert made.call(anne, RECV, "ANNE", a=(DATA + 9, 10)) == 17
    assert made.call(anne, RECV, "ANNE", a=(DATA + 10, 10)) == 0
    assert anne.peek(DATA + 10, 10) == "FROM ANNE ".encode("cp037")


def test_two_guests_talk_on_the_real_machine():
    """[3 X'68'] Both run: one sends, waits for the response; the other waits, receives in its external routine."""
    made, (anne, bill) = scene()
    bill.cpu.store_real(PARM, parm(RECV, "ANNE", a=(REPLY, 10)))
    routine = f"83240068 8200{LOOP + 8:04X}"
    bill.cpu.store_real(EXTERNAL_ROUTINE, bytes.fromhex(routine))
    anne.cpu.store_real(PARM, parm(SEND, "BILL"))
    for vm in (anne, bill):
        vm.cpu.store_real(Class.EXTERNAL.new_psw, PSW(instruction_address=EXTERNAL_ROUTINE).to_bytes())
        vm.cpu.store_real(LOOP + 8, PSW(system_mask=0x01, wait=True, instruction_address=0x110).to_bytes())
        vm.cpu.cr[0] = int(CR0.VMCF_MASK)
        vm.vmgprs[2] = PARM
    anne.cpu.store_real(EXTERNAL_ROUTINE, bytes.fromhex(f"8200{LOOP + 8:04X}"))
    wait = PSW(system_mask=0x01, wait=True, instruction_address=0x220)
    made.start(bill, system_mask=0x01, wait=True, instruction_address=0x220)
    anne.cpu.store_real(LOOP, wait.to_bytes())
    made.start(anne, f"83240068 8200{LOOP:04X}")
    made.until(lambda: anne.vmpsw.instruction_address == bill.vmpsw.instruction_address == 0x110)
    assert bill.peek(REPLY, 10) == "FROM ANNE ".encode("cp037")
    assert anne.peek(BUFFER, 40) == header(SEND, "BILL", a=(DATA, 0), status=0x80)


# ---- return codes --------------------------------------------------------------------------------------------------

ASKED = {
    "AUTHORIZE, buffer not on a doubleword": (1, "ANNE", (A,), {"a": (BUFFER + 4, 40)}),
    "AUTHORIZE, buffer too short": (1, "ANNE", (A,), {"a": (BUFFER, 39)}),
    "AUTHORIZE, buffer beyond storage": (1, "ANNE", (A,), {"a": (SIZE - 32, 40)}),
    "SEND, data beyond storage": (1, "ANNE", (SEND, "BILL"), {"a": (SIZE - 5, 10)}),
    "SEND, length beyond all storage": (1, "ANNE", (SEND, "BILL"), {"a": (0, 0xFFFFFFFF)}),
    "SEND/RECV, reply area beyond storage": (1, "ANNE", (SENR, "BILL"), {"b": (SIZE - 5, 10)}),
    "no such function": (2, "ANNE", (12, "BILL"), {}),
    "no such function, high byte": (2, "ANNE", (0x102, "BILL"), {}),
    "no such function, not authorized": (2, "CARL", (12,), {}),
    "not authorized": (4, "CARL", (SEND, "BILL"), {}),
    "UNAUTHORIZE, not authorized": (4, "CARL", (U,), {}),
    "QUIESCE, not authorized": (4, "CARL", (QUIE,), {}),
    "user not logged on": (5, "ANNE", (SEND, "NOBODY"), {}),
    "user not authorized": (5, "ANNE", (IDEN, "CARL"), {}),
    "RECEIVE, user not authorized": (5, "ANNE", (RECV, "CARL"), {}),
    "SENDX too large": (7, "ANNE", (SENX, "BILL"), {"a": (DATA, 61)}),
    "SENDX just fits": (0, "ANNE", (SENX, "BILL"), {"a": (DATA, 60)}),
    "priority not authorized": (18, "ANNE", (IDEN, "BILL"), {"flags": 0x40}),
    "RECEIVE, no message": (12, "ANNE", (RECV, "BILL"), {}),
    "REPLY, no message": (12, "ANNE", (REPL, "BILL"), {}),
    "REJECT, no message": (12, "ANNE", (RJCT, "BILL"), {}),
    "CANCEL, no message": (12, "ANNE", (CANC, "BILL"), {}),
    "SEND of nothing": (0, "ANNE", (SEND, "BILL"), {"a": (0, 0)}),
    "RESUME": (0, "ANNE", (RESM,), {}),
}


@pytest.mark.parametrize(("code", "who", "args", "more"), ASKED.values(), ids=ASKED.keys())
def test_return_codes(code, who, args, more):
    """[3 X'68'] Ry has the return code of the manual's table."""
    made, _ = scene()
    made.log_on("CARL")
    assert made.call(made.cp.vm(who), *args, **more) == code


def sent(function=SEND, **more):
    """A message from ANNE to BILL, who has had the interruption."""
    made, (anne, bill) = scene()
    made.call(anne, function, "BILL", **more)
    made.interruption(bill)
    return made, anne, bill


def test_a_message_that_was_not_announced_cannot_be_answered():
    """Return code 13: no interruption yet."""
    made, (anne, bill) = scene()
    made.call(anne, SENR, "BILL", b=(REPLY, 20))
    assert [made.call(bill, function, "ANNE") for function in (RECV, REPL, RJCT)] == [13] * 3


def test_what_the_protocol_does_not_have_is_3():
    made, _anne, bill = sent()
    assert made.call(bill, REPL, "ANNE") == 3, "a SEND wants no reply"
    assert made.call(bill, CANC, "ANNE") == 3, "not its message"
    assert made.call(bill, RECV, "ANNE", a=(REPLY, 10)) == 0
    assert made.call(bill, RECV, "ANNE", a=(REPLY, 10)) == 3, "received already"


def test_a_message_is_named_by_id_and_user():
    """Return code 8 while it is under way; the same id may be used with another user."""
    made, (anne, bill, _) = scene("ANNE", "BILL", "CARL")
    assert [made.call(anne, SEND, user) for user in ("BILL", "CARL", "BILL")] == [0, 0, 8]
    made.interruption(bill)
    made.call(bill, RECV, "ANNE", a=(REPLY, 10))
    assert made.call(anne, SEND, "BILL") == 8, "the response is pending"
    made.interruption(anne)
    assert made.call(anne, SEND, "BILL") == 0


def test_fifty_messages_are_the_limit():
    """[3 X'68'] Return code 10 for the 51st that is not complete."""
    made, (anne, bill) = scene()
    assert [made.call(anne, SEND, "BILL", mid=mid) for mid in range(51)] == [0] * 50 + [10]
    assert made.call(bill, SEND, "ANNE") == 0, "each has fifty of its own"
    assert made.call(anne, CANC, "BILL", mid=7) == 0
    assert made.call(anne, SEND, "BILL", mid=99) == 0


def test_quiesce_and_resume():
    """[3 X'68'] QUIESCE: return code 9 for who sends; who has said it may send and receive."""
    made, anne, bill = sent()
    assert made.call(bill, QUIE) == 0
    assert [made.call(anne, function, "BILL", mid=5) for function in (SEND, SENR, SENX, IDEN)] == [9] * 4
    assert made.call(bill, RECV, "ANNE", a=(REPLY, 10)) == 0
    assert made.call(bill, SEND, "ANNE") == 0
    assert made.call(bill, RESM) == 0
    assert made.call(anne, SEND, "BILL", mid=5) == 0


def test_specific_authorization():
    """[3 X'68'] AUTHORIZE SPECIFIC: only one user is heard; others' messages are complete, with error 5."""
    made, (anne, bill, carl) = scene("ANNE", "BILL", "CARL")
    made.call(carl, SEND, "BILL")
    assert made.call(bill, A, "ANNE", a=(BUFFER, 40), flags=0x80) == 0
    assert [made.call(vm, SEND, "BILL", mid=2) for vm in (anne, carl)] == [0, 5]
    assert made.interruption(carl) == header(SEND, "BILL", status=0x80, error=5, use=bytes(8))


@pytest.mark.parametrize(
    ("function", "then", "code"),
    [
        pytest.param(SEND, None, 0, id="not announced"),
        pytest.param(SEND, "seen", 0, id="announced"),
        pytest.param(SEND, RECV, 14, id="received"),
        pytest.param(SEND, RJCT, 14, id="rejected"),
        pytest.param(SENR, RECV, 11, id="received, no reply yet"),
        pytest.param(SENR, REPL, 14, id="replied"),
        pytest.param(SENX, None, 0, id="data, not announced"),
        pytest.param(SENX, "seen", 14, id="data delivered"),
    ],
)
def test_cancel(function, then, code):
    """[3 X'68'] CANCEL: 0, too late 14, reply cancelled 11; the sink finds it no more."""
    made, (anne, bill) = scene()
    made.call(anne, function, "BILL", b=(REPLY, 20))
    if then is not None:
        made.interruption(bill)
    if isinstance(then, int):
        assert made.call(bill, then, "ANNE", a=(REPLY, 10)) == 0
    assert made.call(anne, CANC, "BILL") == code
    if code != 14:
        assert (made.cp.vmcf.messages, made.pending()) == ([], [])
        assert made.call(bill, REPL, "ANNE") == 12


# ---- what happens while data are moved -----------------------------------------------------------------------------


def test_receive_with_too_short_a_buffer():
    """[3 X'68'] 16 for both; what fits is moved, and the source hears what is left."""
    made, anne, bill = sent()
    assert made.call(bill, RECV, "ANNE", a=(REPLY, 4)) == 16
    assert bill.peek(REPLY, 5) == "FROM".encode("cp037") + b"\0"
    assert made.interruption(anne) == header(SEND, "BILL", a=(DATA, 6), status=0x80, error=16)


def test_reply_that_is_too_long():
    made, anne, bill = sent(SENR, b=(REPLY, 4))
    assert made.call(bill, REPL, "ANNE") == 16
    assert anne.peek(REPLY, 5) == "FROM".encode("cp037") + b"\0"
    assert made.interruption(anne) == header(SENR, "BILL", b=(REPLY, 0), status=0x80, error=16)


@pytest.mark.parametrize(
    ("key", "storage_key", "code"),
    [(0, 0x30, 0), (3, 0x30, 0), (4, 0x30, 6), (4, 0x38, 6)],
    ids=["key 0", "same key", "other key", "fetch protected"],
)
def test_receive_stores_with_the_sinks_key(key, storage_key, code):
    """[3 X'68'] Return code 6."""
    made, _anne, bill = sent()
    bill.vmpsw.key = key
    bill.storage.set_key(REPLY, storage_key)
    assert made.call(bill, RECV, "ANNE", a=(REPLY, 10)) == code
    assert (bill.peek(REPLY, 1) == b"\0") is (code == 6)


def test_data_that_the_source_may_not_fetch_are_not_moved():
    """Error 6 for both: the source's key when it sent, and its storage keys now."""
    made, (anne, bill) = scene()
    anne.vmpsw.key = 4
    made.call(anne, SEND, "BILL")
    made.interruption(bill)
    anne.storage.set_key(DATA, 0x38)
    assert made.call(bill, RECV, "ANNE", a=(REPLY, 10)) == 6
    assert bill.peek(REPLY, 1) == b"\0"
    assert made.interruption(anne) == header(SEND, "BILL", status=0x80, error=6)


def test_sendx_that_does_not_fit_any_more():
    """Error 7: the sink has named a shorter buffer since."""
    made, (anne, bill) = scene()
    made.call(anne, SENX, "BILL")
    assert made.call(bill, A, a=(BUFFER, 49)) == 0
    assert made.pending() == ["ANNE"]
    assert made.interruption(anne) == header(SENX, "BILL", status=0x80, error=7, use=bytes(8))


# ---- users that go away --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["UNAUTHORIZE", "logoff", "reset", "IPL"])
def test_a_sink_that_goes_away_completes_what_was_sent_to_it(how):
    """[3 X'68'] Error 5 in the response; IDENTIFY has none."""
    made, (anne, bill) = scene()
    for function, mid in ((SEND, 1), (SENX, 2), (IDEN, 3)):
        made.call(anne, function, "BILL", mid=mid)
    go_away(made, bill, how)
    gone = [
        header(function, "BILL", mid, status=0x80, error=5, use=bytes(8)) for function, mid in ((SEND, 1), (SENX, 2))
    ]
    assert [made.interruption(anne) for _ in range(2)] == gone
    assert (made.pending(), made.cp.vmcf.messages) == ([], [])


@pytest.mark.parametrize("how", ["UNAUTHORIZE", "logoff", "reset", "IPL"])
def test_a_source_that_goes_away_takes_its_messages_along(how):
    made, (anne, bill) = scene()
    made.call(bill, SEND, "ANNE", mid=1)
    made.interruption(anne)
    made.call(bill, SEND, "ANNE", mid=2)
    go_away(made, bill, how)
    assert (made.pending(), made.cp.vmcf.messages) == ([], [])
    assert made.call(anne, RECV, "BILL", a=(REPLY, 10)) == 5


def go_away(made, vm, how):
    if how == "UNAUTHORIZE":
        assert made.call(vm, U) == 0
    elif how == "logoff":
        made.cp.logoff(vm)
    elif how == "reset":
        with made.cp.console_function(vm):
            made.cp.reset(vm)
    else:
        run_command(made.cp, vm, "IPL 00C STOP")


# ---- operands, SMSG, checkpoints -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("at", "exception"), [(PARM + 4, PIC.SPECIFICATION), (SIZE - 32, PIC.ADDRESSING)])
def test_parameter_list_must_be_40_bytes_on_a_doubleword(at, exception):
    """[3 X'68'] Exceptions."""
    made, (anne, _) = scene()
    made.execute(anne, at)
    assert anne.peek(Class.PROGRAM.old_psw + 2, 2) == exception.to_bytes(2, "big")


def test_smsg():
    """[4.3 SMSG] CP sends a text as user SYSTEM; the sender's name is in the doubleword; there is no response."""
    made, (anne, bill) = scene("ANNE", "BILL", length=50)
    assert run_command(made.cp, anne, "SMSG BILL Hello").lines == ["DMKMSG057E BILL NOT RECEIVING; SMSG OFF"]
    run_command(made.cp, bill, "SET SMSG ON")
    assert run_command(made.cp, anne, "SM BILL Hello").lines == []
    found = made.interruption(bill, 50)
    assert found[:4] == bytes([0, 0, 0, SENX])
    assert found[8:16].decode("cp037") == "SYSTEM  "
    assert int.from_bytes(found[20:24], "big") == 5
    assert found[32:].rstrip(b"\0").decode("cp037") == "ANNE    Hello"
    assert (made.pending(), made.cp.vmcf.messages, cp_lines(bill)) == ([], [], [])


def test_authorize_can_turn_special_messages_on():
    made, (anne, bill) = scene()
    made.call(bill, A, a=(BUFFER, 169), flags=0x20)
    assert run_command(made.cp, anne, "SMSG BILL X").code == 0


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("SMSG", "DMKMSG020E USERID MISSING OR INVALID"),
        ("SMSG NOBODY X", "DMKMSG045E NOBODY NOT LOGGED ON"),
        ("SMSG CARL X", "DMKMSG057E CARL NOT RECEIVING; NOT AUTHORIZED"),
        ("SMSG * X", "DMKMSG057E ANNE NOT RECEIVING; SMSG OFF"),
    ],
)
def test_smsg_refused(line, answer):
    made, (anne, _) = scene()
    run_command(made.cp, made.log_on("CARL"), "SET SMSG ON")
    assert run_command(made.cp, anne, line).lines == [answer]


def test_a_checkpoint_has_messages_and_authorizations():
    made, anne, bill = sent(SENR, b=(REPLY, 20))
    saved = made.machine.state(), made.cp.state()
    ends = []
    for _ in range(2):
        made.call(bill, RECV, "ANNE", a=(REPLY, 10))
        made.call(bill, REPL, "ANNE")
        ends.append((made.interruption(anne), made.call(bill, U), made.cp.vmcf.state()))
        made.machine.restore(saved[0])
        made.cp.restore(saved[1])
        assert (made.machine.state(), made.cp.state()) == saved
    assert ends[0] == ends[1]


def test_parameter_list_is_taken_apart_as_the_manual_draws_it():
    found = VMCPARM.from_bytes(parm(SENR, "BILL", 0x12345678, (1, 2), (3, 4), 0x60))
    assert found == VMCPARM(0x60, SENR, 0x12345678, "BILL", 1, 2, 3, 4, USE)
    assert VMCBLOK("ANNE", "BILL", found).header()[4:] == header(SENR, "ANNE", 0x12345678, (1, 2), (3, 4))[4:]


def test_every_function_has_rules_and_every_progress_is_reached():
    assert sorted(RULES) == [int(function) for function in Function]
    assert {progress.name for progress in Progress} == {"QUEUED", "SEEN", "RECEIVED", "RESPONSE"}


def test_cp_says_by_which_rule():
    made, (anne, _) = scene()
    events = made.watch()
    made.call(anne, SEND, "NOBODY")
    assert "VMC-6" in [verdict.rule.id for verdict in made.verdicts(events)]
    assert made.cp.counts["ANNE", "VMC-6", ""] == 1


def test_data_are_moved_though_there_are_fewer_frames():
    """[3 X'68'] Machine time passes while pages come and go."""
    machine = Machine(FREE_STORAGE[1] + 12 * FRAME)
    made = Scene(machine, ControlProgram(machine))
    machine.channels.attach(0x150, make_paging_volume(4, "3330"))
    made.cp.paging.attach_area(0x150)
    anne, bill = (made.cp.logon(userid, 0x20000) for userid in ("ANNE", "BILL"))
    text = bytes(range(1, 252)) * 250
    for at in range(0, len(text), FRAME):
        anne.cpu.store_real(0x8000 + at, text[at : at + FRAME])
        made.cp.paging.hold_none()
    assert [made.call(vm, A, a=(BUFFER, 40)) for vm in (anne, bill)] == [0, 0]
    assert made.call(anne, SEND, "BILL", a=(0x8000, len(text))) == 0
    made.interruption(bill)
    assert made.call(bill, RECV, "ANNE", a=(0x9001, len(text))) == 0
    assert bill.peek(0x9001, len(text)) == text


def test_areas_that_have_gone_with_their_segment():
    """[3 X'68'] Error 1 for data, and a header that has no place any more is lost."""
    made, (anne, bill) = scene()
    made.machine.channels.attach(0x150, make_paging_volume(4, "3330"))
    made.cp.paging.attach_area(0x150)
    made.cp.named_systems.define("SEG", [2])
    made.cp.named_systems.save(anne, "SEG")
    entry = replace(made.cp.named_systems.entries["SEG"], pages=(0x200,), contents=((0x20, bytes(0x10000), bytes(32)),))
    made.cp.named_systems.entries["SEG"] = entry
    for vm in (anne, bill):
        made.cp.named_systems.load(vm, entry, shared=False)
    assert made.call(anne, SEND, "BILL", a=(0x200000, 8)) == 0
    made.interruption(bill)
    made.cp.named_systems.purge(anne, "SEG")
    assert made.call(bill, RECV, "ANNE", a=(REPLY, 8)) == 1
    assert made.call(bill, A, a=(0x200000, 40)) == 0
    made.cp.named_systems.purge(bill, "SEG")
    assert made.call(anne, SEND, "BILL", mid=2) == 0
    assert made.interruption(bill) == bytes(40)
    assert made.interruption(anne) == header(SEND, "BILL", a=(0x200000, 8), status=0x80, error=1)
