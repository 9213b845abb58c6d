"""What an implementation writes is a log that replays; of one with a bug, it does not."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from tests.impl.scenes import KINDS
from tests.refinement.holding import evaluator_for
from tests.refinement.seeding import seeded

from splitspec.impl.deployment import Deployment
from splitspec.impl.geometry import Geometry
from splitspec.impl.hardware.snp import Snp
from splitspec.impl.host.backing import Backing
from splitspec.impl.host.cgroup import Cgroups
from splitspec.impl.kernel.pools import Pools
from splitspec.impl.machine import Machine, PlatformKind
from splitspec.impl.refusal import Refusal
from splitspec.impl.scenario import run_chain
from splitspec.refinement.log_reader import LogReader
from splitspec.refinement.machine.recording import watch, write_log
from splitspec.refinement.machine.shipped import SHIPPED
from splitspec.refinement.replay import replay
from splitspec.refinement.replay_report import log_schema_text
from splitspec.refinement.replay_result import Replay
from splitspec.refinement.session_log import SessionLog
from splitspec.refinement.walking import run

SIZES = Geometry(containers=2, pages=40, frames=40, vcpus=2)
POOL = 20


def recorded(machine: Machine, folder: Path, limit: int | None = None) -> Replay:
    path = folder / "machine.ndjson"
    with path.open("w", encoding="utf-8") as stream:
        write_log(machine, stream, limit=limit)
    return replay(path)


@pytest.mark.parametrize("kind", KINDS)
def test_the_log_of_a_whole_day_replays(kind: PlatformKind, tmp_path: Path) -> None:
    """Ten containers come, share channels and mailboxes, and go, and no frame is left."""
    machines: list[Machine] = []

    def keep(machine: Machine) -> None:
        machines.append(machine)
        watch(machine)

    record = run_chain(kind, watch=keep)
    found = recorded(machines[0], tmp_path)
    assert found.is_accepted, found.event
    header, lines = LogReader(tmp_path / "machine.ndjson").read()
    events = [event.action for event in lines]
    assert dict(header.sizes)["Container"] == 10
    assert events.count("create") == events.count("start") == events.count("reap") == 10
    # What was ever charged is what the groups paid at the height of the run, and is given back.
    paid = sum(group.frames for group in record.groups)
    assert events.count("back_page") == events.count("reclaim_frame") == paid
    assert found.ends_in == 1


def two_tenants(machine: Machine) -> None:
    """One container comes after another, and touches memory; the second goes first."""
    watch(machine)
    deployment = Deployment(machine)
    instances = [deployment.boot(b"code", pool=POOL, memory_max=12) for _ in range(2)]
    for instance in instances:
        instance.process.store(instance.process.mmap(4096), b"data")
    for instance in reversed(instances):
        deployment.finish(instance)
        instance.delegate.close()


@pytest.mark.parametrize("kind", KINDS)
def test_the_log_of_a_limit_that_is_kept_replays_under_it(
    kind: PlatformKind, tmp_path: Path
) -> None:
    machine = Machine(SIZES, kind)
    two_tenants(machine)
    assert recorded(machine, tmp_path, limit=12).is_accepted
    refused = recorded(machine, tmp_path, limit=1)
    assert refused.candidates[0].alternatives[0].guard == "in_limit"


def test_a_killed_container_is_killed_in_the_log(tmp_path: Path) -> None:
    machine = Machine(SIZES)
    watch(machine)
    instance = Deployment(machine).boot(b"code", pool=POOL)
    machine.host.shadows.kill(instance.container)
    machine.kernel.lifecycle.stop(instance.container)
    assert recorded(machine, tmp_path).is_accepted
    _, lines = LogReader(tmp_path / "machine.ndjson").read()
    assert [event.action for event in lines][-1] == "kill"
    instance.delegate.close()


@dataclass(frozen=True)
class Logged:
    """A bug, and the line that its log is no run at: the action, and the guard or the place."""

    name: str
    owner: type[Any]
    method: str
    old: str
    new: str
    action: str
    named: str


BUGS = (
    Logged(
        "the neighbour pays",
        Backing,
        "_back",
        "self._cgroups.charge(self._shadows.group(process), frame)",
        "self._cgroups.charge('sc-0', frame)",
        "back_page",
        "charged[f",
    ),
    Logged(
        "a page that is given back stays validated",
        Pools,
        "release",
        "self._platform.rescind(page)",
        "pass",
        "give_back_page",
        "live[f",
    ),
    Logged(
        "a frame is taken back, and its group still pays",
        Cgroups,
        "uncharge",
        "memory_current=group.memory_current - 1",
        "memory_current=group.memory_current",
        "reclaim_frame",
        "usage[c2]",
    ),
    Logged(
        "a container ends with pages that are accepted",
        Pools,
        "check_drained",
        "for page in self._state.pool(container)",
        "for page in ()",
        "finish_exit",
        "empty",
    ),
    Logged(
        "a page is granted that another pool has",
        Pools,
        "admit",
        "any(page in self._state.pools or page in self._state.pages for page in pages)",
        "False",
        "grant_page",
        "disjoint",
    ),
    Logged(
        "a frame counts as validated when it is assigned",
        Snp,
        "rmpupdate",
        "self.rmp[frame] = RmpEntry(page, validated=False)",
        "self.rmp[frame] = RmpEntry(page, validated=True)",
        "back_page",
        "live[f1]",
    ),
)


def bad_day(bug: Logged, machine: Machine) -> None:
    """What has to happen for the bug to show."""
    if bug.action == "grant_page":
        watch(machine)
        for container in range(2):
            machine.host.shadows.start(container)
            machine.kernel.lifecycle.create(container)
            machine.kernel.pools.admit(container, machine.geometry.pool_pages[0])
    elif bug.action == "finish_exit":
        watch(machine)
        instance = Deployment(machine).boot(b"code", pool=POOL)
        instance.trap()
        machine.kernel.lifecycle.exit(0, vcpu=instance.vcpu)
        machine.kernel.shootdown.acknowledge(instance.vcpu)
        machine.kernel.lifecycle.retire(0)
        instance.delegate.close()
    else:
        two_tenants(machine)


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_the_log_of_a_bug_is_no_run_and_says_where(bug: Logged, tmp_path: Path) -> None:
    machine = Machine(SIZES)
    with seeded(bug), suppress(Refusal):  # A later step may be refused: the log ends there.
        bad_day(bug, machine)
    found = recorded(machine, tmp_path)
    assert found.refused_at is not None
    assert found.event.startswith(f"{bug.action}(")
    line = (tmp_path / "machine.ndjson").read_text().splitlines()[found.refused_at - 1]
    assert f'"action": "{bug.action}"' in line
    (candidate,) = found.candidates
    nearest = candidate.alternatives[0]
    assert nearest.guard == bug.named or any(d.startswith(bug.named) for d in nearest.differences)


@pytest.mark.parametrize("name", ["cofunc-tdx", "granting-sev-hostile"])
def test_the_logs_of_a_session_replay(name: str, tmp_path: Path) -> None:
    mapping = SHIPPED[name]()
    evaluator = evaluator_for(mapping)
    with SessionLog(tmp_path, name, mapping) as log:
        result = run(mapping, evaluator, steps=120, seed=3, log=log)
    found = [replay(path) for path in log.paths]
    assert all(each.is_accepted for each in found if each.matched), [f.event for f in found]
    assert sum(each.matched for each in found) == result.tried.calls > 100
    schema = jsonschema.Draft202012Validator(json.loads(log_schema_text()))
    for path in log.paths:
        assert all(schema.is_valid(json.loads(line)) for line in path.read_text().splitlines())


def test_the_log_of_a_session_with_a_bug_ends_in_the_line_that_shows_it(tmp_path: Path) -> None:
    mapping = SHIPPED["granting-sev"]()
    evaluator = evaluator_for(mapping)
    with seeded(BUGS[1]), SessionLog(tmp_path, "bug", mapping) as log:
        result = run(mapping, evaluator, steps=2000, log=log)
    assert result.divergences
    found = replay(log.paths[-1])
    lines = log.paths[-1].read_text().splitlines()
    assert found.refused_at == len(lines) - 1  # The last but the end.
    assert "give_back_page" in lines[-2]
    assert found.candidates[0].alternatives[0].differences[0].startswith("live[f")


def test_logs_on_the_command_line(tmp_path: Path) -> None:
    def splitspec(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "splitspec", *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)

    done = splitspec("demo", "--run", "--log", "day.ndjson")
    assert "splitspec replay day.ndjson" in done.stdout
    session = splitspec("conform", "granting-tdx", "--calls", "40", "--logs", "logs")
    assert session.returncode == 0
    logs = sorted(str(path) for path in (tmp_path / "logs").iterdir())
    replayed = splitspec("replay", "day.ndjson", *logs)
    assert replayed.returncode == 0, replayed.stdout
    assert splitspec("demo", "--log", "day.ndjson").returncode == 2
    assert splitspec("conform", "granting-tdx", "--logs", "logs").returncode == 2
