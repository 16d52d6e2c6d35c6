"""From a question to its answer, by the kind of question."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from simulator.planner.result import PlanResult
from simulator.refusal import Refused
from topologies.catalogue import Catalogue
from workloads.joint_question import JointQuestion
from workloads.plan_question import Question, TrainingQuestion
from workloads.serving_question import ServingQuestion

Tell = Callable[[str, int, int], None]


def untold(what: str, done: int, whole: int) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True)
class Ways:
    """How a question is worked on; changes nothing in its answer.

    command   how it was asked for;  workers   processes
    tell      told what is being done, how much of it is done, of how much
    names     catalogue in which values of `vary` are looked up
    """

    command: str = ""
    workers: int = 1
    tell: Tell = untold
    names: Catalogue | None = None


def choose(question: Question, ways: Ways = Ways()) -> PlanResult:
    """Answer a question. Raises Refused where nothing keeps the limits, with what comes nearest."""
    if isinstance(question, TrainingQuestion):
        from simulator.planner.training import answered

        return answered(question, ways)
    if isinstance(question, ServingQuestion):
        from simulator.planner.fleets.answered import answered as answered_of_serving

        return answered_of_serving(question, ways.command, ways.tell, ways.names)
    if isinstance(question, JointQuestion):
        from simulator.planner.joint import answered as answered_of_both

        return answered_of_both(question, ways.command, lambda one: choose(one, ways), ways.names)
    raise Refused(f"{question.name} asks about nothing that can be planned")
