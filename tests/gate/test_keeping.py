"""Results that were kept are taken as long as nothing that they depend on has changed, and never
where they are damaged, or were not as expected."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from tests.gate.conftest import Said, Splitspec, run

from splitspec.checker.gate import keeping
from splitspec.checker.gate.keeping import Keeping, Kept
from splitspec.checker.store import Mode, Store
from splitspec.cli.exitcode import ExitCode


def entries(cache: Path) -> list[Path]:
    """The kept results."""
    return sorted(p for p in (cache / "splitspec" / "results").rglob("*") if p.is_file())


def test_a_kept_result_is_taken_until_a_text_changes(project: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    assert "1 run (0 kept)" in run(project, cache, "gate").stdout
    assert "1 run (1 kept)" in run(project, cache, "gate").stdout
    assert len(entries(cache)) == 2
    text = project / "desk.split"
    text.write_text(text.read_text() + "\n# Somebody wrote something.\n")
    done = run(project, cache, "gate")
    assert (done.returncode, "1 run (0 kept)" in done.stdout) == (0, True)


def test_a_kept_conformance_is_taken_until_a_source_changes(
    project: Path, tmp_path: Path, within: Callable[..., Said], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every byte counts here; to the lock a comment does not."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert "conformed 2 runs (0 kept)" in within("gate", "--tier", "pr").text
    assert "conformed 2 runs (2 kept)" in within("gate", "--tier", "pr").text
    with (project / "counter.py").open("a") as file:
        file.write("# It is open on Mondays.\n")
    done = within("gate", "--tier", "pr")
    assert done.code == ExitCode.MET, done.text
    assert "conformed 2 runs (0 kept)" in done.text


def test_what_is_held_is_the_module_that_is_looked_at(
    project: Path, tmp_path: Path, splitspec: Splitspec, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another one of its name may stand first on the path, or have been imported before."""
    (tmp_path / "elsewhere").mkdir()
    lax = (project / "counter.py").read_text().replace("if person in self.given", "if False and")
    (tmp_path / "elsewhere" / "counter.py").write_text(lax)
    monkeypatch.setattr(sys, "path", [str(tmp_path / "elsewhere"), str(project), *sys.path])
    done = splitspec("gate", "--tier", "pr")
    assert done.returncode == ExitCode.MET, done.stdout
    other = SimpleNamespace(__file__=str(tmp_path / "elsewhere" / "counter.py"))
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "counter", other)
        done = splitspec("gate", "--tier", "pr")
    assert done.returncode == ExitCode.USAGE
    text = f"counter was imported from {other.__file__}, and not from {project / 'counter.py'}"
    assert text in done.stdout


@pytest.mark.parametrize("damage", ["cut", "altered", "emptied"])
def test_a_damaged_result_is_made_again_and_said(
    damage: str, project: Path, tmp_path: Path
) -> None:
    cache = tmp_path / "cache"
    run(project, cache, "gate")
    for path in entries(cache):
        whole = path.read_bytes()
        spoiled = {"cut": whole[:-20], "altered": whole.replace(b"7", b"8"), "emptied": b""}
        path.write_bytes(spoiled[damage])
    done = run(project, cache, "gate")
    assert done.returncode == ExitCode.MET
    assert "note      recomputed: explored desk: its kept result was damaged" in done.stdout
    assert "(0 kept)" in done.stdout
    assert "(1 kept)" in run(project, cache, "gate").stdout


def test_an_audit_finds_a_result_that_is_whole_and_wrong(project: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    run(project, cache, "gate")
    assert run(project, cache, "gate", "--cache", "audit").returncode == ExitCode.MET
    for path in entries(cache):
        content = path.read_bytes().partition(b"\n")[2].replace(b'"states":7', b'"states":8')
        store = Store(path.parents[1], Mode.OFF, keeping.LABEL)
        path.write_bytes(store.head(path.parent.name + path.name, content) + b"\n" + content)
    done = run(project, cache, "gate", "--cache", "audit")
    assert done.returncode == ExitCode.INTERNAL
    assert "disagreeing explored desk: kept and made again: the runs differ" in done.stdout


def test_a_cache_that_is_read_only_is_not_written(project: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    assert run(project, cache, "gate", "--cache", "ro").returncode == ExitCode.MET
    assert entries(cache) == []


def test_what_was_not_as_expected_is_never_kept(project: Path, tmp_path: Path) -> None:
    cache, text = tmp_path / "cache", project / "desk.split"
    text.write_text(text.read_text().replace("  when one:  no l: Key: holder[l] = p\n", ""))
    manifest = project / "models.toml"
    manifest.write_text(manifest.read_text().partition("\n[desk.variants")[0])
    (project / "variants" / "desk.split").unlink()
    for _ in range(2):
        done = run(project, cache, "gate")
        assert done.returncode == ExitCode.VIOLATED
        assert "unknown     proved desk · desk.one_key_each" in done.stdout
    assert entries(cache) == []


def test_keeping_nothing_reads_nothing(tmp_path: Path) -> None:
    writing = Keeping(tmp_path, Mode.READ_WRITE)
    writing.keep("0" * 64, Kept("digest"))
    assert writing.find("0" * 64) == Kept("digest")
    assert Keeping(tmp_path, Mode.OFF).find("0" * 64) is None
