"""The page of a service in headless Chromium: silent, accessible in light and dark, usable small."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

import clustercast
from tests.made_service import with_requests

PHONE = {"width": 400, "height": 844}
SCRIPT = "<script>alert(1)</script>"
SECTIONS = [
    "step", "batch", "memory", "guesses", "requests", "day", "more", "figures", "assumptions", "words", "reproduce",
]  # fmt: skip


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A service with every table there may be, and a title that tries to be a script."""
    result = replace(with_requests(), title=SCRIPT)
    return clustercast.write_report(result, tmp_path_factory.mktemp("service"))[0]


def test_it_opens_in_silence_and_fetches_nothing(page: Page, said: list[str], report: Path) -> None:
    page.wait_for_load_state("networkidle")
    assert said == [report.as_uri()]
    assert SCRIPT in page.inner_text("h1")


def test_sections_come_in_the_order_in_which_they_are_read(page: Page) -> None:
    assert page.eval_on_selector_all("main > section[id]", "all => all.map(one => one.id)") == SECTIONS
    assert page.locator(".tiles > div").count() == 11
    assert "This is made up." in page.inner_text(".warning")


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


@pytest.mark.parametrize("page", [{}, {"viewport": PHONE}], ids=["desk", "phone"], indirect=True)
def test_the_page_scrolls_down_only(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0


def test_tables_that_decide_fit_the_page(page: Page) -> None:
    for name in ("steps-prefill", "steps-decode", "units", "answers", "prompts", "memory", "guesses", "percentiles"):
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


def test_no_text_of_a_picture_covers_another(page: Page) -> None:
    """No two labels of a drawing share more than a sliver."""
    covered = page.evaluate(
        """() => [...document.querySelectorAll('figure svg')].flatMap(svg => {
            const all = [...svg.querySelectorAll('text')].map(one => [one.textContent, one.getBoundingClientRect()]);
            return all.flatMap(([a, r], place) => all.slice(place + 1).filter(([b, s]) =>
                Math.min(r.right, s.right) - Math.max(r.left, s.left) > 1 &&
                Math.min(r.bottom, s.bottom) - Math.max(r.top, s.top) > 3).map(([b]) => a + ' / ' + b));
        })"""
    )
    assert covered == []


def test_every_picture_says_in_words_what_it_shows_and_where_its_numbers_are(page: Page, report: Path) -> None:
    for figure in page.locator("figure").all():
        assert len(figure.locator("svg").get_attribute("aria-label") or "") > 20
        assert (report.parent / figure.locator("figcaption code").inner_text()).is_file()
