"""From what a run of `models.toml` forgets, as it is written, to places of its program.

Written is `module.variable`, or `module.variable where module.definition`: the definition has the
variable's indices as parameters, and says which of its places are forgotten.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from splitspec.model.diagnostic import Diagnostic
from splitspec.model.expressions import variables_read
from splitspec.model.frozen import frozen
from splitspec.model.ir import (
    Call,
    Definition,
    Forgotten,
    Literal,
    Local,
    Parameter,
    Program,
    Variable,
    VariableKind,
)
from splitspec.model.manifest_entry import ExpectedRun
from splitspec.model.passes.forget import known_conditions
from splitspec.model.passes.inline import inline_calls
from splitspec.model.source import Span
from splitspec.model.types import Boolean, Sort

WHERE = " where "


@frozen
class Forgetting:
    """What a run forgets; where the diagnostics say why not, nothing."""

    places: tuple[Forgotten, ...]
    diagnostics: tuple[Diagnostic, ...]


def definitions_named(runs: Iterable[ExpectedRun]) -> frozenset[str]:
    """Return the paths of the definitions that say where runs forget."""
    texts = (text for run in runs for text in run.forgets)
    return frozenset(text.partition(WHERE)[2] for text in texts if WHERE in text)


def forgetting_of(run: ExpectedRun | None, program: Program) -> Forgetting:
    """Return the places that a run forgets."""
    if run is None or not run.forgets:
        return Forgetting((), ())
    places: list[Forgotten] = []
    diagnostics: list[Diagnostic] = []
    for text in run.forgets:
        found = _read(text, program)
        if isinstance(found, Forgotten):
            places.append(found)
        else:
            diagnostics.append(_refusal(text, found, run.span))
    if not diagnostics and not _have_an_order(places, program):
        reason = "conditions read what one another forget"
        diagnostics.append(_refusal(", ".join(run.forgets), reason, run.span))
    return Forgetting(() if diagnostics else tuple(places), tuple(diagnostics))


def _have_an_order(places: Sequence[Forgotten], program: Program) -> bool:
    """Whether the conditions can be known one after the other."""
    inlined = [
        replace(place, condition=inline_calls(place.condition, program.definitions))
        for place in places
    ]
    return known_conditions(inlined) is not None


def _read(text: str, program: Program) -> Forgotten | str:
    """Return the places that a text means, or why it means none."""
    path, separated, condition = text.partition(WHERE)
    variable = program.variables.get(path)
    obstacle = _obstacle(path, variable, program)
    if variable is None or obstacle:
        return obstacle
    if not separated:
        parameters = tuple(
            Parameter(f"at{i}", type_, variable.span) for i, type_ in enumerate(variable.indices)
        )
        return Forgotten(path, parameters, Literal(True, Boolean(), variable.span))
    definition = program.definitions.get(condition)
    if definition is None:
        return f"there is no definition `{condition}`"
    if tuple(p.type for p in definition.parameters) != variable.indices:
        return f"the parameters of `{condition}` are not the indices of `{path}`"
    return _conditioned(variable, definition)


def _conditioned(variable: Variable, definition: Definition) -> Forgotten | str:
    if definition.body.type != Boolean():
        return f"`{definition.path}` is not true or false"
    span = definition.span
    arguments = tuple(Local(p.name, p.type, p.span) for p in definition.parameters)
    call = Call(definition.path, arguments, Boolean(), span)
    return Forgotten(variable.path, definition.parameters, call)


def _obstacle(path: str, variable: Variable | None, program: Program) -> str:
    """Return why a variable cannot be forgotten, "" if it can."""
    if variable is None:
        return f"there is no variable `{path}`"
    if variable.kind not in (VariableKind.STATE, VariableKind.GHOST):
        return f"`{path}` is a {variable.kind.value}"
    if isinstance(variable.type, Sort):
        return f"`{path}` always has a value: a sort has no first element"
    for counter in program.variables.values():
        if counter.counted is None:
            continue
        counted = inline_calls(counter.counted.condition, program.definitions)
        if path in variables_read([counted]):
            return f"`{counter.path}` counts by it"
    return ""


def _refusal(text: str, reason: str, span: Span | None) -> Diagnostic:
    help_ = "Write `module.variable`, or `module.variable where module.definition`."
    return Diagnostic("SS517", f"`{text}` cannot be forgotten: {reason}", span, help=help_)
