"""Layouts whose step stays short enough when a part of the network is lost, looked for on every cluster."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

import pandas as pd

from simulator.estimates.estimator import Estimator
from simulator.load.patterns import CutOff
from simulator.planner.cluster import Cluster
from simulator.planner.found import ESTIMATED, Candidate, Found, best
from simulator.refusal import Refused
from topologies.kinds.base import TopologyError
from workloads.faults import NetworkFault
from workloads.plan_limits import Survives
from workloads.schedule import ScheduleError

Tell = Callable[[str, int, int], None]
Key: TypeAlias = tuple[int, tuple[int | str, ...]]
Search = Callable[[Sequence[Cluster], int], Found]
DOING = "Losing a part of the network"
DEEPER = 8
"""Times as many layouts of a cluster are tested before it is given up, where none of its fastest survives."""


class Survivors(NamedTuple):
    """What was found, with the candidates that survive alone; shares by which steps are slower; clusters given up."""

    found: Found
    slower: Mapping[Key, float]
    left_out: Counter[str]


def key(candidate: Candidate) -> Key:
    """What a candidate is known by."""
    return candidate.cluster, candidate.key


@dataclass(slots=True)
class Losing:
    """Candidates with a part of the network lost, each estimated once.

    slower   by which share a step is slower;  cut   cluster -> why it is no cluster any more, then nothing is estimated
    """

    survives: Survives
    clusters: Mapping[int, Cluster]
    tell: Tell
    slower: dict[Key, float] = field(default_factory=dict)
    cut: dict[int, str] = field(default_factory=dict)
    by: dict[int, Estimator] = field(default_factory=dict)

    def share(self, one: Candidate) -> float:
        """By how much the step is slower; infinite where the part is not there, or nodes are cut off without it."""
        if key(one) not in self.slower:
            self.slower[key(one)] = math.inf if one.cluster in self.cut else self._estimated(one)
        return self.slower[key(one)]

    def _estimated(self, one: Candidate) -> float:
        """The step without the part over the step with it, less one."""
        if one.cluster not in self.by:
            setting = self.clusters[one.cluster].setting
            fault = NetworkFault(part=self.survives.part, number=0)
            broken = setting.cluster.model_copy(update={"faults": (*setting.cluster.faults, fault)})
            self.by[one.cluster] = Estimator(setting.model_copy(update={"cluster": broken}))
        try:
            return self.by[one.cluster].estimate(one.choice).step_s / one.step_s - 1
        except CutOff:
            self.cut[one.cluster] = f"with a lost {self.survives.part} nodes are cut off: no way leads to them any more"
        except TopologyError as error:
            self.cut[one.cluster] = f"with a lost {self.survives.part} the network is none any more: {error}"
        except (Refused, ScheduleError):
            pass
        return math.inf

    def kept(self, candidates: Iterable[Candidate], most: int) -> list[Candidate]:
        """The first `most` that survive, in order."""
        found: list[Candidate] = []
        for one in candidates:
            if len(found) == most:
                break
            self.tell(DOING, len(found), most)
            if self.share(one) <= self.survives.most_slower_share:
                found.append(one)
        return found

    def why(self, cluster: int) -> str:
        """Why a cluster is given up; empty where it survives, or nothing of it was tested."""
        tested = [share for (number, _), share in self.slower.items() if number == cluster]
        if cluster in self.cut:
            return self.cut[cluster]
        if not tested or min(tested) <= self.survives.most_slower_share:
            return ""
        if math.isinf(min(tested)):
            return f"of its best layouts {len(tested)} were tried, none runs with a lost {self.survives.part}"
        allowed = f"{100 * self.survives.most_slower_share:.3g} % are allowed"
        best_share = f"{100 * min(tested):.3g} % slower with a lost {self.survives.part}, {allowed}"
        return f"of its best layouts {len(tested)} were tried, the best is {best_share}"


def survivors(losing: Losing, keep: int, search: Search, *, alone: bool) -> Survivors:
    """Search, and where one of the best does not survive, every cluster for its own best that do.

    alone   whether each cluster may be searched alone; else those that do not survive are left out of another search
    Raises Refused where nothing survives.
    """
    able = list(losing.clusters.values())
    found = search(able, keep)
    kept = losing.kept(found.candidates, keep)
    if len(kept) < len(found.candidates):
        found = _alone(losing, keep, search) if alone else _redrawn(losing, keep, search)
        kept = found.candidates
    if found.own is not None:
        losing.share(found.own)
    left = {one.cluster for one in kept}
    out = {number: losing.why(number) for number in losing.clusters if number not in left}
    if not kept and losing.slower:
        raise Refused(_nothing(losing, out))
    found.candidates = kept
    return Survivors(found, losing.slower, Counter(why for why in out.values() if why))


def _alone(losing: Losing, keep: int, search: Search) -> Found:
    """Each cluster's best that survive, together; where none does, more of its layouts are tested."""
    whole = Found()
    for number, cluster in losing.clusters.items():
        one = search([cluster], keep)
        kept = losing.kept(one.candidates, keep)
        if not kept and len(one.candidates) >= keep and number not in losing.cut:
            one = search([cluster], DEEPER * keep)
            kept = losing.kept(one.candidates, keep)
        one.candidates = kept
        whole.add(one, keep)
        whole.equal += one.equal
    return whole


