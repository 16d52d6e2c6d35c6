"""In which fields two scenarios differ, gathered into things that a person would change together."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from pydantic import ValidationError

from topologies.spec import written
from topologies.units import AS_TEXT
from workloads.scenario import Scenario

Path: TypeAlias = tuple[str, ...]
Leaves: TypeAlias = dict[Path, object]

THINGS: Mapping[str, tuple[str, ...]] = {
    "price": ("price",),
    "model": ("model",),
    "batch and tokens": (
        "job.tokens", "job.sequence_length", "job.sequences_per_step", "job.sequences_per_micro_batch",
    ),
    "GPU arithmetic": ("cluster.node.gpu",),
    "GPU memory": (
        "cluster.node.gpu.memory_bytes", "cluster.node.gpu.memory_usable_bytes", "cluster.node.gpu.hbm_bytes_per_s",
    ),
    "NVLink": (
        "cluster.node.gpu.nvlink_links", "cluster.node.gpu.nvlink_link_bytes_per_s",
        "cluster.node.gpu.nvlink_achievable_ratio", "cluster.node.gpu.nvlink_domain_gpus",
        "cluster.node.gpu.nvlink_latency_s", "cluster.node.nvlink_nodes",
    ),
    "kernels": ("cluster.node.gpu.kernels",),
    "GPUs and NICs of a node": ("cluster.node",),
    "NIC": ("cluster.node.nic",),
    "network": ("cluster.topology", "cluster"),
    "routing": ("cluster.topology.routing",),
    "number of nodes": ("cluster.nodes",),
    "network faults": ("cluster.faults",),
    "parallel axes": ("layout.tp", "layout.cp", "layout.dp", "layout.pp", "layout.etp", "layout.ep"),
    "schedule": ("layout.schedule",),
    "placement of experts": ("layout.eplb",),
    "cut into stages": ("layout.layers_per_stage",),
    "sharding and exchange": ("layout",),
    "recomputation": ("job.recompute",),
    "number formats": ("job.precision", "model.linear_format", "model.linear_scale"),
    "uneven loads and speeds": ("job.router", "job.gpu_speed_variation"),
    "training software": ("job",),
    "random seed": ("seed",),
    "anything else": (),
}  # fmt: skip
"""What a person would change together -> paths that belong to it; the longest path that fits decides. In this order
one scenario is turned into the other."""
UNSAID = frozenset({"sources", "notes", "title"})
"""Fields that no figure depends on; they go with the thing that they are said of."""
OWN = frozenset({"name", "title", "changes"})
"""Fields of a scenario that say what it is called."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing in which two scenarios differ.

    fields   [field]  path, value of the one, value of the other; "" where a scenario has no such field
    """

    thing: str
    fields: tuple[tuple[str, str, str], ...]


def differences(base: Scenario, other: Scenario) -> tuple[Difference, ...]:
    """Everything in which the two differ and a figure could depend on, in the order of THINGS.

    Names come first, but a difference of names alone is none.
    """
    first, second = leaves(base), leaves(other)
    names: dict[str, list[tuple[str, str, str]]] = {thing: [] for thing in THINGS}
    found: dict[str, list[tuple[str, str, str]]] = {thing: [] for thing in THINGS}
    for path in (*first, *(path for path in second if path not in first)):
        if not _same(first, second, path) and not UNSAID & set(path):
            into = names if path[-1] == "name" else found
            into[thing_of(path)].append((".".join(path), _text(first, path), _text(second, path)))
    return tuple(Difference(thing, (*names[thing], *found[thing])) for thing in THINGS if found[thing])


def turned(base: Scenario, other: Scenario, things: Collection[str]) -> Scenario | None:
    """The base with some things taken from the other, checked again; None where that is no valid scenario.

    What no figure depends on comes from the other wherever the things it is said of do not differ.
    """
    first, second = leaves(base), leaves(other)
    differing = {difference.thing for difference in differences(base, other)}
    tree: dict[str, object] = {}
    for path in (*first, *(path for path in second if path not in first)):
        thing = thing_of(path)
        source = second if thing in things or thing not in differing else first
        if path in source:
            _put(tree, path, source[path])
    try:
        return Scenario.model_validate({**tree, "name": base.name}, context=AS_TEXT)
    except ValidationError:
        return None


def thing_of(path: Path) -> str:
    """What a field belongs to."""
    dotted = ".".join(path)
    fitting = {
        prefix: thing
        for thing, prefixes in THINGS.items()
        for prefix in prefixes
        if f"{dotted}.".startswith(f"{prefix}.")
    }
    return fitting[max(fitting, key=len)] if fitting else "anything else"


def leaves(scenario: Scenario) -> Leaves:
    """Every value of a scenario by its path, what it is called left out."""
    found: Leaves = {}
    for name, value in written(scenario).items():
        if name not in OWN:
            _gather(found, (name,), value)
    return found


def _gather(found: Leaves, path: Path, value: object) -> None:
    """Put a value, or all values inside of it, under their paths."""
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            _gather(found, (*path, str(key)), inner)
    else:
        found[path] = value


def _put(tree: dict[str, object], path: Path, value: object) -> None:
    """Put a value at its path."""
    for key in path[:-1]:
        inner = tree.setdefault(key, {})
        tree = inner if isinstance(inner, dict) else {}
    tree[path[-1]] = value


def _same(first: Leaves, second: Leaves, path: Path) -> bool:
    """Whether both have the field, with the same value."""
    return path in first and path in second and first[path] == second[path]


def _text(of: Leaves, path: Path) -> str:
    """A value as a person writes it."""
    value = of.get(path)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
