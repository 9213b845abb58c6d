"""Bugs that were planned by somebody who knew the domain and the sources, and no specification.

`violates` is the sentence of the domain that each breaks. What conformance cannot see of them, and
what shows it instead, is said in `beyond.py`.
"""

from __future__ import annotations

from tests.refinement.seeding import Bug

from splitspec.impl.attestation.verifier import Verifier
from splitspec.impl.hardware.snp import Snp
from splitspec.impl.host.backing import Backing
from splitspec.impl.host.shadow import Shadows
from splitspec.impl.kernel.attestation import Attestation
from splitspec.impl.kernel.pools import Pools
from splitspec.impl.kernel.threads import Threads
from splitspec.refinement.divergence import DivergenceKind as Kind

TAKE = """\
    if self._platform.assigned(frame) == page:
        self._platform.reclaim(page, frame)
    self._unshare(page, frame)
"""
CREDIT = """\
    self._cgroups.uncharge(frame)
"""
INSIDE = """\
    guards.require("inside", self._processor.vcpus[vcpu].inside, f"vCPU {vcpu} does not run")
"""
BUSY = """\
    left = self._processor.vcpus[vcpu].exit
    busy = left is None or left.reason is not Reason.IDLE
    guards.require("inside", busy, f"vCPU {vcpu} does not run")
"""

# A table, which reads best as one.
# fmt: off
PLANNED = (
    Bug("a release forgets the page before the hardware has agreed", Pools, "release",
        "    self._platform.rescind(page)\n    del self._state.pages[page]\n",
        "    del self._state.pages[page]\n    self._platform.rescind(page)\n",
        "granting-sev-hostile", Kind.HALF_WRITTEN, "State.pages",
        "I7: validate once per ownership epoch; anew only after it was un-validated at release"),
    Bug("a waiting thread is bound to a second vCPU", Threads, "bind",
        "unbound = row.state is ThreadState.UNBOUND",
        "unbound = row.state in (ThreadState.UNBOUND, ThreadState.WAITING)",
        "threads-sev-hostile", Kind.ACCEPTED, "seated",
        "I21: bind(v, t) only if t is a thread of v's container and bound to nothing"),
    Bug("a vCPU is parked while a waiting thread is bound to it", Threads, "_check_leaving",
        "threads = self.bound(vcpu)",
        "rows = self._state.threads; threads = [t for t in self.bound(vcpu)"
        " if rows[t].state is not ThreadState.WAITING]",
        "threads-sev", Kind.ACCEPTED, "empty",
        "S1: the vCPU of a thread is assigned to a thread of its container's shadow"),
    Bug("a slice is charged for a vCPU that was preempted", Shadows, "tick", INSIDE, BUSY,
        "threads-sev", Kind.OTHER_STATE, "tick[c1]",
        "A6: guest run time is the slices of the shadow threads"),
    Bug("a frame is credited before the platform has agreed to take it", Backing, "_take",
        TAKE + CREDIT, CREDIT + TAKE, "granting-tdx", Kind.REFUSED, "left",
        "A1: every backed page is charged to exactly one cgroup, the pool owner's"),
    Bug("a secret taints clones only", Attestation, "install",
        "replace(row, is_tainted=True)", "replace(row, is_tainted=bool(row.image))",
        "attestation-sev-small", Kind.OTHER_STATE, "keyed[co",
        "I15: no secret in the zygote image"),
    Bug("a challenge stays open when it was answered", Verifier, "release",
        "    del self.open[container.nonce]\n", "",
        "attestation-sev-small", Kind.ACCEPTED, "open",
        "I13: a key is installed once, in a live container whose quote was accepted and fresh"),
    Bug("the RMP is asked whether a frame is assigned, not to which page", Snp, "resolve",
        "elif entry is None or entry.page != page:", "elif entry is None:",
        "memory_sev-pages", Kind.ACCEPTED, "assigned",
        "I6: no gPA aliasing: two validated gPAs never share an hPA"),
)
# fmt: on
