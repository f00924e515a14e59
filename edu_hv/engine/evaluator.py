"""Evaluates an instruction's function as far as it can be known now, and makes code of the rest.

The functions are plain Python and run as they are when the CPU executes an instruction itself.  Here their syntax
trees are walked with a `Target` for the CPU.  What is known (a field of the instruction, or anything in a region) is
computed; what is not becomes WebAssembly.  Of Python this takes: assignments, `if`, `for` over `range` or a known
tuple, `while`, `break`, `return` at the end, `raise` (an exit), expressions of integers, calls of other such functions,
named tuples of integers.
"""

from __future__ import annotations

import ast
import inspect
import operator
import textwrap
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

from edu_hv.engine import wasm
from edu_hv.engine.lazy import LazyCode
from edu_hv.engine.target import CompiledObject, MustCommit, PathEnds, Registers, Target
from edu_hv.engine.wasm import I64_HIGH, I64_LOW, NotCompilable, Operand, Value, bounds
from edu_hv.machine.interruptions import ProgramInterruption

Environment = dict[str, Any]
UNROLLED = 16
"""Rounds of a loop that are written out when their number is known."""


@dataclass(frozen=True, slots=True)
class Variable:
    """A Python variable that code assigns to: a local of WebAssembly, and its range at this place.

    It has no value yet when the range is empty.
    """

    name: str
    low: int
    high: int


class _Returned(Exception):
    def __init__(self, value: Any) -> None:
        super().__init__()
        self.value = value


@dataclass(slots=True)
class _Loop:
    """The loop around a place: where `break` goes, and the variables as each `break` leaves them."""

    label: str
    depth: int
    left: list[Environment]


@cache
def definition(function: Callable[..., Any]) -> ast.FunctionDef:
    """The syntax tree of a function."""
    found = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
    assert isinstance(found, ast.FunctionDef)
    return found


_OPERATORS: dict[type[ast.AST], tuple[str, Callable[[Any, Any], Any]]] = {
    ast.Add: ("+", operator.add),
    ast.Sub: ("-", operator.sub),
    ast.Mult: ("*", operator.mul),
    ast.FloorDiv: ("//", operator.floordiv),
    ast.Mod: ("%", operator.mod),
    ast.BitAnd: ("&", operator.and_),
    ast.BitOr: ("|", operator.or_),
    ast.BitXor: ("^", operator.xor),
    ast.LShift: ("<<", operator.lshift),
    ast.RShift: (">>", operator.rshift),
    ast.Eq: ("==", operator.eq),
    ast.NotEq: ("!=", operator.ne),
    ast.Lt: ("<", operator.lt),
    ast.LtE: ("<=", operator.le),
    ast.Gt: (">", operator.gt),
    ast.GtE: (">=", operator.ge),
}
_UNARY: dict[type[ast.AST], tuple[Callable[[Operand], Operand], Callable[[Any], Any]]] = {
    ast.USub: (wasm.negated, operator.neg),
    ast.Invert: (wasm.inverted, operator.invert),
    ast.Not: (wasm.inverse, operator.not_),
}


def _minimum(a: Operand, b: Operand) -> Operand:
    return _bounded(wasm.select(wasm.compare("<=", a, b), a, b), a, b, min)


def _maximum(a: Operand, b: Operand) -> Operand:
    return _bounded(wasm.select(wasm.compare(">=", a, b), a, b), a, b, max)


def _bounded(result: Operand, a: Operand, b: Operand, end: Callable[[int, int], int]) -> Operand:
    (a_low, a_high), (b_low, b_high) = bounds(a), bounds(b)
    return Value(result.text, end(a_low, b_low), end(a_high, b_high)) if isinstance(result, Value) else result


def _absolute(a: Operand) -> Operand:
    low, high = bounds(a)
    found = wasm.select(wasm.compare("<", a, 0), wasm.negated(a), a)
    return Value(found.text, 0, max(-low, high)) if isinstance(found, Value) else found


