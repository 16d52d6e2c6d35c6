"""A Result of the shape and size of DeepSeek-V3's step, made for tests of the reports (figures are invented)."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd

from simulator.engine import Task, play
from simulator.result import Assumption, Figure, Reproduction, Result
from simulator.trace import Trace
from tests.made_order import tasks

RANKS, MICRO_BATCHES = 16, 120
PARTS = ("1f", "1b", "1w", "1f1b", "bubble", "optimizer")
USABLE_BYTES = 84_943_110_144.0
PHASES = (
    ("comm", "combine(B)", 0.0044), ("compute", "attn(F)", 0.0048), ("comm", "dispatch(F)", 0.0061),
    ("compute", "mlp(B)", 0.0057), ("compute", "mlp(W)", 0.0053), ("comm", "dispatch(B)", 0.0073),
    ("compute", "mlp(F)", 0.0043), ("comm", "combine(F)", 0.0073), ("compute", "attn(B)", 0.0092),
    ("compute", "attn(W)", 0.0024),
)  # fmt: skip


@cache
def made_result(name: str = "deepseek-v3-pretrain", ranks: int = RANKS, batches: int = MICRO_BATCHES) -> Result:
    """Result with every table filled; `name` also stands in title, sentences and the scenario's text."""
    trace = play(tasks(ranks, batches))
    table = _ranks(trace, ranks)
    mean_s = {part: float(table[f"step_{part}_s"].mean()) for part in PARTS}
    return Result(
        name=name,
        title=f"{name}: one training step on 2,048 H800 GPUs",
        headline=_headline(trace.makespan_s, mean_s),
        answer=(
            "The overlapped forward and backward computation binds: 70 % of the step is spent in it.",
            f"One step of {name} takes {trace.makespan_s:.2f} s; 11.9 % of it is bubble.",
        ),
        ranks=table,
        budget=_budget(trace.makespan_s, mean_s),
        pair=_pair(),
        memory=_memory(ranks),
        memory_usable_bytes=USABLE_BYTES,
        traffic=_traffic(),
        cost=_cost(),
        partition=_partition(ranks),
        step_trace=trace,
        pair_trace=_pair_trace(),
        assumptions=_assumptions(),
        reproduction=Reproduction(
            f"name: {name!r}\nmodel: deepseek-v3\n" + "layout: {pp: 16, ep: 64}\n" * 40,
            "3f" * 32,
            {"clustercast": "0.1.0", "numpy": "2.4.6", "python": "3.11.2"},
            0,
            f"clustercast run workloads/scenarios/{name}.yaml",
        ),
        warnings=("The gate's load is taken as balanced; real training has skew.",),
    )


def renamed(result: Result, name: str) -> Result:
    """The same result under another name."""
    return replace(result, name=name, title=name, answer=(f"{name} binds.",), warnings=(name,))


def _ranks(trace: Trace, ranks: int) -> pd.DataFrame:
    """Rows by pipeline rank whose six parts add up to the step."""
    frame = trace.to_frame()
    frame = frame[frame["stream"] == "compute"]
    frame["part"] = [_part(name) for name in frame["name"]]
    frame["seconds"] = frame["end_s"] - frame["start_s"]
    sums = frame.pivot_table(index="rank", columns="part", values="seconds", aggfunc="sum").reindex(range(ranks))
    table = pd.DataFrame({"rank": range(ranks)})
    table["stages"] = [(rank, ranks - 1 - rank) for rank in range(ranks)]
    table["layers"] = [8 if 0 < rank < ranks - 1 else 7 for rank in range(ranks)]
    for part in PARTS:
        table[f"step_{part}_s"] = 0.0 if part == "bubble" else sums[part].to_numpy()
    parts = [f"step_{part}_s" for part in PARTS]
    table["step_bubble_s"] = trace.makespan_s - table[parts].sum(axis=1)
    table["memory_bytes"] = [sum(_memory_parts(rank).values()) for rank in range(ranks)]
    return table


def _part(name: str) -> str:
    if "&" in name:
        return "1f1b"
    return {"F": "1f", "B": "1b", "I": "1b", "W": "1w"}.get(name.partition(" ")[0], "optimizer")


