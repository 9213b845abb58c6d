"""What an implementation is in the terms of a specification: one mapping, which exhaustive
conformance, stateful runs and the log writer share.

A mapping says what the implementation's state is (`observe`), how each action is done (`actions`),
which guard each of its refusals means (`guards`), and what the elements of the sorts are there
(`elements`). Whatever it leaves out is not checked, so what is left out has a reason and is
reported.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from splitspec.refinement.differing import differences

Subject = TypeVar("Subject")
"""The implementation as a whole: a machine, with host and guest."""

Cells = Mapping[Any, Any] | Collection[Any]
"""The places of a variable: a dictionary by index (a tuple if there are several), or, of a `bool`,
the set of indices where it is true. What is not mentioned has the first value of its type."""

Observation = Mapping[str, Any]
"""Variables by name, each with its cells; a variable without indices has its value alone."""

FAILURES = (Exception, SystemExit)
"""What a user's code may raise. One that asks for the end of the process fails, too: it would end
with the code that was asked for, which may be the one of a pass."""


class Undo(Protocol[Subject]):
    """How an implementation goes back to where it was."""

    def mark(self, subject: Subject) -> object:
        """Return a note of the present state."""
        ...

    def changes(self, subject: Subject, mark: object) -> Iterable[str]:
        """Return what is not as it was at the mark, in words; nothing iff nothing changed."""
        ...

    def back(self, subject: Subject, mark: object) -> Subject:
        """Return the implementation as it was at the mark; the mark is used once."""
        ...


@dataclass(frozen=True, slots=True)
class Copies(Generic[Subject]):
    """Undo by deep copies, for implementations without a log of what they write. Slow.

    `caches` are attributes, by name, that are no state: a refused call may change them. Raises
    `UncopiableError` for what cannot be copied.
    """

    caches: Collection[str] = ()

    def mark(self, subject: Subject) -> object:
        try:
            return copy.deepcopy(subject)
        except FAILURES as error:  # Whatever a class of the user's does when it is copied.
            what = f"{type(error).__name__}: {error}"
            raise UncopiableError(
                f"{type(subject).__name__} cannot be copied ({what}): give the mapping an `undo`"
            ) from error

    def changes(self, subject: Subject, mark: object) -> Iterable[str]:
        return tuple(differences(mark, subject, caches=self.caches))

    def back(self, subject: Subject, mark: object) -> Subject:
        assert isinstance(mark, type(subject))
        return mark


@dataclass(frozen=True, slots=True)
class UndoLog(Generic[Subject]):
    """Undo by a log that the implementation keeps of its writes."""

    checkpoint: Callable[[Subject], object]
    rollback: Callable[[Subject, Any], None]
    written: Callable[[Subject, Any], Iterable[str]]

    def mark(self, subject: Subject) -> object:
        return self.checkpoint(subject)

    def changes(self, subject: Subject, mark: object) -> Iterable[str]:
        return self.written(subject, mark)

    def back(self, subject: Subject, mark: object) -> Subject:
        self.rollback(subject, mark)
        return subject


@dataclass(frozen=True, slots=True)
class Implementation(Generic[Subject]):
    """An implementation, mapped to a model.

    `model` is a name of models.toml or the path of a .split file; `sizes` and `pins` go before what
    is recorded there. Actions, guards and variables are named as in the specification, with the
    module where the name alone is not unique.

    The parameters of an action that its function names are what the caller chooses; the others are
    the implementation's own choice, and any that the specification allows is right. `guards` gives,
    for an action, the guard (or guards) that a reason of the implementation means; a reason without
    an entry means the guard of its name. `left_out` names actions that are not done, and guards
    that are not tried (`back_page.owner`); `stricter` names reasons for which the implementation
    may refuse what the specification allows (`back_page.frozen`). Each has its own reason, which is
    reported. `compared` names variables that are held to the specification although no claim under
    this adversary reads them; other variables of that kind are ignored. `opening` are calls, with
    arguments as elements are written, with which every second implementation of a long run begins,
    so that runs get far; a call of an action that is not done is passed over.
    """

    name: str
    model: str
    create: Callable[[], Subject]
    observe: Callable[[Subject], Observation]
    actions: Mapping[str, Callable[..., object]]
    refusal: type[Exception]
    reason: Callable[[Any], str] = field(default=lambda error: str(error))
    guards: Mapping[str, Mapping[str, str | Sequence[str]]] = field(default_factory=dict)
    elements: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    given: tuple[str, ...] = ()
    sizes: Mapping[str, int] = field(default_factory=dict)
    pins: Mapping[str, str | int | bool] = field(default_factory=dict)
    left_out: Mapping[str, str] = field(default_factory=dict)
    stricter: Mapping[str, str] = field(default_factory=dict)
    compared: Collection[str] = ()
    opening: Sequence[tuple[str, Mapping[str, str]]] = ()
    undo: Undo[Subject] = field(default_factory=Copies)
    folder: Path | None = None  # where models.toml is looked up; None: the current one


class UncopiableError(Exception):
    """Raised when an implementation without an undo log cannot be copied; says what to write."""


class InexpressibleError(Exception):
    """Raised by an action's function, before it does anything, for a call that nobody can make: the
    implementation gives the caller no way to say it. Such calls are counted, and are no refusals.
    """
