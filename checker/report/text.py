"""Turn judged runs and traces into text for a terminal.

Colour is the caller's: `paint(style, text)` returns the text as it shall appear, so that the same
lines serve a terminal, a file and a test.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from textwrap import wrap

from splitspec.checker.expectation import JudgedRun, Judgement
from splitspec.checker.report.counting import counted
from splitspec.checker.result import Coverage, Run, Stop
from splitspec.model.ir import PropertyKind
from splitspec.model.trace import Explanation, Fairness, Trace, Truth
from splitspec.model.verdict import AssuranceKind, Outcome, Verdict

Paint = Callable[[str, str], str]

TRANSITIONS_OF_A_RATE = 1_000_000
TREE_COLUMNS_MAX = 60
REMARK_COLUMNS = 96
CAUSES_MAX = 3
DECLARED = (
    PropertyKind.INVARIANT,
    PropertyKind.LEMMA,
    PropertyKind.STEP,
    PropertyKind.PROGRESS,
    PropertyKind.WITNESS,
    PropertyKind.RECOVERABLE,
)


def plain(_style: str, text: str) -> str:
    """Paint nothing."""
    return text


def adversary(given: Iterable[str]) -> str:
    """Return the adversary of a run in words: what the givens leave dishonest."""
    honest = sorted(given)
    return (
        f"given honest {' and honest '.join(honest)}" if honest else "hostile host and containers"
    )


def run_text(
    judged: JudgedRun,
    texts: dict[str, str],
    paint: Paint,
    *,
    verbose: bool,
    traces: bool = True,
) -> str:
    """Return the report of one run: headline, figures, verdicts, findings, counterexamples.

    `texts` gives the sentence of a property by its path. Without `verbose`, properties that hold
    are counted in one line each kind and only what went otherwise is listed. Without `traces`, the
    caller shows the counterexamples in its own way.
    """
    run = judged.result.run
    lines = [_headline(run, paint), _figures(run, is_deep_enough=judged.is_deep_enough)]
    lines += verdict_lines(judged.judgements, paint, verbose=verbose)
    if run.forgotten:
        lines.append(f"  forgets   {', '.join(run.forgotten)}")
    lines += [f"  {paint('bad', 'drift')}     {text}" for text in judged.drift]
    lines += [f"  {paint('bad', 'vacuous')}   {text}" for text in judged.vacuity]
    if verbose and run.coverage is not None:
        lines += [f"  note      {text}" for text in _notes(run, run.coverage)]
    if verbose and run.sliced:
        lines.append(f"  sliced    {', '.join(run.sliced)}")
    for judgement in judged.judgements if traces else ():
        trace = judgement.verdict.trace
        if trace is not None and (judgement.verdict.outcome is Outcome.VIOLATED):
            if judgement.expected is None and not verbose:
                continue
            lines += ["", trace_text(trace, texts.get(judgement.verdict.property, ""), paint)]
    return "\n".join(lines)


def _notes(run: Run, coverage: Coverage) -> list[str]:
    """Return what never happened and is no finding."""
    notes = [f"guard {name} never refuses while the others hold" for name in coverage.never_refused]
    if not run.complete:
        notes += [f"action {path} was not seen enabled" for path in coverage.never_enabled]
        notes += [f"the antecedent of {path} was not seen to hold" for path in coverage.never_met]
    return notes


def _headline(run: Run, paint: Paint) -> str:
    name = f"{run.model} with {run.variant}" if run.variant else run.model
    scope = " ".join(f"{sort.rpartition('.')[2]}={size}" for sort, size in run.scope)
    parts = (paint("title", name), adversary(run.given), scope)
    return " · ".join(part for part in parts if part)


def _figures(run: Run, *, is_deep_enough: bool) -> str:
    kind = "orbit" if run.symmetry else "state"
    # In a short run, the time is not that of the transitions.
    is_long = run.transitions > TRANSITIONS_OF_A_RATE and run.seconds > 0
    rate = f" ({run.transitions / run.seconds / 1e6:.1f} M/s)" if is_long else ""
    text = (
        f"  {counted(run.states, kind)}, {counted(run.transitions, 'transition')}{rate}, "
        f"depth {run.depth}, "
        f"{run.seconds:.2f} s, {run.engine.value}"
    )
    # A simulation that walked all its runs is neither complete nor stopped.
    if run.stop is not None and run.stop is not Stop.DECIDED:
        what = "all states visited, but not all judged" if run.complete else "incomplete"
        text += f"\n  {what}: {run.stop.value}"
        if is_deep_enough:
            text += ", as models.toml has it"
    if run.complete and run.coverage is None and not run.forgotten:
        text += "\n  whether anything is vacuous was not found out"
    if run.cut:
        text += f"\n  cut at the bounds of {', '.join(run.cut)}"
    if run.remark:
        text += f"\n  {run.remark}"
    return text


def verdict_lines(judgements: Iterable[Judgement], paint: Paint, *, verbose: bool) -> list[str]:
    """Return a line for each verdict; without `verbose`, what went well is counted by kind."""
    lines = []
    quiet: dict[tuple[str, str], int] = {}
    for judgement in judgements:
        verdict = judgement.verdict
        good = judgement.met and verdict.outcome in (Outcome.HOLDS, Outcome.REACHED)
        # What was proved of less than was asked has a reason, which nobody should miss.
        is_less = verdict.assurance.kind is AssuranceKind.PROVED_FINITE and bool(verdict.reason)
        if good and not verbose and not is_less:
            kind = verdict.kind.value if verdict.kind in DECLARED else "obligation"
            key = (kind, str(verdict.assurance))
            quiet[key] = quiet.get(key, 0) + 1
        else:
            lines.append(_verdict_line(judgement, paint))
    summary = [
        f"  {paint('good', _word(kind))} {_plural(count, kind)}"
        + (f" · {assurance}" if kind != "witness" else "")
        for (kind, assurance), count in quiet.items()
    ]
    return summary + lines


def _word(kind: str) -> str:
    return "reached  " if kind == "witness" else "holds    "


def _plural(count: int, kind: str) -> str:
    plurals = {"witness": "witnesses", "recoverable": "recoverable"}
    if kind in ("step", "progress"):
        return f"{count} {kind} {'property' if count == 1 else 'properties'}"
    return f"{count} {kind if count == 1 else plurals.get(kind, kind + 's')}"


def _verdict_line(judgement: Judgement, paint: Paint) -> str:
    verdict = judgement.verdict
    style = "good" if judgement.met else "bad"
    word = paint(style, f"{verdict.outcome.value:<9}")
    detail = _detail(verdict)
    if judgement.expected is None:
        detail += " · by the way"
    elif judgement.expected is Outcome.VIOLATED and judgement.met:
        detail += " · as expected"
    elif judgement.miss:
        detail += f" · {judgement.miss}"
    return f"  {word} {verdict.property}  {detail}"


def _detail(verdict: Verdict) -> str:
    if verdict.trace is not None:
        steps = counted(verdict.trace.length, "step")
        return steps + (f" · {verdict.reason}" if verdict.reason else "")
    if verdict.outcome is Outcome.UNKNOWN:
        return verdict.reason
    return str(verdict.assurance) + (f" · {verdict.reason}" if verdict.reason else "")


def trace_text(trace: Trace, text: str, paint: Paint) -> str:
    """Return a trace as a table of changes, with the false line and its binding after it."""
    what = "counterexample to" if trace.explanation is not None else "trace to"
    lines = [f"  {what} {paint('title', trace.claim)}"]
    if text:
        lines += [f"    {line}" for line in text.splitlines()]
    lines.append("")
    lines += [f"    {line}" for line in _table(trace, paint)]
    if trace.explanation is not None:
        lines.append("")
        lines += [f"    {line}".rstrip() for line in explanation_lines(trace.explanation, paint)]
    return "\n".join(lines)


def _table(trace: Trace, paint: Paint) -> list[str]:
    calls = ["initial state", *(str(step) for step in trace.steps)]
    actors = ["", *(step.actor for step in trace.steps)]
    width, actor_width = max(map(len, calls)), max([5, *map(len, actors)])
    lines = [paint("faint", f"{'':>2}  {'actor':<{actor_width}}  {'step':<{width}}  changes")]
    for number, (call, actor) in enumerate(zip(calls, actors, strict=True)):
        prefix = f"{number:>2}  {actor:<{actor_width}}  {call:<{width}}"
        changes = [] if number == 0 else _changes(trace, number - 1)
        lines.append(f"{prefix}  {changes[0] if changes else ''}".rstrip())
        indent = " " * (len(prefix) + 2)
        lines += [indent + change for change in changes[1:]]
    return lines


def _changes(trace: Trace, number: int) -> list[str]:
    if number + 1 >= len(trace.states):
        return ["has no outcome: it breaks its obligation"]
    changes = [f"{place}: {before} → {after}" for place, before, after in trace.changes(number)]
    return changes or ["nothing"]


def explanation_lines(explanation: Explanation, paint: Paint) -> list[str]:
    """Return the false line, its binding and its facts."""
    lines = []
    if explanation.remark:
        lines += wrap(explanation.remark, REMARK_COLUMNS)
    if explanation.line:
        label = f"{explanation.label}: " if explanation.label else ""
        lines.append(f"{paint('bad', 'false')}  {label}{explanation.line}")
        lines.append(f"       {paint('faint', explanation.location)}")
    if explanation.binding:
        values = ", ".join(f"{name} = {value}" for name, value in explanation.binding)
        lines.append(f"for    {values}")
    if explanation.facts:
        facts = ", ".join(f"{place} = {value}" for place, value in explanation.facts)
        lines.append(f"where  {facts}")
    lines += [fairness_line(row, paint) for row in explanation.fairness]
    for truth in explanation.truth:
        if truth.parts:
            lines += ["", *truth_lines(truth, paint)]
    return [*lines, *_remedy_lines(explanation, paint)]


def fairness_line(row: Fairness, paint: Paint) -> str:
    """Return what a round owes to a fair action, and why that is no more."""
    word = paint("title", f"{'strong' if row.strong else 'fair':<7}")
    name = row.action.rpartition(".")[2]
    if row.names:
        name += f"({_pairs(row.names)})"
    if row.instances > 1:
        name += f", {row.instances:,} instances"
    if len(row.states) == 1 and not row.taken:
        where = "enabled" if row.enabled else "not enabled"
        return f"{word}{name}: {where} in state {row.states[0]}, the only one"
    enabled = f"enabled in {len(row.enabled)} of {counted(len(row.states), 'state')} of the round"
    if row.taken:
        times = ", ".join(map(str, row.taken))
        return f"{word}{name}: {enabled}, taken at step {times}"
    lacks = f", not in state {row.lacking}" if row.enabled and row.lacking is not None else ""
    return f"{word}{name}: {enabled}{lacks}, never taken"


def truth_lines(truth: Truth, paint: Paint) -> list[str]:
    """Return the tree of a claim's parts: value, text, bindings, what is read, and since when."""
    rows = [*_rows(truth, 0)]
    width = min(max(2 * depth + len(text) for depth, _, text, _ in rows), TREE_COLUMNS_MAX)
    signs = {"true": paint("good", "✓"), "false": paint("bad", "✕")}
    return [
        f"{'  ' * depth}{signs.get(value, '=')} {text:<{width - 2 * depth}}  {notes}".rstrip()
        for depth, value, text, notes in rows
    ]


