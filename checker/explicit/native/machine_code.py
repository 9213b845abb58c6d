"""Load the native runtime: from the cached object file, else by translating and compiling it once.

The cache key holds everything that the object depends on: the runtime's source, what translates and
compiles it, the version of llvmlite, and the processor.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib import metadata
from pathlib import Path

import llvmlite.binding as llvm

from splitspec.checker.explicit.native import object_cache
from splitspec.checker.explicit.native.jit import compile_object, load_object, target_machine
from splitspec.checker.explicit.native.object_cache import Compiled

SOURCES = (
    "blocks",
    "graph_sweeps",
    "intrinsics",
    "jit",
    "machine_code",
    "runtime",
    "slots",
    "spread",
    "sweeps",
    "translation",
    "translator/expressions",
    "translator/kinds",
    "translator/modules",
    "translator/sources",
    "translator/statements",
    "translator/subset",
    "translator/writer",
    "walks",
)
"""The modules that make the runtime's object."""

Block = ctypes.Array[ctypes.c_int64]


class NativeError(Exception):
    """A native function ended as it never should: an error of this program, never of a model."""


@dataclass(frozen=True)
class Runtime:
    """The runtime's functions; each takes a control and a worker block, and lets other threads run
    meanwhile.
    """

    engine: object  # Owns the code; the functions are valid as long as it lives.
    addresses: dict[str, int]

    def entry(self, name: str) -> Callable[[Block, Block], int]:
        """Return a runtime function by name."""
        pointer = ctypes.POINTER(ctypes.c_int64)
        return ctypes.CFUNCTYPE(ctypes.c_int64, pointer, pointer)(self.addresses[name])


@cache
def load_runtime(folder: Path | None) -> Runtime:
    """Return the runtime, kept as an object file in `folder` unless that is None."""
    path = folder / f"runtime-{_cache_key()}" if folder is not None else None
    compiled = object_cache.load(path)
    if compiled is None:
        compiled = _compile()
        object_cache.keep(path, compiled)
    return load_code(compiled.content, compiled.facts["entries"])


def load_code(content: bytes, names: Iterable[str]) -> Runtime:
    """Return the named functions of an object."""
    engine = load_object(content, target_machine())
    return Runtime(engine, {name: engine.get_function_address(name) for name in names})


def _compile() -> Compiled:
    # What translates is imported here alone: most processes find the object.
    from splitspec.checker.explicit.native.translation import entry_functions, translate

    return Compiled(
        {"entries": list(entry_functions())}, compile_object(translate(), target_machine())
    )


def _cache_key() -> str:
    digest = sha256()
    folder = Path(__file__).parent
    for name in SOURCES:
        digest.update((folder / f"{name}.py").read_bytes())
    digest.update(metadata.version("llvmlite").encode())
    digest.update(llvm.get_host_cpu_name().encode())
    digest.update(llvm.get_host_cpu_features().flatten().encode())
    return digest.hexdigest()[:32]
