"""What a user is told about mistakes in a file: every one at once, at its line and column, in plain words."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import pytest

from topologies.catalogue import Catalogue, FromCatalogue, Root, built_in
from topologies.discovery import Discovered
from topologies.hardware import Node
from topologies.kinds.base import TopologySpec
from topologies.problems import FieldErrors
from topologies.spec import InvalidInput, Spec, load, loads
from topologies.units import Count, Seconds, Share, Tokens

CATALOGUE = Catalogue(built_in())


class Job(Spec):
    """A small scenario with every sort of field."""

    name: str
    node: Annotated[Node, FromCatalogue("nodes")]
    topology: Annotated[TopologySpec, Discovered("topologies.kinds")]
    tokens: Tokens = 1
    wait_s: Seconds = 1.0
    busy_share: Share = 0.5
    stages: tuple[Count, ...] = ()
    dry: bool = False


def said(text: str) -> list[str]:
    """Every line of the message about a text."""
    with pytest.raises(InvalidInput) as refused:
        loads(text, Job, CATALOGUE, "job.yaml")
    return str(refused.value).splitlines()


HEAD = "name: x\nnode: h800-node\ntopology: {kind: mpft, switch: quantum-2}\n"


def test_the_text_that_all_cases_start_from_is_valid() -> None:
    assert loads(HEAD, Job, CATALOGUE).topology.networks() == 8


def test_every_mistake_of_a_file_is_told_at_once_in_its_order() -> None:
    text = (
        "nme: x\n"
        "node: h80-node\n"
        "topology:\n"
        "  kind: mpft\n"
        "  plans: 8\n"
        "  switch: {base: quantum-2, ports: 0x40}\n"
        "wait_s: 3\n"
        "wait_s: 4 s\n"
        "busy_share: .nan\n"
    )
    assert said(text) == [
        "job.yaml:1:1: name: missing; write text",
        "job.yaml:1:1: nme: unknown field (did you mean `name`?); known are: name, node, topology, tokens, wait_s, "
        "busy_share, stages, dry",
        "job.yaml:2:7: node: no `h80-node` among the nodes (did you mean `h800-node`?); there are: a100-node, "
        "ai-pc, b200-node, gb200-node, gb300-node, h100-node, h20-node, h200-node, h800-node, mac-m4-max, "
        "mac-studio-m3-ultra, workstation-4090",
        "job.yaml:5:3: topology.plans: unknown field (did you mean `planes`?); known are: kind, switch, cables, "
        "routing, queue_pairs, oversubscription, layers, planes, planes_per_nic",
        "job.yaml:6:36: topology.switch.ports: read `0x40`; write a whole number in plain digits, `64`",
        "job.yaml:7:9: wait_s: a bare number 3: write a unit, for example `3.3 us`",
        "job.yaml:8:1: wait_s: written twice; the first is at line 7",
        "job.yaml:9:13: busy_share: read `.nan`; write a finite number",
    ]


@pytest.mark.parametrize(
    ("line", "place", "words"),
    [
        ("tokens: true", "4:9: tokens", "read `true`; write a whole number"),
        ("tokens: 1_000", "4:9: tokens", "read `1_000`; write the number in plain digits"),
        ("tokens: 1.5", "4:9: tokens", "read `1.5`; write a whole number"),
        ("tokens: 2 G tokens", "4:9: tokens", "no unit of tokens"),
        ("tokens: 99999999999999999999", "4:9: tokens", "whole numbers go up to 9223372036854775807"),
        ("stages: 4", "4:9: stages", "write a list"),
        ("stages: [1, 2, -3]", "4:16: stages.2", "read `-3`; it must be at least 1"),
        ("stages: [1, 0o17]", "4:13: stages.1", "in plain digits, `15`"),
        ("stages: [1, 1_000]", "4:13: stages.1", "in plain digits, `1000`"),
        ("stages: [1, 007]", "4:13: stages.1", "in plain digits, `7`"),
        ("stages: [1, 2026-11-22]", "4:13: stages.1", "read `2026-11-22`; write a whole number"),
        ("wait_s: -1 s", "4:9: wait_s", "read `-1 s`; it must be finite and more than zero"),
        ("wait_s: 400 Gb/s", "4:9: wait_s", "is no unit of s; write for example `3.3 us`"),
        ("wait_s: true", "4:9: wait_s", "read `true`; write a number and a unit"),
        ("wait_s: [1 s]", "4:9: wait_s", "read a list; write a number and a unit"),
        ("busy_share: 1.1", "4:13: busy_share", "it must be at most 1"),
        ("busy_share: 110 %", "4:13: busy_share", "it must be at most 1"),
        ("busy_share: half", "4:13: busy_share", "write a number from 0 to 1, or a share such as `85 %`"),
        ("busy_share: 1e400", "4:13: busy_share", "too large"),
        ("dry: yes", "4:6: dry", "read `yes`; write true or false"),
        ("dry: 1", "4:6: dry", "read `1`; write true or false"),
        ("dry: !!bool true", "4:6: dry", "write the plain value"),
        ("1: 2", "4:1: 1", "unknown field"),
    ],
)
def test_a_wrong_value_is_told_with_its_place_and_what_to_write(line: str, place: str, words: str) -> None:
    (message,) = said(HEAD + line)
    assert message.startswith(f"job.yaml:{place}: ")
    assert words in message


@pytest.mark.parametrize(
    ("topology", "words"),
    [
        (
            "{kind: mptf, switch: quantum-2}",
            "3:18: topology.kind: read `mptf`; allowed: dragonfly, drawn, fat-tree, mpft, mrft, nvlink",
        ),
        (
            "{switch: quantum-2}",
            "3:1: topology.kind: `kind` is missing; allowed: dragonfly, drawn, fat-tree, mpft, mrft",
        ),
        ("{kind: 3, switch: quantum-2}", "3:18: topology.kind: read `3`; allowed"),
        ("mpft", "3:11: topology: read `mpft`; write a mapping"),
        ("{kind: mpft}", "3:1: topology.switch: missing; write the name of one of the switches"),
        ("{kind: mpft, layers: 4, switch: quantum-2}", "3:32: topology.layers: read `4`; allowed: 2 or 3"),
        ("{kind: mpft, switch: {base: [1]}}", "3:39: topology.switch.base: write the name of one of the switches"),
    ],
)
def test_a_topology_that_cannot_be_is_told_at_its_place(topology: str, words: str) -> None:
    (message,) = said(f"name: x\nnode: h800-node\ntopology: {topology}\n")
    assert message.startswith(f"job.yaml:{words}")


def test_a_mistake_in_a_catalogue_file_points_into_that_file(tmp_path: Path) -> None:
    nic = tmp_path / "nics" / "mine.yaml"
    nic.parent.mkdir()
    nic.write_text("base: connectx-7\nbytes_per_s: 400\nlatency: 1 us\n")
    job = tmp_path / "job.yaml"
    job.write_text(HEAD.replace("h800-node", "{base: h800-node, nic: mine}"))
    with pytest.raises(InvalidInput) as refused:
        load(job, Job, Catalogue((Root(tmp_path, "mine"), *built_in())))
    first, second = str(refused.value).splitlines()
    assert first == f"{nic}:2:14: node.nic.bytes_per_s: a bare number 400: write a unit, for example `400 Gb/s`"
    assert second.startswith(f"{nic}:3:1: node.nic.latency: unknown field (did you mean `latency_s`?)")


class Pair(Spec):
    """A rule across two fields."""

    low: int
    high: int
    inner: tuple[int, ...] = ()

    def model_post_init(self, context: object, /) -> None:
        """Low is not above high."""
        if self.low > self.high:
            raise FieldErrors([("low", f"{self.low} is more than high"), ("inner.1", "and this is wrong too")])


def test_a_rule_across_fields_is_told_at_each_field() -> None:
    with pytest.raises(InvalidInput) as refused:
        loads("low: 3\nhigh: 2\ninner: [1, 2]\n", Pair, name="pair.yaml")
    assert str(refused.value).splitlines() == [
        "pair.yaml:1:6: low: 3 is more than high",
        "pair.yaml:3:12: inner.1: and this is wrong too",
    ]
