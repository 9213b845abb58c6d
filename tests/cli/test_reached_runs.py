"""Runs that `prove` finds at other sizes and constants than those of the model."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from tests.cli.desk import DESK, MODELS
from tests.cli.within import splitspec


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "desk.split").write_text(DESK)
    (tmp_path / "models.toml").write_text(MODELS)
    return tmp_path


def prove(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return splitspec(folder, "prove", *words)


def test_reach_looks_at_the_sizes_at_which_there_is_a_counterexample_too(folder: Path) -> None:
    """At the model's own sizes nobody can have three of two tickets."""
    done = prove(folder, "desk", "--reach")
    assert done.returncode == 1
    assert "violated  desk.two_at_most  3 steps" in done.stdout


def test_a_run_at_other_sizes_than_the_models_is_written_and_read_again(folder: Path) -> None:
    words = ("--reach", "--report", "html=a.html", "--report", "json=a.json")
    assert prove(folder, "desk", *words).returncode == 1
    assert "two_at_most" in (folder / "a.html").read_text()
    (verdict,) = [
        v for v in json.loads((folder / "a.json").read_text())["verdicts"] if v["trace"] is not None
    ]
    assert verdict["trace"]["scope"]["desk.Ticket"] == 3
    seen = splitspec(folder, "view", "a.json", "-o", "b.html")
    assert "desk.two_at_most, 3 steps replayed" in seen.stdout


def test_an_initial_state_at_a_constant_that_the_model_does_not_have_is_written(
    folder: Path,
) -> None:
    """A proof claims every value of a constant, pinned or not, and every size."""
    (folder / "room.split").write_text(
        "module room\n\nsort Guest\nconst limit: nat\nvar inside: nat\n\n"
        "action come(g: Guest) by kernel\n  when room: inside < limit\n  inside += 1\n\n"
        "invariant not_full\n  inside < limit\n"
    )
    (folder / "models.toml").write_text(
        '[room]\nmodule = "room"\nscope = { Guest = 2 }\npins = { limit = 1 }\n'
        "bounds = { inside = 2 }\n"
    )
    done = prove(folder, "room", "--report", "html=a.html", "--report", "json=a.json")
    assert done.returncode == 1, done.stderr
    assert "limit = 0" in done.stdout
    seen = splitspec(folder, "view", "a.json", "-o", "b.html")
    assert "room.not_full, 0 steps replayed" in seen.stdout


LEASES = """module leases

sort Owner
sort Place
var now: nat
var until[Place]: nat

action take(o: Owner, p: Place) by kernel
  until[p] := now + 10

action tick() by hardware
  now += 1

invariant short
  all p: Place: until[p] <= now + 3
"""


def test_a_number_of_the_text_has_room_where_a_step_is_looked_for(folder: Path) -> None:
    """Where nobody says a bound it is three, at which no lease is ever taken: the claim would be
    proved of nothing, and is false at once."""
    (folder / "leases.split").write_text(LEASES)
    (folder / "models.toml").unlink()
    once = prove(folder, "leases.split", "--report", "json=a.json", "--report", "html=a.html")
    assert once.returncode == 3
    assert "until[p1]: 0 → 10" in once.stdout
    seen = splitspec(folder, "view", "a.json", "-o", "b.html")
    assert "leases.short, 1 step replayed" in seen.stdout, seen.stderr
    reached = prove(folder, "leases.split", "--reach", "--report", "json=c.json")
    assert reached.returncode == 1
    assert "violated  leases.short  1 step" in reached.stdout
    seen = splitspec(folder, "view", "c.json", "-o", "d.html")
    assert "leases.short, 1 step replayed" in seen.stdout, seen.stderr


def test_a_constant_has_room_for_the_numbers_of_the_text(folder: Path) -> None:
    (folder / "room.split").write_text(
        "module room\n\nconst limit: nat\nassume wide\n  limit > 5\n\n"
        "invariant wider\n  limit > 6\n"
    )
    (folder / "models.toml").unlink()
    done = prove(folder, "room.split", "--report", "json=a.json", "--report", "html=a.html")
    assert done.returncode == 1, done.stderr
    assert "where  limit = 6" in done.stdout
    seen = splitspec(folder, "view", "a.json", "-o", "b.html")
    assert "room.wider, 0 steps replayed" in seen.stdout, seen.stderr


def test_no_number_but_that_of_a_nat_makes_room_for_another(folder: Path) -> None:
    """The level goes by its own range: each value more of a constant would be a start more."""
    (folder / "tank.split").write_text(
        "module tank\n\nconst drops: nat\nvar level: 0..9\n\n"
        "action fill() by kernel\n  when room: level < 9\n  when shut: level != 3\n"
        "  level += 1\n\ninvariant dry\n  level < 8 or drops < 2\n"
    )
    (folder / "models.toml").write_text('[tank]\nmodule = "tank"\nbounds = { drops = 2 }\n')
    done = prove(folder, "tank", "--reach")
    assert done.returncode == 3
    assert "level: 7 → 8" in done.stdout
    assert "reachability unknown; no run shows it\n" in done.stdout
