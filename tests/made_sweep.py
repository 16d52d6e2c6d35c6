"""A sweep of plausible shape, made for tests of its page (figures are invented)."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import ClassVar

import pandas as pd

from simulator.result import Answered, Figure, Reproduction

TRILLION = 14.8
OF_GPU = {"h800": 1.0, "h100": 0.96}
OF_SCHEDULE = {"dualpipe": 1.0, "1f1b": 1.2, "zb-h1": 1.1}
"""What each value multiplies the step by."""


@dataclass(frozen=True, slots=True)
class MadeSweep(Answered):
    """Shaped as a sweep's answer."""

    schema: ClassVar[str] = "clustercast.sweep/1"
    kind: ClassVar[str] = "sweep"


def made_sweep(**tables: pd.DataFrame) -> MadeSweep:
    """Every combination of four fields, a third of which fails; tables given by name stand in their place."""
    whole = _points()
    done = whole[whole["status"] == "done"].reset_index(drop=True)
    failed = whole.loc[whole["status"] == "failed", ["number", "label"]].assign(
        why="the fullest GPU would need too much"
    )
    designs = pd.DataFrame({"design": ["all"], "points": [len(whole)]})
    return MadeSweep(
        name="gpus-and-schedules",
        title="GPUs and schedules",
        headline={"points": Figure(len(done), "", "Points worked out.")},
        answer=(f"{len(done)} of {len(whole)} points were worked out.",),
        warnings=(),
        tables={"points": done, "failed": failed, "designs": designs} | tables,
        assumptions=(),
        reproduction=Reproduction("name: s\n", "3f" * 32, {"clustercast": "0.1.0"}, 0, "clustercast sweep s"),
    )


def _points() -> pd.DataFrame:
    """A grid whose step is a product of known factors, so that main effects are known too."""
    rows = []
    fields = product((128, 256, 512), ("h800", "h100"), ("dualpipe", "1f1b", "zb-h1"), ("5 %", "10 %"))
    for number, (nodes, gpu, schedule, loss) in enumerate(fields, start=1):
        step_s = (
            20.0
            * 256
            / nodes
            * {"h800": 1.0, "h100": 0.96}[gpu]
            * {"dualpipe": 1.0, "1f1b": 1.2, "zb-h1": 1.1}[schedule]
        )
        days = TRILLION * step_s / 6
        label = f"nodes={nodes}, gpu={gpu}, schedule.kind={schedule}, loss={loss}"
        status = "failed" if schedule == "zb-h1" else "done"
        memory_bytes = 6e10 + 1e10 * (schedule == "dualpipe") + 1e9 * (nodes == 128)
        rows.append((number, label, nodes, gpu, schedule, loss, status, step_s, days * nodes * 8 * 48, memory_bytes))
    columns = ["number", "label", "nodes", "gpu", "schedule.kind", "loss", "status", "step_s", "cost_usd",
               "memory_bytes_per_gpu_max"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)
