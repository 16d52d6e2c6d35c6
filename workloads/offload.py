"""What a training job keeps outside of its GPUs, in the server's memory or on its disks."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import model_validator

from topologies.problems import FieldErrors
from topologies.spec import Spec
from topologies.units import Bytes, BytesPerS


class Disks(Spec):
    """The NVMe disks of one server that hold what is offloaded; together."""

    size_bytes: Bytes
    read_bytes_per_s: BytesPerS
    write_bytes_per_s: BytesPerS


class Offload(Spec):
    """Where a rank keeps what it owns (arXiv 2101.06840, 2104.07857).

    optimizer    master weights and moments; the server's processors then update, at the rate of its memory
    parameters   what a rank owns of fully sharded weights, fetched over PCIe before they are gathered; needs ZeRO-3
    prefetch     transfers and updates go on piece by piece beside each other, each as long as the slowest of them; else
                 one after the other
    host_memory_bytes_per_s   of one server, all its GPUs' processes together
    disks        needed where anything is kept on them
    """

    optimizer: Literal["gpu", "host", "nvme"] = "host"
    parameters: Literal["gpu", "host", "nvme"] = "gpu"
    prefetch: bool = True
    host_memory_bytes_per_s: BytesPerS
    disks: Disks | None = None

    @model_validator(mode="after")
    def _means_something(self) -> Self:
        """Something is offloaded, and disks are there exactly where they are used."""
        places = {self.optimizer, self.parameters}
        if places == {"gpu"}:
            raise FieldErrors([("optimizer", "nothing is kept outside of the GPUs: leave `offload` out")])
        if ("nvme" in places) != (self.disks is not None):
            said = "missing" if self.disks is None else "there, but nothing is kept on them"
            raise FieldErrors([("disks", f"`disks` is {said}: give them where optimizer or parameters say nvme")])
        return self
