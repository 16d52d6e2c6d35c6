"""What the model assumes about the training software: what it holds in memory, how it launches and fuses kernels."""

from __future__ import annotations

from collections.abc import Iterator

from simulator.layout_assumptions import Line
from topologies.units import pretty
from workloads.jobs.training import Training
from workloads.scenario import Scenario


def lines(scenario: Scenario) -> Iterator[Line]:
    """What this job makes the model assume, a line each."""
    job = scenario.job
    yield _reserve(job)
    if scenario.model.linear_format == "fp8":
        yield _fp8_weights(job)
    if job.memory.weight_average == "host":
        yield (
            "Moving average of the weights",
            "FP32, each weight by the owner of its optimiser state; brought up to date beside the next step",
            "arXiv 2412.19437, section 3.2.3: kept in CPU memory, updated asynchronously after each step",
        )
    if job.memory.offload is not None:
        yield (
            "Offload",
            "the server's processors update at the rate of its memory; gradients wait on the GPU for the step's end; "
            "pieces go beside each other where prefetch says so; transfers do not slow those to other GPUs",
            "as ZeRO-Offload (arXiv 2101.06840) and ZeRO-Infinity (arXiv 2104.07857) do it; rates are the scenario's",
        )
    if job.cuda_graphs:
        yield (
            "CUDA graphs",
            "every kernel is launched from a recorded graph, those whose shapes depend on routing too",
            "needs padded shapes or graphs that take shapes from the GPU; their memory is not counted",
        )
    if job.kernel_fusion == "on":
        yield (
            "Kernel fusion",
            "each element-wise operation is one kernel (permutation and gate two) that moves every operand once",
            "as Transformer Engine does; the kernel set's own counts are those of the framework traced",
        )
    if job.recompute == "full":
        yield (
            "Full recomputation",
            "backward runs a block's forward again, its tokens' way to the experts and back too",
            "Megatron's full activation recomputation; outputs of neighbouring blocks are not kept",
        )


def _reserve(job: Training) -> Line:
    """What is held beside the job's own numbers."""
    memory = job.memory
    held = f"{pretty(memory.runtime_bytes, 'bytes')} for the runtime, {100 * memory.fragmentation:g} % of the rest idle"
    return ("Memory reserve", held, "job.memory; no published figure for this software")


def _fp8_weights(job: Training) -> Line:
    """How weights lie in memory for FP8 products."""
    beside = "and no wider copy" if job.precision.weights == "fp8" else "beside the BF16 copy that is gathered"
    return (
        "FP8 copies of the weights",
        f"made once a step, along both dimensions, {beside}; of spread parameters block by block, taking no time",
        "Hopper's FP8 products read operands along the contracted dimension; the published profile turns no weights",
    )
