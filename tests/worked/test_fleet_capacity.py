"""How many units a toy traffic needs, each number worked by hand."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from simulator.refusal import Refused
from simulator.serving.fleet.checked import Achieved, Units, checked
from simulator.serving.fleet.grid import made
from simulator.serving.fleet.lookup import at_keys, step_s
from simulator.serving.fleet.need import Need, Unfit, needed
from simulator.serving.fleet.offered import Offered, offered, steady
from simulator.serving.fleet.option import Kind, Option
from simulator.serving.fleet.search import Question, search
from simulator.serving.tables import StepTable
from tests.toy_fleet import line, reads, writes
from workloads.fleet_search import FleetSearch, Value
from workloads.requests import without_prefixes
from workloads.service import Promises

LOOSE = Promises(ttft_s=1.0, tpot_s=0.06)
ANSWERS = steady(1.0, new_tokens=100, output_tokens=101)
"""Prompts of 100 tokens, answers of 101: the first comes with the prompt, decode steps write 100."""


def test_a_table_is_read_between_its_points_and_never_outside() -> None:
    table = StepTable(np.array([1.0, 3.0]), np.array([0.0, 10.0]), np.array([[1.0, 2.0], [3.0, 6.0]]))
    assert at_keys(table, 5.0).tolist() == [1.5, 4.5]
    assert float(step_s(table, at_keys(table, 5.0), 2.0)) == 3.0
    with pytest.raises(Refused, match="tabulated up to 10 earlier tokens, but a token looks at 11"):
        at_keys(table, 11.0)


def test_a_written_token_looks_at_the_prompt_and_half_of_the_answer() -> None:
    """100 + 100 / 2 = 150; evenly from 100 to 200, so a deviation of 100 / sqrt(12) = 28.87."""
    assert ANSWERS.decode_keys_tokens == pytest.approx(150)
    assert ANSWERS.decode_keys_deviation_tokens == pytest.approx(100 / math.sqrt(12))


def test_long_answers_are_met_in_more_steps() -> None:
    """Answers of 2 and 4 written tokens: (2 x 1 + 4 x 2) / 6 earlier tokens of them, prompts of 10 before."""
    mixed = Offered(1.0, np.array([10.0, 10.0]), np.zeros(2), np.array([3.0, 5.0]))
    assert mixed.decode_keys_tokens == pytest.approx(10 + 10 / 6)


def test_a_full_unit_writes_six_answers_a_second() -> None:
    """30 sequences in 50 ms are 600 tokens a second, six answers of 100."""
    per_s, limit = writes().most_per_unit_per_s(ANSWERS)
    assert per_s == pytest.approx(6.0)
    assert limit == "sequences a step"


def test_caches_that_fit_99_times_of_100_leave_eight_sequences() -> None:
    """150 b + 2.326 x 28.87 sqrt(b) = 1500: sqrt(b) = (-67.15 + sqrt(67.15^2 + 600 x 1500)) / 300 = 2.9462."""
    most, limit = writes(kv_tokens=1500).places(ANSWERS)
    assert most == pytest.approx(2.9462**2, rel=1e-3)
    assert limit == "KV memory"


def test_a_full_unit_reads_a_hundred_prompts_a_second() -> None:
    """Two groups with 500 tokens each in 100 ms are 10,000 tokens a second, 100 prompts of 100."""
    assert reads().most_per_unit_per_s(ANSWERS)[0] == pytest.approx(100.0)


def test_a_lone_prompt_takes_one_step_of_its_own_tokens() -> None:
    """50 ms + 100 x 0.1 ms = 60 ms, if no step is under way, and with one a moment in [60, 120] ms."""
    lone = ANSWERS.times(0.01)
    shares = [reads().outcome(1, lone, Promises(ttft_s=ttft_s, tpot_s=1.0)).share for ttft_s in (0.055, 0.065, 0.125)]
    assert shares == [pytest.approx(0, abs=1e-3), pytest.approx(1, abs=1e-3), pytest.approx(1, abs=1e-6)]


def test_the_rate_binds_where_promises_are_loose() -> None:
    """53 requests a second at 6 a unit: ten units; nine have place for 54, too near."""
    need = needed(writes(), ANSWERS.times(53.0), LOOSE, 100)
    assert isinstance(need, Need)
    assert (need.units, need.binds) == (10, "sequences a step")
    assert need.gpus == 10
    assert need.usd_per_s == pytest.approx(0.01)


def test_a_tighter_promise_halves_the_batch_and_binds() -> None:
    """35 ms allow 15 sequences, 14 beside the fullest's own: 14 / 0.034 = 412 tokens a second, four answers of 100."""
    need = needed(writes(), ANSWERS.times(40.0), Promises(ttft_s=1.0, tpot_s=0.035), 100)
    assert isinstance(need, Need)
    assert need.binds == "TPOT"
    assert need.outcome.batch < 15
    assert 40 * 100 / need.units < 15 / 0.035 < 40 * 100 / (need.units - 2)


