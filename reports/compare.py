"""The report of a comparison: scenarios ranked, why they differ, what their networks cost."""

from __future__ import annotations

from collections.abc import Iterable

from reports import compare_choice, conditions_section, network_section, render, terms, words
from reports import compare_tables as tables
from reports.compare_figures import figures
from reports.compare_money import money
from reports.compare_pictures import networks, parts, waterfalls
from reports.compare_pictures import terms as terms_of_all
from reports.differences import cut, percent
from reports.document import Cell, Column, Grid, Listing, Page, Section, Table, Terms, Tile
from simulator.comparing.comparison import IMMATERIAL_SHARE, Compared, Comparison
from simulator.comparing.deltas import NO_CHANGE, verdict
from simulator.comparing.differences import THINGS

WORDS = (
    "Step", "Micro-batch", "Pipeline rank", "Forward, F", "Backward, B", "Overlapped pair, 1F1B", "Bubble", "MFU",
    "GPU-hour",
)  # fmt: skip
MOST_FIGURES = 12
"""Pictures of a page, however many scenarios there are."""
TILES = (("Step of the base", "Fastest step", "step_s"), ("Rental of the base", "Cheapest rental", "cost_usd"))
LIMITS = (
    "How much of each limit a scenario uses: memory of its fullest GPU over what is usable, and the time for which a "
    "GPU's network port and NVLink are busy over the step. The one nearest to full is what would fail first if more "
    "were asked of the same cluster. With `--network`, what breaking parts would cost stands above."
)
ORDER = (
    "The base is turned into the other scenario one thing after another, always in this order: "
    f"{', '.join(THINGS)}. After each the step is simulated again, and a line is what that thing added; the lines add "
    "up to the whole difference. In another order the lines could share it differently. Things with which alone no "
    "scenario would be valid or fit are taken together with the next."
)
THRESHOLD = (
    f"No material change: at most {100 * IMMATERIAL_SHARE:g} % of the base's figure, for a part of the step of the "
    "base's step; or, with --intervals, a difference whose 90 % interval holds none. Both sides are then drawn with "
    "the same inputs, so that what they have in common cancels; the interval is that of the inputs alone."
)
CAPITAL = (
    "Buying a network is a capital expense that outlasts one run; rental is paid for the run alone, and a rental price "
    "mostly holds the network already. Where both are added, that is what one run would cost that paid for a whole "
    "network beside its rental."
)


def page(comparison: Comparison) -> str:
    """The HTML of one comparison."""
    return render.html(document(comparison))


def document(comparison: Comparison) -> Page:
    """The page's content, in the order in which it is read."""
    base = comparison.base
    return Page(
        title=f"{_count(len(comparison.others), 'scenario')} held against {base.label}",
        kicker=f"clustercast comparison: {base.scenario.title or base.scenario.name}",
        binds=answer(comparison)[0],
        answer=answer(comparison)[1:],
        warnings=warnings(comparison),
        tiles=tuple(_tiles(comparison)),
        sections=tuple(_sections(comparison)),
        foot=(
            f"Written by clustercast {base.result.reproduction.versions.get('clustercast', '')}.",
            "Beside this report: comparison.json (all figures and tables), tables/ (CSV) and scenarios/ (YAML).",
        ),
    )


def answer(comparison: Comparison) -> tuple[str, ...]:
    """Which scenario is the cheapest and which the fastest, and what each is to the base."""
    said = [_best("The cheapest run", "cost_usd", comparison), _best("The fastest step", "step_s", comparison)]
    bought = [one for one in comparison.compared if one.network.bill is not None]
    if bought:
        least = min(bought, key=lambda one: one.network.usd_per_endpoint)
        each = words.quantity(least.network.usd_per_endpoint, "USD", 3)
        whole = words.quantity(least.network.total_usd, "USD", 3)
        said.append(f"The cheapest network for an endpoint: {least.label}, {each} ({whole} in all, capital expense).")
    return tuple(said)


def warnings(comparison: Comparison) -> tuple[str, ...]:
    """What was refused, and what a reader of a single report would be warned of."""
    left_out = _count(len(comparison.refused), "scenario")
    refused = [f"{left_out} could not be simulated: {'; '.join(comparison.refused)}."] if comparison.refused else []
    own = [f"{one.label}: {warning}" for one in comparison.compared for warning in one.result.warnings]
    jobs = {one.scenario.job.tokens for one in comparison.compared}
    unlike = ["The scenarios train on different numbers of tokens: the costs are not for the same."] * (len(jobs) > 1)
    return (*refused, *unlike, *own)


