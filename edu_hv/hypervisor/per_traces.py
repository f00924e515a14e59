"""PER: trace elements of a guest's operator, found by program-event recording.  CP HELP "PER" of VM/SP.

An element says which events are wanted, where, and what is done about them.  CP records what all elements of a guest
together need; which of them an event belongs to is found by looking at the instruction and the guest's state.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING

from edu_hv.hypervisor.disconnected import terminal_needed
from edu_hv.hypervisor.trace_lines import instruction_line, length_at, mnemonic_of, operand_addresses
from edu_hv.isa.codes import MASK_24
from edu_hv.machine.per import PERCode

if TYPE_CHECKING:
    from edu_hv.hypervisor.control_program import ControlProgram
    from edu_hv.hypervisor.vmblok import VMBLOK
    from edu_hv.machine.interruptions import Interruption

PER = "per"
"""Where VMBLOK.extra has a guest's elements and what belongs to them."""
HEARTBEAT = 10_000
"""After so many hits of a type with nothing to show, a sign of life."""
LAST_BRANCHES = 6
TRACEBACK = 5
_DOUBLEWORD = 8
_STORED = {
    "STC": 1, "MVI": 1, "NI": 1, "OI": 1, "XI": 1, "TS": 1, "STNSM": 1, "STOSM": 1,
    "STH": 2, "ST": 4, "STE": 4, "CS": 4,
}  # fmt: skip
"""Bytes that instructions store, if it is not a doubleword."""
_DECIMAL = 0xF0
"""Instructions from this operation code on have two lengths."""


class Kind(Enum):
    """The types of events; the value is the letter in messages."""

    BRANCH = "B"
    GREG = "G"
    IFETCH = "I"
    MASK = "M"
    PAGETRACE = "P"
    STORE = "S"


@dataclass(frozen=True)
class Options:
    """What is done about an event."""

    commands: tuple[str, ...] = ()
    skip: int = 0
    """Show one in skip + 1."""
    step: int = 1
    """Stop after so many lines; 0 never (RUN)."""
    terminal: bool = True
    printer: bool = False


@dataclass(frozen=True)
class Element:
    """One trace element.  `area`: guest addresses, of what is branched to or stored; `where`: of the instructions."""

    kind: Kind
    area: tuple[int, int] | None = None
    register: int | None = None
    value: int | None = None
    """GREG: the value it is to become."""
    data: bytes = b""
    """IFETCH: how the instruction begins; STORE: what is stored; MASK: the bits."""
    block: int = 0
    """PAGETRACE: bytes of a block."""
    where: tuple[tuple[int, int], ...] = ()
    options: Options = Options()

    def same_but_for_area(self, other: "Element") -> bool:
        """Whether two elements can be one."""
        return replace(self, area=None) == replace(other, area=None)


@dataclass(frozen=True)
class PerState:
    """A guest's elements, and what CP remembers for them."""

    elements: tuple[Element, ...] = ()
    saved: tuple[tuple[str, tuple[Element, ...]], ...] = ()
    registers: tuple[int, ...] = ()
    """The general registers at the last event."""
    last: int = -1
    """Where the instruction of the last event ended; what begins elsewhere has been branched to."""
    branches: tuple[tuple[int, int], ...] = ()
    """The last taken branches: from, to."""
    shown: tuple[int, ...] = ()
    """Lines shown since the last stop, by element."""
    hits: tuple[int, ...] = ()
    """Hits by element."""
    bits: tuple[int, ...] = ()
    """By element: what the bits of a MASK were when CP last looked at them."""


