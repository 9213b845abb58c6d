"""Turn what a host's kernel traced into a log of `granting`.

    cat /sys/kernel/tracing/trace > trace.txt
    python to_log.py trace.txt > run.ndjson
    splitspec replay run.ndjson

Lines are those of ftrace: task, CPU, flags, time, event. The events are KVM's and the scheduler's
own (`kvm_page_fault`, `sched_process_exit`, `cgroup_rmdir`), and five of a module that serves split
containers (`split_container_create`, `grant`, `charge`, `uncharge`, `idle`). What goes on inside
the confidential VM is in no trace of its host: that a container starts, accepts pages, begins its
exit and gives pages back is unlogged, and replay solves for it.

* A fault says which page, the charge that the same task makes next says who paid for which frame.
  A fault without a charge was served already, by another vCPU.
* A process that ends before its container is idle was killed; later, it left as it should.
* Entries and exits of vCPUs are no steps of `granting`.

A line that cannot be read, and events that were lost, end it: part of a trace is no run.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TextIO

from splitspec.refinement.log_writer import LogWriter

LINE = re.compile(
    r"^ *(?P<task>.+)-(?P<pid>\d+) +\[\d+\] +[^ ]+ +(?P<time>[\d.]+): (?P<event>\w+): (?P<rest>.*)$"
)
FIELD = re.compile(r"(\w+)=(\S+)")
FAULT = re.compile(r"vcpu \d+ rip 0x[0-9a-f]+ address (?P<address>0x[0-9a-f]+) ")
UNLOGGED = ("start", "accept_page", "begin_exit", "give_back_page")
SILENT = {"kvm_entry", "kvm_exit", "cgroup_mkdir"}
PAGE_BITS = 12

Event = tuple[str, dict[str, str], dict[str, str | None]]
"""An action, what is known of its arguments, and what was seen."""


class TraceError(Exception):
    """A trace of which no log can be made; says the line and why."""


@dataclass
class Names:
    """Elements of one sort, numbered as they first appear."""

    letter: str
    known: dict[str, str] = field(default_factory=dict)

    def __getitem__(self, key: str) -> str:
        return self.known.setdefault(key, f"{self.letter}{len(self.known) + 1}")


class Reader:
    """Reads a trace once."""

    def __init__(self) -> None:
        self.containers, self.pages, self.frames = Names("c"), Names("p"), Names("f")
        self._faults: dict[str, str] = {}  # by task: the page of its last fault
        self._shadows: dict[str, str] = {}  # by process: its container, until that is idle

    def events(self, lines: Iterable[str]) -> Iterator[Event]:
        """Iterate over the actions that the lines tell of; raise `TraceError`."""
        for number, line in enumerate(lines, 1):
            if not line.strip() or line.startswith("#"):
                continue
            if "LOST" in line:
                raise TraceError(f"line {number}: events were lost; trace with larger buffers")
            found = LINE.match(line.rstrip("\n"))
            if found is None:
                raise TraceError(f"line {number} is none of a trace: {line.strip()[:60]}")
            try:
                yield from self._event(found["event"], found["pid"], found["rest"])
            except KeyError as missing:
                raise TraceError(f"line {number}: {missing} is not known") from missing
            except ValueError as unread:
                raise TraceError(f"line {number}: {unread}") from unread

    def _event(self, event: str, pid: str, rest: str) -> Iterator[Event]:
        fields = dict(FIELD.findall(rest))
        match event:
            case "split_container_create":
                self._shadows[fields["pid"]] = fields["container"]
                yield "create", {"c": self.containers[fields["container"]]}, {}
            case "split_container_grant":
                owner, first = self.containers[fields["container"]], int(fields["gfn"], 16)
                for page in range(first, first + int(fields["npages"])):
                    yield "grant_page", {"c": owner, "g": self.pages[hex(page)]}, {}
            case "kvm_page_fault":
                fault = FAULT.match(rest)
                if fault is None:
                    raise KeyError(rest)
                self._faults[pid] = hex(int(fault["address"], 16) >> PAGE_BITS)
            case "split_container_charge":
                call = {"g": self.pages[self._faults.pop(pid)], "f": self.frames[fields["pfn"]]}
                yield "back_page", call, {f"charged[{call['f']}]": self._payer(fields)}
            case "split_container_uncharge":
                call = {"g": self.pages[fields["gfn"]], "f": self.frames[fields["pfn"]]}
                yield "reclaim_frame", call, {f"charged[{call['f']}]": None}
            case "split_container_idle":
                number = fields["container"]
                name = self.containers[number]
                self._shadows = {p: c for p, c in self._shadows.items() if c != number}
                yield "finish_exit", {"c": name}, {f"phase[{name}]": "drained"}
            case "sched_process_exit" if fields["pid"] in self._shadows:
                name = self.containers[self._shadows.pop(fields["pid"])]
                yield "kill", {"c": name}, {}
            case "cgroup_rmdir" if "/sc-" in fields["path"]:
                yield "reap", {"c": self._payer(fields)}, {}
            case "sched_process_exit" | "cgroup_rmdir":
                pass  # Of other processes and groups.
            case _ if event not in SILENT:
                raise KeyError(event)

    def _payer(self, fields: dict[str, str]) -> str:
        return self.containers[fields["path"].rpartition("/sc-")[2]]


def convert(lines: Iterable[str], log: TextIO) -> None:
    """Write the log of a trace; raise `TraceError` before anything is written."""
    reader = Reader()
    events = list(reader.events(lines))
    sorts = {"Container": reader.containers, "Page": reader.pages, "Frame": reader.frames}
    sizes = {sort: max(1, len(names.known)) for sort, names in sorts.items()}
    pins = {"limit": sizes["Frame"]}
    with LogWriter(
        log, "granting", given=["host"], sizes=sizes, pins=pins, unlogged=UNLOGGED
    ) as writer:
        for action, arguments, seen in events:
            writer.event(action, arguments, seen)


def main() -> int:
    """Convert the file that the command line names."""
    with open(sys.argv[1], encoding="utf-8") as lines:
        try:
            convert(lines, sys.stdout)
        except TraceError as error:
            sys.stderr.write(f"{sys.argv[1]}: {error}\n")
            return 2
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
