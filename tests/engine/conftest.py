from importlib.util import find_spec

import pytest

from edu_hv.isa.codes import Class
from edu_hv.machine.machine import Machine
from edu_hv.machine.psw import PSW

if find_spec("wasmtime"):
    from edu_hv.engine.tiers import NEVER, Engine

collect_ignore_glob = [] if find_spec("wasmtime") else ["test_*.py"]

CODE = 0x1000


@pytest.fixture
def boot():
    """A machine with an engine, about to execute the instructions at X'1000'.

    Keywords are those of `Engine`, `size`, `gr` (values by number), `storage` (hexadecimal text by address), and fields
    of the PSW.
    """

    def make(code, *, size=0x20000, threshold=None, gr=None, storage=None, **psw):
        machine = Machine(size)
        for kind in Class:
            machine.storage.write(kind.new_psw, PSW(wait=True, instruction_address=0x3000).to_bytes())
        for number, value in (gr or {}).items():
            machine.cpu.gr[number] = value
        machine.storage.write(CODE, bytes.fromhex(code))
        for address, text in (storage or {}).items():
            machine.storage.write(address, bytes.fromhex(text))
        psw.setdefault("instruction_address", CODE)
        machine.cpu.load_psw(PSW(**psw))
        machine.engine = Engine(machine.cpu, NEVER if threshold is None else threshold)
        return machine

    return make
