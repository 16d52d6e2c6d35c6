"""Which version of what an installation is made of."""

from __future__ import annotations

import importlib.metadata
import platform
import re

NAME = "clustercast"


def version() -> str:
    """Version of clustercast."""
    return importlib.metadata.version(NAME)


def versions() -> dict[str, str]:
    """Version of clustercast, of Python and of every library it runs on, `not installed` for an extra that is not."""
    found = {NAME: version(), "python": platform.python_version()}
    for requirement in sorted(importlib.metadata.requires(NAME) or ()):
        library = re.split(r"[^\w.-]", requirement, maxsplit=1)[0]
        try:
            found[library] = importlib.metadata.version(library)
        except importlib.metadata.PackageNotFoundError:
            found[library] = "not installed"
    return found
