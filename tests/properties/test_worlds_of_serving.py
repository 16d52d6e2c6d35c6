"""What holds in every world of serving, whatever is put back, fails or drains in it."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from simulator.serving.world import state as at
from simulator.serving.world.playing import drive, play
from simulator.serving.world.setting import setting
from simulator.serving.world.spec import Disaggregated, Speculation, World
from tests.made_worlds import random_requests, random_world, sojourns_s
from workloads.requests import Requests

seeds = st.integers(0, 2**32 - 1)


def case(seed: int, most: int = 200) -> tuple[Requests, World]:
    """A random world and requests for it."""
    draw = np.random.default_rng(seed)
    requests = random_requests(draw, int(draw.integers(1, most)))
    return requests, random_world(draw, requests)


@given(seeds)
def test_the_integral_of_requests_present_is_the_sum_of_their_sojourns(seed: int) -> None:
    """Little's law, sample path by sample path."""
    requests, world = case(seed)
    played = play(requests, world, seed)
    assert played.present_requests_s == pytest.approx(sojourns_s(played), rel=1e-9, abs=1e-9)


@given(seeds)
def test_every_request_leaves_once_finished_or_not(seed: int) -> None:
    requests, world = case(seed)
    played = play(requests, world, seed)
    assert np.isin(played.end, (at.FINISHED, at.TURNED_AWAY, at.GAVE_UP, at.STRANDED)).all()
    assert (np.isnan(played.finish_s) == (played.end != at.FINISHED)).all()
    assert sum(played.counts().values()) - played.counts()["preemptions"] == requests.count
    if not world.windows:
        assert played.counts()["no engine left"] == 0
    if world.admission.most_waiting is None:
        assert played.counts()["turned away"] == 0
    if world.admission.give_up_s is None:
        assert played.counts()["gave up"] == 0


@given(seeds)
def test_a_request_lives_through_its_instants_in_order(seed: int) -> None:
    requests, world = case(seed)
    played = play(requests, replace(world, windows=()), seed)
    done = played.finished
    steps = [played.arrival_s, played.prefill_start_s, played.first_token_s, played.finish_s]
    for before, after in pairwise(steps):
        assert (before[done] <= after[done]).all()
    many = done & (played.output_tokens > 1) & (played.preemptions == 0)
    if isinstance(world.engines, Disaggregated):
        assert (played.first_token_s[many] <= played.transfer_end_s[many]).all()
        assert (played.transfer_end_s[many] <= played.decode_start_s[many]).all()
    assert (played.decode_start_s[many] < played.finish_s[many]).all()


@given(seeds)
@example(12353)
def test_each_token_but_the_first_comes_some_time_after_the_one_before(seed: int) -> None:
    """Without speculation there are as many gaps as such tokens, and they fill the time from first to last token."""
    requests, world = case(seed)
    world = replace(world, speculation=Speculation())
    played = play(requests, world, seed)
    if played.counts()["no engine left"]:
        return
    done = played.finished
    assert played.gaps.tokens.sum() == (played.output_tokens[done] - 1).sum()
    spans_s = (played.finish_s - played.first_token_s)[done].sum()
    assert played.gaps.sum_s == pytest.approx(spans_s, rel=1e-9, abs=1e-9)


@given(seeds)
def test_everything_that_was_taken_is_given_back(seed: int) -> None:
    """KV blocks, seats, tokens in queues, places in lists and rings."""
    requests, world = case(seed)
    on = setting(requests, world, seed)
    drive(on)
    states = on.tables["requests"]["state"]
    ranks, units = on.tables["ranks"], on.tables["units"]
    for name in ("used", "admitted", "sequences", "to_compute", "coming_kv", "bound", "kv", "growth", "fresh_count"):
        assert (ranks[name] == 0).all(), name
    for name in ("queued_tokens", "unstarted", "bound_for", "stepping"):
        assert (units[name] == 0).all(), name
    assert (on.tables["ring"] == -1).all()
    assert (on.tables["lists"][:-2] == -1).all()
    assert on.number("homeless") + on.number("held") == np.isin(states, (at.HOMELESS, at.HELD)).sum()


@given(seeds)
def test_the_same_seed_gives_the_same_play_and_engines_are_busy_at_most_all_the_time(seed: int) -> None:
    requests, world = case(seed)
    one, two = play(requests, world, seed), play(requests, world, seed)
    np.testing.assert_array_equal(one.left_s, two.left_s)
    assert (one.busy_s <= one.present_s * (1 + 1e-9) + 1e-9).all()
    for queues in one.queues.values():
        busy = queues.busy_share[~np.isnan(queues.busy_share)]
        assert (queues.waiting >= 0).all() and (busy >= -1e-9).all() and (busy <= 1 + 1e-6).all()
        used = queues.kv_share[~np.isnan(queues.kv_share)]
        assert (used >= 0).all() and (used <= 1).all()


@given(seeds)
@settings(max_examples=25)
def test_tables_that_must_grow_change_nothing(seed: int) -> None:
    requests, world = case(seed)
    roomy = play(requests, world, seed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("simulator.serving.world.setting.EVENTS_AT_FIRST", 4)
        patch.setattr("simulator.serving.world.setting.SAMPLES_AT_FIRST", 1)
        patch.setattr("simulator.serving.world.playing.SLICE", 3)
        tight = play(requests, world, seed)
    np.testing.assert_array_equal(tight.left_s, roomy.left_s)
    np.testing.assert_array_equal(tight.sample_at_s, roomy.sample_at_s)
