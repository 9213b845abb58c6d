"""The command line: the only place that prints and that ends the process.

Commands import what they need when they run, so that `--help` costs next to nothing.
"""

from __future__ import annotations


def main() -> None:
    """Run the command line and end the process with its exit code."""
    from splitspec.cli.application import run

    run()
