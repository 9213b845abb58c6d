"""Turn proofs into a page of Markdown: each theorem in one sentence, and on what it rests.

A theorem is a property that was proved. What no proof can show comes before, from the lock.

A proof takes seconds to minutes, so the page carries a digest of what each model is, from which a
test sees that it is old without proving anything.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from splitspec.checker.proof import ProofResult
from splitspec.checker.report.assumptions import Effects, assumed_in, findings, uses
from splitspec.checker.report.counting import counted
from splitspec.checker.report.proved import Proved, Subject, Text
from splitspec.model.flat_text import system_text
from splitspec.model.ir import Property, PropertyKind, System
from splitspec.model.reasons import Reason
from splitspec.model.verdict import AssuranceKind, Outcome, Verdict

THEOREMS = (PropertyKind.INVARIANT, PropertyKind.STEP, PropertyKind.PROGRESS)
HEADER = """\
# Theorems

What `splitspec prove` proves of `spec/`, for any number of containers, pages and whatever else a
model has, unless a theorem says otherwise. Made by `make theorems`, which proves everything here
anew, save what is kept of `uses` and `system`, and takes minutes. `make docs` makes anew what is
read from the lock, up to the findings. A test compares the digest of each model with its sources,
and so sees a page that is older than they are; it sees no change in the prover.

A theorem is a property in its own words, with what its proof used, all the way down: the
properties on which it *rests* by induction, and what it *assumes* of the world. That is read from
the cores of the solver, with names left out as long as the rest still proves the goal: a proof
without what is not named exists. Assumed are `assume`s, guards of the hardware, of the verifier
and of the environment, and, where an actor is given as honest, its promises. Guards of the
kernel are no assumptions: they are the design. What an action does is taken as it is written.

Nothing is inherited: what a module claims is proved again in every model that imports it. A
module's own section lists only what that module says, and how many theorems of others are proved
again with it; the sections of `cofunc` list all. A module has one section for each machine that it
stands on: its models at other sizes have the same theorems.
"""


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


def page(
    proofs: Iterable[Proved],
    explored: Iterable[str],
    reasons: Sequence[Reason],
    effects: Effects,
) -> str:
    """Return the page. `explored` are the lines of what no proof shows."""
    proofs = tuple(proofs)
    lines = [HEADER, *explored, *findings(proofs, reasons, effects)]
    for proved in proofs:
        lines += section(proved)
    return "\n".join(lines).rstrip("\n") + "\n"


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
    every = sum(v.kind in THEOREMS for v in holding)
    rest = len(holding) - len(lemmas) - every
    others = every - len(theorems)
    again = f"{counted(others, 'theorem')} of the other modules, " if others else ""
    yield (
        f"Proved with them: {again}{counted(len(lemmas), 'lemma')}, and {rest} obligations that go "
        "without saying "
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
    limit = (
        f", at {verdict.assurance.detail} only, no proof for any size was found" if finite else ""
    )
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
    yield "### Not claimed, or not proved"
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
        if claim.path in subject.undecided:
            reason = subject.undecided[claim.path]
            yield f"- `{claim.path}` ({claim.kind.value}) is decided by no run: {reason}."
        elif claim.kind is PropertyKind.WITNESS:
            witnesses.append(claim.path)
        elif claim.kind is PropertyKind.RECOVERABLE:
            yield f"- `{claim.path}` is held by exploration."
        elif verdict is None or verdict.outcome is not Outcome.HOLDS:
            reason = "it was not tried" if verdict is None else verdict.reason
            yield f"- `{claim.path}` ({claim.kind.value}), not proved, {reason}: {_words(claim)}"
    if witnesses:
        yield f"- Shown by runs, at the sizes of `models.toml` only: {_names(witnesses)}."
    yield ""
