"""Where results are kept between runs."""

from __future__ import annotations

from splitspec.checker.explicit.native.object_cache import cache_folder
from splitspec.checker.gate.keeping import Keeping
from splitspec.checker.store import Mode, Store
from splitspec.checker.symbolic.archive import LABEL


def result_keeping(mode: Mode) -> Keeping:
    """Return where results of whole runs are kept."""
    return Keeping(cache_folder() / "results", mode)


def proof_store(mode: Mode) -> Store:
    """Return where proofs of obligations are kept."""
    return Store(cache_folder() / "proofs", mode, LABEL)
