"""Turn requirements and the models that answer them into a page of Markdown.

A row of the page is a requirement: the properties that ask for it, the adversary under which each
is claimed, the models whose runs check it, and the variants that break it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from splitspec.model.ir import Program, Property, Variant
from splitspec.model.requirements import Requirements, identifiers_of


@dataclass(frozen=True, slots=True)
class Checked:
    """A model of the manifest, as it was typed."""

    name: str
    program: Program
    variants: tuple[Variant, ...]


HEADER = """\
# Requirements

What the users of a split-container system ask for, the properties of `spec/` that say it, and
the variants that break them. Made from `spec/requirements.toml`, `asked by` and the variants by
`make docs`.

A property is claimed against a hostile host in coalition with all containers, unless a *given*
says who is honest. It is checked in the runs of the models that stand beside it, and holds there:
`splitspec check` fails otherwise. Every variant is a wrong design that the property refutes.
"""

TITLES = {
    "isolation": "Isolation",
    "accounting": "Accounting",
    "structure": "Structure",
    "liveness": "Liveness",
    "catalogue": "Invariants of the attack catalogue",
}


def page(requirements: Requirements, models: Iterable[Checked]) -> str:
    """Return the page."""
    models = tuple(models)
    lines = [HEADER]
    for group, statements in requirements.groups.items():
        lines += [f"## {TITLES.get(group, group)}", ""]
        for identifier, statement in statements.items():
            lines += _section(identifier, statement, requirements, models)
    return "\n".join(lines).rstrip("\n") + "\n"


def answers(
    requirements: Requirements, models: Iterable[Checked]
) -> dict[str, tuple[Property, ...]]:
    """Return, for each requirement, the properties that name it, each once."""
    known = set(requirements.identifiers)
    found: dict[str, dict[str, Property]] = {identifier: {} for identifier in known}
    for model in models:
        for claim in model.program.properties.values():
            for source in claim.asked_by:
                for identifier in identifiers_of(source, known):
                    found[identifier][claim.path] = claim
    return {identifier: tuple(claims.values()) for identifier, claims in found.items()}


def _section(
    identifier: str, statement: str, requirements: Requirements, models: tuple[Checked, ...]
) -> Iterator[str]:
    yield f"**{identifier}** {statement}"
    yield ""
    claims = answers(requirements, models)[identifier]
    if not claims:
        reason = requirements.absent.get(identifier, "no property says this")
        yield f"- Not in the specification: {reason}"
    for claim in claims:
        yield from _claim(claim, models)
    yield ""


def _claim(claim: Property, models: tuple[Checked, ...]) -> Iterator[str]:
    adversary = "".join(f", given honest {name}" for name in sorted(k.value for k in claim.given))
    where = [model.name for model in models if claim.path in model.program.properties]
    sentence = " ".join(claim.text.split())
    yield f"- `{claim.path}` ({_kind(claim)}{adversary}): {sentence}"
    yield f"  Checked in {', '.join(where)}."
    broken = [
        f"`{variant.name}`"
        for model in models
        for variant in model.variants
        if variant.violated == claim.path
    ]
    if broken:
        yield f"  Broken by {', '.join(broken)}."


def _kind(claim: Property) -> str:
    return str(claim.kind.value)
