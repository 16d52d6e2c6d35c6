"""Which layouts and clusters are tested with a part of the network lost, and which of them are given up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from simulator.planner.cluster import Cluster
from simulator.planner.found import Candidate, Found
from simulator.planner.survival import Losing, survivors
from simulator.refusal import Refused
from workloads.plan_limits import Survives

KEEP = 2
SLOWER = {1: [0.5] * 30, 2: [0.3, 0.3, 0.3, 0.05, 0.0], 3: [0.2, 0.0, 0.0]}
"""By which share the step of each layout of each cluster is slower, its fastest layout first."""


def candidate(cluster: int, place: int) -> Candidate:
    """A layout: those of cluster 1 are the fastest of all, those of cluster 3 the slowest."""
    value, nothing = 100.0 * cluster + place, {}  # type: tuple[float, dict[str, float]]
    choice: Any = None
    return Candidate((value,), (place,), cluster, choice, value, 0.0, 0.0, 0.0, nothing)


def search(some: Sequence[Cluster], keep: int) -> Found:
    """The best of some clusters."""
    every = [candidate(one.number, place) for one in some for place in range(len(SLOWER[one.number]))]
    return Found(valid=len(every), candidates=sorted(every, key=lambda one: one.values)[:keep])


def losing(monkeypatch: pytest.MonkeyPatch, *numbers: int) -> Losing:
    """Clusters whose layouts are slower by what is written above."""
    monkeypatch.setattr(Losing, "_estimated", lambda self, one: SLOWER[one.cluster][one.key[0]])
    clusters: dict[int, Any] = {number: Numbered(number) for number in numbers}
    return Losing(Survives(part="switch", most_slower_share=0.1), clusters, lambda *told: None)


class Numbered:
    """As much of a cluster as is asked for."""

    def __init__(self, number: int) -> None:
        self.number, self.varied = number, {"nodes": str(number)}


@pytest.mark.parametrize("alone", [True, False])
def test_what_survives_is_found_behind_all_that_do_not(monkeypatch: pytest.MonkeyPatch, alone: bool) -> None:
    # cluster 1 fills the first list; its next fourteen are tested, then it is given up
    found = survivors(losing(monkeypatch, 1, 2, 3), KEEP, search, alone=alone)
    assert [(one.cluster, one.key) for one in found.found.candidates] == [(2, (3,)), (2, (4,))]
    assert (
        "of its best layouts 16 were tried, the best is 50 % slower with a lost switch, 10 % are allowed"
        in found.left_out
    )


def test_what_does_not_survive_alone_is_refused_with_what_was_tested(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(
        Refused, match="nodes 1: of its best layouts 16 were tried, the best is 50 % slower with a lost switch"
    ):
        survivors(losing(monkeypatch, 1), KEEP, search, alone=True)
