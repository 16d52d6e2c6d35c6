"""Owning, renting and their break-even, each number worked by hand."""

from __future__ import annotations

import math

import pytest

from simulator.economics.annuity import annuity_ratio, yearly_usd, years_to_pay
from simulator.economics.break_even import break_even
from simulator.economics.drawing import Doing
from simulator.economics.owning import Line, Owned, Terms, owning
from simulator.network_bill import unit_prices
from simulator.refusal import Refused
from topologies.spec import InvalidInput, load_entry
from topologies.units import parse
from workloads.ownership import Ownership
from workloads.power import Power
from workloads.price import Price
from workloads.scenario import SCENARIOS, Cluster, catalogue, load_scenario
from workloads.site import Site

YEAR_S = parse("1 year", "s")
HOURS_A_YEAR = 8760
CATALOGUE = catalogue()
BOUGHT = load_entry("ownerships", "h800-as-h100", Ownership, CATALOGUE)
SITE = load_entry("sites", "china-2023", Site, CATALOGUE)
POWER = load_entry("powers", "h800-server", Power, CATALOGUE)
RENTAL = load_entry("prices", "h800-rental", Price, CATALOGUE)
WORK = Doing(computing_s=6.0, communicating_s=3.0, idle_s=1.0)


def cluster() -> Cluster:
    return load_scenario(SCENARIOS / "deepseek-v3-pretrain.yaml").cluster


def plain(**changes: object) -> Ownership:
    """Round terms: 10 kUSD a GPU and nothing else, four years, no interest, nothing left."""
    round_terms: dict[str, object] = {
        "gpu_usd": 10_000.0, "server_usd": 0.0, "network_usd_per_gpu": 0.0, "storage_usd_per_gpu": 0.0,
        "interest_ratio": 0.0, "residual_ratio": 0.0, "maintenance_ratio": 0.0, "gpu_staff_usd_per_s": 0.0,
        "lifetime_s": 4 * YEAR_S, "utilisation_ratio": 0.5,
    }  # fmt: skip
    return BOUGHT.model_copy(update={**round_terms, **changes})


FREE = SITE.model_copy(update={"electricity_usd_per_j": 0.0, "server_space_usd_per_s": 0.0})


def priced(ownership: Ownership, site: Site = FREE) -> Owned:
    return owning(cluster(), Terms(ownership, site, POWER, unit_prices()), WORK)


def test_an_annuity_of_four_years_at_eight_percent() -> None:
    """0.08 / (1 - 1.08^-4) = 0.08 / (1 - 0.735030) = 0.301921."""
    assert annuity_ratio(4, 0.08) == pytest.approx(0.301921, abs=1e-6)


def test_without_interest_a_purchase_is_written_off_in_a_straight_line() -> None:
    assert annuity_ratio(4, 0.0) == 0.25
    assert yearly_usd(1000.0, 0.2, 4, 0.0) == pytest.approx(200.0)


def test_what_is_left_in_the_end_counts_at_its_present_worth() -> None:
    """1,000 USD, a tenth left: 1000 x (1 - 0.1 x 0.735030) x 0.301921 = 279.73 USD a year."""
    assert yearly_usd(1000.0, 0.1, 4, 0.08) == pytest.approx(279.73, abs=0.01)


def test_paying_back_takes_as_long_as_the_annuity_says() -> None:
    assert years_to_pay(1000.0, 1000.0 * annuity_ratio(4, 0.08), 0.08) == pytest.approx(4)
    assert years_to_pay(1000.0, 250.0, 0.0) == 4
    assert years_to_pay(0.0, 1.0, 0.08) == 0
    assert years_to_pay(1000.0, 80.0, 0.08) == math.inf
    assert years_to_pay(1000.0, -5.0, 0.0) == math.inf


@pytest.mark.parametrize(("years", "interest_ratio"), [(0, 0.1), (-1, 0.1), (4, -0.01)])
def test_terms_that_mean_nothing_are_refused(years: float, interest_ratio: float) -> None:
    with pytest.raises(ValueError, match="write more than 0 years, interest of 0 or more"):
        annuity_ratio(years, interest_ratio)


def test_ten_thousand_dollars_over_four_years_used_half_of_the_time() -> None:
    """2,500 USD a year over 4,380 used hours: 0.5708 USD."""
    owned = priced(plain())
    assert owned.purchase_usd == 2048 * 10_000
    assert owned.usd_per_gpu_hour == pytest.approx(2500 / (HOURS_A_YEAR / 2))
    assert owned.run_usd(1000.0) == pytest.approx(1000 * 2500 / (HOURS_A_YEAR / 2))
    assert owned.at(0.0) == math.inf


