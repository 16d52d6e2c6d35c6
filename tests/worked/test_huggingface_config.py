"""Reading a HuggingFace config.json, field by field as the released files have them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.small_models import shipped
from topologies.problems import InvalidInput
from workloads.huggingface.model import read_model
from workloads.model import ModelSpec

LLAMA = {
    "architectures": ["LlamaForCausalLM"],
    "attention_bias": False,
    "hidden_act": "silu",
    "hidden_size": 16384,
    "intermediate_size": 53248,
    "max_position_embeddings": 131072,
    "mlp_bias": False,
    "model_type": "llama",
    "num_attention_heads": 128,
    "num_hidden_layers": 126,
    "num_key_value_heads": 8,
    "rms_norm_eps": 1e-05,
    "rope_scaling": {
        "factor": 8.0,
        "low_freq_factor": 1.0,
        "high_freq_factor": 4.0,
        "original_max_position_embeddings": 8192,
        "rope_type": "llama3",
    },
    "rope_theta": 500000.0,
    "tie_word_embeddings": False,
    "torch_dtype": "bfloat16",
    "vocab_size": 128256,
}
QWEN2 = {
    "architectures": ["Qwen2ForCausalLM"],
    "hidden_act": "silu",
    "hidden_size": 8192,
    "intermediate_size": 29568,
    "max_window_layers": 80,
    "num_attention_heads": 64,
    "num_hidden_layers": 80,
    "num_key_value_heads": 8,
    "rms_norm_eps": 1e-06,
    "rope_theta": 1000000.0,
    "sliding_window": 131072,
    "tie_word_embeddings": False,
    "use_sliding_window": False,
    "vocab_size": 152064,
}
QWEN3 = {
    "architectures": ["Qwen3MoeForCausalLM"],
    "attention_bias": False,
    "decoder_sparse_step": 1,
    "head_dim": 128,
    "hidden_act": "silu",
    "hidden_size": 4096,
    "intermediate_size": 12288,
    "mlp_only_layers": [],
    "moe_intermediate_size": 1536,
    "norm_topk_prob": True,
    "num_attention_heads": 64,
    "num_experts": 128,
    "num_experts_per_tok": 8,
    "num_hidden_layers": 94,
    "num_key_value_heads": 4,
    "rms_norm_eps": 1e-06,
    "rope_scaling": None,
    "rope_theta": 1000000.0,
    "sliding_window": None,
    "tie_word_embeddings": False,
    "use_sliding_window": False,
    "vocab_size": 151936,
}
MIXTRAL = {
    "architectures": ["MixtralForCausalLM"],
    "hidden_act": "silu",
    "hidden_size": 4096,
    "intermediate_size": 14336,
    "num_attention_heads": 32,
    "num_experts_per_tok": 2,
    "num_hidden_layers": 32,
    "num_key_value_heads": 8,
    "num_local_experts": 8,
    "rms_norm_eps": 1e-05,
    "rope_theta": 1000000.0,
    "sliding_window": None,
    "tie_word_embeddings": False,
    "vocab_size": 32000,
}
DEEPSEEK_V2 = {
    "architectures": ["DeepseekV2ForCausalLM"],
    "attention_bias": False,
    "first_k_dense_replace": 1,
    "hidden_act": "silu",
    "hidden_size": 5120,
    "intermediate_size": 12288,
    "kv_lora_rank": 512,
    "moe_intermediate_size": 1536,
    "moe_layer_freq": 1,
    "n_group": 8,
    "n_routed_experts": 160,
    "n_shared_experts": 2,
    "norm_topk_prob": False,
    "num_attention_heads": 128,
    "num_experts_per_tok": 6,
    "num_hidden_layers": 60,
    "num_key_value_heads": 128,
    "q_lora_rank": 1536,
    "qk_nope_head_dim": 128,
    "qk_rope_head_dim": 64,
    "rms_norm_eps": 1e-06,
    "rope_scaling": {
        "beta_fast": 32,
        "beta_slow": 1,
        "factor": 40,
        "mscale": 0.707,
        "mscale_all_dim": 0.707,
        "original_max_position_embeddings": 4096,
        "type": "yarn",
    },
    "rope_theta": 10000,
    "routed_scaling_factor": 16.0,
    "scoring_func": "softmax",
    "tie_word_embeddings": False,
    "topk_group": 3,
    "topk_method": "group_limited_greedy",
    "v_head_dim": 128,
    "vocab_size": 102400,
}
DEEPSEEK_V3 = DEEPSEEK_V2 | {
    "architectures": ["DeepseekV3ForCausalLM"],
    "first_k_dense_replace": 3,
    "hidden_size": 7168,
    "intermediate_size": 18432,
    "moe_intermediate_size": 2048,
    "n_routed_experts": 256,
    "n_shared_experts": 1,
    "norm_topk_prob": True,
    "num_experts_per_tok": 8,
    "num_hidden_layers": 61,
    "num_nextn_predict_layers": 1,
    "quantization_config": {"fmt": "e4m3", "quant_method": "fp8", "weight_block_size": [128, 128]},
    "rope_scaling": dict(DEEPSEEK_V2["rope_scaling"], mscale=1.0, mscale_all_dim=1.0),  # type: ignore[call-overload]
    "routed_scaling_factor": 2.5,
    "scoring_func": "sigmoid",
    "topk_group": 4,
    "topk_method": "noaux_tc",
    "vocab_size": 129280,
}
RELEASED = {
    "llama-3.1-405b": LLAMA,
    "qwen2.5-72b": QWEN2,
    "qwen3-235b-a22b": QWEN3,
    "mixtral-8x7b": MIXTRAL,
    "deepseek-v2": DEEPSEEK_V2,
    "deepseek-v3": DEEPSEEK_V3,
}


def read(tmp_path: Path, config: object) -> ModelSpec:
    """Write a config.json in a folder and read it."""
    folder = tmp_path / "some-model"
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config, indent=2))
    return read_model(folder / "config.json")


@pytest.mark.parametrize("name", RELEASED)
def test_the_released_file_means_the_same_as_the_shipped_model(name: str, tmp_path: Path) -> None:
    model = read(tmp_path, RELEASED[name])
    assert model.dims() == shipped(name).dims()
    assert model.name == "some-model"


def test_newer_files_keep_the_rotary_fields_together(tmp_path: Path) -> None:
    newer = {key: value for key, value in LLAMA.items() if key not in ("rope_scaling", "rope_theta")}
    newer["rope_parameters"] = dict(LLAMA["rope_scaling"], rope_theta=500000.0)  # type: ignore[call-overload]
    assert read(tmp_path, newer).rope == read(tmp_path, LLAMA).rope


@pytest.mark.parametrize(
    ("base", "changes", "field", "said"),
    [
        (LLAMA, {"architectures": ["GPT2LMHeadModel"]}, "architectures", "GPT2LMHeadModel"),
        (LLAMA, {"architectures": ["LlamaForCausaLM"]}, "architectures", "did you mean `LlamaForCausalLM`"),
        (LLAMA, {"architectures": None}, "architectures", "missing"),
        (LLAMA, {"hidden_act": "gelu"}, "hidden_act", "gelu"),
        (LLAMA, {"attention_bias": True}, "attention_bias", "not supported"),
        (LLAMA, {"hidden_size": "large"}, "hidden_size", "large"),
        (LLAMA, {"num_hidden_layers": None}, "num_hidden_layers", "missing"),
        (LLAMA, {"num_hidden_layers": True}, "num_hidden_layers", "true"),
        (LLAMA, {"num_hidden_layers": -3}, "num_hidden_layers", "-3"),
        (LLAMA, {"num_key_value_heads": 7}, "", "evenly"),
        (LLAMA, {"rope_theta": float("nan")}, "rope_theta", "nan"),
        (LLAMA, {"rope_scaling": {"type": "longrope"}}, "rope_type", "longrope"),
        (LLAMA, {"partial_rotary_factor": 0.5}, "partial_rotary_factor", "0.5"),
        (QWEN2, {"use_sliding_window": True}, "max_window_layers", "not supported"),
        (QWEN3, {"mlp_only_layers": [0, 1]}, "mlp_only_layers", "every layer must route"),
        (DEEPSEEK_V2, {"norm_topk_prob": True}, "norm_topk_prob", "instead of normalising"),
        (DEEPSEEK_V3, {"topk_method": "greedy"}, "topk_method", "greedy"),
        (DEEPSEEK_V3, {"topk_group": 9}, "", "more than groups"),
    ],
)
def test_what_the_core_does_not_know_is_refused_by_name(
    base: dict[str, object], changes: dict[str, object], field: str, said: str, tmp_path: Path
) -> None:
    with pytest.raises(InvalidInput) as refused:
        read(tmp_path, base | changes)
    assert field in {problem.field for problem in refused.value.problems} or not field
    assert said in str(refused.value)


def test_a_sliding_window_is_not_ignored(tmp_path: Path) -> None:
    windowed = read(tmp_path, MIXTRAL | {"sliding_window": 4096}).dims()
    assert windowed.attention.window == 4096  # type: ignore[union-attr]
    everywhere = read(tmp_path, QWEN2 | {"use_sliding_window": True, "max_window_layers": 0}).dims()
    assert everywhere.attention.window == 131072  # type: ignore[union-attr]


def test_a_problem_points_to_its_line(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput) as refused:
        read(tmp_path, LLAMA | {"hidden_act": "gelu"})
    (problem,) = refused.value.problems
    lines = Path(problem.file).read_text().splitlines()
    assert "hidden_act" in lines[problem.line - 1]


@pytest.mark.parametrize("text", ["", "[1, 2]", "{", "\x00\xff", "[" * 100_000, '{"a": NaN'])
def test_what_is_no_config_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text(text, encoding="latin-1")
    with pytest.raises(InvalidInput):
        read_model(path)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="cannot be read"):
        read_model(tmp_path / "config.json")
