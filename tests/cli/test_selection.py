"""What is named on the command line becomes runs, and variants that can share a kernel do."""

from __future__ import annotations

from pathlib import Path

import pytest

from splitspec.checker.explicit.search import MASK_BITS, explore
from splitspec.checker.result import Engine
from splitspec.cli.selection import Job, Request, select
from splitspec.model.verdict import Outcome

MODULE = """\
module gate
  \"\"\"One gate, and a key for each guest.\"\"\"

sort Guest

var keyed[Guest]: bool                       # who has a key
var inside[Guest]: bool                      # who is inside

action cut_key(g: Guest) by host
  keyed[g] := true

action enter(g: Guest) by kernel
  when keyed: keyed[g]
  inside[g] := true

invariant keyed_inside
  all g: Guest: inside[g] implies keyed[g]
"""

VARIANT = """
variant open_{number} of gate
  \"\"\"Entering without a key.\"\"\"
  drop enter.keyed
  expect violated keyed_inside within 1 steps
"""


@pytest.fixture
def many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Job, ...]:
    """The runs of a few more variants than one mask holds."""
    text = MODULE + "".join(VARIANT.format(number=n) for n in range(MASK_BITS + 6))
    (tmp_path / "gate.split").write_text(text)
    (tmp_path / "models.toml").write_text('[gate]\nmodule = "gate"\nscope = { Guest = 2 }\n')
    monkeypatch.chdir(tmp_path)
    selected = select(Request(models=("gate",), variants=True))
    assert not selected.problems
    return selected.jobs


def test_more_variants_than_a_mask_holds_are_several_families(many: tuple[Job, ...]) -> None:
    sizes = [len(job.family) for job in many]
    assert sizes == [MASK_BITS] * MASK_BITS + [6] * 6
    assert all(job.setting.variant in job.family for job in many)


@pytest.mark.parametrize("number", [0, MASK_BITS - 1, MASK_BITS])
def test_every_bit_of_the_mask_is_a_variant_of_its_own(many: tuple[Job, ...], number: int) -> None:
    job = many[number]
    result = explore(job.setting, until=job.until, family=job.family, evaluator_states=0)
    assert result.run.engine is Engine.NATIVE
    (broken,) = [v for v in result.verdicts if v.property == "gate.keyed_inside"]
    assert broken.outcome is Outcome.VIOLATED
    assert broken.trace is not None
    assert broken.trace.length == 1


def test_a_single_variant_has_the_kernel_of_its_family(many: tuple[Job, ...]) -> None:
    (alone,) = select(Request(models=("gate",), variant="open_3")).jobs
    assert alone.family == many[3].family


def test_sorts_of_one_name_have_sizes_by_their_modules(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "gate.split").write_text(MODULE)
    (tmp_path / "yard.split").write_text(
        "module yard\n\nimport gate\n\nsort Guest\n\nvar seen[Guest]: bool\n"
    )
    monkeypatch.chdir(tmp_path)
    both = (("gate.Guest", 3), ("yard.Guest", 1))
    (job,) = select(Request(models=("yard.split",), sizes=both)).jobs
    assert job.setting.scope.sizes == dict(both)
    (job,) = select(Request(models=("yard.split",), sizes=both[:1], size=2)).jobs
    assert job.setting.scope.sizes == {"gate.Guest": 3, "yard.Guest": 2}
    of_two = select(Request(models=("yard.split",), sizes=(("Guest", 3),))).problems
    assert "several modules" in of_two.diagnostics[0].message
    of_none = select(Request(models=("yard.split",), sizes=(("yard.Gest", 3),))).problems
    assert of_none.sentences[0].startswith("no sort is named yard.Gest")


SETTING = """\
module dial
  \"\"\"A dial that begins where it is set.\"\"\"

const end: nat
const first: 0..9

var at: 0..end

init
  at := first

action turn() by kernel
  when room: at < end
  at += 1

invariant low
  at < 3

variant turned_up of dial
  \"\"\"It begins elsewhere.\"\"\"
  set first = FIRST
  expect violated low

variant shortened of dial
  \"\"\"It ends elsewhere.\"\"\"
  set end = END
  expect redundant
"""


@pytest.mark.parametrize(
    ("first", "end", "code", "words"),
    [
        (4, 2, "SS513", "with `turned_up`, `init` gives at the value 4, outside 0..3"),
        (3, 0, "SS513", "with `shortened`, `init` gives at the value 1, outside 0..0"),
    ],
)
def test_a_variant_begins_in_no_state_that_its_types_exclude(
    first: int,
    end: int,
    code: str,
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    text = SETTING.replace("FIRST", str(first)).replace("END", str(end))
    (tmp_path / "dial.split").write_text(text)
    (tmp_path / "models.toml").write_text(
        "[dial]\nmodule = 'dial'\npins = { end = 3, first = 1 }\n"
    )
    monkeypatch.chdir(tmp_path)
    (found,) = select(Request(models=("dial",), variants=True)).problems.diagnostics
    assert (found.code, found.message) == (code, words)
    assert found.span is not None


def test_a_variant_sets_no_constant_to_what_its_type_at_the_sizes_excludes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where it sets the end of the type of another one."""
    text = SETTING.replace("first: 0..9", "first: 0..end")
    (tmp_path / "models.toml").write_text(
        "[dial]\nmodule = 'dial'\npins = { end = 3, first = 1 }\n"
    )
    monkeypatch.chdir(tmp_path)
    for values, words in (
        ((4, 2), "with `turned_up`, 4 is no value of `first`"),
        ((3, 0), "with `shortened`, 1 is no value of `first`"),
    ):
        changed = text.replace("FIRST", str(values[0])).replace("END", str(values[1]))
        (tmp_path / "dial.split").write_text(changed)
        (found,) = select(Request(models=("dial",), variants=True)).problems.diagnostics
        assert (found.code, found.message) == ("SS509", words)
    (tmp_path / "dial.split").write_text(text.replace("FIRST", "3").replace("END", "2"))
    assert not select(Request(models=("dial",), variants=True)).problems
