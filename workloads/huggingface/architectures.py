"""What each known architecture's config.json means; one reader for each part that differs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from workloads.attention.base import AttentionSpec
from workloads.attention.grouped import GroupedAttention
from workloads.attention.latent import LatentAttention
from workloads.huggingface.config import Config
from workloads.model import ExpertsSpec, GateSpec


@dataclass(frozen=True, slots=True)
class Feeding:
    """Where the layers' feed-forward parts are dense, and what the others route to."""

    dense_layers: int
    dense_width: int
    experts: ExpertsSpec | None = None


@dataclass(frozen=True, slots=True)
class Architecture:
    """How to read the parts of a config.json that architectures do not share."""

    attention: Callable[[Config], AttentionSpec]
    feeding: Callable[[Config], Feeding]
    interleaved: bool = False
    default_epsilon: float = 1e-6
    default_theta: float = 10000.0


def _grouped(config: Config, qk_norm: bool = False, qkv_bias: bool = False, window: int | None = None) -> AttentionSpec:
    """Grouped-query attention with what this architecture adds."""
    heads = config.whole("num_attention_heads")
    return GroupedAttention(
        heads=heads,
        kv_heads=config.whole("num_key_value_heads", heads),
        head_dim=config.whole("head_dim", max(1, config.whole("hidden_size") // heads)),
        qk_norm=qk_norm,
        qkv_bias=qkv_bias,
        window_tokens=window,
    )


def _unbiased(config: Config) -> None:
    """Refuse biases where the architecture's models have none."""
    config.only("attention_bias", (False,), "biases in attention are not supported for this architecture")


def _llama_attention(config: Config) -> AttentionSpec:
    """Grouped queries without biases."""
    _unbiased(config)
    return _grouped(config)


def _mixtral_attention(config: Config) -> AttentionSpec:
    """Grouped queries; `sliding_window` is a number where it is used."""
    return _grouped(config, window=config.whole("sliding_window") if config.has("sliding_window") else None)


def _qwen2_attention(config: Config) -> AttentionSpec:
    """Grouped queries with biases on q, k and v."""
    return _grouped(config, qkv_bias=True, window=_qwen_window(config))


def _qwen3_attention(config: Config) -> AttentionSpec:
    """Grouped queries with normalised queries and keys."""
    _unbiased(config)
    return _grouped(config, qk_norm=True, window=_qwen_window(config))


def _qwen_window(config: Config) -> int | None:
    """`sliding_window` counts only with `use_sliding_window`, and then for layers from `max_window_layers`."""
    if not config.flag("use_sliding_window", False):
        return None
    if config.whole("max_window_layers", 0) > 0:
        config.refuse("max_window_layers", "layers with and without a sliding window in one model are not supported")
    return config.whole("sliding_window")


def _latent_attention(config: Config) -> AttentionSpec:
    """DeepSeek's latent attention."""
    _unbiased(config)
    return LatentAttention(
        heads=config.whole("num_attention_heads"),
        query_rank=config.whole("q_lora_rank") if config.has("q_lora_rank") else 0,
        kv_rank=config.whole("kv_lora_rank"),
        nope_dim=config.whole("qk_nope_head_dim"),
        rope_dim=config.whole("qk_rope_head_dim"),
        value_dim=config.whole("v_head_dim"),
    )


def _dense(config: Config) -> Feeding:
    """A dense MLP in every layer."""
    config.only("mlp_bias", (False,), "biases of the MLP are not supported")
    return Feeding(config.whole("num_hidden_layers"), config.whole("intermediate_size"))


def _mixtral(config: Config) -> Feeding:
    """Softmax over all experts, the best few normalised."""
    gate = GateSpec(experts=config.whole("num_local_experts"), top_k=config.whole("num_experts_per_tok"))
    return Feeding(0, 0, ExpertsSpec(gate=gate, width=config.whole("intermediate_size")))


def _qwen3_moe(config: Config) -> Feeding:
    """Softmax over all experts; normalised where the config says so."""
    config.only("decoder_sparse_step", (1,), "every layer must route")
    config.only("mlp_only_layers", ([],), "every layer must route")
    gate = GateSpec(
        experts=config.whole("num_experts"),
        top_k=config.whole("num_experts_per_tok"),
        normalise=config.flag("norm_topk_prob", False),
    )
    return Feeding(0, 0, ExpertsSpec(gate=gate, width=config.whole("moe_intermediate_size")))


def _deepseek_v2(config: Config) -> Feeding:
    """Softmax gate, not normalised; groups rank by their best expert."""
    config.only("scoring_func", ("softmax",), "this architecture's gate is a softmax")
    config.only("topk_method", ("greedy", "group_limited_greedy"), "this way of choosing is not supported")
    config.only("norm_topk_prob", (False,), "this architecture scales its weights instead of normalising them")
    limited = config.values.get("topk_method", "greedy") == "group_limited_greedy"
    gate = GateSpec(
        experts=config.whole("n_routed_experts"),
        top_k=config.whole("num_experts_per_tok"),
        groups=config.whole("n_group") if limited else 1,
        top_groups=config.whole("topk_group") if limited else 1,
        normalise=False,
        weight_scale=config.number("routed_scaling_factor", 1.0),
    )
    return _deepseek(config, gate)


def _deepseek_v3(config: Config) -> Feeding:
    """Sigmoid gate with a selection bias; groups rank by the sum of their best two."""
    config.only("scoring_func", ("sigmoid",), "this architecture's gate is a sigmoid")
    config.only("topk_method", ("noaux_tc",), "this way of choosing is not supported")
    gate = GateSpec(
        experts=config.whole("n_routed_experts"),
        top_k=config.whole("num_experts_per_tok"),
        groups=config.whole("n_group"),
        top_groups=config.whole("topk_group"),
        score="sigmoid",
        group_score="best_two",
        selection_bias=True,
        normalise=config.flag("norm_topk_prob", True),
        weight_scale=config.number("routed_scaling_factor", 2.5),
    )
    return _deepseek(config, gate)


def _deepseek(config: Config, gate: GateSpec) -> Feeding:
    """Dense layers first, then shared and routed experts."""
    config.only("moe_layer_freq", (1,), "every layer behind the dense ones must route")
    width = config.whole("moe_intermediate_size")
    experts = ExpertsSpec(gate=gate, width=width, shared_width=width * config.whole("n_shared_experts", 0))
    return Feeding(config.whole("first_k_dense_replace", 0), config.whole("intermediate_size"), experts)


ARCHITECTURES: Mapping[str, Architecture] = MappingProxyType(
    {
        "LlamaForCausalLM": Architecture(_llama_attention, _dense),
        "Qwen2ForCausalLM": Architecture(_qwen2_attention, _dense),
        "Qwen3MoeForCausalLM": Architecture(_qwen3_attention, _qwen3_moe),
        "MixtralForCausalLM": Architecture(_mixtral_attention, _mixtral, default_epsilon=1e-5, default_theta=1e6),
        "DeepseekV2ForCausalLM": Architecture(_latent_attention, _deepseek_v2, interleaved=True),
        "DeepseekV3ForCausalLM": Architecture(_latent_attention, _deepseek_v3, interleaved=True),
    }
)
