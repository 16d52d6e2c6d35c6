"""A trace that was written and read back takes as long as the step it was made of, whoever waits for whom."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from reports.chakra.read import read_chakra
from reports.chakra.replay import replay
from reports.chakra.write import GROUPS, write_chakra
from tests.traced import graph, planned, played

ROUNDING = 1e-9
PIPELINES = ("routed", "bidirectional", "beside", "uneven", "sharded")


def trace_of(name: str, folder: Path, every_gpu: bool = False) -> pd.DataFrame:
    """The trace of a step, read back."""
    write_chakra(planned(name), graph(name), folder, every_gpu)
    return read_chakra(folder)


@pytest.mark.parametrize("name", PIPELINES)
def test_ranks_that_wait_for_each_other_take_as_long_as_the_step(name: str, tmp_path: Path) -> None:
    step_s = played(name).step.makespan_s
    trace = trace_of(name, tmp_path)
    assert replay(trace)["replayed_end_s"].max() == pytest.approx(step_s, rel=ROUNDING)
    assert replay(trace, together=False)["replayed_end_s"].max() == pytest.approx(step_s, rel=ROUNDING)


@pytest.mark.parametrize("name", ["routed", "bidirectional"])
def test_every_node_ends_when_the_simulator_says(name: str, tmp_path: Path) -> None:
    trace = replay(trace_of(name, tmp_path))
    busy = trace[trace["type"] != "COMM_RECV_NODE"]
    assert (busy["replayed_end_s"] - busy["start_s"] - busy["duration_s"]).abs().max() < ROUNDING


@pytest.mark.parametrize("name", ["bidirectional", "sharded"])
def test_every_gpu_takes_as_long_as_the_step(name: str, tmp_path: Path) -> None:
    trace = trace_of(name, tmp_path, every_gpu=True)
    layout = planned(name).scenario.layout
    assert sorted(trace["rank"].unique()) == list(range(layout.ranks))
    ends = replay(trace).groupby("rank")["replayed_end_s"].max()
    step_s = played(name).step.makespan_s
    assert ends.max() == pytest.approx(step_s, rel=ROUNDING)
    by_pipeline_rank = ends.groupby(ends.index // layout.ranks_per_stage)
    assert (by_pipeline_rank.max() - by_pipeline_rank.min()).max() < ROUNDING


def test_messages_of_every_gpu_stay_among_gpus_of_the_same_place(tmp_path: Path) -> None:
    trace = trace_of("bidirectional", tmp_path, every_gpu=True)
    layout = planned("bidirectional").scenario.layout
    sent = trace[trace["type"] == "COMM_SEND_NODE"]
    received = trace[trace["type"] == "COMM_RECV_NODE"]
    assert (sent["rank"] == sent["comm_src"]).all() and (received["rank"] == received["comm_dst"]).all()
    assert (sent["comm_src"] % layout.ranks_per_stage == sent["comm_dst"] % layout.ranks_per_stage).all()
    keys = ["comm_src", "comm_dst", "comm_tag", "comm_size"]
    assert sorted(map(tuple, sent[keys].to_numpy().tolist())) == sorted(map(tuple, received[keys].to_numpy().tolist()))


def test_the_members_of_a_group_do_the_same_in_the_same_order(tmp_path: Path) -> None:
    trace = trace_of("bidirectional", tmp_path, every_gpu=True)
    groups = json.loads((tmp_path / GROUPS).read_text(encoding="utf-8"))
    moved = trace[trace["type"] == "COMM_COLL_NODE"]
    assert set(moved["pg_name"]) == set(groups)
    for name, members in groups.items():
        own = moved[moved["pg_name"] == name]
        assert sorted(own["rank"].unique()) == members
        orders = [group[["comm_type", "comm_size"]].to_numpy().tolist() for _, group in own.groupby("rank")]
        assert all(order == orders[0] for order in orders)
        assert (own["group_size"] == len(members)).all()


def test_an_earlier_trace_with_more_ranks_leaves_nothing_behind(tmp_path: Path) -> None:
    trace_of("routed", tmp_path, every_gpu=True)
    assert trace_of("routed", tmp_path)["rank"].max() == 1
