"""The comparison's page and files: true pictures, words of difference, small with twenty scenarios."""

from __future__ import annotations

import json
import math
import re
import time
from dataclasses import replace
from functools import cache
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import escape

import clustercast
from reports import compare, compare_pictures, waterfall
from reports.differences import MINUS, difference, percent, signed, told
from reports.document import Picture
from reports.topology_picture import sentences, topology_picture
from reports.words import scale
from reports.write_comparison import contents, document
from simulator.comparing.comparison import Comparison
from simulator.comparing.deltas import MORE, NO_CHANGE
from topologies.hardware import Switch
from topologies.kinds.fat_tree import FatTree
from topologies.kinds.mpft import MultiPlaneFatTree
from topologies.kinds.slim_fly import SlimFly
from topologies.layers import layered
from topologies.spec import load_entry
from workloads.scenario import SCENARIOS, catalogue, changed, load_scenario

LARGEST_BYTES = 2_000_000
MOST_FIGURES = 12
LONGEST_S = 5.0
SWITCH = load_entry("switches", "quantum-2", Switch, catalogue())
SMALL = SWITCH.model_copy(update={"ports": 4})
BAR = re.compile(r'<path fill="var\(--(optimizer|backward-0)\)" d="M([\d.]+) [\d.]+h([\d.]+)v')
SCRIPT = "<script>alert(1)</script>"


@cache
def twenty() -> Comparison:
    """The base and nineteen what-ifs that all fit, one of them named like a script."""
    base = load_scenario(SCENARIOS / "llama-3-8b-h100.yaml").model_copy(update={"name": SCRIPT})
    sizes = [{"job.sequences_per_step": 128 + 64 * more, "node.nic.achievable_ratio": 0.9} for more in range(1, 18)]
    return clustercast.compare([base], [*sizes, {"gpu": "h200"}, {"nodes": 2, "dp": 16, "topology.layers": 3}])


def test_a_page_of_twenty_scenarios_is_small_and_quick() -> None:
    comparison = twenty()
    assert len(comparison.compared) == 20
    began = time.monotonic()
    made = contents(comparison)
    assert time.monotonic() - began < LONGEST_S
    assert len(made["compare.html"].encode()) <= LARGEST_BYTES
    assert made["compare.html"].count("<h2") >= 8
    assert made["compare.html"].count("<figure") <= MOST_FIGURES


def test_twenty_different_networks_under_load_are_at_most_twelve_figures_too() -> None:
    """Maps of full links fill what is left of the page, and networks that are not drawn are named."""
    comparison = twenty()
    heat = pd.concat(
        pd.DataFrame({"scenario": one.label, "leaf": [0, 0, 1, 1], "uplink": [0, 1, 0, 1], "used_share": 0.5})
        for one in comparison.compared
    )
    other = [
        replace(one, layers=layered(FatTree(switch=SMALL).build(1 + at % 8)))
        for at, one in enumerate(comparison.compared)
    ]
    found = replace(comparison, compared=tuple(other), tables={**comparison.tables, "network_heat": heat})
    page = compare.page(found)
    assert page.count("<figure") == MOST_FIGURES
    assert "Not drawn, but counted and priced above:" in page


def test_the_choice_is_the_first_of_the_ranking_and_drawn_everywhere() -> None:
    comparison = twenty()
    first = comparison.tables["ranking"]["scenario"].iloc[0]
    assert comparison.tables["choice"]["chosen"].iloc[0] == first
    page = compare.page(comparison)
    assert f"First of the ranking: {first}" in page
    assert f"1, {first}: " in page
    assert page.count(f"The choice: 1, {first}, ") >= 1


def test_terms_of_all_differences_are_in_one_picture() -> None:
    """Every scenario has a row whose terms are those of the table."""
    comparison = twenty()
    (drawn,) = compare_pictures.terms(comparison)
    assert isinstance(drawn, Picture)
    for place, label in comparison.tables["ranking"][["place", "scenario"]].to_numpy().tolist():
        assert (f">{place}: {escape(label)}" in drawn.svg) is (label != comparison.base.label)


def test_a_scenario_named_like_a_script_is_text() -> None:
    page = compare.page(twenty())
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_the_json_says_what_the_tables_say() -> None:
    comparison = twenty()
    read = json.loads(contents(comparison)["comparison.json"])
    assert read["schema"] == "clustercast.comparison/1"
    assert [one["label"] for one in read["scenarios"]] == [one.label for one in comparison.compared]
    assert set(read["tables"]) == set(comparison.tables)
    assert len(read["tables"]["attribution"]) == len(comparison.tables["attribution"])
    assert read == json.loads(json.dumps(document(comparison)))


def test_the_files_are_the_same_every_time_and_written_whole(tmp_path: Path) -> None:
    first = clustercast.write_report(twenty(), tmp_path / "a")
    second = clustercast.write_report(twenty(), tmp_path / "b")
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]
    assert first[0].name == "compare.html"
    assert not list(tmp_path.rglob("*.part"))
    names = {path.relative_to(tmp_path / "a").as_posix() for path in first}
    assert {f"tables/{name}.csv" for name in twenty().tables} <= names
    assert len(pd.read_csv(tmp_path / "a" / "tables" / "ranking.csv")) == 20
    again = load_scenario(tmp_path / "a" / "scenarios" / "01.yaml")
    assert again == twenty().others[0].scenario


