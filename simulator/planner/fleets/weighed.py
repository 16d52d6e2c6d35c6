"""Fleets of every variant, ranked together by closed forms; variants that a bound excludes are not timed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from simulator.planner.fleets.variants import Variant, Variants
from simulator.serving.fleet.decode import DecodeOption
from simulator.serving.fleet.need import Unfit
from simulator.serving.fleet.option import Option
from simulator.serving.fleet.prefill import PrefillOption
from simulator.serving.fleet.search import Fleet, Question, search
from simulator.serving.fleet.whole import WholeOption
from simulator.serving.fleet_found import Options, options_of
from topologies.spec import digest
from workloads.service import Promises
from workloads.serving_question import Objective

MARGIN_RATIO = 1.5
"""Times the rent of the last fleet that is kept; a variant whose floor lies above is not timed, so that prices and
traffic a fifth higher or lower change nothing in that."""
EXAMPLES = 3
"""Of each reason that are told."""
IMPOSSIBLE = "memory or sizes: the unit cannot be built"
FLOOR = "bound: computing and reading caches at the datasheet's rates alone make every fleet dearer"
DEARER = "bound: units by rate alone are dearer than every fleet kept"
UNFIT = "promise: no number of such units keeps it"
WEIGHED = "weighed by closed forms"
REASONS = (IMPOSSIBLE, FLOOR, UNFIT, DEARER, WEIGHED)


@dataclass(frozen=True)
class Timed:
    """A variant whose units have been timed."""

    variant: Variant
    options: Options


@dataclass(frozen=True)
class Ranked:
    """A fleet of one variant.

    values   of the objectives, smaller is better
    """

    timed: Timed
    fleet: Fleet
    promises: Promises
    values: tuple[float, ...]

    @property
    def label(self) -> str:
        """Units, and where they are."""
        place = self.timed.variant.place
        return f"{self.fleet.name} on {place}" if place else self.fleet.name


@dataclass
class Weighed:
    """What is known once every variant was weighed.

    ranked     best first;  timed   variants whose units are timed
    left_out   reason -> ways to build units;  why   a few examples of each reason
    """

    ranked: list[Ranked] = field(default_factory=list)
    timed: list[Timed] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    why: dict[str, list[str]] = field(default_factory=dict)

    def leave_out(self, reason: str, many: int, why: str) -> None:
        """Count ways that are left out."""
        if many:
            self.left_out[reason] += many
            examples = self.why.setdefault(reason, [])
            if why and why not in examples and len(examples) < EXAMPLES:
                examples.append(why)


@dataclass(frozen=True, slots=True)
class Aim:
    """What is best: objectives, how many fleets are kept, how dear one may be."""

    objective: tuple[Objective, ...]
    keep: int
    budget_usd_per_s: float | None


@dataclass(frozen=True, slots=True)
class Twist:
    """Another traffic, price or promise than the question's: what sensitivities and inverse questions ask.

    traffic_ratio   of requests;  prices_ratio   GPU -> times its price;  ttft_ratio, tpot_ratio   of the promised times
    """

    traffic_ratio: float = 1.0
    prices_ratio: Mapping[str, float] = field(default_factory=dict)
    ttft_ratio: float = 1.0
    tpot_ratio: float = 1.0

    def promises(self, own: Promises) -> Promises:
        """The promises as twisted."""
        times = {"ttft_s": own.ttft_s * self.ttft_ratio, "tpot_s": own.tpot_s * self.tpot_ratio}
        return own.model_copy(update=times)


NO_TWIST = Twist()


def weighed(variants: Variants, aim: Aim, tell: Callable[[str, int, int], None]) -> Weighed:
    """Time the units of every variant that a bound does not exclude, cheapest floors first, and rank all fleets."""
    found, known = Weighed(), dict[str, Options]()
    order = sorted(variants.kept, key=lambda one: one.floor_usd_per_s)
    for at, variant in enumerate(order):
        tell("Timing units of services", at, len(order))
        kept = [one.fleet.usd_per_s for one in found.ranked]
        if len(kept) >= aim.keep and len(aim.objective) == 1 and variant.floor_usd_per_s > MARGIN_RATIO * max(kept):
            ways = sum(1 for kind in variant.service.units for _ in variant.wanted.variants(kind))
            found.leave_out(FLOOR, ways, variant.place)
            continue
        timed = Timed(variant, _options(variant, known))
        found.timed.append(timed)
        for name, why in timed.options.made.impossible:
            found.leave_out(IMPOSSIBLE, 1, f"{name}: {why}")
        ranked = fleets_of(timed, aim, NO_TWIST, found)
        found.ranked = best([*found.ranked, *ranked], aim)
    tell("Timing units of services", len(order), len(order))
    return found


def _options(variant: Variant, known: dict[str, Options]) -> Options:
    """Units to choose from; variants that differ in promises and price only share their times."""
    plain = variant.service.model_copy(
        update={"promises": None, "price": None, "changes": (), "search": variant.wanted, "name": "", "title": ""}
    )
    key = f"{digest(plain)} {variant.asked.offered.requests_per_s!r}"
    if key not in known:
        known[key] = options_of(variant.service, variant.wanted, variant.asked)
    priced = tuple(_priced(option, variant.service.price.gpu_usd_per_s) for option in known[key].made.options)
    return replace(known[key], made=known[key].made._replace(options=priced))


def _priced(option: Option, usd_per_s: float) -> Option:
    """The option at another price of its GPUs."""
    if isinstance(option, PrefillOption | DecodeOption | WholeOption):
        return replace(option, gpu_usd_per_s=usd_per_s)
    raise TypeError(f"{type(option).__name__} has no price to change")


def fleets_of(timed: Timed, aim: Aim, twist: Twist, found: Weighed | None = None) -> list[Ranked]:
    """Fleets of one variant that keep promises and budget. found   takes notes of what is left out, and why."""
    variant, own = timed.variant, timed.variant.service.promises
    if own is None:
        raise TypeError("a variant without promises")
    ratio = twist.prices_ratio.get(variant.service.cluster.node.gpu.name, 1.0)
    options = [_priced(one, one.gpu_usd_per_s * ratio) for one in timed.options.made.options]
    promises, offered = twist.promises(own), variant.asked.offered.times(twist.traffic_ratio)
    answered = search(options, Question(offered, promises, variant.wanted.most_gpus, aim.keep))
    if found is not None:
        _note(found, answered.unfit, answered.refused)
        found.leave_out(DEARER, answered.skipped, variant.place)
        found.leave_out(WEIGHED, len(options) - len(answered.unfit) - len(answered.refused) - answered.skipped, "")
    fleets = (one.fleet for one in answered.answers)
    within = [one for one in fleets if aim.budget_usd_per_s is None or one.usd_per_s <= aim.budget_usd_per_s]
    return [Ranked(timed, one, promises, values_of(one, promises, aim.objective)) for one in within]


def _note(found: Weighed, unfit: Sequence[Unfit], refused: Iterable[tuple[str, str]]) -> None:
    """Write down units that keep the promise in no number, and those that steps are not known of."""
    for one in unfit:
        found.leave_out(UNFIT, 1, f"{one.option.name}: {one.why}")
    for name, why in refused:
        found.leave_out(IMPOSSIBLE, 1, f"{name}: {why}")


def values_of(fleet: Fleet, promises: Promises, objective: Sequence[Objective]) -> tuple[float, ...]:
    """What the objectives are of a fleet."""
    every = {"cost": fleet.usd_per_s, "gpus": float(fleet.gpus), "tpot": promises.tpot_s}
    return tuple(every[name] for name in objective)


def best(ranked: Iterable[Ranked], aim: Aim) -> list[Ranked]:
    """The best by one objective; by several, the best compromises first."""

    def place(one: Ranked) -> tuple[tuple[float, ...], float, int, float, str]:
        return one.values, one.fleet.usd_per_s, one.fleet.gpus, -one.fleet.share, one.label

    order = sorted(ranked, key=place)
    if len(aim.objective) == 1 or not order:
        return order[: aim.keep]
    first = _one_each(one for one in order if not any(beats(other.values, one.values) for other in order))
    rest = [one for one in order if one not in first]
    return [*first, *rest][: max(aim.keep, len(first))]


def beats(mine: tuple[float, ...], theirs: tuple[float, ...]) -> bool:
    """Whether one is no worse in anything and better in something."""
    return mine != theirs and all(one <= other for one, other in zip(mine, theirs, strict=True))


def _one_each(ranked: Iterable[Ranked]) -> list[Ranked]:
    """The first of those with the same values."""
    found: dict[tuple[float, ...], Ranked] = {}
    for one in ranked:
        found.setdefault(one.values, one)
    return list(found.values())
