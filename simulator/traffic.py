"""Bytes that one GPU sends in a step over NVLink and over the network, by purpose."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd

from simulator.all_to_all.normal import carrier
from simulator.collectives import Transfer
from simulator.pipeline import sends_of_ranks
from simulator.plan import Plan

LINKS = ("nvlink", "network")


class Sent(NamedTuple):
    """One purpose, so many bytes over each link, all pipeline ranks together."""

    traffic: str
    nvlink: float
    network: float
    spared: float


def table(plan: Plan) -> pd.DataFrame:
    """Bytes a GPU sends in a step, mean over pipeline ranks.

    seconds  is what those bytes take at the link's achieved rate: how long the link is busy

    returns  [class x link]  traffic, link, bytes, seconds; where switches multiply and add also spared_bytes, of bytes
             those that the port's other direction does not carry
    """
    frame = pd.DataFrame(list(_sent(plan)), columns=Sent._fields)
    sums = frame.groupby("traffic", sort=False)[[*LINKS, "spared"]].sum() / len(plan.orders)
    long = sums.reset_index().melt("traffic", list(LINKS), "link", "bytes")
    long = long[long["bytes"] > 0].reset_index(drop=True)
    scenario = plan.scenario
    tokens = carrier(scenario.cluster.node.gpu.kernels.all_to_all.normal, plan.links, scenario.job.communication_sms)
    used = [tokens if str(row.traffic).startswith("expert") else plan.links for row in long.itertuples()]
    rates = [
        links.nvlink_bytes_per_s if link == "nvlink" else links.network_bytes_per_s
        for links, link in zip(used, long["link"], strict=True)
    ]
    long["seconds"] = long["bytes"] / np.array(rates)
    if plan.links.multicasts:
        on_network = long["link"] == "network"
        long["spared_bytes"] = np.where(on_network, long["traffic"].map(sums["spared"]), 0.0)
    return long


def _sent(plan: Plan) -> Iterator[Sent]:
    """Everything that is sent, by what it is for."""
    done = Counter((work.stage, work.op) for order in plan.orders for step in order for work in step)
    for (stage, op), times in done.items():
        yield from _chunk(plan, stage, op, times)
    yield _row("pipeline sends", plan.send, sum(sends_of_ranks(plan.orders)))
    for finish in plan.finish:
        yield from (_row("gradients to their owners", transfer) for transfer in finish.reduce)
        yield from (_row("parameters from their owners", transfer) for transfer in finish.gather)


def _chunk(plan: Plan, stage: int, op: str, times: int) -> Iterator[Sent]:
    """What chunks of one stage send to experts, back, and among ranks that split them."""
    for item in plan.stages[stage].blocks:
        moves = item.block.exchange
        if op == "F":
            yield _row("expert dispatch", moves.dispatch, times)
            yield _row("expert combine", moves.combine, times)
            yield _row("tensor and context exchange", moves.split_f, times)
            yield _row("parameters from their owners", moves.gather, times)
        elif op != "W":
            yield _row("expert exchange run again", moves.again, times)
            yield _row("expert dispatch", moves.combine_back, times)
            yield _row("expert combine", moves.dispatch_back, times)
            yield _row("tensor and context exchange", moves.split_b, times)
            yield _row("parameters from their owners", moves.gather, times)
        if op in ("B", "W"):
            yield _row("gradients to their owners", moves.reduce, times)


def _row(purpose: str, transfer: Transfer, times: int = 1) -> Sent:
    """One transfer, so many times."""
    return Sent(purpose, transfer.nvlink_bytes * times, transfer.network_bytes * times, transfer.spared_bytes * times)
