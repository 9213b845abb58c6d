"""Turn requirements, the models that answer them and a lock into a page of Markdown.

A row of the page is a requirement: who asks, the mechanisms that answer, the properties that say
it, how far each is shown against which adversary, and the variants that break it. Every verdict is
one that the lock accepts; where it accepts none, the page says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from splitspec.checker.report.accepted import SHOWN, Accepted, Standing, breaking
from splitspec.checker.report.counting import counted
from splitspec.model.frozen import frozen
from splitspec.model.ir import Program, Property, PropertyKind, Variable, Variant
from splitspec.model.requirements import Requirements, identifiers_of


@frozen
class Checked:
    """A model of the manifest, as it was typed."""

    name: str
    program: Program
    variants: tuple[Variant, ...]


HEADER = """\
# Requirements

What the users of a split-container system ask for, who asks, the properties of `spec/` that say
it, how far each is shown, and the variants that break it. Made by `make docs` from
`spec/requirements.toml`, the properties and variants of `spec/`, and `spec/splitspec.lock`. Every
verdict here is one that the lock accepts: `splitspec gate` fails when a run finds another.

A property is claimed against a hostile host in coalition with all containers, unless it says
*honest host*. How far it is shown:

- *proved*: it holds at any size, by induction. *Proved for sizes*: by induction, at these sizes.
- *explored*: it holds in every state that can be reached at the sizes of the last table.
- *bounded*, *sampled*: it holds in every state up to a depth, or on some walks. Nothing more.
- *not in the lock*: some models claim it, and nothing is accepted of them yet.

A variant is the design with one check missing or one step more, and the property that must break;
the steps are the fewest after which it does. Variants that break nothing are on `attacks.md`. That
a counter is *exact* is an obligation of each model that reads it, and has no sentence of its own.

