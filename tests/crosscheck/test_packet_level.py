"""How optimistic a fluid model is: packet-level completion times beside ours, on the same shapes.

The figures are those of a packet-level simulation (csg-htsim; three-tier fat tree, 400 Gb/s links, MTU 4096, one seed),
as handed to this project in its ground truth; `ratio` is completion time over the time the ports need at least.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest

from simulator.flows.demand import all_to_all
from simulator.flows.routing import Ecmp, Routing, Spray
from simulator.flows.run import Setting, run
from tests.small_fabrics import RATE_BYTES_PER_S, fat_tree

LINK_BYTES_PER_S = 50e9
SEEDS = range(20)


class Packets(NamedTuple):
    """One packet-level run, and the optimism that we state for its kind: packets over fluid."""

    hosts: int
    ports: int
    pair_bytes: float
    transport: str
    ratio: float
    optimism: tuple[float, float]


PACKETS = (
    Packets(16, 4, 1_000_000, "NDP, packet spray", 1.082, (1.05, 1.12)),
    Packets(16, 4, 1_000_000, "RoCE, ECMP per flow", 1.479, (1.0, 1.3)),
    Packets(128, 8, 65_536, "NDP, packet spray", 1.261, (1.2, 1.3)),
    Packets(128, 8, 65_536, "RoCE, ECMP per flow", 1.513, (1.2, 1.35)),
)
"""The small messages of 128 hosts are worse than the long ones of 16: start-up and incast, which fluids do not have."""


def fluid_ratio(hosts: int, ports: int, pair_bytes: float, routing: Routing) -> float:
    """Our completion time over that of the ports; it does not depend on the rate, so the small fabrics serve."""
    tree = fat_tree(hosts, ports, 3, latency_s=0.0)
    done = run(tree, all_to_all(np.full((hosts, hosts), pair_bytes)), Setting(routing))
    return done.makespan_s / ((hosts - 1) * pair_bytes / RATE_BYTES_PER_S)


@pytest.mark.parametrize("packets", PACKETS, ids=lambda packets: f"{packets.hosts} {packets.transport}")
def test_the_fluid_is_as_optimistic_as_stated(packets: Packets) -> None:
    """Sprayed, the fluid reaches the ports' time; hashed, it sees collisions, but no queues and no retransmissions."""
    shape = (packets.hosts, packets.ports, packets.pair_bytes)
    ways = [Spray()] if "spray" in packets.transport else [Ecmp(seed) for seed in SEEDS]
    ratios = [fluid_ratio(*shape, way) for way in ways]
    low, high = packets.optimism
    print(f"{packets}: fluid {min(ratios):.3f} to {max(ratios):.3f}, mean {np.mean(ratios):.3f}, "
          f"optimism {packets.ratio / np.mean(ratios):.3f}")  # fmt: skip
    assert low <= packets.ratio / np.mean(ratios) <= high


def test_the_ports_need_what_the_packet_runs_take_as_ideal() -> None:
    """15 MB and 127 x 64 KiB at 50 GB/s: 300 and 166.5 us; 301.1 and 166.5 are written there."""
    long_s, short_s = 15 * 1e6 / LINK_BYTES_PER_S, 127 * 65_536 / LINK_BYTES_PER_S
    assert (long_s, short_s) == pytest.approx((301.1e-6, 166.5e-6), rel=0.005)
