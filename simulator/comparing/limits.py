"""How close scenarios are to their limits: what would fail first if more were asked of them."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from simulator.comparing.comparison import Compared

LIMITS = {"memory": "memory_share", "network": "network_share", "NVLink": "nvlink_share"}
"""Limit -> column that says how much of it is used."""


def table(compared: Sequence[Compared]) -> pd.DataFrame:
    """Use of each limit: memory of the fullest GPU over what is usable; time that a link is busy over the step.

    returns  [scenario]  scenario, memory_share, network_share, nvlink_share, nearest, binds
    """
    rows = []
    for one in compared:
        result = one.result
        step_s = result.headline["step_s"].value
        busy_s = result.traffic.groupby("link")["seconds"].sum()
        used = {
            "memory": result.headline["memory_bytes_per_gpu_max"].value / result.memory_usable_bytes,
            "network": float(busy_s.get("network", 0.0)) / step_s,
            "NVLink": float(busy_s.get("nvlink", 0.0)) / step_s,
        }
        rows.append((one.label, *used.values(), max(used, key=lambda limit: used[limit]), result.answer[0]))
    return pd.DataFrame(rows, columns=["scenario", *LIMITS.values(), "nearest", "binds"])
