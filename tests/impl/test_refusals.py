"""Every guard of hardware, host and kernel refuses somewhere, by its name, and changes nothing."""

from __future__ import annotations

import ast
import inspect
import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.impl.refusal_cases import CASES, Case

import splitspec.impl
from splitspec.impl.machine import Machine
from splitspec.impl.refusal import Refusal

HOME = Path(splitspec.impl.__file__).resolve().parent


class Watch:
    """Holds every public step to writing nothing if it refuses; remembers where guards failed."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.depth = 0
        self.machine: Machine | None = None
        self.sites: set[tuple[str, int]] = set()
        for kind in _stepping_classes():
            for name, method in vars(kind).items():
                if inspect.isfunction(method) and not name.startswith("_"):
                    monkeypatch.setattr(kind, name, self._held(method))

    def _held(self, method: Callable[..., object]) -> Callable[..., object]:
        def step(*arguments: object, **options: object) -> object:
            if self.machine is None or self.depth:
                return method(*arguments, **options)
            self.depth += 1
            before, mark = self.machine.digest(), self.machine.checkpoint()
            try:
                return method(*arguments, **options)
            except Refusal as refusal:
                after, end = self.machine.digest(), self.machine.checkpoint()
                if (after, end) != (before, mark):
                    raise AssertionError(f"{method.__qualname__} wrote") from refusal
                self._remember(refusal)
                raise
            finally:
                self.depth -= 1

        return step

    def _remember(self, refusal: Refusal) -> None:
        for call, line in reversed(list(traceback.walk_tb(refusal.__traceback__))):
            file = Path(call.f_code.co_filename).resolve()
            if file.is_relative_to(HOME) and file.name != "refusal.py":
                self.sites.add((str(file.relative_to(HOME)), line))
                return
        raise AssertionError("a refusal from nowhere") from refusal

    def expect(self, case: Case) -> None:
        """Set the scene, call, and expect the refusal of the guard."""
        kind, setup, guard, call = case
        scene = setup(kind)
        self.machine = scene.machine
        try:
            with pytest.raises(Refusal) as caught:
                call(scene)
        finally:
            self.machine = None
        assert caught.value.guard == guard, caught.value


def _stepping_classes() -> list[type]:
    modules = [sys.modules[name] for name in sorted(sys.modules) if _is_stepping(name)]
    return [
        kind
        for module in modules
        for kind in vars(module).values()
        if inspect.isclass(kind) and kind.__module__ == module.__name__
        if kind.__name__ in STEPPING
    ]


def _is_stepping(name: str) -> bool:
    return name.startswith(tuple(f"splitspec.impl.{part}." for part in PARTS))


PARTS = ("hardware", "host", "kernel")
STEPPING = {
    *("Processor", "SecureProcessor", "Snp", "Tdx", "Backing", "Cgroups", "Shadows", "HostileHost"),
    *("AddressSpaces", "Attestation", "Channels", "Forks", "Lifecycle", "Pools", "Shootdown"),
    *("Pins", "Pointers", "Objects", "ObjectMemory", "Layouts", "Allocators"),
    *("Threads", "Loading", "Work", "Notifications", "Generators", "Faults", "Recycler"),
}


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    return Watch(monkeypatch)


def _name(case: Case) -> str:
    return f"{case[0].value}-{case[1].__name__}-{case[2]}"


@pytest.mark.parametrize("case", CASES, ids=_name)
def test_a_false_guard_refuses_by_its_name_and_nothing_changes(case: Case, watch: Watch) -> None:
    watch.expect(case)


def test_every_guard_has_a_case(watch: Watch) -> None:
    for case in CASES:
        watch.expect(case)
    missed = [
        f"{file}:{first} {guard}"
        for file, first, last, guard in _guards()
        if not any(file == seen and first <= line <= last for seen, line in watch.sites)
    ]
    assert "\n".join(missed) == ""


def _guards() -> Iterator[tuple[str, int, int, str]]:
    """File, first and last line, and text of each place where a guard is named."""
    for part in PARTS:
        for path in sorted((HOME / part).glob("*.py")):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
                    name = ast.unparse(node.exc.func)
                    named = name if name in FAULTS else None
                elif isinstance(node, ast.Call) and ast.unparse(node.func) in CHECKS:
                    named = ast.unparse(node.args[0])
                else:
                    continue
                if named is not None:
                    place = str(path.relative_to(HOME))
                    yield place, node.lineno, node.end_lineno or node.lineno, named


FAULTS = {"GuestPageFault", "NestedPageFault", "NotValidated", "MachineCheck"}
CHECKS = {"guards.require", "guards.fail"}