_BUILTINS: dict[Any, Callable[..., Operand]] = {
    abs: _absolute,
    min: _minimum,
    max: _maximum,
    bool: wasm.truth,
    int: lambda a: a,
}


class Evaluator:
    """Makes the code of instructions for one target."""

    def __init__(self, target: Target) -> None:
        self.target, self.code = target, target.code
        self._loops: list[_Loop] = []
        self._depths = [0]
        """Of each function being evaluated: how deep in branches it was called."""

    def instruction(self, function: Callable[..., None], operands: Iterable[Operand]) -> bool:
        """Make the code of one instruction.  Whether another may follow it in sequence."""
        self.target.begin()
        try:
            self.call(function, [self.target, *operands])
        except PathEnds:
            return False
        except NotCompilable as problem:
            raise NotCompilable(f"{function.__name__}: {problem}") from problem
        self.target.end()
        return True

    def call(self, function: Callable[..., Any], arguments: list[Any]) -> Any:
        """Evaluate a function's text with these arguments."""
        tree = definition(function)
        names = [argument.arg for argument in tree.args.args]
        environment = dict(zip(names, (self._kept(argument) for argument in arguments), strict=True))
        self._depths.append(self.target.depth)
        try:
            self._block(tree.body, _Scope(environment, function.__globals__))
        except _Returned as returned:
            return returned.value
        finally:
            self._depths.pop()
        return None

    # ---- statements ------------------------------------------------------------------------------------------------

    def _block(self, statements: list[ast.stmt], scope: _Scope) -> None:
        for statement in statements:
            method = getattr(self, f"_do_{type(statement).__name__}", None)
            if method is None:
                raise NotCompilable(f"{type(statement).__name__} in line {statement.lineno}")
            method(statement, scope)

    def _do_Expr(self, statement: ast.Expr, scope: _Scope) -> None:
        if not isinstance(statement.value, ast.Constant):
            self._value(statement.value, scope)

    def _do_Assign(self, statement: ast.Assign, scope: _Scope) -> None:
        (target,) = statement.targets
        if isinstance(target, ast.Tuple) and isinstance(statement.value, ast.Tuple):
            values = [self._kept(self._value(element, scope)) for element in statement.value.elts]
            for element, value in zip(target.elts, values, strict=True):
                self._assign(element, value, scope)
        else:
            self._assign(target, self._value(statement.value, scope), scope)

    def _do_AugAssign(self, statement: ast.AugAssign, scope: _Scope) -> None:
        old = self._value(ast.copy_location(_as_loaded(statement.target), statement), scope)
        self._assign(statement.target, self._binary(statement.op, old, self._value(statement.value, scope)), scope)

    def _assign(self, target: ast.expr, value: Any, scope: _Scope) -> None:
        match target:
            case ast.Name(id=name):
                old = scope.variables.get(name)
                if isinstance(old, Variable):
                    self._set(scope, name, old, value)
                else:
                    scope.variables[name] = self._kept(value)
            case ast.Subscript():
                registers = self._value(target.value, scope)
                assert isinstance(registers, Registers)
                registers.write(self._value(target.slice, scope), value)
            case ast.Attribute():
                setattr(self._value(target.value, scope), target.attr, value)
            case _:
                raise NotCompilable(f"assignment to {ast.unparse(target)}")

    def _set(self, scope: _Scope, name: str, variable: Variable, value: Any) -> None:
        if isinstance(value, LazyCode):
            value = value.value()
        if not isinstance(value, int | Value):
            if variable.low <= variable.high:
                raise NotCompilable(f"{name} is an object and changes where the code decides")
            scope.variables[name] = value
            return
        self.code.emit(f"(local.set {variable.name} {wasm.i64(value)})")
        scope.variables[name] = Variable(variable.name, *bounds(value))

    def _do_Raise(self, statement: ast.Raise, scope: _Scope) -> None:
        self.target.leave()

    def _do_Pass(self, statement: ast.Pass, scope: _Scope) -> None:
        pass

    def _do_Return(self, statement: ast.Return, scope: _Scope) -> None:
        if self.target.depth != self._depths[-1]:
            raise NotCompilable("return where the code decides: write if and else")
        raise _Returned(None if statement.value is None else self._value(statement.value, scope))

    def _do_Break(self, statement: ast.Break, scope: _Scope) -> None:
        loop = self._loops[-1]
        self.code.emit(f"(br {loop.label})")
        loop.left.append(dict(scope.variables))
        raise PathEnds

    # ---- branches --------------------------------------------------------------------------------------------------

    def _do_If(self, statement: ast.If, scope: _Scope) -> None:
        test = self._value(statement.test, scope)
        if not isinstance(test, Value):
            self._block(statement.body if test else statement.orelse, scope)
            return
        test = self._dynamic(self.code.bind(test))
        self._promote(_assigned([*statement.body, *statement.orelse]), scope)
        mark, saved, variables = self.code.mark(), self.target.saved(), dict(scope.variables)
        try:
            self._branches(statement, test, scope)
        except MustCommit:
            if self.target.depth:
                raise
            self.code.reset(mark)
            self.target.put_back(saved)
            scope.variables = variables
            self.target.settle()
            self._branches(statement, test, scope)

    def _branches(self, statement: ast.If, test: Value, scope: _Scope) -> None:
        """Both branches; each begins with what holds here, and afterwards holds what holds after both."""
        saved, before = self.target.saved(), dict(scope.variables)
        ends: list[Environment] = []
        changed = False
        exits = self.target.exits
        for opening, statements in ((f"(if {wasm.condition(test)} (then", statement.body), ("(else", statement.orelse)):
            self.target.put_back(saved)
            self.target.exits = exits
            scope.variables = dict(before)
            self.code.emit(opening)
            if self._branch(statements, scope):
                ends.append(scope.variables)
                changed |= self.target.changed
            exits = self.target.exits
            self.code.emit(")")
        self.code.emit(")")
        self.target.put_back(saved)
        self.target.changed, self.target.exits = changed or self.target.changed, exits
        if not ends:
            raise PathEnds
        scope.variables = _joined(ends)

    def _branch(self, statements: list[ast.stmt], scope: _Scope) -> bool:
        """One branch; whether its end is reached."""
        self.target.depth += 1
        try:
            self._block(statements, scope)
        except PathEnds:
            return False
        finally:
            self.target.depth -= 1
        return True

    def _promote(self, names: set[str], scope: _Scope) -> None:
        """Variables assigned where the code decides live in locals."""
        for name in sorted(names):
            old = scope.variables.get(name, 0)
            if not isinstance(old, Variable):
                variable = Variable(self.code.local(), 1, 0)
                if name in scope.variables:
                    self._set(scope, name, variable, old)
                else:
                    scope.variables[name] = variable

    # ---- loops -----------------------------------------------------------------------------------------------------

    def _do_For(self, statement: ast.For, scope: _Scope) -> None:
        assert isinstance(statement.target, ast.Name)
        rounds = self._rounds(statement.iter, scope)
        breaks = any(isinstance(node, ast.Break) for node in ast.walk(statement))
        if isinstance(rounds, Value) or (isinstance(rounds, range) and (breaks or len(rounds) > UNROLLED)):
            self._counted_loop(statement, statement.target.id, rounds, scope)
            return
        for value in rounds:
            scope.variables[statement.target.id] = value
            self._block(statement.body, scope)

    def _rounds(self, iterated: ast.expr, scope: _Scope) -> range | tuple[Any, ...] | Value:
        """What a `for` goes through: known values, or the number of a `range` that starts at 0."""
        if isinstance(iterated, ast.Call) and isinstance(iterated.func, ast.Name) and iterated.func.id == "range":
            limits = [self._value(argument, scope) for argument in iterated.args]
            if not any(isinstance(limit, Value) for limit in limits):
                return range(*limits)
            if len(limits) == 1:
                return self._dynamic(self.code.bind(limits[0]))
        values = self._value(iterated, scope)
        if not isinstance(values, tuple):
            raise NotCompilable(f"for over {ast.unparse(iterated)}")
        return values

    @staticmethod
    def _dynamic(operand: Operand) -> Value:
        assert isinstance(operand, Value)
        return operand

    def _counted_loop(self, statement: ast.For, name: str, rounds: range | Value, scope: _Scope) -> None:
        start, step = (rounds.start, rounds.step) if isinstance(rounds, range) else (0, 1)
        end: Operand = rounds.stop if isinstance(rounds, range) else rounds
        if step != 1:
            raise NotCompilable("a loop that counts in steps")
        counter = Value(f"(local.get {self.code.local()})", start, max(bounds(end)[1] - 1, start))
        local = counter.text.removeprefix("(local.get ").removesuffix(")")

        def test() -> Operand:
            return Value(f"(i64.lt_s {counter.text} {wasm.i64(end)})", 0, 1, flag=True)

        empty = False

        def body() -> None:
            nonlocal empty
            self._assign(ast.Name(name), self.code.copied(counter), scope)
            before = len(self.code.lines)
            self._block(statement.body, scope)
            empty = all(line.startswith("(local.set") for line in self.code.lines[before:])
            self.code.emit(f"(local.set {local} (i64.add {counter.text} (i64.const 1)))")

        self.target.settle_for_loop()
        mark = self.code.mark()
        self.code.emit(f"(local.set {local} (i64.const {start}))")
        self._loop(_assigned(statement.body) | {name}, test, body, scope)
        if empty and not _assigned(statement.body):
            self.code.reset(mark)  # Nothing but checks that are made beforehand in compiled code.

    def _do_While(self, statement: ast.While, scope: _Scope) -> None:
        self.target.settle_for_loop()
        self._loop(
            _assigned(statement.body),
            lambda: self._value(statement.test, scope),
            lambda: self._block(statement.body, scope),
            scope,
        )

    def _loop(self, names: set[str], test: Callable[[], Operand], body: Callable[[], None], scope: _Scope) -> None:
        """A loop in the code.  Ranges of its variables are widened until one more round does not leave them."""
        self._promote(names, scope)
        heads = dict(scope.variables)
        mark, saved = self.code.mark(), self.target.saved()
        while True:
            scope.variables = dict(heads)
            loop, end = self._loop_once(test, body, scope)
            wider = {name: _widened(heads[name], end[name]) for name in names if end is not None}
            if all(heads[name] == variable for name, variable in wider.items()):
                break
            heads.update(wider)
            self.code.reset(mark)
            self.target.put_back(saved)
        if self.target.changed and not saved[0] and self.target.exits > saved[-1]:
            raise NotCompilable("an exit can follow a change in an earlier round of a loop")
        scope.variables = _joined([heads, *loop.left])

    def _loop_once(
        self, test: Callable[[], Operand], body: Callable[[], None], scope: _Scope
    ) -> tuple[_Loop, Environment | None]:
        loop = _Loop(self.code.label("done"), self.target.depth, [])
        again = self.code.label("again")
        self._loops.append(loop)
        self.target.depth += 1
        bases = self.target.saved()
        end: Environment | None = None
        try:
            with self.code.inside(f"(block {loop.label} (loop {again}", "))"):
                ended = f"(i32.eqz {wasm.condition(test())})"
                self.code.emit(f"(br_if {loop.label} {ended})")
                try:
                    body()
                    end = scope.variables
                    self.code.emit(f"(br {again})")
                except PathEnds:
                    pass
        finally:
            self.target.depth -= 1
            self._loops.pop()
        changed, exits = self.target.changed, self.target.exits
        self.target.put_back(bases)
        self.target.changed, self.target.exits = changed, exits
        return loop, end

    # ---- expressions -----------------------------------------------------------------------------------------------

    def _kept(self, value: Any) -> Any:
        """A value that will be used later: computed here."""
        if isinstance(value, LazyCode):
            return value.bound(self.code)
        if isinstance(value, tuple):
            return _like(value, map(self._kept, value))
        return self.code.bind(value) if isinstance(value, Value) else value

    def _value(self, expression: ast.expr, scope: _Scope) -> Any:
        """The value of an expression: known (any Python object), a `Value`, or a `LazyCode`."""
        method = getattr(self, f"_of_{type(expression).__name__}", None)
        if method is None:
            raise NotCompilable(f"{type(expression).__name__}: {ast.unparse(expression)}")
        return method(expression, scope)

    def _operand(self, expression: ast.expr, scope: _Scope) -> Any:
        value = self._value(expression, scope)
        return value.value() if isinstance(value, LazyCode) else value

    def _of_Constant(self, expression: ast.Constant, scope: _Scope) -> Any:
        return expression.value

    def _of_Name(self, expression: ast.Name, scope: _Scope) -> Any:
        value = scope.find(expression.id)
        if isinstance(value, Variable):
            return self.code.copied(Value(f"(local.get {value.name})", value.low, value.high))
        return value

    def _of_Tuple(self, expression: ast.Tuple, scope: _Scope) -> Any:
        return tuple(self._value(element, scope) for element in expression.elts)

    def _of_Attribute(self, expression: ast.Attribute, scope: _Scope) -> Any:
        value = self._value(expression.value, scope)
        if isinstance(value, Value):
            if expression.attr == "bit_count":
                return lambda: wasm.bit_count(value)
            if expression.attr == "bit_length":
                return lambda: wasm.bit_length(value)
            raise NotCompilable(ast.unparse(expression))
        return getattr(value, expression.attr)

    def _of_Subscript(self, expression: ast.Subscript, scope: _Scope) -> Any:
        container, key = self._value(expression.value, scope), self._operand(expression.slice, scope)
        return container.read(key) if isinstance(container, Registers) else container[key]

    def _of_BinOp(self, expression: ast.BinOp, scope: _Scope) -> Any:
        return self._binary(
            expression.op, self._operand(expression.left, scope), self._operand(expression.right, scope)
        )

    def _binary(self, operation: ast.operator, a: Any, b: Any) -> Any:
        name, function = _OPERATORS[type(operation)]
        return wasm.binary(name, a, b) if isinstance(a, Value) or isinstance(b, Value) else function(a, b)

    def _of_UnaryOp(self, expression: ast.UnaryOp, scope: _Scope) -> Any:
        compiled, function = _UNARY[type(expression.op)]
        value = self._operand(expression.operand, scope)
        return compiled(value) if isinstance(value, Value) else function(value)

    def _of_Compare(self, expression: ast.Compare, scope: _Scope) -> Any:
        operands = [self._operand(part, scope) for part in (expression.left, *expression.comparators)]
        if len(operands) > 2:
            operands = [self._kept(operand) for operand in operands]
        result: Operand = True
        for operation, a, b in zip(expression.ops, operands, operands[1:], strict=False):
            name, function = _OPERATORS[type(operation)]
            compiled = isinstance(a, Value) or isinstance(b, Value)
            result = wasm.both(result, wasm.compare(name, a, b) if compiled else function(a, b))
        return result

    def _of_BoolOp(self, expression: ast.BoolOp, scope: _Scope) -> Any:
        conjunction = isinstance(expression.op, ast.And)
        result: Operand = conjunction
        for part in expression.values:
            result = (wasm.both if conjunction else wasm.either)(result, self._operand(part, scope))
            if not isinstance(result, Value) and bool(result) != conjunction:
                return result
        return result

    def _of_IfExp(self, expression: ast.IfExp, scope: _Scope) -> Any:
        test = self._operand(expression.test, scope)
        if not isinstance(test, Value):
            return self._value(expression.body if test else expression.orelse, scope)
        exits = self.target.exits
        a, b = self._operand(expression.body, scope), self._operand(expression.orelse, scope)
        if self.target.exits != exits:
            raise NotCompilable(f"an exit inside {ast.unparse(expression)}")
        if isinstance(a, tuple):
            test = self.code.bind(test)
            return _like(a, (wasm.select(test, one, other) for one, other in zip(a, b, strict=True)))
        return wasm.select(test, a, b)

    def _of_Call(self, expression: ast.Call, scope: _Scope) -> Any:
        function = self._value(expression.func, scope)
        arguments = [self._value(argument, scope) for argument in expression.args]
        if expression.keywords:
            raise NotCompilable(f"keywords: {ast.unparse(expression)}")
        return self._called(function, arguments)

    def _called(self, function: Any, arguments: list[Any]) -> Any:
        if isinstance(getattr(function, "__self__", None), CompiledObject):
            return function(*(value.value() if isinstance(value, LazyCode) else value for value in arguments))
        if function in self.target.intrinsics and any(not _is_known(argument) for argument in arguments):
            return self.target.intrinsics[function](*(self._kept(argument) for argument in arguments))
        if all(_is_known(argument) for argument in arguments):
            try:
                return function(*arguments)
            except ProgramInterruption:
                self.target.leave()
        if function in _BUILTINS:
            return _BUILTINS[function](*(self._kept(argument) for argument in arguments))
        if isinstance(function, type) and issubclass(function, tuple):
            return function(*map(self._kept, arguments))
        if not inspect.isfunction(function):
            raise NotCompilable(f"a call of {function}")
        return self.call(function, arguments)


