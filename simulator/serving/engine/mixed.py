"""Steps in which some sequences get their next tokens while others get their prompts, in pieces."""

from __future__ import annotations

from simulator.serving.engine import decode, prefill
from simulator.serving.engine.decode import Answers
from simulator.serving.engine.layer_times import layer_times
from simulator.serving.engine.prefill import Prompts
from simulator.serving.engine.step import Engine, filled
from workloads.reference.dims import Tokens
from workloads.reference.reading import BlockName

FEWEST_KEYS = 64
"""Below so many a step takes as long as at it: a tile of keys is computed whole."""


def rest_s(engine: Engine, new: float) -> float:
    """Seconds of everything but attention's core for so many new tokens of a group, of whichever kind."""
    step = decode.decode_step(engine, Answers(new, FEWEST_KEYS))
    return step.seconds - engine.setting.model.layers * step.layer.core_s


def own_rest_s(engine: Engine, new: float) -> float:
    """Of `rest_s`, what a group does by itself: all but routed experts and transfers to them."""
    step = decode.decode_step(engine, Answers(new, FEWEST_KEYS))
    return step.own_s - engine.setting.model.layers * step.layer.core_s


def core_s(engine: Engine, answers: Answers) -> float:
    """Seconds of attention's core of answers, all layers."""
    sequences = filled(max(1, round(answers.sequences)), engine.setting.share.spread)
    tokens = Tokens(sequences, 1 + decode.depth(engine), max(1, round(answers.kv_tokens)))
    return engine.setting.model.layers * layer_times(engine.setting, _kind(engine), tokens, folded=True).core_s


def reading_s(engine: Engine, prompts: Prompts) -> float:
    """Seconds that attention of prompts takes beyond that of as many answers without its core, all layers.

    Expanding cached latents is in it, which answers never do.
    """
    tokens = prefill.asked_of(engine, prompts).tokens
    expanded = layer_times(engine.setting, _kind(engine), tokens, folded=False)
    absorbed = layer_times(engine.setting, _kind(engine), Tokens(tokens.count, 1, FEWEST_KEYS), folded=True)
    both = (expanded.before.mean_s + expanded.core.mean_s, absorbed.before.mean_s + absorbed.core.mean_s)
    return engine.setting.model.layers * max(expanded.core_s, both[0] - both[1] + absorbed.core_s)


def beside_s(engine: Engine, answers: Answers, prompts: Prompts) -> float:
    """Seconds by which a step of answers grows when it reads prompts, too."""
    if prompts.tokens <= 0:
        return 0.0
    grown_s = rest_s(engine, answers.sequences + prompts.tokens) - rest_s(engine, answers.sequences)
    return max(0.0, grown_s) + reading_s(engine, prompts)


def _kind(engine: Engine) -> BlockName:
    """The kind of layer that the model has most of."""
    model = engine.setting.model
    return "moe" if model.dense_layers < model.layers else "dense"
