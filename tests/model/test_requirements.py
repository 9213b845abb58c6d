"""Requirements are read, found in `asked by`, and laid out beside the properties that say them."""

from __future__ import annotations

from pathlib import Path

import pytest

from splitspec.checker.gate.lock import Block, Claim, Key, Lock
from splitspec.checker.gate.standing import standing
from splitspec.checker.report.requirements import Checked, answers, page
from splitspec.model.loader import Library, load, load_variants
from splitspec.model.requirements import (
    Mechanism,
    Requirements,
    identifiers_of,
    read_requirements,
)
from splitspec.model.tier import Tier

KNOWN = ("I10", "I10 PoolConfined", "L2", "L3")


@pytest.mark.parametrize(
    ("source", "named"),
    [
        ("I10 image immutability", ("I10",)),
        ("I10 PoolConfined", ("I10 PoolConfined",)),
        ("L2, L3", ("L2", "L3")),
        ("L2 and L3 together", ("L2", "L3")),
        ("L3, weakness W9", ("L3",)),
        ("see L2", ()),
        ("L4", ()),
        ("", ()),
    ],
)
def test_identifiers_stand_at_the_head_of_a_source(source: str, named: tuple[str, ...]) -> None:
    assert identifiers_of(source, KNOWN) == named


def _written(folder: Path, text: str) -> Path:
    path = folder / "requirements.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_an_identifier_that_stands_twice_is_refused(tmp_path: Path) -> None:
    path = _written(tmp_path, '[a]\nL2 = "x"\n[b]\nL2 = "y"\n')
    with pytest.raises(ValueError, match="L2"):
        read_requirements(path)


def test_a_reason_for_an_unknown_identifier_is_refused(tmp_path: Path) -> None:
    path = _written(tmp_path, '[a]\nL2 = "x"\n[absent]\nL9 = "because"\n')
    with pytest.raises(ValueError, match="L9"):
        read_requirements(path)


def test_a_source_of_an_unknown_identifier_is_refused(tmp_path: Path) -> None:
    path = _written(tmp_path, '[a]\nL2 = "x"\n[sources]\nL9 = "the talk"\n')
    with pytest.raises(ValueError, match="L9"):
        read_requirements(path)


def test_a_counter_of_an_unknown_requirement_is_refused(tmp_path: Path) -> None:
    path = _written(tmp_path, '[a]\nL2 = "x"\n[counts]\nL9 = ["tables.mappers"]\n')
    with pytest.raises(ValueError, match="L9"):
        read_requirements(path)


def test_a_module_of_two_mechanisms_is_refused(tmp_path: Path) -> None:
    text = "".join(f'[mechanisms.{m}]\nabout = "x"\nmodules = ["tables"]\n' for m in "ab")
    with pytest.raises(ValueError, match="tables"):
        read_requirements(_written(tmp_path, text))


def _checked(folder: Path, name: str, text: str, variant: str) -> Checked:
    """The model of a module, with the variants of a file beside it."""
    path, broken = folder / f"{name}.split", folder / "broken.split"
    path.write_text(text, encoding="utf-8")
    broken.write_text(variant, encoding="utf-8")
    loaded = load(path)
    assert loaded.program is not None, loaded.diagnostics
    variants, diagnostics = load_variants(loaded, name, [broken], Library(), [name])
    assert not diagnostics
    return Checked(name, loaded.program, variants)


def _model(folder: Path) -> Checked:
    text = (
        "module switch\n\n"
        "var on: bool\n\n"
        "action press() by kernel\n  when nobody: false\n  on := true\n\n"
        "invariant stays_off given honest host\n"
        '  """Nobody presses it."""\n'
        '  asked by "L2, in a way"\n'
        "  not on\n\n"
        "witness lit\n  on\n"
    )
    variant = (
        'module broken\n\nvariant pressed of switch\n  """As it is."""\n  drop press.nobody\n'
        "  expect violated stays_off within 1 steps\n"
    )
    return _checked(folder, "switch", text, variant)


