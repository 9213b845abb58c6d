"""What makes a run worth less is a finding, though its outcome, and the words of its assurance,
stay what they were."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.gate.conftest import Splitspec

WALKED = """
[walked]
module = "desk"
tier = "{tier}"
scope = {{ Person = 2, Key = 2 }}
unproved = "it is a test"
unrefined = "it is a test"
simulated = {{ runs = 20, steps = 50 }}
"""
LOCKER = '''module locker
  """Lockers, and those who rent them: some of the people who come, and others."""

import people

sort Person

var rents[Person]: bool                      # the person has a locker

action rent(p: Person) by kernel
  when without: not rents[p]
  rents[p] := true

action leave(p: Person) by kernel
  when with_one: rents[p]
  rents[p] := false

witness somebody_rents
  some p: Person: rents[p]
'''
RENTED = """
[locker]
module = "locker"
scope = { "people.Person" = 3, "locker.Person" = 2 }
unproved = "it is a test"
simulated = { runs = 20, steps = 50 }
"""


def append(path: Path, text: str) -> None:
    path.write_text(path.read_text() + text)


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


NOTHING = """
[nobody]
module = "people"
scope = { Person = 2 }
unproved = "it is a test"
"""


@pytest.mark.parametrize("tier", ["commit", "nightly"])
@pytest.mark.parametrize(
    ("steps", "found"),
    [
        ("steps = 5 ", "weaker      explored walked: walk: accepted 50, found 5\n"),
        ("steps = 60 ", "drifted     explored walked: walk: accepted 50, found 60\n"),
    ],
    ids=["shorter", "longer"],
)
def test_shorter_walks_are_a_loss_whenever_they_are_due(
    tier: str, steps: str, found: str, project: Path, splitspec: Splitspec
) -> None:
    """As many walks as before hold as much as before, and see less."""
    append(project / "models.toml", WALKED.format(tier=tier))
    assert splitspec("lock", "walked", "--tier", tier).returncode == 0
    assert splitspec("gate").returncode == 0
    edit(project / "models.toml", "steps = 50 ", steps)
    done = splitspec("gate")
    assert done.returncode == 4, done.stdout
    assert found in done.stdout


def test_sizes_of_two_sorts_of_one_name_are_told_apart(project: Path, splitspec: Splitspec) -> None:
    (project / "locker.split").write_text(LOCKER)
    append(project / "models.toml", RENTED)
    assert splitspec("lock", "locker").returncode == 0
    assert splitspec("gate").returncode == 0
    edit(project / "models.toml", '"people.Person" = 3', '"people.Person" = 1')
    done = splitspec("gate")
    assert done.returncode == 4, done.stdout
    assert "weaker      explored locker: scope: people.Person was 3, is 1\n" in done.stdout


def test_a_model_that_claims_nothing_is_nothing_to_accept(
    project: Path, splitspec: Splitspec
) -> None:
    """`people` has a sort, and neither steps nor claims."""
    append(project / "models.toml", NOTHING)
    before = (project / "splitspec.lock").read_text()
    done = splitspec("lock", "nobody")
    assert done.returncode == 5, done.stdout
    assert "empty       explored nobody: nothing is claimed that it could decide" in done.stdout
    assert (project / "splitspec.lock").read_text() == before
