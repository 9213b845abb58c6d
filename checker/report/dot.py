"""Turn a graph of states into DOT text for Graphviz, and read the way back out of it."""

from __future__ import annotations

import json
import re

import networkx

from splitspec.checker.report.calls import call_text, read_call
from splitspec.model.trace import Step, Trace

_EDGE = re.compile(r'\s*s\d+ -> s\d+ \[label="(\d+)\. ([^"\\]*)".*')
_CONSTANT = re.compile(r"\s*// constant (\S+) = (\S+)")


def encode(
    graph: networkx.MultiDiGraph, trace: Trace, constants: tuple[tuple[str, str], ...]
) -> str:
    """Return the text. The way is drawn thick and numbered; its last state has a double border."""
    lines = [f"digraph {quoted(trace.claim)} {{", "  rankdir=TB;"]
    lines += [f"  // constant {name} = {value}" for name, value in constants]
    lines.append('  node [shape=box, style=rounded, fontname="Helvetica", fontsize=10];')
    lines.append('  edge [fontname="Helvetica", fontsize=9, color=gray60];')
    last = len(trace.steps)
    for node, kept in graph.nodes(data=True):
        if not kept["on_way"]:
            lines.append(f'  s{node} [label="", shape=point];')
            continue
        ends = any(data["number"] == last for _, _, data in graph.in_edges(node, data=True))
        label = "no outcome" if kept["fault"] else _label(trace, node)
        style = ", peripheries=2, color=crimson" if ends else ", penwidth=2"
        lines.append(f"  s{node} [label={quoted(label)}{style}];")
    for source, target, data in graph.edges(data=True):
        step: Step = data["step"]
        if data["number"]:
            label = quoted(f"{data['number']}. {call_text(step)}")
            lines.append(f"  s{source} -> s{target} [label={label}, penwidth=2, color=black];")
        else:
            lines.append(f"  s{source} -> s{target} [tooltip={quoted(call_text(step))}];")
    return "\n".join([*lines, "}"]) + "\n"


def _label(trace: Trace, number: int) -> str:
    if number == 0 or number >= len(trace.states):
        return "initial state" if number == 0 else f"state {number}"
    rows = [f"{place} = {after}" for place, _, after in trace.changes(number - 1)]
    return "\n".join(rows) or "unchanged"


def quoted(text: str) -> str:
    """Return a DOT string: only quotes and backslashes mean anything in it."""
    return json.dumps(text, ensure_ascii=False)


def decode(text: str) -> tuple[tuple[Step, ...], dict[str, str]]:
    """Return the steps of the way, and the constants; raise ValueError for a broken line."""
    found: dict[int, Step] = {}
    constants = {}
    for line in text.splitlines():
        if match := _CONSTANT.fullmatch(line):
            constants[match[1]] = match[2]
        elif match := _EDGE.fullmatch(line):
            step = read_call(match[2])
            if step is None:
                raise ValueError(f"{line.strip()} is no step")
            found[int(match[1])] = step
    if sorted(found) != list(range(1, len(found) + 1)):
        raise ValueError("the steps are not numbered from 1")
    return tuple(found[number] for number in sorted(found)), constants
