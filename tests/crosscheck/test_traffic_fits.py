"""Traffic drawn by the shipped fits against the recorded traces that they were made of."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from scipy import stats

from tests.crosscheck.fit_traffic import fit
from tests.crosscheck.traffic_traces import (
    FILES,
    TRACES,
    correlation,
    dispersions,
    rank_correlation,
    trace,
    variation,
)
from topologies.spec import load_entry
from workloads.requests import Requests
from workloads.scenario import catalogue
from workloads.traffic_fit import TrafficFit
from workloads.traffics.fitted import Fitted

pytestmark = [
    pytest.mark.skipif(not TRACES.is_dir(), reason=f"recorded traces do not lie in {TRACES}"),
    pytest.mark.parametrize("name", FILES),
]
DRAWN = 1_000_000
QUANTILES = (0.5, 0.9, 0.99)


def entry(name: str) -> TrafficFit:
    """A fit as it is shipped."""
    return load_entry("traffic-fits", name, TrafficFit, catalogue())


@cache
def drawn(name: str) -> Requests:
    """A million requests like those of a trace; the seed is another than the fit's."""
    return Fitted(fit=entry(name), most_requests=DRAWN).requests(7)


@pytest.mark.parametrize("column", ["input_tokens", "output_tokens"])
def test_lengths_have_the_quantiles_of_the_trace(name: str, column: str) -> None:
    """Median and 9 of 10 within 2 %, 99 of 100 within 3 %, means within 1.5 %, all else within 2 % of the requests."""
    real, made = getattr(trace(name), column), getattr(drawn(name), column)
    errors = np.quantile(made, QUANTILES) / np.quantile(real, QUANTILES) - 1
    distance = stats.ks_2samp(real, made).statistic
    print(f"\n{name} {column}: p50, p90, p99 off by {np.round(100 * errors, 1)} %, distance {distance:.3f}")
    assert errors == pytest.approx(0, abs=0.03)
    assert errors[:2] == pytest.approx(0, abs=0.02)
    assert made.mean() == pytest.approx(real.mean(), rel=0.015)
    assert distance < 0.02


def test_prompts_and_answers_hang_together_as_in_the_trace(name: str) -> None:
    real, made = trace(name), drawn(name)
    print(f"\n{name}: rank {rank_correlation(real):.3f}, {rank_correlation(made):.3f}", end=" ")
    print(f"straight {correlation(real):.3f}, {correlation(made):.3f}")
    assert rank_correlation(made) == pytest.approx(rank_correlation(real), abs=0.02)
    assert correlation(made) == pytest.approx(correlation(real), abs=0.03)


def test_gaps_vary_as_in_the_trace(name: str) -> None:
    """Rate and variation of a million requests; a quantile table keeps every gap within 3 % of the requests."""
    real, made = trace(name), drawn(name)
    gaps_s = [np.diff(requests.arrival_s) for requests in (real, made)]
    print(f"\n{name}: {variation(real):.2f}, {variation(made):.2f} over the mean")
    assert made.count / made.arrival_s[-1] == pytest.approx(1 / gaps_s[0].mean(), rel=0.04)
    assert variation(made) == pytest.approx(variation(real), rel=0.05)
    assert stats.ks_2samp(gaps_s[0], gaps_s[1]).statistic < 0.03


def test_counts_of_windows_vary_as_in_the_trace(name: str) -> None:
    """Windows of 1, 10 and 60 s; independent gaps would miss conv's 16 at 60 s by a factor of ten."""
    lasting_s = float(trace(name).arrival_s[-1])
    real, made = (dispersions(requests.arrival_s, lasting_s) for requests in (trace(name), drawn(name)))
    print(f"\n{name}: 1, 10, 60 s {np.round(real, 1)} in the trace, {np.round(made, 1)} drawn")
    assert made == pytest.approx(real, rel=0.12)


@pytest.mark.slow
def test_a_stored_fit_is_the_one_that_the_script_finds(name: str) -> None:
    stored, found = entry(name), fit(name)
    assert found.gap_persistence == pytest.approx(stored.gap_persistence, rel=0.02)
    assert found.persistent_requests == pytest.approx(stored.persistent_requests, rel=0.05)
    same = {"gap_persistence": stored.gap_persistence, "persistent_requests": stored.persistent_requests}
    assert found.model_copy(update={**same, "notes": stored.notes}) == stored
