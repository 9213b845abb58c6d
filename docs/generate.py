"""Make the pages of this folder that are made from the sources.

Without arguments, all of them but those that take minutes; these are made when they are named.
"""

import importlib
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from splitspec.checker.explicit.search import explore
from splitspec.checker.gate import lock_text
from splitspec.checker.gate.lock import Lock
from splitspec.checker.gate.standing import refinements, standing
from splitspec.checker.report import as_found, assumptions, attacks, designs, explored, theorems
from splitspec.checker.report.proved import Proved, Subject
from splitspec.checker.report.requirements import Checked, page
from splitspec.checker.result import Limits
from splitspec.checker.store import Mode
from splitspec.checker.symbolic.proving import prove
from splitspec.checker.symbolic.theory import theory_of
from splitspec.cli.kept import proof_store
from splitspec.cli.models import Model, read_models
from splitspec.cli.mutate import without_guard
from splitspec.cli.selection import Job, Request, select
from splitspec.model import catalogue
from splitspec.model.codes import errors_page
from splitspec.model.ir import PropertyKind
from splitspec.model.manifest import LOCK_NAME
from splitspec.model.reasons import FILE_NAME as REASONS_NAME
from splitspec.model.reasons import read_reasons
from splitspec.model.requirements import FILE_NAME, read_requirements
from splitspec.model.setting import Setting, adversaries
from splitspec.model.tier import Tier
from splitspec.model.verdict import Outcome, Verdict
from splitspec.spec import folder

AS_FOUND_STATES = 8_000_000
AS_FOUND_STEPS = {("cofunc", ""): 18, ("system", ""): 11, ("system", "host"): 14}
"""Steps up to which the artifact is followed where not all its states can be visited, by the model
and by who is honest."""

EFFECT_STATES = 500_000
"""States up to which it is explored what is lost without an assumption."""

COMPOSITIONS = frozenset({"cofunc"})
"""Modules whose models list the theorems of all their modules."""

FUNCTIONS = (1, 2, 4, 8)
Run = tuple[Mapping[str, int], Sequence[designs.Step]]
"""Sizes of sorts, and what happens."""


def requirements_page() -> str:
    """Return the page that traces requirements to properties and variants."""
    requirements = read_requirements(Path(str(folder())) / FILE_NAME)
    models = (Checked(m.entry.name, m.program, m.variants) for m in read_models(()))
    return page(requirements, models, standing(_lock()))


def _lock() -> Lock:
    lock = lock_text.load(Path(str(folder())) / LOCK_NAME)
    assert lock is not None
    return lock


def attacks_page() -> str:
    """Return the page of the attack catalogue and the variants that show its rows."""
    rows = catalogue.read_catalogue(folder() / catalogue.FILE_NAME)
    return attacks.page(rows, (v for model in read_models(()) for v in model.variants))


def as_found_page() -> str:
    """Return the page of the artifact as it was found, which takes a minute."""
    models = {model.entry.name: model for model in read_models(())}
    runs = [
        run
        for name, model in models.items()
        if any(variant.name == as_found.VARIANT for variant in model.variants)
        for run in _as_found(name)
    ]
    whole = models["system"].program.properties
    artifact = [
        variant
        for model in models.values()
        for variant in model.variants
        if "artifact" in Path(variant.span.source.name).parts
    ]
    return as_found.page(whole, artifact, standing(_lock()), runs)


def _as_found(name: str) -> Iterator[as_found.Found]:
    """Explore a model as it was found, against each adversary, on behind the first violation."""
    (wanted,) = select(Request(models=(name,), variant=as_found.VARIANT)).jobs
    for job in select(Request(models=(name,))).jobs:
        setting = replace(job.setting, variant=wanted.setting.variant, scope=wanted.setting.scope)
        given = " and ".join(sorted(kind.value for kind in setting.given))
        limits = Limits(states=AS_FOUND_STATES, depth=AS_FOUND_STEPS.get((name, given)))
        result = explore(setting, workers=2, limits=limits)
        yield as_found.Found(name, given, setting.scope.sizes, result)


def designs_page() -> str:
    """Return the page that compares split containers with the two baselines."""
    return designs.page(
        [
            _design("split containers", "memory", "the microkernel", "granting.resident", _split),
            _design("a VM each", "kata", "the hardware", "kata.resident", _kata),
            _design(
                "a shared guest", "shared_guest", "guest Linux", "shared_guest.resident", _shared
            ),
        ]
    )


