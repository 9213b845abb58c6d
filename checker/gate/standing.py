"""Turn a lock into how each property stands: what was accepted of it, in which run of which model.

The pages of `docs/` take their verdicts from here, and so change when the lock does.
"""

from __future__ import annotations

from collections.abc import Mapping

from splitspec.checker.gate.lock import Activity, Key, Lock
from splitspec.checker.report.requirements import Accepted

SHOWN_BY = (Activity.PROVED, Activity.EXPLORED, Activity.VARIANT)


def standing(lock: Lock) -> Mapping[str, tuple[Accepted, ...]]:
    """Return by the path of a property what was accepted of it, in the order of the lock."""
    known = {activity.value for activity in SHOWN_BY}
    found: dict[str, list[Accepted]] = {}
    for key, block in sorted(lock.blocks.items()):
        if key.activity in known:
            model, variant = _subject(key)
            for path, claim in block.claims.items():
                accepted = Accepted(
                    model,
                    variant,
                    claim.outcome,
                    claim.assurance,
                    block.scope,
                    block.figures,
                )
                found.setdefault(path, []).append(accepted)
    return {path: tuple(each) for path, each in found.items()}


def _subject(key: Key) -> tuple[str, str]:
    """Return the names of the model and of the variant, "" where it is the model as it is."""
    words = key.run.split()
    return words[0], words[2] if key.activity == Activity.VARIANT.value else ""
