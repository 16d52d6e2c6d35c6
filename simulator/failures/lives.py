"""Runs played with other luck each, and one of them told event by event."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from simulator.failures.hazards import hazards
from simulator.failures.longrun import LongRun, as_job, failure_free_s
from simulator.failures.outcomes import PARTS, Outcomes
from simulator.refusal import Refused

if TYPE_CHECKING:
    import pandas as pd

PATIENCE = 100.0
"""Times the failure-free time after which a run is given up."""
SCOUTS = 3
"""Runs after which it is clear that none gets anywhere; where failures outrun restarts, each takes seconds."""
EVENTS = (
    "steps", "checkpoint", "pause", "last checkpoint before a stop", "planned stop", "detection", "waiting for a node",
    "restart", "done", "failure", "checkpoint safe", "network mended", "slow node found", "corruption found",
    "time is up",
)  # fmt: skip
"""What begins or happens, in the order of the kernels' numbers."""
FIRST_ROWS = 4096


@dataclass(frozen=True, slots=True, eq=False)
class Timeline:
    """One run as columns.

    time_s      [event]  wall time
    step        [event]  steps done that still count, with fractions
    event       [event]  index into EVENTS
    cause       [event]  index into `causes` for a failure, else -1
    """

    time_s: NDArray[np.float64]
    step: NDArray[np.float64]
    event: NDArray[np.int64]
    cause: NDArray[np.int64]
    causes: tuple[str, ...]

    def to_frame(self) -> pd.DataFrame:
        """One row an event: time_s, step, event, cause (names; empty where none)."""
        import pandas as pd

        return pd.DataFrame(
            {
                "time_s": self.time_s,
                "step": self.step,
                "event": np.asarray(EVENTS, dtype=object)[self.event],
                "cause": np.asarray((*self.causes, ""), dtype=object)[self.cause],
            }
        )


def simulate(run: LongRun, runs: int = 1000, seed: int | tuple[int, ...] = 0, until_s: float | None = None) -> Outcomes:
    """Play a run many times, every failure an event.

    seed      one number or several; run number n draws from (seed, n), however many are played
    until_s   end of the time that is looked at; without it runs go on to their last step. Raises Refused if none would
              get there in a hundred times the failure-free time, and for fewer than one run
    """
    from simulator.failures import kernels

    if runs < 1:
        raise Refused(f"{runs} runs; give at least one")
    job = as_job(run, PATIENCE * failure_free_s(run) if until_s is None else until_s)
    found, no_log = hazards(run.reliability, run.components), np.zeros((0, 4))
    spent_s, wall_s = np.zeros((runs, kernels.PHASES)), np.zeros(runs)
    kept, lost = np.zeros(runs), np.zeros(runs)
    failures = np.zeros((runs, len(found)), np.int64)
    finished, corrupted = np.zeros(runs, np.bool_), np.zeros(runs, np.bool_)
    for one in range(runs):
        spent_s[one], now, flags, failures[one] = kernels.live(job, luck(seed, one), no_log)
        wall_s[one], kept[one], lost[one] = now[kernels.WALL], now[kernels.STEP], now[kernels.LOST]
        finished[one], corrupted[one] = flags[kernels.PHASE] == kernels.DONE, flags[kernels.TAINTS] > 0
        if until_s is None and one + 1 == min(runs, SCOUTS) and not finished.any():
            raise Refused(
                f"not one of {one + 1} runs was done after {PATIENCE:g} times the time it takes without failures"
            )
    parts = {
        "productive": kept * run.step_s,
        "lost": lost * run.step_s,
        "slowed": spent_s[:, kernels.SLOWED],
        "checkpoint": spent_s[:, kernels.SAVE] + spent_s[:, kernels.DRAIN],
        "pause": spent_s[:, kernels.PAUSE],
        "planned": spent_s[:, kernels.PLANNED],
        "detection": spent_s[:, kernels.DETECT],
        "waiting": spent_s[:, kernels.WAIT],
        "restart": spent_s[:, kernels.RESTART],
    }
    return Outcomes(
        parts_s=np.stack([parts[name] for name in PARTS], axis=1),
        wall_s=wall_s,
        failures=failures,
        causes=tuple(hazard.name for hazard in found),
        interrupts=np.array([hazard.stops for hazard in found], np.bool_),
        finished=finished,
        corrupted=corrupted,
    )


def simulate_phases(phases: Sequence[LongRun], runs: int = 1000, seed: int = 0) -> tuple[Outcomes, ...]:
    """Play phases that follow each other, each with luck of its own; `together` adds them up."""
    return tuple(simulate(phase, runs, (seed, number)) for number, phase in enumerate(phases))


def luck(seed: int | tuple[int, ...], number: int) -> np.random.Generator:
    """What one run draws from."""
    return np.random.default_rng([*([seed] if isinstance(seed, int) else seed), number])


def timeline(run: LongRun, number: int = 0, seed: int | tuple[int, ...] = 0, until_s: float = math.inf) -> Timeline:
    """One of the runs that `simulate` plays, event by event."""
    from simulator.failures.kernels import NOTED, live

    job = as_job(run, min(until_s, PATIENCE * failure_free_s(run)))
    rows, log = FIRST_ROWS, np.zeros((0, 4))
    while len(log) < rows:
        log = np.zeros((rows, 4))
        noted = int(live(job, luck(seed, number), log)[2][NOTED])
        rows = max(rows, noted)
    log = log[:noted]
    names = tuple(hazard.name for hazard in hazards(run.reliability, run.components))
    return Timeline(log[:, 0], log[:, 1], log[:, 2].astype(np.int64), log[:, 3].astype(np.int64), names)
