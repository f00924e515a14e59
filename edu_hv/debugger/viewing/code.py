"""Code around the next instruction: statements of the listing where storage agrees with them, else disassembly."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edu_hv.debugger import explain
from edu_hv.debugger.listing_index import ListingIndex
from edu_hv.debugger.recording.journal import Entry
from edu_hv.debugger.views import CodeLine, CodeView
from edu_hv.isa.table import operation
from edu_hv.machine.events import InterruptionRecognized

if TYPE_CHECKING:
    from edu_hv.debugger.session import DebugSession

LONGEST = 6
"""Bytes of the longest instruction."""
_LONGEST_STATEMENT = 256
MOST_ROWS = 2000
"""More rows than this are not made, however many are asked for."""
_BRANCHES_ON_CC = ("BC", "BCR")


@dataclass(frozen=True)
class _Window:
    """A piece of guest storage, fetched once, and the listing that may agree with it."""

    start: int
    storage: bytes
    index: ListingIndex

    @property
    def end(self) -> int:
        return self.start + len(self.storage)

    def length_at(self, address: int) -> int:
        return self.index.length_at(address, self.storage, address - self.start)

    def text_at(self, address: int) -> bytes:
        return self.storage[address - self.start : address - self.start + self.length_at(address)]

    def agrees(self, address: int) -> bool:
        found = self.index.statements.get(address)
        return found is not None and self.storage.startswith(found.text, address - self.start)


def code(session: "DebugSession", rows: int, around: int | None = None) -> CodeView:
    """A third of the rows before the current instruction, the rest behind it; or else around another address."""
    rows = min(rows, MOST_ROWS)
    name = session.selected
    trap = _trap(session, name)
    current = trap.instruction_address if trap and session.in_step else session.guest_psw(name).instruction_address
    middle = current if around is None else around
    window = _window(session, middle, rows)
    stops = session.breakpoints.addresses()
    lines = tuple(
        _line(session, name, window, address, trap, address == current, address in stops)
        for address in _addresses(window, middle, rows)
    )
    index = next((n for n, line in enumerate(lines) if line.current), None)
    return CodeView(name, lines, index)


def _line(
    session: "DebugSession",
    name: str,
    window: _Window,
    address: int,
    trap: InterruptionRecognized | None,
    current: bool,
    breakpoint: bool,
) -> CodeLine:
    text = window.text_at(address)
    words = window.index.words_at(address, text)
    trapped = trap is not None and trap.instruction_address == address
    if trap is not None and trapped:
        note = explain.short_trap(trap)
    else:
        note = words.note or (_branch_note(session, text) if current else "")
    object_code = text[:8].hex().upper()
    executed = session.visited(name, address)
    return CodeLine(address, object_code, words.source, words.label, current, executed, breakpoint, trapped, note)


def _trap(session: "DebugSession", name: str) -> InterruptionRecognized | None:
    """The trap of the last step, if an instruction of this guest caused it."""
    found: list[Entry] = session.journal.of_step(session.step_number)
    for entry in found:
        if isinstance(entry.event, InterruptionRecognized) and entry.event.text and entry.guest == name:
            return entry.event
    return None


def _window(session: "DebugSession", current: int, rows: int) -> _Window:
    start = max(current - LONGEST * (rows // 3) - LONGEST, 0) & ~1
    end = min(current + LONGEST * rows + _LONGEST_STATEMENT, session.storage_size())
    storage = session.guest_storage(start, end - start) if start < end else b""
    return _Window(start, storage, session.guest.index)


def _addresses(window: _Window, current: int, rows: int) -> list[int]:
    addresses = _addresses_before(window, current, rows // 3)
    at = current
    while len(addresses) < rows and window.start <= at < window.end:
        addresses.append(at)
        at += window.length_at(at)
    return addresses


def _addresses_before(window: _Window, current: int, count: int) -> list[int]:
    """The instructions that lead up to `current`: from the listing if there is one, else by trying lengths."""
    if not count or not window.start <= current < window.end:
        return []
    known = window.index.between(max(current - LONGEST * count, window.start), current)
    addresses = [address for address in known if window.agrees(address)]
    return (addresses or _guess_before(window, current, count))[-count:]


def _guess_before(window: _Window, current: int, count: int) -> list[int]:
    """Start far enough back, on a halfword, and keep the chain of instructions that arrives at `current`."""
    for start in range(max(current - LONGEST * count, window.start) & ~1, current, 2):
        chain: list[int] = []
        at = start
        while at < current:
            chain.append(at)
            at += window.length_at(at)
        if at == current:
            return chain
    return []


def _branch_note(session: "DebugSession", text: bytes) -> str:
    """Whether the branch that is next will be taken."""
    row = operation(text) if len(text) >= 2 else None
    if row is None or row.mnemonic not in _BRANCHES_ON_CC:
        return ""
    if row.mnemonic == "BCR" and not text[1] & 15:
        return "will not branch"
    return "will branch" if text[1] >> 4 & 8 >> session.guest_psw().cc else "will not branch"
