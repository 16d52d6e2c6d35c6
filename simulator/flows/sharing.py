"""How flows share links: max-min fair rates, and when each flow ends."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import blake2b
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

from simulator.flows import kernels, walks
from simulator.flows.paths import Codes, Indices, Net, Paths, Play
from topologies.fabric import Floats

PORTION_OF_EPSILON = 5.0
"""Share of all rates that ends in one window, in units of epsilon: mean errors then stay below epsilon / 2."""
FEWEST = 1000
"""Flows below which windows save nothing: they are played exactly, with an error of 0."""
COARSER = 4.0
"""The error of a play in windows is told from another play in windows so many times longer."""
REMEMBERED = 64
LARGEST_REMEMBERED = 200_000
"""Links of all flows together; larger sets are not remembered, since they would fill the memory."""


@dataclass(frozen=True, slots=True)
class Exact:
    """Every completion changes the rates."""


@dataclass(frozen=True, slots=True)
class Windows:
    """Flows that end at about the same time are retired together.

    epsilon   in each window flows end that have a share 5 epsilon of all rates; finish times are then off by less than
              epsilon / 2 on average (than epsilon where lanes make many flows wait for a few), single ones by much
              more, the last one by much less: `Played.error` estimates it each time
    """

    epsilon: float = 0.01

    def __post_init__(self) -> None:
        """Refuse what leaves no window or no flow."""
        if not 0 < self.epsilon <= 1 / (PORTION_OF_EPSILON * COARSER):
            raise ValueError(
                f"epsilon is {self.epsilon}; allowed: above 0, at most {1 / (PORTION_OF_EPSILON * COARSER)}"
            )


Mode: TypeAlias = Exact | Windows


@dataclass(frozen=True, eq=False)
class Load:
    """Flows on links.

    capacity_bytes_per_s   [link]
    left_bytes             [flow] to be sent
    enter_s                [flow] when it begins to take bandwidth; infinite for a flow without a way
    lane                   [flow] flows of a lower lane go first, and leave the rest to higher ones
    """

    paths: Paths
    capacity_bytes_per_s: Floats
    left_bytes: Floats
    enter_s: Floats
    lane: Codes
    digest: bytes = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Digest of all arrays: equal loads are the same load."""
        arrays = (*self.paths, self.capacity_bytes_per_s, self.left_bytes, self.enter_s, self.lane)
        digest = blake2b(digest_size=16)
        if len(self.paths.link) <= LARGEST_REMEMBERED:
            for array in arrays:
                digest.update(f"{array.dtype}{len(array)}".encode())
                digest.update(np.ascontiguousarray(array).data)
        else:
            digest.update(str(id(self)).encode())
        object.__setattr__(self, "digest", digest.digest())

    def __hash__(self) -> int:
        return hash(self.digest)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Load) and self.digest == other.digest


@dataclass(frozen=True, slots=True)
class Error:
    """Relative errors of finish times that a play in windows is estimated to have.

    A third of the difference from windows four times as long: errors grow about linearly with the windows.
    """

    mean_ratio: float
    p99_ratio: float
    last_ratio: float


@dataclass(frozen=True, slots=True, eq=False)
class Played:
    """What became of flows.

    finish_s     [flow] infinite where a flow did not end
    left_bytes   [flow] not sent when the play stopped
    solves       how often rates were worked out;  error  of a play in windows
    """

    finish_s: Floats
    left_bytes: Floats
    solves: int
    error: Error | None


def rates_bytes_per_s(load: Load) -> Floats:
    """[flow] max-min fair rates if all flows, at least one, that have a way and something to send do so at once."""
    net, flows, sends, lanes = _net(load), load.paths.flows, _sends(load), np.unique(load.lane)
    crowd = np.zeros((int(load.lane.max(initial=0)) + 1, len(net.capacity)))
    if len(lanes) == 1 and not len(load.paths.share) and sends.all():
        crowd[lanes[0]] = net.end - net.begin
    else:
        for lane in lanes:
            crowd[lane] = walks.carried(*load.paths, np.where(sends & (load.lane == lane), 1.0, 0.0), len(net.capacity))
    states = Play(load.enter_s, load.lane, np.zeros(flows, np.uint8), np.zeros(flows), load.left_bytes, load.enter_s)
    kernels.share_out(net, states, np.flatnonzero(sends).astype(np.uint32), crowd, kernels.desk_for(net, states))
    return states.rate


