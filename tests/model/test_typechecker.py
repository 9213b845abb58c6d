"""What the type checker makes of sound texts, and how it reports several mistakes at once."""

from __future__ import annotations

import pytest

from splitspec.model import ir
from splitspec.model.ir import ActorKind, Program
from splitspec.model.parser import parse
from splitspec.model.resolver import Unit
from splitspec.model.source import Source
from splitspec.model.typechecker import Checked, typecheck
from splitspec.model.types import Enumeration, Integer, Option, Range, Sort

MEMORY = """
sort Page
sort Frame
enum Phase = live | dead | gone
enum Mode = off | live
const root: Page
var npt[Page]: Frame?
var phase[Page]: Phase
var mode[Page]: Mode?
var level: 0..3
counter living counts p: Page where phase[p] = live
"""


def _checked(*texts: str) -> Checked:
    """Check modules m0, m1, …, each given as the text below its module line."""
    units = []
    for number, text in enumerate(texts):
        parsed = parse(Source(f"m{number}.split", f"module m{number}\n{text}"))
        assert parsed.diagnostics == ()
        assert parsed.module is not None
        units.append(Unit(parsed.module, parsed.broken))
    return typecheck(units, {}, complete=True)


def _program(*texts: str) -> Program:
    checked = _checked(*texts)
    assert checked.diagnostics == ()
    assert checked.program is not None
    return checked.program


def _claim(line: str) -> ir.Expression:
    """The typed claim of an invariant of one line over MEMORY."""
    program = _program(f"{MEMORY}invariant a\n  {line}\n")
    ((typed,),) = (program.properties["m0.a"].lines,)
    return typed.expression


def _body(line: str) -> ir.Expression:
    """What a claim says of a page `p`."""
    claim = _claim(f"all p: Page: {line}")
    assert isinstance(claim, ir.Quantifier)
    return claim.body


def _complaints(*texts: str) -> list[tuple[str, str]]:
    """The codes of what is wrong, each with the text that it points to."""
    found = _checked(*texts).diagnostics
    return [(d.code, d.span.text if d.span is not None else "") for d in found]


@pytest.mark.parametrize("line", ["phase[p] = live", "live = phase[p]"])
def test_a_member_of_two_enums_means_the_one_beside_it(line: str) -> None:
    equal = _body(line)
    assert isinstance(equal, ir.Equal)
    literals = [side for side in (equal.left, equal.right) if isinstance(side, ir.Literal)]
    # `live` is the first member of Phase, and the second one of Mode.
    assert [(literal.value, str(literal.type)) for literal in literals] == [(0, "Phase")]


def test_the_members_of_an_optional_enum_are_known_beside_it() -> None:
    equal = _body("mode[p] = live")
    assert isinstance(equal, ir.Equal)
    assert isinstance(equal.right, ir.Literal)
    assert equal.right.value == 1


def test_an_option_stands_left_of_an_equality() -> None:
    for line in ("all f: Frame: npt[p] = f", "all f: Frame: f = npt[p]"):
        claim = _body(line)
        assert isinstance(claim, ir.Quantifier)
        assert isinstance(claim.body, ir.Equal)
        assert isinstance(claim.body.left, ir.Read)
        assert isinstance(claim.body.right, ir.Local)


def test_none_gets_the_type_of_the_option_that_it_meets() -> None:
    for line in ("npt[p] = none", "none = npt[p]"):
        equal = _body(line)
        assert isinstance(equal, ir.Equal)
        assert equal.right == ir.Literal(None, Option(Sort("m0.Frame")), equal.span)


def test_greater_is_less_turned_around() -> None:
    for text, operator in ((">", "<"), (">=", "<=")):
        compare = _claim(f"level {text} 1")
        assert isinstance(compare, ir.Compare)
        assert compare.operator == operator
        assert isinstance(compare.left, ir.Literal)


def test_a_chain_of_and_is_one_conjunction() -> None:
    conjunction = _body("level = 1 and level = 2 and level = 3")
    assert isinstance(conjunction, ir.And)
    assert len(conjunction.operands) == 3


