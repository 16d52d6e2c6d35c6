"""What is let in: choices that this version simulates, and sizes that it can work through."""

from __future__ import annotations

from collections.abc import Iterator

from simulator.refusal import Refused
from workloads.fit import micro_batches
from workloads.scenario import Scenario

MOST_STEPS = 200_000
"""Pipeline ranks x micro-batches; a step of that many chunks takes about half a minute and half a GB."""
MOST_CUTS = 200_000_000
"""Stages x layers^2: what finding the cheapest cut into stages goes through."""
MOST_EXPERTS = 8_192
MOST_LAYERS = 20_000


class TooLarge(Refused):
    """The scenario is sound, but working it through would take too long; the message says how large it is."""


def admit(scenario: Scenario) -> None:
    """Raise TooLarge for a size, Refused for a choice that this version would ignore."""
    if sizes := list(_too_large(scenario)):
        raise TooLarge("; ".join(sizes))
    if choices := list(_not_simulated(scenario)):
        raise Refused("; ".join(choices))


def admissible(scenario: Scenario) -> bool:
    """Whether `admit` lets it in."""
    return next(_too_large(scenario), None) is None and next(_not_simulated(scenario), None) is None


def _too_large(scenario: Scenario) -> Iterator[str]:
    """Every size that is more than can be worked through, with the field to change."""
    layout, layers = scenario.layout, scenario.demands.layers
    batches = micro_batches(layout, scenario.demands)
    stages = layout.schedule.stages(layout.pp)
    if layout.pp * batches > MOST_STEPS:
        yield (
            f"job.sequences_per_step: {scenario.job.sequences_per_step:,} are {layout.pp} pipeline ranks x {batches:,} "
            f"micro-batches = {layout.pp * batches:,} chunks each way; up to {MOST_STEPS:,} are simulated"
        )
    if layers > MOST_LAYERS or (layout.layers_per_stage is None and stages * layers**2 > MOST_CUTS):
        yield f"model.layers: {layers:,} on {stages} stages are too many to cut by cost; give layout.layers_per_stage"
    if scenario.demands.experts > MOST_EXPERTS:
        yield f"model.experts.gate.experts: {scenario.demands.experts:,}; up to {MOST_EXPERTS:,} are simulated"


def _not_simulated(scenario: Scenario) -> Iterator[str]:
    """Every choice that the scenario allows and this version would ignore."""
    layout, job, gpu = scenario.layout, scenario.job, scenario.cluster.node.gpu
    if layout.cp > 1 and getattr(scenario.model.attention, "window_tokens", None) is not None:
        yield f"layout.cp: {layout.cp} with an attention window is not simulated yet; write 1 and a larger dp"
    if job.precision.weights == "fp8" and scenario.model.linear_format != "fp8":
        yield "job.precision.weights: fp8, but no product of the model runs in FP8 (linear_format: bf16); write bf16"
    yield from _offload(scenario)
    if job.communication_sms >= gpu.sms:
        yield f"job.communication_sms: {job.communication_sms} leaves none of the {gpu.sms} of a {gpu.name}"
    channel = gpu.kernels.all_to_all.normal.sms_per_channel
    if layout.ranks_per_expert_group > 1 and job.communication_sms < channel:
        yield (
            f"job.communication_sms: {job.communication_sms} leaves nobody to copy tokens to their experts, a channel "
            f"of {gpu.kernels.all_to_all.name} takes {channel}; write {channel} to 24"
        )


def _offload(scenario: Scenario) -> Iterator[str]:
    """Parameters that are whole on each GPU cannot be elsewhere."""
    offload = scenario.job.memory.offload
    if offload is not None and offload.parameters != "gpu" and scenario.layout.zero_stage < 3:
        stage = scenario.layout.zero_stage
        yield f"job.memory.offload.parameters: {offload.parameters} needs layout.zero_stage: 3, not {stage}"
