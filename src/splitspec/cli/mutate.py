"""`splitspec mutate`: leave out each guard in turn, and report what falls."""

from __future__ import annotations

import json
import sys
from dataclasses import replace

from splitspec.checker.expectation import JudgedProof, judge_proof
from splitspec.checker.explicit.search import explore
from splitspec.checker.proof import Mutant, ProofResult
from splitspec.checker.report.document import mutation_document, proof_document
from splitspec.checker.report.mutation import mutation_text, redundant_text
from splitspec.checker.result import Limits
from splitspec.checker.symbolic.proving import is_provable, mutate
from splitspec.cli.exitcode import ExitCode
from splitspec.cli.models import report_problems
from splitspec.cli.outcome import proof_code
from splitspec.cli.selection import Job, Request, select
from splitspec.cli.terminal import Choice, ProgressLine, painter
from splitspec.model.frozen import frozen
from splitspec.model.ir import Drop, Variant
from splitspec.model.setting import Setting
from splitspec.model.verdict import Outcome


@frozen
class MutateRequest:
    """What was asked on the command line."""

    what: Request
    explore: bool
    states: int | None
    json: bool
    color: Choice
    progress: Choice
    verbose: bool


def mutate_models(request: MutateRequest) -> ExitCode:
    """Report every selected job in order; a model that is not proved has no mutants to judge."""
    selected = select(request.what)
    if selected.problems:
        return report_problems(selected.problems, request.color)
    paint = painter(request.color, sys.stdout)
    judged: list[JudgedProof] = []
    mutations = []
    made: list[tuple[ProofResult, tuple[Mutant, ...]]] = []
    for job in selected.jobs:
        if not is_provable(job.setting):
            continue
        line = ProgressLine(request.progress, title=job.title)
        result, mutants = mutate(job.setting, report=line.proof)
        line.clear()
        judged.append(judge_proof(result, job.expectation))
        made.append((result, mutants))
        runs = _runs(job, result, mutants, request) if request.explore else {}
        if request.json:
            mutations.append(mutation_document(result.run, mutants, runs))
        else:
            print(mutation_text(result, mutants, runs, paint, verbose=request.verbose))
            print(flush=True)
        if result.run.interrupted:
            break
    code = proof_code(judged)
    if request.json:
        document = proof_document(judged) | {"mutations": mutations}
        print(json.dumps(document, indent=2, ensure_ascii=False))
    elif not judged:
        print(f"no guard was left out: no proof is claimed that could be lost · exit {code.value}")
    elif spare := redundant_text(made):
        print(spare)
    return code


def _runs(
    job: Job, result: ProofResult, mutants: tuple[Mutant, ...], request: MutateRequest
) -> dict[str, tuple[str, int]]:
    """Return, for mutants of which a run shows a loss, the property and the length of the run.

    All mutants share one kernel, of which each is a mask.
    """
    variants = {
        mutant.name: without_guard(job.setting, mutant.action, mutant.guard, number)
        for number, mutant in enumerate(mutants)
        if mutant.lost
    }
    family = tuple(variants.values())
    found: dict[str, tuple[str, int]] = {}
    for mutant in mutants:
        if not mutant.lost:
            continue
        for path in mutant.lost:
            length = _length(job, variants[mutant.name], path, family, request.states)
            if length is not None:
                found[mutant.name] = (path, length)
                break
    return found


def without_guard(setting: Setting, action: str, guard: str, number: int) -> Variant:
    """Return the variant that leaves out a guard, one of those of a number that share a kernel."""
    span = setting.program.actions[action].span
    difference = Drop(action, guard, span)
    return Variant(f"mutant_{number}", setting.model, (difference,), None, None, (), "", span)


def _length(
    job: Job, variant: Variant, path: str, family: tuple[Variant, ...], states: int | None
) -> int | None:
    setting = replace(job.setting, variant=variant)
    result = explore(setting, until=path, family=family, limits=Limits(states=states), workers=2)
    for verdict in result.verdicts:
        if verdict.property == path and verdict.outcome is Outcome.VIOLATED:
            assert verdict.trace is not None
            return verdict.trace.length
    return None
