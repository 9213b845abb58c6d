"""A run that forgets visits what a text without the forgotten values has, state by state.

`at_rest/platform.split` is the page machine with the forgotten values left out by hand. The
evaluator, which forgets nothing, counts states, transitions and depth of its smallest client there;
the native engine counts those of the true machine, told to forget.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from shutil import copy

import pytest
from tests.agreement.recount import recount

from splitspec.checker.explicit.search import explore, system_of
from splitspec.model.ir import ActorKind, Program
from splitspec.model.loader import load
from splitspec.model.manifest_entry import ExpectedRun
from splitspec.model.manifest_forgetting import forgetting_of
from splitspec.model.scope import Scope
from splitspec.model.setting import Setting, properties_under

SPEC = Path(__file__).parents[2] / "spec"
AT_REST = Path(__file__).parent / "at_rest"
HOSTILE: frozenset[ActorKind] = frozenset()
FORGOTTEN = (
    "platform.backing",
    "platform.before",
    "platform.holder where platform.is_unused",
    "platform.data where platform.is_unused",
)


def _pages(folder: Path) -> Program:
    loaded = load(folder / "pages.split")
    assert loaded.program is not None, loaded.diagnostics
    return loaded.program


def _setting(program: Program, pages: int, frames: int) -> Setting:
    sizes = {"container.Container": 2, "address.Page": pages, "address.Frame": frames}
    claims = properties_under(program, HOSTILE)
    return Setting("pages", program, Scope(sizes, {}, {}), HOSTILE, None, claims)


@pytest.mark.parametrize(("pages", "frames"), [(1, 2), (2, 2)])
def test_the_page_machine_forgets_what_a_text_leaves_out(
    tmp_path: Path, pages: int, frames: int
) -> None:
    for module in ("address", "container", "pages"):
        copy(SPEC / f"{module}.split", tmp_path)
    copy(AT_REST / "platform.split", tmp_path)
    unread = frozenset({"container.zygote"})
    by_hand = recount(_setting(_pages(tmp_path), pages, frames), unread)
    whole = _pages(SPEC)
    run = ExpectedRun(HOSTILE, None, None, None, None, None, FORGOTTEN, None)
    setting = replace(_setting(whole, pages, frames), forgotten=forgetting_of(run, whole).places)
    assert unread < set(system_of(setting, (), slice=True).sliced)
    full, reduced = (explore(setting, symmetry=symmetry).run for symmetry in (False, True))
    assert (full.states, full.transitions, full.depth) == (
        by_hand.states,
        by_hand.transitions,
        by_hand.depth,
    )
    assert reduced.states == by_hand.orbits
