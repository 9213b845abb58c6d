"""Run functions of the translator's subset as Python and as machine code."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from splitspec.checker.explicit.native.jit import compile_object, target_machine
from splitspec.checker.explicit.native.machine_code import Runtime, load_code
from splitspec.checker.explicit.native.translator.modules import translate
from splitspec.checker.explicit.native.translator.subset import (
    Bytes,
    Function,
    Links,
    Pointer,
    Shorts,
    Words,
)

POINTERS: Mapping[str, type[Pointer]] = {
    "Words": Words,
    "Links": Links,
    "Shorts": Shorts,
    "Bytes": Bytes,
}
ELEMENTS = 8
INTEGERS = (
    st.integers(-(1 << 63), (1 << 63) - 1)
    | st.integers(-20, 20)
    | st.sampled_from([-(1 << 63), (1 << 63) - 1, 1 << 32, -1 << 32])
)
BUFFERS = st.lists(INTEGERS, min_size=ELEMENTS, max_size=ELEMENTS)


def types_of(function: Function) -> dict[str, str]:
    """Return the types of parameters and result as they are written."""
    return dict(function.__annotations__)


HEADER = """from __future__ import annotations
from splitspec.checker.explicit.native.translator.subset import *
from splitspec.checker.explicit.native.intrinsics import *
"""


def define(path: Path, text: str) -> dict[str, Any]:
    """Return the names that a text defines, as a module of its own."""
    path.write_text(HEADER + text)
    names: dict[str, Any] = {"__name__": path.stem}
    exec(compile(path.read_text(), str(path), "exec"), names)
    return names


def compiled(functions: Mapping[str, Function]) -> Runtime:
    """Return the functions as machine code."""
    return load_code(compile_object(translate(functions), target_machine()), functions)


def call_machine(code: Runtime, name: str, result: str, arguments: list[int]) -> int | None:
    kind = ctypes.CFUNCTYPE(
        None if result == "None" else ctypes.c_int64, *[ctypes.c_int64] * len(arguments)
    )
    returned: int | None = kind(code.addresses[name])(*arguments)
    return returned


def outcome(function: Function, inputs: Mapping[str, Any], code: Runtime | None) -> Any:
    """Return the result, and what the buffers hold afterwards; as Python, if there is no code."""
    types = types_of(function)
    buffers, arguments = [], list[Any]()
    for name, value in inputs.items():
        if types[name] in POINTERS:
            kind = POINTERS[types[name]]
            buffer = (kind.element * ELEMENTS)(*value)
            buffers.append(buffer)
            address = ctypes.addressof(buffer)
            arguments.append(kind(address) if code is None else address)
        else:
            arguments.append(value)
    if code is None:
        returned = function(*arguments)
    else:
        returned = call_machine(code, function.__name__, types["return"], arguments)
    return returned, [list(buffer) for buffer in buffers]
