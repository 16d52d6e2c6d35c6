"""Steps of an engine over all batches that may come: what the world of requests is played with."""

from __future__ import annotations

from collections.abc import Callable, Sequence

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
    return _table(rows, keys, lambda tokens, looks: prefill.prefill_step(engine, Prompts(tokens, looks)).seconds)


def decode_table(engine: Engine, most_sequences: int, most_keys: int = MOST_KEYS) -> StepTable:
    """Seconds of steps of answers: [sequences of a group, mean cached tokens]."""
    rows, keys = _grid(1, most_sequences), _grid(FEWEST_KEYS, most_keys)
    return _table(rows, keys, lambda sequences, kv: decode.step_s(engine, Answers(sequences, kv)))


def mixed_table(engine: Engine, most_tokens: int, most_sequences: int, most_keys: int = MOST_KEYS) -> MixedTable:
    """Seconds of steps that do both; see `MixedTable`.

    Everything but attention's core runs on all new tokens at once.
    """
    tokens, keys = _grid(1, most_tokens), _grid(FEWEST_KEYS, most_keys)
    return MixedTable(
        tokens=np.concatenate([[0.0], tokens]),
        rest_s=np.array([mixed.rest_s(engine, new) for new in (1.0, *tokens)]),
        decode=_table(_grid(1, most_sequences), keys, lambda rows, kv: mixed.core_s(engine, Answers(rows, kv))),
        prefill=_table(tokens, keys, lambda new, looks: mixed.reading_s(engine, Prompts(new, looks))),
    )


def _grid(first: int, last: int) -> Floats:
    """From first to last, each about twice the one before; whole numbers."""
    first, last = max(1, first), max(first, last)
    count = max(2, int(np.ceil(np.log2(last / first))) + 1) if last > first else 1
    return np.unique(np.geomspace(first, last, count).round())


def _table(rows: Floats, keys: Floats, seconds: Callable[[float, float], float]) -> StepTable:
    """Fill a table; from no key at all to the fewest it is level."""
    filled: Sequence[Sequence[float]] = [[seconds(row, key) for key in keys] for row in rows]
    whole = np.array(filled)
    return StepTable(rows, np.concatenate([[0.0], keys]), np.concatenate([whole[:, :1], whole], axis=1))
