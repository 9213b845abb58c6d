"""What a gate can find, in a word each; what it means and what to do stand in docs/gate.md."""

from __future__ import annotations

from enum import Enum

from splitspec.model.frozen import frozen


class Kind(Enum):
    """A word for each way not to be as accepted."""

    VIOLATED = "violated"  # A property is false, or a witness does not exist.
    UNKNOWN = "unknown"  # Something was not decided.
    UNDECIDED = "undecided"  # It is claimed, and no run of any tier decides it.
    SKIPPED = "skipped"  # It is due at this tier and was not run.
    UNMET = "unmet"  # A variant does not fail as it should, or what should fail does not.
    VACUOUS = "vacuous"  # A claim holds because nothing happens.
    DRIFTED = "drifted"  # Counts differ.
    WEAKER = "weaker"  # Shown by less than was accepted, or at a smaller scope.
    STALE = "stale"  # The text, the scope or the solver is not the accepted one.
    MISSING = "missing"  # It was accepted, and the specification has it no more.
    NEW = "new"  # The specification has it, and nobody has accepted it.
    UNSTABLE = "unstable"  # A proof depends on the seed of the solver.
    DEARER = "dearer"  # A proof takes far more of the solver's steps than it did.
    EMPTY = "empty"  # There is nothing to hold to anything.
    UNUSABLE = "unusable"  # An implementation cannot be held, by what is wrong with its mapping.
    DAMAGED = "damaged"  # The lock is cut, or is none.
    UNWRITABLE = "unwritable"  # A lock, a report or a kept result could not be written.
    BUSY = "busy"  # Another gate is at work here.
    LOST = "lost"  # A process that was to make a run died.
    DISAGREEING = "disagreeing"  # A kept result is not what the engine finds.
    INTERRUPTED = "interrupted"
    # What follows is said, and is no failure.
    STRONGER = "stronger"
    PENDING = "pending"  # Nobody has accepted it, and it is due at a later tier.
    RECOMPUTED = "recomputed"  # A kept result was damaged, so the run was made.

    @property
    def is_note(self) -> bool:
        """Whether it fails nothing."""
        return self in (Kind.STRONGER, Kind.PENDING, Kind.RECOMPUTED)


ADVICE = {
    Kind.VIOLATED: "the design or the property is wrong: look at the trace",
    Kind.UNKNOWN: "raise the limit, or add the lemma that the counterexample to induction asks for",
    Kind.UNDECIDED: (
        "let a run decide it, of this model or of a smaller one, or list it under `undecided` in "
        "models.toml with a reason"
    ),
    Kind.SKIPPED: "give more time, or run a later tier where it is due",
    Kind.UNMET: "look at what the variant or models.toml expects: the design does something else",
    Kind.VACUOUS: "repair what never happens, or list it under `idle` in models.toml with a reason",
    Kind.DRIFTED: "find out which change moved the counts, then accept it: splitspec lock",
    Kind.WEAKER: "restore it, or accept the loss: splitspec lock --weaker, with its --tier",
    Kind.STALE: "read what changed (splitspec diff), then accept it: splitspec lock",
    Kind.MISSING: "restore it, or accept the loss: splitspec lock --weaker",
    Kind.NEW: "accept it: splitspec lock, with the --tier at which it is due",
    Kind.UNSTABLE: "add a lemma or split the claim, so that no seed decides",
    Kind.DEARER: "split the claim, or accept the cost: splitspec lock",
    Kind.EMPTY: "check the filter, and that models.toml names models",
    Kind.UNUSABLE: "repair the mapping, or what models.toml says of it: splitspec conform",
    Kind.DAMAGED: "take the lock from version control again",
    Kind.UNWRITABLE: "free space or permissions (for the cache: --cache ro), then run again",
    Kind.BUSY: "wait for the other one, then run again",
    Kind.LOST: "look for what killed it (memory, as a rule), then run again",
    Kind.DISAGREEING: "remove the cache, and report this: an engine or the cache is wrong",
    Kind.INTERRUPTED: "run again",
}


@frozen
class Finding:
    """One thing that is not as accepted: what, in which run, and of which property, "" of none."""

    kind: Kind
    run: str
    claim: str
    text: str
