"""Requirements are read, found in `asked by`, and laid out beside the properties that say them."""

from __future__ import annotations

from pathlib import Path

import pytest

from splitspec.checker.report.requirements import Checked, answers, page
from splitspec.model.loader import load
from splitspec.model.requirements import Requirements, identifiers_of, read_requirements

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


def _model(folder: Path) -> Checked:
    path = folder / "switch.split"
    path.write_text(
        "module switch\n\n"
        "var on: bool\n\n"
        "action press() by kernel\n  on := true\n\n"
        "invariant stays_off given honest host\n"
        '  """Nobody presses it."""\n'
        '  asked by "L2, in a way"\n'
        "  not on\n",
        encoding="utf-8",
    )
    loaded = load(path)
    assert loaded.program is not None, loaded.diagnostics
    return Checked("switch", loaded.program, ())


def test_the_page_has_each_property_with_its_adversary_and_each_gap_with_its_reason(
    tmp_path: Path,
) -> None:
    requirements = Requirements(
        {"liveness": {"L2": "It stays off.", "L3": "It goes on.", "L4": "It rests."}},
        {"L3": "nobody asks for light"},
    )
    model = _model(tmp_path)
    assert [p.path for p in answers(requirements, [model])["L2"]] == ["switch.stays_off"]
    text = page(requirements, [model])
    assert "`switch.stays_off` (invariant, given honest host): Nobody presses it." in text
    assert "Not in the specification: nobody asks for light" in text
    assert "Not in the specification: no property says this" in text
