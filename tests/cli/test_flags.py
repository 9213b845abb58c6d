"""Each flag narrows or bounds what is checked, says so, and never makes a pass of what is left
out.
"""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
from tests.cli.within import splitspec

LOCK = '''\
module lock
  """Two containers and one lock."""

sort Container                               # who wants the lock

var holder: Container?                       # who holds it

action take(c: Container) by kernel for c
  when free: holder = none
  holder := c

action leave(c: Container) by container[c]
  when mine: holder = c                                      @kernel
  holder := none

invariant held_by_one
  """A holder is alone."""
  all c, d: Container: holder = c and holder = d implies c = d
'''

ROOMS = '''\
module rooms
  """Lights that go on once, and notes of them."""

sort Room

var lit[Room]: bool                          # which rooms have light
var noted[Room]: bool                        # which lights somebody wrote down

action light(r: Room) by kernel
  when dark: not lit[r]
  lit[r] := true

action note(r: Room) by kernel
  when lit: lit[r]
  noted[r] := true

action rewire(r: Room) by host hostile
  when dark:     not lit[r]                                  @kernel
  when possible: lit[r]                                      @kernel
  lit[r] := false

final
  all r: Room: lit[r]

invariant lit_before_noted
  """Only a light that is on is written down."""
  all r: Room: noted[r] implies lit[r]

invariant lit_or_dark
  all r: Room: lit[r] or not lit[r]

witness a_room_is_lit
  some r: Room: lit[r]

witness all_are_lit given honest host
  all r: Room: lit[r]

variant noted_in_the_dark of rooms
  """Writing down a light that is not on."""
  drop note.lit
  expect violated lit_before_noted within 1 steps

variant lit_twice of rooms
  """Nothing is wrong with it."""
  drop light.dark
  expect redundant
'''

