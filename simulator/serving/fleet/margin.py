"""What a fleet earns and costs in a day, in all and by class of tokens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from simulator.economics.owning import Owned
from simulator.headline import DAY_S, HOUR_S
from simulator.serving.fleet.classes import ByClass
from simulator.serving.fleet.lookup import at_keys, step_s
from simulator.serving.tables import StepTable
from topologies.units import parse
from workloads.demand import Demand
from workloads.token_price import TokenPrices

MILLION_TOKENS = parse("1 M tokens", "tokens")


class Nodes(NamedTuple):
    """Nodes by what they do, mean over a day or at one time."""

    prefill: float
    decode: float

    @property
    def total(self) -> float:
        """Both kinds of them."""
        return self.prefill + self.decode


class Rates(NamedTuple):
    """Tokens that a node does in a second: of prompts, those found in caches among them, and of answers."""

    input_tokens_per_s: float
    output_tokens_per_s: float


def nodes_for(demand: Demand, rates: Rates) -> Nodes:
    """Nodes that do a day's tokens at these rates, if all are busy all day: tokens / (rate x 86,400 s)."""
    return Nodes(
        demand.input_tokens / (rates.input_tokens_per_s * DAY_S),
        demand.output_tokens / (rates.output_tokens_per_s * DAY_S),
    )


def tokens_of(demand: Demand) -> ByClass:
    """Tokens of a day by class."""
    return ByClass(demand.cached_tokens, demand.new_tokens, demand.output_tokens)


def revenue(demand: Demand, prices: TokenPrices) -> ByClass:
    """USD of a day if every token is paid for."""
    each = (prices.cached_input_usd_per_token, prices.input_usd_per_token, prices.output_usd_per_token)
    return tokens_of(demand).times(ByClass(*each))


def day_usd(nodes: float, gpus_per_node: int, gpu_usd_per_s: float) -> float:
    """Nodes x GPUs x 24 h x price (the definition of DeepSeek's day 6 overview)."""
    return nodes * gpus_per_node * DAY_S * gpu_usd_per_s


def cost(demand: Demand, prefill_usd: float, decode_usd: float, cached_work_ratio: float) -> ByClass:
    """Share a day's cost out to the classes: decode's to output, prefill's to both kinds of input by their work.

    cached_work_ratio   work of a prefill unit for a cached token over that for a new one: 0 gives cached tokens away,
                        1 treats all input alike, as tokens a second that include cache hits do; see `cached_work`
    """
    weighed = demand.cached_tokens * cached_work_ratio
    share = weighed / (weighed + demand.new_tokens) if weighed else 0.0
    return ByClass(prefill_usd * share, prefill_usd * (1 - share), decode_usd)


def cached_work(table: StepTable, group_tokens: float, demand: Demand, prompt_tokens: float) -> float:
    """Work for a cached token over that for a new one: what a step gains if new tokens had no cached ones before them.

    New tokens look at the cached ones: T(with them) - T(without) is the cached ones' work, T(without) that of the new.
    Reading caches from where they are kept is no work of the prefill GPUs and is left out.
    group_tokens   new tokens of a group in a step;  prompt_tokens   of a prompt, cached and new ones, mean
    """
    if not demand.cached_tokens or not demand.new_tokens:
        return 0.0
    cached_share = demand.cached_tokens / demand.input_tokens
    new = prompt_tokens * (1 - cached_share)
    without_s = float(step_s(table, at_keys(table, new / 2), group_tokens))
    with_s = float(step_s(table, at_keys(table, new / 2 + prompt_tokens * cached_share), group_tokens))
    return (with_s / without_s - 1) * demand.new_tokens / demand.cached_tokens


@dataclass(frozen=True, slots=True)
class Margin:
    """A day's business, by class of tokens."""

    tokens: ByClass
    revenue_usd: ByClass
    cost_usd: ByClass

    @property
    def profit_usd(self) -> float:
        """Revenue less cost."""
        return self.revenue_usd.total - self.cost_usd.total

    @property
    def cost_profit_ratio(self) -> float:
        """Profit over cost, what DeepSeek's overview calls cost profit margin."""
        return self.profit_usd / self.cost_usd.total

    @property
    def profit_share(self) -> float:
        """Profit over revenue, what accountants call margin."""
        return self.profit_usd / self.revenue_usd.total

    @property
    def cost_usd_per_million_tokens(self) -> ByClass:
        """What a million tokens of each class costs; not a number where there are none."""
        return ByClass(*(MILLION_TOKENS * usd for usd in self.cost_usd.over(self.tokens)))

    @property
    def cost_profit_ratios(self) -> ByClass:
        """Profit over cost of each class; not a number for what costs nothing."""
        return ByClass(*(ratio - 1 for ratio in self.revenue_usd.over(self.cost_usd)))


def margin(demand: Demand, prices: TokenPrices, cost_usd: ByClass) -> Margin:
    """Hold a day's revenue against its cost."""
    return Margin(tokens_of(demand), revenue(demand, prices), cost_usd)


def own_day_usd(owned: Owned, used_share: float) -> float:
    """A day of a fleet of one's own that is big enough for its peak; used_share   of its GPU-hours that work.

    What is paid anyway for the whole day, electricity of work for the hours of work.
    """
    return DAY_S * (owned.fixed_usd_per_s + owned.busy_usd_per_s * used_share)


def rent_for_same_usd_per_h(owned: Owned, used_share: float) -> float:
    """Rental price of a used GPU-hour at which renting just what is used costs as much as owning the peak."""
    return own_day_usd(owned, used_share) / (owned.gpus * used_share * DAY_S / HOUR_S)
