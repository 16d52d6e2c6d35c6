"""What holds for the graph of any step: its longest way is the step, its work and its bytes are those of the plan."""

from __future__ import annotations

from collections import Counter

import pytest

from simulator import traffic
from simulator.chunks import COMPUTE
from simulator.phase_work import Collective, Computed
from simulator.pipeline import sends_of_ranks
from simulator.step_graph import SLOWEST, Message, Node, Wait
from tests.traced import STEPS, graph, planned, played
from workloads.counts import count

ROUNDING = 1e-9
FLASH_BACKWARD = 2.5
"""Attention's backward over its forward where scores are made again: five products of two."""

steps = pytest.mark.parametrize("name", STEPS)


def sent_bytes(node: Node) -> float:
    """Bytes that a GPU sends in a node: of the step's traffic, without the norm's single number."""
    about = node.about
    if isinstance(about, Collective):
        return about.nvlink_bytes + about.network_bytes if about.among != "all" else 0.0
    if isinstance(about, Message) and about.source == node.rank:
        return about.nvlink_bytes + about.network_bytes
    return 0.0


@steps
def test_the_longest_way_through_each_rank_is_the_step(name: str) -> None:
    end_s: list[float] = []
    for node in graph(name):
        end_s.append(max((end_s[place] for place in node.after), default=0.0) + node.seconds)
    assert max(end_s) == pytest.approx(played(name).step.makespan_s, rel=ROUNDING)


@steps
def test_nodes_wait_for_earlier_ones_of_their_own_rank(name: str) -> None:
    nodes = graph(name)
    for place, node in enumerate(nodes):
        assert all(other < place and nodes[other].rank == node.rank for other in node.after)
        assert node.seconds >= 0


@steps
def test_every_message_is_sent_once_and_received_once(name: str) -> None:
    ends = Counter(
        (node.about, node.rank == node.about.source) for node in graph(name) if isinstance(node.about, Message)
    )
    messages = {about for about, _ in ends}
    assert set(ends.values()) <= {1}
    assert all((about, True) in ends and (about, False) in ends for about in messages)
    assert len(messages) == sum(sends_of_ranks(planned(name).orders))


@steps
def test_what_is_received_is_waited_for(name: str) -> None:
    nodes = graph(name)
    awaited = {place for node in nodes for place in node.after}
    received = {p for p, node in enumerate(nodes) if isinstance(node.about, Message) and node.about.target == node.rank}
    assert received <= awaited


@steps
def test_bytes_are_those_of_the_traffic_table(name: str) -> None:
    plan = planned(name)
    whole = traffic.table(plan)["bytes"].sum() * len(plan.orders)
    assert sum(map(sent_bytes, graph(name))) == pytest.approx(whole, rel=ROUNDING)


@pytest.mark.parametrize("name", ["routed", "sharded", "tensor"])
def test_flop_are_those_of_the_model_and_of_scores_made_again(name: str) -> None:
    plan = planned(name)
    job = plan.scenario.job
    assert job.recompute == "none"
    parts = count(plan.scenario.model, job.sequence_length)
    causal = sum(part.flop_per_token_full - part.flop_per_token for part in parts)  # as much is left out as counted
    wanted = 3 * sum(part.flop_per_token for part in parts) + (FLASH_BACKWARD - 2) * causal
    done = sum(node.about.flop for node in graph(name) if isinstance(node.about, Computed))
    tokens = job.sequences_per_step * job.sequence_length
    assert done * plan.scenario.layout.ranks_per_stage == pytest.approx(wanted * tokens, rel=1e-3)


@steps
def test_computing_takes_what_it_takes_inside_of_chunks(name: str) -> None:
    plan, done = planned(name), played(name)
    wanted_s = sum(
        length_s
        for place, (rank, stream) in enumerate(zip(done.step.rank, done.step.stream, strict=True))
        for length_s in [float(done.step.end_s[place] - done.step.start_s[place])]
        if done.step.streams[stream] == COMPUTE
    )
    busy_s = sum(node.seconds for node in graph(name) if isinstance(node.about, Computed))
    assert 0.5 * wanted_s < busy_s <= wanted_s * (1 + ROUNDING)
    assert len(plan.orders) == len({node.rank for node in graph(name)})


def test_who_waits_for_the_slowest_gpu_does_so_only_where_gpus_are_unlike() -> None:
    """Balanced experts, equal GPUs: nobody waits for a GPU that the graph does not show."""
    for name in ("sharded", "tensor"):
        waited_s = sum(node.waited_s for node in graph(name) if node.whom == SLOWEST and "end of" not in node.name)
        assert waited_s < 1e-9
    assert sum(node.waited_s for node in graph("uneven") if node.whom == SLOWEST) > 0.01


def test_only_what_computes_waits_in_a_node_of_its_own() -> None:
    nodes = graph("uneven")
    behind = {nodes[place].name: node for node in nodes for place in node.after if isinstance(nodes[place].about, Wait)}
    assert behind
    for name, node in behind.items():
        assert name.startswith("wait: end of") or isinstance(node.about, Computed)
    assert any(node.waited_s for node in nodes if isinstance(node.about, Collective))
