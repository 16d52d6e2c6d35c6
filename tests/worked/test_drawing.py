"""Power, electricity and carbon of a cluster, worked by hand."""

from __future__ import annotations

from functools import cache

import pytest

from simulator.economics.drawing import Doing, doing, drawn, energy, gpu_w, network_w
from simulator.plan import Plan, plan
from simulator.run import Played, simulate
from topologies.spec import InvalidInput, load_entry
from topologies.units import parse
from workloads.power import Power
from workloads.scenario import SCENARIOS, Cluster, Scenario, catalogue, load_scenario
from workloads.site import Site

CATALOGUE = catalogue()
POWER = load_entry("powers", "h800-server", Power, CATALOGUE)
SITE = load_entry("sites", "china-2023", Site, CATALOGUE)
ROUND = POWER.model_copy(
    update={
        "gpu_idle_w": 100.0,
        "gpu_communicating_w": 300.0,
        "gpu_computing_w": 700.0,
        "server_w": 2000.0,
        "switch_w": 500.0,
        "optic_w": 10.0,
        "co_packaged_w": 3.0,
    }
)
WORK = Doing(computing_s=6.0, communicating_s=3.0, idle_s=1.0)


@cache
def scenario(name: str) -> Scenario:
    return load_scenario(SCENARIOS / f"{name}.yaml")


@cache
def played(name: str) -> tuple[Plan, Played]:
    decided = plan(scenario(name))
    return decided, simulate(decided)


def cluster() -> Cluster:
    return scenario("deepseek-v3-pretrain").cluster


def test_a_gpu_draws_by_what_it_does() -> None:
    """0.6 x 700 + 0.3 x 300 + 0.1 x 100 = 520 W; 100 W without work."""
    assert gpu_w(ROUND, WORK) == pytest.approx(520)
    assert gpu_w(ROUND, None) == 100


def test_switches_and_both_ends_of_optical_cables_draw() -> None:
    """Eight planes of 8 leaves and 4 spines; 8 x 256 optical links between them, endpoints on copper."""
    assert network_w(cluster(), ROUND) == pytest.approx(96 * 500 + 2 * 2048 * 10)


def test_co_packaged_optics_draw_less_than_modules() -> None:
    """The same 2,048 fibres between switches, 3 W at each end instead of 10."""
    cables = {"cluster.topology.cables.near": "co-packaged", "cluster.topology.cables.far": "co-packaged"}
    changed = scenario("deepseek-v3-pretrain").with_changes(cables, CATALOGUE).cluster
    assert network_w(changed, ROUND) == pytest.approx(96 * 500 + 2 * 2048 * 3)


def test_a_cluster_by_part_and_the_site_around_it() -> None:
    """GPUs 2,048 x 520 W, 256 servers of 2 kW, network 88.96 kW, times a PUE of 1.3."""
    found = drawn(cluster(), ROUND, SITE, WORK)
    assert found.gpus_w == pytest.approx(2048 * 520)
    assert found.servers_w == 256 * 2000
    assert found.computers_w == pytest.approx(2048 * 520 + 512_000 + 88_960)
    assert found.site_w == pytest.approx(1.3 * found.computers_w)
    assert found.cooling_w == pytest.approx(0.3 * found.computers_w)


def test_kilowatt_hours_carbon_and_price_of_a_day() -> None:
    """24 hours at the meter; 582 g and 0.08 USD a kWh."""
    draws = drawn(cluster(), ROUND, SITE, WORK)
    found = energy(draws, SITE, parse("1 day", "s"))
    assert found.kilowatt_hours == pytest.approx(24 * draws.site_w / 1000)
    assert found.co2_kg == pytest.approx(0.582 * found.kilowatt_hours)
    assert found.electricity_usd == pytest.approx(0.08 * found.kilowatt_hours)


def test_two_runs_of_one_published_table_lie_on_one_grid() -> None:
    """Llama 3's model card: 1.3 M GPU-hours of 700 W are 390 t; 6.4 M hours then 1,920 t, and it says 1,900."""
    grid_kg_per_j = 390_000 / (1.3e6 * 3600 * 700)
    site = SITE.model_copy(update={"grid_kg_per_j": grid_kg_per_j, "pue_ratio": 1.0})
    bare = ROUND.model_copy(update={"server_w": 0.0, "switch_w": 0.0, "optic_w": 0.0})
    draws = drawn(cluster(), bare, site, Doing(1.0, 0.0, 0.0))
    assert energy(draws, site, 6.4e6 * 3600 / 2048).co2_kg == pytest.approx(1.9e6, rel=0.02)


@pytest.mark.parametrize("name", ["deepseek-v3-pretrain", "llama-3-8b-h100", "llama-3.1-405b-h100"])
def test_what_gpus_do_adds_up_to_the_step(name: str) -> None:
    decided, step = played(name)
    found = doing(decided, step)
    assert found.total_s == pytest.approx(step.step.makespan_s)
    assert min(found) >= 0
    assert found.computing_s > 0.7 * found.total_s


def test_a_model_on_one_node_waits_for_no_other_rank() -> None:
    assert doing(*played("llama-3-8b-h100")).idle_s == 0


def test_a_gpu_that_draws_more_idle_than_at_work_is_refused() -> None:
    with pytest.raises(InvalidInput, match="a GPU draws least when idle and most when computing"):
        POWER.with_changes({"gpu_idle_w": "800 W"}, CATALOGUE)


def test_a_site_cannot_draw_less_than_its_computers() -> None:
    with pytest.raises(InvalidInput, match="pue_ratio"):
        SITE.with_changes({"pue_ratio": 0.9}, CATALOGUE)


def test_a_price_of_electricity_needs_its_unit() -> None:
    with pytest.raises(InvalidInput, match="electricity_usd_per_j"):
        SITE.with_changes({"electricity_usd_per_j": 0.08}, CATALOGUE)
