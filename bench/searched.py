"""What the searches of one model took: `search.py` prints it, and who called that reads it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec
from processes import run_well

ROOT = Path(__file__).parents[1]
SEARCH = Path(__file__).with_name("search.py")


@dataclass(frozen=True)
class Model:
    """A model of the `models.toml` of a folder, under one adversary."""

    name: str
    given: str
    folder: Path


REMAPPING = Model("remapping", "none", ROOT / "bench" / "models")
FAULTING = Model("faulting", "host", ROOT / "bench" / "models")
PETERSON = Model("peterson-5", "none", ROOT / "tests" / "systems")
MEMORY = Model("memory", "none", ROOT / "spec")
GRANTING = Model("granting", "host", ROOT / "spec")
THREE = Model("remapping-three", "none", ROOT / "bench" / "models")


@dataclass(frozen=True)
class Searched:
    """One search. Times are in seconds; `cpu` is of all threads together, the system's share
    included.

    `array_bytes` is what the visited set says that it uses, `resident_bytes` by how much the
    process grew. `broken` are the properties that failed.
    """

    workers: int
    states: int
    transitions: int
    depth: int
    complete: bool
    wall: float
    cpu: float
    array_bytes: int
    resident_bytes: int
    broken: tuple[str, ...]


@dataclass(frozen=True)
class Report:
    """A model and its searches. `expected` are the recorded numbers of states and transitions, if
    there are any; `compilation` is how many seconds the kernel took.
    """

    bits: int
    words: int
    properties: int
    expected: tuple[int | None, int | None]
    compilation: float
    searches: tuple[Searched, ...]

    @property
    def states(self) -> int:
        return self.searches[0].states

    @property
    def transitions(self) -> int:
        return self.searches[0].transitions

    @property
    def out_degree(self) -> float:
        return self.transitions / self.states

    @property
    def is_right(self) -> bool:
        """Whether every search was complete, broke nothing, and counted what is expected."""
        states, transitions = self.expected
        return all(
            searched.complete
            and not searched.broken
            and searched.states == (states or self.states)
            and searched.transitions == (transitions or self.transitions)
            for searched in self.searches
        )

    def least(self, figure: Callable[[Searched], float], workers: int = 1) -> float:
        """Return the least of a figure over the searches with so many workers."""
        return min(figure(searched) for searched in self.searches if searched.workers == workers)

    def __str__(self) -> str:
        return (
            f"{self.states:,} states of {self.bits} bits, {self.transitions:,} transitions, "
            f"{self.out_degree:.2f} a state"
        )


@dataclass(frozen=True)
class Counted:
    """The states of a model, and its orbits as each way counts them."""

    states: int
    renamings: int
    canonicalised: int
    reduced: int
    burnside: int | None

    @property
    def is_right(self) -> bool:
        return self.canonicalised == self.reduced and self.burnside in (None, self.reduced)


def searched(
    model: Model,
    *,
    workers: tuple[int, ...] = (1,),
    repeats: int = 3,
    symmetry: bool = False,
    kernel_cache: Path | None = None,
) -> Report:
    """Search a model in a process of its own."""
    command = [sys.executable, str(SEARCH), model.name, "--given", model.given]
    command += ["--repeats", str(repeats), "--workers", *map(str, workers)]
    command += ["--symmetry"] if symmetry else []
    command += ["--kernel-cache", str(kernel_cache)] if kernel_cache is not None else []
    return msgspec.json.decode(run_well(command, folder=model.folder).output, type=Report)
