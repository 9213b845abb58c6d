"""Each warning appears for the text that deserves it, and only there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from splitspec.model.codes_lint import LINT
from splitspec.model.diagnostic import Diagnostic, Severity
from splitspec.model.lint import Linted, lint
from splitspec.model.loader import Library, load, load_variants

ROOT = Path(__file__).parents[2]

# A module without a warning; each case below changes one of its lines.
CLEAN = """module m
sort Page
sort Frame
enum Phase = idle | busy
const strict: bool                           # whether busy pages need a frame
var frame[Page]: Frame?                      # the frame that backs the page
var phase[Page]: Phase                       # what is going on with the page
def is_busy(p: Page) = phase[p] = busy
part bind(p: Page, f: Frame)
  when unbound: frame[p] = none
  frame[p] := f
action begin(p: Page, f: Frame) by kernel
  when idle: not is_busy(p)
  do bind(p, f)
  phase[p] := busy
action finish(p: Page) by kernel
  when busy: is_busy(p)
  phase[p] := idle
  frame[p] := none
final
  no p: Page: is_busy(p)
invariant busy_pages_have_a_frame
  \"\"\"A page at work is backed.\"\"\"
  all p: Page: strict and is_busy(p) implies frame[p] != none
"""

CASES = [
    ("SS601", "sort Frame\n", "sort Frame\nsort Slot\n", "nothing uses the sort `Slot`"),
    ("SS601", "sort Frame\n", "sort Frame\nenum E = a | b\n", "nothing uses the enum `E`"),
    ("SS601", "strict and ", "", "nothing uses the constant `strict`"),
    ("SS601", "part bind", "def other = true\npart bind", "nothing uses the definition `other`"),
    ("SS601", "  do bind(p, f)\n", "  frame[p] := f\n", "nothing uses the part `bind`"),
    ("SS602", "idle | busy", "idle | busy | gone", "no line mentions the member `gone`"),
    ("SS603", "and is_busy(p)", "and off[p]", "no step changes `off`"),
    (
        "SS604",
        "  when busy: is_busy(p)\n",
        "  when busy: is_busy(p)\n  off[p] := true\n",
        "no run reads `off`: no guard or property depends on it",
    ),
    ("SS605", "when idle: not is_busy(p)", "when same: p = p", "guard `same` is always true"),
    (
        "SS606",
        "  phase[p] := idle\n",
        "  phase[q] := idle for q: Page where frame[q] = none\n",
        "`frame` is read as it was before `finish`, which assigns it",
    ),
    (
        "SS607",
        "def is_busy",
        "var page[Frame]: Page? # the page that a frame backs\ndef is_busy",
        "state functions lead from `Page`, `Frame` to one another",
    ),
    (
        "SS608",
        "action begin(p: Page, f: Frame) by kernel",
        "action begin(p: Page, f: Frame) by host",
        "only promises of the host restrain `begin`: `idle`, `unbound`",
    ),
    ("SS609", "final\n", "sort Late\nfinal\n", "sorts and enums stand before what is above"),
    ("SS610", "  # what is going on with the page", "", "`phase` has no comment"),
    ("SS611", '  """A page at work is backed."""\n', "", "`busy_pages_have_a_frame` has no text"),
]


def _lint(folder: Path, text: str) -> tuple[Diagnostic, ...]:
    path = folder / "m.split"
    path.write_text(text)
    loaded = load(path)
    assert loaded.program is not None, [d.message for d in loaded.diagnostics]
    return lint([Linted(loaded.program, loaded.modules)], prove=True)


def test_a_clean_module_has_no_warning(tmp_path: Path) -> None:
    assert _lint(tmp_path, CLEAN) == ()


@pytest.mark.parametrize(("code", "old", "new", "message"), CASES)
def test_each_warning_appears_where_it_is_deserved(
    tmp_path: Path, code: str, old: str, new: str, message: str
) -> None:
    assert old in CLEAN
    text = CLEAN.replace(old, new)
    if "off[p]" in new:
        text = text.replace("def is_busy", "var off[Page]: bool # a switch\ndef is_busy")
    found = _lint(tmp_path, text)
    assert (code, message) in [(w.code, w.message) for w in found]
    assert all(w.severity is Severity.WARNING for w in found)


def test_every_warning_has_a_case() -> None:
    """SS612 has a module of its own, below: the clean one has no ledger."""
    assert {code for code, *_ in CASES} | {"SS612"} == {code.code for code in LINT}


def test_a_guard_that_keeps_places_apart_silences_the_stale_read(tmp_path: Path) -> None:
    text = CLEAN.replace(
        "  phase[p] := idle\n",
        "  phase[q] := idle for q: Page where q != p and frame[q] = none\n  phase[p] := idle\n",
    )
    assert not any(w.code == "SS606" for w in _lint(tmp_path, text))


def test_a_read_of_what_a_literal_replaces_can_only_mean_the_old_value(tmp_path: Path) -> None:
    """`frame[p] := none` stands beside: whoever wanted the new value would have written `none`."""
    copied = "  idle[q] := true for q: Frame where frame[p] = q\n"
    bound = "  idle[q] := true for q: Page where q = p and frame[q] != none\n"
    swept = "  idle[q] := true for q: Page where frame[q] != none\n"
    for line, index, stale in (
        (copied, "Frame", False),
        (bound, "Page", False),
        (swept, "Page", True),
    ):
        text = CLEAN.replace("  phase[p] := idle\n", "  phase[p] := idle\n" + line)
        text = text.replace("def is_busy", f"var idle[{index}]: bool # a switch\ndef is_busy")
        assert any(w.code == "SS606" for w in _lint(tmp_path, text)) is stale, line


def test_a_read_beside_a_new_value_is_stale_unless_the_two_are_one(tmp_path: Path) -> None:
    text = CLEAN.replace("var phase", "var last[Page]: Frame? # the frame before\nvar phase")
    text = text.replace("finish(p: Page)", "finish(p: Page, q: Page)")
    moved = text.replace("  frame[p] := none\n", "  frame[p] := frame[q]\n  last[p] := frame[q]\n")
    assert not any(w.code == "SS606" for w in _lint(tmp_path, moved))
    crossed = text.replace("  frame[p] := none\n", "  frame[p] := last[q]\n  last[p] := frame[q]\n")
    assert any(w.code == "SS606" for w in _lint(tmp_path, crossed))


def test_a_counter_lets_go_of_what_it_has_counted(tmp_path: Path) -> None:
    text = CLEAN.replace(
        "def is_busy",
        "counter pages[f: Frame] counts p: Page where frame[p] = f # what it backs\ndef is_busy",
    )
    text = text.replace("  frame[p] := f\n", "  frame[p] := f\n  pages[f] += 1\n")
    moved = "  frame[p] := g\n  pages[f] -= 1 for f: Frame where frame[p] = f\n"
    text = text.replace("finish(p: Page)", "finish(p: Page, g: Frame)")
    text = text.replace("  frame[p] := none\n", moved)
    assert not any(w.code == "SS606" for w in _lint(tmp_path, text))
    text = text.replace("pages[f] -= 1", "pages[f] += 1")
    assert any(w.code == "SS606" for w in _lint(tmp_path, text))


def test_cycles_among_sorts_are_looked_for_on_request(tmp_path: Path) -> None:
    text = CLEAN.replace("def is_busy", "var page[Frame]: Page? # the other way\ndef is_busy")
    assert "SS607" in [w.code for w in _lint(tmp_path, text)]
    loaded = load(tmp_path / "m.split")
    assert loaded.program is not None
    assert "SS607" not in [w.code for w in lint([Linted(loaded.program, loaded.modules)])]


def test_a_promise_that_is_spelled_out_is_meant(tmp_path: Path) -> None:
    text = CLEAN.replace("f: Frame) by kernel", "f: Frame) by host")
    one = text.replace("when idle: not is_busy(p)", "when idle: not is_busy(p) @host")
    (warning,) = [w for w in _lint(tmp_path, one) if w.code == "SS608"]
    assert warning.message == "only promises of the host restrain `begin`: `unbound`"
    both = one.replace("when unbound: frame[p] = none", "when unbound: frame[p] = none @host")
    assert not any(w.code == "SS608" for w in _lint(tmp_path, both))


# The host keeps the count of the frames that it lends, and only an honest one keeps it right.
LEDGER = """module m
sort Frame
var lent[Frame]: bool  # the host lends the frame
counter total counts f: Frame where lent[f] given honest host  # as the host has it
action lend(f: Frame) by host
  when new: not lent[f]  @hardware
  when few: total < 1  @host
  lent[f] := true
  total += 1
