"""Pages of a plan and of a sweep: the choice first, whatever tables are there; small, and safe with any name."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from reports import plan_page, plan_tiles, sweep_page
from reports.candidates import candidates
from reports.write_plan import write_plan
from reports.write_sweep import write_sweep
from tests.made_plan import DAY_S, made_plan
from tests.made_sweep import OF_GPU, OF_SCHEDULE, made_sweep

SCRIPT = "<script>alert(1)</script>"
MOST_FIGURES, LARGEST_BYTES = 12, 2_000_000
PLAN_TABLES = ("candidates", "pruned", "confirmed", "binds", "attribution", "sensitivity", "inverse")


def sections(page: str) -> list[str]:
    """Names of a page's sections."""
    return [part.partition('"')[0] for part in page.split('<section id="')[1:]]


def test_a_plan_says_its_choice_first_and_shows_every_table() -> None:
    page = plan_page.page(made_plan())
    assert sections(page) == [
        "ranking", "tries", "why", "sure", "binds", "confirmed", "searched", "figures", "assumptions", "words",
        "reproduce",
    ]  # fmt: skip
    assert page.index("Choose 256 nodes of h200") < page.index('<dl class="tiles">') < page.index('id="ranking"')
    assert page.count("<figure") <= MOST_FIGURES
    assert "The price of h200 is assumed." in page


@pytest.mark.parametrize("name", PLAN_TABLES)
def test_a_plan_is_shown_without_any_of_its_tables_or_with_an_empty_one(name: str) -> None:
    whole = made_plan()
    without = replace(whole, tables={one: frame for one, frame in whole.tables.items() if one != name})
    empty = made_plan(tables={name: whole.tables[name].head(0)})
    assert sections(plan_page.page(without)) == sections(plan_page.page(empty)) != sections(plan_page.page(whole))


def test_a_plan_without_tables_is_a_page() -> None:
    assert sections(plan_page.page(replace(made_plan(), tables={}))) == [
        "figures", "assumptions", "words", "reproduce",
    ]  # fmt: skip


def test_a_single_candidate_needs_no_other() -> None:
    page = plan_page.page(made_plan(many=1))
    assert "The runner-up</a>" not in page and 'id="ranking"' in page


def test_figures_that_are_not_known_are_dashes() -> None:
    frame = made_plan().tables["candidates"].assign(cost_usd=float("nan"), energy_j=float("nan"))
    page = plan_page.page(made_plan(tables={"candidates": frame}))
    assert ">nan" not in page and "nan " not in page


def test_a_plan_and_its_terms_add_up_in_the_figure_that_they_are_of() -> None:
    """Terms are of the simulated run, candidates estimated: the time is still known for the same figure."""
    page = plan_page.page(made_plan())
    assert "What the runner-up adds" in page and "Forward alone" in page
    (row,) = [part for part in page.split("<tr>") if "all together" in part]
    frame = made_plan().tables["attribution"]
    chosen, more = (float(frame[name].sum()) / DAY_S for name in ("chosen", "difference"))
    assert f"{chosen:.3f}" in row and f"+{more:.3f}" in row


def test_what_was_tried_is_called_by_what_was_looked_for() -> None:
    page = plan_page.page(made_plan())
    assert "Time of the run over GPUs" in page
    assert "1.024 thousand: nothing keeps the limits, not kept" in page
    tried = page.partition('id="tries"')[2].partition("</section>")[0]
    assert tried.count(">no</td>") == 3 and tried.count(">yes</td>") == 2


def test_the_figure_that_candidates_are_ranked_by_is_that_of_the_inputs_table() -> None:
    """Step and cost both rise from place to place here or there: the table of inputs is in USD."""
    of = plan_tiles.ranked(made_plan().tables)
    assert of is not None and of.objective == "cost_usd"


def test_brackets_of_a_search_are_not_taken_for_intervals_of_the_figure() -> None:
    """A search for the most traffic tells between which numbers it lies, not how sure the GPUs are."""
    frame = pd.DataFrame(
        {"value": [20.0, 40.0, 80.0], "figure": [16.0, 32.0, float("nan")], "low": [0.0, 20.0, 40.0],
         "high": [float("inf")] * 3, "keeps": [True, True, False]}
    )  # fmt: skip
    page = plan_page.page(made_plan(tables={"inverse": frame}))
    assert "At 90 %" not in page.partition('id="tries"')[2].partition("</section>")[0]


def test_a_figure_that_is_the_same_in_all_is_no_axis() -> None:
    frame = made_plan().tables["candidates"].assign(tpot_s=0.05)
    assert "tpot_s" not in candidates(frame).telling()
    assert candidates(frame, "tpot_s").telling()[0] == "tpot_s"


