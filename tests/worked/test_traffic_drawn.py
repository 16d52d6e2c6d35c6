"""Drawn traffic by hand: even gaps, a day's rate, quantiles, bounded lengths, conversations and their blocks."""

from __future__ import annotations

import math

import numpy as np
import pytest

from topologies.spec import InvalidInput, load_entry, loads
from workloads.lengths.fixed import Fixed
from workloads.lengths.lognormal import Lognormal
from workloads.prefixes import Prefixes
from workloads.quantiles import drawn, mean
from workloads.scenario import catalogue
from workloads.traffic_fit import TrafficFit
from workloads.traffics.constant import Constant
from workloads.traffics.diurnal import Diurnal
from workloads.traffics.fitted import Fitted
from workloads.traffics.poisson import Poisson

LENGTHS = Fixed(input_tokens=10, output_tokens=6)


def test_even_traffic_has_rate_times_duration_requests() -> None:
    found = Constant(rate_per_s=2, duration_s=2.0, lengths=LENGTHS).requests(0)
    assert found.arrival_s.tolist() == [0.25, 0.75, 1.25, 1.75]
    assert found.input_tokens.tolist() == [10] * 4
    assert Constant(rate_per_s=2, duration_s=2.0, most_requests=3, lengths=LENGTHS).requests(0).count == 3