def test_no_is_not_some_and_unequal_is_not_equal() -> None:
    denied = _claim("no p: Page: phase[p] != dead")
    assert isinstance(denied, ir.Not)
    assert isinstance(denied.operand, ir.Quantifier)
    assert denied.operand.kind == "some"
    assert isinstance(denied.operand.body, ir.Not)


def test_a_choice_between_a_value_and_none_is_an_option() -> None:
    program = _program(MEMORY + "def kept(p: Page, f: Frame) = if phase[p] = live then f else none")
    assert program.definitions["m0.kept"].body.type == Option(Sort("m0.Frame"))


def test_sums_are_integers_and_ranges_keep_their_ends() -> None:
    program = _program(MEMORY + "const K: nat\nvar up: 0..K\ndef above = level + up")
    assert program.variables["m0.up"].type == Range("m0.K")
    assert program.definitions["m0.above"].body.type == Integer()


def test_a_counter_knows_what_it_counts() -> None:
    counted = _program(MEMORY).variables["m0.living"].counted
    assert counted is not None
    assert [(b.name, str(b.type)) for b in counted.binders] == [("p", "Page")]
    assert counted.keys == ()
    assert counted.given == frozenset()


def test_the_own_name_wins_and_others_are_written_with_their_module() -> None:
    program = _program(
        "var on: bool\n",
        "import m0\nvar on: bool\ninvariant a\n  on and m0.on and m1.on\n",
    )
    (line,) = program.properties["m1.a"].lines
    assert isinstance(line.expression, ir.And)
    reads = [o.variable for o in line.expression.operands if isinstance(o, ir.Read)]
    assert reads == ["m1.on", "m0.on", "m1.on"]


def test_everything_in_the_import_closure_is_visible() -> None:
    program = _program("sort Page", "import m0", "import m1\nvar used[Page]: bool")
    assert program.variables["m2.used"].indices == (Sort("m0.Page"),)
    assert program.modules == ("m0", "m1", "m2")


def test_an_extension_has_the_parameters_under_its_own_names() -> None:
    base = MEMORY + "action take(p: Page, f: Frame) by kernel for p\n  npt[p] := f\n"
    program = _program(base, "import m0\nextend take(q, g) with h: Page\n  phase[h] := live\n")
    (extension,) = program.extensions
    assert (extension.module, extension.action) == ("m1", "m0.take")
    assert [(p.name, str(p.type)) for p in extension.parameters] == [
        ("q", "Page"),
        ("g", "Frame"),
        ("h", "Page"),
    ]


def test_an_action_knows_its_actor_and_fairness() -> None:
    text = "action go(p: Page) by container[p] hostile strongly fair for p\n  phase[p] := dead\n"
    action = _program(MEMORY + text).actions["m0.go"]
    assert action.actor == ir.Actor(ActorKind.CONTAINER, "p")
    assert action.hostile
    assert action.fairness == (ir.Fairness(True, ("p",)),)


def test_given_names_actors() -> None:
    text = "invariant a given honest host, honest container\n  level = 0\n"
    given = _program(MEMORY + text).properties["m0.a"].given
    assert given == {ActorKind.HOST, ActorKind.CONTAINER}


def test_a_part_may_be_done_twice_in_one_action() -> None:
    """Its labels are numbered when the action is flattened, so they do not clash."""
    part = "part end(p: Page)\n  when living: phase[p] = live\n  phase[p] := dead\n"
    action = "action f(p: Page, q: Page) by kernel\n  do end(p)\n  do end(q)\n"
    assert _complaints(MEMORY + part + action) == []


def test_a_definition_may_be_written_before_what_it_calls() -> None:
    text = "def safe = not full\ndef full = level = 3\ninvariant a\n  safe\n"
    assert _complaints(MEMORY + text) == []


def test_ghost_updates_read_ghost_state() -> None:
    text = "ghost var seen: bool\naction f() by kernel\n  seen := not seen\n"
    assert _complaints(MEMORY + text) == []


@pytest.mark.parametrize(
    "guard",
    [
        "all p: Page: npt[p] = none",
        "no p: Page: npt[p] = none",
        "not (some p: Page: npt[p] = none)",
        "(some p: Page: npt[p] = none) implies level = 0",
        "level = 0 implies all p: Page: npt[p] = none",
    ],
)
def test_a_guard_may_say_all(guard: str) -> None:
    assert _complaints(MEMORY + f"action f() by kernel\n  when a: {guard}\n  level := 0\n") == []


