"""What does not fit is drawn as two runs side by side: each is made again, and they part where and
as it was found."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.refinement.conftest import PairBuild
from tests.refinement.holding import evaluator_for
from tests.refinement.seeded import BUGS, Bug, seeded
from tests.refinement.test_refine import LOWER, UPPER, WRONG

from splitspec.checker.evidence.replay import ReplayError
from splitspec.impl.machine import PlatformKind
from splitspec.model.ir import ActorKind
from splitspec.model.picture import Companion, Picture
from splitspec.refinement.companions import divergence_beside, square_beside
from splitspec.refinement.conformance import conform
from splitspec.refinement.divergence import Conformance, DivergenceKind
from splitspec.refinement.log_run import log_beside
from splitspec.refinement.machine.models import granting
from splitspec.refinement.refining import refine
from splitspec.refinement.replay import replay

REPOSITORY = Path(__file__).parent / "repository"
SMALL = {"Container": 2, "Page": 1, "Frame": 1}
SHOWN = {
    "the charge goes to who runs": "leads elsewhere",
    "remembered before it is validated": "refused",
    "a killed process is killed again": "refused",
    "the idle list is kept": "does it",
}
HEADER = '{"schema": "splitspec-log/1", "model": "sharing", "unlogged": ["share"]}'


def _paired(picture: Picture, companion: Companion) -> None:
    """Both runs have one state more than steps, and a step for each of the other's."""
    number = len(picture.trace.steps)
    assert len(companion.steps) == len(picture.strokes) == number
    assert len(companion.states) == len(picture.trace.states) == number + 1
    for state in companion.states:
        assert len(state) == len(companion.places)
    for diagram in (*picture.diagrams, *companion.diagrams):
        for ink in diagram.inks:
            assert len(ink.values) == number + 1


def test_what_is_drawn_are_seeded_bugs() -> None:
    assert SHOWN.keys() <= {bug.name for bug in BUGS}


@pytest.mark.parametrize("bug", [b for b in BUGS if b.name in SHOWN], ids=lambda bug: bug.name)
def test_an_implementation_stands_beside_the_specification(bug: Bug) -> None:
    mapping = granting(PlatformKind.SNP, honest=True, sizes=SMALL)
    evaluator = evaluator_for(mapping)
    with seeded(bug):
        (found,) = conform(mapping, evaluator).divergences
        picture, companion = divergence_beside(mapping, evaluator, found)
    _paired(picture, companion)
    # They agree up to the last call, and part there as was found.
    assert picture.trace.states[:-1] == companion.states[:-1]
    assert [str(step) for step in picture.trace.steps] == [str(call) for call in found.program]
    parting = companion.parting
    assert parting.word == SHOWN[bug.name]
    assert [name for name, _, _ in parting.refusals] == list(found.guards)
    differing = {
        place: (one, other)
        for place, one, other in zip(
            companion.places, companion.states[-1], picture.trace.states[-1], strict=True
        )
        if one != other
    }
    assert {place: (one, other) for place, one, other in parting.differences} == differing
    if found.kind is DivergenceKind.OTHER_STATE:
        assert set(found.facts) == {
            f"{place}: it has {other}, the specification {one}"
            for place, (one, other) in differing.items()
        }
    else:
        assert parting.remarks == found.facts


def test_what_conforms_when_it_is_made_again_is_not_drawn() -> None:
    mapping = granting(PlatformKind.SNP, honest=True, sizes=SMALL)
    evaluator = evaluator_for(mapping)
    bug = next(bug for bug in BUGS if bug.name == "a killed process is killed again")
    with seeded(bug):
        found: Conformance = conform(mapping, evaluator)
    with pytest.raises(ReplayError):
        divergence_beside(mapping, evaluator, found.divergences[0])


SQUARES = [
    "what is visible comes too early",  # stuttering that is seen
    "a guard is missing below",  # refused
    "an update is missing below",  # leads elsewhere
]


@pytest.mark.parametrize(("old", "new", "claim"), [WRONG[name] for name in SQUARES], ids=SQUARES)
def test_a_failing_square_stands_beside_what_is_seen_of_it(
    pair: PairBuild, old: str, new: str, claim: str
) -> None:
    wrong = pair(UPPER, LOWER.replace(old, new), given=(ActorKind.HOST,))
    square = refine(wrong.correspondence, wrong.setting).squares[claim]
    picture, companion = square_beside(wrong.correspondence, wrong.setting, square)
    _paired(picture, companion)
    assert picture.trace == square.concrete
    assert companion.states == square.abstract.states
    assert companion.name == "upper, as lower is seen"
    assert [name for name, _, _ in companion.parting.refusals] == [
        refusal.guard for refusal in square.refusals
    ]
    # An abstract place that differs is drawn as it is seen in the last state.
    last = dict(zip(companion.places, companion.states[-1], strict=True))
    for place, made, seen in companion.parting.differences:
        assert last[place] == seen != made


def _log(tmp_path: Path, *lines: str) -> Path:
    path = tmp_path / "run.ndjson"
    text = [HEADER, *(f'{{"n": {n}, {line}}}' for n, line in enumerate(lines, start=1))]
    path.write_text("\n".join([*text, f'{{"end": {len(lines)}}}']) + "\n")
    return path


TAKE = '"action": "take", "arguments": {"c": "pr1", "g": "pa1"}'
LOOK = '"state": {"held[pr2, pa1]": true}'
LOGS = {
    "a guard refuses": ((TAKE, TAKE), "refused", ("free",), 2),
    "it leads elsewhere": (
        (TAKE, '"action": "let_go", "arguments": {"c": "pr1"}, "state": {"payer[pa1]": "pr2"}'),
        "leads elsewhere",
        (),
        2,
    ),
    "the model refuses nothing": ((f'{TAKE}, "refused": "free"',), "does it", (), 1),
    "what was seen is not so": (
        (TAKE, LOOK, '"state": {"payer[pa2]": "pr1"}'),
        "leads elsewhere",
        (),
        4,
    ),
}


@pytest.mark.parametrize(("lines", "word", "guards", "steps"), LOGS.values(), ids=LOGS)
def test_a_log_stands_beside_the_run_that_it_tells_of(
    lines: tuple[str, ...], word: str, guards: tuple[str, ...], steps: int, tmp_path: Path
) -> None:
    path = _log(tmp_path, *lines)
    refused = replay(path, folder=REPOSITORY)
    assert refused.refused_at == len(lines) + 1
    picture, companion = log_beside(path, folder=REPOSITORY)
    _paired(picture, companion)
    assert len(picture.trace.steps) == steps
    assert companion.parting.word == word
    assert tuple(name for name, _, _ in companion.parting.refusals) == guards
    # Every line has its step; a step between them that needs no line has none.
    told = [text.partition(":")[0] for text in companion.steps if text]
    assert told == [f"line {number}" for number in range(2, len(lines) + 2)]
    # The run ends in the first state that the text shows.
    *_, before, _ = picture.trace.states
    assert tuple(zip(picture.trace.places, before, strict=True)) == refused.candidates[0].state
    for place, model, log in companion.parting.differences:
        assert model != log == dict(zip(companion.places, companion.states[-1], strict=True))[place]
