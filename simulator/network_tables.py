"""What a step's traffic does to the network: rates left by pattern, how full links are, what one fault costs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from simulator.flows.faults import Fault, remains, with_faults
from simulator.flows.faults import vertex as links_of_vertex
from simulator.load.contention import Carried, carried, fabric_of, site_of
from simulator.plan import planned
from simulator.refusal import Refused
from simulator.result import Result
from simulator.run import simulate
from topologies.fabric import Fabric, Ints
from topologies.layers import levels
from workloads.faults import NetworkFault
from workloads.scenario import Scenario

HOTTEST = 10
LAYERS = ("port", "leaf", "second-layer switch", "third-layer switch")
FULL = 0.999


@dataclass(frozen=True, slots=True)
class Names:
    """Vertices of a fabric as people call them.

    layer   [vertex]  0 for a network port, then by distance from the ports;  plane   [vertex]
    """

    fabric: Fabric
    per_node: int
    layer: Ints
    plane: Ints

    def of(self, vertex: int) -> str:
        """ "node 3 port 5", "leaf 7 (plane 2)"."""
        if vertex < self.fabric.endpoints:
            return f"node {vertex // self.per_node} port {vertex % self.per_node}"
        where = f" (plane {self.plane[vertex]})" if self.plane.max() > 0 else ""
        return f"{LAYERS[min(int(self.layer[vertex]), 3)]} {vertex - self.fabric.endpoints}{where}"


def names_of(fabric: Fabric, per_node: int) -> Names:
    """Find each vertex's layer and its plane."""
    planes = np.zeros(fabric.vertices, np.int32)
    planes[fabric.link_from] = fabric.link_plane
    return Names(fabric, per_node, levels(fabric), planes)


def patterns_table(found: Sequence[Carried]) -> pd.DataFrame:
    """How much of its port's rate each kind of traffic reaches.

    returns  [pattern]  traffic, flows, slowest_ratio (of the slowest group), mean_ratio
    """
    rows = [(one.pattern.name, one.pattern.flows.flows, one.ratio, float(one.group_ratio.mean())) for one in found]
    return pd.DataFrame(rows, columns=["traffic", "flows", "slowest_ratio", "mean_ratio"])


def links_table(found: Sequence[Carried], names: Names) -> pd.DataFrame:
    """How full the links between each two layers are, pattern by pattern.

    returns  [pattern x layers]  traffic, links (from which layer to which), number, mean_share, most_share
    """
    fabric, rows = names.fabric, []
    kinds = names.layer[fabric.link_from] * len(LAYERS) + names.layer[fabric.link_to]
    for one in found:
        for kind in np.unique(kinds).tolist():
            used = one.used[kinds == kind]
            low, high = divmod(kind, len(LAYERS))
            where = f"{LAYERS[low]} to {LAYERS[high]}"
            rows.append((one.pattern.name, where, len(used), float(used.mean()), float(used.max())))
    return pd.DataFrame(rows, columns=["traffic", "links", "number", "mean_share", "most_share"])


def hottest_table(found: Sequence[Carried], names: Names) -> pd.DataFrame:
    """The fullest links between switches, by name, with the flows that meet there; empty where nothing collides.

    returns  [link]  traffic, from, to, used_share, over_mean (how many times as full as the mean of its kind)
    """
    fabric, rows = names.fabric, []
    inner = (fabric.link_from >= fabric.endpoints) & (fabric.link_to >= fabric.endpoints)
    for one in found:
        mean = float(one.used[inner].mean()) if inner.any() else 0.0
        if one.ratio >= FULL or not mean:
            continue
        for link in np.flatnonzero(inner)[np.argsort(-one.used[inner], kind="stable")[:HOTTEST]].tolist():
            ends = names.of(int(fabric.link_from[link])), names.of(int(fabric.link_to[link]))
            rows.append((one.pattern.name, *ends, float(one.used[link]), float(one.used[link] / mean)))
    return pd.DataFrame(rows, columns=["traffic", "from", "to", "used_share", "over_mean"])


