"""Recorded traces that traffic-fits were made of, and what is compared between a trace and what a fit draws.

Reads ../shared/traces, which lies beside a checkout on the machines where the fits were made and not in it.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
from scipy import stats

from workloads.requests import Floats, Requests
from workloads.traffics.azure import Azure

TRACES = Path(__file__).parents[3] / "shared" / "traces"
FILES = {"azure-conv-2023": "splitwise_conv.csv", "azure-code-2023": "splitwise_code.csv"}
WINDOWS_S = (1.0, 10.0, 60.0)


@cache
def trace(name: str) -> Requests:
    """Every request of the trace behind a fit."""
    return Azure(path=str(TRACES / FILES[name])).requests(0)


def variation(requests: Requests) -> float:
    """Standard deviation of the gaps over their mean."""
    gaps_s = np.diff(requests.arrival_s)
    return float(gaps_s.std() / gaps_s.mean())


def dispersions(arrival_s: Floats, lasting_s: float) -> Floats:
    """Variance over mean of the counts in windows of 1, 10 and 60 s, within parts as long as a trace: [window].

    Within parts, because the mean of an hour moves with slow changes of the rate, in a trace as in what is drawn.
    """
    found = []
    for window_s in WINDOWS_S:
        windows = int(lasting_s // window_s)
        parts = max(int(arrival_s[-1] // lasting_s), 1)
        part, within_s = np.divmod(arrival_s, lasting_s)
        place = (within_s // window_s).astype(np.int64)
        inside = (part < parts) & (place < windows)
        cell = part[inside].astype(np.int64) * windows + place[inside]
        counts = np.bincount(cell, minlength=parts * windows).reshape(parts, windows)
        found.append(counts.var(axis=1).mean() / counts.mean())
    return np.array(found)


def rank_correlation(requests: Requests) -> float:
    """Spearman's correlation of prompts and answers."""
    return float(stats.spearmanr(requests.input_tokens, requests.output_tokens).statistic)


def correlation(requests: Requests) -> float:
    """Pearson's correlation of prompts and answers."""
    return float(np.corrcoef(requests.input_tokens, requests.output_tokens)[0, 1])
