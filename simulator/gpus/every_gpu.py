"""A step on every GPU of the layout: each with its own loads and speed, and everybody's waits for the slower ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter

import numpy as np
import pandas as pd

from simulator.admission import TooLarge
from simulator.gpus.inside import Stay, Times, play
from simulator.gpus.script import script
from simulator.pipeline import content, tasks
from simulator.plan import Plan
from simulator.result import BUDGET_TOLERANCE_RATIO, BudgetError
from simulator.run import SPEEDS, Inside, pace_of
from simulator.sync import BARRIER, FINISH, SUM, Slot
from workloads.expert_loads import draw
from workloads.loads import Loads, even, speeds

MOST_PHASES = 800_000_000
"""GPUs x phases of their chunks in a step; that many take about 90 seconds."""
MOST_AT_ONCE = 10_000_000
"""GPUs x phases of one chunk; that many take one to two GB."""
LOADS = 2
"""Added to the seed where loads are drawn, with the pipeline rank and its step."""
SAID = 20
"""How often progress is told."""
PARTS = (
    "compute_s", "exposed_transfer_s", "wait_for_slowest_s", "wait_for_pipeline_s", "wait_at_end_s", "optimizer_s",
)  # fmt: skip
"""What the step of a GPU is made of."""
BESIDES = ("transfer_s", "kept_waiting_s")


@dataclass(frozen=True, slots=True, eq=False)
class EveryGpu:
    """A step, GPU by GPU.

    gpus   [gpu]  gpu, pipeline_rank, dp_index, speed_ratio (to the mean), then seconds:
           compute_s, exposed_transfer_s     it computes; it only sends or receives inside a chunk
           wait_for_slowest_s                inside a chunk, for those it exchanges with
           wait_for_pipeline_s, wait_at_end_s   for its next chunk's input; for all others after its last chunk
           optimizer_s                       gradients summed, update, parameters sent back; the six make up the step
           transfer_s                        all of its transfers inside chunks
           kept_waiting_s                    what others' transfers waited because it was ready last, added up
           end_s                             when it has done its last
    """

    step_s: float
    gpus: pd.DataFrame


def quietly(_: str) -> None:
    """Say nothing."""


def play_every_gpu(plan: Plan, say: Callable[[str], None] = quietly) -> EveryGpu:
    """Play every chunk of every GPU phase by phase.

    The pipeline's tasks are the symmetric simulation's, but each starts and ends on each GPU at a time of its own: a
    GPU sends to the one with the same place in the next stage; those that share experts, split a sequence or a head,
    or gather parameters start that transfer together; gradients are summed when all that hold a parameter are ready.
    A GPU's speed counts in its chunks; the update, which memory binds, takes as long on all.

    Raises TooLarge for the size, BudgetError where the parts of a GPU's step do not add up to it.
    """
    admit(plan)
    slots = tasks(plan.orders, pace_of(plan, dict.fromkeys(plan.timelines, Inside(0.0, None))))
    waits = _waits(slots)
    left = Counter(earlier for all_of_it in waits for earlier in all_of_it)
    step = _Step(plan)
    ends: dict[int, Times] = {}
    for done, index in enumerate(TopologicalSorter(dict(enumerate(waits))).static_order()):
        if done * SAID // len(slots) != (done - 1) * SAID // len(slots):
            say(f"Playing every GPU, {100 * done // len(slots)} % of the tasks")
        ready_s = np.maximum.reduce([step.began, *(ends[earlier] for earlier in waits[index])])
        ends[index] = step.do(index, slots[index], ready_s)
        left.subtract(waits[index])
        for earlier in waits[index]:
            if not left[earlier]:
                ends.pop(earlier, None)
    return step.result()


def admit(plan: Plan) -> None:
    """Raise TooLarge where playing every GPU would take too long or too much memory."""
    gpus = plan.scenario.layout.ranks_per_stage
    phases = [len(plan.timelines[content(step)]) for order in plan.orders for step in order]
    asked = f"every GPU by itself: {gpus:,} GPUs of each pipeline rank do"
    if gpus * sum(phases) > MOST_PHASES:
        raise TooLarge(
            f"{asked} {sum(phases):,} phases of chunks, together {gpus * sum(phases):,}; up to {MOST_PHASES:,} are "
            "played. Fewer job.sequences_per_step make fewer chunks"
        )
    if gpus * max(phases) > MOST_AT_ONCE:
        raise TooLarge(
            f"{asked} {max(phases):,} phases in one chunk, together {gpus * max(phases):,}; up to {MOST_AT_ONCE:,} are "
            "played. A larger layout.pp makes smaller chunks"
        )


def loads_of_step(plan: Plan, rank: int, at: int, layers: int) -> Loads:
    """Loads of a pipeline rank's step: one draw for each group of its GPUs that share experts."""
    layout = plan.scenario.layout
    if plan.sharing is None:
        return even(1, layers, layout.ranks_per_stage)
    share = layout.group(0, "ep")
    groups = layout.ranks_per_stage // (len(share) * share.step)
    drawn = draw(plan.sharing, groups, layers, (plan.scenario.seed, LOADS, rank, at))
    return Loads(np.repeat(drawn.rank, share.step, axis=-1), np.repeat(drawn.node, share.step, axis=-1))


