"""Where the time of many runs went, as columns: productive and lost parts add up to the wall time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from simulator.result import BudgetError

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
SAME_RATIO = 1e-9
"""Parts may differ from the wall time by that much of it, for the rounding of millions of sums."""
PARTS: Mapping[str, str] = MappingProxyType(
    {
        "productive": "Steps that are kept, as long as they take when nothing is in the way",
        "lost": "Steps that were done and had to be done again, without what slowed them",
        "slowed": "What steps took longer because of slow nodes and lost links",
        "checkpoint": "Steps wait for a checkpoint",
        "pause": "Steps wait for an evaluation, for data, or what else the scenario names",
        "planned": "Down as planned; the restart counts below",
        "detection": "From failures until all has stopped",
        "waiting": "For a repaired node, no spare being left",
        "restart": "Scheduling, start, loading the checkpoint; restarts that failed included",
    }
)
"""Each part of the wall time and what counts under it."""


@dataclass(frozen=True, slots=True, eq=False)
class Outcomes:
    """Many runs of one plan with other luck.

    parts_s      [run, part]   seconds by part, in the order of PARTS
    wall_s       [run]         from the first step until the last checkpoint is safe
    failures     [run, cause]  how often each cause struck
    causes       [cause]       names
    interrupts   [cause]       whether the cause stops the job at once
    finished     [run]         all steps done before time was up
    corrupted    [run]         wrong numbers were in the model at the end, not found
    """

    parts_s: Floats
    wall_s: Floats
    failures: Ints
    causes: tuple[str, ...]
    interrupts: NDArray[np.bool_]
    finished: NDArray[np.bool_]
    corrupted: NDArray[np.bool_]

    def __post_init__(self) -> None:
        """Raise BudgetError where the parts of a run do not add up to its wall time."""
        off_s = np.abs(self.parts_s.sum(axis=1) - self.wall_s)
        if (off_s > SAME_RATIO * np.maximum(self.wall_s, 1.0)).any():
            worst = int(off_s.argmax())
            raise BudgetError(f"the parts of run {worst} miss its wall time by {off_s[worst]} s")

    def part_s(self, name: str) -> Floats:
        """[run] seconds of one of PARTS."""
        return self.parts_s[:, list(PARTS).index(name)]

    @property
    def goodput_ratio(self) -> Floats:
        """[run] productive time over wall time: the rate of training over that of undisturbed steps."""
        return self.part_s("productive") / self.wall_s

    @property
    def effective_ratio(self) -> Floats:
        """[run] time of steps that count, slower ones as long as they took, over wall time."""
        return (self.part_s("productive") + self.part_s("slowed")) / self.wall_s

    @property
    def interruptions(self) -> Ints:
        """[run] failures that stopped the job at once, or struck while it was down."""
        total: Ints = self.failures[:, self.interrupts].sum(axis=1)
        return total

    @property
    def mtbf_s(self) -> float:
        """Wall time over interruptions, all runs together; infinite without any."""
        struck = int(self.interruptions.sum())
        return float(self.wall_s.sum()) / struck if struck else float("inf")

    def by_cause(self) -> dict[str, float]:
        """Failures of each cause in the mean of the runs."""
        return dict(zip(self.causes, self.failures.mean(axis=0).tolist(), strict=True))

    def probability_by(self, date_s: float) -> float:
        """Share of the runs that are done within some seconds of wall time."""
        return float((self.finished & (self.wall_s <= date_s)).mean())

    def columns(self) -> dict[str, Floats]:
        """[run] each: wall time, ratios, parts, interruptions."""
        parts = {f"{name}_s": self.part_s(name) for name in PARTS}
        told = {"wall_s": self.wall_s, "goodput_ratio": self.goodput_ratio, "effective_ratio": self.effective_ratio}
        return {**told, **parts, "interruptions": self.interruptions.astype(np.float64)}

    def percentiles(self, at: tuple[float, ...] = (5.0, 50.0, 95.0)) -> pd.DataFrame:
        """One row a column of `columns`: its mean, then its percentiles (p5, p50, ...)."""
        import pandas as pd

        table = {name: [values.mean(), *np.percentile(values, at)] for name, values in self.columns().items()}
        return pd.DataFrame.from_dict(table, orient="index", columns=["mean", *(f"p{one:g}" for one in at)])


def together(phases: Sequence[Outcomes]) -> Outcomes:
    """Phases one after another, run by run: times and failures added up, causes of all of them."""
    causes = tuple(dict.fromkeys(cause for phase in phases for cause in phase.causes))
    stops = {cause: stop for phase in phases for cause, stop in zip(phase.causes, phase.interrupts, strict=True)}
    failures = np.zeros((len(phases[0].wall_s), len(causes)), np.int64)
    for phase in phases:
        failures[:, [causes.index(cause) for cause in phase.causes]] += phase.failures
    return Outcomes(
        parts_s=np.sum([phase.parts_s for phase in phases], axis=0),
        wall_s=np.sum([phase.wall_s for phase in phases], axis=0),
        failures=failures,
        causes=causes,
        interrupts=np.array([stops[cause] for cause in causes], np.bool_),
        finished=np.all([phase.finished for phase in phases], axis=0),
        corrupted=np.any([phase.corrupted for phase in phases], axis=0),
    )
