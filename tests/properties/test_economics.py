"""What must hold for the price of owning whatever the terms."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.economics.annuity import YEAR_S, annuity_ratio, yearly_usd, years_to_pay
from simulator.economics.break_even import break_even
from simulator.economics.drawing import Doing, gpu_w
from simulator.economics.owning import Owned, Terms, owning
from simulator.network_bill import unit_prices
from topologies.spec import load_entry
from workloads.ownership import Ownership
from workloads.power import Power
from workloads.price import Price
from workloads.scenario import SCENARIOS, catalogue, load_scenario
from workloads.site import Site

CATALOGUE = catalogue()
BOUGHT = load_entry("ownerships", "h800-as-h100", Ownership, CATALOGUE)
SITE = load_entry("sites", "china-2023", Site, CATALOGUE)
POWER = load_entry("powers", "h800-server", Power, CATALOGUE)
RENTAL = load_entry("prices", "h800-rental", Price, CATALOGUE)
CLUSTER = load_scenario(SCENARIOS / "deepseek-v3-pretrain.yaml").cluster
WORK = Doing(computing_s=6.0, communicating_s=3.0, idle_s=1.0)
YEARS, INTEREST = st.floats(0.5, 20), st.floats(0, 0.5)


def priced(ownership: Ownership = BOUGHT, site: Site = SITE) -> Owned:
    return owning(CLUSTER, Terms(ownership, site, POWER, unit_prices()), WORK)


@given(years=YEARS, interest=INTEREST)
def test_payments_are_worth_the_purchase_today(years: float, interest: float) -> None:
    """So long a row of payments pays back just what was lent; never less than a straight line."""
    payment = annuity_ratio(years, interest)
    assert payment >= (1 - 1e-12) / years
    assert years_to_pay(1.0, payment, interest) == pytest.approx(years, rel=1e-6)


@given(years=YEARS)
def test_no_interest_is_the_limit_of_little_interest(years: float) -> None:
    assert annuity_ratio(years, 1e-9) == pytest.approx(annuity_ratio(years, 0.0), rel=1e-6)


@given(years=YEARS, interest=INTEREST, more=st.floats(0.01, 0.3), left=st.floats(0, 0.9))
def test_interest_makes_dearer_and_what_is_left_cheaper(
    years: float, interest: float, more: float, left: float
) -> None:
    assert yearly_usd(1.0, left, years, interest + more) > yearly_usd(1.0, left, years, interest)
    assert yearly_usd(1.0, left + 0.05, years, interest) < yearly_usd(1.0, left, years, interest)


@given(
    field=st.sampled_from(["gpu_usd", "server_usd", "storage_usd_per_gpu", "maintenance_ratio", "gpu_staff_usd_per_s"]),
    times=st.floats(1.1, 5),
)
def test_each_price_makes_an_hour_dearer(field: str, times: float) -> None:
    dearer: Any = BOUGHT.model_copy(update={field: getattr(BOUGHT, field) * times})
    assert priced(dearer).usd_per_gpu_hour > priced().usd_per_gpu_hour


@given(field=st.sampled_from(["pue_ratio", "electricity_usd_per_j", "server_space_usd_per_s"]), times=st.floats(1.1, 5))
def test_a_dearer_site_makes_an_hour_dearer(field: str, times: float) -> None:
    dearer = SITE.model_copy(update={field: getattr(SITE, field) * times})
    assert priced(site=dearer).usd_per_gpu_hour > priced().usd_per_gpu_hour


@given(first=st.floats(0.05, 1), second=st.floats(0.05, 1))
def test_an_hour_is_cheaper_the_more_are_used(first: float, second: float) -> None:
    low, high = sorted((first, second))
    assert priced().at(high) <= priced().at(low)


@given(interest=st.floats(0, 0.3), rent=st.floats(1.0, 10.0))
def test_at_the_break_even_use_owning_costs_the_rent_and_the_life_pays_it_off(interest: float, rent: float) -> None:
    """Two roads to one point: the price of an hour, and the months, where nothing is left in the end."""
    terms = BOUGHT.model_copy(update={"interest_ratio": interest, "residual_ratio": 0.0})
    rental = RENTAL.model_copy(update={"gpu_usd_per_s": rent / 3600})
    owned = priced(terms)
    share = break_even(owned, terms, rental).utilisation_ratio
    assert owned.at(share) == pytest.approx(rent)
    at_share = Owned(owned.gpus, owned.lines, owned.busy_usd_per_s, share)
    assert break_even(at_share, terms, rental).months == pytest.approx(12 * terms.lifetime_s / YEAR_S, rel=1e-6)


@given(st.floats(0, 10), st.floats(0, 10), st.floats(0.1, 10))
def test_a_gpu_draws_between_idle_and_computing(computing: float, communicating: float, idle: float) -> None:
    watts = gpu_w(POWER, Doing(computing, communicating, idle))
    assert POWER.gpu_idle_w * (1 - 1e-9) <= watts <= POWER.gpu_computing_w * (1 + 1e-9)
