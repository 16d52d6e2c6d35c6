"""Published figures: what was observed, where it stands, how close a simulation has to come."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from topologies.fields import Named
from topologies.problems import FieldErrors
from topologies.spec import Spec, load
from topologies.units import Share

FOLDER = Path(__file__).parent / "published"
OF_RUN = "run."
"""How metrics of whole runs begin."""
OF_SERVICE = "service."
"""How metrics of services begin."""
Text = Annotated[str, Field(min_length=1)]
Finite = Annotated[float, Field(allow_inf_nan=False)]


class Drift(Spec):
    """Band of the relative error in which a missed figure is known to lie; outside of it something has changed."""

    low: Finite
    high: Finite

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        """The lower end comes first."""
        if self.low > self.high:
            raise ValueError(f"low = {self.low} is above high = {self.high}: swap them")
        return self


class Observation(Spec):
    """One published figure.

    what        in plain words
    metric      where the simulated figure is found: headline.NAME, model.NAME, inside.PHASE, run.NAME (of a whole
                run), service.NAME (of a service) or all_to_all.KERNELS.epN.DIRECTION.FIGURE, several added with " + "
    observed    in `unit`, which is the metric's own
    tolerance   largest relative error that counts as met
    role        target: evidence; input: used to set a parameter, never counted as evidence; report: shown with its
                error and no target, because much of what it is simulated with is assumed
    status      met, or missed with the reason and the band of its relative error
    """

    what: Text
    metric: Text
    observed: Finite
    unit: Text
    source: Text
    tolerance: Share
    role: Literal["target", "input", "report"]
    status: Literal["met", "missed"]
    reason: str = ""
    drift: Drift | None = None

    @model_validator(mode="after")
    def _a_miss_is_explained(self) -> Self:
        """A missed figure says why and how far; a met one has nothing to explain."""
        explained = bool(self.reason) and self.drift is not None
        if self.status == "missed" and not explained:
            raise ValueError("a missed figure needs `reason` and `drift`")
        if self.status == "met" and (self.reason or self.drift):
            raise ValueError("a met figure has neither `reason` nor `drift`")
        return self


_BEGIN = "figures of a run begin with `run.`, those of a service with `service.`, all others with neither"


class Published(Spec):
    """Figures observed on one system.

    scenario, run, service   name of a shipped scenario, whole run, or service: one of them
    changes                  dotted paths and values that turn it into the system observed
    """

    scenario: Text | None = None
    run: Text | None = None
    service: Text | None = None
    changes: Named[str | int | float | bool | tuple[int, ...] | dict[str, int | float | str] | None] = Field(
        default_factory=dict
    )
    figures: Annotated[tuple[Observation, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _of_one_system(self) -> Self:
        """A scenario, a run or a service, whose figures all are of its kind."""
        if sum(one is not None for one in (self.scenario, self.run, self.service)) != 1:
            raise FieldErrors([("scenario", "write one of `scenario`, `run` and `service`")])
        begin = OF_RUN if self.run is not None else OF_SERVICE if self.service is not None else ""
        wrong = [
            (f"figures.{at}.metric", f"read `{figure.metric}`; {_BEGIN}")
            for at, figure in enumerate(self.figures)
            if next((one for one in (OF_RUN, OF_SERVICE) if figure.metric.startswith(one)), "") != begin
        ]
        if wrong:
            raise FieldErrors(wrong)
        return self


def names() -> tuple[str, ...]:
    """Names of all files of published figures, sorted."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.yaml")))


def published(name: str) -> Published:
    """Read one file of published figures; raises InvalidInput."""
    return load(FOLDER / f"{name}.yaml", Published)
