"""The first pass: where every statement stands, what every symbol is worth, which literals go into which pool.

GC33-4010 "Assembler Instruction Statements".  Locations are offsets in their section until `layout` gives the
sections their origins.  Read next: `second_pass`.
"""

from collections.abc import Callable

from edu_hv.asm.constants import STORAGE, read_constant, read_constants
from edu_hv.asm.diagnostics import Diagnostic, Mistake, UndefinedSymbol, did_you_mean, shortened
from edu_hv.asm.expressions import Reader, Value, absolute, expression
from edu_hv.asm.mnemonics import EXTENDED
from edu_hv.asm.placement import Definition, Literal, Placed, Pool, Section, literal_key
from edu_hv.asm.source import SYMBOL, Piece, Statement, split_operands, statements
from edu_hv.isa.table import BY_MNEMONIC

LONGEST_SYMBOL = 8
_MACRO_LANGUAGE = frozenset({
    "MACRO", "MEND", "MEXIT", "MNOTE", "AIF", "AGO", "ANOP",
    "SETA", "SETB", "SETC", "GBLA", "GBLB", "GBLC", "LCLA", "LCLB", "LCLC", "ACTR", "COPY", "OPSYN",
})  # fmt: skip


class FirstPass:
    """Reads a source; afterwards `placed`, `symbols`, `sections` and `pools` hold what the second pass needs."""

    def __init__(self, source: str) -> None:
        self.placed: list[Placed] = []
        self.symbols: dict[str, Definition] = {}
        self.sections: dict[str, Section] = {}
        self.pools = [Pool()]
        self.errors: list[Diagnostic] = []
        self.start = 0
        self._section: Section | None = None
        self._here = Placed(Statement((), "", (Piece(0, 1, 1),)))
        self._waiting: dict[str, Placed] = {}
        self._ended = False
        for statement in statements(source):
            self._read(statement)
        self._finish()

    # --- what expressions refer to ---

    def symbol(self, name: str, at: int) -> Value:
        """The value of a symbol that is defined before this statement."""
        if name in self.symbols:
            return self.symbols[name].value
        raise UndefinedSymbol(f"symbol {shortened(name)} is not defined before this statement", at, name)

    def location(self, at: int) -> Value:
        """The location counter."""
        del at
        value = self._current().location
        return Value(value.number, value.relocation, self._here.length)

    # --- statements ---

    def _read(self, statement: Statement) -> None:
        self._here = placed = Placed(statement, len(self.pools) - 1, self._section)
        self.placed.append(placed)
        if self._section is not None:
            placed.before = placed.offset = self._section.counter
        try:
            if statement.mistake is not None:
                raise statement.mistake
            if statement.operation:
                self._place(placed)
        except Mistake as mistake:
            self._fail(placed, mistake)

    def _fail(self, placed: Placed, mistake: Mistake) -> None:
        placed.failed = True
        line, column, source = placed.statement.position(mistake.at)
        self.errors.append(Diagnostic(line, column, mistake.message, source))

    def _place(self, placed: Placed) -> None:
        statement = placed.statement
        if self._ended:
            raise Mistake("found a statement after END; expected the end of the source", statement.operation_at)
        if directive := DIRECTIVES.get(statement.operation):
            directive(self, placed)
        elif statement.operation in BY_MNEMONIC or statement.operation in EXTENDED:
            self._instruction(placed)
        else:
            self._label_here(placed)
            raise Mistake(_unknown(statement.operation), statement.operation_at)

    def _instruction(self, placed: Placed) -> None:
        extended = EXTENDED.get(placed.statement.operation)
        operation = extended.operation if extended else BY_MNEMONIC[placed.statement.operation]
        placed.length = operation.format.length
        self._align(placed, 2)
        self._label(placed, placed.length)
        self._advance(placed, placed.length)
        if operation.format.operands:
            self._collect_literals(placed)

    def _collect_literals(self, placed: Placed) -> None:
        text = placed.statement.text
        for first, end in split_operands(text, placed.statement.operands_at):
            if text[first:end].startswith("="):
                constant = read_constant(Reader(text, first + 1, end), self, reserve=False)
                if not constant.count:
                    raise Mistake("found a literal of no length; expected a duplication factor of 1 or more", first)
                literal = Literal(text[first:end], constant, placed)
                self.pools[-1].literals.setdefault(literal_key(literal.text, placed), literal)

    # --- labels and locations ---

    def _current(self) -> Section:
        """The current section; without one, the unnamed control section begins here."""
        if self._section is None:
            self._enter("", dummy=False)
        assert self._section is not None
        return self._section

    def _enter(self, name: str, dummy: bool) -> None:
        section = self.sections.setdefault(name, Section(name, dummy))
        if section.external:
            raise Mistake(f"found {name}, an external symbol, as a section; expected a name of its own for each", 0)
        if section.dummy != dummy:
            raise Mistake(f"found {name} as both CSECT and DSECT; expected a name of its own for each", 0)
        self._section = self._here.section = section
        self._here.before = self._here.offset = section.counter

    def _align(self, placed: Placed, boundary: int) -> None:
        """Steps to the next boundary."""
        section = self._current()
        placed.section, placed.before = section, section.counter
        self._move(section, section.counter + -section.counter % boundary)
        placed.offset = section.counter

    def _advance(self, placed: Placed, size: int) -> None:
        assert placed.section is not None
        self._move(placed.section, placed.section.counter + size)
        placed.size = size

    def _move(self, section: Section, counter: int) -> None:
        if counter > STORAGE:
            raise Mistake(
                f"location {counter} is beyond storage; expected at most {STORAGE} bytes in a section",
                self._here.statement.operation_at,
            )
        section.counter = counter
        section.highest = max(section.highest, counter)

    def _label(self, placed: Placed, length: int) -> None:
        """Defines the statement's name, if it has one, as the current location."""
        if placed.statement.label:
            value = self._current().location
            self._define(placed, Value(value.number, value.relocation, length), label=True)

    def _label_here(self, placed: Placed) -> None:
        if placed.statement.label and self._section is not None:
            self._label(placed, 1)

    def _define(self, placed: Placed, value: Value, label: bool) -> None:
        name = placed.statement.label
        _check_name(name)
        self._check_new(name)
        self.symbols[name] = Definition(value, placed.statement.line, label)

    def _check_new(self, name: str, at: int = 0) -> None:
        if name in self.symbols or name in self._waiting:
            known = self.symbols.get(name)
            line = known.line if known else self._waiting[name].statement.line
            raise Mistake(f"symbol {name} is already defined in line {line}; expected another name", at)

    # --- assembler instructions ---

    def _start(self, placed: Placed) -> None:
        if self.sections:
            raise Mistake("found START after the program has begun; expected it first", placed.statement.operation_at)
        reader = _operand(placed)
        at = reader.at
        self.start = absolute(reader, self, "the origin") if reader.peek() else 0
        reader.finish("a blank after the origin")
        if not 0 <= self.start < STORAGE:
            self.start, found = 0, self.start
            raise Mistake(f"found the origin {found}; expected 0 to {STORAGE - 1}", at)
        self.start = -(-self.start // 8) * 8
        self._csect(placed)

    def _csect(self, placed: Placed) -> None:
        self._begin(placed, dummy=False)

    def _dsect(self, placed: Placed) -> None:
        if not placed.statement.label:
            raise Mistake("found DSECT without a name; expected one in column 1", placed.statement.operation_at)
        self._begin(placed, dummy=True)

    def _begin(self, placed: Placed, dummy: bool) -> None:
        name = placed.statement.label
        if name in self.sections:
            self._enter(name, dummy)
            return
        if name:
            _check_name(name)
            self._check_new(name)
        self._enter(name, dummy)
        self._label(placed, 1)

    def _constants(self, placed: Placed, reserve: bool) -> None:
        """DC and DS: the name stands for the first operand, after its alignment."""
        statement = placed.statement
        self._current()
        try:
            constants = read_constants(statement.text, statement.operands_at, self, reserve)
        except Mistake:
            self._label_here(placed)
            raise
        before = self._current().counter
        self._align(placed, constants[0].alignment)
        first = placed.offset
        placed.length = constants[0].length
        self._label(placed, placed.length)
        located = []
        for constant in constants:
            self._align(placed, constant.alignment)
            located.append((placed.offset, constant))
            self._advance(placed, constant.size)
        placed.before, placed.offset, placed.size = before, first, self._current().counter - first
        placed.constants = tuple(located)

    def _dc(self, placed: Placed) -> None:
        self._constants(placed, reserve=False)

    def _ds(self, placed: Placed) -> None:
        self._constants(placed, reserve=True)

    def _ccw(self, placed: Placed) -> None:
        placed.length = 8
        self._align(placed, 8)
        self._label(placed, 8)
        self._advance(placed, 8)

    def _cnop(self, placed: Placed) -> None:
        """No-operations up to a byte of a word or doubleword.  GC33-4010 "CNOP"."""
        reader = _operand(placed)
        at = reader.at
        byte = absolute(reader, self, "the byte")
        reader.require(",", "and the boundary, 4 or 8")
        boundary = absolute(reader, self, "the boundary")
        reader.finish("a blank after the operands")
        if boundary not in (4, 8) or byte not in range(0, boundary, 2):
            raise Mistake(f"found CNOP {byte},{boundary}; expected 0,4 2,4 0,8 2,8 4,8 or 6,8", at)
        self._align(placed, 2)
        self._label(placed, 1)
        placed.size = (byte - placed.offset) % boundary
        self._advance(placed, placed.size)

    def _equ(self, placed: Placed) -> None:
        """EQU value,length.  A value that needs symbols from further down is computed at the end of the pass."""
        name = placed.statement.label
        if not name:
            raise Mistake("found EQU without a name; expected one in column 1", placed.statement.operation_at)
        _check_name(name)
        self._check_new(name)
        try:
            self._define(placed, self._equ_value(placed), label=False)
        except UndefinedSymbol:
            self._waiting[name] = placed
        except Mistake:
            self.symbols[name] = Definition(Value(0), placed.statement.line, False)
            raise

    def _equ_value(self, placed: Placed) -> Value:
        reader = _operand(placed)
        value = expression(reader, self)
        length = value.length
        if reader.accept(","):
            at = reader.at
            length = absolute(reader, self, "the length attribute")
            if not 0 <= length <= 65535:
                raise Mistake(f"found the length attribute {length}; expected 0 to 65535", at)
        reader.finish("an operator, a comma or a blank after the value")
        return Value(value.number, value.relocation, length)

    def _org(self, placed: Placed) -> None:
        """Moves the location counter: to an expression in this section, or behind everything in it."""
        _no_name(placed)
        section = self._current()
        reader = _operand(placed)
        if reader.peek() in ("", ","):
            section.counter = section.highest
            return
        at = reader.at
        value = expression(reader, self)
        reader.finish("an operator or a blank after the location")
        if value.section != section.name:
            name = section.name or "the current section"
            raise Mistake(
                f"found {shortened(reader.text[at : reader.at])}, which is no location in {name}; "
                f"expected one, as in ORG {section.name or '*'}+{value.number if value.absolute else 8}",
                at,
            )
        if value.number < 0:
            raise Mistake(f"found a location {-value.number} bytes before the section; expected one inside it", at)
        self._move(section, value.number)
        placed.before = placed.offset = value.number

    def _ltorg(self, placed: Placed) -> None:
        self._align(placed, 8)
        self._label(placed, 1)
        self._place_literals(placed)

    def _place_literals(self, placed: Placed) -> None:
        """The pool: multiples of 8 bytes first, then of 4, of 2, and the others.  GC33-4010 "The Literal Pool"."""
        section = self._current()
        pool = self.pools[-1]
        pool.section = section.name
        placed.placed_literals = tuple(sorted(pool.literals.values(), key=lambda literal: _rank(literal.constant.size)))
        for literal in placed.placed_literals:
            literal.offset = section.counter
            self._move(section, section.counter + literal.constant.size)
        placed.size = section.counter - placed.offset
        self.pools.append(Pool())

    def _end(self, placed: Placed) -> None:
        _no_name(placed)
        self._ended = True
        self._last_pool(placed)

    def _last_pool(self, placed: Placed) -> None:
        """Literals that no LTORG has placed go behind the first control section."""
        if not self.pools[-1].literals:
            return
        first = next((section for section in self.sections.values() if not section.dummy), None)
        self._enter(first.name if first else "", dummy=False)
        section = self._current()
        section.counter = section.highest
        self._align(placed, 8)
        self._place_literals(placed)

    def _nothing(self, placed: Placed) -> None:
        """SPACE, EJECT, TITLE, PRINT, ENTRY: nothing to place."""

    def _using(self, placed: Placed) -> None:
        _no_name(placed)
        if self._section is None and "*" in placed.statement.operands:
            self._current()

    def _extrn(self, placed: Placed) -> None:
        """EXTRN or WXTRN name,...: symbols that another module defines."""
        _no_name(placed)
        statement = placed.statement
        operands = split_operands(statement.text, statement.operands_at)
        if not operands:
            raise Mistake(f"found no name; expected {statement.operation} name,...", len(statement.text))
        for first, end in operands:
            name = statement.text[first:end].upper()
            _check_name(name, first)
            self._check_new(name, first)
            self.sections[name] = Section(name, True, external="WX" if statement.operation == "WXTRN" else "ER")
            self.symbols[name] = Definition(Value(0, ((name, 1),)), statement.line, False)

    # --- the end of the pass ---

    def _finish(self) -> None:
        if not any(placed.statement.operation or placed.failed for placed in self.placed):
            line = self.placed[0].statement.lines[0] if self.placed else ""
            self.errors.append(Diagnostic(1, 1, "found no statement; expected an instruction or a constant", line))
        if not self._ended and self.pools[-1].literals:
            last = self.placed[-1].statement
            self._here = Placed(Statement((), "", (Piece(0, last.line + len(last.lines) - 1, 1),)), len(self.pools) - 1)
            self.placed.append(self._here)
            self._last_pool(self._here)
        self._resolve_waiting()
        self._layout()

    def _resolve_waiting(self) -> None:
        """EQUs with forward references: each again as soon as the symbol it waits for is defined."""
        ready, blocked = list(self._waiting), dict[str, list[str]]()
        while ready:
            name = ready.pop()
            missing = self._resolve(name, self._waiting[name])
            if missing is None:
                ready += blocked.pop(name, [])
            else:
                blocked.setdefault(missing.symbol, []).append(name)
        self._report_waiting()

    def _report_waiting(self) -> None:
        """What is left depends on itself or on a symbol that is nowhere defined; the others are not reported."""
        needs = {name: self._needed(placed) for name, placed in self._waiting.items()}
        for name, placed in self._waiting.items():
            if needs[name].symbol not in self._waiting:
                known = did_you_mean(needs[name].symbol, self.symbols)
                self._fail(
                    placed, Mistake(f"symbol {shortened(needs[name].symbol)} is not defined{known}", needs[name].at)
                )
            elif _in_circle(name, needs):
                message = f"found {name}, whose value depends on itself; expected a value that can be computed"
                self._fail(placed, Mistake(message, needs[name].at))
            placed.failed = True
            self.symbols[name] = Definition(Value(0), placed.statement.line, False)

    def _resolve(self, name: str, placed: Placed) -> UndefinedSymbol | None:
        """Defines the symbol of an EQU, or says what is missing for it."""
        value = Value(0)
        saved, self._here, self._section = self._section, placed, _at(placed)
        try:
            value = self._equ_value(placed)
        except UndefinedSymbol as undefined:
            return undefined
        except Mistake as mistake:
            self._fail(placed, mistake)
        finally:
            self._section = saved
        self.symbols[name] = Definition(value, placed.statement.line, False)
        del self._waiting[name]
        return None

    def _needed(self, placed: Placed) -> UndefinedSymbol:
        """The first symbol an EQU cannot be computed without."""
        saved, self._section = self._section, _at(placed)
        try:
            self._equ_value(placed)
        except UndefinedSymbol as undefined:
            return undefined
        finally:
            self._section = saved
        raise AssertionError("a waiting EQU has all its symbols")

    def _layout(self) -> None:
        """Control sections one after the other from the origin, each on a doubleword boundary; dummy sections at 0."""
        origin = self.start
        for section in self.sections.values():
            if not section.dummy:
                section.origin = origin
                origin = -(-(origin + section.highest) // 8) * 8
        if origin > STORAGE:
            last = self.placed[-1]
            self._fail(last, Mistake(f"found {origin} bytes in all; expected at most {STORAGE}", 0))


def _at(placed: Placed) -> Section | None:
    """The section of a statement with the location counter as it was there."""
    section = placed.section
    return section and Section(section.name, section.dummy, section.origin, placed.offset)


def _in_circle(name: str, needs: dict[str, UndefinedSymbol]) -> bool:
    seen: set[str] = set()
    following = needs[name].symbol
    while following in needs and following not in seen:
        if following == name:
            return True
        seen.add(following)
        following = needs[following].symbol
    return False


def _rank(size: int) -> int:
    return next(rank for rank, multiple in enumerate((8, 4, 2, 1)) if size % multiple == 0)


def _operand(placed: Placed) -> Reader:
    return Reader(placed.statement.text, placed.statement.operands_at)


def _check_name(name: str, at: int = 0) -> None:
    if not SYMBOL.fullmatch(name) or len(name) > LONGEST_SYMBOL:
        raise Mistake(
            f'found "{shortened(name)}" as a name; expected 1 to {LONGEST_SYMBOL} letters and digits,'
            " the first a letter, $, # or @",
            at,
        )


def _no_name(placed: Placed) -> None:
    if placed.statement.label:
        raise Mistake(f"found the name {shortened(placed.statement.label)}; {placed.statement.operation} takes none", 0)


def _unknown(operation: str) -> str:
    if operation in _MACRO_LANGUAGE:
        return f"found {operation}; expected an instruction (there is no macro language here)"
    return (
        f'unknown operation "{shortened(operation)}"{did_you_mean(operation, (*BY_MNEMONIC, *EXTENDED, *DIRECTIVES))}'
    )


DIRECTIVES: dict[str, Callable[[FirstPass, Placed], None]] = {
    "START": FirstPass._start,
    "CSECT": FirstPass._csect,
    "DSECT": FirstPass._dsect,
    "DC": FirstPass._dc,
    "DS": FirstPass._ds,
    "CCW": FirstPass._ccw,
    "CCW0": FirstPass._ccw,
    "CNOP": FirstPass._cnop,
    "EQU": FirstPass._equ,
    "ORG": FirstPass._org,
    "LTORG": FirstPass._ltorg,
    "END": FirstPass._end,
    "USING": FirstPass._using,
    "DROP": FirstPass._using,
    "ENTRY": FirstPass._nothing,
    "EXTRN": FirstPass._extrn,
    "WXTRN": FirstPass._extrn,
    "TITLE": FirstPass._nothing,
    "PRINT": FirstPass._nothing,
    "SPACE": FirstPass._nothing,
    "EJECT": FirstPass._nothing,
}
"""The assembler instructions, and what the first pass does with each."""
