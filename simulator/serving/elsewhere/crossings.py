"""Layouts of one model side by side over the number of users: tokens a second, dollars, and where one beats another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

import pandas as pd

from simulator.serving.elsewhere.admission import admitted
from simulator.serving.elsewhere.fit import MOST_SEQUENCES, most_sequences, require, with_cache, with_told_cache
from simulator.serving.elsewhere.layers import Batch
from simulator.serving.elsewhere.money import rented_usd_per_s, usd_per_million_tokens
from simulator.serving.elsewhere.rig import rig
from simulator.serving.elsewhere.step import Case, Step, step
from workloads.service import Service

Better = Literal["tokens_per_s", "usd_per_million_tokens"]
MOST_USERS = 1 << 16


@dataclass(frozen=True, slots=True)
class Offer:
    """What a layout does for so many users.

    sequences   that run side by side; users beyond wait for their turn
    """

    sequences: int
    step: Step
    usd_per_s: float

    @property
    def tokens_per_s(self) -> float:
        """Of all users."""
        return self.step.tokens_per_s

    @property
    def usd_per_million_tokens(self) -> float:
        """Of tokens written."""
        return usd_per_million_tokens(self.usd_per_s, self.tokens_per_s)


@dataclass(frozen=True, slots=True)
class Layout:
    """One way to serve the model.

    past        tokens that a sequence has cached on average
    usd_per_s   see simulator/serving/elsewhere/money.py
    limit       sequences that the software runs side by side at most
    """

    name: str
    case: Case
    past: int
    usd_per_s: float
    limit: int = MOST_SEQUENCES
    known: dict[int, Offer] = field(default_factory=dict, compare=False)

    @property
    def most(self) -> int:
        """Sequences that run side by side: as many as fit, up to the limit."""
        return min(self.limit, most_sequences(self.case, self.past))

    def offer(self, users: int) -> Offer:
        """What so many users get; more than fit are no faster than those that do. Raises DoesNotFit if not one fits."""
        require(with_told_cache(self.case), Batch(1, 1, self.past))
        sequences = min(users, self.most)
        if sequences not in self.known:
            batch = Batch(sequences, 1, self.past)
            self.known[sequences] = Offer(sequences, step(with_cache(self.case, batch), batch), self.usd_per_s)
        return self.known[sequences]


def layout_of(service: Service) -> Layout:
    """A service's `whole` unit at its rental price. Raises Refused without one, or for another GPU's price."""
    unit = admitted(service)
    own = rig(unit, service.cluster.node)
    case = Case(service.model, own, unit.weights)
    past, rent_usd_per_s = round(service.typical.mean_kv_tokens), rented_usd_per_s(own, service.price)
    return Layout(service.name, case, past, rent_usd_per_s, (unit.sequences_per_group or MOST_SEQUENCES) * unit.groups)


def table(layouts: Sequence[Layout], users: Sequence[int]) -> pd.DataFrame:
    """One row a layout and number of users.

    returns  layout, users, sequences, step_s, tokens_per_s, tokens_per_s_per_user (of those whose turn it is),
             usd_per_million_tokens, bound
    """
    return pd.DataFrame([_row(layout, count) for layout in layouts for count in users])


def _row(layout: Layout, users: int) -> dict[str, object]:
    """One row of the table."""
    offer = layout.offer(users)
    return {
        "layout": layout.name,
        "users": users,
        "sequences": offer.sequences,
        "step_s": offer.step.seconds,
        "tokens_per_s": offer.tokens_per_s,
        "tokens_per_s_per_user": offer.tokens_per_s / offer.sequences,
        "usd_per_million_tokens": offer.usd_per_million_tokens,
        "bound": offer.step.bound,
    }


def beats_from(one: Layout, other: Layout, by: Better, most: int = MOST_USERS) -> int | None:
    """Fewest users from which on `one` is better than `other`, up to `most`; None where it never is at the end.

    Looked for among powers of two, then halved in: between two of them one crossing is assumed.
    """
    if not _better(one, other, by, most):
        return None
    worse = [users for users in _doubled(most) if not _better(one, other, by, users)]
    if not worse:
        return 1
    low, high = worse[-1], min(2 * worse[-1], most)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _better(one, other, by, middle) else (middle, high)
    return high


def _doubled(most: int) -> Iterator[int]:
    """1, 2, 4, ... up to most."""
    users = 1
    while users <= most:
        yield users
        users *= 2


def _better(one: Layout, other: Layout, by: Better, users: int) -> bool:
    """Whether `one` writes more tokens, or cheaper ones."""
    first, second = one.offer(users), other.offer(users)
    if by == "tokens_per_s":
        return first.tokens_per_s > second.tokens_per_s
    return first.usd_per_million_tokens < second.usd_per_million_tokens
