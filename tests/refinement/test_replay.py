"""Logs are runs of the model, or the line and the reason why they are none; never a crash."""

from __future__ import annotations

import io
import json
import random
import resource
import time
from collections.abc import Callable
from pathlib import Path

import jsonschema  # type: ignore[import-untyped]
import pytest

from splitspec.model.effort import evaluations_at_start
from splitspec.model.evaluator import Evaluator
from splitspec.refinement.log_writer import LogWriter
from splitspec.refinement.replay import replay
from splitspec.refinement.replay_report import log_schema_text, replay_document, replay_text
from splitspec.refinement.replay_result import Replay
from splitspec.refinement.target import evaluator_of

SPEC = Path(__file__).parents[2] / "spec"
REPOSITORY = Path(__file__).parent / "repository"
HEADER = '{"schema": "splitspec-log/1", "model": "sharing"}'
RUN = [
    '{"n": 1, "action": "take", "arguments": {"c": "pr1", "g": "pa1"}}',
    '{"n": 2, "action": "share", "arguments": {"c": "pr1", "d": "pr2", "g": "pa1"}}',
    '{"n": 3, "action": "take", "arguments": {"c": "pr2", "g": "pa1"}, "refused": "free"}',
    '{"n": 4, "action": "let_go", "arguments": {"c": "pr1"}, "state": {"payer[pa1]": "pr1"}}',
    '{"n": 5, "action": "let_go", "state": {"holders[pa1]": 0, "payer[pa1]": null}}',
]
Log = Callable[..., Replay]


@pytest.fixture
def log(tmp_path: Path) -> Log:
    """Return a function that replays lines, with a header and an end unless it is told not to."""

    def replayed(*lines: str, whole: bool = True, limit: int = 1000) -> Replay:
        text = "\n".join((HEADER, *lines, f'{{"end": {len(lines)}}}') if whole else lines)
        path = tmp_path / "run.ndjson"
        path.write_text(text + "\n", encoding="utf-8", errors="surrogatepass")
        return replay(path, folder=REPOSITORY, limit=limit)

    return replayed


@pytest.fixture(scope="module")
def sharing() -> Evaluator:
    return evaluator_of("sharing", folder=REPOSITORY)


def test_a_log_of_a_run_is_accepted_though_it_does_not_tell_all(log: Log) -> None:
    """The last two lines do not say who lets go of what: what was seen decides it."""
    found = log(*RUN)
    assert found.is_accepted
    assert (found.matched, found.ends_in) == (5, 1)


def test_arguments_that_are_left_out_are_solved_for(log: Log) -> None:
    """Two processes and two pages: four ways to take one, which one look tells apart."""
    assert log('{"n": 1, "action": "take"}').ends_in == 4
    seen = '{"n": 2, "state": {"payer[pa2]": "pr1"}}'
    assert log('{"n": 1, "action": "take"}', seen).ends_in == 1


def test_a_step_that_the_model_refuses_ends_the_log_with_its_guard(log: Log) -> None:
    again = '{"n": 2, "action": "take", "arguments": {"c": "pr2", "g": "pa1"}}'
    found = log(RUN[0], again)
    assert (found.matched, found.refused_at) == (1, 3)
    (candidate,) = found.candidates
    (alternative,) = candidate.alternatives
    assert (alternative.call, alternative.guard) == ("take(pr2, pa1)", "free")
    assert alternative.line == "holders[g] = 0"
    assert "refused by free" in replay_text(found)


def test_a_step_that_leads_elsewhere_ends_the_log_with_what_differs(log: Log) -> None:
    found = log(
        '{"n": 1, "action": "take", "arguments": {"c": "pr1", "g": "pa1"}, '
        '"state": {"payer[pa1]": "pr2"}}'
    )
    (alternative,) = found.candidates[0].alternatives
    assert alternative.differences == ("payer[pa1] is pr1, the log saw pr2",)


def test_a_refusal_that_the_model_does_not_know_is_no_run(log: Log) -> None:
    refused = '{"n": 1, "action": "take", "arguments": {"c": "pr1", "g": "pa1"}, "refused": true}'
    found = log(refused)
    assert found.refused_at == 2
    assert found.candidates[0].alternatives[0].differences == ("no guard refuses it",)


def test_all_candidates_are_shown_where_several_are_left(log: Log) -> None:
    found = log('{"n": 1, "action": "take"}', '{"n": 2, "state": {"holders[pa1]": 2}}')
    assert len(found.candidates) == 4
    assert all(c.alternatives[0].differences for c in found.candidates)


def test_unlogged_actions_happen_between_lines(log: Log) -> None:
    lines = (RUN[0], '{"n": 2, "state": {"holders[pa1]": 2}}', '{"end": 2}')
    assert log(HEADER, *lines, whole=False).refused_at == 3
    silent = HEADER.replace("}", ', "unlogged": ["share"]}')
    assert log(silent, *lines, whole=False).is_accepted


def test_too_many_candidates_are_no_verdict(log: Log) -> None:
    found = log('{"n": 1, "action": "take"}', limit=3)
    assert "more than 3 states" in found.unknown
    assert not found.is_accepted


