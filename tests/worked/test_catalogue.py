"""Which folder answers for a name, how an entry builds on another, and what becomes of its sources."""

from __future__ import annotations

from pathlib import Path

import pytest

from topologies.catalogue import ENVIRONMENT, Catalogue, Root, built_in, open_catalogue, user_folder
from topologies.hardware import Gpu, Nic, Node
from topologies.spec import InvalidInput, dump, load_entry, loads


def put(folder: Path, path: str, text: str) -> Path:
    """Write an entry of a catalogue folder."""
    file = folder / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


def one(folder: Path) -> Catalogue:
    """A folder over the built-in catalogue."""
    return Catalogue((Root(folder, "mine"), *built_in()))


def test_folders_answer_in_order_and_origin_says_which(tmp_path: Path) -> None:
    entry = "base: connectx-7\n"
    given = put(tmp_path / "given", "nics/a.yaml", entry)
    beside = put(tmp_path / "job" / "catalog", "nics/a.yaml", entry)
    own = put(tmp_path / "own", "nics/a.yaml", entry)
    only_own = put(tmp_path / "own", "nics/b.yaml", entry)
    known = open_catalogue(
        tmp_path / "job" / "job.yaml", [tmp_path / "given"], environ={ENVIRONMENT: str(tmp_path / "own")}
    )
    origin = known.origin("nics", "a")
    assert origin is not None
    assert (origin.path, origin.hides) == (given, (beside, own))
    assert origin.label == f"--catalog {tmp_path / 'given'}"
    assert known.find("nics", "b") == only_own
    assert known.names("nics") == ("a", "b", "connectx-7", "connectx-7-roce", "connectx-8")
    assert known.groups() == ("all-to-all", "gpus", "hosts", "kernels", "network-prices", "nics", "nodes", "switches")
    assert known.origin("nics", "zzz") is None


def test_a_folder_that_is_named_and_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput) as refused:
        open_catalogue(None, [tmp_path / "a"], environ={ENVIRONMENT: str(tmp_path / "b")})
    assert str(refused.value).splitlines() == [
        f"{tmp_path / 'a'}: --catalog: no such folder",
        f"{tmp_path / 'b'}: {ENVIRONMENT}: no such folder",
    ]


def test_the_users_folder_follows_the_platform() -> None:
    assert user_folder({ENVIRONMENT: "/c"}) == Path("/c")
    assert user_folder({"XDG_CONFIG_HOME": "/x"}) == Path("/x/clustercast/catalog")
    assert user_folder({"HOME": "/h"}) == Path("/h/.config/clustercast/catalog")


def test_an_entry_that_builds_on_its_namesake_hides_it_openly(tmp_path: Path) -> None:
    put(tmp_path, "gpus/h800.yaml", "base: h800\nhbm_bytes_per_s: 3 TB/s\n")
    gpu = load_entry("gpus", "h800", Gpu, one(tmp_path))
    assert (gpu.hbm_bytes_per_s, gpu.sms) == (3e12, 132)
    origin = one(tmp_path).origin("gpus", "h800")
    assert origin is not None
    assert [path.name for path in origin.hides] == ["h800.yaml"]


def test_a_changed_value_loses_the_source_of_the_old_one(tmp_path: Path) -> None:
    put(
        tmp_path,
        "gpus/mine.yaml",
        "base: h800\nname: mine\nhbm_bytes_per_s: 3 TB/s\nsms: 100\nsources: {sms: {basis: measured, source: me}}\n",
    )
    gpu = load_entry("gpus", "mine", Gpu, one(tmp_path))
    changed, told, kept = (gpu.provenance(name) for name in ("hbm_bytes_per_s", "sms", "power_w"))
    assert changed is not None and told is not None and kept is not None
    assert (changed.basis, changed.source) == ("assumed", "set in mine.yaml over the catalogue's value")
    assert (told.basis, told.source) == ("measured", "me")
    assert kept.source == "as the H100 SXM"


