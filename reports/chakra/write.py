"""The folder of a step's execution trace: PREFIX.RANK.et for each rank, and who works together with whom."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from reports.chakra.encode import metadata_bytes, node_bytes, own_bytes
from reports.chakra.framing import framed
from reports.chakra.numbering import EveryGpu, Numbering, PipelineRanks, group_size
from reports.chakra.schema import messages
from reports.versions import version
from reports.write import replace
from simulator.admission import TooLarge
from simulator.phase_work import Collective
from simulator.plan import Plan, groups_of
from simulator.step_graph import Message, Node
from topologies.spec import digest
from workloads.layout import Layout

GROUPS = "comm_groups.json"
"""File of the groups, for ASTRA-sim's --comm-group-configuration: number of a group -> its ranks."""
MOST_NODES = 5_000_000
"""Some 1.2 GB and a minute."""


@dataclass(frozen=True, slots=True)
class Written:
    """A trace on disk.

    traces   [rank] its file;  prefix   what their names begin with;  groups   the file of groups
    told     whom the ranks stand for
    """

    traces: tuple[Path, ...]
    groups: Path
    prefix: Path
    told: str
    nodes: int
    size_bytes: int


@dataclass(slots=True)
class _Groups:
    """Numbers of groups, from 1: ASTRA-sim takes 0 for all ranks."""

    number: dict[tuple[int, ...], int] = field(default_factory=dict)

    def name(self, members: tuple[int, ...]) -> str:
        """Number of a group as text."""
        return str(self.number.setdefault(members, len(self.number) + 1))


@dataclass(frozen=True, slots=True)
class _Template:
    """A node of a pipeline rank, as bytes that all its GPUs share."""

    node: Node
    shared: bytes


def write_chakra(plan: Plan, graph: Sequence[Node], folder: Path, every_gpu: bool = False) -> Written:
    """Write one file a pipeline rank, or a GPU, and the groups of ranks that work together.

    Traces of an earlier run under the same name are replaced. Raises NotInstalled without protobuf, TooLarge for more
    than MOST_NODES nodes, OSError where the folder cannot be written.
    """
    messages()
    layout, name = plan.scenario.layout, file_name(plan.scenario.name)
    numbering: Numbering = EveryGpu(layout) if every_gpu else PipelineRanks(layout)
    _admit(len(graph) * numbering.files // layout.pp, numbering)
    templates = _templates(plan, graph)
    told = {
        "generator": f"clustercast {version()}", "scenario": plan.scenario.name,
        "scenario_digest": digest(plan.scenario), "ranks": numbering.told,
    }  # fmt: skip
    head = framed(metadata_bytes(told))
    folder.mkdir(parents=True, exist_ok=True)
    groups, paths, counted = _Groups(), [], []
    for file in range(numbering.files):
        path = folder / f"{name}.{file}.et"
        body = _file(templates[numbering.pipeline_rank(file)], file, numbering, groups)
        replace(path, b"".join((head, *body)))
        paths.append(path)
        counted.append(len(templates[numbering.pipeline_rank(file)]))
    for path in _stale(folder, name, numbering.files):
        path.unlink()
    listed = {str(number): list(members) for members, number in groups.number.items()}
    replace(folder / GROUPS, json.dumps(listed, indent=1) + "\n")
    return Written(
        tuple(paths), folder / GROUPS, folder / name, numbering.told, sum(counted),
        sum(path.stat().st_size for path in paths),
    )  # fmt: skip


def file_name(name: str) -> str:
    """The scenario's name as the beginning of files' names."""
    return re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-") or "trace"


def _admit(nodes: int, numbering: Numbering) -> None:
    """Refuse what would fill a disk. Raises TooLarge."""
    if nodes > MOST_NODES:
        raise TooLarge(
            f"{numbering.files:,} files with {nodes:,} nodes in all; allowed: {MOST_NODES:,}. One file a pipeline rank "
            "is much less; or fewer micro-batches (job.sequences_per_step), or a smaller cluster"
        )


def _templates(plan: Plan, graph: Sequence[Node]) -> list[list[_Template]]:
    """Nodes of each pipeline rank, numbered from 1: [rank][node]."""
    found: list[list[_Template]] = [[] for _ in plan.orders]
    numbers: list[int] = []
    alike = groups_of(plan.scenario.layout, plan.links)
    layout: Layout = plan.scenario.layout
    for node in graph:
        own = found[node.rank]
        numbers.append(len(own) + 1)
        size = 0
        if isinstance(node.about, Collective):
            size = group_size(layout, node.about, alike.dense.size, alike.routed.size)
        own.append(_Template(node, node_bytes(numbers[-1], node, [numbers[place] for place in node.after], size)))
    return found


def _file(templates: Sequence[_Template], file: int, numbering: Numbering, groups: _Groups) -> Iterator[bytes]:
    """One rank's nodes."""
    known: dict[Collective, bytes] = {}
    for template in templates:
        about = template.node.about
        own = b""
        if isinstance(about, Message):
            source, target = numbering.peer(file, about.source), numbering.peer(file, about.target)
            own = own_bytes({"comm_src": source, "comm_dst": target})
        elif isinstance(about, Collective):
            if about not in known:
                known[about] = own_bytes({"pg_name": groups.name(numbering.members(file, about))})
            own = known[about]
        yield framed(template.shared + own)


def _stale(folder: Path, name: str, files: int) -> list[Path]:
    """Traces of ranks that are not written now, left by an earlier run of this name."""
    known = re.compile(rf"{re.escape(name)}\.(\d+)\.et")
    found = ((path, known.fullmatch(path.name)) for path in folder.iterdir())
    return [path for path, match in found if match and int(match[1]) >= files]
