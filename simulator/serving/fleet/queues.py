"""Waiting lines in closed form: many servers with any service time, and sequences that share a step."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Waiting:
    """How long customers wait: not at all, or an exponential time.

    waits_share   of the customers that wait;  mean_s   of those
    """

    waits_share: float
    mean_s: float

    def within_share(self, wait_s: Floats | float) -> Floats:
        """Share that waits no longer; none waits less than no time."""
        wait = np.asarray(wait_s, dtype=np.float64)
        if self.waits_share == 0:
            return np.where(wait < 0, 0.0, 1.0)
        return np.where(wait < 0, 0.0, 1 - self.waits_share * np.exp(-np.maximum(wait, 0) / self.mean_s))


def erlang_c(servers: int, load: float) -> float:
    """Share of customers that wait in M/M/c; load   in busy servers, below their number (Erlang 1917).

    C = B / (1 - rho (1 - B)), with B = a^c e^-a / c! over the Poisson sum up to c.
    """
    from scipy.special import gammaincc, gammaln

    if load == 0:
        return 0.0
    blocked = float(np.exp(servers * np.log(load) - load - gammaln(servers + 1)) / gammaincc(servers + 1, load))
    return blocked / (1 - load / servers * (1 - blocked))


def waiting(servers: int, load: float, service_s: float, arrival_variation: float, service_variation: float) -> Waiting:
    """Waiting in G/G/c: as many wait as in M/M/c, (Ca2 + Cs2) / 2 times as long (Allen & Cunneen; Lee & Longton 1959).

    Exact for M/M/c, and in its mean for M/G/1; that the rest is exponential is exact in heavy traffic
    (Kollerstrom 1974).
    load   in busy servers, below their number; variations: squared coefficients of variation
    """
    mean_s = service_s * (arrival_variation + service_variation) / 2 / (servers - load)
    return Waiting(erlang_c(servers, load) if mean_s > 0 else 0.0, mean_s)


@dataclass(frozen=True, slots=True)
class Sharing:
    """Sequences that are served together, each as fast as the step lets it.

    sequences   [point]  numbers in the system, evenly spaced up to the most that can be
    chance      [point]  of each, weights of the points; sums to 1 with `queued_share`
    queued_share   of the time in which all places are taken and others wait
    """

    sequences: Floats
    chance: Floats
    queued_share: float


POINTS = 1000


def sharing(offered_per_s: float, steps_per_s: Floats, most: float, peakedness: float) -> Sharing:
    """Stationary number of sequences where n of them get f(n) steps a second together (Cohen 1979).

    p(n) ~ product of offered / f(k), k = 1 .. n; it depends on the answers' lengths only through their mean. More or
    less bursty arrivals: p^(1/z), z the peakedness (Hayward's approximation; Fredericks 1980).
    offered_per_s   steps that requests ask for a second, below f(most)
    steps_per_s     [point]  f at `points_of(most)`, above 0
    """
    sequences = points_of(most)
    stride = sequences[1] - sequences[0]
    slopes = np.log(offered_per_s / steps_per_s)
    heights = np.concatenate([[0.0], np.cumsum(stride * slopes[1:])]) / peakedness
    weights = np.exp(heights - heights.max())
    ratio = float(offered_per_s / steps_per_s[-1]) ** (1 / peakedness)
    queued = float(weights[-1]) / stride * ratio / (1 - ratio)
    total = float(weights.sum()) + queued
    return Sharing(sequences, weights / total, queued / total)


def points_of(most: float) -> Floats:
    """Numbers of sequences at which a rate is to be known: 0 to `most`, all whole ones if they are few."""
    points: Floats = np.linspace(0.0, most, int(min(most, POINTS)) + 1)
    return points


def peakedness(burstiness_ratio: float) -> float:
    """Variance over mean of busy servers if there were no end of them and service were exponential (Whitt 1984)."""
    return (1 + burstiness_ratio) / 2
