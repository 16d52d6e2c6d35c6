"""Bytes that each pipeline rank keeps on its GPU, by part: through the step, and at its fullest moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from simulator.finish import FP8_COPIES, FP8_TILE, Formats, Parameters, Replicas
from simulator.offloading import MASTER_BYTES
from simulator.refusal import Refused
from simulator.stages import Stage, held_embedding, held_parameters
from topologies.units import pretty
from workloads.jobs.training import Memory
from workloads.offload import Offload
from workloads.schedule import Op, Step

AVERAGE_BYTES = 4
FP8_WEIGHT_BYTES = FP8_COPIES * (1 + 4 / FP8_TILE**2)
KEPT_PARTS = ("fp8", "wide", "logits")
NAMED_TERMS = 4
FREED: dict[Op, tuple[int, int]] = {"F": (0, 0), "B": (1, 0), "I": (1, -1), "W": (0, 1)}
"""What a chunk's end frees: times what its forward kept, times what a postponed weight gradient needs."""


class DoesNotFit(Refused):
    """A rank would need more memory than its GPU has; the message names the largest terms."""


@dataclass(frozen=True, slots=True)
class States:
    """Bytes of parameters, gradients and optimiser states on one rank, constant over a step.

    weights, experts, embedding   in BF16: of layers outside of routed experts, of routed experts, of embedding and
                                  output head (once, whatever stages and MTP modules of the rank use them)
    fp8_weights                   copies that FP8 products read, along both dimensions
    gradients, masters, moments   what the optimiser works on
    average                       moving average of the weights, where it is on the GPU
    """

    weights: float
    experts: float
    embedding: float
    fp8_weights: float
    gradients: float
    masters: float
    moments: float
    average: float

    @property
    def total(self) -> float:
        """Bytes of all parts."""
        return sum(self.parts().values())

    def parts(self) -> dict[str, float]:
        """Each part and its bytes."""
        return {field.name: float(getattr(self, field.name)) for field in fields(self)}


@dataclass(frozen=True, slots=True)
class RankMemory(States):
    """Bytes by part on one rank at its fullest moment: its states, and what comes and goes.

    activations_fp8, activations, logits   waiting for their backward; `activations` in BF16 and FP32
    buffers                       tokens on their way to and from experts, whole parameters of sharded blocks
    workspace                     what one operation needs while it runs, and what is computed again
    reserve                       the runtime's own, and what the allocator cannot use
    """

    activations_fp8: float
    activations: float
    logits: float
    buffers: float
    workspace: float
    reserve: float


def states(own: Sequence[Stage], replicas: Replicas, formats: Formats, memory: Memory) -> States:
    """Bytes that do not change over a step (arXiv 1910.02054, section 3, with FP8 copies of the weights).

    Of parameters that are spread over replicas a rank makes FP8 copies block by block, see `buffers`.

    own   stages that the rank holds
    """
    held, embedding = held_parameters(own), held_embedding(own)
    owned = replicas.owned(held)
    if replicas.shards_parameters:
        held, embedding = _share(held, replicas), embedding / replicas.dense.size
    in_fp8_only = formats.weight_bytes == 1
    copies_bytes = in_fp8_only if replicas.shards_parameters else FP8_WEIGHT_BYTES
    dense = held.dense - embedding - held.fp8_dense * in_fp8_only
    routed = held.routed - held.fp8_routed * in_fp8_only
    kept = not formats.away.parameters
    summed = owned if replicas.shards_gradients else held_parameters(own).total
    return States(
        weights=dense * formats.wide_bytes * kept,
        experts=routed * formats.wide_bytes * kept,
        embedding=embedding * formats.wide_bytes * kept,
        fp8_weights=held.fp8 * copies_bytes * kept,
        gradients=summed * formats.gradient_bytes,
        masters=owned * MASTER_BYTES * (not formats.away.optimizer),
        moments=owned * 2 * formats.moment_bytes * (not formats.away.optimizer),
        average=owned * AVERAGE_BYTES * (memory.weight_average == "gpu"),
    )


def _share(held: Parameters, replicas: Replicas) -> Parameters:
    """What one rank owns of parameters that are spread over the replicas."""
    dense, routed = replicas.dense.size, replicas.routed.size
    return Parameters(held.dense / dense, held.routed / routed, held.fp8_dense / dense, held.fp8_routed / routed)