@dataclass(slots=True)
class _Scope:
    """Where a function's names are found."""

    variables: Environment
    module: dict[str, Any]

    def find(self, name: str) -> Any:
        """What a name means."""
        for names in (self.variables, self.module, _builtins_of(self.module)):
            if name in names:
                return names[name]
        raise NotCompilable(f"the name {name}")


def _builtins_of(module: dict[str, Any]) -> dict[str, Any]:
    builtins = module["__builtins__"]
    return builtins if isinstance(builtins, dict) else vars(builtins)


def _is_known(value: Any) -> bool:
    if isinstance(value, tuple):
        return all(map(_is_known, value))
    return not isinstance(value, Value | LazyCode | CompiledObject)


def _like(record: tuple[Any, ...], values: Iterable[Any]) -> tuple[Any, ...]:
    """A tuple of the same kind, plain or named, with these values."""
    made: tuple[Any, ...] = getattr(type(record), "_make", tuple)(values)
    return made


def _as_loaded(target: ast.expr) -> ast.expr:
    """An assignment's target as an expression."""
    return ast.parse(ast.unparse(target), mode="eval").body


def _assigned(statements: list[ast.stmt]) -> set[str]:
    """The local variables that statements assign to."""
    return {
        node.id
        for statement in statements
        for node in ast.walk(statement)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }


def _joined(ends: list[Environment]) -> Environment:
    """The variables where several paths meet: in the same locals, with all their ranges."""
    first, *others = ends
    joined = dict(first)
    for other in others:
        for name in joined.keys() & other.keys():
            known, value = joined[name], other[name]
            if isinstance(known, Variable) and isinstance(value, Variable):
                joined[name] = _both(known, value)
            elif known is not value and known != value:
                del joined[name]
    return joined


def _both(one: Variable, other: Variable) -> Variable:
    """A variable that has a value of either range."""
    if one.low > one.high or other.low > other.high:
        return other if one.low > one.high else one
    return Variable(one.name, min(one.low, other.low), max(one.high, other.high))


def _widened(head: Any, end: Any) -> Any:
    """A variable at the head of a loop when a round ends like this."""
    if not isinstance(head, Variable) or not isinstance(end, Variable):
        return head
    if end.low > end.high or (head.low <= end.low and end.high <= head.high):
        return head
    both = _both(head, end)
    bits = next((bits for bits in (1, 8, 16, 32, 48, 62) if both.high < 1 << bits), 63)
    return Variable(head.name, I64_LOW if both.low < 0 else 0, min((1 << bits) - 1, I64_HIGH))
