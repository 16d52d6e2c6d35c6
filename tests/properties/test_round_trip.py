"""load(dump(s)) == s for every Spec of topologies, made of arbitrary values."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.properties.round_trip import TEXT, Given, Strategy, assert_round_trip, made, specs_in
from topologies.hardware import FAMILIES, Entry, Gpu, KernelFamily, KernelSet, Provenance
from topologies.spec import Spec


def entry(kind: type[Entry]) -> Any:
    """An entry of the catalogue with a source for every field."""

    def build(fields: dict[str, Strategy]) -> Strategy:
        own = [name for name in fields if name not in ("name", "title", "sources", "notes")]
        sources = st.fixed_dictionaries({name: made(Provenance, GIVEN) for name in own})
        families = st.fixed_dictionaries({name: made(KernelFamily, GIVEN) for name in FAMILIES})
        special = {"families": families} if kind is KernelSet else {}
        return st.fixed_dictionaries({**fields, "sources": sources, **special}).map(lambda data: kind(**sane(data)))

    return build


def sane(data: dict[str, Any]) -> dict[str, Any]:
    """Usable memory within the nominal memory, a node within its NVLink domain, a switch that joins."""
    if "nvlink_nodes" in data:
        data = {**data, "gpus": min(data["gpus"], data["gpu"].nvlink_domain_gpus), "nvlink_nodes": 1}
    if "memory_usable_bytes" in data:
        pair = sorted((data["memory_usable_bytes"], data["memory_bytes"]))
        data = {**data, "memory_usable_bytes": pair[0], "memory_bytes": pair[1]}
    return {**data, "ports": max(2, data["ports"])} if "ports" in data else data


SPECS = specs_in("topologies")
GIVEN: Given = {kind: entry(kind) for kind in SPECS if issubclass(kind, Entry)}


def test_all_specs_are_found() -> None:
    assert {Gpu, KernelSet, Provenance} < set(SPECS)
    assert len(SPECS) >= 10


@pytest.mark.parametrize("kind", SPECS, ids=lambda kind: kind.__name__)
@settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(data=st.data())
def test_a_spec_equals_what_is_read_from_its_own_yaml(kind: type[Spec], data: st.DataObject) -> None:
    assert_round_trip(data.draw(made(kind, GIVEN)))


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
    pairs = tuple((int(key), value) for key, value in enumerate(table.values()))
    spec = Loose(text=text, lines=lines, table=table, numbered=numbered, pairs=pairs, truth=rest[0], maybe=rest[1])
    from topologies.spec import dump, loads

    assert loads(dump(spec), Loose) == spec


@pytest.mark.parametrize(
    "text", ["null", "true", "no", "1", "1.0", "0x1f", "1_000", "2026-11-22", "<<", "=", "- a", "a: b"]
)
@pytest.mark.parametrize("end", ["", " ", "\n", "\x85", "\ufeff", "#"])
def test_text_that_looks_like_something_else_stays_text(text: str, end: str) -> None:
    from topologies.spec import dump, loads

    spec = Loose(
        text=text + end, lines=(end + text,), table={text: 1.0}, numbered={}, pairs=(), truth=False, maybe=text
    )
    assert loads(dump(spec), Loose) == spec