def test_a_promise_shorter_than_the_shortest_step_is_kept_by_no_fleet() -> None:
    found = needed(writes(), ANSWERS, Promises(ttft_s=1.0, tpot_s=0.02), 100)
    assert isinstance(found, Unfit)
    assert found.why == "TPOT: with 100 units (100 GPUs) 0% of requests are in time"


def test_the_cheapest_fleet_of_two_by_two_options() -> None:
    """Large decode units round up: 53 requests need ten units of one GPU, and three of four."""
    question = Question(ANSWERS.times(53.0), LOOSE, 64)
    found = search([reads(2), reads(8), writes(1), writes(4)], question)
    assert found.answers[0].fleet.name == "1 x P2 + 10 x D1"
    assert [ranked.fleet.gpus for ranked in found.answers] == [12, 14, 18, 20]
    assert found.answers[1].lost == "decode takes 12 GPUs instead of 10, bound by sequences a step"
    assert found.answers[1].dearer_ratio == pytest.approx(2 / 12)


def test_an_option_whose_steps_are_not_tabulated_far_enough_is_told_and_the_others_are_ranked() -> None:
    short = replace(writes(), name="short", table=StepTable(np.array([1.0]), np.array([0.0, 99.0]), np.ones((1, 2))))
    found = search([reads(), short, writes()], Question(ANSWERS, LOOSE, 64))
    assert [ranked.fleet.name for ranked in found.answers] == ["1 x P2 + 1 x D1"]
    ((name, why),) = found.refused
    assert name == "short" and "tabulate more" in why


def test_moments_of_a_stream_are_those_of_its_requests() -> None:
    """Four requests in three seconds; half of each prompt is cached."""
    stream = without_prefixes(np.array([0.0, 1.0, 2.0, 3.0]), np.array([10, 10, 20, 20]), np.array([2, 4, 2, 4]))
    found = offered(stream, cached_share=0.5, burst_s=1.0)
    assert found.requests_per_s == pytest.approx(1.0)
    assert found.new_mean_tokens == pytest.approx(7.5)
    assert found.cached_tokens.tolist() == [5, 5, 10, 10]
    assert found.decoded_mean_tokens == pytest.approx(2.0)


def test_a_search_makes_every_combination_and_says_which_cannot_be() -> None:
    def make(kind: Kind, changes: Mapping[str, Value]) -> Option:
        if changes["ep"] == 3:
            raise Refused("3 does not divide 8 experts")
        return writes(int(changes["gpus"])) if kind == "decode" else reads(int(changes["gpus"]))

    wanted = FleetSearch(most_gpus=8, prefill={"ep": (2, 3)}, decode={"ep": (1, 4, 16)})
    found = made(wanted, ("prefill", "decode"), make)
    assert [option.name for option in found.options] == ["P2", "D1", "D4"]
    assert found.impossible == (
        ("prefill, gpus=3, ep=3", "3 does not divide 8 experts"),
        ("decode, gpus=16, ep=16", "a unit takes 16 GPUs of 8"),
    )


def need_of(option: Option, traffic: Offered) -> Need:
    found = needed(option, traffic, LOOSE, 64)
    assert isinstance(found, Need)
    return found


@pytest.mark.parametrize(("enough", "extra", "plays"), [(12, 2, 3), (10, 0, 2), (8, -2, 4)])
def test_events_add_units_or_take_them_away(enough: int, extra: int, plays: int) -> None:
    """Where so many decode units are enough in events, so many more than in closed form are found, one at a time."""
    answer = search([reads(2), writes(1)], Question(ANSWERS.times(53.0), LOOSE, 64)).answers[0]

    def play(units: Units) -> Achieved:
        tpot_share = 0.95 if units["decode"] >= enough else 0.5
        return Achieved(1.0, tpot_share, tpot_share)

    found = checked(answer.fleet, 0.9, play, 64)
    assert found.extra == {"prefill": 0, "decode": extra}
    assert len(found.tries) == plays
    assert found.difference_share == pytest.approx(found.tries[0].achieved.share - answer.fleet.share)


def test_a_line_of_the_toy_is_a_line() -> None:
    assert line(0.02, 1e-3, 30.0).seconds[:, 0].tolist() == pytest.approx([0.021, 0.05])
