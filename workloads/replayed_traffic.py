"""Traffic that was recorded: a file's requests, cut, repeated and hastened."""

from __future__ import annotations

import hashlib
from abc import abstractmethod
from pathlib import Path
from typing import Annotated, Self, TypeVar

import numpy as np
from pydantic import Field

from topologies.problems import InvalidInput, Mark, Problem
from topologies.units import Count, Positive, Seconds, SecondsOrZero
from workloads.requests import Floats, Integers, Requests
from workloads.router import Seed
from workloads.traffic_kind import Means, TrafficSpec

STAMP_DIGITS = 16
Column = TypeVar("Column", Floats, Integers)


class ReplayedTraffic(TrafficSpec):
    """Requests of a file. First it is cut to a part, then repeated, then hastened; nothing is drawn.

    path        of the file, from the working folder
    begin_s, duration_s   part of the recorded time, from its first request; absent: to its end
    repeat      so many times one after the other; blocks of prompts are numbered anew, so that no time brings hits that
                the recording has not
    speed_up    how many times as fast as it was recorded
    most_requests     of all, the first
    leave_out_empty   leave out requests without a prompt or without an answer, which are refused otherwise
    """

    path: Annotated[str, Field(min_length=1)]
    begin_s: SecondsOrZero = 0.0
    duration_s: Seconds | None = None
    repeat: Count = 1
    speed_up: Positive = 1.0
    most_requests: Count | None = None
    leave_out_empty: bool = False

    @abstractmethod
    def read(self) -> Requests:
        """Every request of the file, the first at 0 s. Raises InvalidInput."""

    def requests(self, seed: Seed) -> Requests:
        """The requests; the seed changes nothing. Raises InvalidInput."""
        part, lasting_s = self._part()
        most = self.most_requests or part.count * self.repeat
        times = min(self.repeat, -(-most // part.count))
        arrival_s = _one_after_the_other(part.arrival_s, lasting_s, times)[:most] / self.speed_up
        inputs, outputs = (np.tile(tokens, times)[:most] for tokens in (part.input_tokens, part.output_tokens))
        ends = _one_after_the_other(part.block_at[1:], int(part.block_at[-1]), times)[:most]
        block_at = np.concatenate([np.zeros(1, np.int64), ends])
        numbers = int(part.block_ids.max()) + 1 if len(part.block_ids) else 0
        block_ids = _one_after_the_other(part.block_ids, numbers, times)[: block_at[-1]]
        return Requests(arrival_s, inputs, outputs, part.block_tokens, block_at, block_ids)

    def means(self) -> Means:
        """Means of the part that is replayed. Raises InvalidInput."""
        part, lasting_s = self._part()
        rate_per_s = part.count / lasting_s * self.speed_up
        return Means(rate_per_s, float(part.input_tokens.mean()), float(part.output_tokens.mean()))

    def faster(self, factor: float) -> Self:
        """The same so many times as fast."""
        return type(self).model_validate({**dict(self), "speed_up": self.speed_up * factor})

    def stamp(self) -> tuple[int, ...]:
        """Size and the first digits of the SHA-256 of the content; nothing for a file that is not there."""
        path = Path(self.path)
        if not path.is_file():
            return ()
        with path.open("rb") as content:
            digits = hashlib.file_digest(content, "sha256").hexdigest()[:STAMP_DIGITS]
        return (path.stat().st_size, int(digits, 16))

    def _part(self) -> tuple[Requests, float]:
        """Requests of the part, from its beginning, and how long it lasts."""
        every = self.read()
        begin, end = np.searchsorted(every.arrival_s, [self.begin_s, self.begin_s + (self.duration_s or np.inf)])
        if begin == end:
            said = f"no request in this part; the file has them from 0 to {every.arrival_s[-1]:.6g} s"
            raise InvalidInput([Problem.at(Mark(self.path), "begin_s" if self.begin_s else "duration_s", said)])
        arrival_s = every.arrival_s[begin:end] - self.begin_s
        first, last = int(every.block_at[begin]), int(every.block_at[end])
        lengths = (every.input_tokens[begin:end], every.output_tokens[begin:end])
        blocks = (every.block_at[begin : end + 1] - first, every.block_ids[first:last])
        part = Requests(arrival_s, *lengths, every.block_tokens, *blocks)
        return part, self.duration_s or _with_the_gap_after(arrival_s)


def _with_the_gap_after(arrival_s: Floats) -> float:
    """How long a recording lasts that ends with a request: until then and one mean gap; 1 s if there is no gap."""
    last_s = float(arrival_s[-1])
    return last_s * len(arrival_s) / (len(arrival_s) - 1) if last_s > 0 and len(arrival_s) > 1 else last_s + 1.0


def _one_after_the_other(column: Column, step: float, times: int) -> Column:
    """A column so many times, each time with `step` more added."""
    shifts = np.repeat(np.arange(times) * step, len(column))
    return np.tile(column, times) + shifts.astype(column.dtype)
