"""Units that stop because one of their nodes fails and come back on a spare one; units that stand still."""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from simulator.failures.hazards import Hazard, hazards
from simulator.serving.fleet.option import Kind, Option
from simulator.serving.fleet.windows import Window
from workloads.failure_rates import Components
from workloads.reliability import Pause, Recovery, Reliability


class StopsPerS(NamedTuple):
    """Failures a second that stop a unit: with a node that has to be replaced, and without."""

    node_per_s: float
    other_per_s: float

    @property
    def total_per_s(self) -> float:
        """Both kinds of them."""
        return self.node_per_s + self.other_per_s

    @property
    def node_share(self) -> float:
        """Of all, those with a node."""
        return self.node_per_s / self.total_per_s if self.total_per_s else 0.0


@dataclass(frozen=True, slots=True)
class Stall:
    """A unit keeps its requests and makes no step."""

    kind: Kind
    unit: int
    from_s: float
    until_s: float


@dataclass(frozen=True, slots=True)
class Interrupted:
    """A day with failures.

    windows      those that failures leave;  failures   how many;  lost_s   seconds in which units should have served
    spares_out   failures that found no spare node ready
    """

    windows: tuple[Window, ...]
    failures: int
    lost_s: float
    spares_out: int


def stops(option: Option, reliability: Reliability, cluster: Components) -> StopsPerS:
    """Failures that stop a unit: those of a whole cluster, by its part of the GPUs; one failed part stops all of it."""
    found = hazards(reliability, cluster)
    part = option.gpus / cluster.gpus

    def of(effect: str) -> float:
        return sum(hazard.per_s for hazard in found if hazard.effect == effect) * part

    return StopsPerS(of("stop, replace node"), of("stop"))


def slow(found: Sequence[Hazard]) -> tuple[str, ...]:
    """Causes that slow units or spoil answers instead of stopping them: they leave windows as they are."""
    return tuple(hazard.name for hazard in found if not hazard.stops)


def down_share(per_s: float, recovery: Recovery) -> float:
    """Share of its time in which a unit is down, spares always ready: 1 - up / (up + detection + restart)."""
    down_s = recovery.detection_s + recovery.restart_s
    return per_s * down_s / (1 + per_s * down_s)


@dataclass(slots=True)
class _Nodes:
    """When nodes are ready to stand in, earliest first."""

    ready_s: list[float]
    missed: int = 0

    def wait_s(self, at_s: float, repair_s: float) -> float:
        """Until a node stands in for one that is repaired from now on."""
        heapq.heappush(self.ready_s, at_s + repair_s)
        wait_s = max(heapq.heappop(self.ready_s) - at_s, 0.0)
        self.missed += wait_s > 0
        return wait_s


def interrupted(
    planned: Sequence[Window], stopping: Mapping[Kind, StopsPerS], recovery: Recovery, seed: int
) -> Interrupted:
    """Let units of planned windows fail at random; same seed, same failures.

    Down for detection, the wait for a spare if the node has to be replaced, and restart (weights loaded in it); with
    `fails: always` a failure during the restart begins it anew.
    """
    draw = np.random.default_rng(seed)
    nodes = _Nodes([0.0] * recovery.spare_nodes)
    left: list[Window] = []
    lost_s, failures = 0.0, 0
    waiting = [(window.from_s + _next_s(draw, stopping[window.kind]), at, window) for at, window in enumerate(planned)]
    heapq.heapify(waiting)
    number = len(waiting)
    while waiting:
        fails_s, _, window = heapq.heappop(waiting)
        if fails_s >= window.until_s:
            left.append(window)
            continue
        failures += 1
        left.append(replace(window, until_s=fails_s, ends="fail"))
        back_s = _back_s(fails_s, draw, stopping[window.kind], recovery, nodes)
        lost_s += min(back_s, window.until_s) - fails_s
        if back_s < window.until_s:
            again = replace(window, from_s=back_s)
            number += 1
            heapq.heappush(waiting, (back_s + _next_s(draw, stopping[window.kind]), number, again))
    left.sort(key=lambda window: (window.kind, window.unit, window.from_s))
    return Interrupted(tuple(left), failures, lost_s, nodes.missed)


def _next_s(draw: np.random.Generator, stopping: StopsPerS) -> float:
    """Seconds until a unit fails."""
    return float(draw.exponential(1 / stopping.total_per_s)) if stopping.total_per_s else float("inf")


def _back_s(at_s: float, draw: np.random.Generator, stopping: StopsPerS, recovery: Recovery, nodes: _Nodes) -> float:
    """When a unit that fails now serves again."""
    while True:
        found_s = at_s + recovery.detection_s
        if draw.random() < stopping.node_share:
            found_s += nodes.wait_s(found_s, recovery.repair_s)
        fails_s = found_s + _next_s(draw, stopping) if recovery.fails == "always" else float("inf")
        if fails_s >= found_s + recovery.restart_s:
            return found_s + recovery.restart_s
        at_s = fails_s


def stalls(served: Sequence[Window], pauses: Mapping[str, Pause]) -> tuple[Stall, ...]:
    """When units stand still: after every interval of work, counted from the window's start."""
    found = []
    for window in served:
        for pause in pauses.values():
            every_s = pause.interval_s + pause.length_s
            starts = np.arange(window.from_s + pause.interval_s, window.until_s, every_s)
            found += [
                Stall(window.kind, window.unit, float(start), min(float(start) + pause.length_s, window.until_s))
                for start in starts
            ]
    return tuple(found)
