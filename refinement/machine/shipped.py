"""The mappings that are shipped, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from splitspec.impl.machine import PlatformKind
from splitspec.refinement.machine.granting import granting
from splitspec.refinement.mapping import Implementation

SMALL = {"Container": 2, "Page": 1, "Frame": 1}

SHIPPED: Mapping[str, Callable[[], Implementation[Any]]] = {
    "granting-sev": partial(granting, PlatformKind.SNP, honest=True),
    "granting-tdx": partial(granting, PlatformKind.TDX, honest=True),
    "granting-sev-hostile": partial(granting, PlatformKind.SNP, honest=False, sizes=SMALL),
    "granting-tdx-hostile": partial(granting, PlatformKind.TDX, honest=False, sizes=SMALL),
}
