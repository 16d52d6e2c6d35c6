"""Measurements made from known parameters give these parameters back; bad rows are told with their place."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from simulator.calibrate import Outcome, Request, calibrate
from simulator.costs import Sms, duration, machine
from simulator.fitting import Sample, predicted, with_parameters
from simulator.kernels.matmul import Product
from simulator.measurements import read_measurements
from tests.worked.test_costs import core, product, sweep
from topologies.catalogue import Catalogue, Root, built_in, open_catalogue
from topologies.hardware import Gpu, Nic
from topologies.problems import InvalidInput
from topologies.spec import load_entry

CATALOGUE = open_catalogue(environ={})
H800 = load_entry("gpus", "h800", Gpu, CATALOGUE)
NIC = load_entry("nics", "connectx-7", Nic, CATALOGUE)
TRUE = {"flop_ratio": 0.66, "bandwidth_ratio": 0.71, "start_s": 7e-6, "exposed_output_ratio": 0.5}
SIZES = (64, 512, 4096, 16384)


def fit(folder: Path, lines: Sequence[str]) -> Outcome:
    """Calibrate a file of these lines."""
    file = folder / "mine.csv"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return calibrate(read_measurements(file, H800), Request("mine", H800, NIC, file), CATALOGUE)


def products() -> list[str]:
    """64 products of a family with known parameters, in microseconds."""
    family = with_parameters(H800.kernels.matmul["fp8_gemm"], TRUE)
    lines = ["kind,m,n,k,time [us]"]
    for m in SIZES:
        for n in SIZES:
            for k in SIZES:
                work = Product(m, n, k, 1, 1, k * (m + n), 2 * m * n)
                seconds = predicted(Sample("", work, machine(H800, "fp8", 132), 1.0), family).seconds
                lines.append(f"fp8_gemm,{m},{n},{k},{seconds * 1e6:.6f}")
    return lines


def test_parameters_of_products_are_recovered(tmp_path: Path) -> None:
    (found,) = fit(tmp_path, products()).fits
    assert found.parameters == pytest.approx(TRUE, rel=0.01)
    assert found.residuals.p90 < 0.005
    assert found.rows == 64


def test_noise_of_five_percent_moves_them_by_no_more(tmp_path: Path) -> None:
    noise = random.Random(1)
    head, *lines = products()
    noisy = [f"{line.rpartition(',')[0]},{float(line.rpartition(',')[2]) * noise.gauss(1, 0.05)}" for line in lines]
    (found,) = fit(tmp_path, [head, *noisy]).fits
    assert found.parameters["flop_ratio"] == pytest.approx(TRUE["flop_ratio"], rel=0.05)
    assert found.parameters["bandwidth_ratio"] == pytest.approx(TRUE["bandwidth_ratio"], rel=0.05)
    assert 0.02 < found.residuals.median < 0.06


def test_bandwidth_and_links_are_recovered(tmp_path: Path) -> None:
    """0.6 of 3352 GB/s after 4 us; 150 of 200 GB/s after 5 us; 42 of 50 GB/s after 9 us."""
    lines = ["kind,size [MB],time [us]"]
    for size in (1, 4, 16, 64, 256, 1024):
        lines += [
            f"memory,{size},{4 + size * 1e6 / (0.6 * 3352e9) * 1e6}",
            f"nvlink,{size},{5 + size * 1e6 / 150e9 * 1e6}",
            f"network,{size},{9 + size * 1e6 / 42e9 * 1e6}",
        ]
    found = {fitted.name: fitted.parameters for fitted in fit(tmp_path, lines).fits}
    assert found["memory"] == pytest.approx({"bandwidth_ratio": 0.6, "start_s": 4e-6}, rel=0.01)
    assert found["nvlink"] == pytest.approx({"achievable_ratio": 0.75, "latency_s": 5e-6}, rel=0.01)
    assert found["network"] == pytest.approx({"achievable_ratio": 0.84, "latency_s": 9e-6}, rel=0.01)


def test_the_entries_are_used_by_name(tmp_path: Path) -> None:
    """A GPU with the measured kernels; what was not measured stays that of the GPU it builds on."""
    outcome = fit(
        tmp_path,
        [
            *products(),
        ],
    )
    for entry in outcome.entries:
        file = tmp_path / entry.group / f"{entry.name}.yaml"
        file.parent.mkdir(exist_ok=True)
        file.write_text(entry.text, encoding="utf-8")
    mine = load_entry("gpus", "mine", Gpu, Catalogue((Root(tmp_path, "mine"), *built_in())))
    assert mine.kernels.matmul["fp8_gemm"].flop_ratio == pytest.approx(0.66, rel=0.01)
    told = mine.kernels.provenance("matmul.fp8_gemm.flop_ratio")
    assert told is not None
    assert (told.basis, told.source[:34]) == ("measured", "mine.csv: 64 measurements of fp8_g")
    assert mine.kernels.attention == H800.kernels.attention
    sms = Sms(132, 132)
    assert (
        duration(product(4096, 4096, 4096), mine, sms).seconds > duration(product(4096, 4096, 4096), H800, sms).seconds
    )
    assert duration(core(4096), mine, sms) == duration(core(4096), H800, sms)
    assert duration(sweep("ffn_norm", 1e8), mine, sms) == duration(sweep("ffn_norm", 1e8), H800, sms)


def test_few_measurements_set_few_parameters(tmp_path: Path) -> None:
    (found,) = fit(tmp_path, products()[:3]).fits
    assert list(found.parameters) == ["flop_ratio"]


BAD = [
    ("kind,time [us]\n", 1, "no measurement below the header"),
    ("", 0, "empty; the first line names the columns"),
    ("kind,m,n,k,time\nfp8_gemm,1,1,1,1\n", 1, "write the unit in brackets, as `time [...]`"),
    ("kind,m,n,k,time [GB]\nfp8_gemm,1,1,1,1\n", 1, "write the unit in brackets"),
    ("kind,m,n,k,tme [us]\nfp8_gemm,1,1,1,1\n", 1, "unknown column (did you mean `time`?)"),
    ("kind,m,m,k,time [us]\nfp8_gemm,1,1,1,1\n", 1, "m: named twice"),
    ("kind,m [us],n,k,time [us]\nfp8_gemm,1,1,1,1\n", 1, "has no unit; write `m`"),
    ("m,n,k,time [us]\n1,1,1,1\n", 1, "kind: this column is needed"),
    ("kind,m,n,k,time [us]\nfp8_gem,1,1,1,1\n", 2, "unknown kind `fp8_gem` (did you mean `fp8_gemm`?)"),
    ("kind,m,n,k,time [us]\nfp8_gemm,1,1,1\n", 2, "4 cells under a header of 5"),
    ("kind,m,n,k,time [us]\n\n# note\nfp8_gemm,1,,1,1\n", 4, "n: a row of kind `fp8_gemm` needs it"),
    ("kind,m,n,k,time [us]\nfp8_gemm,1,x,1,1\n", 2, "n: read `x`; write a whole number above 0"),
    ("kind,m,n,k,time [us]\nfp8_gemm,1,1,1,-3\n", 2, "time: read `-3`; write a number above 0"),
    ("kind,m,n,k,time [us]\nfp8_gemm,1,1,1,nan\n", 2, "time: read `nan`"),
    ("kind,m,n,k,sms,time [us]\nfp8_gemm,1,1,1,133,1\n", 2, "h800 has 132 multiprocessors"),
]


@pytest.mark.parametrize(("text", "line", "message"), BAD)
def test_a_bad_file_is_told_with_its_place(tmp_path: Path, text: str, line: int, message: str) -> None:
    file = tmp_path / "bad.csv"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InvalidInput) as refused:
        read_measurements(file, H800)
    assert message in str(refused.value)
    assert refused.value.problems[0].line in (line, 0)


def test_a_bad_cell_is_told_by_line_and_column(tmp_path: Path) -> None:
    """Every problem of a file at once."""
    file = tmp_path / "bad.csv"
    file.write_text("kind,m,n,k,time [us]\nfp8_gemm,12,x,1,1\nfp8_gemm,1,1,y,1\n", encoding="utf-8")
    with pytest.raises(InvalidInput) as refused:
        read_measurements(file, H800)
    assert [(found.line, found.column) for found in refused.value.problems] == [(2, 13), (3, 14)]


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="No such file"):
        read_measurements(tmp_path / "none.csv", H800)


def test_no_file_ends_in_anything_but_a_problem_of_its_own(tmp_path: Path) -> None:
    """Arbitrary text under a good header, and arbitrary bytes."""
    noise, file = random.Random(2), tmp_path / "noise.csv"
    for _ in range(200):
        tail = "".join(noise.choice('fp8_gemm,1234567890.,"\\n\\0 \u00e9#e-x') for _ in range(60))
        file.write_text(f"kind,m,n,k,time [us]\n{tail}\n", encoding="utf-8")
        with pytest.raises(InvalidInput):
            read_measurements(file, H800)
        file.write_bytes(noise.randbytes(60))
        with pytest.raises(InvalidInput):
            read_measurements(file, H800)
    for cell in ("9" * 400, "9" * 5000, '"', "x" * 200_000, "1e999", "\u0661"):
        file.write_text(f"kind,m,n,k,time [us]\nfp8_gemm,{cell},1,1,-1\n", encoding="utf-8")
        with pytest.raises(InvalidInput):
            read_measurements(file, H800)
