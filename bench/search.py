"""Search the states of one model again and again, and print what each time took, as JSON.

    python bench/search.py MODEL [--given host] [--workers 1 2 …] [--repeats N] [--symmetry]
        [--kernel-cache FOLDER]

MODEL is a name of the nearest models.toml. Every search takes a new visited set. Searches with
different numbers of workers take turns, so that what else the machine does meets all alike. Times
are of the search alone: no parsing, no compilation, no traces, no survey of what never happened.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
from searched import Report, Searched

from splitspec.checker.explicit.counterexample import Translation
from splitspec.checker.explicit.native.exploration import Exploration
from splitspec.checker.explicit.native.kernel import Kernel, compile_kernel
from splitspec.checker.explicit.native.machine_code import Runtime, load_runtime
from splitspec.checker.explicit.native.object_cache import cache_folder
from splitspec.checker.explicit.native.order import Explored, Order
from splitspec.checker.explicit.search import system_of
from splitspec.checker.result import Limits
from splitspec.cli.selection import Job, Request, select
from splitspec.model.evaluator import Evaluator
from splitspec.model.ir import PropertyKind

MEMORY = 11 << 30
GOALS = (PropertyKind.WITNESS, PropertyKind.RECOVERABLE)


@dataclass(frozen=True)
class Prepared:
    """What all searches of a model share. The kernel owns the code that the searches run."""

    kernel: Kernel
    runtime: Runtime
    initial: Sequence[tuple[int, ...]]
    compilation: float

    def exploration(self, workers: int = 1) -> Exploration:
        """Return a search for every property of the kernel, and for every state."""
        bits = list(enumerate(self.kernel.bits))
        order = Order(
            pending=frozenset(
                n for n, b in bits if b.is_of_states and b.kind is not PropertyKind.RECOVERABLE
            ),
            undecided=frozenset(n for n, b in bits if not b.is_of_states),
            exhaust=True,
        )
        limits = Limits(memory=MEMORY)
        addresses = self.kernel.addresses
        return Exploration(self.runtime, addresses, order, limits=limits, workers=workers)

    def broken(self, found: Explored) -> tuple[str, ...]:
        """Return the properties that a search found to fail."""
        decided = [self.kernel.bits[number] for number in sorted(found.first)]
        return tuple(bit.path for bit in decided if bit.kind not in GOALS)

    def search(self, workers: int) -> Searched:
        """Search everything once, in memory that no search had before."""
        exploration = self.exploration(workers)
        resident, began, before = _resident_bytes(), time.perf_counter(), time.process_time()
        found = exploration.run(self.initial)
        cpu, wall = time.process_time() - before, time.perf_counter() - began
        return Searched(
            workers=workers,
            states=found.states,
            transitions=found.transitions,
            depth=found.depth,
            complete=found.complete,
            wall=wall,
            cpu=cpu,
            array_bytes=found.store.memory(found.end),
            resident_bytes=_resident_bytes() - resident,
            broken=self.broken(found),
        )


def main() -> None:
    """Print a report."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("model")
    parser.add_argument("--given", default="none", help="the honest actor")
    parser.add_argument("--workers", nargs="*", type=int, default=[1], metavar="N")
    parser.add_argument("--repeats", type=int, default=1, metavar="N")
    parser.add_argument("--symmetry", action="store_true", help="search representatives")
    parser.add_argument("--kernel-cache", type=Path, default=cache_folder(), metavar="FOLDER")
    arguments = parser.parse_args()
    job = job_of(arguments.model, arguments.given)
    prepared = prepare(job, symmetry=arguments.symmetry, folder=arguments.kernel_cache)
    searches = [
        prepared.search(workers) for _ in range(arguments.repeats) for workers in arguments.workers
    ]
    layout = prepared.kernel.layout
    report = Report(
        bits=sum(array.cells * array.bits for array in layout.arrays.values()),
        words=layout.words,
        properties=sum(bit.kind is not None for bit in prepared.kernel.bits),
        expected=_expected(job, arguments.symmetry),
        compilation=prepared.compilation,
        searches=tuple(searches),
    )
    print(msgspec.json.encode(report).decode())


def job_of(model: str, given: str, scope: Sequence[str] = ()) -> Job:
    """Return the run of a model under an adversary, or end with what is wrong."""
    pairs = (size.partition("=") for size in scope)
    sizes = tuple((sort, int(size)) for sort, _, size in pairs)
    selected = select(Request(models=(model,), sizes=sizes, given=(given,)))
    if selected.problems or not selected.jobs:
        wrong = [*selected.problems.sentences, *map(str, selected.problems.diagnostics)]
        raise SystemExit("\n".join(wrong) or f"{model} has no run given {given}")
    return selected.jobs[0]


def prepare(job: Job, *, symmetry: bool, folder: Path | None = None) -> Prepared:
    """Compile the kernel of a run, or load it from the folder of compiled code."""
    system = system_of(job.setting, (), slice=True)
    evaluator = Evaluator(job.setting, frozenset(system.sliced))
    scope, properties = evaluator.places.scope, job.setting.properties
    began = time.perf_counter()
    kernel = compile_kernel(system, scope, properties, symmetry, folder=folder)
    compilation = time.perf_counter() - began
    translation = Translation(evaluator, kernel)
    initial = [translation.packed(state) for state in evaluator.initial_states()]
    return Prepared(kernel, load_runtime(folder or cache_folder()), initial, compilation)


def _expected(job: Job, symmetry: bool) -> tuple[int | None, int | None]:
    expected = job.expectation
    return (expected.orbits, None) if symmetry else (expected.states, expected.transitions)


def _resident_bytes() -> int:
    """Return how much memory this process has in use."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    main()
