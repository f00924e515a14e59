"""The assembler: `assemble` turns a source into an `Assembly`, in two passes.

The passes are in `first_pass` and `second_pass`, the language's parts in `source`, `expressions`, `constants` and
`encoder`.  What is not there: the macro language, bit-length constants.  Modules are joined when they are loaded.
"""

from edu_hv.asm.assembly import Assembly, ListingLine, Section, Symbol, Text, merged
from edu_hv.asm.diagnostics import AssemblyError, Diagnostic
from edu_hv.asm.first_pass import FirstPass
from edu_hv.asm.second_pass import SecondPass

__all__ = ["Assembly", "AssemblyError", "Diagnostic", "ListingLine", "Section", "Symbol", "Text", "assemble"]


def assemble(source: str, name: str = "source") -> Assembly:
    """Assembles a source.  Raises `AssemblyError` with every mistake that was found; `name` stands before each."""
    first = FirstPass(source)
    second = SecondPass(first)
    errors = first.errors + second.errors
    if errors:
        raise AssemblyError(name, errors)
    sections = tuple(
        Section(part.name, part.origin, part.highest, part.dummy)
        for part in first.sections.values()
        if not part.external
    )
    start = next((section.origin for section in sections if not section.dummy), 0)
    entry = start if second.entry is None else second.entry
    return Assembly(
        name,
        start,
        entry,
        merged(second.fragments),
        second.symbols,
        sections,
        tuple(second.lines),
        second.externals,
        tuple(dict.fromkeys(second.entries)),
        tuple(second.relocations),
    )
