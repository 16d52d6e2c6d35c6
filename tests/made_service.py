"""Tables of requests as a service may have them, made for tests of the reports (figures are invented)."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

import clustercast
from simulator.serving.result import ServiceResult
from workloads.service import SERVICES, Promises

PROMISES = Promises(ttft_s=2.0, tpot_s=0.05)


def made_histograms() -> pd.DataFrame:
    """TTFT in equal bins, TPOT in equal bins, ITL in bins that grow; each metric's shares add up to 1."""
    rows = []
    for metric, edges in (
        ("ttft", np.linspace(0.2, 4.2, 33)),
        ("tpot", np.linspace(0.03, 0.07, 25)),
        ("itl", np.geomspace(0.02, 2.0, 30)),
    ):
        middle = (edges[1:] + edges[:-1]) / 2
        weight = np.exp(-(((middle - middle[8]) / (middle[14] - middle[8])) ** 2)) * (edges[1:] - edges[:-1])
        shares = weight / weight.sum()
        rows += [(metric, *bin_) for bin_ in zip(edges[:-1], edges[1:], shares, strict=True)]
    return pd.DataFrame(rows, columns=["metric", "low_s", "high_s", "share"])


def made_timeline(instants: int = 900) -> pd.DataFrame:
    """Prefill and decode units over half an hour, with a rush in the middle."""
    time_s = np.linspace(0, 1800, instants)
    rush = np.exp(-(((time_s - 900) / 200) ** 2))
    shares = {"kv_share": 0.3 + 0.6 * rush, "busy_share": 0.5 + 0.5 * rush}
    frames = [
        pd.DataFrame(
            {"time_s": time_s, "unit": unit, "waiting": np.round(40 * rush**2), "running": most * (0.4 + 0.6 * rush)}
            | shares
        )
        for unit, most in (("prefill", 6.0), ("decode", 120.0))
    ]
    return pd.concat(frames, ignore_index=True)


def made_tables() -> dict[str, pd.DataFrame]:
    """All tables of requests."""
    rates = np.array([1.0, 2.0, 4.0, 6.0, 8.0])
    percentiles = pd.DataFrame(
        [(metric, 0.4, 0.3, 0.8, 1.1, 2.5) for metric in ("ttft", "tpot", "itl", "e2e")],
        columns=["metric", "mean_s", "p50_s", "p90_s", "p95_s", "p99_s"],
    )
    throughput = pd.DataFrame(
        {
            "rate_per_s": rates, "ttft_s": 0.3 / (1 - rates / 9), "tpot_s": 0.03 + 0.004 * rates,
            "tokens_per_s_per_gpu": 250 * rates, "kept_share": 1 - (rates / 9) ** 4,
        }
    )  # fmt: skip
    return {
        "histograms": made_histograms(),
        "timeline": made_timeline(),
        "percentiles": percentiles,
        "throughput": throughput,
        "classes": pd.DataFrame({"class": ["output", "prompt"], "usd": [0.2, 0.05]}),
        "unheard_of": pd.DataFrame({"what": ["this"], "seconds": [1.0]}),
    }


@cache
def served(name: str) -> ServiceResult:
    """A shipped service, worked out."""
    return clustercast.serve(SERVICES / f"{name}.yaml")


def with_requests(name: str = "sglang-96-h100") -> ServiceResult:
    """A shipped service with made-up tables of requests, and promises; some of its batches do not fit."""
    result = served(name)
    answers = result.tables["answers"].assign(fits=lambda frame: frame["sequences"] <= 256)
    tables = {**result.tables, "answers": answers, **made_tables()}
    return replace(result, tables=tables, promises=PROMISES, warnings=("This is made up.",))


def written(folder: Path, text: str) -> Path:
    """A file of the text."""
    path = folder / "service.yaml"
    path.write_text(text, encoding="utf-8")
    return path
