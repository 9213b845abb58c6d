"""The runtime is compiled once on a machine, and again when anything that makes it has changed."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.checker.native.imports import imports_below

import splitspec
from splitspec.checker.explicit.native import machine_code
from splitspec.checker.explicit.native.machine_code import SOURCES, Runtime, load_runtime
from splitspec.checker.explicit.native.translation import entry_functions
from splitspec.checker.explicit.native.workers import words


def is_usable(runtime: Runtime) -> bool:
    """Whether it has all entries, and one of them runs."""
    control, worker = words(128), words(128)
    complete = runtime.addresses.keys() == entry_functions().keys()
    return complete and runtime.entry("walk")(control, worker) == 1


def test_a_runtime_that_was_compiled_is_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = load_runtime.__wrapped__(tmp_path)

    def refuse() -> None:
        raise AssertionError("compiled again")

    monkeypatch.setattr(machine_code, "_compile", refuse)
    assert is_usable(first)
    assert is_usable(load_runtime.__wrapped__(tmp_path))


def test_a_damaged_runtime_is_compiled_again(tmp_path: Path) -> None:
    load_runtime.__wrapped__(tmp_path)
    (kept,) = tmp_path.iterdir()
    kept.write_bytes(b"{\n")
    assert is_usable(load_runtime.__wrapped__(tmp_path))


def test_where_nothing_can_be_kept_the_runtime_is_compiled_all_the_same(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    assert is_usable(load_runtime.__wrapped__(blocked))
    assert is_usable(load_runtime.__wrapped__(None))


def test_every_module_that_makes_the_runtime_is_part_of_the_key() -> None:
    root = Path(splitspec.__file__).parent
    native = root / "checker/explicit/native"
    # What only declares data, or only stores what was made, has no part in it.
    without_part = {native / "object_cache.py", root / "model/frozen.py"}
    made_by = imports_below(native / "machine_code.py", root) - without_part
    assert made_by == {native / f"{name}.py" for name in SOURCES}