def test_a_log_without_events_is_no_pass(log: Log) -> None:
    found = log()
    assert not found.diagnostics
    assert not found.is_accepted


BAD = {
    "empty": ((), "SS812", 1),
    "no header": ((RUN[0],), "SS812", 1),
    "no model": (('{"schema": "splitspec-log/1"}',), "SS812", 1),
    "unknown model": (('{"schema": "splitspec-log/1", "model": "shaving"}',), "SS816", 1),
    "unknown size": ((HEADER[:-1] + ', "sizes": {"Frame": 2}}',), "SS816", 1),
    "no JSON": ((HEADER, '{"n": 1, "action": "take"'), "SS811", 2),
    "no object": ((HEADER, "[1, 2]"), "SS811", 2),
    "key twice": ((HEADER, '{"n": 1, "n": 1}'), "SS811", 2),
    "no number": ((HEADER, '{"n": NaN}'), "SS811", 2),
    "nested": ((HEADER, '{"n": ' + "[" * 100_000 + "]" * 100_000 + "}"), "SS811", 2),
    "long": ((HEADER, '{"note": "' + "x" * 2**20 + '"}'), "SS811", 2),
    "huge number": ((HEADER, '{"n": ' + "9" * 10_000 + "}"), "SS811", 2),
    "unknown key": ((HEADER, '{"n": 1, "acton": "take"}'), "SS813", 2),
    "wrong type": ((HEADER, '{"n": 1, "action": 7}'), "SS813", 2),
    "wrong refusal": ((HEADER, '{"n": 1, "action": "take", "refused": 1}'), "SS813", 2),
    "arguments of nothing": ((HEADER, '{"n": 1, "arguments": {}}'), "SS813", 2),
    "no sequence": ((HEADER, '{"action": "take"}'), "SS813", 2),
    "true for one": ((HEADER, '{"n": true, "action": "take"}'), "SS813", 2),
    "reordered": ((HEADER, RUN[1], RUN[0]), "SS814", 2),
    "repeated": ((HEADER, RUN[0], RUN[0]), "SS814", 3),
    "after the end": ((HEADER, RUN[0], '{"end": 1}', RUN[1]), "SS814", 4),
    "truncated": ((HEADER, RUN[0]), "SS815", 3),
    "another end": ((HEADER, RUN[0], '{"end": 2}'), "SS815", 3),
    "unknown action": ((HEADER, '{"n": 1, "action": "steal"}'), "SS816", 2),
    "unknown parameter": (
        (HEADER, '{"n": 1, "action": "take", "arguments": {"x": "pr1"}}'),
        "SS816",
        2,
    ),
    "unknown element": (
        (HEADER, '{"n": 1, "action": "take", "arguments": {"c": "pr9"}}'),
        "SS816",
        2,
    ),
    "unknown guard": ((HEADER, '{"n": 1, "action": "take", "refused": "mine"}'), "SS816", 2),
    "unknown place": ((HEADER, '{"n": 1, "state": {"held": true}}'), "SS816", 2),
    "unknown value": ((HEADER, '{"n": 1, "state": {"payer[pa1]": "\\u001b[31m"}}'), "SS816", 2),
    "lone surrogate": ((HEADER, '{"n": 1, "action": "\\ud800"}'), "SS816", 2),
}


@pytest.mark.parametrize(("lines", "code", "line"), BAD.values(), ids=BAD)
def test_what_is_no_log_has_a_line_and_a_reason(
    log: Log, lines: tuple[str, ...], code: str, line: int
) -> None:
    found = log(*lines, whole=False) if lines else log("", whole=False)
    if not lines:
        assert found.diagnostics[0].code in ("SS811", "SS812")
        return
    (diagnostic,) = found.diagnostics
    assert (diagnostic.code, diagnostic.span and diagnostic.span.line) == (code, line)
    assert not found.is_accepted
    # What is printed steers no terminal, whatever the log holds.
    assert all(character.isprintable() for character in diagnostic.message)
    replay_text(found).encode()


def test_a_cut_last_line_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "cut.ndjson"
    path.write_bytes(f"{HEADER}\n{RUN[0]}".encode())
    assert [d.code for d in replay(path, folder=REPOSITORY).diagnostics] == ["SS815"]


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "bytes.ndjson"
    path.write_bytes(HEADER.encode() + b'\n{"n": 1, "action": "\xff"}\n')
    assert [d.code for d in replay(path, folder=REPOSITORY).diagnostics] == ["SS811"]
    assert [d.code for d in replay(tmp_path, folder=REPOSITORY).diagnostics] == ["SS811"]


