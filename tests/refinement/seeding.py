"""Seed a bug, one line of `impl` replaced by another in a running process, and see what finds it.

Each was thought of as a mistake that people make in such a kernel or host. `found_by` is the
mapping that must see it, `kind` and `named` how: the guard, or the place that goes wrong.
"""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache, partial
from types import ModuleType
from typing import Any

from tests.refinement.holding import evaluator_for

from splitspec.impl.machine import PlatformKind
from splitspec.model.evaluator import Evaluator
from splitspec.model.scope import State
from splitspec.refinement.conformance import Bounds, conform
from splitspec.refinement.divergence import Conformance
from splitspec.refinement.divergence import DivergenceKind as Kind
from splitspec.refinement.driver import Driver, Found
from splitspec.refinement.machine.models import (
    accounting,
    attestation,
    granting,
    memory,
    memory_sev,
    memory_tdx,
    named,
    shootdown,
    threads,
)
from splitspec.refinement.machine.shipped import SHIPPED
from splitspec.refinement.mapping import Implementation

STATES_MAX = 2_500


@dataclass(frozen=True)
class Bug:
    """`old` stands in the source of the method, or function of a module; `new` takes its place.

    `violates` is the sentence of the domain from which a bug was planned, without a look at the
    specification; else it is empty.
    """

    name: str
    owner: type[Any] | ModuleType
    method: str
    old: str
    new: str
    found_by: str
    kind: Kind
    named: str
    violates: str = ""


@contextmanager
def seeded(bug: Any) -> Iterator[None]:
    """Run with the bug in place: of any class with `owner`, `method`, `old` and `new`."""
    original = inspect.getattr_static(bug.owner, bug.method)
    source = textwrap.dedent(inspect.getsource(original))
    assert source.count(bug.old) == 1, f"{bug.name}: {bug.old!r} stands {source.count(bug.old)}x"
    space: dict[str, Any] = {}
    code = compile(source.replace(bug.old, bug.new), inspect.getsourcefile(bug.owner) or "", "exec")
    exec(code, vars(inspect.getmodule(bug.owner)), space)
    setattr(bug.owner, bug.method, space[bug.method])
    try:
        yield
    finally:
        setattr(bug.owner, bug.method, original)


SNP, TDX = PlatformKind.SNP, PlatformKind.TDX
TWO = {"Container": 1, "Page": 2, "Frame": 2}
TWO_TENANTS = {"Container": 2, "Vcpu": 1, "Thread": 1}
TWO_VCPUS = {"Container": 2, "Vcpu": 2, "Thread": 1}
LIMIT_TWO = {"Container": 1, "Page": 1, "Frame": 2}
TWO_QUOTES = {"Container": 1, "Code": 1, "Nonce": 2, "Evidence": 2}
ONE_PAGE = {"Container": 1, "Page": 1, "Frame": 1, "Addr": 1}
ONE_FRAME = {"Container": 1, "Page": 2, "Frame": 1, "Addr": 1}
TWO_PAGES = {"Container": 1, "Page": 2, "Frame": 2, "Addr": 1}
FAMILY = {"Container": 2, "Page": 1, "Frame": 1, "Addr": 1}
TWO_TAGGED = {"Container": 2, "Page": 2, "Frame": 2, "Addr": 1, "Core": 1, "Tag": 2}
NAMED = {"Container": 2, "Page": 1, "Frame": 1, "Addr": 1, "Object": 1}
TWO_ADDRESSES = {"Container": 1, "Page": 1, "Frame": 1, "Addr": 2, "Object": 1}
COPIES = {"Container": 2, "Page": 2, "Frame": 2, "Addr": 1}

BENCHES: Mapping[str, Callable[[], Implementation[Any]]] = {
    **SHIPPED,
    "granting-sev-hostile-two": partial(granting, SNP, honest=False, sizes=TWO),
    "granting-sev-limit-two": partial(granting, SNP, honest=True, sizes=LIMIT_TWO, limit=2),
    "granting-tdx-hostile-two": partial(granting, TDX, honest=False, sizes=TWO),
    "threads-sev-tenants": partial(threads, SNP, honest=True, synchronous=False, sizes=TWO_TENANTS),
    "accounting-sev-tenants": partial(accounting, SNP, honest=True),
    "attestation-sev-small": partial(attestation, SNP),
    "attestation-sev-quotes": partial(attestation, SNP, sizes=TWO_QUOTES),
    "memory-sev-page": partial(memory, SNP, honest=True, sizes=ONE_PAGE),
    "memory-sev-two": partial(memory, SNP, honest=True, sizes=TWO_PAGES),
    "memory-sev-family": partial(memory, SNP, honest=True, sizes=FAMILY),
    "memory-sev-copies": partial(memory, SNP, honest=True, sizes=COPIES),
    "memory-sev-frame": partial(memory, SNP, honest=False, sizes=ONE_FRAME),
    "memory_tdx-page": partial(memory_tdx, honest=True, sizes=ONE_PAGE),
    "memory_tdx-taken": partial(memory_tdx, honest=False, sizes=ONE_FRAME),
    "shootdown-copies": partial(shootdown, SNP, honest=False, sizes=TWO_TAGGED),
    "object_memory-sev-addresses": partial(named, SNP, sizes=TWO_ADDRESSES, model="object_memory"),
    "objects-sev-fork": partial(named, SNP, sizes=NAMED, model="objects"),
    "object_memory-sev-fork": partial(named, SNP, sizes=NAMED, model="object_memory"),
    "memory_sev-pages": partial(memory_sev, honest=False, sizes=ONE_FRAME),
}
"""The mappings that bugs are looked for with: those that are shipped, and some of other sizes."""


