"""Kernels are compiled once: the key holds all that a kernel depends on, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from tests.checker.native.imports import imports_below
from tests.checker.native.judged_kernels import Judge

import splitspec
from splitspec.checker.explicit.native import fingerprint as fingerprints
from splitspec.checker.explicit.native import kernel as kernels
from splitspec.checker.explicit.native.fingerprint import fingerprint
from splitspec.checker.explicit.native.kernel import compile_kernel
from splitspec.model.pipeline import prepare
from splitspec.model.scope import Scope
from splitspec.model.setting import Setting

Make = Callable[..., Setting]

TEXT = """
    sort Door
    var open[Door]: bool
    action pass(d: Door) by kernel
      when shut: not open[d]
      open[d] := true
    invariant one
      all d, e: Door: open[d] and open[e] implies d = e
"""


def test_a_kernel_that_was_compiled_is_loaded(
    setting: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = setting(TEXT)
    assert Judge(made, tmp_path, symmetry=True).check(10) == 4

    def refuse(*_: object) -> None:
        raise AssertionError("compiled again")

    monkeypatch.setattr(kernels, "_compile", refuse)
    assert Judge(made, tmp_path, symmetry=True).check(10) == 4


def test_where_nothing_can_be_kept_kernels_are_compiled_all_the_same(
    setting: Make, tmp_path: Path
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    assert Judge(setting(TEXT), blocked).check(10) == 4


def test_a_damaged_object_is_compiled_again(setting: Make, tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    assert Judge(setting(TEXT), folder).check(10) == 4
    (kept,) = folder.iterdir()
    kept.write_bytes(b"{\n")
    assert Judge(setting(TEXT), folder).check(10) == 4


def test_prose_and_places_in_the_text_are_no_part_of_the_key(setting: Make) -> None:
    made = setting(TEXT)
    commented = setting(
        TEXT.replace("invariant one", '# one\n    invariant one\n      """Once."""')
    )
    keys = {
        fingerprint(prepare(s.program, s.given, (), None), s.scope, ()) for s in (made, commented)
    }
    assert len(keys) == 1


def test_meaning_and_sizes_are_part_of_the_key(setting: Make) -> None:
    made = setting(TEXT)
    system = prepare(made.program, made.given, (), None)
    other = setting(TEXT.replace("not open[d]", "open[d]"))
    changed = prepare(other.program, other.given, (), None)
    sizes = dict.fromkeys(made.scope.sizes, 3)
    keys = {
        fingerprint(system, made.scope, ()),
        fingerprint(changed, other.scope, ()),
        fingerprint(system, Scope(sizes, {}, {}), ()),
        fingerprint(system, made.scope, ("m.one",)),
        fingerprint(replace(system, actions=()), made.scope, ()),
    }
    assert len(keys) == 5


def test_every_module_that_makes_a_kernel_is_part_of_the_key() -> None:
    root = Path(splitspec.__file__).parent
    native, model = root / "checker/explicit/native", root / "model"
    found = imports_below(native / "kernel.py", root)
    found |= imports_below(native / "observer.py", root)
    known = {native / f"{name}.py" for name in (*fingerprints.SOURCES, "fingerprint")}
    known |= {model / f"{name}.py" for name in fingerprints.MODEL_SOURCES}
    # What only declares data, or only stores, loads and waits for what was made.
    without_part = {native / f"{name}.py" for name in ("addresses", "compilation", "object_cache")}
    without_part |= {
        model / f"{name}.py" for name in ("induction", "ir", "setting", "source", "trace", "types")
    }
    without_part.add(model / "verdict.py")
    checker = root / "checker"
    others = ("budget", "interruption", "parentage", "result")
    without_part |= {checker / f"{name}.py" for name in others}
    assert found - without_part == known


def test_only_the_chosen_properties_have_bits(setting: Make, tmp_path: Path) -> None:
    made = setting(TEXT)
    system = prepare(made.program, made.given, (), ())
    kernel = compile_kernel(system, made.scope, (), folder=tmp_path)
    assert [bit.path for bit in kernel.bits] == ["deadlock"]
