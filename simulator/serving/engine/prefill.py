"""Steps of units that read prompts."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from simulator.serving.engine.memory import Room, room
from simulator.serving.engine.step import Asked, Engine, Step, filled, micro_batches
from workloads.reference.dims import Latent, Tokens
from workloads.serving_unit import PrefillUnit

MORE_KEYS = 1.05
"""Times the keys asked for that whole fresh prompts may look at, rather than more of them behind earlier tokens."""


@dataclass(frozen=True, slots=True)
class Prompts:
    """What a group gets in one step.

    tokens   new ones, all sequences together;  keys   earlier tokens that a new one looks at, mean
    """

    tokens: float
    keys: float


def prefill_step(engine: Engine, prompts: Prompts) -> Step:
    """Time a step of prompts.

    Its micro-batches are as few equal sequences as give these tokens and keys: a fresh prompt of n tokens looks at
    n / 2 on average, a piece behind p others at p + n / 2. Latent attention behind cached tokens expands all their
    latents, or works on these themselves: whichever is faster.
    """
    asked = asked_of(engine, prompts)
    expanded = engine.step(asked)
    if not asked.tokens.past or not isinstance(engine.setting.model.dims().attention, Latent):
        return expanded
    return min(expanded, engine.step(asked._replace(folded=True)), key=lambda step: step.seconds)


def asked_of(engine: Engine, prompts: Prompts) -> Asked:
    """The micro-batch of such a step."""
    spread = engine.setting.share.spread
    tokens = max(1, round(prompts.tokens / micro_batches(engine.setting)))
    sequences = max(1, ceil(tokens / max(1.0, MORE_KEYS * 2 * prompts.keys)))
    length = filled(max(1, round(tokens / sequences)), spread)
    past = max(0, round(prompts.keys - length / 2))
    return Asked(Tokens(sequences, length, past), False, sequences)


def typical_prompts(engine: Engine) -> Prompts:
    """A full step of the service's typical prompts."""
    unit, typical = engine.setting.unit, engine.setting.service.typical
    if not isinstance(unit, PrefillUnit):
        raise TypeError(f"{type(unit).__name__} reads no prompts alone")
    new = max(1.0, typical.input_tokens * (1 - typical.cached_share))
    cached = typical.input_tokens - new
    piece = min(new, unit.tokens_per_group)
    keys = cached + new / 2
    if unit.chunked:
        return Prompts(unit.tokens_per_group, keys)
    return Prompts(max(1, unit.tokens_per_group // piece) * piece, keys)


def prefill_room(engine: Engine, prompts: Prompts) -> Room:
    """What fits beside the unit's weights; a prompt stays until its cache is handed on. Raises DoesNotFit."""
    return room(engine.setting, asked_of(engine, prompts).tokens)
