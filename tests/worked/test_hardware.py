"""The catalogue's H800 and its node, figure by figure, and what other GPUs differ in."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from topologies.catalogue import Catalogue, built_in
from topologies.hardware import Gpu, KernelSet, Nic, Node, Switch
from topologies.kernel_sets import MATMUL
from topologies.spec import InvalidInput, load_entry, loads

CATALOGUE = Catalogue(built_in())


def gpu(name: str) -> Gpu:
    """A GPU of the built-in catalogue."""
    return load_entry("gpus", name, Gpu, CATALOGUE)


def test_an_h800_is_as_published() -> None:
    h800 = gpu("h800")
    assert (h800.sms, h800.fp8_flop_per_s, h800.bf16_flop_per_s) == (132, 1979e12, 989e12)
    assert h800.memory_usable_bytes == 84_943_110_144
    assert h800.memory_bytes == 80 * 2**30
    assert h800.hbm_bytes_per_s == 3352e9
    assert h800.nvlink_bytes_per_s == 200e9
    assert h800.nvlink_bytes_per_s * h800.nvlink_achievable_ratio == pytest.approx(160e9)


def test_an_h800_node_has_a_400_gigabit_port_for_each_gpu() -> None:
    node = load_entry("nodes", "h800-node", Node, CATALOGUE)
    assert (node.gpus, node.nics, node.gpu, node.nic.bytes_per_s) == (8, 8, gpu("h800"), 50e9)


@pytest.mark.parametrize(
    ("name", "nvlink_bytes_per_s", "links", "domain"),
    [
        ("h100", 450e9, 18, 8),
        ("h200", 450e9, 18, 8),
        ("h20", 450e9, 18, 8),
        ("a100", 300e9, 12, 8),
        ("b200", 900e9, 18, 8),
        ("gb200", 900e9, 18, 72),
        ("gb300", 900e9, 18, 72),
    ],
)
def test_nvlink_of_other_gpus(name: str, nvlink_bytes_per_s: float, links: int, domain: int) -> None:
    other = gpu(name)
    assert (other.nvlink_bytes_per_s, other.nvlink_links) == (nvlink_bytes_per_s, links)
    assert other.nvlink_domain_gpus == domain


def test_nothing_inside_a_spec_can_be_changed() -> None:
    h800 = gpu("h800")
    with pytest.raises(TypeError, match="make another value with `with_changes`"):
        h800.sources["sms"] = h800.sources["power_w"]
    with pytest.raises(ValidationError, match="frozen"):
        h800.sms = 1  # type: ignore[misc]


def test_a_rate_given_in_python_may_be_si_but_no_truth_value() -> None:
    nic = load_entry("nodes", "h800-node", Node, CATALOGUE).nic
    assert Nic(**{**dict(nic), "bytes_per_s": 25e9}).bytes_per_s == 25e9
    with pytest.raises(ValidationError, match="read `true`"):
        Nic(**{**dict(nic), "bytes_per_s": True})


def test_an_a100_has_no_fp8() -> None:
    assert gpu("a100").fp8_flop_per_s is None


def test_a_source_for_a_part_holds_for_all_in_it_until_a_longer_path_says_otherwise() -> None:
    kernels = gpu("h800").kernels
    found = {name: kernels.provenance(f"matmul.{name}.flop_ratio") for name in MATMUL}
    assert {name for name, source in found.items() if source and source.basis == "assumed"} == {
        "bf16_wgrad",
        "fp8_wgrad",
        "fp8_grouped_wgrad",
    }
    assert kernels.provenance("name") is None


def test_a_value_without_a_source_is_refused() -> None:
    text = "name: x\ntitle: x\nports: 64\nport_bytes_per_s: 400 Gb/s\nlatency_s: 1 us\nsources: {}\n"
    with pytest.raises(InvalidInput, match="no source for latency_s, port_bytes_per_s, ports"):
        loads(text, Switch, CATALOGUE)


def test_a_source_for_nothing_is_refused() -> None:
    with pytest.raises(InvalidInput, match="`sources` names colour, which is no field"):
        loads("base: h800\nsources: {colour: {basis: assumed, source: x}}\n", Gpu, CATALOGUE)


def test_a_kernel_set_has_every_family() -> None:
    text = "name: x\nbase: hopper\nsweeps: {polish: {bandwidth_ratio: 0.5, start_s: 1 us}}\n"
    with pytest.raises(InvalidInput, match="`sweeps` does not know polish; there are quantise, grad_quantise"):
        loads(text, KernelSet, CATALOGUE)


def test_more_usable_than_nominal_memory_is_refused() -> None:
    with pytest.raises(InvalidInput, match="81 GiB is more than memory_bytes"):
        loads("base: h800\nmemory_usable_bytes: 81 GiB\n", Gpu, CATALOGUE)