def test_a_trillion_tokens_at_a_thousand_tokens_a_second() -> None:
    """10^9 GPU-seconds, 277,778 GPU-hours."""
    owned = priced(plain())
    expected = 1e12 / 1000 / 3600 * owned.usd_per_gpu_hour
    assert owned.usd_per_trillion_tokens(1000.0) == pytest.approx(expected)


def test_every_line_by_hand() -> None:
    """On 2,048 GPUs in 256 servers; amounts a year and a GPU, without interest over four years."""
    terms = plain(
        server_usd=8_000.0, storage_usd_per_gpu=400.0, network_usd_per_gpu=600.0, maintenance_ratio=0.1,
        gpu_staff_usd_per_s=50 / YEAR_S,
    )  # fmt: skip
    site = FREE.model_copy(update={"server_space_usd_per_s": 1600 / YEAR_S})
    lines = {line.what: line.usd_per_s * YEAR_S / 2048 for line in priced(terms, site).lines}
    assert lines["GPUs"] == pytest.approx(2500)
    assert lines["Servers"] == pytest.approx(8000 / 8 / 4)
    assert lines["Network"] == pytest.approx(600 / 4)
    assert lines["Storage"] == pytest.approx(400 / 4)
    assert lines["Maintenance"] == pytest.approx(0.1 * (10_000 + 1_000 + 600 + 400))
    assert lines["Staff"] == pytest.approx(50)
    assert lines["Space"] == pytest.approx(1600 / 8)
    assert lines["Electricity of idle GPUs"] == 0


def test_the_table_adds_up_to_the_price_of_an_hour() -> None:
    owned = owning(cluster(), Terms(BOUGHT, SITE, POWER, unit_prices()), WORK)
    table = owned.table()
    assert table["usd_per_gpu_hour"].sum() == pytest.approx(owned.usd_per_gpu_hour)
    assert table["purchase_usd"].sum() == pytest.approx(owned.purchase_usd)


def test_the_network_is_that_of_the_bill_unless_told() -> None:
    """DeepSeek-V3's network in part use: its bill, and 600 USD a GPU."""
    billed = priced(plain(network_usd_per_gpu=None))
    told = priced(plain(network_usd_per_gpu=600.0))
    network = [next(line for line in owned.lines if line.what == "Network").purchase_usd for owned in (billed, told)]
    assert network[0] == pytest.approx(9.024e6, rel=0.01)
    assert network[1] == 2048 * 600


def test_owning_breaks_even_where_rent_saved_pays_what_is_paid_anyway() -> None:
    """2,500 USD a year against 2 USD an hour: 1,250 of 8,760 hours; 2 x 4,380 = 8,760 USD saved a year: 13.7 months."""
    found = break_even(priced(plain()), plain(), RENTAL)
    assert found.utilisation_ratio == pytest.approx(1250 / HOURS_A_YEAR)
    assert found.months == pytest.approx(12 * 10_000 / 8760)
    assert found.rent_usd == pytest.approx(2.0)
    assert found.own_usd == pytest.approx(2500 / 4380)


def test_electricity_of_work_counts_against_what_is_saved() -> None:
    """A rent of no more than the electricity of work never pays."""
    owned = Owned(1, (Line("GPUs", 100.0, 1.0, ""),), RENTAL.gpu_usd_per_s, 0.5)
    found = break_even(owned, plain(), RENTAL)
    assert (found.utilisation_ratio, found.months) == (math.inf, math.inf)


def test_prices_of_another_gpu_are_refused() -> None:
    other = BOUGHT.model_copy(update={"gpu": "h100"})
    with pytest.raises(Refused, match="is of h100, but the cluster's GPU is h800"):
        priced(other)


def test_another_currency_is_refused_with_what_to_do() -> None:
    with pytest.raises(InvalidInput, match="read `EUR`; amounts are in USD: convert them"):
        BOUGHT.with_changes({"currency": "EUR"}, CATALOGUE)


@pytest.mark.parametrize(
    ("path", "value"),
    [("gpu_usd", 27_000), ("gpu_usd", "27 kEUR"), ("lifetime_s", "4"), ("date", "summer"), ("utilisation_ratio", 0)],
)
def test_what_is_no_price_date_or_share_is_refused(path: str, value: object) -> None:
    with pytest.raises(InvalidInput, match=path):
        BOUGHT.with_changes({path: value}, CATALOGUE)
