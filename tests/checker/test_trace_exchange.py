"""A trace survives every form in which it leaves: what is read back is what was written, and the
evaluator can do it again."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import jsonschema  # type: ignore[import-untyped]
import pytest

from splitspec.checker.evidence.claims import claim_named
from splitspec.checker.evidence.execution import Execution
from splitspec.checker.evidence.picturing import picture_of
from splitspec.checker.evidence.replay import Refusal, retrace
from splitspec.checker.evidence.state_graph import state_graph
from splitspec.checker.explicit.oracle import explore
from splitspec.checker.report import dot, itf, mermaid
from splitspec.checker.report.calls import call_text, read_call
from splitspec.checker.report.trace_document import (
    MalformedError,
    decode,
    encode,
    schema_text,
)
from splitspec.model.evaluator import Evaluator
from splitspec.model.setting import Setting
from splitspec.model.trace import Step, Trace

Make = Callable[..., Setting]

ROOMS = """
    sort Guest
    sort Room
    enum Key = lost | held
    const suite: Room
    var in_room[Guest]: Room?
    var key[Guest, Room]: Key
    var nights[Room]: 0..2
    action check_in(g: Guest, r: Room) by host
      when free: nights[r] < 2
      in_room[g] := r
      key[g, r] := held
      nights[r] += 1
    action over(r: Room) by host
      nights[r] += 1
    invariant alone
      all g, h: Guest, r: Room: in_room[g] = r and in_room[h] = r implies g = h
"""


def types_of(evaluator: Evaluator) -> dict[str, str]:
    """The types of all variables, as ITF has them."""
    pairs = zip(evaluator.places.names, evaluator.places, strict=True)
    return {
        name.partition("[")[0]: itf.type_text(variable.indices, variable.type)
        for name, (variable, _) in pairs
    }


@pytest.fixture
def broken(setting: Make) -> tuple[Evaluator, dict[str, Trace]]:
    """The traces of everything that is violated, one of them of a step without an outcome."""
    made = setting(ROOMS)
    result = explore(made)
    traces = {v.property: v.trace for v in result.verdicts if v.trace is not None}
    assert {"m.alone", "m.over.range"} <= traces.keys()
    assert len(traces["m.over.range"].states) == len(traces["m.over.range"].steps)
    return Evaluator(made), traces


def test_a_saved_trace_is_the_trace(broken: tuple[Evaluator, dict[str, Trace]]) -> None:
    for trace in broken[1].values():
        assert decode(encode(trace)) == trace


def test_a_saved_trace_has_the_published_form(
    broken: tuple[Evaluator, dict[str, Trace]],
) -> None:
    for trace in broken[1].values():
        jsonschema.validate(json.loads(encode(trace)), json.loads(schema_text()))


def test_equal_traces_are_equal_files(setting: Make) -> None:
    made = setting(ROOMS)
    texts = [
        [encode(v.trace) for v in explore(made).verdicts if v.trace is not None] for _ in range(2)
    ]
    assert texts[0] == texts[1] != []


def test_itf_keeps_all_but_the_explanation(broken: tuple[Evaluator, dict[str, Trace]]) -> None:
    evaluator, traces = broken
    for trace in traces.values():
        again = itf.decode(itf.encode(trace, types_of(evaluator)))
        assert again == replace(trace, explanation=None)
        assert isinstance(retrace(evaluator, again), Execution)


def test_itf_has_the_shapes_that_other_tools_read(
    broken: tuple[Evaluator, dict[str, Trace]],
) -> None:
    """Apalache ADR-015: big integers, maps, tuples and variants have their own objects."""
    evaluator, traces = broken
    document = json.loads(itf.encode(traces["m.alone"], types_of(evaluator)))
    assert document["#meta"]["varTypes"] == {
        "suite": "Str",
        "in_room": "Str -> (None(UNIT) | Some(Str))",
        "key": "<<Str, Str>> -> Str",
        "nights": "Str -> Int",
    }
    assert document["vars"] == ["suite", "in_room", "key", "nights"]
    first, *_, last = document["states"]
    assert first["#meta"] == {"index": 0}
    assert first["suite"] in ("r1", "r2")
    assert first["in_room"]["#map"][0] == ["g1", {"tag": "None", "value": {"#tup": []}}]
    assert first["nights"]["#map"][0] == ["r1", {"#bigint": "0"}]
    assert first["key"]["#map"][0] == [{"#tup": ["g1", "r1"]}, "lost"]
    assert {"tag": "Some", "value": "r1"} in [value for _, value in last["in_room"]["#map"]]
    assert last["#meta"]["action"] == "m.check_in"


# A variable of every type, an index of every type, and up to four of them.
EVERY_TYPE = """
    sort Cell
    enum Level = low | high
    const first: Cell
    var flag: bool
    var level: Level
    var small: 0..2
    var total: nat
    var place: Cell?
    var maybe_level: Level?
    var maybe_flag: bool?
    var maybe_small: 0..2?
    var by_flag[bool]: Cell?
    var by_level[Level]: 0..2
    var by_small[0..2]: bool
    var by_four[Cell, Level, bool, 0..2]: bool?
    ghost var seen[Cell]: bool
    counter flags[c: Cell] counts n: 0..2 where by_small[n] and c = first
    action turn(c: Cell, n: 0..2) by host
      when fresh: not by_small[n]
      flag := not flag
      level := high
      small := n
      total += 1
      place := c
      maybe_level := level
      maybe_flag := flag
      maybe_small := n
      by_flag[flag] := c
      by_level[level] := n
      by_small[n] := true
      by_four[c, level, flag, n] := flag
      seen[c] := true
      flags[first] += 1
    invariant never_twice
      small = 0 or total != 2
