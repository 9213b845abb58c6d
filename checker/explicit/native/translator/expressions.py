"""From expressions of the subset to instructions and the operands that hold their values.

Operands are evaluated from left to right, as Python does, and `and`, `or` and `if … else` evaluate
no more than Python does.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from types import FunctionType

from splitspec.checker.explicit.native.translator.kinds import Callee, Kind, Value
from splitspec.checker.explicit.native.translator.sources import Source
from splitspec.checker.explicit.native.translator.subset import Function, ahead
from splitspec.checker.explicit.native.translator.writer import Writer

OPERATORS: dict[type[ast.operator], str] = {
    ast.Add: "add",
    ast.Sub: "sub",
    ast.Mult: "mul",
    ast.BitAnd: "and",
    ast.BitOr: "or",
    ast.BitXor: "xor",
    ast.LShift: "shl",
    ast.RShift: "ashr",
}
RELATIONS: dict[type[ast.cmpop], str] = {
    ast.Eq: "eq",
    ast.NotEq: "ne",
    ast.Lt: "slt",
    ast.LtE: "sle",
    ast.Gt: "sgt",
    ast.GtE: "sge",
}
LAST_SHIFT = 63

FindCallee = Callable[[Function], Callee | None]


class Expressions:
    """Writes the expressions of one function. `places` are those of its local variables, and
    `assigned` the variables that have a value on every path to here.
    """

    def __init__(self, source: Source, writer: Writer, find_callee: FindCallee) -> None:
        self.source, self.writer, self._find_callee = source, writer, find_callee
        self.places: dict[str, Value] = {}
        self.locals: frozenset[str] = frozenset()
        self.assigned: frozenset[str] | None = frozenset()

    def value(self, node: ast.expr) -> Value:
        """Write an expression; return its value."""
        match node:
            case ast.Constant(value):
                return self._constant(node, value)
            case ast.Name(name):
                return self._name(node, name)
            case ast.BinOp(left, operator, right):
                first = self.integer(left)
                return self.combine(node, operator, first, self.integer(right))
            case ast.UnaryOp(ast.USub() | ast.Invert() as operator, operand):
                return self._negated(operator, self.integer(operand))
            case ast.Compare(left, [relation], [right]):
                return self._compared(node, left, relation, right)
            case ast.BoolOp() | ast.UnaryOp(ast.Not()):
                return self._truth(node)
            case ast.IfExp():
                return self._chosen(node)
            case ast.Subscript():
                pointer, index = self.element(node)
                return self.load(pointer, index)
            case ast.Call(ast.Name() as function, arguments, []):
                return self._call(node, function, arguments)
        raise self.source.refuse(node, f"{ast.unparse(node)} is not in the subset")

    def integer(self, node: ast.expr) -> Value:
        """Write an expression whose value must be an integer."""
        return self._expect(node, Kind.INTEGER)

    def _expect(self, node: ast.expr, kind: Kind) -> Value:
        value = self.value(node)
        self.require(node, value, kind)
        return value

    def require(self, node: ast.AST, value: Value, kind: Kind) -> None:
        """Refuse a value of another type."""
        if value.kind is not kind:
            problem = f"{ast.unparse(node)} is {value.kind.written}, not {kind.written}"
            raise self.source.refuse(node, problem)

    # Names -------------------------------------------------------------------------------

    def _constant(self, node: ast.AST, value: object) -> Value:
        match value:
            case bool():
                return Value(Kind.TRUTH, "true" if value else "false")
            case int() if -1 << 63 <= value < 1 << 63:
                return Value(Kind.INTEGER, str(value))
            case int():
                raise self.source.refuse(node, f"{value} does not fit in 64 bits")
        raise self.source.refuse(node, f"{value!r} is not a value of the subset")

    def _name(self, node: ast.Name, name: str) -> Value:
        if name not in self.locals:
            return self._constant(node, self.source.resolve(node))
        assert self.assigned is not None
        if name not in self.assigned:
            raise self.source.refuse(node, f"{name} has no value on some path to here")
        place = self.places[name]
        return Value(place.kind, self.writer.assign(f"load {place.kind.llvm}, ptr {place.operand}"))

    # Arithmetic --------------------------------------------------------------------------

    def combine(self, node: ast.AST, operator: ast.operator, left: Value, right: Value) -> Value:
        """Write a binary operator over two integers."""
        if type(operator) not in OPERATORS:
            raise self.source.refuse(node, f"{ast.unparse(node)} has an operator that is refused")
        if isinstance(operator, ast.LShift | ast.RShift):
            right = self._amount(node, right)
        instruction = f"{OPERATORS[type(operator)]} i64 {left.operand}, {right.operand}"
        return Value(Kind.INTEGER, self.writer.assign(instruction))

    def _amount(self, node: ast.AST, amount: Value) -> Value:
        """Return the amount of a shift; LLVM leaves undefined what is beyond the word."""
        if amount.number is None:
            masked = self.writer.assign(f"and i64 {amount.operand}, {LAST_SHIFT}")
            return Value(Kind.INTEGER, masked)
        if 0 <= amount.number <= LAST_SHIFT:
            return amount
        raise self.source.refuse(node, f"a word cannot be shifted by {amount.number}")

    def _negated(self, operator: ast.unaryop, value: Value) -> Value:
        number = value.number
        match operator:
            case ast.USub() if number is not None:
                return Value(Kind.INTEGER, str(-number))
            case ast.USub():
                instruction = f"sub i64 0, {value.operand}"
            case _:
                instruction = f"xor i64 {value.operand}, -1"
        return Value(Kind.INTEGER, self.writer.assign(instruction))

    # Conditions --------------------------------------------------------------------------

    def _compared(self, node: ast.AST, left: ast.expr, by: ast.cmpop, right: ast.expr) -> Value:
        if type(by) not in RELATIONS:
            raise self.source.refuse(node, f"{ast.unparse(node)} has a relation that is refused")
        first, second = self.integer(left), self.integer(right)
        instruction = f"icmp {RELATIONS[type(by)]} i64 {first.operand}, {second.operand}"
        return Value(Kind.TRUTH, self.writer.assign(instruction))

    def branch(self, node: ast.expr, yes: str, no: str) -> None:
        """End the block by a jump to one of two labels, according to a condition."""
        match node:
            case ast.BoolOp(operator, [*operands, last]):
                for operand in operands:
                    further = self.writer.label("further")
                    if isinstance(operator, ast.And):
                        self.branch(operand, further, no)
                    else:
                        self.branch(operand, yes, further)
                    self.writer.begin(further)
                self.branch(last, yes, no)
            case ast.UnaryOp(ast.Not(), operand):
                self.branch(operand, no, yes)
            case _:
                self.writer.branch(self._expect(node, Kind.TRUTH).operand, yes, no)

    def _truth(self, node: ast.expr) -> Value:
        writer = self.writer
        yes, no, end = (writer.label(name) for name in ("true", "false", "end"))
        self.branch(node, yes, no)
        for label in (yes, no):
            writer.begin(label)
            writer.jump(end)
        writer.begin(end)
        return Value(Kind.TRUTH, writer.assign(f"phi i1 [ true, %{yes} ], [ false, %{no} ]"))

    def _chosen(self, node: ast.IfExp) -> Value:
        writer = self.writer
        yes, no, end = (writer.label(name) for name in ("yes", "no", "end"))
        self.branch(node.test, yes, no)
        writer.begin(yes)
        positive, after_yes = self.value(node.body), writer.block
        writer.jump(end)
        writer.begin(no)
        negative, after_no = self.value(node.orelse), writer.block
        writer.jump(end)
        writer.begin(end)
        self.require(node.orelse, negative, positive.kind)
        if positive.kind is Kind.NOTHING:
            raise self.source.refuse(node, "a choice is between values")
        choices = f"[ {positive.operand}, %{after_yes} ], [ {negative.operand}, %{after_no} ]"
        return Value(positive.kind, writer.assign(f"phi {positive.kind.llvm} {choices}"))

    # Memory ------------------------------------------------------------------------------

    def element(self, node: ast.Subscript) -> tuple[Value, Value]:
        """Write pointer and index of an element."""
        pointer = self.value(node.value)
        if not pointer.kind.bits:
            problem = f"{ast.unparse(node.value)} is {pointer.kind.written}, not a pointer"
            raise self.source.refuse(node, problem)
        return pointer, self.integer(node.slice)

    def load(self, pointer: Value, index: Value) -> Value:
        """Write the load of an element, as a word."""
        bits, place = pointer.kind.bits, self._moved(pointer, index)
        element = self.writer.assign(f"load i{bits}, ptr {place}, align {bits // 8}")
        if bits < 64:
            element = self.writer.assign(f"zext i{bits} {element} to i64")
        return Value(Kind.INTEGER, element)

    def store(self, pointer: Value, index: Value, value: Value) -> None:
        """Write the store of a word's lower bits to an element."""
        bits, operand = pointer.kind.bits, value.operand
        if bits < 64:
            operand = self.writer.assign(f"trunc i64 {operand} to i{bits}")
        place = self._moved(pointer, index)
        self.writer.write(f"store i{bits} {operand}, ptr {place}, align {bits // 8}")

    def _moved(self, pointer: Value, index: Value) -> str:
        kind = pointer.kind
        return self.writer.assign(
            f"getelementptr i{kind.bits}, ptr {pointer.operand}, i64 {index.operand}"
        )

    # Calls -------------------------------------------------------------------------------

    def _call(self, node: ast.Call, name: ast.Name, arguments: list[ast.expr]) -> Value:
        if name.id in self.locals:
            raise self.source.refuse(node, f"{name.id} is a variable")
        function = self.source.resolve(name)
        values = [self.value(argument) for argument in arguments]
        if function is min or function is max:
            return self._extreme(node, "slt" if function is min else "sgt", values)
        if function is ahead:
            return self._ahead(node, values)
        if not isinstance(function, FunctionType):
            raise self.source.refuse(node, f"{name.id} cannot be called")
        callee = self._find_callee(function)
        if callee is None:
            raise self.source.refuse(node, f"{name.id} calls itself")
        self._match(node, callee, values)
        operands = ", ".join(f"{value.kind.llvm} {value.operand}" for value in values)
        call = f"call {callee.result.llvm} @{callee.symbol}({operands})"
        if callee.result is Kind.NOTHING:
            self.writer.write(call)
            return Value(Kind.NOTHING, "")
        return Value(callee.result, self.writer.assign(call))

    def _match(self, node: ast.Call, callee: Callee, values: list[Value]) -> None:
        if len(values) != len(callee.parameters):
            problem = f"{ast.unparse(node)} has not {len(callee.parameters)} arguments"
            raise self.source.refuse(node, problem)
        for argument, value, (_, kind) in zip(node.args, values, callee.parameters, strict=True):
            self.require(argument, value, kind)

    def _extreme(self, node: ast.Call, relation: str, values: list[Value]) -> Value:
        if [value.kind for value in values] != [Kind.INTEGER] * 2:
            raise self.source.refuse(node, f"{ast.unparse(node)} is not of two integers")
        left, right = (value.operand for value in values)
        first = self.writer.assign(f"icmp {relation} i64 {left}, {right}")
        chosen = self.writer.assign(f"select i1 {first}, i64 {left}, i64 {right}")
        return Value(Kind.INTEGER, chosen)

    def _ahead(self, node: ast.Call, values: list[Value]) -> Value:
        match values:
            case [pointer, Value(Kind.INTEGER) as count] if pointer.kind.bits:
                return Value(pointer.kind, self._moved(pointer, count))
        raise self.source.refuse(node, f"{ast.unparse(node)} is not of a pointer and an integer")
