"""The page of all schedules: one offline file, one scale of time, side by side, accessible; a refusal in its place."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from tests.command import clustercast

DRAWN = ["1f1b", "dualpipe", "dualpipev", "gpipe", "zb-h1", "zb-h2", "zbv"]
SVG = re.compile(r'<h3 id="picture-schedule-([\w-]+)">.*?<svg .*?</svg>', re.DOTALL)
SPAN = re.compile(r"rank 0 works from ([\d.]+) to ([\d.]+)")
HATCHED = re.compile(r'<path fill="url\(#[\w-]+\)" d="M([\d.]+) [\d.]+h([\d.]+)v')


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page for 4 ranks and 10 micro-batches, which interleaved 1F1B refuses, in a folder that was not there."""
    file = tmp_path_factory.mktemp("schedules") / "new" / "schedules.html"
    words = ("--ranks", "4", "--micro-batches", "10", "--times", "1,1.5,0.5")
    ended = clustercast("show", "schedule", *words, "--html", str(file))
    assert (ended.code, ended.out.strip()) == (0, f"Page: {file}")
    return file


def test_every_schedule_is_drawn_and_a_refused_one_says_why_in_its_place(page: Path) -> None:
    html = page.read_text(encoding="utf-8")
    assert [match[1] for match in SVG.finditer(html)] == DRAWN
    refusal = html.index("interleaved cannot run like this")
    assert html.index("picture-schedule-gpipe") < refusal < html.index("picture-schedule-zb-h1")
    assert "use 8 or 12 micro-batches" in html[refusal : refusal + 400]


def test_all_pictures_have_one_scale_of_time(page: Path) -> None:
    """The hatching of a row reaches from the step's begin to its end; a unit of time is as wide in all pictures."""
    widths = {}
    for match in SVG.finditer(page.read_text(encoding="utf-8")):
        begin, end = map(float, SPAN.findall(match[0])[0])
        left, width = map(float, HATCHED.findall(match[0])[0])
        widths[match[1]] = (left, width / (end - begin))
    assert len(widths) == len(DRAWN)
    assert {left for left, _ in widths.values()} == {58.0}
    assert max(unit for _, unit in widths.values()) == pytest.approx(min(unit for _, unit in widths.values()), abs=0.01)


def test_the_table_and_the_first_sentence_tell_where_a_formula_is_off(page: Path) -> None:
    html = page.read_text(encoding="utf-8")
    assert "With dualpipe they idle 3, where 3.5 is published." in html
    row = re.search(r'<th scope="row" class="name">dualpipe</th>(.*?)</tr>', html, re.DOTALL)
    assert row is not None
    assert re.findall(r">([-\d.]+)\n?</td>", row[1])[2:5] == ["3.00", "3.00", "3.50"]
    assert "-0.50" in row[1]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("width", "columns"), [(1400, 2), (1024, 2), (390, 1)])
def test_the_page_is_silent_accessible_and_side_by_side_where_it_is_wide(
    page: Path, browser: Browser, width: int, columns: int, scheme: Literal["light", "dark"]
) -> None:
    said: list[str] = []
    opened = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    opened.on("console", lambda message: said.append(message.text))
    opened.on("request", lambda asked: said.append(asked.url) if not asked.url.startswith("data:") else None)
    opened.goto(page.as_uri())
    lefts = opened.evaluate("[...document.querySelectorAll('.beside > *')].map(e => e.getBoundingClientRect().left)")
    wide = opened.evaluate("document.documentElement.scrollWidth")
    found = Axe().run(opened)
    opened.close()
    assert said == [page.as_uri()]
    assert (len(lefts), len(set(lefts))) == (len(DRAWN) + 1, columns)
    assert wide <= width
    assert found.violations_count == 0, found.generate_report()


def test_a_file_that_cannot_be_written_is_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    ended = clustercast("show", "schedule", "--html", str(tmp_path / "taken" / "page.html"))
    assert ended.code == 2
    assert "cannot be written" in ended.err
