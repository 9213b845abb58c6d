"""All mechanisms can be put together, and then a whole life can be lived.

The system of everything is too large to be explored. Its claims are proved for any size, which
would be worth nothing if nothing could happen in it. So a life is written down here step by step: a
zygote is started, sealed and forked, the clone writes a copy, is attested, gets the secret and
leaves. The evaluator takes every step, and judges every claim in every state on the way.

A walk at random forks nothing: it takes a kill as gladly as any other step. So walks also begin
anywhere in that life, and from there they come to see what no walk from the start would.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from splitspec.checker.budget import Budget
from splitspec.checker.explicit.native.swarm import walk
from splitspec.checker.explicit.native_walks import NativeWalks
from splitspec.checker.explicit.oracle import claims_of
from splitspec.checker.explicit.search import system_of
from splitspec.checker.explicit.simulation import simulate
from splitspec.checker.result import Limits
from splitspec.cli.models import read_models
from splitspec.cli.selection import Request, select
from splitspec.model.evaluator import Evaluator
from splitspec.model.ir import ActorKind, PropertyKind
from splitspec.model.loader import load
from splitspec.model.scope import Scope, State
from splitspec.model.setting import Setting, properties_under
from splitspec.model.verdict import Outcome

SPEC = Path(__file__).parents[2] / "spec"
HONEST = frozenset({ActorKind.HOST})

LIFE = {
    "Container": 2,
    "Page": 6,
    "Frame": 4,
    "Slot": 2,
    "Vcpu": 2,
    "Thread": 2,
    "Tag": 2,
    "Seed": 2,
}
"""Three pages a stride: metadata, a page of a page table, a page of data. Of all else there is one
element."""
WALK = {"Container": 2, "Page": 2, "Frame": 2, "Slot": 2}
WALKS, STEPS = 200, 300
WALKS_FROM_A_LIFE = 40_000

Step = tuple[str, tuple[int, ...]]
ZYGOTE, CLONE = 0, 1
ONE_STRIDE, UNTIMED = 1, 1


def _setting(sizes: dict[str, int], given: frozenset[ActorKind]) -> Setting:
    loaded = load(SPEC / "system.split")
    assert loaded.program is not None, [d.message for d in loaded.diagnostics]
    program = loaded.program
    every = {path: sizes.get(path.rpartition(".")[2], 1) for path in program.sorts}
    numbers = {"granting.limit": 2, "accounting.quota": 1}
    pins = {**numbers, "container.zygote": ZYGOTE, "threads.synchronous": 0}
    scope = Scope(every, numbers, pins)
    return Setting("system", program, scope, given, None, properties_under(program, given))


def _pool(c: int) -> list[Step]:
    """A vCPU with its slot, a pool in the slot's stride, and two pages of it, accepted."""
    metadata, *pages = range(3 * c, 3 * c + 3)
    steps: list[Step] = [
        ("pools.take_vcpu", (c, c)),
        ("pools.register_memory", (c, c)),
        ("pools.lay_out", (c, c, ONE_STRIDE, metadata)),
        ("threads.take_vcpu", (c, c)),
    ]
    for g, f in zip(pages, (2 * c, 2 * c + 1), strict=True):
        steps += [
            ("granting.grant_page", (c, g, c)),
            ("pools.resolve_fault", (c, c, g)),
            ("granting.back_page", (c, g, f, c)),
            ("granting.accept_page", (c, g, f)),
        ]
    return steps


def _code(c: int) -> list[Step]:
    names = ("stage_code", "load_code", "measure_code")
    return [(f"attestation.{name}", (c, 0)) for name in names]


