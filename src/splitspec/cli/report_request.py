"""Which files a command was asked to write. What writes them is imported when there are some."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

import typer


class ExportKind(StrEnum):
    """What a result of `check` is written as: runs as data and for machines, a trace as a
    picture."""

    JSON = "json"
    ITF = "itf"
    MERMAID = "mermaid"
    DOT = "dot"
    HTML = "html"
    JUNIT = "junit"
    SARIF = "sarif"


class ResultKind(StrEnum):
    """What the result of another command that makes runs is written as."""

    JSON = "json"
    JUNIT = "junit"
    SARIF = "sarif"


class ReportKind(StrEnum):
    """What the result of a gate is written as."""

    JUNIT = "junit"
    SARIF = "sarif"
    GITHUB = "github"
    JSON = "json"
    MARKDOWN = "markdown"


K = TypeVar("K", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Report(Generic[K]):
    """A file that was asked for. To a gate the path `-` is standard output, which GitHub reads."""

    kind: K
    path: str


def parse_report(text: str, kinds: type[K]) -> Report[K]:
    """Return the report that `KIND=PATH` asks for."""
    kind, _, path = text.partition("=")
    if not path or kind not in list(kinds):
        raise typer.BadParameter(
            f"{text!r} is not KIND=PATH; KIND is {', '.join(kinds)}", param_hint="'--report'"
        )
    return Report(kinds(kind), path)
