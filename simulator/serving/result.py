"""What a service answers: rates, times that users see, what fits, what it costs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from simulator.result import Answered
from workloads.service import Promises


@dataclass(frozen=True, slots=True)
class ServiceResult(Answered):
    """What is known of one service.

    tables     units     [unit]            what units there are, their typical step and rate
               steps     [unit x term]     where a typical step's time goes; adds up to it
               memory    [unit x part]     what a GPU holds
               answers   [sequences]       steps of answers over the batch, with and without overlap
               prompts   [tokens]          steps of prompts over their size, with and without overlap
               guesses   [depth]           prediction modules
               of requests, a day, a fleet: where they are asked for
    promises   what requests are promised, if anything: pictures mark it
    """

    schema: ClassVar[str] = "clustercast.service/1"
    kind: ClassVar[str] = "service"
    promises: Promises | None = None