def _headline(step_s: float, mean_s: dict[str, float]) -> dict[str, Figure]:
    gpu_hours = 2_664_000.0 * step_s / 19.926
    figures = {"step_s": Figure(step_s, "s", "Wall time of one optimiser step.", step_s * 0.97, step_s * 1.04)}
    for part, value in mean_s.items():
        figures[f"step_{part}_s"] = Figure(value, "s", f"Mean over pipeline ranks of the time in {part}.")
    return figures | {
        "tokens_per_day": Figure(62_914_560 / step_s * 86_400, "tokens/day", "Tokens trained in 24 hours."),
        "gpu_hours_per_trillion_tokens": Figure(gpu_hours / 14.8, "GPU h", "GPU-hours for a trillion tokens."),
        "gpu_hours": Figure(gpu_hours, "GPU h", "GPU-hours for all 14.8 T tokens of the run."),
        "cost_usd": Figure(gpu_hours * 2, "USD", "GPU-hours of the run at the rental price."),
        "model_flop_per_s_per_gpu_causal": Figure(385e12, "flop/s", "Model FLOP a second and GPU, causal."),
        "model_flop_per_s_per_gpu_full": Figure(432e12, "flop/s", "The same with full attention."),
        "mfu_ratio_causal": Figure(0.389, "ratio", "Model FLOP over the BF16 peak, causal attention."),
        "mfu_ratio_full": Figure(0.437, "ratio", "Model FLOP over the BF16 peak, full attention."),
        "memory_bytes_per_gpu_max": Figure(71.2e9, "bytes", "Largest memory over all GPUs."),
    }


def _budget(step_s: float, mean_s: dict[str, float]) -> pd.DataFrame:
    rows = [(part, value, value / step_s, f"Mean over ranks of {part}.") for part, value in mean_s.items()]
    return pd.DataFrame(rows, columns=["part", "seconds", "share", "definition"])


def _pair() -> pd.DataFrame:
    rows = [(name, stream, seconds * 4, seconds * 3.8, seconds * 0.2) for stream, name, seconds in PHASES]
    return pd.DataFrame(rows, columns=["term", "stream", "seconds", "hidden_s", "exposed_s"])


def _memory_parts(rank: int) -> dict[str, float]:
    end = 6e9 if rank in (0, 15) else 0.0
    return {
        "weights": 21e9 + end, "gradients": 10.5e9, "optimizer": 8e9,
        "activations": 14e9 + 0.4e9 * (rank % 8), "buffers": 5.2e9,
    }  # fmt: skip


def _memory(ranks: int) -> pd.DataFrame:
    rows = [(rank, part, value) for rank in range(ranks) for part, value in _memory_parts(rank).items()]
    return pd.DataFrame(rows, columns=["rank", "part", "bytes"])


def _traffic() -> pd.DataFrame:
    rows = [
        ("expert dispatch", "nvlink", 412e9, 2.6), ("expert dispatch", "ib", 301e9, 6.02),
        ("expert combine", "ib", 602e9, 12.04), ("pipeline sends", "ib", 7.2e9, 0.14),
        ("gradient reduce-scatter", "ib", 5.5e9, 0.11),
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["traffic", "link", "bytes", "seconds"])


def _cost() -> pd.DataFrame:
    rows = [("GPU rental", 2_664_000.0, "GPU h at 2 USD", 5_328_000.0)]
    return pd.DataFrame(rows, columns=["what", "quantity", "unit", "usd"])


def _partition(ranks: int) -> pd.DataFrame:
    rows = [
        (stage, 4 * stage, 4 * stage + 3, "embedding, 3 dense, 1 MoE" if not stage else "4 MoE", 0.049, 0.107)
        for stage in range(ranks)
    ]
    columns = ["stage", "first_layer", "last_layer", "contents", "forward_s", "backward_s"]
    return pd.DataFrame(rows, columns=columns)


def _pair_trace() -> Trace:
    made: list[Task] = []
    for layer in range(4):
        for place, (stream, name, seconds) in enumerate(PHASES):
            index = 10 * layer + place
            after = (index - 1,) if place in (3, 6) or (layer and place == 1) else ()
            made.append(Task(0, stream, f"{name} l{layer + 3}", seconds, after))
    return play(made)


def _assumptions() -> tuple[Assumption, ...]:
    source = "DeepSeek-V3 technical report, section 3.2, https://arxiv.org/abs/2412.19437"
    rows = [
        ("GPU price", "2 USD/h", "published"), ("FP8 GEMM efficiency", "62 % of peak", "measured"),
        ("NVLink achievable share, h800", "160 GB/s of 200 GB/s", "published"),
        ("Expert load", "balanced", "assumed"), ("Usable memory", "84.94 GB", "derived"),
    ]  # fmt: skip
    return tuple(Assumption(what, value, basis, source) for what, value, basis in rows)


def empty_trace() -> Trace:
    """A trace of nothing."""
    none = np.empty(0, np.int32)
    return Trace(none, none, none, np.empty(0), np.empty(0), (), ())
