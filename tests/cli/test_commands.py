"""The command line as a user meets it: a real process, its two streams and its exit code."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import jsonschema  # type: ignore[import-untyped]
import pytest

from splitspec.checker.report.document import schema_text

LOCK = '''\
module lock
  """Two containers and one lock."""

sort Container                               # who wants the lock

var holder: Container?                       # who holds it
var inside[Container]: bool                  # who is in the critical section

action take(c: Container) by kernel for c
  when free: holder = none
  holder := c

action enter(c: Container) by container[c]
  when mine: holder = c                                      @kernel
  inside[c] := true

action leave(c: Container) by container[c]
  when busy: inside[c]                                       @kernel
  inside[c] := false
  holder := none

invariant one_inside
  """At most one container is inside."""
  all c, d: Container: inside[c] and inside[d] implies c = d

witness someone_inside
  some c: Container: inside[c]

variant unguarded of lock
  """Entering without the lock."""
  drop enter.mine
  expect violated one_inside within 2 steps

variant unfree of lock
  """Taking a lock that is held."""
  drop take.free
  expect violated one_inside within 1 steps
'''

MODELS = """\
[lock]
module = "lock"
scope = { Container = 2 }

[[lock.runs]]
given = []
states = 5
transitions = 8
depth = 2
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "lock.split").write_text(LOCK)
    (tmp_path / "models.toml").write_text(MODELS)
    return tmp_path


def splitspec(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "splitspec", *words],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_a_model_that_holds_ends_in_zero_and_says_how_sure_it_is(folder: Path) -> None:
    """States: none, two holders, two inside: 5. Transitions: take 2; holding: enter 1 each; inside:
    enter and leave each: 2 + 2 + 4 = 8. The deepest state is two steps away.
    """
    done = splitspec(folder, "check", "lock", "--symmetry", "off")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "5 states, 8 transitions, depth 2" in done.stdout
    assert "exhaustive(Container=2)" in done.stdout
    assert "exit 0" in done.stdout


def test_a_tiny_model_is_answered_by_the_evaluator_and_says_so(folder: Path) -> None:
    document = json.loads(splitspec(folder, "check", "lock", "--format", "json").stdout)
    (run,) = document["runs"]
    assert (run["engine"], run["symmetry"], run["states"]) == ("evaluator", False, 5)


def test_symmetry_leaves_one_state_of_each_orbit(tmp_path: Path) -> None:
    """A container of `lifecycle` has 8 states of its own, whatever the other two do: 8 ** 3 states.

    An orbit is a multiset of three of them: 10! / (3! 7!) = 120.
    """
    words = ("check", "lifecycle", "--format", "json", "--given", "none")
    reduced = json.loads(splitspec(tmp_path, *words).stdout)["runs"][0]
    assert (reduced["engine"], reduced["symmetry"], reduced["states"]) == ("native", True, 120)
    full = json.loads(splitspec(tmp_path, *words, "--symmetry", "off").stdout)["runs"][0]
    assert (full["engine"], full["symmetry"], full["states"]) == ("native", False, 512)


def test_a_variant_that_fails_as_expected_is_met_and_shown(folder: Path) -> None:
    done = splitspec(folder, "check", "lock", "--variant", "unguarded")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "counterexample to lock.one_inside" in done.stdout
    assert "inside[c] and inside[d] implies c = d" in done.stdout
    assert "2 steps · as expected" in done.stdout


def test_a_variant_that_fails_too_late_is_a_policy_failure(folder: Path) -> None:
    done = splitspec(folder, "check", "lock", "--variants")
    assert done.returncode == 4
    assert "expected at most 1" in done.stdout


def test_a_violation_ends_in_one_and_comes_as_json_with_its_trace(folder: Path) -> None:
    wrong = LOCK.replace("  when free: holder = none\n", "")
    (folder / "lock.split").write_text(wrong.split("variant unguarded")[0])
    done = splitspec(folder, "check", "lock", "--format", "json")
    assert done.returncode == 1
    document = json.loads(done.stdout)
    jsonschema.validate(document, json.loads(schema_text()))
    (violated,) = [v for v in document["verdicts"] if v["outcome"] == "violated"]
    assert violated["property"] == "lock.one_inside"
    assert len(violated["trace"]["steps"]) == 4  # take, enter, take again, enter


def test_json_of_a_good_run_follows_the_published_schema(folder: Path) -> None:
    done = splitspec(folder, "check", "--format", "json")
    document = json.loads(done.stdout)
    jsonschema.validate(document, json.loads(schema_text()))
    assert {verdict["outcome"] for verdict in document["verdicts"]} == {"holds", "reached"}


