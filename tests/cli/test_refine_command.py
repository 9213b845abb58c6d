"""`refine --prove --recheck` says what the second solver confirms, leaves open, and refutes."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema  # type: ignore[import-untyped]
import pytest
from tests.cli.within import splitspec

from splitspec.checker.report.document import schema_text
from splitspec.checker.symbolic import cvc5_solver
from splitspec.checker.symbolic.induction import DisagreementError

DOOR = """module door
  \"\"\"A door that is locked before it is left.\"\"\"

var shut: bool                               # it is shut
var locked: bool                             # it is locked

action close() by kernel
  when open: not shut
  shut := true

action lock() by kernel
  when shut: shut
  when unlocked: not locked
  locked := true

invariant locked_is_shut
  \"\"\"A door that is locked is shut.\"\"\"
  locked implies shut

refinement door of gate_post
  let safe = locked and shut
  close() is stutter
  lock() is secure()
"""
POST = """module gate_post
  \"\"\"What is safe stays so.\"\"\"

var safe: bool                               # nobody comes in

action secure() by kernel
  when unsafe: not safe
  safe := true
"""
PROVED = ("refine", "door.split", "--prove", "--cache", "off")


@pytest.fixture
def door(tmp_path: Path) -> Path:
    (tmp_path / "door.split").write_text(DOOR)
    (tmp_path / "gate_post.split").write_text(POST)
    return tmp_path


def test_all_that_is_proved_is_proved_again_and_said_to_be(door: Path) -> None:
    once, twice = splitspec(door, *PROVED), splitspec(door, *PROVED, "--recheck")
    assert (once.returncode, twice.returncode) == (0, 0), twice.stderr
    assert "cvc5 alone" not in once.stdout
    document = json.loads(splitspec(door, *PROVED, "--recheck", "--format", "json").stdout)
    jsonschema.validate(document, json.loads(schema_text()))
    proved = [o for o in document["obligations"] if o["rechecked"]]
    assert len(proved) == len(document["obligations"]) > 0
    assert f"{len(proved)} proved again by cvc5 alone" in twice.stdout
    (run,) = document["runs"]
    assert run["rechecked"]
    assert run["unconfirmed"] == []


def test_what_is_proved_for_any_size_needs_none(door: Path) -> None:
    """An exploration does: there is no size that would be right."""
    post = """module gate_post
import doors
var safe[Door]: bool
action secure(d: Door) by kernel
  when unsafe: not safe[d]
  safe[d] := true
"""
    many = """module door
import doors
const most: nat
var locked[Door]: bool
action lock(d: Door) by kernel
  when unlocked: not locked[d]
  locked[d] := true
refinement door of gate_post
  let safe[d] = locked[d]
  lock(d) is secure(d)
"""
    (door / "doors.split").write_text("module doors\nsort Door\n")
    (door / "gate_post.split").write_text(post)
    (door / "door.split").write_text(many)
    done = splitspec(door, *PROVED)
    assert done.returncode == 0, done.stderr
    assert " · any size" in done.stdout
    explored = splitspec(door, "refine", "door.split")
    assert explored.returncode == 2
    assert "no size for `Door`" in explored.stderr


def test_what_the_second_solver_leaves_open_is_no_pass(
    door: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is taken from the model alone has to be confirmed as well, so that a square which rests
    on it is not proved, or is open itself."""
    monkeypatch.setattr(cvc5_solver._Talk, "say", lambda *_: "unknown")
    done = splitspec(door, *PROVED, "--recheck")
    assert done.returncode == 3, done.stdout
    assert ", by cvc5: unknown" in done.stdout
    assert splitspec(door, *PROVED).returncode == 0


def test_a_second_solver_that_refutes_what_is_proved_ends_the_run(
    door: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cvc5_solver._Talk, "say", lambda *_: "sat")
    with pytest.raises(DisagreementError, match="the other refutes it"):
        splitspec(door, *PROVED, "--recheck")


def test_nothing_is_proved_again_that_is_explored(door: Path) -> None:
    done = splitspec(door, "refine", "door.split", "--recheck")
    assert done.returncode == 2
    assert "'--recheck': nothing is proved without --prove" in " ".join(done.stderr.split())


def test_a_size_of_no_sort_is_refused_and_not_passed_over(door: Path) -> None:
    done = splitspec(door, "refine", "door.split", "--scope", "Door=9")
    assert done.returncode == 2, done.stdout
    assert "no sort is named Door" in done.stderr
