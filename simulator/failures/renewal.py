"""Closed forms for one rate of failures: expected time of a segment, Young's and Daly's checkpoint intervals."""

from __future__ import annotations

import math


def segment_s(failures_per_s: float, work_s: float, checkpoint_s: float, down_s: float) -> float:
    """Expected seconds to get work and its checkpoint done if failures come at random while it runs.

    (1/rate + down) (exp(rate (work + checkpoint)) - 1): a renewal process that starts anew after each failure.
    """
    if failures_per_s == 0:
        return work_s + checkpoint_s
    return (1 / failures_per_s + down_s) * math.expm1(failures_per_s * (work_s + checkpoint_s))


def segment_with_failing_restarts_s(
    failures_per_s: float, work_s: float, checkpoint_s: float, restart_s: float
) -> float:
    """The same if failures come during restarts too, which then begin anew.

    exp(rate restart) / rate (exp(rate (work + checkpoint)) - 1); Daly, Future Generation Computer Systems 22
    (2006), 303.
    """
    if failures_per_s == 0:
        return work_s + checkpoint_s
    stretched = math.exp(failures_per_s * restart_s)
    return stretched * math.expm1(failures_per_s * (work_s + checkpoint_s)) / failures_per_s


def young_s(checkpoint_s: float, mtbf_s: float) -> float:
    """Work between checkpoints that loses least, to first order: sqrt(2 C MTBF) (Young, CACM 17 (1974), 530)."""
    return math.sqrt(2 * checkpoint_s * mtbf_s)


def daly_s(checkpoint_s: float, mtbf_s: float) -> float:
    """The same to higher order (Daly, Future Generation Computer Systems 22 (2006), 303, equation 37).

    sqrt(2 C M) (1 + sqrt(C / 2M) / 3 + (C / 2M) / 9) - C; M where the checkpoint takes 2 M or longer.
    """
    if checkpoint_s >= 2 * mtbf_s:
        return mtbf_s
    part = checkpoint_s / (2 * mtbf_s)
    return young_s(checkpoint_s, mtbf_s) * (1 + math.sqrt(part) / 3 + part / 9) - checkpoint_s
