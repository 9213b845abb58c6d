"""Planned bugs of which no mapping shows anything, with the reason, and with what shows them.

Random steps of all actors (`tests/impl/walk.py`) are held to properties of the domain; `test` names
a test of `impl` that fails with the bug; a bug with neither changes nothing that anybody can see.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.impl.scenes import chain, coded_family
from tests.impl.walk import TRIES, Walk
from tests.impl.walk_checks import CHECKS

from splitspec.impl.hardware.tdx import Tdx
from splitspec.impl.host.shadow import Shadows
from splitspec.impl.kernel.attestation import Attestation
from splitspec.impl.kernel.channels import Channels
from splitspec.impl.kernel.fork import Forks
from splitspec.impl.kernel.lifecycle import Lifecycle
from splitspec.impl.kernel.records import State
from splitspec.impl.kernel.threads import Threads
from splitspec.impl.machine import Machine, PlatformKind
from splitspec.impl.refusal import Refusal

SNP = PlatformKind.SNP
SCENES: dict[str, Callable[[], Machine]] = {
    "chain": lambda: chain(SNP),
    "coded family": lambda: coded_family(SNP),
}


@dataclass(frozen=True)
class Beyond:
    """A planned bug, why no mapping sees it, and what does."""

    name: str
    owner: type[Any]
    method: str
    old: str
    new: str
    violates: str
    why: str
    scene: str = ""  # where random steps begin
    named: str = ""  # the property that fails
    test: str = ""  # of impl, which fails


CHANNELS = {"create channel", "grant", "open channel", "close channel", "revoke"}
RUNNING = {"write", "trap", "dispatch", "acknowledge", "scrub", "exit", "retire", "release"}
FOCUS = {"chain": frozenset(CHANNELS | RUNNING), "coded family": None}

BEYOND = (
    Beyond(
        "revoking a capability leaves those that were derived from it",
        Channels,
        "revoke",
        "losers = [target, *self.capabilities.derived(target, channel)]",
        "losers = [target]",
        "I18: who maps a channel is a member of it",
        "the specification has no capabilities that are passed on",
        "chain",
        "check_rights",
    ),
    Beyond(
        "fork does not count the clone's references to code",
        Forks,
        "fork",
        "self._spaces.hold(entry.page)",
        "if not entry.executable:\n            self._spaces.hold(entry.page)",
        "S2: a reference count is what refers",
        "where pages are forked, the mappings have no code, and where there is code, no fork",
        "coded family",
        "check_references",
    ),
    Beyond(
        "a slot keeps the chain of the container that had it before",
        State,
        "forget",
        "self.chains, ",
        "",
        "I18: who maps a channel is attested",
        "in a mapping each slot has one container",
        "chain",
        "check_rights",
    ),
    Beyond(
        "the measurement of a second load replaces that of the first",
        Lifecycle,
        "load",
        "measurement = loaded(row.measurement, address,",
        'measurement = loaded(b"", address,',
        "I14: what is executed was measured",
        "the specification loads once, into a container that runs",
        test="test_kernel.py::test_a_second_load_extends_the_measurement_of_the_first",
    ),
    Beyond(
        "a page of a TD is removed while a vCPU of the epoch of its block is still inside",
        Tdx,
        "_is_tracked",
        """\
    return blocked_in < previous or (
        blocked_in == previous and previous not in self.inside.values()
    )
""",
        """\
    return blocked_in <= previous
