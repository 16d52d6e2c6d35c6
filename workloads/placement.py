"""Which expert each slot of each GPU holds, and how busy the busiest GPU then is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


class BalanceError(ValueError):
    """Experts that cannot be spread over these slots."""


@dataclass(frozen=True, slots=True)
class Slots:
    """What the experts of a layer are spread over: equally many slots on every GPU. Raises BalanceError.

    replicas   slots in all;  groups   of experts, each of which stays on one node
    """

    replicas: int
    gpus: int
    groups: int = 1
    nodes: int = 1

    def __post_init__(self) -> None:
        """Refuse what does not divide."""
        for name in ("replicas", "gpus", "groups", "nodes"):
            if getattr(self, name) < 1:
                raise BalanceError(f"{name} = {getattr(self, name)}; there is at least one")
        if self.gpus % self.nodes:
            raise BalanceError(f"{self.gpus} GPUs do not divide among {self.nodes} nodes")
        if self.replicas % self.gpus:
            near = -(-self.replicas // self.gpus) * self.gpus
            raise BalanceError(f"{self.replicas} replicas do not divide among {self.gpus} GPUs; {near} would")

    @property
    def per_gpu(self) -> int:
        """Slots of a GPU."""
        return self.replicas // self.gpus

    @property
    def hierarchical(self) -> bool:
        """True if groups can stay on their nodes; else all GPUs are as one node."""
        return self.groups % self.nodes == 0

    def check(self, experts: int) -> None:
        """Refuse a number of experts that has no room or does not divide. Raises BalanceError."""
        if self.replicas < experts:
            raise BalanceError(f"{self.replicas} replicas are fewer than the {experts} experts; each needs a slot")
        if experts % self.groups:
            raise BalanceError(f"{experts} experts do not divide into {self.groups} groups")


@dataclass(frozen=True, slots=True, eq=False)
class Placement:
    """Where experts are; the slots of a GPU stand side by side.

    expert   [layer, replica]  logical expert in each slot
    """

    expert: NDArray[np.int64]
    slots: Slots

    @property
    def gpu(self) -> NDArray[np.int64]:
        """GPU of each slot: [layer, replica]."""
        return np.broadcast_to(np.arange(self.slots.replicas) // self.slots.per_gpu, self.expert.shape)

    def copies(self, experts: int) -> NDArray[np.int64]:
        """Replicas of each expert: [layer, expert]."""
        return np.stack([np.bincount(row, minlength=experts) for row in self.expert])

    def gpu_tokens(self, tokens: NDArray[np.float64]) -> NDArray[np.float64]:
        """Tokens of each GPU when the replicas of an expert share its tokens evenly.

        tokens    [layer, expert]
        returns   [layer, gpu]
        """
        shared = np.take_along_axis(tokens / self.copies(tokens.shape[1]), self.expert, axis=1)
        summed: NDArray[np.float64] = shared.reshape(len(tokens), self.slots.gpus, -1).sum(axis=-1)
        return summed


def unreplicated_tokens(tokens: NDArray[np.float64], gpus: int) -> NDArray[np.float64]:
    """Tokens of each GPU when experts lie in order, each once: [layer, expert] -> [layer, gpu]."""
    home = _home(tokens.shape[1], gpus)
    return np.stack([np.bincount(home, row, minlength=gpus) for row in tokens])


def in_order(layers: int, experts: int, slots: Slots) -> Placement:
    """Experts in order; a spare slot repeats an expert of its own GPU, so that no GPU has more than without replicas.

    Where there are more GPUs than experts, those left over repeat the expert before.
    """
    home = _home(experts, slots.gpus)
    row = []
    for gpu in range(slots.gpus):
        own = np.flatnonzero(home == gpu)
        row.append(np.resize(own if len(own) else [gpu * experts // slots.gpus], slots.per_gpu))
    return Placement(np.tile(np.concatenate(row), (layers, 1)), slots)


def busiest_over_mean(gpu_tokens: NDArray[np.float64]) -> NDArray[np.float64]:
    """Tokens of the busiest GPU over the mean, 1 for a layer without tokens: [layer, gpu] -> [layer]."""
    mean = gpu_tokens.mean(axis=-1)
    ratio: NDArray[np.float64] = np.divide(gpu_tokens.max(axis=-1), mean, out=np.ones(len(mean)), where=mean > 0)
    return ratio


def _home(experts: int, gpus: int) -> NDArray[np.int64]:
    """GPU of each expert in order, as evenly as numbers allow: [expert]."""
    return np.arange(experts) * gpus // experts
