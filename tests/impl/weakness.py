"""A weakness of the published artifact, built into the implementation: what it is, its two runs.

A weakness leaves guards out, by operation and name, or puts a method in the place of another.
`show` runs one program twice: on the weakened implementation, where it observes what it should not,
and on the implementation as it is, which refuses its first step and changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from types import ModuleType
from typing import TypeVar
from unittest.mock import patch

import pytest
from tests.impl.refusal_scenes import Scene
from tests.impl.scenes import refuse

from splitspec.impl.geometry import PAGE
from splitspec.impl.host.shadow import Handle
from splitspec.impl.refusal import Guards, Refusal

CERTAINTY = {"C": "certain", "L": "likely", "D": "by design"}
"""Of the code of the artifact; `D` is a mistake that its design invites, in code that it lacks."""


@dataclass(frozen=True, slots=True)
class Change:
    """A method, or a function of a module, and what stands in its place."""

    owner: type | ModuleType
    name: str
    replacement: Callable[..., object]

    @property
    def text(self) -> str:
        """What is different, in one line."""
        return (self.replacement.__doc__ or "").partition("\n")[0]


Test = TypeVar("Test", bound=Callable[..., None])


@dataclass(frozen=True, slots=True)
class Weakness:
    """A weakness: what is left out, what is then observed, and which guard refuses otherwise."""

    row: str
    certainty: str
    guard: str  # of the implementation as it is: operation and name
    effect: str  # with a pair of braces where the observed value belongs
    observed: object
    guards: tuple[str, ...] = ()  # left out
    changes: tuple[Change, ...] = ()

    @contextmanager
    def weakened(self) -> Iterator[None]:
        """Weaken the implementation; at the end, each guard left out must have been false once."""
        needed: set[str] = set()
        require = Guards.require

        def lenient(guards: Guards, guard: str, holds: bool, reason: str) -> None:
            name = f"{guards._operation}.{guard}"
            if name not in self.guards:
                require(guards, guard, holds, reason)
            elif not holds:
                needed.add(name)

        with ExitStack() as stack:
            stack.enter_context(patch.object(Guards, "require", lenient))
            for change in self.changes:
                stack.enter_context(patch.object(change.owner, change.name, change.replacement))
            yield
        assert needed == set(self.guards), needed

    def show(self, prepare: Callable[[], Scene], program: Callable[[Scene], object]) -> None:
        """Run the program on both implementations."""
        with self.weakened():
            observed = program(prepare())
            assert observed == self.observed, observed
        scene = prepare()
        operation, _, guard = self.guard.partition(".")
        refusal = refuse(scene.machine, guard, lambda: program(scene))
        assert refusal.operation == operation, refusal

    def refused(self, call: Callable[[], object]) -> None:
        """Call what is more than one step, and expect the guard."""
        with pytest.raises(Refusal) as caught:
            call()
        assert f"{caught.value.operation}.{caught.value.guard}" == self.guard


def built_in(weakness: Weakness) -> Callable[[Test], Test]:
    """Say which weakness a test shows; it gets it as its argument of that name."""

    def decorate(test: Test) -> Test:
        test.weakness = weakness  # type: ignore[attr-defined]
        return test

    return decorate


def reads(scene: Scene, handle: Handle, address: int = 0) -> bytes:
    """Return what the container on a vCPU reads at the start of a virtual page."""
    return scene.machine.processor.read(handle.vcpu, address * PAGE, 64).rstrip(b"\0")


HEADER = """\
# Weaknesses of the published artifact, shown

Each is built into the implementation as one change. A program then observes what stands under
*effect*; on the implementation as it is, the guard refuses it. Made by `make docs` from the tests
`tests/impl/test_artifact_*.py`, which run both. *Certain* and *likely* are said of the artifact's
code; *by design* is a mistake that the design invites in code that the artifact lacks.
"""


def table(tests: Iterable[Callable[..., None]]) -> str:
    """Return the page of the weaknesses that the tests show, in their order."""
    parts = [HEADER]
    for test in tests:
        weakness: Weakness = test.weakness  # type: ignore[attr-defined]
        observed = weakness.observed
        quoted = f"`{observed.decode()}`" if isinstance(observed, bytes) else str(observed)
        claim = test.__name__.removeprefix("test_").replace("_", " ")
        left_out = [f"without guard `{name}`" for name in weakness.guards]
        left_out += [
            f"`{c.owner.__name__.rpartition('.')[2]}.{c.name}`: {c.text.rstrip('.')}"
            for c in weakness.changes
        ]
        parts.append(
            f"## {claim[0].upper()}{claim[1:]}\n\n"
            f"{' '.join((test.__doc__ or '').split())}\n\n"
            f"- Weakness: {weakness.row}, {CERTAINTY[weakness.certainty]}\n"
            f"- Changed: {'; '.join(left_out)}\n"
            f"- Effect: {weakness.effect.format(quoted)}\n"
            f"- Refused by: guard `{weakness.guard}`\n"
        )
    return "\n".join(parts)
