"""Load the native runtime: from the cached object file, else by translating and compiling it once.

The cache key holds everything that the object depends on: the runtime's source, the versions of
numba and llvmlite, and the processor. A process that finds the object imports llvmlite alone.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib import import_module, metadata
from pathlib import Path

import llvmlite.binding as llvm

SOURCES = (
    "blocks",
    "intrinsics",
    "slots",
    "runtime",
    "spread",
    "sweeps",
    "graph_sweeps",
    "walks",
    "translation",
)
ENTRIES = (
    "expand",
    "admit",
    "reinsert",
    "spread",
    "observe",
    "count_predecessors",
    "accumulate",
    "list_predecessors",
    "mark_goals",
    "go_back",
    "walk",
)
OPTIMISATION = 3

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
        kind = ctypes.CFUNCTYPE(
            ctypes.c_int32, pointer, ctypes.POINTER(ctypes.c_void_p), pointer, pointer
        )
        function = kind(self.addresses[name])

        def call(control: Block, worker: Block) -> int:
            result, exception = ctypes.c_int64(), ctypes.c_void_p()
            status = function(ctypes.byref(result), ctypes.byref(exception), control, worker)
            if status != 0:
                raise NativeError(f"{name} ended with status {status}")
            return result.value

        return call


def cache_folder() -> Path:
    """Return where compiled code is kept between runs."""
    root = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(root) if root else Path.home() / ".cache") / "splitspec"


@cache
def load_runtime(folder: Path | None) -> Runtime:
    """Return the runtime, kept as an object file in `folder` unless that is None."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    machine = _target_machine()
    path = folder / f"runtime-{_cache_key()}.o" if folder is not None else None
    content = _read(path)
    if content is None:
        content = _compile(machine)
        _write(path, content)
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine)
    engine.add_object_file(llvm.ObjectFileRef.from_data(content))
    engine.finalize_object()
    return Runtime(engine, {name: engine.get_function_address(name) for name in ENTRIES})


def _compile(machine: llvm.TargetMachine) -> bytes:
    # numba is imported here alone: it takes longer than everything else in a short run.
    translation = import_module("splitspec.checker.explicit.native.translation")
    module = llvm.parse_assembly(translation.translate())
    options = llvm.create_pipeline_tuning_options(speed_level=OPTIMISATION)
    passes = llvm.create_pass_builder(machine, options)
    passes.getModulePassManager().run(module, passes)
    content: bytes = machine.emit_object(module)
    return content


def _target_machine() -> llvm.TargetMachine:
    features = llvm.get_host_cpu_features().flatten()
    return llvm.Target.from_default_triple().create_target_machine(
        cpu=llvm.get_host_cpu_name(), features=features, opt=OPTIMISATION, jit=True
    )


def _cache_key() -> str:
    digest = sha256()
    folder = Path(__file__).parent
    for name in SOURCES:
        digest.update((folder / f"{name}.py").read_bytes())
    for package in ("numba", "llvmlite"):
        digest.update(metadata.version(package).encode())
    digest.update(llvm.get_host_cpu_name().encode())
    digest.update(llvm.get_host_cpu_features().flatten().encode())
    return digest.hexdigest()[:32]


def _read(path: Path | None) -> bytes | None:
    try:
        return path.read_bytes() if path is not None else None
    except OSError:
        return None


def _write(path: Path | None, content: bytes) -> None:
    """Write by renaming, so that a process never reads half an object; without a folder to write
    to, go on.
    """
    if path is None:
        return
    partial = path.with_suffix(f".{os.getpid()}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_bytes(content)
        partial.replace(path)
    except OSError:
        partial.unlink(missing_ok=True)
