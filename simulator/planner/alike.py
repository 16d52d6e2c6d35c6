"""Candidates that differ in name only: where their figures are equal, the plainest stands for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from simulator.planner.confirmed import SAME_RATIO
from simulator.planner.found import Candidate, best

SPARE = 3
"""As many candidates are looked for as are ranked, times this, so that enough are left when equal ones are merged."""


class Merged(NamedTuple):
    """Candidates that differ, best first, and how many of those looked at are equal to one of them."""

    candidates: list[Candidate]
    equal: int


def alike(one: Candidate, other: Candidate) -> bool:
    """Whether two layouts of one cluster take the same in everything: step, memory, every objective."""
    if one.cluster != other.cluster:
        return False
    mine, theirs = ((of.step_s, of.memory_bytes, *of.values) for of in (one, other))
    return all(abs(a - b) <= SAME_RATIO * max(abs(a), abs(b)) for a, b in zip(mine, theirs, strict=True))


def merged(candidates: Sequence[Candidate], keep: int) -> Merged:
    """One candidate, the plainest, for all that are equal; of these the best."""
    groups: list[list[Candidate]] = []
    for one in candidates:
        same = next((group for group in groups if alike(group[0], one)), None)
        if same is None:
            groups.append([one])
        else:
            same.append(one)
    equal = {(first.cluster, first.key): len(group) - 1 for group in groups for first in [_plainest(group)]}
    kept = best([_plainest(group) for group in groups], keep)
    return Merged(kept, sum(equal[one.cluster, one.key] for one in kept))


def _plainest(group: Sequence[Candidate]) -> Candidate:
    """The candidate that is least split and has the simplest schedule, as `key_of` has it."""
    return min(group, key=lambda one: one.key)
