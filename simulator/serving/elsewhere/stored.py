"""Weights in fewer bits than products multiply in: their bytes, and seconds of products that unpack them."""

from __future__ import annotations

from dataclasses import replace
from math import ceil

from simulator.costs import Sms, duration, family, machine
from simulator.serving.elsewhere.rig import Rig
from topologies.hardware import Gpu
from topologies.units import BITS_PER_BYTE
from workloads.model import ModelSpec
from workloads.reference.graph import ELEMENT_BYTES, NUMBER_BYTES
from workloads.reference.record import Op, Weight

PRODUCTS = ("gemm", "grouped_gemm")
ROUTER = "router"
VECTOR_ROWS = 8
"""Rows up to which a matrix-vector kernel reads the weights once (llama.cpp's limit for such kernels)."""
ROUNDING = 1e-9


def computed_as(model: ModelSpec, bits_per_weight: float | None) -> ModelSpec:
    """The model as its products run: packed weights are unpacked to BF16."""
    return model if bits_per_weight is None else model.model_copy(update={"linear_format": "bf16"})


def weight_bytes(weight: Weight, bits_per_weight: float | None, fp8_weights: bool) -> float:
    """Bytes of one parameter array; vectors and the router's matrix are never packed."""
    if len(weight.shape) > 1 and bits_per_weight is not None and not weight.name.startswith(ROUTER):
        return weight.count * bits_per_weight / BITS_PER_BYTE
    return weight.count * NUMBER_BYTES["fp8" if weight.fp8 and fp8_weights else "bf16"]


def read_weight_bytes(op: Op) -> float:
    """Bytes of weights among what a forward product reads, in the precision that it multiplies in."""
    return op.read_bytes - op.m * op.k * ELEMENT_BYTES[op.precision] if op.kind in PRODUCTS else 0.0


def as_stored(op: Op, bits_per_weight: float | None) -> Op:
    """The same product on packed weights, with those groups alone that have rows."""
    if op.kind not in PRODUCTS:
        return op
    unpacked_bytes = read_weight_bytes(op)
    numbers = unpacked_bytes / NUMBER_BYTES[op.precision]
    busy = max(1, ceil(numbers / (op.n * op.k) - ROUNDING))
    packed = bits_per_weight is not None and op.name != ROUTER
    stored_bytes = numbers * (bits_per_weight or 0.0) / BITS_PER_BYTE if packed else unpacked_bytes
    return replace(op, groups=busy, read_bytes=op.read_bytes - unpacked_bytes + stored_bytes)


def seconds(op: Op, rig: Rig, bits_per_weight: float | None) -> float:
    """Seconds of an operation: by tiles as `simulator.costs` has it, or by a matrix-vector kernel where that is faster.

    Unpacking goes on while the weights come; it adds nothing. Raises NoRate.
    """
    gpu, stored = rig.gpu, as_stored(op, bits_per_weight)
    tiled = duration(stored, gpu, Sms(gpu.sms, gpu.sms))
    took_s = min(tiled.seconds, vector_s(op, stored, gpu)) if op.kind in PRODUCTS else tiled.seconds
    return max(took_s, tiled.kernels * rig.host_launch_s)


def vector_s(op: Op, stored: Op, gpu: Gpu) -> float:
    """A kernel without matrix units: it is bound by memory, and reads the weights again for every 8 rows of a group.

    op, stored   the product as the model has it and as its weights are stored
    """
    kernel = gpu.kernels.matmul[family(op).partition(".")[2]]
    passes = ceil(op.m / stored.groups / VECTOR_ROWS - ROUNDING)
    activations_bytes = op.read_bytes - read_weight_bytes(op) + op.write_bytes
    packed_bytes = stored.read_bytes + op.write_bytes - activations_bytes
    hbm_bytes_per_s = machine(gpu, op.precision, gpu.sms).hbm_bytes_per_s * kernel.bandwidth_ratio
    moved_s = (activations_bytes + passes * packed_bytes) / hbm_bytes_per_s
    return kernel.start_s + moved_s + gpu.kernels.launch_s
