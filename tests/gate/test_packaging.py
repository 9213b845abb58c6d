"""The action, the hooks and the pytest plugin run the gate, and fail where it fails."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent


def action() -> Any:
    return yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))


def step(name: str) -> dict[str, Any]:
    (found,) = [step for step in action()["runs"]["steps"] if step.get("name") == name]
    return dict(found)


def act(project: Path, cache: Path, **inputs: str) -> subprocess.CompletedProcess[str]:
    """The script of the action's step in a shell as GitHub starts it."""
    defaults = {name: str(value["default"]) for name, value in action()["inputs"].items()}
    values = defaults | inputs
    script = step("Gate")
    wanted = {
        name: re.sub(r"\$\{\{ inputs\.(\w+) \}\}", lambda m: values[m[1]], text)
        for name, text in script["env"].items()
    }
    environment = (
        os.environ
        | wanted
        | {
            "PATH": f"{BIN}:{os.environ['PATH']}",
            "XDG_CACHE_HOME": str(cache),
            "GITHUB_OUTPUT": str(project / "output"),
            "GITHUB_STEP_SUMMARY": str(project / "page.md"),
        }
    )
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script["run"]],
        cwd=project,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_the_action_passes_what_passes_and_leaves_its_reports(
    project: Path, warm_cache: Path
) -> None:
    done = act(project, warm_cache, timeout="100")
    assert done.returncode == 0, done.stdout + done.stderr
    assert (project / "output").read_text() == "code=0\n"
    reports = {path.name for path in (project / "splitspec-reports").iterdir()}
    assert reports == {"junit.xml", "splitspec.sarif", "gate.json", "comment.md"}
    assert "passed" in (project / "page.md").read_text()


def test_the_action_fails_with_the_code_of_the_gate(project: Path, warm_cache: Path) -> None:
    (project / "splitspec.lock").unlink()
    done = act(project, warm_cache)
    assert done.returncode == 4
    assert (project / "output").read_text() == "code=4\n"
    assert "::error title=new::" in done.stdout


def test_the_action_uses_each_input_and_nothing_else() -> None:
    text = (ROOT / "action.yml").read_text(encoding="utf-8")
    assert set(re.findall(r"inputs\.(\w+)", text)) == set(action()["inputs"])
    # A word of the caller's in a script would be run: it comes in by the environment.
    assert "${{" not in step("Gate")["run"]


