"""The report in headless Chromium: answers on the first screen, silent, accessible, usable small and by keyboard."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from reports.write import write
from tests.conftest import SCREEN
from tests.made_result import made_result

LARGEST_BYTES = 2_000_000
PHONE = {"width": 390, "height": 844}
ANSWERS = ("19.71", "178.0", "2.635", "5.270", "2.311", "38.9", "71.2")
"""Step, GPU-hours a trillion tokens, GPU-hours, cost, bubble, MFU, memory of the made result."""
MOST_TABS = 100


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of a result with a name that tries to be a script."""
    folder = tmp_path_factory.mktemp("report")
    write(made_result("<script>alert(1)</script>"), folder)
    return folder / "report.html"


def test_the_report_is_one_file_of_at_most_2_mb(report: Path) -> None:
    assert report.stat().st_size <= LARGEST_BYTES


def test_it_opens_in_silence_and_fetches_nothing(page: Page, said: list[str], report: Path) -> None:
    page.wait_for_load_state("networkidle")
    assert said == [report.as_uri()]


def test_a_scenario_named_like_a_script_is_shown_as_text(page: Page, said: list[str]) -> None:
    assert "<script>alert(1)</script>" in page.title()
    assert "<script>alert(1)</script>" in page.inner_text("h1")
    assert page.locator("script").count() == 0
    assert not [line for line in said if line.startswith("dialog")]


def test_the_first_screen_answers(page: Page) -> None:
    binds = page.locator(".binds").bounding_box()
    assert binds is not None and binds["y"] + binds["height"] <= SCREEN["height"]
    values = page.locator(".tiles .value")
    shown = [values.nth(place) for place in range(values.count())]
    seen = {value.inner_text().split()[0] for value in shown if bottom(value.bounding_box()) <= 800}
    assert set(ANSWERS) <= seen


def test_the_schedule_begins_on_the_first_screen(page: Page) -> None:
    box = page.locator("#schedule svg").first.bounding_box()
    assert box is not None and box["y"] < SCREEN["height"] - 150


def bottom(box: Any) -> float:
    """Lower edge of an element; below everything where it is not drawn."""
    return float(box["y"] + box["height"]) if box else float("inf")


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


def test_details_open_by_keyboard(page: Page) -> None:
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.tagName") == "SUMMARY":
            break
    assert not page.locator("details pre").is_visible()
    page.keyboard.press("Enter")
    assert page.locator("details pre").is_visible()


def test_the_first_tab_skips_to_the_report(page: Page) -> None:
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the report"
    box = page.locator(".skip").bounding_box()
    assert box is not None and box["x"] >= 0


def test_a_figure_leads_to_its_definition(page: Page) -> None:
    page.locator(".tiles a", has_text="MFU").click()
    assert page.locator("#figure-mfu_ratio_causal").evaluate("row => row.matches(':target')")


@pytest.mark.parametrize("page", [{"color_scheme": "dark"}], ids=["dark"], indirect=True)
def test_dark_follows_the_reader_and_paper_stays_light(page: Page) -> None:
    background = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(background) == "rgb(20, 23, 28)"
    page.emulate_media(media="print")
    assert page.evaluate(background) == "rgb(255, 255, 255)"


def test_print_shows_the_scenario_and_no_scroll_bars(page: Page) -> None:
    page.emulate_media(media="print")
    assert page.locator("nav").is_hidden()
    wide = page.locator(".wide")
    assert {wide.nth(i).evaluate("e => getComputedStyle(e).overflowX") for i in range(wide.count())} == {"visible"}
