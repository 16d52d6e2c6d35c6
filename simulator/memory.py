"""Bytes that each pipeline rank keeps on its GPU at the fullest moment of a step, by part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from simulator.finish import MASTER_BYTES, Formats, Parameters, Replicas
from simulator.refusal import Refused
from simulator.stages import Stage, held_parameters
from topologies.units import pretty
from workloads.schedule import Step


class DoesNotFit(Refused):
    """A rank would need more memory than its GPU has; the message names the largest terms and a way out."""


@dataclass(frozen=True, slots=True)
class RankMemory:
    """Bytes by part on one rank; activations at the fullest moment."""

    parameters: float
    gradients: float
    optimizer: float
    activations: float
    buffers: float
    workspace: float

    @property
    def total(self) -> float:
        """Bytes of all parts."""
        return self.parameters + self.gradients + self.optimizer + self.activations + self.buffers + self.workspace


def states(parameters: Parameters, replicas: Replicas, formats: Formats) -> tuple[float, float, float]:
    """Bytes of parameters, gradients and optimiser states (arXiv 1910.02054, section 3)."""
    owned = replicas.owned(parameters)
    optimizer = owned * (MASTER_BYTES + 2 * formats.moment_bytes)
    weights = owned if replicas.shards_parameters else parameters.total
    gradients = owned if replicas.shards_gradients else parameters.total
    return weights * formats.weight_bytes, gradients * formats.gradient_bytes, optimizer


def activations_bytes(order: Sequence[Step], stages: Sequence[Stage]) -> float:
    """Most bytes of activations that one rank holds at once.

    A forward's are held from its start; a full backward frees them at its end; an input gradient leaves what the
    postponed weight gradient needs.

    order    [step] of the rank;  stages   [stage] of the whole model
    """
    held = most = 0.0
    for step in order:
        held += sum(stages[work.stage].kept_bytes for work in step if work.op == "F")
        most = max(most, held)
        for work in step:
            held -= _freed(work.op, stages[work.stage])
    return most


def _freed(op: str, stage: Stage) -> float:
    """Bytes that are free once a chunk has ended."""
    if op == "B":
        return stage.kept_bytes
    if op == "I":
        return stage.kept_bytes - stage.kept_for_weights_bytes
    return stage.kept_for_weights_bytes if op == "W" else 0.0


def require_fit(ranks: Sequence[RankMemory], usable_bytes: float, advice: str = "") -> None:
    """Raise DoesNotFit for the fullest rank if it needs more than `usable_bytes`; advice   what would need less."""
    fullest = max(range(len(ranks)), key=lambda rank: ranks[rank].total)
    memory = ranks[fullest]
    if memory.total <= usable_bytes:
        return
    parts = {name: getattr(memory, name) for name in memory.__slots__}
    largest = sorted(parts, key=lambda name: -parts[name])[:3]
    terms = ", ".join(f"{name} {pretty(parts[name], 'bytes')}" for name in largest)
    raise DoesNotFit(
        f"pipeline rank {fullest} needs {pretty(memory.total, 'bytes')} a GPU, "
        f"{pretty(usable_bytes, 'bytes')} are usable; largest: {terms}. {advice}"
    )


def rank_memory(
    order: Sequence[Step],
    stages: Sequence[Stage],
    own: Sequence[Stage],
    replicas: Replicas,
    formats: Formats,
) -> RankMemory:
    """Bytes by part on one rank, at the fullest moment of the step.

    own   stages that the rank holds
    """
    weights, gradients, optimizer = states(held_parameters(own), replicas, formats)
    return RankMemory(
        parameters=weights,
        gradients=gradients,
        optimizer=optimizer,
        activations=activations_bytes(order, stages),
        buffers=max(stage.buffer_bytes for stage in own),
        workspace=max(stage.workspace_bytes for stage in own),
    )
