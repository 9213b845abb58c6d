"""Order the passes from a program to the system of one run.

Each pass declares the facts that it needs and those that it gives; a test checks that the order
meets them. `stages` shows the work after each pass, for whoever wants to see what became of a line.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from enum import Enum

from splitspec.model.frozen import frozen
from splitspec.model.ir import ActorKind, Forgotten, Program, System, Variant
from splitspec.model.passes.compose import compose
from splitspec.model.passes.fold import fold
from splitspec.model.passes.forget import forget
from splitspec.model.passes.inline import inline, inline_calls, inline_variant
from splitspec.model.passes.restrict import restrict
from splitspec.model.passes.slice import slice_unread


class Fact(Enum):
    """What is known of the work between two passes."""

    TYPED = "names are resolved and expressions typed"
    CALL_FREE = "no expression calls a definition"
    FLAT = "every action is one step: parts are done, extensions merged, variants marked"
    RESTRICTED = "only guards, actions and properties of the run's adversary are left"
    FOLDED = "constants in actions are computed"
    FORGETFUL = "nothing depends on what the run forgets"
    SLICED = "every variable is read by something of the run"


@frozen
class Work:
    """A program on its way to the system of a run; `system` is None until the actions are flat."""

    program: Program
    given: frozenset[ActorKind]
    variants: tuple[Variant, ...]
    selected: frozenset[str] | None = None  # properties; None selects all of this adversary
    system: System | None = None
    forgotten: tuple[Forgotten, ...] = ()

    @property
    def flat(self) -> System:
        """The system, once there is one."""
        assert self.system is not None
        return self.system


@frozen
class Pass:
    """One rewriting of the work, with the facts it relies on and the facts it establishes."""

    name: str
    needs: frozenset[Fact]
    gives: frozenset[Fact]
    run: Callable[[Work], Work]


def passes() -> tuple[Pass, ...]:
    """Return all passes in order. The last may be left out: it changes no verdict."""
    typed, call_free, flat = frozenset({Fact.TYPED}), {Fact.CALL_FREE}, {Fact.FLAT}
    return (
        Pass("inline", typed, frozenset(call_free), _inline),
        Pass("compose", typed | call_free, frozenset(flat), _compose),
        Pass("restrict", frozenset(flat), frozenset({Fact.RESTRICTED}), _restrict),
        Pass("fold", frozenset(flat), frozenset({Fact.FOLDED}), _fold),
        Pass("forget", frozenset({Fact.FOLDED}), frozenset({Fact.FORGETFUL}), _forget),
        Pass(
            "slice",
            frozenset({Fact.FLAT, Fact.RESTRICTED, Fact.FOLDED, Fact.FORGETFUL}),
            frozenset({Fact.SLICED}),
            _slice,
        ),
    )


def stages(work: Work) -> Iterator[tuple[Pass, Work]]:
    """Iterate over the passes with the work as each leaves it."""
    for step in passes():
        work = step.run(work)
        yield step, work


def flatten(
    program: Program,
    given: frozenset[ActorKind],
    variants: tuple[Variant, ...] = (),
    forgotten: tuple[Forgotten, ...] = (),
) -> System:
    """Return the unsliced system of a run, with the variants that share it: the whole one, unless
    it is told what to forget.
    """
    work = Work(program, given, variants, forgotten=forgotten)
    for step in passes()[:-1]:
        work = step.run(work)
    return work.flat


def _inline(work: Work) -> Work:
    definitions = work.program.definitions
    variants = tuple(inline_variant(variant, definitions) for variant in work.variants)
    forgotten = tuple(
        replace(entry, condition=inline_calls(entry.condition, definitions))
        for entry in work.forgotten
    )
    program = inline(work.program)
    return replace(work, program=program, variants=variants, forgotten=forgotten)


def _compose(work: Work) -> Work:
    return replace(work, system=compose(work.program, work.variants))


def _restrict(work: Work) -> Work:
    return replace(work, system=restrict(work.flat, work.given))


def _fold(work: Work) -> Work:
    return replace(work, system=fold(work.flat))


def _forget(work: Work) -> Work:
    return replace(work, system=forget(work.flat, work.forgotten))


def _slice(work: Work) -> Work:
    return replace(work, system=slice_unread(work.flat, work.selected))


def prepare(
    program: Program,
    given: frozenset[ActorKind],
    variants: tuple[Variant, ...] = (),
    selected: Collection[str] | None = None,
    forgotten: tuple[Forgotten, ...] = (),
) -> System:
    """Return the sliced system of a run for the selected properties (None: all)."""
    return slice_unread(flatten(program, given, variants, forgotten), selected)
