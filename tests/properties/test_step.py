"""What must hold for every simulated step: budgets add up, nothing comes for free, seeds and hashes decide nothing."""

from __future__ import annotations

import pytest

import clustercast
from simulator.bubble import causes
from simulator.budget import PARTS
from simulator.plan import plan
from simulator.result import Result
from simulator.run import simulate
from workloads.scenario import SCENARIOS, Scenario, catalogue, load_scenario

SMALL: dict[str, object] = {
    "cluster.nodes": 32, "layout.pp": 4, "layout.dp": 64, "job.sequences_per_step": 1024,
    "model.layers": 15, "layout.ep": 64,
}  # fmt: skip


@pytest.fixture(scope="module")
def base() -> Scenario:
    """A quarter of DeepSeek-V3 on 256 GPUs: same shapes, fewer of them."""
    scenario = load_scenario(SCENARIOS / "deepseek-v3-pretrain.yaml")
    return scenario.with_changes(SMALL, catalogue())


def run(scenario: Scenario, **changes: object) -> Result:
    """Simulate with changes, `__` for a dot."""
    return clustercast.run(scenario, {path.replace("__", "."): value for path, value in changes.items()})


@pytest.mark.parametrize("kind", ["dualpipe", "1f1b", "gpipe", "zb-h1", "zb-h2", "zbv", "dualpipev"])
def test_the_parts_of_every_rank_add_up_to_the_step(base: Scenario, kind: str) -> None:
    """Six parts, each at least 0, on each rank."""
    result = run(base, layout__schedule__kind=kind, job__recompute="full")
    table = result.ranks[[f"step_{part}_s" for part in PARTS]]
    assert (table >= -1e-12).all().all()
    assert table.sum(axis=1).to_numpy() == pytest.approx(result.headline["step_s"].value, rel=1e-9)


@pytest.mark.parametrize("kind", ["gpipe", "1f1b", "zb-h1", "zb-h2"])
def test_with_equal_stages_the_bubble_is_the_published_formula(base: Scenario, kind: str) -> None:
    """At the chunk times of the scenario; split backwards where the schedule splits them."""
    whole = plan(base.with_changes({"layout.schedule.kind": kind, "job.recompute": "full"}, catalogue()))
    seconds = causes(whole, simulate(whole)).set_index("cause")["seconds"]
    assert seconds["The schedule's published formula, equal stages"] > 0
    assert seconds["Order of the chunks beyond the formula"] == pytest.approx(0.0, abs=1e-9)


def test_no_stream_does_two_things_at_once(base: Scenario) -> None:
    """On each stream of each rank a task starts after the one before has ended."""
    frame = run(base).step_trace.to_frame().sort_values(["rank", "stream", "start_s", "end_s"])
    gap = frame["start_s"] - frame.groupby(["rank", "stream"])["end_s"].shift()
    assert gap.dropna().min() >= -1e-12


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("cluster.node.nic.bytes_per_s", "800 Gb/s"),
        ("cluster.node.gpu.hbm_bytes_per_s", "8 TB/s"),
        ("cluster.node.gpu.fp8_flop_per_s", "4 PFLOP/s"),
        ("cluster.node.gpu.nvlink_links", 18),
    ],
)
def test_better_hardware_is_never_slower(base: Scenario, path: str, value: object) -> None:
    """Twice the network, memory, matrix rate or NVLink."""
    better, before = clustercast.run(base, {path: value}), run(base)
    assert better.headline["step_s"].value <= before.headline["step_s"].value * (1 + 1e-6)


def test_overlap_beats_1f1b(base: Scenario) -> None:
    """The same chunks under 1F1B expose every transfer."""
    assert run(base).headline["step_s"].value < run(base, layout__schedule__kind="1f1b").headline["step_s"].value


def test_bf16_dispatch_sends_more(base: Scenario) -> None:
    """2 bytes instead of 1 and its scales."""
    fp8, bf16 = (run(base, job__precision__dispatch=kind).traffic for kind in ("fp8", "bf16"))
    sent = [table.loc[table["traffic"] == "expert dispatch", "bytes"].sum() for table in (fp8, bf16)]
    assert sent[1] / sent[0] == pytest.approx(2 / (1 + 4 / 128), rel=1e-6)


def test_a_cut_by_hand_is_taken_as_it_is(base: Scenario) -> None:
    """The layout's own numbers win over the rule."""
    changed = base.with_changes({"layout.layers_per_stage": [3, 4, 4, 4]}, catalogue())
    layers = [sum(item.layer is not None and item.layer < 15 for item in s.blocks) for s in plan(changed).stages]
    assert layers == [3, 4, 4, 4]