def _redrawn(losing: Losing, keep: int, search: Search) -> Found:
    """The best that survive of one draw; where none does, of another one without the clusters that were tested."""
    able = list(losing.clusters.values())
    while True:
        found = search(able, DEEPER * keep)
        tested = {one.cluster for one in found.candidates}
        found.candidates = best(losing.kept(found.candidates, keep), keep)
        able = [one for one in able if one.number not in tested]
        if found.candidates or not tested or not able:
            return found


def _nothing(losing: Losing, out: Mapping[int, str]) -> str:
    """Why there is no answer, cluster by cluster."""
    said = []
    for number, why in out.items():
        varied = ", ".join(f"{path} {value}" for path, value in losing.clusters[number].varied.items())
        if why:
            said.append(": ".join(filter(None, (varied, why))))
    allowed = f"{100 * losing.survives.most_slower_share:.3g} %"
    return f"no layout's step is at most {allowed} slower with a lost {losing.survives.part}: {'; '.join(said)}"


def with_fragile(table: pd.DataFrame, slower: Mapping[Key, float], survives: Survives | None) -> pd.DataFrame:
    """[reason] counts of a search, with those that were estimated but do not survive in a row of their own."""
    if survives is None:
        return table
    lost = sum(share > survives.most_slower_share for share in slower.values())
    here = table["reason"] == ESTIMATED
    lost = min(lost, int(table.loc[here, "choices"].sum()))
    if not lost:
        return table
    table = table.copy()
    table.loc[here, "choices"] -= lost
    said = f"estimated: more than {100 * survives.most_slower_share:.3g} % slower with a lost {survives.part}"
    return pd.concat([table, pd.DataFrame([(said, lost)], columns=table.columns)], ignore_index=True)


def fragile(candidate: Candidate, slower: Mapping[Key, float], survives: Survives | None) -> str:
    """Why a candidate does not survive, empty where it does or nothing is to be lost."""
    share = slower.get(key(candidate), 0.0)
    if survives is None or share <= survives.most_slower_share:
        return ""
    if math.isinf(share):
        return f"it does not run with a lost {survives.part}"
    allowed = f"{100 * survives.most_slower_share:.3g} % are allowed"
    return f"it is {100 * share:.3g} % slower with a lost {survives.part}, {allowed}"


def told(chosen: Candidate, slower: Mapping[Key, float], survives: Survives | None) -> str:
    """What the choice's step is with the part lost, and what was tested; empty where nothing is to be lost."""
    if survives is None or key(chosen) not in slower:
        return ""
    failed = sum(share > survives.most_slower_share for share in slower.values())
    return (
        f"With {survives.part} 0 lost its step is {100 * slower[key(chosen)]:.3g} % slower, "
        f"{100 * survives.most_slower_share:.3g} % are allowed; of {len(slower)} layouts so tested {failed} are out."
    )
