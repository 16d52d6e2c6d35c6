"""Services at the edges: sizes that do not divide, parts that others need, fields that would be ignored."""

from __future__ import annotations

from itertools import pairwise

import pytest

import clustercast
from simulator.refusal import Refused
from simulator.serving.asked import asked_of
from simulator.serving.engine import prefill
from simulator.serving.engine.prefill import Prompts
from simulator.serving.engine.step import Engine
from simulator.serving.fleet_found import options_of
from simulator.serving.planning import plan_service
from tests.engines import decode_engine, prefill_engine, shipped
from topologies.spec import InvalidInput
from workloads.fleet_search import FleetSearch
from workloads.service import Promises, Service, changed_service

TRAFFIC = {
    "kind": "poisson",
    "rate_per_s": "2 requests/s",
    "duration_s": "2 min",
    "lengths": {"kind": "fixed", "input_tokens": 256, "output_tokens": 64},
}


def node(changes: dict[str, object]) -> Service:
    """One server of H200 that does both, changed."""
    return changed_service(shipped("h200-node"), changes)


def keys_of(engine: Engine, keys: float) -> float:
    """Earlier tokens that a new one looks at, mean, in the micro-batch that stands for so many."""
    tokens = prefill.asked_of(engine, Prompts(16_384, keys)).tokens
    return tokens.past + tokens.length / 2


@pytest.mark.parametrize("keys", [500, 1000, 2048, 2750, 3426, 4000, 9000])
def test_a_step_of_prompts_looks_at_as_many_earlier_tokens_as_its_prompts_do(keys: float) -> None:
    """8,192 tokens of a micro-batch that look at 2,750 each are no one prompt of 8,192, whose tokens look at 4,096."""
    assert keys_of(prefill_engine(), keys) == pytest.approx(keys, rel=0.051)


def test_longer_prompts_are_read_more_slowly() -> None:
    """2 % is what whole numbers of prompts in a step may bring."""
    rates = [
        plan_service(changed_service(shipped("deepseek-v3-profile-prefill"), {"typical.input_tokens": tokens}))
        .units["prefill"]
        .tokens_per_s_per_gpu
        for tokens in (4096, 5000, 5500, 6000, 7000, 9000, 16_000)
    ]
    assert all(later < sooner * 1.001 for sooner, later in pairwise(rates))


@pytest.mark.parametrize("tp", [2, 32])
def test_prompts_are_read_by_groups_that_split_layers(tp: int) -> None:
    """A group reads no faster than its GPUs would by themselves, for what they send each other comes on top."""
    split = plan_service(changed_service(shipped("deepseek-v3-profile-prefill"), {"prefill.tp": tp}))
    alone = plan_service(shipped("deepseek-v3-profile-prefill"))
    assert 0 < split.units["prefill"].tokens_per_s_per_gpu < alone.units["prefill"].tokens_per_s_per_gpu


def test_units_that_do_both_answer_requests_as_they_are_described() -> None:
    """256 requests of 320 tokens or fewer on 8 H200: nobody waits for long, and what comes is served."""
    result = clustercast.serve(node({"traffic": TRAFFIC}))
    assert result.headline["turned_away"].value == 0
    assert result.headline["requests_per_s"].value == pytest.approx(2, rel=0.25)


def test_units_that_do_both_and_split_their_layers_answer_requests() -> None:
    result = clustercast.serve(node({"traffic": TRAFFIC, "whole.tp": 8}))
    assert result.headline["turned_away"].value == 0


def test_steps_of_units_that_do_both_hold_no_more_tokens_than_they_may() -> None:
    """Prompts of 5,000 tokens to one token of an answer: 2,048 tokens a step are 0.41 requests."""
    unit = plan_service(node({"typical": {"input_tokens": 5000, "output_tokens": 1}})).units["whole"]
    assert unit.prompt_tokens + unit.rows == pytest.approx(2048)
    assert unit.rows == pytest.approx(2048 / 5001)


