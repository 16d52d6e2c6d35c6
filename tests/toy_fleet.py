"""Units of toy fleets whose steps anyone can work out: so much a step, and so much for what is in it."""

from __future__ import annotations

import numpy as np

from simulator.serving.fleet.decode import DecodeOption
from simulator.serving.fleet.prefill import PrefillOption
from simulator.serving.tables import StepTable

USD_PER_S = 0.001


def line(start_s: float, each_s: float, most: float) -> StepTable:
    """A step of n rows takes start + n x each, however many keys there are."""
    rows = np.array([1.0, most])
    seconds = start_s + each_s * rows
    return StepTable(rows, np.array([0.0, 1e6]), np.array([seconds, seconds]).T)


def reads(gpus: int = 2, most: float = 500.0, start_s: float = 0.05, each_s: float = 1e-4) -> PrefillOption:
    """A group a GPU; full steps of 500 tokens take 50 ms + 500 x 0.1 ms = 100 ms."""
    return PrefillOption(f"P{gpus}", gpus, gpus, line(start_s, each_s, most), most, True, USD_PER_S)


def writes(gpus: int = 1, most: float = 30.0, kv_tokens: float = 1e9, each_s: float = 1e-3) -> DecodeOption:
    """A group a GPU; full steps of 30 sequences take 20 ms + 30 x 1 ms = 50 ms."""
    return DecodeOption(f"D{gpus}", gpus, gpus, line(0.02, each_s, most), most, kv_tokens, USD_PER_S)
