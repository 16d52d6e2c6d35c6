"""From a question to its answer, by the kind of question."""

from __future__ import annotations

from simulator.planner.result import PlanResult
from simulator.planner.ways import Ways
from simulator.refusal import Refused
from workloads.joint_question import JointQuestion
from workloads.plan_question import Question, TrainingQuestion
from workloads.serving_question import ServingQuestion

__all__ = ["Ways", "choose"]

ALONE = Ways()
"""One process that tells nobody."""


def choose(question: Question, ways: Ways = ALONE) -> PlanResult:
    """Answer a question. Raises Refused where nothing keeps the limits, with what comes nearest."""
    if isinstance(question, TrainingQuestion):
        if question.find is not None:
            if question.find.what == "most-tokens":
                from simulator.planner.tokens import answered as answered_tokens

                return answered_tokens(question, ways)
            from simulator.planner.inverse import answered as answered_inverse

            return answered_inverse(question, ways)
        from simulator.planner.training import answered

        return answered(question, ways)
    if isinstance(question, ServingQuestion):
        from simulator.planner.fleets.answered import answered as answered_of_serving

        return answered_of_serving(question, ways.command, ways.tell, ways.names)
    if isinstance(question, JointQuestion):
        from simulator.planner.joint import answered as answered_of_both

        return answered_of_both(question, ways.command, lambda one: choose(one, ways), ways.names)
    raise Refused(f"{question.name} asks about nothing that can be planned")
