"""The kernels that a step runs: matmuls, the attention core, and passes bound by memory."""

from __future__ import annotations

from workloads.reference.graph import ELEMENT_BYTES, NUMBER_BYTES, Matmul, Sized
from workloads.reference.ops import Heads
from workloads.reference.record import Kind, Op, Pass, Phase

TURNS: dict[Phase, Pass] = {"forward": "F", "recompute": "B", "input_grad": "B", "weight_grad": "W"}
GRADIENT_BYTES = 4


def sweep(label: tuple[str, str], phase: Phase, like: Sized, read_bytes: float, write_bytes: float) -> Op:
    """A kernel bound by memory: it reads and writes each operand once.

    label  name and part
    like   the activation whose rows and width it runs over
    """
    sizes = (like.rows, like.width, 0, 1)
    moved = (read_bytes, write_bytes)
    return Op(*label, "memory", phase, like.precision, *sizes, 0.0, 0.0, *moved, TURNS[phase])


def quantised(
    label: tuple[str, str], phase: Phase, like: Sized, moved_bytes: tuple[float, float], per_tensor: bool
) -> tuple[Op, ...]:
    """What makes an activation FP8: one pass; with one scale a tensor, before it one that finds its largest value.

    moved_bytes   read and written by the pass that writes FP8
    """
    written = sweep(label, phase, like, *moved_bytes)
    if not per_tensor:
        return (written,)
    name, part = label
    return (sweep((f"{name.removesuffix('.quantise')}.largest", part), phase, like, moved_bytes[0], 0.0), written)


def product(label: tuple[str, str], phase: Phase, sizes: Matmul, moved_bytes: tuple[float, float], turn: Pass) -> Op:
    """A matmul of 2 m n k FLOP (a grouped one runs over all groups' rows together).

    moved_bytes  read, written
    """
    kind: Kind = "gemm" if sizes.groups == 1 else "grouped_gemm"
    flop = 2.0 * sizes.m * sizes.n * sizes.k
    dims = (sizes.m, sizes.n, sizes.k, sizes.groups)
    return Op(*label, kind, phase, sizes.precision, *dims, flop, flop, *moved_bytes, turn)


def forward_product(label: tuple[str, str], sizes: Matmul) -> Op:
    """y = x w: reads the operand and the weight, writes BF16."""
    read_bytes = sizes.m * sizes.k * ELEMENT_BYTES[sizes.precision] + _weight_bytes(sizes)
    return product(label, "forward", sizes, (read_bytes, sizes.m * sizes.n * ELEMENT_BYTES["bf16"]), "F")


def input_gradient(label: tuple[str, str], sizes: Matmul) -> Op:
    """dx [m, k] = dy [m, n] w."""
    turned = Matmul(sizes.m, sizes.k, sizes.n, sizes.groups, sizes.precision)
    read_bytes = sizes.m * sizes.n * ELEMENT_BYTES[sizes.precision] + _weight_bytes(sizes)
    return product(label, "input_grad", turned, (read_bytes, sizes.m * sizes.k * ELEMENT_BYTES["bf16"]), "B")


def weight_gradient(label: tuple[str, str], sizes: Matmul, turn: Pass = "W") -> Op:
    """dw [n, k] += dy^T [n, m] x [m, k], accumulated in FP32."""
    turned = Matmul(sizes.n, sizes.k, sizes.m, sizes.groups, sizes.precision)
    gradient_bytes = sizes.n * sizes.k * sizes.groups * GRADIENT_BYTES
    operands_bytes = sizes.m * (sizes.n + sizes.k) * ELEMENT_BYTES[sizes.precision]
    return product(label, "weight_grad", turned, (operands_bytes + gradient_bytes, gradient_bytes), turn)


def _weight_bytes(sizes: Matmul) -> float:
    """Bytes of the weight; its scales, one for 128 x 128, are left out (0.02 %)."""
    return sizes.n * sizes.k * sizes.groups * (1 - sizes.idle) * NUMBER_BYTES[sizes.precision]


def scored_pairs(length: int, past: int, window: int | None) -> tuple[float, float]:
    """Pairs of query and key in one sequence: those a causal kernel scores, those of the full rectangle.

    The causal triangle counts as half of the square, as it is published (length^2 / 2, without the half
    diagonal). With a window, a query far enough in scores exactly `window` keys.
    """
    keys = past + length
    full = float(length * keys)
    causal = length * past + length * length / 2
    if window is None or window >= keys:
        return causal, full
    outside = keys - window
    late = min(outside, length)
    unseen = late * (outside - late) + late * late / 2
    return causal - unseen, full


def core_forward(label: tuple[str, str], heads: Heads, operands: tuple[Sized, ...], pairs: tuple[float, float]) -> Op:
    """softmax(q k^T) v: two matmuls on the scored pairs (arXiv 2205.14135).

    operands  query, key, value, output, its softmax statistics
    pairs     of query and key: scored, and of the full rectangle
    """
    query, key, value, out, statistics = operands
    flop_per_pair = 2.0 * heads.heads * (heads.query_dim + heads.value_dim)
    flops = (pairs[0] * flop_per_pair, pairs[1] * flop_per_pair)
    inside = key.storage == value.storage and key.bytes == key.held_bytes
    read_bytes = query.bytes + key.bytes + (0 if inside else value.bytes)
    sizes = (query.rows, key.rows, heads.query_dim + heads.value_dim, heads.heads)
    moved = (read_bytes, out.bytes + statistics.bytes)
    return Op(*label, "attention", "forward", query.precision, *sizes, *flops, *moved, "F")


def core_backward(
    label: tuple[str, str], heads: Heads, operands: tuple[Sized, ...], pairs: tuple[float, float]
) -> tuple[Op, ...]:
    """Five matmuls on the scored pairs: scores again, dv, dp, dq, dk (arXiv 2307.08691, section 3.1.2).

    Before them the rows' sums of out x dout; after them dq's FP32 sum is made BF16 and cleared.
    """
    query, key, value, out, statistics = operands
    name, part = label
    flop_per_pair = 2.0 * heads.heads * (3 * heads.query_dim + 2 * heads.value_dim)
    flops = (pairs[0] * flop_per_pair, pairs[1] * flop_per_pair)
    sum_bytes = query.rows * query.width * ELEMENT_BYTES["fp32"]
    read_bytes = query.bytes + key.bytes + value.bytes + out.bytes + 2 * statistics.bytes
    sizes = (query.rows, key.rows, 3 * heads.query_dim + 2 * heads.value_dim, heads.heads)
    moved = (read_bytes, sum_bytes + key.bytes + value.bytes)
    return (
        sweep((f"{name}.delta", part), "input_grad", out, 2 * out.bytes, statistics.bytes),
        Op(name, part, "attention", "input_grad", query.precision, *sizes, *flops, *moved, "B"),
        sweep((f"{name}.dq", part), "input_grad", query, sum_bytes, query.bytes + sum_bytes),
    )
