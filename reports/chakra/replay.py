"""How long a Chakra trace takes when every rank waits for what the trace says it waits for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from simulator.step_graph import RANKS
from topologies.problems import InvalidInput, Problem

SUMS = ("ALL_REDUCE", "REDUCE_SCATTER")
"""Collectives that all members of a group begin together; who gathers or exchanges waits for no rank of the trace."""


def replay(trace: pd.DataFrame, together: bool = True) -> pd.DataFrame:
    """The trace with the start and end of every node by the longest way through what it waits for.

    together   ranks wait for each other: a message is there when the matching send has ended, sums of one group
               begin together, and durations that stand for such waits are not used; False: each rank alone, waits
               for others as long as the trace says they were
    returns    the trace, with replayed_start_s and replayed_end_s
    Raises InvalidInput for a message that nobody sends, for a node that waits for none, and for a circle.
    """
    seconds = trace["duration_s"].to_numpy(float).copy()
    after = _own(trace)
    if together:
        _join(trace, after, seconds)
    start, end = _longest(after, seconds)
    return trace.assign(replayed_start_s=start, replayed_end_s=end)


def _own(trace: pd.DataFrame) -> list[list[int]]:
    """Rows of the same rank that each row waits for."""
    ranks, ids = trace["rank"].tolist(), trace["id"].tolist()
    row = {key: place for place, key in enumerate(zip(ranks, ids, strict=True))}
    after = []
    for rank, data, control in zip(ranks, trace["data_deps"], trace["ctrl_deps"], strict=True):
        try:
            after.append([row[rank, other] for other in (*data, *control)])
        except KeyError as missing:
            raise _impossible(
                f"a node of rank {rank} waits for node {missing.args[0][1]}, which is not there"
            ) from None
    return after


def _join(trace: pd.DataFrame, after: list[list[int]], seconds: np.ndarray) -> None:
    """Put in what ranks wait for of each other, and take out the time that stood for it."""
    kinds = trace["type"].to_numpy()
    if "waits_for" in trace:
        seconds -= np.where(trace["waits_for"] == RANKS, trace["waited_s"].fillna(0.0), 0.0)
    if "comm_tag" in trace:
        keys = list(zip(trace["comm_src"], trace["comm_dst"], trace["comm_tag"], strict=True))
        sent = {keys[place]: place for place in np.flatnonzero(kinds == "COMM_SEND_NODE").tolist()}
        for place in np.flatnonzero(kinds == "COMM_RECV_NODE").tolist():
            if keys[place] not in sent:
                raise _impossible(f"nobody sends what rank {trace['rank'].iloc[place]} receives: {keys[place]}")
            after[place].append(sent[keys[place]])
            seconds[place] = 0.0
    for members in _sums(trace):
        every = sorted({other for place in members for other in after[place]})
        for place in members:
            after[place] = every


def _sums(trace: pd.DataFrame) -> Iterable[Sequence[int]]:
    """Rows of each sum, of all ranks that take part: the first of a name and group on each rank, the second, ..."""
    found: dict[tuple[object, ...], list[int]] = defaultdict(list)
    times: dict[tuple[object, ...], int] = defaultdict(int)
    if "comm_type" not in trace or "pg_name" not in trace:
        return found.values()
    places = np.flatnonzero(trace["comm_type"].isin(SUMS).to_numpy()).tolist()
    told = trace[["rank", "pg_name", "name"]].to_numpy().tolist()
    for place in places:
        rank, group, name = told[place]
        times[rank, group, name] += 1
        found[group, name, times[rank, group, name]].append(place)
    return found.values()


def _longest(after: Sequence[Sequence[int]], seconds: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Start and end of each row: [row]."""
    followers: list[list[int]] = [[] for _ in after]
    missing = [0] * len(after)
    for place, earlier in enumerate(after):
        for other in set(earlier):
            followers[other].append(place)
            missing[place] += 1
    start, end = [0.0] * len(after), [0.0] * len(after)
    ready = [place for place, left in enumerate(missing) if not left]
    done = 0
    while ready:
        place = ready.pop()
        done += 1
        end[place] = start[place] + seconds[place]
        for follower in followers[place]:
            start[follower] = max(start[follower], end[place])
            missing[follower] -= 1
            if not missing[follower]:
                ready.append(follower)
    if done < len(after):
        raise _impossible(f"{len(after) - done} nodes wait for each other in a circle")
    return np.array(start), np.array(end)


def _impossible(why: str) -> InvalidInput:
    """The error of a trace that cannot be replayed."""
    return InvalidInput([Problem("trace", 0, 0, "", why)])