def _rows(truth: Truth, depth: int) -> Iterator[tuple[int, str, str, str]]:
    label = f"{truth.label}: " if truth.label else ""
    notes = []
    if truth.names:
        notes.append("for " + _pairs(truth.names))
    if truth.places:
        notes.append(_pairs(truth.places))
    if not truth.parts and truth.since is not None:
        notes.append(f"since step {truth.since}" if truth.since else "from the start")
    if truth.others:
        notes.append(f"and {counted(truth.others, 'more binding')}")
    yield depth, truth.value, label + truth.text, " · ".join(notes)
    for part in truth.parts:
        yield from _rows(part, depth + 1)


def _pairs(pairs: Iterable[tuple[str, str]]) -> str:
    return ", ".join(f"{name} = {value}" for name, value in pairs)


def _remedy_lines(explanation: Explanation, paint: Paint) -> list[str]:
    """Return what let it happen, and what would not have."""
    lines = []
    for cause in explanation.causes[:CAUSES_MAX]:
        step = f"step {cause.step}: " if cause.step else ""
        what = f"{cause.name}: {cause.text}" if cause.text else cause.name
        read = f" · {_pairs(cause.places)}" if cause.places else ""
        lines += [f"cause  {step}{what}{read}", f"       {cause.reason} · {cause.location}"]
    more = len(explanation.causes) - CAUSES_MAX
    if more > 0:
        lines.append(f"       and {more:,} more")
    guard = explanation.strengthening
    if guard is not None:
        lines.append(f"guard  `{guard.guard}` on {guard.action} would have refused it")
        if guard.instances:
            seen = counted(guard.instances, "other instance")
            lines.append(f"       and {guard.refused} of {seen} on the way that break nothing")
    if explanation.neighbour is not None:
        near = explanation.neighbour
        lines.append(f"near   {near} by {near.actor} breaks nothing")
    return [""] * bool(lines) + lines
