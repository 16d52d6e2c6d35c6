"""What traffic is: requests with their moments and lengths; who answers them is somebody else's business."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Self

from topologies.spec import Spec
from workloads.requests import Requests
from workloads.router import Seed


@dataclass(frozen=True, slots=True)
class Means:
    """What traffic is on average, as it is known before anything is drawn.

    input_tokens, output_tokens   of a request; None: not known without drawing
    """

    rate_per_s: float
    input_tokens: float | None
    output_tokens: float


class TrafficSpec(Spec):
    """Traffic to a service. A file in workloads/traffics with one subclass adds a kind."""

    kind: str

    @abstractmethod
    def requests(self, seed: Seed) -> Requests:
        """All requests, at least one, in the order in which they come. Same seed, same requests.

        Raises InvalidInput for a file that cannot be read, and where not a single request comes.
        """

    @abstractmethod
    def means(self) -> Means:
        """Means over all time. Raises InvalidInput for a file that cannot be read."""

    @abstractmethod
    def faster(self, factor: float) -> Self:
        """The same traffic with a rate so many times as high; lengths and burstiness stay."""

    def stamp(self) -> tuple[int, ...]:
        """What tells two contents of one file name apart; nothing where no file is read."""
        return ()
