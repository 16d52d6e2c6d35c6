"""A page that a person asked for as one HTML file."""

from __future__ import annotations

from pathlib import Path

import typer


def written(file: Path, text: str) -> str:
    """Write the page, with the folder it goes to; return what to tell. Raises typer's usage error."""
    from reports.write import replace

    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        replace(file, text)
    except OSError as error:
        raise typer.BadParameter(f"--html {file} cannot be written: {error.strerror}") from None
    return f"Page: {file}"
