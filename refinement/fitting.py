"""Fit a mapping to a model: which function does each action, what the reasons of the implementation
mean, and which guards are not tried. A mapping that does not fit says what to write.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from inspect import signature
from itertools import product
from typing import Any

from splitspec.model.composition import ComposedAction
from splitspec.model.evaluator import Evaluator
from splitspec.model.ir import Parameter, Value
from splitspec.refinement.mapping import Implementation


@dataclass(frozen=True, slots=True)
class Performer:
    """An action as it is done: the function, the parameters that it names, and the others."""

    path: str
    action: ComposedAction
    function: Callable[..., object]
    chosen: tuple[Parameter, ...]
    own: tuple[Parameter, ...]  # the implementation's choice


class MappingError(Exception):
    """The mapping does not fit the model; the message says what to write."""


@dataclass(frozen=True, slots=True)
class Reasons:
    """What the implementation's reasons mean, and those for which it may be stricter."""

    meanings: Mapping[tuple[str, str], tuple[str, ...]]
    stricter: frozenset[tuple[str, str]]

    def meaning(self, path: str, reason: str) -> tuple[str, ...]:
        return self.meanings.get((path, reason), (reason,))


def performers(mapping: Implementation[Any], evaluator: Evaluator) -> Iterator[Performer]:
    """Iterate over the mapped actions, in the order of the specification."""
    known = dict(_resolved(mapping.actions, tuple(evaluator.actions), "action"))
    left_out = {name for name in mapping.left_out if _is_action(name, evaluator)}
    left = dict(_resolved(dict.fromkeys(left_out, ""), tuple(evaluator.actions), "action"))
    for path, action in evaluator.actions.items():
        if path in known:
            function = known[path]
            names = list(signature(function).parameters)[1:]
            own = {parameter.name: parameter for parameter in action.parameters}
            unknown = [name for name in names if name not in own]
            if unknown:
                listed = ", ".join(own) or "none"
                raise MappingError(
                    f"the function of {path} has a parameter `{unknown[0]}`; there is: {listed}"
                )
            chosen = tuple(own[name] for name in names)
            rest = tuple(p for p in action.parameters if p.name not in names)
            yield Performer(path, action, function, chosen, rest)
        elif path not in left:
            raise MappingError(
                f"{path} is not mapped: add it to `actions`, or to `left_out` with the reason"
            )


def _is_action(name: str, evaluator: Evaluator) -> bool:
    return any(name in (path, path.rpartition(".")[2]) for path in evaluator.actions)


def _resolved(
    named: Mapping[str, Any], paths: Sequence[str], what: str
) -> Iterator[tuple[str, Any]]:
    """Iterate over what is given by name, by full path."""
    for name, value in named.items():
        found = [path for path in paths if name == path]
        found = found or [path for path in paths if path.rpartition(".")[2] == name]
        if len(found) != 1:
            why = "is the name of several, write its path" if found else "is none of this run"
            raise MappingError(f"{what} {name!r} {why}")
        yield found[0], value


def reasons(mapping: Implementation[Any], performers: Sequence[Performer]) -> Reasons:
    paths = [performer.path for performer in performers]
    meanings: dict[tuple[str, str], tuple[str, ...]] = {}
    for path, reasons in _resolved(mapping.guards, paths, "action"):
        known = {g.name for p in performers if p.path == path for g in p.action.guards}
        for reason, meant in reasons.items():
            names = (meant,) if isinstance(meant, str) else tuple(meant)
            unknown = [name for name in names if name not in known]
            if unknown:
                listed = ", ".join(sorted(known))
                raise MappingError(f"{path} has no guard `{unknown[0]}` in this run: {listed}")
            meanings[path, reason] = names
    stricter = frozenset(_pairs(mapping.stricter, paths))
    return Reasons(meanings, stricter)


def completions(performer: Performer, evaluator: Evaluator) -> tuple[dict[str, Value], ...]:
    """Return each choice that the implementation may make in an action, by parameter."""
    names = [parameter.name for parameter in performer.own]
    choices = product(*(evaluator.universe.values(p.type) for p in performer.own))
    return tuple(dict(zip(names, choice, strict=True)) for choice in choices)


def skipped(
    mapping: Implementation[Any], performers: Sequence[Performer]
) -> dict[str, frozenset[str]]:
    """Return the guards that are not tried, by action."""
    guards = {
        name: reason
        for name, reason in mapping.left_out.items()
        if not any(name in (p, p.rpartition(".")[2]) for p in _paths(performers, mapping))
    }
    found: dict[str, set[str]] = {}
    for path, label in _pairs(guards, [performer.path for performer in performers]):
        found.setdefault(path, set()).add(label)
    return {path: frozenset(labels) for path, labels in found.items()}


def _paths(performers: Sequence[Performer], mapping: Implementation[Any]) -> list[str]:
    names = [name for name in mapping.left_out if "." not in name]
    return [*(performer.path for performer in performers), *names]


def _pairs(named: Mapping[str, str], paths: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Iterate over (action, label) for names such as `back_page.owner`."""
    for name in named:
        action, _, label = name.rpartition(".")
        if any(action in (path, path.rpartition(".")[2]) for path in paths):
            ((path, _),) = _resolved({action: None}, paths, "action")
            yield path, label
