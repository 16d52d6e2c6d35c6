"""Candidates whose step stays short enough when a part of the network is lost."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from simulator.estimates.estimator import Estimator
from simulator.planner.cluster import Cluster
from simulator.planner.found import Candidate
from simulator.refusal import Refused
from topologies.kinds.base import TopologyError
from workloads.faults import NetworkFault
from workloads.plan_limits import Survives
from workloads.schedule import ScheduleError

Tell = Callable[[str, int, int], None]
DOING = "Losing a part of the network"


def surviving(
    clusters: Mapping[int, Cluster], candidates: Iterable[Candidate], survives: Survives, number: int, tell: Tell
) -> list[Candidate]:
    """The best that keep their step within the limit, up to one more than `number`. Raises Refused where none does."""
    found: list[Candidate] = []
    slowest: list[float] = []
    for candidate in candidates:
        tell(DOING, len(found), number + 1)
        slower = slower_share(clusters[candidate.cluster], candidate, survives)
        slowest.append(slower)
        if slower <= survives.most_slower_share:
            found.append(candidate)
        if len(found) > number:
            break
    if not found:
        raise Refused(
            f"no candidate survives a lost {survives.part} with a step at most "
            f"{100 * survives.most_slower_share:.0f} % slower: the best is {100 * min(slowest):.0f} % slower"
        )
    return found


def slower_share(cluster: Cluster, candidate: Candidate, survives: Survives) -> float:
    """By how much the step is slower with the part lost; infinite where that cuts the cluster apart or is not there."""
    fault = NetworkFault(part=survives.part, number=0)
    broken = cluster.setting.cluster.model_copy(update={"faults": (*cluster.setting.cluster.faults, fault)})
    try:
        found = Estimator(cluster.setting.model_copy(update={"cluster": broken})).estimate(candidate.choice)
    except (Refused, ScheduleError, TopologyError):
        return float("inf")
    return found.step_s / candidate.step_s - 1
