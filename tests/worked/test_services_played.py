"""Services whose requests are played: what comes out agrees with what is timed step by step."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest

import clustercast
from simulator.refusal import Refused
from simulator.serving.as_world import world_of
from simulator.serving.asked import Asked, asked_of
from simulator.serving.fleet.offered import steady
from simulator.serving.planning import plan_service
from simulator.serving.result import ServiceResult
from tests.engines import BALANCED, shipped
from workloads.requests import without_prefixes
from workloads.service import Service, changed_service

ALIKE: dict[str, object] = {"kind": "fixed", "input_tokens": 2000, "output_tokens": 200}


def small(**more: object) -> Service:
    """SGLang's service with even experts and requests that are all alike."""
    changes: dict[str, object] = {"prefill.router": BALANCED, "decode.router": BALANCED, "prefill.eplb": None}
    changes |= {
        "typical": {"input_tokens": 2000, "output_tokens": 200},
        "promises": {"ttft_s": "3 s", "tpot_s": "70 ms"},
    }
    traffic = {"kind": "poisson", "rate_per_s": "60 requests/s", "duration_s": "60 s", "lengths": ALIKE}
    return changed_service(shipped("sglang-96-h100"), {**changes, "traffic": traffic, **more})


@lru_cache(maxsize=4)
def played() -> ServiceResult:
    """The small service, worked out once."""
    return clustercast.serve(small())


def test_a_token_comes_as_often_as_a_step_with_as_many_sequences_takes() -> None:
    """Little: 60 requests a second that are answered for about 8 s are some 480 sequences, 7 a GPU."""
    result = played()
    answers = result.tables["answers"]
    tpot = result.headline["tpot_p50_s"].value
    sequences = 60 * 200 * tpot / 72
    expected = float(np.interp(sequences, answers["sequences"], answers["step_s"]))
    assert tpot == pytest.approx(expected, rel=0.03)


def test_what_is_served_is_what_came() -> None:
    """The service keeps up, so that as many requests end as begin."""
    result = played()
    assert result.headline["served_output_tokens_per_s"].value == pytest.approx(60 * 200, rel=0.06)
    assert result.headline["turned_away"].value == 0
    assert result.headline["kept_share"].value > 0.95


def test_histograms_hold_every_request_and_percentiles_ascend() -> None:
    tables = played().tables
    assert tables["histograms"].groupby("metric")["share"].sum().to_numpy() == pytest.approx(1.0)
    rows = tables["percentiles"][["p50_s", "p90_s", "p95_s", "p99_s", "longest_s"]].to_numpy()
    assert (np.diff(rows, axis=1) >= 0).all()


def test_more_load_never_keeps_more_promises() -> None:
    curve = played().tables["throughput"]
    assert (np.diff(curve["ttft_s"]) > -0.05).all()
    assert curve["kept_share"].iloc[-1] <= curve["kept_share"].iloc[0]


def test_a_recording_is_replayed(tmp_path: Path) -> None:
    file = tmp_path / "own.csv"
    file.write_text("arrival_s,input_tokens,output_tokens\n0,100,20\n0.5,4000,30\n1.0,200,1\n")
    result = clustercast.serve(small(traffic={"kind": "table", "path": str(file)}))
    assert result.tables["percentiles"]["requests"].iloc[0] >= 2


def test_prompts_with_a_common_beginning_are_found_in_a_cache() -> None:
    prefixes = {"system_prompts": [1024], "block_tokens": 64}
    traffic = {
        "kind": "poisson",
        "rate_per_s": "60 requests/s",
        "duration_s": "20 s",
        "lengths": ALIKE,
        "prefixes": prefixes,
    }
    tiers = [
        {"name": "HBM", "size_bytes": "8 GB"},
        {"name": "disk", "size_bytes": "1 TB", "bytes_per_s": "20 GB/s", "shared": True},
    ]
    handling = {"prompt_routing": "prefix-aware", "prefix_cache": tiers}
    with_cache = clustercast.serve(small(traffic=traffic, handling=handling))
    without = clustercast.serve(small(traffic=traffic))
    assert with_cache.headline["ttft_p50_s"].value < without.headline["ttft_p50_s"].value