def theorems_page() -> str:
    """Return the page of what is proved, which takes minutes."""
    models = theorem_models()
    proofs = tuple(proved(model.entry.name) for model in models)
    effects = effects_of(assumptions.unused(proofs))
    reasons = read_reasons(Path(str(folder())) / REASONS_NAME)
    return theorems.page(proofs, _explored(), reasons, effects)


def refreshed_theorems() -> str:
    """Return the page as it stands, with what is read from the lock made anew."""
    text = Path(__file__).with_name("theorems.md").read_text(encoding="utf-8")
    return explored.refreshed(text, _explored())


def _explored() -> Iterable[str]:
    models = [explored.Model(m.entry.name, m.program, m.entry.unproved) for m in read_models(())]
    lock = _lock()
    return explored.part(models, standing(lock), refinements(lock))


def effects_of(found: Mapping[assumptions.Assumed, Sequence[str]]) -> assumptions.Effects:
    """Return what breaks without each of what is assumed, in the first model that assumes it. What
    is left out of one model shares a kernel; constants stay as they are."""
    grouped: dict[str, list[assumptions.Assumed]] = {}
    for item, models in found.items():
        if item.kind != assumptions.ASSUMED:
            grouped.setdefault(models[0], []).append(item)
    return {item: each for name in grouped for item, each in _effects(name, grouped[name])}


def _effects(
    name: str, items: Sequence[assumptions.Assumed]
) -> Iterator[tuple[assumptions.Assumed, assumptions.Effect]]:
    jobs = select(Request(models=(name,))).jobs
    if any(job.walks for job in jobs):
        return
    guards = [item.name.rpartition(".") for item in items]
    family = tuple(
        without_guard(jobs[0].setting, action, guard, number)
        for number, (action, _, guard) in enumerate(guards)
    )
    for item, variant in zip(items, family, strict=True):
        broken: dict[str, None] = {}
        complete = True
        for job in jobs:
            setting = replace(job.setting, variant=variant)
            limits = Limits(states=EFFECT_STATES)
            result = explore(setting, workers=2, limits=limits, family=family)
            complete = complete and result.run.complete
            for verdict in result.verdicts:
                is_claimed = verdict.kind is not PropertyKind.LEMMA
                if verdict.outcome is Outcome.VIOLATED and is_claimed:
                    broken[verdict.property] = None
        yield item, assumptions.Effect(tuple(broken), complete)


def theorem_models() -> tuple[Model, ...]:
    """Return the models whose theorems are listed: a module with its substitutions once, since a
    proof is for any size; what is proved at night only comes last."""
    found: dict[tuple[str, ...], Model] = {}
    tiers = list(Tier)
    for model in sorted(read_models(()), key=lambda model: tiers.index(model.entry.tier)):
        entry = model.entry
        if not entry.unproved:
            found.setdefault((entry.module, *map(str, entry.substitutions.items())), model)
    return tuple(found.values())


def subject_of(model: Model) -> Subject:
    """Return a model as the page of theorems shows it."""
    program, (*_, own) = model.program, model.modules
    texts = {
        str(module.name): theorems.text_of(module.text.value)
        for module in model.modules
        if module.text is not None
    }
    return Subject(
        name=model.entry.name,
        module=str(own.name),
        program=program,
        systems=tuple(theory_of(program, given).system for given in adversaries(program)),
        texts=texts,
        listed=frozenset(texts) if str(own.name) in COMPOSITIONS else frozenset({str(own.name)}),
        undecided=model.entry.undecided,
    )


def proved(name: str) -> Proved:
    """Return a model with its proofs, made anew but for those that are as dear as all others."""
    (model,) = read_models((name,))
    store = proof_store(Mode.READ_WRITE) if model.entry.proved_once else None
    jobs = select(Request(models=(name,))).jobs
    results = tuple(prove(job.setting, store=store) for job in jobs)
    return Proved(subject_of(model), results)


def _design(
    title: str, model: str, kernel: str, counter: str, run: Callable[[int], Run]
) -> designs.Design:
    jobs = select(Request(models=(model,))).jobs
    verdicts = tuple(verdict for job in jobs for verdict in _verdicts(job))
    exploit = select(Request(models=(model,), variant="kernel_exploited")).jobs[0]
    named = exploit.until or f"{model}.nobody_learns_from_another"
    (exploited,) = (v for v in _verdicts(exploit) if v.property == named)
    honest = next(job.setting for job in jobs if job.setting.given)
    frames = {n: _frames(honest, run(n), counter) for n in FUNCTIONS}
    return designs.Design(title, model, kernel, verdicts, exploited, frames)


