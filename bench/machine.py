"""What a run was made on: figures mean nothing without it."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from importlib import metadata
from pathlib import Path

PACKAGES = ("llvmlite", "splitspec")


def facts() -> dict[str, str]:
    """Return what is known of the machine and of the tools, for people to read."""
    found = {
        "processor": _field("/proc/cpuinfo", "model name"),
        "cores": str(len(os.sched_getaffinity(0))),
        "memory": f"{_kilobytes('MemTotal') / 2**20:.1f} GiB, "
        f"{_kilobytes('MemAvailable') / 2**20:.1f} GiB available",
        "load": load(),
        "system": platform.platform(),
        "Python": platform.python_version(),
    }
    found |= {name: metadata.version(name) for name in PACKAGES}
    for tool, flag in (("gcc", "--version"), ("spin", "-V"), ("rumur", "--version")):
        found[tool] = _version(tool, flag)
    return found


def load() -> str:
    """Return the load averages; above the number of cores, wall times say little."""
    return " ".join(f"{average:.2f}" for average in os.getloadavg())


def _field(path: str, name: str) -> str:
    for line in Path(path).read_text(encoding="utf-8").splitlines():
        key, _, value = line.partition(":")
        if key.strip() == name:
            return value.strip()
    return "unknown"


def _kilobytes(name: str) -> int:
    return int(_field("/proc/meminfo", name).split()[0])


def _version(tool: str, flag: str) -> str:
    if shutil.which(tool) is None:
        return "not installed"
    done = subprocess.run((tool, flag), capture_output=True, text=True)
    return done.stdout.partition("\n")[0] or "unknown"
