"""The command line: the only place that prints and that ends the process."""

import sys

from splitspec import __version__


def main() -> None:
    """Answer `--help` and `--version`; the commands join here."""
    if sys.argv[1:] == ["--version"]:
        print(f"splitspec {__version__}")
        return
    print("usage: splitspec [--help] [--version] COMMAND")
    if sys.argv[1:] not in ([], ["--help"]):
        sys.exit(2)
