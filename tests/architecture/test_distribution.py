"""What is built from a source distribution or an exported tree runs where it is installed."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("spec", "model", "checker", "refinement", "impl")
DATA = {".py", ".split", ".toml", ".lark", ".html", ".json"}


def _run(*command: str | Path, cwd: Path) -> str:
    """The output of a command that must succeed, without the checkout on its path."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _exported_tree(target: Path) -> Path:
    """The committed tree, as `git archive` gives it; a tree without history as it is."""
    if not (ROOT / ".git").exists():
        ignored = shutil.ignore_patterns(".venv", ".*_cache", "__pycache__")
        return shutil.copytree(ROOT, target / "tree", symlinks=True, ignore=ignored)
    archive = target / "tree.tar"
    _run("git", "archive", "--output", archive, "HEAD", cwd=ROOT)
    shutil.unpack_archive(archive, target / "tree")
    return target / "tree"


def _built(tree: Path, target: Path, *what: str) -> Path:
    """`build` makes the wheel from the source distribution unless told `--wheel`."""
    _run(
        sys.executable, "-m", "build", "--no-isolation", *what, "--outdir", target, tree, cwd=target
    )
    (wheel,) = target.glob("*.whl")
    return wheel


@pytest.fixture(scope="module", params=["source distribution", "exported tree"])
def wheel(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("built")
    if request.param == "source distribution":
        return _built(ROOT, target)
    return _built(_exported_tree(target), target, "--wheel")


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the wheel, and with this environment's packages, but not the checkout."""
    home = tmp_path_factory.mktemp("environment")
    venv.create(home, with_pip=False, symlinks=True)
    python = home / "bin" / "python"
    installer = (sys.executable, "-m", "pip", "--python", python, "install", "--quiet")
    _run(*installer, "--no-deps", "--no-index", wheel, cwd=home)
    # A path added by a .pth file has its own .pth files ignored: the editable install stays out.
    (site,) = home.glob("lib/python*/site-packages")
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return python


def test_the_wheel_holds_every_file_of_the_packages(wheel: Path) -> None:
    ours = {
        f"splitspec/{path.relative_to(ROOT)}"
        for package in PACKAGES
        for path in _committed(package)
        if path.suffix in DATA
    }
    assert ours - set(zipfile.ZipFile(wheel).namelist()) == set()


def test_nothing_generic_lands_beside_the_import_root(wheel: Path) -> None:
    roots = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert roots == {"splitspec", next(root for root in roots if root.endswith(".dist-info"))}


def test_the_installed_command_runs_from_another_directory(python: Path, tmp_path: Path) -> None:
    assert "splitspec" in _run(python, "-m", "splitspec", "--help", cwd=tmp_path)
    assert "splitspec" in _run(python.parent / "splitspec", "--help", cwd=tmp_path)


def test_the_installed_package_reads_its_specification(python: Path, tmp_path: Path) -> None:
    program = "from splitspec import spec; print(spec.folder()); print(spec.read('__init__.py'))"
    first, *rest = _run(python, "-c", program, cwd=tmp_path).splitlines()
    assert Path(first).is_relative_to(python.parents[1])
    assert "\n".join(rest).strip() == (ROOT / "spec" / "__init__.py").read_text().strip()


def test_the_installed_command_explores_natively(python: Path, tmp_path: Path) -> None:
    found = json.loads(
        _run(python, "-m", "splitspec", "check", "lifecycle", "--format", "json", cwd=tmp_path)
    )
    assert [(run["engine"], run["complete"]) for run in found["runs"]] == [("native", True)] * 2


def _committed(package: str) -> list[Path]:
    if not (ROOT / ".git").exists():
        return list((ROOT / package).rglob("*"))
    names = _run("git", "ls-tree", "-r", "-z", "--name-only", "HEAD", package, cwd=ROOT)
    return [ROOT / name for name in names.split("\0") if name]
