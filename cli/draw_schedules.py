"""All pipeline schedules on one scale of time, under each other, as text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from cli.columns import aligned

if TYPE_CHECKING:
    from pydantic import BaseModel

    from simulator.trace import Trace
    from workloads.schedule import ChunkTimes, ScheduleSpec

RANKS, MICRO_BATCHES = 4, 8
COLUMNS = 2
"""Columns of one unit of time: the forward of a rank's share of the layers."""

LEGEND = """\
Time runs to the right, a row is a rank: F forward, B backward, I input gradient, W weight gradient, with its
micro-batch where there is room, small for a rank's second stage; & overlapped, - goes on, . idle. Forward, input and
weight gradient of a rank's share of the layers take 1 each, less by as much as a schedule cuts that share into stages;
overlap saves nothing, sends take no time. dualpipe holds two whole shares a rank.
  idle       time in which a rank does nothing, mean over ranks, in a step that begins and ends on all ranks together
  published  the same by the published formula; for zb-h2 and zbv it leaves out the time before a rank's first chunk
             and after its last
  held       micro-batches whose activations the fullest rank holds for its share of the layers"""


def pictures(kinds: Mapping[str, type[BaseModel]], ranks: int | None, micro_batches: int | None) -> str:
    """A picture of every schedule, then one table of all; what a schedule refuses stands in its place."""
    from workloads.schedule import ScheduleError, ScheduleSpec

    ranks, micro_batches = ranks or RANKS, micro_batches or MICRO_BATCHES
    drawn, rows = [], []
    for name, kind in kinds.items():
        schedule = kind.model_validate({"kind": name})
        if not isinstance(schedule, ScheduleSpec):
            raise TypeError(f"{name} is no schedule")
        try:
            trace = played(schedule, ranks, micro_batches)
        except ScheduleError as refused:
            drawn.append(f"{name}\n   {refused}")
            continue
        lines = [f"{rank:>3} {row}" for rank, row in enumerate(rows_of(trace, ranks))]
        drawn.append("\n".join((name, *lines)))
        rows.append([name, *figures(schedule, trace, ranks, micro_batches)])
    title = f"{ranks} ranks, {micro_batches} micro-batches; others with --ranks and --micro-batches"
    table = aligned(rows, ("schedule", "stages", "step", "idle", "published", "held"))
    return "\n\n".join((title, *drawn, table, LEGEND))


def unit_chunk(schedule: ScheduleSpec, ranks: int) -> ChunkTimes:
    """Equal times of forward, input and weight gradient of one stage; 1 where a stage is a rank's share of layers."""
    from workloads.schedule import ChunkTimes

    share = ranks / schedule.stages(ranks)
    return ChunkTimes(share, share, share, 3 * share)


def played(schedule: ScheduleSpec, ranks: int, micro_batches: int) -> Trace:
    """The schedule with equal chunks and free sends. Raises ScheduleError where it cannot run like this."""
    from simulator.engine import play
    from simulator.finish import Finish
    from simulator.pipeline import Pace, content, tasks

    chunk = unit_chunk(schedule, ranks)
    seconds = {"F": chunk.forward_s, "B": chunk.backward_s, "I": chunk.input_grad_s, "W": chunk.weight_grad_s}
    orders = schedule.orders(ranks, micro_batches)
    keys = {content(step) for order in orders for step in order}
    step_s = {key: sum(seconds[work.op] for work in key) for key in keys}
    pace = Pace(step_s, send_s=0.0, finish=[Finish((), 0.0, ())] * ranks, peers=[(rank,) for rank in range(ranks)])
    return play([slot.task for slot in tasks(orders, pace)])


def rows_of(trace: Trace, ranks: int) -> list[str]:
    """Each rank's time as text, COLUMNS a unit."""
    cells = [["."] * round(trace.makespan_s * COLUMNS) for _ in range(ranks)]
    begins, ends = (seconds.tolist() for seconds in (trace.start_s * COLUMNS, trace.end_s * COLUMNS))
    for rank, name, begin, end in zip(trace.rank.tolist(), trace.name.tolist(), begins, ends, strict=True):
        first, last = round(begin), round(end)
        if last > first:
            cells[rank][first:last] = cell(trace.names[name], last - first, ranks)
    return ["".join(row) for row in cells]


def cell(name: str, width: int, ranks: int) -> str:
    """A task called "F 3 s0 & B 1 s7" as `F3&B1-`, or `F&B` where there is no room for the micro-batches.

    The letter is a small one for a stage that is not the first of its rank from the pipeline's beginning.
    """
    works = [part.split() for part in name.split(" & ")]
    ops = [op if int(stage[1:]) < ranks else op.lower() for op, _, stage in works]
    letters = "&".join(ops)
    whole = "&".join(f"{op}{micro_batch}" for op, (_, micro_batch, _) in zip(ops, works, strict=True))
    return (whole if len(whole) <= width else letters).ljust(width, "-")[:width]


def figures(schedule: ScheduleSpec, trace: Trace, ranks: int, micro_batches: int) -> list[str]:
    """Stages, length of the step, idle time by replay and by the published formula, most micro-batches held."""
    from workloads.order import most_in_flight

    chunk = unit_chunk(schedule, ranks)
    idle_s = trace.makespan_s - float((trace.end_s - trace.start_s).sum()) / ranks
    formula_s = schedule.published_bubble_s(ranks, chunk)
    held = max(map(most_in_flight, schedule.orders(ranks, micro_batches))) * chunk.forward_s
    told = [f"{trace.makespan_s:g}", f"{idle_s:g}", "" if formula_s is None else f"{formula_s:g}", f"{held:g}"]
    return [str(schedule.stages(ranks)), *told]
