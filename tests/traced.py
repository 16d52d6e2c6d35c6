"""Small steps whose execution traces tests look into: dense and routed, one and many ranks, each schedule's ending."""

from __future__ import annotations

from functools import cache
from types import MappingProxyType
from typing import Any

import clustercast
from simulator.plan import Plan, plan
from simulator.run import Played, simulate
from simulator.step_graph import Node, step_graph

ROUTED: dict[str, Any] = {
    "model": "qwen3-30b-a3b", "cluster.nodes": 2, "layout.pp": 2, "layout.dp": 8, "layout.ep": 8,
    "layout.zero_stage": 1, "job.sequences_per_step": 64, "job.sequence_length": 4096, "job.precision.weights": "bf16",
}  # fmt: skip
"""Sixteen GPUs: two pipeline ranks of eight, which share the experts."""
STEPS: MappingProxyType[str, tuple[str, dict[str, Any]]] = MappingProxyType(
    {
        "routed": ("llama-3-8b-h100", ROUTED),
        "bidirectional": ("llama-3-8b-h100", {**ROUTED, "layout.schedule.kind": "dualpipe"}),
        "beside": ("llama-3-8b-h100", {**ROUTED, "layout.zero_overlap": True}),
        "uneven": ("llama-3-8b-h100", {**ROUTED, "job.gpu_speed_variation": 0.05}),
        "sharded": ("llama-3-8b-h100", {"job.sequences_per_step": 16}),
        "deepseek": ("deepseek-v3-pretrain", {"job.sequences_per_step": 4096}),
        "tensor": ("llama-3.1-405b-h100", {"job.sequences_per_step": 64}),
    }
)
"""Name -> scenario and changes."""


@cache
def planned(name: str) -> Plan:
    """The plan of a step."""
    scenario, changes = STEPS[name]
    return plan(clustercast.load_scenario(scenario).with_changes(changes, clustercast.catalogue()))


@cache
def played(name: str) -> Played:
    """What happened in it."""
    return simulate(planned(name))


@cache
def graph(name: str) -> tuple[Node, ...]:
    """Its phases on every pipeline rank."""
    return step_graph(planned(name), played(name))
