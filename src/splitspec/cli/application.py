"""The application: its commands, and what becomes of an exception that none of them handled."""

from __future__ import annotations

import faulthandler
import gc
import os
import signal
import sys
from typing import Annotated

import typer

from splitspec import __version__
from splitspec.cli.commands import exploration, gating, pictures, proof, refinement, text
from splitspec.cli.exitcode import ExitCode
from splitspec.cli.screen import install_screens

NEW_OBJECTS_MAX = 50_000
"""The collector of garbage looks for cycles after so many new objects, 700 by default. Programs,
terms and classes are there to stay, and looking through them again and again found nothing."""

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
    if not install_screens():
        print("error: the results cannot be written: stdout is closed", file=sys.stderr)
        sys.exit(ExitCode.INTERNAL)
    # A crash of native code leaves no exception; this says at least where it was.
    faulthandler.enable()
    gc.set_threshold(NEW_OBJECTS_MAX, *gc.get_threshold()[1:])
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
    """Run, and write out what is still in the buffer while an error can be reported.

    Typer takes some exceptions for a prompt that somebody left, and ends with 1, which is the code
    of a violation; they are what they were.
    """
    try:
        application()
    except SystemExit as end:
        if isinstance(end.__context__, typer.Abort):
            raise (end.__context__.__cause__ or KeyboardInterrupt) from None
        raise
    finally:
        sys.stdout.flush()


@application.callback(invoke_without_command=True)
def root(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if version:
        print(f"splitspec {__version__}")
        raise typer.Exit


# The order is that of the help.
application.command()(exploration.check)
application.command()(exploration.simulate)
application.command()(proof.prove)
application.command()(proof.mutate)
application.command()(proof.stability)
application.command()(refinement.refine)
application.command()(refinement.conform)
application.command()(refinement.replay)
application.command()(gating.gate)
application.command()(gating.lock)
application.command()(gating.diff)
application.command()(text.demo)
application.command()(text.explain)
application.command()(text.export)
application.command()(pictures.view)
application.command("fmt")(text.format_files)
application.command()(text.lint)
