"""Imports go one way, and each foreign package is used in its one place."""

from fnmatch import fnmatchcase
from pathlib import Path

import grimp
import pytest
from importlinter.cli import lint_imports

ROOT = Path(__file__).parents[2]

# The package that is used -> the modules (with all below them) that may use it.
HOMES = {
    "lark": ("splitspec.model.parser", "splitspec.model.parser_*"),
    "z3": ("splitspec.checker.symbolic",),
    "cvc5": ("splitspec.checker.symbolic",),
    "llvmlite": ("splitspec.checker.explicit.native",),
    "hypothesis": ("splitspec.refinement.stateful",),
    "cryptography": ("splitspec.impl",),
    "typer": ("splitspec.cli",),
}


def test_imports_follow_the_contracts(capsys: pytest.CaptureFixture[str]) -> None:
    status = lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True)
    assert status == 0, capsys.readouterr().out


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph("splitspec", include_external_packages=True, cache_dir=None)


@pytest.mark.parametrize("package", HOMES)
def test_a_foreign_package_stays_at_home(package: str, graph: grimp.ImportGraph) -> None:
    if package not in graph.modules:
        return  # Nothing imports it, so nothing imports it in the wrong place.
    users = graph.find_modules_that_directly_import(package)
    strays = {user for user in users if not _is_below(user, HOMES[package])}
    assert strays == set()


def test_the_homes_hold_for_a_module_below_and_not_for_a_namesake() -> None:
    assert _is_below("splitspec.model.parser.expressions", ("splitspec.model.parser",))
    assert not _is_below("splitspec.model.parsers", ("splitspec.model.parser",))


def _is_below(module: str, homes: tuple[str, ...]) -> bool:
    return any(fnmatchcase(module, home) or fnmatchcase(module, f"{home}.*") for home in homes)
