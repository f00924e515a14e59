"""The second pass: object code and listing lines, from what the first pass placed.

GC33-4010 "USING -- Use Base Address Register" says how base and displacement come about.  Read next: `assembly`.
"""

from collections.abc import Callable

from edu_hv.asm.assembly import External, ListingLine, Relocation, Symbol
from edu_hv.asm.constants import Constant
from edu_hv.asm.diagnostics import Diagnostic, Mistake, UndefinedSymbol, did_you_mean, shortened
from edu_hv.asm.encoder import MOST_DISPLACEMENT, encode
from edu_hv.asm.expressions import Reader, Value, absolute, expression
from edu_hv.asm.first_pass import FirstPass
from edu_hv.asm.mnemonics import EXTENDED
from edu_hv.asm.placement import Literal, Placed, literal_key
from edu_hv.asm.source import split_operands
from edu_hv.isa.table import BY_MNEMONIC

_STORAGE = 1 << 24
_NO_OPERATION = b"\x07\x00"


class _At:
    """The scope of one statement: the program's symbols and a location counter."""

    def __init__(self, program: "SecondPass", placed: Placed, number: int) -> None:
        self._program = program
        self._placed = placed
        self._number = number

    def symbol(self, name: str, at: int) -> Value:
        """The final value of a symbol."""
        return self._program.symbol(name, at)

    def location(self, at: int) -> Value:
        """The location counter of the statement."""
        section = self._placed.section
        if section is None:
            raise Mistake("found * before the first section; expected CSECT or START before it", at)
        return Value(self._number, ((section.name, 1),), self._placed.length)

    def advanced(self, count: int) -> "_At":
        """The same, `count` bytes further."""
        return _At(self._program, self._placed, self._number + count)

    def external(self, name: str) -> Value:
        """A symbol in a V constant."""
        return self._program.external(name, self._placed.statement.line)

    def base_and_displacement(self, value: Value, at: int, written: str) -> tuple[int, int]:
        """Base register and displacement from the USINGs in effect."""
        return self._program.base_and_displacement(value, at, written)

    def literal(self, text: str, at: int) -> Value:
        """The location of a literal."""
        return self._program.literal(text, self._placed, at)


