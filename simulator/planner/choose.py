"""From a question to its answer, by the kind of question."""

from __future__ import annotations

from simulator.planner.result import PlanResult
from simulator.planner.ways import Ways
from simulator.refusal import Refused
from workloads.plan_question import Question, TrainingQuestion

__all__ = ["Ways", "choose"]

ALONE = Ways()
"""One process that tells nobody."""


def choose(question: Question, ways: Ways = ALONE) -> PlanResult:
    """Answer a question. Raises Refused where nothing keeps the limits, with what comes nearest."""
    if isinstance(question, TrainingQuestion):
        if question.find is not None:
            from simulator.planner.inverse import answered as answered_inverse

            return answered_inverse(question, ways)
        from simulator.planner.training import answered

        return answered(question, ways)
    raise Refused(f"{question.name} asks about nothing that can be planned")
