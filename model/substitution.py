"""Check that a module may stand in the place of another one (docs/language.md, section 10).

`with = { platform = "sev" }` makes every `import platform` mean `sev`, whose refinement says which
of its parts and actions realises which of the abstract ones. The resolver then finds them by the
abstract names; here is checked that there is such a refinement, and that its calls fit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from splitspec.model import syntax
from splitspec.model.diagnostic import Diagnostic


def check_substitutions(
    modules: Sequence[syntax.Module], substitutions: Mapping[str, str]
) -> Iterator[Diagnostic]:
    """Iterate over what is wrong with the substitutions of a model that has these modules."""
    by_name = {str(module.name): module for module in modules}
    imported = {
        str(declared.module)
        for module in modules
        for declared in module.declarations
        if isinstance(declared, syntax.Import)
    }
    for old, new in substitutions.items():
        if old not in imported:
            yield Diagnostic(
                "SS213",
                f"no module imports `{old}`, which the model replaces by `{new}`",
                None,
                help="leave it out of `with` in models.toml",
            )
        elif new in by_name:
            yield from _check_refinement(by_name[new], old)


def _check_refinement(concrete: syntax.Module, old: str) -> Iterator[Diagnostic]:
    for declared in concrete.declarations:
        if isinstance(declared, syntax.Refinement) and str(declared.abstract) == old:
            for pair in declared.maps:
                if pair.abstract is not None and not _keeps_arguments(pair):
                    yield Diagnostic(
                        "SS213",
                        f"`{pair.concrete}` stands for `{old}.{pair.abstract}`, with other "
                        "arguments",
                        pair.span,
                        label="expected the same names in the same order",
                        help=f"give `{pair.concrete}` the parameters of `{pair.abstract}`; only "
                        f"then can a model replace `{old}` by `{concrete.name}`",
                    )
            return
    yield Diagnostic(
        "SS213",
        f"module `{concrete.name}` stands for `{old}` and does not refine it",
        concrete.name.span,
        label=f"expected `refinement {concrete.name} of {old}`",
        help="write the refinement, or leave it out of `with` in models.toml",
    )


def _keeps_arguments(pair: syntax.ActionMap) -> bool:
    arguments = [str(a) if isinstance(a, syntax.Name) else "" for a in pair.arguments]
    return [str(name) for name in pair.names] == arguments
