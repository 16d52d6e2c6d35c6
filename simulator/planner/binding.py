"""What a choice is up against: how much of each limit it uses."""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd

from simulator.planner.confirmed import Confirmed
from topologies.units import pretty
from workloads.plan_limits import Limits

NEAR_SHARE = 0.95
"""A limit of which so much is used binds: the next step in any direction would break it."""
COLUMNS = ("limit", "used", "allowed", "unit", "used_share", "binding", "why")


class Row(NamedTuple):
    """One limit: what is used of it, in which unit, and what that means."""

    limit: str
    used: float
    allowed: float
    unit: str
    why: str

    @property
    def used_share(self) -> float:
        """Share of the limit that is used."""
        return self.used / self.allowed if self.allowed else 1.0


def binds(chosen: Confirmed, limits: Limits, excluded: int, slower: float | None = None) -> pd.DataFrame:
    """[limit] every limit of the question, the GPU's memory, and the links; the fullest first.

    excluded   valid choices that do not fit into memory
    slower     share by which the step is slower with a part of the network lost, None where that was not asked
    """
    rows = sorted(
        (*_memory(chosen, excluded), *_asked(chosen, limits), *_lost(limits, slower), *_links(chosen)),
        key=lambda row: -row.used_share,
    )
    told = [(*row[:4], row.used_share, row.used_share >= NEAR_SHARE, row.why) for row in rows]
    return pd.DataFrame(told, columns=list(COLUMNS))


def _memory(chosen: Confirmed, excluded: int) -> list[Row]:
    """The fullest GPU's memory."""
    used, allowed = chosen.memory_bytes, chosen.cluster.worth.most_bytes
    why = f"{pretty(allowed - used, 'bytes')} are left on the fullest GPU; {excluded:,} choices do not fit"
    return [Row("memory", used, allowed, "bytes", why)]


def _asked(chosen: Confirmed, limits: Limits) -> list[Row]:
    """What the question limits."""
    rows = []
    if limits.seconds is not None:
        left = limits.seconds - chosen.value("time")
        rows.append(Row("date", chosen.value("time"), limits.seconds, "s", f"{pretty(left, 's')} are left"))
    if limits.budget_usd is not None:
        cost = chosen.value("cost")
        rows.append(
            Row("budget", cost, limits.budget_usd, "USD", f"{pretty(limits.budget_usd - cost, 'USD')} are left")
        )
    if limits.most_gpus is not None:
        gpus = chosen.scenario.cluster.gpus
        rows.append(Row("GPUs", gpus, limits.most_gpus, "GPUs", f"{limits.most_gpus - gpus:,} GPUs more are allowed"))
    return rows


def _lost(limits: Limits, slower: float | None) -> list[Row]:
    """The step with a part of the network lost."""
    if limits.survives is None or slower is None:
        return []
    why = f"with a lost {limits.survives.part} the step is {100 * slower:.3g} % slower"
    return [Row(f"lost {limits.survives.part}", max(slower, 0.0), limits.survives.most_slower_share, "ratio", why)]


def _links(chosen: Confirmed) -> list[Row]:
    """How long a step's links are busy."""
    busy_s = chosen.result.traffic.groupby("link")["seconds"].sum()
    names = {"network": "network port", "nvlink": "NVLink"}
    return [
        Row(
            f"{name} of a GPU",
            float(busy_s.get(link, 0.0)),
            chosen.step_s,
            "s",
            "seconds of a step in which it is busy",
        )
        for link, name in names.items()
    ]
