"""Bytes of a checkpoint, who writes them, and how long steps wait for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from workloads.checkpoints import Checkpoints


@dataclass(frozen=True, slots=True)
class Kept:
    """Bytes of one parameter in a checkpoint: its weight, the master weight, both moments together."""

    weight_bytes: float
    master_bytes: float
    moments_bytes: float

    @property
    def state_bytes(self) -> float:
        """What the optimiser keeps of a parameter."""
        return self.master_bytes + self.moments_bytes


@dataclass(frozen=True, slots=True)
class Replicated:
    """Parameters of the whole model that the same number of replicas hold: dense ones, or routed experts."""

    parameters: float
    replicas: int


@dataclass(frozen=True, slots=True)
class Holders:
    """The GPUs that hold a model.

    zero_stage   of what each replica keeps only its share (arXiv 1910.02054): 0 nothing, 1 and 2 optimiser states,
                 3 also parameters
    """

    gpus: int
    gpus_per_node: int
    zero_stage: int


@dataclass(frozen=True, slots=True)
class CheckpointSize:
    """Bytes of a checkpoint.

    total_bytes   written once, however many replicas hold them
    gpu_bytes     of the GPU that writes most: what replicas hold alike is written by one of them
    held_bytes    that one GPU needs to go on
    """

    total_bytes: float
    gpu_bytes: float
    held_bytes: float


@dataclass(frozen=True, slots=True)
class Saving:
    """When steps wait for checkpoints.

    every_steps   steps between two
    block_s       steps wait for each;  write_s   longer until it is safe, while steps go on
    load_s        at each restart
    """

    every_steps: int
    block_s: float
    write_s: float
    load_s: float


def checkpoint_size(parts: Sequence[Replicated], kept: Kept, holders: Holders) -> CheckpointSize:
    """Bytes of a checkpoint by what is kept of each parameter and by ZeRO stage.

    A GPU holds parameters x replicas / GPUs, or its share of them where replicas share; of what they do not share, one
    replica's GPUs write all.
    """
    total = gpu = held = 0.0
    for part in parts:
        total += part.parameters * (kept.weight_bytes + kept.state_bytes)
        shares = ((kept.weight_bytes, holders.zero_stage >= 3), (kept.state_bytes, holders.zero_stage >= 1))
        for each_bytes, shared in shares:
            own = part.parameters * (1 if shared else part.replicas) / holders.gpus
            gpu += own * each_bytes
            held += own * each_bytes
    return CheckpointSize(total, gpu, held)


def transfer_s(
    total_bytes: float, gpu_bytes: float, holders: Holders, together_bytes_per_s: float, node_bytes_per_s: float
) -> float:
    """Seconds until all is moved: the slower of all nodes together and of one node whose GPUs all move most."""
    return max(total_bytes / together_bytes_per_s, gpu_bytes * holders.gpus_per_node / node_bytes_per_s)


def saving(
    size: CheckpointSize, holders: Holders, checkpoints: Checkpoints, step_s: float, host_copy_bytes_per_s: float
) -> Saving:
    """When checkpoints are written, and the seconds that one takes.

    host_copy_bytes_per_s   of one GPU to its host's memory; an asynchronous checkpoint blocks for this copy only
    """
    storage, every_steps = checkpoints.storage, checkpoints.steps(step_s)
    write_s = transfer_s(size.total_bytes, size.gpu_bytes, holders, storage.write_bytes_per_s, storage.node_bytes_per_s)
    load_s = transfer_s(
        size.held_bytes * holders.gpus, size.held_bytes, holders, storage.read_bytes_per_s, storage.node_bytes_per_s
    )
    if checkpoints.mode == "synchronous":
        return Saving(every_steps, write_s, 0.0, load_s)
    return Saving(every_steps, size.gpu_bytes / host_copy_bytes_per_s, write_s, load_s)
