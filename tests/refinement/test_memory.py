"""The machine is held to `memory`: page tables, pools, the page machine and fork together."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.refinement.seeded import Bug, seeded

from splitspec.impl.kernel.address_space import AddressSpaces
from splitspec.impl.kernel.direct_map import DirectMap
from splitspec.impl.kernel.fork import Forks
from splitspec.impl.kernel.lifecycle import Lifecycle
from splitspec.impl.kernel.pools import Pools
from splitspec.impl.machine import PlatformKind
from splitspec.model.tier import Tier
from splitspec.refinement.conformance import Bounds, conform
from splitspec.refinement.divergence import Conformance
from splitspec.refinement.divergence import DivergenceKind as Kind
from splitspec.refinement.machine.models import granting, memory, memory_sev
from splitspec.refinement.machine.shipped import SHIPPED, due
from splitspec.refinement.mapping import Copies, Implementation, UncopiableError
from splitspec.refinement.report import conformance_text
from splitspec.refinement.target import evaluator_of

ALONE = {"Container": 1, "Page": 1, "Frame": 1, "Addr": 1}
KINDS = pytest.mark.parametrize("kind", list(PlatformKind), ids=lambda kind: kind.value)


def held(mapping: Implementation[Any], bounds: Bounds | None = None) -> Conformance:
    evaluator = evaluator_of(
        mapping.model, sizes=mapping.sizes, pins=mapping.pins, given=mapping.given
    )
    return conform(mapping, evaluator, bounds or Bounds(states=None))


def unexplained(found: Conformance) -> list[str]:
    return [name for name, reason in found.untried.items() if not reason]


def test_the_machine_does_what_memory_says_under_its_own_host() -> None:
    found = held(SHIPPED["memory-tdx"]())
    assert found.complete, conformance_text(found)
    assert unexplained(found) == []


@KINDS
def test_one_container_is_safe_from_a_hostile_host(kind: PlatformKind) -> None:
    found = held(memory(kind, honest=False, sizes=ALONE))
    assert found.complete, conformance_text(found)
    assert {"memory.read_page", "memory.write_page", "fork.seal"} <= found.tried.performed.keys()


def test_acceptance_has_two_halves_on_sev() -> None:
    found = held(memory_sev(honest=True, sizes=ALONE, limit=1))
    assert found.complete, conformance_text(found)
    assert {"sev.pvalidate", "sev.abandon"} <= found.tried.performed.keys()


@pytest.mark.nightly
@pytest.mark.parametrize("name", [name for name in due(Tier.NIGHTLY) if "memory" in name])
def test_the_machine_does_what_memory_says_at_every_shipped_size(name: str) -> None:
    found = held(SHIPPED[name]())
    assert found.complete, conformance_text(found)
    assert unexplained(found) == []


TWO_PAGES = {**ALONE, "Page": 2}
PAIR = {**ALONE, "Container": 2}


def mapping_of(name: str) -> Implementation[Any]:
    match name:
        case "alone":
            return memory(PlatformKind.SNP, honest=True, sizes=ALONE, limit=1)
        case "hostile":
            return memory(PlatformKind.SNP, honest=False, sizes=TWO_PAGES)
        case _:
            return memory(PlatformKind.TDX, honest=True, sizes=PAIR, limit=1)


# A table, which reads best as one.
# fmt: off
BUGS = (
    Bug("a page in use counts as free", Pools, "_unused",
        'guards.require("free", unused, f"page {page} is {record.use.value}")', "pass",
        "alone", Kind.OTHER_GUARD, "unmapped"),
    Bug("an unmapped page keeps its count", AddressSpaces, "drop",
        "left = record.references - 1", "left = record.references",
        "alone", Kind.OTHER_STATE, "mappers[p1]"),
    Bug("sealing leaves the W bit", Forks, "seal",
        "frozen = Entry(entry.page, copy_on_write=copied, executable=entry.executable)",
        "frozen = entry", "alone", Kind.OTHER_STATE, "writable[c1, a1]"),
    Bug("clearing stops half way", DirectMap, "clear",
        "self.write(page, ZEROS)", "self.write(page, ZEROS[:2048])",
        "alone", Kind.OTHER_STATE, "data[f1]"),
    Bug("a page is accepted unscrubbed", Pools, "accept",
        "self._memory.clear(page)", "pass", "hostile", Kind.OTHER_STATE, "data[f1]"),
    Bug("a fork counts nothing", Forks, "fork",
        "self._spaces.hold(entry.page)", "pass", "pair", Kind.OTHER_STATE, "mappers[p1]"),
    Bug("a clone begins with its own entries", Forks, "fork",
        "entries = list(self._memory.entries(zygote))",
        "entries = list(self._memory.entries(clone))",
        "pair", Kind.OTHER_STATE, "table[c2, a1]"),
    Bug("a clone comes to life after its zygote", Forks, "activate",
        'guards.require("sealed", sealed, f"the zygote of container {clone} is gone")', "pass",
        "pair", Kind.ACCEPTED, "sealed"),
    Bug("an exit ends with entries in the table", Lifecycle, "retire",
        'guards.require("unmapped", not mapped, f"it maps virtual pages {mapped}")', "pass",
        "pair", Kind.ACCEPTED, "unmapped"),
    Bug("the entry of the neighbour is written", DirectMap, "set_entry",
        "leaf = self._geometry.leaf(container, index)",
        "leaf = self._geometry.leaf(0, index)", "pair", Kind.OTHER_STATE, "table[c1, a1]"),
)
# fmt: on
NIGHTLY = [pytest.param(bug, marks=pytest.mark.nightly) for bug in BUGS if bug.found_by == "pair"]


@pytest.mark.parametrize(
    "bug", [*(bug for bug in BUGS if bug.found_by != "pair"), *NIGHTLY], ids=lambda bug: bug.name
)
def test_a_bug_of_memory_is_found_and_named(bug: Bug) -> None:
    with seeded(bug):
        found = held(mapping_of(bug.found_by), Bounds(states=1_500))
    assert found.divergences, conformance_text(found)
    (divergence,) = found.divergences
    assert divergence.kind is bug.kind, conformance_text(found)
    assert bug.named in " ".join((*divergence.guards, *divergence.facts)), conformance_text(found)


def test_a_machine_without_its_log_is_copied_and_conforms() -> None:
    """back ∘ call = identity, by copies as by the log: the same states and transitions."""
    sizes = {"Container": 1, "Page": 1, "Frame": 1}
    logged = granting(PlatformKind.SNP, honest=False, sizes=sizes)
    copied = replace(logged, undo=Copies(caches=("_decrypted",)))
    one, other = (held(each) for each in (logged, copied))
    assert not other.divergences, conformance_text(other)
    assert (one.states, one.transitions) == (other.states, other.transitions)


def test_what_cannot_be_copied_says_what_to_write() -> None:
    class Locked:
        def __deepcopy__(self, _memo: object) -> object:
            raise TypeError("it holds a socket")

    copies: Copies[Locked] = Copies()
    with pytest.raises(UncopiableError, match=r"it holds a socket.*give the mapping an `undo`"):
        copies.mark(Locked())
