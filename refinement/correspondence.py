"""How two systems correspond: what each abstract variable is, and what each concrete step does
(docs/language.md, section 10).

Names are those of the two flat systems of one run. Expressions are over the concrete system; they
call no definitions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from splitspec.model.ir import Expression, Parameter, Program


@dataclass(frozen=True, slots=True)
class Seen:
    """What a variable of the abstract system is at `parameters`, over the concrete state."""

    parameters: tuple[Parameter, ...]
    value: Expression


@dataclass(frozen=True, slots=True)
class Counterpart:
    """What a concrete action is in the abstract system.

    `arguments` give each parameter of the abstract action by name, over the concrete action's.
    """

    action: str
    arguments: Mapping[str, Expression]


@dataclass(frozen=True, slots=True)
class Correspondence:
    """The concrete program refines the abstract one by these.

    `seen` has every variable of the abstract program, constants too. `counterparts` has every
    concrete action by path; None is a step that the abstract system does not see. `above` has, by
    name, the programs that the abstract one refines in its turn, as far as they are known, and
    those above them.
    """

    name: str  # "sev of platform"
    concrete: Program
    abstract: Program
    seen: Mapping[str, Seen]
    counterparts: Mapping[str, Counterpart | None]
    above: Mapping[str, Program] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, str]:
        """The names of the concrete model and of the abstract one."""
        concrete, _, abstract = self.name.partition(" of ")
        return concrete, abstract
