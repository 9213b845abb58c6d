"""The pytest plugin: the fixture `splitspec`, by which a test holds an implementation to a model.

A test says what to do, and fails with the report as its message:

    def test_the_kernel_conforms(splitspec):
        splitspec.conform(KERNEL)

What was tried is summed up at the end of the session.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import pytest

from splitspec.refinement.mapping import Implementation

SUMMARIES = pytest.StashKey[list[str]]()


class Splitspec:
    """What the fixture offers. Every method fails the test where implementation and model differ,
    where nothing was tried, and where what was not tried has no reason."""

    def __init__(self, folder: Path, summaries: list[str]) -> None:
        self._folder = folder
        self._summaries = summaries

    def conform(
        self, mapping: Implementation[Any], *, states: int | None = None, seconds: float = 600
    ) -> None:
        """Try every transition and every refusal of the model's scope."""
        from splitspec.refinement.conformance import Bounds, conform
        from splitspec.refinement.report import conformance_text

        evaluator = self._evaluator(mapping)
        with _usable():
            found = conform(mapping, evaluator, Bounds(states=states, time=seconds))
        self._conclude(conformance_text(found), self._flaw(found))

    def walk(
        self, mapping: Implementation[Any], *, programs: int = 100, steps: int = 50, seed: int = 0
    ) -> None:
        """Run random programs."""
        from splitspec.refinement.report import conformance_text
        from splitspec.refinement.stateful import walk

        evaluator = self._evaluator(mapping)
        with _usable():
            found = walk(mapping, evaluator, programs=programs, steps=steps, seed_=seed)
        self._conclude(conformance_text(found), self._fault(found))

    def program(self, mapping: Implementation[Any], *calls: tuple[str, dict[str, str]]) -> None:
        """Run one program, as a report prints it; fail if a call of it diverges."""
        from splitspec.refinement.divergence import Call, Divergence
        from splitspec.refinement.report import divergence_text
        from splitspec.refinement.reproduction import reproduce

        program = tuple(Call(action, tuple(values.items())) for action, values in calls)
        evaluator = self._evaluator(mapping)
        with _usable():
            found = reproduce(mapping, evaluator, program)
        if found is not None:
            number, what = found
            divergence = Divergence(what.kind, program[:number], what.guards, what.facts)
            _fail(divergence_text(divergence))

    def replay(self, log: str | Path) -> None:
        """Hold a log to the model that it names."""
        from splitspec.refinement.replay import replay
        from splitspec.refinement.replay_report import replay_text

        path = self._folder / log
        found = replay(path, folder=self._folder)
        self._conclude(replay_text(found), "" if found.is_accepted else "it is no run")

    def _evaluator(self, mapping: Implementation[Any]) -> Any:
        from splitspec.checker.report.diagnostics import render
        from splitspec.checker.report.text import plain
        from splitspec.refinement.target import TargetError, evaluator_of

        try:
            return evaluator_of(
                mapping.model,
                sizes=mapping.sizes,
                pins=mapping.pins,
                given=mapping.given,
                folder=mapping.folder or self._folder,
            )
        except TargetError as error:
            _fail(render(error.diagnostics, plain) or f"error: {error}")

    def _flaw(self, found: Any) -> str:
        if fault := self._fault(found):
            return fault
        if not found.complete:
            return f"not all was tried: {found.reason}"
        unexplained = [name for name, reason in found.untried.items() if not reason]
        return f"never tried: {', '.join(unexplained)}" if unexplained else ""

    def _fault(self, found: Any) -> str:
        """Return what is wrong also where not all was tried."""
        if found.divergences:
            return "it diverges"
        if not found.transitions:
            return "nothing was done"
        return "the mapping observes nothing" if found.is_blind else ""

    def _conclude(self, text: str, flaw: str) -> None:
        self._summaries.append("\n".join(text.splitlines()[:2]))
        if flaw:
            _fail(f"{text}\n\n{flaw}")


@contextmanager
def _usable() -> Iterator[None]:
    """Fail the test with the words alone where a mapping cannot be held to its model."""
    from splitspec.refinement.fitting import MappingError
    from splitspec.refinement.mapping import UncopiableError
    from splitspec.refinement.observation import UnreadableError

    try:
        yield
    except (MappingError, UncopiableError, UnreadableError) as error:
        _fail(f"error: {error}")


def _fail(text: str) -> NoReturn:
    from splitspec.checker.report.visible import visible

    pytest.fail(visible(text), pytrace=False)


@pytest.fixture
def splitspec(request: pytest.FixtureRequest) -> Splitspec:
    """Hold implementations to specifications; models.toml is looked up from the test's folder."""
    summaries = request.config.stash.setdefault(SUMMARIES, [])
    return Splitspec(request.path.parent, summaries)


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Print what was tried."""
    if SUMMARIES not in config.stash:
        return
    from splitspec.checker.report.visible import visible

    terminalreporter.section("splitspec")
    for text in config.stash[SUMMARIES]:
        terminalreporter.write_line(visible(text))
