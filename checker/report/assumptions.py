"""What proofs assume of the world, what they use of it, and what no proof uses.

What a proof used is read from the cores of its obligations and of those of everything in its basis.
Assumed are assumptions on constants, guards that speak of the hardware, the verifier or the
environment, and promises of actors that are given as honest. A guard of the kernel is the design
that is proved, and no assumption.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from splitspec.checker.proof import Method, ProofResult, Status
from splitspec.checker.report.proved import Proved
from splitspec.model.frozen import frozen
from splitspec.model.ir import ActorKind, System
from splitspec.model.ir_text import writer_for
from splitspec.model.reasons import Reason, reason_for

ASSUMED = "assume"
"""The kind of an assumption on constants, beside those of guards."""

Uses = Mapping[str, frozenset[str]]
"""By the path of a property: what its proof used of the assumptions."""

FINDINGS = """\
## Findings: assumed, and used by no proof

Every theorem of this page that is no claim of progress stays proved when all of these are dropped
at once, so none is a reason to believe such a theorem. Each group says why they are there; the
reasons are those of `spec/assumptions.toml`. *Without it* is what an exploration finds where that
one is left out, in the first model that assumes it, at that model's sizes: the claims that break.
"""
UNEXPLAINED = """\
### Without a reason

Nobody has said why these are assumed.
"""
ELSEWHERE = """\
### Used in other models only

What a proof of one model uses and no proof of another, where it is assumed too.
"""


@frozen
class Assumed:
    """Something that is assumed: `kind` is that of a guard, or `assume`."""

    name: str
    kind: str
    formula: str


@frozen
class Effect:
    """What an exploration finds without something that is assumed: the claims that break, and
    whether it came to an end."""

    broken: tuple[str, ...]
    complete: bool


Effects = Mapping[Assumed, Effect]


def assumed_in(system: System) -> tuple[Assumed, ...]:
    """Return what a system assumes of the world, in its order."""
    writer = writer_for(system)
    found = []
    for assumption in system.assumptions:
        formula = " and ".join(writer.expression(line.expression) for line in assumption.lines)
        found.append(Assumed(assumption.path, ASSUMED, formula))
    for action in system.actions:
        for guard in action.guards:
            if guard.kind is not ActorKind.KERNEL:
                formula = " and ".join(writer.expression(line.expression) for line in guard.lines)
                found.append(Assumed(f"{action.path}.{guard.name}", guard.kind.value, formula))
    return tuple(found)


def uses(system: System, result: ProofResult) -> Uses:
    """Return what the proof of each proved property used of what is assumed."""
    assumed = {item.name for item in assumed_in(system)}
    guards = {a.path: {f"{a.path}.{g.name}" for g in a.guards} for a in system.actions}
    named: dict[str, set[str]] = {}
    for obligation in result.obligations:
        if obligation.status is Status.PROVED:
            used = set(obligation.core)
            if obligation.method is Method.FINITE and obligation.action:
                used |= guards[obligation.action]  # Such a proof does not say which it needed.
            named.setdefault(obligation.property, set()).update(used)
    nothing: set[str] = set()
    return {
        path: frozenset(
            name for each in (path, *basis) for name in named.get(each, nothing) & assumed
        )
        for path, basis in result.basis
    }


def unused(proofs: Iterable[Proved]) -> dict[Assumed, list[str]]:
    """Return what is assumed and used by no proof of any model, with the models that assume it."""
    models: dict[Assumed, dict[str, None]] = {}
    used: set[str] = set()
    for model, item, is_used in _everywhere(proofs):
        models.setdefault(item, {})[model] = None
        used |= {item.name} if is_used else set()
    return {item: list(names) for item, names in models.items() if item.name not in used}


def partly_used(proofs: Iterable[Proved]) -> dict[str, tuple[list[str], list[str]]]:
    """Return the names of what some proof uses: the models in which one does, and the models that
    assume it where none does, if there are any."""
    using: dict[str, dict[str, None]] = {}
    assuming: dict[str, dict[str, None]] = {}
    for model, item, is_used in _everywhere(proofs):
        models = using if is_used else assuming
        models.setdefault(item.name, {})[model] = None
    split = {
        name: (list(models), [m for m in assuming.get(name, {}) if m not in models])
        for name, models in using.items()
    }
    return {name: (used, idle) for name, (used, idle) in split.items() if idle}


def _everywhere(proofs: Iterable[Proved]) -> Iterator[tuple[str, Assumed, bool]]:
    """Iterate over what each system assumes: its model, the assumption, and whether some proof of
    the system uses it."""
    for proved in proofs:
        for system, result in zip(proved.subject.systems, proved.results, strict=True):
            used = {name for names in uses(system, result).values() for name in names}
            for item in assumed_in(system):
                yield proved.subject.name, item, item.name in used


def findings(
    proofs: Sequence[Proved], reasons: Sequence[Reason], effects: Effects
) -> Iterator[str]:
    """Iterate over the lines of the section on what no proof uses, unexplained ones first."""
    yield FINDINGS
    found = unused(proofs)
    if not found:
        yield "There is none."
        yield ""
    groups: dict[Reason | None, list[Assumed]] = {None: [], **{reason: [] for reason in reasons}}
    for item in found:
        groups[reason_for(item.name, reasons)].append(item)
    for reason, items in groups.items():
        if not items:
            continue
        yield UNEXPLAINED if reason is None else f"### {reason.title}\n\n{reason.text}\n"
        yield "| assumed | of | says | in | without it |"
        yield "|---|---|---|---|---|"
        for item in items:
            yield _row(item, found[item], effects.get(item))
        yield ""
    yield ELSEWHERE
    yield "| assumed | used in | not used in |"
    yield "|---|---|---|"
    for name, (used, idle) in partly_used(proofs).items():
        yield f"| `{name}` | {', '.join(used)} | {', '.join(idle)} |"
    yield ""


def _row(item: Assumed, models: Sequence[str], effect: Effect | None) -> str:
    cells = (f"`{item.name}`", item.kind, f"`{item.formula}`", ", ".join(models), _words(effect))
    return f"| {' | '.join(cells)} |"


def _words(effect: Effect | None) -> str:
    match effect:
        case None:
            return "not explored"
        case Effect(broken=(), complete=True):
            return "nothing breaks"
        case Effect(broken=(), complete=False):
            return "nothing breaks, as far as it was explored"
        case Effect(broken=broken):
            return ", ".join(f"`{path}`" for path in broken)
