"""Run transformers on the small models, compare with the stored logits, store them; needs torch (`make crosscheck`)."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers
from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS

from tests.crosscheck.twins import CONFIGS, FIRST, LENGTH, STRETCHED, renamed, token_ids, twin

FIXTURES = Path(__file__).parent / "fixtures"
SAME = 1e-9
"""Another processor adds in another order: in float64 that is less."""


def theirs(name: str) -> Any:
    """The model in transformers, in float64, with our weights."""
    config = dict(CONFIGS[name])
    kind = config.pop("architectures")[0]
    settings = getattr(transformers, kind.replace("ForCausalLM", "Config"))(**config)
    settings._attn_implementation = settings._experts_implementation = "eager"
    model = getattr(transformers, kind)(settings).double().eval()
    state = {key: torch.from_numpy(np.ascontiguousarray(values)) for key, values in renamed(twin(name))}
    if settings.tie_word_embeddings:
        state["lm_head.weight"] = state["model.embed_tokens.weight"]
    model.load_state_dict(state, strict=True)
    return model


def logits(name: str) -> dict[str, np.ndarray]:
    """All at once, and token by token behind the first few: both [sequence, token, vocab]."""
    model, ids = theirs(name), torch.from_numpy(token_ids())
    with torch.no_grad():
        whole = model(ids).logits
        step = model(ids[:, :FIRST], use_cache=True)
        pieces = [step.logits]
        for at in range(FIRST, LENGTH):
            step = model(ids[:, at : at + 1], past_key_values=step.past_key_values, use_cache=True)
            pieces.append(step.logits)
    return {"whole": whole.numpy(), "steps": torch.cat(pieces, dim=1).numpy()}


def frequencies(name: str) -> dict[str, np.ndarray]:
    """Rotary frequencies [pair] and the factor on sines and cosines [1]."""
    config = dict(STRETCHED[name])
    kind = config.pop("architectures")[0]
    settings = getattr(transformers, kind.replace("ForCausalLM", "Config"))(**config)
    rule = ROPE_INIT_FUNCTIONS[settings.rope_parameters["rope_type"]]
    pairs, gain = rule(settings, torch.device("cpu"))
    return {"whole": pairs.double().numpy(), "steps": np.array([gain])}


def difference(path: Path, made: dict[str, np.ndarray]) -> float:
    """Largest difference from the stored ones, relative to the largest; 0 where nothing is stored yet."""
    if not path.exists():
        return 0.0
    with np.load(path) as stored:
        return max(float(np.abs(made[key] - stored[key]).max() / np.abs(stored[key]).max()) for key in made)


def main() -> None:
    """Write one fixture a config that is new or differs; exit with 1 if one differs."""
    FIXTURES.mkdir(exist_ok=True)
    worst = 0.0
    every = {name: logits(name) for name in CONFIGS} | {name: frequencies(name) for name in STRETCHED}
    for name, made in every.items():
        path = FIXTURES / f"{name}.npz"
        differs = difference(path, made)
        worst = max(worst, differs)
        if differs > SAME or not path.exists():
            np.savez_compressed(path, whole=made["whole"], steps=made["steps"])
    told = f"torch {torch.__version__}, transformers {transformers.__version__}\n"
    (FIXTURES / "made-with.txt").write_text(told)
    sys.stdout.write(f"{told}{len(every)} fixtures, largest difference from the stored logits {worst:.1e}\n")
    sys.exit(int(worst > SAME))


if __name__ == "__main__":
    main()
