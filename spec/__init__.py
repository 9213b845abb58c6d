"""The specification text, and access to it wherever the package is installed."""

from importlib.resources import files
from pathlib import Path


def folder() -> Path:
    """The folder that holds `models.toml` and the modules; the package is always plain files."""
    return Path(str(files("splitspec.spec")))


def read(name: str) -> str:
    """The text of one file of the folder: `granting.split`, `variants/memory.split`."""
    return files("splitspec.spec").joinpath(name).read_text(encoding="utf-8")
