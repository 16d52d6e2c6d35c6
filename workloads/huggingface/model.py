"""From a config.json to a ModelSpec."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from topologies.hardware import Provenance
from topologies.problems import InvalidInput, Mark, Problem, listed, meant, shown
from workloads.huggingface.architectures import ARCHITECTURES, Architecture
from workloads.huggingface.config import Config, read_config
from workloads.model import Llama3Spec, ModelSpec, RopeSpec, YarnSpec

PLAIN = ("default", None)


def read_model(path: Path) -> ModelSpec:
    """Read a HuggingFace config.json. Raises InvalidInput: all its problems, or an architecture nobody knows."""
    name = path.parent.name if path.stem == "config" and path.parent.name else path.stem
    return model_of(read_config(path), name)


def model_of(config: Config, name: str) -> ModelSpec:
    """The model that a config describes. Raises InvalidInput."""
    kind, architecture = _architecture(config)
    try:
        model = _model(config, kind, architecture, name)
    except ValidationError as error:
        for found in error.errors(include_url=False):
            config.refuse(".".join(map(str, found["loc"])), str(found["msg"]).removeprefix("Value error, "))
        raise InvalidInput(config.problems) from None
    config.settle()
    return model


def _architecture(config: Config) -> tuple[str, Architecture]:
    """Name and reader of the architecture; raises InvalidInput for an unknown one."""
    named = config.values.get("architectures")
    kind = named[0] if isinstance(named, list) and named else None
    if isinstance(kind, str) and kind in ARCHITECTURES:
        return kind, ARCHITECTURES[kind]
    why = f"read {shown(kind)}{meant(str(kind), ARCHITECTURES)}" if kind else "`architectures` is missing"
    message = f"{why}; known architectures: {listed(ARCHITECTURES)}"
    mark = Mark(config.name)
    raise InvalidInput([Problem.at(mark, "architectures", message)])


def _model(config: Config, kind: str, architecture: Architecture, name: str) -> ModelSpec:
    """Put the parts together."""
    config.only("hidden_act", ("silu", "swish"), "the MLPs here are SwiGLU")
    feeding = architecture.feeding(config)
    quantised = config.part("quantization_config").values.get("quant_method")
    told = Provenance(basis="published", source=f"config.json of {name} ({kind})")
    fields = set(ModelSpec.model_fields) - {"name", "title", "sources", "notes"}
    return ModelSpec(
        name=name,
        title=f"{name} ({kind})",
        sources=dict.fromkeys(sorted(fields), told),
        layers=config.whole("num_hidden_layers"),
        hidden=config.whole("hidden_size"),
        vocab=config.whole("vocab_size"),
        attention=architecture.attention(config),
        dense_layers=feeding.dense_layers,
        dense_width=feeding.dense_width if feeding.dense_layers else 0,
        experts=feeding.experts,
        mtp_depth=config.whole("num_nextn_predict_layers", 0),
        rope=_rope(config, architecture),
        norm_epsilon=config.number("rms_norm_eps", architecture.default_epsilon),
        tied_embedding=config.flag("tie_word_embeddings", False),
        linear_format="fp8" if quantised == "fp8" else "bf16",
    )


def _rope(config: Config, architecture: Architecture) -> RopeSpec:
    """Rotary embedding; newer files keep its fields in `rope_parameters`, older ones in `rope_scaling`."""
    newer = config.has("rope_parameters")
    scaling = config.part("rope_parameters" if newer else "rope_scaling")
    holder = scaling if scaling.has("rope_theta") else config
    theta = holder.number("rope_theta", architecture.default_theta)
    config.only("partial_rotary_factor", (1, 1.0), "rotary positions on part of a head are not supported")
    scaling.only("partial_rotary_factor", (1, 1.0), "rotary positions on part of a head are not supported")
    interleaved = config.flag("rope_interleave", architecture.interleaved)
    way = scaling.values.get("rope_type", scaling.values.get("type"))
    if way == "yarn":
        return RopeSpec(theta=theta, interleaved=interleaved, yarn=_yarn(scaling))
    if way == "llama3":
        return RopeSpec(theta=theta, interleaved=interleaved, llama3=_llama3(scaling))
    if way not in PLAIN:
        config.refuse("rope_type", f"read {shown(way)}; known ways of extending the context: yarn, llama3")
    return RopeSpec(theta=theta, interleaved=interleaved)


def _yarn(scaling: Config) -> YarnSpec:
    """YaRN's numbers; without both slopes the attention temperature has slope 1."""
    scaling.only("attention_factor", (), "a fixed attention factor is not supported; leave it out")
    slopes = scaling.has("mscale") and scaling.has("mscale_all_dim")
    return YarnSpec(
        factor=scaling.number("factor"),
        original_tokens=scaling.whole("original_max_position_embeddings"),
        beta_fast=scaling.number("beta_fast", 32.0),
        beta_slow=scaling.number("beta_slow", 1.0),
        mscale=scaling.number("mscale") if slopes else 1.0,
        mscale_all_dim=scaling.number("mscale_all_dim") if slopes else 0.0,
    )


def _llama3(scaling: Config) -> Llama3Spec:
    """Llama 3.1's numbers."""
    return Llama3Spec(
        factor=scaling.number("factor"),
        original_tokens=scaling.whole("original_max_position_embeddings"),
        low_turns=scaling.number("low_freq_factor"),
        high_turns=scaling.number("high_freq_factor"),
    )
