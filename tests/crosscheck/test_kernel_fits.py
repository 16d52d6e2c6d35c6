"""The stored kernel sets are what the fits find, the fits hold on shapes they have not seen, and phases add up."""

from __future__ import annotations

import pytest

from simulator.fitting import Residuals, shape
from tests.crosscheck.fit_kernels import FIRST, FOURTH, SECOND, THIRD, Fitted, fits
from tests.crosscheck.kernel_data import GROUND_TRUTH
from tests.crosscheck.kernel_phases import Phase, first_generation, phases, traffic
from topologies.catalogue import Catalogue, built_in
from topologies.hardware import KernelSet
from topologies.spec import load_entry

pytestmark = pytest.mark.skipif(not GROUND_TRUTH.is_dir(), reason=f"measured kernels do not lie in {GROUND_TRUTH}")

DAYS = {FIRST: "2025-02-25", SECOND: "2025-03-25", THIRD: "2025-04-09", FOURTH: "2025-10-20"}
STORED = {
    generation: load_entry("kernels", f"hopper-{day}", KernelSet, Catalogue(built_in()))
    for generation, day in DAYS.items()
}
PHASE_TOLERANCE = 0.05
UNSEEN_TOLERANCE = 0.10
FEW = 2
"""With fewer shapes than this there is nothing to leave out."""


def stored(generation: str, name: str) -> object:
    """A family as it stands in the catalogue."""
    kernels = STORED[generation]
    groups = (kernels.matmul, kernels.attention, {"decode": kernels.decode}, kernels.sweeps)
    return next(group[name] for group in groups if name in group)


@pytest.mark.slow
def test_every_stored_parameter_is_the_one_that_the_fit_finds() -> None:
    for (generation, name), found in fits().items():
        family = stored(generation, name)
        for parameter in found.free:
            value = getattr(family, parameter)
            assert value == pytest.approx(getattr(found.family, parameter), rel=0.002), (generation, name, parameter)


@pytest.mark.slow
def test_every_stored_residual_is_the_one_of_the_fit() -> None:
    for (generation, name), found in fits().items():
        fit = getattr(stored(generation, name), "fit")  # noqa: B009
        errors: Residuals = found.residuals
        assert fit.rows == len(found.samples)
        assert fit.median_error_ratio == pytest.approx(errors.median, abs=0.001), (generation, name)
        assert fit.p90_error_ratio == pytest.approx(errors.p90, abs=0.002), (generation, name)


@pytest.mark.slow
def test_fitted_on_three_fifths_the_median_error_on_the_rest_is_within_ten_percent() -> None:
    table: dict[tuple[str, str], float] = {}
    for key, found in fits().items():
        if len({shape(sample) for sample in found.samples}) >= FEW:
            table[key] = _unseen(found).median
            print(*key, len(found.samples), f"{table[key]:.1%}")
    assert len(table) >= 15
    assert {key: error for key, error in table.items() if error > UNSEEN_TOLERANCE} == {}


def _unseen(found: Fitted) -> Residuals:
    """Errors on what a fit has not seen."""
    return found.unseen()


def test_each_compute_phase_of_the_traced_layers_is_busy_as_long_as_traced() -> None:
    gpu, wrong = first_generation(), {}
    for phase in phases():
        error = phase.simulated_s(gpu) / phase.busy_s - 1
        print(phase.layer, phase.name, f"{error:+.1%}")
        if abs(error) > PHASE_TOLERANCE:
            wrong[phase.layer, phase.name] = error
    assert wrong == {}


def test_each_phase_runs_as_many_kernels_as_traced() -> None:
    """Experts' weight gradients are eight launches in the trace and two operations here."""
    gpu = first_generation()
    for phase in phases():
        assert sum(told.kernels for told in phase.durations(gpu)) + _launches(phase) == pytest.approx(
            phase.kernels, abs=2
        )


def _launches(phase: Phase) -> int:
    """Launches that one grouped operation stands for."""
    return sum(op.groups - 1 for op in phase.ops if op.kind == "grouped_gemm" and op.phase == "weight_grad")


def test_traffic_that_only_phases_tell_is_what_they_tell() -> None:
    sweeps = STORED[FIRST].sweeps
    assert {kind: sweeps[kind].traffic_ratio for kind in traffic()} == pytest.approx(traffic(), rel=0.01)
    assert sweeps["permute_backward"].traffic_ratio == sweeps["permute"].traffic_ratio
