"""Object code compared with that of the GNU assembler for s390; skipped where it is not installed."""

import random
import re
import shutil
import subprocess

import pytest

from edu_hv.asm.assembler import assemble
from edu_hv.asm.disassembler import disassemble
from edu_hv.asm.mnemonics import EXTENDED, written_operands
from edu_hv.isa.formats import Field, Format, Operand, Register
from edu_hv.isa.table import BY_MNEMONIC, OPERATIONS, Operation

TOOLS = ("s390x-linux-gnu-as", "s390x-linux-gnu-objcopy", "s390x-linux-gnu-objdump")
pytestmark = pytest.mark.skipif(not all(map(shutil.which, TOOLS)), reason="binutils-s390x-linux-gnu is not installed")

UNKNOWN_THERE = frozenset({
    "CONCS", "DISCS", "ISK", "RDD", "RRB", "SSK", "WRD", "CLRCH", "CLRIO", "HDV", "HIO", "RIO", "SIO", "SIOF", "STIDC",
    "TCH", "TIO",
})  # fmt: skip
OTHERWISE_THERE = frozenset({"DIAG"})
"""The other disassembler has no name for it."""
OTHER_NAMES = {"lrer": "ledr", "lrdr": "ldxr", "mer": "mder", "me": "mde"}
"""What the other disassembler calls some operations."""
CHECKED_THERE = frozenset(["AXR", "LRDR", "MXDR", "MXD", "MXR", "SXR"])
"""Extended floating point: the other assembler takes register pairs only."""


def written(operand: Operand, numbers: random.Random) -> str:
    """An operand in the form that both assemblers read the same way: D(X,B) with both registers."""
    if isinstance(operand, Register):
        even = operand.field is Field.FLOATING_POINT_REGISTER
        return str(2 * numbers.randrange(4) if even else numbers.randrange(1 << operand.width) & ~1)
    displacement, base = numbers.randrange(4096), numbers.randrange(1, 16)
    if operand.length_bit is not None:
        return f"{displacement}({numbers.randint(1, 1 << operand.length_width)},{base})"
    if operand.index_bit is not None or operand.register_bit is not None:
        return f"{displacement}({numbers.randrange(16)},{base})"
    return f"{displacement}({base})"


def statement(row: Operation, numbers: random.Random) -> str:
    operands = (
        ["0", "4"] if row.mnemonic in CHECKED_THERE else [written(each, numbers) for each in written_operands(row)]
    )
    if row.mnemonic == "MXD":
        operands[1] = "8(1,2)"
    return f" {row.mnemonic} {','.join(operands)}"


def other_assembler(source: str, folder) -> bytes:
    paths = {name: str(folder / name) for name in ("x.s", "x.o", "x.bin")}
    (folder / "x.s").write_text(source)
    subprocess.run([TOOLS[0], "-m31", "-mesa", "-march=g5", "-o", paths["x.o"], paths["x.s"]], check=True, timeout=60)
    subprocess.run([TOOLS[1], "-O", "binary", "-j", ".text", paths["x.o"], paths["x.bin"]], check=True, timeout=60)
    return (folder / "x.bin").read_bytes()


def test_every_operation_with_random_fields(tmp_path):
    numbers = random.Random(370)
    rows = [row for row in OPERATIONS if row.mnemonic not in UNKNOWN_THERE for _ in range(10)]
    source = "\n".join(statement(row, numbers) for row in rows) + "\n"
    ours = assemble(source)
    theirs = other_assembler(source.lower(), tmp_path)
    differences = [
        line
        for line in ours.listing
        if line.address is not None and line.object_code != theirs[line.address : line.address + line.length]
    ]
    assert differences == []


@pytest.mark.parametrize("mnemonic", sorted(UNKNOWN_THERE))
def test_operation_left_out_is_unknown_to_the_other_assembler(mnemonic, tmp_path):
    """So that nothing is left out for nothing."""
    row = BY_MNEMONIC[mnemonic]
    with pytest.raises(subprocess.CalledProcessError):
        other_assembler(statement(row, random.Random(1)).lower() + "\n", tmp_path)


@pytest.mark.skipif(shutil.which(TOOLS[2]) is None, reason="binutils-s390x-linux-gnu is not installed")
def test_other_disassembler_reads_the_same_operations(tmp_path):
    """Object code of all operations in one piece: the same lengths, and the same mnemonic for each."""
    numbers = random.Random(371)
    rows = [row for row in OPERATIONS if row.mnemonic not in UNKNOWN_THERE | OTHERWISE_THERE]
    code = b"".join(assemble(statement(row, numbers) + "\n").image[0].data for row in rows)
    (tmp_path / "x.bin").write_bytes(code)
    command = [TOOLS[2], "-D", "-b", "binary", "-m", "s390:31-bit", "--insn-width=6", str(tmp_path / "x.bin")]
    listing = subprocess.run(command, check=True, timeout=60, capture_output=True, text=True).stdout
    theirs = re.findall(r"^ +([0-9a-f]+):\t[0-9a-f ]+\t(\w+)", listing, re.MULTILINE)
    ours, at = [], 0
    while at < len(code):
        line = disassemble(code[at:], at)
        name = line.operation.mnemonic.lower() if line.operation else "?"
        ours.append((f"{at:x}", OTHER_NAMES.get(name, name)))
        at += line.length
    # The other one writes branches with a mask as its extended mnemonics.
    assert [
        pair for pair, other in zip(ours, theirs, strict=True) if pair != other and not other[1].startswith("b")
    ] == []
    assert [at for at, _ in ours] == [at for at, _ in theirs]


def test_every_extended_mnemonic(tmp_path):
    source = "".join(
        f" {row.mnemonic} {'7' if row.operation.format is Format.RR_MASK else '8(0,9)'}\n" for row in EXTENDED.values()
    )
    ours = assemble(source).image[0].data
    assert other_assembler(source.lower(), tmp_path)[: len(ours)] == ours
