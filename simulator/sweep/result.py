"""What a sweep answers: every point, those without figures and why, and what was varied."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from simulator.result import Answered


@dataclass(frozen=True, slots=True)
class SweepResult(Answered):
    """What is known of a sweep once all its points are.

    headline   how many points there are, how many have figures, and the least and most of the first figures
    tables     points    [point]  number, label, one column a varied path, status, one a figure (SI)
               failed    [point]  number, label, status, why: points without figures
               designs   [path]   path, values, kind
    """

    schema: ClassVar[str] = "clustercast.sweep/1"
    kind: ClassVar[str] = "sweep"
