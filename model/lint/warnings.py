"""Collect the warnings of several models, each once.

A module is part of many models. That a name is used by nothing is worth saying only if no model
that has the module uses it; everything else is worth saying if it is so in one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from splitspec.model import syntax
from splitspec.model.diagnostic import Diagnostic
from splitspec.model.frozen import frozen
from splitspec.model.ir import Program, Variant
from splitspec.model.lint.cycles import warn_of_cycles
from splitspec.model.lint.steps import warn_of_steps
from splitspec.model.lint.style import warn_of_style
from splitspec.model.lint.usage import warn_of_usage


@frozen
class Linted:
    """A model to judge: its program, the modules as they were parsed, and its variants.

    `named` are paths of definitions that `models.toml` uses.
    """

    program: Program
    modules: tuple[syntax.Module, ...]
    variants: tuple[Variant, ...] = ()
    named: frozenset[str] = frozenset()


def lint(models: Sequence[Linted], *, prove: bool = False) -> tuple[Diagnostic, ...]:
    """Return what is probably not meant, in the order of files and lines.

    With `prove`, remarks on what may keep a proof for every size from ending are among them.
    """
    found = {_place(warning): warning for model in models for warning in _warnings(model, prove)}
    unused = _unused_everywhere(models)
    kept = [w for place, w in found.items() if not _is_absence(w) or place in unused]
    return tuple(sorted(kept, key=_place))


def _warnings(model: Linted, prove: bool) -> Iterator[Diagnostic]:
    yield from warn_of_style(model.modules, model.program)
    yield from warn_of_usage(model.program, model.modules, model.variants, model.named)
    yield from warn_of_steps(model.program)
    if prove:
        yield from warn_of_cycles(model.program)


def _unused_everywhere(models: Sequence[Linted]) -> frozenset[tuple[str, int, int, str, str]]:
    """Return the places that every model with the file finds unused."""
    unused: dict[str, frozenset[tuple[str, int, int, str, str]]] = {}
    for model in models:
        places = {
            _place(warning)
            for warning in warn_of_usage(model.program, model.modules, model.variants, model.named)
        }
        for module in model.modules:
            file = module.source.name
            here = frozenset(place for place in places if place[0] == file)
            unused[file] = unused.get(file, here) & here
    return frozenset[tuple[str, int, int, str, str]]().union(*unused.values())


def _is_absence(warning: Diagnostic) -> bool:
    return warning.code in ("SS601", "SS602", "SS603", "SS604")


def _place(warning: Diagnostic) -> tuple[str, int, int, str, str]:
    span = warning.span
    assert span is not None
    return (span.source.name, span.line, span.column, warning.code, warning.message)
