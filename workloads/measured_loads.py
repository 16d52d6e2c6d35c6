"""Measured loads from a file: a histogram by layer and expert, or the experts of each token, as CSV, Parquet or NPZ."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from topologies.problems import InvalidInput, Mark, Problem, listed, meant
from workloads.expert_tokens import LARGEST_BYTES, read_expert_tokens
from workloads.reference.dims import Gate
from workloads.router import Floats


def read_measured(path: Path, gate: Gate) -> Floats:
    """Read a file by its ending: [step, layer, expert], steps and layers ascending as they are numbered.

    Raises InvalidInput for what cannot be read or does not fit the gate.

    CSV and Parquet   columns layer, expert, tokens: a histogram;  layer, token, expert, a row for each choice, or
                      layer, token, expert_0, expert_1, ..., a row for each token: a trace;  step may be added to each
    NPZ               an array tokens [layer, expert], or experts [layer, token, k]; a first axis may count steps
    """
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        close = meant(path.suffix, _READERS)
        raise _invalid(path, f"read a name that ends in `{path.suffix}`{close}; allowed: {listed(_READERS)}")
    try:
        size = path.stat().st_size
    except OSError as error:
        raise _invalid(path, error.strerror or "cannot be opened") from None
    if size > LARGEST_BYTES:
        raise _invalid(path, f"more than {LARGEST_BYTES} bytes")
    tokens = reader(path, gate)
    if tokens.shape[-1] != gate.experts:
        raise _invalid(path, f"loads of {tokens.shape[-1]} experts, but a layer of the model has {gate.experts}")
    if not tokens.sum(axis=-1).all():
        step, layer = np.argwhere(tokens.sum(axis=-1) == 0)[0]
        raise _invalid(path, f"no token in the layer with index {layer} of the step with index {step}")
    return tokens


def _csv(path: Path, gate: Gate) -> Floats:
    """Loads of a CSV file; the plain histogram is what `clustercast balance` reads."""
    from workloads.load_tables import csv_table, table_tokens

    table = csv_table(path)
    if set(table.columns) == {"layer", "expert", "tokens"}:
        return read_expert_tokens(path).tokens[None]
    return table_tokens(table, gate)


def _parquet(path: Path, gate: Gate) -> Floats:
    """Loads of a Parquet file."""
    from workloads.load_tables import parquet_table, table_tokens

    return table_tokens(parquet_table(path), gate)


def _npz(path: Path, gate: Gate) -> Floats:
    """Loads of an NPZ file."""
    from workloads.load_arrays import npz_tokens

    return npz_tokens(path, gate)


def _invalid(path: Path, message: str) -> InvalidInput:
    """A problem of the file as a whole."""
    return InvalidInput([Problem.at(Mark(str(path)), "", message)])


_READERS: Mapping[str, Callable[[Path, Gate], Floats]] = {".csv": _csv, ".parquet": _parquet, ".npz": _npz}
