"""The commands and their flags; what each does stands in a module of its own."""

from __future__ import annotations

import faulthandler
import os
import signal
import sys
from typing import Annotated

import typer

from splitspec import __version__
from splitspec.cli import options as o
from splitspec.cli.exitcode import ExitCode
from splitspec.cli.interrupts import heed
from splitspec.cli.terminal import Choice

application = typer.Typer(
    name="splitspec",
    help="Specify, check and explain split confidential containers.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=(
        "Exit codes: 0 met, 1 violated, 2 usage or specification error, 3 unknown, 4 policy "
        "(drift, vacuity, a variant that does not fail), 5 nothing was checked, 70 internal "
        "error, 130 interrupted."
    ),
)


def run() -> None:
    """Run the application; an exception that reaches this point is a fault of the program."""
    # A reader that went away ends the process as it ends others, and never with a verdict's code.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    # A crash of native code leaves no exception; this says at least where it was.
    faulthandler.enable()
    try:
        _run_and_flush()
    except KeyboardInterrupt:
        sys.exit(ExitCode.INTERRUPTED)
    except Exception as error:
        # A file that cannot be opened has a name; what was opened before, like stdout, has none.
        if isinstance(error, OSError) and error.filename is None:
            print(f"error: the results cannot be written: {error.strerror}", file=sys.stderr)
            os._exit(ExitCode.INTERNAL)  # Without another attempt to write them.
        _report_fault()
        sys.exit(ExitCode.INTERNAL)


def _report_fault() -> None:
    import traceback

    traceback.print_exc()
    words = " ".join(sys.argv[1:])
    print(f"internal error: splitspec {__version__} failed on: {words}", file=sys.stderr)


def _run_and_flush() -> None:
    """Run, and write out what is still in the buffer while an error can be reported."""
    try:
        application()
    finally:
        sys.stdout.flush()


