"""A plan and a sweep of plausible shape, made for tests of their pages (figures are invented)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar

import numpy as np
import pandas as pd

from simulator.result import Answered, Assumption, Figure, Reproduction

DAY_S = 86_400.0
GPUS = ("h800", "h100", "h200")
TERMS = {"1f": 4.1, "1b": 5.2, "1f1b": 6.0, "bubble": 1.4, "optimizer": 0.7}


@dataclass(frozen=True, slots=True)
class MadePlan(Answered):
    """Shaped as a plan's answer."""

    schema: ClassVar[str] = "clustercast.plan/1"
    kind: ClassVar[str] = "plan"


def made_plan(many: int = 30, tables: Mapping[str, pd.DataFrame] = MappingProxyType({})) -> MadePlan:
    """A plan with every table filled; tables given stand in the place of those of their names."""
    own = {
        "candidates": _candidates(many), "pruned": _pruned(), "confirmed": _confirmed(), "binds": _binds(),
        "attribution": _attribution(), "sensitivity": _sensitivity(), "inverse": _inverse(),
    }  # fmt: skip
    return MadePlan(
        name="deepseek-v3-in-60-days",
        title="DeepSeek-V3 in 60 days for the least money",
        headline={
            "cost_usd": Figure(4.54e6, "USD", "Rent of the whole run.", 4.2e6, 4.9e6, 4.5e6),
            "time_s": Figure(46.2 * DAY_S, "s", "From the first step to the last."),
            "gpus": Figure(2048, "count", "GPUs of the choice."),
        },
        answer=("Choose 256 nodes of h200: 4.54 million USD.", "The runner-up costs 6.9 % more."),
        warnings=("The price of h200 is assumed.",),
        tables={**own, **tables},
        assumptions=(Assumption("H800 price", "2 USD/h", "published", "arXiv 2412.19437, Table 1"),),
        reproduction=Reproduction("name: q\n", "3f" * 32, {"clustercast": "0.1.0"}, 0, "clustercast plan q"),
    )


def _candidates(many: int) -> pd.DataFrame:
    """Candidates by cost, some of them alike in what is drawn."""
    random = np.random.default_rng(3)
    step_s = np.sort(17.4 * (1 + 0.8 * random.random(many)))
    nodes = random.choice([128, 256, 512], many)
    time_s = step_s * 229_000 * 256 / nodes
    frame = pd.DataFrame(
        {
            "label": [f"{n} nodes, tp {t}" for n, t in zip(nodes, random.choice([1, 2], many), strict=True)],
            "nodes": nodes, "gpu": random.choice(GPUS, many), "tp": random.choice([1, 2], many),
            "pp": random.choice([8, 16], many), "ep": 64,
            "schedule": random.choice(["dualpipe", "1f1b", "zb-h1"], many),
            "recompute": "norm_up", "step_s": step_s, "time_s": time_s, "gpu_s": time_s * nodes * 8,
            "cost_usd": time_s * nodes * 8 / 1800, "memory_bytes": 1e9 * random.integers(60, 84, many),
        }
    )  # fmt: skip
    frame = frame.sort_values("cost_usd", ignore_index=True)
    frame.insert(0, "place", range(1, many + 1))
    lost = [f"costs {cost / frame['cost_usd'].iloc[0] - 1:.1%} more" for cost in frame["cost_usd"]]
    return frame.assign(pareto=[place < 4 for place in frame["place"]], lost=["", *lost[1:]])


def _pruned() -> pd.DataFrame:
    """Reasons."""
    return pd.DataFrame(
        {"reason": ["does not fit in memory", "cannot be among the best"], "choices": [81_234, 1_203_445]}
    )


def _confirmed() -> pd.DataFrame:
    """Two candidates simulated."""
    rows = [(1, "256 nodes, tp 1", "step_s", 17.40, 17.31, -0.005), (2, "128 nodes, tp 1", "step_s", 18.4, 18.6, 0.011)]
    return pd.DataFrame(rows, columns=["place", "label", "figure", "estimate", "events", "difference_ratio"])


def _binds() -> pd.DataFrame:
    """Limits of different units."""
    rows = [
        ("budget", 4.54e6, 5e6, "USD", 0.908, False, "0.46 million USD are left"),
        ("memory of the fullest GPU", 81.3e9, 84.9e9, "bytes", 0.957, True, "a larger micro-batch would not fit"),
        ("date", 46 * DAY_S, 60 * DAY_S, "s", 0.77, False, "14 days are left"),
    ]
    return pd.DataFrame(rows, columns=["limit", "used", "allowed", "unit", "used_share", "binding", "why"])


def _attribution() -> pd.DataFrame:
    """Seconds of the run by part; the chosen ones add up to its simulated time, which is near the estimate."""
    chosen = np.array([*TERMS.values()])
    chosen = chosen * 1.002 * float(_candidates(30)["time_s"].iloc[0]) / chosen.sum()
    other = chosen * np.array([1.1, 1.0, 1.05, 0.8, 1.0])
    return pd.DataFrame({"term": [*TERMS], "chosen": chosen, "runner_up": other, "difference": other - chosen})


def _sensitivity() -> pd.DataFrame:
    """Inputs that move the cost, one of which changes the choice."""
    nominal = float(_candidates(30)["cost_usd"].iloc[0])
    names = ["cluster.node.gpu.kernels.matmul", "cluster.node.nic.achievable_ratio", "price.gpu_usd_per_s"]
    return pd.DataFrame(
        {
            "input": names, "low": ["x 0.93", "0.84", "1.9 USD/h"], "high": ["x 1.08", "0.94", "2.1 USD/h"],
            "figure_low": nominal * np.array([1.05, 1.01, 0.95]), "figure_high": nominal * np.array([0.96, 0.99, 1.05]),
            "choice_low": ["256 nodes", "128 nodes", "256 nodes"], "choice_high": ["256 nodes"] * 3,
            "changes_choice": [False, True, False],
        }
    )  # fmt: skip


def _inverse() -> pd.DataFrame:
    """Numbers of GPUs that were tried; nothing was found for one of them."""
    gpus = np.array([512, 1024, 1536, 2048, 4096])
    time_s = 46 * DAY_S * 2048 / gpus + np.array([0, np.nan, 0, 0, 0])
    return pd.DataFrame(
        {"value": gpus, "figure": time_s, "low": 0.95 * time_s, "high": 1.06 * time_s, "keeps": gpus > 1536}
    )
