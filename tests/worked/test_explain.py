"""What explain says of a figure can be worked out again: the formula with its terms gives the value."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping

import pytest

import clustercast
from simulator.explain import MODEL, explain, explain_alone, metrics
from simulator.result import Figure, Result
from simulator.validate import COUNTS
from topologies.problems import InvalidInput
from workloads.scenario import SCENARIOS, Scenario, load_scenario

DONE: Mapping[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
}  # fmt: skip


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return load_scenario(SCENARIOS / "deepseek-v3-pretrain.yaml")


@pytest.fixture(scope="module")
def result(scenario: Scenario) -> Result:
    return clustercast.run(scenario, {"job.sequences_per_step": 4096})


def worked_out(figure: Figure) -> float:
    """The formula's value, by python's grammar; x is the multiplication sign."""
    values = {term.name: term.value for term in figure.terms}

    def value(node: ast.expr) -> float:
        if isinstance(node, ast.BinOp):
            return DONE[type(node.op)](value(node.left), value(node.right))
        if isinstance(node, ast.Name):
            return values[node.id]
        assert isinstance(node, ast.Constant) and isinstance(node.value, int)
        return float(node.value)

    return value(ast.parse(figure.formula.replace(" x ", " * "), mode="eval").body)


def test_every_headline_figures_formula_gives_its_value(result: Result) -> None:
    for name in result.headline:
        found = explain(name, result).figure
        assert worked_out(found) == pytest.approx(found.value, rel=1e-9), name
        assert all(term.source and term.unit for term in found.terms)


def test_every_count_of_the_model_is_the_sum_of_its_parts_or_says_what_it_is(scenario: Scenario) -> None:
    for name in COUNTS:
        found = explain_alone(MODEL + name, scenario).figure
        assert found.definition
        if found.formula:
            assert worked_out(found) == pytest.approx(found.value, rel=1e-9), name
    assert sum(not explain_alone(MODEL + name, scenario).figure.formula for name in COUNTS) == 1


def test_a_catalogue_value_comes_with_basis_and_source(result: Result) -> None:
    terms = {term.name: term for term in explain("mfu_ratio_causal", result).figure.terms}
    assert terms["bf16_flop_per_s"].value == 989e12
    assert terms["bf16_flop_per_s"].source.startswith("h800: published, ")


def test_a_figure_that_stands_on_another_says_how_to_go_on(result: Result) -> None:
    assert "clustercast explain gpu_hours goes on" in explain("headline.cost_usd", result).notes


def test_kernels_alone_come_with_their_formula_and_parameters(scenario: Scenario) -> None:
    found = explain_alone("all_to_all.normal.ep64.dispatch.seconds", scenario)
    assert "tokens x bytes x other nodes reached / (port x network_ratio)" in " ".join(found.notes)
    assert {"network_ratio", "posting.message_s"} <= {term.name for term in found.figure.terms}


def test_an_unknown_figure_is_refused_with_the_nearest_one(result: Result, scenario: Scenario) -> None:
    with pytest.raises(InvalidInput, match="did you mean `step_bubble_s`"):
        explain("step_buble_s", result)
    with pytest.raises(InvalidInput, match=r"did you mean `model\.parameters`"):
        explain_alone("model.paramters", scenario)
    with pytest.raises(InvalidInput, match="no such figure"):
        explain_alone("all_to_all.normal.dispatch", scenario)
    assert "step_s" in metrics(result)
