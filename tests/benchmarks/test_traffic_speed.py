"""How fast requests are drawn and read."""

from __future__ import annotations

import importlib
import time
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from topologies.spec import load_entry
from workloads.drawn_traffic import DrawnTraffic
from workloads.lengths.lognormal import Lognormal, LognormalLengths
from workloads.prefixes import Prefixes
from workloads.scenario import catalogue
from workloads.traffic_fit import TrafficFit
from workloads.traffic_kind import TrafficSpec
from workloads.traffics.azure import Azure
from workloads.traffics.bursty import Bursty
from workloads.traffics.diurnal import Diurnal
from workloads.traffics.fitted import Fitted
from workloads.traffics.mooncake import Mooncake
from workloads.traffics.poisson import Poisson

COUNT = 1_000_000
LIMIT_S, LIMIT_MB = 2.0, 500.0
LENGTHS = LognormalLengths(
    input=Lognormal(median_tokens=500, variation=1.5, most_tokens=8000),
    output=Lognormal(median_tokens=200, variation=1),
)
COMMON: dict[str, Any] = {"rate_per_s": 10.0, "most_requests": COUNT, "lengths": LENGTHS}
TRACES = Path(__file__).parents[3] / "shared" / "traces"
ROWS = 20_000


def seconds(traffic: TrafficSpec) -> tuple[int, float]:
    """Requests, and how long they take."""
    begin_s = time.perf_counter()
    return traffic.requests(0).count, time.perf_counter() - begin_s


def kinds() -> dict[str, DrawnTraffic]:
    """A million requests of each kind."""
    fit = load_entry("traffic-fits", "azure-code-2023", TrafficFit, catalogue())
    prefixes = Prefixes(block_tokens=512, system_prompts=(1000, 300), turns=4, most_input_tokens=32_000)
    return {
        "poisson": Poisson(**COMMON),
        "bursty": Bursty(variation=3, **COMMON),
        "diurnal": Diurnal(peak_ratio=1.8, peak_hour=15, **COMMON),
        "fitted": Fitted(fit=fit, most_requests=COUNT),
        "conversations": Poisson(prefixes=prefixes, **COMMON),
    }


@pytest.mark.parametrize("name", ["poisson", "bursty", "diurnal", "fitted", "conversations"])
def test_a_million_requests_are_drawn_in_2_s_and_500_mb(name: str) -> None:
    traffic = kinds()[name]
    type(traffic).model_validate({**dict(traffic), "most_requests": 100}).requests(0)
    count, taken_s = seconds(traffic)
    tracemalloc.start()
    traffic.requests(0)
    peak_mb = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    print(f"\n{name}: {count / taken_s / 1e6:.1f} M requests/s, {taken_s / LIMIT_S:.2f} of the 2 s, {peak_mb:.0f} MB")
    assert taken_s < LIMIT_S
    assert peak_mb < LIMIT_MB


def test_both_recorded_hours_are_read_in_0_3_s() -> None:
    if not TRACES.is_dir():
        pytest.skip(f"recorded traces do not lie in {TRACES}")
    importlib.import_module("pandas")
    found = [seconds(Azure(path=str(TRACES / name))) for name in ("splitwise_conv.csv", "splitwise_code.csv")]
    taken_s = sum(taken_s for _, taken_s in found)
    print(f"\n{sum(count for count, _ in found) / taken_s:.0f} requests/s, {taken_s / 0.3:.2f} of the 0.3 s allowed")
    assert taken_s < 0.3


def test_lines_with_blocks_are_read(tmp_path: Path) -> None:
    """20,000 lines of 20 blocks: about as many requests as a published trace has."""
    path = tmp_path / "a.jsonl"
    blocks = np.random.default_rng(0).integers(0, 10**6, (ROWS, 20)).tolist()
    line = '{{"timestamp": {}, "input_length": 10240, "output_length": 100, "hash_ids": {}}}\n'
    path.write_text("".join(line.format(at, row) for at, row in enumerate(blocks)), encoding="utf-8")
    count, taken_s = seconds(Mooncake(path=str(path)))
    print(f"\n{count / taken_s:.0f} requests/s")
    assert taken_s < 2
