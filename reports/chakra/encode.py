"""Nodes of a step's graph as Chakra nodes: what ASTRA-sim's feeder reads, and a few attributes more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reports.chakra.schema import COLLECTIVES, NODE_TYPES, messages
from simulator.phase_work import Collective, Computed, Operation
from simulator.step_graph import Message, Node, Wait
from topologies import units

OPERATIONS: Mapping[Operation, str] = {
    "all-to-all": "ALL_TO_ALL", "all-gather": "ALL_GATHER", "reduce-scatter": "REDUCE_SCATTER",
    "all-reduce": "ALL_REDUCE",
}  # fmt: skip
VALUES = {
    "is_cpu_op": "bool_val", "num_ops": "int64_val", "tensor_size": "uint64_val", "comm_type": "int64_val",
    "comm_size": "int64_val", "comm_src": "int32_val", "comm_dst": "int32_val", "comm_tag": "int32_val",
    "pg_name": "string_val", "group": "string_val", "group_size": "int32_val", "nvlink_bytes": "double_val",
    "network_bytes": "double_val", "waits_for": "string_val", "waited_s": "double_val",
    "duration_s": "double_val", "start_s": "double_val",
}  # fmt: skip
"""Attribute -> field of its value. Up to pg_name those that ASTRA-sim's feeder reads, in the types in which it reads
them (chakra, src/feeder/et_feeder_node.cpp); the others are ours: it keeps what it does not know aside."""


def node_bytes(number: int, node: Node, after: Sequence[int], group_size: int) -> bytes:
    """What is the same of a node for all GPUs of its pipeline rank.

    number   its id in the file;  after   ids of the nodes it waits for
    Starts and durations of whole microseconds hold no error that grows: each is the nearest to the exact end. All that
    a node waits for stands in data_deps, its own stream among it, for ASTRA-sim follows those.
    """
    micro_s = units.parse("1 us", "s")
    begins, ends = round(node.start_s / micro_s), round(node.end_s / micro_s)
    made = messages().node(id=number, name=node.name, type=NODE_TYPES.index(type_of(node)), data_deps=after)
    made.start_time_micros, made.duration_micros = begins, ends - begins
    told = {"is_cpu_op": False, "start_s": node.start_s, "duration_s": node.seconds, **_of(node, group_size)}
    told |= {"waited_s": node.waited_s, "waits_for": node.whom} if node.waited_s else {}
    for name, value in told.items():
        _attribute(made, name, value)
    return bytes(made.SerializeToString(deterministic=True))


def own_bytes(told: Mapping[str, object]) -> bytes:
    """Attributes of one GPU alone; behind the bytes of a node they become that node's."""
    made = messages().node()
    for name, value in told.items():
        _attribute(made, name, value)
    return bytes(made.SerializeToString(deterministic=True))


def metadata_bytes(told: Mapping[str, str]) -> bytes:
    """The message at the beginning of a file."""
    made = messages().metadata(version="0.0.4")
    for name, value in told.items():
        made.attr.add(name=name, string_val=value)
    return bytes(made.SerializeToString(deterministic=True))


def type_of(node: Node) -> str:
    """Name of a node's type."""
    if isinstance(node.about, Collective):
        return "COMM_COLL_NODE"
    if isinstance(node.about, Message):
        return "COMM_SEND_NODE" if node.about.source == node.rank else "COMM_RECV_NODE"
    return "COMP_NODE"


def _of(node: Node, group_size: int) -> dict[str, object]:
    """Attributes by what a node is."""
    about = node.about
    if isinstance(about, Computed):
        return {"num_ops": round(about.flop), "tensor_size": round(about.moved_bytes)}
    if isinstance(about, Wait):
        return {"num_ops": 0, "tensor_size": 0}
    links = {"nvlink_bytes": about.nvlink_bytes, "network_bytes": about.network_bytes}
    if isinstance(about, Message):
        return {"comm_size": round(about.nvlink_bytes + about.network_bytes), "comm_tag": about.tag, **links}
    return {
        "comm_type": COLLECTIVES.index(OPERATIONS[about.operation]),
        "comm_size": round(comm_size_bytes(about, group_size)),
        "group": about.among,
        "group_size": group_size,
        **links,
    }


def comm_size_bytes(moved: Collective, group_size: int) -> float:
    """Bytes that a rank holds before a collective which, sent directly, is as much traffic as the plan's.

    In ASTRA-sim each of n ranks sends (n - 1)/n of an all-to-all's or a reduce-scatter's size, n - 1 times an
    all-gather's, twice (n - 1)/n of an all-reduce's (astra-sim/system/collective/Ring.cc).
    """
    sent, others = moved.nvlink_bytes + moved.network_bytes, group_size - 1
    if others < 1:
        return sent
    if moved.operation == "all-gather":
        return sent / others
    return sent * group_size / others / (2 if moved.operation == "all-reduce" else 1)


def _attribute(node: Any, name: str, value: object) -> None:
    """Add one attribute."""
    node.attr.add(name=name, **{VALUES[name]: value})
