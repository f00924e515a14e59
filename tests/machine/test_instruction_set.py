"""What holds for every row of the operation table, and for the code that executes them."""

import ast
import inspect
import re
import textwrap
from pathlib import Path
from statistics import median

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edu_hv.isa.codes import MASK_24, PIC
from edu_hv.isa.formats import Register, field
from edu_hv.isa.table import OPERATIONS, Group, operation
from edu_hv.machine.cpu import find_entry
from edu_hv.machine.instructions.registry import DECODERS, SEMANTICS
from edu_hv.machine.machine import Machine
from edu_hv.machine.psw import PSW
from tools.instruction_table import FILE, module_of, text

CHECKOUT = Path(__file__).parents[2]
INSTALLED = [row for row in OPERATIONS if row.mnemonic in SEMANTICS]
UNINSTALLED = [row for row in OPERATIONS if row.mnemonic not in SEMANTICS]
UNASSIGNED = [code for code in range(256) if all(operation(bytes([code, second])) is None for second in range(256))]
BYPASSES = {"id", "hash", "open", "input", "urandom", "environ", "getpid", "perf_counter", "monotonic"}


def by_mnemonic(rows):
    return pytest.mark.parametrize("row", rows, ids=[row.mnemonic for row in rows])


def text_of(row, operands=bytes(4)):
    """The operation code with these bytes behind it, as long as the format says."""
    code = row.code.to_bytes(2 if row.two_byte else 1, "big")
    return (code + operands + bytes(4))[: row.format.length]


@by_mnemonic(INSTALLED)
@settings(max_examples=20)
@given(data=st.data())
def test_decoder_takes_the_operands_where_the_format_says(row, data):
    """In the order of the format; a register number 0 in an address means none."""
    text = text_of(row, data.draw(st.binary(min_size=5, max_size=5)))
    gr = data.draw(st.lists(st.integers(0, 0xFFFFFFFF), min_size=16, max_size=16))
    machine = Machine(0x1000)
    machine.cpu.gr[:] = gr
    expected = []
    for operand in row.format.operands:
        if isinstance(operand, Register):
            expected.append(field(text, operand.bit, operand.width))
            continue
        if operand.length_bit is not None:
            expected.append(field(text, operand.length_bit, operand.length_width) + 1)
        if operand.register_bit is not None:
            expected.append(field(text, operand.register_bit, 4))
        address = field(text, operand.displacement_bit, 12)
        for bit in (operand.base_bit, operand.index_bit):
            register = 0 if bit is None else field(text, bit, 4)
            address += gr[register] if register else 0
        expected.append(address & MASK_24)
    assert DECODERS[row.format](machine.cpu, text) == tuple(expected)


@by_mnemonic(INSTALLED)
def test_operation_code_leads_to_its_own_function(row):
    entry = find_entry(text_of(row))
    assert entry is not None
    assert (entry[0], entry[2]) == (row, SEMANTICS[row.mnemonic])


