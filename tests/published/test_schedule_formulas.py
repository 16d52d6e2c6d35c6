"""Each schedule idles and holds what is published for it, where the formula is exact: equal F, b, W, a pair F+B."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import pytest

from cli.groups import plugin_kinds
from simulator.replay import Replay, Setting, replay
from tests.replay import replay as replay_of_tests
from workloads.schedule import ChunkTimes, ScheduleSpec

F = b = W = 0.7
B = b + W
PAIR = F + B
EQUAL = ChunkTimes(forward_s=F, input_grad_s=b, weight_grad_s=W, pair_s=PAIR)
TOLERANCE = 0.01
AT_LEAST_120 = 120


class Published(NamedTuple):
    """Seconds a rank idles by number of ranks, micro-batches held by number of ranks and of micro-batches."""

    idle_s: Callable[[int], float]
    held: Callable[[int, int], float]
    source: str


PUBLISHED = {
    "gpipe": Published(lambda pp: (pp - 1) * (F + B), lambda pp, m: m, "arXiv 1811.06965, section 2.3"),
    "1f1b": Published(lambda pp: (pp - 1) * (F + B), lambda pp, m: pp, "arXiv 2412.19437, Table 2"),
    "interleaved": Published(
        lambda pp: (pp - 1) * (F + B) / 2,
        lambda pp, m: (2 * pp + pp - 1) / 2,
        "two chunks a rank: arXiv 2104.04473, section 2.2.2; arXiv 2205.05198, section 4.2",
    ),
    "zb-h1": Published(lambda pp: (pp - 1) * (F + B - 2 * W), lambda pp, m: pp, "arXiv 2412.19437, Table 2 (ZB1P)"),
    "zb-h2": Published(lambda pp: (pp - 1) * (F + B - 3 * W), lambda pp, m: 2 * pp - 1, "arXiv 2401.10241, Table 2"),
    "zbv": Published(lambda pp: 0.0, lambda pp, m: pp, "arXiv 2401.10241, section 6"),
    "dualpipe": Published(
        lambda pp: (pp / 2 - 1) * (PAIR + B - 3 * W), lambda pp, m: pp + 1, "arXiv 2412.19437, Table 2"
    ),
    "dualpipev": Published(
        lambda pp: (2 * pp / 2 - 1) * (PAIR + B - 3 * W) / 2,
        lambda pp, m: (2 * pp + 1) / 2,
        "2 pp stages of half a rank's layers: readme of github.com/deepseek-ai/DualPipe",
    ),
}
OWN_SPAN = {"zb-h2", "zbv"}
"""Schedules whose formula counts from a rank's first chunk to its last."""

every_case = pytest.mark.parametrize(("kind", "ranks"), [(kind, ranks) for kind in PUBLISHED for ranks in (4, 8, 16)])


def schedule(kind: str) -> ScheduleSpec:
    """The schedule of a kind as it is when a scenario says no more."""
    made = plugin_kinds()["schedules"][kind].model_validate({"kind": kind})
    assert isinstance(made, ScheduleSpec)
    return made


def micro_batches(ranks: int) -> int:
    """The first multiple of the ranks from 120 on, which every schedule takes."""
    return -(-AT_LEAST_120 // ranks) * ranks


def played(kind: str, ranks: int) -> Replay:
    """The schedule with equal chunks."""
    return replay(schedule(kind), Setting(ranks, micro_batches(ranks), EQUAL))


def test_something_is_published_for_every_schedule() -> None:
    assert set(PUBLISHED) == set(plugin_kinds()["schedules"])


@every_case
def test_simulated_idle_time_is_within_1_percent_of_the_published_formula(kind: str, ranks: int) -> None:
    one, expected_s = played(kind, ranks), PUBLISHED[kind].idle_s(ranks)
    assert one.counted_s == pytest.approx(expected_s, rel=TOLERANCE, abs=1e-9)
    assert one.published_s == pytest.approx(expected_s, rel=1e-9, abs=1e-9)
    assert one.difference_s == 0


@every_case
def test_simulated_peak_activations_are_within_1_percent_of_the_published_formula(kind: str, ranks: int) -> None:
    one, expected = played(kind, ranks), PUBLISHED[kind].held(ranks, micro_batches(ranks))
    assert one.held == pytest.approx(expected, rel=TOLERANCE)
    assert one.published_held == pytest.approx(expected, rel=1e-9)
    assert one.held_difference == 0


@every_case
def test_the_bubble_of_the_whole_step_is_the_published_one_or_what_a_late_start_adds(kind: str, ranks: int) -> None:
    """ZB-H2 and ZB-V begin and end (PP-1) F apart from rank to rank (half of it with half a rank's layers a stage)."""
    apart_s = (ranks - 1) * F * ranks / schedule(kind).stages(ranks) if kind in OWN_SPAN else 0.0
    expected_s = PUBLISHED[kind].idle_s(ranks) + apart_s
    assert played(kind, ranks).idle_s == pytest.approx(expected_s, rel=TOLERANCE, abs=1e-9)


@pytest.mark.parametrize("kind", PUBLISHED)
@pytest.mark.parametrize("times", [EQUAL, ChunkTimes(1.0, 1.5, 0.5, 3.0), ChunkTimes(1.0, 0.9, 1.1, 2.4)])
def test_two_ways_of_playing_a_schedule_agree(kind: str, times: ChunkTimes) -> None:
    ranks, spec = 4, schedule(kind)
    chunk = ChunkTimes(*(seconds * ranks / spec.stages(ranks) for seconds in times))
    one, other = replay(spec, Setting(ranks, 12, times)), replay_of_tests(spec.orders(ranks, 12), chunk)
    assert one.trace.makespan_s == pytest.approx(other.step_s)
    assert one.idle_s == pytest.approx(other.bubble_s.mean(), abs=1e-9)
    assert one.counted_s == pytest.approx(other.waits_s.max() if kind in OWN_SPAN else other.bubble_s.mean(), abs=1e-9)
