"""GPUs, their kernels, NICs, switches and nodes: datasheet values and achieved fractions, never their product."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from topologies.catalogue import FromCatalogue
from topologies.fields import Named
from topologies.problems import FieldErrors
from topologies.spec import Spec
from topologies.units import Bytes, BytesPerS, Count, FlopPerS, Seconds, SecondsOrZero, Share, Watts, render

FAMILIES = (
    "fp8_gemm",
    "fp8_grouped_gemm",
    "fp8_wgrad",
    "fp8_grouped_wgrad",
    "bf16_gemm",
    "bf16_wgrad",
    "attention_fwd",
    "attention_bwd",
    "memory",
    "elementwise",
)


class Provenance(Spec):
    """Where a value comes from, and how far it may be off."""

    basis: Literal["published", "measured", "derived", "assumed"]
    source: Annotated[str, Field(min_length=1)]
    spread: Share | None = None
    """Relative half width of the interval that holds 9 values of 10."""


class Entry(Spec):
    """An entry of the catalogue: a named thing whose every value has a source."""

    group: ClassVar[str]
    name: str
    title: str
    sources: Named[Provenance]
    notes: str = ""

    @model_validator(mode="after")
    def _every_value_has_a_source(self) -> Self:
        """Each value that is set is named in `sources`, itself or by a path above it."""
        told = {"name", "title", "sources", "notes"}
        values = {name for name in type(self).model_fields if name not in told}
        unknown = [key for key in self.sources if key.split(".")[0] not in values]
        if unknown:
            raise FieldErrors([("sources", f"`sources` names {', '.join(unknown)}, which is no field of this entry")])
        bare = [name for name in sorted(values) if self._needs_source(name)]
        if bare:
            raise FieldErrors([("sources", f"no source for {', '.join(bare)}; add them under `sources`")])
        return self

    def _needs_source(self, name: str) -> bool:
        """True for a value of this entry's own, other than its default, that `sources` does not speak of."""
        value, usual = getattr(self, name), type(self).model_fields[name].default
        own = value is not None and value != usual and not isinstance(value, Entry)
        return own and not any(key.split(".")[0] == name for key in self.sources)

    def provenance(self, field: str) -> Provenance | None:
        """Source of a field by dotted path; a source given for a whole part holds for everything in it."""
        parts = field.split(".")
        paths = (".".join(parts[:length]) for length in range(len(parts), 0, -1))
        return next((self.sources[path] for path in paths if path in self.sources), None)


class KernelFamily(Spec):
    """What one family of kernels reaches of the peaks."""

    flop_ratio: Share | None = None
    """Achieved FLOP/s over the nominal peak of the SMs that the kernel runs on."""
    bandwidth_ratio: Share | None = None
    """Achieved bytes/s over the nominal memory bandwidth."""
    launch_s: SecondsOrZero
    """Seconds between the end of one kernel and the start of the next on a stream."""


class KernelSet(Entry):
    """One generation of kernels: a ratio to the peak for each family."""

    group: ClassVar[str] = "kernels"
    families: Named[KernelFamily]

    @model_validator(mode="after")
    def _all_families(self) -> Self:
        """Every family is given, and nothing else."""
        missing = [name for name in FAMILIES if name not in self.families]
        unknown = [name for name in self.families if name not in FAMILIES]
        if missing or unknown:
            lacks = f"lacks {', '.join(missing)}" if missing else ""
            odd = f"does not know {', '.join(unknown)}" if unknown else ""
            raise ValueError(f"`families` {' and '.join(filter(None, (lacks, odd)))}; there are {', '.join(FAMILIES)}")
        return self


class Gpu(Entry):
    """One accelerator. Rates are dense nominal peaks; fractions stand beside them."""

    group: ClassVar[str] = "gpus"
    sms: Count
    fp8_flop_per_s: FlopPerS | None
    bf16_flop_per_s: FlopPerS
    sustained_clock_ratio: Share
    """Clock under sustained matrix load over the nominal one. Kernel ratios are against the nominal peak, so they
    contain it already."""
    memory_bytes: Bytes
    memory_usable_bytes: Bytes
    hbm_bytes_per_s: BytesPerS
    nvlink_links: Count
    nvlink_link_bytes_per_s: BytesPerS
    nvlink_achievable_ratio: Share
    nvlink_domain_gpus: Count
    nvlink_latency_s: Seconds
    pcie_bytes_per_s: BytesPerS
    power_w: Watts
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
    small_message_ratio: Share
    """Reached by the messages of an expert-parallel all-to-all, a few KB each."""
    latency_s: SecondsOrZero
    """One end's part of the latency of a small message."""


class Switch(Entry):
    """One switch of the scale-out network."""

    group: ClassVar[str] = "switches"
    ports: Count
    port_bytes_per_s: BytesPerS
    """Nominal rate of a port, each direction."""
    latency_s: SecondsOrZero
    """Added by each switch on the way."""


class Node(Entry):
    """One server: its GPUs and its NICs."""

    group: ClassVar[str] = "nodes"
    gpu: Annotated[Gpu, FromCatalogue("gpus")]
    gpus: Count
    nic: Annotated[Nic, FromCatalogue("nics")]
    nics: Count
    nvlink_nodes: Count | None = None
    """Nodes whose GPUs are joined by one NVLink domain (18 trays of an NVL72 rack); left out: each node by itself."""

    @model_validator(mode="after")
    def _nvlink_reaches(self) -> Self:
        """An NVLink domain is no larger than its GPUs allow."""
        joined, most = self.gpus * (self.nvlink_nodes or 1), self.gpu.nvlink_domain_gpus
        if joined > most:
            raise ValueError(f"{joined} GPUs in one NVLink domain, but NVLink joins up to {most} {self.gpu.name}")
        return self


GROUPS: Mapping[str, type[Entry]] = MappingProxyType({kind.group: kind for kind in (Gpu, KernelSet, Nic, Switch, Node)})