class PerTraces:
    """The PER command's work at an event."""

    def __init__(self, cp: "ControlProgram") -> None:
        self.cp = cp

    def state_of(self, vm: "VMBLOK") -> PerState:
        """A guest's elements and what belongs to them."""
        found: PerState = vm.extra.get(PER, PerState())
        return found

    def put_state(self, vm: "VMBLOK", state: PerState) -> None:
        """Replace them, and record what they need from now on."""
        many = len(state.elements)
        none, bits = (0,) * many, _bits(vm, state.elements)
        registers = tuple(vm.vmgprs)
        vm.extra[PER] = replace(state, shown=none, hits=none, bits=bits, registers=registers, last=-1)
        self.cp.tracing.changed(vm)

    def active(self, vm: "VMBLOK") -> bool:
        """Whether the guest has elements."""
        return bool(self.state_of(vm).elements)

    # ---- what is recorded ------------------------------------------------------------------------------------

    def controls(self, vm: "VMBLOK", wanted: PERCode) -> tuple[int, int, int] | None:
        """Control registers 9 to 11 for all elements, and for TRACE, which has `wanted` everywhere; None: nothing."""
        elements = self.state_of(vm).elements
        code, registers = wanted, 0
        for element in elements:
            code |= _CODES[element.kind]
            if element.kind is Kind.GREG:
                registers |= 0xFFFF if element.register is None else 0x8000 >> element.register
        if not code:
            return None
        start, end = _recorded_range(elements, bool(code & PERCode.INSTRUCTION_FETCHING))
        return code << 24 | registers, start, end

    # ---- an event --------------------------------------------------------------------------------------------

    def program_event(self, vm: "VMBLOK", interruption: "Interruption") -> None:
        """An instruction has caused an event: find the elements it belongs to, and show it."""
        state, event = self.state_of(vm), interruption.per
        if not state.elements or event is None:
            return
        seen = _Seen(vm, event.address, interruption.text, event.code, state)
        branches = deque(state.branches, LAST_BRANCHES)
        if seen.branched:
            branches.append((event.address, vm.vmpsw.instruction_address))
        found = [number for number, element in enumerate(state.elements) if seen.belongs_to(element)]
        end = event.address + length_at(vm, event.address, interruption.text)
        after = vm.vmpsw.instruction_address if seen.branched else end
        vm.extra[PER] = replace(
            state,
            registers=tuple(vm.vmgprs),
            last=end if after == end else -1,
            branches=tuple(branches),
            bits=_bits(vm, state.elements),
        )
        for number in found:
            self._hit(vm, number, seen)

    def _hit(self, vm: "VMBLOK", number: int, seen: "_Seen") -> None:
        """One element's event: shown, unless it is to be skipped; commands; and a stop after enough lines."""
        state = self.state_of(vm)
        if number >= len(state.elements):
            return  # A command of another element has dropped this one.
        element, options = state.elements[number], state.elements[number].options
        hits = _with(state.hits, number, state.hits[number] + 1)
        vm.extra[PER] = state = replace(state, hits=hits)
        put = self.cp.tracing.put
        if (hits[number] - 1) % (options.skip + 1) != options.skip and options.skip:
            if hits[number] % HEARTBEAT == 0:
                put(vm, [f"* {element.kind.value}"], options.terminal, options.printer)
            return
        put(vm, seen.lines(element), options.terminal, options.printer)
        shown = state.shown[number] + 1
        stop = options.step and shown >= options.step
        vm.extra[PER] = replace(state, shown=_with(state.shown, number, 0 if stop else shown))
        self._run_commands(vm, options)
        if stop and not vm.cf:
            vm.cf = True
            terminal_needed(self.cp, vm)
            self.cp.write_terminal(vm, "CP")

    def _run_commands(self, vm: "VMBLOK", options: Options) -> None:
        from edu_hv.hypervisor.commands.registry import run_command

        for line in options.commands:
            for answer in run_command(self.cp, vm, line).lines:
                self.cp.write_terminal(vm, answer)


_CODES = {
    Kind.BRANCH: PERCode.SUCCESSFUL_BRANCHING,
    Kind.GREG: PERCode.REGISTER_ALTERATION,
    Kind.IFETCH: PERCode.INSTRUCTION_FETCHING,
    Kind.MASK: PERCode.STORAGE_ALTERATION,
    Kind.PAGETRACE: PERCode.INSTRUCTION_FETCHING,
    Kind.STORE: PERCode.STORAGE_ALTERATION,
}


