"""What a model weighs, caches and computes, by part, as text."""

from __future__ import annotations

from textwrap import fill
from typing import TYPE_CHECKING

from cli.columns import aligned

if TYPE_CHECKING:
    from collections.abc import Iterable

    from workloads.counts import PartCount
    from workloads.model import ModelSpec

SEQUENCE_LENGTH = 4096
HEAD = ("part", "parameters", "activated", "cache a token", "training FLOP a token", "the same, full attention")
WHAT = {"parameters": "parameters", "cache": "cache a token", "training_flop": "training FLOP a token"}
WITHOUT_MTP = "all but MTP"
WITH_MTP = "all"


def as_text(model: ModelSpec) -> str:
    """Counts of each part and in all, for sequences of 4,096 tokens, and how small the cache is."""
    from workloads.counts import cache_share, count

    parts = count(model, SEQUENCE_LENGTH)
    rows = [row(part.part, (part,)) for part in parts]
    rows.append(row(WITHOUT_MTP, [part for part in parts if part.part != "MTP"]))
    if any(part.part == "MTP" for part in parts):
        rows.append(row(WITH_MTP, parts))
    share = cache_share(model)
    notes = (
        f"FLOP are for sequences of {SEQUENCE_LENGTH:,} tokens: forward and both gradients, recomputation not counted;",
        "causal attention counts half of the square, full attention all of it.",
        f"A layer caches {share.whole_ratio:.2%} of what full multi-head attention with these heads would keep"
        f" ({share.content_ratio:.2%} if its rotary part is left out).",
    )
    found = (aligned(rows, HEAD), "\n".join(notes), published_text(model))
    return "\n\n".join(part for part in found if part)


def published_text(model: ModelSpec) -> str:
    """What was published of this model beside what is counted here, and why they differ where they do."""
    from workloads.published_counts import compare, published_counts

    compared = [compare(row, model) for row in published_counts() if row.model == model.name]
    if not compared:
        return ""
    lines = [
        [
            WHAT[found.published.what],
            figure(found.published.what, found.published.value),
            figure(found.published.what, found.counted),
            f"{found.error_ratio:+.2%}",
            found.published.source,
        ]
        for found in compared
    ]
    reasons = [fill(found.published.missed_because, 110) for found in compared if found.published.missed_because]
    return "\n".join((aligned(lines, ("published of it", "published", "counted", "off by", "source")), *reasons))


def figure(what: str, value: float) -> str:
    """A published figure with its unit."""
    from topologies.units import pretty

    if what == "parameters":
        return f"{value:,.0f}"
    return pretty(value, "bytes" if what == "cache" else "flop", 5)


def as_data(model: ModelSpec) -> list[dict[str, object]]:
    """The counts of each part, in SI units; FLOP are of the forward pass alone."""
    from dataclasses import asdict

    from workloads.counts import count

    return [asdict(part) for part in count(model, SEQUENCE_LENGTH)]


def row(name: str, parts: Iterable[PartCount]) -> list[str]:
    """One line of the table: sums over parts."""
    from topologies.units import pretty
    from workloads.counts import TRAINING_PER_FORWARD

    parts = tuple(parts)
    flop = TRAINING_PER_FORWARD * sum(part.flop_per_token for part in parts)
    flop_full = TRAINING_PER_FORWARD * sum(part.flop_per_token_full for part in parts)
    return [
        name,
        f"{sum(part.parameters for part in parts):,}",
        f"{sum(part.activated for part in parts):,}",
        pretty(sum(part.cache_bytes_per_token for part in parts), "bytes", 5),
        pretty(flop, "flop"),
        pretty(flop_full, "flop"),
    ]
