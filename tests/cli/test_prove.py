"""`splitspec prove` as a process: streams, exit codes, and JSON against its schema."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import jsonschema  # type: ignore[import-untyped]
import pytest
from tests.cli.within import splitspec

from splitspec.checker.report.document import schema_text

SEATS = """module seats
  \"\"\"Seats and those who sit on them.\"\"\"

sort Thread
sort Seat

var seat[Thread]: Seat?

action sit(t: Thread, s: Seat) by kernel
  when free: all u: Thread: seat[u] != s
  seat[t] := s

action swap(t: Thread, u: Thread, s: Seat) by kernel
  when mine: seat[t] = s
  when other: t != u
  seat[u] := s
  seat[t] := none

invariant one_a_seat
  \"\"\"No two threads share a seat.\"\"\"
  all t, u: Thread, s: Seat: seat[t] = s and seat[u] = s implies t = u
"""

MODELS = """[seats]
module = "seats"
scope = { Thread = 2, Seat = 2 }
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "seats.split").write_text(SEATS)
    (tmp_path / "models.toml").write_text(MODELS)
    return tmp_path


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return splitspec(folder, "prove", *words)


def loosen(folder: Path) -> None:
    text = SEATS.replace("  when free: all u: Thread: seat[u] != s\n", "")
    (folder / "seats.split").write_text(text)


def test_a_proof_exits_0_and_says_any_size(folder: Path) -> None:
    done = run(folder, "seats")
    assert done.returncode == 0, done.stderr
    assert "any size" in done.stdout
    assert "holds     1 invariant · proved" in done.stdout


def test_a_failed_proof_exits_3_and_never_says_violated(folder: Path) -> None:
    loosen(folder)
    done = run(folder, "seats")
    assert done.returncode == 3
    assert "counterexample to induction" in done.stdout
    assert "reachability unknown" in done.stdout
    assert "violated" not in done.stdout


def test_reach_turns_it_into_a_violation_when_there_is_a_run(folder: Path) -> None:
    loosen(folder)
    done = run(folder, "seats", "--reach")
    assert done.returncode == 1
    assert "violated  seats.one_a_seat  2 steps" in done.stdout


def test_bounded_runs_exit_1_with_the_shortest_run_and_else_3(folder: Path) -> None:
    loosen(folder)
    done = run(folder, "seats", "--bmc", "3")
    assert done.returncode == 1
    assert "violated  seats.one_a_seat  2 steps" in done.stdout
    assert run(folder, "seats", "--bmc", "1").returncode == 3  # Nothing is said of longer runs.


@pytest.mark.parametrize("words", [("--bmc", "4"), ("--bmc", "4", "--reach")])
def test_bounded_runs_obey_a_budget_of_steps(folder: Path, words: tuple[str, ...]) -> None:
    """Without a budget they have no limit; with a small one nothing is said to hold."""
    free = json.loads(run(folder, "seats", *words, "--format", "json").stdout)
    bound = run(folder, "seats", *words, "--steps", "1", "--format", "json")
    (holds,) = [v for v in free["verdicts"] if v["property"] == "seats.one_a_seat"]
    (unknown,) = [
        v for v in json.loads(bound.stdout)["verdicts"] if v["property"] == "seats.one_a_seat"
    ]
    assert holds["outcome"] == "holds"
    assert (unknown["outcome"], bound.returncode) == ("unknown", 3)
    assert "the solver does not know" in unknown["reason"]


def test_finite_proofs_name_the_scope(folder: Path) -> None:
    done = run(folder, "seats", "--finite", "--scope", "Thread=3")
    assert done.returncode == 0
    assert "proved-finite(Thread=3, Seat=2)" in done.stdout


def test_nothing_to_prove_is_no_pass(folder: Path) -> None:
    (folder / "seats.split").write_text(SEATS.partition("invariant")[0])
    assert run(folder, "seats").returncode == 5


def test_a_module_without_a_manifest_needs_no_sizes(folder: Path) -> None:
    (folder / "models.toml").unlink()
    assert run(folder, "seats.split").returncode == 0