def held_over(order: Sequence[Step], own: dict[int, Stage]) -> NDArray[np.float64]:
    """Bytes of activations during and after each step of one rank: [step, during or after, fp8 | wide | logits].

    A forward's are held from its start; a full backward frees them at its end; an input gradient leaves what the
    postponed weight gradient needs.

    own   the rank's stages by number
    """
    kept = {stage: _row(held.kept) for stage, held in own.items()}
    postponed = {stage: _row(held.kept_for_weights) for stage, held in own.items()}
    taken = np.zeros((len(order), len(KEPT_PARTS)))
    freed = np.zeros((len(order), len(KEPT_PARTS)))
    for at, step in enumerate(order):
        for work in step:
            taken[at] += kept[work.stage] * (work.op == "F")
            whole, waiting = FREED[work.op]
            freed[at] += kept[work.stage] * whole + postponed[work.stage] * waiting
    after = np.cumsum(taken - freed, axis=0)
    return np.stack([after + freed, after], axis=1)


def _row(kept: object) -> NDArray[np.float64]:
    """Activations as numbers."""
    return np.array([getattr(kept, part) for part in KEPT_PARTS])


def host_bytes(own: Sequence[Stage], replicas: Replicas, formats: Formats, memory: Memory) -> float:
    """Bytes that one GPU's rank keeps in its server's memory: the average of weights, what is offloaded."""
    offloaded = outside_bytes(own, replicas, formats, memory.offload, "host") if memory.offload is not None else 0.0
    return average_bytes(own, replicas, memory) + offloaded


def average_bytes(own: Sequence[Stage], replicas: Replicas, memory: Memory) -> float:
    """Bytes of the average of the weights that one GPU's rank owns, where that is in its server's memory."""
    return replicas.owned(held_parameters(own)) * AVERAGE_BYTES * (memory.weight_average == "host")


def outside_bytes(
    own: Sequence[Stage], replicas: Replicas, formats: Formats, offload: Offload, place: Literal["host", "nvme"]
) -> float:
    """Bytes of what one GPU's rank owns and keeps in one place outside of it: optimiser states, parameters."""
    owned = replicas.owned(held_parameters(own))
    states_bytes = owned * (MASTER_BYTES + 2 * formats.moment_bytes) * (offload.optimizer == place)
    return states_bytes + owned * formats.wide_bytes * (offload.parameters == place)


def require_fit(ranks: Sequence[RankMemory], usable_bytes: float) -> None:
    """Raise DoesNotFit for the fullest rank if it needs more than `usable_bytes`."""
    fullest = max(range(len(ranks)), key=lambda rank: ranks[rank].total)
    memory = ranks[fullest]
    if memory.total <= usable_bytes:
        return
    parts = memory.parts()
    largest = sorted(parts, key=lambda name: -parts[name])[:NAMED_TERMS]
    terms = ", ".join(f"{name.replace('_', ' ')} {pretty(parts[name], 'bytes')}" for name in largest)
    raise DoesNotFit(
        f"pipeline rank {fullest} needs {pretty(memory.total, 'bytes')} a GPU, "
        f"{pretty(usable_bytes, 'bytes')} are usable; largest: {terms}."
    )


def rank_memory(held: States, activations: NDArray[np.float64], own: Sequence[Stage], memory: Memory) -> RankMemory:
    """Bytes by part on one rank, at the fullest moment of the step.

    activations   [step, during or after, fp8 | wide | logits]  see `held_over`
    """
    during = activations[:, 0]
    fp8, wide, logits = during[during.sum(axis=1).argmax()].tolist() if len(during) else (0.0, 0.0, 0.0)
    buffers = max(stage.buffer_bytes for stage in own)
    workspace = max(stage.workspace_bytes for stage in own)
    handed_out = held.total + fp8 + wide + logits + buffers + workspace
    return RankMemory(
        **held.parts(),
        activations_fp8=fp8,
        activations=wide,
        logits=logits,
        buffers=buffers,
        workspace=workspace,
        reserve=reserve_bytes(handed_out, memory),
    )


def reserve_bytes(handed_out: float, memory: Memory) -> float:
    """What the runtime takes, and what the allocator holds without using it while it hands out so many bytes."""
    return memory.runtime_bytes + handed_out * memory.fragmentation / (1 - memory.fragmentation)