"""


def test_itf_keeps_every_type_as_value_and_as_index(setting: Make) -> None:
    made = setting(EVERY_TYPE, bounds={"m.total": 3})
    evaluator = Evaluator(made)
    (trace,) = [v.trace for v in explore(made).verdicts if v.property == "m.never_twice"]
    assert trace is not None
    text = itf.encode(trace, types_of(evaluator))
    again = itf.decode(text)
    assert again == replace(trace, explanation=None)
    assert isinstance(retrace(evaluator, again), Execution)
    document = json.loads(text)
    assert document["#meta"]["varTypes"] == {
        "first": "Str",
        "flag": "Bool",
        "level": "Str",
        "small": "Int",
        "total": "Int",
        "place": "None(UNIT) | Some(Str)",
        "maybe_level": "None(UNIT) | Some(Str)",
        "maybe_flag": "None(UNIT) | Some(Bool)",
        "maybe_small": "None(UNIT) | Some(Int)",
        "by_flag": "Bool -> (None(UNIT) | Some(Str))",
        "by_level": "Str -> Int",
        "by_small": "Int -> Bool",
        "by_four": "<<Str, Str, Bool, Int>> -> (None(UNIT) | Some(Bool))",
        "seen": "Str -> Bool",
        "flags": "Str -> Int",
    }
    last = document["states"][-1]
    assert all(type(key) is bool for key, _ in last["by_flag"]["#map"])
    assert [key for key, _ in last["by_small"]["#map"]] == [{"#bigint": f"{n}"} for n in range(3)]


@pytest.mark.parametrize("form", ["mermaid", "dot"])
def test_a_diagram_says_the_steps_and_the_constants(
    form: str, broken: tuple[Evaluator, dict[str, Trace]]
) -> None:
    evaluator, traces = broken
    for path, trace in traces.items():
        claim = claim_named(evaluator, path)
        execution = retrace(evaluator, trace)
        assert claim is not None
        assert isinstance(execution, Execution)
        constants = (("suite", trace.states[0][0]),)
        if form == "mermaid":
            picture = picture_of(evaluator, claim, execution, trace)
            steps, found = mermaid.decode(mermaid.encode(picture, constants))
        else:
            graph = state_graph(evaluator, execution)
            steps, found = dot.decode(dot.encode(graph, trace, constants))
        assert [(s.action, s.arguments) for s in steps] == [
            (s.action, s.arguments) for s in trace.steps
        ]
        assert found == dict(constants)


def test_a_small_run_is_drawn_whole_and_a_large_one_is_not(
    broken: tuple[Evaluator, dict[str, Trace]],
) -> None:
    evaluator, traces = broken
    execution = retrace(evaluator, traces["m.alone"])
    assert isinstance(execution, Execution)
    whole, alone = state_graph(evaluator, execution, 1000), state_graph(evaluator, execution, 3)
    assert len(alone) == len(execution.states) < len(whole)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda d: d | {"schema": "splitspec-trace/9"}, "splitspec-trace/9"),
        (lambda d: d | {"states": []}, "no state"),
        (lambda d: d | {"states": d["states"][:-1]}, "one state more"),
        (lambda d: d | {"places": d["places"][1:]}, "another number"),
        (lambda d: d | {"steps": 3}, r"\$\.steps"),
        (lambda d: d | {"extra": 1}, "extra"),
        (lambda d: {k: v for k, v in d.items() if k != "model"}, "model"),
    ],
    ids=["version", "no state", "cut", "places", "type", "unknown", "missing"],
)
def test_a_malformed_trace_is_refused_with_the_place(
    change: Callable[[dict[str, object]], object],
    reason: str,
    broken: tuple[Evaluator, dict[str, Trace]],
) -> None:
    document = json.loads(encode(broken[1]["m.alone"]))
    document["states"].append(document["states"][-1])  # So that one can be taken away.
    document["steps"].append(document["steps"][-1])
    if "one state more" in reason:
        document["states"].pop()
    with pytest.raises(MalformedError, match=reason):
        decode(json.dumps(change(document)))


def test_a_changed_trace_is_no_run(broken: tuple[Evaluator, dict[str, Trace]]) -> None:
    evaluator, traces = broken
    trace = traces["m.alone"]
    bent = replace(trace, states=(trace.states[0], *trace.states[:-1]))
    assert isinstance(retrace(evaluator, bent), Refusal)


@pytest.mark.parametrize(
    ("text", "step"),
    [
        ("a.b(x = c1, y = d2)", Step("a.b", "", (("x", "c1"), ("y", "d2")))),
        ("a.b()", Step("a.b", "", ())),
        ("a.b(x)", None),
        ("a.b(x = c1", None),
    ],
)
def test_calls_are_read_as_they_are_written(text: str, step: Step | None) -> None:
    assert read_call(text) == step
    if step is not None:
        assert call_text(step) == text


def test_mermaid_takes_no_text_for_syntax() -> None:
    assert mermaid.escaped('a;b#c"<x>') == "a#59;b#35;c#34;#60;x#62;"
    with pytest.raises(ValueError, match="step 1"):
        mermaid.decode("L0->>L1: 2. a.b()")
