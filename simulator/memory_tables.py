"""A GPU's memory through the step, by stage, and what every way of recomputing would make of it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from simulator.finish import WIDE_BYTES
from simulator.memory import average_bytes, host_bytes
from simulator.plan import Plan, formats_of, groups_of, planned, stages_of_ranks
from simulator.run import Played, simulate
from simulator.stages import held_parameters
from workloads.reference.policy import POLICIES
from workloads.scenario import Scenario

WINDOWS = 200
"""Windows of the step for which the most bytes within each are told."""
MOST_CHUNKS = 20_000
"""Steps of more chunks are not simulated again for other ways of recomputing."""


def over_time(plan: Plan, played: Played) -> pd.DataFrame:
    """Bytes in use on each pipeline rank: weights, states and buffers all the time, activations as chunks come and go.

    returns  [rank x window]  rank, start_s, constant_bytes, bytes (the most within the window)
    """
    starts, ends = played.step.start_s, played.step.end_s
    edges = np.linspace(0.0, played.step.makespan_s, WINDOWS + 1)
    first, frames = 0, []
    for rank, order in enumerate(plan.orders):
        steps = slice(first, first := first + len(order))
        held = plan.held[rank].sum(axis=2)
        memory = plan.memory[rank]
        constant = memory.total - memory.activations - memory.activations_fp8 - memory.logits
        most = _most_within(edges, starts[steps], ends[steps], held)
        frames.append(
            pd.DataFrame({"rank": rank, "start_s": edges[:-1], "constant_bytes": constant, "bytes": constant + most})
        )
    return pd.concat(frames, ignore_index=True)


def _most_within(edges: np.ndarray, starts: np.ndarray, ends: np.ndarray, held: np.ndarray) -> np.ndarray:
    """Most bytes held in each window.

    edges   [window + 1];  starts, ends   [step];  held   [step, during or after]
    """
    instants = np.stack([starts, ends], axis=1).reshape(-1)
    levels = np.concatenate([[0.0], held.reshape(-1)])
    most = levels[np.searchsorted(instants, edges[:-1], side="right")]
    window = np.clip(np.searchsorted(edges, instants, side="right") - 1, 0, len(most) - 1)
    np.maximum.at(most, window, levels[1:])
    return most


def by_stage(plan: Plan) -> pd.DataFrame:
    """Bytes of each stage: its weights, and what one micro-batch keeps there.

    returns  [stage]  stage, contents, weights_bytes (BF16), kept_bytes (from forward to backward), kept_fp8_bytes and
             logits_bytes of them, postponed_bytes (from input to weight gradient), buffer_bytes, workspace_bytes
    """
    rows = []
    for number, stage in enumerate(plan.stages):
        kept, waiting = stage.kept, stage.kept_for_weights
        weights = WIDE_BYTES * held_parameters([stage]).total
        sizes = (weights, kept.total, kept.fp8, kept.logits, waiting.total, stage.buffer_bytes, stage.workspace_bytes)
        rows.append((number, stage.text, *sizes))
    names = ("weights", "kept", "kept_fp8", "logits", "postponed", "buffer", "workspace")
    return pd.DataFrame(rows, columns=["stage", "contents", *(f"{name}_bytes" for name in names)])


def on_host(plan: Plan) -> pd.DataFrame:
    """Bytes that leave the GPU: the moving average of the weights and what is offloaded, in the server's memory.

    The average is brought up to date after each step, beside the next one. Empty where nothing is there.

    returns  [rank]  rank, host_bytes (of one GPU's process), node_bytes, transfer_s (the average over PCIe, each step)
    """
    scenario = plan.scenario
    node, job, formats = scenario.cluster.node, scenario.job, formats_of(scenario, plan.links)
    groups = groups_of(scenario.layout, plan.links)
    rows = []
    for rank, own in enumerate(stages_of_ranks(scenario.layout)):
        held = [plan.stages[stage] for stage in own]
        size, average = host_bytes(held, groups, formats, job.memory), average_bytes(held, groups, job.memory)
        if size:
            rows.append((rank, size, size * node.gpus, average / node.gpu.pcie_bytes_per_s))
    return pd.DataFrame(rows, columns=["rank", "host_bytes", "node_bytes", "transfer_s"])


def recomputing(plan: Plan, played: Played) -> pd.DataFrame:
    """The step and the fullest GPU under every recompute policy; empty for steps too long to simulate so often.

    returns  [policy]  recompute, step_s, memory_bytes, fits ("yes", "no")
    """
    scenario = plan.scenario
    chunks = sum(map(len, plan.orders))
    rows = []
    for policy in POLICIES if chunks <= MOST_CHUNKS else ():
        used = policy == scenario.job.recompute
        other = plan if used else planned(_with_policy(plan, policy))
        step_s = (played if used else simulate(other)).step.makespan_s
        most = max(memory.total for memory in other.memory)
        fits = most <= scenario.cluster.node.gpu.memory_usable_bytes
        rows.append((policy + " (this one)" * used, step_s, most, "yes" if fits else "no"))
    return pd.DataFrame(rows, columns=["recompute", "step_s", "memory_bytes", "fits"])


def _with_policy(plan: Plan, policy: str) -> Scenario:
    """The plan's scenario under another policy."""
    scenario = plan.scenario
    return scenario.model_copy(update={"job": scenario.job.model_copy(update={"recompute": policy})})