def _frames(setting: Setting, run: Run, counter: str) -> int:
    sizes, steps = run
    known = {sort.rpartition(".")[2]: sort for sort in setting.scope.sizes}
    scope = replace(setting.scope, sizes={known[name]: size for name, size in sizes.items()})
    return designs.frames_after(replace(setting, scope=scope), steps, counter)


def _split(functions: int) -> Run:
    """A zygote with a page of the image, and clones that write a page of their own each."""
    steps: list[designs.Step] = [
        ("lifecycle.create", (0,)),
        ("lifecycle.start", (0,)),
        ("granting.grant_page", (0, 0)),
        ("granting.back_page", (0, 0, 0)),
        ("granting.accept_page", (0, 0, 0)),
        ("tables.map_page", (0, 0, 0, 0)),
        ("fork.seal", ()),
    ]
    for c in range(1, functions + 1):
        steps += [
            ("fork.begin_fork", (c,)),
            ("fork.copy_space", (c,)),
            ("fork.activate", (c,)),
            ("granting.grant_page", (c, c)),
            ("granting.back_page", (c, c, c)),
            ("granting.accept_page", (c, c, c)),
            ("tables.map_page", (c, 1, c, c)),
            ("memory.write_page", (c, 1, c, c)),
        ]
    many = functions + 1
    return {"Container": many, "Page": many, "Frame": many, "Addr": 2}, steps


def _kata(functions: int) -> Run:
    """VMs that load a page of the image and write a page of their own each."""
    steps: list[designs.Step] = []
    for c in range(functions):
        for g, f in ((0, 2 * c), (1, 2 * c + 1)):
            steps += [("kata.back_page", (c, g, f)), ("kata.accept_page", (c, g, f))]
        steps += [("kata.load_image", (c, 0)), ("kata.map_page", (c, 1))]
        steps += [("kata.write_page", (c, 1, 2 * c + 1))]
    return {"Container": functions, "Page": 2, "Frame": 2 * functions}, steps


def _shared(functions: int) -> Run:
    """A page of the image in the page cache, and containers that write a page of their own each."""
    steps: list[designs.Step] = [
        ("shared_guest.back_page", (0, 0)),
        ("shared_guest.accept_page", (0, 0)),
        ("shared_guest.read_image", (0,)),
    ]
    for c in range(functions):
        g = c + 1
        steps += [("shared_guest.map_image", (c, 0))]
        steps += [("shared_guest.back_page", (g, g)), ("shared_guest.accept_page", (g, g))]
        steps += [("shared_guest.map_page", (c, g)), ("shared_guest.write_page", (c, g, g))]
    many = functions + 1
    return {"Container": functions, "Page": many, "Frame": many}, steps


def _verdicts(job: Job) -> tuple[Verdict, ...]:
    return explore(job.setting, workers=2, until=job.until, family=job.family).verdicts


def weaknesses_page() -> str:
    """Return the page of the artifact's weaknesses that the tests of `impl` build in."""
    root = str(Path(__file__).parents[1])
    if root not in sys.path:
        sys.path.insert(0, root)
    names = ("memory", "accounting", "evidence")
    modules = [importlib.import_module(f"tests.impl.test_artifact_{name}") for name in names]
    tests = [
        test for module in modules for test in vars(module).values() if hasattr(test, "weakness")
    ]
    return str(importlib.import_module("tests.impl.weakness").table(tests))


def seeded_bugs_page() -> str:
    """Return the page of the bugs that are seeded into `impl`, which takes a minute."""
    root = str(Path(__file__).parents[1])
    if root not in sys.path:
        sys.path.insert(0, root)
    return str(importlib.import_module("tests.refinement.findings_page").page())


PAGES: Mapping[str, Callable[[], str]] = {
    "attacks.md": attacks_page,
    "designs.md": designs_page,
    "errors.md": errors_page,
    "requirements.md": requirements_page,
    "theorems.md": refreshed_theorems,
    "weaknesses.md": weaknesses_page,
}
SLOW: Mapping[str, Callable[[], str]] = {
    "as_found.md": as_found_page,
    "seeded_bugs.md": seeded_bugs_page,
    "theorems.md": theorems_page,
}


def main() -> None:
    """Write the named pages anew, else each that is made quickly."""
    for name in sys.argv[1:] or PAGES:
        made = {**PAGES, **SLOW}[name]
        Path(__file__).with_name(name).write_text(made(), encoding="utf-8")


if __name__ == "__main__":
    main()
