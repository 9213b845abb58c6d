"""Turn proofs into a page of Markdown: each theorem in one sentence, and on what it rests.

A theorem is a property that was proved. What its proof used is read from the cores of its
obligations and of those of everything in its basis: assumptions on constants, guards that speak of
the hardware, the verifier or the environment, and promises of actors that are given as honest. A
guard of the kernel is the design that is proved, and no assumption.

A proof takes seconds to minutes, so the page carries a digest of what each model is, from which a
test sees that it is old without proving anything.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from splitspec.checker.proof import Method, ProofResult, Status
from splitspec.model.flat_text import system_text
from splitspec.model.ir import ActorKind, Program, Property, PropertyKind, System
from splitspec.model.ir_text import writer_for
from splitspec.model.verdict import AssuranceKind, Outcome, Verdict

THEOREMS = (PropertyKind.INVARIANT, PropertyKind.STEP, PropertyKind.PROGRESS)
ASSUMED = "assume"
"""The kind of an assumption on constants, beside those of guards."""

Uses = Mapping[str, frozenset[str]]
"""By the path of a property: what its proof used of the assumptions."""

HEADER = """\
# Theorems

What `splitspec prove` proves of `spec/`, for any number of containers, pages and whatever else a
model has, unless a theorem says otherwise. Made by `make theorems`, which proves everything here
anew and takes minutes; `make docs` leaves it alone. A test compares the digest of each model with
its sources, and so sees a page that is older than they are; it sees no change in the prover.

A theorem is a property in its own words, with what its proof used, all the way down: the
properties on which it *rests* by induction, and what it *assumes* of the world. That is read from
the cores of the solver, with names left out as long as the rest still proves the goal: a proof
without what is not named exists. Assumed are `assume`s, guards of the hardware, of the verifier
and of the environment, and, where an actor is given as honest, its promises. Guards of the
kernel are no assumptions: they are the design. What an action does is taken as it is written.

Nothing is inherited: what a module claims is proved again in every model that imports it. A
module's own section lists only what that module says; the sections of compositions list all.
Models of the nightly tier, which are the same modules at other sizes or together, and models that
`spec/models.toml` calls `unproved`, are not on this page.
"""

FINDINGS = """\
## Findings: assumed, and used by no proof

Every theorem of this page that is no claim of progress stays proved when all of these are dropped
at once. Some are there to keep runs realistic; none is a reason to believe such a theorem.
"""


@dataclass(frozen=True, slots=True)
class Text:
    """The text of a module: what it is, and what it leaves out, or ""."""

    about: str
    omission: str


@dataclass(frozen=True, slots=True)
class Subject:
    """A model with its systems, one for each adversary.

    `texts` are those of its modules by name, of which `listed` are those whose theorems are listed.
    """

    name: str
    module: str
    program: Program
    systems: tuple[System, ...]
    texts: Mapping[str, Text]
    listed: frozenset[str]

    def lists(self, path: str) -> bool:
        """Whether a declaration is of a module that is listed."""
        return path.rpartition(".")[0] in self.listed


@dataclass(frozen=True, slots=True)
class Proved:
    """A model with its proofs, in the order of its systems."""

    subject: Subject
    results: tuple[ProofResult, ...]


@dataclass(frozen=True, slots=True)
class Assumed:
    """Something that is assumed: `kind` is that of a guard, or `assume`."""

    name: str
    kind: str
    formula: str


def text_of(text: str) -> Text:
    """Return what the text of a module says that it is, and that it leaves out."""
    paragraphs = [" ".join(part.split()) for part in re.split(r"\n\s*\n", text)]
    left_out = [part for part in paragraphs if part.startswith("Left out")]
    return Text(paragraphs[0], left_out[0] if left_out else "")


def digest(subject: Subject) -> str:
    """Return what changes iff the systems of a model or its texts do; comments do not count."""
    parts = [subject.name, *sorted(subject.listed)]
    for system in subject.systems:
        lines = system_text(system).splitlines()
        parts += [re.sub(r"\s+# .*$", "", line) for line in lines if not line.startswith("#")]
    for claim in subject.program.properties.values():
        parts += [claim.path, claim.kind.value, claim.text]
    for name, text in sorted(subject.texts.items()):
        parts += [name, text.about, text.omission]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def digest_line(subject: Subject) -> str:
    """Return the line by which the page says from what a section was made."""
    return f"Digest of `{subject.name}`: `{digest(subject)}`."


def page(proofs: Iterable[Proved]) -> str:
    """Return the page."""
    proofs = tuple(proofs)
    lines = [HEADER, *_findings(proofs)]
    for proved in proofs:
        lines += section(proved)
    return "\n".join(lines).rstrip("\n") + "\n"


# What is assumed, and what is used of it


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
    for proved in proofs:
        for system, result in zip(proved.subject.systems, proved.results, strict=True):
            used |= {name for names in uses(system, result).values() for name in names}
            for item in assumed_in(system):
                models.setdefault(item, {})[proved.subject.name] = None
    return {item: list(names) for item, names in models.items() if item.name not in used}


def _findings(proofs: Sequence[Proved]) -> Iterator[str]:
    yield FINDINGS
    found = unused(proofs)
    for item, models in found.items():
        yield f"- `{item.name}` ({item.kind}): `{item.formula}`"
        yield f"  In {', '.join(models)}."
    if not found:
        yield "There is none."
    yield ""


# Sections


def section(proved: Proved) -> Iterator[str]:
    """Iterate over the lines of a model's section."""
    subject = proved.subject
    yield f"## {subject.name}"
    yield ""
    yield subject.texts[subject.module].about
    yield ""
    solvers = ", ".join(dict.fromkeys(s for r in proved.results for s in r.run.solvers))
    yield f"Solvers: {solvers}. {digest_line(subject)}"
    yield ""
    for system, result in zip(subject.systems, proved.results, strict=True):
        yield from _run(subject, system, result)
    yield from _omissions(proved)


