"""The `clustercast` command: finds the commands beside it and turns errors into exit codes."""

from __future__ import annotations

import importlib
import os
import pkgutil
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.exceptions import TyperException

import cli
from cli.exits import ExitCode, code_of
from cli.options import spread


class Guarded(TyperGroup):
    """Commands whose errors end in one clear message and an exit code, never in a traceback."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command; an error that is not typer's own is explained on stderr."""
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
            return result
        except (typer.Exit, typer.Abort, TyperException):
            raise
        except BrokenPipeError:
            # The reader of a pipe left early (`| head`): it has what it wanted.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(ExitCode.DONE) from None
        except (KeyboardInterrupt, Exception) as error:
            if ctx.params.get("debug"):
                traceback.print_exc()
            raise typer.Exit(explain(error)) from None


def explain(error: BaseException) -> ExitCode:
    """Say on stderr what went wrong, in the user's words; return the exit code."""
    code = code_of(error)
    message = str(error) or type(error).__name__
    if code is ExitCode.BUG:
        message = (
            f"this is a bug in clustercast, not in your input: {type(error).__name__}: {message}\n"
            f"The traceback is in {save_traceback()}; please report it."
        )
    elif isinstance(error, KeyboardInterrupt):
        message = "interrupted"
    elif isinstance(error, MemoryError):
        message = "not enough memory for a request of this size"
    typer.echo(f"clustercast: {message}", err=True)
    return code


def save_traceback() -> str:
    """Write the traceback of the error being handled to a new file; return its path."""
    handle, path = tempfile.mkstemp(prefix="clustercast-bug-", suffix=".txt", text=True)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(traceback.format_exc())
    return path


def commands() -> Iterator[tuple[str, Callable[..., None]]]:
    """Name and function of every command: a module of `cli` with a function of the module's own name."""
    for module in sorted(module.name for module in pkgutil.iter_modules(cli.__path__)):
        command = getattr(importlib.import_module(f"cli.{module}"), module, None)
        if callable(command) and module != "main":
            yield module.replace("_", "-"), command


def build() -> typer.Typer:
    """Assemble the application from the commands found."""
    app = typer.Typer(
        name="clustercast",
        cls=Guarded,
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    for name, command in commands():
        app.command(name)(spread(command))
    app.callback()(everywhere)
    return app


def everywhere(
    debug: Annotated[bool, typer.Option(help="On an error, print the traceback as well.")] = False,
) -> None:
    """Predict time, cost and memory of large mixture-of-experts training from one YAML scenario."""


def main() -> None:
    """Entry point of the `clustercast` command; ends the process with one of cli.exits' codes."""
    try:
        build()(prog_name="clustercast")
    except SystemExit as end:
        interrupted_by_typer = 130
        sys.exit(ExitCode.INCOMPLETE if end.code == interrupted_by_typer else end.code)


if __name__ == "__main__":
    main()
