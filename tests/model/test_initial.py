"""`init` says of every run how it begins, or a model is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest

from splitspec.model import initial
from splitspec.model.evaluator import Evaluator
from splitspec.model.initial import ill_begun
from splitspec.model.ir import Update
from splitspec.model.transition import Writing
from splitspec.model.valuation import Moment

Build = Callable[..., Evaluator]


@pytest.mark.parametrize(
    ("assumed", "complaint"),
    [
        ("k != l and n <= 2", None),
        ("k = l and n <= 2", "`init` gives mark[s1] two values"),
        ("k != l and n = 3", "`init` gives level the value 3, outside 0..2"),
    ],
)
def test_init_gives_each_place_one_value_that_it_can_have(
    build: Build, assumed: str, complaint: str | None
) -> None:
    """The constants that the assumption leaves decide it, so no type can."""
    evaluator = build(
        f"""
        sort S
        const k: S
        const l: S
        const n: 0..3
        assume sane
          {assumed}
        var mark[S]: bool
        var level: 0..2
        init
          mark[s] := true for s: S where s = k
          mark[s] := false for s: S where s = l
          level := n
        """
    )
    found = ill_begun(evaluator.program, evaluator.universe)
    assert (None if found is None else found[1]) == complaint


def test_constants_on_which_no_beginning_depends_are_not_tried_in_all_combinations(
    build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of 10^5 combinations, two values of `full` are worth a look: the first one fits."""
    evaluator = build(
        """
        const full: 0..9
        const first: 0..9
        const second: 0..9
        const third: 0..9
        const fourth: 0..9
        def much = full + 1
        var level: 0..1
        init
          level := much
        """
    )
    looks: list[Moment] = []
    written = initial._written

    def look(updates: Iterable[Update], moment: Moment) -> dict[int, Writing]:
        looks.append(moment)
        return written(updates, moment)

    monkeypatch.setattr(initial, "_written", look)
    found = ill_begun(evaluator.program, evaluator.universe)
    assert found is not None
    assert found[1] == "`init` gives level the value 2, outside 0..1"
    assert len(looks) == 2
