"""The assembler listing as text: location, object code, statement number, source.

GC33-4010 "The Assembler Listing".  Column positions are constants here because `highlight.ListingLexer` and the
faces rely on them.
"""

from collections.abc import Iterator

from edu_hv.asm.assembly import Assembly, ListingLine

HEADING = "   LOC  OBJECT CODE      STMT SOURCE STATEMENT"
OBJECT_COLUMN = 7
STATEMENT_COLUMN = 23
SOURCE_COLUMN = 29
SHOWN_BYTES = 8
"""Object code of a constant that the listing shows, as with PRINT NODATA."""


def listing_text(assembly: Assembly, width: int | None = 79) -> str:
    """The whole listing; each line is cut to `width` columns, or never when it is None."""
    lines = [HEADING, *(line_text(line, width) for line in assembly.listing), *_symbols(assembly)]
    return "\n".join(line[:width].rstrip() for line in lines) + "\n"


def line_text(line: ListingLine, width: int | None = 79) -> str:
    """One line of the listing."""
    statement = "" if line.statement is None else str(line.statement)
    text = f"{_location(line):<{STATEMENT_COLUMN}}{statement:>{SOURCE_COLUMN - STATEMENT_COLUMN - 1}} {line.source}"
    return text[:width].rstrip()


def _location(line: ListingLine) -> str:
    """Location and object code; the value of an EQU."""
    if line.value is not None:
        return f"{line.value & 0xFFFFFFFF:08X}"
    location = "" if line.address is None else f"{line.address:06X}"
    return f"{location:<{OBJECT_COLUMN}}{object_code_text(line)}"


def object_code_text(line: ListingLine) -> str:
    """An instruction in halfwords; of a constant the first 8 bytes."""
    digits = line.object_code[:SHOWN_BYTES].hex().upper()
    return " ".join(digits[at : at + 4] for at in range(0, len(digits), 4)) if line.instruction else digits


def _symbols(assembly: Assembly) -> Iterator[str]:
    """The symbols in order, with length, value and line of definition."""
    if not assembly.symbols:
        return
    yield ""
    yield "SYMBOL    LEN    VALUE  DEFN"
    for name, symbol in sorted(assembly.symbols.items()):
        yield f"{name:<8} {symbol.length:>4} {symbol.value & 0xFFFFFFFF:08X} {symbol.line:>5}"
