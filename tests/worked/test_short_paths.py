"""Short paths mean one field or say which they could mean."""

from __future__ import annotations

import pytest

from topologies.problems import InvalidInput
from workloads.short_paths import full_path, full_paths


@pytest.mark.parametrize(
    ("short", "whole"),
    [
        ("cluster.topology.kind", "cluster.topology.kind"),
        ("topology.kind", "cluster.topology.kind"),
        ("gpu", "cluster.node.gpu"),
        ("gpu.hbm_bytes_per_s", "cluster.node.gpu.hbm_bytes_per_s"),
        ("node", "cluster.node"),
        ("nodes", "cluster.nodes"),
        ("schedule.kind", "layout.schedule.kind"),
        ("dp", "layout.dp"),
        ("recompute", "job.recompute"),
        ("q", "cluster.topology.q"),
        ("planes", "cluster.topology.planes"),
        ("price", "price"),
        ("seed", "seed"),
        ("linear_format", "model.linear_format"),
    ],
)
def test_a_short_path_is_written_out(short: str, whole: str) -> None:
    assert full_path(short) == whole


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("kind", "`kind` may mean `job.kind` or `cluster.topology.kind` or `layout.schedule.kind`; write which"),
        ("layers", "`layers` may mean `cluster.topology.layers` or `model.layers`; write which"),
        ("gpux", "unknown field `gpux` (did you mean `gpu`?)"),
        ("toplogy.kind", "unknown field `toplogy` (did you mean `topology`?)"),
        ("zzzz", "a path begins with model, cluster, job, layout, price, seed, or with a field of cluster, layout"),
        ("sources", "unknown field `sources`"),
        ("", "unknown field ``"),
    ],
)
def test_a_path_that_means_nothing_or_several_things_is_told(path: str, said: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        full_path(path)
    (message,) = str(refused.value).splitlines()
    assert message.startswith("changes: ")
    assert said in message


def test_all_wrong_paths_are_told_at_once_and_one_field_only_once() -> None:
    with pytest.raises(InvalidInput) as refused:
        full_paths({"nodes": 1, "cluster.nodes": 2, "kind": 3, "zzzz": 4})
    assert len(refused.value.problems) == 3
    assert "`cluster.nodes` is given twice" in str(refused.value)


def test_order_and_values_stay() -> None:
    assert list(full_paths({"dp": 1, "gpu": "h100"}).items()) == [("layout.dp", 1), ("cluster.node.gpu", "h100")]
