"""Program-event recording, GA22-7000 "Program-Event Recording".

All rows but those with register alteration, which Hercules 3.13 does not record, were compared with Hercules.
"""

import pytest

from edu_hv.isa.codes import PIC, Class
from edu_hv.machine.machine import Machine
from edu_hv.machine.per import PERCode
from edu_hv.machine.psw import PSW

BRANCH, FETCH, STORE, REGISTER = PERCode
CODE, DATA, TARGET = 0x2000, 0x3000, 0x2100
PROTECTED = 0x4000
PROGRAM_NEW, SVC_NEW = 0x300, 0x400


def boot(code, events=0, first=0, last=0, registers=0, storage=(), key=0, gr=()):
    """A machine with PER on: base register n holds n * X'1000', `events` and ranges are in CR9 to CR11."""
    machine = Machine(0x10000)
    cpu = machine.cpu
    cpu.gr[:] = [number << 12 for number in range(16)]
    for number, value in dict(gr).items():
        cpu.gr[number] = value
    cpu.cr[9:12] = int(events) << 24 | registers, first, last
    for address, text in {CODE: code, **dict(storage)}.items():
        machine.storage.write(address, bytes.fromhex(text))
    machine.storage.set_key(PROTECTED >> 11, 0x20)
    machine.storage.set_key(CODE >> 11, key << 4)
    for kind, address in ((Class.PROGRAM, PROGRAM_NEW), (Class.SVC, SVC_NEW)):
        machine.storage.write(kind.new_psw, PSW(ec_mode=True, instruction_address=address).to_bytes())
    cpu.load_psw(PSW(0x40, key, ec_mode=True, program_mask=8, instruction_address=CODE))
    return machine


def recorded(machine):
    """Interruption code, PER code and address, and old PSW's address after the first program interruption."""
    for _ in range(9):
        machine.advance()
        if machine.cpu.psw.instruction_address == PROGRAM_NEW:
            break
    low = machine.storage.read(0, 0xA0)
    old = PSW.from_bytes(low[0x28:0x30])
    return low[0x8F], PERCode(low[0x96]), int.from_bytes(low[0x98:0x9C], "big"), old.instruction_address


R1 = 0x4000
"""CR9's bit for general register 1."""


@pytest.mark.parametrize(
    ("code", "asked", "found", "next_address"),
    [
        pytest.param("41100005", {"events": REGISTER, "registers": R1}, REGISTER, 0x2004, id="LA alters"),
        pytest.param("1811", {"events": REGISTER, "registers": R1}, REGISTER, 0x2002, id="replaced by the same"),
        pytest.param("98133000", {"events": REGISTER, "registers": 0x1000}, REGISTER, 0x2004, id="LM, the last"),
        pytest.param("0510", {"events": REGISTER | BRANCH, "registers": R1}, REGISTER, 0x2002, id="BALR, no branch"),
        pytest.param("BA103000", {"events": REGISTER | STORE, "registers": R1, "first": DATA, "last": DATA,
                                  "gr": {1: 1}}, REGISTER, 0x2004, id="CS unequal"),
        pytest.param("1812", {"events": FETCH, "first": CODE, "last": CODE}, FETCH, 0x2002, id="fetched"),
        pytest.param("1812", {"events": FETCH, "first": DATA, "last": CODE}, FETCH, 0x2002, id="fetched, wrap"),
        pytest.param("44002100", {"events": FETCH, "first": TARGET, "last": TARGET, "storage": {TARGET: "1812"}},
                     FETCH, 0x2004, id="target of EXECUTE"),
        pytest.param("47F02010", {"events": BRANCH}, BRANCH, 0x2010, id="branch"),
        pytest.param("46102004", {"events": BRANCH}, BRANCH, 0x2004, id="branch to the next instruction"),
        pytest.param("44002100", {"events": BRANCH, "storage": {TARGET: "07FE"}}, BRANCH, 0xE000, id="executed branch"),
        pytest.param("86132010", {"events": BRANCH | REGISTER, "registers": R1, "gr": {1: 0x4000, 3: 1}},
                     BRANCH | REGISTER, 0x2010, id="BXH alters and branches"),
        pytest.param("50103000", {"events": STORE, "first": DATA + 2, "last": DATA + 2}, STORE, 0x2004, id="stored"),
        pytest.param("50103000", {"events": STORE, "first": DATA + 3, "last": DATA - 1}, STORE, 0x2004, id="wrap"),
        pytest.param("D20730003100", {"events": STORE, "first": DATA + 7, "last": DATA + 7}, STORE, 0x2006, id="MVC"),
        pytest.param("93003000", {"events": STORE, "first": DATA, "last": DATA}, STORE, 0x2004, id="TS"),
        pytest.param("AC003003", {"events": STORE, "first": DATA + 3, "last": DATA + 3}, STORE, 0x2004,
                     id="STNSM, which turns PER off"),
        pytest.param("0E24", {"events": REGISTER | STORE, "registers": 0x0400, "first": DATA + 15, "last": DATA + 15,
                              "gr": {2: DATA, 3: 16, 4: 0x3100, 5: 16}}, REGISTER | STORE, 0x2002, id="MVCL"),
    ],
)  # fmt: skip
def test_event_alone_interrupts_when_the_instruction_is_complete(code, asked, found, next_address):
    assert recorded(boot(code, **asked)) == (PIC.PER_EVENT, found, CODE, next_address)


