"""Compute phases of the traced layers beside the record's operations, and the traffic that only phases tell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from simulator.costs import Duration, Sms, duration, family
from tests.crosscheck.kernel_data import H800, TRACED, rows
from topologies.hardware import Gpu
from topologies.spec import load_entry
from workloads.model import ModelSpec, block_record
from workloads.reference.dims import Share, Tokens
from workloads.reference.record import Op
from workloads.scenario import catalogue

RECEIVED = {"1": {"F": 28984, "B": 32120}, "2": {"F": 28856, "B": 30048}}
"""Tokens that reached the traced rank, forward and backward (they are two micro-batches)."""
ROWS = {"1": {"F": 31104, "B": 34688}, "2": {"F": 30976, "B": 32512}}
"""Rows of its experts' products."""
ELSEWHERE = frozenset({"unpermute.grad_quantise"})
"""The trace runs it on the communication stream, before the gradient of the combine is sent."""
DERIVED = {"permute": "mlp(F)", "activation_backward": "mlp(B)"}
"""Kinds whose traffic no single kernel of the trace's tables tells, with the phase that does."""
SAME = {"permute_backward": "permute"}


@dataclass(frozen=True, slots=True)
class Phase:
    """One compute phase of the trace and its operations."""

    layer: str
    name: str
    busy_s: float
    wall_s: float
    kernels: int
    ops: tuple[Op, ...]

    def durations(self, gpu: Gpu) -> list[Duration]:
        """Each operation on the multiprocessors that communication leaves."""
        return [duration(op, gpu, Sms(TRACED, TRACED)) for op in self.ops]

    def simulated_s(self, gpu: Gpu) -> float:
        """Seconds that the phase's kernels are busy."""
        return sum(told.busy_s for told in self.durations(gpu))


def phases() -> Iterator[Phase]:
    """Compute phases of layers 1 and 2."""
    model = load_entry("models", "deepseek-v3", ModelSpec, catalogue())
    for row in rows("h800_trace_phases.csv"):
        if row["stream"] != "compute":
            continue
        part, turn = row["phase"][:-3], row["phase"][-2]
        direction = "F" if turn == "F" else "B"
        layer = row["layer"]
        share = Share(expert=64, rows=ROWS[layer][direction], received=RECEIVED[layer][direction])
        record = block_record(model, "moe", Tokens(1, 4096), share, "deepseek")
        ops = tuple(
            op
            for op in record
            if op.turn == turn and (op.part == "attention") == (part == "attn") and op.name not in ELSEWHERE
        )
        seconds = (float(row["busy_us"]) / 10**6, float(row["wall_us"]) / 10**6)
        yield Phase(layer, row["phase"], *seconds, int(row["kernels"]), ops)


def first_generation() -> Gpu:
    """An H800 with the kernels of the trace's time."""
    return H800.with_changes({"kernels": "hopper-2025-02-25"}, catalogue())


def traffic() -> Mapping[str, float]:
    """Traffic ratio of each derived kind that makes its phase last as long as traced, mean of both layers."""
    gpu, found = first_generation(), {}
    for kind, name in DERIVED.items():
        ratios = []
        for phase in phases():
            if phase.name == name:
                own = [op for op in phase.ops if _kind(op) == kind]
                moved_s = sum((op.read_bytes + op.write_bytes) for op in own) / _rate(gpu, kind)
                left_s = phase.busy_s - phase.simulated_s(gpu)
                ratios.append(gpu.kernels.sweeps[kind].traffic_ratio + left_s / moved_s)
        found[kind] = sum(ratios) / len(ratios)
    return found


def _kind(op: Op) -> str:
    """Kind of a memory-bound operation, empty for others; both directions of one kind share a ratio."""
    group, _, name = family(op).partition(".")
    return name if group == "sweeps" else ""


def _rate(gpu: Gpu, kind: str) -> float:
    """Achieved bytes/s of a kind."""
    return gpu.hbm_bytes_per_s * gpu.kernels.sweeps[kind].bandwidth_ratio
