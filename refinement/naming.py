"""From the name of a mapping to the mapping: a shipped one, or that of a user's module."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from splitspec.refinement.mapping import FAILURES, Implementation


class UnknownMappingError(Exception):
    """There is no such mapping; the message says what there is."""


def module_of(name: str) -> str:
    """Return the module in which a mapping is made, "" if there is no such shipped one."""
    module, colon, _ = name.partition(":")
    if colon:
        return module
    made = _shipped().get(name)
    return "" if made is None else str(getattr(made, "func", made).__module__)


def mapping_of(name: str, folders: Sequence[Path] = ()) -> Implementation[Any]:
    """Return a shipped mapping, or that of `module:NAME`, looked up from the folders, or from the
    current one."""
    module, colon, attribute = name.partition(":")
    if not colon:
        shipped = _shipped()
        if name in shipped:
            return shipped[name]()
        raise UnknownMappingError(
            f"no mapping is named {name}; name one as module:NAME, or {', '.join(shipped)}"
        )
    # They stand first, whatever else is looked through for modules: what is imported is theirs.
    first = [str(folder) for folder in folders or (Path.cwd(),)]
    sys.path[:] = [*first, *(other for other in sys.path if other not in first)]
    try:
        found = getattr(importlib.import_module(module), attribute)
    except FAILURES as error:  # Whatever is wrong with it, it is the user's module.
        what = f"{type(error).__name__}: {error}"
        raise UnknownMappingError(f"{name} cannot be had: {what}") from error
    if not isinstance(found, Implementation):
        raise UnknownMappingError(f"{name} is no Implementation")
    return found


def _shipped() -> Mapping[str, Callable[[], Implementation[Any]]]:
    # The shipped machine and its cryptography are imported for those who hold it.
    from splitspec.refinement.machine.shipped import SHIPPED

    return SHIPPED
