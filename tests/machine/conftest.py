import pytest

from edu_hv.isa.codes import Class
from edu_hv.machine.machine import Machine
from edu_hv.machine.psw import PSW

SIZE = 0x20000
CODE = 0x1000
HANDLER = 0x3000
"""Where every new PSW leads: one halfword of zeros, no instruction."""


@pytest.fixture
def boot():
    """A machine about to execute the instructions at X'1000'; each new PSW leads to X'3000', in EC mode if `ec_mode`.

    Keywords are fields of the PSW, or `gr`, `cr`: register values by number, `storage`: hexadecimal text by address.
    """

    def make(code, *, gr=None, cr=None, storage=None, **psw):
        machine = Machine(SIZE)
        for registers, values in ((machine.cpu.gr, gr), (machine.cpu.cr, cr)):
            for number, value in (values or {}).items():
                registers[number] = value
        handler = PSW(ec_mode=psw.get("ec_mode", False), instruction_address=HANDLER).to_bytes()
        for kind in Class:
            machine.storage.write(kind.new_psw, handler)
        psw.setdefault("instruction_address", CODE)
        machine.storage.write(CODE, bytes.fromhex(code))
        for address, text in (storage or {}).items():
            machine.storage.write(address, bytes.fromhex(text))
        machine.cpu.load_psw(PSW(**psw))
        return machine

    return make


@pytest.fixture
def interrupt():
    """Run until an interruption has been taken; return it."""

    def run(machine, limit=100):
        for _ in range(limit):
            assert machine.advance()
            if machine.recognized:
                found = machine.recognized
                machine.advance()
                return found
        raise AssertionError("no interruption came")

    return run


@pytest.fixture
def old_psw():
    """The old PSW that the last interruption of a class stored."""
    return lambda machine, kind: PSW.from_bytes(machine.storage.read(kind.old_psw, 8))
