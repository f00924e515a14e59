"""The statements of a program by address, for the code pane: looked up at every step, so made once."""

from bisect import bisect_left
from dataclasses import dataclass
from functools import lru_cache

from edu_hv.asm.assembler import Assembly
from edu_hv.asm.disassembler import disassemble
from edu_hv.isa.formats import instruction_length
from edu_hv.isa.table import operation


@dataclass(frozen=True, slots=True)
class Statement:
    """Object code, and the source it was made of."""

    text: bytes
    source: str
    label: str
    instruction: bool


@dataclass(frozen=True, slots=True)
class Words:
    """What stands at an address: the source statement or a disassembly, its label, and a note about its kind."""

    source: str
    label: str
    note: str


class ListingIndex:
    """An assembly's statements that generate something, by address.  Without an assembly it is empty."""

    def __init__(self, assembly: Assembly | None) -> None:
        self.statements: dict[int, Statement] = {}
        for line in assembly.listing if assembly else ():
            if line.address is not None and line.object_code and not line.dummy and assembly is not None:
                own = line.source.split()[0] if line.source[:1].strip() else ""
                label = own or assembly.label_at(line.address) or ""
                found = Statement(line.object_code, line.source.rstrip(), label, line.instruction)
                self.statements.setdefault(line.address, found)
        self._addresses = sorted(self.statements)

    def between(self, start: int, end: int) -> list[int]:
        """Addresses of statements from `start` up to `end`."""
        addresses = self._addresses
        return addresses[bisect_left(addresses, start) : bisect_left(addresses, end)]

    def length_at(self, address: int, storage: bytes, at: int) -> int:
        """Length of what stands at an address: `storage[at:]` is what the guest has there, not empty."""
        found = self.statements.get(address)
        if found is not None and storage.startswith(found.text, at):
            return len(found.text)
        return min(instruction_length(storage[at]), len(storage) - at)

    def words_at(self, address: int, text: bytes) -> Words:
        """The statement, where storage still agrees with the listing; else a disassembly."""
        found = self.statements.get(address)
        if found is not None and found.text == text:
            return Words(found.source, found.label, _note(text) if found.instruction else "")
        return _disassembled(text, address)


@lru_cache(maxsize=4096)
def _disassembled(text: bytes, address: int) -> Words:
    found = disassemble(text, address)
    return Words(f"         {found.mnemonic:<5} {found.operands}", "", _note(text))


@lru_cache(maxsize=4096)
def _note(text: bytes) -> str:
    row = operation(text) if len(text) >= 2 else None
    if row is None or row.format.length != len(text):
        return ""
    if row.mnemonic == "SVC":
        return f"SVC {text[1]}"
    return "privileged" if row.privileged else ""
