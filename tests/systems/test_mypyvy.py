"""mypyvy reads what is exported, and its verdict is ours. Where the bench has not installed it
(`bench/run.py --install-peers`), these tests are skipped."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from splitspec.checker.symbolic.proving import prove
from splitspec.cli.selection import Request, select
from splitspec.model.verdict import Outcome

ROOT = Path(__file__).parents[2]
MYPYVY = ROOT / "bench" / ".peers" / "mypyvy" / "src" / "mypyvy.py"

pytestmark = pytest.mark.skipif(not MYPYVY.is_file(), reason="mypyvy is not installed")

FAILED = re.compile(r"invariant (\w+) is not preserved by transition (\w+)")


def exported(path: Path, *words: str) -> Path:
    command = (sys.executable, "-m", "splitspec", "export", *words)
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    path.write_text(done.stdout)
    return path


def mypyvy(command: str, path: Path) -> tuple[int, str]:
    words = (sys.executable, str(MYPYVY), command, "--no-print-counterexample", str(path))
    done = subprocess.run(words, capture_output=True, text=True, timeout=300, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("model", ["lifecycle", "granting", "tables", "fork"])
def test_what_we_prove_mypyvy_proves(model: str, tmp_path: Path) -> None:
    code, said = mypyvy("verify", exported(tmp_path / "m.pyv", model))
    assert (code, said.splitlines()[-1]) == (0, "all ok!")
    (job,) = select(Request(models=(model,), given=("none",))).jobs
    assert {v.outcome for v in prove(job.setting).verdicts} == {Outcome.HOLDS}


def test_what_we_do_not_prove_mypyvy_does_not_prove(tmp_path: Path) -> None:
    """A page that is mapped is handed out again, and then two write it."""
    path = exported(tmp_path / "m.pyv", "tables", "--variant", "handed_out_twice")
    code, said = mypyvy("verify", path)
    assert code == 1
    assert FAILED.findall(said) == [("writers_are_alone", "map_page")]
    (job,) = select(Request(models=("tables",), variant="handed_out_twice")).jobs
    open_ = {v.property for v in prove(job.setting).verdicts if v.outcome is not Outcome.HOLDS}
    assert "tables.writers_are_alone" in open_


@pytest.mark.parametrize("words", [("sockets",), ("io",), ("platform", "--given", "host")])
def test_mypyvy_types_what_has_ranges_and_options(words: tuple[str, ...], tmp_path: Path) -> None:
    assert mypyvy("typecheck", exported(tmp_path / "m.pyv", *words))[0] == 0
