"""Designs of sweeps worked out by hand, and what wins where overrides, a design and --with meet."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from topologies.problems import InvalidInput
from topologies.spec import dump, loads
from workloads.design import DesignSpec
from workloads.designs.grid import Grid
from workloads.designs.latin_hypercube import LatinHypercube
from workloads.designs.listed import ListOfPoints
from workloads.designs.sobol import Sobol
from workloads.points import changes, point, twins
from workloads.span import Span, Steps
from workloads.sweep import SWEEPS, Sweep, changed_sweep, load_sweep

GRID = """
kind: grid
axes:
  seed: [1, 2]
  "nodes, layout.dp": [[128, 64], [256, 128], [512, 256]]
  sequences_per_step: {low: 128, high: 512, steps: 4, multiple_of: 128}
"""
SWEEP = """
name: three-ways
scenario: deepseek-v3-pretrain
overrides:
  small: {nodes: 128, dp: 64, seed: 5}
  fewer-stages: {pp: 8, dp: 256}
  other-seed: {seed: 7}
scenarios: [[], [small, other-seed], [other-seed, small], [fewer-stages]]
design: {kind: list, points: [{sequences_per_step: 7680}, {seed: 9, sequences_per_step: 30720}]}
"""


def test_a_grid_counts_and_turns_its_last_axis_fastest() -> None:
    grid = loads(GRID, Grid)
    assert grid.size == 2 * 3 * 4
    assert grid.paths == ("seed", "nodes", "layout.dp", "sequences_per_step")
    rows = [tuple(grid.rows()[number].values()) for number in range(grid.size)]
    assert rows[:5] == [(1, 128, 64, 128), (1, 128, 64, 256), (1, 128, 64, 384), (1, 128, 64, 512), (1, 256, 128, 128)]
    assert rows[-1] == (2, 512, 256, 512)
    assert len(set(rows)) == grid.size


def test_a_grid_of_a_million_million_points_is_counted_not_listed() -> None:
    axis = Steps(low=1, high=1_000_000, steps=1_000_000)
    grid = Grid(axes={"seed": axis, "job.sequences_per_step": axis})
    assert grid.size == 10**12
    assert grid.rows()[10**12 - 1] == {"seed": 1_000_000, "job.sequences_per_step": 1_000_000}


@pytest.mark.parametrize(
    ("span", "ends", "middle"),
    [
        (Span(low=1, high=9), (1, 9), 5),
        (Span(low=0.0, high=1.0), (0.0, 1.0), 0.5),
        (Span(low=1, high=10_000, scale="log"), (1, 10_000), 100),
        (Span(low="200 Gb/s", high="800 Gb/s"), ("200.0 Gb/s", "800.0 Gb/s"), "500.0 Gb/s"),
        (Span(low="200 Gb/s", high="800 Gb/s", scale="log"), ("200.0 Gb/s", "800.0 Gb/s"), "400.0 Gb/s"),
        (Span(low=128, high=640, multiple_of=128), (128, 640), 384),
    ],
)
def test_a_span_goes_from_end_to_end_in_its_unit(span: Span, ends: tuple[object, object], middle: object) -> None:
    assert (span.at(0.0), span.at(1.0)) == ends
    assert span.at(0.5) == middle


def test_whole_values_are_drawn_equally_often() -> None:
    span = Span(low=128, high=512, multiple_of=128)
    drawn = [span.drawn((at + 0.5) / 400) for at in range(400)]
    assert {value: drawn.count(value) for value in set(drawn)} == {128: 100, 256: 100, 384: 100, 512: 100}


def test_a_latin_hypercube_has_one_point_in_each_part_of_each_range() -> None:
    design = LatinHypercube(ranges={"seed": Span(low=0, high=15), "a": Span(low=0.0, high=16.0)}, samples=16, seed=3)
    rows = design.rows()
    assert sorted(int(str(row["seed"])) for row in rows) == list(range(16))
    assert sorted(int(float(str(row["a"]))) for row in rows) == list(range(16))


def test_a_sobol_design_is_even_in_every_pair() -> None:
    design = Sobol(ranges={name: Span(low=0.0, high=4.0) for name in "abc"}, samples=16)
    points = np.array([list(row.values()) for row in design.rows()], dtype=float).astype(int)
    for first, second in ((0, 1), (0, 2), (1, 2)):
        cells = {tuple(pair) for pair in points[:, (first, second)].tolist()}
        assert len(cells) == 16


def test_another_seed_is_another_design_and_the_same_seed_the_same() -> None:
    designs = [Sobol(ranges={"a": Span(low=0.0, high=1.0)}, samples=8, seed=seed).rows() for seed in (0, 1)]
    assert designs[0] != designs[1]
    assert designs[0] == Sobol(ranges={"a": Span(low=0.0, high=1.0)}, samples=8).rows()


def test_the_later_wins() -> None:
    sweep = loads_sweep(SWEEP)
    assert sweep.size == 8
    found = [changes(sweep, point(sweep, number)) for number in range(8)]
    batch = {"job.sequences_per_step": 7680}
    assert found[0] == batch
    assert found[2] == {"cluster.nodes": 128, "layout.dp": 64, "seed": 7, **batch}
    assert found[3] == {"cluster.nodes": 128, "layout.dp": 64, "seed": 9, "job.sequences_per_step": 30720}
    assert found[4]["seed"] == 5
    assert [point(sweep, number).scenario for number in (0, 2, 7)] == ["as it is", "small + other-seed", "fewer-stages"]


def test_a_change_of_the_scenario_lies_below_overrides_and_a_varied_path_is_refused() -> None:
    sweep = loads_sweep(SWEEP)
    changed = changed_sweep(sweep, {"layout.zero_stage": 2, "detail": "estimate"})
    assert changed.scenario is not None and changed.scenario.layout.zero_stage == 2
    assert changed.detail == "estimate"
    with pytest.raises(InvalidInput, match="The later wins"):
        changed_sweep(sweep, {"sequences_per_step": 960})


def test_points_that_sampling_rounds_to_the_same_values_are_worked_out_once() -> None:
    design = LatinHypercube(ranges={"sequences_per_step": Span(low=7680, high=15360, multiple_of=7680)}, samples=8)
    base = loads_sweep(SWEEP).model_copy(update={"design": design})
    spared = [number for numbers in twins(base).values() for number in numbers]
    assert len(spared) == len(base.scenarios) * 6
    for number, others in twins(base).items():
        assert all(changes(base, point(base, other)) == changes(base, point(base, number)) for other in others)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{kind: grid, axes: {seed: [1, 2, 1]}}", "1 stands twice"),
        ("{kind: grid, axes: {'nodes, dp': [[1, 2], [3]]}}", "write lists of 2 values"),
        ("{kind: grid, axes: {seed: {low: 1, high: 3, steps: 9}}}", "there are 3 whole values"),
        ("{kind: grid, axes: {seed: 3}}", "write a list"),
        ("{kind: sobol, samples: 100, ranges: {seed: {low: 1, high: 3}}}", "write 64 or 128"),
        ("{kind: sobol, samples: 64, ranges: {a: {low: 200 Gb/s, high: 1 GB/s}}}", "write both in one unit"),
        ("{kind: sobol, samples: 64, ranges: {a: {low: 3, high: 2}}}", "not above low"),
        ("{kind: sobol, samples: 64, ranges: {a: {low: 0, high: 2, scale: log}}}", "begins above 0"),
        ("{kind: sobol, samples: 64, ranges: {a: {low: 100, high: 300, multiple_of: 128}}}", "whole multiples"),
        ("{kind: latin-hypercubes, samples: 64, ranges: {}}", "did you mean `latin-hypercube`?"),
        ("{kind: grid, axes: {sequences_per_stepp: [1, 2]}}", "did you mean `sequences_per_step`?"),
        ("{kind: list, points: [{pp: 1, layout.pp: 2}]}", "`layout.pp` is set twice"),
    ],
)
def test_a_design_that_cannot_be_is_refused_at_its_place(text: str, said: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        loads_sweep(f"name: wrong\nscenario: deepseek-v3-pretrain\ndesign: {text}\n")
    assert said in str(refused.value)
    assert "<text>:3:" in str(refused.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("scenarios: [[smal]]", "did you mean `small`?"),
        ("scenarios: [[small], [small]]", "stands twice"),
        ("scenarios: [[]]", "no list of `scenarios` names it"),
        ("run: deepseek-v3", "a sweep is of one scenario, run, service"),
    ],
)
def test_scenarios_that_cannot_be_are_refused(text: str, said: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        loads_sweep(f"name: wrong\nscenario: deepseek-v3-pretrain\noverrides: {{small: {{pp: 8}}}}\n{text}\n")
    assert said in str(refused.value)


def test_every_shipped_sweep_loads_and_its_points_are_what_it_counts(tmp_path: Path) -> None:
    for file in SWEEPS.glob("*.yaml"):
        sweep = load_sweep(file)
        assert len({point(sweep, number).label for number in range(sweep.size)}) == sweep.size


def test_a_sweep_written_out_is_the_same_sweep() -> None:
    designs = [
        "{kind: list, points: [{price: h100-rental}, {job.router: {kind: gamma, shape: 3.0}, seed: 1}]}",
        "{kind: sobol, samples: 8, ranges: {seed: {low: 1, high: 99}, 'nodes, dp': [[128, 64], [256, 128]]}}",
        "{kind: latin-hypercube, samples: 8, ranges: {node.nic.bytes_per_s: {low: 200 Gb/s, high: 800 Gb/s}}}",
        GRID.replace("\n", "\n  "),
    ]
    for design in designs:
        text = SWEEP[: SWEEP.index("design:")] + f"design: {design}\n"
        sweep = loads_sweep(text)
        again = loads_sweep(dump(sweep))
        assert again == sweep
        assert again.design is not None and sweep.design is not None
        assert list(again.design.rows()) == list(sweep.design.rows())


def loads_sweep(text: str) -> Sweep:
    """A sweep from text, with the catalogue that ships."""
    from workloads.scenario import catalogue

    return loads(text, Sweep, catalogue())


def test_every_kind_of_design_is_found() -> None:
    from topologies.discovery import Discovered

    kinds = Discovered("workloads.designs").classes(DesignSpec)
    assert dict(kinds) == {"grid": Grid, "list": ListOfPoints, "latin-hypercube": LatinHypercube, "sobol": Sobol}
