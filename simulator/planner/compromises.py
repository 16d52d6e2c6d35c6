"""Several objectives: which candidates no other beats in everything, and what the best of each objective costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from simulator.planner.answer_tables import UNITS, label
from simulator.planner.cluster import Cluster
from simulator.planner.found import Candidate
from simulator.planner.worth import front
from topologies.units import pretty
from workloads.plan_question import Objective

MORE: Mapping[Objective, str] = {
    "time": "slower", "cost": "dearer", "gpu-time": "more GPU time", "energy": "more energy",
}  # fmt: skip


def compromises(
    chosen: Candidate,
    ranked: Sequence[Candidate],
    clusters: Mapping[int, Cluster],
    objectives: Sequence[Objective],
) -> str:
    """By which objective the choice is the choice, and the best by each of the others with both figures."""
    ahead = [one for one in ranked if one.values in set(front([one.values for one in ranked]))]
    first = objectives[0]
    said = [f"The choice is the one of least {first}, by which candidates are placed."]
    if len(ahead) == 1:
        return f"{said[0]} No other candidate is better in anything else."
    said.append(f"{len(ahead)} candidates are beaten by no other in everything (marked as compromises).")
    for at, objective in enumerate(objectives[1:], start=1):
        best = min(ahead, key=lambda one: one.values[at])
        if best.values[at] >= chosen.values[at]:
            said.append(f"It is also the one of least {objective}.")
            continue
        ratio, less = best.values[0] / chosen.values[0] - 1, 1 - best.values[at] / chosen.values[at]
        told = f"{pretty(best.values[at], UNITS[objective])} ({100 * less:.1f} % less)"
        price = f"{pretty(best.values[0], UNITS[first])} ({100 * ratio:.1f} % {MORE[first]})"
        said.append(f"Least {objective}: {label(best, clusters[best.cluster])}: {told} for {price}.")
    return " ".join(said)
