"""Hold the constants that a variant sets to the sizes and pins of its run.

The text alone does not say whether a value fits where a type ends at a pinned constant, and what
`init` makes of it. A run that began in a state that its types exclude would show whatever one
likes.
"""

from __future__ import annotations

from splitspec.model.diagnostic import Diagnostic
from splitspec.model.initial import ill_begun
from splitspec.model.ir import Program, SetConstant, Value, Variant
from splitspec.model.scope import Places, Scope
from splitspec.model.setting import effective_scope
from splitspec.model.types import Natural, Type
from splitspec.model.valuation import Universe


def unfit(program: Program, scope: Scope, variant: Variant) -> Diagnostic | None:
    """Return why a variant has no run at a scope; None if it has one, or sets nothing."""
    spans = [d.span for d in variant.differences if isinstance(d, SetConstant)]
    if not spans:
        return None
    effective = effective_scope(scope, variant)
    for path, value in effective.pins.items():
        type_ = program.variables[path].type
        if not _is_value(value, type_, effective):
            name = path.rpartition(".")[2]
            message = f"with `{variant.name}`, {value} is no value of `{name}`"
            help_ = "Set a value that it can have at these sizes and pins."
            return Diagnostic("SS509", message, spans[0], help=help_)
    places = Places(tuple(program.variables.values()), effective)
    found = ill_begun(program, Universe(program.definitions, places))
    if found is None:
        return None
    message, help_ = f"with `{variant.name}`, {found[1]}", "Set a value with which a run can begin."
    return Diagnostic("SS513", message, spans[0], help=help_)


def _is_value(value: Value, type_: Type, scope: Scope) -> bool:
    return isinstance(type_, Natural) or value in scope.values(type_)
