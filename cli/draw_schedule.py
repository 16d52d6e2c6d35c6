"""A pipeline schedule as text: the order of every rank."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

import typer

from cli.columns import aligned
from cli.groups import plugin_kinds

if TYPE_CHECKING:
    from workloads.schedule import ScheduleSpec, Step

LEGEND = "F forward, B backward, I input gradient, W weight gradient, each with its micro-batch; & overlapped"


def schedule_text(name: str, ranks: int | None, micro_batches: int | None) -> str:
    """What the schedule is; with ranks and micro-batches also the order of each rank.

    Raises typer's usage error for an unknown name, ScheduleError if it cannot run like this.
    """
    kinds = plugin_kinds()["schedules"]
    if name not in kinds:
        from topologies.problems import meant

        raise typer.BadParameter(f"no schedule `{name}`{meant(name, kinds)}; there are: {', '.join(kinds)}")
    about = f"{name}: {inspect.cleandoc(kinds[name].__doc__ or '')}"
    if ranks is None and micro_batches is None:
        return f"{about}\n\nGive --ranks and --micro-batches to see the order of each rank."
    if ranks is None or micro_batches is None:
        raise typer.BadParameter("--ranks and --micro-batches go together")
    from workloads.schedule import ScheduleSpec

    schedule = kinds[name].model_validate({"kind": name})
    if not isinstance(schedule, ScheduleSpec):
        raise TypeError(f"{name} is no schedule")
    schedule.check(ranks, micro_batches)
    return "\n\n".join((about, orders(schedule, ranks, micro_batches), LEGEND))


def orders(schedule: ScheduleSpec, ranks: int, micro_batches: int) -> str:
    """One line a rank: its stages, the most micro-batches it holds, its steps in order."""
    from workloads.order import most_in_flight

    rows = []
    for rank in range(ranks):
        order = schedule.order(rank, ranks, micro_batches)
        stages = ",".join(str(stage) for stage in schedule.stages_of(rank, ranks))
        rows.append([str(rank), stages, str(most_in_flight(order)), " ".join(step_text(step) for step in order)])
    return aligned(rows, ("rank", "stages", "held", "order"))


def step_text(step: Step) -> str:
    """`F3`, or `F3&B1` for a pair that overlaps."""
    return "&".join(f"{work.op}{work.micro_batch}" for work in step)
