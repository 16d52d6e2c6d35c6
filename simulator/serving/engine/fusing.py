"""Kernels that serving engines run as one: a residual sum with its norm, one quantisation for two products."""

from __future__ import annotations

from dataclasses import replace

from workloads.reference.record import Op, Record

SUM_OF_NORM = {"ffn_norm": "attention_add", "attention_norm": "ffn_add"}
"""Norm -> the residual sum right before it; a layer's first norm follows the sum of the layer before."""
QUANTISED_ALREADY = frozenset({"kv_a.quantise", "kv_a.largest"})
"""Made of the activation that the queries' projection has quantised."""


def fused(record: Record) -> Record:
    """The record of a layer as engines run it (add and norm are one kernel in vLLM, SGLang and TensorRT-LLM).

    Nothing moves less but what is quantised once instead of twice, and the sum that the norm need not read again.
    """
    sums = {op.name: op for op in record if op.name in SUM_OF_NORM.values()}
    kept = []
    for op in record:
        if op.name in QUANTISED_ALREADY or op.name in sums:
            continue
        added = sums.get(SUM_OF_NORM.get(op.name, ""))
        kept.append(op if added is None else _with_sum(op, added))
    return tuple(kept)


def _with_sum(norm: Op, added: Op) -> Op:
    """One kernel that adds, writes the sum, and writes its norm."""
    return replace(norm, read_bytes=added.read_bytes, write_bytes=added.write_bytes + norm.write_bytes)
