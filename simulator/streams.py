"""How much of each rank's time its streams compute, only communicate, or stand still."""

from __future__ import annotations

import numpy as np
import pandas as pd

from simulator.chunks import COMPUTE
from simulator.trace import Trace

MOVES = ("reduce-scatter", "all-gather", "send ")


def shares(trace: Trace) -> pd.DataFrame:
    """Shares of each rank's time between its first and its last task.

    A moment counts as compute where any computation runs, as exposed where only communication does, as idle where
    nothing does; hidden is the share of the communicating time during which computation runs as well. The same
    definitions as in Holistic Trace Analysis' temporal breakdown and communication overlap.

    returns  [rank]  rank, compute_share, exposed_share, idle_share, hidden_share
    """
    spent = trace.end_s > trace.start_s
    moves = np.array([name.startswith(MOVES) for name in trace.names], bool)[trace.name]
    computes = np.array([stream == COMPUTE for stream in trace.streams], bool)[trace.stream] & ~moves
    rows = []
    for rank in np.unique(trace.rank[spent]).tolist():
        mine = spent & (trace.rank == rank)
        span_s = float(trace.end_s[mine].max() - trace.start_s[mine].min())
        busy_s, compute_s = trace.covered_s(mine), trace.covered_s(mine & computes)
        comm_s = trace.covered_s(mine & ~computes)
        hidden_s = comm_s + compute_s - busy_s
        hidden_share = hidden_s / comm_s if comm_s else 0.0
        rows.append((rank, compute_s / span_s, (busy_s - compute_s) / span_s, 1 - busy_s / span_s, hidden_share))
    return pd.DataFrame(rows, columns=["rank", "compute_share", "exposed_share", "idle_share", "hidden_share"])
