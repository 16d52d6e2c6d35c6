"""The page of a whole run in headless Chromium: silent, accessible in light and dark, usable small."""

from __future__ import annotations

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

import clustercast
from tests.runs_of_weeks import FAILING, OWNED, SMALL, written

PHONE = {"width": 390, "height": 844}
SCRIPT = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with failures, a searched layout, owning, and a title that tries to be a script."""
    folder = tmp_path_factory.mktemp("weeks")
    searched = SMALL.replace("layout: keep", "layout: search")
    result = clustercast.long_run(written(folder, f'title: "{SCRIPT}"\n{searched}{FAILING}{OWNED}'))
    return clustercast.write_report(result, folder / "out")[0]


def test_it_opens_in_silence_and_fetches_nothing(page: Page, said: list[str], report: Path) -> None:
    page.wait_for_load_state("networkidle")
    assert said == [report.as_uri()]
    assert SCRIPT in page.inner_text("h1")


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
    for name in ("bill", "weeks", "phases"):
        region = page.locator(f"[aria-labelledby=table-{name}]")
        assert region.evaluate("e => e.scrollWidth - e.clientWidth") <= 0, name


def test_no_text_of_a_picture_leaves_it(page: Page) -> None:
    """Every label of the drawings ends inside of its drawing."""
    outside = page.evaluate(
        """() => [...document.querySelectorAll('figure svg text')].filter(text => {
            const own = text.getBoundingClientRect(), whole = text.ownerSVGElement.getBoundingClientRect();
            return own.left < whole.left - 1 || own.right > whole.right + 1 || own.bottom > whole.bottom + 1;
        }).map(text => text.textContent)"""
    )
    assert outside == []