def hooks() -> list[dict[str, Any]]:
    return list(yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8")))


def test_pre_commit_takes_the_hooks() -> None:
    command = (sys.executable, "-m", "pre_commit", "validate-manifest", ".pre-commit-hooks.yaml")
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("hook", hooks(), ids=lambda hook: hook["id"])
def test_each_hook_passes_the_project_and_fails_a_wrong_one(
    hook: dict[str, Any], project: Path, warm_cache: Path
) -> None:
    words = str(hook["entry"]).split()
    files = [] if hook.get("pass_filenames") is False else ["desk.split"]
    environment = os.environ | {"XDG_CACHE_HOME": str(warm_cache)}

    def code() -> int:
        command = [str(BIN / words[0]), *words[1:], *files]
        return subprocess.run(command, cwd=project, env=environment, capture_output=True).returncode

    assert code() == 0
    text = project / "desk.split"
    text.write_text(text.read_text().replace("sort Key\n", "sort   Key\nsort Locker\n"))
    assert code() != 0


@pytest.mark.parametrize("changed", ["spec/a.split", "checks/mapping.py", "cache/src/a.c", "gone"])
def test_the_gate_starts_at_whatever_an_implementation_is_made_of(changed: str) -> None:
    """pre-commit starts a hook at the files that `files` takes, and never at one taken away."""
    (hook,) = [each for each in hooks() if each["id"] == "splitspec-gate"]
    taken = changed != "gone" and re.search(hook.get("files", ""), changed)
    assert hook.get("always_run", False) or taken


@pytest.mark.parametrize("hook", ["splitspec-lint", "splitspec-gate"])
def test_a_hook_at_the_top_of_a_repository_holds_the_folder_that_it_is_given(
    hook: str, project: Path, warm_cache: Path
) -> None:
    """pre-commit runs hooks at the top, and gives them what `args` has."""
    (entry,) = [str(each["entry"]) for each in hooks() if each["id"] == hook]
    top = project.parent

    def start(*words: str) -> subprocess.CompletedProcess[str]:
        command = [str(BIN / "splitspec"), *entry.split()[1:], *words]
        environment = os.environ | {"XDG_CACHE_HOME": str(warm_cache)}
        return subprocess.run(command, cwd=top, env=environment, capture_output=True, text=True)

    assert start("--folder", "project").returncode == 0
    lost = start()
    assert (lost.returncode, lost.stdout) == (2, "")
    assert "error[SS520]: there is no models.toml in" in lost.stderr
    nowhere = start("--folder", "elsewhere")
    assert nowhere.returncode == 2
    assert "there is no folder elsewhere" in nowhere.stderr


def run_pytest(project: Path, cache: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "splitspec.cli.pytest_gate", "-rA", *words],
        cwd=project,
        env=os.environ | {"XDG_CACHE_HOME": str(cache), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_each_claim_of_a_lock_is_a_test(project: Path, warm_cache: Path) -> None:
    done = run_pytest(project, warm_cache, "--splitspec-gate=pr")
    assert done.returncode == 0, done.stdout
    # Explored 3 claims, proved 1, variant 1; refined 4, of which 3 are proved; conformed twice 5.
    assert "23 passed" in done.stdout  # The last is the lock as a whole.
    assert "PASSED splitspec.lock::explored desk::desk.one_key_each" in done.stdout
    at_commit = run_pytest(project, warm_cache, "--splitspec-gate=commit")
    assert "5 passed" in at_commit.stdout


def test_without_the_option_a_lock_is_no_test(project: Path, warm_cache: Path) -> None:
    assert run_pytest(project, warm_cache).returncode == pytest.ExitCode.NO_TESTS_COLLECTED


def test_a_broken_claim_is_a_failing_test_with_its_trace(project: Path, warm_cache: Path) -> None:
    text = project / "desk.split"
    text.write_text(text.read_text().replace("  when one:  no l: Key: holder[l] = p\n", ""))
    manifest = project / "models.toml"
    manifest.write_text(manifest.read_text().partition("\n[desk.variants")[0])
    (project / "variants" / "desk.split").unlink()
    done = run_pytest(project, warm_cache, "--splitspec-gate=commit")
    assert done.returncode == pytest.ExitCode.TESTS_FAILED
    assert "FAILED splitspec.lock::explored desk::desk.one_key_each" in done.stdout
    assert "hand_out(p1, k2)" in done.stdout
    assert "FAILED splitspec.lock::everything else" in done.stdout
    assert "PASSED splitspec.lock::explored desk::deadlock" in done.stdout


def test_what_nobody_accepted_is_a_failing_test(project: Path, warm_cache: Path) -> None:
    text = project / "desk.split"
    witness = "\nwitness all_out\n  all k: Key: some p: Person: holder[k] = p\n"
    text.write_text(text.read_text() + witness)
    done = run_pytest(project, warm_cache, "--splitspec-gate=commit")
    assert done.returncode == pytest.ExitCode.TESTS_FAILED
    assert "new: explored desk desk.all_out it is not in the lock" in done.stdout


def test_the_rest_of_a_lock_is_its_own(project: Path, warm_cache: Path) -> None:
    """The claim that was changed is a test of the other lock, which has one of that name."""
    other = Path(shutil.copytree(project, project / "other"))
    text = other / "desk.split"
    text.write_text(text.read_text().replace("implies k = l", "implies l = k"))
    rest = "other/splitspec.lock::everything else"
    done = run_pytest(project, warm_cache, "--splitspec-gate=commit", "splitspec.lock", rest)
    assert done.returncode == pytest.ExitCode.TESTS_FAILED
    assert "stale: explored desk desk.one_key_each the claim was changed" in done.stdout
    assert "1 failed, 5 passed" in done.stdout


def test_a_damaged_lock_ends_the_collection(project: Path, warm_cache: Path) -> None:
    (project / "splitspec.lock").write_text("version = 1\n")
    done = run_pytest(project, warm_cache, "--splitspec-gate=commit")
    assert done.returncode == pytest.ExitCode.INTERRUPTED
    assert "its end is missing" in done.stdout


def test_a_gate_without_a_lock_fails_the_session(project: Path, warm_cache: Path) -> None:
    """Other tests pass, and nothing was held to anything."""
    (project / "splitspec.lock").unlink()
    (project / "test_other.py").write_text("def test_other() -> None:\n    pass\n")
    for words in ((), ("-k", "test_other"), ("-p", "xdist", "-n", "2")):
        done = run_pytest(project, warm_cache, "--splitspec-gate=commit", *words)
        assert done.returncode == pytest.ExitCode.TESTS_FAILED
        assert "no splitspec.lock was collected" in done.stdout
        assert "1 failed, 1 passed" in done.stdout
    assert run_pytest(project, warm_cache).returncode == 0


def test_a_lock_without_its_specification_fails_in_words(project: Path, warm_cache: Path) -> None:
    (project / "models.toml").unlink()
    done = run_pytest(project, warm_cache, "--splitspec-gate=commit")
    assert done.returncode == pytest.ExitCode.TESTS_FAILED
    assert "passed" not in done.stdout.splitlines()[-1]
    assert "error[SS501]: cannot read" in done.stdout
    assert "Traceback" not in done.stdout


def test_the_plugin_is_registered() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert "splitspec.cli.pytest_gate" in project["entry-points"]["pytest11"].values()
