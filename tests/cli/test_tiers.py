"""A model's tier says when it is run, and a part of its space is never taken for the whole."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from tests.cli.within import splitspec

# A counter of three binary digits: 8 states in a row, one step between them.
DIGITS = '''\
module digits
  """A binary counter that ends at its largest number."""

sort Digit

var low: bool
var middle: bool
var high: bool
var seen[Digit]: bool                        # written down by somebody

action count_low() by kernel
  when zero: not low
  low := true

action carry() by kernel
  when one:  low
  when zero: not middle
  low := false
  middle := true

action carry_twice() by kernel
  when one:  low and middle
  when zero: not high
  low := false
  middle := false
  high := true

final
  low and middle and high

invariant at_most_six
  """Seven is never reached."""
  not (low and middle and high)

invariant at_most_four
  """Five is never reached."""
  not (low and high)

witness four
  high
'''

TOML = """\
[few]
module = "digits"
bounded = 3
scope = { Digit = 1 }

[[few.runs]]
states = 4
depth = 3

[walked]
module = "digits"
tier = "pr"
simulated = { runs = 20, steps = 3 }
scope = { Digit = 1 }

[all]
module = "digits"
tier = "nightly"
scope = { Digit = 1 }
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "digits.split").write_text(DIGITS)
    (tmp_path / "models.toml").write_text(TOML)
    return tmp_path


def check(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return splitspec(folder, "check", *words)


def documented(folder: Path, *words: str) -> tuple[int, Any]:
    done = check(folder, *words, "--format", "json")
    return done.returncode, json.loads(done.stdout)


def outcomes(document: Any, run: str) -> dict[str, tuple[str, str, bool]]:
    return {
        v["property"]: (v["outcome"], v["assurance"], v["met"])
        for v in document["verdicts"]
        if v["run"] == run
    }


@pytest.mark.parametrize(
    ("tier", "made", "left"),
    [
        ((), ["few"], "note: left to a later tier: walked, all"),
        (("--tier", "commit"), ["few"], "note: left to a later tier: walked, all"),
        (("--tier", "pr"), ["few", "walked"], "note: left to a later tier: all"),
        (("--tier", "nightly"), ["few", "walked", "all"], ""),
    ],
)
def test_a_tier_makes_its_runs_and_those_before_and_says_what_it_left(
    folder: Path, tier: tuple[str, ...], made: list[str], left: str
) -> None:
    done = check(folder, *tier, "--format", "json")
    assert [run["model"] for run in json.loads(done.stdout)["runs"]] == made
    notes = [line for line in done.stderr.splitlines() if "later tier" in line]
    assert notes == ([left] if left else [])


def test_a_named_model_is_run_whatever_its_tier(folder: Path) -> None:
    code, document = documented(folder, "all")
    # The counter gets to seven, by way of five.
    assert code == 1
    assert outcomes(document, "all")["digits.at_most_six"][0] == "violated"


def test_names_and_a_tier_are_not_given_together(folder: Path) -> None:
    done = check(folder, "all", "--tier", "pr")
    assert done.returncode == 2
    assert "name none" in done.stderr


def test_a_bound_of_the_manifest_is_met_and_called_bounded(folder: Path) -> None:
    """Numbers 0 to 3 are 4 states within 3 steps; four takes a step more."""
    code, document = documented(folder, "few")
    assert code == 0
    found = outcomes(document, "few")
    assert found["digits.at_most_four"] == ("holds", "bounded(3 steps)", True)
    assert found["digits.four"][0] == "unknown"
    assert (document["runs"][0]["states"], document["runs"][0]["complete"]) == (4, False)
    assert "limit of depth, as models.toml has it" in check(folder, "few").stdout


def test_a_run_may_have_a_bound_of_its_own(folder: Path) -> None:
    """It wins over the model's, in either direction."""
    own = TOML.replace("states = 4\ndepth = 3", "bounded = 2\nstates = 3\ndepth = 2")
    (folder / "models.toml").write_text(own)
    code, document = documented(folder, "few")
    assert code == 0
    assert outcomes(document, "few")["digits.at_most_four"] == ("holds", "bounded(2 steps)", True)
    (folder / "models.toml").write_text(own.replace("bounded = 3\n", ""))
    assert documented(folder, "few")[0] == 0


def test_less_than_the_bound_is_not_enough(folder: Path) -> None:
    code, document = documented(folder, "few", "--depth", "2")
    assert code == 3
    assert outcomes(document, "few")["digits.at_most_four"][1] == "bounded(2 steps)"


def test_more_than_the_bound_finds_more(folder: Path) -> None:
    code, document = documented(folder, "few", "--depth", "5")
    assert code == 1
    assert outcomes(document, "few")["digits.at_most_four"][0] == "violated"


def test_the_counts_of_a_bounded_run_are_held_to_the_recorded_ones(folder: Path) -> None:
    text = TOML.replace("states = 4", "states = 5")
    (folder / "models.toml").write_text(text)
    done = check(folder, "few")
    assert done.returncode == 4
    assert "drift     states: found 4, models.toml says 5" in done.stdout


def test_other_sizes_have_no_bound(folder: Path) -> None:
    code, document = documented(folder, "few", "--scope", "Digit=2")
    assert code == 1
    assert outcomes(document, "few")["digits.at_most_six"][0] == "violated"


def test_walks_of_the_manifest_are_called_sampled_and_repeat(folder: Path) -> None:
    documents = [documented(folder, "walked") for _ in range(2)]
    for code, document in documents:
        assert code == 0
        (run,) = document["runs"]
        run.pop("seconds")
        assert (run["engine"], run["seed"]) == ("simulation", 0)
        assert outcomes(document, "walked")["digits.at_most_four"][1].startswith("sampled(")
    assert documents[0] == documents[1]
