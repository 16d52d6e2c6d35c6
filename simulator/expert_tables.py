"""What uneven experts cost a step: loads, their violation over time, the step against skew, what balance is worth."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from simulator.chunks import COMM
from simulator.plan import Plan, planned, sharing_of
from simulator.refusal import Refused
from simulator.result import Result
from simulator.run import Played, most_frequent_pair, simulate
from workloads.bias_balancing import BiasBalancing, SuddenDrift, balance_by_bias
from workloads.expert_loads import POOL_LAYERS, Sharing, expert_tokens, pool
from workloads.load_statistics import max_violation
from workloads.node_limits import node_limits
from workloads.routers.affinity import Affinity
from workloads.routing import reach
from workloads.scenario import Scenario, catalogue

VARIATIONS = (0.0, 0.5, 1.0, 1.5, 2.0)
"""Standard deviations of an expert's tokens from one sequence over their mean, at which the step is simulated."""
BIAS_STEPS, BIAS_LAYERS, BIAS_TOKENS, DRIFT_AT = 120, 2, 8_192, 70
BAD = {"kind": "affinity", "correlation": 0.5}
"""Domains that prefer the same experts: what a router does that nothing balances."""
MEASURED_LIKE = {"kind": "affinity", "correlation": 0.5, "selection_bias": "balanced"}
"""The same under a selection bias that balances all domains together; what is left is each micro-batch's own mix."""


def with_experts(result: Result, decided: Plan, played: Played, say: Callable[[str], None]) -> Result:
    """The result with tables of its experts. Raises Refused where no GPU shares experts with another."""
    scenario = decided.scenario
    sharing = sharing_of(scenario, decided.links)
    if sharing is None:
        raise Refused("--experts: no two GPUs share the experts of a layer here (layout.ep: 1), so that none waits")
    cost = result.headline.get("cost_usd")
    step_s = played.step.makespan_s
    say("Routing tokens to experts")
    found = {
        "expert_loads": loads_table(sharing, scenario.seed),
        "expert_statistics": statistics_table(sharing, scenario.seed),
        "expert_waits": waits_table(decided, played),
        "node_limits": limits_table(sharing, scenario.seed),
    }
    say("Simulating the step under more uneven loads")
    found["step_against_skew"] = skew_table(scenario, sharing)
    say("Simulating what balance is worth")
    found["balance_worth"] = worth_table(scenario, step_s, cost.value if cost else float("nan"))
    say("Balancing experts by their biases")
    found["bias_balancing"] = bias_table(sharing, scenario.seed)
    return replace(result, tables={**result.tables, **found})


def loads_table(sharing: Sharing, seed: int) -> pd.DataFrame:
    """One micro-batch on the GPUs that share experts.

    returns  [layer x GPU]  layer (of those that route), gpu, load_ratio over the mean
    """
    rank = pool(sharing, seed).rank[0]
    layer, gpu = (axis.ravel() for axis in np.indices(rank.shape))
    return pd.DataFrame({"layer": layer, "gpu": gpu, "load_ratio": rank.ravel()})


def statistics_table(sharing: Sharing, seed: int) -> pd.DataFrame:
    """How uneven loads are and how far tokens go; MaxVio is the most over the mean, less one (arXiv 2408.15664).

    returns  [figure]  figure, value; violations are means over layers and micro-batches
    """
    tokens, per_node = expert_tokens(sharing, seed), min(sharing.ranks_per_node, sharing.ranks)
    loads = pool(sharing, seed)
    far = reach(sharing.gate, sharing.ranks, per_node, seed)
    dropped = 1 - tokens.sum(axis=-1).mean() / (sharing.tokens * sharing.gate.top_k)
    rows = [
        ("MaxVio of experts", float(max_violation(tokens).mean())),
        ("MaxVio of GPUs", float(max_violation(loads.rank).mean())),
        ("MaxVio of nodes", float(max_violation(loads.node).mean())),
        ("nodes that a token reaches", far.nodes),
        ("GPUs that a token reaches", far.gpus),
        ("choices dropped for lack of capacity", max(0.0, float(dropped))),
    ]
    return pd.DataFrame(rows, columns=["figure", "value"])


def waits_table(decided: Plan, played: Played) -> pd.DataFrame:
    """How much of the communication stream of the most frequent chunk is waiting for the slowest GPU.

    returns  [transfer]  transfer, moved_s and waited_s (mean over GPUs and draws, all its layers), waited_ratio of both
    """
    key = most_frequent_pair(decided)
    together, parts = played.inside[key].together, decided.timelines[key]
    columns = ["transfer", "moved_s", "waited_s", "waited_ratio"]
    if together is None:
        return pd.DataFrame(columns=columns)
    moved = (together.end - together.start).mean(axis=(1, 2))
    rows = [(part.name.partition(" ")[0], float(moved[at]), float(together.wait_s[at]))
            for at, part in enumerate(parts) if part.stream == COMM]  # fmt: skip
    frame = pd.DataFrame(rows, columns=columns[:3]).groupby("transfer", sort=False).sum().reset_index()
    everything = pd.DataFrame([("all", frame["moved_s"].sum(), frame["waited_s"].sum())], columns=columns[:3])
    frame = pd.concat([frame, everything], ignore_index=True)
    frame["waited_ratio"] = frame["waited_s"] / (frame["moved_s"] + frame["waited_s"])
    return frame


