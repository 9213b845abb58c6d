"""An observer sees in a state what the evaluator sees in it."""

from __future__ import annotations

import ctypes
from itertools import islice
from pathlib import Path

import pytest
from tests.checker.native.judged_kernels import Judge
from tests.checker.native.test_kernel import shipped

from splitspec.checker.explicit import vacuity
from splitspec.checker.explicit.native.observer import (
    Observer,
    Sight,
    compile_observer,
    observations,
)
from splitspec.model.scope import State
from splitspec.model.setting import Setting


def unseen(judge: Judge, observer: Observer, state: State) -> dict[Sight, set[str]]:
    """Return the paths of what a state does not show, by what it would be."""
    seen = (ctypes.c_uint64 * observer.words)()
    layout = judge.kernel.layout
    words = (ctypes.c_uint64 * layout.words)(*layout.pack(judge.sliced(state)))
    kind = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_uint64)
    kind(observer.address)(words, seen, judge.mask)
    found: dict[Sight, set[str]] = {sight: set() for sight in Sight}
    for number, observation in enumerate(observer.observations):
        if not seen[number // 64] >> number % 64 & 1:
            found[observation.sight].add(observation.path)
    return found


@pytest.mark.parametrize("name", ["threads", "granting", "fork"])
def test_an_observer_sees_what_the_evaluator_sees(name: str, tmp_path: Path) -> None:
    for setting in shipped(name):
        check(setting, tmp_path)


def check(setting: Setting, folder: Path) -> None:
    judge = Judge(setting, folder)
    wanted = observations(judge.system, setting.claimed)
    claims = [setting.program.properties[path] for path in setting.claimed]
    observer = compile_observer(judge.system, judge.evaluator.places.scope, wanted)
    for state in islice(judge.reachable(), 12):
        coverage = vacuity.observe(judge.evaluator, claims, [state])
        assert unseen(judge, observer, state) == {
            Sight.ENABLED: set(coverage.never_enabled),
            Sight.REFUSED: set(coverage.never_refused),
            Sight.MET: set(coverage.never_met),
        }
