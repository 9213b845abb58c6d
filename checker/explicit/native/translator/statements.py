"""From statements of the subset to instructions.

Local variables are places in memory, which LLVM turns into registers. On the way it is known which
of them have a value on every path, and whether a path leads here at all (`assigned` is None where
none does): what could be read before it is written is refused, and so is what nothing reaches.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from splitspec.checker.explicit.native.translator.expressions import Expressions
from splitspec.checker.explicit.native.translator.kinds import Kind, Value

Assigned = frozenset[str] | None


@dataclass
class Loop:
    """Where `continue` and `break` go, and what is assigned on the ways out."""

    next: str
    end: str
    exits: list[Assigned] = field(default_factory=list)


class Statements:
    """Writes the statements of one function."""

    def __init__(self, expressions: Expressions) -> None:
        self.expressions = expressions
        self.source, self.writer = expressions.source, expressions.writer
        self.loops: list[Loop] = []

    def write(self) -> None:
        """Write the body of the function."""
        tree = self.source.tree
        expressions = self.expressions
        stores = (n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and _is_stored(n))
        parameters = self.source.parameters
        expressions.locals = frozenset(stores) | {name for name, _ in parameters}
        for name, kind in parameters:
            self._assign_name(tree, name, Value(kind, f"%{name}"))
        body = tree.body[1:] if ast.get_docstring(tree) is not None else tree.body
        self._block(body)
        if expressions.assigned is None:
            return
        if self.source.result is not Kind.NOTHING:
            raise self.source.refuse(tree, f"{tree.name} has a path without a result")
        self.writer.write("ret void")

    def _block(self, statements: list[ast.stmt]) -> None:
        for statement in statements:
            if self.expressions.assigned is None:
                raise self.source.refuse(statement, "nothing leads here")
            self._statement(statement)

    def _statement(self, node: ast.stmt) -> None:
        match node:
            case ast.Assign(targets, value):
                self._assign(targets, value)
            case ast.AugAssign():
                self._augment(node)
            case ast.Expr(ast.Call() as call):
                self.expressions.value(call)
            case ast.If():
                self._if(node)
            case ast.While(orelse=[]):
                self._while(node)
            case ast.For(orelse=[]):
                self._for(node)
            case ast.Break() if self.loops:
                self.loops[-1].exits.append(self.expressions.assigned)
                self._leave(f"br label %{self.loops[-1].end}")
            case ast.Continue() if self.loops:
                self._leave(f"br label %{self.loops[-1].next}")
            case ast.Return():
                self._return(node)
            case _:
                written = ast.unparse(node).partition("\n")[0]
                raise self.source.refuse(node, f"{written} is not in the subset")

    def _leave(self, instruction: str) -> None:
        self.writer.write(instruction)
        self.expressions.assigned = None

    def _return(self, node: ast.Return) -> None:
        kind = self.source.result
        if node.value is None:
            if kind is not Kind.NOTHING:
                raise self.source.refuse(node, f"the result is {kind.written}")
            self._leave("ret void")
            return
        value = self.expressions.value(node.value)
        self.expressions.require(node.value, value, kind)
        if kind is Kind.NOTHING:
            raise self.source.refuse(node, "a function without a result returns none")
        self._leave(f"ret {kind.llvm} {value.operand}")

    # Assignments -------------------------------------------------------------------------

    def _assign(self, targets: list[ast.expr], value: ast.expr) -> None:
        if not isinstance(value, ast.Tuple):
            single = self.expressions.value(value)
            for target in targets:
                self._store(target, single)
            return
        # All values are known before anything is assigned.
        values = [self.expressions.value(part) for part in value.elts]
        for target in targets:
            if not isinstance(target, ast.Tuple) or len(target.elts) != len(values):
                raise self.source.refuse(target, f"there are {len(values)} values to assign")
            for part, each in zip(target.elts, values, strict=True):
                self._store(part, each)

    def _store(self, target: ast.expr, value: Value) -> None:
        match target:
            case ast.Name(name):
                self._assign_name(target, name, value)
            case ast.Subscript():
                pointer, index = self.expressions.element(target)
                self.expressions.require(target, value, Kind.INTEGER)
                self.expressions.store(pointer, index, value)
            case _:
                written = ast.unparse(target)
                raise self.source.refuse(target, f"nothing can be assigned to {written}")

    def _assign_name(self, node: ast.AST, name: str, value: Value) -> None:
        expressions = self.expressions
        if value.kind is Kind.NOTHING:
            raise self.source.refuse(node, f"there is no value for {name}")
        if name not in expressions.places:
            operand = self.writer.place(name, value.kind.llvm)
            expressions.places[name] = Value(value.kind, operand)
        place = expressions.places[name]
        if place.kind is not value.kind:
            problem = f"{name} is {place.kind.written} elsewhere, {value.kind.written} here"
            raise self.source.refuse(node, problem)
        self.writer.write(f"store {value.kind.llvm} {value.operand}, ptr {place.operand}")
        assert expressions.assigned is not None
        expressions.assigned |= {name}

    def _augment(self, node: ast.AugAssign) -> None:
        expressions = self.expressions
        match node.target:
            case ast.Name(name):
                read = ast.copy_location(ast.Name(name, ast.Load()), node.target)
                left, right = expressions.integer(read), expressions.integer(node.value)
                combined = expressions.combine(node, node.op, left, right)
                self._assign_name(node.target, name, combined)
            case ast.Subscript() as target:
                pointer, index = expressions.element(target)
                left, right = expressions.load(pointer, index), expressions.integer(node.value)
                combined = expressions.combine(node, node.op, left, right)
                expressions.store(pointer, index, combined)
            case target:
                raise self.source.refuse(target, f"{ast.unparse(target)} is not in the subset")

    # Control -----------------------------------------------------------------------------

    def _if(self, node: ast.If) -> None:
        writer, expressions = self.writer, self.expressions
        yes, no, end = (writer.label(name) for name in ("then", "else", "end"))
        expressions.branch(node.test, yes, no)
        before, after = expressions.assigned, []
        for label, statements in ((yes, node.body), (no, node.orelse)):
            writer.begin(label)
            expressions.assigned = before
            self._block(statements)
            if expressions.assigned is not None:
                writer.jump(end)
            after.append(expressions.assigned)
        self._join(end, after)

    def _while(self, node: ast.While) -> None:
        writer, expressions = self.writer, self.expressions
        test, body, end = (writer.label(name) for name in ("while", "do", "done"))
        loop = Loop(next=test, end=end)
        writer.jump(test)
        writer.begin(test)
        match node.test:
            case ast.Constant(True):
                writer.jump(body)
            case _:
                expressions.branch(node.test, body, end)
                loop.exits.append(expressions.assigned)
        self._repeat(loop, body, node.body)
        self._join(end, loop.exits)

    def _for(self, node: ast.For) -> None:
        """Write a loop over a range, whose bounds and next number no statement can change."""
        writer, expressions = self.writer, self.expressions
        start, stop = self._bounds(node)
        counter = writer.place("counter", "i64")
        writer.write(f"store i64 {start.operand}, ptr {counter}")
        test, body, step, end = (writer.label(name) for name in ("for", "do", "step", "done"))
        loop = Loop(next=step, end=end, exits=[expressions.assigned])
        writer.jump(test)
        writer.begin(test)
        number = writer.assign(f"load i64, ptr {counter}")
        more = writer.assign(f"icmp slt i64 {number}, {stop.operand}")
        writer.branch(more, body, end)
        first = writer.label("first")
        writer.begin(body)
        self._store(node.target, Value(Kind.INTEGER, number))
        writer.jump(first)
        self._repeat(loop, first, node.body)
        writer.begin(step)
        # Below the stop, the next number fits.
        following = writer.assign(f"add nsw i64 {number}, 1")
        writer.write(f"store i64 {following}, ptr {counter}")
        writer.jump(test)
        self._join(end, loop.exits)

    def _bounds(self, node: ast.For) -> tuple[Value, Value]:
        expressions = self.expressions
        match node.iter:
            case ast.Call(ast.Name() as name, [_] | [_, _] as bounds, []) if (
                name.id not in expressions.locals and self.source.resolve(name) is range
            ):
                values = [expressions.integer(bound) for bound in bounds]
                return Value(Kind.INTEGER, "0") if len(values) == 1 else values[0], values[-1]
        raise self.source.refuse(node, f"{ast.unparse(node.iter)} is not a range of the subset")

    def _repeat(self, loop: Loop, label: str, statements: list[ast.stmt]) -> None:
        """Write the body of a loop, which goes on to `loop.next`."""
        self.writer.begin(label)
        self.loops.append(loop)
        self._block(statements)
        self.loops.pop()
        if self.expressions.assigned is not None:
            self.writer.jump(loop.next)

    def _join(self, label: str, ways: list[Assigned]) -> None:
        """Begin the block to which all these ways lead; some may not be passable."""
        passable = [way for way in ways if way is not None]
        self.expressions.assigned = frozenset.intersection(*passable) if passable else None
        if passable:
            self.writer.begin(label)


def _is_stored(name: ast.Name) -> bool:
    return isinstance(name.ctx, ast.Store)
