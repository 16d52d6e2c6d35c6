"""A plain simulation of a unit that reads prompts and writes answers in the same steps."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from simulator.serving.fleet.whole import WholeOption
from tests.simulated_units import step_of, written

Floats = NDArray[np.float64]


class Times(NamedTuple):
    """Seconds to the first token and mean seconds a token after it, of each request; the first fifth is left out."""

    ttft_s: Floats
    tpot_s: Floats


class Group:
    """GPUs with prompts and sequences of their own."""

    def __init__(self) -> None:
        self.line: list[list[float]] = []
        self.sequences: dict[int, int] = {}
        self.read: list[int] = []

    @property
    def waiting(self) -> float:
        """Tokens of prompts that are to be read."""
        return sum(left for _, left in self.line)

    def step(self, option: WholeOption) -> tuple[float, float]:
        """Fill a step: a token of each sequence, and prompts in the room that is left; tokens, and seconds alone."""
        batch, room, prompts = len(self.sequences), option.most_tokens - len(self.sequences), 0.0
        while self.line and room > 0:
            taken = min(self.line[0][1], room)
            room, prompts = room - taken, prompts + taken
            self.line[0][1] -= taken
            if not self.line[0][1]:
                self.read.append(int(self.line.pop(0)[0]))
        own_s = float(np.interp(batch + prompts, option.table.tokens, option.table.own_s))
        write_s = step_of(option.table.decode, batch) if batch else 0.0
        return batch + prompts, own_s + write_s + (step_of(option.table.prefill, prompts) if prompts else 0.0)


def together(option: WholeOption, groups: list[Group]) -> float:
    """Seconds of a step of all groups: shared parts take as long as the mean's, the rest as long as the slowest's."""
    table, steps = option.table, [group.step(option) for group in groups]
    mean = sum(tokens for tokens, _ in steps) / len(steps)
    shared_s = float(np.interp(mean, table.tokens, table.rest_s) - np.interp(mean, table.tokens, table.own_s))
    return shared_s + max(seconds for _, seconds in steps)


def times_of_whole(option: WholeOption, arrivals_s: Floats, prompts: Floats, answers: NDArray[np.int64]) -> Times:
    """One unit, as many sequences as come; prompts go to the group where least tokens wait."""
    groups = [Group() for _ in range(option.groups)]
    first, ttft, tpot = (np.zeros(len(answers)) for _ in range(3))
    now, at = 0.0, 0
    while at < len(answers) or any(group.line or group.sequences for group in groups):
        if not any(group.line or group.sequences for group in groups):
            now = max(now, float(arrivals_s[at]))
        while at < len(answers) and arrivals_s[at] <= now:
            min(groups, key=lambda group: group.waiting).line.append([at, float(prompts[at])])
            at += 1
        now += together(option, groups)
        for group in groups:
            done = written(group.sequences)
            tpot[done] = (now - first[done]) / (answers[done] - 1)
            first[group.read], ttft[group.read] = now, now - arrivals_s[group.read]
            group.sequences |= {one: int(answers[one]) - 1 for one in group.read}
            group.read = []
    fifth = len(answers) // 5
    return Times(ttft[fifth:], tpot[fifth:])
