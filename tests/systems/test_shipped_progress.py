"""What is claimed of threads that wait is proved, has no fair run against it, and says no more
than that."""

from __future__ import annotations

import shutil
from pathlib import Path

from splitspec.checker.explicit.liveness import refute
from splitspec.checker.symbolic.proving import prove
from splitspec.model.ir import ActorKind
from splitspec.model.loader import load
from splitspec.model.scope import Scope
from splitspec.model.setting import Setting, progress_under
from splitspec.model.verdict import AssuranceKind

SPEC = Path(__file__).parents[2] / "spec"
HONEST = frozenset({ActorKind.HOST})
WAITS = "threads.runnable_threads_run"
# With three threads, one can be moved to and fro between vCPUs that two others keep busy.
SIZES = {"Container": 1, "Vcpu": 2, "Thread": 3}


def threads(folder: Path) -> Setting:
    program = load(folder / "threads.split").program
    assert program is not None
    sizes = {path: SIZES[path.rpartition(".")[2]] for path in program.sorts}
    progress = progress_under(program, HONEST)
    return Setting("threads", program, Scope(sizes, {}, {}), HONEST, progress=progress)


def test_a_thread_that_stays_on_its_vcpu_runs_some_time() -> None:
    setting = threads(SPEC)
    found = refute(setting, WAITS)
    assert (found.trace, found.complete) == (None, True)
    result = prove(setting, selected=frozenset({WAITS}))
    kinds = {v.property: v.assurance.kind for v in result.verdicts}
    assert kinds == {WAITS: AssuranceKind.PROVED}


def test_a_thread_that_is_moved_for_ever_need_not_run(tmp_path: Path) -> None:
    folder = shutil.copytree(SPEC, tmp_path / "spec", ignore=shutil.ignore_patterns("__pycache__"))
    path = folder / "threads.split"
    text = path.read_text()
    answer = "home[t] = none or seat[t] != v or runs[v] = t"
    assert answer in text
    path.write_text(text.replace(answer, "home[t] = none or (some w: Vcpu: runs[w] = t)"))
    found = refute(threads(folder), WAITS)
    assert found.trace is not None
    first = found.trace.states.index(found.trace.states[-1])
    assert "threads.move" in {step.action for step in found.trace.steps[first:]}
