"""What a result stands on: the catalogue values it used with their sources, and what the model itself assumes."""

from __future__ import annotations

from collections.abc import Iterator

from simulator import job_assumptions, layout_assumptions
from simulator.result import Assumption
from simulator.stages import RULE
from topologies.hardware import Entry
from topologies.units import pretty
from workloads.scenario import Scenario

UNITS = {
    "_bytes_per_s": ("bytes/s", " bandwidth"),
    "_flop_per_s": ("flop/s", " rate"),
    "_usd_per_s": ("USD/s", " price"),
    "_bytes": ("bytes", ""),
    "_ratio": (None, " share"),
    "_s": ("s", ""),
    "_w": ("W", ""),
}
"""End of a field's name -> its unit, and the word that stands for it in a sentence."""

CAPITALS = {
    "gpu": "GPU", "gpus": "GPUs", "nic": "NIC", "nics": "NICs", "sms": "SMs", "sm": "SM", "hbm": "HBM", "fp8": "FP8",
    "bf16": "BF16", "nvlink": "NVLink", "pcie": "PCIe", "mtp": "MTP",
}  # fmt: skip

OURS = (
    (
        "Expert loads",
        "as job.router draws them; by default uneven by chance: one expert's tokens from one sequence vary by as much "
        "as their mean, independently over layers, micro-batches and experts; where tokens go follows from the gate",
        "routing of the training run is not published; rows of the published profile, taken with routing meant to be "
        "balanced, vary as 0.8 would",
    ),
    (
        "GPU speeds",
        "alike, or spread by job.gpu_speed_variation; a chunk then takes as long as on the slowest of those that share "
        "its experts (without any: its stage), mean over 32 draws; --every-gpu plays each with its own",
        "clusters of one type of GPU vary by 8 % on average, 22 % at most (arXiv 2208.11035)",
    ),
    (
        "Transfers beside computation",
        "slower than alone by what the all-to-all library's entry says (beside_compute_ratio), whatever is computed",
        "combines of the published profile; its forward dispatches take a quarter longer still, unexplained",
    ),
    (
        "Network fabric",
        "a port is as fast as its slower end, or as the topology carries when all send to all alike; where flows are "
        "hashed or something is broken, each kind of traffic is followed flow by flow, by itself, and its slowest "
        "group sets the rate; the topology sets the latency",
        "sprayed packets fill a full tree (the published multi-plane and multi-rail runs differ by 0.1 %); kinds of "
        "traffic that share a link at the same time are not slowed by each other",
    ),
    (
        "Activations between stages",
        "BF16, sent when the chunk ends, at the port's full rate whatever else it sends; the receiver waits for it",
        "as DualPipe's reference implementation does",
    ),
)


def assumptions(scenario: Scenario) -> tuple[Assumption, ...]:
    """List every input with its basis and source, then what the model assumes by itself."""
    node = scenario.cluster.node
    entries: list[Entry] = [node.gpu, node.gpu.kernels, node.nic, node, scenario.cluster.topology.switch]
    listed = [line for entry in (*entries, scenario.price, scenario.model) for line in of_entry(entry)]
    told = (*OURS, *layout_assumptions.lines(scenario.layout), *job_assumptions.lines(scenario))
    own = [Assumption(what, value, "assumed", source) for what, value, source in told]
    own += [
        Assumption(
            f"job.{field}", str(getattr(scenario.job, field)), "assumed", "the scenario, or the default of the job"
        )
        for field in ("recompute", "communication_sms", "gpu_speed_variation")
    ]
    own.append(Assumption("Cut into stages", RULE, "assumed", "arXiv 2412.19437, 3.2: both ends hold layers"))
    return (*own, *listed)


def of_entry(entry: Entry) -> Iterator[Assumption]:
    """One line for each value of a catalogue entry that has a source."""
    for field in sorted(entry.sources):
        told = entry.sources[field]
        yield Assumption(f"{entry.name}: {_words(field)}", _shown(entry, field), told.basis, told.source)


def _ending(path: str) -> str:
    """Ending of a field's name that says its unit, empty for none."""
    return next((suffix for suffix in UNITS if f"_{path}".endswith(suffix)), "")


def _words(path: str) -> str:
    """A field's name in words: "hbm_bytes_per_s" is HBM bandwidth."""
    suffix = _ending(path)
    bare = f"_{path}".removesuffix(suffix).replace("_", " ").replace(".", " ") + (UNITS[suffix][1] if suffix else "")
    return " ".join(CAPITALS.get(word, word) for word in bare.split())


def _shown(entry: Entry, path: str) -> str:
    """A value as a person reads it; a part with many values is named only."""
    value: object = entry
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else getattr(value, name, None)
    if isinstance(value, float):
        suffix = _ending(path)
        unit = UNITS[suffix][0] if suffix else None
        return f"{value:g}" if unit is None else pretty(value, unit)
    return str(value) if isinstance(value, int | str | bool) else "several values, written out in the scenario"
