"""A pipeline schedule as text: the order of every rank, its picture, its figures."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

import typer

from cli.columns import aligned
from cli.draw_schedules import pictures, schedules
from cli.drawn import NOTHING_SAID, Drawn
from cli.groups import plugin_kinds

if TYPE_CHECKING:
    from workloads.schedule import ScheduleSpec, Step

LEGEND = "F forward, B backward, I input gradient, W weight gradient, each with its micro-batch; & overlapped"


def schedule_text(name: str, drawn: Drawn) -> str:
    """What the schedule is; with sizes or times also the order of each rank, a picture and figures.

    Raises typer's usage error for an unknown name or for times that cannot be, ScheduleError if it cannot run like
    this.
    """
    kinds = plugin_kinds()["schedules"]
    if name not in kinds:
        from topologies.problems import meant

        raise typer.BadParameter(f"no schedule `{name}`{meant(name, kinds)}; there are: {', '.join(kinds)}")
    about = f"{name}: {inspect.cleandoc(kinds[name].__doc__ or '')}"
    if drawn == NOTHING_SAID:
        return f"{about}\n\nGive --ranks and --micro-batches, or --times, to see the order of each rank."
    if (drawn.ranks is None) != (drawn.micro_batches is None):
        raise typer.BadParameter("--ranks and --micro-batches go together")
    from simulator.replay import replay

    setting = drawn.setting()
    (schedule,) = schedules({name: kinds[name]})
    picture = pictures({name: replay(schedule, setting)}, setting)
    return "\n\n".join((about, orders(schedule, setting.ranks, setting.micro_batches), LEGEND, picture))


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
