"""Training and serving on one kind of node: what is added up, which cluster it makes the choice, what is refused."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import pandas as pd
import pytest

from simulator.planner.joint import answered
from simulator.planner.result import PlanResult
from simulator.refusal import Refused
from simulator.result import Figure, Reproduction
from topologies.spec import InvalidInput
from workloads.joint_question import JointQuestion
from workloads.plan_question import QUESTIONS, Question
from workloads.question_file import changed_question, load_question
from workloads.serving_question import ServingQuestion

TRAINING_USD: Mapping[str, float] = {"h800": 5e6, "h200": 7e6}
HOUR_USD: Mapping[str, float] = {"h800": 700.0, "h200": 400.0}


@lru_cache(maxsize=1)
def question() -> JointQuestion:
    """The shipped question."""
    asked = load_question(QUESTIONS / "one-kind-of-node-for-both.yaml")
    assert isinstance(asked, JointQuestion)
    return asked


def part(name: str, usd: float, label: str) -> PlanResult:
    """An answer of which only its money matters."""
    tables = {"candidates": pd.DataFrame({"place": [1], "label": [label]}), "pruned": pd.DataFrame({"reason": ["r"]})}
    figure = {name: Figure(usd, "USD", "Money.")}
    return PlanResult("part", "part", figure, (f"{label} is best.",), (), tables, (), Reproduction("", "", {}, 0, ""))


def ask(asked: Question) -> PlanResult:
    """Training costs what is written above; so does an hour of the fleet, on the node of the only alternative."""
    if isinstance(asked, ServingQuestion):
        gpu = str(asked.alternatives[0]["cluster.node"]).removesuffix("-node")
        return part("hour_usd", HOUR_USD[gpu], f"fleet of {gpu}")
    gpu = asked.scenario.cluster.node.gpu.name  # type: ignore[attr-defined]
    return part("cost_usd", TRAINING_USD[gpu], f"layout on {gpu}")


def plan(changes: Mapping[str, object]) -> PlanResult:
    """The answer to the question with changes."""
    asked = changed_question(question(), changes)
    assert isinstance(asked, JointQuestion)
    return answered(asked, "", ask, None)


def test_rent_of_a_year_and_training_are_added_up() -> None:
    """h800: 5 M + 700 x 8,760 = 11.132 MUSD; h200: 7 M + 400 x 8,760 = 10.504 MUSD."""
    result = plan({})
    costs = result.tables["candidates"].set_index("label")["cost_usd"]
    assert costs["h800-node"] == pytest.approx(5e6 + 700 * 8760)
    assert costs["h200-node"] == pytest.approx(7e6 + 400 * 8760)
    assert result.tables["candidates"]["label"].iloc[0] == "h200-node"
    assert result.headline["cost_usd"].value == pytest.approx(10.504e6)


def test_a_short_service_makes_the_cheaper_training_the_choice() -> None:
    """300 USD an hour make up for 2 M after 6,667 hours, 278 days."""
    assert plan({"serve_for_s": "277 days"}).tables["candidates"]["label"].iloc[0] == "h800-node"
    assert plan({"serve_for_s": "279 days"}).tables["candidates"]["label"].iloc[0] == "h200-node"


def test_terms_add_up_to_the_difference_and_the_sensitivity_sees_the_break_even() -> None:
    """300 days are 2.16 M saved; a fifth less, 1.73, no longer makes up for 2 M."""
    result = plan({"serve_for_s": "300 days"})
    costs = result.tables["candidates"]["cost_usd"]
    assert result.tables["attribution"]["difference"].sum() == pytest.approx(costs[1] - costs[0])
    rows = result.tables["sensitivity"].set_index("input")
    assert rows.loc["time of serving, or its cost, ±20%", "choice_low"] == "h800-node"
    assert rows.loc["time of serving, or its cost, ±20%", "choice_high"] == "h200-node"


def test_a_cluster_that_does_one_of_the_two_only_is_named_and_comes_last() -> None:
    def half(asked: Question) -> PlanResult:
        if isinstance(asked, ServingQuestion) and "h200" in str(asked.alternatives):
            raise Refused("no fleet keeps the promises")
        return ask(asked)

    result = answered(question(), "", half, None)
    last = result.tables["candidates"].iloc[-1]
    assert (last["label"], last["lost"]) == ("h200-node", "no fleet keeps the promises")


def test_no_cluster_for_both_is_refused() -> None:
    def none(_: Question) -> PlanResult:
        raise Refused("too small")

    with pytest.raises(Refused, match="no cluster does both"):
        answered(question(), "", none, None)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"training.objective": ["time"]}, "what is added up is money"),
        ({"serving.objective": ["gpus"]}, "what is added up is money"),
        ({"clusters": [{"layout.pp": 4}]}, "clusters.0"),
        ({"clusters": [{"decode.ep": 4}]}, "unknown field `decode`"),
        ({"clusters": [{"planes": 4}]}, "clusters.0.planes"),
        ({"vary": {"nodes": [4]}}, "belongs to training or serving"),
    ],
)
def test_what_does_not_hold_for_both_is_refused(changes: dict[str, object], words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        changed_question(question(), changes)
