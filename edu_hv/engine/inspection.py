"""Leaving some instructions to the CPU wherever they are: those whose first halfword is in a table.

Where a program's instructions are is not known before they are executed, and programs change themselves.  So at first
every place is a stop.  A line of storage in which an instruction is about to be executed becomes known: of its
halfwords only those in the table remain stops, and its flag CODE makes every store into it heard of, after which it is
looked at again.  So it does not matter by which logical address an instruction is reached.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from edu_hv.engine import memory
from edu_hv.machine.storage import BLOCK, BLOCK_SHIFT, CODE, LINE_SHIFT, UNRESOLVED

if TYPE_CHECKING:
    from edu_hv.engine.tiers import Engine

_LINE = 1 << LINE_SHIFT


class Inspection:
    """The places of one engine while some instructions are left to the CPU.  `left`: one item a halfword value."""

    def __init__(self, engine: "Engine", left: Sequence[int]) -> None:
        self._engine, self._left = engine, left
        self.lines: set[int] = set()
        """Lines that are known."""

    def stop_everywhere(self, places: memoryview) -> None:
        """The places are new ones: nothing is known any more, the flags are set anew."""
        places[:] = memoryview(memory.STOP.to_bytes(2, "little") * len(places)).cast("H")
        lines, self.lines = self.lines, set()
        for line in lines:
            self._learn(line)

    def learns(self) -> bool:
        """Whether the line of the next instruction becomes known now."""
        cpu = self._engine.cpu
        address = cpu.psw.instruction_address
        entry = cpu.fetch_map[address >> BLOCK_SHIFT]
        if entry == UNRESOLVED or address & 1:
            return False
        line = (entry if entry >= 0 else -2 - entry) + (address & BLOCK - 1) >> LINE_SHIFT
        if line in self.lines:
            return False
        self._learn(line)
        return True

    def _learn(self, line: int) -> None:
        self.lines.add(line)
        self._engine.cpu.storage.set_flags(line, CODE)
        self._mark(line)

    def _mark(self, line: int) -> None:
        text, left = self._engine.cpu.storage.read(line << LINE_SHIFT, _LINE), self._left
        marks = (left[text[at] << 8 | text[at + 1]] for at in range(0, _LINE, 2))
        places, first, stops = self._engine.places, line << LINE_SHIFT - 1, self._engine.marks
        for place, mark in enumerate(marks, first):
            if mark or place << 1 in stops:
                places[place] = memory.STOP
            elif places[place] == memory.STOP:
                places[place] = 0

    def unstopped(self, absolute: int) -> None:
        """There is no stop any more at an absolute address."""
        line = absolute >> LINE_SHIFT
        if line in self.lines:
            self._mark(line)
        else:
            self._engine.places[absolute >> 1] = memory.STOP

    def changed(self, absolute: int, length: int) -> None:
        """Something was stored into lines with the flag CODE; regions there are dropped already."""
        for line in range(absolute >> LINE_SHIFT, (absolute + length - 1 >> LINE_SHIFT) + 1):
            if line in self.lines:
                self._mark(line)

    def stops(self, start: int, absolute: int) -> set[int]:
        """The stops in the 2K block of a logical address, which is `absolute`: logical addresses."""
        first, block = start & ~(BLOCK - 1), absolute & ~(BLOCK - 1)
        marks = self._engine.places[block >> 1 : (block + BLOCK) >> 1].tolist()
        return {first + 2 * number for number, mark in enumerate(marks) if mark == memory.STOP}
