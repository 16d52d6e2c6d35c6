"""What files say of prices of tokens, demand, autoscaling and searches, and what is refused at the door."""

from __future__ import annotations

import pytest

from topologies.spec import InvalidInput, Spec, dump, load_entry, loads
from workloads.autoscaling import Autoscaling
from workloads.demand import Demand
from workloads.fleet_search import FleetSearch
from workloads.scenario import catalogue
from workloads.token_price import TokenPrices

DEMAND = "{base: deepseek-2025-02-27, %s}"
SOURCED = "sources: {input_tokens: {basis: assumed, source: somewhere else}}"


def refusal(text: str, kind: type[Spec]) -> str:
    with pytest.raises(InvalidInput) as caught:
        loads(text, kind, catalogue())
    return str(caught.value)


def test_prices_are_read_a_million_tokens() -> None:
    prices = load_entry("token-prices", "deepseek-r1-2025-02", TokenPrices, catalogue())
    assert prices.output_usd_per_token == 2.19e-6
    assert "2.19 USD/M tokens" in dump(prices)


def test_another_spelling_of_a_million_tokens_is_not_guessed() -> None:
    text = "{base: deepseek-r1-2025-02, input_usd_per_token: 0.55 USD/Mtokens}"
    assert "did you mean `USD/M tokens`?" in refusal(text, TokenPrices)


def test_swapped_prices_are_found() -> None:
    text = "{base: deepseek-r1-2025-02, input_usd_per_token: 0.1 USD/M tokens}"
    assert "are the two prices swapped?" in refusal(text, TokenPrices)


def test_more_cached_tokens_than_tokens_are_refused() -> None:
    assert "they are part of them" in refusal(DEMAND % "cached_tokens: 700 B tokens", Demand)


def test_a_day_of_another_shape_is_one_line() -> None:
    found = loads(DEMAND % "profile: {kind: plateau, peak: 1.2, hours: 16, from_hour: 8}", Demand, catalogue())
    assert found.profile.peak_ratio == 1.2
    assert "write 20 or fewer" in refusal(DEMAND % "profile: {kind: plateau, peak: 1.2, hours: 21}", Demand)
    assert "did you mean" in refusal(DEMAND % "profile: {kind: wavy, peak: 1.2}", Demand)


def test_a_search_lists_values_of_fields_of_units() -> None:
    text = "{most_gpus: 2048, prefill: {ep: [16, 32]}, decode: {ep: [64, 144], sequences_per_group: [64, 128]}}"
    found = loads(text, FleetSearch, catalogue())
    assert [*found.variants("prefill")] == [{"gpus": 16, "ep": 16}, {"gpus": 32, "ep": 32}]
    assert len([*found.variants("decode")]) == 4
    assert [*found.variants("whole")] == [{}]
    assert loads(dump(found), FleetSearch, catalogue()) == found


@pytest.mark.parametrize(
    ("grid", "told"),
    [
        ("prefill: {tokens_per_grup: [1]}", "did you mean `tokens_per_group`?"),
        ("decode: {units: [1, 2]}", "what the search finds"),
    ],
)
def test_a_search_over_no_field_is_refused(grid: str, told: str) -> None:
    assert told in refusal(f"{{most_gpus: 8, {grid}}}", FleetSearch)


def test_autoscaling_has_no_default_for_how_long_loading_takes() -> None:
    assert "lead_s" in refusal("{drain_s: 60 s}", Autoscaling)
    assert loads("{lead_s: 5 min, drain_s: 60 s}", Autoscaling, catalogue()).lead_s == 300.0
