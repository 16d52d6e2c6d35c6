"""What a cluster draws: GPUs by what they do, servers, network, and the site around them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from simulator.budget import by_rank, mean_parts
from simulator.chunks import COMPUTE
from simulator.pipeline import content
from simulator.plan import Plan
from simulator.refusal import Refused
from simulator.run import Key, Played, trace_inside
from topologies.cables import CO_PACKAGED
from topologies.units import parse
from workloads.power import Power
from workloads.scenario import Cluster
from workloads.site import Site

KILOWATT_HOUR_J = parse("1 kWh", "J")
PASSIVE = frozenset({"copper", "dac"})
"""Classes of cables without a module at their ends; every other class has one at each."""


class Doing(NamedTuple):
    """Seconds of a step by what a GPU does, mean over pipeline ranks.

    computing_s      at least one kernel computes;  communicating_s   it only sends, receives or waits for its chunk's
                     transfers or for others;  idle_s   nothing runs
    """

    computing_s: float
    communicating_s: float
    idle_s: float

    @property
    def total_s(self) -> float:
        """The whole step."""
        return self.computing_s + self.communicating_s + self.idle_s


@dataclass(frozen=True, slots=True)
class Drawn:
    """Watts of a cluster's computers by part, on average, and of the site around them."""

    gpus_w: float
    servers_w: float
    network_w: float
    pue_ratio: float

    @property
    def computers_w(self) -> float:
        """All that is switched on."""
        return self.gpus_w + self.servers_w + self.network_w

    @property
    def cooling_w(self) -> float:
        """Cooling, conversion and light of the site."""
        return self.computers_w * (self.pue_ratio - 1)

    @property
    def site_w(self) -> float:
        """At the meter."""
        return self.computers_w + self.cooling_w


@dataclass(frozen=True, slots=True)
class Energy:
    """What a cluster takes over some time, with the carbon of its grid and the price of its electricity."""

    drawn: Drawn
    seconds: float
    co2_kg: float
    electricity_usd: float

    @property
    def kilowatt_hours(self) -> float:
        """At the meter."""
        return self.drawn.site_w * self.seconds / KILOWATT_HOUR_J


def doing(plan: Plan, played: Played) -> Doing:
    """Where a step's time goes, mean over pipeline ranks, from the chunks as played.

    The bubble is idle, although a rank that polls for a message draws more: a lower bound. Kernels compute for the
    share of each chunk in which any does, and during the optimiser's update; the rest of the step communicates.
    """
    ranks = len(plan.orders)
    idle_s = mean_parts(by_rank(played, ranks))["bubble"]
    counts = Counter(content(step) for order in plan.orders for step in order)
    chunks_s = sum(number * _computing_s(plan, played, key) for key, number in counts.items())
    updates_s = sum(finish.update_s for finish in plan.finish)
    busy_s = played.step.makespan_s - idle_s
    computing_s = min((chunks_s + updates_s) / ranks, busy_s)
    return Doing(computing_s, busy_s - computing_s, idle_s)


def _computing_s(plan: Plan, played: Played, key: Key) -> float:
    """Seconds of a chunk in which a kernel of one rank computes."""
    trace = trace_inside(plan, played, key)
    computes = np.array([stream == COMPUTE for stream in trace.streams], bool)[trace.stream]
    return min(trace.covered_s(computes), played.inside[key].seconds)


def drawn(cluster: Cluster, power: Power, site: Site, work: Doing | None) -> Drawn:
    """Average power of a cluster at its work, or with its GPUs idle where there is none.

    Raises Refused where the power is that of another GPU, TopologyError where the network cannot be counted.
    """
    require_gpu(power.gpu, cluster, f"power of {power.name}")
    return Drawn(
        gpus_w=cluster.gpus * gpu_w(power, work),
        servers_w=cluster.nodes * power.server_w,
        network_w=network_w(cluster, power),
        pue_ratio=site.pue_ratio,
    )


def gpu_w(power: Power, work: Doing | None) -> float:
    """Average power of one GPU: each state's by its share of the step."""
    if work is None:
        return power.gpu_idle_w
    spent_j = (
        work.computing_s * power.gpu_computing_w
        + work.communicating_s * power.gpu_communicating_w
        + work.idle_s * power.gpu_idle_w
    )
    return spent_j / work.total_s


def network_w(cluster: Cluster, power: Power) -> float:
    """Switches and the optics at both ends of optical cables; 0 where NVLink alone joins the nodes."""
    topology = cluster.topology
    if not topology.bought_apart:
        return 0.0
    endpoints = topology.endpoints_of(cluster.node, cluster.nodes)
    cabling = topology.cabling(endpoints)
    cables = [*cabling.endpoints.items(), *cabling.links.items()]
    ends_w = sum(2 * number * _end_w(cable, power) for cable, number in cables)
    return topology.count(endpoints).switches * power.switch_w + ends_w


def _end_w(cable: str, power: Power) -> float:
    """What sits at one end of a cable of this class."""
    if cable in PASSIVE:
        return 0.0
    return power.co_packaged_w if cable == CO_PACKAGED else power.optic_w


def energy(draws: Drawn, site: Site, seconds: float) -> Energy:
    """What is drawn for so long, its carbon and its price."""
    joules = draws.site_w * seconds
    return Energy(draws, seconds, joules * site.grid_kg_per_j, joules * site.electricity_usd_per_j)


def require_gpu(gpu: str, cluster: Cluster, what: str) -> None:
    """Raise Refused where a price or power is of another GPU than the cluster's."""
    if gpu != cluster.node.gpu.name:
        raise Refused(f"{what} is of {gpu}, but the cluster's GPU is {cluster.node.gpu.name}; write one of that GPU")