def test_counts_that_drift_from_the_manifest_are_a_policy_failure(folder: Path) -> None:
    (folder / "models.toml").write_text(MODELS.replace("states = 5", "states = 6"))
    done = splitspec(folder, "check", "lock", "--symmetry", "off")
    assert done.returncode == 4
    assert "states: found 5, models.toml says 6" in done.stdout


def test_a_limit_ends_in_unknown_and_not_in_holds(folder: Path) -> None:
    done = splitspec(folder, "check", "lock", "--max-states", "2", "--symmetry", "off")
    assert done.returncode == 3, done.stdout + done.stderr
    assert "incomplete: limit of states" in done.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("check", "locks"), "did you mean lock?"),
        (("check", "lock", "--property", "one_inside_"), "did you mean one_inside?"),
        (("check", "lock", "--variant", "nothing"), "no variant is named nothing"),
        (("check", "lock", "--scope", "Container=0"), "is not SORT=NUMBER"),
        (("check", "lock", "--scope", "Page=2"), "no sort is named Page; there is: Container"),
        (("check", "missing.split"), "there is no file missing.split"),
        (("check", "lock", "--scope", "Containr=2"), "did you mean Container?"),
        (("check", "lock", "--given", "hots"), "name host, container or none"),
        (("check", "lock", "--given", "none,host"), "none stands alone"),
        (("check", "lock", "--variant", "unfree", "--variants"), "give one of the two"),
        (("check", "lock", "--depth", "0"), "'--depth'"),
        (("check", "lock", "--max-states", "many"), "'--max-states'"),
        (("check", "lock", "--timeout", "-1"), "'--timeout'"),
        (("check", "lock", "--memory", "1K"), "at least 1M"),
        (("check", "lock", "--memory", "12X"), "write 800M or 12G"),
        (("check", "lock", "--workers", "0"), "'--workers'"),
        (("check", "lock", "--workers", "100000"), "'--workers'"),
        (("check", "lock", "--format", "xml"), "'--format'"),
        (("check", "lock", "--color", "blue"), "'--color'"),
        (("check", "lock", "--progress", "slow"), "'--progress'"),
        (("check", "lock", "--symmetry", "perhaps"), "'--symmetry'"),
        (("check", "lock", "--nonsense"), "--nonsense"),
        (("simulate", "lock", "--seed", "x"), "'--seed'"),
        (("simulate", "lock", "--runs", "0"), "'--runs'"),
        (("simulate", "lock", "--depth", "0"), "'--depth'"),
        (("simulate", "lock", "--variant", "unfreed"), "did you mean unfree?"),
        (("explain", "SS999"), "neither a code"),
        (("explain", "lock.take_"), "did you mean take?"),
        (("fmt", "missing.split"), "cannot be read"),
    ],
)
def test_wrong_words_end_in_two_with_a_hint(
    folder: Path, words: tuple[str, ...], said: str
) -> None:
    done = splitspec(folder, *words)
    assert done.returncode == 2, done.stdout + done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_broken_specification_is_shown_where_it_is_wrong(folder: Path) -> None:
    (folder / "lock.split").write_text(LOCK.replace("holder = none\n", "holdr = none\n", 1))
    done = splitspec(folder, "check", "lock")
    assert done.returncode == 2
    assert "lock.split:10:" in done.stderr
    assert "holder" in done.stderr


def test_a_file_without_a_manifest_takes_its_sizes_from_the_command_line(folder: Path) -> None:
    (folder / "models.toml").unlink()
    assert splitspec(folder, "check", "lock.split").returncode == 2
    done = splitspec(folder, "check", "lock.split", "--scope", "Container=3", "--symmetry", "off")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "7 states" in done.stdout  # none, three holders, three insiders


def test_a_code_and_an_action_are_explained(folder: Path) -> None:
    assert "exit" not in splitspec(folder, "explain", "SS102").stderr
    done = splitspec(folder, "explain", "lock.enter")
    assert done.returncode == 0, done.stderr
    assert "when mine: holder = c" in done.stdout
    assert "@kernel" in done.stdout
    assert splitspec(folder, "explain", "lock.split.enter").stdout == done.stdout


