"""Designs are compared by verdicts, and by counters at the end of runs that the model allows."""

from __future__ import annotations

from dataclasses import replace

import pytest

from splitspec.checker.report.designs import CLAIMS, Design, Step, frames_after, page
from splitspec.cli.selection import Request, select
from splitspec.model.ir import PropertyKind
from splitspec.model.setting import Setting
from splitspec.model.verdict import Assurance, AssuranceKind, Outcome, Verdict

GIVEN_A_FRAME: tuple[Step, ...] = (
    ("shared_guest.back_page", (0, 0)),
    ("shared_guest.accept_page", (0, 0)),
)


@pytest.fixture(scope="module")
def honest() -> Setting:
    jobs = select(Request(models=("shared_guest",), given=("host",))).jobs
    return jobs[0].setting


def test_a_counter_is_read_at_the_end_of_the_run(honest: Setting) -> None:
    assert frames_after(honest, (), "shared_guest.resident") == 0
    assert frames_after(honest, GIVEN_A_FRAME, "shared_guest.resident") == 1
    second: Step = ("shared_guest.back_page", (1, 1))
    assert frames_after(honest, (*GIVEN_A_FRAME, second), "shared_guest.resident") == 2


def test_a_step_that_the_model_refuses_is_no_run(honest: Setting) -> None:
    """A page is accepted once; the frame of a page that is backed is in use."""
    again = GIVEN_A_FRAME[1]
    with pytest.raises(ValueError, match="once"):
        frames_after(honest, (*GIVEN_A_FRAME, again), "shared_guest.resident")
    with pytest.raises(ValueError, match="unused"):
        frames_after(
            honest, (*GIVEN_A_FRAME, ("shared_guest.back_page", (1, 0))), "shared_guest.resident"
        )


def test_a_claim_that_a_design_does_not_make_is_not_said_to_hold() -> None:
    holds = Verdict(
        "m.nobody_learns_from_another",
        PropertyKind.INVARIANT,
        Outcome.HOLDS,
        Assurance(AssuranceKind.EXHAUSTIVE, "S=2"),
    )
    unknown = replace(holds, outcome=Outcome.UNKNOWN)
    design = Design("one", "m", "a kernel", (holds,), unknown, {1: 2, 8: 9})
    rows = [line for line in page((design,)).splitlines() if line.startswith("|")]
    claims = [row for row in rows if any(sentence in row for sentence in CLAIMS.values())]
    assert len(claims) == len(CLAIMS)
    assert sum(row.endswith("| holds |") for row in claims) == 1
    assert sum(row.endswith("| cannot be said |") for row in claims) == len(CLAIMS) - 1
    assert any(row.endswith("| unknown |") for row in rows)
    assert "| 8 | 9 |" in rows
