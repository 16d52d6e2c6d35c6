"""The end of a step: gradients summed over replicas, the optimiser, parameters sent back."""

from __future__ import annotations

from dataclasses import dataclass

from simulator.collectives import Group, Links, Transfer, all_gather, all_reduce, reduce_scatter
from simulator.costs import memory_s
from simulator.offloading import MASTER_BYTES, NOTHING_AWAY, Away
from topologies.hardware import Gpu

FP8_COPIES = 2
"""An FP8 weight lies in memory along both its dimensions: Hopper's FP8 products read operands along the contracted one
only, and input gradients contract over another than forward. The published profile turns none beside its products."""
FP8_TILE = 128
"""A weight has an FP32 scale a tile of 128 x 128 (arXiv 2412.19437, section 3.3.2)."""
WIDE_BYTES = 2


@dataclass(frozen=True, slots=True)
class Parameters:
    """Parameters that one rank holds, all its stages together.

    dense    the same on every rank of the stage;  routed   of its own experts
    fp8_dense, fp8_routed   those of each kind that products multiply in FP8
    """

    dense: float
    routed: float
    fp8_dense: float = 0.0
    fp8_routed: float = 0.0

    @property
    def total(self) -> float:
        """Both kinds together."""
        return self.dense + self.routed

    @property
    def fp8(self) -> float:
        """Those multiplied in FP8, of both kinds."""
        return self.fp8_dense + self.fp8_routed

    def __add__(self, other: Parameters) -> Parameters:
        return Parameters(
            self.dense + other.dense,
            self.routed + other.routed,
            self.fp8_dense + other.fp8_dense,
            self.fp8_routed + other.fp8_routed,
        )


@dataclass(frozen=True, slots=True)
class Formats:
    """Bytes of one number as the step's end moves it.

    moving_s   that a routed parameter, weight and optimiser state, takes to another GPU where experts are placed anew:
               mean over steps
    away       what is not kept on the GPU
    """

    gradient_bytes: int
    moment_bytes: int
    weight_bytes: int
    moving_s: float = 0.0
    away: Away = NOTHING_AWAY

    @property
    def wide_bytes(self) -> int:
        """Of a weight that no product multiplies in FP8: BF16 at least."""
        return max(self.weight_bytes, WIDE_BYTES)


@dataclass(frozen=True, slots=True)
class Replicas:
    """Who holds the same parameters: the groups over which gradients are summed.

    zero_stage   of what each rank of a group keeps only its share (arXiv 1910.02054): 0 nothing, 1 optimiser states,
                 2 and gradients, 3 and parameters
    """

    dense: Group
    routed: Group
    zero_stage: int

    @property
    def shards_states(self) -> bool:
        """Each rank keeps and updates only its share of the optimiser's states."""
        return self.zero_stage >= 1

    @property
    def shards_gradients(self) -> bool:
        """Each rank keeps only its share of the summed gradients."""
        return self.zero_stage >= 2

    @property
    def shards_parameters(self) -> bool:
        """Each rank keeps only its share of the parameters."""
        return self.zero_stage >= 3

    def owned(self, parameters: Parameters) -> float:
        """Parameters whose optimiser state one rank keeps."""
        if not self.shards_states:
            return parameters.total
        return parameters.dense / self.dense.size + parameters.routed / self.routed.size


@dataclass(frozen=True, slots=True)
class Finish:
    """What each rank does after its last backward.

    reduce   gradients summed, dense and routed one after the other;  gather   parameters sent back
    """

    reduce: tuple[Transfer, ...]
    update_s: float
    gather: tuple[Transfer, ...]

    @property
    def reduce_s(self) -> float:
        """Seconds until all gradients are summed."""
        return sum(transfer.seconds for transfer in self.reduce)

    @property
    def gather_s(self) -> float:
        """Seconds until all parameters are back."""
        return sum(transfer.seconds for transfer in self.gather)


def finish(parameters: Parameters, replicas: Replicas, formats: Formats, gpu: Gpu, links: Links) -> Finish:
    """Time the end of a step for one rank.

    With sharding, gradients are reduce-scattered and parameters gathered (arXiv 1910.02054, section 5); without,
    gradients are all-reduced and nothing is sent back. Sharded gradients were summed with each micro-batch, sharded
    parameters are gathered when the next step uses them: neither is sent here.
    """
    gradients = [(parameters.dense, replicas.dense), (parameters.routed, replicas.routed)]
    update_s = memory_s(update_bytes(parameters, replicas, formats), gpu)
    update_s += parameters.routed * formats.moving_s
    update_s += replicas.owned(parameters) * formats.away.update_s_per_parameter
    if not replicas.shards_states:
        reduced = tuple(all_reduce(n * formats.gradient_bytes, group, links) for n, group in gradients)
        return Finish(reduced, update_s, ())
    to_owners = () if replicas.shards_gradients else gradients
    parts = ((parameters.dense, parameters.fp8_dense), (parameters.routed, parameters.fp8_routed))
    sent = [fp8 * formats.weight_bytes + (number - fp8) * formats.wide_bytes for number, fp8 in parts]
    to_all = () if replicas.shards_parameters else zip(sent, (replicas.dense, replicas.routed), strict=True)
    reduced = tuple(reduce_scatter(n * formats.gradient_bytes, group, links) for n, group in to_owners)
    gathered = tuple(all_gather(size, group, links) for size, group in to_all)
    return Finish(reduced, update_s, gathered)


def update_bytes(parameters: Parameters, replicas: Replicas, formats: Formats) -> float:
    """Bytes that the optimiser reads and writes on one rank.

    Gradient norm: own gradients once. Adam on what the rank owns: gradient read; master and both moments read and
    written; the weight written. Then all gradients that the rank keeps are set to zero, and FP8 copies of the weights
    are made: read as they came, written along both dimensions where they came in BF16, along the other in FP8. Adam on
    states that are kept elsewhere is not done here.
    """
    owned = replicas.owned(parameters)
    adam = formats.gradient_bytes + 2 * (MASTER_BYTES + 2 * formats.moment_bytes) + formats.weight_bytes
    adam *= not formats.away.optimizer
    cleared = owned if replicas.shards_gradients else parameters.total
    copied = formats.weight_bytes + (FP8_COPIES if formats.weight_bytes > 1 else FP8_COPIES - 1)
    held_fp8 = 0.0 if replicas.shards_parameters else parameters.fp8
    return owned * (formats.gradient_bytes + adam) + cleared * formats.gradient_bytes + held_fp8 * copied
