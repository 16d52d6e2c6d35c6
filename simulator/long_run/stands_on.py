"""What a run stands on: its rules, then every input with basis and source."""

from __future__ import annotations

from collections.abc import Iterator

from simulator.assumptions import assumptions as of_scenario
from simulator.assumptions import of_entry
from simulator.long_run.layouts import FALLBACK, SEARCH
from simulator.result import Assumption
from topologies.entry import Entry
from topologies.units import AS_TEXT
from workloads.long_run import Run
from workloads.run_phases.generation_and_training import GenerationAndTraining
from workloads.run_phases.stated import Stated

OURS = (
    (
        "Batches too small for the schedule",
        FALLBACK,
        "DualPipe needs two micro-batches a pipeline rank; what was run below that is not published",
    ),
    ("Layouts of phases that are searched", SEARCH, "no layout of the published context extension is known"),
    (
        "Growing batch",
        "in equal rises, each batch for as many tokens; steps by the fast estimate, multiplied by the steady step as "
        "simulated over as estimated",
        "published as gradual, how is not said",
    ),
)
FAILING = (
    (
        "Failures",
        "come at random and independently, in proportion to parts and time; a stretch of steps of one kind is played "
        "with its mean step, and ends with a checkpoint",
        "arXiv 2407.21783, Table 5, says how many, not when",
    ),
    (
        "Checkpoints",
        "weights in BF16, master weights and both moments; each GPU writes its share",
        "DeepSeek-V3's are not published",
    ),
)


def assumptions(run: Run) -> tuple[Assumption, ...]:
    """Rules, inputs of phases, entries of the run's own, then all of its scenario."""
    told = (*OURS, *(FAILING if run.reliability is not None else ()))
    own = [Assumption(what, value, "assumed", source) for what, value, source in told]
    own += [
        Assumption(f"GPU time of {phase.name}", f"{phase.gpu_time_s:,.0f} s, put in", phase.basis, phase.source)
        for phase in run.phases
        if isinstance(phase, Stated)
    ]
    own += [
        Assumption(
            f"Rate of generation of {phase.name}",
            f"{phase.generation.tokens_per_s_per_gpu:g} tokens a second and GPU, put in",
            phase.generation.basis,
            phase.generation.source,
        )
        for phase in run.phases
        if isinstance(phase, GenerationAndTraining)
    ]
    return (
        *own,
        *_settings(run),
        *(line for entry in _entries(run) for line in of_entry(entry)),
        *of_scenario(run.scenario),
    )


def _entries(run: Run) -> Iterator[Entry]:
    """Catalogue entries of the run beside its scenario."""
    if run.reliability is not None:
        yield run.reliability.rates
    if run.checkpoints is not None:
        yield run.checkpoints.storage
    yield from (entry for entry in (run.ownership, run.site, run.power) if entry is not None)


def _settings(run: Run) -> Iterator[Assumption]:
    """How the job comes back, as the run's file says."""
    if run.reliability is None or run.checkpoints is None:
        return
    for part in ("recovery", "silent", "stragglers", "network_loss"):
        if (value := getattr(run.reliability, part)) is not None:
            told = ", ".join(f"{name} {one}" for name, one in value.model_dump(context=AS_TEXT).items())
            yield Assumption(f"reliability.{part}", told, "assumed", "the run's file")
    yield Assumption("checkpoints.mode", run.checkpoints.mode, "assumed", "the run's file")
    yield Assumption("hbm_stacks_per_gpu", str(run.hbm_stacks_per_gpu), "assumed", "the run's file")
