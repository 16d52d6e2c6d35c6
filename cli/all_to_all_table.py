"""What kernels reach that take tokens to their experts, other ways to do it, and the limits of decode, as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cli.columns import aligned

if TYPE_CHECKING:
    from simulator.all_to_all.alternatives import Finding, Way
    from simulator.transfer_rates import Reached
    from workloads.scenario import Scenario

SCENARIO = "deepseek-v3-pretrain"
LIBRARY = "deepep@2025-06-05"
RANKS = tuple(2**power for power in range(1, 11))
SMS = 24
HEAD = ("kernels", "GPUs", "direction", "time", "counted", "network", "NVLink", "set by")
WAY_HEAD = ("way", "time", "over the network", "over NVLink", "messages", "kernels")
FINDING_HEAD = ("tokens laid out by", "FLOP", "bytes through memory", "kernels")
BOUNDS = {"sms": "multiprocessors", "nvlink": "NVLink", "messages": "posting", "network": "network", "none": "nothing"}
HIDDEN = (7000, 7168)
DECODE_TOKENS, DECODE_EXPERTS, LAYERS = 32, 9, 61
CAPACITY_FACTOR = 1.25


def transfers_text() -> str:
    """Tables for DeepSeek-V3's tokens on H800s: each number of GPUs, each way on 64, each limit."""
    from workloads.scenario import SCENARIOS, changed, load_scenario

    base = load_scenario(SCENARIOS / f"{SCENARIO}.yaml")
    scenario = changed(base, {"cluster.node.gpu.kernels.all_to_all": LIBRARY})
    return "\n\n".join((rates_text(scenario), ways_text(scenario), limits_text()))


def rates_text(scenario: Scenario) -> str:
    """What each number of GPUs reaches."""
    from simulator.plan import scenario_links
    from simulator.transfer_rates import reached

    experts = scenario.model.experts
    gate = experts.gate.dims() if experts else None
    kernels, links = scenario.cluster.node.gpu.kernels.all_to_all, scenario_links(scenario)
    rows = [rate_row(row) for row in reached(kernels, links, gate, RANKS, SMS)] if gate else []
    return (
        f"{kernels.title}\non H800s, alone: 4,096 tokens a GPU on {SMS} multiprocessors, with low latency 128 tokens; "
        "FP8 there, BF16 back.\nCounted as DeepEP counts: a token once for each node (inside one node: GPU; low "
        f"latency: expert), its own too. Network and NVLink: on the wire.\n\n{aligned(rows, HEAD)}"
    )


def rate_row(row: Reached) -> list[str]:
    """One direction on one number of GPUs."""
    from topologies.units import pretty

    rates = (row.counted_bytes_per_s, row.network_bytes_per_s, row.nvlink_bytes_per_s)
    named = [pretty(rate, "bytes/s", 3) if rate else "-" for rate in rates]
    kernels = row.kernels.replace("_", " ")
    return [kernels, f"{row.ranks:,}", row.direction, pretty(row.seconds, "s", 3), *named, BOUNDS[row.bound]]


def ways_text(scenario: Scenario) -> str:
    """Other ways to dispatch the same tokens to 64 GPUs, and to lay them out."""
    from simulator.all_to_all.alternatives import Exchange, findings, ways
    from simulator.collectives import Group
    from simulator.network import spread_of
    from simulator.plan import scenario_links

    experts, links = scenario.model.experts, scenario_links(scenario)
    if experts is None:
        return ""
    gate, tokens = experts.gate.dims(), scenario.job.tokens_per_micro_batch
    spread = spread_of(gate, 64, 1, links.gpus_per_node, scenario.seed)
    asked = Exchange(tokens, float(scenario.model.hidden), spread, Group(8, links.gpus_per_node), tensor=2)
    found = ways(asked, scenario.cluster.node.gpu.kernels.all_to_all.normal, links, SMS)
    capacity = round(CAPACITY_FACTOR * tokens * gate.top_k / gate.experts)
    laid_out = findings(tokens, scenario.model.hidden, gate.experts, gate.top_k, capacity)
    return (
        "Ways to dispatch the tokens of one GPU (two tensor ranks hold the same) to 64 GPUs (arXiv 2201.05596, 5)\n\n"
        f"{aligned([way_row(way) for way in found], WAY_HEAD)}\n\n"
        f"{aligned([finding_row(one) for one in laid_out], FINDING_HEAD)}"
    )


def way_row(way: Way) -> list[str]:
    """One way with its bytes, messages and kernels."""
    from topologies.units import pretty

    moved = way.transfer
    sizes = [pretty(size, "bytes", 3) for size in (moved.network_bytes, moved.nvlink_bytes)]
    return [way.name, pretty(moved.seconds, "s", 3), *sizes, f"{way.messages:,.0f}", str(way.kernels)]


def finding_row(one: Finding) -> list[str]:
    """One way to lay tokens out, with its FLOP and bytes."""
    from topologies.units import pretty

    return [one.name, pretty(one.flop, "flop", 3), pretty(one.moved_bytes, "bytes", 3), str(one.kernels)]


def limits_text() -> str:
    """What decode is limited to by bandwidth alone, as published and with the model's own width."""
    from simulator.all_to_all.limits import decode_limit
    from topologies.units import pretty

    rows = []
    for link, rate_bytes_per_s in (("400 Gb/s InfiniBand", 50e9), ("NVLink of an NVL72 rack", 900e9)):
        for hidden in HIDDEN:
            limit = decode_limit(DECODE_TOKENS, DECODE_EXPERTS, hidden, LAYERS, rate_bytes_per_s)
            times = [pretty(time, "s", 5) for time in (limit.exchange_s, limit.layer_s, limit.tpot_s)]
            rows.append([link, f"{hidden:,}", *times, f"{limit.tokens_per_s:,.1f}"])
    head = ("link", "hidden", "dispatch and combine", "a layer", "an output token", "tokens/s of a user")
    return (
        "Limits of decode with 32 tokens a GPU, 9 experts a token, 61 layers (arXiv 2505.09343, 2.3.2; published with "
        f"a hidden size of 7,000)\n\n{aligned(rows, head)}"
    )