class SecondPass:
    """Generates the code; afterwards everything an `Assembly` has is complete."""

    def __init__(self, first: FirstPass) -> None:
        self.first = first
        self.errors: list[Diagnostic] = []
        self.fragments: list[tuple[int, bytes]] = []
        self.lines: list[ListingLine] = []
        self.entry: int | None = None
        self.entries: list[str] = []
        self.relocations: list[Relocation] = []
        self._implied: dict[str, External] = {}
        self._usings: dict[int, Value] = {}
        self._generated = 0
        self._values = {name: self._final(known.value) for name, known in first.symbols.items()}
        for number, placed in enumerate(first.placed, 1):
            self._generate(placed, number)

    @property
    def symbols(self) -> dict[str, Symbol]:
        """The symbols with their final values, in the order of their definition."""
        return {name: self._symbol(name) for name in self.first.symbols}

    @property
    def externals(self) -> tuple[External, ...]:
        """The external symbols: those of EXTRN and WXTRN, then those that only a V constant names."""
        declared = (
            External(name, section.external == "WX", self.first.symbols[name].line)
            for name, section in self.first.sections.items()
            if section.external
        )
        return (*declared, *self._implied.values())

    def _symbol(self, name: str) -> Symbol:
        value, known = self._values[name], self.first.symbols[name]
        return Symbol(value.number, value.length, not value.absolute, value.section, known.line, known.label)

    def _final(self, value: Value) -> Value:
        """An offset becomes an address once sections have origins."""
        number = value.number + sum(self.first.sections[name].origin * count for name, count in value.relocation)
        return Value(number, value.relocation, value.length)

    # --- what expressions refer to ---

    def symbol(self, name: str, at: int) -> Value:
        """The final value of a symbol."""
        if name not in self._values:
            known = did_you_mean(name, self._values)
            raise UndefinedSymbol(f"symbol {shortened(name)} is not defined{known}", at, name)
        return self._values[name]

    def external(self, name: str, line: int) -> Value:
        """The value of a symbol that need not be defined in this source."""
        if name not in self._values:
            self._implied.setdefault(name, External(name, False, line))
            return Value(0, ((name, 1),))
        return self._values[name]

    def base_and_displacement(self, value: Value, at: int, written: str) -> tuple[int, int]:
        """Of the registers that reach a location the one with the smallest displacement, then the highest."""
        reach = [
            (value.number - base.number, -register)
            for register, base in self._usings.items()
            if base.relocation == value.relocation and value.number >= base.number
        ]
        if value.absolute and value.number >= 0:
            reach.append((value.number, 0))
        if reach and min(reach)[0] <= MOST_DISPLACEMENT:
            displacement, register = min(reach)
            return -register, displacement
        raise Mistake(self._unreachable(value, written, min(reach, default=None)), at)

    def _unreachable(self, value: Value, written: str, nearest: tuple[int, int] | None) -> str:
        if value.absolute:
            where = f"displacement {value.number} does not fit 12 bits (0 to {MOST_DISPLACEMENT})"
        elif value.section is None:
            return f"found {written}, which is no location in one section; expected a location or a displacement"
        elif nearest:
            where = (
                f"displacement {nearest[0]} from the USING of register {-nearest[1]}"
                f" does not fit 12 bits (0 to {MOST_DISPLACEMENT})"
            )
        else:
            return (
                f"no USING covers {written}; expected a base register for"
                f" {self._section_words(value.section)} (USING before this statement)"
            )
        return f"{where} and no USING covers {written}"

    def _section_words(self, name: str) -> str:
        section = self.first.sections[name]
        if section.external:
            return f"the external symbol {name}"
        return f"{'DSECT' if section.dummy else 'CSECT'} {name}" if name else "this section"

    def literal(self, text: str, placed: Placed, at: int) -> Value:
        """The location of a literal in the pool of its statement."""
        pool = self.first.pools[placed.pool]
        literal = pool.literals.get(literal_key(text, placed))
        if literal is None:
            raise Mistake(f"found the literal {shortened(text)}; expected one only as a whole operand", at)
        origin = self.first.sections[pool.section].origin
        return Value(origin + literal.offset, ((pool.section, 1),), literal.constant.length)

    # --- statements ---

    def _generate(self, placed: Placed, number: int) -> None:
        code, value = b"", None
        if not placed.failed:
            try:
                code, value = self._code(placed)
            except Mistake as mistake:
                self._fail(placed, mistake)
        self._list(placed, number, code, value)
        for literal in placed.placed_literals:
            self._list_literal(placed, literal)

    def _fail(self, placed: Placed, mistake: Mistake) -> None:
        line, column, source = placed.statement.position(mistake.at)
        self.errors.append(Diagnostic(line, column, mistake.message, source))

    def _code(self, placed: Placed) -> tuple[bytes, int | None]:
        """The object code of a statement, and the value of an EQU."""
        statement = placed.statement
        if handler := _HANDLERS.get(statement.operation):
            return handler(self, placed), None
        if statement.operation == "EQU":
            return b"", self._values[statement.label].number
        extended = EXTENDED.get(statement.operation)
        operation = extended.operation if extended else BY_MNEMONIC.get(statement.operation)
        if operation is None:
            return b"", None
        mask = extended.mask if extended else None
        code = encode(operation, mask, statement.text, statement.operands_at, self._at(placed))
        self._emit(placed, code)
        return code, None

    def _address(self, placed: Placed) -> int:
        return placed.offset + (placed.section.origin if placed.section else 0)

    def _at(self, placed: Placed) -> _At:
        return _At(self, placed, self._address(placed))

    def _emit(self, placed: Placed, code: bytes) -> None:
        """Object code with the zeros that align it; a dummy section generates nothing."""
        if placed.section is not None and not placed.section.dummy:
            padding = placed.offset - placed.before
            self.fragments.append((self._address(placed) - padding, bytes(padding) + code))

    def _dc(self, placed: Placed) -> bytes:
        self._generated += placed.size
        if self._generated > _STORAGE:
            message = f"found more than {_STORAGE} bytes of constants in all; expected at most what storage holds"
            raise Mistake(message, placed.statement.operation_at)
        code = bytearray()
        scope = self._at(placed)
        for offset, constant in placed.constants:
            code += bytes(offset - placed.offset - len(code))
            here = scope.advanced(offset - placed.offset)
            code += constant.code(here)
            self._relocate(placed, constant, here, self._address(placed) + offset - placed.offset)
        self._emit(placed, bytes(code))
        return bytes(code)

    def _relocate(self, placed: Placed, constant: Constant, scope: _At, address: int) -> None:
        """Notes down what of an address constant moves, and with what."""
        if constant.count and placed.section is not None and not placed.section.dummy:
            for offset, length, value in constant.addresses(scope):
                self._moves(address + offset, length, value, constant)

    def _moves(self, address: int, length: int, value: Value, constant: Constant | None = None) -> None:
        count, step = (constant.count, sum(constant.lengths)) if constant else (1, 0)
        for symbol, times in value.relocation:
            known = self.first.sections.get(symbol)
            if known is None or known.external or not known.dummy:
                branch = constant is not None and constant.kind == "V" and (known is None or bool(known.external))
                self.relocations.append(Relocation(address, length, symbol, times, branch, count, step))

    def _ccw(self, placed: Placed) -> bytes:
        """CCW command,data address,flags,count.  GC33-4010 "CCW -- Define Channel Command Word"."""
        statement = placed.statement
        operands = split_operands(statement.text, statement.operands_at)
        if len(operands) != 4:
            message = f"found {len(operands)} operands; expected four: command,data address,flags,count"
            raise Mistake(message, operands[4][0] if len(operands) > 4 else len(statement.text))
        scope = self._at(placed)
        fields = ("command code", 0xFF), ("data address", 0xFFFFFF), ("flags", 0xFF), ("count", 0xFFFF)
        numbers = []
        for (first, end), (what, most) in zip(operands, fields, strict=True):
            reader = Reader(statement.text, first, end)
            value = expression(reader, scope) if most > 0xFFFF else Value(absolute(reader, scope, f"the {what}"))
            number = value.number
            reader.finish("a comma or a blank after the operand")
            if not 0 <= number <= most:
                raise Mistake(f"found {number} for the {what}; expected 0 to {most}", first)
            numbers.append(number)
            if placed.section is not None and not placed.section.dummy:
                self._moves(self._address(placed) + 1, 3, value)
        command, address, flags, count = numbers
        code = bytes([command, *address.to_bytes(3, "big"), flags, 0, *count.to_bytes(2, "big")])
        self._emit(placed, code)
        return code

    def _cnop(self, placed: Placed) -> bytes:
        code = _NO_OPERATION * (placed.size // 2)
        self._emit(placed, code)
        return code

    def _using(self, placed: Placed) -> bytes:
        """USING base,register,...: each further register is taken to be 4096 bytes further."""
        statement = placed.statement
        operands = split_operands(statement.text, statement.operands_at)
        if len(operands) < 2:
            raise Mistake("found no register; expected USING base,register,...", len(statement.text))
        reader = Reader(statement.text, *operands[0])
        base = expression(reader, self._at(placed))
        reader.finish("a comma after the base address")
        if not base.absolute and base.section is None:
            raise Mistake("found a base that is no location in one section; expected a location", operands[0][0])
        registers = self._registers(placed, operands[1:])
        number = base.number if registers[0] else 0
        for register in registers:
            self._usings[register] = Value(number, base.relocation)
            number += MOST_DISPLACEMENT + 1
        return b""

    def _registers(self, placed: Placed, operands: list[tuple[int, int]]) -> list[int]:
        registers = []
        for first, end in operands:
            reader = Reader(placed.statement.text, first, end)
            register = absolute(reader, self._at(placed), "a base register")
            reader.finish("a comma or a blank after the register")
            if not 0 <= register <= 15:
                raise Mistake(f"found register {register}; expected 0 to 15", first)
            registers.append(register)
        return registers

    def _drop(self, placed: Placed) -> bytes:
        """DROP register,...; without operands all base registers."""
        operands = split_operands(placed.statement.text, placed.statement.operands_at)
        if not operands or placed.statement.operands == ",":
            self._usings.clear()
            return b""
        for register, (first, _) in zip(self._registers(placed, operands), operands, strict=True):
            if self._usings.pop(register, None) is None:
                raise Mistake(
                    f"found register {register}, which is no base register here; expected one of a USING", first
                )
        return b""

    def _entry(self, placed: Placed) -> bytes:
        statement = placed.statement
        for first, end in split_operands(statement.text, statement.operands_at):
            name = statement.text[first:end].upper()
            section = self.first.sections.get(self.symbol(name, first).section or "")
            if section is None or section.dummy:
                message = f"found {shortened(name)}, which is no location in a control section; expected one"
                raise Mistake(message, first)
            self.entries.append(name)
        return b""

    def _end(self, placed: Placed) -> bytes:
        reader = Reader(placed.statement.text, placed.statement.operands_at)
        if reader.peek() in ("", ","):
            return b""
        at = reader.at
        entry = expression(reader, self._at(placed))
        reader.finish("an operator or a blank after the entry point")
        dummy = entry.section is not None and self.first.sections[entry.section].dummy
        if dummy or not (entry.absolute or entry.section is not None) or not 0 <= entry.number < _STORAGE:
            raise Mistake("found no location of this program; expected the entry point", at)
        self.entry = entry.number
        return b""

    # --- listing ---

    def _list(self, placed: Placed, number: int, code: bytes, value: int | None) -> None:
        lines = placed.statement.lines
        if not lines:
            return
        located = placed.statement.operation in _LOCATED or bool(code) or (placed.size and not placed.placed_literals)
        section = placed.section
        self.lines.append(
            ListingLine(
                placed.statement.line,
                self._address(placed) if located and section is not None else None,
                code,
                lines[0],
                number,
                0 if placed.placed_literals else placed.size,
                value,
                section is not None and section.dummy,
                placed.statement.operation in BY_MNEMONIC or placed.statement.operation in EXTENDED,
            )
        )
        for offset, line in enumerate(lines[1:], 1):
            self.lines.append(ListingLine(placed.statement.line + offset, None, b"", line, None))

    def _list_literal(self, placed: Placed, literal: Literal) -> None:
        assert placed.section is not None
        address = placed.section.origin + literal.offset
        used_by = literal.used_by
        try:
            code = literal.constant.code(self._at(used_by))
            self._relocate(placed, literal.constant, self._at(used_by), address)
        except Mistake as mistake:
            self._fail(used_by, mistake)
            return
        dummy = placed.section.dummy
        if not dummy:
            self.fragments.append((address, code))
        size, source = literal.constant.size, f"{'':15}{literal.text}"
        self.lines.append(ListingLine(placed.statement.line, address, code, source, None, size, None, dummy))


_LOCATED = frozenset({"CSECT", "DSECT", "START", "ORG", "LTORG", "DS", "DC"})

_HANDLERS: dict[str, Callable[[SecondPass, Placed], bytes]] = {
    "DC": SecondPass._dc,
    "CCW": SecondPass._ccw,
    "CCW0": SecondPass._ccw,
    "CNOP": SecondPass._cnop,
    "USING": SecondPass._using,
    "DROP": SecondPass._drop,
    "ENTRY": SecondPass._entry,
    "END": SecondPass._end,
}
"""The assembler instructions that the second pass acts on."""
