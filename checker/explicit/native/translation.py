"""Turn the runtime's Python functions into one LLVM module in text."""

from __future__ import annotations

from collections.abc import Mapping

from splitspec.checker.explicit.native import graph_sweeps, runtime, spread, sweeps, walks
from splitspec.checker.explicit.native.translator import modules
from splitspec.checker.explicit.native.translator.subset import Function


def entry_functions() -> Mapping[str, Function]:
    """Return the functions that Python calls, by the names of their symbols."""
    return {
        "expand": runtime.expand,
        "admit": runtime.admit,
        "reinsert": runtime.reinsert,
        "spread": spread.spread,
        "observe": sweeps.observe,
        "count_predecessors": graph_sweeps.count_predecessors,
        "accumulate": graph_sweeps.accumulate,
        "list_predecessors": graph_sweeps.list_predecessors,
        "mark_goals": graph_sweeps.mark_goals,
        "go_back": graph_sweeps.go_back,
        "walk": walks.walk,
    }


def translate() -> str:
    """Return the LLVM text of all entry functions, under their own names."""
    return modules.translate(entry_functions())
