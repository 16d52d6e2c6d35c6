"""What a service's result stands on: its rules, then every input with basis and source."""

from __future__ import annotations

from collections.abc import Iterator

from simulator.assumptions import of_entry
from simulator.result import Assumption
from topologies.units import AS_TEXT
from workloads.service import Service
from workloads.serving_unit import Unit

OURS = (
    (
        "Order of two micro-batches",
        "prefill: both attend, then both pass the experts; decode: half a layer apart, attention cut before its core; "
        "layers without experts, embedding and output head run on both together",
        "deepseek-ai/open-infra-index, day 6, says so in pictures; where attention is cut is not said",
    ),
    (
        "Low-latency kernels beside computing",
        "casting, copying and adding up take multiprocessors and count as computing; while tokens are on their way "
        "nothing is held, and transfers are as fast as alone",
        "DeepEP, README: the receiver waits in a hook; shares of its kernels' time are not published",
    ),
    (
        "Fused kernels",
        "with kernel_fusion: on, a residual sum is one kernel with its norm, an activation is quantised once for all "
        "products, and each element-wise operation moves every operand once",
        "as serving engines do; DeepSeek's own engine is not published",
    ),
    (
        "Loads of experts",
        "drawn by the unit's router for a full step, whatever the step's size; a step takes as long as on the slowest "
        "GPU, mean over 32 draws",
        "no load of a production service is published",
    ),
    (
        "Sequences of a step",
        "alike: as many cached tokens each as their mean",
        "kernels split keys evenly among multiprocessors; GPUs whose sequences are longer are followed with requests",
    ),
    (
        "Guesses",
        "prediction modules run one after the other behind the step; nothing hides their transfers",
        "as speculative decoding without a draft of its own does",
    ),
)
SETTINGS = ("overlap", "all_to_all", "communication_sms", "kernel_fusion", "gpu_speed_variation", "router", "memory")


def assumptions(service: Service) -> tuple[Assumption, ...]:
    """Rules, choices of the units, then every catalogue value."""
    node = service.cluster.node
    entries = (node.gpu, node.gpu.kernels, node.gpu.kernels.all_to_all, node.nic, node, service.cluster.topology.switch)
    own = [Assumption(what, value, "assumed", source) for what, value, source in OURS]
    own += [line for name, unit in service.units.items() for line in _of_unit(name, unit)]
    return (*own, *(line for entry in (*entries, service.price, service.model) for line in of_entry(entry)))


def _of_unit(name: str, unit: Unit) -> Iterator[Assumption]:
    """Choices of a unit."""
    told = unit.model_dump(context=AS_TEXT)
    for field in SETTINGS:
        value = told[field]
        text = ", ".join(f"{key} {one}" for key, one in value.items()) if isinstance(value, dict) else str(value)
        yield Assumption(f"{name}.{field}", text, "assumed", "the service's file, or the default of the unit")
    speculation = getattr(unit, "speculation", None)
    if speculation:
        text = ", ".join(f"{one:g}" for one in speculation.acceptance)
        yield Assumption(f"{name}.speculation.acceptance", text, "assumed", "the service's file, or 85 %")
