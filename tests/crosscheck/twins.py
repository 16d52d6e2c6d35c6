"""Small random models that transformers and the numeric core both run, on the same weights."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import numpy as np

from workloads.huggingface.config import parse_config
from workloads.huggingface.model import model_of
from workloads.reference.running import Model, weights_of

SEED = 11
VOCAB = 61
SEQUENCES, LENGTH, FIRST = 2, 13, 5
"""Tokens of a fixture: sequences, tokens of each, and how many of them come before decoding begins."""

_PLAIN = {
    "hidden_act": "silu",
    "hidden_size": 32,
    "intermediate_size": 40,
    "max_position_embeddings": 4096,
    "num_attention_heads": 4,
    "num_hidden_layers": 2,
    "num_key_value_heads": 2,
    "rms_norm_eps": 1e-6,
    "tie_word_embeddings": False,
    "vocab_size": VOCAB,
}
_LATENT = _PLAIN | {
    "first_k_dense_replace": 1,
    "kv_lora_rank": 10,
    "moe_intermediate_size": 12,
    "n_group": 4,
    "n_routed_experts": 16,
    "n_shared_experts": 2,
    "num_experts_per_tok": 4,
    "num_hidden_layers": 3,
    "num_key_value_heads": 4,
    "q_lora_rank": 12,
    "qk_nope_head_dim": 8,
    "qk_rope_head_dim": 4,
    "rope_theta": 10000.0,
    "topk_group": 2,
    "v_head_dim": 6,
}
_YARN = {
    "beta_fast": 32,
    "beta_slow": 1,
    "factor": 40.0,
    "mscale": 1.0,
    "mscale_all_dim": 1.0,
    "original_max_position_embeddings": 4096,
    "type": "yarn",
}
_LLAMA3 = {
    "factor": 8.0,
    "high_freq_factor": 4.0,
    "low_freq_factor": 1.0,
    "original_max_position_embeddings": 16,
    "rope_type": "llama3",
}

CONFIGS: dict[str, dict[str, Any]] = {
    "llama": _PLAIN | {"architectures": ["LlamaForCausalLM"], "rope_theta": 500000.0},
    "llama-stretched": _PLAIN
    | {"architectures": ["LlamaForCausalLM"], "rope_theta": 500000.0, "rope_scaling": _LLAMA3},
    "llama-tied": _PLAIN | {"architectures": ["LlamaForCausalLM"], "tie_word_embeddings": True},
    "qwen2": _PLAIN | {"architectures": ["Qwen2ForCausalLM"], "rope_theta": 1e6, "use_sliding_window": False},
    "qwen2-yarn": _PLAIN
    | {
        "architectures": ["Qwen2ForCausalLM"],
        "rope_scaling": {"factor": 4.0, "original_max_position_embeddings": 8, "rope_type": "yarn"},
        "use_sliding_window": False,
    },
    "qwen2-windowed": _PLAIN
    | {
        "architectures": ["Qwen2ForCausalLM"],
        "max_window_layers": 0,
        "sliding_window": 4,
        "use_sliding_window": True,
    },
    "qwen3-moe": _PLAIN
    | {
        "architectures": ["Qwen3MoeForCausalLM"],
        "decoder_sparse_step": 1,
        "head_dim": 12,
        "mlp_only_layers": [],
        "moe_intermediate_size": 20,
        "norm_topk_prob": True,
        "num_experts": 8,
        "num_experts_per_tok": 3,
        "use_sliding_window": False,
    },
    "mixtral": _PLAIN
    | {
        "architectures": ["MixtralForCausalLM"],
        "num_experts_per_tok": 2,
        "num_local_experts": 6,
        "sliding_window": None,
    },
    "mixtral-windowed": _PLAIN
    | {"architectures": ["MixtralForCausalLM"], "num_experts_per_tok": 2, "num_local_experts": 6, "sliding_window": 4},
    "deepseek-v2": _LATENT
    | {
        "architectures": ["DeepseekV2ForCausalLM"],
        "norm_topk_prob": False,
        "rope_scaling": _YARN | {"mscale": 0.707, "mscale_all_dim": 0.707, "original_max_position_embeddings": 8},
        "routed_scaling_factor": 16.0,
        "scoring_func": "softmax",
        "topk_method": "group_limited_greedy",
    },
    "deepseek-v2-lite": _LATENT
    | {
        "architectures": ["DeepseekV2ForCausalLM"],
        "norm_topk_prob": False,
        "q_lora_rank": None,
        "routed_scaling_factor": 1.0,
        "scoring_func": "softmax",
        "topk_method": "greedy",
    },
    "deepseek-v3": _LATENT
    | {
        "architectures": ["DeepseekV3ForCausalLM"],
        "norm_topk_prob": True,
        "routed_scaling_factor": 2.5,
        "scoring_func": "sigmoid",
        "topk_method": "noaux_tc",
    },
    "deepseek-v3-yarn": _LATENT
    | {
        "architectures": ["DeepseekV3ForCausalLM"],
        "norm_topk_prob": True,
        "rope_scaling": _YARN | {"original_max_position_embeddings": 8},
        "routed_scaling_factor": 2.5,
        "scoring_func": "sigmoid",
        "topk_method": "noaux_tc",
    },
}

STRETCHED: dict[str, dict[str, Any]] = {
    "deepseek-v3-128k": _LATENT
    | {
        "architectures": ["DeepseekV3ForCausalLM"],
        "max_position_embeddings": 163840,
        "norm_topk_prob": True,
        "qk_rope_head_dim": 64,
        "rope_scaling": _YARN,
    },
    "deepseek-v3-32k": _LATENT
    | {
        "architectures": ["DeepseekV3ForCausalLM"],
        "max_position_embeddings": 32768,
        "norm_topk_prob": True,
        "qk_rope_head_dim": 64,
        "rope_scaling": _YARN | {"factor": 8.0},
    },
    "qwen2.5-128k": _PLAIN
    | {
        "architectures": ["Qwen2ForCausalLM"],
        "head_dim": 128,
        "max_position_embeddings": 131072,
        "rope_scaling": {"factor": 4.0, "original_max_position_embeddings": 32768, "rope_type": "yarn"},
        "rope_theta": 1e6,
        "use_sliding_window": False,
    },
    "llama-3.1-128k": _PLAIN
    | {
        "architectures": ["LlamaForCausalLM"],
        "head_dim": 128,
        "max_position_embeddings": 131072,
        "rope_scaling": _LLAMA3 | {"original_max_position_embeddings": 8192},
        "rope_theta": 500000.0,
    },
}
"""Configs whose context is extended as the released models' is: their rotary frequencies are compared."""


