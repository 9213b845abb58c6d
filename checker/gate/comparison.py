"""Compare what was found with what was accepted: each difference is a finding with a word.

Nothing passes by absence. A block or a claim on one side alone is a finding, whichever side it is.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

from splitspec.checker.gate.finding import Finding, Kind
from splitspec.checker.gate.lock import WALK, Activity, Block, Claim, Key, Lock
from splitspec.model.verdict import AssuranceKind, Outcome

EFFORTS = ("refusals", WALK)
"""The figures of which fewer is a loss."""
COST = "dearest"
"""The figure that may change a little without saying anything."""
WORTH_NAMING = 100_000
"""Steps of a solver below which nobody needs to care."""
TOLERANCE = 2
HAPPENS = "it was accepted as idle, and happens"
"""What is known of a run that was made to its end alone."""
STRENGTH = {kind.value: -rank for rank, kind in enumerate(AssuranceKind)}


def compare(
    locked: Lock, found: Mapping[Key, Block], declared: Collection[Key], sorts: Collection[str] = ()
) -> tuple[Finding, ...]:
    """Return how the blocks that were found differ from the locked ones.

    `declared` names all blocks of the specification, those of later tiers too: what is locked and
    not declared is missing. What is declared and was not found is somebody else's to say.
    """
    findings = [
        Finding(Kind.MISSING, str(key), "", "it is in the lock, and the specification has it not")
        for key in sorted(locked.blocks)
        if key not in declared
    ]
    for key in sorted(found):
        if key in locked.blocks:
            findings += _compare_blocks(key, locked.blocks[key], found[key])
        else:
            findings.append(Finding(Kind.NEW, str(key), "", "it is not in the lock"))
    return tuple(findings)


def _compare_blocks(key: Key, old: Block, new: Block) -> Iterator[Finding]:
    name = str(key)
    if old.system != new.system:
        yield Finding(Kind.STALE, name, "", "the design was changed since it was accepted")
    if old.implementation != new.implementation:
        text = "the implementation, or its mapping, was changed since it was accepted"
        yield Finding(Kind.STALE, name, "", text)
    yield from _compare_scopes(name, old, new)
    for figure in dict.fromkeys((*old.figures, *new.figures)):
        yield from _compare_figures(name, figure, old.figures.get(figure), new.figures.get(figure))
    for path in new.idle:
        if path not in old.idle:
            yield Finding(Kind.VACUOUS, name, path, "it never happens, and was not accepted so")
    for path in old.idle:
        if path not in new.idle:
            yield Finding(Kind.STALE, name, path, HAPPENS)
    yield from _compare_gaps(name, old, new)
    if old.solvers != new.solvers:
        was, is_ = ", ".join(old.solvers) or "none", ", ".join(new.solvers) or "none"
        yield Finding(Kind.STALE, name, "", f"solvers were {was}, and are {is_}")
    if old.tier != new.tier:
        text = f"due at tier {old.tier.value} when accepted, now at {new.tier.value}"
        kind = Kind.STALE if old.tier.includes(new.tier) else Kind.WEAKER
        yield Finding(kind, name, "", text)
    for path in dict.fromkeys((*old.claims, *new.claims)):
        yield from _compare_claims(key, path, old.claims.get(path), new.claims.get(path))


def _compare_gaps(name: str, old: Block, new: Block) -> Iterator[Finding]:
    """Iterate over what an implementation is not held to, and was; or was not, and is."""
    gaps = (
        (old.left_out, new.left_out, "it is not tried"),
        (old.stricter, new.stricter, "the implementation refuses more by it than it should"),
        (old.unseen, new.unseen, "the mapping does not show it"),
        (old.missed, new.missed, "the random calls do not come to it"),
    )
    for was, is_, text in gaps:
        for path in is_:
            if path not in was:
                yield Finding(Kind.WEAKER, name, path, f"{text}, and was not accepted so")
        for path in was:
            if path not in is_:
                yield Finding(Kind.STALE, name, path, f"accepted was: {text}; it is so no more")


def _compare_scopes(name: str, old: Block, new: Block) -> Iterator[Finding]:
    for word in dict.fromkeys((*old.scope, *new.scope)):
        was, is_ = old.scope.get(word), new.scope.get(word)
        if was == is_:
            continue
        is_smaller = isinstance(was, int) and isinstance(is_, int) and is_ < was
        kind = Kind.WEAKER if is_smaller else Kind.STALE
        yield Finding(kind, name, "", f"scope: {word} was {was}, is {is_}")


def _compare_figures(name: str, figure: str, was: int | None, is_: int | None) -> Iterator[Finding]:
    if was == is_:
        return
    if figure == COST:
        if is_ is not None and _is_dearer(was or 0, is_):
            text = f"the dearest obligation took {was or 0:,} steps, takes {is_:,}"
            yield Finding(Kind.DEARER, name, "", text)
        return
    shown = ["none" if number is None else f"{number:,}" for number in (was, is_)]
    kind = Kind.WEAKER if figure in EFFORTS and (is_ or 0) < (was or 0) else Kind.DRIFTED
    yield Finding(kind, name, "", f"{figure}: accepted {shown[0]}, found {shown[1]}")


def with_settled_cost(old: Block, new: Block) -> Block:
    """Return a block with the cost of the old one, unless the two differ by what is worth naming.

    The steps of a proof that was kept over a change are those of the earlier text: a cost that
    followed every run would differ between two caches, and a slow growth would never be named.
    """
    was, is_ = old.figures.get(COST), new.figures.get(COST)
    if was is None or is_ is None or _is_dearer(was, is_) or _is_dearer(is_, was):
        return new
    return replace(new, figures={**new.figures, COST: was})


def _is_dearer(was: int, is_: int) -> bool:
    return is_ > max(WORTH_NAMING, TOLERANCE * was)


def _compare_claims(key: Key, path: str, old: Claim | None, new: Claim | None) -> Iterator[Finding]:
    name = str(key)
    if old is None:
        yield Finding(Kind.NEW, name, path, "it is not in the lock")
        return
    if new is None:
        yield Finding(Kind.MISSING, name, path, "it is in the lock, and the run has it not")
        return
    if old.text != new.text:
        yield Finding(Kind.STALE, name, path, "the claim was changed since it was accepted")
    lost = [variant for variant in old.killed_by if variant not in new.killed_by]
    if lost:
        text = f"no longer broken by {', '.join(lost)}"
        yield Finding(Kind.WEAKER, name, path, text)
    gained = [variant for variant in new.killed_by if variant not in old.killed_by]
    if gained:
        yield Finding(Kind.NEW, name, path, f"also broken by {', '.join(gained)}")
    yield from _compare_results(name, path, old, new)


def _compare_results(name: str, path: str, old: Claim, new: Claim) -> Iterator[Finding]:
    if old.outcome != new.outcome:
        kind = Kind.VIOLATED
        if new.outcome == Outcome.UNKNOWN.value:
            kind = Kind.UNKNOWN
        elif new.outcome in (Outcome.HOLDS.value, Outcome.REACHED.value):
            kind = Kind.UNMET
        yield Finding(kind, name, path, f"was {old.outcome}, is {new.outcome}")
    elif old.assurance != new.assurance:
        was, is_ = strength(old.assurance), strength(new.assurance)
        # As much, and not the same: other random calls.
        kind = Kind.WEAKER if is_ < was else Kind.STALE if is_ == was else Kind.STRONGER
        yield Finding(kind, name, path, f"was {old.assurance}, is {new.assurance}")


def strength(assurance: str) -> tuple[int, int]:
    """Return what orders assurances: the kind, then the depth or the number of runs."""
    kind, _, detail = assurance.partition("(")
    number = re.search(r"\d+", detail.replace(",", ""))
    return STRENGTH.get(kind, -len(STRENGTH)), int(number[0]) if number else 0


def is_loss(finding: Finding) -> bool:
    """Whether accepting the finding gives something up."""
    return finding.kind in (Kind.WEAKER, Kind.MISSING)


def activities(keys: Collection[Key]) -> Mapping[Activity, int]:
    """Return how many keys each activity has."""
    return {
        activity: sum(key.activity == activity.value for key in keys)
        for activity in Activity
        if any(key.activity == activity.value for key in keys)
    }
