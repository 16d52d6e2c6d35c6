"""Every uncertain input of a scenario, found by its sources, and the scenario with other values put in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from pydantic import BaseModel

from simulator.uncertainty.inputs import Input, uncertain
from topologies.entry import Entry
from topologies.fields import FrozenDict
from workloads.scenario import Scenario

ENTRIES = (
    "cluster.node.gpu",
    "cluster.node.gpu.kernels",
    "cluster.node.gpu.kernels.all_to_all",
    "cluster.node.nic",
    "cluster.node",
    "cluster.topology.switch",
    "price",
)
"""Parts of a scenario whose values have sources. A model's are its definition, and exact."""
TOLD = frozenset({"name", "title", "sources", "notes", "fit"})
PACE: Mapping[str, int] = {"flop_ratio": 1, "bandwidth_ratio": 1, "start_s": -1, "block_s": -1}
"""Values of a part that make it faster together: rates and achieved shares grow, seconds shrink."""
RATE = "_per_s"
RATIOS = "_ratio"
ABOVE_ONE = frozenset({"traffic_ratio"})
"""Ratios that may exceed 1: all others are achieved shares."""


class Leaf(NamedTuple):
    """One value: the input that moves it, the power with which it does, and the most that it may be."""

    place: int
    power: int
    most: float


Tree: TypeAlias = "dict[str, Tree | Leaf]"


@dataclass(frozen=True, slots=True)
class ScenarioInputs:
    """A scenario's uncertain inputs; `tree` says which values each of them moves."""

    scenario: Scenario
    inputs: tuple[Input, ...]
    tree: Tree

    def put(self, factors: Sequence[float]) -> Scenario:
        """The scenario with each input at a factor times its nominal value, not checked again; factors   [input]."""
        put: Scenario = _scaled(self.scenario, self.tree, factors)  # type: ignore[assignment]
        return put


def inputs_of(scenario: Scenario) -> ScenarioInputs:
    """Collect every value that has a source and is no exact count.

    Values that stand on one source are off together: a family of kernels fitted on one table is faster or slower as a
    whole. Whole numbers are exact unless their source states a spread, and so are sizes in bytes.
    """
    inputs: list[Input] = []
    tree: Tree = {}
    for path in ENTRIES:
        entry = _at(scenario, path)
        if not isinstance(entry, Entry):
            continue
        for key, leaves in _by_source(entry).items():
            alone = leaves == [key]
            powers = {leaf: 1 if alone else _power(leaf) for leaf in leaves}
            moved = {leaf: power for leaf, power in powers.items() if power}
            if not moved:
                continue
            nominal = float(_number(_at(entry, key)) or 1.0) if alone else 1.0
            inputs.append(uncertain(f"{path}.{key}", nominal, entry.sources[key]))
            for leaf, power in moved.items():
                most = _most(leaf, float(_number(_at(entry, leaf)) or 0.0))
                _plant(tree, f"{path}.{leaf}", Leaf(len(inputs) - 1, power, most))
    return ScenarioInputs(scenario, tuple(inputs), tree)


def _by_source(entry: Entry) -> dict[str, list[str]]:
    """Dotted paths of an entry's uncertain values by the key of `sources` that speaks of each."""
    found: dict[str, list[str]] = {}
    for leaf, value in _numbers(entry, ""):
        parts = leaf.split(".")
        above = (".".join(parts[:length]) for length in range(len(parts), 0, -1))
        key = next((path for path in above if path in entry.sources), None)
        if key is None or value == 0 or leaf.endswith("_bytes"):
            continue
        if isinstance(value, int) and (key != leaf or entry.sources[key].spread is None):
            continue
        found.setdefault(key, []).append(leaf)
    return found


def _numbers(value: object, path: str) -> Iterator[tuple[str, float | int]]:
    """Every number of an entry by dotted path; entries inside it have sources of their own."""
    if isinstance(value, BaseModel):
        inner = {name: getattr(value, name) for name in type(value).model_fields if name not in TOLD}
    elif isinstance(value, dict):
        inner = value
    else:
        number = _number(value)
        if number is not None:
            yield path, number
        return
    for name, one in inner.items():
        if not isinstance(one, Entry):
            yield from _numbers(one, f"{path}.{name}" if path else name)


def _number(value: object) -> float | int | None:
    """A number as it is, None for all else."""
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _power(leaf: str) -> int:
    """How a value follows the pace of the part that it belongs to; 0 if it does not."""
    name = leaf.rpartition(".")[2]
    return 1 if name.endswith(RATE) else PACE.get(name, 0)


def _most(leaf: str, nominal: float) -> float:
    """An achieved share stays a share."""
    name = leaf.rpartition(".")[2]
    return 1.0 if name.endswith(RATIOS) and name not in ABOVE_ONE and nominal <= 1 else float("inf")


def _at(value: object, path: str) -> object:
    """What stands at a dotted path."""
    for name in path.split("."):
        value = value[name] if isinstance(value, dict) else getattr(value, name)
    return value


def _plant(tree: Tree, path: str, leaf: Leaf) -> None:
    """Put a leaf into the tree."""
    *above, last = path.split(".")
    for name in above:
        inner = tree.setdefault(name, {})
        if isinstance(inner, Leaf):
            raise ValueError(f"{path} lies inside a value")
        tree = inner
    tree[last] = leaf


def _scaled(value: object, tree: Tree | Leaf, factors: Sequence[float]) -> object:
    """A value with its leaves scaled."""
    if isinstance(tree, Leaf):
        return min((_number(value) or 0.0) * factors[tree.place] ** tree.power, tree.most)
    if isinstance(value, dict):
        return FrozenDict({**value, **{name: _scaled(value[name], inner, factors) for name, inner in tree.items()}})
    new = {name: _scaled(getattr(value, name), inner, factors) for name, inner in tree.items()}
    return value.model_copy(update=new) if isinstance(value, BaseModel) else value
