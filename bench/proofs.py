"""Rows of the prover: whole processes, and inside one of them the second solver and the search for
counterexamples to induction."""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import msgspec
from plan import Plan, say
from processes import Ended, run, run_well, spread
from searched import ROOT
from table import Row, at_most

SPLITSPEC = (sys.executable, "-m", "splitspec")
PROVED = Path(__file__).with_name("proved.py")

MODULE = ("accounting", "--given", "none")
"""24 actions, 32 properties and 5 counters: as many pairs as 30 actions with 25 properties."""
LARGER = ("chain_memory", "--given", "none")
"""31 actions, 59 properties, 4 counters."""
GUARDED = ("memory_sev", "--given", "host")
GUARDS = 76
"""It has as many, or more."""
STRENGTHENED = ("granting", "fork")
LEMMAS_MAX = 40
SEEDS = 100
RUNS = 5


class Figures(msgspec.Struct, frozen=True):
    """What `proved.py` measured of one model, in CPU seconds: of a proof, of Z3's answers in it, of
    asking cvc5 the same, of its answers alone, and of each counterexample to induction of a design
    without one of its guards."""

    proving: float
    solving: float
    rechecking: float
    answering: float
    open: int
    counterexamples: list[float]


def proofs(plan: Plan) -> Iterator[Row]:
    """Yield wall seconds of whole processes with the CPU and the memory that they took, and the
    rest of the goals."""
    for row in _rows(plan):
        yield replace(row, goal=None) if plan.quick else row


def _rows(plan: Plan) -> Iterator[Row]:
    runs = 1 if plan.quick else RUNS
    off = ("--cache", "off")
    yield _timed("24 actions, 32 properties, 5 counters", ("prove", *MODULE, *off), 1.0, runs)
    if plan.quick:
        yield _stable(2)
        return
    yield _timed("31 actions, 59 properties, 4 counters", ("prove", *LARGER, *off), None, runs)
    yield _timed("cofunc, all of it", ("prove", "cofunc", *off), 10.0, 3)
    yield from _kept()
    yield _stable(SEEDS)
    for model in ("accounting", "cofunc"):
        yield from _by_two_solvers(model)
    yield _mutants()
    yield from _suggested()


def _timed(what: str, arguments: Sequence[str], bound: float | None, runs: int) -> Row:
    say(" ".join(arguments))
    ended = [run_well((*SPLITSPEC, *arguments), folder=ROOT) for _ in range(runs)]
    walls = spread(one.wall for one in ended)
    remark = f"{walls}; {_cost(ended)}; splitspec {' '.join(arguments)}"
    goal = None if bound is None else at_most(bound)
    return Row("proofs", what, walls.median, "s", goal, remark, is_right=_all_met(ended[0]))


def _cost(ended: Sequence[Ended]) -> str:
    cpu = min(one.cpu for one in ended)
    memory = max(one.memory for one in ended)
    return f"{cpu:.2f} s of CPU, {memory / 2**20:.0f} MiB"


def _all_met(ended: Ended) -> bool:
    """Whether a proof left nothing open."""
    counts = re.findall(r"^  (\d+) of (\d+) obligations", ended.output, re.MULTILINE)
    return bool(counts) and all(met == of for met, of in counts)


def _kept() -> Iterator[Row]:
    """Yield what a proof costs when another one was made before, of the same text and of one with
    another guard."""
    say("cofunc with kept proofs")
    with tempfile.TemporaryDirectory() as name:
        cache = {"XDG_CACHE_HOME": f"{name}/cache"}
        spec = Path(shutil.copytree(ROOT / "spec", Path(name) / "spec"))
        command = (*SPLITSPEC, "prove", "cofunc")
        run_well(command, folder=spec, variables=cache)
        again = run_well(command, folder=spec, variables=cache)
        yield _of_kept("cofunc, proved before", again)
        module = spec / "tables.split"
        text = module.read_text(encoding="utf-8")
        guard = "when running:  phase[c] = running"
        assert guard in text
        module.write_text(
            text.replace(guard, f"{guard} and table[c, v] = none", 1), encoding="utf-8"
        )
        yield _of_kept("cofunc, one guard changed", run(command, folder=spec, variables=cache))