@by_mnemonic([row for row in INSTALLED if row.privileged])
@pytest.mark.parametrize("ec_mode", [False, True], ids=["BC", "EC"])
def test_privileged_operation_in_problem_state_is_suppressed(boot, interrupt, old_psw, row, ec_mode):
    machine = boot(text_of(row, bytes.fromhex("242000")).hex(), problem_state=True, ec_mode=ec_mode, gr={2: 0x2000})
    before = machine.cpu.gr[:], machine.cpu.cr[:], bytes(machine.storage.data[0x100:]), machine.cpu.psw.cc
    found = interrupt(machine)
    assert (found.code, found.ilc) == (PIC.PRIVILEGED_OPERATION, row.format.length // 2)
    old = old_psw(machine, found.kind)
    assert (old.instruction_address, old.problem_state) == (0x1000 + row.format.length, True)
    assert before == (machine.cpu.gr[:], machine.cpu.cr[:], bytes(machine.storage.data[0x100:]), old.cc)


def after(code: str, start: int) -> tuple[list[int], list[int], bytes, bytes, int]:
    """Registers, the operands at `start` and at 5000, and CC, after an instruction with bases 3 and 4 for these."""
    machine = Machine(1 << 24)
    cpu, storage = machine.cpu, machine.storage
    operand = bytes.fromhex("4020202021204B20 1234567890123456")
    for at, byte in enumerate(operand):
        storage.write(start + at & MASK_24, bytes([byte]))
    storage.write(0x5000, bytes.fromhex("4020204B20212020 0123456789012345"))
    storage.write(0x2000, bytes.fromhex(code))
    cpu.gr[3], cpu.gr[4] = start, 0x5000
    cpu.load_psw(PSW(ec_mode=True, instruction_address=0x2000))
    machine.advance()
    assert machine.recognized is None
    found = b"".join(storage.read(start + at & MASK_24, 1) for at in range(len(operand)))
    return cpu.gr[5:], cpu.cr, found, storage.read(0x5000, 16), cpu.psw.cc


@pytest.mark.parametrize("offset", [1, 4, 7])
@pytest.mark.parametrize(
    "code",
    [
        pytest.param("F27730004000", id="PACK first"),
        pytest.param("F27740083008", id="PACK second"),
        pytest.param("F37730004000", id="UNPK first"),
        pytest.param("F37740003008", id="UNPK second"),
        pytest.param("B7583000", id="LCTL"),
        pytest.param("B6583000", id="STCTL"),
        pytest.param("E80730004007", id="MVCIN first"),
        pytest.param("E80740003007", id="MVCIN second"),
        pytest.param("DE0730004008", id="ED pattern"),
        pytest.param("DE0740003008", id="ED source"),
    ],
)
def test_operand_that_wraps_around_is_as_one_that_does_not(code, offset):
    """GA22-7000 "Address Generation".  Hercules takes other bytes for some of these."""
    if code.startswith("B"):
        offset = 4  # Words on their boundaries.
    if code.startswith(("F2774", "F3774", "DE074")):
        offset += 8
    assert after(code, (1 << 24) - offset) == after(code, 0x4800 - offset)


def test_diagnose_has_no_functions_on_the_bare_machine(boot, interrupt):
    assert interrupt(boot("83240008")).code == PIC.SPECIFICATION


@by_mnemonic(UNINSTALLED)
@pytest.mark.parametrize("problem_state", [False, True], ids=["supervisor", "problem"])
def test_uninstalled_facility_is_an_operation_exception_in_either_state(boot, interrupt, row, problem_state):
    machine = boot(text_of(row).hex(), problem_state=problem_state)
    found = interrupt(machine)
    assert (found.code, found.ilc) == (PIC.OPERATION, row.format.length // 2)


@pytest.mark.parametrize("code", UNASSIGNED, ids="{:02X}".format)
def test_unassigned_code_is_an_operation_exception(boot, interrupt, code):
    assert interrupt(boot(f"{code:02X}0000000000")).code == PIC.OPERATION


def test_all_general_instructions_are_installed():
    assert [row.mnemonic for row in UNINSTALLED if row.group is Group.GENERAL] == []


CITATION = re.compile(r'GA22-7000(, same heading| (appendix )?"[A-Z][^"]+")')


def test_every_function_cites_a_heading_of_the_manual():
    assert [name for name, function in SEMANTICS.items() if not CITATION.search(function.__doc__ or "")] == []


def lines_of(function) -> int:
    """The lines of a function without decorators and docstring."""
    definition = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
    first, *rest = definition.body
    docstring = first.end_lineno - first.lineno + 1 if ast.get_docstring(definition) else 0
    return definition.end_lineno - definition.lineno + 1 - docstring if rest else 1


def test_functions_are_short():
    lengths = {name: lines_of(inspect.unwrap(function)) for name, function in SEMANTICS.items()}
    assert median(lengths.values()) <= 10
    assert {name: length for name, length in lengths.items() if length > 20} == {}


def test_first_word_of_the_name_leads_to_the_module():
    """Within a chapter of the manual; what is apart is interruptible, a clock's, about keys or about address spaces."""
    modules = {}
    for row in INSTALLED:
        place = modules.setdefault((row.group.value, row.name.split()[0]), {})
        place.setdefault(module_of(row), []).append(row.mnemonic)
    usual = {max(names, key=lambda name: len(names[name])) for names in modules.values()}
    apart = {
        (name, mnemonic)
        for names in modules.values()
        for name, mnemonics in names.items()
        for mnemonic in mnemonics
        if len(mnemonics) < max(map(len, names.values()))
    }
    assert apart == {
        ("interruptible", "CLCL"), ("interruptible", "MVCL"), ("status", "STCK"), ("floating_round", "LRER"),
        ("floating_round", "LRDR"), ("dual_address_space", "IAC"), ("dual_address_space", "LASP"),
        ("dual_address_space", "SAC"), ("dual_address_space", "SSAR"), ("keys", "SPKA"), ("keys", "SSK"),
        ("keys", "SSKE"), ("multiprocessing", "STAP"),
    }  # fmt: skip
    assert len(usual) > 20


def test_table_of_instructions_is_true():
    assert FILE.read_text(encoding="utf-8") == text()


@pytest.mark.parametrize("room", ["machine", "devices"])
def test_nothing_depends_on_the_host(room):
    """Imports are looked at in test_architecture.py; this is for what needs no import, or hides behind one."""
    found = [
        f"{path.relative_to(CHECKOUT)}:{node.lineno}: {name}"
        for path in sorted((CHECKOUT / "edu_hv" / room).rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        for name in [getattr(node.func, "id", getattr(node.func, "attr", ""))]
        if name in BYPASSES
    ]
    assert found == []
