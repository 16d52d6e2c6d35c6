"""What fills an overlapped pair: seconds of each phase, and how much of the transfers computation hides."""

from __future__ import annotations

import numpy as np
import pandas as pd

from simulator.chunks import COMM, COMPUTE
from simulator.lockstep import WAIT
from simulator.trace import Trace


def terms(trace: Trace) -> pd.DataFrame:
    """Seconds of each phase inside one step content.

    A transfer, or the wait for the slowest rank before it, is hidden while the compute stream works, exposed while it
    does not.

    returns  [term]  term, stream, seconds, hidden_s, exposed_s
    """
    frame = trace.to_frame()
    frame["term"] = frame["name"].str.split(" l", regex=False).str[0]
    frame["seconds"] = frame["end_s"] - frame["start_s"]
    frame["hidden_s"] = _covered_s(frame, frame[frame["stream"] == COMPUTE])
    computes = frame["stream"] == COMPUTE
    frame.loc[computes, "hidden_s"] = 0.0
    frame["exposed_s"] = np.where(computes, 0.0, frame["seconds"] - frame["hidden_s"])
    columns = ["seconds", "hidden_s", "exposed_s"]
    table: pd.DataFrame = frame.groupby(["term", "stream"], sort=False)[columns].sum().reset_index()
    return table


def _covered_s(frame: pd.DataFrame, compute: pd.DataFrame) -> np.ndarray:
    """Seconds of each row during which a compute task runs; those of one stream do not overlap each other."""
    starts, ends = compute["start_s"].to_numpy(), compute["end_s"].to_numpy()
    first = np.maximum(frame["start_s"].to_numpy()[:, None], starts[None, :])
    last = np.minimum(frame["end_s"].to_numpy()[:, None], ends[None, :])
    covered: np.ndarray = np.maximum(last - first, 0.0).sum(axis=1)
    return covered


def communication_ratio(table: pd.DataFrame) -> float:
    """Seconds of transfers, waits left out, over seconds of computation; 0 where nothing computes."""
    seconds = table[~table["term"].str.startswith(WAIT)].groupby("stream")["seconds"].sum()
    compute_s = float(seconds.get(COMPUTE, 0.0))
    return float(seconds.get(COMM, 0.0)) / compute_s if compute_s else 0.0
