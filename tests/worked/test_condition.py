"""Conditions on columns: what they read, what they refuse, and what a missing value makes of them."""

from __future__ import annotations

import pytest

from topologies.problems import InvalidInput
from workloads.condition import condition, unit_of

KNOWN = ("step_s", "memory_bytes_per_gpu_max", "cost_usd", "mfu_ratio_causal", "gpu", "layout.dp", "fits")
ROW = {
    "step_s": 19.5,
    "memory_bytes_per_gpu_max": 79e9,
    "cost_usd": 5.5e6,
    "mfu_ratio_causal": 0.39,
    "gpu": "h800",
    "layout.dp": 128,
    "fits": True,
}
BROKEN = {**ROW, "step_s": None, "cost_usd": float("nan")}


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("step_s < 20", True),
        ("step_s > 20 s", False),
        ("step_s <= 19500 ms", True),
        ("memory_bytes_per_gpu_max <= 80 GB", True),
        ("memory_bytes_per_gpu_max < 73 GiB", False),
        ("cost_usd < 5e6 or step_s < 20 s", True),
        ("cost_usd < 5.6 MUSD", True),
        ("mfu_ratio_causal >= 39 %", True),
        ("gpu == h800 and layout.dp = 128", True),
        ("gpu != 'h800'", False),
        ("fits == true", True),
        ("not (step_s < 20 and fits == false)", True),
        ("step_s > 20 and fits == true or gpu == h800", True),
        ("step_s > 20 and (fits == true or gpu == h800)", False),
    ],
)
def test_a_condition_reads_as_it_is_written(text: str, holds: bool) -> None:
    assert condition(text, KNOWN).holds(ROW) is holds


def test_a_missing_value_is_neither_less_nor_more_nor_different() -> None:
    for text in ("step_s < 20", "step_s >= 20", "step_s != 20", "not step_s < 20", "cost_usd < 1", "cost_usd >= 1"):
        assert not condition(text, KNOWN).holds(BROKEN)
    assert condition("step_s < 20 or gpu == h800", KNOWN).holds(BROKEN)
    assert not condition("step_s < 20 and gpu == h800", KNOWN).holds(BROKEN)


def test_a_condition_names_the_columns_it_speaks_of() -> None:
    assert condition("step_s < 20 and (gpu == h800 or step_s < 3)", KNOWN).columns == ("step_s", "gpu")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("steps_s < 20", "did you mean `step_s`?"),
        ("step_s < 20 GB", "no unit of s"),
        ("step_s < fast", "write a number and a unit"),
        ("step_s ! 20", "cannot read"),
        ("step_s 20", "write one of"),
        ("step_s <", "ends where a value belongs"),
        ("", "ends where a column belongs"),
        ("step_s < 20 and", "ends where a column belongs"),
        ("(step_s < 20", "ends where `)` belongs"),
        ("step_s < 20 cost_usd < 3", "write a value, then `and` or `or`"),
        ("step_s < 20) or gpu == h800", "where `and`, `or` or the end belongs"),
        ("__import__('os') == 1", "no column `__import__`"),
        ("mfu_ratio_causal > 40 s", "a share such as"),
        ("(" * 100 + "step_s < 20", "parentheses inside each other"),
        ("step_s < 20 or " * 200, "characters"),
    ],
)
def test_what_is_no_condition_is_refused_in_the_users_words(text: str, said: str) -> None:
    with pytest.raises(InvalidInput, match="condition") as refused:
        condition(text, KNOWN)
    assert said in str(refused.value)


def test_text_is_not_put_in_order() -> None:
    with pytest.raises(InvalidInput, match="use == or !="):
        condition("gpu < 3", KNOWN).holds(ROW)


@pytest.mark.parametrize(
    ("column", "unit"),
    [
        ("step_s", "s"),
        ("nic.bytes_per_s", "bytes/s"),
        ("memory_bytes_per_gpu_max", "bytes"),
        ("model_flop_per_s_per_gpu_causal", "flop/s"),
        ("mfu_ratio_full", "%"),
        ("tokens_per_s", ""),
        ("gpus", ""),
        ("layers", ""),
    ],
)
def test_the_unit_is_the_one_that_a_columns_name_carries(column: str, unit: str) -> None:
    assert unit_of(column) == unit


def test_a_quantity_that_could_not_be_read_meets_nothing() -> None:
    known, row = ("node.nic.bytes_per_s", "status"), {"node.nic.bytes_per_s": "800 Gb", "status": "invalid"}
    assert not condition("node.nic.bytes_per_s > 300 Gb/s", known).holds(row)
    assert condition("node.nic.bytes_per_s > 300 Gb/s or status == invalid", known).holds(row)


def test_the_example_of_a_refusal_is_one_that_can_be_typed() -> None:
    with pytest.raises(InvalidInput) as refused:
        condition("cost_usd >", ("cost_usd", "time_s"))
    assert "write for example `cost_usd > 1`" in str(refused.value)
    assert condition("cost_usd > 1", ("cost_usd", "time_s")).holds({"cost_usd": 2})