def _run(subject: Subject, system: System, result: ProofResult) -> Iterator[str]:
    holding = [v for v in result.verdicts if v.outcome is Outcome.HOLDS]
    theorems = [v for v in holding if v.kind in THEOREMS and subject.lists(v.property)]
    if not theorems:
        return
    yield f"### {_adversary(system)}"
    yield ""
    used = uses(system, result)
    basis = dict(result.basis)
    kinds = {item.name: item.kind for item in assumed_in(system)}
    for verdict in theorems:
        claim = subject.program.properties[verdict.property]
        yield _sentence(claim, verdict)
        yield f"  Rests on {_names(basis[claim.path]) or 'nothing else'}."
        yield f"  Assumes {_grouped(used[claim.path], kinds) or 'nothing'}."
    yield ""
    lemmas = [v for v in holding if v.kind is PropertyKind.LEMMA]
    rest = len(holding) - len(lemmas) - sum(v.kind in THEOREMS for v in holding)
    yield (
        f"Proved with them: {len(lemmas)} lemmas, and {rest} obligations that go without saying "
        "(counters are exact, values in range, and no two updates of a step write one place)."
    )
    yield ""


def _adversary(system: System) -> str:
    if not system.given:
        return "Against a hostile host and all containers"
    honest = " and ".join(sorted(kind.value for kind in system.given))
    return f"Given an honest {honest}"


def _sentence(claim: Property, verdict: Verdict) -> str:
    finite = verdict.assurance.kind is not AssuranceKind.PROVED
    limit = f", at {verdict.assurance.detail} only" if finite else ""
    return f"- `{claim.path}` ({claim.kind.value}{limit}): {_words(claim)}"


def _words(claim: Property) -> str:
    words = claim.path.rpartition(".")[2].replace("_", " ")
    return " ".join(claim.text.split()) or f"{words[0].upper()}{words[1:]}."


def _names(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _grouped(names: frozenset[str], kinds: Mapping[str, str]) -> str:
    """Return names by their kind, in the order of the system."""
    groups: dict[str, list[str]] = {}
    for name, kind in kinds.items():
        if name in names:
            groups.setdefault(kind, []).append(name)
    return "; ".join(f"{kind}: {_names(of_kind)}" for kind, of_kind in groups.items())


def _omissions(proved: Proved) -> Iterator[str]:
    subject = proved.subject
    yield "### Not claimed"
    yield ""
    for name, text in subject.texts.items():
        if name in subject.listed and text.omission:
            yield f"- {name}: {text.omission}"
    verdicts = {v.property: v for r in proved.results for v in r.verdicts}
    witnesses = []
    for claim in subject.program.properties.values():
        verdict = verdicts.get(claim.path)
        if not subject.lists(claim.path):
            continue
        if claim.kind is PropertyKind.WITNESS:
            witnesses.append(claim.path)
        elif verdict is None or verdict.outcome is not Outcome.HOLDS:
            reason = "explored only" if verdict is None else f"not proved: {verdict.reason}"
            yield f"- `{claim.path}` ({claim.kind.value}), {reason}: {_words(claim)}"
    if witnesses:
        yield f"- Shown by runs, at the sizes of `models.toml` only: {_names(witnesses)}."
    yield ""