def _of_kept(what: str, ended: Ended) -> Row:
    kept = re.findall(r"(\d+) of (\d+) obligations(?: \((\d+) kept\))?", ended.output)
    made = sum(int(of) - int(number or 0) for _, of, number in kept)
    remark = f"{made} obligations made again; {_cost([ended])}"
    return Row("proofs", what, ended.wall, "s", None, remark, is_right=bool(kept))


def _stable(seeds: int) -> Row:
    say(f"stability under {seeds} seeds")
    ended = run((*SPLITSPEC, "stability", *MODULE, "--seeds", str(seeds)), folder=ROOT)
    found = re.search(r"(\d+) obligations under .* seeds, (\d+) unstable", ended.output)
    unstable = None if found is None else float(found[2])
    what = f"obligations that some of {seeds} seeds does not prove"
    remark = f"{found[1] if found else 'no'} obligations; {ended.cpu:.1f} s of CPU"
    is_right = found is not None and ended.code == 0
    return Row("proofs", what, unstable, "", at_most(0), remark, is_right=is_right)


def _by_two_solvers(model: str) -> Iterator[Row]:
    say(f"{model} by cvc5, and counterexamples to induction")
    command = (sys.executable, str(PROVED), model)
    figures = msgspec.json.decode(run_well(command, folder=ROOT).output, type=Figures)
    ratio = figures.rechecking / figures.solving
    remark = (
        f"{figures.rechecking:.2f} s and {figures.solving:.2f} s of {figures.proving:.2f} s "
        f"of CPU; {figures.open} left open"
    )
    is_right = figures.open == 0
    what = f"{model}: cvc5 against Z3"
    yield Row("proofs", what, ratio, "x", at_most(3.0), remark, is_right=is_right)
    like = figures.answering / figures.solving
    remark = (
        f"{figures.answering:.2f} s; with all that is written for it cvc5 takes "
        f"{figures.rechecking / figures.proving:.2f} times as long as the whole proof"
    )
    yield Row("proofs", f"{model}: answers of cvc5 against those of Z3", like, "x", None, remark)
    times = spread(figures.counterexamples)
    remark = f"{times}, median {times.median:.2f}; {len(figures.counterexamples)} of them"
    what = f"{model}: dearest counterexample to induction"
    yield Row("proofs", what, times.most, "s CPU", at_most(0.5), remark)


def _mutants() -> Row:
    say(f"mutants of {' '.join(GUARDED)}")
    ended = run_well((*SPLITSPEC, "mutate", *GUARDED, "--format", "json"), folder=ROOT)
    (mutation,) = msgspec.json.decode(ended.output)["mutations"]
    number = len(mutation["mutants"])
    remark = f"{_cost([ended])}; splitspec mutate {' '.join(GUARDED)}"
    is_right = number >= GUARDS
    return Row(
        "proofs", f"{number} mutants", ended.wall, "s", at_most(6.0), remark, is_right=is_right
    )


def _suggested() -> Iterator[Row]:
    wall, lemmas, is_right = 0.0, 0, True
    costs = []
    for model in STRENGTHENED:
        words = ("prove", model, "--suggest", "--without-lemmas", "--cache", "off")
        say(" ".join(words))
        ended = run((*SPLITSPEC, *words), folder=ROOT)
        found = re.findall(r"^  (\d+) lemmas? suggested", ended.output, re.MULTILINE)
        wall, lemmas = wall + ended.wall, lemmas + sum(map(int, found))
        is_right = is_right and ended.code == 0 and bool(found)
        costs.append(f"{model}: {ended.wall:.1f} s, {_cost([ended])}")
    what = f"--suggest without lemmas: {' and '.join(STRENGTHENED)}"
    yield Row("proofs", what, wall, "s", at_most(30.0), "; ".join(costs), is_right=is_right)
    yield Row("proofs", "  lemmas suggested", lemmas, "", at_most(LEMMAS_MAX))
