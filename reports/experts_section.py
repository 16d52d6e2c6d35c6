"""Experts: who is loaded how much, how much waiting that makes, how violation falls, what balance is worth."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from markupsafe import Markup

from reports import svg
from reports.document import Key, Part, Picture, Section
from reports.tables import Look, table

LOADS, BIAS = "expert_loads", "bias_balancing"
TABLES = {
    "expert_statistics": Look(
        "How uneven the loads are",
        "MaxVio: tokens of the busiest over the mean, less one; mean over layers and micro-batches.",
        titles={"figure": "Figure", "value": "Value"},
    ),
    "expert_waits": Look(
        "How much of communication is waiting",
        "Transfers of the most frequent chunk, all its layers, mean over GPUs. A transfer starts when the slowest GPU "
        "is ready.",
        titles={"transfer": "Transfer", "moved_s": "Moving", "waited_s": "Waiting", "waited_ratio": "Waiting, share"},
    ),
    "step_against_skew": Look(
        "The step against skew",
        "If one expert's tokens from one sequence vary by so much of their mean, independently.",
        titles={"variation": "Variation", "gpu_violation": "MaxVio of GPUs", "step_s": "Step",
                "change_ratio": "Longer by"},
    ),
    "balance_worth": Look(
        "What balance is worth",
        "The same step with tokens routed, placed or sent otherwise; the cost is that of the whole run.",
        titles={"case": "Case", "gpu_violation": "MaxVio of GPUs", "step_s": "Step", "change_ratio": "Longer by",
                "change_usd": "Costs more by"},
    ),
    "node_limits": Look(
        "What a limit on groups means for a token",
        "Network and NVLink bytes are over those under the gate's own limit. NVLink of an H800 carries 3.2 times what "
        "a 400 Gb/s port does (160 over 50 GB/s): 3.2 experts a node, 13 in four nodes, would take no longer.",
        titles={"groups": "Groups", "nodes": "Nodes reached", "gpus": "GPUs reached", "experts_per_node":
                "Experts a node", "network_ratio": "Network", "nvlink_ratio": "NVLink"},
    ),
}  # fmt: skip
SHOWN = frozenset({LOADS, BIAS, *TABLES})
"""Tables of a result that this section shows."""
WIDTH, LEFT, TOP, ROW = 1160.0, 70.0, 20.0, 16.0
WIDEST = 30.0
COLOURS = ("bubble", "forward-0", "pair-0", "weight-0", "optimizer")
EDGES = (0.9, 1.1, 1.25, 1.5)
LABELS = ("less than 0.9 of the mean", "0.9 to 1.1", "1.1 to 1.25", "1.25 to 1.5", "more than 1.5")
CURVE_HEIGHT = 220.0
CURVES = ("optimizer", "forward-0")


def section(tables: Mapping[str, pd.DataFrame]) -> Section | None:
    """The section, if experts were looked at."""
    if LOADS not in tables:
        return None
    parts: list[Part] = [_heat(tables[LOADS])]
    order = ("expert_statistics", "expert_waits", "step_against_skew", "balance_worth", "node_limits")
    parts += [table(name, tables[name], TABLES[name]) for name in order if len(tables.get(name, ()))]
    parts.insert(-1, _curves(tables[BIAS]))
    lead = "Tokens choose experts; GPUs whose experts get more of them keep the others waiting."
    return Section("experts", "Experts", "Experts and their balance", (lead,), tuple(parts))


def _heat(frame: pd.DataFrame) -> Picture:
    """Layers as rows, GPUs as columns, coloured by load over the mean."""
    layer, gpu, load = (frame[name].to_numpy() for name in ("layer", "gpu", "load_ratio"))
    width = min(WIDEST, (WIDTH - LEFT) / (int(gpu.max()) + 1))
    level = np.searchsorted(EDGES, load, side="right")
    drawn: list[Markup] = []
    for at, colour in enumerate(COLOURS):
        chosen = np.flatnonzero(level == at).tolist()
        shapes = [(LEFT + gpu[i] * width, TOP + layer[i] * ROW, width - 1, ROW - 1) for i in chosen]
        if shapes:
            drawn.append(svg.rectangles(shapes, colour, f"{LABELS[at]}: {len(shapes)}"))
    rows = int(layer.max()) + 1
    for number in range(rows):
        drawn.append(svg.text(LEFT - 8, TOP + (number + 0.75) * ROW, f"layer {number + 1}", "axis", "end"))
    most = int(load.argmax())
    alt = (
        f"Load of {int(gpu.max()) + 1} GPUs in {rows} layers with experts. The fullest is GPU {gpu[most]} in layer "
        f"{layer[most] + 1} with {load[most]:.2f} times the mean."
    )
    picture = svg.picture("expert-heat", (WIDTH, TOP + rows * ROW + 8), alt, drawn)
    caption = (
        f"One micro-batch, {rows} of the layers that route. A row is a layer, a cell one of the GPUs that share its "
        "experts."
    )
    legend = tuple(Key(colour, label) for colour, label in zip(COLOURS, LABELS, strict=True))
    return Picture("expert-heat", "Load of each GPU, layer by layer", picture, caption, legend, f"tables/{LOADS}.csv")


def _curves(frame: pd.DataFrame) -> Picture:
    """MaxVio of each step, one curve for each speed of the bias."""
    most, last = float(frame["violation"].max()), int(frame["step"].max())
    top = max(1.0, np.ceil(most))
    bottom = TOP + CURVE_HEIGHT
    drawn: list[Markup] = []
    for value in np.linspace(0, top, 5):
        drawn.append(svg.text(LEFT - 8, bottom - CURVE_HEIGHT * value / top + 4, f"{value:g}", "axis", "end"))
    for step in range(0, last + 1, max(1, (last + 1) // 6)):
        x = LEFT + (WIDTH - LEFT - 20) * step / last
        drawn.append(svg.line(x, TOP, bottom) + svg.text(x, bottom + 16, f"step {step}", "axis", "middle"))
    legend: list[Key] = []
    said: list[str] = []
    for colour, speed_per_step in zip(CURVES, frame["speed_per_step"].unique().tolist(), strict=False):
        own = frame[frame["speed_per_step"] == speed_per_step]
        violation = own["violation"].to_numpy(float)
        across = LEFT + (WIDTH - LEFT - 20) * own["step"].to_numpy(float) / last
        heights = bottom - CURVE_HEIGHT * violation / top
        drawn.append(svg.polyline(zip(across.tolist(), heights.tolist(), strict=True), colour))
        name = f"bias moves by {speed_per_step:g} a step" if speed_per_step else "no bias"
        legend.append(Key(colour, name))
        said.append(f"{name}: {violation[0]:.2f} at first, {violation[-1]:.2f} at last")
    alt = f"MaxVio of experts over {last + 1} steps. {'; '.join(said)}."
    picture = svg.picture("bias-balancing", (WIDTH, bottom + 24), alt, drawn)
    caption = (
        "Tokens of domains that prefer the same experts pass the gate; after each step the bias of every expert moves "
        "towards the mean load (arXiv 2408.15664). Half of what domains prefer changes on the way."
    )
    return Picture("bias-balancing", "MaxVio over time", picture, caption, tuple(legend), f"tables/{BIAS}.csv")
