"""The pytest plugin of the gate: each claim of a lock is a test, and whatever is wrong besides is
one more.

`pytest --splitspec-gate=pr spec/splitspec.lock` runs the gate once in a process, when the first of
its tests runs.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import chdir
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from splitspec.checker.report.summary import Summary

FILE_NAME = "splitspec.lock"  # The lock's own module is not imported for tests without a gate.
REST = "everything else"
COLLECTED = pytest.StashKey[bool]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that turns locks into tests."""
    parser.getgroup("splitspec").addoption(
        "--splitspec-gate",
        choices=("commit", "pr", "nightly"),
        help="collect each claim of a splitspec.lock that is due at this tier as a test",
    )


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Take every lock, if that was asked for."""
    if file_path.name != FILE_NAME or parent.config.getoption("--splitspec-gate") is None:
        return None
    parent.config.stash[COLLECTED] = True
    return LockFile.from_parent(parent, path=file_path)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(session: pytest.Session, items: list[pytest.Item]) -> None:
    """Add a test that fails to a session that was asked for a gate and found no lock."""
    is_asked = session.config.getoption("--splitspec-gate") is not None
    if is_asked and not session.config.stash.get(COLLECTED, False):
        items.append(NoLockItem.from_parent(session, name=FILE_NAME))


class NoLockItem(pytest.Item):
    """The failure of a gate that would hold nothing to anything."""

    def runtest(self) -> None:
        """Fail."""
        text = f"no {FILE_NAME} was collected: name it, or the folder where it is"
        pytest.fail(text, pytrace=False)


class LockFile(pytest.File):
    """A lock, with a test for each claim that is due and one for the rest."""

    _summary: Summary | None = None

    def collect(self) -> Iterator[pytest.Item]:
        from splitspec.checker.gate.lock_text import DamagedLockError, load

        try:
            locked = load(self.path)
        except DamagedLockError as damage:
            raise self.CollectError(str(damage)) from None
        assert locked is not None
        for key in sorted(locked.blocks):
            block = locked.blocks[key]
            if self.tier.includes(block.tier):
                for claim in sorted(block.claims):
                    yield ClaimItem.from_parent(
                        self, name=f"{key}::{claim}", place=(str(key), claim)
                    )
        yield ClaimItem.from_parent(self, name=REST, place=None)

    @property
    def tier(self) -> Any:
        """The tier that was asked for."""
        from splitspec.model.tier import Tier

        return Tier(self.config.getoption("--splitspec-gate"))

    @property
    def summary(self) -> Summary:
        """What the gate found; it runs when this is first asked for."""
        if self._summary is None:
            with chdir(self.path.parent):
                self._summary = _gated(self.tier)
        return self._summary


class ClaimItem(pytest.Item):
    """One claim of one run; without a place, everything that is no claim of the lock."""

    def __init__(self, *, place: tuple[str, str] | None, **more: Any) -> None:
        super().__init__(**more)
        self._place = place

    def runtest(self) -> None:
        """Fail with what the gate says of the claim."""
        from splitspec.checker.report.summary import State
        from splitspec.checker.report.text import plain, trace_text
        from splitspec.checker.report.visible import visible

        summary = self._summary()
        if self._place is None:
            self._judge_the_rest(summary)
            return
        items = [item for item in summary.items if (item.run, item.claim) == self._place]
        if not items:
            pytest.fail("the gate has nothing to say of it", pytrace=False)
        for item in items:
            if item.state is not State.PASSED:
                shown = "" if item.trace is None else trace_text(item.trace, item.sentence, plain)
                pytest.fail(visible(f"{item.message}\n{shown}".rstrip()), pytrace=False)

    def _summary(self) -> Summary:
        """What the gate found; a specification that it refuses fails the test by its text."""
        from splitspec.checker.report.diagnostics import render
        from splitspec.checker.report.text import plain
        from splitspec.checker.report.visible import visible
        from splitspec.cli.models import RefusedError

        assert isinstance(self.parent, LockFile)
        try:
            return self.parent.summary
        except RefusedError as refusal:
            problems = refusal.problems
            text = "\n".join((render(problems.diagnostics, plain), *problems.sentences))
            pytest.fail(visible(text), pytrace=False)

    def _judge_the_rest(self, summary: Summary) -> None:
        from splitspec.checker.report.visible import visible

        assert isinstance(self.parent, LockFile)
        items = self.parent.session.items
        claims = {i._place for i in items if isinstance(i, ClaimItem) and i.path == self.path}
        rest = [f for f in summary.failing if (f.run, f.claim) not in claims]
        if rest or (summary.code and not summary.failing):
            lines = [f"{f.word}: {f.run} {f.claim} {f.text} → {f.advice}" for f in rest]
            pytest.fail(visible("\n".join(lines)) or f"exit {summary.code}", pytrace=False)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Name the test by its claim."""
        return self.path, None, self.name


def _gated(tier: Any) -> Summary:
    """Run the gate in this folder, after whichever process of the same tests is at it."""
    from splitspec.checker.interruption import Interruption
    from splitspec.cli.gate import GateRequest, summary_of
    from splitspec.cli.options import CacheMode
    from splitspec.cli.terminal import Choice

    request = GateRequest(
        models=(),
        folder=Path(),
        tier=tier,
        seconds=None,
        workers=2,
        cache=CacheMode.READ_WRITE,
        reports=(),
        json=False,
        color=Choice.NEVER,
        progress=Choice.NEVER,
        verbose=False,
        quiet=True,
    )
    return summary_of(request, Interruption(), patiently=True)
