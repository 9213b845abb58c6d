"""Turn the attack catalogue and the variants that show its rows into a page of Markdown.

A row of the page is an attack: the variants that are it, what each leaves out of the design, the
property that breaks and after how many steps; or the reason why no variant shows it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from splitspec.checker.report.counting import counted
from splitspec.model.catalogue import Catalogue
from splitspec.model.ir import Add, Change, Drop, SetConstant, Variant

HEADER = """\
# Attacks

Known attacks on systems of confidential containers, and the variants of `spec/` that are these
attacks: a design with one check missing, or a host with one more step. `splitspec check
--variants` finds that each breaks the property that stands beside it, after that many steps and no
fewer, or that it breaks nothing. Made from `spec/catalogue.toml` and the variants by `make docs`.

*Drops* names the guard or update that the variant leaves out. A variant that is *redundant* breaks
no property: its text in `spec/` says what else stands guard.
"""


def page(catalogue: Catalogue, variants: Iterable[Variant]) -> str:
    """Return the page. `variants` are those of all models."""
    shown = showing(catalogue, variants)
    lines = [HEADER, _summary(catalogue, shown), ""]
    for group, rows in catalogue.groups.items():
        lines += [f"## {group}", ""]
        for row, attack in rows.items():
            lines += _section(catalogue, row, attack, shown[row])
    return "\n".join(lines).rstrip("\n") + "\n"


def showing(catalogue: Catalogue, variants: Iterable[Variant]) -> dict[str, tuple[Variant, ...]]:
    """Return the variants that show each row, in the order in which they come."""
    shown: dict[str, list[Variant]] = {row: [] for row in catalogue.rows}
    for variant in variants:
        for row in catalogue.shown_by(variant):
            shown[row].append(variant)
    return {row: tuple(found) for row, found in shown.items()}


def _summary(catalogue: Catalogue, shown: dict[str, tuple[Variant, ...]]) -> str:
    variants = {(v.model, v.name) for found in shown.values() for v in found}
    rows = sum(bool(found) for found in shown.values())
    if rows == len(catalogue.rows):
        return f"All {rows} rows are shown, by {len(variants)} variants."
    return (
        f"Of {len(catalogue.rows)} rows, {rows} are shown, by {len(variants)} variants; the others "
        "have their reason."
    )


def _section(
    catalogue: Catalogue, row: str, attack: str, variants: tuple[Variant, ...]
) -> Iterator[str]:
    yield f"**{row}** {attack}."
    yield ""
    for variant in variants:
        what = f"{_differences(variant)}: {_outcome(variant)}"
        yield f"- `{variant.name}` of `{variant.model}` {what}."
    if not variants:
        kind, reason = catalogue.reason(row) or ("Not specified", "no variant shows it yet.")
        yield f"- {kind}: {reason}"
    yield ""


def _differences(variant: Variant) -> str:
    return " and ".join(_difference(difference) for difference in variant.differences)


def _difference(difference: Drop | Change | Add | SetConstant) -> str:
    match difference:
        case Drop(owner=owner, label=label):
            return f"drops `{_short(owner)}.{label}`"
        case Change(action=action):
            return f"changes `{_short(action)}`"
        case Add(action=action):
            return f"adds `{_short(action.path)}`"
        case SetConstant(variable=constant):
            return f"sets `{_short(constant)}`"


def _outcome(variant: Variant) -> str:
    if variant.violated is None:
        return "redundant"
    steps = "" if variant.steps is None else f" after {counted(variant.steps, 'step')}"
    return f"breaks `{variant.violated}`{steps}"


def _short(path: str) -> str:
    return path.rpartition(".")[2]
