"""The page of a comparison in headless Chromium: silent, accessible in light and dark, usable small."""

from __future__ import annotations

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

import clustercast
from tests.conftest import SCREEN
from tests.drawn_text import OUTSIDE, OVER
from workloads.scenario import SCENARIOS, load_scenario

PHONE = {"width": 390, "height": 844}
TREE: dict[str, object] = {"topology.kind": "fat-tree", "topology.layers": 3}
MANY: dict[str, object] = {"gpu": "h100", "price": "h100-rental", "schedule.kind": "1f1b", "nodes": 128, "dp": 64}


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A comparison with waterfalls, refusals, several networks and a name that tries to be a script."""
    base = load_scenario(SCENARIOS / "deepseek-v3-pretrain.yaml")
    named = base.model_copy(update={"name": "<script>alert(1)</script>"})
    variants: list[dict[str, object]] = [
        TREE,
        {"gpu": "h100"},
        MANY,
        {"topology.kind": "dragonfly"},
        {"job.recompute": "none"},
    ]
    comparison = clustercast.compare([named], variants, "clustercast compare")
    return clustercast.write_report(comparison, tmp_path_factory.mktemp("compare"))[0]


def test_it_opens_in_silence_and_fetches_nothing(page: Page, said: list[str], report: Path) -> None:
    page.wait_for_load_state("networkidle")
    assert said == [report.as_uri()]
    assert "<script>alert(1)</script>" in page.inner_text("h1")


def test_the_ranking_is_on_the_first_screen(page: Page) -> None:
    box = page.locator("#ranking tbody tr").first.bounding_box()
    assert box is not None and box["y"] + box["height"] <= SCREEN["height"]


@pytest.mark.parametrize(
    "page",
    [{"color_scheme": "light"}, {"color_scheme": "dark"}, {"viewport": PHONE}],
    ids=["light", "dark", "phone"],
    indirect=True,
)
def test_axe_finds_no_violation(page: Page) -> None:
    page.evaluate("for (const d of document.querySelectorAll('details')) d.open = true")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("page", [{"viewport": PHONE}], ids=["phone"], indirect=True)
def test_a_phone_scrolls_down_only(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_tables_that_decide_fit_the_page(page: Page) -> None:
    for name in ("ranking", "attribution", "step-parts", "network"):
        region = page.locator(f"[aria-labelledby=table-{name}]")
        wide = region.evaluate("e => e.scrollWidth - e.clientWidth")
        assert wide <= 0, f"{name} is {wide} pixels wider than the page"


def test_text_in_pictures_stays_inside_them_and_stands_over_no_other(page: Page) -> None:
    assert page.evaluate(OUTSIDE) == []
    assert page.evaluate(OVER) == []
