"""The feed-forward parts: a dense SwiGLU, and a mixture of routed and shared SwiGLU experts."""

from __future__ import annotations

from workloads.reference.dims import Dims, Experts
from workloads.reference.ops import C, Ops, Q, T


def swiglu_mlp(ops: Ops[T, Q, C], dims: Dims, name: str, x: Q, inter: int) -> T:
    """down(silu(gate) x up) (arXiv 2002.05202); gate and up are one matmul.

    x        [token, hidden]
    returns  [token, hidden]
    """
    inter = ops.split_over("tensor", inter)
    both = ops.linear(f"{name}gate_up", ops.gather(f"{name}gate_up", x), 2 * inter)
    inner = ops.swiglu(f"{name}swiglu", both, dims.linear)
    return ops.scatter(f"{name}down", ops.linear(f"{name}down", inner, dims.hidden))


def mixture(ops: Ops[T, Q, C], dims: Dims, experts: Experts, x: T) -> tuple[T, ...]:
    """Routed experts' weighted sum and, where there are any, the shared experts (arXiv 2401.06066).

    No token is dropped: an expert computes as many rows as chose it. The gate and the quantised message belong
    to attention's part, because a dispatch can only start after them.

    x        [token, hidden]  normalised
    returns  one or two of [token, hidden], to be added to the residual stream
    """
    early, late = ops.at("attention"), ops.at("mlp")
    scores = early.linear("router", early.operand("router", x, "bf16"), experts.gate.experts)
    choice = early.choose("gate", scores, experts.gate)
    message = early.operand("dispatch", x, dims.linear)
    rows = late.permute("permute", message, choice)
    both = late.grouped_linear("experts.gate_up", rows, choice, 2 * late.split_over("expert_tensor", experts.inter))
    inner = late.swiglu("experts.swiglu", both, dims.linear)
    out = late.grouped_linear("experts.down", inner, choice, dims.hidden)
    routed = late.unpermute("unpermute", out, choice)
    if not experts.shared_inter:
        return (routed,)
    return routed, swiglu_mlp(late, dims, "shared.", message, experts.shared_inter)
