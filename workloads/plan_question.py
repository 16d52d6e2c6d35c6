"""A question to the planner: which cluster and layout are best by an objective, within limits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, field_validator, model_validator

from topologies.catalogue import FromCatalogue
from topologies.fields import Named
from topologies.problems import FieldErrors, InvalidInput
from topologies.spec import Spec
from topologies.units import Count
from workloads.layout_axes import LayoutAxes
from workloads.plan_limits import Limits
from workloads.power import Power
from workloads.price import Price
from workloads.scenario import FOLDER, Setting
from workloads.short_paths import full_path
from workloads.site import Site

QUESTIONS = FOLDER / "questions"
Objective = Literal["time", "cost", "gpu-time", "energy"]
Wanted = Literal["fewest-gpus", "most-gpus", "most-tokens"]
NEEDS = {"fewest-gpus": "a date or a budget", "most-gpus": "a budget", "most-tokens": "a date or a budget"}
"""What the limits have to say, so that each inverse question has an answer."""
NODES = "cluster.nodes"


class Search(Spec):
    """How is searched.

    method      exhaustive: every layout of every cluster, left out only where a bound proves that it cannot be among
                the best; sample: clusters and layouts are drawn together, better ones more often; auto: exhaustive
                for up to `most_clusters` clusters
    tries       drawn by a sample;  seed   of the draws
    keep        candidates that are ranked;  confirm   of these the best, which are simulated event by event
    """

    method: Literal["auto", "exhaustive", "sample"] = "auto"
    most_clusters: Count = 24
    tries: Annotated[int, Field(ge=50, le=1_000_000)] = 2000
    seed: Annotated[int, Field(ge=0)] = 0
    keep: Annotated[int, Field(ge=2, le=1000)] = 10
    confirm: Annotated[int, Field(ge=1, le=50)] = 3


class Find(Spec):
    """An inverse question: how many nodes keep the limits, or how many tokens do.

    what         fewest-gpus, most-gpus, most-tokens
    nodes        from, to: numbers of nodes that may be tried
    """

    what: Wanted
    nodes: tuple[Count, Count] | None = None

    @field_validator("nodes")
    @classmethod
    def _ascend(cls, nodes: tuple[int, int] | None) -> tuple[int, int] | None:
        """The first number is the smaller one."""
        if nodes is not None and nodes[0] >= nodes[1]:
            raise ValueError(f"read {nodes[0]} to {nodes[1]}; write the smaller number first")
        return nodes

    @model_validator(mode="after")
    def _has_nodes(self) -> Self:
        """A number of GPUs is looked for between two numbers of nodes."""
        if (self.nodes is None) != (self.what == "most-tokens"):
            why = "give the numbers of nodes that may be tried, for example [64, 512]"
            raise FieldErrors([("nodes", "leave it out" if self.what == "most-tokens" else why)])
        return self


class Question(Spec):
    """What every question to the planner has, whatever is asked about.

    changes   what was changed of the file, as a reader is told
    vary      short path -> values that it may have, in all combinations
    """

    group: ClassVar[str] = "questions"
    name: Annotated[str, Field(min_length=1, max_length=200)]
    title: str = ""
    changes: tuple[str, ...] = ()
    vary: Named[Annotated[tuple[Any, ...], Field(min_length=1)]] = Field(default_factory=dict, validate_default=True)
    search: Search = Search()


class TrainingQuestion(Question):
    """A question about training.

    scenario    model, batch, tokens and the cluster that is changed: a shipped name, a file, or `base:` with changes;
                its own layout is one of the candidates where it fits and `layouts` has it
    objective   one, or several: then the best compromises between them
    layouts     values of the layout's axes that are searched; all where left out
    limits      what the answer must keep
    find        an inverse question
    prices      of GPUs other than the scenario's;  powers, site   for energy
    """

    scenario: Annotated[Setting, FromCatalogue("scenarios")]
    objective: Annotated[tuple[Objective, ...], Field(min_length=1)] = ("time",)
    layouts: LayoutAxes = LayoutAxes()
    limits: Limits = Limits()
    find: Find | None = None
    prices: tuple[Annotated[Price, FromCatalogue("prices")], ...] = ()
    powers: tuple[Annotated[Power, FromCatalogue("powers")], ...] = ()
    site: Annotated[Site, FromCatalogue("sites")] | None = None

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        """Refuse paths that no scenario has or that are searched anyway, and parts that mean nothing without others."""
        found = [*self._paths(), *self._needs()]
        if found:
            raise FieldErrors(found)
        return self

    def _paths(self) -> list[tuple[str, str]]:
        """What is wrong with the paths of `vary`."""
        found, before = [], dict[str, str]()
        for path in self.vary:
            try:
                whole = full_path(path)
            except InvalidInput as refused:
                found.append((f"vary.{path}", refused.problems[0].message))
                continue
            found += [(f"vary.{path}", why) for why in (self._set_elsewhere(whole), _within(whole, before)) if why]
            before[whole] = path
        return found

    def _set_elsewhere(self, whole: str) -> str:
        """Why values of a path would have no effect: another part of the question sets it. Empty if none does."""
        head, axis = whole.partition(".")[0], LayoutAxes.axis_of(whole)
        if axis is not None:
            return f"the layout is searched; give its values under layouts.{axis}"
        if whole.startswith("layout.schedule."):
            return "schedules are searched; give kinds under layouts.schedules, numbers of chunks under layouts.chunks"
        if head == "price":
            return "a price goes with its GPU: give those of other GPUs under `prices`, its own in `scenario`"
        if self.find is not None and self.find.nodes is not None and f"{NODES}.".startswith(f"{whole}."):
            return "the number of nodes is what `find` looks for: leave it out"
        return ""

    def _needs(self) -> list[tuple[str, str]]:
        """Parts that need another part."""
        found = []
        if len(set(self.objective)) < len(self.objective):
            found.append(("objective", "one of them is given twice"))
        if "energy" in self.objective and (self.site is None or not self.powers):
            found.append(("objective", "energy needs `powers` of the GPUs and a `site`"))
        if self.find is None:
            return found
        if len(self.objective) > 1:
            found.append(("objective", "an inverse question has one objective"))
        dated, paid = self.limits.seconds is not None, self.limits.budget_usd is not None
        if not (paid or (dated and self.find.what != "most-gpus")):
            found.append(("limits", f"{self.find.what} needs {NEEDS[self.find.what]}"))
        return found


def _within(whole: str, others: Mapping[str, str]) -> str:
    """Why a path cannot be varied beside others: one holds the other. others   whole path -> as it is written."""
    for other, written in others.items():
        if f"{whole}.".startswith(f"{other}.") or f"{other}.".startswith(f"{whole}."):
            return f"`{written}` is varied too; one of the two holds what the other sets: vary one of them"
    return ""
