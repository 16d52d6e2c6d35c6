"""Which file of a trace is which GPU: one a pipeline rank, or every GPU; who works together with whom."""

from __future__ import annotations

from dataclasses import dataclass

from simulator.phase_work import Collective
from workloads.layout import Layout


@dataclass(frozen=True, slots=True)
class PipelineRanks:
    """One GPU stands for each pipeline rank; files are numbered as these are."""

    layout: Layout
    told = "one GPU a pipeline rank"

    @property
    def files(self) -> int:
        """Number of files."""
        return self.layout.pp

    def pipeline_rank(self, file: int) -> int:
        """The pipeline rank of a file."""
        return file

    def peer(self, file: int, pipeline_rank: int) -> int:
        """The file of another pipeline rank that a file's GPU sends to."""
        return pipeline_rank

    def members(self, file: int, moved: Collective) -> tuple[int, ...]:
        """Files whose GPUs take part: those of other pipeline ranks, for GPUs beside this one have none."""
        return moved.together or (file,)


@dataclass(frozen=True, slots=True)
class EveryGpu:
    """Each GPU has its file; files are numbered as the layout's ranks are."""

    layout: Layout
    told = "every GPU"

    @property
    def files(self) -> int:
        """Number of files."""
        return self.layout.ranks

    def pipeline_rank(self, file: int) -> int:
        """The pipeline rank of a file."""
        return self.layout.coordinates(file).pp

    def peer(self, file: int, pipeline_rank: int) -> int:
        """The file of the GPU on another pipeline rank that a file's GPU sends to."""
        return self.layout.rank(self.layout.coordinates(file)._replace(pp=pipeline_rank))

    def members(self, file: int, moved: Collective) -> tuple[int, ...]:
        """Files whose GPUs take part, ascending."""
        layout = self.layout
        if moved.among == "all":
            return tuple(range(layout.ranks))
        if moved.among in ("experts", "tensor and context"):
            size = layout.ranks_per_expert_group if moved.among == "experts" else layout.tp * layout.cp
            return tuple(range(file - file % size, file - file % size + size))
        axis = layout.group
        alike = [self.peer(file, rank) for rank in moved.together] or [file]
        groups = [axis(one, "dp x cp") if moved.among == "replicas" else axis(one, "edp") for one in alike]
        return tuple(sorted({other for group in groups for other in group}))


Numbering = PipelineRanks | EveryGpu


def group_size(layout: Layout, moved: Collective, dense: int, routed: int) -> int:
    """GPUs that take part, whether the trace has files of them or not.

    dense, routed   GPUs that hold the same parameters outside of experts, and of experts
    """
    sizes = {
        "experts": layout.ranks_per_expert_group,
        "tensor and context": layout.tp * layout.cp,
        "replicas": dense,
        "expert replicas": routed,
        "all": layout.ranks,
    }
    return sizes[moved.among]
