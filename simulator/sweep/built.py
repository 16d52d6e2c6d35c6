"""What is simulated at a point of a sweep: its scenario, run or service with the point's changes put in."""

from __future__ import annotations

from collections.abc import Mapping

from simulator.sweep.files import rooted
from simulator.sweep.question import Question
from topologies.catalogue import Catalogue
from workloads.long_run import Run, changed_run
from workloads.points import changes, point
from workloads.sweep import Swept


def built(question: Question, number: int) -> Swept:
    """What is simulated at a point. Raises InvalidInput, or Oversized."""
    sweep = question.sweep
    return rooted(_changed(sweep.swept, changes(sweep, point(sweep, number)), question.names), question.folder)


def _changed(swept: Swept, made: Mapping[str, object], names: Catalogue) -> Swept:
    """What is swept with changes put in."""
    if not made:
        return swept
    return changed_run(swept, made, names) if isinstance(swept, Run) else swept.with_changes(made, names)
