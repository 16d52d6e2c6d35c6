"""load(dump(s)) == s for every Spec: made of arbitrary values where types say enough, else as shipped."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.properties.round_trip import TEXT, Fields, Given, assert_round_trip, made, specs_in
from topologies.hardware import GROUPS, Entry
from topologies.spec import Spec, dump, load_entry, loads
from workloads.checkpoints import Storage
from workloads.failure_rates import FailureRates
from workloads.long_run import RUNS, load_run
from workloads.model import ModelSpec
from workloads.ownership import Ownership
from workloads.plan_question import QUESTIONS
from workloads.power import Power
from workloads.price import Price
from workloads.question_file import load_question
from workloads.scenario import SCENARIOS, catalogue, load_scenario
from workloads.service import SERVICES, load_service
from workloads.site import Site
from workloads.sweep import SWEEPS, Sweep, load_sweep, names_of
from workloads.traffic_fit import TrafficFit
from workloads.traffics.bursty import Bursty
from workloads.traffics.constant import Constant
from workloads.traffics.diurnal import Diurnal
from workloads.traffics.fitted import Fitted
from workloads.traffics.poisson import Poisson

CATALOGUE = catalogue()
BILLED: tuple[type[Entry], ...] = (Price, Ownership, Site, Power, FailureRates, Storage, TrafficFit)
ENTRIES: dict[str, type[Entry]] = {**GROUPS, "models": ModelSpec, **{kind.group: kind for kind in BILLED}}
ROOMS = ("topologies", "workloads")
SCENARIO_FILES = sorted(SCENARIOS.glob("*.yaml"))
READ_FROM_FILES = {
    *("Scenario", "Cluster", "Observation", "Published", "PublishedCount", "PublishedCounts", "ModelSpec"),
    *("PublishedNetwork", "PublishedNetworks", "Drawn", "WhatIf", "WhatIfs", "Run", "Service"),
    *(
        "Sweep",
        "Grid",
        "ListOfPoints",
        "LatinHypercube",
        "Sobol",
        "Span",
        "Override",
        "Setting",
        "Question",
        "TrainingQuestion",
        "ServingQuestion",
        "JointQuestion",
    ),
}
SPECS = [spec for room in ROOMS for spec in specs_in(room) if spec.__name__ not in READ_FROM_FILES]


def shipped(kind: type[Entry]) -> st.SearchStrategy[Entry]:
    """Entries of a class in the built-in catalogue."""
    return st.sampled_from(CATALOGUE.names(kind.group)).map(lambda name: load_entry(kind.group, name, kind, CATALOGUE))


def ending(kind: type[Spec], **given: object) -> Callable[[Fields], st.SearchStrategy[Spec]]:
    """Traffic that ends after some requests, with fields as given."""
    fixed = {name: st.just(value) for name, value in given.items()} | {"most_requests": st.integers(1, 1000)}
    return lambda fields: st.fixed_dictionaries({**fields, "duration_s": st.none(), **fixed}).map(
        lambda data: kind(**data)
    )


# Rules across many fields leave arbitrary values no chance.
GIVEN: Given = {GROUPS[group]: lambda _, kind=GROUPS[group]: shipped(kind) for group in ("kernels", "gpus", "nodes")}  # type: ignore[misc]
TRAFFIC: Given = {
    TrafficFit: lambda _: shipped(TrafficFit),
    **{kind: ending(kind) for kind in (Bursty, Constant, Fitted, Poisson)},
    Diurnal: ending(Diurnal, peak_ratio=1.5, peak_hour=15.0, begin_hour=6.0, hourly_weights=None),
}


@pytest.mark.parametrize("kind", SPECS, ids=lambda kind: kind.__name__)
@settings(max_examples=20, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_spec_equals_what_is_read_from_its_own_yaml(kind: type[Spec], data: st.DataObject) -> None:
    assert_round_trip(data.draw(made(kind, {**GIVEN, **TRAFFIC})))


@pytest.mark.parametrize(("group", "name"), [(group, name) for group in ENTRIES for name in CATALOGUE.names(group)])
def test_a_shipped_entry_equals_what_is_read_from_its_own_yaml(group: str, name: str) -> None:
    assert_round_trip(load_entry(group, name, ENTRIES[group], CATALOGUE))


@pytest.mark.parametrize("file", SCENARIO_FILES, ids=lambda file: file.stem)
def test_a_shipped_scenario_equals_what_is_read_from_its_own_yaml(file: Path) -> None:
    assert_round_trip(load_scenario(file))


@pytest.mark.parametrize("file", sorted(RUNS.glob("*.yaml")), ids=lambda file: file.stem)
def test_a_shipped_run_equals_what_is_read_from_its_own_yaml(file: Path) -> None:
    assert_round_trip(load_run(file))


@pytest.mark.parametrize("file", sorted(SERVICES.glob("*.yaml")), ids=lambda file: file.stem)
def test_a_shipped_service_equals_what_is_read_from_its_own_yaml(file: Path) -> None:
    assert_round_trip(load_service(file))


def test_the_classes_of_both_rooms_are_found() -> None:
    assert len(SPECS) >= 20


class Loose(Spec):
    """Every sort of field that a Spec may have."""

    text: str
    lines: tuple[str, ...]
    table: dict[str, float]
    numbered: dict[int, str]
    pairs: tuple[tuple[int, float], ...]
    truth: bool
    maybe: str | None


@given(
    text=st.text(st.characters(codec="utf-8"), max_size=200),
    lines=st.lists(TEXT, max_size=4).map(tuple),
    table=st.dictionaries(TEXT, st.floats(allow_nan=False, allow_infinity=False), max_size=4),
    numbered=st.dictionaries(st.integers(-(2**63) + 1, 2**63 - 1), TEXT, max_size=4),
    rest=st.tuples(st.booleans(), st.none() | TEXT),
)
def test_any_text_and_number_survives_yaml(text: str, lines: Any, table: Any, numbered: Any, rest: Any) -> None:
    pairs = tuple(enumerate(table.values()))
    spec = Loose(text=text, lines=lines, table=table, numbered=numbered, pairs=pairs, truth=rest[0], maybe=rest[1])
    assert loads(dump(spec), Loose) == spec


ODD = ("null", "true", "no", "1", "1.0", "0x1f", "1_000", "2026-11-22", "<<", "=", "- a", "a: b", "1 a", "? b")


@pytest.mark.parametrize("text", ODD)
@pytest.mark.parametrize("end", ["", " ", "\n", "\x85", "\ufeff", "#"])
def test_text_that_looks_like_something_else_stays_text(text: str, end: str) -> None:
    table = {text: 1.0, end + text: 2.0}
    spec = Loose(text=text + end, lines=(end + text,), table=table, numbered={}, pairs=(), truth=False, maybe=text)
    assert loads(dump(spec), Loose) == spec


@pytest.mark.parametrize("file", sorted(QUESTIONS.glob("*.yaml")), ids=lambda file: file.stem)
def test_every_shipped_question_equals_what_is_read_from_its_own_yaml(file: Path) -> None:
    question = load_question(file)
    assert loads(dump(question), type(question), CATALOGUE) == question


DESIGNS = (
    "{kind: grid, axes: {nodes: [128, 256], 'pp, dp': [[16, 128], [8, 256]]}}",
    "{kind: list, points: [{recompute: full}, {recompute: none, pp: 8}]}",
    "{kind: latin-hypercube, ranges: {sequences_per_step: {low: 64, high: 512, multiple_of: 64}}, samples: 8}",
    "{kind: sobol, ranges: {node.gpu.hbm_bytes_per_s: {low: 3 TB/s, high: 4 TB/s}}, samples: 8}",
)


@pytest.mark.parametrize("design", DESIGNS)
def test_a_sweep_of_every_design_equals_what_is_read_from_its_own_yaml(design: str, tmp_path: Path) -> None:
    file = tmp_path / "sweep.yaml"
    file.write_text(f"name: every-design\nscenario: llama-3-8b-h100\ndesign: {design}\n")
    sweep = load_sweep(file)
    assert loads(dump(sweep), Sweep, names_of(file)) == sweep


@pytest.mark.parametrize("file", sorted(SWEEPS.glob("*.yaml")), ids=lambda file: file.stem)
def test_every_shipped_sweep_equals_what_is_read_from_its_own_yaml(file: Path) -> None:
    sweep = load_sweep(file)
    assert loads(dump(sweep), Sweep, names_of(file)) == sweep