invariant at_most_one given honest host
  \"\"\"The host lends one frame at most.\"\"\"
  all f, h: Frame: lent[f] and lent[h] implies f = h
"""


def test_a_promise_may_rest_on_the_promisers_own_ledger(tmp_path: Path) -> None:
    assert _lint(tmp_path, LEDGER) == ()


def test_a_check_that_rests_on_the_hosts_ledger_is_none(tmp_path: Path) -> None:
    text = LEDGER.replace("total < 1  @host", "total < 1  @kernel")
    (warning,) = _lint(tmp_path, text)
    assert warning.code == "SS612"
    assert warning.message == (
        "the guard `few` of the kernel reads `total`, which is exact only if the host is honest"
    )


def test_an_enforced_guard_is_no_mere_promise(tmp_path: Path) -> None:
    text = CLEAN.replace("f: Frame) by kernel", "f: Frame) by host").replace(
        "when idle: not is_busy(p)", "when idle: not is_busy(p) @hardware"
    )
    assert not any(w.code == "SS608" for w in _lint(tmp_path, text))


def test_what_one_of_several_models_uses_is_used(tmp_path: Path) -> None:
    """`lower.is_set` is unused in the model `lower` alone, and used in `upper`."""
    (tmp_path / "lower.split").write_text(
        "module lower\nsort S\nvar x[S]: bool # a switch\ndef is_set(s: S) = x[s]\n"
        "action flip(s: S) by kernel\n  when off: not x[s]\n  x[s] := true\n"
    )
    (tmp_path / "upper.split").write_text(
        'module upper\nimport lower\ninvariant a\n  """A claim."""\n  some s: S: is_set(s)\n'
    )
    library = Library()
    models = []
    for name in ("lower", "upper"):
        loaded = load(tmp_path / f"{name}.split", library=library)
        assert loaded.program is not None
        models.append(Linted(loaded.program, loaded.modules))
    assert [w.code for w in lint(models[:1])] == ["SS601"]
    assert lint(models) == ()


def test_variants_use_names_too(tmp_path: Path) -> None:
    text = CLEAN.replace("idle | busy", "idle | busy | gone") + (
        "variant vanish of m\n  action vanish(p: Page) by kernel\n    phase[p] := gone\n"
        '  expect redundant\n  cites "a test"\n'
    )
    (tmp_path / "m.split").write_text(text)
    loaded = load(tmp_path / "m.split")
    assert loaded.program is not None
    variants, diagnostics = load_variants(loaded, "m", ())
    assert diagnostics == ()
    assert [w.code for w in lint([Linted(loaded.program, loaded.modules)])] == ["SS602"]
    assert lint([Linted(loaded.program, loaded.modules, variants)]) == ()


def test_a_definition_that_says_where_a_run_forgets_is_used(tmp_path: Path) -> None:
    own = "def rests(p: Page) = phase[p] = idle\npart bind"
    (tmp_path / "m.split").write_text(CLEAN.replace("part bind", own))
    loaded = load(tmp_path / "m.split")
    assert loaded.program is not None
    unused = Linted(loaded.program, loaded.modules)
    assert [w.code for w in lint([unused])] == ["SS601"]
    assert lint([replace(unused, named=frozenset({"m.rests"}))]) == ()