def _best(what: str, figure: str, comparison: Comparison) -> str:
    """The scenario with the least of a figure; the base where it is as good."""
    before = comparison.base.result.headline[figure]
    best = min(comparison.compared, key=lambda one: one.result.headline[figure].value)
    value = best.result.headline[figure].value
    if verdict(before, value, before.value) == NO_CHANGE:
        shown = words.quantity(before.value, before.unit)
        return f"{what}: no scenario is materially better than {comparison.base.label}, {shown}."
    shown, change = words.quantity(value, before.unit), percent(value / before.value - 1)
    told = f"{what}: {best.label}, {shown}{_mind(best, comparison.base)}"
    return f"{told}, {change} against {words.quantity(before.value, before.unit)} of the base."


def _mind(best: Compared, base: Compared) -> str:
    """What else differs that a reader of one sentence should know: the number of GPUs, a warning."""
    gpus = best.scenario.cluster.gpus
    others = f" on {gpus:,} GPUs" if gpus != base.scenario.cluster.gpus else ""
    return others + (" (mind the warning)" if best.result.warnings and not base.result.warnings else "")


def _tiles(comparison: Comparison) -> Iterable[Tile]:
    """The base's step and cost, and the best of each."""
    for of_base, of_best, figure in TILES:
        best = min(comparison.compared, key=lambda one: one.result.headline[figure].value)
        for label, one in ((of_base, comparison.base), (of_best, best)):
            found = one.result.headline[figure]
            number, unit = words.quantity(found.value, found.unit)
            yield Tile(label, number, unit, cut(one.label), words.exact(found.value, found.unit), "ranking")


def _sections(comparison: Comparison) -> Iterable[Section]:
    """All sections, in the order in which a reader asks, with at most MOST_FIGURES pictures."""
    others = [*_held(comparison), *_bought(comparison)]
    yield from others
    left = MOST_FIGURES - sum(one.pictures for one in others)
    if (load := network_section.section(comparison.tables, left)) is not None:
        yield load
    yield Section("limits", "Limits", "What fails first", (LIMITS,), (tables.limits(comparison),))
    known = dict(terms.TRAINING)
    yield Section("words", "Words", "Words used", (), (Terms(tuple((word, known[word]) for word in WORDS)),))
    yield _reproduce(comparison)


def _held(comparison: Comparison) -> Iterable[Section]:
    """The scenarios side by side: which is the choice, in what they differ, why."""
    yield Section("ranking", "Ranking", "The scenarios, the cheapest run first", (), (tables.ranking(comparison),))
    if comparison.refused:
        yield Section("refused", "Refused", "What could not be simulated", (), (tables.refused(comparison),))
    yield from conditions_section.sections(comparison.tables)
    yield compare_choice.section(comparison)
    lead = (f"Each is held against {comparison.base.label}.",)
    told = (*tables.what_ifs(comparison), tables.differences(comparison))
    yield Section("changes", "What differs", "In what they differ", lead, told)
    why = (*terms_of_all(comparison), *waterfalls(comparison), tables.attribution(comparison))
    yield Section("why", "Why", "Why the steps differ, thing by thing", (ORDER,), why)
    yield compare_choice.sensitivity(comparison)
    shares = (parts(comparison), tables.parts(comparison))
    lead = ("The six parts of a step add up to it, so their differences add up to the step's.",)
    yield Section("parts", "Parts", "Where in the step the difference lies", lead, shares)
    yield Section("figures", "Figures", "All figures", (THRESHOLD,), figures(comparison))


def _bought(comparison: Comparison) -> Iterable[Section]:
    """The networks: what they cost, how they look."""
    yield Section("network", "Network", "What the networks cost to buy", (CAPITAL,), money(comparison))
    drawn, left_out = networks(comparison)
    told = ["Endpoints are network ports of nodes; alike networks are drawn once."]
    if left_out:
        told.append(f"Not drawn, but counted and priced above: {'; '.join(left_out)}.")
    yield Section("topologies", "Topologies", "What the networks look like", tuple(told), (Grid((), drawn),))


def _count(number: int, what: str) -> str:
    """So many of something."""
    return f"{number} {what}{'s' * (number != 1)}"


def _reproduce(comparison: Comparison) -> Section:
    """Command, versions, and each scenario whole."""
    again = comparison.base.result.reproduction
    facts = {"Command": comparison.command}
    facts |= {f"Version of {name}": version for name, version in again.versions.items()}
    facts |= {f"Digest of {one.label}": one.result.reproduction.digest for one in comparison.compared}
    rows = tuple((Cell(what), Cell(value, code=True)) for what, value in facts.items())
    needed = Table("reproduction", "What it takes", (Column("What"), Column("Value")), rows)
    listings = tuple(Listing(f"{one.label} (YAML)", _yaml(one)) for one in comparison.compared)
    return Section("reproduce", "Reproduce", "Reproduce this", (terms.LEADS["compare"],), (needed, *listings))


def _yaml(one: Compared) -> str:
    """The whole scenario."""
    return one.result.reproduction.scenario_yaml
