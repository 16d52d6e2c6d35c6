"""The section about a step in which every GPU was played by itself."""

from __future__ import annotations

from reports.document import Section
from reports.tables import Look, table
from simulator.gpus.tables import ALL, SLOWEST, STEPS, WAITS
from simulator.result import Result

TABLES = (STEPS, WAITS, SLOWEST, ALL)
LEAD = (
    "Above, one GPU stands for all of its pipeline rank, and a chunk takes as long as its slowest GPU, mean over many "
    "draws of the loads. Here each GPU has its own loads in every chunk and its own speed, waits only for those it "
    "exchanges something with, and hands its delays on to the next stage.",
    "All GPUs, one a line with the parts of their step, stand in tables/gpus.csv.",
)
LOOKS = {
    STEPS: Look("The step, both ways", titles={"what": "Played", "seconds": "Step", "share": "Of the symmetric step"}),
    WAITS: Look(
        "How long GPUs wait",
        "Over all GPUs; p10 is what a tenth of them stays below. While it waits, a GPU computes nothing.",
        titles={"wait": "For what", "mean_s": "Mean", "p10_s": "p10", "p90_s": "p90", "p99_s": "p99"},
        names={
            "wait_for_slowest_s": "Inside chunks, for slower GPUs it exchanges with",
            "wait_for_pipeline_s": "Between chunks, for the neighbouring stage",
            "wait_at_end_s": "After its last chunk, for all others",
        },
    ),
    SLOWEST: Look(
        "The GPUs that others wait for",
        "A transfer starts when all that take part are ready. What the others wait counts for the GPU that was ready "
        "last, added up over all of them and all transfers, whether they compute meanwhile or not.",
        titles={
            "gpu": "GPU", "pipeline_rank": "Pipeline rank", "dp_index": "Replica", "speed_ratio": "Speed",
            "kept_waiting_s": "Kept others waiting", "waited_s": "Waited itself",
        },
        meanings={"speed_ratio": "of the mean speed"},
    ),
}  # fmt: skip


def section(result: Result) -> Section:
    """Both steps, the waits, and the slowest GPUs; never all GPUs, which would be thousands of lines."""
    shown = (name for name in (STEPS, WAITS, SLOWEST) if len(result.tables[name]))
    parts = tuple(table(name, result.tables[name], LOOKS[name]) for name in shown)
    return Section("every-gpu", "Every GPU", "Every GPU by itself", LEAD, parts)
