"""From a setting to what is to be proved of it: a flat system of one adversary and at most one
variant, and its claims, a conjunct each.

A claim of a weaker promise holds under a stronger one too: with an honest host there are fewer
steps. So the invariants of every adversary that this one contains are facts here as well; they are
proved again, in this system.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from splitspec.model import ir
from splitspec.model.expressions import variables_read
from splitspec.model.frozen import frozen
from splitspec.model.ir import ActorKind, FlatAction, Program, PropertyKind, System, Variant
from splitspec.model.passes.oblige import obligations
from splitspec.model.passes.restrict import exact_counters
from splitspec.model.pipeline import Work, stages

INDUCTIVE = (PropertyKind.INVARIANT, PropertyKind.LEMMA)
PROVABLE = (
    *INDUCTIVE,
    PropertyKind.STEP,
    PropertyKind.EXACT,
    PropertyKind.OVERLAP,
    PropertyKind.RANGE,
)


@frozen
class Claim:
    """A conjunct of the property `path`. `number` counts them from 1; 0 says that there is one.

    What an action must be shown not to do (overlap, range) has no expression.
    """

    path: str
    number: int
    kind: PropertyKind
    expression: ir.Expression | None
    label: str

    @property
    def name(self) -> str:
        """How proofs name it: the property, with the label or number of the conjunct. No two claims
        of a theory have one name."""
        if not self.number:
            return self.path
        return f"{self.path}.{self.label or self.number}"


@dataclass(frozen=True)
class Theory:
    """A system with its claims, in the order of declaration; `own` are the properties that are
    claimed of exactly this adversary, and not of a stronger one."""

    system: System
    claims: tuple[Claim, ...]
    own: frozenset[str]
    properties: Mapping[str, ir.Property]  # obligations too, by path
    constants: Mapping[str, ir.Value]  # what a variant sets
    progress: Mapping[str, ir.Property]  # of exactly this adversary

    @property
    def facts(self) -> tuple[Claim, ...]:
        """The claims on states, from which, together, induction starts."""
        return tuple(c for c in self.claims if c.kind in INDUCTIVE or c.kind is PropertyKind.EXACT)

    def reads(self, claim: Claim) -> frozenset[str]:
        """Return the variables that a claim reads, of this theory or of another one of the same
        system; an exact counter reads itself, too."""
        own = self._read_by_own.get(claim.name)
        if own is not None and own[0] is claim:
            return own[1]
        return _read(self.system, claim)

    @cached_property
    def _read_by_own(self) -> Mapping[str, tuple[Claim, frozenset[str]]]:
        return {claim.name: (claim, _read(self.system, claim)) for claim in self.claims}


def theory_of(
    program: Program, given: frozenset[ActorKind], variant: Variant | None = None
) -> Theory:
    """Return what is to be proved of a program under one adversary, perhaps with a variant."""
    variants = () if variant is None else (variant,)
    whole, system = _flat(program, given, variants)
    name = None if variant is None else variant.name
    system = replace(system, actions=tuple(_actions_of(system.actions, name)), variants=())
    derived = obligations(system)
    declared = [p for p in whole.properties.values() if p.given <= given]
    provable = {p.path: p for p in (*declared, *derived) if p.kind in PROVABLE}
    claims = [claim for each in provable.values() for claim in claims_of(each)]
    own = {p.path for p in declared if p.given == given} | {p.path for p in derived}
    progress = {p.path: p for p in declared if p.kind is PropertyKind.PROGRESS and p.given == given}
    return Theory(system, tuple(claims), frozenset(own), provable, _constants(variant), progress)


def _flat(
    program: Program, given: frozenset[ActorKind], variants: tuple[Variant, ...]
) -> tuple[System, System]:
    """Return the system with the properties of all adversaries, and that of this one."""
    systems = {step.name: work.system for step, work in stages(Work(program, given, variants))}
    whole, restricted = systems["compose"], systems["fold"]
    assert whole is not None
    assert restricted is not None
    return whole, restricted


def _actions_of(actions: Iterable[FlatAction], variant: str | None) -> Iterator[FlatAction]:
    """Iterate over the actions as they are with the variant, or without any."""
    for action in actions:
        absent = variant in action.absent_for
        elsewhere = action.only_for is not None and variant not in action.only_for
        if not absent and not elsewhere:
            yield replace(
                action,
                guards=tuple(g for g in action.guards if variant not in g.dropped_by),
                updates=tuple(u for u in action.updates if variant not in u.dropped_by),
            )


def _constants(variant: Variant | None) -> dict[str, ir.Value]:
    differences = () if variant is None else variant.differences
    return {d.variable: d.value for d in differences if isinstance(d, ir.SetConstant)}


def claims_of(claimed: ir.Property) -> tuple[Claim, ...]:
    """Return a claim for each conjunct of a property, also of one under `all`."""
    if not claimed.lines:
        return (Claim(claimed.path, 0, claimed.kind, None, ""),)
    parts = [(line.label, part) for line in claimed.lines for part in conjuncts(line.expression)]
    if len(parts) == 1:
        label, part = parts[0]
        return (Claim(claimed.path, 0, claimed.kind, part, label),)
    labels = [label for label, _ in parts]
    return tuple(
        # A label that several conjuncts share names none of them.
        Claim(claimed.path, number, claimed.kind, part, label if labels.count(label) == 1 else "")
        for number, (label, part) in enumerate(parts, start=1)
    )


def conjuncts(expression: ir.Expression) -> Iterator[ir.Expression]:
    """Iterate over expressions that together say the same, splitting `and`, also under `all`."""
    match expression:
        case ir.And(operands):
            for operand in operands:
                yield from conjuncts(operand)
        case ir.Quantifier("all", _, body):
            for part in conjuncts(body):
                yield replace(expression, body=part)
        case _:
            yield expression


def is_framed(theory: Theory, action: FlatAction, claim: Claim) -> bool:
    """Whether the action keeps a claim on states because it writes nothing that the claim reads."""
    if claim.kind is not PropertyKind.EXACT and claim.kind not in INDUCTIVE:
        return False
    read = theory.reads(claim)
    return not any(update.variable in read for update in action.updates)


def _read(system: System, claim: Claim) -> frozenset[str]:
    if claim.kind is PropertyKind.EXACT:
        counter = claim.path.removesuffix(".exact")
        counted = system.variables[counter].counted
        assert counted is not None
        return variables_read([counted.condition]) | {counter}
    return frozenset() if claim.expression is None else variables_read([claim.expression])


def claimed_counters(system: System) -> tuple[ir.Variable, ...]:
    """Return the counters that are exact in every state of the run, as far as that is proved."""
    return exact_counters(system)
