"""Times, promises, throughput and queues of a play of four requests, counted by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from simulator.refusal import Refused
from simulator.serving.world.gaps import Gaps
from simulator.serving.world.playing import play
from simulator.serving.world.spec import Admission, World
from simulator.serving.world.state import GAP_RATIO, LOWEST_GAP_S
from simulator.serving.world.summarise import (
    Promise,
    Steady,
    attainment,
    engines,
    latencies,
    queues,
    requests,
    throughput_per_s,
    tpot_s,
    ttft_s,
)
from tests.made_worlds import requests_of
from tests.worked.test_world_of_serving import small

PLAYED = play(requests_of([0, 1, 2, 3], [100, 200, 300, 400], [3, 3, 3, 1]), small())
"""First tokens after 100, 200, 300, 400 ms; then 5 ms + 0.1 ms a token, and two steps of 11 ms, but for the last."""
ALL = Steady(0.0)


def test_times_are_those_of_the_requests() -> None:
    table = latencies(PLAYED, ALL)
    found = [table[name]["ttft_s"] for name in ("mean", "p50", "p99", "max")]
    assert found == pytest.approx([0.25, 0.2, 0.4, 0.4])
    assert tpot_s(PLAYED)[:3].tolist() == pytest.approx([0.037 / 2, 0.047 / 2, 0.057 / 2])
    assert np.isnan(tpot_s(PLAYED)[3])
    assert table.loc["tpot_s", "count"] == 3
    assert table.loc["end_to_end_s", "max"] == pytest.approx(0.4)


def test_gaps_are_steps_and_what_stands_between_them() -> None:
    """Three of 11 ms; three with a transfer of 15, 25, 35 ms before the step."""
    gaps = PLAYED.gaps
    assert gaps.tokens.sum() == 6
    assert gaps.mean_s == pytest.approx((3 * 0.011 + 0.026 + 0.036 + 0.046) / 6)
    assert [gaps.quantile_s(q) for q in (0.5, 4 / 6, 5 / 6, 1.0)] == pytest.approx([0.011, 0.026, 0.036, 0.046], 0.005)


def test_gaps_of_the_steady_part_are_those_of_whole_slices_in_it() -> None:
    """The second request's gaps end at 1.236 and 1.247 s; slices are 0.15 s long."""
    found = PLAYED.gap_slices.between(1.0, 2.0)
    assert found.tokens.sum() == 2
    assert found.sum_s == pytest.approx(0.047)
    assert latencies(PLAYED, Steady(0.1)).loc["itl_s", "count"] == 4
    assert PLAYED.gap_slices.between(1.24, 2.0).tokens.sum() == 0


def test_a_quantile_of_gaps_is_half_a_percent_right() -> None:
    values = np.random.default_rng(3).lognormal(-3, 1, 20_000)
    bins = np.float64(LOWEST_GAP_S) * GAP_RATIO ** np.arange(5000)
    counted = np.histogram(values, np.append(bins, np.inf))[0]
    gaps = Gaps(bins, counted, float(values.sum()), float(values.max()))
    for share in (0.01, 0.5, 0.9, 0.99, 0.999):
        assert gaps.quantile_s(share) == pytest.approx(np.quantile(values, share, method="inverted_cdf"), rel=0.005)


def test_a_promise_is_kept_to_those_in_time_and_broken_to_those_turned_away() -> None:
    table = attainment(PLAYED, [Promise(0.25, 0.02), Promise(0.35, 0.03)], ALL)
    assert table["kept_share"].tolist() == [0.25, 0.75]
    assert table["ttft_share"].tolist() == [0.5, 0.75]
    assert table["good_requests_per_s"].tolist() == pytest.approx([1 / 3, 1])
    assert table["good_tokens_per_s"].tolist() == pytest.approx([1, 3])
    hasty = play(requests_of([0, 0.1, 0.2], [1000] * 3, [2] * 3), small())
    patient = Promise(10.0, 10.0)
    assert attainment(hasty, [patient], ALL)["kept_share"].tolist() == [1.0]
    hasty = play(requests_of([0, 0.1, 0.2], [1000] * 3, [2] * 3), _one_waits())
    assert attainment(hasty, [patient], ALL)["kept_share"].tolist() == pytest.approx([2 / 3])


def _one_waits() -> World:
    """The small world whose queue has room for one."""
    return replace(small(), admission=Admission(most_waiting=1))


def test_throughput_is_of_the_steady_part() -> None:
    """Requests finish at 0.137, 1.247, 2.357 and 3.4 s; from 0.3 to 3 s there are two, with 500 and 6 tokens."""
    found = throughput_per_s(PLAYED, Steady(0.1))
    assert found["requests"] == pytest.approx(2 / 2.7)
    assert found["arrived_requests"] == pytest.approx(3 / 2.7)
    assert found["input_tokens"] == pytest.approx(500 / 2.7)
    assert found["output_tokens"] == pytest.approx(6 / 2.7)
    with pytest.raises(Refused, match="warm_up_share is 1"):
        throughput_per_s(PLAYED, Steady(1.0))


def test_a_row_says_what_became_of_a_request() -> None:
    table = requests(PLAYED)
    assert table["end"].tolist() == ["finished"] * 4
    assert table.loc[0, "finish_s"] == pytest.approx(0.137)


def test_queues_and_engines_are_busy_as_long_as_their_steps() -> None:
    table = engines(PLAYED)
    assert table["busy_s"].tolist() == pytest.approx([1.0, 6 * 0.011])
    assert table["utilisation_share"].tolist() == pytest.approx([1.0 / 3.4, 0.066 / 3.4])
    looks = queues(PLAYED)
    assert set(looks["kind"]) == {"prefill", "decode"}
    busy = looks[looks["kind"] == "prefill"].set_index("at_s")["busy_share"]
    assert busy.loc[1.0:].tolist() == pytest.approx([0.1, 0.2, 0.3], abs=1e-6)
    assert ttft_s(PLAYED).shape == (4,)
