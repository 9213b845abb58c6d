"""`splitspec demo --run`: the implementation at work: time line, memory, the host's view."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from splitspec.cli.exitcode import ExitCode
from splitspec.cli.terminal import Choice, painter
from splitspec.impl.geometry import PAGE
from splitspec.impl.machine import Machine, PlatformKind
from splitspec.impl.scenario import Look, Record, run_chain
from splitspec.refinement.machine.recording import watch, write_log

Paint = Callable[[str, str], str]
WIDTH = 40  # of a bar, and of the bytes that are shown


def demonstrate_run(platform: str, log: Path | None, color: Choice) -> ExitCode:
    """Run the chain once and show what an observer of each side wants to see; write a log of it if
    one is wanted."""
    paint = painter(color, sys.stdout)
    machines: list[Machine] = []

    def keep(machine: Machine) -> None:
        machines.append(machine)
        if log is not None:
            watch(machine)

    record = run_chain(PlatformKind(platform), watch=keep)
    for part in (_time_line, _findings, _groups, _footprints, _looks):
        print("\n".join(part(record, paint)) + "\n")
    lines, met = _conclusion(record, paint)
    print("\n".join(lines))
    if log is not None:
        try:
            with log.open("w", encoding="utf-8") as stream:
                number = write_log(machines[0], stream)
        except OSError as error:
            print(f"error: {log} cannot be written: {error.strerror}", file=sys.stderr)
            return ExitCode.USAGE
        print(f"\n{number:,} events are in {log}: splitspec replay {log}")
    return ExitCode.MET if met else ExitCode.VIOLATED


def _time_line(record: Record, paint: Paint) -> list[str]:
    title = f"1. One confidential VM ({record.platform}), a zygote, and a chain of its clones"
    head = f"   {'at':>8}  {'took':>8}"
    rows = [
        f"   {event.at * 1000:5.0f} ms  {event.seconds * 1000:5.1f} ms  {event.what}"
        for event in record.events
    ]
    return [paint("title", title), "", paint("faint", head), *rows]


def _findings(record: Record, paint: Paint) -> list[str]:
    title = "2. What the customer received over its encrypted connection"
    rows = [
        f"   {rule:10}  {', '.join(sorted(set(found))) or 'nothing'}"
        for rule, found in record.findings.items()
    ]
    return [paint("title", title), "", *rows]


def _groups(record: Record, paint: Paint) -> list[str]:
    title = "3. What each control group of the host pays: memory and CPU at the end of the chain"
    head = f"   {'group':6}  {'runs':20}  {'memory':>8}  {'CPU slices':>10}"
    rows = [
        f"   {group.name:6}  {group.runs:20}  {_kib(group.frames):>8}  {group.slices:>10}"
        for group in record.groups
    ]
    total = sum(group.frames for group in record.groups)
    kernel = f"   {'VM':6}  {'microkernel, tables':20}  {_kib(record.kernel_frames):>8}"
    sums = f"   {'all':6}  {'':20}  {_kib(total + record.kernel_frames):>8}"
    return [paint("title", title), "", paint("faint", head), *rows, kernel, sums]


def _footprints(record: Record, paint: Paint) -> list[str]:
    title = "4. Memory of n audits: clones of one zygote, and each in a confidential VM of its own"
    legend = (
        "   clones: kernel, zygote, fetcher, n audits; VMs: n kernels, runtimes, prices, audits"
    )
    widest = max(max(one.split, one.separate) for one in record.footprints)
    rows = []
    for one in record.footprints:
        for frames, name, style in (
            (one.split, f"n = {one.containers}  clones", "good"),
            (one.separate, "       VMs", "faint"),
        ):
            bar = "█" * max(1, round(WIDTH * frames / widest))
            rows.append(f"   {name:13} {_kib(frames):>9}  {paint(style, bar)}")
    last, first = record.footprints[-1], record.footprints[0]
    steps = max(1, last.containers - first.containers)
    split = (last.split - first.split) // steps
    separate = (last.separate - first.separate) // steps
    note = f"   One audit more: {_kib(split)} as a clone, {_kib(separate)} as a VM."
    return [paint("title", title), "", paint("faint", legend), *rows, note]


def _looks(record: Record, paint: Paint) -> list[str]:
    title = "5. The same bytes from inside, and as the host has them"
    rows = [line for look in record.looks for line in _look(look, paint)]
    return [paint("title", title), "", *rows]


def _look(look: Look, paint: Paint) -> list[str]:
    inside = look.inside[:WIDTH].decode("ascii", errors="replace")
    outside = look.outside[: WIDTH // 2]
    seen = outside.hex() if any(outside) else f"{outside.hex()} (the platform gives no content)"
    return [
        f"   {look.what}",
        f"      inside  {paint('good', inside)}",
        f"      host    {paint('faint', seen)}",
    ]


def _conclusion(record: Record, paint: Paint) -> tuple[list[str], bool]:
    claims = [
        (
            f"{record.secrets_searched} secrets searched in every frame and message that the host "
            f"can read: {record.secrets_found} found",
            record.secrets_found == 0 and record.secrets_searched > 0,
        ),
        (
            f"{record.frames_left} frames are still charged after the last container ended",
            record.frames_left == 0,
        ),
        (
            f"{len(record.findings)} rules reported to the customer",
            len(record.findings) == len(record.footprints) > 0,
        ),
    ]
    lines = [
        f"{paint('good', 'ok  ') if holds else paint('bad', 'FAIL')} {text}"
        for text, holds in claims
    ]
    return lines, all(holds for _, holds in claims)


def _kib(frames: int) -> str:
    return f"{frames * PAGE // 1024:,} KiB"
