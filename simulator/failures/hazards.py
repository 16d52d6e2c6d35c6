"""What may go wrong on a cluster, how often, and what it does to the job."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from simulator.refusal import Refused
from workloads.failure_rates import Cause, Components
from workloads.reliability import Reliability

Effect = Literal["stop, replace node", "stop", "slow network", "silent", "slow node"]
OF_PART: Mapping[str, Effect] = MappingProxyType(
    {
        "gpu": "stop, replace node",
        "hbm": "stop, replace node",
        "nic": "stop, replace node",
        "host": "stop, replace node",
        "link": "stop",
        "switch": "stop",
        "software": "stop",
    }
)
"""What the failure of a part does unless something says otherwise; what is no part of a node needs no other node."""
STRAGGLER = "slow-node"


@dataclass(frozen=True, slots=True)
class Hazard:
    """One cause with its rate on the whole cluster and what it does."""

    name: str
    per_s: float
    effect: Effect

    @property
    def stops(self) -> bool:
        """Whether the job stops at once."""
        return self.effect in ("stop, replace node", "stop")


def hazards(reliability: Reliability, components: Components) -> tuple[Hazard, ...]:
    """Every cause that has a rate above zero on these components, in the order of the rates' file.

    Of silent failures those that hardware detects are a cause of their own.
    """
    found = [*_of_parts(reliability, components)]
    if reliability.stragglers is not None:
        found.append(Hazard(STRAGGLER, components.hosts / reliability.stragglers.node_between_s, "slow node"))
    return tuple(hazard for hazard in found if hazard.per_s > 0)


def _of_parts(reliability: Reliability, components: Components) -> Iterator[Hazard]:
    """Causes of the rates' file."""
    detected = reliability.silent.detected_share
    for name, observed_per_s in reliability.rates.per_s(components).items():
        cause, per_s = reliability.rates.causes[name], observed_per_s * reliability.rate_ratio
        if cause.silent:
            yield Hazard(name, per_s * (1 - detected), "silent")
            yield Hazard(f"{name}-detected", per_s * detected, _loud(cause, reliability))
        else:
            yield Hazard(name, per_s, _loud(cause, reliability))


def _loud(cause: Cause, reliability: Reliability) -> Effect:
    """What a failure does that is noticed at once."""
    slows = cause.part in ("link", "switch") and reliability.network_loss is not None
    return "slow network" if slows else OF_PART[cause.part]


def stops_per_s(found: tuple[Hazard, ...]) -> float:
    """Failures a second that stop the job at once."""
    return sum(hazard.per_s for hazard in found if hazard.stops)


def mtbf_s(found: tuple[Hazard, ...]) -> float:
    """Mean time between failures that stop the job at once. Raises Refused where nothing does."""
    per_s = stops_per_s(found)
    if per_s == 0:
        raise Refused("nothing stops this run, so there is no mean time between failures; give it failure rates")
    return 1 / per_s
