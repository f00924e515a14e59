"""Writes docs/INSTRUCTIONS.md: where to find each instruction.

    python -m tools.instruction_table

A test compares the file with `text()`, so it says what is so.
"""

import inspect
from pathlib import Path

from edu_hv.isa.table import OPERATIONS, Group, Operation
from edu_hv.machine.instructions.registry import SEMANTICS
from edu_hv.machine.machine import Machine

FILE = Path(__file__).parents[1] / "docs/INSTRUCTIONS.md"
FOLDER = "edu_hv/machine/instructions"
HEAD = f"""\
# Where each instruction is

Written by `python -m tools.instruction_table`; a test keeps it true.

An instruction is one function, marked `@executes("MNEMONIC")`, in the module of its family, and all of those are in
`{FOLDER}/`.  The first word of its name leads there; what can be interrupted in the middle (MVCL, CLCL) and
what reads the clock is apart.  What is fixed about an instruction (code, format, privilege, what it does to the
condition code) is its row in `edu_hv/isa/table.py`.
"""


def module_of(row: Operation) -> str:
    """The name of the module with an instruction's function."""
    return SEMANTICS[row.mnemonic].__module__.rsplit(".", 1)[1]


def code_of(row: Operation) -> str:
    """The operation code in hexadecimal."""
    return f"{row.code:04X}" if row.two_byte else f"{row.code:02X}"


def first_line(row: Operation) -> str:
    """The first sentence of the module's docstring."""
    doc = inspect.getmodule(SEMANTICS[row.mnemonic]).__doc__ or ""
    return doc.strip().splitlines()[0]


def section(group: Group) -> list[str]:
    """The instructions of a chapter of the manual."""
    rows = [row for row in OPERATIONS if row.group is group]
    families = {module_of(row): row for row in rows if row.mnemonic in SEMANTICS}
    lines = [f"## {group.value.capitalize()} instructions", ""]
    lines += [f"- `{module}.py`: {first_line(row)}" for module, row in sorted(families.items())]
    lines += ["", "| Mnemonic | Code | Name | Module |", "|---|---|---|---|"]
    lines += [f"| {row.mnemonic} | {code_of(row)} | {row.name} | {place(row)} |" for row in sorted(rows, key=name)]
    return [*lines, ""]


def name(row: Operation) -> str:
    """What the rows are in order of."""
    return row.mnemonic


def place(row: Operation) -> str:
    """The module, or that there is none."""
    return f"{module_of(row)}.py" if row.mnemonic in SEMANTICS else "System/360 only: `direct_control.py`"


def text() -> str:
    """The whole file."""
    Machine(4096)  # Whatever has instructions has been imported now.
    return "\n".join([HEAD, *(line for group in Group for line in section(group))])


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
