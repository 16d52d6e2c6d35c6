"""What holds for all sets of flows: capacity, bytes, fairness, order of lanes, windows near the exact play."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.flows.demand import all_to_all, demand, together
from simulator.flows.faults import Fault, cable
from simulator.flows.paths import EVERYTHING, Paths, paths_of, starts
from simulator.flows.routing import Ecmp, Spray, carried
from simulator.flows.run import Setting, run
from simulator.flows.sharing import FEWEST, Exact, Load, Mode, Windows, play, rates_bytes_per_s
from tests.small_fabrics import fat_tree

NEAR = 1e-9


def made(seed: int, flows: int, links: int, shared: bool, lanes: int) -> Load:
    """Flows on some of the links each, all their bytes or a share of them, entering at different times."""
    random = np.random.default_rng(seed)
    rows = [random.choice(links, random.integers(1, min(links, 4) + 1), replace=False) for _ in range(flows)]
    link = np.concatenate(rows).astype(np.int32)
    share = random.choice([0.25, 0.5, 1.0], len(link)) if shared else EVERYTHING
    return Load(
        Paths(starts(np.array([len(row) for row in rows])), link, share),
        random.uniform(0.5, 2.0, links),
        random.choice([1.0, random.uniform(0.1, 3.0), 2.0], flows),
        random.choice([0.0, 0.5, random.uniform(0, 3)], flows),
        random.integers(0, lanes, flows).astype(np.uint8),
    )


SEEDS, LINKS = st.integers(0, 2**32 - 1), st.integers(1, 12)


def loads(lanes: int = 1) -> st.SearchStrategy[Load]:
    """Up to 40 flows on up to 12 links."""
    return st.builds(made, SEEDS, st.integers(1, 40), LINKS, st.booleans(), st.just(lanes))


@given(loads(lanes=3))
def test_no_link_carries_more_than_its_capacity(load: Load) -> None:
    used = carried(load.paths, rates_bytes_per_s(load), len(load.capacity_bytes_per_s))
    assert (used <= load.capacity_bytes_per_s * (1 + NEAR)).all()


@given(loads())
def test_every_flow_has_a_full_link_on_which_none_is_faster(load: Load) -> None:
    """The defining property of max-min fairness (Bertsekas and Gallager, section 6.5.2)."""
    rates = rates_bytes_per_s(load)
    full = carried(load.paths, rates, len(load.capacity_bytes_per_s)) >= load.capacity_bytes_per_s * (1 - NEAR)
    fastest = np.zeros(len(full))
    owner = np.repeat(np.arange(load.paths.flows), load.paths.lengths())
    np.maximum.at(fastest, load.paths.link, rates[owner])
    held = full[load.paths.link] & (rates[owner] >= fastest[load.paths.link] * (1 - NEAR))
    assert np.bincount(owner[held], minlength=load.paths.flows).all()


@given(loads(lanes=3))
def test_a_lane_has_the_rates_it_would_have_without_later_lanes(load: Load) -> None:
    rates = rates_bytes_per_s(load)
    for last in range(2):
        mine = np.flatnonzero(load.lane <= last)
        if len(mine):
            alone = Load(load.paths.chosen(mine), load.capacity_bytes_per_s, load.left_bytes[mine],
                         load.enter_s[mine], load.lane[mine])  # fmt: skip
            assert rates_bytes_per_s(alone) == pytest.approx(rates[mine], rel=1e-6, abs=1e-9)


def checked_in_stretches(load: Load, mode: Mode) -> None:
    """Play in stretches: what is sent in each fits the links, and all of it adds up to everything."""
    ends_s = float(play(load, mode).finish_s.max()) * np.array([0.2, 0.5, 0.9, 1.5])
    left_bytes, begin_s = load.left_bytes, 0.0
    for end_s in ends_s.tolist():
        enter_s = np.maximum(load.enter_s, begin_s)
        now = play(Load(load.paths, load.capacity_bytes_per_s, left_bytes, enter_s, load.lane), mode, end_s)
        sent = carried(load.paths, left_bytes - now.left_bytes, len(load.capacity_bytes_per_s))
        assert (sent <= load.capacity_bytes_per_s * (end_s - begin_s) * (1 + NEAR)).all()
        assert ((now.left_bytes >= -NEAR) & (now.left_bytes <= left_bytes)).all()
        left_bytes, begin_s = now.left_bytes, end_s
    assert (left_bytes == 0).all()


@settings(max_examples=50)
@given(loads(lanes=2))
def test_bytes_are_conserved_and_links_never_above_capacity_over_time(load: Load) -> None:
    checked_in_stretches(load, Exact())


@settings(max_examples=25)
@given(SEEDS, LINKS, st.booleans(), st.integers(1, 2))
def test_so_it_is_in_windows(seed: int, links: int, shared: bool, lanes: int) -> None:
    checked_in_stretches(made(seed, FEWEST, links, shared, lanes), Windows(0.01))


@settings(max_examples=50)
@given(loads(lanes=2))
def test_stopping_and_going_on_changes_nothing(load: Load) -> None:
    whole = play(load, Exact())
    stop_s = float(whole.finish_s.max()) / 2
    first = play(load, Exact(), stop_s)
    ended = np.isfinite(first.finish_s) & (first.finish_s < stop_s)
    enter_s = np.where(ended, np.inf, np.maximum(load.enter_s, stop_s))
    rest = play(Load(load.paths, load.capacity_bytes_per_s, first.left_bytes, enter_s, load.lane), Exact())
    assert np.where(ended, first.finish_s, rest.finish_s) == pytest.approx(whole.finish_s, rel=1e-9)


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1), st.booleans(), st.sampled_from([0.005, 0.01, 0.02]))
def test_windows_are_near_the_exact_play_and_know_how_near(seed: int, sprayed: bool, epsilon: float) -> None:
    """Mean error within half of epsilon, and the stated error no less than two thirds of the true one."""
    random = np.random.default_rng(seed)
    flows = all_to_all(random.exponential(1e6, (40, 40)))
    routing = Spray() if sprayed else Ecmp(seed)
    exact, near = (run(fat_tree(40, 8, 3), flows, Setting(routing, mode)) for mode in (Exact(), Windows(epsilon)))
    true = np.abs(near.finish_s / exact.finish_s - 1)
    assert true.mean() < epsilon / 2
    assert near.error is not None
    assert true.mean() < 1.5 * near.error.mean_ratio


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1), st.booleans(), st.booleans())
def test_links_that_cannot_bind_first_change_nothing(seed: int, by_width: bool, broken: bool) -> None:
    """Sprayed over all links or over those that can be full first, whole or with links slow or down: the same times."""
    random = np.random.default_rng(seed)
    tree = fat_tree(24, 6, 3)
    inner = np.flatnonzero((tree.link_from >= 24) & (tree.link_to >= 24))
    hurt = random.choice(inner, 4 if broken else 0, replace=False).tolist()
    faults = tuple(Fault(cable(tree, link), left_ratio=random.choice([0.0, 0.5])) for link in hurt)
    flows = all_to_all(random.exponential(1e6, (24, 24)))
    every, few = (
        run(tree, flows, Setting(Spray(by_width, binding_only), faults=faults)).finish_s
        for binding_only in (False, True)
    )
    assert few == pytest.approx(every, rel=1e-9)


@settings(max_examples=15)
@given(SEEDS, st.sampled_from([(), (0, 1), (1, 0)]))
def test_windows_are_near_the_exact_play_with_classes_of_traffic_that_start_at_different_times(
    seed: int, lanes: tuple[int, ...]
) -> None:
    """300 long sends at three times beside two all-to-all; where the sends go first, all others wait for a few."""
    random = np.random.default_rng(seed)
    size, sends = random.uniform(1e4, 1e6, (2, 40, 40)), random.integers(0, 20, (2, 300))
    flows = together(
        all_to_all(size[0]),
        demand(sends[0], sends[1] + 20, random.uniform(1e6, 1e7, 300), random.choice([0, 0.01, 0.02], 300), traffic=1),
        all_to_all(size[1], start_s=0.015),
    )
    exact, near = (
        run(fat_tree(40, 8, 3), flows, Setting(Ecmp(seed), mode, lanes)) for mode in (Exact(), Windows(0.01))
    )
    true = np.abs(near.finish_s / exact.finish_s - 1)
    assert near.error is not None
    assert true.mean() < min(0.01, 1.5 * near.error.mean_ratio)


@given(st.integers(0, 2**32 - 1), st.floats(1.0, 4.0))
def test_a_faster_single_link_ends_no_flow_later(seed: int, factor: float) -> None:
    random = np.random.default_rng(seed)
    paths, size = paths_of([[0]] * 12), random.uniform(0.1, 2.0, 12)
    enter_s, lane = random.uniform(0, 3, 12), np.zeros(12, np.uint8)
    slow, fast = (play(Load(paths, np.array([rate]), size, enter_s, lane), Exact()) for rate in (1.0, factor))
    assert (fast.finish_s <= slow.finish_s * (1 + NEAR)).all()


@given(loads(), st.floats(1.0, 4.0))
def test_all_links_faster_by_a_factor_end_flows_sooner_by_it(load: Load, factor: float) -> None:
    at_once = Load(load.paths, load.capacity_bytes_per_s, load.left_bytes, 0 * load.enter_s, load.lane)
    fast = Load(load.paths, load.capacity_bytes_per_s * factor, load.left_bytes, 0 * load.enter_s, load.lane)
    assert play(fast, Exact()).finish_s * factor == pytest.approx(play(at_once, Exact()).finish_s, rel=1e-9)


def test_more_bandwidth_on_one_link_can_slow_a_flow_elsewhere() -> None:
    """Counter-example `neighbour`: flow a (links 0, 1) gains when link 0 doubles, and takes from b (link 1)."""
    paths, size, at = paths_of([[0, 1], [1]]), np.array([2.0, 1.0]), np.zeros(2)
    slow, fast = (
        play(Load(paths, np.array([rate, 1.0]), size, at, np.zeros(2, np.uint8)), Exact()).finish_s
        for rate in (0.25, 0.5)
    )
    assert slow == pytest.approx([8, 4 / 3])
    assert fast == pytest.approx([4, 2])


def test_more_bandwidth_on_one_link_can_end_the_whole_later() -> None:
    """Counter-example `late long flow`: a (4 bytes, links 0 and 2) is the last to end; b (2 bytes, links 1 and 2).

    Link 1 at 1 holds b back, a gets its 2 of link 2's 3, and both end at 2. Link 1 at 2: both get 3/2, b ends at 4/3,
    and a has 2 bytes left, at 2: it ends at 7/3.
    """
    paths, size = paths_of([[0, 2], [1, 2]]), np.array([4.0, 2.0])
    slow, fast = (
        play(Load(paths, np.array([2.0, rate, 3.0]), size, np.zeros(2), np.zeros(2, np.uint8)), Exact()).finish_s
        for rate in (1.0, 2.0)
    )
    assert slow == pytest.approx([2, 2])
    assert fast == pytest.approx([7 / 3, 4 / 3])