Of those who ask, the *talk* is the one on CoFunc at USENIX Security 2025. The *artifact* is its
published sources (cofunc-artifact, commit 6fe7292) by file; the kernel's are below
`cvm_os/kernel`. What neither says, and a design has to, is asked by *this design*.
"""

TITLES = {
    "isolation": "Isolation",
    "accounting": "Accounting",
    "structure": "Structure",
    "liveness": "Liveness",
    "catalogue": "Invariants of the attack catalogue",
}
OTHER = ("proved for sizes", "bounded", "sampled")
"""Those that are rare enough for one column."""


def page(requirements: Requirements, models: Iterable[Checked], standing: Standing) -> str:
    """Return the page."""
    models = tuple(models)
    found = answers(requirements, models)
    lines = [HEADER]
    if requirements.mechanisms:
        lines += _mechanisms(requirements, models, standing)
    lines += _summary(requirements, found, models, standing)
    for group, statements in requirements.groups.items():
        lines += [f"## {TITLES.get(group, group)}", ""]
        for identifier, statement in statements.items():
            lines += [f"**{identifier}** {statement}", ""]
            lines += _detail(requirements, identifier, found[identifier], models, standing)
    claims = {claim.path: claim for each in found.values() for claim in each}
    lines += _places(claims, models, standing)
    lines += _sizes(claims, standing)
    return "\n".join(lines).rstrip("\n") + "\n"


def answers(
    requirements: Requirements, models: Iterable[Checked]
) -> dict[str, tuple[Property, ...]]:
    """Return, for each requirement, the properties that name it, each once, and the exactness of
    the counters that it names."""
    known = set(requirements.identifiers)
    found: dict[str, dict[str, Property]] = {identifier: {} for identifier in known}
    for model in models:
        for identifier, paths in requirements.counts.items():
            exact = (_exactness(model.program.variables.get(path)) for path in paths)
            found[identifier] |= {claim.path: claim for claim in exact if claim is not None}
        for claim in model.program.properties.values():
            for source in claim.asked_by:
                for identifier in identifiers_of(source, known):
                    found[identifier][claim.path] = claim
    return {identifier: tuple(claims.values()) for identifier, claims in found.items()}


def _exactness(counter: Variable | None) -> Property | None:
    """Return the obligation that a counter is what it counts, if the model has the counter."""
    if counter is None or counter.counted is None:
        return None
    name = f"{counter.path}.{PropertyKind.EXACT.value}"
    text = f"The counter is exact ({counter.comment})."
    given = counter.counted.given
    return Property(name, PropertyKind.EXACT, given, (), (), text, (), counter.span)


# How far a property is shown


def _designs(path: str, standing: Standing) -> tuple[Accepted, ...]:
    """Return what was accepted of a property in models as they are, without variants."""
    return tuple(each for each in standing.get(path, ()) if not each.variant)


def _strength(path: str, standing: Standing) -> str:
    """Return the strongest way in which a property is shown, or what was found instead."""
    words = {each.shown for each in _designs(path, standing)}
    found = next(iter(words - set(SHOWN)), None)
    return found or next((word for word in SHOWN if word in words), "not in the lock")


def _models(path: str, standing: Standing) -> dict[str, list[str]]:
    """Return the models in which a property is shown, by how."""
    accepted = _designs(path, standing)
    models = {word: [each.model for each in accepted if each.shown == word] for word in SHOWN}
    return {word: list(dict.fromkeys(names)) for word, names in models.items() if names}


def _breaking(
    path: str, models: Iterable[Checked], standing: Standing
) -> Iterator[tuple[Variant, str]]:
    """Iterate over the variants that must break a property, with the verdict of the lock."""
    for model in models:
        for variant in model.variants:
            if variant.violated == path:
                yield variant, _verdict(variant, standing)


def _verdict(variant: Variant, standing: Standing) -> str:
    found = breaking(variant, standing)
    if found is None:
        return "not in the lock"
    steps = found.figures.get("steps")
    return found.outcome if steps is None else f"{found.outcome}, {counted(steps, 'step')}"


def _adversary(claim: Property) -> str:
    honest = " and ".join(sorted(kind.value for kind in claim.given))
    return f"given an honest {honest}" if honest else "against a hostile host and all containers"


# Parts of the page


def _tally(claims: Iterable[Property], standing: Standing) -> str:
    found: dict[str, int] = {}
    for claim in claims:
        strength = _strength(claim.path, standing)
        found[strength] = found.get(strength, 0) + 1
    ordered = sorted(found, key=lambda word: SHOWN.index(word) if word in SHOWN else len(SHOWN))
    return ", ".join(f"{found[word]} {word}" for word in ordered)


def _mechanisms(
    requirements: Requirements, models: tuple[Checked, ...], standing: Standing
) -> Iterator[str]:
    claims = {path: claim for m in models for path, claim in m.program.properties.items()}
    yield "## Mechanisms"
    yield ""
    yield "All properties, those that no requirement names among them; no witnesses."
    yield ""
    yield "| mechanism | what it is | modules | properties | variants that break one |"
    yield "|---|---|---|---|---|"
    for name, mechanism in requirements.mechanisms.items():
        own = [
            claim
            for path, claim in claims.items()
            if path.partition(".")[0] in mechanism.modules and claim.kind.value != "witness"
        ]
        broken = sum(1 for claim in own for _ in _breaking(claim.path, models, standing))
        modules = ", ".join(f"`{module}`" for module in mechanism.modules)
        tally = _tally(own, standing)
        yield f"| {name} | {mechanism.about} | {modules} | {tally} | {broken} |"
    yield ""


def _summary(
    requirements: Requirements,
    found: Mapping[str, tuple[Property, ...]],
    models: tuple[Checked, ...],
    standing: Standing,
) -> Iterator[str]:
    yield "## Summary"
    yield ""
    yield "| requirement | who asks | mechanisms | properties | variants that break one |"
    yield "|---|---|---|---|---|"
    for identifier in requirements.identifiers:
        claims = found[identifier]
        named = dict.fromkeys(requirements.mechanism(claim.path) for claim in claims)
        mechanisms = ", ".join(name for name in named if name)
        broken = sum(1 for claim in claims for _ in _breaking(claim.path, models, standing))
        source = requirements.sources.get(identifier, "")
        tally = _tally(claims, standing) or "none"
        yield f"| {identifier} | {source} | {mechanisms} | {tally} | {broken} |"
    yield ""


def _detail(
    requirements: Requirements,
    identifier: str,
    claims: tuple[Property, ...],
    models: tuple[Checked, ...],
    standing: Standing,
) -> Iterator[str]:
    if identifier in requirements.sources:
        yield f"Asked by: {requirements.sources[identifier]}."
        yield ""
    if not claims:
        reason = requirements.absent.get(identifier, "no property says this")
        yield f"- Not in the specification: {reason}"
    for claim in claims:
        sentence = " ".join(claim.text.split())
        yield f"- `{claim.path}` ({claim.kind.value}): {sentence}"
        yield f"  {_shown(claim, standing)}, {_adversary(claim)}."
        broken = [
            f"`{variant.name}` of `{variant.model}` ({verdict})"
            for variant, verdict in _breaking(claim.path, models, standing)
        ]
        if broken:
            yield f"  Variants: {', '.join(broken)}."
    yield ""


def _shown(claim: Property, standing: Standing) -> str:
    strength = _strength(claim.path, standing)
    found = _models(claim.path, standing)
    if strength not in found:
        return strength.capitalize()
    counts = [f"{said} in {counted(len(names), 'model')}" for said, names in found.items()]
    return f"Holds: {', '.join(counts)}"


def _places(
    claims: Mapping[str, Property], models: tuple[Checked, ...], standing: Standing
) -> Iterator[str]:
    yield "## Where each property is shown"
    yield ""
    yield "| property | proved | explored | other | not in the lock |"
    yield "|---|---|---|---|---|"
    for path in sorted(claims):
        found = _models(path, standing)
        decided = {name for names in found.values() for name in names}
        other = [f"{said}: {', '.join(names)}" for said, names in found.items() if said in OTHER]
        missing = [m.name for m in models if path in m.program.properties if m.name not in decided]
        cells = (
            f"`{path}`",
            ", ".join(found.get("proved", ())),
            ", ".join(found.get("explored", ())),
            "; ".join(other),
            ", ".join(missing),
        )
        yield f"| {' | '.join(cells)} |"
    yield ""


def _sizes(claims: Mapping[str, Property], standing: Standing) -> Iterator[str]:
    yield "## Sizes at which models are explored"
    yield ""
    yield "| model | sizes |"
    yield "|---|---|"
    sizes = {
        each.model: each.sizes
        for path in claims
        for each in _designs(path, standing)
        if each.shown == "explored"
    }
    for model in sorted(sizes):
        yield f"| {model} | {sizes[model]} |"