def _recorded_range(elements: tuple[Element, ...], everywhere: bool) -> tuple[int, int]:
    """Control registers 10 and 11: the range of all stores that are wanted, or everything, for fetches are too."""
    areas = [e.area for e in elements if e.kind in (Kind.STORE, Kind.MASK) and e.area is not None]
    if everywhere or not areas or any(start > end for start, end in areas):
        return 0, MASK_24
    return min(start for start, _ in areas), max(end for _, end in areas)


def _bits(vm: "VMBLOK", elements: tuple[Element, ...]) -> tuple[int, ...]:
    """The bits that each MASK element watches, as they are now; 0 for other elements and for what is not there."""
    found = []
    for element in elements:
        byte = vm.peek_logical(element.area[0], 1) if element.kind is Kind.MASK and element.area else b""
        found.append(byte[0] & element.data[0] if byte and element.data else 0)
    return tuple(found)


def _with(values: tuple[int, ...], number: int, value: int) -> tuple[int, ...]:
    return (*values[:number], value, *values[number + 1 :])


def within(address: int, area: tuple[int, int]) -> bool:
    """Whether an address is in a range; one whose end is before its start wraps round."""
    start, end = area
    return start <= address <= end if start <= end else address >= start or address <= end


@dataclass(frozen=True)
class _Seen:
    """One instruction that has caused an event."""

    vm: "VMBLOK"
    address: int
    text: bytes
    code: PERCode
    before: PerState

    @property
    def branched(self) -> bool:
        """Whether the instruction was a branch that was taken."""
        behind = self.address + length_at(self.vm, self.address, self.text)
        taken = bool(self.code & PERCode.SUCCESSFUL_BRANCHING)
        return taken or (mnemonic_of(self.text).startswith("B") and self.vm.vmpsw.instruction_address != behind)

    def belongs_to(self, element: Element) -> bool:
        """Whether the event is one that the element wants."""
        if element.where and not any(within(self.address, area) for area in element.where):
            return False
        questions: dict[Kind, Callable[[Element], bool]] = {
            Kind.BRANCH: self._branch,
            Kind.GREG: self._greg,
            Kind.IFETCH: self._ifetch,
            Kind.MASK: self._mask,
            Kind.PAGETRACE: self._pagetrace,
            Kind.STORE: self._store,
        }
        return questions[element.kind](element)

    def _branch(self, element: Element) -> bool:
        return self.branched and (element.area is None or within(self.vm.vmpsw.instruction_address, element.area))

    def _greg(self, element: Element) -> bool:
        numbers = self.changed if element.register is None else [n for n in self.changed if n == element.register]
        return any(element.value is None or self.vm.vmgprs[n] == element.value for n in numbers)

    @property
    def changed(self) -> list[int]:
        """The general registers that have another value than at the last event."""
        pairs = enumerate(zip(self.before.registers, self.vm.vmgprs, strict=False))
        return [n for n, (old, new) in pairs if old != new]

    def _ifetch(self, element: Element) -> bool:
        fetched = bool(self.code & PERCode.INSTRUCTION_FETCHING)
        return fetched and (element.area is None or within(self.address, element.area)) and self._begins(element)

    def _begins(self, element: Element) -> bool:
        return self.text.startswith(element.data)

    def _pagetrace(self, element: Element) -> bool:
        earlier = self.before.last
        return (earlier >= 0 and earlier // element.block != self.address // element.block) or (
            earlier < 0 and bool(self.code & PERCode.INSTRUCTION_FETCHING) and self._came_from_elsewhere(element)
        )

    def _came_from_elsewhere(self, element: Element) -> bool:
        if not self.before.branches:
            return True
        return self.before.branches[-1][0] // element.block != self.address // element.block

    def _store(self, element: Element) -> bool:
        if not self.code & PERCode.STORAGE_ALTERATION or element.area is None:
            return False
        if not self._touches(element.area):
            return False
        start = element.area[0]
        return not element.data or self.vm.peek_logical(start, len(element.data)) == element.data

    def _mask(self, element: Element) -> bool:
        number = self.before.elements.index(element)
        return _bits(self.vm, (element,))[0] != self.before.bits[number]

    def _touches(self, area: tuple[int, int]) -> bool:
        """Whether what the instruction stored lies in the range.  The event itself tells it when there is one range."""
        operands = operand_addresses(self.vm, self.text)
        if not operands:
            return True
        first, length = operands[0], self._stored_length()
        return any(within(first + at & MASK_24, area) for at in range(length))

    def _stored_length(self) -> int:
        if self.text[0] >= _DECIMAL:
            return (self.text[1] >> 4) + 1
        if len(self.text) == 6:
            return self.text[1] + 1
        name = mnemonic_of(self.text)
        if name in ("STM", "STCTL"):
            return (((self.text[1] & 15) - (self.text[1] >> 4)) % 16 + 1) * 4
        if name == "STCM":
            return (self.text[1] & 15).bit_count()
        return _STORED.get(name, _DOUBLEWORD)

    # ---- lines -----------------------------------------------------------------------------------------------

    def lines(self, element: Element) -> list[str]:
        """What is shown of the event."""
        mark = ">" if self.before.last != self.address else " "
        line = f"{mark}{instruction_line(self.vm, self.address, self.text)} CC={self.vm.vmpsw.cc}"
        if element.kind is Kind.STORE:
            return [f"{line} *STORE*"]
        if element.kind is Kind.GREG:
            return [line, " ".join(f"G{n}={self.vm.vmgprs[n]:08X}" for n in self.changed)]
        if element.kind is Kind.MASK and element.area is not None:
            at = element.area[0]
            return [f"{line} *STORE*", f"DATA AT {at:06X}={self.vm.peek_logical(at, 1).hex().upper()}"]
        if element.kind is Kind.PAGETRACE:
            return [f"*PGT* {self.address:06X} {self.vm.clocks.tod:016X}"]
        if element.kind is Kind.BRANCH and element.area is not None:
            return [*self._traceback(), f"{line} ==> {self.vm.vmpsw.instruction_address:06X}"]
        return [f"{line} ==> {self.vm.vmpsw.instruction_address:06X}" if self.branched else line]

    def _traceback(self) -> list[str]:
        """The branches before this one."""
        return [f":{start:06X} ==> {to:06X}" for start, to in self.before.branches[-TRACEBACK:]]


