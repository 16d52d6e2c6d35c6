"""From what happened to a Result: arithmetic on columns, and the sentences that say what it means."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version

import pandas as pd

from simulator import budget, headline, inside, traffic
from simulator.assumptions import assumptions
from simulator.plan import Plan
from simulator.result import Figure, Reproduction, Result
from simulator.run import Played, most_frequent_pair, trace_inside
from topologies.spec import digest, dump
from topologies.units import pretty

VERSIONED = ("clustercast", "numpy", "pandas", "simpy", "pydantic")


def summarise(plan: Plan, played: Played, command: str) -> Result:
    """Put together everything a reader asks of one training step.

    command   how the run was asked for, for the block that says how to get it again
    Raises BudgetError where a rank's parts do not add up to the step.
    """
    scenario = plan.scenario
    ranks = _ranks(plan, played)
    parts_s = budget.mean_parts(ranks)
    step_s = played.step.makespan_s
    figures = headline.figures(scenario, step_s, parts_s, float(ranks["memory_bytes"].max()))
    pair_trace = trace_inside(plan, played, most_frequent_pair(plan))
    pair = inside.terms(pair_trace)
    return Result(
        name=scenario.name,
        title=scenario.title or scenario.name,
        headline=figures,
        answer=_answer(figures, ranks, pair),
        ranks=ranks,
        budget=pd.DataFrame(
            [(part, parts_s[part], parts_s[part] / step_s, text) for part, text in budget.PARTS.items()],
            columns=["part", "seconds", "share", "definition"],
        ),
        pair=pair,
        memory=_memory(plan),
        memory_usable_bytes=scenario.cluster.node.gpu.memory_usable_bytes,
        traffic=traffic.table(plan),
        cost=_cost(plan, figures),
        partition=_partition(plan, played),
        step_trace=played.step,
        pair_trace=pair_trace,
        assumptions=assumptions(scenario),
        reproduction=Reproduction(dump(scenario), digest(scenario), _versions(), scenario.seed, command),
    )


def _ranks(plan: Plan, played: Played) -> pd.DataFrame:
    """The table by pipeline rank."""
    table = budget.by_rank(played, len(plan.orders))
    schedule = plan.scenario.layout.schedule
    held = [schedule.stages_of(rank, len(plan.orders)) for rank in range(len(plan.orders))]
    table.insert(1, "stages", [" and ".join(map(str, stages)) for stages in held])
    layers = [sum(item.layer is not None for stage in stages for item in plan.stages[stage].blocks) for stages in held]
    table.insert(2, "layers", layers)
    table["memory_bytes"] = [memory.total for memory in plan.memory]
    return table


def _memory(plan: Plan) -> pd.DataFrame:
    """Bytes of each part on each rank."""
    rows = [(rank, part, getattr(memory, part)) for rank, memory in enumerate(plan.memory) for part in memory.__slots__]
    return pd.DataFrame(rows, columns=["rank", "part", "bytes"])


def _cost(plan: Plan, figures: Mapping[str, Figure]) -> pd.DataFrame:
    """One line: GPU-hours at the rental price."""
    price = pretty(plan.scenario.price.gpu_usd_per_s, "USD/s")
    rows = [("GPU rental", figures["gpu_hours"].value, f"GPU h at {price}", figures["cost_usd"].value)]
    return pd.DataFrame(rows, columns=["what", "quantity", "unit", "usd"])


def _partition(plan: Plan, played: Played) -> pd.DataFrame:
    """What each stage holds and what it takes alone."""
    alone = {(key[0].op, key[0].stage): inside.seconds for key, inside in played.inside.items() if len(key) == 1}
    rows = []
    for index, stage in enumerate(plan.stages):
        layers = [item.layer for item in stage.blocks if item.layer is not None]
        seconds = (alone.get(("F", index)), alone.get(("B", index)))
        rows.append((index, min(layers, default=None), max(layers, default=None), stage.text, *seconds))
    return pd.DataFrame(rows, columns=["stage", "first_layer", "last_layer", "contents", "forward_s", "backward_s"])


def _answer(figures: Mapping[str, Figure], ranks: pd.DataFrame, pair: pd.DataFrame) -> tuple[str, ...]:
    """Say what binds and what it means, the most important first."""
    step_s = figures["step_s"].value
    exposed_s, compute_s = float(pair["exposed_s"].sum()), float(pair.loc[pair["stream"] == "compute", "seconds"].sum())
    ratio = inside.communication_ratio(pair)
    hidden = "all of it behind computation" if exposed_s <= 0 else f"of which {pretty(exposed_s, 's')} are not hidden"
    inside_text = (
        f"Inside the most frequent pair the GPU computes {pretty(compute_s, 's')} and its transfers take "
        f"{pretty(ratio * compute_s, 's')} ({ratio:.2f} to 1), {hidden}."
    )
    busiest = ranks.iloc[int(ranks["step_bubble_s"].to_numpy().argmin())]
    bubble = figures["step_bubble_s"].value
    return (
        _binds(exposed_s, compute_s),
        f"Pipeline rank {int(busiest['rank'])} waits least ({pretty(busiest['step_bubble_s'], 's')}) and sets the "
        f"pace; the mean rank waits {pretty(bubble, 's')}, {bubble / step_s:.1%} of the step.",
        inside_text,
    )


def _binds(exposed_s: float, compute_s: float) -> str:
    """Name what a faster step would need."""
    if exposed_s > compute_s:
        return "The network binds: most of the time no computation runs beside the transfers."
    if exposed_s > compute_s / 10:
        return "Computation binds, and transfers that nothing hides add a part to it."
    return "Computation binds: nearly all transfers are hidden behind it."


def _versions() -> dict[str, str]:
    """Versions that the result depends on."""
    found = {"python": ".".join(map(str, sys.version_info[:3]))}
    for name in VERSIONED:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found
