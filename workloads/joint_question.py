"""A question to the planner about one kind of node for both: training a model, then serving it."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from topologies.fields import Named
from topologies.problems import FieldErrors, InvalidInput
from topologies.units import Seconds
from workloads.plan_question import Question, Search, TrainingQuestion
from workloads.serving_question import ServingQuestion, full_service_path, wrong_with
from workloads.short_paths import full_path


class JointQuestion(Question):
    """Which cluster is cheapest for training and serving together.

    training      a question about training, by cost;  serving   one about serving, by cost
    clusters      changes of the cluster that hold for both, one set of which is chosen: a kind of node with its network
    serve_for_s   how long the fleet is rented
    """

    training: TrainingQuestion
    serving: ServingQuestion
    clusters: Annotated[tuple[Named[Any], ...], Field(min_length=1)]
    serve_for_s: Seconds

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        """Refuse parts that ask for something else than money, and changes that do not hold for both."""
        found = [*self._clusters()]
        if self.training.objective[0] != "cost" and self.training.find is None:
            found.append(("training.objective", "what is added up is money: write [cost]"))
        if self.serving.objective != ("cost",) or self.serving.find is not None or self.serving.alternatives:
            why = "what is added up is money: write objective: [cost], without find; alternatives are the clusters"
            found.append(("serving", why))
        if self.vary or self.search != Search():
            found.append(("vary" if self.vary else "search", "belongs to training or serving: write it there"))
        if found:
            raise FieldErrors(found)
        return self

    def _clusters(self) -> list[tuple[str, str]]:
        """Changes that are none of the cluster."""
        found = []
        for at, changes in enumerate(self.clusters):
            for path in changes:
                why = wrong_with(path)
                try:
                    whole = full_path(path)
                except InvalidInput as refused:
                    whole, why = "", refused.problems[0].message
                if not why and not whole.startswith("cluster."):
                    why = "not of the cluster: write it in training or serving"
                if not why and whole != full_service_path(path):
                    why = f"write {whole}, which means the same in both"
                if why:
                    found.append((f"clusters.{at}.{path}", why))
        return found
