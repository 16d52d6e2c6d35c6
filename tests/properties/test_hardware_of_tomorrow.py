"""Six directions of hardware: each moves the figure that it should, in the right direction, by as much as it can."""

from __future__ import annotations

from collections.abc import Hashable
from functools import cache
from typing import Any

import pytest

import clustercast
from simulator.comparing.compare import compare, network_power
from simulator.comparing.comparison import Asked
from simulator.economics.drawing import network_w
from simulator.network_tables import with_network
from simulator.refusal import Refused
from simulator.result import Result
from topologies.problems import InvalidInput
from topologies.spec import dump, loads
from workloads.scenario import SCENARIOS, Scenario, catalogue, changed, load_scenario
from workloads.what_ifs import WhatIfs, what_ifs

LIST = what_ifs("hardware-of-tomorrow").what_ifs
PLAIN, DETECTION, C2C, LATENCY, CO_PACKAGED, ECMP, ORDERED, MULTICAST, STACKED = range(-1, 8)
"""As they are, then the places in the list."""


@cache
def asked(place: int) -> Scenario:
    """The published step in a small batch, with one what-if or as it is."""
    small = {"job.sequences_per_step": 4096}
    return changed(
        load_scenario(SCENARIOS / "deepseek-v3-pretrain.yaml"),
        small if place == PLAIN else {**small, **LIST[place].changes},
        catalogue(),
    )


@cache
def result(place: int) -> Result:
    """Its result."""
    return clustercast.run(asked(place))


def by_link(place: int) -> dict[tuple[str, str], dict[Hashable, Any]]:
    """Rows of the traffic table by traffic and link."""
    return {(row["traffic"], row["link"]): row for row in result(place).traffic.to_dict("records")}


def step_ratio(place: int) -> float:
    """The step over that without the what-if."""
    return result(place).headline["step_s"].value / result(PLAIN).headline["step_s"].value


def test_each_says_what_it_moves_and_what_was_assumed() -> None:
    assert len(LIST) == 8
    assert all(one.moves and one.assumed and one.title for one in LIST)


def test_checking_results_slows_products_and_nothing_else() -> None:
    """3 % on products and attention, which are most of the step; transfers and sweeps take as long as before."""
    assert 1.015 < step_ratio(DETECTION) < 1.03
    assert result(DETECTION).headline["step_optimizer_s"] == result(PLAIN).headline["step_optimizer_s"]


def test_a_faster_link_to_the_host_shortens_what_goes_to_the_host_and_not_the_step() -> None:
    """450 over 64 GB/s; the moving average goes beside the next step."""
    before, after = (result(place).tables["memory_on_host"]["transfer_s"] for place in (PLAIN, C2C))
    assert (before / after).tolist() == pytest.approx([450 / 64] * len(before))
    assert step_ratio(C2C) == 1


def test_lower_latencies_shorten_the_step_a_little() -> None:
    """Some 30 chunks of 4 layers with 4 transfers of a few us: thousandths of a step of seconds at most."""
    assert 0.998 < step_ratio(LATENCY) < 1


def test_hashed_ways_are_what_adaptive_routing_avoids() -> None:
    assert step_ratio(ECMP) > 1.02


def test_co_packaged_optics_take_power_off_the_network_and_leave_the_step() -> None:
    """2,048 fibres between switches with 2 ends of 9 W, then of 2.6 W; 96 switches stay."""
    before_w, after_w = (network_w(asked(place).cluster, network_power()) for place in (PLAIN, CO_PACKAGED))
    assert before_w - after_w == pytest.approx(2 * 2048 * (9 - 2.6))
    assert step_ratio(CO_PACKAGED) == 1


def test_ordered_writes_take_the_telling_off_every_exposed_transfer() -> None:
    """25 us a dispatch and combine, nearly all hidden behind computation under DualPipe."""
    assert 0.99 < step_ratio(ORDERED) < 1


def test_multicast_spares_the_direction_that_does_not_bind() -> None:
    """A token goes to 3.5 other nodes of 8 at most 4: sent once instead; who receives gets as much as before."""
    rows = by_link(MULTICAST)
    for traffic in ("expert dispatch", "expert combine"):
        row = rows[traffic, "network"]
        assert 3.0 < row["bytes"] / (row["bytes"] - row["spared_bytes"]) < 3.6
        assert row["bytes"] == by_link(PLAIN)[traffic, "network"]["bytes"]
        assert rows[traffic, "nvlink"]["spared_bytes"] == 0
    assert 0.99 < step_ratio(MULTICAST) <= 1
    assert "spared_bytes" not in result(PLAIN).traffic


def test_multicast_is_refused_where_flows_are_followed_one_by_one() -> None:
    """What is not simulated is not passed over in silence."""
    hashed = changed(asked(MULTICAST), {"cluster.topology.routing": "ecmp"}, catalogue())
    with pytest.raises(Refused, match="token_multicast"):
        clustercast.run(hashed)
    with pytest.raises(Refused, match="token_multicast"):
        with_network(result(MULTICAST), asked(MULTICAST))


def test_stacked_memory_shortens_memory_bound_kernels_and_leaves_room() -> None:
    """Sweeps and loads of products take a third at best: less than a third of the step is theirs."""
    assert 0.7 < step_ratio(STACKED) < 0.95
    assert result(STACKED).memory_usable_bytes == 2 * result(PLAIN).memory_usable_bytes
    assert any("only a stand-in" in warning for warning in result(STACKED).warnings)


def test_a_list_of_what_ifs_that_is_not_there_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(InvalidInput, match="did you mean `hardware-of-tomorrow`"):
        what_ifs("hardware-of-tomorow")


def test_a_comparison_says_of_each_what_it_moves_and_by_how_much() -> None:
    labels = [Asked("base", asked(PLAIN))]
    labels += [Asked(LIST[at].title, asked(at), moves=LIST[at].moves, assumed="all") for at in (C2C, CO_PACKAGED)]
    rows = compare(labels).tables["what_ifs"].to_dict("records")
    assert [row["moves"] for row in rows] == ["memory_on_host.transfer_s", "network.network_w"]
    assert rows[0]["change_ratio"] == pytest.approx(64 / 450 - 1)
    assert rows[1]["here"] < rows[1]["base"]


def test_a_figure_that_no_result_has_is_refused() -> None:
    with pytest.raises(Refused, match="moves `step_sec`, which no result has"):
        compare([Asked("base", asked(PLAIN)), Asked("other", asked(C2C), moves="step_sec")])


def test_the_shipped_list_equals_what_is_read_from_its_own_yaml() -> None:
    whole = what_ifs("hardware-of-tomorrow")
    assert loads(dump(whole), WhatIfs) == whole
