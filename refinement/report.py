"""Turn what conformance found into text and data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from splitspec.refinement.divergence import Call, Conformance, Divergence

Paint = Callable[[str, str], str]


BLIND = "the mapping observes nothing: whatever the implementation did would conform"


def plain(_style: str, text: str) -> str:
    """Paint nothing."""
    return text


def conformance_text(found: Conformance, paint: Paint = plain, *, verbose: bool = False) -> str:
    """Return the report of one implementation: figures, what differs, and what was not tried."""
    sizes = " ".join(f"{sort.rpartition('.')[2]}={size}" for sort, size in found.scope)
    given = f"given honest {' and honest '.join(found.given)}" if found.given else "hostile host"
    head = f"{paint('title', found.name)} against {found.model} · {given} · {sizes}"
    lines = [head, _figures(found)]
    for divergence in found.divergences:
        lines += ["", divergence_text(divergence, paint)]
    if found.is_blind and not found.divergences:
        lines.append(f"  {paint('bad', 'empty')}     {BLIND}")
    elif not found.divergences:
        word = paint("good", "conforms")
        lines.append(f"  {word}  {found.method}" + (f" · {found.reason}" if found.reason else ""))
    unexplained = [name for name, reason in found.untried.items() if not reason]
    if unexplained and not found.divergences:
        lines.append(f"  {paint('bad', 'untried')}   {', '.join(unexplained)}")
    for name, number in sorted(found.tried.stricter.items()):
        lines.append(f"  stricter  {name}, {number:,} times")
    if found.unobserved:
        lines.append(f"  unseen    {', '.join(found.unobserved)}")
    lines += _left_out(found)
    if verbose:
        lines += _tried(found)
    return "\n".join(lines)


def _left_out(found: Conformance) -> list[str]:
    """Return what the mapping does not try, by the reason that it gives."""
    names: dict[str, list[str]] = {}
    for name, why in sorted(found.left_out.items()):
        names.setdefault(why, []).append(name)
    return [f"  left out  {', '.join(each)}: {why}" for why, each in names.items()]


def _figures(found: Conformance) -> str:
    calls = found.tried.calls
    rate = f", {calls / found.seconds:,.0f} calls/s" if found.seconds > 0 else ""
    refused = sum(found.tried.refused.values())
    seed = "" if found.seed is None else f", seed {found.seed}"
    return (
        f"  {found.states:,} states, {found.transitions:,} transitions done, {refused:,} refused, "
        f"{found.seconds:.2f} s{rate}{seed}"
    )


def _tried(found: Conformance) -> list[str]:
    tried = found.tried
    lines = [f"  done      {path}, {n:,} times" for path, n in sorted(tried.performed.items())]
    lines += [f"  refused   {name}, {n:,} times" for name, n in sorted(tried.refused.items())]
    return lines + [
        f"  unsayable {path}, {n:,} calls" for path, n in sorted(tried.inexpressible.items())
    ]


def divergence_text(divergence: Divergence, paint: Paint = plain) -> str:
    """Return the program that shows a divergence, and what was found at its end."""
    lines = [f"  {paint('bad', 'diverges')}  {divergence.last}: {divergence.kind.value}"]
    lines += [f"    {number:>3}  {call}" for number, call in enumerate(divergence.program, start=1)]
    if divergence.guards:
        lines.append(f"    the specification refuses it by {', '.join(divergence.guards)}")
    return "\n".join([*lines, *(f"    {fact}" for fact in divergence.facts)])


def program_text(divergence: Divergence, reference: str) -> str:
    """Return the program as a test that pytest runs: it fails as long as the divergence is there.

    `reference` says where the mapping is, as `module:NAME`.
    """
    module, _, name = reference.partition(":")
    calls = "\n".join(f"        {_call_text(call)}," for call in divergence.program)
    what = divergence.last.replace('"', "'")
    return (
        f"from {module} import {name}\n\n\n"
        "def test_the_program_conforms(splitspec):\n"
        f'    """{what}: {divergence.kind.value}."""\n'
        f"    splitspec.program(\n        {name},\n{calls}\n    )\n"
    )


def _call_text(call: Call) -> str:
    arguments = "".join(f", {name}={value!r}" for name, value in call.arguments)
    return f"({call.action!r}, dict({arguments.removeprefix(', ')}))"


def conformance_document(found: Conformance) -> dict[str, Any]:
    """Return the result as plain data."""
    tried = found.tried
    return {
        "schema": "splitspec-conformance/1",
        "implementation": found.name,
        "model": found.model,
        "given": [f"honest {actor}" for actor in found.given],
        "scope": dict(found.scope),
        "method": found.method,
        "complete": found.complete,
        "reason": found.reason,
        "states": found.states,
        "transitions": found.transitions,
        "seconds": round(found.seconds, 3),
        "seed": found.seed,
        "performed": dict(sorted(tried.performed.items())),
        "refused": dict(sorted(tried.refused.items())),
        "stricter": dict(sorted(tried.stricter.items())),
        "inexpressible": dict(sorted(tried.inexpressible.items())),
        "untried": dict(sorted(found.untried.items())),
        "left_out": dict(sorted(found.left_out.items())),
        "unobserved": list(found.unobserved),
        "divergences": [_divergence_document(each) for each in found.divergences],
    }


def _divergence_document(divergence: Divergence) -> dict[str, Any]:
    return {
        "kind": divergence.kind.name.lower(),
        "text": divergence.kind.value,
        "program": [
            {"action": call.action, "arguments": dict(call.arguments)}
            for call in divergence.program
        ],
        "guards": list(divergence.guards),
        "facts": list(divergence.facts),
    }
