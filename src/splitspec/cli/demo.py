"""`splitspec demo`: the shipped specification holds, and one wrong variant of it fails."""

from __future__ import annotations

from splitspec.checker.interruption import Interruption
from splitspec.cli.check import CheckRequest, check_models
from splitspec.cli.exitcode import ExitCode, combine
from splitspec.cli.selection import Request
from splitspec.cli.terminal import Choice

MODEL = "memory"
VARIANT = "accept_twice"


def demonstrate(color: Choice, interruption: Interruption) -> ExitCode:
    """Explore every shipped model, then one variant, and say what to look at next."""
    print("1. The specification of split containers, every model, every adversary:\n")
    models = check_models(_request(Request(), color, quiet=False), interruption)
    if interruption.requested:
        return models
    print(f"\n2. One guard less: {MODEL} with the variant {VARIANT}. It must fail, and does:\n")
    wrong = Request(models=(MODEL,), variant=VARIANT)
    variant = check_models(_request(wrong, color, quiet=False), interruption)
    print(
        "\nNext: splitspec check --variants, splitspec explain memory.cow_fault, "
        "and spec/granting.split to read."
    )
    return combine([models, variant])


def _request(what: Request, color: Choice, *, quiet: bool) -> CheckRequest:
    return CheckRequest(
        what=what,
        depth=None,
        states=None,
        time=None,
        memory=None,
        workers=2,
        symmetry=True,
        cross_check=False,
        slice=True,
        json=False,
        color=color,
        progress=Choice.AUTO,
        verbose=False,
        quiet=quiet,
    )
