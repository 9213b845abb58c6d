"""Turn what a lock says into the part of the page of theorems that no proof makes: refinements, and
claims that are held by exploration, each with its sizes and the reason."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from splitspec.checker.report.accepted import Accepted, Refined, Standing
from splitspec.checker.report.counting import counted
from splitspec.model.frozen import frozen
from splitspec.model.ir import Program, Property, PropertyKind

BEGIN = "## Refinements"
END = "## Findings"

REFINEMENTS = """\
A refinement says that every run of a model is, seen through it, a run of the abstract module, up to
stuttering. Its claims are invariants of the product of both: that an action is *allowed* whenever
it happens, that a variable *agrees*. This is what `spec/splitspec.lock` accepts of them, by proof
for any size and by exploration at these sizes; `splitspec gate` holds them to it.
"""
RECOVERABLE = """\
## Held by exploration

`recoverable` says that from every state that can be reached, a state of some kind can be reached
again. It speaks of a path, and induction of what each step keeps: no proof here decides it. A
search backwards from the goal does, in a finite space. So it holds at these sizes and is not shown
at others, and the same is true of `deadlock`. Where a claim is explored in several models, the
sizes are those of the first.
"""
UNPROVED = """\
## Models without a proof

`spec/models.toml` says why no proof of them is demanded. Their claims hold at their sizes, in every
state that can be reached there.
"""


@frozen
class Model:
    """A model of the manifest, in its order; `unproved` is why it has no proof, or ""."""

    name: str
    program: Program
    unproved: str


def part(
    models: Sequence[Model], standing: Standing, refinements: Iterable[Refined]
) -> Iterator[str]:
    """Iterate over the lines, from the heading BEGIN on."""
    yield from (BEGIN, "", REFINEMENTS)
    yield "| refinement | given | claims | explored at | visited |"
    yield "|---|---|---|---|---|"
    for refined in refinements:
        yield _refinement(refined)
    yield from ("", RECOVERABLE)
    yield "| claim | given | what it says | explored at | models |"
    yield "|---|---|---|---|---|"
    for claim in _recoverable(models).values():
        yield _row(claim, models, standing)
    yield from ("", UNPROVED)
    yield "| model | why not | sizes |"
    yield "|---|---|---|"
    for model in models:
        if model.unproved:
            explored = _explored(model.program.properties, standing, model.name)
            sizes = explored[0].sizes if explored else "not in the lock"
            yield f"| {model.name} | {model.unproved} | {sizes} |"
    yield ""


def refreshed(text: str, lines: Iterable[str]) -> str:
    """Return the text of a page with this part made anew."""
    before, _, rest = text.partition(f"\n{BEGIN}\n")
    _, _, after = rest.partition(f"\n{END}")
    return "\n".join([before, *lines]) + f"\n{END}{after}"


def _refinement(refined: Refined) -> str:
    given = f"honest {refined.given}" if refined.given else "nobody honest"
    claims = ", ".join(f"{number} {shown}" for shown, number in refined.shown.items())
    explored = refined.exploration
    place = f"{explored.sizes} | {explored.visited}" if explored else " | "
    return f"| {refined.name} | {given} | {claims} | {place} |"


def _recoverable(models: Iterable[Model]) -> dict[str, Property]:
    return {
        path: claim
        for model in models
        for path, claim in model.program.properties.items()
        if claim.kind is PropertyKind.RECOVERABLE
    }


def _row(claim: Property, models: Sequence[Model], standing: Standing) -> str:
    found = [each for model in models for each in _explored((claim.path,), standing, model.name)]
    given = "honest " + " and ".join(kind.value for kind in claim.given) if claim.given else ""
    first = f"{found[0].model}: {found[0].sizes}" if found else "not in the lock"
    words = " ".join(claim.text.split())
    count = counted(len(found), "model")
    return f"| `{claim.path}` | {given or 'nobody honest'} | {words} | {first} | {count} |"


def _explored(paths: Iterable[str], standing: Standing, model: str) -> list[Accepted]:
    return [
        each
        for path in paths
        for each in standing.get(path, ())
        if each.model == model and not each.variant and each.shown == "explored"
    ]
