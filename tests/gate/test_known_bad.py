"""Each known-bad input fails with the code that its page says, and in its words.

A case is a file of `known_bad`: what is done to `project`, which passes as it is.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.gate.conftest import Said, Splitspec

CASES = sorted((Path(__file__).parent / "known_bad").glob("*.toml"))
VARIANTS = re.compile(r"\n\[desk\.variants\.[^\[]*")


@pytest.mark.parametrize("tier", ["commit", "pr", "nightly"], ids=lambda tier: f"at {tier}")
def test_the_project_itself_passes(tier: str, splitspec: Splitspec) -> None:
    done = splitspec("gate", "--tier", tier)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "gate passed" in done.stdout


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_a_known_bad_input_fails_in_its_own_words(
    path: Path, project: Path, within: Callable[..., Said]
) -> None:
    case = tomllib.loads(path.read_text(encoding="utf-8"))
    _spoil(project, case)
    words = [*case.get("arguments", ()), "--tier", case.get("tier", "commit")]
    done = within("gate", *words)
    assert done.code == case["code"], done.text
    assert [phrase for phrase in case["words"] if phrase not in done.text] == [], done.text
    assert "Traceback" not in done.text
    assert "gate passed" not in done.text


@pytest.mark.parametrize(
    "name",
    [
        "assurance_that_is_none",
        "changed_guard",
        "new_property",
        "no_models",
        "no_specification",
        "removed_variant",
        "truncated_lock",
    ],
)
def test_what_is_wrong_is_not_accepted_without_a_word(
    name: str, project: Path, within: Callable[..., Said]
) -> None:
    """`lock --check` writes nothing, and passes only where there is nothing to accept."""
    path = Path(__file__).parent / "known_bad" / f"{name}.toml"
    case = tomllib.loads(path.read_text(encoding="utf-8"))
    _spoil(project, case)
    lock = project / "splitspec.lock"
    before = lock.read_bytes() if lock.exists() else None
    words = [*case.get("arguments", ()), "--tier", case.get("tier", "commit")]
    done = within("lock", "--check", *words)
    assert done.code != 0, done.text
    assert (lock.read_bytes() if lock.exists() else None) == before


def _spoil(project: Path, case: dict[str, Any]) -> None:
    for edit in case.get("edits", ()):
        path = project / edit["file"]
        text = path.read_text(encoding="utf-8")
        assert edit["old"] in text, f"{edit['file']} has no {edit['old']!r}"
        path.write_text(text.replace(edit["old"], edit["new"]), encoding="utf-8")
    if "write" in case:
        (project / case["write"]["file"]).write_text(case["write"]["text"], encoding="utf-8")
    if "cut" in case:
        path = project / case["cut"]["file"]
        text, mark, _ = path.read_text(encoding="utf-8").partition(case["cut"]["before"])
        assert mark
        path.write_text(text, encoding="utf-8")
    if case.get("manifest_without_variants"):
        path = project / "models.toml"
        text = path.read_text(encoding="utf-8")
        path.write_text(VARIANTS.sub("", text), encoding="utf-8")
    for name in case.get("remove", ()):
        (project / name).unlink()
