"""No report is lost to another one, and none says passed of a gate that did not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.gate.conftest import Splitspec

from splitspec.cli.exclusion import BusyError, exclusively

TRY = """\
import sys
from pathlib import Path
from splitspec.cli.exclusion import BusyError, exclusively
try:
    with exclusively(Path(sys.argv[1])):
        print("alone")
except BusyError as busy:
    print(busy)
"""


@pytest.mark.parametrize(
    "reports",
    [("json=r", "junit=./r"), ("json=-", "github=-"), ("json=r", "junit=link")],
    ids=["one path", "standard output", "a link"],
)
def test_two_reports_at_one_place_are_refused(
    reports: tuple[str, str], project: Path, splitspec: Splitspec
) -> None:
    (project / "link").symlink_to("r")
    words = [word for report in reports for word in ("--report", report)]
    done = splitspec("gate", *words)
    assert done.returncode == 2
    assert "is asked for twice: one report would be lost" in done.stderr
    assert not (project / "r").exists()


def test_a_gate_whose_report_is_lost_says_nowhere_that_it_passed(
    project: Path, splitspec: Splitspec
) -> None:
    asked = ("--report", "json=r.json", "--report", "junit=/dev/full", "--report", "sarif=r.sarif")
    done = splitspec("gate", *asked)
    assert done.returncode == 70
    assert "error: unwritable: /dev/full: No space left on device" in done.stderr
    assert "passed" not in done.stdout
    assert done.stdout.endswith("exit 70\n")
    document = json.loads((project / "r.json").read_text())
    assert document["code"] == 70
    assert [finding["word"] for finding in document["findings"]] == ["unwritable"]
    assert '"exitCode": 70' in (project / "r.sarif").read_text()


@pytest.mark.parametrize("lost", [0, 1], ids=["the first", "the last"])
def test_no_report_of_an_earlier_gate_outlives_one_that_cannot_report(
    lost: int, project: Path, splitspec: Splitspec
) -> None:
    assert splitspec("gate", "--report", "json=r.json").returncode == 0
    asked = ["json=r.json"]
    asked.insert(lost, "junit=no/such/folder/r.xml")
    done = splitspec("gate", *(word for report in asked for word in ("--report", report)))
    assert done.returncode == 70
    document = json.loads((project / "r.json").read_text())
    assert (document["state"], document["code"]) == ("partial", 70)


@pytest.mark.parametrize("value", ["nan", "0", "-1"])
def test_a_time_that_is_none_is_refused(value: str, splitspec: Splitspec) -> None:
    done = splitspec("gate", f"--timeout={value}")
    assert done.returncode == 2
    assert "--timeout" in done.stderr


def test_no_environment_hides_another_gate(project: Path, tmp_path: Path) -> None:
    """Files for temporary things may be elsewhere for each of two gates; the lock is in one."""
    lock = project / "splitspec.lock"
    (tmp_path / "other").mkdir()
    command = [sys.executable, "-c", TRY, str(lock)]
    environment = os.environ | {"TMPDIR": str(tmp_path / "other")}
    with exclusively(lock):
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        assert done.stdout == f"process {os.getpid()} works on {lock}: nothing was checked\n"
        with pytest.raises(BusyError), exclusively(lock):
            pass
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "alone\n"
