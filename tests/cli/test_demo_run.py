"""`splitspec demo --run` runs the implementation and shows what each side sees."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest


@pytest.mark.parametrize("platform", ["sev-snp", "tdx"])
def test_the_demonstration_keeps_its_promises_and_says_so(platform: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "splitspec", "demo", "--run", "--platform", platform],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert re.findall(r"^(ok|FAIL)\b", done.stdout, re.MULTILINE) == ["ok"] * 3
    for section in range(1, 6):
        assert f"\n{section}. " in "\n" + done.stdout
    # Nine times a container was forked: one fetches, eight audit.
    assert done.stdout.count(" forked\n") == done.stdout.count(" attested, secret released\n") == 9
    # Trade 17 is sold "short" and trade 20 has size 0; both are made so in the scenario.
    assert re.search(r"side +t017\n", done.stdout)
    assert re.search(r"size +t020\n", done.stdout)


def test_an_unknown_platform_is_refused_in_a_sentence() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "splitspec", "demo", "--run", "--platform", "sgx"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "sev-snp" in done.stderr
