"""Rows against SPIN's pan and Rumur, on hand-tuned encodings of the same models.

The encodings stand in `bench/peers`. Both peers are compiled with gcc for this processor; their
options are the fastest exact ones that were found, and docs/performance.md lists what was tried.
Compilation is not measured, neither theirs nor ours. A peer's time is that of its process; ours
that of the search.
"""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from plan import Plan, say
from processes import Ended, FailedError, run, run_well
from searched import FAULTING, PETERSON, REMAPPING, Model, Report, searched
from table import Row, at_least

ENCODINGS = Path(__file__).with_name("peers")
TOOLS = ("spin", "rumur", "gcc")
PAIRS = 3
CHECK = (sys.executable, "-m", "splitspec", "check", "--symmetry", "off", "--workers", "1")
GCC = ("gcc", "-O3", "-march=native", "-w")


@dataclass(frozen=True)
class Counts:
    """What a peer printed; `initial` is how often it counts an initial state as a transition."""

    states: int
    transitions: int
    initial: int


@dataclass(frozen=True)
class Encoding:
    """A model as the peers have it. `buckets` is the size of pan's hash table, as a power of two,
    `depth` that of its stack: too small a table is slow, and so is the first touch of a large one.
    """

    model: Model
    name: str
    buckets: int
    depth: int


@dataclass(frozen=True)
class Peer:
    """A model checker: `build` makes its command for an encoding in a folder."""

    name: str
    goal: float | None
    build: Callable[[Encoding, Path], tuple[str, ...]]
    read: Callable[[str], Counts]


def build_pan(encoding: Encoding, folder: Path) -> tuple[str, ...]:
    """Compile the verifier of a Promela model."""
    run_well(("spin", "-a", str(ENCODINGS / f"{encoding.name}.pml")), folder=folder)
    # There is one process, so nothing to reduce; looking for it would only cost time.
    flags = ("-DSAFETY", "-DNOREDUCE", "-DMEMLIM=8000")
    made = (*GCC, *flags, "-o", "pan", "pan.c")
    # Guided by a profile it is a sixth faster. It writes the profile when it is interrupted.
    run_well((*made, "-fprofile-generate"), folder=folder)
    command = (str(folder / "pan"), f"-w{encoding.buckets}", f"-m{encoding.depth}")
    run(("timeout", "--signal=INT", "10", *command), folder=folder)
    run_well((*made, "-fprofile-use"), folder=folder)
    return command


def read_pan(output: str) -> Counts:
    patterns = (r"(\d+) states, stored", r"(\d+) states, matched", r"errors: (\d+)")
    stored, matched, errors = (int(_only(pattern, output)) for pattern in patterns)
    if errors or "search depth too small" in output:
        raise FailedError(f"pan did not search everything:\n{output}")
    return Counts(stored, stored + matched, initial=1)


