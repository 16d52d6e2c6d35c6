"""with_changes: dotted paths into nested values, names of the catalogue, and wrong paths with the nearest right one."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.worked.test_errors import CATALOGUE, HEAD, Job
from topologies.hardware import Gpu
from topologies.kinds.fat_tree import FatTree
from topologies.kinds.mpft import MultiPlaneFatTree
from topologies.spec import InvalidInput, load_entry, loads

BASE = loads(HEAD + "stages: [1, 2]\n", Job, CATALOGUE)


def change(changes: Mapping[str, object]) -> Job:
    """The base scenario with changes."""
    return BASE.with_changes(changes, CATALOGUE)


def test_a_change_makes_another_value_and_leaves_the_first() -> None:
    changed = change({"topology.planes": 1, "wait_s": "3 ms", "tokens": "2 T tokens"})
    assert isinstance(changed.topology, MultiPlaneFatTree)
    assert (changed.topology.planes, changed.wait_s, changed.tokens) == (1, 3e-3, 2 * 10**12)
    assert BASE.wait_s == 1.0


def test_no_change_is_the_same_value() -> None:
    assert change({}) == BASE
    assert BASE.with_changes({}) == BASE


def test_a_place_in_a_list_is_counted_from_0() -> None:
    assert change({"stages.1": 7}).stages == (1, 7)
    assert change({"stages": [3, 4, 5]}).stages == (3, 4, 5)


def test_a_name_of_the_catalogue_may_be_followed_by_a_change_inside_it() -> None:
    changed = change({"node.gpu": "h100", "node.gpu.hbm_bytes_per_s": "3 TB/s"})
    assert (changed.node.gpu.name, changed.node.gpu.hbm_bytes_per_s, changed.node.gpu.nvlink_links) == (
        "h100",
        3e12,
        18,
    )
    source = changed.node.gpu.provenance("hbm_bytes_per_s")
    assert source is not None
    assert source.basis == "assumed"


def test_a_base_with_changes_and_a_ready_value_are_taken_too() -> None:
    h200 = load_entry("gpus", "h200", Gpu, CATALOGUE)
    assert change({"node.gpu": h200}).node.gpu == h200
    assert change({"node.gpu": {"base": "h200", "name": "mine"}}).node.gpu.name == "mine"


def test_another_kind_keeps_what_it_knows_and_drops_the_rest() -> None:
    changed = change({"topology.planes": 4, "topology.kind": "fat-tree", "topology.layers": 3})
    assert changed.topology == FatTree(switch=BASE.topology.switch, layers=3)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"topology.plans": 1}, "topology.plans: unknown field (did you mean `planes`?)"),
        ({"toplogy.planes": 1}, "toplogy: unknown field `toplogy` (did you mean `topology`?)"),
        ({"node.gpu.hbm": "1 TB/s"}, "node.gpu.hbm: unknown field (did you mean `hbm_bytes_per_s`?)"),
        ({"node.gpus.x": 1}, "node.gpus.x: `node.gpus` has no fields"),
        ({"stages.2": 1}, "stages.2: `2` is no place in a list of 2; places count from 0"),
        ({"node.gpu": "h80"}, "node.gpu: no `h80` among the gpus (did you mean `h800`?)"),
        ({"wait_s": 3.0}, "wait_s: a bare number 3.0: write a unit"),
        ({"topology.planes": True}, "topology.planes: read `true`; write a whole number"),
        ({"topology.planes": "8"}, "topology.planes: read `8`; write a whole number"),
        ({"topology.kind": "mptf"}, "topology.kind: read `mptf`; allowed"),
        ({"busy_share": float("nan")}, "busy_share"),
        ({"": 1}, "unknown field"),
    ],
)
def test_a_wrong_change_is_told(changes: Mapping[str, object], words: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        change(changes)
    (message,) = str(refused.value).splitlines()
    assert message.startswith("changes: ")
    assert words in message


def test_all_wrong_changes_are_told_at_once() -> None:
    with pytest.raises(InvalidInput) as refused:
        change({"x.y": 1, "topology.planes": 0, "node.gpu": "h80"})
    assert len(refused.value.problems) == 3
