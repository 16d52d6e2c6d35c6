"""`clustercast version`: which version this is, and of what it is made."""

from __future__ import annotations

import importlib.metadata
import platform
import re
from typing import Annotated

import typer


def version(
    parts: Annotated[bool, typer.Option("--all", help="Also Python and every library it runs on.")] = False,
) -> None:
    """Print the version of clustercast."""
    print(importlib.metadata.version("clustercast"))
    if parts:
        print(f"python {platform.python_version()}")
        for requirement in sorted(importlib.metadata.requires("clustercast") or ()):
            library = re.split(r"[^\w.-]", requirement, maxsplit=1)[0]
            print(f"{library} {importlib.metadata.version(library)}")