def build_rumur(encoding: Encoding, folder: Path, flags: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Compile the verifier of a Murphi model, as `rumur-run` does where no flags are added."""
    options = ["--threads", "1", "--symmetry-reduction", "off", "--deadlock-detection", "stuck"]
    options += ["--counterexample-trace", "off", "--set-capacity", str(1 << 29)]
    options += ["--output-format", "machine-readable", "--value-type", "uint32_t"]
    run_well(
        ("rumur", *options, "-o", "rumur.c", str(ENCODINGS / f"{encoding.name}.m")), folder=folder
    )
    flags = (*flags, "-mcx16", "-o", "rumur", "rumur.c", "-lpthread")
    run_well((*GCC, *flags), folder=folder)
    return (str(folder / "rumur"),)


def read_rumur(output: str) -> Counts:
    found = re.search(r'<summary states="(\d+)" rules_fired="(\d+)" errors="0"', output)
    if found is None:
        raise FailedError(f"Rumur did not search everything:\n{output[-2000:]}")
    return Counts(int(found[1]), int(found[2]), initial=0)


INLINE = (
    "-finline-limit=10000",
    "--param=inline-unit-growth=1000",
    "--param=large-function-growth=10000",
)
PEERS = (
    Peer("pan", 4.0, build_pan, read_pan),
    Peer("Rumur", 50.0, build_rumur, read_rumur),
    # gcc gives up inlining early in what Rumur writes; this is what an expert would add.
    Peer("Rumur, all inlined", None, partial(build_rumur, flags=INLINE), read_rumur),
)
MODELS = (
    Encoding(REMAPPING, "remapping", 25, 500_000),
    Encoding(FAULTING, "faulting", 25, 2_000_000),
    Encoding(PETERSON, "peterson", 23, 100_000),
)
QUICK = MODELS[2:]
LONG_SECONDS = 60


def peers(plan: Plan) -> Iterator[Row]:
    """Yield firings per CPU second of each checker, and how many times ours it takes."""
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if not plan.peers:
        return
    if missing:
        remark = f"not installed: {', '.join(missing)}; see --install-peers"
        yield Row("peers", "pan and Rumur", None, "", None, remark, is_right=False)
        return
    for encoding in QUICK if plan.quick else MODELS:
        yield from _whole(encoding.model)
        for peer in PEERS:
            yield from _compared(encoding, peer, plan)


def _whole(model: Model) -> Iterator[Row]:
    """Yield our rate with everything else that `check` does: reading, the survey, the verdicts."""
    say(f"{model.name}, all of check")
    report = searched(model, repeats=1)
    cpu = run_well((*CHECK, model.name, "--given", model.given), folder=model.folder).cpu
    rate, told = report.transitions / cpu, f"{cpu:.2f} s for the whole process"
    yield _rate(f"{model.name}: splitspec check", rate, told, report.is_right)


def _compared(encoding: Encoding, peer: Peer, plan: Plan) -> Iterator[Row]:
    """Yield the rates of a peer and of us, who took turns."""
    model, ours, theirs = encoding.model, [], []
    with tempfile.TemporaryDirectory() as folder:
        command = peer.build(encoding, Path(folder))
        for _ in range(1 if plan.quick else PAIRS):
            say(f"{model.name}, by us and by {peer.name}")
            ours.append(searched(model))
            theirs.append(_run(command))
            if theirs[-1].cpu > LONG_SECONDS:
                break
        ours.append(searched(model))
    report, counts = ours[0], peer.read(theirs[0].output)
    right = all(one.is_right for one in ours) and _agrees(counts, report)
    mine = min(one.least(lambda search: search.cpu) for one in ours)
    other = min(run.cpu for run in theirs)
    us, them = report.transitions / mine, report.transitions / other
    yield _rate(f"{model.name}: {peer.name}", them, _told(counts), right)
    yield _rate(f"{model.name}: splitspec in the same minutes", us, str(report), right)
    goal = None if plan.quick or peer.goal is None else at_least(peer.goal)
    times = f"{other:.2f} s and {mine:.2f} s"
    yield Row("peers", f"{model.name}: against {peer.name}", us / them, "x CPU", goal, times, right)


def _run(command: tuple[str, ...]) -> Ended:
    # Huge pages, as our own tables have.
    return run_well(command, variables={"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"})


def _agrees(counts: Counts, report: Report) -> bool:
    states, transitions = counts.states, counts.transitions - counts.initial
    return (states, transitions) == (report.states, report.transitions)


def _told(counts: Counts) -> str:
    note = ", the initial state being one" if counts.initial else ""
    return f"{counts.states:,} states, {counts.transitions:,} transitions{note}"


def _rate(what: str, rate: float, remark: str, right: bool) -> Row:
    return Row("peers", what, rate / 1e6, "M firings/s", None, remark, right)


def _only(pattern: str, output: str) -> str:
    found = re.search(pattern, output)
    if found is None:
        raise FailedError(f"pan ended without its counts:\n{output[-2000:]}")
    return found[1]
