"""Models with their proofs, as the page of theorems shows them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from splitspec.checker.proof import ProofResult
from splitspec.model.frozen import frozen
from splitspec.model.ir import Program, System


@frozen
class Text:
    """The text of a module: what it is, and what it leaves out, or ""."""

    about: str
    omission: str


@frozen
class Subject:
    """A model with its systems, one for each adversary.

    `texts` are those of its modules by name, of which `listed` are those whose theorems are listed;
    `undecided` are the reasons, by path, for which no run decides a property.
    """

    name: str
    module: str
    program: Program
    systems: tuple[System, ...]
    texts: Mapping[str, Text]
    listed: frozenset[str]
    undecided: Mapping[str, str] = field(default_factory=dict)

    def lists(self, path: str) -> bool:
        """Whether a declaration is of a module that is listed."""
        return path.rpartition(".")[0] in self.listed


@frozen
class Proved:
    """A model with its proofs, in the order of its systems."""

    subject: Subject
    results: tuple[ProofResult, ...]
