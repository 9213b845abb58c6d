"""What the suites of refinement share: two modules in a folder, and how they correspond."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

import pytest

from splitspec.model.ir import ActorKind
from splitspec.model.loader import load
from splitspec.model.scope import Scope
from splitspec.model.setting import Setting
from splitspec.refinement.correspondence import Correspondence
from splitspec.refinement.matching import match
from splitspec.refinement.refining import setting_of


@dataclass(frozen=True)
class Pair:
    """A correspondence with its product at one scope."""

    correspondence: Correspondence
    setting: Setting


PairBuild = Callable[..., Pair]

collect_ignore = ["repository"]  # A repository of its own; a test runs its tests.


@pytest.fixture
def pair(tmp_path: Path) -> PairBuild:
    """Return a function that refines module `upper` by module `lower`, both given as text."""

    def build(upper: str, lower: str, *, given: Collection[ActorKind] = (), sizes: int = 2) -> Pair:
        (tmp_path / "shared.split").write_text("module shared\nsort Cell\n")
        for name, text in (("upper", upper), ("lower", lower)):
            source = f"module {name}\n\nimport shared\n\n{dedent(text).lstrip()}"
            (tmp_path / f"{name}.split").write_text(source)
        loaded, abstract = load(tmp_path / "lower.split"), load(tmp_path / "upper.split")
        assert loaded.program is not None, [d.message for d in loaded.diagnostics]
        assert abstract.program is not None, [d.message for d in abstract.diagnostics]
        (declared,) = loaded.program.refinements
        found = match(loaded.program, abstract.program, declared)
        assert isinstance(found, Correspondence), found
        scope = Scope(dict.fromkeys(loaded.program.sorts, sizes), {}, {})
        return Pair(found, setting_of(found, scope, frozenset(given)))

    return build
