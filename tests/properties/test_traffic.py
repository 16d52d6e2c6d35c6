"""What holds for all traffic: order, bounds, seeds, means, and prefixes that are prefixes."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from topologies.problems import InvalidInput
from topologies.spec import load_entry
from workloads.drawn_traffic import DrawnTraffic
from workloads.lengths.fitted import FittedLengths
from workloads.lengths.fixed import Fixed
from workloads.lengths.lognormal import Lognormal, LognormalLengths
from workloads.prefixes import Prefixes
from workloads.replayed_traffic import ReplayedTraffic
from workloads.requests import Requests
from workloads.scenario import catalogue
from workloads.traffic_fit import TrafficFit
from workloads.traffics.bursty import Bursty
from workloads.traffics.constant import Constant
from workloads.traffics.diurnal import Diurnal
from workloads.traffics.fitted import Fitted
from workloads.traffics.mooncake import Mooncake
from workloads.traffics.poisson import Poisson
from workloads.traffics.table import Table

FIT = load_entry("traffic-fits", "azure-conv-2023", TrafficFit, catalogue())
LENGTHS = LognormalLengths(
    input=Lognormal(median_tokens=300, variation=1.5, most_tokens=8000),
    output=Lognormal(median_tokens=100, variation=0.8),
    correlation=0.4,
)
PREFIXES = Prefixes(block_tokens=64, system_prompts=(500, 90), turns=3, pause_s=20.0)
RATES = st.floats(0.5, 50)
ENDS = {"duration_s": 100.0, "most_requests": 2000}
HOURS = st.floats(0, 23.9)


@st.composite
def traffics(draw: st.DrawFn) -> DrawnTraffic:
    """Any drawn traffic of 100 s or 2,000 requests."""
    common: dict[str, Any] = {**ENDS, "rate_per_s": draw(RATES), "prefixes": draw(st.sampled_from([None, PREFIXES]))}
    kinds: list[type[DrawnTraffic]] = [Poisson, Constant, Bursty, Diurnal, Fitted]
    kind = draw(st.sampled_from(kinds))
    if kind is Fitted:
        return Fitted(fit=FIT, **common)
    common["lengths"] = draw(st.sampled_from([LENGTHS, FittedLengths(fit=FIT), Fixed(input_tokens=9, output_tokens=1)]))
    if kind is Bursty:
        return Bursty(variation=draw(st.floats(0.1, 4)), **common)
    if kind is Diurnal:
        return Diurnal(peak_ratio=1.5, peak_hour=draw(HOURS), begin_hour=draw(HOURS), **common)
    return kind(**common)


def columns(requests: Requests) -> list[list[float]]:
    """Everything that requests are made of."""
    names = ("arrival_s", "input_tokens", "output_tokens", "block_at", "block_ids")
    return [getattr(requests, name).tolist() for name in names]


@settings(max_examples=60, deadline=None)
@given(traffics(), st.integers(0, 2**32))
def test_requests_ascend_within_their_bounds_and_a_seed_gives_them_again(traffic: DrawnTraffic, seed: int) -> None:
    found = traffic.requests(seed)
    assert 1 <= found.count <= 2000
    assert (np.diff(found.arrival_s) >= 0).all()
    assert 0 <= found.arrival_s[0] <= found.arrival_s[-1] < 100
    assert found.input_tokens.min() >= 1
    assert found.output_tokens.min() >= 1
    assert len(found.block_at) == found.count + 1
    assert found.block_at[-1] == len(found.block_ids)
    assert columns(traffic.requests(seed)) == columns(found)
    assert columns(traffic.requests(seed + 1)) != columns(found) or isinstance(traffic, Constant)


@settings(max_examples=20, deadline=None)
@given(traffics(), st.integers(0, 2**32))
def test_a_longer_stream_begins_with_the_shorter_one(traffic: DrawnTraffic, seed: int) -> None:
    shorter = type(traffic).model_validate({**dict(traffic), "duration_s": 30.0})
    arrivals_s = shorter.arrivals_s(seed)
    assert traffic.arrivals_s(seed)[: len(arrivals_s)].tolist() == arrivals_s.tolist()


@settings(max_examples=20, deadline=None)
@given(RATES, st.integers(0, 2**32))
def test_a_poisson_process_has_its_mean_and_variance(rate_per_s: float, seed: int) -> None:
    """Counts of 1,000 windows of 4 s: both within 5 standard errors of rate x window."""
    arrival_s = Poisson(rate_per_s=rate_per_s, duration_s=4000.0, lengths=LENGTHS).arrivals_s(seed)
    counts = np.bincount((arrival_s // 4).astype(np.int64), minlength=1000)
    wanted = 4 * rate_per_s
    assert counts.mean() == pytest.approx(wanted, abs=5 * math.sqrt(wanted / 1000))
    fourth_moment = wanted * (1 + 3 * wanted)
    assert counts.var() == pytest.approx(wanted, abs=5 * math.sqrt((fourth_moment - wanted**2) / 1000))


@settings(max_examples=10, deadline=None)
@given(st.floats(0.2, 3), st.integers(0, 2**32))
def test_bursty_gaps_have_their_variation(variation: float, seed: int) -> None:
    gaps = Bursty(rate_per_s=1, variation=variation, most_requests=1, lengths=LENGTHS).gaps(200_000, seed)
    assert gaps.mean() == pytest.approx(1, abs=5 * variation / math.sqrt(200_000))
    assert gaps.std() == pytest.approx(variation, rel=0.1)


@settings(max_examples=10, deadline=None)
@given(traffics(), st.integers(0, 2**32))
def test_means_are_those_of_what_is_drawn(traffic: DrawnTraffic, seed: int) -> None:
    """Of many requests of single turns; a lognormal with variation 1.5 is within 3 % after 100,000."""
    many = type(traffic).model_validate(
        {**dict(traffic), "duration_s": None, "most_requests": 100_000, "prefixes": None}
    )
    found, means = many.requests(seed), many.means()
    assert found.input_tokens.mean() == pytest.approx(means.input_tokens, rel=0.03)
    assert found.output_tokens.mean() == pytest.approx(means.output_tokens, rel=0.03)


def test_long_conversations_have_the_mean_prompt_that_is_told() -> None:
    traffic = Poisson(rate_per_s=20, most_requests=200_000, lengths=LENGTHS, prefixes=PREFIXES)
    assert traffic.requests(1).input_tokens.mean() == pytest.approx(traffic.means().input_tokens, rel=0.02)


@settings(max_examples=25, deadline=None)
@given(st.floats(1, 8), st.floats(0.1, 100), st.integers(1, 300), st.integers(0, 2**32))
def test_equal_blocks_come_after_equal_blocks(turns: float, pause_s: float, block_tokens: int, seed: int) -> None:
    """A block's number tells all blocks before it: so two prompts that share one share everything up to it."""
    prefixes = Prefixes(
        block_tokens=block_tokens, system_prompts=(500, 90), turns=turns, pause_s=pause_s, most_input_tokens=5000
    )
    found = Poisson(rate_per_s=5, most_requests=300, lengths=LENGTHS, prefixes=prefixes).requests(seed)
    assert np.diff(found.block_at).tolist() == (found.input_tokens // block_tokens).tolist()
    before: dict[int, int] = {}
    for blocks in np.split(found.block_ids, found.block_at[1:-1]):
        for earlier, block in zip([-1, *blocks.tolist()], blocks.tolist(), strict=False):
            assert before.setdefault(block, earlier) == earlier


CELL = st.one_of(st.integers(-2, 10**400).map(str), st.floats().map(str), st.text(max_size=5), st.just("true"))
ROW = st.one_of(st.lists(CELL, min_size=3, max_size=3).map(",".join), st.text(max_size=30))


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(["0,1,1\n", "true,true,true\n", ""]), st.lists(ROW, max_size=4), st.booleans())
def test_any_table_is_read_or_refused(tmp_path: Path, first: str, rows: list[str], kept: bool) -> None:
    path = tmp_path / "a.csv"
    path.write_text("arrival_s,input_tokens,output_tokens\n" + first + "\n".join(rows), encoding="utf-8")
    assert_read_or_refused(Table(path=str(path), leave_out_empty=kept))


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers(-1, 10**400) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
FIELDS = ("timestamp", "input_length", "output_length", "hash_ids")
LINE = st.one_of(st.fixed_dictionaries(dict.fromkeys(FIELDS, JSON)).map(json.dumps), JSON.map(json.dumps), st.text())


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(LINE, max_size=4))
def test_any_lines_are_read_or_refused(tmp_path: Path, lines: list[str]) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    assert_read_or_refused(Mooncake(path=str(path)))


def assert_read_or_refused(traffic: ReplayedTraffic) -> None:
    """Requests in order and with lengths, or a message."""
    try:
        found = traffic.requests(0)
    except InvalidInput as refused:
        assert refused.problems
    else:
        assert (np.diff(found.arrival_s) >= 0).all()
        assert min(found.input_tokens.min(), found.output_tokens.min()) >= 1


@settings(max_examples=10, deadline=None)
@given(traffics(), st.floats(0.1, 10))
def test_faster_traffic_is_the_same_in_less_time(traffic: DrawnTraffic, factor: float) -> None:
    endless = type(traffic).model_validate({**dict(traffic), "duration_s": None, "most_requests": 50})
    if not isinstance(traffic, Diurnal):
        faster = endless.faster(factor)
        assert faster.arrivals_s(5) * factor == pytest.approx(endless.arrivals_s(5))
    assert endless.faster(factor).means().rate_per_s == pytest.approx(factor * endless.means().rate_per_s)
