"""What the suites of the engines share."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from textwrap import dedent

import pytest

from splitspec.model.ir import ActorKind, Value
from splitspec.model.loader import load, load_variants
from splitspec.model.scope import Scope
from splitspec.model.setting import Setting, progress_under, properties_under


@pytest.fixture
def setting(tmp_path: Path) -> Callable[..., Setting]:
    """Return a function that makes a setting of the text of module `m`."""

    def make(
        text: str,
        *,
        given: Collection[ActorKind] = (),
        variant: str | None = None,
        sizes: int = 2,
        bounds: Mapping[str, int] | None = None,
        pins: Mapping[str, Value] | None = None,
    ) -> Setting:
        path = tmp_path / "m.split"
        path.write_text("module m\n\n" + dedent(text).lstrip("\n"))
        loaded = load(path)
        assert loaded.program is not None, [str(d.message) for d in loaded.diagnostics]
        program = loaded.program
        variants, diagnostics = load_variants(loaded, "m", ())
        assert diagnostics == ()
        chosen = next((v for v in variants if v.name == variant), None)
        assert (chosen is None) == (variant is None)
        scope = Scope(dict.fromkeys(program.sorts, sizes), bounds or {}, pins or {})
        adversary = frozenset(given)
        claims = properties_under(program, adversary)
        progress = progress_under(program, adversary)
        return Setting("m", program, scope, adversary, chosen, claims, progress)

    return make
