"""What a YAML file asks, told by its fields alone: a scenario of a step, a whole run, a service, a sweep."""

from __future__ import annotations

from pathlib import Path

from topologies.nodes import Node, Scalar, Table
from topologies.reading import read_file
from workloads.scenario import catalogue

RUN_FIELDS = frozenset({"phases", "scenario"})
SERVICE_FIELDS = frozenset({"prefill", "decode", "whole", "typical", "promises"})
SWEEP_FIELDS = frozenset({"design", "overrides", "scenarios", "detail"})
"""Fields that only a file of this kind has."""
RUNS, SERVICES = "runs", "services"
"""Groups of the catalogue that a file's `base` may be in."""


def is_run(path: Path) -> bool:
    """Whether a file describes a run rather than a scenario. Raises InvalidInput where it cannot be read."""
    return _is(path, RUN_FIELDS, RUNS)


def is_service(path: Path) -> bool:
    """Whether a file describes a service. Raises InvalidInput where it cannot be read."""
    return _is(path, SERVICE_FIELDS, SERVICES)


def is_sweep(path: Path) -> bool:
    """Whether a file describes a sweep. Raises InvalidInput where it cannot be read."""
    return _is(path, SWEEP_FIELDS, None)


def _is(path: Path, own: frozenset[str], group: str | None) -> bool:
    """Whether a file has one of these fields, or builds on an entry of the group."""
    root: Node = read_file(path).root
    if not isinstance(root, Table):
        return False
    if not root.entries.keys().isdisjoint(own):
        return True
    base = root.entries["base"].node if "base" in root.entries else None
    return group is not None and isinstance(base, Scalar) and catalogue(path).find(group, str(base.value)) is not None
