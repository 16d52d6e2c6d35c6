"""Questions about serving: what is weighed, what a bound excludes, how terms add up, what is refused."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import pandas as pd
import pytest

from simulator.headline import HOUR_S
from simulator.planner.choose import choose
from simulator.planner.fleets.floor import floor_gpus
from simulator.planner.fleets.tables import _typed
from simulator.planner.fleets.variants import variants_of
from simulator.planner.fleets.weighed import FLOOR, IMPOSSIBLE, Aim, Weighed, beats, weighed
from simulator.planner.result import PlanResult
from simulator.refusal import Refused
from simulator.serving.fleet.offered import steady
from tests.engines import shipped
from topologies.spec import InvalidInput
from workloads.plan_question import QUESTIONS
from workloads.question_file import changed_question, load_question
from workloads.service import SERVICES
from workloads.serving_question import ServingQuestion

PRICE = {"base": "h100-rental", "name": "stand-in", "gpu_usd_per_s": "3 USD/h"}


@lru_cache(maxsize=1)
def chat() -> ServingQuestion:
    """The shipped question about servers that do both, with one way to build them."""
    asked = load_question(QUESTIONS / "chat-on-h200-servers.yaml")
    assert isinstance(asked, ServingQuestion)
    return changed(asked, {"fleets.whole": {"all_to_all": ["low-latency"], "tp": [1, 8]}})


def changed(question: ServingQuestion, changes: dict[str, object]) -> ServingQuestion:
    """The question with changes."""
    found = changed_question(question, changes)
    assert isinstance(found, ServingQuestion)
    return found


@lru_cache(maxsize=1)
def answered() -> PlanResult:
    """Its answer."""
    return choose(chat())


def untold(what: str, done: int, whole: int) -> None:
    """Tell nobody."""


def test_a_stream_keeps_at_least_so_many_gpus_busy() -> None:
    """1,000 requests a second of 1,000 tokens and 101, by hand: layers use 11.4 B weights of attention, 1.2 of MLPs,
    23.1 of experts and gates a token, 35.7 in all: 71.4 GFLOP, 36 us of 1,979 TFLOP/s; a
    written token reads 1,050 x 70,272 bytes, a fifth of 22 us, which is less. 1,100 x 36 us x 1,000 are 39.7 GPUs."""
    found = floor_gpus(shipped("sglang-96-h100"), steady(1000, 1000, 101))
    assert found == pytest.approx(1000 * 1100 * 2 * 35.7e9 / 1.979e15, rel=0.002)


def test_longer_caches_are_read_from_memory_however_fast_a_gpu_computes() -> None:
    """100,000 tokens of 70,272 bytes take 7 GB; a fifth of them a token, 0.42 ms at 3.35 TB/s, more than the 36 us."""
    found = floor_gpus(shipped("sglang-96-h100"), steady(1, 1, 101, 100_000))
    assert found == pytest.approx(100 * 100_050 * 70_272 / 3.35e12 / 5, rel=0.02)


def test_no_fleet_is_cheaper_than_the_floor() -> None:
    variants = variants_of(chat(), None)
    found = weighed(variants, Aim(("cost",), 10, None), untold)
    assert found.ranked
    assert all(one.fleet.usd_per_s > one.timed.variant.floor_usd_per_s for one in found.ranked)


def test_variants_whose_floor_lies_above_every_fleet_are_not_timed() -> None:
    """At 1,000 times the price no fleet can be among the best."""
    dear = {"cluster.node.gpu": {"base": "h200", "name": "dear"}}
    asked = changed(chat(), {"alternatives": [{"node": "h200-node"}, dear], "search.keep": 2})
    prices = [{**PRICE, "gpu": "h200"}, {**PRICE, "gpu": "dear", "gpu_usd_per_s": "3000 USD/h"}]
    asked = changed(asked, {"prices": prices})
    found = weighed(variants_of(asked, None), Aim(("cost",), 2, None), untold)
    assert found.left_out[FLOOR] == 2
    assert len(found.timed) == 1


def test_units_that_hold_no_weights_are_left_out_and_named() -> None:
    asked = changed(chat(), {"fleets.whole": {"gpus": [4], "ep": [4]}})
    with pytest.raises(Refused, match="memory or sizes"):
        choose(asked)


def test_rent_of_the_choice_and_of_the_next_one_differ_by_their_terms() -> None:
    """2 servers of 8 GPUs at 3 USD an hour are 48 USD, the next one's 3 are 72."""
    result = answered()
    terms, candidates = result.tables["attribution"], result.tables["candidates"]
    first, second = candidates["hour_usd"].iloc[0], candidates["hour_usd"].iloc[1]
    assert first == pytest.approx(candidates["gpus"].iloc[0] * 3)
    assert terms["difference"].sum() == pytest.approx(second - first)
    assert terms["chosen"].sum() == pytest.approx(first)
    assert terms["runner_up"].sum() == pytest.approx(second)


