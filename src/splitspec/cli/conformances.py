"""From the implementations that `models.toml` names to walks to make: with which mapping, against
whom, and of which files each is made.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from splitspec.checker.gate.keeping import Held
from splitspec.checker.interruption import Interruption
from splitspec.checker.result import RunResult
from splitspec.cli.models import Model
from splitspec.model.evaluator import Evaluator
from splitspec.model.frozen import frozen
from splitspec.model.manifest_entry import ExpectedConformance
from splitspec.model.setting import Setting
from splitspec.refinement.claims import as_run
from splitspec.refinement.conformance import Bounds, conform
from splitspec.refinement.divergence import Conformance
from splitspec.refinement.driver import Driver
from splitspec.refinement.fitting import MappingError
from splitspec.refinement.mapping import Implementation
from splitspec.refinement.naming import UnknownMappingError, mapping_of, module_of
from splitspec.refinement.observation import UnreadableError
from splitspec.refinement.sources import (
    MissingSourceError,
    OtherSourceError,
    SourceReader,
    named_sources,
    refuse_others,
)
from splitspec.refinement.target import TargetError, evaluator_at
from splitspec.refinement.walking import run


@frozen
class ConformanceJob:
    """One implementation to hold; `sources` are the files of which it is made, by name, and
    `implementation` is the digest of what they say."""

    declared: ExpectedConformance
    mapping: Implementation[Any]
    evaluator: Evaluator
    sources: Mapping[str, Path]
    implementation: str

    @property
    def setting(self) -> Setting:
        """The model at the sizes, and under the adversary, of the mapping."""
        return self.evaluator.setting

    def texts(self) -> Iterator[str]:
        """Iterate over the names and contents of the sources."""
        for name, path in sorted(self.sources.items()):
            yield name
            yield path.read_bytes().hex()

    def made(self, time: float | None, interruption: Interruption) -> tuple[RunResult, Held]:
        """Walk the model with the implementation, for at most so many seconds."""
        calls = self.declared.calls
        if calls is None:
            bounds = Bounds(states=None, time=time)
            found = conform(self.mapping, self.evaluator, bounds, interruption=interruption)
        else:
            found = run(
                self.mapping,
                self.evaluator,
                steps=calls.number,
                seed=calls.seed,
                limit=time,
                interruption=interruption,
            )
        return as_run(found, self.setting, self.declared.mapping), self._held(found)

    def _held(self, found: Conformance) -> Held:
        unexplained = sorted(name for name, reason in found.untried.items() if not reason)
        missed: list[str] = []
        if self.declared.calls is not None:
            # Random calls do each action, and do not come to every guard.
            missed = [name for name in unexplained if name not in self.evaluator.actions]
        return Held(
            self.implementation,
            sum(found.tried.refused.values()),
            tuple(name for name in unexplained if name not in missed),
            tuple(sorted(name for name, reason in found.untried.items() if reason)),
            tuple(sorted(found.tried.stricter)),
            tuple(sorted(found.unobserved)),
            tuple(missed),
            found.is_blind,
        )


class UnusableError(Exception):
    """An implementation cannot be held; the message says why."""


def conformance_of(
    model: Model, declared: ExpectedConformance, reader: SourceReader
) -> ConformanceJob:
    """Return the walk with an implementation that a model's entry names; raise `UnusableError`."""
    try:
        return _job(model, declared, reader)
    except (UnknownMappingError, MappingError, UnreadableError, MissingSourceError) as error:
        raise UnusableError(str(error)) from error
    except (TargetError, OtherSourceError) as error:
        raise UnusableError(f"{declared.mapping}: {error}") from error


def _job(model: Model, declared: ExpectedConformance, reader: SourceReader) -> ConformanceJob:
    folders = _folders(model.folder.absolute())
    mapping = mapping_of(declared.mapping, folders)
    if mapping.model != model.entry.name:
        raise MappingError(
            f"{declared.mapping} is a mapping to {mapping.model}, not to {model.entry.name}"
        )
    evaluator = evaluator_at(
        model.entry, model.program, sizes=mapping.sizes, pins=mapping.pins, given=mapping.given
    )
    Driver(mapping, evaluator)  # Raises for what does not fit, before anything is made.
    modules = reader.sources_of(module_of(declared.mapping), folders)
    refuse_others(modules)
    sources = {**modules, **named_sources(declared.sources, model.folder)}
    if not sources:
        raise MissingSourceError(
            f"no source of {declared.mapping} stands below {folders[0]}: name them in `sources`"
        )
    return ConformanceJob(declared, mapping, evaluator, sources, reader.digest(sources))


def _folders(folder: Path) -> tuple[Path, ...]:
    """Return where a mapping is looked up: beside `models.toml`, and above a folder `spec`."""
    return (folder, folder.parent) if folder.name == "spec" else (folder,)
