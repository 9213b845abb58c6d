"""Z3 says anywhere that its memory is used up: the question is lost then, and nothing else."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import z3

from splitspec.checker.symbolic.journal import ExhaustedError
from splitspec.checker.symbolic.satisfaction import Satisfaction
from splitspec.checker.symbolic.term import Terms
from splitspec.checker.symbolic.z3_solver import Session, Translator


class Exhausted:
    """A solver whose memory is used up, whatever it is asked to do."""

    def __getattr__(self, name: str) -> Callable[..., None]:
        def refused(*_: object) -> None:
            raise z3.Z3Exception(b"out of memory")

        return refused


@pytest.mark.parametrize(
    "use",
    [
        lambda session: session.push(),
        lambda session: session.pop(),
        lambda session: session.check(()),
        lambda session: session.name("fact", Terms().true),
    ],
)
def test_a_session_without_memory_is_lost(use: Callable[[Session], object]) -> None:
    session = Session(Translator(), seed=0, steps=0)
    session._solver = Exhausted()
    with pytest.raises(ExhaustedError):
        use(session)


@pytest.mark.parametrize(
    "use",
    [
        lambda solver: solver.push(),
        lambda solver: solver.pop(),
        lambda solver: solver.check(),
        lambda solver: solver.add(Terms().true),
        lambda solver: solver.name("fact", Terms().true),
        lambda solver: solver.contradiction(()),
    ],
)
def test_a_search_without_memory_is_lost(use: Callable[[Satisfaction], object]) -> None:
    solver = Satisfaction()
    solver._solver = Exhausted()
    with pytest.raises(ExhaustedError):
        use(solver)