@application.callback(invoke_without_command=True)
def root(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if version:
        print(f"splitspec {__version__}")
        raise typer.Exit


@application.command()
def check(
    models: o.Models = None,
    scope: o.Scope = None,
    properties: o.Properties = None,
    variant: o.VariantName = None,
    variants: o.AllVariants = False,
    given: o.Given = None,
    depth: o.Depth = None,
    max_states: o.States = None,
    timeout: o.Timeout = None,
    memory: o.Memory = None,
    workers: o.Workers = 2,
    symmetry: o.Symmetry = o.Switch.ON,
    cross_check: o.CrossCheck = False,
    no_slice: o.NoSlice = False,
    format: o.OutputFormat = o.Format.TEXT,
    color: o.Color = Choice.AUTO,
    progress: o.ProgressOption = Choice.AUTO,
    verbose: o.Verbose = False,
    quiet: o.Quiet = False,
) -> None:
    """Explore models exhaustively and check every property; show what is violated.

    The result of a run is the assurance `exhaustive`: all reachable states of the scope.
    """
    with heed() as interruption:
        from splitspec.cli.check import CheckRequest, check_models
        from splitspec.cli.selection import Request

        request = CheckRequest(
            what=Request(
                models=tuple(models or ()),
                sizes=tuple(o.parse_scope(text) for text in scope or ()),
                properties=tuple(properties or ()),
                variant=variant,
                variants=variants,
                given=None if given is None else tuple(given),
            ),
            depth=depth,
            states=max_states,
            time=timeout,
            memory=None if memory is None else o.parse_size(memory),
            workers=workers,
            symmetry=symmetry is o.Switch.ON,
            cross_check=cross_check,
            slice=not no_slice,
            json=format is o.Format.JSON,
            color=color,
            progress=progress,
            verbose=verbose,
            quiet=quiet,
        )
        raise typer.Exit(check_models(request, interruption))


@application.command()
def simulate(
    models: o.Models = None,
    scope: o.Scope = None,
    properties: o.Properties = None,
    variant: o.VariantName = None,
    given: o.Given = None,
    runs: o.Walks = 10_000,
    depth: o.Steps = 100,
    timeout: o.Timeout = None,
    workers: o.Workers = 2,
    seed: o.Seed = None,
    format: o.OutputFormat = o.Format.TEXT,
    color: o.Color = Choice.AUTO,
    progress: o.ProgressOption = Choice.AUTO,
    verbose: o.Verbose = False,
    quiet: o.Quiet = False,
) -> None:
    """Walk models at random and check every property on the way.

    The result is the assurance `sampled`: it shows violations, and proves nothing.
    """
    with heed() as interruption:
        from splitspec.cli.selection import Request
        from splitspec.cli.simulate import SimulateRequest, simulate_models

        request = SimulateRequest(
            what=Request(
                models=tuple(models or ()),
                sizes=tuple(o.parse_scope(text) for text in scope or ()),
                properties=tuple(properties or ()),
                variant=variant,
                variants=False,
                given=None if given is None else tuple(given),
            ),
            runs=runs,
            depth=depth,
            time=timeout,
            workers=workers,
            seed=seed,
            json=format is o.Format.JSON,
            color=color,
            progress=progress,
            verbose=verbose,
            quiet=quiet,
        )
        raise typer.Exit(simulate_models(request, interruption))


@application.command()
def prove(
    models: o.Models = None,
    scope: o.Scope = None,
    properties: o.Properties = None,
    variant: o.VariantName = None,
    variants: o.AllVariants = False,
    given: o.Given = None,
    finite: o.Finite = False,
    bmc: o.BoundedSteps = None,
    k_induction: o.InductionSteps = None,
    steps: o.SolverSteps = 3_000_000,
    seed: o.ProofSeed = 0,
    recheck: o.Recheck = False,
    reach: o.Reach = False,
    format: o.OutputFormat = o.Format.TEXT,
    color: o.Color = Choice.AUTO,
    progress: o.ProgressOption = Choice.AUTO,
    verbose: o.Verbose = False,
    quiet: o.Quiet = False,
) -> None:
    """Prove properties by induction, for any number of containers, pages, frames and threads.

    The result of a proof is the assurance `proved`. Where it fails, the smallest counterexample to
    induction is shown: one step from a state that satisfies all invariants and breaks one.
    """
    from splitspec.cli.prove import ProveRequest, prove_models
    from splitspec.cli.selection import Request

    request = ProveRequest(
        what=Request(
            models=tuple(models or ()),
            sizes=tuple(o.parse_scope(text) for text in scope or ()),
            properties=tuple(properties or ()),
            variant=variant,
            variants=variants,
            given=None if given is None else tuple(given),
            size=2,
        ),
        finite=finite or k_induction is not None,
        bmc=bmc,
        k_induction=k_induction or 0,
        steps=steps,
        seed=seed,
        recheck=recheck,
        reach=reach,
        json=format is o.Format.JSON,
        color=color,
        progress=progress,
        verbose=verbose,
        quiet=quiet,
    )
    raise typer.Exit(prove_models(request))


@application.command()
def mutate(
    models: o.Models = None,
    given: o.Given = None,
    explore: Annotated[
        bool, typer.Option("--explore", help="Look for a run that shows each loss.")
    ] = False,
    max_states: o.States = 200_000,
    format: o.OutputFormat = o.Format.TEXT,
    color: o.Color = Choice.AUTO,
    progress: o.ProgressOption = Choice.AUTO,
    verbose: o.Verbose = False,
) -> None:
    """Leave out each guard in turn: which property falls, and which guards are redundant.

    A guard whose loss is proved to matter lists the properties that are no longer proved.
    """
    from splitspec.cli.mutate import MutateRequest, mutate_models
    from splitspec.cli.selection import Request

    request = MutateRequest(
        what=Request(
            models=tuple(models or ()), given=None if given is None else tuple(given), size=2
        ),
        explore=explore,
        states=max_states,
        json=format is o.Format.JSON,
        color=color,
        progress=progress,
        verbose=verbose,
    )
    raise typer.Exit(mutate_models(request))


@application.command()
def stability(
    models: o.Models = None,
    properties: o.Properties = None,
    given: o.Given = None,
    seeds: Annotated[int, typer.Option("--seeds", min=1, help="Number of seeds.")] = 10,
    steps: o.SolverSteps = 3_000_000,
    color: o.Color = Choice.AUTO,
    progress: o.ProgressOption = Choice.AUTO,
) -> None:
    """Prove again under other seeds, with facts shuffled and symbols renamed.

    A proof that depends on luck is a policy failure: it fails when somebody changes a name.
    """
    from splitspec.cli.selection import Request
    from splitspec.cli.stability import StabilityRequest, stabilise

    request = StabilityRequest(
        what=Request(
            models=tuple(models or ()),
            properties=tuple(properties or ()),
            given=None if given is None else tuple(given),
            size=2,
        ),
        seeds=seeds,
        steps=steps,
        color=color,
        progress=progress,
    )
    raise typer.Exit(stabilise(request))


@application.command()
def demo(color: o.Color = Choice.AUTO) -> None:
    """Explore the shipped specification, then a wrong variant of it."""
    with heed() as interruption:
        from splitspec.cli.demo import demonstrate

        raise typer.Exit(demonstrate(color, interruption))


@application.command()
def explain(
    subject: Annotated[
        str, typer.Argument(metavar="CODE|MODEL.action", help="A code as SS203, or an action.")
    ],
    color: o.Color = Choice.AUTO,
) -> None:
    """Explain a diagnostic code, or print an action as it happens, with the source of each line."""
    from splitspec.cli.explain import explain_subject

    raise typer.Exit(explain_subject(subject, color))


@application.command(name="fmt")
def format_files(
    files: Annotated[list[str], typer.Argument(metavar="FILE…", help=".split files.")],
    check_only: Annotated[
        bool, typer.Option("--check", help="Write nothing; fail if a file would change.")
    ] = False,
    color: o.Color = Choice.AUTO,
) -> None:
    """Write specifications in their canonical form."""
    from splitspec.cli.fmt import format_all

    raise typer.Exit(format_all(tuple(files), color, check_only=check_only))


@application.command()
def lint(
    models: o.Models = None,
    prove: o.Prove = False,
    color: o.Color = Choice.AUTO,
) -> None:
    """Point at what is probably not meant: unused names, promises taken for checks, and more."""
    from splitspec.cli.lint import lint_models

    raise typer.Exit(lint_models(tuple(models or ()), prove, color))