def test_experts_that_are_placed_anew_every_step_move_every_step() -> None:
    """Steps in which they move are longer than those in which they stay; a hundredth as often, by a hundredth."""
    often, seldom = (
        prefill_engine({"prefill.eplb": {"redundant_experts": 32, "every_steps": steps}, "prefill.router": ROUTER})
        for steps in (1, 100)
    )
    assert often.moving_s > 0
    assert seldom.moving_s == pytest.approx(often.moving_s / 100, rel=0.3)
    assert decode_engine().moving_s == 0


ROUTER: dict[str, object] = {"kind": "affinity", "domain_strength": 1.2, "correlation": 0.5}


@pytest.mark.parametrize("sms", [1, 132])
def test_kernels_that_nobody_or_nothing_else_could_run_beside_are_refused(sms: int) -> None:
    with pytest.raises(InvalidInput, match="communication_sms"):
        node({"whole.communication_sms": sms})


def test_low_latency_kernels_hold_no_multiprocessors_to_be_refused() -> None:
    assert node({"whole.communication_sms": 1, "whole.all_to_all": "low-latency"}).whole is not None


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"handling.most_waiting": 4}, "write `traffic`"),
        ({"traffic": TRAFFIC, "handling.decode_routing": "round-robin"}, "keep the sequences"),
        ({"traffic": TRAFFIC, "handling.first_token_after_transfer": True}, "hand no cache on"),
        ({"traffic": TRAFFIC, "handling.extra_tokens": 5}, "prefix-aware"),
        ({"prefill.ep": 8}, "no `prefill` units, only `whole`"),
    ],
)
def test_what_units_would_ignore_is_refused(changes: dict[str, object], words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        node(changes)


def test_which_of_prompts_and_answers_goes_first_is_for_units_that_do_both() -> None:
    with pytest.raises(InvalidInput, match=r"handling\.first"):
        changed_service(shipped("sglang-96-h100"), {"traffic": TRAFFIC, "handling.first": "prefill"})


@pytest.mark.parametrize("part", ["traffic", "demand"])
def test_weights_outside_of_the_gpus_answer_no_requests_yet(part: str) -> None:
    parts: dict[str, object] = {"traffic": TRAFFIC, "demand": "deepseek-2025-02-27"}
    promises = {"ttft_s": "1 s", "tpot_s": "100 ms"}
    with pytest.raises(Refused, match=f"{part}: only steps"):
        clustercast.serve(changed_service(shipped("workstation"), {part: parts[part], "promises": promises}))


def test_a_promise_is_held_against_a_typical_step() -> None:
    assert any("Promised is a token every 60 ms: with 370 sequences a group it is broken" in line
               for line in clustercast.serve(node({})).answer)  # fmt: skip


def test_one_request_is_answered_without_rates_that_one_cannot_have() -> None:
    result = clustercast.serve(node({"traffic": {**TRAFFIC, "rate_per_s": "1 requests/s", "duration_s": "1 s"}}))
    assert "requests_per_s" not in result.headline
    assert result.headline["ttft_p50_s"].value > 0


def test_requests_that_outlast_their_traffic_are_told() -> None:
    short = {**TRAFFIC, "duration_s": "4 s", "rate_per_s": "8 requests/s"}
    assert any("still filling up" in line for line in clustercast.serve(node({"traffic": short})).answer)


def test_closed_forms_and_events_agree_on_a_server_that_does_both() -> None:
    """5 requests a second: by hand 37 ms a step without prompts, and 0.08 s more for each prompt that begins, so that a
    token comes every 37 / (1 - 5 x 0.08) = 62 ms; both say so within a tenth, and within 5 % of each other."""
    lengths = {"kind": "fixed", "input_tokens": 1024, "output_tokens": 256}
    traffic = {"kind": "poisson", "rate_per_s": "5 requests/s", "duration_s": "3 min", "lengths": lengths}
    service = node({"traffic": traffic})
    asked = asked_of(service, service.traffic.requests(0) if service.traffic else None)
    option = options_of(service, FleetSearch(most_gpus=8), asked).made.options[0]
    promises = Promises(ttft_s=2.0, tpot_s=0.06)
    closed_s = option.outcome(1, asked.offered, promises).step_s
    played_s = clustercast.serve(service).headline["tpot_p50_s"].value
    assert closed_s == pytest.approx(0.062, rel=0.1)
    assert closed_s == pytest.approx(played_s, rel=0.05)
