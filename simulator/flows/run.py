"""Flows on a fabric, routed, faults and all, from the first start to the last end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from simulator.flows.demand import Demand
from simulator.flows.faults import Fault, instants_s, with_faults
from simulator.flows.routing import Ecmp, Routed, Routing, Spray, carried, crossing, route
from simulator.flows.sharing import Error, Exact, Load, Mode, play
from topologies.fabric import Fabric, Floats


@dataclass(frozen=True, slots=True)
class Setting:
    """How flows are routed and played.

    lanes   [traffic] lane of each class of traffic, lower ones first; all in lane 0 unless given
    """

    routing: Routing = field(default_factory=Ecmp)
    mode: Mode = field(default_factory=Exact)
    lanes: tuple[int, ...] = ()
    faults: tuple[Fault, ...] = ()

    def __post_init__(self) -> None:
        """Refuse faults that routing learns of late where links are left out: a flow may be on one unseen."""
        lean = isinstance(self.routing, Spray) and self.routing.binding_only
        if lean and any(fault.reroute_s > 0 for fault in self.faults):
            raise ValueError("a fault that routing learns of late needs all links: Spray(binding_only=False)")


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What became of the flows of a demand.

    finish_s        [flow] arrival of the last byte; infinite for a flow that never ends
    sent_bytes      [flow] what was sent of it
    carried_bytes   [link] what each link carried
    solves, error   as in `Played`; the error is that of the last stretch without a change of the fabric
    """

    finish_s: Floats
    sent_bytes: Floats
    carried_bytes: Floats
    solves: int
    error: Error | None

    @property
    def makespan_s(self) -> float:
        """End of the last flow."""
        return float(self.finish_s.max(initial=0.0))

    @property
    def stranded(self) -> int:
        """Flows that never end."""
        return int(np.isinf(self.finish_s).sum())


class _Now(NamedTuple):
    """State between two stretches: when each flow enters, what is left of it, and its way."""

    enter_s: Floats
    left_bytes: Floats
    routed: Routed


def run(fabric: Fabric, demand: Demand, setting: Setting) -> Outcome:
    """Send all flows of a demand.

    A flow enters its links after the latency of its way and then sends at its max-min fair rate, as SimGrid has it.
    When links go down, the flows on them stand still until routing knows, and then go on over another way; flows
    without a way wait for one. Other flows stay where they are.
    """
    lane = _lanes(demand, setting.lanes)
    routed = route(with_faults(fabric, setting.faults, 0.0, known=True), demand, setting.routing)
    now = _Now(demand.start_s + routed.latency_s, demand.size_bytes, routed)
    finish_s, total, solves, error = np.full(demand.flows, np.inf), np.zeros(len(fabric.link_from)), 0, None
    times_s = [0.0, *instants_s(setting.faults), np.inf]
    for begin_s, end_s in pairwise(times_s):
        if begin_s > 0:
            now = _rerouted(fabric, demand, setting, now, begin_s)
        capacity = with_faults(fabric, setting.faults, begin_s).link_bytes_per_s
        enter_s = np.maximum(now.enter_s, begin_s)
        enter_s[np.isfinite(finish_s)] = np.inf
        played = play(Load(now.routed.paths, capacity, now.left_bytes, enter_s, lane), setting.mode, end_s)
        done = np.isinf(finish_s) & (played.finish_s < end_s)
        finish_s[done] = played.finish_s[done]
        total += carried(now.routed.paths, now.left_bytes - played.left_bytes, len(total))
        now, solves, error = now._replace(left_bytes=played.left_bytes), solves + played.solves, played.error
        if np.isfinite(finish_s).all():
            break
    return Outcome(finish_s, demand.size_bytes - now.left_bytes, total, solves, error)


def _rerouted(fabric: Fabric, demand: Demand, setting: Setting, now: _Now, now_s: float) -> _Now:
    """New ways for flows that lie on a link known to be down or have none; for all where any link may have a say."""
    known = with_faults(fabric, setting.faults, now_s, known=True)
    anew = isinstance(setting.routing, Spray) and (setting.routing.by_width or setting.routing.binding_only)
    lost = anew | np.isinf(now.routed.latency_s) | crossing(now.routed.paths, known.link_bytes_per_s <= 0)
    moving = np.flatnonzero(lost & (now.left_bytes > 0))
    if not len(moving):
        return now
    fresh = route(known, demand.chosen(moving), setting.routing)
    latency_s, enter_s = now.routed.latency_s.copy(), now.enter_s.copy()
    waiting = np.isinf(latency_s[moving]) | (enter_s[moving] > now_s)
    ready_s = np.maximum(demand.start_s[moving], np.where(np.isinf(latency_s[moving]), now_s, 0.0)) + fresh.latency_s
    enter_s[moving] = np.where(waiting | np.isinf(fresh.latency_s), ready_s, enter_s[moving])
    latency_s[moving] = fresh.latency_s
    return now._replace(enter_s=enter_s, routed=Routed(now.routed.paths.replaced(moving, fresh.paths), latency_s))


def _lanes(demand: Demand, lanes: Sequence[int]) -> np.ndarray[tuple[int], np.dtype[np.uint8]]:
    """[flow] lane. Raises ValueError for a class of traffic without one."""
    if not lanes:
        return np.zeros(demand.flows, np.uint8)
    if demand.traffic.max(initial=0) >= len(lanes) or min(lanes) < 0:
        raise ValueError(f"lanes {tuple(lanes)} for traffic up to class {demand.traffic.max()}; one from 0 on for each")
    return np.asarray(lanes, np.uint8)[demand.traffic]
