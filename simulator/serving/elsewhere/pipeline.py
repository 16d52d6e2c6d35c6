"""Layers read ahead while others compute: exact seconds of a pass and of a steady step, by max-plus recursion."""

from __future__ import annotations

from collections.abc import Sequence


def ends_s(reads_s: Sequence[float], computes_s: Sequence[float], ahead: int, rounds: int) -> list[float]:
    """When each round over all layers has been computed; reading starts at 0.

    Reads follow each other, computations follow each other; a layer is computed once it is read, and read once one of
    the 1 + ahead buffers is free again. Without reading ahead a read waits for the computation before it.

    reads_s, computes_s   [layer]
    """
    layers = len(reads_s)
    read_end_s = 0.0
    computed_s: list[float] = []
    ends: list[float] = []
    for index in range(rounds * layers):
        freed = index - ahead - 1
        start_s = max(read_end_s, computed_s[freed] if freed >= 0 else 0.0)
        read_end_s = start_s + reads_s[index % layers]
        before_s = computed_s[-1] if computed_s else 0.0
        computed_s.append(max(read_end_s, before_s) + computes_s[index % layers])
        if index % layers == layers - 1:
            ends.append(computed_s[-1])
    return ends


def pass_s(reads_s: Sequence[float], computes_s: Sequence[float], ahead: int) -> float:
    """Seconds of one pass over all layers, the first read included."""
    return ends_s(reads_s, computes_s, ahead, 1)[0]


def steady_s(reads_s: Sequence[float], computes_s: Sequence[float], ahead: int) -> float:
    """Seconds between the ends of passes that follow each other, once the first have gone by.

    A pass's first layers are read while the one before it still computes.
    """
    settled = ahead // len(reads_s) + 2
    ends = ends_s(reads_s, computes_s, ahead, 2 * settled)
    return (ends[-1] - ends[settled - 1]) / settled
