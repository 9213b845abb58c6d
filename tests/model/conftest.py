"""What the suites of the model share."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from textwrap import dedent

import pytest

from splitspec.model.evaluator import Evaluator
from splitspec.model.ir import ActorKind, Value
from splitspec.model.loader import load, load_variants
from splitspec.model.scope import Scope
from splitspec.model.setting import Setting, properties_under

Build = Callable[..., Evaluator]


@pytest.fixture
def build(tmp_path: Path) -> Build:
    """Return a function that gives module `m` (and modules that it imports) its meaning."""

    def evaluator(
        text: str,
        *,
        others: Mapping[str, str] | None = None,
        given: Collection[ActorKind] = (),
        variant: str | None = None,
        sizes: int = 2,
        bounds: Mapping[str, int] | None = None,
        pins: Mapping[str, Value] | None = None,
        sliced: Collection[str] = (),
    ) -> Evaluator:
        for name, source in {**(others or {}), "m": text}.items():
            header = f"module {name}\n\n"
            (tmp_path / f"{name}.split").write_text(header + dedent(source).lstrip("\n"))
        loaded = load(tmp_path / "m.split")
        assert loaded.program is not None, [str(d.message) for d in loaded.diagnostics]
        program = loaded.program
        variants, diagnostics = load_variants(loaded, "m", ())
        assert diagnostics == ()
        chosen = next((v for v in variants if v.name == variant), None)
        assert (chosen is None) == (variant is None)
        scope = Scope(dict.fromkeys(program.sorts, sizes), bounds or {}, pins or {})
        adversary = frozenset(given)
        claims = properties_under(program, adversary)
        setting = Setting("m", program, scope, adversary, chosen, claims)
        return Evaluator(setting, frozenset(sliced))

    return evaluator
