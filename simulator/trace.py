"""Who did what, from when to when: columns, never a list of objects."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd


@dataclass(frozen=True, slots=True, eq=False)
class Trace:
    """Every task that ran, one row a task, in the order of the plan's task list.

    rank     [task] int32    who ran it
    stream   [task] int32    index into `streams`
    name     [task] int32    index into `names`
    start_s  [task] float64  seconds since the start of the step
    end_s    [task] float64
    """

    rank: npt.NDArray[np.int32]
    stream: npt.NDArray[np.int32]
    name: npt.NDArray[np.int32]
    start_s: npt.NDArray[np.float64]
    end_s: npt.NDArray[np.float64]
    streams: tuple[str, ...]
    names: tuple[str, ...]

    @property
    def makespan_s(self) -> float:
        """Seconds from zero to the end of the last task; 0 for an empty trace."""
        return float(self.end_s.max(initial=0.0))

    def covered_s(self, chosen: npt.NDArray[np.bool_]) -> float:
        """Seconds during which at least one of the chosen tasks runs; chosen [task]."""
        order = np.argsort(self.start_s[chosen], kind="stable")
        start, end = self.start_s[chosen][order], self.end_s[chosen][order]
        reached = np.concatenate(([-np.inf], np.maximum.accumulate(end)))[:-1]
        return float(np.maximum(end - np.maximum(start, reached), 0.0).sum())

    def to_frame(self) -> pd.DataFrame:
        """One row a task: rank, stream, name, start_s, end_s (codes spelled out)."""
        return pd.DataFrame(
            {
                "rank": self.rank,
                "stream": np.asarray(self.streams, dtype=object)[self.stream],
                "name": np.asarray(self.names, dtype=object)[self.name],
                "start_s": self.start_s,
                "end_s": self.end_s,
            }
        )