def test_the_choice_is_played_and_every_table_says_what_the_headline_does() -> None:
    result = answered()
    first, played = result.tables["candidates"].iloc[0], result.tables["confirmed"]
    assert first["place"] == 1
    assert first["gpus"] == result.headline["gpus"].value
    assert first["hour_usd"] == pytest.approx(result.headline["hour_usd"].value)
    assert first["kept_share"] >= 0.9
    assert played[(played["place"] == 1) & (played["figure"] == "gpus")]["events"].iloc[0] == first["gpus"]
    assert result.tables["pruned"]["choices"].sum() == 2


def test_a_token_costs_what_the_fleet_costs_over_what_it_writes() -> None:
    head = {name: figure.value for name, figure in answered().headline.items()}
    written = head["requests_per_s"] * HOUR_S * 256
    assert head["usd_per_million_output_tokens"] == pytest.approx(head["hour_usd"] / written * 1e6)


def test_dearer_gpus_make_every_fleet_dearer_and_none_other() -> None:
    """Of one kind of GPU all fleets cost a fifth more."""
    frame = answered().tables["sensitivity"].set_index("input")
    row = frame.loc["price of a h200, ±20%"]
    assert row["figure_high"] / row["figure_low"] == pytest.approx(1.2 / 0.8)
    assert not row["changes_choice"]


def test_shorter_promises_and_more_traffic_are_never_cheaper() -> None:
    frame = answered().tables["sensitivity"]
    promised = frame[frame["input"].str.startswith("promised")]
    assert (promised["figure_low"] >= promised["figure_high"]).all()
    traffic = frame[frame["input"].str.startswith("traffic")].iloc[0]
    assert traffic["figure_low"] <= traffic["figure_high"]


def test_some_nodes_carry_about_as_much_as_so_many_are_the_answer_for() -> None:
    """What two servers carry at most is at least the traffic that takes two, and less than what takes three."""
    result = choose(changed(chat(), {"find": {"what": "most-traffic", "nodes": 2}}))
    tries = result.tables["inverse"]
    carried = tries[tries["keeps"]]["value"].max()
    assert result.headline["nodes"].value == 2
    assert carried >= answered().headline["requests_per_s"].value
    assert tries[~tries["keeps"]]["value"].min() / carried == pytest.approx(1, abs=0.011)
    assert (tries[tries["keeps"]]["figure"] <= 16).all()


def test_of_two_objectives_all_best_compromises_come_first() -> None:
    """Longer times a token need no more GPUs; of equal GPUs the shorter time is better."""
    asked = changed(chat(), {"fleets.whole": {"all_to_all": ["low-latency"], "tp": [8]}})
    result = choose(changed(asked, {"objective": ["cost", "tpot"], "vary": {"promises.tpot_s": ["45 ms", "60 ms"]}}))
    candidates = result.tables["candidates"]
    ahead = candidates[candidates["pareto"]].sort_values("tpot_s")
    assert (ahead["hour_usd"].diff().dropna() < 0).all()
    assert candidates["pareto"].iloc[: len(ahead)].all()