BIRTH: list[Step] = [
    ("teardown.boot", ()),
    ("teardown.park_vcpus", ()),
    ("lifecycle.create", (ZYGOTE, 0)),
    *_pool(ZYGOTE),
    ("lifecycle.start", (ZYGOTE, 0, 0, 0, 0)),
    ("paging.add_table_page", (ZYGOTE, 1, 0)),
    ("objects.create_object", (ZYGOTE, 0)),
    ("tables.map_page", (ZYGOTE, 0, 2, 1, 0, 0)),
    ("threads.enter", (ZYGOTE, 0, 0)),
    ("memory.write_page", (ZYGOTE, 0, 2, 1, 0, 0)),
    *_code(ZYGOTE),
    ("snapshot.sleep", (ZYGOTE, UNTIMED)),
    ("snapshot.prepare", ()),
    ("fork.seal", (0, 0)),
]
WORK: list[Step] = [
    ("fork.begin_fork", (CLONE, 1)),
    *_pool(CLONE),
    ("paging.add_table_page", (CLONE, 4, 2)),
    ("objects.begin_insertion", (CLONE, 0)),
    ("objects.finish_insertion", (CLONE, 0)),
    ("fork.copy_space", (CLONE,)),
    ("fork.activate", (CLONE, 1, 1, 1, 1)),
    ("threads.enter", (CLONE, 1, 1)),
    ("memory.read_page", (CLONE, 0, 2, 1, 1, 1)),
    ("fork.cow_fault", (CLONE, 0, 2, 5, 1, 3)),
    ("memory.write_page", (CLONE, 0, 5, 3, 1, 1)),
    *_code(CLONE),
    ("attestation.execute", (CLONE, 0)),
    ("attestation.challenge", (0,)),
    ("attestation.quote", (CLONE, 0, 0, 0)),
    ("attestation.release_secret", (CLONE, 0, 0, 0, 0)),
    ("attestation.install_secret", (CLONE, 0)),
]
END: list[Step] = [
    ("lifecycle.begin_exit", (CLONE, 1, 1)),
    ("threads.preempt", (1, 1)),
    ("threads.end_thread", (CLONE, 1, 1, 1)),
    ("teardown.signal_threads", (CLONE,)),
    ("teardown.end_threads", (CLONE,)),
    ("tables.unmap_page", (CLONE, 0, 5)),
    ("objects.drop_object", (CLONE, 0)),
    ("teardown.free_capabilities", (CLONE,)),
    ("paging.free_table_page", (CLONE, 4)),
    ("granting.give_back_page", (CLONE, 4, 2)),
    ("granting.give_back_page", (CLONE, 5, 3)),
    ("granting.reclaim_frame", (4, 2)),
    ("granting.reclaim_frame", (5, 3)),
    ("pools.take_down", (CLONE, 1)),
    ("teardown.dismantle_pool", (CLONE,)),
    ("lifecycle.finish_exit", (CLONE,)),
    ("pools.remove_memory", (CLONE, 1)),
    ("pools.publish_vcpu", (CLONE, 1)),
    ("lifecycle.reap", (CLONE,)),
]


def _beginning(evaluator: Evaluator) -> State:
    """Return an initial state in which each slot has three pages of its own, all private."""
    state = list(next(evaluator.initial_states()))
    for g in range(LIFE["Page"]):
        state[evaluator.places.place("pools.stride", (g,))] = g // 3
        state[evaluator.places.place("pools.section", (g,))] = 1
    state[evaluator.places.place("attestation.approved", (0,))] = True
    return tuple(state)


def _live(evaluator: Evaluator, state: State, steps: list[Step]) -> Iterator[State]:
    """Take the steps, and judge each; yield the states."""
    claims = [evaluator.program.properties[path] for path in evaluator.setting.properties]
    for action, elements in steps:
        names = [p.name for p in evaluator.actions[action].parameters]
        binding = dict(zip(names, elements, strict=True))
        step = evaluator.step(state, action, binding)
        assert step is not None, (action, elements, evaluator.refusals(state, action, binding))
        assert step.successor is not None, (action, elements)
        for claim in claims:
            if claim.kind is PropertyKind.STEP:
                assert evaluator.step_holds(claim.path, state, step), (claim.path, action)
            elif claim.kind in (PropertyKind.INVARIANT, PropertyKind.LEMMA):
                assert evaluator.holds(claim.path, step.successor), (claim.path, action)
        state = step.successor
        yield state


@pytest.mark.parametrize("given", [frozenset[ActorKind](), HONEST], ids=["hostile", "honest"])
def test_a_clone_is_forked_attested_and_gone_and_no_claim_breaks(
    given: frozenset[ActorKind],
) -> None:
    evaluator = Evaluator(_setting(LIFE, given))
    state = _beginning(evaluator)
    *_, before, sealed = _live(evaluator, state, BIRTH)
    *_, at_work = _live(evaluator, sealed, WORK)
    *leaving, gone = _live(evaluator, at_work, END)
    if not given:
        assert evaluator.holds("system.about_to_be_sealed", before)
        assert evaluator.holds("system.clone_at_work", at_work)
        assert any(evaluator.holds("system.all_but_gone", each) for each in leaving)
    assert gone[evaluator.places.place("attestation.keyed", (CLONE,))] is False
    assert gone[evaluator.places.place("paging.walks", (4,))] is None


@pytest.mark.nightly
@pytest.mark.parametrize("given", [frozenset[ActorKind](), HONEST], ids=["hostile", "honest"])
def test_no_walk_of_the_whole_system_breaks_a_claim(given: frozenset[ActorKind]) -> None:
    """Walks at random: with one thread and two pages they fork nothing, but try all else."""
    setting = _setting(WALK, given)
    result = simulate(setting, runs=WALKS, limits=Limits(depth=STEPS), seed=7, workers=1)
    broken = [v.property for v in result.verdicts if v.outcome is Outcome.VIOLATED]
    assert broken == []
    assert result.run.states > WALKS * 50


