"""What every kind of unit can say of itself: GPUs, the least number that keeps up, and what so many of them achieve."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from simulator.serving.fleet.offered import Offered
from workloads.service import Promises

Kind = Literal["prefill", "decode", "whole"]
Limit = Literal["rate", "TTFT", "TPOT", "KV memory", "sequences a step"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a number of units of one kind achieves.

    ttft_share, tpot_share   of the requests that get what is promised; 1 for what this kind has no part in
    load_ratio               demand over what the units can do at most
    batch                    what a group has in a step, mean: tokens of prompts, or sequences
    step_s                   a step at that batch
    limit                    what keeps the rest of the requests from it, or would first with more of them
    """

    ttft_share: float
    tpot_share: float
    load_ratio: float
    batch: float
    step_s: float
    limit: Limit

    @property
    def share(self) -> float:
        """Requests that get both, as if one did not depend on the other."""
        return self.ttft_share * self.tpot_share


class Option(Protocol):
    """One way to build a unit of a kind."""

    @property
    def kind(self) -> Kind:
        """Which part of the service it does."""

    @property
    def name(self) -> str:
        """As answers call it."""

    @property
    def gpus(self) -> int:
        """Of one unit."""

    @property
    def gpu_usd_per_s(self) -> float:
        """Price of one of its GPUs."""

    def most_per_unit_per_s(self, offered: Offered) -> tuple[float, Limit]:
        """Requests that a full unit takes, and what keeps it from taking more; 0 where a promise cannot be kept."""

    def outcome(self, units: int, offered: Offered, promises: Promises) -> Outcome:
        """What so many units achieve."""


def unit_usd_per_s(option: Option) -> float:
    """Price of a unit."""
    return option.gpus * option.gpu_usd_per_s
