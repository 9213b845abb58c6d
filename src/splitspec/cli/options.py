"""The one vocabulary of flags: each option is spelled, typed and explained here alone."""

from __future__ import annotations

import os
import re
from enum import StrEnum
from math import isnan
from pathlib import Path
from typing import Annotated

import typer

from splitspec.cli.report_request import ExportKind, HeldKind, ReportKind
from splitspec.cli.terminal import Choice
from splitspec.model.tier import Tier

LEAST_MEMORY = 2**20
WORKERS_MAX = 256


class Format(StrEnum):
    """How results are printed."""

    TEXT = "text"
    JSON = "json"


class DifferenceFormat(StrEnum):
    """How differences are printed."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"


class Switch(StrEnum):
    """On or off."""

    ON = "on"
    OFF = "off"


class PlatformName(StrEnum):
    """The page machines of the implementation."""

    SNP = "sev-snp"
    TDX = "tdx"


def checked_seconds(seconds: float | None) -> float | None:
    """Return a number of seconds; one that is none would never be over."""
    if seconds is not None and isnan(seconds):
        raise typer.BadParameter("it is not a number", param_hint="'--timeout'")
    return seconds


def parse_size(text: str) -> int:
    """Return a number of bytes: `800M`, `12G`, or a plain number."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kKmMgG]?)[bB]?", text.strip())
    if match is None:
        raise typer.BadParameter(
            f"{text!r} is not a size; write 800M or 12G", param_hint="'--memory'"
        )
    factor = {"": 1, "k": 2**10, "m": 2**20, "g": 2**30}[match[2].lower()]
    size = int(float(match[1]) * factor)
    if size < LEAST_MEMORY:
        raise typer.BadParameter(
            f"{text} is too little to search in; give at least 1M", param_hint="'--memory'"
        )
    return size


def parse_scope(text: str) -> tuple[str, int]:
    """Return sort and size of `Container=3`."""
    match = re.fullmatch(r"([\w.]+)=(\d+)", text)
    if match is None or int(match[2]) < 1:
        raise typer.BadParameter(
            f"{text!r} is not SORT=NUMBER, as in Container=3", param_hint="'--scope'"
        )
    return match[1], int(match[2])


class CacheMode(StrEnum):
    """How kept results are used."""

    READ_WRITE = "rw"
    READ_ONLY = "ro"
    AUDIT = "audit"
    OFF = "off"


def chosen_workers(workers: int | None) -> int:
    """Return how many processes are to be used; unless it is said, one for each processor."""
    return workers or min(os.cpu_count() or 1, WORKERS_MAX)


def chosen_tier(tier: Tier | None, models: list[str] | None) -> Tier:
    """Return the tier to be run; a model that is named is run whatever its tier is."""
    if tier is not None and models:
        raise typer.BadParameter("it chooses among all models: name none", param_hint="'--tier'")
    return tier or Tier.COMMIT