@pytest.mark.parametrize("seed", range(40))
def test_no_damage_to_a_log_is_a_crash_or_makes_it_longer(log: Log, seed: int) -> None:
    """Bytes are changed, lines are lost, doubled and exchanged: never a pass of other events."""
    draw = random.Random(seed)
    lines = [HEADER, *RUN, '{"end": 5}']
    for _ in range(draw.randint(1, 3)):
        at = draw.randrange(len(lines))
        match draw.randrange(4):
            case 0:
                del lines[at]
            case 1:
                lines.insert(at, lines[draw.randrange(len(lines))])
            case 2:
                place = draw.randrange(len(lines[at]) + 1)
                lines[at] = lines[at][:place] + chr(draw.randrange(1, 0x300)) + lines[at][place:]
            case _:
                other = draw.randrange(len(lines))
                lines[at], lines[other] = lines[other], lines[at]
    found = log(*lines, whole=False)
    json.dumps(replay_document(found))
    if lines != [HEADER, *RUN, '{"end": 5}'] and found.is_accepted:
        assert found.matched == 5, "a log that lost or gained events passed"


@pytest.mark.parametrize("seed", range(10))
def test_random_runs_are_accepted_with_any_part_of_what_they_did(
    tmp_path: Path, sharing: Evaluator, seed: int
) -> None:
    """replay ∘ log = accepted, whatever the log leaves out."""
    draw = random.Random(seed)
    scope, names = sharing.places.scope, sharing.places.names
    state = next(sharing.initial_states())
    stream = io.StringIO()
    schema = json.loads(log_schema_text())
    with LogWriter(stream, "sharing") as writer:
        for _ in range(12):
            step = draw.choice(list(sharing.steps(state)))
            assert step.successor is not None
            state = step.successor
            parameters = sharing.actions[step.action].parameters
            pairs = zip(step.binding, parameters, strict=True)
            arguments = {n: scope.show(v, p.type) for (n, v), p in pairs if draw.random() < 0.6}
            owners = [variable for variable, _ in sharing.places]
            seen = {
                names[i]: scope.show(state[i], owners[i].type)
                for i in range(len(names))
                if draw.random() < 0.2
            }
            writer.event(step.action, arguments, seen)
    for line in stream.getvalue().splitlines():
        jsonschema.validate(json.loads(line), schema)
    path = tmp_path / "run.ndjson"
    path.write_text(stream.getvalue())
    assert replay(path, folder=REPOSITORY).is_accepted


def test_sizes_at_which_no_run_could_begin_in_time_are_refused_at_once(tmp_path: Path) -> None:
    """No place is one of a million, but a counter of `granting` goes through 500 cubed bindings."""
    path = tmp_path / "run.ndjson"
    sizes = '{"Container": 500, "Page": 500, "Frame": 500}'
    head = f'{{"schema": "splitspec-log/1", "model": "granting", "sizes": {sizes}}}'
    path.write_text(f'{head}\n{{"n": 1, "action": "create"}}\n{{"end": 1}}\n')
    before = time.process_time()
    found = replay(path, folder=SPEC)
    assert time.process_time() - before < 10
    (diagnostic,) = found.diagnostics
    assert diagnostic.code == "SS816"
    assert "more than 30,000,000 values decide how a run begins" in diagnostic.message
    assert diagnostic.span is not None
    assert diagnostic.span.line == 1


def test_the_work_of_a_beginning_is_counted() -> None:
    """Six places of `held`, three of `holders` and of `payer`, and six bindings to count."""
    evaluator = evaluator_of("sharing", sizes={"Process": 2, "Page": 3}, folder=REPOSITORY)
    assert evaluations_at_start(evaluator.program, evaluator.places.scope) == 6 + 3 + 3 + 6


def test_sizes_of_a_real_machine_are_followed(tmp_path: Path) -> None:
    path = tmp_path / "run.ndjson"
    path.write_text(
        HEADER[:-1] + f', "sizes": {{"Process": 40, "Page": 1000}}}}\n{RUN[0]}\n{{"end": 1}}\n'
    )
    assert replay(path, folder=REPOSITORY).is_accepted


def test_candidates_fill_no_memory_where_states_are_large(tmp_path: Path) -> None:
    """`take` has 40 times 1000 outcomes, of 42,000 places each: thirteen gigabytes."""
    head = HEADER[:-1] + ', "sizes": {"Process": 40, "Page": 1000}}'
    path = tmp_path / "run.ndjson"
    path.write_text(f'{head}\n{{"n": 1, "action": "take"}}\n{{"end": 1}}\n')
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found = replay(path, folder=REPOSITORY)
    assert "log more of the state" in found.unknown
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 2**21  # Kilobytes, two gigabytes.


def test_a_line_that_could_mean_too_many_calls_is_undecided_or_refused_without_them(
    tmp_path: Path,
) -> None:
    """`take` has 40 times 6000 calls, none of which the guards refuse at first."""
    head = HEADER[:-1] + ', "sizes": {"Process": 40, "Page": 6000}}'
    path = tmp_path / "run.ndjson"
    path.write_text(f'{head}\n{{"n": 1, "action": "take", "refused": "?"}}\n{{"end": 1}}\n')
    found = replay(path, folder=REPOSITORY)
    assert found.unknown.startswith("line 2 could mean more than 200,000 calls")
    gone = '{"n": 1, "action": "let_go"}'
    path.write_text(f'{head}\n{gone}\n{{"end": 1}}\n')
    found = replay(path, folder=REPOSITORY)
    assert found.refused_at == 2
    assert "more than 200,000 calls" in replay_text(found)
