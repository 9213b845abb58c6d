"""Turn judged runs into the exit code of the command that made them."""

from __future__ import annotations

from collections.abc import Iterable

from splitspec.checker.expectation import JudgedProof, JudgedRun, Judgement
from splitspec.checker.result import Stop
from splitspec.cli.exitcode import ExitCode, combine
from splitspec.model.verdict import AssuranceKind, Outcome

INCONCLUSIVE = (AssuranceKind.BOUNDED, AssuranceKind.SAMPLED)


def exit_code(runs: Iterable[JudgedRun]) -> ExitCode:
    """Return the code of a command that made these runs."""
    return combine(_code_of_run(run) for run in runs)


def proof_code(proofs: Iterable[JudgedProof]) -> ExitCode:
    """Return the code of a command that made these proofs."""
    return combine(_code_of_proof(proof) for proof in proofs)


def _code_of_proof(judged: JudgedProof) -> ExitCode:
    codes = [_code_of(judgement) for judgement in judged.judgements]
    if judged.result.run.interrupted:
        codes.append(ExitCode.INTERRUPTED)
    if judged.vacuity:
        codes.append(ExitCode.POLICY)
    if judged.result.run.unconfirmed or judged.result.run.out_of_time:
        codes.append(ExitCode.UNKNOWN)
    if not judged.result.run.is_of_the_scope and any(map(_is_of_the_sizes, judged.judgements)):
        codes.append(ExitCode.UNKNOWN)  # It was to be shown for any size.
    return combine(codes)


def _is_of_the_sizes(judgement: Judgement) -> bool:
    return judgement.verdict.assurance.kind is AssuranceKind.PROVED_FINITE


def _code_of_run(judged: JudgedRun) -> ExitCode:
    enough = judged.is_deep_enough
    codes = [_code_of(judgement, is_deep_enough=enough) for judgement in judged.judgements]
    match judged.result.run.stop:
        case Stop.INTERRUPTED:
            codes.append(ExitCode.INTERRUPTED)
        case Stop.DEPTH if enough:
            pass
        case Stop.STATES | Stop.MEMORY | Stop.TIME | Stop.DEPTH:
            codes.append(ExitCode.UNKNOWN)
        case None | Stop.DECIDED:
            pass
    if judged.drift or judged.vacuity:
        codes.append(ExitCode.POLICY)
    return combine(codes)


def _code_of(judgement: Judgement, *, is_deep_enough: bool = False) -> ExitCode:
    is_bounded = judgement.verdict.assurance.kind is AssuranceKind.BOUNDED
    if judgement.met and is_bounded and not is_deep_enough:
        return ExitCode.UNKNOWN  # Longer runs were not looked at, because of a limit of the user's.
    if judgement.met:
        return ExitCode.MET
    match judgement.verdict.outcome:
        case Outcome.UNKNOWN:
            return ExitCode.UNKNOWN
        case Outcome.VIOLATED if judgement.expected is Outcome.VIOLATED:
            return ExitCode.POLICY
        case Outcome.VIOLATED | Outcome.UNREACHED:
            return ExitCode.VIOLATED
        case Outcome.HOLDS | Outcome.REACHED:
            # What should break and did not so far may still do so.
            is_open = judgement.verdict.assurance.kind in INCONCLUSIVE
            return ExitCode.UNKNOWN if is_open else ExitCode.POLICY
