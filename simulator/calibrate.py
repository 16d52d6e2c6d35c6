"""From a user's measurements to entries of a catalogue: kernels, a GPU that uses them, a NIC."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np

from simulator.fitting import Family, Residuals, Sample, fitted, residuals, rounded, with_parameters
from simulator.measurements import MEMORY, Measurements, Moved, read_measurements
from topologies.catalogue import Catalogue
from topologies.hardware import Gpu, Nic
from topologies.kernel_sets import ATTENTION, MATMUL, SWEEPS, KernelSet, SweepFamily
from topologies.problems import InvalidInput, Problem
from topologies.spec import load_entry, loads, written
from topologies.units import render
from topologies.writing import to_yaml
from workloads.scenario import catalogue

FREE: Mapping[str, tuple[str, ...]] = {
    "MatmulFamily": ("flop_ratio", "bandwidth_ratio", "start_s", "exposed_output_ratio"),
    "AttentionFamily": ("flop_ratio", "start_s"),
    "DecodeFamily": ("flop_ratio", "start_s"),
    "SweepFamily": ("bandwidth_ratio", "start_s"),
}
"""Parameters that measurements may set, the most telling first; all others stay those of the GPU's kernels."""
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*")
ROWS_A_PARAMETER = 3
"""Measurements that each further parameter asks for."""


@dataclass(frozen=True, slots=True)
class Calibrated:
    """One family or link: how many measurements, which parameters they gave, how far these miss them."""

    name: str
    rows: int
    parameters: Mapping[str, float]
    residuals: Residuals


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of the catalogue to be."""

    group: str
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was fitted, and the entries that hold it."""

    fits: tuple[Calibrated, ...]
    entries: tuple[Entry, ...]


@dataclass(slots=True)
class _Draft:
    """An entry while it is put together: values and their sources."""

    values: dict[str, object]
    sources: dict[str, object] = field(default_factory=dict)

    def text(self) -> str:
        """YAML."""
        return to_yaml({**self.values, "sources": self.sources})


@dataclass(frozen=True, slots=True)
class Request:
    """Where measurements belong: name of the entries, the GPU and NIC they build on, the file they come from."""

    name: str
    gpu: Gpu
    nic: Nic
    file: Path


def calibrate(measured: Measurements, request: Request, known: Catalogue) -> Outcome:
    """Fit every kind that was measured and write it over the entries of the GPU and the NIC.

    Raises InvalidInput if an entry could not be read back.
    """
    fits = [*_kernels(measured, request.gpu.kernels), *_links(measured, request)]
    entries = tuple(_entries([found for found, _ in fits], dict(_families(fits)), request))
    for entry in entries:
        if entry.group == "kernels":
            loads(entry.text, KernelSet, known, f"{entry.group}/{entry.name}.yaml")
    return Outcome(tuple(found for found, _ in fits), entries)


def _kernels(measured: Measurements, kernels: KernelSet) -> Iterator[tuple[Calibrated, Family | None]]:
    """Fit the families that were measured; `memory` stands for every memory-bound kind not measured itself."""
    for kind, samples in measured.kernels.items():
        start = family_of(kernels, kind)
        free = free_parameters(start, len(samples))
        family = fitted(samples, start, free)
        yield _told(kind, samples, family, free), family


def family_of(kernels: KernelSet, kind: str) -> Family:
    """The family of a kind. A measured memory-bound kernel is one launch that moves its bytes once."""
    if kind == "decode":
        return kernels.decode
    if kind in MATMUL:
        return kernels.matmul[kind]
    if kind in ATTENTION:
        return kernels.attention[kind]
    sweep = kernels.sweeps["activation" if kind == MEMORY else kind]
    return SweepFamily(bandwidth_ratio=sweep.bandwidth_ratio, start_s=sweep.start_s)


