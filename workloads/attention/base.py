"""What every kind of attention is to a model."""

from __future__ import annotations

from topologies.spec import Spec
from workloads.reference.dims import Grouped, Latent


class AttentionSpec(Spec):
    """One layer's attention; its class is chosen by `kind`."""

    def dims(self) -> Latent | Grouped:
        """The same as the numeric core reads it."""
        raise NotImplementedError(f"{type(self).__name__} does not say its dimensions")
