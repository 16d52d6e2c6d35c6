"""Steps of units that write answers: batches, prediction modules, what fits."""

from __future__ import annotations

from math import ceil
from typing import NamedTuple

from simulator.memory import DoesNotFit
from simulator.serving.engine.memory import Room, room
from simulator.serving.engine.step import Asked, Engine, Step, micro_batches
from workloads.model import serving_block
from workloads.reference.dims import Tokens
from workloads.serving_unit import DecodeUnit, Speculation


class Answers(NamedTuple):
    """Sequences of a group that get their next tokens, and tokens that each has cached, on average."""

    sequences: float
    kv_tokens: float


def decode_step(engine: Engine, answers: Answers) -> Step:
    """Time a step of answers, without prediction modules: see `drafts_s`."""
    return engine.step(asked_of(engine, answers))


def asked_of(engine: Engine, answers: Answers) -> Asked:
    """The micro-batch of such a step: with speculation every sequence checks the tokens guessed for it.

    GPUs that share out a group's tokens get equally many: sequences are filled up.
    """
    spread, width = engine.setting.share.spread, 1 + depth(engine)
    sequences = max(1, ceil(answers.sequences / micro_batches(engine.setting)))
    while sequences * width % spread:
        sequences += 1
    return Asked(Tokens(sequences, width, max(1, round(answers.kv_tokens))), True, sequences * width)


def drafts_s(engine: Engine, answers: Answers) -> float:
    """Seconds in which prediction modules guess the next tokens, one after the other.

    Each guess takes a module of one layer, the first on all tokens that were checked, and an output head; their
    transfers are waited for. A model with fewer modules than the depth uses its last one again.
    """
    if not (guesses := depth(engine)):
        return 0.0
    setting, first = engine.setting, asked_of(engine, answers).tokens
    often = micro_batches(setting)
    total_s = 0.0
    for at in range(guesses):
        tokens = Tokens(often * first.sequences, first.length if at == 0 else 1, first.past)
        while tokens.count % setting.share.spread:
            tokens = Tokens(tokens.sequences + 1, tokens.length, tokens.past)
        record = serving_block(setting.model, "mtp", tokens, setting.share, True).record
        alone = engine.alone.step(Asked(tokens, True, tokens.sequences)).layer
        moved_s = sum(
            sent.seconds.mean_s for sent in (alone.dispatch, alone.combine, alone.attention_sum, alone.mlp_sum)
        )
        total_s += setting.stopwatch.total_s(record, setting.sms) + moved_s
    return total_s


def step_s(engine: Engine, answers: Answers) -> float:
    """Seconds from one step to the next."""
    return decode_step(engine, answers).seconds + drafts_s(engine, answers)


def tokens_per_step(engine: Engine) -> float:
    """Tokens that a sequence gets in a step, mean."""
    speculation = speculation_of(engine)
    return speculation.tokens_per_step if speculation else 1.0


def depth(engine: Engine) -> int:
    """Tokens guessed ahead."""
    speculation = speculation_of(engine)
    return speculation.depth if speculation else 0


def speculation_of(engine: Engine) -> Speculation | None:
    """How the unit guesses ahead, if it does."""
    unit = engine.setting.unit
    return unit.speculation if isinstance(unit, DecodeUnit) else None


def decode_room(engine: Engine, answers: Answers) -> Room:
    """What fits beside the unit's weights and a step's buffers. Raises DoesNotFit."""
    return room(engine.setting, asked_of(engine, answers).tokens)


def largest_batch(engine: Engine, kv_tokens: float) -> int:
    """Most sequences of so many cached tokens that a group holds at once; buffers grow with them. Raises DoesNotFit."""
    block = engine.setting.unit.memory.kv_block_tokens

    def fits(sequences: int) -> bool:
        try:
            return decode_room(engine, Answers(sequences, kv_tokens)).sequences(kv_tokens, block) >= sequences
        except DoesNotFit:
            return False

    first = decode_room(engine, Answers(1, kv_tokens)).sequences(kv_tokens, block)
    if first < 1:
        raise DoesNotFit(f"not one sequence of {kv_tokens:,.0f} cached tokens fits beside the weights of this unit")
    low, high = 1, first
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(middle) else (low, middle - 1)
    return low
