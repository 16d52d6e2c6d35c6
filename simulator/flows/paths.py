"""Links that flows take, as a sparse matrix read both ways: the links of a flow, and the flows on a link."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from topologies.fabric import Floats, Ints

Codes: TypeAlias = NDArray[np.uint8]
Indices: TypeAlias = NDArray[np.uint32]
EVERYTHING = np.zeros(0)
EVERYTHING.flags.writeable = False


class Paths(NamedTuple):
    """Flow f takes the entries start[f] .. start[f + 1] of `link`, each with that share of its bytes.

    start   [flow + 1]
    link    [entry]
    share   [entry]; empty where every flow sends all of its bytes over each of its links
    """

    start: Ints
    link: Ints
    share: Floats

    @property
    def flows(self) -> int:
        """Number of flows."""
        return len(self.start) - 1

    def lengths(self) -> Ints:
        """[flow] number of links."""
        return np.diff(self.start)

    def chosen(self, flows: NDArray[np.integer]) -> Paths:
        """Paths of some flows only, in the order given."""
        lengths = self.lengths()[flows]
        start = starts(lengths)
        entry = np.repeat(self.start[flows] - start[:-1], lengths) + np.arange(start[-1])
        return Paths(start, self.link[entry], self.share[entry] if len(self.share) else self.share)

    def replaced(self, flows: NDArray[np.integer], others: Paths) -> Paths:
        """The same paths, but flows[i] takes those of the i-th flow of `others`."""
        both = Paths(
            np.concatenate([self.start[:-1], self.start[-1] + others.start]),
            np.concatenate([self.link, others.link]),
            np.concatenate([self.share, others.share]),
        )
        which = np.arange(self.flows)
        which[flows] = self.flows + np.arange(len(flows))
        return both.chosen(which)


class Net(NamedTuple):
    """Paths as kernels read them, and which flows are on each link.

    start, link, share    as in Paths
    begin, end, on_link   [link], [link], [entry] a link's flows; kernels drop those that are gone on the way
    capacity              [link] bytes/s
    """

    start: Indices
    link: Indices
    share: Floats
    begin: Indices
    end: Indices
    on_link: Indices
    capacity: Floats


class Play(NamedTuple):
    """What flows are and what becomes of them, all [flow].

    enter_s, lane   when a flow begins to take bandwidth; flows of a lower lane go first
    state, rate     written by kernels
    todo_bytes      not sent yet
    finish_s        written once when all is sent
    """

    enter_s: Floats
    lane: Codes
    state: Codes
    rate: Floats
    todo_bytes: Floats
    finish_s: Floats


class Desk(NamedTuple):
    """What the filling of links writes on.

    room      [link, 2] capacity that settled flows leave, and sum of the shares of open flows, 0 after a filling
    full_at   [lane, link] level at which that lane's flows filled the link, written where they did
    hold      [2, most flows on a link] scratch
    """

    room: Floats
    full_at: Floats
    hold: Indices


def starts(lengths: NDArray[np.integer]) -> Ints:
    """[row + 1] where each row begins."""
    start = np.zeros(len(lengths) + 1, np.int32)
    np.cumsum(lengths, out=start[1:])
    return start


def paths_of(rows: Sequence[Sequence[int]]) -> Paths:
    """Paths written out, flow by flow."""
    start = starts(np.array([len(row) for row in rows], np.int32))
    return Paths(start, np.array([link for row in rows for link in row], np.int32), EVERYTHING)