def test_a_module_without_a_manifest_needs_no_bounds(folder: Path) -> None:
    """A proof for any size makes no use of them; one at a scope says which it had."""
    (folder / "models.toml").unlink()
    counting = "const limit: nat\nvar sat: nat\nvar seat[Thread]: Seat?\n"
    text = SEATS.replace("var seat[Thread]: Seat?\n", counting)
    text = text.replace("  seat[t] := s\n", "  when few: sat < limit\n  seat[t] := s\n  sat += 1\n")
    (folder / "seats.split").write_text(f"{text}\ninvariant limited\n  sat <= limit\n")
    done = run(folder, "seats.split")
    assert done.returncode == 0, done.stderr
    assert "2 invariants · proved" in done.stdout
    finite = run(folder, "seats.split", "--finite").stdout
    assert "proved-finite(Thread=2, Seat=2, limit<=3, sat<=3)" in finite
    checked = splitspec(folder, "check", "seats.split", "--scope", "Thread=2", "--scope", "Seat=2")
    assert checked.returncode == 2
    assert "no bound for `sat`" in checked.stderr


def test_a_variant_without_a_manifest_needs_no_sizes(folder: Path) -> None:
    """What it leaves out stands beside the step that it lets happen. Recorded sizes still count."""
    hasty = """
variant hasty of seats
  \"\"\"Nobody looks whether a seat is free.\"\"\"
  drop sit.free
  expect violated one_a_seat
"""
    (folder / "seats.split").write_text(SEATS + hasty)
    recorded = f"{MODELS}\n[seats.variants.hasty]\nscope = {{ Thread = 3 }}\n"
    (folder / "models.toml").write_text(recorded)
    at_its_sizes = run(folder, "seats", "--variant", "hasty", "--finite").stdout
    assert "seats with hasty · hostile host and containers · Thread=3 Seat=2" in at_its_sizes
    (folder / "models.toml").unlink()
    done = run(folder, "seats.split", "--variants")
    assert done.returncode == 0, done.stderr
    assert "left out by the variant hasty" in done.stdout
    exported = splitspec(folder, "export", "seats.split", "--variant", "hasty")
    assert exported.returncode == 0, exported.stderr


@pytest.mark.parametrize("words", [(), ("--finite",), ("--recheck",), ("--bmc", "2")])
def test_json_is_one_document_of_the_published_schema(folder: Path, words: tuple[str, ...]) -> None:
    loosen(folder)
    done = run(folder, "seats", "--format", "json", *words)
    document = json.loads(done.stdout)
    jsonschema.validate(document, json.loads(schema_text()))
    (verdict,) = [v for v in document["verdicts"] if v["property"] == "seats.one_a_seat"]
    assert not verdict["met"]
    if not words:
        assert verdict["induction"]["reachability"] == "unknown"
        assert {o["status"] for o in document["obligations"]} == {"proved", "refuted"}


def test_a_small_budget_gives_the_same_unknown_twice(folder: Path) -> None:
    def document() -> object:
        done = run(folder, "seats", "--steps", "1", "--format", "json")
        found = json.loads(done.stdout)
        return [(o["claim"], o["action"], o["status"], o["reason"]) for o in found["obligations"]]

    assert document() == document()


@pytest.mark.parametrize("words", [("--finite",), ()])
def test_a_spent_budget_is_said_in_words(folder: Path, words: tuple[str, ...]) -> None:
    """cvc5 proves so small a thing with one step, so that only the finite proof fails."""
    done = run(folder, "seats", "--steps", "1", *words)
    assert ("initially: its budget of steps is spent" in done.stdout) == bool(words)
    assert "canceled" not in done.stdout


def test_bounded_runs_do_not_speak_of_obligations(folder: Path) -> None:
    done = run(folder, "seats", "--bmc", "1")
    assert "obligation" not in done.stdout
    assert "1 proof as expected · exit 3" in done.stdout


def test_mutate_says_what_is_not_proved_with_all_guards(folder: Path) -> None:
    unproved = "\ninvariant nobody_sits\n  all t: Thread: seat[t] = none\n"
    (folder / "seats.split").write_text(SEATS + unproved)
    done = splitspec(folder, "mutate", "seats")
    assert done.returncode == 3
    assert "not proved with all guards: seats.nobody_sits" in done.stdout
    assert "with all guards: seats.one_a_seat" not in done.stdout


def test_mutate_says_of_no_guard_that_it_carries_what_is_not_proved(folder: Path) -> None:
    """`free` is used for a part of a claim that fails by itself: nothing is lost without it."""
    swapped = "  seat[u] := s\n  seat[t] := none\n"
    (folder / "seats.split").write_text(SEATS.replace(swapped, "  seat[u] := s\n"))
    done = splitspec(folder, "mutate", "seats", "--explore")
    assert done.returncode == 3
    assert "nothing is proved with all guards" in done.stdout
    assert "seats.sit.free    used for what is not proved: seats.one_a_seat" in done.stdout
    assert "carrying" not in done.stdout
    assert "redundant" not in done.stdout
    assert "shown by a run" not in done.stdout
    told = splitspec(folder, "mutate", "seats", "--format", "json")
    document = json.loads(told.stdout)
    jsonschema.validate(document, json.loads(schema_text()))
    (mutation,) = document["mutations"]
    (free,) = [mutant for mutant in mutation["mutants"] if mutant["guard"] == "free"]
    assert (free["lost"], free["unfinished"]) == ([], ["seats.one_a_seat"])
    assert not free["redundant"]


