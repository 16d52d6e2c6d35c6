"""The figures of a training step that everybody asks for, each with unit and definition, under names that stay."""

from __future__ import annotations

from collections.abc import Mapping

from simulator.budget import PARTS
from simulator.result import Figure, Term
from topologies.entry import Entry
from topologies.units import parse
from workloads.counts import TRAINING_PER_FORWARD, flop_per_token
from workloads.scenario import Scenario

HOUR_S = parse("1 h", "s")
DAY_S = parse("1 day", "s")
TRILLION = parse("1 T tokens", "tokens")
DAY = Term("day_s", DAY_S, "s", "24 hours")
HOUR = Term("hour_s", HOUR_S, "s", "60 minutes")
PLAYED = "simulated: the step's trace, whose parts add up to it"


def figures(scenario: Scenario, step_s: float, parts_s: Mapping[str, float], memory_bytes: float) -> dict[str, Figure]:
    """Return the headline block of a result.

    parts_s   seconds of each part of the step, mean over pipeline ranks;  memory_bytes   of the fullest GPU
    """
    terms = tuple(
        Term(f"step_{part}_s", parts_s[part], "s", f"{text}; mean over ranks") for part, text in PARTS.items()
    )
    text = "Wall time of one optimiser step, from its first task to its last."
    found = {"step_s": Figure(step_s, "s", text, formula=" + ".join(term.name for term in terms), terms=terms)}
    for part, meaning in PARTS.items():
        found[f"step_{part}_s"] = Figure(parts_s[part], "s", f"{meaning}; mean over pipeline ranks.")
    return {**found, **rates(scenario, step_s), **_model_flop(scenario, step_s), **_memory(memory_bytes)}


def sourced(entry: Entry, field: str, value: float, unit: str) -> Term:
    """A value of a catalogue entry with its basis and source."""
    told = entry.provenance(field)
    return Term(field, value, unit, f"{entry.name}: {told.basis}, {told.source}" if told else entry.name)


def _step(step_s: float) -> Term:
    return Term("step_s", step_s, "s", PLAYED)


def _gpus(scenario: Scenario) -> Term:
    return Term("gpus", scenario.cluster.gpus, "GPUs", "cluster.nodes x cluster.node.gpus")


def _tokens_per_step(scenario: Scenario) -> Term:
    what = "job.sequences_per_step x job.sequence_length"
    return Term("tokens_per_step", scenario.job.tokens_per_step, "tokens", what)


def rates(scenario: Scenario, step_s: float) -> dict[str, Figure]:
    """Tokens a day, GPU-hours and USD of steps that take so long."""
    job, gpus = scenario.job, scenario.cluster.gpus
    tokens_per_s = job.tokens_per_step / step_s
    hours_per_token = gpus / tokens_per_s / HOUR_S
    gpu_hours = hours_per_token * job.tokens
    usd = gpu_hours * HOUR_S * scenario.price.gpu_usd_per_s
    whole = "at this step's rate, without failures, batch ramp or evaluation"
    step, count, batch = _step(step_s), _gpus(scenario), _tokens_per_step(scenario)
    tokens = Term("tokens", job.tokens, "tokens", "job.tokens")
    price = sourced(scenario.price, "gpu_usd_per_s", scenario.price.gpu_usd_per_s, "USD/s")
    return {
        "tokens_per_day": Figure(
            tokens_per_s * DAY_S, "tokens/day", "Tokens trained on in 24 hours of steps.",
            formula="tokens_per_step / step_s x day_s", terms=(batch, step, DAY),
        ),
        "tokens_per_s_per_gpu": Figure(
            tokens_per_s / gpus, "tokens/s", "Tokens trained on in a second, a GPU.",
            formula="tokens_per_step / step_s / gpus", terms=(batch, step, count),
        ),
        "gpu_hours_per_trillion_tokens": Figure(
            hours_per_token * TRILLION, "GPU h", "GPU-hours for 10^12 tokens.",
            formula="trillion_tokens x step_s / tokens_per_step x gpus / hour_s",
            terms=(Term("trillion_tokens", TRILLION, "tokens", "10^12"), step, batch, count, HOUR),
        ),
        "gpu_hours": Figure(
            gpu_hours, "GPU h", f"GPU-hours for all tokens of the job, {whole}.",
            formula="tokens x step_s / tokens_per_step x gpus / hour_s", terms=(tokens, step, batch, count, HOUR),
        ),
        "cost_usd": Figure(
            usd, "USD", "Those GPU-hours at the rental price.", formula="gpu_hours x hour_s x gpu_usd_per_s",
            terms=(Term("gpu_hours", gpu_hours, "GPU h", "see gpu_hours"), HOUR, price),
        ),
    }  # fmt: skip


def _model_flop(scenario: Scenario, step_s: float) -> dict[str, Figure]:
    """Model FLOP a second and GPU, and their share of the BF16 peak."""
    job, gpus, gpu = scenario.job, scenario.cluster.gpus, scenario.cluster.node.gpu
    peak = sourced(gpu, "bf16_flop_per_s", gpu.bf16_flop_per_s, "flop/s")
    found = {}
    readings = {
        "causal": "causal attention counted as half of the square",
        "full": "attention counted as the full square",
    }
    for reading, text in readings.items():
        flop = flop_per_token(scenario.model, job.sequence_length, causal=reading == "causal")
        rate = flop * job.tokens_per_step / step_s / gpus
        counted = f"output head counted, MTP and recomputation not, {text}"
        name = f"model_flop_per_s_per_gpu_{reading}"
        how = f"{TRAINING_PER_FORWARD} x the forward's products and attention of {scenario.model.name}, from its record"
        each = Term("flop_per_token", flop, "flop", f"{how}; {text}")
        found[name] = Figure(
            rate, "flop/s", f"Three times the forward FLOP of the model, a second and GPU; {counted}.",
            formula="flop_per_token x tokens_per_step / step_s / gpus",
            terms=(each, _tokens_per_step(scenario), _step(step_s), _gpus(scenario)),
        )  # fmt: skip
        found[f"mfu_ratio_{reading}"] = Figure(
            rate / peak.value, "ratio", f"The same over the GPU's dense BF16 datasheet rate; {counted}.",
            formula=f"{name} / bf16_flop_per_s", terms=(Term(name, rate, "flop/s", f"see {name}"), peak),
        )  # fmt: skip
    return found


def _memory(memory_bytes: float) -> dict[str, Figure]:
    """Memory of the fullest GPU."""
    text = "Bytes in use on the fullest GPU at its fullest moment."
    return {"memory_bytes_per_gpu_max": Figure(memory_bytes, "bytes", text)}
