"""`clustercast version`: which version this is, and of what it is made."""

from __future__ import annotations

from typing import Annotated

import typer


def version(
    parts: Annotated[bool, typer.Option("--all", help="Also Python and every library it runs on.")] = False,
) -> None:
    """Print the version of clustercast."""
    from reports.versions import NAME, versions

    for name, number in versions().items():
        if name == NAME:
            print(number)
        elif parts:
            print(f"{name} {number}")
