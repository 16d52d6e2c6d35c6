"""What is simulated at a point of a sweep: its scenario, run or service with the point's changes put in."""

from __future__ import annotations

from simulator.sweep.question import Question
from workloads.long_run import Run, changed_run
from workloads.points import changes, point
from workloads.sweep import Swept


def built(question: Question, number: int) -> Swept:
    """What is simulated at a point. Raises InvalidInput, or Oversized."""
    sweep = question.sweep
    made = changes(sweep, point(sweep, number))
    swept = sweep.swept
    if not made:
        return swept
    if isinstance(swept, Run):
        return changed_run(swept, made, question.names)
    return swept.with_changes(made, question.names)
