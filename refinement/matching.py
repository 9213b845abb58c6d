"""Match two programs by a refinement declaration: its `let` lines and action lines, and for what it
leaves unsaid the rules below.

* A variable that both programs have is itself; so is a constant.
* An action that both have is itself, with the parameters of the same names. So the steps of the
  modules above a substituted one realise their namesakes.
* An action of the refining module without a line realises its namesake in the abstract module.
* Every other action is a step that the abstract system does not see.

None of these is trusted: whatever was matched, each square is checked.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from splitspec.model.diagnostic import Diagnostic
from splitspec.model.expressions import variables_read
from splitspec.model.ir import (
    Abstraction,
    Expression,
    FlatAction,
    Local,
    Parameter,
    Program,
    Read,
    Realisation,
    Refinement,
    Variable,
    VariableKind,
)
from splitspec.model.passes.compose import compose
from splitspec.model.passes.inline import inline
from splitspec.model.passes.substitute import substitute
from splitspec.model.types import Natural, Option, Range
from splitspec.refinement.correspondence import Correspondence, Counterpart, Seen

UNBOUNDED = (VariableKind.STATE, VariableKind.GHOST)
"""Kinds of variables of which a `nat` has a bound of the run: a counter has that of what it counts,
a constant is pinned."""


def match(
    concrete: Program, abstract: Program, declared: Refinement
) -> Correspondence | tuple[Diagnostic, ...]:
    """Return how the programs correspond, or what is missing in the declaration."""
    matching = _Matching(concrete, abstract, declared)
    seen = dict(matching.seen())
    counterparts = dict(matching.counterparts())
    if matching.diagnostics:
        return tuple(matching.diagnostics)
    module = declared.path.rpartition(".")[0]
    name = f"{module} of {declared.abstract}"
    return Correspondence(name, concrete, abstract, seen, counterparts)


class _Matching:
    """One matching under way, and what does not fit."""

    def __init__(self, concrete: Program, abstract: Program, declared: Refinement) -> None:
        whole = inline(concrete)
        self._concrete, self._abstract, self._declared = concrete, abstract, declared
        self._flat = {action.path: action for action in compose(whole).actions}
        self._targets = {action.path: action for action in compose(inline(abstract)).actions}
        named = declared.path, declared.abstract
        (self._lines,) = (r for r in whole.refinements if (r.path, r.abstract) == named)
        self.diagnostics: list[Diagnostic] = []
        self._check_sorts()

    def _check_sorts(self) -> None:
        """Report sorts that only the abstract system has: nothing says how large they are."""
        for path in self._abstract.sorts:
            if path not in self._concrete.sorts:
                self._report(
                    f"`{path}` is a sort that only the abstract module has",
                    "declare the sort in a module that both import",
                )

    def seen(self) -> Iterator[tuple[str, Seen]]:
        """Iterate over the abstract variables and what they are."""
        said = {let.variable: let for let in self._lines.abstractions}
        for path, variable in self._abstract.variables.items():
            if path in said:
                yield path, Seen(said[path].parameters, said[path].value)
            elif path in self._concrete.variables:
                yield path, _itself(variable)
            else:
                self._report(
                    f"`{path}` is not defined by the concrete state",
                    f"write `let {path.rpartition('.')[2]}… = …`",
                )
            self._check_range(variable, said)
            if variable.kind is VariableKind.CONSTANT and path in said:
                self._check_rigid(said[path])
            if isinstance(variable.type, Natural) and variable.kind in UNBOUNDED:
                self._report(
                    f"`{path}` is a `nat` of the abstract module, which has no bound here",
                    "let it be a counter, or a range",
                )

    def _check_rigid(self, let: Abstraction) -> None:
        """Report a constant for which something stands that may change along a run: what is claimed
        of the abstract system is claimed for one value of it."""
        for path in sorted(variables_read((let.value,))):
            if self._concrete.variables[path].kind is not VariableKind.CONSTANT:
                self._report(
                    f"`{let.variable}` is a constant, and `{path}`, by which it is defined, may "
                    "change",
                    "define it by constants",
                )

    def _check_range(self, variable: Variable, said: Collection[str]) -> None:
        """Report a range that ends at a constant of the abstract module alone, or at one for which
        something else stands."""
        of = variable.type.of if isinstance(variable.type, Option) else variable.type
        ranges = [type_ for type_ in (*variable.indices, of) if isinstance(type_, Range)]
        for range_ in ranges:
            if isinstance(range_.high, str) and range_.high not in self._concrete.variables:
                self._report(
                    f"`{variable.path}` has a range that ends at `{range_.high}`, which only the "
                    "abstract module has",
                    "declare the constant in a module that both import",
                )
            elif range_.high in said:
                self._report(
                    f"`{variable.path}` has a range that ends at `{range_.high}`, for which "
                    "something else stands",
                    "leave the constant as it is in both modules",
                )

    def counterparts(self) -> Iterator[tuple[str, Counterpart | None]]:
        """Iterate over the concrete actions and what they are."""
        said = {line.concrete: line for line in self._lines.realisations}
        for path, action in self._flat.items():
            if path in said and said[path].abstract is None:
                yield path, None
                continue
            target = self._target(path, said.get(path))
            if target is None:
                yield path, None
                continue
            if target.actor.kind is not action.actor.kind:
                self._report(
                    f"`{path}` is a step of the {action.actor.kind.value}, `{target.path}` one of "
                    f"the {target.actor.kind.value}",
                    "a step is refined by steps of its own actor, of which step properties speak",
                )
            yield path, self._counterpart(action, target, said.get(path))

    def _target(self, path: str, line: Realisation | None) -> FlatAction | None:
        """Return the abstract action that a concrete one realises, if there is one."""
        if line is not None:
            assert line.abstract is not None
            if line.abstract not in self._targets:
                self._report(
                    f"`{path}` is a step, and `{line.abstract}` is a part of one",
                    "name the action of the abstract module, or write `is stutter`",
                )
            return self._targets.get(line.abstract)
        namesake = f"{self._declared.abstract}.{path.rpartition('.')[2]}"
        return self._targets.get(path) or self._targets.get(namesake)

    def _counterpart(
        self, action: FlatAction, target: FlatAction, line: Realisation | None
    ) -> Counterpart:
        own = {parameter.name: parameter for parameter in action.parameters}
        arguments: dict[str, Expression] = {}
        if line is not None:
            # The line has names of its own for the parameters, in order.
            names = {
                alias.name: _local(parameter)
                for alias, parameter in zip(line.parameters, action.parameters, strict=False)
            }
            for parameter, value in zip(target.parameters, line.arguments, strict=False):
                arguments[parameter.name] = substitute(value, names)
        for parameter in target.parameters:
            if parameter.name in arguments:
                continue
            found = own.get(parameter.name)
            if found is None or found.type != parameter.type:
                self._report(
                    f"`{action.path}` does not say which `{parameter.name}` `{target.path}` has",
                    f"write `{action.path.rpartition('.')[2]}(…) is "
                    f"{target.path.rpartition('.')[2]}(…)`",
                )
            else:
                arguments[parameter.name] = _local(found)
        return Counterpart(target.path, arguments)

    def _report(self, message: str, help_: str) -> None:
        span = self._declared.span
        self.diagnostics.append(Diagnostic("SS801", message, span, help=help_))


def _local(parameter: Parameter) -> Local:
    return Local(parameter.name, parameter.type, parameter.span)


def _itself(variable: Variable) -> Seen:
    parameters = tuple(
        Parameter(f"i{number}", type_, variable.span)
        for number, type_ in enumerate(variable.indices, start=1)
    )
    places = tuple(map(_local, parameters))
    return Seen(parameters, Read(variable.path, places, variable.type, variable.span))
