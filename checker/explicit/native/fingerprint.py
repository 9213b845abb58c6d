"""A digest of everything that a kernel depends on, computed without lowering anything.

Two systems with one digest have one kernel. Spans and prose take no part in it: they change no
code.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from hashlib import sha256
from importlib import metadata
from pathlib import Path

import llvmlite.binding as llvm

from splitspec.model import terms
from splitspec.model.ir import System
from splitspec.model.scope import Scope

PROSE = frozenset({"text", "comment", "origin", "asked_by", "cites"})
SOURCES = (
    "assembly",
    "binding",
    "canonical",
    "circuit",
    "colouring",
    "decision",
    "effects",
    "instances",
    "jit",
    "kernel",
    "layout",
    "lowering",
    "observer",
    "properties",
    "settling",
    "successors",
    "symmetry",
    "table",
    "words",
)
"""The modules that make a kernel, beside this one."""
MODEL_SOURCES = (
    "expressions",
    "frozen",
    "passes/fold",
    "passes/oblige",
    "passes/restrict",
    "passes/separate",
    "passes/substitute",
    "scope",
    "terms",
)
"""Those of the model on whose functions they rely."""


def fingerprint(system: System, scope: Scope, request: object) -> str:
    """Return the digest of a kernel: its source, the code that compiles it, the processor."""
    writer = _Writer()
    writer.write((system, scope.sizes, scope.bounds, scope.pins, request))
    digest = sha256("".join(writer.parts).encode())
    native, model = Path(__file__).parent, Path(terms.__file__).parent
    for folder, names in ((native, SOURCES), (model, MODEL_SOURCES)):
        for name in names:
            digest.update((folder / f"{name}.py").read_bytes())
    digest.update(metadata.version("llvmlite").encode())
    digest.update(llvm.get_host_cpu_name().encode())
    digest.update(llvm.get_host_cpu_features().flatten().encode())
    return digest.hexdigest()[:40]


class _Writer:
    """Writes values so that equal values, and no others, give equal texts."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self._fields: dict[type, tuple[str, ...]] = {}

    def write(self, value: object) -> None:
        """Append the text of a value."""
        put = self.parts.append
        names = self._fields.get(type(value))
        if names is not None:
            put(f"{type(value).__name__}(")
            for name in names:
                self.write(getattr(value, name))
            put(")")
            return
        match value:
            case None | bool() | int() | str():
                put(f"{value!r},")
            case tuple() | list():
                put("(")
                for item in value:
                    self.write(item)
                put(")")
            case Enum():
                put(f"{value.name},")
            case frozenset():
                put("{")
                put(",".join(sorted(str(item) for item in value)))
                put("}")
            case Mapping():
                put("[")
                for key, item in value.items():
                    put(f"{key!r}:")
                    self.write(item)
                put("]")
            case _:
                self._fields[type(value)] = _names(value)
                self.write(value)


def _names(value: object) -> tuple[str, ...]:
    """Return the fields of a dataclass that change a kernel."""
    assert is_dataclass(value), type(value)
    return tuple(f.name for f in fields(value) if f.compare and f.name not in PROSE)