def free_parameters(family: Family, rows: int) -> tuple[str, ...]:
    """Parameters that so many measurements can set: one, and one more for every three beyond the first."""
    free = FREE[type(family).__name__]
    return free[: 1 + (rows - 1) // ROWS_A_PARAMETER]


def _told(kind: str, samples: Sequence[Sample], family: Family, free: Sequence[str]) -> Calibrated:
    """Parameters and residuals of one fit."""
    return Calibrated(kind, len(samples), {name: getattr(family, name) for name in free}, residuals(samples, family))


def _links(measured: Measurements, request: Request) -> Iterator[tuple[Calibrated, None]]:
    """Fit latency and achieved share of each link: seconds = latency + bytes / (nominal rate x ratio)."""
    nominal = {"nvlink": request.gpu.nvlink_bytes_per_s, "network": request.nic.bytes_per_s}
    for link, moved in measured.links.items():
        yield _link(link, moved, nominal[link]), None


def _link(link: str, moved: Sequence[Moved], nominal_bytes_per_s: float) -> Calibrated:
    """Least squares of relative errors; one message alone gives the ratio without a latency."""
    sizes, seconds = (np.array([getattr(one, name) for one in moved]) for name in ("size_bytes", "seconds"))
    terms = np.stack([np.ones_like(sizes), sizes], axis=1) / seconds[:, None]
    used = terms if len(moved) > 1 else terms[:, 1:]
    solved = np.linalg.lstsq(used, np.ones_like(seconds), rcond=None)[0]
    latency_s, per_byte_s = (
        (float(max(0.0, solved[0])), float(solved[-1])) if len(moved) > 1 else (0.0, float(solved[0]))
    )
    ratio = min(1.0, 1 / (per_byte_s * nominal_bytes_per_s)) if per_byte_s > 0 else 1.0
    errors = (latency_s + sizes / (nominal_bytes_per_s * ratio)) / seconds - 1
    parameters = {"achievable_ratio": rounded(ratio)} | ({"latency_s": rounded(latency_s)} if latency_s > 0 else {})
    return Calibrated(link, len(moved), parameters, Residuals(errors))


def _families(fits: Sequence[tuple[Calibrated, Family | None]]) -> Iterator[tuple[str, Family]]:
    """Fitted families by kind."""
    for found, family in fits:
        if family is not None:
            shapes = f"{found.rows} measurements"
            yield found.name, family.model_copy(update={"fit": found.residuals.fit(shapes)})


def _entries(fits: Sequence[Calibrated], families: Mapping[str, Family], request: Request) -> Iterator[Entry]:
    """Kernels with what was fitted, the GPU that uses them, the NIC if it was measured."""
    by_name = {found.name: found for found in fits}
    links = {name: found for name, found in by_name.items() if name not in families}
    gpu = _draft(request, request.gpu.name, request.gpu.title)
    if families:
        kernels = _draft(request, request.gpu.kernels.name, request.gpu.kernels.title)
        for group, name, family in _placed(families, request.gpu.kernels):
            whole = kernels.values if group == "" else kernels.values.setdefault(group, {})
            if isinstance(whole, dict):
                whole[name] = written(family)
            told = by_name.get(name) or by_name[MEMORY]
            kernels.sources[f"{group}.{name}".strip(".")] = _source(request, told)
        gpu.values["kernels"] = request.name
        yield Entry("kernels", request.name, kernels.text())
    if "nvlink" in links:
        _put(gpu, "nvlink_", links["nvlink"], request)
    if families or "nvlink" in links:
        yield Entry("gpus", request.name, gpu.text())
    if "network" in links:
        nic = _draft(request, request.nic.name, request.nic.title)
        _put(nic, "", links["network"], request)
        yield Entry("nics", request.name, nic.text())


def _placed(families: Mapping[str, Family], kernels: KernelSet) -> Iterator[tuple[str, str, Family]]:
    """Field of the kernel set, name in it, family; `memory` goes to every kind not measured itself."""
    for kind, family in families.items():
        if kind == MEMORY and isinstance(family, SweepFamily):
            for name in SWEEPS:
                if name not in families:
                    yield "sweeps", name, _over(kernels.sweeps[name], family)
        elif isinstance(family, SweepFamily):
            yield "sweeps", kind, _over(kernels.sweeps[kind], family)
        else:
            yield "matmul" if kind in MATMUL else "attention" if kind in ATTENTION else "", kind, family


def _over(counted: SweepFamily, measured: SweepFamily) -> SweepFamily:
    """A kind with its kernel count and traffic, at the measured bandwidth."""
    found = with_parameters(counted, {name: getattr(measured, name) for name in FREE["SweepFamily"]})
    return found.model_copy(update={"fit": measured.fit})


def _draft(request: Request, base: str, title: str) -> _Draft:
    """An entry over another one."""
    return _Draft({"name": request.name, "title": f"{title}, calibrated on {request.file.name}", "base": base})


def _put(draft: _Draft, prefix: str, found: Calibrated, request: Request) -> None:
    """Write a link's parameters into its entry."""
    for name, value in found.parameters.items():
        draft.values[prefix + name] = render(value, "s") if name.endswith("_s") else value
        draft.sources[prefix + name] = _source(request, found)


def _source(request: Request, found: Calibrated) -> Mapping[str, object]:
    """Where a fitted value comes from; nine of ten measurements lie within its spread."""
    said = f"{request.file.name}: {found.rows} measurements of {found.name}, median error {found.residuals.median:.1%}"
    return {"basis": "measured", "source": said, "spread": min(1.0, rounded(found.residuals.p90))}


def require_name(name: str) -> None:
    """Raise InvalidInput for a name that no file of a catalogue could have."""
    if not NAME.fullmatch(name):
        why = f"`{name}` is no name for a file; write letters, digits, `.`, `_`, `+` and `-`"
        raise InvalidInput([Problem("name", 0, 0, "", why)])


class Names(NamedTuple):
    """What new entries are called, and the entries of the catalogue that were measured."""

    name: str
    gpu: str
    nic: str


def calibrated(file: Path, names: Names, folder: Path | None) -> Outcome:
    """Fit a file of measurements of what the catalogue, with another folder where one is given, has under these names.

    Raises InvalidInput for the file and for names.
    """
    require_name(names.name)
    known = catalogue(None, (folder,) if folder is not None and folder.is_dir() else ())
    gpu, nic = load_entry("gpus", names.gpu, Gpu, known), load_entry("nics", names.nic, Nic, known)
    return calibrate(read_measurements(file, gpu), Request(names.name, gpu, nic, file), known)


def files_of(entries: Sequence[Entry], folder: Path) -> list[Path]:
    """Where the entries go in a catalogue folder."""
    return [folder / entry.group / f"{entry.name}.yaml" for entry in entries]


def write_entries(entries: Sequence[Entry], folder: Path, replace: bool) -> list[Path]:
    """Write every entry into a catalogue folder, or none if one is there already; return the files.

    Raises InvalidInput for those that are there, unless `replace`, and OSError.
    """
    files = files_of(entries, folder)
    there = [str(file) for file in files if file.exists()]
    if there and not replace:
        raise InvalidInput([Problem(one, 0, 0, "", "is there already, and is not to be replaced") for one in there])
    for entry, file in zip(entries, files, strict=True):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(entry.text, encoding="utf-8")
    return files
