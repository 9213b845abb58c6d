"""The page of seeded bugs: what finds each, how it is named, and after how many steps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from tests.refinement.beyond import Beyond, broken
from tests.refinement.seeded import BUGS, UNSEEN
from tests.refinement.seeding import LATER, Bug, found, seeded

HEADER = """\
# Seeded bugs

Each is one line of `impl/` replaced by another, as people get such lines wrong. This page is made
by `docs/generate.py seeded_bugs.md`, which seeds them one after the other; the tests seed the quick
ones on every run and all of them every night, and compare each with its line here.

The *exhaustive* walk is that of `splitspec conform` over the states of a model: the mapping says
which model, platform and host. *Steps* are the calls of the shortest program that shows the bug,
the last one included. *Named* is the guard that should have refused or let pass, or the place where
machine and specification differ.

Each walk ends after 2,500 states. Some begin later, as that of `memory-sev-copies` does where a
clone has a page, and the calls up to there are counted. Some mappings are of other sizes than those
that are shipped (`tests/refinement/seeding.py`).
"""
PLANNED = """\
## Planned from the domain alone

Somebody who knew the talk on CoFunc, its artifact, SEV-SNP and TDX, and the sources of `impl/`, and
no specification, planned {number} bugs and named the sentence that each breaks: a requirement by
its number, or what is asked of a mechanism (`docs/requirements.md` has both); a weakness of the
artifact by its number (W). The exhaustive walk finds {walked} of them; random steps of all actors,
held to such sentences (`tests/impl/walk.py`), {random} more; single tests {tests} more; {rest}
breaks nothing, and does not count.

The second part of the plan, from "a sealed zygote counts as running" on, is of somebody who had
read three modules of the specification, `lifecycle`, `granting` and `platform`, and planned for the
others. The third part, from "two faults hold the lock of one pool" on, is for what the machine
learnt last, and was planned before anything of the machine was read; letters and numbers such as
C12 are those of attacks (`docs/attacks.md`).
"""
LESSONS = """\
## What was not found at first

A mapping can only find what it does. Of the planned bugs the walk found three at first; for each of
the others it was asked why, and the mapping mended where it was the mapping:

- **A thread that waits** is in no model, so no mapping had one. Now threads of even numbers wait
  where others are interrupted.
- **A late tick**: the mapping let the host tick only while a vCPU ran. Now it ticks once more after
  each slice, in vain.
- **A refusal that the mapping avoided**: on TDX the host took every vCPU out of the guest before it
  reclaimed a page. Now it tries first.
- **What the kernel knows beside what it does**: a secret was seen, not that the kernel remembers
  it where it decides what may be sealed. Now `keyed` needs both.
- **The kernel bound a thread only when the mapping made one.** Now it binds, too, when the host
  names a thread at an entry (W1).
- Three had no test of any kind, and have one now.

Of the second part, three were planned that break nothing, and are not counted: each takes one of
two guards. A zygote with pages of a channel is refused for the tenant's data that it has held, too;
and a container that leaves neither maps nor unmaps, since no thread of it runs. Six more stand in
the table below. Three of them nothing had found; `test_found_by_seeding.py` does now.

Of the third part, 25 were seeded already, or say the same as another one, and four break nothing;
none of these is counted. Of the 24 that the walk did not find, six nothing had found: they have
a test now. The mapping of `teardown` brought about itself what the guards of the recycler ask for,
so it never met a refusal of theirs; now the recycler asks first. Pages were protected in a mapping
that looked at no translation, and nobody waited for a change; now another core runs the container
meanwhile, and who asks goes on after it has flushed. Half a copy passed for a copy, since a page
was whose mark was anywhere in it; now it is whose mark fills it, from the first byte to the last.

This is what no mapping shows, and what does instead.
"""


def line(bug: Bug, steps: int) -> str:
    """Return the line of a bug that the walk finds."""
    kind = bug.kind.value.removeprefix("the implementation ")
    where = f"`{bug.owner.__name__.rpartition('.')[2]}.{bug.method}`"
    return f"| {bug.name} | {where} | {bug.found_by} | {kind} | `{bug.named}` | {steps} |"


def steps_of(bug: Bug) -> int:
    """Return how long the shortest program is that shows the bug."""
    (divergence,) = found(bug).divergences
    return len(divergence.program) + len(LATER.get(bug.found_by, ()))


def page() -> str:
    """Seed every bug, and return the page."""
    lines = {bug.name: line(bug, steps_of(bug)) for bug in BUGS}
    planned = [bug for bug in BUGS if bug.violates]
    others = [bug for bug in BUGS if not bug.violates]
    walked = [bug for bug in UNSEEN if bug.scene]
    tested = [bug for bug in UNSEEN if bug.test]
    kinds = Counter(bug.kind.value for bug in BUGS)
    figures = "".join(f"- {number}: {kind}\n" for kind, number in kinds.most_common())
    intro = PLANNED.format(
        number=len(planned) + len(UNSEEN),
        walked=len(planned),
        random=len(walked),
        tests=len(tested),
        rest=len(UNSEEN) - len(walked) - len(tested),
    )
    parts = [
        HEADER,
        f"{len(BUGS)} bugs are found by the exhaustive walk. It says:\n",
        figures,
        _table(lines[bug.name] for bug in others),
        intro,
        _table(f"{lines[bug.name]}\n| *{bug.violates}* | | | | | |" for bug in planned),
        LESSONS,
        "| bug | where | why no mapping shows it | what does |\n|---|---|---|---|\n"
        + "\n".join(_beyond(bug) for bug in UNSEEN)
        + "\n",
    ]
    return "\n".join(parts)


def _table(lines: Iterable[str]) -> str:
    head = "| bug | where | mapping | the implementation | named | steps |\n"
    return head + "|---|---|---|---|---|---|\n" + "\n".join(lines) + "\n"


def _beyond(bug: Beyond) -> str:
    where = f"`{bug.owner.__name__}.{bug.method}`"
    return f"| {bug.name}; *{bug.violates}* | {where} | {bug.why} | {_shown(bug)} |"


def _shown(bug: Beyond) -> str:
    if bug.scene:
        with seeded(bug):
            result = broken(bug)
        assert result is not None
        return f"random steps from the {bug.scene}, `{result[0]}`"
    return f"`{bug.test.partition('::')[2]}`" if bug.test else "nothing"
