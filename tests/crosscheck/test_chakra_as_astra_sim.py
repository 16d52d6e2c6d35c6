"""By ASTRA-sim's rule of issue a trace ends, and takes the step's time but for sends that share a unit there."""

from __future__ import annotations

from pathlib import Path

import pytest

from reports.chakra.read import read_chakra
from reports.chakra.write import write_chakra
from tests.issued_as_astra_sim import Issued
from tests.traced import graph, planned, played

ROUNDING = 1e-9


def issued(name: str, folder: Path, every_gpu: bool = False) -> tuple[Issued, float]:
    """The trace of a step after it was played, and how long that took."""
    write_chakra(planned(name), graph(name), folder, every_gpu)
    trace = Issued(read_chakra(folder))
    return trace, trace.play()


def test_without_messages_the_step_takes_as_long(tmp_path: Path) -> None:
    trace, took_s = issued("sharded", tmp_path)
    assert len(trace.end_s) == len(graph("sharded"))
    assert took_s == pytest.approx(played("sharded").step.makespan_s, rel=ROUNDING)


def test_every_gpu_by_itself_takes_as_long(tmp_path: Path) -> None:
    trace, took_s = issued("bidirectional", tmp_path, every_gpu=True)
    assert len(trace.end_s) == len(trace.rows)
    assert took_s == pytest.approx(played("bidirectional").step.makespan_s, rel=ROUNDING)


@pytest.mark.parametrize("name", ["routed", "uneven", "deepseek", "tensor"])
def test_sends_share_a_unit_with_collectives_and_make_it_longer(name: str, tmp_path: Path) -> None:
    """Here a GPU sends over its port while it exchanges tokens; there one waits for the other, on each rank in turn."""
    trace, took_s = issued(name, tmp_path)
    assert len(trace.end_s) == len(graph(name))
    step_s, ranks = played(name).step.makespan_s, planned(name).scenario.layout.pp
    sent = [row for row in trace.rows if row["type"] == "COMM_SEND_NODE"]
    most_s = max(sum(row["duration_s"] for row in sent if row["rank"] == rank) for rank in range(ranks))
    assert step_s * (1 - ROUNDING) <= took_s <= step_s + ranks * most_s
