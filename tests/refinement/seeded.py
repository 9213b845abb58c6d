"""All seeded bugs."""

from __future__ import annotations

from tests.refinement.beyond import BEYOND
from tests.refinement.beyond_lately import BEYOND_LATELY
from tests.refinement.bugs_accounting import ACCOUNTING
from tests.refinement.bugs_aliases import ALIASES
from tests.refinement.bugs_attestation import ATTESTATION
from tests.refinement.bugs_chain import CHAIN_BUGS
from tests.refinement.bugs_delegation import DELEGATION
from tests.refinement.bugs_domain import DOMAIN
from tests.refinement.bugs_granting import GRANTING
from tests.refinement.bugs_lately import LATELY
from tests.refinement.bugs_launch import LAUNCH
from tests.refinement.bugs_memory import MEMORY
from tests.refinement.bugs_objects import OBJECT_BUGS
from tests.refinement.bugs_paging import PAGING_BUGS
from tests.refinement.bugs_planned import PLANNED
from tests.refinement.bugs_pools import POOL_BUGS
from tests.refinement.bugs_randomness import RANDOMNESS
from tests.refinement.bugs_regions import REGION_BUGS
from tests.refinement.bugs_shootdown import SHOOTDOWN_BUGS
from tests.refinement.bugs_slices import SLICES
from tests.refinement.bugs_snapshot import SNAPSHOTS
from tests.refinement.bugs_tdx import SECURE_EPT
from tests.refinement.bugs_teardown import TEARDOWN
from tests.refinement.bugs_threads import THREADS
from tests.refinement.bugs_turns import TURN_BUGS
from tests.refinement.seeding import Bug, found, seeded

BUGS = (
    *(*GRANTING, *THREADS, *ATTESTATION, *ACCOUNTING, *MEMORY, *SECURE_EPT, *SLICES),
    *(*CHAIN_BUGS, *DELEGATION, *TEARDOWN, *LAUNCH, *ALIASES),
    *(*SNAPSHOTS, *REGION_BUGS, *RANDOMNESS, *TURN_BUGS),
    *(*SHOOTDOWN_BUGS, *PAGING_BUGS, *OBJECT_BUGS, *POOL_BUGS),
    *PLANNED,
    *DOMAIN,
    *LATELY,
)
UNSEEN = (*BEYOND, *BEYOND_LATELY)
"""Those that no mapping shows."""

__all__ = ["BUGS", "UNSEEN", "Bug", "found", "seeded"]