# A room is dark, lit, or lit and noted: 3^2 states, and one step for each room in each.
MODELS = """\
[lock]
module = "lock"
scope = { Container = 2 }

[rooms]
module = "rooms"
scope = { Room = 2 }
idle = { "rooms.rewire" = "it contradicts itself" }

[[rooms.runs]]
given = []
states = 9
transitions = 18
depth = 4
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "lock.split").write_text(LOCK)
    (tmp_path / "rooms.split").write_text(ROOMS)
    (tmp_path / "models.toml").write_text(MODELS)
    return tmp_path


def document(done: subprocess.CompletedProcess[str]) -> Any:
    return json.loads(done.stdout)


def titles(done: subprocess.CompletedProcess[str]) -> list[str]:
    return [run["id"] for run in document(done)["runs"]]


def test_without_flags_every_run_is_as_the_manifest_says(folder: Path) -> None:
    done = splitspec(folder, "check", "--symmetry", "off", "--format", "json")
    assert done.returncode == 0, done.stdout
    assert titles(done) == ["lock", "rooms", "rooms given host"]
    assert document(done)["runs"][1]["states"] == 9


def test_sizes_are_for_the_models_that_have_the_sort(folder: Path) -> None:
    done = splitspec(folder, "check", "--scope", "Room=1", "--format", "json")
    assert done.returncode == 4, "what is idle is known of the manifest's own sizes"
    scopes = [run["scope"] for run in document(done)["runs"]]
    assert scopes == [{"lock.Container": 2}, {"rooms.Room": 1}, {"rooms.Room": 1}]


def test_properties_are_for_the_models_that_have_them(folder: Path) -> None:
    done = splitspec(folder, "check", "--property", "a_room_*", "--format", "json")
    assert done.returncode == 0, done.stdout + done.stderr
    assert titles(done) == ["rooms"]
    nowhere = splitspec(folder, "check", "--property", "a_rom_is_lit")
    assert nowhere.returncode == 2
    assert "no property is named a_rom_is_lit; did you mean a_room_is_lit?" in nowhere.stderr


def test_counts_of_the_manifest_are_those_of_all_properties(folder: Path) -> None:
    """Notes are sliced away with the property that reads them: a room is dark or lit."""
    words = ("check", "rooms", "--property", "lit_or_dark", "--symmetry", "off")
    done = splitspec(folder, *words, "--format", "json")
    assert done.returncode == 0, done.stdout + done.stderr
    (run,) = document(done)["runs"]
    assert (run["states"], run["transitions"], run["sliced"]) == (4, 8, ["rooms.noted"])
    assert run["drift"] == []


def test_counts_of_the_manifest_are_those_of_the_slice(folder: Path) -> None:
    words = ("check", "rooms", "--given", "none", "--symmetry", "off", "--format", "json")
    whole = splitspec(folder, *words, "--no-slice")
    assert whole.returncode == 0, whole.stdout + whole.stderr
    wrong = MODELS.replace("states = 9", "states = 8")
    (folder / "models.toml").write_text(wrong)
    assert splitspec(folder, *words).returncode == 4
    assert splitspec(folder, *words, "--no-slice").returncode == 0


def test_a_given_leaves_the_runs_with_exactly_these_actors(folder: Path) -> None:
    assert titles(splitspec(folder, "check", "--given", "host", "--format", "json")) == [
        "rooms given host"
    ]
    assert titles(splitspec(folder, "check", "--given", "none", "--format", "json")) == [
        "lock",
        "rooms",
    ]
    nowhere = splitspec(folder, "check", "--given", "container", "--format", "json")
    assert nowhere.returncode == 5
    assert titles(nowhere) == []
    assert "no run fits --given container" in nowhere.stderr


def test_a_vacuity_is_not_stale_because_its_run_was_not_made(folder: Path) -> None:
    """An honest host takes no hostile action, so the run with it cannot find one idle."""
    assert splitspec(folder, "check", "rooms", "--given", "host").returncode == 0
    assert splitspec(folder, "check", "rooms", "--depth", "1").returncode == 3
    told = MODELS.replace('"rooms.rewire" =', '"rooms.note" = "wrong", "rooms.rewire" =')
    (folder / "models.toml").write_text(told)
    stale = splitspec(folder, "check", "rooms")
    assert stale.returncode == 4
    assert "rooms: rooms.note is marked idle and is not" in stale.stderr


def test_variants_are_narrowed_by_what_they_break_and_for_whom(folder: Path) -> None:
    broken = splitspec(folder, "check", "--variants", "-p", "lit_before_*", "--format", "json")
    assert broken.returncode == 0, broken.stdout + broken.stderr
    assert titles(broken) == ["rooms with noted_in_the_dark"]
    honest = splitspec(folder, "check", "--variants", "--given", "host", "--format", "json")
    assert titles(honest) == ["rooms with lit_twice given host"]


def test_a_variant_that_had_no_time_to_fail_is_unknown(folder: Path) -> None:
    text = ROOMS.replace("  when lit: lit[r]\n", "  when never: lit[r] and not lit[r]\n", 1)
    text = text.replace("  drop note.lit\n", "  drop light.dark\n")
    (folder / "rooms.split").write_text(text)
    words = ("check", "rooms", "--variant", "noted_in_the_dark")
    assert splitspec(folder, *words).returncode == 4
    early = splitspec(folder, *words, "--depth", "1")
    assert early.returncode == 3
    assert "bounded(1 steps) · expected to break" in early.stdout


@pytest.mark.parametrize(
    ("flag", "value", "said"),
    [
        ("--depth", "1", "limit of depth"),
        ("--max-states", "2", "limit of states"),
        ("--timeout", "0.001", "limit of time"),
    ],
)
def test_a_limit_is_named_and_is_no_pass(folder: Path, flag: str, value: str, said: str) -> None:
    words = ("check", "rooms", "--given", "none", "-p", "lit_*", "--scope", "Room=9")
    done = splitspec(folder, *words, flag, value, "--symmetry", "off")
    assert done.returncode == 3, done.stdout + done.stderr
    assert f"incomplete: {said}" in done.stdout


def test_a_model_named_twice_is_checked_once(folder: Path) -> None:
    done = splitspec(folder, "check", "lock", "lock", "--format", "json")
    assert titles(done) == ["lock"]


def test_quiet_shows_what_is_not_as_expected(folder: Path) -> None:
    """Two verdicts of the lock, four of the rooms, and two of the rooms with an honest host."""
    good = splitspec(folder, "check", "-q")
    assert good.stdout == "3 of 3 runs as expected, 8 verdicts · exit 0\n"
    (folder / "lock.split").write_text(LOCK.replace("  when free: holder = none\n", ""))
    assert splitspec(folder, "check", "lock", "-q").returncode == 0
    (folder / "rooms.split").write_text(ROOMS.replace("when lit: lit[r]", "when lit: true"))
    bad = splitspec(folder, "check", "-q")
    assert bad.returncode == 1
    assert "lock · " not in bad.stdout
    assert "counterexample to rooms.lit_before_noted" in bad.stdout


def test_progress_goes_to_stderr_and_results_to_stdout(folder: Path) -> None:
    words = ("check", "rooms", "--scope", "Room=9", "--format", "json")
    shown = splitspec(folder, *words, "--progress", "always")
    assert [run["states"] > 9 for run in document(shown)["runs"]] == [True, True]
    assert "exploring · depth" in shown.stderr
    assert splitspec(folder, *words, "--progress", "never").stderr == ""


def test_color_is_asked_for_or_left_out(folder: Path) -> None:
    assert "\x1b[" in splitspec(folder, "check", "lock", "--color", "always").stdout
    assert "\x1b[" not in splitspec(folder, "check", "lock", "--color", "never").stdout


def test_a_simulation_prints_the_command_that_repeats_it(folder: Path) -> None:
    words = ("simulate", "rooms", "--runs", "50", "--given", "none", "-p", "lit_*")
    first = splitspec(folder, *words)
    (line,) = [line for line in first.stdout.splitlines() if line.startswith("repeat: ")]
    command = line.removeprefix("repeat: ").partition(" · ")[0]
    again = splitspec(folder, *shlex.split(command)[1:])
    assert figures(again) == figures(first)
    assert again.stdout.splitlines()[-1] == first.stdout.splitlines()[-1]


def figures(done: subprocess.CompletedProcess[str]) -> list[str]:
    """Return what was printed but for the times."""
    return [re.sub(r", [0-9.]+ s\b", "", line) for line in done.stdout.splitlines()]


def test_walks_say_what_none_of_them_showed(folder: Path) -> None:
    done = splitspec(folder, "simulate", "rooms", "--given", "none", "--seed", "1", "-v")
    assert "coverage points seen" in done.stdout
    assert "note      action rooms.rewire was not seen enabled" in done.stdout
    assert "rooms.note was not seen" not in done.stdout


def test_a_variant_is_simulated_whatever_the_length_of_its_walk(folder: Path) -> None:
    words = ("simulate", "rooms", "--variant", "noted_in_the_dark", "--seed", "3")
    done = splitspec(folder, *words)
    assert done.returncode == 0, done.stdout
    assert "rooms.lit_before_noted" in done.stdout
    assert "as expected" in done.stdout
