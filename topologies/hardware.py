"""GPUs, NICs, switches, hosts and nodes: datasheet values and achieved fractions, never their product."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, ClassVar, Self

from pydantic import Field, model_validator

from topologies.all_to_all import AllToAllKernels
from topologies.catalogue import FromCatalogue
from topologies.entry import Entry, Provenance
from topologies.kernel_sets import KernelSet
from topologies.network_price import NetworkPrice
from topologies.problems import FieldErrors
from topologies.units import Bytes, BytesPerS, Count, FlopPerS, Seconds, SecondsOrZero, Share, Watts, render

__all__ = [
    "GROUPS",
    "AllToAllKernels",
    "Entry",
    "Gpu",
    "Host",
    "KernelSet",
    "NetworkPrice",
    "Nic",
    "Node",
    "Provenance",
    "Switch",
]


class Gpu(Entry):
    """One accelerator. Rates are dense nominal peaks; fractions stand beside them."""

    group: ClassVar[str] = "gpus"
    sms: Count
    fp8_flop_per_s: FlopPerS | None
    bf16_flop_per_s: FlopPerS
    sustained_clock_ratio: Share
    """Clock under sustained matrix load over the nominal one, at which the peaks are stated. Compute-bound kernels run
    at peak x this x their own ratio; memory-bound ones do not depend on it."""
    memory_bytes: Bytes
    memory_usable_bytes: Bytes
    hbm_bytes_per_s: BytesPerS
    nvlink_links: Count
    nvlink_link_bytes_per_s: BytesPerS
    nvlink_achievable_ratio: Share
    nvlink_domain_gpus: Count
    nvlink_latency_s: Seconds
    pcie_bytes_per_s: BytesPerS
    """To the host's memory, each direction, whatever the link: PCIe, or NVLink-C2C of a superchip."""
    power_w: Watts
    error_check_ratio: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Time that checking results adds to matrix products and attention, over their time without (checksums of rows and
    columns, or products done again)."""
    kernels: Annotated[KernelSet, FromCatalogue("kernels")]

    @model_validator(mode="after")
    def _usable_fits(self) -> Self:
        """Usable memory is part of the nominal memory (a nominal GB may be a GiB)."""
        if self.memory_usable_bytes > self.memory_bytes:
            usable, nominal = (render(size, "bytes") for size in (self.memory_usable_bytes, self.memory_bytes))
            raise FieldErrors([("memory_usable_bytes", f"{usable} is more than memory_bytes, {nominal}")])
        return self

    @property
    def nvlink_bytes_per_s(self) -> float:
        """Nominal NVLink bytes/s of this GPU, each direction."""
        return self.nvlink_links * self.nvlink_link_bytes_per_s


class Nic(Entry):
    """One network port of a node."""

    group: ClassVar[str] = "nics"
    bytes_per_s: BytesPerS
    """Nominal rate of the port, each direction."""
    achievable_ratio: Share
    """Reached by large messages."""
    latency_s: SecondsOrZero
    """One end's part of the latency of a small message."""
    ordered: bool = False
    """Writes are seen in the order in which they were sent, flags behind their data, so that a sender puts no fence
    between them and tells no counts beforehand (arXiv 2505.09343, section 6.4)."""


class Switch(Entry):
    """One switch of the scale-out network."""

    group: ClassVar[str] = "switches"
    ports: Count
    port_bytes_per_s: BytesPerS
    """Nominal rate of a port, each direction."""
    latency_s: SecondsOrZero
    """Added by each switch on the way."""
    in_network_reduction: bool = False
    """Switches add up what ports send and give the sum back to all, so that a sum over nodes crosses a port once."""
    token_multicast: bool = False
    """Switches copy a token to all nodes that it goes to and add up what comes back for it, so that it crosses its own
    port once each way (arXiv 2505.09343, section 6.5)."""


class Host(Entry):
    """A server beside its GPUs: processors, their memory, NVMe disks. Nominal rates; fractions stand beside them."""

    group: ClassVar[str] = "hosts"
    sockets: Count
    socket_memory_bytes: Bytes
    socket_memory_bytes_per_s: BytesPerS
    """Nominal rate of one socket's memory channels."""
    memory_read_ratio: Share
    """Of it, reached by kernels that stream quantised weights through the processors."""
    memory_copy_ratio: Share
    """Of it, reached by copies to the GPUs, all their links together."""
    socket_flop_per_s: FlopPerS
    """Dense BF16 peak of one socket's matrix units."""
    flop_ratio: Share
    """Of it, reached by grouped products of many rows."""
    pcie_achievable_ratio: Share
    """Of a GPU's link to the host, reached by large copies from pinned memory."""
    handoff_s: SecondsOrZero
    """A GPU's kernels end, processors start, and back again: once for both ways."""
    nvme_bytes: Bytes | None = None
    nvme_read_bytes_per_s: BytesPerS | None = None
    """All disks together, large reads; left out with nvme_bytes: no disks that could hold weights."""
    power_w: Watts
    """Everything but the GPUs, busy."""

    @model_validator(mode="after")
    def _disks_are_whole(self) -> Self:
        """Disks have a size and a rate, or are not there."""
        if (self.nvme_bytes is None) != (self.nvme_read_bytes_per_s is None):
            raise FieldErrors([("nvme_bytes", "give nvme_bytes and nvme_read_bytes_per_s together, or neither")])
        return self

    @property
    def memory_bytes(self) -> float:
        """Memory of all sockets."""
        return self.sockets * self.socket_memory_bytes

    @property
    def read_bytes_per_s(self) -> float:
        """What all sockets' kernels read, achieved."""
        return self.sockets * self.socket_memory_bytes_per_s * self.memory_read_ratio

    @property
    def copy_bytes_per_s(self) -> float:
        """What copies to all GPUs together take from memory, achieved."""
        return self.sockets * self.socket_memory_bytes_per_s * self.memory_copy_ratio

    @property
    def flop_per_s(self) -> float:
        """What all sockets compute, achieved."""
        return self.sockets * self.socket_flop_per_s * self.flop_ratio


class Node(Entry):
    """One server: its GPUs and its NICs."""

    group: ClassVar[str] = "nodes"
    gpu: Annotated[Gpu, FromCatalogue("gpus")]
    gpus: Count
    nic: Annotated[Nic, FromCatalogue("nics")]
    nics: Count
    host_memory_bytes: Bytes | None = None
    """Memory of the server that a job may use; left out: not known, so nothing is held against it."""
    host: Annotated[Host, FromCatalogue("hosts")] | None = None
    """Processors, memory and disks; needed only where weights or work are outside of the GPUs."""
    nvlink_nodes: Count | None = None
    """Nodes whose GPUs are joined by one NVLink domain (18 trays of an NVL72 rack); left out: each node by itself."""

    @model_validator(mode="after")
    def _nvlink_reaches(self) -> Self:
        """An NVLink domain is no larger than its GPUs allow."""
        joined, most = self.gpus * (self.nvlink_nodes or 1), self.gpu.nvlink_domain_gpus
        if joined > most:
            raise ValueError(f"{joined} GPUs in one NVLink domain, but NVLink joins up to {most} {self.gpu.name}")
        return self


_KINDS: tuple[type[Entry], ...] = (Gpu, KernelSet, AllToAllKernels, Nic, Switch, Node, NetworkPrice, Host)
GROUPS: Mapping[str, type[Entry]] = MappingProxyType({kind.group: kind for kind in _KINDS})
