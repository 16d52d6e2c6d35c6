"""Run a plan: the inside of each distinct chunk once, then the whole pipeline, chunk by chunk."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from simulator.engine import play
from simulator.pipeline import Pace, content, tasks
from simulator.plan import Plan
from simulator.trace import Trace
from workloads.schedule import Work


@dataclass(frozen=True, slots=True)
class Played:
    """What happened.

    inside      what happens inside each distinct step content;  step   the whole pipeline
    categories  [task of `step`]  line of the time budget that a task counts under
    """

    inside: dict[tuple[Work, ...], Trace]
    step: Trace
    categories: tuple[str, ...]


def simulate(plan: Plan) -> Played:
    """Play the chunks, then the pipeline."""
    inside = {key: play(tasks_of_chunk) for key, tasks_of_chunk in plan.timelines.items()}
    pace = Pace(
        step_s={key: trace.makespan_s for key, trace in inside.items()},
        send_s=plan.send.seconds,
        finish=plan.finish,
        peers=plan.peers,
    )
    slots = tasks(plan.orders, pace)
    return Played(inside, play([slot.task for slot in slots]), tuple(slot.category for slot in slots))


def most_frequent_pair(plan: Plan) -> tuple[Work, ...]:
    """The overlapped pair that is done most often; the most frequent chunk where none overlap."""
    counted = Counter(content(step) for order in plan.orders for step in order)
    pairs = {key: n for key, n in counted.items() if len(key) == 2} or counted
    return max(pairs, key=lambda key: (pairs[key], [-work.stage for work in key]))