Models = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="MODEL…",
        help="Names of models.toml or paths of .split files. [default: every model]",
    ),
]
Folder = Annotated[
    Path,
    typer.Option(
        "--folder",
        metavar="DIR",
        help="Where the nearest models.toml is looked for. [default: here]",
        show_default=False,
    ),
]
Scope = Annotated[
    list[str] | None,
    typer.Option(
        "--scope", metavar="SORT=N", help="Size of a sort, in the models that have it; repeatable."
    ),
]
Properties = Annotated[
    list[str] | None,
    typer.Option(
        "--property",
        "-p",
        metavar="GLOB",
        help="Only these properties, by path or name, besides what steps and counters owe; "
        "repeatable.",
    ),
]
VariantName = Annotated[
    str | None, typer.Option("--variant", metavar="NAME", help="Check one variant of the model.")
]
AllVariants = Annotated[
    bool, typer.Option("--variants", help="Check every variant against its expectation.")
]
Given = Annotated[
    list[str] | None,
    typer.Option(
        "--given",
        metavar="ACTOR",
        help="Only runs where exactly these are honest: host, container, none; repeatable.",
    ),
]
TierOption = Annotated[
    Tier | None,
    typer.Option(
        "--tier",
        help="Of all models, those of a commit, of a pull request too, or every one. "
        "[default: commit]",
    ),
]
Depth = Annotated[int | None, typer.Option("--depth", min=1, help="Stop after this many levels.")]
States = Annotated[
    int | None, typer.Option("--max-states", min=1, help="Stop each run at this many states.")
]
Timeout = Annotated[
    float | None,
    typer.Option(
        "--timeout", min=0.001, callback=checked_seconds, help="Stop each run after these seconds."
    ),
]
Memory = Annotated[
    str | None,
    typer.Option(
        "--memory",
        metavar="SIZE",
        help="Memory for the states of a run, as in 12G. [default: most of what is free]",
    ),
]
Walks = Annotated[int, typer.Option("--runs", min=1, max=10**12, help="Number of random runs.")]
Steps = Annotated[int, typer.Option("--depth", min=1, max=10**9, help="Steps of a run.")]
Workers = Annotated[
    int,
    typer.Option(
        "--workers",
        "-j",
        min=1,
        max=WORKERS_MAX,
        help="Processes for many runs, threads for one.",
    ),
]
WalkWorkers = Annotated[
    int | None,
    typer.Option(
        "--workers",
        "-j",
        min=1,
        max=WORKERS_MAX,
        help="Processes for several mappings. [default: one for each processor]",
    ),
]
Symmetry = Annotated[
    Switch, typer.Option("--symmetry", help="Explore one state of each orbit only.")
]
CrossCheck = Annotated[
    bool,
    typer.Option("--cross-check", help="Explore with and without symmetry and compare the two."),
]
NoSlice = Annotated[
    bool, typer.Option("--no-slice", help="Keep variables that nothing of the run reads.")
]
Prove = Annotated[
    bool, typer.Option("--prove", help="Also say what may keep a proof for every size from ending.")
]
OutputFormat = Annotated[
    Format, typer.Option("--format", help="Results as text, or as one JSON document.")
]
Reports = Annotated[
    list[str] | None,
    typer.Option(
        "--report",
        metavar="KIND=PATH",
        help=f"Also write to a file: {', '.join(ExportKind)}; repeatable.",
    ),
]
ProofReports = Annotated[
    list[str] | None,
    typer.Option(
        "--report",
        metavar="KIND=PATH",
        help=f"Also write to a file: {', '.join(ExportKind)}; html draws each counterexample to "
        "induction, numbered from the second; repeatable.",
    ),
]
HeldReports = Annotated[
    list[str] | None,
    typer.Option(
        "--report",
        metavar="KIND=PATH",
        help=f"Also write to a file: {', '.join(HeldKind)}; html draws the first failure as two "
        "runs side by side; repeatable.",
    ),
]
Pages = Annotated[
    list[str] | None,
    typer.Option(
        "--report",
        metavar="html=PATH",
        help="Also draw the first log that is no run, beside the run that it tells of; repeatable.",
    ),
]
Color = Annotated[Choice, typer.Option("--color", help="Colour in the output.")]
ProgressOption = Annotated[Choice, typer.Option("--progress", help="The progress line on stderr.")]
Verbose = Annotated[
    bool, typer.Option("--verbose", "-v", help="List every verdict, note and sliced variable.")
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Only what is not as expected.")]
Cache = Annotated[
    CacheMode,
    typer.Option(
        "--cache",
        help="Kept results: read and write, only read, make anew and compare, or leave alone.",
    ),
]
GateReports = Annotated[
    list[str] | None,
    typer.Option(
        "--report",
        metavar="KIND=PATH",
        help=f"Also write a report: {', '.join(ReportKind)}; - is stdout; repeatable.",
    ),
]
Seed = Annotated[
    int | None, typer.Option("--seed", min=0, max=2**32 - 1, help="Seed of what is random.")
]
BoundedSteps = Annotated[
    int | None,
    typer.Option("--bmc", metavar="K", min=0, help="Follow all runs of K steps by a solver."),
]
InductionSteps = Annotated[
    int | None,
    typer.Option(
        "--k-induction", metavar="K", min=1, help="Induct over up to K steps; with --finite."
    ),
]
Finite = Annotated[
    bool, typer.Option("--finite", help="Prove for the sizes of the model only, exactly.")
]
SolverSteps = Annotated[
    int, typer.Option("--steps", min=1, help="Budget of one query, in the solver's own steps.")
]
ProofSteps = Annotated[
    int | None,
    typer.Option(
        "--steps",
        min=1,
        show_default=False,
        help="Budget of one query, in the solver's own steps. [default: 3000000; with --bmc none]",
    ),
]
SolverMemory = Annotated[
    str,
    typer.Option(
        "--memory",
        metavar="SIZE",
        help="Memory of each process of solvers, of which there may be two; a question that needs "
        "more is unknown.",
    ),
]
SolverWorkers = Annotated[
    int,
    typer.Option(
        "--workers",
        "-j",
        min=1,
        max=WORKERS_MAX,
        help="Processes of solvers for one proof, of which two are used at most; the result is "
        "the same for any number, as long as memory and time suffice.",
    ),
]
SeedWorkers = Annotated[
    int | None,
    typer.Option(
        "--workers",
        "-j",
        min=1,
        max=WORKERS_MAX,
        help="Processes of solvers for one proof, of which two are used at most; the result is "
        "the same for any number. [default: one for each processor]",
    ),
]
ProofSeed = Annotated[int, typer.Option("--seed", min=0, help="Seed of the solvers.")]
Recheck = Annotated[
    bool, typer.Option("--recheck", help="Prove every obligation again, by cvc5 alone.")
]
Reach = Annotated[
    bool,
    typer.Option("--reach", help="Explore for a run that shows what could not be proved."),
]
Suggest = Annotated[
    bool, typer.Option("--suggest", help="Find the lemmas that a proof lacks, and print them.")
]
WithoutLemmas = Annotated[
    bool, typer.Option("--without-lemmas", help="Prove as if nobody had written a lemma.")
]