def test_names_are_text_whatever_they_are() -> None:
    whole = made_plan()
    named = {name: frame.replace({"256 nodes, tp 1": SCRIPT, "h200": SCRIPT}) for name, frame in whole.tables.items()}
    for page in (
        plan_page.page(replace(whole, name=SCRIPT, title=SCRIPT, answer=(SCRIPT,), tables=named)),
        sweep_page.page(replace(made_sweep(), name=SCRIPT, title=SCRIPT, answer=(SCRIPT,))),
    ):
        assert "<script" not in page and "&lt;script&gt;" in page


def test_folders_hold_page_json_tables_and_the_question(tmp_path: Path) -> None:
    for written, kind in ((write_plan(made_plan(), tmp_path / "p"), "plan"),
                          (write_sweep(made_sweep(), tmp_path / "s"), "sweep")):  # fmt: skip
        assert written[0].name == "report.html"
        names = {path.name for path in written}
        assert {"result.json", f"{kind}.yaml"} <= names
        read = json.loads(written[1].read_text(encoding="utf-8"))
        assert read["schema"] == f"clustercast.{kind}/1"


def test_main_effects_are_the_means_that_the_made_sweep_has() -> None:
    found = {one.field: one for one in sweep_page.effects(sweep_page.ranked(made_sweep().tables["points"]))}
    means = {level.name: level.mean for level in found["gpu"].levels}
    assert means["h100"] / means["h800"] == pytest.approx(OF_GPU["h100"])
    means = {level.name: level.mean for level in found["schedule.kind"].levels}
    assert means["1f1b"] / means["dualpipe"] == pytest.approx(OF_SCHEDULE["1f1b"])
    assert found["nodes"].ordered and not found["gpu"].ordered
    assert found["loss"].width == pytest.approx(0, abs=1e-6)
    assert next(iter(found)) == "schedule.kind"


def test_points_of_equal_cost_are_ranked_by_their_step() -> None:
    of = sweep_page.ranked(made_sweep().tables["points"])
    assert of.objective == "cost_usd"
    assert of.frame["nodes"].iloc[0] == 512


def test_fields_that_go_together_are_drawn_once() -> None:
    points = made_sweep().tables["points"]
    twice = points.assign(port=points["nodes"] * 2)
    twice = twice[["number", "label", "nodes", "port", *points.columns[3:]]]
    page = sweep_page.page(made_sweep(points=twice))
    assert "each goes with a field that is: port." in page


def test_a_sweep_of_twenty_fields_has_at_most_twelve_pictures() -> None:
    points = made_sweep().tables["points"]
    more = {f"field{at}": (points["number"] * (at + 3)) % (at + 2) for at in range(20)}
    wide = pd.concat([points.iloc[:, :2], pd.DataFrame(more), points.iloc[:, 2:]], axis=1)
    page = sweep_page.page(made_sweep(points=wide))
    assert page.count("<figure") == MOST_FIGURES
    assert len(page.encode()) <= LARGEST_BYTES


@pytest.mark.parametrize("name", ["points", "failed", "designs"])
def test_a_sweep_is_shown_without_any_of_its_tables(name: str) -> None:
    empty = made_sweep(**{name: made_sweep().tables[name].head(0)})
    assert "reproduce" in sections(sweep_page.page(empty))


def test_a_sweep_in_which_everything_failed_says_why() -> None:
    points = made_sweep().tables["points"].assign(status="invalid", step_s=float("nan"), cost_usd=float("nan"))
    page = sweep_page.page(made_sweep(points=points))
    assert "would need too much" in page and 'id="best"' not in page


def test_variables_and_figures_are_told_apart() -> None:
    of = candidates(made_plan().tables["candidates"])
    assert of.variables == ("nodes", "gpu", "tp", "pp", "ep", "schedule", "recompute")
    assert of.figures == ("step_s", "time_s", "gpu_s", "cost_usd", "memory_bytes")
    assert "ep" not in of.varied


def test_a_page_of_twenty_thousand_drawn_points_stays_small() -> None:
    at = np.random.default_rng(0).uniform(1.0, 2.0, (20_000, 2))
    points = pd.DataFrame({"number": range(20_000), "label": [f"point {n}" for n in range(20_000)]})
    points = points.assign(pp=at[:, 0], dp=at[:, 1], status="done", step_s=at[:, 0] * 10)
    page = sweep_page.page(made_sweep(points=points))
    assert len(page) < 500_000
    drawn = sweep_page.effects(candidates(points, "step_s"))
    assert [one.field for one in drawn] == ["pp", "dp"], "the field that moves the figure comes first"
    assert all(level.points == 2_000 for one in drawn for level in one.levels)
    assert drawn[0].levels[0].mean == pytest.approx(10.5, rel=0.01), "a tenth of the points, from 1 to 1.1"
