"""What a fleet is asked for: requests with their rate, and some of them to play."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from simulator.headline import DAY_S
from simulator.serving.fleet.offered import Offered, offered, steady
from workloads.requests import Requests, without_prefixes
from workloads.service import Service

BURST_S = 10.0
"""Intervals over which requests are counted for how bursty they are."""
FEWEST, MOST = 20_000, 250_000
"""Requests that a fleet is played with."""
LIFETIMES = 8
"""Times that a long request takes, over which a play goes on: a fleet is full after about one."""


@dataclass(frozen=True)
class Asked:
    """Moments of what comes, and requests to play: those of the traffic, or all alike where there is none."""

    offered: Offered
    requests: Requests

    def some(self, longest_s: float) -> Requests:
        """Requests at the rate asked for, enough to see a steady fleet.

        longest_s   that one request takes from its arrival to its last token, about
        """
        rate = self.offered.requests_per_s
        count = int(np.clip(rate * LIFETIMES * longest_s, FEWEST, MOST))
        own = self.requests
        span_s = float(own.arrival_s[-1]) or 1.0
        at_rate = own.arrival_s * ((own.count - 1) / span_s / rate)
        return _repeated(replace(own, arrival_s=at_rate), count)


def asked_of(service: Service, requests: Requests | None) -> Asked:
    """What the service's traffic, or its demand, asks: the rate of the demand's mean day where it gives one.

    Raises ValueError for a single request.
    """
    typical = service.typical
    if requests is None:
        new = typical.input_tokens * (1 - typical.cached_share)
        base = steady(1.0, max(1.0, new), typical.output_tokens, typical.input_tokens - max(1.0, new))
        own = _alike(service)
    else:
        base, own = offered(requests, typical.cached_share, BURST_S), requests
    if service.demand is not None:
        per_s = service.demand.output_tokens / float(base.output_tokens.mean()) / DAY_S
        base = base.times(per_s / base.requests_per_s)
    return Asked(base, own)


def _alike(service: Service) -> Requests:
    """Typical requests that come as a Poisson process of one a second."""
    gaps = np.random.default_rng(service.seed).standard_exponential(FEWEST)
    arrival_s = np.cumsum(gaps) - gaps[0]
    lengths = (
        np.full(FEWEST, one, dtype=np.int64) for one in (service.typical.input_tokens, service.typical.output_tokens)
    )
    return without_prefixes(arrival_s, *lengths)


def _repeated(own: Requests, count: int) -> Requests:
    """The first so many requests; where there are fewer, they come again, later, with blocks of their own."""
    times = -(-count // own.count)
    if times > 1:
        gap = float(own.arrival_s[-1]) / max(1, own.count - 1)
        period, blocks = float(own.arrival_s[-1]) + gap, int(own.block_ids.max()) + 1 if len(own.block_ids) else 0
        own = Requests(
            np.concatenate([own.arrival_s + turn * period for turn in range(times)]),
            np.tile(own.input_tokens, times),
            np.tile(own.output_tokens, times),
            own.block_tokens,
            np.concatenate([[0], np.cumsum(np.tile(np.diff(own.block_at), times))]),
            np.concatenate([own.block_ids + turn * blocks for turn in range(times)]),
        )
    return first(own, count)


def first(requests: Requests, most: int) -> Requests:
    """The first so many requests of a stream."""
    if requests.count <= most:
        return requests
    blocks = requests.block_at[: most + 1]
    return Requests(
        requests.arrival_s[:most],
        requests.input_tokens[:most],
        requests.output_tokens[:most],
        requests.block_tokens,
        blocks,
        requests.block_ids[: int(blocks[-1])],
    )
