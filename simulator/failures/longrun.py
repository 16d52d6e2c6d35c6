"""A run over weeks: its steps, the parts that it depends on, its checkpoints, what interrupts it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from simulator.failures.hazards import hazards, stops_per_s
from simulator.failures.sizes import Saving
from simulator.refusal import Refused
from workloads.failure_rates import Components
from workloads.reliability import Pause, Reliability

if TYPE_CHECKING:
    from simulator.failures.kernels import Job

LONGEST_EXPONENT = 40.0
"""A segment whose expected failures exceed this never ends in practice."""
EFFECTS = ("stop, replace node", "stop", "slow network", "silent", "slow node")
"""In the order of the kernels' numbers."""


@dataclass(frozen=True, slots=True)
class LongRun:
    """Steps to do, seconds of each when nothing is in the way, and all that may be in the way."""

    steps: int
    step_s: float
    components: Components
    saving: Saving
    reliability: Reliability

    def __post_init__(self) -> None:
        """Raise Refused for a run without steps or without checkpoints."""
        if self.steps < 1 or self.saving.every_steps < 1 or not 0 < self.step_s < math.inf:
            raise Refused(
                f"{self.steps} steps of {self.step_s} s with a checkpoint every {self.saving.every_steps} steps: "
                "each must be more than zero"
            )

    @property
    def work_s(self) -> float:
        """Seconds of productive steps."""
        return self.steps * self.step_s

    @property
    def down_s(self) -> float:
        """Seconds from a failure until steps run again, if a spare is there."""
        recovery = self.reliability.recovery
        return recovery.detection_s + recovery.restart_s + self.saving.load_s


def whole_steps(pause: Pause, step_s: float) -> int:
    """Steps between two pauses, at least one."""
    return max(1, round(pause.interval_s / step_s))


def failure_free_s(run: LongRun) -> float:
    """Wall seconds if nothing fails: steps, checkpoints, pauses, planned interruptions.

    The last checkpoint, at the end, and those before planned interruptions are waited for until they are safe. A copy
    to the hosts waits until the one before is safe.
    """
    saving, planned = run.saving, run.reliability.planned
    stops = _places(whole_steps(planned, run.step_s), run.steps - 1) if planned else frozenset()
    waited = stops | {run.steps}
    saves = _places(saving.every_steps, run.steps) - waited
    total_s = run.work_s + len(waited) * (saving.block_s + saving.write_s) + len(saves) * saving.block_s
    pauses = {name: whole_steps(pause, run.step_s) for name, pause in run.reliability.pauses.items()}
    total_s += sum(run.steps // every * run.reliability.pauses[name].length_s for name, every in pauses.items())
    if planned is not None:
        total_s += len(stops) * (planned.length_s + run.reliability.recovery.restart_s + saving.load_s)
    return total_s + _stalls_s(run, sorted(saves | waited), waited, pauses)


def _places(every: int, last: int) -> frozenset[int]:
    """Steps at which something happens."""
    return frozenset(range(every, last + 1, every))


def _stalls_s(run: LongRun, saves: list[int], waited: frozenset[int], pauses: dict[str, int]) -> float:
    """Seconds that checkpoints wait for those before them."""
    write_s, before, total_s = run.saving.write_s, 0, 0.0
    if write_s == 0:
        return 0.0
    for step in saves:
        between_s = (step - before) * run.step_s
        between_s += sum(
            (step // every - before // every) * run.reliability.pauses[name].length_s for name, every in pauses.items()
        )
        in_flight = before > 0 and before not in waited
        total_s += max(write_s - between_s, 0.0) * in_flight
        before = step
    return total_s


def as_job(run: LongRun, until_s: float) -> Job:
    """The run as the kernels read it. Raises Refused for one that would hardly ever reach a checkpoint."""
    from simulator.failures.kernels import Job

    found = hazards(run.reliability, run.components)
    per_s = sum(hazard.per_s for hazard in found)
    exposed_s = run.saving.every_steps * run.step_s + run.saving.block_s
    if stops_per_s(found) * max(exposed_s, run.down_s) > LONGEST_EXPONENT:
        raise Refused(
            f"a failure comes every {1 / stops_per_s(found):.4g} s on average, but it takes {exposed_s:.4g} s to the "
            f"next checkpoint and {run.down_s:.4g} s to restart: it would not get on; write checkpoints more often"
        )
    reliability, recovery = run.reliability, run.reliability.recovery
    planned, slow, network = reliability.planned, reliability.stragglers, reliability.network_loss
    pauses = tuple(reliability.pauses.values())
    shares = np.cumsum([hazard.per_s for hazard in found]) / per_s if per_s else np.zeros(0)
    return Job(
        steps=float(run.steps),
        step_s=run.step_s,
        save_steps=float(run.saving.every_steps),
        block_s=run.saving.block_s,
        write_s=run.saving.write_s,
        pause_steps=np.array([float(whole_steps(pause, run.step_s)) for pause in pauses]),
        pause_s=np.array([pause.length_s for pause in pauses]),
        planned_steps=float(whole_steps(planned, run.step_s)) if planned else 0.0,
        planned_s=planned.length_s if planned else 0.0,
        detection_s=recovery.detection_s,
        restart_s=recovery.restart_s + run.saving.load_s,
        repair_s=recovery.repair_s,
        spare_nodes=recovery.spare_nodes,
        while_down=recovery.fails == "always",
        slow_ratio=slow.slowdown_ratio if slow else 1.0,
        slow_found_s=slow.found_s if slow else 0.0,
        network_ratio=network.slowdown_ratio if network else 1.0,
        network_repair_s=network.repair_s if network else 0.0,
        silent_found_s=reliability.silent.found_s,
        failures_per_s=per_s,
        causes_to=shares,
        effects=np.array([EFFECTS.index(hazard.effect) for hazard in found], np.int64),
        until_s=until_s,
    )
