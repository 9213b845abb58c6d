"""Equal input gives equal bytes but for time, whatever the order of hashes, the number of workers
and the state of the cache."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass

import pytest
from tests.gate.conftest import PROJECT

# Commands of one process, so that a start is paid for once; what they print is a file too.
COMMANDS = """\
import sys
from contextlib import redirect_stdout
from pathlib import Path
from splitspec.cli.application import application

def run(name, *words):
    with Path(name).open("w") as file, redirect_stdout(file):
        application(words, standalone_mode=False)

workers, cache = sys.argv[1:]
means = ("-j", workers, "--cache", cache)
gate = ("gate", "--tier", "pr", *means, "--format", "json")
reports = {"junit": "g.xml", "sarif": "g.sarif", "markdown": "g.md", "github": "g.txt"}
run("good.json", *gate)
Path("splitspec.lock").unlink()
run("lock.txt", "lock", "--tier", "pr", *means)
guard = "  when one:  no l: Key: holder[l] = p\\n"
text = Path("desk.split").read_text()
Path("desk.split").write_text(text.replace(guard, ""))
Path("variants/desk.split").unlink()
manifest = Path("models.toml").read_text()
variant = "\\n[desk.variants.two_each]\\nscope = { Person = 1, Key = 2 }\\nsteps = 2\\n"
Path("models.toml").write_text(manifest.replace(variant, ""))
run("bad.json", *gate, *(w for k, p in reports.items() for w in ("--report", f"{k}={p}")))
exports = {"json": "c.json", "html": "c.html", "itf": "c.itf.json", "mermaid": "c.mmd",
           "dot": "c.dot", "junit": "c.xml", "sarif": "c.sarif"}
check = ("check", "desk", "-j", workers)
run("check.txt", *check, *(w for k, p in exports.items() for w in ("--report", f"{k}={p}")))
run("prove.json", "prove", "desk", "--format", "json", "--report", "junit=p.xml")
run("conform.json", "conform", "counter_mapping:COUNTER", "--format", "json")
"""
TIME = re.compile(
    r'"(seconds|solving|workers|kept)": [0-9.a-z]+|time="[0-9.]+"|[0-9.]+ s\b|[\d,]+ states/s|'
    r"\(\d+ kept\)"
)


@dataclass(frozen=True)
class Way:
    """How the commands were run."""

    seed: int
    workers: int
    cache: str


WAYS = (Way(0, 1, "rw"), Way(1, 2, "rw"), Way(2, 2, "off"))


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[Way, dict[str, str]]:
    """Every file of each way, without its times; the first way finds no cache, the second one that
    is warm. All stand in a folder of one name, because reports name files."""
    cache = tmp_path_factory.mktemp("cache")
    found = {}
    for way in WAYS:
        folder = tmp_path_factory.mktemp("way") / "project"
        shutil.copytree(PROJECT, folder, ignore=shutil.ignore_patterns("__pycache__"))
        environment = os.environ | {
            "PYTHONHASHSEED": str(way.seed),
            "XDG_CACHE_HOME": str(cache),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        done = subprocess.run(
            [sys.executable, "-c", COMMANDS, str(way.workers), way.cache],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        is_warm = '"kept": true' in (folder / "good.json").read_text()
        assert is_warm == (way is WAYS[1])
        files = [path for path in folder.rglob("*") if path.is_file()]
        texts = {str(p.relative_to(folder)): TIME.sub("…", p.read_text()) for p in files}
        found[way] = {n: t.replace(str(folder), "here") for n, t in texts.items()}
    return found


def test_every_report_page_and_lock_is_the_same(written: dict[Way, dict[str, str]]) -> None:
    first, *others = written.values()
    names = {"good.json", "bad.json", "splitspec.lock", "c.html", "c.itf.json", "g.sarif", "p.xml"}
    assert names <= set(first)
    assert "violated" in first["bad.json"]
    assert len(first["c.html"]) > 10_000
    for other in others:
        assert set(other) == set(first)
        assert [name for name in first if other[name] != first[name]] == []
