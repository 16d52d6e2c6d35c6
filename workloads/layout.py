"""How a job lies on the ranks: TP, PP, EP, DP, CP, the schedule, and which rank works together with which."""

from __future__ import annotations

import math
from typing import Annotated, Literal, NamedTuple

from pydantic import Field, ValidationInfo, field_validator

from topologies.discovery import Discovered
from topologies.spec import Spec
from topologies.units import Count, CountOrZero
from workloads.divide import nearest_divisors
from workloads.eplb import Eplb
from workloads.reference.dims import Share
from workloads.schedule import ScheduleSpec

Axis = Literal["tp", "cp", "dp", "pp", "ep", "etp", "edp", "dp x cp"]
"""Along tp, cp, dp or pp; ep: ranks that together hold all experts; etp: ranks that split each of these experts;
edp: ranks that hold the same (shares of) experts; dp x cp: ranks that hold the same parameters outside the experts."""


class Coordinates(NamedTuple):
    """Place of a rank: position along each axis, from 0."""

    tp: int
    cp: int
    dp: int
    pp: int


class Layout(Spec):
    """Sizes of the parallel axes and what goes with them.

    Ranks are numbered with tp fastest, then cp, then dp, and pp slowest: neighbours share a node, a pipeline
    crosses the cluster. The tp x cp x dp ranks of one pipeline rank share its stages; experts lie on ep x etp
    consecutive ones of them, and the next ep x etp hold copies.

    etp                expert tensor parallelism: neighbouring ranks that split the width of each expert
    eplb               experts are replicated and placed by how busy they are; null: in order, one of each
    zero_stage         spread over dp x cp: 0 nothing, 1 optimiser states, 2 and gradients, 3 and parameters
    tp_exchange        gathers and scatters of tensor parallelism: whole, before or after a product; or in pieces, each
                       beside the product of the piece before, and beside gradients that do not need them
    cp_exchange        keys and values of context parallelism: round a ring while attention works on those that are
                       there; or all at once before it
    zero_overlap       gradients are summed stage by stage while later backwards run, parameters come back while the
                       first forwards run, instead of all after the last backward
    layers_per_stage   blocks of each stage, the embedding before the first and head and MTP after the last
                       uncounted; without it the stages are cut by cost
    """

    tp: Count = 1
    cp: Count = 1
    dp: Count = 1
    pp: Count = 1
    etp: Count = 1
    ep: Count = 1
    eplb: Eplb | None = None
    tp_exchange: Literal["whole", "pieces"] = "whole"
    cp_exchange: Literal["ring", "whole"] = "ring"
    zero_stage: Annotated[int, Field(ge=0, le=3)] = 1
    zero_overlap: bool = False
    schedule: Annotated[ScheduleSpec, Discovered("workloads.schedules")]
    layers_per_stage: tuple[CountOrZero, ...] | None = None

    @field_validator("ep")
    @classmethod
    def _shares_out_the_stage(cls, ep: int, info: ValidationInfo) -> int:
        """Refuse expert groups that do not share out the ranks of a stage."""
        sizes: list[int] = [info.data[axis] for axis in ("tp", "cp", "dp") if axis in info.data]
        ranks, etp = math.prod(sizes), info.data.get("etp", 1)
        if len(sizes) == 3 and ranks % (ep * etp):
            product = " x ".join(map(str, sizes))
            split = f", with etp = {etp}" if etp > 1 else ""
            fix = nearest_divisors(ranks // etp, ep) if ranks % etp == 0 else f"etp = {nearest_divisors(ranks, etp)}"
            raise ValueError(
                f"read `{ep}`{split}; it must divide tp x cp x dp = {product} = {ranks}, the ranks that share a stage: "
                f"use {fix}"
            )
        return ep

    @field_validator("layers_per_stage")
    @classmethod
    def _gives_each_stage_work(cls, counts: tuple[int, ...] | None, info: ValidationInfo) -> tuple[int, ...] | None:
        """Refuse a cut by hand that gives a stage no number or no work."""
        schedule, pp = info.data.get("schedule"), info.data.get("pp")
        if counts is None or schedule is None or pp is None:
            return counts
        if len(counts) != (stages := schedule.stages(pp)):
            raise ValueError(
                f"read {len(counts)} number{'s' * (len(counts) != 1)}, but {schedule.kind} on pp = {pp} has "
                f"{stages} stages: give one for each"
            )
        if 0 in counts[1:-1]:
            raise ValueError(
                f"stage {counts.index(0, 1)} would have no work: only the first stage, with the embedding, "
                "and the last, with the head, may take 0 layers"
            )
        return counts

    @property
    def ranks(self) -> int:
        """Number of GPUs the layout takes: tp x cp x dp x pp."""
        return self.ranks_per_stage * self.pp

    @property
    def ranks_per_stage(self) -> int:
        """Number of ranks that share the stages of one pipeline rank: tp x cp x dp."""
        return self.tp * self.cp * self.dp

    @property
    def ranks_per_expert_group(self) -> int:
        """Number of ranks that together hold all experts of a layer: ep x etp."""
        return self.ep * self.etp

    @property
    def share(self) -> Share:
        """The part of a layer that one rank holds."""
        return Share(tensor=self.tp, expert=self.ep, context=self.cp, expert_tensor=self.etp)

    def coordinates(self, rank: int) -> Coordinates:
        """Place of a rank; raises ValueError outside 0 to ranks - 1."""
        if not 0 <= rank < self.ranks:
            raise ValueError(f"rank {rank} is not one of 0 to {self.ranks - 1}")
        rest, tp = divmod(rank, self.tp)
        rest, cp = divmod(rest, self.cp)
        pp, dp = divmod(rest, self.dp)
        return Coordinates(tp, cp, dp, pp)

    def rank(self, place: Coordinates) -> int:
        """Rank at a place; the inverse of `coordinates`."""
        return ((place.pp * self.dp + place.dp) * self.cp + place.cp) * self.tp + place.tp

    def group(self, rank: int, axis: Axis) -> range:
        """Ranks that `rank` works together with along an axis, itself among them, ascending."""
        stride, size = self._stride_and_size(axis)
        first = rank - rank // stride % size * stride
        return range(first, first + size * stride, stride)

    def _stride_and_size(self, axis: Axis) -> tuple[int, int]:
        """Distance between neighbours along an axis, and their number."""
        return {
            "tp": (1, self.tp),
            "cp": (self.tp, self.cp),
            "dp": (self.tp * self.cp, self.dp),
            "pp": (self.ranks_per_stage, self.pp),
            "ep": (self.etp, self.ep),
            "etp": (1, self.etp),
            "edp": (self.ranks_per_expert_group, self.ranks_per_stage // self.ranks_per_expert_group),
            "dp x cp": (self.tp, self.cp * self.dp),
        }[axis]


def node(rank: int, gpus_per_node: int) -> int:
    """Node of a rank: nodes are filled one after the other."""
    return rank // gpus_per_node


def nodes(group: range, gpus_per_node: int) -> int:
    """Number of nodes that a group of ranks touches."""
    return len({node(rank, gpus_per_node) for rank in group})
