"""A service whose weights are not on its GPUs: what its users get, and which other layout of the model pays when."""

from __future__ import annotations

from collections.abc import Iterator
from math import isfinite
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from simulator.memory import DoesNotFit
from simulator.refusal import Refused
from simulator.result import Figure
from simulator.serving.elsewhere.crossings import Better, Layout, beats_from, layout_of, table
from topologies.units import pretty
from workloads.service import SERVICES, Service, changed_service, load_service
from workloads.weights.on_gpus import OnGpus
from workloads.weights.streamed import Streamed

USERS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_000)
KINDS: dict[str, dict[str, object]] = {
    "experts with the host's processors": {"kind": "host-experts"},
    "experts fetched when chosen": {"kind": "fetched-experts"},
    "streamed from host memory": {"kind": "streamed", "source": "host"},
    "streamed from disks": {"kind": "streamed", "source": "nvme"},
    "all on the GPUs": {"kind": "on-gpus"},
}
"""Other places for the weights, on the same GPUs."""
REFERENCE = "weights-on-8-h100"
"""A shipped service that holds the same model on its GPUs."""
BY: dict[Better, str] = {"tokens_per_s": "faster", "usd_per_million_tokens": "cheaper"}


class Elsewhere(NamedTuple):
    """What is known of such a service."""

    figures: dict[str, Figure]
    tables: dict[str, pd.DataFrame]
    answer: tuple[str, ...]


def is_elsewhere(service: Service) -> bool:
    """Whether the service's weights are not on its GPUs, or are packed."""
    unit = service.whole
    return unit is not None and (not isinstance(unit.weights, OnGpus) or unit.weights.bits_per_weight is not None)


def elsewhere(service: Service) -> Elsewhere:
    """Time the service's own layout, then others of the same model. Raises DoesNotFit or Refused for its own."""
    own = layout_of(service)
    offer = own.offer(1)
    others = list(_others(service))
    users = [count for count in USERS if count <= max(own.most, 1)] or [1]
    frame = table([own, *others], users)
    found = crossings(own, others)
    figures = {
        "tokens_per_s_per_user": Figure(offer.tokens_per_s, "tokens/s", "Tokens that a single user gets."),
        "tpot_s": Figure(offer.step.seconds, "s", "From one token to the next of a single user."),
        "usd_per_million_output_tokens": Figure(
            offer.usd_per_million_tokens, "USD", "Rent over the tokens of a single user who never pauses."
        ),
        "sequences_most": Figure(float(own.most), "count", "Sequences that run side by side."),
        "most_tokens_per_s": Figure(own.offer(own.most).tokens_per_s, "tokens/s", "With as many sequences as run."),
    }
    busy = pd.DataFrame(
        [(name, seconds) for name, seconds in offer.step.busy_s.items()], columns=["resource", "busy_s"]
    )
    tables = {"layouts": frame, "resources": busy}
    if len(found):
        tables["crossings"] = found
    return Elsewhere(figures, tables, tuple(_answer(own, found)))


def _others(service: Service) -> Iterator[Layout]:
    """Layouts of the same model that are possible: weights elsewhere on the same GPUs, and a shipped one on GPUs."""
    unit = service.whole
    for name, place in KINDS.items():
        bits = unit.weights.bits_per_weight if unit else None
        split = 1 if place["kind"] == "streamed" else unit.gpus if unit else 1
        changes = {"whole.weights": {**place, "bits_per_weight": bits}, "whole.tp": split, "name": name}
        if unit is not None and _same(unit.weights, place):
            continue
        try:
            other = layout_of(changed_service(service, changes))
            other.offer(1)
        except (DoesNotFit, Refused):
            continue
        yield other
    reference = load_service(Path(SERVICES / f"{REFERENCE}.yaml"))
    if reference.model.name == service.model.name and service.name != REFERENCE:
        yield layout_of(reference)


def _same(weights: object, place: dict[str, object]) -> bool:
    """Whether the weights are at this place already."""
    if getattr(weights, "kind", None) != place["kind"]:
        return False
    return not isinstance(weights, Streamed) or weights.source == place["source"]


def crossings(own: Layout, others: list[Layout]) -> pd.DataFrame:
    """From how many users on one layout is better than the service's own.

    returns  [layout x measure]  layout, better (in what), from_users (NaN: never)
    """
    rows = []
    for other in others:
        for by, words in BY.items():
            users = beats_from(other, own, by)
            rows.append((other.name, words, float("nan") if users is None else float(users)))
    return pd.DataFrame(rows, columns=["layout", "better", "from_users"])


def _answer(own: Layout, found: pd.DataFrame) -> Iterator[str]:
    """What a user gets, what binds, which layout pays from when."""
    offer = own.offer(1)
    busy = offer.step.busy_s[offer.step.bound] / offer.step.seconds
    yield (
        f"One user gets {offer.tokens_per_s:.1f} tokens a second, one every {pretty(offer.step.seconds, 's', 3)}; the "
        f"{offer.step.bound} binds, busy {busy:.0%} of a step."
    )
    if own.most > 1:
        most = own.offer(own.most).tokens_per_s
        yield f"{own.most:,} sequences run side by side at most and get {most:,.1f} tokens a second together."
    said: dict[str, list[str]] = {}
    for layout, better, users in found.itertuples(index=False):
        when = f"{better} from {int(users):,} user{'s' * (users > 1)} on" if isfinite(users) else f"never {better}"
        said.setdefault(layout, []).append(when)
    for layout, words in said.items():
        yield f"{layout.capitalize() if layout in KINDS else layout}: {', '.join(words)}."
