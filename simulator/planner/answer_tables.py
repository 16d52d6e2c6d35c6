"""Candidates and counts of a search as tables, in the order in which a reader asks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from simulator.estimates.choices import Choice
from simulator.planner.cluster import Cluster
from simulator.planner.found import REASONS, Candidate, Found
from simulator.planner.worth import front
from workloads.plan_question import Objective

FIGURES: Mapping[Objective, str] = {
    "time": "time_s", "gpu-time": "gpu_s", "cost": "cost_usd", "energy": "energy_j",
}  # fmt: skip
UNITS: Mapping[Objective, str] = {"time": "s", "gpu-time": "s", "cost": "USD", "energy": "J"}


def layout_columns(choice: Choice) -> dict[str, object]:
    """What is chosen of a layout, by the names of a scenario's fields."""
    layout, schedule = choice.layout, choice.layout.schedule
    return {
        "tp": layout.tp,
        "cp": layout.cp,
        "pp": layout.pp,
        "dp": layout.dp,
        "ep": layout.ep,
        "schedule": schedule.kind,
        "chunks": getattr(schedule, "chunks", 1),
        "overlap": bool(getattr(schedule, "overlap", False)),
        "sequences_per_micro_batch": choice.sequences_per_micro_batch,
        "recompute": choice.recompute,
        "zero_stage": layout.zero_stage,
        "zero_overlap": layout.zero_overlap,
    }


def label(candidate: Candidate, cluster: Cluster) -> str:
    """A candidate in a line."""
    of = layout_columns(candidate.choice)
    varied = [f"{path} {value}" for path, value in cluster.varied.items()]
    sizes = [f"{axis.upper()} {of[axis]}" for axis in ("tp", "cp", "pp", "dp", "ep") if of[axis] != 1]
    chunks = f" x {of['chunks']}" if of["chunks"] != 1 else ""
    overlap = " overlapped" if of["schedule"] == "interleaved" and of["overlap"] else ""
    beside = " beside chunks" if of["zero_overlap"] else ""
    rest = [
        f"{of['schedule']}{chunks}{overlap}",
        f"micro-batch {of['sequences_per_micro_batch']}",
        f"recompute {of['recompute']}",
        f"ZeRO {of['zero_stage']}{beside}",
    ]
    return ", ".join([*varied, " ".join(sizes) or "one GPU a copy", *rest])


def candidates_table(
    ranked: Sequence[Candidate], clusters: Mapping[int, Cluster], lost: Mapping[int, str], places: Sequence[int]
) -> pd.DataFrame:
    """[candidate] place, what it is, its figures, whether no other is better in everything, why it is not the choice.

    lost   place -> why;  places   of the candidates
    """
    ahead = set(front(list(dict.fromkeys(one.values for one in ranked))))
    rows = []
    for place, one in zip(places, ranked, strict=True):
        cluster = clusters[one.cluster]
        worth = cluster.worth
        figures = {
            FIGURES[objective]: worth.value(objective, one.step_s, one.computing_s, one.idle_s)
            for objective in ("time", "gpu-time", "cost", "energy")
            if objective != "energy" or worth.draws is not None
        }
        if worth.usd_per_s is None:
            figures["cost_usd"] = float("nan")
        rows.append(
            {
                "place": place,
                "label": label(one, cluster),
                **cluster.varied,
                "gpus": worth.gpus,
                **layout_columns(one.choice),
                "step_s": one.step_s,
                **figures,
                "memory_bytes": one.memory_bytes,
                "pareto": one.values in ahead,
                "lost": lost.get(place, ""),
            }
        )
    return pd.DataFrame(rows)


def pruned_table(found: Found, clusters: Mapping[str, int]) -> pd.DataFrame:
    """[reason] how many valid choices were left out for it, how many were estimated; clusters   left out, by reason."""
    rows = [(reason, found.left_out[reason]) for reason in REASONS if found.left_out[reason]]
    rows += [(f"cluster: {why}", number) for why, number in clusters.items()]
    return pd.DataFrame(rows, columns=["reason", "choices"])
