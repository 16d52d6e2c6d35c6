"""Small models that tests run on arrays, and the shipped ones."""

from __future__ import annotations

from pathlib import Path

from topologies.spec import load
from workloads.model import ModelSpec
from workloads.reference.dims import Dims, Experts, Gate, Latent, Rope

MODELS = Path(__file__).parent.parent / "workloads" / "models"

GATE = Gate(experts=16, top_k=4, groups=4, top_groups=2, score="sigmoid", group_score="best_two", bias=True, scale=2.5)
EXPERTS = Experts(GATE, inter=16, shared_inter=24)
SMALL_V3 = Dims(
    layers=3,
    hidden=32,
    vocab=61,
    attention=Latent(heads=4, query_rank=12, kv_rank=10, nope_dim=8, rope_dim=4, value_dim=6),
    dense_inter=48,
    dense_layers=1,
    experts=EXPERTS,
    mtp_depth=1,
    rope=Rope(interleaved=True),
)
"""Every mechanism of DeepSeek-V3, all widths different, so that a mix-up shows."""


def shipped(name: str) -> ModelSpec:
    """A model of the built-in catalogue."""
    return load(MODELS / f"{name}.yaml", ModelSpec)