def heat(one: Carried, names: Names) -> pd.DataFrame:
    """How full the uplinks of the leaves are in the plane with the fullest link: a map of leaf and uplink.

    returns  [leaf x uplink]  leaf, uplink, used_share; empty where there is no layer above the leaves
    """
    fabric = names.fabric
    up = (names.layer[fabric.link_from] == 1) & (names.layer[fabric.link_to] == 2)
    if not up.any():
        return pd.DataFrame(columns=["leaf", "uplink", "used_share"])
    fullest = fabric.link_plane[np.flatnonzero(up)[one.used[up].argmax()]]
    links = np.flatnonzero(up & (fabric.link_plane == fullest))
    frame = pd.DataFrame({"leaf": fabric.link_from[links] - fabric.endpoints, "used_share": one.used[links]})
    frame.insert(1, "uplink", frame.groupby("leaf").cumcount())
    return frame


def faults_table(scenario: Scenario, names: Names) -> pd.DataFrame:
    """The step with one part of the network gone, part by part; what fails first is the first line that does not run.

    returns  [fault]  fault, pairs_ratio (of pairs of ports that still reach each other over the network), ports_ratio
             (of the ports' rate), step_s, change_ratio (None where the step cannot run)
    """
    base_s = simulate(planned(scenario)).step.makespan_s
    rows: list[tuple[str, float, float, float | None, float | None]] = [("none", 1.0, 1.0, base_s, 0.0)]
    for title, fault, links in _single_faults(names):
        left = remains(names.fabric, with_faults(names.fabric, [Fault(links)], 0.0))
        try:
            step_s = simulate(planned(_with(scenario, fault))).step.makespan_s
            rows.append((title, left.pairs_ratio, left.ports_ratio, step_s, step_s / base_s - 1))
        except Refused:
            rows.append((title, left.pairs_ratio, left.ports_ratio, None, None))
    return pd.DataFrame(rows, columns=["fault", "pairs_ratio", "ports_ratio", "step_s", "change_ratio"])


def _single_faults(names: Names) -> list[tuple[str, NetworkFault, tuple[int, ...]]]:
    """One port, one switch of each layer, one plane: the first of each."""
    fabric = names.fabric
    found = [("one network port", NetworkFault(part="nic", number=0), links_of_vertex(fabric, 0))]
    for layer in range(1, int(names.layer.max()) + 1):
        first = int(np.flatnonzero(names.layer == layer)[0])
        fault = NetworkFault(part="switch", number=first - fabric.endpoints)
        found.append((f"one {LAYERS[min(layer, 3)]}", fault, links_of_vertex(fabric, first)))
    if fabric.link_plane.max() > 0:
        links = tuple(np.flatnonzero(fabric.link_plane == 0).tolist())
        found.append(("one plane", NetworkFault(part="plane", number=0), links))
    return found


def _with(scenario: Scenario, fault: NetworkFault) -> Scenario:
    """The scenario with one more fault."""
    faults = (*scenario.cluster.faults, fault)
    return scenario.model_copy(update={"cluster": scenario.cluster.model_copy(update={"faults": faults})})


def with_network(result: Result, scenario: Scenario) -> Result:
    """The result with the step's traffic followed flow by flow. Raises Refused where nodes reach no other."""
    return replace(result, tables={**result.tables, **tables(scenario)})


def side_by_side(scenarios: Mapping[str, Scenario], say: Callable[[str], None]) -> dict[str, pd.DataFrame]:
    """The same tables of several scenarios, each with a first column that says whose rows they are."""
    frames: dict[str, list[pd.DataFrame]] = {}
    for label, scenario in scenarios.items():
        say(f"Following every flow of {label}")
        for name, frame in tables(scenario).items():
            labelled = frame.copy()
            labelled.insert(0, "scenario", label)
            frames.setdefault(name, []).append(labelled)
    return {
        name: pd.concat([one for one in found if len(one)] or found[:1], ignore_index=True)
        for name, found in frames.items()
    }


def tables(scenario: Scenario) -> dict[str, pd.DataFrame]:
    """All of them by name, for a result. Raises Refused where nodes reach no other."""
    fabric = fabric_of(scenario.cluster)
    names = names_of(fabric, site_of(scenario.cluster).ports)
    found = carried(scenario)
    inner = (fabric.link_from >= fabric.endpoints) & (fabric.link_to >= fabric.endpoints)
    worst = min(found, key=lambda one: (one.ratio, -float(one.used[inner].max(initial=0.0))), default=None)
    return {
        "network_patterns": patterns_table(found),
        "network_links": links_table(found, names),
        "network_hottest": hottest_table(found, names),
        "network_heat": heat(worst, names) if worst else pd.DataFrame(columns=["leaf", "uplink", "used_share"]),
        "network_faults": faults_table(scenario, names),
    }