def speed_of_gpus(plan: Plan) -> Times:
    """How fast each GPU computes, in units of the mean: [pipeline rank, gpu]."""
    scenario = plan.scenario
    shape = (len(plan.orders), scenario.layout.ranks_per_stage)
    return speeds(scenario.job.gpu_speed_variation, shape, (scenario.seed, SPEEDS))


def _waits(slots: Sequence[Slot]) -> list[tuple[int, ...]]:
    """What each task waits for, the one before it on its stream among them.

    Sends come in order of their chunks, so their port serves in listed order, too.
    """
    last: dict[tuple[int, str], int] = {}
    waits = []
    for index, (task, _) in enumerate(slots):
        line = (task.rank, task.stream)
        waits.append((*task.after, *([last[line]] if line in last else [])))
        last[line] = index
    return waits


class _Step:
    """Does tasks on all GPUs of their pipeline rank, and keeps account of every GPU's time: [pipeline rank, gpu]."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.scripts = {key: script(parts, plan.scenario.layout) for key, parts in plan.timelines.items()}
        self.places = [(rank, at) for rank, order in enumerate(plan.orders) for at in range(len(order))]
        self.speed = speed_of_gpus(plan)
        self.accounts = {name: np.zeros_like(self.speed) for name in (*PARTS, *BESIDES)}
        self.counted_to = np.zeros_like(self.speed)
        self.last = np.zeros_like(self.speed)
        self.began = np.zeros(self.speed.shape[1])

    def do(self, index: int, slot: Slot, ready_s: Times) -> Times:
        """Do one task on each GPU when it is ready; return when each has done it."""
        task, category = slot
        if index < len(self.places):
            end_s = self.chunk(*self.places[index], ready_s)
        else:
            if category == BARRIER or task.name.startswith(SUM):
                ready_s = np.full_like(ready_s, ready_s.max())
            end_s = ready_s + task.duration_s
            if category == FINISH:
                self.count(task.rank, "wait_at_end_s", ready_s, end_s)
                self.accounts["optimizer_s"][task.rank] += task.duration_s
        np.maximum(self.last[task.rank], end_s, out=self.last[task.rank])
        return end_s

    def chunk(self, rank: int, at: int, ready_s: Times) -> Times:
        """Do one step of a rank's order."""
        what = self.scripts[content(self.plan.orders[rank][at])]
        stay = play(what, ready_s, loads_of_step(self.plan, rank, at, what.loads), 1 / self.speed[rank])
        self.count(rank, "wait_for_pipeline_s", ready_s, stay.end_s)
        for name, seconds_s in zip(Stay._fields[1:], stay[1:], strict=True):
            self.accounts[name][rank] += seconds_s
        return stay.end_s

    def count(self, rank: int, wait: str, start_s: Times, end_s: Times) -> None:
        """Count the time since what was counted last as waiting."""
        self.accounts[wait][rank] += np.maximum(start_s - self.counted_to[rank], 0.0)
        self.counted_to[rank] = end_s

    def result(self) -> EveryGpu:
        """The step and where each GPU's time went; raises BudgetError."""
        step_s = float(self.last.max())
        self.accounts["wait_at_end_s"] += step_s - self.counted_to
        worst = float(np.abs(sum(self.accounts[part] for part in PARTS) - step_s).max())
        if worst > BUDGET_TOLERANCE_RATIO * max(step_s, 1e-30):
            raise BudgetError(f"the parts of a GPU miss the step of {step_s} s by {worst} s")
        ranks, gpus = self.speed.shape
        layout = self.plan.scenario.layout
        numbers = np.arange(ranks * gpus)
        columns = {
            "gpu": numbers,
            "pipeline_rank": numbers // gpus,
            "dp_index": numbers % gpus // (layout.tp * layout.cp),
            "speed_ratio": self.speed.ravel(),
            **{name: account.ravel() for name, account in self.accounts.items()},
            "end_s": self.last.ravel(),
        }
        return EveryGpu(step_s, pd.DataFrame(columns))
