"""What the model assumes about how the ranks of a layout exchange gradients, parameters, rows, keys and values."""

from __future__ import annotations

from collections.abc import Iterator

from workloads.layout import Layout

Line = tuple[str, str, str]
"""What, how, and why so."""


def lines(layout: Layout) -> Iterator[Line]:
    """What this layout makes the model assume, a line each."""
    yield _gradients(layout)
    if layout.zero_stage >= 3:
        yield (
            "Parameters",
            "gathered before each forward and again before each backward, one block ahead; a chunk waits for its first",
            "ZeRO-3 (arXiv 1910.02054, section 5.3)",
        )
    if layout.tp > 1:
        yield _rows(layout)
    if layout.etp > 1:
        how = "a token goes to all ranks that split one of its experts; their partial sums come back and are added"
        yield ("Rows of expert-tensor-parallel ranks", how, "the dispatch carries what Megatron gathers behind it")
    if layout.cp > 1:
        ring = layout.cp_exchange == "ring"
        how = "round a ring while attention scores those that are there" if ring else "all at once, before attention"
        yield ("Keys and values", f"{how}; each rank has as many pairs to score", "arXiv 2310.01889; arXiv 2407.21783")


def _gradients(layout: Layout) -> Line:
    """When and how gradients are summed."""
    source = "ZeRO (arXiv 1910.02054)"
    if layout.zero_stage >= 2:
        return ("Gradients", "summed block by block with every micro-batch, beside the blocks that follow", source)
    if layout.zero_overlap:
        how = "summed stage by stage beside later backwards, the last one exposed; parameters come back likewise"
        return ("Gradients", f"{how}; pipeline sends are not slowed by them", "Megatron's distributed optimiser")
    return (
        "Gradients",
        "summed once, after the last micro-batch, over all replicas of a parameter, inside a node first",
        f"{source}; the report does not publish how much of it overlaps with backward",
    )


def _rows(layout: Layout) -> Line:
    """How tensor-parallel ranks gather and scatter rows."""
    what, source = "Rows of tensor-parallel ranks", "arXiv 2205.05198, section 4.2.2"
    if layout.tp_exchange == "whole":
        return (what, "gathered before a product and summed after it; nothing hides it", source)
    how = (
        "a product is done in one piece a rank, each beside the next one's transfer; time the pieces lose counts there"
    )
    return (what, how, f"{source}; Megatron's userbuffers")