def test_one_is_better_only_where_it_is_worse_in_nothing() -> None:
    assert beats((1.0, 2.0), (1.0, 3.0))
    assert not beats((1.0, 3.0), (2.0, 2.0))
    assert not beats((1.0, 2.0), (1.0, 2.0))


def test_sizes_of_units_that_only_some_fleets_have_stay_whole_numbers() -> None:
    typed = _typed(pd.Series([8, None], dtype=object))
    assert typed.tolist() == [8, None]
    assert _typed(pd.Series([8, 16], dtype=object)).dtype.kind == "i"


def test_reasons_keep_a_few_examples() -> None:
    found = Weighed()
    for at in range(5):
        found.leave_out(IMPOSSIBLE, 1, f"unit {at}")
    assert (found.left_out[IMPOSSIBLE], len(found.why[IMPOSSIBLE])) == (5, 3)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"vary": {"cluster.nodes": [1, 2]}}, "limits.most_gpus bounds it"),
        ({"vary": {"nodez": [1]}}, "did you mean `node`"),
        ({"vary": {"whole.units": [1]}}, "is what is looked for"),
        ({"vary": {"search.most_gpus": [1]}}, "under fleets"),
        ({"objective": ["cost", "cost"]}, "given twice"),
        ({"objective": ["tpot"]}, "promised times to choose from"),
        ({"objective": ["cost", "gpus"], "find": {"what": "most-traffic", "nodes": 2}}, "one objective"),
        ({"limits.tpot_s": "50 ms", "vary": {"promises.tpot_s": ["50 ms"]}}, "is varied"),
        ({"limits.networks": ["mpfd"]}, "did you mean `mpft`"),
        ({"search.method": "sample"}, "none is drawn"),
        ({"size_for": "mean"}, "for a `demand`"),
        ({"service.promises": None}, "promises nothing"),
        ({"service.traffic": None}, "needs `traffic` or `demand`"),
        ({"prices": [{**PRICE, "gpu": "h200"}, {**PRICE, "gpu": "h200"}]}, "two are for one GPU"),
    ],
)
def test_questions_that_mean_nothing_are_refused(changes: dict[str, object], words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        changed(chat(), changes)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"limits.networks": ["slim-fly"]}, "network"),
        ({"fleets.prefill": {"ep": [8]}}, "units of whole only"),
        ({"vary": {"node": ["h200-node", "b200-node"]}}, "prices: none for b200"),
        ({"limits.most_gpus": 8}, "no fleet keeps the promises"),
        ({"limits.tpot_s": "1 ms"}, "TPOT"),
        ({"limits.budget_usd_per_s": "1 USD/h"}, "no fleet keeps the promises"),
    ],
)
def test_limits_that_nothing_keeps_are_refused_with_what_is_nearest(changes: dict[str, object], words: str) -> None:
    with pytest.raises(Refused, match=words):
        choose(changed(chat(), changes))


def test_a_service_is_a_question_by_itself_and_short_paths_reach_it(tmp_path: Path) -> None:
    file = tmp_path / "own.yaml"
    file.write_text("base: h200-node\nname: own\ntypical: {input_tokens: 10, output_tokens: 10}\ntraffic: " + TRAFFIC)
    asked = load_question(file)
    assert isinstance(asked, ServingQuestion)
    assert changed(asked, {"whole.tp": 8}).service.units["whole"].tp == 8


def test_a_service_that_nobody_asks_anything_of_is_no_question() -> None:
    with pytest.raises(InvalidInput, match="needs `traffic` or `demand`"):
        load_question(SERVICES / "h200-node.yaml")


LENGTHS = "{kind: fixed, input_tokens: 9, output_tokens: 9}"
TRAFFIC = f"{{kind: poisson, rate_per_s: 1 requests/s, duration_s: 1 min, lengths: {LENGTHS}}}\n"