def merged(elements: "tuple[Element, ...]", new: Element) -> tuple[Element, ...]:
    """With one more element; ranges of the same kind that overlap or touch become one."""
    for number, old in enumerate(elements):
        if old.area and new.area and old.same_but_for_area(new) and not new.data and _meet(old.area, new.area):
            area = min(old.area[0], new.area[0]), max(old.area[1], new.area[1])
            rest = (*elements[:number], *elements[number + 1 :])
            return merged(rest, replace(new, area=area))
    return elements if new in elements else (*elements, new)


def _meet(one: tuple[int, int], other: tuple[int, int]) -> bool:
    if one[0] > one[1] or other[0] > other[1]:
        return False
    return one[0] <= other[1] + 1 and other[0] <= one[1] + 1


def state_words(element: Element) -> str:
    """An element as PER QUERY shows it."""
    words = [element.kind.name]
    if element.register is not None:
        words[0] = f"GREG{element.register}"
    if element.area is not None:
        start, end = element.area
        words.append(f"{start:X}" if start == end else f"{start:X}:{end:X}")
    words += [element.data.hex().upper()] if element.data else []
    words += [f"{element.value:08X}"] if element.value is not None else []
    words += [f"{element.block:X}"] if element.block else []
    words += [f"RANGE {start:X}:{end:X}" for start, end in element.where]
    return " ".join([*words, *_option_words(element.options)])


def _option_words(options: Options) -> list[str]:
    words = [f"SKIP {options.skip}"] if options.skip else []
    words += ["RUN"] if not options.step else [f"STEP {options.step}"] if options.step > 1 else []
    words += ["TERMINAL"] if options.terminal else []
    words += ["PRINT"] if options.printer else []
    return words + ([f"CMD {';'.join(options.commands)}"] if options.commands else [])
