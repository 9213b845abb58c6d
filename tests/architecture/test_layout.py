"""The folders at the root are the packages of `splitspec`, by links that survived the checkout."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("spec", "model", "checker", "refinement", "impl")


@pytest.mark.parametrize("package", PACKAGES)
def test_the_import_root_links_to_the_folder(package: str) -> None:
    link = ROOT / "src" / "splitspec" / package
    repair = f"lost link: git config core.symlinks true && git checkout -- {link.relative_to(ROOT)}"
    assert link.is_symlink(), repair
    assert link.readlink() == Path("..", "..", package), repair


def test_the_root_packages_are_documented_and_named_once() -> None:
    found = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert found == set(PACKAGES)


def test_no_folder_of_python_lacks_an_init() -> None:
    """A folder without one would be a namespace package, which mypy and the wheel treat apart."""
    folders = {path.parent for package in PACKAGES for path in (ROOT / package).rglob("*.py")}
    assert [folder for folder in sorted(folders) if not (folder / "__init__.py").exists()] == []
