"""Steps of an engine over all batches that may come: what the world of requests is played with."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from simulator.serving.engine import decode, mixed, prefill
from simulator.serving.engine.decode import Answers
from simulator.serving.engine.mixed import FEWEST_KEYS
from simulator.serving.engine.prefill import Prompts
from simulator.serving.engine.step import Engine
from simulator.serving.tables import Floats, MixedTable, StepTable

MOST_KEYS = 131_072
"""Beyond it a step takes as long as at it: no published model reads further."""


def prefill_table(engine: Engine, most_tokens: int, most_keys: int = MOST_KEYS) -> StepTable:
    """Seconds of steps of prompts: [tokens of a group, mean keys]."""
    rows, keys = _grid(1, most_tokens), _grid(FEWEST_KEYS, most_keys)

    def both(tokens: float, looks: float) -> tuple[float, float]:
        step = prefill.prefill_step(engine, Prompts(tokens, looks))
        return step.seconds, step.own_s

    return _table(rows, keys, both)


def decode_table(engine: Engine, most_sequences: int, most_keys: int = MOST_KEYS) -> StepTable:
    """Seconds of steps of answers: [sequences of a group, mean cached tokens]."""
    rows, keys = _grid(1, most_sequences), _grid(FEWEST_KEYS, most_keys)

    def both(sequences: float, kv: float) -> tuple[float, float]:
        answers = Answers(sequences, kv)
        return decode.step_s(engine, answers), decode.decode_step(engine, answers).own_s

    return _table(rows, keys, both)


def mixed_table(engine: Engine, most_tokens: int, most_sequences: int, most_keys: int = MOST_KEYS) -> MixedTable:
    """Seconds of steps that do both; see `MixedTable`.

    Everything but attention's core runs on all new tokens at once.
    """
    tokens, keys = _grid(1, most_tokens), _grid(FEWEST_KEYS, most_keys)
    return MixedTable(
        tokens=np.concatenate([[0.0], tokens]),
        rest_s=np.array([mixed.rest_s(engine, new) for new in (1.0, *tokens)]),
        own_rest_s=np.array([mixed.own_rest_s(engine, new) for new in (1.0, *tokens)]),
        decode=_table(_grid(1, most_sequences), keys, lambda rows, kv: (mixed.core_s(engine, Answers(rows, kv)),) * 2),
        prefill=_table(tokens, keys, lambda new, looks: (mixed.reading_s(engine, Prompts(new, looks)),) * 2),
    )


def _grid(first: int, last: int) -> Floats:
    """From first to last, each about twice the one before; whole numbers."""
    first, last = max(1, first), max(first, last)
    count = max(2, int(np.ceil(np.log2(last / first))) + 1) if last > first else 1
    return np.unique(np.geomspace(first, last, count).round())


def _table(rows: Floats, keys: Floats, both: Callable[[float, float], tuple[float, float]]) -> StepTable:
    """Fill a table with seconds and what of them a group does by itself; from no key to the fewest it is level."""
    filled = np.array([[both(row, key) for key in keys] for row in rows])
    level = np.concatenate([filled[:, :1], filled], axis=1)
    return StepTable(rows, np.concatenate([[0.0], keys]), level[..., 0].copy(), level[..., 1].copy())
