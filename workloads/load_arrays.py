"""Measured loads in an NPZ file: a histogram `tokens` or a trace `experts`."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from topologies.problems import InvalidInput, Mark, Problem, listed, meant
from workloads.reference.dims import Gate
from workloads.router import Floats

SHAPES = {
    "tokens": "[layer, expert] or [step, layer, expert]",
    "experts": "[layer, token, k] or [step, layer, token, k]",
}
MOST_NUMBERS = 100_000_000
"""Of an array once unpacked."""


def npz_tokens(path: Path, gate: Gate) -> Floats:
    """Read loads: [step, layer, expert]. Raises InvalidInput."""
    try:
        with np.load(path, allow_pickle=False) as file:
            name = _only_name(path, list(file.files))
            array = np.asarray(file[name])
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else "it is damaged, or no NPZ file"
        raise _invalid(path, "", f"cannot be read: {why}") from None
    axes = 2 if name == "tokens" else 3
    if array.ndim not in (axes, axes + 1) or not array.size or array.size > MOST_NUMBERS:
        raise _invalid(path, name, f"read an array of shape {list(array.shape)}; write {SHAPES[name]}")
    if array.dtype.kind not in ("iuf" if name == "tokens" else "iu"):
        what = "numbers" if name == "tokens" else "whole numbers"
        raise _invalid(path, name, f"read an array of {array.dtype}; write {what}")
    with_steps = array if array.ndim == axes + 1 else array[None]
    return _histogram(path, with_steps) if name == "tokens" else _counted(path, with_steps, gate)


def _only_name(path: Path, names: list[str]) -> str:
    """Name of the one array that is known."""
    unknown = [name for name in names if name not in SHAPES]
    if unknown:
        hint = meant(unknown[0], SHAPES)
        raise _invalid(path, unknown[0], f"unknown array{hint}; allowed: tokens {SHAPES['tokens']}, or experts")
    if len(names) != 1:
        raise _invalid(path, "", f"read the arrays {listed(names)}; write either tokens or experts")
    return names[0]


def _histogram(path: Path, tokens: NDArray[np.generic]) -> Floats:
    """Check that loads are numbers, 0 or more: [step, layer, expert]."""
    loads: Floats = tokens.astype(np.float64)
    wrong = np.argwhere(~((loads >= 0) & np.isfinite(loads)))
    if len(wrong):
        at = tuple(wrong[0])
        raise _invalid(path, f"tokens{_index(at)}", f"read {loads[at]}; write a number of tokens, 0 or more")
    return loads


def _counted(path: Path, experts: NDArray[np.generic], gate: Gate) -> Floats:
    """Count the tokens of each expert: [step, layer, token, k] -> [step, layer, expert]."""
    choices: NDArray[np.int64] = experts.astype(np.int64)
    if choices.shape[-1] != gate.top_k:
        raise _invalid(
            path, "experts", f"a token has {choices.shape[-1]} of the {gate.top_k} experts that the gate chooses"
        )
    wrong = np.argwhere((choices < 0) | (choices >= gate.experts))
    if len(wrong):
        at = tuple(wrong[0])
        raise _invalid(path, f"experts{_index(at)}", f"read {choices[at]}; experts count from 0 to {gate.experts - 1}")
    ordered = np.sort(choices, axis=-1)
    twice = np.argwhere(ordered[..., 1:] == ordered[..., :-1])
    if len(twice):
        raise _invalid(path, f"experts{_index(tuple(twice[0][:-1]))}", "this token names an expert twice")
    layers = choices.reshape(-1, choices.shape[-2] * choices.shape[-1])
    counts = np.stack([np.bincount(layer, minlength=gate.experts) for layer in layers])
    return counts.reshape(*choices.shape[:2], gate.experts).astype(np.float64)


def _index(at: tuple[int, ...]) -> str:
    """A place in an array, as python writes it."""
    return f"[{', '.join(str(int(index)) for index in at)}]"


def _invalid(path: Path, field: str, message: str) -> InvalidInput:
    """One problem of the file."""
    return InvalidInput([Problem.at(Mark(str(path)), field, message)])
