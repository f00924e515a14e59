"""What the first pass notes down for the second: sections, placed statements, symbols, literal pools."""

from dataclasses import dataclass, field

from edu_hv.asm.constants import Constant
from edu_hv.asm.expressions import Value
from edu_hv.asm.source import Statement


@dataclass
class Section:
    """A section during assembly; `counter` and `highest` are offsets from its start.

    An external symbol counts as a dummy section of its own: its locations move with it.
    """

    name: str
    dummy: bool
    origin: int = 0
    counter: int = 0
    highest: int = 0
    external: str = ""
    """ER or WX for an external symbol."""

    @property
    def location(self) -> Value:
        """The location counter as a relocatable value."""
        return Value(self.counter, ((self.name, 1),))


@dataclass
class Literal:
    """A literal of a pool: the constant, the statement that first used it, its offset once the pool is placed."""

    text: str
    constant: Constant
    used_by: "Placed"
    offset: int = 0


@dataclass
class Pool:
    """The literals up to one LTORG, or up to the end."""

    literals: dict[str, Literal] = field(default_factory=dict)
    section: str = ""


@dataclass
class Placed:
    """A statement and what the first pass found: its section, offset before and after alignment, size, constants."""

    statement: Statement
    pool: int = 0
    section: Section | None = None
    before: int = 0
    offset: int = 0
    size: int = 0
    length: int = 1
    constants: tuple[tuple[int, Constant], ...] = ()
    placed_literals: tuple[Literal, ...] = ()
    failed: bool = False


@dataclass(frozen=True)
class Definition:
    """A symbol's value (an offset, in the first pass) and where it was defined."""

    value: Value
    line: int
    label: bool


def literal_key(text: str, placed: Placed) -> str:
    """Equal for literals that may share storage: those of one spelling, unless the location counter is in them."""
    folded, at = "", 0
    while at < len(text):
        end = text.find("'", at)
        end = len(text) if end < 0 else end
        folded += text[at:end].upper()
        closing = text.find("'", end + 1)
        at = len(text) if closing < 0 else closing + 1
        folded += text[end:at]
    return f"{folded} {placed.statement.line}" if "*" in folded and "(" in folded else folded