def test_a_name_that_is_also_the_rows_before_is_read_out_and_not_shown() -> None:
    shown = compare.page(twenty()).count('<span class="again">')
    lines = twenty().tables["attribution"].groupby("scenario").size()
    bills = {one.network.bill: one for one in twenty().compared}
    differing = twenty().tables["differences"].groupby("scenario")["thing"].nunique()
    again = sum(n for n in lines if n > 1) + int((differing - 1).sum())
    assert shown == again + sum(len(bill.lines) - 1 for bill in bills if bill is not None)


def test_the_page_names_the_order_and_the_threshold() -> None:
    page = compare.page(twenty())
    assert "always in this order: price, model, batch and tokens, GPU arithmetic" in page
    assert "0.5 % of the base" in page
    assert "capital expense" in page


def test_identical_scenarios_are_compared_without_a_word_of_difference() -> None:
    base = load_scenario(SCENARIOS / "llama-3-8b-h100.yaml")
    found = clustercast.compare([base, base])
    assert set(found.tables["figures"]["verdict"]) == {NO_CHANGE}
    assert "nothing differs" in compare.page(found)
    assert "costs as much." in compare.page(found)
    assert "no scenario is materially better" in compare.answer(found)[0]


def test_other_numbers_of_tokens_are_warned_of() -> None:
    base = load_scenario(SCENARIOS / "llama-3-8b-h100.yaml")
    found = clustercast.compare([base, changed(base, {"job.tokens": "1 T tokens"})])
    assert any("different numbers of tokens" in warning for warning in compare.warnings(found))


@given(st.floats(0.1, 100), st.lists(st.floats(-20, 20).filter(lambda adds_s: abs(adds_s) > 1e-3), max_size=8))
def test_a_waterfall_is_as_wide_as_the_seconds(first_s: float, steps_s: list[float]) -> None:
    """Bars are in proportion, coloured by their direction, and inside the frame."""
    steps = [(f"thing {place}", adds_s) for place, adds_s in enumerate(steps_s)]
    svg = str(waterfall.waterfall("w", "w", first_s, steps).svg)
    bars = BAR.findall(svg)
    assert [colour for colour, *_ in bars] == ["optimizer" if adds_s > 0 else "backward-0" for adds_s in steps_s]
    ends = [first_s, *(first_s + math.fsum(steps_s[: n + 1]) for n in range(len(steps_s)))]
    span_s = max(max(ends) - min(ends), 0.02 * first_s) * (1 + 2 * waterfall.ROOM)
    for (_, left, width), adds_s in zip(bars, steps_s, strict=True):
        expected = abs(adds_s) / span_s * (waterfall.RIGHT - waterfall.LEFT)
        assert float(width) == pytest.approx(max(expected, 1.0), abs=0.06)
        assert waterfall.LEFT - 0.1 <= float(left) <= float(left) + float(width) <= waterfall.RIGHT + 1.1


@pytest.mark.parametrize(
    ("network", "said"),
    [
        (
            MultiPlaneFatTree(switch=SWITCH).build(2_048),
            [
                "2,048 endpoints, 256 a plane",
                "64 leaf switches, 8 a plane",
                "32 spine switches, 4 a plane",
                "2,048 cables between endpoints and leaf switches",
                "2,048 cables, 8 between a joined pair between leaf switches and spine switches",
            ],
        ),
        (
            SlimFly(switch=SWITCH, q=5).build(100),
            ["100 endpoints", "25 switches with endpoints", "25 switches 2 cables from an endpoint"],
        ),
    ],
)
def test_a_topology_is_told_in_words_too(network: object, said: list[str]) -> None:
    found = layered(network)  # type: ignore[arg-type]
    assert sentences(found)[: len(said)] == said
    assert said[0] in str(topology_picture("t", "t", found).svg)


def test_a_small_network_shows_every_vertex_and_every_pair() -> None:
    found = layered(FatTree(switch=SMALL).build(4))
    svg = str(topology_picture("t", "t", found).svg)
    assert found.each is not None
    assert svg.count('fill="none"') == len(found.each.pairs)
    assert len(re.findall(r"h10v10", svg)) == sum(found.vertices)


@pytest.mark.parametrize(
    ("ratio", "text"),
    [(0.276, "+27.6 %"), (-0.032, f"{MINUS}3.2 %"), (0.0, "0.0 %"), (1e-5, "under 0.1 %"), (float("nan"), "")],
)
def test_percent(ratio: float, text: str) -> None:
    assert percent(ratio).replace("\N{NO-BREAK SPACE}", " ") == text


def test_differences_carry_their_sign_and_shares_their_points() -> None:
    assert signed(-0.6078, "s") == f"{MINUS}0.608 s"
    assert signed(float("nan"), "USD") == "–"
    seconds, shares = scale([19.05, 18.44], "s"), scale([0.4], "ratio")
    assert difference(1e-4, seconds) == "0"
    assert told(0.42, 0.05, 0.4, shares, MORE).replace("\N{NO-BREAK SPACE}", " ") == "42.0 (+2.0 points, +5.0 %)"
    assert told(19.05, 0.0, 19.05, seconds, NO_CHANGE) == "19.05, no material change"
