"""How large a cluster may be: its network, its tables and its pictures are built for every GPU."""

from __future__ import annotations

from topologies.units import pretty

MOST_GPUS = 1_000_000
"""GPUs, and ports that they are on. A network of so many is built in about a second and half a GB."""
NETWORK_BYTES_PER_PORT = 300.0
"""Graph of a network of three layers, measured on 131,072 and 524,288 ports."""


class Oversized(Exception):
    """A cluster that is too large to be worked through; the message says what it would take."""


def require_size(gpus: int, ports: int) -> None:
    """Raise Oversized for more GPUs, or ports of the network, than can be worked through; nothing is built for it."""
    if max(gpus, ports) <= MOST_GPUS:
        return
    size = pretty(NETWORK_BYTES_PER_PORT * ports, "bytes")
    raise Oversized(
        f"cluster.nodes: {gpus:,} GPUs on {ports:,} network ports; the network's graph alone would take about {size} "
        f"of memory; up to {MOST_GPUS:,} of each are simulated"
    )
