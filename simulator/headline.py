"""The figures of a training step that everybody asks for, each with unit and definition, under names that stay."""

from __future__ import annotations

from collections.abc import Mapping

from simulator.budget import PARTS
from simulator.result import Figure
from topologies.units import parse
from workloads.counts import flop_per_token
from workloads.scenario import Scenario

HOUR_S = parse("1 h", "s")
DAY_S = parse("1 day", "s")
TRILLION = parse("1 T tokens", "tokens")


def figures(scenario: Scenario, step_s: float, parts_s: Mapping[str, float], memory_bytes: float) -> dict[str, Figure]:
    """Return the headline block of a result.

    parts_s   seconds of each part of the step, mean over pipeline ranks;  memory_bytes   of the fullest GPU
    """
    found = {"step_s": Figure(step_s, "s", "Wall time of one optimiser step, from its first task to its last.")}
    for part, meaning in PARTS.items():
        found[f"step_{part}_s"] = Figure(parts_s[part], "s", f"{meaning}; mean over pipeline ranks.")
    return {**found, **rates(scenario, step_s), **_model_flop(scenario, step_s), **_memory(memory_bytes)}


def rates(scenario: Scenario, step_s: float) -> dict[str, Figure]:
    """Tokens a day, GPU-hours and USD of steps that take so long."""
    job, gpus = scenario.job, scenario.cluster.gpus
    tokens_per_s = job.tokens_per_step / step_s
    hours_per_token = gpus / tokens_per_s / HOUR_S
    gpu_hours = hours_per_token * job.tokens
    usd = gpu_hours * HOUR_S * scenario.price.gpu_usd_per_s
    whole = "at this step's rate, without failures, batch ramp or evaluation"
    return {
        "tokens_per_day": Figure(tokens_per_s * DAY_S, "tokens/day", "Tokens trained on in 24 hours of steps."),
        "tokens_per_s_per_gpu": Figure(tokens_per_s / gpus, "tokens/s", "Tokens trained on in a second, a GPU."),
        "gpu_hours_per_trillion_tokens": Figure(hours_per_token * TRILLION, "GPU h", "GPU-hours for 10^12 tokens."),
        "gpu_hours": Figure(gpu_hours, "GPU h", f"GPU-hours for all tokens of the job, {whole}."),
        "cost_usd": Figure(usd, "USD", "Those GPU-hours at the rental price."),
    }


def _model_flop(scenario: Scenario, step_s: float) -> dict[str, Figure]:
    """Model FLOP a second and GPU, and their share of the BF16 peak."""
    job, gpus = scenario.job, scenario.cluster.gpus
    peak = scenario.cluster.node.gpu.bf16_flop_per_s
    found = {}
    readings = {
        "causal": "causal attention counted as half of the square",
        "full": "attention counted as the full square",
    }
    for reading, text in readings.items():
        flop = flop_per_token(scenario.model, job.sequence_length, causal=reading == "causal")
        rate = flop * job.tokens_per_step / step_s / gpus
        counted = f"output head counted, MTP and recomputation not, {text}"
        found[f"model_flop_per_s_per_gpu_{reading}"] = Figure(
            rate, "flop/s", f"Three times the forward FLOP of the model, a second and GPU; {counted}."
        )
        found[f"mfu_ratio_{reading}"] = Figure(
            rate / peak, "ratio", f"The same over the GPU's dense BF16 datasheet rate; {counted}."
        )
    return found


def _memory(memory_bytes: float) -> dict[str, Figure]:
    """Memory of the fullest GPU."""
    text = "Bytes in use on the fullest GPU at its fullest moment."
    return {"memory_bytes_per_gpu_max": Figure(memory_bytes, "bytes", text)}