def test_a_cache_without_anything_known_of_prompts_is_refused() -> None:
    tiers = [{"name": "HBM", "size_bytes": "8 GB"}]
    with pytest.raises(Refused, match=r"nothing is known of what this traffic's prompts have in common"):
        clustercast.serve(small(handling={"prefix_cache": tiers}))


def test_requests_need_units_for_both_halves() -> None:
    with pytest.raises(Refused, match=r"units that read prompts and units that write answers"):
        clustercast.serve(small(decode=None))


def test_what_a_service_would_ignore_is_refused() -> None:
    with pytest.raises(Refused, match=r"cluster\.topology\.routing: ecmp"):
        clustercast.serve(small(**{"cluster.topology.routing": "ecmp"}))


def test_demand_sets_the_rate() -> None:
    """168 billion output tokens a day in answers of 1,211 are 1,606 requests a second."""
    asked = asked_of(changed_service(shipped("deepseek-production"), {"traffic": None, "search": None}), None)
    assert asked.offered.requests_per_s == pytest.approx(168e9 / 1211 / 86_400)


def test_a_fleet_is_played_with_requests_at_its_rate() -> None:
    count = 1_000
    own = without_prefixes(np.arange(count) / 2.0, np.full(count, 10, np.int64), np.full(count, 5, np.int64))
    some = Asked(steady(50.0, 10, 5), own).some(longest_s=1.0)
    assert some.count == 20_000
    assert (some.count - 1) / some.arrival_s[-1] == pytest.approx(50.0, rel=0.01)
    assert (np.diff(some.arrival_s) >= 0).all()


def test_groups_of_a_unit_are_the_worlds_ranks() -> None:
    service = small()
    assert service.traffic is not None
    world = world_of(plan_service(service), service.traffic.requests(0))
    assert (world.prompt_units.ranks, world.decode_units.ranks) == (32, 72)


def test_the_cheapest_fleet_keeps_its_promise_when_it_is_played() -> None:
    search = {
        "most_gpus": 600,
        "prefill": {"tokens_per_group": [4096, 8192]},
        "decode": {"sequences_per_group": [64, 128]},
    }
    result = clustercast.serve(small(search=search))
    assert len(result.tables["candidates"]) >= 2
    assert result.tables["checks"]["kept_share"].max() >= 0.9
    assert result.headline["fleet_gpus_by_events"].value >= 104
    assert result.tables["candidates"]["usd_per_h"].is_monotonic_increasing


def test_a_day_costs_its_hours_and_brings_its_tokens() -> None:
    result = clustercast.serve(
        changed_service(
            shipped("deepseek-production"),
            {"traffic": None, "search": None, "prefill.router": BALANCED, "decode.router": BALANCED},
        )
    )
    day, classes = result.tables["day"], result.tables["classes"]
    assert result.headline["mean_nodes"].value == pytest.approx(day["nodes"].mean())
    assert result.headline["rent_usd_per_day"].value == pytest.approx(day["nodes"].sum() * 8 * 2.0)
    assert classes["cost_usd"].sum() == pytest.approx(result.headline["rent_usd_per_day"].value)
    assert classes["revenue_usd"].sum() == pytest.approx(562_027, rel=1e-3)


def test_weights_in_host_memory_bind_a_single_user() -> None:
    result = clustercast.serve(shipped("workstation"))
    assert result.headline["tokens_per_s_per_user"].value == pytest.approx(20, rel=0.15)
    crossings = result.tables["crossings"].set_index(["layout", "better"])["from_users"]
    assert crossings["weights-on-8-h100", "faster"] == 1
    assert crossings["weights-on-8-h100", "cheaper"] > 1
