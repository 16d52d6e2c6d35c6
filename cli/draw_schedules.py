"""Pipeline schedules on one scale of time, under each other, as text; below them what they idle and hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from cli.columns import aligned
from cli.groups import plugin_kinds
from cli.schedule_rows import WIDEST, rows_of, scale

if TYPE_CHECKING:
    from pydantic import BaseModel

    from cli.drawn import Drawn
    from simulator.replay import Replay, Setting
    from workloads.schedule import ChunkTimes, ScheduleSpec

HEAD = (
    "schedule", "stages", "step", "idle", "counted", "published", "difference", "held", "published held",
    "difference held",
)  # fmt: skip
LEGEND = """\
Time runs to the right, a row is a rank: F forward, B backward, I input gradient, W weight gradient, with its
micro-batch where there is room, small for a rank's second stage; & overlapped, - goes on, . idle. The times are those
of a rank's share of the layers, less by as much as a schedule cuts that share into stages; sends take no time. Chunks
begin and end at the nearest column. dualpipe holds two whole shares a rank.
  idle        time in which a rank does nothing, mean over ranks, in a step that begins and ends on all ranks together
  counted     the same as the published formula counts it: for zb-h2 and zbv the longest of any rank from its own first
              chunk to its last, for others idle
  published   by the published formula, which is exact for equal F, b and W, a pair that takes their sum, and
              micro-batches that fill the pipeline
  difference  counted beyond published; - where no formula is published for these times
  held        micro-batches whose activations the fullest rank holds for its share of the layers"""


def all_pictures(drawn: Drawn) -> str:
    """Every schedule there is. Raises typer's usage error for times that cannot be, TooLarge."""
    from simulator.replay import replays

    setting = drawn.setting()
    return pictures(replays(schedules(plugin_kinds()["schedules"]), setting), setting)


def schedules(kinds: Mapping[str, type[BaseModel]]) -> list[ScheduleSpec]:
    """One schedule of each kind, as a scenario that says no more than the kind gets it."""
    from workloads.schedule import ScheduleSpec

    made = [kind.model_validate({"kind": name}) for name, kind in kinds.items()]
    return [schedule for schedule in made if isinstance(schedule, ScheduleSpec)]


def pictures(replays: Mapping[str, Replay | str], setting: Setting) -> str:
    """A picture of every schedule, then one table of all; what a schedule refuses stands in its place."""
    played = {name: one for name, one in replays.items() if not isinstance(one, str)}
    parts = [
        f"Drawn for {setting.ranks} ranks, {setting.micro_batches} micro-batches; {times_text(setting.times)}\n"
        "(others with --ranks, --micro-batches, --times)"
    ]
    drawn = scale([one.trace for one in played.values()], setting.times.forward_s) if played else None
    for name, one in replays.items():
        if isinstance(one, str):
            parts.append(f"{name}\n   {one}")
        elif drawn is not None and drawn.readable:
            rows = enumerate(rows_of(one.trace, setting.ranks, drawn.columns))
            parts.append("\n".join((name, *(f"{rank:>3} {row}" for rank, row in rows))))
    if drawn is not None and not drawn.readable:
        parts.append(
            f"Pictures are left out: with a column for the shortest chunk they would be {drawn.width:,} columns wide, "
            f"and {WIDEST} can be read. `show schedule --html FILE` draws them."
        )
    parts.append(aligned([[name, *figures(one)] for name, one in played.items()], HEAD))
    return "\n\n".join((*parts, LEGEND))


def times_text(times: ChunkTimes) -> str:
    """Times of a rank's share of the layers, in words."""
    return (
        f"forward {times.forward_s:g}, input gradient {times.input_grad_s:g}, "
        f"weight gradient {times.weight_grad_s:g}, overlapped pair {times.pair_s:g}"
    )


def figures(one: Replay) -> list[str]:
    """A schedule's line of the table, after its name."""
    idle = (one.idle_s, one.counted_s, one.published_s)
    held = (one.held, one.published_held)
    told = [*map(number, (one.trace.makespan_s, *idle)), number(one.difference_s, signed=True)]
    return [str(one.stages), *told, *map(number, held), number(one.held_difference, signed=True)]


def number(value: float | None, *, signed: bool = False) -> str:
    """A figure, `-` where there is none; a difference has its sign."""
    if value is None:
        return "-"
    return f"{value:+g}" if signed and value else f"{value:g}"
