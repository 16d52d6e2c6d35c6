"""Plain simulations of serving units, one event after the other, to hold closed forms against."""

from __future__ import annotations

import heapq

import numpy as np
from numpy.typing import NDArray

from simulator.serving.fleet.decode import DecodeOption
from simulator.serving.fleet.prefill import PrefillOption
from simulator.serving.tables import StepTable

Floats = NDArray[np.float64]


def step_of(table: StepTable, rows: float) -> float:
    """Seconds of a step, whatever its keys."""
    return float(np.interp(rows, table.rows, table.seconds[:, 0]))


def waits(servers: int, arrivals_s: Floats, service_s: Floats) -> Floats:
    """Waits of customers who take the first server that is free, the first tenth of them left out."""
    free = [0.0] * servers
    found = np.zeros(len(arrivals_s))
    for at, (came, takes) in enumerate(zip(arrivals_s, service_s, strict=True)):
        start = max(heapq.heappop(free), came)
        found[at] = start - came
        heapq.heappush(free, start + takes)
    return found[len(found) // 10 :]


class Reader:
    """A unit that reads prompts: each step takes what waits, its fullest group says how long it lasts."""

    def __init__(self, option: PrefillOption) -> None:
        self.option = option
        self.lines: list[list[tuple[int, float]]] = [[] for _ in range(option.groups)]
        self.waiting = np.zeros(option.groups)
        self.running = 0.0
        self.stepping = False
        self.finishing: list[int] = []

    def put(self, prompt: int, tokens: float) -> None:
        """A prompt goes to the group where least waits."""
        group = int(self.waiting.argmin())
        self.lines[group].append((prompt, tokens))
        self.waiting[group] += tokens

    def step(self) -> float:
        """Begin the next step; returns its seconds, 0 for none."""
        taken = [self._take(group) for group in range(len(self.lines))]
        self.running, self.stepping = sum(taken), max(taken) > 0
        return step_of(self.option.table, max(taken)) if self.stepping else 0.0

    def _take(self, group: int) -> float:
        """Tokens of one group for the next step."""
        room, line = self.option.most_tokens, self.lines[group]
        while line and room > 0:
            prompt, left = line[0]
            taken = min(left, room)
            room -= taken
            if taken < left:
                line[0] = (prompt, left - taken)
            else:
                line.pop(0)
                self.finishing.append(prompt)
        self.waiting[group] -= self.option.most_tokens - room
        return self.option.most_tokens - room


def times_to_first_token(option: PrefillOption, units: int, arrivals_s: Floats, prompts: Floats) -> Floats:
    """Seconds until each prompt is read; each goes to the unit with least tokens. The first tenth is left out."""
    readers = [Reader(option) for _ in range(units)]
    found = np.zeros(len(prompts))
    events = [(float(when), at, -1) for at, when in enumerate(arrivals_s)]
    heapq.heapify(events)
    while events:
        now, prompt, unit = heapq.heappop(events)
        if unit < 0:
            unit = min(range(units), key=lambda one: readers[one].waiting.sum() + readers[one].running)
            readers[unit].put(prompt, float(prompts[prompt]))
            if readers[unit].stepping:
                continue
        else:
            found[readers[unit].finishing] = now - arrivals_s[readers[unit].finishing]
            readers[unit].finishing = []
        if seconds := readers[unit].step():
            heapq.heappush(events, (now + seconds, -1, unit))
    return found[len(found) // 10 :]


def times_per_output_token(option: DecodeOption, arrivals_s: Floats, answers: NDArray[np.int64]) -> Floats:
    """Mean seconds a token of each answer: one unit, sequences join the emptiest group between steps."""
    groups: list[dict[int, int]] = [{} for _ in range(option.groups)]
    first, found = np.zeros(len(answers)), np.zeros(len(answers))
    now, at = 0.0, 0
    line: list[int] = []
    while at < len(answers) or line or any(groups):
        if not any(groups) and not line:
            now = max(now, float(arrivals_s[at]))
        while at < len(answers) and arrivals_s[at] <= now:
            line.append(at)
            at += 1
        while line and min(map(len, groups)) < option.most_sequences:
            joined = line.pop(0)
            min(groups, key=len)[joined] = int(answers[joined]) - 1
            first[joined] = now
        now += step_of(option.table, max(map(len, groups)))
        for one in [one for group in groups for one in written(group)]:
            found[one] = (now - first[one]) / (answers[one] - 1)
    return found[len(found) // 5 :]


def written(group: dict[int, int]) -> list[int]:
    """Write a token of each sequence of a group; those that are done leave it."""
    done = [one for one, left in group.items() if left <= 1]
    for one in done:
        del group[one]
    for one in group:
        group[one] -= 1
    return done
