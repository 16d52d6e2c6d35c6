"""A training step answered: planned, simulated, added up, and what else was asked to be looked at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from simulator.detail import detailed
from simulator.expert_tables import with_experts
from simulator.gpus.every_gpu import admit, play_every_gpu
from simulator.gpus.tables import with_every_gpu
from simulator.plan import plan
from simulator.result import Result
from simulator.run import simulate
from simulator.summary import summarise
from workloads.scenario import Scenario


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked at beyond the step.

    detail     why ranks wait, and step and bubble over other cuts into stages
    experts    what uneven experts cost;  network   every flow of the step's traffic;  every_gpu   each by itself
    """

    detail: bool = False
    experts: bool = False
    network: bool = False
    every_gpu: bool = False


def step_answer(
    scenario: Scenario, wanted: Wanted, command: str = "", say: Callable[[str], None] = lambda text: None
) -> Result:
    """Plan, simulate, summarise, and look at what else is wanted; say   told what is being done.

    Raises DoesNotFit for a plan that no GPU could hold, TooLarge for what would take too long, Refused for experts
    where no GPU shares them with another.
    """
    say("Planning")
    decided = plan(scenario)
    if wanted.every_gpu:
        admit(decided)
    say("Simulating")
    played = simulate(decided)
    say("Adding up")
    result = summarise(decided, played, command)
    if wanted.detail:
        say("Trying other cuts into stages")
        result = detailed(result, decided, played)
    if wanted.experts:
        result = with_experts(result, decided, played, say)
    if wanted.network:
        from simulator.network_tables import with_network

        say("Following every flow")
        result = with_network(result, scenario)
    return with_every_gpu(result, play_every_gpu(decided, say)) if wanted.every_gpu else result