def play(load: Load, mode: Mode, until_s: float = np.inf) -> Played:
    """Play until all flows have ended or the time is over; equal loads are played once."""
    if not load.paths.flows:
        return Played(np.zeros(0), np.zeros(0), 0, None if isinstance(mode, Exact) else Error(0.0, 0.0, 0.0))
    if len(load.paths.link) > LARGEST_REMEMBERED:
        return _play_now(load, mode, until_s)
    return _remembered(load, mode, until_s)


@lru_cache(maxsize=REMEMBERED)
def _remembered(load: Load, mode: Mode, until_s: float) -> Played:
    played = _play_now(load, mode, until_s)
    played.finish_s.flags.writeable = played.left_bytes.flags.writeable = False
    return played


def _play_now(load: Load, mode: Mode, until_s: float) -> Played:
    """Play; in windows twice, for the error."""
    if isinstance(mode, Exact) or load.paths.flows < FEWEST:
        net, states = _net(load), _play(load)
        order, parts = _parts(load)
        solves = kernels.play_each(net, states, order, parts, until_s)
        error = None if isinstance(mode, Exact) else Error(0.0, 0.0, 0.0)
        return Played(states.finish_s, states.todo_bytes, solves, error)
    portion = PORTION_OF_EPSILON * mode.epsilon
    order = _sending(load)
    coarse = _play(load)
    kernels.play_windows(_net(load), coarse, order, COARSER * portion, until_s)
    other_s = coarse.finish_s
    del coarse
    states = _play(load)
    solves = kernels.play_windows(_net(load), states, order, portion, until_s)
    return Played(states.finish_s, states.todo_bytes, solves, _error(states.finish_s, other_s))


def _error(finish_s: Floats, other_s: Floats) -> Error:
    """Estimated error of the first from the difference of the second."""
    both = np.isfinite(finish_s) & np.isfinite(other_s) & (finish_s > 0)
    if not both.any():
        return Error(0.0, 0.0, 0.0)
    first, second = (finish_s, other_s) if both.all() else (finish_s[both], other_s[both])
    apart = np.abs(second / first - 1) / (COARSER - 1)
    last = abs(second.max() / first.max() - 1) / (COARSER - 1)
    return Error(float(apart.mean()), float(np.quantile(apart, 0.99, overwrite_input=True)), float(last))


def _net(load: Load) -> Net:
    """The paths for kernels, with each link's flows."""
    start, link = load.paths.start.view(np.uint32), load.paths.link.view(np.uint32)
    begin, on_link = walks.crossings(start, link, len(load.capacity_bytes_per_s))
    return Net(start, link, load.paths.share, begin[:-1], begin[1:].copy(), on_link, load.capacity_bytes_per_s)


def _play(load: Load) -> Play:
    """Flows before anything is sent; what has no way or nothing to send ends as it enters."""
    flows = load.paths.flows
    state, rate = np.zeros(flows, np.uint8), np.zeros(flows)
    finish_s = np.where(_sends(load), np.inf, load.enter_s)
    return Play(load.enter_s, load.lane, state, rate, load.left_bytes.copy(), finish_s)


def _sends(load: Load) -> NDArray[np.bool_]:
    """[flow] whether it has a way and something to send."""
    return np.asarray((load.left_bytes > 0) & (np.diff(load.paths.start) > 0) & np.isfinite(load.enter_s))


def _sending(load: Load) -> Indices:
    """Flows that have something to send and a way, in order of entering."""
    flows = np.flatnonzero(_sends(load)).astype(np.uint32)
    enter_s = load.enter_s[flows]
    if len(flows) and (enter_s[1:] < enter_s[:-1]).any():
        flows = flows[np.argsort(enter_s, kind="stable")]
    return flows


def _parts(load: Load) -> tuple[Indices, Indices]:
    """Flows in order of entering, part by part, and where each part begins: parts share no link."""
    flows = _sending(load)
    count, links = load.paths.flows, len(load.capacity_bytes_per_s)
    entries = np.ones(len(load.paths.link), np.int8)
    joined = csr_matrix((entries, load.paths.link, load.paths.start), shape=(count, links))
    square = csr_matrix((joined.data, joined.indices + count, np.r_[joined.indptr, np.full(links, joined.nnz)]),
                        shape=(count + links, count + links))  # fmt: skip
    part = connected_components(square, directed=False)[1][flows]
    order = np.argsort(part, kind="stable")
    first = np.flatnonzero(np.diff(part[order], prepend=-1)) if len(flows) else np.zeros(0, np.int64)
    return flows[order], np.r_[first, len(flows)].astype(np.uint32)
