"""Implementations are held to their models: every transition, every refusal, and what differs."""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.refinement.holding import evaluator_for
from tests.refinement.seeded import BUGS, seeded

from splitspec.impl.machine import PlatformKind
from splitspec.refinement.conformance import Bounds, conform
from splitspec.refinement.divergence import Conformance, DivergenceKind
from splitspec.refinement.fitting import MappingError
from splitspec.refinement.machine.models import granting
from splitspec.refinement.machine.shipped import SHIPPED
from splitspec.refinement.mapping import Implementation
from splitspec.refinement.report import conformance_text
from splitspec.refinement.stateful import walk

REPOSITORY = Path(__file__).parent / "repository"
ONE_PAGE = {"Container": 2, "Page": 1, "Frame": 1}
HONEST = pytest.mark.parametrize("kind", list(PlatformKind), ids=lambda kind: kind.value)


def conformance(mapping: Implementation[Any]) -> Conformance:
    return conform(mapping, evaluator_for(mapping), Bounds())


@pytest.mark.parametrize("name", ["granting-sev-hostile", "granting-tdx-hostile"])
def test_the_machine_does_what_granting_says_under_a_hostile_host(name: str) -> None:
    found = conformance(SHIPPED[name]())
    assert found.complete, conformance_text(found)
    assert [n for n, reason in found.untried.items() if not reason] == []


@HONEST
def test_the_machine_does_what_granting_says_under_its_own_host(kind: PlatformKind) -> None:
    found = conformance(granting(kind, honest=True, sizes=ONE_PAGE))
    assert found.complete, conformance_text(found)
    assert found.transitions > 0


@pytest.mark.nightly
@HONEST
def test_it_does_so_with_two_of_everything(kind: PlatformKind) -> None:
    """All 2,160 states that models.toml records of granting given an honest host."""
    found = conformance(granting(kind, honest=True))
    assert found.complete, conformance_text(found)
    assert found.states == 2_160
    assert [n for n, reason in found.untried.items() if not reason] == []


def test_the_walk_visits_the_states_of_the_model_and_no_other() -> None:
    """states(conform) = states(evaluator), counted without the implementation."""
    mapping = granting(PlatformKind.SNP, honest=False, sizes=ONE_PAGE)
    evaluator = evaluator_for(mapping)
    states = {evaluator.kept(s): s for s in evaluator.initial_states()}
    todo = list(states.values())
    while todo:
        for step in evaluator.steps(todo.pop()):
            assert step.successor is not None
            key = evaluator.kept(step.successor)
            if key not in states:
                states[key] = step.successor
                todo.append(step.successor)
    assert conformance(mapping).states == len(states)


def test_random_programs_find_what_is_wrong_and_shrink_it() -> None:
    (bug,) = (each for each in BUGS if each.name == "nothing is charged")
    mapping = granting(PlatformKind.SNP, honest=True)
    with seeded(bug):
        found = walk(mapping, evaluator_for(mapping), programs=100, steps=30)
    (divergence,) = found.divergences
    # A frame has to be backed, so a page granted, so a container created: three calls, no fewer.
    assert [call.action.rpartition(".")[2] for call in divergence.program] == [
        "create",
        "grant_page",
        "back_page",
    ]


def test_random_programs_of_the_right_machine_conform() -> None:
    mapping = granting(PlatformKind.TDX, honest=True)
    found = walk(mapping, evaluator_for(mapping), programs=40, steps=50)
    assert not found.divergences, conformance_text(found)
    assert found.transitions > 100


def test_a_program_that_diverges_only_once_has_diverged() -> None:
    """It does something else when it is made again; that is no error of the walk."""
    mapping = granting(PlatformKind.SNP, honest=True)
    create, times = mapping.actions["create"], itertools.count(1)

    def create_or_fail(testbed: Any, c: str) -> None:
        create(testbed, c)
        if next(times) == 30:
            raise RuntimeError("out of order")

    wrong = replace(mapping, actions={**mapping.actions, "create": create_or_fail})
    found = walk(wrong, evaluator_for(wrong), programs=60, steps=20)
    assert [each.kind for each in found.divergences] == [DivergenceKind.CRASHED]
    assert not found.complete
    assert next(times) > 30


def test_what_a_mapping_does_not_map_is_an_error_until_it_has_a_reason() -> None:
    mapping = granting(PlatformKind.SNP, honest=True)
    fewer = {name: f for name, f in mapping.actions.items() if name != "kill"}
    with pytest.raises(MappingError, match=r"lifecycle\.kill is not mapped"):
        conform(replace(mapping, actions=fewer), evaluator_for(mapping))
    wrong = {**mapping.actions, "steal": lambda machine: None}
    with pytest.raises(MappingError, match="steal"):
        conform(replace(mapping, actions=wrong), evaluator_for(mapping))


def _run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *words]
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    target = tmp_path / "repository"
    shutil.copytree(REPOSITORY, target, ignore=shutil.ignore_patterns("__pycache__"))
    (target / "pytest.ini").write_text("[pytest]\n")
    return target


def test_a_repository_holds_its_own_program_to_its_own_model(repository: Path) -> None:
    done = _run(repository)
    assert done.returncode == 0, done.stdout + done.stderr
    # 7 ways to hold and pay for one page, hence 49 for two, and 196 steps (models.toml).
    assert "49 states, 196 transitions done" in done.stdout


def test_a_wrong_program_fails_with_the_calls_that_show_it(repository: Path) -> None:
    cache = repository / "cache.py"
    text = cache.read_text()
    right = "            del self.bill[page]"
    assert right in text
    cache.write_text(text.replace(right, "            pass"))
    done = _run(repository, "-k", "transition")
    assert done.returncode == 1
    assert "let_go(pr1, pa1): the implementation goes to another state" in done.stdout
    assert "payer[pa1]: it has pr1, the specification none" in done.stdout


def test_the_command_prints_a_test_that_fails_as_long_as_the_program_is_wrong(
    repository: Path,
) -> None:
    cache = repository / "cache.py"
    text = cache.read_text()
    cache.write_text(text.replace("self.count[page] += 1", "self.count[page] += 2"))
    command = [sys.executable, "-m", "splitspec", "conform", "test_cache:CACHE", "--color", "never"]
    done = subprocess.run(command, cwd=repository, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    printed = done.stdout.split("as a test:\n\n")[1].partition("\n1 implementation")[0]
    lines = [line.removeprefix("    ") for line in printed.splitlines()]
    (repository / "test_found.py").write_text("\n".join(lines) + "\n")
    assert _run(repository, "test_found.py").returncode == 1
    cache.write_text(text)
    assert _run(repository, "test_found.py").returncode == 0
