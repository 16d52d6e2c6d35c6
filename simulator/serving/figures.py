"""The headline of a service's typical steps: rates, times that users see, memory, dollars a million tokens."""

from __future__ import annotations

from collections.abc import Iterator

from simulator.result import Figure
from simulator.serving.planning import ServicePlan, UnitPlan
from topologies.units import parse
from workloads.counts import kv_cache_bytes_per_token
from workloads.serving_unit import PrefillUnit

MILLION = parse("1 M tokens", "tokens")
Named = tuple[str, Figure]


def figures(plan: ServicePlan) -> dict[str, Figure]:
    """Figures of all units, by name."""
    found: dict[str, Figure] = {}
    for unit in plan.units.values():
        prompts = isinstance(unit.engine.setting.unit, PrefillUnit)
        found |= dict(_of_prompts(plan, unit) if prompts else _of_answers(plan, unit))
    model = plan.service.model
    cached = Figure(
        kv_cache_bytes_per_token(model), "bytes", "All layers' cache of one token, prediction modules left out."
    )
    return {**found, "kv_bytes_per_token": cached}


def _of_prompts(plan: ServicePlan, unit: UnitPlan) -> Iterator[Named]:
    """A unit that reads prompts."""
    rate, nodes = unit.tokens_per_s_per_gpu, plan.gpus_per_node
    new_share = 1 - plan.service.typical.cached_share
    yield (
        "prefill_tokens_per_s_per_gpu",
        Figure(rate, "tokens/s", "Prompt tokens computed, of a full step of typical prompts."),
    )
    yield "prefill_tokens_per_s_per_node", Figure(rate * nodes, "tokens/s", "The same, all GPUs of a server.")
    if new_share < 1:
        text = "Prompt tokens of a server, those found in a cache among them."
        yield "prefill_tokens_per_s_per_node_with_hits", Figure(rate * nodes / new_share, "tokens/s", text)
    yield "prefill_step_s", Figure(unit.step_s, "s", "One full step of typical prompts.")
    yield "prefill_memory_bytes", Figure(unit.room.held.total, "bytes", "Held by a GPU beside the caches of prompts.")
    text = "Rent of the GPUs over the prompt tokens that they compute when always busy."
    yield "usd_per_million_input_tokens", Figure(_usd(plan, rate), "USD", text)


def _of_answers(plan: ServicePlan, unit: UnitPlan) -> Iterator[Named]:
    """A unit that writes answers."""
    rate, nodes = unit.tokens_per_s_per_gpu, plan.gpus_per_node
    tp = unit.engine.setting.unit.tp
    yield "decode_tokens_per_s_per_gpu", Figure(rate, "tokens/s", "Output tokens, of steps with the batch in `units`.")
    yield "decode_tokens_per_s_per_node", Figure(rate * nodes, "tokens/s", "The same, all GPUs of a server.")
    if unit.prompt_tokens:
        read = unit.prompt_tokens / unit.step_s / tp
        text = "Prompt tokens computed in the same steps, as typical requests bring them."
        yield "prefill_tokens_per_s_per_gpu", Figure(read, "tokens/s", text)
    yield "tpot_s", Figure(unit.tpot_s, "s", "From one output token of a sequence to the next, mean.")
    yield (
        "tokens_per_s_per_user",
        Figure(1 / unit.tpot_s, "tokens/s", "What one user sees: one over the time per token."),
    )
    yield (
        "decode_step_s",
        Figure(unit.step_s, "s", "From one step to the next, guesses of prediction modules included."),
    )
    yield (
        "decode_tokens_per_step",
        Figure(unit.tokens_per_row, "tokens", "Output tokens of a sequence in one step, mean."),
    )
    yield "decode_sequences_per_gpu", Figure(unit.rows / tp, "count", "Sequences of the typical step over its GPUs.")
    text = "Sequences of typical length that fit beside the weights, over the GPUs that share them."
    yield "decode_sequences_per_gpu_most", Figure(unit.most_sequences / tp, "count", text)
    yield "decode_memory_bytes", Figure(unit.room.held.total, "bytes", "Held by a GPU beside the caches of sequences.")
    text = "Rent of the GPUs over the output tokens that they write when always busy."
    yield "usd_per_million_output_tokens", Figure(_usd(plan, rate), "USD", text)


def _usd(plan: ServicePlan, tokens_per_s_per_gpu: float) -> float:
    """Rent of a million tokens."""
    return plan.service.price.gpu_usd_per_s / tokens_per_s_per_gpu * MILLION
