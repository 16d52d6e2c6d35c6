"""The order of a rank written as text, phase by phase, and what it stands for."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

from workloads.schedule import Op, Step, Work

Phase = Sequence[str]
"""Steps as text: F forward, B full backward, b input gradient, each with its lane, 0 or 1; W the weight gradient
postponed longest; & overlapped."""

OP_OF: dict[str, Op] = {"F": "F", "B": "B", "b": "I"}


class Lane(NamedTuple):
    """Micro-batches that a rank takes through one of its stages, in order of their number."""

    stage: int
    first_micro_batch: int = 0


def fill(phases: Sequence[Phase], lanes: Sequence[Lane]) -> tuple[tuple[Step, ...], ...]:
    """Give each step of the text its micro-batch and its stage.

    lanes    [lane]  a letter's number says which
    returns  [phase][step]
    """
    done = {(op, lane): 0 for op in "FB" for lane in range(len(lanes))}
    postponed: deque[Work] = deque()

    def work(text: str) -> Work:
        if text == "W":
            return postponed.popleft()._replace(op="W")
        letter, lane = text[0], int(text[1])
        micro_batch = lanes[lane].first_micro_batch + done[letter.upper(), lane]
        done[letter.upper(), lane] += 1
        made = Work(OP_OF[letter], micro_batch, lanes[lane].stage)
        if letter == "b":
            postponed.append(made)
        return made

    return tuple(tuple(tuple(work(t) for t in text.split("&")) for text in phase) for phase in phases)


def put_off(ahead: int, delay: int, micro_batches: int) -> Phase:
    """Write down turns of backward and forward with split backwards.

    ahead    forwards before the first input gradient
    delay    input gradients between a micro-batch's own and its weight gradient, as long as there are any
    """
    steps = ["F0"] * min(ahead, micro_batches)
    for micro_batch in range(micro_batches):
        steps += ["b0", "W"] if micro_batch >= delay else ["b0"]
        steps += ["F0"] if micro_batch + ahead < micro_batches else []
    return [*steps, *["W"] * left_over([steps])]


def both_ways(outer: int, inner: int, steady: int) -> list[Phase]:
    """Write down the eight phases of a rank under DualPipe and DualPipeV (github.com/deepseek-ai/DualPipe).

    outer    ranks between it and the rank where lane 0 enters the pipeline
    inner    ranks between it and the middle of the pipeline, where it folds
    steady   times that it does both kinds of pair in the steady phase
    """
    pairs = ["F0&B1", "F1&B0"] * steady
    if not inner:
        # Nothing overlaps with the first backward that reaches the middle.
        pairs[:1] = ["F0", "B1"]
    phases: list[Phase] = [
        ["F0"] * 2 * inner,
        ["F0", "F1"] * (outer + 1),
        ["b1", "W", "F1"] * inner,
        pairs,
        ["B1", "F1&B0"] * inner,
        _turn_to_input_gradients(outer),
        ["W", "b0"] * inner,
    ]
    return [*phases, ["W"] * left_over(phases)]


def left_over(phases: Sequence[Phase]) -> int:
    """Weight gradients that are postponed in the phases and not done in them."""
    texts = [text for phase in phases for text in phase]
    return sum(text.startswith("b") for text in texts) - texts.count("W")


def _turn_to_input_gradients(outer: int) -> Phase:
    """Write down phase 6: backwards in both lanes, that postpone their weight gradient from half-way on."""
    backwards = ["B1", "B0"] * (outer + 1)
    full = outer + 1
    return [text if i < full else text.replace("B", "b") for i, text in enumerate(backwards)]
