"""Every seeded bug is found, and named, as the page of seeded bugs says."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path

import pytest
from _pytest.mark import ParameterSet
from tests.refinement.beyond import Beyond, broken
from tests.refinement.findings_page import line
from tests.refinement.seeded import BUGS, UNSEEN
from tests.refinement.seeding import LATER, Bug, found, seeded

from splitspec.refinement.report import conformance_text

PAGE = Path(__file__).parents[2] / "docs" / "seeded_bugs.md"
IMPL = Path(__file__).parents[1] / "impl"


@cache
def stated() -> tuple[str, ...]:
    return tuple(PAGE.read_text(encoding="utf-8").splitlines())


SLOW = {
    *("memory-sev-frame", "memory-sev-family", "memory-sev-copies", "memory_sev-pages"),
    *("attestation-sev", "attestation-sev-hostile", "attestation-sev-unfounded"),
    *("attestation-sev-quotes", "threads-sev-tenants", "threads-sev-synchronous"),
    *("threads-sev-hostile", "chain-sev-tenants", "chain_memory-sev", "snapshot-sev"),
    *("shootdown-sev-hostile", "shootdown-sev-hostile-cores", "shootdown-copies"),
    *("pools-sev", "pools-tdx", "pools-sev-hostile", "fork-sev-hostile", "chain-sev"),
    *("accounting-sev-tenants", "granting-sev-hostile-two"),
}
"""Mappings with which it takes more than half a second to find a bug."""


def at_night(bugs: Iterable[Bug | Beyond]) -> list[ParameterSet]:
    """The bugs as parameters of a test, the slow ones for the nightly run."""
    marked = []
    for bug in bugs:
        slow = bug.found_by in SLOW if isinstance(bug, Bug) else bug.scene == "chain"
        marks = [pytest.mark.nightly] if slow else []
        marked.append(pytest.param(bug, id=bug.name, marks=marks))
    return marked


@pytest.mark.parametrize("bug", at_night(BUGS))
def test_the_bug_is_found_and_named_as_the_page_says(bug: Bug) -> None:
    result = found(bug)
    assert result.divergences, f"{bug.name} was not found in {result.states} states"
    (divergence,) = result.divergences
    assert divergence.kind is bug.kind, conformance_text(result)
    named = " ".join((*divergence.guards, *divergence.facts))
    assert bug.named in named, conformance_text(result)
    steps = len(divergence.program) + len(LATER.get(bug.found_by, ()))
    assert line(bug, steps) in stated(), "run docs/generate.py seeded_bugs.md"


WALKED = [bug for bug in UNSEEN if bug.scene]


@pytest.mark.parametrize("bug", at_night(WALKED))
def test_random_steps_break_a_property_where_no_mapping_shows_the_bug(bug: Beyond) -> None:
    with seeded(bug):
        result = broken(bug)
    assert result is not None
    assert result[0] == bug.named


def test_the_same_steps_break_no_property_of_the_right_machine() -> None:
    assert broken(WALKED[0], seeds=range(1)) is None


def test_the_page_has_every_bug_and_no_other() -> None:
    rows = [
        row for row in stated() if row.startswith("| ") and not row.startswith(("| bug", "| *"))
    ]
    names = [row.split(" | ")[0].removeprefix("| ").partition("; *")[0] for row in rows]
    assert names == [
        *(bug.name for bug in BUGS if not bug.violates),
        *(bug.name for bug in BUGS if bug.violates),
        *(bug.name for bug in UNSEEN),
    ]
    assert len(set(names)) == len(names)


def test_the_tests_that_show_what_no_mapping_shows_are_there() -> None:
    for bug in UNSEEN:
        if bug.test:
            file, _, name = bug.test.partition("::")
            assert f"def {name}(" in (IMPL / file).read_text(encoding="utf-8")


@pytest.mark.parametrize("bug", [*BUGS, *UNSEEN], ids=lambda bug: bug.name)
def test_every_bug_can_still_be_seeded(bug: Bug | Beyond) -> None:
    """Also those that are looked for at night only: what each replaces stands once."""
    with seeded(bug):
        pass


def test_a_bug_is_gone_when_its_test_is_over() -> None:
    """Else every test after it would be about a wrong machine."""
    bug = BUGS[0]
    original = vars(bug.owner)[bug.method]
    with seeded(bug):
        assert vars(bug.owner)[bug.method] is not original
    assert vars(bug.owner)[bug.method] is original
