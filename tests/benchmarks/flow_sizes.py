"""One large all-to-all in a process of its own: `python -m tests.benchmarks.flow_sizes HOSTS PORTS` prints figures."""

from __future__ import annotations

import json
import resource
import sys
import time

import numpy as np

from simulator.flows.demand import all_to_all
from simulator.flows.routing import Ecmp, route
from simulator.flows.sharing import Load, Windows, play, rates_bytes_per_s
from tests.small_fabrics import fat_tree


def peak_bytes() -> float:
    """Most memory that this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024.0


def loaded(hosts: int, ports: int) -> Load:
    """All-to-all of random sizes through three layers, hashed."""
    tree = fat_tree(hosts, ports, 3)
    flows = all_to_all(np.random.default_rng(0).uniform(1e4, 1e6, (hosts, hosts)))
    routed = route(tree, flows, Ecmp())
    lanes = np.zeros(flows.flows, np.uint8)
    return Load(routed.paths, tree.link_bytes_per_s, flows.size_bytes, routed.latency_s, lanes)


def main(hosts: int, ports: int) -> dict[str, float]:
    """Seconds to route, to play in windows of 1 % and to solve once; memory above what imports and compiling need."""
    small = loaded(40, 8)
    play(small, Windows(0.01))
    rates_bytes_per_s(small)
    base_bytes = peak_bytes()
    begin_s = time.perf_counter()
    load = loaded(hosts, ports)
    routed_s = time.perf_counter()
    played = play(load, Windows(0.01))
    played_s = time.perf_counter()
    solves_s = []
    for _ in range(3):
        again_s = time.perf_counter()
        rates_bytes_per_s(load)
        solves_s.append(time.perf_counter() - again_s)
    return {
        "flows": load.paths.flows,
        "route_s": routed_s - begin_s,
        "play_s": played_s - routed_s,
        "solve_s": min(solves_s),
        "peak_mb": (peak_bytes() - base_bytes) / 1e6,
        "error_mean_ratio": played.error.mean_ratio if played.error else 0.0,
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(*(int(argument) for argument in sys.argv[1:]))))
