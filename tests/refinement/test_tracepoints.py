"""A trace of a host's kernel becomes a log that replays; where it went wrong, the log does not.

The trace is written by hand in ftrace's format, with the lines of KVM's tracepoints as they are
printed for a TD: two containers fault, are charged and leave, one of them by a kill.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from splitspec.refinement.replay import replay
from splitspec.refinement.replay_result import Replay

HOME = Path(__file__).parent / "tracepoints"
TRACE = (HOME / "trace.txt").read_text()


def converted(trace: str, folder: Path) -> tuple[int, str, Path]:
    """Run the program as its user does: its exit code, what it complains of, and the log."""
    (folder / "trace.txt").write_text(trace)
    command = [sys.executable, str(HOME / "to_log.py"), "trace.txt"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    (folder / "run.ndjson").write_text(done.stdout)
    return done.returncode, done.stderr, folder / "run.ndjson"


def replayed(trace: str, folder: Path) -> Replay:
    code, complaint, log = converted(trace, folder)
    assert (code, complaint) == (0, "")
    return replay(log)


def without(line: str) -> str:
    assert TRACE.count(line) == 1, line
    return "".join(each for each in TRACE.splitlines(keepends=True) if line not in each)


def instead(old: str, new: str) -> str:
    assert TRACE.count(old) == 1, old
    return TRACE.replace(old, new)


def test_the_trace_is_a_run_though_the_guest_is_in_none_of_its_lines(tmp_path: Path) -> None:
    """Two containers, four pages of which each is granted once, backed once and taken back."""
    found = replayed(TRACE, tmp_path)
    assert found.is_accepted
    assert found.matched == 2 * (1 + 2 + 2 + 1 + 2 + 1) + 1  # And the kill.
    assert found.candidates_max > 1  # What the guest did is solved for.


UNCHARGE = "split_container_uncharge: path=/split/sc-9 gfn=0x18cbe00 pfn=0x1a2f01"

# What is wrong with the trace, the event at which it is no run, and why not.
WRONG = {
    "the neighbour pays for a fault": (
        instead("charge: path=/split/sc-9 pfn=0x1a2f01", "charge: path=/split/sc-7 pfn=0x1a2f01"),
        "back_page(g=p3, f=f2)",
        "charged[f2] is c2, the log saw c1",
    ),
    "a frame serves two pages": (
        instead("charge: path=/split/sc-7 pfn=0x1a2f02", "charge: path=/split/sc-7 pfn=0x1a2f01"),
        "back_page(g=p2, f=f2)",
        "unused",
    ),
    "a page is granted to two": (
        instead("container=9 gfn=0x18cbe00 npages=2", "container=9 gfn=0x18cbc01 npages=2"),
        "grant_page(c=c2, g=p2)",
        "disjoint",
    ),
    "a group is removed that still pays": (
        without(UNCHARGE),
        "reap(c=c2)",
        "settled",
    ),
    "a killed container is served": (
        instead(
            "kvm_page_fault: vcpu 7 rip 0x0 address 0x00000018cbe01000 error_code 0x500000004",
            "sched_process_exit: comm=shadow pid=4150 prio=120\n"
            "          shadow-4150    [001] .....    86.593119: kvm_page_fault: vcpu 7 rip 0x0 "
            "address 0x00000018cbe01000 error_code 0x500000004",
        ),
        "back_page(g=p4, f=f1)",
        "process",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_went_wrong_is_the_first_line_that_is_no_run(name: str, tmp_path: Path) -> None:
    trace, event, why = WRONG[name]
    found = replayed(trace, tmp_path)
    assert found.refused_at is not None
    assert found.event.startswith(event)
    # Where the guest is taken to leave already, other guards refuse, too.
    nearest = [candidate.alternatives[0] for candidate in found.candidates]
    assert any(why == each.guard or why in each.differences for each in nearest)


GRANT = "  shadow-1    [002] .....    86.6: split_container_grant: container=7"
UNREADABLE = {
    "CPU:2 [LOST 118 EVENTS]\n": "events were lost",
    "          shadow-4145    [002] ....": "none of a trace",
    "  shadow-1    [002] .....    86.6: split_container_swap: container=7\n": "is not known",
    "  shadow-1    [002] .....    86.6: split_container_charge: path=/split/sc-7 pfn=0x1\n": "'1'",
    "  shadow-1    [002] .....    86.6: kvm_page_fault: vcpu 5 at 18cbc00000\n": "is not known",
    f"{GRANT} gfn=zz npages=1\n": "'zz'",
    f"{GRANT} gfn=0x1 npages=many\n": "'many'",
}


@pytest.mark.parametrize("line", UNREADABLE)
def test_of_part_of_a_trace_no_log_is_made(line: str, tmp_path: Path) -> None:
    code, complaint, log = converted(TRACE + line, tmp_path)
    assert code == 2
    assert complaint.startswith(f"trace.txt: line {len(TRACE.splitlines()) + 1}")
    assert UNREADABLE[line] in complaint
    assert log.read_text() == ""