def limits_table(sharing: Sharing, seed: int) -> pd.DataFrame:
    """What a limit on groups means for a token.

    returns  [limit]  groups, nodes, gpus, experts_per_node, network_ratio and nvlink_ratio over the gate's own limit
    """
    rows = [
        (one.limit, one.reach.nodes, one.reach.gpus, one.experts_per_node, one.network_ratio, one.nvlink_ratio)
        for one in node_limits(sharing.gate, sharing.ranks, sharing.ranks_per_node, seed)
    ]
    return pd.DataFrame(rows, columns=["groups", "nodes", "gpus", "experts_per_node", "network_ratio", "nvlink_ratio"])


def skew_table(scenario: Scenario, sharing: Sharing) -> pd.DataFrame:
    """The step when experts' loads vary more.

    returns  [variation]  variation, gpu_violation (mean over layers and micro-batches), step_s, change_ratio over even
    """
    rows = []
    for variation in VARIATIONS:
        changed = with_changes(scenario, {"job.router": {"kind": "gamma", "variation": variation}, "layout.eplb": None})
        own = replace(sharing, router=changed.job.router, eplb=None)
        violation = float(max_violation(pool(own, scenario.seed).rank).mean())
        rows.append((variation, violation, step_seconds(changed)))
    frame = pd.DataFrame(rows, columns=["variation", "gpu_violation", "step_s"])
    frame["change_ratio"] = frame["step_s"] / frame["step_s"].iloc[0] - 1
    return frame


def worth_table(scenario: Scenario, step_s: float, cost_usd: float) -> pd.DataFrame:
    """The same step when tokens are routed or sent otherwise.

    returns  [case]  case, gpu_violation, step_s, change_ratio and change_usd (of the whole run) over the scenario
    """
    rows = []
    for case, changes in cases(scenario).items():
        changed = with_changes(scenario, changes)
        decided = planned(changed)
        own = sharing_of(changed, decided.links)
        violation = float(max_violation(pool(own, changed.seed).rank).mean()) if own else 0.0
        rows.append((case, violation, simulate(decided).step.makespan_s if changes else step_s))
    frame = pd.DataFrame(rows, columns=["case", "gpu_violation", "step_s"])
    frame["change_ratio"] = frame["step_s"] / step_s - 1
    frame["change_usd"] = frame["change_ratio"] * cost_usd
    return frame


def cases(scenario: Scenario) -> dict[str, Mapping[str, object]]:
    """What is compared, as a person would say it -> changes of the scenario."""
    experts, layout = scenario.model.experts, scenario.layout
    spare = -(experts.gate.experts if experts else 0) % layout.ep or layout.ep
    found: dict[str, Mapping[str, object]] = {
        "as the scenario says": {},
        "every expert the same": {"job.router": {"kind": "balanced"}, "layout.eplb": None},
        "domains prefer experts, bias balanced": {"job.router": MEASURED_LIKE, "layout.eplb": None},
        "domains prefer experts, no balance": {"job.router": BAD, "layout.eplb": None},
        "no bias balance, experts placed by load (EPLB)": {"job.router": BAD, "layout.eplb": {}},
    }
    if spare <= MOST_SPARE:
        name = f"no bias balance, EPLB with {spare} redundant experts"
        found[name] = {"job.router": BAD, "layout.eplb": {"redundant_experts": spare}}
    if experts and experts.gate.top_groups < experts.gate.groups:
        found["no limit on nodes"] = {"model.experts.gate.top_groups": experts.gate.groups}
    if scenario.job.precision.dispatch == "fp8":
        found["tokens sent in BF16"] = {"job.precision.dispatch": "bf16"}
    if scenario.cluster.node.gpu.kernels.all_to_all.normal.copies == "node":
        found["no forwarding over NVLink"] = {"cluster.node.gpu.kernels.all_to_all.normal.copies": "gpu"}
    if getattr(layout.schedule, "overlap", False):
        found["transfers not overlapped"] = {"layout.schedule.overlap": False}
    return found


MOST_SPARE = 64


def bias_table(sharing: Sharing, seed: int) -> pd.DataFrame:
    """How MaxVio falls and comes back after the data changes, with and without a bias (arXiv 2408.15664).

    Preferences are those of the scenario's router if it knows any, else those of `BAD`.

    returns  [speed x step]  speed_per_step, step, violation (mean over layers)
    """
    router = sharing.router if isinstance(sharing.router, Affinity) else Affinity.model_validate(BAD)
    layers = min(BIAS_LAYERS, sharing.layers, POOL_LAYERS)
    own = replace(sharing, router=router)
    batch = replace(own.batch(layers, BIAS_STEPS), gated_tokens=BIAS_TOKENS)
    taste = router.preferences.first(layers, sharing.gate.experts, seed)
    drift = SuddenDrift(at=DRIFT_AT, drift_share=0.5)
    rows = []
    for speed_per_step in (0.0, BiasBalancing().speed_per_step):
        how = BiasBalancing(speed_per_step=speed_per_step)
        violation = balance_by_bias(taste, batch, how, seed, drift).violation.mean(axis=1)
        rows += [(speed_per_step, step, float(value)) for step, value in enumerate(violation)]
    return pd.DataFrame(rows, columns=["speed_per_step", "step", "violation"])


def with_changes(scenario: Scenario, changes: Mapping[str, object]) -> Scenario:
    """The scenario with paths set, checked again."""
    return scenario.with_changes(changes, catalogue()) if changes else scenario


def step_seconds(scenario: Scenario) -> float:
    """Simulated step, whether it fits the memory or not."""
    return simulate(planned(scenario)).step.makespan_s
