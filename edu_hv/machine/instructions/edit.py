"""Editing packed decimal numbers for people to read.  GA22-7000 "Decimal Instructions"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edu_hv.isa.codes import MASK_24
from edu_hv.machine.instructions.packed import data_exception, preferred_zone
from edu_hv.machine.instructions.registry import executes

if TYPE_CHECKING:
    from edu_hv.machine.cpu import CPU


DIGIT_SELECTOR = 0x20
SIGNIFICANCE_STARTER = 0x21
FIELD_SEPARATOR = 0x22
PLUS_SIGNS = (0xA, 0xC, 0xE, 0xF)


class Editor:
    """One pass over a pattern.  Nothing is stored; `source` is the address of the next packed byte."""

    def __init__(self, cpu: CPU, fill: int, source: int) -> None:
        self.cpu, self.fill, self.source = cpu, fill, source
        self.significance = False
        self.nonzero = False
        """Whether the field being edited has a digit that is not zero."""
        self.right_digit: int | None = None
        """The right half of the source byte, when it is a digit still to be used."""
        self.mark: int | None = None
        """Position of the last digit that made itself significant, for EDIT AND MARK."""

    def edit(self, position: int, pattern: int) -> int:
        """The result byte for a pattern byte."""
        if pattern in (DIGIT_SELECTOR, SIGNIFICANCE_STARTER):
            return self._digit(position, pattern)
        if pattern == FIELD_SEPARATOR:
            self.significance = self.nonzero = False
            return self.fill
        return pattern if self.significance else self.fill

    def _digit(self, position: int, pattern: int) -> int:
        digit, plus = self._next_digit()
        if digit and not self.significance:
            self.mark = position
        shown = self.significance or digit != 0
        self.nonzero |= digit != 0
        self.significance = (shown or pattern == SIGNIFICANCE_STARTER) and not plus
        return preferred_zone(self.cpu) << 4 | digit if shown else self.fill

    def _next_digit(self) -> tuple[int, bool]:
        """The next source digit, and whether a plus sign follows it.  DATA, terminated, for a bad left half."""
        if self.right_digit is not None:
            digit, self.right_digit = self.right_digit, None
            return digit, False
        byte = self.cpu.load1(self.source)
        self.source = self.source + 1 & MASK_24
        digit, right = byte >> 4, byte & 15
        if digit > 9:
            raise data_exception()
        self.right_digit = right if right <= 9 else None
        return digit, right in PLUS_SIGNS


def edit_field(cpu: CPU, length: int, pattern: int, source: int) -> int | None:
    """Edit, store the result, set the CC; return the position that EDIT AND MARK marks."""
    cpu.check_store(pattern, length)
    text = cpu.load_bytes(pattern, length)
    editor = Editor(cpu, text[0], source)
    result = bytes(editor.edit(position, byte) for position, byte in enumerate(text))
    cpu.store_bytes(pattern, result)
    cpu.psw.cc = 0 if not editor.nonzero else 1 if editor.significance else 2
    return editor.mark


@executes("ED")
def edit(cpu: CPU, length: int, pattern: int, source: int) -> None:
    """EDIT.  GA22-7000 "Edit".  CC of the last field: 0 zero, 1 less than zero, 2 greater than zero."""
    edit_field(cpu, length, pattern, source)


@executes("EDMK")
def edit_and_mark(cpu: CPU, length: int, pattern: int, source: int) -> None:
    """EDIT AND MARK.  GA22-7000 "Edit and Mark".  As EDIT; GR1 bits 8-31 get the address of the first digit shown.

    Not when a significance starter came first: then GR1 stays.
    """
    mark = edit_field(cpu, length, pattern, source)
    if mark is not None:
        cpu.gr[1] = cpu.gr[1] & 0xFF000000 | pattern + mark & MASK_24
