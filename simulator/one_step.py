"""One training step from scenario to result, and what is looked at beyond it."""

from __future__ import annotations

from typing import NamedTuple

from simulator.detail import detailed
from simulator.gpus.every_gpu import play_every_gpu
from simulator.gpus.tables import with_every_gpu
from simulator.plan import plan
from simulator.result import Result
from simulator.run import simulate
from simulator.summary import summarise
from workloads.scenario import Scenario


class Also(NamedTuple):
    """What is looked at: why ranks wait and other cuts, every GPU by itself, every flow of the traffic."""

    detail: bool = False
    every_gpu: bool = False
    network: bool = False


NOTHING_MORE = Also()


def one_step(scenario: Scenario, command: str = "", also: Also = NOTHING_MORE) -> Result:
    """Plan, simulate, summarise, look further where asked. Raises DoesNotFit, Refused and TooLarge."""
    decided = plan(scenario)
    played = simulate(decided)
    result = summarise(decided, played, command)
    if also.detail:
        result = detailed(result, decided, played)
    if also.network:
        from simulator.network_tables import with_network

        result = with_network(result, scenario)
    return with_every_gpu(result, play_every_gpu(decided)) if also.every_gpu else result
