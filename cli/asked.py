"""What a person typed: which file, and `--with path=value` changes."""

from __future__ import annotations

from collections.abc import Sequence

import typer

from workloads.asked import (
    compared_file,
    question_file,
    read_run,
    read_scenario,
    read_service,
    require_no_sweep,
    runnable_file,
    scenario_file,
    service_file,
    sweep_file,
)

__all__ = [
    "changes_of",
    "compared_file",
    "question_file",
    "read_run",
    "read_scenario",
    "read_service",
    "require_no_sweep",
    "runnable_file",
    "scenario_file",
    "service_file",
    "sweep_file",
]


def changes_of(words: Sequence[str]) -> dict[str, object]:
    """`--with` arguments as dotted path -> value as YAML reads it.

    Raises typer's usage error for one without `=` or twice the same path, InvalidInput for a value that is no YAML.
    """
    from topologies.nodes import plain
    from topologies.reading import read_text

    changes: dict[str, object] = {}
    for word in words:
        path, equals, text = word.partition("=")
        if not (path and equals):
            raise typer.BadParameter(f"read `{word}`; write `path=value`, for example layout.schedule.kind=1f1b")
        if path in changes:
            raise typer.BadParameter(f"`{path}` is given twice")
        value = plain(read_text(f"value: {text}", f"--with {path}").root)
        changes[path] = value.get("value") if isinstance(value, dict) else value
    return changes
