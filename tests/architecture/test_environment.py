"""One script makes the environment from the lock, once, and says clearly when it cannot."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCK = ROOT / "requirements" / "dev.lock"

# Stands for an interpreter: it answers questions as the real one, makes an environment by copying
# itself, and writes down what it is asked to install instead of doing so.
STAND_IN = """#!/bin/sh
case "$2" in
    venv) mkdir -p .venv/bin && cp "$0" .venv/bin/python ;;
    pip) echo "$*" >> installed ;;
    *) exec "{python}" "$@" ;;
esac
"""
TOO_OLD = '#!/bin/sh\n[ "$1" = --version ] && echo "Python 3.9.2" && exit 0\nexit 1\n'
WITHOUT_VENV = '#!/bin/sh\ncase "$2" in *ensurepip*) exit 1 ;; esac\nexec "{python}" "$@"\n'


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout whose path has a space in it."""
    target = tmp_path / "a checkout"
    shutil.copytree(ROOT / "requirements", target / "requirements")
    shutil.copy(ROOT / "pyproject.toml", target)
    return target


def _interpreter(checkout: Path, text: str) -> str:
    path = checkout / "an interpreter"
    path.write_text(text.format(python=sys.executable))
    path.chmod(0o755)
    return str(path)


def _make_environment(checkout: Path, python: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", "requirements/environment.sh"],
        cwd=checkout,
        env={"PATH": "/usr/bin:/bin", "PYTHON": python},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )


def _installations(checkout: Path) -> int:
    return (checkout / "installed").read_text().count("--requirement requirements/dev.lock")


def test_the_environment_is_made_once_and_again_when_the_lock_changes(checkout: Path) -> None:
    python = _interpreter(checkout, STAND_IN)
    assert _make_environment(checkout, python).returncode == 0
    assert _installations(checkout) == 1

    again = _make_environment(checkout, python)
    assert (again.returncode, again.stderr) == (0, "")
    assert _installations(checkout) == 1

    with (checkout / "requirements" / "dev.lock").open("a") as lock:
        lock.write("# changed\n")
    assert _make_environment(checkout, python).returncode == 0
    assert _installations(checkout) == 2


def test_an_interrupted_installation_is_not_taken_for_a_finished_one(checkout: Path) -> None:
    python = _interpreter(checkout, STAND_IN.replace('echo "$*" >> installed', "exit 7"))
    failed = _make_environment(checkout, python)
    assert failed.returncode == 2
    assert "could not be installed" in failed.stderr
    assert not (checkout / ".venv" / "installed-from").exists()


@pytest.mark.parametrize(
    ("interpreter", "sentence"),
    [(TOO_OLD, "needs Python 3.11 or newer"), (WITHOUT_VENV, "apt install python3-venv")],
    ids=["too old", "without venv"],
)
def test_an_unfit_interpreter_is_refused_in_a_sentence(
    interpreter: str, sentence: str, checkout: Path
) -> None:
    refused = _make_environment(checkout, _interpreter(checkout, interpreter))
    assert refused.returncode == 2
    assert sentence in refused.stderr
    assert len(refused.stderr.splitlines()) == 1


def test_the_lock_pins_every_dependency_by_hash_and_names_no_host() -> None:
    text = LOCK.read_text()
    pinned = set(re.findall(r"^([a-z0-9-]+)==", text, re.MULTILINE))
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = settings["project"]["dependencies"] + settings["dependency-groups"]["dev"]
    assert {re.split(r"[<>=]", line)[0] for line in wanted} - pinned == set()
    entries = re.findall(r"^[a-z0-9-]+==.*(?:\n    .*)+", text, re.MULTILINE)
    assert len(entries) == len(pinned)
    assert [entry for entry in entries if "--hash=sha256:" not in entry] == []
    assert "://" not in text