def test_a_model_is_exported_and_what_is_left_out_is_named(folder: Path) -> None:
    done = splitspec(folder, "export", "lock")
    assert done.returncode == 0, done.stderr
    assert "transition enter(" in done.stdout
    assert "modifies " in done.stdout
    assert "left out: property deadlock: is about runs" in done.stderr
    assert splitspec(folder, "export", "lock", "--given", "host").returncode == 2
    assert "no variant is named" in splitspec(folder, "export", "lock", "--variant", "x").stderr


def test_formatting_is_checked_without_writing(folder: Path) -> None:
    path = folder / "lock.split"
    path.write_text(LOCK.replace("  when free: holder = none", "  when   free:   holder=none"))
    before = path.read_text()
    assert splitspec(folder, "fmt", "--check", "lock.split").returncode == 4
    assert path.read_text() == before
    assert splitspec(folder, "fmt", "lock.split").returncode == 0
    assert path.read_text() != before
    assert splitspec(folder, "fmt", "--check", "lock.split").returncode == 0


def test_fmt_keeps_the_mode_of_a_file_and_follows_a_link(folder: Path) -> None:
    path, link = folder / "lock.split", folder / "linked.split"
    path.write_text(LOCK.replace("sort Container", "sort   Container"))
    path.chmod(0o640)
    link.symlink_to(path.name)
    assert splitspec(folder, "fmt", link.name).returncode == 0
    assert link.is_symlink()
    assert path.stat().st_mode & 0o777 == 0o640
    assert "sort Container" in path.read_text()
    assert list(folder.glob("*.partial")) == []


def test_fmt_says_when_it_cannot_write(folder: Path) -> None:
    """Even root cannot make a file of a name that is a folder."""
    (folder / "lock.split").write_text("module lock\nsort   S\n")
    (folder / "lock.split.partial").mkdir()
    (folder / "lock.split.partial" / "in_the_way").touch()
    done = splitspec(folder, "fmt", "lock.split")
    assert done.returncode == 2
    assert "cannot be written" in done.stderr
    assert "Traceback" not in done.stderr


def test_without_a_native_kernel_the_evaluator_explores_and_says_so(tmp_path: Path) -> None:
    """Never silently: the engine is in the run, and the remark names what is missing."""
    program = (
        "import sys; sys.modules['llvmlite'] = None; "
        "sys.argv = ['splitspec', 'check', 'lifecycle', '--given', 'none', '--format', 'json']; "
        "from splitspec.cli import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (run,) = json.loads(done.stdout)["runs"]
    assert (run["engine"], run["states"], run["complete"]) == ("evaluator", 512, True)
    assert "llvmlite" in run["remark"]


def test_two_runs_print_the_same_bytes_but_for_the_time(folder: Path) -> None:
    documents = [
        json.loads(splitspec(folder, "check", "lock", "--variants", "--format", "json").stdout)
        for _ in range(2)
    ]
    for document in documents:
        for run in document["runs"]:
            run.pop("seconds")
    assert documents[0] == documents[1]


def test_a_module_in_a_subfolder_is_checked_by_the_name_of_its_model_and_by_its_path(
    folder: Path,
) -> None:
    (folder / "below").mkdir()
    (folder / "lock.split").rename(folder / "below" / "lock.split")
    (folder / "models.toml").write_text(MODELS.replace('module = "lock"', 'module = "below/lock"'))
    for words in (("lock",), ("below/lock.split",)):
        result = splitspec(folder, "check", *words)
        assert (result.returncode, result.stderr) == (0, "")
    (folder / "below" / "lock.split").rename(folder / "lock.split")
    result = splitspec(folder, "check", "lock")
    assert result.returncode == 2
    assert "models.toml:2:1" in result.stderr
    assert "Did you mean `lock`?" in result.stderr


def test_output_that_cannot_be_written_is_no_pass(tmp_path: Path) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("this system has no device that is always full")
    with full.open("w") as nowhere:
        done = subprocess.run(
            [sys.executable, "-m", "splitspec", "explain", "SS101"],
            cwd=tmp_path,
            stdout=nowhere,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 70
    assert done.stderr.startswith("error: the results cannot be written")
    assert "Traceback" not in done.stderr


def test_what_is_tried_out_without_a_specification_is_said_to_be_the_shipped_one(
    tmp_path: Path,
) -> None:
    done = splitspec(tmp_path, "check", "kata", "--given", "host", "--format", "json")
    assert done.returncode == 0
    assert json.loads(done.stdout)["runs"][0]["model"] == "kata"
    assert "note: there is no models.toml here or above: this is the shipped" in done.stderr
    linted = splitspec(tmp_path, "lint")
    assert (linted.returncode, linted.stdout) == (2, "")