@pytest.mark.parametrize(
    ("code", "asked", "pic", "found"),
    [
        pytest.param("0000", {"events": FETCH, "first": CODE, "last": CODE}, PIC.OPERATION, FETCH, id="operation"),
        pytest.param("50104000", {"events": STORE | FETCH, "last": 0xFFFF, "key": 1}, PIC.PROTECTION, FETCH,
                     id="protected store: fetched, not altered"),
        pytest.param("1D24", {"events": FETCH | REGISTER, "registers": 0xFFFF, "first": CODE, "last": CODE,
                              "gr": {2: 0, 3: 1, 4: 0}}, PIC.FIXED_POINT_DIVIDE, FETCH, id="suppressed: not altered"),
        pytest.param("1A11", {"events": REGISTER, "registers": R1, "gr": {1: 0x7FFFFFFF}}, PIC.FIXED_POINT_OVERFLOW,
                     REGISTER, id="completed: altered"),
    ],
)  # fmt: skip
def test_event_joins_another_program_interruption(code, asked, pic, found):
    assert recorded(boot(code, **asked))[:3] == (pic | PIC.PER_EVENT, found, CODE)


@pytest.mark.parametrize(
    ("code", "asked"),
    [
        pytest.param("41100005", {"events": REGISTER, "registers": 0x2000}, id="register not asked for"),
        pytest.param("50103000", {"events": STORE, "first": DATA + 4, "last": DATA + 5}, id="stored beside the range"),
        pytest.param("91FF3000", {"events": STORE, "first": DATA, "last": DATA}, id="TM fetches"),
        pytest.param("BE103000", {"events": STORE, "first": DATA, "last": DATA + 3}, id="STCM with mask 0"),
        pytest.param("41100005", {"events": FETCH, "first": CODE + 2, "last": CODE + 3}, id="only the second half"),
        pytest.param("47002010", {"events": BRANCH}, id="branch not taken"),
        pytest.param("41100005", {"last": 0xFFFF, "registers": 0xFFFF}, id="no event asked for"),
    ],
)
def test_nothing_is_recorded_of_what_was_not_asked_for(code, asked):
    machine = boot(code, **asked)
    machine.advance()
    assert machine.recognized is None


def test_nothing_is_fetched_at_an_odd_address():
    machine = boot("44002101", events=FETCH, first=TARGET + 1, last=TARGET + 1)
    machine.advance()
    assert (machine.recognized.code, machine.recognized.per) == (PIC.SPECIFICATION, None)


def test_supervisor_call_is_taken_before_the_event_it_caused():
    machine = boot("0A05", events=FETCH, first=CODE, last=CODE)
    machine.advance()
    assert (machine.recognized.kind, machine.recognized.code) == (Class.SVC, 5)
    assert recorded(machine) == (PIC.PER_EVENT, FETCH, CODE, SVC_NEW)


def test_unit_of_operation_of_an_interruptible_instruction_is_no_branch():
    """MVCL 14,6: the instruction address is put back, but nothing branches."""
    machine = boot("0EE6", events=BRANCH, first=0, last=0xFFFFFF, gr={6: 0x6000, 7: 5000, 14: 0x8000, 15: 5000})
    machine.advance()
    assert machine.recognized is None
    assert (machine.cpu.psw.instruction_address, machine.cpu.gr[15]) == (CODE, 5000 - 0x800)


def test_event_that_is_to_follow_a_supervisor_call_ends_the_wait_it_led_to():
    machine = boot("0A05", events=FETCH, first=CODE, last=CODE)
    machine.storage.write(Class.SVC.new_psw, PSW(ec_mode=True, wait=True, instruction_address=SVC_NEW).to_bytes())
    for _ in range(2):
        machine.advance()
    assert not machine.dead
    assert recorded(machine) == (PIC.PER_EVENT, FETCH, CODE, SVC_NEW)


def test_registers_are_the_same_list_afterwards():
    machine = boot("41100005", events=REGISTER, registers=R1)
    registers = machine.cpu.gr
    machine.advance()
    assert machine.cpu.gr is registers
    assert type(registers) is list
    assert registers[1] == 5


def test_checkpoint_between_call_and_event_keeps_the_event():
    machine = boot("0A05", events=FETCH, first=CODE, last=CODE)
    machine.advance()
    saved = machine.state()
    expected = recorded(machine)
    machine.restore(saved)
    assert recorded(machine) == expected
