"""From what happened to a Result: arithmetic on columns, and the sentences that say what it means."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version

import pandas as pd

from simulator import budget, chunks, headline, inside, memory_tables, network_bill, streams, traffic
from simulator.assumptions import assumptions
from simulator.lockstep import on_one_rank
from simulator.plan import Plan
from simulator.result import Figure, Reproduction, Result
from simulator.run import Inside, Played, most_frequent_pair, trace_inside
from topologies.spec import digest, dump
from topologies.units import pretty
from workloads.expert_loads import dropped_ratio

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
        title=", ".join([scenario.title or scenario.name, *scenario.changes]),
        headline=figures,
        answer=_answer(figures, ranks, pair, played.inside[most_frequent_pair(plan)]),
        warnings=_warnings(plan),
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
        partition=_partition(plan),
        step_trace=played.step,
        pair_trace=pair_trace,
        assumptions=assumptions(scenario),
        tables={
            "streams": streams.shares(played.step),
            "memory_over_time": memory_tables.over_time(plan, played),
            "memory_by_stage": memory_tables.by_stage(plan),
            "memory_on_host": memory_tables.on_host(plan),
            "network_bill": network_bill.table(scenario.cluster),
        },
        reproduction=Reproduction(dump(scenario), digest(scenario), versions(), scenario.seed, command),
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
    rows = [(rank, part, size) for rank, memory in enumerate(plan.memory) for part, size in memory.parts().items()]
    return pd.DataFrame(rows, columns=["rank", "part", "bytes"])


def _cost(plan: Plan, figures: Mapping[str, Figure]) -> pd.DataFrame:
    """One line: GPU-hours at the rental price."""
    price = pretty(plan.scenario.price.gpu_usd_per_s, "USD/s")
    rows = [("GPU rental", figures["gpu_hours"].value, f"GPU h at {price}", figures["cost_usd"].value)]
    return pd.DataFrame(rows, columns=["what", "quantity", "unit", "usd"])


def _partition(plan: Plan) -> pd.DataFrame:
    """What each stage holds and what a forward and a full backward of it take alone, loads balanced."""
    rows = []
    for index, stage in enumerate(plan.stages):
        layers = [item.layer for item in stage.blocks if item.layer is not None]
        alone = (chunks.forward(stage.blocks), chunks.backward(stage.blocks, with_weights=True))
        seconds = [on_one_rank(parts).makespan_s for parts in alone]
        rows.append((index, min(layers, default=None), max(layers, default=None), stage.text, *seconds))
    return pd.DataFrame(rows, columns=["stage", "first_layer", "last_layer", "contents", "forward_s", "backward_s"])


def _answer(
    figures: Mapping[str, Figure], ranks: pd.DataFrame, pair: pd.DataFrame, inside_of: Inside
) -> tuple[str, ...]:
    """Say what binds and what it means, the most important first."""
    return (_binds(figures, pair), _paces(figures, ranks), _moves(pair, inside_of))


def _moves(pair: pd.DataFrame, inside_of: Inside) -> str:
    """What a GPU sends inside the most frequent chunk or pair, and how much of it is hidden."""
    what = "pair" if pair["term"].str.contains("(F)", regex=False).any() and _both_ways(pair) else "chunk"
    compute_s = float(pair.loc[pair["stream"] == "compute", "seconds"].sum())
    ratio, exposed_s = inside.communication_ratio(pair), float(pair["exposed_s"].sum())
    if not ratio:
        return f"Inside the most frequent {what} a GPU computes for {pretty(compute_s, 's')} and sends nothing."
    waited_s = 0.0 if inside_of.together is None else float(inside_of.together.wait_s.sum())
    hidden = "all hidden behind computation" if exposed_s <= 0 else f"of which {pretty(exposed_s, 's')} are not hidden"
    return (
        f"Inside the most frequent {what} a GPU computes for {pretty(compute_s, 's')}; its transfers take "
        f"{pretty(ratio * compute_s, 's')} ({ratio:.2f} to 1) and wait {pretty(waited_s, 's')} for the slowest GPU in "
        f"the mean, {hidden}."
    )


def _both_ways(pair: pd.DataFrame) -> bool:
    """Whether a forward and a backward run together."""
    return bool(pair["term"].str.contains("(B)", regex=False).any())


def _binds(figures: Mapping[str, Figure], pair: pd.DataFrame) -> str:
    """Name what a faster step would need."""
    step_s, bubble_s = figures["step_s"].value, figures["step_bubble_s"].value
    if bubble_s > step_s / 3:
        return (
            f"The pipeline binds: a rank waits {100 * bubble_s / step_s:.0f} % of the step for others. "
            "More micro-batches or fewer stages would fill it."
        )
    exposed_s = float(pair["exposed_s"].sum())
    compute_s = float(pair.loc[pair["stream"] == "compute", "seconds"].sum())
    share = exposed_s / (exposed_s + compute_s)
    if share > 1 / 2:
        return f"The network binds: for {100 * share:.0f} % of the time no computation runs beside the transfers."
    if share > 1 / 10:
        return f"Computation binds; transfers that nothing hides add {100 * exposed_s / compute_s:.0f} % to it."
    what = "all" if exposed_s <= 0 else "nearly all"
    return f"Computation binds: it fills {100 * (1 - share):.0f} % of a chunk and hides {what} transfers."


def _paces(figures: Mapping[str, Figure], ranks: pd.DataFrame) -> str:
    """Name the rank that the others wait for."""
    busiest = ranks.iloc[int(ranks["step_bubble_s"].to_numpy().argmin())]
    stages = str(busiest["stages"])
    held = f"stages {stages}" if "and" in stages or "," in stages else f"stage {stages}"
    bubble_s, step_s = figures["step_bubble_s"].value, figures["step_s"].value
    return (
        f"Pipeline rank {int(busiest['rank'])} ({held}) sets the pace: it waits least, "
        f"{pretty(float(busiest['step_bubble_s']), 's')}. The mean rank waits {pretty(bubble_s, 's')}, "
        f"{100 * bubble_s / step_s:.1f} % of the step."
    )


def _warnings(plan: Plan) -> tuple[str, ...]:
    """What a reader should know before using the numbers."""
    scenario = plan.scenario
    gpu, priced = scenario.cluster.node.gpu.name, scenario.price.gpu
    found = []
    if gpu != priced:
        found.append(
            f"The price {scenario.price.name} is for {priced}, but the cluster has {gpu}: the cost is only a stand-in."
        )
    if plan.sharing is not None and (dropped := dropped_ratio(plan.sharing, scenario.seed)):
        found.append(
            f"{100 * dropped:.1f} % of the tokens' choices of experts are dropped (job.router.capacity_factor): the "
            "step is shorter for it, and MFU counts them as if they were computed."
        )
    if scenario.cluster.faults and scenario.layout.ranks <= plan.links.gpus_per_node:
        found.append("All traffic of this layout stays inside of NVLink: cluster.faults change nothing.")
    return tuple(found)


def versions() -> dict[str, str]:
    """Versions that the result depends on."""
    found = {"python": ".".join(map(str, sys.version_info[:3]))}
    for name in VERSIONED:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found
