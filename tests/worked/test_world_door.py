"""What cannot be played is refused before it is, with what was read and what is allowed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from simulator.refusal import Refused
from simulator.serving.world.playing import play
from simulator.serving.world.spec import (
    Admission,
    Aggregated,
    Disaggregated,
    FixedShare,
    Kv,
    PrefillUnits,
    PrefixCache,
    Routing,
    Speculation,
    Tier,
    Transfer,
    WholeUnits,
    Window,
    World,
)
from tests.made_worlds import decode_table, mixed_table, prefill_table, requests_of
from tests.worked.test_world_of_serving import small
from workloads.requests import Requests

ASKED = requests_of([0, 1], [100, 50], [3, 4])
TIERS = (Tier("HBM", 10),)
WHOLE = WholeUnits(1, 1, 100, True, Kv(8, 1000), mixed_table())


def engines(**changes: Any) -> Disaggregated:
    """The small world's engines with some parts replaced."""
    found = small().engines
    assert isinstance(found, Disaggregated)
    return replace(found, **changes)


def prefill(**changes: Any) -> Disaggregated:
    """The small world with another prefill engine."""
    return engines(prefill=replace(PrefillUnits(1, 1, 1000, True, prefill_table()), **changes))


def kv(**changes: Any) -> Disaggregated:
    """The small world with another KV cache."""
    found = engines()
    return engines(decode=replace(found.decode, kv=replace(found.decode.kv, **changes), table=decode_table()))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"engines": prefill(ranks=0)}, "world.engines.prefill.ranks is 0; it must be at least 1"),
        ({"engines": engines(transfer=Transfer(-1.0, 1.0, 1.0))}, "transfer.latency_s is -1; it must be 0 or more"),
        ({"engines": engines(transfer=Transfer(0.0, 0.0, 1.0))}, "transfer.bytes_per_s is 0; it must be more than 0"),
        ({"engines": kv(watermark_share=1.5)}, "kv.watermark_share is 1.5; it must be from 0 to 1"),
        ({"engines": kv(watermark_share=1.0)}, "it must be below 1"),
        ({"engines": kv(tokens=90)}, "1 of 2 requests can never fit: a rank's KV cache holds 90 blocks of 1 tokens"),
        ({"engines": prefill(step_tokens=40_000)}, "reach from 0 to 32768; .* must reach from 1 to 40000"),
        ({"engines": kv(most_sequences=5000)}, "decode table's rows .* must reach from 1 to 5000"),
        ({"routing": Routing("least_load")}, "'least_load' .did you mean `least_loaded`.*round_robin, least_loaded"),  # type: ignore[arg-type]
        ({"routing": Routing("prefix_aware")}, "there is no PrefixCache to look into"),
        ({"routing": Routing(extra_tokens=5)}, "extra_tokens is for prefix_aware; routing.prompt is least_loaded"),
        ({"cache": FixedShare(1.5)}, "cache.hit_share is 1.5"),
        ({"cache": PrefixCache(TIERS, 1.0)}, "block_tokens 0"),
        ({"cache": PrefixCache((), 1.0)}, "needs at least one tier"),
        ({"admission": Admission(most_waiting=0)}, "most_waiting is 0"),
        ({"speculation": Speculation((0.5, 2.0))}, "speculation.acceptance holds 2"),
        ({"windows": (Window(7, 0.0, 1.0),)}, "of unit 7; there are units 0 to 1"),
        ({"windows": (Window(0, 2.0, 1.0),)}, "goes from 2 s to 1 s"),
        ({"windows": (Window(0, 0.0, 2.0), Window(0, 1.0, 3.0))}, "overlap: one lasts until 2 s"),
        ({"sample_s": 1e-8}, "100000000 looks at the queues .* take 1e-07 s or more"),
        ({"sample_s": 0.0}, "world.sample_s is 0; it must be more than 0"),
        ({"engines": Aggregated(WHOLE), "routing": Routing(decode="kv_balanced")}, "whole engines keep their seq"),
        ({"engines": Aggregated(replace(WHOLE, step_tokens=8))}, "none may be left for prompts"),
    ],
)  # fmt: skip
def test_a_world_that_cannot_be_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(Refused, match=said):
        play(ASKED, replace(small(), **changes))


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (requests_of([], [], []), "columns of one length, at least 1"),
        (requests_of([1, 0], [1, 1], [1, 1]), "ascending order"),
        (requests_of([0], [0], [1]), "has 0 input_tokens"),
        (requests_of([0], [1], [0]), "has 0 output_tokens"),
        (replace(ASKED, block_tokens=16, block_at=np.array([0, 9, 9]), block_ids=np.arange(9)), "more blocks of 16"),
    ],
)
def test_requests_that_cannot_be_are_refused(asked: Requests, said: str) -> None:
    with pytest.raises(Refused, match=said):
        play(asked, small())


def test_a_seed_is_a_natural_number() -> None:
    with pytest.raises(Refused, match="the seed is -1; it must be from 0"):
        play(ASKED, small(), seed=-1)


def test_whoever_waits_is_told_how_many_requests_are_done_and_may_interrupt() -> None:
    told: list[tuple[str, int, int]] = []
    play(ASKED, small(), tell=lambda *words: told.append(words))
    assert told[-1] == ("requests", 2, 2)

    def interrupt(what: str, done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        play(ASKED, small(), tell=interrupt)


def test_a_world_says_how_many_engines_it_has() -> None:
    assert small(prefills=3, decodes=2).units == 5
    assert World(Aggregated(replace(WHOLE, count=4))).units == 4
