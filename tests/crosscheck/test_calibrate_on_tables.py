"""`calibrate` on the published tables, as a user would hand them in, finds what the kernel sets hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.calibrate import Request, calibrate
from simulator.measurements import read_measurements
from tests.crosscheck.kernel_data import GROUND_TRUTH, H800, rows
from topologies.catalogue import Catalogue, built_in
from topologies.hardware import Nic
from topologies.spec import load_entry

pytestmark = pytest.mark.skipif(not GROUND_TRUTH.is_dir(), reason=f"measured kernels do not lie in {GROUND_TRUTH}")
CATALOGUE = Catalogue(built_in())


def test_a_users_file_of_the_dense_table_gives_the_stored_family(tmp_path: Path) -> None:
    """The user's fit keeps the L2 rate of the GPU it builds on and frees four parameters."""
    lines = ["kind,m,n,k,time [us]"]
    lines += [f"fp8_gemm,{row['m']},{row['n']},{row['k']},{row['latency_us']}" for row in rows("calib_h800_gemm.csv")]
    file = tmp_path / "dense.csv"
    file.write_text("\n".join(lines), encoding="utf-8")
    nic = load_entry("nics", "connectx-7", Nic, CATALOGUE)
    (found,) = calibrate(read_measurements(file, H800), Request("mine", H800, nic, file), CATALOGUE).fits
    stored = H800.kernels.matmul["fp8_gemm"]
    assert found.parameters == pytest.approx({name: getattr(stored, name) for name in found.parameters}, rel=0.01)
    assert found.residuals.median == pytest.approx(0.05, abs=0.005)
