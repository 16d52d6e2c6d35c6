"""Who sends how much to whom, from when on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from topologies.fabric import Floats, Ints


@dataclass(frozen=True, slots=True, eq=False)
class Demand:
    """Flows, all arrays [flow].

    source, destination   endpoints
    size_bytes, start_s   what is sent and when it is ready
    traffic               class that the flow belongs to: a number that the caller chose, from 0
    label                 tells flows of one pair and class apart where ways are hashed, as a port number does
    """

    source: Ints
    destination: Ints
    size_bytes: Floats
    start_s: Floats
    traffic: Ints
    label: Ints

    def __post_init__(self) -> None:
        """Refuse sizes and times that cannot be."""
        if len(self.size_bytes) and not (self.size_bytes.min() >= 0 and np.isfinite(self.size_bytes.max())):
            raise ValueError(f"a flow of {self.size_bytes.min()} to {self.size_bytes.max()} bytes; allowed: 0 or more")
        if len(self.start_s) and not (self.start_s.min() >= 0 and np.isfinite(self.start_s.max())):
            raise ValueError(f"a flow starts at {self.start_s.min()} s; allowed: 0 or later, finite")

    @property
    def flows(self) -> int:
        """Number of flows."""
        return len(self.source)

    def chosen(self, flows: NDArray[np.integer]) -> Demand:
        """Some of the flows, in the order given."""
        columns = (self.source, self.destination, self.size_bytes, self.start_s, self.traffic, self.label)
        return Demand(*(column[flows] for column in columns))

    def split(self, parts: int) -> Demand:
        """Each flow in equal parts that are hashed apart; parts of a flow follow each other."""
        cut = self.chosen(np.repeat(np.arange(self.flows), parts))
        label = cut.label * parts + np.tile(np.arange(parts, dtype=np.int32), self.flows)
        return replace(cut, size_bytes=cut.size_bytes / parts, label=label.astype(np.int32))


def demand(
    source: ArrayLike, destination: ArrayLike, size_bytes: ArrayLike, start_s: ArrayLike = 0.0, traffic: ArrayLike = 0
) -> Demand:
    """Flows from columns; a single number stands for all flows."""
    ends = np.asarray(source, np.int32), np.asarray(destination, np.int32)
    shape = np.broadcast_shapes(*(np.shape(column) for column in (*ends, size_bytes, start_s, traffic)), (1,))
    whole = [np.broadcast_to(np.asarray(column, np.int32), shape) for column in (*ends, traffic, 0)]
    real = [np.broadcast_to(np.asarray(column, np.float64), shape) for column in (size_bytes, start_s)]
    return Demand(whole[0], whole[1], real[0], real[1], whole[2], whole[3])


def all_to_all(size_bytes: Floats, endpoints: Sequence[int] | None = None, start_s: float = 0.0) -> Demand:
    """A flow for every pair of endpoints that has something to send.

    size_bytes   [from, to]; the diagonal is left out
    endpoints    [rank] endpoint of each row; its number unless given
    """
    wanted = size_bytes > 0
    np.fill_diagonal(wanted, val=False)
    source, destination = (ranks.astype(np.int32) for ranks in np.nonzero(wanted))
    sizes = size_bytes[wanted]
    if endpoints is not None:
        where = np.asarray(endpoints, np.int32)
        source, destination = where[source], where[destination]
    return demand(source, destination, sizes, start_s)


def together(*demands: Demand) -> Demand:
    """Flows of several demands at once, one demand after the other."""
    columns = zip(
        *((d.source, d.destination, d.size_bytes, d.start_s, d.traffic, d.label) for d in demands), strict=True
    )
    return Demand(*(np.concatenate(column) for column in columns))
