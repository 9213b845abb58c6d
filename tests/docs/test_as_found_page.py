"""The page of the artifact says of each claim what breaks it, and of none more than a run shows."""

from __future__ import annotations

from pathlib import Path

import pytest

from splitspec.checker.explicit.search import explore
from splitspec.checker.gate.lock import Block, Claim, Key, Lock
from splitspec.checker.gate.standing import standing
from splitspec.checker.report.as_found import Found, page
from splitspec.checker.result import Limits
from splitspec.model.loader import Library, load, load_variants
from splitspec.model.scope import Scope
from splitspec.model.setting import Setting, properties_under
from splitspec.model.tier import Tier

CONTAINERS = '''module container

sort Container
var used[Container]: bool
var hot[Container]: bool

action use(c: Container) by kernel for c
  when unused: not used[c]
  used[c] := true

action heat(c: Container) by kernel for c
  when never: false
  hot[c] := true

invariant unused
  """Nobody is used."""
  no c: Container: used[c]

invariant cold
  """Nobody is hot."""
  no c: Container: hot[c]

invariant alone
  """Two are never hot together."""
  all c, d: Container: hot[c] and hot[d] implies c = d
'''
HEATED = '''module heated

variant heated of container
  """W3: everybody can be."""
  drop heat.never
  expect violated cold within 1 steps
'''


def _page(folder: Path, *, size: int, depth: int | None = None, heated: bool = False) -> list[str]:
    """The rows of a run that is named as a page could name what is broken."""
    path, other = folder / "container.split", folder / "heated.split"
    path.write_text(CONTAINERS, encoding="utf-8")
    other.write_text(HEATED, encoding="utf-8")
    loaded = load(path)
    program = loaded.program
    assert program is not None, loaded.diagnostics
    variants, diagnostics = load_variants(loaded, "container", [other], Library(), ["container"])
    assert not diagnostics
    scope = Scope({"container.Container": size}, {}, {})
    claims = properties_under(program, frozenset())
    setting = Setting("container", program, scope, frozenset(), None, claims)
    result = explore(setting, limits=Limits(depth=depth))
    claim = {"container.cold": Claim("", "violated", "")}
    lock = Lock({Key("variant", "container with heated"): Block(Tier.COMMIT, "", claims=claim)})
    run = Found("the day after", "", scope.sizes, result)
    shown = variants if heated else ()
    return page(program.properties, shown, standing(lock), [run]).splitlines()


def _sections(lines: list[str]) -> dict[str, list[str]]:
    """The names of the claims below each heading."""
    found: dict[str, list[str]] = {}
    for line in lines:
        if line.startswith("## "):
            found[line.removeprefix("## ")] = []
        elif line.startswith("| `container."):
            [*found.values()][-1].append(line.split("`")[1].partition(".")[2])
    return found


def test_only_what_some_run_breaks_is_called_broken(tmp_path: Path) -> None:
    lines = _page(tmp_path, size=2)
    assert _sections(lines) == {
        "Broken: 1 of 3": ["unused"],
        "Not broken: 2 of 3": ["cold", "alone"],
    }
    assert (
        "| `container.unused` | Nobody is used. |  | broken after 1 step (the day after) |" in lines
    )


def test_what_a_variant_breaks_is_broken_with_its_number(tmp_path: Path) -> None:
    lines = _page(tmp_path, size=2, heated=True)
    assert _sections(lines)["Broken: 2 of 3"] == ["unused", "cold"]
    alone = "W3: `heated` of `container`"
    assert f"| `container.cold` | Nobody is hot. | {alone} | holds (the day after) |" in lines


@pytest.mark.parametrize(
    ("size", "depth", "cold", "alone"),
    [
        (2, None, "holds", "holds"),
        (1, None, "holds with one container", "not shown: one container"),
        # Two containers are both used after two steps, so that one step is not all.
        (2, 1, "holds for 1 steps", "holds for 1 steps"),
    ],
    ids=["all", "one container", "some steps"],
)
def test_no_more_is_said_to_hold_than_a_run_shows(
    tmp_path: Path, size: int, depth: int | None, cold: str, alone: str
) -> None:
    rows = [line for line in _page(tmp_path, size=size, depth=depth) if "| `container." in line]
    said = {row.split("`")[1]: row.rpartition("|  | ")[2] for row in rows}
    assert said["container.cold"] == f"{cold} (the day after) |"
    assert said["container.alone"] == f"{alone} (the day after) |"
