"""Turn runs of the artifact as it was found into a page of Markdown: each property, what breaks it
alone, and what becomes of it when all weaknesses are there at once."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from splitspec.checker.report.accepted import Standing, breaking
from splitspec.checker.report.counting import counted
from splitspec.checker.result import RunResult
from splitspec.model.frozen import frozen
from splitspec.model.ir import Parameter, Property, PropertyKind, Quantifier, Variant
from splitspec.model.types import Sort
from splitspec.model.verdict import AssuranceKind, Outcome, Verdict

VARIANT = "as_found"
KINDS = (PropertyKind.INVARIANT, PropertyKind.STEP, PropertyKind.RECOVERABLE)
CONTAINER = "container.Container"
WEAKNESS = re.compile(r"\bW\d+'?(?!\w)")

HEADER = """\
# The artifact as it was found

What becomes of each property of `spec/` when the published artifact's weaknesses are put into the
design: one at a time (*alone*: the variants of `variants/artifact` that must break it, with their
verdict in `spec/splitspec.lock`), and all at once (*together*: the variant `as_found` of each model
that has one). Made by `python docs/generate.py as_found.md`.

A run of `as_found` goes on past the first violation: each claim has its own shortest trace, and
*after 4 steps* is its length. *Holds* is said of every state that can be reached at the sizes of
the table of runs; *holds for n steps*, of all runs of that length, and nothing is said beyond.
`system` has all weaknesses and is followed for a few steps only, with one container; the other
models have those of one slice, so what holds there is what that slice of the artifact does right,
as far as the model says. With two containers no run of `system` gets far enough: there it is walked
at random, from anywhere in the life of a zygote and its clone, in `tests/spec/test_system.py`.

What one container does to another cannot be seen where there is one: what holds there *with one
container* is said of that one. *Not shown* is said of a claim that binds two containers, or two of
another sort and two of nothing else, in a run that has one of them: that it is not broken there
says nothing of what it is about.
"""


@frozen
class Found:
    """A run of the variant: its model, who is honest, its sizes, and what it found."""

    model: str
    given: str
    sizes: Mapping[str, int]
    result: RunResult

    @property
    def scope(self) -> str:
        """The sizes in words. A sort of a name that others have too is told by its module."""
        shared = Counter(_short(sort) for sort in self.sizes)
        named = {sort: sort if shared[_short(sort)] > 1 else _short(sort) for sort in self.sizes}
        return ", ".join(f"{named[sort]} = {size}" for sort, size in self.sizes.items())

    @property
    def extent(self) -> str:
        """How far it went, in words."""
        run = self.result.run
        visited = counted(run.states, "orbit" if run.symmetry else "state")
        return f"all {visited}" if run.complete else f"{visited}, up to {run.depth} steps"


def page(
    claims: Mapping[str, Property],
    variants: Iterable[Variant],
    standing: Standing,
    runs: Sequence[Found],
) -> str:
    """Return the page. `claims` are the properties of a model that has all mechanisms."""
    alone = _alone(variants, standing)
    lines = [HEADER, *_runs(runs)]
    claimed = {path: claim for path, claim in claims.items() if claim.kind in KINDS}
    broken = alone.keys() | _violated(runs)
    for word, among in (("Broken", True), ("Not broken", False)):
        shown = {path: claim for path, claim in claimed.items() if (path in broken) is among}
        lines += [f"## {word}: {len(shown)} of {len(claimed)}", ""]
        lines += _table(shown, alone, runs)
    return "\n".join(lines).rstrip("\n") + "\n"


def _runs(runs: Iterable[Found]) -> Iterator[str]:
    yield "| run | given | visited | sizes |"
    yield "|---|---|---|---|"
    for run in runs:
        honest = f"honest {run.given}" if run.given else "nobody honest"
        yield f"| `{VARIANT}` of {run.model} | {honest} | {run.extent} | {run.scope} |"
    yield ""


def _alone(variants: Iterable[Variant], standing: Standing) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for variant in variants:
        if variant.name == VARIANT or variant.violated is None:
            continue
        weaknesses = dict.fromkeys(WEAKNESS.findall(" ".join((variant.text, *variant.cites))))
        accepted = breaking(variant, standing)
        verdict = "not in the lock" if accepted is None else accepted.outcome
        numbers = f"{', '.join(weaknesses)}: " if weaknesses else ""
        text = f"{numbers}`{variant.name}` of `{variant.model}`"
        found.setdefault(variant.violated, []).append(
            text if verdict == "violated" else f"{text} ({verdict})"
        )
    return found


def _violated(runs: Iterable[Found]) -> set[str]:
    return {
        verdict.property
        for run in runs
        for verdict in run.result.verdicts
        if verdict.outcome is Outcome.VIOLATED
    }


def _together(claim: Property, runs: Iterable[Found]) -> list[str]:
    return [
        f"{_words(verdict, claim, run.sizes)} ({run.model})"
        for run in runs
        for verdict in run.result.verdicts
        if verdict.property == claim.path
    ]


def _words(verdict: Verdict, claim: Property, sizes: Mapping[str, int]) -> str:
    single = _single(claim, sizes)
    alone = " with one container" if sizes[CONTAINER] == 1 else ""
    match verdict.outcome:
        case Outcome.VIOLATED:
            assert verdict.trace is not None
            return f"broken after {counted(verdict.trace.length, 'step')}"
        case Outcome.HOLDS if single:
            return f"not shown: {single}"
        case Outcome.HOLDS if verdict.assurance.kind is AssuranceKind.EXHAUSTIVE:
            return f"holds{alone}"
        case Outcome.HOLDS:
            return f"holds for {verdict.assurance.detail}{alone}"
        case _:
            return "not decided"


def _single(claim: Property, sizes: Mapping[str, int]) -> str:
    """Return of what a run has one and the claim binds two, in words, if the run says nothing of
    the claim for that: if it is containers, or there are two of nothing else."""
    twice = [sort for sort, uses in _bound(claim).items() if uses > 1]
    single = [sort for sort in twice if sizes[sort] == 1]
    if CONTAINER in single:
        return "one container"
    return " and ".join(f"one `{_short(sort)}`" for sort in single) if single == twice else ""


def _bound(claim: Property) -> Counter[str]:
    """Return how many variables of each sort a claim binds for all of it, on any one line."""
    most: Counter[str] = Counter()
    for line in claim.lines:
        term = line.expression
        binders: list[Parameter] = []
        while isinstance(term, Quantifier) and term.kind == "all":
            binders += term.binders
            term = term.body
        most |= Counter(b.type.path for b in binders if isinstance(b.type, Sort))
    return most


def _short(sort: str) -> str:
    return sort.rpartition(".")[2]


def _table(
    claims: Mapping[str, Property], alone: Mapping[str, Sequence[str]], runs: Sequence[Found]
) -> Iterator[str]:
    yield "| property | what it says | alone | together |"
    yield "|---|---|---|---|"
    for path, claim in claims.items():
        sentence = " ".join(claim.text.split())
        together = "; ".join(_together(claim, runs))
        yield f"| `{path}` | {sentence} | {'; '.join(alone.get(path, ()))} | {together} |"
    yield ""
