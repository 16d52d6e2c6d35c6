"""A whole run by hand: batches of a ramp, the schedule of small ones, layouts, bills, weeks, checkpoints."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from simulator.estimates.estimator import Estimator
from simulator.long_run.layouts import kept, of_batch, of_shape, searched
from simulator.long_run.parts import components, size
from simulator.long_run.result import RunResult
from simulator.long_run.run import whole_run
from simulator.long_run.stretches import Rise, Stretch, batches, extra_s, grown
from simulator.memory import DoesNotFit
from simulator.plan import planned
from simulator.refusal import Refused
from tests.runs_of_weeks import FAILING, OWNED, SMALL, read
from workloads.long_run import changed_run
from workloads.run_phases.pre_training import Ramp
from workloads.scenario import SCENARIOS, Scenario, load_scenario

GPUS, HOUR_S = 8, 3600.0


@cache
def pretrain() -> Scenario:
    return load_scenario(SCENARIOS / "deepseek-v3-pretrain.yaml")


@cache
def estimator() -> Estimator:
    return Estimator(pretrain())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="module")
def calm(folder: Path) -> RunResult:
    return whole_run(read(folder, SMALL + OWNED))


@pytest.fixture(scope="module")
def failing(folder: Path) -> RunResult:
    return whole_run(read(folder, SMALL + FAILING + OWNED))


def test_a_batch_grows_in_equal_rises_and_ends_before_the_jobs_own() -> None:
    """From 100 to 400 in three rises: 100, 200, 300, then 400 for the rest."""
    assert batches(Ramp(from_sequences=100, tokens=1, rises=3), 400) == (100, 200, 300)


def test_a_ramp_takes_the_steps_of_each_batch_and_its_extra_is_what_steady_steps_would_not_take() -> None:
    """600 tokens at 10 and at 20 a step: 60 steps of 2 s and 30 of 3 s are 210 s; at 40 tokens in 4 s it were 120 s."""
    found = (Rise(10, 1, "1f1b", 60.0, 2.0, 600.0), Rise(20, 2, "1f1b", 30.0, 3.0, 600.0))
    ramp = grown(found)
    assert (ramp.steps, ramp.tokens) == (90.0, 1200.0)
    assert ramp.work_s == pytest.approx(210.0)
    assert extra_s(ramp, Stretch("steady", 100.0, 4.0, 4000.0)) == pytest.approx(210 - 120)


def test_24_micro_batches_are_too_few_for_dualpipe_and_run_under_the_fastest_schedule_that_fits() -> None:
    """ZB-H2 and ZB-H1 would be faster than 1F1B, but hold activations that no H800 has room for."""
    small = kept(of_batch(estimator(), 3072))
    assert (small.micro_batches, small.scenario.layout.schedule.kind) == (24, "1f1b")
    assert small.estimate.memory_bytes <= pretrain().cluster.node.gpu.memory_usable_bytes
    assert small.scenario.layout.model_copy(update={"schedule": pretrain().layout.schedule}) == pretrain().layout


def test_32_micro_batches_keep_the_layouts_own_schedule() -> None:
    assert kept(of_batch(estimator(), 4096)).scenario.layout == pretrain().layout


def test_costs_that_are_remembered_over_batches_are_those_of_each_batch() -> None:
    alone = kept(of_shape(pretrain(), 8192, 4096))
    assert kept(of_batch(estimator(), 8192)).estimate == alone.estimate


def test_longer_contexts_leave_every_parameter_where_it_is_and_take_the_fastest_that_fits() -> None:
    found = searched(of_shape(pretrain(), 1920, 32768))
    layout, own = found.scenario.layout, pretrain().layout
    assert (layout.tp, layout.pp, layout.ep, layout.cp * layout.dp) == (own.tp, own.pp, own.ep, own.dp)
    assert layout.cp > 1
    fitting = [one for one in found.tried if one.fits]
    assert found.estimate.step_s == min(one.estimate.step_s for one in fitting) == found.range_s[0]
    assert {one.choice.layout.cp for one in found.tried} == {1, 2, 4, 8, 16, 32, 64, 128}


def test_what_fits_nowhere_is_refused_with_the_leanest_way() -> None:
    with pytest.raises(Refused, match="no layout of 128 sequences of 67,108,864 tokens fits: the leanest"):
        searched(of_shape(pretrain(), 128, 2**26))


def test_a_checkpoint_holds_ten_bytes_of_each_parameter() -> None:
    """BF16 weights, FP32 masters, two BF16 moments: 10 bytes; 671 billion parameters, and 11.5 of the MTP module."""
    found = size(planned(pretrain()))
    assert found.total_bytes / 10 == pytest.approx(671.0e9 + 11.5e9, rel=1e-3)
    assert found.gpu_bytes == pytest.approx(found.held_bytes)
    assert found.gpu_bytes * 2048 >= found.total_bytes


def test_parts_of_a_multi_plane_cluster() -> None:
    """2,048 ports; eight planes of 256: 8 leaves and 4 spines of 64 ports, as many cables above as below."""
    found = components(pretrain().cluster, 5)
    assert (found.gpus, found.hbm_stacks, found.nics, found.hosts) == (2048, 10240, 2048, 256)
    assert (found.links, found.switches) == (2 * 2048, 8 * (8 + 4))


def test_phases_are_at_their_steady_rate_and_the_ramp_stands_beside_them(calm: RunResult) -> None:
    """20 B tokens at the steady step; the stated 16 GPU-hours as they are."""
    hours = {name: figure.value for name, figure in calm.headline.items()}
    steps_s = dict(calm.tables["phases"][["phase", "step_s"]].to_numpy().tolist())
    step_s = steps_s["pre-training"]
    assert hours["gpu_hours.pre-training"] == pytest.approx(20e9 / (128 * 8192) * step_s * GPUS / HOUR_S)
    assert hours["gpu_hours.talking"] == pytest.approx(16)
    assert hours["gpu_hours.tuning"] == pytest.approx(100 * steps_s["tuning"] * GPUS / HOUR_S)
    assert hours["gpu_hours"] == pytest.approx(hours["productive_gpu_hours"] + hours["ramp_gpu_hours"])
    assert hours["ramp_gpu_hours"] > 0
    assert hours["days"] == pytest.approx(hours["gpu_hours"] / GPUS / 24)


def test_the_ramps_batches_see_as_many_tokens_each(calm: RunResult) -> None:
    """2 B tokens at 64 and 96 sequences of 8,192 tokens."""
    ramp = calm.tables["ramp"]
    assert ramp["sequences"].tolist() == [64, 96]
    assert ramp["steps"].tolist() == pytest.approx([1e9 / (64 * 8192), 1e9 / (96 * 8192)])


@pytest.mark.parametrize("which", ["calm", "failing"])
def test_weeks_hold_all_tokens(which: str, request: pytest.FixtureRequest) -> None:
    result: RunResult = request.getfixturevalue(which)
    weeks = result.tables["weeks"]
    assert weeks["tokens"].sum() == pytest.approx(result.headline["tokens"].value)
    assert weeks["tokens_so_far"].iloc[-1] == pytest.approx(result.headline["tokens"].value)
    assert weeks["phases"].iloc[-1].endswith("talking")


def test_failures_cost_hours_and_spares_are_paid_all_the_time(calm: RunResult, failing: RunResult) -> None:
    """One spare node beside one that works: twice the GPUs of the wall time."""
    assert failing.headline["productive_gpu_hours"].value == pytest.approx(calm.headline["productive_gpu_hours"].value)
    assert failing.headline["days"].value > calm.headline["days"].value
    assert failing.headline["gpu_hours"].value == pytest.approx(failing.headline["days"].value * 24 * 2 * GPUS)
    assert 0 < failing.headline["goodput_ratio"].value < 1
    assert failing.tables["weeks"]["failures"].sum() > 0


def test_a_run_without_failures_has_no_figures_of_them(calm: RunResult) -> None:
    assert not {"goodput_ratio", "mtbf_s", "interruptions"} & set(calm.headline)
    assert calm.headline["gpu_hours"].low is None


def test_the_best_interval_is_near_young_and_daly(failing: RunResult) -> None:
    figures = {name: failing.headline[f"{name}_interval_s"].value for name in ("best", "young", "daly")}
    assert figures["best"] / figures["daly"] == pytest.approx(1, abs=1)


def test_energy_is_that_of_its_spans_and_electricity_that_of_the_site(failing: RunResult) -> None:
    energy = failing.tables["energy"]
    joules = failing.headline["energy_j"].value
    assert energy["energy_j"].sum() == pytest.approx(joules)
    assert failing.headline["electricity_usd"].value == pytest.approx(joules / 3.6e6 * 0.1)
    assert energy["seconds"].sum() == pytest.approx(failing.headline["days"].value * 86400)


def test_owning_costs_its_price_for_each_paid_gpu_hour(failing: RunResult) -> None:
    figures = {name: figure.value for name, figure in failing.headline.items()}
    assert figures["own_usd"] == pytest.approx(figures["own_usd_per_gpu_hour"] * figures["gpu_hours"])


def test_a_promise_names_the_spare_nodes_that_keep_it_or_says_that_none_do(folder: Path) -> None:
    run = read(folder, SMALL + FAILING)
    asked = changed_run(run, {"promise": {"by_s": "60 days", "probability_share": 0.9}, "lives": 10})
    result = whole_run(asked)
    kept = {int(nodes): share >= 0.9 for nodes, share in result.tables["spares"].to_numpy().tolist()}
    fewest = int(result.headline["spare_nodes"].value)
    assert kept[fewest]
    assert not any(keeps for nodes, keeps in kept.items() if nodes < fewest)
    with pytest.raises(Refused, match=r"promise: done in .* even with 64 spare nodes"):
        whole_run(changed_run(asked, {"promise.by_s": "2.15 days"}))
    with pytest.raises(Refused, match=r"1 day.* is too early: the run takes 2\.\d+ days if nothing fails"):
        whole_run(changed_run(asked, {"promise.by_s": "1 days"}))


def test_steps_that_generate_first_take_as_much_longer(folder: Path) -> None:
    """64 answers of 2,048 tokens at 512 tokens a second on each of 8 GPUs: 32 s before each step."""
    trains = "sequence_length: 4096, sequences_per_step: 64, steps: 100, layout: keep"
    answers = "prompt_tokens: 2048, answer_tokens: 2048, sequences_per_step: 64, steps: 100, layout: keep"
    rate = "generation: {tokens_per_s_per_gpu: 512, basis: assumed, source: this test}"
    learned = SMALL.replace("kind: fixed-steps", "kind: generation-and-training").replace(trains, f"{answers}, {rate}")
    hours = [whole_run(read(folder, text)).headline["gpu_hours.tuning"].value for text in (SMALL, learned)]
    assert hours[1] - hours[0] == pytest.approx(100 * 32 * GPUS / HOUR_S)


def test_a_phase_that_does_not_fit_is_named(folder: Path) -> None:
    run = changed_run(read(folder, SMALL), {"job.sequence_length": 65536})
    with pytest.raises(DoesNotFit, match="phase pre-training: "):
        whole_run(run)
