"""Pages of a plan and of a sweep in headless Chromium: silent, accessible, usable small, no text over another."""

from __future__ import annotations

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from reports.write_plan import write_plan
from reports.write_sweep import write_sweep
from tests.drawn_text import OUTSIDE, OVER
from tests.made_plan import made_plan
from tests.made_sweep import made_sweep

PHONE = {"width": 390, "height": 844}


@pytest.fixture(scope="module", params=["plan", "sweep"])
def report(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Either page."""
    folder = tmp_path_factory.mktemp(request.param)
    written = write_plan(made_plan(), folder) if request.param == "plan" else write_sweep(made_sweep(), folder)
    return written[0]


def test_it_opens_in_silence_and_fetches_nothing(page: Page, said: list[str], report: Path) -> None:
    page.wait_for_load_state("networkidle")
    assert said == [report.as_uri()]


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


def test_no_text_of_a_picture_stands_over_another_or_outside(page: Page) -> None:
    assert page.evaluate(OVER) == []
    assert page.evaluate(OUTSIDE) == []


def test_every_link_of_the_page_leads_somewhere(page: Page) -> None:
    lost = (
        "[...document.querySelectorAll('a[href^=\"#\"]')].filter(a => !document.querySelector(a.hash)).map(a => a.hash)"
    )
    assert page.evaluate(lost) == []
