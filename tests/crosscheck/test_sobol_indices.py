"""Sobol indices against functions whose indices are known in closed form, and against scipy's."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from simulator.uncertainty.indices import Indices, sobol_indices

Floats = NDArray[np.float64]
A, B = 7.0, 0.1
SAMPLES = 2**13


def ishigami(x: Floats) -> Floats:
    """sin x1 + A sin^2 x2 + B x3^4 sin x1 (Ishigami and Homma 1990); x, returns   [sample, 3], [sample, 1]."""
    return (np.sin(x[:, 0]) + A * np.sin(x[:, 1]) ** 2 + B * x[:, 2] ** 4 * np.sin(x[:, 0]))[:, None]


def on_cube(shares: Floats) -> Floats:
    """The same on points of the unit cube: each x uniform from -pi to pi."""
    return ishigami(math.pi * (2 * shares - 1))


def exact() -> tuple[list[float], list[float]]:
    """First and total indices, integrated by hand."""
    alone_1 = (1 + B * math.pi**4 / 5) ** 2 / 2
    alone_2 = A**2 / 8
    both = B**2 * math.pi**8 * (1 / 18 - 1 / 50)
    whole = alone_1 + alone_2 + both
    return [alone_1 / whole, alone_2 / whole, 0.0], [(alone_1 + both) / whole, alone_2 / whole, both / whole]


@pytest.fixture(scope="module")
def found() -> Indices:
    """Each x by itself."""
    return sobol_indices(on_cube, {"x1": [0], "x2": [1], "x3": [2]}, ["y"], SAMPLES, seed=0)


def test_the_indices_of_ishigamis_function_within_two_hundredths(found: Indices) -> None:
    first, total = exact()
    assert found.first[:, 0] == pytest.approx(first, abs=0.02)
    assert found.total[:, 0] == pytest.approx(total, abs=0.02)


def test_the_intervals_hold_the_exact_indices_and_are_narrow(found: Indices) -> None:
    first, total = exact()
    for low, value, high in zip(found.first_low[:, 0], first, found.first_high[:, 0], strict=True):
        assert low - 0.01 <= value <= high + 0.01
        assert high - low < 0.08
    for low, value, high in zip(found.total_low[:, 0], total, found.total_high[:, 0], strict=True):
        assert low - 0.01 <= value <= high + 0.01


def test_scipy_finds_the_same(found: Indices) -> None:
    from scipy.stats import sobol_indices as of_scipy
    from scipy.stats import uniform

    spread: Any = uniform(loc=-math.pi, scale=2 * math.pi)
    theirs = of_scipy(func=lambda x: ishigami(x.T).T, n=SAMPLES, dists=[spread] * 3, rng=np.random.default_rng(1))
    assert found.first[:, 0] == pytest.approx(theirs.first_order.ravel(), abs=0.03)
    assert found.total[:, 0] == pytest.approx(theirs.total_order.ravel(), abs=0.03)


def test_inputs_taken_as_one_count_with_what_they_do_together() -> None:
    """x1 and x3 interact with each other only: together their first and their total index are the same."""
    first, _ = exact()
    pair = sobol_indices(on_cube, {"x1 and x3": [0, 2], "x2": [1]}, ["y"], SAMPLES, seed=0)
    assert pair.first[:, 0] == pytest.approx([1 - first[1], first[1]], abs=0.02)
    assert pair.total[:, 0] == pytest.approx([1 - first[1], first[1]], abs=0.02)


def test_a_sum_is_explained_by_its_terms_alone() -> None:
    """Variances 1, 4 and 16 of 21; first and total indices agree."""
    weighted = sobol_indices(
        lambda u: (u @ np.array([1.0, 2.0, 4.0]))[:, None], {"a": [0], "b": [1], "c": [2]}, ["y"], SAMPLES, seed=3
    )
    expected = [1 / 21, 4 / 21, 16 / 21]
    assert weighted.first[:, 0] == pytest.approx(expected, abs=0.01)
    assert weighted.total[:, 0] == pytest.approx(expected, abs=0.01)


def test_what_never_varies_is_explained_by_nothing() -> None:
    still = sobol_indices(lambda u: np.full((len(u), 1), 3.7), {"a": [0], "b": [1]}, ["y"], 64, seed=0)
    assert not still.first.any()
    assert not still.total.any()


def test_dimensions_that_are_not_numbered_through_are_refused() -> None:
    with pytest.raises(ValueError, match="write each from 0 to 1 once"):
        sobol_indices(on_cube, {"a": [0], "b": [2]}, ["y"], 64, seed=0)
