"""Which files a command was asked to write. What writes them is imported when there are some."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Generic, TypeVar

import typer

from splitspec.cli.writing import is_input
from splitspec.model.frozen import frozen


class ExportKind(StrEnum):
    """What runs and proofs are written as: all of them as data and for machines, what a claim fails
    by as a picture."""

    JSON = "json"
    ITF = "itf"
    MERMAID = "mermaid"
    DOT = "dot"
    HTML = "html"
    JUNIT = "junit"
    SARIF = "sarif"


class ResultKind(StrEnum):
    """What the result of holding one thing to another is written as for machines."""

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


class PageKind(StrEnum):
    """What a log held to a model is drawn as."""

    HTML = "html"


class HeldKind(StrEnum):
    """What the result of holding one thing to another is written as: for machines, or drawn."""

    JSON = "json"
    JUNIT = "junit"
    SARIF = "sarif"
    HTML = "html"


MAKERS: Mapping[str, str] = {
    "json": "check, simulate, prove, refine, conform and gate",
    "itf": "check and simulate, and by prove with --bmc or --reach",
    "mermaid": "check and simulate, and by prove with --bmc or --reach",
    "dot": "check and simulate, and by prove with --bmc or --reach",
    "html": "check, simulate, prove, refine, conform, replay and view",
    "junit": "check, simulate, prove, refine, conform and gate",
    "sarif": "check, simulate, prove, refine, conform and gate",
    "github": "gate",
    "markdown": "gate",
}
"""By which commands each kind is made: each has one name everywhere."""

K = TypeVar("K", bound=StrEnum)


@frozen
class Report(Generic[K]):
    """A file that was asked for. To a gate the path `-` is standard output, which GitHub reads."""

    kind: K
    path: str


def parse_reports(texts: Iterable[str] | None, kinds: type[K]) -> tuple[Report[K], ...]:
    """Return the reports that are asked for, no two of them at one place."""
    found: dict[str, Report[K]] = {}
    for text in texts or ():
        report = _parsed(text, kinds)
        place = report.path if report.path == "-" else os.path.realpath(report.path)
        if place in found:
            message = f"{report.path} is asked for twice: one report would be lost"
            raise typer.BadParameter(message, param_hint="'--report'")
        found[place] = report
    return tuple(found.values())


def _parsed(text: str, kinds: type[K]) -> Report[K]:
    kind, _, path = text.partition("=")
    if is_input(Path(path)):
        message = f"{path} is named as what is read: no report is written there"
        raise typer.BadParameter(message, param_hint="'--report'")
    if path == "-" and kinds is not ReportKind:
        message = "`-` is standard output to a gate alone; here, --format json writes there"
        raise typer.BadParameter(message, param_hint="'--report'")
    if kind in list(kinds) and path:
        return Report(kinds(kind), path)
    known = ", ".join(kinds)
    if not path:
        message = f"{text!r} is not KIND=PATH; KIND is {known}"
    elif kind in MAKERS:
        message = f"{kind} is made by {MAKERS[kind]}; here, KIND is {known}"
    else:
        message = f"there is no report {kind!r}; KIND is {known}"
    raise typer.BadParameter(message, param_hint="'--report'")


def parse_held(
    texts: Iterable[str] | None,
) -> tuple[tuple[Report[ResultKind], ...], tuple[Report[PageKind], ...]]:
    """Return the reports for machines, and the pages, that are asked for."""
    asked = parse_reports(texts, HeldKind)
    data = (each for each in asked if each.kind is not HeldKind.HTML)
    pages = (each for each in asked if each.kind is HeldKind.HTML)
    return (
        tuple(Report(ResultKind(each.kind.value), each.path) for each in data),
        tuple(Report(PageKind.HTML, each.path) for each in pages),
    )
