"""Groups of the catalogue as a person types them."""

from __future__ import annotations

from collections.abc import Iterable

import typer

from workloads.groups import entry_kinds, meant_group, plugin_kinds

__all__ = ["entry_kinds", "group_named", "plugin_kinds"]


def group_named(text: str, groups: Iterable[str]) -> str:
    """Group that a person means by its name, in singular or plural. Raises typer's usage error if there is none."""
    from topologies.problems import InvalidInput

    try:
        return meant_group(text, groups)
    except InvalidInput as refused:
        raise typer.BadParameter(refused.problems[0].message) from None