def test_one_family_of_kernels_may_be_changed_alone(tmp_path: Path) -> None:
    put(
        tmp_path,
        "gpus/mine.yaml",
        "base: h800\nkernels: {base: hopper@2025-03-01, sweeps: {norm: {bandwidth_ratio: 0.9}}}\n",
    )
    kernels = load_entry("gpus", "mine", Gpu, one(tmp_path)).kernels
    assert kernels.sweeps["norm"].bandwidth_ratio == 0.9
    assert kernels.sweeps["norm"].start_s == 3e-6
    assert kernels.matmul["fp8_gemm"].widest_tile == 128
    bases = [
        source and source.basis
        for source in map(kernels.provenance, ("sweeps.norm.bandwidth_ratio", "sweeps.norm.start_s"))
    ]
    assert bases == ["assumed", "derived"]


def test_a_chain_of_bases_is_followed_and_a_circle_is_told(tmp_path: Path) -> None:
    put(tmp_path, "nics/a.yaml", "base: b\nbytes_per_s: 100 Gb/s\n")
    put(tmp_path, "nics/b.yaml", "base: connectx-8\nlatency_s: 9 us\n")
    nic = load_entry("nics", "a", Nic, one(tmp_path))
    assert (nic.bytes_per_s, nic.latency_s, nic.name) == (12.5e9, 9e-6, "a")
    put(tmp_path, "nics/b.yaml", "base: a\n")
    with pytest.raises(InvalidInput, match="`a` builds on itself"):
        load_entry("nics", "a", Nic, one(tmp_path))


@pytest.mark.parametrize("name", ["../gpus/h800", "/etc/passwd", "", ".hidden", "H800"])
def test_a_name_is_no_path(name: str) -> None:
    with pytest.raises(InvalidInput, match="among the gpus"):
        load_entry("gpus", name, Gpu, Catalogue(built_in()))


def test_a_broken_entry_is_told_with_its_own_place(tmp_path: Path) -> None:
    file = put(tmp_path, "nics/broken.yaml", "base: connectx-7\n  bytes_per_s: 3\n")
    with pytest.raises(InvalidInput) as refused:
        loads("base: h800-node\nnic: broken\n", Node, one(tmp_path))
    assert str(refused.value).startswith(f"{file}:2:")


def test_what_is_dumped_needs_no_catalogue(tmp_path: Path) -> None:
    put(tmp_path, "gpus/mine.yaml", "base: h800\nname: mine\n")
    node = loads("base: h800-node\ngpu: mine\n", Node, one(tmp_path))
    assert node.gpu.name == "mine"
    assert loads(dump(node), Node, Catalogue()) == node


def test_an_entry_with_generations_is_asked_for_by_day(tmp_path: Path) -> None:
    """The newest that was there; the first for earlier days; the newest of all without a day."""
    for day in ("2025-02-25", "2025-04-09"):
        put(tmp_path, f"nics/port-{day}.yaml", f"base: connectx-7\nname: port-{day}\n")
    put(tmp_path, "nics/port-mine.yaml", "base: port\nlatency_s: 9 us\n")
    asked = ("port@2024-01-01", "port@2025-02-25", "port@2025-04-08", "port@2025-04-09", "port", "port@2030-01-01")
    found = [load_entry("nics", name, Nic, one(tmp_path)).name for name in asked]
    assert found == ["port-2025-02-25"] * 3 + ["port-2025-04-09"] * 3
    with pytest.raises(InvalidInput, match="no `port@yesterday` among the nics"):
        load_entry("nics", "port@yesterday", Nic, one(tmp_path))


def test_the_kernels_of_a_gpu_are_the_newest_unless_a_day_is_given() -> None:
    catalogue = Catalogue(built_in())
    h800 = load_entry("gpus", "h800", Gpu, catalogue)
    assert h800.kernels.name == max(name for name in catalogue.names("kernels") if name.startswith("hopper-20"))
    assert h800.with_changes({"kernels": "hopper@2024-12-27"}, catalogue).kernels.name == "hopper-2025-02-25"
