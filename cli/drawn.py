"""With which ranks, micro-batches and chunk times a person wants schedules drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from simulator.replay import Setting
    from workloads.schedule import ChunkTimes

RANKS, MICRO_BATCHES, TIMES = 4, 8, "1,1,1"
SHORTEST, LONGEST = 1e-6, 1e6
ALLOWED = (
    "F,b,W or F,b,W,PAIR, each a number from 0.000001 to 1,000,000: forward, input gradient, weight gradient and "
    "overlapped pair of a rank's share of the layers, for example 1,1.5,0.5"
)


@dataclass(frozen=True, slots=True)
class Drawn:
    """Size of the pipeline for which a schedule is drawn, and its chunk times as text."""

    ranks: Annotated[int | None, typer.Option(help="Pipeline ranks, for a schedule.", min=1)] = None
    micro_batches: Annotated[int | None, typer.Option(help="Micro-batches of a step, for a schedule.", min=1)] = None
    times: Annotated[
        str | None,
        typer.Option(
            metavar="F,b,W[,PAIR]",
            help="Forward, input gradient, weight gradient and overlapped pair, for a schedule; 1,1,1 if left out.",
        ),
    ] = None

    def setting(self) -> Setting:
        """What was asked for, sizes and times filled up. Raises typer's usage error for times that cannot be."""
        from simulator.replay import Setting

        text = TIMES if self.times is None else self.times
        return Setting(self.ranks or RANKS, self.micro_batches or MICRO_BATCHES, times_of(text))


NOTHING_SAID = Drawn()


def times_of(text: str) -> ChunkTimes:
    """Times as a person writes them; a pair takes F+b+W if left out. Raises typer's usage error."""
    from workloads.schedule import ChunkTimes

    try:
        given = [float(part) for part in text.split(",")]
    except ValueError:
        given = []
    if len(given) not in (3, 4) or not all(SHORTEST <= number <= LONGEST for number in given):
        raise typer.BadParameter(f"--times: read `{text}`; write {ALLOWED}")
    forward_s, input_grad_s, weight_grad_s = given[:3]
    return ChunkTimes(forward_s, input_grad_s, weight_grad_s, given[3] if len(given) > 3 else sum(given))
