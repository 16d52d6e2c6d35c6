"""Plays a Chakra trace by ASTRA-sim's rule of issue: what may start does, lowest id first, if its unit is idle.

A rank has one unit that computes and one that communicates, for collectives and sends alike; receiving needs none
(astra-sim/workload/HardwareResource.cc, Workload::issue_dep_free_nodes). Durations are the trace's.
"""

from __future__ import annotations

from collections import defaultdict
from heapq import heappop, heappush
from typing import Any

import pandas as pd

from reports.chakra.replay import SUMS
from simulator.step_graph import RANKS

RECEIVE, SEND, COMPUTE = "COMM_RECV_NODE", "COMM_SEND_NODE", "COMP_NODE"


class Issued:
    """The trace while it is played; end_s of all that is over in the end."""

    def __init__(self, trace: pd.DataFrame) -> None:
        self.rows = [{str(name): value for name, value in row.items()} for row in trace.to_dict("records")]
        place = {(row["rank"], row["id"]): at for at, row in enumerate(self.rows)}
        self.missing = [len(row["data_deps"]) for row in self.rows]
        self.followers: dict[int, list[int]] = defaultdict(list)
        for at, row in enumerate(self.rows):
            for other in row["data_deps"]:
                self.followers[place[row["rank"], other]].append(at)
        self.send = {self.key(row): at for at, row in enumerate(self.rows) if row["type"] == SEND}
        self.meeting = self.meetings()
        self.there: dict[object, list[int]] = defaultdict(list)
        self.ready: dict[int, list[tuple[int, int]]] = defaultdict(list)
        self.busy: set[tuple[int, bool]] = set()
        self.events: list[tuple[float, int]] = []
        self.end_s: dict[int, float] = {}
        self.now_s = 0.0

    @staticmethod
    def key(row: dict[str, Any]) -> tuple[Any, ...]:
        """What tells a message from all others."""
        return row["comm_src"], row["comm_dst"], row["comm_tag"]

    def meetings(self) -> dict[int, list[int]]:
        """Rows of each sum, of all ranks that begin it together."""
        found: dict[tuple[Any, ...], list[int]] = defaultdict(list)
        times: dict[tuple[Any, ...], int] = defaultdict(int)
        for at, row in enumerate(self.rows):
            if row.get("comm_type") in SUMS:
                times[row["rank"], row["pg_name"], row["name"]] += 1
                found[row["pg_name"], row["name"], times[row["rank"], row["pg_name"], row["name"]]].append(at)
        return {at: members for members in found.values() for at in members}

    def play(self) -> float:
        """Issue everything; return when the last node is over."""
        for at, left in enumerate(self.missing):
            if not left:
                heappush(self.ready[self.rows[at]["rank"]], (self.rows[at]["id"], at))
        for rank in list(self.ready):
            self.issue(rank)
        while self.events:
            self.now_s, at = heappop(self.events)
            self.over(at)
        return max(self.end_s.values())

    def issue(self, rank: int) -> None:
        """Start what is free to start and finds its unit idle."""
        held = []
        while self.ready[rank]:
            number, at = heappop(self.ready[rank])
            unit = self.unit(at)
            if unit in self.busy:
                held.append((number, at))
                continue
            if unit is not None:
                self.busy.add(unit)
            self.start(at)
        self.ready[rank] = held

    def unit(self, at: int) -> tuple[int, bool] | None:
        """The unit that a node needs: of its rank, and whether it is the computing one."""
        row = self.rows[at]
        return None if row["type"] == RECEIVE else (row["rank"], row["type"] == COMPUTE)

    def start(self, at: int) -> None:
        """A node begins; what is received waits for its send, a sum for all its members."""
        row = self.rows[at]
        if row["type"] == RECEIVE:
            if self.send[self.key(row)] in self.end_s:
                heappush(self.events, (self.now_s, at))
            else:
                self.there[self.key(row)].append(at)
            return
        members = self.meeting.get(at, [at])
        self.there[members[0]].append(at)
        if len(self.there[members[0]]) == len(members):
            for each in members:
                one = self.rows[each]
                waited_s = one["waited_s"] if one.get("waits_for") == RANKS else 0.0
                heappush(self.events, (self.now_s + one["duration_s"] - waited_s, each))

    def over(self, at: int) -> None:
        """A node is over: its unit is idle, who waited for it may start."""
        row, unit = self.rows[at], self.unit(at)
        self.end_s[at] = self.now_s
        if unit is not None:
            self.busy.discard(unit)
        if row["type"] == SEND:
            for waiting in self.there[self.key(row)]:
                heappush(self.events, (self.now_s, waiting))
        for follower in self.followers[at]:
            self.missing[follower] -= 1
            if not self.missing[follower]:
                heappush(self.ready[row["rank"]], (self.rows[follower]["id"], follower))
        self.issue(row["rank"])
