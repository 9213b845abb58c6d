"""Which files a command was asked to write. What writes them is imported when there are some."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import typer


class Kind(StrEnum):
    """What a report is."""

    JSON = "json"
    ITF = "itf"
    MERMAID = "mermaid"
    DOT = "dot"
    HTML = "html"


@dataclass(frozen=True, slots=True)
class Report:
    kind: Kind
    path: Path


def parse_report(text: str) -> Report:
    """Return the report that `KIND=PATH` asks for."""
    word, sign, path = text.partition("=")
    if word not in list(Kind) or not sign or not path:
        raise typer.BadParameter(
            f"{text!r} is not KIND=PATH, KIND being {', '.join(Kind)}", param_hint="'--report'"
        )
    return Report(Kind(word), Path(path))