SEEN = {
    "attestation.secret_installed",
    "cofunc.clone_in_guest_mode",
    "fork.image_outlives_the_zygote",
    "memory.copied_data",
    "memory.cut_off_clone",
    "object_memory.private_copy",
    "pins.image_pinned",
    "platform.offered_again_while_live",
    "pointers.clone_has_a_target",
    "regions.text_inherited",
    "shootdown.stale_writer",
    "sockets.record_received",
    "system.about_to_be_sealed",
    "system.all_but_gone",
    "system.clone_at_work",
    "teardown.killed_while_locked",
    "threads.thread_without_shadow",
    "uses.buffer_and_channel",
    "uses.clone_with_a_table",
}
SEEN_OF_AN_HONEST_HOST = {
    "accounting.work_done_late",
    "granting.pays_after_exit",
    "granting.second_tenant",
    "threads.descriptor_stale",
}


@pytest.mark.nightly
@pytest.mark.parametrize(
    ("given", "wanted"),
    [(frozenset[ActorKind](), SEEN), (HONEST, SEEN_OF_AN_HONEST_HOST)],
    ids=["hostile", "honest"],
)
def test_walks_from_a_life_see_every_mechanism_and_no_claim_break(
    given: frozenset[ActorKind], wanted: set[str]
) -> None:
    """No state is stuck, either: with a host that backed nothing for the dead, and buffers that had
    to be accepted again before they could go, a killed container never left. These walks found it.
    """
    setting = _setting(LIFE, given)
    shown = _shown_by_walks(setting)
    witnesses = {
        path for path, p in setting.program.properties.items() if p.kind is PropertyKind.WITNESS
    }
    assert shown - witnesses == set()
    assert wanted - shown == set()


UNSEEN = {
    "snapshot.timed_waits_have_a_timer",
    "snapshot.clones_get_the_registers",
    "regions.read_only_regions_are_not_written",
    "regions.clones_permit_no_more",
    "regions.one_record_an_address",
    "paging.bits_follow_pages",
    "rootfs.files_are_the_measured_ones",
    "teardown.locks_are_held_for_the_living",
    "attestation.secrets_go_to_approved_code",
    "memory.nobody_learns_from_another",
    "memory.the_image_has_its_zygote",
}
"""What weaknesses break that these walks need not meet: the life has no timed wait, no text, no
page shared with the host and no read of a file, and the rest they meet by luck alone."""


@pytest.mark.nightly
def test_the_artifact_as_found_breaks_in_the_whole_what_it_breaks_in_slices() -> None:
    """With two containers `as_found` of the whole is too large to be explored; so it is walked from
    a life, too. Each claim that a weakness breaks alone, and that a walk can decide, breaks."""
    (job,) = select(Request(models=("system",), variant="as_found")).jobs
    claims = job.setting.program.properties
    alone = {
        variant.violated or ""
        for model in read_models(())
        for variant in model.variants
        if "artifact" in Path(variant.span.source.name).parts
    }
    kept = ((path, claim.kind) for path, claim in claims.items() if path in alone)
    decided = {path for path, kind in kept if kind is not PropertyKind.RECOVERABLE}
    shown: set[str] = set()
    for given in (frozenset[ActorKind](), HONEST):
        setting = _setting({**LIFE, "Buffer": 2, "Record": 2}, given)
        pins = {name: pin for name, pin in setting.scope.pins.items() if "synchronous" not in name}
        scope = replace(setting.scope, pins=pins)
        setting = replace(setting, variant=job.setting.variant, scope=scope)
        shown |= _shown_by_walks(setting)
    assert decided >= UNSEEN
    assert decided - shown - UNSEEN == set()


def _shown_by_walks(setting: Setting) -> set[str]:
    """Return the claims that walks from anywhere in the life find broken, and the witnesses that
    they find. A life of what was found may break claims itself: it is not judged here."""
    system, budget = system_of(setting, (), slice=True), Budget(Limits())
    walks = NativeWalks(setting, system, claims_of(setting, system), budget, 5, 60, None)
    evaluator = Evaluator(setting)
    lived = [_beginning(evaluator)]
    for action, elements in (*BIRTH, *WORK, *END):
        names = [p.name for p in evaluator.actions[action].parameters]
        step = evaluator.step(lived[-1], action, dict(zip(names, elements, strict=True)))
        assert step is not None, action
        assert step.successor is not None, action
        lived.append(step.successor)
    begun = replace(walks.swarm, initial=[walks.translation.packed(state) for state in lived])
    walked = walk(begun, WALKS_FROM_A_LIFE, budget=budget, workers=1)
    return {walks.kernel.bits[number].path for number in walked.first}
