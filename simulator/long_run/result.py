"""What a run of weeks answers: hours, dollars, days, week by week."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from simulator.result import Answered


@dataclass(frozen=True, slots=True)
class RunResult(Answered):
    """What is known of one run once it is worked out.

    headline   stable names -> Figure; `gpu_hours.NAME` for each phase
    tables     bill      [line]     what, kind, gpu_hours, usd: adds up to the whole run
               phases    [phase]    sequences, layout, step_s, tokens, gpu_hours of each while nothing fails
               layouts   [tried]    sizes of context parallelism of phases whose layout was searched
               ramp      [batch]    batches of a ramp
               weeks     [week]     tokens, failures, restarts of one life: the one nearest to the median
               where the time goes, failures by cause, intervals, spares, owning, energy: where there are any
    """

    schema: ClassVar[str] = "clustercast.run/1"
    kind: ClassVar[str] = "run"