@pytest.mark.parametrize("command", ["prove", "mutate", "stability"])
def test_where_nothing_is_claimed_a_line_says_so(folder: Path, command: str) -> None:
    (folder / "seats.split").write_text(SEATS.partition("invariant")[0])
    done = splitspec(folder, command, "seats")
    assert done.returncode == 5
    assert done.stdout.endswith(" · exit 5\n")


def test_bounded_runs_are_of_systems_of_which_something_is_claimed(folder: Path) -> None:
    """Nothing is claimed of a hostile container, so that there is nothing to follow."""
    honest = SEATS.replace("invariant one_a_seat", "invariant one_a_seat given honest container")
    text = honest.replace("  seat[u] := s\n  seat[t] := none\n", "  seat[t] := none\n")
    witness = "\nwitness somebody_sits given honest container\n  some t: Thread: seat[t] != none\n"
    (folder / "seats.split").write_text(text + witness)
    done = run(folder, "seats", "--bmc", "2", "-p", "somebody_sits")
    assert done.returncode == 0, done.stdout
    assert "hostile" not in done.stdout
    both = run(folder, "seats", "--bmc", "2")
    assert "0 of 1 proof as expected · exit 3" in both.stdout


def test_a_property_that_is_not_there_is_a_usage_error(folder: Path) -> None:
    done = run(folder, "seats", "--property", "one_seat")
    assert done.returncode == 2
    assert "did you mean one_a_seat" in done.stderr


@pytest.mark.parametrize(
    ("first", "other"),
    [
        (("--bmc", "2"), ("--recheck",)),
        (("--bmc", "2"), ("--finite",)),
        (("--bmc", "2"), ("--k-induction", "2")),
        (("--bmc", "2"), ("--suggest",)),
        (("--suggest",), ("--recheck",)),
        (("--suggest",), ("--finite",)),
        (("--suggest",), ("--reach",)),
        (("--suggest",), ("--k-induction", "2")),
    ],
)
def test_an_option_that_would_have_no_effect_is_refused(
    folder: Path, first: tuple[str, ...], other: tuple[str, ...]
) -> None:
    done = run(folder, "seats", *first, *other)
    assert done.returncode == 2
    assert f"'{first[0]}': {other[0]} would have no effect on it" in done.stderr


def test_mutate_says_which_guards_no_run_needs(folder: Path) -> None:
    """`free` carries nothing that is claimed given an honest host, and all that is claimed else."""
    honest = "\ninvariant anything given honest host\n  all t: Thread: seat[t] = none or true\n"
    text = SEATS.replace("  when other: t != u\n", "  when other: t != u\n  when more: t != u\n")
    (folder / "seats.split").write_text(text + honest)
    done = splitspec(folder, "mutate", "seats")
    assert done.returncode == 0, done.stdout
    assert "seats.sit.free    redundant" in done.stdout
    end = done.stdout[done.stdout.index("of the 4 guards of seats, no run needs any one of") :]
    assert "seats.sit.free" not in end
    assert "seats.swap.other" in end


def test_mutate_names_what_each_guard_carries_and_shows_a_run(folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "splitspec", "mutate", "seats", "--explore", "--format", "json"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    jsonschema.validate(document, json.loads(schema_text()))
    (mutation,) = document["mutations"]
    by_guard = {mutant["guard"]: mutant for mutant in mutation["mutants"]}
    assert by_guard["free"]["lost"] == ["seats.one_a_seat"]
    assert by_guard["free"]["steps"] == 2
    assert by_guard["mine"]["lost"] == ["seats.one_a_seat"]


def test_stability_says_of_what_is_open_under_every_seed_that_it_is_not_luck(folder: Path) -> None:
    loosen(folder)
    done = splitspec(folder, "stability", "seats", "--seeds", "2")
    assert done.returncode == 3
    assert "0 unstable" in done.stdout
    assert "open      1 obligation proved under no seed; `splitspec prove` says why" in done.stdout


def test_stability_proves_under_every_seed(folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "splitspec", "stability", "seats", "--seeds", "3"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert "0 unstable" in done.stdout
