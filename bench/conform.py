"""Hold the machine to a model exhaustively, and print what it took, as JSON.

    python bench/conform.py MAPPING

Processor seconds of this process, without what reads the specification; once with every refused
call, and once with the transitions alone.
"""

from __future__ import annotations

import json
import sys
import time
from unittest.mock import patch

from splitspec.refinement.conformance import conform
from splitspec.refinement.driver import Driver
from splitspec.refinement.naming import mapping_of
from splitspec.refinement.target import evaluator_of


def main() -> None:
    """Walk once."""
    mapping = mapping_of(sys.argv[1])
    evaluator = evaluator_of(
        mapping.model, sizes=mapping.sizes, pins=mapping.pins, given=mapping.given
    )
    began = time.process_time()
    found = conform(mapping, evaluator)
    seconds = time.process_time() - began
    with patch.object(Driver, "refused", lambda *_: ()):
        began = time.process_time()
        alone = conform(mapping, evaluator)
        replaying = time.process_time() - began
    assert alone.transitions == found.transitions
    counts = {
        "states": found.states,
        "transitions": found.transitions,
        "refused": sum(found.tried.refused.values()),
        "calls": found.tried.calls,
        "seconds": seconds,
        "replaying": replaying,
        "conforms": found.complete and not found.divergences,
    }
    print(json.dumps(counts))


if __name__ == "__main__":
    main()
