"""Unit prices of the published networks: found again by least squares, and how little they are pinned down."""

from __future__ import annotations

import numpy as np
import pytest

from workloads.published_networks import published_networks

TABLE = published_networks()
COUNTS = np.array([[row.switches, row.links, row.endpoints] for row in TABLE.rows], dtype=float)
COSTS_USD = np.array([row.cost_usd for row in TABLE.rows])


def fitted(switch_usd: float | None = None) -> np.ndarray:
    """Prices of a switch, a link and an endpoint that leave the least squares of relative errors."""
    relative = COUNTS / COSTS_USD[:, None]
    if switch_usd is None:
        return np.asarray(np.linalg.lstsq(relative, np.ones(len(relative)), rcond=None)[0])
    rest = np.linalg.lstsq(relative[:, 1:], 1 - switch_usd * relative[:, 0], rcond=None)[0]
    return np.array([switch_usd, *rest])


def worst_error(prices_usd: np.ndarray) -> float:
    """Largest relative error of the five costs."""
    return float(abs(COUNTS @ prices_usd / COSTS_USD - 1).max())


def test_the_catalogue_has_the_fitted_prices_to_three_digits() -> None:
    prices = TABLE.prices
    ours = [prices.switch_usd, prices.link_usd["optical"], prices.endpoint_usd["copper"]]
    assert ours == [float(f"{price:.3g}") for price in fitted()]
    assert worst_error(np.array(ours)) < 0.007


@pytest.mark.parametrize("switch_usd", [0.0, 40_000.0])
def test_the_rows_hardly_tell_a_switch_from_its_cables(switch_usd: float) -> None:
    """Why the fitted prices are worth little by themselves."""
    assert worst_error(fitted(switch_usd)) < 0.01


def test_the_assumed_classes_of_cable_differ_by_the_same_amount() -> None:
    link, endpoint = TABLE.prices.link_usd, TABLE.prices.endpoint_usd
    assert link["optical"] - link["copper"] == pytest.approx(endpoint["optical"] - endpoint["copper"])