def twin(name: str) -> Model:
    """The numeric core's model of a config, read as a user's config.json is, with drawn weights."""
    config = parse_config(json.dumps(CONFIGS[name]).encode(), name)
    dims = model_of(config, name).dims()
    draw = np.random.RandomState(SEED)
    weights = {}
    for weight in weights_of(dims):
        values = draw.standard_normal(weight.shape)
        if len(weight.shape) == 1:
            values = 0.2 * values + (0.0 if weight.name.endswith("bias") else 1.0)
        else:
            values /= np.sqrt(weight.shape[-1])
        weights[weight.name] = values.astype(np.float32).astype(np.float64)
    return Model(dims, weights)


def token_ids() -> np.ndarray:
    """Token ids of every fixture: [sequence, token]."""
    return np.random.RandomState(SEED + 1).randint(0, VOCAB, (SEQUENCES, LENGTH))


_OUTER = {"embedding": "model.embed_tokens.weight", "head": "lm_head.weight", "final_norm": "model.norm.weight"}
_INNER = {
    "attention_norm": "input_layernorm.weight",
    "ffn_norm": "post_attention_layernorm.weight",
    "kv_a": "self_attn.kv_a_proj_with_mqa.weight",
    "kv_norm": "self_attn.kv_a_layernorm.weight",
    "kv_b": "self_attn.kv_b_proj.weight",
    "k_norm": "self_attn.k_norm.weight",
    "o": "self_attn.o_proj.weight",
    "down": "mlp.down_proj.weight",
    "router": "mlp.gate.weight",
    "gate.bias": "mlp.gate.e_score_correction_bias",
    "experts.gate_up": "mlp.experts.gate_up_proj",
    "experts.down": "mlp.experts.down_proj",
    "shared.down": "mlp.shared_experts.down_proj.weight",
}


def renamed(model: Model) -> Iterator[tuple[str, np.ndarray]]:
    """The model's weights under transformers' names, fused ones taken apart."""
    for name, array in model.weights.items():
        layer = re.match(r"layers\.(\d+)\.(.*)", name)
        if layer is None:
            yield _OUTER[name], array
            continue
        prefix, inner = f"model.layers.{layer[1]}.", layer[2]
        for part, values in _parts(model, inner, array):
            yield prefix + part, values


def _parts(model: Model, name: str, array: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """One of a layer's weights, or its parts."""
    attention = model.dims.attention
    compressed = getattr(attention, "query_rank", 0)
    queries = {"q_a": "q_a_proj", "q_b": "q_b_proj" if compressed else "q_proj", "q_norm": "q_norm"}
    if name in _INNER:
        yield _INNER[name], array
    elif name in queries:
        mapped = "q_a_layernorm" if compressed and name == "q_norm" else queries[name]
        yield f"self_attn.{mapped}.weight", array
    elif name.endswith("gate_up"):
        inside = "mlp.shared_experts." if name.startswith("shared") else "mlp."
        for part, values in zip(("gate_proj", "up_proj"), np.split(array, 2), strict=True):
            yield f"{inside}{part}.weight", values
    else:
        widths = np.cumsum([attention.heads, attention.kv_heads]) * attention.head_dim  # type: ignore[union-attr]
        kind = "bias" if name.endswith("bias") else "weight"
        for part, values in zip("qkv", np.split(array, widths), strict=True):
            yield f"self_attn.{part}_proj.{kind}", values
