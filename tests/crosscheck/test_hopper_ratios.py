"""The Hopper kernel set holds the ratios that the published trace gives."""

from __future__ import annotations

import pytest

from tests.crosscheck.hopper_ratios import GROUND_TRUTH, ratios
from topologies.catalogue import Catalogue, built_in
from topologies.hardware import KernelSet
from topologies.spec import load_entry

KERNELS = load_entry("kernels", "hopper-deepgemm-2025-02", KernelSet, Catalogue(built_in()))


@pytest.mark.skipif(not GROUND_TRUTH.is_dir(), reason=f"the trace's tables do not lie in {GROUND_TRUTH}")
def test_each_derived_ratio_is_the_one_computed_from_the_trace() -> None:
    computed = dict(ratios())
    derived = {
        name: family.bandwidth_ratio if family.flop_ratio is None else family.flop_ratio
        for name, family in KERNELS.families.items()
        if name in computed
    }
    assert derived == pytest.approx(computed, abs=0.0005)
    assumed = set(KERNELS.families) - set(computed)
    assert assumed == {"bf16_gemm", "bf16_wgrad"}
