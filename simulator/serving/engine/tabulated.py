"""Steps of an engine over all batches that may come: what the world of requests is played with."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from simulator.serving.engine import decode, prefill
from simulator.serving.engine.decode import Answers
from simulator.serving.engine.layer_times import layer_times
from simulator.serving.engine.prefill import Prompts
from simulator.serving.engine.step import Engine
from simulator.serving.tables import Floats, MixedTable, StepTable
from workloads.reference.dims import Tokens
from workloads.reference.reading import BlockName

FEWEST_KEYS = 64
MOST_KEYS = 131_072
"""Beyond it a step takes as long as at it: no published model reads further."""
FEWEST_TOKENS = 64


def prefill_table(engine: Engine, most_tokens: int, most_keys: int = MOST_KEYS) -> StepTable:
    """Seconds of steps of prompts: [tokens of a group, mean keys]."""
    rows, keys = _grid(min(FEWEST_TOKENS, most_tokens), most_tokens), _grid(FEWEST_KEYS, most_keys)
    return _table(rows, keys, lambda tokens, looks: prefill.prefill_step(engine, Prompts(tokens, looks)).seconds)


def decode_table(engine: Engine, most_sequences: int, most_keys: int = MOST_KEYS) -> StepTable:
    """Seconds of steps of answers: [sequences of a group, mean cached tokens]."""
    rows, keys = _grid(1, most_sequences), _grid(FEWEST_KEYS, most_keys)
    return _table(rows, keys, lambda sequences, kv: decode.step_s(engine, Answers(sequences, kv)))


def mixed_table(engine: Engine, most_tokens: int, most_sequences: int, most_keys: int = MOST_KEYS) -> MixedTable:
    """Seconds of steps that do both; see `MixedTable`.

    Everything but attention's core runs on all new tokens at once; prompts' cores are taken with what expanding cached
    latents takes beyond the absorbed form that answers use.
    """
    tokens, keys = _grid(1, most_tokens), _grid(FEWEST_KEYS, most_keys)
    layers = engine.setting.model.layers

    def rest_s(new: float) -> float:
        step = decode.decode_step(engine, Answers(new, FEWEST_KEYS))
        return step.seconds - layers * step.layer.core_s

    def core_s(sequences: float, kv: float) -> float:
        width = 1 + decode.depth(engine)
        return layers * _core_s(engine, Tokens(round(sequences), width, round(kv)))

    def reading_s(new: float, looks: float) -> float:
        return layers * _reading_s(engine, prefill.asked_of(engine, Prompts(new, looks)).tokens)

    drafts = _grid(1, most_sequences)
    return MixedTable(
        tokens=tokens,
        rest_s=np.array([rest_s(new) for new in tokens]),
        decode=_table(drafts, keys, core_s),
        prefill=_table(_grid(min(FEWEST_TOKENS, most_tokens), most_tokens), keys, reading_s),
    )


def _core_s(engine: Engine, tokens: Tokens) -> float:
    """Seconds of attention's core of answers, one layer."""
    return layer_times(engine.setting, _kind(engine), tokens, folded=True).core_s


def _reading_s(engine: Engine, tokens: Tokens) -> float:
    """Seconds that attention of prompts takes beyond that of as many answers without its core; one layer."""
    expanded = layer_times(engine.setting, _kind(engine), tokens, folded=False)
    absorbed = layer_times(engine.setting, _kind(engine), Tokens(tokens.count, 1, FEWEST_KEYS), folded=True)
    both = (expanded.before.mean_s + expanded.core.mean_s, absorbed.before.mean_s + absorbed.core.mean_s)
    return max(expanded.core_s, both[0] - both[1] + absorbed.core_s)


def _kind(engine: Engine) -> BlockName:
    """The kind of layer that the model has most of."""
    model = engine.setting.model
    return "moe" if model.dense_layers < model.layers else "dense"


def _grid(first: int, last: int) -> Floats:
    """From first to last, each about twice the one before; whole numbers."""
    first, last = max(1, first), max(first, last)
    count = max(2, int(np.ceil(np.log2(last / first))) + 1) if last > first else 1
    return np.unique(np.geomspace(first, last, count).round())


def _table(rows: Floats, keys: Floats, seconds: Callable[[float, float], float]) -> StepTable:
    """Fill a table."""
    filled: Sequence[Sequence[float]] = [[seconds(row, key) for key in keys] for row in rows]
    return StepTable(rows, keys, np.array(filled))
