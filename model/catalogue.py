"""Read `catalogue.toml`: known attacks by row, and why some of them are not shown by a variant.

A variant shows the rows that its text or its `cites` name.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path

from splitspec.model.frozen import frozen
from splitspec.model.ir import Variant

FILE_NAME = "catalogue.toml"
ROW = re.compile(r"\b[A-Z][0-9]{2}\b")


@frozen
class Catalogue:
    """Attacks by group and row, and reasons by kind and row."""

    groups: Mapping[str, Mapping[str, str]]
    reasons: Mapping[str, Mapping[str, str]]

    @property
    def rows(self) -> tuple[str, ...]:
        """All rows, in the order of the file."""
        return tuple(row for group in self.groups.values() for row in group)

    def reason(self, row: str) -> tuple[str, str] | None:
        """Return the kind of reason why no variant shows the row, and the reason."""
        for kind, reasons in self.reasons.items():
            if row in reasons:
                return kind, reasons[row]
        return None

    def shown_by(self, variant: Variant) -> tuple[str, ...]:
        """Return the rows that a variant names, in the order of the file."""
        words = set(ROW.findall(" ".join((variant.text, *variant.cites))))
        return tuple(row for row in self.rows if row in words)


def read_catalogue(path: Path) -> Catalogue:
    """Return the catalogue of a file; raise `ValueError` if it is not one."""
    tables = tomllib.loads(path.read_text(encoding="utf-8"))
    catalogue = Catalogue(tables["rows"], tables.get("reasons", {}))
    given = [row for reasons in catalogue.reasons.values() for row in reasons]
    twice = sorted({row for row in catalogue.rows if catalogue.rows.count(row) > 1})
    twice += sorted({row for row in given if given.count(row) > 1})
    unknown = sorted(set(given) - set(catalogue.rows))
    if twice or unknown:
        raise ValueError(f"{path}: twice: {twice}; reasons for unknown rows: {unknown}")
    return catalogue
