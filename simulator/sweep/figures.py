"""Headline figures of one point, at the level of detail that is asked for."""

from __future__ import annotations

from collections.abc import Mapping

from simulator import budget, headline
from simulator.estimates.choices import Choice
from simulator.estimates.estimator import Estimator
from simulator.memory import DoesNotFit
from simulator.plan import plan
from simulator.result import Figure
from simulator.run import simulate
from topologies.units import pretty
from workloads.long_run import Run
from workloads.scenario import Scenario
from workloads.sweep import Swept


def figures(swept: Swept, detail: str) -> dict[str, float]:
    """Name -> SI value. Raises DoesNotFit, never a figure of what does not fit; Refused, InvalidInput as a run does."""
    found = _headline(swept, detail)
    return {name: figure.value for name, figure in found.items()}


def _headline(swept: Swept, detail: str) -> Mapping[str, Figure]:
    """The headline of a point's result. Compiled kernels of failures and of serving are loaded only where they run."""
    if isinstance(swept, Scenario):
        return estimated(swept) if detail == "estimate" else played(swept)
    if isinstance(swept, Run):
        from simulator.long_run.run import whole_run

        return whole_run(swept).headline
    from simulator.serving.run import serve

    return serve(swept).headline


def played(scenario: Scenario) -> Mapping[str, Figure]:
    """Figures of a step that is played event by event, as `clustercast run` gives them."""
    decided = plan(scenario)
    happened = simulate(decided)
    parts_s = budget.mean_parts(budget.by_rank(happened, len(decided.orders)))
    fullest_bytes = max(float(memory.total) for memory in decided.memory)
    return headline.figures(scenario, happened.step.makespan_s, parts_s, fullest_bytes)


def estimated(scenario: Scenario) -> Mapping[str, Figure]:
    """Figures of a step's fast estimate. Raises DoesNotFit."""
    job, usable_bytes = scenario.job, scenario.cluster.node.gpu.memory_usable_bytes
    found = Estimator(scenario).parts(Choice(scenario.layout, job.sequences_per_micro_batch, job.recompute))
    if found.memory_bytes > usable_bytes:
        raise DoesNotFit(
            f"the fullest GPU would need {pretty(found.memory_bytes, 'bytes')} of {pretty(usable_bytes, 'bytes')} that "
            "are usable, by the estimate"
        )
    return headline.figures(scenario, found.step_s, found.parts_s, found.memory_bytes)