@cache
def evaluator_named(name: str) -> Evaluator:
    return evaluator_for(BENCHES[name]())


Call = tuple[str, dict[str, int]]
"""An action and its parameters, as numbers of elements."""

CLONE_WITH_A_PAGE: tuple[Call, ...] = (
    ("create", {"c": 0}),
    ("grant_page", {"c": 0, "g": 0}),
    ("back_page", {"c": 0, "g": 0, "f": 0}),
    ("accept_page", {"c": 0, "g": 0, "f": 0}),
    ("start", {"c": 0}),
    ("map_page", {"c": 0, "v": 0, "g": 0}),
    ("write_page", {"c": 0, "v": 0, "g": 0, "f": 0}),
    ("seal", {}),
    ("begin_fork", {"d": 1}),
    ("copy_space", {"d": 1}),
    ("activate", {"d": 1}),
    ("grant_page", {"c": 1, "g": 1}),
    ("back_page", {"c": 1, "g": 1, "f": 1}),
    ("accept_page", {"c": 1, "g": 1, "f": 1}),
)
CLONE_OF_A_PAGE: tuple[Call, ...] = (
    ("create", {"c": 0}),
    ("start", {"c": 0}),
    ("map_page", {"c": 0, "v": 0, "g": 0}),
    ("seal", {}),
    ("begin_fork", {"d": 1}),
    ("copy_space", {"d": 1}),
    ("activate", {"d": 1}),
)
FORK: tuple[Call, ...] = (
    ("create", {"c": 0}),
    ("start", {"c": 0}),
    ("create_object", {"c": 0}),
    ("seal", {}),
    ("begin_fork", {"d": 1}),
)
LATER: Mapping[str, tuple[Call, ...]] = {
    "memory-sev-copies": CLONE_WITH_A_PAGE,
    "shootdown-copies": CLONE_OF_A_PAGE,
    "objects-sev-fork": FORK,
    "object_memory-sev-fork": FORK,
}
"""Where the walk begins with which of the mappings: in large graphs, near to what it looks for."""


class Later:
    """An evaluator that begins where a program leads."""

    def __init__(self, evaluator: Evaluator, state: State) -> None:
        self._evaluator, self._state = evaluator, state

    def initial_states(self) -> Iterator[State]:
        yield self._state

    def __getattr__(self, name: str) -> Any:
        return getattr(self._evaluator, name)


def led(mapping: Implementation[Any], evaluator: Evaluator, calls: Iterable[Call]) -> Any:
    """Return the implementation and the state to which calls lead that conform."""
    driver, subject = Driver(mapping, evaluator), mapping.create()
    state = driver.begin(subject)
    for action, values in calls:
        assert not isinstance(state, Found), state
        performer, enabled = next(
            (p, enabled)
            for p, enabled in driver.allowed(state)
            if p.path.rpartition(".")[2] == action
        )
        binding = tuple(values[parameter.name] for parameter in performer.chosen)
        reached = driver.perform(subject, performer, binding, enabled[binding])
        assert reached is not None, (action, values)
        state = reached
    assert not isinstance(state, Found), state
    return subject, state


def found(bug: Bug) -> Conformance:
    """Return what the walk finds with the bug in place."""
    mapping, evaluator = BENCHES[bug.found_by](), evaluator_named(bug.found_by)
    calls = LATER.get(bug.found_by, ())
    with seeded(bug):
        if calls:
            _, state = led(mapping, evaluator, calls)
            begun = replace(mapping, create=lambda: led(mapping, evaluator, calls)[0])
            later: Any = Later(evaluator, state)
            return conform(begun, later, Bounds(states=STATES_MAX))
        return conform(mapping, evaluator, Bounds(states=STATES_MAX))