def test_the_page_has_each_property_with_its_adversary_and_each_gap_with_its_reason(
    tmp_path: Path,
) -> None:
    requirements = Requirements(
        {"liveness": {"L2": "It stays off.", "L3": "It goes on.", "L4": "It rests."}},
        {"L3": "nobody asks for light"},
    )
    model = _model(tmp_path)
    assert [p.path for p in answers(requirements, [model])["L2"]] == ["switch.stays_off"]
    text = page(requirements, [model], {})
    assert "`switch.stays_off` (invariant): Nobody presses it." in text
    assert "  Not in the lock, given an honest host." in text
    assert "Not in the specification: nobody asks for light" in text
    assert "Not in the specification: no property says this" in text


def _lock(outcome: str, assurance: str, *keys: Key) -> Lock:
    claims = {"switch.stays_off": Claim("", outcome, assurance)}
    blocks = {key: Block(Tier.COMMIT, "", {"Lamp": 2}, {"steps": 1}, claims=claims) for key in keys}
    return Lock(blocks)


REQUIREMENTS = Requirements(
    {"liveness": {"L2": "It stays off."}},
    {},
    {"L2": "the talk"},
    {"light": Mechanism("lamps", ("switch",))},
)


@pytest.mark.parametrize(
    ("outcome", "assurance", "activity", "said"),
    [
        ("holds", "proved", "proved", "Holds: proved in 1 model"),
        ("holds", "proved-finite", "proved", "Holds: proved for sizes in 1 model"),
        ("holds", "exhaustive", "explored", "Holds: explored in 1 model"),
        ("holds", "bounded(12 steps)", "explored", "Holds: bounded in 1 model"),
        ("violated", "", "explored", "Violated"),
    ],
)
def test_how_far_a_property_is_shown_is_what_the_lock_says(
    tmp_path: Path, outcome: str, assurance: str, activity: str, said: str
) -> None:
    lock = _lock(outcome, assurance, Key(activity, "switch given host"))
    text = page(REQUIREMENTS, [_model(tmp_path)], standing(lock))
    assert f"  {said}, given an honest host." in text
    # Nothing is accepted of the variant, and what is accepted of the model is not its verdict.
    assert "`pressed` of `switch` (not in the lock)" in text


def test_a_property_that_the_lock_does_not_have_is_shown_by_nothing(tmp_path: Path) -> None:
    lock = _lock("violated", "", Key("variant", "switch with pressed given host"))
    text = page(REQUIREMENTS, [_model(tmp_path)], standing(lock))
    assert "  Not in the lock, given an honest host." in text
    assert "`pressed` of `switch` (violated, 1 step)" in text
    assert "| L2 | the talk | light | 1 not in the lock | 1 |" in text
    # A witness of the module is no property that a mechanism has.
    assert "| light | lamps | `switch` | 1 not in the lock | 1 |" in text


def test_a_requirement_has_its_counter_with_the_variant_that_makes_it_wrong(tmp_path: Path) -> None:
    text = (
        "module switches\n\nsort Switch\n\nvar on[Switch]: bool\n"
        "counter lit counts s: Switch where on[s]     # how many are on\n\n"
        "action press(s: Switch) by kernel\n"
        "  when off: not on[s]\n  on[s] := true\n  add: lit += 1\n"
    )
    variant = (
        'module broken\n\nvariant uncounted of switches\n  """As it is."""\n  drop press.add\n'
        "  expect violated lit.exact within 1 steps\n"
    )
    requirements = Requirements(
        {"structure": {"S2": "It is counted.", "S3": "Nobody counts."}},
        {},
        counts={"S2": ("switches.lit", "elsewhere.lit"), "S3": ("switches.on",)},
    )
    claims = {"switches.lit.exact": Claim("", "holds", "proved")}
    block = Block(Tier.COMMIT, "", {}, {}, claims=claims)
    shown = page(
        requirements,
        [_checked(tmp_path, "switches", text, variant)],
        standing(Lock({Key("proved", "switches"): block})),
    )
    assert (
        "- `switches.lit.exact` (exact): The counter is exact (how many are on).\n"
        "  Holds: proved in 1 model, against a hostile host and all containers.\n"
        "  Variants: `uncounted` of `switches` (not in the lock).\n"
    ) in shown
    # What counts nothing is no counter, and is shown by nothing.
    assert "Not in the specification: no property says this" in shown
