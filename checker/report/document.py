"""Turn judged runs into the JSON document `splitspec/1`, whose schema stands in
`splitspec-1.schema.json`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib.resources import files
from typing import Any

from splitspec.checker.expectation import JudgedProof, JudgedRun, Judgement
from splitspec.checker.proof import Mutant, Obligation, ProofRun
from splitspec.checker.report.trace_document import (
    explanation_document,
    step_document,
    trace_document,
)
from splitspec.checker.result import Coverage, Run
from splitspec.model.induction import InductionCounterexample

SCHEMA = "splitspec/1"


def document(judged: Iterable[JudgedRun]) -> dict[str, Any]:
    """Return the document of some runs, as plain dictionaries and lists in a fixed order."""
    runs = list(judged)
    return {
        "schema": SCHEMA,
        "runs": [_run(item) for item in runs],
        "verdicts": [_verdict(j, item.result.run.id) for item in runs for j in item.judgements],
    }


def proof_document(judged: Iterable[JudgedProof]) -> dict[str, Any]:
    """Return the document of some proofs: as of runs, with obligations."""
    proofs = list(judged)
    return {
        "schema": SCHEMA,
        "runs": [_proof(item) for item in proofs],
        "verdicts": [
            _verdict(judgement, item.result.run.id)
            | {
                "basis": list(dict(item.result.basis).get(judgement.verdict.property, ())),
                "induction": _induction(judgement.verdict.induction),
                "needs": list(judgement.verdict.needs),
            }
            for item in proofs
            for judgement in item.judgements
        ],
        "obligations": [
            _obligation(obligation, item.result.run.id)
            for item in proofs
            for obligation in item.result.obligations
        ],
    }


def mutation_document(
    run: ProofRun, mutants: Iterable[Mutant], runs: Mapping[str, tuple[str, int]]
) -> dict[str, Any]:
    """Return what is lost without each guard of one run, as plain data."""
    return {
        "run": run.id,
        "mutants": [
            {
                "action": mutant.action,
                "guard": mutant.guard,
                "kind": mutant.kind.value,
                "lost": list(mutant.lost),
                "undecided": list(mutant.undecided),
                "unfinished": list(mutant.unfinished),
                "redundant": mutant.is_redundant,
                "violated": runs[mutant.name][0] if mutant.name in runs else None,
                "steps": runs[mutant.name][1] if mutant.name in runs else None,
            }
            for mutant in mutants
        ],
    }


def schema_text() -> str:
    """Return the published JSON Schema of the document."""
    return files(__package__).joinpath("splitspec-1.schema.json").read_text(encoding="utf-8")


def _run(judged: JudgedRun) -> dict[str, Any]:
    run: Run = judged.result.run
    return {
        "id": run.id,
        "model": run.model,
        "given": [f"honest {actor}" for actor in run.given],
        "variant": run.variant,
        "scope": dict(run.scope),
        "engine": run.engine.value,
        "complete": run.complete,
        "stop": None if run.stop is None else run.stop.value,
        "seconds": round(run.seconds, 3),
        "states": run.states,
        "transitions": run.transitions,
        "depth": run.depth,
        "symmetry": run.symmetry,
        "seed": run.seed,
        "workers": run.workers,
        "sliced": list(run.sliced),
        "forgotten": list(run.forgotten),
        "cut": list(run.cut),
        "remark": run.remark,
        "coverage": None if run.coverage is None else _coverage(run.coverage),
        "drift": list(judged.drift),
        "vacuity": list(judged.vacuity),
    }


def _coverage(coverage: Coverage) -> dict[str, Any]:
    return {
        "never_enabled": list(coverage.never_enabled),
        "never_refused": list(coverage.never_refused),
        "never_met": list(coverage.never_met),
    }


def _verdict(judgement: Judgement, run: str) -> dict[str, Any]:
    verdict = judgement.verdict
    return {
        "property": verdict.property,
        "kind": verdict.kind.value,
        "run": run,
        "outcome": verdict.outcome.value,
        "assurance": str(verdict.assurance),
        "reason": verdict.reason,
        "expected": None if judgement.expected is None else judgement.expected.value,
        "met": judgement.met,
        "trace": None if verdict.trace is None else trace_document(verdict.trace),
    }


def _proof(judged: JudgedProof) -> dict[str, Any]:
    run = judged.result.run
    return {
        "id": run.id,
        "model": run.model,
        "given": [f"honest {actor}" for actor in run.given],
        "variant": run.variant,
        "scope": dict(run.scope) if run.is_of_the_scope else None,
        "engine": "prover",
        "complete": not (run.interrupted or run.out_of_time),
        "seconds": round(run.seconds, 3),
        "solving": round(run.solving, 3),
        "steps": run.steps,
        "seed": run.seed,
        "solvers": list(run.solvers),
        "framed": run.framed,
        "kept": run.kept,
        "damaged": run.damaged,
        "rechecked": run.rechecked,
        "unconfirmed": list(run.unconfirmed),
        "never_enabled": list(run.never_enabled),
        "idle_here": list(run.idle_here),
        "vacuity": list(judged.vacuity),
        "next": list(judged.advice),
        "remark": run.remark,
    }


def _obligation(obligation: Obligation, run: str) -> dict[str, Any]:
    return {
        "run": run,
        "property": obligation.property,
        "claim": obligation.claim,
        "kind": obligation.kind.value,
        "action": obligation.action or None,
        "status": obligation.status.value,
        "method": None if obligation.method is None else obligation.method.value,
        "core": list(obligation.core),
        "steps": obligation.steps,
        "seconds": round(obligation.seconds, 4),
        "reason": obligation.reason,
        "rechecked": obligation.rechecked,
        "counterexample": _induction(obligation.counterexample),
    }


def _induction(example: InductionCounterexample | None) -> dict[str, Any] | None:
    if example is None:
        return None
    return {
        "model": example.model,
        "given": [f"honest {actor}" for actor in example.given],
        "variant": example.variant,
        "scope": dict(example.scope),
        "property": example.claim,
        "reachability": "unknown",
        "step": step_document(example.step),
        "places": list(example.places),
        "before": list(example.before),
        "after": list(example.after),
        "cone": [place for place in example.places if place in example.cone],
        "explanation": None
        if example.explanation is None
        else explanation_document(example.explanation),
    }