""",
        "I12: a read returns what a legitimate writer wrote last, or faults",
        "epochs are no part of module tdx: the mapping begins one whenever TDX asks for it",
        test="test_hostile_host.py::test_a_td_page_is_removed_only_after_every_vcpu_has_flushed",
    ),
    Beyond(
        "a vCPU is published as idle while its holder still has a slot",
        Shadows,
        "publish",
        "other.shadow == handle.shadow and key != vcpu for key, other in self.holders.items()",
        "other.shadow == handle.shadow for other in self.holders.values()",
        "S6: a slot is there between grant and removal",
        "the mappings end a process in the right order; pools here are nobody's vCPU's, so the"
        " specification asks for none",
        test="test_artifact_accounting.py::"
        "test_a_vcpu_published_before_its_slot_is_gone_bills_the_last_holder",
    ),
    Beyond(
        "an old handle runs a vCPU again if its process has it once more",
        Shadows,
        "enter",
        'guards.require("current", current == handle, f"{handle} is not the holder")',
        "same = current is not None and current.shadow == handle.shadow\n"
        '    guards.require("current", same, f"{handle} is not the holder")',
        "I20: only the current assignee runs a vCPU",
        "it breaks nothing: the process drives the vCPU, by whichever of its descriptors, and a"
        " process that is gone has none",
    ),
    Beyond(
        "an interrupted vCPU looks parked",
        Shadows,
        "preempt",
        "Exit(Reason.INTERRUPT)",
        "Exit(Reason.IDLE)",
        "S4: a vCPU is in the idle list iff it is idle",
        "the mappings publish what the kernel has parked, so the host is not tempted",
        test="test_found_by_seeding.py::"
        "test_a_vcpu_that_was_interrupted_is_not_one_that_was_parked",
    ),
    Beyond(
        "who leaves takes only its own capability along",
        Channels,
        "leave",
        "for loser in (container, *self.capabilities.derived(container, channel)):",
        "for loser in (container,):",
        "I18: who maps a channel is a member of it",
        "the specification has no capabilities that are passed on",
        test="test_found_by_seeding.py::test_who_leaves_takes_along_what_others_have_from_it",
    ),
    Beyond(
        "every channel is the first container's",
        Channels,
        "create",
        "Channel(container, tuple(pages))",
        "Channel(0, tuple(pages))",
        "chain: a channel has an owner",
        "in the walks of chains the first container makes every channel",
        test="test_found_by_seeding.py::test_a_channel_belongs_to_whoever_made_it",
    ),
    Beyond(
        "a thread that is bound waits for ever",
        Threads,
        "bind",
        "replace(row, state=ThreadState.READY, vcpu=vcpu)",
        "replace(row, state=ThreadState.WAITING, vcpu=vcpu)",
        "L4: a runnable thread with a scheduled shadow runs in the end",
        "the mappings wake what waits when the host enters a vCPU for it",
        test="test_kernel.py::test_fork_leaves_no_writable_entry_of_a_shared_page",
    ),
    Beyond(
        "a secret is sealed to a key that nobody has",
        Attestation,
        "quote",
        "key=public_key(private)",
        "key=public_key(new_key(self.draw))",
        "attestation: the tenant encrypts to the key that the quote binds",
        "random numbers of the testbed are what they are drawn for: two keys are the same",
        test="test_attestation.py::test_a_secret_reaches_the_container_that_was_judged",
    ),
    Beyond(
        "a channel is made before attestation",
        Channels,
        "create",
        "self._check_member(guards, container)",
        "pass",
        "I18: who maps a channel is a member and attested",
        "the mappings have the verifier name a container when it makes a channel",
        test="test_refusals.py::test_a_false_guard_refuses_by_its_name_and_nothing_changes",
    ),
)


def broken(bug: Beyond, seeds: range = range(10), steps: int = 4000) -> tuple[str, int] | None:
    """Return which property random steps break, and after how many steps that were done."""
    for seed in seeds:
        scene = SCENES[bug.scene]()
        walk, done = Walk(scene, seed, hostile=False), 0
        walk.kinds = FOCUS[bug.scene]
        name = walk.name()
        for number in range(steps):
            failed = _failed(scene)
            if failed is not None:
                return failed, done
            if number % TRIES == 0:
                name = walk.name()
            try:
                walk.draw().get(name, scene.checkpoint)()
            except Refusal:
                continue
            done += 1
            walk.reached[name] += 1
            name = walk.name()
    return None


def _failed(scene: Machine) -> str | None:
    for check in CHECKS:
        try:
            check(scene)
        except AssertionError:
            return check.__name__
    return None