def test_traffic_reads_from_yaml_with_a_rate_in_requests() -> None:
    text = "kind: poisson\nrate_per_s: 600 requests/min\nduration_s: 1 h\n"
    text += "lengths: {kind: fixed, input_tokens: 10, output_tokens: 6}"
    traffic = loads(text, Poisson)
    assert (traffic.rate_per_s, traffic.duration_s) == (10.0, 3600.0)
    assert traffic.faster(2).rate_per_s == 20


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("kind: poisson\nrate_per_s: 1 requests/s\nlengths: {kind: fixd}\nmost_requests: 1", "did you mean `fixed`?"),
        ("kind: poisson\nrate_per_s: 3\nmost_requests: 1\nlengths: {kind: fixed}", "write for example"),
        (
            "kind: poisson\nrate_per_s: 1 requests/s\nlengths: {kind: fixed, input_tokens: 1, output_tokens: 1}",
            "traffic without an end",
        ),
    ],
)
def test_traffic_that_means_nothing_is_refused(text: str, said: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        loads(text, Poisson)
    assert said in str(refused.value) or "a bare number 3" in str(refused.value)


def test_no_request_in_a_short_time_is_said() -> None:
    with pytest.raises(InvalidInput, match="no request comes within"):
        Constant(rate_per_s=1e-3, duration_s=1.0, lengths=LENGTHS).requests(0)


def test_a_cosine_day_has_its_integral() -> None:
    """Mean 1/s, peak 1.5 at noon: from 6 to 18 o'clock 12 h + 0.5 x 24 h / pi, at night the rest."""
    day = Diurnal(rate_per_s=1, duration_s=1e6, lengths=LENGTHS, peak_ratio=1.5, peak_hour=12, begin_hour=6)
    light = 43_200 + 0.5 * 86_400 / math.pi
    assert day.expected(43_200) == pytest.approx(light)
    assert day.expected(3 * 86_400 + 43_200) == pytest.approx(3 * 86_400 + light)
    assert day.moments_s(np.array([light, 86_400 + light])) == pytest.approx([43_200, 129_600])


def test_a_day_of_hourly_weights_brings_nothing_at_night() -> None:
    weights = (0.0,) * 8 + (1.0,) * 8 + (2.0,) * 8
    day = Diurnal(rate_per_s=1, duration_s=1e6, lengths=LENGTHS, hourly_weights=weights)
    assert day.expected(8 * 3600) == 0
    assert day.expected(16 * 3600) == pytest.approx(86_400 / 3)
    later = Diurnal(rate_per_s=1, duration_s=1e6, lengths=LENGTHS, hourly_weights=weights, begin_hour=16.5)
    assert later.expected(7.5 * 3600) == pytest.approx(86_400 * 2 / 3 * 7.5 / 8)


def test_a_day_has_one_shape() -> None:
    for shape in ({}, {"peak_ratio": 1.5}, {"peak_ratio": 1.5, "peak_hour": 1.0, "hourly_weights": (1.0,) * 24}):
        with pytest.raises(ValueError, match="and not both"):
            Diurnal(rate_per_s=1, duration_s=1.0, lengths=LENGTHS, **shape)


def test_between_two_quantiles_logarithms_lie_straight() -> None:
    shares, values = (0.0, 0.5, 1.0), (1.0, 100.0, 100.0)
    assert drawn(shares, values, np.array([0, 0.25, 0.5, 0.9])) == pytest.approx([1, 10, 100, 100])
    assert mean(shares, values) == pytest.approx(0.5 * 99 / math.log(100) + 50)


def test_a_bounded_lognormal_has_the_mean_of_its_integral() -> None:
    """Midpoints of a million equal shares stand for the integral."""
    lengths = Lognormal(median_tokens=10_000, variation=1.2, least_tokens=4_000, most_tokens=30_000)
    from scipy.stats import norm

    normal = norm.ppf((np.arange(1_000_000) + 0.5) / 1_000_000)
    assert lengths.mean() == pytest.approx(lengths.lengths(normal).mean(), rel=1e-4)
    assert Lognormal(median_tokens=7, variation=0).mean() == 7


def test_the_shipped_fits_read_and_scale() -> None:
    fit = load_entry("traffic-fits", "azure-code-2023", TrafficFit, catalogue())
    traffic = Fitted(fit=fit, duration_s=600.0)
    assert traffic.means().rate_per_s == fit.rate_per_s
    twice = traffic.faster(2)
    assert twice.requests(3).arrival_s[:50] == pytest.approx(traffic.requests(3).arrival_s[:50] / 2)


def test_turns_repeat_what_came_before_and_share_its_whole_blocks() -> None:
    """System prompt 20, messages of 10, answers of 6, blocks of 8: prompts of 30, 46, 62, ... have 3, 5, 7, ... blocks.

    Two blocks lie in the system prompt and are those of everybody; with 1,000 turns hardly a conversation ends.
    """
    prefixes = Prefixes(block_tokens=8, system_prompts=(20,), turns=1000, pause_s=1e-9)
    traffic = Constant(rate_per_s=1, most_requests=5, lengths=LENGTHS, prefixes=prefixes)
    found = traffic.requests(0)
    assert found.input_tokens.tolist() == [30, 46, 62, 78, 94]
    assert np.diff(found.block_at).tolist() == [3, 5, 7, 9, 11]
    longest = found.block_ids[found.block_at[-2] :].tolist()
    assert len(set(longest)) == 11
    for begin, end in zip(found.block_at[:-1], found.block_at[1:], strict=True):
        assert found.block_ids[begin:end].tolist() == longest[: end - begin]


def test_a_conversation_that_grows_too_long_begins_anew() -> None:
    prefixes = Prefixes(block_tokens=8, system_prompts=(20,), turns=1000, pause_s=1e-9, most_input_tokens=50)
    found = Constant(rate_per_s=1, most_requests=5, lengths=LENGTHS, prefixes=prefixes).requests(0)
    assert found.input_tokens.tolist() == [30, 46, 30, 46, 30]
    first, second, third, *_ = np.split(found.block_ids, found.block_at[1:-1])
    assert first.tolist() == second[:3].tolist()
    assert first[:2].tolist() == third[:2].tolist()
    assert first[2] != third[2]


def test_single_turns_share_system_prompts_by_zipf() -> None:
    """Two prompts, the second half as popular: 2/3 and 1/3."""
    prefixes = Prefixes(block_tokens=8, system_prompts=(8, 16), popularity_exponent=1)
    found = Constant(rate_per_s=1, most_requests=30_000, lengths=LENGTHS, prefixes=prefixes).requests(0)
    begins = found.block_ids[found.block_at[:-1]]
    assert np.bincount(begins)[:2] / found.count == pytest.approx([2 / 3, 1 / 3], abs=0.01)
    assert prefixes.mean_input_tokens(10, 6) == pytest.approx(10 + 2 / 3 * 8 + 1 / 3 * 16)
