"""Turn the runtime's Python functions into one LLVM module in text, by way of numba.

numba only translates here. Its result is a native function without Python in it, `status(result,
exception, control, worker)`; what numba wraps around it is left out, so the code runs in a process
that never imported numba.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import llvmlite.binding as llvm
from numba import cfunc, types

from splitspec.checker.explicit.native import graph_sweeps, runtime, spread, sweeps, walks
from splitspec.checker.explicit.native.intrinsics import WORD_POINTER


def entry_functions() -> Mapping[str, Callable[..., int]]:
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
    whole: llvm.ModuleRef | None = None
    for name, function in entry_functions().items():
        module = _translate_one(name, function)
        if whole is None:
            whole = module
        else:
            whole.link_in(module)
    return str(whole)


def _translate_one(name: str, function: Callable[..., int]) -> llvm.ModuleRef:
    compiled: Any = cfunc(types.int64(WORD_POINTER, WORD_POINTER))(function)
    wrapper = compiled.native_name
    symbol = wrapper.removeprefix("cfunc.")
    module = llvm.parse_assembly(compiled._library.get_llvm_str())
    # The wrapper reports Python exceptions, which the function cannot raise; unreferenced, it goes
    # away.
    module.get_function(wrapper).linkage = "internal"
    module.get_function(symbol).name = name
    return module