@pytest.mark.parametrize(
    "guard",
    [
        "not (no p: Page: npt[p] = none)",
        "(all p: Page: npt[p] = none) implies level = 0",
        "(all p: Page: npt[p] = none) = (level = 0)",
        "if level = 0 then (some p: Page: npt[p] = none) else true",
        "all q: Page: some p: Page: p != q",
    ],
)
def test_a_guard_may_not_ask_for_a_witness_in_disguise(guard: str) -> None:
    text = MEMORY + f"action f() by kernel\n  when a: {guard}\n  level := 0\n"
    assert [code for code, _ in _complaints(text)] == ["SS419"]


@pytest.mark.parametrize(
    "claim",
    [
        "some p: Page: npt[p] = none",
        "all p: Page: (some f: Frame: npt[p] = f) implies phase[p] = live",
        "(all p: Page: npt[p] = none) or (some p: Page: phase[p] = dead)",
        "all p: Page: no f: Frame: npt[p] = f",
    ],
)
def test_an_invariant_has_no_some_that_depends_on_an_all(claim: str) -> None:
    assert _complaints(MEMORY + f"invariant a\n  {claim}\n") == []


@pytest.mark.parametrize(
    "claim",
    [
        "all p: Page: phase[p] = live implies some f: Frame: npt[p] = f",
        "no p: Page: all f: Frame: npt[p] != f",
        "all p: Page: (some f: Frame: npt[p] = f) = (phase[p] = live)",
    ],
)
def test_a_witness_for_every_value_is_refused_in_any_form(claim: str) -> None:
    assert [code for code, _ in _complaints(MEMORY + f"invariant a\n  {claim}\n")] == ["SS420"]
    assert _complaints(MEMORY + f"witness a\n  {claim}\n") == []


def test_all_independent_mistakes_are_reported_in_one_pass() -> None:
    text = """
action f(p: Page, f: Frame) by kernel
  when a: phase[p] = f
  when b: level = 9
  npt[p] := p
  phse[p] := live
invariant a
  nothing
"""
    assert _complaints(MEMORY + text) == [
        ("SS301", "f"),
        ("SS305", "9"),
        ("SS301", "p"),
        ("SS201", "phse"),
        ("SS201", "nothing"),
    ]


def test_what_depends_on_something_ill_typed_is_left_alone() -> None:
    """One mistake each: the type of a variable, a parameter, a definition, an operand."""
    text = """
var owner[Pages]: Frame?
def taken(p: Page) = owner[p] != none
action f(p: Page, x: nat) by kernel
  when a: taken(p)
  when b: phase[p] = mode[x] and owner[p] = none
  owner[p] := none
action g(p: Page) by kernel
  when a: (lvl + 1) < level and live = lvl
  level := 0
invariant a
  all p: Page: taken(p) implies owner[p] = none
"""
    assert _complaints(MEMORY + text) == [
        ("SS201", "Pages"),
        ("SS306", "nat"),
        ("SS201", "lvl"),
    ]


def test_a_name_that_is_unknown_many_times_is_reported_once_a_module() -> None:
    checked = _checked("var on: bool\ninvariant a\n  onn\n  onn and on\ninvariant b\n  not onn\n")
    (only,) = checked.diagnostics
    assert (only.code, only.span and only.span.line) == ("SS201", 4)
    assert [note.message for note in only.notes] == ["2 more uses of it in this module"]


def test_the_declarations_of_a_program_stand_in_import_order_then_as_written() -> None:
    program = _program(
        "var b: bool\nvar a: bool\ninvariant z\n  a\ninvariant y\n  b\n",
        "import m0\nvar c: bool\ninvariant x\n  c\n",
    )
    assert list(program.variables) == ["m0.b", "m0.a", "m1.c"]
    assert list(program.properties) == ["m0.z", "m0.y", "m1.x"]


def test_enums_keep_the_order_of_their_members() -> None:
    program = _program(MEMORY)
    assert program.enums["m0.Phase"] == ("live", "dead", "gone")
    phase = program.variables["m0.phase"].type
    assert phase == Enumeration("m0.Phase", ("live", "dead", "gone"))
