"""The end of a step, or what of it runs beside chunks, as phases of each pipeline rank: sums, norm, update, gathers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from simulator.collectives import Transfer
from simulator.finish import Finish, update_bytes
from simulator.phase_work import Among, Collective, Computed, Operation, sent
from simulator.plan import Plan, formats_of, groups_of, stages_of_ranks
from simulator.stages import held_parameters
from simulator.sync import BARRIER, SUM, Slot
from workloads.reference.graph import NUMBER_BYTES

KINDS: tuple[tuple[str, Among], ...] = (("dense", "replicas"), ("experts", "expert replicas"))
"""Parameters outside of experts, then those of experts, as `Finish` has them."""
NORM_BYTES = float(NUMBER_BYTES["fp32"])


class Ending(NamedTuple):
    """What a rank does one after the other: name, seconds, what it is. meets   all ranks are there at its end."""

    rank: int
    nodes: tuple[tuple[str, float, Computed | Collective], ...]
    meets: bool = False


def endings(plan: Plan, slots: Sequence[Slot], first: int) -> Mapping[int, tuple[Ending, ...]]:
    """What each slot from `first` on is, on each rank that takes part."""
    return {place: tuple(_ending(plan, slots, place)) for place in range(first, len(slots))}


def _ending(plan: Plan, slots: Sequence[Slot], place: int) -> Iterator[Ending]:
    """One slot: a barrier on all ranks, all else on its own."""
    task, category = slots[place]
    ranks = tuple(range(len(plan.orders)))
    if category == BARRIER:
        gpus = plan.scenario.layout.ranks
        norm = Collective("all-reduce", "all", 0.0, 2 * NORM_BYTES * (gpus - 1) / gpus, ranks)
        for rank in ranks:
            yield Ending(rank, ((task.name, 0.0, norm),), True)
        return
    if task.name == "optimizer":
        yield Ending(task.rank, ((task.name, task.duration_s, _update(plan, task.rank)),))
        return
    finish, together = _finish(plan, task.rank, task.name)
    if task.name.startswith(SUM):
        kind: Operation = "reduce-scatter" if plan.scenario.layout.zero_stage else "all-reduce"
        moved = _moved(task.name, kind, finish.reduce, together)
    else:
        moved = _moved(task.name, "all-gather", finish.gather, together)
    yield Ending(task.rank, tuple(moved))


def _finish(plan: Plan, rank: int, name: str) -> tuple[Finish, tuple[int, ...]]:
    """The end of a rank, or of the stage that a task is named by, and the ranks that hold the same parameters."""
    _, _, stage = name.partition(" s")
    if not stage:
        return plan.finish[rank], plan.peers[rank]
    held = enumerate(stages_of_ranks(plan.scenario.layout))
    return plan.by_stage[int(stage)], tuple(other for other, own in held if int(stage) in own)


def _moved(
    name: str, operation: Operation, transfers: Sequence[Transfer], together: tuple[int, ...]
) -> Iterator[tuple[str, float, Collective]]:
    """Transfers one after the other, dense parameters first; those of no length are left out."""
    for (kind, among), transfer in zip(KINDS, transfers, strict=False):
        if transfer.seconds > 0:
            yield f"{name} {kind}", transfer.seconds, sent(transfer, operation, among, together)


def _update(plan: Plan, rank: int) -> Computed:
    """The optimiser's memory traffic; its arithmetic is not counted."""
    held = held_parameters([plan.stages[stage] for stage in stages_of_ranks(plan.scenario.layout)[rank]])
    formats = formats_of(plan.scenario, plan.links)
    return Computed(0.0, update_bytes(held, groups_of(plan.scenario.layout, plan.links), formats))
